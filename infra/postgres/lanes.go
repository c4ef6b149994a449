package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// Lanes keeps how far each handler of messages has come, in the staff database.
type Lanes struct {
	database *Database
	store    uuid.UUID
}

// ErrOtherStore says that a position was kept for another event store than the one at hand.
var ErrOtherStore = errors.New("position belongs to another event store")

// NewLanes keeps the places of lanes over the event store with the given identity.
func NewLanes(staff *Database, store uuid.UUID) *Lanes { return &Lanes{database: staff, store: store} }

// Place gives the position of the last message handled, zero when there is none. It wraps ErrOtherStore,
// or domain.ErrUnavailable while the database doesn't answer.
func (l *Lanes) Place(ctx context.Context, lane string) (domain.Position, error) {
	var (
		at position
		of uuid.UUID
	)
	err := l.database.Pool.QueryRow(ctx, `
		SELECT store_id, commit_position, prepare_position FROM control.lanes WHERE name = $1`, lane,
	).Scan(&of, &at.commit, &at.prepare)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return domain.Position{}, nil
	case err != nil:
		return domain.Position{}, fmt.Errorf("%w: read the place of lane %s: %w", domain.ErrUnavailable, lane, err)
	case of != l.store:
		return domain.Position{}, fmt.Errorf("%w: lane %s stands in store %s, this one is %s; connect to that store, or delete the lane from control.lanes to begin anew",
			ErrOtherStore, lane, of, l.store)
	}
	return at.domain(), nil
}

// Keep moves the lane on. A position that the lane has passed changes nothing; a lane of another event
// store is refused.
func (l *Lanes) Keep(ctx context.Context, lane string, position domain.Position) error {
	at, err := store(position)
	if err != nil {
		return fmt.Errorf("keep the place of lane %s: %w", lane, err)
	}
	changed, err := l.database.Pool.Exec(ctx, `
		INSERT INTO control.lanes AS lane (name, store_id, commit_position, prepare_position) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE
		SET commit_position = excluded.commit_position, prepare_position = excluded.prepare_position, updated_at = now()
		WHERE lane.store_id = excluded.store_id
		  AND (lane.commit_position, lane.prepare_position) < (excluded.commit_position, excluded.prepare_position)`,
		lane, l.store, at.commit, at.prepare)
	if err != nil {
		return fmt.Errorf("%w: keep the place of lane %s: %w", domain.ErrUnavailable, lane, err)
	}
	if changed.RowsAffected() == 0 { // It has passed the position, or stands in another store.
		_, err = l.Place(ctx, lane)
	}
	return err
}
