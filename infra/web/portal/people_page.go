package portal

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	"effigate/readmodels/client"
)

// pageLimit is how many rows a page of a list shows.
const pageLimit = 50

type peopleView struct {
	screen
	Seats  client.Seats
	People []Person
	Older  string // path of the next page; empty on the last
	First  bool
}

func (p *Portal) peoplePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	token := r.URL.Query().Get("cursor")
	cursor, err := p.openCursor(login.Actor, token)
	if err != nil {
		return err
	}
	view := peopleView{First: token == ""}
	view.screen, err = p.screen(r, login, "People", func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
		seats, err := client.ReadSeats(ctx, tx, v)
		if err != nil {
			return err
		}
		people, next, err := p.peopleOf(ctx, tx, v, cursor, pageLimit)
		slices.SortStableFunc(people, byName)
		view.Seats, view.People = seats, people
		view.Older = older(peoplePath, url.Values{}, p.sealCursor(login.Actor, next))
		return err
	})
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, peoplePage(view))
}

// byName orders the people of a page: whose access has ended come last.
func byName(a, b Person) int {
	return cmp.Or(
		cmp.Compare(ended(a), ended(b)),
		strings.Compare(strings.ToLower(a.called()), strings.ToLower(b.called())))
}

func ended(p Person) int {
	if p.State == visible.PersonEnded {
		return 1
	}
	return 0
}

// older is the path of the next page of a list; empty when there is none.
func older(path string, query url.Values, cursor string) string {
	if cursor == "" {
		return ""
	}
	query.Set("cursor", cursor)
	return path + "?" + query.Encode()
}

type inviteView struct {
	screen
	Seats  client.Seats
	Key    string
	Typed  invitation
	Errors []page.FieldError
	// Made is the invitation to hand over, when there is no mail.
	Made invitedBody
}

func (p *Portal) invitePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showInvite(w, r, login, http.StatusOK, inviteView{Key: newKey()})
}

// inviteForm invites. What cannot be accepted comes back with what was typed; without mail the answer is the
// link itself, which is shown here once and is in no address.
func (p *Portal) inviteForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	asked, err := p.formRequest(r, login, form)
	if err != nil {
		return err
	}
	typed := invitation{Name: strings.TrimSpace(form.Get("name")), Email: strings.TrimSpace(form.Get("email"))}
	made, err := p.invite(r.Context(), asked, After{}, typed)
	if wrong := formErrors(err); len(wrong) > 0 {
		// A refusal is the answer to its key for ever, so the next try needs another.
		return p.showInvite(w, r, login, http.StatusUnprocessableEntity, inviteView{Key: newKey(), Typed: typed, Errors: wrong})
	}
	if err != nil {
		return err
	}
	if made.link.Mailed {
		return p.toPage(w, r, peoplePath+"/"+made.answer.ID.String(), made.sealed, "invited")
	}
	return p.showInvite(w, r, login, http.StatusOK, inviteView{Typed: typed, Made: p.bodyOf(r.Context(), made)})
}

func (p *Portal) showInvite(w http.ResponseWriter, r *http.Request, login auth.Login, status int, view inviteView) (err error) {
	view.screen, err = p.screen(r, login, "Invite somebody", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		view.Seats, err = client.ReadSeats(ctx, tx, v)
		return err
	})
	if err != nil {
		return err
	}
	view.Frame.Wrong = len(view.Errors) > 0
	return page.Render(w, r, status, invitePage(view))
}

type personView struct {
	screen
	Person Person
	Key    string
	Manage bool // may change this person
	Errors []page.FieldError
	Made   invitedBody
}

func (p *Portal) personPage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	return p.showPerson(w, r, login, http.StatusOK, personView{}, personPage)
}

func (p *Portal) deactivatePage(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	if _, err := p.employee(r.Context(), Request{Actor: login.Actor}, After{}, chi.URLParam(r, "id")); err != nil {
		return err
	}
	return p.showPerson(w, r, login, http.StatusOK, personView{}, deactivatePage)
}

// showPerson shows one person by a template, with what else the view holds already.
func (p *Portal) showPerson(w http.ResponseWriter, r *http.Request, login auth.Login, status int, view personView, show func(personView) templ.Component) error {
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	view.screen, err = p.screen(r, login, "", func(ctx context.Context, tx pgx.Tx, v client.Viewer) (err error) {
		view.Person, err = p.readPerson(ctx, tx, v, id)
		return err
	})
	if err != nil {
		return err
	}
	view.Key, view.Frame.Title = newKey(), view.Person.called()
	view.Manage = view.Person.Employee() && view.Person.State != visible.PersonEnded && login.May(access.ManagePeople, p.loginClock()) == nil
	if len(view.Errors) > 0 {
		view.Frame.Notice = page.Notice{Tone: page.Danger, Title: "Not done", Text: view.Errors[0].Text}
	}
	return page.Render(w, r, status, show(view))
}

// toPerson leads from the address of a form to the page that has it.
func (p *Portal) toPerson(w http.ResponseWriter, r *http.Request, _ auth.Login) error {
	http.Redirect(w, r, peoplePath+"/"+url.PathEscape(chi.URLParam(r, "id")), http.StatusSeeOther)
	return nil
}

// personForm makes the target of a form on one person, which leads on with the word that done has for the answer. What
// the rules refuse is shown with the person as things stand now.
func (p *Portal) personForm(done func(Answer) string, run func(context.Context, Request, url.Values, string) (Answer, error)) func(http.ResponseWriter, *http.Request, auth.Login) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login) error {
		form, err := web.Form(w, r)
		if err != nil {
			return err
		}
		asked, err := p.formRequest(r, login, form)
		if err != nil {
			return err
		}
		answer, err := run(r.Context(), asked, form, chi.URLParam(r, "id"))
		if wrong := formErrors(err); len(wrong) > 0 {
			return p.showPerson(w, r, login, http.StatusConflict, personView{Errors: wrong}, personPage)
		}
		if err != nil {
			return err
		}
		return p.toPage(w, r, peoplePath+"/"+answer.ID.String(), p.sealPosition(asked, answer.Position), done(answer))
	}
}

// saying is the same word whatever the answer: what was asked for is so now.
func saying(word string) func(Answer) string { return func(Answer) string { return word } }

// rightsSaved tells whether the form changed anything: nothing was written where rights stayed as they were.
func rightsSaved(a Answer) string {
	if a.Position == (domain.Position{}) {
		return "unchanged"
	}
	return "granted"
}

// formless makes a form of a write that asks for nothing more.
func formless(run func(context.Context, Request, After, string) (Answer, error)) func(context.Context, Request, url.Values, string) (Answer, error) {
	return func(ctx context.Context, asked Request, _ url.Values, id string) (Answer, error) {
		return run(ctx, asked, After{}, id)
	}
}

// changeGrants gives what was checked and withdraws what was unchecked since the form was shown. What
// somebody else changed meanwhile, this form did not touch and does not. The position is zero when nothing changed.
func (p *Portal) changeGrants(ctx context.Context, asked Request, form url.Values, id string) (Answer, error) {
	person, err := p.employee(ctx, asked, After{}, id)
	if err != nil {
		return Answer{}, err
	}
	last := Answer{ID: person.ID}
	for _, grant := range access.Grants() {
		wanted, shown := slices.Contains(form["grant"], string(grant)), slices.Contains(form["shown"], string(grant))
		if wanted == shown {
			continue
		}
		run := p.commands.WithdrawGrant
		if wanted {
			run = p.commands.GiveGrant
		}
		step := asked
		step.Key += " " + string(grant)
		answer, err := p.changeGrant(ctx, step, After{}, id, string(grant), run)
		if err != nil {
			return Answer{}, err
		}
		if last.Position.Compare(answer.Position) < 0 {
			last = answer
		}
	}
	return last, nil
}

// inviteAgainForm makes a new invitation, and shows its link when there is no mail.
func (p *Portal) inviteAgainForm(w http.ResponseWriter, r *http.Request, login auth.Login) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	asked, err := p.formRequest(r, login, form)
	if err != nil {
		return err
	}
	made, err := p.inviteAgain(r.Context(), asked, After{}, chi.URLParam(r, "id"))
	if wrong := formErrors(err); len(wrong) > 0 {
		return p.showPerson(w, r, login, http.StatusConflict, personView{Errors: wrong}, personPage)
	}
	if err != nil {
		return err
	}
	if made.link.Mailed {
		return p.toPage(w, r, peoplePath+"/"+made.answer.ID.String(), made.sealed, "invited")
	}
	return p.showPerson(w, r, login, http.StatusOK, personView{Made: p.bodyOf(r.Context(), made)}, personPage)
}

// called is how a page names a person.
func (p Person) called() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Email != "":
		return p.Email
	default:
		return "Somebody without a name"
	}
}

// state is a person's standing in words.
func (p Person) state(now time.Time) (page.Tone, string) {
	switch {
	case p.State == visible.PersonActive:
		return page.Good, "Active"
	case p.State == visible.PersonEnded:
		return page.Neutral, "Access ended"
	case p.InvitedUntil != nil && p.InvitedUntil.After(now):
		return page.Attention, "Invited"
	default:
		return page.Danger, "No valid invitation"
	}
}

func (p Person) role() string { return domain.Role(p.Role).Title() }

// grantTexts are the grants in words.
var grantTexts = map[access.Grant][2]string{
	access.SignMilestones: {"Sign off milestones", "Approve a milestone or ask for changes."},
	access.ReadBilling:    {"See invoices", "And the time that is billed on them."},
	access.ReadScope:      {"See contracts", "The summary of what was agreed."},
	access.RaiseCritical:  {"Raise critical tickets", "Others go up to high."},
}

// grants is the field of the grants form.
func (v personView) grants() page.Field {
	field := page.Field{Name: "grant", Label: "May also", Required: true, Hint: "Beyond raising tickets and following their own."}
	for _, grant := range access.Grants() {
		text := grantTexts[grant]
		field.Options = append(field.Options, page.Option{
			Value: string(grant), Label: text[0], Hint: text[1], Selected: slices.Contains(v.Person.Grants, string(grant)),
		})
	}
	return field
}

// seatsText says how many seats are left.
func seatsText(s client.Seats) string {
	return strconv.Itoa(s.Taken) + " of " + plural(s.Limit, "place") + " taken."
}

// plural counts things whose plural ends in s.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// triggers are the events of a page that something of the kinds changed, joined when many come at once.
func triggers(kinds string) string {
	var all []string
	for kind := range strings.SplitSeq(kinds+", resync", ", ") {
		all = append(all, kind+" from:body delay:200ms")
	}
	return strings.Join(all, ", ")
}

// grantLabels are the person's grants in words.
func (v personView) grantLabels() []string {
	labels := make([]string, len(v.Person.Grants))
	for i, grant := range v.Person.Grants {
		labels[i] = grantTexts[access.Grant(grant)][0]
	}
	return labels
}

// newest is the path of a list's first page; empty on that page itself.
func newest(first bool, path string) string {
	if first {
		return ""
	}
	return path
}
