package bucket

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"

	"effigate/domain/calendar"
)

// Settle works out a period's ledger. It does not depend on the order of any slice of the input.
//
//   - Adjustments come first, whatever their day. One that takes more than a lot holds takes what there is;
//     one that names no lot of the input changes nothing.
//   - Then negative demands give back: first earlier overage of their line, then hours to the lots of their
//     line that are valid on their day, of these to the one that is drawn from last, none more than earlier
//     periods drew from it. What no lot can take back has lapsed with the lot it came from.
//   - Then the others draw, in the order of day, instant and id, from the lots of their line that are valid on
//     their day: first expiring first, then first bought. Work done before the period draws as on its first
//     day, but before that takes up what was given back as lapsed or as overage: a record and its correction
//     change a past period by the difference alone.
//   - What is left of a lot after its last day expires, unless its line rolls it over.
//
// Always Σ draws + Σ excess + Σ lapsed = Σ demands, and a Statement's sum holds for each lot.
func Settle(in Input) Ledger {
	s := open(in)
	demands := slices.SortedFunc(slices.Values(in.Demands), byTime)
	for _, d := range demands {
		if d.Minutes < 0 {
			s.giveBack(d)
		}
	}
	for _, d := range demands {
		if d.Minutes > 0 {
			s.draw(d)
		}
	}
	for line, rule := range in.Rollovers {
		s.roll(line, rule)
	}
	return s.close()
}

// settling is a ledger in the making.
type settling struct {
	in     Input
	lots   []account // in the order in which they are drawn from
	ledger Ledger
	given  map[string]*pool // what reversals gave back outside all lots, by line
}

// account is a lot while the period passes, with the sums of its statement.
type account struct {
	Lot

	carriedIn, granted, adjusted, drawn, expired int
}

// pool is what work done before the period takes up first.
type pool struct{ lapsed, excess int }

func open(in Input) *settling {
	s := &settling{in: in, given: map[string]*pool{}}
	s.ledger.Overage = maps.Clone(in.Overage)
	if s.ledger.Overage == nil {
		s.ledger.Overage = map[string]int{}
	}
	for _, lot := range in.CarriedIn {
		s.lots = append(s.lots, account{Lot: lot, carriedIn: lot.RemainingMinutes})
	}
	for _, lot := range in.Granted {
		lot.RemainingMinutes = lot.GrantedMinutes
		s.lots = append(s.lots, account{Lot: lot, granted: lot.GrantedMinutes})
	}
	slices.SortFunc(s.lots, func(a, b account) int { return byDraw(a.Lot, b.Lot) })
	adjusted := map[uuid.UUID]int{}
	for _, a := range in.Adjustments {
		adjusted[a.Lot] += a.Minutes
	}
	for i := range s.lots {
		lot := &s.lots[i]
		lot.adjusted = max(adjusted[lot.ID], -lot.RemainingMinutes)
		lot.GrantedMinutes += lot.adjusted
		lot.RemainingMinutes += lot.adjusted
	}
	return s
}

// byDraw is the order in which lots are drawn from.
func byDraw(a, b Lot) int {
	return cmp.Or(cmp.Compare(lastDay(a), lastDay(b)), a.BoughtAt.Compare(b.BoughtAt), bytes.Compare(a.ID[:], b.ID[:]))
}

// lastDay lets lots that never expire come last.
func lastDay(l Lot) calendar.Date { return cmp.Or(l.Until, "9999-12-31") }

func byTime(a, b Demand) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), a.At.Compare(b.At), bytes.Compare(a.ID[:], b.ID[:]))
}

// drawable reports whether a lot may serve a demand.
func (s *settling) drawable(lot account, d Demand) bool {
	day := max(d.Day, s.in.First)
	return lot.Line == d.Line && lot.From <= day && day <= lastDay(lot.Lot)
}

func (s *settling) giveBack(d Demand) {
	left, given := -d.Minutes, s.pool(d.Line)
	overage := min(left, s.ledger.Overage[d.Line])
	s.exceed(d, -overage)
	given.excess += overage
	left -= overage
	for i := range slices.Backward(s.lots) {
		if lot := &s.lots[i]; s.drawable(*lot, d) {
			back := min(left, max(lot.GrantedMinutes-lot.RemainingMinutes, 0))
			s.take(lot, d, -back)
			left -= back
		}
	}
	s.lapse(d, -left)
	given.lapsed += left
}

func (s *settling) draw(d Demand) {
	left := d.Minutes
	if given := s.pool(d.Line); d.Day < s.in.First {
		lapsed := min(left, given.lapsed)
		s.lapse(d, lapsed)
		given.lapsed -= lapsed
		excess := min(left-lapsed, given.excess)
		s.exceed(d, excess)
		given.excess -= excess
		left -= lapsed + excess
	}
	for i := range s.lots {
		if lot := &s.lots[i]; s.drawable(*lot, d) {
			taken := min(left, lot.RemainingMinutes)
			s.take(lot, d, taken)
			left -= taken
		}
	}
	s.exceed(d, left)
}

func (s *settling) pool(line string) *pool {
	if s.given[line] == nil {
		s.given[line] = &pool{}
	}
	return s.given[line]
}

func (s *settling) take(lot *account, d Demand, minutes int) {
	if minutes != 0 {
		lot.RemainingMinutes -= minutes
		lot.drawn += minutes
		s.ledger.Draws = append(s.ledger.Draws, Draw{Demand: d.ID, Lot: lot.ID, Minutes: minutes})
	}
}

func (s *settling) exceed(d Demand, minutes int) {
	if minutes != 0 {
		s.ledger.Overage[d.Line] += minutes
		s.ledger.Excess = append(s.ledger.Excess, Excess{Demand: d.ID, Minutes: minutes})
	}
}

func (s *settling) lapse(d Demand, minutes int) {
	if minutes != 0 {
		s.ledger.Lapsed = append(s.ledger.Lapsed, Excess{Demand: d.ID, Minutes: minutes})
	}
}

// roll carries the lots of a line that end with the period into the next one, as far as the rule goes.
func (s *settling) roll(line string, rule Rollover) {
	ending := func(lot *account) bool { return lot.Line == line && lot.Until == s.in.Last }
	granted := 0
	for i := range s.lots {
		if lot := &s.lots[i]; ending(lot) {
			granted += lot.granted
		}
	}
	left := rule.most(granted)
	for i := range s.lots { // Of lots that end on one day, the one that is drawn from first is the oldest.
		lot := &s.lots[i]
		if !ending(lot) || lot.Rolls >= max(rule.Periods, 1) {
			continue
		}
		rolled := min(left, lot.RemainingMinutes)
		if rolled == 0 {
			continue
		}
		left -= rolled
		lot.lose(lot.RemainingMinutes - rolled)
		lot.Until = s.in.Last.Month().Next().Last()
		lot.Rolls++
	}
}

// most is how many minutes may roll at the end of a period that granted so many.
func (r Rollover) most(grantedMinutes int) int {
	switch r.Kind {
	case RollNothing:
		return 0
	case RollMinutes:
		return r.CapMinutes
	case RollPercent:
		return grantedMinutes * r.CapPercent / 100
	case RollPeriods:
		return math.MaxInt
	}
	return 0
}

// lose expires minutes of the lot. They were never drawn, so that no reversal can bring them back.
func (a *account) lose(minutes int) {
	a.expired += minutes
	a.GrantedMinutes -= minutes
	a.RemainingMinutes -= minutes
}

func (s *settling) close() Ledger {
	for i := range s.lots {
		lot := &s.lots[i]
		if lastDay(lot.Lot) <= s.in.Last {
			lot.lose(lot.RemainingMinutes)
		} else {
			s.ledger.CarriedOut = append(s.ledger.CarriedOut, lot.Lot)
		}
		s.ledger.Statements = append(s.ledger.Statements, Statement{
			Lot: lot.ID, Line: lot.Line, CarriedInMinutes: lot.carriedIn, GrantedMinutes: lot.granted,
			AdjustedMinutes: lot.adjusted, DrawnMinutes: lot.drawn, ExpiredMinutes: lot.expired,
			RemainingMinutes: lot.RemainingMinutes, Until: lot.Until,
		})
	}
	return s.ledger
}
