package domain

import (
	"iter"

	"github.com/google/uuid"
)

// Index is an immutable map from ids to values; its zero value is empty. With gives a changed copy and
// leaves the original as it was, so a State may hold an Index that grows with its stream: a fold over n
// events takes n short steps, and every earlier state stays true.
//
// It is a tree that branches by the hexadecimal digits of the ids. A copy shares with its original all
// but the path to what changed, a handful of nodes for any length. Equal contents have equal shapes.
type Index[V any] struct {
	root   *indexNode[V]
	length int
}

// indexNode is a branch, or a leaf when it has no branches.
type indexNode[V any] struct {
	branches *[16]*indexNode[V]
	id       uuid.UUID
	value    V
}

// Len is the number of ids.
func (x Index[V]) Len() int { return x.length }

// Get gives the value of an id, and whether there is one.
func (x Index[V]) Get(id uuid.UUID) (value V, known bool) {
	node := x.root
	for depth := 0; node != nil && node.branches != nil; depth++ {
		node = node.branches[digit(id, depth)]
	}
	if node == nil || node.id != id {
		return value, false
	}
	return node.value, true
}

// With gives an Index in which the id has the value, new or in place of the one it had.
func (x Index[V]) With(id uuid.UUID, value V) Index[V] {
	if _, known := x.Get(id); !known {
		x.length++
	}
	x.root = x.root.with(&indexNode[V]{id: id, value: value}, 0)
	return x
}

// All yields every id with its value, in the order of the ids.
func (x Index[V]) All() iter.Seq2[uuid.UUID, V] {
	return func(yield func(uuid.UUID, V) bool) { x.root.walk(yield) }
}

// with gives the node as it is with the leaf below it.
func (n *indexNode[V]) with(leaf *indexNode[V], depth int) *indexNode[V] {
	if n == nil || n.branches == nil && n.id == leaf.id {
		return leaf
	}
	var branches [16]*indexNode[V]
	if n.branches != nil {
		branches = *n.branches
	} else {
		branches[digit(n.id, depth)] = n
	}
	below := digit(leaf.id, depth)
	branches[below] = branches[below].with(leaf, depth+1)
	return &indexNode[V]{branches: &branches}
}

func (n *indexNode[V]) walk(yield func(uuid.UUID, V) bool) bool {
	if n == nil {
		return true
	}
	if n.branches == nil {
		return yield(n.id, n.value)
	}
	for _, below := range n.branches {
		if !below.walk(yield) {
			return false
		}
	}
	return true
}

// digit is the hexadecimal digit of an id at a depth of the tree.
func digit(id uuid.UUID, depth int) byte {
	pair := id[depth/2]
	if depth%2 == 0 {
		return pair >> 4
	}
	return pair & 0x0f
}
