package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// outOfScope is the choice in place of a category.
const outOfScope = "out_of_scope"

type raiseView struct {
	screen
	Categories []client.Category
	Follows    *client.TicketName // the ticket that it takes up again; nil for none
	Similar    []client.Suggestion
	Looked     bool // for similar ones
	Key        string
	Typed      raiseTyped
	Errors     []page.FieldError
}

// raiseTyped is a ticket as it was typed.
type raiseTyped struct {
	Category    string // an id, or outOfScope
	Title       string
	Description string
	Impact      string
	Urgency     string
	Follows     string // an id; empty for none
}

func typedTicket(form url.Values) raiseTyped {
	return raiseTyped{
		Category: form.Get("category"), Title: strings.TrimSpace(form.Get("title")), Description: form.Get("description"),
		Impact: form.Get("impact"), Urgency: form.Get("urgency"), Follows: form.Get("follows"),
	}
}

// maxTitle bounds the title of a ticket, in characters.
const maxTitle = 200

func (p *Portal) raisePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	follows := r.URL.Query().Get("follows")
	return p.showRaise(w, r, login, http.StatusOK, raiseView{Typed: raiseTyped{Follows: follows}})
}

// similarPage gives what is like a title that is being typed, to the script that asks; to anybody else the form with it.
func (p *Portal) similarPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	title, err := queryText(r.URL.Query(), "title", maxTitle)
	if err != nil {
		return err
	}
	return p.showRaise(w, r, login, http.StatusOK, raiseView{Typed: raiseTyped{Title: title}, Looked: true})
}

// raiseForm raises a ticket, or looks for similar ones first. What cannot be raised comes back as it was typed.
func (p *Portal) raiseForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	typed := typedTicket(form)
	if form.Get("step") == "look" {
		return p.showRaise(w, r, login, http.StatusOK, raiseView{Typed: typed, Looked: true})
	}
	asked, err := p.formRequest(r, login, form)
	if err != nil {
		return err
	}
	body, err := typed.body()
	var answer Answer
	if err == nil {
		answer, err = p.raise(r.Context(), asked, After{}, body)
	}
	if wrong := formErrors(err); len(wrong) > 0 {
		return p.showRaise(w, r, login, http.StatusUnprocessableEntity, raiseView{Typed: typed, Errors: wrong})
	}
	if err != nil {
		return err
	}
	return p.toPage(w, r, ticketPath(answer.ID), p.sealPosition(asked, answer.Position), "raised")
}

// body is what was typed as the API takes it.
func (t raiseTyped) body() (raiseBody, error) {
	body := raiseBody{
		Title: t.Title, Description: t.Description, Impact: t.Impact, Urgency: t.Urgency, OutOfScope: t.Category == outOfScope,
	}
	var check domain.Check
	if !body.OutOfScope {
		id, err := uuid.Parse(t.Category)
		check.That(err == nil, "category", "must be chosen")
		body.Category = id
	}
	check.That(t.Title != "", "title", "must say what it is about")
	check.That(t.Impact != "", "impact", "must be chosen")
	check.That(t.Urgency != "", "urgency", "must be chosen")
	if t.Follows != "" {
		id, err := uuid.Parse(t.Follows)
		check.That(err == nil, "follows", "must be a ticket")
		body.Follows = id
	}
	return body, check.Err()
}

func (p *Portal) showRaise(w http.ResponseWriter, r *http.Request, login auth.Login, status int, view raiseView) (err error) {
	view.screen, err = p.screen(r, login, "Raise a ticket", view.read)
	if err != nil {
		return err
	}
	view.Key, view.Frame.Wrong = newKey(), len(view.Errors) > 0
	if view.Looked && web.Partial(r) {
		return page.Render(w, r, status, similarList(view))
	}
	return page.Render(w, r, status, raisePage(view))
}

func (v *raiseView) read(ctx context.Context, tx pgx.Tx, viewer client.Viewer) (err error) {
	if v.Categories, err = client.ListCategories(ctx, tx, viewer); err != nil {
		return err
	}
	if v.Looked && v.Typed.Title != "" {
		if v.Similar, err = client.SuggestTickets(ctx, tx, viewer, v.Typed.Title); err != nil {
			return err
		}
	}
	id, invalid := uuid.Parse(v.Typed.Follows)
	if invalid != nil {
		v.Typed.Follows = ""
		return nil //nolint:nilerr // what names no ticket is left out
	}
	ticket, err := client.ReadTicket(ctx, tx, viewer, id)
	if errors.Is(err, domain.ErrNotFound) {
		v.Typed.Follows = ""
		return nil
	}
	v.Follows = &client.TicketName{ID: ticket.ID, Display: ticket.Display}
	if v.Typed.Category == "" && ticket.CategoryID != nil {
		v.Typed.Category = ticket.CategoryID.String()
	}
	return err
}

// draft names what is being written, and by whom.
func (v *raiseView) draft() string { return "new ticket " + v.Me.ID.String() + " " + v.Typed.Follows }

// categories is the field of what it is about.
func (v *raiseView) categories() page.Field {
	field := page.Field{Name: "category", Label: "What is it about?", Required: true, Error: page.ErrorOf(v.Errors, "category")}
	names := map[string]int{}
	for _, category := range v.Categories {
		names[category.Name]++
	}
	for _, category := range v.Categories {
		option := page.Option{Value: category.ID.String(), Label: category.Name, Group: "From your contract " + category.Contract}
		if names[category.Name] > 1 && category.Default {
			option.Hint = "This one, unless you mean another contract."
		}
		field.Options = append(field.Options, option)
	}
	field.Options = append(field.Options, page.Option{
		Value: outOfScope, Label: "Something else", Group: "Beyond your contracts",
		Hint: "We estimate the work, and begin when it is allowed by one of your Client Admins.",
	})
	for i := range field.Options {
		field.Options[i].Selected = field.Options[i].Value == v.Typed.Category
	}
	return field
}

// impact is the field of how much is affected.
func (v *raiseView) impact() page.Field {
	return v.degree("impact", "How much of your work is affected?", v.Typed.Impact, [3][2]string{
		{"Everything, or everybody", "Nobody can log in; orders cannot be taken."},
		{"A part of it, or some people", "One team cannot print; a report is missing."},
		{"Little", "A word is misspelled; something takes a step more than it should."},
	})
}

// urgency is the field of how soon it must be solved.
func (v *raiseView) urgency() page.Field {
	return v.degree("urgency", "How soon must it be solved?", v.Typed.Urgency, [3][2]string{
		{"Now", "Work stands still, and there is no way around it."},
		{"Soon", "There is a way around it, for a few days."},
		{"When there is time", "It can wait for the next change."},
	})
}

// degree is a choice of high, medium and low, each with what it means and an example.
func (v *raiseView) degree(name, label, chosen string, texts [3][2]string) page.Field {
	field := page.Field{Name: name, Label: label, Required: true, Error: page.ErrorOf(v.Errors, name)}
	for i, value := range []string{"high", "medium", "low"} {
		field.Options = append(field.Options, page.Option{Value: value, Label: texts[i][0], Hint: "For example: " + texts[i][1], Selected: chosen == value})
	}
	return field
}
