package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/period"
)

// PreviewPeriod gives a period as it stands, by the very rules that close it: its ledger and what it is worth are
// those that closing it now would keep. It changes nothing. A period that nobody opened is domain.ErrNotFound.
func (s *Service) PreviewPeriod(ctx context.Context, r Request, id domain.ContractID, month calendar.Month) (period.State, error) {
	if _, err := s.may(ctx, r.Actor, access.ReadPeriods); err != nil {
		return period.State{}, err
	}
	if err := valid(month); err != nil {
		return period.State{}, err
	}
	found, err := load(ctx, s.log, period.Decider, period.Stream(id, month), domain.CommandID{})
	if err != nil {
		return period.State{}, err
	}
	if !found.state.Opened {
		return period.State{}, domain.Refuse(domain.ErrNotFound, "no_such_period", "nobody opened %s of contract %s", month, id)
	}
	return found.state, nil
}

// PreviewTerms gives the period that work of a past day would enter by an import, with what the contract says now
// pinned as logging it would: its Quote tells what the work would come to. It changes nothing.
//
// A contract that is none is domain.ErrNotFound, a month without terms domain.ErrConflict "no_terms".
func (s *Service) PreviewTerms(ctx context.Context, r Request, id domain.ContractID, day calendar.Date) (period.State, error) {
	if _, err := s.may(ctx, r.Actor, access.ReadPeriods); err != nil {
		return period.State{}, err
	}
	of, err := s.agreement(ctx, id)
	if err != nil {
		return period.State{}, err
	}
	month, err := s.entered(ctx, of, entering{day: day, at: r.At, historical: true, known: func(period.State) bool { return false }})
	if err != nil {
		return period.State{}, err
	}
	found, err := load(ctx, s.log, period.Decider, period.Stream(id, month), domain.CommandID{})
	if err != nil {
		return period.State{}, err
	}
	said, err := of.says(ctx, month)
	if err != nil {
		return period.State{}, err
	}
	pinned, err := period.Decide(found.state, period.Pin{Says: said, By: r.Actor, At: r.At})
	if err != nil {
		return period.State{}, err
	}
	return period.Decider.Fold(found.state, pinned...), nil
}
