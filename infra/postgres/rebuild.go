package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"effigate/domain"
	"effigate/projections"
)

// replayLimits bound the batches of a replay: the more events are folded before rows are written, the
// fewer times a row is written.
var replayLimits = projections.Limits{Events: 16_384, Bytes: 16 << 20, Linger: time.Second}

// reportEvery is how often progress is stored.
const reportEvery = 500 * time.Millisecond

// ErrDifferent says that a new generation holds other rows than the live one.
var ErrDifferent = errors.New("the generations differ")

// report takes progress; an error ends what it reports on.
type report func(projections.Progress) error

// serve carries out one request and closes it. It returns an error only when the term has to end; the
// request is then begun anew in the next.
func (t *term[E]) serve(ctx context.Context, request Request) error {
	progress := func(p projections.Progress) error {
		return errors.Join(t.show(p), t.options.Database.progress(ctx, request.ID, p))
	}
	var err error
	switch request.Kind {
	case Rebuild:
		err = t.rebuild(ctx, request.Argument, progress)
	case Verify:
		err = t.verify(ctx, progress)
	case Switch:
		var generation int
		if generation, err = strconv.Atoi(request.Argument); err == nil {
			err = t.promote(ctx, generation)
		}
	case Rollback:
		err = t.rollback(ctx)
	case Unpark:
		err = t.unpark(ctx, request.Argument)
	}
	t.mu.Lock()
	t.build = nil
	t.mu.Unlock()
	if ctx.Err() != nil || errors.Is(err, projections.ErrFenced) || errors.Is(err, errUnsure) {
		return errors.Join(err, ctx.Err())
	}
	return t.options.Database.end(ctx, request.ID, err)
}

// build is a generation on its way.
type build[E any] struct {
	generation int
	live       GenerationInfo // ID 0: none
	engine     *projections.Engine[E]
	progress   projections.Progress
}

// rebuild builds a generation, compares it unless told not to, and switches to it.
func (t *term[E]) rebuild(ctx context.Context, argument string, tell report) error {
	if argument != "" && argument != Unverified {
		return fmt.Errorf("%w: a rebuild takes no argument but %q", domain.ErrInvalid, Unverified)
	}
	return t.built(ctx, tell, func(b *build[E]) error {
		if b.live.ID != 0 && argument != Unverified {
			if err := t.compare(ctx, b, tell); err != nil {
				return err
			}
			if !projections.AllEqual(b.progress.Differences) {
				return fmt.Errorf("%w; to switch all the same, rebuild %s", ErrDifferent, Unverified)
			}
		}
		b.progress.Phase = projections.Switching
		if err := tell(b.progress); err != nil {
			return err
		}
		t.start(ctx, b.generation)
		if err := t.promote(ctx, b.generation); err != nil {
			t.stop(b.generation)
			return err
		}
		b.progress.Phase = projections.RebuildEnd
		return tell(b.progress)
	})
}

// verify builds a generation, compares it, and drops it.
func (t *term[E]) verify(ctx context.Context, tell report) error {
	return t.built(ctx, tell, func(b *build[E]) error {
		if b.live.ID == 0 {
			return fmt.Errorf("%w: no generation of version %d is live", domain.ErrNotFound, t.tenure.version)
		}
		if err := t.compare(ctx, b, tell); err != nil {
			return err
		}
		b.progress.Phase = projections.RebuildEnd
		if err := tell(b.progress); err != nil {
			return err
		}
		return t.tenure.drop(ctx, b.generation)
	})
}

// errUnsure says that a failed generation could not be dropped, perhaps because it is live after all. The
// next term begins with what the database says.
var errUnsure = errors.New("generation neither live nor dropped")

// built replays the log into a new generation and hands it on. When anything fails it drops it.
func (t *term[E]) built(ctx context.Context, tell report, use func(*build[E]) error) error {
	generation, err := t.tenure.create(ctx, t.options.Model.Schema)
	if err != nil {
		return err
	}
	b := &build[E]{generation: generation}
	if err = t.fill(ctx, b, tell); err == nil {
		err = use(b)
	}
	if err != nil && ctx.Err() == nil {
		if drop := t.tenure.drop(ctx, generation); drop != nil {
			err = fmt.Errorf("%w: %w: %w", errUnsure, err, drop)
		}
	}
	return err
}

// fill replays history up to the present into the generation and completes it.
func (t *term[E]) fill(ctx context.Context, b *build[E], tell report) error {
	generations, err := t.generations(ctx)
	if err != nil {
		return err
	}
	for _, g := range generations {
		if g.State == live {
			b.live = g
		}
	}
	engine, to, err := t.engine(ctx, b.generation, replayLimits)
	if err != nil {
		return err
	}
	head, err := t.options.Source.Head(ctx)
	if err != nil {
		return fmt.Errorf("find the head of the log: %w", err)
	}
	b.engine, to.bulk = engine, true
	if err := t.replay(ctx, b, head, tell); err != nil {
		return fmt.Errorf("replay into generation %d: %w", b.generation, err)
	}
	to.bulk = false
	b.progress.Phase = projections.Indexing
	if err := tell(b.progress); err != nil {
		return err
	}
	return t.tenure.finish(ctx, b.generation, t.options.Model.Indexes, t.options.Model.tables())
}

// replay runs the engine to the head and tells of the progress meanwhile.
func (t *term[E]) replay(ctx context.Context, b *build[E], head domain.Position, tell report) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := t.options.Clock()
	done := make(chan error, 1)
	go func() { done <- b.engine.RunTo(ctx, head) }()
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		var ended, told error
		running := true
		select {
		case ended = <-done:
			running = false
		case <-ticker.C:
		}
		b.progress = projections.Replayed(b.generation, b.engine.Status().Events, b.live.Events, t.options.Clock().Sub(began))
		if ended == nil {
			told = tell(b.progress)
		}
		switch {
		case !running:
			return errors.Join(ended, told)
		case told != nil:
			cancel()
			return errors.Join(told, <-done)
		}
	}
}

func (t *term[E]) compare(ctx context.Context, b *build[E], tell report) error {
	b.progress.Phase = projections.Comparing
	if err := tell(b.progress); err != nil {
		return err
	}
	differences, at, err := compare(ctx, t.options.Database, b.live.ID, b.generation, t.options.Model.tables(), b.engine)
	if err != nil {
		return fmt.Errorf("compare generation %d with %d (rebuild %s does without): %w", b.generation, b.live.ID, Unverified, err)
	}
	b.progress.Differences, b.progress.Position = differences, at
	return tell(b.progress)
}

// nearPatience bounds how long a switch waits for a generation that is still behind.
const nearPatience = 30 * time.Second

// promote switches to a generation that is kept up to date, once it is near the live one: the live one
// should not stand still for longer than the last few events take.
//
// The one switched from stands still from just before the switch until every reader has heard of it. Else it
// could get ahead, and a reader that reads it once more before going over would go back in time.
func (t *term[E]) promote(ctx context.Context, generation int) error {
	t.resume(ctx, generation)
	t.mu.Lock()
	l := t.lines[generation]
	t.mu.Unlock()
	if l == nil {
		return fmt.Errorf("%w: generation %d is not kept up to date", domain.ErrNotFound, generation)
	}
	near, cancel := context.WithTimeout(ctx, nearPatience)
	defer cancel()
	for {
		behind, err := t.isBehind(ctx, generation)
		if err != nil {
			return err
		}
		if !behind {
			break
		}
		if rest(near, projectorPause/5) != nil {
			return fmt.Errorf("switch to generation %d: %w", generation, errBehind)
		}
	}
	from, err := t.liveGeneration(ctx)
	if err != nil {
		return err
	}
	if from == 0 || from == generation {
		return t.tenure.promote(ctx, generation)
	}
	t.pause(from)
	if err := t.tenure.promote(ctx, generation); err != nil {
		t.resume(ctx, from)
		return err
	}
	t.group.Go(func() error {
		if rest(ctx, heardTime) == nil {
			t.resume(ctx, from)
		}
		return nil
	})
	return nil
}

// heardTime is how long a generation stands still after it was switched from. Readers hear of a switch at
// once, or find it when they poll.
const heardTime = 3 * poll

// liveGeneration is the number of the live generation; 0 when there is none.
func (t *term[E]) liveGeneration(ctx context.Context) (int, error) {
	generations, err := t.generations(ctx)
	for _, g := range generations {
		if g.State == live {
			return g.ID, nil
		}
	}
	return 0, err
}

// pause lets a generation stand still until it is resumed, or stopped for good.
func (t *term[E]) pause(generation int) {
	t.stop(generation)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused[generation] = true
}

// resume goes on with a generation that stands still.
func (t *term[E]) resume(ctx context.Context, generation int) {
	t.mu.Lock()
	was := t.paused[generation]
	delete(t.paused, generation)
	t.mu.Unlock()
	if was {
		t.start(ctx, generation)
	}
}

func (t *term[E]) isBehind(ctx context.Context, generation int) (bool, error) {
	generations, err := t.generations(ctx)
	if err != nil {
		return false, err
	}
	var own, present domain.Position
	for _, g := range generations {
		if g.ID == generation {
			own = g.Position
		}
		if g.State == live {
			present = g.Position
		}
	}
	return own.Compare(present) < 0, nil
}

func (t *term[E]) rollback(ctx context.Context) error {
	generations, err := t.generations(ctx)
	if err != nil {
		return err
	}
	var to GenerationInfo
	for _, g := range generations {
		if g.State == previous && (to.SwitchedAt == nil || g.SwitchedAt.After(*to.SwitchedAt)) {
			to = g
		}
	}
	if to.ID == 0 {
		return fmt.Errorf("%w: there is no generation to go back to", domain.ErrNotFound)
	}
	return t.promote(ctx, to.ID)
}

// unparkPatience bounds how long one generation may take to take a stream back.
const unparkPatience = time.Minute

// unpark takes a stream back in every generation that has it parked.
func (t *term[E]) unpark(ctx context.Context, stream string) error {
	t.mu.Lock()
	still := slices.Collect(maps.Keys(t.paused))
	t.mu.Unlock()
	for _, generation := range still {
		t.resume(ctx, generation)
	}
	ctx, cancel := context.WithTimeout(ctx, unparkPatience)
	defer cancel()
	t.mu.Lock()
	var engines []*projections.Engine[E]
	for _, l := range t.lines {
		if l.engine != nil {
			engines = append(engines, l.engine)
		}
	}
	t.mu.Unlock()
	var failures []error
	found := false
	for _, engine := range engines {
		err := engine.Unpark(ctx, stream)
		found = found || !errors.Is(err, projections.ErrNotParked)
		if err != nil && !errors.Is(err, projections.ErrNotParked) {
			failures = append(failures, err)
		}
	}
	if !found {
		return fmt.Errorf("%w: %s", projections.ErrNotParked, stream)
	}
	return errors.Join(failures...)
}
