package projections_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/projections"
	toy "effigate/projections/projectionstest"
)

// shelf is a sink in memory: what a client would see.
type shelf struct {
	mu       sync.Mutex
	rows     map[visible.Key]visible.Record
	parked   map[string]projections.Parking
	position domain.Position
	events   int
	batches  int
	refuse   func(projections.Batch[visible.Change]) error
}

func newShelf() *shelf {
	return &shelf{rows: map[visible.Key]visible.Record{}, parked: map[string]projections.Parking{}}
}

func (s *shelf) Apply(_ context.Context, batch projections.Batch[visible.Change]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(batch); err != nil {
			return err
		}
	}
	for _, change := range batch.Items {
		switch c := change.(type) {
		case visible.Put:
			s.rows[c.Key()] = c.Record
		case visible.Remove:
			delete(s.rows, c.Gone)
		}
	}
	if batch.Park != nil {
		s.parked[batch.Park.Stream] = *batch.Park
	}
	delete(s.parked, batch.Unpark)
	s.position = batch.Through
	s.events += batch.Events
	s.batches++
	return nil
}

func (s *shelf) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, record := range s.rows {
		names = append(names, record.(visible.Category).Name)
	}
	slices.Sort(names)
	return names
}

func (s *shelf) checkpoint() projections.Checkpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return projections.Checkpoint{Position: s.position, Events: int64(s.events), Parked: slices.Collect(maps.Values(s.parked))}
}

func toys(log *toy.Log, memoryBytes int) *projections.Disclosures {
	return projections.NewDisclosures(log, memoryBytes, projections.Disclose("toy", toy.Disclose))
}

type engine = projections.Engine[visible.Change]

func newEngine(log *toy.Log, to *shelf, limits projections.Limits) *engine {
	return projections.NewEngine(projections.Options[visible.Change]{
		Source: log, Translator: toys(log, 0), Sink: to, CatchUp: limits, Live: limits,
	}, to.checkpoint())
}

// show records a toy that its client sees.
func show(log *toy.Log, n int, name string) domain.Position {
	return log.Append(toy.ToyStream(n), toy.Opened{Client: toy.ClientID(n % 3), ID: toy.ToyID(n)}, toy.Named{Name: name}, toy.Shown{})
}

// runTo brings an engine to the end of the log, or fails the test.
func runTo(t *testing.T, log *toy.Log, e *engine) {
	t.Helper()
	head, _ := log.Head(t.Context())
	if err := e.RunTo(t.Context(), head); err != nil {
		t.Fatalf("run to the head: %v", err)
	}
}

// background runs the engine within a synctest bubble and returns what ends it and gives its error.
func background(ctx context.Context, e *engine) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func wantNames(t *testing.T, to *shelf, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, to.names()); diff != "" {
		t.Errorf("shown names (-want +got):\n%s", diff)
	}
}

func TestEngineFollowsLiveEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, to := toy.NewLog(), newShelf()
		show(log, 1, "one")
		e := newEngine(log, to, projections.LiveLimits)
		stop := background(t.Context(), e)
		synctest.Wait()
		wantNames(t, to, "one")
		log.Append(toy.ToyStream(1), toy.Named{Name: "uno"})
		show(log, 2, "two")
		time.Sleep(time.Second) // The bubble's clock: lets a linger end.
		wantNames(t, to, "two", "uno")
		if got := e.Status().State; got != projections.Live {
			t.Errorf("state %s, want live", got)
		}
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestCheckpointMovesOnForeignEvents(t *testing.T) {
	t.Parallel()
	log, to := toy.NewLog(), newShelf()
	log.AppendForeign()
	head := log.AppendForeign()
	runTo(t, log, newEngine(log, to, projections.CatchUpLimits))
	if to.position != head || to.events != 0 {
		t.Errorf("checkpoint at %v with %d events, want %v with none", to.position, to.events, head)
	}
}

func TestRunToStopsExactly(t *testing.T) {
	t.Parallel()
	log, to := toy.NewLog(), newShelf()
	show(log, 1, "one")
	middle := show(log, 2, "two")
	show(log, 3, "three")
	e := newEngine(log, to, projections.CatchUpLimits)
	if err := e.RunTo(t.Context(), middle); err != nil {
		t.Fatal(err)
	}
	wantNames(t, to, "one", "two")
	if to.position != middle {
		t.Errorf("stopped at %v, want %v", to.position, middle)
	}
	runTo(t, log, e)
	wantNames(t, to, "one", "three", "two")
}

// history appends random facts about a few toys; some are cursed or cannot be decoded.
func history(rt *rapid.T, log *toy.Log, withPoison bool) {
	kinds := 6
	if withPoison {
		kinds = 8
	}
	for range rapid.IntRange(1, 60).Draw(rt, "events") {
		n := rapid.IntRange(1, 5).Draw(rt, "toy")
		switch rapid.IntRange(0, kinds-1).Draw(rt, "kind") {
		case 0:
			log.Append(toy.ToyStream(n), toy.Opened{Client: toy.ClientID(rapid.IntRange(1, 2).Draw(rt, "client")), ID: toy.ToyID(n)})
		case 1:
			log.Append(toy.ToyStream(n), toy.Named{Name: rapid.StringMatching("[a-z]{1,3}").Draw(rt, "name")})
		case 2:
			log.Append(toy.ToyStream(n), toy.Shown{})
		case 3:
			log.Append(toy.ToyStream(n), toy.Hidden{})
		case 4:
			log.Append("staff-"+toy.ToyID(n).String(), toy.Noted{Text: "unlisted aggregate"})
		case 5:
			log.AppendForeign()
		case 6:
			log.Append(toy.ToyStream(n), toy.Cursed{})
		case 7:
			log.AppendBroken(toy.ToyStream(n), projections.ErrMalformed)
		}
	}
}

func TestRowsDoNotDependOnBatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		log := toy.NewLog()
		history(rt, log, true)
		head, _ := log.Head(t.Context())
		var first *shelf
		for _, events := range []int{1, 2, 7, 1000} {
			to := newShelf()
			e := projections.NewEngine(projections.Options[visible.Change]{
				Source: log, Sink: to, Translator: toys(log, rapid.SampledFrom([]int{1, 700, 0}).Draw(rt, "memory")),
				CatchUp: projections.Limits{Events: events, Bytes: 1 << 20, Linger: time.Hour},
				Clock:   func() time.Time { return toy.Epoch },
			}, projections.Checkpoint{})
			if err := e.RunTo(t.Context(), head); err != nil {
				rt.Fatal(err)
			}
			for stream, parking := range to.parked { // Stacks differ; the rest must not.
				parking.Cause, _, _ = strings.Cut(parking.Cause, "\n")
				to.parked[stream] = parking
			}
			if first == nil {
				first = to
				continue
			}
			if diff := cmp.Diff(first.rows, to.rows); diff != "" {
				rt.Fatalf("rows with batches of 1 and %d (-1 +%d):\n%s", events, events, diff)
			}
			if diff := cmp.Diff(first.checkpoint().Position, to.checkpoint().Position); diff != "" || first.events != to.events {
				rt.Fatalf("checkpoints differ: %d and %d events, %s", first.events, to.events, diff)
			}
			if diff := cmp.Diff(first.parked, to.parked); diff != "" {
				rt.Fatalf("parked (-1 +%d):\n%s", events, diff)
			}
		}
	})
}

func TestEvictedStatesAreReadAgain(t *testing.T) {
	t.Parallel()
	log, to := toy.NewLog(), newShelf()
	for n := range 20 {
		show(log, n, fmt.Sprint("toy ", n))
	}
	for n := range 20 {
		log.Append(toy.ToyStream(n), toy.Hidden{})
	}
	e := projections.NewEngine(projections.Options[visible.Change]{
		Source: log, Sink: to, Translator: toys(log, 2000),
		CatchUp: projections.Limits{Events: 5, Bytes: 1 << 20, Linger: time.Hour},
	}, projections.Checkpoint{})
	runTo(t, log, e)
	if len(to.rows) != 0 {
		t.Errorf("%d rows left after everything was hidden", len(to.rows))
	}
	if log.StreamReads() == 0 {
		t.Error("no stream was read again: the memory was not bounded")
	}
}

func TestPoisonParksOneStreamAndWithdrawsIt(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]func(*toy.Log){
		"a fold that panics": func(log *toy.Log) { log.Append(toy.ToyStream(1), toy.Cursed{}) },
		"a malformed event":  func(log *toy.Log) { log.AppendBroken(toy.ToyStream(1), projections.ErrMalformed) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, to := toy.NewLog(), newShelf()
			show(log, 1, "one")
			show(log, 2, "two")
			poison(log)
			log.Append(toy.ToyStream(1), toy.Named{Name: "uno"})
			log.Append(toy.ToyStream(2), toy.Named{Name: "dos"})
			runTo(t, log, newEngine(log, to, projections.CatchUpLimits))
			wantNames(t, to, "dos")
			parking, ok := to.parked[toy.ToyStream(1)]
			if !ok || len(to.parked) != 1 || parking.Revision != 3 {
				t.Errorf("parked: %+v", to.parked)
			}
			head, _ := log.Head(t.Context())
			if to.position != head {
				t.Errorf("checkpoint %v, want %v", to.position, head)
			}
		})
	}
}

func TestUnparkShowsWhatIsTrueNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, to := toy.NewLog(), newShelf()
		show(log, 1, "one")
		show(log, 2, "two")
		log.AppendBroken(toy.ToyStream(1), projections.ErrMalformed)
		log.AppendBroken(toy.ToyStream(2), projections.ErrMalformed)
		log.Append(toy.ToyStream(1), toy.Named{Name: "late"})
		e := newEngine(log, to, projections.LiveLimits)
		stop := background(t.Context(), e)
		synctest.Wait()
		wantNames(t, to)

		if err := e.Unpark(t.Context(), toy.ToyStream(1)); !errors.Is(err, projections.ErrPoison) {
			t.Errorf("unpark before the repair: %v, want poison", err)
		}
		log.Repair(toy.ToyStream(1), 3, toy.Noted{Text: "repaired"})
		log.Repair(toy.ToyStream(2), 3, toy.Hidden{})
		for _, n := range []int{1, 2} {
			if err := e.Unpark(t.Context(), toy.ToyStream(n)); err != nil {
				t.Errorf("unpark %d: %v", n, err)
			}
		}
		wantNames(t, to, "late")
		log.Append(toy.ToyStream(1), toy.Named{Name: "later"})
		log.Append(toy.ToyStream(2), toy.Shown{})
		time.Sleep(time.Second)
		wantNames(t, to, "later", "two")
		if err := e.Unpark(t.Context(), toy.ToyStream(1)); !errors.Is(err, projections.ErrNotParked) {
			t.Errorf("unpark twice: %v", err)
		}
		_ = stop()
	})
}

func TestUnknownKindHaltsAfterStoringWhatCameBefore(t *testing.T) {
	t.Parallel()
	for _, reason := range []error{projections.ErrUnknownKind, projections.ErrNewer} {
		log, to := toy.NewLog(), newShelf()
		before := show(log, 1, "one")
		log.AppendBroken(toy.ToyStream(1), reason)
		show(log, 2, "two")
		e := newEngine(log, to, projections.LiveLimits)
		if err := e.Run(t.Context()); !errors.Is(err, reason) {
			t.Fatalf("ended with %v, want %v", err, reason)
		}
		wantNames(t, to, "one")
		if status := e.Status(); status.State != projections.Stale || to.position != before || len(to.parked) != 0 {
			t.Errorf("state %s at %v with %d parked, want stale at %v with none", status.State, to.position, len(to.parked), before)
		}
	}
}

func TestTransientFailuresAreRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, to := toy.NewLog(), newShelf()
		show(log, 1, "one")
		failing := true
		to.refuse = func(projections.Batch[visible.Change]) error {
			if failing {
				return errors.New("connection refused")
			}
			return nil
		}
		e := newEngine(log, to, projections.LiveLimits)
		stop := background(t.Context(), e)
		time.Sleep(time.Hour)
		if status := e.Status(); status.State != projections.Stalled || status.LastError != "connection refused" {
			t.Errorf("state %s (%s), want stalled", status.State, status.LastError)
		}
		to.mu.Lock()
		failing = false
		to.mu.Unlock()
		time.Sleep(5 * time.Second) // Longer than any pause.
		wantNames(t, to, "one")
		if status := e.Status(); status.State != projections.Live || status.LastError != "" {
			t.Errorf("state %s (%s), want live", status.State, status.LastError)
		}
		_ = stop()
	})
}

func TestStreamReadsSurviveAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, to := toy.NewLog(), newShelf()
		show(log, 1, "one")
		runTo(t, log, newEngine(log, to, projections.LiveLimits))

		e := newEngine(log, to, projections.LiveLimits) // Starts with no fold states.
		stop := background(t.Context(), e)
		synctest.Wait()
		log.Append(toy.ToyStream(1), toy.Named{Name: "uno"})
		log.SetDown(errors.New("unavailable"))
		time.Sleep(time.Minute)
		log.SetDown(nil)
		time.Sleep(5 * time.Second)
		wantNames(t, to, "uno")
		_ = stop()
	})
}

func TestFencedEngineStops(t *testing.T) {
	t.Parallel()
	log, to := toy.NewLog(), newShelf()
	show(log, 1, "one")
	to.refuse = func(projections.Batch[visible.Change]) error { return projections.ErrFenced }
	if err := newEngine(log, to, projections.LiveLimits).Run(t.Context()); !errors.Is(err, projections.ErrFenced) {
		t.Errorf("ended with %v, want fenced", err)
	}
}

// A batch that is refused for its data, in a place that the translation could not foresee, is halved down
// to the one event.
func TestSinkPoisonFindsTheEvent(t *testing.T) {
	t.Parallel()
	log, to := toy.NewLog(), newShelf()
	for n := range 100 {
		show(log, n, fmt.Sprintf("toy %02d", n))
	}
	to.refuse = func(batch projections.Batch[visible.Change]) error {
		if last := toy.Epoch.Add(time.Duration(batch.Through.Commit/100) * time.Millisecond); !batch.LastRecordedAt.Equal(last) {
			t.Errorf("a batch through %d ends with the event of %v", batch.Through.Commit, batch.LastRecordedAt)
		}
		for _, item := range batch.Items {
			if put, ok := item.(visible.Put); ok && put.Record.(visible.Category).Name == "toy 42" {
				return fmt.Errorf("%w: value out of range", projections.ErrPoison)
			}
		}
		return nil
	}
	runTo(t, log, newEngine(log, to, projections.CatchUpLimits))
	if _, parked := to.parked[toy.ToyStream(42)]; !parked || len(to.parked) != 1 || len(to.rows) != 99 {
		t.Errorf("%d parked, %d rows; want one and 99", len(to.parked), len(to.rows))
	}
	if log.StreamReads() != 1 { // One by the withdrawal; the halves come from memory.
		t.Errorf("%d stream reads, want 1", log.StreamReads())
	}
}

func TestDisclosuresHandOnNothingOfUnlistedAggregates(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	log.Append("secret-"+toy.ToyID(1).String(), toy.Shown{})
	changes, err := toys(log, 0).Translate(t.Context(), []domain.Recorded{{Stream: "secret-" + toy.ToyID(1).String(), Event: toy.Shown{}}})
	if err != nil || len(changes) != 0 {
		t.Errorf("got %v, %v; want nothing", changes, err)
	}
}

// What lies behind the checkpoint comes with later batches; restoring must not take it in advance.
func TestDisclosuresRestoreUpToThePosition(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	until := show(log, 1, "now")
	log.Append(toy.ToyStream(1), toy.Hidden{})
	changes, err := toys(log, 0).Restore(t.Context(), projections.Parking{Stream: toy.ToyStream(1), Revision: 1}, until)
	want := []visible.Change{visible.Put{Record: visible.Category{Client: toy.ClientID(1), ID: toy.ToyID(1), Name: "now"}}}
	if diff := cmp.Diff(want, changes); err != nil || diff != "" {
		t.Errorf("restored (-want +got), %v:\n%s", err, diff)
	}
}

func TestFactsRestoreFromTheParkedEventOn(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	until := log.Append(toy.ToyStream(1), toy.Named{Name: "0"}, toy.Named{Name: "1"}, toy.Named{Name: "2"})
	log.Append(toy.ToyStream(1), toy.Named{Name: "3"})
	facts, err := projections.NewFacts(log).Restore(t.Context(), projections.Parking{Stream: toy.ToyStream(1), Revision: 1}, until)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, fact := range facts {
		names = append(names, fact.Event.(toy.Named).Name)
	}
	if diff := cmp.Diff([]string{"1", "2"}, names); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
}

func TestWaiter(t *testing.T) {
	t.Parallel()
	at := func(n uint64) domain.Position { return domain.Position{Commit: n, Prepare: n} }
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var stored domain.Position
		w := projections.NewWaiter(func(context.Context) (domain.Position, error) {
			mu.Lock()
			defer mu.Unlock()
			return stored, nil
		})
		w.Advance(at(5))
		if w.Wait(t.Context(), at(5)) {
			t.Error("stale at a position that is reached")
		}
		answers := make(chan bool, 2)
		go func() { answers <- w.Wait(t.Context(), at(7)) }()
		synctest.Wait()
		w.Advance(at(6))
		w.Advance(at(7))
		if <-answers {
			t.Error("stale though notified")
		}
		began := time.Now() //nolint:forbidigo // the bubble's clock
		if !w.Wait(t.Context(), at(9)) {
			t.Error("not stale though nothing came")
		}
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited %v, want 2s", waited)
		}
		mu.Lock()
		stored = at(9)
		mu.Unlock()
		if w.Wait(t.Context(), at(9)) {
			t.Error("stale though stored: a lost notification must not matter")
		}
	})
}

func TestCacheHoldsNoMoreThanItsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const limit = 100
		cache := projections.NewCache[int, int](limit)
		sizes := map[int]int{}
		for i := range rapid.IntRange(1, 200).Draw(rt, "puts") {
			key, bytes := rapid.IntRange(0, 20).Draw(rt, "key"), rapid.IntRange(1, 120).Draw(rt, "bytes")
			cache.Put(key, i, bytes)
			sizes[key] = bytes
			if value, ok := cache.Get(key); ok != (bytes <= limit) || ok && value != i {
				rt.Fatalf("after putting %d: %d, %v", i, value, ok)
			}
		}
		total := 0
		for key := range 21 {
			if _, ok := cache.Get(key); ok {
				total += sizes[key]
			}
		}
		if total > limit {
			rt.Fatalf("holds %d bytes, more than %d", total, limit)
		}
	})
}

func TestNotices(t *testing.T) {
	t.Parallel()
	record := visible.Category{Client: toy.ClientID(1), ID: toy.ToyID(1)}
	put, _ := projections.NoticeOfChange(visible.Put{Record: record})
	gone, _ := projections.NoticeOfChange(visible.Remove{Gone: record.Key()})
	want := projections.Notice{Client: toy.ClientID(1), Kind: "category", Key: toy.ToyID(1)}
	if put != want {
		t.Errorf("put gives %+v, want %+v", put, want)
	}
	want.Removed = true
	if gone != want {
		t.Errorf("remove gives %+v, want %+v", gone, want)
	}
	if _, ok := projections.NoticeOfChange(visible.Put{Record: visible.InvoiceEntry{ID: toy.ToyID(1)}}); ok {
		t.Error("an entry has a notice beside that of its invoice")
	}
	if _, ok := projections.NoticeOfEvent(domain.Recorded{Stream: "numbering-x"}); ok {
		t.Error("a stream without an id has a notice")
	}
	month, ok := projections.NoticeOfEvent(domain.Recorded{Stream: "period-" + toy.ToyID(1).String() + "-2026-03"})
	if !ok || month != (projections.Notice{Kind: "period", Key: toy.ToyID(1)}) {
		t.Errorf("a month of a contract gives %+v", month)
	}
	fact, ok := projections.NoticeOfEvent(domain.Recorded{Stream: toy.ToyStream(1)})
	if !ok || fact != (projections.Notice{Kind: "toy", Key: toy.ToyID(1), Client: uuid.Nil}) {
		t.Errorf("event gives %+v", fact)
	}
}
