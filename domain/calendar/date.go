package calendar

import (
	"iter"
	"time"
)

// Date is a day of the calendar, "2026-03-31", in a zone that its context names. The zero Date is no day.
// Dates compare as texts. What is asked of a day that is not valid panics.
type Date string

// Month is a month of the calendar, "2026-03". The zero Month is none. Months compare as texts.
type Month string

// The years of days. Those at the ends are left out, so that a month before or after any valid day has a name.
const (
	firstYear = 1
	lastYear  = 9998
)

// DateOf is the day of an instant in a zone.
func DateOf(at time.Time, zone *time.Location) Date { return Date(at.In(zone).Format(time.DateOnly)) }

// Valid reports whether d is a day of the calendar, in the years 1 to 9998.
func (d Date) Valid() bool {
	year, _, _, ok := d.parts()
	return ok && year >= firstYear && year <= lastYear
}

// Add gives the day that many days later; d must be valid.
func (d Date) Add(days int) Date {
	return Date(d.noon().AddDate(0, 0, days).Format(time.DateOnly))
}

// AddBusinessDays gives the day that many Mondays to Fridays later; d must be valid. Counting begins on the day after d,
// so that one business day after a Friday, a Saturday and a Sunday is the same Monday.
func (d Date) AddBusinessDays(days int) Date {
	for days > 0 {
		d = d.Add(1)
		if day := d.Weekday(); day != time.Saturday && day != time.Sunday {
			days--
		}
	}
	return d
}

// Until is the number of days from d to the other day, negative when that lies before; both must be valid.
func (d Date) Until(other Date) int { return int(other.noon().Sub(d.noon()) / (24 * time.Hour)) }

// Month is the month of the day.
func (d Date) Month() Month { return Month(d[:min(len(d), len("2006-01"))]) }

// Weekday is the day of the week; d must be valid.
func (d Date) Weekday() time.Weekday { return d.noon().Weekday() }

// Start is the first instant, in UTC, at which the wall clock of a zone shows the day: midnight, or where a clock
// change skips that the instant after it. A day that the zone left out starts where the next one does.
func (d Date) Start(zone *time.Location) time.Time {
	number := d.number()
	for stretch := range around(zone, number) {
		if stretch.day >= number {
			return time.Unix(stretch.from, 0).UTC()
		}
	}
	panic("calendar: no zone is a day away from UTC")
}

// around gives the stretches of a day, of some time before and of more after it.
func around(zone *time.Location, day int64) iter.Seq[Stretch] {
	return stretches(zone, (day-1)*secondsPerDay, (day+3)*secondsPerDay)
}

// number counts the days since 1970-01-01.
func (d Date) number() int64 { return floor(d.noon().Unix(), secondsPerDay) }

func dateOf(day int64) Date { return Date(time.Unix(day*secondsPerDay, 0).UTC().Format(time.DateOnly)) }

func weekday(day int64) time.Weekday { return time.Unix(day*secondsPerDay, 0).UTC().Weekday() }

func (d Date) noon() time.Time {
	year, month, day, ok := d.parts()
	if !ok {
		panic("calendar: " + string(d) + " is no day")
	}
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
}

// parts reads the day; false where there is none. Each fold of a ticket reads all special days of its calendar, and
// time.Parse takes ten times as long.
func (d Date) parts() (year int, month time.Month, day int, ok bool) {
	if len(d) != len(time.DateOnly) || d[4] != '-' || d[7] != '-' {
		return 0, 0, 0, false
	}
	century, ok1 := twoDigits(string(d[0:2]))
	years, ok2 := twoDigits(string(d[2:4]))
	months, ok3 := twoDigits(string(d[5:7]))
	day, ok4 := twoDigits(string(d[8:10]))
	year, month = century*100+years, time.Month(months)
	ok = ok1 && ok2 && ok3 && ok4 && month >= time.January && month <= time.December && day >= 1 && day <= daysIn(year, month)
	return year, month, day, ok
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

func twoDigits(text string) (int, bool) {
	tens, ones := text[0]-'0', text[1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

// Valid reports whether m is a month of the calendar.
func (m Month) Valid() bool { return Date(m + "-01").Valid() }

// First is the first day of the month; m must be valid.
func (m Month) First() Date { return Date(m + "-01") }

// Last is the last day of the month; m must be valid.
func (m Month) Last() Date { return m.Next().First().Add(-1) }

// Next is the month after; m must be valid.
func (m Month) Next() Month { return m.First().Add(31).Month() }

// Previous is the month before; m must be valid.
func (m Month) Previous() Month { return m.First().Add(-1).Month() }
