package ticket

import (
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

func (s State) tick(c Tick) ([]Event, error) {
	if err := s.open(domain.System(), c.At); err != nil {
		return nil, err
	}
	return s.passed(c.At, true), nil
}

// passed is what time alone has led to and nobody has written down yet, each thing with the instant at which it was due
// (F19, F21). A command comes before what is due in its very instant: what it ends then ends in time. But what was late
// before stays late.
func (s State) passed(at time.Time, tick bool) []Event {
	var events []Event
	for _, threshold := range s.Pending() {
		now := threshold.At.Equal(at) && (tick || threshold.Mark == sla.BreachMark && s.breached(threshold.Goal, threshold.Cycle))
		if threshold.At.Before(at) || now {
			events = append(events, reached(threshold))
		}
	}
	if closes, waits := s.ClosesAt(); waits && (closes.Before(at) || tick && closes.Equal(at)) {
		events = append(events, Closed{Staff: ClosedStaff{Automatic: true}, At: closes})
	}
	return events
}

// breached reports whether a cycle is known to have used up its target.
func (s State) breached(goal sla.Goal, cycle int) bool {
	return slices.ContainsFunc(s.Clock.Runs, func(run sla.Run) bool {
		return run.Goal == goal && run.Cycle == cycle && !run.Breached.IsZero()
	})
}

// reached is a threshold as an event.
func reached(t sla.Threshold) Event {
	staff := SLAStateReachedStaff{Cycle: t.Cycle}
	switch {
	case t.Level.Level > 0:
		return Escalated{Goal: t.Goal, Staff: EscalatedStaff{Cycle: t.Cycle, Level: t.Level}, At: t.At}
	case t.Mark == sla.NearMark:
		return SLAStateReached{Goal: t.Goal, State: sla.NearBreach, Staff: staff, At: t.At}
	}
	return SLAStateReached{Goal: t.Goal, State: sla.Breached, Staff: staff, At: t.At}
}

// concluded says how the targets ended that some events brought to an end, and by what margin (A33).
func (s State) concluded(events []Event) []Event {
	after := s.after(events)
	var ended []Event
	for _, now := range after.Clock.Readings(after.Clock.At) {
		before, known := s.Clock.Reading(now.Goal, s.Clock.At)
		went := known && before.Cycle == now.Cycle && !before.Ended.IsZero()
		if now.Ended.IsZero() || went || now.GoalSeconds == 0 {
			continue
		}
		late := Fired{Cycle: Cycle{now.Goal, now.Cycle}, State: sla.Breached}
		if now.State == sla.MetLate && !slices.Contains(after.Fired, late) {
			// The wait that ended with it, in the instant in which it was due, used up what was left.
			ended = append(ended, SLAStateReached{
				Goal: now.Goal, State: sla.Breached, Staff: SLAStateReachedStaff{Cycle: now.Cycle}, At: now.Breached,
			})
		}
		ended = append(ended, TargetConcluded{
			Goal: now.Goal, State: now.State, At: now.Ended, Staff: TargetConcludedStaff{
				Cycle: now.Cycle, GoalSeconds: now.GoalSeconds, ElapsedSeconds: now.ElapsedSeconds, Breached: now.Breached,
			},
		})
	}
	return ended
}

// pin says what holds from now on, if that is something else than before (F17). Nothing is promised about what no
// contract covers, nor about what happened elsewhere.
func (s State) pin(promise *sla.Promise, reason string, by domain.Actor, at time.Time) []Event {
	old, pinned := s.Clock.Pin()
	switch {
	case promise == nil || s.Imported || s.OutOfScope && !pinned:
		return nil
	case s.OutOfScope:
		promise = &sla.Promise{Hours: promise.Hours} // What was promised before ends.
	}
	pin := promise.Select(string(s.Priority), s.JobType, s.since())
	if pinned && old.Same(pin) {
		return nil
	}
	return []Event{SLAPinned{Staff: SLAPinnedStaff{Pin: pin, Reason: reason}, By: by.Person, At: at}}
}

// since is when the first promise about the ticket began: its own beginning, or that of one that was merged into it.
func (s State) since() time.Time {
	since := s.raisedAt
	for _, run := range s.Clock.Runs {
		if run.Began.Before(since) {
			since = run.Began
		}
	}
	return since
}

// pinSLA reaches open tickets alone: what ended stays as it was (A34).
func (s State) pinSLA(c PinSLA) ([]Event, error) {
	var check domain.Check
	check.Line("reason", c.Reason)
	if err := check.Err(); err != nil || !s.Status.Open() {
		return nil, err
	}
	if _, pinned := s.Clock.Pin(); !pinned && c.Promise.Source == sla.FromNowhere {
		return nil, nil
	}
	return s.pin(&c.Promise, c.Reason, c.By, c.At), nil
}

// acknowledge stops the ladder of what runs now; a later cycle climbs its own (F21).
func (s State) acknowledge(c Acknowledge) ([]Event, error) {
	var check domain.Check
	check.Text("note", c.Note, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	climbs := func(cycle Cycle) bool { return !slices.Contains(s.Stopped, cycle) }
	if !slices.ContainsFunc(s.running(), climbs) {
		return nil, nil
	}
	return []Event{EscalationAcknowledged{Staff: AudienceStaff{Reason: c.Note}, By: c.By.Person, At: c.At}}, nil
}

// excuse takes a breach out of account, for a reason that stays with it (F22).
func (s State) excuse(c ExcuseBreach) ([]Event, error) {
	cycle := Cycle{c.Goal, c.Cycle}
	if s.Excused(cycle) {
		return nil, nil
	}
	var check domain.Check
	check.Text("reason", c.Reason, 1)
	check.That(slices.Contains([]string{terms.Maintenance, terms.ForceMajeure, terms.ClientWait, Mistake}, c.Why), "why",
		"must be maintenance, force_majeure, client_wait or mistake")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !s.breached(c.Goal, c.Cycle) {
		return nil, domain.Refuse(domain.ErrConflict, "no_breach", "cycle %d of %s was not breached", c.Cycle, c.Goal)
	}
	return []Event{BreachExcused{
		Goal: c.Goal, Staff: BreachExcusedStaff{Cycle: c.Cycle, Why: c.Why, Reason: c.Reason}, By: c.By.Person, At: c.At,
	}}, nil
}

// reopenUntil is the end of the time in which what was resolved at an instant may be reopened; zero when nothing
// bounds it.
func reopenUntil(clock sla.Clock, resolved time.Time) time.Time {
	pin, pinned := clock.Pin()
	if !pinned || pin.ReopenDays == 0 || resolved.IsZero() {
		return time.Time{}
	}
	return resolved.Add(time.Duration(pin.ReopenDays) * 24 * time.Hour)
}
