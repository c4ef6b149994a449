package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"effigate/domain"
	"effigate/infra/auth"
	"effigate/infra/blob"
	"effigate/infra/postgres"
	"effigate/infra/web/portal"
	"effigate/infra/web/relay"
	clientrows "effigate/readmodels/client"
)

// portalParts are what a portal works with, whatever process it is in: two credentials of the clients'
// database, a key, and somebody who takes its commands.
type portalParts struct {
	settings  *settings
	reads     *postgres.Reads // as portal_reader
	pool      *pgxpool.Pool   // of portal_accounts
	key       string
	base      *url.URL
	commands  portal.Commands
	files     portal.Files
	documents portal.Files
	now       func() time.Time
	logger    *slog.Logger
}

// servePortal runs the portal alone, until ctx ends. Nothing else is opened: of the data directory the
// disclosed files alone, no event store, no owner's connection.
func servePortal(ctx context.Context, s *settings, now func() time.Time, ready func(running)) error {
	if err := s.checkAlone(); err != nil {
		return err
	}
	logger := s.logger(slog.LevelInfo)
	p := &parts{}
	defer p.close()
	err := p.listen(ctx, []listening{{&p.listeners.portal, s.PortalAddr, true}, {&p.listeners.admin, s.AdminAddr, true}})
	if err != nil {
		return err
	}
	at, err := s.bases(p.listeners)
	if err != nil {
		return err
	}
	if p.reads.client, err = p.openReads(ctx, s.ReaderURL, clientrows.Version, logger); err != nil {
		return err
	}
	pool, err := openPool(ctx, s.AccountsURL)
	if err != nil {
		return fmt.Errorf("open the accounts of client users: %w", err)
	}
	p.closing = append(p.closing, pool.Close)
	for name, connection := range map[string]string{"EFFIGATE_CLIENT_READER_URL": s.ReaderURL, "EFFIGATE_CLIENT_ACCOUNTS_URL": s.AccountsURL} {
		if err := refusePower(ctx, connection); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	public, err := blob.NewReader(s.PublicFiles, blob.MaxSize)
	if err != nil {
		return fmt.Errorf("EFFIGATE_BLOBS_PUBLIC: %w", err)
	}
	documents, err := openDocuments(s.PublicFiles)
	if err != nil {
		return fmt.Errorf("EFFIGATE_BLOBS_PUBLIC: %w", err)
	}
	p.portal, err = newPortal(portalParts{
		settings: s, reads: p.reads.client, pool: pool, key: s.Key, base: at.portal,
		commands: relay.NewClient(s.CommandURL, s.CommandToken), files: public, documents: documents, now: now, logger: logger,
	})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.portal.Serve(ctx, p.listeners.portal) })
	group.Go(func() error { return serveHTTP(ctx, "admin", adminHandler(p.unready), p.listeners.admin) })
	group.Go(func() error {
		if !waitReady(ctx, p.unready) {
			return nil
		}
		at := running{Portal: local(p.listeners.portal), Admin: local(p.listeners.admin)}
		logger.InfoContext(ctx, "ready", slog.String("portal", at.Portal), slog.String("admin", at.Admin))
		if ready != nil {
			ready(at)
		}
		return nil
	})
	return group.Wait()
}

// refusePower refuses a credential that may do more than a portal needs: to change what it shows, or to pass
// the walls in the database. It is a mistake in the settings that nobody would notice otherwise.
func refusePower(ctx context.Context, connection string) error {
	pool, err := openPool(ctx, connection)
	if err != nil {
		return err
	}
	defer pool.Close()
	var name string
	var powerful bool
	err = pool.QueryRow(ctx, `
		SELECT current_user, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR d.datdba = r.oid
		    OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relowner = r.oid)
		    OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid)
		FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
		WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()`).Scan(&name, &powerful)
	if err != nil {
		return fmt.Errorf("ask for the rights of the role: %w", err)
	}
	if powerful {
		return fmt.Errorf("the role %s owns data, passes row security or is a member of another role; a portal alone takes portal_reader and portal_accounts", name)
	}
	return nil
}

// poolSize bounds the connections of a pool whose URL does not say pool_max_conns.
const poolSize = 16

// openPool connects to a database whose tables are named in full everywhere. It fails when the server
// cannot be reached.
func openPool(ctx context.Context, connection string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(connection)
	if err != nil {
		return nil, errors.New("it must have the form postgres://user:password@host/database") // The cause repeats the password.
	}
	if u, err := url.Parse(connection); err != nil || u.Query().Get("pool_max_conns") == "" {
		config.MaxConns = poolSize
	}
	config.ConnConfig.RuntimeParams["search_path"] = ""
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// newPortal makes the portal. The accounts are reached as portal_accounts, which may call functions and read
// no table.
func newPortal(p portalParts) (*portal.Portal, error) {
	users, err := newAccounts(p.settings, domain.ClientSide, p.pool, p.key, bases{portal: p.base}, p.logger)
	if err != nil {
		return nil, err
	}
	sealer, err := auth.NewSealer([]byte(p.key))
	if err != nil {
		return nil, err
	}
	proxies, err := p.settings.trustedProxies()
	if err != nil {
		return nil, err
	}
	hooks, err := newWebhooks(p.settings, domain.ClientSide, p.pool, p.key, p.logger)
	if err != nil {
		return nil, err
	}
	return portal.New(portal.Options{
		Reads: postgres.ClientReads{Reads: p.reads}, Commands: p.commands, Accounts: users, Verifier: clientVerifier(users, p.reads),
		Sealer: sealer, Files: p.files, Documents: p.documents, PrintStatement: printStatement, PrintReceipt: printReceipt, Webhooks: hooks, Base: p.base, Now: p.now, LoginClock: clock, TrustedProxies: proxies, Version: version(), Logger: p.logger,
	}), nil
}
