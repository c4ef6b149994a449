package commands_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/invoice"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment.UTC()
}

func dollars(id domain.InvoiceID, amount int64) commands.Allocation {
	return commands.Allocation{Invoice: id, Amount: decimal.NewFromInt(amount)}
}

// The same payment of a gateway is one payment, however often and under whatever key it is told of, also when its
// invoice is paid by then.
func TestAGatewaysPaymentIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	c := w.money("300", dollars(id, 264))
	c.Gateway = "pay_1"
	first := w.received(t, c)
	mark := w.mark()
	if again := w.received(t, c); again != first {
		t.Errorf("payment %s is also %s", first, again)
	}
	wantKinds(t, w.since(mark))
	if left := w.paid(t, first).Left(); !left.Equal(decimal.NewFromInt(36)) {
		t.Errorf("the client's credit is %s", left)
	}
	c.Amount = decimal.NewFromInt(301)
	_, err := w.service.ReceivePayment(t.Context(), w.next(owner), c)
	wantRefused(t, err, domain.ErrConflict, "payment_exists")
}

func TestWhatCannotBePaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	draft := w.approved(t, w.worked(t, payable()))
	foreign := w.money("100", dollars(id, 100))
	foreign.Client = w.orion
	euros := w.money("100", dollars(id, 100))
	euros.Currency = "EUR"
	for name, test := range map[string]struct {
		asked commands.ReceivePayment
		kind  error
		code  string
	}{
		"more than is left":      {w.money("300", dollars(id, 265)), domain.ErrConflict, "more_than_outstanding"},
		"more than there is":     {w.money("100", dollars(id, 101)), domain.ErrInvalid, "invalid_fields"},
		"nothing":                {w.money("100", dollars(id, 0)), domain.ErrInvalid, "invalid_fields"},
		"the same invoice twice": {w.money("300", dollars(id, 10), dollars(id, 10)), domain.ErrInvalid, "invalid_fields"},
		"a draft":                {w.money("100", dollars(draft, 100)), domain.ErrNotFound, "no_such_invoice"},
		"the invoice of another": {foreign, domain.ErrNotFound, "no_such_invoice"},
		"another currency":       {euros, domain.ErrConflict, "other_currency"},
		"over too many of them":  {w.money("300", slices.Repeat([]commands.Allocation{dollars(id, 1)}, commands.MaxAllocations+1)...), domain.ErrInvalid, "invalid_fields"},
		"a payment of nothing":   {w.money("0"), domain.ErrInvalid, "invalid_fields"},
	} {
		mark := w.mark()
		_, err := w.service.ReceivePayment(t.Context(), w.next(owner), test.asked)
		if refusal, ok := errors.AsType[*domain.Refusal](err); !ok || !errors.Is(err, test.kind) || refusal.Code != test.code {
			t.Errorf("%s: got %v, want %s", name, err, test.code)
		}
		wantKinds(t, w.since(mark))
	}
}

// Of two payments that are set against one invoice at once, the second gives back what the invoice does not take.
func TestAnInvoiceIsPaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	r := w.next(owner)
	var forestalling domain.PaymentID
	racing := w.forestalledOn(invoice.Stream(id), func() { forestalling = w.received(t, w.money("200", dollars(id, 200))) })
	late := domain.PaymentID{UUID: must(t)(racing.ReceivePayment(t.Context(), r, w.money("100", dollars(id, 100)))).ID}
	if left := w.paid(t, late).Left(); !left.Equal(decimal.NewFromInt(100)) {
		t.Errorf("%s of the late payment are left", left)
	}
	if paid := w.invoiced(t, id).Paid(); !paid.Equal(decimal.NewFromInt(200)) || !w.paid(t, forestalling).Left().IsZero() {
		t.Errorf("the invoice is paid with %s", paid)
	}
	must(t)(w.service.AllocatePayment(t.Context(), w.next(owner), commands.OnPayment{Payment: late, Invoice: id, Amount: decimal.NewFromInt(64)}))
	must(t)(w.service.CompletePayment(t.Context(), w.next(domain.System()), late))
	if left := w.invoiced(t, id).Outstanding(); !left.IsZero() {
		t.Errorf("%s are left to be paid", left)
	}
	w.checkIDs(t)
}

// Money that is taken back while an invoice takes of it is not on the invoice in the end.
func TestAReversalOvertakesAnAllocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	money := w.received(t, w.money("100"))
	racing := w.forestalledOn(invoice.Stream(id), func() {
		must(t)(w.service.ReversePayment(t.Context(), w.next(owner), commands.OnPayment{Payment: money, Day: "2026-03-16", Reason: "bounced"}))
	})
	c := commands.OnPayment{Payment: money, Invoice: id, Amount: decimal.NewFromInt(100)}
	must(t)(racing.AllocatePayment(t.Context(), w.next(owner), c))
	if state := w.invoiced(t, id); !state.Paid().IsZero() || !state.Outstanding().Equal(decimal.NewFromInt(264)) {
		t.Errorf("%s are paid by money that never came", state.Paid())
	}
	c.Amount = decimal.NewFromInt(50)
	_, err := w.service.AllocatePayment(t.Context(), w.next(owner), c)
	wantRefused(t, err, domain.ErrConflict, "payment_reversed")
	_, err = w.service.RefundPayment(t.Context(), w.next(owner), commands.OnPayment{Payment: domain.PaymentID{UUID: id.UUID}, Amount: c.Amount, Day: "2026-03-16", Reason: "x"})
	wantRefused(t, err, domain.ErrNotFound, "no_such_payment")
}

// forestalledOn is a service before whose first append to a stream something else happens.
func (w *world) forestalledOn(stream string, first func()) *commands.Service {
	done := false
	return commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) error {
		if a.Stream == stream && !done {
			done = true
			first()
		}
		return nil
	}}, w.answers)
}

// An invoice that is busy for long is no refusal: the money stays set apart, and the lane applies it.
func TestABusyInvoiceKeepsItsMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	busy := commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) error {
		if a.Stream == invoice.Stream(id) {
			return domain.ErrRevision
		}
		return nil
	}}, w.answers)
	r := w.next(owner)
	mark := w.mark()
	if _, err := busy.ReceivePayment(t.Context(), r, w.money("100", dollars(id, 100))); err == nil || commands.Final(err) {
		t.Errorf("got %v, want what can be sent again", err)
	}
	wantKinds(t, w.since(mark), "payment.received.v1", "payment.allocated.v1")
	must(t)(w.service.ReceivePayment(t.Context(), r, w.money("100", dollars(id, 100))))
	wantKinds(t, w.since(mark), "payment.received.v1", "payment.allocated.v1", "invoice.payment_applied.v1")
}
