package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// TicketPath is embedded in the input of what concerns one ticket.
type TicketPath struct {
	ID string `path:"id" doc:"The ticket's id, a UUID."`
}

type listTicketsInput struct {
	Reading
	State    string `query:"state" enum:"open,waiting_for_you,resolved,all" default:"all" doc:"open: neither resolved nor closed; resolved: resolved or closed."`
	Category string `query:"category" format:"uuid"`
	Search   string `query:"search" maxLength:"200" doc:"A ticket number however it is typed, or words of title, description, resolution or a comment."`
	Cursor   string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type ticketsBody struct {
	Fresh
	Items []client.Ticket `json:"items" nullable:"false"`
	Next  string          `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type ticketBody struct {
	Fresh
	client.TicketDetail
	Earlier string `json:"earlier,omitempty" doc:"The cursor of earlier comments; absent when all are here."`
}

type listCommentsInput struct {
	Reading
	TicketPath
	Cursor string `query:"cursor" maxLength:"200" doc:"The earlier of a ticket or of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type commentsBody struct {
	Fresh
	Items   []client.Comment `json:"items" nullable:"false" doc:"Oldest first."`
	Earlier string           `json:"earlier,omitempty" doc:"The cursor of earlier comments; absent when there are none."`
}

// raiseInput and its like have no field for what a client may not set: whose ticket it is and who sees
// it. A field that is not here is refused (A7).
type raiseInput struct {
	web.Write
	After
	Body raiseBody
}

type raiseBody struct {
	Category    uuid.UUID `json:"category" format:"uuid" doc:"The id of one of your ticket categories."`
	Title       string    `json:"title" minLength:"1" maxLength:"200"`
	Description string    `json:"description,omitempty" maxLength:"20000"`
	Priority    string    `json:"priority,omitempty" enum:"critical,high,medium,low" default:"medium" doc:"Critical needs a grant."`
}

type commentInput struct {
	web.Write
	After
	TicketPath
	Body commentBody
}

type commentBody struct {
	Text string `json:"text" minLength:"1" maxLength:"20000"`
}

type reopenInput struct {
	web.Write
	After
	TicketPath
	Body reopenBody
}

type reopenBody struct {
	Text string `json:"text,omitempty" maxLength:"20000" doc:"Why; it becomes a comment."`
}

// written is the output of every write.
type written struct {
	Position string `header:"Effigate-Position" doc:"A token; a read with after=<token> contains this write."`
	Body     writtenBody
}

type writtenBody struct {
	ID uuid.UUID `json:"id" format:"uuid" doc:"What it is about: the ticket, the person, the proposal."`
}

func (p *Portal) registerTickets() {
	web.Register(p.API, access.ReadTickets, get("list-tickets", "/tickets", "Your tickets, newest first"), p.listTickets)
	web.Register(p.API, access.ReadTickets, get("read-ticket", "/tickets/{id}", "A ticket with its history and newest comments"), p.readTicket)
	web.Register(p.API, access.ReadTickets, get("list-comments", "/tickets/{id}/comments", "The conversation on a ticket"), p.listComments)
	web.Register(p.API, access.RaiseTickets, post("raise-ticket", "/tickets", "Raise a ticket"), p.raiseTicket)
	web.Register(p.API, access.CommentTickets, post("comment-on-ticket", "/tickets/{id}/comments", "Write on a ticket"),
		func(ctx context.Context, actor domain.Actor, in *commentInput) (*written, error) {
			return p.onTicket(ctx, actor, in.Write, in.After, in.ID, "/comments", in.Body, func(r Request, id uuid.UUID) (Answer, error) {
				return p.commands.CommentOnTicket(ctx, r, id, in.Body.Text)
			})
		})
	web.Register(p.API, access.ReopenTickets, post("reopen-ticket", "/tickets/{id}/reopen", "Take a resolved ticket up again"),
		func(ctx context.Context, actor domain.Actor, in *reopenInput) (*written, error) {
			return p.onTicket(ctx, actor, in.Write, in.After, in.ID, "/reopen", in.Body, func(r Request, id uuid.UUID) (Answer, error) {
				return p.commands.ReopenTicket(ctx, r, id, in.Body.Text)
			})
		})
}

func post(id, path, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: base + path, Summary: summary, DefaultStatus: http.StatusCreated,
	}
}

func (p *Portal) listTickets(ctx context.Context, actor domain.Actor, in *listTicketsInput) (*answered[ticketsBody], error) {
	cursor, err := p.openCursor(actor, in.Cursor)
	if err != nil {
		return nil, err
	}
	filter := client.TicketFilter{State: client.StateFilter(in.State), Search: in.Search, After: cursor, Limit: in.Limit}
	if in.Category != "" {
		if filter.Category, err = uuid.Parse(in.Category); err != nil {
			return nil, wrongField("category", "must be a UUID")
		}
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (ticketsBody, error) {
		items, next, err := client.ListTickets(ctx, tx, v, filter)
		return ticketsBody{Items: items, Next: p.sealCursor(actor, next)}, err
	})
}

func (p *Portal) readTicket(ctx context.Context, actor domain.Actor, in *struct {
	Reading
	TicketPath
},
) (*answered[ticketBody], error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (ticketBody, error) {
		ticket, err := client.ReadTicket(ctx, tx, v, id)
		return ticketBody{TicketDetail: ticket, Earlier: p.sealCursor(actor, ticket.Earlier)}, err
	})
}

func (p *Portal) listComments(ctx context.Context, actor domain.Actor, in *listCommentsInput) (*answered[commentsBody], error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	cursor, err := p.openCursor(actor, in.Cursor)
	if err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (commentsBody, error) {
		items, earlier, err := client.ListComments(ctx, tx, v, id, cursor, in.Limit)
		return commentsBody{Items: items, Earlier: p.sealCursor(actor, earlier)}, err
	})
}

func (p *Portal) raiseTicket(ctx context.Context, actor domain.Actor, in *raiseInput) (*written, error) {
	var category client.Category
	err := p.look(ctx, actor, in.After, func(tx pgx.Tx, v client.Viewer) (err error) {
		category, err = client.ReadCategory(ctx, tx, v, in.Body.Category)
		return err
	})
	// An unknown category is for the command to refuse: this may be the repeat of a request that was
	// accepted while the category was known.
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return nil, err
	}
	r, err := p.request(ctx, actor, in.Write, "/tickets", in.Body)
	if err != nil {
		return nil, err
	}
	return p.write(r, func() (Answer, error) {
		return p.commands.RaiseTicket(ctx, r, RaiseTicket{
			Category: in.Body.Category, Contract: category.ContractID, JobType: category.JobType,
			Title: in.Body.Title, Description: in.Body.Description, Priority: in.Body.Priority,
		})
	})
}

// onTicket runs a command on one ticket. A Client Employee may not act on the tickets of others of the
// organisation, which only the read model tells; whether it is the organisation's ticket at all is for the
// command to decide, which knows it first.
func (p *Portal) onTicket(
	ctx context.Context, actor domain.Actor, write web.Write, since After, text, path string, body any, run func(Request, uuid.UUID) (Answer, error),
) (*written, error) {
	id, err := web.ID(text)
	if err != nil {
		return nil, err
	}
	err = p.look(ctx, actor, since, func(tx pgx.Tx, v client.Viewer) error {
		if v.All {
			return nil
		}
		return client.FindTicket(ctx, tx, v, id)
	})
	if err != nil {
		return nil, err
	}
	r, err := p.request(ctx, actor, write, "/tickets/"+text+path, body)
	if err != nil {
		return nil, err
	}
	return p.write(r, func() (Answer, error) { return run(r, id) })
}

// look reads what a write depends on, the actor's standing if nothing else: a stored answer, too, is for
// those alone who may still ask.
func (p *Portal) look(ctx context.Context, actor domain.Actor, since After, read func(pgx.Tx, client.Viewer) error) error {
	position, err := p.openPosition(actor, since.token())
	if err != nil {
		return err
	}
	_, err = p.view(ctx, actor, position, read)
	return err
}

// request makes what a command carries. The path names the ticket, so one key on two tickets is two
// commands.
func (p *Portal) request(ctx context.Context, actor domain.Actor, write web.Write, path string, body any) (Request, error) {
	canonical, err := json.Marshal(body)
	if err != nil {
		return Request{}, fmt.Errorf("encode request: %w", err)
	}
	return Request{
		Actor: actor, Credential: p.credential(ctx), Route: http.MethodPost + " " + base + path, Key: write.Key, Body: canonical,
		At: p.now().UTC().Truncate(time.Microsecond), Traceparent: write.Traceparent(),
	}, nil
}

// credential gives what proved the actor of a request.
func (p *Portal) credential(ctx context.Context) Credential {
	token, key := p.Credential(ctx)
	if key {
		return Credential{Kind: KeyCredential, Token: token}
	}
	return Credential{Kind: SessionCredential, Token: token}
}

func (p *Portal) write(r Request, run func() (Answer, error)) (*written, error) {
	answer, err := run()
	if err != nil {
		return nil, err
	}
	return &written{Position: p.sealPosition(r, answer.Position), Body: writtenBody{ID: answer.ID}}, nil
}
