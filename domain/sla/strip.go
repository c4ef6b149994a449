package sla

import (
	"slices"
	"time"
)

// maxStretches is how many stretches a strip has. Of more, the oldest are joined into one.
const maxStretches = 500

// Doing is what a clock did in a stretch of the strip that explains it (U5).
type Doing string

// What a clock does. A pause bears the name of its Condition.
const (
	Counting Doing = "counting"
	Closed   Doing = "closed"  // outside the opening hours
	Holiday  Doing = "holiday" // closed by a special day of the calendar
)

// Stretch is a part of the strip.
type Stretch struct {
	From, Until time.Time
	Doing       Doing
	Name        string // of a holiday
	Seconds     int64  // that counted
	Elapsed     int64  // at its end, of the whole run
}

// Strip explains a cycle: what the clock did from its beginning until an instant, or until the due instant where that
// lies later and is known. What it will do then is what it would if nothing happened any more.
func (c Clock) Strip(goal Goal, cycle int, until time.Time) []Stretch {
	i := slices.IndexFunc(c.Runs, func(run Run) bool { return run.Goal == goal && run.Cycle == cycle })
	if i < 0 {
		return nil
	}
	run := c.Runs[i]
	drawn := strip{pins: c.Pins, hours: hours{}}
	for _, segment := range run.Segments {
		if segment.Until.IsZero() {
			segment.Until = c.drawnUntil(drawn.hours, run, until)
		}
		drawn.draw(segment)
	}
	return drawn.stretches
}

// drawnUntil is where the strip of an open run ends.
func (c Clock) drawnUntil(ready hours, run Run, until time.Time) time.Time {
	until = until.UTC().Truncate(time.Second)
	if until.Before(c.At) {
		until = c.At
	}
	if target := c.target(run); target > 0 {
		if due, ok := ready.reached(c.Pins, run, target); ok && due.After(until) {
			return due
		}
	}
	return until
}

// strip is a strip while it is drawn.
type strip struct {
	pins      []Pin
	hours     hours
	stretches []Stretch
}

func (s *strip) draw(segment Segment) {
	if last := len(s.stretches) - 1; last >= 0 && s.stretches[last].Until.Before(segment.From) {
		s.add(Stretch{From: s.stretches[last].Until, Until: segment.From, Doing: Doing(Settled)})
	}
	if segment.Paused != Working {
		s.add(Stretch{From: segment.From, Until: segment.Until, Doing: Doing(segment.Paused)})
		return
	}
	schedule := s.hours.of(s.pins, segment.Pin)
	if schedule == nil {
		s.add(Stretch{From: segment.From, Until: segment.Until, Doing: Closed})
		return
	}
	for span := range schedule.Spans(segment.From, segment.Until) {
		stretch := Stretch{From: span.From, Until: span.Until, Doing: Closed}
		switch {
		case span.Open:
			stretch.Doing, stretch.Seconds = Counting, int64(span.Until.Sub(span.From)/time.Second)
		case span.Special:
			stretch.Doing, stretch.Name = Holiday, span.Name
		}
		s.add(stretch)
	}
}

// add appends a stretch, or joins it to the last one where both are the same.
func (s *strip) add(next Stretch) {
	if !next.From.Before(next.Until) {
		return
	}
	last := len(s.stretches) - 1
	if last >= 0 {
		next.Elapsed = s.stretches[last].Elapsed
	}
	next.Elapsed += next.Seconds
	if last >= 0 && s.stretches[last].Doing == next.Doing && s.stretches[last].Name == next.Name {
		s.stretches[last].join(next)
		return
	}
	if s.stretches = append(s.stretches, next); len(s.stretches) > maxStretches {
		s.stretches[0].join(s.stretches[1])
		s.stretches = slices.Delete(s.stretches, 1, 2)
	}
}

// join goes on with the next stretch. Where the two differ it counted, if either did.
func (s *Stretch) join(next Stretch) {
	if next.Doing == Counting {
		s.Doing, s.Name = Counting, ""
	}
	s.Until, s.Seconds, s.Elapsed = next.Until, s.Seconds+next.Seconds, next.Elapsed
}
