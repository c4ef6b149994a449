package invoice

import (
	"slices"
	"strconv"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// submit asks for approval of what could be issued as it stands.
func (s State) submit(c Submit) ([]Event, error) {
	if s.status == StatusPending {
		return nil, nil
	}
	if err := s.editable(); err != nil {
		return nil, err
	}
	if _, err := s.document(1, s.today(c.At)); err != nil {
		return nil, err
	}
	return []Event{Submitted{By: c.By.Person, At: c.At}}, nil
}

// approve is bound to what the person saw, and where two people are wanted, to a second one.
func (s State) approve(c Approve) ([]Event, error) {
	switch {
	case s.over() != nil:
		return nil, s.over()
	case s.status == StatusApproved:
		return nil, nil
	case s.status == StatusDraft && s.drafted.Staff.TwoPeople:
		return nil, domain.Refuse(domain.ErrConflict, "not_submitted", "two people are wanted; submit the draft first")
	case s.drafted.Staff.TwoPeople && !s.second(c.By):
		return nil, domain.Refuse(domain.ErrForbidden, "own_invoice", "who drafted, changed or submitted an invoice does not approve it")
	}
	if c.Shown != s.Digest() {
		return nil, domain.Refuse(domain.ErrConflict, "draft_changed", "the draft is not what was read; read it again")
	}
	if _, err := s.document(1, s.today(c.At)); err != nil {
		return nil, err
	}
	return []Event{Approved{By: c.By.Person, At: c.At}}, nil
}

// second reports whether somebody has had no part in the draft.
func (s State) second(by domain.Actor) bool {
	return !by.Person.IsZero() && by.Person != s.submitted && !slices.Contains(s.prepared, by.Person)
}

func (s State) sendBack(c Return) ([]Event, error) {
	if s.status == StatusDraft {
		return nil, nil
	}
	if err := s.over(); err != nil {
		return nil, err
	}
	var check domain.Check
	checkReason(&check, "reason", c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Returned{Staff: ReasonStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

// issue freezes only what can become a document, because the number that follows is never given back.
func (s State) issue(c Issue) ([]Event, error) {
	switch s.status {
	case StatusIssuing, StatusIssued:
		return nil, nil
	case StatusDraft, StatusPending:
		return nil, domain.Refuse(domain.ErrConflict, "not_approved", "the invoice is %s; it must be approved first", s.status)
	case StatusDiscarded:
		return nil, s.over()
	case StatusApproved:
	}
	var check domain.Check
	check.That(c.Date.Valid(), "date", "must be a day, such as 2026-03-31")
	check.That(c.Date <= s.today(c.At), "date", "must not lie in the future of the issuer")
	check.That(c.Date >= s.drafted.Month.Last(), "date", "must not lie before the last day of the month, "+string(s.drafted.Month.Last()))
	check.That(s.reportable(c.Exchange, c.Date), "exchange", exchangeRule)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if _, err := s.document(1, c.Date); err != nil {
		return nil, err
	}
	return []Event{Issuing{Date: c.Date, Staff: IssuingStaff{Exchange: c.Exchange}, By: c.By.Person, At: c.At}}, nil
}

const exchangeRule = "must be of another currency, and of the day or shortly before"

// reportable reports whether a rate may be recorded with a document of a day, or there is none.
func (s State) reportable(rate bill.Exchange, day calendar.Date) bool {
	return rate.IsZero() || rate.ServesOn(day, s.drafted.Staff.Content.Currency)
}

// complete is pure in the draft and the allocation, so that whoever completes the step writes the same document.
func (s State) complete(c Complete) ([]Event, error) {
	if s.status == StatusIssued {
		if s.issued.Number == c.Number && s.issued.Document.Date == c.Date && s.issued.Staff.Series == c.Series {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "invoice_issued", "the invoice is issued as %s and keeps its number and date", s.issued.Document.Number)
	}
	if s.status != StatusIssuing {
		return nil, domain.Refuse(domain.ErrConflict, "not_issuing", "the invoice is %s; nobody issues it", s.status)
	}
	var check domain.Check
	check.That(c.Number >= 1, "number", "must be above zero")
	check.That(c.Date.Valid() && c.Date >= s.issuing.Date && yearOf(c.Date) == yearOf(s.issuing.Date), "date",
		"must be a day of the year asked for, and not before "+string(s.issuing.Date))
	check.Line("series", c.Series)
	if err := check.Err(); err != nil {
		return nil, err
	}
	document, err := s.document(c.Number, c.Date)
	if err != nil {
		return nil, err
	}
	return []Event{Issued{
		Number: c.Number, Document: document, SHA256: document.SHA256(), Staff: IssuedStaff{Series: c.Series}, By: s.issuing.By, At: c.At,
	}}, nil
}

// document is what the draft becomes with a number and a date, or why it cannot become one.
func (s State) document(number int, date calendar.Date) (bill.Document, error) {
	content := s.Draft()
	if !s.Complete() {
		return bill.Document{}, domain.Refuse(domain.ErrConflict, "entries_missing", "%d of %d chunks of entries are there; the draft is completed shortly", len(s.chunks), s.drafted.Staff.Chunks)
	}
	if bill.Digest(s.Entries()) != content.EntriesSHA256 {
		return bill.Document{}, domain.Refuse(domain.ErrConflict, "entries_differ", "the entries are not those the draft was made with; discard it and draft the month anew")
	}
	return content.Finish(bill.Number(s.drafted.Staff.Prefix, yearOf(date), number), date)
}

// yearOf is the year of a valid day.
func yearOf(day calendar.Date) int {
	year, err := strconv.Atoi(string(day[:len("2026")]))
	if err != nil {
		panic("invoice: no day of the calendar: " + string(day))
	}
	return year
}
