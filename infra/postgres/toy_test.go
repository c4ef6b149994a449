package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/projections"
	toy "effigate/projections/projectionstest"
)

// The toy's read model on the client side.
const clientSchema = `
	CREATE TABLE toys (id uuid PRIMARY KEY, client uuid NOT NULL, name text NOT NULL);
	ALTER TABLE toys ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own_client ON toys FOR SELECT
	    USING (client = nullif(current_setting('effigate.client', true), '')::uuid);
	CREATE TABLE births (id uuid PRIMARY KEY, client uuid NOT NULL, part bigint NOT NULL);
	ALTER TABLE births ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own_client ON births FOR SELECT
	    USING (client = nullif(current_setting('effigate.client', true), '')::uuid);` + refusals

// refusals are what a schema refuses changes of a final table with.
const refusals = `
	CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
	BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'restrict_violation'; END $$;
	CREATE TRIGGER final_rows BEFORE UPDATE OR DELETE ON births FOR EACH ROW EXECUTE FUNCTION refuse_change();
	CREATE TRIGGER final_table BEFORE TRUNCATE ON births FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
	ALTER TABLE births ENABLE ALWAYS TRIGGER final_rows, ENABLE ALWAYS TRIGGER final_table;`

type toyRow struct {
	ID     uuid.UUID `db:"id"`
	Client uuid.UUID `db:"client"`
	Name   string    `db:"name"`
}

func shownToys() projections.Projection[visible.Change, toyRow] {
	return projections.Projection[visible.Change, toyRow]{
		Table: "toys",
		Key:   func(change visible.Change) (uuid.UUID, bool) { return change.Key().ID, true },
		Evolve: func(row toyRow, change visible.Change) (toyRow, bool) {
			put, ok := change.(visible.Put)
			if !ok {
				return row, row.Client != change.Key().Client && row.Client != uuid.Nil
			}
			record := put.Record.(visible.Category)
			return toyRow{ID: record.ID, Client: record.Client, Name: record.Name}, true
		},
	}
}

// birthRow is a row of births: a toy that was ever shown, or opened. It never changes.
type birthRow struct {
	ID     uuid.UUID `db:"id"`
	Client uuid.UUID `db:"client"`
	Part   int       `db:"part"`
}

func shownBirths() projections.Final[visible.Change, birthRow] {
	return projections.Final[visible.Change, birthRow]{Table: "births", Rows: func(change visible.Change) []birthRow {
		if _, ok := change.(visible.Put); !ok {
			return nil
		}
		return []birthRow{{ID: change.Key().ID, Client: change.Key().Client}}
	}}
}

func staffBirths() projections.Final[domain.Recorded, birthRow] {
	return projections.Final[domain.Recorded, birthRow]{Table: "births", Rows: func(event domain.Recorded) []birthRow {
		e, ok := event.Event.(toy.Opened)
		if !ok {
			return nil
		}
		return []birthRow{{ID: domain.Derive(e.ID, "first"), Client: e.Client, Part: 1}, {ID: domain.Derive(e.ID, "second"), Client: e.Client, Part: 2}}
	}}
}

func clientModel(log *toy.Log) postgres.Model[visible.Change] {
	return postgres.Model[visible.Change]{
		Version: 1,
		Schema:  clientSchema,
		Indexes: `CREATE INDEX toys_client ON toys (client, name);`,
		Tables:  []postgres.Table[visible.Change]{postgres.Rows(shownToys()), postgres.Final(shownBirths())},
		Translator: func() projections.Translator[visible.Change] {
			return projections.NewDisclosures(log, 0, projections.Disclose("toy", toy.Disclose))
		},
		Notice: projections.NoticeOfChange,
	}
}

// The toy's read model on the staff side: every type of column, and the log.
const staffSchema = `
	CREATE TABLE toys (
	    id uuid PRIMARY KEY, client uuid, name text NOT NULL, names bigint NOT NULL, notes bigint NOT NULL,
	    shown boolean NOT NULL, since timestamptz NOT NULL, named_at timestamptz, last_note text, digest bytea);
	CREATE TABLE log (id uuid PRIMARY KEY, ordinal bigint NOT NULL, stream text NOT NULL, revision bigint NOT NULL, recorded_at timestamptz NOT NULL);
	CREATE TABLE births (id uuid PRIMARY KEY, client uuid NOT NULL, part bigint NOT NULL);` + refusals

type staffRow struct {
	ID       uuid.UUID  `db:"id"`
	Client   *uuid.UUID `db:"client"`
	Name     string     `db:"name"`
	Names    int        `db:"names"`
	Notes    int64      `db:"notes"`
	Shown    bool       `db:"shown"`
	Since    time.Time  `db:"since"`
	NamedAt  *time.Time `db:"named_at"`
	LastNote *string    `db:"last_note"`
	Digest   []byte     `db:"digest"`
}

type logRow struct {
	ID         uuid.UUID `db:"id"`
	Ordinal    int64     `db:"ordinal"`
	Stream     string    `db:"stream"`
	Revision   int64     `db:"revision"`
	RecordedAt time.Time `db:"recorded_at"`
}

func staffToys() projections.Projection[domain.Recorded, staffRow] {
	return projections.Projection[domain.Recorded, staffRow]{
		Table: "toys",
		Key: func(event domain.Recorded) (uuid.UUID, bool) {
			notice, ok := projections.NoticeOfEvent(event)
			return notice.Key, ok && notice.Kind == "toy"
		},
		Evolve: func(row staffRow, event domain.Recorded) (staffRow, bool) {
			row.Notes += int64(row.Since.Nanosecond() % 1000) // Adds nothing to a row as it is stored.
			if row.Since.IsZero() {
				row.Since = event.RecordedAt.Add(123 * time.Nanosecond) // Finer than the database.
			}
			row.Digest = append([]byte{byte(len(row.Digest))}, row.Digest[:min(len(row.Digest), 3)]...)
			switch e := event.Event.(type) {
			case toy.Opened:
				row.Client = &e.Client
			case toy.Named:
				at := event.RecordedAt.Add(456 * time.Nanosecond)
				row.Name, row.Names, row.NamedAt = e.Name, row.Names+1, &at
			case toy.Noted:
				row.Notes, row.LastNote = row.Notes+1, &e.Text
			case toy.Shown:
				row.Shown = true
			case toy.Hidden:
				return row, false
			case toy.Cursed:
				panic("cursed")
			}
			return row, true
		},
	}
}

func staffModel(log *toy.Log) postgres.Model[domain.Recorded] {
	return postgres.Model[domain.Recorded]{
		Version: 1,
		Schema:  staffSchema,
		Indexes: `CREATE UNIQUE INDEX log_ordinal ON log (ordinal);`,
		Tables: []postgres.Table[domain.Recorded]{
			postgres.Rows(staffToys()),
			postgres.Final(staffBirths()),
			postgres.Log[domain.Recorded]("log", func(ordinal int64, event domain.Recorded) logRow {
				return logRow{ID: event.ID, Ordinal: ordinal, Stream: event.Stream, Revision: event.Revision, RecordedAt: event.RecordedAt}
			}),
		},
		Translator: func() projections.Translator[domain.Recorded] { return projections.NewFacts(log) },
		Notice:     projections.NoticeOfEvent,
	}
}

// open gives a migrated database of a side and how to read it.
func open(t *testing.T, side postgres.Side) (*postgres.Database, postgres.Access) {
	t.Helper()
	access := postgrestest.Database(t, side)
	database, err := postgres.Open(t.Context(), access.Owner, side)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	return database, access
}

// run starts a projector and stops it when the test ends.
func run[E any](t *testing.T, options postgres.ProjectorOptions[E]) (projector *postgres.Projector[E], stop func()) {
	t.Helper()
	options.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	projector = postgres.NewProjector(options)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- projector.Run(ctx) }()
	stopped := false
	stop = func() {
		if cancel(); !stopped {
			stopped = true
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("projector ended with %v", err)
			}
		}
	}
	t.Cleanup(stop)
	return projector, stop
}

// eventually polls until the condition holds: what it waits for happens in another process.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// liveGeneration gives the live generation, waiting until there is one at or behind the position.
func liveGeneration(t *testing.T, database *postgres.Database, at domain.Position) (live postgres.GenerationInfo) {
	t.Helper()
	eventually(t, fmt.Sprintf("live generation at %d", at.Commit), func() bool {
		generations, err := database.Generations(t.Context())
		for _, g := range generations {
			if g.State == "live" {
				live = g
			}
		}
		return err == nil && live.ID != 0 && live.Position.Compare(at) >= 0
	})
	return live
}

// rows gives a table of a generation as text, in order.
func rows(t *testing.T, database *postgres.Database, generation int, table string) []string {
	t.Helper()
	name := pgx.Identifier{fmt.Sprintf("gen_%d", generation), table}.Sanitize()
	result, err := database.Pool.Query(t.Context(), "SELECT x::text FROM "+name+" AS x ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(result, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// carryOut leaves a request and waits for its end.
func carryOut(t *testing.T, database *postgres.Database, kind postgres.RequestKind, argument string) (request postgres.Request) {
	t.Helper()
	id := uuid.New() //nolint:forbidigo // only has to differ from the others
	if err := database.Ask(t.Context(), id, 1, kind, argument); err != nil {
		t.Fatal(err)
	}
	eventually(t, string(kind), func() bool {
		var err error
		request, err = database.Request(t.Context(), id)
		return err == nil && request.Ended()
	})
	return request
}

func show(log *toy.Log, n int, name string) domain.Position {
	return log.Append(toy.ToyStream(n), toy.Opened{Client: toy.ClientID(n % 3), ID: toy.ToyID(n)}, toy.Named{Name: name}, toy.Shown{})
}
