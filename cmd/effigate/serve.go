package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"effigate/domain"
	"effigate/infra/blob"
	"effigate/infra/files"
	"effigate/infra/messaging"
	"effigate/infra/paper"
	"effigate/infra/postgres"
	"effigate/infra/web/console"
	"effigate/infra/web/portal"
	"effigate/infra/web/relay"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

func serveCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "serve", GroupID: "run", Short: "Run portal, console, projections and process managers",
		Long: `Run every role in one process, or those that --roles names. Without EFFIGATE_EVENTSTORE and the two database
URLs the event store and two Postgres clusters, one for each side, run privately under the data directory.

With --roles=portal the process holds two credentials of the clients' database, which read what was disclosed
and call functions of the accounts, and the address of a process that takes the clients' commands. "effigate
portal env" prints what it needs.

Nobody can log in until somebody is invited: "effigate user invite --role owner" makes the first link.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if s.alone() {
				return servePortal(command.Context(), s, clock, nil)
			}
			return inWorld(command.Context(), s, slog.LevelInfo, func(ctx context.Context, w *world) error {
				return w.serve(ctx, serving{now: clock, ready: w.sayWhoCanLogIn})
			})
		},
	}
	command.Flags().StringVar(&s.rolesFlag, "roles", "", "portal, console, projector, worker: some of them, divided by commas (EFFIGATE_ROLES, default all)")
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
	now func() time.Time // the domain's clock; logins use real time
	// ready is told the addresses when everything answers; nil for nothing to do.
	ready func(ctx context.Context, at running) error
}

// parts are what a serving process is made of. Those of roles that it does not run are nil.
type parts struct {
	projectors projectors
	reads      struct{ client, staff *postgres.Reads }
	people     *people
	files      *files.Files
	portal     *portal.Portal
	console    *console.Console
	command    http.Handler
	documents  *blob.Reader // printed, for both sides
	prints     messaging.Printer
	listeners  listeners
	closing    []func()
}

// listeners are where a process answers.
type listeners struct{ portal, console, command, admin net.Listener }

// serve runs the roles of this process until ctx ends or one of them cannot go on.
func (w *world) serve(ctx context.Context, how serving) error {
	if w.attached {
		at, err := readRunning(w.settings.Data)
		return errors.Join(fmt.Errorf("process %d serves %s already", at.PID, w.settings.Data), err)
	}
	p, err := w.parts(ctx, how)
	defer p.close()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	run := func(there bool, part func() error) {
		if there {
			group.Go(part)
		}
	}
	run(w.settings.runs(projectorRole), func() error { return ignoreCanceled(p.projectors.run(ctx)) })
	edited := make(chan struct{}, 1)
	run(w.settings.runs(workerRole), func() error { return w.react(ctx, p, edited, how.now) })
	// What works from the staff read model has nothing to look at before it is there.
	reading := func(part func(context.Context) error) {
		run(w.settings.runs(workerRole), func() error {
			if !waitReady(ctx, p.unread) {
				return nil
			}
			return part(ctx)
		})
	}
	reading(newDeadlines(w.service, p.reads.staff, how.now, w.logger).run)
	reading(newRepinner(w.service, p.reads.staff, edited, how.now, w.logger).run)
	reading(collector{p.files, w.store, p.reads.staff, w.logger}.run)
	reading(newReminders(w.service, p.reads.staff, how.now, w.logger).run)
	reading(newMissedAnswers(w.service, p.reads.staff, how.now, w.logger).run)
	reading(newReviewer(w.service, p.reads.staff, how.now, w.logger).run)
	reading(func(ctx context.Context) error { return w.sealDaily(ctx, p.reads.staff, clock) })
	run(w.settings.runs(workerRole), func() error { return p.people.prune(ctx, w.logger) })
	run(w.settings.runs(workerRole), func() error { return w.mail(ctx, p.people) })
	run(w.settings.runs(workerRole), func() error { return w.tell(ctx, p) })
	run(p.portal != nil, func() error { return p.portal.Serve(ctx, p.listeners.portal) })
	run(p.console != nil, func() error { return p.console.Serve(ctx, p.listeners.console) })
	run(p.command != nil, func() error { return serveHTTP(ctx, "commands", p.command, p.listeners.command) })
	group.Go(func() error {
		return serveHTTP(ctx, "admin", adminHandler(p.unready, projectionMetrics{w, p.projectors}), p.listeners.admin)
	})
	group.Go(func() error { return w.watch(ctx) })
	group.Go(func() error { return w.whenReady(ctx, p, how) })
	return group.Wait()
}

// parts makes the parts and opens their listeners, so that a taken port is found before anything runs. What
// it gives must be closed, also with an error.
func (w *world) parts(ctx context.Context, how serving) (p *parts, err error) {
	p = &parts{projectors: w.projectors()}
	s := w.settings
	if err := p.listen(ctx, []listening{
		{&p.listeners.portal, s.PortalAddr, s.runs(portalRole)},
		{&p.listeners.console, s.ConsoleAddr, s.runs(consoleRole)},
		{&p.listeners.command, s.CommandAddr, s.CommandAddr != ""},
		{&p.listeners.admin, s.AdminAddr, true},
	}); err != nil {
		return p, err
	}
	bases, err := s.bases(p.listeners)
	if err != nil {
		return p, err
	}
	if p.reads.client, err = p.openReads(ctx, w.client.access.Reader, clientrows.Version, w.logger); err != nil {
		return p, err
	}
	if p.reads.staff, err = p.openReads(ctx, w.staff.access.Reader, staffrows.Version, w.logger); err != nil {
		return p, err
	}
	if p.people, err = w.people(bases); err != nil {
		return p, err
	}
	if p.files, err = w.files(); err != nil {
		return p, err
	}
	if err := w.makePrints(p, how.now); err != nil {
		return p, err
	}
	if s.runs(portalRole) {
		if err := w.makePortal(ctx, p, how); err != nil {
			return p, err
		}
	}
	if s.runs(consoleRole) {
		if p.console, err = w.makeConsole(p, how); err != nil {
			return p, err
		}
	}
	if s.CommandAddr != "" {
		p.command, err = w.makeEndpoint(p, how)
	}
	return p, err
}

func (p *parts) close() {
	for _, end := range p.closing {
		end()
	}
}

// listening is an address that a process may answer on.
type listening struct {
	into    *net.Listener
	address string
	wanted  bool
}

func (p *parts) listen(ctx context.Context, all []listening) error {
	for _, l := range all {
		if !l.wanted {
			continue
		}
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", l.address)
		if err != nil {
			return fmt.Errorf("listen: %w; choose another address", err)
		}
		*l.into = listener
		p.closing = append(p.closing, func() { _ = listener.Close() }) // Whoever served on it has closed it.
	}
	return nil
}

func (p *parts) openReads(ctx context.Context, url string, version int, logger *slog.Logger) (*postgres.Reads, error) {
	reads, err := postgres.OpenReads(ctx, url, version, logger)
	if err == nil {
		p.closing = append(p.closing, reads.Close)
	}
	return reads, err
}

// makePortal makes the portal of a process that has the event store: the use cases run here.
func (w *world) makePortal(ctx context.Context, p *parts, how serving) error {
	key, err := w.clientKey()
	if err != nil {
		return err
	}
	pool, err := openPool(ctx, w.client.access.Accounts)
	if err != nil {
		return fmt.Errorf("open the accounts of client users: %w", err)
	}
	p.closing = append(p.closing, pool.Close)
	public, err := blob.NewReader(w.path(publicFiles), blob.MaxSize)
	if err != nil {
		return err
	}
	p.portal, err = newPortal(portalParts{
		settings: w.settings, reads: p.reads.client, pool: pool, key: key, base: p.people.portal,
		commands: clientCommands{w.service, p.files}, files: public, documents: p.documents, now: how.now, logger: w.logger,
	})
	return err
}

// makePrints makes who prints documents, and opens them.
func (w *world) makePrints(p *parts, now func() time.Time) (err error) {
	if p.prints, err = w.printer(now); err != nil {
		return err
	}
	p.documents, err = openDocuments(w.path(publicFiles))
	return err
}

// makeConsole makes the console.
func (w *world) makeConsole(p *parts, how serving) (*console.Console, error) {
	proxies, err := w.settings.trustedProxies()
	if err != nil {
		return nil, err
	}
	key, err := w.secret(staffKeyFile)
	if err != nil {
		return nil, err
	}
	secret, err := derivedKey(key, forRequests)
	if err != nil {
		return nil, err
	}
	hooks, err := newWebhooks(w.settings, domain.StaffSide, w.staff.database.Pool, key, w.logger)
	if err != nil {
		return nil, err
	}
	payments, err := w.settings.paymentSecret()
	if err != nil {
		return nil, err
	}
	return console.New(console.Options{
		Commands: w.service, Reads: p.reads.staff, Files: p.files, Staff: p.people.staff, Clients: p.people.clients,
		Desk: postgres.NewDesk(w.staff.database), WhatIf: w.whatIf, Documents: p.documents, Preview: paper.PDF, Lacking: paper.Lacking, PrintReceipt: printStaffReceipt, PaymentSecret: payments,
		Recompute: w.recompute(p.reads.staff),
		Projections: func(ctx context.Context) ([]console.Projection, error) {
			return w.consoleProjections(ctx, p.projectors)
		},
		Verifier: staffVerifier(p.people.staff, p.reads.staff), Signin: p.people.staff, Webhooks: hooks,
		Base: p.people.console, Portal: p.people.portal, Secret: secret, Now: how.now, Clock: clock, TrustedProxies: proxies, Version: version(), Logger: w.logger,
	}), nil
}

// makeEndpoint makes what portals in processes of their own send their commands to.
func (w *world) makeEndpoint(p *parts, how serving) (http.Handler, error) {
	token, err := w.commandToken()
	if err != nil {
		return nil, err
	}
	users := p.people.clients
	return relay.NewServer(relay.Options{
		Commands: clientCommands{w.service, p.files}, Verifier: clientVerifier(users, p.reads.client), SessionOf: users.Session, Rules: users.Rules,
		Token: token, Now: how.now, Logger: w.logger,
	}), nil
}

// bases are the public URLs of the two sides.
type bases struct{ portal, console *url.URL }

// bases are those that were set, or where this machine reaches what this process serves.
func (s *settings) bases(at listeners) (bases, error) {
	portal, err := baseOf(s.BaseURL, at.portal, s.PortalAddr)
	if err != nil {
		return bases{}, err
	}
	console, err := baseOf(s.ConsoleURL, at.console, s.ConsoleAddr)
	return bases{portal, console}, err
}

func baseOf(set string, listener net.Listener, address string) (*url.URL, error) {
	if set == "" && listener != nil {
		set = local(listener)
	}
	if set == "" {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, usageError{fmt.Errorf("read the address %q: %w", address, err)}
		}
		set = "http://" + net.JoinHostPort("localhost", port)
	}
	base, err := url.Parse(set)
	if err != nil {
		return nil, fmt.Errorf("read the URL %q: %w", set, err)
	}
	return base, nil
}

// react runs the process managers. It sends on edited, which has room for one, when open tickets are to learn what is
// promised anew.
func (w *world) react(ctx context.Context, p *parts, edited chan<- struct{}, now func() time.Time) error {
	identity, err := w.store.Identity(ctx)
	if err != nil {
		return fmt.Errorf("identify the event store: %w", err)
	}
	router, err := messaging.NewRouter(w.source, postgres.NewLanes(w.staff.database, identity), w.logger,
		messaging.Numbering(w.service, now), messaging.People(w.service, now, p.people.staff, p.people.clients),
		messaging.Billing(w.service, now, w.logger), messaging.Files(p.files),
		messaging.Notices(staffDesk{p.reads.staff, postgres.NewDesk(w.staff.database), clock}),
		messaging.Promises(w.service, now, w.logger), messaging.Invoices(w.service, now, w.logger), p.prints.Manager(),
		messaging.Reminders(clientPost{p.reads.staff, w.client.database, clock}, now), messaging.Edits(func() {
			select {
			case edited <- struct{}{}:
			default: // It was told already and has not begun.
			}
		}))
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
func (w *world) whenReady(ctx context.Context, p *parts, how serving) error {
	if !waitReady(ctx, p.unready) {
		return nil
	}
	at, err := w.announce(p, how.now)
	if err != nil {
		return err
	}
	w.logger.InfoContext(ctx, "ready", slog.String("portal", at.Portal), slog.String("console", at.Console), slog.String("admin", at.Admin))
	if how.ready == nil {
		return nil
	}
	return how.ready(ctx, at)
}

// waitReady waits until everything answers; false when ctx ends before.
func waitReady(ctx context.Context, unready func(context.Context) error) bool {
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for unready(ctx) != nil {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}

// unready says why the process cannot answer now; nil when it can.
func (p *parts) unready(ctx context.Context) error {
	if p.portal != nil {
		if err := p.portal.Ready(ctx); err != nil {
			return fmt.Errorf("portal: %w", err)
		}
	}
	if p.console != nil {
		if err := p.console.Ready(ctx); err != nil {
			return fmt.Errorf("console: %w", err)
		}
	}
	return nil
}

// unread says why the staff read model cannot be read now; nil when it can.
func (p *parts) unread(ctx context.Context) error {
	_, err := p.reads.staff.Read(ctx, domain.Position{}, func(pgx.Tx) error { return nil })
	return err
}

// local is the URL by which this machine reaches a listener; empty for none.
func local(l net.Listener) string {
	if l == nil {
		return ""
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return l.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() { // A name: passkeys belong to one.
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
