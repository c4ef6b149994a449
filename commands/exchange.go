package commands

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/exchange"
	"effigate/domain/issuer"
	"effigate/domain/money"
)

// RecordExchangeRate says what one unit of a currency was worth in another on a day. What is issued already keeps the
// rate that was recorded with it.
type RecordExchangeRate struct {
	From, To money.Currency
	Day      calendar.Date
	Rate     decimal.Decimal // units of To for one unit of From
	Source   string          // who published it
}

// RecordExchangeRate runs the command. The answer's ID is that of the pair's rate on the day.
func (s *Service) RecordExchangeRate(ctx context.Context, r Request, c RecordExchangeRate) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		if _, err := s.may(ctx, r.Actor, access.RecordExchange); err != nil {
			return Answer{}, err
		}
		command := exchange.Record{From: c.From, To: c.To, Day: c.Day, Rate: c.Rate, Source: c.Source, By: r.Actor, At: r.At}
		if _, err := exchange.Decide(exchange.State{}, command); err != nil {
			return Answer{}, err // Before the names of the currencies become that of a stream.
		}
		position, err := onStream(ctx, s, exchange.Decider, r.on(exchange.Stream(c.From, c.To)), exchange.Command(command))
		return Answer{ID: exchange.ID(c.From, c.To, c.Day), Position: position}, err
	})
}

// exchangeOn is the rate that reports of an issuer convert a document of a currency and a day by; zero where there is
// nothing to convert, or no rate, as missing tells then.
func (s *Service) exchangeOn(ctx context.Context, who issuer.Content, of money.Currency, day calendar.Date) (rate bill.Exchange, missing bool, err error) {
	if who.ReportingCurrency == "" || who.ReportingCurrency == of {
		return rate, false, nil
	}
	pair, err := load(ctx, s.log, exchange.Decider, exchange.Stream(of, who.ReportingCurrency), domain.CommandID{})
	if err != nil {
		return rate, false, err
	}
	rate, known := pair.state.On(day)
	return rate, !known, nil
}

// ExchangeRateMissing is the code of the exception that a draft would be left out of reports, were it issued now.
const ExchangeRateMissing = "exchange_rate_missing"

// unreportable tells of a draft that reports would leave out, were it issued today. It blocks nothing.
func (s *Service) unreportable(ctx context.Context, b *basis, of money.Currency) ([]Exception, error) {
	who := b.issuer.Content()
	_, missing, err := s.exchangeOn(ctx, who, of, b.today)
	if err != nil || !missing {
		return nil, err
	}
	return []Exception{{Code: ExchangeRateMissing, Text: fmt.Sprintf(
		"no rate of %s in %s is recorded for the %d days up to %s; record one, or reports in %s leave the invoice out",
		of, who.ReportingCurrency, bill.MaxExchangeDays, b.today, who.ReportingCurrency)}}, nil
}
