package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
)

// The bounds of telling Options.Denied.
const (
	maxDenials    = 16 // at once; beyond them a denial is in the program's log alone
	denialTimeout = 5 * time.Second
)

// LoginOf gives the login behind a request that Register or Page has admitted; zero for any other.
func LoginOf(ctx context.Context) auth.Login { return requestOf(ctx).login }

// cookie is the full name of the cookie. The prefix keeps other hosts of the domain from setting it.
func (a *API) cookie() string {
	if a.secure {
		return "__Host-" + a.options.Cookie
	}
	return a.options.Cookie
}

// Begin hands the browser the token of a login session. The cookie lives until the browser ends or the
// session does.
func (a *API) Begin(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookie(), Value: token, Path: "/", Secure: a.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// End takes the token back.
func (a *API) End(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookie(), MaxAge: -1, Path: "/", Secure: a.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Token gives the token that the browser has, which may prove nothing; empty when it has none.
func (a *API) Token(r *http.Request) string {
	cookie, err := r.Cookie(a.cookie())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// Forget makes the end of a session or key, a new proof, or a change of rights count at once: it drops what
// the verifier remembers of the person, and their open streams verify their logins now.
func (a *API) Forget(person domain.PersonID) {
	if gate, ok := a.options.Verifier.(interface{ Forget(domain.PersonID) }); ok {
		gate.Forget(person)
	}
	a.streams.wake(person)
}

// session verifies the login of the cookie.
func (a *API) session(r *http.Request) (auth.Login, error) {
	token := a.Token(r)
	if token == "" {
		return auth.Login{}, auth.ErrUnauthenticated
	}
	return a.ofSide(a.options.Verifier.Session(r.Context(), token))
}

// named refuses a path that is no text: nothing has such a name, and no database takes it for one. It is asked of what
// needs a login; a link's token is never looked up as it is.
func named(r *http.Request) error {
	if !textual(r.URL.Path) {
		return errNothing
	}
	return nil
}

// login verifies the API key of a request, or the cookie of one that has no Authorization.
func (a *API) login(r *http.Request) (auth.Login, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return a.session(r)
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return auth.Login{}, auth.ErrUnauthenticated
	}
	return a.ofSide(a.options.Verifier.Key(r.Context(), token))
}

// ofSide passes on a login of this side's own people. To everybody else who is known, nothing exists.
func (a *API) ofSide(login auth.Login, err error) (auth.Login, error) {
	if err == nil && login.Actor.Side != a.side {
		return auth.Login{}, errNothing
	}
	return login, err
}

// authenticate lets nobody in but the side's own people.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	r, w := humachi.Unwrap(ctx)
	login, err := a.login(r)
	if err == nil {
		requestOf(r.Context()).login = login
		err = named(r)
		if err == nil && ctx.Operation().Metadata[uploadMetadata] == nil { // A file is read as it comes.
			var body []byte
			if body, err = readBody(w, r); err == nil {
				err = Textual(body)
			}
		}
	}
	if err != nil {
		a.WriteError(w, r, err)
		return
	}
	next(ctx)
}

// admission lets in whoever has the permission on anything.
func (a *API) admission(p access.Permission) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(ctx)
		known := requestOf(r.Context())
		if err := known.login.May(p, a.now()); err != nil {
			a.deny(r.Context(), known, p)
			a.WriteError(w, r, err)
			return
		}
		next(ctx)
	}
}

// denials tells the log of access who was refused, a bounded number at a time.
type denials struct {
	slots chan struct{}
	open  sync.WaitGroup
}

// denied notes a handler's refusal, if that is what the error is.
func (a *API) denied(ctx context.Context, known *request, p access.Permission, err error) {
	if errors.Is(err, domain.ErrForbidden) || errors.Is(err, auth.ErrStepUp) {
		a.deny(ctx, known, p)
	}
}

// deny notes that a person who is known was refused. It does not wait: neither the person nor the time of
// the answer is to tell that somebody takes note.
func (a *API) deny(ctx context.Context, known *request, p access.Permission) {
	if a.options.Denied == nil {
		return
	}
	select {
	case a.denials.slots <- struct{}{}:
	default:
		a.logger.LogAttrs(ctx, slog.LevelWarn, "denial not recorded", slog.String("request_id", known.id),
			slog.String("actor_id", known.login.Actor.Person.String()), slog.String("permission", string(p)))
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), denialTimeout)
	login, asked := known.login, known.http.Clone(ctx)
	asked.Body = http.NoBody
	a.denials.open.Go(func() {
		defer func() { cancel(); <-a.denials.slots }()
		a.options.Denied(ctx, login, p, asked)
	})
}
