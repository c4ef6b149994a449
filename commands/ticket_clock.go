package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// PinTicket pins what is promised about an open ticket now, unless that is pinned already. The system does it.
func (s *Service) PinTicket(ctx context.Context, r Request, id domain.TicketID, reason string) (Answer, error) {
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	t, err := s.ticketState(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	promise, err := s.promised(ctx, t, t.Contract, r.At)
	if err != nil || promise == nil {
		return Answer{ID: id.UUID}, err
	}
	moved := func(now ticket.State) error {
		if now.Client != t.Client || now.Contract != t.Contract {
			return domain.Refuse(domain.ErrConflict, codeBusy, "ticket %s changed its contract meanwhile", id)
		}
		return nil
	}
	position, err := onStream(ctx, s, guarded(ticket.Decider, moved), r.on(ticket.Stream(id)), ticket.Command(ticket.PinSLA{
		Promise: *promise, Reason: reason, By: r.Actor, At: r.At,
	}))
	return Answer{ID: id.UUID, Position: position}, err
}

// TickTicket writes down what the passing of time until the request's instant has led to. The system does it. It
// keeps no answer: a tick that came too early may come again under its key, and one that acted is in the stream.
func (s *Service) TickTicket(ctx context.Context, r Request, id domain.TicketID) (Answer, error) {
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	position, err := onStream(ctx, s, ticket.Decider, r.on(ticket.Stream(id)), ticket.Command(ticket.Tick{At: r.At}))
	return Answer{ID: id.UUID, Position: position}, err
}

// systemOnly refuses everybody but the system what only follows from facts.
func systemOnly(actor domain.Actor) error {
	if actor.Side == domain.SystemSide {
		return nil
	}
	return denied(actor, "system_only", "only the system does this, when it is due")
}

// AcknowledgeEscalation stops the ladder of a ticket's running cycles.
type AcknowledgeEscalation struct {
	Ticket domain.TicketID
	Note   string
}

// AcknowledgeEscalation runs the command.
func (s *Service) AcknowledgeEscalation(ctx context.Context, r Request, c AcknowledgeEscalation) (Answer, error) {
	return s.onTicket(ctx, r, access.Acknowledge, c.Ticket, always(ticket.Acknowledge{Note: c.Note, By: r.Actor, At: r.At}))
}

// ExcuseBreach says that a missed promise does not count.
type ExcuseBreach struct {
	Ticket domain.TicketID
	Goal   sla.Goal
	Cycle  int
	Why    string
	Reason string
}

// ExcuseBreach runs the command.
func (s *Service) ExcuseBreach(ctx context.Context, r Request, c ExcuseBreach) (Answer, error) {
	return s.onTicket(ctx, r, access.ExcuseBreaches, c.Ticket, always(ticket.ExcuseBreach{
		Goal: c.Goal, Cycle: c.Cycle, Why: c.Why, Reason: c.Reason, By: r.Actor, At: r.At,
	}))
}
