package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// How the worker waits. Without a deadline ahead nothing is read until the read model changes.
const (
	deadlineBatch = 200                    // deadlines that are read at once
	deadlineRest  = 100 * time.Millisecond // between two looks, however fast the read model changes
	deadlineAgain = 10 * time.Second       // before a deadline that did not act is tried anew
	deadlineFar   = time.Hour              // the longest wait, should the clock be set
)

// deadlines writes down what the passing of time has led to: it sends a tick for each ticket whose next instant has
// come. What fires carries the instant at which it was due, so a worker that stood still catches up in order. The
// ticket decides what is due; a tick for nothing, or by two workers, does no harm.
type deadlines struct {
	service *commands.Service
	// passed gives the deadlines that have passed at an instant, the earliest first, those after one; none ends the
	// list. It waits until the read model has reached the position.
	passed func(ctx context.Context, at domain.Position, now time.Time, after staffrows.Deadline) ([]staffrows.Deadline, error)
	// next gives the earliest deadline after an instant; domain.ErrNotFound when there is none.
	next    func(ctx context.Context, after time.Time) (staffrows.Deadline, error)
	changed func() <-chan struct{} // closed when the read model has changed
	now     func() time.Time       // the domain's clock
	logger  *slog.Logger
}

// newDeadlines makes the worker of a process that reads the staff side.
func newDeadlines(service *commands.Service, reads *postgres.Reads, now func() time.Time, logger *slog.Logger) deadlines {
	return deadlines{
		service: service, changed: reads.Changed, now: now, logger: logger,
		passed: func(ctx context.Context, at domain.Position, now time.Time, after staffrows.Deadline) (passed []staffrows.Deadline, err error) {
			_, err = reads.Read(ctx, at, func(tx pgx.Tx) error {
				passed, err = staffrows.DueClocks(ctx, tx, now, after, deadlineBatch)
				return err
			})
			return passed, err
		},
		next: func(ctx context.Context, after time.Time) (next staffrows.Deadline, err error) {
			_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
				next, err = staffrows.NextDue(ctx, tx, after)
				return err
			})
			return next, err
		},
	}
}

// run sends ticks until ctx ends. Several processes may.
func (d deadlines) run(ctx context.Context) error {
	idle := idleTicks{}
	for ctx.Err() == nil {
		changed := d.changed() // Before reading, or what comes between would be missed.
		wait, err := d.fire(ctx, idle)
		if err != nil && ctx.Err() == nil {
			d.logger.WarnContext(ctx, "deadlines are looked at later", slog.Any("error", err))
			wait = deadlineAgain
		}
		if err := sleep(ctx, min(wait, deadlineRest), nil); err == nil && wait > deadlineRest {
			_ = sleep(ctx, wait-deadlineRest, changed) // The loop sees that ctx has ended.
		}
	}
	return nil
}

// fire sends the ticks that are due, one after the other in the order of their instants, and tells how long there is
// nothing to do.
func (d deadlines) fire(ctx context.Context, idle idleTicks) (wait time.Duration, err error) {
	now, last := d.now(), domain.Position{}
	idle.forget(now)
	for after := (staffrows.Deadline{}); ; {
		page, err := d.passed(ctx, last, now, after)
		if err != nil {
			return 0, err
		}
		for _, deadline := range page {
			if _, tried := idle[deadline]; tried {
				continue
			}
			position, err := d.tick(ctx, deadline)
			if err != nil {
				return 0, err
			}
			if position.IsZero() {
				idle.add(deadline, now)
			}
			if last.Compare(position) < 0 {
				last = position
			}
		}
		if len(page) > 0 {
			after = page[len(page)-1]
			continue
		}
		wait, err := d.untilNext(ctx, now)
		if len(idle) > 0 {
			wait = min(wait, deadlineAgain)
		}
		return wait, err
	}
}

// untilNext tells how long it is until the earliest deadline after an instant.
func (d deadlines) untilNext(ctx context.Context, now time.Time) (time.Duration, error) {
	next, err := d.next(ctx, now)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return deadlineFar, nil
	case err != nil:
		return 0, err
	}
	return max(0, min(next.At.Sub(d.now()), deadlineFar)), nil
}

// tick sends one tick and gives where it acted, the zero position when nothing was due. A ticket that cannot take it
// does not keep the others from theirs.
func (d deadlines) tick(ctx context.Context, deadline staffrows.Deadline) (domain.Position, error) {
	request := commands.Request{
		Actor: domain.System(), Route: "tick ticket", At: d.now(),
		Key: fmt.Sprint(deadline.Ticket, " ", deadline.At.UTC().Format(time.RFC3339Nano)),
	}
	answer, err := d.service.TickTicket(ctx, request, domain.TicketID{UUID: deadline.Ticket})
	if err == nil {
		return answer.Position, nil
	}
	if ctx.Err() != nil || errors.Is(err, domain.ErrUnavailable) {
		return domain.Position{}, fmt.Errorf("tick ticket %s: %w", deadline.Ticket, err)
	}
	d.logger.ErrorContext(ctx, "a deadline cannot be written down", slog.String("ticket", deadline.Ticket.String()), slog.String("code", refusalCode(err)))
	return domain.Position{}, nil
}

// idleTicks are the deadlines whose tick led to nothing, and when. They stay in the read model, so they are not tried
// anew at each look.
type idleTicks map[staffrows.Deadline]time.Time

// maxIdleTicks bounds them; more are tried at each look.
const maxIdleTicks = 1000

func (t idleTicks) add(deadline staffrows.Deadline, now time.Time) {
	if len(t) < maxIdleTicks {
		t[deadline] = now
	}
}

// forget lets those be tried again that were tried a while ago.
func (t idleTicks) forget(now time.Time) {
	maps.DeleteFunc(t, func(_ staffrows.Deadline, tried time.Time) bool { return now.Sub(tried) >= deadlineAgain })
}

// sleep waits for a time, or until something else happens; nil never does.
func sleep(ctx context.Context, wait time.Duration, or <-chan struct{}) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-or:
	}
	return nil
}
