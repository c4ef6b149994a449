package client

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/domain/visible"
)

// InvoiceRow is a row of invoices: an issued invoice, which never changes. Amounts are canonical numbers.
type InvoiceRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Number   string    `db:"number"`
	Contract uuid.UUID `db:"contract"`
	Month    string    `db:"month"`
	Date     string    `db:"date"`
	Due      string    `db:"due"`
	Zone     string    `db:"zone"` // of the issuer, IANA
	Currency string    `db:"currency"`
	Net      string    `db:"net"`
	Tax      string    `db:"tax"`
	Payable  string    `db:"payable"`
	Document string    `db:"document"` // to the byte what SHA256 is of
	SHA256   string    `db:"sha256"`
	Entries  int       `db:"entries"`
}

// InvoiceEntryRow is a row of invoice_entries. It never changes.
type InvoiceEntryRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Invoice  uuid.UUID `db:"invoice"`
	Line     uuid.UUID `db:"line"`
	Position int       `db:"position"` // among the invoice's
	Entry    string    `db:"entry"`    // an Entry as JSON
}

// DisclosedRow is a row of disclosed: an invoice or credit note that the client sees at present.
type DisclosedRow struct {
	ID     uuid.UUID `db:"id"`
	Client uuid.UUID `db:"client"`
	Kind   string    `db:"kind"` // a visible.Kind
}

// ClaimRow is a row of claims: what is left to be paid of an invoice, whose id it has.
type ClaimRow struct {
	ID          uuid.UUID `db:"id"`
	Client      uuid.UUID `db:"client"`
	Paid        string    `db:"paid"`
	Credited    string    `db:"credited"`
	WrittenOff  string    `db:"written_off"`
	Closed      string    `db:"closed"` // the day of that
	Outstanding string    `db:"outstanding"`
	Disputed    string    `db:"disputed"`
	Voided      string    `db:"voided"`    // number of the credit note that took it back
	LastPaid    string    `db:"last_paid"` // day
}

// PrintRow is a row of prints: the printed form of an invoice or credit note, whose id it has.
type PrintRow struct {
	ID        uuid.UUID `db:"id"`
	Client    uuid.UUID `db:"client"`
	Layout    int       `db:"layout"`
	SHA256    string    `db:"sha256"`     // of the PDF
	Size      int64     `db:"size"`       // of the PDF, in bytes
	XMLSHA256 string    `db:"xml_sha256"` // empty where it was not recorded
	CSVSHA256 string    `db:"csv_sha256"` // empty where it was not recorded
}

// PaymentRow is a row of payments: money that came.
type PaymentRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Amount   string    `db:"amount"`
	Currency string    `db:"currency"`
	Day      string    `db:"day"`
	Means    string    `db:"means"`
	Refunded string    `db:"refunded"`
	Reversed string    `db:"reversed"` // day; empty: it stands
}

// ReceiptRow is a row of receipts: a payment as far as an invoice took it.
type ReceiptRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Invoice  uuid.UUID `db:"invoice"`
	Payment  uuid.UUID `db:"payment"`
	Amount   string    `db:"amount"`
	Day      string    `db:"day"`
	Reversed string    `db:"reversed"` // day; empty: it stands
}

// ReminderRow is a row of reminders.
type ReminderRow struct {
	ID      uuid.UUID `db:"id"`
	Client  uuid.UUID `db:"client"`
	Invoice uuid.UUID `db:"invoice"`
	Step    int       `db:"step"`
	Text    string    `db:"text"`
	At      time.Time `db:"at"`
}

// Invoice is one entry of the list of invoices. Amounts are exact numbers in its currency.
type Invoice struct {
	ID          uuid.UUID `db:"id"          json:"id" format:"uuid"`
	Number      string    `db:"number"      json:"number" example:"INV-2026-0041"`
	Contract    string    `db:"contract"    json:"contract,omitempty" doc:"Its reference."`
	Month       string    `db:"month"       json:"month" example:"2026-02" doc:"The billing period."`
	Date        string    `db:"date"        json:"date" example:"2026-03-01" doc:"Of issue, in the issuer's zone."`
	Due         string    `db:"due"         json:"due" doc:"The last day on which it is not overdue, in the issuer's zone."`
	Currency    string    `db:"currency"    json:"currency"`
	Net         string    `db:"net"         json:"net"`
	Tax         string    `db:"tax"         json:"tax"`
	Payable     string    `db:"payable"     json:"payable"`
	Paid        string    `db:"paid"        json:"paid"`
	Credited    string    `db:"credited"    json:"credited"`
	Outstanding string    `db:"outstanding" json:"outstanding"`
	Disputed    string    `db:"disputed"    json:"disputed" doc:"Of what is outstanding, what you object to."`
	LastPaid    string    `db:"last_paid"   json:"last_paid,omitempty" doc:"The day of the last payment."`
	Label       string    `db:"-"           json:"label" example:"Awaiting payment"`
	Overdue     bool      `db:"overdue"     json:"overdue"`
	WrittenOff  string    `db:"written_off" json:"-"`
	Voided      string    `db:"voided"      json:"-"`
	Today       string    `db:"today"       json:"-"` // in the issuer's zone
}

// labelled fills in what the invoice's state is called.
func (i Invoice) labelled() Invoice {
	i.Label = visible.Label(visible.InvoiceFacts{
		Issued: true, Due: i.Due, Left: i.Outstanding, Paid: i.Paid, WrittenOff: i.WrittenOff, Voided: i.Voided,
	}, visible.ForClient, i.Today)
	return i
}

// InvoiceDetail is one invoice with what explains it and what became of it.
type InvoiceDetail struct {
	Invoice
	SHA256      string       `json:"sha256" doc:"Of the document's canonical form."`
	Document    Document     `json:"document" doc:"What was issued. Each line has its trace."`
	Receipts    []Receipt    `json:"receipts" nullable:"false" doc:"Payments, oldest first."`
	CreditNotes []CreditNote `json:"credit_notes" nullable:"false" doc:"Oldest first."`
	Disputes    []Dispute    `json:"disputes" nullable:"false" doc:"Oldest first."`
	Reminders   []Reminder   `json:"reminders" nullable:"false"`
	Print       *Print       `json:"print,omitempty" doc:"The printed form; absent until it is made, a moment after the issue."`
	// Canonical is the document to the byte what SHA256 is of.
	Canonical string `json:"-"`
	// CreditedOf is what credit notes take of the lines' nets, by line.
	CreditedOf map[uuid.UUID]decimal.Decimal `json:"-"`
}

// Receipt is a payment as far as an invoice took it.
type Receipt struct {
	ID       uuid.UUID  `db:"id"       json:"id" format:"uuid"`
	Payment  *uuid.UUID `db:"payment"  json:"payment,omitempty" format:"uuid" doc:"Whose receipt can be had as a file; absent where a credit note gave the money."`
	Amount   string     `db:"amount"   json:"amount"`
	Day      string     `db:"day"      json:"day"`
	Reversed string     `db:"reversed" json:"reversed,omitempty" doc:"The day on which it was taken back."`
}

// Reminder is a reminder of an overdue invoice.
type Reminder struct {
	Step int       `db:"step" json:"step"`
	Text string    `db:"text" json:"text"`
	At   time.Time `db:"at"   json:"at"`
}

// Print names the printed form of a document: its bytes are in the public store, under the digests.
type Print struct {
	Layout    int    `db:"layout"     json:"layout"`
	SHA256    string `db:"sha256"     json:"sha256"               doc:"Of the PDF."`
	Size      int64  `db:"size"       json:"size"                 doc:"Of the PDF, in bytes."`
	XMLSHA256 string `db:"xml_sha256" json:"xml_sha256,omitempty" doc:"Of the XML; absent where it was not recorded."`
	CSVSHA256 string `db:"csv_sha256" json:"csv_sha256,omitempty" doc:"Of the CSV; absent where it was not recorded."`
}

// Digest is that of one form; empty where it was not recorded.
func (p Print) Digest(form visible.Form) string {
	return map[visible.Form]string{visible.PDF: p.SHA256, visible.XML: p.XMLSHA256, visible.CSV: p.CSVSHA256}[form]
}

// The sets of invoices that a list shows. The zero InvoiceSet is all.
const (
	InvoicesLast30 InvoiceSet = "last30" // issued or paid today or in the 30 days before
	InvoicesOpen   InvoiceSet = "open"   // something is left to be paid
)

// InvoiceSet chooses invoices by what became of them.
type InvoiceSet string

// InvoiceFilter says which invoices to list. The zero filter lists the newest ones.
type InvoiceFilter struct {
	Set      InvoiceSet
	From, To string // first and last day of issue; empty: unbounded
	// Search finds a number however it is typed (X4). Empty: any.
	Search string
	After  *Cursor // where the page before ended; nil: from the newest
	Limit  int     // at most MaxLimit, which 0 stands for
}

// An invoice is there while it is disclosed and something is claimed by it; @now is the instant of the question.
const selectInvoices = `
	SELECT i.id, i.number, coalesce(k.reference, '') AS contract, i.month, i.date, i.due, i.currency, i.net, i.tax, i.payable,
	       c.paid, c.credited, c.outstanding, c.disputed, c.last_paid, c.written_off, c.voided, d.today,
	       ` + invoiceOpen + ` AND d.today > i.due AS overdue`

const fromInvoices = `
	FROM invoices i
	JOIN disclosed s ON s.id = i.id AND s.client = i.client
	JOIN claims c ON c.id = i.id AND c.client = i.client
	CROSS JOIN LATERAL (SELECT (@now::timestamptz AT TIME ZONE i.zone)::date::text COLLATE "C" AS today) d
	LEFT JOIN contracts k ON k.id = i.contract AND k.client = i.client
	WHERE i.client = @client AND @billing`

// invoiceOpen says of an invoice that something of it is still to be paid. What was credited or written off is no part of
// that; a payment that was taken back afterwards is.
const invoiceOpen = `(c.outstanding::numeric > 0)`

// invoiceForms are the forms of a document's number x that people type, see numberForms.
const invoiceForms = `
	AND EXISTS (SELECT FROM regexp_match(lower(x.number), '^(.*)-(\d+)-0*(\d+)$') AS p (of)
	    CROSS JOIN LATERAL (SELECT translate(p.of[1], '- ', '') AS prefix) w
	    WHERE ARRAY[lower(x.number), w.prefix || p.of[2] || p.of[3], p.of[2] || p.of[3], w.prefix || p.of[3], p.of[3]] && @forms::text[]
	       OR p.of IS NULL AND lower(x.number) = ANY (@forms::text[]))`

// billing names the viewer for a query over invoices at an instant.
func (v Viewer) billing(now time.Time) pgx.NamedArgs {
	arguments := v.arguments()
	arguments["billing"], arguments["now"] = v.Billing, now
	return arguments
}

// ListInvoices gives a page of invoices, newest first, and the cursor of the next page; nil on the last one. now is
// the instant that labels are of. It is domain.ErrNotFound for whoever may not see invoices.
func ListInvoices(ctx context.Context, tx pgx.Tx, v Viewer, filter InvoiceFilter, now time.Time) ([]Invoice, *Cursor, error) {
	if !v.Billing {
		return nil, nil, errNotFound
	}
	arguments, sql := v.billing(now), selectInvoices+fromInvoices
	limit := bounded(filter.Limit)
	arguments["limit"] = limit + 1
	switch filter.Set {
	case InvoicesOpen:
		sql += ` AND ` + invoiceOpen
	case InvoicesLast30:
		sql += ` AND greatest(i.date, c.last_paid) >= (d.today::date - 30)::text COLLATE "C"`
	}
	if filter.From != "" {
		arguments["from"] = filter.From
		sql += ` AND i.date >= @from`
	}
	if filter.To != "" {
		arguments["to"] = filter.To
		sql += ` AND i.date <= @to`
	}
	if filter.Search != "" {
		arguments["forms"] = numberForms(filter.Search)
		sql += strings.ReplaceAll(invoiceForms, "x.", "i.")
	}
	if filter.After != nil {
		arguments["after_day"], arguments["after_id"] = filter.After.day(), filter.After.ID
		sql += ` AND (i.date, i.id) < (@after_day, @after_id)`
	}
	found, err := list[Invoice](ctx, tx, "invoices", sql+` ORDER BY i.date DESC, i.id DESC LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	found, next := page(found, limit, func(i Invoice) Cursor { return dayCursor(i.Date, i.ID) })
	for i := range found {
		found[i] = found[i].labelled()
	}
	return found, next, nil
}

var (
	separators = strings.NewReplacer("-", "", "–", "", "—", "", "_", "", "/", "", ".", "", " ", "", "\t", "")
	wholeForm  = regexp.MustCompile(`^(\D*\d{4})0*(\d+)$`) // prefix, year and number
	shortForm  = regexp.MustCompile(`^(\D*?)0*(\d+)$`)     // the year left out, and maybe the prefix
)

// numberForms reads a document's number as people type it: case, dashes, spaces and leading zeros do not matter, and
// prefix and year may be left out (X4). It gives the forms that the number may have.
func numberForms(text string) []string {
	text = strings.ToLower(strings.TrimSpace(text))
	bare := separators.Replace(text)
	forms := []string{text}
	for _, form := range []*regexp.Regexp{wholeForm, shortForm} {
		if parts := form.FindStringSubmatch(bare); parts != nil {
			forms = append(forms, parts[1]+parts[2])
		}
	}
	return forms
}

// ReadInvoice gives one invoice by its number, with what explains it and what became of it; domain.ErrNotFound when
// the viewer may not see one with that number.
func ReadInvoice(ctx context.Context, tx pgx.Tx, v Viewer, number string, now time.Time) (InvoiceDetail, error) {
	type row struct {
		Invoice
		Document string `db:"document"`
		SHA256   string `db:"sha256"`
	}
	arguments := v.billing(now)
	arguments["number"] = number
	found, err := one[row](ctx, tx, "invoice", selectInvoices+`, i.document, i.sha256`+fromInvoices+
		` AND i.number = @number ORDER BY i.date DESC, i.id LIMIT 1`, arguments) // Two issuers may number alike.
	if err != nil {
		return InvoiceDetail{}, err
	}
	detail := InvoiceDetail{Invoice: found.labelled(), SHA256: found.SHA256, Canonical: found.Document}
	if detail.Document, err = parseDocument(number, found.Document); err != nil {
		return InvoiceDetail{}, err
	}
	return detail, detail.fill(ctx, tx, v)
}

// InvoiceByID gives the entry of the list for an invoice, labelled as of an instant; domain.ErrNotFound when the viewer may
// not see it.
func InvoiceByID(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID, now time.Time) (Invoice, error) {
	arguments := v.billing(now)
	arguments["id"] = id
	found, err := one[Invoice](ctx, tx, "invoice", selectInvoices+fromInvoices+` AND i.id = @id`, arguments)
	return found.labelled(), err
}

// maxFollowing bounds the receipts, credit notes, disputes and reminders shown with an invoice, each: the oldest.
const maxFollowing = 500

// fill reads what belongs to the invoice.
func (d *InvoiceDetail) fill(ctx context.Context, tx pgx.Tx, v Viewer) (err error) {
	if err := d.trace(ctx, tx, v); err != nil {
		return err
	}
	arguments := v.arguments()
	arguments["invoice"], arguments["limit"] = d.ID, maxFollowing
	if d.Receipts, err = list[Receipt](ctx, tx, "receipts", `
		SELECT r.id, p.id AS payment, r.amount, r.day, r.reversed
		FROM receipts r LEFT JOIN payments p ON p.id = r.payment AND p.client = r.client
		WHERE r.client = @client AND r.invoice = @invoice ORDER BY r.day, r.id LIMIT @limit`, arguments); err != nil {
		return err
	}
	if d.CreditNotes, err = list[CreditNote](ctx, tx, "credit notes",
		selectCreditNotes+` AND n.invoice = @invoice ORDER BY n.date, n.id LIMIT @limit`, arguments); err != nil {
		return err
	}
	if err := d.credited(ctx, tx, arguments); err != nil {
		return err
	}
	if d.Disputes, err = list[Dispute](ctx, tx, "disputes",
		selectDisputes+` AND p.invoice = @invoice ORDER BY p.raised_at, p.id LIMIT @limit`, arguments); err != nil {
		return err
	}
	if d.Reminders, err = list[Reminder](ctx, tx, "reminders", `
		SELECT step, text, at FROM reminders
		WHERE client = @client AND invoice = @invoice ORDER BY step LIMIT @limit`, arguments); err != nil {
		return err
	}
	d.Print, err = printOf(ctx, tx, v, d.ID)
	return err
}

// credited adds up what credit notes take of each line, which has its id in all of them.
func (d *InvoiceDetail) credited(ctx context.Context, tx pgx.Tx, arguments pgx.NamedArgs) error {
	type row struct {
		Line uuid.UUID       `db:"line"`
		Net  decimal.Decimal `db:"net"`
	}
	found, err := list[row](ctx, tx, "credited lines", `
		SELECT (l ->> 'id')::uuid AS line, l ->> 'net' AS net
		FROM (SELECT n.document`+fromCreditNotes+` AND n.invoice = @invoice ORDER BY n.date, n.id LIMIT @limit) AS d
		CROSS JOIN LATERAL jsonb_array_elements(d.document::jsonb -> 'lines') AS l`, arguments)
	d.CreditedOf = make(map[uuid.UUID]decimal.Decimal, len(found))
	for _, credited := range found {
		d.CreditedOf[credited.Line] = d.CreditedOf[credited.Line].Add(credited.Net)
	}
	return err
}

// maxEntries bounds the entries that explain an invoice; no invoice has more.
const maxEntries = 20_000

// trace gives each line of the document its entries.
func (d *InvoiceDetail) trace(ctx context.Context, tx pgx.Tx, v Viewer) error {
	type row struct {
		Entry string `db:"entry"`
	}
	arguments := v.arguments()
	arguments["invoice"], arguments["limit"] = d.ID, maxEntries
	found, err := list[row](ctx, tx, "entries", `
		SELECT e.entry FROM invoice_entries e
		WHERE e.client = @client AND e.invoice = @invoice ORDER BY e.position LIMIT @limit`, arguments)
	if err != nil {
		return err
	}
	lines := make(map[uuid.UUID]*Charge, len(d.Document.Lines))
	for i := range d.Document.Lines {
		lines[d.Document.Lines[i].ID] = &d.Document.Lines[i]
	}
	for _, stored := range found {
		var entry Entry
		if err := json.Unmarshal([]byte(stored.Entry), &entry); err != nil {
			return fmt.Errorf("decode an entry of invoice %s: %w", d.Number, err)
		}
		line, ok := lines[entry.Line]
		if !ok {
			return fmt.Errorf("entry %s of invoice %s explains no line of it", entry.ID, d.Number)
		}
		line.Trace = append(line.Trace, entry)
	}
	return nil
}

// printOf gives the printed form of a document; nil until it is made.
func printOf(ctx context.Context, tx pgx.Tx, v Viewer, document uuid.UUID) (*Print, error) {
	arguments := v.arguments()
	arguments["document"] = document
	prints, err := list[Print](ctx, tx, "prints",
		`SELECT layout, sha256, size, xml_sha256, csv_sha256 FROM prints WHERE client = @client AND id = @document`, arguments)
	if err != nil || len(prints) == 0 {
		return nil, err
	}
	return &prints[0], nil
}

// Balance is what a client owes in one currency. Nothing is ever added up across currencies.
type Balance struct {
	Currency    string `db:"currency"    json:"currency"`
	Outstanding string `db:"outstanding" json:"outstanding"`
	Overdue     string `db:"overdue"     json:"overdue"`
	Disputed    string `db:"disputed"    json:"disputed" doc:"Of what is outstanding, what you object to."`
	Invoices    int    `db:"invoices"    json:"invoices" doc:"How many are not paid."`
}

// ReadBalances gives what is left to be paid, by currency. It is domain.ErrNotFound for whoever may not see invoices.
func ReadBalances(ctx context.Context, tx pgx.Tx, v Viewer, now time.Time) ([]Balance, error) {
	if !v.Billing {
		return nil, errNotFound
	}
	arguments := v.billing(now)
	arguments["limit"] = MaxLimit
	return list[Balance](ctx, tx, "balances", `
		SELECT i.currency, trim_scale(sum(c.outstanding::numeric))::text AS outstanding,
		       trim_scale(coalesce(sum(c.outstanding::numeric) FILTER (WHERE d.today > i.due), 0))::text AS overdue,
		       trim_scale(sum(c.disputed::numeric))::text AS disputed, count(*) AS invoices`+fromInvoices+`
		AND `+invoiceOpen+` GROUP BY i.currency ORDER BY i.currency LIMIT @limit`, arguments)
}
