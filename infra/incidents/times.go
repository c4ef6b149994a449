package incidents

import (
	"fmt"
	"strings"
	"time"

	"effigate/infra/sheet"
)

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
	a, b, y := sheet.Digits(first, 1, 2), sheet.Digits(second, 1, 2), sheet.Digits(year, 4, 4)
	h, m := sheet.Digits(hour, 1, 2), sheet.Digits(minute, 2, 2)
	if a < 1 || b < 1 || y < 1 || h < 0 || h > 23 || m < 0 || m > 59 {
		return stamp{}, false
	}
	return stamp{first: uint8(a), second: uint8(b), year: uint16(y), hour: uint8(h), minute: uint8(m)}, true
}

// String is the stamp as it was written, but for the digits of the hour.
func (s stamp) String() string {
	return fmt.Sprintf("%d/%d/%d %02d:%02d", s.first, s.second, s.year, s.hour, s.minute)
}

// wall is the local time of a stamp as if it were UTC; false when there is no such day.
func (s stamp) wall(order sheet.DateOrder) (time.Time, bool) {
	day, month := int(s.first), int(s.second)
	if order == sheet.MonthFirst {
		day, month = month, day
	}
	t := time.Date(int(s.year), time.Month(month), day, int(s.hour), int(s.minute), 0, 0, time.UTC)
	return t, month <= 12 && t.Day() == day
}
