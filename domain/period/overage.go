package period

import (
	"math/big"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/rate"
	"effigate/domain/terms"
)

// request is a question to the client, with its answer.
type request struct {
	question

	answer *OverageAnswered
}

// question has the fields of the event and is none.
type question OverageAsked

// TopUp is the id of the bucket that a line's policy buys as the nth one of a month.
func TopUp(contract domain.ContractID, line string, month calendar.Month, n int) domain.BucketID {
	return domain.BucketID{UUID: domain.Derive(contract.UUID, "top up", line, string(month), strconv.Itoa(n))}
}

func answered(requests []request, e OverageAnswered) []request {
	requests = slices.Clone(requests)
	for i := range requests {
		if requests[i].Request == e.Request {
			requests[i].answer = &e
		}
	}
	return requests
}

func (s State) askOverage(c AskOverage) ([]Event, error) {
	for _, known := range s.requests {
		if known.Request != c.Request {
			continue
		}
		if known.Line == c.Line && known.Minutes == c.Minutes && known.Text == c.Text {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "request_exists", "request %s asks something else", c.Request)
	}
	d, err := s.prepare(c.Says, c.By, c.At)
	if err != nil {
		return nil, err
	}
	line, err := d.line(c.Line)
	if err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(c.Request != [16]byte{}, "request", "must have an id")
	check.That(c.Minutes >= 1 && c.Minutes <= bucket.MaxMinutes, "minutes", "must be at least one")
	check.Text("text", c.Text, 1)
	check.That(len([]rune(c.Text)) <= MaxDescription, "text", "must have at most 2,000 characters")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !holdsHours(line.Type) || d.newest().Staff.Terms.ChargeOf(line.Key).Overage != terms.AskOverage {
		return nil, domain.Refuse(domain.ErrConflict, "not_asked", "the client is not asked about work beyond the hours of line %q", line.Key)
	}
	if len(d.requests) >= MaxRequests {
		return nil, domain.Refuse(domain.ErrConflict, "period_full", "the period has %d requests, the most it may have", MaxRequests)
	}
	d.add(OverageAsked{Request: c.Request, Line: c.Line, Minutes: c.Minutes, Text: c.Text, By: d.by, At: d.at})
	return d.events, nil
}

// answerOverage is for people of the client alone. To anybody else of the client side there is no such request.
func (s State) answerOverage(c AnswerOverage) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.Text("reason", c.Reason, 0)
	check.That(len([]rune(c.Reason)) <= MaxReason, "reason", "must have at most 500 characters")
	i := slices.IndexFunc(s.requests, func(r request) bool { return r.Request == c.Request })
	if i < 0 || c.By.Side == domain.ClientSide && c.By.Client != s.Client {
		return nil, errNoRequest
	}
	if c.By.Side != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrForbidden, "for_the_client", "the client itself answers request %s", c.Request)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	if known := s.requests[i].answer; known != nil {
		if known.Allowed == c.Allow {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "answered", "request %s was answered already", c.Request)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return []Event{OverageAnswered{Request: c.Request, Allowed: c.Allow, Reason: c.Reason, By: c.By.Person, At: c.At}}, nil
}

var errNoRequest = domain.Refuse(domain.ErrNotFound, "not_found", "no such request")

// beyond is, by record, what was drawn beyond all lots.
func beyond(ledger bucket.Ledger) map[uuid.UUID]int {
	minutes := map[uuid.UUID]int{}
	for _, excess := range ledger.Excess {
		minutes[excess.Demand] += excess.Minutes
	}
	return minutes
}

// stretch is a part of a record with what of it is beyond the bought hours.
type stretch struct {
	Part // with what a minimum added to it

	priced int             // minutes that its price counts, where that is of an hour or a day
	count  decimal.Decimal // of a price for the whole record: 1, or -1 of a reversal, where this part stands for it
	// What of these, and of the minutes drawn, is beyond.
	drawnBeyond, pricedBeyond int
	countBeyond               decimal.Decimal
}

// stretches are a record's parts, with more minutes on the longest one, and with what is beyond of what it draws. All is
// whole minutes, and hundredths of a price for the whole record, so that what a line says is what it comes to.
func stretches(t TimeApproved, more TimeMinutes, minutesBeyond int) []stretch {
	parts := t.Staff.Parts
	list, drawn := make([]stretch, len(parts)), make([]int64, len(parts))
	longest, fixed := longestPart(parts), fixedPart(parts)
	for i, part := range parts {
		if i == longest {
			part.BilledMinutes, part.DrawnMinutes = part.BilledMinutes+more.BilledMinutes, part.DrawnMinutes+more.DrawnMinutes
		}
		list[i], drawn[i] = stretch{Part: part}, int64(abs(part.DrawnMinutes))
		if part.Price.Unit == rate.PerHour || part.Price.Unit == rate.PerDay {
			list[i].priced = part.Price.bounded(part.BilledMinutes)
		}
	}
	if fixed >= 0 {
		list[fixed].count = decimal.NewFromInt(int64(list[fixed].sign()))
	}
	if minutesBeyond == 0 {
		return list
	}
	for i, minutes := range hours.Allocate(minutesBeyond, drawn) {
		of := &list[i]
		of.drawnBeyond = minutes
		if of.DrawnMinutes != 0 {
			of.pricedBeyond = halfAway(of.priced*minutes, of.DrawnMinutes)
		}
	}
	if whole := t.DrawnMinutes + more.DrawnMinutes; fixed >= 0 && whole != 0 {
		share := decimal.NewFromInt(int64(minutesBeyond)).DivRound(decimal.NewFromInt(int64(whole)), 2)
		list[fixed].countBeyond = list[fixed].count.Mul(share)
	}
	return list
}

// halfAway divides by what is not zero, and rounds half away from zero.
func halfAway(n, by int) int {
	sign := 1
	if n < 0 != (by < 0) {
		sign = -1
	}
	n, by = abs(n), abs(by)
	return sign * ((2*n + by) / (2 * by))
}

// overageValue is what a record's minutes beyond all lots come to: at the price of an hour beyond where the terms
// had one, for weighted minutes; else as that share of the record's own value, whose prices are premium already.
func overageValue(t TimeApproved, more TimeMinutes, minutes int) *big.Rat {
	if price := t.Staff.OveragePrice; price.IsPositive() {
		return new(big.Rat).Mul(price.Rat(), big.NewRat(int64(minutes), 60))
	}
	return shareOf(t, more, minutes)
}

// shareOf is what part of a record's own value falls on minutes of what it draws.
func shareOf(t TimeApproved, more TimeMinutes, minutes int) *big.Rat {
	total := new(big.Rat)
	for _, part := range stretches(t, more, minutes) {
		price, per := part.Price.Amount, int64(60)
		if part.Price.Unit == rate.PerDay {
			per = int64(part.Price.DayMinutes)
		}
		total.Add(total, new(big.Rat).Mul(price.Rat(), big.NewRat(int64(part.pricedBeyond), per)))
		total.Add(total, new(big.Rat).Mul(price.Rat(), part.countBeyond.Rat()))
	}
	return total
}
