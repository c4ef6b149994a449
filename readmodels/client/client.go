// Package client is the client read model: its tables, its rows, and the queries that the portal answers
// from. It holds what was disclosed to clients and lives in the database effigate_client alone.
//
// It may import domain, domain/access, domain/visible and the value types, and no aggregate: it cannot compile against
// an internal fact. The results carry the JSON names of the client API.
//
// Surprises: tables of a generation have no schema in front of their names; the connection's search_path
// says of which generation they are, while durable tables are named with their schema. Every query names
// the client, although row security would hide the other clients' rows anyway.
package client

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
)

// Version of the tables. It is raised with every change of schema.sql, indexes.sql or projections/client,
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

// MaxLimit is the longest list that a query gives.
const MaxLimit = 200

// Viewer is the client user who reads. Only a Client Admin sees all tickets and the people of the
// organisation; a Client Employee sees what was raised by or for that person (F54).
type Viewer struct {
	Client uuid.UUID
	Person uuid.UUID
	All    bool
	Scope  bool // sees the summary of contracts: an admin, or an employee with the grant
	// Billing says that it sees invoices and what belongs to them: an admin, or an employee with the grant.
	Billing bool
}

// ViewerOf gives the viewer that an actor of the client side is by its role alone, without any grant.
func ViewerOf(actor domain.Actor) Viewer {
	admin := actor.Role == domain.ClientAdmin
	return Viewer{Client: actor.Client.UUID, Person: actor.Person.UUID, All: admin, Scope: admin, Billing: admin}
}

// Admit gives the viewer that an actor of the client side is at this moment. It is domain.ErrNotFound when
// that person is no active user of the organisation in that role: a login outlives the rights it was made
// with, so every transaction asks (ASVS 8.3.2).
func Admit(ctx context.Context, tx pgx.Tx, actor domain.Actor) (Viewer, error) {
	role, grants, err := Standing(ctx, tx, actor.Client, actor.Person)
	if err == nil && role != actor.Role {
		err = errNotFound
	}
	v := ViewerOf(actor)
	v.Scope = v.Scope || slices.Contains(grants, access.ReadScope)
	v.Billing = v.Billing || slices.Contains(grants, access.ReadBilling)
	return v, err
}

// errNotFound is the one answer for what does not exist, what is another client's, and what this viewer
// may not see.
var errNotFound = domain.Refuse(domain.ErrNotFound, "not_found", "there is nothing here")

// list collects rows by the names of their columns. It never gives nil, so that an empty list is an empty
// list in JSON too.
func list[R any](ctx context.Context, tx pgx.Tx, what, sql string, arguments pgx.NamedArgs) ([]R, error) {
	rows, err := tx.Query(ctx, sql, arguments)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, err)
	}
	found, err := pgx.AppendRows([]R{}, rows, pgx.RowToStructByName[R])
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, err)
	}
	return found, nil
}

// one collects exactly one row; domain.ErrNotFound when there is none.
func one[R any](ctx context.Context, tx pgx.Tx, what, sql string, arguments pgx.NamedArgs) (R, error) {
	rows, err := tx.Query(ctx, sql, arguments)
	if err != nil {
		var none R
		return none, fmt.Errorf("read %s: %w", what, err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[R])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return found, errNotFound
	case err != nil:
		return found, fmt.Errorf("read %s: %w", what, err)
	}
	return found, nil
}

// arguments names the viewer for a query.
func (v Viewer) arguments() pgx.NamedArgs {
	return pgx.NamedArgs{"client": v.Client, "person": v.Person}
}

// own narrows a query over tickets to those the viewer may see.
func (v Viewer) own(condition string) string {
	if v.All {
		return ""
	}
	return condition
}

// bounded gives a limit between 1 and MaxLimit; zero and less mean MaxLimit.
func bounded(limit int) int {
	if limit <= 0 || limit > MaxLimit {
		return MaxLimit
	}
	return limit
}
