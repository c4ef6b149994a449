package postgres

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/projections"
)

// Final makes a table of rows that are written once. A row type that cannot be stored, or whose rows cannot be compared
// as they are stored, panics.
func Final[E any, R comparable](projection projections.Final[E, R]) Table[E] {
	shape := shapeOf(reflect.TypeFor[R]())
	for _, column := range shape.columns {
		if kind := shape.row.Field(column.index).Type.Kind(); kind == reflect.Pointer || len(shape.times) > 0 {
			panic(fmt.Sprintf("%s: a final row holds no pointers and no instants", shape.row))
		}
	}
	return finalTable[E, R]{projection: projection, shape: shape}
}

type finalTable[E any, R comparable] struct {
	projection projections.Final[E, R]
	shape      shape
}

func (t finalTable[E, R]) name() string { return t.projection.Table }

func (t finalTable[E, R]) logs() bool { return false }

func (t finalTable[E, R]) open(schema string, fresh bool) writer[E] {
	target := pgx.Identifier{schema, t.name()}
	return &finalWriter[E, R]{finalTable: t, target: target, sql: t.shape.statements(target.Sanitize())}
}

// finalWriter inserts the rows of a batch that are not there yet. It looks before it writes, and never asks the
// database to resolve a conflict: that would be a change.
type finalWriter[E any, R comparable] struct {
	finalTable[E, R]
	target pgx.Identifier
	sql    statements
	rows   []R
	stored map[uuid.UUID]R
}

func (w *finalWriter[E, R]) key(row R) uuid.UUID {
	return reflect.ValueOf(&row).Elem().Field(0).Interface().(uuid.UUID)
}

func (w *finalWriter[E, R]) begin(batch projections.Batch[E], _ int64, reads *pgx.Batch) error {
	w.rows, w.stored = nil, map[uuid.UUID]R{}
	for _, item := range batch.Items {
		w.rows = append(w.rows, w.projection.Rows(item)...)
	}
	if len(w.rows) == 0 {
		return nil
	}
	keys := make([]uuid.UUID, len(w.rows))
	for i, row := range w.rows {
		keys[i] = w.key(row)
	}
	reads.Queue(w.sql.read, keys).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var row R
			if err := rows.Scan(w.shape.pointers(reflect.ValueOf(&row).Elem())...); err != nil {
				return fmt.Errorf("read %s: %w", w.name(), err)
			}
			w.stored[w.key(row)] = row
		}
		return rows.Err()
	})
	return nil
}

func (w *finalWriter[E, R]) fold() error {
	var added []R
	for _, row := range w.rows {
		if err := w.shape.settle(reflect.ValueOf(&row).Elem()); err != nil {
			return fmt.Errorf("table %s: %w", w.name(), err)
		}
		before, there := w.stored[w.key(row)]
		if there && before != row {
			return fmt.Errorf("%w: %s: the row with key %s is final and would change", projections.ErrPoison, w.name(), w.key(row))
		}
		if !there {
			w.stored[w.key(row)] = row
			added = append(added, row)
		}
	}
	w.rows = added
	return nil
}

func (w *finalWriter[E, R]) queue(writes *pgx.Batch, bulk bool) {
	if bulk || len(w.rows) == 0 {
		return
	}
	values := make([]reflect.Value, len(w.rows))
	for i := range w.rows {
		values[i] = reflect.ValueOf(&w.rows[i]).Elem()
	}
	writes.Queue(w.sql.insert, w.shape.arrays(values)...)
}

func (w *finalWriter[E, R]) copy(ctx context.Context, tx pgx.Tx) error {
	source := pgx.CopyFromSlice(len(w.rows), func(i int) ([]any, error) {
		return w.shape.values(reflect.ValueOf(&w.rows[i]).Elem()), nil
	})
	_, err := tx.CopyFrom(ctx, w.target, w.shape.names(), source)
	return err
}

func (w *finalWriter[E, R]) settle(bool) { w.rows, w.stored = nil, nil }
