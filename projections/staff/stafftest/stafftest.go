// Package stafftest gives tests a staff read model: a log in memory that commands write to, the product's
// projections of it, and a database of its own.
//
// It may import whatever the staff side is made of, and is used by tests only.
package stafftest

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/projections"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

// Model is the staff read model as the product makes it.
func Model(source projections.Source) postgres.Model[domain.Recorded] {
	return postgres.Model[domain.Recorded]{
		Version: rows.Version, Schema: rows.Schema, Indexes: rows.Indexes,
		Tables: []postgres.Table[domain.Recorded]{
			postgres.Rows(staff.Clients), postgres.Rows(staff.People), postgres.Rows(staff.Contracts),
			postgres.Rows(staff.ContractVersions), postgres.Rows(staff.ContractSteps), postgres.Rows(staff.Amendments),
			postgres.Rows(staff.Buckets), postgres.Rows(staff.MilestonesReleased),
			postgres.Rows(staff.RateCards), postgres.Rows(staff.RateCardVersions), postgres.Rows(staff.CostVersions),
			postgres.Rows(staff.SLAPolicies), postgres.Rows(staff.SLAPolicyVersions),
			postgres.Rows(staff.Calendars), postgres.Rows(staff.CalendarVersions),
			postgres.Rows(staff.Periods), postgres.Rows(staff.TimeRecords), postgres.Rows(staff.Timers), postgres.Rows(staff.Charges),
			postgres.Rows(staff.Forecasts), postgres.Rows(staff.HoursAlerts), postgres.Rows(staff.OverageRequests),
			postgres.Rows(staff.Deductions),
			postgres.Rows(staff.Tickets), postgres.Rows(staff.Messages), postgres.Rows(staff.CommentEdits),
			postgres.Rows(staff.Attachments), postgres.Rows(staff.TicketLinks), postgres.Rows(staff.Timeline),
			postgres.Rows(staff.Clocks), postgres.Rows(staff.Targets), postgres.Rows(staff.Escalations),
			postgres.Rows(staff.Invoices), postgres.Rows(staff.InvoiceDrafts), postgres.Rows(staff.InvoiceSteps),
			postgres.Final(staff.InvoiceDocuments), postgres.Final(staff.InvoiceEntries),
			postgres.Rows(staff.CreditNotes), postgres.Final(staff.CreditNoteDocuments),
			postgres.Rows(staff.Payments), postgres.Rows(staff.Allocations), postgres.Rows(staff.Disputes),
			postgres.Rows(staff.Issuers), postgres.Rows(staff.Billing), postgres.Rows(staff.ExchangeRates),
			postgres.Log[domain.Recorded](staff.Log, staff.LogEntry),
		},
		Translator: func() projections.Translator[domain.Recorded] { return projections.NewFacts(source) },
		Notice:     projections.NoticeOfEvent,
	}
}

// World is a staff read model that follows Log.
type World struct {
	Log      *Log
	Database *postgres.Database
	Reads    *postgres.Reads
}

// New projects a log until the test ends. What the log holds already is replayed, what is added later comes
// live, in batches of at most batch events.
func New(t *testing.T, log *Log) *World {
	t.Helper()
	access := postgrestest.Database(t, postgres.StaffSide)
	database, err := postgres.Open(t.Context(), access.Owner, postgres.StaffSide)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Close)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	projector := postgres.NewProjector(postgres.ProjectorOptions[domain.Recorded]{
		Database: database, Source: log, Model: Model(log), Logger: logger,
	})
	reads, err := postgres.OpenReads(t.Context(), access.Reader, rows.Version, logger)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- projector.Run(ctx) }()
	t.Cleanup(func() {
		reads.Close()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("projector ended with %v", err)
		}
	})
	return &World{Log: log, Database: database, Reads: reads}
}

// Read runs queries on the read model once everything recorded so far can be read.
func (w *World) Read(t *testing.T, queries func(pgx.Tx) error) {
	t.Helper()
	head, err := w.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for {
		changed := w.Reads.Changed()
		stale, err := w.Reads.Read(t.Context(), head, queries)
		switch {
		case err == nil && !stale:
			return
		case err != nil && !errors.Is(err, domain.ErrUnavailable):
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("the read model did not catch up")
		}
	}
}

// Log is a memory log of commands that projections can follow.
type Log struct {
	*commandstest.Log
	batch int
	mu    sync.Mutex
	grown chan struct{} // closed and replaced by every append
}

// NewLog makes an empty log, whose followers are told after every batch events that this is all so far.
func NewLog(batch int) *Log {
	return &Log{Log: commandstest.NewLog(), batch: batch, grown: make(chan struct{})}
}

// Append implements commands.Log.
func (l *Log) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	position, err := l.Log.Append(ctx, a)
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.grown)
	l.grown = make(chan struct{})
	return position, err
}

// Record adds events to a stream, whatever stands in it.
func (l *Log) Record(t *testing.T, stream string, events ...domain.Event) {
	t.Helper()
	expected := domain.NoStream
	for recorded, err := range l.Read(t.Context(), stream, domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		expected = recorded.Revision
	}
	_, err := l.Append(t.Context(), domain.Append{
		Stream: stream, Expected: expected, Events: events,
		Command: domain.CommandID{UUID: domain.Derive(uuid.NameSpaceURL, stream, strconv.FormatInt(expected, 10))},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// after gives what lies after the position, and what tells of more.
func (l *Log) after(position domain.Position) ([]domain.Recorded, <-chan struct{}) {
	l.mu.Lock()
	grown := l.grown
	l.mu.Unlock()
	all := l.All()
	for i, recorded := range all {
		if recorded.Position.Compare(position) > 0 {
			return all[i:], grown
		}
	}
	return nil, grown
}

// Follow implements projections.Source.
func (l *Log) Follow(ctx context.Context, after domain.Position, out chan<- projections.Delivery) error {
	for {
		news, grown := l.after(after)
		for i, recorded := range news {
			deliveries := []projections.Delivery{{Recorded: recorded}}
			if (i+1)%l.batch == 0 {
				deliveries = append(deliveries, projections.Delivery{CaughtUp: true})
			}
			for _, delivery := range deliveries {
				if err := send(ctx, out, delivery); err != nil {
					return err
				}
			}
			after = recorded.Position
		}
		if err := send(ctx, out, projections.Delivery{CaughtUp: true}); err != nil {
			return err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func send(ctx context.Context, out chan<- projections.Delivery, delivery projections.Delivery) error {
	select {
	case out <- delivery:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Scan implements projections.Source.
func (l *Log) Scan(_ context.Context, after domain.Position) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		news, _ := l.after(after)
		for _, recorded := range news {
			if !yield(projections.Delivery{Recorded: recorded}, nil) {
				return
			}
		}
	}
}

// Stream implements projections.Source.
func (l *Log) Stream(ctx context.Context, stream string, through int64) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		for recorded, err := range l.Read(ctx, stream, domain.NoStream) {
			if through >= 0 && recorded.Revision > through || !yield(projections.Delivery{Recorded: recorded}, err) {
				return
			}
		}
	}
}

// Identity implements projections.Source.
func (l *Log) Identity(context.Context) (uuid.UUID, error) {
	return domain.Derive(uuid.NameSpaceURL, "stafftest"), nil
}
