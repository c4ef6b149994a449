package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"effigate/domain"
	"effigate/projections"
)

// comparePatience bounds how long a comparison waits for a live generation that is behind.
const comparePatience = 30 * time.Second

// compare holds the live generation still in a snapshot, brings the new one exactly to the snapshot's
// position, and compares table by table: the number of rows and a hash of the multiset of rows.
func compare(ctx context.Context, d *Database, liveID, newID int, tables []string, engine interface {
	RunTo(ctx context.Context, target domain.Position) error
	Status() projections.Status
},
) ([]projections.Difference, domain.Position, error) {
	snapshot, at, err := snapshotAt(ctx, d, liveID, engine.Status().Position)
	if err != nil {
		return nil, at, fmt.Errorf("snapshot of generation %d: %w", liveID, err)
	}
	defer func() { _ = snapshot.Rollback(context.WithoutCancel(ctx)) }()
	if err := engine.RunTo(ctx, at); err != nil {
		return nil, at, fmt.Errorf("bring generation %d to the position of %d: %w", newID, liveID, err)
	}
	var before, after []digest
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		before, err = digests(within, snapshot, liveID, tables)
		return err
	})
	group.Go(func() error {
		return pgx.BeginFunc(within, d.Pool, func(tx pgx.Tx) (err error) {
			after, err = digests(within, tx, newID, tables)
			return err
		})
	})
	if err := group.Wait(); err != nil {
		return nil, at, err
	}
	differences := make([]projections.Difference, len(tables))
	for i, table := range tables {
		differences[i] = projections.Difference{Table: table, LiveRows: before[i].rows, NewRows: after[i].rows, Equal: before[i] == after[i]}
	}
	return differences, at, nil
}

// snapshotAt opens a snapshot in which the generation stands at or behind no less than the position.
func snapshotAt(ctx context.Context, d *Database, generation int, least domain.Position) (pgx.Tx, domain.Position, error) {
	ctxWait, cancel := context.WithTimeout(ctx, comparePatience)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		tx, err := d.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return nil, domain.Position{}, err
		}
		at, err := readPosition(ctx, tx, generation)
		if err == nil && at.Compare(least) >= 0 {
			return tx, at, nil
		}
		if rollback := tx.Rollback(ctx); err == nil {
			err = rollback
		}
		if err != nil {
			return nil, at, err
		}
		select {
		case <-ctxWait.Done():
			return nil, at, fmt.Errorf("it stands at %d and does not reach %d", at.Commit, least.Commit)
		case <-ticker.C:
		}
	}
}

// digest is what two tables with the same rows, in whatever order, have in common.
type digest struct {
	rows        int64
	first, next string // sums of two independent 64-bit hashes of each row
}

func digests(ctx context.Context, tx pgx.Tx, generation int, tables []string) ([]digest, error) {
	all := make([]digest, len(tables))
	for i, table := range tables {
		if err := all[i].read(ctx, tx, pgx.Identifier{schemaName(generation), table}.Sanitize()); err != nil {
			return nil, fmt.Errorf("hash %s of generation %d: %w", table, generation, err)
		}
	}
	return all, nil
}

// read hashes the rows as records, column by column: as text it would take six times as long. Generated
// columns follow from the others, and not all of their types can be hashed.
func (d *digest) read(ctx context.Context, tx pgx.Tx, table string) error {
	var columns string
	err := tx.QueryRow(ctx, `
		SELECT string_agg('t.' || quote_ident(attname), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute
		WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table).Scan(&columns)
	if err != nil {
		return err
	}
	return tx.QueryRow(ctx, fmt.Sprintf(`
		SELECT count(*), coalesce(sum(hash_record_extended(ROW(%[1]s), 0)), 0)::text,
		       coalesce(sum(hash_record_extended(ROW(%[1]s), 1)), 0)::text
		FROM %[2]s AS t`, columns, table)).
		Scan(&d.rows, &d.first, &d.next)
}
