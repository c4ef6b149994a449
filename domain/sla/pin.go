package sla

import (
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain/calendar"
	"effigate/domain/zone"
)

// Ref names a version of a policy or a calendar; the zero Ref is none.
type Ref struct {
	ID      uuid.UUID `json:"id,omitzero"`
	Version int       `json:"version,omitzero"`
}

// Source says where a policy was chosen (F17).
type Source string

// The sources, the winning one first.
const (
	FromClient   Source = "client"   // the policy that overrides all others for a client
	FromContract Source = "contract" // the one that the contract names
	FromFirm     Source = "firm"     // the firm's default
	FromNowhere  Source = ""         // there is none: nothing is promised
)

// Pin is what holds for a ticket from an instant on: its targets, thresholds and opening hours as they were when
// they were pinned. It stands in the ticket's own history, so no later edit of a policy or calendar can reach it.
type Pin struct {
	Policy   Ref    `json:"policy,omitzero"`
	Calendar Ref    `json:"calendar,omitzero"` // zero = office hours of the contract's zone
	Source   Source `json:"source,omitzero"`
	// Target is the row that fits the ticket's priority, support level and job type; zero = nothing is promised.
	Target           Target  `json:"target,omitzero"`
	SupportLevel     string  `json:"support_level,omitzero"` // of the ticket, which selected the row (X10)
	NearPercent      int     `json:"near_percent"`
	FloorMinutes     int     `json:"floor_minutes,omitzero"`
	PausesThirdParty bool    `json:"pauses_third_party,omitzero"`
	PausesOnHold     bool    `json:"pauses_on_hold,omitzero"`
	ReopenStartsAnew bool    `json:"reopen_starts_anew,omitzero"`
	CloseAfterDays   int     `json:"close_after_days"`
	ReopenDays       int     `json:"reopen_days"`
	Ladder           []Level `json:"ladder,omitzero"` // empty: medium and low are flagged, and nobody is told
	// Hours are the opening hours, without special days from long before the ticket.
	Hours calendar.Calendar `json:"hours"`
	// Zones is the version of the tz database that due instants under this pin are worked out with.
	Zones string `json:"zones"`
}

// Promise is what a contract promises about its tickets on a day, before one of them selects its row.
type Promise struct {
	Policy       Ref
	Calendar     Ref
	Source       Source
	Content      Policy // zero = nothing is promised
	SupportLevel string
	Hours        calendar.Calendar
}

// daysBefore is how long before a ticket its pin keeps special days: an older ticket may be merged into it, whose time
// counts under this pin too.
const daysBefore = 366

// Select makes the pin of a ticket of a priority and job type that counts from an instant on: of the special days it
// keeps those from a year before that day on.
func (p Promise) Select(priority, jobType string, since time.Time) Pin {
	target, _ := p.Content.Target(priority, p.SupportLevel, jobType)
	pin := Pin{
		Policy: p.Policy, Calendar: p.Calendar, Source: p.Source, Target: target, SupportLevel: p.SupportLevel,
		NearPercent: p.Content.NearBreach(), FloorMinutes: p.Content.FloorMinutes(priority),
		PausesThirdParty: p.Content.PausesThirdParty, PausesOnHold: p.Content.PausesOnHold,
		ReopenStartsAnew: p.Content.ReopenStartsAnew,
		CloseAfterDays:   p.Content.CloseAfter(), ReopenDays: p.Content.ReopenFor(),
		Hours: p.Hours, Zones: zone.Version,
	}
	if escalates := priority == "critical" || priority == "high"; escalates && target != (Target{}) {
		pin.Ladder = p.Content.ladder()
	}
	if location, err := zone.Load(p.Hours.Zone); err == nil {
		first := calendar.DateOf(since, location).Add(-daysBefore)
		pin.Hours.Days = slices.DeleteFunc(slices.Clone(p.Hours.Days), func(day calendar.SpecialDay) bool { return day.Date < first })
	}
	return pin
}

// Same reports whether two pins promise the same, so that one need not follow the other. Another version of the
// policy, of the calendar or of the tz database is not the same: whoever asks why a due instant moved finds it.
func (p Pin) Same(other Pin) bool {
	if p.Calendar == other.Calendar && p.Calendar != (Ref{}) {
		// One version of a calendar says one thing; the two may differ in special days that are over.
		p.Hours, other.Hours = calendar.Calendar{}, calendar.Calendar{}
	}
	return reflect.DeepEqual(p, other)
}

// Seconds is the target of a goal in seconds; 0 = nothing is promised.
func (p Pin) Seconds(goal Goal) int64 {
	minutes := 0
	switch goal {
	case FirstResponse:
		minutes = p.Target.FirstResponseMinutes
	case NextResponse:
		minutes = p.Target.NextResponseMinutes
	case Resolution:
		minutes = p.Target.ResolutionMinutes
	}
	return int64(minutes) * 60
}

// near is how many seconds of a target may pass before it is near its breach: a share of it, or all but the floor,
// whichever comes first (X7). A floor as long as the target is left aside, else every short target would begin near
// its breach.
func (p Pin) near(goal Goal) int64 {
	seconds, floor := p.Seconds(goal), int64(p.FloorMinutes)*60
	near := share(seconds, p.NearPercent)
	if floor < seconds {
		near = min(near, seconds-floor)
	}
	return near
}

// share is some percent of a time in seconds, rounded up: less would not be that share yet.
func share(seconds int64, percent int) int64 { return (seconds*int64(percent) + 99) / 100 }

// pauses is why a clock does not count under the pin while its ticket is in a condition; Working where it does.
func (p Pin) pauses(while Condition) Condition {
	switch {
	case p.Source == FromNowhere && p.Target == (Target{}):
		return Unpromised
	case while == WaitingThirdParty && !p.PausesThirdParty, while == OnHold && !p.PausesOnHold:
		return Working
	}
	return while
}

// ClosesAt is when a ticket that was resolved at an instant closes by itself: at the end of the last of
// CloseAfterDays business days after the day of its resolution. It is false when it never does.
func (p Pin) ClosesAt(resolved time.Time) (time.Time, bool) {
	schedule, err := p.Hours.Schedule()
	if err != nil || p.CloseAfterDays <= 0 {
		return time.Time{}, false
	}
	left, day := p.CloseAfterDays, calendar.DateOf(resolved, schedule.Zone())
	for range calendar.DueYears * 366 {
		day = day.Add(1)
		if !schedule.BusinessDay(day) {
			continue
		}
		if left--; left == 0 {
			return day.Add(1).Start(schedule.Zone()), true
		}
	}
	return time.Time{}, false
}
