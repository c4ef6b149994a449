package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/period"
)

// LogTime begins a time record, in the period of its day or, when that takes none any more, in the next one that
// is open. A zero Time derives from the request; a zero Entry.Person is the actor, and a Source without a kind is
// "manual". The answer's ID is the record's.
type LogTime struct {
	Contract domain.ContractID
	Time     domain.TimeID
	Entry    period.Entry
	Source   period.Source
	Submit   bool // hand it in at once
}

// LogTime runs the command. Everybody logs their own time; that of others, and from other systems, whoever may
// import it.
func (s *Service) LogTime(ctx context.Context, r Request, c LogTime) (Answer, error) {
	if c.Time.IsZero() {
		c.Time = domain.TimeID{UUID: domain.Derive(r.Command().UUID, "time")}
	}
	if c.Entry.Person.IsZero() {
		c.Entry.Person = r.Actor.Person
	}
	if c.Source.Kind == "" {
		c.Source.Kind = "manual"
	}
	needed := access.LogTime
	if c.Entry.Person != r.Actor.Person || c.Source.Kind == imported {
		needed = access.ImportTime
	}
	return s.onContractOf(ctx, r, needed, c.Contract, c.Time.UUID, func(of *agreement) (domain.Position, error) {
		_, position, err := s.logged(ctx, r, of, period.Log{
			Time: c.Time, Entry: c.Entry, Source: c.Source, Submit: c.Submit, By: r.Actor, At: r.At,
		})
		return position, err
	})
}

// logged logs a record in the period that takes it, and gives that period's month.
func (s *Service) logged(ctx context.Context, r Request, of *agreement, c period.Log) (calendar.Month, domain.Position, error) {
	day, err := of.dayOf(c.Entry, c.At)
	if err != nil {
		return "", domain.Position{}, err
	}
	return s.enter(ctx, r, of, entering{
		day: day, at: r.At, historical: c.Source.Kind == imported,
		known: func(p period.State) bool { _, known := p.Time(c.Time); return known },
	}, func(said period.Says, late bool) period.Command {
		c.Says, c.Late = said, late
		return c
	})
}

// ReviseTime replaces a draft or returned record. A day that belongs to a later period moves it there; for one that
// belongs to an earlier period it is discarded and logged anew.
type ReviseTime struct {
	Contract domain.ContractID
	Month    calendar.Month // of the period that has it
	Time     domain.TimeID
	Entry    period.Entry // a zero Person is whose record it is, and nobody else may be given
	Submit   bool
}

// ReviseTime runs the command. The answer's ID is the record's.
func (s *Service) ReviseTime(ctx context.Context, r Request, c ReviseTime) (Answer, error) {
	return s.onContractOf(ctx, r, access.LogTime, c.Contract, c.Time.UUID, func(of *agreement) (domain.Position, error) {
		day, err := of.dayOf(c.Entry, r.At)
		if err == nil {
			err = valid(c.Month)
		}
		if err != nil {
			return domain.Position{}, err
		}
		into, err := s.entered(ctx, of, entering{day: day, at: r.At, known: func(p period.State) bool {
			t, known := p.Time(c.Time)
			return known && t.Status != period.StatusMoved
		}})
		if err != nil {
			return domain.Position{}, err
		}
		if into <= c.Month {
			return s.revised(ctx, r, of, c, c.Month)
		}
		moved, err := s.movedFor(ctx, r, of, c, into)
		if err != nil {
			return domain.Position{}, err
		}
		r.Seen = nil // What the person saw was the other period.
		revised, err := s.revised(ctx, r, of, c, into)
		return later(moved, revised), err
	})
}

// revised revises a record in the period that has it.
func (s *Service) revised(ctx context.Context, r Request, of *agreement, c ReviseTime, month calendar.Month) (domain.Position, error) {
	return s.onPeriod(ctx, r, of.id, month, func(now *agreement, said period.Says) period.Command {
		return c.command(r, now, said)
	}, ownTime(r.Actor, []domain.TimeID{c.Time}))
}

func (c ReviseTime) command(r Request, of *agreement, said period.Says) period.Revise {
	day, _ := of.dayOf(c.Entry, r.At)
	said.InForce = of.takes(day)
	return period.Revise{Time: c.Time, Entry: c.Entry, Submit: c.Submit, Says: said, By: r.Actor, At: r.At}
}

// movedFor moves a record to the later period in which it is going to be revised, unless that would be refused
// there.
func (s *Service) movedFor(ctx context.Context, r Request, of *agreement, c ReviseTime, into calendar.Month) (domain.Position, error) {
	from, err := load(ctx, s.log, period.Decider, period.Stream(of.id, c.Month), domain.CommandID{})
	if err != nil {
		return domain.Position{}, err
	}
	target, err := load(ctx, s.log, period.Decider, period.Stream(of.id, into), domain.CommandID{})
	if err != nil {
		return domain.Position{}, err
	}
	if _, there := target.state.Time(c.Time); there {
		return domain.Position{}, nil // Moved before: this completes what was cut short.
	}
	said, err := of.says(ctx, into)
	if err != nil {
		return domain.Position{}, err
	}
	t, _ := from.state.Time(c.Time)
	received, err := period.Decide(target.state, period.Receive{
		Time: c.Time, Record: t.Record, Source: t.Source, Replaces: t.Replaces, Author: t.Author, Says: said, By: r.Actor, At: r.At,
	})
	if err != nil {
		return domain.Position{}, err
	}
	if _, err := period.Decide(period.Decider.Fold(target.state, received...), c.command(r, of, said)); err != nil {
		return domain.Position{}, err
	}
	decider := guarded(period.Decider, ownTime(r.Actor, []domain.TimeID{c.Time}))
	return s.moved(ctx, r, of, decider, c.Month, into, []domain.TimeID{c.Time})
}

// DiscardTime removes a draft or returned record.
type DiscardTime struct {
	Contract domain.ContractID
	Month    calendar.Month
	Time     domain.TimeID
}

// DiscardTime runs the command.
func (s *Service) DiscardTime(ctx context.Context, r Request, c DiscardTime) (Answer, error) {
	return s.onTime(ctx, r, c.Contract, c.Month, []domain.TimeID{c.Time}, period.Discard{Time: c.Time, By: r.Actor, At: r.At})
}
