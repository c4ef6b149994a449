package forecast

import (
	"cmp"
	"math/big"
	"math/bits"
	"slices"

	"effigate/domain/calendar"
)

// The method (F34), as the screens state it.
const (
	WindowDays         = 8 * 7 // burn of so many days counts
	HalfLifeDays       = 10    // business days after which burn weighs half
	Runs               = 500   // of the bootstrap
	LeastBusinessDays  = 10
	LeastRecords       = 3
	HorizonDays        = 2 * 365
	maxMinutesOfOneDay = 6_000_000 // keeps all sums within 64 bits
)

// Make works out a forecast.
//
// The rate is the weighted mean of burn per business day of the last eight weeks or since the start, of which a day
// weighs half as much as one ten business days later; burn on other days counts for the business day before. The
// date is found by walking from AsOf day by day, with the changes, until nothing is left. The band is P10 and P90 of
// 500 runs: each takes weeks from the burn at random, first to estimate the rate anew, which is as uncertain as the
// future is, and then to walk at it.
func Make(in Input) Forecast {
	if in.RemainingMinutes <= 0 {
		return Forecast{Verdict: Empty, Why: "Nothing is left."}
	}
	past := in.past()
	if len(past.burn) < LeastBusinessDays || past.records < LeastRecords {
		return Forecast{Verdict: NotEnoughData, Why: past.whyNotEnough()}
	}
	told := Forecast{RateMilliminutes: ewma(past.burn), UnapprovedMilliminutes: ewma(past.unapproved)}
	ahead := in.ahead()
	rate := max(told.RateMilliminutes, 0)
	at := ahead.usedUp(func() int64 { return rate })
	earliest, latest := in.band(ahead, past.burn, told.RateMilliminutes)
	earliest, latest = min(earliest, at), max(latest, at)
	day := func(at int) calendar.Date {
		if at == len(ahead.days) {
			return ""
		}
		return in.AsOf.Add(at)
	}
	told.Verdict, told.Date, told.Earliest, told.Latest = Empties, day(at), day(earliest), day(latest)
	if told.Date == "" {
		told.Verdict = NotBeforeEnd
	}
	told.Why = in.why(told)
	return told
}

// past is the burn of each business day, oldest first, in thousandths of a minute.
type past struct {
	burn, unapproved []int64
	records          int
}

func (in Input) past() past {
	var p past
	known := make(map[calendar.Date]Day, len(in.Days))
	for _, day := range in.Days {
		known[day.Date] = day
	}
	var early Day // before the first business day
	business := in.businessDays()
	for date := max(in.Since, in.AsOf.Add(-WindowDays)); date < in.AsOf; date = date.Add(1) {
		day := known[date]
		p.records += day.Records
		if business(date) {
			p.burn, p.unapproved = append(p.burn, 0), append(p.unapproved, 0)
			day.ApprovedMinutes += early.ApprovedMinutes
			day.UnapprovedMinutes += early.UnapprovedMinutes
			early = Day{}
		}
		if len(p.burn) == 0 {
			early.ApprovedMinutes += day.ApprovedMinutes
			early.UnapprovedMinutes += day.UnapprovedMinutes
			continue
		}
		p.burn[len(p.burn)-1] += milli(day.ApprovedMinutes + day.UnapprovedMinutes)
		p.unapproved[len(p.unapproved)-1] += milli(day.UnapprovedMinutes)
	}
	return p
}

func milli(minutes int) int64 {
	return 1_000 * int64(max(-maxMinutesOfOneDay, min(minutes, maxMinutesOfOneDay)))
}

// businessDays tells business days from others.
func (in Input) businessDays() func(calendar.Date) bool {
	closed := make(map[calendar.Date]bool, len(in.Closed))
	for _, date := range in.Closed {
		closed[date] = true
	}
	return func(date calendar.Date) bool {
		day := date.Weekday()
		return !closed[date] && (in.Weekends || 0 < day && day < 6)
	}
}

// halving holds 2^24 × 2^(−k/10): how much a day weighs k business days before the last one.
var halving = [HalfLifeDays]int64{16777216, 15653696, 14605415, 13627334, 12714752, 11863283, 11068835, 10327588, 9635980, 8990687}

// ewma is the mean of values, oldest first, of which each weighs half as much as the one HalfLifeDays later.
func ewma(values []int64) int64 {
	var sum, weights int64
	for i, value := range values {
		age := len(values) - 1 - i
		weight := halving[age%HalfLifeDays] >> (age / HalfLifeDays)
		// Values are below 2^35, with those of a weekend, and weights sum to less than 2^28.
		sum += value * weight
		weights += weight
	}
	return divide(sum, weights)
}

// divide rounds to the nearest, halves away from zero; by is positive.
func divide(sum, by int64) int64 {
	if sum < 0 {
		return -divide(-sum, by)
	}
	return (sum + by/2) / by
}

// ahead is the days from AsOf up to the horizon.
type ahead struct {
	days []step
	left int64 // when the first one begins, in thousandths of a minute
}

// step is what is known of a day ahead.
type step struct {
	business              bool
	comes, goes, expiring int64
}

// lastDay is the last one that a forecast looks at.
func (in Input) lastDay() calendar.Date {
	horizon := in.AsOf.Add(HorizonDays)
	return min(cmp.Or(in.Ends, horizon), horizon)
}

func (in Input) ahead() ahead {
	a := ahead{left: milli(in.RemainingMinutes)}
	at, business := map[calendar.Date]int{}, in.businessDays()
	for date := in.AsOf; date <= in.lastDay(); date = date.Add(1) {
		at[date] = len(a.days)
		a.days = append(a.days, step{business: business(date)})
	}
	for _, change := range in.Changes {
		i, ok := at[change.Date]
		switch minutes := milli(change.Minutes); {
		case !ok:
		case minutes > 0:
			a.days[i].comes += minutes
		case change.What == Expiry:
			a.days[i].expiring -= minutes
		default:
			a.days[i].goes -= minutes
		}
	}
	return a
}

// usedUp walks until nothing is left and gives the index of that day, or the number of days when there is none. burn
// is asked once for each business day.
func (a ahead) usedUp(burn func() int64) int {
	held, gone, expired := a.left, int64(0), int64(0)
	for i, day := range a.days {
		held += day.comes
		gone += day.goes
		expired += day.expiring
		gone = max(gone, expired) // The lots that expire first were used first.
		if day.business {
			gone += burn()
		}
		if gone >= held {
			return i
		}
	}
	return len(a.days)
}

// band gives P10 and P90 of the day on which the runs use everything up.
func (in Input) band(a ahead, burn []int64, rate int64) (earliest, latest int) {
	week := 5
	if in.Weekends {
		week = 7
	}
	around := residuals(burn, int64(week))
	seeds, again, ends := random(in.Seed), make([]int64, len(burn)), make([]int, Runs)
	for run := range ends {
		// A run has numbers of its own, so that none of them depends on how long the one before was.
		weeks := weeks{random: random(seeds.next()), days: around, length: week}
		for i := range again {
			again[i] = weeks.next()
		}
		estimate := rate + ewma(again)
		ends[run] = a.usedUp(func() int64 { return estimate + weeks.next() })
	}
	slices.Sort(ends)
	return ends[Runs/10-1], ends[Runs-Runs/10-1]
}

// residuals is how far each day lies from the mean of all. They are stretched as a variance is that is estimated
// from few blocks: otherwise bands from a short past would be too narrow.
func residuals(burn []int64, block int64) []int64 {
	var sum int64
	for _, value := range burn {
		sum += value
	}
	count := int64(len(burn))
	mean := divide(sum, count)
	stretch := new(big.Int).Sqrt(big.NewInt(count << 20 / (count - block))).Int64()
	around := make([]int64, len(burn))
	for i, value := range burn {
		around[i] = divide((value-mean)*stretch, 1<<10)
	}
	return around
}

// weeks takes blocks of consecutive business days at random, the last day being followed by the first so that each
// one is taken equally often.
type weeks struct {
	random   random
	days     []int64
	length   int
	at, left int // where the block goes on, and for how many days
}

func (w *weeks) next() int64 {
	if w.left == 0 {
		w.at, w.left = w.random.below(len(w.days)), w.length
	}
	value := w.days[w.at]
	w.at, w.left = (w.at+1)%len(w.days), w.left-1
	return value
}

// random is a sequence of numbers that is the same everywhere: a counter in steps of the golden ratio, mixed
// (SplitMix64).
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	mixed := uint64(*r)
	mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9
	mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
	return mixed ^ mixed>>31
}

func (r *random) below(limit int) int {
	high, _ := bits.Mul64(r.next(), uint64(limit))
	return int(high)
}
