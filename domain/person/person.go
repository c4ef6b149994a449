// Package person is the aggregate of one who works with the product: a staff person or a user of one
// client organisation, with role, grants and whether it may act (product rules F52, F54).
//
// It imports the domain, access and visible packages only. It knows no name, address or credential: these
// live in the accounts, where they can be erased.
package person

import (
	"fmt"
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/access"
)

// Status is where a person stands. The zero Status is a person nobody invited.
type Status string

// The states. Nobody comes back from StatusDeactivated: who returns is invited anew.
const (
	StatusInvited     Status = "invited"
	StatusActive      Status = "active"
	StatusDeactivated Status = "deactivated"
)

// Stream is the name of a person's stream.
func Stream(id domain.PersonID) string { return "person-" + id.String() }

// Decider is the person aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a person.
type State struct {
	Person domain.PersonID
	Client domain.ClientID // zero for staff
	Role   domain.Role
	Status Status

	// Erased says that the personal data of the person is to be removed. Erased people are deactivated.
	Erased bool

	invitedAs domain.Role    // the role may have changed since
	grants    []access.Grant // sorted
}

// May reports whether the person has a right now: while active, a client admin by its role, a client
// employee by grant.
func (s State) May(g access.Grant) bool {
	return s.Status == StatusActive && (s.Role == domain.ClientAdmin || s.Role == domain.ClientEmployee && s.holds(g))
}

func (s State) holds(g access.Grant) bool { return slices.Contains(s.grants, g) }

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Invite:
		return s.invite(c)
	case Activate:
		return s.activate(c)
	case ChangeRole:
		return s.changeRole(c)
	case GiveGrant:
		return s.giveGrant(c)
	case WithdrawGrant:
		return s.withdrawGrant(c)
	case Deactivate:
		return s.deactivate(c)
	case Erase:
		return s.erase(c)
	}
	panic(fmt.Sprintf("person: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Invited:
		s.Person, s.Client, s.Role, s.Status = e.Person, e.Client, e.Role, StatusInvited
		s.invitedAs = e.Role
	case Activated:
		s.Status = StatusActive
	case RoleChanged:
		s.Role = e.Role
	case GrantGiven:
		s.grants = with(s.grants, e.Grant)
	case GrantWithdrawn:
		s.grants = without(s.grants, e.Grant)
	case Deactivated:
		s.Status = StatusDeactivated
	case Erased:
		s.Erased = true
	}
	return s
}

// with and without give a sorted copy of a set of grants.
func with(grants []access.Grant, g access.Grant) []access.Grant {
	at, found := slices.BinarySearch(grants, g)
	if found {
		return grants
	}
	return slices.Insert(slices.Clone(grants), at, g)
}

func without(grants []access.Grant, g access.Grant) []access.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(held access.Grant) bool { return held == g })
}

// invite repeats without effect, whatever happened to the person since.
func (s State) invite(c Invite) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(!c.Person.IsZero(), "person", "must be given")
	check.That(c.Role.Side() != "", "role", "must be a role of staff or of a client")
	check.That(c.Client.IsZero() == (c.Role.Side() != domain.ClientSide), "client", "must be given for the roles of a client, and only for them")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.Status == "" {
		return []Event{Invited{Person: c.Person, Client: c.Client, Role: c.Role, By: c.By.Person, At: c.At}}, nil
	}
	if s.Person != c.Person || s.Client != c.Client || s.invitedAs != c.Role {
		return nil, domain.Refuse(domain.ErrConflict, "person_exists", "person %s was invited as %s of another organisation or in another role", c.Person, s.invitedAs)
	}
	return nil, nil
}

func (s State) activate(c Activate) ([]Event, error) {
	if err := s.open(domain.Signed(c.By, c.At)); err != nil || s.Status == StatusActive {
		return nil, err
	}
	return []Event{Activated{By: c.By.Person, At: c.At}}, nil
}

// changeRole keeps people on their side: a client user that became staff would keep its history as both.
func (s State) changeRole(c ChangeRole) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(c.Role.Side() != "", "role", "must be a role of staff or of a client")
	if err := s.open(check); err != nil || s.Role == c.Role {
		return nil, err
	}
	if s.Role.Side() != c.Role.Side() {
		return nil, domain.Refuse(domain.ErrConflict, "other_side", "%s cannot become %s; invite another person", s.Role, c.Role)
	}
	return []Event{RoleChanged{Role: c.Role, By: c.By.Person, At: c.At}}, nil
}

func (s State) giveGrant(c GiveGrant) ([]Event, error) {
	if err := s.open(checkGrant(c.Grant, c.By, c.At)); err != nil || s.holds(c.Grant) {
		return nil, err
	}
	if s.Role.Side() != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrConflict, "staff_has_no_grants", "%s is a role of staff, whose rights come from the role alone", s.Role)
	}
	return []Event{GrantGiven{Grant: c.Grant, By: c.By.Person, At: c.At}}, nil
}

func (s State) withdrawGrant(c WithdrawGrant) ([]Event, error) {
	if err := s.open(checkGrant(c.Grant, c.By, c.At)); err != nil || !s.holds(c.Grant) {
		return nil, err
	}
	return []Event{GrantWithdrawn{Grant: c.Grant, By: c.By.Person, At: c.At}}, nil
}

func (s State) deactivate(c Deactivate) ([]Event, error) {
	if s.Status == StatusDeactivated {
		return nil, nil
	}
	if err := s.open(domain.Signed(c.By, c.At)); err != nil {
		return nil, err
	}
	return []Event{Deactivated{By: c.By.Person, At: c.At}}, nil
}

// erase deactivates whoever still has access: nobody may act of whom nothing is known.
func (s State) erase(c Erase) ([]Event, error) {
	if s.Erased {
		return nil, nil
	}
	erased := Erased{By: c.By.Person, At: c.At}
	if s.Status == StatusDeactivated {
		check := domain.Signed(c.By, c.At)
		if err := check.Err(); err != nil {
			return nil, err
		}
		return []Event{erased}, nil
	}
	ended, err := s.deactivate(Deactivate(c))
	if err != nil {
		return nil, err
	}
	return append(ended, erased), nil
}

// open refuses commands on somebody nobody invited, then those with wrong fields, then those on somebody
// who left.
func (s State) open(check domain.Check) error {
	if s.Status == "" {
		return domain.Refuse(domain.ErrNotFound, "no_such_person", "no such person")
	}
	if err := check.Err(); err != nil {
		return err
	}
	if s.Status == StatusDeactivated {
		return domain.Refuse(domain.ErrConflict, "person_deactivated", "person %s is deactivated; invite them anew", s.Person)
	}
	return nil
}

func checkGrant(g access.Grant, by domain.Actor, at time.Time) domain.Check {
	check := domain.Signed(by, at)
	check.That(g.Valid(), "grant", "must be milestone.sign, billing.read, contract.read or ticket.critical")
	return check
}
