package sla

import "time"

// Reading is one target at an instant.
type Reading struct {
	Goal             Goal
	Cycle            int
	State            State
	GoalSeconds      int64 // 0 = nothing is promised
	ElapsedSeconds   int64 // of opening time, pauses left out
	RemainingSeconds int64 // GoalSeconds - ElapsedSeconds: below 0 by how much it is late
	Began, Ended     time.Time
	// Due is when the target will be used up or was; zero while it is paused and has time left, and when it never
	// will be. Near and Late are the instants of the near-breach threshold (X7) and of 90 % (F20), likewise.
	Due, Near, Late time.Time
	Breached        time.Time // the due instant that passed, or zero
	PausedFor       Condition
	Pin             int // index in Clock.Pins
}

// Readings gives the newest cycle of each goal that began, in the order of Goals.
func (c Clock) Readings(now time.Time) []Reading {
	var all []Reading
	ready := hours{}
	for _, goal := range Goals() {
		if run, began := c.newest(goal); began {
			all = append(all, c.read(ready, *run, now))
		}
	}
	return all
}

// Reading gives the newest cycle of a goal at an instant; false when the goal never began. A clock knows no instant
// before its newest fact.
func (c Clock) Reading(goal Goal, now time.Time) (Reading, bool) {
	run, began := c.newest(goal)
	if !began {
		return Reading{}, false
	}
	return c.read(hours{}, *run, now), true
}

func (c Clock) read(ready hours, run Run, now time.Time) Reading {
	target, used := c.Margin(run)
	r := Reading{
		Goal: run.Goal, Cycle: run.Cycle, State: run.Outcome, GoalSeconds: target, ElapsedSeconds: used,
		Began: run.Began, Ended: run.Ended, Due: run.Breached, Breached: run.Breached, Pin: run.last().Pin,
	}
	if run.open() {
		if now = now.UTC().Truncate(time.Second); now.Before(c.At) {
			now = c.At
		}
		r.ElapsedSeconds += ready.elapsed(c.Pins, *run.last(), now)
		r.PausedFor = run.last().Paused
		if target > 0 {
			c.foresee(ready, run, now, &r)
		}
		r.State = c.state(run, r)
	} else if target == 0 && r.Breached.IsZero() {
		r.State = NotApplicable
	}
	r.RemainingSeconds = r.GoalSeconds - r.ElapsedSeconds
	return r
}

// Margin is what is promised about a run, 0 for nothing, and how much opening time its ended segments used, in seconds.
// Where a promise was missed, taken back, and the run has ended, both are as they were when it was taken back: what
// passed afterwards was owed to nobody.
func (c Clock) Margin(run Run) (target, used int64) {
	target, used = c.target(run), run.used()
	if target > 0 || run.open() || run.Breached.IsZero() {
		return target, used
	}
	var passed int64
	for _, segment := range run.Segments {
		passed += segment.Seconds
		if segment.Paused == Unpromised || segment.From.Equal(segment.Until) {
			continue
		}
		if promised := c.Pins[segment.Pin].Seconds(run.Goal); promised > 0 {
			target, used = promised, passed
		}
	}
	return target, used
}

// foresee fills in the instants of an open run.
func (c Clock) foresee(ready hours, run Run, now time.Time, r *Reading) {
	r.Near, _ = ready.reached(c.Pins, run, c.pin(run).near(run.Goal))
	r.Late, _ = ready.reached(c.Pins, run, share(r.GoalSeconds, latePercent))
	if !r.Breached.IsZero() {
		return
	}
	r.Due, _ = ready.reached(c.Pins, run, r.GoalSeconds)
	if !r.Due.IsZero() && !r.Due.After(now) {
		r.Breached = r.Due
	}
}

// state is that of an open run.
func (c Clock) state(run Run, r Reading) State {
	switch {
	case !r.Breached.IsZero():
		return Breached
	case r.GoalSeconds == 0:
		return NotApplicable
	case r.PausedFor != Working:
		return Paused
	case r.ElapsedSeconds >= c.pin(run).near(run.Goal):
		return NearBreach
	}
	return Running
}
