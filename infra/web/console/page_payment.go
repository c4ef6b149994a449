package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

const paymentsPath = "/payments"

// paymentsView lists payments; for one client there is the form to record another.
type paymentsView struct {
	Items   []rows.PaymentLine
	Clients []page.Option
	Of      *rows.Client       // whose payments are shown; nil for all
	Open    []rows.InvoiceLine // invoices of that client that something is to be paid of, the longest due first
	More    bool               // than Open
	Path    string
	Older   string
	Form    typed
	Today   string
	Receive bool // the viewer may record payments
}

// paymentView is one payment with what can be done with it.
type paymentView struct {
	paymentBody
	Path    string
	Open    []rows.InvoiceLine // that can take of it, the longest due first
	More    bool               // than Open
	Form    typed
	Today   string
	Receive bool
}

func paymentPath(id uuid.UUID) string { return paymentsPath + "/" + id.String() }

func (c *Console) addPaymentPages() {
	showing(c, paymentsPath, access.ReadInvoices, c.viewPayments, paymentsPage)
	c.posting(paymentsPath, access.ReceivePayments, c.postPayment, again(c, access.ReadInvoices, c.viewPayments, paymentsPage, func(v *paymentsView, form typed) { v.Form = form }))
	const pattern = paymentsPath + "/{id}"
	showing(c, pattern, access.ReadInvoices, c.viewPayment, paymentPage)
	retype := again(c, access.ReadInvoices, c.viewPayment, paymentPage, func(v *paymentView, form typed) { v.Form = form })
	for act, run := range map[string]func(context.Context, commands.Request, uuid.UUID, typed) (commands.Answer, error){
		"allocate": c.postAllocate, "refund": c.postRefund, "reverse": c.postReverse,
	} {
		c.posting(pattern+"/"+act, access.ReceivePayments, c.onPayment("payment_"+act, run), retype)
	}
}

func (c *Console) viewPayments(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v paymentsView, err error) {
	asked := request.URL.Query()
	if request.Method == http.MethodPost {
		asked = request.PostForm
	}
	filter := rows.PaymentFilter{Limit: invoicesOnPage}
	if filter.Client, err = optionalID(asked.Get("client"), "client"); err != nil {
		return v, err
	}
	if filter.After, err = optionalID(asked.Get("cursor"), "cursor"); err != nil {
		return v, err
	}
	v.Form, v.Today, v.Receive = blank(), string(c.today()), r.may(access.ReceivePayments)
	if filter.Client != uuid.Nil {
		of, err := rows.ClientByID(ctx, tx, filter.Client)
		if err != nil {
			return v, err
		}
		v.Of = &of
		if v.Open, v.More, err = rows.OpenInvoices(ctx, tx, of.ID, "", c.now(), commands.MaxAllocations); err != nil {
			return v, err
		}
	}
	var next uuid.UUID
	if v.Items, next, err = rows.Payments(ctx, tx, filter); err != nil {
		return v, err
	}
	v.Path = query(paymentsPath, "client", idOf(filter.Client), "cursor", idOf(filter.After))
	if next != uuid.Nil {
		v.Older = query(paymentsPath, "client", idOf(filter.Client), "cursor", next.String())
	}
	v.Clients, err = clientChoices(ctx, tx, "All", asked.Get("client"))
	return v, err
}

// postPayment records a payment of a client, split over its open invoices as the fields beside them say.
func (c *Console) postPayment(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	r.PostForm = form.Values
	client, err := uuid.Parse(form.Get("client"))
	if err != nil {
		return "", wrongField("client", "must be chosen")
	}
	asked := receivePaymentBody{
		Client: client, Amount: form.Get("amount"), Currency: strings.ToUpper(strings.TrimSpace(form.Get("currency"))), Day: form.Get("day"),
		Means: form.Get("means"), Method: form.Get("method"), Reference: form.Get("reference"),
	}
	for _, text := range form.Values["invoice"] { // In the order of the page, so that the same form is the same request.
		part := strings.TrimSpace(form.Get("part." + text))
		if part == "" {
			continue
		}
		invoice, err := uuid.Parse(text)
		if err != nil {
			return "", wrongField("invoice", "must be chosen")
		}
		asked.Allocate = append(asked.Allocate, allocationBody{Invoice: invoice, Amount: part})
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := c.receivePayment(r.Context(), request, asked)
	return then(paymentPath(answer.ID), "payment_received", answer), err
}

func (c *Console) viewPayment(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v paymentView, err error) {
	if v.paymentBody, err = c.readPayment(ctx, tx, r, &paymentInput{ID: chi.URLParam(request, "id")}); err != nil {
		return v, err
	}
	v.Path, v.Form, v.Today, v.Receive = paymentPath(v.ID), blank(), string(c.today()), r.may(access.ReceivePayments)
	if !v.Receive || !numberOf(v.Unallocated).IsPositive() {
		return v, nil
	}
	v.Open, v.More, err = rows.OpenInvoices(ctx, tx, v.Client, v.Currency, c.now(), rows.MaxLimit)
	return v, err
}

// onPayment runs the command of a form on a payment's page, and leads back there.
func (c *Console) onPayment(
	notice string, run func(context.Context, commands.Request, uuid.UUID, typed) (commands.Answer, error),
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
		answer, err := run(r.Context(), request, id, form)
		return then(paymentPath(id), notice, answer), err
	}
}

func (c *Console) postAllocate(ctx context.Context, r commands.Request, id uuid.UUID, form typed) (commands.Answer, error) {
	invoice, err := uuid.Parse(form.Get("invoice"))
	if err != nil {
		return commands.Answer{}, wrongField("invoice", "must be chosen")
	}
	amount, err := sumOf("part", form.Get("part"))
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.AllocatePayment(ctx, r, commands.OnPayment{
		Payment: domain.PaymentID{UUID: id}, Invoice: domain.InvoiceID{UUID: invoice}, Amount: amount,
	})
}

func (c *Console) postRefund(ctx context.Context, r commands.Request, id uuid.UUID, form typed) (commands.Answer, error) {
	amount, err := sumOf("refund", form.Get("refund"))
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.RefundPayment(ctx, r, commands.OnPayment{
		Payment: domain.PaymentID{UUID: id}, Amount: amount, Day: calendar.Date(form.Get("refund_day")), Reason: strings.TrimSpace(form.Get("refund_reason")),
		Reference: strings.TrimSpace(form.Get("refund_reference")),
	})
}

func (c *Console) postReverse(ctx context.Context, r commands.Request, id uuid.UUID, form typed) (commands.Answer, error) {
	return c.commands.ReversePayment(ctx, r, commands.OnPayment{
		Payment: domain.PaymentID{UUID: id}, Day: calendar.Date(form.Get("reverse_day")), Reason: strings.TrimSpace(form.Get("reverse_reason")),
		Chargeback: form.Get("chargeback") != "",
	})
}

// wrongIn says what is wrong with a field of one of the page's forms: the command calls it by the last name.
func (v paymentView) wrongIn(form, field string) string {
	if v.Form.Values.Has(form + "_" + field) {
		return v.Form.Wrong(field)
	}
	return ""
}

// moreOpen says that there are more open invoices than the page offers.
func moreOpen(shown int) string {
	return "These are the " + strconv.Itoa(shown) + " that are due the longest. There are more; they follow when these are paid."
}

// invoiceOptions are invoices that a payment can be set against.
func invoiceOptions(open []rows.InvoiceLine, chosen string) []page.Option {
	var options []page.Option
	for _, one := range open {
		options = append(options, page.Option{
			Value: one.ID.String(), Label: one.Number + ", " + worthText(one.Outstanding, one.Currency) + " to be paid", Selected: one.ID.String() == chosen,
		})
	}
	return options
}
