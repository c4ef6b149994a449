package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"effigate/infra/auth"
	"effigate/infra/messaging"
	"effigate/infra/postgres"
	"effigate/infra/web/console"
	"effigate/infra/web/portal"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

func serveCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "serve", GroupID: "run", Short: "Run portal, console, projections and process managers",
		Long: `Run every role in one process. Without EFFIGATE_EVENTSTORE and the two database URLs the event store and
two Postgres clusters, one for each side, run privately under the data directory.

There is no login for people: serve lets nobody in on its two APIs. The demo has logins.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return inWorld(command.Context(), s, slog.LevelInfo, func(ctx context.Context, w *world) error {
				return w.serve(ctx, serving{verifier: auth.Nobody{}, now: clock})
			})
		},
	}
	bindAddresses(command, s)
	return command
}

// bindAddresses adds the flags for what a serving process listens on.
func bindAddresses(command *cobra.Command, s *settings) {
	flags := command.Flags()
	given := [3]string{}
	flags.StringVar(&given[0], "portal", "", "address of the portal (EFFIGATE_PORTAL_ADDR, default :8080)")
	flags.StringVar(&given[1], "console", "", "address of the console (EFFIGATE_CONSOLE_ADDR, default :8081)")
	flags.StringVar(&given[2], "admin", "", "address for health, metrics and profiles (EFFIGATE_ADMIN_ADDR, default 127.0.0.1:9090)")
	command.PreRun = func(*cobra.Command, []string) {
		for i, setting := range []*string{&s.PortalAddr, &s.ConsoleAddr, &s.AdminAddr} {
			if given[i] != "" {
				*setting = given[i]
			}
		}
	}
}

// clock is the domain's clock: real time in UTC, with the resolution that the databases keep.
func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// serving is what differs between serve and demo.
type serving struct {
	verifier auth.Verifier
	now      func() time.Time
	// ready is told the addresses when everything answers; nil for nothing to do.
	ready func(ctx context.Context, at running) error
}

// roles are the parts of a serving process.
type roles struct {
	projectors projectors
	reads      struct{ client, staff *postgres.Reads }
	portal     *portal.Portal
	console    *console.Console
	listeners  struct{ portal, console, admin net.Listener }
}

// serve runs every role until ctx ends or one of them cannot go on.
func (w *world) serve(ctx context.Context, how serving) error {
	if w.attached {
		at, err := readRunning(w.settings.Data)
		return errors.Join(fmt.Errorf("process %d serves %s already", at.PID, w.settings.Data), err)
	}
	r, err := w.roles(ctx, how)
	if err != nil {
		return err
	}
	defer r.reads.client.Close()
	defer r.reads.staff.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ignoreCanceled(r.projectors.run(ctx)) })
	group.Go(func() error { return w.react(ctx, how.now) })
	group.Go(func() error { return r.portal.Serve(ctx, r.listeners.portal) })
	group.Go(func() error { return r.console.Serve(ctx, r.listeners.console) })
	group.Go(func() error { return w.serveAdmin(ctx, r) })
	group.Go(func() error { return w.watch(ctx) })
	group.Go(func() error { return w.whenReady(ctx, r, how) })
	return group.Wait()
}

// roles makes the parts and opens their listeners, so that a taken port is found before anything runs.
func (w *world) roles(ctx context.Context, how serving) (_ *roles, err error) {
	r := &roles{projectors: w.projectors()}
	for _, l := range []struct {
		into    *net.Listener
		address string
	}{{&r.listeners.portal, w.settings.PortalAddr}, {&r.listeners.console, w.settings.ConsoleAddr}, {&r.listeners.admin, w.settings.AdminAddr}} {
		if *l.into, err = new(net.ListenConfig).Listen(ctx, "tcp", l.address); err != nil {
			return nil, fmt.Errorf("listen: %w; choose another address", err)
		}
	}
	if r.reads.client, err = postgres.OpenReads(ctx, w.client.access.Reader, clientrows.Version, w.logger); err != nil {
		return nil, err
	}
	if r.reads.staff, err = postgres.OpenReads(ctx, w.staff.access.Reader, staffrows.Version, w.logger); err != nil {
		return nil, err
	}
	sealer, err := w.sealer()
	if err != nil {
		return nil, err
	}
	r.portal = portal.New(portal.Options{
		Reads: postgres.ClientReads{Reads: r.reads.client}, Commands: clientCommands{w.service}, Verifier: how.verifier,
		Sealer: sealer, Now: how.now, Version: version(), Logger: w.logger,
	})
	r.console = console.New(console.Options{
		Commands: w.service, Reads: r.reads.staff, Names: clientNames{w.client.database},
		Projections: func(ctx context.Context) ([]console.Projection, error) {
			return w.consoleProjections(ctx, r.projectors)
		},
		Verifier: how.verifier, Now: how.now, Version: version(), Logger: w.logger,
	})
	return r, nil
}

// sealer seals what the portal hands out, under a key that outlives the process.
func (w *world) sealer() (*auth.Sealer, error) {
	path := w.path(secretsDir + "/portal-seal.key")
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(w.path(secretsDir), 0o700); err != nil {
			return nil, fmt.Errorf("make the portal's sealing key: %w", err)
		}
		key = []byte(rand.Text() + rand.Text())[:32]
		err = os.WriteFile(path+".new", key, 0o600)
		if err == nil {
			err = os.Rename(path+".new", path) // Whole, or not there.
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the portal's sealing key: %w", err)
	}
	return auth.NewSealer(key)
}

// react runs the process managers.
func (w *world) react(ctx context.Context, now func() time.Time) error {
	identity, err := w.store.Identity(ctx)
	if err != nil {
		return fmt.Errorf("identify the event store: %w", err)
	}
	router, err := messaging.NewRouter(w.source, postgres.NewLanes(w.staff.database, identity), w.logger, messaging.Numbering(w.service, now))
	if err != nil {
		return err
	}
	return ignoreCanceled(router.Run(ctx))
}

// watch ends the process when a private server has died: a supervisor starts it again, and the start
// recovers.
func (w *world) watch(ctx context.Context) error {
	var node, client, staff <-chan struct{}
	if w.node != nil {
		node = w.node.Failed()
	}
	if w.client.cluster != nil {
		client, staff = w.client.cluster.Done(), w.staff.cluster.Done()
	}
	select {
	case <-ctx.Done():
		return nil
	case <-node:
		return fmt.Errorf("the event store stopped: %w", w.node.Err())
	case <-client:
		return fmt.Errorf("the client side's Postgres ended: %w", w.client.cluster.Err())
	case <-staff:
		return fmt.Errorf("the staff side's Postgres ended: %w", w.staff.cluster.Err())
	}
}

// readyPoll is how often the start looks whether everything answers.
const readyPoll = 50 * time.Millisecond

// whenReady announces the process once everything answers.
func (w *world) whenReady(ctx context.Context, r *roles, how serving) error {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for r.unready(ctx) != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
	at, err := w.announce(r.addresses())
	if err != nil {
		return err
	}
	w.logger.InfoContext(ctx, "ready", slog.String("portal", at.Portal), slog.String("console", at.Console), slog.String("admin", at.Admin))
	if how.ready == nil {
		return nil
	}
	return how.ready(ctx, at)
}

// unready says why the process cannot answer now; nil when it can.
func (r *roles) unready(ctx context.Context) error {
	if err := r.portal.Ready(ctx); err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	_, release, err := r.reads.staff.Pin(ctx)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	release()
	return nil
}

// addresses gives the URLs of the parts, as this machine reaches them.
func (r *roles) addresses() (portal, console, admin string) {
	return local(r.listeners.portal), local(r.listeners.console), local(r.listeners.admin)
}

func local(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return l.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
