package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// publishView is the form of a version: of the first one, or of the next, which starts from the newest.
type publishView struct {
	Title, Action   string
	BackLabel, Back string
	First           bool
	Form            typed
	Clients         []page.Option // whose prices they may be
	Said            []fact        // by the newest version
	Preview         []fact        // what was typed, once it is to be checked
	Changes         []VersionChange
	Checked         bool
}

// newestVersion is what the form of the next version starts from.
type newestVersion struct {
	name   string
	number int
	values url.Values
	facts  []fact
}

// edition is how a kind of thing is published by a form. C is the command without what names the thing.
type edition[C any] struct {
	path, noun, plural string // "/rate-cards", "rate card", "Rate cards"
	needed             access.Permission
	blank              func() url.Values // what the form of a first version holds
	read               func(typed) (C, error)
	facts              func(C) []fact
	newest             func(context.Context, pgx.Tx, uuid.UUID) (newestVersion, error)
	publish            func(ctx context.Context, r commands.Request, id uuid.UUID, base int, content C) (commands.Answer, error)
	supersede          func(ctx context.Context, r commands.Request, id uuid.UUID, reason string) (commands.Answer, error)
	fields             func(publishView) templ.Component
}

// addEdition adds the pages that publish.
func addEdition[C any](c *Console, e edition[C]) {
	for _, pattern := range []string{e.path + "/new", e.path + "/{id}/publish"} {
		showing(c, pattern, e.needed, e.view, e.page)
		c.posting(pattern, e.needed, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
			return e.post(c, w, r, login, form)
		}, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
			v, frame, err := look(c, r, login, e.needed, e.view)
			if err != nil {
				return err
			}
			v.Form = form
			return page.Render(w, r, status, e.page(frame, v))
		})
	}
	c.posting(e.path+"/{id}/supersede", e.needed, func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		id, err := web.ID(chi.URLParam(r, "id"))
		if err != nil {
			return "", err
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		answer, err := e.supersede(r.Context(), request, id, form.Get("reason"))
		return then(e.path+"/"+id.String(), "superseded", answer), err
	}, nil)
}

func (e edition[C]) page(f page.Frame, v publishView) templ.Component {
	return publishPage(f, v, e.fields(v))
}

// view is the form as it is opened.
func (e edition[C]) view(ctx context.Context, tx pgx.Tx, _ reader, r *http.Request) (v publishView, err error) {
	v.Form, v.Action = blank(), r.URL.Path
	param := chi.URLParam(r, "id")
	if v.First = param == ""; v.First {
		v.Title, v.BackLabel, v.Back = "Publish a "+e.noun, e.plural, e.path
		if e.noun == "SLA policy" {
			v.Title = "Publish an SLA policy"
		}
		v.Form.Values = e.blank()
		v.Clients, err = clientOptions(ctx, tx)
		return v, err
	}
	id, err := web.ID(param)
	if err != nil {
		return v, err
	}
	newest, err := e.newest(ctx, tx, id)
	if err != nil {
		return v, err
	}
	v.Title, v.BackLabel, v.Back = "Publish version "+strconv.Itoa(newest.number+1), newest.name, e.path+"/"+param
	v.Form.Values, v.Said = newest.values, newest.facts
	v.Form.Values.Set("base", strconv.Itoa(newest.number))
	return v, nil
}

// post checks what was typed, and publishes it unless it was only to be checked.
func (e edition[C]) post(c *Console, w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	content, err := e.read(form)
	if err != nil {
		return "", err
	}
	if form.Get("act") == "check" {
		v, frame, err := look(c, r, login, e.needed, e.view)
		if err != nil {
			return "", err
		}
		v.Form, v.Checked, v.Preview = form, true, e.facts(content)
		if !v.First {
			v.Changes = changed(v.Said, v.Preview)
		}
		return "", page.Render(w, r, http.StatusOK, e.page(frame, v))
	}
	var id uuid.UUID
	var base int
	if param := chi.URLParam(r, "id"); param != "" {
		if id, err = web.ID(param); err != nil {
			return "", err
		}
		if base, err = strconv.Atoi(form.Get("base")); err != nil {
			return "", wrongField("base", "is missing; open the form anew")
		}
	}
	delete(form.Values, "act")
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	answer, err := e.publish(r.Context(), request, id, base, content)
	return then(e.path+"/"+answer.ID.String(), "published", answer), err
}

// clientOptions are the clients that something may be for, at most MaxLimit.
func clientOptions(ctx context.Context, tx pgx.Tx) ([]page.Option, error) {
	clients, _, err := rows.Clients(ctx, tx, uuid.Nil, rows.MaxLimit)
	options := []page.Option{{Label: "Nobody in particular"}}
	for _, client := range clients {
		options = append(options, page.Option{Value: client.ID.String(), Label: client.Name})
	}
	return options, err
}

// chosen gives options with the one that has the value selected.
func chosen(options []page.Option, value string) []page.Option {
	selected := make([]page.Option, len(options))
	for i, option := range options {
		option.Selected = option.Value == value
		selected[i] = option
	}
	return selected
}

// publishedBy says who published a version.
func publishedBy(people map[string]string, line rows.VersionLine) string {
	if line.PublishedBy == nil {
		return "–"
	}
	return nameOf(people, line.PublishedBy.String())
}

// versionOf reads which version a page is to show; 0 for the newest.
func versionOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("version")
	if text == "" {
		return 0, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > 1000 {
		return 0, domain.Refuse(domain.ErrNotFound, "no_such_version", "no version %q", text)
	}
	return number, nil
}

// publishedAt is the input of the read that a page of one thing shows.
func publishedAt(r *http.Request) (*publishedInput, error) {
	number, err := versionOf(r)
	return &publishedInput{ID: chi.URLParam(r, "id"), Version: number}, err
}
