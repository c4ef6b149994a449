package audit_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/numbering"
	"effigate/domain/visible"
	"effigate/infra/audit"
)

// verified compares events with how they were numbered and sealed before.
func verified(t interface {
	Context() context.Context
	Fatal(...any)
}, events []domain.Recorded, log numbered, seals *sealed,
) *audit.Report {
	report := &audit.Report{}
	history := audit.History{Source: scan(events), Log: log.after, Seals: seals.after, Verifier: seals.verifier}
	history.Through = events[len(events)-1].Position
	if len(log) > 0 {
		last := log[len(log)-1]
		history.Through = domain.Position{Commit: max(history.Through.Commit, uint64(last.Commit)), Prepare: max(history.Through.Prepare, uint64(last.Prepare))}
	}
	if err := history.Verify(t.Context(), report, func(domain.Recorded) {}); err != nil {
		t.Fatal(err)
	}
	return report
}

func found(r *audit.Report) []string {
	var found []string
	for _, f := range r.Findings {
		found = append(found, fmt.Sprint(f.What, " ", f.Ordinal))
	}
	return found
}

// TestOneFlippedBitIsNamed flips any bit of any event, in the store or in the table of the log.
func TestOneFlippedBitIsNamed(t *testing.T) {
	t.Parallel()
	events := newWorld(t).log.All()
	log := number(events)
	seals := sealing(t, events, 5, len(events)/2, len(events))
	if report := verified(t, events, log, seals); report.Differences() > 0 || report.Seals != 3 || report.Events != int64(len(events)) {
		t.Fatalf("of what nobody touched: %+v", report)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(events)-1).Draw(t, "event")
		if rapid.Bool().Draw(t, "in the table") {
			table := slices.Clone(log)
			table[i].Leaf = slices.Clone(table[i].Leaf)
			table[i].Leaf[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			if diff := cmp.Diff([]string{fmt.Sprint("changed ", i+1)}, found(verified(t, events, table, seals))); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			return
		}
		changed := slices.Clone(events)
		data := slices.Clone(changed[i].Raw.Data)
		data[rapid.IntRange(0, len(data)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		changed[i].Raw.Data = data
		report := verified(t, changed, log, seals)
		if got := found(report); len(got) != 2 || !slices.Contains(got, fmt.Sprint("changed ", i+1)) {
			t.Fatalf("found %v, want event %d and the seal after it", got, i+1)
		}
		// Who rewrote the table, too, is found by the seals.
		report = verified(t, changed, number(changed), seals)
		if len(report.Findings) != 1 || report.Findings[0].What != audit.Unsealed || report.Findings[0].Ordinal <= int64(i) {
			t.Errorf("with the table rewritten: %+v, want the first seal after event %d", report.Findings, i+1)
		}
	})
}

// TestWhatIsMissingOrTooMuchIsNamed removes, inserts, swaps and cuts events, rows and seals.
func TestWhatIsMissingOrTooMuchIsNamed(t *testing.T) {
	t.Parallel()
	events := newWorld(t).log.All()
	log, n := number(events), len(events)
	seals := sealing(t, events, n)
	none := &sealed{verifier: seals.verifier}
	for name, test := range map[string]struct {
		events []domain.Recorded
		log    numbered
		seals  *sealed
		want   []string
	}{
		"an event is gone": {slices.Delete(slices.Clone(events), 3, 4), log, none, []string{"removed 4"}},
		"the last is gone": {events[:n-1], log, seals, []string{fmt.Sprint("removed ", n), fmt.Sprint("seal ", n)}},
		"a row is gone":    {events, slices.Delete(slices.Clone(log), 3, 4), none, []string{"stored 4", "inserted 4"}},
		"one is inserted":  {events, number(slices.Delete(slices.Clone(events), 3, 4)), none, []string{"inserted 4"}},
		"a seal is forged": {events, log, sealing(t, events[:n-1], n-1), nil},
	} {
		report := verified(t, test.events, test.log, test.seals)
		if name == "a seal is forged" {
			forged := sealing(t, events, n)
			forged.verifier = seals.verifier
			report, test.want = verified(t, events, log, forged), []string{fmt.Sprint("seal ", n)}
		}
		if diff := cmp.Diff(test.want, found(report)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	swapped := slices.Clone(events)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	swapped[3].Position, swapped[4].Position = events[3].Position, events[4].Position
	if diff := cmp.Diff([]string{"changed 4", "changed 5"}, found(verified(t, swapped, log, none))); diff != "" {
		t.Errorf("two are swapped (-want +got):\n%s", diff)
	}
}

// TestFindingsAreBounded changes more events than a report lists.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	one := newWorld(t).log.All()[0]
	var events []domain.Recorded
	for i := range audit.MaxFindings + 7 {
		one.Revision, one.Position = int64(i), domain.Position{Commit: uint64(i) + 1, Prepare: uint64(i) + 1}
		events = append(events, one)
	}
	log := number(events)
	for i := range events {
		events[i].Raw.Data = []byte("{}")
	}
	report := verified(t, events, log, &sealed{})
	if len(report.Findings) != audit.MaxFindings || report.More != 7 || report.Differences() != len(events) {
		t.Errorf("%d findings are listed and %d are not", len(report.Findings), report.More)
	}
}

// books reads events as an audit does, and gives what is found.
func books(events []domain.Recorded) (*audit.Books, []string) {
	var b audit.Books
	report := &audit.Report{}
	for _, event := range events {
		b.Take(report, event)
	}
	b.End(report)
	var texts []string
	for _, f := range report.Findings {
		texts = append(texts, f.What+": "+f.Text)
	}
	return &b, texts
}

// TestNumbersHaveNoGap breaks the series of the invoices in all ways that there are.
func TestNumbersHaveNoGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credit(t)
	events := w.log.All()
	if b, wrong := books(events); len(wrong) > 0 || len(b.Issued()) != 2 {
		t.Fatalf("books that nobody touched: %v, %d documents", wrong, len(b.Issued()))
	}
	at := func(kind domain.Event) int {
		return slices.IndexFunc(events, func(r domain.Recorded) bool {
			return r.Event != nil && r.Event.Kind() == kind.Kind() && !strings.Contains(r.Stream, "ticket")
		})
	}
	allocated, issued := at(numbering.Allocated{}), at(invoice.Issued{})
	given := events[allocated].Event.(numbering.Allocated)
	document := events[issued].Event.(invoice.Issued)
	replaced := func(i int, by domain.Event) []domain.Recorded {
		changed := slices.Clone(events)
		changed[i].Event = by
		return changed
	}
	dated := func(d calendar.Date) domain.Event { given := given; given.Date = d; return given }
	other := document
	other.Number, other.Document.Number = 40, "INV-2026-0040"
	misprinted := document
	misprinted.Document.Number = "INV-2026-0039"
	more := func(events ...domain.Event) []domain.Recorded {
		all := slices.Clone(w.log.All())
		for _, event := range events {
			next := all[allocated]
			next.Event = event
			all = append(all, next)
		}
		return all
	}
	stranger := numbering.Allocated{Subject: uuid.MustParse("71c30d6a-3f0b-4b57-9d7c-2a6f4f1c0009"), Date: given.Date, At: now}
	back := stranger
	back.Date = "2026-01-01"
	for name, test := range map[string]struct {
		events []domain.Recorded
		want   string
	}{
		"a number of nobody":      {more(stranger), "was never issued"},
		"a date that goes back":   {more(back), "and the number before it of"},
		"two numbers":             {more(given), "and has number 38"},
		"another date":            {replaced(allocated, dated("2026-03-15")), "and was given number 38"},
		"another number":          {replaced(issued, other), "says it is number 40"},
		"a print of another one":  {replaced(issued, misprinted), "is printed for number 38"},
		"a digest of another one": {replaced(issued, misprinted), "has the digest"},
		"no number at all":        {slices.Delete(slices.Clone(events), allocated, allocated+1), "and was given number 0"},
	} {
		if _, wrong := books(test.events); !strings.Contains(strings.Join(wrong, "\n"), test.want) {
			t.Errorf("%s: found %q, want %q", name, wrong, test.want)
		}
	}
}

// TestNumbersOnTheirWayAreNamed takes away the last event of an issue, as if it had never come to that. Such a number was
// passed over in silence, however old.
func TestNumbersOnTheirWayAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var b audit.Books
	report := &audit.Report{}
	for _, event := range w.log.All() {
		if _, issued := event.Event.(invoice.Issued); !issued {
			b.Take(report, event)
		}
	}
	b.End(report)
	if len(report.Findings) > 0 || len(report.Notes) != 1 {
		t.Fatalf("findings %+v, notes %q, want one note", report.Findings, report.Notes)
	}
	for _, want := range []string{"1 number has no document yet", "number 38 of invoice-", w.invoice.String()} {
		if !strings.Contains(report.Notes[0], want) {
			t.Errorf("the note %q does not say %q", report.Notes[0], want)
		}
	}
}

// TestDocumentsAreComparedWithWhatPeopleSee changes rows and printed forms.
func TestDocumentsAreComparedWithWhatPeopleSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credit(t)
	b, _ := books(w.log.All())
	stored := map[uuid.UUID]audit.StoredDocument{}
	for _, recorded := range w.log.All() {
		if e, ok := recorded.Event.(invoice.Issued); ok {
			stored[w.invoice.UUID] = audit.StoredDocument{Canonical: string(e.Document.Canonical()), SHA256: e.SHA256}
		}
	}
	verify := func() []string {
		report := &audit.Report{}
		documents := audit.Documents{Log: w.log, Answers: w.answers, Print: w.open, Rows: map[string]func(context.Context, bill.DocumentKind, uuid.UUID) (audit.StoredDocument, error){
			"client": func(_ context.Context, kind bill.DocumentKind, id uuid.UUID) (audit.StoredDocument, error) {
				if row, ok := stored[id]; ok {
					return row, nil
				}
				if kind == bill.CreditNote {
					//nolint:contextcheck // it is that of the test
					d, _ := w.state(t, w.invoice).CreditNote(domain.CreditNoteID{UUID: id})
					d.Number, d.Date = "CN-2026-0001", "2026-03-16"
					return audit.StoredDocument{Canonical: string(d.Canonical()), SHA256: d.SHA256()}, nil
				}
				return audit.StoredDocument{}, domain.Refuse(domain.ErrNotFound, "no_such_document", "none")
			},
		}}
		if err := documents.Verify(t.Context(), report, b); err != nil {
			t.Fatal(err)
		}
		if report.Documents != 2 {
			t.Errorf("%d documents were compared, want 2", report.Documents)
		}
		var texts []string
		for _, f := range report.Findings {
			texts = append(texts, f.Text)
		}
		return texts
	}
	if wrong := verify(); len(wrong) > 0 {
		t.Fatalf("documents that nobody touched: %q", wrong)
	}
	row := stored[w.invoice.UUID]
	stored[w.invoice.UUID] = audit.StoredDocument{Canonical: strings.Replace(row.Canonical, "3760", "3761", 1), SHA256: row.SHA256}
	if wrong := verify(); len(wrong) != 1 || wrong[0] != "the client read model has another INV-2026-0038 than was issued" {
		t.Errorf("a row was changed: %q", wrong)
	}
	delete(stored, w.invoice.UUID)
	if wrong := verify(); len(wrong) != 1 || wrong[0] != "the client read model does not have INV-2026-0038" {
		t.Errorf("a row is gone: %q", wrong)
	}
	stored[w.invoice.UUID] = row
	for _, id := range slices.SortedFunc(maps.Keys(w.prints), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }) {
		kept := w.prints[id]
		w.prints[id] = append(slices.Clone(kept), ' ')
		if wrong := verify(); len(wrong) != 1 || !strings.Contains(wrong[0], "was printed") {
			t.Errorf("a printed form was changed: %q", wrong)
		}
		delete(w.prints, id)
		if wrong := verify(); len(wrong) != 1 || !strings.Contains(wrong[0], "cannot be opened") {
			t.Errorf("a printed form is gone: %q", wrong)
		}
		w.prints[id] = kept
	}
}

// TestFormsWithoutARecordedDigestArePrintedAgain has events of before the digests of all forms were recorded. Whoever
// altered the XML or the CSV of a document was not found.
func TestFormsWithoutARecordedDigestArePrintedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events := w.log.All()
	for i, event := range events {
		if e, ok := event.Event.(invoice.Rendered); ok {
			e.XMLSHA256, e.CSVSHA256 = "", ""
			events[i].Event = e
		}
	}
	b, _ := books(events)
	verify := func(layout int) *audit.Report {
		report := &audit.Report{}
		documents := audit.Documents{
			Log: w.log, Answers: w.answers, Print: w.open, Layout: layout,
			Again: map[visible.Form]func(bill.Document, []bill.Entry) ([]byte, error){
				visible.XML: func(bill.Document, []bill.Entry) ([]byte, error) { return []byte("<Invoice/>"), nil },
				visible.CSV: func(_ bill.Document, entries []bill.Entry) ([]byte, error) {
					return []byte(map[bool]string{true: "row,line"}[len(entries) == 3]), nil
				},
			},
		}
		if err := documents.Verify(t.Context(), report, b); err != nil {
			t.Fatal(err)
		}
		return report
	}
	if report := verify(1); report.Differences() != 0 || len(report.Notes) != 0 {
		t.Errorf("forms that nobody touched: %+v", report)
	}
	for _, form := range []visible.Form{visible.XML, visible.CSV} {
		id := visible.PrintID(w.invoice.UUID, form, 1)
		kept := w.prints[id]
		w.prints[id] = []byte("altered")
		if report := verify(1); len(report.Findings) != 1 || !strings.Contains(report.Findings[0].Text, "as "+string(form)+" has the digest") {
			t.Errorf("%s was altered: %+v", form, report)
		}
		w.prints[id] = kept
	}
	if report := verify(2); report.Differences() != 0 || len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "2 printed forms were not compared") {
		t.Errorf("with another layout: %+v", report)
	}
}
