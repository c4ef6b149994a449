package postgres

import (
	"context"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/projections"
)

// Log makes a table with one row per event of ours, in the order of the log, those of parked streams
// included. Entry makes the row; its ordinal counts from 1 without gaps, in every generation alike. Rows
// are only ever added.
func Log[E, R any](table string, entry func(ordinal int64, event domain.Recorded) R) Table[E] {
	return logTable[E, R]{title: table, entry: entry, shape: shapeOf(reflect.TypeFor[R]())}
}

type logTable[E, R any] struct {
	title string
	entry func(int64, domain.Recorded) R
	shape shape
}

func (t logTable[E, R]) name() string { return t.title }

func (t logTable[E, R]) logs() bool { return true }

func (t logTable[E, R]) open(schema string, _ bool) writer[E] {
	target := pgx.Identifier{schema, t.title}
	return &logWriter[E, R]{logTable: t, target: target, sql: t.shape.statements(target.Sanitize())}
}

type logWriter[E, R any] struct {
	logTable[E, R]
	target pgx.Identifier
	sql    statements
	events []domain.Recorded
	before int64
	rows   []R
}

func (w *logWriter[E, R]) begin(batch projections.Batch[E], events int64, _ *pgx.Batch) error {
	if len(batch.Log) != batch.Events {
		return fmt.Errorf("%w: table %s needs an engine that runs WithLog", projections.ErrHalted, w.title)
	}
	w.events, w.before = batch.Log, events
	return nil
}

func (w *logWriter[E, R]) fold() error {
	w.rows = make([]R, len(w.events))
	for i, event := range w.events {
		w.rows[i] = w.entry(w.before+int64(i)+1, event)
		if err := w.shape.settle(w.value(i)); err != nil {
			return fmt.Errorf("table %s: %w", w.name(), err)
		}
	}
	return nil
}

func (w *logWriter[E, R]) value(i int) reflect.Value { return reflect.ValueOf(&w.rows[i]).Elem() }

func (w *logWriter[E, R]) queue(writes *pgx.Batch, bulk bool) {
	if bulk || len(w.rows) == 0 {
		return
	}
	values := make([]reflect.Value, len(w.rows))
	for i := range values {
		values[i] = w.value(i)
	}
	writes.Queue(w.sql.upsert, w.shape.arrays(values)...)
}

func (w *logWriter[E, R]) copy(ctx context.Context, tx pgx.Tx) error {
	source := pgx.CopyFromSlice(len(w.rows), func(i int) ([]any, error) { return w.shape.values(w.value(i)), nil })
	_, err := tx.CopyFrom(ctx, w.target, w.shape.names(), source)
	return err
}

func (w *logWriter[E, R]) settle(bool) { w.events, w.rows = nil, nil }
