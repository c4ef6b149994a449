package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"effigate/commands"
	"effigate/infra/eventstore"
	"effigate/infra/eventstore/embedded"
	"effigate/infra/postgres"
	"effigate/infra/postgres/private"
	"effigate/projections"
)

// world is everything that commands, projections and tools work with: the event store, the two databases
// and the use cases over them.
type world struct {
	settings *settings
	logger   *slog.Logger
	// attached says that a running serve owns the parts; else they were started for this process.
	attached bool
	at       running        // what the serving process tells; zero when this is it
	node     *embedded.Node // nil when attached, or with an event store of the operator's
	store    *eventstore.Client
	source   projections.Source
	client   side
	staff    side
	service  *commands.Service
	closing  []func() error // last opened first closed
}

// side is one of the two databases.
type side struct {
	access   postgres.Access
	database *postgres.Database
	cluster  *private.Cluster // nil when attached, or with a database of the operator's
}

// running is what a serving process tells others on this machine, in a file that only its user may read.
type running struct {
	PID         int    `json:"pid"`
	EventStore  string `json:"eventstore"`
	ClientURL   string `json:"client_database_url"`
	StaffURL    string `json:"staff_database_url"`
	ReaderURL   string `json:"client_reader_url"`
	AccountsURL string `json:"client_accounts_url"`
	Portal      string `json:"portal"`
	Console     string `json:"console"`
	Command     string `json:"command"`
	Admin       string `json:"admin"`
	// Key and CommandToken are those that the process was told; empty for those of the files.
	Key          string `json:"client_key,omitempty"`
	CommandToken string `json:"command_token,omitempty"`
	// PortalBase and ConsoleBase are the public URLs, where links begin.
	PortalBase  string `json:"portal_base"`
	ConsoleBase string `json:"console_base"`
	// BehindMS is by how many milliseconds the domain's clock is behind real time: a demo lives in its own days.
	BehindMS int64 `json:"behind_ms,omitempty"`
}

// The files in the data directory.
const (
	lockFile    = "effigate.lock"
	runningFile = "running.json"
	secretsDir  = "secrets"
)

// closeTime bounds the end of the private servers.
const closeTime = 20 * time.Second

// openWorld attaches to the process that serves this data directory, or starts what is needed here. The
// level is that of the log unless the settings name one.
func openWorld(ctx context.Context, s *settings, unset slog.Level) (_ *world, err error) {
	w := &world{settings: s, logger: s.logger(unset)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := os.MkdirAll(s.Data, 0o711); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	alone, err := w.lock()
	if err != nil {
		return nil, err
	}
	if alone {
		err = w.start(ctx)
	} else {
		err = w.attach(ctx)
	}
	if err != nil {
		return nil, err
	}
	w.service = commands.NewService(w.store, postgres.NewAnswers(w.staff.database))
	return w, nil
}

// now is the domain's clock: that of the serving process if there is one.
func (w *world) now() time.Time { return clock().Add(-time.Duration(w.at.BehindMS) * time.Millisecond) }

// lock takes the data directory for this process; false when another has it.
func (w *world) lock() (bool, error) {
	file, err := os.OpenFile(w.path(lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return false, file.Close()
		}
		return false, errors.Join(fmt.Errorf("lock the data directory: %w", err), file.Close())
	}
	w.closing = append(w.closing, file.Close)
	// What a process that was killed has left behind names servers that are gone.
	if err := os.Remove(w.path(runningFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("remove the file of an earlier process: %w", err)
	}
	return true, nil
}

// inUse reports whether a live process has the data directory.
func inUse(data string) bool {
	file, err := os.OpenFile(filepath.Join(data, lockFile), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	taken := unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil
	return file.Close() == nil && taken
}

func (w *world) path(name string) string { return filepath.Join(w.settings.Data, name) }

// start brings up the private servers that the settings leave to us, and opens them.
func (w *world) start(ctx context.Context) error {
	group, starting := errgroup.WithContext(ctx)
	group.Go(func() error { return w.startNode(starting) })
	group.Go(func() error { return w.client.start(starting, w, postgres.ClientSide, w.settings.ClientURL) })
	group.Go(func() error { return w.staff.start(starting, w, postgres.StaffSide, w.settings.StaffURL) })
	err := group.Wait()
	w.closing = append(w.closing, w.closeServers)
	if err != nil {
		return err
	}
	connection := w.settings.EventStore
	if w.node != nil {
		connection = w.node.ConnectionString()
	}
	if err := w.openStore(ctx, connection); err != nil {
		return err
	}
	w.source = w.store
	if w.node != nil {
		w.source = eventstore.NewScanSource(w.store, w.node)
	}
	return w.openDatabases(ctx)
}

func (w *world) startNode(ctx context.Context) (err error) {
	if w.settings.EventStore != "" {
		return nil
	}
	w.node, err = embedded.Open(ctx, embedded.Options{Dir: w.path("events"), Logger: w.logger})
	if err != nil {
		return fmt.Errorf("start the event store: %w", err)
	}
	return nil
}

// start prepares one database: of the operator's when a URL is given, else in a private cluster.
func (s *side) start(ctx context.Context, w *world, which postgres.Side, url string) (err error) {
	if url == "" {
		s.cluster, err = private.Start(ctx, private.Options{Dir: w.path("postgres-" + string(which)), Logger: w.logger})
		if err != nil {
			return fmt.Errorf("start the private Postgres of the %s side: %w", which, err)
		}
		url = s.cluster.URL("effigate_" + string(which))
	}
	s.access, err = postgres.PrepareRoles(ctx, url, which, w.path(secretsDir))
	if err != nil {
		return fmt.Errorf("prepare the %s database: %w", which, err)
	}
	return nil
}

// attach opens what the serving process runs.
func (w *world) attach(ctx context.Context) error {
	w.attached = true
	at, err := readRunning(w.settings.Data)
	if err != nil {
		return err
	}
	w.client.access.Owner, w.staff.access.Owner = at.ClientURL, at.StaffURL
	w.at = at
	if err := w.openStore(ctx, at.EventStore); err != nil {
		return err
	}
	w.source = w.store
	return w.openDatabases(ctx)
}

// readRunning reads what the serving process of a data directory tells.
func readRunning(data string) (running, error) {
	path := filepath.Join(data, runningFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return running{}, fmt.Errorf("another process has %s but does not serve yet: wait until it is ready, or end it", data)
	}
	if err != nil {
		return running{}, fmt.Errorf("read what the serving process tells: %w", err)
	}
	var at running
	if err := json.Unmarshal(text, &at); err != nil {
		return running{}, fmt.Errorf("read %s: %w", path, err)
	}
	return at, nil
}

// announce tells other processes on this machine where to find the parts.
func (w *world) announce(p *parts, now func() time.Time) (running, error) {
	at := running{
		PID: os.Getpid(), EventStore: w.settings.EventStore, ClientURL: w.client.access.Owner, StaffURL: w.staff.access.Owner,
		ReaderURL: w.client.access.Reader, AccountsURL: w.client.access.Accounts,
		Portal: local(p.listeners.portal), Console: local(p.listeners.console), Command: local(p.listeners.command), Admin: local(p.listeners.admin),
		Key: w.settings.Key, CommandToken: w.settings.CommandToken,
		PortalBase: p.people.portal.String(), ConsoleBase: p.people.console.String(),
		BehindMS: clock().Sub(now()).Round(time.Second).Milliseconds(),
	}
	if w.node != nil {
		at.EventStore = w.node.ConnectionString()
	}
	text, err := json.MarshalIndent(at, "", "  ")
	if err != nil {
		return at, fmt.Errorf("announce the serving process: %w", err)
	}
	next := w.path(runningFile + ".new")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return at, fmt.Errorf("announce the serving process: %w", err)
	}
	if err := os.Rename(next, w.path(runningFile)); err != nil {
		return at, fmt.Errorf("announce the serving process: %w", err)
	}
	w.closing = append(w.closing, func() error { return os.Remove(w.path(runningFile)) })
	return at, nil
}

func (w *world) openStore(ctx context.Context, connection string) (err error) {
	w.store, err = eventstore.Open(ctx, eventstore.Options{
		ConnectionString: connection, Registry: eventstore.Product(), Logger: w.logger, CodeVersion: version(),
	})
	if err != nil {
		return fmt.Errorf("open the event store: %w", err)
	}
	w.closing = append(w.closing, w.store.Close)
	return nil
}

func (w *world) openDatabases(ctx context.Context) (err error) {
	for _, s := range []*side{&w.client, &w.staff} {
		which := postgres.ClientSide
		if s == &w.staff {
			which = postgres.StaffSide
		}
		s.database, err = postgres.Open(ctx, s.access.Owner, which)
		if err != nil {
			return err
		}
		w.closing = append(w.closing, func() error { s.database.Close(); return nil })
	}
	return nil
}

// closeServers ends the private servers. The event store goes last: until then projections may read it.
func (w *world) closeServers() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var group errgroup.Group
	for _, cluster := range []*private.Cluster{w.client.cluster, w.staff.cluster} {
		if cluster != nil {
			group.Go(func() error { return cluster.Close(ctx) })
		}
	}
	err := group.Wait()
	if w.node != nil {
		err = errors.Join(err, w.node.Close())
	}
	return err
}

// close ends everything that was opened, in the opposite order.
func (w *world) close() error {
	var failed error
	for _, end := range slices.Backward(w.closing) {
		failed = errors.Join(failed, end())
	}
	w.closing = nil
	return failed
}

// withWorld opens the world for one tool and closes it afterwards.
func withWorld(ctx context.Context, s *settings, do func(context.Context, *world) error) error {
	return inWorld(ctx, s, slog.LevelWarn, do)
}

func inWorld(ctx context.Context, s *settings, unset slog.Level, do func(context.Context, *world) error) error {
	w, err := openWorld(ctx, s, unset)
	if err != nil {
		return err
	}
	err = do(ctx, w)
	if closed := w.close(); err == nil {
		err = closed
	}
	return err
}
