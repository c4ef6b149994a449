package client_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/readmodels/client"
)

func readTicket(tb testing.TB, s *store, v client.Viewer, ticket uuid.UUID) client.TicketDetail {
	tb.Helper()
	return get(tb, s, v, func(ctx context.Context, tx pgx.Tx) (client.TicketDetail, error) {
		return client.ReadTicket(ctx, tx, v, ticket)
	})
}

// Every state is in exactly one of the lists of open and of other tickets.
func TestEveryTicketIsOpenOrOver(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	states := []string{"open", "in_progress", "waiting_for_you", "awaiting_approval", "on_hold", "resolved", "closed", "cancelled", "merged"}
	for n, state := range states {
		s.put(t, ticket(n+1, acme, ada, func(r *client.TicketRow) { r.State = state }))
	}
	for filter, want := range map[client.StateFilter][]string{
		client.FilterOpen: states[:5], client.FilterWaitingForYou: states[2:4], client.FilterResolved: states[5:], "": states,
	} {
		got := []string{}
		for _, ticket := range listTickets(t, s, asAda, client.TicketFilter{State: filter}).tickets {
			got = append(got, ticket.State)
		}
		slices.Reverse(got)
		if !slices.Equal(want, got) {
			t.Errorf("%q lists %v, want %v", filter, got, want)
		}
	}
	counts := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.Overview, error) {
		return client.ReadOverview(ctx, tx, asAda)
	})
	if want := (client.Counts{Open: 5, WaitingForYou: 2, Resolved: 4}); counts.Tickets != want {
		t.Errorf("counted %+v, want %+v", counts.Tickets, want)
	}
}

// The header's figure is that of the list behind it, counted from the reader's own tickets alone, however promises
// stand (X12, A11).
func TestTheCountAtRiskIsWhatTheListShows(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	rapid.Check(t, func(r *rapid.T) {
		s.run(t, `TRUNCATE tickets, targets`)
		want := map[string]int{}
		for n := range rapid.IntRange(0, 8).Draw(r, "tickets") {
			of := rapid.SampledFrom([]client.Viewer{asAda, asEve, asGil}).Draw(r, "of")
			state := rapid.SampledFrom([]string{"open", "waiting_for_you", "closed", "merged"}).Draw(r, "state")
			s.put(t, ticket(n, of.Client, of.Person, func(row *client.TicketRow) { row.State = state }))
			atRisk := false
			for i, goal := range []string{"first_response", "next_response", "resolution"} {
				target := rapid.SampledFrom([]string{"", "on_track", "at_risk", "missed", "paused", "met", "met_late"}).Draw(r, goal)
				if target != "" {
					s.put(t, client.TargetRow{ID: id(10*n + i), Client: of.Client, Ticket: id(1000 + n), Goal: goal, State: target, Strip: "[]"})
				}
				atRisk = atRisk || target == "at_risk" || target == "missed"
			}
			if atRisk && (state == "open" || state == "waiting_for_you") {
				want[map[uuid.UUID]string{acme: "ada", globex: "gil"}[of.Client]]++
				if of.Person == eve {
					want["eve"]++
				}
			}
		}
		for name, v := range map[string]client.Viewer{"ada": asAda, "eve": asEve, "gil": asGil} {
			counts := get(t, s, v, func(ctx context.Context, tx pgx.Tx) (client.Overview, error) { return client.ReadOverview(ctx, tx, v) })
			listed := len(listTickets(t, s, v, client.TicketFilter{AtRisk: true}).tickets)
			if counts.Tickets.AtRisk != want[name] || listed != want[name] {
				r.Fatalf("%s: %d counted, %d listed, want %d", name, counts.Tickets.AtRisk, listed, want[name])
			}
		}
	})
}

// A client is told what is left as a due instant while it runs and as seconds while it is paused, never as both; the
// list leaves the explanation out (X1).
func TestTargetsAsAClientMayKnowThem(t *testing.T) {
	t.Parallel()
	s := populated(t)
	strip := `[{"from":"2026-03-02T09:00:00Z","until":"2026-03-02T10:00:00Z","doing":"counting","seconds":3600},` +
		`{"from":"2026-03-02T10:00:00Z","until":"2026-03-03T09:00:00Z","doing":"waiting_for_you","seconds":0}]`
	s.put(t,
		client.TargetRow{ID: id(91), Client: acme, Ticket: id(1002), Goal: "resolution", State: "paused", RemainingSeconds: 11400, Strip: strip},
		client.TargetRow{ID: id(92), Client: acme, Ticket: id(1002), Goal: "first_response", State: "met", Strip: ""},
		client.TargetRow{ID: id(93), Client: acme, Ticket: id(1002), Goal: "next_response", State: "on_track", Due: new(monday.Add(time.Hour)), Strip: "[]"},
	)
	stretches := []client.Stretch{
		{From: monday, Until: monday.Add(time.Hour), Doing: "counting", Seconds: 3600},
		{From: monday.Add(time.Hour), Until: monday.Add(24 * time.Hour), Doing: "waiting_for_you"},
	}
	want := []client.Target{
		{Ticket: id(1002), Goal: "first_response", State: "met"},
		{Ticket: id(1002), Goal: "next_response", State: "on_track", Due: new(monday.Add(time.Hour)), Strip: []client.Stretch{}},
		{Ticket: id(1002), Goal: "resolution", State: "paused", RemainingSeconds: new(int64(11400)), Strip: stretches},
	}
	if diff := cmp.Diff(want, readTicket(t, s, asEve, id(1002)).Targets); diff != "" {
		t.Errorf("in full (-want +got):\n%s", diff)
	}
	for i := range want {
		want[i].Strip = nil
	}
	listed := listTickets(t, s, asEve, client.TicketFilter{}).tickets
	if diff := cmp.Diff(want, listed[1].Targets); diff != "" || listed[0].Targets == nil {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
}

// What a ticket points to is named to whoever may see that too, and to nobody else (A12).
func TestTicketsNameWhatTheirReaderMaySee(t *testing.T) {
	t.Parallel()
	s := populated(t)
	adas, gils := id(1001), id(1041)
	s.put(t,
		ticket(4, acme, eve, func(r *client.TicketRow) { r.Follows, r.MergedInto = new(id(1003)), &adas }),
		ticket(5, acme, ada, func(r *client.TicketRow) { r.Follows, r.MergedInto = &gils, new(id(7777)) }),
	)
	third, first := &client.TicketName{ID: id(1003), Display: "TKT-0003"}, &client.TicketName{ID: adas, Display: "TKT-0001"}
	for name, c := range map[string]struct {
		viewer        client.Viewer
		ticket        uuid.UUID
		follows, into *client.TicketName
	}{
		"an admin":                      {asAda, id(1004), third, first},
		"an employee, of another's":     {asEve, id(1004), third, nil},
		"another client's and nobody's": {asAda, id(1005), nil, nil},
	} {
		got := readTicket(t, s, c.viewer, c.ticket)
		if diff := cmp.Diff([]*client.TicketName{c.follows, c.into}, []*client.TicketName{got.Follows, got.MergedInto}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// An estimate is asked about only while the ticket waits for its answer.
func TestEstimatesAreShownWhileTheyWait(t *testing.T) {
	t.Parallel()
	s := populated(t)
	for n, state := range map[int]string{4: "awaiting_approval", 5: "in_progress"} {
		s.put(t, ticket(n, acme, ada, func(r *client.TicketRow) {
			r.State, r.OutOfScope, r.EstimateMinutes, r.EstimateText = state, true, 90, "A new printer"
		}))
	}
	for ticket, want := range map[uuid.UUID]*client.Estimate{id(1004): {Minutes: 90, Text: "A new printer", SHA256: visible.EstimateSHA256(90, "A new printer")}, id(1005): nil} {
		if detail := readTicket(t, s, asAda, ticket); !cmp.Equal(want, detail.Estimate) || !detail.OutOfScope {
			t.Errorf("shown %+v, want %+v", detail.Estimate, want)
		}
	}
}

// What a changed comment said stays readable, what a deleted one said does not (F11).
func TestChangedAndDeletedComments(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.put(t,
		client.CommentRow{ID: id(54), Client: acme, Ticket: id(1002), Author: eve, ByClient: true, Text: "third", At: monday, EditedAt: new(monday.Add(time.Hour))},
		client.CommentRow{ID: id(55), Client: acme, Ticket: id(1002), Author: sue, At: monday.Add(time.Minute), Deleted: true},
		client.CommentEditRow{ID: id(95), Client: acme, Comment: id(54), Ticket: id(1002), Number: 1, Text: "first", Until: monday.Add(30 * time.Minute)},
		client.CommentEditRow{ID: id(96), Client: acme, Comment: id(54), Ticket: id(1002), Number: 2, Text: "second", Until: monday.Add(time.Hour)},
	)
	want := []client.Comment{
		{ID: id(54), AuthorName: "Eve Ebner", AuthorRole: "client_employee", ByClient: true, Mine: true, Text: "third", At: monday, EditedAt: new(monday.Add(time.Hour))},
		{ID: id(55), AuthorName: "Sue", AuthorRole: "Support", At: monday.Add(time.Minute), Deleted: true},
	}
	if diff := cmp.Diff(want, readTicket(t, s, asEve, id(1002)).Comments); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	one := get(t, s, asEve, func(ctx context.Context, tx pgx.Tx) (client.Comment, error) {
		return client.ReadComment(ctx, tx, asEve, id(1002), id(54))
	})
	if diff := cmp.Diff(want[0], one); diff != "" {
		t.Errorf("one comment (-want +got):\n%s", diff)
	}
	edits := func(v client.Viewer, ticket, comment uuid.UUID) (edits []client.CommentEdit, err error) {
		err = s.in(t, v, func(ctx context.Context, tx pgx.Tx) (err error) {
			edits, err = client.ListCommentEdits(ctx, tx, v, ticket, comment)
			return err
		})
		return edits, err
	}
	got, err := edits(asEve, id(1002), id(54))
	if diff := cmp.Diff([]client.CommentEdit{{Text: "second", Until: monday.Add(time.Hour)}, {Text: "first", Until: monday.Add(30 * time.Minute)}}, got); diff != "" || err != nil {
		t.Errorf("%v; edits (-want +got):\n%s", err, diff)
	}
	for name, comment := range map[string]uuid.UUID{"on another ticket": id(51), "of another client": id(53), "nobody's": id(7777)} {
		if _, err := edits(asAda, id(1002), comment); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("edits of a comment %s: %v", name, err)
		}
	}
}

// Suggestions come from the reader's own tickets alone (A11), the most alike first, and no more than five.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	s := populated(t)
	suggested := func(v client.Viewer, title string) []string {
		found := get(t, s, v, func(ctx context.Context, tx pgx.Tx) ([]client.Suggestion, error) {
			return client.SuggestTickets(ctx, tx, v, title)
		})
		titles := []string{}
		for _, suggestion := range found {
			titles = append(titles, suggestion.Display+" "+suggestion.Title)
		}
		return titles
	}
	for name, c := range map[string]struct {
		viewer client.Viewer
		title  string
		want   []string
	}{
		"word of the title":            {asAda, "My PRINTER!", []string{"TKT-0001 Printer on fire"}},
		"words of the description":     {asAda, "Burnt smell, toner", []string{"TKT-0001 Printer on fire"}},
		"word of the resolution":       {asEve, "Power supply", []string{"TKT-0003 Router down"}},
		"of an employee, of another's": {asEve, "Printer on fire", []string{}},
		"of another client":            {asGil, "Printer on fire", []string{"TKT-0041 Printer of Globex"}},
		"one word of many":             {asAda, "Printer in room five makes noise", []string{}},
		"short words alone":            {asAda, "on it is", []string{}},
		"no words":                     {asAda, "?!", []string{}},
		"operators":                    {asAda, "printer & ! | ':* <->", []string{"TKT-0001 Printer on fire"}},
	} {
		if diff := cmp.Diff(c.want, suggested(c.viewer, c.title)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for n := range 8 {
		s.put(t, ticket(60+n, acme, ada, func(r *client.TicketRow) { r.Title = "Printer jam" }))
	}
	s.put(t, ticket(50, acme, ada, func(r *client.TicketRow) { r.Title = "Printer jam again" }))
	want := []string{"TKT-0050 Printer jam again", "TKT-0067 Printer jam", "TKT-0066 Printer jam", "TKT-0065 Printer jam", "TKT-0064 Printer jam"}
	if diff := cmp.Diff(want, suggested(asAda, "printer jam again")); diff != "" {
		t.Errorf("of many (-want +got):\n%s", diff)
	}
}

// Whom a comment can mention: who of the organisation may read the ticket, and whom of the firm the reader has read
// there (F11).
func TestMentionablePeople(t *testing.T) {
	t.Parallel()
	s := populated(t)
	tom, fay := id(17), id(18)
	s.put(t,
		client.PersonRow{ID: fay, Client: acme, Role: "client_employee", State: "active"},
		client.PersonRow{ID: id(19), Client: acme, Role: "client_admin", State: "ended"},
		client.CommentRow{ID: id(57), Client: globex, Ticket: id(1041), Author: tom, Text: "Hello", At: monday},
		ticket(6, acme, sue),
	)
	s.run(t, `INSERT INTO accounts.people (id, client, name, email) VALUES ($1, $2, 'Fay', 'fay@acme.example'), ($3, $2, 'Gone', 'gone@acme.example')`, fay.String(), acme.String(), id(19).String())
	s.run(t, `INSERT INTO accounts.staff_profiles (person, name, role) VALUES ($1, 'Tom', 'Engineer')`, tom.String())
	for name, c := range map[string]struct {
		viewer client.Viewer
		ticket uuid.UUID
		want   []string
	}{
		"an admin, whom staff answered":   {asAda, id(1001), []string{"Sue Support"}},
		"an admin, of an employee's":      {asAda, id(1002), []string{"Eve Ebner client_employee"}},
		"an employee":                     {asEve, id(1002), []string{"Ada Abel client_admin"}},
		"an admin, of what staff raised":  {asAda, id(1006), []string{"Sue Support"}},
		"another client's, with its firm": {asGil, id(1041), []string{"Tom Engineer"}},
	} {
		found := get(t, s, c.viewer, func(ctx context.Context, tx pgx.Tx) ([]client.Mentionable, error) {
			return client.ListMentionable(ctx, tx, c.viewer, c.ticket)
		})
		got := []string{}
		for _, person := range found {
			got = append(got, person.Name+" "+person.Role)
		}
		if !slices.Equal(c.want, got) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
