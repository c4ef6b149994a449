package period

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// taking is what an invoice took of the period, or is about to take.
type taking struct {
	reserved Reserved
	billed   *Billed // once it is issued
	then     *State  // the period as it stood when it was reserved
}

// whole reports whether it took the period itself, not entries of deductions alone.
func (t taking) whole() bool { return !t.reserved.Staff.Later }

func (s State) taking(invoice domain.InvoiceID) (taking, bool) {
	return first(s.takings, func(t taking) bool { return t.reserved.Invoice == invoice })
}

// taker is what took an entry of a deduction.
func (s State) taker(entry DeductionTakenEntry) (taking, bool) {
	return first(s.takings, func(t taking) bool { return slices.Contains(t.reserved.Staff.Entries, entry) })
}

func first[T any](list []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	return found, false
}

// Reservation is by what the period itself is set apart for an invoice that is not issued; false when it is not.
func (s State) Reservation() (Reserved, bool) {
	t, ok := first(s.takings, taking.whole)
	if !ok || t.billed != nil {
		return Reserved{}, false
	}
	return t.reserved, true
}

// ReservedBy is what an invoice took of the period, issued or not; false when it took nothing.
func (s State) ReservedBy(invoice domain.InvoiceID) (Reserved, bool) {
	t, ok := s.taking(invoice)
	return t.reserved, ok
}

// AsReserved is the period as it stood when an invoice took of it, whatever came of that; false when it took nothing.
func (s State) AsReserved(invoice domain.InvoiceID) (State, bool) {
	of := func(t taking) bool { return t.reserved.Invoice == invoice }
	t, ok := first(s.takings, of)
	if !ok {
		t, ok = first(s.given, of)
	}
	if !ok {
		return State{}, false
	}
	return *t.then, true
}

// ReservedFor reports whether an invoice took the period, or entries of its deductions, and whether it is issued or not.
func (s State) ReservedFor(invoice domain.InvoiceID) bool {
	_, ok := s.taking(invoice)
	return ok
}

// BilledBy is the issued invoice that charges the period; false when there is none.
func (s State) BilledBy() (domain.InvoiceID, bool) {
	t, ok := first(s.takings, taking.whole)
	if !ok || t.billed == nil {
		return domain.InvoiceID{}, false
	}
	return t.billed.Invoice, true
}

// BilledNet is what the issued invoice that charges the period comes to before tax; zero when there is none.
func (s State) BilledNet() decimal.Decimal {
	if t, ok := first(s.takings, taking.whole); ok && t.billed != nil {
		return t.billed.Staff.Net
	}
	return decimal.Zero
}

// Frozen reports whether an invoice took the period and it is not closed yet, so that nothing that would change what it
// charges is taken, and nothing new is pinned.
func (s State) Frozen() bool { return s.frozen() != nil && !s.Closed }

// frozen refuses what would change what an invoice charges.
func (s State) frozen() error {
	t, ok := first(s.takings, taking.whole)
	switch {
	case !ok:
		return nil
	case t.billed != nil:
		return domain.Refuse(domain.ErrConflict, "period_billed", "invoice %s has billed the period; late time enters the next one", t.billed.Number)
	}
	return domain.Refuse(domain.ErrConflict, "period_reserved", "the period is set apart for the draft of invoice %s; discard that draft first", t.reserved.Invoice)
}

// Unbilled are the entries of deductions that no invoice took and no draft has reserved, in the order in which they
// were made. A deduction that was taken back before an invoice took it has none: its entries cancel out.
func (s State) Unbilled() []DeductionEntry {
	return slices.DeleteFunc(s.DeductionEntries(), func(e DeductionEntry) bool { return !s.free(e.taken()) })
}

func (s State) free(entry DeductionTakenEntry) bool {
	if _, taken := s.taker(entry); taken {
		return false
	}
	other := DeductionTakenEntry{Deduction: entry.Deduction, Counter: !entry.Counter}
	taker, taken := s.taker(other)
	if entry.Counter {
		return taken && taker.billed != nil
	}
	kept, _ := s.deductions.Get(entry.Deduction.UUID)
	return taken || kept.state != DeductionGivenBack
}

func (e DeductionEntry) taken() DeductionTakenEntry {
	return DeductionTakenEntry{Deduction: e.Deduction, Counter: e.Counter}
}

// compare orders entries by deduction, the counter-entry last.
func (e DeductionTakenEntry) compare(other DeductionTakenEntry) int {
	last := func(e DeductionTakenEntry) int {
		if e.Counter {
			return 1
		}
		return 0
	}
	return cmp.Or(bytes.Compare(e.Deduction.UUID[:], other.Deduction.UUID[:]), cmp.Compare(last(e), last(other)))
}

// Blocker is a reason why an invoice cannot reserve the period, or what a person should know before one does.
type Blocker struct {
	Code   string // "billed", "reserved", "not_over", "time_pending", "carry_in_unknown", "too_large", "nothing_to_bill", "negative", "rate_missing"
	Text   string
	Blocks bool
}

// Blockers are what keeps the period, which charges what Charge says, from being reserved on a day where the contract is,
// or is worth knowing before.
func (s State) Blockers(today calendar.Date, charged Charged) []Blocker {
	var all []Blocker
	add := func(found, blocks bool, code, text string) {
		if found {
			all = append(all, Blocker{Code: code, Text: text, Blocks: blocks})
		}
	}
	_, reserved := s.Reservation()
	_, billed := s.BilledBy()
	add(billed, true, "billed", "an invoice has billed the month already")
	add(reserved, true, "reserved", "the month is on another draft already")
	if !s.Opened {
		add(true, true, "nothing_to_bill", "nothing was done in the month")
		return all
	}
	if refusal, unready := s.unready(today); unready && !s.Closed {
		add(true, true, refusal.Code, refusal.Text)
	}
	large := len(charged.Lines) > bill.MaxLines || len(charged.Entries) > bill.MaxEntries
	add(large, true, "too_large", "the month has more lines or entries than an invoice may have")
	add(bill.Texts(charged.Entries) > bill.MaxTexts, true, "too_large",
		"the descriptions of the month's time are longer together than an invoice can print; return time and have them shortened")
	add(len(charged.Lines) == 0, true, "nothing_to_bill", "nothing of the month is charged")
	add(net(charged.Lines).IsNegative(), true, "negative", "the month comes to less than nothing; credit the invoice that charged what is taken back")
	add(slices.ContainsFunc(charged.Entries, unpriced), !s.Closed, "rate_missing",
		"time beyond the bought hours has no price; give its line one, and return and approve that time again")
	return all
}

// unpriced reports whether time should cost something and nothing says what.
func unpriced(e bill.Entry) bool {
	return e.Staff.OverageMinutes != 0 && e.UnitPrice.IsZero() && e.Staff.Row == ""
}

func net(lines []bill.Line) decimal.Decimal {
	total := decimal.Zero
	for _, line := range lines {
		total = total.Add(line.Amount)
	}
	return total
}

// unready tells why what an open period comes to is not final on a day.
func (s State) unready(today calendar.Date) (Blocker, bool) {
	switch {
	case today <= s.Month.Last():
		return Blocker{Code: "not_over", Text: "the period ends with " + string(s.Month.Last())}, true
	case s.pending > 0:
		return Blocker{Code: "time_pending", Text: strconv.Itoa(s.pending) + " time records are not approved; approve, discard or move them"}, true
	case !s.carried:
		return Blocker{Code: "carry_in_unknown", Text: "what " + string(s.Month.Previous()) + " left over is not known; close it first"}, true
	}
	return Blocker{}, false
}

func (s State) reserve(c Reserve) ([]Event, error) {
	entries := slices.SortedFunc(slices.Values(c.Entries), DeductionTakenEntry.compare)
	if known, ok := s.taking(c.Invoice); ok {
		held := known.reserved.Staff
		if held.Later == c.Later && slices.Equal(held.Entries, entries) && slices.EqualFunc(held.Earlier, c.Earlier, EarlierEntries.equal) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "reservation_exists", "invoice %s has reserved something else of %s", c.Invoice, s.Month)
	}
	var check domain.Check
	check.That(!c.Invoice.IsZero(), "invoice", "must have an id")
	check.That(!c.Later || len(entries) > 0, "entries", "must name at least one where nothing else is reserved")
	named := len(entries)
	for _, earlier := range c.Earlier {
		named += len(earlier.Entries)
		check.That(!c.Later && earlier.Month.Valid() && earlier.Month < c.Says.Month && len(earlier.Entries) > 0, "earlier", "must name entries of months before")
	}
	check.That(named <= bill.MaxLines, "entries", "must be at most 500")
	check.Text("beyond_order", c.BeyondOrder, 0)
	check.That(len([]rune(c.BeyondOrder)) <= MaxReason, "beyond_order", "must have at most 500 characters")
	if err := check.Err(); err != nil {
		return nil, err
	}
	d, err := s.reservable(c)
	if err != nil {
		return nil, err
	}
	unbilled := s.Unbilled()
	for i, entry := range entries {
		known := slices.ContainsFunc(unbilled, func(e DeductionEntry) bool { return e.taken() == entry })
		if !known || i > 0 && entry == entries[i-1] {
			return nil, domain.Refuse(domain.ErrConflict, "entry_taken", "%s has no entry of deduction %s that an invoice could take", s.Month, entry.Deduction)
		}
	}
	d.add(Reserved{
		Invoice: c.Invoice, Staff: ReservedStaff{Later: c.Later, Entries: entries, Earlier: c.Earlier, BeyondOrder: c.BeyondOrder}, By: d.by, At: d.at,
	})
	return d.events, nil
}

// reservable begins the decision of a reservation: of an open period it pins what is new, and charges the fees of the
// month as closing would.
func (s State) reservable(c Reserve) (*decision, error) {
	switch {
	case c.Later && !s.Opened:
		return nil, errNotFound
	case c.Later:
		return s.decide(c.By, c.At), nil
	case s.Closed:
		return s.decide(c.By, c.At), s.frozen()
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	if err := d.ready(); err != nil {
		return nil, err
	}
	d.addMonthFees()
	return d, nil
}

// ready refuses to settle a period that is not over, or not known whole.
func (d *decision) ready() error {
	if unready, is := d.unready(d.today(d.at)); is {
		return domain.Refuse(domain.ErrConflict, unready.Code, "%s", unready.Text)
	}
	return nil
}

func (e EarlierEntries) equal(other EarlierEntries) bool {
	return e.Month == other.Month && slices.Equal(e.Entries, other.Entries)
}

func (s State) release(c Release) ([]Event, error) {
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	check.That(len([]rune(c.Reason)) <= MaxReason, "reason", "must have at most 500 characters")
	if err := check.Err(); err != nil {
		return nil, err
	}
	t, ok := s.taking(c.Invoice)
	switch {
	case !ok:
		return nil, nil
	case t.billed != nil:
		return nil, domain.Refuse(domain.ErrConflict, "period_billed", "invoice %s is issued; credit it instead", t.billed.Number)
	}
	return []Event{Released{Invoice: c.Invoice, Staff: DeductionReason{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

func (s State) bill(c Bill) ([]Event, error) {
	t, ok := s.taking(c.Invoice)
	switch {
	case !ok:
		return nil, domain.Refuse(domain.ErrConflict, "not_reserved", "invoice %s has reserved nothing of %s", c.Invoice, s.Month)
	case t.billed != nil && t.billed.Number == c.Number:
		return nil, nil
	case t.billed != nil:
		return nil, domain.Refuse(domain.ErrConflict, "period_billed", "invoice %s has billed the period as %s", c.Invoice, t.billed.Number)
	}
	var check domain.Check
	check.Line("number", c.Number)
	if err := check.Err(); err != nil {
		return nil, err
	}
	e := Billed{Invoice: c.Invoice, Number: c.Number, Staff: BilledStaff{Net: c.Net}, By: c.By.Person, At: c.At}
	if !t.whole() {
		e.Staff.Net = decimal.Zero
	}
	return []Event{e}, nil
}

// unbill gives everything free that a credited invoice took. What was taken back by then cancels out.
func (s State) unbill(c Unbill) ([]Event, error) {
	t, ok := s.taking(c.Invoice)
	switch {
	case !ok:
		return nil, nil
	case t.billed == nil:
		return nil, domain.Refuse(domain.ErrConflict, "not_billed", "invoice %s is not issued; discard its draft instead", c.Invoice)
	}
	var check domain.Check
	check.That(!c.CreditNote.IsZero(), "credit_note", "must be the one that credits the invoice in full")
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Unbilled{Invoice: c.Invoice, CreditNote: c.CreditNote, By: c.By.Person, At: c.At}}, nil
}

// evolveBilling takes over what an event says of the invoices that take something of the period.
func (s State) evolveBilling(e Event) State {
	var gone domain.InvoiceID
	switch e := e.(type) {
	case Reserved:
		then := s
		then.takings = append(slices.Clip(s.takings), taking{reserved: e, then: &then})
		return then
	case Billed:
		s.takings = slices.Clone(s.takings)
		for i := range s.takings {
			if s.takings[i].reserved.Invoice == e.Invoice {
				s.takings[i].billed = &e
			}
		}
	case Released:
		gone = e.Invoice
	case Unbilled:
		gone = e.Invoice
	case Opened, TermsPinned, CarriedIn, TimeLogged, TimeRevised, TimeDiscarded, TimeSubmitted, TimeReturned, TimeApproved, TimeCorrected,
		TimeReversed, TimeMoved, ChargeAdded, ThresholdReached, TopUpDue, OverageAsked, OverageAnswered, ForecastMade, RunsOutEarly, Closed,
		DeductionProposed, DeductionConfirmed, DeductionWaiverAsked, DeductionWaived, DeductionCountered:
	}
	if t, taken := s.taking(gone); taken {
		s.given = append(slices.Clip(s.given), t)
		s.takings = slices.DeleteFunc(slices.Clone(s.takings), func(t taking) bool { return t.reserved.Invoice == gone })
	}
	return s
}
