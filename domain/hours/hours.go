// Package hours is the arithmetic of worked time: it splits a record where the rate condition changes, rounds
// it once, and allocates what was billed over the parts (product rules F24, F25, F40).
//
// It is pure and imports the value packages calendar and zone only. Raw time is whole seconds, billed time
// whole minutes.
package hours

import (
	"cmp"
	"fmt"
	"slices"

	"effigate/domain/calendar"
)

// Condition is a circumstance of work that a price depends on (F25). The zero Condition is not known.
type Condition string

// The conditions.
const (
	Regular    Condition = "regular"
	AfterHours Condition = "after_hours"
	Weekend    Condition = "weekend"
	Holiday    Condition = "holiday"
	Emergency  Condition = "emergency" // only where the record says so
)

// Window says when a condition holds, on the wall clock of the contract's calendar. Where none holds the
// condition is Regular.
type Window struct {
	Condition Condition `json:"condition"`
	// Weekdays on which the window begins; empty = all. Holidays says that it holds on holidays of the calendar
	// instead.
	Weekdays []calendar.Weekday `json:"weekdays,omitzero"`
	Holidays bool               `json:"holidays,omitzero"`
	From     calendar.Clock     `json:"from"`  // "18:00"
	Until    calendar.Clock     `json:"until"` // "24:00"; before or at From it reaches into the next day
	// ValidFrom and ValidUntil bound the days on which it begins, both included; empty = unbounded.
	ValidFrom  calendar.Date `json:"valid_from,omitzero"`
	ValidUntil calendar.Date `json:"valid_until,omitzero"`
	// Priority decides between windows that overlap: the higher one holds alone, of equal ones the one listed
	// first. Premiums never compound.
	Priority int `json:"priority,omitzero"`
}

// Bounds of rate conditions.
const (
	MaxWindows  = 50 // of one contract
	MaxPriority = 1000
)

// Problem says what is wrong with the window; empty when nothing is.
func (w Window) Problem() string {
	switch w.Condition {
	case Regular, AfterHours, Weekend, Holiday:
	case Emergency:
		return "must not be emergency: only a record says that it was one"
	default:
		return fmt.Sprintf("names %q; it must be regular, after_hours, weekend or holiday", w.Condition)
	}
	if w.Holidays && len(w.Weekdays) > 0 {
		return "holds on weekdays or on holidays; both take two conditions"
	}
	for i, day := range w.Weekdays {
		if !day.Valid() {
			return fmt.Sprintf("names the weekday %q; it must be mon, tue, wed, thu, fri, sat or sun", day)
		}
		if slices.Contains(w.Weekdays[:i], day) {
			return fmt.Sprintf("names %s twice", day)
		}
	}
	return cmp.Or(w.clockProblem(), w.validProblem())
}

func (w Window) clockProblem() string {
	if _, ok := w.From.Seconds(); !ok || w.From == "24:00" {
		return fmt.Sprintf("begins at %q; it must be a time such as 18:00, before 24:00", w.From)
	}
	if _, ok := w.Until.Seconds(); !ok {
		return fmt.Sprintf("ends at %q; it must be a time such as 18:00, at most 24:00", w.Until)
	}
	return ""
}

func (w Window) validProblem() string {
	for _, day := range []calendar.Date{w.ValidFrom, w.ValidUntil} {
		if day != "" && !day.Valid() {
			return fmt.Sprintf("names %q, which is no day such as 2026-12-24", day)
		}
	}
	switch {
	case w.ValidUntil != "" && w.ValidFrom > w.ValidUntil:
		return fmt.Sprintf("ends on %s, before it begins on %s", w.ValidUntil, w.ValidFrom)
	case w.Priority < -MaxPriority || w.Priority > MaxPriority:
		return fmt.Sprintf("has the priority %d; it must be -%d to %d", w.Priority, MaxPriority, MaxPriority)
	}
	return ""
}
