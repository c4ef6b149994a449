package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	staffrows "effigate/readmodels/staff"
)

// bench is a firm with tickets under a policy, and the deadlines of them as the read model shows them.
type bench struct {
	log      *commandstest.Log
	service  *commands.Service
	client   domain.ClientID
	contract domain.ContractID

	mu      sync.Mutex
	changed chan struct{}
	reads   int // of deadlines
	failing int // reads that are still to fail
}

// newBench has a policy that wants a Critical ticket solved in ten minutes, around the clock.
func newBench(t *testing.T) *bench {
	t.Helper()
	log := commandstest.NewLog()
	b := &bench{log: log, service: commands.NewService(log, commandstest.NewAnswers()), changed: make(chan struct{})}
	ctx := t.Context()
	client := accepted(t)(b.service.RegisterClient(ctx, asSystem("client"), commands.RegisterClient{Name: "Nexus", Zone: "Australia/Sydney", Language: "en", Currency: "AUD"}))
	b.client.UUID = client.ID
	always := accepted(t)(b.service.PublishCalendar(ctx, asSystem("calendar"), commands.PublishCalendar{
		Name: "Always", From: "2000-01-01", Content: calendar.Calendar{Zone: "Australia/Sydney", Always: true},
	}))
	accepted(t)(b.service.PublishSLAPolicy(ctx, asSystem("policy"), b.policy(0, 10)))
	said := terms.Plain(terms.TimeAndMaterials, terms.Always, "2000-01-01", terms.JobType{Key: "api", Name: "API"})
	said.Staff.Calendar.ID = always.ID
	drafted := accepted(t)(b.service.DraftContract(ctx, asSystem("draft"), commands.DraftContract{Client: b.client, Reference: "C-1", Terms: said}))
	b.contract.UUID = drafted.ID
	accepted(t)(b.service.ActivateContract(ctx, asSystem("activate"), commands.ActivateContract{Contract: b.contract}))
	return b
}

func (b *bench) policy(base, minutes int) commands.PublishSLAPolicy {
	return commands.PublishSLAPolicy{Layer: sla.FromFirm, Base: base, Name: "Usual", From: "2000-01-01", Content: sla.Policy{
		Targets: []sla.Target{{Priority: "critical", ResolutionMinutes: minutes}},
		Floors:  []sla.Floor{{Priority: "critical"}},
		Ladder:  []sla.Level{{Level: 1, Percent: 100, Minutes: 5, Recipients: []string{sla.Assignee}}},
	}}
}

func asSystem(key string) commands.Request {
	return commands.Request{Actor: domain.System(), Route: "test", Key: key, At: clock()}
}

func accepted(t *testing.T) func(commands.Answer, error) commands.Answer {
	t.Helper()
	return func(answer commands.Answer, err error) commands.Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// raise opens a ticket, and the read model learns of it.
func (b *bench) raise(t *testing.T, key string) domain.TicketID {
	t.Helper()
	answer := accepted(t)(b.service.RaiseTicket(t.Context(), asSystem(key), commands.RaiseTicket{
		Client: b.client, Contract: b.contract, JobType: "api", Title: key, Priority: ticket.Critical,
	}))
	b.announce()
	return domain.TicketID{UUID: answer.ID}
}

// announce says that the read model has changed.
func (b *bench) announce() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.changed)
	b.changed = make(chan struct{})
}

// deadlines are those of all tickets, as the staff's projection works them out of the log.
func (b *bench) deadlines() []staffrows.Deadline {
	promises := map[string]ticket.Promises{}
	for _, recorded := range b.log.All() {
		if event, ok := recorded.Event.(ticket.Event); ok {
			promises[recorded.Stream] = promises[recorded.Stream].Apply(event)
		}
	}
	var all []staffrows.Deadline
	for stream, p := range promises {
		if at, waits := p.Next(); waits {
			id, _ := ticket.IDOf(stream)
			all = append(all, staffrows.Deadline{Ticket: id.UUID, At: at})
		}
	}
	slices.SortFunc(all, byInstant)
	return all
}

func byInstant(a, b staffrows.Deadline) int {
	return cmp.Or(a.At.Compare(b.At), slices.Compare(a.Ticket[:], b.Ticket[:]))
}

// worker is one that reads pages of two.
func (b *bench) worker(t *testing.T) deadlines {
	t.Helper()
	return deadlines{
		service: b.service, now: clock, logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		changed: func() <-chan struct{} {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.changed
		},
		passed: func(_ context.Context, _ domain.Position, now time.Time, after staffrows.Deadline) (page []staffrows.Deadline, err error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.reads++
			if b.failing > 0 {
				b.failing--
				return nil, errors.New("no read model is ready")
			}
			for _, deadline := range b.deadlines() {
				if len(page) < 2 && !deadline.At.After(now) && byInstant(deadline, after) > 0 {
					page = append(page, deadline)
				}
			}
			return page, nil
		},
		next: func(_ context.Context, after time.Time) (staffrows.Deadline, error) {
			for _, deadline := range b.deadlines() {
				if deadline.At.After(after) {
					return deadline, nil
				}
			}
			return staffrows.Deadline{}, domain.Refuse(domain.ErrNotFound, "no_deadline", "no ticket has a deadline")
		},
	}
}

// start runs a worker until the function that it gives is called.
func (b *bench) start(t *testing.T, work interface{ run(context.Context) error }) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- work.run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// fired is what time alone led to, in the order of the log: what, since the beginning.
func (b *bench) fired(since time.Time) (all []string) {
	synctest.Wait()
	for _, recorded := range b.log.All() {
		switch e := recorded.Event.(type) {
		case ticket.SLAStateReached:
			all = append(all, string(e.State)+" "+e.At.Sub(since).String())
		case ticket.Escalated:
			all = append(all, "escalated "+e.At.Sub(since).String())
		}
	}
	return all
}

// A worker that runs writes a deadline down within a second, however far ahead it lay, and reads nothing in between.
func TestDeadlinesAreMetInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		began := clock()
		stop := b.start(t, b.worker(t))
		defer stop()
		b.raise(t, "one")
		time.Sleep(time.Second) // The bubble's time.
		b.mu.Lock()
		reads := b.reads
		b.mu.Unlock()
		var want []string
		check := func(more ...string) {
			t.Helper()
			want = append(want, more...)
			if diff := gocmp.Diff(want, b.fired(began)); diff != "" {
				t.Errorf("at %v (-want +got):\n%s", clock().Sub(began), diff)
			}
		}
		time.Sleep(7*time.Minute + 28*time.Second)
		check()
		if b.mu.Lock(); b.reads != reads {
			t.Errorf("%d reads while nothing was due", b.reads-reads)
		}
		b.mu.Unlock()
		for _, due := range []struct {
			after time.Duration
			what  string
		}{{7*time.Minute + 30*time.Second, "near_breach 7m30s"}, {10 * time.Minute, "breached 10m0s"}, {15 * time.Minute, "escalated 15m0s"}} {
			time.Sleep(due.after - clock().Sub(began) - time.Millisecond)
			check()
			time.Sleep(time.Second)
			check(due.what)
			b.announce()
		}
	})
}

// A worker that stood while deadlines passed writes them down with the instants at which they were due, once and in
// their order, and those of tickets that cannot be read keep no other from it.
func TestAfterAnOutageDeadlinesFireOnceInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		began := clock()
		bad := b.raise(t, "bad")
		b.service = commands.NewService(badLog{b.log, ticket.Stream(bad)}, commandstest.NewAnswers())
		for _, key := range []string{"one", "two", "three", "four"} {
			b.raise(t, key)
			time.Sleep(time.Minute)
		}
		time.Sleep(4 * time.Minute) // The first one came near its breach meanwhile, and nobody looked.
		b.failing = 1
		var stops []func()
		for range 3 {
			stops = append(stops, b.start(t, b.worker(t)))
		}
		time.Sleep(2*deadlineAgain + time.Second)
		want := []string{"near_breach 7m30s"}
		if diff := gocmp.Diff(want, b.fired(began)); diff != "" {
			t.Errorf("after the outage (-want +got):\n%s", diff)
		}
		for _, stop := range stops {
			stop()
		}
		time.Sleep(time.Hour)
		want = nil // The tickets in the order of what came first of each.
		for _, deadline := range b.deadlines() {
			if deadline.Ticket != bad.UUID {
				want = append(want, ticket.Stream(domain.TicketID{UUID: deadline.Ticket}))
			}
		}
		defer b.start(t, b.worker(t))()
		time.Sleep(2 * deadlineAgain)
		got := b.fired(began)
		if len(got) != 12 {
			t.Errorf("%d things fired, want three of each of four tickets: %v", len(got), got)
		}
		var order []string
		for _, recorded := range b.log.All() {
			if _, ok := recorded.Event.(ticket.Escalated); ok {
				order = append(order, recorded.Stream)
			}
		}
		if !slices.Equal(want, order) {
			t.Errorf("tickets fired in the order %v, want %v", order, want)
		}
		for stream, instants := range b.instants() {
			if want := []time.Duration{450 * time.Second, 600 * time.Second, 900 * time.Second}; !slices.Equal(want, instants) {
				t.Errorf("%s fired after %v, want %v", stream, instants, want)
			}
		}
	})
}

// instants are when things fired, by ticket, since it was raised.
func (b *bench) instants() map[string][]time.Duration {
	raised, fired := map[string]time.Time{}, map[string][]time.Duration{}
	for _, recorded := range b.log.All() {
		switch e := recorded.Event.(type) {
		case ticket.Raised:
			raised[recorded.Stream] = e.At
		case ticket.SLAStateReached:
			fired[recorded.Stream] = append(fired[recorded.Stream], e.At.Sub(raised[recorded.Stream]))
		case ticket.Escalated:
			fired[recorded.Stream] = append(fired[recorded.Stream], e.At.Sub(raised[recorded.Stream]))
		}
	}
	return fired
}
