package commands

import (
	"context"
	"slices"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/contract"
	"effigate/domain/period"
)

// ReleaseMilestone makes an entry of a contract's schedule billable, and charges it in the open period. The
// answer's ID is the contract's.
type ReleaseMilestone struct {
	Contract        domain.ContractID
	Line, Milestone string
}

// ReleaseMilestone runs the command. The contract freezes the amount first; the charge follows purely from that.
func (s *Service) ReleaseMilestone(ctx context.Context, r Request, c ReleaseMilestone) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManageContracts); err != nil {
			return Answer{}, err
		}
		released, err := onStream(ctx, s, contract.Decider, r.on(contract.Stream(c.Contract)), contract.Command(contract.ReleaseMilestone{
			Line: c.Line, Milestone: c.Milestone, By: r.Actor, At: r.At,
		}))
		if err != nil {
			return Answer{}, err
		}
		charged, err := s.ChargeMilestone(ctx, r, c.Contract, c.Line, c.Milestone)
		return Answer{ID: c.Contract.UUID, Position: later(released, charged)}, err
	})
}

// ChargeMilestone charges a released milestone, should the command that released it have died before. It may run
// any number of times, and finds nothing to do in all other cases.
func (s *Service) ChargeMilestone(ctx context.Context, r Request, id domain.ContractID, line, milestone string) (domain.Position, error) {
	of, err := s.agreement(ctx, id)
	if err != nil {
		return domain.Position{}, err
	}
	released, ok := of.contract.Released(line, milestone)
	if !ok {
		return domain.Position{}, nil
	}
	return s.charged(ctx, r, of, period.AddCharge{
		Charge: released.Staff.Charge, Line: line, What: period.MilestoneCharge, Text: released.Name, Day: released.Day,
		Amount: released.Staff.Amount, Milestone: milestone, By: system(released.By), At: released.At,
	})
}

// charged adds a charge that follows from the contract, in the period of its day or the next one that is open.
// Nothing is charged for nothing.
func (s *Service) charged(ctx context.Context, r Request, of *agreement, c period.AddCharge) (domain.Position, error) {
	if !c.Amount.IsPositive() {
		return domain.Position{}, nil
	}
	entering := entering{day: c.Day, at: r.At, historical: true, known: func(p period.State) bool {
		return slices.ContainsFunc(p.Charges(), func(known period.ChargeAdded) bool { return known.Charge == c.Charge })
	}}
	_, position, err := s.enter(ctx, r.then("charge", c.Charge.String()), of, entering, func(said period.Says, _ bool) period.Command {
		c.Says = said
		return c
	})
	return position, err
}
