package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// ExchangeRate is a row of exchange_rates: what one unit of a currency was worth in another on a day, for reports.
type ExchangeRate struct {
	ID         uuid.UUID  `db:"id" json:"id"`
	From       string     `db:"from_currency" json:"from"`
	To         string     `db:"to_currency" json:"to"`
	Day        string     `db:"day" json:"day"`
	Rate       string     `db:"rate" json:"rate" doc:"Units of to for one unit of from."`
	Source     string     `db:"source" json:"source" doc:"Who published it."`
	RecordedBy *uuid.UUID `db:"recorded_by" json:"recorded_by,omitempty"`
	RecordedAt time.Time  `db:"recorded_at" json:"recorded_at"`
	Revision   int64      `db:"revision" json:"revision"`
}

const exchangeColumns = `id, from_currency, to_currency, day, rate, source, recorded_by, recorded_at, revision`

// ExchangeRates gives rates, the newest day first, those after the rate given (uuid.Nil: from the start), at most limit,
// and the id to go on after; uuid.Nil on the last page. An empty currency stands for all.
func ExchangeRates(ctx context.Context, db Queryer, from, to string, after uuid.UUID, limit int) ([]ExchangeRate, uuid.UUID, error) {
	limit = bounded(limit)
	found, err := list[ExchangeRate](ctx, db, `
		SELECT `+exchangeColumns+` FROM exchange_rates
		WHERE ($1 = '' OR from_currency = $1) AND ($2 = '' OR to_currency = $2)
			AND ($3 = '00000000-0000-0000-0000-000000000000'::uuid
				OR (day, from_currency, to_currency) < (SELECT day, from_currency, to_currency FROM exchange_rates WHERE id = $3))
		ORDER BY day DESC, from_currency DESC, to_currency DESC LIMIT $4`, from, to, after, limit+1)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list exchange rates: %w", err)
	}
	if len(found) <= limit {
		return found, uuid.Nil, nil
	}
	return found[:limit], found[limit-1].ID, nil
}

// ExchangeRateOn gives the rate that a document of a day would be reported by, if there is one: of the day, or of at most
// bill.MaxExchangeDays before.
func ExchangeRateOn(ctx context.Context, db Queryer, from, to string, day calendar.Date) (rate ExchangeRate, known bool, err error) {
	found, err := list[ExchangeRate](ctx, db, `
		SELECT `+exchangeColumns+` FROM exchange_rates
		WHERE from_currency = $1 AND to_currency = $2 AND day BETWEEN $3 AND $4 ORDER BY day DESC LIMIT 1`,
		from, to, string(day.Add(-bill.MaxExchangeDays)), string(day))
	if err != nil {
		return rate, false, fmt.Errorf("read the rate of %s in %s: %w", from, to, err)
	}
	if len(found) == 0 {
		return rate, false, nil
	}
	return found[0], true, nil
}

// Reported is what is owed in all currencies, in the one that issuers report in: each invoice at the rate recorded when
// it was issued, rounded, then added up. It is for reports alone; what is owed is what Receivable says (F42).
type Reported struct {
	Currency    string `db:"currency" json:"currency"`
	Invoices    int    `db:"invoices" json:"invoices" doc:"How many are in the sums."`
	Converted   int    `db:"converted" json:"converted" doc:"How many of them are in another currency."`
	LeftOut     int    `db:"left_out" json:"left_out" doc:"How many are in none of the sums, because no rate was recorded when they were issued."`
	Outstanding string `db:"outstanding" json:"outstanding"`
	Overdue     string `db:"overdue" json:"overdue"`
}

// Reports gives what is owed at an instant, of one client or of all (uuid.Nil), in the currencies that issuers report in,
// at most MaxLimit. What issuers without one are owed is in none. Halves round away from zero.
func Reports(ctx context.Context, db Queryer, client uuid.UUID, now time.Time) ([]Reported, error) {
	sum := func(condition string) string {
		return `trim_scale(coalesce(sum(round(l.outstanding::numeric * r.rate, s.decimals::int)) FILTER (WHERE ` + condition + `), 0))::text`
	}
	found, err := list[Reported](ctx, db, `
		SELECT s.reports_in AS currency, count(r.rate) AS invoices,
			count(r.rate) FILTER (WHERE l.currency <> s.reports_in) AS converted, count(*) FILTER (WHERE r.rate IS NULL) AS left_out,
			`+sum("true")+` AS outstanding, `+sum("l.overdue")+` AS overdue
		FROM (`+invoiceLines+` WHERE `+owed+` AND ($2 = '00000000-0000-0000-0000-000000000000'::uuid OR i.client = $2)) AS l
		JOIN issuers AS s ON s.key = l.issuer AND s.reports_in <> ''
		CROSS JOIN LATERAL (SELECT CASE s.reports_in
			WHEN l.currency THEN 1 WHEN l.reported_in THEN l.rate::numeric END AS rate) AS r
		GROUP BY s.reports_in ORDER BY s.reports_in LIMIT $3`, now, client, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("convert what is owed for reports: %w", err)
	}
	return found, nil
}
