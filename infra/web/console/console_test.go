package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/person"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/blob"
	"effigate/infra/files"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/web/console"
	"effigate/infra/webhook"
	"effigate/projections/staff/stafftest"
)

// staffRoles are those of staff, in the order of the table of access.
var staffRoles = access.Roles()[:8]

// verifier takes for a token what it is to prove: a role, then perhaps words that say more, all separated by
// "+". "stale" is a proof that is too old, "scope=" a scope of a key, "id=" the person, if it is not the one
// that has the role.
type verifier struct{}

func (verifier) Session(_ context.Context, token string) (auth.Login, error) {
	login, words, err := proved(token)
	login.Session, login.ProvedAt = uuid.Max, epoch
	if slices.Contains(words, "stale") {
		login.ProvedAt = epoch.Add(-time.Hour)
	}
	return login, err
}

func (verifier) Key(_ context.Context, token string) (auth.Login, error) {
	login, words, err := proved(token)
	login.Key = uuid.Max
	for _, word := range words {
		if scope, ok := strings.CutPrefix(word, "scope="); ok {
			login.Scopes = append(login.Scopes, access.Permission(scope))
		}
	}
	return login, err
}

func proved(token string) (login auth.Login, words []string, err error) {
	name, more, _ := strings.Cut(token, "+")
	role := domain.Role(name)
	if role.Side() == "" {
		return login, nil, auth.ErrUnauthenticated
	}
	login.Actor = domain.Actor{Person: personOf(role), Side: role.Side(), Role: role}
	if role.Side() == domain.ClientSide {
		login.Actor.Client = domain.ClientID{UUID: domain.Derive(uuid.NameSpaceURL, "client")}
	}
	words = strings.Split(more, "+")
	for _, word := range words {
		if id, ok := strings.CutPrefix(word, "id="); ok {
			login.Actor.Person = domain.PersonID{UUID: uuid.MustParse(id)}
		}
	}
	return login, words, nil
}

// personOf is the one person that has a role.
func personOf(role domain.Role) domain.PersonID {
	return domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "person", string(role))}
}

// epoch is when proofs of identity were given, and the present moment.
var epoch = time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)

// fragile are accounts that can be down.
type fragile struct {
	*accounts.Service
	down atomic.Bool
}

func (f *fragile) Names(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	if f.down.Load() {
		return nil, fmt.Errorf("%w: the client database is down", domain.ErrUnavailable)
	}
	return f.Service.Names(ctx, people)
}

func (f *fragile) Accounts(ctx context.Context, client domain.ClientID, people []domain.PersonID) (map[domain.PersonID]accounts.Account, error) {
	if f.down.Load() {
		return nil, fmt.Errorf("%w: the client database is down", domain.ErrUnavailable)
	}
	return f.Service.Accounts(ctx, client, people)
}

// office is a console over a memory log and real databases.
type office struct {
	t       *testing.T
	console *console.Console
	world   *stafftest.World
	staff   *accounts.Service
	users   *accounts.Service
	clients *fragile // users, as the console gets them
	// database is the clients'.
	database *postgres.Database
	keys     int
	internal *blob.Store
	public   *blob.Store
	files    *files.Files
	// documents are the printed forms of documents.
	documents *blob.Store
	// rehearsal answers what-ifs; nothing comes of them without it.
	rehearsal func(context.Context, console.WhatIf) (console.Rehearsed, error)
	// description is what every answer is held to.
	description description
}

func (o *office) replay(ctx context.Context, q console.WhatIf) (console.Rehearsed, error) {
	if o.rehearsal == nil {
		return console.Rehearsed{}, nil
	}
	return o.rehearsal(ctx, q)
}

func newConsole(t *testing.T) *office {
	t.Helper()
	return newInstallation(t, "a secret of this installation")
}

func newInstallation(t *testing.T, secret string) *office {
	t.Helper()
	world := stafftest.New(t, stafftest.NewLog(64))
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	clients, err := postgres.Open(t.Context(), postgrestest.Database(t, postgres.ClientSide).Owner, postgres.ClientSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clients.Close)
	o := &office{
		t: t, world: world, database: clients,
		staff: newAccounts(t, world.Database, domain.StaffSide, "https://console.example", logger),
		users: newAccounts(t, clients, domain.ClientSide, "https://portal.example", logger),
	}
	o.clients = &fragile{Service: o.users}
	clock := epoch
	service := commands.NewService(world.Log, postgres.NewAnswers(world.Database))
	o.internal, o.public, o.documents = newStore(t), newStore(t), newStore(t)
	o.files = files.New(files.Options{Internal: o.internal, Public: o.public, Commands: service, Log: world.Log, Logger: logger})
	o.console = console.New(console.Options{
		Commands: service, Reads: world.Reads, Files: o.files,
		Documents: &o.documents.Reader, Preview: printDraft, Lacking: lacking, PrintReceipt: printReceipt, Recompute: func(ctx context.Context, id domain.InvoiceID) (string, error) {
			again, err := service.RecomputeInvoice(ctx, id)
			return again.Issued.Document.Number, err
		}, PaymentSecret: paymentSecret,
		Desk: postgres.NewDesk(world.Database), WhatIf: o.replay,
		Staff: o.staff, Clients: o.clients, Signin: o.staff, Webhooks: newWebhooks(t, world.Database), Secret: []byte(secret),
		Projections: func(context.Context) ([]console.Projection, error) {
			return []console.Projection{{Name: "staff", Generation: 1, Position: "7/7", State: "live"}}, nil
		},
		Verifier: verifier{}, Logger: logger, Base: address("https://console.example"), Portal: address("https://portal.example"),
		Now:   func() time.Time { clock = clock.Add(time.Minute); return clock },
		Clock: func() time.Time { return epoch }, Version: "test",
	})
	o.description = o.describe()
	for _, role := range staffRoles {
		o.join(personOf(role), domain.ClientID{}, role, "The "+string(role))
	}
	world.Read(t, nothing) // It is ready from here on.
	return o
}

func newWebhooks(t *testing.T, of *postgres.Database) *webhook.Service {
	t.Helper()
	service, err := webhook.New(webhook.Options{
		Pool: of.Pool, Key: bytes.Repeat([]byte("w"), 32), Kinds: []string{"ticket.raised", "ticket.closed"}, Now: func() time.Time { return epoch },
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

func newAccounts(t *testing.T, of *postgres.Database, side domain.Side, base string, logger *slog.Logger) *accounts.Service {
	t.Helper()
	service, err := accounts.New(accounts.Options{
		Pool: of.Pool, Side: side, Key: bytes.Repeat([]byte("k"), 32), Base: address(base), Now: func() time.Time { return epoch }, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

func address(text string) *url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return parsed
}

// join makes somebody who is active and has a name.
func (o *office) join(id domain.PersonID, client domain.ClientID, role domain.Role, name string) {
	o.t.Helper()
	o.world.Log.Record(o.t, person.Stream(id),
		person.Invited{Person: id, Client: client, Role: role, At: epoch}, person.Activated{At: epoch})
	known := o.staff
	if !client.IsZero() {
		known = o.users
	}
	if err := known.Put(o.t.Context(), accounts.Account{Person: id, Client: client, Name: name}); err != nil {
		o.t.Fatal(err)
	}
}

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request as a role and holds the answer to the description of the API.
func (o *office) call(role domain.Role, method, path, body string, headers ...string) reply {
	o.t.Helper()
	got, err := o.send(role, method, path, body, headers...)
	if err != nil {
		o.t.Errorf("the answer breaks the API's description: %v", err)
	}
	return got
}

// send sends a request in a login session of a role, and says how the answer breaks the description of the
// API. The body is JSON or nothing; headers come in pairs.
func (o *office) send(role domain.Role, method, path, body string, headers ...string) (reply, error) {
	var content io.Reader = http.NoBody
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(o.t.Context(), method, path, content)
	if role != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-effigate_console", Value: string(role)})
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		o.keys++
		r.Header.Set("Idempotency-Key", fmt.Sprint("key ", o.keys))
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.console.Handler().ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	if !strings.HasPrefix(path, api) {
		return got, nil
	}
	return got, o.description.check(method, path, got)
}

// post writes as a role, wants success, and gives the id and the position answered.
func (o *office) post(role domain.Role, path, body string, headers ...string) (id, position string) {
	o.t.Helper()
	got := o.call(role, http.MethodPost, path, body, headers...)
	if got.status != http.StatusOK && got.status != http.StatusCreated {
		o.t.Fatalf("POST %s as %s: %d %s", path, role, got.status, got.body)
	}
	var answer struct{ ID string }
	got.decode(o.t, &answer)
	return answer.ID, got.header.Get("Effigate-Position")
}

// get reads into a value what is there after a position.
func (o *office) get(role domain.Role, path, after string, into any) http.Header {
	o.t.Helper()
	got := o.call(role, http.MethodGet, path, "", "Effigate-After", after)
	if got.status != http.StatusOK || got.header.Get("Effigate-Read-Model") != "" {
		o.t.Fatalf("GET %s as %s: %d %s", path, role, got.status, got.body)
	}
	got.decode(o.t, into)
	return got.header
}

func (r reply) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewReader(r.body)).Decode(into); err != nil {
		t.Fatalf("decode %s: %v", r.body, err)
	}
}

// problem is the part of an error's answer that tests look at.
type problem struct {
	Code   string
	Detail string
	Errors []struct{ Field, Detail string }
}

// refused wants an error.
func (r reply) refused(t *testing.T, status int, code string) problem {
	t.Helper()
	var p problem
	r.decode(t, &p)
	if r.status != status || p.Code != code {
		t.Errorf("answered %d %q, want %d %q: %s", r.status, p.Code, status, code, r.body)
	}
	return p
}

// engagement registers a client and puts a contract with it in force.
func (o *office) engagement() (client, contract string) {
	o.t.Helper()
	client, _ = o.post(domain.Owner, api+"/clients", `{"name":"Nexus Corp","zone":"Australia/Sydney","language":"en-AU","currency":"AUD"}`)
	contract, _ = o.post(domain.Owner, api+"/clients/"+client+"/contracts", `{
		"reference":"CON-2024-018","type":"bucket","job_types":[{"key":"api","name":"API"},{"key":"ui","name":"User interface"}],
		"support_level":"priority","starts":"2024-07-01","activate":true}`)
	return client, contract
}

// raise raises a ticket, internal unless said otherwise.
func (o *office) raise(client, contract, more string) (ticket, position string) {
	o.t.Helper()
	return o.post(domain.Support, api+"/tickets", fmt.Sprintf(
		`{"client":%q,"contract":%q,"job_type":"api","title":"API timeout on bulk export","priority":"high"%s}`, client, contract, more))
}

// nothing is read when only what goes before a read matters.
func nothing(pgx.Tx) error { return nil }

const api = "/api/staff/v1"
