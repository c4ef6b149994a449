package main

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/terms"
	"effigate/domain/ticket"
	"effigate/domain/workcalendar"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// The load of BenchmarkPromises.
const (
	promisesClients = 100
	promisesRate    = 20  // commands a second
	promisesChunk   = 100 // commands that are sent before it looks whether the edit has reached all tickets
	hurriedRate     = 4   // tickets a second whose deadlines come within minutes
)

// BenchmarkPromises serves many open tickets with a deadline each, so many as EFFIGATE_BENCH_TICKETS says. It
// measures what they cost while nothing is due, against a process without any; how long after its instant a deadline
// is written down; and how long commands take before, while and after an edit of the policy reaches all of them.
func BenchmarkPromises(b *testing.B) {
	idle := idleWorld(b)
	p := newPromisesLoad(b, benchNumber(b, "EFFIGATE_BENCH_TICKETS", sized(100_000, 2_000)))
	pending := p.idle(b)
	late := p.hurry(b, sized(130, 20))
	p.edit(b)
	of := fmt.Sprintf("%d open tickets", len(p.tickets))
	at := func(t *timings, share float64) []float64 { return []float64{quantile(t.values, share)} }
	took := func(name string, t *timings, percent, most float64) finding {
		f := finding{
			workload: fmt.Sprintf("%d commands, %d a second, %s the edit: answered, p%g", len(t.values), promisesRate, name, percent),
			unit:     "ms", ours: at(t, percent/100), goal: atMost(most),
		}
		if t != &p.before {
			f.against, f.reference = "before the edit", at(&p.before, percent/100)
		}
		return f
	}
	conclude(b, "promises", benchVersions(b, p.staff.database),
		finding{
			workload: of + ", nothing due: time of the CPU", unit: "s/min", against: "no tickets", ours: []float64{pending.cpu},
			reference: []float64{idle.cpu},
		},
		finding{
			workload: of + ", nothing due: transactions of both databases", unit: "1/min", against: "no tickets",
			ours: []float64{pending.transactions}, reference: []float64{idle.transactions}, goal: ratioAtMost(flat),
		},
		finding{workload: fmt.Sprintf("%d deadlines beside them, written down late, p50", len(late)), unit: "ms", ours: []float64{median(late)}},
		finding{
			workload: fmt.Sprintf("%d deadlines beside them, written down late, p99", len(late)), unit: "ms",
			ours: []float64{quantile(late, 0.99)}, goal: atMost(1000),
		},
		took("before", &p.before, 50, 5), took("before", &p.before, 99, 20),
		took("during", &p.during, 50, 5), took("during", &p.during, 99, 20),
		took("after", &p.after, 50, 5), took("after", &p.after, 99, 20),
		finding{workload: of + " pin the new version", unit: "tickets/s", ours: []float64{float64(len(p.tickets)) / p.edited.Seconds()}},
	)
}

// promisesLoad is a serving process and its tickets.
type promisesLoad struct {
	*world
	reads   *postgres.Reads
	tickets []domain.TicketID
	support domain.Actor
	hurried *firmClient
	sent    int // names the next command

	before, during, after timings
	edited                time.Duration // how long it took until the edit had reached all tickets
}

// promisesPolicy promises so many days of opening time.
func promisesPolicy(days int) sla.Policy {
	var p sla.Policy
	for _, priority := range sla.Priorities() {
		p.Targets = append(p.Targets, sla.Target{Priority: priority, FirstResponseMinutes: days * 8 * 60, ResolutionMinutes: 2 * days * 8 * 60})
	}
	return p
}

func newPromisesLoad(b *testing.B, tickets int) *promisesLoad {
	b.Helper()
	folder, p := benchFolder(b), &promisesLoad{}
	storedIn(b, folder, func(write func(context.Context, domain.Append) error) error {
		f, err := foundFirm(b.Context(), write)
		if err != nil {
			return err
		}
		f.at = clock().Add(-time.Hour)
		p.support = f.staff[len(f.staff)-1]
		return p.promise(b.Context(), f, tickets)
	})
	p.world = benchWorld(b, folder)
	err := p.skip(b.Context())
	benchServe(b, p.world)
	if err == nil {
		err = p.settled(b.Context())
	}
	if err == nil {
		p.reads, err = postgres.OpenReads(b.Context(), p.staff.access.Reader, staffrows.Version, p.logger)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.reads.Close)
	return p
}

// skip says that what is in the log was reacted to: nothing is left to do about it, and looking takes as long as the
// measurement.
func (p *promisesLoad) skip(ctx context.Context) error {
	identity, err := p.store.Identity(ctx)
	if err != nil {
		return err
	}
	head, err := p.store.Head(ctx)
	if err != nil {
		return err
	}
	lanes := postgres.NewLanes(p.staff.database, identity)
	for _, lane := range []string{"billing", "files", "invoices", "notices", "numbering", "people", "prints", "promises", clientHooksLane, staffHooksLane} {
		if err := lanes.Keep(ctx, lane, head); err != nil {
			return err
		}
	}
	return nil
}

// promise lets the firm publish a policy, and raises tickets under it. The hurried client comes last: whatever is
// promised to it is due within a minute.
func (p *promisesLoad) promise(ctx context.Context, f *firm, tickets int) error {
	hours, calendars := demoCalendar(), domain.CalendarID{UUID: f.id("calendar")}
	f.group = map[string][]domain.Append{}
	f.staffed.Calendar = terms.Ref{ID: calendars.UUID}
	by := f.staff[0]
	if err := whole(f, workcalendar.Decider, workcalendar.Stream(calendars),
		workcalendar.Command(workcalendar.Publish{ID: calendars, Name: "Office", From: "2000-01-01", Calendar: hours, By: by, At: f.at})); err != nil {
		return err
	}
	policy := promisesPolicy(60)
	if err := f.publish(slapolicy.Publish{ID: slapolicy.FirmDefault(), Name: "Usual", Layer: sla.FromFirm, Policy: policy}); err != nil {
		return err
	}
	f.promise = &sla.Promise{
		Policy: sla.Ref{ID: slapolicy.FirmDefault().UUID, Version: 1}, Calendar: sla.Ref{ID: calendars.UUID, Version: 1},
		Source: sla.FromFirm, Content: policy, SupportLevel: string(terms.Standard), Hours: hours,
	}
	for range promisesClients {
		if err := f.sign(); err != nil {
			return err
		}
	}
	for len(p.tickets) < tickets {
		if err := f.flush(ctx); err != nil {
			return err
		}
		f.group = map[string][]domain.Append{}
		for range min(firmAtOnce, tickets-len(p.tickets)) {
			if err := p.raise(f); err != nil {
				return err
			}
		}
	}
	f.staffed = terms.Staff{SupportLevel: terms.Always, Calendar: f.staffed.Calendar}
	if err := f.sign(); err != nil {
		return err
	}
	p.hurried = f.clients[len(f.clients)-1]
	if err := f.publish(slapolicy.Publish{
		ID: slapolicy.ForClient(p.hurried.id), Name: "Hurry", Layer: sla.FromClient, Client: p.hurried.id,
		Policy: sla.Policy{Targets: []sla.Target{{Priority: "critical", ResolutionMinutes: 1}}},
	}); err != nil {
		return err
	}
	return f.flush(ctx)
}

func (f *firm) publish(c slapolicy.Publish) error {
	c.From, c.By, c.At = "2000-01-01", f.staff[0], f.at
	return whole(f, slapolicy.Decider, slapolicy.Stream(c.ID), slapolicy.Command(c))
}

// raise raises a ticket that has its number, and keeps nothing of it but its id: there are many.
func (p *promisesLoad) raise(f *firm) error {
	f.open = f.open[:0]
	if err := f.raise(); err != nil {
		return err
	}
	p.tickets = append(p.tickets, f.open[0].id)
	return f.proceed(f.open[0])
}

// settled waits until read models and process managers have seen everything that is in the log.
func (w *world) settled(ctx context.Context) error {
	if err := w.caughtUp(ctx); err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) (bool, error) {
		head, err := w.store.Head(ctx)
		if err != nil {
			return false, err
		}
		var behind, lanes int
		err = w.staff.database.Pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE commit_position < $1), count(*) FROM control.lanes`,
			int64(head.Commit)).Scan(&behind, &lanes)
		return lanes > 0 && behind == 0, err
	})
}

// idling is what a process uses while nothing happens.
type idling struct{ cpu, transactions float64 } // seconds and number per minute

// idleWorld is what a process without tickets uses.
func idleWorld(b *testing.B) idling {
	b.Helper()
	w := benchWorld(b, benchFolder(b))
	_, stop := benchServe(b, w)
	defer stop()
	if err := w.caughtUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	return w.idle(b)
}

// idle looks at a serving process for a while in which nothing happens.
func (w *world) idle(b *testing.B) idling {
	b.Helper()
	look := func() (found idling) {
		for _, database := range []*postgres.Database{w.client.database, w.staff.database} {
			var transactions int64
			err := database.Pool.QueryRow(b.Context(), `
				SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()`).Scan(&transactions)
			if err != nil {
				b.Fatal(err)
			}
			found.transactions += float64(transactions)
		}
		var used unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
			b.Fatal(err)
		}
		found.cpu = float64(used.Utime.Nano()+used.Stime.Nano()) / float64(time.Second)
		return found
	}
	within := sized(time.Minute, 10*time.Second)
	_ = sleep(b.Context(), 15*time.Second, nil) // PostgreSQL counts what came before up to ten seconds later.
	before := look()
	if err := sleep(b.Context(), within, nil); err != nil {
		b.Fatal(err)
	}
	after, minutes := look(), within.Minutes()
	return idling{cpu: (after.cpu - before.cpu) / minutes, transactions: (after.transactions - before.transactions) / minutes}
}

func (p *promisesLoad) request(by domain.Actor) commands.Request {
	p.sent++
	key := strconv.Itoa(p.sent)
	return commands.Request{Actor: by, Route: "bench", Key: key, Body: []byte(key), At: clock()}
}

// hurry raises tickets that run through their ladder within a minute and a bit, and gives by how many milliseconds each
// thing that was due was written down late.
func (p *promisesLoad) hurry(b *testing.B, tickets int) []float64 {
	b.Helper()
	ctx := b.Context()
	from, err := p.store.Head(ctx)
	if err != nil {
		b.Fatal(err)
	}
	requests := make([]commands.Request, tickets)
	for i := range requests {
		requests[i] = p.request(p.support)
	}
	err = steady(ctx, tickets, hurriedRate, func(ctx context.Context, i int, _ time.Time) error {
		requests[i].At = clock()
		_, err := p.service.RaiseTicket(ctx, requests[i], commands.RaiseTicket{
			Client: p.hurried.id, Contract: p.hurried.contract, JobType: demoJobTypes[0].Key, Title: "Nothing goes", Priority: ticket.Critical,
		})
		return err
	})
	if err == nil {
		err = until(ctx, func(ctx context.Context) (bool, error) {
			// The level of an hour later is all that is left.
			over, err := p.count(ctx, `policy = $1 AND next_at > $2`, slapolicy.ForClient(p.hurried.id).UUID, clock().Add(30*time.Minute))
			return over == tickets, err
		})
	}
	if err != nil {
		b.Fatal(err)
	}
	var late []float64
	for delivery, err := range p.source.Scan(ctx, from) {
		if err != nil {
			b.Fatal(err)
		}
		var due time.Time
		switch e := delivery.Recorded.Event.(type) {
		case ticket.SLAStateReached:
			due = e.At
		case ticket.Escalated:
			due = e.At
		default:
			continue
		}
		late = append(late, float64(delivery.Recorded.RecordedAt.Sub(due))/float64(time.Millisecond))
	}
	return late
}

// edit publishes another version of the policy beside a steady load, which goes on until all tickets have pinned it.
func (p *promisesLoad) edit(b *testing.B) {
	b.Helper()
	ctx, chunk := b.Context(), sized(300, promisesChunk)
	fail := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	fail(p.load(ctx, chunk, &p.before))
	_, err := p.service.PublishSLAPolicy(ctx, p.request(domain.System()), commands.PublishSLAPolicy{
		Layer: sla.FromFirm, Base: 1, Name: "Usual", From: calendar.Date("2000-01-01"), Content: promisesPolicy(50),
	})
	fail(err)
	began := time.Now()
	for left := len(p.tickets); left > 0; {
		fail(p.load(ctx, promisesChunk, &p.during))
		left, err = p.count(ctx, `policy = $1 AND policy_version = 1`, slapolicy.FirmDefault().UUID)
		fail(err)
	}
	p.edited = time.Since(began)
	fail(p.load(ctx, chunk, &p.after))
}

// count counts the clocks for which a condition holds.
func (p *promisesLoad) count(ctx context.Context, condition string, parameters ...any) (clocks int, err error) {
	_, err = p.reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM clocks WHERE `+condition, parameters...).Scan(&clocks)
	})
	return clocks, err
}

// load lets the firm talk about its tickets at a steady rate. Times count from when a command was due.
func (p *promisesLoad) load(ctx context.Context, times int, answered *timings) error {
	requests := make([]commands.Request, times)
	for i := range requests {
		requests[i] = p.request(p.support)
	}
	return steady(ctx, times, promisesRate, func(ctx context.Context, i int, due time.Time) error {
		requests[i].At = clock()
		id := p.tickets[(p.sent+i*7919)%len(p.tickets)]
		_, err := p.service.NoteOnTicket(ctx, requests[i], commands.NoteOnTicket{Ticket: id, Text: "The pool is exhausted."})
		answered.since(due)
		return err
	})
}
