package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"effigate/domain/zone"
)

// Schedule is a calendar made ready for arithmetic. It may be used from many goroutines; the zero Schedule is
// none.
//
// The service is open at an instant when the wall clock of the zone shows a time within the hours of the day that
// it shows. So what lies in the gap of a clock change never comes, what lies in its fold comes twice, and a day
// that the zone left out has no opening. Instants are taken down to whole seconds.
type Schedule struct {
	calendar Calendar
	zone     *time.Location
	week     [7][]hours // by time.Weekday
	days     []dayHours // by day
	yearly   map[yearday][]hours
}

// hours is an interval in seconds since midnight, as the wall counts them.
type hours struct{ from, until int64 }

// dayHours are the hours of a special day, which is counted from 1970-01-01.
type dayHours struct {
	day   int64
	hours []hours
}

type yearday struct{ month, day int }

// Opening is a while for which the service is open, in UTC.
type Opening struct{ From, Until time.Time }

// DueYears is how far after its start Due looks.
const DueYears = 10

// Schedule makes the calendar ready. It fails where Check finds something.
func (c Calendar) Schedule() (Schedule, error) {
	if wrong := c.Check(); len(wrong) > 0 {
		fields := make([]string, 0, len(wrong))
		for field, problem := range wrong {
			fields = append(fields, field+" "+problem)
		}
		slices.Sort(fields)
		return Schedule{}, fmt.Errorf("calendar: %s", strings.Join(fields, "; "))
	}
	location, err := zone.Load(c.Zone)
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{
		calendar: c, zone: location,
		days: make([]dayHours, len(c.Days)), yearly: make(map[yearday][]hours, len(c.Yearly)),
	}
	for _, day := range c.Week {
		s.week[day.Weekday.number()] = ready(day.Hours)
	}
	for i, day := range c.Days {
		s.days[i] = dayHours{day.Date.number(), ready(day.Hours)}
	}
	slices.SortFunc(s.days, func(a, b dayHours) int { return cmp.Compare(a.day, b.day) })
	for _, day := range c.Yearly {
		s.yearly[yearday{day.Month, day.Day}] = ready(day.Hours)
	}
	return s, nil
}

func ready(intervals []Interval) []hours {
	all := make([]hours, len(intervals))
	for i, interval := range intervals {
		from, _ := interval.From.Seconds()
		until, _ := interval.Until.Seconds()
		all[i] = hours{int64(from), int64(until)}
	}
	return all
}

// Zone is the schedule's zone.
func (s Schedule) Zone() *time.Location { return s.zone }

// Elapsed is the opening time between two instants in seconds; 0 unless from is before until.
func (s Schedule) Elapsed(from, until time.Time) int64 {
	if s.calendar.Always {
		return max(0, until.Unix()-from.Unix())
	}
	var elapsed int64
	for stretch := range Stretches(s.zone, from, until) {
		for _, interval := range s.hoursOf(stretch.day) {
			opens, closes := interval.within(stretch)
			elapsed += max(0, closes-opens)
		}
	}
	return elapsed
}

// Due is the first instant, in UTC, at which that many seconds of opening time after from have passed: from itself
// for none or less. It is false when the service does not open for that long in the DueYears after from.
func (s Schedule) Due(from time.Time, seconds int64) (time.Time, bool) {
	start, last := from.Unix(), from.UTC().AddDate(DueYears, 0, 0).Unix()
	if seconds <= 0 {
		return time.Unix(start, 0).UTC(), true
	}
	if s.calendar.Always {
		return time.Unix(start+seconds, 0).UTC(), seconds <= last-start
	}
	for stretch := range stretches(s.zone, start, last) {
		for _, interval := range s.hoursOf(stretch.day) {
			opens, closes := interval.within(stretch)
			if closes-opens >= seconds {
				return time.Unix(opens+seconds, 0).UTC(), true
			}
			seconds -= max(0, closes-opens)
		}
	}
	return time.Time{}, false
}

// Open gives when the service is open on a day, in order and apart from each other; day must be valid.
func (s Schedule) Open(day Date) []Opening {
	var all []Opening
	number := day.number()
	for stretch := range around(s.zone, number) {
		if stretch.day != number {
			continue
		}
		for _, interval := range s.hoursOf(number) {
			opens, closes := interval.within(stretch)
			if opens >= closes {
				continue
			}
			opening := Opening{From: time.Unix(opens, 0).UTC(), Until: time.Unix(closes, 0).UTC()}
			if last := len(all) - 1; last >= 0 && all[last].Until.Equal(opening.From) {
				all[last].Until = opening.Until // The clock changed while it was open, or one interval followed another.
				continue
			}
			all = append(all, opening)
		}
	}
	return all
}

// Holiday tells whether a day is a holiday, and its name; day must be valid.
func (s Schedule) Holiday(day Date) (name string, holiday bool) { return s.calendar.Holiday(day) }

// BusinessDay reports whether the service opens on a day, which must be valid. A service that never closes works on
// all days but Saturdays, Sundays and holidays, when it comes to counting days.
func (s Schedule) BusinessDay(day Date) bool {
	if len(s.Open(day)) == 0 {
		return false
	}
	if !s.calendar.Always {
		return true
	}
	_, holiday := s.Holiday(day)
	return !holiday && day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// Holiday tells whether a day is a holiday, and its name; day must be valid.
func (c Calendar) Holiday(day Date) (name string, holiday bool) {
	for _, special := range c.Days {
		if special.Date == day {
			return special.Name, special.Holiday
		}
	}
	at := day.noon()
	for _, yearly := range c.Yearly {
		if yearly.Month == int(at.Month()) && yearly.Day == at.Day() {
			return yearly.Name, true
		}
	}
	return "", false
}

var wholeDay = []hours{{0, secondsPerDay}}

// hoursOf gives the hours of a day of the wall.
func (s Schedule) hoursOf(day int64) []hours {
	if s.calendar.Always {
		return wholeDay
	}
	if i, ok := slices.BinarySearchFunc(s.days, day, func(special dayHours, day int64) int { return cmp.Compare(special.day, day) }); ok {
		return s.days[i].hours
	}
	if len(s.yearly) > 0 {
		_, month, dayOfMonth := time.Unix(day*secondsPerDay, 0).UTC().Date()
		if yearly, ok := s.yearly[yearday{int(month), dayOfMonth}]; ok {
			return yearly
		}
	}
	return s.week[weekday(day)]
}

// within is when the hours begin and end within a stretch, in Unix time; they are not in it unless opens is before
// closes.
func (h hours) within(stretch Stretch) (opens, closes int64) {
	return max(stretch.from, stretch.instant(h.from)), min(stretch.until, stretch.instant(h.until))
}
