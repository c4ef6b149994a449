// Package seal makes history tamper-evident: a Merkle log over all events as RFC 6962 defines it, checkpoints of it that
// are signed with a key outside of the databases, and the table that keeps them. Who has a checkpoint can be shown that
// an event was part of history then, and that history since has only grown.
//
// It imports nothing of ours. What the leaf of an event is, projections/staff defines; here a leaf is a hash.
package seal

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a hash of the log: a leaf, an inner node, or the root of a tree.
type Hash = tlog.Hash

// Leaves gives the leaves of events by their ordinals less one, from the first up to the one before the last: exactly
// last − first of them, at most MaxLeaves.
type Leaves func(ctx context.Context, first, last int64) ([]Hash, error)

// MaxLeaves is how many leaves are read at once.
const MaxLeaves = 1 << chunkLevel

// chunkLevel is the level of the lowest nodes that a Tree remembers.
const chunkLevel = 12

// Tree is the log as it was with some number of events. It reads leaves as they are needed, each once for the root and
// some again for each proof, and remembers one hash per MaxLeaves of them. It is not for concurrent use.
type Tree struct {
	Size   int64
	leaves Leaves
	nodes  map[node]Hash
	newest chunk // the leaves that were read last
	edge   chunk // the last leaves of all, of which every proof needs some
}

// node is a whole subtree: of 2^level leaves, the number-th such one.
type node struct {
	level  int
	number int64
}

type chunk struct {
	number int64
	leaves []Hash
}

// NewTree is the tree of the first events.
func NewTree(size int64, leaves Leaves) *Tree {
	return &Tree{Size: size, leaves: leaves, nodes: map[node]Hash{}}
}

// Root is the root of the tree when it had so many leaves, at most its size. That of no leaves is the hash of nothing.
func (t *Tree) Root(ctx context.Context, size int64) (Hash, error) {
	if err := t.within(size); err != nil {
		return Hash{}, err
	}
	root, err := tlog.TreeHash(size, t.reader(ctx))
	if err != nil {
		return Hash{}, fmt.Errorf("work out the root of %d leaves: %w", size, err)
	}
	return root, nil
}

// Inclusion proves that the event with an ordinal is part of the tree.
func (t *Tree) Inclusion(ctx context.Context, ordinal int64) ([]Hash, error) {
	proof, err := tlog.ProveRecord(t.Size, ordinal-1, t.reader(ctx))
	if err != nil {
		return nil, fmt.Errorf("prove that event %d is part of %d: %w", ordinal, t.Size, err)
	}
	return proof, nil
}

// Consistency proves that the tree begins with the tree of the first events.
func (t *Tree) Consistency(ctx context.Context, size int64) ([]Hash, error) {
	if err := t.within(size); err != nil || size == 0 {
		return nil, err
	}
	proof, err := tlog.ProveTree(t.Size, size, t.reader(ctx))
	if err != nil {
		return nil, fmt.Errorf("prove that %d events begin with %d: %w", t.Size, size, err)
	}
	return proof, nil
}

func (t *Tree) within(size int64) error {
	if size < 0 || size > t.Size {
		return fmt.Errorf("a log of %d events has no tree of %d", t.Size, size)
	}
	return nil
}

// CheckInclusion checks that the event with an ordinal and a leaf is part of the tree that a checkpoint signs.
func CheckInclusion(proof []Hash, at Checkpoint, ordinal int64, leaf Hash) error {
	return tlog.CheckRecord(proof, at.Size, at.Root, ordinal-1, leaf)
}

// CheckConsistency checks that what a checkpoint signs begins with what an earlier one does.
func CheckConsistency(proof []Hash, earlier, later Checkpoint) error {
	if earlier.Size == 0 && len(proof) == 0 {
		return nil // Everything begins with nothing.
	}
	return tlog.CheckTree(proof, later.Size, later.Root, earlier.Size, earlier.Root)
}

func (t *Tree) reader(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, number := tlog.SplitStoredHashIndex(index)
			var err error
			if hashes[i], err = t.hash(ctx, node{level, number}); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
}

// hash is that of a whole subtree.
func (t *Tree) hash(ctx context.Context, of node) (Hash, error) {
	if of.level < chunkLevel {
		return t.inside(ctx, of)
	}
	if known, ok := t.nodes[of]; ok {
		return known, nil
	}
	var made Hash
	if of.level == chunkLevel {
		leaves, err := t.chunk(ctx, of.number)
		if err != nil {
			return Hash{}, err
		}
		made = whole(leaves)
	} else {
		left, err := t.hash(ctx, node{of.level - 1, 2 * of.number})
		if err != nil {
			return Hash{}, err
		}
		right, err := t.hash(ctx, node{of.level - 1, 2*of.number + 1})
		if err != nil {
			return Hash{}, err
		}
		made = tlog.NodeHash(left, right)
	}
	t.nodes[of] = made
	return made, nil
}

// inside is the hash of a subtree inside of a chunk.
func (t *Tree) inside(ctx context.Context, of node) (Hash, error) {
	first, count := of.number<<of.level, int64(1)<<of.level
	leaves, err := t.chunk(ctx, first>>chunkLevel)
	if err != nil {
		return Hash{}, err
	}
	from := first % MaxLeaves
	if from+count > int64(len(leaves)) {
		return Hash{}, fmt.Errorf("a log of %d events has no leaf %d", t.Size, first+count)
	}
	return whole(leaves[from : from+count]), nil
}

// chunk gives the leaves of a chunk, fewer of the last one.
func (t *Tree) chunk(ctx context.Context, number int64) ([]Hash, error) {
	for _, known := range []chunk{t.newest, t.edge} {
		if known.leaves != nil && known.number == number {
			return known.leaves, nil
		}
	}
	first := number << chunkLevel
	last := min(first+MaxLeaves, t.Size)
	leaves, err := t.leaves(ctx, first, last)
	if err != nil {
		return nil, err
	}
	if int64(len(leaves)) != last-first {
		return nil, fmt.Errorf("the log has %d leaves after the first %d where it should have %d", len(leaves), first, last-first)
	}
	if t.newest = (chunk{number, leaves}); last == t.Size {
		t.edge = t.newest
	}
	return leaves, nil
}

// whole is the root of a power of two of leaves.
func whole(leaves []Hash) Hash {
	var r Range
	for _, leaf := range leaves {
		r.Add(leaf)
	}
	return r.Root()
}
