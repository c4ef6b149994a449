package seal

import (
	"crypto/sha256"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Range is a tree that leaves are added to one by one, which keeps a few hashes alone. The zero Range has no leaves.
type Range struct {
	size  uint64
	peaks []Hash // roots of whole subtrees, the largest first: one for each bit of size
}

// Size is how many leaves there are.
func (r *Range) Size() int64 { return int64(r.size) } //nolint:gosec // It counts events one by one.

// Add adds the next leaf.
func (r *Range) Add(leaf Hash) {
	for range bits.TrailingZeros64(^r.size) { // As many whole subtrees of the same size stand before it, one by one.
		last := len(r.peaks) - 1
		leaf, r.peaks = tlog.NodeHash(r.peaks[last], leaf), r.peaks[:last]
	}
	r.peaks = append(r.peaks, leaf)
	r.size++
}

// Root is the root of the leaves so far.
func (r *Range) Root() Hash {
	if len(r.peaks) == 0 {
		return sha256.Sum256(nil)
	}
	last := len(r.peaks) - 1
	root := r.peaks[last]
	for _, peak := range slices.Backward(r.peaks[:last]) {
		root = tlog.NodeHash(peak, root)
	}
	return root
}
