package eventstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/infra/eventstore"
)

var _ commands.Log = (*eventstore.Client)(nil)

func TestClientIsALog(t *testing.T) {
	t.Parallel()
	commandstest.LogSuite(t, func(t *testing.T) commands.Log {
		t.Helper()
		return newWorld(t).client()
	})
}

// TestClientEqualsMemory drives the client and the log in memory with the same appends. Whatever the
// revisions and repetitions, they answer alike and hold the same events.
func TestClientEqualsMemory(t *testing.T) {
	t.Parallel()
	client, round := newWorld(t).client(), 0
	rapid.Check(t, func(r *rapid.T) {
		memory := commandstest.NewLog()
		round++
		for range rapid.IntRange(1, 12).Draw(r, "appends") {
			a := note(
				fmt.Sprintf("model%d-%d", round, rapid.IntRange(1, 2).Draw(r, "stream")), rapid.Int64Range(-1, 4).Draw(r, "expected"),
				rapid.SampledFrom([]string{"one", "two", "three"}).Draw(r, "command"),
				rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 1, 3).Draw(r, "texts")...,
			)
			_, want := memory.Append(t.Context(), a)
			_, got := client.Append(t.Context(), a)
			if (want == nil) != (got == nil) || errors.Is(want, domain.ErrRevision) != errors.Is(got, domain.ErrRevision) {
				r.Fatalf("append to %s at %d: memory says %v, the client %v", a.Stream, a.Expected, want, got)
			}
			if diff := cmp.Diff(events(t, memory, a.Stream), events(t, client, a.Stream)); diff != "" {
				r.Fatalf("%s (-memory +client):\n%s", a.Stream, diff)
			}
		}
	})
}

// TestUnknownOutcome loses the server's answer in every way. The append is repeated inside the call, acts
// once, and answers where it stands.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{
		codes.Aborted, codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.Internal, codes.Unknown,
	} {
		for name, commit := range map[string]bool{"committed": true, "not committed": false} {
			t.Run(code.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				client := w.client()
				w.faults.once(appendMethod, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
					if commit {
						if err := next(mute{call}); err != nil {
							return err
						}
					}
					return status.Error(code, "injected")
				})
				at, err := client.Append(t.Context(), note("unknown", domain.NoStream, "first", "a", "b"))
				if err != nil {
					t.Fatal(err)
				}
				if got := positions(t, client, "unknown"); len(got) != 2 || got[1] != at {
					t.Errorf("answered %v, the stream's events are at %v", at, got)
				}
			})
		}
	}
}

// mute keeps a handler's answer from the client.
type mute struct{ grpc.ServerStream }

func (mute) SendMsg(any) error { return nil }

// TestUnknownOutcomeThenAnother lets another writer in while the outcome is unknown.
func TestUnknownOutcomeThenAnother(t *testing.T) {
	t.Parallel()
	for name, committed := range map[string]bool{"after ours": true, "instead of ours": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client, other := w.client(), w.client()
			w.faults.once(appendMethod, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
				expected := domain.NoStream
				if committed {
					if err := next(mute{call}); err != nil {
						return err
					}
					expected = 0
				}
				w.faults.heal()
				if _, err := other.Append(t.Context(), note("contended", expected, "other", "theirs")); err != nil {
					t.Error(err)
				}
				return status.Error(codes.Aborted, "injected")
			})
			_, err := client.Append(t.Context(), note("contended", domain.NoStream, "first", "ours"))
			want := []string{"theirs"}
			if committed {
				want = []string{"ours", "theirs"}
			}
			if committed != (err == nil) || (!committed && !errors.Is(err, domain.ErrRevision)) {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(want, texts(t, client, "contended")); diff != "" {
				t.Errorf("stream (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLateFirstAttempt delays the first attempt until its repetition is committed. The server compares no
// ids at the present revision; but by then the revision has moved, so the late attempt writes nothing.
func TestLateFirstAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client()
	committed, late := make(chan struct{}), make(chan error, 1)
	w.faults.once(appendMethod, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
		attempt := record(call, func() proto.Message { return &streams.AppendReq{} })
		go func() {
			<-committed
			late <- next(attempt)
		}()
		return status.Error(codes.Unavailable, "injected")
	})
	_, err := client.Append(t.Context(), note("late", domain.NoStream, "first", "a", "b"))
	close(committed)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-late; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, texts(t, client, "late")); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
}

// TestDefiniteRefusal answers at once what no repetition would cure.
func TestDefiniteRefusal(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.PermissionDenied, codes.Unauthenticated, codes.InvalidArgument, codes.FailedPrecondition} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client, attempts := w.client(), make(chan struct{}, 100)
			w.faults.set(appendMethod, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
				attempts <- struct{}{}
				record(call, func() proto.Message { return &streams.AppendReq{} })
				return status.Error(code, "injected")
			})
			_, err := client.Append(t.Context(), note("refused", domain.NoStream, "first", "a"))
			if err == nil || errors.Is(err, domain.ErrUnavailable) || len(attempts) != 1 {
				t.Errorf("got %v after %d attempts, want a refusal after one", err, len(attempts))
			}
		})
	}
}

// TestSilentServer swallows requests. Calls end by their own timeout.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client(func(o *eventstore.Options) { o.CallTimeout = 200 * time.Millisecond })
	silent := func(call grpc.ServerStream, _ func(grpc.ServerStream) error) error {
		<-call.Context().Done()
		return call.Context().Err()
	}
	w.faults.set(appendMethod, silent)
	w.faults.set(readMethod, silent)
	if _, err := client.Append(t.Context(), note("silent", domain.NoStream, "first", "a")); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("append: got %v, want ErrUnavailable", err)
	}
	if _, err := client.Head(t.Context()); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("head: got %v, want ErrUnavailable", err)
	}
}

// TestFrozenConnection lets the network swallow everything on the connections that are open. The calls
// that wait on them succeed on others.
func TestFrozenConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	network := newFreezer(t, w.node.Addr())
	client := w.client(func(o *eventstore.Options) {
		o.ConnectionString = strings.Replace(o.ConnectionString, w.node.Addr(), network.address, 1)
		o.CallTimeout = 3 * time.Second
	})
	fill(t, client, "frozen", 1)
	network.freeze()
	if _, err := client.Append(t.Context(), note("frozen-0", 0, "second", "b")); err != nil {
		t.Errorf("append: %v", err)
	}
	if _, err := client.Head(t.Context()); err != nil {
		t.Errorf("head: %v", err)
	}
}

func texts(t *testing.T, log commands.Log, stream string) []string {
	t.Helper()
	var texts []string
	for _, event := range events(t, log, stream) {
		noted, ok := event.(commandstest.Noted)
		if !ok {
			t.Fatalf("%s holds %T", stream, event)
		}
		texts = append(texts, noted.Text)
	}
	return texts
}

func events(t *testing.T, log commands.Log, stream string) []domain.Event {
	t.Helper()
	var events []domain.Event
	for recorded, err := range log.Read(t.Context(), stream, domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, recorded.Event)
	}
	return events
}

func positions(t *testing.T, log commands.Log, stream string) []domain.Position {
	t.Helper()
	var positions []domain.Position
	for recorded, err := range log.Read(t.Context(), stream, domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		positions = append(positions, recorded.Position)
	}
	return positions
}
