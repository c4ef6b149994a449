package portal_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/postgres"
	"effigate/infra/web/portal"
	"effigate/readmodels/client"
)

const password = "seven quiet herons wade"

// newLoginWorld is a world whose logins are those of the accounts, judged by the read model, as in
// production.
func newLoginWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	rows := postgres.ClientReads{Reads: w.reads}
	clock := func() time.Time { return now.Add(time.Duration(w.ahead.Load())) }
	gate := auth.NewVerifier(credentials{w.accounts}, func(ctx context.Context, of domain.ClientID, person domain.PersonID) (role domain.Role, grants []access.Grant, err error) {
		_, err = rows.Read(ctx, of, domain.Position{}, func(tx pgx.Tx) error {
			role, grants, err = client.Standing(ctx, tx, of, person)
			return err
		})
		return role, grants, err
	}, clock)
	w.Portal = newPortal(t, rows, w.accounts, w.commands, func(o *portal.Options) { o.Verifier, o.LoginClock = gate, clock })
	w.populate(t)
	return w
}

// credentials is how the verifier asks the accounts.
type credentials struct{ *accounts.Service }

func (c credentials) Session(ctx context.Context, token string) (auth.Proved, error) {
	s, err := c.Service.Session(ctx, token)
	if errors.Is(err, accounts.ErrWrong) || err == nil && s.Stage != accounts.StageFull {
		return auth.Proved{}, auth.ErrUnauthenticated
	}
	return auth.Proved{Person: s.Person, Client: s.Client, Session: s.ID, ProvedAt: s.ProvedAt}, err
}

func (c credentials) Key(ctx context.Context, token string) (auth.Proved, error) {
	k, err := c.Service.Key(ctx, token)
	if errors.Is(err, accounts.ErrWrong) {
		return auth.Proved{}, auth.ErrUnauthenticated
	}
	return auth.Proved{Person: k.Person, Client: k.Client, Key: k.ID, Scopes: k.Scopes}, err
}

// enter begins a session of one of the people, who takes up an invitation for it.
func (w *world) enter(t *testing.T, name string) (token string) {
	t.Helper()
	account, err := w.accounts.Account(t.Context(), people[name].Client, people[name].Person)
	if err != nil {
		t.Fatal(err)
	}
	link, err := w.accounts.Invite(t.Context(), account, func(context.Context) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	begun, err := w.accounts.Accept(t.Context(), link.Token, account.Name, password, accounts.Where{})
	if err != nil {
		t.Fatal(err)
	}
	return begun.Token
}

// turnedAway reports whether a session opens nothing, neither to a program nor to a browser.
func turnedAway(w *world, token string) bool {
	program, page := call(w.Portal, http.MethodGet, base+"/me", token, ""), browse(w.Portal, http.MethodGet, "/", token, "")
	return program.Code == http.StatusUnauthorized && page.Code == http.StatusSeeOther && strings.HasPrefix(page.Header().Get("Location"), "/login")
}

// An admin invites a colleague, who takes up the link, is active with the next page, and is thrown out of
// everything that is open as soon as the admin ends the access.
func TestAnEmployeeComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newLoginWorld(t)
	ada := w.enter(t, "ada")
	made := browse(w.Portal, http.MethodPost, "/people/invite", ada, "key=k&name=Ida+Iten&email=ida%40acme.example")
	_, after, found := strings.Cut(made.Body.String(), "http://portal.example/invitation/")
	token, _, _ := strings.Cut(after, `"`)
	if made.Code != http.StatusOK || !found {
		t.Fatalf("status %d: %s", made.Code, made.Body)
	}
	asked := w.commands.asked[0]
	ida := domain.Derive(people["ada"].Person.UUID, "invited", asked.Route, asked.Key)
	if want := (portal.Credential{Kind: portal.SessionCredential, Token: ada}); asked.Credential != want {
		t.Errorf("the command comes with %+v", asked.Credential)
	}
	w.show(visible.Person{Client: acme, ID: ida, Role: "client_employee", State: visible.PersonInvited}) // Maybe known when it is needed, maybe not.

	w.commands.position = func() domain.Position {
		return w.show(visible.Person{Client: acme, ID: ida, Role: "client_employee", State: visible.PersonActive})
	}
	accepted := browse(w.Portal, http.MethodPost, "/invitation/"+token, "", url.Values{"name": {"Ida Iten"}, "password": {password}}.Encode())
	session := cookieOf(t, accepted)
	if accepted.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", accepted.Code, accepted.Body)
	}
	if activated := w.commands.asked[1]; activated.Actor.Person.UUID != ida || activated.Actor.Client.UUID != acme ||
		activated.Credential.Kind != portal.SessionCredential || activated.Credential.Token == "" {
		t.Errorf("activated by %+v", activated)
	}
	if home := browse(w.Portal, http.MethodGet, "/", session, ""); home.Code != http.StatusOK || !strings.Contains(home.Body.String(), "Hello, Ida Iten") {
		t.Errorf("status %d: %s", home.Code, home.Body)
	}
	_, key, err := w.accounts.CreateKey(t.Context(), accounts.Key{
		Person: domain.PersonID{UUID: ida}, Client: people["ada"].Client, Name: "script", ExpiresAt: now.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := withKey(w, key); got.Code != http.StatusOK {
		t.Errorf("the key: status %d: %s", got.Code, got.Body)
	}

	open := listen(t, serve(t, w), session, "")
	if got := open(); got.name != "ready" {
		t.Fatalf("the stream begins with %+v", got)
	}
	w.commands.position = func() domain.Position {
		return w.show(visible.Person{Client: acme, ID: ida, Role: "client_employee", State: visible.PersonEnded})
	}
	if got := browse(w.Portal, http.MethodPost, "/people/"+ida.String()+"/deactivate", ada, aForm); got.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", got.Code, got.Body)
	}
	if !turnedAway(w, session) {
		t.Error("the session still opens the portal")
	}
	if got := withKey(w, key); got.Code != http.StatusUnauthorized {
		t.Errorf("the key: status %d", got.Code)
	}
	if got := next(open, "person"); got.name != "bye" {
		t.Errorf("the open stream goes on with %+v", got)
	}
	if turnedAway(w, ada) {
		t.Error("the admin is turned away too")
	}
}

// next gives the next event that is not of the kind: what is heard before a login ends is in order.
func next(stream func() event, but string) event {
	for {
		if got := stream(); got.name != but {
			return got
		}
	}
}

func withKey(w *world, key string) *httptest.ResponseRecorder {
	return call(w.Portal, http.MethodGet, base+"/me", "", "", "Authorization", "Bearer "+key)
}

func cookieOf(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	for _, cookie := range answer.Result().Cookies() {
		if cookie.Name == portal.Cookie {
			return cookie.Value
		}
	}
	t.Fatalf("no cookie: status %d: %s", answer.Code, answer.Body)
	return ""
}

// A session that ends, by logging out or by age, ends for every page and stream it has open.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := newLoginWorld(t)
	address := serve(t, w)
	session := w.enter(t, "eve")
	open := listen(t, address, session, "")
	if got := open(); got.name != "ready" {
		t.Fatalf("the stream begins with %+v", got)
	}
	if got := browse(w.Portal, http.MethodPost, "/logout", session, "x=y"); got.Code != http.StatusSeeOther {
		t.Fatalf("logging out: status %d: %s", got.Code, got.Body)
	}
	if got := open(); got.name != "bye" || !turnedAway(w, session) {
		t.Errorf("after logging out the stream goes on with %+v", got)
	}
	old := w.enter(t, "fay")
	if turnedAway(w, old) {
		t.Fatal("a new session is turned away")
	}
	w.ahead.Store(int64(31 * time.Minute))
	if !turnedAway(w, old) {
		t.Error("a session that was idle for half an hour still opens the portal")
	}
}
