package sla_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain/sla"
)

var policy = sla.Policy{Targets: []sla.Target{
	{Priority: "critical", FirstResponseMinutes: 30, ResolutionMinutes: 240},
	{Priority: "critical", SupportLevel: "24x7", FirstResponseMinutes: 15, NextResponseMinutes: 60, ResolutionMinutes: 240},
	{Priority: "critical", JobType: "api", ResolutionMinutes: 120},
	{Priority: "high", ResolutionMinutes: 600},
}}

func TestTheTargetThatNamesMoreWins(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		priority, level, jobType string
		want                     int // index of the target; -1 for none
	}{
		"nothing named":                    {"critical", "standard", "ui", 0},
		"a job type":                       {"critical", "standard", "api", 2},
		"a support level":                  {"critical", "24x7", "ui", 1},
		"a support level, before job type": {"critical", "24x7", "api", 1},
		"any of a priority":                {"high", "24x7", "api", 3},
		"nothing is promised":              {"low", "24x7", "api", -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want sla.Target
			if test.want >= 0 {
				want = policy.Targets[test.want]
			}
			got, found := policy.Target(test.priority, test.level, test.jobType)
			if got != want || found != (test.want >= 0) {
				t.Errorf("target %+v, %t; want %+v", got, found, want)
			}
		})
	}
}

// The order of rows decides nothing: Check refuses two that name the same.
func TestTheOrderOfTargetsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shuffled := policy
		shuffled.Targets = rapid.Permutation(policy.Targets).Draw(t, "targets")
		priority := rapid.SampledFrom(sla.Priorities()).Draw(t, "priority")
		level := rapid.SampledFrom([]string{"standard", "24x7"}).Draw(t, "level")
		jobType := rapid.SampledFrom([]string{"api", "ui"}).Draw(t, "job type")
		want, _ := policy.Target(priority, level, jobType)
		if got, _ := shuffled.Target(priority, level, jobType); got != want {
			t.Fatalf("target %+v, want %+v", got, want)
		}
	})
}

func TestNearBreach(t *testing.T) {
	t.Parallel()
	if got := policy.NearBreach(); got != 75 {
		t.Errorf("near breach is at %d %%, want 75 by default", got)
	}
	own := sla.Policy{NearBreachPercent: 60, Floors: []sla.Floor{{Priority: "high", Minutes: 90}, {Priority: "low"}}}
	if got := own.NearBreach(); got != 60 {
		t.Errorf("near breach is at %d %%, want 60 as set", got)
	}
	got := map[string]int{}
	for _, priority := range sla.Priorities() {
		got[priority] = own.FloorMinutes(priority)
	}
	if diff := cmp.Diff(map[string]int{"critical": 30, "high": 90, "medium": 120, "low": 0}, got); diff != "" {
		t.Errorf("floors (-want +got):\n%s", diff)
	}
}

// level is a sound level with one thing changed.
func level(change func(*sla.Level)) sla.Level {
	sound := sla.Level{Level: 1, Percent: 50, Recipients: []string{sla.Watchers, "support"}}
	change(&sound)
	return sound
}

func ladder(levels ...sla.Level) sla.Policy {
	return sla.Policy{Targets: policy.Targets, Ladder: levels}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	with := func(target sla.Target) sla.Policy {
		return sla.Policy{Targets: append(slices.Clone(policy.Targets), target)}
	}
	for name, test := range map[string]struct {
		policy sla.Policy
		field  string // empty when nothing is wrong
		says   string
	}{
		"a sound policy":      {policy, "", ""},
		"no target":           {sla.Policy{}, "targets", "are 0"},
		"too many targets":    {sla.Policy{Targets: make([]sla.Target, sla.MaxTargets+1)}, "targets", "are 501"},
		"an unknown priority": {with(sla.Target{Priority: "urgent", ResolutionMinutes: 1}), "targets", "row 5: it must have the priority"},
		"twice the same":      {with(sla.Target{Priority: "high", ResolutionMinutes: 1}), "targets", "row 5: it names what a row before"},
		"nothing promised":    {with(sla.Target{Priority: "low"}), "targets", "row 5: it must promise something"},
		"a negative promise":  {with(sla.Target{Priority: "low", NextResponseMinutes: -1, ResolutionMinutes: 1}), "targets", "row 5: it must promise no more"},
		"too long a promise":  {with(sla.Target{Priority: "low", ResolutionMinutes: sla.MaxMinutes + 1}), "targets", "row 5: it must promise no more"},
		"a strange job type":  {with(sla.Target{Priority: "low", JobType: "A P I", ResolutionMinutes: 1}), "targets", "row 5: it must have a job type"},
		"a strange level":     {with(sla.Target{Priority: "low", SupportLevel: strings.Repeat("x", sla.MaxKey+1), ResolutionMinutes: 1}), "targets", "row 5: it must have a support level"},
		"a share above the whole": {
			sla.Policy{Targets: policy.Targets, NearBreachPercent: 100}, "near_breach_percent", "1 to 99",
		},
		"a floor of no priority": {sla.Policy{Targets: policy.Targets, Floors: []sla.Floor{{Minutes: 1}}}, "floors", "row 1: it must have a priority"},
		"two floors of one":      {sla.Policy{Targets: policy.Targets, Floors: []sla.Floor{{Priority: "low"}, {Priority: "low"}}}, "floors", "row 2"},
		"sound levels":           {ladder(sla.DefaultLadder()...), "", ""},
		"too many levels":        {ladder(make([]sla.Level, sla.MaxLevels+1)...), "ladder", "at most 8 rows, are 9"},
		"level 5":                {ladder(level(func(l *sla.Level) { l.Level = 5 })), "ladder", "row 1: it must be level 1 to 4"},
		"a level of nothing":     {ladder(level(func(l *sla.Level) { l.Goal = "delight" })), "ladder", "it must be about first_response"},
		"a level never reached":  {ladder(level(func(l *sla.Level) { l.Percent = sla.MaxPercent + 1 })), "ladder", "0 to 1000 %"},
		"a level years later":    {ladder(level(func(l *sla.Level) { l.Minutes = sla.MaxMinutes + 1 })), "ladder", "at most 366 days"},
		"a level at once":        {ladder(level(func(l *sla.Level) { l.Percent = 0 })), "ladder", "after the beginning"},
		"a level for clients":    {ladder(level(func(l *sla.Level) { l.Recipients = []string{"client_admin"} })), "ladder", "it must tell the assignee"},
		"a level for nobody":     {ladder(level(func(l *sla.Level) { l.Recipients = nil })), "ladder", "it must tell somebody"},
		"a level for no person":  {ladder(level(func(l *sla.Level) { l.Persons = []uuid.UUID{{}} })), "ladder", "at most 20 persons"},
		"a level for many":       {ladder(level(func(l *sla.Level) { l.Persons = slices.Repeat([]uuid.UUID{{1}}, 21) })), "ladder", "at most 20 persons"},
		"an unknown action":      {ladder(level(func(l *sla.Level) { l.Action = "close" })), "ladder", "it must reassign"},
		"reassigned to nobody":   {ladder(level(func(l *sla.Level) { l.Action = sla.Reassign })), "ladder", "name the person"},
		"watched by nobody":      {ladder(level(func(l *sla.Level) { l.Action = sla.AddWatcher })), "ladder", "name the person"},
		"reassigned to somebody": {ladder(level(func(l *sla.Level) { l.Action, l.To, l.Recipients = sla.Reassign, uuid.UUID{1}, nil })), "", ""},
		"raised to somebody":     {ladder(level(func(l *sla.Level) { l.Action, l.To = sla.RaisePriority, uuid.UUID{1} })), "ladder", "name nobody"},
		"somebody for nothing":   {ladder(level(func(l *sla.Level) { l.To = uuid.UUID{1} })), "ladder", "name nobody"},
		"a level of each, twice": {
			ladder(level(func(*sla.Level) {}), level(func(l *sla.Level) { l.Goal = sla.Resolution })), "ladder", "row 2: it is a level that",
		},
		"a level of two targets": {
			ladder(level(func(l *sla.Level) { l.Goal = sla.FirstResponse }), level(func(l *sla.Level) { l.Goal = sla.Resolution })), "", "",
		},
		"closing too late":      {sla.Policy{Targets: policy.Targets, CloseAfterDays: 61}, "close_after_days", "1 to 60, or 0 for 5"},
		"closing before":        {sla.Policy{Targets: policy.Targets, CloseAfterDays: -1}, "close_after_days", "1 to 60"},
		"reopening for ever":    {sla.Policy{Targets: policy.Targets, ReopenDays: 367}, "reopen_days", "1 to 366, or 0 for 30"},
		"reopening before":      {sla.Policy{Targets: policy.Targets, ReopenDays: -1}, "reopen_days", "1 to 366"},
		"the longest and least": {sla.Policy{Targets: policy.Targets, ReopenDays: 366, CloseAfterDays: 60}, "", ""},
		"a negative floor":      {sla.Policy{Targets: policy.Targets, Floors: []sla.Floor{{Priority: "low", Minutes: -1}}}, "floors", "row 1: it must be 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := test.policy.Check()
			var want []string
			if test.field != "" {
				want = []string{test.field}
			}
			if diff := cmp.Diff(want, slices.Collect(maps.Keys(wrong))); diff != "" || !strings.Contains(wrong[test.field], test.says) {
				t.Errorf("check says %v, want %q of %v", wrong, test.says, want)
			}
		})
	}
}
