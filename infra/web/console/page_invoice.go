package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// invoiceView is one invoice or draft.
type invoiceView struct {
	invoiceBody
	Path    string
	Form    typed
	Explain map[uuid.UUID][]bill.Entry // by line
	// Unreported says that reports will leave it out as it stands; empty when they will not, or it is no time to say so.
	Unreported string
	// Boxed says which letters the PDF will not show; empty once it is issued.
	Boxed string

	// What the viewer may do.
	Draft, Approve, Issue, Receive, Settle, Audit, Erase bool
}

// creditView is the form of a credit note.
type creditView struct {
	invoiceBody
	Path string
	Form typed
	Left map[uuid.UUID]decimal.Decimal // before tax, by line
}

func (c *Console) addInvoicePage() {
	const pattern = invoicesPath + "/{id}"
	showing(c, pattern, access.ReadInvoices, c.viewInvoice, invoicePage)
	showing(c, pattern+"/issue", access.IssueInvoices, c.viewInvoice, issuePage)
	showing(c, pattern+"/credit", access.IssueInvoices, c.viewCredit, creditPage)
	c.posting(pattern+"/credit", access.IssueInvoices, c.onInvoice("credited", c.postCredit), again(c, access.IssueInvoices, c.viewCredit, creditPage, func(v *creditView, form typed) { v.Form = form }))
	c.posting(pattern+"/issue", access.IssueInvoices, c.onInvoice("invoice_issued", func(ctx context.Context, r commands.Request, id domain.InvoiceID, form typed) (commands.Answer, error) {
		return c.commands.IssueInvoice(ctx, r, commands.OnInvoice{Invoice: id, Date: calendar.Date(form.Get("date"))})
	}), again(c, access.IssueInvoices, c.viewInvoice, issuePage, retyped))
	for _, act := range []struct {
		name, notice string
		needed       access.Permission
		run          func(context.Context, commands.Request, domain.InvoiceID, typed) (commands.Answer, error)
	}{
		{"lines", "line_added", access.DraftInvoices, c.postLine},
		{"reword", "line_reworded", access.DraftInvoices, c.postReword},
		{"submit", "invoice_submitted", access.DraftInvoices, asking(c.commands.SubmitInvoice)},
		{"discard", "invoice_discarded", access.DraftInvoices, asking(c.commands.DiscardInvoice)},
		{"approve", "invoice_approved", access.ApproveInvoices, asking(c.commands.ApproveInvoice)},
		{"return", "invoice_returned", access.ApproveInvoices, asking(c.commands.ReturnInvoice)},
		{"write-off", "written_off", access.ReceivePayments, asking(c.commands.WriteOffInvoice)},
	} {
		c.posting(pattern+"/"+act.name, act.needed, c.onInvoice(act.notice, act.run), again(c, access.ReadInvoices, c.viewInvoice, invoicePage, retyped))
	}
	c.posting(pattern+"/lines/{line}/remove", access.DraftInvoices, c.postRemove, again(c, access.ReadInvoices, c.viewInvoice, invoicePage, retyped))
	for act, run := range map[string]func(context.Context, commands.Request, commands.OnDispute) (commands.Answer, error){
		"take": c.commands.TakeDispute, "settle": c.commands.SettleDispute,
	} {
		c.posting(pattern+"/disputes/{dispute}/"+act, access.SettleDisputes, c.onDispute("dispute_"+act, run), again(c, access.ReadInvoices, c.viewInvoice, invoicePage, retyped))
	}
}

func retyped(v *invoiceView, form typed) { v.Form = form }

// asking gives what a form on an invoice asks that needs a reason or what was shown, and nothing else.
func asking(run func(context.Context, commands.Request, commands.OnInvoice) (commands.Answer, error)) func(context.Context, commands.Request, domain.InvoiceID, typed) (commands.Answer, error) {
	return func(ctx context.Context, r commands.Request, id domain.InvoiceID, form typed) (commands.Answer, error) {
		return run(ctx, r, commands.OnInvoice{Invoice: id, Reason: strings.TrimSpace(form.Get("reason." + form.Get("act"))), Shown: form.Get("shown")})
	}
}

// again shows a page with a form on it as it was sent.
func again[V any](
	c *Console, needed access.Permission, fetch func(context.Context, pgx.Tx, reader, *http.Request) (V, error),
	view func(page.Frame, V) templ.Component, set func(*V, typed),
) func(http.ResponseWriter, *http.Request, auth.Login, typed, int) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, needed, fetch)
		if err != nil {
			return err
		}
		set(&v, form)
		frame.Wrong = true
		return page.Render(w, r, status, view(frame, v))
	}
}

// onInvoice runs the command of a form on an invoice's page, and leads back there.
func (c *Console) onInvoice(
	notice string, run func(context.Context, commands.Request, domain.InvoiceID, typed) (commands.Answer, error),
) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		id, err := web.ID(chi.URLParam(r, "id"))
		if err != nil {
			return "", err
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		answer, err := run(r.Context(), request, domain.InvoiceID{UUID: id}, form)
		return then(invoicePath(id), notice, answer), err
	}
}

func (c *Console) viewInvoice(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v invoiceView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.invoiceBody, err = c.invoiceInFull(ctx, tx, id); err != nil {
		return v, err
	}
	v.Path, v.Form, v.Explain = invoicePath(id), blank(), map[uuid.UUID][]bill.Entry{}
	for _, entry := range v.Entries {
		v.Explain[entry.Line] = append(v.Explain[entry.Line], entry)
	}
	of, err := rows.ClientByID(ctx, tx, v.Client)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return v, err
	}
	v.Draft, v.Settle = r.reaches(access.DraftInvoices, of), r.reaches(access.SettleDisputes, of)
	v.Approve, v.Issue, v.Receive = r.may(access.ApproveInvoices), r.may(access.IssueInvoices), r.may(access.ReceivePayments)
	v.Audit, v.Erase = r.may(access.AuditHistory), r.may(access.EraseFiles)
	if v.State == rows.InvoiceApproved {
		if v.Unreported, err = unreported(ctx, tx, v.InvoiceLine); err != nil {
			return v, err
		}
	}
	if v.Document != nil && v.Number == "" {
		v.Boxed, err = c.boxed(v.Document.Document, v.Entries)
	}
	return v, err
}

// editable reports whether the viewer may change the draft.
func (v invoiceView) editable() bool { return v.Draft && v.State == rows.InvoiceDraft }

// approvable reports whether the viewer may try to approve what is shown.
func (v invoiceView) approvable() bool {
	return v.Approve && v.Document != nil && (v.State == rows.InvoicePending || v.State == rows.InvoiceDraft && !v.TwoPeople)
}

// creditable reports whether something of it can be credited.
func (v invoiceView) creditable() bool {
	return v.Issue && v.State == rows.InvoiceIssued && len(v.Remaining) > 0 && v.Closed == ""
}

// priceLabel is what the price of a line is called that is added by hand.
func (v invoiceView) priceLabel() string {
	if v.Inclusive {
		return "Price of one, with tax"
	}
	return "Price of one, before tax"
}

// lineOptions are the lines of the draft, by their texts.
func (v invoiceView) lineOptions(chosen string) []page.Option {
	var options []page.Option
	if v.Document == nil {
		return nil
	}
	for i, line := range v.Document.Lines {
		options = append(options, page.Option{
			Value: line.ID.String(), Label: strconv.Itoa(i+1) + ". " + line.Text, Selected: line.ID.String() == chosen,
		})
	}
	return options
}

// lineText names a line, such as the one that an objection is about.
func (b invoiceBody) lineText(id uuid.UUID) string {
	if b.Document != nil {
		for i, line := range b.Document.Lines {
			if line.ID == id {
				return strconv.Itoa(i+1) + ". " + line.Text
			}
		}
	}
	return "A line"
}

func (c *Console) postLine(ctx context.Context, r commands.Request, id domain.InvoiceID, form typed) (commands.Answer, error) {
	line, err := addLineBody{
		Text: form.Get("text"), Count: strings.TrimSpace(form.Get("count")), UnitPrice: strings.TrimSpace(form.Get("unit_price")),
		TaxCategory: form.Get("tax_category"), Reason: form.Get("why"),
	}.line()
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.AdjustInvoice(ctx, r, commands.AdjustInvoice{Invoice: id, Add: line})
}

func (c *Console) postReword(ctx context.Context, r commands.Request, id domain.InvoiceID, form typed) (commands.Answer, error) {
	line, err := uuid.Parse(form.Get("line"))
	if err != nil {
		return commands.Answer{}, wrongField("line", "must be chosen")
	}
	return c.commands.AdjustInvoice(ctx, r, commands.AdjustInvoice{Invoice: id, Reword: &commands.Reworded{Line: line, Text: strings.TrimSpace(form.Get("words"))}})
}

func (c *Console) postRemove(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	line, err := web.ID(chi.URLParam(r, "line"))
	if err != nil {
		return "", err
	}
	return c.onInvoice("line_removed", func(ctx context.Context, request commands.Request, id domain.InvoiceID, _ typed) (commands.Answer, error) {
		return c.commands.AdjustInvoice(ctx, request, commands.AdjustInvoice{Invoice: id, Remove: line})
	})(w, r, login, form)
}

// onDispute runs what a form does about an objection.
func (c *Console) onDispute(
	notice string, run func(context.Context, commands.Request, commands.OnDispute) (commands.Answer, error),
) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		dispute, err := web.ID(chi.URLParam(r, "dispute"))
		if err != nil {
			return "", err
		}
		return c.onInvoice(notice, func(ctx context.Context, request commands.Request, id domain.InvoiceID, form typed) (commands.Answer, error) {
			return run(ctx, request, commands.OnDispute{
				Invoice: id, Dispute: domain.DisputeID{UUID: dispute}, Accepted: form.Get("verdict") == "accept",
				Text: strings.TrimSpace(form.Get("answer." + dispute.String())),
			})
		})(w, r, login, form)
	}
}

func (c *Console) viewCredit(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v creditView, err error) {
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return v, err
	}
	if v.invoiceBody, err = c.invoiceInFull(ctx, tx, id); err != nil {
		return v, err
	}
	if v.State != rows.InvoiceIssued {
		return v, domain.Refuse(domain.ErrNotFound, "not_issued", "invoice %s is not issued; change the draft instead", id)
	}
	v.Path, v.Form, v.Left = invoicePath(id), blank(), map[uuid.UUID]decimal.Decimal{}
	for _, left := range v.Remaining {
		v.Left[left.Line] = left.Net
	}
	return v, nil
}

// The choices of a credit.
const (
	creditAll   = "all"
	creditLines = "lines"
)

// creditCodes are why something is credited, in words.
var creditCodes = []struct {
	code  creditnote.Code
	words string
}{
	{creditnote.Mistake, "A mistake on the invoice"},
	{creditnote.Goodwill, "Goodwill"},
	{creditnote.Disputed, "An objection that was accepted"},
	{creditnote.Returned, "Billed time was corrected"},
	{creditnote.Cancelled, "The invoice is cancelled"},
}

func codeOptions(chosen string) []page.Option {
	options := []page.Option{{Label: "Choose"}}
	for _, code := range creditCodes {
		options = append(options, page.Option{Value: string(code.code), Label: code.words, Selected: string(code.code) == chosen})
	}
	return options
}

// invoiceStepText is what happened to an invoice, over how much, and by whom: "Paid, EUR 100.00, by Elena Petrova".
func invoiceStepText(b invoiceBody, step rows.InvoiceStep) string {
	text := label(step.What)
	if step.Amount != "" {
		text += ", " + worthText(step.Amount, b.Currency)
	}
	if step.Actor != nil {
		text += ", by " + nameOf(b.People, step.Actor.String())
	}
	return text
}

// postCredit credits all that is left, or the amounts that were typed beside the lines.
func (c *Console) postCredit(ctx context.Context, r commands.Request, id domain.InvoiceID, form typed) (commands.Answer, error) {
	command := commands.CreditInvoice{
		Invoice: id, Code: creditnote.Code(form.Get("code")), Reason: strings.TrimSpace(form.Get("reason")), Note: strings.TrimSpace(form.Get("note")),
		Effect: form.Get("effect"), Date: calendar.Date(form.Get("date")),
	}
	var check domain.Check
	check.That(command.Code != "", "code", "must be chosen")
	switch what, rebill := form.Get("what"), form.Get("rebill"); what {
	case creditAll:
		check.That(rebill == "yes" || rebill == "no", "rebill", "must be answered")
		command.Rebill = rebill == "yes"
	case creditLines:
		lines, err := creditedLines(form)
		if err != nil {
			return commands.Answer{}, err
		}
		check.That(len(lines) > 0, "what", "is credited must be all that is left, or amounts beside lines")
		command.Lines = lines
	default:
		check.That(false, "what", "is credited must be chosen: all that is left, or amounts beside lines")
	}
	if err := check.Err(); err != nil {
		return commands.Answer{}, err
	}
	return c.commands.CreditInvoice(ctx, r, command)
}

// creditedLines reads the amounts beside lines.
func creditedLines(form typed) ([]bill.Credit, error) {
	var lines []bill.Credit
	for field, values := range form.Values {
		text, ok := strings.CutPrefix(field, "net.")
		typed := strings.TrimSpace(values[0])
		if !ok || typed == "" {
			continue
		}
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %q names no line", domain.ErrInvalid, field)
		}
		net, err := amountOf(strings.ReplaceAll(typed, "−", "-"))
		if err != nil {
			return nil, wrongField(field, "must be an amount, such as 68.33")
		}
		if !net.IsZero() {
			lines = append(lines, bill.Credit{Line: id, Net: net})
		}
	}
	slices.SortFunc(lines, func(a, b bill.Credit) int { return strings.Compare(a.Line.String(), b.Line.String()) })
	return lines, nil
}
