package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	staffrows "effigate/readmodels/staff"
)

// While a whole installation stands still, targets come near their breach and are missed. Once it runs again each of
// that is written down once, in the order in which it was due on its ticket and with the instant of then, and clients
// read the same.
func TestWhatFellDueDuringAnOutageIsWrittenDownAsItWasDue(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "outage", "")
	due := map[domain.TicketID]time.Time{}
	for i, priority := range []int{1, 0, 1, 2, 0, 1} { // High, critical or medium.
		s.tell(t, story{{Name: "client raises", Choice: priority}}, false)
		raised := s.tickets[i]
		due[raised.id] = s.now().Add(map[int]time.Duration{0: time.Hour, 1: 2 * time.Hour, 2: 4 * time.Hour}[priority])
		s.name += "'"
		s.later += 7 * time.Minute
	}
	in.stop()
	again := installWith(t, in.settings, s.now().Add(5*time.Hour))
	s.in = again
	again.untilNothingIsDue(t)
	fired := again.fired(t, due)
	for id, at := range due {
		raised := s.raisedAt(t, id)
		promised := at.Sub(raised)
		var want []string
		for _, share := range []struct {
			part int
			what string
		}{{3, "near_breach"}, {4, "breached"}} {
			for _, goal := range []sla.Goal{sla.FirstResponse, sla.Resolution} {
				want = append(want, fmt.Sprint(raised.Add(promised*time.Duration(share.part)/4).UTC().Format(time.RFC3339), " ", goal, " ", share.what))
			}
		}
		got := slices.DeleteFunc(slices.Clone(fired[id]), func(line string) bool { return strings.Contains(line, "escalated") })
		slices.Sort(want)
		if !slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(a[:20], b[:20]) }) {
			t.Errorf("ticket %s fired out of order: %v", id, got)
		}
		slices.Sort(got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("ticket %s (-want +got):\n%s", id, diff)
		}
		again.checkMissed(t, s.orgs[0].users[0], id, at)
	}
	// What comes later fires nothing anew.
	s.step, s.later = 0, again.hour.now().Sub(monday)
	s.name += " later"
	s.tell(t, story{{Name: "client raises", Choice: 1}}, false)
	again.untilNothingIsDue(t)
	if diff := gocmp.Diff(fired, again.fired(t, due)); diff != "" {
		t.Errorf("what fired after more was raised (-before +after):\n%s", diff)
	}
	again.verify(t, "client")
	again.verify(t, "staff")
}

// raisedAt is when a ticket was raised.
func (s *stage) raisedAt(tb failing, id domain.TicketID) time.Time {
	tb.Helper()
	state, err := foldOf(context.Background(), s.in.store, ticket.Decider, ticket.Stream(id))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return state.RaisedAt()
}

// untilNothingIsDue waits until the worker has written down all that fell due.
func (in *installation) untilNothingIsDue(tb failing) {
	tb.Helper()
	for until := time.Now().Add(patience); ; {
		in.settle(tb)
		var passed []staffrows.Deadline
		_, err := in.reads.staff.Read(context.Background(), domain.Position{}, func(tx pgx.Tx) (err error) {
			passed, err = staffrows.DueClocks(context.Background(), tx, in.hour.now(), staffrows.Deadline{}, staffrows.MaxLimit)
			return err
		})
		if err != nil {
			tb.Fatalf("%v", err)
		}
		if len(passed) == 0 {
			return
		}
		if time.Now().After(until) {
			tb.Fatalf("%d deadlines have passed, and nobody wrote it down: %+v", len(passed), passed[0])
		}
	}
}

// fired is what time led to on some tickets, in the order of their streams: when, of which goal, what.
func (in *installation) fired(tb failing, of map[domain.TicketID]time.Time) map[domain.TicketID][]string {
	tb.Helper()
	all := map[domain.TicketID][]string{}
	for delivery, err := range in.source.Scan(context.Background(), domain.Position{}) {
		if err != nil {
			tb.Fatalf("%v", err)
		}
		id, err := ticket.IDOf(delivery.Recorded.Stream)
		if _, wanted := of[id]; err != nil || !wanted {
			continue
		}
		line := func(at time.Time, goal sla.Goal, what string) {
			all[id] = append(all[id], fmt.Sprint(at.UTC().Format(time.RFC3339), " ", goal, " ", what))
		}
		switch e := delivery.Recorded.Event.(type) {
		case ticket.SLAStateReached:
			line(e.At, e.Goal, string(e.State))
		case ticket.Escalated:
			line(e.At, e.Goal, fmt.Sprint("escalated ", e.Staff.Level.Level))
		}
	}
	return all
}

// checkMissed looks at what the client reads about the targets of a ticket that were missed at an instant.
func (in *installation) checkMissed(tb failing, user cast, id domain.TicketID, at time.Time) {
	tb.Helper()
	got := in.askAgain(tb, "/api/client/v1/tickets/"+id.String(), user.token)
	shown := decode[struct {
		Targets []struct {
			Goal, State string
			Due         time.Time
		}
	}](tb, got, http.StatusOK)
	missed := 0
	for _, target := range shown.Targets {
		if target.State == "missed" && target.Due.Equal(at) {
			missed++
		}
	}
	if missed != 2 {
		tb.Errorf("the client reads %+v of ticket %s, whose targets were missed at %v", shown.Targets, id, at)
	}
}

// What is made internal while somebody looks is gone from the answers at once, and the open page is told: a comment, a
// file, and a ticket that is moved to another organisation.
func TestWhatIsMadeInternalVanishesWhileSomebodyLooks(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := setStage(t, in, "retraction", "")
	ours := s.orgs[0].users[0]
	s.tell(t, story{{Name: "staff raises"}, {Name: "staff raises"}, {Name: "staff comments"}, {Name: "attaches"}}, false)
	on, moving := s.tickets[0], s.tickets[1]
	hear := listenTo(t, in, ours)
	for _, test := range []struct {
		name, path string
		gone       uuid.UUID
		do         func(r commands.Request) (commands.Answer, error)
	}{
		{"a comment", "/tickets/" + on.id.String() + "/comments", on.comments[0].UUID, func(r commands.Request) (commands.Answer, error) {
			return in.service.WithdrawComment(t.Context(), r, commands.WithdrawComment{Ticket: on.id, Comment: on.comments[0]})
		}},
		{"a file", "/tickets/" + on.id.String(), on.files[0].UUID, func(r commands.Request) (commands.Answer, error) {
			return in.service.WithdrawAttachment(t.Context(), r, commands.ChangeAttachment{Ticket: on.id, Attachment: on.files[0]})
		}},
		{"a ticket", "/tickets?limit=200", moving.id.UUID, func(r commands.Request) (commands.Answer, error) {
			return in.service.ChangeTicketClient(t.Context(), r, commands.ChangeTicketClient{
				Ticket: moving.id, Client: s.orgs[1].id, Contract: s.orgs[1].contract, JobType: "api",
			})
		}},
	} {
		read := func() string { return in.askAgain(t, "/api/client/v1"+test.path, ours.token).Body }
		before := read()
		if !strings.Contains(before, test.gone.String()) {
			t.Fatalf("%s is not there: %s", test.name, before)
		}
		if _, err := test.do(s.request(s.staff[0].Actor, "hide "+test.name)); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		began := time.Now()
		for strings.Contains(read(), test.gone.String()) {
			if time.Since(began) > patience {
				t.Fatalf("%s stays in %s", test.name, test.path)
			}
		}
		took := time.Since(began)
		for line := `{"key":"` + test.gone.String() + `","removed":true}`; !hear(line); {
			if time.Since(began) > patience {
				t.Fatalf("the open page is not told %s", line)
			}
		}
		told := time.Since(began)
		t.Logf("%s was gone after %v, and the open page told after %v", test.name, took.Round(time.Millisecond), told.Round(time.Millisecond))
		if torture() && max(took, told) > 2*time.Second {
			t.Errorf("%s was gone after %v, and the open page told after %v: more than two seconds", test.name, took, told)
		}
		after, everything, words := read(), dump(t, in.client.database), 0
		for _, mark := range itemMark.FindAllString(before, -1) {
			if strings.Contains(after, mark) {
				continue
			}
			if words++; strings.Contains(everything, mark) {
				t.Errorf("the client database still holds the words of %s", test.name)
			}
		}
		if words == 0 {
			t.Errorf("%s had no words: the scan would find nothing", test.name)
		}
	}
}
