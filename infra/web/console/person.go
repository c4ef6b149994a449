package console

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// subject is one of the two kinds of people, which have routes and permissions of their own.
type subject struct {
	noun   string // in the names of operations
	path   string // of the API
	side   domain.Side
	read   access.Permission
	manage access.Permission
	reset  access.Permission // to give a link that sets another password
}

// The subjects.
var (
	users = subject{noun: "person", path: "/people", side: domain.ClientSide, read: access.ReadPeople, manage: access.ManagePeople, reset: access.ResetPasswords}
	staff = subject{noun: "staff", path: "/staff", side: domain.StaffSide, read: access.ReadStaff, manage: access.ManageStaff, reset: access.ManageStaff}
)

// Person is a person as it is shown: what the facts say and what the account says. It is exported because it
// is embedded in a body.
type Person struct {
	rows.Person
	Name         string     `json:"name" doc:"Empty for whoever was erased."`
	Email        string     `json:"email" doc:"Empty for whoever cannot log in."`
	SecondFactor bool       `json:"second_factor" doc:"There is one."`
	InvitedUntil *time.Time `json:"invited_until,omitempty" doc:"Until when the invitation can be taken up; absent without one."`
	LastLogin    *time.Time `json:"last_login,omitempty"`
}

type listUsersInput struct {
	Reading
	Page
	Client uuid.UUID `query:"client" required:"true" format:"uuid" doc:"The organisation whose users to list."`
}

func (in listUsersInput) of() uuid.UUID { return in.Client }

type listStaffInput struct {
	Reading
	Page
}

func (listStaffInput) of() uuid.UUID { return uuid.Nil }

func (p Page) page() Page { return p }

type peopleBody struct {
	Fresh
	Items []Person `json:"items" nullable:"false" doc:"In a stable order."`
	Next  string   `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
	// Nameless says that the accounts could not be asked.
	Nameless bool `json:"nameless,omitempty" doc:"Names and addresses are missing: the accounts cannot be reached."`
}

type personInput struct {
	Reading
	ID string `path:"id" doc:"The person's id, a UUID."`
}

type personBody struct {
	Fresh
	Person
	Parked *rows.Parked `json:"parked,omitempty" doc:"There when an event of the person could not be applied: what is shown ends before it."`
}

func (b personBody) revision() int64 { return b.Revision }

func (c *Console) registerPeople() {
	get(c, "list-people", "/people", "The users of a client", users.read, listPeople[*listUsersInput](c))
	get(c, "list-staff", "/staff", "The staff", staff.read, listPeople[*listStaffInput](c))
	get(c, "read-person", "/people/{id}", "One user of a client", users.read, readPerson(c, users))
	get(c, "read-staff", "/staff/{id}", "One staff person", staff.read, readPerson(c, staff))
	c.registerInvitations()
	c.registerPersonEdits()
}

// listPeople lists the people of one organisation, the zero one being the firm itself.
func listPeople[I interface {
	of() uuid.UUID
	page() Page
}](c *Console) func(context.Context, pgx.Tx, reader, I) (peopleBody, error) {
	return func(ctx context.Context, tx pgx.Tx, _ reader, in I) (b peopleBody, err error) {
		if of := in.of(); of != uuid.Nil {
			if _, err = rows.ClientByID(ctx, tx, of); err != nil {
				return b, err
			}
		}
		return c.listPeople(ctx, tx, in.of(), in.page())
	}
}

func (c *Console) listPeople(ctx context.Context, tx pgx.Tx, of uuid.UUID, page Page) (b peopleBody, err error) {
	after := uuid.Nil
	if page.Cursor != "" {
		if after, err = uuid.Parse(page.Cursor); err != nil {
			return b, wrongField("cursor", "must be one that a list gave")
		}
	}
	found, next, err := rows.ListPeople(ctx, tx, of, after, page.Limit)
	if err != nil {
		return b, err
	}
	if next != uuid.Nil {
		b.Next = next.String()
	}
	b.Items, b.Nameless = c.showPeople(ctx, of, found)
	return b, nil
}

// showPeople adds to rows of one organisation what the accounts say, and whether those could not be asked.
func (c *Console) showPeople(ctx context.Context, of uuid.UUID, found []rows.Person) (shown []Person, nameless bool) {
	ids := make([]domain.PersonID, len(found))
	for i, person := range found {
		ids[i] = domain.PersonID{UUID: person.ID}
	}
	known, err := c.accountsOf(of).Accounts(ctx, domain.ClientID{UUID: of}, ids)
	if err != nil {
		c.logger.WarnContext(ctx, "names of people are missing from an answer", slog.Any("error", err))
	}
	shown = make([]Person, len(found))
	for i, person := range found {
		shown[i] = showPerson(person, known[ids[i]])
	}
	return shown, err != nil
}

func showPerson(row rows.Person, account accounts.Account) Person {
	return Person{
		Person: row, Name: account.Name, Email: account.Email, SecondFactor: account.SecondFactor,
		InvitedUntil: instant(account.InvitedUntil), LastLogin: instant(account.LastLogin),
	}
}

// instant gives a time, or nil for the zero one.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

func readPerson(c *Console, of subject) func(context.Context, pgx.Tx, reader, *personInput) (personBody, error) {
	return func(ctx context.Context, tx pgx.Tx, _ reader, in *personInput) (b personBody, err error) {
		row, err := personRow(ctx, tx, of, in.ID)
		if err != nil {
			return b, err
		}
		if b.Parked, err = parked(ctx, tx, "person-"+row.ID.String()); err != nil {
			return b, err
		}
		shown, _ := c.showPeople(ctx, organisation(row).UUID, []rows.Person{row})
		b.Person = shown[0]
		return b, nil
	}
}

// personRow finds a person of the subject by the id as a path has it. Whoever is of the other side is not
// there.
func personRow(ctx context.Context, tx pgx.Tx, of subject, text string) (rows.Person, error) {
	id, err := web.ID(text)
	if err != nil {
		return rows.Person{}, err
	}
	row, err := rows.ReadPerson(ctx, tx, id)
	if err == nil && row.Side != string(of.side) {
		return rows.Person{}, domain.Refuse(domain.ErrNotFound, "no_such_person", "no such person: %s", id)
	}
	return row, err
}

// organisation is the client that a person belongs to; zero for staff.
func organisation(row rows.Person) domain.ClientID {
	if row.Client == nil {
		return domain.ClientID{}
	}
	return domain.ClientID{UUID: *row.Client}
}

// accountsOf gives the accounts that people of an organisation have, the zero one being the firm itself.
func (c *Console) accountsOf(client uuid.UUID) Accounts {
	if client == uuid.Nil {
		return c.staff
	}
	return c.clients
}

// person finds somebody on behalf of a login that wants to do something about them.
func (c *Console) person(ctx context.Context, of subject, needed access.Permission, id string) (row rows.Person, err error) {
	_, err = c.read(ctx, web.LoginOf(ctx), needed, domain.Position{}, func(tx pgx.Tx, r reader) (err error) {
		if row, err = personRow(ctx, tx, of, id); err != nil || row.Client == nil {
			return err
		}
		client, err := rows.ClientByID(ctx, tx, *row.Client)
		if err != nil {
			return err
		}
		return r.sees(client)
	})
	return row, err
}
