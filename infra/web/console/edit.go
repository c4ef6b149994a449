package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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

type triageBody struct {
	Contract uuid.UUID `json:"contract" format:"uuid"`
	JobType  string    `json:"job_type" maxLength:"200" doc:"A job type of the contract."`
	Priority string    `json:"priority" enum:"critical,high,medium,low"`
}

type assignBody struct {
	Assignee uuid.UUID `json:"assignee,omitzero" format:"uuid" doc:"A staff person; absent for nobody."`
	Team     string    `json:"team,omitempty" maxLength:"200"`
}

type commentBody struct {
	Text       string `json:"text" minLength:"1" maxLength:"20000"`
	Visibility string `json:"visibility" enum:"client_visible,internal_only" doc:"Who reads it; always said, never guessed."`

	Mentions []uuid.UUID `json:"mentions,omitempty" maxItems:"20" nullable:"false" doc:"Who is meant to read it, and may."`
}

type editCommentBody struct {
	Text     string      `json:"text" minLength:"1" maxLength:"20000"`
	Mentions []uuid.UUID `json:"mentions,omitempty" maxItems:"20" nullable:"false" doc:"Who is meant to read it, and may."`
}

// editCommentInput is the input of a write to a comment.
type editCommentInput[B any] struct {
	Edit
	Comment string `path:"comment" doc:"The comment's id, a UUID."`
	Body    B
}

type cancelBody struct {
	Reason string `json:"reason,omitempty" maxLength:"20000" doc:"Internal."`
}

type mergeBody struct {
	Into      uuid.UUID `json:"into" format:"uuid" doc:"The ticket that goes on."`
	Duplicate bool      `json:"duplicate,omitempty" doc:"It was there already: the ticket ends as its duplicate."`
	Reason    string    `json:"reason,omitempty" maxLength:"20000" doc:"Internal."`
}

type splitBody struct {
	Comments   []uuid.UUID `json:"comments" minItems:"1" maxItems:"100" nullable:"false" doc:"Those that go on in the new ticket."`
	Title      string      `json:"title" minLength:"1" maxLength:"200"`
	Visibility string      `json:"visibility,omitempty" enum:"client_visible,internal_only" default:"internal_only"`
}

type tieBody struct {
	Other    uuid.UUID `json:"other" format:"uuid" doc:"The other ticket."`
	Relation string    `json:"relation" enum:"relates_to,blocks,blocked_by,caused_by"`
}

type moveBody struct {
	Client   uuid.UUID `json:"client" format:"uuid"`
	Contract uuid.UUID `json:"contract,omitzero" format:"uuid" doc:"Left out, the ticket is out of scope."`
	JobType  string    `json:"job_type,omitempty" maxLength:"200" doc:"A job type of the contract."`
	Reason   string    `json:"reason,omitempty" maxLength:"20000" doc:"Internal."`
}

type estimateBody struct {
	Contract uuid.UUID `json:"contract" format:"uuid" doc:"Under which it would be done."`
	JobType  string    `json:"job_type" maxLength:"200" doc:"A job type of the contract."`
	Minutes  int       `json:"minutes" minimum:"1" maximum:"600000"`
	Text     string    `json:"text" minLength:"1" maxLength:"20000" doc:"For the client."`
}

type watchBody struct {
	Person uuid.UUID `json:"person,omitzero" format:"uuid" doc:"A staff person; absent for oneself."`
	End    bool      `json:"end,omitempty" doc:"Be told no longer."`
}

type acknowledgeBody struct {
	Note string `json:"note,omitempty" maxLength:"20000" doc:"Internal."`
}

type excuseBody struct {
	Goal   string `json:"goal" enum:"first_response,next_response,resolution"`
	Cycle  int    `json:"cycle,omitempty" minimum:"1" maximum:"100000" default:"1"`
	Why    string `json:"why" enum:"client_wait,maintenance,force_majeure,mistake"`
	Reason string `json:"reason" minLength:"1" maxLength:"20000" doc:"Internal."`
}

type noteBody struct {
	Text       string    `json:"text" minLength:"1" maxLength:"20000"`
	Visibility string    `json:"visibility,omitempty" enum:"client_visible,internal_only" default:"internal_only"`
	CopyOf     uuid.UUID `json:"copy_of,omitzero" format:"uuid" doc:"The internal note whose reviewed text this visible one discloses."`
}

type waitBody struct {
	For      string `json:"for" enum:"client,third_party,hold"`
	Question string `json:"question,omitempty" maxLength:"20000" doc:"What the client is asked; needed when waiting for the client."`
	Reason   string `json:"reason,omitempty" maxLength:"20000" doc:"Internal; when waiting for a third party, or on hold."`
}

type resolveBody struct {
	Note string `json:"note,omitempty" maxLength:"20000" doc:"For the client; needed on a visible ticket."`
	Code string `json:"code,omitempty" maxLength:"200" doc:"Internal."`
}

type reopenBody struct {
	Reason string `json:"reason,omitempty" maxLength:"20000" doc:"Internal."`
}

// editingTicket registers a command on a ticket. A 409 for a ticket that has changed says how.
func editingTicket[B any](
	c *Console, needed access.Permission, id, path, summary string, status int,
	run func(context.Context, commands.Request, domain.TicketID, B) (commands.Answer, error),
) {
	editing(c, needed, post(id, "/tickets/{id}/"+path, summary, status),
		func(ctx context.Context, r commands.Request, id uuid.UUID, asked B) (commands.Answer, error) {
			answer, err := run(ctx, r, domain.TicketID{UUID: id}, asked)
			return answer, c.explainChange(ctx, err, id, r.Seen)
		})
}

func (c *Console) registerEdits() {
	editingTicket(c, access.WorkTickets, "triage-ticket", "triage", "Classify a ticket", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked triageBody) (commands.Answer, error) {
			return c.commands.TriageTicket(ctx, r, commands.TriageTicket{
				Ticket: id, Contract: domain.ContractID{UUID: asked.Contract}, JobType: asked.JobType, Priority: ticket.Priority(asked.Priority),
			})
		})
	editingTicket(c, access.WorkTickets, "assign-ticket", "assign", "Give a ticket to a person, a team, both or nobody", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked assignBody) (commands.Answer, error) {
			return c.commands.AssignTicket(ctx, r, commands.AssignTicket{
				Ticket: id, Assignee: domain.PersonID{UUID: asked.Assignee}, Team: asked.Team,
			})
		})
	editingTicket(c, access.WorkTickets, "start-ticket", "start", "Begin work on a ticket", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, _ *nothing) (commands.Answer, error) {
			return c.commands.StartTicket(ctx, r, commands.StartTicket{Ticket: id})
		})
	editingTicket(c, access.CommentTickets, "comment-on-ticket", "comments", "Write to the conversation", http.StatusCreated,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked commentBody) (commands.Answer, error) {
			return c.commands.CommentOnTicket(ctx, r, commands.CommentOnTicket{
				Ticket: id, Text: asked.Text, Visibility: visibility(asked.Visibility), Mentions: personIDs(asked.Mentions),
			})
		})
	editingTicket(c, access.WorkTickets, "note-on-ticket", "notes", "Write a note", http.StatusCreated,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked noteBody) (commands.Answer, error) {
			return c.commands.NoteOnTicket(ctx, r, commands.NoteOnTicket{
				Ticket: id, Text: asked.Text, Visibility: visibility(asked.Visibility), CopyOf: domain.CommentID{UUID: asked.CopyOf},
			})
		})
	editingTicket(c, access.WorkTickets, "wait-on-ticket", "wait", "Pause for the client, with a question, for a third party, or for a reason of the firm's own", http.StatusOK, c.wait)
	editingTicket(c, access.WorkTickets, "resume-ticket", "resume", "End a pause", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, _ *nothing) (commands.Answer, error) {
			return c.commands.ResumeTicket(ctx, r, commands.ResumeTicket{Ticket: id})
		})
	editingTicket(c, access.WorkTickets, "resolve-ticket", "resolve", "Say how a ticket was solved", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked resolveBody) (commands.Answer, error) {
			return c.commands.ResolveTicket(ctx, r, commands.ResolveTicket{Ticket: id, Note: asked.Note, Code: asked.Code})
		})
	editingTicket(c, access.WorkTickets, "close-ticket", "close", "End a resolved ticket", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, _ *nothing) (commands.Answer, error) {
			return c.commands.CloseTicket(ctx, r, commands.CloseTicket{Ticket: id})
		})
	editingTicket(c, access.ReopenTickets, "reopen-ticket", "reopen", "Take a resolved or closed ticket up again", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked reopenBody) (commands.Answer, error) {
			return c.commands.ReopenTicket(ctx, r, commands.ReopenTicket{Ticket: id, Text: asked.Reason})
		})
}

// registerLife adds what changes a ticket's place among the others, what was bought of it, and its conversation.
func (c *Console) registerLife() {
	editingTicket(c, access.WorkTickets, "cancel-ticket", "cancel", "End a ticket that nobody worked on", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked cancelBody) (commands.Answer, error) {
			return c.commands.CancelTicket(ctx, r, commands.CancelTicket{Ticket: id, Reason: asked.Reason})
		})
	editingTicket(c, access.WorkTickets, "merge-ticket", "merge", "End a ticket in favour of another one of the same client", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked mergeBody) (commands.Answer, error) {
			return c.commands.MergeTickets(ctx, r, commands.MergeTickets{
				Ticket: id, Into: domain.TicketID{UUID: asked.Into}, Duplicate: asked.Duplicate, Reason: asked.Reason,
			})
		})
	editingTicket(c, access.WorkTickets, "split-ticket", "split", "Take comments into a new ticket, whose id is answered", http.StatusCreated,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked splitBody) (commands.Answer, error) {
			return c.commands.SplitTicket(ctx, r, commands.SplitTicket{
				Ticket: id, Comments: commentIDs(asked.Comments), Title: asked.Title, Visibility: visibility(asked.Visibility),
			})
		})
	for path, end := range map[string]bool{"link": false, "unlink": true} {
		summary := map[bool]string{false: "Tie a ticket to another one, for staff alone", true: "Take such a tie back"}[end]
		editingTicket(c, access.WorkTickets, path+"-tickets", path, summary, http.StatusOK,
			func(ctx context.Context, r commands.Request, id domain.TicketID, asked tieBody) (commands.Answer, error) {
				return c.commands.LinkTickets(ctx, r, commands.LinkTickets{
					Ticket: id, Other: domain.TicketID{UUID: asked.Other}, Relation: ticket.Relation(asked.Relation), End: end,
				})
			})
	}
	editingTicket(c, access.MoveTickets, "move-ticket", "move", "Give a ticket to the organisation that it should have had", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked moveBody) (commands.Answer, error) {
			return c.commands.ChangeTicketClient(ctx, r, commands.ChangeTicketClient{
				Ticket: id, Client: domain.ClientID{UUID: asked.Client}, Contract: domain.ContractID{UUID: asked.Contract},
				JobType: asked.JobType, Reason: asked.Reason,
			})
		})
	editingTicket(c, access.EstimateScope, "estimate-ticket", "estimate", "Ask the client whether work that it has not bought is to be done", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked estimateBody) (commands.Answer, error) {
			return c.commands.EstimateScope(ctx, r, commands.EstimateScope{
				Ticket: id, Contract: domain.ContractID{UUID: asked.Contract}, JobType: asked.JobType, Minutes: asked.Minutes, Text: asked.Text,
			})
		})
	editingTicket(c, access.WatchTickets, "watch-ticket", "watch", "Be told of a ticket, or have a colleague told", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked watchBody) (commands.Answer, error) {
			if asked.Person == uuid.Nil {
				asked.Person = r.Actor.Person.UUID
			}
			return c.commands.WatchTicket(ctx, r, commands.WatchTicket{Ticket: id, Person: domain.PersonID{UUID: asked.Person}, End: asked.End})
		})
	editingTicket(c, access.Acknowledge, "acknowledge-escalation", "acknowledge", "Stop the ladder: somebody has the ticket in hand", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked acknowledgeBody) (commands.Answer, error) {
			return c.commands.AcknowledgeEscalation(ctx, r, commands.AcknowledgeEscalation{Ticket: id, Note: asked.Note})
		})
	editingTicket(c, access.ExcuseBreaches, "excuse-breach", "excuse", "Say that a missed promise does not count", http.StatusOK,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked excuseBody) (commands.Answer, error) {
			return c.commands.ExcuseBreach(ctx, r, commands.ExcuseBreach{
				Ticket: id, Goal: sla.Goal(asked.Goal), Cycle: asked.Cycle, Why: asked.Why, Reason: asked.Reason,
			})
		})
	editingComment(c, "edit-comment", "edit", "Change a comment that one wrote",
		func(ctx context.Context, r commands.Request, id domain.TicketID, comment domain.CommentID, asked editCommentBody) (commands.Answer, error) {
			return c.commands.EditComment(ctx, r, commands.EditComment{
				Ticket: id, Comment: comment, Text: asked.Text, Mentions: personIDs(asked.Mentions),
			})
		})
	editingComment(c, "delete-comment", "delete", "Delete a comment that one wrote; a tombstone stays",
		func(ctx context.Context, r commands.Request, id domain.TicketID, comment domain.CommentID, _ *nothing) (commands.Answer, error) {
			return c.commands.DeleteComment(ctx, r, commands.DeleteComment{Ticket: id, Comment: comment})
		})
}

// editingComment registers a command on a comment by its author.
func editingComment[B any](
	c *Console, id, path, summary string,
	run func(context.Context, commands.Request, domain.TicketID, domain.CommentID, B) (commands.Answer, error),
) {
	operation := post(id, "/tickets/{id}/comments/{comment}/"+path, summary, http.StatusOK)
	web.Register(c.API, access.CommentTickets, operation, func(ctx context.Context, actor domain.Actor, in *editCommentInput[B]) (*written, error) {
		comment, err := web.ID(in.Comment)
		if err != nil {
			return nil, err
		}
		of, request, err := c.edit(actor, in.Edit, strings.Replace(operation.Path, "{comment}", in.Comment, 1), in.Body)
		if err != nil {
			return nil, err
		}
		done, err := run(ctx, request, domain.TicketID{UUID: of}, domain.CommentID{UUID: comment}, in.Body)
		return answer(done, c.explainChange(ctx, err, of, request.Seen))
	})
}

func personIDs(plain []uuid.UUID) []domain.PersonID {
	ids := make([]domain.PersonID, len(plain))
	for i, id := range plain {
		ids[i] = domain.PersonID{UUID: id}
	}
	return ids
}

func (c *Console) wait(ctx context.Context, r commands.Request, id domain.TicketID, asked waitBody) (commands.Answer, error) {
	switch asked.For {
	case string(ticket.ForClient):
		return c.commands.AskClient(ctx, r, commands.AskClient{Ticket: id, Question: asked.Question})
	case string(ticket.OnHold):
		return c.commands.HoldTicket(ctx, r, commands.HoldTicket{Ticket: id, Reason: asked.Reason})
	}
	return c.commands.AwaitThirdParty(ctx, r, commands.AwaitThirdParty{Ticket: id, Reason: asked.Reason})
}

// codeChanged is the refusal of a command on something that is not at the revision that was seen.
const codeChanged = "changed_since"

// explainChange adds to the refusal of an edit what has happened to the ticket since it was seen, as far as
// the read model knows.
func (c *Console) explainChange(ctx context.Context, err error, id uuid.UUID, seen *int64) error {
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || seen == nil || refusal.Code != codeChanged {
		return err
	}
	var since []string
	_, failed := c.reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		steps, err := rows.Timeline(ctx, tx, id, *seen)
		if err != nil {
			return err
		}
		var actors []uuid.UUID
		for _, step := range steps {
			actors = append(actors, given(step.Actor)...)
		}
		people, err := c.people(ctx, tx, actors)
		for _, step := range steps {
			since = append(since, sentence(step, people))
		}
		return err
	})
	if failed != nil || len(since) == 0 {
		return err // What happened is not known here yet; that something did is.
	}
	return &domain.Refusal{Kind: refusal.Kind, Code: refusal.Code, Text: refusal.Text + ": " + strings.Join(since, "; ")}
}

// sentence tells one step: `5 assigned by Ada Lovelace at 2026-03-16T10:00:00Z`.
func sentence(step rows.Step, people map[string]string) string {
	by := "the system"
	if step.Actor != nil {
		by = step.Actor.String()
		if name := people[by]; name != "" {
			by = name
		}
	}
	return fmt.Sprintf("%d %s by %s at %s", step.Revision, step.What, by, step.HappenedAt.Format(time.RFC3339))
}
