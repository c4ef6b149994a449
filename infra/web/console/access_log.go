package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// AccessFilter narrows the log of access; the zero value of a field narrows nothing. It is exported because it
// is embedded in an input.
type AccessFilter struct {
	Side   string    `query:"side" enum:"staff,client" default:"client" doc:"Whose accesses: those of client users or those of staff."`
	Client uuid.UUID `query:"client" format:"uuid" doc:"The organisation that was concerned."`
	Person uuid.UUID `query:"person" format:"uuid" doc:"Who acted."`
	Kind   string    `query:"kind" enum:"login,logout,denied,invited,password_reset,credentials_changed,api_key_changed,session_ended,login_rules_changed,webhook_changed,erased,export,sensitive_read"`
}

// accessKinds are the kinds of entry, in the order they are offered.
var accessKinds = []string{
	accounts.KindLogin, accounts.KindLogout, accounts.KindDenied, accounts.KindInvited, accounts.KindReset,
	accounts.KindCredentials, accounts.KindKey, accounts.KindSession, accounts.KindRules, accounts.KindWebhook,
	accounts.KindErased, accounts.KindExport, accounts.KindSensitive,
}

type listAccessInput struct {
	Reading
	Page
	AccessFilter
}

// Access is one line of the log of access as it is shown.
type Access struct {
	ID        int64      `json:"id"`
	At        time.Time  `json:"at"`
	Person    *uuid.UUID `json:"person,omitempty" format:"uuid" doc:"Absent when nobody was proved."`
	Client    *uuid.UUID `json:"client,omitempty" format:"uuid"`
	Kind      string     `json:"kind"`
	Outcome   string     `json:"outcome" example:"ok"`
	Subject   string     `json:"subject" doc:"What was accessed: an id or a route."`
	Count     int        `json:"count" doc:"How often within the minute."`
	Address   string     `json:"address" example:"192.0.2.7"`
	UserAgent string     `json:"user_agent"`
}

type accessBody struct {
	Fresh
	Items  []Access          `json:"items" nullable:"false" doc:"The newest first."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

func (c *Console) registerAccessLog() {
	get(c, "list-access", "/audit/access", "The log of logins, denials and sensitive reads", access.ReadAccessLog,
		func(ctx context.Context, tx pgx.Tx, r reader, in *listAccessInput) (accessBody, error) {
			c.note(ctx, accounts.KindSensitive, domain.ClientID{UUID: in.Client}, "access log of "+in.Side)
			return c.listAccess(ctx, tx, r, in.AccessFilter, in.Page)
		})
}

// listAccess lists the log that a reader may see.
func (c *Console) listAccess(ctx context.Context, tx pgx.Tx, r reader, filter AccessFilter, page Page) (b accessBody, err error) {
	before, err := parseEntry(page.Cursor)
	if err != nil {
		return b, err
	}
	clients, err := concerned(ctx, tx, r, filter.Client)
	if err != nil {
		return b, err
	}
	log := c.staff
	if filter.Side == string(domain.ClientSide) {
		log = c.clients
	}
	var found []accounts.Entry
	for _, client := range clients {
		entries, err := log.Entries(ctx, accounts.EntryFilter{
			Client: domain.ClientID{UUID: client}, Person: domain.PersonID{UUID: filter.Person}, Kind: filter.Kind, Before: before, Limit: page.Limit,
		})
		if err != nil {
			return b, err
		}
		found = append(found, entries...)
	}
	slices.SortFunc(found, func(a, b accounts.Entry) int { return cmp.Compare(b.ID, a.ID) })
	if len(found) >= page.Limit { // Perhaps nothing follows: then the next page is empty.
		found = found[:page.Limit]
		b.Next = strconv.FormatInt(found[page.Limit-1].ID, 10)
	}
	b.Items = make([]Access, len(found))
	var named []uuid.UUID
	for i, entry := range found {
		b.Items[i] = showAccess(entry)
		named = append(named, given(b.Items[i].Person)...)
	}
	b.People, err = c.people(ctx, tx, named)
	return b, err
}

// concerned lists the organisations whose log a reader asks for: uuid.Nil stands for all of them.
func concerned(ctx context.Context, tx pgx.Tx, r reader, asked uuid.UUID) ([]uuid.UUID, error) {
	if asked != uuid.Nil {
		of, err := rows.ClientByID(ctx, tx, asked)
		if err == nil {
			err = r.sees(of)
		}
		return []uuid.UUID{asked}, err
	}
	if !r.narrowed(r.needed) {
		return []uuid.UUID{uuid.Nil}, nil
	}
	return rows.ClientsManagedBy(ctx, tx, r.Actor.Person.UUID)
}

// parseEntry reads the id of an entry out of a cursor; 0 for an empty one.
func parseEntry(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || id <= 0 {
		return 0, wrongField("cursor", "must be one that a list gave")
	}
	return id, nil
}

func showAccess(e accounts.Entry) Access {
	return Access{
		ID: e.ID, At: e.At, Person: known(e.Person.UUID), Client: known(e.Client.UUID), Kind: e.Kind, Outcome: e.Outcome,
		Subject: e.Subject, Count: e.Count, Address: e.Where.Address, UserAgent: e.Where.UserAgent,
	}
}

// known gives an id, or nil for the zero one.
func known(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// record notes in the log of access what the login behind the context did: in the staff's, and in that of
// the client whose people it concerns.
func (c *Console) record(ctx context.Context, kind string, client domain.ClientID, subject string) {
	entry := c.note(ctx, kind, client, subject)
	if !client.IsZero() {
		entry.Where = accounts.Where{} // Where staff work from is nothing for clients.
		c.clients.Record(ctx, entry)
	}
}

// note notes in the staff's log of access alone what the login behind the context did.
func (c *Console) note(ctx context.Context, kind string, client domain.ClientID, subject string) accounts.Entry {
	address, userAgent := web.Origin(ctx)
	entry := accounts.Entry{
		Person: web.LoginOf(ctx).Actor.Person, Client: client, Kind: kind, Outcome: "ok", Subject: subject,
		Where: accounts.Where{Address: address, UserAgent: userAgent},
	}
	c.staff.Record(ctx, entry)
	return entry
}

// denied notes that somebody was refused.
func (c *Console) denied(ctx context.Context, login auth.Login, _ access.Permission, r *http.Request) {
	address, userAgent := web.Origin(ctx)
	c.staff.Record(ctx, accounts.Entry{
		Person: login.Actor.Person, Kind: accounts.KindDenied, Outcome: "refused",
		Subject: r.Method + " " + r.Pattern, Where: accounts.Where{Address: address, UserAgent: userAgent},
	})
}
