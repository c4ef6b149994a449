package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// TriageTicket classifies an open ticket. The contract must be active and cover the job type; none leaves a ticket out
// of scope that is.
type TriageTicket struct {
	Ticket   domain.TicketID
	Contract domain.ContractID
	JobType  string
	Priority ticket.Priority
}

// TriageTicket runs the command.
func (s *Service) TriageTicket(ctx context.Context, r Request, c TriageTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, func() (ticket.Command, error) {
		t, err := s.ticketState(ctx, c.Ticket)
		if err != nil {
			return nil, err
		}
		if !t.OutOfScope || !c.Contract.IsZero() || c.JobType != "" {
			if err := s.covers(ctx, t.Client, c.Contract, c.JobType, r.At); err != nil {
				return nil, err
			}
		}
		promise, err := s.promised(ctx, t, c.Contract, r.At)
		return ticket.Triage{Contract: c.Contract, JobType: c.JobType, Priority: c.Priority, Promise: promise, By: r.Actor, At: r.At}, err
	})
}
