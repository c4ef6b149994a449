package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/payment"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type receivablesInput struct {
	Reading
	Client string `query:"client" maxLength:"36" doc:"Of this client alone."`
}

type receivablesBody struct {
	Fresh
	Items []rows.Receivable `json:"items" nullable:"false" doc:"By client and currency, at most 200. Nothing is added up across currencies."`
	More  bool              `json:"more,omitempty" doc:"There are more than 200 items. Ask for one client after the other."`
	// Reports are beside the sums, and never in place of them (F42).
	Reports []rows.Reported `json:"reports" nullable:"false" doc:"For reports only: what is owed to issuers that report in a currency, each invoice converted at the rate that was recorded when it was issued."`
}

type listPaymentsInput struct {
	Reading
	Page
	Client      string `query:"client" maxLength:"36" doc:"Those of this client alone."`
	Unallocated bool   `query:"unallocated" doc:"Those of which no invoice has taken something yet."`
}

type paymentsBody struct {
	Fresh
	Items []rows.PaymentLine `json:"items" nullable:"false" doc:"The newest first."`
	Next  string             `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type paymentInput struct {
	Reading
	ID string `path:"id" doc:"The payment's id, a UUID."`
}

type paymentBody struct {
	Fresh
	rows.PaymentLine
	Refunds []rows.Refund     `json:"refunds" nullable:"false" doc:"What was paid back of it, the oldest first."`
	People  map[string]string `json:"people" doc:"The names of the people in here, by id."`
}

func (b paymentBody) revision() int64 { return b.Revision }

type allocationBody struct {
	Invoice uuid.UUID `json:"invoice" format:"uuid"`
	Amount  string    `json:"amount" minLength:"1" maxLength:"40" example:"334.99"`
}

type receivePaymentBody struct {
	Client    uuid.UUID        `json:"client" format:"uuid"`
	Amount    string           `json:"amount" minLength:"1" maxLength:"40" example:"334.99"`
	Currency  string           `json:"currency" minLength:"3" maxLength:"3" example:"EUR"`
	Day       string           `json:"day" format:"date" doc:"When the money came."`
	Means     string           `json:"means,omitempty" enum:"bank_transfer,card,direct_debit,cheque,cash,other" doc:"How it came, as the client's receipt says; other, which it doesn't say, when absent."`
	Method    string           `json:"method,omitempty" maxLength:"200" example:"from the account in Melbourne" doc:"Only staff read it."`
	Reference string           `json:"reference,omitempty" maxLength:"200"`
	Allocate  []allocationBody `json:"allocate,omitempty" maxItems:"100" doc:"What invoices get of it. What none of them takes is the client's credit."`
}

type refundPaymentBody struct {
	Amount    string `json:"amount" minLength:"1" maxLength:"40"`
	Day       string `json:"day" format:"date"`
	Reason    string `json:"reason" minLength:"1" maxLength:"500" doc:"Only staff read it."`
	Reference string `json:"reference,omitempty" maxLength:"200"`
}

type reversePaymentBody struct {
	Day        string `json:"day" format:"date"`
	Reason     string `json:"reason" minLength:"1" maxLength:"500" doc:"Only staff read it."`
	Chargeback bool   `json:"chargeback,omitempty" doc:"The payer took it back."`
}

func (c *Console) registerPayments() {
	c.registerReceipts()
	get(c, "read-receivables", "/receivables", "What is owed, by client, currency and age", access.ReadInvoices, c.readReceivables)
	get(c, "list-payments", "/payments", "What clients paid", access.ReadInvoices, c.listPayments)
	get(c, "read-payment", "/payments/{id}", "One payment with where it went", access.ReadInvoices, c.readPayment)
	writing(c, access.ReceivePayments, post("receive-payment", "/payments", "Record money that a client paid", http.StatusCreated), c.receivePayment)
	editing(c, access.ReceivePayments, post("allocate-payment", "/payments/{id}/allocate", "Set more of a payment against an invoice", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked allocationBody) (commands.Answer, error) {
			amount, err := sumOf("amount", asked.Amount)
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.AllocatePayment(ctx, r, commands.OnPayment{
				Payment: domain.PaymentID{UUID: id}, Invoice: domain.InvoiceID{UUID: asked.Invoice}, Amount: amount,
			})
		})
	editing(c, access.ReceivePayments, post("refund-payment", "/payments/{id}/refund", "Pay back what no invoice has taken", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked refundPaymentBody) (commands.Answer, error) {
			amount, err := sumOf("amount", asked.Amount)
			if err != nil {
				return commands.Answer{}, err
			}
			return c.commands.RefundPayment(ctx, r, commands.OnPayment{
				Payment: domain.PaymentID{UUID: id}, Amount: amount, Day: calendar.Date(asked.Day), Reason: asked.Reason, Reference: asked.Reference,
			})
		})
	editing(c, access.ReceivePayments, post("reverse-payment", "/payments/{id}/reverse", "Say that the money did not come after all", http.StatusOK),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked reversePaymentBody) (commands.Answer, error) {
			return c.commands.ReversePayment(ctx, r, commands.OnPayment{
				Payment: domain.PaymentID{UUID: id}, Day: calendar.Date(asked.Day), Reason: asked.Reason, Chargeback: asked.Chargeback,
			})
		})
}

// sumOf reads a sum of money that must be there.
func sumOf(field, text string) (decimal.Decimal, error) {
	amount, err := amountOf(strings.TrimSpace(text))
	if err != nil || strings.TrimSpace(text) == "" {
		return amount, wrongField(field, "must be an amount, such as 1250.00")
	}
	return amount, nil
}

func (c *Console) readReceivables(ctx context.Context, tx pgx.Tx, _ reader, in *receivablesInput) (b receivablesBody, err error) {
	client, err := optionalID(in.Client, "client")
	if err != nil {
		return b, err
	}
	if b.Items, b.More, err = rows.Receivables(ctx, tx, client, c.now(), rows.MaxLimit); err != nil {
		return b, err
	}
	b.Reports, err = rows.Reports(ctx, tx, client, c.now())
	return b, err
}

func (c *Console) listPayments(ctx context.Context, tx pgx.Tx, _ reader, in *listPaymentsInput) (b paymentsBody, err error) {
	filter := rows.PaymentFilter{Unallocated: in.Unallocated, Limit: in.Limit}
	if filter.Client, err = optionalID(in.Client, "client"); err != nil {
		return b, err
	}
	if filter.After, err = optionalID(in.Cursor, "cursor"); err != nil {
		return b, err
	}
	var next uuid.UUID
	b.Items, next, err = rows.Payments(ctx, tx, filter)
	b.Next = idOf(next)
	return b, err
}

func (c *Console) readPayment(ctx context.Context, tx pgx.Tx, _ reader, in *paymentInput) (b paymentBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	if b.PaymentLine, err = rows.PaymentByID(ctx, tx, id); err != nil {
		return b, err
	}
	if b.Refunds, err = b.PaidBack(); err != nil {
		return b, err
	}
	ids := given(b.ReceivedBy)
	for _, refund := range b.Refunds {
		ids = append(ids, given(refund.By)...)
	}
	b.People, err = c.people(ctx, tx, ids)
	return b, err
}

func (c *Console) receivePayment(ctx context.Context, r commands.Request, asked receivePaymentBody) (commands.Answer, error) {
	amount, err := sumOf("amount", asked.Amount)
	if err != nil {
		return commands.Answer{}, err
	}
	command := commands.ReceivePayment{
		Client: domain.ClientID{UUID: asked.Client}, Amount: amount, Currency: money.Currency(asked.Currency), Day: calendar.Date(asked.Day),
		Means: payment.Means(asked.Means), Method: strings.TrimSpace(asked.Method), Reference: strings.TrimSpace(asked.Reference),
	}
	for i, to := range asked.Allocate {
		part, err := sumOf(fmt.Sprintf("allocate[%d].amount", i), to.Amount)
		if err != nil {
			return commands.Answer{}, err
		}
		command.Allocate = append(command.Allocate, commands.Allocation{Invoice: domain.InvoiceID{UUID: to.Invoice}, Amount: part})
	}
	return c.commands.ReceivePayment(ctx, r, command)
}
