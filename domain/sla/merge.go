package sla

import (
	"slices"
	"time"
)

// merge takes in the clock of a ticket that was merged into this one (F16): what both promise counts from the earlier
// beginning, without the pauses of either. Whoever waited for an answer there waits for it here.
func (m *moving) merge(other Clock) {
	if len(m.Runs) == 0 || m.Condition == Settled {
		return
	}
	for _, goal := range Goals() {
		theirs, began := other.newest(goal)
		if !began || !theirs.owed() {
			continue
		}
		own, also := m.newest(goal)
		if !also || !own.open() {
			if goal == Resolution || m.owes() {
				continue
			}
			if also {
				goal = NextResponse // The first one was given here.
			}
			m.start(goal)
			own, _ = m.newest(goal)
		}
		*own = m.union(*own, *theirs)
	}
	slices.SortStableFunc(m.Runs, byBeginning)
}

// owed reports whether what a run promised was still owed when its ticket ended in favour of another.
func (r Run) owed() bool { return r.open() || r.Outcome == Cancelled }

// union is an open run with the beginning of another one if that is earlier, and the pauses of both. A pause there
// does not undo a breach here.
func (m *moving) union(own, theirs Run) Run {
	m.breach(&own, m.At)
	joined := own
	joined.Segments, joined.Breached = nil, time.Time{}
	edges := m.edges(own, theirs)
	joined.Began = edges[0]
	for i, from := range edges[:len(edges)-1] {
		segment, runs := both(own, theirs, from)
		if !runs {
			continue
		}
		segment.From = from
		joined.Segments = append(joined.Segments, segment)
		m.breach(&joined, edges[i+1].Add(-time.Second)) // What is used up at the edge, the next segment finds.
		m.close(&joined, edges[i+1])
	}
	joined.Segments = append(joined.Segments, m.segment())
	if own.Breached.Before(joined.Breached) && !own.Breached.IsZero() || joined.Breached.IsZero() {
		joined.Breached = own.Breached
	}
	return joined
}

// edges are the instants until now at which one of two runs changed, in order.
func (m *moving) edges(runs ...Run) []time.Time {
	edges := []time.Time{m.At}
	for _, run := range runs {
		edges = append(edges, run.Began)
		for _, segment := range run.Segments {
			edges = append(edges, segment.From, segment.Until)
		}
	}
	edges = slices.DeleteFunc(edges, func(edge time.Time) bool { return edge.IsZero() || edge.After(m.At) })
	slices.SortFunc(edges, time.Time.Compare)
	return slices.CompactFunc(edges, time.Time.Equal)
}

// both is what two runs together do from an instant on; false when one of them was thought to have ended. What passed
// before a run's own beginning counts under its own first pin.
func both(own, theirs Run, at time.Time) (Segment, bool) {
	mine, other := own.during(at), theirs.during(at)
	runs := !at.Before(theirs.Began) && (theirs.open() || at.Before(theirs.Ended))
	switch {
	case runs && other == nil:
		return Segment{}, false
	case at.Before(own.Began):
		first := own.Segments[0]
		if other == nil || first.Paused == Unpromised {
			return Segment{Paused: Unpromised, Pin: first.Pin}, true
		}
		return Segment{Paused: other.Paused, While: other.While, Pin: first.Pin}, true
	case mine == nil:
		return Segment{}, false
	case other == nil || mine.Paused != Working || other.Paused == Unpromised || other.Paused == Working:
		return Segment{Paused: mine.Paused, While: mine.While, Pin: mine.Pin}, true
	}
	return Segment{Paused: other.Paused, While: other.While, Pin: mine.Pin}, true
}

// during is the segment at an instant, nil when there is none.
func (r Run) during(at time.Time) *Segment {
	for i := range r.Segments {
		segment := &r.Segments[i]
		if !at.Before(segment.From) && (segment.Until.IsZero() || at.Before(segment.Until)) {
			return segment
		}
	}
	return nil
}
