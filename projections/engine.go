package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"effigate/domain"
)

// What an error of a Translator or a Sink means to the engine. Every other error is transient: the engine
// repeats the step with a growing pause until it succeeds or the context ends.
var (
	// ErrPoison says that the same items will fail again. The engine halves the batch down to the event
	// and parks its stream.
	ErrPoison = errors.New("poison")
	// ErrFenced says that another projector has taken over. The engine stops.
	ErrFenced = errors.New("fenced by another projector")
	// ErrHalted says that the engine cannot go on without a hand: withdrawing a parked stream failed, or
	// the checkpoint is not one of this store.
	ErrHalted = errors.New("projection halted")
)

// Translator turns events into the items of one side. The engine calls it from one goroutine.
type Translator[E any] interface {
	// Translate gives the items of consecutive events of the log. It may see the same events again, alone
	// or in other company, when a batch could not be applied.
	Translate(ctx context.Context, events []domain.Recorded) ([]E, error)
	// Withdraw gives the items that take back what the stream showed before the event it is parked at.
	Withdraw(ctx context.Context, parking Parking) ([]E, error)
	// Restore gives the items that make up for everything skipped since the stream was parked, through
	// the position.
	Restore(ctx context.Context, parking Parking, through domain.Position) ([]E, error)
}

// Selective is what a Translator may be as well, if there are streams that never yield an item. The engine
// spares it their events, and never parks them.
type Selective interface {
	Concerns(stream string) bool
}

// Sink stores batches. Rows, checkpoint and parkings move together or not at all; a batch that is
// repeated after an unknown outcome acts once.
type Sink[E any] interface {
	Apply(ctx context.Context, batch Batch[E]) error
}

// Batch is what one transaction stores: everything that follows from the log up to a position.
type Batch[E any] struct {
	Items []E
	// Log holds every event of ours that the batch passed, those of parked streams too. It stays nil
	// unless Options.WithLog asks for it: the client side never sees an event.
	Log []domain.Recorded
	// Through is the position the checkpoint moves to.
	Through domain.Position
	// Events counts the events of ours that the batch passed.
	Events int
	// FirstRecordedAt and LastRecordedAt are when the first and the last of them were recorded; zero
	// without events.
	FirstRecordedAt, LastRecordedAt time.Time
	// Park and Unpark change the set of parked streams.
	Park   *Parking
	Unpark string
}

// Parking says that a stream is set aside in one projection, and why.
type Parking struct {
	Stream   string
	Revision int64 // of the event that could not be applied
	Position domain.Position
	Cause    string // for staff; see Options.Discreet
	Since    time.Time
}

// Checkpoint is where a projection stands.
type Checkpoint struct {
	Position domain.Position
	Events   int64 // events of ours up to the position
	Parked   []Parking
}

// Limits bound a batch: it is closed at the first limit it reaches.
type Limits struct {
	Events int
	Bytes  int           // of stored data and metadata
	Linger time.Duration // how long an open batch waits for more
}

// The limits unless Options says otherwise. Live batches favour a short way to the reader, the others
// few transactions: a transaction costs as much as some sixty rows.
var (
	LiveLimits    = Limits{Events: 64, Bytes: 4 << 20, Linger: 5 * time.Millisecond}
	CatchUpLimits = Limits{Events: 4096, Bytes: 16 << 20, Linger: 100 * time.Millisecond}
)

// Options of an Engine. Source, Translator and Sink are required.
type Options[E any] struct {
	Source     Source
	Translator Translator[E]
	Sink       Sink[E]
	Logger     *slog.Logger     // nil: nothing is logged
	Clock      func() time.Time // nil: time.Now
	Live       Limits           // zero: LiveLimits
	CatchUp    Limits           // zero: CatchUpLimits
	WithLog    bool             // fill Batch.Log
	// Discreet keeps what events hold out of the causes of parkings: the sink's store may not know it.
	Discreet bool
}

// Engine keeps one sink at the head of the log. Run and RunTo are for one goroutine, one after the other;
// Status and Unpark for any.
type Engine[E any] struct {
	options  Options[E]
	parked   map[string]Parking
	position domain.Position
	flushed  time.Time // when the last batch was stored
	requests chan request
	monitor  monitor
}

// NewEngine makes an engine that stands at the checkpoint.
func NewEngine[E any](options Options[E], from Checkpoint) *Engine[E] {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Clock == nil {
		options.Clock = time.Now //nolint:forbidigo // a measuring clock, no fact depends on it
	}
	if options.Live == (Limits{}) {
		options.Live = LiveLimits
	}
	if options.CatchUp == (Limits{}) {
		options.CatchUp = CatchUpLimits
	}
	e := &Engine[E]{options: options, position: from.Position, parked: map[string]Parking{}, requests: make(chan request)}
	for _, parking := range from.Parked {
		e.parked[parking.Stream] = parking
	}
	e.monitor.begin(from)
	return e
}

// Run follows the log until the context ends or nothing can be done without a hand. It then gives the
// context's error, or one that wraps ErrFenced, ErrHalted, ErrUnknownKind or ErrNewer.
func (e *Engine[E]) Run(ctx context.Context) error {
	e.monitor.enter(CatchingUp)
	return e.monitor.leave(e.follow(ctx, nil))
}

// RunTo applies the log exactly through the target, which is the position of some event, and returns. It
// does nothing when the engine is there already.
func (e *Engine[E]) RunTo(ctx context.Context, target domain.Position) error {
	if e.position.Compare(target) >= 0 {
		return nil
	}
	e.monitor.enter(CatchingUp)
	err := e.consume(ctx, e.scan, &target)
	if err != nil && ctx.Err() == nil && !isFinal(err) {
		e.options.Logger.WarnContext(ctx, "scan of the log broke and is continued by following it", slog.Any("error", err))
		err = nil
	}
	if err == nil && e.position.Compare(target) < 0 {
		err = e.follow(ctx, &target)
	}
	return e.monitor.leave(err)
}

func (e *Engine[E]) follow(ctx context.Context, target *domain.Position) error {
	return e.consume(ctx, func(ctx context.Context, out chan<- Delivery) error {
		err := e.options.Source.Follow(ctx, e.position, out)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: follow the log: %w", ErrHalted, err)
	}, target)
}

func (e *Engine[E]) scan(ctx context.Context, out chan<- Delivery) error {
	for delivery, err := range e.options.Source.Scan(ctx, e.position) {
		if err != nil {
			return fmt.Errorf("scan the log: %w", err)
		}
		select {
		case out <- delivery:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// deliveries is how many deliveries wait between the source and the engine.
const deliveries = 1024

// consume applies what feed sends until it ends or the target is reached, and waits for feed to return.
func (e *Engine[E]) consume(ctx context.Context, feed func(context.Context, chan<- Delivery) error, target *domain.Position) error {
	ctx, cancel := context.WithCancel(ctx)
	fed := make(chan error, 1)
	in := make(chan Delivery, deliveries)
	go func() {
		defer close(in)
		fed <- feed(ctx, in)
	}()
	err := e.apply(ctx, in, target)
	cancel()
	ended := <-fed
	if reached := target != nil && e.position.Compare(*target) >= 0; err == nil && !reached {
		err = ended
	}
	return err
}

// apply gathers and stores batch after batch.
func (e *Engine[E]) apply(ctx context.Context, in <-chan Delivery, target *domain.Position) error {
	for {
		s, err := e.gather(ctx, in, target)
		if err != nil {
			return err
		}
		if s.through.Compare(e.position) > 0 {
			if err := e.advance(ctx, s.entries, s.through); err != nil {
				return err
			}
		}
		if s.caughtUp {
			e.monitor.enter(Live)
		}
		switch {
		case s.stale != nil:
			return s.stale
		case s.ended:
			return nil
		case s.request != nil:
			s.request.answer <- e.unpark(ctx, s.request.stream)
		}
	}
}

// advance stores the entries and moves the checkpoint through the position. A batch that cannot be stored
// is halved until the event is found that cannot, and its stream is parked.
func (e *Engine[E]) advance(ctx context.Context, entries []Delivery, through domain.Position) error {
	err := e.store(ctx, entries, through)
	if !errors.Is(err, ErrPoison) {
		return err
	}
	switch len(entries) {
	case 0:
		return fmt.Errorf("%w: move the checkpoint: %w", ErrHalted, err)
	case 1:
		return e.park(ctx, entries[0], through, err)
	}
	middle := len(entries) / 2
	if err := e.advance(ctx, entries[:middle], entries[middle-1].Recorded.Position); err != nil {
		return err
	}
	return e.advance(ctx, entries[middle:], through)
}

func (e *Engine[E]) store(ctx context.Context, entries []Delivery, through domain.Position) error {
	batch := e.batch(entries, through)
	events := make([]domain.Recorded, 0, len(entries))
	for _, entry := range entries {
		if _, parked := e.parked[entry.Recorded.Stream]; parked || !e.concerned(entry.Recorded.Stream) {
			continue
		}
		if entry.Err != nil {
			return fmt.Errorf("%w: %w", ErrPoison, entry.Err)
		}
		events = append(events, entry.Recorded)
	}
	if err := e.persist(ctx, func() (err error) {
		batch.Items, err = e.options.Translator.Translate(ctx, events)
		return err
	}); err != nil {
		return err
	}
	return e.commit(ctx, batch)
}

func (e *Engine[E]) concerned(stream string) bool {
	selective, ok := e.options.Translator.(Selective)
	return !ok || selective.Concerns(stream)
}

// batch is the part of a batch that does not depend on its items.
func (e *Engine[E]) batch(entries []Delivery, through domain.Position) Batch[E] {
	batch := Batch[E]{Through: through, Events: len(entries)}
	if len(entries) > 0 {
		batch.FirstRecordedAt = entries[0].Recorded.RecordedAt
		batch.LastRecordedAt = entries[len(entries)-1].Recorded.RecordedAt
	}
	if e.options.WithLog {
		batch.Log = make([]domain.Recorded, 0, len(entries))
		for _, entry := range entries {
			batch.Log = append(batch.Log, entry.Recorded)
		}
	}
	return batch
}

// commit hands the batch to the sink and takes note of what is stored then.
func (e *Engine[E]) commit(ctx context.Context, batch Batch[E]) error {
	if err := e.persist(ctx, func() error { return e.options.Sink.Apply(ctx, batch) }); err != nil {
		return err
	}
	if batch.Park != nil {
		e.parked[batch.Park.Stream] = *batch.Park
	}
	delete(e.parked, batch.Unpark)
	e.position = batch.Through
	e.flushed = e.options.Clock()
	e.monitor.applied(batch.Through, batch.Events, batch.FirstRecordedAt, batch.LastRecordedAt, e.flushed, len(e.parked))
	return nil
}

// The pauses between repetitions of a step that failed for a passing reason.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = 2 * time.Second
)

// persist repeats a step until it succeeds, the context ends, or no repetition can help.
func (e *Engine[E]) persist(ctx context.Context, step func() error) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := guard(step)
		switch {
		case err == nil:
			e.monitor.recovered()
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrMalformed):
			return fmt.Errorf("%w: %w", ErrPoison, err)
		case isFinal(err):
			return err
		}
		e.monitor.stalled(err)
		e.options.Logger.WarnContext(ctx, "projection step failed and is repeated", slog.Any("error", err), slog.Duration("pause", pause))
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

var errPanic = errors.New("panic")

// Discreet gives an error's text, or only its class where the text may quote an event.
func Discreet(err error) string {
	switch {
	case !errors.Is(err, ErrPoison):
		return err.Error()
	case errors.Is(err, ErrMalformed):
		return ErrMalformed.Error() + "; the projector's log has more"
	case errors.Is(err, errPanic):
		return "the fold of an event panics; the projector's log has more"
	}
	return "an event cannot be applied; the projector's log has more"
}

func isFinal(err error) bool {
	for _, kind := range []error{ErrPoison, ErrFenced, ErrHalted, ErrUnknownKind, ErrNewer} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// guard turns a panic of a fold into poison: it would come again with the same events.
func guard(step func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %w: %v\n%s", ErrPoison, errPanic, cause, debug.Stack())
		}
	}()
	return step()
}
