package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// CreditNote is a row of credit_notes. Its amounts are above zero, and empty until it is issued.
type CreditNote struct {
	ID          uuid.UUID  `db:"id" json:"id"`
	Client      uuid.UUID  `db:"client" json:"client"`
	Invoice     uuid.UUID  `db:"invoice" json:"invoice"`
	Issuer      string     `db:"issuer" json:"issuer"`
	Code        string     `db:"code" json:"code" enum:"mistake,goodwill,dispute,cancelled,correction"`
	Prefix      string     `db:"prefix" json:"prefix"`
	Currency    string     `db:"currency" json:"currency"`
	AskedDate   string     `db:"asked_date" json:"asked_date"`
	Series      string     `db:"series" json:"series,omitempty"`
	Number      string     `db:"number" json:"number,omitempty"`
	Date        string     `db:"date" json:"date,omitempty"`
	Net         string     `db:"net" json:"net"`
	Tax         string     `db:"tax" json:"tax"`
	Payable     string     `db:"payable" json:"payable"`
	ReportedIn  string     `db:"reported_in" json:"reported_in,omitempty" doc:"The currency of reports that it is converted to, for reports alone; absent where no rate was recorded."`
	Rate        string     `db:"rate" json:"exchange_rate,omitempty" doc:"What one unit of its currency was worth then, as recorded when it was issued."`
	RateDay     string     `db:"rate_day" json:"rate_day,omitempty" doc:"The day of the rate."`
	RateSource  string     `db:"rate_source" json:"rate_source,omitempty" doc:"Who published the rate."`
	Layout      int        `db:"layout" json:"layout" doc:"Of the printed form; 0 until there is one."`
	PrintSHA256 string     `db:"print_sha256" json:"print_sha256,omitempty" doc:"Of the PDF."`
	PrintSize   int64      `db:"print_size" json:"print_size" doc:"Of the PDF, in bytes."`
	XMLSHA256   string     `db:"xml_sha256" json:"xml_sha256,omitempty" doc:"Of the XML; absent where it was not recorded."`
	CSVSHA256   string     `db:"csv_sha256" json:"csv_sha256,omitempty" doc:"Of the CSV; absent where it was not recorded."`
	DraftedBy   *uuid.UUID `db:"drafted_by" json:"drafted_by,omitempty"`
	DraftedAt   time.Time  `db:"drafted_at" json:"drafted_at"`
	IssuedAt    *time.Time `db:"issued_at" json:"issued_at,omitempty"`
	Revision    int64      `db:"revision" json:"revision"`
}

const creditNoteColumns = `id, client, invoice, issuer, code, prefix, currency, asked_date, series, number, date, net, tax, payable,
	reported_in, rate, rate_day, rate_source, layout, print_sha256, print_size, xml_sha256, csv_sha256, drafted_by, drafted_at, issued_at, revision`

// CreditNotesOf gives the credit notes of an invoice in the order in which they were asked for, at most maxFollowing.
func CreditNotesOf(ctx context.Context, db Queryer, invoice uuid.UUID) ([]CreditNote, error) {
	notes, err := list[CreditNote](ctx, db, `
		SELECT `+creditNoteColumns+` FROM credit_notes WHERE invoice = $1 ORDER BY drafted_at, id LIMIT $2`, invoice, maxFollowing)
	if err != nil {
		return nil, fmt.Errorf("list credit notes of invoice %s: %w", invoice, err)
	}
	return notes, nil
}

// CreditNoteByID gives one credit note; domain.ErrNotFound when there is none.
func CreditNoteByID(ctx context.Context, db Queryer, id uuid.UUID) (CreditNote, error) {
	note, err := one[CreditNote](ctx, db, `SELECT `+creditNoteColumns+` FROM credit_notes WHERE id = $1`, id)
	return note, notFound(err, "no_such_credit_note", "credit note", id)
}

// DocumentOfCreditNote gives what was issued; domain.ErrNotFound before that.
func DocumentOfCreditNote(ctx context.Context, db Queryer, note uuid.UUID) (IssuedDocument, error) {
	row, err := one[DocumentRow](ctx, db, `SELECT id, number, document, sha256 FROM credit_note_documents WHERE id = $1`, note)
	if err != nil {
		return IssuedDocument{}, notFound(err, "not_issued", "document of credit note", note)
	}
	return row.issued()
}
