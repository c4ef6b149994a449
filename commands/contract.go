package commands

import (
	"context"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/terms"
	"effigate/domain/workcalendar"
)

// onContract runs one command on a contract.
func (s *Service) onContract(ctx context.Context, r Request, needed access.Permission, id domain.ContractID, command contract.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, needed); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}

// answering is what an actor needs who answers an offer: a Client Admin agrees or refuses, and staff write down
// what the client did on paper. What another client was offered, or nobody, the contract says is not found.
func answering(by domain.Actor) access.Permission {
	if by.Side == domain.ClientSide {
		return access.AcceptContracts
	}
	return access.ManageContracts
}

// newest is what the newest version of a contract says.
func (a *agreement) newest() terms.Terms {
	held := a.contract.Versions(a.contract.Starts(), "9999-12-31")
	return held[len(held)-1].Terms
}

// on is what the contract says on a day; before its first day, what it says then.
func (a *agreement) on(day calendar.Date) terms.Terms {
	held := a.contract.Versions(day, max(day, a.contract.Starts()))
	return held[0].Terms
}

// refers refuses terms that refer to a calendar, a rate card or an SLA policy that is not there, or is not to be
// chosen any more. What the terms before named already may stay.
func (s *Service) refers(ctx context.Context, now, before terms.Staff) error {
	var check domain.Check
	for _, reference := range []struct {
		field       string
		now, before terms.Ref
		find        func(context.Context, terms.Ref) (there, superseded bool, err error)
	}{
		{"calendar", now.Calendar, before.Calendar, func(ctx context.Context, ref terms.Ref) (bool, bool, error) {
			of, err := load(ctx, s.log, workcalendar.Decider, workcalendar.Stream(domain.CalendarID{UUID: ref.ID}), domain.CommandID{})
			return has(of.state, ref), of.state.Superseded, err
		}},
		{"rate_card", now.RateCard, before.RateCard, func(ctx context.Context, ref terms.Ref) (bool, bool, error) {
			of, err := load(ctx, s.log, ratecard.Decider, ratecard.Stream(domain.RateCardID{UUID: ref.ID}), domain.CommandID{})
			first, _ := of.state.Numbered(1)
			return has(of.state, ref) && first.Terms.Layer == rate.ContractVersion, of.state.Superseded, err
		}},
		{"sla_policy", now.SLAPolicy, before.SLAPolicy, func(ctx context.Context, ref terms.Ref) (bool, bool, error) {
			of, err := load(ctx, s.log, slapolicy.Decider, slapolicy.Stream(domain.SLAPolicyID{UUID: ref.ID}), domain.CommandID{})
			first, _ := of.state.Numbered(1)
			return has(of.state, ref) && first.Terms.Layer == sla.FromNowhere, of.state.Superseded, err
		}},
	} {
		if reference.now.ID == uuid.Nil || reference.now == reference.before {
			continue
		}
		there, superseded, err := reference.find(ctx, reference.now)
		if err != nil {
			return err
		}
		check.That(there, reference.field, "must be one that was published, in a version that there is")
		check.That(!superseded, reference.field, "must be one that was not superseded")
	}
	return check.Err()
}

// has reports whether a version that a reference names was published.
func has(of interface{ Newest() int }, ref terms.Ref) bool {
	return of.Newest() > 0 && ref.Version >= 0 && ref.Version <= of.Newest()
}
