package postgres

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/projections"
)

// Table is one table of a read model and what fills it. Make it with Rows or Log.
type Table[E any] interface {
	name() string
	// logs says that the table takes Batch.Log.
	logs() bool
	// open gives the writer of one generation. A fresh one is known to be empty.
	open(schema string, fresh bool) writer[E]
}

// writer stores one table's part of batches. The sink calls begin, fold, queue and settle in this order
// for each batch.
type writer[E any] interface {
	name() string
	// begin takes a batch and queues the reading of rows that it needs and nobody remembers.
	begin(batch projections.Batch[E], events int64, reads *pgx.Batch) error
	// fold changes the rows in memory.
	fold() error
	// queue adds what stores them. With bulk set it leaves new rows to copy.
	queue(writes *pgx.Batch, bulk bool)
	// copy adds the rows that queue left.
	copy(ctx context.Context, tx pgx.Tx) error
	// settle ends the batch: what was folded is now stored, or nobody knows.
	settle(stored bool)
}

// rowBytes bounds the rows that one table of one generation keeps in memory, in estimated bytes.
const rowBytes = 16 << 20

// Rows makes a table of a projection. A row type that cannot be stored panics.
func Rows[E, R any](projection projections.Projection[E, R]) Table[E] {
	return rowTable[E, R]{projection: projection, shape: shapeOf(reflect.TypeFor[R]())}
}

type rowTable[E, R any] struct {
	projection projections.Projection[E, R]
	shape      shape
}

func (t rowTable[E, R]) name() string { return t.projection.Table }

func (t rowTable[E, R]) logs() bool { return false }

func (t rowTable[E, R]) open(schema string, fresh bool) writer[E] {
	target := pgx.Identifier{schema, t.name()}
	return &rowWriter[E, R]{
		rowTable: t, target: target, sql: t.shape.statements(target.Sanitize()),
		held: projections.NewCache[uuid.UUID, R](rowBytes), complete: fresh,
	}
}

// rowWriter folds a batch's items into rows: it reads each missing row once and writes each changed row
// once, however many items there are.
type rowWriter[E, R any] struct {
	rowTable[E, R]
	target   pgx.Identifier
	sql      statements
	held     *projections.Cache[uuid.UUID, R]
	complete bool // held has every row there is, unless it evicted some
	items    []E
	touched  map[uuid.UUID]*touched[R]
	order    []*touched[R] // touched, in order of first use
}

// touched is a row on its way through a batch.
type touched[R any] struct {
	key    uuid.UUID
	row    R
	stored bool // is in the table
	alive  bool // is to be in it
}

func (w *rowWriter[E, R]) begin(batch projections.Batch[E], _ int64, reads *pgx.Batch) error {
	w.items, w.touched, w.order = batch.Items, map[uuid.UUID]*touched[R]{}, nil
	var missing []uuid.UUID
	for _, item := range batch.Items {
		key, ok := w.projection.Key(item)
		if !ok || w.touched[key] != nil {
			continue
		}
		t := &touched[R]{key: key}
		w.touched[key] = t
		w.order = append(w.order, t)
		if row, ok := w.held.Get(key); ok {
			t.row, t.stored, t.alive = row, true, true
		} else if !w.complete || w.held.Evicted() {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		reads.Queue(w.sql.read, missing).Query(w.load)
	}
	return nil
}

func (w *rowWriter[E, R]) load(rows pgx.Rows) error {
	for rows.Next() {
		var row R
		value := reflect.ValueOf(&row).Elem()
		if err := rows.Scan(w.shape.pointers(value)...); err != nil {
			return fmt.Errorf("read %s: %w", w.name(), err)
		}
		if t := w.touched[value.Field(0).Interface().(uuid.UUID)]; t != nil {
			t.row, t.stored, t.alive = row, true, true
		}
	}
	return rows.Err()
}

func (w *rowWriter[E, R]) fold() error {
	for _, item := range w.items {
		key, ok := w.projection.Key(item)
		if !ok {
			continue
		}
		t := w.touched[key]
		if !t.alive {
			var empty R
			t.row = empty
			reflect.ValueOf(&t.row).Elem().Field(0).Set(reflect.ValueOf(key))
		}
		t.row, t.alive = w.projection.Evolve(t.row, item)
		value := reflect.ValueOf(&t.row).Elem()
		if t.alive && value.Field(0).Interface().(uuid.UUID) != key {
			return fmt.Errorf("%w: %s: the row with key %s got another key", projections.ErrPoison, w.name(), key)
		}
		if err := w.shape.settle(value); err != nil {
			return fmt.Errorf("table %s: %w", w.name(), err)
		}
	}
	return nil
}

func (w *rowWriter[E, R]) queue(writes *pgx.Batch, bulk bool) {
	var upserts []reflect.Value
	var removals []uuid.UUID
	for _, t := range w.order {
		switch {
		case t.alive && (t.stored || !bulk):
			upserts = append(upserts, reflect.ValueOf(&t.row).Elem())
		case !t.alive && t.stored:
			removals = append(removals, t.key)
		}
	}
	if len(upserts) > 0 {
		writes.Queue(w.sql.upsert, w.shape.arrays(upserts)...)
	}
	if len(removals) > 0 {
		writes.Queue(w.sql.remove, removals)
	}
}

func (w *rowWriter[E, R]) copy(ctx context.Context, tx pgx.Tx) error {
	next := 0
	source := pgx.CopyFromFunc(func() ([]any, error) {
		for ; next < len(w.order); next++ {
			if t := w.order[next]; t.alive && !t.stored {
				next++
				return w.shape.values(reflect.ValueOf(&t.row).Elem()), nil
			}
		}
		return nil, nil
	})
	_, err := tx.CopyFrom(ctx, w.target, w.shape.names(), source)
	return err
}

func (w *rowWriter[E, R]) settle(stored bool) {
	if !stored {
		w.held, w.complete = projections.NewCache[uuid.UUID, R](rowBytes), false
	}
	for _, t := range w.order {
		switch {
		case !stored:
		case t.alive:
			w.held.Put(t.key, t.row, w.shape.bytes(reflect.ValueOf(&t.row).Elem()))
		default:
			w.held.Remove(t.key)
		}
	}
	w.items, w.touched, w.order = nil, nil, nil
}
