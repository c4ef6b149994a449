package period

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/rate"
)

// value is money of a line as a sum of fractions: Amount divided by Per. So hours at a price need no rounding,
// and sums do not depend on their order.
type value struct {
	line   string
	per    int64
	amount decimal.Decimal
	part   int // of the record, by index; sums have none
}

// valuesOf is what a record's parts are worth at their own prices, with more minutes on the longest part than it
// was billed for. A price for a whole record counts once, for the longest part that has one.
func valuesOf(t TimeApproved, more int) []value {
	var values []value
	longest, fixed := longestPart(t.Staff.Parts), fixedPart(t.Staff.Parts)
	for i, part := range t.Staff.Parts {
		minutes := part.BilledMinutes
		if i == longest {
			minutes += more
		}
		price := part.Price
		switch price.Unit {
		case rate.PerHour:
			values = append(values, value{t.Staff.Line, 60, times(price.Amount, price.bounded(minutes)), i})
		case rate.PerDay:
			values = append(values, value{t.Staff.Line, int64(price.DayMinutes), times(price.Amount, price.bounded(minutes)), i})
		case rate.Fixed: // Below, once.
		}
	}
	if fixed >= 0 {
		part := t.Staff.Parts[fixed]
		values = append(values, value{t.Staff.Line, 1, times(part.Price.Amount, part.sign()), fixed})
	}
	return values
}

// fixedPart is the index of the part whose price is that of the whole record: of those that have one the longest, then
// the first; -1 without any.
func fixedPart(parts []Part) int {
	fixed := -1
	for i, part := range parts {
		if part.Price.Unit == rate.Fixed && (fixed < 0 || abs(part.BilledMinutes) > abs(parts[fixed].BilledMinutes)) {
			fixed = i
		}
	}
	return fixed
}

// sign is -1 for a part that takes one back, else 1.
func (p Part) sign() int {
	if p.Seconds < 0 {
		return -1
	}
	return 1
}

// bounded are the minutes that a row prices; those of a reversal are negative.
func (p Price) bounded(minutes int) int {
	if minutes < 0 {
		return -p.bounded(-minutes)
	}
	if minutes == 0 {
		return 0
	}
	minutes = max(minutes, p.MinimumMinutes)
	if p.MaximumMinutes > 0 {
		minutes = min(minutes, p.MaximumMinutes)
	}
	return minutes
}

// longestPart is the index of the part with the most billed minutes, of equals the one with the most raw time,
// then the first; -1 without any.
func longestPart(parts []Part) int {
	longest := -1
	for i, part := range parts {
		if longest < 0 || cmp.Or(cmp.Compare(abs(part.BilledMinutes), abs(parts[longest].BilledMinutes)),
			cmp.Compare(max(part.Seconds, -part.Seconds), max(parts[longest].Seconds, -parts[longest].Seconds))) > 0 {
			longest = i
		}
	}
	return longest
}

func abs(n int) int { return max(n, -n) }

func times(amount decimal.Decimal, minutes int) decimal.Decimal {
	return amount.Mul(decimal.NewFromInt(int64(minutes)))
}

// plus gives the sums with what is charged for a record, with more minutes on its longest part than it was billed
// for; without takes off what is charged for it. By what its line is charged was fixed with it: an amendment may have
// changed the line since.
func plus(values []value, t TimeApproved, more int) []value {
	if !t.Staff.Charged {
		return values
	}
	return sum(values, valuesOf(t, more), 1)
}

func without(values []value, t TimeApproved) []value {
	if !t.Staff.Charged {
		return values
	}
	return sum(values, valuesOf(t, 0), -1)
}

func sum(values, more []value, sign int) []value {
	if len(more) == 0 {
		return values
	}
	values = slices.Clone(values)
	for _, v := range more {
		v.amount = times(v.amount, sign)
		i := slices.IndexFunc(values, func(known value) bool { return known.line == v.line && known.per == v.per })
		if i < 0 {
			values = append(values, v)
			continue
		}
		values[i].amount = values[i].amount.Add(v.amount)
	}
	return values
}

// valuesWith are the values of approved time with more minutes on some records than they were approved with.
func (s State) valuesWith(more map[domain.TimeID]TimeMinutes) []value {
	values := s.values
	for id, added := range more {
		t, _ := s.times.Get(id.UUID)
		values = plus(without(values, t.Approved), t.Approved, added.BilledMinutes)
	}
	return values
}

// exact is the sum of the values of a line.
func exact(values []value, line string) *big.Rat {
	total := new(big.Rat)
	for _, v := range values {
		if v.line == line {
			total.Add(total, new(big.Rat).Quo(v.amount.Rat(), big.NewRat(v.per, 1)))
		}
	}
	return total
}

// scale is how many digits after the point are kept of money that no currency has rounded yet.
const scale = 10

func toDecimal(r *big.Rat) decimal.Decimal {
	return decimal.NewFromBigRat(r, scale)
}

// LineValue is what a line of an open or closed period comes to before tax, in the contract's currency, to ten
// digits after the point. Nothing of it is invoiced yet.
type LineValue struct {
	Line string
	// Time is approved time at its own prices: of time and materials, and of hours paid for in arrears. Overage is
	// the time beyond bought hours; Charges is what is not time.
	Time    decimal.Decimal
	Overage decimal.Decimal
	Charges decimal.Decimal
}

// Values is what the period comes to by line, in the order of the contract's lines, behind them lines that an amendment
// ended during the month and that something was done under. The minimum for a work item
// and day is counted as if the period were closed now.
func (s State) Values() []LineValue {
	shortfall, ledger := s.shortfall(), s.Ledger()
	billed, overage := s.valuesWith(shortfall), map[string]*big.Rat{}
	inside := map[string]*big.Rat{} // what of the time's own value stands for hours beyond
	for id, minutes := range beyond(ledger) {
		t, _ := s.times.Get(id)
		line, more := t.Approved.Staff.Line, shortfall[domain.TimeID{UUID: id}]
		if overage[line] == nil {
			overage[line], inside[line] = new(big.Rat), new(big.Rat)
		}
		overage[line].Add(overage[line], overageValue(t.Approved, more, minutes))
		if t.Approved.Staff.Charged {
			inside[line].Add(inside[line], shareOf(t.Approved, more, minutes))
		}
	}
	var values []LineValue
	for i, line := range s.lines() {
		v, own := LineValue{Line: line.Key}, exact(billed, line.Key)
		if overage[line.Key] != nil {
			v.Overage = toDecimal(overage[line.Key])
			own.Sub(own, inside[line.Key])
		}
		v.Time = toDecimal(own)
		for _, c := range s.charges.All() {
			if c.Line == line.Key {
				v.Charges = v.Charges.Add(c.Staff.Amount)
			}
		}
		silent := v.Time.IsZero() && v.Overage.IsZero() && v.Charges.IsZero()
		if i < len(s.newest().Agreed.Lines) || !silent {
			values = append(values, v)
		}
	}
	return values
}
