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
	"effigate/domain/ticket"
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
}

type noteBody struct {
	Text       string    `json:"text" minLength:"1" maxLength:"20000"`
	Visibility string    `json:"visibility,omitempty" enum:"client_visible,internal_only" default:"internal_only"`
	CopyOf     uuid.UUID `json:"copy_of,omitzero" format:"uuid" doc:"The internal note whose reviewed text this visible one discloses."`
}

type waitBody struct {
	For      string `json:"for" enum:"client,third_party"`
	Question string `json:"question,omitempty" maxLength:"20000" doc:"What the client is asked; needed when waiting for the client."`
	Reason   string `json:"reason,omitempty" maxLength:"20000" doc:"Internal; when waiting for a third party."`
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
				Ticket: id, Text: asked.Text, Visibility: visibility(asked.Visibility),
			})
		})
	editingTicket(c, access.WorkTickets, "note-on-ticket", "notes", "Write a note", http.StatusCreated,
		func(ctx context.Context, r commands.Request, id domain.TicketID, asked noteBody) (commands.Answer, error) {
			return c.commands.NoteOnTicket(ctx, r, commands.NoteOnTicket{
				Ticket: id, Text: asked.Text, Visibility: visibility(asked.Visibility), CopyOf: domain.CommentID{UUID: asked.CopyOf},
			})
		})
	editingTicket(c, access.WorkTickets, "wait-on-ticket", "wait", "Pause for the client, with a question, or for a third party", http.StatusOK, c.wait)
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

func (c *Console) wait(ctx context.Context, r commands.Request, id domain.TicketID, asked waitBody) (commands.Answer, error) {
	if asked.For == string(ticket.ForClient) {
		return c.commands.AskClient(ctx, r, commands.AskClient{Ticket: id, Question: asked.Question})
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
