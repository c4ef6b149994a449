// Package sla holds what is promised about tickets: targets by priority, support level and job type, and what
// pauses a clock (product rules F17, F18, X7). None of it is ever shown to clients.
//
// It is pure and imports calendars only.
package sla

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"
)

// Bounds of a policy.
const (
	MaxTargets        = 500
	MaxMinutes        = 366 * 24 * 60 // the longest promise and the highest floor
	MaxKey            = 64            // characters of a support level or job type
	MaxCloseAfterDays = 60
	MaxReopenDays     = 366

	defaultBreach         = 75
	defaultCloseAfterDays = 5
	defaultReopenDays     = 30
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
	// CloseAfterDays is how many business days a resolved ticket waits before it closes by itself, ReopenDays for
	// how many days of 24 hours after its resolution it may be reopened; 0 = the defaults, 5 and 30.
	CloseAfterDays int `json:"close_after_days,omitzero"`
	ReopenDays     int `json:"reopen_days,omitzero"`
	// Ladder is who is told, and when; empty = DefaultLadder.
	Ladder []Level `json:"ladder,omitzero"`
}

// Level is a step of the escalation ladder (F21). It is reached when the opening time that a target has used is
// Percent of the target and Minutes more, or less where they are negative: 100 and -60 is an hour before the due
// instant. So no level is reached while the service is closed.
type Level struct {
	Level   int  `json:"level"`         // 1 to 4
	Goal    Goal `json:"goal,omitzero"` // empty = each of them
	Percent int  `json:"percent,omitzero"`
	Minutes int  `json:"minutes,omitzero"`
	// Recipients are Assignee, AccountManager, Watchers, or the names of staff roles; Persons are told by name.
	Recipients []string    `json:"recipients,omitzero"`
	Persons    []uuid.UUID `json:"persons,omitzero"`
	Mail       bool        `json:"mail,omitzero"` // beside the console
	Action     Action      `json:"action,omitzero"`
	To         uuid.UUID   `json:"to,omitzero"` // whom Reassign and AddWatcher mean
}

// Recipients that are not roles.
const (
	Assignee       = "assignee"
	AccountManager = "account_manager"
	Watchers       = "watchers"
)

// Action is what a level does beside telling people.
type Action string

// The actions.
const (
	NoAction      Action = ""
	Reassign      Action = "reassign"
	RaisePriority Action = "raise_priority" // by one step
	AddWatcher    Action = "add_watcher"
)

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

// CloseAfter is how many business days a resolved ticket waits before it closes by itself.
func (p Policy) CloseAfter() int { return cmp.Or(p.CloseAfterDays, defaultCloseAfterDays) }

// ReopenFor is for how many days of 24 hours after its resolution a ticket may be reopened.
func (p Policy) ReopenFor() int { return cmp.Or(p.ReopenDays, defaultReopenDays) }

// ladder is who is told, and when.
func (p Policy) ladder() []Level {
	if len(p.Ladder) == 0 {
		return DefaultLadder()
	}
	return p.Ladder
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
	if fault := p.wrongLevel(); fault != "" {
		wrong["ladder"] = fault
	}
	if p.CloseAfterDays < 0 || p.CloseAfterDays > MaxCloseAfterDays {
		wrong["close_after_days"] = fmt.Sprintf("must be 1 to %d, or 0 for %d", MaxCloseAfterDays, defaultCloseAfterDays)
	}
	if p.ReopenDays < 0 || p.ReopenDays > MaxReopenDays {
		wrong["reopen_days"] = fmt.Sprintf("must be 1 to %d, or 0 for %d", MaxReopenDays, defaultReopenDays)
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
