package commands

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// GrantBucket adds hours to a line of a contract in force. The answer's ID is the bucket's.
type GrantBucket struct {
	Contract domain.ContractID
	Line     string
	Minutes  int
	From     calendar.Date // empty = today
	Until    calendar.Date // empty = by the line's rule
	Price    decimal.Decimal
	Reason   string
}

// GrantBucket runs the command. The open periods pin the hours and charge their price.
func (s *Service) GrantBucket(ctx context.Context, r Request, c GrantBucket) (Answer, error) {
	id := domain.BucketID{UUID: domain.Derive(r.Command().UUID, "bucket")}
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ApproveContracts); err != nil {
			return Answer{}, err
		}
		position, err := s.granted(ctx, r, r.on(contract.Stream(c.Contract)), c.Contract, contract.GrantBucket{
			Bucket: id, Line: c.Line, Minutes: c.Minutes, From: c.From, Until: c.Until, Source: contract.FromPurchase,
			Price: c.Price, Reason: c.Reason, By: r.Actor, At: r.At,
		})
		return Answer{ID: id.UUID, Position: position}, err
	})
}

// AdjustBucket changes what is left of a bucket by hand. The answer's ID is the bucket's.
type AdjustBucket struct {
	Contract domain.ContractID
	Bucket   domain.BucketID
	Minutes  int // positive adds
	Reason   string
}

// AdjustBucket runs the command.
func (s *Service) AdjustBucket(ctx context.Context, r Request, c AdjustBucket) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ApproveContracts); err != nil {
			return Answer{}, err
		}
		position, err := s.thenPinned(ctx, r, c.Contract, contract.AdjustBucket{
			Bucket: c.Bucket, Minutes: c.Minutes, Reason: c.Reason, By: r.Actor, At: r.At,
		})
		return Answer{ID: c.Bucket.UUID, Position: position}, err
	})
}

// TopUp buys the hours that a line's policy asks for, as a period found due. It may run any number of times, and
// buys them once.
func (s *Service) TopUp(ctx context.Context, r Request, id domain.ContractID, due period.TopUpDue) (domain.Position, error) {
	of, err := s.agreement(ctx, id)
	if err != nil {
		return domain.Position{}, err
	}
	var price decimal.Decimal
	held := of.on(of.day(due.At))
	if charge := held.Staff.ChargeOf(due.Line); charge.Mode == terms.Prepaid {
		minutes := decimal.NewFromInt(int64(due.Staff.Minutes))
		price = charge.OveragePrice.Mul(minutes).Div(decimal.NewFromInt(60)).Round(held.Agreed.Currency.Exponent())
	}
	return s.granted(ctx, r, r.then("top up", due.Bucket.String()).on(contract.Stream(id)), id, contract.GrantBucket{
		Bucket: due.Bucket, Line: due.Line, Minutes: due.Staff.Minutes, Source: contract.FromTopUp, Price: price,
		By: system(due.By), At: due.At,
	})
}

// granted grants hours, and lets the open periods know.
func (s *Service) granted(ctx context.Context, r Request, on Target, id domain.ContractID, c contract.GrantBucket) (domain.Position, error) {
	granted, err := onStream(ctx, s, contract.Decider, on, contract.Command(c))
	if err != nil {
		return granted, err
	}
	completed, err := s.CompleteGrant(ctx, r, id, c.Bucket)
	return later(granted, completed), err
}

// CompleteGrant lets the open periods pin hours that were granted and charge what was paid for them, should the
// command that granted them have died before. It may run any number of times, and finds nothing to do in all
// other cases. The hours that a line begins with are charged by its period.
func (s *Service) CompleteGrant(ctx context.Context, r Request, id domain.ContractID, bucket domain.BucketID) (domain.Position, error) {
	pinned, err := s.PinTerms(ctx, r, id)
	if err != nil {
		return pinned, err
	}
	var granted contract.BucketGranted
	for recorded, err := range s.log.Read(ctx, contract.Stream(id), domain.NoStream) {
		if err != nil {
			return pinned, fmt.Errorf("read contract %s: %w", id, err)
		}
		if event, ok := recorded.Event.(contract.BucketGranted); ok && event.Bucket == bucket {
			granted = event
		}
	}
	if granted.Source == contract.FromStart || !granted.Staff.Price.IsPositive() {
		return pinned, nil
	}
	of, err := s.agreement(ctx, id)
	if err != nil {
		return pinned, err
	}
	charged, err := s.charged(ctx, r, of, period.AddCharge{
		Charge: domain.ChargeID{UUID: domain.Derive(bucket.UUID, "charge")}, Line: granted.Line, What: period.FeeCharge,
		Text: of.named(granted.Line) + ", " + hoursIn(granted.Minutes), Day: granted.From, Amount: granted.Staff.Price,
		By: system(granted.By), At: granted.At,
	})
	return later(pinned, charged), err
}

// named is the name of a line, as the client reads it.
func (a *agreement) named(line string) string {
	for _, known := range a.newest().Agreed.Lines {
		if known.Key == line {
			return known.Name
		}
	}
	return line
}

// hoursIn writes minutes as hours: "20 h", "1.5 h".
func hoursIn(minutes int) string {
	return decimal.NewFromInt(int64(minutes)).DivRound(decimal.NewFromInt(60), 2).String() + " h"
}
