package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"effigate/domain"
	"effigate/infra/eventstore"
	"effigate/projections"
)

// TestOutage stops the node under 64 callers and a subscription, three times. Every call ends by its
// deadline, work goes on within two seconds of the node's return, the subscription has no gap and no
// repetition, and nothing is left behind.
//
// It is not parallel because it counts the goroutines of the whole process.
func TestOutage(t *testing.T) {
	w := newWorld(t)
	address := w.node.Addr()
	client := w.client()
	if _, err := client.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	idle := runtime.NumGoroutine()

	following, stopFollowing := context.WithCancel(t.Context())
	defer stopFollowing()
	out, followed := make(chan projections.Delivery, 1024), make(chan error, 1)
	go func() { followed <- client.Follow(following, domain.Position{}, out) }()

	const callers, rounds = 64, 3
	var working sync.WaitGroup
	progress, failures := make(chan struct{}, 1), make(chan error, callers)
	stop := make(chan struct{})
	for i := range callers {
		working.Go(func() { write(t, client, fmt.Sprint("caller-", i), stop, progress, failures) })
	}
	for range rounds {
		for range callers {
			<-progress
		}
		w.stop()
		for range len(failures) + callers { // Some may be of the round before.
			if err := <-failures; !errors.Is(err, domain.ErrUnavailable) {
				t.Errorf("during the outage: got %v, want ErrUnavailable", err)
			}
		}
		w.start(address)
		soon, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if _, err := client.Head(soon); err != nil {
			t.Errorf("two seconds after the return: %v", err)
		}
		cancel()
	}
	close(stop)
	working.Wait()

	want := collect(t, client.Scan(t.Context(), domain.Position{}))
	var got []projections.Delivery
	for len(got) < len(want) {
		if delivery := <-out; !delivery.CaughtUp {
			got = append(got, delivery)
		}
	}
	if diff := diffDeliveries(want, got); diff != "" {
		t.Errorf("subscription (-want +got):\n%s", diff)
	}
	stopFollowing()
	if err := <-followed; !errors.Is(err, context.Canceled) {
		t.Errorf("follow ended with %v", err)
	}
	if left := settled(t, idle); left > idle {
		t.Errorf("%d goroutines, %d before the outages", left, idle)
		buffer := make([]byte, 1<<20)
		t.Logf("%s", buffer[:runtime.Stack(buffer, true)])
	}
}

// write appends one event after the other to a stream of its own until stop, each as often as it takes. It
// then checks that each is there once.
func write(t *testing.T, client *eventstore.Client, stream string, stop <-chan struct{}, progress chan<- struct{}, failures chan<- error) {
	t.Helper()
	var want []string
	for stopped := false; !stopped; {
		text := fmt.Sprint("text ", len(want))
		for {
			ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
			_, err := client.Append(ctx, note(stream, int64(len(want))-1, text, text))
			cancel()
			if err == nil {
				break
			}
			select {
			case failures <- err:
			default:
			}
		}
		want = append(want, text)
		select {
		case progress <- struct{}{}:
		case <-stop:
			stopped = true
		default:
		}
	}
	if diff := cmp.Diff(want, texts(t, client, stream)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", stream, diff)
	}
}

// settled waits until no more than so many goroutines run, as long as there is hope: connections close in
// the background, and nothing tells when.
func settled(t *testing.T, atMost int) int {
	t.Helper()
	deadline, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for runtime.NumGoroutine() > atMost && deadline.Err() == nil {
		runtime.Gosched()
	}
	return runtime.NumGoroutine()
}

// TestUnavailableAnswers has a server that runs answer Unavailable, which makes the official client leak a
// connection each time.
//
// It is not parallel because it counts the goroutines of the whole process.
func TestUnavailableAnswers(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	fill(t, client, "before", 1)
	idle := runtime.NumGoroutine()
	for _, method := range []string{appendMethod, readMethod} {
		var answers atomic.Int64
		w.faults.set(method, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
			if answers.Add(1)%2 == 1 {
				return status.Error(codes.Unavailable, "Server Is Not Ready")
			}
			return next(call)
		})
		var callers sync.WaitGroup
		for i := range 40 {
			callers.Go(func() {
				if _, err := client.Append(t.Context(), note(fmt.Sprint("stream ", method, i), domain.NoStream, "first", "a")); err != nil {
					t.Error(err)
				}
				if _, err := client.Head(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		w.faults.heal()
	}
	if left := settled(t, idle); left > idle {
		t.Errorf("%d goroutines, %d before", left, idle)
	}
}

// TestOpenWithoutServer says what is wrong instead of hanging.
func TestOpenWithoutServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := eventstore.Open(ctx, eventstore.Options{
		ConnectionString: "esdb://127.0.0.1:1?tls=false", Registry: samples(t), Logger: slog.New(slog.DiscardHandler),
	})
	if !errors.Is(err, domain.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody listens: got %v, want ErrUnavailable", err)
	}
}

// TestClose ends what is running, lets nothing begin, and leaves nothing behind.
//
// It is not parallel because it counts the goroutines of the whole process.
func TestClose(t *testing.T) {
	w := newWorld(t)
	before := runtime.NumGoroutine()
	client := w.client()
	held := make(chan struct{}, 1)
	w.faults.set(appendMethod, func(call grpc.ServerStream, _ func(grpc.ServerStream) error) error {
		held <- struct{}{}
		<-call.Context().Done()
		return call.Context().Err()
	})
	appended, followed, out := make(chan error, 1), make(chan error, 1), make(chan projections.Delivery)
	go func() {
		_, err := client.Append(t.Context(), note("closing", domain.NoStream, "first", "a"))
		appended <- err
	}()
	go func() { followed <- client.Follow(t.Context(), domain.Position{}, out) }()
	<-held
	<-out
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	for name, ended := range map[string]<-chan error{"append": appended, "follow": followed} {
		if err := <-ended; !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%s ended with %v, want ErrUnavailable", name, err)
		}
	}
	if _, err := client.Head(t.Context()); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("on a closed client: got %v, want ErrUnavailable", err)
	}
	if left := settled(t, before); left > before {
		t.Errorf("%d goroutines, %d before", left, before)
	}
}

// TestManyReaders opens more reads than one connection takes. They spread over others; when all are full
// the next one waits, and ends with its context.
func TestManyReaders(t *testing.T) {
	t.Parallel()
	const connections, perConnection = 4, 2
	w := newWorld(t)
	client := w.client(func(o *eventstore.Options) { o.MaxReaders = perConnection })
	fill(t, client, "many", 3)
	var mu sync.Mutex
	used := map[string]int{}
	w.faults.set(readMethod, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
		from, _ := peer.FromContext(call.Context())
		mu.Lock()
		used[from.Addr.String()]++
		mu.Unlock()
		return next(call)
	})
	leave := make(chan struct{})
	var entered, left sync.WaitGroup
	for range connections * perConnection {
		entered.Add(1)
		left.Go(func() {
			for _, err := range client.Stream(t.Context(), "many-0", 0) {
				if err != nil {
					t.Error(err)
				}
				entered.Done()
				<-leave
			}
		})
	}
	entered.Wait()
	for address, reads := range used {
		if len(used) != connections || reads != perConnection {
			t.Errorf("%d connections, %d reads on %s; want %d with %d each", len(used), reads, address, connections, perConnection)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client.Head(ctx); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("one read too many: got %v, want ErrUnavailable", err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := client.Head(t.Context())
		waiting <- err
	}()
	if _, err := client.Append(t.Context(), note("many-0", 2, "more", "x")); err != nil {
		t.Errorf("an append beside full readers: %v", err)
	}
	close(leave)
	left.Wait()
	if err := <-waiting; err != nil {
		t.Errorf("a read that had to wait: %v", err)
	}
}
