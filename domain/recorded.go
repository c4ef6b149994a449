package domain

import (
	"time"

	"github.com/google/uuid"
)

// Position is a place in the event store's log. Both numbers are opaque: compared as a pair, stored as a
// pair, never calculated with. The zero position lies before the first event.
type Position struct {
	Commit  uint64 `json:"commit"`
	Prepare uint64 `json:"prepare"`
}

// Compare orders positions: -1 when p lies before q, 0 when equal, +1 when after.
func (p Position) Compare(q Position) int {
	switch {
	case p == q:
		return 0
	case p.Commit < q.Commit, p.Commit == q.Commit && p.Prepare < q.Prepare:
		return -1
	default:
		return 1
	}
}

// IsZero reports whether p lies before the first event.
func (p Position) IsZero() bool { return p == Position{} }

// Recorded is an event with its place in history.
type Recorded struct {
	ID       uuid.UUID
	Stream   string
	Revision int64 // number in its stream, from 0
	Position Position
	// RecordedAt is the event store's wall clock: when the fact became known, not when it was true.
	RecordedAt time.Time
	// Command is the command that made the event; zero for events written by other tools.
	Command CommandID
	Event   Event
	// Raw is the event as stored: its type, data and metadata bytes.
	Raw Raw
}

// Raw is an event's stored form.
type Raw struct {
	Kind     string
	Data     []byte
	Metadata []byte
}

// Append is one atomic write to one stream: all of its events or none.
type Append struct {
	Stream string
	// Expected is the revision of the stream's last event, or NoStream. Never "any": an append that is
	// repeated after an unknown outcome is recognised only at an exact revision.
	Expected int64
	Command  CommandID
	// Cause says what led to the command.
	Cause  Cause
	Events []Event
}

// NoStream is the expected revision of a stream without events.
const NoStream int64 = -1

// Cause is what the codec writes beside an event for tools; no fold reads it.
type Cause struct {
	Actor       Actor     `json:"-"`
	RequestHash string    `json:"-"` // hex SHA-256 of route and body
	Correlation uuid.UUID `json:"-"` // what the whole chain of commands began with
	Causation   uuid.UUID `json:"-"` // the event a process manager reacted to
	Traceparent string    `json:"-"` // W3C trace context
}
