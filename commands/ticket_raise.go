package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/person"
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
	Priority    ticket.Priority // empty: worked out from Impact and Urgency
	Impact      ticket.Grade
	Urgency     ticket.Grade
	Visibility  domain.Visibility
	OnBehalfOf  domain.PersonID
	OutOfScope  bool            // no contract covers it: Contract and JobType are empty
	Follows     domain.TicketID // a closed ticket that it takes up again
}

// RaiseTicket runs the command. The ticket's id derives from the request, so a repeat names the same one.
func (s *Service) RaiseTicket(ctx context.Context, r Request, c RaiseTicket) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		c, err := s.mayRaise(ctx, r.Actor, c)
		if err != nil {
			return Answer{}, err
		}
		if !c.OutOfScope {
			if err := s.covers(ctx, c.Client, c.Contract, c.JobType, r.At); err != nil {
				return Answer{}, err
			}
		}
		if err := s.follows(ctx, r.Actor, c); err != nil {
			return Answer{}, err
		}
		promise, err := s.promised(ctx, ticket.State{}, c.Contract, r.At)
		if err != nil {
			return Answer{}, err
		}
		id := domain.TicketID{UUID: domain.Derive(r.Command().UUID, "ticket")}
		raise := ticket.Raise{
			Ticket: id, Client: c.Client, Contract: c.Contract, JobType: c.JobType, Title: c.Title,
			Description: c.Description, Priority: c.Priority, Impact: c.Impact, Urgency: c.Urgency, Visibility: c.Visibility,
			OnBehalfOf: c.OnBehalfOf, OutOfScope: c.OutOfScope, Follows: c.Follows, Promise: promise, By: r.Actor, At: r.At,
		}
		raised, err := onStream(ctx, s, ticket.Decider, r.on(ticket.Stream(id)), ticket.Command(raise))
		if err != nil {
			return Answer{}, err
		}
		return s.numbered(ctx, r, id, raised)
	})
}

// mayRaise checks the actor and, for a client user, that the ticket is for its own organisation and that Critical is
// granted (F10). Without the grant impact and urgency come to High at most.
func (s *Service) mayRaise(ctx context.Context, actor domain.Actor, c RaiseTicket) (RaiseTicket, error) {
	if _, err := s.may(ctx, actor, access.RaiseTickets); err != nil {
		return c, err
	}
	if c.OutOfScope && (!c.Contract.IsZero() || c.JobType != "") {
		return c, wrong("out_of_scope", "must not be set together with a contract and a category")
	}
	if actor.Side != domain.ClientSide {
		return c, s.userOf(ctx, c.OnBehalfOf, c.Client)
	}
	if c.Client != actor.Client {
		return c, notFound() // Before a look at the contract, whose existence the answer would tell.
	}
	workedOut := c.Priority == "" && ticket.PriorityOf(c.Impact, c.Urgency) == ticket.Critical
	if c.Priority != ticket.Critical && !workedOut {
		return c, nil
	}
	user, err := s.standing(ctx, actor)
	if err != nil || user.May(access.RaiseCritical) {
		return c, err
	}
	if workedOut {
		c.Priority = ticket.High
		return c, nil
	}
	return c, domain.Refuse(domain.ErrForbidden, "critical_needs_grant", "person %s may not raise critical tickets; give the grant %s or choose high", actor.Person, access.RaiseCritical)
}

// follows refuses to take up again a ticket that is still open, or that somebody does not see who will see the new one:
// its record names the ticket that it follows.
func (s *Service) follows(ctx context.Context, actor domain.Actor, c RaiseTicket) error {
	if c.Follows.IsZero() {
		return nil
	}
	before, err := load(ctx, s.log, ticket.Decider, ticket.Stream(c.Follows), domain.CommandID{})
	if err != nil {
		return err
	}
	if err := before.state.MayFollow(actor, c.Client); err != nil || c.OnBehalfOf.IsZero() || actor.Side == domain.ClientSide {
		return err
	}
	asking, err := load(ctx, s.log, person.Decider, person.Stream(c.OnBehalfOf), domain.CommandID{})
	if err != nil {
		return err
	}
	return before.state.MayFollow(userFrom(asking.state), c.Client)
}

// userFrom is a client user as it acts.
func userFrom(p person.State) domain.Actor {
	return domain.Actor{Person: p.Person, Side: domain.ClientSide, Role: p.Role, Client: p.Client}
}
