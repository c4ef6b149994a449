// Package payment is the aggregate of money that a client paid: received, split over invoices, refunded, reversed
// (product rule F43). What no invoice has taken is the client's credit.
//
// A payment sets money apart for an invoice first; the invoice then takes it, or it is released. Both steps carry
// derived command ids, so whoever completes them does it once.
//
// It imports the domain, visible and value packages only. What a client sees of its payments stands on its invoices.
package payment

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
)

// Stream is the name of a payment's stream.
func Stream(id domain.PaymentID) string { return streamPrefix + id.String() }

const streamPrefix = "payment-"

// IDOf reads the name of such a stream.
func IDOf(stream string) (domain.PaymentID, error) {
	rest, found := strings.CutPrefix(stream, streamPrefix)
	id, err := uuid.Parse(rest)
	if !found || err != nil {
		return domain.PaymentID{}, domain.Refuse(domain.ErrInvalid, "not_a_payment", "%s is no stream of a payment", stream)
	}
	return domain.PaymentID{UUID: id}, nil
}

// MaxAllocations is over how many invoices one payment is split.
const MaxAllocations = 500

// Decider is the payment aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a payment. What it gives out is history: nobody may write to it.
type State struct {
	received    Received
	allocations []Allocated
	last        Allocated // tells a repetition from more
	reversed    Reversed
	refunded    decimal.Decimal
	refund      Refunded // the newest one
}

// Received is how it began; false when nobody received it.
func (s State) Received() (Received, bool) { return s.received, s.exists() }

func (s State) exists() bool { return !s.received.Payment.IsZero() }

// Allocations are what each invoice is to take of it in all, releases taken off, in the order in which they were first
// set apart; By and At are of the last time.
func (s State) Allocations() []Allocated { return s.allocations }

// Left is what is set apart for no invoice and was not refunded; nothing of a payment that was reversed.
func (s State) Left() decimal.Decimal {
	if _, gone := s.Reversed(); gone {
		return decimal.Zero
	}
	left := s.received.Amount.Sub(s.refunded)
	for _, allocated := range s.allocations {
		left = left.Sub(allocated.Amount)
	}
	return left
}

// Reversed is why the money did not come after all; false when it did.
func (s State) Reversed() (Reversed, bool) { return s.reversed, s.reversed.Day != "" }

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Receive:
		return s.receive(c)
	case Allocate:
		return s.allocate(c)
	case Release:
		return s.release(c)
	case Reverse:
		return s.reverse(c)
	case Refund:
		return s.refundTo(c)
	}
	return nil, nil
}

var errNotFound = domain.Refuse(domain.ErrNotFound, "no_such_payment", "no such payment")

// open refuses clients, to whom no payment exists, and commands without a valid instant.
func (s State) open(by domain.Actor, at time.Time) error {
	if !s.exists() || by.Side == domain.ClientSide {
		return errNotFound
	}
	check := domain.Signed(by, at)
	return check.Err()
}

func (s State) receive(c Receive) ([]Event, error) {
	if c.By.Side == domain.ClientSide {
		return nil, errNotFound
	}
	check := domain.Signed(c.By, c.At)
	check.That(!c.Payment.IsZero(), "payment", "must be given")
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.That(c.Currency.Valid(), "currency", "must be a code of ISO 4217, such as EUR")
	checkAmount(&check, c.Amount, c.Currency.Exponent())
	checkDay(&check, c.Day, c.At)
	check.That(c.Means.Valid() && (c.Means == "" || c.Staff.Source != ByCredit), "means",
		"must be bank_transfer, card, direct_debit, cheque, cash or other; none for what a credit note gave")
	checkSource(&check, c.Staff)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !s.exists() {
		return []Event{Received{
			Payment: c.Payment, Client: c.Client, Amount: c.Amount, Currency: c.Currency, Day: c.Day, Means: c.Means,
			Staff: c.Staff, By: c.By.Person, At: c.At,
		}}, nil
	}
	was := s.received
	if was.Payment == c.Payment && was.Client == c.Client && was.Amount.Equal(c.Amount) && was.Currency == c.Currency && was.Day == c.Day && (was.Means == "" || was.Means == c.Means) && was.Staff == c.Staff {
		return nil, nil
	}
	return nil, domain.Refuse(domain.ErrConflict, "payment_exists", "payment %s exists with another content", c.Payment)
}

// Valid reports whether the means is one of those known, or none.
func (m Means) Valid() bool {
	switch m {
	case "", BankTransfer, Card, DirectDebit, Cheque, Cash, OtherMeans:
		return true
	}
	return false
}

func checkSource(check *domain.Check, staff ReceivedStaff) {
	check.That(staff.Source == ByHand || staff.Source == ByGateway || staff.Source == ByCredit, "source", "must be manual, gateway or credit_note")
	check.That((staff.Source == ByGateway) == (staff.Key != ""), "key", "must be the gateway's id of a payment that came through it")
	check.That((staff.Source == ByCredit) == !staff.CreditNote.IsZero(), "credit_note", "must be the one that gave the client the money")
	for field, text := range map[string]string{"method": staff.Method, "reference": staff.Reference, "key": staff.Key} {
		if text != "" {
			check.Line(field, text)
		}
	}
}

// checkAmount checks money above zero in units that the currency has. The exponent is bounded first: 1e999999999 takes
// a gigabyte to calculate with.
func checkAmount(check *domain.Check, amount decimal.Decimal, exponent int32) {
	check.That(amount.IsPositive(), "amount", "must be above zero")
	check.That(amount.Exponent() >= -18 && amount.Exponent() <= 18 && amount.Equal(amount.Round(exponent)), "amount", "must have no more decimals than the currency")
}

// firstDay is the first on which money can have come or gone: earlier years are mistyped.
const firstDay = calendar.Date("2000-01-01")

// checkDay allows for tomorrow, because the day is that of a bank somewhere on earth.
func checkDay(check *domain.Check, day calendar.Date, at time.Time) {
	check.That(day.Valid(), "day", "must be a day, such as 2026-03-31")
	check.That(day >= firstDay && day <= calendar.DateOf(at, time.UTC).Add(1), "day", "must lie between "+string(firstDay)+" and tomorrow")
}

// standing refuses what a payment does not allow that was reversed.
func (s State) standing() error {
	if was, gone := s.Reversed(); gone {
		return domain.Refuse(domain.ErrConflict, "payment_reversed", "the payment was taken back on %s", was.Day)
	}
	return nil
}

func (s State) allocate(c Allocate) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	check := domain.Check{}
	check.That(!c.Invoice.IsZero(), "invoice", "must be given")
	checkAmount(&check, c.Amount, s.received.Currency.Exponent())
	if err := check.Err(); err != nil {
		return nil, err
	}
	if was := s.last; was.Invoice == c.Invoice && was.At.Equal(c.At) && was.By == c.By.Person && was.Amount.Equal(c.Amount) {
		return nil, nil
	}
	if err := s.standing(); err != nil {
		return nil, err
	}
	switch {
	case c.Amount.GreaterThan(s.Left()):
		return nil, s.moreThanLeft()
	case s.allocation(c.Invoice) < 0 && len(s.allocations) >= MaxAllocations:
		return nil, domain.Refuse(domain.ErrConflict, "too_many_allocations", "a payment is split over at most %d invoices", MaxAllocations)
	}
	return []Event{Allocated{Invoice: c.Invoice, Amount: c.Amount, By: c.By.Person, At: c.At}}, nil
}

func (s State) moreThanLeft() error {
	return domain.Refuse(domain.ErrConflict, "more_than_left", "%s of the payment are left", s.Left())
}

// allocation finds what is set apart for an invoice; -1 if nothing ever was.
func (s State) allocation(invoice domain.InvoiceID) int {
	return slices.IndexFunc(s.allocations, func(allocated Allocated) bool { return allocated.Invoice == invoice })
}

// release gives back all but what the invoice kept, so that a repetition changes nothing.
func (s State) release(c Release) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	i := s.allocation(c.Invoice)
	if i < 0 {
		return nil, domain.Refuse(domain.ErrNotFound, "no_such_allocation", "nothing of the payment is set apart for invoice %s", c.Invoice)
	}
	rest := s.allocations[i].Amount.Sub(c.Kept)
	if !rest.IsPositive() {
		return nil, nil
	}
	if c.Kept.IsNegative() {
		return nil, domain.Refuse(domain.ErrConflict, "kept_below_zero", "an invoice keeps nothing or more, not %s", c.Kept)
	}
	return []Event{Released{Invoice: c.Invoice, Amount: rest, At: c.At}}, nil
}

// reverse is for money that came from outside: a credit note is not taken back by a bank.
func (s State) reverse(c Reverse) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	if _, gone := s.Reversed(); gone {
		return nil, nil
	}
	var check domain.Check
	checkDay(&check, c.Day, c.At)
	check.Text("reason", c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch {
	case s.received.Staff.Source == ByCredit:
		return nil, domain.Refuse(domain.ErrConflict, "not_money", "it came from a credit note; nobody can take it back")
	case s.refunded.IsPositive():
		return nil, domain.Refuse(domain.ErrConflict, "payment_refunded", "%s were paid back already; settle the rest with the client and invoice it", s.refunded)
	}
	return []Event{Reversed{Day: c.Day, Staff: ReversedStaff{Chargeback: c.Chargeback, Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

func (s State) refundTo(c Refund) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	var check domain.Check
	checkAmount(&check, c.Amount, s.received.Currency.Exponent())
	checkDay(&check, c.Day, c.At)
	check.Text("reason", c.Reason, 1)
	if c.Reference != "" {
		check.Line("reference", c.Reference)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	refunded := Refunded{
		Amount: c.Amount, Day: c.Day, Staff: RefundedStaff{Reference: c.Reference, Reason: c.Reason}, By: c.By.Person, At: c.At,
	}
	was := s.refund
	if was.Amount.Equal(c.Amount) && was.Day == c.Day && was.Staff == refunded.Staff && was.By == refunded.By && was.At.Equal(c.At) {
		return nil, nil
	}
	if err := s.standing(); err != nil {
		return nil, err
	}
	if c.Amount.GreaterThan(s.Left()) {
		return nil, s.moreThanLeft()
	}
	return []Event{refunded}, nil
}

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Received:
		s.received = e
	case Allocated:
		s.last = e
		i := s.allocation(e.Invoice)
		if i < 0 {
			s.allocations = append(slices.Clip(s.allocations), e)
			return s
		}
		e.Amount = e.Amount.Add(s.allocations[i].Amount)
		s.allocations = slices.Clone(s.allocations)
		s.allocations[i] = e
	case Released:
		if i := s.allocation(e.Invoice); i >= 0 {
			s.allocations = slices.Clone(s.allocations)
			s.allocations[i].Amount = s.allocations[i].Amount.Sub(e.Amount)
		}
	case Reversed:
		s.reversed = e
	case Refunded:
		s.refunded, s.refund = s.refunded.Add(e.Amount), e
	}
	return s
}
