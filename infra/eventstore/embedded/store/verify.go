package store

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/cockroachdb/pebble/v2"
)

// recentBytes is how much of the newest log Open walks. A flush that Pebble forgets lies there.
const recentBytes = 64 << 20

// Report is what Verify has seen.
type Report struct {
	Records  uint64 // in the chain
	Events   uint64 // of these, shown to readers
	Streams  uint64 // with at least one event
	Head     Head
	Mirrored Head // as the second file has it
}

// Verify walks the whole log: checksums, positions that touch, the hash chain from the first record to the head, the
// index in both directions, and the mirrored head. It works beside appends, up to the head at the start. The error is a
// *DamageError with the first bad position; the report then tells how far it came.
func (s *Store) Verify(ctx context.Context) (Report, error) {
	mirrored, err := readMirror(s.options.FS, s.options.mirrorPath())
	report := Report{Head: s.Head(), Mirrored: mirrored}
	if err != nil {
		return report, err
	}
	sum := indexSum{seed: maphash.MakeSeed()}
	last, err := s.walk(ctx, emptyHead(), report.Head, func(r record) error {
		report.Records++
		if r.kind != kindMarker {
			report.Events++
			sum.add(r.Stream, r.Revision, r.Position)
		}
		return nil
	})
	if err != nil {
		return report, err
	}
	if last != report.Head {
		return report, &DamageError{last.Next, "the chain does not end in the head"}
	}
	if err := s.checkMirrored(mirrored, report.Head); err != nil {
		return report, err
	}
	indexed := indexSum{seed: sum.seed}
	if report.Streams, err = s.walkIndex(ctx, report.Head, &indexed); err != nil {
		return report, err
	}
	if sum != indexed {
		return report, s.nameUnindexed(ctx, report.Head)
	}
	return report, nil
}

// indexSum is a sum over a set of index entries in any order: equal sums mean equal sets.
type indexSum struct {
	seed  maphash.Seed
	count uint64
	total uint64
}

func (i *indexSum) add(stream string, revision uint64, at Position) {
	i.count++
	i.total += maphash.Comparable(i.seed, place{stream, int64(revision), at})
}

// walk visits the records behind a head up to another one and checks frames, positions and chain. It returns the head
// that the records add up to.
func (s *Store) walk(ctx context.Context, from, to Head, visit func(record) error) (at Head, err error) {
	at = from
	records, err := s.iterate(recordKey(from.Next), recordKey(to.Next))
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	for ok := records.First(); ok; ok = records.Next() {
		if at.Count%1024 == 0 && ctx.Err() != nil {
			return at, context.Cause(ctx)
		}
		raw, err := records.ValueAndErr()
		if err != nil {
			return at, storageError(err)
		}
		r, err := s.chained(at, Position(keyNumber(records.Key())), raw)
		if err != nil {
			return at, err
		}
		at = Head{Last: r.Position, Next: r.next(), Count: at.Count + 1, Hash: r.hash}
		if err := visit(r); err != nil {
			return at, err
		}
	}
	if err := records.Error(); err != nil {
		return at, storageError(err)
	}
	if at.Next != to.Next {
		return at, &DamageError{at.Next, "records are missing here"}
	}
	return at, nil
}

// chained decodes the frame that must follow a head.
func (s *Store) chained(before Head, at Position, raw []byte) (record, error) {
	r, err := decodeFrame(at, raw)
	if err != nil {
		return record{}, err
	}
	switch {
	case at != before.Next:
		return record{}, &DamageError{before.Next, "records are missing here"}
	case r.previous != before.Hash:
		return record{}, &DamageError{at, "the chain is broken before this record"}
	case chainHash(raw) != r.hash:
		return record{}, &DamageError{at, "the hash does not match the record"}
	}
	return r, nil
}

// walkIndex visits all entries below the head and checks that the revisions of each stream have no gap.
func (s *Store) walkIndex(ctx context.Context, head Head, sum *indexSum) (streams uint64, err error) {
	entries, err := s.iterate([]byte{'s'}, []byte{'s' + 1})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, entries.Close()) }()
	stream, next := "", uint64(0)
	for ok := entries.First(); ok; ok = entries.Next() {
		if sum.count%1024 == 0 && ctx.Err() != nil {
			return streams, context.Cause(ctx)
		}
		at, err := indexedPosition(entries.Value())
		if err != nil {
			return streams, err
		}
		if at >= head.Next {
			continue // Not durable yet when the walk began.
		}
		key := entries.Key()
		if len(key) < 1+4+8 {
			return streams, &DamageError{at, "an index entry is malformed"}
		}
		if name := string(key[5 : len(key)-8]); name != stream || streams == 0 {
			stream, next = name, 0
			streams++
		}
		revision := keyNumber(key)
		if revision != next && revision != TombstoneRevision {
			return streams, &DamageError{at, fmt.Sprintf("stream %q has no entry for revision %d", stream, next)}
		}
		next = revision + 1
		sum.add(stream, revision, at)
	}
	return streams, storageError(entries.Error())
}

// nameUnindexed finds the first record whose index entry is missing or wrong, after the sums have differed.
func (s *Store) nameUnindexed(ctx context.Context, head Head) error {
	_, err := s.walk(ctx, emptyHead(), head, s.checkIndexed)
	if err == nil {
		err = &DamageError{Reason: "the index has entries without a record"}
	}
	return err
}

// checkIndexed compares a record with its index entry, which every kind but a marker has.
func (s *Store) checkIndexed(r record) error {
	if r.kind == kindMarker {
		return nil
	}
	raw, err := s.get(indexKey(r.Stream, r.Revision))
	if errors.Is(err, pebble.ErrNotFound) {
		return &DamageError{r.Position, "the index has no entry for this record"}
	}
	if err != nil {
		return err
	}
	if at, err := indexedPosition(raw); err != nil || at != r.Position {
		return &DamageError{r.Position, "the index has another entry for this record"}
	}
	return nil
}

// checkMirrored compares the log with the head that was recorded beside it: the log must hold that record, with that
// hash, and not end before.
func (s *Store) checkMirrored(mirrored, head Head) error {
	if mirrored.Count > head.Count || mirrored.Next > head.Next {
		return &DamageError{head.Next, fmt.Sprintf(
			"acknowledged records are missing: the log ends after %d records, but had at least %d, up to position %d",
			head.Count, mirrored.Count, mirrored.Last)}
	}
	if mirrored.Count == 0 {
		return nil
	}
	r, err := s.recordAt(mirrored.Last)
	if err != nil {
		return err
	}
	if r.hash != mirrored.Hash || r.next() != mirrored.Next {
		return &DamageError{mirrored.Last, "this is not the record that the mirrored head names"}
	}
	return nil
}

// checkTail walks the newest part of the log at Open, with its index, and checks that it ends in the head.
func (s *Store) checkTail(head Head) error {
	from := emptyHead()
	if head.Next > firstPosition+recentBytes {
		start, err := s.boundary(head.Next-recentBytes, head)
		if err != nil {
			return err
		}
		r, err := s.recordAt(start)
		if err != nil {
			return err
		}
		from = Head{Next: start, Hash: r.previous}
	}
	end, err := s.walk(context.Background(), from, head, s.checkIndexed)
	if err != nil {
		return err
	}
	if end.Next != head.Next || end.Hash != head.Hash || (from.Next == firstPosition && end.Count != head.Count) {
		return &DamageError{end.Next, "the chain does not end in the head"}
	}
	records, err := s.iterate(recordKey(head.Next), []byte{'e' + 1})
	if err != nil {
		return err
	}
	beyond := records.First()
	if err := records.Close(); err != nil {
		return err
	}
	if beyond {
		return &DamageError{head.Next, "there are records behind the head"}
	}
	return nil
}
