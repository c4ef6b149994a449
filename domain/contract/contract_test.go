package contract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

var (
	given     = spec.Decider(contract.Decider).Given
	disclosed = spec.Discloser(contract.Disclose).Given
)

var (
	nexus = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000001")}
	con18 = domain.ContractID{UUID: uuid.MustParse("c0170000-0000-4000-8000-000000000001")}
	anna  = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	by    = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Owner}
	at    = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)

	draft = contract.Draft{
		Contract: con18, Client: nexus, Reference: "CON-2024-018", Type: contract.Bucket,
		JobTypes:     []contract.JobType{{Key: "incident", Name: "Incidents"}, {Key: "change", Name: "Changes"}},
		SupportLevel: contract.Always, Starts: "2024-07-01", Ends: "2026-06-30", By: by, At: at,
	}
	drafted = contract.Drafted{
		Contract: con18, Client: nexus, Reference: "CON-2024-018", Type: contract.Bucket,
		JobTypes: []contract.JobType{{Key: "incident", Name: "Incidents"}, {Key: "change", Name: "Changes"}},
		Starts:   "2024-07-01", Ends: "2026-06-30",
		Staff: contract.DraftedStaff{SupportLevel: contract.Always}, By: anna, At: at,
	}
	activate   = contract.Activate{By: by, At: at}
	activated  = contract.Activated{By: anna, At: at}
	terminate  = contract.Terminate{Reason: "moved in-house", By: by, At: at}
	terminated = contract.Terminated{Staff: contract.TerminatedStaff{Reason: "moved in-house"}, By: anna, At: at}
)

// drafting is the sample draft with a change.
func drafting(change func(*contract.Draft)) contract.Draft {
	changed := draft
	change(&changed)
	return changed
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given []contract.Event
		when  contract.Command
		then  []contract.Event
	}{
		"draft":                       {nil, draft, []contract.Event{drafted}},
		"draft twice":                 {[]contract.Event{drafted}, drafting(func(c *contract.Draft) { c.At = at.Add(time.Hour) }), nil},
		"draft again while in force":  {[]contract.Event{drafted, activated}, draft, nil},
		"draft again after its end":   {[]contract.Event{drafted, activated, terminated}, draft, nil},
		"activate":                    {[]contract.Event{drafted}, activate, []contract.Event{activated}},
		"activate twice":              {[]contract.Event{drafted, activated}, activate, nil},
		"terminate":                   {[]contract.Event{drafted, activated}, terminate, []contract.Event{terminated}},
		"terminate twice":             {[]contract.Event{drafted, activated, terminated}, terminate, nil},
		"terminate without a reason":  {[]contract.Event{drafted, activated}, contract.Terminate{By: by, At: at}, []contract.Event{contract.Terminated{By: anna, At: at}}},
		"a last day is the first one": {nil, drafting(func(c *contract.Draft) { c.Ends = c.Starts }), []contract.Event{endingOn("2024-07-01")}},
		"no last day":                 {nil, drafting(func(c *contract.Draft) { c.Ends = "" }), []contract.Event{endingOn("")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func endingOn(day contract.Date) contract.Drafted {
	event := drafted
	event.Ends = day
	return event
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	otherTerms := map[string]func(*contract.Draft){
		"client":        func(c *contract.Draft) { c.Client = domain.ClientID{UUID: con18.UUID} },
		"reference":     func(c *contract.Draft) { c.Reference = "CON-2024-019" },
		"type":          func(c *contract.Draft) { c.Type = contract.Retainer },
		"job types":     func(c *contract.Draft) { c.JobTypes = c.JobTypes[:1] },
		"support level": func(c *contract.Draft) { c.SupportLevel = contract.Standard },
		"start":         func(c *contract.Draft) { c.Starts = "2024-08-01" },
		"end":           func(c *contract.Draft) { c.Ends = "" },
	}
	for name, change := range otherTerms {
		t.Run("draft again with another "+name, func(t *testing.T) {
			t.Parallel()
			given(drafted).When(drafting(change)).ThenRefused(t, domain.ErrConflict, "contract_exists")
		})
	}
	given().When(activate).ThenRefused(t, domain.ErrNotFound, "no_such_contract")
	given().When(terminate).ThenRefused(t, domain.ErrNotFound, "no_such_contract")
	given(drafted).When(terminate).ThenRefused(t, domain.ErrConflict, "contract_not_active")
	given(drafted, activated, terminated).When(activate).ThenRefused(t, domain.ErrConflict, "contract_terminated")
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	given().When(contract.Draft{}).ThenInvalid(t,
		"contract", "client", "reference", "type", "support_level", "starts", "job_types", "by", "at")
	given(drafted).When(contract.Activate{}).ThenInvalid(t, "by", "at")
	given(drafted, activated).When(contract.Terminate{Reason: strings.Repeat("x", contract.MaxReason+1), By: by, At: at}).ThenInvalid(t, "reason")
	for _, day := range []contract.Date{"2024-06-30", "2026-02-29", "2026-2-3", "tomorrow"} {
		given().When(drafting(func(c *contract.Draft) { c.Ends = day })).ThenInvalid(t, "ends")
	}
	many := make([]contract.JobType, contract.MaxJobTypes+1)
	for i := range many {
		many[i] = contract.JobType{Key: fmt.Sprint("key-", i), Name: "Work"}
	}
	for _, jobTypes := range [][]contract.JobType{
		nil, many,
		{{Key: "a", Name: "A"}, {Key: "a", Name: "B"}},
		{{Key: "a"}},
		{{Name: "A"}},
		{{Key: "With Spaces", Name: "A"}},
		{{Key: "a\n", Name: "A"}},
		{{Key: "a", Name: " A"}},
	} {
		given().When(drafting(func(c *contract.Draft) { c.JobTypes = jobTypes })).ThenInvalid(t, "job_types")
	}
}

// The caller keeps its slice: what it does with it later is not history.
func TestDraftCopiesItsJobTypes(t *testing.T) {
	t.Parallel()
	mine := []contract.JobType{{Key: "incident", Name: "Incidents"}}
	events, err := contract.Decide(contract.State{}, drafting(func(c *contract.Draft) { c.JobTypes = mine }))
	if err != nil {
		t.Fatal(err)
	}
	mine[0].Name = "changed"
	if got := events[0].(contract.Drafted).JobTypes[0].Name; got != "Incidents" {
		t.Errorf("the event says %q", got)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given  []contract.Event
		client domain.ClientID
		key    string
		want   bool
	}{
		"in force":            {[]contract.Event{drafted, activated}, nexus, "incident", true},
		"in force, other key": {[]contract.Event{drafted, activated}, nexus, "change", true},
		"unknown job type":    {[]contract.Event{drafted, activated}, nexus, "Incidents", false},
		"another client's":    {[]contract.Event{drafted, activated}, domain.ClientID{UUID: con18.UUID}, "incident", false},
		"draft":               {[]contract.Event{drafted}, nexus, "incident", false},
		"terminated":          {[]contract.Event{drafted, activated, terminated}, nexus, "incident", false},
		"nothing":             {nil, domain.ClientID{}, "", false},
	} {
		if got := contract.Decider.Fold(contract.State{}, test.given...).Covers(test.client, test.key); got != test.want {
			t.Errorf("%s: covers %t, want %t", name, got, test.want)
		}
	}
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	record := visible.Contract{Client: nexus.UUID, ID: con18.UUID, Reference: "CON-2024-018", Type: "bucket"}
	category := func(key, name string) visible.Category {
		return visible.Category{Client: nexus.UUID, ID: domain.CategoryID(con18, key), Contract: con18.UUID, JobType: key, Name: name}
	}
	t.Run("a draft shows nothing", func(t *testing.T) {
		t.Parallel()
		disclosed(drafted).Then(t)
	})
	t.Run("in force it shows itself and its job types", func(t *testing.T) {
		t.Parallel()
		disclosed(drafted, activated).Shows(t, record, category("incident", "Incidents"), category("change", "Changes"))
	})
	t.Run("after its end nothing is left", func(t *testing.T) {
		t.Parallel()
		disclosed(drafted, activated, terminated).Shows(t)
	})
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "contract", contract.All())
	spec.NothingOfStaff(t)
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, contract.Decider, rapid.SliceOfN(anyCommand(), 0, 12).Draw(t, "commands"))
		spec.DisclosureInvariants(t, contract.Disclose, history)
		if len(history) > 0 {
			disclosed(append(history, activated, terminated)...).Shows(t)
		}
	})
}

func anyCommand() *rapid.Generator[contract.Command] {
	return rapid.Custom(func(t *rapid.T) contract.Command {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-d]`), 0, 4, rapid.ID).Draw(t, "keys")
		jobTypes := make([]contract.JobType, len(keys))
		for i, key := range keys {
			jobTypes[i] = contract.JobType{Key: key, Name: "Work " + key}
		}
		return rapid.SampledFrom([]contract.Command{
			drafting(func(c *contract.Draft) { c.JobTypes = jobTypes }), activate, terminate,
		}).Draw(t, "command")
	})
}
