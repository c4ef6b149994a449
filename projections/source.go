package projections

import (
	"context"
	"errors"
	"iter"

	"github.com/google/uuid"

	"effigate/domain"
)

// What one event may be to the code that reads it. A Delivery or an error wraps one of them.
var (
	// ErrUnknownKind says that no code here knows the event's kind. The projection halts as stale: code
	// that knows the kind has to take over.
	ErrUnknownKind = errors.New("unknown kind of event")
	// ErrNewer says that newer code wrote the event, in a form that this code may read wrongly. The
	// projection halts as stale.
	ErrNewer = errors.New("event stored by newer code")
	// ErrMalformed says that the kind is known but the stored bytes are wrong. Repeating cannot help: the
	// projection parks the event's stream.
	ErrMalformed = errors.New("malformed event")
)

// Delivery is one thing a Source hands on: an event with its position, an event that could not be
// decoded, or the news that everything before it has been handed on.
type Delivery struct {
	// Recorded is the event. Its Event is nil for what is not ours (system events) and when Err is set;
	// stream, revision, position and raw bytes are right in each of these cases.
	Recorded domain.Recorded
	// Err says why this one event could not be decoded. It wraps ErrUnknownKind, ErrNewer or ErrMalformed.
	Err error
	// CaughtUp marks a delivery without an event: all that was recorded so far has been handed on. It may
	// come any number of times.
	CaughtUp bool
}

// Source is the event store as projections need it: everything, in the order of the log.
type Source interface {
	// Follow sends what was recorded strictly after the position, history first and then live events as
	// they come, each once and in the order of the log. It reconnects by itself and blocks while out is
	// full. It ends with the context's error, or with an error that no repetition would cure.
	Follow(ctx context.Context, after domain.Position, out chan<- Delivery) error
	// Scan yields what was recorded strictly after the position up to the head at the time of the call,
	// and ends. An error is the last thing yielded.
	Scan(ctx context.Context, after domain.Position) iter.Seq2[Delivery, error]
	// Stream yields the events of one stream from its start through a revision, or all of them when the
	// revision is negative. A stream that does not exist yields nothing. An error is the last thing
	// yielded.
	Stream(ctx context.Context, stream string, through int64) iter.Seq2[Delivery, error]
	// Head is the position of the newest event of the whole log, system events included: Follow hands it
	// on, so waiting for it ends. It is the zero position for an empty log.
	Head(ctx context.Context) (domain.Position, error)
	// Identity tells this store from every other: a position means something only together with it.
	Identity(ctx context.Context) (uuid.UUID, error)
}
