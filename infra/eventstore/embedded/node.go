// Package embedded is a durable single-node event store that speaks EventStoreDB's gRPC protocol, so that the official
// client works with it unmodified and one code path serves a laptop and a cluster.
//
// The package store below keeps the events; here are the protocol, TLS on a certificate of our own, and one generated
// login. Left out, and answered with Unimplemented: BatchAppend, projections, persistent subscriptions. There are no
// other users, hence no access control beyond the login.
//
// Where the real server's behaviour is an accident, this node is stricter: malformed requests are InvalidArgument,
// un-deleting a stream is atomic, checkpoints of filtered subscriptions are always the position of an event.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"effigate/infra/eventstore/embedded/store"
)

type (
	// Position is the place of an event in the log; commit and prepare position of the protocol are both this.
	Position = store.Position
	// Event is a recorded event.
	Event = store.Event
	// Report is what Verify has seen.
	Report = store.Report
	// DamageError names the first damaged place.
	DamageError = store.DamageError
)

var (
	// ErrDamaged is wrapped by what Open, Scan and Verify report when stored bytes are not what was written.
	ErrDamaged = store.ErrDamaged
	// ErrStopped is wrapped by Err after a failed write.
	ErrStopped = store.ErrStopped
)

// Options say where and how a node works. Only Dir is required.
type Options struct {
	// Dir holds everything: the log, the mirrored head, certificates and the password. Created with mode 0700.
	Dir string
	// Addr is where to listen; empty means 127.0.0.1 and a free port. An IPv6 address works, but not with client
	// v4.2.0, which cannot parse one.
	Addr string
	// FS holds the log and the mirrored head; nil means the operating system's. Certificates and the password are
	// always files of the operating system, because the client reads them by name.
	FS vfs.FS
	// Clock stamps events and ages them; nil means time.Now. Certificates live by real time whatever it says.
	Clock func() time.Time
	// Logger gets what an operator should see; nil discards.
	Logger *slog.Logger
	// RecentIDs bounds the volatile cache by which a repeated append with Any or StreamExists is recognised; 0 means
	// 100,000, negative none. An exact expected revision needs no cache.
	RecentIDs int
	// ServerOptions are added to the gRPC server's, for interceptors. Theirs run inside the authentication.
	ServerOptions []grpc.ServerOption
}

// Limits of the protocol and of the node.
const (
	maxReceiveBytes   = 16<<20 - 10_000
	maxStreams        = 100 // per connection, on purpose the real server's: more calls wait silently there too
	keepaliveInterval = 10 * time.Second
	keepaliveMinimum  = 5 * time.Second
	shutdownGrace     = 2 * time.Second
	userName          = "admin"
)

// Node is a running event store.
type Node struct {
	store    *store.Store
	server   *grpc.Server
	listener net.Listener
	password string
	caFile   string
	stop     context.CancelCauseFunc
	served   chan struct{}
}

// Open opens or creates the store in Dir, seeds the system streams and serves. The context bounds the opening only.
// A damaged store is refused with ErrDamaged; one that is open elsewhere with an error naming the process.
func Open(ctx context.Context, o Options) (*Node, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	directory, err := filepath.Abs(o.Dir)
	if err != nil || o.Dir == "" {
		return nil, fmt.Errorf("open event node: data directory %q: %w", o.Dir, errors.Join(err, os.ErrInvalid))
	}
	opened, err := store.Open(store.Options{ //nolint:contextcheck // the store outlives the opening
		Dir: directory, FS: o.FS, Clock: o.Clock, Logger: o.Logger, RecentIDs: o.RecentIDs,
	})
	if err != nil {
		return nil, fmt.Errorf("open event node: %w", err)
	}
	node, err := serve(ctx, opened, directory, o)
	if err != nil {
		return nil, fmt.Errorf("open event node: %w", errors.Join(err, opened.Close()))
	}
	return node, nil
}

// serve puts the gRPC server in front of an open store.
//
//nolint:contextcheck // the node outlives the opening
func serve(ctx context.Context, opened *store.Store, directory string, o Options) (*Node, error) {
	if err := seed(ctx, opened); err != nil {
		return nil, err
	}
	password, err := loadPassword(filepath.Join(directory, "password"))
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", o.Addr, err)
	}
	certificates, err := openCertificates(filepath.Join(directory, "tls"), host, time.Now) //nolint:forbidigo // real time
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.Addr, err)
	}
	serving, stop := context.WithCancelCause(context.Background())
	n := &Node{
		store: opened, listener: listener, password: password, caFile: certificates.caFile(), stop: stop,
		served: make(chan struct{}),
	}
	login := authenticator{user: userName, password: password}
	n.server = grpc.NewServer(append([]grpc.ServerOption{
		grpc.Creds(credentials.NewTLS(certificates.serverConfig())),
		grpc.MaxRecvMsgSize(maxReceiveBytes),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: keepaliveMinimum, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: keepaliveInterval, Timeout: keepaliveInterval}),
		grpc.ChainUnaryInterceptor(login.unary),
		grpc.ChainStreamInterceptor(login.stream),
	}, o.ServerOptions...)...)
	streams.RegisterStreamsServer(n.server, &streamsServer{store: opened, serving: serving})
	serverfeatures.RegisterServerFeaturesServer(n.server, featuresServer{})
	gossip.RegisterGossipServer(n.server, gossipServer{address: listener.Addr()})
	go func() {
		defer close(n.served)
		if err := n.server.Serve(listener); err != nil {
			o.Logger.ErrorContext(serving, "event node no longer serves", slog.Any("error", err))
		}
	}()
	return n, nil
}

// Addr is the address the node listens on, host and port.
func (n *Node) Addr() string { return n.listener.Addr().String() }

// ConnectionString is what the official client needs to reach this node: address, login and certificate authority.
func (n *Node) ConnectionString() string {
	connection := url.URL{
		Scheme: "esdb",
		User:   url.UserPassword(userName, n.password),
		Host:   reachable(n.listener.Addr()),
		RawQuery: url.Values{
			"tls":       {"true"},
			"tlsCaFile": {n.caFile},
		}.Encode(),
	}
	return connection.String()
}

// reachable replaces the unspecified address, on which one can listen but not call, by loopback.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address.String()
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}).String()
}

// Scan yields the events of $all strictly after a position, zero or that of an event, up to the head at the moment of
// the call. It reads the log in process, an order of magnitude faster than a client can. A non-nil error is the last.
func (n *Node) Scan(ctx context.Context, after Position) iter.Seq2[Event, error] {
	return n.store.Scan(ctx, after)
}

// Verify walks the whole log and names the first bad position in a *DamageError: checksums, positions, hash chain, index
// and mirrored head. It runs beside everything else.
func (n *Node) Verify(ctx context.Context) (Report, error) { return n.store.Verify(ctx) }

// Failed is closed when the node has stopped accepting after a failed write or fsync; reads go on as far as they can.
func (n *Node) Failed() <-chan struct{} { return n.store.Failed() }

// Err tells why Failed was closed; nil before.
func (n *Node) Err() error { return n.store.Err() }

// Close ends subscriptions with Unavailable, lets running calls finish for at most two seconds, and closes the store.
func (n *Node) Close() error {
	n.stop(errShuttingDown)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		n.server.GracefulStop()
	}()
	patience := time.NewTimer(shutdownGrace)
	defer patience.Stop()
	select {
	case <-stopped:
	case <-patience.C:
		n.server.Stop()
		<-stopped
	}
	<-n.served
	if err := n.store.Close(); err != nil {
		return fmt.Errorf("close event node: %w", err)
	}
	return nil
}
