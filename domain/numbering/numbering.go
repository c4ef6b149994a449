// Package numbering gives numbers without gap or duplicate, from one stream per series (product rules
// X11, F39).
//
// It is the shape of every step that needs two streams, which are never atomic. The series is written
// first and names the subject; the number then follows from the place of that event in its stream, so the
// command that needs it and the process manager that completes what was left both read the same one, and
// may both tell the subject. A number given stays given: what became of its subject doesn't matter here.
//
// It imports the domain and visible packages only.
package numbering

import (
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// MaxSubjects bounds how many subjects one command allocates numbers to.
const MaxSubjects = 500

// Stream is the name of a series' stream.
func Stream(series string) string { return "numbering-" + series }

// TicketSeries names a client's series of ticket numbers. Only what the client sees draws from the visible
// one, so that no gap betrays an internal ticket (X11).
func TicketSeries(client domain.ClientID, visibility domain.Visibility) string {
	if visibility == domain.ClientVisible {
		return "ticket-" + client.String() + "-visible"
	}
	return "ticket-" + client.String() + "-internal"
}

// Decider is the numbering aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a series. It never changes an earlier State, and a number is
// given or looked up in a few steps, however long the series is.
type State struct {
	series  string
	next    int // the number that the next allocation gives: first + revision − 1
	numbers domain.Index[int]
}

// Len is how many subjects have a number.
func (s State) Len() int { return s.numbers.Len() }

// NumberOf gives the number of a subject, and false when it has none.
func (s State) NumberOf(subject uuid.UUID) (int, bool) { return s.numbers.Get(subject) }

// Numbers gives the numbers of those of the subjects that have one.
func (s State) Numbers(subjects ...uuid.UUID) map[uuid.UUID]int {
	numbers := make(map[uuid.UUID]int, len(subjects))
	for _, subject := range subjects {
		if number, has := s.numbers.Get(subject); has {
			numbers[subject] = number
		}
	}
	return numbers
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) { //nolint:gocritic // A switch, so that a second variant fails the lint here.
	case Allocate:
		return s.allocate(c)
	}
	panic(fmt.Sprintf("numbering: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Opened:
		s.series, s.next = e.Series, e.First // The opening has revision 0 …
	case Allocated:
		s.numbers = s.numbers.With(e.Subject, s.next) // … and each allocation takes one.
		s.next++
	}
	return s
}

func (s State) allocate(c Allocate) ([]Event, error) {
	if err := checkAllocate(c); err != nil {
		return nil, err
	}
	var events []Event
	switch s.series {
	case c.Series:
	case "":
		events = append(events, Opened{Series: c.Series, First: max(c.First, 1), At: c.At})
	default:
		return nil, domain.Refuse(domain.ErrConflict, "other_series", "the stream is that of series %s, not of %s", s.series, c.Series)
	}
	numbered := s.Numbers(c.Subjects...)
	for _, subject := range c.Subjects {
		if _, has := numbered[subject]; has {
			continue
		}
		numbered[subject] = 0 // Named twice, it gets one number all the same.
		events = append(events, Allocated{Subject: subject, At: c.At})
	}
	return events, nil
}

var seriesForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,119}$`)

func checkAllocate(c Allocate) error {
	var check domain.Check
	check.That(seriesForm.MatchString(c.Series), "series", "must be 1 to 120 lower-case letters, digits and dashes")
	check.That(c.First >= 0, "first", "must be 1 or more, or 0 for 1")
	check.That(len(c.Subjects) >= 1 && len(c.Subjects) <= MaxSubjects, "subjects", "must be 1 to 500")
	check.That(!c.At.IsZero() && c.At.Location() == time.UTC, "at", "must be an instant in UTC")
	for _, subject := range c.Subjects[:min(len(c.Subjects), MaxSubjects)] {
		check.That(subject != uuid.Nil, "subjects", "must be ids")
	}
	return check.Err()
}
