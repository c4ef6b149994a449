package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/period"
	"effigate/domain/terms"
	"effigate/domain/timer"
)

// StartTimer starts the actor's one timer. The answer's ID is that of the record which will be logged.
type StartTimer struct {
	Contract          domain.ContractID
	Work              period.Work
	JobType           string
	SupportLevel      terms.SupportLevel // empty = the contract's
	Zone              string             // IANA name, in which the person works
	Description, Note string
}

// StartTimer runs the command. A timer knows its last run alone, so the record of that is logged before another
// one starts.
func (s *Service) StartTimer(ctx context.Context, r Request, c StartTimer) (Answer, error) {
	id := domain.TimeID{UUID: domain.Derive(r.Command().UUID, "time")}
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.LogTime); err != nil {
			return Answer{}, err
		}
		of, err := s.agreement(ctx, c.Contract)
		if err != nil {
			return Answer{}, err
		}
		if err := s.covers(ctx, of.contract.Client, c.Contract, c.JobType, r.At); err != nil {
			return Answer{}, err
		}
		logged, err := s.LogTimer(ctx, r, r.Actor.Person)
		if err != nil {
			return Answer{}, err
		}
		started, err := onStream(ctx, s, timer.Decider, r.on(timer.Stream(r.Actor.Person)), timer.Command(timer.Start{
			Time: id, Contract: c.Contract, WorkKind: string(c.Work.Kind), WorkID: c.Work.ID, JobType: c.JobType,
			SupportLevel: c.SupportLevel, Zone: c.Zone, Description: c.Description, Note: c.Note, By: r.Actor, At: r.At,
		}))
		return Answer{ID: id.UUID, Position: later(logged, started)}, err
	})
}

// DescribeTimer changes what the record will say.
type DescribeTimer struct{ Description, Note string }

// DescribeTimer runs the command.
func (s *Service) DescribeTimer(ctx context.Context, r Request, c DescribeTimer) (Answer, error) {
	return s.onTimer(ctx, r, timer.Describe{Description: c.Description, Note: c.Note, By: r.Actor, At: r.At})
}

// DiscardTimer stops the actor's timer and logs nothing.
type DiscardTimer struct{}

// DiscardTimer runs the command.
func (s *Service) DiscardTimer(ctx context.Context, r Request, _ DiscardTimer) (Answer, error) {
	return s.onTimer(ctx, r, timer.Discard{By: r.Actor, At: r.At})
}

// onTimer runs one command on the actor's timer, and answers with the record that it is about.
func (s *Service) onTimer(ctx context.Context, r Request, command timer.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.LogTime); err != nil {
			return Answer{}, err
		}
		stream := timer.Stream(r.Actor.Person)
		position, err := onStream(ctx, s, timer.Decider, r.on(stream), command)
		if err != nil {
			return Answer{}, err
		}
		of, err := load(ctx, s.log, timer.Decider, stream, domain.CommandID{})
		return Answer{ID: of.state.Record.Time.UUID, Position: position}, err
	})
}

// StopTimer stops the actor's timer and logs the time. The answer's ID is the record's.
type StopTimer struct {
	Submit bool // hand the record in, if it is complete; else it stays a draft
}

// StopTimer runs the command. The timer is stopped first, and what it says then is all that the record needs. A
// timer whose time nobody could log runs on: it can be described, or discarded.
func (s *Service) StopTimer(ctx context.Context, r Request, c StopTimer) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.LogTime); err != nil {
			return Answer{}, err
		}
		if err := s.loggable(ctx, r); err != nil {
			return Answer{}, err
		}
		stream := timer.Stream(r.Actor.Person)
		stopped, err := onStream(ctx, s, timer.Decider, r.on(stream), timer.Command(timer.Stop{By: r.Actor, At: r.At}))
		if err != nil {
			return Answer{}, err
		}
		of, err := load(ctx, s.log, timer.Decider, stream, domain.CommandID{})
		if err != nil {
			return Answer{}, err
		}
		answer := Answer{ID: of.state.Record.Time.UUID, Position: stopped}
		run, ended := of.state.Last()
		if !ended {
			return answer, nil
		}
		logged, err := s.logRun(ctx, r, run, c.Submit)
		answer.Position = later(stopped, logged)
		return answer, err
	})
}

// LogTimer logs the time of the last run of a person's timer, should the command that stopped it have died before.
// It may run any number of times, and finds nothing to do in all other cases. It gives the position of what it
// did, zero when that was nothing.
func (s *Service) LogTimer(ctx context.Context, r Request, person domain.PersonID) (domain.Position, error) {
	of, err := load(ctx, s.log, timer.Decider, timer.Stream(person), domain.CommandID{})
	if err != nil {
		return domain.Position{}, err
	}
	run, ended := of.state.Last()
	if !ended {
		return domain.Position{}, nil
	}
	position, err := s.logRun(ctx, r, run, false)
	if Final(err) {
		return domain.Position{}, nil // The command gave the refusal to its caller.
	}
	return position, err
}

// logRun logs a run, and then hands its record in if that is wanted and possible.
func (s *Service) logRun(ctx context.Context, r Request, run timer.Run, submit bool) (domain.Position, error) {
	of, err := s.agreement(ctx, run.Record.Contract)
	if err != nil {
		return domain.Position{}, err
	}
	r.Seen = nil // What the person saw was the timer.
	month, logged, err := s.logged(ctx, r.then("log timer", run.Record.Time.String()), of, logOf(run))
	if err != nil || !submit {
		return logged, err
	}
	submitted, err := onStream(ctx, s, period.Decider, r.on(period.Stream(of.id, month)), period.Command(period.Submit{
		Times: []domain.TimeID{run.Record.Time}, By: r.Actor, At: r.At,
	}))
	if Final(err) {
		return logged, nil // It stays a draft, to be completed.
	}
	return later(logged, submitted), err
}

// logOf is the record of a run, purely from what the timer says.
func logOf(run timer.Run) period.Log {
	return period.Log{
		Time: run.Record.Time,
		Entry: period.Entry{
			Person: run.Person, Work: period.Work{Kind: period.WorkKind(run.Record.WorkKind), ID: run.Record.WorkID},
			JobType: run.Record.JobType, SupportLevel: run.Record.SupportLevel, From: run.StartedAt, Until: run.StoppedAt,
			Zone: run.Record.Zone, Description: run.Record.Description, Note: run.Record.Note,
		},
		Source: period.Source{Kind: period.FromTimer}, By: system(run.Person), At: run.StoppedAt,
	}
}

// loggable refuses to stop a timer whose time no period would take.
func (s *Service) loggable(ctx context.Context, r Request) error {
	t, err := load(ctx, s.log, timer.Decider, timer.Stream(r.Actor.Person), domain.CommandID{})
	if err != nil || !t.state.Running || r.At.Sub(t.state.StartedAt) < timer.Shortest {
		return err
	}
	of, err := s.agreement(ctx, t.state.Record.Contract)
	if err != nil {
		return err
	}
	c := logOf(timer.Run{Person: t.state.Person, StartedAt: t.state.StartedAt, StoppedAt: r.At, Record: t.state.Record})
	day := of.day(c.Entry.From)
	month, err := s.entered(ctx, of, entering{day: day, at: r.At, known: func(period.State) bool { return false }})
	if err != nil {
		return err
	}
	p, err := load(ctx, s.log, period.Decider, period.Stream(of.id, month), domain.CommandID{})
	if err != nil {
		return err
	}
	if c.Says, err = of.says(ctx, month); err != nil {
		return err
	}
	c.Says.InForce, c.Late = of.takes(day), month != day.Month()
	_, err = period.Decide(p.state, c)
	return err
}
