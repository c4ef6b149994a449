package sla_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		"a negative floor":       {sla.Policy{Targets: policy.Targets, Floors: []sla.Floor{{Priority: "low", Minutes: -1}}}, "floors", "row 1: it must be 0"},
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
