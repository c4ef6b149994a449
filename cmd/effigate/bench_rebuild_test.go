package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"effigate/domain"
	"effigate/infra/postgres"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

// The firm of a rebuild: so many clients, and so many tickets open at once.
const (
	rebuildClients = 500
	rebuildOpen    = 2000
)

// BenchmarkRebuild builds both read models anew, side by side, from a history of real decisions: replay,
// indexes, statistics, the comparison with the live generation and the switch. The reference is what no
// rebuild can do without: one read of the whole log by the official client, and COPY of the final rows with
// the indexes built afterwards, both databases side by side too.
func BenchmarkRebuild(b *testing.B) {
	most, rounds := benchEvents(b), sized(3, 1)
	short := measureRebuild(b, most/10, rounds)
	long := measureRebuild(b, most, rounds)
	rates, overReference := make([]float64, rounds), make([]float64, rounds)
	overReferenceShort := make([]float64, rounds)
	for i := range rounds {
		rates[i] = float64(long.events) / long.seconds[i]
		overReference[i] = long.seconds[i] / long.reference[i]
		overReferenceShort[i] = short.seconds[i] / short.reference[i]
	}
	workload := fmt.Sprintf("rebuild both sides from %d events", long.events)
	conclude(b, "rebuild", long.versions,
		finding{
			workload: workload, unit: "s", against: "bare read of $all + COPY of the rows",
			ours: long.seconds, reference: long.reference, goal: ratioAtMost(1.5),
		},
		finding{workload: workload, unit: "events/s", ours: rates, goal: atLeast(30_000)},
		finding{workload: workload + ", peak of the heap", unit: "MiB", ours: long.heapMiB, goal: atMost(512)},
		// The two were measured at different times, so each is first set against its own reference.
		finding{
			workload: workload + ", time over that of its reference", unit: "×", against: fmt.Sprintf("the same from %d", short.events),
			ours: overReference, reference: overReferenceShort, goal: ratioAtMost(flat),
		},
		finding{workload: fmt.Sprintf("bare read of %d events", long.events), unit: "s", ours: long.read},
		finding{workload: fmt.Sprintf("COPY and index %d rows", long.rows), unit: "s", ours: long.copied},
	)
}

// flat is how much more an event of a ten times longer history may take and still count as the same.
const flat = 1.2

// rebuildMeasures are those of one length of history, by round.
type rebuildMeasures struct {
	events   int
	rows     int64
	versions map[string]string

	seconds, heapMiB, read, copied, reference []float64
}

func measureRebuild(b *testing.B, events, rounds int) *rebuildMeasures {
	b.Helper()
	m := &rebuildMeasures{}
	folder := benchFolder(b)
	storedIn(b, folder, func(write func(context.Context, domain.Append) error) error {
		f, err := newFirm(b.Context(), min(rebuildClients, events/100), write)
		if err != nil {
			return err
		}
		err = f.work(b.Context(), rebuildOpen, func() bool { return f.events >= events })
		m.events = f.events
		return err
	})
	w := benchWorld(b, folder)
	stop := beside(b, w.projectors().run)
	if err := w.caughtUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	m.versions = benchVersions(b, w.staff.database)
	copies, err := w.dumpRows(b.Context(), folder)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range copies {
		m.rows += c.rows
	}
	for range rounds {
		if err := m.round(b.Context(), w, copies); err != nil {
			b.Fatal(err)
		}
	}
	stop()
	return m
}

func (m *rebuildMeasures) round(ctx context.Context, w *world, copies []*rowCopy) error {
	peak := watchHeap()
	seconds, err := w.rebuildBoth(ctx)
	heap := peak()
	if err != nil {
		return err
	}
	read, err := timed(func() error { return w.readBare(ctx, m.events) })
	if err != nil {
		return err
	}
	copied, err := timed(func() error { return copyBoth(ctx, copies) })
	if err != nil {
		return err
	}
	m.seconds, m.heapMiB = append(m.seconds, seconds), append(m.heapMiB, heap)
	m.read, m.copied = append(m.read, read), append(m.copied, copied)
	m.reference = append(m.reference, read+copied)
	return nil
}

// timed is how many seconds something takes.
func timed(do func() error) (seconds float64, err error) {
	began := time.Now()
	err = do()
	return time.Since(began).Seconds(), err
}

// rebuildBoth asks both projectors for a rebuild and gives the seconds from the first question to the last
// switch, by the databases' own records.
func (w *world) rebuildBoth(ctx context.Context) (float64, error) {
	ids := map[*postgres.Database]uuid.UUID{w.client.database: uuid.New(), w.staff.database: uuid.New()}
	for database, id := range ids {
		modelVersion := clientrows.Version
		if database == w.staff.database {
			modelVersion = staffrows.Version
		}
		if err := database.Ask(ctx, id, modelVersion, postgres.Rebuild, ""); err != nil {
			return 0, err
		}
	}
	var began, ended time.Time
	for database, id := range ids {
		err := until(ctx, func(ctx context.Context) (bool, error) {
			request, err := database.Request(ctx, id)
			if err != nil || !request.Ended() {
				return false, err
			}
			if began.IsZero() || request.RequestedAt.Before(began) {
				began = request.RequestedAt
			}
			if request.FinishedAt.After(ended) {
				ended = *request.FinishedAt
			}
			return true, outcome(request)
		})
		if err != nil {
			return 0, fmt.Errorf("rebuild of the %s side: %w", database.Side, err)
		}
	}
	return ended.Sub(began).Seconds(), nil
}

// readBare reads the whole log by the official client and counts the events that are ours.
func (w *world) readBare(ctx context.Context, want int) error {
	config, err := esdb.ParseConnectionString(w.node.ConnectionString())
	if err != nil {
		return err
	}
	config.Logger = esdb.NoopLogging()
	official, err := esdb.NewClient(config)
	if err != nil {
		return err
	}
	defer official.Close() //nolint:errcheck // It always gives nil.
	stream, err := official.ReadAll(ctx, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxUint64)
	if err != nil {
		return err
	}
	defer stream.Close()
	for read := 0; ; {
		event, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && read < want:
			return fmt.Errorf("the log has %d events of ours, want %d", read, want)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case event.OriginalEvent().EventType[0] != '$':
			read++
		}
	}
}

// rowCopy is a side's rows in files, to be copied in again.
type rowCopy struct {
	database        *postgres.Database
	schema, indexes string
	tables          []string
	folder          string
	rows            int64
}

// dumpRows writes the rows of both live generations to files.
func (w *world) dumpRows(ctx context.Context, folder string) ([]*rowCopy, error) {
	client, staff := clientModel(w.source), staffModel(w.source)
	copies := []*rowCopy{
		{database: w.client.database, schema: client.Schema, indexes: client.Indexes, folder: filepath.Join(folder, "rows-client")},
		{database: w.staff.database, schema: staff.Schema, indexes: staff.Indexes, folder: filepath.Join(folder, "rows-staff")},
	}
	for _, c := range copies {
		if err := c.dump(ctx); err != nil {
			return nil, fmt.Errorf("dump the rows of the %s side: %w", c.database.Side, err)
		}
	}
	return copies, nil
}

func (c *rowCopy) dump(ctx context.Context) error {
	live, err := liveGeneration(ctx, c.database)
	if err != nil {
		return err
	}
	if err := os.Mkdir(c.folder, 0o700); err != nil {
		return err
	}
	generation := fmt.Sprintf("gen_%d", live.ID)
	rows, err := c.database.Pool.Query(ctx, `SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = $1 ORDER BY 1`, generation)
	if err != nil {
		return err
	}
	if c.tables, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return err
	}
	for _, table := range c.tables {
		copied, err := c.each(ctx, table, os.Create, func(conn *pgx.Conn, file *os.File) (int64, error) {
			tag, err := conn.PgConn().CopyTo(ctx, file, "COPY "+pgx.Identifier{generation, table}.Sanitize()+" TO STDOUT (FORMAT binary)")
			return tag.RowsAffected(), err
		})
		if err != nil {
			return err
		}
		c.rows += copied
	}
	return nil
}

// each does something with a table's file on a session.
func (c *rowCopy) each(
	ctx context.Context, table string, open func(string) (*os.File, error), do func(*pgx.Conn, *os.File) (int64, error),
) (rows int64, err error) {
	file, err := open(filepath.Join(c.folder, table))
	if err != nil {
		return 0, err
	}
	session, err := c.database.Pool.Acquire(ctx)
	if err != nil {
		return 0, errors.Join(err, file.Close())
	}
	defer session.Release()
	rows, err = do(session.Conn(), file)
	return rows, errors.Join(err, file.Close())
}

// copyBoth copies the rows of both sides at once.
func copyBoth(ctx context.Context, copies []*rowCopy) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range copies {
		group.Go(func() error { return c.load(ctx) })
	}
	return group.Wait()
}

// load copies the rows into new tables, in one transaction, and indexes them, which is faster than the other
// way round. The tables are dropped afterwards; that takes no time of note.
func (c *rowCopy) load(ctx context.Context) error {
	return pgx.BeginFunc(ctx, c.database.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `CREATE SCHEMA copied; SET LOCAL search_path = copied; SET LOCAL maintenance_work_mem = '256MB';`+c.schema)
		if err != nil {
			return err
		}
		for _, table := range c.tables {
			file, err := os.Open(filepath.Join(c.folder, table))
			if err != nil {
				return err
			}
			_, err = tx.Conn().PgConn().CopyFrom(ctx, file, "COPY copied."+pgx.Identifier{table}.Sanitize()+" FROM STDIN (FORMAT binary)")
			if err := errors.Join(err, file.Close()); err != nil {
				return fmt.Errorf("copy %s: %w", table, err)
			}
		}
		_, err = tx.Exec(ctx, c.indexes+`; DROP SCHEMA copied CASCADE`)
		return err
	})
}

// heapPoll is how often the heap is looked at.
const heapPoll = 20 * time.Millisecond

// watchHeap looks at the heap until the returned function gives its greatest size, in MiB.
func watchHeap() (peak func() float64) {
	runtime.GC()
	stop, ended := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		ticker := time.NewTicker(heapPoll)
		defer ticker.Stop()
		var greatest uint64
		for {
			metrics.Read(sample)
			greatest = max(greatest, sample[0].Value.Uint64())
			select {
			case <-ticker.C:
			case <-stop:
				ended <- greatest
				return
			}
		}
	}()
	return func() float64 {
		close(stop)
		return float64(<-ended) / (1 << 20)
	}
}
