package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"effigate/domain/sla"
	staffrows "effigate/readmodels/staff"
)

// slaTally counts the cycles of one goal and priority.
type slaTally struct {
	Goal     sla.Goal `json:"goal"`
	Priority string   `json:"priority"`
	Met      int      `json:"met"`
	MetLate  int      `json:"met_late"`
	Breached int      `json:"breached"` // and never concluded: it goes on, or was cancelled
	Open     int      `json:"open"`     // and in time so far
	AtRisk   int      `json:"at_risk"`  // of those that are open, near their breach
	// OverrunSeconds is by how much opening time those that were met late were late, together.
	OverrunSeconds int64 `json:"overrun_seconds"`
}

// cycle is one run of a clock as it is counted.
type slaCycle struct {
	goal    sla.Goal
	cycle   int
	state   sla.State
	elapsed int64
	target  int64
	at      time.Time // when it ended or was breached
}

// cycles gives the runs of a clock that were promised anything, as they stand at an instant.
func cycles(clock sla.Clock, now time.Time) []slaCycle {
	var all []slaCycle
	for _, run := range clock.Runs {
		c := slaCycle{goal: run.Goal, cycle: run.Cycle, state: run.Outcome, at: run.Ended}
		c.target, c.elapsed = clock.Margin(run)
		if c.state == sla.Cancelled && !run.Breached.IsZero() {
			c.state, c.at = sla.Breached, run.Breached // What was missed before nobody wanted it any more was missed.
		}
		if reading, ok := clock.Reading(run.Goal, now); ok && reading.Cycle == run.Cycle && run.Ended.IsZero() {
			c.state, c.elapsed, c.at = reading.State, reading.ElapsedSeconds, reading.Breached
			if !reading.Breached.IsZero() {
				c.state = sla.Breached
			}
		}
		if c.target > 0 && c.state != sla.Cancelled {
			all = append(all, c)
		}
	}
	return all
}

func (v slaView) tally(clock func(*slaTicket) sla.Clock) []slaTally {
	type key struct {
		goal     sla.Goal
		priority string
	}
	counted := map[key]*slaTally{}
	for _, t := range v.tickets {
		for _, c := range cycles(clock(t), v.now) {
			at := key{c.goal, t.priority}
			if counted[at] == nil {
				counted[at] = &slaTally{Goal: c.goal, Priority: t.priority}
			}
			counted[at].count(c)
		}
	}
	rows := make([]slaTally, 0, len(counted))
	for _, goal := range sla.Goals() {
		for _, priority := range sla.Priorities() {
			if row := counted[key{goal, priority}]; row != nil {
				rows = append(rows, *row)
			}
		}
	}
	return rows
}

func (t *slaTally) count(c slaCycle) {
	switch c.state {
	case sla.Met:
		t.Met++
	case sla.MetLate:
		t.MetLate++
		t.OverrunSeconds += max(0, c.elapsed-c.target)
	case sla.Breached:
		t.Breached++
	case sla.NearBreach:
		t.Open++
		t.AtRisk++
	case sla.Running, sla.Paused, sla.NotApplicable, sla.Cancelled:
		t.Open++
	}
}

func slaReport(_ context.Context, v slaView) error {
	rows := v.tally(v.clock)
	if v.json {
		return json.NewEncoder(v.out).Encode(map[string]any{"tickets": len(v.tickets), "rows": rows})
	}
	return v.printTally("", rows)
}

func (v slaView) printTally(title string, rows []slaTally) error {
	if title != "" {
		_, _ = fmt.Fprintln(v.out, title)
	}
	table := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "goal\tpriority\tmet\tmet late\tbreached\topen\tat risk\tkept\tlate by\n")
	for _, row := range rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", row.Goal, row.Priority, row.Met, row.MetLate, row.Breached, row.Open, row.AtRisk, row.kept(), time.Duration(row.OverrunSeconds)*time.Second)
	}
	_, _ = fmt.Fprintf(table, "%d tickets\n", len(v.tickets))
	return table.Flush()
}

// kept is the share of the concluded and breached that was met, in percent.
func (t *slaTally) kept() string {
	all := t.Met + t.MetLate + t.Breached
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%d.%d %%", t.Met*100/all, t.Met*1000/all%10)
}

// slaFinding is one pause that deserves a look, as it is printed.
type slaFinding struct {
	Ticket    uuid.UUID     `json:"ticket"`
	Number    string        `json:"number"`
	Kind      string        `json:"kind"`
	Goal      sla.Goal      `json:"goal"`
	PausedFor sla.Condition `json:"paused_for"`
	From      time.Time     `json:"from"`
	Until     *time.Time    `json:"until,omitempty"`
	Seconds   int64         `json:"seconds"`
}

func slaPauses(_ context.Context, v slaView) error {
	findings := []slaFinding{}
	for _, t := range v.tickets {
		for _, f := range staffrows.Audit(v.clock(t), t.replies, v.now) {
			found := slaFinding{Ticket: t.id, Number: t.number.String(), Kind: f.Kind, Goal: f.Goal, PausedFor: f.PausedFor, From: f.From, Seconds: f.Seconds}
			if !f.Until.IsZero() {
				found.Until = &f.Until
			}
			findings = append(findings, found)
		}
	}
	if v.json {
		return json.NewEncoder(v.out).Encode(map[string]any{"tickets": len(v.tickets), "findings": findings})
	}
	table := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "ticket\tfinding\tgoal\tpaused for\tfrom\tseconds\n")
	for _, f := range findings {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\n", f.Number, strings.ReplaceAll(f.Kind, "_", " "), f.Goal, f.PausedFor, f.From.Format(time.RFC3339), f.Seconds)
	}
	_, _ = fmt.Fprintf(table, "%d findings in %d tickets\n", len(findings), len(v.tickets))
	return table.Flush()
}
