package sla

import (
	"time"

	"effigate/domain/calendar"
)

// hours works out opening time under some pins. It makes each calendar ready once.
type hours map[int]*calendar.Schedule

// of is the schedule of a pin; nil where its calendar is none, and the service never opens.
func (h hours) of(pins []Pin, index int) *calendar.Schedule {
	schedule, known := h[index]
	if !known {
		if made, err := pins[index].Hours.Schedule(); err == nil {
			schedule = &made
		}
		h[index] = schedule
	}
	return schedule
}

// elapsed is the opening time of a segment until an instant, in seconds; 0 where it is paused.
func (h hours) elapsed(pins []Pin, segment Segment, until time.Time) int64 {
	if segment.Paused != Working || !segment.From.Before(until) {
		return 0
	}
	schedule := h.of(pins, segment.Pin)
	if schedule == nil {
		return 0
	}
	return schedule.Elapsed(segment.From, until)
}

// reached is when an open run will have used so many seconds, or has: the beginning of its present segment if it
// had before. It is false while it is paused, and when the service does not open for that long.
func (h hours) reached(pins []Pin, run Run, seconds int64) (time.Time, bool) {
	last := run.last()
	seconds -= run.used()
	if seconds <= 0 {
		return last.From, true
	}
	if last.Paused != Working {
		return time.Time{}, false
	}
	schedule := h.of(pins, last.Pin)
	if schedule == nil {
		return time.Time{}, false
	}
	return schedule.Due(last.From, seconds)
}
