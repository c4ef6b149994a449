package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

const (
	invoicesPath   = "/invoices"
	runPath        = "/invoices/run"
	invoicesOnPage = 50
)

// invoiceStates are those of the pipeline, in its order, as its tabs call them.
var invoiceStates = []struct{ state, label string }{
	{"", "All"},
	{rows.InvoiceDraft, "Drafts"},
	{rows.InvoicePending, "To approve"},
	{rows.InvoiceApproved, "To issue"},
	{rows.InvoiceIssuing, "Being issued"},
	{rows.InvoiceIssued, "Issued"},
	{rows.InvoiceDiscarded, "Discarded"},
}

// invoicesView is the pipeline of invoices with what is owed.
type invoicesView struct {
	Items    []rows.InvoiceLine
	Sums     []rows.InvoiceSum // of the state that is shown
	Tabs     []page.Tab
	Asked    url.Values
	Clients  []page.Option
	Ages     []rows.Receivable // by currency
	Owing    []rows.Receivable // by client and currency
	MoreOwe  bool              // than Owing lists
	Reports  []rows.Reported   // of which reports convert something, or leave it out
	Disputes []rows.DisputeLine
	// MoreDisputes are open than Disputes lists.
	MoreDisputes bool
	Path         string
	Older        string
	Draft        bool // what the viewer may do
}

// runView is what is due for billing in a month.
type runView struct {
	runBody
	Months        []page.Option
	Cursor        string // of the step that is shown
	Path, Earlier string
	Ready         int // how many can be drafted at once
	Form          typed
}

func (c *Console) addInvoicePages() {
	showing(c, invoicesPath, access.ReadInvoices, c.viewInvoices, invoicesPage)
	c.posting(invoicesPath, access.DraftInvoices, c.postDraft, c.runAgain)
	showing(c, runPath, access.DraftInvoices, c.viewRun, runPage)
	c.posting(runPath, access.DraftInvoices, c.postRun, c.runAgain)
	c.addInvoicePage()
	c.addPaymentPages()
	c.addDisputePages()
	c.addIssuerPages()
	c.addExchangePage()
}

// late counts the objections whose answer is late.
func late(disputes []rows.DisputeLine) (count int) {
	for _, dispute := range disputes {
		if dispute.Late {
			count++
		}
	}
	return count
}

func invoicePath(id uuid.UUID) string { return invoicesPath + "/" + id.String() }

func (c *Console) viewInvoices(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v invoicesView, err error) {
	v.Asked = request.URL.Query()
	in := listInvoicesInput{
		Page: Page{Limit: invoicesOnPage, Cursor: v.Asked.Get("cursor")}, Client: v.Asked.Get("client"), Contract: v.Asked.Get("contract"),
		Month: v.Asked.Get("month"), Number: strings.TrimSpace(v.Asked.Get("number")), Overdue: v.Asked.Get("overdue") != "",
	}
	filter, err := in.filter()
	if err != nil {
		return v, err
	}
	all, err := rows.InvoiceSums(ctx, tx, filter, c.now())
	if err != nil {
		return v, err
	}
	state := v.Asked.Get("state")
	v.Tabs = invoiceTabs(v.Asked, all)
	v.Sums = slices.DeleteFunc(all, func(s rows.InvoiceSum) bool { return state != "" && s.State != state })
	if state != "" {
		filter.States = []string{state}
	}
	found, next, err := rows.Invoices(ctx, tx, filter, c.now())
	if err != nil {
		return v, err
	}
	v.Items, v.Path = found, invoicesAt(v.Asked, state, in.Cursor)
	if !next.IsZero() {
		v.Older = invoicesAt(v.Asked, state, next.ID.String())
	}
	if v.Owing, v.MoreOwe, err = rows.Receivables(ctx, tx, filter.Client, c.now(), rows.MaxLimit); err != nil {
		return v, err
	}
	if v.Ages, err = rows.ReceivableTotals(ctx, tx, filter.Client, c.now()); err != nil {
		return v, err
	}
	reports, err := rows.Reports(ctx, tx, filter.Client, c.now())
	if err != nil {
		return v, err
	}
	v.Reports = slices.DeleteFunc(reports, func(r rows.Reported) bool { return r.Converted+r.LeftOut == 0 })
	if v.Disputes, v.MoreDisputes, err = rows.OpenDisputes(ctx, tx, c.now(), rows.MaxLimit); err != nil {
		return v, err
	}
	v.Draft = r.may(access.DraftInvoices)
	v.Clients, err = clientChoices(ctx, tx, "All", v.Asked.Get("client"))
	return v, err
}

// clientChoices are the clients to choose one of, at most MaxLimit, after a choice of none.
func clientChoices(ctx context.Context, tx pgx.Tx, none, client string) ([]page.Option, error) {
	clients, _, err := rows.Clients(ctx, tx, uuid.Nil, rows.MaxLimit)
	options := []page.Option{{Label: none}}
	for _, one := range clients {
		options = append(options, page.Option{Value: one.ID.String(), Label: one.Name})
	}
	return chosen(options, client), err
}

// invoicesAt is the pipeline in one state, with the filters that were asked for.
func invoicesAt(asked url.Values, state, cursor string) string {
	pairs := []string{"state", state, "cursor", cursor}
	for _, kept := range []string{"client", "contract", "month", "number", "overdue"} {
		pairs = append(pairs, kept, asked.Get(kept))
	}
	return query(invoicesPath, pairs...)
}

// invoiceTabs are the states of the pipeline with how many invoices of the filter each has. One that few invoices are
// ever in is left out while it is empty.
func invoiceTabs(asked url.Values, sums []rows.InvoiceSum) []page.Tab {
	counts := map[string]int{}
	for _, sum := range sums {
		counts[sum.State] += sum.Invoices
	}
	var tabs []page.Tab
	for _, of := range invoiceStates {
		if of.state == rows.InvoiceIssuing && counts[of.state] == 0 {
			continue
		}
		tabs = append(tabs, page.Tab{
			Label: of.label, Path: invoicesAt(asked, of.state, ""), Current: asked.Get("state") == of.state, Count: counts[of.state],
		})
	}
	return tabs
}

func (c *Console) viewRun(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v runView, err error) {
	asked := request.URL.Query()
	if request.Method == http.MethodPost {
		asked = request.PostForm
	}
	month := calendar.Month(asked.Get("month"))
	if month == "" {
		month = c.today().Month().Previous()
	}
	if !month.Valid() {
		return v, wrongField("month", "must be a month, such as 2026-03")
	}
	after, err := optionalID(asked.Get("cursor"), "cursor")
	if err != nil {
		return v, err
	}
	v.runBody, err = c.due(ctx, tx, r.Actor, month, after)
	if err != nil {
		return v, err
	}
	v.Form, v.Path, v.Cursor = blank(), query(runPath, "month", string(month)), idOf(after)
	for _, line := range v.Items {
		if line.ready() {
			v.Ready++
		}
	}
	for other, n := c.today().Month(), 0; n < 12; n++ {
		v.Months = append(v.Months, page.Option{Value: string(other), Label: monthText(other), Selected: other == month})
		other = other.Previous()
	}
	if after != uuid.Nil {
		v.Earlier = v.Path
	}
	return v, nil
}

// later is the path of the next step.
func (v runView) later() string {
	if v.Next == "" {
		return ""
	}
	return query(runPath, "month", v.Month, "cursor", v.Next)
}

// draftable reports whether a person can draft it by itself: all that stands against it is the order's limit, which a
// person may go beyond.
func (b runLineBody) draftable() bool {
	return b.Drafted == nil && b.Preview != nil && b.Preview.Document != nil &&
		!slices.ContainsFunc(b.Preview.Exceptions, func(e exceptionBody) bool { return e.Blocks && e.Code != orderLimit })
}

func (b runLineBody) beyondOrder() bool {
	return slices.ContainsFunc(b.Preview.Exceptions, func(e exceptionBody) bool { return e.Code == orderLimit })
}

// orderLimit is the exception of a draft that goes beyond the client's purchase order.
const orderLimit = "purchase_order_limit"

// runAgain shows what is due, after a draft was refused.
func (c *Console) runAgain(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
	r.PostForm = form.Values
	v, frame, err := look(c, r, login, access.DraftInvoices, c.viewRun)
	if err != nil {
		return err
	}
	v.Form, frame.Wrong = form, true
	return page.Render(w, r, status, runPage(frame, v))
}

// postDraft drafts the invoice of one contract's month.
func (c *Console) postDraft(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	contract, err := optionalID(form.Get("contract"), "contract")
	if err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	asked := draftInvoiceBody{Contract: contract, Month: form.Get("month"), BeyondOrder: strings.TrimSpace(form.Get("beyond_order." + contract.String()))}
	answer, err := c.commands.DraftInvoice(r.Context(), request, asked.command())
	return then(invoicePath(answer.ID), "invoice_drafted", answer), err
}

// postRun drafts all that nothing speaks against, of the step that was shown.
func (c *Console) postRun(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	if form.Key == "" || len(form.Key) > 100 {
		return "", domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "the form has lost its key; open it anew")
	}
	done, err := c.run(r.Context(), web.Write{Key: form.Key}, login.Actor, runInvoicesBody{Month: form.Get("month"), Cursor: form.Get("cursor")})
	if err != nil {
		return "", err
	}
	return query(runPath, "month", done.Month, "cursor", form.Get("cursor"), "done", "invoices_drafted", "after", done.Position), nil
}

func ageColumns(named bool) []page.Column {
	columns := []page.Column{{Label: "Currency"}}
	if named {
		columns = []page.Column{{Label: "Client"}, {Label: "Currency"}}
	}
	for _, head := range []string{"To be paid", "Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days", "Disputed", "Client's credit"} {
		columns = append(columns, page.Column{Label: head, Numeric: true})
	}
	return columns
}

// billedView is what a client, or a contract, was invoiced.
type billedView struct {
	Month string       // the present one
	Spend []rows.Spend // what was invoiced in it, less credit notes of the client; by currency
	Owed  []rows.InvoiceSum
	Items []rows.InvoiceLine // the newest
	Path  string             // of all of them
}

// billedShown is how many invoices a client's or contract's page lists.
const billedShown = 12

// billed gives what a client or a contract was invoiced.
func (c *Console) billed(ctx context.Context, tx pgx.Tx, of rows.InvoiceFilter) (*billedView, error) {
	now := c.now()
	v := &billedView{Month: string(c.today().Month()), Path: query(invoicesPath, "client", idOf(of.Client), "contract", idOf(of.Contract))}
	of.Limit = billedShown
	items, _, err := rows.Invoices(ctx, tx, of, now)
	if err != nil {
		return nil, err
	}
	v.Items = items
	of.States = []string{rows.InvoiceIssued}
	if v.Owed, err = rows.InvoiceSums(ctx, tx, of, now); err != nil || of.Client == uuid.Nil {
		return v, err
	}
	v.Spend, err = rows.SpendIn(ctx, tx, v.Month, of.Client, rows.MaxLimit)
	return v, err
}

// sumsText is what invoices come to, by currency: "3 invoices, EUR 1,200.00, of which EUR 200.00 are overdue".
func sumsText(sums []rows.InvoiceSum) []string {
	type total struct {
		currency                       string
		invoices                       int
		payable, outstanding, overdues decimal.Decimal
	}
	var totals []total
	for _, sum := range sums {
		at := slices.IndexFunc(totals, func(t total) bool { return t.currency == sum.Currency })
		if at < 0 {
			totals = append(totals, total{currency: sum.Currency})
			at = len(totals) - 1
		}
		t := &totals[at]
		t.invoices += sum.Invoices
		t.payable = t.payable.Add(numberOf(sum.Payable))
		t.outstanding, t.overdues = t.outstanding.Add(numberOf(sum.Outstanding)), t.overdues.Add(numberOf(sum.Overdue))
	}
	var texts []string
	for _, t := range totals {
		text := invoiceCount(t.invoices) + ", " + roundedText(t.payable, t.currency)
		if t.outstanding.IsPositive() {
			text += ", of which " + roundedText(t.outstanding, t.currency) + " to be paid"
		}
		if t.overdues.IsPositive() {
			text += " and " + roundedText(t.overdues, t.currency) + " overdue"
		}
		texts = append(texts, text)
	}
	return texts
}

// numberOf reads a canonical number of a row; zero for none.
func numberOf(text string) decimal.Decimal {
	number, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.Zero
	}
	return number
}

func roundedText(amount decimal.Decimal, currency string) string {
	return moneyText(amount.Round(money.Currency(currency).Exponent()), currency)
}

func invoiceCount(n int) string {
	if n == 1 {
		return "1 invoice"
	}
	return strconv.Itoa(n) + " invoices"
}

// invoiceTitle is what an invoice is called: its number, or what it will be of.
func invoiceTitle(i rows.Invoice) string { return or(i.Number, "Draft for "+monthText(i.Month)) }

func invoiceTone(l rows.InvoiceLine) page.Tone {
	switch {
	case l.Overdue:
		return page.Danger
	case l.State == rows.InvoiceDiscarded || l.Voided != "" || l.Closed != "":
		return page.Neutral
	case l.State == rows.InvoiceIssued && !numberOf(l.Outstanding).IsPositive():
		return page.Good
	case l.State == rows.InvoiceIssued:
		return page.Neutral
	}
	return page.Attention
}

// invoiceState is where an invoice stands, in words: staff tell the steps before the issue apart.
func invoiceState(l rows.InvoiceLine) string {
	switch l.State {
	case rows.InvoiceDraft:
		return "Draft"
	case rows.InvoicePending:
		return "To approve"
	case rows.InvoiceApproved:
		return "Approved"
	case rows.InvoiceIssuing:
		return "Being issued"
	}
	return l.Label
}

func overdueText(l rows.InvoiceLine) string {
	if l.DaysOverdue == 1 {
		return "1 day overdue"
	}
	return strconv.Itoa(l.DaysOverdue) + " days overdue"
}
