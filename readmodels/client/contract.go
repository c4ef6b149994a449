package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ContractRow is a row of contracts.
type ContractRow struct {
	ID              uuid.UUID `db:"id"`
	Client          uuid.UUID `db:"client"`
	Reference       string    `db:"reference"`
	Type            string    `db:"type"`
	State           string    `db:"state"`
	Starts          string    `db:"starts"` // first day
	Ends            string    `db:"ends"`   // last day; empty: open-ended
	ShowsUnapproved bool      `db:"shows_unapproved"`
}

// CategoryRow is a row of categories: a job type of a contract.
type CategoryRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	Line     uuid.UUID `db:"line"`
	JobType  string    `db:"job_type"`
	Name     string    `db:"name"`
	Minutes  int       `db:"minutes"` // of the line's hours that are meant for it; 0: it shares them
	Open     bool      `db:"open"`    // tickets can be raised under it
}

// Contract is what the portal's header names of a contract (F8).
type Contract struct {
	Reference string `json:"reference" example:"CON-2024-018"`
	Type      string `json:"type" enum:"bucket,fixed,time_and_materials,retainer"`
}

// Category is what a ticket can be raised under (F10). Its contract's reference tells equal names apart, also
// for whoever may not see the contract itself.
type Category struct {
	ID       uuid.UUID `json:"id" format:"uuid"`
	Name     string    `json:"name"`
	Contract string    `json:"contract" example:"CON-2024-018" doc:"The reference of the contract that covers it."`
	Default  bool      `json:"default" doc:"Of those with its name, the one to take unless you say otherwise: of the contract that began last."`
	// ContractID and JobType are what the command needs; the API does not name them.
	ContractID uuid.UUID `json:"-"`
	JobType    string    `json:"-"`
}

// maxCategories bounds the categories of one client; a contract has at most 200 job types.
const maxCategories = 1000

const selectCategories = `
	SELECT c.id, c.name, k.reference AS contract, c.contract AS contract_id, c.job_type,
	       row_number() OVER (PARTITION BY c.name ORDER BY k.starts DESC, k.id DESC, c.id) = 1 AS default
	FROM categories c JOIN contracts k ON k.id = c.contract AND k.client = c.client
	WHERE c.client = @client AND c.open`

// ListCategories gives the categories that tickets can be raised under, by contract and name.
func ListCategories(ctx context.Context, tx pgx.Tx, v Viewer) ([]Category, error) {
	arguments := v.arguments()
	arguments["limit"] = maxCategories
	return list[Category](ctx, tx, "categories", selectCategories+` ORDER BY k.reference, k.id, c.name, c.id LIMIT @limit`, arguments)
}

// ReadCategory gives one category; domain.ErrNotFound when no ticket of the client can be raised under it.
func ReadCategory(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (Category, error) {
	arguments := v.arguments()
	arguments["id"] = id
	return one[Category](ctx, tx, "category", selectCategories+` AND c.id = @id`, arguments)
}

// ContractSummary is one entry of the list of contracts.
type ContractSummary struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Reference string    `json:"reference" example:"CON-2024-018"`
	Type      string    `json:"type" enum:"bucket,fixed,time_and_materials,retainer"`
	State     string    `json:"state" enum:"offered,active,suspended,ended"`
	Starts    string    `json:"starts" example:"2026-01-01" doc:"The first day."`
	Ends      string    `json:"ends,omitempty" example:"2026-12-31" doc:"The last day; absent when it is open-ended."`
	Hours     *Hours    `json:"hours,omitempty" doc:"Of all lines with bought hours together; absent when there is none."`
}

// ContractDetail is one contract with what was bought and consumed (F12).
type ContractDetail struct {
	ContractSummary
	Lines  []Line         `json:"lines"  nullable:"false"`
	Months []SettledMonth `json:"months" nullable:"false" doc:"The months that were closed, newest first."`
	Alerts []HoursAlert   `json:"alerts" nullable:"false" doc:"Newest first."`
}

const selectContracts = `
	SELECT id, client, reference, type, state, starts, ends, shows_unapproved FROM contracts WHERE client = @client`

// ListContracts gives a page of the contracts, those that began last first, and the cursor of the next page; nil on
// the last one. It is domain.ErrNotFound for whoever may not see contracts.
func ListContracts(ctx context.Context, tx pgx.Tx, v Viewer, after *Cursor, limit int) ([]ContractSummary, *Cursor, error) {
	if !v.Scope {
		return nil, nil, errNotFound
	}
	arguments, sql := v.arguments(), selectContracts
	limit = bounded(limit)
	arguments["limit"] = limit + 1
	if after != nil {
		arguments["after_day"], arguments["after_id"] = after.day(), after.ID
		sql += ` AND (starts, id) < (@after_day, @after_id)`
	}
	rows, err := list[ContractRow](ctx, tx, "contracts", sql+` ORDER BY starts DESC, id DESC LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	rows, next := page(rows, limit, func(r ContractRow) Cursor { return dayCursor(r.Starts, r.ID) })
	found := make([]ContractSummary, len(rows))
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i], found[i] = row.ID, row.summary()
	}
	hours, err := totals(ctx, tx, v, ids)
	if err != nil {
		return nil, nil, err
	}
	for i := range found {
		found[i].Hours = hours[found[i].ID]
	}
	return found, next, nil
}

func (r ContractRow) summary() ContractSummary {
	return ContractSummary{ID: r.ID, Reference: r.Reference, Type: r.Type, State: r.State, Starts: r.Starts, Ends: r.Ends}
}

// ReadContract gives one contract; domain.ErrNotFound when the viewer may not see one with that id.
func ReadContract(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (ContractDetail, error) {
	row, err := findContract(ctx, tx, v, id)
	if err != nil {
		return ContractDetail{}, err
	}
	found := ContractDetail{ContractSummary: row.summary()}
	if found.Lines, err = linesOf(ctx, tx, v, row); err != nil {
		return ContractDetail{}, err
	}
	for _, line := range found.Lines {
		found.Hours = found.Hours.plus(line.Hours)
	}
	if found.Months, err = settledMonths(ctx, tx, v, id); err != nil {
		return ContractDetail{}, err
	}
	found.Alerts, err = alertsOf(ctx, tx, v, id)
	return found, err
}

// findContract gives a contract that the viewer may see.
func findContract(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (ContractRow, error) {
	arguments := v.arguments()
	arguments["id"], arguments["scope"] = id, v.Scope
	return one[ContractRow](ctx, tx, "contract", selectContracts+` AND id = @id AND @scope`, arguments)
}

// dayCursor is the cursor of an entry that is ordered by a day such as "2026-01-31". No day sorts before all others, as
// the zero instant does.
func dayCursor(day string, id uuid.UUID) Cursor {
	at, _ := time.Parse(time.DateOnly, day)
	return Cursor{At: at, ID: id}
}

// day is the day of such a cursor.
func (c Cursor) day() string { return c.At.Format(time.DateOnly) }
