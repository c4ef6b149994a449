package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// CommentOnTicket writes to the conversation. What a client writes is visible, whatever is asked for.
type CommentOnTicket struct {
	Ticket     domain.TicketID
	Text       string
	Visibility domain.Visibility
}

// CommentOnTicket runs the command, for staff and for client users.
func (s *Service) CommentOnTicket(ctx context.Context, r Request, c CommentOnTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.CommentTickets, c.Ticket, always(ticket.Comment{
		Comment: newComment(r), Visibility: c.Visibility, Text: c.Text, By: r.Actor, At: r.At,
	}))
}
