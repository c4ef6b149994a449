package commands

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/person"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
)

// PublishSLAPolicy makes the next version of an SLA policy. A zero Policy is the one of the layer firm or client, or a
// new one for contracts to choose. The answer's ID is the policy's.
type PublishSLAPolicy struct {
	Policy  domain.SLAPolicyID
	Base    int // the version that the publisher saw; 0 for the first
	Name    string
	Layer   sla.Source      // sla.FromFirm, sla.FromClient, or empty for contracts to choose
	Client  domain.ClientID // of the layer client
	From    calendar.Date
	Content sla.Policy
	Reason  string
}

// PublishSLAPolicy runs the command. Open tickets pin the version as soon as it holds for them; what was concluded
// stays as it was.
func (s *Service) PublishSLAPolicy(ctx context.Context, r Request, c PublishSLAPolicy) (Answer, error) {
	c.Policy = c.policy(r)
	return s.onSLAPolicy(ctx, r, c.Policy, c.Client, slapolicy.Publish{
		ID: c.Policy, Base: c.Base, Name: c.Name, Layer: c.Layer, Client: c.Client, From: c.From, Policy: c.Content,
		Reason: c.Reason, By: r.Actor, At: r.At,
	})
}

// policy is the policy that the command is about.
func (c PublishSLAPolicy) policy(r Request) domain.SLAPolicyID {
	switch {
	case !c.Policy.IsZero():
		return c.Policy
	case c.Layer == sla.FromFirm:
		return slapolicy.FirmDefault()
	case c.Layer == sla.FromClient:
		return slapolicy.ForClient(c.Client)
	default:
		return domain.SLAPolicyID{UUID: domain.Derive(r.Command().UUID, "sla policy")}
	}
}

// SupersedeSLAPolicy takes a policy out of the choice until another version is published.
type SupersedeSLAPolicy struct {
	Policy domain.SLAPolicyID
	Reason string
}

// SupersedeSLAPolicy runs the command.
func (s *Service) SupersedeSLAPolicy(ctx context.Context, r Request, c SupersedeSLAPolicy) (Answer, error) {
	return s.onSLAPolicy(ctx, r, c.Policy, domain.ClientID{}, slapolicy.Supersede{Reason: c.Reason, By: r.Actor, At: r.At})
}

// onSLAPolicy runs one command on an SLA policy, of a client if one is named.
func (s *Service) onSLAPolicy(ctx context.Context, r Request, id domain.SLAPolicyID, of domain.ClientID, command slapolicy.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManagePolicies); err != nil {
			return Answer{}, err
		}
		if err := s.exists(ctx, of); err != nil {
			return Answer{}, err
		}
		if publish, ok := command.(slapolicy.Publish); ok {
			if err := s.checkLadder(ctx, publish.Policy.Ladder); err != nil {
				return Answer{}, err
			}
		}
		position, err := onStream(ctx, s, slapolicy.Decider, r.on(slapolicy.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}

// checkLadder refuses levels that name somebody who is not staff or has left: nobody would be told. Only who may publish
// learns that.
func (s *Service) checkLadder(ctx context.Context, ladder []sla.Level) error {
	named := map[uuid.UUID]bool{}
	for _, level := range ladder {
		for _, id := range append(slices.Clone(level.Persons), level.To) {
			named[id] = id != uuid.Nil
		}
	}
	if len(named) > maxNamed {
		return wrong("ladder", "must name at most "+strconv.Itoa(maxNamed)+" people")
	}
	for id, given := range named {
		if !given {
			continue
		}
		p, err := load(ctx, s.log, person.Decider, person.Stream(domain.PersonID{UUID: id}), domain.CommandID{})
		if err != nil {
			return err
		}
		if p.state.Role.Side() != domain.StaffSide || p.state.Status == person.StatusDeactivated {
			return wrong("ladder", "must name staff who have not left: "+id.String()+" is not")
		}
	}
	return nil
}

// maxNamed bounds the people whom one ladder names.
const maxNamed = 100
