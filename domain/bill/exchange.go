package bill

import (
	"strconv"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// MaxExchangeDays is how old a rate of exchange may be, in days, on the day of a document.
const MaxExchangeDays = 31

// exchangeFine is how many decimals a rate of exchange may have, and exchangeMost how large it may be.
const exchangeFine = 12

var exchangeMost = decimal.New(1, 9)

// Exchange is what one unit of a document's currency was worth in the currency that its issuer reports in. It is
// recorded when a document is issued and serves reports of the firm alone: it stands on no document, and no amount on
// one follows from it (F42). The zero Exchange says that there was none.
type Exchange struct {
	Currency money.Currency  `json:"currency"` // that of reports
	Rate     decimal.Decimal `json:"rate"`     // units of it for one unit of the document's currency
	Day      calendar.Date   `json:"day"`      // that the rate is of
	Source   string          `json:"source"`   // who published it: "RBA"
}

// IsZero reports whether there was no rate; it serves the JSON option omitzero.
func (e Exchange) IsZero() bool { return e.Currency == "" }

// Equal reports whether two say the same; one number may have several representations.
func (e Exchange) Equal(o Exchange) bool {
	return e.Currency == o.Currency && e.Rate.Equal(o.Rate) && e.Day == o.Day && e.Source == o.Source
}

// Check notes what is wrong with the rate of a currency.
func (e Exchange) Check(check *domain.Check, of money.Currency) {
	check.That(of.Valid(), "from", "must be a currency of ISO 4217, such as USD")
	check.That(e.Currency.Valid() && e.Currency != of, "to", "must be another currency of ISO 4217, such as AUD")
	check.That(e.Day.Valid(), "day", "must be a day, such as 2026-03-31")
	check.Line("source", e.Source)
	fine := e.Rate.IsPositive() && e.Rate.Exponent() >= -exchangeFine && e.Rate.Exponent() <= 9
	check.That(fine && e.Rate.LessThanOrEqual(exchangeMost), "rate",
		"must be above 0, at most "+exchangeMost.String()+", with at most "+strconv.Itoa(exchangeFine)+" decimals")
}

// ServesOn reports whether a document of a currency and a day may be reported by it.
func (e Exchange) ServesOn(day calendar.Date, of money.Currency) bool {
	return !e.IsZero() && e.Currency != of && e.Day.Valid() && e.Rate.IsPositive() && e.Day <= day && e.Day.Until(day) <= MaxExchangeDays
}
