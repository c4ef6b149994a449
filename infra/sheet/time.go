package sheet

import (
	"errors"
	"fmt"
	"time"
)

// DateOrder is the order of day and month in a file.
type DateOrder string

// The orders. The zero value is neither.
const (
	DayFirst   DateOrder = "dmy"
	MonthFirst DateOrder = "mdy"
)

// ErrDateOrder says that the file does not tell day from month; whoever imports it must.
var ErrDateOrder = errors.New("the order of day and month is not clear")

// Orders gathers what a file's dates say about their order: a line whose first number can only be a day,
// and one whose second can. Its zero value is ready.
type Orders struct{ dayFirst, monthFirst, dates int }

// See takes the two numbers of a date on a line.
func (o *Orders) See(first, second, line int) {
	o.dates++
	if first > 12 && o.dayFirst == 0 {
		o.dayFirst = line
	}
	if second > 12 && o.monthFirst == 0 {
		o.monthFirst = line
	}
}

// Settle gives the order of the whole file: the one that was given, or the only one that its dates allow. It wraps
// ErrDateOrder.
func (o *Orders) Settle(given DateOrder) (DateOrder, error) {
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
	case o.dates == 0:
		return DayFirst, nil // There is nothing to misread.
	default:
		return "", fmt.Errorf("%w: no day in the file is above 12; say which it is", ErrDateOrder)
	}
}

// Digits is the number that a text of so many digits holds, and -1 for any other text.
func Digits(text string, least, most int) int {
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

// Clock tells whether a local time exists once.
type Clock uint8

// Whether clocks showed a local time once, skipped it as they went forward, or showed it twice as they went back.
const (
	Once Clock = iota
	Never
	Twice
)

// Locate finds the instant of a local time, which is given as if it were UTC, in seconds since 1970. A time that
// clocks skipped is read with the offset before the leap, one that they showed twice is the earlier.
func Locate(wall time.Time, zone *time.Location) (int64, Clock) {
	local := wall.Unix()
	// No zone changes its offset twice within two days, so these are the two that may apply.
	before, after := offset(local-24*60*60, zone), offset(local+24*60*60, zone)
	early, late := local-before, local-after
	switch {
	case before == after:
		return early, Once
	case offset(early, zone) == before && offset(late, zone) == after:
		return min(early, late), Twice
	case offset(late, zone) == after:
		return late, Once
	case offset(early, zone) == before:
		return early, Once
	default:
		return early, Never
	}
}

func offset(instant int64, zone *time.Location) int64 {
	_, seconds := time.Unix(instant, 0).In(zone).Zone()
	return int64(seconds)
}
