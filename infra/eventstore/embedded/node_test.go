package embedded_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/infra/eventstore/embedded"
)

// open starts a node in a directory and closes it with the test.
func open(t *testing.T, o embedded.Options) *embedded.Node {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	node, err := embedded.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := node.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return node
}

// dial connects the official client.
func dial(t *testing.T, connection string) *esdb.Client {
	t.Helper()
	config, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatalf("parse %q: %v", connection, err)
	}
	config.Logger = nil
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatalf("new client: %v", err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// start opens a fresh node and a client of it.
func start(t *testing.T) (*embedded.Node, *esdb.Client) {
	t.Helper()
	node := open(t, embedded.Options{Dir: t.TempDir()})
	return node, dial(t, node.ConnectionString())
}

// id gives the same event id for the same name.
func id(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)) }

// named makes events whose data derives from their names, and whose ids do from stream and name.
func named(stream string, names ...string) []esdb.EventData {
	events := make([]esdb.EventData, len(names))
	for i, name := range names {
		events[i] = esdb.EventData{
			EventID: id(stream + "/" + name), EventType: "tested", ContentType: esdb.ContentTypeJson,
			Data: fmt.Appendf(nil, "{%q:1}", name), Metadata: []byte(`{"m":true}`),
		}
	}
	return events
}

func revision(n uint64) esdb.StreamRevision { return esdb.StreamRevision{Value: n} }

// write appends and fails the test on an error.
func write(t *testing.T, client *esdb.Client, stream string, expected esdb.ExpectedRevision, names ...string) *esdb.WriteResult {
	t.Helper()
	result, err := client.AppendToStream(
		t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, named(stream, names...)...,
	)
	if err != nil {
		t.Fatalf("append %v to %s: %v", names, stream, err)
	}
	return result
}

// drain reads to the end.
func drain(read *esdb.ReadStream, err error) ([]*esdb.ResolvedEvent, error) {
	if err != nil {
		return nil, err
	}
	defer read.Close()
	var events []*esdb.ResolvedEvent
	for {
		event, err := read.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, event)
	}
}

const everything = ^uint64(0)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	node, client := start(t)
	done := write(t, client, "ticket-1", esdb.NoStream{}, "a", "b")
	if done.NextExpectedVersion != 1 || done.CommitPosition == 0 || done.CommitPosition != done.PreparePosition {
		t.Errorf("unexpected result: %+v", done)
	}
	events, err := drain(client.ReadStream(t.Context(), "ticket-1", esdb.ReadStreamOptions{}, everything))
	if err != nil || len(events) != 2 {
		t.Fatalf("read %d events: %v", len(events), err)
	}
	got := events[1].Event
	want := &esdb.RecordedEvent{
		EventID: id("ticket-1/b"), EventType: "tested", ContentType: "application/json", StreamID: "ticket-1", EventNumber: 1,
		Position: esdb.Position{Commit: done.CommitPosition, Prepare: done.CommitPosition},
		Data:     []byte(`{"b":1}`), UserMetadata: []byte(`{"m":true}`),
		CreatedDate: got.CreatedDate, SystemMetadata: got.SystemMetadata,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	report, err := node.Verify(t.Context())
	if err != nil || report.Events != 8 {
		t.Errorf("verify: %+v, %v", report, err)
	}
}

// A node keeps its events, its login and its certificate authority, so that a client's configuration stays valid.
func TestRestart(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "data")
	round := func(expected esdb.ExpectedRevision, name, address string) *embedded.Node {
		node, err := embedded.Open(t.Context(), embedded.Options{Dir: directory, Addr: address})
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		write(t, dial(t, node.ConnectionString()), "s", expected, name)
		if err := node.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		return node
	}
	first := round(esdb.NoStream{}, "a", "")
	if again := round(revision(0), "b", first.Addr()); again.ConnectionString() != first.ConnectionString() {
		t.Errorf("another connection: %s, then %s", first.ConnectionString(), again.ConnectionString())
	}
	node := open(t, embedded.Options{Dir: directory})
	var seen []string
	for event, err := range node.Scan(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Stream == "s" {
			seen = append(seen, string(event.Data))
		}
	}
	if diff := cmp.Diff([]string{`{"a":1}`, `{"b":1}`}, seen); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	for _, secret := range []string{".", "password", "tls/ca.key", "tls/node.key"} {
		info, err := os.Stat(filepath.Join(directory, secret))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v, %v", secret, info, err)
		}
	}
}

// The connection string of another login is refused by name, and so is none.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	node, _ := start(t)
	for name, login := range map[string]*url.Userinfo{
		"wrong password": url.UserPassword("admin", "changeit"), "wrong name": url.UserPassword("ops", "x"), "none": nil,
	} {
		connection, err := url.Parse(node.ConnectionString())
		if err != nil {
			t.Fatal(err)
		}
		connection.User = login
		client := dial(t, connection.String())
		_, err = client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{}, named("s", "a")...)
		if code(err) != esdb.ErrorCodeUnauthenticated {
			t.Errorf("%s: append: %v", name, err)
		}
		if _, err = client.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{}); code(err) != esdb.ErrorCodeUnauthenticated {
			t.Errorf("%s: subscribe: %v", name, err)
		}
	}
}

// A client that expects a cluster finds its one member.
func TestGossip(t *testing.T) {
	t.Parallel()
	node, _ := start(t)
	client := dial(t, strings.Replace(node.ConnectionString(), "esdb:", "esdb+discover:", 1))
	write(t, client, "s", esdb.NoStream{}, "a")
}

// A failed fsync stops the node: it says why, refuses writes as unavailable, and still answers reads.
func TestFailedWriteStopsTheNode(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && (op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSync) {
			return errorfs.ErrInjected
		}
		return nil
	}))
	node := open(t, embedded.Options{Dir: t.TempDir(), FS: fs})
	client := dial(t, node.ConnectionString())
	write(t, client, "s", esdb.NoStream{}, "a")
	broken.Store(true)
	_, err := client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{}, named("s", "b")...)
	if code(err) != esdb.ErrorUnavailable {
		t.Errorf("append: %v", err)
	}
	<-node.Failed()
	if !errors.Is(node.Err(), embedded.ErrStopped) || !errors.Is(node.Err(), errorfs.ErrInjected) && !strings.Contains(node.Err().Error(), "injected") {
		t.Errorf("cause: %v", node.Err())
	}
	broken.Store(false)
	if _, err = client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{}, named("s", "b")...); code(err) != esdb.ErrorUnavailable {
		t.Errorf("append after the failure: %v", err)
	}
	if events, err := drain(client.ReadStream(t.Context(), "s", esdb.ReadStreamOptions{}, 9)); err != nil || len(events) != 1 {
		t.Errorf("read %d events: %v", len(events), err)
	}
}

// code finds the client's error code, which the client's own FromError misses in wrapped errors.
func code(err error) esdb.ErrorCode {
	if known, ok := errors.AsType[*esdb.Error](err); ok {
		return known.Code()
	}
	return esdb.ErrorCodeUnknown
}

// basic is the authorization header of a configuration's login.
func basic(config *esdb.Configuration) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(config.Username+":"+config.Password))
}
