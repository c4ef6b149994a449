package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/money"
	"effigate/domain/payment"
)

// MaxAllocations bounds over how many invoices one payment is split at once.
const MaxAllocations = 100

// ReceivePayment records money that a client paid, and sets it against invoices. What none of them takes is the
// client's credit.
type ReceivePayment struct {
	Client    domain.ClientID
	Amount    decimal.Decimal
	Currency  money.Currency
	Day       calendar.Date
	Means     payment.Means // as the receipt says; empty = payment.OtherMeans
	Method    string        // in the words of staff
	Reference string
	// Gateway is the gateway's own id of the payment: the same id is the same payment for ever. Empty for what a person
	// records.
	Gateway  string
	Allocate []Allocation // at most MaxAllocations
}

// Allocation is what an invoice gets of a payment.
type Allocation struct {
	Invoice domain.InvoiceID
	Amount  decimal.Decimal
}

// ReceivePayment runs the command. The answer's ID is the payment's.
func (s *Service) ReceivePayment(ctx context.Context, r Request, c ReceivePayment) (Answer, error) {
	id := domain.PaymentID{UUID: domain.Derive(r.Command().UUID, "payment")}
	source := payment.ByHand
	if c.Gateway != "" {
		id, source = domain.PaymentID{UUID: domain.Derive(c.Client.UUID, "gateway payment", c.Gateway)}, payment.ByGateway
	}
	c.Means = cmp.Or(c.Means, payment.OtherMeans)
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ReceivePayments); err != nil {
			return Answer{}, err
		}
		known, err := load(ctx, s.log, payment.Decider, payment.Stream(id), domain.CommandID{})
		if err != nil {
			return Answer{}, err
		}
		if _, received := known.state.Received(); !received { // A repetition finds its invoices paid.
			if c.Allocate, err = s.allocatable(ctx, c); err != nil {
				return Answer{}, err
			}
		}
		asked := []payment.Command{payment.Receive{
			Payment: id, Client: c.Client, Amount: c.Amount, Currency: c.Currency, Day: c.Day, Means: c.Means,
			Staff: payment.ReceivedStaff{Source: source, Method: c.Method, Reference: c.Reference, Key: c.Gateway}, By: r.Actor, At: r.At,
		}}
		for _, a := range c.Allocate {
			asked = append(asked, allocating(r, a))
		}
		position, err := onStream(ctx, s, receiving, r.on(payment.Stream(id)), asked)
		if err != nil {
			return Answer{}, err
		}
		completed, err := s.CompletePayment(ctx, r.then("complete payment", id.String()), id)
		return Answer{ID: id.UUID, Position: later(position, completed.Position)}, err
	})
}

// receiving decides on a payment with all that it is split into, so that no crash leaves it half split. One that came
// before is split already.
var receiving = domain.Decider[payment.State, []payment.Command, payment.Event]{
	Evolve: payment.Evolve, Decide: func(p payment.State, asked []payment.Command) (all []payment.Event, err error) {
		if _, before := p.Received(); before {
			asked = asked[:1]
		}
		for _, command := range asked {
			events, err := payment.Decide(p, command)
			if err != nil {
				return nil, err
			}
			all, p = append(all, events...), payment.Decider.Fold(p, events...)
		}
		return all, nil
	},
}

// allocatable gives what is set against the invoices named. It refuses what cannot be, before anything is written; of
// what a gateway tells it leaves that out.
func (s *Service) allocatable(ctx context.Context, c ReceivePayment) ([]Allocation, error) {
	if err := s.exists(ctx, c.Client); err != nil {
		return nil, err
	}
	if c.Gateway != "" {
		return s.fitting(ctx, c)
	}
	if len(c.Allocate) > MaxAllocations {
		return nil, wrong("allocate", fmt.Sprintf("must be at most %d", MaxAllocations))
	}
	total := decimal.Zero
	for i, a := range c.Allocate {
		if allocates(c.Allocate[:i], a.Invoice) {
			return nil, wrong("allocate", "must name each invoice once")
		}
		if err := s.payable(ctx, c.Client, c.Currency, a); err != nil {
			return nil, err
		}
		total = total.Add(a.Amount)
	}
	if total.GreaterThan(c.Amount) {
		return nil, wrong("allocate", fmt.Sprintf("must not come to more than the payment: %s of %s", total, c.Amount))
	}
	return c.Allocate, nil
}

// fitting cuts a gateway's allocations to what each invoice can take: the money has come, whatever the gateway believes
// of invoices, and the rest of it is the client's credit.
func (s *Service) fitting(ctx context.Context, c ReceivePayment) (fit []Allocation, err error) {
	left := c.Amount
	for _, a := range c.Allocate[:min(len(c.Allocate), MaxAllocations)] {
		known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(a.Invoice), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		issued, ok := known.state.Issued()
		if !ok || known.state.Client != c.Client || issued.Document.Currency != c.Currency || allocates(fit, a.Invoice) {
			continue
		}
		a.Amount = decimal.Min(known.state.Outstanding(), a.Amount, left).Truncate(c.Currency.Exponent())
		if a.Amount.IsPositive() {
			fit, left = append(fit, a), left.Sub(a.Amount)
		}
	}
	return fit, nil
}

func allocates(allocations []Allocation, id domain.InvoiceID) bool {
	return slices.ContainsFunc(allocations, func(a Allocation) bool { return a.Invoice == id })
}

// payable refuses an invoice that is not the client's, is in another currency, or has less left to be paid.
func (s *Service) payable(ctx context.Context, whose domain.ClientID, currency money.Currency, a Allocation) error {
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(a.Invoice), domain.CommandID{})
	if err != nil {
		return err
	}
	issued, ok := known.state.Issued()
	switch left := known.state.Outstanding(); {
	case !ok || known.state.Client != whose:
		return domain.Refuse(domain.ErrNotFound, "no_such_invoice", "the client has no issued invoice %s", a.Invoice)
	case issued.Document.Currency != currency:
		return domain.Refuse(domain.ErrConflict, "other_currency", "%s is in %s, the payment in %s", issued.Document.Number, issued.Document.Currency, currency)
	case !a.Amount.IsPositive():
		return wrong("amount", "must be more than nothing")
	case a.Amount.GreaterThan(left):
		return domain.Refuse(domain.ErrConflict, "more_than_outstanding", "%s has %s left to be paid, less than %s; leave the rest as the client's credit", issued.Document.Number, left, a.Amount)
	}
	return nil
}

// OnPayment names a payment and what is done with it.
type OnPayment struct {
	Payment    domain.PaymentID
	Invoice    domain.InvoiceID // of allocating
	Amount     decimal.Decimal  // of allocating and refunding
	Day        calendar.Date    // of refunding and reversing
	Reason     string
	Reference  string
	Chargeback bool
}

// AllocatePayment sets more of a payment against an invoice.
func (s *Service) AllocatePayment(ctx context.Context, r Request, c OnPayment) (Answer, error) {
	return s.onPayment(ctx, r, c.Payment, func() (domain.Position, error) {
		on, a := r.on(payment.Stream(c.Payment)), Allocation{Invoice: c.Invoice, Amount: c.Amount}
		known, err := load(ctx, s.log, payment.Decider, on.Stream, on.Command)
		if err != nil || known.acted {
			return known.actedAt, err
		}
		received, ok := known.state.Received()
		if !ok {
			return domain.Position{}, noPayment(c.Payment)
		}
		if err := s.payable(ctx, received.Client, received.Currency, a); err != nil {
			return domain.Position{}, err
		}
		return onStream(ctx, s, payment.Decider, on, allocating(r, a))
	})
}

// RefundPayment pays back what no invoice has taken.
func (s *Service) RefundPayment(ctx context.Context, r Request, c OnPayment) (Answer, error) {
	return s.onPayment(ctx, r, c.Payment, func() (domain.Position, error) {
		return onStream(ctx, s, payment.Decider, r.on(payment.Stream(c.Payment)), payment.Command(payment.Refund{
			Amount: c.Amount, Day: c.Day, Reference: c.Reference, Reason: c.Reason, By: r.Actor, At: r.At,
		}))
	})
}

// ReversePayment says that the money did not come after all: all invoices that took of it have it left to be paid
// again.
func (s *Service) ReversePayment(ctx context.Context, r Request, c OnPayment) (Answer, error) {
	return s.onPayment(ctx, r, c.Payment, func() (domain.Position, error) {
		return onStream(ctx, s, payment.Decider, r.on(payment.Stream(c.Payment)), payment.Command(payment.Reverse{
			Day: c.Day, Chargeback: c.Chargeback, Reason: c.Reason, By: r.Actor, At: r.At,
		}))
	})
}

// onPayment runs what a person asks of a payment, and what follows from it. The answer's ID is the payment's.
func (s *Service) onPayment(ctx context.Context, r Request, id domain.PaymentID, do func() (domain.Position, error)) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ReceivePayments); err != nil {
			return Answer{}, err
		}
		position, err := do()
		if err != nil {
			return Answer{}, err
		}
		completed, err := s.CompletePayment(ctx, r.then("complete payment", id.String()), id)
		return Answer{ID: id.UUID, Position: later(position, completed.Position)}, err
	})
}

func noPayment(id domain.PaymentID) error {
	return domain.Refuse(domain.ErrNotFound, "no_such_payment", "no payment %s", id)
}

// allocating sets part of a payment apart for an invoice.
func allocating(r Request, a Allocation) payment.Command {
	return payment.Allocate{Invoice: a.Invoice, Amount: a.Amount, By: r.Actor, At: r.At}
}

// CompletePayment carries on what a payment began: invoices take what was set apart for them, what one refuses is given
// back, and a payment that was reversed is taken back from all of them. It may run any number of times. The system does
// it.
func (s *Service) CompletePayment(ctx context.Context, r Request, id domain.PaymentID) (Answer, error) {
	answer := Answer{ID: id.UUID}
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	for done := domain.NoStream; ; {
		known, err := load(ctx, s.log, payment.Decider, payment.Stream(id), domain.CommandID{})
		if err != nil {
			return answer, err
		}
		if _, ok := known.state.Received(); !ok {
			return answer, noPayment(id)
		}
		if known.revision == done {
			return answer, nil
		}
		// Should somebody reverse the payment while an invoice takes of it, the next round takes that back.
		done = known.revision
		position, err := s.settlePayment(ctx, r, known.state)
		if err != nil {
			return answer, err
		}
		answer.Position = later(answer.Position, position)
	}
}

// settlePayment brings the invoices to where the payment is.
func (s *Service) settlePayment(ctx context.Context, r Request, p payment.State) (last domain.Position, err error) {
	received, _ := p.Received()
	for _, allocated := range p.Allocations() {
		var position domain.Position
		if reversed, gone := p.Reversed(); gone {
			on := r.then("reverse payment", received.Payment.String()+" "+allocated.Invoice.String()).on(invoice.Stream(allocated.Invoice))
			position, err = onStream(ctx, s, invoice.Decider, on, invoice.Command(invoice.ReversePayment{
				Signed: invoice.Signed{By: domain.System(), At: reversed.At}, Payment: received.Payment, Day: reversed.Day,
			}))
		} else if allocated.Amount.IsPositive() { // Else all of it was released.
			position, err = s.applyPayment(ctx, r, received, allocated)
		}
		if err != nil {
			return last, err
		}
		last = later(last, position)
	}
	return last, nil
}

// applyPayment lets an invoice take what was set apart for it in all, or gives it back.
func (s *Service) applyPayment(ctx context.Context, r Request, received payment.Received, allocated payment.Allocated) (domain.Position, error) {
	// The time tells a repetition from an allocation that comes to the same amount again after a release.
	key := received.Payment.String() + " " + allocated.Invoice.String() + " " + allocated.Amount.String() + " " + allocated.At.Format(time.RFC3339Nano)
	on := r.then("apply payment", key).on(invoice.Stream(allocated.Invoice))
	position, err := onStream(ctx, s, invoice.Decider, on, invoice.Command(invoice.ApplyPayment{
		Signed:  invoice.Signed{By: domain.Actor{Side: domain.StaffSide, Person: allocated.By}, At: allocated.At},
		Payment: received.Payment, Amount: allocated.Amount, Day: received.Day,
	}))
	if !errors.Is(err, domain.ErrConflict) || !Final(err) {
		return position, err
	}
	known, err := load(ctx, s.log, invoice.Decider, invoice.Stream(allocated.Invoice), domain.CommandID{})
	if err != nil {
		return domain.Position{}, err
	}
	on = r.then("release payment", key).on(payment.Stream(received.Payment))
	return onStream(ctx, s, payment.Decider, on, payment.Command(payment.Release{
		Invoice: allocated.Invoice, Kept: known.state.Applied(received.Payment), By: domain.System(), At: allocated.At,
	}))
}
