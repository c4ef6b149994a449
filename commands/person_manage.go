package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/person"
)

// InvitePerson begins a staff person or a client user in a role. ID is zero for a new one, which then
// derives from the request, or given by an import.
type InvitePerson struct {
	ID     domain.PersonID
	Client domain.ClientID // for the roles of a client, and only for them
	Role   domain.Role
}

// InvitePerson runs the command.
func (s *Service) InvitePerson(ctx context.Context, r Request, c InvitePerson) (Answer, error) {
	if c.ID.IsZero() {
		c.ID = domain.PersonID{UUID: domain.Derive(r.Command().UUID, "person")}
	}
	return s.onPerson(ctx, r, c.ID, person.Invite{Person: c.ID, Client: c.Client, Role: c.Role, By: r.Actor, At: r.At})
}

// ActivatePerson records that a person took up the invitation.
type ActivatePerson struct{ Person domain.PersonID }

// ActivatePerson runs the command.
func (s *Service) ActivatePerson(ctx context.Context, r Request, c ActivatePerson) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.Activate{By: r.Actor, At: r.At})
}

// DeactivatePerson ends a person's standing for ever. A client user may do nothing from then on, because
// its standing is read at every command and every page; of staff only the events tell, until they log in.
type DeactivatePerson struct{ Person domain.PersonID }

// DeactivatePerson runs the command.
func (s *Service) DeactivatePerson(ctx context.Context, r Request, c DeactivatePerson) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.Deactivate{By: r.Actor, At: r.At})
}

// GivePersonGrant gives a client user a right beyond its role.
type GivePersonGrant struct {
	Person domain.PersonID
	Grant  person.Grant
}

// GivePersonGrant runs the command.
func (s *Service) GivePersonGrant(ctx context.Context, r Request, c GivePersonGrant) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.GiveGrant{Grant: c.Grant, By: r.Actor, At: r.At})
}

// WithdrawPersonGrant takes such a right back.
type WithdrawPersonGrant struct {
	Person domain.PersonID
	Grant  person.Grant
}

// WithdrawPersonGrant runs the command.
func (s *Service) WithdrawPersonGrant(ctx context.Context, r Request, c WithdrawPersonGrant) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.WithdrawGrant{Grant: c.Grant, By: r.Actor, At: r.At})
}

// onPerson runs one command on a person.
func (s *Service) onPerson(ctx context.Context, r Request, id domain.PersonID, command person.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if err := s.may(ctx, r.Actor, managePeople); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, person.Decider, r.on(person.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}
