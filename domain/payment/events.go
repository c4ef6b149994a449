package payment

import (
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Event is one fact of a payment, in its stored form. The client sees the receipt of it, and its part on invoices.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Source is how the firm came to know of the money.
type Source string

// The sources. A credit note for what was paid already gives the client money of its own.
const (
	ByHand    Source = "manual"
	ByGateway Source = "gateway"
	ByCredit  Source = "credit_note"
)

// Means is how money came, as its receipt says.
type Means string

// The means of payment. None means that no money came: a credit note gave it, and there is no receipt.
const (
	BankTransfer Means = "bank_transfer"
	Card         Means = "card"
	DirectDebit  Means = "direct_debit"
	Cheque       Means = "cheque"
	Cash         Means = "cash"
	OtherMeans   Means = "other" // the receipt doesn't say
)

// Received begins a payment.
type Received struct {
	Payment  domain.PaymentID `json:"payment"`
	Client   domain.ClientID  `json:"client"`
	Amount   decimal.Decimal  `json:"amount"`
	Currency money.Currency   `json:"currency"`
	Day      calendar.Date    `json:"day"`
	Means    Means            `json:"means,omitzero"`
	Staff    ReceivedStaff    `json:"staff"`
	By       domain.PersonID  `json:"by,omitzero"`
	At       time.Time        `json:"at"`
}

// ReceivedStaff is the internal part of Received.
type ReceivedStaff struct {
	Source     Source              `json:"source"`
	Method     string              `json:"method,omitzero"` // "bank transfer", "card"
	Reference  string              `json:"reference,omitzero"`
	Key        string              `json:"key,omitzero"` // the gateway's id of it
	CreditNote domain.CreditNoteID `json:"credit_note,omitzero"`
}

// Allocated sets part of a payment apart for an invoice, in addition to what already is; the invoice takes it next.
type Allocated struct {
	Invoice domain.InvoiceID `json:"invoice"`
	Amount  decimal.Decimal  `json:"amount"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// Released gives back what an invoice did not take: its amount is no longer set apart.
type Released struct {
	Invoice domain.InvoiceID `json:"invoice"`
	Amount  decimal.Decimal  `json:"amount"`
	At      time.Time        `json:"at"`
}

// Reversed says that the money did not come after all, or was taken back: all of it.
type Reversed struct {
	Day   calendar.Date   `json:"day"`
	Staff ReversedStaff   `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// ReversedStaff is the internal part of Reversed.
type ReversedStaff struct {
	Chargeback bool   `json:"chargeback,omitzero"`
	Reason     string `json:"reason"`
}

// Refunded pays back what no invoice has taken.
type Refunded struct {
	Amount decimal.Decimal `json:"amount"`
	Day    calendar.Date   `json:"day"`
	Staff  RefundedStaff   `json:"staff"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// RefundedStaff is the internal part of Refunded.
type RefundedStaff struct {
	Reference string `json:"reference,omitzero"`
	Reason    string `json:"reason"`
}

// Kind is the stored name.
func (Received) Kind() string  { return "payment.received.v1" }
func (Allocated) Kind() string { return "payment.allocated.v1" }
func (Released) Kind() string  { return "payment.released.v1" }
func (Reversed) Kind() string  { return "payment.reversed.v1" }
func (Refunded) Kind() string  { return "payment.refunded.v1" }

func (Received) isEvent()  {}
func (Allocated) isEvent() {}
func (Released) isEvent()  {}
func (Reversed) isEvent()  {}
func (Refunded) isEvent()  {}
