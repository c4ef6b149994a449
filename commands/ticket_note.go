package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// NoteOnTicket writes a remark by staff, internal unless said otherwise. CopyOf names the internal note
// whose reviewed text a visible note discloses (X13).
type NoteOnTicket struct {
	Ticket     domain.TicketID
	Text       string
	Visibility domain.Visibility
	CopyOf     domain.CommentID
}

// NoteOnTicket runs the command.
func (s *Service) NoteOnTicket(ctx context.Context, r Request, c NoteOnTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Note{
		Note: newComment(r), Visibility: c.Visibility, Text: c.Text, CopyOf: c.CopyOf, By: r.Actor, At: r.At,
	}))
}
