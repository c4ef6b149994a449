package clienthook_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/webhook"
	"effigate/infra/webhook/clienthook"
	"effigate/projections"
	"effigate/readmodels/client"
)

var (
	acme   = uuid.MustParse("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
	nexus  = uuid.MustParse("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
	monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func put(record visible.Record, isNew bool) projections.Told {
	return projections.Told{Change: visible.Put{Record: record}, New: isNew}
}

func gone(client uuid.UUID, kind visible.Kind, n byte) projections.Told {
	return projections.Told{Change: visible.Remove{Gone: visible.Key{Client: client, Kind: kind, ID: id(n)}}}
}

func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	ticket := visible.Ticket{Client: acme, ID: id(1)}
	comment := visible.Comment{Client: acme, ID: id(2), Ticket: id(1)}
	deleted := visible.Comment{Client: acme, ID: id(2), Ticket: id(1), Deleted: true}
	file := visible.Attachment{Client: acme, ID: id(3), Ticket: id(1)}
	for name, test := range map[string]struct {
		told []projections.Told
		want []string
	}{
		"a ticket appears":         {[]projections.Told{put(ticket, true), put(visible.TicketStep{Client: acme}, true)}, []string{"ticket.created"}},
		"a ticket changes":         {[]projections.Told{put(ticket, false)}, []string{"ticket.updated"}},
		"a comment appears":        {[]projections.Told{put(comment, true), put(ticket, false)}, []string{"ticket.comment_created", "ticket.updated"}},
		"a comment changes":        {[]projections.Told{put(comment, false)}, []string{"ticket.comment_changed"}},
		"a comment is deleted":     {[]projections.Told{put(deleted, false)}, []string{"ticket.comment_deleted"}},
		"a comment is withdrawn":   {[]projections.Told{gone(acme, visible.KindComment, 2)}, []string{"ticket.comment_removed"}},
		"a target changes":         {[]projections.Told{put(visible.Target{Client: acme, Ticket: id(1), Goal: "resolution"}, false)}, []string{"ticket.target_changed"}},
		"a file appears":           {[]projections.Told{put(file, true)}, []string{"ticket.attachment_added"}},
		"a file is withdrawn":      {[]projections.Told{gone(acme, visible.KindAttachment, 3)}, []string{"ticket.attachment_removed"}},
		"a ticket goes with all":   {[]projections.Told{gone(acme, visible.KindComment, 2), gone(acme, visible.KindTicket, 1)}, []string{"ticket.removed"}},
		"an invoice is issued":     {[]projections.Told{put(visible.Invoice{Client: acme, ID: id(7)}, true), put(visible.Claim{Client: acme, ID: id(7)}, true)}, []string{"invoice.issued"}},
		"an invoice is overdue":    {[]projections.Told{put(visible.Reminder{Client: acme, ID: id(8), Invoice: id(7)}, true)}, []string{"invoice.reminded"}},
		"what is not told of":      {[]projections.Told{put(visible.Organisation{Client: acme}, false), gone(acme, visible.KindTarget, 4)}, nil},
		"an internal event":        {nil, nil},
		"it moves to another firm": {[]projections.Told{gone(acme, visible.KindTicket, 1), put(visible.Ticket{Client: nexus, ID: id(1)}, true)}, []string{"ticket.removed", "ticket.created"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var kinds []string
			seen := map[uuid.UUID]bool{}
			for i, news := range clienthook.News(id(9), monday, domain.Position{Commit: 7}, test.told) {
				kinds = append(kinds, news.Kind)
				seen[news.ID] = true
				again := clienthook.News(id(9), monday, domain.Position{Commit: 7}, test.told)[i]
				if again.ID != news.ID || news.At != monday || news.Position.Commit != 7 {
					t.Errorf("news %+v, then %+v", news, again)
				}
			}
			if diff := cmp.Diff(test.want, kinds); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
			if len(seen) != len(kinds) {
				t.Error("two of one event share an id")
			}
		})
	}
}

// store is a client store of one generation, read as the portal reads it.
type store struct {
	conn  *pgx.Conn
	stale bool
}

// Read implements clienthook.Reads.
func (s *store) Read(ctx context.Context, of domain.ClientID, _ domain.Position, read func(pgx.Tx) error) (bool, error) {
	return s.stale, pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('effigate.client', $1, true)`, of.String()); err != nil {
			return err
		}
		return read(tx)
	})
}

func newStore(t *testing.T) *store {
	t.Helper()
	access := postgrestest.Database(t, postgres.ClientSide)
	database, err := postgres.Open(t.Context(), access.Owner, postgres.ClientSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	conn, err := pgx.Connect(t.Context(), access.Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	s := &store{conn: conn}
	s.run(t, `CREATE SCHEMA gen_1; SET search_path = gen_1; `+client.Schema)
	s.run(t, `INSERT INTO tickets (id, client, number, title, description, priority, state, raised_by, raised_at, updated_at, resolution, out_of_scope, estimate_minutes, estimate_text)
		VALUES ('`+id(1).String()+`', '`+acme.String()+`', 41, 'Printer', 'It hums', 'high', 'open', '`+id(5).String()+`', '2026-03-02', '2026-03-02', '', false, 0, '')`)
	s.run(t, `INSERT INTO comments (id, client, ticket, author, by_client, text, at, deleted)
		VALUES ('`+id(2).String()+`', '`+acme.String()+`', '`+id(1).String()+`', '`+id(5).String()+`', true, 'Still hums', '2026-03-02T09:00:00Z', false)`)
	return s
}

func (s *store) run(t *testing.T, statements string) {
	t.Helper()
	if _, err := s.conn.PgConn().Exec(t.Context(), statements).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// render writes the body of the only news about a change.
func (s *store) render(t *testing.T, of uuid.UUID, told projections.Told) (string, error) {
	t.Helper()
	news := clienthook.News(id(9), monday, domain.Position{}, []projections.Told{told})
	if len(news) != 1 || news[0].Client.UUID != told.Change.Key().Client {
		t.Fatalf("news %+v", news)
	}
	subject, err := json.Marshal(news[0].Subject)
	if err != nil {
		t.Fatal(err)
	}
	data, err := clienthook.Render(s)(t.Context(), webhook.Due{Client: domain.ClientID{UUID: of}, Kind: news[0].Kind, Subject: subject, At: monday})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

func TestBodiesHoldWhatIsSeenWhenTheyAreSent(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	comment := put(visible.Comment{Client: acme, ID: id(2), Ticket: id(1), At: monday, Text: "as it was"}, true)
	body, err := s.render(t, acme, comment)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"display":"TKT-0041"`, `"title":"Printer"`, `"description":"It hums"`, `"text":"Still hums"`} {
		if !strings.Contains(body, want) {
			t.Errorf("body %s lacks %s", body, want)
		}
	}
	if _, err := s.render(t, nexus, comment); !errors.Is(err, webhook.ErrGone) {
		t.Errorf("for another organisation: %v", err)
	}
	removed := gone(acme, visible.KindTicket, 1)
	if _, err := s.render(t, acme, removed); !errors.Is(err, webhook.ErrGone) {
		t.Errorf("removed and shown again since: %v", err)
	}
	s.run(t, `DELETE FROM comments`)
	if _, err := s.render(t, acme, comment); !errors.Is(err, webhook.ErrGone) {
		t.Errorf("a comment that was withdrawn meanwhile: %v", err)
	}
	s.run(t, `DELETE FROM tickets`)
	if _, err := s.render(t, acme, put(visible.Ticket{Client: acme, ID: id(1)}, true)); !errors.Is(err, webhook.ErrGone) {
		t.Errorf("a ticket that was withdrawn meanwhile: %v", err)
	}
	if body, err := s.render(t, acme, removed); err != nil || body != `{"ticket_id":"`+id(1).String()+`"}` {
		t.Errorf("removed: %s, %v", body, err)
	}
	s.stale = true
	if _, err := s.render(t, acme, comment); !errors.Is(err, webhook.ErrNotYet) {
		t.Errorf("of a store that lags: %v", err)
	}
}

// An invoice is told as the API lists it, named as of the day on which something happened to it.
func TestInvoicesAreTold(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.run(t, `INSERT INTO invoices (id, client, number, contract, month, date, due, zone, currency, net, tax, payable, document, sha256, entries)
		VALUES ('`+id(7).String()+`', '`+acme.String()+`', 'INV-2026-0041', '`+id(6).String()+`', '2026-01', '2026-02-01', '2026-03-01', 'UTC', 'AUD', '100', '10', '110', '{}', '', 0)`)
	s.run(t, `INSERT INTO disclosed (id, client, kind) VALUES ('`+id(7).String()+`', '`+acme.String()+`', 'invoice')`)
	s.run(t, `INSERT INTO claims (id, client, paid, credited, written_off, closed, outstanding, disputed, voided, last_paid)
		VALUES ('`+id(7).String()+`', '`+acme.String()+`', '0', '0', '0', '', '110', '0', '', '')`)
	for _, told := range []projections.Told{
		put(visible.Invoice{Client: acme, ID: id(7)}, true), put(visible.Reminder{Client: acme, ID: id(8), Invoice: id(7)}, true),
	} {
		body, err := s.render(t, acme, told)
		if err != nil || !strings.Contains(body, `"number":"INV-2026-0041"`) || !strings.Contains(body, `"label":"Overdue"`) {
			t.Errorf("body %s, %v", body, err)
		}
		if _, err := s.render(t, nexus, told); !errors.Is(err, webhook.ErrGone) {
			t.Errorf("for another organisation: %v", err)
		}
	}
}
