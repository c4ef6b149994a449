package web_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
)

// site is a client side with pages: /people, which a client admin sees, /secure, which needs a fresh proof,
// and /login, which is for everybody. Error pages are one line of text.
type site struct {
	*web.API
	log     *journal
	denials chan string
	now     time.Time
	answer  func() error // of every page
}

func newSite(tb testing.TB, change ...func(*web.Options)) *site {
	tb.Helper()
	s := &site{log: &journal{}, denials: make(chan string, 10), now: noon, answer: func() error { return nil }}
	options := web.Options{
		Title: "site", Version: "1", Side: domain.ClientSide, Verifier: people, Cookie: "login",
		Logger: slog.New(slog.NewTextHandler(s.log, nil)), Now: func() time.Time { return s.now },
		ErrorPage: func(w http.ResponseWriter, _ *http.Request, f web.Failure) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(f.Status)
			_, _ = fmt.Fprintf(w, "%s %v %v %s", f.Code, f.Roles, f.RetryAfter, f.Reference)
		},
		Denied: func(_ context.Context, l auth.Login, p access.Permission, r *http.Request) {
			s.denials <- fmt.Sprint(l.Actor.Role, " ", p, " ", r.Method, " ", r.URL.Path)
		},
	}
	for _, c := range change {
		c(&options)
	}
	s.API = web.New(options)
	page := func(w http.ResponseWriter, _ *http.Request, l auth.Login) error {
		if err := s.answer(); err != nil {
			return err
		}
		_, err := fmt.Fprint(w, "hello ", l.Actor.Person)
		return err
	}
	s.Page(http.MethodGet, "/people", access.ReadPeople, page)
	s.Page(http.MethodPost, "/people", access.ManagePeople, page)
	s.Page(http.MethodGet, "/secure", access.SecureAccount, page)
	s.Page(http.MethodPost, "/secure", access.SecureAccount, page)
	login := func(w http.ResponseWriter, _ *http.Request) error {
		_, err := fmt.Fprint(w, "log in")
		return err
	}
	s.Public(http.MethodGet, "/login", login)
	s.Public(http.MethodPost, "/login", login)
	return s
}

// browse makes a browser's request with the cookie of a session, if one is named.
func browse(method, path, session string, edit ...func(*http.Request)) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, path, http.NoBody)
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	if session != "" {
		r.AddCookie(&http.Cookie{Name: "login", Value: session})
	}
	for _, change := range edit {
		change(r)
	}
	return r
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestPagesAdmitBySession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := do(s.API, browse("GET", "/people", "ada"))
	if w.Code != 200 || w.Body.String() != "hello "+ada.String() {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := w.Header().Get("Vary"); got != "HX-Request, HX-Request-Type" {
		t.Errorf("Vary = %q", got)
	}
	// An API key opens no page, and a session's token is no API key's.
	w = do(s.API, browse("GET", "/people", "", header("Authorization", "Bearer ada")))
	if w.Code != 303 {
		t.Errorf("a key on a page: %d %s", w.Code, w.Body)
	}
}

// A proxy before us may ask for a login of its own, which says nothing about ours: the credential of a request
// is the one that its login came by.
func TestCredentialIsWhatProvedTheLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var token string
	var key bool
	s.Page(http.MethodGet, "/credential", access.OwnAccount, func(_ http.ResponseWriter, r *http.Request, _ auth.Login) error {
		token, key = s.Credential(r.Context())
		return nil
	})
	operation := huma.Operation{OperationID: "credential", Method: http.MethodGet, Path: "/api/credential"}
	web.Register(s.API, access.OwnAccount, operation, func(ctx context.Context, _ domain.Actor, _ *struct{}) (*struct{}, error) {
		token, key = s.Credential(ctx)
		return &struct{}{}, nil
	})
	for name, c := range map[string]struct {
		path, session, authorization string
		key                          bool
	}{
		"page":                 {"/credential", "ada", "", false},
		"page behind a proxy":  {"/credential", "ada", "Basic Zm9vOmJhcg==", false},
		"page and a key":       {"/credential", "ada", "Bearer eve", false},
		"operation":            {"/api/credential", "ada", "", false},
		"operation with a key": {"/api/credential", "eve", "Bearer ada", true},
	} {
		token, key = "", !c.key
		r := browse("GET", c.path, c.session)
		if c.authorization != "" {
			r.Header.Set("Authorization", c.authorization)
		}
		if w := do(s.API, r); w.Code >= 300 || token != "ada" || key != c.key {
			t.Errorf("%s: %d, credential %q, of a key: %t", name, w.Code, token, key)
		}
	}
}

// presence is a verifier that notes whether anybody was there.
type presence struct {
	tokens
	unattended *bool
}

func (p presence) Session(ctx context.Context, token string) (auth.Login, error) {
	*p.unattended = auth.IsUnattended(ctx)
	return p.tokens.Session(ctx, token)
}

// Parts of a page that fetch themselves, because something changed, do not keep a login alive.
func TestPartsThatFetchThemselvesAreUnattended(t *testing.T) {
	t.Parallel()
	var unattended bool
	s := newSite(t, func(o *web.Options) { o.Verifier = presence{people, &unattended} })
	for name, c := range map[string]struct {
		method, source, target string
		want                   bool
	}{
		"a page":               {"GET", "", "", false},
		"a part of a page":     {"GET", "div#people", "div#people", true},
		"its stream":           {"GET", "live-status", "live-status", true},
		"a link":               {"GET", "a", "body", false},
		"going back":           {"GET", "body", "body", false},
		"what fetches another": {"GET", "button#more", "div#people", false},
		"a form that was sent": {"POST", "form", "body", false},
		"a form in its place":  {"POST", "form#new", "form#new", false},
		"a source alone":       {"GET", "div#people", "", false},
	} {
		unattended = !c.want
		do(s.API, browse(c.method, "/people", "ada", func(r *http.Request) {
			if c.source != "" {
				r.Header.Set("HX-Request", "true")
				r.Header.Set("HX-Source", c.source)
			}
			if c.target != "" {
				r.Header.Set("HX-Target", c.target)
			}
		}))
		if unattended != c.want {
			t.Errorf("%s: unattended %t", name, unattended)
		}
	}
}

func TestPagesSendToTheLoginAndBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	partial := func(r *http.Request) {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
	}
	from := header("Referer", "http://example.com/people?q=x")
	for name, c := range map[string]struct {
		request          *http.Request
		status           int
		location, hxPath string
	}{
		"page":              {browse("GET", "/people?q=a%26b", ""), 303, "/login?next=%2Fpeople%3Fq%3Da%2526b", ""},
		"unknown session":   {browse("GET", "/people", "mallory"), 303, "/login?next=%2Fpeople", ""},
		"form":              {browse("POST", "/people", "", from), 303, "/login?next=%2Fpeople%3Fq%3Dx", ""},
		"form from nowhere": {browse("POST", "/people", ""), 303, "/login?next=%2F", ""},
		"form of another":   {browse("POST", "/people", "", header("Referer", "http://evil.example/x")), 303, "/login?next=%2F", ""},
		"fragment":          {browse("GET", "/people", "", from, partial), 401, "", "/login?next=%2Fpeople%3Fq%3Dx"},
		"boosted":           {browse("GET", "/people", "", header("HX-Request", "true"), from), 401, "", "/login?next=%2Fpeople"},
		"two slashes":       {browse("GET", "//evil.example/people", ""), 404, "", ""},
		"proof":             {browse("GET", "/secure", "ada"), 303, "/step-up?next=%2Fsecure", ""},
		"proof for a form":  {browse("POST", "/secure", "ada", from), 303, "/step-up?next=%2Fpeople%3Fq%3Dx", ""},
		"proof, fragment":   {browse("GET", "/secure", "ada", from, partial), 403, "", "/step-up?next=%2Fpeople%3Fq%3Dx"},
	} {
		s.now = noon.Add(time.Hour)
		w := do(s.API, c.request)
		if w.Code != c.status || w.Header().Get("Location") != c.location || w.Header().Get("HX-Redirect") != c.hxPath {
			t.Errorf("%s: %d, Location %q, HX-Redirect %q", name, w.Code, w.Header().Get("Location"), w.Header().Get("HX-Redirect"))
		}
	}
	s.now = noon
	if w := do(s.API, browse("GET", "/secure", "ada")); w.Code != 200 {
		t.Errorf("with a fresh proof: %d", w.Code)
	}
}

// A script that asks for JSON gets problems, as from the API.
func TestScriptsGetProblems(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.now = noon.Add(time.Hour)
	for session, want := range map[string]string{"": "unauthenticated", "ada": "step_up_required", "eve": "step_up_required"} {
		w := do(s.API, browse("GET", "/secure", session, header("Accept", "application/json")))
		if p := problem(t, w); p.Code != want {
			t.Errorf("%q: %d %s", session, p.Status, p.Code)
		}
	}
}

func TestMissingPagesAreOneAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	want := do(s.API, browse("GET", "/nothing", "eve"))
	s.answer = func() error { return domain.Refuse(domain.ErrNotFound, "no_such_person", "secret") }
	for name, r := range map[string]*http.Request{
		"role may not read": browse("GET", "/people", "eve"),
		"role may not send": browse("POST", "/people", "eve"),
		"other side":        browse("GET", "/people", "bob"),
		"not there":         browse("GET", "/people", "ada"),
	} {
		got := do(s.API, r)
		for _, w := range []*httptest.ResponseRecorder{want, got} {
			w.Header().Del("X-Request-Id")
			w.Header().Del("Vary")
		}
		if diff := cmp.Diff(want.Body.String(), got.Body.String()); got.Code != 404 || diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", name, got.Code, diff)
		}
		if diff := cmp.Diff(want.Header(), got.Header()); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", name, diff)
		}
	}
}

func TestErrorsBecomePages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, c := range map[string]struct {
		err    error
		status int
		want   string
	}{
		"forbidden":   {domain.Refuse(domain.ErrForbidden, "not_yours", "secret"), 403, "not_yours [client_admin] 0s "},
		"conflict":    {domain.Refuse(domain.ErrConflict, "changed", "secret"), 409, "changed [] 0s "},
		"invalid":     {domain.Refuse(domain.ErrInvalid, "invalid_fields", "secret"), 422, "invalid_fields [] 0s "},
		"unavailable": {domain.Refuse(domain.ErrUnavailable, "down", "secret"), 503, "down [] 1s "},
		"internal":    {errors.New("secret"), 500, "internal [] 0s "},
	} {
		s.answer = func() error { return c.err }
		w := do(s.API, browse("GET", "/people", "ada"))
		want := c.want
		if c.status == 500 {
			want += w.Header().Get("X-Request-Id")
		}
		if w.Code != c.status || w.Body.String() != want {
			t.Errorf("%s: %d %q, want %q", name, w.Code, w.Body, want)
		}
	}
	s.answer = func() error { panic("secret") }
	if w := do(s.API, browse("GET", "/people", "ada")); w.Code != 500 || !strings.HasPrefix(w.Body.String(), "internal") {
		t.Errorf("panic: %d %s", w.Code, w.Body)
	}
	if w := do(s.API, browse("PUT", "/people", "ada")); w.Code != 405 || w.Header().Get("Allow") != "GET" {
		t.Errorf("wrong method: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestDenialsAreToldApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	told := func(want string) {
		t.Helper()
		if got := <-s.denials; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	do(s.API, browse("GET", "/people", "eve"))
	told("client_employee people.read GET /people")
	s.now = noon.Add(time.Hour)
	do(s.API, browse("GET", "/secure", "ada"))
	told("client_admin account.secure GET /secure")
	s.answer = func() error { return domain.Refuse(domain.ErrForbidden, "not_yours", "not yours") }
	do(s.API, browse("POST", "/people", "ada"))
	told("client_admin people.manage POST /people")
	s.answer = func() error { return domain.Refuse(domain.ErrNotFound, "missing", "missing") }
	do(s.API, browse("GET", "/people", "ada"))
	do(s.API, browse("GET", "/people", ""))
	select {
	case got := <-s.denials:
		t.Errorf("told %q", got)
	default:
	}
}

// A log of access that hangs holds up nobody, and no more than a few denials wait for it.
func TestDenialsDoNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		s := newSite(t, func(o *web.Options) {
			o.Denied = func(ctx context.Context, _ auth.Login, _ access.Permission, _ *http.Request) { <-ctx.Done() }
		})
		for range 40 {
			if w := do(s.API, browse("GET", "/people", "eve")); w.Code == 404 {
				ended++
			}
		}
		if dropped := strings.Count(s.log.String(), "denial not recorded"); ended != 40 || dropped != 40-16 {
			t.Errorf("%d were answered, %d denials dropped", ended, dropped)
		}
		time.Sleep(6 * time.Second) // The bubble's clock: what hangs is given up.
		synctest.Wait()
	})
}

func TestPublicPostsAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, func(o *web.Options) { o.PostsPerMinute = 3 })
		s.Public(http.MethodPost, "/reset/{token}", func(http.ResponseWriter, *http.Request) error { return nil })
		s.PublicLimited(http.MethodGet, "/callback", func(http.ResponseWriter, *http.Request) error { return nil })
		post := func(address, path string) *httptest.ResponseRecorder {
			return do(s.API, browse("POST", path, "", func(r *http.Request) { r.RemoteAddr = address }))
		}
		for range 3 {
			if w := post("[2001:db8::1]:5", "/login"); w.Code != 200 {
				t.Errorf("a post within the limit: %d", w.Code)
			}
		}
		w := post("[2001:db8::2]:6", "/login") // Of the same network.
		if w.Code != 429 || w.Header().Get("Retry-After") != "60" || w.Body.String() != "too_many_requests [] 1m0s " {
			t.Errorf("%d %q, Retry-After %q", w.Code, w.Body, w.Header().Get("Retry-After"))
		}
		if w := post("[2001:db8:1::1]:5", "/login"); w.Code != 200 {
			t.Errorf("another network: %d", w.Code)
		}
		if w := do(s.API, browse("GET", "/login", "", func(r *http.Request) { r.RemoteAddr = "[2001:db8::1]:5" })); w.Code != 200 {
			t.Errorf("reading: %d", w.Code)
		}
		for guess, want := range []int{200, 200, 200, 429} {
			if w := post("203.0.113.7:1", fmt.Sprint("/reset/", guess)); w.Code != want {
				t.Errorf("guess %d of a token: %d, want %d", guess, w.Code, want)
			}
		}
		for call, want := range []int{200, 200, 200, 429} {
			got := do(s.API, browse("GET", "/callback", "", func(r *http.Request) { r.RemoteAddr = "203.0.113.7:1" }))
			if got.Code != want {
				t.Errorf("call %d of what does more than read: %d, want %d", call, got.Code, want)
			}
		}
		time.Sleep(2 * time.Minute) // The bubble's clock.
		if w := post("[2001:db8::1]:5", "/login"); w.Code != 200 {
			t.Errorf("two minutes later: %d", w.Code)
		}
	})
}

func TestForeignPagesCannotUseTheCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *web.Options) { o.Base = &url.URL{Scheme: "https", Host: "portal.example"} })
	cookie := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-login", Value: "ada"}) }
	for name, c := range map[string]struct {
		edit   func(*http.Request)
		method string
		status int
	}{
		"same origin":          {header("Sec-Fetch-Site", "same-origin"), "POST", 200},
		"cross-site form":      {header("Sec-Fetch-Site", "cross-site"), "POST", 403},
		"same-site form":       {header("Sec-Fetch-Site", "same-site"), "POST", 403},
		"old browser, foreign": {header("Origin", "https://evil.example"), "POST", 403},
		"own, other Host":      {header("Origin", "https://portal.example"), "POST", 200},
		"reading":              {header("Sec-Fetch-Site", "cross-site"), "GET", 200},
	} {
		w := do(s.API, browse(c.method, "/people", "", cookie, c.edit))
		if w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestCookiesOfSessions(t *testing.T) {
	t.Parallel()
	for base, want := range map[string][]string{
		"http://localhost:8080":  {"login=secret; Path=/; HttpOnly; SameSite=Lax", "login=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"},
		"https://portal.example": {"__Host-login=secret; Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-login=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
	} {
		at, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		s := newSite(t, func(o *web.Options) { o.Base = at })
		w := httptest.NewRecorder()
		s.Begin(w, "secret")
		s.End(w)
		if diff := cmp.Diff(want, w.Header()["Set-Cookie"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", base, diff)
		}
		r := browse("GET", "/", "")
		r.Header.Set("Cookie", strings.Split(want[0], ";")[0])
		if got := s.Token(r); got != "secret" {
			t.Errorf("%s: the token comes back as %q", base, got)
		}
		secure := do(s.API, browse("GET", "/login", "")).Header().Get("Strict-Transport-Security") != ""
		if secure != (at.Scheme == "https") {
			t.Errorf("%s: Strict-Transport-Security is set: %t", base, secure)
		}
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/": "/", "/people": "/people", "/people?q=a%26b": "/people?q=a%26b", "/people#x": "/people",
		"": "/", "people": "/", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example/": "/", "javascript:alert(1)": "/",
		"/%2fevil.example ": "/", "/%2Fevil.example": "/", "/%5cevil.example": "/", "/\t/evil.example": "/", "/%zz": "/", "/people\r\nSet-Cookie: x": "/", "///evil.example": "/",
		"/login": "/", "/login/factor?x": "/", "/login?next=/people": "/", "/step-up": "/", "/logout": "/", "/loginhelp": "/loginhelp",
		"/" + strings.Repeat("x", 3000): "/",
	} {
		if got := web.Local(next); got != want {
			t.Errorf("Local(%q) = %q, want %q", next, got, want)
		}
	}
}

func FuzzLocal(f *testing.F) {
	for _, seed := range []string{"/people?x=1", "//evil.example", "/\\evil.example", "/..//evil.example", "/%2f/evil", "/%2f ", "/a:b", "\x00"} {
		f.Add(seed)
	}
	ours := url.URL{Scheme: "https", Host: "portal.example", Path: "/login"}
	f.Fuzz(func(t *testing.T, next string) {
		got := web.Local(next)
		to, err := ours.Parse(got)
		if err != nil || to.Host != ours.Host || to.Scheme != ours.Scheme || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("Local(%q) = %q leads to %v, %v", next, got, to, err)
		}
		if again := web.Local(got); again != got {
			t.Errorf("Local(%q) = %q, and of that %q", next, got, again)
		}
	})
}

func TestAddressBelievesTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	var address string
	s := newSite(t, func(o *web.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	})
	s.Public(http.MethodGet, "/address", func(_ http.ResponseWriter, r *http.Request) error {
		address = web.Address(r)
		return nil
	})
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"direct":              {"203.0.113.7:1", nil, "203.0.113.7"},
		"direct and lying":    {"203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7"},
		"one proxy":           {"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"lying before one":    {"10.0.0.1:1", []string{"192.0.2.1, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":         {"10.0.0.1:1", []string{"198.51.100.1", "10.9.9.9"}, "198.51.100.1"},
		"garbage":             {"10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		"no header":           {"10.0.0.1:1", nil, "10.0.0.1"},
		"IPv6":                {"[fd00::1%eth0]:1", []string{"2001:db8::5"}, "2001:db8::5"},
		"IPv4 in IPv6":        {"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"endless chain":       {"10.0.0.1:1", []string{strings.Repeat("10.0.0.2,", 5000) + "10.0.0.3"}, "10.0.0.2"},
		"not an address":      {"@", nil, ""},
		"proxy of an unknown": {"10.0.0.1:1", []string{""}, "10.0.0.1"},
	} {
		do(s.API, browse("GET", "/address", "", func(r *http.Request) {
			r.RemoteAddr = c.remote
			r.Header["X-Forwarded-For"] = c.forwarded
		}))
		if address != c.want {
			t.Errorf("%s: %q, want %q", name, address, c.want)
		}
	}
}

func TestRoutesNameTheirPermissions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	want := []web.Route{
		{Method: "GET", Pattern: "/openapi.json"},
		{Method: "GET", Pattern: "/people", Permission: access.ReadPeople},
		{Method: "POST", Pattern: "/people", Permission: access.ManagePeople},
		{Method: "GET", Pattern: "/secure", Permission: access.SecureAccount},
		{Method: "POST", Pattern: "/secure", Permission: access.SecureAccount},
		{Method: "GET", Pattern: "/login"},
		{Method: "POST", Pattern: "/login"},
	}
	if diff := cmp.Diff(want, s.Routes()); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	if !want[0].Public() || want[1].Public() {
		t.Error("what is public is not told from what is not")
	}
	defer func() {
		if recover() == nil {
			t.Error("a permission that is not in the table was accepted")
		}
	}()
	s.Page(http.MethodGet, "/x", "everything", nil)
}
