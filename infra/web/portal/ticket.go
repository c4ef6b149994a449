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

// CommentPath is embedded in the input of what concerns one comment on a ticket.
type CommentPath struct {
	TicketPath
	Comment string `path:"comment" doc:"The comment's id, a UUID."`
}

// Clocked is embedded in the body of what says how much time is left. The instant is no part of the ETag: a 304 says that
// what it is counted from is still the same.
type Clocked struct {
	ServerNow time.Time `json:"server_now" doc:"The server's time, which what is left until an instant is counted from."`
}

// serverNow is the instant of a read.
func (p *Portal) serverNow() Clocked {
	return Clocked{ServerNow: p.now().UTC().Truncate(time.Millisecond)}
}

type listTicketsInput struct {
	Reading
	State    string `query:"state" enum:"open,waiting_for_you,resolved,all" default:"all" doc:"open: not over yet; waiting_for_you: those of them that need an answer or an approval from you; resolved: all others."`
	Category string `query:"category" format:"uuid"`
	AtRisk   bool   `query:"at_risk" doc:"Only open ones of which a promise is at risk or missed."`
	Search   string `query:"search" maxLength:"200" doc:"A ticket number however it is typed, or words of title, description, resolution or a comment."`
	Cursor   string `query:"cursor" maxLength:"200" doc:"The next of the page before."`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type ticketsBody struct {
	Fresh
	Clocked
	Items []client.Ticket `json:"items" nullable:"false"`
	Next  string          `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type ticketBody struct {
	Fresh
	Clocked
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

type commentEditsBody struct {
	Fresh
	Items []client.CommentEdit `json:"items" nullable:"false" doc:"Newest first."`
}

type mentionableBody struct {
	Fresh
	Items []client.Mentionable `json:"items" nullable:"false"`
}

type suggestInput struct {
	Reading
	Title string `query:"title" required:"true" minLength:"1" maxLength:"200" doc:"Of a ticket that is being written."`
}

type suggestionsBody struct {
	Fresh
	Items []client.Suggestion `json:"items" nullable:"false" doc:"The most alike first."`
}

// raiseInput and its like have no field for what a client may not set: whose ticket it is and who sees
// it. A field that is not here is refused (A7).
type raiseInput struct {
	web.Write
	After
	Body raiseBody
}

type raiseBody struct {
	Category    uuid.UUID `json:"category,omitzero" format:"uuid" doc:"The id of one of your ticket categories."`
	OutOfScope  bool      `json:"out_of_scope,omitempty" doc:"In place of a category: none of your contracts covers it. You will be asked to allow what it takes."`
	Title       string    `json:"title" minLength:"1" maxLength:"200"`
	Description string    `json:"description,omitempty" maxLength:"20000"`
	Impact      string    `json:"impact,omitempty" enum:"high,medium,low" doc:"How much of your work is affected. With the urgency it makes the priority."`
	Urgency     string    `json:"urgency,omitempty" enum:"high,medium,low" doc:"How soon it must be solved."`
	Priority    string    `json:"priority,omitempty" enum:"critical,high,medium,low" doc:"In place of impact and urgency; medium without either. Critical needs a grant."`
	Follows     uuid.UUID `json:"follows,omitzero" format:"uuid" doc:"A ticket that is over, which this one takes up again."`
}

// check says what a body asks for that goes not together.
func (b raiseBody) check() error {
	var check domain.Check
	check.That((b.Category != uuid.Nil) != b.OutOfScope, "category", "must be given, or out_of_scope must be")
	check.That((b.Impact == "") == (b.Urgency == ""), "urgency", "must be given with the impact")
	check.That(b.Priority == "" || b.Impact == "", "priority", "cannot be given with the impact")
	return check.Err()
}

type commentInput struct {
	web.Write
	After
	TicketPath
	Body commentBody
}

type commentBody struct {
	Text     string      `json:"text" minLength:"1" maxLength:"20000"`
	Mentions []uuid.UUID `json:"mentions,omitempty" nullable:"false" maxItems:"20" doc:"The ids of people who are meant to read it, of those whom you can mention on the ticket."`
}

type editCommentInput struct {
	web.Write
	After
	CommentPath
	Body commentBody
}

type deleteCommentInput struct {
	web.Write
	After
	CommentPath
	Body struct{}
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

type acceptEstimateInput struct {
	web.Write
	After
	TicketPath
	Body acceptEstimateBody
}

type acceptEstimateBody struct {
	SHA256 string `json:"sha256" minLength:"64" maxLength:"64" doc:"Of the estimate as you read it. When it is another one by now, nothing is allowed."`
}

type declineEstimateInput struct {
	web.Write
	After
	TicketPath
	Body declineEstimateBody
}

type declineEstimateBody struct {
	Reason string `json:"reason,omitempty" maxLength:"2000"`
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
	web.Register(p.API, access.ReadTickets, get("read-ticket", "/tickets/{id}", "A ticket with its promises, its history, its files and its newest comments"), p.readTicket)
	web.Register(p.API, access.ReadTickets, get("list-comments", "/tickets/{id}/comments", "The conversation on a ticket"), p.listComments)
	web.Register(p.API, access.ReadTickets, get("list-comment-edits", "/tickets/{id}/comments/{comment}/edits", "What a comment said before it was changed"), p.listCommentEdits)
	web.Register(p.API, access.CommentTickets, get("list-mentionable-people", "/tickets/{id}/people", "Whom you can mention on a ticket"), p.listMentionable)
	web.Register(p.API, access.ReadTickets, get("suggest-tickets", "/ticket-suggestions", "Tickets of yours that are like one that is being written"), p.suggestTickets)
	web.Register(p.API, access.RaiseTickets, post("raise-ticket", "/tickets", "Raise a ticket"),
		func(ctx context.Context, actor domain.Actor, in *raiseInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/tickets", in.Body, func(r Request) (Answer, error) { return p.raise(ctx, r, in.After, in.Body) })
		})
	web.Register(p.API, access.CommentTickets, post("comment-on-ticket", "/tickets/{id}/comments", "Write on a ticket"),
		func(ctx context.Context, actor domain.Actor, in *commentInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/tickets/"+in.ID+"/comments", in.Body, func(r Request) (Answer, error) {
				return p.onTicket(ctx, r, in.After, in.ID, func(ticket uuid.UUID) (Answer, error) {
					return p.commands.CommentOnTicket(ctx, r, ticket, Comment(in.Body))
				})
			})
		})
	web.Register(p.API, access.CommentTickets, post("edit-comment", "/tickets/{id}/comments/{comment}/edit", "Change what you wrote"),
		func(ctx context.Context, actor domain.Actor, in *editCommentInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/tickets/"+in.ID+"/comments/"+in.Comment+"/edit", in.Body, func(r Request) (Answer, error) {
				return p.onComment(ctx, r, in.After, in.CommentPath, func(ticket, comment uuid.UUID) (Answer, error) {
					return p.commands.EditComment(ctx, r, ticket, comment, Comment(in.Body))
				})
			})
		})
	web.Register(p.API, access.CommentTickets, post("delete-comment", "/tickets/{id}/comments/{comment}/delete", "Delete what you wrote; that it was there stays"),
		func(ctx context.Context, actor domain.Actor, in *deleteCommentInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/tickets/"+in.ID+"/comments/"+in.Comment+"/delete", in.Body, func(r Request) (Answer, error) {
				return p.onComment(ctx, r, in.After, in.CommentPath, func(ticket, comment uuid.UUID) (Answer, error) {
					return p.commands.DeleteComment(ctx, r, ticket, comment)
				})
			})
		})
	web.Register(p.API, access.ReopenTickets, post("reopen-ticket", "/tickets/{id}/reopen", "Take a resolved ticket up again"),
		func(ctx context.Context, actor domain.Actor, in *reopenInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/tickets/"+in.ID+"/reopen", in.Body, func(r Request) (Answer, error) {
				return p.onTicket(ctx, r, in.After, in.ID, func(ticket uuid.UUID) (Answer, error) {
					return p.commands.ReopenTicket(ctx, r, ticket, in.Body.Text)
				})
			})
		})
	web.Register(p.API, access.AcceptContracts, post("accept-estimate", "/tickets/{id}/estimate/accept", "Allow work that you have not bought, after a fresh proof of who you are"),
		func(ctx context.Context, actor domain.Actor, in *acceptEstimateInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/tickets/"+in.ID+"/estimate/accept", in.Body, func(r Request) (Answer, error) {
				return p.onTicket(ctx, r, in.After, in.ID, func(ticket uuid.UUID) (Answer, error) {
					return p.commands.AnswerEstimate(ctx, r, ticket, EstimateAnswer{Accept: true, SHA256: in.Body.SHA256})
				})
			})
		})
	web.Register(p.API, access.AcceptContracts, post("decline-estimate", "/tickets/{id}/estimate/decline", "Refuse work that you have not bought, after a fresh proof of who you are"),
		func(ctx context.Context, actor domain.Actor, in *declineEstimateInput) (*written, error) {
			return p.run(ctx, actor, in.Write, "/tickets/"+in.ID+"/estimate/decline", in.Body, func(r Request) (Answer, error) {
				return p.declineEstimate(ctx, r, in.After, in.ID, in.Body.Reason)
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
	filter := client.TicketFilter{State: client.StateFilter(in.State), AtRisk: in.AtRisk, Search: in.Search, After: cursor, Limit: in.Limit}
	if in.Category != "" {
		if filter.Category, err = uuid.Parse(in.Category); err != nil {
			return nil, wrongField("category", "must be a UUID")
		}
	}
	out, err := read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (ticketsBody, error) {
		items, next, err := client.ListTickets(ctx, tx, v, filter)
		return ticketsBody{Items: items, Next: p.sealCursor(actor, next)}, err
	})
	if err != nil {
		return nil, err
	}
	out.Body.Clocked = p.serverNow()
	return out, nil
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
	out, err := read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (ticketBody, error) {
		ticket, err := client.ReadTicket(ctx, tx, v, id)
		return ticketBody{TicketDetail: ticket, Earlier: p.sealCursor(actor, ticket.Earlier)}, err
	})
	if err != nil {
		return nil, err
	}
	out.Body.Clocked = p.serverNow()
	return out, nil
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

func (p *Portal) listCommentEdits(ctx context.Context, actor domain.Actor, in *struct {
	Reading
	CommentPath
},
) (*answered[commentEditsBody], error) {
	ticket, comment, err := in.ids()
	if err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (commentEditsBody, error) {
		items, err := client.ListCommentEdits(ctx, tx, v, ticket, comment)
		return commentEditsBody{Items: items}, err
	})
}

func (p *Portal) listMentionable(ctx context.Context, actor domain.Actor, in *struct {
	Reading
	TicketPath
},
) (*answered[mentionableBody], error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return nil, err
	}
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (mentionableBody, error) {
		items, err := client.ListMentionable(ctx, tx, v, id)
		return mentionableBody{Items: items}, err
	})
}

func (p *Portal) suggestTickets(ctx context.Context, actor domain.Actor, in *suggestInput) (*answered[suggestionsBody], error) {
	return read(ctx, p, actor, in.Reading, func(tx pgx.Tx, v client.Viewer) (suggestionsBody, error) {
		items, err := client.SuggestTickets(ctx, tx, v, in.Title)
		return suggestionsBody{Items: items}, err
	})
}

// raise opens a ticket for the organisation.
func (p *Portal) raise(ctx context.Context, r Request, since After, said raiseBody) (Answer, error) {
	if err := said.check(); err != nil {
		return Answer{}, err
	}
	if said.Priority == "" && said.Impact == "" {
		said.Priority = defaultPriority
	}
	var category client.Category
	err := p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) (err error) {
		if said.Follows != uuid.Nil {
			if err := mayAct(ctx, tx, v, said.Follows); err != nil {
				return err
			}
		}
		if said.OutOfScope {
			return nil
		}
		category, err = client.ReadCategory(ctx, tx, v, said.Category)
		if errors.Is(err, domain.ErrNotFound) {
			return nil // It is for the command to refuse: this may be the repeat of what was accepted while it was known.
		}
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	return p.commands.RaiseTicket(ctx, r, RaiseTicket{
		Category: said.Category, Contract: category.ContractID, JobType: category.JobType, OutOfScope: said.OutOfScope,
		Title: said.Title, Description: said.Description, Impact: said.Impact, Urgency: said.Urgency, Priority: said.Priority,
		Follows: said.Follows,
	})
}

// defaultPriority is that of a ticket about whose importance nothing was said.
const defaultPriority = "medium"

// declineEstimate refuses for the organisation.
func (p *Portal) declineEstimate(ctx context.Context, r Request, since After, text, reason string) (Answer, error) {
	return p.onTicket(ctx, r, since, text, func(ticket uuid.UUID) (Answer, error) {
		return p.commands.AnswerEstimate(ctx, r, ticket, EstimateAnswer{Reason: reason})
	})
}

// onTicket runs a command on one ticket.
func (p *Portal) onTicket(ctx context.Context, r Request, since After, text string, run func(ticket uuid.UUID) (Answer, error)) (Answer, error) {
	id, err := web.ID(text)
	if err != nil {
		return Answer{}, err
	}
	err = p.look(ctx, r.Actor, since, func(tx pgx.Tx, v client.Viewer) error { return mayAct(ctx, tx, v, id) })
	if err != nil {
		return Answer{}, err
	}
	return run(id)
}

// mayAct says whether the viewer may act on a ticket. A Client Employee may not on those of others of the organisation,
// which only the read model tells; whether it is the organisation's ticket at all is for the command to decide, which
// knows it first.
func mayAct(ctx context.Context, tx pgx.Tx, v client.Viewer, ticket uuid.UUID) error {
	if v.All {
		return nil
	}
	return client.FindTicket(ctx, tx, v, ticket)
}

// onComment runs a command on one comment; whose it is, is for the command to decide.
func (p *Portal) onComment(ctx context.Context, r Request, since After, path CommentPath, run func(ticket, comment uuid.UUID) (Answer, error)) (Answer, error) {
	_, comment, err := path.ids()
	if err != nil {
		return Answer{}, err
	}
	return p.onTicket(ctx, r, since, path.ID, func(ticket uuid.UUID) (Answer, error) { return run(ticket, comment) })
}

// ids are those that the path names.
func (c CommentPath) ids() (ticket, comment uuid.UUID, err error) {
	if ticket, err = web.ID(c.ID); err != nil {
		return uuid.Nil, uuid.Nil, err
	}
	comment, err = web.ID(c.Comment)
	return ticket, comment, err
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

// run makes the request of a command on a path and answers what the command leads to.
func (p *Portal) run(ctx context.Context, actor domain.Actor, write web.Write, path string, body any, run func(Request) (Answer, error)) (*written, error) {
	r, err := p.request(ctx, actor, write, path, body)
	if err != nil {
		return nil, err
	}
	return p.write(r, func() (Answer, error) { return run(r) })
}

func (p *Portal) write(r Request, run func() (Answer, error)) (*written, error) {
	answer, err := run()
	if err != nil {
		return nil, err
	}
	return &written{Position: p.sealPosition(r, answer.Position), Body: writtenBody{ID: answer.ID}}, nil
}
