package rate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/shopspring/decimal"

	"effigate/domain/calendar"
	"effigate/domain/hours"
)

// Bounds of a row.
const (
	MaxMinutes  = 24 * 60 // that a row may ask for or stop at
	MaxDecimals = 6       // of a price
)

var (
	keyForm  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`)
	maxPrice = decimal.New(1, 12)
)

// Check lists what is wrong with the rows of a card, by field as a form names it: "rows" with the key of the first
// wrong row in words, or nothing. No two rows may answer a question equally well.
func Check(rows []Row) map[string]string {
	keys := make(map[string]bool, len(rows))
	for i, r := range rows {
		wrong := r.wrong()
		if keys[r.Key] {
			wrong = "must have a key of its own"
		}
		if wrong != "" {
			return map[string]string{"rows": fmt.Sprintf("%s: number %d, %q", wrong, i+1, r.Key)}
		}
		keys[r.Key] = true
	}
	sorted := slices.SortedFunc(slices.Values(rows), func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.JobType, b.JobType), cmp.Compare(a.SupportLevel, b.SupportLevel),
			cmp.Compare(a.Condition, b.Condition), cmp.Compare(a.ValidFrom, b.ValidFrom))
	})
	for i := 1; i < len(sorted); i++ {
		if a, b := sorted[i-1], sorted[i]; a.sameAs(b) && (a.ValidUntil == "" || b.ValidFrom <= a.ValidUntil) {
			return map[string]string{"rows": fmt.Sprintf("must not be valid on the same days for the same work: %q and %q are", a.Key, b.Key)}
		}
	}
	return nil
}

// wrong says what is wrong with one row; empty when nothing is.
func (r Row) wrong() string {
	day := func(d calendar.Date) bool { return d == "" || d.Valid() }
	word := func(text string) bool { return text == "" || keyForm.MatchString(text) }
	conditions := []hours.Condition{"", hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday, hours.Emergency}
	switch {
	case !keyForm.MatchString(r.Key):
		return "must have keys of 1 to 64 letters, digits, dots, dashes and underscores"
	case !word(r.JobType) || !word(r.SupportLevel) || !word(r.TaxCategory):
		return "must name job type, support level and tax category by their keys, or not at all"
	case !slices.Contains(conditions, r.Condition):
		return "must be for regular, after_hours, weekend, holiday or emergency, or for any"
	case !price(r.Price):
		return fmt.Sprintf("must have a price of at most %d decimals, 0 or more", MaxDecimals)
	case r.Unit != PerHour && r.Unit != PerDay && r.Unit != Fixed:
		return "must be per hour, day or fixed"
	case r.MinimumMinutes < 0 || r.MinimumMinutes > MaxMinutes || r.MaximumMinutes < 0 || r.MaximumMinutes > MaxMinutes:
		return fmt.Sprintf("must have bounds of 0 to %d minutes", MaxMinutes)
	case r.MaximumMinutes > 0 && r.MaximumMinutes < r.MinimumMinutes:
		return "must not stop below the minutes that it asks for"
	case r.Unit == Fixed && (r.MinimumMinutes > 0 || r.MaximumMinutes > 0):
		return "must have no bounds where the price is fixed"
	case !day(r.ValidFrom) || !day(r.ValidUntil) || r.ValidUntil != "" && r.ValidUntil < r.ValidFrom:
		return "must be valid from a day such as 2026-03-31 until one not before it, or without bounds"
	}
	return ""
}

// price reports whether a value can be one. The exponent is looked at first, so that a hostile one costs nothing.
func price(value decimal.Decimal) bool {
	return value.Exponent() >= -12 && value.Exponent() <= 12 && !value.IsNegative() && value.LessThan(maxPrice) &&
		value.Equal(value.Truncate(MaxDecimals))
}

func (r Row) sameAs(other Row) bool {
	return r.JobType == other.JobType && r.SupportLevel == other.SupportLevel && r.Condition == other.Condition
}
