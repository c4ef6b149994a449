package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// WithdrawTicket ends the disclosure of a ticket and of everything on it. What a client saw, it saw.
type WithdrawTicket struct {
	Ticket domain.TicketID
	Reason string
}

// WithdrawTicket runs the command.
func (s *Service) WithdrawTicket(ctx context.Context, r Request, c WithdrawTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.PublishTickets, c.Ticket, always(ticket.Withdraw{Reason: c.Reason, By: r.Actor, At: r.At}))
}

// WithdrawComment ends the disclosure of one staff comment or note.
type WithdrawComment struct {
	Ticket  domain.TicketID
	Comment domain.CommentID
	Reason  string
}

// WithdrawComment runs the command.
func (s *Service) WithdrawComment(ctx context.Context, r Request, c WithdrawComment) (Answer, error) {
	return s.onTicket(ctx, r, access.PublishTickets, c.Ticket, always(ticket.WithdrawComment{
		Comment: c.Comment, Reason: c.Reason, By: r.Actor, At: r.At,
	}))
}
