package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/person"
)

// member loads the acting client user: it must be active now, in the organisation it acts for. Rights are
// checked against the events at every command, so a deactivation takes effect at once.
func (s *Service) member(ctx context.Context, actor domain.Actor) (person.State, error) {
	p, err := load(ctx, s.log, person.Decider, person.Stream(actor.Person), domain.CommandID{})
	if err != nil {
		return person.State{}, err
	}
	if p.state.Status != person.StatusActive || p.state.Client != actor.Client || p.state.Role != actor.Role {
		return person.State{}, domain.Refuse(domain.ErrForbidden, "not_active", "person %s is not an active %s of this client", actor.Person, actor.Role)
	}
	return p.state, nil
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
		return &domain.Refusal{
			Kind: domain.ErrInvalid, Code: "invalid_fields", Text: "some fields are wrong",
			Fields: map[string]string{"on_behalf_of": "must be a user of the client"},
		}
	}
	return nil
}
