package staff_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// pinned says that a resolution within so many minutes is promised, around the clock.
func pinned(minutes int, level string, since time.Time) ticket.SLAPinned {
	promise := sla.Promise{
		Policy: sla.Ref{ID: id("policy", 1), Version: 2}, Source: sla.FromFirm, SupportLevel: level,
		Content: sla.Policy{Targets: []sla.Target{{Priority: "high", ResolutionMinutes: minutes}}, PausesOnHold: true},
		Hours:   calendar.Calendar{Zone: "UTC", Always: true},
	}
	return ticket.SLAPinned{Staff: ticket.SLAPinnedStaff{Pin: promise.Select("high", "api", since), Reason: "raised"}, At: since}
}

// promised records a ticket that was raised at the start of the story, with a promise, and what happened to it.
func promised(t *testing.T, log *stafftest.Log, n, minutes int, level string, more ...domain.Event) {
	t.Helper()
	r := raised(n, 1)
	r.At = at(0)
	log.Record(t, stream(n), append([]domain.Event{r, pinned(minutes, level, at(0))}, more...)...)
}

func queueOf(t *testing.T) *stafftest.World {
	t.Helper()
	return world(t, func(log *stafftest.Log) {
		mine := ticket.AssignedStaff{Assignee: domain.PersonID{UUID: id("person", 9)}, Team: "Platform"}
		promised(t, log, 1, 60, "standard")
		promised(t, log, 2, 120, "standard", ticket.Assigned{Staff: mine, At: at(1)})
		promised(t, log, 3, 400, "standard", ticket.Watched{Staff: ticket.WatchedStaff{Person: domain.PersonID{UUID: id("person", 9)}}, At: at(1)})
		promised(t, log, 4, 10_000, "standard")
		promised(t, log, 5, 200, "standard", ticket.WaitingStarted{For: ticket.ForClient, At: at(50)})
		log.Record(t, stream(6), raised(6, 2))
		promised(t, log, 7, 400, "24x7")
		promised(t, log, 8, 400, "standard", ticket.Resolved{Note: "Done.", At: at(3)})
	})
}

// TestQueueIsInTheOrderOfWork is F20: breached, then the share that is left, support level, and what stands still at the
// end. What is resolved is in it no more.
func TestQueueIsInTheOrderOfWork(t *testing.T) {
	t.Parallel()
	w := queueOf(t)
	type line struct {
		Ticket int
		Group  staff.Group
		Left   int64 // minutes
	}
	for name, c := range map[string]struct {
		filter staff.TicketFilter
		want   []line
	}{
		"all": {staff.TicketFilter{}, []line{
			{1, staff.GroupBreached, -40},
			{2, staff.GroupNear, 20},
			{7, staff.GroupToday, 300},
			{3, staff.GroupToday, 300},
			{4, staff.GroupLater, 9900},
			{5, staff.GroupPaused, 150},
			{6, staff.GroupLater, 0},
		}},
		"mine":           {staff.TicketFilter{Of: id("person", 9)}, []line{{2, staff.GroupNear, 20}, {3, staff.GroupToday, 300}}},
		"team":           {staff.TicketFilter{Team: "Platform"}, []line{{2, staff.GroupNear, 20}}},
		"client":         {staff.TicketFilter{Client: id("client", 2)}, []line{{6, staff.GroupLater, 0}}},
		"breached":       {staff.TicketFilter{Breached: at(100)}, []line{{1, staff.GroupBreached, -40}}},
		"other priority": {staff.TicketFilter{Priorities: []string{"low"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.Read(t, func(tx pgx.Tx) error {
				queue, more, err := staff.Queue(t.Context(), tx, c.filter, at(100))
				if err != nil {
					return err
				}
				var got []line
				for _, q := range queue {
					n := 1
					for id("ticket", n) != q.Ticket.ID {
						n++
					}
					got = append(got, line{n, q.Group, q.Reading.RemainingSeconds / 60})
				}
				if diff := cmp.Diff(c.want, got); diff != "" || more {
					t.Errorf("queue, more: %v (-want +got):\n%s", more, diff)
				}
				return nil
			})
		})
	}
}

// TestQueueCursor goes on behind a ticket that has left the queue meanwhile.
func TestQueueCursor(t *testing.T) {
	t.Parallel()
	queue := []staff.Queued{{Ticket: staff.Ticket{ID: id("ticket", 1)}}, {Ticket: staff.Ticket{ID: id("ticket", 2)}}, {Ticket: staff.Ticket{ID: id("ticket", 3)}}}
	cursor := staff.QueueCursor{At: at(7), Place: 2, ID: id("ticket", 2)}
	again, err := staff.ParseQueueCursor(cursor.String())
	if diff := cmp.Diff(cursor, again); diff != "" || err != nil {
		t.Errorf("cursor: %v (-want +got):\n%s", err, diff)
	}
	for name, c := range map[string]struct {
		queue []staff.Queued
		want  int
	}{"there": {queue, 2}, "gone": {append(queue[:1:1], queue[2]), 1}, "all gone": {nil, 0}} {
		if got := cursor.Rest(c.queue); got != c.want {
			t.Errorf("%s: goes on at %d, want %d", name, got, c.want)
		}
	}
	for _, text := range []string{"x", "AAAA", cursor.String() + "A"} {
		if _, err := staff.ParseQueueCursor(text); err == nil {
			t.Errorf("cursor %q was taken", text)
		}
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	queueOf(t).Read(t, func(tx pgx.Tx) error {
		due, err := staff.DueClocks(t.Context(), tx, at(100), staff.Deadline{}, 10)
		// The floor of an hour comes before three quarters of two hours, and is left aside for one hour.
		want := []staff.Deadline{{Ticket: id("ticket", 1), At: at(45)}, {Ticket: id("ticket", 2), At: at(60)}}
		if diff := cmp.Diff(want, due); diff != "" || err != nil {
			t.Errorf("deadlines that passed: %v (-want +got):\n%s", err, diff)
		}
		next, err := staff.NextDue(t.Context(), tx, at(100))
		if !next.At.After(at(100)) || err != nil {
			t.Errorf("next deadline: %+v, %v", next, err)
		}
		open, err := staff.OpenClocks(t.Context(), tx, uuid.Nil, 200)
		for _, clock := range open {
			if promised := clock.Ticket != id("ticket", 6); promised != (clock.Policy != nil && clock.PolicyVersion == 2) {
				t.Errorf("pinned for an open ticket: %+v", clock)
			}
		}
		if len(open) != 7 {
			t.Errorf("%d clocks are open, want 7", len(open))
		}
		return err
	})
}

// TestPausesThatDeserveALook finds the pause that outlived the client's reply, and the one that began just before the
// due instant.
func TestPausesThatDeserveALook(t *testing.T) {
	t.Parallel()
	hold := func(minute int) domain.Event { return ticket.WaitingStarted{For: ticket.OnHold, At: at(minute)} }
	w := world(t, func(log *stafftest.Log) {
		promised(t, log, 1, 60, "standard", hold(10),
			ticket.Commented{Comment: domain.CommentID{UUID: id("comment", 1)}, ByClient: true, Visibility: domain.ClientVisible, Text: "Well?", At: at(20)},
			pinned(90, "standard", at(30)), // It cuts the pause and ends it not.
			ticket.WaitingEnded{At: at(50)})
		promised(t, log, 2, 60, "standard", hold(55), ticket.WaitingEnded{At: at(70)})
		promised(t, log, 3, 60, "standard", hold(20), ticket.WaitingEnded{At: at(30)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		findings, next, err := staff.AuditPauses(t.Context(), tx, uuid.Nil, at(0), at(1000), staff.TicketCursor{}, at(100))
		if err != nil {
			return err
		}
		for i := range findings {
			findings[i].Ticket = staff.Ticket{ID: findings[i].Ticket.ID}
		}
		want := []staff.Finding{
			{
				Ticket: staff.Ticket{ID: id("ticket", 1)}, Kind: staff.OutlivedReply, Goal: sla.Resolution, Cycle: 1, PausedFor: sla.OnHold,
				From: at(10), Until: at(50), Reply: at(20), Seconds: 30 * 60,
			},
			{
				Ticket: staff.Ticket{ID: id("ticket", 2)}, Kind: staff.AvoidedBreach, Goal: sla.Resolution, Cycle: 1, PausedFor: sla.OnHold,
				From: at(55), Until: at(70), Due: at(60), Seconds: 5 * 60,
			},
		}
		if diff := cmp.Diff(want, findings); diff != "" || !next.IsZero() {
			t.Errorf("findings, then %v (-want +got):\n%s", next, diff)
		}
		none, _, err := staff.AuditPauses(t.Context(), tx, id("client", 2), at(0), at(1000), staff.TicketCursor{}, at(100))
		if len(none) != 0 {
			t.Errorf("another client has findings: %+v", none)
		}
		return err
	})
}

func TestSLAReport(t *testing.T) {
	t.Parallel()
	concluded := func(state sla.State, elapsed int64) domain.Event {
		return ticket.TargetConcluded{Goal: sla.Resolution, State: state, At: at(90), Staff: ticket.TargetConcludedStaff{
			Cycle: 1, GoalSeconds: 3600, ElapsedSeconds: elapsed,
		}}
	}
	w := world(t, func(log *stafftest.Log) {
		promised(t, log, 1, 60, "standard", concluded(sla.Met, 600))
		promised(t, log, 2, 60, "standard", concluded(sla.MetLate, 4000))
		promised(t, log, 3, 60, "standard", concluded(sla.MetLate, 9000),
			ticket.BreachExcused{Goal: sla.Resolution, Staff: ticket.BreachExcusedStaff{Cycle: 1, Why: "mistake", Reason: "The clock was wrong."}, At: at(95)})
		promised(t, log, 4, 60, "standard", ticket.SLAStateReached{Goal: sla.Resolution, State: sla.NearBreach, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: at(45)},
			ticket.SLAStateReached{Goal: sla.Resolution, State: sla.Breached, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: at(60)})
		promised(t, log, 5, 60, "standard", ticket.SLAStateReached{Goal: sla.Resolution, State: sla.NearBreach, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: at(45)})
		promised(t, log, 6, 60, "standard", concluded(sla.Cancelled, 600))
		missed := ticket.TargetConcludedStaff{Cycle: 1, GoalSeconds: 3600, ElapsedSeconds: 4000, Breached: at(60)} // Cancelling it does not undo that.
		promised(t, log, 7, 60, "standard", ticket.TargetConcluded{Goal: sla.Resolution, State: sla.Cancelled, At: at(90), Staff: missed})
	})
	w.Read(t, func(tx pgx.Tx) error {
		kept, err := staff.SLAReport(t.Context(), tx, id("client", 1), at(0), at(100))
		want := []staff.Kept{{Goal: "resolution", Priority: "high", Met: 1, MetLate: 1, Breached: 2, Excused: 1, Cancelled: 1, OverrunSeconds: 400}}
		if diff := cmp.Diff(want, kept); diff != "" || err != nil {
			t.Errorf("report: %v (-want +got):\n%s", err, diff)
		}
		outcomes, err := staff.Targets(t.Context(), tx, id("ticket", 4))
		if len(outcomes) != 1 || outcomes[0].State != "breached" || !outcomes[0].NearAt.Equal(at(45)) || !outcomes[0].BreachedAt.Equal(at(60)) {
			t.Errorf("what was written down about a breach: %+v", outcomes)
		}
		if other, err := staff.SLAReport(t.Context(), tx, uuid.Nil, at(91), at(100)); len(other) != 0 || err != nil {
			t.Errorf("report of a time without promises: %+v, %v", other, err)
		}
		return err
	})
}

func TestConversationKeepsWhatStaysReadable(t *testing.T) {
	t.Parallel()
	comment, gone := domain.CommentID{UUID: id("comment", 1)}, domain.CommentID{UUID: id("comment", 2)}
	edit := func(of domain.CommentID, text string, version, minute int) domain.Event {
		return ticket.CommentEdited{Comment: of, Text: text, Version: version, At: at(minute)}
	}
	meant := domain.PersonID{UUID: id("person", 3)}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, stream(1), raised(1, 1),
			ticket.Commented{Comment: comment, Text: "one", At: at(1)}, edit(comment, "two", 0, 2), edit(comment, "three", 1, 30),
			ticket.CommentEdited{Comment: comment, Text: "four", Version: 2, Mentions: []domain.PersonID{meant}, At: at(40)},
			ticket.Commented{Comment: gone, Text: "bad", At: at(41)}, edit(gone, "worse", 1, 60), ticket.CommentDeleted{Comment: gone, At: at(61)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		versions, err := staff.CommentVersions(t.Context(), tx, id("ticket", 1))
		want := []staff.CommentVersion{
			{Message: comment.UUID, Version: 1, Text: "two", Until: at(30)}, {Message: comment.UUID, Version: 2, Text: "three", Until: at(40)},
		}
		if diff := cmp.Diff(want, versions); diff != "" || err != nil {
			t.Errorf("versions: %v (-want +got):\n%s", err, diff)
		}
		messages, err := staff.Messages(t.Context(), tx, id("ticket", 1))
		if len(messages) != 2 || messages[0].Text != "four" || messages[1].Text != "" || messages[1].DeletedAt == nil {
			t.Errorf("messages: %+v, %v", messages, err)
			return err
		}
		mentioned, err := messages[0].Mentioned()
		if diff := cmp.Diff([]uuid.UUID{meant.UUID}, mentioned); diff != "" {
			t.Errorf("mentioned (-want +got):\n%s", diff)
		}
		return err
	})
}

func TestTicketsThatAreTied(t *testing.T) {
	t.Parallel()
	link := ticket.LinkedStaff{Other: domain.TicketID{UUID: id("ticket", 2)}, Relation: ticket.Blocks}
	taken := ticket.LinkedStaff{Other: domain.TicketID{UUID: id("ticket", 3)}, Relation: ticket.Blocks}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, stream(1), raised(1, 1), ticket.Linked{Staff: link, At: at(1)}, ticket.Linked{Staff: taken, At: at(1)}, ticket.Unlinked{Staff: taken, At: at(2)})
		log.Record(t, stream(2), raised(2, 1))
		log.Record(t, stream(3), raised(3, 1), ticket.Merged{Into: domain.TicketID{UUID: id("ticket", 1)}, At: at(5)})
		again := raised(4, 1)
		again.Follows = domain.TicketID{UUID: id("ticket", 1)}
		log.Record(t, stream(4), again)
	})
	type tie struct {
		Ticket   uuid.UUID
		Relation string
		Inverse  bool
	}
	for n, want := range map[int][]tie{
		1: {{id("ticket", 2), "blocks", false}, {id("ticket", 3), "merged", false}, {id("ticket", 4), "follows", false}},
		2: {{id("ticket", 1), "blocks", true}}, 3: {{id("ticket", 1), "merged", true}}, 4: {{id("ticket", 1), "follows", true}},
	} {
		w.Read(t, func(tx pgx.Tx) error {
			related, err := staff.RelatedTickets(t.Context(), tx, id("ticket", n))
			var got []tie
			for _, r := range related {
				got = append(got, tie{r.Ticket.ID, r.Relation, r.Inverse})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ticket %d (-want +got):\n%s", n, diff)
			}
			return err
		})
	}
}
