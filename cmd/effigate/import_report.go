package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"effigate/commands"
	"effigate/infra/incidents"
	"effigate/infra/sheet"
)

// importReport accounts for an import: Rows = Imported + Unchanged + Rejected.
type importReport struct {
	Rows       int               `json:"rows"`
	Imported   int               `json:"imported"`
	Unchanged  int               `json:"unchanged"`
	Rejected   int               `json:"rejected"`
	Rejections []sheet.Rejection `json:"rejections"` // by line, at most maxListed
	// EventsPerS is how many events of tickets were written per second; 0 when none were.
	EventsPerS float64 `json:"events_per_s"`

	DryRun    bool `json:"dry_run"` // nothing was changed; the counts say what would be
	Tickets   int  `json:"tickets"` // created, like the next three
	Clients   int  `json:"clients"`
	People    int  `json:"people"`
	Contracts int  `json:"contracts"`
	Published int  `json:"published"`

	NoteCounts map[sheet.NoteKind]int `json:"note_counts"`
	Notes      []sheet.Note           `json:"notes"` // by line, at most maxListed
}

// maxListed bounds what a report lists of rejections, and of notes. The counts stay exact.
const maxListed = 100_000

// tally counts while many workers import.
type tally struct {
	mu sync.Mutex
	importReport
	events     int
	elapsed    time.Duration // of the import of tickets
	candidates []candidate
}

// numberEvents are what numbering a ticket writes: the number in its series, and on the ticket.
const numberEvents = 2

// count adds one to a counter of the report.
func (t *tally) count(counter *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*counter++
}

// take adds what reading a file, or telling a ticket's history, found.
func (t *tally) take(rejected []sheet.Rejection, notes []sheet.Note) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(rejected, notes)
}

func (t *tally) add(rejected []sheet.Rejection, notes []sheet.Note) {
	t.Rejected += len(rejected)
	t.Rejections = append(t.Rejections, rejected[:min(len(rejected), maxListed-len(t.Rejections))]...)
	t.Notes = append(t.Notes, notes[:min(len(notes), maxListed-len(t.Notes))]...)
	if t.NoteCounts == nil {
		t.NoteCounts = map[sheet.NoteKind]int{}
	}
	for _, note := range notes {
		t.NoteCounts[note.Kind]++
	}
}

// ticket accounts for the rows of one ticket, number index of the file.
func (t *tally) ticket(index int, of incidents.Ticket, outcome commands.ImportedTicket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Imported += outcome.Imported
	t.Unchanged += outcome.Unchanged
	t.add(of.Rejected, of.Notes)
	for _, row := range outcome.Rejected {
		t.add([]sheet.Rejection{{Line: row.Line, Field: "number", Value: of.Key, Reason: row.Reason}}, nil)
	}
	if outcome.Imported > 0 {
		t.Tickets++
	}
	if !outcome.Position.IsZero() {
		t.events += of.Events + numberEvents
	}
	if !of.Caller.IsZero() {
		t.candidates = append(t.candidates, candidate{index: index, ticket: of.ID})
	}
}

// report is the account of a finished import.
func (t *tally) report(file *incidents.File, dryRun bool) importReport {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.importReport
	r.Rows, r.DryRun = file.Rows, dryRun
	if t.events > 0 && t.elapsed > 0 {
		r.EventsPerS = float64(t.events) / t.elapsed.Seconds()
	}
	r.Rejections = append([]sheet.Rejection{}, r.Rejections...)
	slices.SortFunc(r.Rejections, func(a, b sheet.Rejection) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(r.Notes, func(a, b sheet.Note) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Kind, b.Kind))
	})
	return r
}

// print writes the account for people.
func (r importReport) print(out io.Writer) error {
	done := "imported"
	if r.DryRun {
		done = "would be imported (nothing was changed)"
	}
	lines := []string{
		fmt.Sprintf("%d rows: %d %s, %d unchanged, %d rejected", r.Rows, r.Imported, done, r.Unchanged, r.Rejected),
		fmt.Sprintf("created: %d tickets, %d clients, %d people, %d contracts", r.Tickets, r.Clients, r.People, r.Contracts),
	}
	if r.EventsPerS > 0 {
		lines = append(lines, fmt.Sprintf("%.0f events a second", r.EventsPerS))
	}
	if r.Published > 0 {
		lines = append(lines, fmt.Sprintf("published: %d tickets", r.Published))
	}
	for _, rejection := range r.Rejections[:min(len(r.Rejections), maxPrinted)] {
		lines = append(lines, fmt.Sprintf("rejected: line %d: %s %q %s", rejection.Line, rejection.Field, rejection.Value, rejection.Reason))
	}
	if more := r.Rejected - maxPrinted; more > 0 {
		lines = append(lines, fmt.Sprintf("rejected: and %d more; --json lists them", more))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.NoteCounts)) {
		lines = append(lines, r.noted(kind))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// noted says how often a note was made, with the first one for an example.
func (r importReport) noted(kind sheet.NoteKind) string {
	count := r.NoteCounts[kind]
	at := slices.IndexFunc(r.Notes, func(n sheet.Note) bool { return n.Kind == kind })
	switch {
	case at < 0:
		return fmt.Sprintf("note: %s: %d", kind, count)
	case r.Notes[at].Line == 0:
		return fmt.Sprintf("note: %s: %s", kind, r.Notes[at].Text)
	default:
		return fmt.Sprintf("note: %s: %d, the first on line %d: %s", kind, count, r.Notes[at].Line, r.Notes[at].Text)
	}
}

// maxPrinted is how many rejections people are shown.
const maxPrinted = 20
