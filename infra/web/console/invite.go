package console

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type inviteUserBody struct {
	Client uuid.UUID `json:"client" format:"uuid"`
	Name   string    `json:"name" minLength:"1" maxLength:"200"`
	Email  string    `json:"email" minLength:"3" maxLength:"320" format:"email"`
	Role   string    `json:"role" enum:"client_admin,client_employee"`
}

func (b inviteUserBody) invitation() invitation {
	return invitation{client: domain.ClientID{UUID: b.Client}, name: b.Name, email: b.Email, role: domain.Role(b.Role)}
}

type inviteStaffBody struct {
	Name  string `json:"name" minLength:"1" maxLength:"200"`
	Email string `json:"email" minLength:"3" maxLength:"320" format:"email"`
	Role  string `json:"role" enum:"owner,account_manager,delivery,engineer,support,finance,auditor,ops"`
}

func (b inviteStaffBody) invitation() invitation {
	return invitation{name: b.Name, email: b.Email, role: domain.Role(b.Role)}
}

type inviteInput[B any] struct {
	web.Write
	Body B
}

// linked is the output of a write that gives a person a way in.
type linked struct {
	Position string `header:"Effigate-Position" doc:"Where in the log the effect is complete; absent when no fact was recorded."`
	Body     linkBody
}

type linkBody struct {
	ID      uuid.UUID `json:"id" format:"uuid" doc:"The person."`
	Mailed  bool      `json:"mailed" doc:"The link goes to the person by e-mail."`
	Link    string    `json:"link,omitempty" doc:"The link, to hand over; there when there is no mail, but never for an API key. It is shown this once."`
	Hint    string    `json:"hint,omitempty" doc:"How to get the link; there when it goes to nobody."`
	Expires time.Time `json:"expires"`
}

// noLink is what a key is told instead of a link: whoever holds a link can become the person, and a key may lie
// about in a script.
const noLink = "an API key is given no link; invite the person again on its page of the console, which shows one"

func (c *Console) registerInvitations() {
	inviting[inviteUserBody](c, users, "Invite a user of a client")
	inviting[inviteStaffBody](c, staff, "Invite a staff person")
	for _, of := range []subject{users, staff} {
		c.opening(of, of.manage, "invite-"+of.noun+"-again", "invite", "Invite somebody anew who has not come yet; earlier invitations end", c.inviteAgain)
		c.opening(of, of.reset, "offer-reset-to-"+of.noun, "reset-link", "Give somebody a way to set another password", c.offerReset)
	}
}

// inviting registers the invitation of a new person of a subject.
func inviting[B interface{ invitation() invitation }](c *Console, of subject, summary string) {
	operation := post("invite-"+of.noun, of.path, summary, http.StatusCreated)
	web.Register(c.API, of.manage, operation, func(ctx context.Context, actor domain.Actor, in *inviteInput[B]) (*linked, error) {
		request, err := c.private(actor, in.Write, operation.Path, in.Body)
		if err != nil {
			return nil, err
		}
		o, err := c.invite(ctx, request, in.Body.invitation())
		return c.linked(ctx, o, err)
	})
}

// opening registers what gives an existing person a way in.
func (c *Console) opening(
	of subject, needed access.Permission, id, path, summary string, run func(context.Context, commands.Request, rows.Person) (opened, error),
) {
	operation := post(id, of.path+"/{id}/"+path, summary, http.StatusOK)
	web.Register(c.API, needed, operation, func(ctx context.Context, actor domain.Actor, in *edit[*nothing]) (*linked, error) {
		_, request, err := c.edit(actor, in.Edit, operation.Path, in.Body)
		if err != nil {
			return nil, err
		}
		row, err := c.person(ctx, of, needed, in.ID)
		if err != nil {
			return nil, err
		}
		o, err := run(ctx, request, row)
		return c.linked(ctx, o, err)
	})
}

// invitation is what is asked for a new person; the zero client is the firm itself.
type invitation struct {
	client domain.ClientID
	name   string
	email  string
	role   domain.Role
}

// opened is a way in for a person.
type opened struct {
	person domain.PersonID
	client domain.ClientID
	answer commands.Answer // zero when no fact was recorded
	link   accounts.Link
	reset  bool // it sets another password; otherwise it takes up an invitation
}

func (c *Console) linked(ctx context.Context, o opened, err error) (*linked, error) {
	if err != nil {
		return nil, err
	}
	out := &linked{Body: linkBody{ID: o.person.UUID, Mailed: o.link.Mailed, Expires: o.link.Expires}}
	if !o.answer.Position.IsZero() {
		out.Position = formatPosition(o.answer.Position)
	}
	out.Body.Link, out.Body.Hint = c.handOver(ctx, o)
	return out, nil
}

// handOver gives the link, or says why there is none.
func (c *Console) handOver(ctx context.Context, o opened) (link, hint string) {
	if o.link.Mailed {
		return "", ""
	}
	if web.LoginOf(ctx).Session == uuid.Nil {
		return "", noLink
	}
	return c.address(o), ""
}

// invite begins a person. The address is reserved first, so that two people never get the same one; the id
// derives from the request, so that a repeat is about the same person.
func (c *Console) invite(ctx context.Context, r commands.Request, asked invitation) (opened, error) {
	o := opened{person: invitee(r), client: asked.client}
	if asked.client.IsZero() != (asked.role.Side() == domain.StaffSide) { // Which side's addresses are looked at follows from it.
		return o, wrongField("client", "must be given for a role of a client, and for no other")
	}
	var err error
	o.link, err = c.accountsOf(asked.client.UUID).Invite(ctx,
		accounts.Account{Person: o.person, Client: asked.client, Name: asked.name, Email: asked.email},
		func(ctx context.Context) (err error) {
			o.answer, err = c.commands.InvitePerson(ctx, r, commands.InvitePerson{ID: o.person, Client: asked.client, Role: asked.role})
			return err
		})
	if err == nil {
		c.record(ctx, accounts.KindInvited, asked.client, o.person.String())
	}
	return o, err
}

// inviteAgain renews the invitation of somebody who has not come yet.
func (c *Console) inviteAgain(ctx context.Context, _ commands.Request, row rows.Person) (opened, error) {
	if row.Status != statusInvited {
		return opened{}, domain.Refuse(domain.ErrConflict, "not_invited", "person %s is %s; only who has not come yet can be invited again", row.ID, row.Status)
	}
	o := opened{person: domain.PersonID{UUID: row.ID}, client: organisation(row)}
	known := c.accountsOf(o.client.UUID)
	account, err := known.Account(ctx, o.client, o.person)
	if err != nil {
		return o, err
	}
	if account.Email == "" {
		return o, domain.Refuse(domain.ErrConflict, "no_address", "person %s was imported without an address and cannot log in", row.ID)
	}
	o.link, err = known.Invite(ctx, account, func(context.Context) error { return nil }) // The fact is there.
	if err == nil {
		c.record(ctx, accounts.KindInvited, o.client, row.ID.String())
	}
	return o, err
}

// offerReset gives somebody a way to set another password.
func (c *Console) offerReset(ctx context.Context, _ commands.Request, row rows.Person) (opened, error) {
	if row.Status != statusActive {
		return opened{}, domain.Refuse(domain.ErrConflict, "not_active", "person %s is %s and has no password", row.ID, row.Status)
	}
	o := opened{person: domain.PersonID{UUID: row.ID}, client: organisation(row), reset: true}
	var err error
	o.link, err = c.accountsOf(o.client.UUID).OfferReset(ctx, o.person)
	if err == nil {
		c.record(ctx, accounts.KindReset, o.client, row.ID.String())
	}
	return o, err
}

func (c *Console) withdrawInvitation(ctx context.Context, _ commands.Request, row rows.Person) (commands.Answer, error) {
	if row.Status != statusInvited {
		return commands.Answer{}, domain.Refuse(domain.ErrConflict, "not_invited", "person %s is %s; there is no invitation to withdraw", row.ID, row.Status)
	}
	client := organisation(row)
	if err := c.accountsOf(client.UUID).Withdraw(ctx, domain.PersonID{UUID: row.ID}); err != nil {
		return commands.Answer{}, err
	}
	c.record(ctx, accounts.KindCredentials, client, row.ID.String())
	return commands.Answer{ID: row.ID}, nil
}

// address is the link as a URL of the side that the person belongs to; empty when it goes by e-mail.
func (c *Console) address(o opened) string {
	if o.link.Mailed || o.link.Token == "" {
		return ""
	}
	base, path := c.options.Base, "/invitation/"
	if !o.client.IsZero() {
		base = c.options.Portal
	}
	if o.reset {
		path = "/reset/"
	}
	return base.JoinPath(path + url.PathEscape(o.link.Token)).String()
}

// private makes the request of a command that was asked with personal data. A hash of what was asked stays
// in history for ever, and a plain one would let somebody test guesses of a name and an address against it
// after the person was erased; the secret that this one is made with is not in history.
func (c *Console) private(actor domain.Actor, in web.Write, route string, asked any) (commands.Request, error) {
	request, err := c.request(actor, in, route, asked)
	if err != nil {
		return request, err
	}
	sum := hmac.New(sha256.New, c.options.Secret)
	sum.Write(request.Body)
	request.Body = sum.Sum(nil)
	return request, nil
}

// The states of a person, as its row has them.
const (
	statusInvited     = "invited"
	statusActive      = "active"
	statusDeactivated = "deactivated"
)
