package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// ticketsOnPage is how many tickets one page lists.
const ticketsOnPage = 100

// sieve is what narrows a list of tickets, and what it can be narrowed to.
type sieve struct {
	List                               string // "queue" or "tickets"
	Asked                              url.Values
	Client, Assignee, Priority, Status page.Field
	Views                              []rows.View // of this list
	Key                                string      // of the forms of views
}

// queueView is the queue by its groups.
type queueView struct {
	queueBody
	sieve
	Path    string
	Groups  []queueGroup
	Clients map[uuid.UUID]string
	Older   string
	Raise   bool // the viewer may raise tickets
}

// queueGroup is a group with those of its tickets that are on the page.
type queueGroup struct {
	Group rows.Group
	Count int
	Items []Waiting
}

// ticketsView is the list of all tickets.
type ticketsView struct {
	ticketsBody
	sieve
	Path    string
	Clients map[uuid.UUID]string
	Older   string
	Raise   bool // the viewer may raise tickets
}

// filtered reports whether anything narrows the list.
func (s sieve) filtered() bool { return len(kept(s.Asked)) > 0 }

func (c *Console) addQueuePages() {
	showing(c, "/queue", access.ReadTickets, c.viewQueue, queuePage)
	showing(c, "/tickets", access.ReadTickets, c.viewTickets, ticketsPage)
	c.posting("/views", access.ReadTickets, c.postView, nil)
	c.posting("/views/{id}/delete", access.ReadTickets, c.postDeleteView, nil)
}

func (c *Console) viewQueue(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v queueView, err error) {
	asked := request.URL.Query()
	in := queueInput{
		Page: Page{Limit: ticketsOnPage, Cursor: asked.Get("cursor")}, Team: asked.Get("team"), Text: asked.Get("text"), Mine: asked.Get("assignee") == "mine",
		Priority: narrowed(asked["priority"]), Status: narrowed(asked["status"]), Group: narrowed(asked["group"]),
	}
	if in.Client, err = optionalID(asked.Get("client"), "client"); err != nil {
		return v, err
	}
	if !in.Mine {
		if in.Assignee, err = optionalID(asked.Get("assignee"), "assignee"); err != nil {
			return v, err
		}
	}
	if v.queueBody, err = c.readQueue(ctx, tx, r, &in); err != nil {
		return v, err
	}
	if v.sieve, v.Clients, err = c.sift(ctx, tx, r, "queue", asked, openStates); err != nil {
		return v, err
	}
	for _, group := range rows.Groups() {
		of := queueGroup{Group: group, Count: v.Counts[string(group)]}
		for _, item := range v.Items {
			if item.Group == string(group) {
				of.Items = append(of.Items, item)
			}
		}
		v.Groups = append(v.Groups, of)
	}
	v.Path, v.Raise = listPath("/queue", asked, in.Cursor), r.may(access.RaiseTickets)
	if v.Next != "" {
		v.Older = listPath("/queue", asked, v.Next)
	}
	return v, nil
}

func (c *Console) viewTickets(ctx context.Context, tx pgx.Tx, r reader, request *http.Request) (v ticketsView, err error) {
	asked := request.URL.Query()
	in := listTicketsInput{
		Page: Page{Limit: ticketsOnPage, Cursor: asked.Get("cursor")}, Team: asked.Get("team"), Text: asked.Get("text"), Mine: asked.Get("assignee") == "mine",
		Priority: narrowed(asked["priority"]), Status: narrowed(asked["status"]), Visibility: asked.Get("visibility"),
	}
	if in.Client, err = optionalID(asked.Get("client"), "client"); err != nil {
		return v, err
	}
	if !in.Mine {
		if in.Assignee, err = optionalID(asked.Get("assignee"), "assignee"); err != nil {
			return v, err
		}
	}
	if v.ticketsBody, err = c.listTickets(ctx, tx, r, &in); err != nil {
		return v, err
	}
	if v.sieve, v.Clients, err = c.sift(ctx, tx, r, "tickets", asked, slices.Concat(openStates, endStates)); err != nil {
		return v, err
	}
	v.Path, v.Raise = listPath("/tickets", asked, in.Cursor), r.may(access.RaiseTickets)
	if v.Next != "" {
		v.Older = listPath("/tickets", asked, v.Next)
	}
	return v, nil
}

// narrowed are the values that narrow something: the empty one stands for all.
func narrowed(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
}

// filters are the parameters that narrow a list, and that a view keeps.
var filters = []string{"client", "assignee", "team", "priority", "status", "group", "visibility", "text"}

// listPath is a list by its filters, from a cursor on.
func listPath(path string, asked url.Values, cursor string) string {
	kept := kept(asked)
	if cursor != "" {
		kept.Set("cursor", cursor)
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + kept.Encode()
}

// kept are the filters of an address that narrow anything.
func kept(asked url.Values) url.Values {
	values := url.Values{}
	for _, name := range filters {
		if some := narrowed(asked[name]); len(some) > 0 {
			values[name] = some
		}
	}
	return values
}

// sift makes the filters of a list of tickets, and the names of the clients.
func (c *Console) sift(
	ctx context.Context, tx pgx.Tx, r reader, list string, asked url.Values, states []string,
) (s sieve, names map[uuid.UUID]string, err error) {
	clients, _, err := rows.Clients(ctx, tx, uuid.Nil, rows.MaxLimit)
	if err != nil {
		return s, nil, err
	}
	names = map[uuid.UUID]string{}
	var ofClients []page.Option
	for _, client := range clients {
		names[client.ID] = client.Name
		ofClients = append(ofClients, page.Option{Value: client.ID.String(), Label: client.Name})
	}
	people, err := c.colleagues(ctx, tx, access.WorkTickets)
	if err != nil {
		return s, nil, err
	}
	s = sieve{
		List: list, Asked: asked, Key: blank().Key,
		Client:   page.Field{Name: "client", Label: "Client", Required: true, Options: chosen(anyOf("All", ofClients), asked.Get("client"))},
		Assignee: page.Field{Name: "assignee", Label: "Assignee", Required: true, Options: chosen(anyOf("Anybody", anyMine(people)), asked.Get("assignee"))},
		Priority: page.Field{Name: "priority", Label: "Priority", Required: true, Options: anyOf("Any", choices(priorities, label, asked.Get("priority")))},
		Status:   page.Field{Name: "status", Label: "State", Required: true, Options: anyOf("Any", choices(states, statusName, asked.Get("status")))},
	}
	s.Views, err = rows.Views(ctx, tx, r.Actor.Person.UUID)
	s.Views = slices.DeleteFunc(s.Views, func(view rows.View) bool { return view.List != list })
	return s, names, err
}

// anyMine puts what concerns the viewer before the colleagues.
func anyMine(people []page.Option) []page.Option {
	return append([]page.Option{{Value: "mine", Label: "Mine and watched"}}, people...)
}

// clientName names a client of a list. One beyond the names of the filter stays unnamed.
func clientName(names map[uuid.UUID]string, id uuid.UUID) string {
	return or(names[id], "Another client")
}

// postView keeps the filters of a list under a name.
func (c *Console) postView(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	list := form.Get("list")
	if list != "queue" && list != "tickets" {
		return "", wrongField("list", "must be queue or tickets")
	}
	name := strings.TrimSpace(form.Get("name"))
	if name == "" || len(name) > 80 {
		return "", wrongField("name", "must have 1 to 80 characters")
	}
	asked, err := url.ParseQuery(form.Get("query"))
	if err != nil || len(form.Get("query")) > 2000 {
		return "", wrongField("query", "must be that of the list")
	}
	if err := c.stillMay(r.Context(), access.ReadTickets); err != nil {
		return "", err
	}
	own := login.Actor.Person.UUID
	err = c.options.Desk.SaveView(r.Context(), own, domain.Derive(own, "view", name), name, list, kept(asked).Encode(), c.moment())
	next := kept(asked)
	next.Set("done", "view_kept")
	return "/" + list + "?" + next.Encode(), err
}

func (c *Console) postDeleteView(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	if err := c.stillMay(r.Context(), access.ReadTickets); err != nil {
		return "", err
	}
	id, err := web.ID(chi.URLParam(r, "id"))
	if err != nil {
		return "", err
	}
	next := "/queue"
	if form.Get("list") == "tickets" {
		next = "/tickets"
	}
	return query(next, "done", "view_deleted"), c.options.Desk.DeleteView(r.Context(), login.Actor.Person.UUID, id)
}

// groupTabs are the groups with how many tickets each has.
func groupTabs(v queueView) []page.Tab {
	filter, chosen := kept(v.Asked), v.Asked.Get("group")
	filter.Del("group")
	tabs := []page.Tab{{Label: "All groups", Path: listPath("/queue", filter, ""), Current: chosen == ""}}
	for _, group := range v.Groups {
		filter.Set("group", string(group.Group))
		tabs = append(tabs, page.Tab{
			Label: groupNames[group.Group], Path: listPath("/queue", filter, ""), Current: chosen == string(group.Group), Count: group.Count,
		})
	}
	return tabs
}
