package embedded

import (
	"context"
	"errors"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"effigate/infra/eventstore/embedded/store"
)

// subscribeStream confirms, then sends what is stored behind the start, caught_up, and what comes.
func (r reader) subscribeStream(ctx context.Context, name string) error {
	if err := r.store.Deleted(name); err != nil {
		return err // Instead of the confirmation.
	}
	next := uint64(0)
	switch from := r.options.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Start:
	case *streams.ReadReq_Options_StreamOptions_Revision:
		next = from.Revision + 1
		if from.Revision == math.MaxUint64 {
			next = from.Revision
		}
	case *streams.ReadReq_Options_StreamOptions_End:
		var err error
		if next, err = r.store.Next(name); err != nil {
			return err
		}
	default:
		return invalid("revision_option is missing")
	}
	if err := r.confirm(); err != nil {
		return err
	}
	for update, err := range r.store.FollowStream(ctx, name, next) {
		if err != nil {
			return err
		}
		if update.CaughtUp {
			err = r.caughtUp()
		} else {
			err = r.send(ctx, update.Event)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// subscribeAll is subscribeStream for the log; with a filter it also sends checkpoints, so that a subscriber of rare
// events need not begin far back.
func (r reader) subscribeAll(ctx context.Context, filter *eventFilter) error {
	from, err := r.following()
	if err != nil {
		return err
	}
	if err := r.confirm(); err != nil {
		return err
	}
	marks := checkpoints{interval: filter.interval()}
	for update, err := range r.store.FollowAll(ctx, from) {
		switch {
		case err != nil:
			return err
		case update.CaughtUp:
			err = errors.Join(r.checkpoint(marks.final()), r.caughtUp())
		default:
			if filter.passes(update.Event) {
				err = r.send(ctx, update.Event)
			}
			if err == nil {
				err = r.checkpoint(marks.consider(update.Event.Position))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// following is the position from which a subscription delivers, that one included. The start it was given is excluded,
// compared as a pair: commit and prepare of an event are equal, so a lower prepare is before the event at commit.
func (r reader) following() (store.Position, error) {
	switch from := r.options.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Start:
		return 0, nil
	case *streams.ReadReq_Options_AllOptions_End:
		return r.store.Head().Next, nil
	case *streams.ReadReq_Options_AllOptions_Position:
		commit, prepare := from.Position.GetCommitPosition(), from.Position.GetPreparePosition()
		err := r.store.CheckPosition(store.Position(commit))
		if prepare > commit || errors.Is(err, store.ErrPosition) {
			return 0, invalid("position %d/%d is not valid", commit, prepare)
		}
		if prepare == commit && commit < math.MaxUint64 {
			commit++
		}
		return store.Position(commit), err
	}
	return 0, invalid("all_option is missing")
}

func (r reader) confirm() error {
	return r.stream.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{
			SubscriptionId: uuid.NewString(), //nolint:forbidigo // names a connection in logs, never stored
		},
	}})
}

func (r reader) caughtUp() error {
	return r.stream.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

// checkpoint sends a position unless it is zero.
func (r reader) checkpoint(at store.Position) error {
	if at == 0 {
		return nil
	}
	return r.stream.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
		Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: uint64(at), PreparePosition: uint64(at)},
	}})
}

// checkpoints decides when a filtered subscription gets one: every so many events considered, and when it has caught up.
// The position is always that of an event considered, so resuming from it neither repeats nor skips.
type checkpoints struct {
	interval   uint64 // zero means never
	considered uint64
	last, sent store.Position
}

func (c *checkpoints) consider(at store.Position) store.Position {
	if c.interval == 0 {
		return 0
	}
	c.last = at
	if c.considered++; c.considered%c.interval != 0 {
		return 0
	}
	return c.final()
}

// final returns the last position considered, or zero if it was sent already.
func (c *checkpoints) final() store.Position {
	if c.last == c.sent {
		return 0
	}
	c.sent = c.last
	return c.last
}
