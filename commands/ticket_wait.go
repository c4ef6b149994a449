package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// AskClient pauses a ticket with a question that the client can see.
type AskClient struct {
	Ticket   domain.TicketID
	Question string
}

// AskClient runs the command.
func (s *Service) AskClient(ctx context.Context, r Request, c AskClient) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.WaitForClient{
		Comment: newComment(r), Question: c.Question, By: r.Actor, At: r.At,
	}))
}

// AwaitThirdParty pauses a ticket for somebody else. The reason stays inside.
type AwaitThirdParty struct {
	Ticket domain.TicketID
	Reason string
}

// AwaitThirdParty runs the command.
func (s *Service) AwaitThirdParty(ctx context.Context, r Request, c AwaitThirdParty) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.WaitForThirdParty{Reason: c.Reason, By: r.Actor, At: r.At}))
}

// HoldTicket stops the work for an internal reason.
type HoldTicket struct {
	Ticket domain.TicketID
	Reason string
}

// HoldTicket runs the command.
func (s *Service) HoldTicket(ctx context.Context, r Request, c HoldTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Hold{Reason: c.Reason, By: r.Actor, At: r.At}))
}

// ResumeTicket ends a pause.
type ResumeTicket struct{ Ticket domain.TicketID }

// ResumeTicket runs the command.
func (s *Service) ResumeTicket(ctx context.Context, r Request, c ResumeTicket) (Answer, error) {
	return s.onTicket(ctx, r, access.WorkTickets, c.Ticket, always(ticket.Resume{By: r.Actor, At: r.At}))
}
