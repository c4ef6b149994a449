package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/payment"
	"effigate/infra/web"
	"effigate/infra/webhook"
	rows "effigate/readmodels/staff"
)

const (
	paymentHook    = "/hooks/payments"
	maxPaymentHook = 64 << 10 // bytes of a body
)

// gatewayPayment is what a payment gateway tells of money that came. Fields that it tells besides do not matter.
type gatewayPayment struct {
	ID        string          `json:"id"`      // the gateway's own: the same id is the same payment for ever
	Invoice   string          `json:"invoice"` // its number as printed
	Amount    decimal.Decimal `json:"amount"`
	Currency  string          `json:"currency"`
	Day       string          `json:"day"`
	Means     payment.Means   `json:"means"` // as the receipt says; absent = other
	Method    string          `json:"method"`
	Reference string          `json:"reference"`
}

// check refuses here what the command would refuse for good under the gateway's id: told again later, or put right, it is
// taken.
func (p gatewayPayment) check(now time.Time) error {
	var check domain.Check
	check.That(p.ID != "" && len(p.ID) <= 150, "id", "must be 1 to 150 characters")
	check.That(p.Invoice != "" && len(p.Invoice) <= 64, "invoice", "must be the number of an invoice")
	check.That(p.Amount.IsPositive() && p.Amount.Exponent() >= -6 && p.Amount.Exponent() <= 12, "amount", "must be above zero")
	check.That(money.Currency(p.Currency).Valid(), "currency", "must be a code of ISO 4217, such as EUR")
	check.That(p.Amount.Equal(p.Amount.Round(money.Currency(p.Currency).Exponent())), "amount", "must have no more decimals than the currency")
	check.That(calendar.Date(p.Day).Valid() && calendar.Date(p.Day) <= calendar.DateOf(now, time.UTC).Add(1), "day", "must be a day until tomorrow, such as 2026-03-31")
	check.That(p.Means.Valid(), "means", "must be bank_transfer, card, direct_debit, cheque, cash or other, or absent")
	check.That(len(p.Method) <= 200, "method", "must be at most 200 characters")
	check.That(len(p.Reference) <= 200, "reference", "must be at most 200 characters")
	return check.Err()
}

// mountPaymentHook lets a payment gateway tell of money that came. Its signature is all that proves who it is.
func (c *Console) mountPaymentHook() {
	c.Public(http.MethodPost, paymentHook, func(w http.ResponseWriter, r *http.Request) error {
		if err := c.takePayment(w, r); err != nil {
			c.WriteError(w, r, err) // A program reads it, whatever it says it accepts.
			return nil
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
}

func (c *Console) takePayment(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPaymentHook))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return domain.Refuse(domain.ErrInvalid, "too_large", "a payment has at most %d bytes", maxPaymentHook)
	}
	if err != nil {
		return fmt.Errorf("read a payment: %w", err)
	}
	if err := webhook.Verify(r.Header, body, c.options.PaymentSecret, c.options.Clock()); err != nil {
		return domain.Refuse(domain.ErrForbidden, "signature_wrong", "%s", err)
	}
	if err := web.Textual(body); err != nil {
		return err
	}
	var told gatewayPayment
	if err := json.Unmarshal(body, &told); err != nil {
		return domain.Refuse(domain.ErrInvalid, "invalid_json", "the body is no payment as JSON")
	}
	if err := told.check(c.now()); err != nil {
		return err
	}
	return c.receiveFromGateway(r, told)
}

// receiveFromGateway records a payment. Its invoice gets as much of it as is left to be paid.
func (c *Console) receiveFromGateway(r *http.Request, told gatewayPayment) error {
	var invoice rows.InvoiceLine
	_, err := c.reads.Read(r.Context(), domain.Position{}, func(tx pgx.Tx) (err error) {
		invoice, err = rows.InvoiceByNumber(r.Context(), tx, told.Invoice, c.now())
		return err
	})
	if err != nil {
		return err
	}
	request, err := c.request(domain.System(), web.Write{Key: told.ID}, paymentHook, told)
	if err != nil {
		return err
	}
	command := commands.ReceivePayment{
		Client: domain.ClientID{UUID: invoice.Client}, Amount: told.Amount, Currency: money.Currency(told.Currency), Day: calendar.Date(told.Day),
		Means: told.Means, Method: told.Method, Reference: told.Reference, Gateway: told.ID,
		Allocate: []commands.Allocation{{Invoice: domain.InvoiceID{UUID: invoice.ID}, Amount: told.Amount}},
	}
	_, err = c.commands.ReceivePayment(r.Context(), request, command)
	return err
}
