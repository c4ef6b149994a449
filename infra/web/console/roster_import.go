package console

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// rosterMargin is how long before the request's end an import stops taking rows on: the rest is for the same
// request sent again.
const rosterMargin = 6 * time.Second

type importPeopleBody struct {
	CSV    string `json:"csv" maxLength:"2031616" doc:"A line that names the columns name, email, role and client, then a line for each person. The client is an id or a name; staff have none."`
	DryRun bool   `json:"dry_run,omitempty" doc:"Only say what would happen."`
}

// Imported is what became of one row. It is exported because it is a part of a body.
type Imported struct {
	Line    int        `json:"line" doc:"Of the file, from 1."`
	Outcome string     `json:"outcome" enum:"acceptable,invited,unchanged,refused,waiting" doc:"acceptable: nothing was tried yet; unchanged: an earlier run invited them; waiting: send the same request again."`
	Detail  string     `json:"detail,omitempty" doc:"Why a row was refused, or how to get a link that an API key is not given."`
	Person  *uuid.UUID `json:"person,omitempty" format:"uuid"`
	Mailed  bool       `json:"mailed,omitempty" doc:"The invitation goes to the person by e-mail."`
	Link    string     `json:"link,omitempty" doc:"The invitation, to hand over; there when there is no mail, but never for an API key. It is shown this once."`
}

// The outcomes of a row.
const (
	rowAcceptable = "acceptable"
	rowInvited    = "invited"
	rowUnchanged  = "unchanged"
	rowRefused    = "refused"
	rowWaiting    = "waiting"
)

type importPeopleOutput struct {
	Body struct {
		Items []Imported `json:"items" nullable:"false" doc:"In the order of the file."`
	}
}

func (c *Console) registerRoster() {
	operation := post("import-people", "/people/import", "Invite many people at once", http.StatusOK)
	web.Register(c.API, access.ManagePeople, operation, func(ctx context.Context, actor domain.Actor, in *inviteInput[importPeopleBody]) (*importPeopleOutput, error) {
		request, err := c.private(actor, in.Write, operation.Path, in.Body.CSV)
		if err != nil {
			return nil, err
		}
		roster, err := c.readRoster(ctx, in.Body.CSV)
		if err != nil {
			return nil, err
		}
		out := &importPeopleOutput{}
		if out.Body.Items = preview(roster); !in.Body.DryRun {
			out.Body.Items, err = c.importRoster(ctx, request, roster)
		}
		return out, err
	})
}

// readRoster parses a file and notes in its rows what the login behind the context cannot have done.
func (c *Console) readRoster(ctx context.Context, text string) ([]rosterRow, error) {
	roster, err := parseRoster(text)
	if err != nil {
		return nil, err
	}
	login := web.LoginOf(ctx)
	// Staff need more than users of clients, and a proof that is fresh. Who could prove itself is asked to.
	forStaff := login.May(access.ManageStaff, c.options.Clock())
	if errors.Is(forStaff, auth.ErrStepUp) && slices.ContainsFunc(roster, rosterRow.staff) {
		return nil, forStaff
	}
	_, err = c.read(ctx, login, access.ManagePeople, domain.Position{}, func(tx pgx.Tx, r reader) error {
		clients, err := namedClients(ctx, tx, roster)
		if err != nil {
			return err
		}
		for i := range roster {
			row := &roster[i]
			switch {
			case row.Wrong != "":
			case row.staff() && (forStaff != nil || !r.may(access.ManageStaff)):
				row.Wrong = "your role may not invite staff"
			case !row.staff():
				row.organisation, row.Wrong = row.place(clients, r)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return roster, c.checkDomains(ctx, roster)
}

func (r rosterRow) staff() bool { return r.role().Side() == domain.StaffSide }

// namedClients finds the clients that a roster names, by their ids and by their names in lower case.
func namedClients(ctx context.Context, tx pgx.Tx, roster []rosterRow) (map[string][]rows.Client, error) {
	var names []string
	var ids []uuid.UUID
	for _, row := range roster {
		if id, err := uuid.Parse(row.Client); err == nil {
			ids = append(ids, id)
		} else if row.Client != "" {
			names = append(names, row.Client)
		}
	}
	found, err := rows.ClientsNamed(ctx, tx, names, ids)
	clients := map[string][]rows.Client{}
	for _, client := range found {
		clients[client.ID.String()] = append(clients[client.ID.String()], client)
		clients[strings.ToLower(client.Name)] = append(clients[strings.ToLower(client.Name)], client)
	}
	return clients, err
}

// place gives the organisation that a row is about, or why the reader may not invite there.
func (r rosterRow) place(clients map[string][]rows.Client, by reader) (of domain.ClientID, wrong string) {
	found := clients[strings.ToLower(r.Client)]
	switch {
	case len(found) == 0:
		return of, "there is no such client"
	case len(found) > 1:
		return of, "several clients have this name; give the id"
	case !by.reaches(access.ManagePeople, found[0]):
		return of, "your role may not invite people of this client"
	}
	return domain.ClientID{UUID: found[0].ID}, ""
}

// checkDomains notes which addresses the login rules do not let in.
func (c *Console) checkDomains(ctx context.Context, roster []rosterRow) error {
	allowed := map[domain.ClientID][]string{}
	for i := range roster {
		row := &roster[i]
		if row.Wrong != "" {
			continue
		}
		domains, known := allowed[row.organisation]
		if !known {
			rules, err := c.rules(ctx, row.organisation)
			if err != nil {
				return err
			}
			domains = rules.Domains
			allowed[row.organisation] = domains
		}
		_, host, _ := strings.Cut(strings.ToLower(row.Email), "@")
		if len(domains) > 0 && !slices.Contains(domains, host) {
			row.Wrong = "the address must be of " + list(domains)
		}
	}
	return nil
}

// preview tells what would become of a roster.
func preview(roster []rosterRow) []Imported {
	items := make([]Imported, len(roster))
	for i, row := range roster {
		items[i] = Imported{Line: row.Line, Outcome: rowAcceptable}
		if row.Wrong != "" {
			items[i].Outcome, items[i].Detail = rowRefused, row.Wrong
		}
	}
	return items
}

// importRoster invites the people of a roster, row by row. Each row has a command of its own whose key
// derives from the request's, so the same request sent again goes on where the first one ended, and invites
// nobody twice.
func (c *Console) importRoster(ctx context.Context, r commands.Request, roster []rosterRow) ([]Imported, error) {
	items := preview(roster)
	requests := make([]commands.Request, len(roster))
	for i, row := range roster {
		requests[i] = r
		requests[i].Key += " line " + strconv.Itoa(row.Line)
	}
	before, err := c.invitedBefore(ctx, requests, roster)
	if err != nil {
		return nil, err
	}
	for i, row := range roster {
		item, address := &items[i], before[invitee(requests[i])]
		switch {
		case item.Outcome == rowRefused:
		case address != "" && address != strings.ToLower(row.Email):
			item.Outcome, item.Detail = rowRefused, "this key invited somebody else by this line; give another file another key"
		case address != "":
			item.Outcome, item.Person = rowUnchanged, known(invitee(requests[i]).UUID)
		case !timeLeft(ctx):
			item.Outcome = rowWaiting
		default:
			if err := c.importRow(ctx, requests[i], row, item); err != nil {
				return nil, err
			}
		}
	}
	return items, nil
}

// importRow invites one person. Only what may be tried again with all the rest is an error.
func (c *Console) importRow(ctx context.Context, r commands.Request, row rosterRow, item *Imported) error {
	o, err := c.invite(ctx, r, invitation{client: row.organisation, name: row.Name, email: row.Email, role: row.role()})
	refusal, refused := errors.AsType[*domain.Refusal](err)
	switch {
	case err == nil:
		item.Outcome, item.Person, item.Mailed = rowInvited, known(o.person.UUID), o.link.Mailed
		item.Link, item.Detail = c.handOver(ctx, o)
	case refused && !errors.Is(err, domain.ErrUnavailable):
		item.Outcome, item.Detail = rowRefused, detail(refusal)
	default:
		return err
	}
	return nil
}

// detail says in words why a row was refused, with what is wrong in each field.
func detail(refusal *domain.Refusal) string {
	var wrong []string
	for _, field := range slices.Sorted(maps.Keys(refusal.Fields)) {
		wrong = append(wrong, "the "+strings.ToLower(label(field))+" "+refusal.Fields[field])
	}
	return or(strings.Join(wrong, "; "), reason(refusal))
}

// invitedBefore gives the addresses of those people of a roster who have an account by an earlier run.
func (c *Console) invitedBefore(ctx context.Context, requests []commands.Request, roster []rosterRow) (map[domain.PersonID]string, error) {
	of := map[domain.ClientID][]domain.PersonID{}
	for i, row := range roster {
		if row.Wrong == "" {
			of[row.organisation] = append(of[row.organisation], invitee(requests[i]))
		}
	}
	before := map[domain.PersonID]string{}
	for client, people := range of {
		for some := range slices.Chunk(people, rows.MaxLimit) {
			found, err := c.accountsOf(client.UUID).Accounts(ctx, client, some)
			if err != nil {
				return nil, err
			}
			for person, account := range found {
				before[person] = account.Email
			}
		}
	}
	return before, nil
}

// invitee is whom a request to invite begins.
func invitee(r commands.Request) domain.PersonID {
	return domain.PersonID{UUID: domain.Derive(r.Command().UUID, "person")}
}

// timeLeft reports whether a request has time for another row.
func timeLeft(ctx context.Context) bool {
	ends, bounded := ctx.Deadline()
	return !bounded || time.Until(ends) > rosterMargin
}
