package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Timer is a row of timers: the one timer of a person, as it runs or ran last.
type Timer struct {
	ID           uuid.UUID  `db:"id" json:"person"`
	Running      bool       `db:"running" json:"running"`
	Record       uuid.UUID  `db:"record" json:"record" doc:"The time record that it will become, or became."`
	Contract     uuid.UUID  `db:"contract" json:"contract"`
	WorkKind     string     `db:"work_kind" json:"work_kind"`
	WorkID       *uuid.UUID `db:"work_id" json:"work_id,omitempty"`
	JobType      string     `db:"job_type" json:"job_type"`
	SupportLevel string     `db:"support_level" json:"support_level"`
	Zone         string     `db:"zone" json:"zone"`
	Description  string     `db:"description" json:"description"`
	Note         string     `db:"note" json:"note" doc:"Internal."`
	StartedAt    time.Time  `db:"started_at" json:"started_at"`
	Revision     int64      `db:"revision" json:"revision"`
}

// TimerOf gives the timer of a person; the zero Timer when the person never started one.
func TimerOf(ctx context.Context, db Queryer, person uuid.UUID) (Timer, error) {
	timer, err := one[Timer](ctx, db, `
		SELECT id, running, record, contract, work_kind, work_id, job_type, support_level, zone, description, note, started_at, revision
		FROM timers WHERE id = $1`, person)
	if errors.Is(err, pgx.ErrNoRows) {
		return Timer{ID: person}, nil
	}
	if err != nil {
		return Timer{}, fmt.Errorf("read timer of %s: %w", person, err)
	}
	return timer, nil
}
