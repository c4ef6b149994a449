package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Person is a row of people: a staff person or a client user, without a name.
type Person struct {
	ID        uuid.UUID  `db:"id" json:"id"`
	Side      string     `db:"side" json:"side"`
	Role      string     `db:"role" json:"role"`
	Client    *uuid.UUID `db:"client" json:"client,omitempty"` // absent for staff
	Grants    string     `db:"grants" json:"grants"`           // sorted, separated by single spaces
	Status    string     `db:"status" json:"status"`           // "invited", "active" or "deactivated"
	Erased    bool       `db:"erased" json:"erased"`           // nothing personal is kept
	InvitedAt time.Time  `db:"invited_at" json:"invited_at"`
	Revision  int64      `db:"revision" json:"revision"`
}

const selectPeople = `SELECT id, side, role, client, grants, status, erased, invited_at, revision FROM people`

// PeopleOf gives the users of a client, at most MaxLimit, in a stable order.
func PeopleOf(ctx context.Context, db Queryer, client uuid.UUID) ([]Person, error) {
	people, _, err := ListPeople(ctx, db, client, uuid.Nil, MaxLimit)
	return people, err
}

// ListPeople gives the users of a client, or of uuid.Nil the staff, in a stable order after the person given
// (uuid.Nil: from the start), at most limit of them, and the last one given when there are more.
func ListPeople(ctx context.Context, db Queryer, client, after uuid.UUID, limit int) ([]Person, uuid.UUID, error) {
	limit = bounded(limit)
	of, arguments := ` WHERE client IS NULL`, []any{after, limit + 1}
	if client != uuid.Nil {
		of, arguments = ` WHERE client = $3`, append(arguments, client)
	}
	people, err := list[Person](ctx, db, selectPeople+of+` AND id > $1 ORDER BY id LIMIT $2`, arguments...)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list people of client %s: %w", client, err)
	}
	if len(people) <= limit {
		return people, uuid.Nil, nil
	}
	return people[:limit], people[limit-1].ID, nil
}

// ReadPerson gives one person of either side; domain.ErrNotFound when there is none.
func ReadPerson(ctx context.Context, db Queryer, id uuid.UUID) (Person, error) {
	person, err := one[Person](ctx, db, selectPeople+` WHERE id = $1`, id)
	return person, notFound(err, "no_such_person", "person", id)
}

// Standing gives the role that a staff person has at this moment; domain.ErrNotFound for whoever is not
// active staff.
func Standing(ctx context.Context, db Queryer, id uuid.UUID) (domain.Role, error) {
	role, state, err := State(ctx, db, id)
	if err == nil && state != "active" {
		err = domain.Refuse(domain.ErrNotFound, "no_such_person", "person %s is %s", id, state)
	}
	if err != nil {
		return "", err
	}
	return role, nil
}

// State gives the role of a staff person and how it stands, in the words of the client side: "invited",
// "active" or "ended". It is domain.ErrNotFound for whoever was never invited as staff.
func State(ctx context.Context, db Queryer, id uuid.UUID) (domain.Role, string, error) {
	p, err := ReadPerson(ctx, db, id)
	if err == nil && p.Client != nil {
		err = domain.Refuse(domain.ErrNotFound, "no_such_person", "person %s is a client user", id)
	}
	if err != nil {
		return "", "", err
	}
	if p.Status == "deactivated" {
		p.Status = "ended"
	}
	return domain.Role(p.Role), p.Status, nil
}
