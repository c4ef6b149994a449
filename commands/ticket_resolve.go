package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// ResolveTicket says how a ticket was solved. Note is for the client, Code stays inside.
type ResolveTicket struct {
	Ticket domain.TicketID
	Note   string
	Code   string
}

// ResolveTicket runs the command.
func (s *Service) ResolveTicket(ctx context.Context, r Request, c ResolveTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Resolve{Note: c.Note, Code: c.Code, By: r.Actor, At: r.At}))
}
