package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/infra/eventstore"
	"effigate/infra/eventstore/embedded"
)

const (
	appendMethod = "/event_store.client.streams.Streams/Append"
	readMethod   = "/event_store.client.streams.Streams/Read"
)

// world is a node with faults to inject, and clients of it.
type world struct {
	t      *testing.T
	dir    string
	node   *embedded.Node
	faults *faults
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), faults: &faults{}}
	w.start("")
	t.Cleanup(func() { w.stop() })
	return w
}

// start opens the node at an address; empty is any.
func (w *world) start(address string) {
	w.t.Helper()
	node, err := embedded.Open(context.WithoutCancel(w.t.Context()), embedded.Options{
		Dir: w.dir, Addr: address, ServerOptions: []grpc.ServerOption{grpc.ChainStreamInterceptor(w.faults.intercept)},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.node = node
}

func (w *world) stop() {
	w.t.Helper()
	w.faults.heal()
	if err := w.node.Close(); err != nil {
		w.t.Error(err)
	}
}

// client opens a client with settings that keep tests short. It is closed before the node.
func (w *world) client(change ...func(*eventstore.Options)) *eventstore.Client {
	w.t.Helper()
	o := eventstore.Options{
		ConnectionString: w.node.ConnectionString(), Registry: samples(w.t), CallTimeout: 20 * time.Second,
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
		NewID:  func() uuid.UUID { return uuid.UUID{6: 0x40, 8: 0x80, 15: 9} },
	}
	for _, change := range change {
		change(&o)
	}
	client, err := eventstore.Open(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := client.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return client
}

// freezer passes connections on to an address until it freezes those that are open. Later ones work.
type freezer struct {
	address string
	mu      sync.Mutex
	frozen  chan struct{}
}

func newFreezer(t *testing.T, target string) *freezer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &freezer{address: listener.Addr().String(), frozen: make(chan struct{})}
	var running sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).DialContext(context.WithoutCancel(t.Context()), "tcp", target)
			if err != nil {
				_ = near.Close()
				continue
			}
			f.mu.Lock()
			frozen := f.frozen
			f.mu.Unlock()
			running.Go(func() { pass(near, far, frozen) })
			running.Go(func() { pass(far, near, frozen) })
		}
	})
	return f
}

func (f *freezer) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.frozen)
	f.frozen = make(chan struct{})
}

// pass copies until either side closes. Once frozen it swallows what it reads.
func pass(from, to net.Conn, frozen <-chan struct{}) {
	defer func() { _ = errors.Join(from.Close(), to.Close()) }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		select {
		case <-frozen:
			continue
		default:
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func samples(t *testing.T) *eventstore.Registry {
	t.Helper()
	registry, err := eventstore.NewRegistry(
		eventstore.Aggregate{Name: "store", Samples: []domain.Event{eventstore.Opened{}}},
		eventstore.Aggregate{Name: "sample", Samples: commandstest.Samples()},
	)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// fault stands between the server and one of its calls.
type fault func(call grpc.ServerStream, next func(grpc.ServerStream) error) error

// faults holds at most one fault per method.
type faults struct {
	mu     sync.Mutex
	inject map[string]fault
}

func (f *faults) set(method string, inject fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.inject == nil {
		f.inject = map[string]fault{}
	}
	f.inject[method] = inject
}

func (f *faults) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.inject)
}

// once injects a fault into the next call only.
func (f *faults) once(method string, inject fault) {
	var first sync.Once
	f.set(method, func(call grpc.ServerStream, next func(grpc.ServerStream) error) error {
		mine := false
		first.Do(func() { mine = true })
		if mine {
			return inject(call, next)
		}
		return next(call)
	})
}

func (f *faults) intercept(server any, call grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	f.mu.Lock()
	inject := f.inject[info.FullMethod]
	f.mu.Unlock()
	next := func(call grpc.ServerStream) error { return handler(server, call) }
	if inject == nil {
		return next(call)
	}
	return inject(call, next)
}

// recording keeps the requests of a call, so that it can be run again after its client has gone.
type recording struct {
	grpc.ServerStream
	ctx      context.Context
	requests []proto.Message
	end      error
}

// record reads the requests of a call to their end.
func record(call grpc.ServerStream, request func() proto.Message) *recording {
	r := &recording{ServerStream: call, ctx: context.WithoutCancel(call.Context())}
	for {
		message := request()
		if r.end = call.RecvMsg(message); r.end != nil {
			return r
		}
		r.requests = append(r.requests, message)
	}
}

func (r *recording) Context() context.Context { return r.ctx }

func (r *recording) RecvMsg(into any) error {
	if len(r.requests) == 0 {
		return r.end
	}
	message, ok := into.(proto.Message)
	if !ok {
		return fmt.Errorf("%T is no message", into)
	}
	proto.Merge(message, r.requests[0])
	r.requests = r.requests[1:]
	return nil
}

// SendMsg drops the answer: nobody waits for it.
func (r *recording) SendMsg(any) error { return nil }

// note is an append of one Noted per text, by the command of that name.
func note(stream string, expected int64, command string, texts ...string) domain.Append {
	a := domain.Append{
		Stream: stream, Expected: expected,
		Command: domain.CommandID{UUID: domain.Derive(uuid.NameSpaceOID, stream, command)},
	}
	for _, text := range texts {
		a.Events = append(a.Events, commandstest.Noted{Text: text})
	}
	return a
}
