package audit

import (
	"context"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"effigate/domain"
)

// Namer gives the names of people, of those that it knows.
type Namer func(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error)

// Fold is the state that the events of one stream lead to.
func Fold[S any, E domain.Event](events iter.Seq2[domain.Recorded, error], evolve func(S, E) S) (state S, err error) {
	for recorded, err := range events {
		if err != nil {
			return state, err
		}
		event, ok := recorded.Event.(E)
		if !ok {
			return state, fmt.Errorf("revision %d of %s holds %s, which is not of its aggregate", recorded.Revision, recorded.Stream, recorded.Raw.Kind)
		}
		state = evolve(state, event)
	}
	return state, nil
}

// slicedLog yields events that were read before.
func slicedLog(events []domain.Recorded) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for _, event := range events {
			if !yield(event, nil) {
				return
			}
		}
	}
}
