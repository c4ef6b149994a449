package spec

import (
	"errors"
	"iter"
	"reflect"
	"sync"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
)

// Replays sends commands to a decider, one after the other, and gives the history they made. It fails
// the test unless
//   - deciding is repeatable: the same state and command give the same answer;
//   - a refusal is a domain.Refusal with a kind and a code, and comes without events;
//   - the same command again, right after it acted, yields nothing or a refusal;
//   - replaying the history gives every state that was lived through, and no later step, or branch,
//     reaches into an earlier state.
func Replays[S, C, E any](t T, decider domain.Decider[S, C, E], commands []C) []E {
	t.Helper()
	var history []E
	states := make([]S, 1)
	for _, command := range commands {
		now := states[len(states)-1]
		events, err := decider.Decide(now, command)
		checkRefusal(t, command, events, err)
		if again, _ := decider.Decide(now, command); !reflect.DeepEqual(again, events) {
			t.Fatalf("%T decided twice on one state differs (-first +second):\n%s", command, cmp.Diff(events, again))
		}
		for _, event := range events {
			states = append(states, decider.Evolve(states[len(states)-1], event))
			history = append(history, event)
		}
		if repeated, _ := decider.Decide(states[len(states)-1], command); len(repeated) > 0 {
			t.Fatalf("%T acts again when repeated: %+v", command, repeated)
		}
	}
	for i := range history {
		for event := range branches(history, i) {
			_ = decider.Evolve(states[i], event)
		}
	}
	var replayed S
	for i, event := range history {
		replayed = decider.Evolve(replayed, event)
		if !reflect.DeepEqual(replayed, states[i+1]) {
			t.Fatalf("the state after event %d %T was changed later, or differs in a replay:\nlived    %+v\nreplayed %+v", i, event, states[i+1], replayed)
		}
	}
	return history
}

// Forks goes on from one state in two ways at once. It fails the test unless the state, and what it says, stay as they
// were, and each way leads where a fold of its own leads: states are remembered and shared by all who decide on a
// stream. What a state says are its answers to all that is asked of it; under the race detector, asking writes nothing.
func Forks[S, C, E, A any](t T, decider domain.Decider[S, C, E], says func(S) A, past []E, ways ...[]C) {
	t.Helper()
	var empty S
	shared := decider.Fold(empty, past...)
	before := says(shared)
	histories, ends := make([][]E, len(ways)), make([]S, len(ways))
	var all sync.WaitGroup
	for i, commands := range ways {
		all.Go(func() {
			ends[i] = shared
			for _, command := range commands {
				_ = says(shared)
				events, _ := decider.Decide(ends[i], command)
				ends[i], histories[i] = decider.Fold(ends[i], events...), append(histories[i], events...)
			}
		})
	}
	all.Wait()
	if !reflect.DeepEqual(shared, decider.Fold(empty, past...)) || !reflect.DeepEqual(before, says(shared)) {
		t.Fatalf("a state of %d events was changed by what followed:\nbefore %+v\nafter  %+v", len(past), before, says(shared))
	}
	for i, end := range ends {
		alone := decider.Fold(decider.Fold(empty, past...), histories[i]...)
		if !reflect.DeepEqual(end, alone) || !reflect.DeepEqual(says(end), says(alone)) {
			t.Fatalf("way %d from a state of %d events was changed by another:\nshared %+v\nalone  %+v", i, len(past), says(end), says(alone))
		}
	}
}

// branches picks at most sixteen events of a history, others for each i, to evolve an earlier state with:
// states that share memory overwrite each other then. The oldest come last, so that what they overwrite
// is not what stood there.
func branches[E any](history []E, i int) iter.Seq[E] {
	return func(yield func(E) bool) {
		stride := 1 + len(history)/16
		for j := len(history) - 1 - i%stride; j >= 0; j -= stride {
			if !yield(history[j]) {
				return
			}
		}
	}
}

func checkRefusal[E any](t T, command any, events []E, err error) {
	t.Helper()
	if err == nil {
		return
	}
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if !ok || refusal.Kind == nil || refusal.Code == "" || len(events) > 0 {
		t.Fatalf("%T: %v with %d events, want a domain.Refusal with kind and code, and no event", command, err, len(events))
	}
}
