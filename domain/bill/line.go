package bill

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
)

// Unit is what a quantity counts.
type Unit string

// The units.
const (
	Hour  Unit = "hour"
	Day   Unit = "day"
	Piece Unit = "piece"
)

// LineKind says what a line charges.
type LineKind string

// The kinds of line. Drawn and NoCharge lines cost nothing and inform; Manual ones were added to the draft by a person.
const (
	Time       LineKind = "time"       // at its own price
	Drawn      LineKind = "drawn"      // from bought or included hours
	Overage    LineKind = "overage"    // beyond these
	Correction LineKind = "correction" // takes back what an earlier invoice charged
	NoCharge   LineKind = "no_charge"
	Fee        LineKind = "fee"
	Milestone  LineKind = "milestone"
	Other      LineKind = "other"
	Deduction  LineKind = "deduction" // for a missed promise (X6); a counter-entry puts it back
	Manual     LineKind = "manual"
)

// Line is one charge. What it says is printed, and shown to the client, as it stands.
type Line struct {
	ID      uuid.UUID `json:"id"` // derived from the invoice and what the line groups
	Kind    LineKind  `json:"kind"`
	Section string    `json:"section,omitzero"` // the contract's line, by name
	Text    string    `json:"text"`
	// Condition is that of time.
	Condition hours.Condition `json:"condition,omitzero"`
	// Minutes is the quantity of time (Unit Hour or Day), Count that of anything else. Both may be negative.
	Minutes    int             `json:"minutes,omitzero"`
	Count      decimal.Decimal `json:"count,omitzero"`
	Unit       Unit            `json:"unit"`
	DayMinutes int             `json:"day_minutes,omitzero"` // of Unit Day
	// Quantity is the printed quantity: "28.50 h" where hundredths are exact, else "3 h 28 min" (F40).
	Quantity  string          `json:"quantity"`
	UnitPrice decimal.Decimal `json:"unit_price"`
	// Net is before tax; of a document with inclusive prices Amount is with tax, else they are equal.
	Net    decimal.Decimal `json:"net"`
	Amount decimal.Decimal `json:"amount"`
	// TaxCategory is the word of the rate; its Kind and Percent are filled in by Finish.
	TaxCategory string          `json:"tax_category,omitzero"`
	TaxKind     TaxKind         `json:"tax_kind,omitzero"`
	TaxPercent  decimal.Decimal `json:"tax_percent,omitzero"`
	From        calendar.Date   `json:"from,omitzero"` // first and last day of the work
	Until       calendar.Date   `json:"until,omitzero"`
	Entries     int             `json:"entries,omitzero"` // how many there are that explain it
	Ticket      domain.TicketID `json:"ticket,omitzero"`  // of a deduction
}

// The bounds of the numbers of a line. Minutes are those of MaxEntries full days.
const (
	maxWhole   = 12 // digits before the point
	maxFine    = 6  // and after that of a price or a count
	maxScale   = 18 // of any decimal before it is computed with
	maxMinutes = MaxEntries * minutesOfDay

	minutesOfDay  = 24 * 60
	minutesOfHour = 60
)

// Printed is the printed quantity of a line: hours or days to the hundredth where these are exact, else hours and
// minutes. Hence the printed quantity times the printed price is the printed amount, always (F40).
func Printed(l Line) string {
	switch l.Unit {
	case Hour:
		return printedTime(l.Minutes, minutesOfHour, "h")
	case Day:
		return printedTime(l.Minutes, l.DayMinutes, "d")
	case Piece:
	}
	return l.Count.String()
}

func printedTime(minutes, unitMinutes int, unit string) string {
	if unitMinutes > 0 && minutes*100%unitMinutes == 0 {
		return decimal.New(int64(minutes*100/unitMinutes), -2).StringFixed(2) + " " + unit
	}
	sign := ""
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	if minutes < minutesOfHour {
		return sign + strconv.Itoa(minutes) + " min"
	}
	return fmt.Sprintf("%s%d h %d min", sign, minutes/minutesOfHour, minutes%minutesOfHour)
}

// AmountOf is what a line's quantity at its price comes to, rounded half away from zero to the currency's exponent.
// A line in days must have DayMinutes.
func AmountOf(l Line, currency money.Currency) decimal.Decimal {
	exponent := currency.Exponent()
	switch l.Unit {
	case Hour:
		return l.timesMinutes().DivRound(decimal.NewFromInt(minutesOfHour), exponent)
	case Day:
		return l.timesMinutes().DivRound(decimal.NewFromInt(int64(l.DayMinutes)), exponent)
	case Piece:
	}
	return l.Count.Mul(l.UnitPrice).Round(exponent)
}

func (l Line) timesMinutes() decimal.Decimal {
	return l.UnitPrice.Mul(decimal.NewFromInt(int64(l.Minutes)))
}

// Share gives each of a line's entries its part of the amount by largest remainder over the size of its weight, so
// that the parts add up to it exactly (F14). Where all weights are zero they count the same. The amount must be
// rounded to the currency's exponent.
func Share(amount decimal.Decimal, currency money.Currency, weights []decimal.Decimal) []decimal.Decimal {
	if len(weights) == 0 {
		return nil
	}
	sizes, weighty := make([]decimal.Decimal, len(weights)), false
	for i, weight := range weights {
		sizes[i] = weight.Abs()
		weighty = weighty || !weight.IsZero()
	}
	if !weighty {
		for i := range sizes {
			sizes[i] = decimal.NewFromInt(1)
		}
	}
	whole, err := money.New(amount, currency)
	if err != nil {
		panic(fmt.Sprintf("bill: share %s: %v", amount, err))
	}
	parts, err := whole.Allocate(sizes)
	if err != nil {
		panic(fmt.Sprintf("bill: share %s: %v", amount, err))
	}
	shares := make([]decimal.Decimal, len(parts))
	for i, part := range parts {
		shares[i] = part.Value()
	}
	return shares
}

// wrong says what is wrong with a line of a draft, whatever its tax is; empty when nothing is.
func (l Line) wrong(currency money.Currency) string {
	switch {
	case l.ID == uuid.Nil:
		return "must have an id"
	case !l.Kind.valid():
		return fmt.Sprintf("must have one of the kinds of line, not %q", l.Kind)
	case !isText(l.Text):
		return "must have a text of one line, of 1 to " + strconv.Itoa(MaxText) + " characters"
	case l.Section != "" && !isText(l.Section):
		return "must have a section of one line"
	case !validCondition(l.Condition):
		return fmt.Sprintf("must have one of the conditions of time, not %q", l.Condition)
	case l.From != "" && !l.From.Valid() || l.Until != "" && !l.Until.Valid() || l.Until < l.From:
		return "must be of days that exist, the last not before the first"
	case l.Entries < 0:
		return "must not have fewer than no entries"
	}
	if wrong := l.wrongQuantity(); wrong != "" {
		return wrong
	}
	if want := AmountOf(l, currency); !fits(l.Amount, currency.Exponent()) || !l.Amount.Equal(want) {
		return fmt.Sprintf("must come to %s, its quantity at its price, below 10^%d", want, maxWhole)
	}
	return ""
}

func (l Line) wrongQuantity() string {
	switch {
	case !fits(l.UnitPrice, maxFine) || !fits(l.Count, maxFine):
		return fmt.Sprintf("must have a price and a count below 10^%d with at most %d decimals", maxWhole, maxFine)
	case l.Unit != Hour && l.Unit != Day && l.Unit != Piece:
		return fmt.Sprintf("must be counted in hours, days or pieces, not %q", l.Unit)
	case l.Unit == Piece && l.Minutes != 0, l.Unit != Piece && !l.Count.IsZero():
		return "must have minutes if it is time, else a count"
	case l.Minutes < -maxMinutes || l.Minutes > maxMinutes:
		return "must have at most " + strconv.Itoa(maxMinutes) + " minutes"
	case l.Unit == Day && (l.DayMinutes < 1 || l.DayMinutes > minutesOfDay):
		return "must say how many minutes a day has"
	}
	return ""
}

// fits bounds a decimal before anything is computed with it: maxWhole digits before the point, some after it.
func fits(d decimal.Decimal, fine int32) bool {
	return d.Exponent() >= -maxScale && d.Exponent() <= maxScale && d.Abs().LessThan(decimal.New(1, maxWhole)) &&
		d.Truncate(fine).Equal(d)
}

func (k LineKind) valid() bool {
	switch k {
	case Time, Drawn, Overage, Correction, NoCharge, Fee, Milestone, Other, Deduction, Manual:
		return true
	}
	return false
}

func validCondition(c hours.Condition) bool {
	switch c {
	case "", hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday, hours.Emergency:
		return true
	}
	return false
}
