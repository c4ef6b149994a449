package portal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/web/portal"
	"effigate/infra/webhook"
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

// logins is a verifier that knows a fixed set of tokens, of sessions and of keys.
type logins struct{ sessions, keys map[string]auth.Login }

func (l logins) Session(_ context.Context, token string) (auth.Login, error) {
	return find(l.sessions, token)
}

func (l logins) Key(_ context.Context, token string) (auth.Login, error) { return find(l.keys, token) }

func find(known map[string]auth.Login, token string) (auth.Login, error) {
	login, ok := known[token]
	if !ok {
		return auth.Login{}, auth.ErrUnauthenticated
	}
	return login, nil
}

// id makes an id of version 4 that ends in n.
func id(n byte) uuid.UUID { return uuid.UUID{6: 0x40, 8: 0x80, 15: n} }

var (
	acme, globex = id(1), id(2)
	people       = map[string]domain.Actor{
		"ada": {Person: domain.PersonID{UUID: id(11)}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: domain.ClientID{UUID: acme}},
		"eve": {Person: domain.PersonID{UUID: id(12)}, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: domain.ClientID{UUID: acme}},
		"fay": {Person: domain.PersonID{UUID: id(15)}, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: domain.ClientID{UUID: acme}},
		"gil": {Person: domain.PersonID{UUID: id(13)}, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: domain.ClientID{UUID: globex}},
		"sue": {Person: domain.PersonID{UUID: id(14)}, Side: domain.StaffSide, Role: domain.Owner},
	}
	monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	now    = monday.Add(90 * time.Minute)
)

// verifier knows a session of each of the people, of the person's name and freshly proved, and keys of two.
func verifier() logins {
	l := logins{sessions: map[string]auth.Login{}, keys: map[string]auth.Login{}}
	for name, actor := range people {
		l.sessions[name] = auth.Login{Actor: actor, Session: uuid.NewSHA1(uuid.Nil, []byte(name)), ProvedAt: now}
	}
	fay := l.sessions["fay"]
	fay.Grants = access.Grants()
	l.sessions["fay"] = fay
	stale := l.sessions["ada"]
	stale.ProvedAt = now.Add(-time.Hour)
	l.sessions["ada, proved long ago"] = stale
	ada := auth.Login{Actor: people["ada"], Key: id(200)}
	l.keys["adas-key"] = ada
	for _, permission := range []access.Permission{access.ReadTickets, access.ManagePeople, access.ReadPeople, access.OwnAccount} {
		ada.Scopes = []access.Permission{permission}
		l.keys["adas-key for "+string(permission)] = ada
	}
	return l
}

// fakeCommands stands for the use cases: it knows whose the tickets are, as the events do, and remembers
// what it was asked.
type fakeCommands struct {
	mu       sync.Mutex
	tickets  map[uuid.UUID]uuid.UUID // client by ticket
	asked    []portal.Request
	raised   []portal.RaiseTicket
	given    []string
	said     []any                  // what was said on tickets
	agreed   []any                  // what was decided about proposals and requests
	position func() domain.Position // of the next write
	refusal  error                  // of the next write on a person
	badFile  error                  // of every file beside an objection
	refused  map[string]error       // what commands were refused for good, by their names
}

func (c *fakeCommands) RaiseTicket(_ context.Context, r portal.Request, t portal.RaiseTicket) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.raised = append(c.asked, r), append(c.raised, t)
	if t.Contract == uuid.Nil {
		return portal.Answer{}, domain.Refuse(domain.ErrConflict, "out_of_scope", "secret: contract %s does not cover it", t.Contract)
	}
	return portal.Answer{ID: c.last(), Position: c.position()}, nil
}

func (c *fakeCommands) CommentOnTicket(_ context.Context, r portal.Request, ticket uuid.UUID, said portal.Comment) (portal.Answer, error) {
	return c.onTicket(r, ticket, said)
}

func (c *fakeCommands) EditComment(_ context.Context, r portal.Request, ticket, comment uuid.UUID, said portal.Comment) (portal.Answer, error) {
	return c.onTicket(r, ticket, comment, said)
}

func (c *fakeCommands) DeleteComment(_ context.Context, r portal.Request, ticket, comment uuid.UUID) (portal.Answer, error) {
	return c.onTicket(r, ticket, comment)
}

func (c *fakeCommands) AnswerEstimate(_ context.Context, r portal.Request, ticket uuid.UUID, a portal.EstimateAnswer) (portal.Answer, error) {
	return c.onTicket(r, ticket, a)
}

func (c *fakeCommands) ReopenTicket(_ context.Context, r portal.Request, ticket uuid.UUID, _ string) (portal.Answer, error) {
	return c.onTicket(r, ticket)
}

func (c *fakeCommands) AttachFile(_ context.Context, r portal.Request, f portal.AttachFile, content io.Reader) (portal.Answer, error) {
	text, err := io.ReadAll(content)
	if err != nil {
		return portal.Answer{}, err
	}
	return c.onTicket(r, f.Ticket, f.Name, string(text))
}

// contracts are the organisations of contracts, as the events know them.
var contracts = map[uuid.UUID]uuid.UUID{id(21): acme, id(22): globex}

func (c *fakeCommands) AcceptProposal(_ context.Context, r portal.Request, p portal.Proposal, a portal.Agreement) (portal.Answer, error) {
	return c.onContract(r, p.Contract, p, a)
}

func (c *fakeCommands) DeclineProposal(_ context.Context, r portal.Request, p portal.Proposal, reason string) (portal.Answer, error) {
	return c.onContract(r, p.Contract, p, reason)
}

func (c *fakeCommands) AnswerOverage(_ context.Context, r portal.Request, a portal.OverageAnswer) (portal.Answer, error) {
	return c.onContract(r, a.Contract, a)
}

func (c *fakeCommands) onContract(r portal.Request, contract uuid.UUID, said ...any) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.agreed = append(c.asked, r), append(c.agreed, said...)
	if contracts[contract] != r.Actor.Client.UUID {
		return portal.Answer{}, domain.Refuse(domain.ErrNotFound, "no_such_contract", "secret: no such contract")
	}
	return portal.Answer{ID: contract, Position: c.position()}, c.refusal
}

func (c *fakeCommands) ObjectToLine(_ context.Context, r portal.Request, o portal.Objection) (portal.Answer, error) {
	return c.onInvoice(r, o.Invoice, o)
}

func (c *fakeCommands) AttachToDispute(_ context.Context, r portal.Request, f portal.AttachToDispute, content io.Reader) (portal.Answer, error) {
	text, err := io.ReadAll(content)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.onInvoice(r, f.Invoice, f, string(text))
	return answer, errors.Join(err, c.badFile)
}

func (c *fakeCommands) WithdrawDispute(_ context.Context, r portal.Request, invoice, dispute uuid.UUID) (portal.Answer, error) {
	return c.onInvoice(r, invoice, dispute)
}

func (c *fakeCommands) onInvoice(r portal.Request, invoice uuid.UUID, said ...any) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.said = append(c.asked, r), append(c.said, said...)
	if map[uuid.UUID]uuid.UUID{acmes.invoice: acme, globexs.invoice: globex}[invoice] != r.Actor.Client.UUID {
		return portal.Answer{}, domain.Refuse(domain.ErrNotFound, "no_such_invoice", "secret: no such invoice")
	}
	return portal.Answer{ID: invoice, Position: c.position()}, c.refusal
}

// members are the organisations of people, as the events know them.
var members = map[uuid.UUID]uuid.UUID{id(11): acme, id(12): acme, id(15): acme, id(16): acme, id(13): globex}

func (c *fakeCommands) InviteEmployee(_ context.Context, r portal.Request, person uuid.UUID) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	return portal.Answer{ID: person, Position: c.position()}, c.refusal
}

func (c *fakeCommands) DeactivateEmployee(_ context.Context, r portal.Request, person uuid.UUID) (portal.Answer, error) {
	return c.onPerson(r, person)
}

func (c *fakeCommands) GiveGrant(_ context.Context, r portal.Request, person uuid.UUID, grant string) (portal.Answer, error) {
	c.given = append(c.given, "give "+grant)
	return c.onPerson(r, person)
}

func (c *fakeCommands) WithdrawGrant(_ context.Context, r portal.Request, person uuid.UUID, grant string) (portal.Answer, error) {
	c.given = append(c.given, "withdraw "+grant)
	return c.onPerson(r, person)
}

func (c *fakeCommands) Activate(_ context.Context, r portal.Request) (portal.Answer, error) {
	return c.onPerson(r, r.Actor.Person.UUID)
}

// Join gives a command that was refused the same answer for ever, as the use cases do.
func (c *fakeCommands) Join(_ context.Context, r portal.Request) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	name := r.Actor.Person.String() + " " + r.Route + " " + r.Key
	if c.refusal != nil {
		c.refused[name] = c.refusal
	}
	if err := c.refused[name]; err != nil {
		return portal.Answer{}, err
	}
	return portal.Answer{ID: r.Actor.Person.UUID, Position: c.position()}, nil
}

func (c *fakeCommands) onPerson(r portal.Request, person uuid.UUID) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	if of, known := members[person]; known && of != r.Actor.Client.UUID {
		return portal.Answer{}, domain.Refuse(domain.ErrNotFound, "no_such_person", "secret: no such person")
	}
	return portal.Answer{ID: person, Position: c.position()}, c.refusal
}

func (c *fakeCommands) onTicket(r portal.Request, ticket uuid.UUID, said ...any) (portal.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.said = append(c.asked, r), append(c.said, said...)
	if c.tickets[ticket] != r.Actor.Client.UUID {
		return portal.Answer{}, domain.Refuse(domain.ErrNotFound, "no_such_ticket", "secret: no such ticket")
	}
	return portal.Answer{ID: ticket, Position: c.position()}, nil
}

// last is the id that the command which is running answers with, when it raises a ticket.
func (c *fakeCommands) last() uuid.UUID {
	r := c.asked[len(c.asked)-1]
	return domain.Derive(r.Actor.Person.UUID, r.Route, r.Key)
}

func (c *fakeCommands) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// world is a portal over a projected read model.
type world struct {
	*portal.Portal
	access   postgres.Access
	log      *projectionstest.Log
	database *postgres.Database
	reads    *postgres.Reads
	accounts *accounts.Service
	webhooks *webhook.Service
	commands *fakeCommands
	trace    *trace
	ahead    atomic.Int64 // how far the clock of logins has moved on, in nanoseconds
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	access := postgrestest.Database(tb, postgres.ClientSide)
	database, err := postgres.Open(tb.Context(), access.Owner, postgres.ClientSide)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(database.Close)
	// The clock of a world is not that of its database.
	if _, err := database.Pool.Exec(tb.Context(), `UPDATE accounts.settings SET skew = '10 years'`); err != nil {
		tb.Fatal(err)
	}
	w := &world{access: access, log: projectionstest.NewLog(), database: database, commands: &fakeCommands{tickets: map[uuid.UUID]uuid.UUID{}, refused: map[string]error{}}}
	w.commands.position = func() domain.Position { return domain.Position{} }
	project(tb, database, w.log)
	w.reads, err = postgres.OpenReads(tb.Context(), access.Reader, client.Version, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.reads.Close)
	w.trace = &trace{}
	w.accounts = openAccounts(tb, access.Accounts, w.trace, func() time.Time { return now.Add(time.Duration(w.ahead.Load())) })
	w.webhooks = openWebhooks(tb, access.Accounts, w.trace)
	w.Portal = newPortal(tb, tracedReads{postgres.ClientReads{Reads: w.reads}, w.trace}, w.accounts, w.commands, func(o *portal.Options) { o.Webhooks = w.webhooks })
	return w
}

// openAccounts makes the accounts of the client side, with the rights that the portal has in production.
func openAccounts(tb testing.TB, address string, trace *trace, clock func() time.Time) *accounts.Service {
	tb.Helper()
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		tb.Fatal(err)
	}
	config.ConnConfig.Tracer = trace
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	service, err := accounts.New(accounts.Options{
		Pool: pool, Side: domain.ClientSide, Key: []byte(strings.Repeat("a", 32)), Base: public, Now: clock,
		Logger: slog.New(slog.DiscardHandler), LoopbackProviders: true,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return service
}

// openWebhooks makes the webhooks of clients, with the rights that the portal has in production. It connects when it is
// first used.
func openWebhooks(tb testing.TB, address string, trace *trace) *webhook.Service {
	tb.Helper()
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		tb.Fatal(err)
	}
	config.ConnConfig.Tracer = trace
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	service, err := webhook.New(webhook.Options{
		Pool: pool, Key: []byte(strings.Repeat("w", 32)), Kinds: []string{"ticket.created", "ticket.updated"}, Now: func() time.Time { return now },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return service
}

// public is the public URL of the portal in tests.
var public = &url.URL{Scheme: "http", Host: "portal.example"}

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
				postgres.Rows(clientside.TicketSteps), postgres.Rows(clientside.Lines), postgres.Rows(clientside.Buckets),
				postgres.Rows(clientside.CarriedLots), postgres.Rows(clientside.Work), postgres.Rows(clientside.Settlements),
				postgres.Rows(clientside.Proposals), postgres.Rows(clientside.OverageRequests), postgres.Rows(clientside.HoursAlerts),
				postgres.Rows(clientside.Targets), postgres.Rows(clientside.Attachments), postgres.Rows(clientside.CommentEdits),
				postgres.Final(clientside.Invoices), postgres.Final(clientside.InvoiceEntries), postgres.Final(clientside.CreditNotes),
				postgres.Rows(clientside.Disclosed), postgres.Rows(clientside.Claims), postgres.Rows(clientside.Prints),
				postgres.Rows(clientside.Payments), postgres.Rows(clientside.Receipts), postgres.Rows(clientside.Disputes), postgres.Rows(clientside.Reminders),
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

func newPortal(tb testing.TB, reads portal.Reads, service *accounts.Service, commands portal.Commands, change ...func(*portal.Options)) *portal.Portal {
	tb.Helper()
	sealer, err := auth.NewSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		tb.Fatal(err)
	}
	o := portal.Options{
		Reads: reads, Commands: commands, Accounts: service, Verifier: verifier(), Sealer: sealer, Files: shelved,
		Documents: printed, PrintStatement: printStatement, PrintReceipt: printReceipt, Version: "test", Base: public,
		Now:        func() time.Time { return now.In(time.FixedZone("east", 3600)) },
		Webhooks:   openWebhooks(tb, "postgres://nobody@localhost:1/nowhere", &trace{}),
		LoginClock: func() time.Time { return now }, PostsPerMinute: 1_000_000, Logger: slog.New(slog.DiscardHandler),
	}
	for _, change := range change {
		change(&o)
	}
	return portal.New(o)
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

// promised is what else there is on a ticket: promises, a file, and what a comment said before.
func promised(n byte, of uuid.UUID) []visible.Record {
	on := id(100 + n)
	due := now.Add(time.Duration(n) * time.Hour)
	return []visible.Record{
		visible.Target{
			Client: of, ID: id(110 + 10*n), Ticket: on, Goal: "resolution", State: visible.TargetAtRisk, Due: due,
			Strip: `[{"from":"2026-03-02T09:01:00Z","until":"2026-03-02T11:30:00Z","doing":"counting","seconds":8940}]`,
		},
		visible.Target{Client: of, ID: id(111 + 10*n), Ticket: on, Goal: "first_response", State: visible.TargetPaused, RemainingSeconds: 60, Strip: "[]"},
		visible.Attachment{Client: of, ID: id(112 + 10*n), Ticket: on, Author: id(14), Name: "plan.pdf", Type: "application/pdf", Size: 9, SHA256: digest, At: monday},
		visible.Edit{Client: of, ID: id(113 + 10*n), Comment: id(50 + n), Ticket: on, Number: 1, Text: "Helo", Until: monday.Add(time.Hour)},
	}
}

// digest is that of the proposals of the tests.
var digest = strings.Repeat("0f", 32)

// agreement is a contract with all that belongs to one: id(21) of acme, id(22) of globex.
func agreement(of uuid.UUID, n byte) []visible.Record {
	contract, line, bucket := id(21+n), id(33+n), id(35+n)
	name := map[uuid.UUID]string{acme: "acme", globex: "globex"}[of]
	return []visible.Record{
		visible.Contract{
			Client: of, ID: contract, Reference: fmt.Sprintf("CON-%d", n+1), Type: []string{"bucket", "fixed"}[n], State: visible.ContractActive,
			Starts: "2026-01-01", Ends: "2026-12-31", ShowsUnapproved: true,
		},
		visible.Line{Client: of, ID: line, Contract: contract, Position: 1, Name: "Support of " + name, Type: "bucket", Minutes: 6000},
		visible.Bucket{Client: of, ID: bucket, Contract: contract, Line: line, Minutes: 6000, From: "2026-01-01", Until: "2026-12-31"},
		visible.CarriedLot{Client: of, ID: id(37 + n), Contract: contract, Month: "2026-01", Bucket: bucket, Minutes: 4110, Until: "2026-12-31"},
		visible.Settlement{Client: of, ID: id(39 + n), Contract: contract, Line: line, Month: "2026-01", Drawn: 1890},
		visible.Work{
			Client: of, ID: id(41 + n), Contract: contract, Category: id(31 + n), Month: "2026-01", Day: "2026-01-30", Description: "Cables of " + name,
			Minutes: 1890, Drawn: 1890, State: visible.WorkApproved, Charge: visible.WorkCharged,
		},
		visible.Work{
			Client: of, ID: id(43 + n), Contract: contract, Category: id(31 + n), Month: "2026-02", Day: "2026-02-10", Description: "More cables of " + name,
			Minutes: 1890, Drawn: 1890, State: visible.WorkApproved, Charge: visible.WorkCharged,
		},
		visible.Work{
			Client: of, ID: id(45 + n), Contract: contract, Category: id(31 + n), Month: "2026-03", Day: "2026-03-01", Description: "Plugs of " + name,
			Minutes: 90, State: visible.WorkPending, Charge: visible.WorkCharged,
		},
		visible.Proposal{
			Client: of, ID: id(61 + n), Contract: contract, Kind: "amendment", Reference: fmt.Sprintf("CON-%d", n+1), Statement: "More hours for " + name + ".\nFrom April on.",
			Document: `{"statement":"","terms":{"starts":"2026-01-01","currency":"EUR","payment":{"rule":"net","days":30},"lines":[{"name":"Support","type":"bucket","job_types":[{"name":"Network","minutes":600}],"minutes":9000}]}}`,
			SHA256:   digest, Effective: "2026-04-01", State: "offered", OfferedAt: monday,
		},
		visible.OverageRequest{Client: of, ID: id(63 + n), Contract: contract, Line: line, Month: "2026-03", Minutes: 120, Text: "May we go on, " + name + "?", State: "asked", AskedAt: monday},
		visible.HoursAlert{Client: of, ID: id(65 + n), Contract: contract, Line: line, Percent: 50, At: monday},
	}
}

// populate discloses two clients: acme with a ticket of the admin and one of the employee, globex with one.
func (w *world) populate(tb testing.TB) {
	tb.Helper()
	records := []visible.Record{
		visible.Organisation{Client: acme, Name: "Acme", Zone: "Australia/Sydney", Language: "en", Currency: "EUR", Seats: 25, SeatsTaken: 4},
		visible.Organisation{Client: globex, Name: "Globex", Zone: "UTC", Language: "en", Currency: "EUR", Seats: 25, SeatsTaken: 1},
		visible.Person{Client: acme, ID: id(11), Role: "client_admin", State: visible.PersonActive},
		visible.Person{Client: acme, ID: id(12), Role: "client_employee", State: visible.PersonActive},
		visible.Person{Client: acme, ID: id(15), Role: "client_employee", State: visible.PersonActive, Grants: "billing.read contract.read milestone.sign ticket.critical"},
		visible.Person{Client: acme, ID: id(16), Role: "client_employee", State: visible.PersonInvited},
		visible.Person{Client: globex, ID: id(13), Role: "client_admin", State: visible.PersonActive},
		visible.Category{Client: acme, ID: id(31), Contract: id(21), Line: id(33), JobType: "net", Name: "Network", Open: true},
		visible.Category{Client: globex, ID: id(32), Contract: id(22), Line: id(34), JobType: "tel", Name: "Telephone", Open: true},
		ticket(1, acme, id(11)), ticket(2, acme, id(12)), ticket(3, globex, id(13)),
		visible.Comment{Client: acme, ID: id(51), Ticket: id(101), Author: id(11), ByClient: true, Text: "Hello", At: monday},
		visible.Comment{Client: acme, ID: id(55), Ticket: id(102), Author: id(12), ByClient: true, Text: "It hums", At: monday},
		shelved.record(id(57), acme, id(102)), shelved.record(id(58), globex, id(103)),
		visible.Comment{Client: globex, ID: id(56), Ticket: id(103), Author: id(13), ByClient: true, Text: "It hums", At: monday},
	}
	records = append(records, promised(1, acme)...)
	records = append(records, promised(3, globex)...)
	records = append(records, agreement(acme, 0)...)
	records = append(records, agreement(globex, 1)...)
	records = append(records, acmes.records()...)
	records = append(records, globexs.records()...)
	w.commands.tickets = map[uuid.UUID]uuid.UUID{id(101): acme, id(102): acme, id(103): globex}
	w.await(tb, w.show(records...))
	for name, account := range map[string]accounts.Account{
		"ada": {Name: "Ada Admin", Client: people["ada"].Client}, "eve": {Name: "Eve Ebner", Client: people["eve"].Client},
		"fay": {Name: "Fay Fischer", Client: people["fay"].Client}, "gil": {Name: "Gil Globe", Client: people["gil"].Client},
	} {
		account.Person = people[name].Person
		w.account(tb, account, name+"@"+map[bool]string{true: "acme", false: "globex"}[name != "gil"]+".example")
	}
	w.account(tb, accounts.Account{Name: "Hal Holm", Client: people["ada"].Client, Person: domain.PersonID{UUID: id(16)}}, "hal@acme.example")
	for _, n := range []byte{71, 73, 75} {
		w.listen(tb, n, people["ada"])
		w.listen(tb, n+1, people["gil"])
	}
}

// listen makes a webhook of an organisation, and a delivery to it whose id is ten higher.
func (w *world) listen(tb testing.TB, n byte, admin domain.Actor) {
	tb.Helper()
	asked := webhook.Asked{URL: "https://hooks.example.org/in"}
	_, err := w.webhooks.Add(tb.Context(), id(n), admin.Client, admin.Person, now, asked)
	if err == nil {
		err = w.webhooks.TestIt(tb.Context(), admin.Client, id(n), id(n+10))
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// account makes an account with an invitation.
func (w *world) account(tb testing.TB, account accounts.Account, email string) {
	tb.Helper()
	account.Email = email
	if _, err := w.accounts.Invite(tb.Context(), account, func(context.Context) error { return nil }); err != nil {
		tb.Fatal(err)
	}
}

// call makes a request; headers come in pairs of name and value.
func call(p *portal.Portal, method, path, token, body string, headers ...string) *httptest.ResponseRecorder {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(context.Background(), method, path, content)
	switch {
	case strings.Contains(token, "key"):
		r.Header.Set("Authorization", "Bearer "+token)
	case token != "":
		r.AddCookie(&http.Cookie{Name: portal.Cookie, Value: token, Quoted: strings.Contains(token, " ")})
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
