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

// Patience is how long a command tries on a crowded stream.
const Patience = patience

// FoldAtMost bounds how many bytes of events are kept folded.
func (s *Service) FoldAtMost(bytes int) { s.log.most = bytes }

// Folded is how many streams are kept folded, and how many bytes they count.
func (s *Service) Folded() (streams, bytes int) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.recent.Len(), s.log.bytes
}
