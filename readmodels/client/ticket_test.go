package client_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/readmodels/client"
)

// page is one answer of a list of tickets.
type page struct {
	tickets []client.Ticket
	next    *client.Cursor
}

func listTickets(tb testing.TB, s *store, v client.Viewer, filter client.TicketFilter) page {
	tb.Helper()
	return get(tb, s, v, func(ctx context.Context, tx pgx.Tx) (page, error) {
		found, next, err := client.ListTickets(ctx, tx, v, filter)
		return page{found, next}, err
	})
}

func numbers(tickets []client.Ticket) []int {
	found := []int{}
	for _, ticket := range tickets {
		found = append(found, ticket.Number)
	}
	return found
}

func TestTicketsAreFound(t *testing.T) {
	t.Parallel()
	s := populated(t)
	for _, c := range []struct {
		name   string
		viewer client.Viewer
		filter client.TicketFilter
		want   []int
	}{
		{"all, newest first", asAda, client.TicketFilter{}, []int{3, 2, 1}},
		{"an employee's own", asEve, client.TicketFilter{}, []int{3, 2}},
		{"of another client", asGil, client.TicketFilter{}, []int{41}},
		{"of nobody", client.Viewer{Client: acme, Person: gil}, client.TicketFilter{}, []int{}},
		{"open", asAda, client.TicketFilter{State: client.FilterOpen}, []int{2, 1}},
		{"waiting", asAda, client.TicketFilter{State: client.FilterWaitingForYou}, []int{2}},
		{"resolved", asAda, client.TicketFilter{State: client.FilterResolved}, []int{3}},
		{"category", asAda, client.TicketFilter{Category: network}, []int{1}},
		{"at risk", asAda, client.TicketFilter{AtRisk: true}, []int{1}},
		{"an employee's at risk", asEve, client.TicketFilter{AtRisk: true}, []int{}},
		{"another client's category", asAda, client.TicketFilter{Category: phone}, []int{}},
		{"word of the title", asAda, client.TicketFilter{Search: "PRINTER"}, []int{1}},
		{"word of the description", asAda, client.TicketFilter{Search: "toner burnt"}, []int{1}},
		{"beginning of a word", asAda, client.TicketFilter{Search: "burnt ton"}, []int{1}},
		{"word of the resolution", asAda, client.TicketFilter{Search: "power"}, []int{3}},
		{"word of a comment", asAda, client.TicketFilter{Search: "unplug"}, []int{1}},
		{"comment on another's ticket", asEve, client.TicketFilter{Search: "unplug"}, []int{}},
		{"words nowhere together", asAda, client.TicketFilter{Search: "printer mailbox"}, []int{}},
		{"number as spoken", asAda, client.TicketFilter{Search: "tkt 2"}, []int{2}},
		{"number as printed", asAda, client.TicketFilter{Search: "TKT-0003"}, []int{3}},
		{"another client's number", asAda, client.TicketFilter{Search: "tkt 41"}, []int{}},
		{"another employee's number", asEve, client.TicketFilter{Search: "1"}, []int{}},
		{"no words at all", asAda, client.TicketFilter{Search: "?!"}, []int{}},
		{"syntax of a query", asAda, client.TicketFilter{Search: "printer & ! | ':*"}, []int{1}},
		{"state and words", asAda, client.TicketFilter{State: client.FilterResolved, Search: "printer"}, []int{}},
		{"limit", asAda, client.TicketFilter{Limit: 2}, []int{3, 2}},
	} {
		if diff := cmp.Diff(c.want, numbers(listTickets(t, s, c.viewer, c.filter).tickets)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestATicketInFull(t *testing.T) {
	t.Parallel()
	s := populated(t)
	got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.TicketDetail, error) {
		return client.ReadTicket(ctx, tx, asAda, id(1001))
	})
	want := client.TicketDetail{
		Ticket: client.Ticket{
			ID: id(1001), Display: "TKT-0001", Number: 1, Title: "Printer on fire", State: "open", Priority: "medium",
			CategoryID: &network, CategoryName: "Network", RaisedByName: "Ada Abel", RaisedByRole: "client_admin",
			RaisedAt: monday.Add(time.Hour), UpdatedAt: monday.Add(time.Hour),
			Targets: []client.Target{{
				Ticket: id(1001), Goal: "resolution", State: "at_risk", Due: new(monday.Add(4 * time.Hour)),
				Strip: []client.Stretch{{From: monday.Add(time.Hour), Until: monday.Add(4 * time.Hour), Doing: "counting", Seconds: 10800}},
			}},
		},
		Description: "It smells of burnt toner",
		Steps:       []client.TicketStep{{State: "open", At: monday.Add(time.Hour)}},
		Comments: []client.Comment{
			{ID: id(51), AuthorName: "Sue", AuthorRole: "Support", Text: "Please unplug it", At: monday.Add(2 * time.Hour)},
			{ID: id(52), AuthorName: "Ada Abel", AuthorRole: "client_admin", ByClient: true, Mine: true, Text: "Extinguished", At: monday.Add(3 * time.Hour)},
		},
		Attachments: []client.Attachment{{
			ID: id(5001), Name: "manual.pdf", Type: "application/pdf", Size: 42, SHA256: "00ff", AuthorName: "Sue", At: monday.Add(3 * time.Hour), Ticket: id(1001),
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ticket (-want +got):\n%s", diff)
	}
}

// Another client's ticket, another employee's and none at all are told apart by nothing.
func TestTicketsOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	s := populated(t)
	for name, c := range map[string]struct {
		viewer client.Viewer
		ticket uuid.UUID
	}{
		"another client's":   {asAda, id(1041)},
		"another employee's": {asEve, id(1001)},
		"nobody's":           {asAda, id(7777)},
	} {
		for what, read := range map[string]func(context.Context, pgx.Tx) error{
			"ReadTicket": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ReadTicket(ctx, tx, c.viewer, c.ticket)
				return err
			},
			"FindTicket": func(ctx context.Context, tx pgx.Tx) error { return client.FindTicket(ctx, tx, c.viewer, c.ticket) },
			"ListComments": func(ctx context.Context, tx pgx.Tx) error {
				_, _, err := client.ListComments(ctx, tx, c.viewer, c.ticket, nil, 10)
				return err
			},
			"ListCommentEdits": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ListCommentEdits(ctx, tx, c.viewer, c.ticket, map[uuid.UUID]uuid.UUID{id(1001): id(52), id(1041): id(53)}[c.ticket])
				return err
			},
			"ReadAttachment": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ReadAttachment(ctx, tx, c.viewer, map[uuid.UUID]uuid.UUID{id(1001): id(5001), id(1041): id(5041)}[c.ticket])
				return err
			},
			"ListMentionable": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ListMentionable(ctx, tx, c.viewer, c.ticket)
				return err
			},
			"ReadComment": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ReadComment(ctx, tx, c.viewer, c.ticket, map[uuid.UUID]uuid.UUID{id(1001): id(51), id(1041): id(53)}[c.ticket])
				return err
			},
		} {
			if err := s.in(t, c.viewer, read); !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s of %s ticket: %v", what, name, err)
			}
		}
	}
}

// The queries name the client themselves: they hold even where row security does not.
func TestQueriesHoldWithoutRowSecurity(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.reader = s.owner // The owner is exempt from row security.
	if got := numbers(listTickets(t, s, asGil, client.TicketFilter{Search: "printer"}).tickets); !slices.Equal(got, []int{41}) {
		t.Errorf("tickets %v", got)
	}
	if err := s.in(t, asGil, func(ctx context.Context, tx pgx.Tx) error { return client.FindTicket(ctx, tx, asGil, id(1001)) }); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("another client's ticket: %v", err)
	}
	overview := get(t, s, asGil, func(ctx context.Context, tx pgx.Tx) (client.Overview, error) {
		return client.ReadOverview(ctx, tx, asGil)
	})
	if overview.Tickets.Open != 1 || len(overview.Contracts) != 1 {
		t.Errorf("overview %+v", overview)
	}
}

// Whatever is raised or changed between two pages, what was there at the start is listed exactly once.
func TestPagingNeitherSkipsNorRepeats(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	rapid.Check(t, func(r *rapid.T) {
		s.run(t, `TRUNCATE tickets`)
		total := rapid.IntRange(0, 25).Draw(r, "tickets")
		var want []int
		for n := 1; n <= total; n++ {
			want = append(want, n)
			at := monday.Add(time.Duration(rapid.IntRange(0, 5).Draw(r, "hour")) * time.Hour) // Many share an instant.
			s.put(t, ticket(n, acme, ada, func(row *client.TicketRow) { row.RaisedAt = at }))
		}
		limit := rapid.IntRange(1, 7).Draw(r, "limit")
		later := 1000
		var seen []int
		var after *client.Cursor
		for {
			got := listTickets(t, s, asAda, client.TicketFilter{After: after, Limit: limit})
			for _, n := range numbers(got.tickets) {
				if n < 1000 {
					seen = append(seen, n)
				}
			}
			if after = got.next; after == nil {
				break
			}
			if len(got.tickets) != limit {
				r.Fatalf("a page of %d that is not the last has %d", limit, len(got.tickets))
			}
			for range rapid.IntRange(0, 2).Draw(r, "raised meanwhile") {
				later++
				at := monday.Add(time.Duration(rapid.IntRange(0, 5).Draw(r, "hour")) * time.Hour)
				s.put(t, ticket(later, acme, ada, func(row *client.TicketRow) { row.RaisedAt = at }))
			}
			s.run(t, `UPDATE tickets SET updated_at = now(), state = 'resolved' WHERE number % 3 = 0`)
		}
		slices.Sort(seen)
		if !slices.Equal(seen, want) {
			r.Fatalf("listed %v, want %v", seen, want)
		}
	})
}

func TestConversationsArePagedIntoThePast(t *testing.T) {
	t.Parallel()
	s := populated(t)
	var rows []any
	for n := range 450 {
		rows = append(rows, client.CommentRow{
			ID: id(5000 + n), Client: acme, Ticket: id(1002), Author: eve, ByClient: true, Text: strconv.Itoa(n),
			At: monday.Add(time.Duration(n/3) * time.Minute), // Three share an instant.
		})
	}
	s.put(t, rows...)
	detail := get(t, s, asEve, func(ctx context.Context, tx pgx.Tx) (client.TicketDetail, error) {
		return client.ReadTicket(ctx, tx, asEve, id(1002))
	})
	found, earlier := detail.Comments, detail.Earlier
	for pages := 0; earlier != nil; pages++ {
		if pages > 10 {
			t.Fatal("paging does not end")
		}
		err := s.in(t, asEve, func(ctx context.Context, tx pgx.Tx) error {
			more, next, err := client.ListComments(ctx, tx, asEve, id(1002), earlier, 90)
			found, earlier = append(more, found...), next
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(detail.Comments) != client.MaxLimit || len(found) != 450 {
		t.Errorf("%d comments with the ticket, %d in all", len(detail.Comments), len(found))
	}
	sorted := slices.IsSortedFunc(found, func(a, b client.Comment) int { return a.At.Compare(b.At) })
	seen := map[uuid.UUID]bool{}
	for _, comment := range found {
		seen[comment.ID] = true
	}
	if !sorted || len(seen) != 450 {
		t.Errorf("in order: %t; %d different comments", sorted, len(seen))
	}
}

// No text that the API lets through makes a search fail.
func TestSearchTakesAnyText(t *testing.T) {
	t.Parallel()
	s := populated(t)
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOfN(rapid.OneOf(rapid.RuneFrom([]rune(`'\:*&|!()<->%_"@.0`)), rapid.Rune()), 1, client.MaxSearch, -1).
			Filter(func(s string) bool { return !slices.Contains([]byte(s), 0) }).Draw(r, "text")
		err := s.in(t, asAda, func(ctx context.Context, tx pgx.Tx) error {
			if _, _, err := client.ListTickets(ctx, tx, asAda, client.TicketFilter{Search: text}); err != nil {
				return err
			}
			_, err := client.SuggestTickets(ctx, tx, asAda, text)
			return err
		})
		if err != nil {
			r.Fatalf("search %q: %v", text, err)
		}
	})
}

func TestChanges(t *testing.T) {
	t.Parallel()
	s := populated(t)
	last := func(v client.Viewer) int64 {
		return get(t, s, v, func(ctx context.Context, tx pgx.Tx) (int64, error) { return client.LastChange(ctx, tx, v) })
	}
	since := func(v client.Viewer, after int64) (keys []uuid.UUID, known bool) {
		err := s.in(t, v, func(ctx context.Context, tx pgx.Tx) error {
			changes, k, err := client.ListChanges(ctx, tx, v, after, 100)
			for _, change := range changes {
				keys = append(keys, change.Key)
			}
			known = k
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return keys, known
	}
	change := func(of uuid.UUID, kind string, key uuid.UUID, removed bool) {
		s.run(t, `INSERT INTO control.changes (version, client, kind, key, removed) VALUES ($5, $1, $2, $3, $4)`, of.String(), kind, key.String(), removed, client.Version)
	}
	s.put(t,
		client.TargetRow{ID: id(3002), Client: acme, Ticket: id(1002), Goal: "resolution", State: "on_track", Strip: "[]"},
		client.AttachmentRow{ID: id(5002), Client: acme, Ticket: id(1002), Author: eve, At: monday},
		client.CommentEditRow{ID: id(7002), Client: acme, Comment: id(50), Ticket: id(1002), Until: monday},
	)
	change(acme, "organisation", acme, false)
	start := map[string]int64{"ada": last(asAda), "eve": last(asEve), "gil": last(asGil)}
	change(acme, "ticket", id(1001), false)   // ada's
	change(globex, "ticket", id(1041), false) // of the other client
	change(acme, "comment", id(51), false)    // on ada's
	change(acme, "target", id(3001), false)   //
	change(acme, "attachment", id(5001), false)
	change(acme, "comment_edit", id(7001), false)
	if got := last(asEve); got != start["eve"] {
		t.Errorf("what an employee may not hear of moves the last change from %d to %d", start["eve"], got)
	}
	change(acme, "ticket", id(1002), false) // eve's
	change(acme, "target", id(3002), false) // on eve's
	change(acme, "attachment", id(5002), false)
	change(acme, "comment_edit", id(7002), false)
	change(acme, "person", ada, false)      //
	change(acme, "category", id(31), false) // everybody's
	change(acme, "contract", id(21), false) // of those who may see contracts
	change(acme, "work", id(77), false)     //
	change(acme, "work", id(78), true)      // of those alone, even when it is gone
	change(acme, "ticket", id(1999), true)  // nobody's any more
	s.run(t, `INSERT INTO control.changes (version, client, kind, key, removed) VALUES ($3, $1, 'ticket', $2, false)`, acme.String(), id(1003).String(), client.Version+1)
	for name, c := range map[string]struct {
		viewer client.Viewer
		after  int64
		want   []uuid.UUID
		known  bool
	}{
		"admin":             {asAda, start["ada"], []uuid.UUID{id(1001), id(51), id(3001), id(5001), id(7001), id(1002), id(3002), id(5002), id(7002), ada, id(31), id(21), id(77), id(78), id(1999)}, true},
		"employee":          {asEve, start["eve"], []uuid.UUID{id(1002), id(3002), id(5002), id(7002), id(31), id(1999)}, true},
		"with the grant":    {client.Viewer{Client: acme, Person: eve, Scope: true}, start["eve"], []uuid.UUID{id(1002), id(3002), id(5002), id(7002), id(31), id(21), id(77), id(78), id(1999)}, true},
		"other client":      {asGil, start["gil"], []uuid.UUID{id(1041)}, true},
		"up to date":        {asAda, last(asAda), nil, true},
		"another's change":  {asGil, start["ada"], nil, false},
		"never was":         {asAda, 1 << 60, nil, false},
		"before everything": {asAda, 0, nil, false},
		"nothing ever":      {client.Viewer{Client: id(9), All: true}, 0, nil, true},
	} {
		keys, known := since(c.viewer, c.after)
		if diff := cmp.Diff(c.want, keys); diff != "" || known != c.known {
			t.Errorf("%s: known %t, want %t (-want +got):\n%s", name, known, c.known, diff)
		}
	}
	s.run(t, `DELETE FROM control.changes WHERE id <= $1`, start["ada"])
	if _, known := since(asAda, start["ada"]); known {
		t.Error("what was pruned counts as known")
	}
}
