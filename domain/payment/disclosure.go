package payment

import (
	"github.com/shopspring/decimal"

	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a payment in order to tell what its client sees: the payment itself, if money
// came. Where it went is told by the invoices that took it.
type Disclosure struct {
	payment  visible.Payment // but for what was paid back
	refunded decimal.Decimal
}

// Disclose gives what changes for the client by one event.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	before := d.shown()
	switch e := e.(type) {
	case Received:
		d.payment = visible.Payment{
			Client: e.Client.UUID, ID: e.Payment.UUID, Amount: e.Amount.String(), Currency: string(e.Currency), Day: string(e.Day),
			Means: string(e.Means),
		}
	case Refunded:
		d.refunded = d.refunded.Add(e.Amount)
	case Reversed:
		d.payment.Reversed = string(e.Day)
	case Allocated, Released:
	}
	return d, visible.Diff(before, d.shown())
}

// shown alone decides what the client sees.
func (d Disclosure) shown() visible.Shown {
	if d.payment.Means == "" {
		return nil
	}
	d.payment.Refunded = d.refunded.String()
	return visible.Show(d.payment)
}
