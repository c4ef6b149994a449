package gallery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/browsertest"
	"effigate/infra/web/page"
	"effigate/infra/web/page/gallery"
)

// house is a verifier that knows one session, which can end, and a feed in which nothing ever changes.
type house struct {
	mu    sync.Mutex
	ended bool
}

var ada = domain.Actor{Person: domain.PersonID{UUID: uuid.UUID{15: 1}}, Side: domain.ClientSide, Role: domain.ClientAdmin}

func (h *house) Session(_ context.Context, token string) (auth.Login, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if token != "ada" || h.ended {
		return auth.Login{}, auth.ErrUnauthenticated
	}
	return auth.Login{Actor: ada, Session: uuid.UUID{15: 1}}, nil
}

func (h *house) Key(context.Context, string) (auth.Login, error) {
	return auth.Login{}, auth.ErrUnauthenticated
}

func (h *house) end(ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = ended
}

func (h *house) Last(context.Context, domain.Actor) (string, error) { return "0", nil }

func (h *house) Since(context.Context, domain.Actor, string, int) ([]web.Change, error) {
	return nil, nil
}

func (h *house) Changed(domain.Actor) <-chan struct{} { return nil }

// serve serves the gallery at /parts and /console, the frame without a login at /login, where a post logs
// in, and /live, a page with a form that needs a login and follows what changes.
func serve(t *testing.T) (base string, api *web.API, h *house, stop func()) {
	t.Helper()
	h = &house{}
	api = web.New(web.Options{
		Title: "gallery", Side: domain.ClientSide, Verifier: h, Cookie: "login", ErrorPage: page.Failure(false),
	})
	page.Register(api)
	api.Events("/events", h)
	show := func(console bool) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error {
			return page.Render(w, r, http.StatusOK, gallery.Parts(gallery.Frame(console, page.ThemeOf(r))))
		}
	}
	api.Public(http.MethodGet, "/parts", show(false))
	api.Public(http.MethodGet, "/console", show(true))
	api.Public(http.MethodGet, "/login", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, gallery.LogIn(page.Frame{Title: "Log in", Theme: page.ThemeOf(r), Path: r.URL.RequestURI()}))
	})
	api.Public(http.MethodPost, "/login", func(w http.ResponseWriter, r *http.Request) error {
		api.Begin(w, "ada")
		http.Redirect(w, r, "/live", http.StatusSeeOther)
		return nil
	})
	live := func(w http.ResponseWriter, r *http.Request, _ auth.Login) error {
		f := gallery.Frame(false, page.ThemeOf(r))
		f.Path, f.Live = "/live", true
		if r.Method == http.MethodGet {
			return page.Render(w, r, http.StatusOK, gallery.Live(f, page.Field{}, nil))
		}
		form, err := web.Form(w, r)
		if err != nil {
			return err
		}
		f.Wrong = true
		wrong := []page.FieldError{{Field: "title", Text: "Enter a longer title"}}
		return page.Render(w, r, http.StatusUnprocessableEntity, gallery.Live(f, page.Field{Value: form.Get("title")}, wrong))
	}
	api.Page(http.MethodGet, "/live", access.OwnAccount, live)
	api.Page(http.MethodPost, "/live", access.OwnAccount, live)
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewUnstartedServer(nil)
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, server.Listener) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return "http://" + server.Listener.Addr().String(), api, h, stop
}

// logIn opens the page that needs a login.
func logIn(t *testing.T, browser *browsertest.Browser, base string, options ...browsertest.Option) *browsertest.Page {
	t.Helper()
	p := browser.Open(t, base, options...)
	p.Goto("/login")
	p.Click("Log in")
	p.At("/live")
	return p
}

// Not in parallel: each of the pages is a whole browser context.
func TestEveryComponentIsAccessible(t *testing.T) { //nolint:paralleltest // see above
	base, _, _, _ := serve(t)
	browser := browsertest.New(t)
	small := []browsertest.Option{browsertest.Mobile, browsertest.Dark}
	for name, c := range map[string]struct {
		path    string
		options []browsertest.Option
	}{
		"portal": {"/parts", nil}, "portal-dark": {"/parts", []browsertest.Option{browsertest.Dark}},
		"portal-small": {"/parts", []browsertest.Option{browsertest.Mobile}}, "portal-small-dark": {"/parts", small},
		"console": {"/console", nil}, "console-dark": {"/console", []browsertest.Option{browsertest.Dark}},
		"console-small": {"/console", []browsertest.Option{browsertest.Mobile}}, "console-small-dark": {"/console", small},
		"login": {"/login", nil}, "login-small-dark": {"/login", small}, "missing": {"/nothing", nil},
		"portal-plain": {"/parts", []browsertest.Option{browsertest.NoJS}},
	} {
		p := browser.Open(t, base, c.options...)
		p.Goto(c.path)
		p.Axe()
		p.Quiet()
		p.Shot(name)
		p.Print()
		p.Axe()
		p.Shot(name + "-print")
	}
}

func TestTheFirstPageIsSmall(t *testing.T) { //nolint:paralleltest // a whole browser
	base, _, _, _ := serve(t)
	p := browsertest.New(t).Open(t, base)
	p.Goto("/parts")
	if weight := p.Weight(); weight > 60<<10 {
		t.Errorf("the first page takes %d bytes over the wire", weight)
	}
}

func TestScripts(t *testing.T) { //nolint:paralleltest // a whole browser
	base, api, h, _ := serve(t)
	browser := browsertest.New(t)

	t.Run("a refused form keeps what was typed and has the focus", func(t *testing.T) {
		for name, options := range map[string][]browsertest.Option{"boosted": nil, "without scripts": {browsertest.NoJS}} {
			p := logIn(t, browser, base, options...)
			p.Fill("Title", "abc")
			p.Click("Save")
			p.See("There is a problem")
			if got := p.Value("Title"); got != "abc" {
				t.Errorf("%s: the field holds %q", name, got)
			}
			if got := browsertest.Eval[string](p, `document.activeElement.className + " " + document.title`); got != "summary Error: Gallery · Effigate" {
				t.Errorf("%s: focus and title are %q", name, got)
			}
			p.Axe()
			p.Quiet()
		}
	})

	t.Run("an ended login throws the page out and keeps what was typed", func(t *testing.T) {
		p := logIn(t, browser, base)
		p.Fill("Title", "half a sentence")
		h.end(true)
		api.Forget(ada.Person)
		p.At("/login")
		h.end(false)
		p.Click("Log in")
		p.At("/live")
		if got := p.Value("Title"); got != "half a sentence" {
			t.Errorf("after logging in again the field holds %q", got)
		}
		p.Goto("/live")
		if got := p.Value("Title"); got != "" {
			t.Errorf("the draft is put in twice: %q", got)
		}
		p.Quiet()
	})

	t.Run("a form that is sent too late leads to the login and back", func(t *testing.T) {
		p := logIn(t, browser, base)
		p.Fill("Title", "half a sentence")
		h.end(true)
		p.Click("Save")
		p.At("/login")
		h.end(false)
		p.Click("Log in")
		p.At("/live")
		if got := p.Value("Title"); got != "half a sentence" {
			t.Errorf("after logging in again the field holds %q", got)
		}
	})

	t.Run("colours are chosen and stay", func(t *testing.T) {
		p := logIn(t, browser, base)
		for _, choice := range []struct{ label, want string }{{"Dark", "rgb(19, 22, 27)"}, {"Light", "rgb(248, 246, 241)"}} {
			p.Pick("details.menu summary")
			p.Pick(fmt.Sprintf("[aria-label=%q]", choice.label))
			p.Pick(fmt.Sprintf("[data-theme=%q] h1", strings.ToLower(choice.label))) // The page has come anew.
			p.Reload()
			if got := browsertest.Eval[string](p, `getComputedStyle(document.documentElement).backgroundColor`); got != choice.want {
				t.Errorf("%s: the page is %s", choice.label, got)
			}
		}
		p.Quiet()
	})

	t.Run("a menu closes by Escape and by a click elsewhere", func(t *testing.T) {
		p := logIn(t, browser, base)
		open := func() bool { return browsertest.Eval[bool](p, `document.querySelector("details.menu").open`) }
		p.Pick("details.menu summary")
		p.See("Log out")
		p.Axe()
		p.Shot("menu")
		p.Press(kb.Escape)
		if open() {
			t.Error("Escape leaves the menu open")
		}
		p.Pick("details.menu summary")
		p.Pick("h1")
		if open() {
			t.Error("a click elsewhere leaves the menu open")
		}
	})

	t.Run("a lost connection is told", func(t *testing.T) {
		base, _, _, stop := serve(t)
		p := logIn(t, browser, base)
		connected := `new Promise(done => { const look = () => document.querySelector("live-status")._htmx?.sse ? done(true) : setTimeout(look, 20); look(); })`
		browsertest.Eval[bool](p, connected)
		stop()
		p.See("Live updates paused, last")
	})

	t.Run("a boosted page is read from its top", func(t *testing.T) {
		p := logIn(t, browser, base)
		p.Click("This page again")
		p.See("Live")
		focused := `new Promise(done => { const look = () => document.activeElement.id === "main" ? done(true) : setTimeout(look, 20); look(); })`
		if !browsertest.Eval[bool](p, focused) {
			t.Error("the focus is lost")
		}
	})
}

// A live part used to fold in what somebody had opened, and to lose what they had typed, whenever something appeared
// above it: without ids, the part above was matched with the part that had been changed by hand.
func TestALivePartKeepsWhatIsOpenAndTyped(t *testing.T) { //nolint:paralleltest // a whole browser
	base, api, _, _ := serve(t)
	var news atomic.Int32
	api.Public(http.MethodGet, "/folds", func(w http.ResponseWriter, r *http.Request) error {
		f := gallery.Frame(false, page.ThemeOf(r))
		f.Path = "/folds"
		return page.Render(w, r, http.StatusOK, gallery.Folds(f, int(news.Load())))
	})
	p := browsertest.New(t).Open(t, base)
	p.Goto("/folds")
	p.Click("Line A: 0")
	p.Click("Line B: 0")
	p.Fill("Amount", "12.50")
	p.Click("Sure")
	p.Fill("Reason", "half a sent")
	for n := range int32(2) {
		news.Store(n + 1)
		browsertest.Eval[any](p, `htmx.trigger(document.body, "thing") && null`)
		p.See(fmt.Sprintf("News so far: %d", n+1))
	}
	p.Type("ence")
	type state struct {
		Open, Amount, Reason, Key string
		Sure                      bool
	}
	got := browsertest.Eval[state](p, `({
		Open: [...document.querySelectorAll("main details[open] summary")].map(s => s.textContent.trim()).join(", "),
		Amount: document.querySelector("[name=amount]").value, Reason: document.querySelector("[name=reason]").value,
		Key: document.querySelector("[name=key]").value, Sure: document.querySelector("[name=sure]").checked,
	})`)
	want := state{Open: "Line A: 2, Line B: 2", Amount: "12.50", Reason: "half a sentence", Key: "2", Sure: true}
	if got != want {
		t.Errorf("the page is %+v, want %+v", got, want)
	}
	p.Axe()
	p.Quiet()
}
