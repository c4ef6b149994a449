// Package visible holds the client-safe records: everything a client may ever see, as plain values.
//
// It imports nothing of ours. The client projector, the client read models and the portal see history
// only through it, so they cannot compile against an internal fact. A record is built field by field in
// an aggregate's disclosure.go; no record has a field for visibility, staff text, or a number, count or
// time that takes hidden items into account.
package visible

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// Kind names a type of record in stored and transmitted keys.
type Kind string

// Key names one record. The client comes first: an item that moves to another client vanishes there and
// appears here.
type Key struct {
	Client uuid.UUID
	Kind   Kind
	ID     uuid.UUID
}

// Compare orders keys by client, kind and id, so that changes come in the same order in every replay.
func (k Key) Compare(other Key) int {
	if c := bytes.Compare(k.Client[:], other.Client[:]); c != 0 {
		return c
	}
	if c := cmp.Compare(k.Kind, other.Kind); c != 0 {
		return c
	}
	return bytes.Compare(k.ID[:], other.ID[:])
}

// Record is one client-safe record: a comparable struct of this package.
//
//sumtype:decl
type Record interface {
	Key() Key
	isRecord() // Sealed: only this package adds records.
}

// Change is what a disclosure yields: put a whole record, or remove one.
//
//sumtype:decl
type Change interface {
	Key() Key
	isChange() // Sealed: a change is a Put or a Remove.
}

// Put says that the client now sees Record, whole, new or in place of the one with the same key.
type Put struct{ Record Record }

// Remove says that the client no longer sees the record with that key: not its row, not its files, not a
// notice about it that was not sent yet.
type Remove struct{ Gone Key }

// Key is the key of the record put.
func (p Put) Key() Key { return p.Record.Key() }

// Key is the key of the record removed.
func (r Remove) Key() Key { return r.Gone }

func (Put) isChange()    {}
func (Remove) isChange() {}

// Shown is what a client sees of one stream at one moment.
type Shown map[Key]Record

// Show indexes records by key. Of two records with one key the later wins.
func Show(records ...Record) Shown {
	shown := make(Shown, len(records))
	for _, record := range records {
		shown[record.Key()] = record
	}
	return shown
}

// Diff lists the changes that lead from what was shown before to what is shown after, ordered by key.
func Diff(before, after Shown) []Change {
	var changes []Change
	for key := range before {
		if _, still := after[key]; !still {
			changes = append(changes, Remove{Gone: key})
		}
	}
	for key, record := range after {
		if old, known := before[key]; !known || old != record {
			changes = append(changes, Put{Record: record})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return a.Key().Compare(b.Key()) })
	return changes
}
