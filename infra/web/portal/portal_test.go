package portal_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/web/portal"
	"effigate/projections"
	clientside "effigate/projections/client"
	"effigate/projections/projectionstest"
	"effigate/readmodels/client"
)

// disclosed is an event of the tests that shows clients what it holds.
type disclosed struct{ changes []visible.Change }

func (disclosed) Kind() string { return "test.disclosed.v1" }

// translator takes the changes out of the events of the tests.
type translator struct{}

func (translator) Translate(_ context.Context, events []domain.Recorded) (changes []visible.Change, _ error) {
	for _, event := range events {
		changes = append(changes, event.Event.(disclosed).changes...)
	}
	return changes, nil
}

func (translator) Withdraw(context.Context, projections.Parking) ([]visible.Change, error) {
	return nil, errors.New("nothing is parked here")
}

func (translator) Restore(context.Context, projections.Parking, domain.Position) ([]visible.Change, error) {
	return nil, errors.New("nothing is parked here")
}

// tokens is a verifier that knows a fixed set of tokens.
type tokens map[string]domain.Actor

func (t tokens) Verify(_ context.Context, token string) (domain.Actor, error) {
	actor, known := t[token]
	if !known {
		return domain.Actor{}, auth.ErrUnauthenticated
	}
	return actor, nil
}

// id makes an id of version 4 that ends in n.
func id(n byte) uuid.UUID { return uuid.UUID{6: 0x40, 8: 0x80, 15: n} }

var (
	acme, globex = id(1), id(2)
	people       = tokens{
		"ada": {Person: domain.PersonID{UUID: id(11)}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: domain.ClientID{UUID: acme}},
		"eve": {Person: domain.PersonID{UUID: id(12)}, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: domain.ClientID{UUID: acme}},
		"gil": {Person: domain.PersonID{UUID: id(13)}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: domain.ClientID{UUID: globex}},
		"sue": {Person: domain.PersonID{UUID: id(14)}, Side: domain.StaffSide, Role: domain.Owner},
	}
	monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

// fakeCommands stands for the use cases: it knows whose the tickets are, as the events do, and remembers
// what it was asked.
type fakeCommands struct {
	mu       sync.Mutex
	tickets  map[uuid.UUID]uuid.UUID // client by ticket
	asked    []portal.Request
	raised   []portal.RaiseTicket
	position func() domain.Position // of the next write
}

func (c *fakeCommands) RaiseTicket(_ context.Context, r portal.Request, t portal.RaiseTicket) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.raised = append(c.asked, r), append(c.raised, t)
	if t.Contract == uuid.Nil {
		return portal.Answer{}, domain.Refuse(domain.ErrConflict, "out_of_scope", "secret: contract %s does not cover it", t.Contract)
	}
	return portal.Answer{ID: domain.Derive(r.Actor.Person.UUID, r.Route, r.Key), Position: c.position()}, nil
}

func (c *fakeCommands) CommentOnTicket(_ context.Context, r portal.Request, ticket uuid.UUID, _ string) (portal.Answer, error) {
	return c.onTicket(r, ticket)
}

func (c *fakeCommands) ReopenTicket(_ context.Context, r portal.Request, ticket uuid.UUID, _ string) (portal.Answer, error) {
	return c.onTicket(r, ticket)
}

func (c *fakeCommands) onTicket(r portal.Request, ticket uuid.UUID) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	if c.tickets[ticket] != r.Actor.Client.UUID {
		return portal.Answer{}, domain.Refuse(domain.ErrNotFound, "no_such_ticket", "secret: no such ticket")
	}
	return portal.Answer{ID: ticket, Position: c.position()}, nil
}

func (c *fakeCommands) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// world is a portal over a projected read model.
type world struct {
	*portal.Portal
	log      *projectionstest.Log
	database *postgres.Database
	reads    *postgres.Reads
	commands *fakeCommands
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	access := postgrestest.Database(tb, postgres.ClientSide)
	database, err := postgres.Open(tb.Context(), access.Owner, postgres.ClientSide)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(database.Close)
	w := &world{log: projectionstest.NewLog(), database: database, commands: &fakeCommands{tickets: map[uuid.UUID]uuid.UUID{}}}
	w.commands.position = func() domain.Position { return domain.Position{} }
	project(tb, database, w.log)
	w.reads, err = postgres.OpenReads(tb.Context(), access.Reader, client.Version, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.reads.Close)
	w.Portal = newPortal(tb, postgres.ClientReads{Reads: w.reads}, w.commands)
	return w
}

// project runs the client projector until the test ends.
func project(tb testing.TB, database *postgres.Database, log *projectionstest.Log) {
	tb.Helper()
	projector := postgres.NewProjector(postgres.ProjectorOptions[visible.Change]{
		Database: database, Source: log,
		Model: postgres.Model[visible.Change]{
			Version: client.Version, Schema: client.Schema, Indexes: client.Indexes,
			Tables: []postgres.Table[visible.Change]{
				postgres.Rows(clientside.Organisations), postgres.Rows(clientside.People), postgres.Rows(clientside.Contracts),
				postgres.Rows(clientside.Categories), postgres.Rows(clientside.Tickets), postgres.Rows(clientside.Comments),
				postgres.Rows(clientside.TicketSteps),
			},
			Translator: func() projections.Translator[visible.Change] { return translator{} },
			Notice:     projections.NoticeOfChange,
		},
	})
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	go func() { done <- projector.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			tb.Errorf("projector ended with %v", err)
		}
	})
}

func newPortal(tb testing.TB, reads portal.Reads, commands portal.Commands) *portal.Portal {
	tb.Helper()
	sealer, err := auth.NewSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		tb.Fatal(err)
	}
	return portal.New(portal.Options{
		Reads: reads, Commands: commands, Verifier: people, Sealer: sealer, Version: "test",
		Now: func() time.Time { return monday.Add(90 * time.Minute).In(time.FixedZone("east", 3600)) }, Logger: slog.New(slog.DiscardHandler),
	})
}

// show discloses records and gives the position of the fact.
func (w *world) show(records ...visible.Record) domain.Position {
	var changes []visible.Change
	for _, record := range records {
		changes = append(changes, visible.Put{Record: record})
	}
	return w.log.Append("test-"+uuid.Nil.String(), disclosed{changes})
}

// hide takes records back.
func (w *world) hide(keys ...visible.Key) domain.Position {
	var changes []visible.Change
	for _, key := range keys {
		changes = append(changes, visible.Remove{Gone: key})
	}
	return w.log.Append("test-"+uuid.Nil.String(), disclosed{changes})
}

// await waits until the portal answers from the position.
func (w *world) await(tb testing.TB, position domain.Position) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	for {
		changed := w.reads.Changed()
		stale, err := w.reads.Read(ctx, position, func(pgx.Tx) error { return nil })
		if err == nil && !stale {
			return
		}
		if err != nil && !errors.Is(err, domain.ErrUnavailable) || ctx.Err() != nil {
			tb.Fatalf("position %d is not read: stale %t, %v", position.Commit, stale, err)
		}
		select {
		case <-changed:
		case <-time.After(100 * time.Millisecond): // The first generation comes without a signal that was asked for.
		}
	}
}

func ticket(n byte, of, by uuid.UUID) visible.Ticket {
	at := monday.Add(time.Duration(n) * time.Minute)
	return visible.Ticket{
		Client: of, ID: id(100 + n), Number: int(n), Title: "Ticket", Category: id(31), Priority: "medium", State: visible.TicketOpen,
		RaisedBy: by, RaisedAt: at, UpdatedAt: at,
	}
}

// populate discloses two clients: acme with a ticket of the admin and one of the employee, globex with one.
func (w *world) populate(tb testing.TB) {
	tb.Helper()
	records := []visible.Record{
		visible.Organisation{Client: acme, Name: "Acme", Zone: "UTC", Language: "en", Currency: "EUR"},
		visible.Organisation{Client: globex, Name: "Globex", Zone: "UTC", Language: "en", Currency: "EUR"},
		visible.Person{Client: acme, ID: id(11), Role: "client_admin", Active: true},
		visible.Person{Client: acme, ID: id(12), Role: "client_employee", Active: true},
		visible.Person{Client: globex, ID: id(13), Role: "client_admin", Active: true},
		visible.Contract{Client: acme, ID: id(21), Reference: "CON-1", Type: "bucket"},
		visible.Contract{Client: globex, ID: id(22), Reference: "CON-2", Type: "fixed"},
		visible.Category{Client: acme, ID: id(31), Contract: id(21), JobType: "net", Name: "Network"},
		visible.Category{Client: globex, ID: id(32), Contract: id(22), JobType: "tel", Name: "Telephone"},
		ticket(1, acme, id(11)), ticket(2, acme, id(12)), ticket(3, globex, id(13)),
		visible.Comment{Client: acme, ID: id(51), Ticket: id(101), Author: id(11), ByClient: true, Text: "Hello", At: monday},
	}
	w.commands.tickets = map[uuid.UUID]uuid.UUID{id(101): acme, id(102): acme, id(103): globex}
	w.await(tb, w.show(records...))
}

// call makes a request; headers come in pairs of name and value.
func call(p *portal.Portal, method, path, token, body string, headers ...string) *httptest.ResponseRecorder {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(context.Background(), method, path, content)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "one")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	return w
}

// decode reads the body of an answer with the status.
func decode[B any](tb testing.TB, w *httptest.ResponseRecorder, status int) (body B) {
	tb.Helper()
	if w.Code != status {
		tb.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		tb.Fatalf("%v in %s", err, w.Body)
	}
	return body
}

const base = "/api/client/v1"
