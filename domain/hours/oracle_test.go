package hours_test

import (
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/domain/hours"
)

// nights are when zones change their clocks: by an hour, half an hour or two, at midnight or over it, and by a day.
var nights = []struct{ zone, around string }{
	{"Europe/Berlin", "2026-03-29T01:00:00Z"},
	{"Europe/Berlin", "2026-10-25T01:00:00Z"},
	{"Europe/Berlin", "2040-12-31T12:00:00Z"},
	{"Australia/Sydney", "2026-04-04T16:00:00Z"},
	{"Australia/Sydney", "2026-10-03T16:00:00Z"},
	{"Australia/Sydney", "2039-10-01T16:00:00Z"},
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
	{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
	{"Antarctica/Troll", "2026-03-29T01:00:00Z"},
	{"Antarctica/Troll", "2026-10-25T01:00:00Z"},
	{"Africa/Casablanca", "2026-02-15T02:00:00Z"},
	{"Africa/Casablanca", "2026-03-22T02:00:00Z"},
	{"America/Sao_Paulo", "2018-11-04T03:00:00Z"},
	{"America/Havana", "2026-11-01T05:00:00Z"},
	{"Africa/Cairo", "2026-04-23T22:00:00Z"},
	{"America/St_Johns", "2010-11-07T02:31:00Z"},
	{"America/St_Johns", "2010-03-14T03:31:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},
	{"Pacific/Kwajalein", "1993-08-21T12:00:00Z"},
	{"Asia/Kathmandu", "2026-05-01T00:00:00Z"},
	{"UTC", "2028-02-29T00:00:00Z"},
}

// seeded gives random numbers; a failure names the seed with which it comes again.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) //nolint:forbidigo // Another run tries other cases.
	if given, err := strconv.ParseUint(os.Getenv("EFFIGATE_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("EFFIGATE_SEED=%d gives the same cases", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // Cases, not secrets.
}

func clock(minute int) calendar.Clock {
	return calendar.Clock([]byte{'0' + byte(minute/600), '0' + byte(minute/60%10), ':', '0' + byte(minute%60/10), '0' + byte(minute%10)})
}

// anyWindow gives a window, often past midnight or with an edge in the small hours where clocks change.
func anyWindow(r *rand.Rand, around calendar.Date) hours.Window {
	w := hours.Window{
		Condition: []hours.Condition{hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday}[r.IntN(4)],
		From:      clock(r.IntN(48) * 30), Until: clock(r.IntN(49) * 30), Priority: r.IntN(3),
	}
	if r.IntN(3) == 0 {
		w.From = clock(r.IntN(4 * 60))
	}
	if r.IntN(3) == 0 {
		w.Until = clock(r.IntN(4 * 60))
	}
	switch r.IntN(4) {
	case 0:
		w.Holidays = true
	case 1, 2:
		for _, day := range r.Perm(7)[:1+r.IntN(6)] {
			w.Weekdays = append(w.Weekdays, calendar.WeekdayOf(time.Weekday(day)))
		}
	}
	if r.IntN(4) == 0 {
		w.ValidFrom = around.Add(r.IntN(4) - 2)
	}
	if r.IntN(4) == 0 {
		w.ValidUntil = max(around.Add(r.IntN(4)-1), w.ValidFrom)
	}
	return w
}

// world is a contract's windows and calendar, and what somebody notes who looks at the clock every minute.
type world struct {
	windows  []hours.Window
	calendar calendar.Calendar
	zone     *time.Location
	start    time.Time
	days     []calendar.Date // that the wall has shown, in order
	noted    []hours.Condition
}

const watched = 30 * 60 // minutes

func anyWorld(t *testing.T, r *rand.Rand) world {
	t.Helper()
	night := nights[r.IntN(len(nights))]
	middle, err := time.Parse(time.RFC3339, night.around)
	if err != nil {
		t.Fatal(err)
	}
	w := world{zone: location(t, night.zone), start: middle.Add(-time.Duration(r.IntN(watched)) * time.Minute)}
	around := calendar.DateOf(middle, w.zone)
	for range r.IntN(8) {
		w.windows = append(w.windows, anyWindow(r, around))
	}
	w.calendar = calendar.Calendar{Zone: night.zone}
	for _, day := range r.Perm(4)[:r.IntN(3)] {
		w.calendar.Days = append(w.calendar.Days, calendar.SpecialDay{Date: around.Add(day - 2), Holiday: r.IntN(3) > 0})
	}
	if r.IntN(3) == 0 {
		on := middle.AddDate(0, 0, r.IntN(3)-1)
		w.calendar.Yearly = []calendar.YearlyDay{{Month: int(on.Month()), Day: on.Day()}}
	}
	for at := w.start.AddDate(0, 0, -4); at.Before(w.start.AddDate(0, 0, 3)); at = at.Add(15 * time.Minute) {
		w.days = append(w.days, calendar.Date(at.In(w.zone).Format(time.DateOnly)))
	}
	slices.Sort(w.days)
	w.days = slices.Compact(w.days)
	for minute := range watched {
		w.noted = append(w.noted, w.look(w.start.Add(time.Duration(minute)*time.Minute)))
	}
	return w
}

// look reads the clock on the wall and goes through all windows.
func (w world) look(at time.Time) hours.Condition {
	wall := at.In(w.zone)
	today, now := calendar.Date(wall.Format(time.DateOnly)), clock(wall.Hour()*60+wall.Minute())
	i, _ := slices.BinarySearch(w.days, today)
	yesterday := w.days[i-1]
	best, found := hours.Window{Condition: hours.Regular}, false
	for _, window := range w.windows {
		var holds bool
		if window.From < window.Until {
			holds = w.begins(window, today) && window.From <= now && now < window.Until
		} else {
			holds = w.begins(window, today) && window.From <= now || w.begins(window, yesterday) && now < window.Until
		}
		if holds && (!found || window.Priority > best.Priority) {
			best, found = window, true
		}
	}
	return best.Condition
}

func (w world) begins(window hours.Window, day calendar.Date) bool {
	at, err := time.Parse(time.DateOnly, string(day))
	if err != nil || day < window.ValidFrom || window.ValidUntil != "" && window.ValidUntil < day {
		return false
	}
	if !window.Holidays {
		return window.Weekdays == nil || slices.Contains(window.Weekdays, calendar.WeekdayOf(at.Weekday()))
	}
	for _, special := range w.calendar.Days {
		if special.Date == day {
			return special.Holiday
		}
	}
	return slices.ContainsFunc(w.calendar.Yearly, func(d calendar.YearlyDay) bool {
		return d.Month == int(at.Month()) && d.Day == at.Day()
	})
}

// parts groups the notes from one second after the start to another.
func (w world) parts(from, until int) []hours.Part {
	var all []hours.Part
	for minute := from / 60; minute*60 < until; minute++ {
		begins, ends := max(from, minute*60), min(until, minute*60+60)
		if last := len(all) - 1; last < 0 || all[last].Condition != w.noted[minute] {
			all = append(all, hours.Part{Condition: w.noted[minute], Span: hours.Span{From: w.at(begins)}})
		}
		all[len(all)-1].Span.Until = w.at(ends)
		all[len(all)-1].Seconds += int64(ends - begins)
	}
	return all
}

func (w world) at(second int) time.Time { return w.start.Add(time.Duration(second) * time.Second) }

func anyRounding(r *rand.Rand) hours.Rounding {
	return hours.Rounding{
		Mode:           []hours.Mode{hours.Up, hours.Nearest, hours.Down}[r.IntN(3)],
		StepMinutes:    []int{0, 1, 5, 6, 7, 15, 30, 60}[r.IntN(8)],
		MinimumMinutes: []int{0, 0, 15, 60}[r.IntN(4)],
	}
}

// slowBilled goes up the steps and keeps the best; of two that are as far away the higher one.
func slowBilled(r hours.Rounding, seconds int64) int {
	if seconds == 0 {
		return 0
	}
	best := -1
	for minutes := 0; minutes <= int(seconds/60)+max(1, r.StepMinutes); minutes += max(1, r.StepMinutes) {
		over := int64(minutes)*60 - seconds
		switch {
		case r.Mode == hours.Up && over >= 0 && best < 0,
			r.Mode == hours.Down && over <= 0,
			r.Mode == hours.Nearest && (best < 0 || max(over, -over) <= max(int64(best)*60-seconds, seconds-int64(best)*60)):
			best = minutes
		}
	}
	return max(best, r.MinimumMinutes)
}

// slowShares gives whole units away one by one, each to the part that lacks most of its exact share; the first of
// several.
func slowShares(units int64, weights []int64) []int {
	shares := make([]int, len(weights))
	var total int64
	for _, weight := range weights {
		total += weight
	}
	lacks := make([]*big.Rat, len(weights))
	for i, weight := range weights {
		exact := big.NewRat(units*weight, total)
		whole := new(big.Int).Quo(exact.Num(), exact.Denom())
		shares[i] = int(whole.Int64())
		lacks[i] = exact.Sub(exact, new(big.Rat).SetInt(whole))
	}
	var given int64
	for _, share := range shares {
		given += int64(share)
	}
	for ; given < units; given++ {
		most := 0
		for i := range lacks {
			if lacks[i].Cmp(lacks[most]) > 0 {
				most = i
			}
		}
		shares[most]++
		lacks[most].SetInt64(-1)
	}
	return shares
}

// Splitting, rounding and allocating agree in 100,000 cases with somebody who looks at the clock every minute,
// notes the condition, and sorts it out with pencil and paper.
func TestAgreesWithTheWall(t *testing.T) {
	t.Parallel()
	const worlds, casesEach = 1250, 80
	r := seeded(t)
	several := 0
	for range worlds {
		w := anyWorld(t, r)
		for range casesEach {
			from := r.IntN(watched*60 - 1)
			until := from + 1 + r.IntN(min(16*3600, watched*60-from-1))
			work := hours.Span{From: w.at(from), Until: w.at(until)}
			parts, err := hours.Split(work, w.windows, w.calendar, false)
			if err != nil {
				t.Fatal(err)
			}
			want := w.parts(from, until)
			if !slices.Equal(want, parts) {
				t.Fatalf("%s to %s with %+v in %+v (-want +got)\n%s", work.From, work.Until, w.windows, w.calendar, cmp.Diff(want, parts))
			}
			if len(parts) > 1 {
				several++
			}
			agreeOnBilling(t, r, parts)
		}
	}
	if several < worlds*casesEach/4 {
		t.Errorf("only %d cases have several parts", several)
	}
}

// agreeOnBilling takes a break off, rounds and allocates.
func agreeOnBilling(t *testing.T, r *rand.Rand, parts []hours.Part) {
	t.Helper()
	weights := func(parts []hours.Part) (all []int64, sum int64) {
		for _, part := range parts {
			all, sum = append(all, part.Seconds), sum+part.Seconds
		}
		return all, sum
	}
	worked, seconds := weights(parts)
	pause := r.Int64N(seconds)
	left, paid := weights(hours.WithoutBreak(parts, pause))
	if paid != seconds-pause {
		t.Fatalf("%d s less a break of %d s are %d s", seconds, pause, paid)
	}
	for i, share := range slowShares(pause, worked) {
		if left[i] != worked[i]-int64(share) {
			t.Fatalf("a break of %d s leaves %d of %d s", pause, left, worked)
		}
	}
	rounding := anyRounding(r)
	billed := rounding.Billed(paid)
	if want := slowBilled(rounding, paid); billed != want {
		t.Fatalf("%d s are billed as %d minutes, want %d: %+v", paid, billed, want, rounding)
	}
	if got, want := hours.Allocate(billed, left), slowShares(int64(billed), left); !slices.Equal(want, got) {
		t.Fatalf("%d minutes over %d are %d, want %d", billed, left, got, want)
	}
}
