package staff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// ClientsManagedBy gives the clients whose account manager somebody is, at most MaxLimit.
func ClientsManagedBy(ctx context.Context, db Queryer, manager uuid.UUID) ([]uuid.UUID, error) {
	type row struct {
		ID uuid.UUID `db:"id"`
	}
	found, err := list[row](ctx, db, `SELECT id FROM clients WHERE account_manager = $1 ORDER BY id LIMIT $2`, manager, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list clients of manager %s: %w", manager, err)
	}
	ids := make([]uuid.UUID, len(found))
	for i, client := range found {
		ids[i] = client.ID
	}
	return ids, nil
}

// ClientsNamed gives the clients that go by one of the names, whatever the case, or by one of the ids, in the
// order of their ids. Names may be shared.
func ClientsNamed(ctx context.Context, db Queryer, names []string, ids []uuid.UUID) ([]Client, error) {
	found, err := list[Client](ctx, db, `
		SELECT `+clientColumns+`
		FROM clients
		WHERE lower(name) IN (SELECT lower(name) FROM unnest($1::text[]) AS name) OR id = ANY ($2::uuid[])
		ORDER BY id`, append([]string{}, names...), append([]uuid.UUID{}, ids...))
	if err != nil {
		return nil, fmt.Errorf("find %d clients by name: %w", len(names)+len(ids), err)
	}
	return found, nil
}

// UserCount is how many users of one client stand in one way.
type UserCount struct {
	Client uuid.UUID `db:"client"`
	Status string    `db:"status"`
	Users  int64     `db:"users"`
}

// UserCounts counts the users of the clients given.
func UserCounts(ctx context.Context, db Queryer, clients ...uuid.UUID) ([]UserCount, error) {
	counts, err := list[UserCount](ctx, db, `
		SELECT client, status, count(*) AS users
		FROM people
		WHERE client = ANY ($1::uuid[])
		GROUP BY client, status
		ORDER BY client, status`, append([]uuid.UUID{}, clients...))
	if err != nil {
		return nil, fmt.Errorf("count users of clients: %w", err)
	}
	return counts, nil
}
