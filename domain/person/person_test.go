package person_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/person"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

var (
	given     = spec.Decider(person.Decider).Given
	disclosed = spec.Discloser(person.Disclose).Given
)

var (
	nexus = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000001")}
	other = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000002")}
	anna  = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	carol = domain.PersonID{UUID: uuid.MustParse("9e450000-0000-4000-8000-000000000001")}
	by    = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Owner}
	at    = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)

	invited      = person.Invited{Person: carol, Client: nexus, Role: domain.ClientEmployee, By: anna, At: at}
	invitedStaff = person.Invited{Person: carol, Role: domain.Engineer, By: anna, At: at}
	activated    = person.Activated{By: anna, At: at}
	promoted     = person.RoleChanged{Role: domain.ClientAdmin, By: anna, At: at}
	granted      = person.GrantGiven{Grant: access.SignMilestones, By: anna, At: at}
	withdrawn    = person.GrantWithdrawn{Grant: access.SignMilestones, By: anna, At: at}
	deactivated  = person.Deactivated{By: anna, At: at}
	erased       = person.Erased{By: anna, At: at}

	invite     = person.Invite{Person: carol, Client: nexus, Role: domain.ClientEmployee, By: by, At: at}
	activate   = person.Activate{By: by, At: at}
	promote    = person.ChangeRole{Role: domain.ClientAdmin, By: by, At: at}
	give       = person.GiveGrant{Grant: access.SignMilestones, By: by, At: at}
	withdraw   = person.WithdrawGrant{Grant: access.SignMilestones, By: by, At: at}
	deactivate = person.Deactivate{By: by, At: at}
	erase      = person.Erase{By: by, At: at}
)

func TestDecide(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given []person.Event
		when  person.Command
		then  []person.Event
	}{
		"invite a client user":                {nil, invite, []person.Event{invited}},
		"invite staff":                        {nil, person.Invite{Person: carol, Role: domain.Engineer, By: by, At: at}, []person.Event{invitedStaff}},
		"invite twice":                        {[]person.Event{invited}, invite, nil},
		"invite again after a change of role": {[]person.Event{invited, activated, promoted}, invite, nil},
		"invite again after leaving":          {[]person.Event{invited, deactivated}, invite, nil},
		"activate":                            {[]person.Event{invited}, activate, []person.Event{activated}},
		"activate twice":                      {[]person.Event{invited, activated}, activate, nil},
		"change role":                         {[]person.Event{invited}, promote, []person.Event{promoted}},
		"change to the same role":             {[]person.Event{invited, promoted}, promote, nil},
		"give a grant":                        {[]person.Event{invited}, give, []person.Event{granted}},
		"give a grant twice":                  {[]person.Event{invited, granted}, give, nil},
		"give a grant again":                  {[]person.Event{invited, granted, withdrawn}, give, []person.Event{granted}},
		"withdraw a grant":                    {[]person.Event{invited, granted}, withdraw, []person.Event{withdrawn}},
		"withdraw a grant that is not there":  {[]person.Event{invited}, withdraw, nil},
		"deactivate who never came":           {[]person.Event{invited}, deactivate, []person.Event{deactivated}},
		"deactivate":                          {[]person.Event{invited, activated}, deactivate, []person.Event{deactivated}},
		"deactivate twice":                    {[]person.Event{invited, deactivated}, deactivate, nil},
		"erase who has left":                  {[]person.Event{invited, activated, deactivated}, erase, []person.Event{erased}},
		"erase who is still here":             {[]person.Event{invited, activated}, erase, []person.Event{deactivated, erased}},
		"erase who never came":                {[]person.Event{invited}, erase, []person.Event{deactivated, erased}},
		"erase twice":                         {[]person.Event{invited, deactivated, erased}, erase, nil},
		"deactivate who was erased":           {[]person.Event{invited, deactivated, erased}, deactivate, nil},
		"invite again after erasure":          {[]person.Event{invited, deactivated, erased}, invite, nil},
		"staff changes its role within staff": {[]person.Event{invitedStaff}, person.ChangeRole{Role: domain.Finance, By: by, At: at}, []person.Event{person.RoleChanged{Role: domain.Finance, By: anna, At: at}}},
		"withdraw from staff, who have none":  {[]person.Event{invitedStaff}, withdraw, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given []person.Event
		when  person.Command
		kind  error
		code  string
	}{
		"invite for another client":  {[]person.Event{invited}, person.Invite{Person: carol, Client: other, Role: domain.ClientEmployee, By: by, At: at}, domain.ErrConflict, "person_exists"},
		"invite in another role":     {[]person.Event{invited}, person.Invite{Person: carol, Client: nexus, Role: domain.ClientAdmin, By: by, At: at}, domain.ErrConflict, "person_exists"},
		"activate nobody":            {nil, activate, domain.ErrNotFound, "no_such_person"},
		"promote nobody":             {nil, promote, domain.ErrNotFound, "no_such_person"},
		"give nobody a grant":        {nil, give, domain.ErrNotFound, "no_such_person"},
		"withdraw nobody's grant":    {nil, withdraw, domain.ErrNotFound, "no_such_person"},
		"erase nobody":               {nil, erase, domain.ErrNotFound, "no_such_person"},
		"activate who was erased":    {[]person.Event{invited, deactivated, erased}, activate, domain.ErrConflict, "person_deactivated"},
		"deactivate nobody":          {nil, deactivate, domain.ErrNotFound, "no_such_person"},
		"a client user joins staff":  {[]person.Event{invited}, person.ChangeRole{Role: domain.Owner, By: by, At: at}, domain.ErrConflict, "other_side"},
		"staff becomes client user":  {[]person.Event{invitedStaff}, promote, domain.ErrConflict, "other_side"},
		"give staff a grant":         {[]person.Event{invitedStaff}, give, domain.ErrConflict, "staff_has_no_grants"},
		"activate who left":          {[]person.Event{invited, deactivated}, activate, domain.ErrConflict, "person_deactivated"},
		"promote who left":           {[]person.Event{invited, deactivated}, promote, domain.ErrConflict, "person_deactivated"},
		"give who left a grant":      {[]person.Event{invited, deactivated}, give, domain.ErrConflict, "person_deactivated"},
		"withdraw from who has left": {[]person.Event{invited, granted, deactivated}, withdraw, domain.ErrConflict, "person_deactivated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).ThenRefused(t, test.kind, test.code)
		})
	}
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	given().When(person.Invite{}).ThenInvalid(t, "person", "role", "by", "at")
	given().When(person.Invite{Person: carol, Role: domain.ClientAdmin, By: by, At: at}).ThenInvalid(t, "client")
	given().When(person.Invite{Person: carol, Role: domain.Owner, Client: nexus, By: by, At: at}).ThenInvalid(t, "client")
	given(invited).When(person.ChangeRole{Role: "king"}).ThenInvalid(t, "role", "by", "at")
	given(invited).When(person.GiveGrant{Grant: "everything", By: by, At: at}).ThenInvalid(t, "grant")
	given(invited).When(person.WithdrawGrant{By: by, At: at}).ThenInvalid(t, "grant")
	given(invited).When(person.Activate{By: by, At: at.In(time.FixedZone("AEDT", 11*3600))}).ThenInvalid(t, "at")
	given(invited).When(person.Deactivate{At: at}).ThenInvalid(t, "by")
	given(invited).When(person.Erase{}).ThenInvalid(t, "by", "at")
	given(invited, deactivated).When(person.Erase{}).ThenInvalid(t, "by", "at")
}

func TestMay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given []person.Event
		want  bool
	}{
		"an employee without the grant": {[]person.Event{invited, activated}, false},
		"an employee with the grant":    {[]person.Event{invited, activated, granted}, true},
		"after withdrawal":              {[]person.Event{invited, activated, granted, withdrawn}, false},
		"an admin":                      {[]person.Event{invited, activated, promoted}, true},
		"who has not come yet":          {[]person.Event{invited, granted}, false},
		"who left":                      {[]person.Event{invited, activated, granted, deactivated}, false},
		"staff":                         {[]person.Event{invitedStaff, activated}, false},
		"nobody":                        {nil, false},
	} {
		if got := person.Decider.Fold(person.State{}, test.given...).May(access.SignMilestones); got != test.want {
			t.Errorf("%s may sign: %t, want %t", name, got, test.want)
		}
	}
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	record := visible.Person{Client: nexus.UUID, ID: carol.UUID, Role: "client_employee", State: visible.PersonInvited}
	active := record
	active.State = visible.PersonActive
	ended := record
	ended.State = visible.PersonEnded
	withGrants := active
	withGrants.Grants = "billing.read milestone.sign"
	billing := person.GrantGiven{Grant: access.ReadBilling, By: anna, At: at}
	t.Run("a client sees its users from the invitation on", func(t *testing.T) {
		t.Parallel()
		disclosed(invited, activated).Then(t, visible.Put{Record: record}, visible.Put{Record: active})
	})
	t.Run("grants are shown sorted, in whichever order they were given", func(t *testing.T) {
		t.Parallel()
		disclosed(invited, activated, granted, billing).Shows(t, withGrants)
		disclosed(invited, activated, billing, granted).Shows(t, withGrants)
	})
	t.Run("who left stays, without access", func(t *testing.T) {
		t.Parallel()
		disclosed(invited, activated, deactivated).Shows(t, ended)
	})
	t.Run("to erase a person changes nothing here: there is no name", func(t *testing.T) {
		t.Parallel()
		disclosed(invited, activated, deactivated, erased).
			Then(t, visible.Put{Record: record}, visible.Put{Record: active}, visible.Put{Record: ended})
	})
	t.Run("staff yield nothing", func(t *testing.T) {
		t.Parallel()
		disclosed(invitedStaff, activated, person.RoleChanged{Role: domain.Finance, By: anna, At: at}, deactivated).Then(t)
	})
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "person", person.All())
	spec.NothingOfStaff(t)
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, person.Decider, rapid.SliceOfN(anyCommand(), 0, 40).Draw(t, "commands"))
		spec.DisclosureInvariants(t, person.Disclose, history)
	})
}

// anyCommand draws from few values, so that commands meet each other's effects.
func anyCommand() *rapid.Generator[person.Command] {
	return rapid.Custom(func(t *rapid.T) person.Command {
		role := rapid.SampledFrom([]domain.Role{domain.ClientAdmin, domain.ClientEmployee, domain.Owner, domain.Support, ""}).Draw(t, "role")
		grant := rapid.SampledFrom([]access.Grant{access.SignMilestones, access.ReadBilling, access.ReadScope, access.RaiseCritical, "x"}).Draw(t, "grant")
		client := nexus
		if role.Side() != domain.ClientSide {
			client = domain.ClientID{}
		}
		if rapid.IntRange(0, 19).Draw(t, "leaves") == 19 {
			return rapid.SampledFrom([]person.Command{deactivate, erase}).Draw(t, "end") // Rarely, as little happens after it.
		}
		return rapid.SampledFrom([]person.Command{
			person.Invite{Person: carol, Client: client, Role: role, By: by, At: at},
			activate,
			person.ChangeRole{Role: role, By: by, At: at},
			person.GiveGrant{Grant: grant, By: by, At: at},
			person.GiveGrant{Grant: grant, By: by, At: at},
			person.WithdrawGrant{Grant: grant, By: by, At: at},
		}).Draw(t, "command")
	})
}
