// Package accountstest runs an OpenID provider for tests: a real one, on loopback, whose login page is a
// plain HTML form, so that single sign-on can be walked by a client in Go and clicked in a browser.
//
// It may import nothing of ours. Only tests import it.
package accountstest

import (
	"context"
	"crypto/rand"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Provider is an OpenID provider with one client, which is us. It ends with its test.
type Provider struct {
	// Issuer is its URL: http on loopback.
	Issuer string
	// ClientID and Secret are ours.
	ClientID, Secret string

	server *httptest.Server
	users  *users
}

// Behaviour is how a provider differs from the simplest one.
type Behaviour struct {
	// Methods are the authentication methods (amr) that its tokens tell of; nil for a password alone.
	Methods []string
	// Thin tokens hold no claims about the person: those have to be asked for.
	Thin bool
	// Asked is how long ago the person was asked; the provider knows it since then.
	Asked time.Duration
	// Silent tokens don't tell when that was.
	Silent bool
	// Mistaken is the subject of whom the provider tells when it is asked about anybody; empty for none.
	Mistaken string
}

// NewProvider starts one that sends its users back to the given addresses alone.
func NewProvider(tb testing.TB, redirectURIs ...string) *Provider {
	tb.Helper()
	p := &Provider{ClientID: "effigate", Secret: rand.Text(), users: &users{all: map[string]*storage.User{}}}
	p.server = httptest.NewUnstartedServer(nil)
	p.Issuer = "http://" + p.server.Listener.Addr().String()
	kept := storage.NewStorageWithClients(p.users, map[string]*storage.Client{
		p.ClientID: storage.WebClient(p.ClientID, p.Secret, redirectURIs...),
	})
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true}
	_, _ = rand.Read(config.CryptoKey[:]) // It never fails.
	provider, err := op.NewProvider(config, store{kept, p.users}, op.StaticIssuer(p.Issuer),
		op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		tb.Fatalf("start an OpenID provider: %v", err)
	}
	pages := &login{storage: kept, back: op.AuthCallbackURL(provider)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login/username", pages.show)
	mux.HandleFunc("POST /login/username", op.NewIssuerInterceptor(provider.IssuerFromRequest).HandlerFunc(pages.take))
	mux.Handle("/", provider)
	p.server.Config.Handler = mux
	p.server.Start()
	tb.Cleanup(p.server.Close)
	return p
}

// AddUser adds a user or replaces the one of that subject. Verified is whether the provider vouches for the
// address. The name is the local part of the address.
func (p *Provider) AddUser(email, password, subject string, verified bool) {
	name, _, _ := strings.Cut(email, "@")
	p.users.add(&storage.User{
		ID: subject, Username: email, Password: password, FirstName: name, Email: email, EmailVerified: verified,
	})
}

// Address gives the address of the user of a subject, who must have been added.
func (p *Provider) Address(subject string) string { return p.users.GetUserByID(subject).Email }

// Behave changes how the next logins go.
func (p *Provider) Behave(b Behaviour) {
	p.users.mutex.Lock()
	defer p.users.mutex.Unlock()
	p.users.behaviour = b
}

// Stop takes the provider down before its test ends.
func (p *Provider) Stop() { p.server.Close() }

// users is the provider's list of users.
type users struct {
	mutex     sync.Mutex
	all       map[string]*storage.User // by subject
	behaviour Behaviour
}

func (u *users) add(user *storage.User) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.all[user.ID] = user
}

// GetUserByID gives the user of a subject, nil for none.
func (u *users) GetUserByID(subject string) *storage.User {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return u.all[subject]
}

// GetUserByUsername gives the user of an address, nil for none.
func (u *users) GetUserByUsername(email string) *storage.User {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	for _, user := range u.all {
		if user.Username == email {
			return user
		}
	}
	return nil
}

// ExampleClientID names a service of the library's example, which nobody uses here.
func (u *users) ExampleClientID() string { return "unused" }

func (u *users) behaves() Behaviour {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return u.behaviour
}

// store is the library's storage with the behaviour that tests ask for.
type store struct {
	*storage.Storage
	users *users
}

// GetClientByClientID gives a client whose tokens are as thick as wanted.
func (s store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	found, err := s.Storage.GetClientByClientID(ctx, id)
	return client{found, !s.users.behaves().Thin}, err
}

// AuthRequestByCode gives a login as the behaviour has it.
func (s store) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	found, err := s.Storage.AuthRequestByCode(ctx, code)
	if err != nil {
		return nil, err
	}
	return request{found, s.users.behaves()}, nil
}

// CreateAccessToken takes the login as the library's storage knows it.
func (s store) CreateAccessToken(ctx context.Context, of op.TokenRequest) (string, time.Time, error) {
	if wrapped, ok := of.(request); ok {
		of = wrapped.AuthRequest
	}
	return s.Storage.CreateAccessToken(ctx, of)
}

// SetUserinfoFromToken tells of the person of a token, or of the one it is mistaken for.
func (s store) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	mistaken := s.users.behaves().Mistaken
	if mistaken == "" {
		return s.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin)
	}
	user := s.users.GetUserByID(mistaken)
	info.Subject, info.Email, info.EmailVerified = user.ID, user.Email, oidc.Bool(user.EmailVerified)
	return nil
}

type client struct {
	op.Client
	thick bool
}

// IDTokenUserinfoClaimsAssertion tells whether the ID token holds the claims about the person.
func (c client) IDTokenUserinfoClaimsAssertion() bool { return c.thick }

type request struct {
	op.AuthRequest
	behaviour Behaviour
}

// GetAMR gives the methods of authentication.
func (r request) GetAMR() []string {
	if r.behaviour.Methods == nil {
		return r.AuthRequest.GetAMR()
	}
	return r.behaviour.Methods
}

// GetAuthTime gives when the person was asked; zero for what is not told.
func (r request) GetAuthTime() time.Time {
	if r.behaviour.Silent {
		return time.Time{}
	}
	return r.AuthRequest.GetAuthTime().Add(-r.behaviour.Asked)
}

// login is the provider's page.
type login struct {
	storage *storage.Storage
	back    func(ctx context.Context, id string) string
}

var form = template.Must(template.New("login").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Provider</title></head><body><main>
<h1>Provider</h1>{{with .Error}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login/username">
<input type="hidden" name="id" value="{{.ID}}">
<p><label for="username">Username</label> <input id="username" name="username"></p>
<p><label for="password">Password</label> <input id="password" name="password" type="password"></p>
<p><button type="submit">Log in</button></p>
</form></main></body></html>`))

func (l *login) show(w http.ResponseWriter, r *http.Request) {
	render(w, http.StatusOK, r.FormValue("authRequestID"), "")
}

func (l *login) take(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	if err := l.storage.CheckUsernamePassword(r.PostFormValue("username"), r.PostFormValue("password"), id); err != nil {
		render(w, http.StatusUnprocessableEntity, id, err.Error())
		return
	}
	http.Redirect(w, r, l.back(r.Context(), id), http.StatusSeeOther)
}

func render(w http.ResponseWriter, status int, id, wrong string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = form.Execute(w, struct{ ID, Error string }{id, wrong}) // A browser that is gone learns nothing.
}
