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
