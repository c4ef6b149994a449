package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
)

// InvitePerson begins a staff person or a client user in a role. It is for staff, who may go beyond the
// client's limit of seats. ID is zero for a new one, which then derives from the request, or given by whoever
// has named the person already. Inviting again with the same facts changes nothing.
type InvitePerson struct {
	ID     domain.PersonID
	Client domain.ClientID // for the roles of a client, and only for them
	Role   domain.Role
	// Unseated is for a contact from another system, who is named and does not log in. Invited without it
	// later, the contact takes a seat.
	Unseated bool
}

// InvitePerson runs the command.
func (s *Service) InvitePerson(ctx context.Context, r Request, c InvitePerson) (Answer, error) {
	invite := person.Invite{Person: invited(r, c.ID), Client: c.Client, Role: c.Role, By: r.Actor, At: r.At}
	return s.act(ctx, r, func() (Answer, error) {
		needed := access.ManagePeople
		if c.Role.Side() == domain.StaffSide {
			needed = access.ManageStaff
		}
		if scope, err := s.may(ctx, r.Actor, needed); err != nil || scope != access.All {
			return Answer{}, orElse(err, lacks(r.Actor, needed))
		}
		if c.Role.Side() == domain.ClientSide && !c.Unseated {
			return s.seated(ctx, r, invite, true)
		}
		if err := s.exists(ctx, c.Client); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, person.Decider, r.on(person.Stream(invite.Person)), person.Command(invite))
		return Answer{ID: invite.Person.UUID, Position: position}, err
	})
}

// InviteEmployee begins a Client Employee of the actor's own organisation, within its limit of seats. It is
// for a Client Admin. ID is as for InvitePerson.
type InviteEmployee struct{ ID domain.PersonID }

// InviteEmployee runs the command.
func (s *Service) InviteEmployee(ctx context.Context, r Request, c InviteEmployee) (Answer, error) {
	invite := person.Invite{Person: invited(r, c.ID), Client: r.Actor.Client, Role: domain.ClientEmployee, By: r.Actor, At: r.At}
	return s.act(ctx, r, func() (Answer, error) {
		if scope, err := s.may(ctx, r.Actor, access.ManagePeople); err != nil || scope != access.Organisation {
			return Answer{}, orElse(err, lacks(r.Actor, access.ManagePeople))
		}
		known, err := load(ctx, s.log, person.Decider, person.Stream(invite.Person), domain.CommandID{})
		if err != nil {
			return Answer{}, err
		}
		if known.state.Status != "" && known.state.Client != r.Actor.Client {
			return Answer{}, notFound() // Whose id it is, is not for this client to learn.
		}
		return s.seated(ctx, r, invite, false)
	})
}

// JoinBySingleSignOn makes a Client Employee of whom the organisation's own provider has proved, within its
// limit of seats. The system alone asks for it, once it has checked the proof.
type JoinBySingleSignOn struct {
	Person domain.PersonID
	Client domain.ClientID
}

// JoinBySingleSignOn runs the command.
func (s *Service) JoinBySingleSignOn(ctx context.Context, r Request, c JoinBySingleSignOn) (Answer, error) {
	itself := domain.Actor{Person: c.Person, Side: domain.SystemSide}
	invite := person.Invite{Person: c.Person, Client: c.Client, Role: domain.ClientEmployee, By: itself, At: r.At}
	return s.act(ctx, r, func() (Answer, error) {
		if r.Actor.Side != domain.SystemSide {
			return Answer{}, denied(r.Actor, "system_only", "nobody joins by a command; who logs in through the provider does")
		}
		joined, err := s.seated(ctx, r, invite, false)
		if err != nil {
			return Answer{}, err
		}
		on := r.then("activate", c.Person.String()).on(person.Stream(c.Person))
		activated, err := onStream(ctx, s, person.Decider, on, person.Command(person.Activate{By: itself, At: r.At}))
		joined.Position = later(joined.Position, activated)
		return joined, err
	})
}

// ActivatePerson records that a person took up the invitation. The person itself does it, or the system for
// it.
type ActivatePerson struct{ Person domain.PersonID }

// ActivatePerson runs the command. The actor is not active yet, so its claims are compared with the
// invitation.
func (s *Service) ActivatePerson(ctx context.Context, r Request, c ActivatePerson) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		system := r.Actor.Side == domain.SystemSide
		notItself := denied(r.Actor, "only_oneself", "nobody takes up the invitation of another person")
		if !system && r.Actor.Person != c.Person {
			return Answer{}, notItself
		}
		claimed := func(p person.State) error {
			if !system && (p.Client != r.Actor.Client || p.Role.Side() != r.Actor.Side) {
				return notItself
			}
			return nil
		}
		activate := person.Command(person.Activate{By: r.Actor, At: r.At})
		position, err := onStream(ctx, s, guarded(person.Decider, claimed), r.on(person.Stream(c.Person)), activate)
		return Answer{ID: c.Person.UUID, Position: position}, err
	})
}

// invited is the id of whom a request invites.
func invited(r Request, given domain.PersonID) domain.PersonID {
	if given.IsZero() {
		return domain.PersonID{UUID: domain.Derive(r.Command().UUID, "person")}
	}
	return given
}

// exists refuses a client that was never registered. No client is no objection.
func (s *Service) exists(ctx context.Context, id domain.ClientID) error {
	if id.IsZero() {
		return nil
	}
	of, err := load(ctx, s.log, client.Decider, client.Stream(id), domain.CommandID{})
	if err != nil {
		return err
	}
	if !of.state.Exists() {
		return noClient(id)
	}
	return nil
}

func noClient(id domain.ClientID) error {
	return domain.Refuse(domain.ErrNotFound, "no_such_client", "no client %s", id)
}

// orElse is the first of two errors that is one.
func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
