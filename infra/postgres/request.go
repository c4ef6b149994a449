package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/projections"
)

// RequestKind says what a projector is asked to do.
type RequestKind string

// The kinds of request.
const (
	// Rebuild builds a new generation, compares it with the live one and switches to it. With the argument
	// Unverified it switches whatever the live one holds, which is the way out when that one is damaged.
	Rebuild RequestKind = "rebuild"
	// Verify builds a generation, compares it with the live one and drops it. It succeeds whether they
	// differ or not; the progress has the differences.
	Verify RequestKind = "verify"
	// Switch makes the generation whose number is the argument the live one.
	Switch RequestKind = "switch"
	// Rollback makes the previous generation the live one.
	Rollback RequestKind = "rollback"
	// Unpark takes the stream named by the argument back.
	Unpark RequestKind = "unpark"
)

// Unverified is the argument of a Rebuild that does not compare.
const Unverified = "unverified"

// The states of a request.
const (
	requestRequested = "requested"
	requestRunning   = "running"
	RequestDone      = "done"
	RequestFailed    = "failed"
)

// Request is what a projector was asked to do, and how far it is.
type Request struct {
	ID          uuid.UUID
	Version     int // of the read model
	Kind        RequestKind
	Argument    string
	State       string // "requested", "running", RequestDone or RequestFailed
	Attempts    int
	Progress    projections.Progress
	Error       string
	RequestedAt time.Time
	StartedAt   *time.Time
	FinishedAt  *time.Time
}

// Ended reports whether nothing more will happen.
func (r Request) Ended() bool { return r.State == RequestDone || r.State == RequestFailed }

// Ask leaves a request for the projector of a version. The same id again changes nothing.
func (d *Database) Ask(ctx context.Context, id uuid.UUID, version int, kind RequestKind, argument string) error {
	return pgx.BeginFunc(ctx, d.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO control.requests (id, version, kind, argument) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO NOTHING`, id, version, string(kind), argument)
		if err == nil {
			_, err = tx.Exec(ctx, `SELECT pg_notify($1, '')`, requestChannel)
		}
		if err != nil {
			return fmt.Errorf("ask for %s: %w", kind, err)
		}
		return nil
	})
}

const requestColumns = `id, version, kind, argument, state, attempts, progress, error, requested_at, started_at, finished_at`

func scanRequest(row pgx.CollectableRow) (r Request, err error) {
	var progress []byte
	err = row.Scan(&r.ID, &r.Version, &r.Kind, &r.Argument, &r.State, &r.Attempts, &progress, &r.Error,
		&r.RequestedAt, &r.StartedAt, &r.FinishedAt)
	if err == nil {
		err = json.Unmarshal(progress, &r.Progress)
	}
	return r, err
}

// Request gives a request, or domain.ErrNotFound.
func (d *Database) Request(ctx context.Context, id uuid.UUID) (Request, error) {
	return d.oneRequest(ctx, `SELECT `+requestColumns+` FROM control.requests WHERE id = $1`, id)
}

func (d *Database) oneRequest(ctx context.Context, query string, arguments ...any) (Request, error) {
	rows, err := d.Pool.Query(ctx, query, arguments...)
	if err != nil {
		return Request{}, fmt.Errorf("read request: %w", err)
	}
	request, err := pgx.CollectExactlyOneRow(rows, scanRequest)
	if errors.Is(err, pgx.ErrNoRows) {
		return Request{}, fmt.Errorf("%w: no such request", domain.ErrNotFound)
	}
	if err != nil {
		return Request{}, fmt.Errorf("read request: %w", err)
	}
	return request, nil
}

// maxAttempts is how often a request is begun whose projector died on the way.
const maxAttempts = 3

// requeue lets requests begin anew whose projector died, and fails those that it died of too often.
func (d *Database) requeue(ctx context.Context, version int) error {
	_, err := d.Pool.Exec(ctx, `
		UPDATE control.requests
		SET state = CASE WHEN attempts < $2 THEN 'requested' ELSE 'failed' END,
		    error = CASE WHEN attempts < $2 THEN error ELSE 'the projector stopped during it, ' || attempts || ' times' END,
		    finished_at = CASE WHEN attempts < $2 THEN NULL ELSE now() END
		WHERE version = $1 AND state = 'running'`, version, maxAttempts)
	if err != nil {
		return fmt.Errorf("requeue requests: %w", err)
	}
	return nil
}

// claim begins the oldest waiting request; false when none waits. Only the holder of the lease calls it.
func (d *Database) claim(ctx context.Context, version int) (Request, bool, error) {
	request, err := d.oneRequest(ctx, `
		UPDATE control.requests SET state = 'running', attempts = attempts + 1, started_at = now()
		WHERE id = (SELECT id FROM control.requests WHERE version = $1 AND state = 'requested' ORDER BY requested_at, id LIMIT 1)
		RETURNING `+requestColumns, version)
	if errors.Is(err, domain.ErrNotFound) {
		return request, false, nil
	}
	return request, err == nil, err
}

func (d *Database) progress(ctx context.Context, id uuid.UUID, progress projections.Progress) error {
	text, err := json.Marshal(progress)
	if err == nil {
		_, err = d.Pool.Exec(ctx, `UPDATE control.requests SET progress = $2 WHERE id = $1`, id, text)
	}
	return err
}

// end closes a request with its outcome.
func (d *Database) end(ctx context.Context, id uuid.UUID, outcome error) error {
	state, message := RequestDone, ""
	if outcome != nil {
		state, message = RequestFailed, text(outcome.Error())
		if d.Side == ClientSide { // No event may be quoted in this database, not even a bad one.
			message = projections.Discreet(outcome)
		}
	}
	_, err := d.Pool.Exec(ctx, `UPDATE control.requests SET state = $2, error = $3, finished_at = now() WHERE id = $1`, id, state, message)
	if err == nil {
		_, err = d.Pool.Exec(ctx, `DELETE FROM control.requests WHERE finished_at < now() - interval '90 days'`)
	}
	if err != nil {
		return fmt.Errorf("close request: %w", err)
	}
	return nil
}
