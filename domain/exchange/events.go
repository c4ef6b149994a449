package exchange

import (
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Event is one fact of a pair, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Recorded says what one unit of From was worth in To on a day. A later one for the same day corrects it.
type Recorded struct {
	From  money.Currency  `json:"from"`
	To    money.Currency  `json:"to"`
	Day   calendar.Date   `json:"day"`
	Staff RecordedStaff   `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// RecordedStaff is the internal part of Recorded.
type RecordedStaff struct {
	Rate   decimal.Decimal `json:"rate"`
	Source string          `json:"source"`
}

// Kind is the stored name.
func (Recorded) Kind() string { return "exchange.recorded.v1" }

func (Recorded) isEvent() {}
