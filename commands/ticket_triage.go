package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// TriageTicket classifies an open ticket. The contract must be active and cover the job type.
type TriageTicket struct {
	Ticket   domain.TicketID
	Contract domain.ContractID
	JobType  string
	Priority ticket.Priority
}

// TriageTicket runs the command.
func (s *Service) TriageTicket(ctx context.Context, r Request, c TriageTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, func() (ticket.Command, error) {
		if err := s.covered(ctx, c.Ticket, c.Contract, c.JobType, r.At); err != nil {
			return nil, err
		}
		return ticket.Triage{Contract: c.Contract, JobType: c.JobType, Priority: c.Priority, By: r.Actor, At: r.At}, nil
	})
}
