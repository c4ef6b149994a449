package store

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// errUnsettled postpones a request until the group before it is durable, because it must read what the group writes.
var errUnsettled = errors.New("must wait for the group before")

// written is what the sequencer knows of streams without reading, records of the current group included. It only
// shortens the way to the same answers, except for the recent ids.
type written struct {
	streams   map[string]int64          // last revision
	described map[string]describedState // by the stream described, not by its metadata stream
	recent    recentIDs
}

type describedState struct {
	metadata streamMetadata
	data     []byte // of the newest metadata event
	last     int64  // revision of that event
}

const maxKnownStreams = 100_000

func newWritten(ids int) written {
	return written{
		streams:   map[string]int64{},
		described: map[string]describedState{},
		recent:    recentIDs{limit: ids, places: map[uuid.UUID]place{}},
	}
}

// trim forgets everything once it grows too large. Between groups nothing is lost by that: the log has it.
func (w *written) trim() {
	if len(w.streams) > maxKnownStreams {
		clear(w.streams)
	}
	if len(w.described) > maxKnownStreams {
		clear(w.described)
	}
}

func (w *written) learn(e Event) {
	w.streams[e.Stream] = int64(e.Revision)
	if described, ok := describedStream(e.Stream); ok {
		w.described[described] = describedState{effectiveMetadata(e), e.Data, int64(e.Revision)}
	}
}

// sight is the state of a stream as the sequencer sees it. For a metadata stream, metadata is what the stream it
// describes has.
type sight struct {
	last          int64 // revision, -1 for none, TombstoneRevision after a tombstone
	describedLast int64 // the same of the stream that a metadata stream describes
	metadata      streamMetadata
	metadataData  []byte
	metadataLast  int64
}

// look collects what decides an append.
func (s *Store) look(stream string) (sight, error) {
	last, err := s.last(stream)
	if err != nil {
		return sight{}, err
	}
	seen := sight{last: last, describedLast: last}
	described, isMetadata := describedStream(stream)
	if !isMetadata {
		described = stream
	} else if seen.describedLast, err = s.last(described); err != nil {
		return sight{}, err
	}
	if seen.describedLast == TombstoneRevision {
		seen.last = TombstoneRevision
	}
	state, err := s.described(described)
	seen.metadata, seen.metadataData, seen.metadataLast = state.metadata, state.data, state.last
	return seen, err
}

func (s *Store) last(stream string) (int64, error) {
	if last, ok := s.written.streams[stream]; ok {
		return last, nil
	}
	last, _, err := s.lastBefore(stream, s.tail.end())
	if err != nil {
		return 0, err
	}
	s.written.streams[stream] = last
	return last, nil
}

func (s *Store) described(stream string) (describedState, error) {
	if state, ok := s.written.described[stream]; ok {
		return state, nil
	}
	event, last, err := s.newestMetadata(stream, s.tail.end())
	if err != nil {
		return describedState{}, err
	}
	state := describedState{effectiveMetadata(event), event.Data, last}
	s.written.described[stream] = state
	return state, nil
}

// check compares a request with its stream. Nil and nil mean: write. A result means that the request repeats what is
// stored; it is answered as it was and nothing is written.
func (s *Store) check(g *group, r *request, seen sight) (*Appended, error) {
	wrong := &WrongExpectedError{Stream: r.stream, Expected: r.expected, Current: seen.last}
	_, isMetadata := describedStream(r.stream)
	hidden := seen.metadata.deleted() && !isMetadata
	if seen.last == TombstoneRevision {
		return nil, &DeletedError{r.stream}
	}
	if r.expected == StreamExists {
		if hidden {
			return nil, &DeletedError{r.stream}
		}
		if seen.last == noRevision && (isMetadata || seen.metadataLast == noRevision) {
			return nil, wrong
		}
	}
	switch {
	case r.expected == Any || r.expected == StreamExists:
		return s.checkWeak(r, wrong)
	case int64(r.expected) > seen.last:
		return nil, wrong
	case int64(r.expected) == seen.last:
		return nil, nil //nolint:nilnil // means: write, as documented
	}
	if g.touched[r.stream] {
		return nil, errUnsettled
	}
	return s.checkExact(r, seen, hidden, wrong)
}

// checkWeak recognises a repeat with a weak expectation, from memory only: after a restart it is written again, as on
// the server this imitates. Who must not write twice gives an exact revision.
func (s *Store) checkWeak(r *request, wrong error) (*Appended, error) {
	var newest place
	for i, e := range r.events {
		known, ok := s.written.recent.find(e.ID, r.stream)
		if !ok && i == 0 {
			return nil, nil //nolint:nilnil // means: write
		}
		if !ok {
			return nil, wrong
		}
		newest = known
	}
	if len(r.events) == 0 {
		return nil, nil //nolint:nilnil // means: write
	}
	return &Appended{Revision: newest.revision, Position: newest.position}, nil
}

// checkExact recognises a repeat with an exact expectation by the ids stored behind it.
func (s *Store) checkExact(r *request, seen sight, hidden bool, wrong error) (*Appended, error) {
	if len(r.events) == 0 {
		return nil, wrong
	}
	var done Appended
	for i, e := range r.events {
		done.Revision = int64(r.expected) + 1 + int64(i)
		if done.Revision > seen.last {
			return nil, wrong
		}
		stored, err := s.eventAt(r.stream, uint64(done.Revision))
		if err != nil {
			return nil, err
		}
		if stored.ID != e.ID {
			if i == 0 && hidden && r.expected == NoStream {
				return nil, nil //nolint:nilnil // a deleted stream may begin anew
			}
			return nil, wrong
		}
		done.Position = stored.Position
	}
	return &done, nil
}

// eventAt reads one event that must exist.
func (s *Store) eventAt(stream string, revision uint64) (Event, error) {
	raw, err := s.get(indexKey(stream, revision))
	if errors.Is(err, pebble.ErrNotFound) {
		return Event{}, missingRevision(stream, revision)
	}
	if err != nil {
		return Event{}, err
	}
	at, err := indexedPosition(raw)
	if err != nil {
		return Event{}, err
	}
	return s.indexed(stream, revision, at)
}

// recentIDs remembers where the newest events are, by id, first in first out.
type recentIDs struct {
	limit  int
	places map[uuid.UUID]place
	order  []uuid.UUID
	oldest int
}

type place struct {
	stream   string
	revision int64
	position Position
}

func (r *recentIDs) add(id uuid.UUID, at place) {
	if _, known := r.places[id]; known || r.limit <= 0 {
		return
	}
	r.places[id] = at
	if len(r.order) < r.limit {
		r.order = append(r.order, id)
		return
	}
	delete(r.places, r.order[r.oldest])
	r.order[r.oldest] = id
	r.oldest = (r.oldest + 1) % r.limit
}

func (r *recentIDs) find(id uuid.UUID, stream string) (place, bool) {
	at, ok := r.places[id]
	return at, ok && at.stream == stream
}
