package commands

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/numbering"
)

// A step that needs two streams is never atomic. Its shape is always this:
//
//  1. The stream that can refuse is written first, and what it says names the other.
//  2. The second stream gives what was asked for, at most once per subject, under a command id derived
//     from the subjects alone.
//  3. The first stream records it, again under a derived id, purely from what 2 gave.
//
// The command that wrote 1 goes on with 2 and 3 at once; should it die, a process manager that reacts to
// 1 does the same. Both may run at the same time: the ids are the same, so the effect is there once.
//
// Numbers are the first such step: allocate is 2.

// allocate gives every subject its number in a series, the one it has or the next one. Numbers are wanted
// by everybody at once, so an allocation that another process forestalls is decided anew until the request's
// deadline; then it gives up with domain.ErrUnavailable.
func (s *Service) allocate(ctx context.Context, r Request, series string, subjects []uuid.UUID) (map[uuid.UUID]int, error) {
	stream := numbering.Stream(series)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	unlock, err := s.queue.lock(ctx, stream)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for try := 0; ; try++ {
		numbers, err := s.allocateOnce(ctx, r, series, subjects)
		if !errors.Is(err, domain.ErrRevision) {
			return numbers, err
		}
		if try == tries {
			s.series.forget(stream) // Should the cache be what is wrong, as after a restored backup.
		}
		if err := pause(ctx, min(try, tries)); err != nil {
			return nil, fmt.Errorf("allocate in %s: %w", stream, err)
		}
	}
}

// allocateOnce folds what the series holds, decides for the subjects without a number, and appends.
func (s *Service) allocateOnce(ctx context.Context, r Request, series string, subjects []uuid.UUID) (map[uuid.UUID]int, error) {
	stream := numbering.Stream(series)
	current, err := s.series.read(ctx, s.log, stream)
	if err != nil {
		return nil, err
	}
	decided, err := numbering.Decide(current.state, numbering.Allocate{Series: series, Subjects: subjects, At: r.At})
	if err != nil {
		return nil, err
	}
	if len(decided) > 0 {
		on := r.then("allocate", series+" "+named(decided)).on(stream)
		_, err := s.log.Append(ctx, domain.Append{
			Stream: stream, Expected: current.revision, Command: on.Command, Cause: on.Cause, Events: widen(decided),
		})
		if err != nil {
			return nil, err
		}
		if current, err = s.series.read(ctx, s.log, stream); err != nil {
			return nil, err
		}
	}
	numbers := current.state.Numbers(subjects...)
	for _, subject := range subjects {
		if _, given := numbers[subject]; !given {
			return nil, fmt.Errorf("%s gave no number to %s", stream, subject)
		}
	}
	return numbers, nil
}

// named identifies an allocation by all of its subjects. A subject gets a number once, so no two
// allocations of a series that act share a name; one that is repeated keeps it.
func named(decided []numbering.Event) string {
	sum := sha256.New()
	for _, event := range decided {
		if allocated, ok := event.(numbering.Allocated); ok {
			sum.Write(allocated.Subject[:])
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// seriesState is a series as far as it was read.
type seriesState struct {
	state    numbering.State
	revision int64
}

// Bounds of the cache: how many series are kept folded, and how many numbers they hold together, at about
// a hundred bytes each. The series used last is kept whatever its length.
const (
	maxSeries  = 256
	maxNumbers = 1 << 20
)

// seriesCache keeps the folds of the series used last, because a series is the one kind of stream that
// grows with its client. The tail is always read.
type seriesCache struct {
	mu      sync.Mutex
	byName  map[string]*list.Element
	recent  *list.List // of *cachedSeries, used last first
	numbers int        // in all of them
}

type cachedSeries struct {
	stream string
	seriesState
}

func newSeriesCache() *seriesCache {
	return &seriesCache{byName: map[string]*list.Element{}, recent: list.New()}
}

// read folds the series up to its end, from where the cache stands.
func (c *seriesCache) read(ctx context.Context, log Log, stream string) (seriesState, error) {
	current := c.get(stream)
	for recorded, err := range log.Read(ctx, stream, current.revision) {
		if err != nil {
			return seriesState{}, fmt.Errorf("read %s: %w", stream, err)
		}
		event, ok := recorded.Event.(numbering.Event)
		if !ok {
			return seriesState{}, fmt.Errorf("read %s: revision %d is no numbering event", stream, recorded.Revision)
		}
		current.state = numbering.Evolve(current.state, event)
		current.revision = recorded.Revision
	}
	c.put(stream, current)
	return current, nil
}

func (c *seriesCache) get(stream string) seriesState {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, known := c.byName[stream]
	if !known {
		return seriesState{revision: domain.NoStream}
	}
	c.recent.MoveToFront(element)
	return element.Value.(*cachedSeries).seriesState //nolint:forcetypeassert // the list holds nothing else
}

func (c *seriesCache) put(stream string, current seriesState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.byName[stream])
	c.byName[stream] = c.recent.PushFront(&cachedSeries{stream, current})
	c.numbers += current.state.Len()
	for c.recent.Len() > maxSeries || c.numbers > maxNumbers && c.recent.Len() > 1 {
		c.drop(c.recent.Back())
	}
}

func (c *seriesCache) forget(stream string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.byName[stream])
}

// drop takes an element out, if there is one; the caller holds the lock.
func (c *seriesCache) drop(element *list.Element) {
	if element == nil {
		return
	}
	dropped := c.recent.Remove(element).(*cachedSeries) //nolint:forcetypeassert // the list holds nothing else
	delete(c.byName, dropped.stream)
	c.numbers -= dropped.state.Len()
}
