// Package private runs a PostgreSQL cluster that belongs to this process: the default of a first run, a
// demo and the tests, so that nothing has to be set up by hand. Production names a server of its own
// instead and never comes here.
//
// One folder holds one cluster, and one process uses a folder at a time. The server is our child: it
// listens on a unix socket in a private temporary folder and nowhere else, asks every role for a SCRAM
// password, and ends with us however we end. What a kill -9 leaves behind is put in order by the next
// Start without a hand. As root the server runs as an unprivileged user, because PostgreSQL refuses root.
// Settings are passed at each start and win over the files in the folder: who wants to tune runs a server.
//
// It imports nothing of ours.
package private

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "effigate"
	port      = "5432" // Only names the socket file.
	grace     = 10 * time.Second
)

// ErrInUse means that another live process runs the cluster of this folder.
var ErrInUse = errors.New("in use by another process")

// Options say where a cluster lives. Dir is required; the zero value of the rest is right for production.
type Options struct {
	Dir       string       // Folder of this one cluster, such as var/postgres-client; made when absent.
	Logger    *slog.Logger // Takes the server's own log; nil means slog.Default().
	Ephemeral bool         // Gives up durability for speed: only for data that nobody misses.
}

// Cluster is a running server. Its methods are safe for concurrent use.
type Cluster struct {
	sockets  string
	password string
	logger   *slog.Logger
	words    *serverLog
	process  *os.Process
	stopping atomic.Bool
	done     chan struct{}
	err      error // Written before done closes.
}

// Start runs the cluster in o.Dir, which it creates when absent, and returns once queries are answered;
// ctx bounds only the start. If an earlier owner was killed and its server is still there, that server is
// stopped first: adopting it would leave a server that nobody waits for and that does not end with us.
// ErrInUse is returned while another live owner has the folder. No error leaves a process behind.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	o.Logger = cmp.Or(o.Logger, slog.Default())
	c, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("private postgres in %s: %w", o.Dir, err)
	}
	return c, nil
}

// URL gives the connection URL of database for the cluster's superuser, who owns what it creates. It holds
// the password, and works for pgx, psql and pg_dump until the cluster ends.
func (c *Cluster) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, c.password),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {c.sockets}, "port": {port}}.Encode(),
	}
	return u.String()
}

// Done is closed when the server has ended, by Close or by itself, and the folder is free again.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err says why the server ended by itself. It is nil while the server runs and after Close.
func (c *Cluster) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Close stops the server and waits for its end: open transactions are rolled back and a checkpoint is
// written; after ten seconds, or when ctx ends, it stops at once and recovers at the next start. An error
// means that even this took too long and the server was killed; committed data is safe then, too.
func (c *Cluster) Close(ctx context.Context) error {
	c.stopping.Store(true)
	if c.stop(ctx, syscall.SIGINT) || c.stop(context.WithoutCancel(ctx), syscall.SIGQUIT) {
		return nil
	}
	c.stop(context.WithoutCancel(ctx), syscall.SIGKILL)
	return fmt.Errorf("postgres %d did not stop within %s and was killed", c.process.Pid, 2*grace)
}

func (c *Cluster) stop(ctx context.Context, signal syscall.Signal) bool {
	if err := c.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.logger.WarnContext(ctx, "postgres could not be signalled", slog.Any("error", err))
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}

func start(ctx context.Context, o Options) (*Cluster, error) {
	place, err := claim(ctx, o.Dir)
	if err != nil {
		return nil, err
	}
	c, err := launch(ctx, o, place)
	if err != nil {
		return nil, errors.Join(err, place.release())
	}
	if err := c.await(ctx); err != nil {
		return nil, errors.Join(err, c.Close(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// launch starts the server process, after which the folder is released by supervise.
func launch(ctx context.Context, o Options, place *folder) (*Cluster, error) {
	tools, err := findTools(ctx, os.Getenv("PG_BIN"), installed, place.version())
	if err != nil {
		return nil, err
	}
	who, err := choose(ctx, place, tools)
	if err != nil {
		return nil, err
	}
	password, err := place.prepare(ctx, tools, who, o.Ephemeral)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		sockets: place.sockets, password: password, logger: o.Logger,
		words: newServerLog(o.Logger), done: make(chan struct{}),
	}
	server := who.command(context.WithoutCancel(ctx), tools.postgres(), arguments(place, o.Ephemeral)...)
	server.ExtraFiles = []*os.File{place.server}
	server.Stderr = c.words
	server.WaitDelay = grace / 2 // Server processes may outlive a killed parent for a moment.
	started := make(chan error)
	go c.supervise(server, place, started)
	return c, <-started
}

// supervise owns the server process from its start to its end. It keeps its thread all along: the kernel
// ties the signal that ends a child with its parent to the thread that made the child.
func (c *Cluster) supervise(server *exec.Cmd, place *folder, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := server.Start(); err != nil {
		started <- err
		return
	}
	c.process = server.Process
	started <- nil
	err := server.Wait()
	if !c.stopping.Load() {
		c.err = fmt.Errorf("postgres ended by itself (%s): %s",
			cmp.Or(fmt.Sprint(server.ProcessState), fmt.Sprint(err)), c.words.last())
	}
	if err := place.release(); err != nil {
		c.logger.Warn("folder of postgres was not released", slog.Any("error", err))
	}
	close(c.done)
}

// await returns when the server answers a query, which also proves the password.
func (c *Cluster) await(ctx context.Context) error {
	select {
	case <-c.words.ready:
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return fmt.Errorf("wait for postgres: %w", ctx.Err())
	}
	connection, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return fmt.Errorf("log in as owner of the cluster: %w", err)
	}
	// Databases that nobody uses are open to every role by default.
	_, err = connection.Exec(ctx, `REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC`)
	if err := errors.Join(err, connection.Close(context.WithoutCancel(ctx))); err != nil {
		return fmt.Errorf("close unused databases: %w", err)
	}
	return nil
}

func arguments(place *folder, ephemeral bool) []string {
	settings := []string{
		"listen_addresses=",
		"port=" + port,
		"unix_socket_directories=" + place.sockets,
		"unix_socket_permissions=0700",
		"password_encryption=scram-sha-256",
		"max_connections=100",
		"shared_buffers=128MB",
		"maintenance_work_mem=128MB",
		"max_wal_size=1GB",
		// Nothing replicates or archives: bulk loads of a rebuild then need not pass through the WAL.
		"wal_level=minimal",
		"max_wal_senders=0",
		"random_page_cost=1.1",
		"jit=off",
		"timezone=UTC",
		"log_timezone=UTC",
		// The log carries what happens to the server. Statements and their values never enter it: the
		// program that gets an error logs it in its own words.
		"log_destination=stderr",
		"logging_collector=off",
		"log_line_prefix=",
		"log_min_messages=log",
		"log_min_error_statement=panic",
		"log_error_verbosity=terse",
		"log_checkpoints=off",
		"lc_messages=C",
	}
	if ephemeral { // Shared by whatever tests of a package run at once.
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"shared_buffers=32MB", "dynamic_shared_memory_type=mmap", "max_connections=400")
	}
	list := []string{"-D", place.data()}
	for _, setting := range settings {
		list = append(list, "-c", setting)
	}
	return list
}

// initialize makes an empty cluster beside its final place and renames it there, so that a cluster is
// there whole or not at all.
func (f *folder) initialize(ctx context.Context, t tools, who identity, ephemeral bool) error {
	fresh := f.data() + ".new"
	// initdb must read the password as the server's user, who may not look into our folder.
	handover := filepath.Join(f.sockets, "password")
	password, err := newPassword(f.passwordFile())
	if err != nil {
		return err
	}
	if err := os.WriteFile(handover, []byte(password), 0o600); err != nil {
		return err
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	if err := errors.Join(who.own(fresh), who.own(handover)); err != nil {
		return err
	}
	list := []string{
		"-D", fresh, "-U", superuser, "--auth=scram-sha-256", "--pwfile=" + handover,
		"-E", "UTF8", "--locale=C.UTF-8",
	}
	if ephemeral {
		list = append(list, "--no-sync")
	}
	initdb := who.command(ctx, t.initdb(), list...)
	initdb.ExtraFiles = []*os.File{f.server}
	if output, err := combined(initdb); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(output))
	}
	if err := errors.Join(os.Remove(handover), os.Rename(fresh, f.data())); err != nil {
		return err
	}
	return syncFolder(f.path)
}
