package console

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type listTicketsInput struct {
	Reading
	Page
	Client     uuid.UUID `query:"client" format:"uuid"`
	Status     []string  `query:"status" maxItems:"8" enum:"new,triaged,in_progress,waiting_client,waiting_third_party,resolved,closed,reopened"`
	Visibility string    `query:"visibility" enum:"client_visible,internal_only"`
	Assignee   uuid.UUID `query:"assignee" format:"uuid"`
	Number     string    `query:"number" maxLength:"40" example:"tkt 41" doc:"However it is typed; with the suffix -int it is one of the internal series."`
	Text       string    `query:"text" maxLength:"200" doc:"Words of title or description."`
}

// Ticket is a ticket as it is shown: its row and what derives from it. It is exported because it is embedded
// in a body, and the description of the API shows exported fields alone.
type Ticket struct {
	rows.Ticket
	Number string `json:"number" example:"TKT-0041" doc:"What the ticket goes by: the visible number if it has one, else the internal one with the suffix -int."`
}

func show(ticket rows.Ticket) Ticket {
	return Ticket{Ticket: ticket, Number: ticket.Number().String()}
}

type ticketsBody struct {
	Fresh
	Items  []Ticket          `json:"items" nullable:"false" doc:"The newest first, with the beginning of each description."`
	People map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Next   string            `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type ticketInput struct {
	Reading
	ID string `path:"id" doc:"The ticket's id, a UUID."`
}

type ticketBody struct {
	Fresh
	Ticket
	Messages    []rows.Message    `json:"messages" nullable:"false"`
	Timeline    []rows.Step       `json:"timeline" nullable:"false"`
	Disclosures []rows.Disclosure `json:"disclosures" nullable:"false" doc:"When the client could see the ticket and its messages."`
	People      map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Parked      *rows.Parked      `json:"parked,omitempty" doc:"There when an event of the ticket could not be applied: what is shown ends before it."`
}

func (b ticketBody) revision() int64 { return b.Revision }

type countsInput struct {
	Reading
	Client uuid.UUID `query:"client" format:"uuid"`
}

type countsBody struct {
	Fresh
	Items []rows.TicketCount `json:"items" nullable:"false"`
}

type raiseBody struct {
	Client      uuid.UUID `json:"client" format:"uuid"`
	Contract    uuid.UUID `json:"contract" format:"uuid"`
	JobType     string    `json:"job_type" maxLength:"200" doc:"A job type of the contract."`
	Title       string    `json:"title" minLength:"1" maxLength:"200"`
	Description string    `json:"description,omitempty" maxLength:"20000"`
	Priority    string    `json:"priority" enum:"critical,high,medium,low"`
	Visibility  string    `json:"visibility,omitempty" enum:"client_visible,internal_only" default:"internal_only"`
	OnBehalfOf  uuid.UUID `json:"on_behalf_of,omitzero" format:"uuid" doc:"A user of the client, for whom the ticket is raised: it is visible then, for ever."`
}

func (c *Console) registerTickets() {
	get(c, "list-tickets", "/tickets", "The tickets, newest first", access.ReadTickets, c.listTickets)
	get(c, "count-tickets", "/ticket-counts", "The tickets counted by client, state and visibility", access.ReadTickets, countTickets)
	get(c, "read-ticket", "/tickets/{id}", "Everything about a ticket", access.ReadTickets, c.readTicket)
	web.Register(c.API, access.RaiseTickets, post("raise-ticket", "/tickets", "Raise a ticket", http.StatusCreated), c.raiseTicket)
}

func (c *Console) listTickets(ctx context.Context, tx pgx.Tx, _ reader, in *listTicketsInput) (b ticketsBody, err error) {
	filter := rows.TicketFilter{
		Client: in.Client, Statuses: in.Status, Visibility: in.Visibility, Assignee: in.Assignee, Text: in.Text, Limit: in.Limit,
	}
	if in.Number != "" {
		var ok bool
		if filter.Number, ok = rows.ParseNumber(in.Number); !ok {
			return b, wrongField("number", "must be a ticket number such as TKT-0041 or TKT-0041-int")
		}
	}
	if filter.After, err = rows.ParseTicketCursor(in.Cursor); err != nil {
		return b, err
	}
	tickets, next, err := rows.Tickets(ctx, tx, filter)
	if err != nil {
		return b, err
	}
	b.Items, b.Next = make([]Ticket, len(tickets)), next.String()
	var named []uuid.UUID
	for i, ticket := range tickets {
		b.Items[i] = show(ticket)
		named = append(named, given(ticket.Assignee, ticket.RaisedBy)...)
	}
	b.People, err = c.people(ctx, tx, named)
	return b, err
}

func countTickets(ctx context.Context, tx pgx.Tx, _ reader, in *countsInput) (b countsBody, err error) {
	var clients []uuid.UUID
	if in.Client != uuid.Nil {
		clients = append(clients, in.Client)
	}
	b.Items, err = rows.TicketCounts(ctx, tx, clients...)
	return b, err
}

func (c *Console) readTicket(ctx context.Context, tx pgx.Tx, _ reader, in *ticketInput) (b ticketBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	row, err := rows.TicketByID(ctx, tx, id)
	if err != nil {
		return b, err
	}
	b.Ticket = show(row)
	if b.Messages, err = rows.Messages(ctx, tx, id); err != nil {
		return b, err
	}
	if b.Timeline, err = rows.Timeline(ctx, tx, id, domain.NoStream); err != nil {
		return b, err
	}
	if b.Disclosures, err = rows.Disclosures(ctx, tx, id); err != nil {
		return b, err
	}
	if b.Parked, err = parked(ctx, tx, ticket.Stream(domain.TicketID{UUID: id})); err != nil {
		return b, err
	}
	b.People, err = c.people(ctx, tx, b.named())
	return b, err
}

// named lists the people that the body speaks of.
func (b ticketBody) named() []uuid.UUID {
	named := given(b.Assignee, b.RaisedBy)
	for _, message := range b.Messages {
		named = append(named, given(message.Author)...)
	}
	for _, step := range b.Timeline {
		var told struct{ Assignee *uuid.UUID } // Perhaps not the present one.
		if json.Unmarshal(step.Arguments, &told) == nil {
			named = append(named, given(step.Actor, told.Assignee)...)
		}
	}
	return named
}

func (c *Console) raiseTicket(ctx context.Context, actor domain.Actor, in *struct {
	web.Write
	Body raiseBody
},
) (*written, error) {
	request, err := c.request(actor, in.Write, base+"/tickets", in.Body)
	if err != nil {
		return nil, err
	}
	return answer(c.commands.RaiseTicket(ctx, request, commands.RaiseTicket{
		Client: domain.ClientID{UUID: in.Body.Client}, Contract: domain.ContractID{UUID: in.Body.Contract},
		JobType: in.Body.JobType, Title: in.Body.Title, Description: in.Body.Description,
		Priority: ticket.Priority(in.Body.Priority), Visibility: visibility(in.Body.Visibility),
		OnBehalfOf: domain.PersonID{UUID: in.Body.OnBehalfOf},
	}))
}

// visibility reads the name that the API has for one.
func visibility(name string) domain.Visibility {
	if name == rows.ClientVisible {
		return domain.ClientVisible
	}
	return domain.InternalOnly
}
