package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// RaiseTicket opens a ticket. A client user raises for its own organisation; staff for any client, and on
// behalf of one of its users if OnBehalfOf is set.
type RaiseTicket struct {
	Client      domain.ClientID
	Contract    domain.ContractID
	JobType     string
	Title       string
	Description string
	Priority    ticket.Priority
	Visibility  domain.Visibility
	OnBehalfOf  domain.PersonID
}

// RaiseTicket runs the command. The ticket's id derives from the request, so a repeat names the same one.
func (s *Service) RaiseTicket(ctx context.Context, r Request, c RaiseTicket) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if err := s.mayRaise(ctx, r.Actor, c); err != nil {
			return Answer{}, err
		}
		if err := s.covers(ctx, c.Client, c.Contract, c.JobType, r.At); err != nil {
			return Answer{}, err
		}
		id := domain.TicketID{UUID: domain.Derive(r.Command().UUID, "ticket")}
		raise := ticket.Raise{
			Ticket: id, Client: c.Client, Contract: c.Contract, JobType: c.JobType, Title: c.Title,
			Description: c.Description, Priority: c.Priority, Visibility: c.Visibility, OnBehalfOf: c.OnBehalfOf,
			By: r.Actor, At: r.At,
		}
		raised, err := onStream(ctx, s, ticket.Decider, r.on(ticket.Stream(id)), ticket.Command(raise))
		if err != nil {
			return Answer{}, err
		}
		return s.numbered(ctx, r, id, raised)
	})
}

// mayRaise checks the actor and, for a client user, that the ticket is for its own organisation and that
// Critical is granted (F10).
func (s *Service) mayRaise(ctx context.Context, actor domain.Actor, c RaiseTicket) error {
	if _, err := s.may(ctx, actor, access.RaiseTickets); err != nil {
		return err
	}
	if actor.Side != domain.ClientSide {
		return s.userOf(ctx, c.OnBehalfOf, c.Client)
	}
	if c.Client != actor.Client {
		return notFound() // Before a look at the contract, whose existence the answer would tell.
	}
	if c.Priority != ticket.Critical {
		return nil
	}
	user, err := s.standing(ctx, actor)
	if err != nil {
		return err
	}
	if !user.May(access.RaiseCritical) {
		return domain.Refuse(domain.ErrForbidden, "critical_needs_grant", "person %s may not raise critical tickets; give the grant %s or choose high", actor.Person, access.RaiseCritical)
	}
	return nil
}
