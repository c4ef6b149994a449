package calendar

import (
	"slices"
	"strings"
)

// With gives the calendar with a special day added, or replaced where that day was special already.
func (c Calendar) With(day SpecialDay) Calendar {
	c.Days = slices.DeleteFunc(slices.Clone(c.Days), func(known SpecialDay) bool { return known.Date == day.Date })
	c.Days = append(c.Days, day)
	slices.SortFunc(c.Days, func(a, b SpecialDay) int { return strings.Compare(string(a.Date), string(b.Date)) })
	return c
}
