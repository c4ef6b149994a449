package commands_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/terms"
	"effigate/domain/ticket"
)

var at = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)

var (
	owner = staff("olivia", domain.Owner)
	agent = staff("anna", domain.Support)
	other = staff("ben", domain.Engineer)
	// manager answers for nexus.
	manager = staff("mia", domain.AccountManager)
)

func staff(name string, role domain.Role) domain.Actor {
	return domain.Actor{Person: domain.PersonID{UUID: id(name)}, Side: domain.StaffSide, Role: role}
}

func id(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceOID, name) }

// world is a firm with two clients, each with an active contract, an admin and an employee.
type world struct {
	log      *commandstest.Log
	answers  *commandstest.Answers
	service  *commands.Service
	nexus    domain.ClientID
	orion    domain.ClientID
	contract domain.ContractID // of nexus
	foreign  domain.ContractID // of orion
	admin    domain.Actor      // of nexus, as the next two
	employee domain.Actor
	idle     domain.PersonID // invited, not active
	stranger domain.Actor    // an admin of orion
	keys     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{log: commandstest.NewLog(), answers: commandstest.NewAnswers()}
	w.service = commands.NewService(w.log, w.answers)
	for _, somebody := range []domain.Actor{owner, agent, other, manager} {
		w.hire(t, somebody)
	}
	w.nexus, w.contract = w.organisation(t, "Nexus Corp")
	w.orion, w.foreign = w.organisation(t, "Orion Ltd")
	must(t)(w.service.AssignAccountManager(t.Context(), w.next(owner), commands.AssignAccountManager{Client: w.nexus, Manager: manager.Person}))
	w.admin = w.member(t, w.nexus, domain.ClientAdmin)
	w.employee = w.member(t, w.nexus, domain.ClientEmployee)
	w.stranger = w.member(t, w.orion, domain.ClientAdmin)
	invited := must(t)(w.service.InvitePerson(t.Context(), w.next(owner), commands.InvitePerson{Client: w.nexus, Role: domain.ClientEmployee}))
	w.idle = domain.PersonID{UUID: invited.ID}
	return w
}

func (w *world) organisation(t *testing.T, name string) (domain.ClientID, domain.ContractID) {
	t.Helper()
	ctx := t.Context()
	client := domain.ClientID{UUID: must(t)(w.service.RegisterClient(ctx, w.next(owner), commands.RegisterClient{
		Name: name, Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD",
	})).ID}
	drafted := domain.ContractID{UUID: must(t)(w.service.DraftContract(ctx, w.next(owner), draft(client))).ID}
	must(t)(w.service.ActivateContract(ctx, w.next(owner), commands.ActivateContract{Contract: drafted}))
	return client, drafted
}

func draft(client domain.ClientID) commands.DraftContract {
	return commands.DraftContract{
		Client: client, Reference: "CON-2026-001",
		Terms: terms.Plain(terms.TimeAndMaterials, terms.Standard, "2026-01-01",
			terms.JobType{Key: "api", Name: "API"}, terms.JobType{Key: "web", Name: "Web"}),
	}
}

// hire makes an actor the staff person it says it is.
func (w *world) hire(t *testing.T, actor domain.Actor) domain.Actor {
	t.Helper()
	must(t)(w.service.InvitePerson(t.Context(), w.next(domain.System()), commands.InvitePerson{ID: actor.Person, Role: actor.Role}))
	must(t)(w.service.ActivatePerson(t.Context(), w.next(actor), commands.ActivatePerson{Person: actor.Person}))
	return actor
}

func (w *world) member(t *testing.T, client domain.ClientID, role domain.Role) domain.Actor {
	t.Helper()
	person := domain.PersonID{UUID: must(t)(w.service.InvitePerson(t.Context(), w.next(owner), commands.InvitePerson{Client: client, Role: role})).ID}
	actor := domain.Actor{Person: person, Side: domain.ClientSide, Role: role, Client: client}
	must(t)(w.service.ActivatePerson(t.Context(), w.next(actor), commands.ActivatePerson{Person: person}))
	return actor
}

// next is a request under a key of its own.
func (w *world) next(by domain.Actor) commands.Request {
	w.keys++
	return request(by, fmt.Sprint("key ", w.keys))
}

func request(by domain.Actor, key string) commands.Request {
	return commands.Request{Actor: by, Route: "test", Key: key, Body: []byte(`{}`), At: at}
}

// raise is a ticket of the client for its own API.
func (w *world) raise() commands.RaiseTicket {
	return commands.RaiseTicket{
		Client: w.nexus, Contract: w.contract, JobType: "api", Title: "Export stops", Description: "Above 10,000 rows.", Priority: ticket.High,
	}
}

func (w *world) raised(t *testing.T, by domain.Actor) domain.TicketID {
	t.Helper()
	return domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.next(by), w.raise())).ID}
}

func (w *world) resolved(t *testing.T) domain.TicketID {
	t.Helper()
	on := w.raised(t, w.employee)
	must(t)(w.service.ResolveTicket(t.Context(), w.next(owner), commands.ResolveTicket{Ticket: on, Note: "It streams now."}))
	return on
}

// since gives the stored names of what was appended since a mark.
func (w *world) since(mark int) []string {
	var kinds []string
	for _, recorded := range w.log.All()[mark:] {
		kinds = append(kinds, recorded.Raw.Kind)
	}
	return kinds
}

func (w *world) mark() int { return len(w.log.All()) }

func (w *world) history(t *testing.T, on domain.TicketID) []ticket.Event {
	t.Helper()
	var events []ticket.Event
	for recorded, err := range w.log.Read(t.Context(), ticket.Stream(on), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, recorded.Event.(ticket.Event))
	}
	return events
}

// checkIDs fails the test when two events of the log have one id: what reads the log would take them for
// one.
func (w *world) checkIDs(t *testing.T) {
	t.Helper()
	seen := map[uuid.UUID]string{}
	for _, recorded := range w.log.All() {
		place := fmt.Sprint(recorded.Stream, " revision ", recorded.Revision)
		if before, taken := seen[recorded.ID]; taken {
			t.Errorf("%s has the event id of %s", place, before)
		}
		seen[recorded.ID] = place
	}
}

// must gives the answer of a command that has to be accepted.
func must(t *testing.T) func(commands.Answer, error) commands.Answer {
	t.Helper()
	return func(answer commands.Answer, err error) commands.Answer {
		t.Helper()
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return answer
	}
}

func wantRefused(t *testing.T, err, kind error, code string) {
	t.Helper()
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || !errors.Is(refusal, kind) || refusal.Code != code {
		t.Errorf("got %v, want %v with code %s", err, kind, code)
	}
}

func wantKinds(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("appended (-want +got):\n%s", diff)
	}
}

// faultyLog lets a test stand between the service and its log.
type faultyLog struct {
	commands.Log
	// before is asked at each append; an error stops it there. after is told of each; an error hides that
	// the append took place.
	before func(domain.Append) error
	after  func(domain.Append) error
}

func (l *faultyLog) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	if l.before != nil {
		if err := l.before(a); err != nil {
			return domain.Position{}, err
		}
	}
	position, err := l.Log.Append(ctx, a)
	if err == nil && l.after != nil {
		if err := l.after(a); err != nil {
			return domain.Position{}, err
		}
	}
	return position, err
}
