package commands_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/ticket"
)

// useCase is one row of the table of permissions: who may, and what the command leads to.
type useCase struct {
	roles string // of those who may; the system always may
	leads string // to these events
	// on prepares what the command needs and gives the command.
	on func(*testing.T, *world) func(context.Context, commands.Request) (commands.Answer, error)
}

// The groups of roles that may do the same (product rule F54).
const (
	nobody     = ""
	owners     = "owner"
	managers   = "owner account_manager"
	inviters   = "owner account_manager client_admin"
	workers    = "owner delivery engineer support"
	publishers = "owner account_manager delivery"
	writers    = "owner account_manager delivery engineer support client_admin client_employee"
	reopeners  = "owner delivery engineer support client_admin client_employee"
)

var everyRole = []domain.Role{
	domain.Owner, domain.AccountManager, domain.Delivery, domain.Engineer, domain.Support, domain.Finance,
	domain.Auditor, domain.Ops, domain.ClientAdmin, domain.ClientEmployee,
}

// useCases has a row for every use case of the service, by the name of its method.
var useCases = func() map[string]useCase {
	all := maps.Clone(deskCases)
	for _, more := range []map[string]useCase{contractCases, amendmentCases, pricingCases, timeCases, periodCases, ticketCases, invoiceCases, claimCases} {
		maps.Copy(all, more)
	}
	return all
}()

// deskCases are those about clients, people and tickets.
var deskCases = map[string]useCase{
	"RegisterClient": {managers, "client.registered.v1", ready(func(w *world) command {
		return with(w.service.RegisterClient, commands.RegisterClient{Name: "Vega", Zone: "Europe/Berlin", Language: "de", Currency: "EUR"})
	})},
	"RenameClient": {managers, "client.renamed.v1", ready(func(w *world) command {
		return with(w.service.RenameClient, commands.RenameClient{Client: w.nexus, Name: "Nexus Group"})
	})},
	"AssignAccountManager": {owners, "client.account_manager_assigned.v1", ready(func(w *world) command {
		return with(w.service.AssignAccountManager, commands.AssignAccountManager{Client: w.nexus, Manager: agent.Person})
	})},
	"InvitePerson": {managers, "client.seat_taken.v1 person.invited.v1", ready(func(w *world) command {
		return with(w.service.InvitePerson, commands.InvitePerson{Client: w.nexus, Role: domain.ClientEmployee})
	})},
	"ActivatePerson": {nobody, "person.activated.v1", ready(func(w *world) command {
		return with(w.service.ActivatePerson, commands.ActivatePerson{Person: w.idle})
	})},
	"DeactivatePerson": {inviters, "person.deactivated.v1 client.seat_released.v1", ready(func(w *world) command {
		return with(w.service.DeactivatePerson, commands.DeactivatePerson{Person: w.idle})
	})},
	"InviteEmployee": {"client_admin", "client.seat_taken.v1 person.invited.v1", ready(func(w *world) command {
		return with(w.service.InviteEmployee, commands.InviteEmployee{})
	})},
	"JoinBySingleSignOn": {nobody, "client.seat_taken.v1 person.invited.v1 person.activated.v1", ready(func(w *world) command {
		return with(w.service.JoinBySingleSignOn, commands.JoinBySingleSignOn{Person: domain.PersonID{UUID: id("newcomer")}, Client: w.nexus})
	})},
	"ErasePerson": {owners, "person.deactivated.v1 person.erased.v1 client.seat_released.v1", ready(func(w *world) command {
		return with(w.service.ErasePerson, commands.ErasePerson{Person: w.idle})
	})},
	"ChangePersonRole": {managers, "person.role_changed.v1", ready(func(w *world) command {
		return with(w.service.ChangePersonRole, commands.ChangePersonRole{Person: w.idle, Role: domain.ClientAdmin})
	})},
	"SetSeatLimit": {managers, "client.seat_limit_set.v1", ready(func(w *world) command {
		return with(w.service.SetSeatLimit, commands.SetSeatLimit{Client: w.nexus, Limit: 40})
	})},
	"GivePersonGrant": {inviters, "person.grant_given.v1", ready(func(w *world) command {
		return with(w.service.GivePersonGrant, commands.GivePersonGrant{Person: w.employee.Person, Grant: access.RaiseCritical})
	})},
	"WithdrawPersonGrant": {inviters, "person.grant_withdrawn.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		must(t)(w.service.GivePersonGrant(t.Context(), w.next(owner), commands.GivePersonGrant{Person: w.employee.Person, Grant: access.RaiseCritical}))
		return with(w.service.WithdrawPersonGrant, commands.WithdrawPersonGrant{Person: w.employee.Person, Grant: access.RaiseCritical})
	}},
	"RaiseTicket": {writers, "ticket.raised.v1 numbering.opened.v1 numbering.allocated.v1 ticket.numbered.v1", ready(func(w *world) command {
		return with(w.service.RaiseTicket, w.raise())
	})},
	"TriageTicket": {workers, "ticket.triaged.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.TriageTicket, commands.TriageTicket{Ticket: on, Contract: w.contract, JobType: "web", Priority: ticket.Low})
	})},
	"AssignTicket": {workers, "ticket.assigned.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.AssignTicket, commands.AssignTicket{Ticket: on, Assignee: agent.Person, Team: "Platform"})
	})},
	"StartTicket": {workers, "ticket.started.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.StartTicket, commands.StartTicket{Ticket: on})
	})},
	"CommentOnTicket": {writers, "ticket.commented.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.CommentOnTicket, commands.CommentOnTicket{Ticket: on, Text: "Still happening."})
	})},
	"NoteOnTicket": {workers, "ticket.noted.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.NoteOnTicket, commands.NoteOnTicket{Ticket: on, Text: "Pool size?"})
	})},
	"AskClient": {workers, "ticket.commented.v1 ticket.waiting_started.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.AskClient, commands.AskClient{Ticket: on, Question: "Since when?"})
	})},
	"AwaitThirdParty": {workers, "ticket.waiting_started.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.AwaitThirdParty, commands.AwaitThirdParty{Ticket: on, Reason: "vendor"})
	})},
	"ResumeTicket": {workers, "ticket.waiting_ended.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on := w.raised(t, w.employee)
		must(t)(w.service.AwaitThirdParty(t.Context(), w.next(owner), commands.AwaitThirdParty{Ticket: on}))
		return with(w.service.ResumeTicket, commands.ResumeTicket{Ticket: on})
	}},
	"ResolveTicket": {workers, "ticket.resolved.v1", onOpen(func(w *world, on domain.TicketID) command {
		return with(w.service.ResolveTicket, commands.ResolveTicket{Ticket: on, Note: "It streams now.", Code: "fixed"})
	})},
	"CloseTicket": {workers, "ticket.closed.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.CloseTicket, commands.CloseTicket{Ticket: w.resolved(t)})
	}},
	"ReopenTicket": {reopeners, "ticket.reopened.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		return with(w.service.ReopenTicket, commands.ReopenTicket{Ticket: w.resolved(t)})
	}},
	"PublishTicket": {publishers, "ticket.published.v1 numbering.opened.v1 numbering.allocated.v1 ticket.numbered.v1", inside(func(w *world, on domain.TicketID) command {
		return with(w.service.PublishTicket, commands.PublishTicket{Ticket: on, Reason: "reviewed"})
	})},
	"PreviewPublication": {publishers, "", inside(func(w *world, on domain.TicketID) command {
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			_, err := w.service.PreviewPublication(ctx, r, commands.PublishTicket{Ticket: on})
			return commands.Answer{}, err
		}
	})},
	"WithdrawTicket": {publishers, "ticket.withdrawn.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on := w.raised(t, owner)
		must(t)(w.service.PublishTicket(t.Context(), w.next(owner), commands.PublishTicket{Ticket: on}))
		return with(w.service.WithdrawTicket, commands.WithdrawTicket{Ticket: on, Reason: "wrong client"})
	}},
	"WithdrawComment": {publishers, "ticket.comment_withdrawn.v1", func(t *testing.T, w *world) func(context.Context, commands.Request) (commands.Answer, error) {
		t.Helper()
		on, r := w.raised(t, w.employee), w.next(owner)
		must(t)(w.service.CommentOnTicket(t.Context(), r, commands.CommentOnTicket{Ticket: on, Text: "x", Visibility: domain.ClientVisible}))
		return with(w.service.WithdrawComment, commands.WithdrawComment{
			Ticket: on, Comment: domain.CommentID{UUID: domain.Derive(r.Command().UUID, "comment")},
		})
	}},
	"ImportTicket": {publishers, "ticket.raised.v1 ticket.imported.v1", ready(func(w *world) command {
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			outcome, err := w.service.ImportTicket(ctx, r, w.imported("INC1", "digest 1", w.raiseRow(1)))
			return commands.Answer{ID: id("INC1"), Position: outcome.Position}, err
		}
	})},
}

// open are the use cases without a permission of their own: they complete what another began, and only that.
var open = []string{
	"NumberTickets", "CompleteInvitation", "ReleaseSeat", "PinTerms", "CompleteGrant", "TopUp", "ChargeMilestone",
	"CarryIn", "LogTimer", "ReceiveTime", "CompleteCorrection", "ProposeDeductions", "CompleteMerge", "CarryOutEscalation",
	"Promised", "PreviewTerms", "CompleteReservation", "CompleteInvoice", "CompleteCredit", "CompletePayment", "RemindInvoice",
	"NoteMissedAnswers", "RenderDocument", "RecomputeInvoice",
}

type command = func(context.Context, commands.Request) (commands.Answer, error)

// with ties a use case to what is asked.
func with[C any](run func(context.Context, commands.Request, C) (commands.Answer, error), asked C) command {
	return func(ctx context.Context, r commands.Request) (commands.Answer, error) { return run(ctx, r, asked) }
}

// ready is for a command that needs nothing but the world.
func ready(prepare func(*world) command) func(*testing.T, *world) command {
	return func(_ *testing.T, w *world) command { return prepare(w) }
}

// onOpen is for a command on a ticket that the client's employee raised.
func onOpen(prepare func(*world, domain.TicketID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		return prepare(w, w.raised(t, w.employee))
	}
}

// inside is for a command on a ticket that staff raised for themselves.
func inside(prepare func(*world, domain.TicketID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		return prepare(w, w.raised(t, owner))
	}
}

func TestEveryUseCaseHasARow(t *testing.T) {
	t.Parallel()
	for method := range reflect.TypeFor[*commands.Service]().Methods() {
		if _, listed := useCases[method.Name]; !listed && !slices.Contains(open, method.Name) && method.Name != "Folded" && method.Name != "FoldAtMost" {
			t.Errorf("%s has no row in the table of use cases", method.Name)
		}
	}
}

// Every cell of use case × role: who may is served, other staff are told that they may not, and for a
// client the commands of staff do not exist.
func TestPermissions(t *testing.T) {
	t.Parallel()
	for name, row := range useCases {
		for _, role := range everyRole {
			t.Run(name+" by "+string(role), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				by := w.of(t, role)
				run, mark := row.on(t, w), w.mark()
				_, err := run(t.Context(), w.next(by))
				switch {
				case slices.Contains(strings.Fields(row.roles), string(role)):
					if err != nil {
						t.Fatalf("refused: %v", err)
					}
					leads := strings.Fields(row.leads)
					if name == "RegisterClient" && role == domain.AccountManager {
						leads = append(leads, "client.account_manager_assigned.v1")
					}
					wantKinds(t, w.since(mark), leads...)
					return
				case role.Side() == domain.ClientSide:
					wantRefused(t, err, domain.ErrNotFound, "not_found")
				default:
					wantRefused(t, err, domain.ErrForbidden, denial(name, role))
				}
				wantKinds(t, w.since(mark))
			})
		}
	}
}

// denial is what staff who may not are told.
func denial(useCase string, role domain.Role) string {
	switch {
	case useCase == "ActivatePerson":
		return "only_oneself"
	case slices.Contains(ofTheSystem, useCase):
		return "system_only"
	case access.ScopeOf(role, access.PublishTickets) == access.Own && slices.Contains(ofPublication, useCase):
		return "not_yours"
	default:
		return "role_may_not"
	}
}

// ofPublication are the use cases that some staff may do to their own words alone.
var ofPublication = []string{
	"PublishTicket", "PreviewPublication", "WithdrawTicket", "WithdrawComment", "PublishAttachment", "WithdrawAttachment",
}

// ofTheSystem are the use cases that only follow from facts.
var ofTheSystem = []string{"JoinBySingleSignOn", "ReviewContract", "PinTicket", "TickTicket"}

// doer is somebody who may.
func (w *world) doer(useCase string) domain.Actor {
	switch useCase {
	case "InviteEmployee", "AnswerOverage", "AnswerScope", "DisputeInvoice", "AttachToDispute", "WithdrawDispute":
		return w.admin
	case "ActivatePerson":
		return domain.Actor{Person: w.idle, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: w.nexus}
	}
	if slices.Contains(ofTheSystem, useCase) {
		return domain.System()
	}
	return owner
}

// of is somebody in the role.
func (w *world) of(t *testing.T, role domain.Role) domain.Actor {
	t.Helper()
	switch role {
	case domain.AccountManager:
		return manager
	case domain.ClientAdmin:
		return w.admin
	case domain.ClientEmployee:
		return w.employee
	default:
		return w.hire(t, staff("somebody", role))
	}
}

// A role counts on its own side alone, and nobody acts without a side.
func TestNobodyBorrowsARole(t *testing.T) {
	t.Parallel()
	for name, row := range useCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			run := row.on(t, w)
			mark := w.mark()
			for _, by := range []domain.Actor{
				{},
				{Person: w.employee.Person, Side: domain.ClientSide, Role: domain.Owner, Client: w.nexus},
				{Person: w.employee.Person, Role: domain.Owner},
				{Person: w.employee.Person, Side: domain.StaffSide, Role: domain.ClientAdmin, Client: w.nexus},
				{Person: w.employee.Person, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: w.nexus},
				{Person: w.stranger.Person, Side: domain.ClientSide, Role: domain.ClientAdmin, Client: w.nexus},
			} {
				if _, err := run(t.Context(), w.next(by)); !errors.Is(err, domain.ErrNotFound) && !errors.Is(err, domain.ErrForbidden) {
					t.Errorf("%+v: got %v, want a refusal", by, err)
				}
			}
			wantKinds(t, w.since(mark))
		})
	}
}

// A client user sees neither another organisation's tickets nor, as an employee, a colleague's; and is
// told the same as of a ticket that does not exist.
func TestNotYoursDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	colleague := w.member(t, w.nexus, domain.ClientEmployee)
	theirs, hidden := w.resolved(t), w.raised(t, owner)
	mark := w.mark()
	for name, test := range map[string]struct {
		by domain.Actor
		on domain.TicketID
	}{
		"another organisation's":       {w.stranger, theirs},
		"a colleague's":                {colleague, theirs},
		"an internal one":              {w.admin, hidden},
		"one that does not exist":      {w.admin, domain.TicketID{UUID: uuid.Nil}},
		"another that does not either": {w.admin, domain.TicketID{UUID: id("nothing")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.service.CommentOnTicket(t.Context(), request(test.by, name), commands.CommentOnTicket{Ticket: test.on, Text: "x"})
			wantRefused(t, err, domain.ErrNotFound, "no_such_ticket")
			_, err = w.service.ReopenTicket(t.Context(), request(test.by, name+" again"), commands.ReopenTicket{Ticket: test.on, Text: "x"})
			wantRefused(t, err, domain.ErrNotFound, "no_such_ticket")
		})
	}
	t.Cleanup(func() { wantKinds(t, w.since(mark)) })
}

// Whether another organisation's contract exists, and what it covers, does not show in the answer.
func TestAClientRaisesForItsOwnOrganisationAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.mark()
	for _, under := range []domain.ContractID{w.foreign, w.contract, {UUID: id("nothing")}} {
		c := w.raise()
		c.Client, c.Contract = w.orion, under
		_, err := w.service.RaiseTicket(t.Context(), w.next(w.admin), c)
		wantRefused(t, err, domain.ErrNotFound, "not_found")
		if under != w.contract {
			c.Client = w.nexus
			_, err = w.service.RaiseTicket(t.Context(), w.next(w.admin), c)
			wantRefused(t, err, domain.ErrConflict, "out_of_scope")
		}
	}
	wantKinds(t, w.since(mark))
}

func TestCriticalNeedsAGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	critical := w.raise()
	critical.Priority = ticket.Critical
	_, err := w.service.RaiseTicket(t.Context(), w.next(w.employee), critical)
	wantRefused(t, err, domain.ErrForbidden, "critical_needs_grant")
	must(t)(w.service.RaiseTicket(t.Context(), w.next(w.admin), critical))
	must(t)(w.service.GivePersonGrant(t.Context(), w.next(owner), commands.GivePersonGrant{Person: w.employee.Person, Grant: access.RaiseCritical}))
	must(t)(w.service.RaiseTicket(t.Context(), w.next(w.employee), critical))
	must(t)(w.service.RaiseTicket(t.Context(), w.next(agent), critical))
}

func TestRaiseOnBehalfOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.raise()
	c.OnBehalfOf = w.employee.Person
	on := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.next(agent), c)).ID}
	must(t)(w.service.CommentOnTicket(t.Context(), w.next(w.employee), commands.CommentOnTicket{Ticket: on, Text: "Thanks."}))
	c.OnBehalfOf = w.stranger.Person
	_, err := w.service.RaiseTicket(t.Context(), w.next(agent), c)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
}

// The end of an access counts from the next command on, whatever the login still says.
func TestADeactivatedUserIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.raised(t, w.employee)
	must(t)(w.service.DeactivatePerson(t.Context(), w.next(owner), commands.DeactivatePerson{Person: w.employee.Person}))
	mark := w.mark()
	_, err := w.service.CommentOnTicket(t.Context(), w.next(w.employee), commands.CommentOnTicket{Ticket: on, Text: "x"})
	wantRefused(t, err, domain.ErrForbidden, "not_active")
	_, err = w.service.RaiseTicket(t.Context(), w.next(w.employee), w.raise())
	wantRefused(t, err, domain.ErrForbidden, "not_active")
	idle := domain.Actor{Person: w.idle, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: w.nexus}
	_, err = w.service.RaiseTicket(t.Context(), w.next(idle), w.raise())
	wantRefused(t, err, domain.ErrForbidden, "not_active")
	wantKinds(t, w.since(mark))
}

// Only an owner assigns account managers, so one who registers a client would lose it at once.
func TestAnAccountManagerKeepsWhatItRegisters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, vega := t.Context(), commands.RegisterClient{Name: "Vega", Zone: "Europe/Berlin", Language: "de", Currency: "EUR"}
	id := domain.ClientID{UUID: must(t)(w.service.RegisterClient(ctx, w.next(manager), vega)).ID}
	must(t)(w.service.RenameClient(ctx, w.next(manager), commands.RenameClient{Client: id, Name: "Vega Group"}))
	must(t)(w.service.SetSeatLimit(ctx, w.next(manager), commands.SetSeatLimit{Client: id, Limit: 3}))
	for _, by := range []domain.Actor{owner, domain.System()} {
		id = domain.ClientID{UUID: must(t)(w.service.RegisterClient(ctx, w.next(by), vega)).ID}
		_, err := w.service.RenameClient(ctx, w.next(manager), commands.RenameClient{Client: id, Name: "Vega Group"})
		wantRefused(t, err, domain.ErrForbidden, "not_your_client")
	}
}

func TestWhatACommandNeedsFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.service.RegisterClient(ctx, w.next(owner), commands.RegisterClient{Name: "Vega", Zone: "Europe/Atlantis", Language: "de", Currency: "EUR"})
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	_, err = w.service.DraftContract(ctx, w.next(owner), draft(domain.ClientID{UUID: id("nothing")}))
	wantRefused(t, err, domain.ErrNotFound, "no_such_client")
	on := w.raised(t, w.employee)
	_, err = w.service.TriageTicket(ctx, w.next(agent), commands.TriageTicket{Ticket: on, Contract: w.foreign, JobType: "api", Priority: ticket.High})
	wantRefused(t, err, domain.ErrConflict, "out_of_scope")
	_, err = w.service.TriageTicket(ctx, w.next(agent), commands.TriageTicket{Ticket: domain.TicketID{UUID: id("nothing")}, Contract: w.contract, JobType: "api", Priority: ticket.High})
	wantRefused(t, err, domain.ErrNotFound, "no_such_ticket")
	must(t)(w.service.TerminateContract(ctx, w.next(owner), commands.TerminateContract{Contract: w.contract}))
	_, err = w.service.RaiseTicket(ctx, w.next(w.employee), w.raise())
	wantRefused(t, err, domain.ErrConflict, "out_of_scope")
	_, err = w.service.PublishTicket(ctx, w.next(owner), commands.PublishTicket{Ticket: on, Comments: make([]domain.CommentID, commands.MaxPublishedComments+1)})
	wantRefused(t, err, domain.ErrInvalid, "too_many_comments")
	_, err = w.service.StartTicket(ctx, commands.Request{Actor: agent, Route: "test", At: at}, commands.StartTicket{Ticket: on})
	wantRefused(t, err, domain.ErrInvalid, "idempotency_key_required")
}
