package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/projections"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

// asEffigate in the environment makes this test program the program under test, so that a test can start it
// as a process of its own and kill it.
const asEffigate = "EFFIGATE_TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asEffigate) != "" {
		main()
	}
	os.Exit(m.Run())
}

// torture says that the long form of the tests was asked for.
func torture() bool { return os.Getenv("EFFIGATE_TORTURE") != "" }

// patience is how long a test waits for what must come; it says nothing about how fast it comes.
const patience = time.Minute

// monday is when the stories of the tests begin.
var monday = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// installation is a whole Effigate in this process, wired by the program's own code and reached over TCP:
// only the verifier, the clock and the log are the test's.
type installation struct {
	*world
	at     running
	people *people
	reads  struct{ client, staff *postgres.Reads }
	log    *record
	hour   *hour
	stop   func() // ends it, once, and waits
}

// install makes an installation on two databases of the tests' shared server.
func install(tb testing.TB) *installation {
	tb.Helper()
	s := localSettings(tb.TempDir())
	client, staff := postgrestest.Database(tb, postgres.ClientSide), postgrestest.Database(tb, postgres.StaffSide)
	s.ClientURL, s.StaffURL = client.Owner, staff.Owner
	// The roles of a server are shared by its databases, so their passwords have to stay as they are.
	keepPasswords(tb, s.Data, client.Reader, client.Accounts, staff.Reader)
	// Two installations with one key seal alike, so that their answers can be compared to the byte.
	if err := os.WriteFile(filepath.Join(s.Data, secretsDir, "client.key"), bytes.Repeat([]byte("s"), 32), 0o600); err != nil {
		tb.Fatal(err)
	}
	return installWith(tb, s, monday)
}

// installWith makes an installation with these settings, in which it is a certain time; without database URLs each
// side has a private server, as by default.
func installWith(tb testing.TB, s *settings, now time.Time) *installation {
	tb.Helper()
	w, err := openWorld(tb.Context(), s, slog.LevelError)
	if err != nil {
		tb.Fatal(err)
	}
	in := &installation{world: w, log: &record{}, hour: &hour{}}
	in.hour.set(now)
	w.logger = slog.New(slog.NewJSONHandler(in.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	in.start(tb)
	at, err := s.bases(listeners{})
	if err != nil {
		tb.Fatal(err)
	}
	if in.people, err = w.people(at); err != nil {
		tb.Fatal(err)
	}
	for _, side := range []struct {
		into    **postgres.Reads
		url     string
		version int
	}{{&in.reads.client, w.client.access.Reader, clientrows.Version}, {&in.reads.staff, w.staff.access.Reader, staffrows.Version}} {
		reads, err := postgres.OpenReads(tb.Context(), side.url, side.version, w.logger)
		if err != nil {
			tb.Fatal(err)
		}
		*side.into = reads
		tb.Cleanup(reads.Close)
	}
	return in
}

// start serves until the test ends or stop is called.
func (in *installation) start(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	ready, ended := make(chan running, 1), make(chan error, 1)
	go func() {
		ended <- in.serve(ctx, serving{now: in.hour.now, ready: func(_ context.Context, at running) error {
			ready <- at
			return nil
		}})
	}()
	in.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("serve ended with %v", err)
		}
		if err := in.close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	select {
	case in.at = <-ready:
		tb.Cleanup(in.stop)
	case err := <-ended:
		tb.Fatalf("serve ended: %v\n%s", errors.Join(err, in.close()), in.log)
	case <-time.After(patience):
		cancel()
		tb.Fatalf("not ready: %v\n%s", errors.Join(<-ended, in.close()), in.log)
	}
}

func localSettings(data string) *settings {
	const free = "127.0.0.1:0"
	return &settings{Data: data, PortalAddr: free, ConsoleAddr: free, AdminAddr: free, LogLevel: "error", LogFormat: "text"}
}

// keepPasswords writes the passwords of connection URLs to where PrepareRoles looks for them.
func keepPasswords(tb testing.TB, data string, urls ...string) {
	tb.Helper()
	folder := filepath.Join(data, secretsDir)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		tb.Fatal(err)
	}
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil {
			tb.Fatal(err)
		}
		password, _ := u.User.Password()
		if err := os.WriteFile(filepath.Join(folder, u.User.Username()), []byte(password), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// settle waits until both read models show everything that is in the log now.
func (in *installation) settle(tb failing) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	head, err := in.store.Head(ctx)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	for _, reads := range []*postgres.Reads{in.reads.client, in.reads.staff} {
		for stale := true; stale; {
			if stale, err = reads.Read(ctx, head, func(pgx.Tx) error { return nil }); err != nil || ctx.Err() != nil {
				tb.Fatalf("position %d is not read: stale %t, %v", head.Commit, stale, err)
			}
		}
	}
}

// failing is what *testing.T and *rapid.T have in common.
type failing interface {
	Helper()
	Errorf(format string, arguments ...any)
	Fatalf(format string, arguments ...any)
}

// admit invites a person, who takes it up, and gives it an API key that may do whatever the person may.
func (in *installation) admit(tb failing, r commands.Request, actor domain.Actor, name, email string) string {
	tb.Helper()
	ctx, side := context.Background(), in.people.of(actor.Client)
	_, err := side.Invite(ctx, accounts.Account{Person: actor.Person, Client: actor.Client, Name: name, Email: email}, func(ctx context.Context) error {
		invite := r
		invite.Key += " invite"
		_, err := in.service.InvitePerson(ctx, invite, commands.InvitePerson{ID: actor.Person, Client: actor.Client, Role: actor.Role})
		return err
	})
	if err == nil {
		r.Key += " activate"
		_, err = in.service.ActivatePerson(ctx, r, commands.ActivatePerson{Person: actor.Person})
	}
	if err != nil {
		tb.Fatalf("admit %s: %v", actor.Role, err)
	}
	_, key, err := side.CreateKey(ctx, accounts.Key{Person: actor.Person, Client: actor.Client, Name: "test", ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		tb.Fatalf("make a key for %s: %v", actor.Role, err)
	}
	return key
}

// answer is an HTTP answer, without what differs between equal ones: the date, the id of the request and
// the sealed position of a write.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// ask sends one request; the key makes it a write.
func (in *installation) ask(tb failing, base, method, path, token, key string, body any) answer {
	tb.Helper()
	a, err := send(context.Background(), base, method, path, token, key, body)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return a
}

// send is ask for a server that may be gone.
func send(ctx context.Context, base, method, path, token, key string, body any) (answer, error) {
	credential := ""
	if token != "" {
		credential = "Bearer " + token
	}
	return sendAs(ctx, base, method, path, credential, key, body)
}

// sendAs sends a request with an API key, which begins with "Bearer ", or the cookie of a login.
func sendAs(ctx context.Context, base, method, path, credential, key string, body any) (answer, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, content)
	if err != nil {
		return answer{}, err
	}
	switch {
	case strings.HasPrefix(credential, "Bearer "):
		r.Header.Set("Authorization", credential)
	case credential != "":
		r.Header.Set("Cookie", credential)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(got.Body)
	for _, name := range []string{"Date", "X-Request-Id", "Effigate-Position"} {
		got.Header.Del(name)
	}
	return answer{got.StatusCode, got.Header, string(text)}, err
}

// decode reads the body of an answer that must have the status.
func decode[B any](tb failing, a answer, status int) (body B) {
	tb.Helper()
	if a.Status != status {
		tb.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
		tb.Fatalf("%v in %s", err, a.Body)
	}
	return body
}

// dump gives every row of every table of a database as text, statistics of the planner included, headed by
// the names of the tables.
func dump(tb failing, database *postgres.Database) string {
	tb.Helper()
	ctx := context.Background()
	rows, err := database.Pool.Query(ctx, `
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		   OR c.oid = 'pg_catalog.pg_statistic'::regclass
		ORDER BY 1`)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		tb.Fatalf("%d tables, %v", len(tables), err)
	}
	connection, err := database.Pool.Acquire(ctx)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	defer connection.Release()
	var text bytes.Buffer
	for _, table := range tables {
		fmt.Fprintf(&text, "\n== %s\n", table)
		if _, err := connection.Conn().PgConn().CopyTo(ctx, &text, "COPY "+table+" TO STDOUT"); err != nil {
			tb.Fatalf("dump %s: %v", table, err)
		}
	}
	return text.String()
}

// verify asks the projector to build the read model anew and compare it with the live one, row by row.
func (in *installation) verify(tb failing, name string) {
	tb.Helper()
	if err := in.rebuilt(name, postgres.Verify); err != nil {
		tb.Fatalf("verify %s: %v", name, err)
	}
}

// rebuilt leaves a request for the projector that runs here and waits until it is done.
func (in *installation) rebuilt(name string, kind postgres.RequestKind) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	asking := *in.world
	asking.attached = true // A projector runs already.
	var last projections.Progress
	err := asking.request(ctx, name, kind, "", func(r postgres.Request) error {
		last = r.Progress
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: %+v", err, last)
	}
	return nil
}

// tool runs a command of the program in this process and gives what it prints and how it ends.
func tool(ctx context.Context, arguments ...string) (string, error) {
	root := rootCommand()
	var out strings.Builder
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	return out.String(), err
}

// record keeps a log.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// hour is a clock that the test sets.
type hour struct{ at atomic.Pointer[time.Time] }

func (h *hour) set(at time.Time) { h.at.Store(&at) }
func (h *hour) now() time.Time   { return *h.at.Load() }
