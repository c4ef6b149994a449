package exchange

import (
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Command is one thing somebody may ask of a pair.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Record says what one unit of a currency was worth in another on a day. Another rate for the same day corrects it for
// what is issued from then on; saying the same again changes nothing.
type Record struct {
	From, To money.Currency
	Day      calendar.Date
	Rate     decimal.Decimal // units of To for one unit of From, above 0
	Source   string          // who published it: "RBA"
	By       domain.Actor
	At       time.Time
}

func (Record) isCommand() {}
