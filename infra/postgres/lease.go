package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/projections"
)

// leaseTime is how long a lease lasts without renewal. It only matters when its holder's session cannot
// be seen to have ended, as after a cut network.
const (
	leaseTime  = 10 * time.Second
	leaseRenew = time.Second
)

// lease is the right to project one version of a read model, held by one session.
type lease struct {
	conn  *pgx.Conn
	name  string
	epoch int64 // grows with every holder; checkpoints carry it
}

// acquire tries to take the lease; false when another holds it.
func acquire(ctx context.Context, conn *pgx.Conn, name, holder string) (lease, bool, error) {
	l := lease{conn: conn, name: name}
	err := conn.QueryRow(ctx, `
		INSERT INTO control.leases AS held (name, holder, epoch, backend_pid, backend_started, expires_at)
		SELECT $1, $2, 1, pid, backend_start, clock_timestamp() + $3::interval
		FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()
		ON CONFLICT (name) DO UPDATE
		SET holder = excluded.holder, epoch = held.epoch + 1, backend_pid = excluded.backend_pid,
		    backend_started = excluded.backend_started, expires_at = excluded.expires_at
		WHERE held.expires_at < clock_timestamp() OR NOT EXISTS (
		    SELECT FROM pg_catalog.pg_stat_activity
		    WHERE pid = held.backend_pid AND backend_start = held.backend_started)
		RETURNING epoch`, name, holder, leaseTime).Scan(&l.epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, false, nil
	}
	if err != nil {
		return l, false, fmt.Errorf("acquire lease %s: %w", name, err)
	}
	return l, true, nil
}

// renew prolongs the lease, or says that it is lost.
func (l lease) renew(ctx context.Context) error {
	tag, err := l.conn.Exec(ctx, `
		UPDATE control.leases SET expires_at = clock_timestamp() + $3::interval
		WHERE name = $1 AND epoch = $2`, l.name, l.epoch, leaseTime)
	if err != nil {
		return fmt.Errorf("renew lease %s: %w", l.name, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: lease %s", projections.ErrFenced, l.name)
	}
	return nil
}

// release lets the next holder in at once.
func (l lease) release(ctx context.Context) error {
	_, err := l.conn.Exec(ctx, `UPDATE control.leases SET expires_at = '-infinity' WHERE name = $1 AND epoch = $2`, l.name, l.epoch)
	return err
}

// held fails the transaction unless the lease is still ours, and keeps it ours until the transaction
// ends.
func held(ctx context.Context, tx pgx.Tx, name string, epoch int64) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM control.leases WHERE name = $1 AND epoch = $2 FOR SHARE`, name, epoch).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%w: lease %s", projections.ErrFenced, name)
	}
	return err
}
