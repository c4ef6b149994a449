package spec_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

// The toy aggregate of these tests: a list of words, of which some are shown.
type (
	state  struct{ words []string }
	say    struct{ word string }
	event  interface{ Kind() string }
	spoken struct {
		Word  string
		Staff string
	}
)

func (spoken) Kind() string { return "toy.spoken.v1" }

var errRude = domain.Refuse(domain.ErrConflict, "rude", "no")

func decide(s state, c say) ([]event, error) {
	switch {
	case c.word == "":
		return nil, &domain.Refusal{Kind: domain.ErrInvalid, Code: "invalid_fields", Fields: map[string]string{"word": "must be given"}}
	case c.word == "rude":
		return nil, errRude
	case len(s.words) > 0 && s.words[len(s.words)-1] == c.word:
		return nil, nil
	}
	return []event{spoken{Word: c.word}}, nil
}

func evolve(s state, e event) state {
	words := append([]string{}, s.words...)
	return state{words: append(words, e.(spoken).Word)}
}

// disclose shows the last word as an organisation's name, but for "hide", which hides it.
func disclose(s state, e event) (state, []visible.Change) {
	next := evolve(s, e)
	return next, visible.Diff(s.shown(), next.shown())
}

func (s state) shown() visible.Shown {
	if len(s.words) == 0 || s.words[len(s.words)-1] == "hide" {
		return nil
	}
	return visible.Show(record(s.words[len(s.words)-1]))
}

func record(name string) visible.Organisation { return visible.Organisation{Client: one, Name: name} }

var (
	one     = uuid.MustParse("c11e0000-0000-4000-8000-000000000001")
	two     = uuid.MustParse("c11e0000-0000-4000-8000-000000000002")
	toy     = domain.Decider[state, say, event]{Decide: decide, Evolve: evolve}
	hello   = spoken{Word: "hello"}
	history = []event{hello, spoken{Word: "hide", Staff: "why"}, spoken{Word: "hide"}, spoken{Word: "again"}}
)

// failed is what a recorder panics with, as a test ends at Fatalf.
type failed string

type recorder struct{}

func (recorder) Helper() {}

func (recorder) Fatalf(format string, arguments ...any) {
	panic(failed(fmt.Sprintf(format, arguments...)))
}

// failure runs a specification and gives what it failed with; "" when it passed.
func failure(specification func(t spec.T)) (text string) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case failed:
			text = string(reason)
		default:
			panic(reason)
		}
	}()
	specification(recorder{})
	return ""
}

func TestWhatHoldsPasses(t *testing.T) {
	t.Parallel()
	given := spec.Decider(toy).Given
	given().When(say{"hello"}).Then(t, hello)
	given(hello).When(say{"hello"}).ThenNothing(t)
	given(hello).When(say{"rude"}).ThenRefused(t, domain.ErrConflict, "rude")
	given().When(say{}).ThenInvalid(t, "word")
	disclosed := spec.Discloser(disclose).Given
	disclosed(history...).Then(t,
		visible.Put{Record: record("hello")}, visible.Remove{Gone: record("").Key()}, visible.Put{Record: record("again")})
	disclosed(history...).Shows(t, record("again"))
	disclosed(history[:2]...).Shows(t)
	spec.DisclosureInvariants(t, disclose, history)
	if got := spec.Replays(t, toy, []say{{"hello"}, {"hello"}, {""}, {"rude"}, {"hide"}}); len(got) != 2 {
		t.Errorf("history %v, want two events", got)
	}
}

func TestWhatDoesNotHoldFails(t *testing.T) {
	t.Parallel()
	given := spec.Decider(toy).Given
	disclosed := spec.Discloser(disclose).Given
	for name, test := range map[string]struct {
		specification func(t spec.T)
		want          string
	}{
		"another event":             {func(t spec.T) { given().When(say{"bye"}).Then(t, hello) }, "-want +got"},
		"an event too many":         {func(t spec.T) { given().When(say{"bye"}).ThenNothing(t) }, "-want +got"},
		"an event missing":          {func(t spec.T) { given(hello).When(say{"hello"}).Then(t, hello) }, "-want +got"},
		"events, but refused":       {func(t spec.T) { given().When(say{"rude"}).Then(t) }, "refused: conflict"},
		"refusal, but events":       {func(t spec.T) { given().When(say{"bye"}).ThenRefused(t, domain.ErrConflict, "rude") }, "not refused"},
		"refusal, but nothing":      {func(t spec.T) { given(hello).When(say{"hello"}).ThenInvalid(t, "word") }, "not refused"},
		"refusal of another kind":   {func(t spec.T) { given().When(say{"rude"}).ThenRefused(t, domain.ErrNotFound, "rude") }, "refused as"},
		"refusal of another code":   {func(t spec.T) { given().When(say{"rude"}).ThenRefused(t, domain.ErrConflict, "cold") }, "refused as"},
		"other wrong fields":        {func(t spec.T) { given().When(say{}).ThenInvalid(t, "sentence") }, "wrong fields"},
		"wrong fields of no kind":   {func(t spec.T) { given().When(say{"rude"}).ThenInvalid(t) }, "refused as"},
		"another change":            {func(t spec.T) { disclosed(hello).Then(t, visible.Put{Record: record("bye")}) }, "-want +got"},
		"a change missing":          {func(t spec.T) { disclosed().Then(t, visible.Put{Record: record("bye")}) }, "-want +got"},
		"something is left showing": {func(t spec.T) { disclosed(hello).Shows(t) }, "-want +got"},
	} {
		if got := failure(test.specification); !strings.Contains(got, test.want) {
			t.Errorf("%s: failed with %q, want %q", name, got, test.want)
		}
	}
}

// Every promise that Replays checks is broken once.
func TestBrokenDecidersFail(t *testing.T) {
	t.Parallel()
	answers := 0
	for name, test := range map[string]struct {
		decider domain.Decider[state, say, event]
		want    string
	}{
		"not repeatable": {domain.Decider[state, say, event]{Evolve: evolve, Decide: func(state, say) ([]event, error) {
			answers++
			return []event{spoken{Word: strconv.Itoa(answers)}}, nil
		}}, "decided twice"},
		"acts again": {domain.Decider[state, say, event]{Evolve: evolve, Decide: func(_ state, c say) ([]event, error) {
			return []event{spoken{Word: c.word}}, nil
		}}, "acts again"},
		"a plain error": {domain.Decider[state, say, event]{Evolve: evolve, Decide: func(state, say) ([]event, error) {
			return nil, errors.New("no")
		}}, "want a domain.Refusal"},
		"a refusal with events": {domain.Decider[state, say, event]{Evolve: evolve, Decide: func(state, say) ([]event, error) {
			return []event{hello}, errRude
		}}, "want a domain.Refusal"},
		"a state that shares its words": {domain.Decider[state, say, event]{Decide: decide, Evolve: func(s state, e event) state {
			if len(s.words) == 0 {
				s.words = make([]string, 0, 8)
			}
			return state{words: append(s.words, e.(spoken).Word)}
		}}, "was changed later"},
	} {
		got := failure(func(t spec.T) { spec.Replays(t, test.decider, []say{{"a"}, {"b"}, {"c"}, {"d"}}) })
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: failed with %q, want %q", name, got, test.want)
		}
	}
}

// Two ways that part from one state do not meet, and the words of the state stay its own.
func TestForks(t *testing.T) {
	t.Parallel()
	words := func(s state) []string { return slices.Clone(s.words) }
	ways := [][]say{{{"b"}, {"c"}}, {{"d"}, {"e"}, {"rude"}}}
	spec.Forks(t, toy, words, []event{hello}, ways...)
	sharing := domain.Decider[state, say, event]{Decide: decide, Evolve: func(s state, e event) state {
		return state{words: append(s.words[:0], e.(spoken).Word)}
	}}
	if got := failure(func(t spec.T) { spec.Forks(t, sharing, words, []event{hello}, ways[:1]...) }); !strings.Contains(got, "was changed by what followed") {
		t.Errorf("a state that is overwritten: failed with %q", got)
	}
}

// Every promise that DisclosureInvariants checks is broken once.
func TestBrokenDisclosersFail(t *testing.T) {
	t.Parallel()
	calls := 0
	first, second := visible.Organisation{Client: one}, visible.Organisation{Client: two}
	for name, test := range map[string]struct {
		discloser domain.Discloser[state, event]
		want      string
	}{
		"puts what is shown": {func(s state, _ event) (state, []visible.Change) {
			return s, []visible.Change{visible.Put{Record: first}}
		}, "puts what is shown already"},
		"removes what is not shown": {func(s state, _ event) (state, []visible.Change) {
			return s, []visible.Change{visible.Remove{Gone: first.Key()}}
		}, "removes what is not shown"},
		"out of order": {func(s state, _ event) (state, []visible.Change) {
			return s, []visible.Change{visible.Put{Record: second}, visible.Put{Record: first}}
		}, "not ordered by key"},
		"one key twice": {func(s state, _ event) (state, []visible.Change) {
			return s, []visible.Change{visible.Put{Record: first}, visible.Put{Record: record("x")}}
		}, "not ordered by key"},
		"not repeatable": {func(s state, _ event) (state, []visible.Change) {
			calls++
			return s, []visible.Change{visible.Put{Record: record(strconv.Itoa(calls))}}
		}, "in a second fold"},
		"shows the staff part": {func(s state, e event) (state, []visible.Change) {
			next := evolve(s, spoken{Word: e.(spoken).Word + e.(spoken).Staff})
			return next, visible.Diff(s.shown(), next.shown())
		}, "shows its Staff part"},
		"a state that shares its words": {func(s state, e event) (state, []visible.Change) {
			if len(s.words) == 0 {
				s.words = make([]string, 0, 8)
			}
			next := state{words: append(s.words, e.(spoken).Word)}
			return next, visible.Diff(s.shown(), next.shown())
		}, "was changed by a later fold"},
	} {
		got := failure(func(t spec.T) { spec.DisclosureInvariants(t, test.discloser, history) })
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: failed with %q, want %q", name, got, test.want)
		}
	}
}

type (
	stored struct {
		At time.Time `json:"at"`
	}
	untagged struct{ At time.Time }
	camel    struct {
		At time.Time `json:"createdAt"`
	}
	inexact struct {
		Hours float64 `json:"hours"`
	}
	hiddenName struct {
		Staff string `json:"cost"`
	}
	lossy struct {
		At time.Time `json:"-"`
	}
	misnamed struct {
		At time.Time `json:"at"`
	}
)

func (stored) Kind() string     { return "toy.stored.v1" }
func (untagged) Kind() string   { return "toy.untagged.v1" }
func (camel) Kind() string      { return "toy.camel.v1" }
func (inexact) Kind() string    { return "toy.inexact.v1" }
func (hiddenName) Kind() string { return "toy.hidden_name.v1" }
func (lossy) Kind() string      { return "toy.lossy.v1" }
func (misnamed) Kind() string   { return "toy.MisNamed" }

// Not parallel: the checks read source files from the working directory.
func TestStoredForm(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "events.go", "package toy\n\nfunc (stored) isEvent() {}\n")
	at := time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	spec.Stored(t, "toy", []domain.Event{stored{at}})
	for name, test := range map[string]struct {
		samples []domain.Event
		want    string
	}{
		"no sample":          {nil, "declared +sampled"},
		"two samples":        {[]domain.Event{stored{at}, stored{at}}, "is taken"},
		"no stored name":     {[]domain.Event{misnamed{at}}, "not of the form"},
		"an empty field":     {[]domain.Event{stored{}}, "is empty"},
		"no tag":             {[]domain.Event{untagged{at}}, "JSON tag"},
		"not in snake case":  {[]domain.Event{camel{at}}, "JSON tag"},
		"a field not stored": {[]domain.Event{lossy{at}}, "JSON tag"},
		"staff unmarked":     {[]domain.Event{hiddenName{"x"}}, "JSON tag"},
		"a float":            {[]domain.Event{inexact{1.5}}, "is a float64"},
	} {
		got := failure(func(t spec.T) { spec.Stored(t, "toy", test.samples) })
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: failed with %q, want %q", name, got, test.want)
		}
	}
}

// Not parallel: the check reads a source file from the working directory.
func TestNothingOfStaff(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "disclosure.go", "package toy\n\nfunc learn(e Registered) string { return e.Name }\n")
	spec.NothingOfStaff(t)
	write(t, "disclosure.go", "package toy\n\nfunc learn(e Registered) string { return e.Staff.Source }\n")
	if got := failure(spec.NothingOfStaff); !strings.Contains(got, "selects .Staff") {
		t.Errorf("failed with %q", got)
	}
	write(t, "disclosure.go", "package toy\n")
	write(t, "disclosure_clock.go", "package toy\n\nfunc learn(e Registered) string { return e.Staff.Source }\n")
	if got := failure(spec.NothingOfStaff); !strings.Contains(got, "disclosure_clock.go selects .Staff") {
		t.Errorf("a second file: failed with %q", got)
	}
	if got := failure(func(t spec.T) { spec.NeverSelects(t, "Source") }); !strings.Contains(got, "selects .Source") {
		t.Errorf("another name: failed with %q", got)
	}
}

// Not parallel: the check reads a source file from the working directory.
func TestStaffFeeds(t *testing.T) {
	t.Chdir(t.TempDir())
	feeds := func(t spec.T) { spec.StaffFeeds(t, "fact.go", "fact", "Pin", "Clock") }
	write(t, "fact.go", "package toy\n\nfunc f(e Event) (fact Fact) {\n\tfact.Pin = e.Staff.Pin\n\tfact.Other = e.Staff.Clock\n\treturn fact\n}\n")
	feeds(t)
	for name, body := range map[string]string{
		"another part":     "\tfact.Pin = e.Staff.Reason",
		"another variable": "\tother.Pin = e.Staff.Pin",
		"all of it":        "\tfact.Pin = e.Staff",
		"a part of a part": "\tfact.Pin = e.Staff.Pin.Policy",
		"no assignment":    "\tuse(e.Staff.Pin)",
	} {
		write(t, "fact.go", "package toy\n\nfunc f(e Event) (fact, other Fact) {\n"+body+"\n\treturn\n}\n")
		if got := failure(feeds); !strings.Contains(got, "selects .Staff for something else") {
			t.Errorf("%s: failed with %q", name, got)
		}
	}
}

// A variant that feeds a calculation is not blanked, and every other one is.
func TestFeedsAreNotBlanked(t *testing.T) {
	t.Parallel()
	shows := func(s state, e event) (state, []visible.Change) {
		next := evolve(s, spoken{Word: e.(spoken).Word + e.(spoken).Staff})
		return next, visible.Diff(s.shown(), next.shown())
	}
	spec.DisclosureInvariants[state, event](t, shows, history, spoken{})
}

func write(t *testing.T, name, source string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
}
