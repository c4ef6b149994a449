package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// FindInvoice gives the id of an invoice by its number, and its printed form, nil until that is made. It is
// domain.ErrNotFound when the viewer may not see one with that number.
func FindInvoice(ctx context.Context, tx pgx.Tx, v Viewer, number string, now time.Time) (uuid.UUID, *Print, error) {
	type row struct {
		ID uuid.UUID `db:"id"`
	}
	arguments := v.billing(now)
	arguments["number"] = number
	found, err := one[row](ctx, tx, "invoice", `
		SELECT i.id`+fromInvoices+` AND i.number = @number ORDER BY i.date DESC, i.id LIMIT 1`, arguments)
	if err != nil {
		return uuid.Nil, nil, err
	}
	printed, err := printOf(ctx, tx, v, found.ID)
	return found.ID, printed, err
}

// Issuer is who a client owes money to.
type Issuer struct {
	Name string
	Zone string // IANA, where its days end
}

// ReadIssuer gives the issuer of the last invoice in a currency; the zero Issuer when there is none.
func ReadIssuer(ctx context.Context, tx pgx.Tx, v Viewer, currency string) (Issuer, error) {
	type row struct {
		Number   string `db:"number"`
		Document string `db:"document"`
	}
	arguments := v.arguments()
	arguments["currency"], arguments["billing"] = currency, v.Billing
	found, err := list[row](ctx, tx, "the last invoice", `
		SELECT i.number, i.document FROM invoices i JOIN disclosed s ON s.id = i.id AND s.client = i.client
		WHERE i.client = @client AND @billing AND i.currency = @currency ORDER BY i.date DESC, i.id DESC LIMIT 1`, arguments)
	if err != nil || len(found) == 0 {
		return Issuer{}, err
	}
	document, err := parseDocument(found[0].Number, found[0].Document)
	return Issuer{Name: document.Issuer.Name, Zone: document.Zone}, err
}
