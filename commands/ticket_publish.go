package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// PublishTicket makes a ticket visible to its client, and the comments and files named with it; on a visible ticket
// it publishes these alone. The bytes of the files are in the public store already.
type PublishTicket struct {
	Ticket      domain.TicketID
	Comments    []domain.CommentID    // at most MaxPublishedComments
	Attachments []domain.AttachmentID // at most ticket.MaxAttachments
	Reason      string
}

// MaxPublishedComments bounds one publication.
const MaxPublishedComments = 500

// PublishTicket runs the command.
func (s *Service) PublishTicket(ctx context.Context, r Request, c PublishTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.PublishTickets, c.Ticket, func() (ticket.Command, error) { return c.command(r) })
}

// PreviewPublication tells exactly what the client would get, and changes nothing (F2).
func (s *Service) PreviewPublication(ctx context.Context, r Request, c PublishTicket) ([]visible.Change, error) {
	scope, err := s.may(ctx, r.Actor, access.PublishTickets)
	if err != nil {
		return nil, err
	}
	command, err := c.command(r)
	if err != nil {
		return nil, err
	}
	allowed, err := s.about(ctx, r.Actor, scope, c.Ticket, command)
	if err != nil {
		return nil, err
	}
	past, err := s.ticketEvents(ctx, c.Ticket)
	if err != nil {
		return nil, err
	}
	var disclosure ticket.Disclosure
	for _, event := range past {
		disclosure, _ = ticket.Disclose(disclosure, event)
	}
	state := ticket.Decider.Fold(ticket.State{}, past...)
	events, err := guarded(ticket.Decider, allowed).Decide(state, command)
	if err != nil {
		return nil, err
	}
	gained := map[visible.Key]visible.Change{}
	for _, event := range events {
		var changes []visible.Change
		disclosure, changes = ticket.Disclose(disclosure, event)
		for _, change := range changes {
			gained[change.Key()] = change
		}
	}
	return ordered(gained), nil
}

func (c PublishTicket) command(r Request) (ticket.Command, error) {
	if len(c.Comments) > MaxPublishedComments {
		return nil, domain.Refuse(domain.ErrInvalid, "too_many_comments", "%d comments at once, at most %d", len(c.Comments), MaxPublishedComments)
	}
	if len(c.Attachments) > ticket.MaxAttachments {
		return nil, domain.Refuse(domain.ErrInvalid, "too_many_attachments", "%d files at once, at most %d", len(c.Attachments), ticket.MaxAttachments)
	}
	return ticket.Publish{Comments: c.Comments, Attachments: c.Attachments, Reason: c.Reason, By: r.Actor, At: r.At}, nil
}
