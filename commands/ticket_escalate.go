package commands

import (
	"context"
	"slices"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// CarryOutEscalation does what a level of the ladder says beside telling people (F21), once under the request's key.
// The answer's position is zero when the level says nothing, and when that is in effect already.
func (s *Service) CarryOutEscalation(ctx context.Context, r Request, id domain.TicketID, level sla.Level) (Answer, error) {
	t, err := s.ticketState(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	var command ticket.Command
	switch to := (domain.PersonID{UUID: level.To}); level.Action {
	case sla.NoAction:
		return Answer{ID: id.UUID}, nil
	case sla.Reassign:
		command = ticket.Assign{Assignee: to, Team: t.Assigned().Team, By: r.Actor, At: r.At}
	case sla.AddWatcher:
		command = ticket.Watch{Person: to, By: r.Actor, At: r.At}
	case sla.RaisePriority:
		promise, err := s.promised(ctx, t, t.Contract, r.At)
		if err != nil {
			return Answer{}, err
		}
		command = ticket.Triage{Contract: t.Contract, JobType: t.JobType, Priority: above(t.Priority), Promise: promise, By: r.Actor, At: r.At}
	}
	moved := func(now ticket.State) error {
		if raises := level.Action == sla.RaisePriority; raises && (now.Contract != t.Contract || now.JobType != t.JobType || now.Priority != t.Priority) {
			return domain.Refuse(domain.ErrConflict, codeBusy, "ticket %s was sorted anew meanwhile", id)
		}
		return nil
	}
	position, err := onStream(ctx, s, guarded(ticket.Decider, moved), r.then("escalate", r.Key).on(ticket.Stream(id)), command)
	return Answer{ID: id.UUID, Position: position}, err
}

// above is the next priority; nothing is above Critical.
func above(p ticket.Priority) ticket.Priority {
	order := sla.Priorities() // The most urgent one first.
	return ticket.Priority(order[max(slices.Index(order, string(p))-1, 0)])
}
