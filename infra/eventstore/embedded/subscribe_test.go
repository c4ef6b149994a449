package embedded_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"effigate/infra/eventstore/embedded"
)

// receive reads a subscription until enough events have come, and returns them and the checkpoints between.
func receive(t *testing.T, sub *esdb.Subscription, enough func([]*esdb.RecordedEvent) bool) (events []*esdb.RecordedEvent, marks []esdb.Position) {
	t.Helper()
	for !enough(events) {
		switch update := sub.Recv(); {
		case update.SubscriptionDropped != nil:
			t.Errorf("dropped after %d events: %v", len(events), update.SubscriptionDropped.Error)
			return events, marks
		case update.EventAppeared != nil:
			events = append(events, update.EventAppeared.OriginalEvent())
		case update.CheckPointReached != nil:
			marks = append(marks, *update.CheckPointReached)
		}
	}
	return events, marks
}

// untilCaughtUp describes what comes before the subscription is live.
func untilCaughtUp(t *testing.T, sub *esdb.Subscription) (seen []string) {
	t.Helper()
	for {
		switch update := sub.Recv(); {
		case update.SubscriptionDropped != nil:
			t.Fatalf("dropped: %v", update.SubscriptionDropped.Error)
		case update.CaughtUp != nil:
			return seen
		case update.EventAppeared != nil:
			e := update.EventAppeared.OriginalEvent()
			seen = append(seen, fmt.Sprintf("%s/%d", e.StreamID, e.EventNumber))
		case update.CheckPointReached != nil:
			seen = append(seen, "checkpoint")
		}
	}
}

func subscribeAll(t *testing.T, client *esdb.Client, o esdb.SubscribeToAllOptions) *esdb.Subscription {
	t.Helper()
	sub, err := client.SubscribeToAll(t.Context(), o)
	if err != nil {
		t.Fatalf("subscribe to all: %v", err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return sub
}

func subscribe(t *testing.T, client *esdb.Client, stream string, from esdb.StreamPosition) *esdb.Subscription {
	t.Helper()
	sub, err := client.SubscribeToStream(t.Context(), stream, esdb.SubscribeToStreamOptions{From: from})
	if err != nil {
		t.Fatalf("subscribe to %s: %v", stream, err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return sub
}

// Subscriptions that begin anywhere while others append get every event behind their start once and in order.
func TestHandOver(t *testing.T) {
	t.Parallel()
	const writers, appends, size, history = 6, 60, 3, 900
	directory := t.TempDir()
	node, err := embedded.Open(t.Context(), embedded.Options{Dir: directory})
	if err != nil {
		t.Fatal(err)
	}
	first := write(t, dial(t, node.ConnectionString()), "w0", esdb.NoStream{}, "first")
	old := make([]string, history)
	for i := range old {
		old[i] = fmt.Sprint("old", i)
	}
	write(t, dial(t, node.ConnectionString()), "w0", revision(0), old...)
	if err := node.Close(); err != nil {
		t.Fatal(err)
	}
	// Opened again, the node has the history on disk alone, and what is written now in memory too.
	node = open(t, embedded.Options{Dir: directory})
	client := dial(t, node.ConnectionString())

	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range appends {
				stream := fmt.Sprint("w", w)
				events := named(stream, fmt.Sprint(i, "a"), fmt.Sprint(i, "b"), fmt.Sprint(i, "c"))
				if _, err := client.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{}, events...); err != nil {
					t.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	const total = history + writers*appends*size
	var mu sync.Mutex
	var inAll [][]*esdb.RecordedEvent
	reader := dial(t, node.ConnectionString())
	position := esdb.Position{Commit: first.CommitPosition, Prepare: first.PreparePosition}
	for i := range 6 {
		reading.Go(func() {
			o := esdb.SubscribeToAllOptions{From: position}
			if i%2 == 1 {
				o.Filter = &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"w"}}
			}
			events, marks := receive(t, subscribeAll(t, reader, o), func(got []*esdb.RecordedEvent) bool { return len(got) >= total })
			if !slices.IsSortedFunc(marks, func(a, b esdb.Position) int { return int(int64(a.Commit - b.Commit)) }) {
				t.Error("checkpoints go back")
			}
			mu.Lock()
			defer mu.Unlock()
			inAll = append(inAll, events)
		})
		reading.Go(func() {
			stream := fmt.Sprint("w", i)
			due := uint64(appends * size)
			if i == 0 {
				due += 1 + history
			}
			from := rand.Uint64N(20)
			events, _ := receive(t, subscribe(t, reader, stream, revision(from)), func(got []*esdb.RecordedEvent) bool {
				return uint64(len(got)) >= due-from-1
			})
			for n, e := range events {
				if e.StreamID != stream || e.EventNumber != from+1+uint64(n) {
					t.Errorf("%s: event %d is %s/%d", stream, n, e.StreamID, e.EventNumber)
					return
				}
			}
		})
	}
	writing.Wait()
	reading.Wait()

	var want []string
	for e, err := range node.Scan(t.Context(), embedded.Position(first.CommitPosition)) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%s/%d", e.Stream, e.Revision))
	}
	for _, events := range inAll {
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprintf("%s/%d", e.StreamID, e.EventNumber))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-log +subscription):\n%s", diff)
		}
	}
}

func TestSubscriptionStarts(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	write(t, client, "s", esdb.NoStream{}, "a", "b", "c")
	softDeleted(t, client, "soft")
	for _, c := range []struct {
		stream string
		from   esdb.StreamPosition
		want   []string
	}{
		{"s", esdb.Start{}, []string{"s/0", "s/1", "s/2"}},
		{"s", revision(0), []string{"s/1", "s/2"}},
		{"s", revision(2), nil},
		{"s", revision(99), nil},
		{"s", esdb.End{}, nil},
		{"never", esdb.Start{}, nil},
		{"soft", esdb.Start{}, nil},
	} {
		if diff := cmp.Diff(c.want, untilCaughtUp(t, subscribe(t, client, c.stream, c.from))); diff != "" {
			t.Errorf("%s from %v (-want +got):\n%s", c.stream, c.from, diff)
		}
	}
	waiting := subscribe(t, client, "later", esdb.Start{})
	untilCaughtUp(t, waiting)
	write(t, client, "s", revision(2), "elsewhere")
	write(t, client, "later", esdb.NoStream{}, "here")
	if events, _ := receive(t, waiting, func(got []*esdb.RecordedEvent) bool { return len(got) > 0 }); events[0].StreamID != "later" {
		t.Errorf("got an event of %s", events[0].StreamID)
	}
}

// A tombstone reaches who is subscribed as an event, then as the reason of the end; who comes later gets the reason only.
func TestTombstoneEndsSubscriptions(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	two(t, client, "s")
	sub := subscribe(t, client, "s", esdb.End{})
	untilCaughtUp(t, sub)
	if _, err := client.TombstoneStream(t.Context(), "s", esdb.TombstoneStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	if e := sub.Recv().EventAppeared; e == nil || e.Event.EventType != "$streamDeleted" || e.Event.EventNumber != 1<<63-1 {
		t.Errorf("want the tombstone, got %+v", e)
	}
	if end := sub.Recv().SubscriptionDropped; end == nil || status.Code(end.Error) != codes.FailedPrecondition {
		t.Errorf("want the reason, got %+v", end)
	}
	if _, err := client.SubscribeToStream(t.Context(), "s", esdb.SubscribeToStreamOptions{}); code(err) != esdb.ErrorCodeStreamDeleted {
		t.Errorf("subscribe afterwards: %v", err)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	for _, stream := range []string{"ticket-1", "client-1", "ticket-2"} {
		write(t, client, stream, esdb.NoStream{}, "a")
	}
	for name, c := range map[string]struct {
		filter esdb.SubscriptionFilter
		want   []string
	}{
		"stream prefixes": {esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"cl", "x"}}, []string{"client-1/0", "checkpoint"}},
		"stream pattern":  {esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "-1$"}, []string{"ticket-1/0", "client-1/0", "checkpoint"}},
		"type prefixes":   {esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"test"}}, []string{"ticket-1/0", "client-1/0", "ticket-2/0", "checkpoint"}},
		"no system types": {*esdb.ExcludeSystemEventsFilter(), []string{"ticket-1/0", "client-1/0", "ticket-2/0", "checkpoint"}},
		"nothing passes":  {esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"never"}}, []string{"checkpoint"}},
	} {
		sub := subscribeAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: &c.filter})
		if diff := cmp.Diff(c.want, untilCaughtUp(t, sub)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	lookAhead := &esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "(?!x)"}
	if _, err := client.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{Filter: lookAhead}); outcome(err) != "InvalidArgument" && status.Code(errors.Unwrap(err)) != codes.InvalidArgument {
		t.Errorf("look-ahead: %v", err)
	}
}

// Resuming from any checkpoint repeats no match that came before it and skips none that came after.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	node, client := start(t)
	live := subscribeAll(t, client, filtered(esdb.End{}))
	var matches []uint64
	for i := range 60 {
		stream, name := fmt.Sprint("noise", i%3), strconv.Itoa(i)
		if i%7 == 0 {
			stream = "match"
		}
		done := write(t, client, stream, esdb.Any{}, name)
		if stream == "match" {
			matches = append(matches, done.CommitPosition)
		}
	}
	all := func(got []*esdb.RecordedEvent) bool { return len(got) == len(matches) }
	_, marks := receive(t, live, all)
	_, stored := receive(t, subscribeAll(t, client, filtered(esdb.Start{})), all)
	if len(marks) < 8 || len(stored) < 8 {
		t.Fatalf("%d checkpoints live, %d stored", len(marks), len(stored))
	}
	last := write(t, client, "match", esdb.Any{}, "last").CommitPosition
	for _, mark := range append(marks, stored...) {
		var want []uint64
		for _, at := range append(matches, last) {
			if at > mark.Commit {
				want = append(want, at)
			}
		}
		// Some servers give the place of the next event with a prepare position of zero.
		for e, err := range node.Scan(t.Context(), embedded.Position(mark.Commit)) {
			if err != nil {
				t.Fatal(err)
			}
			next := esdb.Position{Commit: uint64(e.Position)}
			for _, from := range []esdb.Position{mark, next} {
				events, _ := receive(t, subscribeAll(t, client, filtered(from)), func(got []*esdb.RecordedEvent) bool {
					return len(got) > 0 && got[len(got)-1].Position.Commit == last
				})
				var got []uint64
				for _, e := range events {
					got = append(got, e.Position.Commit)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("resumed from %+v (-want +got):\n%s", from, diff)
				}
			}
			break
		}
	}
}

// filtered asks for a checkpoint every five events.
func filtered(from esdb.AllPosition) esdb.SubscribeToAllOptions {
	return esdb.SubscribeToAllOptions{
		From: from, MaxSearchWindow: 5, CheckpointInterval: 1,
		Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"match"}},
	}
}

// Positions that are none are refused before the confirmation; one behind the end is waited for.
func TestSubscriptionPositions(t *testing.T) {
	t.Parallel()
	_, client := start(t)
	at := write(t, client, "s", esdb.NoStream{}, "a").CommitPosition
	for _, bad := range []esdb.Position{{Commit: at + 1, Prepare: at + 1}, {Commit: at, Prepare: at + 1}} {
		_, err := client.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: bad})
		if outcome(err) != "InvalidArgument" {
			t.Errorf("subscribe at %+v: %v", bad, err)
		}
	}
	beyond := subscribeAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Position{Commit: at + 5000, Prepare: at + 5000}})
	untilCaughtUp(t, beyond)
	for i := range 100 {
		write(t, client, "s", esdb.Any{}, strconv.Itoa(i))
	}
	events, _ := receive(t, beyond, func(got []*esdb.RecordedEvent) bool { return len(got) > 0 })
	if first := events[0].Position.Commit; first <= at+5000 || first > at+5500 {
		t.Errorf("began at %d, subscribed after %d", first, at+5000)
	}
}

// Subscribers of a closing node learn that it is unavailable, and Close does not wait for them.
func TestCloseEndsSubscriptions(t *testing.T) {
	t.Parallel()
	node, err := embedded.Open(t.Context(), embedded.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, node.ConnectionString())
	sub := subscribeAll(t, client, esdb.SubscribeToAllOptions{})
	untilCaughtUp(t, sub)
	if err := node.Close(); err != nil {
		t.Fatal(err)
	}
	if end := sub.Recv().SubscriptionDropped; end == nil || status.Code(end.Error) != codes.Unavailable {
		t.Errorf("want Unavailable, got %+v", end)
	}
}
