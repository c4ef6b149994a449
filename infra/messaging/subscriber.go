// Package messaging runs what reacts to facts: Watermill's router over the event store's log.
//
// A lane is one handler with its own place in the log. It gets one message at a time, in the order of the
// log, and its place is kept only after the Ack; so nothing is lost or reordered, and a message may come
// again. Effects are therefore made once by the ids of the commands that a handler sends. That holds, too,
// when several processes run one lane: each gives out every message that none has kept yet.
//
// It imports the domain, commands and the Source types of projections, and reads no rows.
package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"effigate/domain"
	"effigate/projections"
)

// Lanes keeps each lane's place in the log, durably. Its errors wrap domain.ErrUnavailable when trying again
// may help.
type Lanes interface {
	// Place gives the position of the last message handled, zero when there is none. It fails when the
	// lane's place belongs to another event store.
	Place(ctx context.Context, lane string) (domain.Position, error)
	// Keep moves the lane on. A position that the lane has passed changes nothing. It fails when the
	// lane's place belongs to another event store.
	Keep(ctx context.Context, lane string, position domain.Position) error
}

// Wants tells whether a lane's handler is for an event. It goes by stream and stored kind where the event
// cannot be decoded: the lane then stops before an event that it wants, and passes over any other.
type Wants func(lane string, r domain.Recorded) bool

// Subscriber hands out the log as Watermill messages. Its topics are lanes.
type Subscriber struct {
	source projections.Source
	lanes  Lanes
	wants  Wants
	logger *slog.Logger

	closing context.Context
	end     context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	closed  bool
}

// errClosed is what a closed subscriber answers.
var errClosed = errors.New("subscriber is closed")

// NewSubscriber makes a subscriber. A lane passes over what it doesn't want.
func NewSubscriber(source projections.Source, lanes Lanes, wants Wants, logger *slog.Logger) *Subscriber {
	closing, end := context.WithCancel(context.Background())
	return &Subscriber{source: source, lanes: lanes, wants: wants, logger: logger, closing: closing, end: end}
}

// Subscribe starts a lane and gives its messages until ctx ends or the subscriber is closed; then the
// channel is closed. A message that is out then and gets no Ack comes again at the next start. A message's
// context ends with its Ack or Nack.
//
// A lane whose place belongs to another event store is refused. One whose place cannot be read at the
// moment starts as soon as it can.
func (s *Subscriber) Subscribe(ctx context.Context, lane string) (<-chan *message.Message, error) {
	if _, err := s.lanes.Place(ctx, lane); err != nil && !errors.Is(err, domain.ErrUnavailable) {
		return nil, fmt.Errorf("start lane %s: %w", lane, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.closing, cancel) //nolint:contextcheck // Either may end the lane.
	out := make(chan *message.Message)
	s.running.Go(func() {
		defer close(out)
		defer stop()
		defer cancel()
		s.run(ctx, lane, out)
	})
	return out, nil
}

// Close ends every lane and waits for them.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.running.Wait()
	return nil
}

// Bounds of a lane.
const (
	inFlight   = 64          // deliveries read ahead of the handler
	passedKept = time.Second // how often the place is kept while events are only passed over
	firstPause = 20 * time.Millisecond
	lastPause  = 5 * time.Second
)

// run keeps a lane going through outages until ctx ends. The pauses grow as long as its place stays where
// it is.
func (s *Subscriber) run(ctx context.Context, lane string, out chan<- *message.Message) {
	for try := 0; ; try++ {
		moved, err := s.follow(ctx, lane, out)
		if ctx.Err() != nil {
			return
		}
		if moved {
			try = 0
		}
		level := slog.LevelError
		if errors.Is(err, domain.ErrUnavailable) {
			level = slog.LevelWarn
		}
		s.logger.Log(ctx, level, "lane interrupted", slog.String("lane", lane), slog.Any("error", err))
		pause(ctx, try)
	}
}

// follow hands on messages from the lane's place in the log until something fails, and tells whether the
// place has moved.
func (s *Subscriber) follow(ctx context.Context, lane string, out chan<- *message.Message) (moved bool, err error) {
	kept, err := s.lanes.Place(ctx, lane)
	if err != nil {
		return false, fmt.Errorf("find the place of lane %s: %w", lane, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	deliveries, ended := make(chan projections.Delivery, inFlight), make(chan error, 1)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	from := kept
	following.Go(func() { ended <- s.source.Follow(ctx, from, deliveries) })
	ticker := time.NewTicker(passedKept)
	defer ticker.Stop()
	for done := kept; ; { // Everything up to done is handled or passed over.
		due := true
		select {
		case err = <-ended:
		case <-ticker.C:
		case d := <-deliveries:
			due, err = s.deliver(ctx, lane, d, out)
			if err == nil && !d.CaughtUp {
				done = d.Recorded.Position
			}
		}
		if (due || err != nil) && done != kept {
			if failed := s.lanes.Keep(ctx, lane, done); failed != nil {
				return moved, errors.Join(err, fmt.Errorf("keep the place of lane %s: %w", lane, failed))
			}
			kept, moved = done, true
		}
		if err != nil {
			return moved, err
		}
	}
}

// deliver hands one delivery out if the lane wants it, and tells whether it did.
func (s *Subscriber) deliver(ctx context.Context, lane string, d projections.Delivery, out chan<- *message.Message) (handed bool, err error) {
	foreign := d.Recorded.Event == nil && d.Err == nil
	switch {
	case d.CaughtUp, foreign, !s.wants(lane, d.Recorded):
		return false, nil
	case d.Err != nil:
		return false, fmt.Errorf("lane %s stops before %s revision %d: %w", lane, d.Recorded.Stream, d.Recorded.Revision, d.Err)
	default:
		return true, hand(ctx, d.Recorded, out)
	}
}

// hand sends one message until it gets an Ack. A Nack sends it again after a pause that grows, so a
// handler that fails for a while holds up its own lane and nothing else.
func hand(ctx context.Context, r domain.Recorded, out chan<- *message.Message) error {
	for try := 0; ; try++ {
		acked, err := handOnce(ctx, r, out)
		if acked || err != nil {
			return err
		}
		pause(ctx, try)
	}
}

func handOnce(ctx context.Context, r domain.Recorded, out chan<- *message.Message) (acked bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newMessage(ctx, r)
	select {
	case out <- m:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case <-m.Acked():
		return true, nil
	case <-m.Nacked():
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// pause waits a random time that doubles with each try, up to lastPause, or until ctx ends.
func pause(ctx context.Context, try int) {
	longest := min(firstPause<<min(try, 10), lastPause)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
