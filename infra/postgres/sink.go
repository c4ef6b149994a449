package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/projections"
)

// Model is one side's read model: what a generation of it consists of.
type Model[E any] struct {
	// Version is raised with every change of Schema, Tables or what fills them. Code serves only its own.
	Version int
	// Schema creates the tables, their primary keys, policies and views; Indexes the rest, after a replay.
	// Both name tables without a schema.
	Schema, Indexes string
	Tables          []Table[E]
	// Translator makes the translator of one generation.
	Translator func() projections.Translator[E]
	// Notice names what an item changes, for open pages; nil: nothing is announced.
	Notice func(E) (projections.Notice, bool)
}

// withLog reports whether one of the tables is a Log.
func (m Model[E]) withLog() bool {
	return slices.ContainsFunc(m.Tables, func(table Table[E]) bool { return table.logs() })
}

// tables lists the names of the tables.
func (m Model[E]) tables() []string {
	names := make([]string, len(m.Tables))
	for i, table := range m.Tables {
		names[i] = table.name()
	}
	return names
}

// sink stores the batches of one generation, for as long as the lease's epoch is the checkpoint's.
type sink[E any] struct {
	pool       *pgxpool.Pool
	model      Model[E]
	generation int
	epoch      int64
	batches    int64 // stored so far
	events     int64
	writers    []writer[E]
	bulk       bool // a replay that nobody reads: new rows by COPY, flushed later
	noticed    int  // batches with notices since the last pruning
}

// errFencedCode is what control.advance raises.
const errFencedCode = "EF001"

// openSink takes a generation over and gives its sink and checkpoint. It fails when a later epoch has
// taken it, or when the checkpoint belongs to another event store.
func openSink[E any](ctx context.Context, pool *pgxpool.Pool, model Model[E], generation int, epoch int64, store uuid.UUID) (*sink[E], projections.Checkpoint, error) {
	s := &sink[E]{pool: pool, model: model, generation: generation, epoch: epoch}
	var at position
	var owner uuid.UUID
	var none projections.Checkpoint
	err := pool.QueryRow(ctx, `
		UPDATE control.checkpoints SET epoch = $2, store_id = coalesce(store_id, $3)
		WHERE generation = $1 AND epoch <= $2
		RETURNING store_id, commit_position, prepare_position, events, batches`,
		generation, epoch, store).Scan(&owner, &at.commit, &at.prepare, &s.events, &s.batches)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, none, fmt.Errorf("%w: generation %d", projections.ErrFenced, generation)
	}
	if err != nil {
		return nil, none, fmt.Errorf("take generation %d over: %w", generation, err)
	}
	if owner != store {
		return nil, none, fmt.Errorf("%w: generation %d was projected from event store %s, and this is %s: rebuild it, or connect the right one",
			projections.ErrHalted, generation, owner, store)
	}
	parked, err := readParked(ctx, pool, generation)
	if err != nil {
		return nil, none, err
	}
	for _, table := range model.Tables {
		s.writers = append(s.writers, table.open(schemaName(generation), s.batches == 0))
	}
	return s, projections.Checkpoint{Position: at.domain(), Events: s.events, Parked: parked}, nil
}

// Apply stores a batch in one transaction: the checkpoint, the rows of every table, parkings and notices.
func (s *sink[E]) Apply(ctx context.Context, batch projections.Batch[E]) error {
	err := s.apply(ctx, batch)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case refused.Code == errFencedCode:
			err = s.repeated(ctx)
		case isDataError(refused.Code):
			err = fmt.Errorf("%w: %w", projections.ErrPoison, err)
		}
	}
	for _, w := range s.writers {
		w.settle(err == nil)
	}
	if err != nil {
		return fmt.Errorf("generation %d: %w", s.generation, err)
	}
	s.batches++
	s.events += int64(batch.Events)
	return nil
}

// isDataError tells errors that the same values will meet again: they do not fit, break a constraint, or
// exceed what an index can hold.
func isDataError(code string) bool {
	return slices.Contains([]string{"21", "22", "23", "54"}, code[:min(2, len(code))])
}

// repeated decides what a refused move of the checkpoint means: that the batch was stored by an earlier
// try whose answer was lost, or that another projector has taken over.
func (s *sink[E]) repeated(ctx context.Context) error {
	var epoch, batches int64
	err := s.pool.QueryRow(ctx, `SELECT epoch, batches FROM control.checkpoints WHERE generation = $1`, s.generation).Scan(&epoch, &batches)
	switch {
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return err
	case err == nil && epoch == s.epoch && batches == s.batches+1:
		return nil
	}
	return projections.ErrFenced
}

func (s *sink[E]) apply(ctx context.Context, batch projections.Batch[E]) error {
	reads := &pgx.Batch{}
	for _, w := range s.writers {
		if err := w.begin(batch, s.events, reads); err != nil {
			return err
		}
	}
	// Reading outside of the transaction is sound: only the holder of the lease writes, and if that is no
	// longer us, the fence refuses the rows.
	if reads.Len() > 0 {
		if err := s.pool.SendBatch(ctx, reads).Close(); err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
	}
	for _, w := range s.writers {
		if err := w.fold(); err != nil {
			return err
		}
	}
	writes, err := s.writes(batch)
	if err != nil {
		return err
	}
	if s.bulk {
		return s.copy(ctx, writes)
	}
	// A pipelined batch is one implicit transaction and one round trip.
	return s.pool.SendBatch(ctx, writes).Close()
}

// writes queues the statements of a batch, the fence first.
func (s *sink[E]) writes(batch projections.Batch[E]) (*pgx.Batch, error) {
	at, err := store(batch.Through)
	if err != nil {
		return nil, err
	}
	writes := &pgx.Batch{}
	writes.Queue(`SELECT control.advance($1, $2, $3, $4, $5, $6, nullif($7::timestamptz, '0001-01-01 00:00:00Z'))`,
		s.generation, s.epoch, s.batches, at.commit, at.prepare, batch.Events, batch.LastRecordedAt)
	for _, w := range s.writers {
		w.queue(writes, s.bulk)
	}
	if parking := batch.Park; parking != nil {
		at, err := store(parking.Position)
		if err != nil {
			return nil, err
		}
		writes.Queue(`
			INSERT INTO control.parked (generation, stream, revision, commit_position, prepare_position, cause, since)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			s.generation, parking.Stream, parking.Revision, at.commit, at.prepare, text(parking.Cause), parking.Since)
	}
	if batch.Unpark != "" {
		writes.Queue(`DELETE FROM control.parked WHERE generation = $1 AND stream = $2`, s.generation, batch.Unpark)
	}
	s.notices(writes, batch.Items)
	return writes, nil
}

// text makes a string storable: the cause of a parking may quote the very bytes that were refused.
func text(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\\0"), "\uFFFD")
}

// copy stores a batch of a replay: the statements and then the new rows. Nobody depends on it before the
// generation is switched to, which is flushed, so this is not.
func (s *sink[E]) copy(ctx context.Context, writes *pgx.Batch) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return err
		}
		if err := tx.SendBatch(ctx, writes).Close(); err != nil {
			return err
		}
		for _, w := range s.writers {
			if err := w.copy(ctx, tx); err != nil {
				return fmt.Errorf("copy into %s: %w", w.name(), err)
			}
		}
		return nil
	})
}

// How many notices are kept per version, and how often the rest is pruned, in batches. The newest one of
// each client stays, or a quiet client would notice that others are not.
const (
	keptNotices = 20_000
	pruneEvery  = 64
)

// notices announces what the items change, each thing once, if this is the live generation.
func (s *sink[E]) notices(writes *pgx.Batch, items []E) {
	if s.model.Notice == nil || s.bulk {
		return
	}
	type name struct {
		client, key uuid.UUID
		kind        string
	}
	last := map[name]int{}
	var clients, keys []uuid.UUID
	var kinds []string
	var removed []bool
	for _, item := range items {
		notice, ok := s.model.Notice(item)
		if !ok {
			continue
		}
		thing := name{client: notice.Client, key: notice.Key, kind: notice.Kind}
		if i, known := last[thing]; known {
			removed[i] = notice.Removed
			continue
		}
		last[thing] = len(keys)
		clients, keys = append(clients, notice.Client), append(keys, notice.Key)
		kinds, removed = append(kinds, notice.Kind), append(removed, notice.Removed)
	}
	if len(keys) == 0 {
		return
	}
	writes.Queue(`
		INSERT INTO control.changes (version, client, kind, key, removed)
		SELECT $1, n.* FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::boolean[]) AS n
		WHERE EXISTS (SELECT FROM control.generations WHERE id = $2 AND state = 'live')`,
		s.model.Version, s.generation, clients, kinds, keys, removed)
	writes.Queue(`SELECT pg_notify($1, '')`, changeChannel)
	if s.noticed++; s.noticed%pruneEvery == 0 {
		writes.Queue(`
			DELETE FROM control.changes AS old WHERE version = $1 AND id < (
			    SELECT id FROM control.changes WHERE version = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)
			  AND EXISTS (
			    SELECT FROM control.changes WHERE version = $1 AND client = old.client AND id > old.id)`,
			s.model.Version, keptNotices)
	}
}

func readParked(ctx context.Context, pool *pgxpool.Pool, generation int) ([]projections.Parking, error) {
	rows, err := pool.Query(ctx, `
		SELECT stream, revision, commit_position, prepare_position, cause, since
		FROM control.parked WHERE generation = $1 ORDER BY stream`, generation)
	if err != nil {
		return nil, fmt.Errorf("read parked streams: %w", err)
	}
	parked, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p projections.Parking, err error) {
		var at position
		err = row.Scan(&p.Stream, &p.Revision, &at.commit, &at.prepare, &p.Cause, &p.Since)
		p.Position = at.domain()
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read parked streams: %w", err)
	}
	return parked, nil
}

// readPosition gives a generation's stored checkpoint.
func readPosition(ctx context.Context, from interface {
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}, generation int,
) (domain.Position, error) {
	var at position
	err := from.QueryRow(ctx, `SELECT commit_position, prepare_position FROM control.checkpoints WHERE generation = $1`,
		generation).Scan(&at.commit, &at.prepare)
	return at.domain(), err
}
