package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/terms"
	"effigate/domain/ticket"
)

// Promised is what a contract promises about its tickets at an instant (F17). Where no policy holds, its Source is
// sla.FromNowhere.
func (s *Service) Promised(ctx context.Context, under domain.ContractID, at time.Time) (sla.Promise, error) {
	of, err := s.agreement(ctx, under)
	if err != nil {
		return sla.Promise{}, err
	}
	return of.promise(ctx, at)
}

// promised is what a command on a ticket says is promised about it under a contract, or under none. It is nil where
// that is nothing and nothing has been pinned either: what was pinned is ended by a promise of nothing.
func (s *Service) promised(ctx context.Context, t ticket.State, under domain.ContractID, at time.Time) (*sla.Promise, error) {
	nothing := sla.Promise{Hours: officeHours("UTC")}
	if !under.IsZero() {
		var err error
		if nothing, err = s.Promised(ctx, under, at); err != nil {
			return nil, err
		}
	}
	if _, pinned := t.Clock.Pin(); !pinned && nothing.Source == sla.FromNowhere {
		return nil, nil
	}
	return &nothing, nil
}

// promise gives the policy that wins on the day of an instant, with the opening hours of that day.
func (a *agreement) promise(ctx context.Context, at time.Time) (sla.Promise, error) {
	day := a.day(at)
	said := a.on(day).Staff
	promised, err := a.policyOn(ctx, said.SLAPolicy, day)
	if err != nil {
		return sla.Promise{}, err
	}
	hours, err := a.hoursOf(ctx, said.Calendar, func(calendar.Date) {})
	if err != nil {
		return sla.Promise{}, err
	}
	open := hours(day)
	promised.SupportLevel, promised.Hours = string(said.SupportLevel), open.Calendar
	promised.Hours.Always = promised.Hours.Always || said.SupportLevel == terms.Always // Support round the clock never closes.
	promised.Calendar = sla.Ref{ID: said.Calendar.ID, Version: open.Number}
	return promised, nil
}

// policyOn chooses the policy of a day: the client's own one, that of the contract, that of the firm (F17). Those of
// client and firm need not be there, and count for nobody once they are superseded; that of the client overrides
// nothing before its first day.
func (a *agreement) policyOn(ctx context.Context, ref terms.Ref, day calendar.Date) (sla.Promise, error) {
	for _, layer := range []struct {
		source sla.Source
		id     domain.SLAPolicyID
	}{
		{sla.FromClient, slapolicy.ForClient(a.contract.Client)},
		{sla.FromContract, domain.SLAPolicyID{UUID: ref.ID}},
		{sla.FromFirm, slapolicy.FirmDefault()},
	} {
		if layer.id.UUID == uuid.Nil {
			continue
		}
		of, err := load(ctx, a.log, slapolicy.Decider, slapolicy.Stream(layer.id), domain.CommandID{})
		if err != nil {
			return sla.Promise{}, err
		}
		version, holds := of.state.On(day)
		switch layer.source {
		case sla.FromContract:
			if ref.Version > 0 {
				version, holds = of.state.Numbered(ref.Version)
			}
			if !holds {
				return sla.Promise{}, a.missing("SLA policy", ref)
			}
		case sla.FromClient:
			holds = holds && !of.state.Superseded && version.Terms.From <= day
		case sla.FromFirm, sla.FromNowhere:
			holds = holds && !of.state.Superseded
		}
		if holds {
			return sla.Promise{
				Policy: sla.Ref{ID: layer.id.UUID, Version: version.Number}, Source: layer.source, Content: version.Terms.Policy,
			}, nil
		}
	}
	return sla.Promise{}, nil
}
