package client

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// Document is an issued invoice or credit note as it was written down, complete and final. Its amounts are exact
// numbers in its currency; what is absent is empty or zero.
type Document struct {
	Kind          string   `json:"kind" enum:"invoice,credit_note"`
	Number        string   `json:"number" example:"INV-2026-0041"`
	Date          string   `json:"date" doc:"Of issue, in the issuer's zone."`
	Due           string   `json:"due,omitempty"`
	Zone          string   `json:"zone" doc:"IANA name of the issuer's zone, in which its days end."`
	Contract      string   `json:"contract" doc:"Its reference."`
	Month         string   `json:"month,omitempty" doc:"The billing period."`
	PurchaseOrder string   `json:"purchase_order,omitempty"`
	Currency      string   `json:"currency"`
	Issuer        Party    `json:"issuer"`
	Client        Party    `json:"client"`
	Account       Account  `json:"account,omitzero"`
	Lines         []Charge `json:"lines" nullable:"false"`
	Taxes         []Tax    `json:"taxes" nullable:"false"`
	Inclusive     bool     `json:"inclusive,omitempty" doc:"Prices are with tax."`
	Net           string   `json:"net" example:"3760"`
	Tax           string   `json:"tax"`
	Total         string   `json:"total"`
	Rounding      string   `json:"rounding,omitempty" doc:"Takes the total to what can be paid."`
	Payable       string   `json:"payable"`
	Terms         string   `json:"terms,omitempty"`
	Wording       []string `json:"wording,omitempty" nullable:"false"`
	Invoice       string   `json:"invoice,omitempty" doc:"Of a credit note: the number of the invoice that it credits."`
	InvoiceDate   string   `json:"invoice_date,omitempty"`
	Reason        string   `json:"reason,omitempty"`
	EntriesSHA256 string   `json:"entries_sha256,omitempty" doc:"Of the entries that explain the lines."`
}

// Party is a legal person on a document.
type Party struct {
	Name       string   `json:"name"`
	Address    []string `json:"address,omitempty" nullable:"false"`
	City       string   `json:"city,omitempty"`
	PostalCode string   `json:"postal_code,omitempty"`
	Region     string   `json:"region,omitempty"`
	Country    string   `json:"country"`
	TaxID      string   `json:"tax_id,omitempty"`
	CompanyID  string   `json:"company_id,omitempty"`
	Email      string   `json:"email,omitempty"`
}

// Account is where money is paid to.
type Account struct {
	Holder string `json:"holder,omitempty"`
	Bank   string `json:"bank,omitempty"`
	Number string `json:"number,omitempty"`
	BIC    string `json:"bic,omitempty"`
}

// Charge is a line of a document.
type Charge struct {
	ID          uuid.UUID  `json:"id" format:"uuid" doc:"Names the line in a dispute."`
	Kind        string     `json:"kind" enum:"time,drawn,overage,correction,no_charge,fee,milestone,other,deduction,manual"`
	Section     string     `json:"section,omitempty" doc:"The part of the contract that it belongs to."`
	Text        string     `json:"text"`
	Condition   string     `json:"condition,omitempty"`
	Minutes     int        `json:"minutes,omitempty" doc:"The quantity of time."`
	Count       string     `json:"count,omitempty" doc:"The quantity of anything else."`
	Unit        string     `json:"unit" enum:"hour,day,piece"`
	DayMinutes  int        `json:"day_minutes,omitempty"`
	Quantity    string     `json:"quantity" doc:"As it is printed." example:"28.50 h"`
	UnitPrice   string     `json:"unit_price"`
	Net         string     `json:"net"`
	Amount      string     `json:"amount" doc:"As it is printed: with tax where prices are."`
	TaxCategory string     `json:"tax_category,omitempty"`
	TaxKind     string     `json:"tax_kind,omitempty" doc:"In the code list UNCL5305."`
	TaxPercent  string     `json:"tax_percent,omitempty"`
	From        string     `json:"from,omitempty" doc:"First and last day of the work."`
	Until       string     `json:"until,omitempty"`
	Entries     int        `json:"entries,omitempty" doc:"How many entries explain it."`
	Ticket      *uuid.UUID `json:"ticket,omitempty" format:"uuid" doc:"The ticket of a deduction."`
	// Trace is no part of the document: it is filled in where the document is shown with what explains it.
	Trace []Entry `json:"trace,omitempty" nullable:"false" doc:"What explains the line. Its amounts add up to the line's."`
}

// Tax is the tax of one rate.
type Tax struct {
	Kind    string `json:"kind" doc:"In the code list UNCL5305."`
	Percent string `json:"percent,omitempty"`
	Name    string `json:"name"`
	Reason  string `json:"reason,omitempty"`
	Base    string `json:"base"`
	Amount  string `json:"amount"`
}

// Entry is one part of a line, with the rule and the clause that made it (F14).
type Entry struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Line      uuid.UUID `json:"line" format:"uuid"`
	Day       string    `json:"day"`
	Text      string    `json:"text"`
	JobType   string    `json:"job_type,omitempty"`
	Condition string    `json:"condition,omitempty"`
	Seconds   int64     `json:"seconds,omitempty" doc:"The time that was spent."`
	Minutes   int       `json:"minutes,omitempty" doc:"What it counts for after rounding."`
	Rule      string    `json:"rule,omitempty" doc:"How it came from one to the other."`
	UnitPrice string    `json:"unit_price,omitempty"`
	Amount    string    `json:"amount"`
	Version   int       `json:"version,omitempty" doc:"The version of the contract that held."`
	Clause    string    `json:"clause,omitempty"`
}

// parseDocument reads a document as it is stored.
func parseDocument(number, stored string) (d Document, err error) {
	if err := json.Unmarshal([]byte(stored), &d); err != nil {
		return Document{}, fmt.Errorf("decode document %s: %w", number, err)
	}
	return d, nil
}

// StoredDocument is an issued invoice or credit note as it is stored: to the byte what was issued, and its digest.
type StoredDocument struct {
	Document string `db:"document"`
	SHA256   string `db:"sha256"`
}

// StoredDocumentByID gives an issued document of any client, for an audit that reads as the owner; domain.ErrNotFound
// when there is none.
func StoredDocumentByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (StoredDocument, error) {
	found, err := list[StoredDocument](ctx, tx, "stored documents", `
		SELECT document, sha256 FROM invoices WHERE id = @id UNION ALL SELECT document, sha256 FROM credit_notes WHERE id = @id`,
		pgx.NamedArgs{"id": id})
	if err == nil && len(found) != 1 {
		err = domain.Refuse(domain.ErrNotFound, "no_such_document", "no issued document has the id %s", id)
	}
	if err != nil {
		return StoredDocument{}, err
	}
	return found[0], nil
}
