package console

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
	rows "effigate/readmodels/staff"
)

type listExchangeInput struct {
	Reading
	Page
	From string `query:"from" maxLength:"3" doc:"Rates of this currency alone."`
	To   string `query:"to" maxLength:"3" doc:"Rates in this currency alone."`
}

type exchangeRatesBody struct {
	Fresh
	Items []rows.ExchangeRate `json:"items" nullable:"false" doc:"The newest day first; of a day that was corrected, the newest rate."`
	Next  string              `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type recordExchangeBody struct {
	From   string `json:"from" minLength:"3" maxLength:"3" example:"USD"`
	To     string `json:"to" minLength:"3" maxLength:"3" example:"AUD" doc:"The currency that an issuer reports in."`
	Day    string `json:"day" format:"date" doc:"Another rate for the same day corrects it, for what is issued from then on."`
	Rate   string `json:"rate" minLength:"1" maxLength:"40" example:"1.5267" doc:"Units of to for one unit of from, above 0."`
	Source string `json:"source" minLength:"1" maxLength:"200" example:"RBA" doc:"Who published it."`
}

func (c *Console) registerExchange() {
	get(c, "list-exchange-rates", "/exchange-rates", "What currencies were worth, for reports", access.ReadInvoices, c.listExchange)
	writing(c, access.RecordExchange, put("record-exchange-rate", "/exchange-rates", "Record what a currency was worth on a day, for reports"), c.recordExchange)
}

func (c *Console) listExchange(ctx context.Context, tx pgx.Tx, _ reader, in *listExchangeInput) (b exchangeRatesBody, err error) {
	after, err := optionalID(in.Cursor, "cursor")
	if err != nil {
		return b, err
	}
	found, next, err := rows.ExchangeRates(ctx, tx, in.From, in.To, after, in.Limit)
	b.Items, b.Next = found, idOf(next)
	return b, err
}

func (c *Console) recordExchange(ctx context.Context, r commands.Request, asked recordExchangeBody) (commands.Answer, error) {
	rate, err := rateOf(asked.Rate)
	if err != nil {
		return commands.Answer{}, err
	}
	return c.commands.RecordExchangeRate(ctx, r, commands.RecordExchangeRate{
		From: money.Currency(asked.From), To: money.Currency(asked.To), Day: calendar.Date(asked.Day), Rate: rate, Source: asked.Source,
	})
}

// rateOf reads a rate. A comma is refused: in half of the world it is a point, in the other half it is nothing.
func rateOf(text string) (decimal.Decimal, error) {
	text = strings.TrimSpace(text)
	rate, err := amountOf(text)
	if err != nil || text == "" || strings.Contains(text, ",") {
		return rate, wrongField("rate", "must be a number with a point, such as 1.5267")
	}
	return rate, nil
}

// unreported says that reports will leave an invoice out, were it issued today; empty when they will not.
func unreported(ctx context.Context, tx pgx.Tx, invoice rows.InvoiceLine) (string, error) {
	who, err := rows.IssuerByKey(ctx, tx, invoice.Issuer)
	if err != nil || who.ReportsIn == "" || who.ReportsIn == invoice.Currency {
		return "", err
	}
	_, known, err := rows.ExchangeRateOn(ctx, tx, invoice.Currency, who.ReportsIn, calendar.Date(invoice.Today))
	if err != nil || known {
		return "", err
	}
	return "No rate of " + invoice.Currency + " in " + who.ReportsIn + " is recorded for the " + counted(bill.MaxExchangeDays, "day") +
		" up to " + dayText(invoice.Today) + ". Record one first, or reports in " + who.ReportsIn + " leave the invoice out. It can be issued all the same.", nil
}

// reportText says what is owed in a currency of reports.
func reportText(r rows.Reported) string {
	text := "In " + r.Currency + ", at the rates recorded at issue, for reports only: " + worthText(r.Outstanding, r.Currency) + " to be paid, " +
		worthText(r.Overdue, r.Currency) + " of it overdue."
	if r.LeftOut > 0 {
		text += " Left out for want of a rate: " + counted(r.LeftOut, "invoice") + "."
	}
	return text
}
