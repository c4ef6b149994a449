package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"effigate/projections"
)

// ProjectorOptions says what a projector projects, from where to where. Database, Source and Model are
// required.
type ProjectorOptions[E any] struct {
	Database *Database
	Source   projections.Source
	Model    Model[E]
	Logger   *slog.Logger     // nil: nothing is logged
	Clock    func() time.Time // nil: time.Now
	Holder   string           // who holds the lease, for people to read
	// KeepPrevious is how long a generation is kept for a rollback after a switch; 0: a day.
	KeepPrevious time.Duration
	// Drain is how long any generation outlives its last switch: a reader that has missed the switch still
	// finds its tables, and a request that has pinned it ends first. 0: 30 seconds.
	Drain time.Duration
}

// Projector keeps one side's read model: it follows the log into the live generation and the one before,
// and carries out requests. Several may run, in one process or many; one at a time holds the lease and
// works, the others wait for it.
type Projector[E any] struct {
	options ProjectorOptions[E]
	lease   string
	mu      sync.Mutex
	holding bool
	failure error // why the last term ended
	lines   map[int]*line[E]
	build   *projections.Progress
}

// line is one generation that is kept up to date.
type line[E any] struct {
	generation int
	cancel     context.CancelFunc
	stopped    chan struct{}
	engine     *projections.Engine[E] // guarded by Projector.mu; nil before the first start
	failure    error                  // guarded by Projector.mu; why it does not run
}

// ProjectorStatus is what a projector is doing.
type ProjectorStatus struct {
	// Holding says that this projector has the lease; the others only wait.
	Holding bool
	// LastError says why it last lost or gave up the lease.
	LastError string
	// Generations has one entry for each generation it keeps up to date, by number.
	Generations map[int]projections.Status
	// Building is the progress of the generation being built, if any.
	Building *projections.Progress
}

// NewProjector makes a projector; Run does the work.
func NewProjector[E any](options ProjectorOptions[E]) *Projector[E] {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Clock == nil {
		options.Clock = time.Now //nolint:forbidigo // a measuring clock, no fact depends on it
	}
	if options.KeepPrevious == 0 {
		options.KeepPrevious = 24 * time.Hour
	}
	if options.Drain == 0 {
		options.Drain = 30 * time.Second
	}
	return &Projector[E]{
		options: options, lease: fmt.Sprintf("projector version %d", options.Model.Version), lines: map[int]*line[E]{},
	}
}

// Status gives what is known now.
func (p *Projector[E]) Status() ProjectorStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	status := ProjectorStatus{Holding: p.holding, Generations: map[int]projections.Status{}, Building: p.build}
	if p.failure != nil {
		status.LastError = p.failure.Error()
	}
	for id, l := range p.lines {
		of := projections.Status{State: projections.Starting}
		if l.engine != nil {
			of = l.engine.Status()
		}
		if l.failure != nil {
			of.State, of.LastError = failureState(l.failure), l.failure.Error()
		}
		status.Generations[id] = of
	}
	return status
}

func failureState(err error) projections.State {
	switch {
	case isStale(err):
		return projections.Stale
	case errors.Is(err, projections.ErrHalted):
		return projections.Halted
	}
	return projections.Stalled
}

func isStale(err error) bool {
	return errors.Is(err, projections.ErrUnknownKind) || errors.Is(err, projections.ErrNewer)
}

// The pauses of a projector.
const (
	projectorPause = 50 * time.Millisecond // before the first repetition
	leasePoll      = 200 * time.Millisecond
	haltPause      = 5 * time.Second  // before a halted generation is tried again
	stalePause     = 15 * time.Second // in which newer code can take the lease
)

// Run projects until the context ends, and then gives the context's error. Everything else is survived:
// a database or an event store that is down, a lost lease, a generation that cannot go on.
func (p *Projector[E]) Run(ctx context.Context) error {
	pause := projectorPause
	for {
		err := p.term(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause = min(2*pause, time.Second)
		if p.note(err) {
			pause = projectorPause
		}
		wait := pause
		if isStale(err) {
			wait = stalePause
		}
		p.options.Logger.WarnContext(ctx, "projector gave up its lease and tries again", slog.Any("error", err), slog.Duration("pause", wait))
		if err := rest(ctx, wait); err != nil {
			return err
		}
	}
}

// note keeps why a term ended and tells whether the lease was held in it.
func (p *Projector[E]) note(err error) (held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held, p.holding, p.failure, p.build = p.holding, false, err, nil
	return held
}

// rest pauses, or returns the context's error.
func rest(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// term waits for the lease and works for as long as it is held.
func (p *Projector[E]) term(ctx context.Context) error {
	config := p.options.Database.Pool.Config().ConnConfig
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("connect for the lease: %w", err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ending) // Ends the lease as well, should releasing it have failed.
	}()
	held, err := p.await(ctx, conn)
	if err != nil {
		return err
	}
	p.options.Logger.InfoContext(ctx, "projector holds the lease", slog.String("lease", held.name), slog.Int64("epoch", held.epoch))
	err = p.hold(ctx, held)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if release := held.release(ending); err == nil {
		err = release
	}
	return err
}

func (p *Projector[E]) await(ctx context.Context, conn *pgx.Conn) (lease, error) {
	if _, err := conn.Exec(ctx, `LISTEN `+requestChannel); err != nil {
		return lease{}, fmt.Errorf("listen for requests: %w", err)
	}
	for {
		held, ok, err := acquire(ctx, conn, p.lease, p.options.Holder)
		if ok || err != nil {
			return held, err
		}
		if err := rest(ctx, leasePoll); err != nil {
			return lease{}, err
		}
	}
}

// hold runs one term: the lease's renewal and the work beside each other. The first to fail ends both.
func (p *Projector[E]) hold(ctx context.Context, held lease) error {
	group, ctx := errgroup.WithContext(ctx)
	t := &term[E]{
		Projector: p, group: group, wake: make(chan struct{}, 1), paused: map[int]bool{},
		tenure: tenure{database: p.options.Database, version: p.options.Model.Version, lease: held.name, epoch: held.epoch},
	}
	p.mu.Lock()
	p.holding, p.failure, p.lines = true, nil, map[int]*line[E]{}
	p.mu.Unlock()
	group.Go(func() error { return t.keep(ctx, held) })
	group.Go(func() error { return t.work(ctx) })
	return group.Wait()
}

// term is one time of holding the lease.
type term[E any] struct {
	*Projector[E]
	tenure tenure
	group  *errgroup.Group
	wake   chan struct{} // a request came in
	paused map[int]bool  // generations that stand still for a while; guarded by Projector.mu
}

// keep renews the lease and passes on that a request came in.
func (t *term[E]) keep(ctx context.Context, held lease) error {
	for {
		renewing, cancel := context.WithTimeout(ctx, leaseTime)
		err := held.renew(renewing)
		cancel()
		if err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, leaseRenew)
		_, err = held.conn.WaitForNotification(waiting)
		timedOut := waiting.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			select {
			case t.wake <- struct{}{}:
			default: // It is awake already.
			}
		case !timedOut:
			return fmt.Errorf("listen for requests: %w", err)
		}
	}
}

// work gets the generations going and carries out requests, one at a time.
func (t *term[E]) work(ctx context.Context) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	ticker := time.NewTicker(leaseRenew)
	defer ticker.Stop()
	for {
		for {
			request, ok, err := t.options.Database.claim(ctx, t.tenure.version)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if err := t.serve(ctx, request); err != nil {
				return err
			}
		}
		if err := t.prune(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.wake:
		case <-ticker.C:
		}
	}
}

// begin clears up after a predecessor that died, and makes sure that there is a live generation.
func (t *term[E]) begin(ctx context.Context) error {
	if err := t.options.Database.requeue(ctx, t.tenure.version); err != nil {
		return err
	}
	generations, err := t.generations(ctx)
	if err != nil {
		return err
	}
	found := false
	for _, g := range generations {
		if g.State == building {
			if err := t.tenure.drop(ctx, g.ID); err != nil {
				return err
			}
			continue
		}
		found = found || g.State == live
		t.start(ctx, g.ID)
	}
	if found {
		return nil
	}
	return t.rebuild(ctx, Unverified, t.show)
}

// show keeps the progress of a build for Status.
func (t *term[E]) show(progress projections.Progress) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.build = &progress
	return nil
}

// generations lists those of this version that are not dropped.
func (t *term[E]) generations(ctx context.Context) ([]GenerationInfo, error) {
	all, err := t.options.Database.Generations(ctx)
	return slices.DeleteFunc(all, func(g GenerationInfo) bool { return g.Version != t.tenure.version }), err
}

// prune drops generations that nobody can want to go back to: all but the newest of the previous, and
// that one after its time.
func (t *term[E]) prune(ctx context.Context) error {
	generations, err := t.generations(ctx)
	if err != nil {
		return err
	}
	var newest time.Time
	for _, g := range generations {
		if g.State == previous && g.SwitchedAt.After(newest) {
			newest = *g.SwitchedAt
		}
	}
	for _, g := range generations {
		if g.State != previous {
			continue
		}
		kept := t.options.Drain
		if g.SwitchedAt.Equal(newest) {
			kept = max(kept, t.options.KeepPrevious)
		}
		if t.options.Clock().Sub(*g.SwitchedAt) < kept {
			continue
		}
		t.stop(g.ID)
		if err := t.tenure.drop(ctx, g.ID); errors.Is(err, projections.ErrFenced) {
			return err
		} else if err != nil {
			t.options.Logger.WarnContext(ctx, "old generation is dropped later", slog.Any("error", err))
		}
	}
	return nil
}

// start keeps a generation up to date until stop, or until the term ends.
func (t *term[E]) start(ctx context.Context, generation int) *line[E] {
	ctx, cancel := context.WithCancel(ctx)
	l := &line[E]{generation: generation, cancel: cancel, stopped: make(chan struct{})}
	t.mu.Lock()
	t.lines[generation] = l
	t.mu.Unlock()
	t.group.Go(func() error {
		defer close(l.stopped)
		defer cancel()
		return t.project(ctx, l)
	})
	return l
}

func (t *term[E]) stop(generation int) {
	t.mu.Lock()
	l := t.lines[generation]
	delete(t.lines, generation)
	delete(t.paused, generation)
	t.mu.Unlock()
	if l != nil {
		l.cancel()
		<-l.stopped
	}
}

// project runs a generation's engine, and again when it stops. It returns an error, which ends the term,
// only when this code or this process is not the one to go on; being stopped is none.
func (t *term[E]) project(ctx context.Context, l *line[E]) error {
	for pause := projectorPause; ; pause = min(2*pause, haltPause) {
		err := t.run(ctx, l)
		if stopped(ctx) {
			return nil
		}
		t.mu.Lock()
		l.failure = err
		t.mu.Unlock()
		if errors.Is(err, projections.ErrFenced) || isStale(err) {
			return fmt.Errorf("generation %d: %w", l.generation, err)
		}
		if errors.Is(err, projections.ErrHalted) {
			pause = haltPause
		}
		t.options.Logger.ErrorContext(ctx, "generation does not advance and is tried again",
			slog.Int("generation", l.generation), slog.Any("error", err), slog.Duration("pause", pause))
		_ = rest(ctx, pause)
		if stopped(ctx) {
			return nil
		}
	}
}

func stopped(ctx context.Context) bool { return ctx.Err() != nil }

func (t *term[E]) run(ctx context.Context, l *line[E]) error {
	engine, _, err := t.engine(ctx, l.generation, projections.Limits{})
	if err != nil {
		return err
	}
	t.mu.Lock()
	l.engine, l.failure = engine, nil
	t.mu.Unlock()
	return engine.Run(ctx)
}

// engine takes a generation over where its checkpoint stands.
func (t *term[E]) engine(ctx context.Context, generation int, catchUp projections.Limits) (*projections.Engine[E], *sink[E], error) {
	source := t.options.Source
	identity, err := source.Identity(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("identify the event store: %w", err)
	}
	to, from, err := openSink(ctx, t.options.Database.Pool, t.options.Model, generation, t.tenure.epoch, identity)
	if err != nil {
		return nil, nil, err
	}
	head, err := source.Head(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("find the head of the log: %w", err)
	}
	if head.Compare(from.Position) < 0 {
		return nil, nil, fmt.Errorf("%w: the checkpoint %d lies behind the end %d of the event store, which has lost events: restore it, or rebuild",
			projections.ErrHalted, from.Position.Commit, head.Commit)
	}
	return projections.NewEngine(projections.Options[E]{
		Source: source, Translator: t.options.Model.Translator(), Sink: to, Logger: t.options.Logger,
		Clock: t.options.Clock, CatchUp: catchUp, WithLog: t.options.Model.withLog(),
		Discreet: t.options.Database.Side == ClientSide,
	}, from), to, nil
}
