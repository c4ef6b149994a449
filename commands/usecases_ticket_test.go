package commands_test

import (
	"context"
	"testing"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// acknowledgers are the roles that may answer an escalation.
const acknowledgers = "owner account_manager delivery engineer support"

// ticketCases are those about the later life of tickets and their clocks.
var ticketCases = map[string]useCase{
	"EditComment": {writers, "ticket.commented.v1 ticket.comment_edited.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on := w.raised(t, w.employee)
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.EditComment(ctx, r, commands.EditComment{Ticket: on, Comment: w.wordsOf(t, r.Actor, on), Text: "y"})
		}
	}},
	"DeleteComment": {writers, "ticket.commented.v1 ticket.comment_deleted.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on := w.raised(t, w.employee)
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.DeleteComment(ctx, r, commands.DeleteComment{Ticket: on, Comment: w.wordsOf(t, r.Actor, on)})
		}
	}},
	"HoldTicket": {workers, "ticket.waiting_started.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.HoldTicket, commands.HoldTicket{Ticket: on, Reason: "freeze"})
	})},
	"CancelTicket": {workers, "ticket.cancelled.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.CancelTicket, commands.CancelTicket{Ticket: on, Reason: "a test"})
	})},
	"MergeTickets": {workers, "ticket.merged.v1 ticket.merged_in.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.MergeTickets, commands.MergeTickets{Ticket: w.raised(t, w.employee), Into: w.raised(t, w.admin)})
	}},
	"SplitTicket": {workers, "ticket.raised.v1 ticket.commented.v1 ticket.split.v1 numbering.allocated.v1 ticket.numbered.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on := w.raised(t, w.employee)
		words := w.wordsOf(t, w.employee, on)
		return with(w.service.SplitTicket, commands.SplitTicket{
			Ticket: on, Comments: []domain.CommentID{words}, Title: "Another matter", Visibility: domain.ClientVisible,
		})
	}},
	"LinkTickets": {workers, "ticket.linked.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.LinkTickets, commands.LinkTickets{Ticket: w.raised(t, w.employee), Other: w.raised(t, owner), Relation: ticket.CausedBy})
	}},
	"ChangeTicketClient": {"owner delivery", "ticket.client_changed.v1 numbering.opened.v1 numbering.allocated.v1 ticket.numbered.v1", inside(func(w *world, on domain.TicketID) command {
		return with(w.service.ChangeTicketClient, commands.ChangeTicketClient{Ticket: on, Client: w.orion, Contract: w.foreign, JobType: "api", Reason: "wrong sender"})
	})},
	"EstimateScope": {publishers, "ticket.scope_estimated.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.EstimateScope, commands.EstimateScope{Ticket: on, Contract: w.contract, JobType: "web", Minutes: 240, Text: "A new page."})
	})},
	"AnswerScope": {"client_admin", "ticket.scope_approved.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.AnswerScope, commands.AnswerScope{Ticket: w.estimated(t), Approve: true, SHA256: newPage})
	}},
	"AttachFile": {writers, "ticket.attached.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.AttachFile, w.file(on))
	})},
	"PublishAttachment": {publishers, "ticket.attachment_published.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.PublishAttachment, w.attached(t, domain.InternalOnly))
	}},
	"WithdrawAttachment": {publishers, "ticket.attachment_withdrawn.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.WithdrawAttachment, w.attached(t, domain.ClientVisible))
	}},
	"EraseAttachment": {owners, "ticket.attachment_erased.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.EraseAttachment, w.attached(t, domain.InternalOnly))
	}},
	"WatchTicket": {"owner account_manager delivery engineer support", "ticket.watched.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.WatchTicket, commands.WatchTicket{Ticket: on, Person: agent.Person})
	})},
	"AcknowledgeEscalation": {acknowledgers, "ticket.escalation_acknowledged.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.AcknowledgeEscalation, commands.AcknowledgeEscalation{Ticket: on, Note: "On it."})
	})},
	"ExcuseBreach": {managers, "ticket.breach_excused.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on := w.promised(t)
		must(t)(w.service.TickTicket(t.Context(), w.next(domain.System()), on))
		return with(w.service.ExcuseBreach, commands.ExcuseBreach{
			Ticket: on, Goal: sla.Resolution, Cycle: 1, Why: terms.Maintenance, Reason: "The window was announced.",
		})
	}},
	"PinTicket": {nobody, "ticket.sla_pinned.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on := w.raised(t, w.employee)
		must(t)(w.service.PublishSLAPolicy(t.Context(), w.next(owner), usualPolicy()))
		return with(w.service.PinTicket, w.pin(t, on, "policy"))
	}},
	"TickTicket": {nobody, breaches, func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.TickTicket, w.promised(t))
	}},
}

// breaches is what a week leads to under the policy of these tests.
const breaches = "ticket.sla_state_reached.v1 ticket.sla_state_reached.v1 ticket.escalated.v1 ticket.escalated.v1 ticket.escalated.v1 ticket.escalated.v1"

// usualPolicy is the firm's: a High ticket is to be resolved in four hours.
func usualPolicy() commands.PublishSLAPolicy {
	return commands.PublishSLAPolicy{
		Name: "Usual", Layer: sla.FromFirm, From: "2026-01-01",
		Content: sla.Policy{Targets: []sla.Target{{Priority: "high", ResolutionMinutes: 240}, {Priority: "low", ResolutionMinutes: 2400}}},
	}
}

// promised is a ticket that was raised a week ago under a policy and that nobody worked on.
func (w *world) promised(t *testing.T) domain.TicketID {
	t.Helper()
	must(t)(w.service.PublishSLAPolicy(t.Context(), w.next(owner), usualPolicy()))
	r := w.next(w.employee)
	r.At = at.AddDate(0, 0, -7)
	return domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), r, w.raise())).ID}
}

// wordsOf is a comment that somebody writes now; a person who may not write gets the id of a comment that there is not.
func (w *world) wordsOf(t *testing.T, by domain.Actor, on domain.TicketID) domain.CommentID {
	t.Helper()
	r := request(by, "words")
	written := domain.CommentID{UUID: domain.Derive(r.Command().UUID, "comment")}
	if by.Side == domain.SystemSide {
		return written
	}
	_, _ = w.service.CommentOnTicket(t.Context(), r, commands.CommentOnTicket{Ticket: on, Text: "x", Visibility: domain.ClientVisible})
	return written
}

// newPage is the digest of what estimated asks for.
var newPage = visible.EstimateSHA256(240, "A new page.")

// estimated is a ticket whose client was asked about an estimate.
func (w *world) estimated(t *testing.T) domain.TicketID {
	t.Helper()
	asked := w.raise()
	asked.OutOfScope, asked.Contract, asked.JobType = true, domain.ContractID{}, ""
	on := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.next(w.employee), asked)).ID}
	must(t)(w.service.EstimateScope(t.Context(), w.next(owner), commands.EstimateScope{
		Ticket: on, Contract: w.contract, JobType: "web", Minutes: 240, Text: "A new page.",
	}))
	return on
}

func (w *world) file(on domain.TicketID) commands.AttachFile {
	return commands.AttachFile{
		Ticket: on, Attachment: domain.AttachmentID{UUID: id("file")}, Name: "log.txt", Type: "text/plain", Size: 3,
		SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	}
}

// attached is a file that an owner put on a ticket that the client sees.
func (w *world) attached(t *testing.T, visibility domain.Visibility) commands.ChangeAttachment {
	t.Helper()
	file := w.file(w.raised(t, w.employee))
	file.Visibility = visibility
	must(t)(w.service.AttachFile(t.Context(), w.next(owner), file))
	return commands.ChangeAttachment{Ticket: file.Ticket, Attachment: file.Attachment, Reason: "reviewed"}
}
