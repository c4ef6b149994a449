// Package forecast tells when bought hours will be used up, with a band, from the burn of the last weeks
// (product rule F34), and scores what was told.
//
// It is pure, integer and seeded, and imports value packages only: the same input gives the same answer on
// every machine.
package forecast

import "effigate/domain/calendar"

// Day is what one day burned.
type Day struct {
	Date              calendar.Date `json:"date"`
	ApprovedMinutes   int           `json:"approved_minutes,omitzero"`
	UnapprovedMinutes int           `json:"unapproved_minutes,omitzero"`
	Records           int           `json:"records,omitzero"`
}

// What a change is.
const (
	Grant   = "grant"
	Expiry  = "expiry"
	Planned = "planned"
)

// Change is hours that come or go on a known day: a grant, an expiry, planned work. An expiry comes with all that
// its lot holds today, or will be granted, on the first day on which it can no longer be drawn from: what is used
// until then counts against the lots that expire first.
type Change struct {
	Date    calendar.Date `json:"date"`
	Minutes int           `json:"minutes"` // positive comes, negative goes
	What    string        `json:"what"`    // Grant, Expiry or Planned
}

// Input is everything that a forecast follows from; it is stored with the answer.
type Input struct {
	AsOf             calendar.Date `json:"as_of"` // burn counts up to the day before
	Since            calendar.Date `json:"since"` // the start of the contract
	Ends             calendar.Date `json:"ends,omitzero"`
	RemainingMinutes int           `json:"remaining_minutes,omitzero"` // when AsOf begins
	Days             []Day         `json:"days,omitzero"`              // by date, of the last 8 weeks or since the start; those without burn may be absent
	Changes          []Change      `json:"changes,omitzero"`           // from AsOf on
	// Closed lists the days from the start of the 8 weeks up to two years after AsOf that are no business days
	// of the contract's calendar, other than Saturdays and Sundays when Weekends says that these are none.
	Closed   []calendar.Date `json:"closed,omitzero"`
	Weekends bool            `json:"weekends,omitzero"` // Saturdays and Sundays are business days
	Seed     int64           `json:"seed,omitzero"`
}

// Verdict is what kind of answer a forecast is.
type Verdict string

// The verdicts.
const (
	Empties       Verdict = "empties"         // Date and Earliest are given, and Latest unless the band is open
	NotBeforeEnd  Verdict = "not_before_end"  // not before the contract ends, or within two years; Earliest if it might
	NotEnoughData Verdict = "not_enough_data" // under 10 business days or 3 records
	Empty         Verdict = "empty"           // nothing is left already
)

// Forecast is the answer.
type Forecast struct {
	Verdict Verdict `json:"verdict"`
	// RateMilliminutes is the burn of a business day in thousandths of a minute; UnapprovedMilliminutes that of
	// unapproved hours alone, which are part of it.
	RateMilliminutes       int64 `json:"rate_milliminutes,omitzero"`
	UnapprovedMilliminutes int64 `json:"unapproved_milliminutes,omitzero"`
	// Date is when the hours will be used up; Earliest (P10) and Latest (P90) bound it. Latest is empty when
	// the band is open, beyond the contract's end.
	Date     calendar.Date `json:"date,omitzero"`
	Earliest calendar.Date `json:"earliest,omitzero"`
	Latest   calendar.Date `json:"latest,omitzero"`
	Why      string        `json:"why"` // one sentence in plain words
}

// Score is how a past forecast turned out.
type Score struct {
	Known  bool // the hours are used up, or the band has passed
	Within bool // used up within the band
	// OffBusinessDays is how many business days after the forecast date it happened, negative before; 0 as long as
	// it did not, or without a date.
	OffBusinessDays int
}
