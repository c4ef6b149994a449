package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// StartTicket begins work on a ticket.
type StartTicket struct {
	Ticket domain.TicketID
}

// StartTicket runs the command.
func (s *Service) StartTicket(ctx context.Context, r Request, c StartTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Start{By: r.Actor, At: r.At}))
}
