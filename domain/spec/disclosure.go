package spec

import (
	"reflect"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"effigate/domain"
	"effigate/domain/visible"
)

// Disclosing is a discloser under specification.
type Disclosing[S, E any] struct{ discloser domain.Discloser[S, E] }

// Discloser begins specifications of what an aggregate's client sees.
func Discloser[S, E any](discloser domain.Discloser[S, E]) Disclosing[S, E] {
	return Disclosing[S, E]{discloser: discloser}
}

// Given folds what happened, oldest event first.
func (d Disclosing[S, E]) Given(events ...E) Disclosed {
	var state S
	var disclosed Disclosed
	for _, event := range events {
		next, changes := d.discloser(state, event)
		state = next
		disclosed.changes = append(disclosed.changes, changes...)
	}
	return disclosed
}

// Disclosed is what a history yielded for the client.
type Disclosed struct{ changes []visible.Change }

// Then fails the test unless the history yielded exactly these changes in this order.
func (d Disclosed) Then(t T, want ...visible.Change) {
	t.Helper()
	if diff := cmp.Diff(want, d.changes, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("changes (-want +got):\n%s", diff)
	}
}

// Shows fails the test unless the client sees exactly these records in the end.
func (d Disclosed) Shows(t T, want ...visible.Record) {
	t.Helper()
	shown := visible.Shown{}
	apply(shown, d.changes)
	if diff := cmp.Diff(visible.Show(want...), shown); diff != "" {
		t.Fatalf("shown (-want +got):\n%s", diff)
	}
}

func apply(shown visible.Shown, changes []visible.Change) {
	for _, change := range changes {
		switch change := change.(type) {
		case visible.Put:
			shown[change.Key()] = change.Record
		case visible.Remove:
			delete(shown, change.Gone)
		}
	}
}

// DisclosureInvariants fails the test unless, over this history,
//   - every change changes something, and the changes of one event are ordered by key;
//   - a fold that starts anew, or branches off, or goes on from any earlier state, yields the same: so
//     a cache may lose a state, and a batch may end anywhere;
//   - blanking every field named Staff changes nothing: the client sees no trace of it.
//
// Variants that feed a calculation from their Staff part, whose result is shown, are named by a value of each: they are
// not blanked. What may follow from them is a matter of tests of their own.
func DisclosureInvariants[S, E any](t T, discloser domain.Discloser[S, E], events []E, feeds ...E) {
	t.Helper()
	states := make([]S, len(events)+1)
	yields := make([][]visible.Change, len(events))
	shown := visible.Shown{}
	for i, event := range events {
		states[i+1], yields[i] = discloser(states[i], event)
		checkChanges(t, shown, event, yields[i])
		apply(shown, yields[i])
	}
	for i := range events {
		for event := range branches(events, i) {
			_, _ = discloser(states[i], event)
		}
	}
	var again, blanked S
	for i, event := range events {
		var changes []visible.Change
		if again, changes = discloser(again, event); !reflect.DeepEqual(changes, yields[i]) {
			t.Fatalf("event %d %T yields something else in a second fold (-first +second):\n%s", i, event, cmp.Diff(yields[i], changes))
		}
		if !reflect.DeepEqual(again, states[i+1]) {
			t.Fatalf("the state after event %d %T was changed by a later fold, or differs in a second one:\nkept  %+v\nanew  %+v", i, event, states[i+1], again)
		}
		if !slices.ContainsFunc(feeds, func(fed E) bool { return reflect.TypeOf(fed) == reflect.TypeOf(event) }) {
			event = withoutStaff(event)
		}
		if blanked, changes = discloser(blanked, event); !reflect.DeepEqual(changes, yields[i]) {
			t.Fatalf("event %d %T shows its Staff part (-with +without):\n%s", i, event, cmp.Diff(yields[i], changes))
		}
	}
}

// checkChanges fails the test when a change of one event has no effect or is out of order.
func checkChanges(t T, before visible.Shown, event any, changes []visible.Change) {
	t.Helper()
	for _, change := range changes {
		old, known := before[change.Key()]
		switch change := change.(type) {
		case visible.Put:
			if known && old == change.Record {
				t.Fatalf("%T puts what is shown already: %+v", event, old)
			}
		case visible.Remove:
			if !known {
				t.Fatalf("%T removes what is not shown: %+v", event, change.Gone)
			}
		}
	}
	for i := 1; i < len(changes); i++ {
		if changes[i-1].Key().Compare(changes[i].Key()) >= 0 {
			t.Fatalf("%T yields changes that are not ordered by key, one each: %+v", event, changes)
		}
	}
}

// withoutStaff gives the event with its internal part blanked.
func withoutStaff[E any](event E) E {
	blanked := reflect.New(reflect.TypeOf(event)).Elem()
	blanked.Set(reflect.ValueOf(event))
	if staff := blanked.FieldByName("Staff"); staff.IsValid() {
		staff.SetZero()
	}
	return blanked.Interface().(E)
}
