package commands

import "context"

// Queue is the queue, for tests of its own.
type Queue = queue

// NewQueue makes one.
func NewQueue() *Queue { return newQueue() }

// Lock waits for a name.
func (q *queue) Lock(ctx context.Context, name string) (unlock func(), err error) {
	return q.lock(ctx, name)
}

// Len is how many names somebody holds or waits for.
func (q *queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.turns)
}

// The bounds of the cache of series, and what is in it.
const (
	MaxSeries = maxSeries
	Patience  = patience
)

// CachedSeries is how many series are kept, and how many numbers they hold.
func (s *Service) CachedSeries() (series, numbers int) {
	s.series.mu.Lock()
	defer s.series.mu.Unlock()
	return s.series.recent.Len(), s.series.numbers
}
