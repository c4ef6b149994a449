package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"effigate/domain"
	"effigate/projections"
)

// errStalled ends a subscription that stays silent although the log has moved on.
var errStalled = errors.New("the subscription fell silent behind the head of the log")

// Follow sends the log after a position, and then what is appended; see projections.Source. A
// subscription that drops or falls silent is replaced by one that begins at the last position sent. It
// refuses a position that is not of this store.
func (c *Client) Follow(ctx context.Context, after domain.Position, out chan<- projections.Delivery) error {
	ctx, end, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	f := &follower{client: c, out: out, mark: after}
	var retry backoff
	for {
		before := f.place()
		err := f.once(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !errors.Is(err, errStalled) && !errors.Is(err, domain.ErrUnavailable) && !transient(err) && !unexplained(err) {
			return fmt.Errorf("follow the log after %d: %w", f.place().Commit, err)
		}
		c.options.Logger.WarnContext(ctx, "subscription dropped", slog.Uint64("after_position", f.place().Commit), slog.Any("error", err))
		if f.place() != before {
			retry.reset()
		}
		retry.pause(ctx)
	}
}

// follower is one run of Follow.
type follower struct {
	client *Client
	out    chan<- projections.Delivery
	// checked says that the position is of this store.
	checked bool

	mu      sync.Mutex
	mark    domain.Position // of the last event sent
	blocked bool            // the receiver has not taken it yet
}

func (f *follower) place() domain.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mark
}

// once checks the first time whether the position is of this store, subscribes, and hands on what comes
// until the subscription ends.
func (f *follower) once(ctx context.Context) error {
	if !f.checked {
		head, err := f.client.Head(ctx)
		if err != nil {
			return err
		}
		if err := within(f.place(), head); err != nil {
			return err
		}
		f.checked = true
	}
	line, leave, err := f.client.reads.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	used, err := line.take(ctx)
	if err != nil {
		return err
	}
	defer used.users.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	subscription, err := f.subscribe(ctx, cancel, used)
	if err == nil {
		defer func() { _ = subscription.Close() }() // It always gives nil.
		var watching sync.WaitGroup
		defer watching.Wait()
		defer cancel(nil)
		watching.Go(func() { f.watch(ctx, cancel) })
		err = f.pump(ctx, subscription)
	}
	if cause := context.Cause(ctx); errors.Is(cause, errStalled) || errors.Is(cause, errSilent) {
		err = cause
	}
	line.judge(used, err)
	return err
}

// subscribe opens a subscription, which must confirm itself.
func (f *follower) subscribe(ctx context.Context, cancel context.CancelCauseFunc, used *link) (*esdb.Subscription, error) {
	late := time.AfterFunc(f.client.options.CallTimeout/2, func() { cancel(errSilent) })
	defer late.Stop()
	return call(ctx, used, func(client *esdb.Client) (*esdb.Subscription, error) {
		return client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: from(f.place())})
	})
}

// pump hands on what a subscription brings. Its error is why it ended.
func (f *follower) pump(ctx context.Context, subscription *esdb.Subscription) error {
	for {
		got := subscription.Recv()
		switch {
		case got.SubscriptionDropped != nil:
			return got.SubscriptionDropped.Error
		case got.EventAppeared != nil:
			recorded, err := asRecorded(got.EventAppeared)
			if err != nil {
				return err
			}
			if recorded.Position.Compare(f.place()) <= 0 {
				continue
			}
			if !f.send(ctx, f.client.options.Registry.deliver(recorded)) {
				return ctx.Err()
			}
		case got.CaughtUp != nil:
			if !f.send(ctx, projections.Delivery{CaughtUp: true}) {
				return ctx.Err()
			}
		}
	}
}

// send hands one delivery on and moves the mark when it was taken.
func (f *follower) send(ctx context.Context, delivery projections.Delivery) bool {
	f.block(true)
	defer f.block(false)
	select {
	case f.out <- delivery:
		if !delivery.CaughtUp {
			f.move(delivery.Recorded.Position)
		}
		return true
	case <-ctx.Done():
		return false
	}
}

func (f *follower) block(blocked bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocked = blocked
}

func (f *follower) move(mark domain.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mark = mark
}

// watch ends a subscription that has brought nothing from one look to the next although the head was
// already further at the first. A server can drop a subscription without closing it.
func (f *follower) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(f.client.options.WatchInterval)
	defer ticker.Stop()
	var suspect domain.Position // where it stood at the last look, if behind the head
	behind := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		f.mu.Lock()
		mark, blocked := f.mark, f.blocked
		f.mu.Unlock()
		if blocked {
			behind = false
			continue
		}
		if behind && mark == suspect {
			cancel(errStalled)
			return
		}
		head, err := f.client.Head(ctx)
		behind, suspect = err == nil && head.Compare(mark) > 0, mark
	}
}
