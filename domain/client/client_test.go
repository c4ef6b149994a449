package client_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/money"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

var (
	given     = spec.Decider(client.Decider).Given
	disclosed = spec.Discloser(client.Disclose).Given
)

var (
	nexus    = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000001")}
	anna     = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	ben      = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000002")}
	support  = domain.ContractID{UUID: uuid.MustParse("c0170000-0000-4000-8000-000000000001")}
	by       = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Owner}
	at       = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	register = client.Register{
		Client: nexus, Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD",
		Source: "crm:4711", By: by, At: at,
	}
	registered = client.Registered{
		Client: nexus, Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD",
		Staff: client.RegisteredStaff{Source: "crm:4711"}, By: anna, At: at,
	}
	managed = client.AccountManagerAssigned{Staff: client.AccountManagerAssignedStaff{Manager: ben}, By: anna, At: at}
	linked  = client.ContractLinked{Contract: support, By: anna, At: at}

	carol    = domain.PersonID{UUID: uuid.MustParse("9e450000-0000-4000-8000-000000000001")}
	dora     = domain.PersonID{UUID: uuid.MustParse("9e450000-0000-4000-8000-000000000002")}
	limited  = client.SeatLimitSet{Limit: 1, By: anna, At: at}
	taken    = client.SeatTaken{Person: carol, Role: domain.ClientEmployee, By: anna, At: at}
	released = client.SeatReleased{Person: carol, By: anna, At: at}
	take     = client.TakeSeat{Person: carol, Role: domain.ClientEmployee, By: by, At: at}
	takeNext = client.TakeSeat{Person: dora, Role: domain.ClientAdmin, By: by, At: at}
	beyond   = client.TakeSeat{Person: dora, Role: domain.ClientAdmin, Beyond: true, By: by, At: at}
	release  = client.ReleaseSeat{Person: carol, By: by, At: at}
)

func TestDecide(t *testing.T) {
	t.Parallel()
	renamed := client.Renamed{Name: "Nexus Group", By: anna, At: at}
	later := register
	later.At = at.Add(time.Hour)
	other := register
	other.Currency = "NZD"
	for name, test := range map[string]struct {
		given []client.Event
		when  client.Command
		then  []client.Event
	}{
		"register":                        {nil, register, []client.Event{registered}},
		"register with a manager":         {nil, withManager(register, ben), []client.Event{registered, managed}},
		"register with a manager, twice":  {[]client.Event{registered, renamed}, withManager(register, ben), nil},
		"register twice":                  {[]client.Event{registered}, later, nil},
		"register again after a new name": {[]client.Event{registered, renamed}, register, nil},
		"rename":                          {[]client.Event{registered}, client.Rename{Name: "Nexus Group", By: by, At: at}, []client.Event{renamed}},
		"rename to the same name":         {[]client.Event{registered}, client.Rename{Name: "Nexus Corp", By: by, At: at}, nil},
		"rename twice":                    {[]client.Event{registered, renamed}, client.Rename{Name: "Nexus Group", By: by, At: at}, nil},
		"assign an account manager":       {[]client.Event{registered}, client.AssignAccountManager{Manager: ben, By: by, At: at}, []client.Event{managed}},
		"assign the same account manager": {[]client.Event{registered, managed}, client.AssignAccountManager{Manager: ben, By: by, At: at}, nil},
		"link a contract":                 {[]client.Event{registered}, client.LinkContract{Contract: support, By: by, At: at}, []client.Event{linked}},
		"link a contract twice":           {[]client.Event{registered, linked}, client.LinkContract{Contract: support, By: by, At: at}, nil},
		"set the limit of seats":          {[]client.Event{registered}, client.SetSeatLimit{Limit: 1, By: by, At: at}, []client.Event{limited}},
		"set the limit that there is":     {[]client.Event{registered}, client.SetSeatLimit{Limit: client.DefaultSeats, By: by, At: at}, nil},
		"set the limit below what is taken": {
			[]client.Event{registered, taken}, client.SetSeatLimit{By: by, At: at}, []client.Event{client.SeatLimitSet{By: anna, At: at}},
		},
		"take a seat":                      {[]client.Event{registered}, take, []client.Event{taken}},
		"take a seat twice":                {[]client.Event{registered, taken}, take, nil},
		"take a seat that one has":         {[]client.Event{registered, limited, taken}, take, nil},
		"take a seat anew":                 {[]client.Event{registered, taken, released}, take, []client.Event{taken}},
		"take a seat that was left":        {[]client.Event{registered, limited, taken, released}, takeNext, []client.Event{client.SeatTaken{Person: dora, Role: domain.ClientAdmin, By: anna, At: at}}},
		"staff go beyond the limit":        {[]client.Event{registered, limited, taken}, beyond, []client.Event{client.SeatTaken{Person: dora, Role: domain.ClientAdmin, By: anna, At: at}}},
		"release a seat":                   {[]client.Event{registered, taken}, release, []client.Event{released}},
		"release a seat twice":             {[]client.Event{registered, taken, released}, release, nil},
		"release who has no seat":          {[]client.Event{registered}, release, nil},
		"the system registers for nobody":  {nil, asSystem(register), []client.Event{withoutActor(registered)}},
		"register without a source system": {nil, withoutSource(register), []client.Event{client.Registered{Client: nexus, Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD", By: anna, At: at}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
	t.Run("register with other facts", func(t *testing.T) {
		t.Parallel()
		given(registered).When(other).ThenRefused(t, domain.ErrConflict, "client_exists")
	})
}

func asSystem(c client.Register) client.Register {
	c.By = domain.System()
	return c
}

func withManager(c client.Register, manager domain.PersonID) client.Register {
	c.Manager = manager
	return c
}

func withoutActor(e client.Registered) client.Registered {
	e.By = domain.PersonID{}
	return e
}

func withoutSource(c client.Register) client.Register {
	c.Source = ""
	return c
}

func TestNobodyActsOnAClientThatDoesNotExist(t *testing.T) {
	t.Parallel()
	for _, command := range []client.Command{
		client.Rename{Name: "Nexus", By: by, At: at},
		client.AssignAccountManager{Manager: ben, By: by, At: at},
		client.LinkContract{Contract: support, By: by, At: at},
		client.SetSeatLimit{Limit: 1, By: by, At: at},
		take,
		release,
	} {
		given().When(command).ThenRefused(t, domain.ErrNotFound, "no_such_client")
	}
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	given().When(client.Register{Source: " "}).
		ThenInvalid(t, "client", "name", "zone", "language", "currency", "source", "by", "at")
	known := given(registered)
	known.When(client.Rename{Name: "two\nlines"}).ThenInvalid(t, "name", "by", "at")
	known.When(client.AssignAccountManager{By: by, At: at}).ThenInvalid(t, "manager")
	known.When(client.LinkContract{By: by, At: at}).ThenInvalid(t, "contract")
	known.When(client.SetSeatLimit{Limit: -1}).ThenInvalid(t, "limit", "by", "at")
	known.When(client.SetSeatLimit{Limit: client.MaxSeats + 1, By: by, At: at}).ThenInvalid(t, "limit")
	known.When(client.TakeSeat{Role: domain.Owner, By: by, At: at}).ThenInvalid(t, "person", "role")
	known.When(client.ReleaseSeat{Person: carol}).ThenInvalid(t, "by", "at")
	known.When(client.Rename{Name: "Nexus", By: by, At: at.In(time.FixedZone("AEDT", 11*3600))}).ThenInvalid(t, "at")
}

func TestForms(t *testing.T) {
	t.Parallel()
	with := func(change func(*client.Register)) spec.Decision[client.Event] {
		command := register
		change(&command)
		return given().When(command)
	}
	for _, zone := range []string{"", "Local", "local", "Europe/", "/Berlin", "Europe/../Berlin", "europe/berlin", "+02:00", "A/B/C/D"} {
		with(func(c *client.Register) { c.Zone = zone }).ThenInvalid(t, "zone")
	}
	for _, language := range []string{"", "EN", "english", "en_AU", "en-au", "en-AU-x"} {
		with(func(c *client.Register) { c.Language = language }).ThenInvalid(t, "language")
	}
	for _, currency := range []money.Currency{"", "aud", "XXX"} {
		with(func(c *client.Register) { c.Currency = currency }).ThenInvalid(t, "currency")
	}
	for _, name := range []string{"", " Nexus", "Nexus\t", "a\x00b", "\xff", string(make([]rune, domain.MaxLine+1))} {
		with(func(c *client.Register) { c.Name = name }).ThenInvalid(t, "name")
	}
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Etc/GMT+10"} {
		event := registered
		event.Zone = zone
		with(func(c *client.Register) { c.Zone = zone }).Then(t, event)
	}
	for _, language := range []string{"de", "pt-BR", "zh-Hans-CN", "es-419"} {
		event := registered
		event.Language = language
		with(func(c *client.Register) { c.Language = language }).Then(t, event)
	}
}

func TestContractsAreBounded(t *testing.T) {
	t.Parallel()
	history := []client.Event{registered}
	for i := range client.MaxContracts {
		history = append(history, client.ContractLinked{
			Contract: domain.ContractID{UUID: domain.Derive(nexus.UUID, string(rune('A'+i)))}, By: anna, At: at,
		})
	}
	given(history...).When(client.LinkContract{Contract: support, By: by, At: at}).
		ThenRefused(t, domain.ErrConflict, "too_many_contracts")
}

func TestSeatsAreLimited(t *testing.T) {
	t.Parallel()
	given(registered, limited, taken).When(takeNext).ThenRefused(t, domain.ErrConflict, "no_seat_left")
	given(registered, taken, client.SeatLimitSet{By: anna, At: at}).When(takeNext).ThenRefused(t, domain.ErrConflict, "no_seat_left")
	full := []client.Event{registered, client.SeatLimitSet{Limit: client.MaxSeats, By: anna, At: at}}
	for i := range client.MaxSeats {
		person := domain.PersonID{UUID: domain.Derive(nexus.UUID, strconv.Itoa(i))}
		full = append(full, client.SeatTaken{Person: person, Role: domain.ClientEmployee, By: anna, At: at})
	}
	given(full...).When(beyond).ThenRefused(t, domain.ErrConflict, "no_seat_left")
}

// A seat that is taken anew is another one: what completes or releases the first must not touch it.
func TestEverySeatHasANumberOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		given []client.Event
		want  client.Seat
	}{
		{[]client.Event{registered}, client.Seat{}},
		{[]client.Event{registered, taken}, client.Seat{Taken: taken, Ordinal: 1}},
		{[]client.Event{registered, taken, released}, client.Seat{}},
		{[]client.Event{registered, taken, released, taken}, client.Seat{Taken: taken, Ordinal: 2}},
	} {
		got, seated := client.Decider.Fold(client.State{}, test.given...).SeatOf(carol)
		if got != test.want || seated != (test.want != client.Seat{}) {
			t.Errorf("after %d events the seat is %+v, %t; want %+v", len(test.given), got, seated, test.want)
		}
	}
}

// Whatever is asked in whatever order, only staff bring the seats above the limit, and the count is that of
// the people who have one.
func TestSeatsAreCounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := client.Decider.Fold(client.State{}, registered)
		for _, command := range rapid.SliceOfN(seating(), 0, 60).Draw(t, "commands") {
			_, before := state.Seats()
			events, err := client.Decide(state, command)
			if err != nil && len(events) > 0 {
				t.Fatalf("%+v: %v with %d events", command, err, len(events))
			}
			state = client.Decider.Fold(state, events...)
			limit, after := state.Seats()
			if take, ok := command.(client.TakeSeat); ok && !take.Beyond && after > before && after > limit {
				t.Fatalf("%+v brought the seats to %d of %d", command, after, limit)
			}
			seated := 0
			for i := range 8 {
				if _, has := state.SeatOf(candidate(i)); has {
					seated++
				}
			}
			if after != seated {
				t.Fatalf("%d seats are counted, %d people have one", after, seated)
			}
		}
	})
}

func candidate(i int) domain.PersonID {
	return domain.PersonID{UUID: domain.Derive(nexus.UUID, "candidate", strconv.Itoa(i))}
}

func seating() *rapid.Generator[client.Command] {
	return rapid.Custom(func(t *rapid.T) client.Command {
		who := candidate(rapid.IntRange(0, 7).Draw(t, "who"))
		return rapid.SampledFrom([]client.Command{
			client.TakeSeat{Person: who, Role: domain.ClientEmployee, By: by, At: at},
			client.TakeSeat{Person: who, Role: domain.ClientEmployee, By: by, At: at},
			client.TakeSeat{Person: who, Role: domain.ClientAdmin, Beyond: true, By: by, At: at},
			client.ReleaseSeat{Person: who, By: by, At: at},
			client.SetSeatLimit{Limit: rapid.IntRange(0, 6).Draw(t, "limit"), By: by, At: at},
		}).Draw(t, "command")
	})
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	record := visible.Organisation{Client: nexus.UUID, Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD", Seats: client.DefaultSeats}
	renamed := record
	renamed.Name = "Nexus Group"
	t.Run("a registered client sees itself", func(t *testing.T) {
		t.Parallel()
		disclosed(registered).Then(t, visible.Put{Record: record})
	})
	t.Run("a new name replaces the old", func(t *testing.T) {
		t.Parallel()
		after := disclosed(registered, client.Renamed{Name: "Nexus Group", By: anna, At: at})
		after.Then(t, visible.Put{Record: record}, visible.Put{Record: renamed})
		after.Shows(t, renamed)
	})
	t.Run("a client sees its seats", func(t *testing.T) {
		t.Parallel()
		seated, atLimit, left := record, record, record
		seated.SeatsTaken = 1
		atLimit.Seats, atLimit.SeatsTaken = 1, 1
		left.Seats = 1
		disclosed(registered, taken, limited, released).
			Then(t, visible.Put{Record: record}, visible.Put{Record: seated}, visible.Put{Record: atLimit}, visible.Put{Record: left})
	})
	t.Run("its manager and its contracts leave no trace", func(t *testing.T) {
		t.Parallel()
		disclosed(registered, managed, linked).Then(t, visible.Put{Record: record})
	})
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "client", client.All())
	spec.NothingOfStaff(t)
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, client.Decider, rapid.SliceOfN(anyCommand(), 0, 30).Draw(t, "commands"))
		spec.DisclosureInvariants(t, client.Disclose, history)
	})
}

// anyCommand draws from few values, so that commands meet each other's effects.
func anyCommand() *rapid.Generator[client.Command] {
	return rapid.Custom(func(t *rapid.T) client.Command {
		name := rapid.SampledFrom([]string{"Nexus Corp", "Nexus Group", ""}).Draw(t, "name")
		switch rapid.IntRange(0, 5).Draw(t, "command") {
		case 5:
			described := billing()
			described.Party.Name = name
			return describe(described)
		case 4:
			return seating().Draw(t, "seating")
		case 0:
			command := register
			command.Name = name
			return command
		case 1:
			return client.Rename{Name: name, By: by, At: at}
		case 2:
			manager := rapid.SampledFrom([]domain.PersonID{anna, ben, {}}).Draw(t, "manager")
			return client.AssignAccountManager{Manager: manager, By: by, At: at}
		default:
			contract := domain.ContractID{UUID: domain.Derive(nexus.UUID, rapid.StringMatching(`[a-h]`).Draw(t, "contract"))}
			return client.LinkContract{Contract: contract, By: by, At: at}
		}
	})
}
