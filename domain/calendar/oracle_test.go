package calendar_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"effigate/domain/calendar"
)

// oddZones change their clocks by an hour, half an hour or two, at midnight or over it, or leave a day out.
var oddZones = []string{
	"Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "America/St_Johns",
	"America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Pacific/Apia", "Pacific/Kwajalein", "Asia/Kathmandu", "UTC",
}

// oddYears have clock changes at midnight and days left out, belong to the table or go on by rule, leap or do not.
var oddYears = []int{1993, 2010, 2011, 2018, 2026, 2027, 2028, 2039, 2040}

// changes finds the hours in which a zone changes its clock, by looking at each.
func changes(zone *time.Location) []time.Time {
	var found []time.Time
	for _, year := range oddYears {
		before := 0
		for at := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC); at.Year() == year; at = at.Add(time.Hour) {
			_, offset := at.In(zone).Zone()
			if offset != before && at.YearDay() > 1 {
				found = append(found, at)
			}
			before = offset
		}
		found = append(found, time.Date(year, time.December, 31, 12, 0, 0, 0, time.UTC))
	}
	return found
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
	return calendar.Clock(string([]byte{
		'0' + byte(minute/600), '0' + byte(minute/60%10), ':', '0' + byte(minute%60/10), '0' + byte(minute%10),
	}))
}

// anyHours gives up to three intervals of a day, of which edges are at odd minutes now and then.
func anyHours(r *rand.Rand) []calendar.Interval {
	steps := []int{1, 15, 30, 60}[r.IntN(4)]
	edges := map[int]bool{}
	for range 2 * r.IntN(4) {
		edges[r.IntN(24*60/steps+1)*steps] = true
	}
	sorted := make([]int, 0, len(edges))
	for edge := range edges {
		sorted = append(sorted, edge)
	}
	slices.Sort(sorted)
	var all []calendar.Interval
	for i := 0; i+1 < len(sorted); i += 2 {
		all = append(all, calendar.Interval{From: clock(sorted[i]), Until: clock(sorted[i+1])})
	}
	return all
}

// anyCalendar gives a calendar that has something special around a day.
func anyCalendar(r *rand.Rand, zone *time.Location, around calendar.Date) calendar.Calendar {
	c := calendar.Calendar{Zone: zone.String(), Always: r.IntN(20) == 0}
	for _, day := range r.Perm(7)[:1+r.IntN(7)] {
		c.Week = append(c.Week, calendar.OpenDay{Weekday: calendar.WeekdayOf(time.Weekday(day)), Hours: anyHours(r)})
	}
	c.Week[0].Hours = []calendar.Interval{{From: "00:00", Until: clock(1 + r.IntN(24*60))}}
	for _, day := range r.Perm(5)[:r.IntN(3)] {
		c.Days = append(c.Days, calendar.SpecialDay{Date: around.Add(day - 2), Holiday: r.IntN(2) == 0, Hours: anyHours(r)})
	}
	for _, day := range r.Perm(5)[:r.IntN(2)] {
		on, err := time.Parse(time.DateOnly, string(around.Add(day-2)))
		if err != nil {
			panic(err)
		}
		c.Yearly = append(c.Yearly, calendar.YearlyDay{Month: int(on.Month()), Day: on.Day(), Hours: anyHours(r)})
	}
	return c
}

// isOpen tells by the wall clock alone whether a service is open.
func isOpen(c calendar.Calendar, zone *time.Location, at time.Time) bool {
	if c.Always {
		return true
	}
	wall := at.In(zone)
	today, now := calendar.Date(wall.Format(time.DateOnly)), clock(wall.Hour()*60+wall.Minute())
	open := func(hours []calendar.Interval) bool {
		return slices.ContainsFunc(hours, func(i calendar.Interval) bool { return i.From <= now && now < i.Until })
	}
	for _, day := range c.Days {
		if day.Date == today {
			return open(day.Hours)
		}
	}
	for _, day := range c.Yearly {
		if day.Month == int(wall.Month()) && day.Day == wall.Day() {
			return open(day.Hours)
		}
	}
	for _, day := range c.Week {
		if day.Weekday == calendar.WeekdayOf(wall.Weekday()) && open(day.Hours) {
			return true
		}
	}
	return false
}

// slow is what somebody finds who looks at the clock every minute.
type slow struct {
	start time.Time
	open  []bool // by minute after start
}

const watched = 36 * 60 // minutes

func watch(c calendar.Calendar, zone *time.Location, start time.Time) slow {
	s := slow{start: start, open: make([]bool, watched)}
	for minute := range s.open {
		s.open[minute] = isOpen(c, zone, start.Add(time.Duration(minute)*time.Minute))
	}
	return s
}

// elapsed and due take seconds after the start.
func (s slow) elapsed(from, until int) int64 {
	var sum int64
	for minute := from / 60; minute*60 < until; minute++ {
		if s.open[minute] {
			sum += int64(min(until, minute*60+60) - max(from, minute*60))
		}
	}
	return sum
}

func (s slow) due(from int, seconds int64) (int, bool) {
	for minute := from / 60; minute < len(s.open); minute++ {
		if !s.open[minute] {
			continue
		}
		begin := max(from, minute*60)
		if length := int64(minute*60 + 60 - begin); length < seconds {
			seconds -= length
			continue
		}
		return begin + int(seconds), true
	}
	return 0, false
}

// Elapsed and Due agree in 100,000 cases with somebody who looks at the clock every minute.
func TestAgreesWithTheWall(t *testing.T) {
	t.Parallel()
	const worlds, casesEach = 2000, 50
	r := seeded(t)
	zones, odd := make([]*time.Location, len(oddZones)), make([][]time.Time, len(oddZones))
	for i, name := range oddZones {
		zones[i] = location(t, name)
		odd[i] = changes(zones[i])
	}
	for range worlds {
		i := r.IntN(len(zones))
		middle := odd[i][r.IntN(len(odd[i]))]
		start := middle.Add(-time.Duration(r.IntN(watched)) * time.Minute)
		c := anyCalendar(r, zones[i], calendar.DateOf(middle, zones[i]))
		s, wall := schedule(t, c), watch(c, zones[i], start)
		for range casesEach {
			from := r.IntN(watched * 60)
			until, target := from+r.IntN(watched*60-from), 1+r.Int64N(16*3600)
			begin := start.Add(time.Duration(from) * time.Second)
			if got, want := s.Elapsed(begin, start.Add(time.Duration(until)*time.Second)), wall.elapsed(from, until); got != want {
				t.Fatalf("%+v: %d s from %s elapse %s, want %s", c, until-from, begin, hms(got), hms(want))
			}
			due, reached := wall.due(from, target)
			got, ok := s.Due(begin, target)
			switch later := int(got.Sub(start) / time.Second); {
			case reached && (!ok || later != due):
				t.Fatalf("%+v: %s after %s is due %s (%v), want %s", c, hms(target), begin, got, ok, start.Add(time.Duration(due)*time.Second))
			case !reached && ok && later < watched*60:
				t.Fatalf("%+v: %s after %s is due %s, too early", c, hms(target), begin, got)
			}
		}
	}
}

// The laws of R13, over weeks and years.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)) //nolint:gosec // Cases, not secrets.
		name := rapid.SampledFrom(oddZones).Draw(t, "zone")
		from := time.Unix(rapid.Int64Range(700_000_000, 2_300_000_000).Draw(t, "from"), rapid.Int64Range(0, 999_999_999).Draw(t, "part")).UTC()
		c := anyCalendar(r, location(t, name), calendar.DateOf(from, time.UTC))
		s := schedule(t, c)
		a, b := rapid.Int64Range(0, 500_000).Draw(t, "a"), rapid.Int64Range(0, 500_000).Draw(t, "b")
		first, ok := s.Due(from, a)
		both, also := s.Due(from, a+b)
		if !ok || !also {
			t.Skip("hardly ever open")
		}
		if second, ok := s.Due(first, b); !ok || !second.Equal(both) {
			t.Errorf("due(t, a+b) = %s, due(due(t, a), b) = %s", both, second)
		}
		if got := s.Elapsed(from, both); got != a+b {
			t.Errorf("%d s elapse until %d s are used up", got, a+b)
		}
		if a > 0 && s.Elapsed(from, first.Add(-time.Second)) != a-1 {
			t.Errorf("%s is not the first instant at which %d s have passed", first, a)
		}
		hold := from.Add(time.Duration(rapid.Int64Range(0, 2_000_000).Draw(t, "hold")) * time.Second)
		resume := hold.Add(time.Duration(rapid.Int64Range(0, 2_000_000).Draw(t, "pause")) * time.Second)
		if got := s.Elapsed(from, hold) + s.Elapsed(hold, resume); got != s.Elapsed(from, resume) {
			t.Errorf("two parts sum to %d s, the whole is %d s", got, s.Elapsed(from, resume))
		}
		if !hold.Before(both) {
			return
		}
		paused, _ := s.Due(resume, a+b-s.Elapsed(from, hold))
		if moved, _ := s.Due(from, a+b+s.Elapsed(hold, resume)); !moved.Equal(paused) {
			t.Errorf("a pause from %s to %s moves it to %s, want %s", hold, resume, paused, moved)
		}
	})
}

// Openings are what Elapsed counts: in order, apart, on their day, and all of it.
func TestOpeningsAreTheDay(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for _, name := range oddZones {
		zone := location(t, name)
		for _, change := range changes(zone) {
			middle := calendar.DateOf(change, zone)
			s := schedule(t, anyCalendar(r, zone, middle))
			for day := middle.Add(-2); day <= middle.Add(2); day = day.Add(1) {
				var before time.Time
				for _, opening := range s.Open(day) {
					last := opening.Until.Add(-time.Second)
					if !before.Before(opening.From) || !opening.From.Before(opening.Until) || calendar.DateOf(opening.From, zone) != day || calendar.DateOf(last, zone) != day {
						t.Errorf("%s in %s: opening %s to %s after %s", day, name, opening.From, opening.Until, before)
					}
					if length := int64(opening.Until.Sub(opening.From) / time.Second); s.Elapsed(opening.From, opening.Until) != length {
						t.Errorf("%s in %s: %s to %s is not all open", day, name, opening.From, opening.Until)
					}
					before = opening.Until
				}
			}
		}
	}
}

func BenchmarkDueTenYears(b *testing.B) {
	s := schedule(b, weekly("Europe/Berlin", "tue", "08:00-17:00"))
	from := at(b, "Europe/Berlin", "2026-03-10 09:00")
	for b.Loop() {
		s.Due(from, 9*3600*520)
	}
}
