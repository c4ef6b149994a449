package postgres_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/postgres"
)

// TestNoticeIsToldAndMailedOnce however often it comes, also when its mail was sent and is gone meanwhile.
func TestNoticeIsToldAndMailedOnce(t *testing.T) {
	t.Parallel()
	staff, _ := open(t, postgres.StaffSide)
	desk, now := postgres.NewDesk(staff), time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)
	person, stranger := uuid.NameSpaceURL, uuid.NameSpaceOID
	if _, err := staff.Pool.Exec(t.Context(), `SELECT accounts.set_mail(true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := staff.Pool.Exec(t.Context(), `INSERT INTO accounts.people (id, name, email) VALUES ($1, 'Ada', 'ada@example.org')`, person); err != nil {
		t.Fatal(err)
	}
	count := func(query string) (found int) {
		t.Helper()
		if err := staff.Pool.QueryRow(t.Context(), query).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	tell := func(name string, to uuid.UUID, mail bool) uuid.UUID {
		t.Helper()
		n := postgres.Notice{
			ID: domain.Derive(to, name), Person: to, Ticket: uuid.NameSpaceDNS, Kind: "escalated", Goal: "resolution", Level: 2, At: now, Mail: mail,
		}
		if err := desk.Tell(t.Context(), n, now); err != nil {
			t.Fatal(err)
		}
		return n.ID
	}
	tell("one", person, true)
	tell("one", person, true)
	if mails := count(`SELECT count(*) FROM accounts.mail WHERE kind = 'notice'`); mails != 1 {
		t.Errorf("%d mails for one notice", mails)
	}
	if _, err := staff.Pool.Exec(t.Context(), `DELETE FROM accounts.mail`); err != nil {
		t.Fatal(err)
	}
	tell("one", person, true)
	second := tell("two", person, false)
	tell("one", stranger, true) // Without an account there is no address.
	if mails := count(`SELECT count(*) FROM accounts.mail`); mails != 0 {
		t.Errorf("%d mails that nobody is to get", mails)
	}
	for _, reader := range []uuid.UUID{stranger, person, person} {
		if err := desk.ReadNotices(t.Context(), reader, []uuid.UUID{second}, now); err != nil {
			t.Error(err)
		}
	}
	answer := postgres.Notice{ID: domain.Derive(person, "answer"), Person: person, Kind: "answer_missed", Item: uuid.NameSpaceOID, At: now}
	if err := desk.Tell(t.Context(), answer, now); err == nil {
		t.Error("a notice about neither a ticket nor an invoice is kept")
	}
	answer.Invoice = uuid.NameSpaceURL
	if err := desk.Tell(t.Context(), answer, now); err != nil {
		t.Error(err)
	}
	if told := count(`DELETE FROM control.notices WHERE kind = 'answer_missed' AND invoice IS NOT NULL AND ticket IS NULL RETURNING 1`); told != 1 {
		t.Errorf("%d notices of the invoice", told)
	}
	if told, unread := count(`SELECT count(*) FROM control.notices`), count(`SELECT count(*) FROM control.notices WHERE read_at IS NULL`); told != 3 || unread != 2 {
		t.Errorf("%d notices, %d of them unread, want 3 and 2", told, unread)
	}
}

// TestViewsAreBoundedAndAPersonsOwn.
func TestViewsAreBoundedAndAPersonsOwn(t *testing.T) {
	t.Parallel()
	staff, _ := open(t, postgres.StaffSide)
	desk, now, person := postgres.NewDesk(staff), time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC), uuid.NameSpaceURL
	save := func(n int) error {
		name := strconv.Itoa(n)
		return desk.SaveView(t.Context(), person, domain.Derive(person, name), name, "queue", "mine=true", now)
	}
	for n := range postgres.MaxViews {
		if err := save(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := save(0); err != nil {
		t.Errorf("a view is saved again: %v", err)
	}
	if err := save(postgres.MaxViews); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("one view too many: got %v, want a conflict", err)
	}
	if err := desk.DeleteView(t.Context(), uuid.NameSpaceOID, domain.Derive(person, "0")); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("somebody else's view is deleted: got %v, want not found", err)
	}
	if err := errors.Join(desk.DeleteView(t.Context(), person, domain.Derive(person, "0")), save(postgres.MaxViews)); err != nil {
		t.Errorf("a view in the place of another: %v", err)
	}
}

// A user of a client is written to once while the mail waits, and who has no address not at all.
func TestNoticeIsOrderedOnce(t *testing.T) {
	t.Parallel()
	clients, _ := open(t, postgres.ClientSide)
	now, person := time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC), uuid.NameSpaceURL
	for _, statement := range []string{
		`SELECT accounts.set_mail(true)`,
		`INSERT INTO accounts.people (id, client, name, email) VALUES ('` + person.String() + `', '` + uuid.NameSpaceDNS.String() + `', 'Olivia', 'olivia@example.org')`,
	} {
		if _, err := clients.Pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []uuid.UUID{person, person, uuid.NameSpaceOID} {
		if err := postgres.OrderNotice(t.Context(), clients, domain.Derive(to, "reminder"), to, now); err != nil {
			t.Fatal(err)
		}
	}
	var addresses []string
	err := clients.Pool.QueryRow(t.Context(), `SELECT array_agg(email) FROM accounts.mail WHERE kind = 'notice'`).Scan(&addresses)
	if err != nil || len(addresses) != 1 || addresses[0] != "olivia@example.org" {
		t.Errorf("mail is ordered to %q, %v", addresses, err)
	}
}
