// Package commands holds the use cases, one per file: load, decide, append. It decides who may do what,
// and makes every command act once.
//
// It imports the domain and nothing else of ours. The event store is the small Log interface declared
// here by its user; infra/eventstore and the memory log of the tests implement it.
package commands

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"effigate/domain"
)

// Log is the event store as commands need it.
type Log interface {
	// Read yields the stream's events after the given revision (domain.NoStream: from the start), in
	// order. A stream that does not exist yields nothing. An error is the last thing yielded.
	Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error]
	// Append writes all events or none and gives the position of the last one. It wraps
	// domain.ErrRevision when the stream is not at the expected revision, and domain.ErrUnavailable when
	// the outcome is unknown after its own retries. Repeating an append with the same command on the same
	// revision writes nothing twice.
	Append(ctx context.Context, a domain.Append) (domain.Position, error)
	// Head is the position of the newest event of the whole log.
	Head(ctx context.Context) (domain.Position, error)
}

// Target says where a command acts and which command it is.
type Target struct {
	Stream  string
	Command domain.CommandID
	Cause   domain.Cause
	Seen    *int64 // the revision the person saw, or nil
}

// tries is how often one command decides anew after another writer was faster.
const tries = 5

// patience bounds how long a command tries on a stream that everybody writes to, when its caller has no deadline
// that ends before.
const patience = 30 * time.Second

// run loads the stream, decides, and appends at the exact revision. When another writer was faster it
// loads and decides anew, five times, with jitter; then it gives up with domain.ErrConflict. On a stream that many
// people write to at once it goes on until the request's deadline, and then gives up with domain.ErrUnavailable:
// nobody's time is lost because a colleague was faster.
//
// A command whose id already stands in the stream has acted: run answers the position it acted at and
// appends nothing. A decision without events answers the zero position.
func run[S, C any, E domain.Event](ctx context.Context, log Log, decider domain.Decider[S, C, E], on Target, command C) (domain.Position, error) {
	patient := crowded(on.Stream)
	if patient {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	for try := 1; ; try++ {
		position, err := once(ctx, log, decider, on, command)
		if !errors.Is(err, domain.ErrRevision) {
			return position, err
		}
		if try >= tries && !patient {
			return domain.Position{}, domain.Refuse(domain.ErrConflict, codeBusy, "%s changed %d times while this command was decided; send it again", on.Stream, tries)
		}
		if memory, remembered := log.(*folds); remembered && try == tries-1 {
			memory.forget(on.Stream) // The last try of most commands does not go by what may be remembered wrongly.
		}
		if err := pause(ctx, min(try, tries)); err != nil {
			return domain.Position{}, fmt.Errorf("decide on %s: %w", on.Stream, err)
		}
	}
}

// crowded reports whether many people write to a stream at once: a billing period, or a series of numbers.
func crowded(stream string) bool {
	return strings.HasPrefix(stream, "period-") || strings.HasPrefix(stream, "numbering-")
}

func once[S, C any, E domain.Event](ctx context.Context, log Log, decider domain.Decider[S, C, E], on Target, command C) (domain.Position, error) {
	past, err := load(ctx, log, decider, on.Stream, on.Command)
	if err != nil || past.acted {
		return past.actedAt, err
	}
	if on.Seen != nil && *on.Seen != past.revision {
		return domain.Position{}, changedSince(on.Stream, past.revision, *on.Seen)
	}
	decided, err := decider.Decide(past.state, command)
	if err != nil || len(decided) == 0 {
		return domain.Position{}, err
	}
	return log.Append(ctx, domain.Append{
		Stream: on.Stream, Expected: past.revision, Command: on.Command, Cause: on.Cause, Events: widen(decided),
	})
}

// changedSince refuses a command that was decided on by a look at an older revision.
func changedSince(stream string, revision, seen int64) error {
	return domain.Refuse(domain.ErrConflict, "changed_since", "%s is at revision %d, not %d; look at it again", stream, revision, seen)
}

// past is a stream as far as it was read.
type past[S any] struct {
	state    S
	revision int64 // of the last event; domain.NoStream when there is none
	acted    bool  // the command's own events are in the stream
	actedAt  domain.Position
}

// long reports whether a stream may grow so long that it is remembered.
func long(stream string) bool { return crowded(stream) || strings.HasPrefix(stream, "invoice-") }

// load folds a whole stream, a long one from where it is remembered. The tail is always read.
func load[S, C any, E domain.Event](ctx context.Context, log Log, decider domain.Decider[S, C, E], stream string, command domain.CommandID) (past[S], error) {
	memory, remembered := log.(*folds)
	if !remembered || !long(stream) {
		return fold(ctx, log, decider, stream, command, past[S]{revision: domain.NoStream}, func(domain.Recorded) {})
	}
	known := memory.get(stream)
	state, ok := known.state.(S)
	if !ok {
		known = unread(stream)
	}
	var last domain.Recorded
	found, err := fold(ctx, log, decider, stream, command, past[S]{state: state, revision: known.revision}, func(read domain.Recorded) {
		if read.Command != last.Command { // Those of one command stand together.
			known.commands = known.commands.With(last.Command.UUID, last.Position)
		}
		last = read
		known.bytes += len(read.Raw.Data) + eventOverhead
	})
	if err != nil {
		return found, err
	}
	if found.revision != domain.NoStream {
		known.commands = known.commands.With(last.Command.UUID, last.Position)
		known.state, known.revision = found.state, found.revision
		memory.put(known)
	}
	if !command.IsZero() {
		found.actedAt, found.acted = known.commands.Get(command.UUID)
	}
	return found, nil
}

// fold goes on with a stream from what is known of it, and tells of each event.
func fold[S, C any, E domain.Event](ctx context.Context, log Log, decider domain.Decider[S, C, E], stream string, command domain.CommandID, p past[S], tell func(domain.Recorded)) (past[S], error) {
	for recorded, err := range log.Read(ctx, stream, p.revision) {
		if err != nil {
			return p, fmt.Errorf("read %s: %w", stream, err)
		}
		event, ok := recorded.Event.(E)
		if !ok {
			return p, fmt.Errorf("read %s: revision %d holds %s, which is not of this aggregate", stream, recorded.Revision, recorded.Raw.Kind)
		}
		p.state = decider.Evolve(p.state, event)
		p.revision = recorded.Revision
		if !command.IsZero() && recorded.Command == command {
			p.acted, p.actedAt = true, recorded.Position
		}
		tell(recorded)
	}
	return p, nil
}

// widen turns an aggregate's events into the log's.
func widen[E domain.Event](events []E) []domain.Event {
	wide := make([]domain.Event, len(events))
	for i, event := range events {
		wide[i] = event
	}
	return wide
}

// pause waits a short random time that grows with each try, so that writers on one stream drift apart.
func pause(ctx context.Context, try int) error {
	timer := time.NewTimer(time.Duration(1+rand.IntN(4<<try)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", domain.ErrUnavailable, ctx.Err())
	case <-timer.C:
		return nil
	}
}
