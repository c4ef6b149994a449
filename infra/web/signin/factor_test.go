package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"effigate/infra/accounts"
)

// adaAtFactor gives a browser that has given Ada's password, and the secret of her second step.
func adaAtFactor(w *world) (*browser, string) {
	w.Helper()
	w.person("ada@acme.example")
	first := w.browser()
	first.logIn("ada@acme.example").to("/")
	secret := w.secret(first)
	b := w.browser()
	b.post("/login", url.Values{"email": {"ada@acme.example"}, "password": {password}, "next": {"/account/keys"}}).
		to("/login/factor?next=%2Faccount%2Fkeys")
	return b, secret
}

// adaAtEnrol gives a browser that has given Ada's password where a second step is asked for.
func adaAtEnrol(w *world) *browser {
	w.Helper()
	w.person("ada@acme.example")
	if err := w.owner.SetRules(w.Context(), accounts.Rules{Client: w.client, SecondFactor: true}); err != nil {
		w.Fatal(err)
	}
	b := w.browser()
	b.logIn("ada@acme.example").to("/login/enrol")
	return b
}

func TestFactor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, secret := adaAtFactor(w)
	b.get("/account").to("/login?next=%2Faccount")
	b.get("/login?next=%2Faccount").to("/login/factor?next=%2Faccount")
	b.get("/login/factor?next=%2Faccount%2Fkeys").is(http.StatusOK).has(`autocomplete="one-time-code"`)
	b.post("/login/factor", url.Values{"code": {"000000"}, "next": {"/account/keys"}}).is(http.StatusUnprocessableEntity).
		has("This code does not count").has(`value="/account/keys"`).lacks("000000")
	before := b.token()
	b.post("/login/factor", url.Values{"code": {spaced(w.code(secret))}, "next": {"/account/keys"}}).to("/account/keys")
	if b.token() == before {
		t.Error("the token is the one from before the second step")
	}
	b.get("/account/keys").is(http.StatusOK)
	b.get("/login/factor").to("/")
	b.post("/login/factor", url.Values{"code": {"000000"}}).to("/")
	w.browser().get("/login/factor?next=%2Faccount").to("/login?next=%2Faccount")
	w.browser().post("/login/factor", url.Values{"code": {"000000"}}).to("/login")
}

func spaced(code string) string { return code[:3] + " " + code[3:] }

// token gives the token of the browser's session.
func (b *browser) token() string {
	b.Helper()
	at, err := url.Parse(b.url)
	if err != nil {
		b.Fatal(err)
	}
	for _, cookie := range b.http.Jar.Cookies(at) {
		if cookie.Name == "effigate_portal" {
			return cookie.Value
		}
	}
	return ""
}

// A recovery code stands in for the app, once.
func TestRecoveryCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ada@acme.example")
	first := w.browser()
	first.logIn("ada@acme.example").to("/")
	secret := strings.ReplaceAll(first.post("/account/factors/totp", nil).is(http.StatusOK).between(`<code class="secret">`, `</code>`), " ", "")
	codes := first.post("/account/factors/totp/confirm", url.Values{"code": {w.code(secret)}}).is(http.StatusOK)
	code := codes.between(`<li><code>`, `</code></li>`)
	if n := strings.Count(codes.body, "<li><code>"); n != 10 {
		t.Errorf("%d recovery codes, want 10", n)
	}
	for _, want := range []int{http.StatusSeeOther, http.StatusUnprocessableEntity} {
		b := w.browser()
		b.logIn("ada@acme.example").to("/login/factor")
		b.post("/login/factor", url.Values{"code": {code}}).is(want)
	}
	first.get("/account/factors").is(http.StatusOK).has("9 recovery codes")

	renewed := first.post("/account/factors/recovery", nil).is(http.StatusOK).has("Keep your recovery codes")
	first.get("/account/factors").is(http.StatusOK).has("10 recovery codes")
	b := w.browser()
	b.logIn("ada@acme.example").to("/login/factor")
	b.post("/login/factor", url.Values{"code": {renewed.between(`<li><code>`, `</code></li>`)}}).to("/")
	first.post("/account/factors/totp/remove", nil).to("/account/factors?done=totp")
	first.get("/account/factors?done=totp").is(http.StatusOK).has("The authenticator app is removed").has("Not set up")
	first.post("/account/factors/recovery", nil).is(http.StatusUnprocessableEntity).has("Set one up first")
	w.browser().logIn("ada@acme.example").to("/")
}

func TestEnrol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := adaAtEnrol(w)
	b.get("/account").to("/login?next=%2Faccount")
	b.get("/login?next=%2Faccount").to("/login/enrol?next=%2Faccount")
	b.get("/login/enrol").is(http.StatusOK).has("Show the QR code").lacks("data:image/png")
	offer := b.post("/login/enrol", url.Values{"next": {"/account"}}).is(http.StatusOK).has(`src="data:image/png;base64,`)
	secret := strings.ReplaceAll(offer.between(`<code class="secret">`, `</code>`), " ", "")
	b.post("/login/enrol/confirm", url.Values{"code": {"000000"}, "next": {"/account"}}).is(http.StatusUnprocessableEntity).
		has("This code does not count").has("Show a new QR code").has(`value="/account"`)
	before := b.token()
	b.post("/login/enrol/confirm", url.Values{"code": {w.code(secret)}, "next": {"/account"}}).is(http.StatusOK).
		has("Keep your recovery codes").has(`href="/account"`)
	if b.token() == before {
		t.Error("the token is the one from before the second step")
	}
	b.get("/account").is(http.StatusOK).has("Authenticator app")
	b.post("/login/enrol", nil).to("/")
	b.get("/login/enrol/confirm").to("/")
	b.post("/account/factors/totp/remove", nil).is(http.StatusUnprocessableEntity).has("this is your last one")
	w.browser().post("/login/enrol", nil).to("/login")

	other := w.browser()
	other.logIn("ada@acme.example").to("/login/factor")
	other.post("/login/factor", url.Values{"code": {w.code(secret)}}).to("/")
}

// A session that still owes a second step is no login: whatever is asked with it is answered as without one,
// but for the pages that end that state.
func TestStagesCannotBeSkipped(t *testing.T) {
	t.Parallel()
	for stage, at := range map[string]func(*world) *browser{
		"factor": func(w *world) *browser { b, _ := adaAtFactor(w); return b },
		"enrol":  adaAtEnrol,
	} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b, walked := at(w), 0
			for _, route := range w.api.Routes() {
				path := concrete(route.Pattern)
				if path == "/login/"+stage || path == "/login/enrol/confirm" || path == "/login" || path == "/logout" {
					continue
				}
				walked++
				for _, ask := range []func(*browser) answer{
					func(b *browser) answer { return b.do(route.Method, path, "application/x-www-form-urlencoded", "") },
					func(b *browser) answer { return b.json(route.Method, path, "{}") },
				} {
					got, want := ask(b), ask(w.browser())
					if got.status != want.status || got.header.Get("Location") != want.header.Get("Location") &&
						!strings.HasPrefix(got.header.Get("Location"), "/login/"+stage) {
						t.Errorf("%s is %d to %q, without a login %d to %q", got.asked, got.status, got.header.Get("Location"),
							want.status, want.header.Get("Location"))
					}
					if !route.Public() && got.status < 300 {
						t.Errorf("%s is %d", got.asked, got.status)
					}
				}
			}
			if walked < 20 {
				t.Errorf("%d routes were walked", walked)
			}
			b.get("/account").to("/login?next=%2Faccount")
			w.pass(15 * time.Minute)
			b.get("/login/" + stage).to("/login")
		})
	}
}
