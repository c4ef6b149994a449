package period

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/hours"
)

// ConditionValue is what the approved time of a line under one condition comes to.
type ConditionValue struct {
	Line      string
	Condition hours.Condition
	// BilledMinutes and DrawnMinutes are after rounding, with what minimums add to the longest parts of records.
	BilledMinutes int
	DrawnMinutes  int
	// Amount is the time at its own prices, before tax, to ten digits after the point; zero where nothing is priced.
	Amount decimal.Decimal
}

// Conditions is what the period's approved time comes to by line and condition. The minimum for a work item and day is
// counted as if the period were closed now.
func (s State) Conditions() []ConditionValue {
	type place struct {
		line      string
		condition hours.Condition
	}
	minutes, amounts := map[place]ConditionValue{}, map[place]*big.Rat{}
	shortfall := s.shortfall()
	for id, t := range s.times.All() {
		more := shortfall[domain.TimeID{UUID: id}]
		line, parts := t.Approved.Staff.Line, t.Approved.Staff.Parts
		longest := longestPart(parts)
		for i, part := range parts {
			at := place{line, part.Condition}
			v := minutes[at]
			v.BilledMinutes, v.DrawnMinutes = v.BilledMinutes+part.BilledMinutes, v.DrawnMinutes+part.DrawnMinutes
			if i == longest {
				v.BilledMinutes, v.DrawnMinutes = v.BilledMinutes+more.BilledMinutes, v.DrawnMinutes+more.DrawnMinutes
			}
			minutes[at] = v
		}
		for i, worth := range worthOf(t.Approved, more.BilledMinutes) {
			at := place{line, parts[i].Condition}
			if amounts[at] == nil {
				amounts[at] = new(big.Rat)
			}
			amounts[at].Add(amounts[at], worth)
		}
	}
	values := make([]ConditionValue, 0, len(minutes))
	for at, v := range minutes {
		v.Line, v.Condition, v.Amount = at.line, at.condition, toDecimal(amounts[at])
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b ConditionValue) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Condition, b.Condition))
	})
	return values
}

// Worth is what each part of the record comes to at its own price, before tax, to ten digits after the point. A price
// for the whole record counts for one part.
func (e TimeApproved) Worth() []decimal.Decimal {
	amounts := make([]decimal.Decimal, len(e.Staff.Parts))
	for i, worth := range worthOf(e, 0) {
		amounts[i] = toDecimal(worth)
	}
	return amounts
}

// worthOf is what each part of a record comes to, with more minutes on the longest one.
func worthOf(t TimeApproved, more int) []*big.Rat {
	worth := make([]*big.Rat, len(t.Staff.Parts))
	for i := range worth {
		worth[i] = new(big.Rat)
	}
	for _, v := range valuesOf(t, more) {
		worth[v.part].Add(worth[v.part], new(big.Rat).Quo(v.amount.Rat(), big.NewRat(v.per, 1)))
	}
	return worth
}
