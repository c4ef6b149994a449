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
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/postgres"
	"effigate/infra/web/console"
	"effigate/projections/staff/stafftest"
)

// roles are the tokens of the tests: each stands for a person of that role.
var staffRoles = []domain.Role{
	domain.Owner, domain.AccountManager, domain.Delivery, domain.Engineer, domain.Support, domain.Finance, domain.Auditor, domain.Ops,
}

// verifier takes the name of a role for a token.
type verifier struct{}

func (verifier) Verify(_ context.Context, token string) (domain.Actor, error) {
	role := domain.Role(token)
	actor := domain.Actor{Person: personOf(role), Side: role.Side(), Role: role}
	switch role.Side() {
	case domain.StaffSide:
		return actor, nil
	case domain.ClientSide:
		actor.Client = domain.ClientID{UUID: domain.Derive(uuid.NameSpaceURL, "client")}
		return actor, nil
	default:
		return domain.Actor{}, auth.ErrUnauthenticated
	}
}

// personOf is the one person that has a role.
func personOf(role domain.Role) domain.PersonID {
	return domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "person", string(role))}
}

// names is the client database's accounts: everybody it is asked about, unless it is down.
type names struct{ down atomic.Bool }

func (n *names) Names(_ context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	if n.down.Load() {
		return nil, fmt.Errorf("%w: the client database is down", domain.ErrUnavailable)
	}
	found := map[uuid.UUID]string{}
	for _, id := range people {
		found[id] = "Name of " + id.String()
	}
	return found, nil
}

// office is a console over a memory log and a real database.
type office struct {
	t       *testing.T
	console *console.Console
	world   *stafftest.World
	names   *names
	keys    int
	// description is what every answer is held to.
	description description
}

func newConsole(t *testing.T) *office {
	t.Helper()
	world := stafftest.New(t, stafftest.NewLog(64))
	clock := time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)
	o := &office{t: t, world: world, names: &names{}}
	o.console = console.New(console.Options{
		Commands: commands.NewService(world.Log, postgres.NewAnswers(world.Database)), Reads: world.Reads, Names: o.names,
		Projections: func(context.Context) ([]console.Projection, error) {
			return []console.Projection{{Name: "staff", Generation: 1, Position: "7/7", State: "live"}}, nil
		},
		Verifier: verifier{}, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Now: func() time.Time { clock = clock.Add(time.Minute); return clock }, Version: "test",
	})
	o.description = o.describe()
	world.Read(t, nothing) // It is ready from here on.
	for _, role := range staffRoles {
		if _, err := world.Database.Pool.Exec(t.Context(), `INSERT INTO accounts.people (id, name) VALUES ($1, $2)`, personOf(role).UUID, "The "+string(role)); err != nil {
			t.Fatal(err)
		}
	}
	return o
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

// send sends a request as a role, and says how the answer breaks the description of the API. The body is
// JSON or nothing; headers come in pairs.
func (o *office) send(role domain.Role, method, path, body string, headers ...string) (reply, error) {
	var content io.Reader = http.NoBody
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(o.t.Context(), method, path, content)
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+string(role))
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		o.keys++
		r.Header.Set("Idempotency-Key", fmt.Sprint("key ", o.keys))
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.console.Handler().ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
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
