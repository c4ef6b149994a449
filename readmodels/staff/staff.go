// Package staff is the staff read model: its tables, its rows and the queries over them. It holds
// everything, Internal Only and Client Visible, and lives in the database effigate_staff alone.
//
// It may import domain and the value types, and no aggregate: it answers from rows, and folding events is
// the work of projections/staff. The rows carry the JSON names of the staff API.
//
// Surprise: the tables have no schema in front of their names. They are those of one generation, and the
// connection's search_path says of which. Durable tables are named with their schema.
package staff

import (
	"context"
	_ "embed"

	"github.com/jackc/pgx/v5"
)

// Version of the tables. It is raised with every change of schema.sql, indexes.sql or projections/staff,
// and leads to a new generation.
const Version = 6

// Schema creates the tables of a generation, Indexes what queries need besides. Both run with the
// generation as search_path.
var (
	//go:embed schema.sql
	Schema string
	//go:embed indexes.sql
	Indexes string
)

// Queryer is a connection, a pool or a transaction on one generation of the staff database. Queries that
// must agree with each other are given one transaction.
type Queryer interface {
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
}

// The visibilities as they are stored and shown here. The zero domain.Visibility has no name of its own.
const (
	InternalOnly  = "internal_only"
	ClientVisible = "client_visible"
)

// MaxLimit is the longest list that a query gives.
const MaxLimit = 200

// bounded gives a limit between 1 and MaxLimit; zero and less mean MaxLimit.
func bounded(limit int) int {
	if limit <= 0 || limit > MaxLimit {
		return MaxLimit
	}
	return limit
}

// list collects rows by the names of their columns. It never gives nil, so that an empty list is an empty
// list in JSON too.
func list[R any](ctx context.Context, db Queryer, sql string, arguments ...any) ([]R, error) {
	rows, err := db.Query(ctx, sql, arguments...)
	if err != nil {
		return nil, err
	}
	return pgx.AppendRows([]R{}, rows, pgx.RowToStructByName[R])
}

// one collects exactly one row; pgx.ErrNoRows when there is none.
func one[R any](ctx context.Context, db Queryer, sql string, arguments ...any) (R, error) {
	rows, err := db.Query(ctx, sql, arguments...)
	if err != nil {
		var none R
		return none, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[R])
}
