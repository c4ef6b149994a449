package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/ticket"
	"effigate/infra/files"
	"effigate/infra/postgres"
	"effigate/infra/web/console"
	"effigate/infra/web/portal"
	"effigate/projections"
)

// clientCommands is the door from the portal to the use cases: exactly the client's commands, in the
// portal's plain types. Whoever is no client user is refused here, whatever the portal let through.
type clientCommands struct {
	service *commands.Service
	files   *files.Files
}

var _ portal.Commands = clientCommands{}

func (c clientCommands) request(r portal.Request) (commands.Request, error) {
	if r.Actor.Side != domain.ClientSide || r.Actor.Client.IsZero() {
		return commands.Request{}, domain.Refuse(domain.ErrNotFound, "not_found", "not found")
	}
	return commands.Request{Actor: r.Actor, Route: r.Route, Key: r.Key, Body: r.Body, At: r.At, Traceparent: r.Traceparent}, nil
}

// RaiseTicket raises for the actor's own organisation, visible, and for nobody else.
func (c clientCommands) RaiseTicket(ctx context.Context, r portal.Request, t portal.RaiseTicket) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.RaiseTicket(ctx, request, commands.RaiseTicket{
		Client: r.Actor.Client, Contract: domain.ContractID{UUID: t.Contract}, JobType: t.JobType, OutOfScope: t.OutOfScope,
		Title: t.Title, Description: t.Description, Priority: ticket.Priority(t.Priority),
		Impact: ticket.Grade(t.Impact), Urgency: ticket.Grade(t.Urgency), Follows: domain.TicketID{UUID: t.Follows},
		Visibility: domain.ClientVisible,
	})
	return portal.Answer(answer), err
}

// CommentOnTicket writes a visible comment.
func (c clientCommands) CommentOnTicket(ctx context.Context, r portal.Request, id uuid.UUID, said portal.Comment) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.CommentOnTicket(ctx, request, commands.CommentOnTicket{
		Ticket: domain.TicketID{UUID: id}, Text: said.Text, Visibility: domain.ClientVisible, Mentions: peopleOf(said.Mentions),
	})
	return portal.Answer(answer), err
}

// EditComment changes what the actor wrote.
func (c clientCommands) EditComment(ctx context.Context, r portal.Request, id, comment uuid.UUID, said portal.Comment) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.EditComment(ctx, request, commands.EditComment{
		Ticket: domain.TicketID{UUID: id}, Comment: domain.CommentID{UUID: comment}, Text: said.Text, Mentions: peopleOf(said.Mentions),
	})
	return portal.Answer(answer), err
}

// DeleteComment leaves a tombstone in the place of what the actor wrote.
func (c clientCommands) DeleteComment(ctx context.Context, r portal.Request, id, comment uuid.UUID) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.DeleteComment(ctx, request, commands.DeleteComment{
		Ticket: domain.TicketID{UUID: id}, Comment: domain.CommentID{UUID: comment},
	})
	return portal.Answer(answer), err
}

// AnswerEstimate answers for the actor's organisation.
func (c clientCommands) AnswerEstimate(ctx context.Context, r portal.Request, id uuid.UUID, a portal.EstimateAnswer) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.AnswerScope(ctx, request, commands.AnswerScope{
		Ticket: domain.TicketID{UUID: id}, Approve: a.Accept, SHA256: a.SHA256, Reason: a.Reason,
	})
	return portal.Answer(answer), err
}

// peopleOf gives the people of ids.
func peopleOf(ids []uuid.UUID) []domain.PersonID {
	var people []domain.PersonID
	for _, id := range ids {
		people = append(people, domain.PersonID{UUID: id})
	}
	return people
}

// ReopenTicket reopens with a visible comment.
func (c clientCommands) ReopenTicket(ctx context.Context, r portal.Request, id uuid.UUID, text string) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.ReopenTicket(ctx, request, commands.ReopenTicket{Ticket: domain.TicketID{UUID: id}, Text: text})
	return portal.Answer(answer), err
}

// AcceptProposal agrees for the actor's organisation. Whoever comes as far has what the permission asks for, a fresh
// proof of identity included.
func (c clientCommands) AcceptProposal(ctx context.Context, r portal.Request, p portal.Proposal, a portal.Agreement) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	rule, _ := access.Of(access.AcceptContracts)
	evidence := contract.Evidence{Role: r.Actor.Role, Proved: rule.StepUp, SHA256: a.SHA256, Sealed: a.Sealed}
	id, amendment := domain.ContractID{UUID: p.Contract}, domain.AmendmentID{UUID: p.Amendment}
	if amendment.IsZero() {
		answer, err := c.service.AcceptContract(ctx, request, commands.AcceptContract{Contract: id, Evidence: evidence})
		return portal.Answer(answer), err
	}
	answer, err := c.service.AcceptAmendment(ctx, request, commands.AcceptAmendment{Contract: id, Amendment: amendment, Evidence: evidence})
	return portal.Answer(answer), err
}

// DeclineProposal refuses for the actor's organisation.
func (c clientCommands) DeclineProposal(ctx context.Context, r portal.Request, p portal.Proposal, reason string) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	id, amendment := domain.ContractID{UUID: p.Contract}, domain.AmendmentID{UUID: p.Amendment}
	if amendment.IsZero() {
		answer, err := c.service.DeclineContract(ctx, request, commands.DeclineContract{Contract: id, Reason: reason})
		return portal.Answer(answer), err
	}
	answer, err := c.service.DeclineAmendment(ctx, request, commands.DeclineAmendment{Contract: id, Amendment: amendment, Reason: reason})
	return portal.Answer(answer), err
}

// AnswerOverage answers a request of a period of the actor's organisation.
func (c clientCommands) AnswerOverage(ctx context.Context, r portal.Request, a portal.OverageAnswer) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	month := calendar.Month(a.Month)
	if !month.Valid() { // It is part of a stream's name.
		return portal.Answer{}, domain.Refuse(domain.ErrNotFound, "not_found", "not found")
	}
	answer, err := c.service.AnswerOverage(ctx, request, commands.AnswerOverage{
		Contract: domain.ContractID{UUID: a.Contract}, Month: month, Request: a.Request, Allow: a.Allow, Reason: a.Reason,
	})
	return portal.Answer(answer), err
}

// ObjectToLine objects for the actor's organisation.
func (c clientCommands) ObjectToLine(ctx context.Context, r portal.Request, o portal.Objection) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	asked := commands.OnDispute{Invoice: domain.InvoiceID{UUID: o.Invoice}, Line: o.Line, Text: o.Reason}
	if o.Amount != "" {
		if asked.Amount, err = decimal.NewFromString(o.Amount); err != nil {
			return portal.Answer{}, domain.Refuse(domain.ErrInvalid, "invalid", "%q is no amount", o.Amount)
		}
	}
	answer, err := c.service.DisputeInvoice(ctx, request, asked)
	return portal.Answer(answer), err
}

// WithdrawDispute takes an objection of the actor's organisation back.
func (c clientCommands) WithdrawDispute(ctx context.Context, r portal.Request, invoice, dispute uuid.UUID) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.WithdrawDispute(ctx, request, commands.OnDispute{
		Invoice: domain.InvoiceID{UUID: invoice}, Dispute: domain.DisputeID{UUID: dispute},
	})
	return portal.Answer(answer), err
}

// InviteEmployee begins an employee of the actor's own organisation.
func (c clientCommands) InviteEmployee(ctx context.Context, r portal.Request, id uuid.UUID) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.InviteEmployee(ctx, request, commands.InviteEmployee{ID: domain.PersonID{UUID: id}})
	return portal.Answer(answer), err
}

// DeactivateEmployee ends an employee's standing.
func (c clientCommands) DeactivateEmployee(ctx context.Context, r portal.Request, id uuid.UUID) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.DeactivatePerson(ctx, request, commands.DeactivatePerson{Person: domain.PersonID{UUID: id}})
	return portal.Answer(answer), err
}

// GiveGrant gives an employee a right.
func (c clientCommands) GiveGrant(ctx context.Context, r portal.Request, id uuid.UUID, grant string) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.GivePersonGrant(ctx, request, commands.GivePersonGrant{Person: domain.PersonID{UUID: id}, Grant: access.Grant(grant)})
	return portal.Answer(answer), err
}

// WithdrawGrant takes a right back.
func (c clientCommands) WithdrawGrant(ctx context.Context, r portal.Request, id uuid.UUID, grant string) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.WithdrawPersonGrant(ctx, request, commands.WithdrawPersonGrant{Person: domain.PersonID{UUID: id}, Grant: access.Grant(grant)})
	return portal.Answer(answer), err
}

// Activate records that the actor took up its invitation.
func (c clientCommands) Activate(ctx context.Context, r portal.Request) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	answer, err := c.service.ActivatePerson(ctx, request, commands.ActivatePerson{Person: r.Actor.Person})
	return portal.Answer(answer), err
}

// Join begins the actor, whom its organisation's provider has proved. It is the system that vouches for that,
// so the person is part of the command's name.
func (c clientCommands) Join(ctx context.Context, r portal.Request) (portal.Answer, error) {
	request, err := c.request(r)
	if err != nil {
		return portal.Answer{}, err
	}
	request.Actor, request.Key = domain.System(), r.Actor.Person.String()+" "+r.Key
	answer, err := c.service.JoinBySingleSignOn(ctx, request, commands.JoinBySingleSignOn{Person: r.Actor.Person, Client: r.Actor.Client})
	return portal.Answer(answer), err
}

// openImport opens the world for an import, which acts as the system.
func (s *settings) openImport(ctx context.Context, use func(context.Context, importWorld) error) error {
	return withWorld(ctx, s, func(ctx context.Context, w *world) error {
		at, err := w.toolBases()
		if err != nil {
			return err
		}
		people, err := w.people(at)
		if err != nil {
			return err
		}
		return use(ctx, importWorld{
			service: w.service, log: w.store, people: people, actor: domain.System(), now: w.now,
		})
	})
}

// consoleProjections tells the console how the live read models are doing.
func (w *world) consoleProjections(ctx context.Context, running projectors) ([]console.Projection, error) {
	statuses, err := w.projectionStatuses(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]postgres.ProjectorStatus{"client": running.client.Status(), "staff": running.staff.Status()}
	shown := []console.Projection{}
	for _, s := range statuses {
		if s.State != "live" {
			continue
		}
		state := states[s.Name].Generations[s.Generation].State
		if state == "" {
			state = projections.Starting
		}
		shown = append(shown, console.Projection{
			Name: s.Name, Generation: s.Generation, Position: fmt.Sprintf("%d/%d", s.Position.Commit, s.Position.Prepare),
			LagEvents: s.LagEvents, LagSeconds: s.LagSeconds, Parked: s.Parked, State: string(state),
		})
	}
	return shown, nil
}
