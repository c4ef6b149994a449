package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/projections"
)

// Options of a Client.
type Options struct {
	// ConnectionString is esdb://user:password@host:port?tls=true, or esdb+discover:// for a cluster.
	// Without TLS only a store on this machine is accepted.
	ConnectionString string
	// Registry knows the kinds that are written and read.
	Registry *Registry
	// Logger gets what operators need to see; nil is slog.Default().
	Logger *slog.Logger
	// CodeVersion names the writing program in each event's metadata.
	CodeVersion string
	// CallTimeout bounds an append with all its repetitions, and the time a read may wait for its next
	// event; 0 is 10 seconds. A call ends at its context's deadline when that comes first.
	CallTimeout time.Duration
	// MaxReaders is how many reads and subscriptions share one connection; 0 is 80. A server serves 100
	// calls per connection and lets further ones wait without a word.
	MaxReaders int
	// WatchInterval is how often a subscription is compared with the head of the log; 0 is 10 seconds.
	WatchInterval time.Duration
	// NewID gives a random id for a store that has none yet; nil is a random UUID.
	NewID func() uuid.UUID
}

// maxReadLines bounds the connections for reading; maxReadLines × MaxReaders streams may be open at once,
// and the next reader waits.
const maxReadLines = 4

// Client is the event store for commands and projections. It is safe for concurrent use, and every call
// ends with its context or its own timeout. Errors wrap domain.ErrUnavailable where the store did not
// answer in time.
type Client struct {
	options Options
	writes  *line
	reads   *readers

	mu      sync.Mutex
	closed  bool
	running map[*operation]struct{}
	users   sync.WaitGroup
}

var _ projections.Source = (*Client)(nil)

// Open makes a client and waits until the store answers, as long as ctx and CallTimeout allow. It refuses
// a connection string that is wrong or unsafe.
func Open(ctx context.Context, o Options) (*Client, error) {
	if o.Registry == nil {
		return nil, errors.New("open event store: no registry")
	}
	config, hosts, err := parse(o.ConnectionString)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.NewID == nil {
		o.NewID = uuid.New //nolint:forbidigo // The identity of a new store is the one id that derives from nothing.
	}
	o.CallTimeout = orDefault(o.CallTimeout, 10*time.Second)
	o.WatchInterval = orDefault(o.WatchInterval, 10*time.Second)
	o.MaxReaders = orDefault(o.MaxReaders, 80)
	config.Logger = report(o.Logger)
	config.DefaultDeadline = &o.CallTimeout
	config.MaxDiscoverAttempts = 1
	config.DiscoveryInterval = 0
	connect := func() *line {
		return &line{config: *config, hosts: hosts, grace: o.CallTimeout, logger: o.Logger}
	}
	c := &Client{
		options: o, writes: connect(), reads: newReaders(o.MaxReaders, connect),
		running: map[*operation]struct{}{},
	}
	if _, err := c.Head(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open event store: %w", err), c.Close())
	}
	return c, nil
}

func orDefault[N int | time.Duration](given, otherwise N) N {
	if given <= 0 {
		return otherwise
	}
	return given
}

// Close ends every call and subscription, waits for them, and closes the connections.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	for running := range c.running {
		running.cancel(errClosed)
	}
	c.mu.Unlock()
	c.users.Wait()
	c.writes.close()
	c.reads.close()
	return nil
}

// operation is one call of a user, from its begin to its end.
type operation struct{ cancel context.CancelCauseFunc }

// begin counts a user in. The context it gives ends also when the client is closed; end counts out.
func (c *Client) begin(ctx context.Context) (_ context.Context, end func(), err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	o := &operation{cancel: cancel}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		cancel(errClosed)
		return nil, nil, errClosed
	}
	c.users.Add(1)
	c.running[o] = struct{}{}
	return ctx, func() {
		cancel(nil)
		c.mu.Lock()
		delete(c.running, o)
		c.mu.Unlock()
		c.users.Done()
	}, nil
}

// Head is the position of the newest event of the whole log, system events included; zero when there is
// none.
func (c *Client) Head(ctx context.Context) (domain.Position, error) {
	var head domain.Position
	err := c.read(ctx, func(ctx context.Context, client *esdb.Client) (*esdb.ReadStream, error) {
		return client.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	}, func(recorded domain.Recorded) (bool, error) {
		head = recorded.Position
		return false, nil
	})
	if err != nil {
		return domain.Position{}, fmt.Errorf("read the head of the log: %w", err)
	}
	return head, nil
}

// Identity tells this store from every other: the id of its event store.opened, which the first call on a
// new store writes.
func (c *Client) Identity(ctx context.Context) (uuid.UUID, error) {
	for first := true; ; first = false {
		for recorded, err := range c.Read(ctx, storeStream, domain.NoStream) {
			if err != nil {
				return uuid.Nil, fmt.Errorf("read the store's identity: %w", err)
			}
			return recorded.ID, nil
		}
		if !first {
			return uuid.Nil, errors.New("read the store's identity: it was written and is not there")
		}
		_, err := c.Append(ctx, domain.Append{
			Stream: storeStream, Expected: domain.NoStream, Command: domain.CommandID{UUID: c.options.NewID()},
			Cause: domain.Cause{Actor: domain.System()}, Events: []domain.Event{Opened{}},
		})
		if err != nil && !errors.Is(err, domain.ErrRevision) { // Another process may have been faster.
			return uuid.Nil, fmt.Errorf("write the store's identity: %w", err)
		}
	}
}
