// Package signin is how people log in, on either side, and what they do about their own account: password,
// second factors, passkeys, single sign-on, invitations, resets, login sessions and API keys, as pages that
// work without scripts and as JSON for programs.
//
// It imports infra/web, infra/web/page, infra/accounts, infra/auth, domain and domain/access. What records
// the fact of an invitation taken up, it is given.
//
// Surprises: no answer tells whether an address is known. A session that still owes a second factor is no
// login; it reaches the pages that end that state and nothing else. Opening a link that carries a token
// changes nothing, because mail scanners follow links.
package signin

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
)

// Standing is what the facts say of a person who has an account.
type Standing string

// The standings.
const (
	Unknown Standing = ""        // no fact names the person
	Invited Standing = "invited" // invited and not active yet
	Active  Standing = "active"  // may log in
	Ended   Standing = "ended"   // may not, for ever
)

// Options of the pages; all but Join must be given.
type Options struct {
	Accounts *accounts.Service
	Side     domain.Side
	// API is where the side's API begins, such as "/api/client/v1".
	API string
	// Base is the public URL of the pages, as web.Options have it.
	Base *url.URL
	// Frame gives what surrounds a page; the login is zero on the pages that need none.
	Frame func(*http.Request, auth.Login) page.Frame
	// Organisation names a client organisation to those who belong to it, and the firm for the zero client.
	Organisation func(context.Context, domain.ClientID) (string, error)
	// Standing tells how a person stands.
	Standing func(context.Context, domain.ClientID, domain.PersonID) (Standing, error)
	// Activate records that the session's person took up an invitation, and returns when Standing says so.
	Activate func(context.Context, accounts.Begun) error
	// Join records that the session's person, whom single sign-on proved, is a user from now on, and returns
	// when Standing says so. Without it nobody joins. A refusal of the kind domain.ErrConflict says that
	// there is no seat. It may come again for who has joined.
	Join func(context.Context, accounts.Begun) error
	Now  func() time.Time
}

// pages are the pages of one side.
type pages struct {
	Options
	api *web.API
}

// Mount adds the pages, and under o.API the operations on the own account.
func Mount(api *web.API, o Options) {
	s := &pages{Options: o, api: api}
	s.mountLogin()
	s.mountLinks()
	s.mountAccount()
	s.mountAPI()
}

// form handles what a browser sent in a form.
type form func(http.ResponseWriter, *http.Request, url.Values) error

// public adds a page that needs no login, and what its form does.
func (s *pages) public(pattern string, get func(http.ResponseWriter, *http.Request) error, post form) {
	if get != nil {
		s.api.Public(http.MethodGet, pattern, get)
	}
	s.api.Public(http.MethodPost, pattern, func(w http.ResponseWriter, r *http.Request) error {
		values, err := web.Form(w, r)
		if err != nil {
			return err
		}
		return post(w, r, values)
	})
}

// ownForm handles what somebody who is logged in sent in a form.
type ownForm func(http.ResponseWriter, *http.Request, auth.Login, url.Values) error

// post adds what a form does that needs a login.
func (s *pages) post(pattern string, p access.Permission, handle ownForm) {
	s.api.Page(http.MethodPost, pattern, p, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		values, err := web.Form(w, r)
		if err != nil {
			return err
		}
		return handle(w, r, login, values)
	})
}

// view is a page to show.
type view struct {
	status int // 200 when zero
	login  auth.Login
	card   bool // instead of the frame of the site
	title  string
	wrong  bool
	body   templ.Component
}

// show writes a page.
func (s *pages) show(w http.ResponseWriter, r *http.Request, v view) error {
	frame := s.Frame(r, v.login)
	frame.Title, frame.Wrong = v.title, v.wrong
	if done, known := notices[r.URL.Query().Get("done")]; known {
		frame.Notice = page.Notice{Tone: page.Good, Text: done}
	}
	if v.status == 0 {
		v.status = http.StatusOK
	}
	return page.Render(w, r, v.status, framed(frame, v.card, v.body))
}

// from gives where a request came from.
func from(ctx context.Context) accounts.Where {
	address, userAgent := web.Origin(ctx)
	return accounts.Where{Address: address, UserAgent: userAgent}
}

// record adds to the log of access.
func (s *pages) record(ctx context.Context, kind string, person domain.PersonID, client domain.ClientID, subject string) {
	s.note(ctx, accounts.Entry{Kind: kind, Outcome: "ok", Person: person, Client: client, Subject: subject})
}

// refuse adds a refused attempt to log in by some means, of somebody who is not proved.
func (s *pages) refuse(ctx context.Context, means string) {
	s.note(ctx, accounts.Entry{Kind: accounts.KindLogin, Outcome: "refused", Subject: means})
}

func (s *pages) note(ctx context.Context, e accounts.Entry) {
	e.Where = from(ctx)
	s.Accounts.Record(ctx, e)
}

// changed ends the trust in what was known of a login, and records what was done.
func (s *pages) changed(ctx context.Context, login auth.Login, kind, subject string) {
	s.api.Forget(login.Actor.Person)
	s.record(ctx, kind, login.Actor.Person, login.Actor.Client, subject)
}

// wrong gives what is wrong with a form by a refusal of the kind domain.ErrInvalid or domain.ErrConflict;
// nothing for any other error. What no field is to blame for goes to the given one, or to the whole form.
func wrong(err error, field string) []page.FieldError {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || !errors.Is(err, domain.ErrInvalid) && !errors.Is(err, domain.ErrConflict) {
		return nil
	}
	var faults []page.FieldError
	for _, name := range slices.Sorted(maps.Keys(refusal.Fields)) {
		label, known := labels[name]
		if !known {
			label = strings.ReplaceAll(name, "_", " ")
		}
		faults = append(faults, page.FieldError{Field: name, Text: label + " " + refusal.Fields[name] + "."})
	}
	if faults != nil {
		return faults
	}
	sentence, known := sentences[refusal.Code]
	if !known {
		sentence = "This cannot be done as things stand now."
	}
	return []page.FieldError{{Field: field, Text: sentence}}
}

// labels begin the sentence about a field.
var labels = map[string]string{"name": "The name", "email": "The address", "password": "The password"}

// sentences say what the codes of refusals mean to whoever filled a form in.
var sentences = map[string]string{
	"email_taken":    "This address is in use already. Give another one.",
	"too_many_mails": "Too many letters were asked for within an hour. Wait until they have arrived.",
	"no_mail":        "Addresses cannot be changed here, because this service sends no e-mail. Ask whoever manages your organisation's users.",
	"passwords_off":  "Your organisation logs in by its own login and uses no passwords here.",
	"many_keys":      "You have as many keys as there can be. Revoke one first.",
	"last_factor":    "Your organisation asks for a second step, and this is your last one. Set up another one first.",
	"no_totp":        "Recovery codes stand in for an authenticator app. Set one up first.",
}
