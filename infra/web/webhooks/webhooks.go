// Package webhooks is how people manage where programs listen, on either side: as pages that work without scripts, and
// as JSON for programs. Whose endpoints they are comes from the login.
//
// It imports infra/web, infra/web/page, infra/webhook, infra/auth, domain and domain/access.
//
// Surprises: everything here asks for a fresh proof of identity, reading included, because what a receiver answered is
// shown; so no API key can do any of it. A secret is shown by the answer that made it and by no other page.
package webhooks

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/webhook"
)

// Path is where the pages are.
const Path = "/webhooks"

// Options of the pages; all must be given.
type Options struct {
	Service *webhook.Service
	// API is where the side's API begins, such as "/api/client/v1".
	API string
	// Frame gives what surrounds a page.
	Frame func(*http.Request, auth.Login) page.Frame
	// Admit asks the facts whether the login still stands; nil, or why not.
	Admit func(context.Context, auth.Login) error
	// Record adds to the log of access that a webhook was changed, by its id.
	Record func(context.Context, auth.Login, string)
	// Lead says what is told, in a sentence.
	Lead string
	// Now is real time, Facts the clock that facts are stamped by.
	Now, Facts func() time.Time
}

type pages struct {
	Options
	api *web.API
}

// Mount adds the pages, and the operations under o.API.
func Mount(api *web.API, o Options) {
	s := &pages{Options: o, api: api}
	s.mountPages()
	s.mountAPI()
}

// since is from when on an endpoint made now is told.
func (s *pages) since() time.Time { return s.Facts().UTC().Truncate(time.Microsecond) }

// named is the id that follows from who asks for what under which key: a repeat has the same.
func named(actor domain.Actor, what, key string) uuid.UUID {
	return domain.Derive(actor.Person.UUID, "webhooks", actor.Client.String(), what, key)
}

// add makes an endpoint and records it.
func (s *pages) add(ctx context.Context, login auth.Login, key string, asked webhook.Asked) (uuid.UUID, string, error) {
	id := named(login.Actor, "add", key)
	secret, err := s.Service.Add(ctx, id, login.Actor.Client, login.Actor.Person, s.since(), asked)
	return id, secret, s.recorded(ctx, login, id, err)
}

func (s *pages) rotate(ctx context.Context, login auth.Login, id uuid.UUID, key string) (string, error) {
	secret, err := s.Service.Rotate(ctx, login.Actor.Client, id, named(login.Actor, "rotate", id.String()+" "+key))
	return secret, s.recorded(ctx, login, id, err)
}

// recorded adds to the log of access what went well.
func (s *pages) recorded(ctx context.Context, login auth.Login, id uuid.UUID, err error) error {
	if err == nil {
		s.Record(ctx, login, id.String())
	}
	return err
}

// act is one thing to do with an endpoint that asks for nothing more.
type act struct {
	name, summary, done string
	run                 func(s *pages, ctx context.Context, login auth.Login, id uuid.UUID, key string) error
}

// acts are the buttons of an endpoint's page.
func acts() []act {
	return []act{
		{"pause", "Tell an endpoint nothing for now", "paused", func(s *pages, ctx context.Context, login auth.Login, id uuid.UUID, _ string) error {
			return s.recorded(ctx, login, id, s.Service.Pause(ctx, login.Actor.Client, id))
		}},
		{"resume", "Take an endpoint up again that was paused or has failed", "resumed", func(s *pages, ctx context.Context, login auth.Login, id uuid.UUID, _ string) error {
			return s.recorded(ctx, login, id, s.Service.Resume(ctx, login.Actor.Client, id, s.since()))
		}},
		{"remove", "Remove an endpoint with its log", "removed", func(s *pages, ctx context.Context, login auth.Login, id uuid.UUID, _ string) error {
			return s.recorded(ctx, login, id, s.Service.Remove(ctx, login.Actor.Client, id))
		}},
		{"test", "Send a test", "tested", func(s *pages, ctx context.Context, login auth.Login, id uuid.UUID, key string) error {
			return s.Service.TestIt(ctx, login.Actor.Client, id, named(login.Actor, "test", id.String()+" "+key))
		}},
	}
}

// cursorOf reads a place in the log of deliveries; nil for the beginning. What is none is refused.
func cursorOf(text string) (*webhook.Cursor, error) {
	if text == "" {
		return nil, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	at, id, ok := strings.Cut(string(plain), " ")
	cursor := &webhook.Cursor{}
	if err == nil && ok {
		cursor.At, err = time.Parse(time.RFC3339Nano, at)
	}
	if err == nil && ok {
		cursor.ID, err = uuid.Parse(id)
	}
	if err != nil || !ok {
		return nil, domain.Refuse(domain.ErrInvalid, "invalid_cursor", "this is no cursor of ours")
	}
	return cursor, nil
}

// cursorText is the other half of cursorOf; empty for nil.
func cursorText(c *webhook.Cursor) string {
	if c == nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(c.At.UTC().Format(time.RFC3339Nano) + " " + c.ID.String()))
}

// maxFormKey bounds the key of a form, in bytes.
const maxFormKey = 100

// formKey names the write that a form asks for: sent twice it acts once.
func formKey(form url.Values) (string, error) {
	key := form.Get("key")
	if key == "" || len(key) > maxFormKey {
		return "", domain.Refuse(domain.ErrInvalid, "idempotency_key_required", "the form has no key")
	}
	return key, nil
}

func newKey() string { return rand.Text() }

// show writes a page.
func (s *pages) show(w http.ResponseWriter, r *http.Request, login auth.Login, status int, title string, body templ.Component) error {
	frame := s.Frame(r, login)
	frame.Title, frame.Live, frame.Wrong = title, false, status != http.StatusOK
	if done, known := notices[r.URL.Query().Get("done")]; known {
		frame.Notice = page.Notice{Tone: page.Good, Title: done}
	}
	return page.Render(w, r, status, framed(frame, body))
}

// notices are what a page says about the form that led to it.
var notices = map[string]string{
	"changed": "The webhook is changed.",
	"paused":  "The webhook is paused. What happens meanwhile it will not be told.",
	"resumed": "The webhook is told from now on what happens.",
	"removed": "The webhook is removed.",
	"tested":  "A test is on its way. Reload in a moment to see what became of it.",
	"again":   "It is sent again. Reload in a moment to see what became of it.",
}

// faults are what is wrong with a form by a refusal; nothing for any other error.
func faults(err error) []page.FieldError {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || !errors.Is(err, domain.ErrInvalid) && !errors.Is(err, domain.ErrConflict) {
		return nil
	}
	var wrong []page.FieldError
	for _, field := range slices.Sorted(maps.Keys(refusal.Fields)) {
		wrong = append(wrong, page.FieldError{Field: field, Text: labels[field] + " " + refusal.Fields[field] + "."})
	}
	if wrong == nil && refusal.Code == "many_webhooks" {
		wrong = []page.FieldError{{Text: "You have as many webhooks as there can be. Remove one first."}}
	}
	return wrong
}

// labels begin the sentence about a field.
var labels = map[string]string{"url": "The address", "description": "The description", "kinds": "What is told"}
