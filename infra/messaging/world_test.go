package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/eventstore"
	"effigate/infra/eventstore/embedded"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/projections"
)

// posted is a Watermill message as an event.
type posted struct {
	Topic    string            `json:"topic"`
	ID       string            `json:"id"`
	Metadata map[string]string `json:"metadata"`
	Payload  []byte            `json:"payload"`
}

func (posted) Kind() string { return "sample.posted.v1" }

// reacted is what the handlers of tests do about it.
type reacted struct {
	To uuid.UUID `json:"to"`
}

func (reacted) Kind() string { return "sample.reacted.v1" }

func samples(t *testing.T) *eventstore.Registry {
	t.Helper()
	registry, err := eventstore.NewRegistry(
		eventstore.Aggregate{Name: "store", Samples: []domain.Event{eventstore.Opened{}}},
		eventstore.Aggregate{Name: "sample", Samples: []domain.Event{posted{}, reacted{}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// world is an event node and a staff database.
type world struct {
	registry *eventstore.Registry
	logger   *slog.Logger
	dir      string
	node     *embedded.Node
	client   *eventstore.Client
	identity uuid.UUID
	ownerURL string
	staff    *postgres.Database
}

func newWorld(t *testing.T, registry *eventstore.Registry) *world {
	t.Helper()
	w := &world{registry: registry, logger: slog.New(slog.NewTextHandler(t.Output(), nil)), dir: t.TempDir()}
	w.ownerURL = postgrestest.Database(t, postgres.StaffSide).Owner
	var err error
	if w.node, err = embedded.Open(t.Context(), embedded.Options{Dir: w.dir}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, w.node.Close()) })
	w.client = w.connect(t)
	if w.identity, err = w.client.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.staff = w.open(t)
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// connect opens one more client, as another process would.
func (w *world) connect(t *testing.T) *eventstore.Client {
	t.Helper()
	client, err := eventstore.Open(t.Context(), eventstore.Options{
		ConnectionString: w.node.ConnectionString(), Registry: w.registry, Logger: w.logger, CallTimeout: 20 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, client.Close()) })
	return client
}

// open opens one more pool, as another process would.
func (w *world) open(t *testing.T) *postgres.Database {
	t.Helper()
	database, err := postgres.Open(t.Context(), w.ownerURL, postgres.StaffSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	return database
}

func (w *world) lanes() *postgres.Lanes { return postgres.NewLanes(w.staff, w.identity) }

// restartNode stops the node and starts it again at the same address.
func (w *world) restartNode(ctx context.Context) error {
	address := w.node.Addr()
	if err := w.node.Close(); err != nil {
		return err
	}
	node, err := embedded.Open(ctx, embedded.Options{Dir: w.dir, Addr: address})
	if err != nil {
		return err
	}
	w.node = node
	return nil
}

// cutSessions ends every session of the staff database. Unless it is open, no new one can begin.
func (w *world) cutSessions(ctx context.Context, open bool) error {
	owner, err := url.Parse(w.ownerURL)
	if err != nil {
		return err
	}
	name := owner.Path[1:]
	owner.Path = "/postgres"
	connection, err := pgx.Connect(ctx, owner.String())
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS %t", pgx.Identifier{name}.Sanitize(), open))
	if err == nil {
		_, err = connection.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	}
	return errors.Join(err, connection.Close(ctx))
}

// post appends messages to a stream, each with a command of its own.
func (w *world) post(ctx context.Context, stream string, from, to int) (last domain.Position, err error) {
	for i := from; i < to; i++ {
		last, err = w.client.Append(ctx, domain.Append{
			Stream: stream, Expected: int64(i) - 1, Events: []domain.Event{posted{ID: strconv.Itoa(i)}},
			Command: domain.CommandID{UUID: domain.Derive(uuid.NameSpaceOID, stream, strconv.Itoa(i))},
		})
		if err != nil {
			return last, err
		}
	}
	return last, nil
}

// deadline bounds each wait of these tests for another process.
const deadline = 2 * time.Minute

// await waits for a signal.
func await(t *testing.T, what string, signal <-chan struct{}) {
	t.Helper()
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	select {
	case <-signal:
	case <-timer.C:
		t.Fatalf("waited in vain: %s", what)
	}
}

// awaitPlace polls until a lane has come to a position: it is kept by another process.
func (w *world) awaitPlace(t *testing.T, lane string, position domain.Position) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	for {
		place, err := w.lanes().Place(t.Context(), lane)
		if err == nil && place.Compare(position) >= 0 {
			return
		}
		select {
		case <-ticker.C:
		case <-timer.C:
			t.Fatalf("lane %s stands at %v, %v; waited in vain for %v", lane, place, err, position)
		}
	}
}

// run starts a router over the managers. What it gives closes it and waits for its end.
func (w *world) run(t *testing.T, source projections.Source, lanes messaging.Lanes, managers ...messaging.Manager) (stop func()) {
	t.Helper()
	router, err := messaging.NewRouter(source, lanes, w.logger, managers...)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		check(t, router.Run(t.Context()))
	}()
	await(t, "start of the router", router.Running())
	return func() {
		check(t, router.Close())
		<-ended
	}
}

// all gives everything of ours in the log.
func (w *world) all(t *testing.T) (recorded []domain.Recorded) {
	t.Helper()
	for d, err := range w.client.Scan(t.Context(), domain.Position{}) {
		if err != nil || d.Err != nil {
			t.Fatal(err, d.Err)
		}
		if d.Recorded.Event != nil {
			recorded = append(recorded, d.Recorded)
		}
	}
	return recorded
}

// writeUnreadable appends events of kinds that no code here knows, as newer code would, and gives their
// positions.
func (w *world) writeUnreadable(t *testing.T, kinds ...string) (at []domain.Position, err error) {
	t.Helper()
	config, err := esdb.ParseConnectionString(w.node.ConnectionString())
	if err != nil {
		return nil, err
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { check(t, client.Close()) })
	for _, kind := range kinds {
		written, err := client.AppendToStream(t.Context(), "newer", esdb.AppendToStreamOptions{}, esdb.EventData{
			EventID: domain.Derive(uuid.NameSpaceOID, kind), EventType: kind, ContentType: esdb.ContentTypeJson, Data: []byte(`{}`),
		})
		if err != nil {
			return nil, err
		}
		at = append(at, domain.Position{Commit: written.CommitPosition, Prepare: written.PreparePosition})
	}
	return at, nil
}
