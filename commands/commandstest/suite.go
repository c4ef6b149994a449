package commandstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
)

// Noted is the event that LogSuite writes. A log that knows kinds must know it.
type Noted struct {
	Text string `json:"text"`
}

// Kind is the stored name.
func (Noted) Kind() string { return "sample.noted.v1" }

// Samples lists one value per kind that LogSuite writes.
func Samples() []domain.Event { return []domain.Event{Noted{Text: "a note"}} }

// LogSuite checks that a log keeps the promises of commands.Log. start gives a log that nobody else
// writes to; what is in it already doesn't matter.
func LogSuite(t *testing.T, start func(*testing.T) commands.Log) {
	t.Helper()
	for name, check := range map[string]func(suite){
		"a stream that does not exist is empty":                   suite.emptyStream,
		"events come back in order, with ids, revisions, command": suite.roundTrip,
		"an append at another revision writes nothing":            suite.wrongRevision,
		"a repeated append answers as the first one did":          suite.repeatedAppend,
		"a repetition that differs in length is a conflict":       suite.otherLength,
		"at the present revision ids are not compared":            suite.sameIDsLater,
		"what no store takes is refused":                          suite.refusals,
		"the limit of one append holds":                           suite.sizeLimit,
		"the head is the newest event":                            suite.head,
		"a cancelled context ends a call":                         suite.cancelled,
		"of writers at one revision one wins":                     suite.race,
		"one command sent many times acts once":                   suite.sameCommandRace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(suite{T: t, log: start(t)})
		})
	}
}

// suite is one check's log, and the test it belongs to.
type suite struct {
	*testing.T
	log commands.Log
}

func (s suite) emptyStream() {
	if got := s.read("nothing-here", domain.NoStream); len(got) != 0 {
		s.Errorf("got %d events of a stream that does not exist", len(got))
	}
}

func (s suite) roundTrip() {
	first := note("trip-1", domain.NoStream, "first", "a", "b")
	second := note("trip-1", 1, "second", "c")
	at := s.mustAppend(first)
	s.mustAppend(note("trip-2", domain.NoStream, "other", "x"))
	s.mustAppend(second)

	got := s.read("trip-1", domain.NoStream)
	type fact struct {
		ID       uuid.UUID
		Stream   string
		Revision int64
		Command  domain.CommandID
		Event    domain.Event
		Kind     string
	}
	var facts []fact
	for _, recorded := range got {
		facts = append(facts, fact{recorded.ID, recorded.Stream, recorded.Revision, recorded.Command, recorded.Event, recorded.Raw.Kind})
	}
	want := []fact{
		{domain.EventID(first.Command, "trip-1", 0), "trip-1", 0, first.Command, Noted{"a"}, "sample.noted.v1"},
		{domain.EventID(first.Command, "trip-1", 1), "trip-1", 1, first.Command, Noted{"b"}, "sample.noted.v1"},
		{domain.EventID(second.Command, "trip-1", 0), "trip-1", 2, second.Command, Noted{"c"}, "sample.noted.v1"},
	}
	if diff := cmp.Diff(want, facts); diff != "" {
		s.Fatalf("read (-want +got):\n%s", diff)
	}
	if got[1].Position != at {
		s.Errorf("the append answered %v, its last event is at %v", at, got[1].Position)
	}
	if !slices.IsSortedFunc(got, func(a, b domain.Recorded) int { return a.Position.Compare(b.Position) }) {
		s.Error("positions do not rise along the stream")
	}
	if tail := s.read("trip-1", 1); len(tail) != 1 || tail[0].Revision != 2 {
		s.Errorf("after revision 1: got %v", tail)
	}
	if beyond := s.read("trip-1", 7); len(beyond) != 0 {
		s.Errorf("after revision 7: got %v", beyond)
	}
	for recorded, err := range s.log.Read(s.Context(), "trip-1", domain.NoStream) {
		if err != nil || recorded.Revision != 0 {
			s.Errorf("a read that is left early began at %d, %v", recorded.Revision, err)
		}
		break
	}
}

func (s suite) wrongRevision() {
	s.mustAppend(note("wrong", domain.NoStream, "first", "a", "b"))
	for i, expected := range []int64{domain.NoStream, 0, 2, 99} {
		_, err := s.log.Append(s.Context(), note("wrong", expected, fmt.Sprint("late ", i), "c"))
		if !errors.Is(err, domain.ErrRevision) {
			s.Errorf("at %d: got %v, want ErrRevision", expected, err)
		}
	}
	if _, err := s.log.Append(s.Context(), note("never", 0, "early", "c")); !errors.Is(err, domain.ErrRevision) {
		s.Errorf("at 0 of no stream: got %v, want ErrRevision", err)
	}
	s.wantTexts("wrong", "a", "b")
}

func (s suite) repeatedAppend() {
	first, second := note("again", domain.NoStream, "first", "a", "b"), note("again", 1, "second", "c")
	atFirst, atSecond := s.mustAppend(first), s.mustAppend(second)
	for range 2 {
		if at := s.mustAppend(first); at != atFirst {
			s.Errorf("the first append at %v answered %v when repeated", atFirst, at)
		}
		if at := s.mustAppend(second); at != atSecond {
			s.Errorf("the second append at %v answered %v when repeated", atSecond, at)
		}
	}
	s.wantTexts("again", "a", "b", "c")
}

func (s suite) otherLength() {
	s.mustAppend(note("length", domain.NoStream, "first", "a", "b"))
	if _, err := s.log.Append(s.Context(), note("length", domain.NoStream, "first", "a", "b", "c")); !errors.Is(err, domain.ErrRevision) {
		s.Errorf("a longer repetition: got %v, want ErrRevision", err)
	}
	s.wantTexts("length", "a", "b")
}

// sameIDsLater documents what the command runner has to know: only an append that names an older revision
// is recognised as a repetition.
func (s suite) sameIDsLater() {
	s.mustAppend(note("later", domain.NoStream, "first", "a"))
	s.mustAppend(note("later", 0, "first", "a"))
	s.wantTexts("later", "a", "a")
}

func (s suite) refusals() {
	noCommand := note("refused", domain.NoStream, "first", "a")
	noCommand.Command = domain.CommandID{}
	for name, a := range map[string]domain.Append{
		"no stream name":  note("", domain.NoStream, "first", "a"),
		"a system stream": note("$refused", domain.NoStream, "first", "a"),
		"any revision":    note("refused", -2, "first", "a"),
		"no command":      noCommand,
		"no events":       note("refused", domain.NoStream, "first"),
	} {
		if _, err := s.log.Append(s.Context(), a); !errors.Is(err, domain.ErrInvalid) {
			s.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func (s suite) sizeLimit() {
	half := strings.Repeat("x", 512<<10)
	if _, err := s.log.Append(s.Context(), note("large", domain.NoStream, "first", half, half)); !errors.Is(err, domain.ErrInvalid) {
		s.Errorf("an append of more than 1 MiB: got %v, want ErrInvalid", err)
	}
	s.mustAppend(note("large", domain.NoStream, "second", half, "fits"))
	s.wantTexts("large", half, "fits")
}

func (s suite) head() {
	for i := range 3 {
		at := s.mustAppend(note(fmt.Sprint("head-", i), domain.NoStream, "first", "a", "b"))
		if head, err := s.log.Head(s.Context()); err != nil || head != at {
			s.Errorf("the head is %v, %v after an append at %v", head, err, at)
		}
	}
}

func (s suite) cancelled() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if _, err := s.log.Append(ctx, note("cancelled", domain.NoStream, "first", "a")); !errors.Is(err, domain.ErrUnavailable) {
		s.Errorf("append: got %v, want ErrUnavailable", err)
	}
	for _, err := range s.log.Read(ctx, "cancelled", domain.NoStream) {
		if !errors.Is(err, domain.ErrUnavailable) {
			s.Errorf("read: got %v, want ErrUnavailable", err)
		}
	}
	if _, err := s.log.Head(ctx); !errors.Is(err, domain.ErrUnavailable) {
		s.Errorf("head: got %v, want ErrUnavailable", err)
	}
}

func (s suite) race() {
	const writers = 8
	errs := make([]error, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			_, errs[i] = s.log.Append(s.Context(), note("race", domain.NoStream, fmt.Sprint("writer ", i), "a", "b"))
		})
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, domain.ErrRevision):
			s.Errorf("writer %d: got %v, want ErrRevision", i, err)
		}
	}
	if won != 1 {
		s.Errorf("%d of %d writers won, want 1", won, writers)
	}
	s.wantTexts("race", "a", "b")
}

func (s suite) sameCommandRace() {
	const senders = 8
	at, errs := make([]domain.Position, senders), make([]error, senders)
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			at[i], errs[i] = s.log.Append(s.Context(), note("once", domain.NoStream, "the command", "a", "b"))
		})
	}
	all.Wait()
	for i := range senders {
		if errs[i] != nil || at[i] != at[0] {
			s.Errorf("sender %d was answered %v, %v, sender 0 %v", i, at[i], errs[i], at[0])
		}
	}
	s.wantTexts("once", "a", "b")
}

// note is an append of one Noted per text. The same stream and command name give the same ids.
func note(stream string, expected int64, command string, texts ...string) domain.Append {
	a := domain.Append{
		Stream: stream, Expected: expected,
		Command: domain.CommandID{UUID: domain.Derive(uuid.NameSpaceOID, stream, command)},
	}
	for _, text := range texts {
		a.Events = append(a.Events, Noted{Text: text})
	}
	return a
}

func (s suite) mustAppend(a domain.Append) domain.Position {
	s.Helper()
	at, err := s.log.Append(s.Context(), a)
	if err != nil {
		s.Fatalf("append %d events to %s at %d: %v", len(a.Events), a.Stream, a.Expected, err)
	}
	return at
}

func (s suite) read(stream string, after int64) []domain.Recorded {
	s.Helper()
	var all []domain.Recorded
	for recorded, err := range s.log.Read(s.Context(), stream, after) {
		if err != nil {
			s.Fatalf("read %s after %d: %v", stream, after, err)
		}
		all = append(all, recorded)
	}
	return all
}

func (s suite) wantTexts(stream string, want ...string) {
	s.Helper()
	var got []string
	for _, recorded := range s.read(stream, domain.NoStream) {
		event, ok := recorded.Event.(Noted)
		if !ok {
			s.Fatalf("%s holds %T", stream, recorded.Event)
		}
		got = append(got, event.Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", stream, diff)
	}
}
