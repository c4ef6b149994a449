package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	invoices "effigate/domain/invoice" // invoice is a word of this package
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type listInvoicesInput struct {
	Reading
	Page
	State    []string `query:"state" enum:"draft,pending_approval,approved,discarded,issuing,issued" maxItems:"6"`
	Client   string   `query:"client" maxLength:"36" doc:"Those of this client alone."`
	Contract string   `query:"contract" maxLength:"36" doc:"Those of this contract alone."`
	Month    string   `query:"month" maxLength:"7" example:"2026-03"`
	Number   string   `query:"number" maxLength:"64" doc:"However it is typed: 41 and inv-41 find INV-2026-0041."`
	Overdue  bool     `query:"overdue"`
	Open     bool     `query:"open" doc:"Issued, and something is to be paid."`
}

type invoicesBody struct {
	Fresh
	Items []rows.InvoiceLine `json:"items" nullable:"false" doc:"With drafts, the newest first."`
	Sums  []rows.InvoiceSum  `json:"sums" nullable:"false" doc:"Of all that the filter lets through, by state and currency."`
	Next  string             `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type invoiceInput struct {
	Reading
	ID string `path:"id" doc:"The invoice's id, a UUID."`
}

// documentLine is a line of a document; a contract has lines of another kind.
type documentLine struct{ bill.Line }

// documentBody is what an invoice or credit note says, or would say.
type documentBody struct {
	bill.Document

	Lines []documentLine `json:"lines" nullable:"false" doc:"In the order in which they are printed."`
	Taxes []bill.Tax     `json:"taxes" nullable:"false"`
}

func documentOf(d bill.Document) documentBody {
	body := documentBody{Document: d, Lines: []documentLine{}, Taxes: append([]bill.Tax{}, d.Taxes...)}
	for _, line := range d.Lines {
		body.Lines = append(body.Lines, documentLine{line})
	}
	return body
}

// invoiceBody is an invoice with all that explains it.
type invoiceBody struct {
	Fresh
	rows.InvoiceLine
	Document    *documentBody        `json:"document,omitempty" doc:"Of a draft, as it would be issued today, without a number. Absent when it cannot become one, or was discarded."`
	Inclusive   bool                 `json:"-"` // a draft's prices are with tax
	SHA256      string               `json:"sha256,omitempty" doc:"Of the issued document in its canonical form, in hex."`
	Digest      string               `json:"digest,omitempty" doc:"Of a draft: what an approval is bound to."`
	Entries     []bill.Entry         `json:"entries" nullable:"false" doc:"What explains the lines, with what no client sees."`
	Credits     []rows.InvoiceCredit `json:"credits" nullable:"false" doc:"What credit notes take of it."`
	CreditNotes []rows.CreditNote    `json:"credit_notes" nullable:"false"`
	Remaining   []bill.CreditedLine  `json:"remaining" nullable:"false" doc:"What of its lines can still be credited."`
	Payments    []rows.Allocation    `json:"payments" nullable:"false" doc:"What it takes of payments, the oldest first."`
	Disputes    []rows.DisputeLine   `json:"disputes" nullable:"false" doc:"The oldest first."`
	Steps       []rows.InvoiceStep   `json:"steps" nullable:"false" doc:"What happened to it, the newest first."`
	People      map[string]string    `json:"people" doc:"The names of the people in here, by id."`
	Parked      *rows.Parked         `json:"parked,omitempty" doc:"There when an event of it could not be applied: what is shown ends before it."`
}

func (b invoiceBody) revision() int64 { return b.Revision }

type draftInvoiceBody struct {
	Contract    uuid.UUID `json:"contract" format:"uuid"`
	Month       string    `json:"month" minLength:"7" maxLength:"7" example:"2026-03"`
	BeyondOrder string    `json:"beyond_order,omitempty" maxLength:"500" doc:"Why it may go beyond the limit of the purchase order."`
}

func (b draftInvoiceBody) command() commands.DraftInvoice {
	return commands.DraftInvoice{Contract: domain.ContractID{UUID: b.Contract}, Month: calendar.Month(b.Month), BeyondOrder: b.BeyondOrder}
}

// exceptionBody is what keeps a draft from being made, or what a person should know before it is.
type exceptionBody struct {
	Code   string `json:"code" example:"time_pending"`
	Text   string `json:"text"`
	Blocks bool   `json:"blocks"`
}

// invoicePreviewBody is what the draft of a contract's month would be.
type invoicePreviewBody struct {
	Contract   uuid.UUID       `json:"contract"`
	Reference  string          `json:"reference"`
	Client     uuid.UUID       `json:"client"`
	Month      string          `json:"month"`
	Document   *documentBody   `json:"document,omitempty" doc:"Without a number; absent when there is nothing to charge, or it cannot be made."`
	Entries    []bill.Entry    `json:"entries" nullable:"false" doc:"What explains the lines, with what no client sees."`
	Exceptions []exceptionBody `json:"exceptions" nullable:"false"`
}

func (b invoicePreviewBody) blocked() bool {
	return slices.ContainsFunc(b.Exceptions, func(e exceptionBody) bool { return e.Blocks })
}

type addLineBody struct {
	Text        string `json:"text" minLength:"1" maxLength:"500" doc:"As the client will read it."`
	Count       string `json:"count,omitempty" maxLength:"20" doc:"How many; 1 when absent."`
	UnitPrice   string `json:"unit_price" minLength:"1" maxLength:"40" example:"-120.00" doc:"Before tax; with it where the invoice's prices are with tax. Below zero takes off."`
	TaxCategory string `json:"tax_category,omitempty" maxLength:"64"`
	Reason      string `json:"reason" minLength:"1" maxLength:"500" doc:"For colleagues."`
}

type rewordBody struct {
	Text string `json:"text" minLength:"1" maxLength:"500"`
}

type approveInvoiceBody struct {
	Shown string `json:"shown" minLength:"64" maxLength:"64" doc:"The digest of the draft that was read."`
}

type sayWhyBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Only staff read it."`
}

type discardInvoiceBody struct {
	Reason   string    `json:"reason" minLength:"1" maxLength:"500" doc:"Only staff read it."`
	Contract uuid.UUID `json:"contract,omitzero" doc:"Of a month that is reserved for the invoice without a draft: the contract."`
	Month    string    `json:"month,omitempty" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"And the month, 2026-02."`
}

type issueBody struct {
	Date string `json:"date,omitempty" format:"date" doc:"Today in the issuer's zone when absent. It is never before that of the invoice that has the number before."`
}

// lineEdit is the input of a change to one line of a draft.
type lineEdit[B any] struct {
	Edit
	Line string `path:"line" doc:"The line's id, a UUID."`
	Body B
}

func (c *Console) registerInvoices() {
	get(c, "list-invoices", "/invoices", "Invoices with drafts, and what they come to", access.ReadInvoices, c.listInvoices)
	get(c, "read-invoice", "/invoices/{id}", "One invoice or draft with all that explains it", access.ReadInvoices, c.readInvoice)
	c.registerDocuments()
	writing(c, access.DraftInvoices, post("draft-invoice", "/invoices", "Draft the invoice of a contract's month", http.StatusCreated),
		func(ctx context.Context, r commands.Request, asked draftInvoiceBody) (commands.Answer, error) {
			return c.commands.DraftInvoice(ctx, r, asked.command())
		})
	web.Register(c.API, access.DraftInvoices, post("preview-invoice", "/invoices/preview", "What the draft of a contract's month would be; nothing is written", http.StatusOK), c.previewOne)
	c.registerRun()
	c.registerLines()
	c.registerInvoiceActs()
	editing(c, access.IssueInvoices, post("credit-invoice", "/invoices/{id}/credit", "Issue a credit note for lines of an issued invoice", http.StatusCreated), c.creditInvoice)
}

// registerLines adds what changes the lines of a draft.
func (c *Console) registerLines() {
	editing(c, access.DraftInvoices, post("add-invoice-line", "/invoices/{id}/lines", "Add a line to a draft: a discount, a surcharge", http.StatusCreated),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked addLineBody) (commands.Answer, error) {
			line, err := asked.line()
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.AdjustInvoice(ctx, r, commands.AdjustInvoice{Invoice: domain.InvoiceID{UUID: id}, Add: line})
		})
	remove := post("remove-invoice-line", "/invoices/{id}/lines/{line}", "Take a line off a draft that was added by hand", http.StatusOK)
	remove.Method = http.MethodDelete
	editingLine(c, remove, func(line uuid.UUID, _ *nothing) commands.AdjustInvoice { return commands.AdjustInvoice{Remove: line} })
	editingLine(c, post("reword-invoice-line", "/invoices/{id}/lines/{line}/reword", "Give a line of a draft another text", http.StatusOK),
		func(line uuid.UUID, asked rewordBody) commands.AdjustInvoice {
			return commands.AdjustInvoice{Reword: &commands.Reworded{Line: line, Text: asked.Text}}
		})
}

// editingLine registers a change to one line of a draft.
func editingLine[B any](c *Console, operation huma.Operation, adjust func(uuid.UUID, B) commands.AdjustInvoice) {
	web.Register(c.API, access.DraftInvoices, operation, func(ctx context.Context, actor domain.Actor, in *lineEdit[B]) (*written, error) {
		line, err := web.ID(in.Line)
		if err != nil {
			return nil, err
		}
		path := operation.Method + " " + strings.Replace(operation.Path, "{line}", in.Line, 1)
		id, request, err := c.edit(actor, in.Edit, path, in.Body)
		if err != nil {
			return nil, err
		}
		asked := adjust(line, in.Body)
		asked.Invoice = domain.InvoiceID{UUID: id}
		return answer(c.commands.AdjustInvoice(ctx, request, asked))
	})
}

// registerInvoiceActs adds what leads a draft to its issue, and gives up what is outstanding.
func (c *Console) registerInvoiceActs() {
	type run = func(context.Context, commands.Request, commands.OnInvoice) (commands.Answer, error)
	on := func(id uuid.UUID) commands.OnInvoice { return commands.OnInvoice{Invoice: domain.InvoiceID{UUID: id}} }
	path := func(act string) string { return "/invoices/{id}/" + act }
	editing(c, access.DraftInvoices, post("submit-invoice", path("submit"), "Ask for the approval of a draft", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, _ *nothing) (commands.Answer, error) {
			return c.commands.SubmitInvoice(ctx, r, on(id))
		})
	editing(c, access.ApproveInvoices, post("approve-invoice", path("approve"), "Allow a draft to be issued as it was read", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked approveInvoiceBody) (commands.Answer, error) {
			return c.commands.ApproveInvoice(ctx, r, commands.OnInvoice{Invoice: domain.InvoiceID{UUID: id}, Shown: asked.Shown})
		})
	editing(c, access.IssueInvoices, post("issue-invoice", path("issue"), "Issue an approved invoice; this cannot be undone", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked *issueBody) (commands.Answer, error) {
			what := on(id)
			if asked != nil {
				what.Date = calendar.Date(asked.Date)
			}
			return c.commands.IssueInvoice(ctx, r, what)
		})
	for _, act := range []struct {
		name, summary string
		needed        access.Permission
		run           run
	}{
		{"return", "Make an invoice a draft again", access.ApproveInvoices, c.commands.ReturnInvoice},
		{"write-off", "Give up what is outstanding", access.ReceivePayments, c.commands.WriteOffInvoice},
	} {
		editing(c, act.needed, post(act.name+"-invoice", path(act.name), act.summary, http.StatusOK),
			func(ctx context.Context, r commands.Request, id uuid.UUID, asked sayWhyBody) (commands.Answer, error) {
				return act.run(ctx, r, commands.OnInvoice{Invoice: domain.InvoiceID{UUID: id}, Reason: asked.Reason})
			})
	}
	editing(c, access.DraftInvoices, post("discard-invoice", path("discard"), "Give a draft up, and free what it charges", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked discardInvoiceBody) (commands.Answer, error) {
			return c.commands.DiscardInvoice(ctx, r, commands.OnInvoice{
				Invoice: domain.InvoiceID{UUID: id}, Reason: asked.Reason, Contract: domain.ContractID{UUID: asked.Contract}, Month: calendar.Month(asked.Month),
			})
		})
}

// line reads a line that somebody adds.
func (b addLineBody) line() (*commands.ManualLine, error) {
	count, wrong := amountOf(b.Count)
	price, wrong2 := amountOf(b.UnitPrice)
	if b.Count == "" {
		count = decimal.NewFromInt(1)
	}
	var check domain.Check
	check.That(wrong == nil, "count", "must be a number, such as 1 or 2.5")
	check.That(wrong2 == nil && b.UnitPrice != "", "unit_price", "must be an amount, such as -120.00")
	return &commands.ManualLine{
		Text: strings.TrimSpace(b.Text), Count: count, UnitPrice: price, TaxCategory: strings.TrimSpace(b.TaxCategory), Reason: strings.TrimSpace(b.Reason),
	}, check.Err()
}

func (in *listInvoicesInput) filter() (f rows.InvoiceFilter, err error) {
	f = rows.InvoiceFilter{States: in.State, Month: in.Month, Number: in.Number, Overdue: in.Overdue, Open: in.Open, Limit: in.Limit}
	if f.Client, err = optionalID(in.Client, "client"); err != nil {
		return f, err
	}
	if f.Contract, err = optionalID(in.Contract, "contract"); err != nil {
		return f, err
	}
	f.After.ID, err = optionalID(in.Cursor, "cursor")
	return f, err
}

func (c *Console) listInvoices(ctx context.Context, tx pgx.Tx, _ reader, in *listInvoicesInput) (b invoicesBody, err error) {
	filter, err := in.filter()
	if err != nil {
		return b, err
	}
	var next rows.InvoiceCursor
	if b.Items, next, err = rows.Invoices(ctx, tx, filter, c.now()); err != nil {
		return b, err
	}
	b.Next = idOf(next.ID)
	b.Sums, err = rows.InvoiceSums(ctx, tx, filter, c.now())
	return b, err
}

func (c *Console) readInvoice(ctx context.Context, tx pgx.Tx, _ reader, in *invoiceInput) (b invoiceBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	return c.invoiceInFull(ctx, tx, id)
}

// invoiceInFull is an invoice with all that explains it.
func (c *Console) invoiceInFull(ctx context.Context, tx pgx.Tx, id uuid.UUID) (b invoiceBody, err error) {
	if b.InvoiceLine, err = rows.InvoiceByID(ctx, tx, id, c.now()); err != nil {
		return b, err
	}
	if err := c.sayDocument(ctx, tx, &b); err != nil {
		return b, err
	}
	if b.Entries, err = rows.EntriesOfInvoice(ctx, tx, id); err != nil {
		return b, err
	}
	if b.Credits, err = b.Given(); err != nil {
		return b, err
	}
	if b.Remaining, err = b.Left(); err != nil {
		return b, err
	}
	if b.CreditNotes, err = rows.CreditNotesOf(ctx, tx, id); err != nil {
		return b, err
	}
	if b.Payments, err = rows.AllocationsTo(ctx, tx, id); err != nil {
		return b, err
	}
	if b.Disputes, err = rows.DisputesOf(ctx, tx, id, c.now()); err != nil {
		return b, err
	}
	if b.Steps, err = rows.InvoiceSteps(ctx, tx, id, rows.MaxLimit); err != nil {
		return b, err
	}
	if b.Parked, err = parked(ctx, tx, invoices.Stream(domain.InvoiceID{UUID: id})); err != nil {
		return b, err
	}
	b.People, err = c.people(ctx, tx, b.persons())
	return b, err
}

// sayDocument fills in what was issued, or what a draft would say.
func (c *Console) sayDocument(ctx context.Context, tx pgx.Tx, b *invoiceBody) error {
	if b.State == rows.InvoiceIssued {
		issued, err := rows.DocumentOfInvoice(ctx, tx, b.ID)
		if err != nil {
			return err
		}
		said := documentOf(issued.Document)
		b.Document, b.SHA256 = &said, issued.SHA256
		return nil
	}
	content, err := rows.DraftOfInvoice(ctx, tx, b.ID)
	if errors.Is(err, domain.ErrNotFound) {
		return nil // It was discarded.
	}
	if err != nil {
		return err
	}
	b.Inclusive = content.Inclusive
	if b.Digest, err = digestOf(content); err != nil {
		return err
	}
	if document, err := content.Finish("", calendar.Date(b.Today)); err == nil {
		said := documentOf(document)
		b.Document = &said
	}
	return nil // Why it cannot become a document stands in its row.
}

// digestOf is what an approval of a draft is bound to.
func digestOf(content bill.Content) (string, error) {
	canonical, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("encode a draft: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

// persons lists everybody in an invoice.
func (b invoiceBody) persons() []uuid.UUID {
	ids := given(b.DraftedBy, b.SubmittedBy, b.ApprovedBy, b.IssuedBy)
	for _, entry := range b.Entries {
		if !entry.Staff.Person.IsZero() {
			ids = append(ids, entry.Staff.Person.UUID)
		}
	}
	for _, credit := range b.Credits {
		ids = append(ids, given(credit.By)...)
	}
	for _, dispute := range b.Disputes {
		ids = append(ids, given(dispute.RaisedBy, dispute.TakenBy, dispute.SettledBy)...)
	}
	for _, step := range b.Steps {
		ids = append(ids, given(step.Actor)...)
	}
	return ids
}

func (c *Console) previewOne(ctx context.Context, actor domain.Actor, in *struct{ Body draftInvoiceBody }) (*struct{ Body invoicePreviewBody }, error) {
	body, err := c.previewInvoice(ctx, actor, in.Body.command())
	if err != nil {
		return nil, err
	}
	return &struct{ Body invoicePreviewBody }{body}, nil
}

// previewInvoice works out what would be drafted now.
func (c *Console) previewInvoice(ctx context.Context, actor domain.Actor, asked commands.DraftInvoice) (invoicePreviewBody, error) {
	preview, err := c.commands.PreviewInvoice(ctx, commands.Request{Actor: actor, At: c.now().UTC().Truncate(time.Microsecond)}, asked)
	if err != nil {
		return invoicePreviewBody{}, err
	}
	body := invoicePreviewBody{
		Contract: preview.Contract.UUID, Reference: preview.Reference, Client: preview.Client.UUID, Month: string(preview.Month),
		Entries: append([]bill.Entry{}, preview.Entries...), Exceptions: []exceptionBody{},
	}
	if len(preview.Document.Lines) > 0 {
		said := documentOf(preview.Document)
		body.Document = &said
	}
	for _, e := range preview.Exceptions {
		body.Exceptions = append(body.Exceptions, exceptionBody(e))
	}
	boxed, err := c.boxed(preview.Document, preview.Entries)
	if boxed != "" {
		body.Exceptions = append(body.Exceptions, exceptionBody{Code: lettersMissing, Text: boxed})
	}
	return body, err
}

// lettersMissing is the exception of a draft with letters that its PDF will not show. It blocks nothing: the other forms
// have them.
const lettersMissing = "letters_missing"

// boxed says which letters of a document its PDF shows as boxes; empty when it shows them all.
func (c *Console) boxed(document bill.Document, entries []bill.Entry) (string, error) {
	lacking, err := c.options.Lacking(document, entries)
	if err != nil || len(lacking) == 0 {
		return "", err
	}
	return "the PDF shows empty boxes for letters that its fonts lack: " + strings.Join(lacking, "; ") + "; XML and CSV have them", nil
}
