package ticket_test

import (
	"time"

	"effigate/domain/calendar"
	"effigate/domain/sla"
)

// always is a promise that counts round the clock: an hour to answer, two to answer again, four to resolve what is
// critical, and the double for what is high.
var always = sla.Promise{
	Policy: sla.Ref{ID: id("policy"), Version: 1}, Calendar: sla.Ref{ID: id("calendar"), Version: 1}, Source: sla.FromContract,
	Content: sla.Policy{
		Targets: []sla.Target{
			{Priority: "critical", FirstResponseMinutes: 60, NextResponseMinutes: 120, ResolutionMinutes: 240},
			{Priority: "high", FirstResponseMinutes: 120, NextResponseMinutes: 240, ResolutionMinutes: 480},
			{Priority: "low", ResolutionMinutes: 4800},
		},
		PausesThirdParty: true,
	},
	SupportLevel: "24x7", Hours: calendar.Calendar{Zone: "UTC", Always: true},
}

// office is the same promise in office hours, kept stricter: less pauses it, and somebody is told.
var office = sla.Promise{
	Policy: sla.Ref{ID: id("other policy"), Version: 3}, Source: sla.FromFirm,
	Content: sla.Policy{
		Targets: always.Content.Targets,
		Ladder: []sla.Level{
			{Level: 1, Percent: 75, Recipients: []string{sla.Assignee}},
			{Level: 2, Percent: 100, Minutes: 30, Recipients: []string{sla.AccountManager}, Mail: true},
		},
		ReopenStartsAnew: true,
	},
	Hours: calendar.Calendar{Zone: "Australia/Sydney", Week: []calendar.OpenDay{
		{Weekday: "mon", Hours: day}, {Weekday: "tue", Hours: day}, {Weekday: "thu", Hours: day},
	}},
}

var day = []calendar.Interval{{From: "09:00", Until: "17:00"}}

// minutes after the beginning of the stories that these tests tell.
func minutes(n int) time.Time { return at.Add(time.Duration(n) * time.Minute) }
