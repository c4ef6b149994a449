package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// PinTicket pins on an open ticket what its contract promises.
type PinTicket struct {
	Ticket   domain.TicketID
	Contract domain.ContractID
	Promise  sla.Promise // that of the contract at the request's instant
	Reason   string
}

// PinTicket runs the command, unless the ticket has it pinned already. The system does it, for many tickets of one
// contract at once.
func (s *Service) PinTicket(ctx context.Context, r Request, c PinTicket) (Answer, error) {
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	moved := func(now ticket.State) error {
		switch {
		case !now.Exists():
			return domain.Refuse(domain.ErrNotFound, "no_such_ticket", "no such ticket")
		case now.Contract != c.Contract:
			return domain.Refuse(domain.ErrConflict, codeBusy, "ticket %s changed its contract meanwhile", c.Ticket)
		}
		return nil
	}
	position, err := onStream(ctx, s, guarded(ticket.Decider, moved), r.on(ticket.Stream(c.Ticket)), ticket.Command(ticket.PinSLA{
		Promise: c.Promise, Reason: c.Reason, By: r.Actor, At: r.At,
	}))
	return Answer{ID: c.Ticket.UUID, Position: position}, err
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
