package staff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Running is a contract in force, suspended or not, and where its days begin and end.
type Running struct {
	ID   uuid.UUID `db:"id"`
	Zone string    `db:"zone"` // IANA name
}

// RunningContracts gives contracts in force by id, those after one, at most MaxLimit.
func RunningContracts(ctx context.Context, db Queryer, after uuid.UUID) ([]Running, error) {
	running, err := list[Running](ctx, db, `
		SELECT id, zone
		FROM contracts
		WHERE status IN ('active', 'suspended') AND id > $1
		ORDER BY id
		LIMIT $2`, after, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list contracts in force: %w", err)
	}
	return running, nil
}
