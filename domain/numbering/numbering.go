// Package numbering gives numbers without gap or duplicate, from one stream per series (product rules
// X11, F39).
//
// It is the shape of every step that needs two streams, which are never atomic. The series is written
// first and names the subject; the number then follows from the place of that event in its stream, so the
// command that needs it and the process manager that completes what was left both read the same one, and
// may both tell the subject. A number given stays given: what became of its subject doesn't matter here.
//
// It imports the domain, visible and value packages only.
package numbering

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
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

// DocumentSeries names the series of a legal entity's invoices or credit notes of a year (F39).
func DocumentSeries(issuer string, kind bill.DocumentKind, year int) string {
	return strings.ReplaceAll(string(kind), "_", "") + "-" + issuer + "-" + strconv.Itoa(year)
}

// Decider is the numbering aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a series. It never changes an earlier State, and a number is
// given or looked up in a few steps, however long the series is.
type State struct {
	series  string
	next    int // the number that the next allocation gives: first + revision − 1
	numbers domain.Index[numbered]
	last    calendar.Date // of the newest number of a dated series
}

type numbered struct {
	number int
	date   calendar.Date
}

// Len is how many subjects have a number.
func (s State) Len() int { return s.numbers.Len() }

// NumberOf gives the number of a subject, and false when it has none.
func (s State) NumberOf(subject uuid.UUID) (int, bool) {
	given, has := s.numbers.Get(subject)
	return given.number, has
}

// DateOf gives the date of a subject's number, and false when it has none or the series has no dates.
func (s State) DateOf(subject uuid.UUID) (calendar.Date, bool) {
	given, has := s.numbers.Get(subject)
	return given.date, has && given.date != ""
}

// Numbers gives the numbers of those of the subjects that have one.
func (s State) Numbers(subjects ...uuid.UUID) map[uuid.UUID]int {
	numbers := make(map[uuid.UUID]int, len(subjects))
	for _, subject := range subjects {
		if number, has := s.NumberOf(subject); has {
			numbers[subject] = number
		}
	}
	return numbers
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Allocate:
		return s.allocate(c)
	case AllocateDated:
		return s.allocateDated(c)
	}
	panic(fmt.Sprintf("numbering: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Opened:
		s.series, s.next = e.Series, e.First // The opening has revision 0 …
	case Allocated:
		s.numbers = s.numbers.With(e.Subject, numbered{number: s.next, date: e.Date}) // … and each allocation takes one.
		s.next, s.last = s.next+1, e.Date
	}
	return s
}

func (s State) allocate(c Allocate) ([]Event, error) {
	if err := checkAllocate(c); err != nil {
		return nil, err
	}
	if s.last != "" {
		return nil, mixed(c.Series)
	}
	events, err := s.open(c.Series, c.First, c.At)
	if err != nil {
		return nil, err
	}
	known := s.Numbers(c.Subjects...)
	for _, subject := range c.Subjects {
		if _, has := known[subject]; has {
			continue
		}
		known[subject] = 0 // Named twice, it gets one number all the same.
		events = append(events, Allocated{Subject: subject, At: c.At})
	}
	return events, nil
}

// allocateDated never goes back in time: were the date asked for before that of the newest number, the order of the
// numbers would not be that of the dates (F39).
func (s State) allocateDated(c AllocateDated) ([]Event, error) {
	if err := checkAllocateDated(c); err != nil {
		return nil, err
	}
	if s.Len() > 0 && s.last == "" {
		return nil, mixed(c.Series)
	}
	events, err := s.open(c.Series, c.First, c.At)
	if _, has := s.NumberOf(c.Subject); has || err != nil {
		return nil, err
	}
	return append(events, Allocated{Subject: c.Subject, Date: max(c.Date, s.last), At: c.At}), nil
}

// open begins a new series, and refuses what is meant for another than that of the stream.
func (s State) open(series string, first int, at time.Time) ([]Event, error) {
	switch s.series {
	case series:
		return nil, nil
	case "":
		return []Event{Opened{Series: series, First: max(first, 1), At: at}}, nil
	}
	return nil, domain.Refuse(domain.ErrConflict, "other_series", "the stream is that of series %s, not of %s", s.series, series)
}

func mixed(series string) error {
	return domain.Refuse(domain.ErrConflict, "mixed_series", "either all numbers of series %s have a date, or none has", series)
}

var seriesForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,119}$`)

func checkAllocate(c Allocate) error {
	var check domain.Check
	checkSeries(&check, c.Series, c.First, c.At)
	check.That(len(c.Subjects) >= 1 && len(c.Subjects) <= MaxSubjects, "subjects", "must be 1 to 500")
	for _, subject := range c.Subjects[:min(len(c.Subjects), MaxSubjects)] {
		check.That(subject != uuid.Nil, "subjects", "must be ids")
	}
	return check.Err()
}

func checkAllocateDated(c AllocateDated) error {
	var check domain.Check
	checkSeries(&check, c.Series, c.First, c.At)
	check.That(c.Subject != uuid.Nil, "subject", "must be an id")
	check.That(c.Date.Valid() && strings.HasPrefix(string(c.Date), fmt.Sprintf("%04d-", c.Year)), "date", "must be a day of the series' year, "+strconv.Itoa(c.Year))
	return check.Err()
}

func checkSeries(check *domain.Check, series string, first int, at time.Time) {
	check.That(seriesForm.MatchString(series), "series", "must be 1 to 120 lower-case letters, digits and dashes")
	check.That(first >= 0, "first", "must be 1 or more, or 0 for 1")
	check.That(!at.IsZero() && at.Location() == time.UTC, "at", "must be an instant in UTC")
}
