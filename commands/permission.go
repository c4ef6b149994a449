package commands

import (
	"context"
	"slices"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/domain/ticket"
)

// may tells on what an actor has a permission, by the table of access, and refuses whoever lacks it. The
// narrower scopes are asked of the thing itself: by managed, about, manages and the aggregates. The system
// acts on facts and does what a use case asks.
//
// Everybody's standing is read from the events at every command, so a deactivation and another role take
// effect at once, whatever the login still says.
func (s *Service) may(ctx context.Context, actor domain.Actor, needed access.Permission) (access.Scope, error) {
	if actor.Side == domain.SystemSide {
		return access.All, nil
	}
	scope := access.ScopeOf(actor.Role, needed)
	if scope == access.Nothing || actor.Role.Side() != actor.Side {
		return access.Nothing, lacks(actor, needed)
	}
	acting, err := s.standing(ctx, actor)
	if err != nil {
		return access.Nothing, err
	}
	if scope != access.Granted {
		return scope, nil
	}
	if rule, _ := access.Of(needed); !acting.May(rule.Grant) {
		return access.Nothing, lacks(actor, needed)
	}
	return access.Organisation, nil
}

// lacks refuses an actor without the permission.
func lacks(actor domain.Actor, needed access.Permission) error {
	return denied(actor, "role_may_not", access.Lacks(actor, needed))
}

// denied tells staff why they may not. A client user is told that the thing does not exist: for a client, the
// commands of staff do not.
func denied(actor domain.Actor, code, why string) error {
	if actor.Side != domain.StaffSide {
		return notFound()
	}
	return &domain.Refusal{Kind: domain.ErrForbidden, Code: code, Text: why}
}

// notFound is what a client user is told of what is not its own.
func notFound() error { return domain.Refuse(domain.ErrNotFound, "not_found", "not found") }

// standing loads the acting person, who must be active now, in the role and the organisation it claims.
func (s *Service) standing(ctx context.Context, actor domain.Actor) (person.State, error) {
	p, err := load(ctx, s.log, person.Decider, person.Stream(actor.Person), domain.CommandID{})
	if err != nil {
		return person.State{}, err
	}
	if p.state.Status != person.StatusActive || p.state.Client != actor.Client || p.state.Role != actor.Role {
		return person.State{}, domain.Refuse(domain.ErrForbidden, "not_active", "person %s is not an active %s here", actor.Person, actor.Role)
	}
	return p.state, nil
}

// guarded is a decider that refuses by what the stream says, on the very state that the decision is made on:
// what a separate look found might be over by then.
func guarded[S, C, E any](d domain.Decider[S, C, E], allowed func(S) error) domain.Decider[S, C, E] {
	return domain.Decider[S, C, E]{Evolve: d.Evolve, Decide: func(s S, c C) ([]E, error) {
		if err := allowed(s); err != nil {
			return nil, err
		}
		return d.Decide(s, c)
	}}
}

// managed refuses a client that is not the actor's, where the scope asks for that. What does not exist is not
// refused: it is not found.
func managed(actor domain.Actor, scope access.Scope) func(client.State) error {
	return func(c client.State) error {
		if scope == access.OwnClients && c.Exists() && c.Manager() != actor.Person {
			return domain.Refuse(domain.ErrForbidden, "not_your_client", "person %s is not the account manager of this client; ask who is, or an owner", actor.Person)
		}
		return nil
	}
}

// about refuses a command on a ticket that the scope doesn't reach, and gives what remains to be asked of
// the ticket's state. What a client user may reach, the ticket itself decides.
func (s *Service) about(ctx context.Context, actor domain.Actor, scope access.Scope, id domain.TicketID, c ticket.Command) (func(ticket.State) error, error) {
	if actor.Side == domain.StaffSide && scope == access.Own {
		past, err := s.ticketEvents(ctx, id)
		return func(t ticket.State) error { return ownWords(actor, t, past, c) }, err
	}
	if scope == access.OwnClients {
		t, err := load(ctx, s.log, ticket.Decider, ticket.Stream(id), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		of, err := load(ctx, s.log, client.Decider, client.Stream(t.state.Client), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		if err := managed(actor, scope)(of.state); t.state.Exists() && err != nil {
			return nil, err
		}
		return func(now ticket.State) error {
			if now.Client != t.state.Client {
				return domain.Refuse(domain.ErrConflict, codeBusy, "ticket %s changed its client meanwhile", id)
			}
			return nil
		}, nil
	}
	return func(ticket.State) error { return nil }, nil
}

// ownWords refuses staff who may publish and withdraw their own comments and files alone everything else: a ticket,
// what is a colleague's, and what is on a ticket that the client does not see. Who brought a file never changes, so
// the past tells it.
func ownWords(actor domain.Actor, t ticket.State, past []ticket.Event, c ticket.Command) error {
	var authors []domain.PersonID
	visible := t.Visibility == domain.ClientVisible
	switch c := c.(type) {
	case ticket.Publish:
		for _, id := range c.Comments {
			authors = append(authors, t.Author(id))
		}
		for _, id := range c.Attachments {
			authors = append(authors, attachedBy(past, id))
		}
	case ticket.PublishAttachment:
		authors = append(authors, attachedBy(past, c.Attachment))
	case ticket.WithdrawComment:
		authors, visible = append(authors, t.Author(c.Comment)), true
	case ticket.WithdrawAttachment:
		authors, visible = append(authors, attachedBy(past, c.Attachment)), true
	default: // Nothing else is anybody's own.
	}
	foreign := func(author domain.PersonID) bool { return author != actor.Person }
	if t.Exists() && (!visible || len(authors) == 0 || slices.ContainsFunc(authors, foreign)) {
		return domain.Refuse(domain.ErrForbidden, "not_yours", "the role %s publishes and withdraws its own comments and files on visible tickets only", actor.Role)
	}
	return nil
}
