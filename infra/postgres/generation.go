package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/projections"
)

// The states of a generation.
const (
	building = "building" // being filled; nobody reads it
	live     = "live"     // what readers of its version get
	previous = "previous" // kept up to date for a rollback
	dropped  = "dropped"
)

// Channels that tell of changes; polling finds them too.
const (
	checkpointChannel = "effigate_checkpoint" // payload "<generation> <commit> <prepare>"
	generationChannel = "effigate_generation" // a generation was switched to
	changeChannel     = "effigate_change"     // changes were announced; no payload
	requestChannel    = "effigate_request"    // a request came in
)

// schemaName is the schema that holds a generation's tables. It is never renamed.
func schemaName(generation int) string { return "gen_" + strconv.Itoa(generation) }

// tenure is the right to change the generations of one version: a lease, by its epoch.
type tenure struct {
	database *Database
	version  int
	lease    string
	epoch    int64
}

// change runs a transaction that fails unless the lease is held to its end.
func (t tenure) change(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, t.database.Pool, func(tx pgx.Tx) error {
		if err := held(ctx, tx, t.lease, t.epoch); err != nil {
			return err
		}
		return do(tx)
	})
}

// create makes an empty generation from the model's schema, readable by the side's reader.
func (t tenure) create(ctx context.Context, schema string) (generation int, err error) {
	err = t.change(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			WITH made AS (INSERT INTO control.generations (version, state) VALUES ($1, 'building') RETURNING id)
			INSERT INTO control.checkpoints (generation) SELECT id FROM made RETURNING generation`, t.version).Scan(&generation)
		if err != nil {
			return err
		}
		name := quoted(schemaName(generation))
		if err := script(ctx, tx, "CREATE SCHEMA "+name+"; SET LOCAL search_path = "+name+";"+schema); err != nil {
			return fmt.Errorf("schema: %w", err)
		}
		if err := unsample(ctx, tx, schemaName(generation)); err != nil {
			return fmt.Errorf("statistics: %w", err)
		}
		if t.database.Side == ClientSide {
			if err := walled(ctx, tx, schemaName(generation)); err != nil {
				return err
			}
		}
		reader := quoted(t.database.Side.roles()[0].name)
		return script(ctx, tx, fmt.Sprintf("GRANT USAGE ON SCHEMA %[1]s TO %[2]s; GRANT SELECT ON ALL TABLES IN SCHEMA %[1]s TO %[2]s", name, reader))
	})
	if err != nil {
		return 0, fmt.Errorf("create generation: %w", err)
	}
	return generation, nil
}

// script runs statements, as many as there are: without arguments pgx uses the simple protocol.
func script(ctx context.Context, tx pgx.Tx, statements string) error {
	_, err := tx.Exec(ctx, statements)
	return err
}

// unsampled gives the statements that keep what people wrote, in the tables of schema $1, out of the planner's
// statistics: ANALYZE copies common values to pg_statistic, where they would outlive the withdrawal or the erasure of
// their rows. Days and numbers, which are of the collation "C", are sampled.
const unsampled = `
	SELECT coalesce(string_agg(format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', c.oid::regclass, a.attname), '; '), '')
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
	WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
	  AND a.atttypid = ANY ('{text,text[],jsonb,bytea,tsvector}'::regtype[]) AND a.attcollation <> '"C"'::regcollation
	  AND a.attstattarget IS DISTINCT FROM 0`

func unsample(ctx context.Context, tx pgx.Tx, schema string) error {
	var statements string
	if err := tx.QueryRow(ctx, unsampled, schema).Scan(&statements); err != nil {
		return err
	}
	return script(ctx, tx, statements)
}

// walled refuses a client schema in which something readable is not behind row security, or a policy lets
// somebody read rows without asking whose client it is.
func walled(ctx context.Context, tx pgx.Tx, schema string) error {
	rows, err := tx.Query(ctx, `
		SELECT relname::text FROM pg_catalog.pg_class
		WHERE relnamespace = $1::regnamespace AND (
		    relkind IN ('r', 'p') AND NOT relrowsecurity
		    OR relkind = 'v' AND NOT coalesce(reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on']
		    OR relkind IN ('m', 'f'))
		UNION SELECT c.relname || ' by policy ' || p.polname
		FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
		WHERE c.relnamespace = $1::regnamespace AND (p.polcmd <> 'r'
		    OR pg_catalog.pg_get_expr(p.polqual, p.polrelid) NOT LIKE '%current_setting(''effigate.client''%')
		ORDER BY 1`, schema)
	if err != nil {
		return err
	}
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(open) > 0 {
		return fmt.Errorf("not behind row security: %v", open)
	}
	return nil
}

// finish builds what a replay goes without, and gathers statistics. It does not lock the lease, whose
// renewal cannot wait for as long as indexes take; if the lease is lost meanwhile, the next holder drops
// the generation.
func (t tenure) finish(ctx context.Context, generation int, indexes string, tables []string) error {
	return pgx.BeginFunc(ctx, t.database.Pool, func(tx pgx.Tx) error {
		name := quoted(schemaName(generation))
		if err := script(ctx, tx, "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL search_path = "+name+";"+indexes); err != nil {
			return fmt.Errorf("index generation %d: %w", generation, err)
		}
		for _, table := range tables {
			if err := script(ctx, tx, "ANALYZE "+name+"."+quoted(table)); err != nil {
				return fmt.Errorf("analyze generation %d: %w", generation, err)
			}
		}
		return nil
	})
}

// errBehind says that a generation may not be switched to yet: readers would go back in time.
var errBehind = errors.New("generation is behind the live one")

// promote makes a generation the live one, in the moment when it is not behind the present one. That one
// is kept as the previous; it waits for as long as this takes.
func (t tenure) promote(ctx context.Context, generation int) error {
	err := t.change(ctx, func(tx pgx.Tx) error {
		present, err := lockLive(ctx, tx, t.version)
		if err != nil {
			return err
		}
		if err := awaitPosition(ctx, tx, generation, present.position); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE control.generations SET state = 'previous', switched_at = now()
			WHERE version = $1 AND state = 'live'`, t.version); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE control.generations SET state = 'live', switched_at = now()
			WHERE id = $1 AND version = $2 AND state IN ('building', 'previous')`, generation, t.version)
		if err == nil && tag.RowsAffected() == 0 {
			err = fmt.Errorf("%w: it is not one that can be switched to", domain.ErrNotFound)
		}
		if err == nil {
			_, err = tx.Exec(ctx, `SELECT pg_notify($1, '')`, generationChannel)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("switch to generation %d: %w", generation, err)
	}
	return nil
}

type present struct {
	generation int // 0: none
	position   domain.Position
}

// lockLive gives the live generation and holds its checkpoint where it is.
func lockLive(ctx context.Context, tx pgx.Tx, version int) (p present, err error) {
	var at position
	err = tx.QueryRow(ctx, `
		SELECT g.id, c.commit_position, c.prepare_position
		FROM control.generations g JOIN control.checkpoints c ON c.generation = g.id
		WHERE g.version = $1 AND g.state = 'live' FOR UPDATE OF c`, version).Scan(&p.generation, &at.commit, &at.prepare)
	p.position = at.domain()
	if errors.Is(err, pgx.ErrNoRows) {
		return present{}, nil
	}
	return p, err
}

// switchPatience bounds how long the live generation stands still for a switch.
const switchPatience = 2 * time.Second

func awaitPosition(ctx context.Context, tx pgx.Tx, generation int, target domain.Position) error {
	deadline := time.NewTimer(switchPatience)
	defer deadline.Stop()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		at, err := readPosition(ctx, tx, generation)
		if err != nil || at.Compare(target) >= 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return errBehind
		case <-ticker.C:
		}
	}
}

// drop removes a generation's tables. It gives up when readers hold them for two seconds; whoever calls
// tries again later.
func (t tenure) drop(ctx context.Context, generation int) error {
	err := t.change(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE control.generations SET state = 'dropped' WHERE id = $1 AND version = $2 AND state <> 'live'`,
			generation, t.version)
		if err == nil && tag.RowsAffected() == 0 {
			err = fmt.Errorf("%w: it is live, or unknown", domain.ErrConflict)
		}
		if err != nil {
			return err
		}
		return script(ctx, tx, fmt.Sprintf(`
			SET LOCAL lock_timeout = '2s';
			DROP SCHEMA IF EXISTS %s CASCADE;
			DELETE FROM control.parked WHERE generation = %[2]d;
			DELETE FROM control.checkpoints WHERE generation = %[2]d`, quoted(schemaName(generation)), generation))
	})
	if err != nil {
		return fmt.Errorf("drop generation %d: %w", generation, err)
	}
	return nil
}

// GenerationInfo is what is recorded about a generation.
type GenerationInfo struct {
	ID         int
	Version    int
	State      string // "building", "live" or "previous"
	CreatedAt  time.Time
	SwitchedAt *time.Time
	Position   domain.Position
	Events     int64
	RecordedAt *time.Time // when the newest applied event was recorded
	AppliedAt  *time.Time
}

// Generations lists the generations of all versions that are not dropped, oldest first.
func (d *Database) Generations(ctx context.Context) ([]GenerationInfo, error) {
	rows, err := d.Pool.Query(ctx, `
		SELECT g.id, g.version, g.state, g.created_at, g.switched_at,
		       c.commit_position, c.prepare_position, c.events, c.recorded_at, c.applied_at
		FROM control.generations g JOIN control.checkpoints c ON c.generation = g.id
		WHERE g.state <> 'dropped' ORDER BY g.id LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("list generations: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g GenerationInfo, err error) {
		var at position
		err = row.Scan(&g.ID, &g.Version, &g.State, &g.CreatedAt, &g.SwitchedAt,
			&at.commit, &at.prepare, &g.Events, &g.RecordedAt, &g.AppliedAt)
		g.Position = at.domain()
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("list generations: %w", err)
	}
	return list, nil
}

// Parked lists the parked streams of a generation.
func (d *Database) Parked(ctx context.Context, generation int) ([]projections.Parking, error) {
	return readParked(ctx, d.Pool, generation)
}
