package period_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/terms"
)

// worth is what a record comes to under windows.
func worth(t *rapid.T, overlap terms.Overlap, e period.Entry, cards []rate.Card, windows ...hours.Window) decimal.Decimal {
	s := with(says(line(timeAndMaterials), func(t *terms.Terms) { t.Staff.Conditions, t.Staff.Overlap = windows, overlap }),
		func(s *period.Says) { s.Versions[0].Cards = cards })
	total := decimal.Zero
	for _, approved := range found[period.TimeApproved](run(t, nil, logged("one", s, e), approve(s, "one"))) {
		for _, part := range approved.Worth() {
			total = total.Add(part)
		}
	}
	return total.Round(6) // Each part is kept to ten digits.
}

// Where conditions overlap and the highest one wins, a record never costs less than under any of them alone, and never
// less than when their priorities decide.
func TestTheHighestConditionNeverBillsLess(t *testing.T) {
	t.Parallel()
	conditions := []hours.Condition{hours.AfterHours, hours.Weekend, hours.Holiday}
	rapid.Check(t, func(t *rapid.T) {
		rows := []rate.Row{{Key: "regular", Price: amount("100"), Unit: rate.PerHour}}
		for _, c := range conditions {
			unit := rapid.SampledFrom([]rate.Unit{rate.PerHour, rate.PerDay}).Draw(t, "unit")
			price := decimal.NewFromInt(rapid.Int64Range(100, 300).Draw(t, "price"))
			if unit == rate.PerDay {
				price = price.Mul(decimal.NewFromInt(8))
			}
			rows = append(rows, rate.Row{Key: string(c), Condition: c, Price: price, Unit: unit})
		}
		cards := []rate.Card{{Layer: rate.ContractVersion, Name: "card", Version: 1, Currency: "AUD", Rows: rows}}
		var windows []hours.Window
		for range rapid.IntRange(1, 5).Draw(t, "windows") {
			clock := func(name string) calendar.Clock {
				return calendar.Clock(fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, name), rapid.IntRange(0, 59).Draw(t, name)))
			}
			windows = append(windows, hours.Window{
				Condition: rapid.SampledFrom(conditions).Draw(t, "condition"), From: clock("from"), Until: clock("until"),
				Priority: rapid.IntRange(-2, 2).Draw(t, "priority"),
			})
		}
		e := evening(func(e *period.Entry) {
			e.From = e.From.Add(time.Duration(rapid.IntRange(-600, 600).Draw(t, "from")) * time.Minute)
			e.Until = e.From.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "minutes")) * time.Minute)
		})
		highest := worth(t, terms.Highest, e, cards, windows...)
		for _, w := range windows {
			if alone := worth(t, terms.ByPriority, e, cards, w); highest.LessThan(alone) {
				t.Errorf("the highest condition bills %s, %+v alone %s", highest, w, alone)
			}
		}
		if ranked := worth(t, terms.ByPriority, e, cards, windows...); highest.LessThan(ranked) {
			t.Errorf("the highest condition bills %s, priorities %s", highest, ranked)
		}
	})
}

// Bought hours have no price: the condition that takes more of them is the higher one.
func TestTheHighestConditionOfBoughtHoursWeighsMost(t *testing.T) {
	t.Parallel()
	s := with(says(func(t *terms.Terms) {
		t.Staff.Overlap = terms.Highest
		t.Staff.Conditions = []hours.Window{
			{Condition: hours.AfterHours, From: "00:00", Until: "24:00", Priority: 9},
			{Condition: hours.Weekend, From: "00:00", Until: "24:00"},
		}
	}, line(func(_ *terms.Line, c *terms.Charge) {
		c.Mode, c.Weights = terms.Prepaid, []terms.Weight{{Condition: hours.Weekend, Percent: 200}}
	})), func(s *period.Says) { s.Versions[0].Cards = nil })
	history := run(t, nil, logged("one", s, evening()), approve(s, "one"))
	if got := found[period.TimeApproved](history)[0].DrawnMinutes; got != 600 {
		t.Errorf("five hours draw %d minutes, want 600", got)
	}
}
