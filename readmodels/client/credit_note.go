package client

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// CreditNoteRow is a row of credit_notes: an issued credit note, which never changes.
type CreditNoteRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Number   string    `db:"number"`
	Invoice  uuid.UUID `db:"invoice"`
	Date     string    `db:"date"`
	Currency string    `db:"currency"`
	Net      string    `db:"net"` // above zero
	Tax      string    `db:"tax"`
	Payable  string    `db:"payable"`
	Document string    `db:"document"` // to the byte what SHA256 is of
	SHA256   string    `db:"sha256"`
}

// CreditNote is a credit note as an invoice lists it. Its amounts are above zero.
type CreditNote struct {
	ID       uuid.UUID `db:"id"       json:"id" format:"uuid"`
	Number   string    `db:"number"   json:"number" example:"CN-2026-0007"`
	Date     string    `db:"date"     json:"date"`
	Currency string    `db:"currency" json:"currency"`
	Net      string    `db:"net"      json:"net"`
	Tax      string    `db:"tax"      json:"tax"`
	Payable  string    `db:"payable"  json:"payable"`
}

// CreditNoteDetail is one credit note.
type CreditNoteDetail struct {
	CreditNote
	SHA256   string   `json:"sha256" doc:"Of the document's canonical form."`
	Document Document `json:"document" doc:"What was issued."`
	Print    *Print   `json:"print,omitempty" doc:"The printed form; absent until it is made, a moment after the issue."`
	// Canonical is the document to the byte what SHA256 is of.
	Canonical string `json:"-"`
}

const (
	creditNoteColumns = `SELECT n.id, n.number, n.date, n.currency, n.net, n.tax, n.payable`
	fromCreditNotes   = `
	FROM credit_notes n JOIN disclosed s ON s.id = n.id AND s.client = n.client
	WHERE n.client = @client`
	selectCreditNotes = creditNoteColumns + fromCreditNotes
)

// ReadCreditNote gives one credit note by its number; domain.ErrNotFound when the viewer may not see one with that
// number.
func ReadCreditNote(ctx context.Context, tx pgx.Tx, v Viewer, number string) (CreditNoteDetail, error) {
	type row struct {
		CreditNote
		Document string `db:"document"`
		SHA256   string `db:"sha256"`
	}
	arguments := v.arguments()
	arguments["number"], arguments["billing"] = number, v.Billing
	found, err := one[row](ctx, tx, "credit note", creditNoteColumns+`, n.document, n.sha256`+fromCreditNotes+
		` AND @billing AND n.number = @number ORDER BY n.date DESC, n.id LIMIT 1`, arguments)
	if err != nil {
		return CreditNoteDetail{}, err
	}
	detail := CreditNoteDetail{CreditNote: found.CreditNote, SHA256: found.SHA256, Canonical: found.Document}
	if detail.Document, err = parseDocument(number, found.Document); err != nil {
		return CreditNoteDetail{}, err
	}
	detail.Print, err = printOf(ctx, tx, v, found.ID)
	return detail, err
}
