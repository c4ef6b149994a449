package commands

import (
	"context"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
)

// PublishRates makes the next version of a rate card. A zero Card is the one of the layer firm or client, or a new
// one for contracts to refer to. The answer's ID is the card's.
type PublishRates struct {
	Card       domain.RateCardID
	Base       int // the version that the publisher saw; 0 for the first
	Name       string
	Layer      rate.Layer
	Client     domain.ClientID // of the layer client
	Currency   money.Currency
	DayMinutes int
	From       calendar.Date
	Rows       []rate.Row
	Reason     string
}

// PublishRates runs the command. What was approved keeps its price; open periods pin the version with the next
// command on them.
func (s *Service) PublishRates(ctx context.Context, r Request, c PublishRates) (Answer, error) {
	c.Card = c.card(r)
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.ManageRates); err != nil {
			return Answer{}, err
		}
		if err := s.exists(ctx, c.Client); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, ratecard.Decider, r.on(ratecard.Stream(c.Card)), ratecard.Command(ratecard.Publish{
			Card: c.Card, Base: c.Base, Name: c.Name, Layer: c.Layer, Client: c.Client, Currency: c.Currency,
			DayMinutes: c.DayMinutes, From: c.From, Rows: c.Rows, Reason: c.Reason, By: r.Actor, At: r.At,
		}))
		return Answer{ID: c.Card.UUID, Position: position}, err
	})
}

// card is the card that the command is about.
func (c PublishRates) card(r Request) domain.RateCardID {
	switch {
	case !c.Card.IsZero():
		return c.Card
	case c.Layer == rate.FirmDefault:
		return ratecard.FirmDefault()
	case c.Layer == rate.ClientOverride:
		return ratecard.ForClient(c.Client)
	default:
		return domain.RateCardID{UUID: domain.Derive(r.Command().UUID, "rate card")}
	}
}

// PublishCosts sets what hours cost the firm.
type PublishCosts struct {
	Card domain.RateCardID
	From calendar.Date
	Rows []ratecard.Cost
}

// PublishCosts runs the command.
func (s *Service) PublishCosts(ctx context.Context, r Request, c PublishCosts) (Answer, error) {
	return s.onRates(ctx, r, access.ManageCosts, c.Card, ratecard.PublishCosts{From: c.From, Rows: c.Rows, By: r.Actor, At: r.At})
}

// SupersedeRates takes a card out of the choice until another version is published.
type SupersedeRates struct {
	Card   domain.RateCardID
	Reason string
}

// SupersedeRates runs the command.
func (s *Service) SupersedeRates(ctx context.Context, r Request, c SupersedeRates) (Answer, error) {
	return s.onRates(ctx, r, access.ManageRates, c.Card, ratecard.Supersede{Reason: c.Reason, By: r.Actor, At: r.At})
}

// onRates runs one command on a rate card.
func (s *Service) onRates(ctx context.Context, r Request, needed access.Permission, id domain.RateCardID, command ratecard.Command) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, needed); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, ratecard.Decider, r.on(ratecard.Stream(id)), command)
		return Answer{ID: id.UUID, Position: position}, err
	})
}
