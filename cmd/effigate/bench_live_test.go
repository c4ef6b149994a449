package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/infra/postgres"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

// liveRate is how many commands a second BenchmarkLive sends.
const liveRate = 200

// BenchmarkLive sends commands at a steady rate to a serving process with everything in it, and reads each
// effect back on every side that shows it. Times count from when a command was due, so that waiting for a
// free worker is a part of them. Before that it lets the process work off a backlog.
func BenchmarkLive(b *testing.B) {
	w := benchWorld(b, benchFolder(b))
	stop := beside(b, w.projectors().run)
	if err := w.caughtUp(b.Context()); err != nil { // The first generation is built; what follows is a backlog.
		b.Fatal(err)
	}
	stop()
	f, err := newFirm(b.Context(), 50, func(ctx context.Context, a domain.Append) error {
		_, err := w.store.Append(ctx, a)
		return err
	})
	if err == nil {
		backlog := f.events + sized(50_000, 5_000)
		err = f.work(b.Context(), 1000, func() bool { return f.events >= backlog })
	}
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	benchServe(b, w)
	if err := w.caughtUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	drained := float64(f.events) / time.Since(began).Seconds()
	load := newLiveLoad(b, w, f)
	commands := sized(20, 5) * liveRate
	if err := steady(b.Context(), commands, liveRate, load.one); err != nil {
		b.Fatal(err)
	}
	workload := fmt.Sprintf("%d commands, %d a second", commands, liveRate)
	at := func(t *timings, share float64) []float64 { return []float64{quantile(t.values, share)} }
	conclude(b, "live", benchVersions(b, w.staff.database),
		finding{workload: workload + ": answered, p50", unit: "ms", ours: at(&load.answered, 0.5), goal: atMost(5)},
		finding{workload: workload + ": answered, p99", unit: "ms", ours: at(&load.answered, 0.99), goal: atMost(20)},
		finding{workload: workload + ": readable, p50", unit: "ms", ours: at(&load.readable, 0.5), goal: atMost(15)},
		finding{workload: workload + ": readable, p99", unit: "ms", ours: at(&load.readable, 0.99), goal: atMost(75)},
		finding{
			workload: fmt.Sprintf("backlog of %d events, start of the process included", f.events), unit: "events/s",
			ours: []float64{drained}, goal: atLeast(10_000),
		},
	)
}

// benchServe serves until stop is called, or the benchmark ends, and gives the addresses.
func benchServe(b *testing.B, w *world) (at running, stop func()) {
	b.Helper()
	ready, failed := make(chan running, 1), make(chan error, 1)
	stop = beside(b, func(ctx context.Context) error {
		err := w.serve(ctx, serving{now: clock, ready: func(_ context.Context, at running) error {
			ready <- at
			return nil
		}})
		failed <- err
		return err
	})
	select {
	case at = <-ready:
	case err := <-failed:
		b.Fatalf("serve: %v", err)
	}
	return at, stop
}

// liveLoad is what BenchmarkLive does to the tickets of a firm.
type liveLoad struct {
	*world
	firm          *firm
	reads         struct{ client, staff *postgres.Reads }
	shown, hidden []*firmTicket // open ones, by whether clients see them

	answered, readable timings
}

func newLiveLoad(b *testing.B, w *world, f *firm) *liveLoad {
	b.Helper()
	l := &liveLoad{world: w, firm: f}
	for _, t := range f.open {
		switch {
		case t.state.Status == ticket.StatusResolved || t.state.Status == ticket.StatusClosed:
		case t.state.Visibility == domain.ClientVisible:
			l.shown = append(l.shown, t)
		default:
			l.hidden = append(l.hidden, t)
		}
	}
	var err error
	if l.reads.client, err = postgres.OpenReads(b.Context(), w.client.access.Reader, clientrows.Version, w.logger); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.reads.client.Close)
	if l.reads.staff, err = postgres.OpenReads(b.Context(), w.staff.access.Reader, staffrows.Version, w.logger); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.reads.staff.Close)
	return l
}

// one sends command number i and reads its effect back.
func (l *liveLoad) one(ctx context.Context, i int, due time.Time) error {
	user, answer, err := l.send(ctx, i)
	if err != nil {
		return fmt.Errorf("command %d: %w", i, err)
	}
	l.answered.since(due)
	stale, err := l.reads.staff.Read(ctx, answer.Position, func(tx pgx.Tx) error {
		var revision int64
		return tx.QueryRow(ctx, `SELECT revision FROM tickets WHERE id = $1`, answer.ID).Scan(&revision)
	})
	if err == nil && !stale && user != nil {
		stale, err = postgres.ClientReads{Reads: l.reads.client}.Read(ctx, user.Client, answer.Position, func(tx pgx.Tx) error {
			_, err := clientrows.ReadTicket(ctx, tx, clientrows.Viewer{Client: user.Client.UUID, Person: user.Person.UUID, All: true}, answer.ID)
			return err
		})
	}
	switch {
	case stale: // It counts as what was waited for; the wait has a limit.
	case errors.Is(err, pgx.ErrNoRows), errors.Is(err, domain.ErrNotFound):
		return fmt.Errorf("command %d was answered and is not readable: %w", i, err)
	case err != nil:
		return err
	}
	l.readable.since(due)
	return nil
}

// send sends one command of a usual mixture. Its user is the client user who then sees the effect; nil when
// no client does.
func (l *liveLoad) send(ctx context.Context, i int) (*domain.Actor, commands.Answer, error) {
	request := func(by domain.Actor) commands.Request {
		return commands.Request{Actor: by, Route: "bench", Key: strconv.Itoa(i), Body: []byte(strconv.Itoa(i)), At: clock()}
	}
	support := l.firm.staff[len(l.firm.staff)-1]
	shown, hidden := l.shown[i%len(l.shown)], l.hidden[i%len(l.hidden)]
	switch i % 8 {
	case 0, 1: // A client raises.
		c := l.firm.clients[i%len(l.firm.clients)]
		user := &c.users[0]
		answer, err := l.service.RaiseTicket(ctx, request(*user), commands.RaiseTicket{
			Client: c.id, Contract: c.contract, JobType: demoJobTypes[0].Key, Title: fmt.Sprintf("Export %d fails", i),
			Description: "It stops after a minute.", Priority: ticket.Medium,
		})
		return user, answer, err
	case 2, 3: // A client replies.
		user := &shown.client.users[0]
		answer, err := l.service.CommentOnTicket(ctx, request(*user), commands.CommentOnTicket{Ticket: shown.id, Text: "It happened again."})
		return user, answer, err
	case 4: // Staff reply.
		answer, err := l.service.CommentOnTicket(ctx, request(support), commands.CommentOnTicket{
			Ticket: shown.id, Text: "We are looking into it.", Visibility: domain.ClientVisible,
		})
		return &shown.client.users[0], answer, err
	case 5: // Staff talk among themselves.
		answer, err := l.service.NoteOnTicket(ctx, request(support), commands.NoteOnTicket{Ticket: hidden.id, Text: "The pool is exhausted."})
		return nil, answer, err
	default:
		answer, err := l.service.AssignTicket(ctx, request(support), commands.AssignTicket{
			Ticket: hidden.id, Assignee: l.firm.staff[1+i%4].Person, Team: fmt.Sprintf("Team %d", i%3),
		})
		return nil, answer, err
	}
}
