package staff

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
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

// Position is the event's place in the log.
func (e LogEntry) Position() domain.Position {
	return domain.Position{Commit: uint64(e.Commit), Prepare: uint64(e.Prepare)}
}

// OrdinalAt tells how many events of ours lie at or before a position. The difference of two ordinals is
// an exact lag in events, as long as this projection has passed both positions.
func OrdinalAt(ctx context.Context, db Queryer, at domain.Position) (int64, error) {
	commit, prepare := clamp(at.Commit), clamp(at.Prepare)
	entry, found, err := last(ctx, db, `(commit_position, prepare_position) <= ($1, $2)
		ORDER BY commit_position DESC, prepare_position DESC`, commit, prepare)
	if err != nil || !found {
		return 0, err
	}
	return entry.Ordinal, nil
}

// AsOf gives the newest event that was recorded at or before an instant, which is where the state "as of"
// that instant ends; false when nothing had been recorded yet. Of events recorded in the same microsecond
// it is the last one of the log.
func AsOf(ctx context.Context, db Queryer, instant time.Time) (LogEntry, bool, error) {
	return last(ctx, db, `recorded_at <= $1 ORDER BY recorded_at DESC, ordinal DESC`, instant)
}

// NewestEntry gives the last event of the log as far as it is projected; false when there is none.
func NewestEntry(ctx context.Context, db Queryer) (LogEntry, bool, error) {
	return last(ctx, db, `true ORDER BY ordinal DESC`)
}

func last(ctx context.Context, db Queryer, order string, arguments ...any) (LogEntry, bool, error) {
	entry, err := one[LogEntry](ctx, db, `
		SELECT id, ordinal, commit_position, prepare_position, stream, revision, kind, recorded_at, leaf
		FROM log
		WHERE `+order+` LIMIT 1`, arguments...)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return LogEntry{}, false, nil
	case err != nil:
		return LogEntry{}, false, fmt.Errorf("read log: %w", err)
	}
	return entry, true, nil
}

// clamp brings half of a position into a bigint. Event stores count in 63 bits; a larger number, such as
// the one that stands for "the end", lies behind everything.
func clamp(half uint64) int64 { return int64(min(half, math.MaxInt64)) }
