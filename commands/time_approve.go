package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/period"
)

// SubmitTime hands records in, all or none.
type SubmitTime struct {
	Contract domain.ContractID
	Month    calendar.Month
	Times    []domain.TimeID // 1 to period.MaxTimes
}

// SubmitTime runs the command.
func (s *Service) SubmitTime(ctx context.Context, r Request, c SubmitTime) (Answer, error) {
	return s.onTime(ctx, r, c.Contract, c.Month, c.Times, period.Submit{Times: c.Times, By: r.Actor, At: r.At})
}

// ApproveTime approves records, all or none. What they count for is fixed by it.
type ApproveTime struct {
	Contract domain.ContractID
	Month    calendar.Month
	Times    []domain.TimeID // 1 to period.MaxTimes
}

// ApproveTime runs the command.
func (s *Service) ApproveTime(ctx context.Context, r Request, c ApproveTime) (Answer, error) {
	return s.onMonth(ctx, r, access.ApproveTime, c.Contract, c.Month, func(of *agreement) (domain.Position, error) {
		return s.onPeriod(ctx, r, of.id, c.Month, func(_ *agreement, said period.Says) period.Command {
			return period.Approve{Times: c.Times, Says: said, By: r.Actor, At: r.At}
		})
	})
}

// ReturnTime hands records back, all or none.
type ReturnTime struct {
	Contract domain.ContractID
	Month    calendar.Month
	Times    []domain.TimeID // 1 to period.MaxTimes
	Reason   string
}

// ReturnTime runs the command.
func (s *Service) ReturnTime(ctx context.Context, r Request, c ReturnTime) (Answer, error) {
	return s.onMonth(ctx, r, access.ApproveTime, c.Contract, c.Month, func(of *agreement) (domain.Position, error) {
		giveBack := period.Return{Times: c.Times, Reason: c.Reason, By: r.Actor, At: r.At}
		return onStream(ctx, s, period.Decider, r.on(period.Stream(of.id, c.Month)), period.Command(giveBack))
	})
}
