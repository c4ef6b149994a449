package bucket_test

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain/bucket"
	"effigate/domain/calendar"
)

func number(value int) string { return strconv.Itoa(value) }

// Whatever a period holds: each lot's sum is right, nothing is below zero or above what was granted, and the
// minutes of the demands are all accounted for.
func TestMinutesAreConserved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		conserved(t, in, bucket.Settle(in))
	})
}

func conserved(t *rapid.T, in bucket.Input, ledger bucket.Ledger) {
	drawn, byDemand := map[uuid.UUID]int{}, map[uuid.UUID]int{}
	for _, d := range ledger.Draws {
		drawn[d.Lot] += d.Minutes
		byDemand[d.Demand] += d.Minutes
	}
	for _, e := range slices.Concat(ledger.Excess, ledger.Lapsed) {
		byDemand[e.Demand] += e.Minutes
	}
	for _, d := range in.Demands {
		if byDemand[d.ID] != d.Minutes {
			t.Fatalf("of %d minutes of %s, %d are accounted for", d.Minutes, name(d.ID), byDemand[d.ID])
		}
	}
	if len(ledger.Statements) != len(in.CarriedIn)+len(in.Granted) {
		t.Fatalf("%d statements of %d lots", len(ledger.Statements), len(in.CarriedIn)+len(in.Granted))
	}
	out := map[uuid.UUID]bucket.Lot{}
	for _, lot := range ledger.CarriedOut {
		out[lot.ID] = lot
	}
	for _, s := range ledger.Statements {
		if s.CarriedInMinutes+s.GrantedMinutes+s.AdjustedMinutes-s.DrawnMinutes-s.ExpiredMinutes != s.RemainingMinutes ||
			s.RemainingMinutes < 0 || s.ExpiredMinutes < 0 || s.DrawnMinutes != drawn[s.Lot] {
			t.Fatalf("%+v does not add up with %d minutes drawn", s, drawn[s.Lot])
		}
		lot, carried := out[s.Lot]
		if lot.RemainingMinutes != s.RemainingMinutes || carried && (lot.Until != s.Until || lot.RemainingMinutes > lot.GrantedMinutes) {
			t.Fatalf("%+v is carried out as %+v", s, lot)
		}
	}
	for line, minutes := range ledger.Overage {
		if minutes < 0 {
			t.Fatalf("overage of %s is %d", line, minutes)
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		other := in
		other.CarriedIn = rapid.Permutation(in.CarriedIn).Draw(t, "carried in")
		other.Granted = rapid.Permutation(in.Granted).Draw(t, "granted")
		other.Adjustments = rapid.Permutation(in.Adjustments).Draw(t, "adjustments")
		other.Demands = rapid.Permutation(in.Demands).Draw(t, "demands")
		if diff := cmp.Diff(bucket.Settle(in), bucket.Settle(other)); diff != "" {
			t.Fatalf("in another order (-first +second):\n%s", diff)
		}
	})
}

// A model that goes minute by minute and knows no shortcut comes to the same ledger.
func TestMinuteByMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		got := map[string]int{}
		ledger := bucket.Settle(in)
		for _, d := range ledger.Draws {
			got[name(d.Demand)+" from "+name(d.Lot)] += d.Minutes
		}
		for _, e := range ledger.Excess {
			got[name(e.Demand)+" beyond"] += e.Minutes
		}
		for _, e := range ledger.Lapsed {
			got[name(e.Demand)+" lapsed"] += e.Minutes
		}
		for _, lot := range ledger.CarriedOut {
			got["out "+name(lot.ID)+" until "+string(lot.Until)] += lot.RemainingMinutes
		}
		zero := func(_ string, minutes int) bool { return minutes == 0 }
		want := slowly(in)
		maps.DeleteFunc(got, zero)
		maps.DeleteFunc(want, zero)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-minute by minute +settled):\n%s", diff)
		}
	})
}

// slowly is the ledger one minute at a time: for each it looks at every lot anew.
func slowly(in bucket.Input) map[string]int {
	left, room, all := map[uuid.UUID]int{}, map[uuid.UUID]int{}, slices.Concat(in.CarriedIn, in.Granted)
	for _, l := range in.CarriedIn {
		left[l.ID], room[l.ID] = l.RemainingMinutes, l.GrantedMinutes-l.RemainingMinutes
	}
	for _, l := range in.Granted {
		left[l.ID] = l.GrantedMinutes
	}
	adjusted := map[uuid.UUID]int{}
	for _, a := range in.Adjustments {
		adjusted[a.Lot] += a.Minutes
	}
	for _, l := range all {
		left[l.ID] = max(left[l.ID]+adjusted[l.ID], 0)
	}
	told, overage, lapsed, beyond := map[string]int{}, maps.Clone(in.Overage), map[string]int{}, map[string]int{}
	each := func(sign int, minute func(d bucket.Demand, lots []bucket.Lot)) {
		slices.SortFunc(in.Demands, func(a, b bucket.Demand) int {
			if a.Day != b.Day {
				return b.Day.Until(a.Day)
			}
			if !a.At.Equal(b.At) {
				return int(a.At.Sub(b.At))
			}
			return bytes.Compare(a.ID[:], b.ID[:])
		})
		for _, d := range in.Demands {
			for range d.Minutes * sign {
				minute(d, inOrder(all, d, in.First))
			}
		}
	}
	each(-1, func(d bucket.Demand, lots []bucket.Lot) {
		slices.Reverse(lots)
		lots = slices.DeleteFunc(lots, func(l bucket.Lot) bool { return room[l.ID] == 0 })
		switch {
		case overage[d.Line] > 0:
			overage[d.Line]--
			beyond[d.Line]++
			told[name(d.ID)+" beyond"]--
		case len(lots) > 0:
			room[lots[0].ID]--
			left[lots[0].ID]++
			told[name(d.ID)+" from "+name(lots[0].ID)]--
		default:
			lapsed[d.Line]++
			told[name(d.ID)+" lapsed"]--
		}
	})
	each(1, func(d bucket.Demand, lots []bucket.Lot) {
		lots = slices.DeleteFunc(lots, func(l bucket.Lot) bool { return left[l.ID] == 0 })
		switch past := d.Day < in.First; {
		case past && lapsed[d.Line] > 0:
			lapsed[d.Line]--
			told[name(d.ID)+" lapsed"]++
		case past && beyond[d.Line] > 0:
			beyond[d.Line]--
			told[name(d.ID)+" beyond"]++
		case len(lots) > 0:
			left[lots[0].ID]--
			told[name(d.ID)+" from "+name(lots[0].ID)]++
		default:
			told[name(d.ID)+" beyond"]++
		}
	})
	slowlyOut(in, all, left, told)
	return told
}

// inOrder gives the lots that may serve a demand, the one to draw from first.
func inOrder(lots []bucket.Lot, d bucket.Demand, first calendar.Date) []bucket.Lot {
	day := max(d.Day, first)
	open := slices.DeleteFunc(slices.Clone(lots), func(l bucket.Lot) bool {
		return l.Line != d.Line || l.From > day || l.Until != "" && l.Until < day
	})
	slices.SortFunc(open, func(a, b bucket.Lot) int {
		switch {
		case a.Until != b.Until && (a.Until == "" || b.Until == ""):
			return len(b.Until) - len(a.Until)
		case a.Until != b.Until:
			return b.Until.Until(a.Until)
		case !a.BoughtAt.Equal(b.BoughtAt):
			return int(a.BoughtAt.Sub(b.BoughtAt))
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return open
}

// slowlyOut carries out what is left, rolling one minute after the other.
func slowlyOut(in bucket.Input, all []bucket.Lot, left map[uuid.UUID]int, told map[string]int) {
	next := in.Last.Add(1).Month().Last()
	for _, l := range all {
		if l.Until == "" || l.Until > in.Last {
			told["out "+name(l.ID)+" until "+string(l.Until)] = left[l.ID]
		}
	}
	for line, rule := range in.Rollovers {
		ending := inOrder(all, bucket.Demand{Line: line, Day: in.Last}, in.First)
		ending = slices.DeleteFunc(ending, func(l bucket.Lot) bool { return l.Until != in.Last })
		may := map[bucket.RolloverKind]int{bucket.RollMinutes: rule.CapMinutes, bucket.RollPeriods: 1 << 30}[rule.Kind]
		if rule.Kind == bucket.RollPercent {
			for _, l := range in.Granted {
				if l.Line == line && l.Until == in.Last {
					may += l.GrantedMinutes * rule.CapPercent
				}
			}
			may /= 100
		}
		for _, l := range ending {
			for ; may > 0 && left[l.ID] > 0 && l.Rolls < max(rule.Periods, 1); may-- {
				left[l.ID]--
				told["out "+name(l.ID)+" until "+string(next)]++
			}
		}
	}
}

// What one month carries out is what the next one carries in, and over all months nothing is lost: all grants and
// adjustments are drawn, expired or left.
func TestMonthsChain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		first := in.CarriedIn
		var came, went int
		for _, l := range first {
			came += l.RemainingMinutes
		}
		for month := range 4 {
			ledger := bucket.Settle(in)
			conserved(t, in, ledger)
			sum := 0
			for _, s := range ledger.Statements {
				came += s.GrantedMinutes + s.AdjustedMinutes
				went += s.DrawnMinutes + s.ExpiredMinutes
			}
			for _, l := range ledger.CarriedOut {
				if l.Until != "" && l.Until <= in.Last {
					t.Fatalf("%s ended on %s and is carried beyond %s", name(l.ID), l.Until, in.Last)
				}
				sum += l.RemainingMinutes
			}
			if came-went != sum {
				t.Fatalf("after month %d, %d came, %d went, %d are left", month, came, went, sum)
			}
			next := anyInput(t)
			shift(&next, in.Last, number(month))
			next.CarriedIn, next.Overage, next.Rollovers = ledger.CarriedOut, ledger.Overage, in.Rollovers
			in = next
		}
	})
}

// shift moves an input for March to the month after a day, under ids of its own.
func shift(in *bucket.Input, last calendar.Date, mark string) {
	days := calendar.Date("2026-02-28").Until(last)
	for i := range in.Granted {
		l := &in.Granted[i]
		l.ID = id(name(l.ID) + mark)
		l.From = l.From.Add(days)
		if l.Until == in.Last {
			l.Until = last.Add(1).Month().Last()
		} else if l.Until != "" {
			l.Until = l.Until.Add(days)
		}
	}
	for i := range in.Demands {
		in.Demands[i].Day = in.Demands[i].Day.Add(days)
	}
	in.First, in.Last = last.Add(1), last.Add(1).Month().Last()
}

// anyInput is any March of two lines. Numbers are small, so that lots run out, hours come back and days meet.
func anyInput(t *rapid.T) bucket.Input {
	in := bucket.Input{
		First: "2026-03-01", Last: "2026-03-31", Rollovers: map[string]bucket.Rollover{}, Overage: map[string]int{},
	}
	lines := rapid.SampledFrom([]string{"s", "t"})
	minutes := rapid.IntRange(0, 40)
	start := calendar.Date("2026-01-01").Start(time.UTC)
	lots := rapid.IntRange(0, 5).Draw(t, "lots")
	for i := range lots {
		l := bucket.Lot{
			ID: id("lot " + number(i)), Line: lines.Draw(t, "line"), GrantedMinutes: minutes.Draw(t, "granted"),
			From:     calendar.Date("2026-02-20").Add(rapid.IntRange(0, 20).Draw(t, "from")),
			Until:    rapid.SampledFrom([]calendar.Date{"", "2026-03-09", "2026-03-31", "2026-03-31", "2026-05-31"}).Draw(t, "until"),
			BoughtAt: start.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "bought"))),
			Rolls:    rapid.IntRange(0, 2).Draw(t, "rolls"),
		}
		if rapid.Bool().Draw(t, "carried in") {
			l.RemainingMinutes = rapid.IntRange(0, l.GrantedMinutes).Draw(t, "remaining")
			in.CarriedIn = append(in.CarriedIn, l)
			continue
		}
		l.RemainingMinutes, l.Rolls = l.GrantedMinutes, 0
		in.Granted = append(in.Granted, l)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "adjustments") {
		in.Adjustments = append(in.Adjustments, bucket.Adjustment{
			ID: id(number(i)), Lot: id("lot " + number(rapid.IntRange(0, 5).Draw(t, "adjusted"))), Minutes: minutes.Draw(t, "by") - 20,
		})
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "demands") {
		d := bucket.Demand{
			ID: id("work " + number(i)), Line: lines.Draw(t, "line"), Minutes: minutes.Draw(t, "minutes"),
			Day: calendar.Date("2026-03-01").Add(rapid.IntRange(-3, 12).Draw(t, "day")),
			At:  start.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "at"))),
		}
		if d.Day < in.First && rapid.Bool().Draw(t, "reversal") {
			d.Minutes = -d.Minutes
		}
		in.Demands = append(in.Demands, d)
	}
	for _, line := range []string{"s", "t"} {
		in.Overage[line] = rapid.IntRange(0, 20).Draw(t, "overage")
		in.Rollovers[line] = rapid.SampledFrom([]bucket.Rollover{
			{}, {Kind: bucket.RollMinutes, CapMinutes: 15, Periods: 2}, {Kind: bucket.RollPercent, CapPercent: 30}, {Kind: bucket.RollPeriods, Periods: 2},
		}).Draw(t, "rollover")
	}
	return in
}
