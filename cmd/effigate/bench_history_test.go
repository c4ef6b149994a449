package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/numbering"
	"effigate/domain/person"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/infra/eventstore"
	"effigate/infra/eventstore/embedded/store"
)

// firm is a service firm at work. It puts commands to the real aggregates and writes what they decide, as
// many at once as there are people; who reads its log meets the tickets of many clients interleaved.
type firm struct {
	chance  *rand.Rand
	at      time.Time
	write   func(context.Context, domain.Append) error
	clients []*firmClient
	staff   []domain.Actor
	open    []*firmTicket
	next    int // names the next thing
	group   map[string][]domain.Append
	// promise is what holds for tickets that are raised; nil: nothing is promised.
	promise *sla.Promise
	staffed terms.Staff // the staff's part of the contracts

	events, visible int // written; tickets that clients see
}

// firmClient is a client of the firm.
type firmClient struct {
	id       domain.ClientID
	contract domain.ContractID
	users    []domain.Actor
	series   map[domain.Visibility]*firmSeries
}

// firmSeries is a series of ticket numbers.
type firmSeries struct {
	state    numbering.State
	revision int64
}

// firmTicket is a ticket that somebody works on.
type firmTicket struct {
	id       domain.TicketID
	client   *firmClient
	state    ticket.State
	revision int64
}

// firmUsers is how many users each client has; the first is its admin.
const firmUsers = 5

// newFirm founds a firm with so many clients.
func newFirm(ctx context.Context, clients int, write func(context.Context, domain.Append) error) (*firm, error) {
	f, err := foundFirm(ctx, write)
	if err != nil {
		return nil, err
	}
	for range clients {
		f.begin()
		if err := f.sign(); err != nil {
			return nil, err
		}
		if err := f.flush(ctx); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// foundFirm founds one that has people and no clients yet.
func foundFirm(ctx context.Context, write func(context.Context, domain.Append) error) (*firm, error) {
	f := &firm{chance: benchChance(1), at: benchAt, write: write, staffed: terms.Staff{SupportLevel: terms.Standard}}
	f.begin()
	for _, role := range []domain.Role{domain.AccountManager, domain.Delivery, domain.Engineer, domain.Engineer, domain.Engineer, domain.Support} {
		by := domain.Actor{Person: domain.PersonID{UUID: f.id("staff")}, Side: domain.StaffSide, Role: role}
		f.staff = append(f.staff, by)
		err := whole(f, person.Decider, person.Stream(by.Person),
			person.Command(person.Invite{Person: by.Person, Role: role, By: domain.System(), At: f.at}),
			person.Command(person.Activate{By: domain.System(), At: f.at}))
		if err != nil {
			return nil, err
		}
	}
	return f, f.flush(ctx)
}

// storedIn writes into the node's own store, which must not be open elsewhere: a million appends over gRPC
// would take most of a benchmark's time.
func storedIn(b *testing.B, folder string, work func(write func(context.Context, domain.Append) error) error) {
	b.Helper()
	events, err := store.Open(store.Options{Dir: filepath.Join(folder, "events")})
	if err != nil {
		b.Fatal(err)
	}
	registry, by := eventstore.Product(), version()
	err = work(func(ctx context.Context, a domain.Append) error {
		raw, err := registry.Encode(a, by)
		if err != nil {
			return err
		}
		proposed := make([]store.Proposed, len(raw))
		for i, r := range raw {
			proposed[i] = store.Proposed{
				ID: domain.EventID(a.Command, a.Stream, i), Type: r.Kind, JSON: true, Data: r.Data, Metadata: r.Metadata,
			}
		}
		_, err = events.Append(ctx, a.Stream, store.Expected(a.Expected), proposed)
		return err
	})
	if closed := events.Close(); err == nil {
		err = closed
	}
	if err != nil {
		b.Fatal(err)
	}
}

// id names the next thing.
func (f *firm) id(kind string) uuid.UUID {
	f.next++
	return benchID(kind, strconv.Itoa(f.next)).UUID
}

// begin starts a new group of appends, some minutes later.
func (f *firm) begin() {
	f.group = map[string][]domain.Append{}
	f.at = f.at.Add(time.Duration(1+f.chance.IntN(4)) * time.Minute)
}

// put adds an append to the group.
func (f *firm) put(by domain.Actor, stream string, expected int64, events []domain.Event) {
	command := domain.CommandID{UUID: f.id("command")}
	sum := sha256.Sum256(command.UUID[:])
	f.group[stream] = append(f.group[stream], domain.Append{
		Stream: stream, Expected: expected, Command: command, Events: events,
		Cause: domain.Cause{Actor: by, RequestHash: hex.EncodeToString(sum[:]), Correlation: command.UUID},
	})
	f.events += len(events)
}

// flush writes the group: stream beside stream, and within a stream in order.
func (f *firm) flush(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, appends := range f.group {
		group.Go(func() error {
			for _, a := range appends {
				if err := f.write(ctx, a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// whole puts a stream that is complete at once.
func whole[S, C any, E domain.Event](f *firm, decider domain.Decider[S, C, E], stream string, asked ...C) error {
	var state S
	var events []domain.Event
	for _, command := range asked {
		decided, err := decider.Decide(state, command)
		if err != nil {
			return fmt.Errorf("%s: %w", stream, err)
		}
		state = decider.Fold(state, decided...)
		for _, event := range decided {
			events = append(events, event)
		}
	}
	f.put(domain.System(), stream, domain.NoStream, events)
	return nil
}

// sign wins a client with its users and a contract.
func (f *firm) sign() error {
	c := &firmClient{
		id: domain.ClientID{UUID: f.id("client")}, contract: domain.ContractID{UUID: f.id("contract")},
		series: map[domain.Visibility]*firmSeries{},
	}
	manager := f.staff[0]
	f.clients = append(f.clients, c)
	err := whole(f, client.Decider, client.Stream(c.id),
		client.Command(client.Register{
			Client: c.id, Name: fmt.Sprintf("Client %d", len(f.clients)), Zone: "Australia/Sydney", Language: "en", Currency: "AUD",
			By: manager, At: f.at,
		}),
		client.Command(client.LinkContract{Contract: c.contract, By: manager, At: f.at}))
	if err != nil {
		return err
	}
	agreed := terms.Plain(terms.TimeAndMaterials, terms.Standard, "2025-01-01", demoJobTypes...)
	agreed.Agreed.Currency, agreed.Staff = "AUD", f.staffed
	err = whole(f, contract.Decider, contract.Stream(c.contract),
		contract.Command(contract.Draft{
			Contract: c.contract, Client: c.id, Reference: fmt.Sprintf("CON-%04d", len(f.clients)), Zone: "UTC",
			Terms: agreed, By: manager, At: f.at,
		}),
		contract.Command(contract.Activate{By: manager, At: f.at}))
	for i := range firmUsers {
		user := domain.Actor{Person: domain.PersonID{UUID: f.id("user")}, Side: domain.ClientSide, Role: domain.ClientEmployee, Client: c.id}
		if i == 0 {
			user.Role = domain.ClientAdmin
		}
		c.users = append(c.users, user)
		if err == nil {
			err = whole(f, person.Decider, person.Stream(user.Person),
				person.Command(person.Invite{Person: user.Person, Client: c.id, Role: user.Role, By: manager, At: f.at}),
				person.Command(person.Activate{By: manager, At: f.at}))
		}
	}
	return err
}

// firmAtOnce is how many things happen at once.
const firmAtOnce = 256

// work goes on, with so many tickets open, until enough is written.
func (f *firm) work(ctx context.Context, open int, enough func() bool) error {
	for !enough() {
		f.begin()
		for len(f.open) < open && len(f.group) < firmAtOnce {
			if err := f.raise(); err != nil {
				return err
			}
		}
		for range min(firmAtOnce, len(f.open)) {
			i := f.chance.IntN(len(f.open))
			if err := f.proceed(f.open[i]); err != nil {
				return err
			}
			if f.over(f.open[i]) {
				last := len(f.open) - 1
				f.open[i] = f.open[last]
				f.open = f.open[:last]
			}
			if len(f.open) == 0 {
				break
			}
		}
		if err := f.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// over tells whether nobody works on the ticket any more.
func (f *firm) over(t *firmTicket) bool {
	_, owed := t.state.Wants()
	return t.state.Status == ticket.StatusClosed && !owed
}

func (f *firm) raise() error {
	c := f.clients[f.chance.IntN(len(f.clients))]
	t := &firmTicket{id: domain.TicketID{UUID: f.id("ticket")}, client: c, revision: domain.NoStream}
	f.open = append(f.open, t)
	by := c.users[f.chance.IntN(firmUsers)]
	if f.chance.IntN(10) < 3 { // Seven of ten are raised by clients.
		by = f.someone()
	}
	return f.act(t, by, ticket.Raise{
		Ticket: t.id, Client: c.id, Contract: c.contract, JobType: f.jobType(), Title: f.words(5), Description: f.words(40),
		Priority: f.priority(), Promise: f.promise, By: by, At: f.at,
	})
}

// proceed does what is next on a ticket.
func (f *firm) proceed(t *firmTicket) error {
	if series, owed := t.state.Wants(); owed {
		return f.number(t, series)
	}
	by := f.someone()
	switch t.state.Status {
	case ticket.StatusNew:
		if f.chance.IntN(2) == 0 {
			return f.act(t, by, ticket.Assign{Assignee: f.someone().Person, Team: "Platform", By: by, At: f.at})
		}
		return f.act(t, by, ticket.Triage{Contract: t.client.contract, JobType: f.jobType(), Priority: f.priority(), By: by, At: f.at})
	case ticket.StatusTriaged:
		return f.act(t, by, ticket.Start{By: by, At: f.at})
	case ticket.StatusInProgress, ticket.StatusReopened:
		return f.handle(t, by)
	case ticket.StatusWaitingClient:
		user := t.client.users[0]
		return f.act(t, user, ticket.Comment{Comment: f.comment(), Text: f.words(20), By: user, At: f.at})
	case ticket.StatusOnHold, ticket.StatusAwaitingScope, ticket.StatusCancelled, ticket.StatusMerged, ticket.StatusDuplicate:
		return nil // Nothing here leads there.
	case ticket.StatusWaitingThirdParty:
		return f.act(t, by, ticket.Resume{By: by, At: f.at})
	case ticket.StatusResolved:
		if f.chance.IntN(12) == 0 {
			return f.act(t, by, ticket.Reopen{Comment: f.comment(), Text: f.words(10), By: by, At: f.at})
		}
		return f.act(t, by, ticket.Close{By: by, At: f.at})
	case ticket.StatusClosed:
	}
	return nil
}

// handle is what happens to a ticket in progress.
func (f *firm) handle(t *firmTicket, by domain.Actor) error {
	shown := t.state.Visibility == domain.ClientVisible
	switch dice := f.chance.IntN(100); {
	case dice < 20 && shown:
		user := t.client.users[0]
		return f.act(t, user, ticket.Comment{Comment: f.comment(), Text: f.words(20), By: user, At: f.at})
	case dice < 40:
		return f.act(t, by, ticket.Comment{Comment: f.comment(), Visibility: t.state.Visibility, Text: f.words(20), By: by, At: f.at})
	case dice < 52:
		return f.act(t, by, ticket.Note{Note: f.comment(), Text: f.words(15), By: by, At: f.at})
	case dice < 60 && shown:
		return f.act(t, by, ticket.WaitForClient{Comment: f.comment(), Question: f.words(10), By: by, At: f.at})
	case dice < 66:
		return f.act(t, by, ticket.WaitForThirdParty{Reason: f.words(3), By: by, At: f.at})
	case dice < 72:
		return f.act(t, by, ticket.Assign{Assignee: f.someone().Person, Team: "Support", By: by, At: f.at})
	case dice < 76:
		if shown {
			by = f.staff[1]
			return f.attempt(t, by, ticket.Withdraw{Reason: "shown by mistake", By: by, At: f.at})
		}
		return f.act(t, by, ticket.Publish{Reason: "agreed with the client", By: by, At: f.at})
	}
	return f.act(t, by, ticket.Resolve{Note: f.words(12), Code: "fixed", By: by, At: f.at})
}

// attempt is act for what may be refused: a ticket that a client raised stays visible.
func (f *firm) attempt(t *firmTicket, by domain.Actor, c ticket.Command) error {
	if _, err := ticket.Decide(t.state, c); err != nil {
		return nil //nolint:nilerr // That is an outcome, too.
	}
	return f.act(t, by, c)
}

// act puts what the ticket decides.
func (f *firm) act(t *firmTicket, by domain.Actor, c ticket.Command) error {
	decided, err := ticket.Decide(t.state, c)
	if err != nil {
		return fmt.Errorf("%T on a ticket that is %s: %w", c, t.state.Status, err)
	}
	if len(decided) == 0 {
		return nil
	}
	events := make([]domain.Event, len(decided))
	for i, event := range decided {
		events[i] = event
	}
	f.put(by, ticket.Stream(t.id), t.revision, events)
	t.revision += int64(len(events))
	t.state = ticket.Decider.Fold(t.state, decided...)
	return nil
}

// number allocates the number that a ticket is owed and records it.
func (f *firm) number(t *firmTicket, visibility domain.Visibility) error {
	series := t.client.series[visibility]
	if series == nil {
		series = &firmSeries{revision: domain.NoStream}
		t.client.series[visibility] = series
	}
	name := numbering.TicketSeries(t.client.id, visibility)
	decided, err := numbering.Decide(series.state, numbering.Allocate{Series: name, Subjects: []uuid.UUID{t.id.UUID}, At: f.at})
	if err != nil {
		return err
	}
	events := make([]domain.Event, len(decided))
	for i, event := range decided {
		events[i] = event
	}
	f.put(domain.System(), numbering.Stream(name), series.revision, events)
	series.revision += int64(len(events))
	series.state = numbering.Decider.Fold(series.state, decided...)
	number, _ := series.state.NumberOf(t.id.UUID)
	if visibility == domain.ClientVisible {
		f.visible++
	}
	return f.act(t, domain.System(), ticket.Number{Series: visibility, Number: number, At: f.at})
}

func (f *firm) someone() domain.Actor { return f.staff[1+f.chance.IntN(len(f.staff)-1)] }

func (f *firm) jobType() string { return demoJobTypes[f.chance.IntN(len(demoJobTypes))].Key }

func (f *firm) priority() ticket.Priority {
	return []ticket.Priority{ticket.Critical, ticket.High, ticket.High, ticket.Medium, ticket.Medium, ticket.Low}[f.chance.IntN(6)]
}

func (f *firm) comment() domain.CommentID { return domain.CommentID{UUID: f.id("comment")} }

// firmWords are what the firm's people write with, beside numbers.
var firmWords = strings.Fields(`the export page report order invoice token webhook search import column row button form
	fails stops repeats shows hides loses is was again after before since on in for with without slow wrong empty late`)

// words writes a text of so many words.
func (f *firm) words(n int) string {
	text := strconv.AppendInt(nil, int64(f.chance.IntN(100_000)), 10)
	for range n {
		text = append(append(text, ' '), firmWords[f.chance.IntN(len(firmWords))]...)
	}
	return string(text)
}
