// Package exchange is the aggregate of one pair of currencies: what a unit of the one was worth in the other, day by
// day, as Finance recorded it. It serves reports of the firm alone (product rule F42): an issued invoice keeps the rate
// that was recorded when it was issued, whatever is recorded later.
//
// It imports the domain, visible and value packages only. A pair shows nothing.
package exchange

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
)

// Stream is the name of a pair's stream: of what a unit of the first currency is worth in the second.
func Stream(from, to money.Currency) string { return "exchange-" + string(from) + "-" + string(to) }

// namespace is the parent of the ids of rates.
var namespace = uuid.MustParse("6d0a8f5e-6a43-4c0c-9f0e-2b8f3a5d71c4")

// ID names the rate of a pair on a day, however often it is corrected.
func ID(from, to money.Currency, day calendar.Date) uuid.UUID {
	return domain.Derive(namespace, string(from), string(to), string(day))
}

// Decider is the aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a pair: the newest rate of each day.
type State struct {
	from, to money.Currency
	days     domain.Index[bill.Exchange] // by ID
}

// On is the newest rate that a document of a day may be reported by: of that day or one at most bill.MaxExchangeDays
// before. False when nobody recorded one.
func (s State) On(day calendar.Date) (bill.Exchange, bool) {
	for ago := 0; day.Valid() && ago <= bill.MaxExchangeDays; ago++ {
		if rate, known := s.days.Get(ID(s.from, s.to, day.Add(-ago))); known {
			return rate, true
		}
	}
	return bill.Exchange{}, false
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) { //nolint:gocritic // A switch, so that a second variant fails the lint here.
	case Record:
		return s.record(c)
	}
	panic(fmt.Sprintf("exchange: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) { //nolint:gocritic // A switch, so that a second variant fails the lint here.
	case Recorded:
		s.from, s.to = e.From, e.To
		rate := bill.Exchange{Currency: e.To, Rate: e.Staff.Rate, Day: e.Day, Source: e.Staff.Source}
		s.days = s.days.With(ID(e.From, e.To, e.Day), rate)
	}
	return s
}

// farthest is how far the days of the world are ahead of UTC.
const farthest = 14 * time.Hour

// record takes a rate over unless it is the newest of its day already. Another one for the same day corrects it.
func (s State) record(c Record) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.That(c.By.Side != domain.ClientSide, "by", "must not be a person of a client")
	rate := bill.Exchange{Currency: c.To, Rate: c.Rate, Day: c.Day, Source: c.Source}
	rate.Check(&check, c.From)
	check.That(c.Day <= calendar.DateOf(c.At.Add(farthest), time.UTC), "day", "must not lie in the future")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.from != "" && (s.from != c.From || s.to != c.To) {
		return nil, domain.Refuse(domain.ErrConflict, "other_pair", "the stream is that of %s in %s, not of %s in %s", s.from, s.to, c.From, c.To)
	}
	if was, known := s.days.Get(ID(c.From, c.To, c.Day)); known && was.Equal(rate) {
		return nil, nil
	}
	return []Event{Recorded{
		From: c.From, To: c.To, Day: c.Day, Staff: RecordedStaff{Rate: c.Rate, Source: c.Source}, By: c.By.Person, At: c.At,
	}}, nil
}
