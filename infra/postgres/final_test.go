package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"effigate/domain/visible"
	"effigate/infra/postgres"
	"effigate/projections"
	toy "effigate/projections/projectionstest"
)

// A row that would have to change sets its stream aside: what was shown is withdrawn, and the row itself stays.
func TestAFinalRowThatWouldChangeParksItsStream(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	runClient(t, database, log)
	show(log, 1, "one")
	show(log, 2, "two")
	log.Append(toy.ToyStream(1), toy.Named{Name: "uno"}) // The same row again.
	log.Append(toy.ToyStream(1), toy.Opened{Client: toy.ClientID(7), ID: toy.ToyID(1)})
	live := liveGeneration(t, database, log.Append(toy.ToyStream(2), toy.Named{Name: "dos"}))
	if got := rows(t, database, live.ID, "births"); len(got) != 2 || strings.Contains(fmt.Sprint(got), toy.ClientID(7).String()) {
		t.Errorf("births: %v, want both as they were", got)
	}
	if got := rows(t, database, live.ID, "toys"); len(got) != 1 || !strings.Contains(got[0], "dos") {
		t.Errorf("toys: %v, want the second alone", got)
	}
	parked, err := database.Parked(t.Context(), live.ID)
	if err != nil || len(parked) != 1 || parked[0].Stream != toy.ToyStream(1) || parked[0].Revision != 4 {
		t.Errorf("parked: %+v, %v", parked, err)
	}
	wantVerified(t, database)
	log.Repair(toy.ToyStream(1), 4, toy.Named{Name: "one"})
	if request := carryOut(t, database, postgres.Unpark, toy.ToyStream(1)); request.State != postgres.RequestDone {
		t.Errorf("unpark: %s", request.Error)
	}
	wantVerified(t, database)
	if got := rows(t, database, live.ID, "births"); len(got) != 2 {
		t.Errorf("births: %v, want both once", got)
	}
}

// Two rows with one key and different content do not pass in one batch either.
func TestFinalRowsOfOneBatchAgree(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	w, database := workshop(t, postgres.ClientSide, clientModel(log))
	generation, err := w.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	identity, _ := log.Identity(t.Context())
	head := show(log, 1, "one")
	put := func(client int) visible.Change {
		return visible.Put{Record: visible.Category{Client: toy.ClientID(client), ID: toy.ToyID(1)}}
	}
	for _, bulk := range []bool{false, true} {
		to, _, err := w.Sink(t.Context(), generation, 1, identity, bulk)
		if err != nil {
			t.Fatal(err)
		}
		batch := projections.Batch[visible.Change]{Items: []visible.Change{put(1), put(2)}, Through: head, Events: 2}
		if err := to.Apply(t.Context(), batch); !errors.Is(err, projections.ErrPoison) {
			t.Errorf("bulk %t: a contradiction was stored: %v", bulk, err)
		}
		batch.Items = []visible.Change{put(1), put(1)}
		if err := to.Apply(t.Context(), batch); err != nil {
			t.Errorf("bulk %t: the same twice: %v", bulk, err)
		}
	}
	if got := rows(t, database, generation, "births"); len(got) != 1 {
		t.Errorf("births: %v, want one", got)
	}
}

// Nobody with a login changes what is final, and a generation can be dropped all the same.
func TestFinalTablesAreShut(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	runClient(t, database, log)
	live := liveGeneration(t, database, show(log, 1, "one"))
	table := fmt.Sprintf("gen_%d.births", live.ID)
	for _, statement := range []string{
		"UPDATE " + table + " SET part = 2", "DELETE FROM " + table, "TRUNCATE " + table,
		"INSERT INTO " + table + " SELECT * FROM " + table + " ON CONFLICT (id) DO UPDATE SET part = 2",
	} {
		_, err := database.Pool.Exec(t.Context(), statement)
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "23001" {
			t.Errorf("%s: %v, want it refused", statement, err)
		}
	}
	if got := rows(t, database, live.ID, "births"); len(got) != 1 {
		t.Errorf("births: %v, want one", got)
	}
	if _, err := database.Pool.Exec(t.Context(), fmt.Sprintf("DROP SCHEMA gen_%d CASCADE", live.ID)); err != nil {
		t.Errorf("drop the generation: %v", err)
	}
}
