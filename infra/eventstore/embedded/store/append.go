package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// generatedIDs is the name space of the ids of events that the store writes by itself.
var generatedIDs = uuid.MustParse("5f0f0a52-8a3c-5d0e-9a53-1d4a1c7f6b21")

const (
	maxGroupRequests = 1024
	maxGroupBytes    = 4 << 20
)

// operation is what a request wants.
type operation int

const (
	appendEvents operation = iota
	deleteSoftly
	endForEver
)

type request struct {
	ctx       context.Context //nolint:containedctx // carried to the sequencer, which reads it before the write begins
	operation operation
	stream    string
	expected  Expected
	events    []Proposed
	answer    chan answer // of one
}

type answer struct {
	appended Appended
	err      error
}

// Append adds events to a stream, all or none, and returns when they are durable. No events is allowed: the expectation
// is checked and a position taken. Repeats are recognised by their event ids (see check).
//
// Errors: *WrongExpectedError, *DeletedError, ErrForbidden, ErrTooLarge, and ErrStopped or ErrClosed, after which the
// outcome is unknown if the request had been taken. A context counts until the write begins, not after.
func (s *Store) Append(ctx context.Context, stream string, expected Expected, events []Proposed) (Appended, error) {
	if stream == "$all" {
		return Appended{}, fmt.Errorf("append to %s: %w", stream, ErrForbidden)
	}
	for _, e := range events {
		if len(stream)+len(e.Type)+len(e.Data)+len(e.Metadata) > MaxRecordBytes {
			return Appended{}, fmt.Errorf("append to %s: event %s: %w", stream, e.ID, ErrTooLarge)
		}
	}
	return s.submit(ctx, appendEvents, stream, expected, events)
}

// Delete hides a stream until its next event and returns the position of the metadata that does so.
func (s *Store) Delete(ctx context.Context, stream string, expected Expected) (Position, error) {
	return s.remove(ctx, deleteSoftly, stream, expected)
}

// Tombstone ends a stream for ever and returns the position of its last event.
func (s *Store) Tombstone(ctx context.Context, stream string, expected Expected) (Position, error) {
	return s.remove(ctx, endForEver, stream, expected)
}

func (s *Store) remove(ctx context.Context, how operation, stream string, expected Expected) (Position, error) {
	if _, ok := describedStream(stream); ok || stream == "$all" {
		return 0, fmt.Errorf("delete %s: %w", stream, ErrForbidden)
	}
	// An id that no stored event can have: deletions are never repeats.
	appended, err := s.submit(ctx, how, stream, expected, []Proposed{{ID: uuid.Nil}})
	return appended.Position, err
}

func (s *Store) submit(
	ctx context.Context, how operation, stream string, expected Expected, events []Proposed,
) (Appended, error) {
	r := &request{
		ctx: ctx, operation: how, stream: stream, expected: expected, events: events, answer: make(chan answer, 1),
	}
	select {
	case <-s.failed:
		return Appended{}, s.Err()
	default:
	}
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return Appended{}, context.Cause(ctx)
	case <-s.failed:
		return Appended{}, s.Err()
	case <-s.ended:
		return Appended{}, ErrClosed
	}
	select {
	case a := <-r.answer:
		return a.appended, a.err
	case <-s.failed:
	case <-s.ended:
	}
	select { // The answer may have come first.
	case a := <-r.answer:
		return a.appended, a.err
	default:
	}
	if err := s.Err(); err != nil {
		return Appended{}, err
	}
	return Appended{}, ErrClosed
}

// sequence is the one writer. It takes what is queued, commits it as one synced batch, and answers.
func (s *Store) sequence() {
	defer close(s.ended)
	defer s.recovered()
	var due <-chan time.Time // when the mirror must be synced, nil while it is
	var waiting *request
	for {
		if waiting == nil {
			select {
			case waiting = <-s.queue:
			case <-due:
				if err := s.mirror.sync(); err != nil {
					s.fail(err)
					return
				}
				due = nil
				continue
			case <-s.failed:
				return
			case <-s.closing:
				return
			}
		}
		next, err := s.commitGroup(waiting)
		if err != nil {
			s.fail(err)
			return
		}
		if due == nil && s.mirror.dirty {
			due = time.After(mirrorLag)
		}
		waiting = next
	}
}

// group is the set of requests that share one fsync.
type group struct {
	batch   *pebble.Batch
	head    Head
	events  []Event         // as readers will see them
	touched map[string]bool // streams with events in the batch
	size    int
	answers []func()
	err     error // of building the batch, which is then not committed
}

func (g *group) set(key, value []byte) {
	if err := g.batch.Set(key, value, nil); err != nil && g.err == nil {
		g.err = fmt.Errorf("build batch: %w", err)
	}
}

func (g *group) answer(r *request, appended Appended, err error) {
	g.answers = append(g.answers, func() { r.answer <- answer{appended, err} })
}

// commitGroup commits the request and all that is queued behind it. It returns the request that must wait for the
// group to be durable, if it met one; a returned error is fatal.
func (s *Store) commitGroup(first *request) (next *request, err error) {
	s.written.trim()
	g := &group{batch: s.db.NewBatch(), head: s.tail.end(), touched: map[string]bool{}}
	defer func() { _ = g.batch.Close() }()
	for r := first; r != nil; r = s.queued(g) {
		appended, err := s.perform(g, r)
		if errors.Is(err, errUnsettled) {
			next = r
			break
		}
		g.answer(r, appended, err)
	}
	if g.head.Count > s.tail.end().Count {
		if err := s.commit(g); err != nil {
			return nil, err
		}
	}
	for _, answer := range g.answers {
		answer()
	}
	return next, nil
}

// queued returns a request that waits already and still fits in, or nil.
func (s *Store) queued(g *group) *request {
	if len(g.answers) >= maxGroupRequests || g.size >= maxGroupBytes {
		return nil
	}
	select {
	case r := <-s.queue:
		return r
	default:
		return nil
	}
}

// commit makes the group durable, shows it to readers, and records the new head beside the log, in this order: neither
// readers nor the mirror ever know more than the disk, and Verify never finds the mirror ahead.
func (s *Store) commit(g *group) error {
	g.set(headKey(), g.head.encode())
	if g.err != nil {
		return g.err
	}
	if err := g.batch.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("commit batch: %w", err)
	}
	if err := s.Err(); err != nil {
		return err // Something failed meanwhile; what Pebble says is not to be trusted.
	}
	s.tail.publish(g.head, g.events)
	return s.mirror.write(g.head)
}

// perform decides one request and puts its records into the group.
func (s *Store) perform(g *group, r *request) (Appended, error) {
	if err := r.ctx.Err(); err != nil {
		return Appended{}, context.Cause(r.ctx)
	}
	seen, err := s.look(r.stream)
	if err != nil {
		return Appended{}, err
	}
	repeated, err := s.check(g, r, seen)
	if err != nil {
		return Appended{}, err
	}
	if repeated != nil {
		return *repeated, nil
	}
	switch r.operation {
	case deleteSoftly:
		return s.softDelete(g, r, seen)
	case endForEver:
		end := Proposed{ID: generatedID(g), Type: tombstoneType}
		return Appended{TombstoneRevision, s.put(g, kindBinary, r.stream, TombstoneRevision, end)}, nil
	case appendEvents:
	}
	return s.add(g, r, seen), nil
}

// add appends the request's events and the metadata that follows from them.
func (s *Store) add(g *group, r *request, seen sight) Appended {
	done := Appended{Revision: seen.last}
	for _, proposed := range r.events {
		kind := kindBinary
		if proposed.JSON {
			kind = kindJSON
		}
		done.Revision++
		done.Position = s.put(g, kind, r.stream, done.Revision, proposed)
		s.written.recent.add(proposed.ID, place{r.stream, done.Revision, done.Position})
	}
	if len(r.events) == 0 {
		done.Position = s.put(g, kindMarker, r.stream, 0, Proposed{})
	}
	if seen.metadata.deleted() {
		s.undelete(g, r, seen, done.Revision)
	}
	return done
}

// undelete makes visible again what an append to a soft-deleted stream, or to its metadata, has revived. It is part of
// the same batch, so that no crash leaves an acknowledged event hidden.
func (s *Store) undelete(g *group, r *request, seen sight, last int64) {
	revived, isMetadata := describedStream(r.stream)
	if !isMetadata {
		if changed, ok := truncatedAt(seen.metadataData, seen.last+1); ok {
			s.putMetadata(g, r.stream, seen.metadataLast+1, changed)
		}
		return
	}
	if len(r.events) == 0 || !r.events[len(r.events)-1].JSON {
		return
	}
	if changed, ok := truncatedAt(r.events[len(r.events)-1].Data, seen.describedLast+1); ok {
		s.putMetadata(g, revived, last+1, changed)
	}
}

// softDelete replaces the metadata of the stream by a truncation of everything.
func (s *Store) softDelete(g *group, r *request, seen sight) (Appended, error) {
	if seen.last == noRevision && seen.metadataLast == noRevision {
		return Appended{}, &WrongExpectedError{Stream: r.stream, Expected: r.expected, Current: noRevision}
	}
	data, _ := truncatedAt(nil, softDeleted)
	return Appended{seen.last, s.putMetadata(g, r.stream, seen.metadataLast+1, data)}, nil
}

func (s *Store) putMetadata(g *group, stream string, revision int64, data []byte) Position {
	event := Proposed{ID: generatedID(g), Type: metadataType, JSON: true, Data: data}
	return s.put(g, kindJSON, metadataStream(stream), revision, event)
}

func generatedID(g *group) uuid.UUID { return uuid.NewSHA1(generatedIDs, g.head.Hash[:]) }

// put adds one record to the group and to what the sequencer knows.
func (s *Store) put(g *group, kind byte, stream string, revision int64, p Proposed) Position {
	event := Event{
		Position: g.head.Next, Stream: stream, Revision: uint64(revision), ID: p.ID, Type: p.Type, JSON: p.JSON,
		Created: fromTicks(ticks(s.now())), Data: p.Data, Metadata: p.Metadata,
	}
	frame, hash := encodeFrame(g.head.Hash, kind, event)
	key := recordKey(event.Position)
	g.set(key, frame)
	g.head = Head{
		Last: event.Position, Next: event.Position + Position(len(frame)), Count: g.head.Count + 1, Hash: hash,
	}
	g.size += len(frame)
	if kind != kindMarker {
		g.set(indexKey(stream, event.Revision), key[1:])
		g.events = append(g.events, event)
		g.touched[stream] = true
		s.written.learn(event)
	}
	return event.Position
}
