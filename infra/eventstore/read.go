package eventstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"effigate/domain"
	"effigate/projections"
)

// Read yields a stream's events after a revision, in order; see commands.Log. An event that cannot be
// decoded, or one missing from the middle of the stream, is an error: a state folded without it would be
// wrong.
func (c *Client) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		err := c.readStream(ctx, stream, after, func(recorded domain.Recorded) (bool, error) {
			decoded, err := c.options.Registry.Decode(recorded)
			if err != nil {
				return false, err
			}
			return yield(decoded, nil), nil
		})
		if err != nil {
			yield(domain.Recorded{}, err)
		}
	}
}

// Stream yields one stream's events from the start through a revision; see projections.Source.
func (c *Client) Stream(ctx context.Context, stream string, through int64) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		err := c.readStream(ctx, stream, domain.NoStream, func(recorded domain.Recorded) (bool, error) {
			if through >= 0 && recorded.Revision > through {
				return false, nil
			}
			return yield(c.options.Registry.deliver(recorded), nil) && recorded.Revision != through, nil
		})
		if err != nil {
			yield(projections.Delivery{}, err)
		}
	}
}

// Scan yields the log after a position up to the head at the time of the call; see projections.Source.
// A position beyond the head is an error: it is of another store.
func (c *Client) Scan(ctx context.Context, after domain.Position) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		if err := c.scan(ctx, after, yield); err != nil {
			yield(projections.Delivery{}, scanError(after, err))
		}
	}
}

func (c *Client) scan(ctx context.Context, after domain.Position, yield func(projections.Delivery, error) bool) error {
	head, err := c.Head(ctx)
	if err != nil {
		return err
	}
	if err := within(after, head); err != nil || after == head {
		return err
	}
	return c.read(ctx, func(ctx context.Context, client *esdb.Client) (*esdb.ReadStream, error) {
		return client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Forwards, From: from(after)}, math.MaxUint64)
	}, func(recorded domain.Recorded) (bool, error) {
		if recorded.Position.Compare(after) <= 0 { // A read includes the position it starts from.
			return true, nil
		}
		if recorded.Position.Compare(head) > 0 {
			return false, nil
		}
		after = recorded.Position
		return yield(c.options.Registry.deliver(recorded), nil) && after != head, nil
	})
}

// within refuses a position beyond the head. The server would take it, and deliver nothing.
func within(after, head domain.Position) error {
	if after.Compare(head) > 0 {
		return fmt.Errorf("position %d lies beyond the head %d of this store: it is of another one", after.Commit, head.Commit)
	}
	return nil
}

// readStream reads a stream after a revision. Each event must follow the one before.
func (c *Client) readStream(ctx context.Context, stream string, after int64, each func(domain.Recorded) (bool, error)) error {
	err := c.read(ctx, func(ctx context.Context, client *esdb.Client) (*esdb.ReadStream, error) {
		return client.ReadStream(ctx, stream, esdb.ReadStreamOptions{
			Direction: esdb.Forwards, From: esdb.Revision(uint64(after + 1)),
		}, math.MaxUint64)
	}, func(recorded domain.Recorded) (bool, error) {
		if recorded.Revision != after+1 {
			return false, fmt.Errorf("revision %d is missing, the next one is %d: the stream was truncated", after+1, recorded.Revision)
		}
		after = recorded.Revision
		return each(recorded)
	})
	switch {
	case isCode(err, esdb.ErrorCodeResourceNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read %s: %w", stream, err)
	default:
		return nil
	}
}

type (
	// opener begins a read at the place that its closure knows; it is called again after a break.
	opener func(context.Context, *esdb.Client) (*esdb.ReadStream, error)
	// receiver takes an event as stored. False ends the read, an error ends it with that error.
	receiver func(domain.Recorded) (more bool, err error)
)

// read hands each event of a read on. A read that breaks is opened again; it fails when no event came for
// the call timeout.
func (c *Client) read(ctx context.Context, open opener, each receiver) error {
	ctx, end, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(c.options.CallTimeout, func() { cancel(errSilent) })
	defer patience.Stop()
	var retry backoff
	for {
		progress, refused := false, error(nil) // refused by the receiver: no fault of the connection's
		err := c.readOnce(ctx, open, func(recorded domain.Recorded) (more bool) {
			if !progress {
				progress = true
				patience.Stop()
				retry.reset()
			}
			more, refused = each(recorded)
			return more && refused == nil
		})
		switch {
		case err == nil || refused != nil:
			return refused
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", domain.ErrUnavailable, because(ctx, err))
		case !transient(err):
			return err
		}
		if progress {
			patience.Reset(c.options.CallTimeout)
		}
		retry.pause(ctx)
	}
}

func (c *Client) readOnce(ctx context.Context, open opener, each func(domain.Recorded) bool) error {
	line, leave, err := c.reads.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	used, err := line.take(ctx)
	if err != nil {
		return err
	}
	defer used.users.Done()
	ctx, cancel := context.WithCancelCause(ctx) // Ends also a read that call gave up on while it was opened.
	defer cancel(nil)
	silence := time.AfterFunc(c.options.CallTimeout/2, func() { cancel(errSilent) })
	defer silence.Stop()
	stream, err := call(ctx, used, func(client *esdb.Client) (*esdb.ReadStream, error) { return open(ctx, client) })
	if err == nil {
		defer stream.Close()
		err = receive(stream, func(recorded domain.Recorded) bool {
			silence.Stop() // The consumer may take its time.
			more := each(recorded)
			silence.Reset(c.options.CallTimeout / 2)
			return more
		})
	}
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		err = errSilent
	}
	line.judge(used, err)
	return err
}

func receive(stream *esdb.ReadStream, each func(domain.Recorded) bool) error {
	for {
		var resolved *esdb.ResolvedEvent
		err := guard(func() (err error) {
			resolved, err = stream.Recv()
			return err
		})
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		recorded, err := asRecorded(resolved)
		if err != nil || !each(recorded) {
			return err
		}
	}
}

// asRecorded gives an event as it is stored, not decoded yet. Links are not resolved anywhere here.
func asRecorded(resolved *esdb.ResolvedEvent) (domain.Recorded, error) {
	event := resolved.OriginalEvent()
	if event == nil {
		return domain.Recorded{}, errors.New("the server sent an event without content")
	}
	if event.Position.Commit == math.MaxUint64 || event.EventNumber > math.MaxInt64 {
		return domain.Recorded{}, fmt.Errorf("the server sent event %s without its position; servers before 22.6 do", event.EventID)
	}
	return domain.Recorded{
		ID:         event.EventID,
		Stream:     event.StreamID,
		Revision:   int64(event.EventNumber),
		Position:   position(event.Position),
		RecordedAt: event.CreatedDate,
		Raw:        domain.Raw{Kind: event.EventType, Data: event.Data, Metadata: event.UserMetadata},
	}, nil
}

func position(p esdb.Position) domain.Position {
	return domain.Position{Commit: p.Commit, Prepare: p.Prepare}
}

func from(after domain.Position) esdb.AllPosition {
	if after.IsZero() {
		return esdb.Start{}
	}
	return esdb.Position{Commit: after.Commit, Prepare: after.Prepare}
}

// readers spreads reads over several lines, so that no connection has more streams than the server
// serves.
type readers struct {
	perLine int
	slots   chan struct{}

	mu    sync.Mutex
	lines []*line
	open  []int
}

func newReaders(perLine int, connect func() *line) *readers {
	r := &readers{perLine: perLine, slots: make(chan struct{}, maxReadLines*perLine), open: make([]int, maxReadLines)}
	for range maxReadLines {
		r.lines = append(r.lines, connect())
	}
	return r
}

// take gives a line with room for one more read, and what to call when the read is over. It waits while
// all are full.
func (r *readers) take(ctx context.Context) (_ *line, leave func(), err error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("%d reads are open: %w", cap(r.slots), ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := 0
	for r.open[i] >= r.perLine { // A slot stands for room in one of them.
		i++
	}
	r.open[i]++
	return r.lines[i], func() {
		r.mu.Lock()
		r.open[i]--
		r.mu.Unlock()
		<-r.slots
	}, nil
}

func (r *readers) close() {
	for _, line := range r.lines {
		line.close()
	}
}
