package portal

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// asked is the state of a request for more hours that can be answered.
const asked = "asked"

type overageView struct {
	screen
	Request client.OverageRequest
	Decide  bool // the viewer may, and nobody has
	Key     string
	Typed   overageForm
	Errors  []page.FieldError
}

// overageForm is an answer as it was typed.
type overageForm struct {
	Answer string // "allow", "refuse" or nothing yet
	Reason string
}

func (v overageView) path() string { return overagePath + "/" + v.Request.ID.String() }

func (v overageView) title() string {
	return hoursText(v.Request.Minutes) + " more under " + v.Request.Reference
}

func (p *Portal) overagePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showOverage(w, r, login, http.StatusOK, overageView{}, overagePage)
}

func (p *Portal) overageAnswerPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showOverage(w, r, login, http.StatusOK, overageView{}, overageAnswerPage)
}

// showOverage shows one request by a template, with what else the view holds already. What is answered is shown as it
// is, whatever page was asked for.
func (p *Portal) showOverage(w http.ResponseWriter, r *http.Request, login auth.Login, status int, view overageView, show func(overageView) templ.Component) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	view.screen, err = p.screen(r, login, "", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		view.Request, err = client.ReadOverageRequest(ctx, tx, v, id)
		return err
	})
	if err != nil {
		return err
	}
	view.Key, view.Frame.Title = newKey(), view.title()
	view.Decide = view.Request.State == asked && p.decides(login)
	if !view.Decide {
		show = overagePage
	}
	view.Frame.Wrong = len(view.Errors) > 0
	return page.Render(w, r, status, show(view))
}

// overageAnswerForm answers. An answer that is none comes back with what was typed.
func (p *Portal) overageAnswerForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	request, err := p.formRequest(r, login, form)
	if err != nil {
		return err
	}
	typed := overageForm{Answer: form.Get("answer"), Reason: form.Get("reason")}
	if typed.Answer != "allow" && typed.Answer != "refuse" {
		wrong := []page.FieldError{{Field: "answer", Text: "Choose whether work may go on."}}
		return p.showOverage(w, r, login, http.StatusUnprocessableEntity, overageView{Typed: typed, Errors: wrong}, overageAnswerPage)
	}
	answer, err := p.answerOverage(r.Context(), request, After{}, chi.URLParam(r, "id"), answerBody{Allow: typed.Answer == "allow", Reason: typed.Reason})
	if wrong := decisionErrors(err); len(wrong) > 0 {
		return p.showOverage(w, r, login, http.StatusConflict, overageView{Typed: typed, Errors: wrong}, overageAnswerPage)
	}
	if err != nil {
		return err
	}
	return p.toPage(w, r, overagePath+"/"+answer.ID.String(), p.sealPosition(request, answer.Position), "answered")
}

// answers is the field of the answer.
func (v overageView) answers() page.Field {
	return page.Field{Name: "answer", Label: "Your answer", Required: true, Error: page.ErrorOf(v.Errors, "answer"), Options: []page.Option{
		{Value: "allow", Label: "Work may go on", Hint: "Up to " + hoursText(v.Request.Minutes) + " beyond what was bought.", Selected: v.Typed.Answer == "allow"},
		{Value: "refuse", Label: "Not beyond what was bought", Selected: v.Typed.Answer == "refuse"},
	}}
}

// overageState is a request's state in words.
func overageState(state string) (page.Tone, string) {
	switch state {
	case "allowed":
		return page.Good, "Allowed"
	case "refused":
		return page.Neutral, "Refused"
	default:
		return page.Attention, "Waiting for an answer"
	}
}
