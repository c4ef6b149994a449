package workcalendar

import (
	"time"

	"effigate/domain"
	"effigate/domain/calendar"
)

// Command is one thing somebody may ask of a calendar. By is the actor, At the instant in UTC.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Publish makes the next version. The same content as the newest one changes nothing. The zone stays as it was in
// version 1.
type Publish struct {
	ID       domain.CalendarID
	Base     int // the version that the publisher saw; 0 for the first
	Name     string
	From     calendar.Date // not before that of an earlier version
	Calendar calendar.Calendar
	Reason   string
	By       domain.Actor
	At       time.Time
}

// AddHoliday adds or replaces one special day.
type AddHoliday struct {
	Day calendar.SpecialDay
	By  domain.Actor
	At  time.Time
}

// AddHolidays adds special days in one version, where nothing is special yet. Where all of them are there, or others on
// their dates, it changes nothing.
type AddHolidays struct {
	ID     domain.CalendarID
	Days   []calendar.SpecialDay
	Reason string // where they come from
	By     domain.Actor
	At     time.Time
}

// Supersede takes the calendar out of the choice, until another version is published.
type Supersede struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

func (Publish) isCommand()     {}
func (AddHoliday) isCommand()  {}
func (AddHolidays) isCommand() {}
func (Supersede) isCommand()   {}
