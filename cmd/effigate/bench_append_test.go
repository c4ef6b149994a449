package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/infra/eventstore"
	"effigate/infra/eventstore/embedded"
	"effigate/infra/postgres"
	"effigate/infra/postgres/private"
)

// appendBytes is how much data each event of BenchmarkAppend has, beside its metadata.
const appendBytes = 500

// appendRevisions is how long a stream gets: streams are short.
const appendRevisions = 10

// appender appends one event at a revision of a stream.
type appender func(ctx context.Context, stream string, revision int64) error

// BenchmarkAppend measures durable appends of one event by the client of the product to the embedded node.
// The ceiling is the official client without anything of ours around it, before the same node with the store
// taken out. No store that is durable reaches it with few writers, who wait for the disk: what can be reached
// is the same with a bare fdatasync in the place of the store. The events of all subjects have the same
// bytes.
func BenchmarkAppend(b *testing.B) {
	folder := benchFolder(b)
	sample := appendSample(b)
	loop := syncLoop(b, filepath.Join(folder, "loop"), len(sample.Data)+len(sample.Metadata))
	table, database := tableAppender(b, filepath.Join(folder, "table"), sample)
	subjects := []struct {
		name string
		do   appender
	}{
		{"ours", productAppender(b, filepath.Join(folder, "product"))},
		{"official client, node that answers at once", officialAppender(b, filepath.Join(folder, "at-once"), sample, nothing)},
		{"official client, node that only syncs", officialAppender(b, filepath.Join(folder, "synced"), sample, loop)},
		{"plain Postgres table", table},
		{"bare fdatasync loop", func(ctx context.Context, _ string, _ int64) error { return loop(ctx) }},
	}
	rounds, within := sized(7, 3), sized(1500*time.Millisecond, 300*time.Millisecond)
	var findings []finding
	for _, writers := range []int{1, 8, 64} {
		rates := make([][]float64, len(subjects))
		for round := range rounds + 1 { // The first warms up and does not count.
			for i, subject := range subjects {
				rate, err := throughput(b.Context(), writers, within, inStreams(subject.do, fmt.Sprint(writers, " ", round)))
				if err != nil {
					b.Fatalf("%s: %v", subject.name, err)
				}
				if round > 0 {
					rates[i] = append(rates[i], rate)
				}
			}
		}
		goals := []goal{ratioAtLeast(0.6), {}, {}, {}}
		if writers == 64 {
			goals[2] = ratioAtLeast(1)
		}
		for i, subject := range subjects[1:] {
			findings = append(findings, finding{
				workload: fmt.Sprintf("writers: %d, each one event of %d B", writers, appendBytes), unit: "appends/s",
				against: subject.name, ours: rates[0], reference: rates[i+1], goal: goals[i],
			})
		}
	}
	conclude(b, "append", benchVersions(b, database), findings...)
}

// inStreams lets each worker append to streams of its own, one after the other.
func inStreams(do appender, names ...string) func(ctx context.Context, worker, i int) error {
	space := benchID(names...)
	return func(ctx context.Context, worker, i int) error {
		id := domain.TicketID{UUID: domain.Derive(space.UUID, fmt.Sprint(worker, i/appendRevisions))}
		return do(ctx, ticket.Stream(id), int64(i%appendRevisions))
	}
}

// appendEvent is an event with so much data.
func appendEvent() domain.Event {
	said := ticket.Commented{
		Comment: domain.CommentID{UUID: benchID("comment").UUID}, By: domain.PersonID{UUID: benchID("author").UUID}, At: benchAt,
	}
	// Everything but the text takes 132 bytes, which appendSample checks.
	said.Text = strings.Repeat("x", appendBytes-132)
	return said
}

func productAppend(stream string, revision int64) domain.Append {
	return domain.Append{
		Stream: stream, Expected: revision - 1, Events: []domain.Event{appendEvent()},
		Command: domain.CommandID{UUID: domain.Derive(demoSpace, stream, strconv.FormatInt(revision, 10))},
		Cause:   domain.Cause{Actor: domain.System()},
	}
}

// appendSample is the event as it is stored.
func appendSample(b *testing.B) domain.Raw {
	b.Helper()
	raw, err := eventstore.Product().Encode(productAppend(ticket.Stream(domain.TicketID{UUID: benchID("ticket").UUID}), 0), version())
	if err != nil {
		b.Fatal(err)
	}
	if len(raw[0].Data) != appendBytes {
		b.Fatalf("the event has %d bytes of data, want %d", len(raw[0].Data), appendBytes)
	}
	return raw[0]
}

// benchNode starts a node for the time of the benchmark.
func benchNode(b *testing.B, folder string, options ...grpc.ServerOption) *embedded.Node {
	b.Helper()
	node, err := embedded.Open(b.Context(), embedded.Options{Dir: folder, ServerOptions: options})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := node.Close(); err != nil {
			b.Error(err)
		}
	})
	return node
}

func productAppender(b *testing.B, folder string) appender {
	b.Helper()
	store, err := eventstore.Open(b.Context(), eventstore.Options{
		ConnectionString: benchNode(b, folder).ConnectionString(), Registry: eventstore.Product(),
		Logger: slog.New(slog.DiscardHandler), CodeVersion: version(),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() }) // It always gives nil.
	return func(ctx context.Context, stream string, revision int64) error {
		_, err := store.Append(ctx, productAppend(stream, revision))
		return err
	}
}

// officialAppender is the bare official client before a node that answers an append, once it is read, as soon
// as store returns: an interceptor stands in front of the real one.
func officialAppender(b *testing.B, folder string, sample domain.Raw, store func(context.Context) error) appender {
	b.Helper()
	node := benchNode(b, folder, grpc.ChainStreamInterceptor(
		func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if info.FullMethod != streams.Streams_Append_FullMethodName {
				return handler(service, stream)
			}
			return answerAppend(stream, store)
		}))
	config, err := esdb.ParseConnectionString(node.ConnectionString())
	if err != nil {
		b.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	official, err := esdb.NewClient(config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = official.Close() }) // It always gives nil.
	return func(ctx context.Context, stream string, revision int64) error {
		var expected esdb.ExpectedRevision = esdb.NoStream{}
		if revision > 0 {
			expected = esdb.Revision(uint64(revision - 1))
		}
		_, err := official.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, esdb.EventData{
			EventID: uuid.New(), EventType: sample.Kind, ContentType: esdb.ContentTypeJson, Data: sample.Data, Metadata: sample.Metadata,
		})
		return err
	}
}

func nothing(context.Context) error { return nil }

// answerAppend reads an append to its end, stores, and answers.
func answerAppend(stream grpc.ServerStream, store func(context.Context) error) error {
	for {
		err := stream.RecvMsg(new(streams.AppendReq))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := store(stream.Context()); err != nil {
		return err
	}
	return stream.SendMsg(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{},
		PositionOption: &streams.AppendResp_Success_Position{
			Position: &streams.AppendResp_Position{CommitPosition: 1, PreparePosition: 1},
		},
	}}})
}

// tableAppender inserts the same rows into a plain table of a durable private cluster, one transaction each.
func tableAppender(b *testing.B, folder string, sample domain.Raw) (appender, *postgres.Database) {
	b.Helper()
	cluster, err := private.Start(b.Context(), private.Options{Dir: folder, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := cluster.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	pool, err := pgxpool.New(b.Context(), cluster.URL("postgres")+"&pool_max_conns=64")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	var durable string
	err = pool.QueryRow(b.Context(), `SELECT current_setting('fsync') || ' ' || current_setting('synchronous_commit')`).Scan(&durable)
	if err != nil || durable != "on on" {
		b.Fatalf("fsync and synchronous_commit are %q, want on: %v", durable, err)
	}
	_, err = pool.Exec(b.Context(), `
		CREATE TABLE events (
		    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		    stream text NOT NULL, revision bigint NOT NULL, id uuid NOT NULL, kind text NOT NULL,
		    data bytea NOT NULL, metadata bytea NOT NULL, recorded_at timestamptz NOT NULL DEFAULT now())`)
	if err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, stream string, revision int64) error {
		_, err := pool.Exec(ctx, `INSERT INTO events (stream, revision, id, kind, data, metadata) VALUES ($1, $2, $3, $4, $5, $6)`,
			stream, revision, uuid.New(), sample.Kind, sample.Data, sample.Metadata)
		return err
	}, &postgres.Database{Pool: pool}
}

// syncLoop is the least that is durable: one goroutine appends what waits to a file, syncs once, and answers.
func syncLoop(b *testing.B, path string, bytes int) func(context.Context) error {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	const most = 64
	waiting := make(chan chan error, most)
	beside(b, func(ctx context.Context) error {
		defer file.Close() //nolint:errcheck // nobody reads it
		for {
			var group []chan error
			select {
			case first := <-waiting:
				group = append(group, first)
			case <-ctx.Done():
				return nil
			}
			for len(waiting) > 0 && len(group) < most {
				group = append(group, <-waiting)
			}
			_, err := file.Write(make([]byte, bytes*len(group)))
			if err == nil {
				err = unix.Fdatasync(int(file.Fd()))
			}
			for _, answer := range group {
				answer <- err
			}
		}
	})
	return func(ctx context.Context) error {
		answer := make(chan error, 1)
		select {
		case waiting <- answer:
			return <-answer
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
