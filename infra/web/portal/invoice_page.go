package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// invoiceTab is one of the lists of invoices.
type invoiceTab string

// The tabs; the zero tab holds what a search found.
const (
	last30Invoices invoiceTab = "last30"
	openInvoices   invoiceTab = "open"
	allInvoices    invoiceTab = "all"
)

// path is where the tab is.
func (t invoiceTab) path() string { return invoicesPath + "?filter=" + string(t) }

type invoicesView struct {
	screen
	Tab      invoiceTab
	Search   string
	Balances []client.Balance
	Invoices []client.Invoice
	Older    string
	First    bool
}

// invoicesPage lists invoices: those of a tab, or of all of them what a search finds.
func (p *Portal) invoicesPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	query := r.URL.Query()
	view := invoicesView{Tab: last30Invoices, First: query.Get("cursor") == ""}
	if tab := invoiceTab(query.Get("filter")); tab == openInvoices || tab == allInvoices {
		view.Tab = tab
	}
	var err error
	if view.Search, err = queryText(query, "search", client.MaxSearch); err != nil {
		return err
	}
	if view.Search != "" {
		view.Tab = ""
	}
	filter := client.InvoiceFilter{Set: invoiceSets[string(view.Tab)], Search: view.Search, Limit: pageLimit}
	if filter.After, err = p.openCursor(login.Actor, query.Get("cursor")); err != nil {
		return err
	}
	view.screen, err = p.screen(r, login, "Invoices", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		if view.Balances, err = client.ReadBalances(ctx, tx, v, p.now()); err != nil {
			return err
		}
		invoices, next, err := client.ListInvoices(ctx, tx, v, filter, p.now())
		view.Invoices, view.Older = invoices, older(invoicesPath, view.filters(), p.sealCursor(login.Actor, next))
		return err
	})
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, invoicesPage(view))
}

// filters are what the address of a further page begins with.
func (v invoicesView) filters() url.Values {
	if v.Search != "" {
		return url.Values{"search": {v.Search}}
	}
	return url.Values{"filter": {string(v.Tab)}}
}

// newest is the first page of the same list; empty on it.
func (v invoicesView) newest() string { return newest(v.First, invoicesPath+"?"+v.filters().Encode()) }

// tabs are the ways to the lists.
func (v invoicesView) tabs() []page.Tab {
	return []page.Tab{
		{Label: "Last 30 days", Path: last30Invoices.path(), Current: v.Tab == last30Invoices},
		{Label: "To be paid", Path: openInvoices.path(), Current: v.Tab == openInvoices},
		{Label: "All", Path: allInvoices.path(), Current: v.Tab == allInvoices},
	}
}

// nothing says that there is no invoice.
func (v invoicesView) nothing() page.EmptyProps {
	switch v.Tab {
	case last30Invoices:
		return page.EmptyProps{Icon: "file-text", Title: "Nothing was issued or paid in the last 30 days.", Action: "All invoices", Path: allInvoices.path()}
	case openInvoices:
		return page.EmptyProps{Icon: "circle-check", Title: "Everything is paid."}
	case allInvoices:
		return page.EmptyProps{Icon: "file-text", Title: "There is no invoice yet."}
	}
	return page.EmptyProps{Icon: "search", Title: "No invoice is found.", Text: "Search by number; dashes and zeros do not matter.", Action: "All invoices", Path: allInvoices.path()}
}

// currency is the one of all invoices shown; empty when there are several.
func (v invoicesView) currency() string {
	for _, invoice := range v.Invoices {
		if invoice.Currency != v.Invoices[0].Currency {
			return ""
		}
	}
	return v.Invoices[0].Currency
}

// amount is money in a table, whose head names the currency when there is but one.
func (v invoicesView) amount(number, currency string) string {
	if v.currency() == "" {
		return moneyText(number, currency)
	}
	return amountText(number, currency)
}

// in names the currency in the head of a column.
func (v invoicesView) in(label string) string {
	if currency := v.currency(); currency != "" {
		return label + ", " + currency
	}
	return label
}

type invoiceView struct {
	screen
	Invoice client.InvoiceDetail
	// Line and Dispute are what a page is about that asks for something.
	Line    client.Charge
	Dispute client.Dispute
	May     bool // the viewer may object
	Key     string
	Typed   objection
	Errors  []page.FieldError
}

// objection is what was typed against a line.
type objection struct{ Amount, Reason string }

func invoicePath(number string) string { return invoicesPath + "/" + url.PathEscape(number) }

func notePath(number string) string { return notesPath + "/" + url.PathEscape(number) }

func (v invoiceView) path() string { return invoicePath(v.Invoice.Number) }

func (v invoiceView) objectPath(line client.Charge) string {
	return v.path() + "/lines/" + line.ID.String() + "/object"
}

func (v invoiceView) disputePath(dispute client.Dispute) string {
	return v.path() + "/disputes/" + dispute.ID.String()
}

// money is an amount of the invoice.
func (v invoiceView) money(number string) string { return amountText(number, v.Invoice.Currency) }

// objectable reports whether the viewer can object to a line now.
func (v invoiceView) objectable(line client.Charge) bool {
	net, err := decimal.NewFromString(line.Net)
	settled := v.Invoice.Voided != "" || err != nil || !net.GreaterThan(v.Invoice.CreditedOf[line.ID]) || !net.IsPositive()
	return v.May && !settled && !slices.ContainsFunc(v.Invoice.Disputes, func(d client.Dispute) bool { return d.Line == line.ID && undecided(d) })
}

// rejected reports whether an objection to a line was turned down: another one holds back nothing.
func (v invoiceView) rejected(line client.Charge) bool {
	return slices.ContainsFunc(v.Invoice.Disputes, func(d client.Dispute) bool { return d.Line == line.ID && d.State == visible.DisputeRejected })
}

// kept is what credit notes credit beyond what was still to be paid; empty for nothing.
func (v invoiceView) kept() string {
	rest, err := decimal.NewFromString(v.Invoice.Credited)
	rest = rest.Neg()
	for _, note := range v.Invoice.CreditNotes {
		credited, failed := decimal.NewFromString(note.Payable)
		rest, err = rest.Add(credited), errors.Join(err, failed)
	}
	if err != nil || !rest.IsPositive() {
		return ""
	}
	return rest.String()
}

// lineOf is the line that an objection is about.
func (v invoiceView) lineOf(dispute client.Dispute) string {
	at := slices.IndexFunc(v.Invoice.Document.Lines, func(line client.Charge) bool { return line.ID == dispute.Line })
	if at < 0 {
		return ""
	}
	return v.Invoice.Document.Lines[at].Text
}

func (p *Portal) invoicePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showInvoice(w, r, login, http.StatusOK, invoiceView{}, invoicePage)
}

// showInvoice shows one invoice by a template, with what else the view holds already.
func (p *Portal) showInvoice(w http.ResponseWriter, r *http.Request, login auth.Login, status int, view invoiceView, show func(invoiceView) templ.Component) error {
	number, err := numberOf(r).text()
	if err != nil {
		return err
	}
	view.screen, err = p.screen(r, login, "", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		view.Invoice, err = client.ReadInvoice(ctx, tx, v, number, p.now())
		return err
	})
	if err != nil {
		return err
	}
	if view.Line, err = part(r, "line", view.Invoice.Document.Lines, func(c client.Charge) uuid.UUID { return c.ID }); err != nil {
		return err
	}
	if view.Dispute, err = part(r, "dispute", view.Invoice.Disputes, func(d client.Dispute) uuid.UUID { return d.ID }); err != nil {
		return err
	}
	view.Frame.Title, view.Frame.Wrong, view.Key = "Invoice "+number, len(view.Errors) > 0, newKey()
	view.May = login.May(access.DisputeInvoices, p.loginClock()) == nil
	return page.Render(w, r, status, show(view))
}

// numberOf is the number in the address of a page.
func numberOf(r *http.Request) NumberPath {
	number, err := url.PathUnescape(chi.URLParam(r, "number"))
	if err != nil {
		return NumberPath{Number: chi.URLParam(r, "number")}
	}
	return NumberPath{Number: number}
}

// part finds what of an invoice the address of a page names; the zero one when it names nothing.
func part[P any](r *http.Request, name string, of []P, id func(P) uuid.UUID) (found P, err error) {
	text := chi.URLParam(r, name)
	if text == "" {
		return found, nil
	}
	named, err := web.ID(text)
	if err != nil {
		return found, err
	}
	at := slices.IndexFunc(of, func(p P) bool { return id(p) == named })
	if at < 0 {
		return found, errNothing
	}
	return of[at], nil
}

// sendForm makes the page that is one form of a document.
func (p *Portal) sendForm(form visible.Form, open printed) func(http.ResponseWriter, *http.Request, auth.Login) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		file, err := open(r.Context(), login.Actor, numberOf(r), form)
		if err != nil {
			return err
		}
		web.Send(w, r, file)
		return nil
	}
}

type creditNoteView struct {
	screen
	Note client.CreditNoteDetail
}

func (p *Portal) creditNotePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	number, err := numberOf(r).text()
	if err != nil {
		return err
	}
	var view creditNoteView
	view.screen, err = p.screen(r, login, "Credit note "+number, func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		view.Note, err = client.ReadCreditNote(ctx, tx, v, number)
		return err
	})
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, creditNotePage(view))
}

func (p *Portal) objectPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showInvoice(w, r, login, http.StatusOK, invoiceView{}, objecting)
}

// objecting shows the form of an objection while there can be one, and otherwise the invoice as it is.
func objecting(v invoiceView) templ.Component {
	if !v.objectable(v.Line) {
		return invoicePage(v)
	}
	return objectPage(v)
}

// objectForm objects, with a file if there is one. What the rules refuse is shown with what was typed.
func (p *Portal) objectForm(w http.ResponseWriter, r *http.Request, login auth.Login, file *web.File) error {
	form := file.Fields
	typed := objection{Amount: strings.TrimSpace(form.Get("amount")), Reason: strings.TrimSpace(form.Get("reason"))}
	return p.disputeForm(w, r, login, form, invoiceView{Typed: typed}, objecting, func(asked Request, invoice uuid.UUID) (Answer, string, error) {
		said, err := typed.said(chi.URLParam(r, "line"))
		if err != nil {
			return Answer{}, "", err
		}
		said.Invoice = invoice
		answer, err := p.commands.ObjectToLine(r.Context(), asked, said)
		if err != nil || file.Name == "" {
			return answer, "objected", err
		}
		asked.Key += " file"
		attached, err := p.commands.AttachToDispute(r.Context(), asked, AttachToDispute{Invoice: invoice, Dispute: answer.ID, Name: file.Name}, file.Content)
		if errors.Is(err, domain.ErrInvalid) || errors.Is(err, domain.ErrConflict) {
			return answer, "objected_alone", nil // The objection stands, and the file can be attached to it.
		}
		return attached, "objected", err
	})
}

func (p *Portal) attachToDisputePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showInvoice(w, r, login, http.StatusOK, invoiceView{}, attachingToDispute)
}

// attachingToDispute shows the form of a file while it can bear on the answer, and otherwise the invoice as it is.
func attachingToDispute(v invoiceView) templ.Component {
	if !v.May || !undecided(v.Dispute) {
		return invoicePage(v)
	}
	return attachToDisputePage(v)
}

func (p *Portal) attachToDisputeForm(w http.ResponseWriter, r *http.Request, login auth.Login, file *web.File) error {
	return p.disputeForm(w, r, login, file.Fields, invoiceView{}, attachingToDispute, func(asked Request, _ uuid.UUID) (Answer, string, error) {
		if file.Name == "" {
			return Answer{}, "", wrongField("file", "must be chosen")
		}
		answer, err := p.attachToDispute(r.Context(), asked, After{}, chi.URLParam(r, "dispute"), file)
		return answer, "attached", err
	})
}

func (p *Portal) disputeFilePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	file, err := p.disputeFile(r.Context(), login.Actor, chi.URLParam(r, "id"), chi.URLParam(r, "attachment"))
	if err != nil {
		return err
	}
	web.Send(w, r, file)
	return nil
}

// said is the objection to a line, whose amount may be typed with separators of thousands.
func (o objection) said(line string) (Objection, error) {
	id, err := web.ID(line)
	if err != nil {
		return Objection{}, err
	}
	amount := strings.ReplaceAll(o.Amount, ",", "")
	var check domain.Check
	wrong := wrongAmount(amount)
	check.That(wrong == "", "amount", wrong)
	check.That(o.Reason != "", "reason", "must be given")
	return Objection{Line: id, Amount: amount, Reason: o.Reason}, check.Err()
}

func (p *Portal) withdrawDisputePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showInvoice(w, r, login, http.StatusOK, invoiceView{}, withdrawing)
}

// withdrawing asks once more while the objection is not answered, and otherwise shows the invoice as it is.
func withdrawing(v invoiceView) templ.Component {
	if !v.May || !undecided(v.Dispute) {
		return invoicePage(v)
	}
	return withdrawDisputePage(v)
}

func (p *Portal) withdrawDisputeForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	return p.disputeForm(w, r, login, form, invoiceView{}, withdrawing, func(asked Request, invoice uuid.UUID) (Answer, string, error) {
		id, err := web.ID(chi.URLParam(r, "dispute"))
		if err != nil {
			return Answer{}, "", err
		}
		answer, err := p.commands.WithdrawDispute(r.Context(), asked, invoice, id)
		return answer, "taken", err
	})
}

// disputeForm runs what a form asks about an invoice that the actor may see; run gives the word for what was done, too.
func (p *Portal) disputeForm(
	w http.ResponseWriter, r *http.Request, login auth.Login, form url.Values, view invoiceView, show func(invoiceView) templ.Component,
	run func(Request, uuid.UUID) (Answer, string, error),
) error {
	asked, err := p.formRequest(r, login, form)
	if err != nil {
		return err
	}
	number, err := numberOf(r).text()
	if err != nil {
		return err
	}
	var invoice uuid.UUID
	err = p.look(r.Context(), login.Actor, After{}, func(tx pgx.Tx, v client.Viewer) (err error) {
		invoice, _, err = client.FindInvoice(r.Context(), tx, v, number, p.now())
		return err
	})
	if err != nil {
		return err
	}
	answer, done, err := run(asked, invoice)
	if view.Errors = formErrors(err); len(view.Errors) == 0 && errors.Is(err, domain.ErrConflict) {
		view.Errors = []page.FieldError{{Text: "This changed in the meantime. Here is how it stands now."}}
	}
	if len(view.Errors) > 0 {
		return p.showInvoice(w, r, login, http.StatusUnprocessableEntity, view, show)
	}
	if err != nil {
		return err
	}
	return p.toPage(w, r, invoicePath(number), p.sealPosition(asked, answer.Position), done)
}
