package console

import (
	"context"
	"net/http"

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

// staffView is a page of the list of staff.
type staffView struct {
	People   []Person
	Nameless bool
	Older    string // path of the next page; empty on the last
	Manage   bool   // the viewer may invite and change them
}

// personView is one person of either side.
type personView struct {
	Person
	Staff  bool
	Of     string // name of the organisation, for a user of a client
	Path   string // of the page
	List   string // path of the page one level up
	Parked *rows.Parked
	Manage bool // the viewer may change the person
	Reset  bool // the viewer may give a link to set another password
	Erase  bool // the viewer may remove the personal data
	Self   bool // it is the viewer
	Form   typed
}

// inviteView is the form of a new person.
type inviteView struct {
	Of      string // name of the client; empty for staff
	Path    string // of the form
	List    string // path of the page one level up
	Roles   []domain.Role
	Domains []string // that may be invited; none for any
	Form    typed
}

// linkView is a link that is shown once, to hand over.
type linkView struct {
	Title, Lead string
	Link        string
	opened
	Back string
}

// pages is where the pages of a subject are. People of a client are below their client's page.
func (s subject) pages() string {
	if s.side == domain.StaffSide {
		return "/staff"
	}
	return "/clients/{id}/people"
}

// one is the pattern of a person's page.
func (s subject) one() string { return s.pages() + "/{person}" }

func (c *Console) addPersonPages() {
	showing(c, "/staff", staff.read, c.viewStaff, staffPage)
	for _, of := range []subject{users, staff} {
		showing(c, of.pages()+"/invite", of.manage, c.viewInvite(of), invitePage)
		c.posting(of.pages()+"/invite", of.manage, c.postInvite(of), c.inviteRefused(of))
		showing(c, of.one(), of.read, c.viewPerson(of), personPage)
		showing(c, of.one()+"/deactivate", of.manage, c.viewPerson(of), deactivatePage)
		showing(c, of.one()+"/erase", access.ErasePeople, c.viewPerson(of), erasePage)
		c.posting(of.one()+"/invite", of.manage, c.postLink(of, of.manage, c.inviteAgain, "invited"), nil)
		c.posting(of.one()+"/reset-link", of.reset, c.postLink(of, of.reset, c.offerReset, "reset"), nil)
		c.posting(of.one()+"/withdraw-invitation", of.manage, c.postPerson(of, of.manage, "withdrawn", ignoring(c.withdrawInvitation)), c.personRefused(of))
		c.posting(of.one()+"/role", of.manage, c.postPerson(of, of.manage, "role", c.postRole), c.personRefused(of))
		c.posting(of.one()+"/deactivate", of.manage, c.postPerson(of, of.manage, "deactivated", ignoring(c.deactivate)), c.personRefused(of))
		c.posting(of.one()+"/erase", access.ErasePeople, c.postPerson(of, access.ErasePeople, "erased", ignoring(c.erase)), c.personRefused(of))
	}
	c.posting(users.one()+"/grants", users.manage, c.postPerson(users, users.manage, "grants", c.postGrants), c.personRefused(users))
}

func (c *Console) viewStaff(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v staffView, err error) {
	list, err := c.listPeople(ctx, tx, uuid.Nil, Page{Limit: clientsOnPage, Cursor: request.URL.Query().Get("cursor")})
	v = staffView{People: list.Items, Nameless: list.Nameless, Manage: r.may(access.ManageStaff)}
	if list.Next != "" {
		v.Older = query("/staff", "cursor", list.Next)
	}
	return v, err
}

// place finds what the path of a page names: the organisation, none for staff.
func place(ctx context.Context, tx pgx.Tx, of subject, request *http.Request) (client rows.Client, list string, err error) {
	if of.side == domain.StaffSide {
		return client, "/staff", nil
	}
	id, err := web.ID(chi.URLParam(request, "id"))
	if err != nil {
		return client, "", err
	}
	client, err = rows.ClientByID(ctx, tx, id)
	return client, clientPath(id), err
}

// found finds the person that the path of a page names. A user of another client than the path's is not
// there; a client that is not the reader's, where the permission asks for that, is refused.
func found(ctx context.Context, tx pgx.Tx, r reader, of subject, request *http.Request) (row rows.Person, client rows.Client, list string, err error) {
	client, list, err = place(ctx, tx, of, request)
	if err == nil && of.side == domain.ClientSide {
		err = r.sees(client)
	}
	if err != nil {
		return row, client, list, err
	}
	row, err = personRow(ctx, tx, of, chi.URLParam(request, "person"))
	if err == nil && organisation(row).UUID != client.ID {
		err = domain.Refuse(domain.ErrNotFound, "no_such_person", "no such person here")
	}
	return row, client, list, err
}

func (c *Console) viewPerson(of subject) func(context.Context, pgx.Tx, reader, *http.Request) (personView, error) {
	return func(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v personView, err error) {
		row, client, list, err := found(ctx, tx, r, of, request)
		if err != nil {
			return v, err
		}
		if v.Parked, err = parked(ctx, tx, "person-"+row.ID.String()); err != nil {
			return v, err
		}
		shown, _ := c.showPeople(ctx, client.ID, []rows.Person{row})
		v.Person, v.Of, v.List, v.Staff = shown[0], client.Name, list, of.side == domain.StaffSide
		v.Path = personPath(row)
		v.Self = row.ID == r.Actor.Person.UUID
		v.Manage, v.Erase = r.may(of.manage) && !v.Self, r.may(access.ErasePeople) && !v.Self
		v.Reset = r.reaches(of.reset, client) && !v.Self
		v.Form = blank()
		return v, nil
	}
}

// personPath is the page of a person.
func personPath(row rows.Person) string {
	if row.Client == nil {
		return "/staff/" + row.ID.String()
	}
	return clientPath(*row.Client) + "/people/" + row.ID.String()
}

func (c *Console) viewInvite(of subject) func(context.Context, pgx.Tx, reader, *http.Request) (inviteView, error) {
	return func(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v inviteView, err error) {
		client, list, err := place(ctx, tx, of, request)
		if err != nil {
			return v, err
		}
		rules, err := c.rules(ctx, domain.ClientID{UUID: client.ID})
		if err != nil {
			return v, err
		}
		v = inviteView{Of: client.Name, List: list, Domains: rules.Domains, Form: blank(), Path: "/staff/invite"}
		if client.ID != uuid.Nil {
			v.Path = list + "/people/invite"
		}
		for _, role := range access.Roles() {
			if role.Side() == of.side {
				v.Roles = append(v.Roles, role)
			}
		}
		return v, nil
	}
}

// inviteRefused shows the form of a new person as it was sent.
func (c *Console) inviteRefused(of subject) func(http.ResponseWriter, *http.Request, auth.Login, typed, int) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, of.manage, c.viewInvite(of))
		if err != nil {
			return err
		}
		v.Form = form
		return page.Render(w, r, status, invitePage(frame, v))
	}
}

func (c *Console) postInvite(of subject) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		asked := invitation{name: form.Get("name"), email: form.Get("email"), role: domain.Role(form.Get("role"))}
		if asked.role.Side() != of.side {
			return "", wrongField("role", "must be chosen")
		}
		v, _, err := look(c, r, login, of.manage, c.viewInvite(of))
		if err != nil {
			return "", err
		}
		if of.side == domain.ClientSide {
			client, err := web.ID(chi.URLParam(r, "id"))
			if err != nil {
				return "", err
			}
			asked.client = domain.ClientID{UUID: client}
		}
		request, err := c.command(r, login, form)
		if err != nil {
			return "", err
		}
		o, err := c.invite(r.Context(), request, asked)
		if err != nil {
			return "", err
		}
		return c.opened(w, r, login, o, v.List, "invited")
	}
}

// postLink gives a person a way in.
func (c *Console) postLink(
	of subject, needed access.Permission, run func(context.Context, commands.Request, rows.Person) (opened, error), notice string,
) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		request, row, err := c.onPage(r, login, of, needed, form)
		if err != nil {
			return "", err
		}
		o, err := run(r.Context(), request, row)
		if err != nil {
			return "", err
		}
		return c.opened(w, r, login, o, personPath(row), notice)
	}
}

// opened leads on after a way in was given: a link that nobody mails is shown, this once.
func (c *Console) opened(w http.ResponseWriter, r *http.Request, login auth.Login, o opened, back, notice string) (string, error) {
	if o.link.Mailed {
		return then(back, notice, o.answer), nil
	}
	v := linkView{Title: "Hand over the invitation", Link: c.address(o), opened: o, Back: then(back, "", o.answer)}
	if o.reset {
		v.Title = "Hand over the link"
	}
	return "", page.Render(w, r, http.StatusOK, linkPage(c.frame(r, login), v))
}

// onPage makes the request of a form on a person's page, and finds the person.
func (c *Console) onPage(r *http.Request, login auth.Login, of subject, needed access.Permission, form typed) (commands.Request, rows.Person, error) {
	var row rows.Person
	request, err := c.command(r, login, form)
	if err != nil {
		return request, row, err
	}
	ctx := r.Context()
	_, err = c.read(ctx, login, needed, domain.Position{}, func(tx pgx.Tx, by reader) (err error) {
		row, _, _, err = found(ctx, tx, by, of, r)
		return err
	})
	return request, row, err
}

// postPerson runs a use case on a person, and leads back to the page.
func (c *Console) postPerson(
	of subject, needed access.Permission, notice string, run func(context.Context, commands.Request, rows.Person, typed) (commands.Answer, error),
) func(http.ResponseWriter, *http.Request, auth.Login, typed) (string, error) {
	return func(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
		request, row, err := c.onPage(r, login, of, needed, form)
		if err != nil {
			return "", err
		}
		answer, err := run(r.Context(), request, row, form)
		return then(personPath(row), notice, answer), err
	}
}

// personRefused shows a person with what was wrong about a form on the page.
func (c *Console) personRefused(of subject) func(http.ResponseWriter, *http.Request, auth.Login, typed, int) error {
	return func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		v, frame, err := look(c, r, login, of.read, c.viewPerson(of))
		if err != nil {
			return err
		}
		v.Form, frame.Wrong = form, true
		return page.Render(w, r, status, personPage(frame, v))
	}
}

// ignoring makes a use case that needs nothing but a person one that is given a form.
func ignoring(run func(context.Context, commands.Request, rows.Person) (commands.Answer, error)) func(context.Context, commands.Request, rows.Person, typed) (commands.Answer, error) {
	return func(ctx context.Context, r commands.Request, row rows.Person, _ typed) (commands.Answer, error) {
		return run(ctx, r, row)
	}
}

func (c *Console) postRole(ctx context.Context, r commands.Request, row rows.Person, form typed) (commands.Answer, error) {
	return c.changeRole(ctx, r, row, domain.Role(form.Get("role")))
}

// postGrants gives the rights that are ticked and takes the others back, each by a command of its own with a
// key that derives from the form's.
func (c *Console) postGrants(ctx context.Context, r commands.Request, row rows.Person, form typed) (last commands.Answer, err error) {
	ticked := map[string]bool{}
	for _, grant := range form.Values["grants"] {
		ticked[grant] = true
	}
	held := map[string]bool{}
	for _, grant := range grantsOf(row) {
		held[string(grant)] = true
	}
	last.ID = row.ID
	for _, grant := range access.Grants() {
		if ticked[string(grant)] == held[string(grant)] {
			continue
		}
		step := r
		step.Key += " " + string(grant)
		if last, err = c.setGrant(ctx, step, row, grant, ticked[string(grant)]); err != nil {
			return last, err
		}
	}
	return last, nil
}
