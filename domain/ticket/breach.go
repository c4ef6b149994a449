package ticket

import (
	"cmp"
	"slices"
	"time"

	"effigate/domain"
	"effigate/domain/sla"
)

// Mistake excuses a breach that history had wrong: no clause of a contract need name it.
const Mistake = "mistake"

// Breach is a promise about a ticket that was missed.
type Breach struct {
	Goal     sla.Goal
	Cycle    int
	Breached time.Time         // the due instant that passed
	Contract domain.ContractID // that the ticket was under then
	// OverrunSeconds is by how much opening time it was missed when it was kept last; 0 while Running: it never was.
	OverrunSeconds int64
	Running        bool
	// From is the ticket that had missed it before it was merged into this one: the same promise, missed once.
	From domain.TicketID
	// Excused is why the breach does not count, empty while nobody said that it does not: terms.Maintenance and the
	// like, or Mistake. Reason is that in words.
	Excused, Reason string
}

// Breaches lists what was missed by a ticket's own history, in order of the due instants.
func Breaches(past []Event) []Breach {
	var all []Breach
	var contract, estimated domain.ContractID
	var promises Promises
	missed := map[Cycle]domain.TicketID{}
	of := func(goal sla.Goal, cycle int, at time.Time) *Breach {
		i := slices.IndexFunc(all, func(b Breach) bool { return b.Goal == goal && b.Cycle == cycle })
		if i < 0 {
			i = len(all)
			all = append(all, Breach{Goal: goal, Cycle: cycle, Breached: at, Contract: contract, Running: true, From: missed[Cycle{goal, cycle}]})
		}
		return &all[i]
	}
	for _, event := range past {
		promises = promises.Apply(event)
		switch e := event.(type) {
		case MergedIn:
			for _, cycle := range promises.missedBefore(e) {
				missed[cycle] = e.Staff.From
			}
		case Raised:
			contract = e.Contract
		case Triaged:
			contract = e.Contract
		case ClientChanged:
			contract = e.Contract
		case ScopeEstimated:
			estimated = e.Contract
		case ScopeApproved:
			contract = estimated
		case SLAStateReached:
			if e.State == sla.Breached {
				of(e.Goal, e.Staff.Cycle, e.At)
			}
		case TargetConcluded:
			if !e.Staff.Breached.IsZero() {
				b := of(e.Goal, e.Staff.Cycle, e.Staff.Breached)
				b.Running, b.OverrunSeconds = false, max(e.Staff.ElapsedSeconds-e.Staff.GoalSeconds, 0)
			}
		case BreachExcused:
			for i := range all {
				if all[i].Goal == e.Goal && all[i].Cycle == e.Staff.Cycle {
					all[i].Excused, all[i].Reason = e.Staff.Why, e.Staff.Reason
				}
			}
		default: // Nothing else is about a breach, or about the contract.
		}
	}
	slices.SortStableFunc(all, func(a, b Breach) int {
		return cmp.Or(a.Breached.Compare(b.Breached), cmp.Compare(a.Goal, b.Goal))
	})
	return all
}

// missedBefore lists the cycles that go on with a promise that a merged ticket had missed already.
func (p Promises) missedBefore(e MergedIn) []Cycle {
	var cycles []Cycle
	for _, theirs := range e.Staff.Clock.Readings(e.Staff.Clock.At) {
		own, goesOn := p.Clock.Reading(theirs.Goal, p.Clock.At)
		if goesOn && own.Ended.IsZero() && theirs.State == sla.Cancelled && !theirs.Breached.IsZero() {
			cycles = append(cycles, Cycle{own.Goal, own.Cycle})
		}
	}
	return cycles
}
