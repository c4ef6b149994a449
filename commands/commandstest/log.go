// Package commandstest helps to test commands: an event store in memory, and the one suite that it and
// the real one both pass.
//
// It imports commands and domain, and is used by tests only.
package commandstest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"effigate/commands"
	"effigate/domain"
)

// maxAppendBytes is the event store's limit of one append, counted here over the data alone.
const maxAppendBytes = 1 << 20

// Log is an event store in memory with the rules of the real one for revisions, repeated appends and
// positions. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	all     []domain.Recorded
	streams map[string][]domain.Recorded
	next    uint64
}

var _ commands.Log = (*Log)(nil)

// NewLog gives an empty log.
func NewLog() *Log {
	return &Log{streams: map[string][]domain.Recorded{}, next: 1}
}

// epoch is when the first event of every Log is recorded; each further one comes a millisecond later.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Read yields a stream's events after a revision; see commands.Log.
func (l *Log) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(domain.Recorded{}, fmt.Errorf("%w: %w", domain.ErrUnavailable, err))
			return
		}
		for _, recorded := range l.stream(stream) {
			if recorded.Revision > after && !yield(recorded, nil) {
				return
			}
		}
	}
}

// Append writes all events or none; see commands.Log.
func (l *Log) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	if err := ctx.Err(); err != nil {
		return domain.Position{}, fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	data, err := stored(a)
	if err != nil {
		return domain.Position{}, fmt.Errorf("append to %s: %w", a.Stream, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	stream := l.streams[a.Stream]
	if last := int64(len(stream)) - 1; a.Expected != last {
		if a.Expected < last && repeated(a, stream[a.Expected+1:]) {
			return stream[a.Expected+int64(len(a.Events))].Position, nil
		}
		return domain.Position{}, fmt.Errorf("append to %s: %w: expected %d, it is at %d", a.Stream, domain.ErrRevision, a.Expected, last)
	}
	for i, event := range a.Events {
		stream = append(stream, domain.Recorded{
			ID:         domain.EventID(a.Command, a.Stream, i),
			Stream:     a.Stream,
			Revision:   int64(len(stream)),
			Position:   domain.Position{Commit: l.next, Prepare: l.next},
			RecordedAt: epoch.Add(time.Duration(len(l.all)) * time.Millisecond),
			Command:    a.Command,
			Event:      event,
			Raw:        domain.Raw{Kind: event.Kind(), Data: data[i]},
		})
		l.all = append(l.all, stream[len(stream)-1])
		l.next += uint64(len(a.Stream) + len(event.Kind()) + len(data[i]))
	}
	l.streams[a.Stream] = stream
	return stream[len(stream)-1].Position, nil
}

// Head is the position of the newest event; zero when there is none.
func (l *Log) Head(ctx context.Context) (domain.Position, error) {
	if err := ctx.Err(); err != nil {
		return domain.Position{}, fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return domain.Position{}, nil
	}
	return l.all[len(l.all)-1].Position, nil
}

// All gives every event in the order of the log.
func (l *Log) All() []domain.Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func (l *Log) stream(name string) []domain.Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.streams[name])
}

// repeated reports whether an append's own events follow its expected revision.
func repeated(a domain.Append, following []domain.Recorded) bool {
	if len(following) < len(a.Events) {
		return false
	}
	for i := range a.Events {
		if following[i].ID != domain.EventID(a.Command, a.Stream, i) {
			return false
		}
	}
	return true
}

// stored checks an append as the real store does and gives its events' data.
func stored(a domain.Append) ([][]byte, error) {
	var check domain.Check
	check.That(a.Stream != "" && !strings.HasPrefix(a.Stream, "$"), "stream", "must be a name that does not begin with $")
	check.That(a.Expected >= domain.NoStream, "expected", "must be an exact revision or NoStream")
	check.That(!a.Command.IsZero(), "command", "must be set: event ids derive from it")
	check.That(len(a.Events) > 0, "events", "must not be empty")
	if err := check.Err(); err != nil {
		return nil, err
	}
	all, size := make([][]byte, len(a.Events)), 0
	for i, event := range a.Events {
		data, err := json.Marshal(event)
		if err != nil {
			return nil, err
		}
		all[i], size = data, size+len(data)
	}
	if size > maxAppendBytes {
		return nil, domain.Refuse(domain.ErrInvalid, "too_large", "%d bytes in one append; the limit is %d", size, maxAppendBytes)
	}
	return all, nil
}
