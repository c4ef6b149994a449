package sla

import (
	"cmp"
	"slices"
	"time"
)

// latePercent of a target is the second band of the queue (F20).
const latePercent = 90

// Mark is what a threshold means.
type Mark string

// The marks.
const (
	NearMark   Mark = "near_breach"
	BreachMark Mark = "breached"
	LevelMark  Mark = "level" // of the ladder
)

// Threshold is the instant at which a counting run uses up some share of its target: it passed or lies ahead.
type Threshold struct {
	At    time.Time
	Goal  Goal
	Cycle int
	Mark  Mark
	Level Level // of LevelMark
}

// Thresholds gives the thresholds of the runs that count now, in order of their instants, whether they passed or lie
// ahead. A threshold that was crossed before the present segment has the instant at which that began, but a breach
// has its due instant, and is given while the run is paused too. What lies further ahead than calendar.DueYears is
// left out.
func (c Clock) Thresholds() []Threshold {
	var all []Threshold
	ready := hours{}
	for _, run := range c.Runs {
		if run.open() && c.target(run) > 0 {
			all = append(all, c.thresholds(ready, run)...)
		}
	}
	slices.SortStableFunc(all, func(a, b Threshold) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Goal.rank(), b.Goal.rank()), cmp.Compare(a.Level.Level, b.Level.Level))
	})
	return all
}

func (c Clock) thresholds(ready hours, run Run) []Threshold {
	var all []Threshold
	add := func(mark Mark, seconds int64, level Level) {
		at, ok := ready.reached(c.Pins, run, seconds)
		if mark == BreachMark && !run.Breached.IsZero() {
			at, ok = run.Breached, true
		}
		if ok {
			all = append(all, Threshold{At: at, Goal: run.Goal, Cycle: run.Cycle, Mark: mark, Level: level})
		}
	}
	pin, target := c.pin(run), c.target(run)
	if run.last().Paused == Working {
		add(NearMark, pin.near(run.Goal), Level{})
		for _, level := range pin.Ladder {
			if after := level.seconds(target); after > 0 && (level.Goal == "" || level.Goal == run.Goal) {
				add(LevelMark, after, level)
			}
		}
	}
	if run.last().Paused == Working || !run.Breached.IsZero() {
		add(BreachMark, target, Level{})
	}
	return slices.DeleteFunc(all, func(t Threshold) bool {
		return t.Mark == NearMark && !run.Breached.IsZero() && t.At.After(run.Breached) // It is beyond that.
	})
}

// seconds of a target are used when a level is reached. A level with 0 or less is due before the target begins, and
// never reached: each short target would begin with it.
func (l Level) seconds(target int64) int64 { return share(target, l.Percent) + int64(l.Minutes)*60 }
