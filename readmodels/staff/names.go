package staff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Names gives the names of those of the people who are staff, from the accounts. People without an
// account are missing.
func Names(ctx context.Context, db Queryer, people []uuid.UUID) (map[uuid.UUID]string, error) {
	type named struct {
		ID   uuid.UUID `db:"id"`
		Name string    `db:"name"`
	}
	found, err := list[named](ctx, db, `SELECT id, name FROM accounts.people WHERE id = ANY ($1::uuid[])`, people)
	if err != nil {
		return nil, fmt.Errorf("read names of staff: %w", err)
	}
	names := make(map[uuid.UUID]string, len(found))
	for _, person := range found {
		names[person.ID] = person.Name
	}
	return names, nil
}
