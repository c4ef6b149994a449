package bill

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"effigate/domain/calendar"
	"effigate/domain/money"
)

// DocumentKind is what a document is.
type DocumentKind string

// The documents.
const (
	Invoice    DocumentKind = "invoice"
	CreditNote DocumentKind = "credit_note"
)

// Document is an issued invoice or credit note, complete: nothing else is needed to print it, and nothing of it
// changes afterwards (F38). Its canonical form is Canonical, its fingerprint SHA256.
type Document struct {
	Kind     DocumentKind  `json:"kind"`
	Number   string        `json:"number"` // "INV-2026-0041"
	Date     calendar.Date `json:"date"`   // of issue, in the issuer's zone
	Due      calendar.Date `json:"due,omitzero"`
	Zone     string        `json:"zone"`     // of the issuer, IANA: where days end
	Contract string        `json:"contract"` // reference
	// Month is the billing period; From and Until its days.
	Month         calendar.Month  `json:"month,omitzero"`
	PurchaseOrder string          `json:"purchase_order,omitzero"`
	Currency      money.Currency  `json:"currency"`
	Issuer        Party           `json:"issuer"`
	Client        Party           `json:"client"`
	Account       Account         `json:"account,omitzero"`
	Lines         []Line          `json:"lines"` // in the order they are printed
	Taxes         []Tax           `json:"taxes"`
	Inclusive     bool            `json:"inclusive,omitzero"` // prices are with tax
	Net           decimal.Decimal `json:"net"`
	Tax           decimal.Decimal `json:"tax"`
	Total         decimal.Decimal `json:"total"`
	// Rounding takes Total to the unit that can be paid, such as 0.05 CHF; Payable is both together.
	Rounding decimal.Decimal `json:"rounding,omitzero"`
	Payable  decimal.Decimal `json:"payable"`
	Terms    string          `json:"terms,omitzero"` // of payment, in words
	Wording  []string        `json:"wording,omitzero"`
	// Of a credit note: the invoice, and why.
	Invoice     string        `json:"invoice,omitzero"`
	InvoiceDate calendar.Date `json:"invoice_date,omitzero"`
	Reason      string        `json:"reason,omitzero"`
	// EntriesSHA256 is the digest of the entries that explain the lines, see Digest.
	EntriesSHA256 string `json:"entries_sha256,omitzero"`
}

// ErrNotCanonical says that bytes are not the canonical form of a document.
var ErrNotCanonical = errors.New("not a canonical document")

// Canonical is the document's canonical form: JSON as encoding/json writes the struct, without spaces. Numbers are
// texts without spare zeros, so that equal documents have equal bytes.
func (d Document) Canonical() []byte {
	text, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("bill: write a document: %v", err)) // None of its types can fail.
	}
	return text
}

// Parse reads what Canonical wrote, and nothing else. It wraps ErrNotCanonical.
func Parse(text []byte) (Document, error) {
	if len(text) > maxParsed {
		return Document{}, fmt.Errorf("%w: it has %d bytes, more than %d", ErrNotCanonical, len(text), maxParsed)
	}
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return Document{}, fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	for _, number := range d.numbers() {
		if number.Exponent() < -maxScale || number.Exponent() > maxScale { // Many of 1e9999 would take long to write.
			return Document{}, fmt.Errorf("%w: a number is out of bounds", ErrNotCanonical)
		}
	}
	// Unknown fields, other spaces, other orders and spare zeros all come out otherwise than they went in.
	if !bytes.Equal(d.Canonical(), text) {
		return Document{}, fmt.Errorf("%w: it is written otherwise", ErrNotCanonical)
	}
	return d, nil
}

// maxParsed is more than MaxDocument, since number and date come after that is checked.
const maxParsed = 1 << 20

func (d Document) numbers() []decimal.Decimal {
	numbers := []decimal.Decimal{d.Net, d.Tax, d.Total, d.Rounding, d.Payable}
	for _, l := range d.Lines {
		numbers = append(numbers, l.Count, l.UnitPrice, l.Net, l.Amount, l.TaxPercent)
	}
	for _, t := range d.Taxes {
		numbers = append(numbers, t.Percent, t.Base, t.Amount)
	}
	return numbers
}

// SHA256 is the digest of Canonical, in hex.
func (d Document) SHA256() string {
	sum := sha256.Sum256(d.Canonical())
	return hex.EncodeToString(sum[:])
}

// Number writes a document's number: INV-2026-0041. Beyond 9999 it has more digits.
func Number(prefix string, year, number int) string {
	return fmt.Sprintf("%s-%d-%04d", prefix, year, number)
}
