package client

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
)

// PaymentReceipt is what a receipt of a payment says (F43). Amounts are exact numbers in its currency.
type PaymentReceipt struct {
	PaymentRow

	Left          string        `db:"-"` // what no invoice took and was not paid back: the client's credit
	Parts         []PaymentPart `db:"-"` // in the order of the invoices' dates
	Issuer, Payer Party         `db:"-"` // as the first of the invoices names them
}

// PaymentPart is what an invoice took of a payment.
type PaymentPart struct {
	Number string          `db:"number"`
	Amount decimal.Decimal `db:"amount"`
}

// ReadPaymentReceipt gives the receipt of a payment. Parties are those of its first invoice, else of the last one in its
// currency. It is domain.ErrNotFound for whoever may not see invoices.
func ReadPaymentReceipt(ctx context.Context, tx pgx.Tx, v Viewer, payment uuid.UUID) (r PaymentReceipt, err error) {
	arguments := v.arguments()
	arguments["payment"], arguments["billing"], arguments["limit"] = payment, v.Billing, maxFollowing
	if r.PaymentRow, err = one[PaymentRow](ctx, tx, "payment", `
		SELECT id, client, amount, currency, day, means, refunded, reversed FROM payments
		WHERE client = @client AND @billing AND id = @payment`, arguments); err != nil {
		return r, err
	}
	if r.Parts, err = list[PaymentPart](ctx, tx, "parts of a payment", `
		SELECT i.number, r.amount
		FROM receipts r
		JOIN invoices i ON i.id = r.invoice AND i.client = r.client
		JOIN disclosed s ON s.id = i.id AND s.client = i.client
		WHERE r.client = @client AND r.payment = @payment ORDER BY i.date, i.number, i.id LIMIT @limit`, arguments); err != nil {
		return r, err
	}
	if r.Left, err = r.left(); err != nil {
		return r, err
	}
	r.Issuer, r.Payer, err = r.parties(ctx, tx, v)
	return r, err
}

// left is what of the payment is the client's credit.
func (r PaymentReceipt) left() (string, error) {
	left, err := decimal.NewFromString(r.Amount)
	if err != nil || r.Reversed != "" {
		return "0", err
	}
	refunded, err := decimal.NewFromString(r.Refunded)
	left = left.Sub(refunded)
	for _, part := range r.Parts {
		left = left.Sub(part.Amount)
	}
	return left.String(), err
}

// parties gives who received the money and whose it was; no more than the client's name before its first invoice.
func (r PaymentReceipt) parties(ctx context.Context, tx pgx.Tx, v Viewer) (issuer, payer Party, err error) {
	type row struct {
		Number   string `db:"number"`
		Document string `db:"document"`
	}
	arguments := v.arguments()
	arguments["payment"], arguments["currency"], arguments["billing"] = r.ID, r.Currency, v.Billing
	found, err := list[row](ctx, tx, "the invoice of a payment", `
		SELECT i.number, i.document
		FROM invoices i
		JOIN disclosed s ON s.id = i.id AND s.client = i.client
		LEFT JOIN receipts r ON r.invoice = i.id AND r.client = i.client AND r.payment = @payment
		WHERE i.client = @client AND @billing AND (r.id IS NOT NULL OR i.currency = @currency)
		ORDER BY r.id IS NULL, CASE WHEN r.id IS NULL THEN '' ELSE i.date END, i.date DESC, i.number LIMIT 1`, arguments)
	if err != nil {
		return issuer, payer, err
	}
	if len(found) == 0 {
		me, err := ReadMe(ctx, tx, v)
		return issuer, Party{Name: me.Organisation.Name}, err
	}
	document, err := parseDocument(found[0].Number, found[0].Document)
	return document.Issuer, document.Client, err
}
