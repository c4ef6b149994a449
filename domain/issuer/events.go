package issuer

import (
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/money"
)

// Event is one fact of an issuer, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Described says all there is to say of the issuer; what was said before holds no longer for what is drafted from now
// on.
type Described struct {
	Issuer string          `json:"issuer"` // its key
	Staff  Content         `json:"staff"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// PrefixClaimed says whose a prefix of numbers is, for ever. It is in the stream of all prefixes.
type PrefixClaimed struct {
	Prefix    string            `json:"prefix"` // "INV"
	Issuer    string            `json:"issuer"` // its key
	Documents bill.DocumentKind `json:"documents"`
	By        domain.PersonID   `json:"by,omitzero"`
	At        time.Time         `json:"at"`
}

// Content is how an issuer invoices.
type Content struct {
	Party   bill.Party   `json:"party"`
	Account bill.Account `json:"account,omitzero"`
	Zone    string       `json:"zone"` // IANA, in which its days end (F37)
	// InvoicePrefix and CreditPrefix begin the numbers: "INV" gives INV-2026-0041. First is the first number of a year
	// whose series is not open yet; 0 = 1.
	InvoicePrefix string  `json:"invoice_prefix"`
	CreditPrefix  string  `json:"credit_prefix"`
	First         []First `json:"first,omitzero"`
	// TwoPeople says that an invoice is approved by somebody who did not prepare it.
	TwoPeople bool `json:"two_people,omitzero"`
	// Rates are those of tax; DefaultCategory is that of lines that name none.
	Rates           []bill.TaxRate `json:"rates"`
	DefaultCategory string         `json:"default_category,omitzero"`
	// RoundTo is the unit that can be paid, by currency, where it is not the currency's own: CHF 0.05.
	RoundTo []RoundTo `json:"round_to,omitzero"`
	Wording []string  `json:"wording,omitzero"` // printed on each invoice
	// Reminders are sent so many days after an invoice was due, rising.
	Reminders []Reminder `json:"reminders,omitzero"`
	// BusinessDays moves a due date that falls on a Saturday or Sunday to the Monday after.
	BusinessDays bool `json:"business_days,omitzero"`
	// AnswerDays is within how many business days, Monday to Friday in its zone, an objection of a client is answered;
	// 0 = nothing is promised (F45).
	AnswerDays int `json:"answer_days,omitzero"`
	// ReportingCurrency is the one that invoices in others are converted to for reports, at the rate recorded when they
	// are issued (F42). Empty = none, and no rate is recorded.
	ReportingCurrency money.Currency `json:"reporting_currency,omitzero"`
}

// First is the first number of a series that went on from another system.
type First struct {
	Kind   bill.DocumentKind `json:"kind"`
	Year   int               `json:"year"`
	Number int               `json:"number"`
}

// RoundTo is the unit that can be paid in a currency.
type RoundTo struct {
	Currency money.Currency  `json:"currency"`
	Unit     decimal.Decimal `json:"unit"`
}

// Reminder is a step of the ladder (F43).
type Reminder struct {
	Days int    `json:"days"` // after the due date
	Text string `json:"text"` // what the client reads
}

// Kind is the stored name.
func (Described) Kind() string     { return "issuer.described.v1" }
func (PrefixClaimed) Kind() string { return "issuer.prefix_claimed.v1" }

func (Described) isEvent()     {}
func (PrefixClaimed) isEvent() {}
