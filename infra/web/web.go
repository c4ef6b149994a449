// Package web is the HTTP plumbing that portal and console share: one router with its walls, where every
// route declares the permission it needs, one adapter from errors to problems and error pages, live
// streams, and a server that stops gracefully.
//
// It imports domain, domain/access and infra/auth and knows neither side. What a side says in a problem
// differs: the public side answers with sentences of its own, the staff side with the text of the refusal.
//
// Surprises: a login comes from the cookie or, for the API alone, from an API key, never from both. What a
// page may not show answers like what does not exist, so an error page knows nobody's login.
package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
)

// MaxBody bounds the body of a request, in bytes: the longest text allowed, 20,000 characters, with each of
// them written as two escapes of six bytes.
const MaxBody = 256 << 10

// requestTimeout bounds the work on one request that is not a stream.
const requestTimeout = 15 * time.Second

// Options of an API. Title, Side and Verifier must be given; an API with pages needs Cookie, Base and
// ErrorPage too.
type Options struct {
	Title   string
	Version string
	// Side is whom the API serves: domain.ClientSide makes it the public one. Whoever belongs to another
	// side finds nothing there.
	Side     domain.Side
	Verifier auth.Verifier
	// Cookie is the name of the cookie that holds the token of a login session. Where Base is https it gets
	// the prefix __Host-.
	Cookie string
	// Base is the public URL of the pages; nil for plain http wherever it is served.
	Base *url.URL
	// ErrorPage answers a browser; problems answer it when nil.
	ErrorPage func(http.ResponseWriter, *http.Request, Failure)
	// Denied is told, apart from the request, that a person who is known was refused. What it gets of the
	// request is the path's pattern, where it came from, and its headers.
	Denied func(context.Context, auth.Login, access.Permission, *http.Request)
	// TrustedProxies are those whose X-Forwarded-For counts.
	TrustedProxies []netip.Prefix
	// PostsPerMinute bounds what one address may send to one page that needs no login, or read of one that
	// does more than show; 60 when zero.
	PostsPerMinute int
	// Now is the clock that proofs of identity age by; time.Now when nil.
	Now func() time.Time
	// Logger gets one record per request and each internal error once; slog.Default() when nil.
	Logger *slog.Logger
}

// API is a router of documented operations and of pages. Make it with New, add to it by Register, Events,
// Page and Public, then serve it.
type API struct {
	options Options
	router  *chi.Mux
	huma    huma.API
	side    domain.Side
	logger  *slog.Logger
	now     func() time.Time
	secure  bool
	limit   func(http.Handler) http.Handler
	routes  []Route
	denials denials
	streams streams
}

// New makes an API without operations: everything is a 404 but /openapi.json, the description of what is
// registered by the time of its first request.
func New(o Options) *API {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the edge reads the clock
	}
	a := &API{options: o, router: chi.NewMux(), side: o.Side, logger: o.Logger, now: o.Now}
	a.secure = o.Base != nil && o.Base.Scheme == "https"
	a.limit = a.newLimit(o.PostsPerMinute)
	a.streams.stop = make(chan struct{})
	a.denials.slots = make(chan struct{}, maxDenials)
	a.router.Use(a.identify, a.catch, a.guard)
	a.router.NotFound(func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, "", errNothing) })
	a.router.MethodNotAllowed(a.methodNotAllowed)
	a.huma = humachi.New(a.router, a.describe())
	a.huma.UseMiddleware(a.authenticate)
	description := sync.OnceValues(a.OpenAPI)
	a.Public(http.MethodGet, "/openapi.json", func(w http.ResponseWriter, _ *http.Request) error {
		text, err := description()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(text) // The reader has gone: there is nobody to tell.
		return nil
	})
	return a
}

// describe configures the library of operations: no routes and no error forms of its own.
func (a *API) describe() huma.Config {
	config := huma.DefaultConfig(a.options.Title, a.options.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Transformers = []huma.Transformer{a.transform}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key of a person; it may do what its scopes say."},
	}
	config.Security = []map[string][]string{{"key": {}}}
	if a.options.Cookie != "" {
		config.Components.SecuritySchemes["session"] = &huma.SecurityScheme{
			Type: "apiKey", In: "cookie", Name: a.cookie(), Description: "The cookie of a login session.",
		}
		config.Security = append(config.Security, map[string][]string{"session": {}})
	}
	return config
}

// Handler serves the API.
func (a *API) Handler() http.Handler { return a.router }

// OpenAPI is the OpenAPI 3.1 description of the operations, indented JSON that is equal for equal
// operations.
func (a *API) OpenAPI() ([]byte, error) {
	schemas := a.huma.OpenAPI().Components.Schemas.Map()
	// The library registers its own error model with every operation; ours stands in each answer instead.
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	return json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
}

// Register adds an operation that needs a permission; an unknown one panics. The handler gets the
// authenticated actor, who belongs to the API's side and has the permission on something: on what exactly
// is for the handler to ask (LoginOf gives the rest of the login). Errors it returns become problems. An
// input's fields that no handler names are refused.
func Register[I, O any](a *API, p access.Permission, op huma.Operation, handler func(context.Context, domain.Actor, *I) (*O, error)) {
	operate(a, p, op, requestTimeout, handler)
}

// operate registers an operation, the work on which is bounded.
func operate[I, O any](
	a *API, p access.Permission, op huma.Operation, timeout time.Duration, handler func(context.Context, domain.Actor, *I) (*O, error),
) {
	a.declare(Route{Method: op.Method, Pattern: op.Path, Permission: p})
	op.MaxBodyBytes = MaxBody + 1 // The body has been read and bounded before; see readBody.
	op.RejectUnknownQueryParameters = true
	op.Extensions = map[string]any{"x-permission": string(p)}
	op.Middlewares = append(op.Middlewares, a.admission(p))
	a.documentProblems(&op)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		known := requestOf(ctx)
		out, err := handler(ctx, known.login.Actor, in)
		if err != nil {
			a.denied(ctx, known, p, err)
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

// request is what the plumbing knows of a request, shared by its layers.
type request struct {
	id      string
	address string
	login   auth.Login
	http    *http.Request
	to      http.ResponseWriter
}

type requestKey struct{}

// requestOf gives the request's own record. The actor in it leaves this package as an argument.
func requestOf(ctx context.Context) *request {
	known, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return &request{}
	}
	return known
}

// identify gives the request its id, answers it in a header, and logs the request when it is done.
func (a *API) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now() //nolint:forbidigo // the edge reads the clock
		known := &request{id: rand.Text(), address: address(r, a.options.TrustedProxies)}
		ctx := context.WithValue(r.Context(), requestKey{}, known)
		if unattended(r) {
			ctx = auth.Unattended(ctx)
		}
		r = r.WithContext(ctx)
		known.http = r
		w.Header().Set("X-Request-Id", known.id)
		recorded := &recorder{ResponseWriter: w}
		known.to = recorded
		defer func() { a.logRequest(ctx, r.Method, recorded.answered(), time.Since(started)) }()
		next.ServeHTTP(recorded, r)
	})
}

// logRequest logs who asked for what and how it ended: ids and the route's pattern, never a payload.
func (a *API) logRequest(ctx context.Context, method string, status int, duration time.Duration) {
	known := requestOf(ctx)
	attributes := []slog.Attr{
		slog.String("request_id", known.id),
		slog.String("method", method),
		slog.String("route", chi.RouteContext(ctx).RoutePattern()),
		slog.Int("status", status),
		slog.Duration("duration", duration),
	}
	if !known.login.Actor.Person.IsZero() {
		attributes = append(attributes, slog.String("actor_id", known.login.Actor.Person.String()))
	}
	a.logger.LogAttrs(ctx, slog.LevelInfo, "request", attributes...)
}

// recorder remembers the status that was answered.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers and passes on the status; a second one is dropped as net/http would.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write answers 200 unless a status was answered.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) answered() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// guard sets the security headers, refuses what other origins forge, and bounds the query.
func (a *API) guard(next http.Handler) http.Handler {
	crossing := http.NewCrossOriginProtection()
	if base := a.options.Base; base != nil { // A proxy may have changed the Host.
		if err := crossing.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
			panic(err)
		}
	}
	crossing.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, "", domain.Refuse(domain.ErrForbidden, "cross_origin", "a page of another origin sent this"))
	}))
	next = crossing.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), "+
			"publickey-credentials-create=(self), publickey-credentials-get=(self)")
		h.Set("Cache-Control", "no-store")
		if a.secure || r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		if query, err := url.QueryUnescape(r.URL.RawQuery); err != nil || !textual(query) {
			a.fail(w, r, "", domain.Refuse(domain.ErrInvalid, "invalid_query", "the query must be UTF-8 text without control characters"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *API) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if a.router.Match(chi.NewRouteContext(), method, r.URL.Path) {
			w.Header().Add("Allow", method)
		}
	}
	a.fail(w, r, "", errMethod)
}

// catch turns a panic into an internal error.
func (a *API) catch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if cause := recover(); cause != nil {
				a.caught(w, r, cause)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// caught answers a panic. When the answer has begun, the connection is cut instead, so that nobody takes
// half an answer for a whole one.
func (a *API) caught(w http.ResponseWriter, r *http.Request, cause any) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	recorded, ok := w.(*recorder)
	switch begun := ok && recorded.status != 0; {
	case begun && r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // The reader has gone; nothing of ours is wrong.
	case begun:
		a.logInternal(r.Context(), panicked(cause))
		panic(http.ErrAbortHandler)
	}
	a.fail(w, r, "", panicked(cause))
}
