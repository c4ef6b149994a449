package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// ChangeTicketClient moves a ticket to the organisation it should have had. It is internal from then on, and gets a
// number of the new client's series.
type ChangeTicketClient struct {
	Ticket   domain.TicketID
	Client   domain.ClientID
	Contract domain.ContractID // none: out of scope
	JobType  string
	Reason   string
}

// ChangeTicketClient runs the command.
func (s *Service) ChangeTicketClient(ctx context.Context, r Request, c ChangeTicketClient) (Answer, error) {
	return s.onTicket(ctx, r, access.MoveTickets, c.Ticket, func() (ticket.Command, error) {
		if err := s.exists(ctx, c.Client); err != nil {
			return nil, err
		}
		t, err := s.ticketState(ctx, c.Ticket)
		if err != nil {
			return nil, err
		}
		if !c.Contract.IsZero() || c.JobType != "" {
			if err := s.covers(ctx, c.Client, c.Contract, c.JobType, r.At); err != nil {
				return nil, err
			}
		}
		promise, err := s.promised(ctx, t, c.Contract, r.At)
		return ticket.ChangeClient{
			Client: c.Client, Contract: c.Contract, JobType: c.JobType, Promise: promise, Reason: c.Reason, By: r.Actor, At: r.At,
		}, err
	})
}
