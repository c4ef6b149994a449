package client_test

import (
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
		"register":                         {nil, register, []client.Event{registered}},
		"register twice":                   {[]client.Event{registered}, later, nil},
		"register again after a new name":  {[]client.Event{registered, renamed}, register, nil},
		"rename":                           {[]client.Event{registered}, client.Rename{Name: "Nexus Group", By: by, At: at}, []client.Event{renamed}},
		"rename to the same name":          {[]client.Event{registered}, client.Rename{Name: "Nexus Corp", By: by, At: at}, nil},
		"rename twice":                     {[]client.Event{registered, renamed}, client.Rename{Name: "Nexus Group", By: by, At: at}, nil},
		"assign an account manager":        {[]client.Event{registered}, client.AssignAccountManager{Manager: ben, By: by, At: at}, []client.Event{managed}},
		"assign the same account manager":  {[]client.Event{registered, managed}, client.AssignAccountManager{Manager: ben, By: by, At: at}, nil},
		"link a contract":                  {[]client.Event{registered}, client.LinkContract{Contract: support, By: by, At: at}, []client.Event{linked}},
		"link a contract twice":            {[]client.Event{registered, linked}, client.LinkContract{Contract: support, By: by, At: at}, nil},
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

func TestDisclose(t *testing.T) {
	t.Parallel()
	record := visible.Organisation{Client: nexus.UUID, Name: "Nexus Corp", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD"}
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
		switch rapid.IntRange(0, 3).Draw(t, "command") {
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
