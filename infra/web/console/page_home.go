package console

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	rows "effigate/readmodels/staff"
)

// clientsOnPage is how many clients one page lists.
const clientsOnPage = 50

// clientsView is the list of clients with what is going on in each.
type clientsView struct {
	Title    string
	Lead     string
	Path     string // of the page itself, for refreshing it
	Items    []clientLine
	Older    string // path of the next page; empty on the last
	Register bool   // the viewer may register clients
	Readable bool   // the viewer may see clients at all
	Ways     []way  // where else a viewer who may not has to go
}

type clientLine struct {
	Path    string
	Name    string
	Manager string // empty while nobody answers for the client
	Open    int64  // tickets that are neither resolved nor closed
	Users   int64  // active
	Invited int64
	Seats   int
	Taken   int
}

// way is a link with what is there.
type way struct{ Label, Path, Text string }

func (c *Console) addHomePages() {
	showing(c, "/", access.OwnAccount, c.home, clientsPage)
	showing(c, "/clients", access.ReadClients, func(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (clientsView, error) {
		return c.viewClients(ctx, tx, r, request, clientsView{Title: "Clients", Lead: "Every client by name.", Path: "/clients"})
	}, clientsPage)
}

// home is the list of clients for whoever may see them, and the ways on for everybody else.
func (c *Console) home(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (clientsView, error) {
	v := clientsView{Title: "Home", Lead: "Clients, their open tickets and who works with us there.", Path: "/"}
	if access.ScopeOf(r.Actor.Role, access.ReadClients) != access.Nothing {
		return c.viewClients(ctx, tx, r, request, v)
	}
	v.Lead = "What your role works with."
	for _, item := range navigation[1:] {
		if access.ScopeOf(r.Actor.Role, item.needed) != access.Nothing {
			v.Ways = append(v.Ways, way{Label: item.label, Path: item.path})
		}
	}
	return v, nil
}

func (c *Console) viewClients(ctx context.Context, tx pgx.Tx, r reader, request *http.Request, v clientsView) (clientsView, error) {
	v.Readable = true
	v.Register = access.ScopeOf(r.Actor.Role, access.RegisterClients) != access.Nothing
	cursor := request.URL.Query().Get("cursor")
	after, err := uuid.Parse(cursor)
	if err != nil && cursor != "" {
		return v, wrongField("cursor", "must be one that a list gave")
	}
	clients, next, err := rows.Clients(ctx, tx, after, clientsOnPage)
	if err != nil {
		return v, err
	}
	if v.Path = query(v.Path, "cursor", cursor); next != uuid.Nil {
		v.Older = query("/clients", "cursor", next.String())
	}
	v.Items, err = c.clientLines(ctx, tx, clients)
	return v, err
}

// clientLines adds to clients who answers for them and what is counted of them.
func (c *Console) clientLines(ctx context.Context, tx pgx.Tx, clients []rows.Client) ([]clientLine, error) {
	lines := make([]clientLine, len(clients))
	at := map[uuid.UUID]*clientLine{}
	var ids, managers []uuid.UUID
	for i, client := range clients {
		lines[i] = clientLine{Path: clientPath(client.ID), Name: client.Name, Seats: client.Seats, Taken: client.SeatsTaken}
		at[client.ID] = &lines[i]
		ids, managers = append(ids, client.ID), append(managers, given(client.AccountManager)...)
	}
	if len(ids) == 0 {
		return lines, nil
	}
	tickets, err := rows.TicketCounts(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	for _, count := range tickets {
		if count.Status != "resolved" && count.Status != "closed" {
			at[count.Client].Open += count.Tickets
		}
	}
	users, err := rows.UserCounts(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	for _, count := range users {
		switch count.Status {
		case statusActive:
			at[count.Client].Users += count.Users
		case statusInvited:
			at[count.Client].Invited += count.Users
		}
	}
	names, err := c.people(ctx, tx, managers)
	for i, client := range clients {
		if client.AccountManager != nil {
			lines[i].Manager = nameOf(names, client.AccountManager.String())
		}
	}
	return lines, err
}

// nameOf gives a name, or the words for somebody whose name is not known or was erased.
func nameOf(names map[string]string, id string) string {
	if name := names[id]; name != "" {
		return name
	}
	return "Unnamed person"
}

// clientPath is the page of a client.
func clientPath(id uuid.UUID) string { return "/clients/" + id.String() }

// query adds parameters to a path, in pairs, without those that are empty.
func query(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}
