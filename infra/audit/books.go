package audit

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/numbering"
)

// Books check the numbers of documents while all events go by: each series from its first number on without gap or
// duplicate, dates that never go back, and one document for each number (F39). It keeps a few words for each document.
// The zero Books have seen nothing.
type Books struct {
	series    map[string]*series // by stream
	allotted  map[uuid.UUID]allotment
	documents map[uuid.UUID]document
	frozen    map[uuid.UUID]bool // on their way to be issued
	printed   map[string]uuid.UUID
}

// series is one series of numbers.
type series struct {
	name string
	next int
	last calendar.Date
}

// allotment is a number that was given to a document.
type allotment struct {
	series string
	number int
	date   calendar.Date
}

// document is what was issued, in few words.
type document struct {
	kind     bill.DocumentKind
	printed  string
	contract domain.ContractID // of an invoice
	sha256   string
	rendered bill.Print // the newest printed forms; layout 0 when there are none
}

// Take looks at one event. Events come in the order of the log.
func (b *Books) Take(report *Report, r domain.Recorded) {
	if b.series == nil {
		*b = Books{
			series: map[string]*series{}, allotted: map[uuid.UUID]allotment{}, documents: map[uuid.UUID]document{},
			frozen: map[uuid.UUID]bool{}, printed: map[string]uuid.UUID{},
		}
	}
	switch e := r.Event.(type) {
	case numbering.Opened:
		if isOfDocuments(e.Series) {
			b.series[r.Stream] = &series{name: e.Series, next: e.First}
			report.Series++
		}
	case numbering.Allocated:
		b.allot(report, r, e)
	case invoice.Drafted:
		b.documents[e.Invoice.UUID] = document{kind: bill.Invoice, contract: e.Contract}
	case invoice.Issuing:
		b.frozen[idOf(r, "invoice-")] = true
	case creditnote.Drafted:
		b.documents[e.CreditNote.UUID] = document{kind: bill.CreditNote}
		b.frozen[e.CreditNote.UUID] = true
	case invoice.Issued:
		b.issue(report, r, idOf(r, "invoice-"), e.Document, issued{e.Number, e.SHA256, e.Staff.Series})
	case creditnote.Issued:
		b.issue(report, r, idOf(r, "creditnote-"), e.Document, issued{e.Number, e.SHA256, e.Staff.Series})
	case invoice.Rendered:
		b.render(idOf(r, "invoice-"), e.Print)
	case creditnote.Rendered:
		b.render(idOf(r, "creditnote-"), e.Print)
	}
}

// isOfDocuments tells series of documents from those of tickets.
func isOfDocuments(name string) bool {
	return strings.HasPrefix(name, "invoice-") || strings.HasPrefix(name, "creditnote-")
}

// idOf is the id in the name of an event's stream; none in a stream of another name.
func idOf(r domain.Recorded, prefix string) uuid.UUID {
	id, err := uuid.Parse(strings.TrimPrefix(r.Stream, prefix))
	if err != nil {
		return uuid.Nil
	}
	return id
}

func (b *Books) allot(report *Report, r domain.Recorded, e numbering.Allocated) {
	s := b.series[r.Stream]
	if s == nil {
		if isOfDocuments(strings.TrimPrefix(r.Stream, "numbering-")) {
			report.find(at(Numbers, r, "the series gives a number before it is opened"))
		}
		return
	}
	given := allotment{series: s.name, number: s.next, date: e.Date}
	if had, twice := b.allotted[e.Subject]; twice {
		report.find(at(Numbers, r, fmt.Sprintf("document %s gets number %d, and has number %d of %s", e.Subject, given.number, had.number, had.series)))
	}
	if e.Date < s.last {
		report.find(at(Numbers, r, fmt.Sprintf("number %d is of %s, and the number before it of %s", given.number, e.Date, s.last)))
	}
	s.next, s.last = s.next+1, max(s.last, e.Date)
	b.allotted[e.Subject] = given
}

// issued is what the event of an issue says beside the document.
type issued struct {
	number int
	sha256 string
	series string
}

func (b *Books) issue(report *Report, r domain.Recorded, id uuid.UUID, d bill.Document, says issued) {
	was := b.documents[id]
	if was.printed != "" {
		report.find(at(Invoiced, r, "it is issued a second time"))
		return
	}
	was.kind, was.printed, was.sha256 = d.Kind, d.Number, d.SHA256()
	b.documents[id] = was
	if was.sha256 != says.sha256 {
		report.find(at(Invoiced, r, fmt.Sprintf("%s has the digest %s, and says %s", d.Number, was.sha256, says.sha256)))
	}
	given, ok := b.allotted[id]
	if want := (allotment{says.series, says.number, d.Date}); !ok || given != want {
		report.find(at(Numbers, r, fmt.Sprintf("%s says it is number %d of %s on %s, and was given number %d of %s on %s",
			d.Number, want.number, want.series, want.date, given.number, given.series, given.date)))
	}
	if !strings.HasSuffix(d.Number, fmt.Sprintf("-%04d", says.number)) {
		report.find(at(Numbers, r, fmt.Sprintf("%s is printed for number %d", d.Number, says.number)))
	}
	unique := says.series + " " + d.Number
	if other, twice := b.printed[unique]; twice {
		report.find(at(Numbers, r, fmt.Sprintf("%s was issued before, as %s", d.Number, other)))
	}
	b.printed[unique] = id
}

func (b *Books) render(id uuid.UUID, p bill.Print) {
	d := b.documents[id]
	d.rendered = p
	b.documents[id] = d
}

// maxUnderway bounds the documents that a note names.
const maxUnderway = 20

// End looks for numbers that no document has, once all events went by. A document that is frozen is on its way; it may
// also have got stuck there, so a note names it.
func (b *Books) End(report *Report) {
	var underway []string
	for _, id := range slices.SortedFunc(maps.Keys(b.allotted), compareIDs) {
		given := b.allotted[id]
		switch {
		case b.documents[id].printed != "":
		case b.frozen[id]:
			underway = append(underway, fmt.Sprintf("number %d of %s for %s", given.number, given.series, id))
		default:
			report.find(Finding{What: Numbers, Text: fmt.Sprintf("number %d of %s was given to %s, which was never issued", given.number, given.series, id)})
		}
	}
	if len(underway) == 0 {
		return
	}
	note := counted(len(underway), "number has", "numbers have") + " no document yet, which is being issued: " +
		strings.Join(underway[:min(len(underway), maxUnderway)], ", ")
	if more := len(underway) - maxUnderway; more > 0 {
		note += fmt.Sprintf(" and %d more", more)
	}
	report.Notes = append(report.Notes, note+"; run it again in a minute, and look into the log of serve if it stays")
}

// Issued lists what was issued: the invoices of each contract together.
func (b *Books) Issued() []uuid.UUID {
	var ids []uuid.UUID
	for id, d := range b.documents {
		if d.printed != "" {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(x, y uuid.UUID) int {
		return cmp.Or(compareIDs(b.documents[x].contract.UUID, b.documents[y].contract.UUID), cmp.Compare(b.documents[x].printed, b.documents[y].printed), compareIDs(x, y))
	})
	return ids
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

func at(what string, r domain.Recorded, text string) Finding {
	return Finding{What: what, Stream: r.Stream, Revision: r.Revision, Kind: r.Raw.Kind, Text: text}
}
