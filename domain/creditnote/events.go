package creditnote

import (
	"time"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// Event is one fact of a credit note, in its stored form. Nothing of it is shown before Issued.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Drafted begins the credit note; the invoice has reserved its lines already.
type Drafted struct {
	CreditNote domain.CreditNoteID `json:"credit_note"`
	Invoice    domain.InvoiceID    `json:"invoice"`
	Client     domain.ClientID     `json:"client"`
	Date       calendar.Date       `json:"date"` // asked for
	Staff      DraftedStaff        `json:"staff"`
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// DraftedStaff is the internal part of Drafted.
type DraftedStaff struct {
	// Document has neither number nor date yet.
	Document bill.Document  `json:"document"`
	Issuer   string         `json:"issuer"` // its key
	Prefix   string         `json:"prefix"`
	First    map[string]int `json:"first,omitzero"` // by year
	Code     Code           `json:"code"`
	// Exchange is what reports convert the credit note by; zero where there is no rate.
	Exchange bill.Exchange `json:"exchange,omitzero"`
}

// Code is why something is credited.
type Code string

// The reasons.
const (
	Mistake   Code = "mistake"
	Goodwill  Code = "goodwill"
	Disputed  Code = "dispute"
	Cancelled Code = "cancelled"  // the invoice as a whole
	Returned  Code = "correction" // of billed time
)

// Issued is the document, complete and final.
type Issued struct {
	Number   int             `json:"number"`
	Document bill.Document   `json:"document"`
	SHA256   string          `json:"sha256"`
	Staff    IssuedStaff     `json:"staff"`
	By       domain.PersonID `json:"by,omitzero"`
	At       time.Time       `json:"at"`
}

// IssuedStaff is the internal part of Issued.
type IssuedStaff struct {
	Series string `json:"series"`
}

// Rendered names the printed forms.
type Rendered struct {
	bill.Print

	At time.Time `json:"at"`
}

// Kind is the stored name.
func (Drafted) Kind() string  { return "creditnote.drafted.v1" }
func (Issued) Kind() string   { return "creditnote.issued.v1" }
func (Rendered) Kind() string { return "creditnote.rendered.v1" }

func (Drafted) isEvent()  {}
func (Issued) isEvent()   {}
func (Rendered) isEvent() {}
