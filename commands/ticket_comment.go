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
	Mentions   []domain.PersonID // who is meant to read it, and may
}

// CommentOnTicket runs the command, for staff and for client users.
func (s *Service) CommentOnTicket(ctx context.Context, r Request, c CommentOnTicket) (Answer, error) {
	return s.onTicketIf(ctx, r, access.CommentTickets, c.Ticket, func() (ticket.Command, func(ticket.State) error, error) {
		readers, err := s.mentioned(ctx, r.Actor, c.Mentions, func(ticket.State) bool { return c.Visibility == domain.ClientVisible })
		return ticket.Comment{
			Comment: newComment(r), Visibility: c.Visibility, Text: c.Text, Mentions: c.Mentions, By: r.Actor, At: r.At,
		}, readers, err
	})
}

// EditComment changes a text that the actor wrote.
type EditComment struct {
	Ticket   domain.TicketID
	Comment  domain.CommentID
	Text     string
	Mentions []domain.PersonID
}

// EditComment runs the command, for staff and for client users.
func (s *Service) EditComment(ctx context.Context, r Request, c EditComment) (Answer, error) {
	return s.onTicketIf(ctx, r, access.CommentTickets, c.Ticket, func() (ticket.Command, func(ticket.State) error, error) {
		readers, err := s.mentioned(ctx, r.Actor, c.Mentions, func(t ticket.State) bool {
			written, _ := t.Message(c.Comment)
			return written.Visibility == domain.ClientVisible
		})
		return ticket.EditComment{Comment: c.Comment, Text: c.Text, Mentions: c.Mentions, By: r.Actor, At: r.At}, readers, err
	})
}

// DeleteComment leaves a tombstone in the place of a text that the actor wrote.
type DeleteComment struct {
	Ticket  domain.TicketID
	Comment domain.CommentID
}

// DeleteComment runs the command, for staff and for client users.
func (s *Service) DeleteComment(ctx context.Context, r Request, c DeleteComment) (Answer, error) {
	return s.onTicket(ctx, r, access.CommentTickets, c.Ticket, always(ticket.DeleteComment{Comment: c.Comment, By: r.Actor, At: r.At}))
}
