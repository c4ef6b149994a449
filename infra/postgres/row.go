package postgres

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"effigate/projections"
)

// shape is what the sink knows about a row type: its columns, in order.
type shape struct {
	row     reflect.Type
	columns []column
	times   []int // columns whose instants are cut to what the database stores
	texts   []int // columns whose text the database may refuse
}

// column is one field of a row.
type column struct {
	name  string
	index int
	plain reflect.Type // the type that is sent: the field's without its name, or one that pgx encodes faster
	array string       // PostgreSQL's type of an array of it
}

// sent gives a field as it is sent.
func (c column) sent(row reflect.Value) reflect.Value {
	field := row.Field(c.index)
	if c.plain != sentUUIDType {
		return field.Convert(c.plain)
	}
	if field.Kind() != reflect.Pointer {
		return reflect.ValueOf(pgtype.UUID{Bytes: field.Interface().(uuid.UUID), Valid: true})
	}
	if field.IsNil() {
		return reflect.ValueOf(pgtype.UUID{})
	}
	return reflect.ValueOf(pgtype.UUID{Bytes: *field.Interface().(*uuid.UUID), Valid: true})
}

var (
	uuidType     = reflect.TypeFor[uuid.UUID]()
	sentUUIDType = reflect.TypeFor[pgtype.UUID]() // NULL included; a uuid.UUID would be sent as text
	timeType     = reflect.TypeFor[time.Time]()
	bytesType    = reflect.TypeFor[[]byte]()
)

// plain maps a field's type to the one that is sent and the name of PostgreSQL's array of it.
func plain(field reflect.Type) (reflect.Type, string, bool) {
	switch {
	case field == uuidType:
		return sentUUIDType, "uuid[]", true
	case field == timeType:
		return timeType, "timestamptz[]", true
	case field == bytesType:
		return bytesType, "bytea[]", true
	case field.Kind() == reflect.String:
		return reflect.TypeFor[string](), "text[]", true
	case field.Kind() == reflect.Int, field.Kind() == reflect.Int64:
		return reflect.TypeFor[int64](), "bigint[]", true
	case field.Kind() == reflect.Bool:
		return reflect.TypeFor[bool](), "boolean[]", true
	}
	return nil, "", false
}

// shapeOf reads a row type. A type that is no row is a mistake of its programmer and panics.
func shapeOf(row reflect.Type) shape {
	s := shape{row: row}
	for i := range row.NumField() {
		field := row.Field(i)
		base, nullable := field.Type, field.Type.Kind() == reflect.Pointer
		if nullable {
			base = base.Elem()
		}
		sent, array, ok := plain(base)
		name := field.Tag.Get("db")
		if !ok || name == "" {
			panic(fmt.Sprintf("%s.%s: a column needs a db tag and a type that the sink can store", row, field.Name))
		}
		if nullable && sent != sentUUIDType {
			sent = reflect.PointerTo(sent)
		}
		if base == timeType {
			s.times = append(s.times, i)
		}
		if base.Kind() == reflect.String {
			s.texts = append(s.texts, i)
		}
		s.columns = append(s.columns, column{name: name, index: i, plain: sent, array: array})
	}
	if len(s.columns) == 0 || row.Field(0).Type != uuidType {
		panic(fmt.Sprintf("%s: the first field is the primary key and must be a uuid.UUID", row))
	}
	return s
}

// settle makes a folded row equal to the same row read back, so that rows do not depend on batches: it
// cuts instants to microseconds in UTC, and refuses text that the database would refuse, were the row
// stored now.
func (s shape) settle(row reflect.Value) error {
	for _, index := range s.texts {
		field := row.Field(index)
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if field.IsValid() && !storable(field.String()) {
			return fmt.Errorf("%w: column %s: text that cannot be stored", projections.ErrPoison, s.columns[index].name)
		}
	}
	for _, index := range s.times {
		field := row.Field(index)
		if field.Kind() == reflect.Pointer {
			if !field.IsNil() {
				at := stored(*field.Interface().(*time.Time))
				field.Set(reflect.ValueOf(&at))
			}
			continue
		}
		field.Set(reflect.ValueOf(stored(field.Interface().(time.Time))))
	}
	return nil
}

func storable(text string) bool { return strings.IndexByte(text, 0) < 0 && utf8.ValidString(text) }

func stored(at time.Time) time.Time { return at.UTC().Truncate(time.Microsecond) }

// pointers lists where a scan of all columns puts its values.
func (s shape) pointers(row reflect.Value) []any {
	to := make([]any, len(s.columns))
	for i, c := range s.columns {
		to[i] = row.Field(c.index).Addr().Interface()
	}
	return to
}

// values lists one row for COPY.
func (s shape) values(row reflect.Value) []any {
	values := make([]any, len(s.columns))
	for i, c := range s.columns {
		values[i] = c.sent(row).Interface()
	}
	return values
}

// arrays turns rows into one array per column for unnest.
func (s shape) arrays(rows []reflect.Value) []any {
	arrays := make([]any, len(s.columns))
	for i, c := range s.columns {
		array := reflect.MakeSlice(reflect.SliceOf(c.plain), len(rows), len(rows))
		for n, row := range rows {
			array.Index(n).Set(c.sent(row))
		}
		arrays[i] = array.Interface()
	}
	return arrays
}

// bytes estimates what holding the row in memory costs.
func (s shape) bytes(row reflect.Value) int {
	total := int(s.row.Size()) + 128 // and its place in the cache
	for _, c := range s.columns {
		field := row.Field(c.index)
		if kind := field.Kind(); kind == reflect.String || kind == reflect.Slice {
			total += field.Len()
		} else if kind == reflect.Pointer {
			total += 64
		}
	}
	return total
}

func (s shape) names() []string {
	names := make([]string, len(s.columns))
	for i, c := range s.columns {
		names[i] = c.name
	}
	return names
}

// statements are the texts a table needs, made once per generation.
type statements struct{ read, insert, upsert, remove string }

func (s shape) statements(table string) statements {
	var columns, arrays, updates []string
	for i, c := range s.columns {
		columns = append(columns, quoted(c.name))
		arrays = append(arrays, fmt.Sprintf("$%d::%s", i+1, c.array))
		if i > 0 {
			updates = append(updates, fmt.Sprintf("%[1]s = excluded.%[1]s", quoted(c.name)))
		}
	}
	action := "NOTHING"
	if len(updates) > 0 {
		action = "UPDATE SET " + strings.Join(updates, ", ")
	}
	list := strings.Join(columns, ", ")
	insert := fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM unnest(%s)", table, list, strings.Join(arrays, ", "))
	return statements{
		read:   fmt.Sprintf("SELECT %s FROM %s WHERE %s = ANY($1::uuid[])", list, table, columns[0]),
		insert: insert,
		upsert: fmt.Sprintf("%s ON CONFLICT (%s) DO %s", insert, columns[0], action),
		remove: fmt.Sprintf("DELETE FROM %s WHERE %s = ANY($1::uuid[])", table, columns[0]),
	}
}
