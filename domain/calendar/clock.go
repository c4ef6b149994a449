package calendar

import (
	"iter"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// Seconds is the time of day in seconds since midnight, as a wall clock counts them: 0 to 86400. It is false
// where the clock is not written as "09:30".
func (c Clock) Seconds() (int, bool) {
	if c == "24:00" {
		return secondsPerDay, true
	}
	if len(c) != len("15:04") || c[2] != ':' {
		return 0, false
	}
	hour, ok := twoDigits(string(c[:2]))
	minute, also := twoDigits(string(c[3:]))
	if !ok || !also || hour > 23 || minute > 59 {
		return 0, false
	}
	return hour*3600 + minute*60, true
}

// Stretch is a while in which the wall clock of a zone shows one day and runs evenly. Midnight or a clock change
// parts two in a row: a clock time in a gap is in none of them, and one in a fold is in two.
type Stretch struct {
	from, until int64 // Unix time
	offset      int64 // what the wall shows more than UTC, in seconds
	day         int64 // on the wall, since 1970-01-01
}

// Stretches cuts the time between two instants, taken down to whole seconds, into its stretches: in order and
// without gap. There are none unless from is before until.
func Stretches(zone *time.Location, from, until time.Time) iter.Seq[Stretch] {
	return stretches(zone, from.Unix(), until.Unix())
}

func stretches(zone *time.Location, from, until int64) iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		for from < until {
			offset, change := offsetAt(zone, from)
			for change = min(change, until); from < change; {
				day := floor(from+offset, secondsPerDay)
				next := min(change, (day+1)*secondsPerDay-offset)
				if !yield(Stretch{from: from, until: next, offset: offset, day: day}) {
					return
				}
				from = next
			}
		}
	}
}

// offsetAt is what the wall shows more than UTC at an instant, and up to when at least it does.
func offsetAt(zone *time.Location, at int64) (offset, until int64) {
	moment := time.Unix(at, 0).In(zone)
	_, seconds := moment.Zone()
	_, end := moment.ZoneBounds()
	switch {
	case end.IsZero():
		return int64(seconds), 1<<63 - 1
	case end.Unix() > at:
		return int64(seconds), end.Unix()
	}
	// Where a zone goes on by rule, package time ends the last stretch of every year after 365 days. On the last
	// day of a leap year that lies behind; no clock changes on it then.
	return int64(seconds), (floor(at, secondsPerDay) + 1) * secondsPerDay
}

// Day is what day the wall shows.
func (s Stretch) Day() Date { return dateOf(s.day) }

// Clocks is what the wall shows where the stretch begins and ends, in seconds since midnight.
func (s Stretch) Clocks() (from, until int) { return int(s.clock(s.from)), int(s.clock(s.until)) }

// At is the instant, in UTC, at which the wall shows that many seconds since midnight. They must lie within Clocks.
func (s Stretch) At(clock int) time.Time { return time.Unix(s.instant(int64(clock)), 0).UTC() }

func (s Stretch) clock(instant int64) int64 { return instant + s.offset - s.day*secondsPerDay }

func (s Stretch) instant(clock int64) int64 { return clock - s.offset + s.day*secondsPerDay }

// floor divides and rounds down; before 1970 as well.
func floor(dividend, divisor int64) int64 {
	quotient := dividend / divisor
	if dividend%divisor < 0 {
		quotient--
	}
	return quotient
}
