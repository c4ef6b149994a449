package commands

import (
	"context"
	"fmt"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/person"
)

// A client user who logs in takes a seat: the second step of the shape that series.go describes. The client
// can refuse, so it gives the seat first; then the person is invited, purely from what the seat says. When
// the person's access ends, the seat is given back.

// seated takes a seat for a person and invites the person in it. What is wrong with the invitation itself
// is refused before a seat is taken.
func (s *Service) seated(ctx context.Context, r Request, invite person.Invite, beyond bool) (Answer, error) {
	known, err := load(ctx, s.log, person.Decider, person.Stream(invite.Person), domain.CommandID{})
	if err != nil {
		return Answer{}, err
	}
	if _, err := person.Decide(known.state, invite); err != nil {
		return Answer{}, err
	}
	if err := here(known.state); err != nil {
		return Answer{}, err
	}
	on := r.on(client.Stream(invite.Client))
	on.Seen = nil // What the person saw was not the client.
	taken, err := onStream(ctx, s, client.Decider, on, client.Command(client.TakeSeat{
		Person: invite.Person, Role: invite.Role, Beyond: beyond, By: invite.By, At: invite.At,
	}))
	if err != nil {
		return Answer{}, err
	}
	invited, err := s.inviteSeated(ctx, r, invite.Client, invite.Person)
	return Answer{ID: invite.Person.UUID, Position: later(taken, invited)}, err
}

// here refuses somebody who left: who returns is another person.
func here(p person.State) error {
	if p.Status == person.StatusDeactivated {
		return domain.Refuse(domain.ErrConflict, "person_deactivated", "person %s is deactivated; invite them anew", p.Person)
	}
	return nil
}

// inviteSeated invites the person who has a seat. Should that be refused, as when the id was another
// organisation's by then, or the person has left, it gives the seat back.
func (s *Service) inviteSeated(ctx context.Context, r Request, of domain.ClientID, id domain.PersonID) (domain.Position, error) {
	c, err := load(ctx, s.log, client.Decider, client.Stream(of), domain.CommandID{})
	if err != nil {
		return domain.Position{}, err
	}
	seat, seated := c.state.SeatOf(id)
	if !seated {
		return domain.Position{}, domain.Refuse(domain.ErrConflict, "seat_released", "the seat of person %s was given back", id)
	}
	on := r.then("invite", fmt.Sprint(of, " ", seat.Ordinal)).on(person.Stream(id))
	position, err := onStream(ctx, s, guarded(person.Decider, here), on, person.Command(person.Invite{
		Person: id, Client: of, Role: seat.Taken.Role,
		By: domain.Actor{Person: seat.Taken.By, Side: domain.SystemSide}, At: seat.Taken.At,
	}))
	if Final(err) {
		if _, failed := s.release(ctx, r, of, id); failed != nil {
			return domain.Position{}, failed
		}
	}
	return position, err
}

// CompleteInvitation invites the person who took a seat in a client, should the command that took it have
// died before, or gives the seat back. It may run any number of times, and finds nothing to do in all other
// cases. It gives the position of what it did, zero when that was nothing.
func (s *Service) CompleteInvitation(ctx context.Context, r Request, of domain.ClientID, id domain.PersonID) (domain.Position, error) {
	position, err := s.inviteSeated(ctx, r, of, id)
	if Final(err) {
		return domain.Position{}, nil // The seat is free again: the command gave the refusal to its caller.
	}
	return position, err
}

// ReleaseSeat gives back the seat of a person whose access has ended, and leaves everybody else's alone. It
// completes a deactivation in the way of CompleteInvitation.
func (s *Service) ReleaseSeat(ctx context.Context, r Request, id domain.PersonID) (domain.Position, error) {
	p, err := load(ctx, s.log, person.Decider, person.Stream(id), domain.CommandID{})
	if err != nil || p.state.Status != person.StatusDeactivated || p.state.Client.IsZero() {
		return domain.Position{}, err
	}
	return s.release(ctx, r, p.state.Client, id)
}

// release gives back the seat that a person has in a client, if there is one.
func (s *Service) release(ctx context.Context, r Request, of domain.ClientID, id domain.PersonID) (domain.Position, error) {
	c, err := load(ctx, s.log, client.Decider, client.Stream(of), domain.CommandID{})
	if err != nil {
		return domain.Position{}, err
	}
	seat, seated := c.state.SeatOf(id)
	if !seated {
		return domain.Position{}, nil
	}
	on := r.then("release seat", fmt.Sprint(id, " ", seat.Ordinal)).on(client.Stream(of))
	return onStream(ctx, s, client.Decider, on, client.Command(client.ReleaseSeat{Person: id, By: domain.System(), At: r.At}))
}
