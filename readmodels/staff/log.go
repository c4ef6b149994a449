package staff

import (
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
