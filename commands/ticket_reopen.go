package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// ReopenTicket takes up a resolved or closed ticket. A client's text becomes a visible comment, a staff
// text stays inside.
type ReopenTicket struct {
	Ticket domain.TicketID
	Text   string
}

// ReopenTicket runs the command, for staff and for client users.
func (s *Service) ReopenTicket(ctx context.Context, r Request, c ReopenTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.ReopenTickets, c.Ticket, always(ticket.Reopen{
		Comment: newComment(r), Text: c.Text, By: r.Actor, At: r.At,
	}))
}
