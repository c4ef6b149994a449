package web

import (
	"context"
	"hash/maphash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
)

// The shared words of both sides' pages.
const (
	LoginPath  = "/login"
	StepUpPath = "/step-up"
)

// The bounds of what comes without a login.
const (
	postsPerMinute = 60      // of one address to one page, unless Options say another number
	maxAddresses   = 1 << 16 // that are told apart; more share their limits
)

// Route is one route and what it needs.
type Route struct {
	Method  string
	Pattern string
	// Permission is empty for what needs no login.
	Permission access.Permission
}

// Public reports whether the route needs no login.
func (r Route) Public() bool { return r.Permission == "" }

// Routes lists every route, in the order of registration.
func (a *API) Routes() []Route { return slices.Clone(a.routes) }

// declare notes a route. A permission that is not in the table is a programmer's error.
func (a *API) declare(route Route) {
	if _, known := access.Of(route.Permission); !known && !route.Public() {
		panic("no such permission: " + string(route.Permission))
	}
	a.routes = append(a.routes, route)
}

// Page adds a page, or the target of a form, that needs a login session with a permission; an unknown one
// panics. What the handler returns as an error becomes an error page, so it must not have written before.
// A browser without a login is sent to LoginPath, one whose proof is too old to StepUpPath, both with the
// local path to come back to as "next".
func (a *API) Page(method, pattern string, p access.Permission, handler func(http.ResponseWriter, *http.Request, auth.Login) error) {
	a.page(method, pattern, p, requestTimeout, handler)
}

// page adds a page, the work on which is bounded.
func (a *API) page(
	method, pattern string, p access.Permission, timeout time.Duration, handler func(http.ResponseWriter, *http.Request, auth.Login) error,
) {
	a.declare(Route{Method: method, Pattern: pattern, Permission: p})
	a.router.Method(method, pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "HX-Request, HX-Request-Type")
		login, err := a.session(r)
		known := requestOf(r.Context())
		if err == nil {
			err = named(r)
		}
		if err == nil {
			known.login = login
			if err = login.May(p, a.now()); err != nil {
				a.deny(r.Context(), known, p)
			} else {
				err = bounded(r, timeout, func(r *http.Request) error { return handler(w, r, login) })
				a.denied(r.Context(), known, p, err)
			}
		}
		if err != nil {
			a.fail(w, r, p, err)
		}
	}))
}

// Public adds a page, or the target of a form, that needs no login; what one address may send to it is
// limited, while reading is not. Errors become error pages, or problems for a script that asks for JSON.
func (a *API) Public(method, pattern string, handler func(http.ResponseWriter, *http.Request) error) {
	answer := a.public(method, pattern, handler)
	if method != http.MethodGet {
		answer = a.limit(answer)
	}
	a.router.Method(method, pattern, answer)
}

// PublicLimited is Public for what does more than read even when it is a GET: reading it is limited too.
func (a *API) PublicLimited(method, pattern string, handler func(http.ResponseWriter, *http.Request) error) {
	a.router.Method(method, pattern, a.limit(a.public(method, pattern, handler)))
}

func (a *API) public(method, pattern string, handler func(http.ResponseWriter, *http.Request) error) http.Handler {
	a.declare(Route{Method: method, Pattern: pattern})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := bounded(r, requestTimeout, func(r *http.Request) error { return handler(w, r) }); err != nil {
			a.fail(w, r, "", err)
		}
	})
}

// bounded gives the work on a request the time it may take.
func bounded(r *http.Request, timeout time.Duration, work func(*http.Request) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	return work(r.WithContext(ctx))
}

// newLimit makes the limit of what one address may send to one route, whatever tokens its path has. An
// IPv6 network counts as one address.
func (a *API) newLimit(perMinute int) func(http.Handler) http.Handler {
	if perMinute == 0 {
		perMinute = postsPerMinute
	}
	seed := maphash.MakeSeed()
	slot := func(r *http.Request) (string, error) {
		// Of a number that is bounded, so that many addresses cannot take all memory.
		return strconv.FormatUint(maphash.String(seed, chi.RouteContext(r.Context()).RoutePattern()+" "+httprate.CanonicalizeIP(Address(r)))%maxAddresses, 36), nil
	}
	return httprate.LimitBy(perMinute, time.Minute, slot,
		httprate.WithResponseHeaders(httprate.ResponseHeaders{}),
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, "", errTooMany) }))
}

// Failure is what an error page tells.
type Failure struct {
	Problem
	// RetryAfter says when to try again; zero when that would not help.
	RetryAfter time.Duration
	// Roles are those of this side that may do what was refused for lack of a role.
	Roles []domain.Role
}

// fail answers an error in the form that its reader reads: a program a problem, a browser a page, or the
// way to the page that helps. The permission is the one that was asked for, if any.
func (a *API) fail(w http.ResponseWriter, r *http.Request, p access.Permission, err error) {
	if a.options.ErrorPage == nil || !browser(r) {
		a.WriteError(w, r, err)
		return
	}
	problem := a.problem(r.Context(), err)
	switch problem.Code {
	case "unauthenticated":
		a.detour(w, r, LoginPath, problem.Status)
		return
	case "step_up_required":
		a.detour(w, r, StepUpPath, problem.Status)
		return
	}
	failure := Failure{Problem: problem.Problem}
	if after := problem.headers.Get("Retry-After"); after != "" {
		w.Header().Set("Retry-After", after)
		seconds, _ := strconv.Atoi(after) // Our own number.
		failure.RetryAfter = time.Duration(seconds) * time.Second
	}
	if problem.Status == http.StatusForbidden && p != "" {
		failure.Roles = access.Permitted(p, a.side)
	}
	a.options.ErrorPage(w, r, failure)
}

// browser reports whether a page is what answers the request.
func browser(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api/")
}

// Partial reports whether a request asks for a fragment of a page.
func Partial(r *http.Request) bool { return r.Header.Get("HX-Request-Type") == "partial" }

// unattended reports whether a page asks by itself, for a part of it that changed or for its stream. Such an
// element gets what it asks for in its own place, which nothing that a person uses does but the body, when the
// history is gone through.
func unattended(r *http.Request) bool {
	source := r.Header.Get("HX-Source")
	return r.Method == http.MethodGet && source != "" && source != "body" && source == r.Header.Get("HX-Target")
}

// detour sends a browser to a page that ends what stands in the way, and from there back to the page it is
// on. A script would follow a redirect and put what it finds into the page, so it is told to leave.
func (a *API) detour(w http.ResponseWriter, r *http.Request, to string, status int) {
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet || Partial(r) {
		next = cameFrom(r)
	}
	to += "?next=" + url.QueryEscape(Local(next))
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(status)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// cameFrom gives the path of our page that sent a request.
func cameFrom(r *http.Request) string {
	page, err := url.Parse(r.Referer())
	if err != nil || page.Host != r.Host {
		return "/"
	}
	return page.RequestURI()
}

// maxNext bounds a path to come back to, in bytes.
const maxNext = 2000

// Local gives a path of ours to go on to after a login, as it came in "next": anything that would lead
// elsewhere, or back to logging in, becomes "/".
func Local(next string) string {
	next = LocalPage(next)
	path, _, _ := strings.Cut(next, "?")
	if path == LoginPath || strings.HasPrefix(path, LoginPath+"/") || path == StepUpPath || path == "/logout" {
		return "/"
	}
	return next
}

// LocalPage gives a path of ours to go back to; anything that would lead elsewhere becomes "/".
func LocalPage(next string) string {
	to, err := url.Parse(next)
	switch {
	case err != nil || len(to.RequestURI()) > maxNext,
		to.IsAbs() || to.Host != "" || !strings.HasPrefix(to.Path, "/"),
		strings.HasPrefix(to.Path, "//"), // Unescaped, as browsers and libraries may read it.
		strings.ContainsFunc(next+to.Path, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }):
		return "/"
	}
	return to.RequestURI()
}
