package store

import (
	"context"
	"errors"
	"iter"
	"math"
	"sort"
	"sync"
)

const (
	tailEvents = 4096
	tailBytes  = 8 << 20
)

// tail holds the durable end of the log and the newest events, from which followers are served without touching
// Pebble. Who is slower than the tail is long reads from the log again.
type tail struct {
	mu      sync.Mutex
	head    Head
	events  []Event // elements are never overwritten, so parts may be handed out
	bytes   int
	floor   Position // events at or above are all in events
	changed chan struct{}
}

func newTail(head Head) *tail {
	return &tail{head: head, floor: head.Next, changed: make(chan struct{})}
}

func (t *tail) end() Head {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

// publish makes a durable group visible to readers and wakes followers.
func (t *tail) publish(head Head, events []Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head = head
	t.events = append(t.events, events...)
	for _, e := range events {
		t.bytes += weight(e)
	}
	for len(t.events) > tailEvents || t.bytes > tailBytes {
		t.bytes -= weight(t.events[0])
		t.floor = t.events[0].Position + 1
		t.events = t.events[1:]
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

func weight(e Event) int { return len(e.Stream) + len(e.Type) + len(e.Data) + len(e.Metadata) }

// since returns the events at or above a position. kept is false where some of them are no longer held; changed is
// closed when there may be more.
func (t *tail) since(at Position) (events []Event, head Head, changed <-chan struct{}, kept bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at < t.floor && at < t.head.Next {
		return nil, t.head, t.changed, false
	}
	i := sort.Search(len(t.events), func(i int) bool { return t.events[i].Position >= at })
	return t.events[i:len(t.events):len(t.events)], t.head, t.changed, true
}

// Update is one thing that a follower is told: an event, or that it has caught up with the head of the log at Head.
type Update struct {
	Event    Event
	CaughtUp bool
	Head     Position // of the newest record, set with CaughtUp
}

// FollowAll yields the events of all streams at or above a position, first those stored and then live, without loss or
// repetition, until ctx ends or the store does; the last yield carries the reason. A position behind the head is
// accepted: events are left out until the log passes it. CaughtUp comes each time the follower turns live.
func (s *Store) FollowAll(ctx context.Context, from Position) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		at, live := max(from, firstPosition), false
		for {
			events, head, changed, kept := s.tail.since(at)
			if !kept {
				start, err := s.boundary(at, head)
				if err == nil {
					events, at, err = s.logPage(ctx, Forwards, start, head, pageRecords)
				}
				if err != nil {
					yield(Update{}, err)
					return
				}
				live = false
			} else if len(events) > 0 {
				at = events[len(events)-1].Position + 1
			}
			for _, e := range events {
				if !yield(Update{Event: e}, nil) {
					return
				}
			}
			if !kept || len(events) > 0 {
				continue
			}
			if !live && !yield(Update{CaughtUp: true, Head: head.Last}, nil) {
				return
			}
			live = true
			if err := s.wait(ctx, changed); err != nil {
				yield(Update{}, err)
				return
			}
		}
	}
}

// FollowStream is FollowAll for one stream, from a revision on. Stored events are shown as ReadStream does, live ones
// all. After a tombstone it ends with *DeletedError; a stream that does not exist is waited for.
func (s *Store) FollowStream(ctx context.Context, stream string, from uint64) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		next := from
		// Every event is offered through here, which keeps the order whatever path it comes by.
		offer := func(e Event) (more bool) {
			if e.Stream != stream || e.Revision < next {
				return true
			}
			next = e.Revision + 1
			if !yield(Update{Event: e}, nil) {
				return false
			}
			if e.Revision == TombstoneRevision {
				yield(Update{}, &DeletedError{stream})
				return false
			}
			return true
		}
		for {
			bound := s.Head()
			for e, err := range s.storedSince(ctx, stream, next, bound) {
				if err != nil {
					yield(Update{}, err)
					return
				}
				if !offer(e) {
					return
				}
			}
			if !yield(Update{CaughtUp: true, Head: bound.Last}, nil) {
				return
			}
			if ok, err := s.live(ctx, bound.Next, offer); !ok {
				if err != nil {
					yield(Update{}, err)
				}
				return
			}
		}
	}
}

// storedSince yields what is visible of a stream from a revision on, a tombstone included.
func (s *Store) storedSince(ctx context.Context, stream string, from uint64, bound Head) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		span, err := s.visible(stream, bound)
		if errors.Is(err, ErrNotFound) {
			return
		}
		if deleted := (*DeletedError)(nil); errors.As(err, &deleted) {
			yield(s.eventAt(stream, TombstoneRevision))
			return
		}
		if err != nil {
			yield(Event{}, err)
			return
		}
		span.low = max(span.low, from)
		s.readSpan(ctx, stream, Forwards, span, math.MaxUint64)(yield)
	}
}

// live offers the events at or above a position as they come, until an offer is declined or something ends (ok is
// false), or the follower has fallen behind the tail and must read the log again.
func (s *Store) live(ctx context.Context, at Position, offer func(Event) bool) (ok bool, err error) {
	for {
		events, _, changed, kept := s.tail.since(at)
		if !kept {
			return true, nil
		}
		for _, e := range events {
			if !offer(e) {
				return false, nil
			}
			at = e.Position + 1
		}
		if len(events) > 0 {
			continue
		}
		if err := s.wait(ctx, changed); err != nil {
			return false, err
		}
	}
}

// Deleted returns a *DeletedError if the stream has been ended by a tombstone.
func (s *Store) Deleted(stream string) error {
	for name, more := stream, true; more; name, more = describedStream(name) {
		last, _, err := s.lastBefore(name, s.Head())
		if err != nil {
			return err
		}
		if last == TombstoneRevision {
			return &DeletedError{stream}
		}
	}
	return nil
}

// Next returns the revision that the next event of a stream will have.
func (s *Store) Next(stream string) (uint64, error) {
	last, _, err := s.lastBefore(stream, s.Head())
	return uint64(last + 1), err
}
