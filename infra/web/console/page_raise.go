package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
	"effigate/infra/auth"
	"effigate/infra/web/page"
	rows "effigate/readmodels/staff"
)

// raiseView is the form of a new ticket; it begins with the choice of a client.
type raiseView struct {
	Client  rows.Client // zero until one is chosen
	Clients []page.Option
	Works   []page.Option // contracts of the client with their categories
	Users   []page.Option // of the client
	Form    typed
}

var (
	grades = []string{string(ticket.GradeHigh), string(ticket.GradeMedium), string(ticket.GradeLow)}
	noID   = uuid.Nil.String()
)

func (v raiseView) lead() string {
	if v.Client.ID == uuid.Nil {
		return "For which client?"
	}
	return "For " + or(v.Client.Name, "an unnamed client") + "."
}

func (c *Console) addRaisingPages() {
	showing(c, "/tickets/new", access.RaiseTickets, c.viewRaise, raisePage)
	c.posting("/tickets/new", access.RaiseTickets, c.postRaise, func(w http.ResponseWriter, r *http.Request, login auth.Login, form typed, status int) error {
		values := r.URL.Query()
		values.Set("client", form.Get("client"))
		r.URL.RawQuery = values.Encode()
		v, frame, err := look(c, r, login, access.RaiseTickets, c.viewRaise)
		if err != nil {
			return err
		}
		form.rename("category", "contract", "job_type")
		v.Form = form
		return page.Render(w, r, status, raisePage(frame, v))
	})
}

func (c *Console) viewRaise(ctx context.Context, tx pgx.Tx, _ reader, request *http.Request) (v raiseView, err error) {
	v.Form = blank()
	id, err := optionalID(request.URL.Query().Get("client"), "client")
	if err != nil {
		return v, err
	}
	if id == uuid.Nil {
		clients, _, err := rows.Clients(ctx, tx, uuid.Nil, rows.MaxLimit)
		for _, client := range clients {
			v.Clients = append(v.Clients, page.Option{Value: client.ID.String(), Label: client.Name})
		}
		return v, err
	}
	if v.Client, err = rows.ClientByID(ctx, tx, id); err != nil {
		return v, err
	}
	works, err := rows.Workables(ctx, tx)
	if err != nil {
		return v, err
	}
	v.Works = workOptions(slices.DeleteFunc(works, func(w rows.Workable) bool { return w.Client != id }))
	v.Works[0].Label = "None: out of scope"
	v.Users, err = c.peopleAs(ctx, tx, id, func(rows.Person) bool { return true })
	return v, err
}

func (c *Console) postRaise(_ http.ResponseWriter, r *http.Request, login auth.Login, form typed) (string, error) {
	client, err := optionalID(form.Get("client"), "client")
	if err != nil {
		return "", err
	}
	behalf, err := optionalID(form.Get("on_behalf_of"), "on_behalf_of")
	if err != nil {
		return "", err
	}
	contract, category, err := workIn(form)
	if err != nil {
		return "", err
	}
	request, err := c.command(r, login, form)
	if err != nil {
		return "", err
	}
	raised, err := c.commands.RaiseTicket(r.Context(), request, commands.RaiseTicket{
		Client: domain.ClientID{UUID: client}, Contract: contract, JobType: category, OutOfScope: category == "",
		Title: strings.TrimSpace(form.Get("title")), Description: form.Get("description"), Priority: ticket.Priority(form.Get("priority")),
		Impact: ticket.Grade(form.Get("impact")), Urgency: ticket.Grade(form.Get("urgency")),
		Visibility: visibility(form.Get("visibility")), OnBehalfOf: domain.PersonID{UUID: behalf},
	})
	return then(ticketPath(raised.ID), "raised", raised), err
}
