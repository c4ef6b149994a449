package incidents

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// DateOrder is the order of day and month in a file.
type DateOrder string

// The orders. The zero value is neither.
const (
	DayFirst   DateOrder = "dmy"
	MonthFirst DateOrder = "mdy"
)

// ErrDateOrder says that the file does not tell day from month; Options.Dates must.
var ErrDateOrder = errors.New("the order of day and month is not clear")

// stamp is a time as written, "29/2/2016 01:16", before it is known which number is the day. The zero
// stamp is absent.
type stamp struct {
	first, second uint8
	hour, minute  uint8
	year          uint16
}

// parseStamp takes one or two digits for day, month and hour.
func parseStamp(text string) (stamp, bool) {
	date, clock, _ := strings.Cut(text, " ")
	first, rest, _ := strings.Cut(date, "/")
	second, year, _ := strings.Cut(rest, "/")
	hour, minute, _ := strings.Cut(clock, ":")
	a, b, y := digits(first, 1, 2), digits(second, 1, 2), digits(year, 4, 4)
	h, m := digits(hour, 1, 2), digits(minute, 2, 2)
	if a < 1 || b < 1 || y < 1 || h < 0 || h > 23 || m < 0 || m > 59 {
		return stamp{}, false
	}
	return stamp{first: uint8(a), second: uint8(b), year: uint16(y), hour: uint8(h), minute: uint8(m)}, true
}

// String is the stamp as it was written, but for the digits of the hour.
func (s stamp) String() string {
	return fmt.Sprintf("%d/%d/%d %02d:%02d", s.first, s.second, s.year, s.hour, s.minute)
}

// digits is the number that a text of so many digits holds, and -1 for any other text.
func digits(text string, least, most int) int {
	if len(text) < least || len(text) > most {
		return -1
	}
	n := 0
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return -1
		}
		n = 10*n + int(digit-'0')
	}
	return n
}

// orders gathers what a file's times say about their order: a line whose first number can only be a day,
// and one whose second can.
type orders struct{ dayFirst, monthFirst, times int }

func (o *orders) see(s stamp, line int) {
	if s == (stamp{}) {
		return
	}
	o.times++
	if s.first > 12 && o.dayFirst == 0 {
		o.dayFirst = line
	}
	if s.second > 12 && o.monthFirst == 0 {
		o.monthFirst = line
	}
}

// settle gives the order of the whole file.
func (o *orders) settle(given DateOrder) (DateOrder, error) {
	switch {
	case given == DayFirst || given == MonthFirst:
		return given, nil
	case given != "":
		return "", fmt.Errorf("%w: %q is neither %s nor %s", ErrDateOrder, given, DayFirst, MonthFirst)
	case o.dayFirst > 0 && o.monthFirst > 0:
		return "", fmt.Errorf("%w: line %d has the day first and line %d the month; say which it is, and the other rows are rejected", ErrDateOrder, o.dayFirst, o.monthFirst)
	case o.dayFirst > 0:
		return DayFirst, nil
	case o.monthFirst > 0:
		return MonthFirst, nil
	case o.times == 0:
		return DayFirst, nil // There is nothing to misread.
	default:
		return "", fmt.Errorf("%w: no day in the file is above 12; say which it is", ErrDateOrder)
	}
}

// wall is the local time of a stamp as if it were UTC; false when there is no such day.
func (s stamp) wall(order DateOrder) (time.Time, bool) {
	day, month := int(s.first), int(s.second)
	if order == MonthFirst {
		day, month = month, day
	}
	t := time.Date(int(s.year), time.Month(month), day, int(s.hour), int(s.minute), 0, 0, time.UTC)
	return t, month <= 12 && t.Day() == day
}

// clock tells whether a local time exists once.
type clock uint8

const (
	once clock = iota
	never
	twice
)

// locate finds the instant of a local time, in seconds since 1970. A time that clocks skipped is read
// with the offset before the leap, one that they showed twice is the earlier.
func locate(wall time.Time, zone *time.Location) (int64, clock) {
	local := wall.Unix()
	// No zone changes its offset twice within two days, so these are the two that may apply.
	before, after := offset(local-24*60*60, zone), offset(local+24*60*60, zone)
	early, late := local-before, local-after
	switch {
	case before == after:
		return early, once
	case offset(early, zone) == before && offset(late, zone) == after:
		return min(early, late), twice
	case offset(late, zone) == after:
		return late, once
	case offset(early, zone) == before:
		return early, once
	default:
		return early, never
	}
}

func offset(instant int64, zone *time.Location) int64 {
	_, seconds := time.Unix(instant, 0).In(zone).Zone()
	return int64(seconds)
}
