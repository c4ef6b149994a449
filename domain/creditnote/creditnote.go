// Package creditnote is the aggregate of one credit note: a document of its own that reduces an issued invoice, line
// by line, at the invoice's own rates of tax (product rule F44). It is final as soon as it has its number.
//
// It imports the domain, visible and value packages only. What the client sees is decided in disclosure.go alone.
package creditnote

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// Stream is the name of a credit note's stream.
func Stream(id domain.CreditNoteID) string { return streamPrefix + id.String() }

const streamPrefix = "creditnote-"

// IDOf reads the name of such a stream.
func IDOf(stream string) (domain.CreditNoteID, error) {
	rest, found := strings.CutPrefix(stream, streamPrefix)
	id, err := uuid.Parse(rest)
	if !found || err != nil {
		return domain.CreditNoteID{}, domain.Refuse(domain.ErrInvalid, "not_a_creditnote", "%s is no stream of a credit note", stream)
	}
	return domain.CreditNoteID{UUID: id}, nil
}

// Decider is the credit note aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a credit note. What it gives out is history: nobody may write to it.
type State struct {
	drafted  Drafted
	issued   Issued
	rendered Rendered
}

// Drafted is how it began; false when nobody drafted it.
func (s State) Drafted() (Drafted, bool) { return s.drafted, !s.drafted.CreditNote.IsZero() }

// Issued is the document with its number; false before.
func (s State) Issued() (Issued, bool) { return s.issued, s.issued.Number > 0 }

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Draft:
		return s.draft(c)
	case Complete:
		return s.complete(c)
	case Render:
		return s.render(c)
	}
	return nil, nil
}

var errNotFound = domain.Refuse(domain.ErrNotFound, "no_such_credit_note", "no such credit note")

// open refuses clients, who ask nothing of a credit note, and commands without a valid instant.
func (s State) open(by domain.Actor, at time.Time) error {
	if _, known := s.Drafted(); !known || by.Side == domain.ClientSide {
		return errNotFound
	}
	check := domain.Signed(by, at)
	return check.Err()
}

func (s State) draft(c Draft) ([]Event, error) {
	if c.By.Side == domain.ClientSide {
		return nil, errNotFound
	}
	document := c.Staff.Document
	check := domain.Signed(c.By, c.At)
	check.That(!c.CreditNote.IsZero(), "credit_note", "must be given")
	check.That(!c.Invoice.IsZero(), "invoice", "must be given")
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.That(c.Date.Valid(), "date", "must be a day, such as 2026-03-31")
	check.That(document.Kind == bill.CreditNote && document.Invoice != "" && document.Number == "" && document.Date == "", "document",
		"must be a credit note for an invoice, without number and date")
	check.That(len(document.Lines) > 0 && len(document.Lines) <= bill.MaxLines && !document.Payable.IsNegative(), "document", "must credit some lines")
	check.Line("issuer", c.Staff.Issuer)
	check.Line("prefix", c.Staff.Prefix)
	check.That(c.Staff.Code.valid(), "code", "must be mistake, goodwill, dispute, cancelled or correction")
	if err := check.Err(); err != nil {
		return nil, err
	}
	drafted := Drafted{
		CreditNote: c.CreditNote, Invoice: c.Invoice, Client: c.Client, Date: c.Date, Staff: copied(c.Staff), By: c.By.Person, At: c.At,
	}
	was, known := s.Drafted()
	if !known {
		return []Event{drafted}, nil
	}
	if was.CreditNote == c.CreditNote && was.Invoice == c.Invoice && was.Client == c.Client && was.Date == c.Date && string(stored(was.Staff)) == string(stored(c.Staff)) {
		return nil, nil
	}
	return nil, domain.Refuse(domain.ErrConflict, "credit_note_exists", "credit note %s exists with another content", c.CreditNote)
}

func (c Code) valid() bool {
	switch c {
	case Mistake, Goodwill, Disputed, Cancelled, Returned:
		return true
	}
	return false
}

// complete is pure in the draft and the allocation, so that whoever completes the step writes the same document.
func (s State) complete(c Complete) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	if was, done := s.Issued(); done {
		if was.Number == c.Number && was.Document.Date == c.Date && was.Staff.Series == c.Series {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "credit_note_issued", "the credit note is issued as %s and cannot change", was.Document.Number)
	}
	asked := s.drafted.Date
	var check domain.Check
	check.That(c.Number >= 1, "number", "must be above zero")
	check.That(c.Date.Valid() && c.Date >= asked && yearOf(c.Date) == yearOf(asked), "date", "must be a day of the year asked for, and not before "+string(asked))
	check.Line("series", c.Series)
	if err := check.Err(); err != nil {
		return nil, err
	}
	document := s.drafted.Staff.Document
	document.Number, document.Date = bill.Number(s.drafted.Staff.Prefix, yearOf(c.Date), c.Number), c.Date
	return []Event{Issued{
		Number: c.Number, Document: document, SHA256: document.SHA256(), Staff: IssuedStaff{Series: c.Series}, By: s.drafted.By, At: c.At,
	}}, nil
}

// yearOf is the year of a valid day.
func yearOf(day calendar.Date) int {
	year, err := strconv.Atoi(string(day[:len("2026")]))
	if err != nil {
		panic("creditnote: no day of the calendar: " + string(day))
	}
	return year
}

// render keeps the first printed forms: a later layout never replaces it (F38).
func (s State) render(c Render) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	if _, issued := s.Issued(); !issued {
		return nil, domain.Refuse(domain.ErrConflict, "not_issued", "the credit note has no number yet")
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	switch was := s.rendered; {
	case was.Layout == 0:
		return []Event{Rendered{Print: c.Print, At: c.At}}, nil
	case c.Repeats(was.Print):
		return nil, nil
	default:
		return nil, domain.Refuse(domain.ErrConflict, "rendered", "the credit note has its printed form, layout %d with digest %s; it cannot change", was.Layout, was.SHA256)
	}
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Drafted:
		s.drafted = e
	case Issued:
		s.issued = e
	case Rendered:
		s.rendered = e
	}
	return s
}

// copied gives a value that shares no memory with the caller's: what it does with its slices later is not history.
func copied(staff DraftedStaff) DraftedStaff {
	var own DraftedStaff
	if err := json.Unmarshal(stored(staff), &own); err != nil {
		panic("creditnote: a draft does not come back from its stored form: " + err.Error())
	}
	return own
}

// stored is the stored form of a draft; equal drafts give equal bytes.
func stored(staff DraftedStaff) []byte {
	data, err := json.Marshal(staff)
	if err != nil {
		panic("creditnote: a draft has no stored form: " + err.Error())
	}
	return data
}
