package client

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/domain"
)

// Statement is what happened to a client's account from one day through another, by currency: balances in different
// currencies are never added up.
type Statement struct {
	From       string              `json:"from"`
	To         string              `json:"to"`
	Currencies []StatementCurrency `json:"currencies" nullable:"false"`
}

// StatementCurrency is a statement in one currency. A positive balance is owed by the client.
type StatementCurrency struct {
	Currency string         `json:"currency"`
	Opening  string         `json:"opening" doc:"The balance before the first day."`
	Rows     []StatementRow `json:"rows" nullable:"false" doc:"In the order of the days."`
	Closing  string         `json:"closing" doc:"The balance after the last day."`
	Held     string         `json:"held,omitempty" doc:"What is held for you of the payments that came through the last day, and is not yet set against an invoice; absent where that is nothing. It is no part of the balances. What was set against an invoice or paid back counts from the day on which the payment came. What a credit note gave you is not in it."`
}

// StatementRow is one event on the account. Debit is what it adds to what is owed, Credit what it takes off; the other
// one is empty.
type StatementRow struct {
	Day     string `db:"day"    json:"day"`
	What    string `db:"what"   json:"what" enum:"invoice,credit_note,payment,payment_reversed,closed"`
	Number  string `db:"number" json:"number" doc:"Of the invoice or credit note."`
	Total   string `db:"total"  json:"total,omitempty" doc:"Of a credit note: all that it credits. What of it was paid before is yours, and no part of the balance."`
	Debit   string `db:"-"      json:"debit,omitempty"`
	Credit  string `db:"-"      json:"credit,omitempty"`
	Balance string `db:"-"      json:"balance"`
}

// What a row of a statement is.
const (
	StatementInvoice    = "invoice"
	StatementCreditNote = "credit_note"
	StatementPayment    = "payment"
	StatementReversed   = "payment_reversed"
	StatementClosed     = "closed" // nothing more is asked for
)

// maxStatement bounds the rows of a statement.
const maxStatement = 10_000

// accountEvents are all events on the account, with what each adds to what is owed. A credit note takes off what was
// outstanding; what was paid before is the client's money and no part of what is owed. Of several of one invoice the
// earlier ones take off first.
const accountEvents = `
	WITH shown AS (
	    SELECT i.id, i.number, i.currency, i.date, i.payable, c.credited, c.written_off, c.closed
	    FROM invoices i
	    JOIN disclosed s ON s.id = i.id AND s.client = i.client
	    JOIN claims c ON c.id = i.id AND c.client = i.client
	    WHERE i.client = @client AND @billing
	), notes AS (
	    SELECT n.id, n.number, i.currency, n.date, n.payable::numeric AS total, i.credited::numeric
	           - coalesce(sum(n.payable::numeric) OVER (PARTITION BY i.id ORDER BY n.date, n.number, n.id
	                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS left_over
	    FROM credit_notes n
	    JOIN disclosed s ON s.id = n.id AND s.client = n.client
	    JOIN shown i ON i.id = n.invoice
	    WHERE n.client = @client
	), events AS (
	    SELECT currency, date AS day, 1 AS rank, 'invoice' AS what, number, payable::numeric AS amount, '' AS total, id FROM shown
	    UNION ALL
	    SELECT currency, date, 2, 'credit_note', number, -greatest(0, least(total, left_over)), trim_scale(total)::text, id FROM notes
	    UNION ALL
	    SELECT i.currency, r.day, 3, 'payment', i.number, -r.amount::numeric, '', r.id
	    FROM receipts r JOIN shown i ON i.id = r.invoice WHERE r.client = @client
	    UNION ALL
	    SELECT i.currency, r.reversed, 4, 'payment_reversed', i.number, r.amount::numeric, '', r.id
	    FROM receipts r JOIN shown i ON i.id = r.invoice WHERE r.client = @client AND r.reversed <> ''
	    UNION ALL
	    SELECT currency, closed, 5, 'closed', number, -written_off::numeric, '', id FROM shown WHERE closed <> ''
	)`

// balancesAndHeld are, by currency, the balance before the first day and what is left of the payments that stand on the
// last one. Neither the day of a refund nor that on which an invoice took its part is told to the client: both count from
// the day on which the money came, as the rows of the payments do.
const balancesAndHeld = `,
	balances AS (
	    SELECT currency, coalesce(sum(amount) FILTER (WHERE day < @from), 0) AS amount FROM events WHERE day <= @to GROUP BY currency
	), held AS (
	    SELECT p.currency, sum(p.amount::numeric - p.refunded::numeric - coalesce((
	        SELECT sum(r.amount::numeric) FROM receipts r WHERE r.client = p.client AND r.payment = p.id), 0)) AS held
	    FROM payments p
	    WHERE p.client = @client AND @billing AND p.day <= @to AND (p.reversed = '' OR p.reversed > @to)
	    GROUP BY p.currency
	)
	SELECT currency, trim_scale(coalesce(b.amount, 0))::text AS amount, trim_scale(coalesce(h.held, 0))::text AS held
	FROM balances b FULL JOIN held h USING (currency)
	WHERE b.currency IS NOT NULL OR h.held <> 0
	ORDER BY currency LIMIT @limit`

// ReadStatement gives the statement from a day through another, both such as "2026-01-31". It is domain.ErrNotFound
// for whoever may not see invoices, and domain.ErrInvalid when more happened than a statement holds.
func ReadStatement(ctx context.Context, tx pgx.Tx, v Viewer, from, to string) (Statement, error) {
	if !v.Billing {
		return Statement{}, errNotFound
	}
	type balance struct {
		Currency string          `db:"currency"`
		Amount   decimal.Decimal `db:"amount"`
		Held     decimal.Decimal `db:"held"`
	}
	type event struct {
		StatementRow
		Currency string          `db:"currency"`
		Amount   decimal.Decimal `db:"amount"`
	}
	arguments := v.arguments()
	arguments["billing"], arguments["from"], arguments["to"], arguments["limit"] = v.Billing, from, to, maxStatement+1
	opening, err := list[balance](ctx, tx, "balances", accountEvents+balancesAndHeld, arguments)
	if err != nil {
		return Statement{}, err
	}
	events, err := list[event](ctx, tx, "statement", accountEvents+`
		SELECT currency, day, what, number, total, trim_scale(amount)::text AS amount
		FROM events WHERE day BETWEEN @from AND @to ORDER BY currency, day, rank, number, id LIMIT @limit`, arguments)
	if err != nil {
		return Statement{}, err
	}
	var check domain.Check
	check.That(len(events) <= maxStatement, "from", "asks for too many days: more happened than a statement holds")
	if err := check.Err(); err != nil {
		return Statement{}, err
	}
	statement := Statement{From: from, To: to, Currencies: []StatementCurrency{}}
	for _, b := range opening {
		account, left := StatementCurrency{Currency: b.Currency, Opening: b.Amount.String(), Rows: []StatementRow{}}, b.Amount
		for ; len(events) > 0 && events[0].Currency == b.Currency; events = events[1:] {
			row, amount := events[0].StatementRow, events[0].Amount
			left = left.Add(amount)
			row.Debit, row.Credit, row.Balance = "", amount.Neg().String(), left.String()
			if amount.IsPositive() {
				row.Debit, row.Credit = amount.String(), ""
			}
			account.Rows = append(account.Rows, row)
		}
		if account.Closing = left.String(); !b.Held.IsZero() {
			account.Held = b.Held.String()
		}
		statement.Currencies = append(statement.Currencies, account)
	}
	return statement, nil
}
