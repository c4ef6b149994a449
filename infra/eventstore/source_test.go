package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"effigate/domain"
	"effigate/infra/eventstore"
	"effigate/projections"
)

// TestScan compares three ways through the log: by the client, in process, and live.
func TestScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client()
	fill(t, client, "scan", 40)
	inProcess := eventstore.NewScanSource(client, w.node)

	all := collect(t, client.Scan(t.Context(), domain.Position{}))
	head, err := client.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last := all[len(all)-1].Recorded.Position; last != head {
		t.Errorf("the scan ends at %v, the head is %v", last, head)
	}
	ours := slices.DeleteFunc(slices.Clone(all), func(d projections.Delivery) bool { return d.Recorded.Event == nil })
	if len(ours) != 40 {
		t.Errorf("%d of our events, want 40", len(ours))
	}
	followed := follow(t, client, domain.Position{}, len(all))
	if !slices.IsSortedFunc(all, func(a, b projections.Delivery) int { return a.Recorded.Position.Compare(b.Recorded.Position) }) {
		t.Error("positions do not rise")
	}
	if diff := diffDeliveries(all, followed); diff != "" {
		t.Errorf("scan and follow differ (-scan +follow):\n%s", diff)
	}
	for i := -1; i < len(all); i += 7 {
		after := domain.Position{}
		if i >= 0 {
			after = all[i].Recorded.Position
		}
		if diff := diffDeliveries(all[i+1:], collect(t, client.Scan(t.Context(), after))); diff != "" {
			t.Errorf("client, after event %d (-want +got):\n%s", i, diff)
		}
		if diff := diffDeliveries(all[i+1:], collect(t, inProcess.Scan(t.Context(), after))); diff != "" {
			t.Errorf("in process, after event %d (-want +got):\n%s", i, diff)
		}
	}
	if got := collect(t, client.Scan(t.Context(), head)); len(got) != 0 {
		t.Errorf("after the head: %d deliveries", len(got))
	}
	beyond := domain.Position{Commit: head.Commit + 1, Prepare: head.Prepare + 1}
	for name, source := range map[string]projections.Source{"client": client, "in process": inProcess} {
		for _, err := range source.Scan(t.Context(), beyond) {
			if err == nil {
				t.Errorf("%s: a position of another store was accepted", name)
			}
		}
	}
	if err := client.Follow(t.Context(), beyond, make(chan projections.Delivery)); err == nil || errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("follow beyond the head: got %v, want a refusal", err)
	}
	inside := domain.Position{Commit: head.Commit - 1, Prepare: head.Prepare - 1}
	if err := client.Follow(t.Context(), inside, make(chan projections.Delivery)); err == nil || errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("follow from no event's position: got %v, want a refusal", err)
	}
}

// TestStream reads a stream for a projection, up to a revision.
func TestStream(t *testing.T) {
	t.Parallel()
	client := newWorld(t).client()
	fill(t, client, "stream", 5)
	for through, want := range map[int64]int{-1: 5, 0: 1, 3: 4, 4: 5, 9: 5} {
		if got := collect(t, client.Stream(t.Context(), "stream-0", through)); len(got) != want {
			t.Errorf("through %d: %d events, want %d", through, len(got), want)
		}
	}
	if got := collect(t, client.Stream(t.Context(), "no-such", -1)); len(got) != 0 {
		t.Errorf("no stream: %d events", len(got))
	}
}

// TestUnreadableEvents writes what this code cannot read. A projection gets the event's position and the
// reason; a command that would fold it gets an error.
func TestUnreadableEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, raw := w.client(), official(t, w)
	for _, event := range []esdb.EventData{
		{EventType: "sample.forgotten.v1", Data: []byte(`{}`)},
		{EventType: "sample.noted.v1", Data: []byte(`{}`), Metadata: []byte(`{"format":99}`)},
		{EventType: "sample.noted.v1", Data: []byte(`{"text":7}`)},
		{EventType: "sample.noted.v1", Data: []byte(`{"text":"readable"}`)},
	} {
		event.EventID = domain.Derive(uuid.NameSpaceOID, event.EventType, string(event.Data), string(event.Metadata))
		event.ContentType = esdb.ContentTypeJson
		if _, err := raw.AppendToStream(t.Context(), "foreign", esdb.AppendToStreamOptions{}, event); err != nil {
			t.Fatal(err)
		}
	}
	got := collect(t, client.Stream(t.Context(), "foreign", -1))
	for i, want := range []error{projections.ErrUnknownKind, projections.ErrNewer, projections.ErrMalformed, nil} {
		if !errors.Is(got[i].Err, want) || (want == nil) != (got[i].Recorded.Event != nil) {
			t.Errorf("event %d: got %v and %v, want %v", i, got[i].Recorded.Event, got[i].Err, want)
		}
		if got[i].Recorded.Position.IsZero() || got[i].Recorded.Revision != int64(i) {
			t.Errorf("event %d stands at %v, revision %d", i, got[i].Recorded.Position, got[i].Recorded.Revision)
		}
	}
	if _, err := readAll(client.Read(t.Context(), "foreign", domain.NoStream)); !errors.Is(err, projections.ErrUnknownKind) {
		t.Errorf("read: got %v, want ErrUnknownKind", err)
	}
	if tail, err := readAll(client.Read(t.Context(), "foreign", 2)); err != nil || len(tail) != 1 {
		t.Errorf("read behind the unreadable: got %d events, %v", len(tail), err)
	}
}

// TestTruncatedStream cuts the head off a stream. A state folded from the rest would be wrong.
func TestTruncatedStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, raw := w.client(), official(t, w)
	fill(t, client, "cut", 5)
	var metadata esdb.StreamMetadata
	metadata.SetTruncateBefore(2)
	if _, err := raw.SetStreamMetadata(t.Context(), "cut-0", esdb.AppendToStreamOptions{}, metadata); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(client.Read(t.Context(), "cut-0", domain.NoStream)); err == nil {
		t.Error("a stream without its beginning was read")
	}
	if tail, err := readAll(client.Read(t.Context(), "cut-0", 1)); err != nil || len(tail) != 3 {
		t.Errorf("behind the cut: got %d events, %v", len(tail), err)
	}
}

// TestIdentity asks for the identity of a new store from many sides, and of the same store again.
func TestIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := make([]uuid.UUID, 8)
	var all sync.WaitGroup
	for i := range ids {
		client := w.client(func(o *eventstore.Options) {
			o.NewID = func() uuid.UUID { return uuid.UUID{6: 0x40, 8: 0x80, 15: byte(i)} }
		})
		all.Go(func() {
			id, err := client.Identity(t.Context())
			if err != nil {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	all.Wait()
	address := w.node.Addr()
	w.stop()
	w.start(address)
	id, err := w.client().Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids = append(ids, id)
	if slices.ContainsFunc(ids, func(other uuid.UUID) bool { return other != id }) || id == uuid.Nil {
		t.Errorf("one store has identities %v", ids)
	}
	other, err := newWorld(t).client(func(o *eventstore.Options) { o.NewID = func() uuid.UUID { return uuid.UUID{15: 99} } }).Identity(t.Context())
	if err != nil || other == id {
		t.Errorf("another store has the identity %v, %v", other, err)
	}
}

// TestBrokenRead drops reads in the middle. They go on where they were.
func TestBrokenRead(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.Unavailable, codes.Aborted, codes.Internal} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client := w.client()
			fill(t, client, "broken", 30)
			want := collect(t, client.Scan(t.Context(), domain.Position{}))
			w.faults.set(readMethod, dropAfter(7, code))
			if diff := diffDeliveries(want, collect(t, client.Scan(t.Context(), domain.Position{}))); diff != "" {
				t.Errorf("scan (-want +got):\n%s", diff)
			}
			if got := collect(t, client.Stream(t.Context(), "broken-0", -1)); len(got) != 30 {
				t.Errorf("stream: %d events, want 30", len(got))
			}
		})
	}
}

// TestDroppedSubscription drops subscriptions again and again, in every way. Each event arrives once and
// in order.
func TestDroppedSubscription(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.OK, codes.Unavailable, codes.Aborted, codes.Unknown} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client := w.client()
			fill(t, client, "dropped", 30)
			want := collect(t, client.Scan(t.Context(), domain.Position{}))
			w.faults.set(readMethod, dropAfter(7, code))
			if diff := diffDeliveries(want, follow(t, client, domain.Position{}, len(want))); diff != "" {
				t.Errorf("follow (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRepeatedEvents has the server send every event twice and say twice that it has caught up.
func TestRepeatedEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client()
	fill(t, client, "repeated", 10)
	want := collect(t, client.Scan(t.Context(), domain.Position{}))
	w.faults.set(readMethod, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
		return next(&sender{ServerStream: call, send: func(message any) error {
			return errors.Join(call.SendMsg(message), call.SendMsg(message))
		}})
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, done := make(chan projections.Delivery), make(chan error, 1)
	go func() { done <- client.Follow(ctx, domain.Position{}, out) }()
	var got []projections.Delivery
	for caughtUp := 0; caughtUp < 2; {
		if delivery := <-out; delivery.CaughtUp {
			caughtUp++
		} else {
			got = append(got, delivery)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("follow ended with %v", err)
	}
	if diff := diffDeliveries(want, got); diff != "" {
		t.Errorf("follow (-want +got):\n%s", diff)
	}
}

// TestSilentSubscription swallows what the server sends after an event and leaves the subscription open.
// The head of the log gives it away.
func TestSilentSubscription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client(func(o *eventstore.Options) { o.WatchInterval = 20 * time.Millisecond })
	fill(t, client, "silent", 10)
	want := collect(t, client.Scan(t.Context(), domain.Position{}))
	w.faults.set(readMethod, onlySubscriptions(func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
		sent := 0
		return next(&sender{ServerStream: call, send: func(message any) error {
			if sent++; sent > 4 {
				return nil
			}
			return call.SendMsg(message)
		}})
	}))
	if diff := diffDeliveries(want, follow(t, client, domain.Position{}, len(want))); diff != "" {
		t.Errorf("follow (-want +got):\n%s", diff)
	}
}

// TestLiveFollow appends while a subscription runs.
func TestLiveFollow(t *testing.T) {
	t.Parallel()
	client := newWorld(t).client()
	head, err := client.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	defer writing.Wait()
	writing.Go(func() { fill(t, client, "live", 50) })
	for i, delivery := range follow(t, client, head, 50) {
		if delivery.Recorded.Stream != "live-0" || delivery.Recorded.Revision != int64(i) {
			t.Fatalf("delivery %d is %s, revision %d", i, delivery.Recorded.Stream, delivery.Recorded.Revision)
		}
	}
}

// dropAfter ends each read and subscription with a status after some messages.
func dropAfter(messages int, code codes.Code) fault {
	return func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
		left, dropped := messages, errors.New("dropped")
		err := next(&sender{ServerStream: call, send: func(message any) error {
			if left--; left < 0 {
				return dropped
			}
			return call.SendMsg(message)
		}})
		if err != nil && left < 0 {
			return status.Error(code, "injected")
		}
		return err
	}
}

// onlySubscriptions lets counted reads through.
func onlySubscriptions(inject fault) fault {
	return func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
		request := &streams.ReadReq{}
		if err := call.RecvMsg(request); err != nil {
			return err
		}
		replayed := &replay{ServerStream: call, request: request}
		if request.GetOptions().GetSubscription() == nil {
			return next(replayed)
		}
		return inject(replayed, next)
	}
}

// replay gives a request that was read already once more.
type replay struct {
	grpc.ServerStream
	request *streams.ReadReq
}

func (r *replay) RecvMsg(into any) error {
	message, ok := into.(*streams.ReadReq)
	if !ok || r.request == nil {
		return r.ServerStream.RecvMsg(into)
	}
	proto.Merge(message, r.request)
	r.request = nil
	return nil
}

// sender is a call whose messages go through send.
type sender struct {
	grpc.ServerStream
	send func(any) error
}

func (s *sender) SendMsg(message any) error { return s.send(message) }

// fill appends events to the stream name-0.
func fill(t *testing.T, client *eventstore.Client, name string, events int) {
	t.Helper()
	for i := range events {
		if _, err := client.Append(t.Context(), note(name+"-0", int64(i)-1, strconv.Itoa(i), fmt.Sprint("text ", i))); err != nil {
			t.Error(err)
		}
	}
}

// follow gives the first deliveries with an event after a position, and ends the subscription.
func follow(t *testing.T, client *eventstore.Client, after domain.Position, events int) []projections.Delivery {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, done := make(chan projections.Delivery), make(chan error, 1)
	go func() { done <- client.Follow(ctx, after, out) }()
	var got []projections.Delivery
	for len(got) < events {
		select {
		case delivery := <-out:
			if !delivery.CaughtUp {
				got = append(got, delivery)
			}
		case err := <-done:
			t.Fatalf("follow ended after %d events: %v", len(got), err)
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("follow ended with %v, want Canceled", err)
	}
	return got
}

func collect(t *testing.T, deliveries iter.Seq2[projections.Delivery, error]) []projections.Delivery {
	t.Helper()
	all, err := readAll(deliveries)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readAll[V any](sequence iter.Seq2[V, error]) ([]V, error) {
	var all []V
	for value, err := range sequence {
		if err != nil {
			return all, err
		}
		all = append(all, value)
	}
	return all, nil
}

func diffDeliveries(want, got []projections.Delivery) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateErrors())
}

// official is a client of the official library, for what ours does not do.
func official(t *testing.T, w *world) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(w.node.ConnectionString())
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}
