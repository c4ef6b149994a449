// Package spec is the test kit of the domain: given / when / then for deciders and disclosures, and the
// properties that every aggregate promises.
//
// Tests alone import it. That is why it may use testing libraries and read the source files of the
// package under test, which the import rule forbids the rest of the domain.
package spec

import (
	"errors"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"effigate/domain"
)

// T is what the kit needs of a test: *testing.T and *rapid.T both fit.
type T interface {
	Helper()
	Fatalf(format string, arguments ...any)
}

// Deciding is a decider under specification.
type Deciding[S, C, E any] struct{ decider domain.Decider[S, C, E] }

// Decider begins specifications of an aggregate. A test file of one usually declares
//
//	var given = spec.Decider(client.Decider).Given
//
// and reads given(registered).When(rename).Then(t, renamed).
func Decider[S, C, E any](decider domain.Decider[S, C, E]) Deciding[S, C, E] {
	return Deciding[S, C, E]{decider: decider}
}

// Given says what happened so far, oldest event first.
func (d Deciding[S, C, E]) Given(events ...E) History[S, C, E] {
	return History[S, C, E]{decider: d.decider, events: events}
}

// History is what happened so far.
type History[S, C, E any] struct {
	decider domain.Decider[S, C, E]
	events  []E
}

// When decides one command on that history.
func (h History[S, C, E]) When(command C) Decision[E] {
	var empty S
	events, err := h.decider.Decide(h.decider.Fold(empty, h.events...), command)
	return Decision[E]{events: events, err: err}
}

// Decision is what came of a command.
type Decision[E any] struct {
	events []E
	err    error
}

// Then fails the test unless the command led to exactly these events in this order.
func (d Decision[E]) Then(t T, want ...E) {
	t.Helper()
	if d.err != nil {
		t.Fatalf("refused: %v", d.err)
	}
	if diff := cmp.Diff(want, d.events, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
}

// ThenNothing fails the test unless the command was in effect already.
func (d Decision[E]) ThenNothing(t T) {
	t.Helper()
	d.Then(t)
}

// ThenRefused fails the test unless the command was refused with this kind and this code.
func (d Decision[E]) ThenRefused(t T, kind error, code string) {
	t.Helper()
	refusal := d.refusal(t)
	if !errors.Is(refusal, kind) || refusal.Code != code {
		t.Fatalf("refused as %v with code %q, want %v with code %q", refusal, refusal.Code, kind, code)
	}
}

// ThenInvalid fails the test unless the command was refused for exactly these fields, in any order.
func (d Decision[E]) ThenInvalid(t T, fields ...string) {
	t.Helper()
	refusal := d.refusal(t)
	if !errors.Is(refusal, domain.ErrInvalid) {
		t.Fatalf("refused as %v, want %v", refusal, domain.ErrInvalid)
	}
	got := make([]string, 0, len(refusal.Fields))
	for field := range refusal.Fields {
		got = append(got, field)
	}
	slices.Sort(got)
	slices.Sort(fields)
	if diff := cmp.Diff(fields, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("wrong fields (-want +got):\n%s", diff)
	}
}

func (d Decision[E]) refusal(t T) *domain.Refusal {
	t.Helper()
	if d.err == nil {
		t.Fatalf("not refused; events: %v", d.events)
	}
	refusal, ok := errors.AsType[*domain.Refusal](d.err)
	if !ok || len(d.events) > 0 {
		t.Fatalf("%v with %d events, want a domain.Refusal and no event", d.err, len(d.events))
	}
	return refusal
}
