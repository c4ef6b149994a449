package commands

import (
	"context"
	"fmt"
	"time"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/period"
)

// Correcting and moving time are steps of two streams, in the shape that series.go describes: the period that has
// the record can refuse and is written first; the other one takes what follows from that, under derived ids.

// MoveTime sends records that nobody approved to the next period, so that this one can be closed.
type MoveTime struct {
	Contract domain.ContractID
	Month    calendar.Month
	Times    []domain.TimeID // 1 to period.MaxTimes
}

// MoveTime runs the command.
func (s *Service) MoveTime(ctx context.Context, r Request, c MoveTime) (Answer, error) {
	return s.onMonth(ctx, r, access.ManagePeriods, c.Contract, c.Month, func(of *agreement) (domain.Position, error) {
		return s.moved(ctx, r, of, period.Decider, c.Month, c.Month.Next(), c.Times)
	})
}

// moved moves records from one period into a later one.
func (s *Service) moved(ctx context.Context, r Request, of *agreement, decider domain.Decider[period.State, period.Command, period.Event], from, into calendar.Month, times []domain.TimeID) (domain.Position, error) {
	moved, err := onStream(ctx, s, decider, r.on(period.Stream(of.id, from)), period.Command(period.Move{
		Times: times, Into: into, By: r.Actor, At: r.At,
	}))
	if err != nil {
		return moved, err
	}
	received, err := s.received(ctx, r, of, from, times)
	return later(moved, received), err
}

// ReceiveTime lets a record arrive in the period that it was moved to, should the command that moved it have died
// before. It may run any number of times, and finds nothing to do in all other cases.
func (s *Service) ReceiveTime(ctx context.Context, r Request, id domain.ContractID, from calendar.Month, record domain.TimeID) (domain.Position, error) {
	of, err := s.agreement(ctx, id)
	if err != nil {
		return domain.Position{}, err
	}
	return s.received(ctx, r, of, from, []domain.TimeID{record})
}

// left is a record as it left a period.
type left struct {
	period.Time

	by period.TimeMoved
}

func (s *Service) received(ctx context.Context, r Request, of *agreement, from calendar.Month, times []domain.TimeID) (last domain.Position, err error) {
	gone := map[domain.TimeID]left{}
	_, err = s.replay(ctx, of, from, func(before period.State, e period.Event) {
		if moved, ok := e.(period.TimeMoved); ok {
			t, _ := before.Time(moved.Time)
			gone[moved.Time] = left{Time: t, by: moved}
		}
	})
	if err != nil {
		return domain.Position{}, err
	}
	for _, id := range times {
		t, moved := gone[id]
		if !moved {
			continue
		}
		position, err := s.receive(ctx, r, of, id, t)
		if err != nil {
			return last, err
		}
		last = later(last, position)
	}
	return last, nil
}

// receive lets one record arrive. Should its period have been closed meanwhile, the next open one takes it.
func (s *Service) receive(ctx context.Context, r Request, of *agreement, id domain.TimeID, t left) (domain.Position, error) {
	arriving := entering{day: t.by.Into.First(), at: r.At, historical: true, known: func(p period.State) bool {
		_, known := p.Time(id)
		return known
	}}
	_, position, err := s.enter(ctx, r.then("receive time", id.String()), of, arriving,
		func(said period.Says, _ bool) period.Command {
			return period.Receive{
				Time: id, Record: t.Record, Source: t.Source, Replaces: t.Replaces, Author: t.Author, Submitted: t.Status == period.StatusSubmitted,
				Says: said, By: system(t.by.By), At: t.by.At,
			}
		})
	return position, err
}

// replay folds a period and shows each event with the state before it. It gives the state at the end.
func (s *Service) replay(ctx context.Context, of *agreement, month calendar.Month, see func(period.State, period.Event)) (state period.State, err error) {
	stream := period.Stream(of.id, month)
	for recorded, err := range s.log.Read(ctx, stream, domain.NoStream) {
		if err != nil {
			return state, fmt.Errorf("read %s: %w", stream, err)
		}
		event, ok := recorded.Event.(period.Event)
		if !ok {
			return state, fmt.Errorf("read %s: revision %d is no event of a period", stream, recorded.Revision)
		}
		see(state, event)
		state = period.Evolve(state, event)
	}
	return state, nil
}

// system is the system as it goes on with what a person began.
func system(by domain.PersonID) domain.Actor {
	return domain.Actor{Person: by, Side: domain.SystemSide}
}

// CorrectTime replaces an approved record of a closed period by a reversal and, unless Entry is nil, a submitted
// replacement, both in the open one.
type CorrectTime struct {
	Contract domain.ContractID
	Month    calendar.Month
	Time     domain.TimeID
	Entry    *period.Entry // a zero Person is whose record it was
	Reason   string
}

// CorrectTime runs the command. The answer's ID is the reversal's.
func (s *Service) CorrectTime(ctx context.Context, r Request, c CorrectTime) (Answer, error) {
	correct := period.Correct{
		Time: c.Time, Reversal: domain.TimeID{UUID: domain.Derive(c.Time.UUID, "reversal")}, Reason: c.Reason, By: r.Actor, At: r.At,
	}
	if c.Entry != nil {
		correct.Replacement, correct.Entry = domain.TimeID{UUID: domain.Derive(c.Time.UUID, "replacement")}, *c.Entry
	}
	return s.onContractOf(ctx, r, access.ManagePeriods, c.Contract, correct.Reversal.UUID, func(of *agreement) (domain.Position, error) {
		if err := valid(c.Month); err != nil {
			return domain.Position{}, err
		}
		var err error
		if correct.Into, err = s.entered(ctx, of, following(c.Month, r, correct.Reversal)); err != nil {
			return domain.Position{}, err
		}
		if err := s.replaceable(ctx, r, of, c.Month, &correct); err != nil {
			return domain.Position{}, err
		}
		corrected, err := onStream(ctx, s, period.Decider, r.on(period.Stream(of.id, c.Month)), period.Command(correct))
		if err != nil {
			return corrected, err
		}
		completed, err := s.corrected(ctx, r, of, c.Month, c.Time)
		return later(corrected, completed), err
	})
}

// following is what follows from a record of a period that is closed, in a later one.
func following(month calendar.Month, r Request, id domain.TimeID) entering {
	return entering{day: month.Next().First(), at: r.At, known: func(p period.State) bool {
		_, known := p.Time(id)
		return known
	}}
}

// replaceable refuses a replacement that the open period would not take: what it takes is decided first, because
// the record cannot be corrected again.
func (s *Service) replaceable(ctx context.Context, r Request, of *agreement, month calendar.Month, c *period.Correct) error {
	if c.Replacement.IsZero() {
		return nil
	}
	before, err := load(ctx, s.log, period.Decider, period.Stream(of.id, month), domain.CommandID{})
	if err != nil {
		return err
	}
	t, _ := before.state.Time(c.Time)
	if c.Entry.Person.IsZero() {
		c.Entry.Person = t.Record.Staff.Person
	}
	if t.Corrected {
		return nil // The period says whether by this or by something else.
	}
	if _, err := of.dayOf(c.Entry, r.At); err != nil {
		return err
	}
	into, err := load(ctx, s.log, period.Decider, period.Stream(of.id, c.Into), domain.CommandID{})
	if err != nil {
		return err
	}
	said, err := of.says(ctx, c.Into)
	if err != nil {
		return err
	}
	_, err = period.Decide(into.state, replacement(c.Replacement, c.Time, c.Entry, said, r.Actor.Person, r.At))
	return err
}

// replacement logs what takes the place of a record.
func replacement(id, of domain.TimeID, entry period.Entry, said period.Says, by domain.PersonID, at time.Time) period.Log {
	return period.Log{
		Time: id, Entry: entry, Source: period.Source{Kind: period.FromManual}, Submit: true, Replaces: of, Late: true,
		Says: said, By: system(by), At: at,
	}
}

// CompleteCorrection reverses a corrected record in the open period and logs its replacement, should the command
// that corrected it have died before. It may run any number of times, and finds nothing to do in all other cases.
func (s *Service) CompleteCorrection(ctx context.Context, r Request, id domain.ContractID, month calendar.Month, record domain.TimeID) (domain.Position, error) {
	of, err := s.agreement(ctx, id)
	if err != nil {
		return domain.Position{}, err
	}
	return s.corrected(ctx, r, of, month, record)
}

func (s *Service) corrected(ctx context.Context, r Request, of *agreement, month calendar.Month, id domain.TimeID) (domain.Position, error) {
	var made period.TimeCorrected
	closed, err := s.replay(ctx, of, month, func(_ period.State, e period.Event) {
		if corrected, ok := e.(period.TimeCorrected); ok && corrected.Time == id {
			made = corrected
		}
	})
	reverse, corrected := closed.Reversal(id)
	if err != nil || !corrected {
		return domain.Position{}, err
	}
	reverse.By, reverse.At = system(made.By), made.At
	_, reversed, err := s.enter(ctx, r.then("reverse time", id.String()), of, following(month, r, made.Reversal),
		func(said period.Says, _ bool) period.Command {
			reverse.Says = said
			return reverse
		})
	if err != nil || made.Replacement.IsZero() {
		return reversed, err
	}
	_, replaced, err := s.enter(ctx, r.then("replace time", id.String()), of, following(month, r, made.Replacement),
		func(said period.Says, _ bool) period.Command {
			return replacement(made.Replacement, id, entryOf(made.Staff.Record), said, made.By, made.At)
		})
	return later(reversed, replaced), err
}

// entryOf is what was entered of a record.
func entryOf(r period.Record) period.Entry {
	e := period.Entry{
		Person: r.Staff.Person, Work: r.Staff.Work, JobType: r.JobType, SupportLevel: r.Staff.SupportLevel,
		From: r.From, Until: r.Until, BreakSeconds: r.BreakSeconds, Zone: r.Staff.Zone, Condition: r.Staff.Condition,
		Billing: r.Billing, Reason: r.Staff.Reason, Description: r.Description, Note: r.Staff.Note,
	}
	if r.From.IsZero() {
		e.Day, e.Seconds = r.Day, r.Seconds+r.BreakSeconds
	}
	return e
}
