package commands

import (
	"context"
	"errors"
	"fmt"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// ImportTicket brings in one ticket's history from another system, in one append: all of it or none.
type ImportTicket struct {
	Ticket domain.TicketID
	From   ticket.ImportedStaff
	Steps  []ImportStep // in order; the first one raises the ticket
	DryRun bool         // decide, append nothing
}

// ImportStep is what one row of the source says happened.
type ImportStep struct {
	Line     int // of the source file, from 1
	Commands []ticket.Command
}

// ImportedTicket accounts for every row: imported, unchanged or rejected.
type ImportedTicket struct {
	Imported  int
	Unchanged int
	Rejected  []RejectedRow
	Position  domain.Position // zero when nothing was appended
}

// RejectedRow is a row that was not imported, and why.
type RejectedRow struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// ImportTicket runs the import. Rows that the ticket's life cycle refuses are rejected and the others go
// in. A ticket that was imported before is left alone: its rows are unchanged when they are the same, and
// rejected as changed when they are not.
//
// It numbers nothing; NumberTickets completes a batch of imports. It needs no stored answer: the ticket
// itself tells a repetition.
func (s *Service) ImportTicket(ctx context.Context, r Request, c ImportTicket) (ImportedTicket, error) {
	if _, err := s.may(ctx, r.Actor, access.ImportTickets); err != nil {
		return ImportedTicket{}, err
	}
	unlock, err := s.queue.lock(ctx, ticket.Stream(c.Ticket))
	if err != nil {
		return ImportedTicket{}, err
	}
	defer unlock()
	outcome, err := s.importOnce(ctx, r, c)
	if errors.Is(err, domain.ErrRevision) {
		return s.importOnce(ctx, r, c) // Another import was faster; now its ticket is there.
	}
	return outcome, err
}

func (s *Service) importOnce(ctx context.Context, r Request, c ImportTicket) (ImportedTicket, error) {
	on := r.on(ticket.Stream(c.Ticket))
	past, err := load(ctx, s.log, ticket.Decider, on.Stream, domain.CommandID{})
	if err != nil {
		return ImportedTicket{}, err
	}
	events, outcome := c.decide(r)
	if past.state.Exists() {
		return c.again(past.state, outcome), nil
	}
	if c.DryRun || outcome.Imported == 0 {
		return outcome, nil
	}
	outcome.Position, err = s.log.Append(ctx, domain.Append{
		Stream: on.Stream, Expected: domain.NoStream, Command: on.Command, Cause: on.Cause, Events: widen(events),
	})
	if Final(err) {
		return c.reject(err.Error()), nil // No store takes it, as when it is too large.
	}
	if err != nil {
		return ImportedTicket{}, fmt.Errorf("import %s %s: %w", c.From.System, c.From.Key, err)
	}
	return outcome, nil
}

// again accounts for the rows of a ticket that is there already: those that went in then, and would now,
// are unchanged.
func (c ImportTicket) again(state ticket.State, now ImportedTicket) ImportedTicket {
	if state.Origin().Digest != c.From.Digest {
		return c.reject(c.From.Key + " changed in the source since it was imported; history is not rewritten")
	}
	return ImportedTicket{Unchanged: now.Imported, Rejected: now.Rejected}
}

// reject rejects every row for one reason.
func (c ImportTicket) reject(reason string) ImportedTicket {
	var outcome ImportedTicket
	for _, step := range c.Steps {
		outcome.Rejected = append(outcome.Rejected, RejectedRow{Line: step.Line, Reason: reason})
	}
	return outcome
}

// decide runs the steps over an empty ticket and leaves out those that are refused. Before the ticket is
// raised, and without the mark of its origin, there is nothing to import.
func (c ImportTicket) decide(r Request) ([]ticket.Event, ImportedTicket) {
	var (
		state   ticket.State
		events  []ticket.Event
		outcome ImportedTicket
	)
	for _, step := range c.Steps {
		decided, next, err := decideStep(state, step)
		if err == nil && !next.Exists() {
			err = domain.Refuse(domain.ErrNotFound, "no_such_ticket", "no row before it raises the ticket")
		}
		if err != nil {
			outcome.Rejected = append(outcome.Rejected, RejectedRow{Line: step.Line, Reason: err.Error()})
			continue
		}
		state, events = next, append(events, decided...)
		outcome.Imported++
	}
	if outcome.Imported == 0 {
		return nil, outcome
	}
	marked, err := ticket.Decide(state, ticket.Import{From: c.From, By: r.Actor, At: r.At})
	if err != nil {
		return nil, c.reject(err.Error())
	}
	return append(events, marked...), outcome
}

func decideStep(state ticket.State, step ImportStep) ([]ticket.Event, ticket.State, error) {
	var events []ticket.Event
	for _, command := range step.Commands {
		decided, err := ticket.Decide(state, command)
		if err != nil {
			return nil, state, err
		}
		state = ticket.Decider.Fold(state, decided...)
		events = append(events, decided...)
	}
	return events, state, nil
}
