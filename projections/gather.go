package projections

import (
	"context"
	"errors"
	"time"

	"effigate/domain"
)

// stretch is a piece of the log that was gathered for one batch.
type stretch struct {
	entries  []Delivery // events of ours, readable or malformed
	through  domain.Position
	bytes    int
	caughtUp bool
	ended    bool     // the feed ended, or the target is reached
	stale    error    // the next event is of a kind that this code does not know
	request  *request // came in between and waits for the batch
}

// gather waits for the first delivery and collects until a limit is reached, the log is read to its end,
// or somebody asks for something. What it gathered is dropped when the context ends: the checkpoint
// decides where the next run begins.
func (e *Engine[E]) gather(ctx context.Context, in <-chan Delivery, target *domain.Position) (stretch, error) {
	s := stretch{through: e.position}
	limits := e.limits(len(in))
	var linger <-chan time.Time
	for !s.closed(limits) {
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case asked := <-e.requests:
			s.request = &asked
		case <-linger:
			return s, nil
		case delivery, ok := <-in:
			if !ok {
				s.ended = true
				break
			}
			s.take(delivery, target)
			if linger == nil {
				timer := time.NewTimer(e.patience(limits.Linger))
				defer timer.Stop()
				linger = timer.C
			}
		}
	}
	return s, nil
}

// limits chooses by how far behind the engine is: large batches until the log was read to its end once,
// and whenever a backlog waits.
func (e *Engine[E]) limits(waiting int) Limits {
	if e.monitor.isLive() && waiting < deliveries/2 {
		return e.options.Live
	}
	return e.options.CatchUp
}

// patience is how long a batch stays open after its first delivery. The linger spaces transactions out
// and is no toll: after a quiet time it shrinks to what holds the events of one append together.
func (e *Engine[E]) patience(linger time.Duration) time.Duration {
	return max(linger-e.options.Clock().Sub(e.flushed), linger/8)
}

func (s *stretch) closed(limits Limits) bool {
	return s.caughtUp || s.ended || s.stale != nil || s.request != nil ||
		len(s.entries) >= limits.Events || s.bytes >= limits.Bytes
}

func (s *stretch) take(delivery Delivery, target *domain.Position) {
	recorded := &delivery.Recorded
	switch {
	case delivery.CaughtUp:
		s.caughtUp = true
		return
	case target != nil && recorded.Position.Compare(*target) > 0:
		s.ended = true
		return
	case recorded.Position.Compare(s.through) <= 0:
		return // A source that reconnects may repeat itself.
	case errors.Is(delivery.Err, ErrUnknownKind), errors.Is(delivery.Err, ErrNewer):
		s.stale = delivery.Err
		return
	}
	s.through = recorded.Position
	s.ended = target != nil && s.through == *target
	if recorded.Event == nil && delivery.Err == nil {
		return // Not ours: only its position counts.
	}
	s.entries = append(s.entries, delivery)
	s.bytes += len(recorded.Raw.Data) + len(recorded.Raw.Metadata)
}
