// Package projections turns the log into read models: it follows the event store in batches, translates
// events into what one side may hold, and hands each batch to a sink that stores rows and checkpoint
// together.
//
// It may import domain and domain/visible and nothing else of ours; it knows no aggregate, no table and
// no database. The client side gets visible.Change and nothing else out of a Disclosures, so what comes
// after cannot compile against an internal fact. The staff side gets the events themselves.
//
// Surprises: a checkpoint moves on events that nobody projects, or read-your-writes would hang; an event
// that no repetition can cure parks its stream instead of stopping everything; an event of an unknown
// kind stops everything, because skipping it could show what it hides.
package projections

import (
	"reflect"

	"github.com/google/uuid"
)

// Projection folds items into one table of flat rows. Client projections take E = visible.Change, staff
// projections E = domain.Recorded. One item changes at most one row of a table; joins and sums are SQL.
//
// R is a struct whose fields are columns, named by their `db` tags: uuid.UUID, string, int, int64, bool,
// time.Time, []byte, or a pointer to one of them for a column that may be NULL. Its first field is the
// primary key, a uuid.UUID, and holds the key before Evolve sees the row.
type Projection[E, R any] struct {
	// Table is the table's name, without a schema.
	Table string
	// Key names the row that an item changes; false when it changes none. It has no side effect.
	Key func(E) (uuid.UUID, bool)
	// Evolve changes the row, which is the zero row with its key when there is none yet; false deletes it.
	// It has no side effect and may be called again. An item that moves to another client is removed there
	// and put here in either order, so a visible.Remove must leave a row of another client alone.
	Evolve func(R, E) (R, bool)
}

// Fold runs the projection in memory and gives the rows that the items lead to, by primary key.
func (p Projection[E, R]) Fold(items []E) map[uuid.UUID]R {
	rows := map[uuid.UUID]R{}
	for _, item := range items {
		key, concerns := p.Key(item)
		if !concerns {
			continue
		}
		row, known := rows[key]
		if !known {
			reflect.ValueOf(&row).Elem().Field(0).Set(reflect.ValueOf(key))
		}
		if row, kept := p.Evolve(row, item); kept {
			rows[key] = row
		} else {
			delete(rows, key)
		}
	}
	return rows
}

// Final projects items into a table of rows that are written once: nothing changes or deletes them, whoever it is. One
// item may make many of them. A row that comes again must be as it was; one with other content is poison (ErrPoison).
type Final[E any, R comparable] struct {
	// Table is the table's name, without a schema. Its schema refuses changes by a trigger.
	Table string
	// Rows gives the rows that an item makes: structs as those of a Projection, without pointers and times, so that
	// equal ones are ==. It has no side effect.
	Rows func(E) []R
}
