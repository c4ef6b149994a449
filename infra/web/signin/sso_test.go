package signin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/accounts/accountstest"
	"effigate/infra/web"
	"effigate/infra/web/signin"
)

// atHome is everybody's password at the provider.
const atHome = "at home"

// ssoWorld is a world whose organisation has a provider.
func ssoWorld(t *testing.T, rules accounts.Rules) (*world, *accountstest.Provider) {
	t.Helper()
	w := newWorld(t)
	provider := accountstest.NewProvider(t, w.url+"/login/sso/callback")
	rules.Client = w.client
	rules.SSO = &accounts.SSO{
		Issuer: provider.Issuer, ClientID: provider.ClientID, Secret: provider.Secret,
		Domains: []string{"acme.example"}, Join: true,
	}
	if err := w.owner.SetRules(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	return w, provider
}

// visit logs in at the provider and gives the path to which it sends the browser back.
func (b *browser) visit(p *accountstest.Provider, email string) string {
	b.Helper()
	at := b.get("/login/sso/start").is(http.StatusSeeOther).header.Get("Location")
	if !strings.HasPrefix(at, p.Issuer) {
		b.Fatalf("the way to the provider leads to %q", at)
	}
	var back string
	client := &http.Client{Jar: b.http.Jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), b.url) {
			back = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	ask := func(method, at string, form url.Values) string {
		request, err := http.NewRequestWithContext(b.Context(), method, at, strings.NewReader(form.Encode()))
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := client.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		return b.text(response)
	}
	form := ask(http.MethodGet, at, nil)
	_, id, _ := strings.Cut(form, `name="id" value="`)
	id, _, _ = strings.Cut(id, `"`)
	ask(http.MethodPost, p.Issuer+"/login/username", url.Values{"id": {id}, "username": {email}, "password": {atHome}})
	if back == "" {
		b.Fatal("the provider does not send the browser back")
	}
	return back
}

func TestSSO(t *testing.T) {
	t.Parallel()
	w, provider := ssoWorld(t, accounts.Rules{})
	ada := w.person("ada@acme.example")
	provider.AddUser("ada@acme.example", atHome, "subject-1", true)
	b := w.browser()
	b.get("/login/sso/start").to("/login")
	got := b.post("/login", url.Values{"email": {"ada@acme.example"}, "next": {"/account"}}).is(http.StatusOK).
		has("Log in with your organisation").has("Use a password instead").lacks(w.client.String())
	if cookie := got.header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "effigate_client_sso=") || !strings.Contains(cookie, "; Max-Age=600; HttpOnly; SameSite=Lax") {
		t.Errorf("the errand's cookie is %q", cookie)
	}
	far := w.browser()
	far.post("/login", url.Values{"email": {"ada@acme.example"}, "next": {"/" + strings.Repeat("a&", 900)}}).is(http.StatusOK)
	for _, cookie := range far.get("/login/sso/start?next=/" + strings.Repeat("b", 1900)).is(http.StatusSeeOther).header.Values("Set-Cookie") {
		if len(cookie) > 4000 {
			t.Errorf("a cookie of %d bytes is lost in browsers", len(cookie))
		}
	}
	b.post("/login", url.Values{"email": {"ada@acme.example"}, "way": {"password"}}).is(http.StatusOK).has(`type="password"`)
	back := b.visit(provider, "ada@acme.example")
	w.browser().get(back).is(http.StatusUnprocessableEntity).has("You are not logged in") // The errand is another browser's.
	b.get(back).to("/account")
	b.get("/account").is(http.StatusOK).has("ada@acme.example")
	b.get(back).is(http.StatusUnprocessableEntity)

	// Whoever is logged in proves itself there too; its session takes the place of the other.
	before := b.token()
	b.get("/step-up").is(http.StatusOK).has("/login/sso/start")
	at, err := url.Parse(b.get("/login/sso/start").is(http.StatusSeeOther).header.Get("Location"))
	if err != nil || !slices.Equal(at.Query()["prompt"], []string{"login"}) {
		t.Errorf("the provider is not told once to ask anew: %v, %v", at, err)
	}
	again := b.visit(provider, "ada@acme.example")
	b.get(again).is(http.StatusSeeOther)
	if b.token() == before {
		t.Error("the session is the one from before")
	}
	if sessions, err := w.accounts.Sessions(t.Context(), ada); err != nil || len(sessions) != 1 {
		t.Errorf("%d sessions (%v), want 1", len(sessions), err)
	}
}

// Whoever proves itself anew at the provider stays who it is, whatever account the provider has at hand.
func TestSSOProvesNobodyElse(t *testing.T) {
	t.Parallel()
	w, provider := ssoWorld(t, accounts.Rules{})
	w.person("ada@acme.example")
	bob := w.person("bob@acme.example")
	provider.AddUser("ada@acme.example", atHome, "subject-1", true)
	provider.AddUser("bob@acme.example", atHome, "subject-2", true)
	provider.AddUser("new@acme.example", atHome, "subject-3", true)
	b := w.browser()
	b.logIn("ada@acme.example").to("/")
	before := b.token()
	for _, other := range []string{"bob@acme.example", "new@acme.example"} {
		b.get(b.visit(provider, other)).is(http.StatusUnprocessableEntity).has("somebody else").has("Log out first")
		if b.token() != before {
			t.Fatalf("the browser goes on as %s", other)
		}
	}
	b.get("/account").is(http.StatusOK).has("ada@acme.example")
	if sessions, err := w.accounts.Sessions(t.Context(), bob); err != nil || len(sessions) != 0 {
		t.Errorf("%d sessions of the other (%v), want none", len(sessions), err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.people) != 2 {
		t.Errorf("%d people, want 2: nobody joined", len(w.people))
	}
}

// The provider is asked about no more codes than one address may bring.
func TestSSOIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *web.Options) { o.PostsPerMinute = 2 })
	for _, path := range []string{"/login/sso/start", "/login/sso/callback?code=x&state=y"} {
		b := w.browser()
		for range 2 {
			if got := b.get(path); got.status == http.StatusTooManyRequests {
				t.Errorf("%s is refused within the limit", path)
			}
		}
		b.get(path).is(http.StatusTooManyRequests)
	}
}

// Who is unknown joins, while there is a seat.
func TestSSOJoins(t *testing.T) {
	t.Parallel()
	w, provider := ssoWorld(t, accounts.Rules{PasswordsOff: true})
	provider.AddUser("new@acme.example", atHome, "subject-2", true)
	b := w.browser()
	b.post("/login", url.Values{"email": {"new@acme.example"}}).is(http.StatusOK).lacks("Use a password instead")
	w.refuse(domain.Refuse(domain.ErrConflict, "no_seat", "no seat"))
	b.get(b.visit(provider, "new@acme.example")).is(http.StatusUnprocessableEntity).has("no free seat")
	b.get("/account").to("/login?next=%2Faccount")
	w.refuse(fmt.Errorf("%w: down", domain.ErrUnavailable))
	b.post("/login", url.Values{"email": {"new@acme.example"}}).is(http.StatusOK)
	b.get(b.visit(provider, "new@acme.example")).is(http.StatusServiceUnavailable)
	w.refuse(nil)
	b.post("/login", url.Values{"email": {"new@acme.example"}}).is(http.StatusOK)
	b.get(b.visit(provider, "new@acme.example")).to("/")
	b.get("/account").is(http.StatusOK).has("new@acme.example")
	b.get("/account/password").is(http.StatusOK)
	b.post("/account/password", url.Values{"password": {password}}).is(http.StatusUnprocessableEntity).has("uses no passwords here")
	if err := w.owner.SetRules(t.Context(), accounts.Rules{Client: w.client}); err != nil {
		t.Fatal(err)
	}
	b.get("/step-up").is(http.StatusOK).has("Nothing is set up that you could prove it with").has(`action="/logout"`)
}

// An invitation is taken up by the organisation's own login where there is one.
func TestSSOInvitation(t *testing.T) {
	t.Parallel()
	w, provider := ssoWorld(t, accounts.Rules{PasswordsOff: true})
	person, token := w.invite("bob@acme.example")
	provider.AddUser("bob@acme.example", atHome, "subject-3", true)
	b := w.browser()
	b.get("/invitation/" + token).is(http.StatusOK).has("Log in with your organisation").lacks(`type="password"`)
	b.post("/invitation/"+token, url.Values{"name": {"Bob"}, "password": {password}}).is(http.StatusUnprocessableEntity).has("uses no passwords here")
	b.get(b.visit(provider, "bob@acme.example")).to("/")
	if standing, _ := w.facts(t.Context(), w.client, person); standing != signin.Active {
		t.Errorf("the person is %q", standing)
	}
}

func TestSSOProviderIsDown(t *testing.T) {
	t.Parallel()
	w, provider := ssoWorld(t, accounts.Rules{})
	w.person("ada@acme.example")
	provider.AddUser("ada@acme.example", atHome, "subject-1", true)
	b := w.browser()
	b.post("/login", url.Values{"email": {"ada@acme.example"}}).is(http.StatusOK)
	back := b.visit(provider, "ada@acme.example")
	provider.Stop()
	down := b.get(back).is(http.StatusServiceUnavailable)
	if cookies := down.header.Values("Set-Cookie"); len(cookies) != 0 {
		t.Errorf("the browser's errand is changed: %q", cookies)
	}
	b.post("/login", url.Values{"email": {"ada@acme.example"}, "way": {"password"}}).is(http.StatusOK)
	b.logIn("ada@acme.example").to("/")
}
