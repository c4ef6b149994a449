package staff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Change names something that changed, and says nothing about how.
type Change struct {
	ID      int64     `db:"id"` // rises with time, with gaps
	Kind    string    `db:"kind"`
	Key     uuid.UUID `db:"key"`
	Removed bool      `db:"removed"`
}

// LastChange gives the id of the newest change; 0 when there is none.
func LastChange(ctx context.Context, db Queryer) (int64, error) {
	type row struct {
		ID int64 `db:"id"`
	}
	newest, err := one[row](ctx, db, `SELECT coalesce(max(id), 0) AS id FROM control.changes WHERE version = $1`, Version)
	if err != nil {
		return 0, fmt.Errorf("read newest change: %w", err)
	}
	return newest.ID, nil
}

// Changes gives what changed after an id that LastChange or an earlier change gave, oldest first, at most
// limit. It reports false when it cannot tell: changes are pruned from the oldest on, so whoever's last one
// is gone may have missed some.
func Changes(ctx context.Context, db Queryer, after int64, limit int) (changes []Change, known bool, err error) {
	changes, err = list[Change](ctx, db, `
		SELECT id, kind, key, removed
		FROM control.changes
		WHERE version = $1 AND id >= $2
		ORDER BY id
		LIMIT $3`, Version, after, limit+1)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("read changes: %w", err)
	case after == 0:
		return changes[:min(len(changes), limit)], true, nil
	case len(changes) == 0 || changes[0].ID != after:
		return nil, false, nil
	}
	return changes[1:], true, nil
}
