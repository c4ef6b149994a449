package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// LineRow is a row of contract_lines.
type LineRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	Position int       `db:"position"` // in the contract, from 1
	Name     string    `db:"name"`
	Type     string    `db:"type"`
	Minutes  int       `db:"minutes"` // agreed for each month, or for the start; 0: none
}

// BucketRow is a row of buckets.
type BucketRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	Line     uuid.UUID `db:"line"`
	Minutes  int       `db:"minutes"`
	From     string    `db:"valid_from"`  // first day
	Until    string    `db:"valid_until"` // last day; empty: never expires
}

// CarriedLotRow is a row of carried_lots: what was left of a bucket when a month was closed.
type CarriedLotRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	Month    string    `db:"month"`
	Bucket   uuid.UUID `db:"bucket"`
	Minutes  int       `db:"minutes"`
	Until    string    `db:"valid_until"`
}

// SettlementRow is a row of settlements: a closed month of a line.
type SettlementRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	Line     uuid.UUID `db:"line"`
	Month    string    `db:"month"`
	Drawn    int       `db:"drawn"`
	Expired  int       `db:"expired"`
	Overage  int       `db:"overage"`
}

// HoursAlertRow is a row of hours_alerts.
type HoursAlertRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	Line     uuid.UUID `db:"line"`
	Percent  int       `db:"percent"`
	At       time.Time `db:"at"`
}

// Hours is bought hours against consumed ones, in minutes. Bought − used − expired + overage = remaining.
type Hours struct {
	Bought    int `json:"bought_minutes"`
	Used      int `json:"used_minutes" doc:"By work that was approved. An hour of work can take more or less than an hour."`
	Expired   int `json:"expired_minutes" doc:"In the months that were closed."`
	Remaining int `json:"remaining_minutes"`
	Overage   int `json:"overage_minutes" doc:"Of the used ones those beyond what was bought."`
}

// plus adds up hours, either of which may be none.
func (h *Hours) plus(other *Hours) *Hours {
	if h == nil || other == nil {
		if h == nil {
			return other
		}
		return h
	}
	return &Hours{
		Bought: h.Bought + other.Bought, Used: h.Used + other.Used, Expired: h.Expired + other.Expired,
		Remaining: h.Remaining + other.Remaining, Overage: h.Overage + other.Overage,
	}
}

// Line is a part of a contract that is charged in one way.
type Line struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Name    string    `json:"name"`
	Type    string    `json:"type" enum:"bucket,fixed,time_and_materials,retainer"`
	Minutes int       `json:"agreed_minutes,omitempty" doc:"Included in each month of a retainer, or agreed for the start of a bucket."`
	Hours   *Hours    `json:"hours,omitempty" doc:"Absent for a line without bought hours."`
	Done    int       `json:"done_minutes" doc:"Of approved work that was not done for nothing."`
	Pending *int      `json:"unapproved_minutes,omitempty" doc:"Of work that nobody has approved yet; in none of the other figures. Absent where your contract does not show it."`
	// JobTypes and Lots are by name, and by the day they expire.
	JobTypes []JobType `json:"job_types" nullable:"false"`
	Lots     []Lot     `json:"lots" nullable:"false" doc:"Bought hours that may still be there, first expiring first."`
}

// JobType is a category of work that a line covers.
type JobType struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Name    string    `json:"name"`
	Minutes int       `json:"agreed_minutes,omitempty" doc:"Of the line's hours those meant for it; absent when it shares them."`
	Used    int       `json:"used_minutes" doc:"Taken from bought hours by approved work."`
	Done    int       `json:"done_minutes" doc:"Of approved work that was not done for nothing."`
	Pending *int      `json:"unapproved_minutes,omitempty" doc:"As of a line."`
}

// Lot is a number of hours that were bought, or included, together.
type Lot struct {
	ID      uuid.UUID `db:"id" json:"id" format:"uuid"`
	Line    uuid.UUID `db:"line" json:"-"`
	Minutes int       `db:"minutes" json:"minutes"`
	From    string    `db:"valid_from" json:"from" example:"2026-01-01"`
	Until   string    `db:"valid_until" json:"until,omitempty" example:"2026-12-31" doc:"The last day; absent when they never expire."`
	Left    *int      `db:"left_minutes" json:"left_minutes,omitempty" doc:"What was left of them when the month left_after was closed; absent before that."`
	After   string    `db:"left_after" json:"left_after,omitempty" example:"2026-02"`
}

// SettledMonth is a closed month of a line.
type SettledMonth struct {
	Month   string    `db:"month" json:"month" example:"2026-01"`
	LineID  uuid.UUID `db:"line_id" json:"line_id" format:"uuid"`
	Line    string    `db:"line" json:"line" doc:"Its name; empty when the contract has it no more."`
	Drawn   int       `db:"drawn" json:"drawn_minutes" doc:"Taken from bought hours."`
	Expired int       `db:"expired" json:"expired_minutes"`
	Overage int       `db:"overage" json:"overage_minutes"`
}

// HoursAlert says that a line has used that much of its hours.
type HoursAlert struct {
	LineID  uuid.UUID `db:"line_id" json:"line_id" format:"uuid"`
	Line    string    `db:"line" json:"line" doc:"Its name; empty when the contract has it no more."`
	Percent int       `db:"percent" json:"percent"`
	At      time.Time `db:"at" json:"at"`
}

// The bounds of what is shown of one contract.
const (
	maxLines  = 200
	maxLots   = 200
	maxMonths = 240
	maxAlerts = 20
)

// sums is what work adds up to.
type sums struct{ Used, Done, Pending int }

const selectSums = `
	coalesce(sum(w.drawn) FILTER (WHERE w.state = 'approved'), 0)::bigint AS used,
	coalesce(sum(w.minutes) FILTER (WHERE w.state = 'approved' AND w.charge <> 'no_charge'), 0)::bigint AS done,
	coalesce(sum(w.minutes) FILTER (WHERE w.state = 'pending'), 0)::bigint AS pending`

// lineSums is a line with all that its hours follow from.
type lineSums struct {
	ID, Contract    uuid.UUID
	Name, Type      string
	Minutes, Bought int
	sums
	Expired, Overage int // of closed months
}

// hours gives bought against consumed; nil for a line that has no bought hours. Overage of closed months was never
// taken from them, and what the open months take beyond them is overage too.
func (l lineSums) hours() *Hours {
	if l.Type != "bucket" && l.Type != "retainer" {
		return nil
	}
	left := l.Bought - l.Expired - (l.Used - l.Overage)
	return &Hours{
		Bought: l.Bought, Used: l.Used, Expired: l.Expired, Remaining: max(left, 0), Overage: l.Overage + max(-left, 0),
	}
}

func listLines(ctx context.Context, tx pgx.Tx, v Viewer, contracts []uuid.UUID, limit int) ([]lineSums, error) {
	arguments := v.arguments()
	arguments["contracts"], arguments["limit"] = contracts, limit
	return list[lineSums](ctx, tx, "lines of contracts", `
		SELECT l.id, l.contract, l.name, l.type, l.minutes, b.bought, w.used, w.done, w.pending, s.expired, s.overage
		FROM contract_lines l
		CROSS JOIN LATERAL (SELECT coalesce(sum(minutes), 0)::bigint AS bought FROM buckets
		    WHERE client = @client AND contract = l.contract AND line = l.id) b
		CROSS JOIN LATERAL (SELECT `+selectSums+` FROM categories c
		    JOIN work w ON w.client = @client AND w.contract = c.contract AND w.category = c.id
		    WHERE c.client = @client AND c.contract = l.contract AND c.line = l.id) w
		CROSS JOIN LATERAL (SELECT coalesce(sum(expired), 0)::bigint AS expired, coalesce(sum(overage), 0)::bigint AS overage
		    FROM settlements WHERE client = @client AND contract = l.contract AND line = l.id) s
		WHERE l.client = @client AND l.contract = ANY (@contracts)
		ORDER BY l.contract, l.position, l.id LIMIT @limit`, arguments)
}

// totals gives the hours of contracts that have bought hours.
func totals(ctx context.Context, tx pgx.Tx, v Viewer, contracts []uuid.UUID) (map[uuid.UUID]*Hours, error) {
	lines, err := listLines(ctx, tx, v, contracts, maxLines*len(contracts))
	if err != nil {
		return nil, err
	}
	found := map[uuid.UUID]*Hours{}
	for _, line := range lines {
		found[line.Contract] = found[line.Contract].plus(line.hours())
	}
	return found, nil
}

// linesOf gives the lines of a contract with their job types and lots.
func linesOf(ctx context.Context, tx pgx.Tx, v Viewer, of ContractRow) ([]Line, error) {
	rows, err := listLines(ctx, tx, v, []uuid.UUID{of.ID}, maxLines)
	if err != nil {
		return nil, err
	}
	jobTypes, err := jobTypesOf(ctx, tx, v, of)
	if err != nil {
		return nil, err
	}
	lots, err := lotsOf(ctx, tx, v, of.ID)
	if err != nil {
		return nil, err
	}
	lines := make([]Line, len(rows))
	for i, row := range rows {
		lines[i] = Line{
			ID: row.ID, Name: row.Name, Type: row.Type, Minutes: row.Minutes, Hours: row.hours(), Done: row.Done,
			Pending: of.pending(row.Pending), JobTypes: append([]JobType{}, jobTypes[row.ID]...), Lots: append([]Lot{}, lots[row.ID]...),
		}
	}
	return lines, nil
}

// pending is the figure of a contract that shows what nobody has approved yet.
func (r ContractRow) pending(minutes int) *int {
	if !r.ShowsUnapproved {
		return nil
	}
	return &minutes
}

// jobTypesOf gives the job types of a contract, by line.
func jobTypesOf(ctx context.Context, tx pgx.Tx, v Viewer, of ContractRow) (map[uuid.UUID][]JobType, error) {
	type row struct {
		ID, Line uuid.UUID
		Name     string
		Minutes  int
		sums
	}
	arguments := v.arguments()
	arguments["contract"], arguments["limit"] = of.ID, maxCategories
	rows, err := list[row](ctx, tx, "job types", `
		SELECT c.id, c.line, c.name, c.minutes, w.used, w.done, w.pending
		FROM categories c
		CROSS JOIN LATERAL (SELECT `+selectSums+` FROM work w
		    WHERE w.client = @client AND w.contract = c.contract AND w.category = c.id) w
		WHERE c.client = @client AND c.contract = @contract
		ORDER BY c.name, c.id LIMIT @limit`, arguments)
	if err != nil {
		return nil, err
	}
	found := map[uuid.UUID][]JobType{}
	for _, r := range rows {
		found[r.Line] = append(found[r.Line], JobType{
			ID: r.ID, Name: r.Name, Minutes: r.Minutes, Used: r.Used, Done: r.Done, Pending: of.pending(r.Pending),
		})
	}
	return found, nil
}

// lotsOf gives the lots of a contract that may still hold hours, by line: those that were carried out of the line's
// last closed month, and those that began after it.
func lotsOf(ctx context.Context, tx pgx.Tx, v Viewer, contract uuid.UUID) (map[uuid.UUID][]Lot, error) {
	arguments := v.arguments()
	arguments["contract"], arguments["limit"] = contract, maxLots
	rows, err := list[Lot](ctx, tx, "lots", `
		SELECT b.id, b.line, b.minutes, b.valid_from, coalesce(k.valid_until, b.valid_until) AS valid_until,
		       k.minutes AS left_minutes, coalesce(k.month, '') AS left_after
		FROM buckets b
		CROSS JOIN LATERAL (SELECT max(month) AS month FROM settlements
		    WHERE client = @client AND contract = b.contract AND line = b.line) closed
		LEFT JOIN carried_lots k ON k.client = @client AND k.contract = b.contract AND k.month = closed.month AND k.bucket = b.id
		WHERE b.client = @client AND b.contract = @contract
		  AND (k.id IS NOT NULL OR closed.month IS NULL OR left(b.valid_from, 7) > closed.month)
		ORDER BY nullif(coalesce(k.valid_until, b.valid_until), '') NULLS LAST, b.valid_from, b.id LIMIT @limit`, arguments)
	if err != nil {
		return nil, err
	}
	found := map[uuid.UUID][]Lot{}
	for _, lot := range rows {
		found[lot.Line] = append(found[lot.Line], lot)
	}
	return found, nil
}

func settledMonths(ctx context.Context, tx pgx.Tx, v Viewer, contract uuid.UUID) ([]SettledMonth, error) {
	arguments := v.arguments()
	arguments["contract"], arguments["limit"] = contract, maxMonths
	return list[SettledMonth](ctx, tx, "closed months", `
		SELECT s.month, s.line AS line_id, coalesce(l.name, '') AS line, s.drawn, s.expired, s.overage
		FROM settlements s LEFT JOIN contract_lines l ON l.client = @client AND l.id = s.line
		WHERE s.client = @client AND s.contract = @contract
		ORDER BY s.month DESC, l.position, s.id LIMIT @limit`, arguments)
}

func alertsOf(ctx context.Context, tx pgx.Tx, v Viewer, contract uuid.UUID) ([]HoursAlert, error) {
	arguments := v.arguments()
	arguments["contract"], arguments["limit"] = contract, maxAlerts
	return list[HoursAlert](ctx, tx, "alerts", `
		SELECT a.line AS line_id, coalesce(l.name, '') AS line, a.percent, a.at
		FROM hours_alerts a LEFT JOIN contract_lines l ON l.client = @client AND l.id = a.line
		WHERE a.client = @client AND a.contract = @contract
		ORDER BY a.at DESC, a.percent DESC, a.id LIMIT @limit`, arguments)
}
