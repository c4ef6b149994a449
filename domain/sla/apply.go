package sla

import (
	"cmp"
	"slices"
	"time"
)

// maxRuns is how many runs a clock keeps. Of more, the oldest that is not the newest of its goal is forgotten; what
// came of it stands in the ticket's history.
const maxRuns = 200

// Replay is the clock after some facts, in order: history, or what-if under another pin.
func Replay(facts []Fact) Clock {
	var clock Clock
	for _, fact := range facts {
		clock = clock.Apply(fact)
	}
	return clock
}

// Apply takes over one fact. It cannot fail, and it copies what it changes. It counts in whole seconds, and a fact
// from before the newest one counts at the instant of that.
//
// A run that uses up its target is breached at that instant, and stays so. Only what concludes it then is in time.
func (c Clock) Apply(fact Fact) Clock {
	next := moving{Clock: c, hours: hours{}, before: fact.At.Add(-time.Nanosecond).UTC().Truncate(time.Second)}
	next.At = fact.At.UTC().Truncate(time.Second)
	if next.At.Before(c.At) {
		next.At, next.before = c.At, c.At.Add(-time.Second)
	}
	if c.Condition == Over {
		return next.Clock
	}
	next.Runs = slices.Clone(c.Runs)
	next.take(fact)
	for i := range next.Runs {
		next.breach(&next.Runs[i], next.At)
	}
	next.forget()
	return next.Clock
}

// moving is a clock that takes over a fact at At. Its runs are its own already, their segments are not.
type moving struct {
	Clock
	// before is the last whole second before the fact. What a fact concludes at the due instant is not late.
	before time.Time
	hours  hours
}

func (m *moving) take(fact Fact) {
	switch fact.What {
	case Began:
		m.begin(fact.Owed)
	case Pinned:
		m.Pins = slices.Concat(m.Pins, []Pin{fact.Pin})
		m.cut()
	case Asked:
		m.ask()
	case Answered:
		m.end(Met, FirstResponse, NextResponse)
	case Entered:
		m.enter(fact.Into)
	case Reopened:
		m.enter(Working)
	case MergedIn:
		m.merge(fact.Other)
	}
}

func (m *moving) begin(owed bool) {
	if len(m.Runs) > 0 || m.Condition == Settled {
		return
	}
	if owed {
		m.start(FirstResponse)
	}
	m.start(Resolution)
}

// ask begins a next response, unless the client waits for an answer already: a shorter promise never overrides that
// of the first one.
func (m *moving) ask() {
	if len(m.Runs) > 0 && m.Condition != Settled && !m.owes() {
		m.start(NextResponse)
	}
}

// owes reports whether the client waits for an answer.
func (m *moving) owes() bool {
	return slices.ContainsFunc(m.Runs, func(run Run) bool { return run.open() && run.Goal != Resolution })
}

func (m *moving) enter(into Condition) {
	if into == m.Condition {
		return
	}
	from := m.Condition
	m.Condition = into
	switch {
	case into == Over:
		m.end(Cancelled, Goals()...)
	case into == Settled:
		m.end(Met, Goals()...)
	case from == Settled:
		m.resume()
	default:
		m.cut()
	}
}

// resume goes on with the resolution where it was when it was thought to be done: what passed since does not count.
func (m *moving) resume() {
	pin, _ := m.Pin()
	run, began := m.newest(Resolution)
	if !began || pin.ReopenStartsAnew {
		m.start(Resolution)
		return
	}
	run.Ended, run.Outcome = time.Time{}, ""
	run.Segments = slices.Concat(run.Segments, []Segment{m.segment()})
}

func (m *moving) start(goal Goal) {
	cycle := 1
	if newest, began := m.newest(goal); began {
		cycle = newest.Cycle + 1
	}
	m.Runs = append(m.Runs, Run{Goal: goal, Cycle: cycle, Began: m.At, Segments: []Segment{m.segment()}})
}

// end concludes the open runs of some goals, or cancels them.
func (m *moving) end(outcome State, goals ...Goal) {
	for i := range m.Runs {
		run := &m.Runs[i]
		if !run.open() || !slices.Contains(goals, run.Goal) {
			continue
		}
		m.breach(run, m.before)
		m.close(run, m.At)
		run.Ended, run.Outcome = m.At, outcome
		switch {
		case outcome == Cancelled:
		case !run.Breached.IsZero():
			run.Outcome = MetLate
		case m.target(*run) == 0:
			run.Outcome = NotApplicable
		}
	}
}

// cut ends the present segment of each open run and begins another one.
func (m *moving) cut() {
	for i := range m.Runs {
		run := &m.Runs[i]
		if !run.open() {
			continue
		}
		m.breach(run, m.At)
		m.close(run, m.At)
		if last := len(run.Segments) - 1; run.Segments[last].From.Equal(m.At) {
			run.Segments = run.Segments[:last] // Nothing passed in it.
		}
		run.Segments = append(run.Segments, m.segment())
	}
}

// segment is one that begins now.
func (m *moving) segment() Segment {
	pin, pinned := m.Pin()
	segment := Segment{From: m.At, While: m.Condition, Paused: pin.pauses(m.Condition)}
	if pinned {
		segment.Pin = len(m.Pins) - 1
	}
	return segment
}

// close ends the present segment of a run, in a copy.
func (m *moving) close(run *Run, at time.Time) {
	run.Segments = slices.Clone(run.Segments)
	last := run.last()
	last.Until, last.Seconds = at, m.hours.elapsed(m.Pins, *last, at)
}

// breach notes the instant at which an open run used up its target, if it has by an instant.
func (m *moving) breach(run *Run, by time.Time) {
	if !run.open() || !run.Breached.IsZero() {
		return
	}
	target := m.target(*run)
	if target == 0 || int64(by.Sub(run.last().From)/time.Second) < target-run.used() {
		return // Not even if it was open all the time.
	}
	if due, ok := m.hours.reached(m.Pins, *run, target); ok && !due.After(by) {
		run.Breached = due
	}
}

// forget keeps the runs few. The newest of each goal stay, and so does what is open.
func (m *moving) forget() {
	if len(m.Runs) <= maxRuns {
		return
	}
	old := slices.IndexFunc(m.Runs, func(run Run) bool {
		newest, _ := m.newest(run.Goal)
		return run.Cycle < newest.Cycle
	})
	m.Runs = slices.Delete(m.Runs, old, old+1)
}

// newest finds the newest cycle of a goal.
func (c Clock) newest(goal Goal) (*Run, bool) {
	var newest *Run
	for i := range c.Runs {
		if run := &c.Runs[i]; run.Goal == goal && (newest == nil || run.Cycle > newest.Cycle) {
			newest = run
		}
	}
	return newest, newest != nil
}

// Pin is the newest pin, false when nothing was pinned.
func (c Clock) Pin() (Pin, bool) {
	if len(c.Pins) == 0 {
		return Pin{}, false
	}
	return c.Pins[len(c.Pins)-1], true
}

// pin is the one that holds for a run, or held when it ended.
func (c Clock) pin(run Run) Pin {
	if run.last().Paused == Unpromised {
		return Pin{}
	}
	return c.Pins[run.last().Pin]
}

// target is how many seconds are promised about a run, at its end or now.
func (c Clock) target(run Run) int64 { return c.pin(run).Seconds(run.Goal) }

func (r Run) open() bool { return r.Ended.IsZero() }

func (r Run) last() *Segment { return &r.Segments[len(r.Segments)-1] }

// used is the opening time of the segments that ended.
func (r Run) used() int64 {
	var seconds int64
	for _, segment := range r.Segments {
		seconds += segment.Seconds
	}
	return seconds
}

// byBeginning orders runs.
func byBeginning(a, b Run) int {
	return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Goal.rank(), b.Goal.rank()), cmp.Compare(a.Cycle, b.Cycle))
}

func (g Goal) rank() int { return slices.Index(Goals(), g) }
