package calendar

import (
	"fmt"
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

// Missing gives those of some special days on which nothing is special yet, by its date or every year.
func (c Calendar) Missing(days []SpecialDay) []SpecialDay {
	known := make(map[Date]bool, len(c.Days))
	for _, day := range c.Days {
		known[day.Date] = true
	}
	yearly := map[string]bool{}
	for _, day := range c.Yearly {
		yearly[fmt.Sprintf("-%02d-%02d", day.Month, day.Day)] = true
	}
	return slices.DeleteFunc(slices.Clone(days), func(day SpecialDay) bool {
		return known[day.Date] || yearly[string(day.Date[min(len(day.Date), len("2026")):])]
	})
}
