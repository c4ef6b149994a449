package signin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/web"
	"effigate/infra/web/signin"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ada@acme.example")
	b := w.browser()
	b.get("/account").to("/login?next=%2Faccount")
	b.get("/login?next=%2Faccount").is(http.StatusOK).has(`value="/account"`).lacks(`type="password"`)
	b.post("/login", url.Values{"email": {"nobody"}, "next": {"/account"}}).is(http.StatusUnprocessableEntity).
		has("Enter an e-mail address").has(`value="nobody"`).has("<title>Error: ")
	b.post("/login", url.Values{"email": {" ada@acme.example "}, "next": {"/account"}}).is(http.StatusOK).
		has(`value="ada@acme.example"`).has(`type="password"`).has(`autocomplete="current-password"`).has(`value="/account"`)
	b.post("/login", url.Values{"email": {"ada@acme.example"}, "password": {"wrong wrong wrong"}, "next": {"/account"}}).
		is(http.StatusUnprocessableEntity).has("do not log anybody in").has(`value="ada@acme.example"`).lacks("wrong wrong wrong")
	b.post("/login", url.Values{"email": {"ada@acme.example"}, "password": {password}, "next": {"/account"}}).to("/account")
	b.get("/login?next=%2Faccount").to("/account")
	b.get("/account").is(http.StatusOK).has("ada@acme.example").has("Acme").has(domain.ClientEmployee.Title())
	b.post("/logout", nil).to("/login")
	b.get("/account").to("/login?next=%2Faccount")
	b.post("/logout", nil).to("/login")
}

// A login takes the place of the one before it in the same browser.
func TestLoginAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, eve := w.person("ada@acme.example"), w.person("eve@acme.example")
	b := w.browser()
	b.logIn("ada@acme.example").to("/")
	b.logIn("eve@acme.example").to("/")
	b.get("/account").is(http.StatusOK).has("eve@acme.example")
	left, err := w.accounts.Sessions(t.Context(), ada)
	if err != nil || len(left) != 0 {
		t.Errorf("the first login has left %d sessions (%v)", len(left), err)
	}
	if now, err := w.accounts.Sessions(t.Context(), eve); err != nil || len(now) != 1 {
		t.Errorf("the second login has %d sessions (%v)", len(now), err)
	}
}

// Whoever died on the way from an accepted invitation to its fact is activated by the next login; whom the
// facts do not let in is not let in.
func TestStanding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("ada@acme.example")
	w.set(ada, signin.Invited)
	w.refuse(fmt.Errorf("%w: down", domain.ErrUnavailable))
	b := w.browser()
	b.logIn("ada@acme.example").is(http.StatusServiceUnavailable)
	b.get("/account").to("/login?next=%2Faccount")
	w.refuse(nil)
	b.logIn("ada@acme.example").to("/")
	b.get("/account").is(http.StatusOK)

	for _, standing := range []signin.Standing{signin.Ended, signin.Unknown} {
		w.set(ada, standing)
		w.pass(2 * time.Second) // The verifier forgets.
		b.get("/account").to("/login?next=%2Faccount")
		b.get("/login").is(http.StatusOK)
		other := w.browser()
		other.logIn("ada@acme.example").is(http.StatusUnprocessableEntity).has("do not log anybody in")
		other.get("/account").to("/login?next=%2Faccount")
	}
}

// Nothing that anybody can ask without a login tells whether an address is known.
func TestWhoExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ada@acme.example")
	_, token := w.invite("bob@acme.example")
	if _, err := w.accounts.Invitation(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	asks := map[string]func(email string) answer{
		"address": func(email string) answer { return w.browser().post("/login", url.Values{"email": {email}}) },
		"password": func(email string) answer {
			return w.browser().post("/login", url.Values{"email": {email}, "password": {"not the right one"}})
		},
		"forgot": func(email string) answer { return w.browser().post("/forgot", url.Values{"email": {email}}) },
	}
	told := func(a answer, email string) string {
		a.header.Del("X-Request-Id")
		a.header.Del("Date")
		a.header.Del("Content-Length")
		return fmt.Sprint(a.status, a.header, strings.ReplaceAll(a.body, email, "ADDRESS"))
	}
	for name, ask := range asks {
		nobody := told(ask("zoe@acme.example"), "zoe@acme.example")
		for _, email := range []string{"ada@acme.example", "bob@acme.example"} {
			if diff := cmp.Diff(nobody, told(ask(email), email)); diff != "" {
				t.Errorf("%s of %s differs from nobody's (-nobody +known):\n%s", name, email, diff)
			}
		}
	}
	// Locked or not, the right password after many wrong ones says what a wrong one says.
	var last answer
	for range 12 {
		last = asks["password"]("ada@acme.example").is(http.StatusUnprocessableEntity)
	}
	locked := w.browser().logIn("ada@acme.example")
	if diff := cmp.Diff(told(last, "ada@acme.example"), told(locked, "ada@acme.example")); diff != "" {
		t.Errorf("a locked account differs from a wrong password (-wrong +locked):\n%s", diff)
	}
}

// What a link says to go on to is a page of this site, or the start page.
func TestNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ada@acme.example")
	nexts := map[string]string{
		"/account/keys?a=b&c=d":          "/account/keys?a=b&c=d",
		"https://evil.example/":          "/",
		"//evil.example":                 "/",
		`/\evil.example`:                 "/",
		`\\evil.example`:                 "/",
		"/\t/evil.example":               "/",
		"/..//evil.example":              "/evil.example",
		"/.//evil.example":               "/evil.example",
		"javascript:alert(1)":            "/",
		"evil.example":                   "/",
		"http:evil.example":              "/",
		"https:/evil.example":            "/",
		"/login":                         "/",
		"/login/factor":                  "/",
		"/logout":                        "/",
		"/%0d%0aLocation:%20//evil":      "/",
		"/" + strings.Repeat("a", 5_000): "/",
		"/account\r\nSet-Cookie: evil=1": "/",
		"@evil.example":                  "/",
		"/account#//evil.example":        "/account",
		"":                               "/",
		"/%2f/evil.example":              "/",
		"/%5cevil.example":               "/",
	}
	for next, want := range nexts {
		b := w.browser()
		got := b.post("/login", url.Values{"email": {"ada@acme.example"}, "password": {password}, "next": {next}})
		if got.status == http.StatusUnprocessableEntity && strings.ContainsAny(next, "\r\t") {
			continue // Not even text.
		}
		if location := got.header.Get("Location"); location != want && location != clean(want) {
			t.Errorf("next %q leads to %q, want %q", next, location, want)
		}
		where, err := url.Parse(w.url)
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := where.Parse(got.header.Get("Location"))
		if err != nil || resolved.Host != where.Host {
			t.Errorf("next %q leads to the host %q (%v)", next, resolved.Host, err)
		}
		if already := b.get("/login?next=" + url.QueryEscape(next)); already.status == http.StatusSeeOther {
			resolved, err := where.Parse(already.header.Get("Location"))
			if err != nil || resolved.Host != where.Host {
				t.Errorf("next %q leads who is logged in to the host %q (%v)", next, resolved.Host, err)
			}
		}
	}
}

// clean is a path as net/http redirects to it.
func clean(path string) string { return strings.ReplaceAll(path, "//", "/") }

func TestCookies(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[string]string{
		"http":  "effigate_portal=T; Path=/; HttpOnly; SameSite=Lax",
		"https": "__Host-effigate_portal=T; Path=/; HttpOnly; Secure; SameSite=Lax",
	} {
		w := newWorld(t, func(o *web.Options) {
			base := *o.Base
			base.Scheme = scheme
			o.Base = &base
		})
		w.person("ada@acme.example")
		b := w.browser()
		got := b.logIn("ada@acme.example").to("/").header.Values("Set-Cookie")
		if len(got) != 1 {
			t.Fatalf("%s: %d cookies, want 1: %q", scheme, len(got), got)
		}
		name, rest, _ := strings.Cut(got[0], "=")
		value, attributes, _ := strings.Cut(rest, ";")
		if len(value) != 43 {
			t.Errorf("%s: the token has %d characters, want 43", scheme, len(value))
		}
		if diff := cmp.Diff(want, name+"=T;"+attributes); diff != "" {
			t.Errorf("%s: cookie (-want +got):\n%s", scheme, diff)
		}
		asked := b.post("/login/passkey/begin", nil)
		if asked.status != http.StatusOK {
			continue // Passkeys are made for another scheme than this one.
		}
		prefix := map[string]string{"http": "effigate_", "https": "__Host-effigate_"}[scheme]
		state := asked.header.Get("Set-Cookie")
		if !strings.HasPrefix(state, prefix) || !strings.Contains(state, "; Max-Age=600; HttpOnly;") ||
			!strings.HasSuffix(state, "SameSite=Lax") || strings.Contains(state, "; Secure;") != (scheme == "https") {
			t.Errorf("%s: the state's cookie is %q", scheme, state)
		}
	}
}

// What another site sends changes nothing.
func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ada@acme.example")
	b := w.browser()
	b.logIn("ada@acme.example").to("/")
	for _, route := range w.api.Routes() {
		if route.Method != http.MethodPost {
			continue
		}
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			forged := *b
			forged.header = b.header.Clone()
			forged.header.Set(header, value)
			forged.post(concrete(route.Pattern), url.Values{"email": {"ada@acme.example"}, "password": {password}}).is(http.StatusForbidden)
		}
	}
	b.get("/account").is(http.StatusOK)
}

// concrete puts something in the place of what a pattern leaves open.
func concrete(pattern string) string {
	return strings.NewReplacer("{token}", strings.Repeat("A", 43), "{id}", "0b6d3f3e-0a8e-4b67-9b0a-5f3f6c3c6f11", "{name}", "app.css").Replace(pattern)
}

// Everybody may try a bounded number of times, and is told when to try again.
func TestLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *web.Options) { o.PostsPerMinute = 3 })
	b := w.browser()
	var last answer
	for range 8 { // The minute may turn once.
		last = b.post("/forgot", url.Values{"email": {"zoe@acme.example"}})
	}
	last.is(http.StatusTooManyRequests).has("Wait 60 seconds")
	if after := last.header.Get("Retry-After"); after != "60" {
		t.Errorf("Retry-After is %q, want 60", after)
	}
	b.get("/forgot").is(http.StatusOK)
}

// Logs and the log of access name people by their ids, and hold nothing that lets anybody in.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, token := w.invite("ada@acme.example")
	b := w.browser()
	b.get("/invitation/" + token).is(http.StatusOK)
	b.post("/invitation/"+token, url.Values{"name": {"Ada Lovelace"}, "password": {password}}).to("/")
	b.get("/invitation/" + token).is(http.StatusNotFound)
	w.browser().post("/login", url.Values{"email": {"ada@acme.example"}, "password": {"a wrong secret of mine"}})
	w.secret(b)
	b.post("/logout", nil)
	for _, secret := range []string{token, "ada@acme.example", password, "a wrong secret of mine", "Lovelace"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, w.log)
		}
	}
	entries, err := w.owner.Entries(t.Context(), accounts.EntryFilter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		if strings.Contains(fmt.Sprint(entry), token) || strings.Contains(entry.Subject, "@") {
			t.Errorf("the log of access has a secret: %v", entry)
		}
		got = append(got, entry.Kind+" "+entry.Outcome)
	}
	for _, want := range []string{"login ok", "login refused", "logout ok", "credentials_changed ok"} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("the log of access lacks %q: %q", want, got)
		}
	}
}

// What no browser answered for a passkey is refused in words that the script can show.
func TestPasskeyRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := ada(w)
	for _, path := range []string{"/login/passkey/", "/account/factors/passkeys/"} {
		begun := b.json(http.MethodPost, path+"begin", "").is(http.StatusOK).has(`"publicKey"`).has(`"challenge"`)
		if media := begun.header.Get("Content-Type"); media != "application/json" {
			t.Errorf("%s is %q", begun.asked, media)
		}
		b.json(http.MethodPost, path+"finish", `{"credential":{"id":"AA","rawId":"AA","type":"public-key","response":{}}}`).
			is(http.StatusUnprocessableEntity).has("passkey_refused").has("This passkey")
		for _, body := range []string{"", "{", "[]", "null", `{"credential":null}`, `{"name":"x"}`, `{"credential":"` + strings.Repeat("a", 70_000) + `"}`} {
			b.json(http.MethodPost, path+"finish", body).is(http.StatusUnprocessableEntity)
		}
		b.post(path+"finish", nil).is(http.StatusUnprocessableEntity)
	}
	b.json(http.MethodPost, "/account/factors/passkeys/finish", `{"credential":{},"name":"`+strings.Repeat("a", 201)+`"}`).is(http.StatusUnprocessableEntity)
	b.post("/account/factors/passkeys/nonsense/remove", nil).is(http.StatusNotFound)
	b.post("/account/factors/passkeys/0b6d3f3e-0a8e-4b67-9b0a-5f3f6c3c6f11/remove", nil).to("/account/factors?done=passkey")
}
