package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/person"
)

// DeactivatePerson ends a person's standing for ever, and gives its seat back. The person may do nothing from
// then on, because everybody's standing is read at every command and every page. Staff do it, and a Client
// Admin to the employees of its organisation; nobody to themselves.
type DeactivatePerson struct{ Person domain.PersonID }

// DeactivatePerson runs the command.
func (s *Service) DeactivatePerson(ctx context.Context, r Request, c DeactivatePerson) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.Deactivate{By: r.Actor, At: r.At})
}

// ErasePerson says that everything personal of a person is to be removed, and ends its standing if it has
// any. Its data is in the accounts alone; what the accounts do about it follows from the event.
type ErasePerson struct{ Person domain.PersonID }

// ErasePerson runs the command.
func (s *Service) ErasePerson(ctx context.Context, r Request, c ErasePerson) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.Erase{By: r.Actor, At: r.At})
}

// ChangePersonRole gives a person another role of its side. Staff do it to others.
type ChangePersonRole struct {
	Person domain.PersonID
	Role   domain.Role
}

// ChangePersonRole runs the command.
func (s *Service) ChangePersonRole(ctx context.Context, r Request, c ChangePersonRole) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.ChangeRole{Role: c.Role, By: r.Actor, At: r.At})
}

// GivePersonGrant gives a client user a right beyond its role. Staff do it, and a Client Admin to the
// employees of its organisation.
type GivePersonGrant struct {
	Person domain.PersonID
	Grant  access.Grant
}

// GivePersonGrant runs the command.
func (s *Service) GivePersonGrant(ctx context.Context, r Request, c GivePersonGrant) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.GiveGrant{Grant: c.Grant, By: r.Actor, At: r.At})
}

// WithdrawPersonGrant takes such a right back.
type WithdrawPersonGrant struct {
	Person domain.PersonID
	Grant  access.Grant
}

// WithdrawPersonGrant runs the command.
func (s *Service) WithdrawPersonGrant(ctx context.Context, r Request, c WithdrawPersonGrant) (Answer, error) {
	return s.onPerson(ctx, r, c.Person, person.WithdrawGrant{Grant: c.Grant, By: r.Actor, At: r.At})
}
