package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	repinPause    = 10 * time.Millisecond // at least, between two tickets that change, so that nobody waits for them
	repinFailures = 10                    // times in a row that the store is out of reach, before the rest is left for later
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

// all looks at every open ticket once. What is promised is worked out once for each contract. A ticket that fails keeps
// no other from it, unless the store is out of reach. It gives the last failure.
func (p repinner) all(ctx context.Context) error {
	now, known := p.now(), map[uuid.UUID]*pledge{}
	var failed error
	for after, away := uuid.Nil, 0; ; {
		page, err := p.open(ctx, after)
		if err != nil || len(page) == 0 {
			return cmp.Or(err, failed)
		}
		for _, c := range page {
			pinned, err := p.one(ctx, known, c, now)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, domain.ErrUnavailable):
				away++
			case pinned:
				away = 0
			}
			if failed = cmp.Or(err, failed); away == repinFailures {
				return failed
			}
		}
		after = page[len(page)-1].Ticket
	}
}

// one pins what is promised on a ticket that has something else pinned.
func (p repinner) one(ctx context.Context, known map[uuid.UUID]*pledge, c staffrows.OpenClock, now time.Time) (pinned bool, err error) {
	if c.Imported || c.Contract == nil {
		return false, nil
	}
	began := p.now()
	promised, err := p.promised(ctx, known, *c.Contract, now)
	if err != nil || promised == nil || *promised == pinnedOn(c) {
		return false, err
	}
	if err := p.pin(ctx, c.Ticket, promised.reason(pinnedOn(c))); err != nil {
		return false, err
	}
	return true, sleep(ctx, max(repinPause, p.now().Sub(began)), nil) // It works half of the time at most.
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
	case promise.Source == sla.FromNowhere:
		known[contract] = &pledge{}
	default:
		known[contract] = &pledge{promise.Policy, promise.Calendar, promise.Source, promise.SupportLevel, zone.Version}
	}
	return known[contract], nil
}

// pin lets one ticket pin what is promised. One that cannot does not keep the others from it.
func (p repinner) pin(ctx context.Context, ticket uuid.UUID, reason string) error {
	at := p.now()
	request := commands.Request{
		Actor: domain.System(), Route: "pin ticket", Key: fmt.Sprint(ticket, " ", at.Format(time.RFC3339Nano)), At: at,
	}
	_, err := p.service.PinTicket(ctx, request, domain.TicketID{UUID: ticket}, reason)
	if err == nil {
		return nil
	}
	if !commands.Final(err) {
		return fmt.Errorf("pin ticket %s: %w", ticket, err)
	}
	p.logger.ErrorContext(ctx, "a ticket cannot pin what is promised", slog.String("ticket", ticket.String()), slog.String("code", refusalCode(err)))
	return nil
}
