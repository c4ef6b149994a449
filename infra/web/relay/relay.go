// Package relay carries the commands of a portal to a process that holds the event store, when the portal
// runs alone. The portal's process then has nothing by which a fact could be read or written: it asks here,
// and what it may ask is exactly portal.Commands.
//
// It may import infra/web/portal, infra/accounts, infra/auth and the client-safe part of the domain.
//
// Surprises: the server believes the portal's process nothing about who acts. A request carries the token of
// the acting person's session or API key; the server verifies it itself, takes the actor from that, judges
// the permission anew and stamps the command by its own clock. A refusal crosses as kind, code and fields
// alone: its text is for staff and stays behind.
package relay

import (
	"context"
	"errors"
	"maps"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/auth"
	"effigate/infra/web/portal"
)

// path is where the commands are, each under its name.
const path = "/commands/"

// The bounds of what crosses. A command's canonical body is carried in base64 beside its fields, and the
// portal takes no body of more than 256 KiB.
const (
	maxRequest = 1 << 20
	maxAnswer  = 64 << 10
	maxName    = 256 // of a route or key, in bytes
	maxToken   = 1024
)

// call is a request as it crosses.
type call struct {
	Kind        portal.CredentialKind `json:"kind"`
	Credential  string                `json:"credential"`
	Route       string                `json:"route"`
	Key         string                `json:"key"`
	Body        []byte                `json:"body"`
	Traceparent string                `json:"traceparent,omitempty"`
	Arguments   arguments             `json:"arguments"`
}

// arguments are those of any command; each uses its own.
type arguments struct {
	Raise    *raise      `json:"raise,omitempty"`
	Ticket   uuid.UUID   `json:"ticket,omitzero"`
	Comment  uuid.UUID   `json:"comment,omitzero"`
	Text     string      `json:"text,omitempty"`
	Mentions []uuid.UUID `json:"mentions,omitempty"`
	Estimate *estimate   `json:"estimate,omitempty"`
	Person   uuid.UUID   `json:"person,omitzero"`
	Grant    string      `json:"grant,omitempty"`
	Name     string      `json:"name,omitempty"` // of a file

	Proposal  *proposal  `json:"proposal,omitempty"`
	Agreement *agreement `json:"agreement,omitempty"`
	Overage   *overage   `json:"overage,omitempty"`
	Objection *objection `json:"objection,omitempty"`
	Invoice   uuid.UUID  `json:"invoice,omitzero"`
	Dispute   uuid.UUID  `json:"dispute,omitzero"`
}

// raise is portal.RaiseTicket, field by field, as the types below are their namesakes.
type raise struct {
	Category    uuid.UUID `json:"category"`
	Contract    uuid.UUID `json:"contract"`
	JobType     string    `json:"job_type"`
	OutOfScope  bool      `json:"out_of_scope,omitempty"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Impact      string    `json:"impact,omitempty"`
	Urgency     string    `json:"urgency,omitempty"`
	Priority    string    `json:"priority,omitempty"`
	Follows     uuid.UUID `json:"follows,omitzero"`
}

type estimate struct {
	Accept bool   `json:"accept"`
	SHA256 string `json:"sha256,omitempty"`
	Reason string `json:"reason"`
}

type proposal struct {
	Contract  uuid.UUID `json:"contract"`
	Amendment uuid.UUID `json:"amendment,omitzero"`
}

type agreement struct {
	SHA256 string `json:"sha256"`
	Sealed string `json:"sealed"`
}

type overage struct {
	Contract uuid.UUID `json:"contract"`
	Month    string    `json:"month"`
	Request  uuid.UUID `json:"request"`
	Allow    bool      `json:"allow"`
	Reason   string    `json:"reason"`
}

type objection struct {
	Invoice uuid.UUID `json:"invoice"`
	Line    uuid.UUID `json:"line"`
	Amount  string    `json:"amount,omitempty"`
	Reason  string    `json:"reason"`
}

// reply is an answer or a refusal as it crosses; Kind is empty for an answer.
type reply struct {
	ID       uuid.UUID         `json:"id,omitzero"`
	Position domain.Position   `json:"position,omitzero"`
	Kind     string            `json:"kind,omitempty"`
	Code     string            `json:"code,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"`
}

// internal is the kind of whatever else went wrong, which the server has logged.
const internal = "internal"

// kinds are what a portal tells apart.
var kinds = []struct {
	name string
	err  error
}{
	{"invalid", domain.ErrInvalid},
	{"conflict", domain.ErrConflict},
	{"not_found", domain.ErrNotFound},
	{"forbidden", domain.ErrForbidden},
	{"unauthenticated", auth.ErrUnauthenticated},
	{"step_up", auth.ErrStepUp},
	{"unavailable", domain.ErrUnavailable},
	{"unavailable", context.DeadlineExceeded},
	{"unavailable", context.Canceled},
}

// refusal puts an error into words that may cross.
func refusal(err error) reply {
	for _, kind := range kinds {
		if !errors.Is(err, kind.err) {
			continue
		}
		r := reply{Kind: kind.name}
		if refused, ok := errors.AsType[*domain.Refusal](err); ok {
			r.Code, r.Fields = refused.Code, refused.Fields
		}
		return r
	}
	return reply{Kind: internal}
}

// errEndpoint is what the server could not say more about; its log does.
var errEndpoint = errors.New("the command endpoint met an internal error")

// answer gives what a reply means.
func (r reply) answer() (portal.Answer, error) {
	if r.Kind == "" {
		return portal.Answer{ID: r.ID, Position: r.Position}, nil
	}
	for _, kind := range kinds {
		if kind.name != r.Kind {
			continue
		}
		if r.Code == "" {
			return portal.Answer{}, kind.err
		}
		return portal.Answer{}, &domain.Refusal{Kind: kind.err, Code: r.Code, Text: "refused by the command endpoint", Fields: r.Fields}
	}
	return portal.Answer{}, errEndpoint
}

// command is one use case as it crosses.
type command struct {
	// permission is what the actor must have; empty where a session of any stage of that person is enough.
	permission access.Permission
	// joins says that the session must have begun by single sign-on, at an organisation whose people join by it.
	joins bool
	run   func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error)
}

// The names of the commands.
const (
	raiseTicket        = "raise_ticket"
	commentOnTicket    = "comment_on_ticket"
	editComment        = "edit_comment"
	deleteComment      = "delete_comment"
	reopenTicket       = "reopen_ticket"
	answerEstimate     = "answer_estimate"
	acceptProposal     = "accept_proposal"
	declineProposal    = "decline_proposal"
	answerOverage      = "answer_overage"
	objectToLine       = "object_to_line"
	withdrawDispute    = "withdraw_dispute"
	inviteEmployee     = "invite_employee"
	deactivateEmployee = "deactivate_employee"
	giveGrant          = "give_grant"
	withdrawGrant      = "withdraw_grant"
	activate           = "activate"
	join               = "join"
)

// errIncomplete refuses a call without what its command is about.
var errIncomplete = domain.Refuse(domain.ErrInvalid, "invalid", "what the command is about was not sent")

// commands is all that can be asked.
func commands() map[string]command {
	all := aboutWork()
	maps.Copy(all, aboutPeople())
	return all
}

// aboutPeople is what can be asked about the client's own users, and by those who come in.
func aboutPeople() map[string]command {
	return map[string]command{
		inviteEmployee: {permission: access.ManagePeople, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.InviteEmployee(ctx, r, a.Person)
		}},
		deactivateEmployee: {permission: access.ManagePeople, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.DeactivateEmployee(ctx, r, a.Person)
		}},
		giveGrant: {permission: access.ManagePeople, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.GiveGrant(ctx, r, a.Person, a.Grant)
		}},
		withdrawGrant: {permission: access.ManagePeople, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.WithdrawGrant(ctx, r, a.Person, a.Grant)
		}},
		activate: {run: func(ctx context.Context, c portal.Commands, r portal.Request, _ arguments) (portal.Answer, error) {
			return c.Activate(ctx, r)
		}},
		join: {joins: true, run: func(ctx context.Context, c portal.Commands, r portal.Request, _ arguments) (portal.Answer, error) {
			return c.Join(ctx, r)
		}},
	}
}

// aboutWork is what can be asked about tickets, contracts and invoices.
func aboutWork() map[string]command {
	return map[string]command{
		raiseTicket: {permission: access.RaiseTickets, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			if a.Raise == nil {
				return portal.Answer{}, errIncomplete
			}
			return c.RaiseTicket(ctx, r, portal.RaiseTicket(*a.Raise))
		}},
		commentOnTicket: {permission: access.CommentTickets, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.CommentOnTicket(ctx, r, a.Ticket, portal.Comment{Text: a.Text, Mentions: a.Mentions})
		}},
		editComment: {permission: access.CommentTickets, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.EditComment(ctx, r, a.Ticket, a.Comment, portal.Comment{Text: a.Text, Mentions: a.Mentions})
		}},
		deleteComment: {permission: access.CommentTickets, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.DeleteComment(ctx, r, a.Ticket, a.Comment)
		}},
		reopenTicket: {permission: access.ReopenTickets, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.ReopenTicket(ctx, r, a.Ticket, a.Text)
		}},
		answerEstimate: {permission: access.AcceptContracts, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			if a.Estimate == nil {
				return portal.Answer{}, errIncomplete
			}
			return c.AnswerEstimate(ctx, r, a.Ticket, portal.EstimateAnswer(*a.Estimate))
		}},
		acceptProposal: {permission: access.AcceptContracts, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			if a.Proposal == nil || a.Agreement == nil {
				return portal.Answer{}, errIncomplete
			}
			return c.AcceptProposal(ctx, r, portal.Proposal(*a.Proposal), portal.Agreement(*a.Agreement))
		}},
		declineProposal: {permission: access.AcceptContracts, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			if a.Proposal == nil {
				return portal.Answer{}, errIncomplete
			}
			return c.DeclineProposal(ctx, r, portal.Proposal(*a.Proposal), a.Text)
		}},
		answerOverage: {permission: access.AcceptContracts, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			if a.Overage == nil {
				return portal.Answer{}, errIncomplete
			}
			return c.AnswerOverage(ctx, r, portal.OverageAnswer(*a.Overage))
		}},
		objectToLine: {permission: access.DisputeInvoices, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			if a.Objection == nil {
				return portal.Answer{}, errIncomplete
			}
			return c.ObjectToLine(ctx, r, portal.Objection(*a.Objection))
		}},
		withdrawDispute: {permission: access.DisputeInvoices, run: func(ctx context.Context, c portal.Commands, r portal.Request, a arguments) (portal.Answer, error) {
			return c.WithdrawDispute(ctx, r, a.Invoice, a.Dispute)
		}},
	}
}
