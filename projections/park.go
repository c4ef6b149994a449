package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"effigate/domain"
)

// maxCause bounds the text kept about a parked stream, in bytes.
const maxCause = 4096

// park sets the stream of an event that cannot be applied aside, takes back what it showed where the side
// asks for it, and moves on past the event.
func (e *Engine[E]) park(ctx context.Context, entry Delivery, through domain.Position, cause error) error {
	recorded := entry.Recorded
	if _, already := e.parked[recorded.Stream]; already {
		// The event was skipped, so it is the log table or the checkpoint that cannot be written.
		return fmt.Errorf("%w: pass %s revision %d: %w", ErrHalted, recorded.Stream, recorded.Revision, cause)
	}
	text := cause.Error()
	if e.options.Discreet {
		text = Discreet(cause)
	}
	parking := Parking{
		Stream: recorded.Stream, Revision: recorded.Revision, Position: recorded.Position,
		Cause: text[:min(len(text), maxCause)], Since: e.options.Clock().UTC(),
	}
	batch := e.batch([]Delivery{entry}, through)
	batch.Park = &parking
	err := e.persist(ctx, func() (err error) {
		batch.Items, err = e.options.Translator.Withdraw(ctx, parking)
		return err
	})
	if err == nil {
		err = e.commit(ctx, batch)
	}
	if errors.Is(err, ErrPoison) {
		return fmt.Errorf("%w: withdraw parked %s: %w", ErrHalted, parking.Stream, err)
	}
	if err == nil {
		e.options.Logger.ErrorContext(ctx, "stream parked", slog.String("stream", parking.Stream),
			slog.Int64("revision", parking.Revision), slog.String("cause", Discreet(cause))) // The full cause may quote the event.
	}
	return err
}

// request asks the running engine to take a parked stream back.
type request struct {
	stream string
	answer chan error
}

// ErrNotParked says that there is nothing to take back.
var ErrNotParked = errors.New("stream is not parked")

// Unpark replays what was skipped of a parked stream and takes it back. It waits for the running engine.
// When the cause is still there the stream stays parked and the error says why.
func (e *Engine[E]) Unpark(ctx context.Context, stream string) error {
	asked := request{stream: stream, answer: make(chan error, 1)}
	select {
	case e.requests <- asked:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-asked.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine[E]) unpark(ctx context.Context, stream string) error {
	parking, ok := e.parked[stream]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotParked, stream)
	}
	batch := Batch[E]{Through: e.position, Unpark: stream}
	if err := e.persist(ctx, func() (err error) {
		batch.Items, err = e.options.Translator.Restore(ctx, parking, e.position)
		return err
	}); err != nil {
		return fmt.Errorf("unpark %s: %w", stream, err)
	}
	if err := e.commit(ctx, batch); err != nil {
		return fmt.Errorf("unpark %s: %w", stream, err)
	}
	return nil
}
