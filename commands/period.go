package commands

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// OpenPeriod opens a period, or pins what the contract says by now.
type OpenPeriod struct {
	Contract domain.ContractID
	Month    calendar.Month // not before the contract's first month, and not after the present one
}

// OpenPeriod runs the command.
func (s *Service) OpenPeriod(ctx context.Context, r Request, c OpenPeriod) (Answer, error) {
	return s.onMonth(ctx, r, access.ManagePeriods, c.Contract, c.Month, func(of *agreement) (domain.Position, error) {
		if c.Month < of.contract.Starts().Month() || c.Month > of.day(r.At).Month() {
			return domain.Position{}, wrong("month", "must not lie before the contract's first month or after the present one")
		}
		return s.onPeriod(ctx, r, of.id, c.Month, func(_ *agreement, said period.Says) period.Command {
			return period.Pin{Says: said, By: r.Actor, At: r.At}
		})
	})
}

// ClosePeriod closes a period after its last day, and carries what is left into the next.
type ClosePeriod struct {
	Contract domain.ContractID
	Month    calendar.Month
}

// ClosePeriod runs the command.
func (s *Service) ClosePeriod(ctx context.Context, r Request, c ClosePeriod) (Answer, error) {
	return s.onMonth(ctx, r, access.ManagePeriods, c.Contract, c.Month, func(of *agreement) (domain.Position, error) {
		closed, err := s.onPeriod(ctx, r, of.id, c.Month, func(_ *agreement, said period.Says) period.Command {
			return period.Close{Says: said, By: r.Actor, At: r.At}
		})
		if err != nil {
			return closed, err
		}
		carried, err := s.carryIn(ctx, r, of, c.Month)
		return later(closed, carried), err
	})
}

// CarryIn carries what a closed period left over into the next one, should the command that closed it have died
// before. It may run any number of times, and finds nothing to do in all other cases.
func (s *Service) CarryIn(ctx context.Context, r Request, id domain.ContractID, closed calendar.Month) (domain.Position, error) {
	of, err := s.agreement(ctx, id)
	if err != nil {
		return domain.Position{}, err
	}
	return s.carryIn(ctx, r, of, closed)
}

func (s *Service) carryIn(ctx context.Context, r Request, of *agreement, closed calendar.Month) (domain.Position, error) {
	before, err := load(ctx, s.log, period.Decider, period.Stream(of.id, closed), domain.CommandID{})
	if err != nil {
		return domain.Position{}, err
	}
	closing, over := before.state.Closing()
	if !over {
		return domain.Position{}, nil
	}
	into := closed.Next()
	return s.onPeriod(ctx, r.then("carry in", period.Stream(of.id, into)), of.id, into, func(_ *agreement, said period.Says) period.Command {
		return period.CarryIn{Closed: closing, From: closed, Says: said, By: domain.System(), At: closing.At}
	})
}

// AddCharge adds something that is not time. The answer's ID is the charge's.
type AddCharge struct {
	Contract    domain.ContractID
	Month       calendar.Month // empty = the present one
	Line, Text  string
	Amount      decimal.Decimal
	Day         calendar.Date // empty = today, at most the last day of the period
	TaxCategory string
}

// AddCharge runs the command.
func (s *Service) AddCharge(ctx context.Context, r Request, c AddCharge) (Answer, error) {
	charge := domain.ChargeID{UUID: domain.Derive(r.Command().UUID, "charge")}
	return s.onContractOf(ctx, r, access.ManagePeriods, c.Contract, charge.UUID, func(of *agreement) (domain.Position, error) {
		if c.Month == "" {
			c.Month = of.day(r.At).Month()
		}
		if err := valid(c.Month); err != nil {
			return domain.Position{}, err
		}
		return s.onPeriod(ctx, r, of.id, c.Month, func(_ *agreement, said period.Says) period.Command {
			return period.AddCharge{
				Charge: charge, Line: c.Line, What: period.OtherCharge, Text: c.Text, Day: c.Day, Amount: c.Amount,
				TaxCategory: c.TaxCategory, Says: said, By: r.Actor, At: r.At,
			}
		})
	})
}

// onContractOf runs what staff ask about the periods of a contract, and answers with an id.
func (s *Service) onContractOf(ctx context.Context, r Request, needed access.Permission, id domain.ContractID, answered uuid.UUID, do func(*agreement) (domain.Position, error)) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, needed); err != nil {
			return Answer{}, err
		}
		of, err := s.agreement(ctx, id)
		if err != nil {
			return Answer{}, err
		}
		position, err := do(of)
		return Answer{ID: answered, Position: position}, err
	})
}

// onMonth runs what staff ask about one period of a contract, and answers with the contract.
func (s *Service) onMonth(ctx context.Context, r Request, needed access.Permission, id domain.ContractID, month calendar.Month, do func(*agreement) (domain.Position, error)) (Answer, error) {
	return s.onContractOf(ctx, r, needed, id, id.UUID, func(of *agreement) (domain.Position, error) {
		if err := valid(month); err != nil {
			return domain.Position{}, err
		}
		return do(of)
	})
}

func valid(month calendar.Month) error {
	if !month.Valid() {
		return wrong("month", "must be a month, such as 2026-03")
	}
	return nil
}

// asking is a command that is made when its stream has been read, by looking up what the contract says then.
type asking func() (period.Command, error)

// informed decides what a command asks with what it looked up since the period was read: what the command knows
// of the contract is never older than what the period has pinned of it. Should the period change before the
// append, it is looked up anew.
func informed(allowed ...func(period.State) error) domain.Decider[period.State, asking, period.Event] {
	return domain.Decider[period.State, asking, period.Event]{Evolve: period.Evolve, Decide: func(p period.State, ask asking) ([]period.Event, error) {
		for _, allows := range allowed {
			if err := allows(p); err != nil {
				return nil, err
			}
		}
		command, err := ask()
		if err != nil {
			return nil, err
		}
		return period.Decide(p, command)
	}}
}

// onPeriod runs one command that needs to know what the contract says for the period's month.
func (s *Service) onPeriod(ctx context.Context, r Request, id domain.ContractID, month calendar.Month, build func(*agreement, period.Says) period.Command, allowed ...func(period.State) error) (domain.Position, error) {
	return onStream(ctx, s, informed(allowed...), r.on(period.Stream(id, month)), asking(func() (period.Command, error) {
		of, err := s.agreement(ctx, id)
		if err != nil {
			return nil, err
		}
		if !of.begun() {
			return nil, domain.Refuse(domain.ErrConflict, "contract_not_active", "contract %s is %s and has no periods yet; activate it first", id, of.contract.Status)
		}
		said, err := of.says(ctx, month)
		return build(of, said), err
	}))
}

// entering is what enters a period: work of a day, or something that follows from it.
type entering struct {
	day calendar.Date
	at  time.Time
	// historical says that it enters its own period while that is open, however long ago the month was.
	historical bool
	// known reports whether it has entered a period already, which is the one then.
	known func(period.State) bool
}

// errNextPeriod says that a period takes nothing any more.
var errNextPeriod = errors.New("the period takes nothing any more")

// maxMonths bounds how many months something may look for its period.
const maxMonths = 24

// months gives the periods that may take what enters, in order, each with what refuses it on that period's state:
// that of its own month until the grace after its end has passed, or it is closed or on an invoice, then the next one that is open;
// the present month takes everything. What lies too far back looks in its own month and in the last two years.
func (of *agreement) months(e entering) iter.Seq2[calendar.Month, func(period.State) error] {
	return func(yield func(calendar.Month, func(period.State) error) bool) {
		own, today := e.day.Month(), of.day(e.at)
		from := today.Month()
		for range maxMonths {
			from = from.Previous()
		}
		for month := own; ; month = max(month.Next(), from) {
			over := month < today.Month()
			welcome := e.historical && month == own
			passed := over && !welcome && month.Last().Add(of.grace(month)) < today
			takes := func(p period.State) error {
				if over && !e.known(p) && (passed || p.Closed || p.Frozen()) {
					return errNextPeriod
				}
				return nil
			}
			if !yield(month, takes) || !over {
				return
			}
		}
	}
}

// grace is for how many days after its end the period of a month takes time of its own.
func (of *agreement) grace(month calendar.Month) int {
	var limits terms.Limits
	for _, held := range of.contract.Versions(month.Last(), month.Last()) {
		limits = held.Terms.Staff.Limits
	}
	return limits.Grace()
}

// enter runs a command on the period that takes what enters, and gives that period's month. Late tells the command
// that it is not the one of the day.
func (s *Service) enter(ctx context.Context, r Request, of *agreement, e entering, build func(said period.Says, late bool) period.Command) (month calendar.Month, position domain.Position, err error) {
	for next, takes := range of.months(e) {
		month = next
		position, err = s.onPeriod(ctx, r, of.id, next, func(now *agreement, said period.Says) period.Command {
			said.InForce = now.takes(e.day)
			return build(said, next != e.day.Month())
		}, takes)
		if !errors.Is(err, errNextPeriod) {
			break
		}
	}
	return month, position, err
}

// entered gives the month of the period that would take what enters.
func (s *Service) entered(ctx context.Context, of *agreement, e entering) (found calendar.Month, err error) {
	for month, takes := range of.months(e) {
		p, err := load(ctx, s.log, period.Decider, period.Stream(of.id, month), domain.CommandID{})
		if err != nil {
			return month, err
		}
		if found = month; takes(p.state) == nil {
			break
		}
	}
	return found, nil
}
