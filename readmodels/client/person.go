package client

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
)

// Person is a user of the organisation as its Client Admin sees it. Names and addresses are in the accounts.
type Person struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Role   string    `json:"role" enum:"client_admin,client_employee"`
	Grants []string  `json:"grants" nullable:"false" doc:"What an employee may do beyond the role, sorted."`
	State  string    `json:"state" enum:"invited,active,ended" doc:"Nobody comes back from ended."`
}

func (r PersonRow) shown() Person {
	return Person{ID: r.ID, Role: r.Role, Grants: append([]string{}, strings.Fields(r.Grants)...), State: r.State}
}

// Seats say how many users the organisation may have.
type Seats struct {
	Limit int `json:"limit" doc:"Up to how many users you may invite."`
	Taken int `json:"taken" doc:"Users who log in or are invited. We may have gone beyond the limit for you."`
}

const selectPeople = `SELECT id, client, role, grants, state FROM people WHERE client = @client`

// ListPeople gives a page of the organisation's users in a stable order, after a cursor (nil: from the
// start), at most limit of them. It is domain.ErrNotFound for a viewer who is no admin.
func ListPeople(ctx context.Context, tx pgx.Tx, v Viewer, after *Cursor, limit int) ([]Person, *Cursor, error) {
	if !v.All {
		return nil, nil, errNotFound
	}
	arguments, sql := v.arguments(), selectPeople
	limit = bounded(limit)
	arguments["limit"] = limit + 1
	if after != nil {
		arguments["after"] = after.ID
		sql += ` AND id > @after`
	}
	found, err := list[PersonRow](ctx, tx, "people", sql+` ORDER BY id LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	found, next := page(found, limit, func(r PersonRow) Cursor { return Cursor{ID: r.ID} })
	people := make([]Person, len(found))
	for i, row := range found {
		people[i] = row.shown()
	}
	return people, next, nil
}

// ReadPerson gives one user of the organisation: to an admin anybody, to an employee that employee.
// Everybody else's is domain.ErrNotFound.
func ReadPerson(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (Person, error) {
	arguments := v.arguments()
	arguments["id"] = id
	row, err := one[PersonRow](ctx, tx, "person", selectPeople+` AND id = @id`+v.own(` AND id = @person`), arguments)
	return row.shown(), err
}

// ReadSeats gives the organisation's seats. It is domain.ErrNotFound for a viewer who is no admin.
func ReadSeats(ctx context.Context, tx pgx.Tx, v Viewer) (Seats, error) {
	if !v.All {
		return Seats{}, errNotFound
	}
	return one[Seats](ctx, tx, "seats",
		`SELECT seats AS limit, seats_taken AS taken FROM organisation WHERE client = @client`, v.arguments())
}

// Standing gives the role and grants that a person has in the client at this moment; domain.ErrNotFound for
// whoever is not active in it.
func Standing(ctx context.Context, tx pgx.Tx, client domain.ClientID, person domain.PersonID) (domain.Role, []access.Grant, error) {
	role, grants, state, err := find(ctx, tx, client, person)
	if err == nil && state != visible.PersonActive {
		err = errNotFound
	}
	if err != nil {
		return "", nil, err
	}
	return role, grants, nil
}

// State gives the role and the state ("invited", "active" or "ended") of a person in the client;
// domain.ErrNotFound for whoever was never invited into it.
func State(ctx context.Context, tx pgx.Tx, client domain.ClientID, person domain.PersonID) (domain.Role, string, error) {
	role, _, state, err := find(ctx, tx, client, person)
	return role, state, err
}

func find(ctx context.Context, tx pgx.Tx, client domain.ClientID, person domain.PersonID) (domain.Role, []access.Grant, string, error) {
	v := Viewer{Client: client.UUID, Person: person.UUID}
	row, err := one[PersonRow](ctx, tx, "standing", selectPeople+` AND id = @person`, v.arguments())
	var grants []access.Grant
	for grant := range strings.FieldsSeq(row.Grants) {
		grants = append(grants, access.Grant(grant))
	}
	return domain.Role(row.Role), grants, row.State, err
}
