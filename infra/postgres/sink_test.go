package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/postgres"
	"effigate/projections"
	toy "effigate/projections/projectionstest"
)

// workshop gives a workshop on a fresh database of the side.
func workshop[E any](t *testing.T, side postgres.Side, model postgres.Model[E]) (postgres.Workshop[E], *postgres.Database) {
	t.Helper()
	database, _ := open(t, side)
	w, end, err := postgres.NewWorkshop(t.Context(), database, model)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return w, database
}

// fill projects a log into a new generation in batches of so many events. Half-way it begins anew with
// empty memories, as after a restart.
func fill[E any](ctx context.Context, w postgres.Workshop[E], log *toy.Log, model postgres.Model[E], events int, bulk bool) (int, error) {
	generation, err := w.Create(ctx)
	if err != nil {
		return 0, err
	}
	identity, _ := log.Identity(ctx)
	head, _ := log.Head(ctx)
	middle := domain.Position{Commit: head.Commit / 200 * 100, Prepare: head.Prepare / 200 * 100}
	for _, target := range []domain.Position{middle, head} {
		to, from, err := w.Sink(ctx, generation, 1, identity, bulk)
		if err != nil {
			return 0, err
		}
		engine := projections.NewEngine(projections.Options[E]{
			Source: log, Translator: model.Translator(), Sink: to, WithLog: w.WithLog(),
			CatchUp: projections.Limits{Events: events, Bytes: 1 << 24, Linger: time.Hour},
			Clock:   func() time.Time { return toy.Epoch },
		}, from)
		if err := engine.RunTo(ctx, target); err != nil {
			return 0, err
		}
	}
	return generation, nil
}

// Whatever the size of the batches, and whether rows are inserted or copied, the tables are equal.
func TestTablesDoNotDependOnBatches(t *testing.T) {
	t.Parallel()
	var log *toy.Log
	model := staffModel(toy.NewLog())
	model.Translator = func() projections.Translator[domain.Recorded] { return projections.NewFacts(log) }
	w, database := workshop(t, postgres.StaffSide, model)
	rapid.Check(t, func(rt *rapid.T) {
		log = toy.NewLog()
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			n := rapid.IntRange(1, 4).Draw(rt, "toy")
			events := []domain.Event{
				toy.Opened{Client: toy.ClientID(1), ID: toy.ToyID(n)},
				toy.Opened{Client: toy.ClientID(rapid.IntRange(1, 2).Draw(rt, "client")), ID: toy.ToyID(n)}, // Perhaps not as it was.
				toy.Named{Name: rapid.StringMatching("[a-c]{0,2}").Draw(rt, "name")},
				toy.Noted{Text: "note"},
				toy.Shown{},
				toy.Hidden{},
				toy.Cursed{},
				toy.Named{Name: "nul\x00"},
			}
			log.Append(toy.ToyStream(n), rapid.SampledFrom(events).Draw(rt, "event"))
		}
		var first map[string][]string
		for _, events := range []int{1, 2, 7, 1000} {
			generation, err := fill(t.Context(), w, log, model, events, events == 1000)
			if err != nil {
				rt.Fatal(err)
			}
			tables := map[string][]string{"toys": rows(t, database, generation, "toys"), "log": rows(t, database, generation, "log"), "births": rows(t, database, generation, "births")}
			parked, err := database.Parked(t.Context(), generation)
			if err != nil {
				rt.Fatal(err)
			}
			for _, p := range parked {
				tables["parked"] = append(tables["parked"], fmt.Sprint(p.Stream, p.Revision, p.Position))
			}
			if first == nil {
				first = tables
			}
			if diff := cmp.Diff(first, tables); diff != "" {
				rt.Fatalf("tables with batches of 1 and %d (-1 +%d):\n%s", events, events, diff)
			}
		}
	})
}

func TestOnlyTheLatestEpochStores(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	head := show(log, 1, "one")
	model := clientModel(log)
	w, database := workshop(t, postgres.ClientSide, model)
	generation, err := w.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	identity, _ := log.Identity(t.Context())
	loser, _, err := w.Sink(t.Context(), generation, 1, identity, false)
	if err != nil {
		t.Fatal(err)
	}
	winner, _, err := w.Sink(t.Context(), generation, 2, identity, false)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string) projections.Batch[visible.Change] {
		record := visible.Category{Client: toy.ClientID(1), ID: toy.ToyID(1), Name: name}
		return projections.Batch[visible.Change]{Items: []visible.Change{visible.Put{Record: record}}, Through: head, Events: 3}
	}
	if err := loser.Apply(t.Context(), put("loser")); !errors.Is(err, projections.ErrFenced) {
		t.Errorf("the loser's batch: %v, want fenced", err)
	}
	if got := rows(t, database, generation, "toys"); len(got) != 0 {
		t.Errorf("the loser left %v", got)
	}
	if err := winner.Apply(t.Context(), put("winner")); err != nil {
		t.Errorf("the winner's batch: %v", err)
	}
	if err := loser.Apply(t.Context(), put("loser")); !errors.Is(err, projections.ErrFenced) {
		t.Errorf("the loser's second batch: %v, want fenced", err)
	}
	if _, _, err := w.Sink(t.Context(), generation, 1, identity, false); !errors.Is(err, projections.ErrFenced) {
		t.Errorf("taking over with an old epoch: %v, want fenced", err)
	}
	if got := rows(t, database, generation, "toys"); len(got) != 1 || !strings.Contains(got[0], "winner") {
		t.Errorf("rows: %v", got)
	}
}

// A batch whose answer was lost is repeated by the engine; it must act once.
func TestRepeatedBatchActsOnce(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	model := staffModel(log)
	w, database := workshop(t, postgres.StaffSide, model)
	generation, err := w.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	identity, _ := log.Identity(t.Context())
	log.Append(toy.ToyStream(1), toy.Noted{Text: "once"})
	to, from, err := w.Sink(t.Context(), generation, 1, identity, false)
	if err != nil {
		t.Fatal(err)
	}
	again := &losing[domain.Recorded]{to: to}
	engine := projections.NewEngine(projections.Options[domain.Recorded]{
		Source: log, Translator: projections.NewFacts(log), Sink: again, WithLog: true,
	}, from)
	head, _ := log.Head(t.Context())
	if err := engine.RunTo(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	got := rows(t, database, generation, "toys")
	if len(got) != 1 || !strings.Contains(got[0], ",0,1,f,") { // No names, one note, not shown.
		t.Errorf("rows: %v, want one note", got)
	}
	if again.calls != 2 {
		t.Errorf("%d calls, want 2: nothing was repeated", again.calls)
	}
}

// losing loses the answer to the first batch.
type losing[E any] struct {
	to    projections.Sink[E]
	calls int
}

func (l *losing[E]) Apply(ctx context.Context, batch projections.Batch[E]) error {
	l.calls++
	if l.calls == 1 {
		if err := postgres.ApplyAndForget(ctx, l.to, batch); err != nil {
			return err
		}
		return errors.New("connection reset by peer")
	}
	return l.to.Apply(ctx, batch)
}

func TestCheckpointOfAnotherStoreIsRefused(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	w, _ := workshop(t, postgres.ClientSide, clientModel(log))
	generation, err := w.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Sink(t.Context(), generation, 1, toy.ToyID(1), false); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Sink(t.Context(), generation, 1, toy.ToyID(2), false); !errors.Is(err, projections.ErrHalted) {
		t.Errorf("another store: %v, want halted", err)
	}
}

func TestClientSchemaMustBeWalled(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"table without row security":     `CREATE TABLE open (id uuid PRIMARY KEY);`,
		"view of the owner":              clientSchema + `CREATE VIEW all_toys AS SELECT * FROM toys;`,
		"policy that asks for no client": clientSchema + `CREATE POLICY everybody ON toys FOR SELECT USING (true);`,
		"policy that lets write":         clientSchema + `CREATE POLICY own ON toys USING (client = nullif(current_setting('effigate.client', true), '')::uuid);`,
		"materialized view":              clientSchema + `CREATE MATERIALIZED VIEW copied AS SELECT * FROM toys;`,
		"partition without row security": `CREATE TABLE parts (id uuid PRIMARY KEY) PARTITION BY HASH (id); ALTER TABLE parts ENABLE ROW LEVEL SECURITY; CREATE TABLE part PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := clientModel(toy.NewLog())
			model.Schema = schema
			w, database := workshop(t, postgres.ClientSide, model)
			if _, err := w.Create(t.Context()); err == nil || !strings.Contains(err.Error(), "row security") {
				t.Errorf("created: %v", err)
			}
			if generations, err := database.Generations(t.Context()); err != nil || len(generations) != 0 {
				t.Errorf("left %v, %v", generations, err)
			}
		})
	}
	model := clientModel(toy.NewLog())
	model.Schema = clientSchema + `CREATE VIEW own_toys WITH (security_invoker = true) AS SELECT * FROM toys;`
	w, _ := workshop(t, postgres.ClientSide, model)
	if _, err := w.Create(t.Context()); err != nil {
		t.Errorf("a view of the invoker: %v", err)
	}
}

func TestRowTypesThatCannotBeStoredPanic(t *testing.T) {
	t.Parallel()
	type float struct {
		ID     uuid.UUID `db:"id"`
		Amount float64   `db:"amount"`
	}
	type untagged struct {
		ID   uuid.UUID `db:"id"`
		Name string
	}
	type keyless struct {
		Name string `db:"name"`
	}
	type pointer struct {
		ID   uuid.UUID `db:"id"`
		Name *string   `db:"name"`
	}
	type instant struct {
		ID uuid.UUID `db:"id"`
		At time.Time `db:"at"`
	}
	for name, make := range map[string]func(){
		"float":    func() { postgres.Rows(projections.Projection[int, float]{}) },
		"untagged": func() { postgres.Rows(projections.Projection[int, untagged]{}) },
		"keyless":  func() { postgres.Rows(projections.Projection[int, keyless]{}) },
		"pointer":  func() { postgres.Final(projections.Final[int, pointer]{}) },
		"instant":  func() { postgres.Final(projections.Final[int, instant]{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			make()
		}()
	}
}

func TestDurableTablesAreMigratedOnceAndNewerOnesRefused(t *testing.T) {
	t.Parallel()
	for _, side := range []postgres.Side{postgres.ClientSide, postgres.StaffSide} {
		database, access := open(t, side)
		failures := make(chan error)
		for range 3 {
			go func() {
				again, err := postgres.Open(t.Context(), access.Owner, side)
				if err == nil {
					again.Close()
				}
				failures <- err
			}()
		}
		for range 3 {
			if err := <-failures; err != nil {
				t.Errorf("open %s again: %v", side, err)
			}
		}
		_, err := database.Pool.Exec(t.Context(), `INSERT INTO control.migrations_control (version_id, is_applied) VALUES (99999, true)`)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := postgres.Open(t.Context(), access.Owner, side); !errors.Is(err, postgres.ErrNewerDatabase) {
			t.Errorf("open a newer %s database: %v", side, err)
		}
	}
}

// Readers must not go back in time by a switch: it waits for a generation that is behind.
func TestSwitchWaitsForTheGenerationBehind(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	w, database := workshop(t, postgres.ClientSide, clientModel(log))
	identity, _ := log.Identity(t.Context())
	first, second := show(log, 1, "one"), show(log, 2, "two")
	var sinks [2]projections.Sink[visible.Change]
	var generations [2]int
	for i := range sinks {
		var err error
		if generations[i], err = w.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
		if sinks[i], _, err = w.Sink(t.Context(), generations[i], 1, identity, false); err != nil {
			t.Fatal(err)
		}
	}
	moveTo := func(i int, at domain.Position) {
		t.Helper()
		if err := sinks[i].Apply(t.Context(), projections.Batch[visible.Change]{Through: at}); err != nil {
			t.Fatal(err)
		}
	}
	moveTo(0, second)
	if err := w.Promote(t.Context(), generations[0]); err != nil {
		t.Fatal(err)
	}
	moveTo(1, first)
	if err := w.Promote(t.Context(), generations[1]); err == nil {
		t.Error("switched to a generation that is behind")
	}
	moveTo(1, second)
	if err := w.Promote(t.Context(), generations[1]); err != nil {
		t.Errorf("switch at the same position: %v", err)
	}
	if live := liveGeneration(t, database, second); live.ID != generations[1] {
		t.Errorf("generation %d is live, want %d", live.ID, generations[1])
	}
}
