package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/zone"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// How open tickets learn what is promised anew.
const (
	// repinEvery divides the day so that a division begins where a day does, in each zone: a version that was published
	// before holds from the beginning of a day on.
	repinEvery    = 15 * time.Minute
	repinSlack    = time.Second           // after that beginning, should the clock be set back a little
	repinBatch    = 500                   // tickets that are read at once
	repinTogether = 8                     // tickets that change at once: the store writes them together
	repinPause    = 25 * time.Millisecond // at least, between such groups, so that nobody waits for them
	repinFailures = 2 * repinTogether     // times in a row that the store is out of reach, before the rest is left for later
)

// repinner pins what is promised now on the open tickets that have something else pinned (F18): after an edit of a
// policy, a calendar or a contract, where a day may have begun, and when the process begins, maybe with another tz
// database. Several processes may; a ticket that has it pinned stays as it is.
type repinner struct {
	service *commands.Service
	// open gives the tickets that go on after one, by id; none ends the list.
	open   func(ctx context.Context, after uuid.UUID) ([]staffrows.OpenClock, error)
	edited <-chan struct{} // receives when a policy, a calendar or a contract was edited
	now    func() time.Time
	logger *slog.Logger
}

// newRepinner makes the worker of a process that reads the staff side.
func newRepinner(service *commands.Service, reads *postgres.Reads, edited <-chan struct{}, now func() time.Time, logger *slog.Logger) repinner {
	return repinner{
		service: service, edited: edited, now: now, logger: logger,
		open: func(ctx context.Context, after uuid.UUID) (open []staffrows.OpenClock, err error) {
			_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
				open, err = staffrows.OpenClocks(ctx, tx, after, repinBatch)
				return err
			})
			return open, err
		},
	}
}

// run pins until ctx ends.
func (p repinner) run(ctx context.Context) error {
	for ctx.Err() == nil {
		again := p.now().Truncate(repinEvery).Add(repinEvery + repinSlack)
		err := p.all(ctx)
		wait := again.Sub(p.now())
		if err != nil && ctx.Err() == nil {
			p.logger.WarnContext(ctx, "open tickets learn later what is promised", slog.Any("error", err))
			wait = passAgain
		}
		_ = sleep(ctx, wait, p.edited) // The loop sees that ctx has ended.
	}
	return nil
}

// all looks at every open ticket once. What is promised is worked out once for each contract, and again before tickets of
// it change. A ticket that fails keeps no other from it, unless the store is out of reach. It gives the last failure.
func (p repinner) all(ctx context.Context) error {
	now, known := p.now(), map[uuid.UUID]*pledge{}
	var failed error
	for after, away := uuid.Nil, 0; ; {
		page, err := p.open(ctx, after)
		if err != nil || len(page) == 0 {
			return cmp.Or(err, failed)
		}
		after = page[len(page)-1].Ticket
		differing, err := p.differing(ctx, known, page, now)
		failed = cmp.Or(err, failed)
		for group := range slices.Chunk(differing, repinTogether) {
			pinned, err := p.together(ctx, group)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case pinned > 0:
				away = 0
			case errors.Is(err, domain.ErrUnavailable):
				away += len(group)
			}
			if failed = cmp.Or(err, failed); away >= repinFailures {
				return failed
			}
		}
	}
}

// differing are the tickets that have something else pinned than what is promised, those of a contract next to each
// other. It gives the last failure beside them.
func (p repinner) differing(ctx context.Context, known map[uuid.UUID]*pledge, page []staffrows.OpenClock, now time.Time) (found []staffrows.OpenClock, failed error) {
	for _, c := range page {
		if c.Imported || c.Contract == nil {
			continue
		}
		promised, err := p.promised(ctx, known, *c.Contract, now)
		failed = cmp.Or(err, failed)
		if promised != nil && *promised != pinnedOn(c) {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b staffrows.OpenClock) int { return bytes.Compare(a.Contract[:], b.Contract[:]) })
	return found, failed
}

// together pins what is promised at this moment on some tickets at once, and rests twice as long as that took. It gives how
// many it reached, and the last failure.
func (p repinner) together(ctx context.Context, group []staffrows.OpenClock) (reached int, failed error) {
	began := p.now()
	promises := map[uuid.UUID]sla.Promise{}
	errs := make([]error, len(group))
	var pins sync.WaitGroup
	for i, c := range group {
		promise, known := promises[*c.Contract]
		if !known {
			if promise, errs[i] = p.service.Promised(ctx, domain.ContractID{UUID: *c.Contract}, began); errs[i] != nil {
				continue
			}
			promises[*c.Contract] = promise
		}
		pins.Go(func() { errs[i] = p.pin(ctx, c, promise) })
	}
	pins.Wait()
	for _, err := range errs {
		if err == nil {
			reached++
		}
		failed = cmp.Or(err, failed)
	}
	if reached > 0 {
		_ = sleep(ctx, max(repinPause, 2*p.now().Sub(began)), nil) // The caller sees that ctx has ended.
	}
	return reached, failed
}

// pledge names what is promised: while it is the same, so is the promise. The zero pledge is nothing.
type pledge struct {
	policy, calendar sla.Ref
	source           sla.Source
	level            string
	zones            string // the version of the tz database
}

// pinnedOn is what a ticket has pinned.
func pinnedOn(c staffrows.OpenClock) pledge {
	if sla.Source(c.Source) == sla.FromNowhere {
		return pledge{}
	}
	ref := func(id *uuid.UUID, version int) sla.Ref {
		if id == nil {
			return sla.Ref{}
		}
		return sla.Ref{ID: *id, Version: version}
	}
	return pledge{ref(c.Policy, c.PolicyVersion), ref(c.Calendar, c.CalendarVersion), sla.Source(c.Source), c.SupportLevel, c.Zones}
}

// reason says what differs from what was pinned.
func (p pledge) reason(pinned pledge) string {
	switch {
	case p.policy != pinned.policy || p.source != pinned.source:
		return "policy"
	case p.calendar != pinned.calendar:
		return "calendar"
	case p.zones != pinned.zones && p.level == pinned.level:
		return "time zones"
	default:
		return "contract"
	}
}

// promised is what a contract promises at an instant, as it is known if it is; nil where that cannot be told, as when the contract refers to what is not there.
func (p repinner) promised(ctx context.Context, known map[uuid.UUID]*pledge, contract uuid.UUID, now time.Time) (*pledge, error) {
	if found, ok := known[contract]; ok {
		return found, nil
	}
	promise, err := p.service.Promised(ctx, domain.ContractID{UUID: contract}, now)
	switch {
	case commands.Final(err):
		p.logger.ErrorContext(ctx, "what a contract promises cannot be told", slog.String("contract", contract.String()), slog.String("code", refusalCode(err)))
		known[contract] = nil
	case err != nil:
		known[contract] = nil
		return nil, fmt.Errorf("look up what contract %s promises: %w", contract, err)
	default:
		pledged := pledgeOf(promise)
		known[contract] = &pledged
	}
	return known[contract], nil
}

// pledgeOf names a promise.
func pledgeOf(promise sla.Promise) pledge {
	if promise.Source == sla.FromNowhere {
		return pledge{}
	}
	return pledge{promise.Policy, promise.Calendar, promise.Source, promise.SupportLevel, zone.Version}
}

// pin lets one ticket pin what is promised. One that cannot does not keep the others from it.
func (p repinner) pin(ctx context.Context, c staffrows.OpenClock, promise sla.Promise) error {
	at := p.now()
	request := commands.Request{
		Actor: domain.System(), Route: "pin ticket", Key: fmt.Sprint(c.Ticket, " ", at.Format(time.RFC3339Nano)), At: at,
	}
	_, err := p.service.PinTicket(ctx, request, commands.PinTicket{
		Ticket: domain.TicketID{UUID: c.Ticket}, Contract: domain.ContractID{UUID: *c.Contract}, Promise: promise,
		Reason: pledgeOf(promise).reason(pinnedOn(c)),
	})
	if err == nil {
		return nil
	}
	if !commands.Final(err) {
		return fmt.Errorf("pin ticket %s: %w", c.Ticket, err)
	}
	p.logger.ErrorContext(ctx, "a ticket cannot pin what is promised", slog.String("ticket", c.Ticket.String()), slog.String("code", refusalCode(err)))
	return nil
}
