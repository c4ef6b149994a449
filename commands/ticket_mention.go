package commands

import (
	"context"
	"strconv"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/domain/ticket"
)

// mentioned looks up whom a message mentions, and gives what remains to be asked of the ticket: that each of them can
// read the message, and that a client mentions only those of the firm whom it knows. Who works on a ticket is
// capacity: that a mention of somebody is accepted must not tell it.
func (s *Service) mentioned(ctx context.Context, by domain.Actor, ids []domain.PersonID, shown func(ticket.State) bool) (func(ticket.State) error, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > ticket.MaxMentions {
		return nil, wrong("mentions", "must be at most "+strconv.Itoa(ticket.MaxMentions)+" people")
	}
	people := make([]person.State, len(ids))
	for i, id := range ids {
		found, err := load(ctx, s.log, person.Decider, person.Stream(id), domain.CommandID{})
		if err != nil {
			return nil, err
		}
		people[i] = found.state
	}
	of, err := load(ctx, s.log, client.Decider, client.Stream(by.Client), domain.CommandID{}) // Nobody's, for staff.
	if err != nil {
		return nil, err
	}
	return func(t ticket.State) error {
		byClient := by.Side == domain.ClientSide
		if byClient && !t.VisibleTo(by) {
			return nil // The ticket itself says that there is none.
		}
		for i, p := range people {
			met := !byClient || t.Met(p.Person) || p.Person == of.state.Manager()
			if !reads(p, t, byClient || shown(t)) || p.Role.Side() == domain.StaffSide && !met {
				return wrong("mentions", "must be people who can read it: "+ids[i].String()+" is not")
			}
		}
		return nil
	}, nil
}

// reads reports whether a person can read a message on a ticket; shown says that the client sees the message.
func reads(p person.State, t ticket.State, shown bool) bool {
	if p.Status != person.StatusActive {
		return false
	}
	if p.Role.Side() == domain.StaffSide {
		return access.ScopeOf(p.Role, access.ReadTickets) != access.Nothing
	}
	return shown && t.VisibleTo(userFrom(p))
}
