package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/projections"
)

// Workshop lets tests store batches without a projector: it holds a lease and makes generations.
type Workshop[E any] struct {
	database *Database
	model    Model[E]
	tenure   tenure
}

// NewWorkshop takes the lease in a session that ends with the context of Close.
func NewWorkshop[E any](ctx context.Context, d *Database, model Model[E]) (w Workshop[E], closeSession func(), err error) {
	conn, err := pgx.ConnectConfig(ctx, d.Pool.Config().ConnConfig)
	if err != nil {
		return w, nil, err
	}
	held, _, err := acquire(ctx, conn, "workshop", "test")
	w = Workshop[E]{database: d, model: model, tenure: tenure{database: d, version: model.Version, lease: held.name, epoch: held.epoch}}
	return w, func() { _ = conn.Close(context.WithoutCancel(ctx)) }, err
}

// WithLog says what the engine has to be told.
func (w Workshop[E]) WithLog() bool { return w.model.withLog() }

// Create makes a generation.
func (w Workshop[E]) Create(ctx context.Context) (int, error) {
	return w.tenure.create(ctx, w.model.Schema)
}

// Promote makes it live.
func (w Workshop[E]) Promote(ctx context.Context, generation int) error {
	return w.tenure.promote(ctx, generation)
}

// Sink takes a generation over at an epoch.
func (w Workshop[E]) Sink(ctx context.Context, generation int, epoch int64, store uuid.UUID, bulk bool) (projections.Sink[E], projections.Checkpoint, error) {
	s, from, err := openSink(ctx, w.database.Pool, w.model, generation, epoch, store)
	if err == nil {
		s.bulk = bulk
	}
	return s, from, err
}

// ApplyAndForget stores a batch and leaves the sink as if the answer had been lost.
func ApplyAndForget[E any](ctx context.Context, to projections.Sink[E], batch projections.Batch[E]) error {
	s := to.(*sink[E])
	batches, events := s.batches, s.events
	err := s.Apply(ctx, batch)
	s.batches, s.events = batches, events
	for _, w := range s.writers {
		w.settle(false)
	}
	return err
}
