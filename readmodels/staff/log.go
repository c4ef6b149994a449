package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// LogEntry is a row of log: one event of ours, numbered.
type LogEntry struct {
	ID         uuid.UUID `db:"id" json:"id"`           // of the event
	Ordinal    int64     `db:"ordinal" json:"ordinal"` // from 1, without a gap
	Commit     int64     `db:"commit_position" json:"commit"`
	Prepare    int64     `db:"prepare_position" json:"prepare"`
	Stream     string    `db:"stream" json:"stream"`
	Revision   int64     `db:"revision" json:"revision"`
	Kind       string    `db:"kind" json:"kind"`
	RecordedAt time.Time `db:"recorded_at" json:"recorded_at"`
	Leaf       []byte    `db:"leaf" json:"leaf"` // SHA-256, see projections/staff
}

// LogSize is how many events are numbered.
func LogSize(ctx context.Context, db Queryer) (int64, error) {
	sizes, err := list[struct {
		Size int64 `db:"size"`
	}](ctx, db, `SELECT coalesce(max(ordinal), 0) AS size FROM log`)
	if err != nil {
		return 0, fmt.Errorf("read the size of the log: %w", err)
	}
	return sizes[0].Size, nil
}

// Leaves gives the leaves of the events after the first ones, through the last one, in order.
func Leaves(ctx context.Context, db Queryer, first, last int64) ([][]byte, error) {
	rows, err := list[struct {
		Leaf []byte `db:"leaf"`
	}](ctx, db, `SELECT leaf FROM log WHERE ordinal > $1 AND ordinal <= $2 ORDER BY ordinal`, first, last)
	if err != nil {
		return nil, fmt.Errorf("read the leaves of events %d to %d: %w", first+1, last, err)
	}
	leaves := make([][]byte, len(rows))
	for i, row := range rows {
		leaves[i] = row.Leaf
	}
	return leaves, nil
}

// LogAfter lists the events after an ordinal, in order.
func LogAfter(ctx context.Context, db Queryer, ordinal int64, limit int) ([]LogEntry, error) {
	entries, err := list[LogEntry](ctx, db, `SELECT id, ordinal, commit_position, prepare_position, stream, revision, kind, recorded_at, leaf
		FROM log WHERE ordinal > $1 ORDER BY ordinal LIMIT $2`, ordinal, limit)
	if err != nil {
		return nil, fmt.Errorf("read the log after event %d: %w", ordinal, err)
	}
	return entries, nil
}

// Ordinals gives the numbers of those of the events that are numbered.
func Ordinals(ctx context.Context, db Queryer, events []uuid.UUID) (map[uuid.UUID]int64, error) {
	rows, err := list[struct {
		ID      uuid.UUID `db:"id"`
		Ordinal int64     `db:"ordinal"`
	}](ctx, db, `SELECT id, ordinal FROM log WHERE id = ANY ($1::uuid[])`, events)
	if err != nil {
		return nil, fmt.Errorf("read the numbers of events: %w", err)
	}
	ordinals := make(map[uuid.UUID]int64, len(rows))
	for _, row := range rows {
		ordinals[row.ID] = row.Ordinal
	}
	return ordinals, nil
}
