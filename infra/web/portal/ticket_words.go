package portal

import (
	"time"

	"effigate/domain/visible"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// word is a state in words, and what it means.
type word struct {
	Tone page.Tone
	Text string
}

// words are those of a ticket's states, of its priorities and of its promises (X1). A promise that is paused says for
// what by the state of its ticket; see pauses.
var words = struct{ states, priorities, targets map[string]word }{
	states: map[string]word{
		visible.TicketOpen: {page.Neutral, "Open"}, visible.TicketInProgress: {page.Neutral, "In progress"},
		visible.TicketWaitingForYou: {page.Attention, "Waiting for you"}, visible.TicketAwaitingApproval: {page.Attention, "Waiting for your approval"},
		visible.TicketOnHold: {page.Neutral, "On hold"}, visible.TicketResolved: {page.Good, "Resolved"}, visible.TicketClosed: {page.Good, "Closed"},
		visible.TicketCancelled: {page.Neutral, "Cancelled"}, visible.TicketMerged: {page.Neutral, "Merged"},
	},
	priorities: map[string]word{
		"critical": {page.Danger, "Critical"}, "high": {page.Attention, "High"}, "medium": {page.Neutral, "Medium"}, "low": {page.Neutral, "Low"},
	},
	targets: map[string]word{
		visible.TargetOnTrack: {page.Good, "On track"}, visible.TargetAtRisk: {page.Attention, "At risk"}, visible.TargetMissed: {page.Danger, "Missed"},
		visible.TargetPaused: {page.Neutral, "Paused"}, visible.TargetMet: {page.Good, "Met"}, visible.TargetMetLate: {page.Attention, "Met late"},
	},
}

// pauses say why a promise is paused, by the state of its ticket.
var pauses = map[string]string{
	visible.TicketWaitingForYou: "Paused, waiting for you", visible.TicketAwaitingApproval: "Paused, waiting for you", visible.TicketOnHold: "Paused, on hold",
}

// goals are what is promised, in words.
var goals = map[string]string{"first_response": "First reply", "next_response": "Next reply", "resolution": "Resolution"}

// doings are what a clock does, in words.
var doings = map[string]struct {
	Doing page.Doing
	Text  string
}{
	"counting": {page.Counting, "Counting"}, "closed": {page.Closed, "Outside of opening hours"}, "holiday": {page.Holiday, "Holiday"},
	"waiting_for_you": {page.Waiting, "Waiting for you"}, "awaiting_approval": {page.Waiting, "Waiting for your approval"},
	"on_hold": {page.Holding, "On hold"}, "resolved": {page.Holding, "Resolved"},
}

// targetWord is the state of a promise about a ticket in words.
func targetWord(ticket client.Ticket, target client.Target) word {
	said := words.targets[target.State]
	if why, known := pauses[ticket.State]; known && target.State == visible.TargetPaused {
		said.Text = why
	}
	return said
}

// pressing is the promise about a ticket that a list shows: the first to be due, else one that is paused, else the last
// one; nil when nothing is promised.
func pressing(targets []client.Target) *client.Target {
	var found *client.Target
	for i, target := range targets {
		if found == nil || weight(target) > weight(*found) || weight(target) == weight(*found) && sooner(target, *found) {
			found = &targets[i]
		}
	}
	return found
}

func weight(t client.Target) int {
	switch {
	case t.Due != nil:
		return 2
	case t.State == visible.TargetPaused:
		return 1
	default:
		return 0
	}
}

// sooner reports whether a promise is due before another one of its weight; of others, the later one counts.
func sooner(a, b client.Target) bool { return a.Due == nil || a.Due.Before(*b.Due) }

// countdown is what is left of a promise; the zero props when it has ended.
func (s screen) countdown(target client.Target, at time.Time) page.CountdownProps {
	props := page.CountdownProps{Label: "Time left until: " + goals[target.Goal], Now: at, Tone: words.targets[target.State].Tone}
	if target.Due != nil {
		props.Due = *target.Due
	}
	if target.RemainingSeconds != nil {
		props.Left = time.Duration(*target.RemainingSeconds) * time.Second
	}
	return props
}

// ticks reports whether there is something left of a promise to show.
func ticks(t client.Target) bool { return t.Due != nil || t.RemainingSeconds != nil }

// promise is a promise in a sentence; at is the moment it is said, in the zone of whom it is said to.
func promise(ticket client.Ticket, target client.Target, at time.Time) string {
	goal := goals[target.Goal]
	switch {
	case target.State == visible.TargetMet:
		return goal + ": in time."
	case target.State == visible.TargetMetLate:
		return goal + ": later than promised."
	case target.State == visible.TargetPaused:
		return goal + ": " + pauseText(ticket.State)
	case target.Due == nil:
		return goal + "."
	case target.State == visible.TargetMissed:
		return goal + " was due by " + dueText(*target.Due, at) + "."
	default:
		return goal + " due by " + dueText(*target.Due, at) + "."
	}
}

// pauseText says why a clock is paused, by the state of its ticket.
func pauseText(state string) string {
	switch state {
	case visible.TicketWaitingForYou:
		return "the clock is paused until you answer."
	case visible.TicketAwaitingApproval:
		return "the clock is paused until the estimate is answered."
	case visible.TicketOnHold:
		return "the clock is paused while the ticket is on hold."
	default:
		return "the clock is paused."
	}
}

// dueText is an instant as people name it: "15:42 today (AEDT)", "2 Mar 2026, 15:42 (AEDT)".
func dueText(due, at time.Time) string {
	due = due.In(at.Location())
	day := due.Format(time.DateOnly)
	switch day {
	case at.Format(time.DateOnly):
		return due.Format("15:04 today (MST)")
	case at.AddDate(0, 0, 1).Format(time.DateOnly):
		return due.Format("15:04 tomorrow (MST)")
	default:
		return due.Format("2 Jan 2006, 15:04 (MST)")
	}
}

// strip explains the clock of a promise; at is as of promise.
func strip(target client.Target, at time.Time) page.StripProps {
	props := page.StripProps{Caption: "What the time is spent on: " + goals[target.Goal], Now: at}
	for _, s := range target.Strip {
		doing := doings[s.Doing]
		props.Stretches = append(props.Stretches, page.Stretch{
			From: s.From.In(at.Location()), Until: s.Until.In(at.Location()), Doing: doing.Doing, Word: doing.Text, Counted: time.Duration(s.Seconds) * time.Second,
		})
	}
	return props
}

// sizeText is a number of bytes in words.
func sizeText(bytes int64) string {
	switch {
	case bytes < 1<<10:
		return plural(int(bytes), "byte")
	case bytes < 1<<20:
		return plural(int((bytes+1<<9)>>10), "kilobyte")
	default:
		return plural(int((bytes+1<<19)>>20), "megabyte")
	}
}
