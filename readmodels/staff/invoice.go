package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/visible"
)

// The states of an invoice on its way to be issued. What becomes of an issued one follows from its amounts.
const (
	InvoiceDraft     = "draft"
	InvoicePending   = "pending_approval"
	InvoiceApproved  = "approved"
	InvoiceDiscarded = "discarded"
	InvoiceIssuing   = "issuing"
	InvoiceIssued    = "issued"
)

// Invoice is a row of invoices. Amounts are canonical numbers in its currency.
type Invoice struct {
	ID          uuid.UUID  `db:"id" json:"id"`
	Client      uuid.UUID  `db:"client" json:"client"`
	Contract    uuid.UUID  `db:"contract" json:"contract"`
	Month       string     `db:"month" json:"month" doc:"The billing period."`
	Issuer      string     `db:"issuer" json:"issuer" doc:"Its key."`
	Reference   string     `db:"reference" json:"reference" doc:"Of the contract, as the invoice says it."`
	Currency    string     `db:"currency" json:"currency"`
	Zone        string     `db:"zone" json:"zone" doc:"Of the issuer, in which days end."`
	State       string     `db:"state" json:"state" enum:"draft,pending_approval,approved,discarded,issuing,issued"`
	TwoPeople   bool       `db:"two_people" json:"two_people" doc:"Somebody else than who prepared it must approve it."`
	BeyondOrder string     `db:"beyond_order" json:"beyond_order,omitempty" doc:"Why it goes beyond the purchase order."`
	Prefix      string     `db:"prefix" json:"prefix"`
	Chunks      int        `db:"chunks" json:"-"`
	ChunksAdded int        `db:"chunks_added" json:"-"`
	AskedDate   string     `db:"asked_date" json:"asked_date,omitempty"`
	Series      string     `db:"series" json:"series,omitempty"`
	Number      string     `db:"number" json:"number,omitempty"`
	Date        string     `db:"date" json:"date,omitempty"`
	Due         string     `db:"due" json:"due,omitempty"`
	Net         string     `db:"net" json:"net" doc:"Of a draft, what it would come to now."`
	Tax         string     `db:"tax" json:"tax"`
	Payable     string     `db:"payable" json:"payable"`
	Deducted    string     `db:"deducted" json:"deducted" doc:"For missed promises, before tax; zero or less."`
	Paid        string     `db:"paid" json:"paid"`
	Credited    string     `db:"credited" json:"credited" doc:"Of what was outstanding, from the moment a credit note is asked for."`
	WrittenOff  string     `db:"written_off" json:"written_off"`
	Closed      string     `db:"closed" json:"closed,omitempty" doc:"The day when it was written off."`
	Outstanding string     `db:"outstanding" json:"outstanding"`
	ReportedIn  string     `db:"reported_in" json:"reported_in,omitempty" doc:"The currency of reports that it is converted to, for reports alone; absent where no rate was recorded."`
	Rate        string     `db:"rate" json:"exchange_rate,omitempty" doc:"What one unit of its currency was worth then, as recorded when it was issued."`
	RateDay     string     `db:"rate_day" json:"rate_day,omitempty" doc:"The day of the rate."`
	RateSource  string     `db:"rate_source" json:"rate_source,omitempty" doc:"Who published the rate."`
	Credits     string     `db:"credits" json:"-"`   // a JSON list of InvoiceCredit
	Remaining   string     `db:"remaining" json:"-"` // a JSON list of bill.CreditedLine: what can still be credited
	Voided      string     `db:"voided" json:"voided,omitempty" doc:"The credit note that took all of it back."`
	LastPaid    string     `db:"last_paid" json:"last_paid,omitempty" doc:"The day of the newest payment, taken back or not."`
	Reminded    int        `db:"reminded" json:"reminded" doc:"The newest step of the reminder ladder."`
	Layout      int        `db:"layout" json:"layout" doc:"Of the printed form; 0 until there is one."`
	PrintSHA256 string     `db:"print_sha256" json:"print_sha256,omitempty" doc:"Of the PDF."`
	PrintSize   int64      `db:"print_size" json:"print_size" doc:"Of the PDF, in bytes."`
	XMLSHA256   string     `db:"xml_sha256" json:"xml_sha256,omitempty" doc:"Of the XML; absent where it was not recorded."`
	CSVSHA256   string     `db:"csv_sha256" json:"csv_sha256,omitempty" doc:"Of the CSV; absent where it was not recorded."`
	DraftedBy   *uuid.UUID `db:"drafted_by" json:"drafted_by,omitempty"`
	DraftedAt   time.Time  `db:"drafted_at" json:"drafted_at"`
	SubmittedBy *uuid.UUID `db:"submitted_by" json:"submitted_by,omitempty"`
	SubmittedAt *time.Time `db:"submitted_at" json:"submitted_at,omitempty"`
	ApprovedBy  *uuid.UUID `db:"approved_by" json:"approved_by,omitempty"`
	ApprovedAt  *time.Time `db:"approved_at" json:"approved_at,omitempty"`
	IssuedBy    *uuid.UUID `db:"issued_by" json:"issued_by,omitempty"`
	IssuedAt    *time.Time `db:"issued_at" json:"issued_at,omitempty"`
	StateAt     time.Time  `db:"state_at" json:"state_at"`
	Revision    int64      `db:"revision" json:"revision"`
}

// InvoiceCredit is what a credit note takes of an invoice.
type InvoiceCredit struct {
	CreditNote uuid.UUID           `json:"credit_note"`
	Number     string              `json:"number,omitzero"` // empty until it is issued
	Lines      []bill.CreditedLine `json:"lines"`
	Total      string              `json:"total"`
	Offset     string              `json:"offset"` // of what was outstanding; the rest was paid and is the client's
	Code       string              `json:"code"`
	Reason     string              `json:"reason"` // as it is printed
	Note       string              `json:"note,omitzero"`
	Effect     string              `json:"effect"` // on what was paid
	Rebill     bool                `json:"rebill,omitzero"`
	Date       string              `json:"date"`
	By         *uuid.UUID          `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// InvoiceLine is an invoice with what it is called on a day of its issuer's zone.
type InvoiceLine struct {
	Invoice
	ClientName  string `db:"client_name" json:"client_name"`
	Label       string `db:"-" json:"label"`
	Overdue     bool   `db:"overdue" json:"overdue"`
	DaysOverdue int    `db:"days_overdue" json:"days_overdue" doc:"0 unless it is overdue."`
	Disputed    string `db:"disputed" json:"disputed" doc:"Before tax: what the client objects to, less what was credited since. Nothing of a line whose objection was rejected before."`
	Problem     string `db:"problem" json:"problem,omitempty" doc:"Why a draft has no amounts."`
	Today       string `db:"today" json:"-"`
}

// labelled fills in what the invoice's state is called.
func (l InvoiceLine) labelled() InvoiceLine {
	if l.Label = "Discarded"; l.State != InvoiceDiscarded {
		l.Label = visible.Label(visible.InvoiceFacts{
			Issued: l.State == InvoiceIssued, Due: l.Due, Left: l.Outstanding, Paid: l.Paid, WrittenOff: l.WrittenOff, Voided: l.Voided,
		}, visible.ForStaff, l.Today)
	}
	return l
}

// Given lists what credit notes take of the invoice, in the order in which they were asked for.
func (i Invoice) Given() ([]InvoiceCredit, error) {
	credits := []InvoiceCredit{}
	if i.Credits == "" {
		return credits, nil
	}
	if err := json.Unmarshal([]byte(i.Credits), &credits); err != nil {
		return nil, fmt.Errorf("decode credits of invoice %s: %w", i.ID, err)
	}
	return credits, nil
}

// Left lists what of the lines can still be credited.
func (i Invoice) Left() ([]bill.CreditedLine, error) {
	left := []bill.CreditedLine{}
	if i.Remaining == "" {
		return left, nil
	}
	if err := json.Unmarshal([]byte(i.Remaining), &left); err != nil {
		return nil, fmt.Errorf("decode what remains of invoice %s: %w", i.ID, err)
	}
	return left, nil
}

// maxFollowing bounds the payments and credit notes that are listed with an invoice, each; it takes no more of either.
const maxFollowing = 500

// owed says of an invoice i that something of it is to be paid.
const owed = `(i.state = 'issued' AND i.outstanding::numeric > 0)`

// invoiceLines is the query of invoices at the instant $1. A draft has the amounts of its content.
const invoiceLines = `
	SELECT i.id, i.client, i.contract, i.month, i.issuer, i.reference, i.currency, i.zone, i.state, i.two_people, i.beyond_order,
		i.prefix, i.chunks, i.chunks_added, i.asked_date, i.series, i.number, i.date, i.due, coalesce(w.net, i.net) AS net,
		coalesce(w.tax, i.tax) AS tax, coalesce(w.payable, i.payable) AS payable, i.deducted, i.paid, i.credited, i.written_off,
		i.closed, i.outstanding, i.reported_in, i.rate, i.rate_day, i.rate_source, i.credits, i.remaining, i.voided,
		i.last_paid, i.reminded, i.layout, i.print_sha256, i.print_size, i.xml_sha256, i.csv_sha256,
		i.drafted_by, i.drafted_at, i.submitted_by, i.submitted_at, i.approved_by, i.approved_at, i.issued_by, i.issued_at,
		i.state_at, i.revision, coalesce(c.name, '') AS client_name, coalesce(w.problem, '') AS problem, d.today,
		` + overdue + ` AS overdue, CASE WHEN ` + overdue + ` THEN d.today::date - i.due::date ELSE 0 END AS days_overdue,
		coalesce((SELECT trim_scale(sum(` + heldBack + `))::text FROM ` + disputesOf + `), '0') AS disputed
	FROM invoices AS i
	CROSS JOIN LATERAL (SELECT ($1::timestamptz AT TIME ZONE i.zone)::date::text COLLATE "C" AS today) AS d
	LEFT JOIN invoice_drafts AS w ON w.id = i.id
	LEFT JOIN clients AS c ON c.id = i.client`

// An objection o holds back what of its amount no credit has taken since, at most what is left of the line, unless an
// objection to the line was rejected before: as the invoice decides it.
const (
	heldBack   = `greatest(0, least(o.amount::numeric - g.since, r.net))`
	disputesOf = `disputes AS o
		CROSS JOIN LATERAL (
			SELECT coalesce(sum((l ->> 'net')::numeric), 0) AS since
			FROM jsonb_array_elements(nullif(i.credits, '')::jsonb) AS k, jsonb_array_elements(k -> 'lines') AS l
			WHERE (l ->> 'line')::uuid = o.line AND (k ->> 'at')::timestamptz >= o.raised_at
		) AS g
		CROSS JOIN LATERAL (
			SELECT coalesce(max((l ->> 'net')::numeric), 0) AS net
			FROM jsonb_array_elements(nullif(i.remaining, '')::jsonb) AS l WHERE (l ->> 'line')::uuid = o.line
		) AS r
		WHERE o.invoice = i.id AND o.state IN ('open', 'under_review')
			AND NOT EXISTS (SELECT FROM disputes AS b WHERE b.invoice = o.invoice AND b.line = o.line AND b.state = 'rejected')`
)

const overdue = `(` + owed + ` AND d.today > i.due)`

// InvoiceFilter narrows the list of invoices; the zero value of a field narrows nothing.
type InvoiceFilter struct {
	States   []string
	Client   uuid.UUID
	Contract uuid.UUID
	Month    string
	Overdue  bool
	// Unanswered are those with an objection that nobody answered by the day that was promised.
	Unanswered bool
	Open       bool   // issued, and something is to be paid
	Number     string // however it is typed (X4)
	After      InvoiceCursor
	Limit      int // at most MaxLimit, which zero stands for
}

// InvoiceCursor is the last invoice of a page; the zero cursor is before all.
type InvoiceCursor struct{ ID uuid.UUID }

// IsZero reports whether it is before all invoices.
func (c InvoiceCursor) IsZero() bool { return c.ID == uuid.Nil }

// where gives the condition of the filter and the arguments in their order, the first of which is the instant.
func (f InvoiceFilter) where(now time.Time) (string, []any) {
	conditions, arguments := []string{"true"}, []any{now}
	and := func(condition string, value any) {
		arguments = append(arguments, value)
		conditions = append(conditions, fmt.Sprintf(condition, len(arguments)))
	}
	if len(f.States) > 0 {
		and("i.state = ANY ($%d::text[])", f.States)
	}
	if f.Client != uuid.Nil {
		and("i.client = $%d", f.Client)
	}
	if f.Contract != uuid.Nil {
		and("i.contract = $%d", f.Contract)
	}
	if f.Month != "" {
		and("i.month = $%d", f.Month)
	}
	if f.Number != "" {
		and(documentNumber, documentForms(f.Number))
	}
	if f.Overdue {
		conditions = append(conditions, overdue)
	}
	if f.Unanswered {
		conditions = append(conditions, `EXISTS (SELECT FROM disputes AS d WHERE d.invoice = i.id AND `+late+`)`)
	}
	if f.Open {
		conditions = append(conditions, owed)
	}
	return " WHERE " + strings.Join(conditions, " AND "), arguments
}

// Invoices gives invoices with drafts, the newest first, as they stand at an instant, and the cursor of the next page,
// which is zero after the last one.
func Invoices(ctx context.Context, db Queryer, filter InvoiceFilter, now time.Time) ([]InvoiceLine, InvoiceCursor, error) {
	limit := bounded(filter.Limit)
	where, arguments := filter.where(now)
	if !filter.After.IsZero() {
		arguments = append(arguments, filter.After.ID)
		where += fmt.Sprintf(" AND (i.drafted_at, i.id) < (SELECT drafted_at, id FROM invoices WHERE id = $%d)", len(arguments))
	}
	arguments = append(arguments, limit+1)
	invoices, err := list[InvoiceLine](ctx, db,
		fmt.Sprintf("%s%s ORDER BY i.drafted_at DESC, i.id DESC LIMIT $%d", invoiceLines, where, len(arguments)), arguments...)
	if err != nil {
		return nil, InvoiceCursor{}, fmt.Errorf("list invoices: %w", err)
	}
	var next InvoiceCursor
	if len(invoices) > limit {
		invoices = invoices[:limit]
		next.ID = invoices[limit-1].ID
	}
	for i := range invoices {
		invoices[i] = invoices[i].labelled()
	}
	return invoices, next, nil
}

// OpenInvoices gives the invoices of a client that something is to be paid of at an instant, the longest due first, at
// most limit, and whether there are more. An empty currency stands for all.
func OpenInvoices(ctx context.Context, db Queryer, client uuid.UUID, currency string, now time.Time, limit int) ([]InvoiceLine, bool, error) {
	limit = bounded(limit)
	found, err := list[InvoiceLine](ctx, db, invoiceLines+`
		WHERE `+owed+` AND i.client = $2 AND ($3 = '' OR i.currency = $3) ORDER BY i.due, i.number, i.id LIMIT $4`, now, client, currency, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list open invoices of client %s: %w", client, err)
	}
	for i := range found {
		found[i] = found[i].labelled()
	}
	return found[:min(len(found), limit)], len(found) > limit, nil
}

// InvoiceSum is what the invoices in one state come to, in one currency.
type InvoiceSum struct {
	State       string `db:"state" json:"state"`
	Currency    string `db:"currency" json:"currency"`
	Invoices    int    `db:"invoices" json:"invoices"`
	Net         string `db:"net" json:"net"`
	Payable     string `db:"payable" json:"payable"`
	Outstanding string `db:"outstanding" json:"outstanding"`
	Overdue     string `db:"overdue" json:"overdue"`
}

// InvoiceSums adds up all invoices that a filter lets through, by state and currency.
func InvoiceSums(ctx context.Context, db Queryer, filter InvoiceFilter, now time.Time) ([]InvoiceSum, error) {
	where, arguments := filter.where(now)
	sums, err := list[InvoiceSum](ctx, db, fmt.Sprintf(`
		SELECT state, currency, count(*) AS invoices, `+total("net", "true")+` AS net, `+total("payable", "true")+` AS payable,
			`+total("outstanding", "true")+` AS outstanding, `+total("outstanding", "overdue")+` AS overdue
		FROM (%s%s) AS l GROUP BY state, currency ORDER BY state, currency LIMIT %d`, invoiceLines, where, MaxLimit), arguments...)
	if err != nil {
		return nil, fmt.Errorf("add up invoices: %w", err)
	}
	return sums, nil
}

// total is the sum of a column of canonical numbers, where the condition holds, as a canonical number. An empty text
// counts as nothing.
func total(column, condition string) string {
	return `trim_scale(coalesce(sum(nullif(` + column + `, '')::numeric) FILTER (WHERE ` + condition + `), 0))::text`
}

// InvoiceByID gives one invoice as it stands at an instant; domain.ErrNotFound when there is none.
func InvoiceByID(ctx context.Context, db Queryer, id uuid.UUID, now time.Time) (InvoiceLine, error) {
	invoice, err := one[InvoiceLine](ctx, db, invoiceLines+` WHERE i.id = $2`, now, id)
	return invoice.labelled(), notFound(err, "no_such_invoice", "invoice", id)
}

// InvoiceByNumber gives the issued invoice with a number, written as it is printed; domain.ErrNotFound when there is
// none, or when several issuers gave it.
func InvoiceByNumber(ctx context.Context, db Queryer, number string, now time.Time) (InvoiceLine, error) {
	found, err := list[InvoiceLine](ctx, db, invoiceLines+` WHERE i.number = $2 LIMIT 2`, now, number)
	if err != nil {
		return InvoiceLine{}, fmt.Errorf("read invoice %s: %w", number, err)
	}
	if number == "" || len(found) != 1 {
		return InvoiceLine{}, domain.Refuse(domain.ErrNotFound, "no_such_invoice", "no invoice, or more than one, has the number %s", number)
	}
	return found[0].labelled(), nil
}

// IssuedDocument is what was issued. Canonical is the document to the byte what SHA256 is of.
type IssuedDocument struct {
	Document  bill.Document `json:"document"`
	SHA256    string        `json:"sha256"`
	Canonical string        `json:"-"`
}

// DocumentRow is a row of invoice_documents or credit_note_documents. It never changes.
type DocumentRow struct {
	ID       uuid.UUID `db:"id"`
	Number   string    `db:"number"`
	Document string    `db:"document"`
	SHA256   string    `db:"sha256"`
}

func (r DocumentRow) issued() (IssuedDocument, error) {
	issued := IssuedDocument{SHA256: r.SHA256, Canonical: r.Document}
	if err := json.Unmarshal([]byte(r.Document), &issued.Document); err != nil {
		return IssuedDocument{}, fmt.Errorf("decode document %s: %w", r.Number, err)
	}
	return issued, nil
}

// DocumentOfInvoice gives what was issued; domain.ErrNotFound before that.
func DocumentOfInvoice(ctx context.Context, db Queryer, invoice uuid.UUID) (IssuedDocument, error) {
	row, err := one[DocumentRow](ctx, db, `SELECT id, number, document, sha256 FROM invoice_documents WHERE id = $1`, invoice)
	if err != nil {
		return IssuedDocument{}, notFound(err, "not_issued", "document of invoice", invoice)
	}
	return row.issued()
}

// DraftRow is a row of invoice_drafts.
type DraftRow struct {
	ID       uuid.UUID `db:"id"`
	Content  string    `db:"content"` // bill.Content as JSON
	Net      string    `db:"net"`
	Tax      string    `db:"tax"`
	Payable  string    `db:"payable"`
	Problem  string    `db:"problem"` // why it has no amounts; empty when it has
	Revision int64     `db:"revision"`
}

// DraftOfInvoice gives what a draft will say; domain.ErrNotFound once it is issued.
func DraftOfInvoice(ctx context.Context, db Queryer, invoice uuid.UUID) (bill.Content, error) {
	row, err := one[DraftRow](ctx, db, `SELECT id, content, net, tax, payable, problem, revision FROM invoice_drafts WHERE id = $1`, invoice)
	if err != nil {
		return bill.Content{}, notFound(err, "no_such_draft", "draft of invoice", invoice)
	}
	var content bill.Content
	if err := json.Unmarshal([]byte(row.Content), &content); err != nil {
		return bill.Content{}, fmt.Errorf("decode draft %s: %w", invoice, err)
	}
	return content, nil
}

// EntryRow is a row of invoice_entries: what explains a part of a line. It never changes. TimeRecord and Person are
// uuid.Nil for what is no time.
type EntryRow struct {
	ID         uuid.UUID `db:"id"`
	Invoice    uuid.UUID `db:"invoice"`
	Line       uuid.UUID `db:"line"`
	Chunk      int       `db:"chunk"`
	Position   int       `db:"position"`
	Entry      string    `db:"entry"` // bill.Entry as JSON, with what no client sees
	TimeRecord uuid.UUID `db:"time_record"`
	Person     uuid.UUID `db:"person"`
}

func (r EntryRow) entry() (entry bill.Entry, err error) {
	if err := json.Unmarshal([]byte(r.Entry), &entry); err != nil {
		return entry, fmt.Errorf("decode entry %s of invoice %s: %w", r.ID, r.Invoice, err)
	}
	return entry, nil
}

// EntriesOfInvoice gives what explains the lines of an invoice or draft, in order, with what no client sees.
func EntriesOfInvoice(ctx context.Context, db Queryer, invoice uuid.UUID) ([]bill.Entry, error) {
	rows, err := list[EntryRow](ctx, db, `
		SELECT id, invoice, line, chunk, position, entry, time_record, person
		FROM invoice_entries WHERE invoice = $1 ORDER BY chunk, position LIMIT $2`, invoice, bill.MaxEntries)
	if err != nil {
		return nil, fmt.Errorf("list entries of invoice %s: %w", invoice, err)
	}
	entries := make([]bill.Entry, len(rows))
	for i, row := range rows {
		if entries[i], err = row.entry(); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// ChargedTime is where a time record is charged.
type ChargedTime struct {
	Invoice uuid.UUID  `json:"invoice"`
	Number  string     `json:"number" doc:"Empty while it is a draft."`
	State   string     `json:"state"`
	Entry   bill.Entry `json:"entry"`
}

// ChargesOfTime gives the way from a time record to the lines that charge it or take it back, at most MaxLimit (A48).
// Drafts that were discarded charge nothing.
func ChargesOfTime(ctx context.Context, db Queryer, record uuid.UUID) ([]ChargedTime, error) {
	type row struct {
		EntryRow
		Number string `db:"number"`
		State  string `db:"state"`
	}
	rows, err := list[row](ctx, db, `
		SELECT e.id, e.invoice, e.line, e.chunk, e.position, e.entry, e.time_record, e.person, i.number, i.state
		FROM invoice_entries AS e JOIN invoices AS i ON i.id = e.invoice
		WHERE e.time_record = $1 AND i.state <> 'discarded' ORDER BY i.drafted_at, e.chunk, e.position LIMIT $2`, record, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list charges of time record %s: %w", record, err)
	}
	charges := make([]ChargedTime, len(rows))
	for i, row := range rows {
		charges[i] = ChargedTime{Invoice: row.Invoice, Number: row.Number, State: row.State}
		if charges[i].Entry, err = row.entry(); err != nil {
			return nil, err
		}
	}
	return charges, nil
}

// InvoiceStep is a row of invoice_steps: one event of an invoice.
type InvoiceStep struct {
	ID         uuid.UUID  `db:"id" json:"id"`
	Invoice    uuid.UUID  `db:"invoice" json:"invoice"`
	Revision   int64      `db:"revision" json:"revision"`
	What       string     `db:"what" json:"what" doc:"The event's name: \"line_added\"."`
	Note       string     `db:"note" json:"note,omitempty"`
	Amount     string     `db:"amount" json:"amount,omitempty"`
	Item       uuid.UUID  `db:"item" json:"item" doc:"The line, payment, credit note or dispute that it is about; else the invoice."`
	Actor      *uuid.UUID `db:"actor" json:"actor,omitempty"`
	HappenedAt time.Time  `db:"happened_at" json:"happened_at"`
}

// InvoiceSteps gives what happened to an invoice, the newest first, at most limit.
func InvoiceSteps(ctx context.Context, db Queryer, invoice uuid.UUID, limit int) ([]InvoiceStep, error) {
	steps, err := list[InvoiceStep](ctx, db, `
		SELECT id, invoice, revision, what, note, amount, item, actor, happened_at
		FROM invoice_steps WHERE invoice = $1 ORDER BY revision DESC LIMIT $2`, invoice, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("list steps of invoice %s: %w", invoice, err)
	}
	return steps, nil
}

// documentNumber compares the number of an invoice i with the forms that a person may have typed.
const documentNumber = `EXISTS (SELECT FROM regexp_match(lower(i.number), '^(.*)-(\d+)-0*(\d+)$') AS p (of)
	CROSS JOIN LATERAL (SELECT translate(p.of[1], '- ', '') AS prefix) AS w
	WHERE i.number <> '' AND ARRAY[lower(i.number), w.prefix || p.of[2] || p.of[3], p.of[2] || p.of[3], w.prefix || p.of[3], p.of[3]] && $%d::text[])`

var (
	separators = strings.NewReplacer("-", "", "–", "", "—", "", "_", "", "/", "", ".", "", " ", "", "\t", "")
	wholeForm  = regexp.MustCompile(`^(\D*\d{4})0*(\d+)$`) // prefix, year and number
	shortForm  = regexp.MustCompile(`^(\D*?)0*(\d+)$`)     // the year left out, and maybe the prefix
)

// documentForms gives the forms that a document's number may have when people type it: case, dashes, spaces and leading
// zeros do not matter, and prefix and year may be left out (X4).
func documentForms(text string) []string {
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
