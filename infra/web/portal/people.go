package portal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/accounts"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// Person is a user of the organisation as its admin sees it.
type Person struct {
	client.Person
	Name         string     `json:"name" doc:"Empty when the account has none."`
	Email        string     `json:"email"`
	LastLogin    *time.Time `json:"last_login,omitempty" doc:"Absent for whoever never logged in."`
	InvitedUntil *time.Time `json:"invited_until,omitempty" doc:"Until when the invitation can be accepted; absent when there is none."`
}

// Employee says whether an admin of the organisation may change the person: admins are changed by the
// service firm alone.
func (p Person) Employee() bool { return p.Role == string(domain.ClientEmployee) }

type peopleBody struct {
	Fresh
	Seats client.Seats `json:"seats"`
	Items []Person     `json:"items" nullable:"false"`
	Next  string       `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type personBody struct {
	Fresh
	Person
}

// PersonPath is embedded in the input of what concerns one person.
type PersonPath struct {
	ID string `path:"id" doc:"The person's id, a UUID."`
}

type listPeopleInput struct {
	Reading
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type inviteInput struct {
	web.Write
	After
	Body invitation
}

// invitation has neither role nor organisation: who is invited becomes an employee of the inviting admin's
// own.
type invitation struct {
	Name  string `json:"name" minLength:"1" maxLength:"200"`
	Email string `json:"email" format:"email" minLength:"3" maxLength:"254" example:"eve@acme.example"`
}

type personInput struct {
	web.Write
	After
	PersonPath
	Body struct{}
}

type grantInput struct {
	web.Write
	After
	PersonPath
	Body grantBody
}

type grantBody struct {
	Grant string `json:"grant" enum:"milestone.sign,billing.read,contract.read,ticket.critical"`
}

// invited is the output of an invitation.
type invited struct {
	Position string `header:"Effigate-Position" doc:"A token; a read with after=<token> contains this write."`
	Body     invitedBody
}

type invitedBody struct {
	ID      uuid.UUID `json:"id" format:"uuid" doc:"The person."`
	Mailed  bool      `json:"mailed" doc:"The invitation goes to the person by e-mail."`
	Link    string    `json:"link,omitempty" doc:"Hand it over yourself: there is no mail. A repeat gives another link, and the one before counts no more. An API key gets none."`
	Hint    string    `json:"hint,omitempty" doc:"How to get the link; there when it goes to nobody."`
	Expires time.Time `json:"expires" doc:"Until when the invitation can be accepted."`
}

func (p *Portal) registerPeople() {
	web.Register(p.API, access.ReadPeople, get("list-people", "/people", "The people of your organisation"), p.listPeople)
	web.Register(p.API, access.ReadPeople, get("read-person", "/people/{id}", "One person of your organisation"),
		func(ctx context.Context, actor domain.Actor, in *struct {
			Reading
			PersonPath
		},
		) (*answered[personBody], error) {
			id, err := web.ID(in.ID)
			if err != nil {
				return nil, err
			}
			return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (personBody, error) {
				person, err := p.readPerson(ctx, tx, v, id)
				return personBody{Person: person}, err
			})
		})
	web.Register(p.API, access.ManagePeople, post("invite-person", "/people", "Invite somebody to your organisation"),
		func(ctx context.Context, actor domain.Actor, in *inviteInput) (*invited, error) {
			r, err := p.request(ctx, actor, in.Write, "/people", p.private(actor, in.Body))
			if err != nil {
				return nil, err
			}
			made, err := p.invite(ctx, r, in.After, in.Body)
			return p.answerInvitation(ctx, made, err)
		})
	web.Register(p.API, access.ManagePeople, post("invite-person-again", "/people/{id}/invite", "Make a new invitation, in place of the one before"),
		func(ctx context.Context, actor domain.Actor, in *personInput) (*invited, error) {
			r, err := p.request(ctx, actor, in.Write, "/people/"+in.ID+"/invite", in.Body)
			if err != nil {
				return nil, err
			}
			made, err := p.inviteAgain(ctx, r, in.After, in.ID)
			return p.answerInvitation(ctx, made, err)
		})
	p.onPerson("withdraw-invitation", "/withdraw-invitation", "Take an invitation back", p.withdrawInvitation)
	p.onPerson("deactivate-person", "/deactivate", "End somebody's access for ever", p.deactivate)
	p.onGrant("give-grant", "/grants", "Give an employee a right beyond the role", p.commands.GiveGrant)
	p.onGrant("withdraw-grant", "/grants/withdraw", "Take such a right back", p.commands.WithdrawGrant)
}

// onPerson registers a write on one person.
func (p *Portal) onPerson(id, path, summary string, run func(context.Context, Request, After, string) (Answer, error)) {
	web.Register(p.API, access.ManagePeople, post(id, "/people/{id}"+path, summary),
		func(ctx context.Context, actor domain.Actor, in *personInput) (*written, error) {
			r, err := p.request(ctx, actor, in.Write, "/people/"+in.ID+path, in.Body)
			if err != nil {
				return nil, err
			}
			return p.write(r, func() (Answer, error) { return run(ctx, r, in.After, in.ID) })
		})
}

// onGrant registers a write on the grants of one person.
func (p *Portal) onGrant(id, path, summary string, run grantCommand) {
	web.Register(p.API, access.ManagePeople, post(id, "/people/{id}"+path, summary),
		func(ctx context.Context, actor domain.Actor, in *grantInput) (*written, error) {
			r, err := p.request(ctx, actor, in.Write, "/people/"+in.ID+path, in.Body)
			if err != nil {
				return nil, err
			}
			return p.write(r, func() (Answer, error) { return p.changeGrant(ctx, r, in.After, in.ID, in.Body.Grant, run) })
		})
}

func (p *Portal) listPeople(ctx context.Context, actor domain.Actor, in *listPeopleInput) (*answered[peopleBody], error) {
	cursor, err := p.openCursor(actor, in.Cursor)
	if err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (peopleBody, error) {
		seats, err := client.ReadSeats(ctx, tx, v)
		if err != nil {
			return peopleBody{}, err
		}
		items, next, err := p.peopleOf(ctx, tx, v, cursor, in.Limit)
		return peopleBody{Seats: seats, Items: items, Next: p.sealCursor(actor, next)}, err
	})
}

// peopleOf gives a page of the organisation's people with what their accounts say.
func (p *Portal) peopleOf(ctx context.Context, tx pgx.Tx, v client.Viewer, after *client.Cursor, limit int) ([]Person, *client.Cursor, error) {
	rows, next, err := client.ListPeople(ctx, tx, v, after, limit)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]domain.PersonID, len(rows))
	for i, row := range rows {
		ids[i] = domain.PersonID{UUID: row.ID}
	}
	known, err := p.accounts.Accounts(ctx, domain.ClientID{UUID: v.Client}, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("read the accounts of an organisation: %w", err)
	}
	people := make([]Person, len(rows))
	for i, row := range rows {
		people[i] = personOf(row, known[ids[i]])
	}
	return people, next, nil
}

func (p *Portal) readPerson(ctx context.Context, tx pgx.Tx, v client.Viewer, id uuid.UUID) (Person, error) {
	row, err := client.ReadPerson(ctx, tx, v, id)
	if err != nil {
		return Person{}, err
	}
	known, err := p.accounts.Accounts(ctx, domain.ClientID{UUID: v.Client}, []domain.PersonID{{UUID: id}})
	if err != nil {
		return Person{}, fmt.Errorf("read the account of person %s: %w", id, err)
	}
	return personOf(row, known[domain.PersonID{UUID: id}]), nil
}

func personOf(row client.Person, account accounts.Account) Person {
	return Person{
		Person: row, Name: account.Name, Email: account.Email,
		LastLogin: instant(account.LastLogin), InvitedUntil: instant(account.InvitedUntil),
	}
}

// instant is a pointer to a time, nil for the zero one.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// made is an invitation with its link.
type made struct {
	answer Answer
	link   accounts.Link
	sealed string // the position
}

func (p *Portal) answerInvitation(ctx context.Context, m made, err error) (*invited, error) {
	if err != nil {
		return nil, err
	}
	return &invited{Position: m.sealed, Body: p.bodyOf(ctx, m)}, nil
}

// noLink is said to an API key: whoever has the key must not become the person who is invited.
const noLink = "There is no mail, and no API key is given the link. Somebody who is logged in finds it by inviting the person again."

func (p *Portal) bodyOf(ctx context.Context, m made) invitedBody {
	body := invitedBody{ID: m.answer.ID, Mailed: m.link.Mailed, Link: p.invitationLink(m.link), Expires: m.link.Expires}
	if body.Link != "" && web.LoginOf(ctx).Session == uuid.Nil {
		body.Link, body.Hint = "", noLink
	}
	return body
}

// invitationLink is the address that accepts an invitation; empty when it went by mail.
func (p *Portal) invitationLink(link accounts.Link) string {
	if link.Token == "" {
		return ""
	}
	return p.base.JoinPath("invitation", link.Token).String()
}

// invite begins an employee of the organisation. The person's id follows from the request, so that a repeat
// invites the same person again.
//
// Without a free seat nobody is asked whether the address is free: an organisation that is full could go
// on asking about addresses for nothing.
func (p *Portal) invite(ctx context.Context, r Request, since After, wanted invitation) (made, error) {
	account := accounts.Account{
		Person: domain.PersonID{UUID: domain.Derive(r.Actor.Person.UUID, "invited", r.Route, r.Key)},
		Client: r.Actor.Client, Name: wanted.Name, Email: wanted.Email,
	}
	err := p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) error {
		known, err := client.ReadPerson(ctx, tx, v, account.Person.UUID)
		switch {
		case err == nil && known.State == visible.PersonEnded:
			return errEnded
		case err == nil || !errors.Is(err, domain.ErrNotFound):
			return err // Nil: the repeat of a request that took a seat.
		}
		seats, err := client.ReadSeats(ctx, tx, v)
		if err == nil && seats.Taken >= seats.Limit {
			err = errNoSeat
		}
		return err
	})
	if err != nil {
		return made{}, err
	}
	return p.sendInvitation(ctx, r, account, func(ctx context.Context) (Answer, error) {
		return p.commands.InviteEmployee(ctx, r, account.Person.UUID)
	})
}

// private stands for a body that holds personal data: equal for equal bodies, and nothing else. A hash of what
// was asked is kept with the history, which nobody can erase, and a bare hash of an address can be guessed.
func (p *Portal) private(actor domain.Actor, body any) any {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // It is of strings alone.
	}
	sum := sha256.Sum256(text)
	return p.sealer.Seal(sealedBody, actor.Client.UUID, sum[:])
}

// inviteAgain makes a new invitation for somebody who has not accepted one yet.
func (p *Portal) inviteAgain(ctx context.Context, r Request, since After, id string) (made, error) {
	person, err := p.employee(ctx, r, since, id)
	if err != nil {
		return made{}, err
	}
	if person.State != visible.PersonInvited {
		return made{}, errNotInvited
	}
	account := accounts.Account{Person: domain.PersonID{UUID: person.ID}, Client: r.Actor.Client, Name: person.Name, Email: person.Email}
	return p.sendInvitation(ctx, r, account, func(context.Context) (Answer, error) { return Answer{ID: person.ID}, nil })
}

// sendInvitation reserves the address, records what there is to record, and makes the link.
//
// An address belongs to one person of the whole service, so it can be taken by somebody of another
// organisation. That is answered, down to the byte, like an address that somebody of the own organisation
// has, and each such refusal is in the log of access, where probing shows.
func (p *Portal) sendInvitation(ctx context.Context, r Request, account accounts.Account, record func(context.Context) (Answer, error)) (made, error) {
	var m made
	link, err := p.accounts.Invite(ctx, account, func(ctx context.Context) (err error) {
		m.answer, err = record(ctx)
		return err
	})
	refusal, refused := errors.AsType[*domain.Refusal](err)
	if refused {
		p.record(ctx, r.Actor, accounts.KindInvited, "refused", account.Person.String())
	}
	if refused && refusal.Code == "email_taken" {
		return made{}, errAddress
	}
	if err != nil {
		return made{}, err
	}
	p.record(ctx, r.Actor, accounts.KindInvited, "ok", account.Person.String())
	m.link, m.sealed = link, p.sealPosition(r, m.answer.Position)
	return m, nil
}

// The refusals of people management that are the portal's own.
var (
	errNoSeat     = domain.Refuse(domain.ErrConflict, "no_seat_left", "every seat of the organisation is taken")
	errAddress    = domain.Refuse(domain.ErrConflict, "address_unavailable", "this address cannot be invited")
	errEnded      = domain.Refuse(domain.ErrConflict, "person_deactivated", "the person's access has ended")
	errNotInvited = domain.Refuse(domain.ErrConflict, "not_invited", "the person has no invitation to accept")
	errAdmin      = domain.Refuse(domain.ErrForbidden, "employees_only", "only staff change the admins of a client")
)

// withdrawInvitation takes an invitation back. The person stays invited, and can be invited again or
// deactivated.
func (p *Portal) withdrawInvitation(ctx context.Context, r Request, since After, id string) (Answer, error) {
	person, err := p.employee(ctx, r, since, id)
	if err != nil {
		return Answer{}, err
	}
	if person.State != visible.PersonInvited {
		return Answer{}, errNotInvited
	}
	return Answer{ID: person.ID}, p.accounts.Withdraw(ctx, domain.PersonID{UUID: person.ID})
}

// deactivate ends a person's standing, which counts at the first request after the answer: it waits for the read
// model, and a repeat does when that cannot be reached. Everything by which the person could come in is ended by
// whoever follows the events: the portal has no right to.
func (p *Portal) deactivate(ctx context.Context, r Request, since After, id string) (Answer, error) {
	person, err := p.employee(ctx, r, since, id)
	if err != nil {
		return Answer{}, err
	}
	answer, err := p.commands.DeactivateEmployee(ctx, r, person.ID)
	if err != nil {
		return Answer{}, err
	}
	ended := domain.PersonID{UUID: person.ID}
	defer p.Forget(ended)
	_, _, err = p.standingAt(ctx, r.Actor.Client, ended, answer.Position)
	return answer, err
}

// grantCommand gives or withdraws a grant.
type grantCommand func(ctx context.Context, r Request, person uuid.UUID, grant string) (Answer, error)

func (p *Portal) changeGrant(ctx context.Context, r Request, since After, id, grant string, run grantCommand) (Answer, error) {
	person, err := p.employee(ctx, r, since, id)
	if err != nil {
		return Answer{}, err
	}
	defer p.Forget(domain.PersonID{UUID: person.ID})
	return run(ctx, r, person.ID, grant)
}

// employee finds the employee that a write is about. Who is not of the organisation does not exist.
func (p *Portal) employee(ctx context.Context, r Request, since After, text string) (person Person, err error) {
	id, err := web.ID(text)
	if err != nil {
		return Person{}, err
	}
	err = p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) (err error) {
		person, err = p.readPerson(ctx, tx, v, id)
		return err
	})
	if err == nil && !person.Employee() {
		err = errAdmin
	}
	return person, err
}
