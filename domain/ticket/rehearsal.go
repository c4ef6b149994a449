package ticket

import (
	"time"

	"effigate/domain/sla"
)

// Rehearsal is a ticket's clock as it would have gone, had one promise held from its beginning on: what-if. It pins
// anew where the ticket's own history selected its target, and leaves the pins of history out.
type Rehearsal struct {
	Clock   sla.Clock
	promise sla.Promise
	// What selects the target.
	priority Priority
	jobType  string
	asked    string // job type of an estimate that was not answered yet
	outside  bool   // no contract covers it, so nothing is promised
	since    time.Time
}

// Rehearse begins the rehearsal of a ticket; its events follow by Apply.
func Rehearse(promise sla.Promise) Rehearsal { return Rehearsal{promise: promise} }

// Apply takes over what one event says. It cannot fail.
func (r Rehearsal) Apply(event Event) Rehearsal {
	if _, own := event.(SLAPinned); own {
		return r
	}
	if fact, moves := FactOf(event); moves {
		r.Clock = r.Clock.Apply(fact)
	}
	switch e := event.(type) {
	case Raised:
		r.priority, r.jobType, r.since, r.outside = e.Priority, e.JobType, e.At, e.OutOfScope
		return r.pin(e.At)
	case Triaged:
		r.priority, r.jobType, r.outside = e.Priority, e.JobType, r.outside && e.Contract.IsZero()
		return r.pin(e.At)
	case ClientChanged:
		r.jobType, r.outside = e.JobType, e.Contract.IsZero()
		return r.pin(e.At)
	case ScopeEstimated:
		r.asked = e.JobType
	case ScopeApproved:
		r.jobType, r.outside = r.asked, false
		return r.pin(e.At)
	default: // Nothing else selects a target.
	}
	return r
}

// pin selects anew, as State.pin does: what no contract covers any more is promised nothing from then on.
func (r Rehearsal) pin(at time.Time) Rehearsal {
	promise := r.promise
	if r.outside {
		if _, pinned := r.Clock.Pin(); !pinned {
			return r
		}
		promise = sla.Promise{Hours: promise.Hours}
	}
	r.Clock = r.Clock.Apply(sla.Fact{At: at, What: sla.Pinned, Pin: promise.Select(string(r.priority), r.jobType, r.since)})
	return r
}
