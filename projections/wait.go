package projections

import (
	"context"
	"sync"
	"time"

	"effigate/domain"
)

// The bounds of a wait for one's own write.
const (
	maxWait = 2 * time.Second
	// checkEvery is how often a waiter looks for itself, should a notification be lost.
	checkEvery = 100 * time.Millisecond
)

// Waiter lets reads wait until a projection has passed a position. Feed it with Advance from whatever
// hears of new checkpoints; without that it looks itself, ten times a second. It is safe for concurrent
// use.
type Waiter struct {
	read     func(context.Context) (domain.Position, error)
	mu       sync.Mutex
	position domain.Position
	moved    chan struct{} // closed and replaced when the position moves
}

// NewWaiter makes a Waiter; read gives the stored checkpoint.
func NewWaiter(read func(context.Context) (domain.Position, error)) *Waiter {
	return &Waiter{read: read, moved: make(chan struct{})}
}

// Advance says that everything through the position can be read. An older position changes nothing.
func (w *Waiter) Advance(position domain.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if position.Compare(w.position) > 0 {
		w.position = position
		close(w.moved)
		w.moved = make(chan struct{})
	}
}

// Position is the newest position heard of.
func (w *Waiter) Position() domain.Position {
	position, _ := w.look()
	return position
}

// Wait returns when everything through the position can be read, after two seconds at most. It reports
// whether a read now would be stale.
func (w *Waiter) Wait(ctx context.Context, position domain.Position) (stale bool) {
	if w.Position().Compare(position) >= 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		at, moved := w.look()
		if at.Compare(position) >= 0 {
			return false
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return true
		case <-ticker.C:
			if stored, err := w.read(ctx); err == nil {
				w.Advance(stored)
			}
		}
	}
}

func (w *Waiter) look() (domain.Position, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.position, w.moved
}
