package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Direction is the order of a read.
type Direction int

const (
	// Forwards is from old to new.
	Forwards Direction = iota
	// Backwards is from new to old.
	Backwards
)

// A read goes in pages, so that a slow reader pins nothing inside Pebble. They grow, because many reads want one event.
const (
	firstPage   = 8
	pageRecords = 512
	pageBytes   = 2 << 20
)

// StreamRead is a question for the events of one stream.
type StreamRead struct {
	Stream    string
	Direction Direction
	From      uint64 // included; MaxUint64 means the newest when going backwards
	Count     uint64 // at most
}

// ReadStream yields what is visible of a stream at the moment of the call. Nothing in range is no error; ErrNotFound is a
// stream without events or a soft-deleted one, *DeletedError a tombstone.
func (s *Store) ReadStream(ctx context.Context, q StreamRead) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		span, err := s.visible(q.Stream, s.Head())
		if err != nil {
			yield(Event{}, err)
			return
		}
		if q.Direction == Forwards {
			span.low = max(span.low, q.From)
		} else {
			span.high = min(span.high, q.From)
		}
		s.readSpan(ctx, q.Stream, q.Direction, span, q.Count)(yield)
	}
}

// readSpan yields at most count events of a part of a stream; an error is the last it yields.
func (s *Store) readSpan(
	ctx context.Context, stream string, direction Direction, of span, count uint64,
) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for size := firstPage; count > 0 && of.low <= of.high; size = min(4*size, pageRecords) {
			page, err := s.streamPage(ctx, stream, direction, of, min(count, uint64(size)))
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range page {
				if e.Created.Before(of.notBefore) {
					continue
				}
				if !yield(e, nil) {
					return
				}
				count--
			}
			read := uint64(len(page))
			switch {
			case direction == Forwards:
				of.low += read
			case of.high < read:
				return
			default:
				of.high -= read
			}
		}
	}
}

// span is what of a stream may be seen: revisions from low to high, created not before an instant.
type span struct {
	low, high uint64
	notBefore time.Time
}

func (s *Store) visible(stream string, bound Head) (span, error) {
	last, _, err := s.lastBefore(stream, bound)
	if err != nil {
		return span{}, err
	}
	described, isMetadata := describedStream(stream)
	if isMetadata {
		end, _, err := s.lastBefore(described, bound)
		if err != nil {
			return span{}, err
		}
		if end == TombstoneRevision {
			return span{}, &DeletedError{stream}
		}
	}
	switch last {
	case TombstoneRevision:
		return span{}, &DeletedError{stream}
	case noRevision:
		return span{}, fmt.Errorf("%w: %q", ErrNotFound, stream)
	}
	if isMetadata { // Only the newest counts.
		return span{low: uint64(last), high: uint64(last)}, nil
	}
	newest, _, err := s.newestMetadata(stream, bound)
	if err != nil {
		return span{}, err
	}
	m := effectiveMetadata(newest)
	if m.deleted() {
		return span{}, fmt.Errorf("%w: %q", ErrNotFound, stream)
	}
	seen := span{low: uint64(m.before), high: uint64(last)}
	if m.maxCount > 0 {
		seen.low = uint64(max(m.before, last-m.maxCount+1))
	}
	if m.maxAge > 0 {
		seen.notBefore = s.now().Add(-m.maxAge)
	}
	return seen, nil
}

// streamPage reads the first events of a span that is not empty, of which every one must exist.
func (s *Store) streamPage(
	ctx context.Context, stream string, direction Direction, of span, limit uint64,
) (page []Event, err error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	entries, err := s.iterate(indexKey(stream, of.low), indexKey(stream, of.high+1))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, entries.Close()) }()
	first, next, expected, step := entries.First, entries.Next, of.low, uint64(1)
	if direction == Backwards {
		first, next, expected, step = entries.Last, entries.Prev, of.high, math.MaxUint64
	}
	size := 0
	for ok := first(); ok && uint64(len(page)) < limit && size < pageBytes; ok = next() {
		if revision := keyNumber(entries.Key()); revision != expected {
			return nil, missingRevision(stream, expected)
		}
		at, err := indexedPosition(entries.Value())
		if err != nil {
			return nil, err
		}
		e, err := s.indexed(stream, expected, at)
		if err != nil {
			return nil, err
		}
		page = append(page, e)
		size += len(e.Data) + len(e.Metadata)
		expected += step
	}
	if len(page) == 0 {
		return nil, errors.Join(storageError(entries.Error()), missingRevision(stream, expected))
	}
	return page, nil
}

func missingRevision(stream string, revision uint64) error {
	return &DamageError{Reason: fmt.Sprintf("stream %q has no entry for revision %d", stream, revision)}
}

func indexedPosition(raw []byte) (Position, error) {
	if len(raw) != 8 {
		return 0, &DamageError{Reason: "an index entry is malformed"}
	}
	return Position(binary.BigEndian.Uint64(raw)), nil
}

// indexed reads the event that an index entry points to.
func (s *Store) indexed(stream string, revision uint64, at Position) (Event, error) {
	r, err := s.recordAt(at)
	if err != nil {
		return Event{}, err
	}
	if r.kind == kindMarker || r.Stream != stream || r.Revision != revision {
		return Event{}, &DamageError{at, fmt.Sprintf("index of stream %q revision %d points here", stream, revision)}
	}
	return r.Event, nil
}

// recordAt reads the record at a position that something points to; its absence is damage.
func (s *Store) recordAt(at Position) (record, error) {
	raw, err := s.get(recordKey(at))
	if errors.Is(err, pebble.ErrNotFound) {
		return record{}, &DamageError{Position: at, Reason: "record is missing"}
	}
	if err != nil {
		return record{}, err
	}
	return decodeFrame(at, raw)
}

// lastBefore finds the newest event of a stream below the bound; revision -1 means none. Entries above the bound belong
// to a group that is not durable yet.
func (s *Store) lastBefore(stream string, bound Head) (revision int64, at Position, err error) {
	prefix := indexPrefix(stream)
	entries, err := s.iterate(prefix, append(slices.Clone(prefix), 0xff))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, entries.Close()) }()
	for ok := entries.Last(); ok; ok = entries.Prev() {
		at, err := indexedPosition(entries.Value())
		if err != nil {
			return 0, 0, err
		}
		if at < bound.Next {
			return int64(keyNumber(entries.Key())), at, nil
		}
	}
	return noRevision, 0, storageError(entries.Error())
}

// newestMetadata returns the event that carries a stream's metadata, the zero Event and -1 where there is none.
func (s *Store) newestMetadata(stream string, bound Head) (Event, int64, error) {
	last, at, err := s.lastBefore(metadataStream(stream), bound)
	if err != nil || last == noRevision {
		return Event{}, noRevision, err
	}
	e, err := s.indexed(metadataStream(stream), uint64(last), at)
	return e, last, err
}

// ReadAll yields the events of all streams in the order of the log, up to the head at the moment of the call. Forwards
// includes the record at from, backwards excludes it; zero is before the first, and anything behind the head counts as the
// end. A position inside the log where no record starts is ErrPosition.
func (s *Store) ReadAll(ctx context.Context, direction Direction, from Position) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		bound := s.Head()
		at, err := s.start(from, bound)
		if err != nil {
			yield(Event{}, err)
			return
		}
		for size := firstPage; ; size = min(4*size, pageRecords) {
			page, next, err := s.logPage(ctx, direction, at, bound, size)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if next == at {
				return
			}
			at = next
		}
	}
}

// Scan yields the events strictly after a position, in the order of the log, up to the head at the moment of the call.
// The position must be zero or that of a record.
func (s *Store) Scan(ctx context.Context, after Position) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		bound := s.Head()
		_, err := s.start(after, bound)
		from, behind := s.boundary(after+1, bound)
		if err := errors.Join(err, behind); err != nil {
			yield(Event{}, err)
			return
		}
		s.ReadAll(ctx, Forwards, from)(yield)
	}
}

// CheckPosition says whether a read of all streams can begin at a position: nil or ErrPosition.
func (s *Store) CheckPosition(at Position) error {
	_, err := s.start(at, s.Head())
	return err
}

func (s *Store) start(from Position, bound Head) (Position, error) {
	switch {
	case from == 0:
		return firstPosition, nil
	case from >= bound.Next:
		return bound.Next, nil
	}
	_, err := s.get(recordKey(from))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, fmt.Errorf("%w: %d", ErrPosition, from)
	}
	return from, err
}

// boundary returns the start of the first record at or above a position, which is the head where there is none.
func (s *Store) boundary(at Position, bound Head) (start Position, err error) {
	if at <= firstPosition || at >= bound.Next {
		return min(max(at, firstPosition), bound.Next), nil
	}
	records, err := s.iterate(recordKey(0), recordKey(at))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	if !records.Last() {
		return firstPosition, storageError(records.Error())
	}
	before, err := s.recordAt(Position(keyNumber(records.Key())))
	if err == nil && before.next() < at {
		err = &DamageError{Position: before.next(), Reason: "records are missing here"}
	}
	return before.next(), err
}

// logPage reads records next to a record start: from it on, or those that end there. It checks that they touch, so that
// a gap is never read over, and returns where the next page begins, which is at where there is nothing more.
func (s *Store) logPage(
	ctx context.Context, direction Direction, at Position, bound Head, limit int,
) (page []Event, next Position, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, context.Cause(ctx)
	}
	lower, upper, end := recordKey(at), recordKey(bound.Next), bound.Next
	if direction == Backwards {
		lower, upper, end = recordKey(firstPosition), recordKey(at), firstPosition
	}
	records, err := s.iterate(lower, upper)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	first, step := records.First, records.Next
	if direction == Backwards {
		first, step = records.Last, records.Prev
	}
	size := 0
	next = at
	ok := first()
	for ; ok && size < pageBytes && len(page) < limit; ok = step() {
		r, err := s.touching(records, direction, next)
		if err != nil {
			return nil, 0, err
		}
		if next = r.Position; direction == Forwards {
			next = r.next()
		}
		if r.kind != kindMarker {
			page = append(page, r.Event)
		}
		size += r.length
	}
	if err := records.Error(); err != nil {
		return nil, 0, storageError(err)
	}
	if !ok && next != end {
		return nil, 0, &DamageError{Position: next, Reason: "records are missing here"}
	}
	return page, next, nil
}

// touching decodes the record under the iterator and checks that it borders on the one before.
func (s *Store) touching(records cursor, direction Direction, border Position) (record, error) {
	at := Position(keyNumber(records.Key()))
	raw, err := records.ValueAndErr()
	if err != nil {
		return record{}, storageError(err)
	}
	r, err := decodeFrame(at, slices.Clone(raw))
	if err != nil {
		return record{}, err
	}
	if (direction == Forwards && at != border) || (direction == Backwards && r.next() != border) {
		return record{}, &DamageError{Position: border, Reason: "records are missing here"}
	}
	return r, nil
}
