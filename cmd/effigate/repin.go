package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/sla"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// How open tickets learn what is promised anew.
const (
	repinEvery = time.Hour             // a version that was published before may hold from now on
	repinBatch = 500                   // tickets that are read at once
	repinPause = 10 * time.Millisecond // between two tickets that change, so that nobody waits for them
)

// repinner pins what is promised now on the open tickets that have something else pinned (F18): after an edit of a
// policy, a calendar or a contract, and once an hour. Several processes may; a ticket that has it pinned stays as it is.
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
		wait := repinEvery
		if err := p.all(ctx); err != nil && ctx.Err() == nil {
			p.logger.WarnContext(ctx, "open tickets learn later what is promised", slog.Any("error", err))
			wait = reviewAgain
		}
		_ = sleep(ctx, wait, p.edited) // The loop sees that ctx has ended.
	}
	return nil
}

// all looks at every open ticket once. What is promised is worked out once for each contract.
func (p repinner) all(ctx context.Context) error {
	now, known := p.now(), map[uuid.UUID]*pledge{}
	for after := uuid.Nil; ; {
		page, err := p.open(ctx, after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			if c.Imported || c.Contract == nil {
				continue
			}
			promised, err := p.promised(ctx, known, *c.Contract, now)
			if err != nil {
				return err
			}
			if promised == nil || *promised == pinnedOn(c) {
				continue
			}
			if err := p.pin(ctx, c.Ticket, promised.reason(pinnedOn(c))); err != nil {
				return err
			}
			if err := sleep(ctx, repinPause, nil); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Ticket
	}
}

// pledge names what is promised: while it is the same, so is the promise. The zero pledge is nothing.
type pledge struct {
	policy, calendar sla.Ref
	source           sla.Source
	level            string
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
	return pledge{ref(c.Policy, c.PolicyVersion), ref(c.Calendar, c.CalendarVersion), sla.Source(c.Source), c.SupportLevel}
}

// reason says what differs from what was pinned.
func (p pledge) reason(pinned pledge) string {
	switch {
	case p.policy != pinned.policy || p.source != pinned.source:
		return "policy"
	case p.calendar != pinned.calendar:
		return "calendar"
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
		return nil, fmt.Errorf("look up what contract %s promises: %w", contract, err)
	case promise.Source == sla.FromNowhere:
		known[contract] = &pledge{}
	default:
		known[contract] = &pledge{promise.Policy, promise.Calendar, promise.Source, promise.SupportLevel}
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
