package numbering_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/numbering"
	"effigate/domain/spec"
)

var given = spec.Decider(numbering.Decider).Given

var (
	nexus  = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000001")}
	series = numbering.TicketSeries(nexus, domain.ClientVisible)
	at     = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	opened = numbering.Opened{Series: series, First: 1, At: at}
)

func subject(i int) uuid.UUID { return domain.Derive(nexus.UUID, "subject", strconv.Itoa(i)) }

func subjects(numbers ...int) []uuid.UUID {
	ids := make([]uuid.UUID, len(numbers))
	for i, number := range numbers {
		ids[i] = subject(number)
	}
	return ids
}

func allocate(numbers ...int) numbering.Allocate {
	return numbering.Allocate{Series: series, Subjects: subjects(numbers...), At: at}
}

func allocated(i int) numbering.Allocated { return numbering.Allocated{Subject: subject(i), At: at} }

func TestDecide(t *testing.T) {
	t.Parallel()
	startingAt41 := allocate(1)
	startingAt41.First = 41
	for name, test := range map[string]struct {
		given []numbering.Event
		when  numbering.Command
		then  []numbering.Event
	}{
		"the first allocation opens the series": {nil, allocate(7), []numbering.Event{opened, allocated(7)}},
		"the series may start later":            {nil, startingAt41, []numbering.Event{numbering.Opened{Series: series, First: 41, At: at}, allocated(1)}},
		"an open series keeps its first number": {[]numbering.Event{opened}, startingAt41, []numbering.Event{allocated(1)}},
		"several at once, in the order given":   {[]numbering.Event{opened}, allocate(3, 1, 2), []numbering.Event{allocated(3), allocated(1), allocated(2)}},
		"a known subject yields nothing":        {[]numbering.Event{opened, allocated(1)}, allocate(1), nil},
		"known subjects are left out":           {[]numbering.Event{opened, allocated(1)}, allocate(2, 1, 3), []numbering.Event{allocated(2), allocated(3)}},
		"a subject named twice gets one number": {[]numbering.Event{opened}, allocate(1, 1), []numbering.Event{allocated(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	other := allocate(1)
	other.Series = numbering.TicketSeries(nexus, domain.InternalOnly)
	given(opened).When(other).ThenRefused(t, domain.ErrConflict, "other_series")
	given().When(numbering.Allocate{First: -1}).ThenInvalid(t, "series", "first", "subjects", "at")
	given().When(numbering.Allocate{Series: series, Subjects: []uuid.UUID{uuid.Nil}, At: at}).ThenInvalid(t, "subjects")
	given().When(numbering.Allocate{Series: series, Subjects: make([]uuid.UUID, numbering.MaxSubjects+1), At: at}).ThenInvalid(t, "subjects")
	given().When(numbering.Allocate{Series: "Ticket Nexus", Subjects: subjects(1), At: at}).ThenInvalid(t, "series")
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	state := numbering.Decider.Fold(numbering.State{},
		numbering.Opened{Series: series, First: 41, At: at}, allocated(5), allocated(3), allocated(9))
	want := map[uuid.UUID]int{subject(5): 41, subject(9): 43}
	if diff := cmp.Diff(want, state.Numbers(subjects(9, 5, 8)...)); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if number, ok := state.NumberOf(subject(3)); number != 42 || !ok {
		t.Errorf("number %d, %t, want 42", number, ok)
	}
	if number, ok := state.NumberOf(subject(4)); number != 0 || ok {
		t.Errorf("number %d, %t for a subject without one", number, ok)
	}
}

func TestSeriesOfOneClientAreTwo(t *testing.T) {
	t.Parallel()
	internal := numbering.TicketSeries(nexus, domain.InternalOnly)
	if want := "ticket-" + nexus.String() + "-internal"; internal != want {
		t.Errorf("internal series %q, want %q", internal, want)
	}
	if want := "numbering-ticket-" + nexus.String() + "-visible"; numbering.Stream(series) != want {
		t.Errorf("stream %q, want %q", numbering.Stream(series), want)
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "numbering", numbering.All())
	spec.NothingOfStaff(t)
	spec.Discloser(numbering.Disclose).Given(opened, allocated(1)).Then(t)
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) numbering.Command {
			return allocate(rapid.SliceOfN(rapid.IntRange(0, 12), 0, 6).Draw(t, "subjects")...)
		}), 0, 20).Draw(t, "commands")
		spec.DisclosureInvariants(t, numbering.Disclose, spec.Replays(t, numbering.Decider, commands))
	})
}

// Writers decide on what they read, which others may have moved on from; the store then refuses the append
// and they decide anew. However they interleave, the numbers are first, first + 1, … in the order of the
// stream, each for one subject, and none ever changes.
func TestConcurrentWritersLeaveNoGapAndNoDuplicate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(1, 50).Draw(t, "first")
		states := []numbering.State{{}} // after each event of the stream, as writers may have cached it
		var stream []numbering.Event
		given := map[uuid.UUID]int{}
		for range rapid.IntRange(1, 20).Draw(t, "writers") {
			command := allocate(rapid.SliceOfN(rapid.IntRange(0, 15), 1, 5).Draw(t, "subjects")...)
			command.First = first
			read := rapid.IntRange(0, len(stream)).Draw(t, "read")
			events := decide(t, states[read], command)
			numbering.Decider.Fold(states[read], events...) // What the writer believes until it is refused.
			if read < len(stream) {
				events = decide(t, states[len(stream)], command)
			}
			for _, event := range events {
				states = append(states, numbering.Evolve(states[len(stream)], event))
				stream = append(stream, event)
			}
			checkNumbers(t, states[len(stream)], stream, first, given)
		}
	})
}

func decide(t *rapid.T, state numbering.State, command numbering.Command) []numbering.Event {
	events, err := numbering.Decide(state, command)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// checkNumbers compares the state's numbers with those that follow from the revisions, and with those
// given before, which it keeps.
func checkNumbers(t *rapid.T, state numbering.State, stream []numbering.Event, first int, given map[uuid.UUID]int) {
	seen := map[uuid.UUID]bool{}
	for revision, event := range stream {
		allocated, ok := event.(numbering.Allocated)
		if !ok {
			if revision != 0 {
				t.Fatalf("opened again at revision %d", revision)
			}
			continue
		}
		if seen[allocated.Subject] {
			t.Fatalf("%s was allocated twice", allocated.Subject)
		}
		seen[allocated.Subject] = true
		number, ok := state.NumberOf(allocated.Subject)
		if !ok || number != first+revision-1 {
			t.Fatalf("revision %d of a series from %d has number %d", revision, first, number)
		}
		if before, known := given[allocated.Subject]; known && before != number {
			t.Fatalf("number %d became %d", before, number)
		}
		given[allocated.Subject] = number
	}
}

const invoices = "invoice-main-2026"

func dated(i int, date calendar.Date) numbering.AllocateDated {
	return numbering.AllocateDated{Series: invoices, Subject: subject(i), Date: date, Year: 2026, At: at}
}

func allocatedOn(i int, date calendar.Date) numbering.Allocated {
	return numbering.Allocated{Subject: subject(i), Date: date, At: at}
}

var openedInvoices = numbering.Opened{Series: invoices, First: 1, At: at}

func TestDatedSeries(t *testing.T) {
	t.Parallel()
	startingAt38 := dated(1, "2026-03-17")
	startingAt38.First = 38
	second := []numbering.Event{openedInvoices, allocatedOn(1, "2026-03-17")}
	for name, test := range map[string]struct {
		given []numbering.Event
		when  numbering.Command
		then  []numbering.Event
	}{
		"the first one opens the series":      {nil, dated(1, "2026-03-17"), second},
		"it went on from another system":      {nil, startingAt38, []numbering.Event{numbering.Opened{Series: invoices, First: 38, At: at}, allocatedOn(1, "2026-03-17")}},
		"a later date":                        {second, dated(2, "2026-03-18"), []numbering.Event{allocatedOn(2, "2026-03-18")}},
		"the same date":                       {second, dated(2, "2026-03-17"), []numbering.Event{allocatedOn(2, "2026-03-17")}},
		"an earlier date becomes the last":    {second, dated(2, "2026-03-01"), []numbering.Event{allocatedOn(2, "2026-03-17")}},
		"a known subject keeps its date":      {second, dated(1, "2026-04-01"), nil},
		"the last day of the year is in it":   {second, dated(2, "2026-12-31"), []numbering.Event{allocatedOn(2, "2026-12-31")}},
		"an open series keeps its own number": {[]numbering.Event{openedInvoices}, startingAt38, []numbering.Event{allocatedOn(1, "2026-03-17")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestDatedRefusals(t *testing.T) {
	t.Parallel()
	given().When(numbering.AllocateDated{First: -1}).ThenInvalid(t, "series", "first", "subject", "date", "at")
	given().When(dated(1, "2025-12-31")).ThenInvalid(t, "date")
	given().When(dated(1, "2027-01-01")).ThenInvalid(t, "date")
	given(opened).When(dated(1, "2026-03-17")).ThenRefused(t, domain.ErrConflict, "other_series")
	mixed := dated(2, "2026-03-17")
	mixed.Series = series
	given(opened, allocated(1)).When(mixed).ThenRefused(t, domain.ErrConflict, "mixed_series")
	undated := allocate(2)
	undated.Series = invoices
	given(openedInvoices, allocatedOn(1, "2026-03-17")).When(undated).ThenRefused(t, domain.ErrConflict, "mixed_series")
}

func TestDateOf(t *testing.T) {
	t.Parallel()
	state := numbering.Decider.Fold(numbering.State{}, openedInvoices, allocatedOn(1, "2026-03-17"))
	if date, ok := state.DateOf(subject(1)); date != "2026-03-17" || !ok {
		t.Errorf("dated %s, %t", date, ok)
	}
	if date, ok := state.DateOf(subject(2)); date != "" || ok {
		t.Errorf("%s, %t for a subject without a number", date, ok)
	}
	if date, ok := numbering.Decider.Fold(numbering.State{}, opened, allocated(1)).DateOf(subject(1)); date != "" || ok {
		t.Errorf("%s, %t in a series without dates", date, ok)
	}
}

// Whatever days are asked for, the numbers are 1 to n, and a higher one never has an earlier date (F39).
func TestNumbersRiseWithTheirDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) numbering.Command {
			day := calendar.Date("2026-01-01").Add(rapid.IntRange(0, 364).Draw(t, "day"))
			return dated(rapid.IntRange(0, 20).Draw(t, "subject"), day)
		}), 0, 40).Draw(t, "commands")
		history := spec.Replays(t, numbering.Decider, commands)
		spec.DisclosureInvariants(t, numbering.Disclose, history)
		state := numbering.Decider.Fold(numbering.State{}, history...)
		dates := make([]calendar.Date, state.Len())
		for _, command := range commands {
			id := command.(numbering.AllocateDated).Subject
			number, _ := state.NumberOf(id)
			date, _ := state.DateOf(id)
			if number < 1 || number > len(dates) || dates[number-1] != "" && dates[number-1] != date {
				t.Fatalf("number %d of %d, dated %s", number, len(dates), date)
			}
			dates[number-1] = date
		}
		if !slices.IsSorted(dates) || slices.Contains(dates, "") {
			t.Fatalf("dates in the order of numbers are %v", dates)
		}
	})
}

// A series is shared by all who number at the same time: what any of them allocates changes no number that another reads.
func TestASeriesIsNeverChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := func(name string) []numbering.Command {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) numbering.Command {
				return dated(rapid.IntRange(0, 30).Draw(t, "subject"), calendar.Date("2026-01-01").Add(rapid.IntRange(0, 364).Draw(t, "day")))
			}), 0, 12).Draw(t, name)
		}
		says := func(s numbering.State) (all [31]string) {
			for i := range all {
				number, _ := s.NumberOf(subject(i))
				date, _ := s.DateOf(subject(i))
				all[i] = fmt.Sprint(s.Len(), number, date)
			}
			return all
		}
		spec.Forks(t, numbering.Decider, says, spec.Replays(t, numbering.Decider, commands("past")), commands("one way"), commands("another way"))
	})
}

func TestDocumentSeries(t *testing.T) {
	t.Parallel()
	if got := numbering.DocumentSeries("main", bill.Invoice, 2026); got != invoices {
		t.Errorf("invoices have series %q", got)
	}
	if got := numbering.DocumentSeries("main", bill.CreditNote, 2027); got != "creditnote-main-2027" {
		t.Errorf("credit notes have series %q", got)
	}
}
