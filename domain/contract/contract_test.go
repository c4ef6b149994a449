package contract_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/spec"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

var (
	given     = spec.Decider(contract.Decider).Given
	disclosed = spec.Discloser(contract.Disclose).Given
)

var (
	nexus = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000001")}
	orion = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000002")}
	con18 = domain.ContractID{UUID: uuid.MustParse("c0170000-0000-4000-8000-000000000001")}
	at    = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC) // 20:00 in Sydney
	today = calendar.Date("2026-03-16")

	olga = actor("olga", domain.Owner)
	anna = actor("anna", domain.AccountManager)
	paul = actor("paul", domain.Owner)
	emma = user("emma", nexus, domain.ClientAdmin)
	oma  = user("oma", orion, domain.ClientAdmin)
)

func actor(name string, role domain.Role) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: domain.Derive(con18.UUID, name)}, Side: domain.StaffSide, Role: role}
}

func user(name string, of domain.ClientID, role domain.Role) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: domain.Derive(con18.UUID, name)}, Side: domain.ClientSide, Role: role, Client: of}
}

// agreement is what the tests begin with: hours for support, a migration with one milestone, and advice.
func agreement() terms.Terms {
	return terms.Terms{
		Agreed: terms.Agreed{
			Starts: "2025-07-01", Ends: "2026-06-30", NoticeDays: 30, Currency: "AUD",
			Lines: []terms.Line{
				{Key: "support", Name: "Support", Type: terms.Bucket, Minutes: 6000, JobTypes: []terms.JobType{
					{Key: "incident", Name: "Incidents", Minutes: 4800}, {Key: "change", Name: "Changes"},
				}},
				{Key: "migration", Name: "Migration", Type: terms.Fixed, Milestones: []terms.Milestone{
					{Key: "go-live", Name: "Go live", Due: "2026-03-31"},
				}},
				{Key: "advice", Name: "Advice", Type: terms.TimeAndMaterials, JobTypes: []terms.JobType{{Key: "advice", Name: "Advice"}}},
			},
		},
		Staff: terms.Staff{
			SupportLevel:      terms.Priority,
			Charges:           []terms.Charge{{Line: "migration", Amounts: []terms.Amount{{Milestone: "go-live", Amount: decimal.NewFromInt(12_000)}}}},
			TwoApproversAbove: decimal.NewFromInt(10_000),
		},
	}
}

// with is the agreement with a change.
func with(change func(*terms.Terms)) terms.Terms {
	changed := agreement()
	change(&changed)
	return changed
}

const statement = "We agree to CON-2024-018."

var (
	draft     = drafting(agreement())
	drafted   = draftedWith(agreement())
	submitted = contract.Submitted{By: anna.Person, At: at}
	returned  = contract.Returned{By: anna.Person, At: at}
	offered   = contract.Offered{Statement: statement, By: anna.Person, At: at}
	digest    = contract.Digest(statement, agreement().Agreed, "2025-07-01", "CON-2024-018")
	accepted  = contract.Accepted{
		Evidence: contract.Evidence{Role: domain.ClientAdmin, Proved: true, Statement: statement, SHA256: digest, Sealed: "c2VhbGVk"},
		By:       emma.Person, At: at,
	}
	declined   = contract.Declined{Reason: "too dear", ByClient: true, By: emma.Person, At: at}
	activated  = contract.Activated{By: olga.Person, At: at}
	firstHours = contract.BucketGranted{
		Bucket: bucketID("start"), Line: "support", Minutes: 6000, From: "2025-07-01", Until: "2026-06-30",
		Source: contract.FromStart, By: olga.Person, At: at,
	}
	suspended  = contract.Suspended{Staff: contract.SuspendedStaff{Reason: "unpaid"}, By: olga.Person, At: at}
	resumed    = contract.Resumed{By: olga.Person, At: at}
	terminated = contract.Terminated{Ends: today, Staff: contract.TerminatedStaff{Reason: "moved in-house"}, By: olga.Person, At: at}
	expired    = contract.Expired{At: time.Date(2026, time.June, 30, 14, 0, 0, 0, time.UTC)} // midnight in Sydney

	inReview = []contract.Event{drafted, submitted}
	onOffer  = []contract.Event{drafted, submitted, offered}
	agreedOn = []contract.Event{drafted, submitted, offered, accepted}
	running  = []contract.Event{drafted, activated, firstHours}
	over     = []contract.Event{drafted, activated, firstHours, expired}
	ended    = []contract.Event{drafted, activated, firstHours, terminated}
	stopped  = []contract.Event{drafted, activated, firstHours, suspended}

	accept = contract.Accept{Evidence: contract.Evidence{Proved: true, SHA256: digest, Sealed: "c2VhbGVk"}, By: emma, At: at}
)

func drafting(said terms.Terms) contract.Draft {
	return contract.Draft{Contract: con18, Client: nexus, Zone: "Australia/Sydney", Reference: "CON-2024-018", Terms: said, By: anna, At: at}
}

func draftedWith(said terms.Terms) contract.Drafted {
	return contract.Drafted{Contract: con18, Client: nexus, Zone: "Australia/Sydney", Reference: "CON-2024-018", Terms: said, By: anna.Person, At: at}
}

func bucketID(names ...string) domain.BucketID {
	return domain.BucketID{UUID: domain.Derive(con18.UUID, append([]string{"bucket", "support"}, names...)...)}
}

// after is a history that goes on.
func after(history []contract.Event, events ...contract.Event) []contract.Event {
	return append(append([]contract.Event{}, history...), events...)
}

func state(history ...contract.Event) contract.State {
	return contract.Decider.Fold(contract.State{}, history...)
}

func TestLife(t *testing.T) {
	t.Parallel()
	shorter := agreement()
	shorter.Agreed.Ends = "2026-03-31"
	revised := contract.Revised{Reference: "CON-2024-018", Terms: shorter, By: anna.Person, At: at}
	paper := contract.Accepted{
		Evidence: contract.Evidence{Role: domain.AccountManager, Statement: statement, SHA256: digest, Paper: "binder 4"},
		By:       anna.Person, At: at,
	}
	longer := contract.Renewed{Ends: "2027-06-30", By: olga.Person, At: at}
	late := time.Date(2026, time.August, 1, 9, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		given []contract.Event
		when  contract.Command
		then  []contract.Event
	}{
		"draft":                       {nil, draft, []contract.Event{drafted}},
		"draft twice":                 {[]contract.Event{drafted}, draft, nil},
		"draft again while in force":  {running, draft, nil},
		"draft again after a change":  {[]contract.Event{drafted, revised}, draft, nil},
		"draft again after its end":   {ended, draft, nil},
		"revise":                      {[]contract.Event{drafted}, contract.Revise{Reference: "CON-2024-018", Terms: shorter, By: anna, At: at}, []contract.Event{revised}},
		"revise to what it says":      {[]contract.Event{drafted, revised}, contract.Revise{Reference: "CON-2024-018", Terms: shorter, By: anna, At: at}, nil},
		"submit":                      {[]contract.Event{drafted}, contract.Submit{By: anna, At: at}, []contract.Event{submitted}},
		"submit twice":                {inReview, contract.Submit{By: anna, At: at}, nil},
		"return from review":          {inReview, contract.Return{By: anna, At: at}, []contract.Event{returned}},
		"return an offer":             {onOffer, contract.Return{By: anna, At: at}, []contract.Event{returned}},
		"return what was accepted":    {agreedOn, contract.Return{By: anna, At: at}, []contract.Event{returned}},
		"return a draft":              {[]contract.Event{drafted}, contract.Return{By: anna, At: at}, nil},
		"offer":                       {inReview, contract.Offer{Statement: statement, By: anna, At: at}, []contract.Event{offered}},
		"offer twice":                 {onOffer, contract.Offer{Statement: statement, By: anna, At: at}, nil},
		"accept":                      {onOffer, accept, []contract.Event{accepted}},
		"accept twice":                {agreedOn, accept, nil},
		"accept again when in force":  {after(agreedOn, activated), accept, nil},
		"accept on paper":             {onOffer, contract.Accept{Evidence: contract.Evidence{Paper: "binder 4"}, By: anna, At: at}, []contract.Event{paper}},
		"accept on paper twice":       {after(onOffer, paper), contract.Accept{Evidence: contract.Evidence{Paper: "binder 4"}, By: anna, At: at}, nil},
		"decline":                     {onOffer, contract.Decline{Reason: "too dear", By: emma, At: at}, []contract.Event{declined}},
		"decline twice":               {after(onOffer, declined), contract.Decline{Reason: "too dear", By: emma, At: at}, nil},
		"decline by phone":            {onOffer, contract.Decline{By: anna, At: at}, []contract.Event{contract.Declined{By: anna.Person, At: at}}},
		"activate a draft":            {[]contract.Event{drafted}, contract.Activate{By: olga, At: at}, []contract.Event{activated, firstHours}},
		"activate in review":          {inReview, contract.Activate{By: olga, At: at}, []contract.Event{activated, firstHours}},
		"activate an offer":           {onOffer, contract.Activate{By: olga, At: at}, []contract.Event{activated, firstHours}},
		"activate what was accepted":  {agreedOn, contract.Activate{By: olga, At: at}, []contract.Event{activated, firstHours}},
		"activate twice":              {running, contract.Activate{By: olga, At: at}, nil},
		"activate while suspended":    {stopped, contract.Activate{By: olga, At: at}, nil},
		"suspend":                     {running, contract.Suspend{Reason: "unpaid", By: olga, At: at}, []contract.Event{suspended}},
		"suspend twice":               {stopped, contract.Suspend{Reason: "unpaid", By: olga, At: at}, nil},
		"resume":                      {stopped, contract.Resume{By: olga, At: at}, []contract.Event{resumed}},
		"resume twice":                {running, contract.Resume{By: olga, At: at}, nil},
		"renew":                       {running, contract.Renew{Ends: "2027-06-30", By: olga, At: at}, []contract.Event{longer}},
		"renew twice":                 {after(running, longer), contract.Renew{Ends: "2027-06-30", By: olga, At: at}, nil},
		"renew what expired":          {over, contract.Renew{Ends: "2027-06-30", By: olga, At: at}, []contract.Event{longer}},
		"nothing is due":              {running, contract.Advance{By: domain.System(), At: at}, nil},
		"nothing is due on a draft":   {[]contract.Event{drafted}, contract.Advance{By: domain.System(), At: late}, nil},
		"expire, noticed late":        {running, contract.Advance{By: domain.System(), At: late}, []contract.Event{expired}},
		"expire while suspended":      {stopped, contract.Advance{By: domain.System(), At: late}, []contract.Event{expired}},
		"expire twice":                {over, contract.Advance{By: domain.System(), At: late}, nil},
		"terminate":                   {running, contract.Terminate{Reason: "moved in-house", By: olga, At: at}, []contract.Event{terminated}},
		"terminate what is suspended": {stopped, contract.Terminate{Reason: "moved in-house", By: olga, At: at}, []contract.Event{terminated}},
		"terminate twice":             {ended, contract.Terminate{Reason: "moved in-house", By: olga, At: at}, nil},
		"terminate in the past":       {running, contract.Terminate{Ends: "2026-02-28", By: olga, At: at}, []contract.Event{contract.Terminated{Ends: "2026-02-28", By: olga.Person, At: at}}},
		"terminate after its end":     {running, contract.Terminate{By: olga, At: late}, []contract.Event{contract.Terminated{Ends: "2026-06-30", By: olga.Person, At: late}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	open := draftedWith(with(func(said *terms.Terms) { said.Agreed.Ends = "" }))
	all := map[string][]contract.Event{
		"draft": {drafted}, "in review": inReview, "offered": onOffer, "accepted": agreedOn,
		"active": running, "suspended": stopped, "expired": over, "terminated": ended,
	}
	for name, test := range map[string]struct {
		when    contract.Command
		allowed string // states that do not refuse
		code    string
	}{
		"revise":    {contract.Revise{Reference: "CON-2024-018", Terms: agreement(), By: anna, At: at}, "draft", "not_a_draft"},
		"submit":    {contract.Submit{By: anna, At: at}, "draft, in review", "not_a_draft"},
		"return":    {contract.Return{By: anna, At: at}, "draft, in review, offered, accepted", "contract_in_force"},
		"offer":     {contract.Offer{Statement: statement, By: anna, At: at}, "in review, offered", "not_in_review"},
		"accept":    {contract.Accept{Evidence: contract.Evidence{Paper: "binder 4"}, By: anna, At: at}, "offered, accepted", "not_offered"},
		"decline":   {contract.Decline{By: anna, At: at}, "offered", "not_offered"},
		"activate":  {contract.Activate{By: olga, At: at}, "draft, in review, offered, accepted, active, suspended", "contract_ended"},
		"suspend":   {contract.Suspend{By: olga, At: at}, "active, suspended", "contract_not_active"},
		"resume":    {contract.Resume{By: olga, At: at}, "active, suspended", "contract_not_active"},
		"renew":     {contract.Renew{Ends: "2027-06-30", By: olga, At: at}, "active, suspended, expired", "contract_not_active"},
		"terminate": {contract.Terminate{Ends: "2026-03-01", By: olga, At: at}, "active, suspended", "contract_not_active"},
	} {
		for in, history := range all {
			if strings.Contains(", "+test.allowed+", ", ", "+in+", ") {
				if _, err := contract.Decide(state(history...), test.when); err != nil {
					t.Errorf("%s what is %s: %v", name, in, err)
				}
				continue
			}
			t.Run(name+" what is "+in, func(t *testing.T) {
				t.Parallel()
				given(history...).When(test.when).ThenRefused(t, domain.ErrConflict, test.code)
			})
		}
		t.Run(name+" what is not there", func(t *testing.T) {
			t.Parallel()
			given().When(test.when).ThenRefused(t, domain.ErrNotFound, "no_such_contract")
		})
	}
	given(onOffer...).When(contract.Offer{Statement: "Something else.", By: anna, At: at}).ThenRefused(t, domain.ErrConflict, "not_in_review")
	given(open, activated).When(contract.Renew{Ends: "2027-06-30", By: olga, At: at}).ThenRefused(t, domain.ErrConflict, "open_ended")
}

func TestAnotherContractUnderTheSameID(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*contract.Draft){
		"client":        func(c *contract.Draft) { c.Client = orion },
		"reference":     func(c *contract.Draft) { c.Reference = "CON-2024-019" },
		"job types":     func(c *contract.Draft) { c.Terms.Agreed.Lines[0].JobTypes = c.Terms.Agreed.Lines[0].JobTypes[:1] },
		"support level": func(c *contract.Draft) { c.Terms.Staff.SupportLevel = terms.Standard },
		"start":         func(c *contract.Draft) { c.Terms.Agreed.Starts = "2024-08-01" },
		"end":           func(c *contract.Draft) { c.Terms.Agreed.Ends = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			again := drafting(agreement())
			change(&again)
			given(drafted).When(again).ThenRefused(t, domain.ErrConflict, "contract_exists")
		})
	}
}

// What a client may not see does not exist for it, and what only staff may ask for neither.
func TestClientsOfOthersAndStaffCommands(t *testing.T) {
	t.Parallel()
	strange, nobody := accept, accept
	strange.By, nobody.By.Person = oma, domain.PersonID{}
	for name, test := range map[string]struct {
		given []contract.Event
		when  contract.Command
	}{
		"accept another's":          {onOffer, strange},
		"accept as nobody":          {onOffer, nobody},
		"decline another's":         {onOffer, contract.Decline{By: oma, At: at}},
		"accept a draft":            {[]contract.Event{drafted}, accept},
		"accept what is in review":  {inReview, accept},
		"decline what was returned": {after(onOffer, returned), contract.Decline{By: emma, At: at}},
		"decline after new review":  {after(onOffer, declined, submitted), contract.Decline{By: emma, At: at}},
		"accept what was declined":  {after(onOffer, declined), accept},
		"draft it again":            {[]contract.Event{drafted}, func() contract.Draft { c := draft; c.By = emma; return c }()},
		"draft one":                 {nil, func() contract.Draft { c := draft; c.By = emma; return c }()},
		"activate":                  {onOffer, contract.Activate{By: emma, At: at}},
		"terminate":                 {running, contract.Terminate{By: emma, At: at}},
		"propose":                   {running, contract.ProposeAmendment{By: emma, At: at}},
		"grant":                     {running, contract.GrantBucket{By: emma, At: at}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).ThenRefused(t, domain.ErrNotFound, "no_such_contract")
		})
	}
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", contract.MaxReason+1)
	given().When(contract.Draft{}).ThenInvalid(t,
		"contract", "client", "zone", "reference", "starts", "lines", "currency", "support_level", "by", "at")
	for name, test := range map[string]struct {
		given  []contract.Event
		when   contract.Command
		fields []string
	}{
		"a zone of the host":         {nil, func() contract.Draft { c := draft; c.Zone = "Local"; return c }(), []string{"zone"}},
		"an end before the start":    {nil, drafting(with(func(said *terms.Terms) { said.Agreed.Ends = "2025-06-30" })), []string{"ends"}},
		"no currency":                {nil, drafting(with(func(said *terms.Terms) { said.Agreed.Currency = "" })), []string{"currency"}},
		"revise to nothing":          {[]contract.Event{drafted}, contract.Revise{By: anna, At: at}, []string{"reference", "starts", "lines", "currency", "support_level"}},
		"unsigned":                   {[]contract.Event{drafted}, contract.Activate{}, []string{"by", "at"}},
		"in another zone":            {[]contract.Event{drafted}, contract.Submit{By: anna, At: at.In(time.FixedZone("", 3600))}, []string{"at"}},
		"return at length":           {inReview, contract.Return{Reason: long, By: anna, At: at}, []string{"reason"}},
		"offer nothing":              {inReview, contract.Offer{By: anna, At: at}, []string{"statement"}},
		"accept unread":              {onOffer, contract.Accept{By: emma, At: at}, []string{"sha256"}},
		"accept as the firm":         {onOffer, contract.Accept{Evidence: contract.Evidence{SHA256: digest, Paper: "binder 4"}, By: emma, At: at}, []string{"paper"}},
		"accept without the paper":   {onOffer, contract.Accept{Evidence: contract.Evidence{SHA256: digest}, By: anna, At: at}, []string{"paper"}},
		"accept with a book":         {onOffer, contract.Accept{Evidence: contract.Evidence{SHA256: digest, Sealed: strings.Repeat("x", contract.MaxSealed+1)}, By: emma, At: at}, []string{"sealed"}},
		"decline at length":          {onOffer, contract.Decline{Reason: long, By: emma, At: at}, []string{"reason"}},
		"suspend at length":          {running, contract.Suspend{Reason: long, By: olga, At: at}, []string{"reason"}},
		"renew to nowhere":           {running, contract.Renew{Ends: "tomorrow", By: olga, At: at}, []string{"ends"}},
		"renew backwards":            {running, contract.Renew{Ends: "2026-05-31", By: olga, At: at}, []string{"ends"}},
		"renew into the past":        {over, contract.Renew{Ends: "2026-07-31", By: olga, At: at.AddDate(1, 0, 0)}, []string{"ends"}},
		"renew for ever":             {running, contract.Renew{Ends: "9999-12-31", By: olga, At: at}, []string{"ends"}},
		"terminate in the future":    {running, contract.Terminate{Ends: "2026-03-17", Reason: long, By: olga, At: at}, []string{"ends", "reason"}},
		"terminate before the start": {running, contract.Terminate{Ends: "2025-06-30", By: olga, At: at}, []string{"ends"}},
		"terminate after the end":    {running, contract.Terminate{Ends: "2026-07-01", By: olga, At: at.AddDate(0, 6, 0)}, []string{"ends"}},
		"terminate on no day":        {running, contract.Terminate{Ends: "2026-02-29", By: olga, At: at}, []string{"ends"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).ThenInvalid(t, test.fields...)
		})
	}
}

// The caller keeps its slices: what it does with them later is not history.
func TestTermsAreCopied(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]func(terms.Terms) (contract.State, contract.Command){
		"draft": func(mine terms.Terms) (contract.State, contract.Command) { return contract.State{}, drafting(mine) },
		"revise": func(mine terms.Terms) (contract.State, contract.Command) {
			return state(drafted), contract.Revise{Reference: "CON-1", Terms: mine, By: anna, At: at}
		},
		"propose": func(mine terms.Terms) (contract.State, contract.Command) {
			mine.Agreed.PurchaseOrder = "PO-1"
			return state(running...), proposing("a", mine)
		},
	} {
		mine := agreement()
		before, when := command(mine)
		events, err := contract.Decide(before, when)
		if err != nil {
			t.Fatal(err)
		}
		mine.Agreed.Lines[0].JobTypes[0].Name = "changed"
		mine.Staff.Charges[0].Amounts[0].Milestone = "changed"
		if strings.Contains(fmt.Sprintf("%+v", events), "changed") {
			t.Errorf("%s: the event changes with its command: %+v", name, events)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, time.June, 30, 14, 0, 0, 0, time.UTC) // in Sydney; the 30th is over
	start := time.Date(2025, time.June, 30, 14, 0, 0, 0, time.UTC)
	more := amending("a", "2026-04-01", func(said *terms.Terms) {
		said.Agreed.Lines[0].JobTypes = []terms.JobType{{Key: "incident", Name: "Incidents"}, {Key: "training", Name: "Training"}}
	})
	april := time.Date(2026, time.March, 31, 13, 0, 0, 0, time.UTC) // the first instant in Sydney
	for name, test := range map[string]struct {
		given   []contract.Event
		client  domain.ClientID
		jobType string
		at      time.Time
		want    bool
	}{
		"in force":                   {running, nexus, "incident", at, true},
		"another line":               {running, nexus, "advice", at, true},
		"unknown job type":           {running, nexus, "Incidents", at, false},
		"another client's":           {running, orion, "incident", at, false},
		"its last second":            {running, nexus, "incident", midnight.Add(-time.Second), true},
		"the instant after":          {running, nexus, "incident", midnight, false},
		"renewed":                    {after(running, contract.Renewed{Ends: "2026-07-01", At: at}), nexus, "incident", midnight, true},
		"its first instant":          {running, nexus, "incident", start, true},
		"the second before":          {running, nexus, "incident", start.Add(-time.Second), false},
		"a job type that comes":      {after(running, more...), nexus, "training", april.Add(-time.Second), false},
		"a job type that has come":   {after(running, more...), nexus, "training", april, true},
		"a job type that goes":       {after(running, more...), nexus, "change", april.Add(-time.Second), true},
		"a job type that has gone":   {after(running, more...), nexus, "change", april, false},
		"a draft":                    {[]contract.Event{drafted}, nexus, "incident", at, false},
		"suspended":                  {stopped, nexus, "incident", at, false},
		"resumed":                    {after(stopped, resumed), nexus, "incident", at, true},
		"terminated":                 {ended, nexus, "incident", at, false},
		"expired":                    {over, nexus, "incident", at, false},
		"expired and renewed":        {after(over, contract.Renewed{Ends: "2026-07-01", At: at}), nexus, "incident", midnight, true},
		"nothing for no client":      {nil, domain.ClientID{}, "", at, false},
		"open-ended, much later":     {[]contract.Event{draftedWith(with(func(said *terms.Terms) { said.Agreed.Ends = "" })), activated}, nexus, "incident", at.AddDate(50, 0, 0), true},
		"suspended and then renewed": {after(stopped, contract.Renewed{Ends: "2026-07-01", At: at}), nexus, "incident", at, false},
	} {
		if got := state(test.given...).Covers(test.client, test.jobType, test.at); got != test.want {
			t.Errorf("%s: covers %t, want %t", name, got, test.want)
		}
	}
}

func TestRenewsItself(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ends   calendar.Date
		months int
		at     time.Time
		want   []calendar.Date
	}{
		"a year":                      {"2026-06-30", 12, time.Date(2026, time.July, 1, 0, 0, 0, 0, time.UTC), []calendar.Date{"2027-06-30"}},
		"to the end of longer months": {"2026-06-30", 1, time.Date(2026, time.August, 2, 0, 0, 0, 0, time.UTC), []calendar.Date{"2026-07-31", "2026-08-31"}},
		"over a short month":          {"2026-01-31", 1, time.Date(2026, time.March, 5, 0, 0, 0, 0, time.UTC), []calendar.Date{"2026-02-28", "2026-03-31"}},
		"in the middle":               {"2026-01-14", 2, time.Date(2026, time.February, 1, 0, 0, 0, 0, time.UTC), []calendar.Date{"2026-03-14"}},
		"on a day that a month lacks": {"2026-01-29", 1, time.Date(2026, time.February, 1, 0, 0, 0, 0, time.UTC), []calendar.Date{"2026-02-28"}},
		"not on its last day":         {"2026-06-30", 12, time.Date(2026, time.June, 30, 13, 59, 59, 0, time.UTC), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := with(func(said *terms.Terms) { said.Agreed.Ends, said.Agreed.RenewMonths = test.ends, test.months })
			sydney, err := zone.Load("Australia/Sydney")
			if err != nil {
				t.Fatal(err)
			}
			var want []contract.Event
			for i, day := range test.want {
				last := append([]calendar.Date{test.ends}, test.want...)[i]
				want = append(want, contract.Renewed{Ends: day, At: last.Add(1).Start(sydney)})
			}
			given(draftedWith(said), activated).When(contract.Advance{By: domain.System(), At: test.at}).Then(t, want...)
		})
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "contract", contract.All())
	spec.NothingOfStaff(t)
}

// Every command is signed: none could act for nobody, or never.
func TestEveryCommandIsSigned(t *testing.T) {
	t.Parallel()
	for _, command := range []contract.Command{
		contract.Revise{},
		contract.Submit{},
		contract.Return{},
		contract.Offer{},
		contract.Accept{},
		contract.Decline{},
		contract.Activate{},
		contract.Suspend{},
		contract.Resume{},
		contract.Renew{},
		contract.Advance{},
		contract.Terminate{},
		contract.ProposeAmendment{},
		contract.ApproveAmendment{},
		contract.RejectAmendment{},
		contract.OfferAmendment{},
		contract.AcceptAmendment{},
		contract.DeclineAmendment{},
		contract.WithdrawAmendment{},
		contract.GrantBucket{},
		contract.AdjustBucket{},
		contract.ReleaseMilestone{},
	} {
		t.Run(reflect.TypeOf(command).Name(), func(t *testing.T) {
			t.Parallel()
			given(running...).When(command).ThenInvalid(t, "by", "at")
		})
	}
}
