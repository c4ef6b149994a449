package client

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// WorkRow is a row of work.
type WorkRow struct {
	ID          uuid.UUID `db:"id"`
	Client      uuid.UUID `db:"client"`
	Contract    uuid.UUID `db:"contract"`
	Category    uuid.UUID `db:"category"`
	Month       string    `db:"month"` // in which it counts
	Day         string    `db:"day"`   // on which it was done
	Description string    `db:"description"`
	Minutes     int       `db:"minutes"`
	Drawn       int       `db:"drawn"`
	State       string    `db:"state"`
	Charge      string    `db:"charge"`
}

// Work is a piece of work that was done under a contract.
type Work struct {
	ID          uuid.UUID `db:"id" json:"id" format:"uuid"`
	Month       string    `db:"month" json:"month" example:"2026-01" doc:"The month in which it counts."`
	Day         string    `db:"day" json:"day" example:"2026-01-30" doc:"The day on which it was done."`
	CategoryID  uuid.UUID `db:"category_id" json:"category_id" format:"uuid"`
	Category    string    `db:"category" json:"category" doc:"Its name; empty when the contract has it no more."`
	Description string    `db:"description" json:"description"`
	Minutes     int       `db:"minutes" json:"minutes" doc:"After rounding. Negative minutes take earlier work back."`
	Drawn       int       `db:"drawn" json:"drawn_minutes" doc:"What it took from bought hours."`
	State       string    `db:"state" json:"state" enum:"approved,pending" doc:"pending: nobody has approved it yet."`
	Charge      string    `db:"charge" json:"charge" enum:"charged,included,no_charge"`
}

// WorkFilter says which work to list. The zero filter lists the newest.
type WorkFilter struct {
	Month    string    // "2026-01"; empty: any
	Category uuid.UUID // uuid.Nil: any
	After    *Cursor   // where the page before ended; nil: from the newest
	Limit    int       // at most MaxLimit, which 0 stands for
}

// ListWork gives a page of the work under a contract, newest day first, and the cursor of the next page; nil on the
// last one. It is domain.ErrNotFound when the viewer may not see the contract.
func ListWork(ctx context.Context, tx pgx.Tx, v Viewer, contract uuid.UUID, filter WorkFilter) ([]Work, *Cursor, error) {
	if _, err := findContract(ctx, tx, v, contract); err != nil {
		return nil, nil, err
	}
	arguments := v.arguments()
	limit := bounded(filter.Limit)
	arguments["contract"], arguments["limit"] = contract, limit+1
	sql := `
		SELECT w.id, w.month, w.day, w.category AS category_id, coalesce(c.name, '') AS category, w.description,
		       w.minutes, w.drawn, w.state, w.charge
		FROM work w LEFT JOIN categories c ON c.client = @client AND c.id = w.category
		WHERE w.client = @client AND w.contract = @contract`
	if filter.Month != "" {
		arguments["month"] = filter.Month
		sql += ` AND w.month = @month`
	}
	if filter.Category != uuid.Nil {
		arguments["category"] = filter.Category
		sql += ` AND w.category = @category`
	}
	if filter.After != nil {
		arguments["after_day"], arguments["after_id"] = filter.After.day(), filter.After.ID
		sql += ` AND (w.day, w.id) < (@after_day, @after_id)`
	}
	found, err := list[Work](ctx, tx, "work", sql+` ORDER BY w.day DESC, w.id DESC LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	found, next := page(found, limit, func(w Work) Cursor { return dayCursor(w.Day, w.ID) })
	return found, next, nil
}

// maxWorkMonths bounds the months that a list of work is chosen by.
const maxWorkMonths = 240

// ListWorkMonths gives the months in which work under a contract counts, newest first. It is domain.ErrNotFound when
// the viewer may not see the contract.
func ListWorkMonths(ctx context.Context, tx pgx.Tx, v Viewer, contract uuid.UUID) ([]string, error) {
	if _, err := findContract(ctx, tx, v, contract); err != nil {
		return nil, err
	}
	type row struct{ Month string }
	arguments := v.arguments()
	arguments["contract"], arguments["limit"] = contract, maxWorkMonths
	rows, err := list[row](ctx, tx, "months of work", `
		SELECT DISTINCT month FROM work WHERE client = @client AND contract = @contract ORDER BY month DESC LIMIT @limit`, arguments)
	months := make([]string, len(rows))
	for i, r := range rows {
		months[i] = r.Month
	}
	return months, err
}
