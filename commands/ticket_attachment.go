package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// AttachFile puts a file on a ticket whose bytes are stored already.
type AttachFile struct {
	Ticket     domain.TicketID
	Attachment domain.AttachmentID
	Visibility domain.Visibility
	Name       string
	Type       string
	Size       int64
	SHA256     string
}

// AttachFile runs the command, for staff and for client users. The answer's ID is the attachment's.
func (s *Service) AttachFile(ctx context.Context, r Request, c AttachFile) (Answer, error) {
	answer, err := s.onTicket(ctx, r, access.CommentTickets, c.Ticket, always(ticket.Attach{
		Attachment: c.Attachment, Visibility: c.Visibility, Name: c.Name, Type: c.Type, Size: c.Size, SHA256: c.SHA256, By: r.Actor, At: r.At,
	}))
	answer.ID = c.Attachment.UUID
	return answer, err
}

// ChangeAttachment names a file of a ticket and why it is published, withdrawn or erased.
type ChangeAttachment struct {
	Ticket     domain.TicketID
	Attachment domain.AttachmentID
	Reason     string
}

// PublishAttachment makes a file visible whose bytes are in the public store already.
func (s *Service) PublishAttachment(ctx context.Context, r Request, c ChangeAttachment) (Answer, error) {
	return s.onTicket(ctx, r, access.PublishTickets, c.Ticket, always(ticket.PublishAttachment{
		Attachment: c.Attachment, Reason: c.Reason, By: r.Actor, At: r.At,
	}))
}

// WithdrawAttachment ends the disclosure of a file.
func (s *Service) WithdrawAttachment(ctx context.Context, r Request, c ChangeAttachment) (Answer, error) {
	return s.onTicket(ctx, r, access.PublishTickets, c.Ticket, always(ticket.WithdrawAttachment{
		Attachment: c.Attachment, Reason: c.Reason, By: r.Actor, At: r.At,
	}))
}

// EraseAttachment ends a file for good.
func (s *Service) EraseAttachment(ctx context.Context, r Request, c ChangeAttachment) (Answer, error) {
	return s.onTicket(ctx, r, access.EraseFiles, c.Ticket, always(ticket.EraseAttachment{
		Attachment: c.Attachment, Reason: c.Reason, By: r.Actor, At: r.At,
	}))
}

// attachedBy tells who put a file on a ticket; nobody when there is none with that id.
func attachedBy(past []ticket.Event, id domain.AttachmentID) domain.PersonID {
	for _, event := range past {
		if attached, ok := event.(ticket.Attached); ok && attached.Attachment == id {
			return attached.By
		}
	}
	return domain.PersonID{}
}
