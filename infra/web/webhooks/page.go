package webhooks

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/infra/webhook"
)

// onPage is how many deliveries a page shows.
const onPage = 50

// listView lists the endpoints.
type listView struct {
	Lead      string
	Endpoints []webhook.Endpoint
	Now       time.Time
}

// formView is the form of an endpoint, new or to change.
type formView struct {
	ID     uuid.UUID // zero for a new one
	Key    string
	Typed  webhook.Asked
	All    []string // kinds to choose from
	Errors []page.FieldError
}

// endpointView is one endpoint with its log.
type endpointView struct {
	webhook.Endpoint
	Secret     string // shown this once
	Deliveries []webhook.Delivery
	Older      string // path of the next page; empty on the last
	First      bool
	Key        string
	Now        time.Time
}

// handler is a page for who still may.
type handler func(http.ResponseWriter, *http.Request, auth.Login) error

func (s *pages) page(method, pattern string, handle handler) {
	s.api.Page(method, Path+pattern, access.ManageWebhooks, func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		if err := s.Admit(r.Context(), login); err != nil {
			return err
		}
		return handle(w, r, login)
	})
}

func (s *pages) mountPages() {
	s.page(http.MethodGet, "", s.list)
	s.page(http.MethodPost, "", s.addForm)
	s.page(http.MethodGet, "/new", s.newPage)
	s.page(http.MethodGet, "/{id}", s.endpoint)
	s.page(http.MethodGet, "/{id}/edit", s.editPage)
	s.page(http.MethodPost, "/{id}/edit", s.editForm)
	s.page(http.MethodGet, "/{id}/remove", s.removePage)
	s.page(http.MethodPost, "/{id}/secret", s.rotateForm)
	for _, a := range acts() {
		s.page(http.MethodPost, "/{id}/"+a.name, s.actForm(a))
	}
	s.page(http.MethodPost, "/{id}/deliveries/{delivery}/send-again", s.againForm)
}

func (s *pages) list(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	all, err := s.Service.Endpoints(r.Context(), login.Actor.Client)
	if err != nil {
		return err
	}
	return s.show(w, r, login, http.StatusOK, "Webhooks", listPage(listView{Lead: s.Lead, Endpoints: all, Now: s.Now().UTC()}))
}

func (s *pages) newPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return s.showForm(w, r, login, http.StatusOK, formView{Key: newKey()})
}

func (s *pages) showForm(w http.ResponseWriter, r *http.Request, login auth.Login, status int, v formView) error {
	v.All = s.Service.Kinds()
	title := "Add a webhook"
	if v.ID != uuid.Nil {
		title = "Change the webhook"
	}
	return s.show(w, r, login, status, title, formPage(title, v))
}

// typed reads an endpoint out of a form.
func typed(form url.Values) webhook.Asked {
	return webhook.Asked{URL: strings.TrimSpace(form.Get("url")), Description: strings.TrimSpace(form.Get("description")), Kinds: form["kinds"]}
}

func (s *pages) addForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	key, err := formKey(form)
	if err != nil {
		return err
	}
	id, secret, err := s.add(r.Context(), login, key, typed(form))
	if wrong := faults(err); wrong != nil {
		return s.showForm(w, r, login, http.StatusUnprocessableEntity, formView{Key: key, Typed: typed(form), Errors: wrong})
	}
	if err != nil {
		return err
	}
	return s.showEndpoint(w, r, login, id, secret)
}

func (s *pages) endpoint(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	return s.showEndpoint(w, r, login, id, "")
}

// showEndpoint shows an endpoint, and a secret that was made just now.
func (s *pages) showEndpoint(w http.ResponseWriter, r *http.Request, login auth.Login, id uuid.UUID, secret string) error {
	token := r.URL.Query().Get("cursor")
	cursor, err := cursorOf(token)
	if err != nil {
		return err
	}
	v := endpointView{Secret: secret, First: token == "", Key: newKey(), Now: s.Now().UTC()}
	if v.Endpoint, err = s.Service.Endpoint(r.Context(), login.Actor.Client, id); err != nil {
		return err
	}
	var next *webhook.Cursor
	if v.Deliveries, next, err = s.Service.Deliveries(r.Context(), login.Actor.Client, id, cursor, onPage); err != nil {
		return err
	}
	if next != nil {
		v.Older = v.path("") + "?" + url.Values{"cursor": {cursorText(next)}}.Encode()
	}
	return s.show(w, r, login, http.StatusOK, v.called(), endpointPage(v))
}

func (s *pages) editPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	e, err := s.found(r, login)
	if err != nil {
		return err
	}
	asked := webhook.Asked{URL: e.URL, Description: e.Description, Kinds: e.Kinds}
	return s.showForm(w, r, login, http.StatusOK, formView{ID: e.ID, Key: newKey(), Typed: asked})
}

func (s *pages) editForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	e, err := s.found(r, login)
	if err != nil {
		return err
	}
	err = s.recorded(r.Context(), login, e.ID, s.Service.Change(r.Context(), login.Actor.Client, e.ID, typed(form)))
	if wrong := faults(err); wrong != nil {
		return s.showForm(w, r, login, http.StatusUnprocessableEntity, formView{ID: e.ID, Key: newKey(), Typed: typed(form), Errors: wrong})
	}
	if err != nil {
		return err
	}
	return leave(w, r, pathOf(e.ID), "changed")
}

func (s *pages) removePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	e, err := s.found(r, login)
	if err != nil {
		return err
	}
	return s.show(w, r, login, http.StatusOK, "Remove the webhook", removePage(endpointView{Endpoint: e, Key: newKey()}))
}

func (s *pages) rotateForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	key, err := formKey(form)
	if err != nil {
		return err
	}
	e, err := s.found(r, login)
	if err != nil {
		return err
	}
	secret, err := s.rotate(r.Context(), login, e.ID, key)
	if err != nil {
		return err
	}
	return s.showEndpoint(w, r, login, e.ID, secret)
}

func (s *pages) actForm(a act) handler {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		form, err := web.Form(w, r)
		if err != nil {
			return err
		}
		key, err := formKey(form)
		if err != nil {
			return err
		}
		id, err := web.ID(chi.URLParam(r, "id"))
		if err != nil {
			return err
		}
		if err := a.run(s, r.Context(), login, id, key); err != nil {
			return err
		}
		if a.name == "remove" {
			return leave(w, r, Path, a.done)
		}
		return leave(w, r, pathOf(id), a.done)
	}
}

func (s *pages) againForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	delivery, err := web.ID(chi.URLParam(r, "delivery"))
	if err != nil {
		return err
	}
	if err := s.Service.SendAgain(r.Context(), login.Actor.Client, id, delivery); err != nil {
		return err
	}
	return leave(w, r, pathOf(id), "again")
}

// found finds the endpoint that a path names.
func (s *pages) found(r *http.Request, login auth.Login) (webhook.Endpoint, error) {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return webhook.Endpoint{}, err
	}
	return s.Service.Endpoint(r.Context(), login.Actor.Client, id)
}

// leave leads on to a page that says what was done.
func leave(w http.ResponseWriter, r *http.Request, path, done string) error {
	http.Redirect(w, r, path+"?"+url.Values{"done": {done}}.Encode(), http.StatusSeeOther)
	return nil
}

func pathOf(id uuid.UUID) string { return Path + "/" + id.String() }

func (v endpointView) path(of string) string { return pathOf(v.ID) + of }

func (v endpointView) called() string { return called(v.Endpoint) }

// called is how a page names an endpoint.
func called(e webhook.Endpoint) string {
	if e.Description != "" {
		return e.Description
	}
	u, err := url.Parse(e.URL)
	if err != nil {
		return e.URL
	}
	return u.Host
}

// standing is an endpoint's state in words.
func standing(e webhook.Endpoint) (page.Tone, string) {
	switch {
	case e.State == webhook.Failed:
		return page.Danger, "Given up"
	case e.State == webhook.Paused:
		return page.Neutral, "Paused"
	case !e.FailingSince.IsZero():
		return page.Attention, "Failing"
	default:
		return page.Good, "Active"
	}
}

// became is a delivery's state in words.
func became(d webhook.Delivery) (page.Tone, string) {
	switch {
	case d.State == webhook.Sent:
		return page.Good, "Taken"
	case d.State == webhook.Dead:
		return page.Danger, "Given up"
	case d.State == webhook.Void:
		return page.Neutral, "Withdrawn, not sent"
	case d.Attempts > 0:
		return page.Attention, "Failed, waits"
	default:
		return page.Neutral, "Waits"
	}
}

// outcome is what the last attempt came to.
func outcome(d webhook.Delivery) string {
	switch {
	case d.Error != "":
		return d.Error
	case d.Code != 0:
		return strconv.Itoa(d.Code)
	default:
		return ""
	}
}

// told says what an endpoint is told, in a few words.
func told(e webhook.Endpoint) string {
	switch len(e.Kinds) {
	case 0:
		return "Everything"
	case 1:
		return e.Kinds[0]
	default:
		return strconv.Itoa(len(e.Kinds)) + " kinds"
	}
}

// kinds is the field that chooses what is told.
func (v formView) kinds() page.Field {
	field := page.Field{
		Name: "kinds", Label: "What is told", Required: true, Hint: "Choose none to have everything told, also what comes later.",
		Error: page.ErrorOf(v.Errors, "kinds"),
	}
	for _, kind := range v.All {
		field.Options = append(field.Options, page.Option{Value: kind, Label: kind, Selected: slices.Contains(v.Typed.Kinds, kind)})
	}
	return field
}

// action is where the form goes.
func (v formView) action() string {
	if v.ID == uuid.Nil {
		return Path
	}
	return pathOf(v.ID) + "/edit"
}

// back leads out of the form.
func (v formView) back() string {
	if v.ID == uuid.Nil {
		return Path
	}
	return pathOf(v.ID)
}

// newest is the path of the log's first page; empty on that page itself.
func newest(v endpointView) string {
	if v.First {
		return ""
	}
	return v.path("")
}
