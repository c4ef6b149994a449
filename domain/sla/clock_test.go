package sla_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/domain/sla"
)

const workdays = "mon tue wed thu fri"

// weekly is open at the same hours, "09:00-12:00 13:00-17:00", on the weekdays, "mon tue".
func weekly(zoneName, weekdays, hours string) calendar.Calendar {
	c := calendar.Calendar{Zone: zoneName}
	for day := range strings.FieldsSeq(weekdays) {
		open := calendar.OpenDay{Weekday: calendar.Weekday(day)}
		for part := range strings.FieldsSeq(hours) {
			from, until, _ := strings.Cut(part, "-")
			open.Hours = append(open.Hours, calendar.Interval{From: calendar.Clock(from), Until: calendar.Clock(until)})
		}
		c.Week = append(c.Week, open)
	}
	return c
}

func always(zoneName string) calendar.Calendar {
	return calendar.Calendar{Zone: zoneName, Always: true}
}

// pin promises times in minutes within opening hours, with near breach at 75 % and no floor.
func pin(hours calendar.Calendar, first, next, resolution int) sla.Pin {
	return sla.Pin{
		Source: sla.FromContract, NearPercent: 75, Hours: hours, CloseAfterDays: 5, ReopenDays: 30,
		Target: sla.Target{Priority: "high", FirstResponseMinutes: first, NextResponseMinutes: next, ResolutionMinutes: resolution},
	}
}

// ticket is a clock that is told what happens at times of a zone. March 2026 begins on a Sunday.
type ticket struct {
	tb    testing.TB
	zone  *time.Location
	facts []sla.Fact
}

func newTicket(tb testing.TB, zoneName string) *ticket {
	tb.Helper()
	return &ticket{tb: tb, zone: location(tb, zoneName)}
}

// at reads "2026-03-02 09:00".
func (t *ticket) at(text string) time.Time {
	t.tb.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, t.zone)
	if err != nil {
		t.tb.Fatal(err)
	}
	return at.UTC()
}

func (t *ticket) tell(at string, fact sla.Fact) *ticket {
	t.tb.Helper()
	fact.At = t.at(at)
	t.facts = append(t.facts, fact)
	return t
}

// raise begins the clock, with a first response owed, under a pin.
func (t *ticket) raise(at string, pin sla.Pin) *ticket {
	t.tb.Helper()
	return t.tell(at, sla.Fact{What: sla.Began, Owed: true}).pin(at, pin)
}

func (t *ticket) pin(at string, pin sla.Pin) *ticket {
	t.tb.Helper()
	return t.tell(at, sla.Fact{What: sla.Pinned, Pin: pin})
}

func (t *ticket) enter(at string, into sla.Condition) *ticket {
	t.tb.Helper()
	return t.tell(at, sla.Fact{What: sla.Entered, Into: into})
}

func (t *ticket) clock() sla.Clock { return sla.Replay(t.facts) }

// want compares a reading: its state, elapsed time as "3h10m", and due instant as "2026-03-02 09:00" or "" for none.
func (t *ticket) want(at string, goal sla.Goal, state sla.State, elapsed, due string) {
	t.tb.Helper()
	got, began := t.clock().Reading(goal, t.at(at))
	type seen struct {
		State   sla.State
		Elapsed string
		Due     string
	}
	shown := seen{State: got.State}
	if began {
		shown.Elapsed = length(got.ElapsedSeconds)
	}
	if !got.Due.IsZero() {
		shown.Due = got.Due.In(t.zone).Format("2006-01-02 15:04")
	}
	if diff := cmp.Diff(seen{state, elapsed, due}, shown); diff != "" {
		t.tb.Errorf("%s at %s (-want +got):\n%s", goal, at, diff)
	}
}

// length writes "3h10m", without what is nought; "0" for nothing.
func length(seconds int64) string {
	if seconds == 0 {
		return "0"
	}
	text := (time.Duration(seconds) * time.Second).String()
	for _, nought := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, nought) {
			text = text[:len(text)-2]
		}
	}
	return text
}
