package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

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
			s.log.forget(stream) // Should the cache be what is wrong, as after a restored backup.
		}
		if err := pause(ctx, min(try, tries)); err != nil {
			return nil, fmt.Errorf("allocate in %s: %w", stream, err)
		}
	}
}

// allocateOnce folds what the series holds, decides for the subjects without a number, and appends.
func (s *Service) allocateOnce(ctx context.Context, r Request, series string, subjects []uuid.UUID) (map[uuid.UUID]int, error) {
	stream := numbering.Stream(series)
	current, err := s.series(ctx, stream)
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
		if current, err = s.series(ctx, stream); err != nil {
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

// series folds a series up to its end.
func (s *Service) series(ctx context.Context, stream string) (past[numbering.State], error) {
	return load(ctx, s.log, numbering.Decider, stream, domain.CommandID{})
}
