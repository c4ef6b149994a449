package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/google/uuid"

	"effigate/domain/sla"
)

// slaDifference is a target that other rules would have ended otherwise, or that was written down otherwise.
type slaDifference struct {
	Ticket uuid.UUID `json:"ticket"`
	Number string    `json:"number"`
	Goal   sla.Goal  `json:"goal"`
	Cycle  int       `json:"cycle"`
	Before sla.State `json:"before,omitempty"` // as it was; empty where nothing was promised
	After  sla.State `json:"after,omitempty"`
}

// maxDifferences bounds what a person is shown; JSON has all of them.
const maxDifferences = 20

func slaWhatIf(_ context.Context, v slaView) error {
	if !v.other {
		return v.reproduce()
	}
	before, after, differences := v.compare()
	if v.json {
		return json.NewEncoder(v.out).Encode(map[string]any{"tickets": len(v.tickets), "before": before, "after": after, "differences": differences})
	}
	title := "As it was:"
	if v.base {
		title = "As it would have been under the base:"
	}
	if err := v.printTally(title, before); err != nil {
		return err
	}
	if err := v.printTally("\nAs it would have been:", after); err != nil {
		return err
	}
	return v.printDifferences(differences)
}

// compare tells what the rules chosen make of the tickets beside what the base, or history, made of them.
func (v slaView) compare() (before, after []slaTally, differences []slaDifference) {
	history := func(t *slaTicket) sla.Clock {
		if v.base {
			return t.base.Clock
		}
		return t.history.Clock
	}
	differences = []slaDifference{}
	for _, t := range v.tickets {
		differences = append(differences, t.differ(states(cycles(history(t), v.now)), states(cycles(t.other.Clock, v.now)))...)
	}
	return v.tally(history), v.tally(v.clock), differences
}

func (v slaView) printDifferences(differences []slaDifference) error {
	table := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "\n%d targets differ\n", len(differences))
	for _, d := range differences[:min(len(differences), maxDifferences)] {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t→\t%s\n", d.Ticket, d.Number, d.Goal, cmp.Or(d.Before, "not promised"), cmp.Or(d.After, "not promised"))
	}
	if more := len(differences) - maxDifferences; more > 0 {
		_, _ = fmt.Fprintf(table, "and %d more, which --json lists\n", more)
	}
	return table.Flush()
}

// slaTarget names a target of a ticket.
type slaTarget struct {
	goal  sla.Goal
	cycle int
}

func states(all []slaCycle) map[slaTarget]sla.State {
	found := map[slaTarget]sla.State{}
	for _, c := range all {
		found[slaTarget{c.goal, c.cycle}] = c.state
	}
	return found
}

// differ lists the targets that ended in another way, or are breached where they were not.
func (t *slaTicket) differ(before, after map[slaTarget]sla.State) []slaDifference {
	var differences []slaDifference
	targets := map[slaTarget]bool{}
	for target := range before {
		targets[target] = true
	}
	for target := range after {
		targets[target] = true
	}
	for target := range targets {
		if settled(before[target]) != settled(after[target]) {
			differences = append(differences, slaDifference{t.id, t.number.String(), target.goal, target.cycle, before[target], after[target]})
		}
	}
	slices.SortFunc(differences, func(a, b slaDifference) int {
		return cmp.Or(cmp.Compare(a.Goal, b.Goal), cmp.Compare(a.Cycle, b.Cycle))
	})
	return differences
}

// settled takes the states of a target that goes on, and is in time, for one.
func settled(state sla.State) sla.State {
	switch state {
	case sla.Running, sla.NearBreach, sla.Paused:
		return sla.Running
	case sla.NotApplicable, sla.Breached, sla.Met, sla.MetLate, sla.Cancelled:
	}
	return state
}

// reproduce compares what was written down with what follows from the other events.
func (v slaView) reproduce() error {
	differences, written := []slaDifference{}, 0
	for _, t := range v.tickets {
		now := map[slaTarget]slaCycle{}
		for _, c := range cycles(t.history.Clock, v.now) {
			now[slaTarget{c.goal, c.cycle}] = c
		}
		runs := map[slaTarget]sla.Run{}
		for _, run := range t.history.Clock.Runs {
			runs[slaTarget{run.Goal, run.Cycle}] = run
		}
		for _, w := range t.written {
			written++
			target := slaTarget{w.goal, w.cycle}
			if !w.follows(now[target], runs[target], t.took) {
				differences = append(differences, slaDifference{t.id, t.number.String(), w.goal, w.cycle, w.state, now[target].state})
			}
		}
	}
	failed := error(nil)
	if len(differences) > 0 {
		failed = errDifference
	}
	if v.json {
		return cmp.Or(json.NewEncoder(v.out).Encode(map[string]any{"tickets": len(v.tickets), "targets": written, "differences": differences}), failed)
	}
	_, _ = fmt.Fprintf(v.out, "%d tickets, %d breaches and conclusions written down, %d otherwise than they follow\n", len(v.tickets), written, len(differences))
	if len(differences) > 0 {
		if err := v.printDifferences(differences); err != nil {
			return err
		}
	}
	return failed
}

// follows reports whether what was written down follows from the clock. A breach stays where it was written down, also
// where a ticket that was taken in since would have had it earlier.
func (w slaWritten) follows(c slaCycle, run sla.Run, took bool) bool {
	switch w.state {
	case sla.Breached:
		return run.Breached.Equal(w.at) || took && !run.Breached.IsZero() && run.Breached.Before(w.at)
	case sla.Cancelled:
		return run.Outcome == sla.Cancelled || !run.Ended.Equal(w.at)
	case sla.Met, sla.MetLate:
		// A cycle that was taken up again later has gone on since.
		return !run.Ended.Equal(w.at) || c.state == w.state && c.elapsed == w.elapsed
	case sla.NotApplicable, sla.Running, sla.Paused, sla.NearBreach:
	}
	return false
}
