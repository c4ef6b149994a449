package ticket_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"effigate/domain"
	"effigate/domain/spec"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

var disclosed = spec.Discloser(ticket.Disclose).Given

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "ticket", ticket.All())
	spec.NothingOfStaff(t)
	// What the clock is made of stays in it.
	spec.NeverSelects(t, "Pins", "Pin", "GoalSeconds", "ElapsedSeconds", "Elapsed", "Near", "Late", "Policy", "Calendar", "Hours", "Ladder", "Level")
	spec.StaffFeeds(t, "fact.go", "fact", "Pin", "Clock")
}

// record is what the client sees of the ticket when it was just raised.
func record(change func(*visible.Ticket)) visible.Ticket {
	r := visible.Ticket{
		Client: nexus.UUID, ID: subject.UUID, Title: "Export stops", Description: "Above 10,000 rows.",
		Category: domain.CategoryID(contract, "api"), Priority: "high", State: visible.TicketOpen,
		RaisedBy: emma.Person.UUID, RaisedAt: at, UpdatedAt: at,
	}
	if change != nil {
		change(&r)
	}
	return r
}

func step(i int, state string, at time.Time) visible.TicketStep {
	return visible.TicketStep{
		Client: nexus.UUID, ID: domain.Derive(subject.UUID, "step", strconv.Itoa(i)), Ticket: subject.UUID, State: state, At: at,
	}
}

func message(name string, author domain.Actor, byClient bool) visible.Comment {
	return visible.Comment{
		Client: nexus.UUID, ID: comment(name).UUID, Ticket: subject.UUID, Author: author.Person.UUID, ByClient: byClient, Text: name, At: at,
	}
}

func TestDisclose(t *testing.T) {
	t.Parallel()
	const shown, internal = domain.ClientVisible, domain.InternalOnly
	inside := record(func(r *visible.Ticket) { r.RaisedBy = anna.Person.UUID })
	opened := step(0, visible.TicketOpen, at)
	number := func(series domain.Visibility, n int) ticket.Event {
		return ticket.Numbered{Series: series, Number: n, At: later}
	}
	t.Run("a client's ticket appears with its first step", func(t *testing.T) {
		t.Parallel()
		disclosed(raised).Then(t, visible.Put{Record: record(nil)}, visible.Put{Record: opened})
	})
	t.Run("what is inside leaves no trace", func(t *testing.T) {
		t.Parallel()
		disclosed(raisedInside, started, commented("a", internal, anna), noted(internal), resolved, closed,
			number(internal, 7), ticket.Imported{Staff: origin, At: later}).Then(t)
	})
	t.Run("on a visible ticket neither, not even a time", func(t *testing.T) {
		t.Parallel()
		disclosed(raised, ticket.Assigned{Staff: ticket.AssignedStaff{Team: "Platform"}, At: later},
			commented("a", internal, anna), noted(internal), number(internal, 7),
			ticket.Triaged{Contract: contract, JobType: "api", Priority: ticket.High, At: later}).
			Then(t, visible.Put{Record: record(nil)}, visible.Put{Record: opened})
	})
	t.Run("another reason for the same wait is no step", func(t *testing.T) {
		t.Parallel()
		again := held
		again.Staff.Reason, again.At = "another vendor", later
		disclosed(raised, held, again).Shows(t, record(func(r *visible.Ticket) { r.State = visible.TicketOnHold }),
			opened, step(1, visible.TicketOnHold, at))
	})
	t.Run("a number comes without being news", func(t *testing.T) {
		t.Parallel()
		disclosed(raised, number(shown, 41)).Shows(t, record(func(r *visible.Ticket) { r.Number = 41 }), opened)
	})
	t.Run("a published ticket shows its history and the comments named", func(t *testing.T) {
		t.Parallel()
		publish := published
		publish.At = later
		disclosed(raisedInside, started, commented("a", internal, anna), commented("b", internal, anna), publish,
			ticket.CommentPublished{Comment: comment("b"), At: later}).
			Shows(t, record(func(r *visible.Ticket) {
				r.RaisedBy, r.State, r.UpdatedAt = anna.Person.UUID, visible.TicketInProgress, later
			}), opened, step(1, visible.TicketInProgress, at), message("b", anna, false))
	})
	t.Run("a withdrawn comment stays away when its ticket comes back", func(t *testing.T) {
		t.Parallel()
		disclosed(raisedInside, published, commented("a", shown, anna), ticket.CommentWithdrawn{Comment: comment("a"), At: at},
			withdrawn, published).Shows(t, inside, opened)
	})
	t.Run("a withdrawn ticket takes everything with it", func(t *testing.T) {
		t.Parallel()
		disclosed(raisedInside, published, commented("a", shown, anna), number(shown, 3), withdrawn).Shows(t)
	})
	t.Run("a flag on a comment that is not there shows nothing", func(t *testing.T) {
		t.Parallel()
		disclosed(raised, ticket.CommentPublished{Comment: comment("a"), At: at}).Shows(t, record(nil), opened)
	})
	t.Run("a resolution lasts until the ticket is reopened", func(t *testing.T) {
		t.Parallel()
		done := record(func(r *visible.Ticket) {
			r.State, r.Resolution, r.ResolvedAt = visible.TicketResolved, "It streams now.", at
		})
		disclosed(raised, resolved).Shows(t, done, opened, step(1, visible.TicketResolved, at))
		disclosed(raised, resolved, reopened).Shows(t, record(func(r *visible.Ticket) { r.State = visible.TicketInProgress }),
			opened, step(1, visible.TicketResolved, at), step(2, visible.TicketInProgress, at))
	})
}

// longHistory is a ticket with a conversation of n comments, published and withdrawn at its end.
func longHistory(n int) []ticket.Event {
	history := []ticket.Event{raisedInside, published}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		visibility := domain.InternalOnly
		if random.IntN(2) == 0 {
			visibility = domain.ClientVisible
		}
		history = append(history, commented(strconv.Itoa(i), visibility, anna))
		if i%10 == 0 {
			history = append(history, asked, resumed)
		}
	}
	for i := range n {
		history = append(history, ticket.CommentPublished{Comment: comment(strconv.Itoa(i)), By: anna.Person, At: at})
	}
	return append(history, withdrawn, published)
}

func foldBoth(history []ticket.Event) {
	ticket.Decider.Fold(ticket.State{}, history...)
	var state ticket.Disclosure
	for _, event := range history {
		state, _ = ticket.Disclose(state, event)
	}
}

// A fold whose steps grow with the conversation takes seconds on a ticket that lived for years. Memory is
// measured because it is the same on every machine; so this test runs alone.
func TestALongTicketFoldsInProportion(t *testing.T) {
	allocated := func(n int) float64 {
		history := longHistory(n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		foldBoth(history)
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	if short, long := allocated(500), allocated(5000); long > 20*short {
		t.Errorf("10 times the comments took %.0f times the memory, %.0f bytes", long/short, long)
	}
}

// A ticket is withdrawn in one append, which has a limit: a long reason must not be written once a comment.
func TestAWithdrawalFitsIntoOneAppend(t *testing.T) {
	t.Parallel()
	history := []ticket.Event{raisedInside, published}
	for i := range 1000 {
		history = append(history, commented(strconv.Itoa(i), domain.ClientVisible, anna))
	}
	events, err := ticket.Decide(ticket.Decider.Fold(ticket.State{}, history...),
		ticket.Withdraw{Reason: strings.Repeat("x", domain.MaxText), By: anna, At: at})
	if err != nil {
		t.Fatal(err)
	}
	reasons := 0
	for _, event := range events {
		switch e := event.(type) {
		case ticket.CommentWithdrawn:
			reasons += len(e.Staff.Reason)
		case ticket.Withdrawn:
			reasons += len(e.Staff.Reason)
		default:
			t.Errorf("a withdrawal led to %T", e)
		}
	}
	if len(events) != 1001 || reasons != domain.MaxText {
		t.Errorf("%d events with %d characters of reasons", len(events), reasons)
	}
}

func BenchmarkFoldOf5000Comments(b *testing.B) {
	history := longHistory(5000)
	for b.Loop() {
		foldBoth(history)
	}
}
