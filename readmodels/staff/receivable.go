package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Receivable is what a client owes in one currency, by the days since it was due (F46). Nothing is ever added up across
// currencies.
type Receivable struct {
	Client      uuid.UUID `db:"client" json:"client"`
	ClientName  string    `db:"client_name" json:"client_name"`
	Currency    string    `db:"currency" json:"currency"`
	Invoices    int       `db:"invoices" json:"invoices" doc:"How many are not paid."`
	Outstanding string    `db:"outstanding" json:"outstanding"`
	Current     string    `db:"current" json:"current" doc:"Not due yet, or due today in the issuer's zone."`
	Days30      string    `db:"days_30" json:"days_30" doc:"1 to 30 days past due."`
	Days60      string    `db:"days_60" json:"days_60" doc:"31 to 60 days past due."`
	Days90      string    `db:"days_90" json:"days_90" doc:"61 to 90 days past due."`
	Older       string    `db:"older" json:"older" doc:"More than 90 days past due."`
	Disputed    string    `db:"disputed" json:"disputed" doc:"Before tax: what clients object to, as the invoices say it."`
	Deducted    string    `db:"deducted" json:"deducted" doc:"What these invoices took off for missed promises, before tax."`
	Credited    string    `db:"credited" json:"credited" doc:"What credit notes took off these invoices."`
	Credit      string    `db:"credit" json:"credit" doc:"The client's own money, which no invoice has taken."`
}

// Receivables gives what is owed at an instant, of one client or of all (uuid.Nil), by client and currency, at most
// limit rows, and whether there are more. A client with nothing but credit is listed too.
func Receivables(ctx context.Context, db Queryer, client uuid.UUID, now time.Time, limit int) ([]Receivable, bool, error) {
	limit = bounded(limit)
	found, err := list[Receivable](ctx, db, receivables()+` ORDER BY lower(coalesce(c.name, '')), client, b.currency LIMIT $3`, now, client, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list receivables: %w", err)
	}
	return found[:min(len(found), limit)], len(found) > limit, nil
}

// ReceivableTotals adds up all that is owed at an instant, of one client or of all (uuid.Nil), by currency. The rows name
// no client.
func ReceivableTotals(ctx context.Context, db Queryer, client uuid.UUID, now time.Time) ([]Receivable, error) {
	sum := func(column string) string { return total(column, "true") + " AS " + column }
	found, err := list[Receivable](ctx, db, `
		SELECT '00000000-0000-0000-0000-000000000000'::uuid AS client, '' AS client_name, currency, sum(invoices)::bigint AS invoices,
			`+sum("outstanding")+`, `+sum("current")+`, `+sum("days_30")+`, `+sum("days_60")+`, `+sum("days_90")+`, `+sum("older")+`,
			`+sum("disputed")+`, `+sum("deducted")+`, `+sum("credited")+`, `+sum("credit")+`
		FROM (`+receivables()+`) AS r GROUP BY currency ORDER BY currency LIMIT $3`, now, client, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("add up receivables: %w", err)
	}
	return found, nil
}

// receivables is the query of Receivable at the instant $1, of the client $2 or of all.
func receivables() string {
	aged := func(condition string) string { return total("l.outstanding", condition) }
	return `
		WITH owed AS (
			SELECT l.client, l.currency, count(*) AS invoices, ` + aged("true") + ` AS outstanding,
				` + aged("l.days_overdue = 0") + ` AS current, ` + aged("l.days_overdue BETWEEN 1 AND 30") + ` AS days_30,
				` + aged("l.days_overdue BETWEEN 31 AND 60") + ` AS days_60, ` + aged("l.days_overdue BETWEEN 61 AND 90") + ` AS days_90,
				` + aged("l.days_overdue > 90") + ` AS older, ` + total("l.disputed", "true") + ` AS disputed,
				` + total("l.deducted", "true") + ` AS deducted, ` + total("l.credited", "true") + ` AS credited
			FROM (` + invoiceLines + ` WHERE ` + owed + ` AND ($2 = '00000000-0000-0000-0000-000000000000'::uuid OR i.client = $2)) AS l
			GROUP BY l.client, l.currency
		), credit AS (
			SELECT p.client, p.currency, trim_scale(sum(` + unallocated + `))::text AS credit
			FROM payments AS p
			WHERE $2 = '00000000-0000-0000-0000-000000000000'::uuid OR p.client = $2
			GROUP BY p.client, p.currency HAVING sum(` + unallocated + `) > 0
		)
		SELECT client, coalesce(c.name, '') AS client_name, b.currency, coalesce(o.invoices, 0) AS invoices,
			coalesce(o.outstanding, '0') AS outstanding, coalesce(o.current, '0') AS current, coalesce(o.days_30, '0') AS days_30,
			coalesce(o.days_60, '0') AS days_60, coalesce(o.days_90, '0') AS days_90, coalesce(o.older, '0') AS older,
			coalesce(o.disputed, '0') AS disputed, coalesce(o.deducted, '0') AS deducted, coalesce(o.credited, '0') AS credited,
			coalesce(p.credit, '0') AS credit
		FROM (SELECT client, currency FROM owed UNION SELECT client, currency FROM credit) AS b
		LEFT JOIN owed AS o USING (client, currency)
		LEFT JOIN credit AS p USING (client, currency)
		LEFT JOIN clients AS c ON c.id = client`
}

// Spend is what one client was invoiced in a month by the dates of issue, in one currency.
type Spend struct {
	Client     uuid.UUID `db:"client" json:"client"`
	ClientName string    `db:"client_name" json:"client_name"`
	Currency   string    `db:"currency" json:"currency"`
	Invoices   int       `db:"invoices" json:"invoices"`
	Net        string    `db:"net" json:"net" doc:"Invoices less credit notes, before tax."`
	Payable    string    `db:"payable" json:"payable" doc:"Invoices less credit notes, with tax."`
	Credited   string    `db:"credited" json:"credited" doc:"What of it credit notes took off, with tax."`
}

// SpendIn gives what clients were invoiced in a month, such as "2026-02": one client or all (uuid.Nil), at most limit
// rows.
func SpendIn(ctx context.Context, db Queryer, month string, client uuid.UUID, limit int) ([]Spend, error) {
	found, err := list[Spend](ctx, db, `
		WITH issued AS (
			SELECT client, currency, net::numeric AS net, payable::numeric AS payable, 0::numeric AS credited, 1 AS invoices
			FROM invoices WHERE number <> '' AND date >= $1 || '-01' AND date <= $1 || '-31'
			UNION ALL
			SELECT client, currency, -net::numeric, -payable::numeric, payable::numeric, 0
			FROM credit_notes WHERE number <> '' AND date >= $1 || '-01' AND date <= $1 || '-31'
		)
		SELECT s.client, coalesce(c.name, '') AS client_name, s.currency, sum(s.invoices) AS invoices,
			trim_scale(sum(s.net))::text AS net, trim_scale(sum(s.payable))::text AS payable, trim_scale(sum(s.credited))::text AS credited
		FROM issued AS s LEFT JOIN clients AS c ON c.id = s.client
		WHERE $2 = '00000000-0000-0000-0000-000000000000'::uuid OR s.client = $2
		GROUP BY s.client, c.name, s.currency ORDER BY lower(coalesce(c.name, '')), s.client, s.currency LIMIT $3`,
		month, client, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("add up what was invoiced in %s: %w", month, err)
	}
	return found, nil
}

// DueMonth is a month of a contract that nobody has invoiced.
type DueMonth struct {
	Contract   uuid.UUID  `db:"contract" json:"contract"`
	Reference  string     `db:"reference" json:"reference"`
	Client     uuid.UUID  `db:"client" json:"client"`
	ClientName string     `db:"client_name" json:"client_name"`
	Month      string     `db:"month" json:"month"`
	Currency   string     `db:"currency" json:"currency"`
	Type       string     `db:"type" json:"type"`
	Status     string     `db:"status" json:"status" enum:"open,closed," doc:"Of the billing period; empty while nobody opened it."`
	Waiting    int        `db:"waiting" json:"waiting" doc:"Time records that nobody has approved or returned yet."`
	Drafted    *uuid.UUID `db:"drafted" json:"drafted,omitempty" doc:"The invoice that has reserved it; drafting another is refused."`
}

// DueForBilling gives the contracts that were in force in a month and whose month nobody has invoiced, by client and
// reference, those after the contract given (uuid.Nil: from the start), which may be billed by now, at most limit. Whether something is to be
// charged is told by a preview.
func DueForBilling(ctx context.Context, db Queryer, month string, after uuid.UUID, limit int) ([]DueMonth, error) {
	found, err := list[DueMonth](ctx, db, `
		WITH due AS (
			SELECT c.id AS contract, c.reference, c.client, coalesce(client.name, '') AS client_name, $1 AS month, v.currency, v.type,
				coalesce(p.status, '') AS status, p.reserved_by AS drafted
			FROM contracts AS c
			JOIN contract_versions AS v ON v.id = c.id
			LEFT JOIN periods AS p ON p.contract = c.id AND p.month = $1
			LEFT JOIN clients AS client ON client.id = c.client
			WHERE c.status NOT IN ('draft', 'in_review', 'offered') AND p.billed_by IS NULL
				AND (p.id IS NOT NULL OR left(v.starts, 7) <= $1 AND (c.ends = '' OR left(c.ends, 7) >= $1))
		)
		SELECT d.*, (SELECT count(*) FROM time_records AS t
			WHERE t.contract = d.contract AND t.month = d.month AND t.status = 'submitted') AS waiting
		FROM due AS d
		WHERE $2 = '00000000-0000-0000-0000-000000000000'::uuid
			OR (lower(client_name), reference, contract) > (
				SELECT lower(coalesce(client.name, '')), c.reference, c.id
				FROM contracts AS c LEFT JOIN clients AS client ON client.id = c.client WHERE c.id = $2)
		ORDER BY lower(client_name), reference, contract LIMIT $3`, month, after, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("list what is due for billing in %s: %w", month, err)
	}
	return found, nil
}
