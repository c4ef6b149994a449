package ratecard

import (
	"time"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/rate"
)

// Command is one thing somebody may ask of a rate card. By is the actor, At the instant in UTC.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Publish makes the next version. The same content as the newest one changes nothing. Layer, client and currency
// stay as they were in version 1.
type Publish struct {
	Card       domain.RateCardID
	Base       int // the version that the publisher saw; 0 for the first
	Name       string
	Layer      rate.Layer
	Client     domain.ClientID
	Currency   money.Currency
	DayMinutes int
	From       calendar.Date // not before that of an earlier version
	Rows       []rate.Row    // 1 to MaxRows
	Reason     string
	By         domain.Actor
	At         time.Time
}

// PublishCosts sets what hours cost the firm.
type PublishCosts struct {
	From calendar.Date
	Rows []Cost // 1 to MaxCosts
	By   domain.Actor
	At   time.Time
}

// Supersede takes the card out of the choice, until another version is published.
type Supersede struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

func (Publish) isCommand()      {}
func (PublishCosts) isCommand() {}
func (Supersede) isCommand()    {}
