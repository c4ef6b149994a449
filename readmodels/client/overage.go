package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// OverageRequestRow is a row of overage_requests.
type OverageRequestRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Contract uuid.UUID `db:"contract"`
	Line     uuid.UUID `db:"line"`
	Month    string    `db:"month"`
	Minutes  int       `db:"minutes"`
	Text     string    `db:"text"`
	State    string    `db:"state"`
	AskedAt  time.Time `db:"asked_at"`
}

// OverageRequest asks whether work may go on beyond the bought hours (F33).
type OverageRequest struct {
	ID         uuid.UUID `db:"id" json:"id" format:"uuid"`
	ContractID uuid.UUID `db:"contract_id" json:"contract_id" format:"uuid"`
	Reference  string    `db:"reference" json:"reference" example:"CON-2024-018" doc:"Of the contract."`
	Line       string    `db:"line" json:"line" doc:"The name of the contract's line; empty when it has it no more."`
	Month      string    `db:"month" json:"month" example:"2026-03"`
	Minutes    int       `db:"minutes" json:"minutes" doc:"How much more."`
	Text       string    `db:"text" json:"text" doc:"What you are asked, word for word."`
	State      string    `db:"state" json:"state" enum:"asked,allowed,refused"`
	AskedAt    time.Time `db:"asked_at" json:"asked_at"`
}

const selectOverage = `
	SELECT r.id, r.contract AS contract_id, coalesce(k.reference, '') AS reference, coalesce(l.name, '') AS line, r.month,
	       r.minutes, r.text, r.state, r.asked_at
	FROM overage_requests r
	LEFT JOIN contracts k ON k.client = @client AND k.id = r.contract
	LEFT JOIN contract_lines l ON l.client = @client AND l.id = r.line
	WHERE r.client = @client AND @scope`

// OverageFilter says which requests to list. The zero filter lists the newest.
type OverageFilter struct {
	State string  // "asked", "allowed" or "refused"; empty: any
	After *Cursor // where the page before ended; nil: from the newest
	Limit int     // at most MaxLimit, which 0 stands for
}

// ListOverageRequests gives a page of requests, newest first, and the cursor of the next page; nil on the last one.
// It is domain.ErrNotFound for whoever may not see contracts.
func ListOverageRequests(ctx context.Context, tx pgx.Tx, v Viewer, filter OverageFilter) ([]OverageRequest, *Cursor, error) {
	if !v.Scope {
		return nil, nil, errNotFound
	}
	arguments, sql := v.arguments(), selectOverage
	limit := bounded(filter.Limit)
	arguments["limit"], arguments["scope"] = limit+1, v.Scope
	if filter.State != "" {
		arguments["state"] = filter.State
		sql += ` AND r.state = @state`
	}
	if filter.After != nil {
		arguments["after_at"], arguments["after_id"] = filter.After.At, filter.After.ID
		sql += ` AND (r.asked_at, r.id) < (@after_at, @after_id)`
	}
	found, err := list[OverageRequest](ctx, tx, "overage requests", sql+` ORDER BY r.asked_at DESC, r.id DESC LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	found, next := page(found, limit, func(r OverageRequest) Cursor { return Cursor{At: r.AskedAt, ID: r.ID} })
	return found, next, nil
}

// ReadOverageRequest gives one request; domain.ErrNotFound when the viewer may not see one with that id.
func ReadOverageRequest(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (OverageRequest, error) {
	arguments := v.arguments()
	arguments["id"], arguments["scope"] = id, v.Scope
	return one[OverageRequest](ctx, tx, "overage request", selectOverage+` AND r.id = @id`, arguments)
}
