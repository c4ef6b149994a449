package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/person"
)

// onPerson runs one command on a person whom the actor may manage.
func (s *Service) onPerson(ctx context.Context, r Request, id domain.PersonID, command person.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		allowed, err := s.manages(ctx, r.Actor, id, command)
		if err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, guarded(person.Decider, allowed), r.on(person.Stream(id)), command)
		if err != nil {
			return Answer{}, err
		}
		released, err := s.ReleaseSeat(ctx, r, id) // Who is still here keeps it.
		return Answer{ID: id.UUID, Position: later(position, released)}, err
	})
}

// manages refuses an actor who may not do this to people of that side, and gives what remains to be asked of
// the person. Whose stream is empty counts as a client user: then only who may look for one learns that.
func (s *Service) manages(ctx context.Context, actor domain.Actor, id domain.PersonID, command person.Command) (func(person.State) error, error) {
	of, err := load(ctx, s.log, person.Decider, person.Stream(id), domain.CommandID{})
	if err != nil {
		return nil, err
	}
	_, erases := command.(person.Erase)
	needed := access.ManagePeople
	switch {
	case erases:
		needed = access.ErasePeople
	case of.state.Role.Side() == domain.StaffSide:
		needed = access.ManageStaff
	}
	scope, err := s.may(ctx, actor, needed)
	if err != nil {
		return nil, err
	}
	return func(p person.State) error {
		if scope == access.Organisation {
			return employee(actor, p, command)
		}
		return sparing(actor, id, command)
	}, nil
}

// employee refuses a Client Admin everybody but the employees of its own organisation, and their roles. Who
// is another organisation's, staff or nobody at all is not told apart.
func employee(actor domain.Actor, p person.State, command person.Command) error {
	_, promotes := command.(person.ChangeRole)
	switch {
	case p.Client != actor.Client || promotes:
		return notFound()
	case p.Role != domain.ClientEmployee:
		return domain.Refuse(domain.ErrForbidden, "employees_only", "a %s manages the employees of its organisation; ask us about %s", actor.Role, p.Role)
	}
	return nil
}

// sparing refuses to let people end their own access or change their own role. So whoever removes an owner is
// one that stays: how many owners there are, no single stream can tell. Two who remove each other in one
// moment leave none, and the system has to invite another.
func sparing(actor domain.Actor, id domain.PersonID, command person.Command) error {
	switch command.(type) {
	case person.ChangeRole, person.Deactivate, person.Erase:
		if actor.Person == id {
			return domain.Refuse(domain.ErrForbidden, "not_oneself", "nobody may end their own access or change their own role; ask an owner")
		}
	case person.Invite, person.Activate, person.GiveGrant, person.WithdrawGrant:
	}
	return nil
}

// userOf checks that a person, if one is named, is a user of the client.
func (s *Service) userOf(ctx context.Context, id domain.PersonID, client domain.ClientID) error {
	if id.IsZero() {
		return nil
	}
	p, err := load(ctx, s.log, person.Decider, person.Stream(id), domain.CommandID{})
	if err != nil {
		return err
	}
	if p.state.Client != client {
		return wrong("on_behalf_of", "must be a user of the client")
	}
	return nil
}

// wrong refuses one field.
func wrong(field, why string) error {
	var check domain.Check
	check.That(false, field, why)
	return check.Err()
}
