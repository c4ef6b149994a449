package console

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

type listTicketsInput struct {
	Reading
	Page
	Client     uuid.UUID `query:"client" format:"uuid"`
	Contract   uuid.UUID `query:"contract" format:"uuid"`
	Status     []string  `query:"status" maxItems:"13" enum:"new,triaged,in_progress,waiting_client,waiting_third_party,on_hold,awaiting_scope_approval,resolved,closed,reopened,cancelled,merged,duplicate"`
	Waiting    bool      `query:"waiting" doc:"Those alone that wait for somebody, are on hold, or await the approval of their scope; with status, those of the states given."`
	Breached   bool      `query:"breached" doc:"Those alone that go on although a promise was missed."`
	Mine       bool      `query:"mine" doc:"Those alone that the reader is to work on or watches."`
	Priority   []string  `query:"priority" maxItems:"4" enum:"critical,high,medium,low"`
	Team       string    `query:"team" maxLength:"200"`
	Visibility string    `query:"visibility" enum:"client_visible,internal_only"`
	Assignee   uuid.UUID `query:"assignee" format:"uuid"`
	Number     string    `query:"number" maxLength:"40" example:"tkt 41" doc:"However it is typed; with the suffix -int it is one of the internal series."`
	Text       string    `query:"text" maxLength:"200" doc:"A number however it is typed, or words of title or description."`
}

// Ticket is a ticket as it is shown: its row and what derives from it. It is exported because it is embedded
// in a body, and the description of the API shows exported fields alone.
type Ticket struct {
	rows.Ticket
	Number   string      `json:"number" example:"TKT-0041" doc:"What the ticket goes by: the visible number if it has one, else the internal one with the suffix -int."`
	Watchers []uuid.UUID `json:"watchers" nullable:"false" doc:"Who is told of it."`
}

func show(ticket rows.Ticket) (Ticket, error) {
	watchers, err := ticket.Watching()
	return Ticket{Ticket: ticket, Number: ticket.Number().String(), Watchers: watchers}, err
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

// Message is a message of a conversation as it is shown.
type Message struct {
	rows.Message
	Mentions []uuid.UUID           `json:"mentions" nullable:"false" doc:"Who is meant to read it."`
	Versions []rows.CommentVersion `json:"versions" nullable:"false" doc:"What it said before, from the first text on that stays readable."`
}

// related is a ticket that is tied to another one.
type related struct {
	ID       uuid.UUID `json:"id" format:"uuid"`
	Number   string    `json:"number"`
	Title    string    `json:"title"`
	Status   string    `json:"status"`
	Relation string    `json:"relation" enum:"relates_to,blocks,blocked_by,caused_by,merged,split,follows" doc:"Of a link, or: the other one was merged into this one, cut off from it, or takes it up again."`
	Inverse  bool      `json:"inverse,omitempty" doc:"It is the other way round: the relation is the other one's to this one."`
}

type ticketBody struct {
	Fresh
	Ticket
	Now             time.Time         `json:"server_now"`
	Promises        []Promise         `json:"promises" nullable:"false" doc:"How the newest cycle of each goal stands."`
	EscalatedAt     *time.Time        `json:"escalated_at,omitempty" doc:"While a promise that counts is escalated."`
	EscalationLevel int               `json:"escalation_level,omitempty"`
	Escalations     []rows.Reached    `json:"escalations" nullable:"false"`
	Targets         []rows.Outcome    `json:"targets" nullable:"false" doc:"What was written down about promises, and stays."`
	Messages        []Message         `json:"messages" nullable:"false"`
	Attachments     []rows.Attachment `json:"attachments" nullable:"false"`
	Related         []related         `json:"related" nullable:"false"`
	Timeline        []rows.Step       `json:"timeline" nullable:"false"`
	Disclosures     []rows.Disclosure `json:"disclosures" nullable:"false" doc:"When the client could see the ticket, its messages and files."`
	People          map[string]string `json:"people" doc:"The names of the people in here, by id."`
	Parked          *rows.Parked      `json:"parked,omitempty" doc:"There when an event of the ticket could not be applied: what is shown ends before it."`
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
	Contract    uuid.UUID `json:"contract,omitzero" format:"uuid"`
	JobType     string    `json:"job_type,omitempty" maxLength:"200" doc:"A job type of the contract."`
	OutOfScope  bool      `json:"out_of_scope,omitempty" doc:"No contract covers it: contract and job_type are left out."`
	Title       string    `json:"title" minLength:"1" maxLength:"200"`
	Description string    `json:"description,omitempty" maxLength:"20000"`
	Priority    string    `json:"priority,omitempty" enum:"critical,high,medium,low" doc:"Left out, it is worked out from impact and urgency."`
	Impact      string    `json:"impact,omitempty" enum:"low,medium,high"`
	Urgency     string    `json:"urgency,omitempty" enum:"low,medium,high"`
	Follows     uuid.UUID `json:"follows,omitzero" format:"uuid" doc:"A resolved or closed ticket that this one takes up again."`
	Visibility  string    `json:"visibility,omitempty" enum:"client_visible,internal_only" default:"internal_only"`
	OnBehalfOf  uuid.UUID `json:"on_behalf_of,omitzero" format:"uuid" doc:"A user of the client, for whom the ticket is raised: it is visible then, for ever."`
}

func (c *Console) registerTickets() {
	get(c, "list-tickets", "/tickets", "The tickets, newest first", access.ReadTickets, c.listTickets)
	get(c, "count-tickets", "/ticket-counts", "The tickets counted by client, state and visibility", access.ReadTickets, countTickets)
	get(c, "read-ticket", "/tickets/{id}", "Everything about a ticket", access.ReadTickets, c.readTicket)
	web.Register(c.API, access.RaiseTickets, post("raise-ticket", "/tickets", "Raise a ticket", http.StatusCreated), c.raiseTicket)
}

// pauses are the states in which a ticket stands still.
var pauses = []string{
	string(ticket.StatusWaitingClient), string(ticket.StatusWaitingThirdParty), string(ticket.StatusOnHold),
	string(ticket.StatusAwaitingScope),
}

// filter is what the input narrows the list to.
func (c *Console) filter(in *listTicketsInput, r reader) (rows.TicketFilter, error) {
	filter := rows.TicketFilter{
		Client: in.Client, Contract: in.Contract, Statuses: in.Status, Priorities: in.Priority, Visibility: in.Visibility,
		Assignee: in.Assignee, Team: in.Team, Text: in.Text, Limit: in.Limit,
	}
	if in.Waiting && len(in.Status) == 0 {
		filter.Statuses = pauses
	}
	if in.Breached {
		filter.Breached = c.moment()
	}
	if in.Mine {
		filter.Of = r.Actor.Person.UUID
	}
	if in.Number != "" {
		var ok bool
		if filter.Number, ok = rows.ParseNumber(in.Number); !ok {
			return filter, wrongField("number", "must be a ticket number such as TKT-0041 or TKT-0041-int")
		}
	}
	after, err := rows.ParseTicketCursor(in.Cursor)
	filter.After = after
	return filter, err
}

func (c *Console) listTickets(ctx context.Context, tx pgx.Tx, r reader, in *listTicketsInput) (b ticketsBody, err error) {
	filter, err := c.filter(in, r)
	if err != nil {
		return b, err
	}
	tickets, next, err := rows.Tickets(ctx, tx, filter)
	if err != nil {
		return b, err
	}
	b.Items, b.Next = make([]Ticket, len(tickets)), next.String()
	var named []uuid.UUID
	for i, ticket := range tickets {
		if b.Items[i], err = show(ticket); err != nil {
			return b, err
		}
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

func (c *Console) readTicket(ctx context.Context, tx pgx.Tx, r reader, in *ticketInput) (b ticketBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	row, err := rows.TicketByID(ctx, tx, id)
	if err != nil {
		return b, err
	}
	if b.Ticket, err = show(row); err != nil {
		return b, err
	}
	if err := c.converse(ctx, tx, &b); err != nil {
		return b, err
	}
	if err := c.promised(ctx, tx, r, &b); err != nil {
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

// converse fills in what was said, the files, and the tickets that the ticket is tied to.
func (c *Console) converse(ctx context.Context, tx pgx.Tx, b *ticketBody) error {
	messages, err := rows.Messages(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	versions, err := rows.CommentVersions(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	before := map[uuid.UUID][]rows.CommentVersion{}
	for _, version := range versions {
		before[version.Message] = append(before[version.Message], version)
	}
	b.Messages = make([]Message, len(messages))
	for i, message := range messages {
		mentions, err := message.Mentioned()
		if err != nil {
			return err
		}
		b.Messages[i] = Message{Message: message, Mentions: mentions, Versions: append([]rows.CommentVersion{}, before[message.ID]...)}
	}
	if b.Attachments, err = rows.Attachments(ctx, tx, b.ID); err != nil {
		return err
	}
	tied, err := rows.RelatedTickets(ctx, tx, b.ID)
	b.Related = make([]related, len(tied))
	for i, other := range tied {
		b.Related[i] = related{
			ID: other.Ticket.ID, Number: other.Ticket.Number().String(), Title: other.Ticket.Title, Status: other.Ticket.Status,
			Relation: other.Relation, Inverse: other.Inverse,
		}
	}
	return err
}

// promised fills in how the promises about the ticket stand, and what was written down about them.
func (c *Console) promised(ctx context.Context, tx pgx.Tx, r reader, b *ticketBody) error {
	row, err := rows.ClockByID(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	clock, err := row.Decode()
	if err != nil {
		return err
	}
	policies := r.may(access.ReadPolicies)
	b.Now = c.moment()
	b.Promises = promises(clock, b.Now, policies)
	if row.EscalationLevel > 0 {
		b.EscalatedAt, b.EscalationLevel = row.EscalatedAt, row.EscalationLevel
	}
	if b.Escalations, err = rows.Escalations(ctx, tx, b.ID); err != nil {
		return err
	}
	if b.Targets, err = rows.Targets(ctx, tx, b.ID); err != nil {
		return err
	}
	if !policies {
		for i := range b.Targets {
			b.Targets[i].GoalSeconds, b.Targets[i].ElapsedSeconds = 0, 0
		}
		for i, reached := range b.Escalations {
			b.Escalations[i].Level = sla.Level{Level: reached.Level.Level}
		}
	}
	return nil
}

// named lists the people that the body speaks of.
func (b ticketBody) named() []uuid.UUID {
	named := append(given(b.Assignee, b.RaisedBy, b.AcknowledgedBy), b.Watchers...)
	for _, message := range b.Messages {
		named = append(append(named, given(message.Author)...), message.Mentions...)
	}
	for _, attachment := range b.Attachments {
		named = append(named, given(attachment.AttachedBy)...)
	}
	for _, escalation := range b.Escalations {
		named = append(named, escalation.Level.Persons...)
	}
	for _, step := range b.Timeline {
		var told struct{ Assignee, Person *uuid.UUID } // Perhaps not the present ones.
		if json.Unmarshal(step.Arguments, &told) == nil {
			named = append(named, given(step.Actor, told.Assignee, told.Person)...)
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
		OnBehalfOf: domain.PersonID{UUID: in.Body.OnBehalfOf}, OutOfScope: in.Body.OutOfScope,
		Impact: ticket.Grade(in.Body.Impact), Urgency: ticket.Grade(in.Body.Urgency),
		Follows: domain.TicketID{UUID: in.Body.Follows},
	}))
}

// visibility reads the name that the API has for one.
func visibility(name string) domain.Visibility {
	if name == rows.ClientVisible {
		return domain.ClientVisible
	}
	return domain.InternalOnly
}
