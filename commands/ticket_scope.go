package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// EstimateScope asks the client whether work beyond its contracts is to be done.
type EstimateScope struct {
	Ticket   domain.TicketID
	Contract domain.ContractID
	JobType  string
	Minutes  int
	Text     string
}

// EstimateScope runs the command.
func (s *Service) EstimateScope(ctx context.Context, r Request, c EstimateScope) (Answer, error) {
	return s.onTicket(ctx, r, access.EstimateScope, c.Ticket, func() (ticket.Command, error) {
		if _, err := s.covered(ctx, c.Ticket, c.Contract, c.JobType, r.At); err != nil {
			return nil, err
		}
		return ticket.EstimateScope{Contract: c.Contract, JobType: c.JobType, Minutes: c.Minutes, Text: c.Text, By: r.Actor, At: r.At}, nil
	})
}

// AnswerScope is the client's answer to an estimate.
type AnswerScope struct {
	Ticket  domain.TicketID
	Approve bool
	SHA256  string // of the estimate that is approved, see visible.EstimateSHA256
	Reason  string
}

// AnswerScope runs the command. A yes needs the contract of the estimate to cover the work still.
func (s *Service) AnswerScope(ctx context.Context, r Request, c AnswerScope) (Answer, error) {
	return s.onTicket(ctx, r, access.AcceptContracts, c.Ticket, func() (ticket.Command, error) {
		answer := ticket.AnswerScope{Approve: c.Approve, SHA256: c.SHA256, Reason: c.Reason, By: r.Actor, At: r.At}
		t, err := s.ticketState(ctx, c.Ticket)
		if err != nil {
			return nil, err
		}
		if !c.Approve || t.Status != ticket.StatusAwaitingScope || r.Actor.Side == domain.ClientSide && !t.VisibleTo(r.Actor) {
			return answer, nil // The ticket says what is wrong, if anything is.
		}
		asked := t.Estimate()
		if err := s.covers(ctx, t.Client, asked.Contract, asked.JobType, r.At); err != nil {
			return nil, err
		}
		answer.Promise, err = s.promised(ctx, t, asked.Contract, r.At)
		return answer, err
	})
}
