// Package calendar holds days, months, and the opening hours and holidays of a service in an IANA zone: when
// it is open, how much opening time lies between two instants, and when a given time of it is used up
// (product rule F18).
//
// It is pure and imports domain/zone only. Whole seconds; days of 23 and 25 hours, and clock changes inside
// an interval, count as they pass.
package calendar

import (
	"slices"
	"time"
)

// Clock is a time of day on the wall, "09:30"; "24:00" ends a day. Clocks compare as texts.
type Clock string

// Interval is a span of wall-clock time within one day, From before Until.
type Interval struct {
	From  Clock `json:"from"`
	Until Clock `json:"until"`
}

// Weekday is a day of the week: "mon" to "sun".
type Weekday string

var weekdays = [7]Weekday{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // by time.Weekday

// WeekdayOf names a day of the week.
func WeekdayOf(day time.Weekday) Weekday { return weekdays[day] }

// Valid reports whether w is a day of the week.
func (w Weekday) Valid() bool { return w.number() >= 0 }

func (w Weekday) number() int { return slices.Index(weekdays[:], w) }

// Calendar is opening hours in a zone. What no list names is closed.
type Calendar struct {
	Zone string `json:"zone"` // IANA name
	// Always says that the service never closes: 24×7. Weekdays and holidays change nothing then but the rate
	// conditions that ask for a holiday.
	Always bool         `json:"always,omitzero"`
	Week   []OpenDay    `json:"week,omitzero"`   // at most one entry for each weekday
	Days   []SpecialDay `json:"days,omitzero"`   // overrides of single days, before the yearly ones
	Yearly []YearlyDay  `json:"yearly,omitzero"` // overrides of the same day of each year
}

// OpenDay is the opening hours of a weekday, in order and without overlap.
type OpenDay struct {
	Weekday Weekday    `json:"weekday"`
	Hours   []Interval `json:"hours"`
}

// SpecialDay replaces the opening hours of one day: a full holiday has none, a half one a few.
type SpecialDay struct {
	Date    Date       `json:"date"`
	Name    string     `json:"name,omitzero"`
	Holiday bool       `json:"holiday,omitzero"` // rate conditions for holidays hold
	Hours   []Interval `json:"hours,omitzero"`
}

// YearlyDay is a holiday that comes back every year on one day; the 29th of February in leap years.
type YearlyDay struct {
	Month int        `json:"month"` // 1 to 12
	Day   int        `json:"day"`   // 1 to 31
	Name  string     `json:"name,omitzero"`
	Hours []Interval `json:"hours,omitzero"`
}
