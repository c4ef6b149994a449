package staff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/domain/ticket"
	"effigate/infra/postgres"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// TestRecipients are whom a level names, as long as they are active staff; "account_manager" is the client's own.
func TestRecipients(t *testing.T) {
	t.Parallel()
	of := func(n int) domain.PersonID { return domain.PersonID{UUID: id("person", n)} }
	w := world(t, func(log *stafftest.Log) {
		for n, role := range []domain.Role{domain.Engineer, domain.AccountManager, domain.AccountManager, domain.Support, domain.Owner} {
			log.Record(t, person.Stream(of(n)), person.Invited{Person: of(n), Role: role, At: at(0)}, person.Activated{At: at(0)})
		}
		log.Record(t, person.Stream(of(4)), person.Deactivated{At: at(1)})
		log.Record(t, client.Stream(domain.ClientID{UUID: id("client", 1)}),
			client.AccountManagerAssigned{Staff: client.AccountManagerAssignedStaff{Manager: of(1)}, At: at(0)})
		log.Record(t, stream(1), raised(1, 1), ticket.Assigned{Staff: ticket.AssignedStaff{Assignee: of(0)}, At: at(1)},
			ticket.Watched{Staff: ticket.WatchedStaff{Person: of(3)}, At: at(1)},
			ticket.Watched{Staff: ticket.WatchedStaff{Person: of(2)}, At: at(1)},
			ticket.Watched{Staff: ticket.WatchedStaff{Person: of(2), Ended: true}, At: at(2)})
	})
	for name, c := range map[string]struct {
		names   []string
		persons []uuid.UUID
		want    []int
	}{
		"assignee":       {[]string{"assignee"}, nil, []int{0}},
		"manager":        {[]string{"account_manager"}, nil, []int{1}},
		"watchers":       {[]string{"watchers"}, nil, []int{3}},
		"a role":         {[]string{"support"}, nil, []int{3}},
		"who has left":   {[]string{"owner"}, []uuid.UUID{of(4).UUID}, nil},
		"named, and all": {[]string{"assignee", "watchers", "support"}, []uuid.UUID{of(0).UUID, of(2).UUID}, []int{0, 2, 3}},
	} {
		w.Read(t, func(tx pgx.Tx) error {
			found, err := staff.Recipients(t.Context(), tx, id("ticket", 1), c.names, c.persons)
			got, want := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
			for _, person := range found {
				got[person] = true
			}
			for _, n := range c.want {
				want[of(n).UUID] = true
			}
			if diff := cmp.Diff(want, got); diff != "" || len(found) != len(c.want) {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
			return err
		})
	}
}

// An invoice concerns the account manager of its client, as long as that is active staff, or all of a role; a notice of it
// names it and its client.
func TestWhomAnInvoiceConcerns(t *testing.T) {
	t.Parallel()
	of := func(n int) domain.PersonID { return domain.PersonID{UUID: id("person", n)} }
	s := story{n: 1, client: 1, date: "2026-03-01", due: "2026-03-15", currency: "AUD", net: "100", tax: "10"}
	manages := func(n int) domain.Event {
		return client.AccountManagerAssigned{Staff: client.AccountManagerAssignedStaff{Manager: of(n)}, At: at(0)}
	}
	w := world(t, func(log *stafftest.Log) {
		for n, role := range []domain.Role{domain.AccountManager, domain.AccountManager, domain.Owner, domain.Owner} {
			log.Record(t, person.Stream(of(n)), person.Invited{Person: of(n), Role: role, At: at(0)}, person.Activated{At: at(0)})
		}
		log.Record(t, person.Stream(of(3)), person.Deactivated{At: at(1)})
		log.Record(t, client.Stream(domain.ClientID{UUID: id("client", 1)}), manages(1))
		s.record(t, log, s.issued()...)
	})
	whom := func(name string) (found []uuid.UUID) {
		w.Read(t, func(tx pgx.Tx) (err error) {
			found, err = staff.Answerable(t.Context(), tx, id("invoice", 1), name)
			return err
		})
		return found
	}
	for name, want := range map[string][]uuid.UUID{"account_manager": {of(1).UUID}, "owner": {of(2).UUID}, "finance": {}} {
		if diff := cmp.Diff(want, whom(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	w.Log.Record(t, person.Stream(of(1)), person.Deactivated{At: at(2)})
	if left := whom("account_manager"); len(left) != 0 {
		t.Errorf("who has left is told: %v", left)
	}
	told := postgres.Notice{
		ID: id("notice", 1), Person: of(2).UUID, Invoice: id("invoice", 1), Item: id("dispute", 1), Kind: staff.NoticeAnswerMissed, At: at(3),
	}
	if err := postgres.NewDesk(w.Database).Tell(t.Context(), told, at(3)); err != nil {
		t.Fatal(err)
	}
	w.Read(t, func(tx pgx.Tx) error {
		notices, _, err := staff.Notices(t.Context(), tx, of(2).UUID, true, staff.TicketCursor{}, 0)
		if err != nil || len(notices) != 1 {
			t.Fatalf("notices: %+v, %v", notices, err)
		}
		got := notices[0]
		line, err := staff.InvoiceByID(t.Context(), tx, id("invoice", 1), at(3))
		if got.Ticket != nil || got.Item != nil || *got.Invoice != told.Invoice || *got.Dispute != told.Item || got.Number() != line.Number || got.Title != line.ClientName {
			t.Errorf("notice: %+v of %s, %s", got, line.Number, line.ClientName)
		}
		return err
	})
}

// TestDeskIsReadWithTheReadModel page by page.
func TestDeskIsReadWithTheReadModel(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) { log.Record(t, stream(1), raised(1, 1)) })
	desk, me := postgres.NewDesk(w.Database), id("person", 1)
	for n := range 3 {
		err := desk.Tell(t.Context(), postgres.Notice{ID: id("notice", n), Person: me, Ticket: id("ticket", 1), Kind: staff.NoticeMentioned, At: at(n)}, at(n))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := desk.ReadNotices(t.Context(), me, []uuid.UUID{id("notice", 1)}, at(9)); err != nil {
		t.Fatal(err)
	}
	if err := desk.SaveView(t.Context(), me, id("view", 1), "Mine", "queue", "mine=true", at(1)); err != nil {
		t.Fatal(err)
	}
	w.Read(t, func(tx pgx.Tx) error {
		var got []uuid.UUID
		var after staff.TicketCursor
		for {
			page, next, err := staff.Notices(t.Context(), tx, me, false, after, 2)
			if err != nil {
				return err
			}
			for _, notice := range page {
				got = append(got, notice.ID)
			}
			if after = next; after.IsZero() {
				break
			}
		}
		if diff := cmp.Diff([]uuid.UUID{id("notice", 2), id("notice", 1), id("notice", 0)}, got); diff != "" {
			t.Errorf("notices (-want +got):\n%s", diff)
		}
		unread, _, err := staff.Notices(t.Context(), tx, me, true, staff.TicketCursor{}, 0)
		if count, failed := staff.UnreadNotices(t.Context(), tx, me); len(unread) != 2 || count != 2 || err != nil || failed != nil {
			t.Errorf("%d notices are unread, counted %d, want 2: %v %v", len(unread), count, err, failed)
		}
		views, err := staff.Views(t.Context(), tx, me)
		want := []staff.View{{ID: id("view", 1), Name: "Mine", List: "queue", Query: "mine=true", SavedAt: at(1)}}
		if diff := cmp.Diff(want, views); diff != "" {
			t.Errorf("views (-want +got):\n%s", diff)
		}
		if others, err := staff.Views(t.Context(), tx, id("person", 2)); len(others) != 0 || err != nil {
			t.Errorf("views of somebody else: %+v, %v", others, err)
		}
		return err
	})
}
