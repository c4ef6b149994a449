package paper

import (
	"fmt"

	"github.com/shopspring/decimal"

	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Receipt says that money came from a client, and where it went (F43). It holds nothing that the client does not see.
type Receipt struct {
	Issuer, Client bill.Party
	Currency       money.Currency
	Amount         decimal.Decimal
	Day            calendar.Date
	How            string // "Bank transfer"; empty = not said
	Parts          []ReceiptPart
	Refunded       decimal.Decimal
	Left           decimal.Decimal // the client's credit
	Reversed       calendar.Date   // the day when the money was taken back; empty = it stands
}

// ReceiptPart is what an invoice took of a payment.
type ReceiptPart struct {
	Invoice string // its number
	Amount  decimal.Decimal
}

// PDF prints the receipt, the same bytes each time. It fails where Day is no day, and above MaxRows parts.
func (r Receipt) PDF() ([]byte, error) {
	if len(r.Parts) > MaxRows {
		return nil, fmt.Errorf("%d parts are more than the %d of a receipt", len(r.Parts), MaxRows)
	}
	const name = "Receipt"
	c, err := newCanvas(name, r.Issuer.Name, max(r.Day, r.Reversed))
	if err != nil {
		return nil, err
	}
	amount := func(value decimal.Decimal) string { return figure(value, r.Currency.Exponent()) }
	c.paragraph(heading, r.Issuer.Name)
	for _, line := range addressOf(r.Issuer) {
		c.paragraph(label, line)
	}
	c.y += 4
	c.paragraph(title, name)
	c.paragraph(label, "Received from")
	c.paragraph(plain.strong(), r.Client.Name)
	for _, line := range addressOf(r.Client) {
		c.paragraph(label, line)
	}
	c.y += 4
	c.paragraph(heading, fmt.Sprintf("%s %s, received on %s", r.Currency, amount(r.Amount), written(r.Day)))
	if r.How != "" {
		c.paragraph(plain, "By "+r.How)
	}
	if r.Reversed != "" {
		c.paragraph(plain.strong(), "The money was taken back on "+written(r.Reversed)+". Nothing of it stands: what it was set against is to be paid again.")
	}
	c.y += 4
	r.parts(c, amount)
	return c.finish(name, "")
}

// parts writes where the money went, down to what is left of it.
func (r Receipt) parts(c *canvas, amount func(decimal.Decimal) string) {
	to := "Set against"
	if r.Reversed != "" {
		to = "Was set against"
	}
	t := table{canvas: c, x: left, head: label, columns: []column{{to, 140, "L"}, {"Amount, " + string(r.Currency), 34, "R"}}}
	t.begin()
	for _, part := range r.Parts {
		t.row(plain, 0, "Invoice "+part.Invoice, amount(part.Amount))
	}
	if r.Refunded.IsPositive() {
		t.row(plain, 0, "Paid back", amount(r.Refunded))
	}
	if r.Left.IsPositive() {
		t.row(plain, 0, "Your credit, for other invoices", amount(r.Left))
	}
	t.end()
	if r.Reversed == "" { // Else the parts are of money that is gone.
		t.row(plain.strong(), 0, "Together", amount(r.Amount))
	}
}
