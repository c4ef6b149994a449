// Package sla holds what is promised about tickets: targets by priority, support level and job type, and what
// pauses a clock (product rules F17, F18, X7). None of it is ever shown to clients.
//
// It is pure and imports nothing of ours.
package sla

import (
	"fmt"
	"slices"
	"strconv"
)

// Bounds of a policy.
const (
	MaxTargets    = 500
	MaxMinutes    = 366 * 24 * 60 // the longest promise and the highest floor
	MaxKey        = 64            // characters of a support level or job type
	defaultBreach = 75
)

// Policy is one version of the promises.
type Policy struct {
	Targets []Target `json:"targets"`
	// NearBreachPercent of a target consumed is near breach; 0 = 75. Floors are the other limit, whichever
	// comes first.
	NearBreachPercent int     `json:"near_breach_percent,omitzero"`
	Floors            []Floor `json:"floors,omitzero"` // a priority that is absent has the default
	// PausesThirdParty and PausesOnHold say that these states stop the clock; waiting for the client always does.
	PausesThirdParty bool `json:"pauses_third_party,omitzero"`
	PausesOnHold     bool `json:"pauses_on_hold,omitzero"`
	// ReopenStartsAnew begins a new cycle of the resolution clock when a ticket is reopened; else it goes on.
	ReopenStartsAnew bool `json:"reopen_starts_anew,omitzero"`
}

// Target is the time that is promised. An empty SupportLevel or JobType stands for any; a target that names more
// wins.
type Target struct {
	Priority             string `json:"priority"` // "critical", "high", "medium" or "low"
	SupportLevel         string `json:"support_level,omitzero"`
	JobType              string `json:"job_type,omitzero"`
	FirstResponseMinutes int    `json:"first_response_minutes,omitzero"` // 0 = not promised
	NextResponseMinutes  int    `json:"next_response_minutes,omitzero"`
	ResolutionMinutes    int    `json:"resolution_minutes,omitzero"`
}

// Floor is how little time may be left before a priority is near breach.
type Floor struct {
	Priority string `json:"priority"`
	Minutes  int    `json:"minutes"` // 0 = the share of the target alone counts
}

// Priorities lists the priorities, the most urgent one first.
func Priorities() []string { return []string{"critical", "high", "medium", "low"} }

// Target gives the promise about tickets of a priority, support level and job type: of the targets that fit, the
// one that names more, the support level before the job type. It is false when nothing is promised.
func (p Policy) Target(priority, supportLevel, jobType string) (Target, bool) {
	best, found := -1, Target{}
	for _, target := range p.Targets {
		fits := target.Priority == priority && (target.SupportLevel == "" || target.SupportLevel == supportLevel) &&
			(target.JobType == "" || target.JobType == jobType)
		if named := target.named(); fits && named > best {
			best, found = named, target
		}
	}
	return found, best >= 0
}

// named weighs what a target names beside its priority.
func (t Target) named() int {
	weight := 0
	if t.SupportLevel != "" {
		weight += 2
	}
	if t.JobType != "" {
		weight++
	}
	return weight
}

// NearBreach is the share of a target, in percent, at which it is near breach (X7).
func (p Policy) NearBreach() int {
	if p.NearBreachPercent == 0 {
		return defaultBreach
	}
	return p.NearBreachPercent
}

// FloorMinutes is how many minutes may be left of a target before it is near breach, whatever its share (X7).
func (p Policy) FloorMinutes(priority string) int {
	for _, floor := range p.Floors {
		if floor.Priority == priority {
			return floor.Minutes
		}
	}
	return map[string]int{"critical": 30, "high": 60, "medium": 120, "low": 240}[priority]
}

// Check lists what is wrong with a policy, by field; empty when nothing is.
func (p Policy) Check() map[string]string {
	wrong := map[string]string{}
	if len(p.Targets) == 0 || len(p.Targets) > MaxTargets {
		wrong["targets"] = "must be 1 to " + strconv.Itoa(MaxTargets) + " rows, are " + strconv.Itoa(len(p.Targets))
	} else if fault := p.wrongTarget(); fault != "" {
		wrong["targets"] = fault
	}
	if p.NearBreachPercent < 0 || p.NearBreachPercent > 99 {
		wrong["near_breach_percent"] = "must be 1 to 99, or 0 for " + strconv.Itoa(defaultBreach)
	}
	if fault := p.wrongFloor(); fault != "" {
		wrong["floors"] = fault
	}
	return wrong
}

func (p Policy) wrongTarget() string {
	type key struct{ priority, supportLevel, jobType string }
	seen := map[key]bool{}
	for i, target := range p.Targets {
		this := key{target.Priority, target.SupportLevel, target.JobType}
		fault := target.wrong()
		if fault == "" && seen[this] {
			fault = "names what a row before it names"
		}
		if fault != "" {
			return fmt.Sprintf("are wrong in row %d: it %s", i+1, fault)
		}
		seen[this] = true
	}
	return ""
}

func (t Target) wrong() string {
	promises := []int{t.FirstResponseMinutes, t.NextResponseMinutes, t.ResolutionMinutes}
	outside := func(minutes int) bool { return minutes < 0 || minutes > MaxMinutes }
	switch {
	case !slices.Contains(Priorities(), t.Priority):
		return "must have the priority critical, high, medium or low"
	case !isKey(t.SupportLevel):
		return "must have a support level of at most " + strconv.Itoa(MaxKey) + " letters, digits, dots, dashes and underscores, or none"
	case !isKey(t.JobType):
		return "must have a job type of at most " + strconv.Itoa(MaxKey) + " letters, digits, dots, dashes and underscores, or none"
	case slices.ContainsFunc(promises, outside):
		return "must promise no more than 366 days"
	case slices.Max(promises) == 0:
		return "must promise something"
	}
	return ""
}

func (p Policy) wrongFloor() string {
	seen := map[string]bool{}
	for i, floor := range p.Floors {
		switch {
		case !slices.Contains(Priorities(), floor.Priority) || seen[floor.Priority]:
			return fmt.Sprintf("are wrong in row %d: it must have a priority of its own", i+1)
		case floor.Minutes < 0 || floor.Minutes > MaxMinutes:
			return fmt.Sprintf("are wrong in row %d: it must be 0 minutes to 366 days", i+1)
		}
		seen[floor.Priority] = true
	}
	return ""
}

// isKey reports whether a text may be a support level or job type; the empty one stands for any.
func isKey(text string) bool {
	if len(text) > MaxKey {
		return false
	}
	for _, r := range text {
		letter := r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_'
		if !letter {
			return false
		}
	}
	return true
}
