package payment

import (
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Command is one thing somebody may ask of a payment.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Receive begins a payment; the same again changes nothing.
type Receive struct {
	Payment  domain.PaymentID
	Client   domain.ClientID
	Amount   decimal.Decimal
	Currency money.Currency
	Day      calendar.Date
	Means    Means // empty = no receipt; always so when a credit note gives it
	Staff    ReceivedStaff
	By       domain.Actor
	At       time.Time
}

// Allocate sets part of it apart for an invoice, at most what is left. Again for the same invoice it is more of it;
// the same at the same instant changes nothing.
type Allocate struct {
	Invoice domain.InvoiceID
	Amount  decimal.Decimal
	By      domain.Actor
	At      time.Time
}

// Release gives back what an invoice did not take of what was set apart for it. The system sends it.
type Release struct {
	Invoice domain.InvoiceID
	Kept    decimal.Decimal // what the invoice took, in all
	By      domain.Actor
	At      time.Time
}

// Reverse takes the whole payment back.
type Reverse struct {
	Day        calendar.Date
	Chargeback bool
	Reason     string
	By         domain.Actor
	At         time.Time
}

// Refund pays back what no invoice has taken, at most that.
type Refund struct {
	Amount    decimal.Decimal
	Day       calendar.Date
	Reference string
	Reason    string
	By        domain.Actor
	At        time.Time
}

func (Receive) isCommand()  {}
func (Allocate) isCommand() {}
func (Release) isCommand()  {}
func (Reverse) isCommand()  {}
func (Refund) isCommand()   {}
