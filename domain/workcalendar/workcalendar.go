// Package workcalendar is the aggregate of opening hours and holidays in versions (product rules F18, F25).
//
// It imports the domain, visible and value packages only. All of it is internal for ever (F3).
package workcalendar

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"effigate/domain"
	"effigate/domain/calendar"
)

// MaxVersions bounds the versions of one calendar; every holiday that is added is one.
const MaxVersions = 500

// Stream is the name of its stream.
func Stream(id domain.CalendarID) string { return "calendar-" + id.String() }

// Decider is the aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know.
type State struct {
	Superseded bool // until a version is published again
	versions   []Version
}

// Version is one version.
type Version struct {
	Number   int
	Name     string
	From     calendar.Date
	Calendar calendar.Calendar
}

// Exists reports whether anything was published.
func (s State) Exists() bool { return len(s.versions) > 0 }

// Newest is the number of the newest version; 0 for none.
func (s State) Newest() int { return len(s.versions) }

// Numbered gives a version by its number.
func (s State) Numbered(number int) (Version, bool) {
	if number < 1 || number > len(s.versions) {
		return Version{}, false
	}
	return s.versions[number-1], true
}

// On gives the version in force on a day: the newest of those that begin on or before it, or the first one on a day
// before all of them; false when there is none.
func (s State) On(day calendar.Date) (Version, bool) {
	number := len(s.versions)
	for number > 1 && s.versions[number-1].From > day {
		number--
	}
	return s.Numbered(number)
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Publish:
		return s.publish(c)
	case AddHoliday:
		return s.addHoliday(c)
	case AddHolidays:
		return s.addHolidays(c)
	case Supersede:
		return s.supersede(c)
	}
	panic(fmt.Sprintf("workcalendar: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Published:
		return s.with(Version{Number: e.Version, Name: e.Staff.Name, From: e.Staff.From, Calendar: e.Staff.Calendar})
	case HolidayAdded:
		newest, _ := s.Numbered(s.Newest())
		newest.Number, newest.Calendar = e.Version, newest.Calendar.With(e.Staff.Day)
		return s.with(newest)
	case Superseded:
		s.Superseded = true
	}
	return s
}

func (s State) with(version Version) State {
	s.versions, s.Superseded = append(slices.Clip(s.versions), version), false
	return s
}

func (s State) publish(c Publish) ([]Event, error) {
	if c.Base > 0 && !s.Exists() {
		return nil, missing()
	}
	if err := s.check(c); err != nil {
		return nil, err
	}
	newest, _ := s.Numbered(s.Newest())
	same := newest.Name == c.Name && newest.From == c.From && reflect.DeepEqual(newest.Calendar, c.Calendar)
	switch {
	case same && !s.Superseded:
		return nil, nil
	case c.Base != s.Newest():
		return nil, domain.Refuse(domain.ErrConflict, "version_changed", "version %d was published meanwhile, and you saw %d; look at it and publish again", s.Newest(), c.Base)
	case s.Newest() >= MaxVersions:
		return nil, s.full()
	}
	return []Event{Published{
		Calendar: c.ID, Version: s.Newest() + 1,
		Staff: PublishedStaff{Name: c.Name, From: c.From, Calendar: c.Calendar, Reason: c.Reason},
		By:    c.By.Person, At: c.At,
	}}, nil
}

func (s State) check(c Publish) error {
	check := domain.Signed(c.By, c.At)
	check.That(!c.ID.IsZero(), "id", "must be given")
	check.Line("name", c.Name)
	check.That(c.From.Valid(), "from", "must be a day, such as 2026-03-31")
	if newest, exists := s.Numbered(s.Newest()); exists {
		check.That(c.From >= newest.From, "from", "must not be before "+string(newest.From)+", from which version "+strconv.Itoa(newest.Number)+" holds")
		check.That(c.Calendar.Zone == newest.Calendar.Zone, "zone", "must stay "+newest.Calendar.Zone+"; publish another calendar for another zone")
	}
	for field, wrong := range c.Calendar.Check() {
		check.That(false, field, wrong)
	}
	check.Text("reason", c.Reason, 0)
	return check.Err()
}

func (s State) full() error {
	return domain.Refuse(domain.ErrConflict, "too_many_versions", "the calendar has %d versions, which is the most; publish another one", s.Newest())
}

// addHoliday changes the newest version alone. Whatever pinned an earlier one keeps it (F18).
func (s State) addHoliday(c AddHoliday) ([]Event, error) {
	newest, exists := s.Numbered(s.Newest())
	if !exists {
		return nil, missing()
	}
	check := domain.Signed(c.By, c.At)
	check.That(c.Day.Date.Valid(), "date", "must be a day, such as 2026-12-25")
	check.Line("name", c.Day.Name)
	next := newest.Calendar.With(c.Day)
	if c.Day.Date.Valid() {
		for _, wrong := range next.Check() { // What was right before is wrong in nothing but the new day.
			check.That(false, "hours", wrong)
		}
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	there := func(day calendar.SpecialDay) bool { return reflect.DeepEqual(day, c.Day) }
	if slices.ContainsFunc(newest.Calendar.Days, there) {
		return nil, nil
	}
	if err := s.closed(); err != nil {
		return nil, err
	}
	return []Event{HolidayAdded{
		Version: s.Newest() + 1, Staff: HolidayAddedStaff{Day: c.Day}, By: c.By.Person, At: c.At,
	}}, nil
}

// addHolidays makes one version of many days. It is the newest one in everything else.
func (s State) addHolidays(c AddHolidays) ([]Event, error) {
	newest, exists := s.Numbered(s.Newest())
	if !exists {
		return nil, missing()
	}
	check := domain.Signed(c.By, c.At)
	check.That(!c.ID.IsZero(), "id", "must be given")
	check.Text("reason", c.Reason, 0)
	days := newest.Calendar.Missing(c.Days)
	next := newest.Calendar
	next.Days = slices.Concat(next.Days, days)
	slices.SortFunc(next.Days, func(a, b calendar.SpecialDay) int { return strings.Compare(string(a.Date), string(b.Date)) })
	for _, wrong := range next.Check() { // What was right before is wrong in nothing but the new days.
		check.That(false, "days", wrong)
	}
	if err := check.Err(); err != nil || len(days) == 0 {
		return nil, err
	}
	if err := s.closed(); err != nil {
		return nil, err
	}
	return []Event{Published{
		Calendar: c.ID, Version: s.Newest() + 1,
		Staff: PublishedStaff{Name: newest.Name, From: newest.From, Calendar: next, Reason: c.Reason},
		By:    c.By.Person, At: c.At,
	}}, nil
}

// closed refuses a day that is added to a calendar that takes none any more.
func (s State) closed() error {
	switch {
	case s.Superseded:
		return domain.Refuse(domain.ErrConflict, "superseded", "the calendar is superseded; publish a version of it to bring it back")
	case s.Newest() >= MaxVersions:
		return s.full()
	}
	return nil
}

func (s State) supersede(c Supersede) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.Text("reason", c.Reason, 0)
	if !s.Exists() {
		return nil, missing()
	}
	if err := check.Err(); err != nil || s.Superseded {
		return nil, err
	}
	return []Event{Superseded{Staff: SupersededStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

func missing() error {
	return domain.Refuse(domain.ErrNotFound, "no_such_calendar", "no such calendar")
}
