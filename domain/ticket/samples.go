package ticket

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
)

// All lists one sample of every variant with every field set: the registry learns the stored names from
// it, and the tests that look for internal text in client data plant their markers in it.
func All() []domain.Event {
	person, audience := domain.PersonID{UUID: sampleID("person")}, AudienceStaff{Reason: "reviewed with the account manager"}
	samples := sampleLife(person)
	samples = append(samples, sampleConversation(person, audience)...)
	samples = append(samples, sampleOthers(person, audience)...)
	return append(samples, samplePromises(person, audience)...)
}

var sampleAt = time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)

func sampleID(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "ticket sample", name) }

func sampleLife(person domain.PersonID) []domain.Event {
	at, contract := sampleAt, domain.ContractID{UUID: sampleID("contract")}
	return []domain.Event{
		Raised{
			Ticket: domain.TicketID{UUID: sampleID("ticket")}, Client: domain.ClientID{UUID: sampleID("client")}, Contract: contract,
			JobType: "api", Title: "API timeout on bulk export", Description: "Every export above 10,000 rows stops.",
			Priority: Critical, Impact: GradeHigh, Urgency: GradeHigh, Visibility: domain.ClientVisible, OutOfScope: true,
			Follows:  domain.TicketID{UUID: sampleID("earlier ticket")},
			Staff:    RaisedStaff{SplitFrom: domain.TicketID{UUID: sampleID("other ticket")}, Imported: true},
			RaisedBy: domain.PersonID{UUID: sampleID("caller")}, ForClient: true, By: person, At: at,
		},
		Triaged{Contract: contract, JobType: "api", Priority: High, By: person, At: at},
		Assigned{Staff: AssignedStaff{Assignee: person, Team: "Platform"}, By: person, At: at},
		Started{By: person, At: at},
		WaitingStarted{For: ForThirdParty, Staff: WaitingStartedStaff{Reason: "vendor ticket 7"}, By: person, At: at},
		WaitingEnded{By: person, At: at},
		Resolved{Note: "The export now streams.", Staff: ResolvedStaff{Code: "code 5"}, By: person, At: at},
		Closed{Staff: ClosedStaff{Automatic: true}, By: person, At: at},
		Reopened{Staff: ReopenedStaff{Reason: "regression in the nightly run"}, By: person, At: at},
		Cancelled{Staff: CancelledStaff{Reason: "raised by mistake"}, By: person, At: at},
		ScopeEstimated{Contract: contract, JobType: "api", Minutes: 480, Text: "A new export format is a day of work.", By: person, At: at},
		ScopeApproved{By: person, At: at},
		ScopeDeclined{Reason: "Not this quarter.", By: person, At: at},
		Numbered{Series: domain.ClientVisible, Number: 41, At: at},
		Imported{
			Staff: ImportedStaff{System: "incidents", Key: "INC0000045", File: "9f86d081", Line: 2, Rows: 4, Digest: "60303ae2"},
			By:    person, At: at,
		},
	}
}

func sampleConversation(person domain.PersonID, audience AudienceStaff) []domain.Event {
	at, comment := sampleAt, domain.CommentID{UUID: sampleID("comment")}
	file := domain.AttachmentID{UUID: sampleID("attachment")}
	return []domain.Event{
		Commented{
			Comment: comment, Visibility: domain.ClientVisible, ByClient: true, Text: "Still happening.",
			Mentions: []domain.PersonID{person}, Automatic: true, Adopted: true, By: person, At: at,
		},
		CommentEdited{Comment: comment, Text: "Still happening, also at night.", Mentions: []domain.PersonID{person}, Version: 1, By: person, At: at},
		CommentDeleted{Comment: comment, By: person, At: at},
		CommentPublished{Comment: comment, Silent: true, Staff: audience, By: person, At: at},
		CommentWithdrawn{Comment: comment, Staff: audience, By: person, At: at},
		Noted{
			Note: domain.CommentID{UUID: sampleID("note")}, Visibility: domain.ClientVisible, Text: "Pool size was the cause.",
			Staff: NotedStaff{CopyOf: comment}, By: person, At: at,
		},
		Attached{
			Attachment: file, Visibility: domain.ClientVisible, ByClient: true, Name: "trace.log", Type: "text/plain", Size: 2048,
			SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", By: person, At: at,
		},
		AttachmentPublished{Attachment: file, Staff: audience, By: person, At: at},
		AttachmentWithdrawn{Attachment: file, Staff: audience, By: person, At: at},
		AttachmentErased{Attachment: file, Staff: audience, By: person, At: at},
		Published{Staff: audience, By: person, At: at},
		Withdrawn{Staff: audience, By: person, At: at},
	}
}

func sampleOthers(person domain.PersonID, audience AudienceStaff) []domain.Event {
	at, other := sampleAt, domain.TicketID{UUID: sampleID("other ticket")}
	link := LinkedStaff{Other: other, Relation: CausedBy}
	return []domain.Event{
		Merged{Into: other, Duplicate: true, Staff: audience, By: person, At: at},
		MergedIn{Bound: true, Staff: MergedInStaff{From: other, Clock: sampleClock()}, By: person, At: at},
		Split{Staff: SplitStaff{Into: other, Comments: []domain.CommentID{{UUID: sampleID("comment")}}}, By: person, At: at},
		Linked{Staff: link, By: person, At: at},
		Unlinked{Staff: link, By: person, At: at},
		ClientChanged{
			Client: domain.ClientID{UUID: sampleID("other client")}, Contract: domain.ContractID{UUID: sampleID("other contract")},
			JobType: "api", Staff: audience, By: person, At: at,
		},
		Watched{Staff: WatchedStaff{Person: person, Ended: true}, By: person, At: at},
	}
}

func samplePromises(person domain.PersonID, audience AudienceStaff) []domain.Event {
	at := sampleAt
	return []domain.Event{
		SLAPinned{Staff: SLAPinnedStaff{Pin: samplePin(), Reason: "raised"}, By: person, At: at},
		SLAStateReached{Goal: sla.Resolution, State: sla.NearBreach, Staff: SLAStateReachedStaff{Cycle: 1}, At: at},
		TargetConcluded{
			Goal: sla.Resolution, State: sla.MetLate, At: at,
			Staff: TargetConcludedStaff{Cycle: 1, GoalSeconds: 14_400, ElapsedSeconds: 14_460, Breached: at.Add(-time.Minute)},
		},
		Escalated{Goal: sla.Resolution, Staff: EscalatedStaff{Cycle: 1, Level: sampleLevel()}, At: at},
		EscalationAcknowledged{Staff: audience, By: person, At: at},
		BreachExcused{
			Goal: sla.Resolution, By: person, At: at,
			Staff: BreachExcusedStaff{Cycle: 1, Why: "maintenance", Reason: "announced for that night"},
		},
	}
}

func samplePin() sla.Pin {
	hours := []calendar.Interval{{From: "09:00", Until: "17:00"}}
	return sla.Pin{
		Policy: sla.Ref{ID: sampleID("policy"), Version: 1}, Calendar: sla.Ref{ID: sampleID("calendar"), Version: 1}, Source: sla.FromContract,
		Target: sla.Target{
			Priority: "critical", SupportLevel: "24x7", JobType: "api",
			FirstResponseMinutes: 30, NextResponseMinutes: 60, ResolutionMinutes: 240,
		},
		SupportLevel: "24x7", NearPercent: 75, FloorMinutes: 30, PausesThirdParty: true, PausesOnHold: true,
		ReopenStartsAnew: true, CloseAfterDays: 5, ReopenDays: 30, Ladder: []sla.Level{sampleLevel()},
		Hours: calendar.Calendar{
			Zone: "Australia/Sydney", Always: true,
			Week:   []calendar.OpenDay{{Weekday: "mon", Hours: hours}},
			Days:   []calendar.SpecialDay{{Date: "2026-04-03", Name: "Good Friday", Holiday: true, Hours: hours}},
			Yearly: []calendar.YearlyDay{{Month: 1, Day: 26, Name: "Australia Day", Hours: hours}},
		},
		Zones: "2025b",
	}
}

func sampleLevel() sla.Level {
	return sla.Level{
		Level: 2, Goal: sla.Resolution, Percent: 90, Minutes: 5, Recipients: []string{sla.Assignee},
		Persons: []uuid.UUID{sampleID("person")}, Mail: true, Action: sla.AddWatcher, To: sampleID("person"),
	}
}

// sampleClock is no clock that ever ran: every field has a value.
func sampleClock() sla.Clock {
	at := sampleAt
	return sla.Clock{
		Pins: []sla.Pin{samplePin()}, Condition: sla.Over, At: at,
		Runs: []sla.Run{{
			Goal: sla.Resolution, Cycle: 1, Began: at.Add(-time.Hour), Breached: at, Ended: at, Outcome: sla.Cancelled,
			Segments: []sla.Segment{{
				From: at.Add(-time.Hour), Until: at, Paused: sla.OnHold, While: sla.OnHold, Pin: 1, Seconds: 3600,
			}},
		}},
	}
}
