package staff_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/person"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// id names things of the tests.
func id(kind string, n int) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, kind, strconv.Itoa(n)) }

// at is an instant so many minutes into the story.
func at(minutes int) time.Time {
	return time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

func stream(n int) string { return ticket.Stream(domain.TicketID{UUID: id("ticket", n)}) }

// raised is ticket n of a client, raised n minutes into the story.
func raised(n, client int) ticket.Raised {
	return ticket.Raised{
		Ticket: domain.TicketID{UUID: id("ticket", n)}, Client: domain.ClientID{UUID: id("client", client)}, JobType: "api",
		Title: fmt.Sprintf("Ticket %d", n), Priority: ticket.High, RaisedBy: domain.PersonID{UUID: id("person", 1)}, At: at(n),
	}
}

// world gives a read model of a log that was filled before.
func world(t *testing.T, fill func(log *stafftest.Log)) *stafftest.World {
	t.Helper()
	log := stafftest.NewLog(64)
	fill(log)
	return stafftest.New(t, log)
}

func TestTicketsByFilter(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, stream(1), raised(1, 1), ticket.Numbered{Series: domain.ClientVisible, Number: 41, At: at(1)})
		log.Record(t, stream(2), raised(2, 1), ticket.Published{At: at(2)}, ticket.Started{At: at(2)})
		assigned := ticket.AssignedStaff{Assignee: domain.PersonID{UUID: id("person", 9)}}
		log.Record(t, stream(3), raised(3, 2), ticket.Assigned{Staff: assigned, At: at(3)})
		export := raised(4, 2)
		export.Title, export.Description = "Timeout on exports", "Every bulk export above 10,000 rows stops."
		log.Record(t, stream(4), export, ticket.Numbered{Number: 41, At: at(4)}, ticket.Resolved{At: at(4)})
	})
	for name, c := range map[string]struct {
		filter staff.TicketFilter
		want   []int
	}{
		"nothing":           {staff.TicketFilter{}, []int{4, 3, 2, 1}},
		"client":            {staff.TicketFilter{Client: id("client", 1)}, []int{2, 1}},
		"statuses":          {staff.TicketFilter{Statuses: []string{"resolved", "in_progress"}}, []int{4, 2}},
		"visibility":        {staff.TicketFilter{Visibility: staff.ClientVisible}, []int{2}},
		"assignee":          {staff.TicketFilter{Assignee: id("person", 9)}, []int{3}},
		"words":             {staff.TicketFilter{Text: "export BULK"}, []int{4}},
		"a phrase":          {staff.TicketFilter{Text: `"timeout on"`}, []int{4}},
		"words of no one":   {staff.TicketFilter{Text: "invoice"}, nil},
		"strange text":      {staff.TicketFilter{Text: `' OR 1=1 -- & | ! ( :*`}, nil},
		"visible number":    {staff.TicketFilter{Number: staff.Number{Value: 41}}, []int{1}},
		"internal number":   {staff.TicketFilter{Number: staff.Number{Value: 41, Internal: true}}, []int{4}},
		"several at once":   {staff.TicketFilter{Client: id("client", 2), Statuses: []string{"new"}, Visibility: staff.InternalOnly}, []int{3}},
		"an unknown client": {staff.TicketFilter{Client: id("client", 3)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.Read(t, func(tx pgx.Tx) error {
				tickets, next, err := staff.Tickets(t.Context(), tx, c.filter)
				if err != nil {
					return err
				}
				var got, want []uuid.UUID
				for _, ticket := range tickets {
					got = append(got, ticket.ID)
				}
				for _, n := range c.want {
					want = append(want, id("ticket", n))
				}
				if diff := cmp.Diff(want, got); diff != "" || !next.IsZero() {
					t.Errorf("tickets, then %v (-want +got):\n%s", next, diff)
				}
				return nil
			})
		})
	}
}

// TestPagesMeet walks all pages by their cursors while tickets are raised, some of them at one instant (A74; what a page
// costs on a large store is measured by BenchmarkRead of the command).
func TestPagesMeet(t *testing.T) {
	t.Parallel()
	const before = 11
	w := world(t, func(log *stafftest.Log) {
		for n := range before {
			r := raised(n, 1)
			r.At = at(n / 3)
			log.Record(t, stream(n), r)
		}
	})
	var cursor staff.TicketCursor
	seen := map[uuid.UUID]bool{}
	for page := range before {
		w.Read(t, func(tx pgx.Tx) error {
			tickets, next, err := staff.Tickets(t.Context(), tx, staff.TicketFilter{After: cursor, Limit: 4})
			for _, ticket := range tickets {
				if seen[ticket.ID] {
					t.Errorf("page %d repeats ticket %s", page, ticket.ID)
				}
				seen[ticket.ID] = true
			}
			cursor = next
			return err
		})
		if cursor.IsZero() {
			break
		}
		w.Log.Record(t, stream(100+page), raised(100+page, 1))
	}
	if len(seen) != before || !cursor.IsZero() {
		t.Errorf("the pages had %d of %d tickets and end at %v", len(seen), before, cursor)
	}
}

func TestLimitsAreKept(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		long := raised(0, 1)
		for range 300 {
			long.Description += "äöü "
		}
		log.Record(t, stream(0), long)
		for n := 1; n <= staff.MaxLimit; n++ {
			log.Record(t, stream(n), raised(n, 1))
		}
	})
	w.Read(t, func(tx pgx.Tx) error {
		for _, limit := range []int{0, -1, staff.MaxLimit, 1_000_000} {
			tickets, next, err := staff.Tickets(t.Context(), tx, staff.TicketFilter{Limit: limit})
			if err != nil {
				return err
			}
			if len(tickets) != staff.MaxLimit || next.IsZero() {
				t.Errorf("a limit of %d gives %d tickets and the cursor %v", limit, len(tickets), next)
			}
		}
		whole, err := staff.TicketByID(t.Context(), tx, id("ticket", 0))
		if err != nil {
			return err
		}
		last, _, err := staff.Tickets(t.Context(), tx, staff.TicketFilter{After: staff.TicketCursor{RaisedAt: at(1), ID: id("ticket", 1)}})
		if len(last) != 1 || len([]rune(last[0].Description)) != 200 || len([]rune(whole.Description)) != 1200 {
			t.Errorf("the list gives %+v, the ticket itself has %d characters", last, len([]rune(whole.Description)))
		}
		return err
	})
}

func TestTicketInFull(t *testing.T) {
	t.Parallel()
	by := domain.PersonID{UUID: id("person", 1)}
	comment, note := domain.CommentID{UUID: id("comment", 1)}, domain.CommentID{UUID: id("comment", 2)}
	w := world(t, func(log *stafftest.Log) {
		log.Record(t, stream(1), raised(1, 1),
			ticket.Commented{Comment: comment, Text: "Looking.", By: by, At: at(2)},
			ticket.Published{By: by, At: at(3)}, ticket.CommentPublished{Comment: comment, By: by, At: at(3)},
			ticket.Noted{Note: note, Text: "Pool too small.", By: by, At: at(4)},
			ticket.CommentWithdrawn{Comment: comment, By: by, At: at(5)}, ticket.Withdrawn{By: by, At: at(5)},
			ticket.Published{By: by, At: at(6)})
		log.Record(t, stream(2), raised(2, 1), ticket.Commented{Comment: domain.CommentID{UUID: id("comment", 3)}, At: at(9)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		messages, err := staff.Messages(t.Context(), tx, id("ticket", 1))
		if err != nil {
			return err
		}
		author := by.UUID
		want := []staff.Message{
			{ID: comment.UUID, Ticket: id("ticket", 1), Kind: staff.Comment, Visibility: staff.InternalOnly, Author: &author, Text: "Looking.", WrittenAt: at(2), Revision: 1},
			{ID: note.UUID, Ticket: id("ticket", 1), Kind: staff.Note, Visibility: staff.InternalOnly, Author: &author, Text: "Pool too small.", WrittenAt: at(4), Revision: 4},
		}
		if diff := cmp.Diff(want, messages); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		disclosures, err := staff.Disclosures(t.Context(), tx, id("ticket", 1))
		if err != nil {
			return err
		}
		ended := at(5)
		wantDisclosures := []staff.Disclosure{
			{Item: id("ticket", 1), From: at(3), DisclosedBy: &author, To: &ended, WithdrawnBy: &author},
			{Item: comment.UUID, From: at(3), DisclosedBy: &author, To: &ended, WithdrawnBy: &author},
			{Item: id("ticket", 1), From: at(6), DisclosedBy: &author},
		}
		if diff := cmp.Diff(wantDisclosures, disclosures); diff != "" {
			t.Errorf("disclosures (-want +got):\n%s", diff)
		}
		var what []string
		steps, err := staff.Timeline(t.Context(), tx, id("ticket", 1), 4)
		for _, step := range steps {
			what = append(what, fmt.Sprintf("%d %s", step.Revision, step.What))
		}
		if diff := cmp.Diff([]string{"5 comment_withdrawn", "6 withdrawn", "7 published"}, what); diff != "" {
			t.Errorf("timeline after revision 4 (-want +got):\n%s", diff)
		}
		return err
	})
}

func TestWhatIsMissingIsNotFound(t *testing.T) {
	t.Parallel()
	w := world(t, func(*stafftest.Log) {})
	w.Read(t, func(tx pgx.Tx) error {
		if _, err := staff.TicketByID(t.Context(), tx, id("ticket", 1)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("a missing ticket gives %v", err)
		}
		if _, err := staff.ClientByID(t.Context(), tx, id("client", 1)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("a missing client gives %v", err)
		}
		return nil
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		for n := range 6 {
			log.Record(t, stream(n), raised(n, n%2))
		}
		log.Record(t, stream(0), ticket.Published{At: at(9)})
		log.Record(t, stream(1), ticket.Resolved{At: at(9)})
	})
	count := func(client int, status, visibility string, tickets int64) staff.TicketCount {
		return staff.TicketCount{Client: id("client", client), Status: status, Visibility: visibility, Tickets: tickets}
	}
	even := []staff.TicketCount{count(0, "new", staff.ClientVisible, 1), count(0, "new", staff.InternalOnly, 2)}
	w.Read(t, func(tx pgx.Tx) error {
		got, err := staff.TicketCounts(t.Context(), tx, id("client", 0))
		if diff := cmp.Diff(even, got); diff != "" {
			t.Errorf("counts of one client (-want +got):\n%s", diff)
		}
		if err != nil {
			return err
		}
		all, err := staff.TicketCounts(t.Context(), tx)
		var total int64
		for _, c := range all {
			total += c.Tickets
		}
		if total != 6 || len(all) != 4 {
			t.Errorf("counts of all clients are %+v", all)
		}
		return err
	})
}

func TestClientsWithTheirPeopleAndContracts(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		for n, name := range []string{"beta", "Alpha", "alpha", "Gamma"} {
			registered := client.Registered{Client: domain.ClientID{UUID: id("client", n)}, Name: name, Zone: "UTC", Language: "en", Currency: "AUD", At: at(n)}
			log.Record(t, client.Stream(registered.Client), registered)
		}
		of := domain.ClientID{UUID: id("client", 1)}
		for n := range 2 {
			invited := person.Invited{Person: domain.PersonID{UUID: id("person", n)}, Client: of, Role: domain.ClientAdmin, At: at(n)}
			log.Record(t, person.Stream(invited.Person), invited)
			drafted := contract.Drafted{
				Contract: domain.ContractID{UUID: id("contract", n)}, Client: of, Reference: fmt.Sprintf("CON-%d", 9-n),
				Terms: terms.Plain(terms.Bucket, terms.Standard, "2026-01-01", terms.JobType{Key: "api", Name: "API"}), At: at(n),
			}
			log.Record(t, contract.Stream(drafted.Contract), drafted)
		}
	})
	w.Read(t, func(tx pgx.Tx) error {
		var names []string
		after := uuid.Nil
		for range 4 {
			page, next, err := staff.Clients(t.Context(), tx, after, 2)
			if err != nil {
				return err
			}
			for _, c := range page {
				names = append(names, c.Name)
			}
			if after = next; next == uuid.Nil {
				break
			}
		}
		if len(names) != 4 || names[2] != "beta" || names[3] != "Gamma" {
			t.Errorf("clients by name: %v", names)
		}
		people, err := staff.PeopleOf(t.Context(), tx, id("client", 1))
		if err != nil {
			return err
		}
		if len(people) != 2 || people[0].Role != "client_admin" || people[0].Status != "invited" {
			t.Errorf("people: %+v", people)
		}
		contracts, err := staff.ContractsOf(t.Context(), tx, id("client", 1), "2026-03-16")
		if err != nil {
			return err
		}
		if len(contracts) != 2 || contracts[0].Reference != "CON-8" || !cmp.Equal(contracts[0].JobTypes, []terms.JobType{{Key: "api", Name: "API"}}) {
			t.Errorf("contracts: %+v", contracts)
		}
		return nil
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	enter := func(log *stafftest.Log, n int, client uuid.UUID, role domain.Role, then ...domain.Event) {
		who := domain.PersonID{UUID: id("person", n)}
		invited := person.Invited{Person: who, Client: domain.ClientID{UUID: client}, Role: role, At: at(n)}
		log.Record(t, person.Stream(who), append([]domain.Event{invited}, then...)...)
	}
	w := world(t, func(log *stafftest.Log) {
		enter(log, 1, uuid.Nil, domain.Owner, person.Activated{At: at(1)})
		enter(log, 2, uuid.Nil, domain.Engineer)
		enter(log, 3, uuid.Nil, domain.Support, person.Activated{At: at(3)}, person.Deactivated{At: at(3)}, person.Erased{At: at(3)})
		enter(log, 4, id("client", 1), domain.ClientAdmin, person.Activated{At: at(4)})
		enter(log, 5, id("client", 2), domain.ClientEmployee, person.Activated{At: at(5)}, person.GrantGiven{Grant: access.ReadScope, At: at(5)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		found := map[uuid.UUID]string{}
		var after uuid.UUID
		for range 3 {
			people, next, err := staff.ListPeople(t.Context(), tx, uuid.Nil, after, 1)
			if err != nil {
				return err
			}
			for _, p := range people {
				found[p.ID] = p.Role + " " + p.Status
			}
			after = next
		}
		want := map[uuid.UUID]string{
			id("person", 1): "owner active", id("person", 2): "engineer invited", id("person", 3): "support deactivated",
		}
		if diff := cmp.Diff(want, found); diff != "" || after != uuid.Nil {
			t.Errorf("staff page by page, then %s (-want +got):\n%s", after, diff)
		}
		one, err := staff.ReadPerson(t.Context(), tx, id("person", 5))
		if err != nil || one.Grants != "contract.read" || *one.Client != id("client", 2) {
			t.Errorf("an employee is %+v, %v", one, err)
		}
		if _, err := staff.ReadPerson(t.Context(), tx, id("person", 99)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
		for n, want := range map[int]string{1: "owner active owner", 2: "engineer invited ", 3: "support ended ", 4: "  ", 99: "  "} {
			role, state, err := staff.State(t.Context(), tx, id("person", n))
			if err != nil && !errors.Is(err, domain.ErrNotFound) {
				return err
			}
			now, err := staff.Standing(t.Context(), tx, id("person", n))
			if err != nil && !errors.Is(err, domain.ErrNotFound) {
				return err
			}
			if got := fmt.Sprint(role, " ", state, " ", now); got != want {
				t.Errorf("person %d: %q, want %q", n, got, want)
			}
		}
		return nil
	})
}

func TestParkedStreamsAreNamed(t *testing.T) {
	t.Parallel()
	log := stafftest.NewLog(64)
	w := stafftest.New(t, log)
	w.Read(t, func(pgx.Tx) error { return nil }) // A replay would refuse what is parked when live.
	log.Record(t, stream(1), raised(1, 1))
	log.Record(t, "ticket-41", ticket.Started{At: at(1)}) // No stream of a ticket has such a name.
	w.Read(t, func(tx pgx.Tx) error {
		parked, err := staff.ParkedAmong(t.Context(), tx, stream(1), "ticket-41", "ticket-42")
		if len(parked) != 1 || parked[0].Stream != "ticket-41" || parked[0].Revision != 0 || parked[0].Cause == "" {
			t.Errorf("parked: %+v", parked)
		}
		return err
	})
}

func TestChangesAreNamedInOrder(t *testing.T) {
	t.Parallel()
	log := stafftest.NewLog(1)
	w := stafftest.New(t, log)
	w.Read(t, func(tx pgx.Tx) error {
		if last, err := staff.LastChange(t.Context(), tx); last != 0 || err != nil {
			t.Errorf("the newest change of nothing = %d, %v", last, err)
		}
		return nil
	})
	for n := range 3 {
		log.Record(t, stream(n), raised(n, 1))
	}
	w.Read(t, func(tx pgx.Tx) error {
		all, known, err := staff.Changes(t.Context(), tx, 0, 10)
		if err != nil || !known || len(all) != 3 || all[1].Kind != "ticket" || all[1].Key != id("ticket", 1) {
			t.Fatalf("changes from the start = %+v, %t, %v", all, known, err)
		}
		rest, known, err := staff.Changes(t.Context(), tx, all[0].ID, 1)
		if err != nil || !known || !cmp.Equal(rest, all[1:2]) {
			t.Errorf("one change after the first = %+v, %t, %v", rest, known, err)
		}
		if _, known, err := staff.Changes(t.Context(), tx, all[2].ID+1, 10); known || err != nil {
			t.Errorf("changes after an id that never was are known, or %v", err)
		}
		last, err := staff.LastChange(t.Context(), tx)
		if last != all[2].ID {
			t.Errorf("newest change = %d, want %d", last, all[2].ID)
		}
		return err
	})
}

func TestNamesOfStaffComeFromTheAccounts(t *testing.T) {
	t.Parallel()
	w := world(t, func(*stafftest.Log) {})
	ada := id("person", 1)
	if _, err := w.Database.Pool.Exec(t.Context(), `INSERT INTO accounts.people (id, name) VALUES ($1, 'Ada Lovelace')`, ada); err != nil {
		t.Fatal(err)
	}
	w.Read(t, func(tx pgx.Tx) error {
		names, err := staff.Names(t.Context(), tx, []uuid.UUID{ada, id("person", 2)})
		if diff := cmp.Diff(map[uuid.UUID]string{ada: "Ada Lovelace"}, names); diff != "" {
			t.Errorf("names (-want +got):\n%s", diff)
		}
		return err
	})
}
