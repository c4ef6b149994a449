package signin_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/web/signin"
)

// apiBase is where the API of the tests begins.
const apiBase = "/api/client/v1"

// password is everybody's.
const password = "correct horse battery staple"

// world is the client side with its pages of signin alone, on a server and a database of its own. The facts
// are a map.
type world struct {
	testing.TB
	url      string
	api      *web.API
	accounts *accounts.Service // as the pages have it
	owner    *accounts.Service // as staff have it
	client   domain.ClientID
	log      *safeBuffer
	ahead    atomic.Int64 // the clock's distance from the real one, in nanoseconds

	mu     sync.Mutex
	people map[domain.PersonID]signin.Standing
	// refusal is what Activate and Join answer, if anything.
	refusal error
}

type option func(*web.Options)

func newWorld(tb testing.TB, options ...option) *world {
	tb.Helper()
	server := httptest.NewUnstartedServer(nil)
	base, err := url.Parse("http://localhost:" + strings.Split(server.Listener.Addr().String(), ":")[1])
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{
		TB: tb, url: base.String(), client: domain.ClientID{UUID: uuid.NewSHA1(uuid.Nil, []byte("acme"))}, log: &safeBuffer{},
		people: map[domain.PersonID]signin.Standing{},
	}
	w.open(base)
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := web.Options{
		Title: "Test", Version: "1", Side: domain.ClientSide, Cookie: "effigate_portal", Base: base,
		Verifier:  auth.NewVerifier(credentials{w.accounts}, w.standing, w.now),
		ErrorPage: page.Failure(false), Now: w.now, Logger: logger, PostsPerMinute: 1000,
	}
	for _, change := range options {
		change(&o)
	}
	w.api = web.New(o)
	page.Register(w.api)
	w.api.Page(http.MethodGet, "/", access.OwnAccount, func(rw http.ResponseWriter, _ *http.Request, _ auth.Login) error {
		_, err := io.WriteString(rw, "home")
		return err
	})
	signin.Mount(w.api, signin.Options{
		Accounts: w.accounts, Side: domain.ClientSide, API: apiBase, Base: o.Base, Frame: w.frame, Organisation: w.organisation,
		Standing: w.facts, Activate: w.activate, Join: w.activate, Now: w.now,
	})
	server.Config.Handler = w.api.Handler()
	server.Start()
	tb.Cleanup(server.Close)
	return w
}

// open makes the database and the accounts.
func (w *world) open(base *url.URL) {
	w.Helper()
	granted := postgrestest.Database(w, postgres.ClientSide)
	database, err := postgres.Open(w.Context(), granted.Owner, postgres.ClientSide)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(database.Close)
	pool, err := pgxpool.New(w.Context(), granted.Accounts)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(pool.Close)
	// The clock of a world is not that of its database.
	if _, err := database.Pool.Exec(w.Context(), `UPDATE accounts.settings SET skew = '10 years'`); err != nil {
		w.Fatal(err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	service := func(pool *pgxpool.Pool) *accounts.Service {
		made, err := accounts.New(accounts.Options{Pool: pool, Side: domain.ClientSide, Key: key, Base: base, Now: w.now, Logger: slog.New(slog.DiscardHandler), LoopbackProviders: true})
		if err != nil {
			w.Fatal(err)
		}
		return made
	}
	w.accounts, w.owner = service(pool), service(database.Pool)
}

// credentials is how a verifier asks the accounts.
type credentials struct{ *accounts.Service }

func (c credentials) Session(ctx context.Context, token string) (auth.Proved, error) {
	session, err := c.Service.Session(ctx, token)
	if errors.Is(err, accounts.ErrWrong) || err == nil && session.Stage != accounts.StageFull {
		return auth.Proved{}, auth.ErrUnauthenticated
	}
	return auth.Proved{
		Person: session.Person, Client: session.Client, Session: session.ID,
		ProvedAt: session.ProvedAt, SecondFactor: session.SecondFactor,
	}, err
}

func (c credentials) Key(ctx context.Context, token string) (auth.Proved, error) {
	key, err := c.Service.Key(ctx, token)
	if errors.Is(err, accounts.ErrWrong) {
		return auth.Proved{}, auth.ErrUnauthenticated
	}
	return auth.Proved{Person: key.Person, Client: key.Client, Key: key.ID, Scopes: key.Scopes}, err
}

func (w *world) now() time.Time {
	return time.Now().UTC().Add(time.Duration(w.ahead.Load())) //nolint:forbidigo // passwords and codes are of real time
}

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.ahead.Add(int64(d)) }

func (w *world) frame(r *http.Request, login auth.Login) page.Frame {
	frame := page.Frame{Theme: page.ThemeOf(r), Path: r.URL.RequestURI()}
	if !login.Actor.Person.IsZero() {
		frame.Viewer = page.Viewer{Name: "Ada Lovelace", Organisation: "Acme", Role: login.Actor.Role.Title()}
		frame.Nav = []page.NavItem{{Label: "Home", Path: "/"}}
	}
	return frame
}

func (w *world) organisation(_ context.Context, client domain.ClientID) (string, error) {
	if client != w.client {
		return "", fmt.Errorf("%w: no client %s", domain.ErrNotFound, client)
	}
	return "Acme", nil
}

func (w *world) facts(_ context.Context, _ domain.ClientID, person domain.PersonID) (signin.Standing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.people[person], nil
}

func (w *world) set(person domain.PersonID, standing signin.Standing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.people[person] = standing
}

func (w *world) standing(_ context.Context, _ domain.ClientID, person domain.PersonID) (domain.Role, []access.Grant, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.people[person] != signin.Active {
		return "", nil, domain.ErrNotFound
	}
	return domain.ClientEmployee, nil, nil
}

// activate takes the place of both commands.
func (w *world) activate(_ context.Context, begun accounts.Begun) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refusal != nil {
		return w.refusal
	}
	if begun.Token == "" {
		return errors.New("no token to verify the session by")
	}
	w.people[begun.Person] = signin.Active
	return nil
}

func (w *world) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refusal = err
}

// invite invites somebody and gives the link's token.
func (w *world) invite(email string) (domain.PersonID, string) {
	w.Helper()
	person := domain.PersonID{UUID: uuid.New()} //nolint:forbidigo // somebody new
	link, err := w.owner.Invite(w.Context(), accounts.Account{Person: person, Client: w.client, Name: "Ada Lovelace", Email: email},
		func(context.Context) error { w.set(person, signin.Invited); return nil })
	if err != nil {
		w.Fatal(err)
	}
	return person, link.Token
}

// person makes somebody who can log in.
func (w *world) person(email string) domain.PersonID {
	w.Helper()
	person, token := w.invite(email)
	begun, err := w.accounts.Accept(w.Context(), token, "Ada Lovelace", password, accounts.Where{Address: "192.0.2.1"})
	if err != nil {
		w.Fatal(err)
	}
	if err := w.accounts.LogOut(w.Context(), begun.Token); err != nil {
		w.Fatal(err)
	}
	w.set(person, signin.Active)
	return person
}

// secret sets up an authenticator for who is logged in, and gives its secret.
func (w *world) secret(b *browser) string {
	w.Helper()
	answer := b.post("/account/factors/totp", nil).is(http.StatusOK)
	secret := strings.ReplaceAll(answer.between(`<code class="secret">`, `</code>`), " ", "")
	b.post("/account/factors/totp/confirm", url.Values{"code": {w.code(secret)}}).is(http.StatusOK).has("Keep your recovery codes")
	return secret
}

// code gives the code of a secret; each call gives another one, because a code counts once.
func (w *world) code(secret string) string {
	w.Helper()
	w.pass(31 * time.Second)
	code, err := totp.GenerateCode(secret, w.now())
	if err != nil {
		w.Fatal(err)
	}
	return code
}

// browser is a browser with its cookies, which follows no redirect by itself.
type browser struct {
	*world
	http   *http.Client
	header http.Header
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	return &browser{w, &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, http.Header{"Accept": {"text/html"}, "User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"}}}
}

// answer is what a browser got.
type answer struct {
	testing.TB
	status int
	header http.Header
	body   string
	asked  string
}

func (b *browser) do(method, path, media, body string) answer {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header = b.header.Clone()
	if media != "" {
		request.Header.Set("Content-Type", media)
	}
	response, err := b.http.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	return answer{b, response.StatusCode, response.Header, b.text(response), method + " " + path}
}

// text reads an answer to its end.
func (b *browser) text(response *http.Response) string {
	b.Helper()
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		b.Fatal(err)
	}
	return string(text)
}

func (b *browser) get(path string) answer {
	b.Helper()
	return b.do(http.MethodGet, path, "", "")
}

func (b *browser) post(path string, form url.Values) answer {
	b.Helper()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

// json sends JSON as the script of a page does, and asks for it.
func (b *browser) json(method, path, body string) answer {
	b.Helper()
	scripted := *b
	scripted.header = b.header.Clone()
	scripted.header.Set("Accept", "application/json")
	return scripted.do(method, path, "application/json", body)
}

// logIn logs in by the password, as far as that goes.
func (b *browser) logIn(email string) answer {
	b.Helper()
	return b.post("/login", url.Values{"email": {email}, "password": {password}})
}

// is checks the status.
func (a answer) is(status int) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("%s is %d, want %d:\n%s", a.asked, a.status, status, a.body)
	}
	return a
}

// to checks that it leads to a path.
func (a answer) to(path string) answer {
	a.Helper()
	a.is(http.StatusSeeOther)
	if got := a.header.Get("Location"); got != path {
		a.Fatalf("%s leads to %q, want %q", a.asked, got, path)
	}
	return a
}

// has checks that a text is in it.
func (a answer) has(text string) answer {
	a.Helper()
	if !strings.Contains(a.body, text) {
		a.Fatalf("%s has no %q:\n%s", a.asked, text, a.body)
	}
	return a
}

// lacks checks that a text is not in it.
func (a answer) lacks(text string) answer {
	a.Helper()
	if strings.Contains(a.body, text) {
		a.Fatalf("%s has %q:\n%s", a.asked, text, a.body)
	}
	return a
}

// between gives what is between two texts.
func (a answer) between(before, after string) string {
	a.Helper()
	_, rest, found := strings.Cut(a.body, before)
	text, _, ended := strings.Cut(rest, after)
	if !found || !ended {
		a.Fatalf("%s has nothing between %q and %q:\n%s", a.asked, before, after, a.body)
	}
	return text
}

// safeBuffer is a buffer that many may write to.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
