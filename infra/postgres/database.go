// Package postgres keeps read models in PostgreSQL: it prepares a side's database and roles, migrates the
// durable tables, stores projections batch by batch, builds and switches generations, and gives readers
// the live one.
//
// It may import domain, domain/visible and projections. It knows no table of a read model: a Model brings
// them.
//
// Surprises: a generation is a schema gen_N that is never renamed or migrated, and readers reach it by
// their pool's search_path. Everything is per version of the read model, so old and new code project side
// by side. A batch is fenced by the epoch in its checkpoint, not by the lease, which only decides who
// works. The owner is exempt from row security.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"effigate/domain"
)

// Database is one side's database, opened by its owner: the projector's and the commands' access.
type Database struct {
	// Pool is the owner's. Its search_path is empty: every table is named with its schema.
	Pool *pgxpool.Pool
	// Side tells which database it is.
	Side Side
}

// ErrNewerDatabase says that newer code has migrated the durable tables; this code must not touch them.
var ErrNewerDatabase = errors.New("database was migrated by newer code")

// Open connects as the owner and brings the durable tables up to date. The roles of the side must exist.
func Open(ctx context.Context, ownerURL string, side Side) (*Database, error) {
	pool, err := connect(ctx, ownerURL, "")
	if err != nil {
		return nil, fmt.Errorf("open %s database: %w", side, err)
	}
	if err := migrate(ctx, pool, side); err != nil {
		pool.Close()
		return nil, fmt.Errorf("migrate %s database: %w", side, err)
	}
	return &Database{Pool: pool, Side: side}, nil
}

// Close waits until every connection is given back.
func (d *Database) Close() { d.Pool.Close() }

// defaultSessions bounds a pool whose URL does not say pool_max_conns.
const defaultSessions = 16

// connect makes a pool whose sessions see one schema and speak UTC. It fails when the server cannot be
// reached.
func connect(ctx context.Context, url, schema string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["search_path"] = schema
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["application_name"] = "effigate"
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultSessions
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
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

//go:embed migrations/*/*.sql
var migrations embed.FS

// migrate applies the sets of migrations in order, under a lock of the session, so that processes that
// start together do not race.
func migrate(ctx context.Context, pool *pgxpool.Pool, side Side) (err error) {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return err
	}
	for _, set := range []string{"control", "accounts", "webhooks", string(side)} {
		if err := migrateSet(ctx, db, locker, set); err != nil {
			return fmt.Errorf("set %s: %w", set, err)
		}
	}
	for _, schema := range []string{"accounts", "webhooks"} {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return unsample(ctx, tx, schema) })
		if err != nil {
			return fmt.Errorf("statistics of %s: %w", schema, err)
		}
	}
	return nil
}

func migrateSet(ctx context.Context, db *sql.DB, locker lock.SessionLocker, set string) error {
	files, err := fs.Sub(migrations, "migrations/"+set)
	if err != nil {
		return err
	}
	if err := createSchema(ctx, db, "control"); err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName("control.migrations_"+set), goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("%w: it is at %d, this code knows %d; run the newer effigate", ErrNewerDatabase, current, target)
	}
	_, err = provider.Up(ctx)
	return err
}

// createSchema makes a schema unless it exists. Two at once may both find it missing, which IF NOT EXISTS
// does not cover, hence the lock.
func createSchema(ctx context.Context, db *sql.DB, schema string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('effigate schema'))"); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{schema}.Sanitize()); err != nil {
		return err
	}
	return tx.Commit()
}

// position is a domain.Position as two columns.
type position struct{ commit, prepare int64 }

// store turns a position into columns. The protocol's positions fit a bigint; the largest uint64, its
// mark for "no position", does not and must never be stored.
func store(p domain.Position) (position, error) {
	if p.Commit > math.MaxInt64 || p.Prepare > math.MaxInt64 {
		return position{}, fmt.Errorf("position %d/%d is not one of a stored event", p.Commit, p.Prepare)
	}
	return position{commit: int64(p.Commit), prepare: int64(p.Prepare)}, nil
}

func (p position) domain() domain.Position {
	return domain.Position{Commit: uint64(p.commit), Prepare: uint64(p.prepare)}
}
