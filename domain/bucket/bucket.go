// Package bucket is the ledger of bought hours: lots are granted, drawn from, carried on and expire (product
// rules F31, F32). Always: granted + carried in + adjusted − drawn − expired = remaining ≥ 0; what exceeds all
// lots is overage and stands apart.
//
// It is pure and imports the value package calendar only. All hours are whole minutes.
package bucket

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain/calendar"
)

// Lot is a number of minutes that were bought together.
type Lot struct {
	ID   uuid.UUID `json:"id"`
	Line string    `json:"line"` // the key of the contract's line that it is for
	// GrantedMinutes is what it began with, adjusted, less what expired when it rolled over; RemainingMinutes what
	// is left. The difference was drawn.
	GrantedMinutes   int `json:"granted_minutes"`
	RemainingMinutes int `json:"remaining_minutes,omitzero"`
	// From and Until bound the days whose work may draw on it, both included; an empty Until never expires.
	From  calendar.Date `json:"from"`
	Until calendar.Date `json:"until,omitzero"`
	// BoughtAt orders lots that expire on one day.
	BoughtAt time.Time `json:"bought_at"`
	// Rolls counts how often the lot was carried into another period by a rollover.
	Rolls int `json:"rolls,omitzero"`
}

// Demand is work that asks for minutes, weighted already.
type Demand struct {
	ID      uuid.UUID // of the time record
	Line    string
	Day     calendar.Date
	At      time.Time // orders demands of one day; then the id does
	Minutes int       // negative gives back what a reversed record of an earlier period had drawn
}

// Draw is minutes of one demand taken from one lot, negative when they were given back to it. One demand may span
// several lots.
type Draw struct {
	Demand  uuid.UUID
	Lot     uuid.UUID
	Minutes int
}

// Excess is what a demand asked for beyond all lots; negative when a reversal took overage back.
type Excess struct {
	Demand  uuid.UUID
	Minutes int
}

// RolloverKind says what becomes of hours that are left at the end of a period (F32).
type RolloverKind string

// The kinds. Lots of a bucket live until their own last day and know no rollover; lots that a retainer grants
// for a period end with it unless they roll.
const (
	RollNothing RolloverKind = ""
	RollMinutes RolloverKind = "minutes" // at most CapMinutes in all
	RollPercent RolloverKind = "percent" // at most CapPercent of what the period granted
	RollPeriods RolloverKind = "periods" // everything, for Periods more periods
)

// Rollover is the rule of a line. Of several lots the oldest hours roll first.
type Rollover struct {
	Kind       RolloverKind `json:"kind,omitzero"`
	CapMinutes int          `json:"cap_minutes,omitzero"`
	CapPercent int          `json:"cap_percent,omitzero"` // 1 to 100
	Periods    int          `json:"periods,omitzero"`     // 1 to 12; with the other kinds 0 = 1
}

// Statement is one lot over one period.
type Statement struct {
	Lot              uuid.UUID     `json:"lot"`
	Line             string        `json:"line"`
	CarriedInMinutes int           `json:"carried_in_minutes,omitzero"`
	GrantedMinutes   int           `json:"granted_minutes,omitzero"` // in this period
	AdjustedMinutes  int           `json:"adjusted_minutes,omitzero"`
	DrawnMinutes     int           `json:"drawn_minutes,omitzero"`
	ExpiredMinutes   int           `json:"expired_minutes,omitzero"`
	RemainingMinutes int           `json:"remaining_minutes,omitzero"` // carried out
	Until            calendar.Date `json:"until,omitzero"`             // the last day from here on
}

// Adjustment changes a lot by hand (F31).
type Adjustment struct {
	ID      uuid.UUID
	Lot     uuid.UUID
	Day     calendar.Date
	Minutes int
}

// Input is everything that a period's ledger follows from.
type Input struct {
	First, Last calendar.Date // the period's days
	CarriedIn   []Lot
	Granted     []Lot // in the period; RemainingMinutes equals GrantedMinutes
	Adjustments []Adjustment
	Demands     []Demand
	// Rollovers are the rules by line, for its lots that end with the period; a line that is not named keeps its
	// lots until their last day.
	Rollovers map[string]Rollover
	// Overage is, by line, what earlier periods drew beyond all lots and no reversal took back: the Overage of the
	// ledger before. Without it, reversals give back to lots only.
	Overage map[string]int
}

// Ledger is what a period did to the lots.
type Ledger struct {
	Draws  []Draw // what was given back first, then in the order of the demands
	Excess []Excess
	// Lapsed is what reversals gave back to lots that have ended by now, as negative minutes, and what other work
	// done before the period took up of it. It is neither drawn nor charged.
	Lapsed     []Excess
	Statements []Statement // by lot, in the order in which lots are drawn from
	// CarriedOut are the lots that may be drawn from after the period. One with nothing left is among them, so
	// that a reversal can give back to it.
	CarriedOut []Lot
	// Overage is, by line, the input's Overage with this period's excess; never negative.
	Overage map[string]int
}

// MaxMinutes is the largest number of minutes of a lot, a line or a limit: 100,000 hours.
const MaxMinutes = 6_000_000

// MaxRolls is the largest number of periods that hours may be carried on.
const MaxRolls = 12

// Valid reports whether the rule is whole: what its kind asks for is within its bounds, and nothing else is said.
func (r Rollover) Valid() bool {
	periods := r.Periods >= 0 && r.Periods <= MaxRolls
	switch r.Kind {
	case RollNothing:
		return r == Rollover{}
	case RollMinutes:
		return periods && r.CapPercent == 0 && r.CapMinutes >= 1 && r.CapMinutes <= MaxMinutes
	case RollPercent:
		return periods && r.CapMinutes == 0 && r.CapPercent >= 1 && r.CapPercent <= 100
	case RollPeriods:
		return periods && r.CapMinutes == 0 && r.CapPercent == 0 && r.Periods >= 1
	}
	return false
}
