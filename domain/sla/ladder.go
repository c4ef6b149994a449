package sla

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Bounds of a ladder.
const (
	MaxLevels      = 8    // rows
	MaxPercent     = 1000 // of a target: ten times as long as was promised
	MaxPersons     = 20   // whom a level tells by name
	topLevel       = 4
	defaultPercent = 75
)

// DefaultLadder is the ladder of a policy that has none of its own.
func DefaultLadder() []Level {
	return []Level{
		{Level: 1, Percent: defaultPercent, Recipients: []string{Assignee}},
		{Level: 2, Percent: 90, Recipients: []string{Assignee, AccountManager}, Mail: true},
		{Level: 3, Percent: 100, Recipients: []string{AccountManager, "delivery"}, Mail: true},
		{Level: 4, Percent: 100, Minutes: 60, Recipients: []string{"owner"}, Mail: true},
	}
}

// Recipients lists whom a level may tell beside single persons: three that the ticket knows, and the roles of staff.
func Recipients() []string {
	return []string{
		Assignee, AccountManager, Watchers, "owner", "delivery", "engineer", "support", "finance", "auditor", "ops",
	}
}

// wrongLevel tells what is wrong with the ladder; empty when nothing is.
func (p Policy) wrongLevel() string {
	if len(p.Ladder) > MaxLevels {
		return fmt.Sprintf("must be at most %d rows, are %d", MaxLevels, len(p.Ladder))
	}
	for i, level := range p.Ladder {
		fault := level.wrong()
		if fault == "" && slices.ContainsFunc(p.Ladder[:i], level.repeats) {
			fault = "is a level that a row before it is, of the same target"
		}
		if fault != "" {
			return fmt.Sprintf("are wrong in row %d: it %s", i+1, fault)
		}
	}
	return ""
}

// repeats reports whether two rows are the same level of one target: it would be reached twice.
func (l Level) repeats(other Level) bool {
	return l.Level == other.Level && (l.Goal == other.Goal || l.Goal == "" || other.Goal == "")
}

func (l Level) wrong() string {
	known := func(name string) bool { return slices.Contains(Recipients(), name) }
	outside := func(minutes int) bool { return minutes < -MaxMinutes || minutes > MaxMinutes }
	switch {
	case l.Level < 1 || l.Level > topLevel:
		return fmt.Sprintf("must be level 1 to %d", topLevel)
	case l.Goal != "" && !slices.Contains(Goals(), l.Goal):
		return "must be about first_response, next_response or resolution, or about each of them"
	case l.Percent < 0 || l.Percent > MaxPercent:
		return fmt.Sprintf("must be reached at 0 to %d %% of the target", MaxPercent)
	case outside(l.Minutes):
		return "must be reached at most 366 days before or after that"
	case l.Percent == 0 && l.Minutes <= 0:
		return "must be reached after the beginning"
	case slices.ContainsFunc(l.Recipients, func(name string) bool { return !known(name) }) || len(l.Recipients) > len(Recipients()):
		return "must tell the assignee, the account_manager, watchers, or roles of staff"
	case len(l.Persons) > MaxPersons || slices.Contains(l.Persons, uuid.Nil):
		return fmt.Sprintf("must tell at most %d persons", MaxPersons)
	}
	return l.wrongAction()
}

func (l Level) wrongAction() string {
	named := l.To != uuid.Nil
	switch l.Action {
	case NoAction:
		if len(l.Recipients) == 0 && len(l.Persons) == 0 {
			return "must tell somebody or do something"
		}
		if named {
			return "must name nobody, because it does nothing"
		}
	case RaisePriority:
		if named {
			return "must name nobody when it raises the priority"
		}
	case Reassign, AddWatcher:
		if !named {
			return "must name the person it means"
		}
	default:
		return "must reassign, raise_priority, add_watcher, or do nothing"
	}
	return ""
}
