package messaging_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/infra/eventstore"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
)

// firm is a world with tickets of one client.
type firm struct {
	*world
	service  *commands.Service
	client   domain.ClientID
	contract domain.ContractID
	sent     int // commands, by send
}

var (
	monday = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	owner  = domain.Actor{Person: domain.PersonID{UUID: named("owner")}, Side: domain.StaffSide, Role: domain.Owner}
)

func named(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "messaging", name) }

func ticketID(name string) domain.TicketID { return domain.TicketID{UUID: named(name)} }

func newFirm(t *testing.T) *firm {
	t.Helper()
	w := newWorld(t, eventstore.Product())
	f := &firm{
		world: w, service: commands.NewService(w.client, postgres.NewAnswers(w.staff)),
		client: domain.ClientID{UUID: named("client")}, contract: domain.ContractID{UUID: named("contract")},
	}
	founding := commands.Request{Actor: domain.System(), Route: "found", Key: "invite", At: monday}
	_, err := f.service.InvitePerson(t.Context(), founding, commands.InvitePerson{ID: owner.Person, Role: owner.Role})
	check(t, err)
	founding.Key = "activate"
	_, err = f.service.ActivatePerson(t.Context(), founding, commands.ActivatePerson{Person: owner.Person})
	check(t, err)
	return f
}

func (f *firm) request(route, key string) commands.Request {
	return commands.Request{Actor: owner, Route: route, Key: key, At: monday}
}

func (f *firm) numbering() messaging.Manager {
	return messaging.Numbering(f.service, func() time.Time { return monday })
}

// record appends to a ticket's stream what a command decided that died before it went on.
func (f *firm) record(t *testing.T, name string, revision int64, event domain.Event) domain.Position {
	t.Helper()
	at, err := f.world.client.Append(t.Context(), domain.Append{
		Stream: ticket.Stream(ticketID(name)), Expected: revision, Events: []domain.Event{event},
		Command: domain.CommandID{UUID: named(name + event.Kind())},
	})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// raised is the event of a raise.
func (f *firm) raised(name string, visibility domain.Visibility) ticket.Raised {
	return ticket.Raised{
		Ticket: ticketID(name), Client: f.client, JobType: "api", Title: name, Priority: ticket.High,
		Visibility: visibility, RaisedBy: owner.Person, By: owner.Person, At: monday,
	}
}

// numbers gives every number that a ticket got, by series and the ticket's stream. An event id that stands
// in the log twice is an error, because the rows of the staff side's log go by it.
func (f *firm) numbers(t *testing.T) map[domain.Visibility]map[string][]int {
	t.Helper()
	numbers := map[domain.Visibility]map[string][]int{domain.ClientVisible: {}, domain.InternalOnly: {}}
	ids := map[uuid.UUID]bool{}
	for _, recorded := range f.all(t) {
		if ids[recorded.ID] {
			t.Errorf("event %s of %s stands in the log twice", recorded.ID, recorded.Stream)
		}
		ids[recorded.ID] = true
		if event, ok := recorded.Event.(ticket.Numbered); ok {
			of := numbers[event.Series]
			of[recorded.Stream] = append(of[recorded.Stream], event.Number)
		}
	}
	return numbers
}

// A command that raised or published a ticket died before the ticket got its number. The process manager
// gives it, once, however often it is told.
func TestNumberingCompletesWhatDied(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	f.record(t, "visible", domain.NoStream, f.raised("visible", domain.ClientVisible))
	f.record(t, "internal", domain.NoStream, f.raised("internal", domain.InternalOnly))
	last := f.record(t, "other", domain.NoStream, f.raised("other", domain.InternalOnly))
	stop := f.run(t, f.world.client, f.lanes(), f.numbering())
	f.awaitPlace(t, "numbering", last)
	published := f.record(t, "internal", 1, ticket.Published{By: owner.Person, At: monday})
	f.awaitPlace(t, "numbering", published)
	stop()

	want := map[domain.Visibility]map[string][]int{
		domain.ClientVisible: {ticket.Stream(ticketID("visible")): {1}, ticket.Stream(ticketID("internal")): {2}},
		domain.InternalOnly:  {ticket.Stream(ticketID("internal")): {1}, ticket.Stream(ticketID("other")): {2}},
	}
	if diff := cmp.Diff(want, f.numbers(t)); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}

	before := f.all(t)
	again := f.numbering()
	again.Lane = "numbering again"
	stop = f.run(t, f.connect(t), f.lanes(), again)
	f.awaitPlace(t, again.Lane, published)
	stop()
	if after := f.all(t); len(after) != len(before) {
		t.Errorf("%d events after every message came again, %d before", len(after), len(before))
	}
}

// Tickets come in from everywhere at once: from commands that died, from commands that go on to number
// them, and from an import that numbers them in batches. Two process managers run beside. Each series
// ends up with the numbers from 1 on, each once, on the tickets that are owed one.
func TestNumberingBesideCommands(t *testing.T) {
	t.Parallel()
	const died, raised, imported, batch = 500, 300, 200, 25
	f := newFirm(t)
	f.sign(t)
	for range 2 {
		service := commands.NewService(f.connect(t), postgres.NewAnswers(f.open(t)))
		defer f.run(t, f.connect(t), postgres.NewLanes(f.open(t), f.identity), messaging.Numbering(service, func() time.Time { return monday }))()
	}
	var working sync.WaitGroup
	working.Go(func() {
		for i := range died {
			name := fmt.Sprint("died ", i)
			_, err := f.world.client.Append(t.Context(), domain.Append{
				Stream: ticket.Stream(ticketID(name)), Expected: domain.NoStream, Command: domain.CommandID{UUID: named(name)},
				Events: []domain.Event{f.raised(name, visibility(i))},
			})
			check(t, err)
		}
	})
	working.Go(func() {
		for i := range raised {
			_, err := f.service.RaiseTicket(t.Context(), f.request("raise", strconv.Itoa(i)), commands.RaiseTicket{
				Client: f.client, Contract: f.contract, JobType: "api", Title: strconv.Itoa(i), Priority: ticket.Low, Visibility: visibility(i),
			})
			check(t, err)
		}
	})
	working.Go(func() {
		for i := 0; i < imported; i += batch {
			check(t, f.bringIn(t.Context(), i, i+batch))
		}
	})
	working.Wait()
	head, err := f.world.client.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.awaitPlace(t, "numbering", head)

	got := f.numbers(t)
	for series, owed := range map[domain.Visibility]int{
		domain.ClientVisible: (died + raised) / 2,
		domain.InternalOnly:  (died+raised)/2 + imported,
	} {
		var all []int
		for stream, numbers := range got[series] {
			if len(numbers) != 1 {
				t.Errorf("%s has the numbers %v", stream, numbers)
			}
			all = append(all, numbers...)
		}
		slices.Sort(all)
		want := make([]int, owed)
		for i := range want {
			want[i] = i + 1
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Errorf("series %q (-want +got):\n%s", series, diff)
		}
	}
}

// visibility makes every other ticket visible.
func visibility(i int) domain.Visibility {
	if i%2 == 0 {
		return domain.ClientVisible
	}
	return domain.InternalOnly
}

// sign registers the client and puts its contract in force.
func (f *firm) sign(t *testing.T) {
	t.Helper()
	_, err := f.service.RegisterClient(t.Context(), f.request("register", "client"), commands.RegisterClient{
		ID: f.client, Name: "Wattle Dental", Zone: "Australia/Sydney", Language: "en-AU", Currency: "AUD",
	})
	check(t, err)
	_, err = f.service.DraftContract(t.Context(), f.request("draft", "contract"), commands.DraftContract{
		ID: f.contract, Client: f.client, Reference: "C-1",
		Terms: terms.Plain(terms.TimeAndMaterials, terms.Standard, "2026-01-01", terms.JobType{Key: "api", Name: "Interfaces"}),
	})
	check(t, err)
	_, err = f.service.ActivateContract(t.Context(), f.request("activate", "contract"), commands.ActivateContract{Contract: f.contract})
	check(t, err)
}

// bringIn imports tickets and numbers them together.
func (f *firm) bringIn(ctx context.Context, from, to int) error {
	var ids []domain.TicketID
	for i := from; i < to; i++ {
		name := fmt.Sprint("imported ", i)
		request := f.request("import", name)
		_, err := f.service.ImportTicket(ctx, request, commands.ImportTicket{
			Ticket: ticketID(name), From: ticket.ImportedStaff{System: "test", Key: name, File: "f", Line: i + 1, Rows: 1, Digest: name},
			Steps: []commands.ImportStep{{Line: i + 1, Commands: []ticket.Command{ticket.Raise{
				Ticket: ticketID(name), Client: f.client, JobType: "api", Title: name, Priority: ticket.Low,
				Imported: true, By: request.Actor, At: monday,
			}}}},
		})
		if err != nil {
			return err
		}
		ids = append(ids, ticketID(name))
	}
	_, err := f.service.NumberTickets(ctx, f.request("import", fmt.Sprint("numbers from ", from)), ids...)
	return err
}
