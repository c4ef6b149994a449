package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// CloseTicket ends a resolved ticket.
type CloseTicket struct {
	Ticket domain.TicketID
}

// CloseTicket runs the command.
func (s *Service) CloseTicket(ctx context.Context, r Request, c CloseTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Close{By: r.Actor, At: r.At}))
}

// CancelTicket ends a ticket that nobody worked on.
type CancelTicket struct {
	Ticket domain.TicketID
	Reason string
}

// CancelTicket runs the command.
func (s *Service) CancelTicket(ctx context.Context, r Request, c CancelTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Cancel{Reason: c.Reason, By: r.Actor, At: r.At}))
}
