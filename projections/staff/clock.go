package staff

import (
	"encoding/json"
	"strconv"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Clocks projects what has become of the promises about tickets. It folds what the aggregate itself folds, so what is
// read here is what a replay of the stream gives.
var Clocks = projections.Projection[domain.Recorded, rows.Clock]{
	Table: "clocks", Key: clockOf, Evolve: evolveClock,
}

// clockOf names the clock that an event changes. What changes none is not worth decoding one for.
func clockOf(r domain.Recorded) (uuid.UUID, bool) {
	event, ok := r.Event.(ticket.Event)
	if !ok || !changesPromises(event) {
		return uuid.Nil, false
	}
	return streamID(r, "ticket"), true
}

// changesPromises reports whether ticket.Promises takes anything from an event. A property holds it to that.
func changesPromises(event ticket.Event) bool {
	switch event.(type) {
	case ticket.SLAStateReached, ticket.Escalated, ticket.EscalationAcknowledged, ticket.Closed:
		return true
	default:
		_, moves := ticket.FactOf(event)
		return moves
	}
}

func evolveClock(row rows.Clock, r domain.Recorded) (rows.Clock, bool) {
	var promises ticket.Promises
	if row.Promises != "" {
		if err := json.Unmarshal([]byte(row.Promises), &promises); err != nil {
			panic(err) // Nothing but this function wrote it.
		}
	}
	event := r.Event.(ticket.Event)
	promises = promises.Apply(event)
	row.Promises, row.Imported, row.Revision = text(promises), promises.Imported, r.Revision
	_, row.MovedAt = signature(event)
	if _, raised := event.(ticket.Raised); raised {
		row.BeganAt = row.MovedAt
	}
	row.NextAt = nil
	if next, ok := promises.Next(); ok {
		row.NextAt = &next
	}
	if e, escalated := event.(ticket.Escalated); escalated {
		row.EscalatedAt = &e.At
	}
	row.EscalationLevel = escalation(promises)
	return states(pinned(row, promises.Clock), promises.Clock), true
}

// escalation is the highest level that was reached of a cycle that counts now; 0 for none: a pause de-escalates, and so
// does the end (F21).
func escalation(promises ticket.Promises) int {
	highest := 0
	for _, reading := range promises.Clock.Readings(promises.Clock.At) {
		if !reading.Ended.IsZero() || reading.PausedFor != sla.Working {
			continue
		}
		for _, fired := range promises.Fired {
			if fired.Goal == reading.Goal && fired.Cycle.Cycle == reading.Cycle {
				highest = max(highest, fired.Level)
			}
		}
	}
	return highest
}

// pinned tells what holds for the ticket.
func pinned(row rows.Clock, clock sla.Clock) rows.Clock {
	pin, _ := clock.Pin()
	row.Policy, row.PolicyVersion = known(pin.Policy.ID), pin.Policy.Version
	row.Calendar, row.CalendarVersion = known(pin.Calendar.ID), pin.Calendar.Version
	row.Source, row.SupportLevel, row.Zones = string(pin.Source), pin.SupportLevel, pin.Zones
	return row
}

// states tells how the cycles that go on stand. Their due instants don't depend on when they are asked for: what the
// clock read at its newest fact holds until the next one.
func states(row rows.Clock, clock sla.Clock) rows.Clock {
	row.Open, row.Paused, row.Breached, row.Pauses = false, false, false, 0
	row.Goal, row.Due, row.Near = "", nil, nil
	for _, run := range clock.Runs {
		row.Open = row.Open || run.Ended.IsZero()
		for _, segment := range run.Segments {
			if segment.Paused != sla.Working && segment.Paused != sla.Unpromised {
				row.Pauses++
			}
		}
	}
	counting := false
	for _, reading := range clock.Readings(clock.At) {
		if !reading.Ended.IsZero() || reading.GoalSeconds == 0 {
			continue
		}
		row.Breached = row.Breached || !reading.Breached.IsZero()
		row.Paused = row.Paused || reading.PausedFor != sla.Working
		counting = counting || reading.PausedFor == sla.Working
		if !reading.Due.IsZero() && (row.Due == nil || reading.Due.Before(*row.Due)) {
			row.Goal, row.Due = string(reading.Goal), instant(reading.Due)
		}
		if !reading.Near.IsZero() && (row.Near == nil || reading.Near.Before(*row.Near)) {
			row.Near = instant(reading.Near)
		}
	}
	row.Paused = row.Paused && !counting
	return row
}

// Targets projects what was written down about the cycles of goals.
var Targets = projections.Projection[domain.Recorded, rows.Outcome]{
	Table: "targets", Key: targetOf, Evolve: evolveTarget,
}

// targetOf names the cycle that an event is about.
func targetOf(r domain.Recorded) (uuid.UUID, bool) {
	goal, cycle, ok := cycleOf(r.Event)
	if !ok {
		return uuid.Nil, false
	}
	return domain.Derive(streamID(r, "ticket"), "target", string(goal), strconv.Itoa(cycle)), true
}

func cycleOf(event domain.Event) (sla.Goal, int, bool) {
	switch e := event.(type) {
	case ticket.SLAStateReached:
		return e.Goal, e.Staff.Cycle, true
	case ticket.TargetConcluded:
		return e.Goal, e.Staff.Cycle, true
	case ticket.BreachExcused:
		return e.Goal, e.Staff.Cycle, true
	default:
		return "", 0, false
	}
}

func evolveTarget(row rows.Outcome, r domain.Recorded) (rows.Outcome, bool) {
	goal, cycle, _ := cycleOf(r.Event)
	row.Ticket, row.Goal, row.Cycle = streamID(r, "ticket"), string(goal), cycle
	switch e := r.Event.(type) {
	case ticket.SLAStateReached:
		row.State, row.ReachedAt = string(e.State), e.At
		if e.State == sla.Breached {
			row.BreachedAt = &e.At
		} else {
			row.NearAt = &e.At
		}
	case ticket.TargetConcluded:
		row.State, row.ReachedAt, row.ConcludedAt = string(e.State), e.At, &e.At
		row.GoalSeconds, row.ElapsedSeconds = e.Staff.GoalSeconds, e.Staff.ElapsedSeconds
		if !e.Staff.Breached.IsZero() {
			row.BreachedAt = &e.Staff.Breached
		}
	case ticket.BreachExcused:
		if row.ReachedAt.IsZero() {
			row.ReachedAt = e.At
		}
		row.ExcusedAt, row.ExcusedBy = &e.At, known(e.By.UUID)
		row.ExcusedWhy, row.ExcusedReason = e.Staff.Why, e.Staff.Reason
	}
	return row, true
}

// Escalations projects the levels of the ladder that were reached.
var Escalations = projections.Projection[domain.Recorded, rows.Escalation]{
	Table: "escalations", Key: escalationOf, Evolve: evolveEscalation,
}

func escalationOf(r domain.Recorded) (uuid.UUID, bool) {
	_, ok := r.Event.(ticket.Escalated)
	return r.ID, ok
}

func evolveEscalation(row rows.Escalation, r domain.Recorded) (rows.Escalation, bool) {
	e := r.Event.(ticket.Escalated)
	return rows.Escalation{
		ID: row.ID, Ticket: streamID(r, "ticket"), Goal: string(e.Goal), Cycle: e.Staff.Cycle,
		Number: e.Staff.Level.Level, Level: text(e.Staff.Level), ReachedAt: e.At, Revision: r.Revision,
	}, true
}
