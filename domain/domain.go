// Package domain holds what every aggregate shares: events, deciders, disclosures, ids, the actor and
// the kinds of refusal.
//
// It is pure. It and the packages below it import the standard library, uuid and decimal, and nothing
// else: no I/O, no context, no clock, no random. Time, actor and new ids come in through commands, so a
// decision can be repeated in a replay and gives the same events.
package domain

import (
	"effigate/domain/visible"
)

// Event is one fact of one aggregate. Each aggregate seals its own union of events over it.
type Event interface {
	// Kind is the stored name, "<aggregate>.<past_tense>.v<N>", written out and never changed.
	Kind() string
}

// Decider is an aggregate: two pure functions over its state, whose zero value is an empty stream.
//
// Decide turns a command into events, into nothing when the command is in effect already, or into a
// refusal that wraps one of the error kinds of this package. Evolve cannot fail.
type Decider[S, C, E any] struct {
	Decide func(S, C) ([]E, error)
	Evolve func(S, E) S
}

// Fold evolves a state over events in order.
func (d Decider[S, C, E]) Fold(state S, events ...E) S {
	for _, event := range events {
		state = d.Evolve(state, event)
	}
	return state
}

// Discloser is the second fold over the same history: what one client may see of it. It is the only
// place where internal facts and client-safe records meet. It cannot fail, has no side effect, and
// yields nothing at all for a fact that changes nothing a client sees.
type Discloser[S, E any] func(S, E) (S, []visible.Change)
