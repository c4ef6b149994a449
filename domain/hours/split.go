package hours

import (
	"fmt"
	"slices"
	"time"

	"effigate/domain/calendar"
	"effigate/domain/zone"
)

// Part is a stretch of a record under one condition.
type Part struct {
	Condition Condition
	Span      Span // zero for a record that has a duration only
	Seconds   int64
}

// Split cuts a span of work where the condition changes. The parts are in order and without gap, two in a row
// differ, and their seconds sum to the span's; an empty span has none. emergency puts the whole span under
// Emergency. It fails where the calendar's zone is unknown or a window has a Problem.
//
// A window holds at an instant when the wall clock shows a time within it: what lies in the gap of a clock change
// never comes, and what lies in its fold comes twice. The day before, from which a window reaches past midnight, is
// the one that the zone had before.
func Split(work Span, windows []Window, of calendar.Calendar, emergency bool) ([]Part, error) {
	location, err := zone.Load(of.Zone)
	if err != nil {
		return nil, err
	}
	r := ruler{calendar: of, zone: location}
	for i, w := range windows {
		if problem := w.Problem(); problem != "" {
			return nil, fmt.Errorf("condition %d %s", i+1, problem)
		}
		r.add(w)
	}
	r.finish()
	var parts []Part
	for stretch := range calendar.Stretches(location, work.From, work.Until) {
		holds := r.on(stretch.Day())
		from, until := stretch.Clocks()
		for from < until {
			next := r.edgeAfter(from, until)
			condition := holds.at(from)
			if emergency {
				condition = Emergency
			}
			parts = join(parts, condition, Span{From: stretch.At(from), Until: stretch.At(next)})
			from = next
		}
	}
	return parts, nil
}

// join adds a span of work to the parts, to the last one where the condition stays.
func join(parts []Part, condition Condition, span Span) []Part {
	last := len(parts) - 1
	if last < 0 || parts[last].Condition != condition {
		return append(parts, Part{Condition: condition, Span: span, Seconds: span.Seconds()})
	}
	parts[last].Span.Until = span.Until
	parts[last].Seconds = parts[last].Span.Seconds()
	return parts
}

// WithoutBreak takes the seconds of a break off the parts in proportion, by largest remainder, so that what is left
// sums exactly. A break as long as all of them, or longer, leaves nothing. The spans stay: nobody knows when the
// break was.
func WithoutBreak(parts []Part, seconds int64) []Part {
	weights := make([]int64, len(parts))
	var worked int64
	for i, part := range parts {
		weights[i] = part.Seconds
		worked += part.Seconds
	}
	left := slices.Clone(parts)
	for i, share := range Allocate(int(min(max(0, seconds), worked)), weights) {
		left[i].Seconds -= int64(share)
	}
	return left
}

// ruler tells the condition of a time of day.
type ruler struct {
	calendar calendar.Calendar
	zone     *time.Location
	windows  []window // the winning one first
	edges    []int    // clock times at which a window begins or ends, in order
}

type window struct {
	Window
	from, until int // seconds since midnight
}

func (r *ruler) add(w Window) {
	from, _ := w.From.Seconds()
	until, _ := w.Until.Seconds()
	r.windows = append(r.windows, window{w, from, until})
	r.edges = append(r.edges, from, until)
}

func (r *ruler) finish() {
	slices.SortStableFunc(r.windows, func(a, b window) int { return b.Priority - a.Priority })
	slices.Sort(r.edges)
}

// edgeAfter is the next clock time at which a condition may change, at most until.
func (r *ruler) edgeAfter(clock, until int) int {
	i, _ := slices.BinarySearch(r.edges, clock+1)
	if i == len(r.edges) {
		return until
	}
	return min(r.edges[i], until)
}

// held are the windows that may hold on a day, the winning one first.
type held []struct {
	window
	begins  bool // on the day
	reaches bool // into it, from the day before
}

func (r *ruler) on(day calendar.Date) held {
	before := calendar.DateOf(day.Start(r.zone).Add(-time.Second), r.zone)
	all := make(held, len(r.windows))
	for i, w := range r.windows {
		all[i].window = w
		all[i].begins = r.begins(w, day)
		all[i].reaches = w.until <= w.from && r.begins(w, before)
	}
	return all
}

func (r *ruler) begins(w window, day calendar.Date) bool {
	if day < w.ValidFrom || w.ValidUntil != "" && day > w.ValidUntil {
		return false
	}
	if w.Holidays {
		_, holiday := r.calendar.Holiday(day)
		return holiday
	}
	return len(w.Weekdays) == 0 || slices.Contains(w.Weekdays, calendar.WeekdayOf(day.Weekday()))
}

func (h held) at(clock int) Condition {
	for _, w := range h {
		ends := clock < w.until
		if w.begins && clock >= w.from && (ends || w.until <= w.from) || w.reaches && ends {
			return w.Condition
		}
	}
	return Regular
}
