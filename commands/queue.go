package commands

import (
	"context"
	"fmt"
	"sync"

	"effigate/domain"
)

// queue lets commands on one name wait for each other inside this process, so that they do not waste
// their tries on each other. Its size is bounded by the calls in flight.
type queue struct {
	mu    sync.Mutex
	turns map[string]*turn
}

// turn is a name's place in the queue; a token in free means that nobody holds it.
type turn struct {
	free    chan struct{}
	waiting int
}

func newQueue() *queue { return &queue{turns: map[string]*turn{}} }

// lock waits for the name and gives the function that passes it on. It ends with ErrUnavailable when ctx
// does.
func (q *queue) lock(ctx context.Context, name string) (unlock func(), err error) {
	q.mu.Lock()
	t, known := q.turns[name]
	if !known {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		q.turns[name] = t
	}
	t.waiting++
	q.mu.Unlock()
	select {
	case <-t.free:
		return func() { t.free <- struct{}{}; q.leave(name, t) }, nil
	case <-ctx.Done():
		q.leave(name, t)
		return nil, fmt.Errorf("%w: wait for %s: %w", domain.ErrUnavailable, name, ctx.Err())
	}
}

func (q *queue) leave(name string, t *turn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.waiting--
	if t.waiting == 0 {
		delete(q.turns, name)
	}
}
