package ticket

import (
	"slices"
	"time"

	"effigate/domain/sla"
)

// Promises is what has become of the promises about a ticket: its clock, and what of it was written down. It is a
// fold of the ticket's own events in plain JSON data, so that decisions and read models have one and the same. The
// zero Promises is a ticket that was not raised.
type Promises struct {
	Clock sla.Clock `json:"clock"`
	// Fired lists the thresholds that were written down, of the newest cycle of each goal.
	Fired []Fired `json:"fired,omitzero"`
	// Stopped lists the cycles whose ladder somebody acknowledged.
	Stopped []Cycle `json:"stopped,omitzero"`
	// Resolved is since when the ticket waits to be closed; zero while it does not.
	Resolved time.Time `json:"resolved,omitzero"`
	// Imported says that nothing ever fires.
	Imported bool `json:"imported,omitzero"`
}

// Cycle names a run of the clock.
type Cycle struct {
	Goal  sla.Goal `json:"goal"`
	Cycle int      `json:"cycle"`
}

// Fired is a threshold that was written down: a state, or a level of the ladder.
type Fired struct {
	Cycle
	State sla.State `json:"state,omitzero"` // sla.NearBreach or sla.Breached
	Level int       `json:"level,omitzero"`
}

// Apply takes over what one event says. It cannot fail, and it copies what it changes.
func (p Promises) Apply(event Event) Promises {
	if clock, moves := moved(p.Clock, event); moves {
		p.Clock = clock
		p = p.forget()
	}
	switch e := event.(type) {
	case Raised:
		p.Imported = e.Staff.Imported
	case SLAStateReached:
		return p.fire(Fired{Cycle: Cycle{e.Goal, e.Staff.Cycle}, State: e.State})
	case Escalated:
		return p.fire(Fired{Cycle: Cycle{e.Goal, e.Staff.Cycle}, Level: e.Staff.Level.Level})
	case EscalationAcknowledged:
		p.Stopped = p.running()
	case Resolved:
		p.Resolved = e.At
	case Reopened, Closed:
		p.Resolved = time.Time{}
	case Triaged, Assigned, Started, Commented, CommentEdited, CommentDeleted, Noted, WaitingStarted, WaitingEnded,
		Cancelled, Merged, MergedIn, Split, Linked, Unlinked, ClientChanged, ScopeEstimated, ScopeApproved, ScopeDeclined,
		Attached, AttachmentPublished, AttachmentWithdrawn, AttachmentErased, SLAPinned, TargetConcluded, BreachExcused,
		Watched, Published, Withdrawn, CommentPublished, CommentWithdrawn, Numbered, Imported:
	}
	return p
}

// fire notes a threshold. Those of earlier cycles of its goal can fire no more.
func (p Promises) fire(f Fired) Promises {
	p.Fired = append(slices.DeleteFunc(slices.Clone(p.Fired), func(old Fired) bool {
		return old.Goal == f.Goal && old.Cycle.Cycle < f.Cycle.Cycle
	}), f)
	return p
}

// forget lets a target come near its breach once more that got so much longer that it is near it no more.
func (p Promises) forget() Promises {
	far := func(f Fired) bool {
		reading, known := p.Clock.Reading(f.Goal, p.Clock.At)
		return f.State == sla.NearBreach && known && reading.Cycle == f.Cycle.Cycle && reading.State == sla.Running
	}
	if slices.ContainsFunc(p.Fired, far) {
		p.Fired = slices.DeleteFunc(slices.Clone(p.Fired), far)
	}
	return p
}

// running lists the cycles that go on.
func (p Promises) running() []Cycle {
	var cycles []Cycle
	for _, reading := range p.Clock.Readings(p.Clock.At) {
		if reading.Ended.IsZero() {
			cycles = append(cycles, Cycle{reading.Goal, reading.Cycle})
		}
	}
	return cycles
}

// Pending lists the thresholds that nobody has written down yet, in the order of their instants, whether these passed
// or lie ahead.
func (p Promises) Pending() []sla.Threshold {
	if p.Imported {
		return nil
	}
	return slices.DeleteFunc(p.Clock.Thresholds(), p.settled)
}

// settled reports whether a threshold has fired, or will not because somebody has the ticket in hand.
func (p Promises) settled(t sla.Threshold) bool {
	fired := Fired{Cycle: Cycle{t.Goal, t.Cycle}, Level: t.Level.Level}
	switch {
	case t.Level.Level > 0:
		return slices.Contains(p.Stopped, fired.Cycle) || slices.Contains(p.Fired, fired)
	case t.Mark == sla.NearMark:
		fired.State = sla.NearBreach
	default:
		fired.State = sla.Breached
	}
	return slices.Contains(p.Fired, fired)
}

// ClosesAt is when the ticket closes by itself; false when it does not.
func (p Promises) ClosesAt() (time.Time, bool) {
	pin, pinned := p.Clock.Pin()
	if p.Imported || p.Resolved.IsZero() || !pinned {
		return time.Time{}, false
	}
	return pin.ClosesAt(p.Resolved)
}

// Next is the earliest instant at which time alone changes something about the ticket, passed or ahead; false when
// there is none.
func (p Promises) Next() (time.Time, bool) {
	at, ok := p.ClosesAt()
	if pending := p.Pending(); len(pending) > 0 && (!ok || pending[0].At.Before(at)) {
		return pending[0].At, true
	}
	return at, ok
}
