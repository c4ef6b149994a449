// Package rate finds the price of an hour: rows of job type × support level × condition in layers, of which
// the most particular one wins, with the reason why (product rule F26).
//
// It is pure and imports value packages only. Rates never reach a client but as the unit price printed on an
// issued line (X2).
package rate

import (
	"github.com/shopspring/decimal"

	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
)

// Unit is what a price is for.
type Unit string

// The units.
const (
	PerHour Unit = "hour"
	PerDay  Unit = "day"   // of the card's DayMinutes, and parts of it
	Fixed   Unit = "fixed" // whatever the length
)

// Row is one price. An empty JobType, SupportLevel or Condition stands for any.
type Row struct {
	Key          string          `json:"key"` // unique in the card; the explanation names it
	JobType      string          `json:"job_type,omitzero"`
	SupportLevel string          `json:"support_level,omitzero"`
	Condition    hours.Condition `json:"condition,omitzero"`
	Price        decimal.Decimal `json:"price"` // in the card's currency, not negative
	Unit         Unit            `json:"unit"`
	// MinimumMinutes and MaximumMinutes bound the minutes of a part that are priced; 0 = unbounded.
	MinimumMinutes int           `json:"minimum_minutes,omitzero"`
	MaximumMinutes int           `json:"maximum_minutes,omitzero"`
	TaxCategory    string        `json:"tax_category,omitzero"`
	ValidFrom      calendar.Date `json:"valid_from,omitzero"`
	ValidUntil     calendar.Date `json:"valid_until,omitzero"` // the last day
}

// Layer says whose rates a card holds. A layer before another wins.
type Layer string

// The layers, the winning one first.
const (
	ClientOverride  Layer = "client"
	ContractVersion Layer = "contract"
	FirmDefault     Layer = "firm"
)

// Card is one version of a rate card as a contract uses it.
type Card struct {
	Layer    Layer          `json:"layer"`
	Name     string         `json:"name"`
	Version  int            `json:"version"`
	Currency money.Currency `json:"currency"`
	// DayMinutes is how long a day of the unit PerDay is; 0 = DefaultDayMinutes.
	DayMinutes int   `json:"day_minutes,omitzero"`
	Rows       []Row `json:"rows"`
}

// DefaultDayMinutes is how long a day is where a card does not say: eight hours.
const DefaultDayMinutes = 480

// Question is what a price is asked for.
type Question struct {
	JobType      string
	SupportLevel string
	Condition    hours.Condition
	Day          calendar.Date
	Currency     money.Currency // cards of another one are passed over, with the reason
}

// Answer is the row that won, and why.
type Answer struct {
	Found   bool
	Layer   Layer
	Card    string // its name
	Version int
	Row     Row
	// DayMinutes is how long a day of the card is.
	DayMinutes int
	// Why tells in plain sentences which rows were looked at, and why this one won or none did.
	Why []string
}
