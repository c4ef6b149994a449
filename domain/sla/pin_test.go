package sla_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/zone"
)

func promise() sla.Promise {
	hours := weekly("Australia/Sydney", workdays, "09:00-17:00")
	for _, day := range []calendar.Date{"2025-01-27", "2025-04-02", "2025-04-03", "2026-01-26", "2026-04-03", "2026-04-04", "2026-12-25"} {
		hours.Days = append(hours.Days, calendar.SpecialDay{Date: day, Name: "Holiday", Holiday: true})
	}
	return sla.Promise{
		Policy: sla.Ref{ID: uuid.UUID{1}, Version: 3}, Calendar: sla.Ref{ID: uuid.UUID{2}, Version: 7}, Source: sla.FromClient,
		SupportLevel: "24x7", Hours: hours, Content: policy,
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	// In Sydney it is the 4th of April already. What was more than 366 days before is left out.
	since := time.Date(2026, time.April, 3, 20, 0, 0, 0, time.UTC)
	want := sla.Pin{
		Policy: sla.Ref{ID: uuid.UUID{1}, Version: 3}, Calendar: sla.Ref{ID: uuid.UUID{2}, Version: 7}, Source: sla.FromClient,
		Target: policy.Targets[1], SupportLevel: "24x7", NearPercent: 75, FloorMinutes: 30, CloseAfterDays: 5, ReopenDays: 30,
		Ladder: sla.DefaultLadder(), Hours: promise().Hours, Zones: zone.Version,
	}
	want.Hours.Days = want.Hours.Days[2:]
	if diff := cmp.Diff(want, promise().Select("critical", "api", since)); diff != "" {
		t.Errorf("the pin (-want +got):\n%s", diff)
	}

	own := promise()
	own.Content = sla.Policy{
		Targets:           []sla.Target{{Priority: "high", ResolutionMinutes: 600}, {Priority: "medium", ResolutionMinutes: 1200}},
		NearBreachPercent: 60, Floors: []sla.Floor{{Priority: "medium"}}, PausesThirdParty: true, PausesOnHold: true,
		ReopenStartsAnew: true, CloseAfterDays: 10, ReopenDays: 14, Ladder: []sla.Level{{Level: 2, Percent: 80, Recipients: []string{sla.Assignee}}},
	}
	for priority, levels := range map[string]int{"critical": 0, "high": 1, "medium": 0, "low": 0} {
		if got := own.Select(priority, "", since); len(got.Ladder) != levels {
			t.Errorf("%s escalates in %d levels, want %d", priority, len(got.Ladder), levels)
		}
	}
	got := own.Select("medium", "", since)
	want = sla.Pin{
		Policy: want.Policy, Calendar: want.Calendar, Source: want.Source, Target: own.Content.Targets[1], SupportLevel: "24x7",
		NearPercent: 60, PausesThirdParty: true, PausesOnHold: true, ReopenStartsAnew: true, CloseAfterDays: 10, ReopenDays: 14,
		Hours: want.Hours, Zones: zone.Version,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pin of an own policy (-want +got):\n%s", diff)
	}
}

// What was selected later in the year lacks the holidays that are over, and is the same promise all the same.
func TestSame(t *testing.T) {
	t.Parallel()
	january, june := time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, time.June, 5, 0, 0, 0, 0, time.UTC)
	pinned := promise().Select("high", "api", january)
	if !pinned.Same(promise().Select("high", "api", june)) {
		t.Error("the same promise half a year later isn't the same")
	}
	for name, change := range map[string]func(*sla.Promise){
		"another version of the policy":   func(p *sla.Promise) { p.Policy.Version++ },
		"another version of the calendar": func(p *sla.Promise) { p.Calendar.Version++ },
		"another source":                  func(p *sla.Promise) { p.Source = sla.FromFirm },
		"another support level":           func(p *sla.Promise) { p.SupportLevel = "standard" },
		"another content":                 func(p *sla.Promise) { p.Content.PausesOnHold = true },
		"office hours in its place":       func(p *sla.Promise) { p.Calendar = sla.Ref{} },
	} {
		other := promise()
		change(&other)
		if pinned.Same(other.Select("high", "api", january)) {
			t.Errorf("%s is the same", name)
		}
	}
	if pinned.Same(promise().Select("critical", "api", january)) {
		t.Error("another priority is the same")
	}
	// Office hours have no version: there the hours themselves are compared.
	office := promise()
	office.Calendar, office.Hours = sla.Ref{}, weekly(berlin, workdays, "09:00-17:00")
	longer := office
	longer.Hours = weekly(berlin, workdays, "09:00-18:00")
	if pinned := office.Select("high", "", january); !pinned.Same(office.Select("high", "", june)) || pinned.Same(longer.Select("high", "", january)) {
		t.Error("office hours are told apart wrongly")
	}
}

// A resolved ticket waits for whole business days, counted from the day after its resolution.
func TestClosesAt(t *testing.T) {
	t.Parallel()
	holiday := weekly(berlin, workdays, "09:00-17:00")
	holiday.Days = []calendar.SpecialDay{{Date: "2026-03-05", Holiday: true}}
	for name, test := range map[string]struct {
		hours    calendar.Calendar
		days     int
		resolved string
		want     string
	}{
		"five days of a week":    {weekly(berlin, workdays, "09:00-17:00"), 5, "2026-03-02 15:00", "2026-03-10 00:00"},
		"at a weekend":           {weekly(berlin, workdays, "09:00-17:00"), 1, "2026-03-07 15:00", "2026-03-10 00:00"},
		"over a holiday":         {holiday, 3, "2026-03-03 00:00", "2026-03-10 00:00"},
		"over a change of clock": {weekly(berlin, workdays, "09:00-17:00"), 1, "2026-03-27 23:59", "2026-03-31 00:00"},
		"one working day a week": {weekly(berlin, "tue", "08:00-17:00"), 2, "2026-03-02 15:00", "2026-03-11 00:00"},
		"around the clock":       {always(berlin), 2, "2026-03-06 15:00", "2026-03-11 00:00"},
		"never":                  {always(berlin), 0, "2026-03-06 15:00", ""},
		"without hours":          {calendar.Calendar{}, 5, "2026-03-06 15:00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := newTicket(t, berlin)
			got, closes := sla.Pin{CloseAfterDays: test.days, Hours: test.hours}.ClosesAt(in.at(test.resolved))
			var text string
			if closes {
				text = got.In(in.zone).Format("2006-01-02 15:04")
			}
			if text != test.want {
				t.Errorf("closes at %q, want %q", text, test.want)
			}
		})
	}
}

// X7: exactly the share is near, a second less is not; the floor counts where more is left of the target than that,
// whichever comes first.
func TestNearBreachIsShareOrFloor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		minutes, floor, after int
	}{
		"the share":                     {240, 0, 180},
		"a floor that comes first":      {240, 90, 150},
		"a floor that comes later":      {1920, 120, 1440},
		"a floor as long as the target": {30, 30, 23}, // 22.5 min
		"a floor longer than that":      {30, 60, 23},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			promised := pin(always("UTC"), 0, 0, test.minutes)
			promised.FloorMinutes = test.floor
			raised := newTicket(t, "UTC").raise("2026-03-02 00:00", promised)
			at := raised.facts[0].At.Add(time.Duration(test.after) * time.Minute)
			before, _ := raised.clock().Reading(sla.Resolution, at.Add(-31*time.Second))
			got, _ := raised.clock().Reading(sla.Resolution, at)
			if before.State != sla.Running || got.State != sla.NearBreach {
				t.Errorf("%s, then %s after %d min", before.State, got.State, test.after)
			}
			if got.Near.After(at) || got.Near.Before(at.Add(-30*time.Second)) {
				t.Errorf("near at %s, want %s", got.Near, at)
			}
		})
	}
}
