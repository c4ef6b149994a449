package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
)

// PublishSLAPolicy makes the next version of an SLA policy; a zero Policy is a new one. The answer's ID is the
// policy's.
type PublishSLAPolicy struct {
	Policy  domain.SLAPolicyID
	Base    int // the version that the publisher saw; 0 for the first
	Name    string
	From    calendar.Date
	Content sla.Policy
	Reason  string
}

// PublishSLAPolicy runs the command.
func (s *Service) PublishSLAPolicy(ctx context.Context, r Request, c PublishSLAPolicy) (Answer, error) {
	if c.Policy.IsZero() {
		c.Policy = domain.SLAPolicyID{UUID: domain.Derive(r.Command().UUID, "sla policy")}
	}
	return s.onSLAPolicy(ctx, r, c.Policy, slapolicy.Publish{
		ID: c.Policy, Base: c.Base, Name: c.Name, From: c.From, Policy: c.Content, Reason: c.Reason, By: r.Actor, At: r.At,
	})
}

// SupersedeSLAPolicy takes a policy out of the choice until another version is published.
type SupersedeSLAPolicy struct {
	Policy domain.SLAPolicyID
	Reason string
}

// SupersedeSLAPolicy runs the command.
func (s *Service) SupersedeSLAPolicy(ctx context.Context, r Request, c SupersedeSLAPolicy) (Answer, error) {
	return s.onSLAPolicy(ctx, r, c.Policy, slapolicy.Supersede{Reason: c.Reason, By: r.Actor, At: r.At})
}

// onSLAPolicy runs one command on an SLA policy.
func (s *Service) onSLAPolicy(ctx context.Context, r Request, id domain.SLAPolicyID, command slapolicy.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManagePolicies); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, slapolicy.Decider, r.on(slapolicy.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}
