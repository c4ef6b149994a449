package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
)

// The trial's events: streams of so many each, half there from the start and half written meanwhile.
const trialStreams, trialLength = 4, 60

// trial runs a lane over a world in trouble and checks what it hands out: in each stream an event comes
// after the one before it was handled, and each is handled in the end.
type trial struct {
	*world
	mu       sync.Mutex
	given    int            // messages
	handled  map[string]int // events per stream
	failures []error
	all      chan struct{} // closed when everything is handled
	restart  chan struct{} // asks for a new process
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	tr := &trial{world: newWorld(t, samples(t)), handled: map[string]int{}, all: make(chan struct{}), restart: make(chan struct{})}
	for i := range trialStreams {
		if _, err := tr.post(t.Context(), trialStream(i), 0, trialLength/2); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func trialStream(i int) string { return fmt.Sprint("trial-", i) }

// order notes that a message came, and counts it.
func (tr *trial) order(fact domain.Recorded) int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if done := tr.handled[fact.Stream]; int(fact.Revision) > done {
		tr.failures = append(tr.failures, fmt.Errorf("%s revision %d came while %d was not handled", fact.Stream, fact.Revision, done))
	}
	tr.given++
	return tr.given
}

// handle notes that a message was handled.
func (tr *trial) handle(fact domain.Recorded) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if int(fact.Revision) != tr.handled[fact.Stream] {
		return
	}
	tr.handled[fact.Stream]++
	for i := range trialStreams {
		if tr.handled[trialStream(i)] < trialLength {
			return
		}
	}
	close(tr.all)
}

// counts gives how many events of each stream were handled.
func (tr *trial) counts() map[string]int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return maps.Clone(tr.handled)
}

// reboot asks for a new process and waits for the end of this one, with the message out.
func (tr *trial) reboot(ctx context.Context) {
	select {
	case tr.restart <- struct{}{}:
		<-ctx.Done()
	case <-ctx.Done():
	}
}

// run runs processes, one after the other, until everything is handled.
func (tr *trial) run(t *testing.T, lanes func(*postgres.Database) messaging.Lanes, react func(ctx context.Context, n int, fact domain.Recorded) error) {
	t.Helper()
	manager := messaging.Manager{Lane: "trial", Kinds: []string{posted{}.Kind()}, React: func(ctx context.Context, fact domain.Recorded) error {
		if err := react(ctx, tr.order(fact), fact); err != nil {
			return err
		}
		tr.handle(fact)
		return nil
	}}
	var writing sync.WaitGroup
	defer writing.Wait()
	for i := range trialStreams {
		writing.Go(func() {
			_, err := tr.post(t.Context(), trialStream(i), trialLength/2, trialLength)
			check(t, err)
		})
	}
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	for ended := false; !ended; {
		stop := tr.world.run(t, tr.connect(t), lanes(tr.open(t)), manager)
		select {
		case <-tr.all:
			ended = true
		case <-tr.restart:
		case <-timer.C:
			t.Errorf("not everything is handled: %v", tr.counts())
			ended = true
		}
		stop()
	}
	check(t, errors.Join(tr.failures...))
	if tr.given < trialStreams*trialLength {
		t.Errorf("%d messages for %d events", tr.given, trialStreams*trialLength)
	}
}

// errTrouble is what handlers of the trial fail with.
var errTrouble = errors.New("the handler fails")

func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(tr *trial) func(ctx context.Context, n int, fact domain.Recorded) error{
		"without trouble": func(*trial) func(context.Context, int, domain.Recorded) error {
			return func(context.Context, int, domain.Recorded) error { return nil }
		},
		"the handler fails": func(*trial) func(context.Context, int, domain.Recorded) error {
			return func(_ context.Context, n int, _ domain.Recorded) error {
				if n%5 < 2 {
					return errTrouble
				}
				return nil
			}
		},
		"the handler panics": func(*trial) func(context.Context, int, domain.Recorded) error {
			return func(_ context.Context, n int, _ domain.Recorded) error {
				if n%5 < 2 {
					panic(errTrouble)
				}
				return nil
			}
		},
		"the process ends before the effect": func(tr *trial) func(context.Context, int, domain.Recorded) error {
			return func(ctx context.Context, n int, _ domain.Recorded) error {
				if n%40 == 0 {
					tr.reboot(ctx)
				}
				return ctx.Err()
			}
		},
		"the process ends between effect and Ack": func(tr *trial) func(context.Context, int, domain.Recorded) error {
			return func(ctx context.Context, n int, fact domain.Recorded) error {
				if n%40 == 0 {
					tr.handle(fact)
					tr.reboot(ctx)
				}
				return nil
			}
		},
		"the event store restarts": func(tr *trial) func(context.Context, int, domain.Recorded) error {
			return func(ctx context.Context, n int, _ domain.Recorded) error {
				if n == 20 || n == 150 {
					return tr.restartNode(ctx)
				}
				return nil
			}
		},
		"sessions of Postgres are cut": func(tr *trial) func(context.Context, int, domain.Recorded) error {
			return func(ctx context.Context, n int, _ domain.Recorded) error {
				if n%20 == 0 {
					return tr.cutSessions(ctx, true)
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t)
			tr.run(t, func(staff *postgres.Database) messaging.Lanes {
				return postgres.NewLanes(staff, tr.identity)
			}, trouble(tr))
		})
	}
}

// outage opens the database again after so many calls that failed.
type outage struct {
	messaging.Lanes
	failed func()
}

func (o outage) Place(ctx context.Context, lane string) (domain.Position, error) {
	place, err := o.Lanes.Place(ctx, lane)
	o.note(err)
	return place, err
}

func (o outage) Keep(ctx context.Context, lane string, position domain.Position) error {
	err := o.Lanes.Keep(ctx, lane, position)
	o.note(err)
	return err
}

func (o outage) note(err error) {
	if errors.Is(err, domain.ErrUnavailable) {
		o.failed()
	}
}

// Postgres refuses every connection while a message is out, so its place cannot be kept, and comes back
// after some attempts.
func TestNothingIsLostInAnOutageOfPostgres(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	failed, outages := 0, 0 // Both belong to the lane, which does one thing at a time.
	tr.run(t, func(staff *postgres.Database) messaging.Lanes {
		return outage{Lanes: postgres.NewLanes(staff, tr.identity), failed: func() {
			if failed++; failed%4 == 0 {
				check(t, tr.cutSessions(t.Context(), true))
				outages++
			}
		}}
	}, func(ctx context.Context, n int, _ domain.Recorded) error {
		if n == 20 || n == 150 {
			return tr.cutSessions(ctx, false)
		}
		return nil
	})
	if outages < 2 {
		t.Errorf("%d outages, want 2: the trouble never came", outages)
	}
}

// Two processes run one lane. Each hands out every message here, and the effect of each is there once.
func TestTwoProcessesOnOneLane(t *testing.T) {
	t.Parallel()
	const events = 100
	w := newWorld(t, samples(t))
	last, err := w.post(t.Context(), "shared", 0, events)
	if err != nil {
		t.Fatal(err)
	}
	var together sync.WaitGroup
	together.Add(2)
	var stops []func()
	var both [2][]int64 // revisions
	done := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	for process := range both {
		client := w.connect(t)
		first := sync.OnceFunc(func() {
			together.Done()
			together.Wait() // Neither has kept a place before both have begun.
		})
		stops = append(stops, w.run(t, client, postgres.NewLanes(w.open(t), w.identity), messaging.Manager{
			Lane: "shared", Kinds: []string{posted{}.Kind()}, React: func(ctx context.Context, fact domain.Recorded) error {
				first()
				_, err := client.Append(ctx, domain.Append{
					Stream: "reaction-" + fact.ID.String(), Expected: domain.NoStream,
					Command: domain.CommandID{UUID: domain.Derive(fact.ID, "react")}, Events: []domain.Event{reacted{To: fact.ID}},
				})
				if both[process] = append(both[process], fact.Revision); len(both[process]) == events {
					close(done[process])
				}
				return err
			},
		}))
	}
	for process := range both {
		await(t, fmt.Sprintf("process %d", process), done[process])
	}
	w.awaitPlace(t, "shared", last)
	for _, stop := range stops {
		stop()
	}
	want, effects := make([]int64, events), map[uuid.UUID]int{}
	for i := range want {
		want[i] = int64(i)
	}
	for process := range both {
		if diff := cmp.Diff(want, both[process]); diff != "" {
			t.Errorf("revisions that process %d got (-want +got):\n%s", process, diff)
		}
	}
	for _, recorded := range w.all(t) {
		if event, ok := recorded.Event.(reacted); ok {
			effects[event.To]++
		}
	}
	for fact, times := range effects {
		if times != 1 {
			t.Errorf("%d effects of %s", times, fact)
		}
	}
	if len(effects) != events {
		t.Errorf("%d effects of %d events", len(effects), events)
	}
}

// A place that belongs to another event store ends the start, instead of silence or skipped events.
func TestPlaceOfAnotherStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, samples(t))
	other := postgres.NewLanes(w.staff, uuid.NameSpaceOID)
	if err := other.Keep(t.Context(), "moved", domain.Position{Commit: 1, Prepare: 1}); err != nil {
		t.Fatal(err)
	}
	router, err := messaging.NewRouter(w.client, w.lanes(), w.logger, messaging.Manager{
		Lane: "moved", Kinds: []string{posted{}.Kind()},
		React: func(context.Context, domain.Recorded) error { return errors.New("a reaction") },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := router.Run(t.Context()); !errors.Is(err, postgres.ErrOtherStore) {
		t.Errorf("got %v, want ErrOtherStore", err)
	}
}

// A manager's lane passes over every kind but its own, of which it knows all versions: it waits before one
// that this code cannot read, and never passes it.
func TestManagerWaitsBeforeNewerVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, samples(t))
	newer, err := w.writeUnreadable(t, "sample.forgotten.v1", "sample.posted.v2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.post(t.Context(), "behind", 0, 1); err != nil {
		t.Fatal(err)
	}
	got := make(chan struct{}, 1)
	manager := func(kind string) messaging.Manager {
		return messaging.Manager{Lane: kind, Kinds: []string{kind}, React: func(context.Context, domain.Recorded) error {
			got <- struct{}{}
			return nil
		}}
	}
	stop := w.run(t, w.client, w.lanes(), manager(reacted{}.Kind()), manager(posted{}.Kind()))
	w.awaitPlace(t, reacted{}.Kind(), newer[1]) // It passed over both.
	w.awaitPlace(t, posted{}.Kind(), newer[0])
	stop()
	if place, err := w.lanes().Place(t.Context(), posted{}.Kind()); err != nil || place != newer[0] {
		t.Errorf("the lane stands at %v, %v, want %v", place, err, newer[0])
	}
	select {
	case <-got:
		t.Error("a message behind the newer version was handed out")
	default:
	}
}

// Closed subscribers leave no goroutine behind, whatever their lanes were doing.
//
// It is not parallel because it counts the goroutines of the whole process.
func TestNothingIsLeftBehind(t *testing.T) {
	w := newWorld(t, samples(t))
	if _, err := w.post(t.Context(), "left", 0, 200); err != nil {
		t.Fatal(err)
	}
	wants := func(_ string, r domain.Recorded) bool { return r.Raw.Kind == posted{}.Kind() }
	use := func() {
		s := messaging.NewSubscriber(w.client, w.lanes(), wants, w.logger)
		for _, lane := range []string{"nobody takes", "taken", "answered"} {
			messages, err := s.Subscribe(t.Context(), lane)
			if err != nil {
				t.Fatal(err)
			}
			switch lane {
			case "taken":
				<-messages
			case "answered":
				(<-messages).Ack()
				(<-messages).Nack()
			}
		}
		check(t, s.Close())
	}
	use() // Once, so that the connections are there.
	before := runtime.NumGoroutine()
	for range 10 {
		use()
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for runtime.NumGoroutine() > before && ctx.Err() == nil {
		runtime.Gosched()
	}
	if left := runtime.NumGoroutine(); left > before {
		buffer := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", left, before, buffer[:runtime.Stack(buffer, true)])
	}
}
