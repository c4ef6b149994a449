package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/infra/postgres/private"
	"effigate/projections"
	toy "effigate/projections/projectionstest"
)

func runClient(t *testing.T, database *postgres.Database, log *toy.Log) (*postgres.Projector[visible.Change], func()) {
	t.Helper()
	return run(t, postgres.ProjectorOptions[visible.Change]{Database: database, Source: log, Model: clientModel(log), Holder: t.Name()})
}

func runStaff(t *testing.T, database *postgres.Database, log *toy.Log) (*postgres.Projector[domain.Recorded], func()) {
	t.Helper()
	return run(t, postgres.ProjectorOptions[domain.Recorded]{Database: database, Source: log, Model: staffModel(log), Holder: t.Name()})
}

// write appends a random fact about one of many toys.
func write(log *toy.Log, random *rand.Rand) domain.Position {
	n := random.IntN(200)
	switch random.IntN(6) {
	case 0:
		return log.Append(toy.ToyStream(n), toy.Hidden{})
	case 1:
		return log.Append(toy.ToyStream(n), toy.Shown{})
	case 2:
		return log.Append(toy.ToyStream(n), toy.Noted{Text: fmt.Sprint("note ", random.Int())})
	case 3:
		return log.AppendForeign()
	default:
		return log.Append(toy.ToyStream(n), toy.Opened{Client: toy.ClientID(n % 3), ID: toy.ToyID(n)}, toy.Named{Name: fmt.Sprint("name ", random.Int())})
	}
}

// written gives a log with that many writes.
func written(writes int) (*toy.Log, *rand.Rand) {
	log, random := toy.NewLog(), rand.New(rand.NewPCG(1, 2))
	for range writes {
		write(log, random)
	}
	return log, random
}

// wantEqual compares two generations that stand at the same position, row by row.
func wantEqual(t *testing.T, database *postgres.Database, first, second int, tables ...string) {
	t.Helper()
	for _, table := range tables {
		if diff := cmp.Diff(rows(t, database, first, table), rows(t, database, second, table)); diff != "" {
			t.Errorf("table %s (-generation %d +generation %d):\n%s", table, first, second, diff)
		}
	}
}

// wantVerified asks for a verification and fails unless it finds no difference.
func wantVerified(t *testing.T, database *postgres.Database) {
	t.Helper()
	request := carryOut(t, database, postgres.Verify, "")
	if request.State != postgres.RequestDone || len(request.Progress.Differences) == 0 || !projections.AllEqual(request.Progress.Differences) {
		t.Errorf("verify: %s %s, %+v", request.State, request.Error, request.Progress.Differences)
	}
}

func TestBothSidesFollowTheLog(t *testing.T) {
	t.Parallel()
	log, random := written(200)
	client, _ := open(t, postgres.ClientSide)
	staff, _ := open(t, postgres.StaffSide)
	runClient(t, client, log)
	runStaff(t, staff, log)
	liveGeneration(t, client, domain.Position{})
	liveGeneration(t, staff, domain.Position{})
	head := write(log, random)
	for range 200 {
		head = write(log, random)
	}
	liveGeneration(t, client, head)
	live := liveGeneration(t, staff, head)
	wantVerified(t, client)
	wantVerified(t, staff)
	var dense bool
	err := staff.Pool.QueryRow(t.Context(), fmt.Sprintf(
		`SELECT count(*) = $1 AND min(ordinal) = 1 AND max(ordinal) = $1 FROM gen_%d.log`, live.ID), live.Events).Scan(&dense)
	if err != nil || !dense {
		t.Errorf("ordinals are dense: %v, %v", dense, err)
	}
}

func TestRebuildUnderWritersAndReaders(t *testing.T) {
	t.Parallel()
	log, random := written(2000)
	database, access := open(t, postgres.ClientSide)
	runClient(t, database, log)
	first := liveGeneration(t, database, domain.Position{})
	reads, err := postgres.OpenReads(t.Context(), access.Reader, 1, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer reads.Close()

	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			at := write(log, random)
			generation, release, err := reads.Pin(ctx)
			if err != nil {
				t.Errorf("pin: %v", err)
				return
			}
			if generation.Wait(ctx, at) && ctx.Err() == nil {
				t.Error("own write is not readable")
			}
			release()
		}
	})
	for range 4 {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := readTwice(ctx, reads); err != nil && ctx.Err() == nil {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	for range 3 {
		if request := carryOut(t, database, postgres.Rebuild, ""); request.State != postgres.RequestDone {
			t.Errorf("rebuild: %s: %+v", request.Error, request.Progress)
		}
	}
	if request := carryOut(t, database, postgres.Rollback, ""); request.State != postgres.RequestDone {
		t.Errorf("rollback: %s", request.Error)
	}
	cancel()
	group.Wait()
	head, _ := log.Head(t.Context())
	if last := liveGeneration(t, database, head); last.ID == first.ID {
		t.Error("nothing was switched")
	}
	wantVerified(t, database)
}

// readTwice reads twice with one pin: both reads must come from the same generation, and never show a
// client what is not its own.
func readTwice(ctx context.Context, reads *postgres.Reads) error {
	generation, release, err := reads.Pin(ctx)
	if err != nil {
		return err
	}
	defer release()
	for range 2 {
		err := generation.InClient(ctx, domain.ClientID{UUID: toy.ClientID(1)}, func(tx pgx.Tx) error {
			var schema string
			var foreign int
			err := tx.QueryRow(ctx, `SELECT current_schema(), count(*) FROM toys WHERE client <> $1`, toy.ClientID(1)).Scan(&schema, &foreign)
			if err == nil && (schema != fmt.Sprint("gen_", generation.Number) || foreign > 0) {
				err = fmt.Errorf("read %s with generation %d pinned, %d foreign rows", schema, generation.Number, foreign)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func TestReaderSeesOwnClientOnly(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	for n := range 30 {
		show(log, n, "name")
	}
	database, access := open(t, postgres.ClientSide)
	runClient(t, database, log)
	head := show(log, 30, "name")
	liveGeneration(t, database, head)
	log.Append(toy.ToyStream(3), toy.Hidden{})
	head = log.Append(toy.ToyStream(4), toy.Named{Name: "other"})
	liveGeneration(t, database, head)
	reads, err := postgres.OpenReads(t.Context(), access.Reader, 1, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer reads.Close()
	generation, release, err := reads.Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()

	var all int
	if err := generation.Pool.QueryRow(t.Context(), `SELECT count(*) FROM toys`).Scan(&all); err != nil || all != 0 {
		t.Errorf("%d rows outside of a client, %v; want none", all, err)
	}
	var last projections.Notice
	err = generation.InClient(t.Context(), domain.ClientID{UUID: toy.ClientID(0)}, func(tx pgx.Tx) (err error) {
		if err = tx.QueryRow(t.Context(), `SELECT count(*) FROM toys`).Scan(&all); err == nil {
			err = tx.QueryRow(t.Context(), `SELECT client, kind, key, removed FROM control.changes ORDER BY id DESC LIMIT 1`).
				Scan(&last.Client, &last.Kind, &last.Key, &last.Removed)
		}
		return err
	})
	if err != nil || all != 10 {
		t.Errorf("client 0 sees %d rows, %v; want 10", all, err)
	}
	want := projections.Notice{Client: toy.ClientID(0), Kind: "category", Key: toy.ToyID(3), Removed: true}
	if last != want {
		t.Errorf("the last change is %+v, want %+v", last, want)
	}
	for _, statement := range []string{
		`SELECT events FROM control.checkpoints`, `SELECT stream FROM control.parked`, `SELECT id FROM control.requests`,
		`DELETE FROM toys`, `SELECT control.advance(1, 1, 1, 1, 1, 1, now())`,
	} {
		if _, err := generation.Pool.Exec(t.Context(), statement); err == nil {
			t.Errorf("the reader may do this: %s", statement)
		}
	}
}

// The generation kept for a rollback follows the log too, but what changed is told once.
func TestOnlyTheLiveGenerationTellsOfChanges(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	runClient(t, database, log)
	liveGeneration(t, database, show(log, 1, "one"))
	if request := carryOut(t, database, postgres.Rebuild, ""); request.State != postgres.RequestDone {
		t.Fatalf("rebuild: %s", request.Error)
	}
	head := show(log, 2, "two")
	eventually(t, "both generations arrive", func() bool {
		generations, err := database.Generations(t.Context())
		return err == nil && len(generations) == 2 && generations[0].Position == head && generations[1].Position == head
	})
	var told int
	err := database.Pool.QueryRow(t.Context(), `SELECT count(*) FROM control.changes WHERE key = $1`, toy.ToyID(2)).Scan(&told)
	if err != nil || told != 1 {
		t.Errorf("told %d times, %v; want once", told, err)
	}
}

func TestPinWithoutGenerationIsUnavailable(t *testing.T) {
	t.Parallel()
	_, access := open(t, postgres.ClientSide)
	reads, err := postgres.OpenReads(t.Context(), access.Reader, 1, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer reads.Close()
	if _, _, err := reads.Pin(t.Context()); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("pin: %v, want unavailable", err)
	}
}

// Sessions and projectors die at random moments; rows and checkpoint must agree all the same, which a
// verification and the dense ordinals of the log show.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	log, random := written(300)
	database, access := open(t, postgres.StaffSide)
	killer, err := pgx.Connect(t.Context(), access.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = killer.Close(context.WithoutCancel(t.Context())) }()
	_, stop := runStaff(t, database, log)
	liveGeneration(t, database, domain.Position{})
	for round := range 25 {
		var head domain.Position
		for range 60 {
			head = write(log, random)
		}
		if _, err := killer.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.7`); err != nil {
			t.Fatal(err)
		}
		if round%5 == 4 {
			stop()
			_, stop = runStaff(t, database, log)
		}
		if round%3 == 0 {
			liveGeneration(t, database, head)
		}
	}
	head := write(log, random)
	live := liveGeneration(t, database, head)
	wantVerified(t, database)
	var gaps int
	err = database.Pool.QueryRow(t.Context(), fmt.Sprintf(`SELECT max(ordinal) - count(*) FROM gen_%d.log`, live.ID)).Scan(&gaps)
	if err != nil || gaps != 0 {
		t.Errorf("%d ordinals are missing or double, %v", gaps, err)
	}
}

// A server process killed hard makes PostgreSQL end every session and recover. Live projection and
// rebuild go on by themselves afterwards.
func TestPostgresCrashesDuringLiveAndRebuild(t *testing.T) {
	t.Parallel()
	log, random := written(3000)
	cluster, err := private.Start(t.Context(), private.Options{Dir: postgrestest.Folder(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	access, err := postgres.PrepareRoles(t.Context(), cluster.URL("effigate_staff"), postgres.StaffSide, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	database, err := postgres.Open(t.Context(), access.Owner, postgres.StaffSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	runStaff(t, database, log)
	for range 3 {
		liveGeneration(t, database, domain.Position{})
		id := uuid.New() //nolint:forbidigo // only has to differ from the others
		if err := database.Ask(t.Context(), id, 1, postgres.Rebuild, ""); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			write(log, random)
		}
		crash(t, access.Owner)
		head := write(log, random)
		liveGeneration(t, database, head)
		eventually(t, "the rebuild ends", func() bool {
			request, err := database.Request(t.Context(), id)
			return err == nil && request.Ended()
		})
	}
	wantVerified(t, database)
}

// crash kills one server process, which takes all sessions along.
func crash(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	pid := conn.PgConn().PID()
	if err := syscall.Kill(int(pid), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "sessions end", func() bool { return conn.Ping(t.Context()) != nil })
}

func TestSecondProjectorWaitsAndTakesOver(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	first, stop := runClient(t, database, log)
	liveGeneration(t, database, show(log, 1, "one"))
	second, _ := runClient(t, database, log)
	liveGeneration(t, database, show(log, 2, "two"))
	if !first.Status().Holding || second.Status().Holding {
		t.Fatalf("holding: first %v, second %v", first.Status().Holding, second.Status().Holding)
	}
	stop()
	eventually(t, "the second takes over", func() bool { return second.Status().Holding })
	live := liveGeneration(t, database, show(log, 3, "three"))
	if got := rows(t, database, live.ID, "toys"); len(got) != 3 {
		t.Errorf("rows: %v", got)
	}
}

func TestParkedStreamIsWithdrawnAndComesBack(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	projector, _ := runClient(t, database, log)
	show(log, 1, "one")
	show(log, 2, "two")
	log.AppendBroken(toy.ToyStream(1), projections.ErrMalformed)
	head := log.Append(toy.ToyStream(2), toy.Named{Name: "dos"})
	live := liveGeneration(t, database, head)
	if got := rows(t, database, live.ID, "toys"); len(got) != 1 {
		t.Errorf("rows: %v, want the second alone", got)
	}
	parked, err := database.Parked(t.Context(), live.ID)
	if err != nil || len(parked) != 1 || parked[0].Stream != toy.ToyStream(1) || parked[0].Revision != 3 {
		t.Errorf("parked: %+v, %v", parked, err)
	}
	eventually(t, "the status tells of it", func() bool { return projector.Status().Generations[live.ID].Parked == 1 })
	if request := carryOut(t, database, postgres.Unpark, toy.ToyStream(1)); request.State != postgres.RequestFailed {
		t.Errorf("unparked before the repair: %+v", request)
	}
	wantVerified(t, database)
	log.Repair(toy.ToyStream(1), 3, toy.Named{Name: "uno"})
	if request := carryOut(t, database, postgres.Unpark, toy.ToyStream(1)); request.State != postgres.RequestDone {
		t.Errorf("unpark: %s", request.Error)
	}
	wantVerified(t, database)
	if got := rows(t, database, live.ID, "toys"); len(got) != 2 {
		t.Errorf("rows: %v, want both", got)
	}
}

// What a bad event holds must not reach the client database by way of an error text, and an aggregate that
// shows nothing must not appear in it at all.
func TestClientDatabaseDoesNotQuoteBadEvents(t *testing.T) {
	t.Parallel()
	const marker = "CANARY"
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	runClient(t, database, log)
	show(log, 1, "one")
	log.AppendBroken(toy.ToyStream(1), fmt.Errorf("%w: cost %s", projections.ErrMalformed, marker))
	log.AppendBroken("ratecard-"+marker, projections.ErrMalformed)
	live := liveGeneration(t, database, show(log, 2, "two"))
	request := carryOut(t, database, postgres.Unpark, toy.ToyStream(1))
	if request.State != postgres.RequestFailed || strings.Contains(request.Error, marker) {
		t.Errorf("unpark: %s %q", request.State, request.Error)
	}
	parked, err := database.Parked(t.Context(), live.ID)
	if err != nil || len(parked) != 1 || strings.Contains(fmt.Sprint(parked), marker) {
		t.Errorf("parked: %+v, %v; want one without what it held", parked, err)
	}
}

func TestOldGenerationIsDroppedInTime(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	run(t, postgres.ProjectorOptions[visible.Change]{Database: database, Source: log, Model: clientModel(log), KeepPrevious: time.Nanosecond, Drain: time.Nanosecond})
	head := show(log, 1, "one")
	first := liveGeneration(t, database, head)
	if request := carryOut(t, database, postgres.Rebuild, ""); request.State != postgres.RequestDone {
		t.Fatalf("rebuild: %s", request.Error)
	}
	eventually(t, "the old generation is dropped", func() bool {
		var exists bool
		err := database.Pool.QueryRow(t.Context(), `SELECT to_regnamespace($1) IS NOT NULL`, fmt.Sprint("gen_", first.ID)).Scan(&exists)
		return err == nil && !exists
	})
	if request := carryOut(t, database, postgres.Rollback, ""); request.State != postgres.RequestFailed {
		t.Errorf("rolled back to nothing: %+v", request)
	}
	liveGeneration(t, database, show(log, 2, "two"))
}

func TestUnknownKindGivesTheLeaseUp(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	old, _ := runClient(t, database, log)
	before := liveGeneration(t, database, show(log, 1, "one"))
	log.AppendBroken(toy.ToyStream(1), projections.ErrUnknownKind)
	eventually(t, "the lease is given up", func() bool { return !old.Status().Holding && old.Status().LastError != "" })
	after := liveGeneration(t, database, before.Position)
	if after.Position != before.Position {
		t.Errorf("checkpoint moved from %v to %v", before.Position, after.Position)
	}
	log.Repair(toy.ToyStream(1), 3, toy.Named{Name: "known now"}) // As newer code reads it.
	newer, _ := runClient(t, database, log)
	liveGeneration(t, database, show(log, 2, "two"))
	if !newer.Status().Holding {
		t.Error("the newer projector does not hold the lease")
	}
}

func TestDamagedLiveGeneration(t *testing.T) {
	t.Parallel()
	log, random := written(500)
	database, _ := open(t, postgres.StaffSide)
	runStaff(t, database, log)
	live := liveGeneration(t, database, write(log, random))
	if _, err := database.Pool.Exec(t.Context(), fmt.Sprintf(`UPDATE gen_%d.toys SET name = 'damaged' WHERE id = (SELECT min(id::text)::uuid FROM gen_%[1]d.toys)`, live.ID)); err != nil {
		t.Fatal(err)
	}
	request := carryOut(t, database, postgres.Verify, "")
	want := map[string]bool{"toys": false, "births": true, "log": true}
	for _, difference := range request.Progress.Differences {
		if difference.Equal != want[difference.Table] || difference.LiveRows != difference.NewRows {
			t.Errorf("difference: %+v", difference)
		}
	}
	if request = carryOut(t, database, postgres.Rebuild, ""); request.State != postgres.RequestFailed {
		t.Errorf("rebuild switched to something else: %+v", request)
	}
	if now := liveGeneration(t, database, live.Position); now.ID != live.ID {
		t.Errorf("generation %d is live, want %d", now.ID, live.ID)
	}
	if request = carryOut(t, database, postgres.Rebuild, postgres.Unverified); request.State != postgres.RequestDone {
		t.Errorf("rebuild unverified: %s", request.Error)
	}
	wantVerified(t, database)
	if request = carryOut(t, database, postgres.Switch, strconv.Itoa(live.ID)); request.State != postgres.RequestDone {
		t.Errorf("switch back: %s", request.Error)
	}
	if now := liveGeneration(t, database, live.Position); now.ID != live.ID {
		t.Errorf("generation %d is live, want %d again", now.ID, live.ID)
	}
	if request = carryOut(t, database, postgres.Switch, "77"); request.State != postgres.RequestFailed {
		t.Errorf("switched to nothing: %+v", request)
	}
}

func TestLeftoversOfADeadProjectorAreCleared(t *testing.T) {
	t.Parallel()
	log := toy.NewLog()
	database, _ := open(t, postgres.ClientSide)
	_, stop := runClient(t, database, log)
	liveGeneration(t, database, show(log, 1, "one"))
	stop()
	again, tooOften := uuid.New(), uuid.New() //nolint:forbidigo // only have to differ
	if _, err := database.Pool.Exec(t.Context(), `
		CREATE SCHEMA gen_2;
		INSERT INTO control.generations (version, state) VALUES (1, 'building');
		INSERT INTO control.checkpoints (generation) VALUES (2)`); err != nil {
		t.Fatal(err)
	}
	for id, attempts := range map[uuid.UUID]int{again: 1, tooOften: 3} {
		if err := database.Ask(t.Context(), id, 1, postgres.Verify, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := database.Pool.Exec(t.Context(), `UPDATE control.requests SET state = 'running', attempts = $2 WHERE id = $1`, id, attempts); err != nil {
			t.Fatal(err)
		}
	}
	runClient(t, database, log)
	var ended [2]postgres.Request
	eventually(t, "both requests end", func() bool {
		ended[0], _ = database.Request(t.Context(), again)
		ended[1], _ = database.Request(t.Context(), tooOften)
		return ended[0].Ended() && ended[1].Ended()
	})
	if ended[0].State != postgres.RequestDone || ended[1].State != postgres.RequestFailed {
		t.Errorf("requests: %+v", ended)
	}
	generations, err := database.Generations(t.Context())
	if err != nil || len(generations) != 1 {
		t.Errorf("generations: %+v, %v; want the live one", generations, err)
	}
	var left bool
	if err := database.Pool.QueryRow(t.Context(), `SELECT to_regnamespace('gen_2') IS NOT NULL`).Scan(&left); err != nil || left {
		t.Errorf("the half-built schema is left: %v, %v", left, err)
	}
}

func TestNewVersionIsBuiltBesideTheOldOne(t *testing.T) {
	t.Parallel()
	log, random := written(300)
	database, _ := open(t, postgres.ClientSide)
	runClient(t, database, log)
	old := liveGeneration(t, database, domain.Position{})
	model := clientModel(log)
	model.Version = 2
	run(t, postgres.ProjectorOptions[visible.Change]{Database: database, Source: log, Model: model})
	head := write(log, random)
	var states map[int]string
	eventually(t, "both versions are live", func() bool {
		generations, err := database.Generations(t.Context())
		states = map[int]string{}
		for _, g := range generations {
			if g.Position.Compare(head) >= 0 {
				states[g.Version] = g.State
			}
		}
		return err == nil && states[1] == "live" && states[2] == "live"
	})
	wantEqual(t, database, old.ID, old.ID+1, "toys")
}
