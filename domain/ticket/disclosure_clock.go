package ticket

import (
	"encoding/json"
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/visible"
)

// promised is what the fold knows about the promises. The clock holds policy, targets and opening hours; what leaves
// it are a state, and the instants and stretches that follow from them (X1).
type promised struct {
	clock       sla.Clock
	escalations []escalation // the first of the newest cycle of each goal
	escalatedAt time.Time    // zero unless one of them goes on, unpaused
	targets     []target
	movedAt     time.Time // when the ticket came to its organisation from another one; zero if it did not
}

// escalation is that a cycle was escalated first at an instant.
type escalation struct {
	goal  sla.Goal
	cycle int
	at    time.Time
}

// target is a promise in the client's words.
type target struct {
	told  visible.Target // all but whose it is
	basis basis
}

// basis is what the strip of a target follows from. As long as it stays, the strip does.
type basis struct {
	cycle    int
	state    sla.State
	began    time.Time
	due      time.Time
	segments int
	last     sla.Segment
}

// learn looks at the targets anew only where an event moves the clock.
func (p promised) learn(e Event) promised {
	clock, moves := moved(p.clock, e)
	escalated, escalates := e.(Escalated)
	came, comes := e.(ClientChanged)
	if !moves && !escalates && !comes {
		return p
	}
	p.clock = clock
	readings := clock.Readings(clock.At)
	if comes {
		p.movedAt = came.At
	}
	if _, rewrites := e.(MergedIn); rewrites || comes {
		p.targets = nil
	}
	if moves || comes {
		p.targets = p.look(readings)
	}
	if escalates {
		p.escalations = climbed(p.escalations, escalated, readings)
	}
	p.escalatedAt = goesOn(p.escalations, readings)
	return p
}

// look tells of every target that the client is promised something about.
func (p promised) look(readings []sla.Reading) []target {
	var targets []target
	for _, reading := range readings {
		told, promises := tell(reading)
		if !promises {
			continue
		}
		next := target{told: told, basis: p.basisOf(reading, told.Due)}
		i := slices.IndexFunc(p.targets, func(old target) bool { return old.told.Goal == told.Goal && old.basis == next.basis })
		if i >= 0 {
			next.told.Strip = p.targets[i].told.Strip
		} else {
			next.told.Strip = p.explained(p.clock.Strip(reading.Goal, reading.Cycle, p.clock.At), told, reading.Ended.IsZero())
		}
		targets = append(targets, next)
	}
	return targets
}

func (p promised) basisOf(reading sla.Reading, due time.Time) basis {
	known := basis{cycle: reading.Cycle, state: reading.State, began: reading.Began, due: due}
	for _, run := range p.clock.Runs {
		if run.Goal == reading.Goal && run.Cycle == reading.Cycle && len(run.Segments) > 0 {
			known.segments, known.last = len(run.Segments), run.Segments[len(run.Segments)-1]
		}
	}
	return known
}

// tell puts a reading into the client's words; false where nothing is promised.
func tell(reading sla.Reading) (visible.Target, bool) {
	told := visible.Target{Goal: string(reading.Goal)}
	switch reading.State {
	case sla.NotApplicable, sla.Cancelled:
		return visible.Target{}, false
	case sla.Running:
		told.State, told.Due = visible.TargetOnTrack, reading.Due
	case sla.NearBreach:
		told.State, told.Due = visible.TargetAtRisk, reading.Due
	case sla.Breached:
		told.State, told.Due = visible.TargetMissed, reading.Breached
	case sla.Paused:
		told.State, told.RemainingSeconds = visible.TargetPaused, max(reading.RemainingSeconds, 0)
	case sla.Met:
		told.State = visible.TargetMet
	case sla.MetLate:
		told.State = visible.TargetMetLate
	}
	return told, true
}

// climbed notes an escalation of the cycle that goes on. The levels after its first one are no news: their number and
// their instants would tell the ladder.
func climbed(before []escalation, e Escalated, readings []sla.Reading) []escalation {
	i := slices.IndexFunc(readings, func(reading sla.Reading) bool { return reading.Goal == e.Goal })
	if i < 0 {
		return before
	}
	of := func(old escalation) bool { return old.goal == e.Goal }
	if old := slices.IndexFunc(before, of); old >= 0 && before[old].cycle == readings[i].Cycle {
		return before
	}
	return append(slices.DeleteFunc(slices.Clone(before), of), escalation{e.Goal, readings[i].Cycle, e.At})
}

// goesOn is the instant of the first escalation whose cycle counts now.
func goesOn(escalations []escalation, readings []sla.Reading) time.Time {
	var first time.Time
	for _, reading := range readings {
		if !reading.Ended.IsZero() || reading.PausedFor != sla.Working {
			continue
		}
		for _, e := range escalations {
			if e.goal == reading.Goal && e.cycle == reading.Cycle && (first.IsZero() || e.at.Before(first)) {
				first = e.at
			}
		}
	}
	return first
}

// explained is a strip in the client's words, as JSON. While the target is open it ends where that is due, or where it
// paused: beyond, it would tell when staff last did anything to the clock.
func (p promised) explained(strip []sla.Stretch, told visible.Target, open bool) string {
	shown := []visible.Stretch{}
	for _, stretch := range strip {
		until, seconds := stretch.Until, stretch.Seconds
		if open && until.After(told.Due) && !told.Due.IsZero() {
			until = told.Due
			seconds = min(seconds, int64(max(until.Sub(stretch.From), 0)/time.Second))
		}
		if !stretch.From.Before(until) {
			break
		}
		next := visible.Stretch{From: stretch.From.UTC(), Until: until.UTC(), Doing: p.clientDoing(stretch), Seconds: seconds}
		if last := len(shown) - 1; last >= 0 && shown[last].Doing == next.Doing {
			shown[last].Until, shown[last].Seconds = next.Until, shown[last].Seconds+next.Seconds
			continue
		}
		shown = append(shown, next)
	}
	if open && told.Due.IsZero() {
		shown = beforePause(shown)
	}
	text, err := json.Marshal(shown)
	if err != nil {
		panic(err) // Instants of this era, words and numbers always encode.
	}
	return string(text)
}

// beforePause leaves out the stretches at the end in which nothing counts.
func beforePause(shown []visible.Stretch) []visible.Stretch {
	for len(shown) > 0 && shown[len(shown)-1].Doing != string(sla.Counting) {
		shown = shown[:len(shown)-1]
	}
	return shown
}

// clientDoing puts what a clock does into the client's words, in which a third party and a reason of the firm's own are
// the same. So is what another organisation was asked before the ticket came from there.
func (p promised) clientDoing(stretch sla.Stretch) string {
	if p.movedAt.After(stretch.From) && (stretch.Doing == sla.Doing(sla.WaitingClient) || stretch.Doing == sla.Doing(sla.AwaitingScope)) {
		return visible.TicketOnHold
	}
	switch stretch.Doing {
	case sla.Counting, sla.Holiday:
		return string(stretch.Doing)
	case sla.Doing(sla.WaitingClient):
		return visible.TicketWaitingForYou
	case sla.Doing(sla.WaitingThirdParty), sla.Doing(sla.OnHold):
		return visible.TicketOnHold
	case sla.Doing(sla.AwaitingScope):
		return visible.TicketAwaitingApproval
	case sla.Doing(sla.Settled):
		return visible.TicketResolved
	default: // Closed, or not promised yet.
		return string(sla.Closed)
	}
}

// targets are the promises that the client sees.
func (d Disclosure) targets() []visible.Record {
	records := make([]visible.Record, 0, len(d.promises.targets))
	for _, target := range d.promises.targets {
		record := target.told
		record.Client, record.Ticket = d.client.UUID, d.ticket.UUID
		record.ID = domain.Derive(d.ticket.UUID, "target", record.Goal)
		records = append(records, record)
	}
	return records
}

// reopenUntil is until when the client may take the ticket up again.
func (d Disclosure) reopenUntil() time.Time {
	if !d.status.Settled() {
		return time.Time{}
	}
	return reopenUntil(d.promises.clock, d.resolvedAt)
}
