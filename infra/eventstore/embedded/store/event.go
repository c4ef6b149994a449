package store

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
)

// Position is the place of a record in the log: the offset of its first byte in the concatenation of all frames, behind
// a header of firstPosition bytes. Positions rise strictly, are sparse, and order all records of the store. Zero is
// before every record.
type Position uint64

// firstPosition is where the first record starts, so that no record is ever at zero.
const firstPosition Position = 128

// Event is one recorded event. Its slices are shared between readers and must not be changed.
type Event struct {
	Position Position
	Stream   string
	Revision uint64 // 0, 1, 2 … in its stream without gaps; TombstoneRevision for the event that ends a stream
	ID       uuid.UUID
	Type     string
	JSON     bool      // whether the writer declared Data to be application/json
	Created  time.Time // UTC, in steps of 100 ns; the wall clock of the append, so not monotonic
	Data     []byte
	Metadata []byte
}

// Proposed is an event that a writer asks for.
type Proposed struct {
	ID       uuid.UUID
	Type     string
	JSON     bool
	Data     []byte
	Metadata []byte
}

// Expected says what a writer believes about a stream: a revision from 0 on (the last event has exactly this number) or
// one of the constants.
type Expected int64

const (
	// NoStream expects that the stream has no event, or was soft-deleted.
	NoStream Expected = -1
	// Any expects nothing.
	Any Expected = -2
	// StreamExists expects at least one event, or metadata.
	StreamExists Expected = -4
)

const (
	// TombstoneRevision is the number of the event that ends a stream for ever.
	TombstoneRevision = math.MaxInt64
	// MaxRecordBytes bounds one record: 16 MiB less room for the envelope.
	MaxRecordBytes = 16<<20 - 10_000

	noRevision = int64(-1)

	tombstoneType = "$streamDeleted"
	metadataType  = "$metadata"
)

// Appended is the answer to an append.
type Appended struct {
	Revision int64    // number of the last event, -1 while the stream has none (after an append of no events)
	Position Position // of the last record written
}

var (
	// ErrDamaged is wrapped by every error that reports stored bytes which are not what was written.
	ErrDamaged = errors.New("event store is damaged")
	// ErrStopped is wrapped by every refusal after a failed write: the node takes no more until it is opened again.
	ErrStopped = errors.New("event store has stopped")
	// ErrClosed refuses what arrives after Close.
	ErrClosed = errors.New("event store is closed")
	// ErrNotFound reports a stream that has no events or was soft-deleted.
	ErrNotFound = errors.New("stream not found")
	// ErrForbidden refuses writes to $all and deletion of metadata streams.
	ErrForbidden = errors.New("operation not allowed on this stream")
	// ErrTooLarge refuses a record above MaxRecordBytes.
	ErrTooLarge = errors.New("record too large")
	// ErrPosition reports a position inside the log at which no record starts.
	ErrPosition = errors.New("no record starts at this position")
)

// DamageError names the first place found to be damaged.
type DamageError struct {
	Position Position // zero where no record can be named
	Reason   string
}

// Error describes the damage and its place.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%v: position %d: %s", ErrDamaged, e.Position, e.Reason)
}

// Unwrap makes the error an ErrDamaged.
func (e *DamageError) Unwrap() error { return ErrDamaged }

// WrongExpectedError reports that a stream is not where the writer believed it to be.
type WrongExpectedError struct {
	Stream   string
	Expected Expected
	Current  int64 // last revision, -1 for none
}

// Error describes both sides.
func (e *WrongExpectedError) Error() string {
	return fmt.Sprintf("stream %q: expected revision %d, but the last is %d", e.Stream, e.Expected, e.Current)
}

// DeletedError reports a stream that was ended by a tombstone, or one that is soft-deleted where it must exist.
type DeletedError struct{ Stream string }

// Error names the stream.
func (e *DeletedError) Error() string { return fmt.Sprintf("stream %q is deleted", e.Stream) }
