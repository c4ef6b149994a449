package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"effigate/domain/zone"
)

// Bounds of a calendar.
const (
	MaxIntervals   = 24   // of one day
	MaxSpecialDays = 1000 // full and half holidays of many years
	MaxYearlyDays  = 366
	MaxName        = 200 // characters of the name of a day
)

// Check lists what is wrong with a calendar, by field ("zone", "week", "days", "yearly"), so that the text goes on
// after the field's name; empty when nothing is.
func (c Calendar) Check() map[string]string {
	wrong := map[string]string{}
	for field, problem := range map[string]string{"zone": c.zoneProblem(), "week": c.weekProblem(), "days": c.daysProblem(), "yearly": c.yearlyProblem()} {
		if problem != "" {
			wrong[field] = problem
		}
	}
	return wrong
}

func (c Calendar) zoneProblem() string {
	if !zone.Valid(c.Zone) {
		return "must be an IANA zone such as Europe/Berlin"
	}
	return ""
}

func (c Calendar) weekProblem() string {
	seen := map[Weekday]bool{}
	opens := c.Always || slices.ContainsFunc(c.Days, func(d SpecialDay) bool { return len(d.Hours) > 0 })
	for _, day := range c.Week {
		if !day.Weekday.Valid() {
			return fmt.Sprintf("names the weekday %q; it must be mon, tue, wed, thu, fri, sat or sun", day.Weekday)
		}
		if seen[day.Weekday] {
			return fmt.Sprintf("names %s twice", day.Weekday)
		}
		seen[day.Weekday] = true
		if problem := hoursProblem(day.Hours); problem != "" {
			return string(day.Weekday) + ": " + problem
		}
		opens = opens || len(day.Hours) > 0
	}
	if !opens {
		return "must have opening hours, or the service must never close"
	}
	return ""
}

func (c Calendar) daysProblem() string {
	if len(c.Days) > MaxSpecialDays {
		return fmt.Sprintf("must be at most %d, are %d", MaxSpecialDays, len(c.Days))
	}
	for _, day := range c.Days {
		if !day.Date.Valid() {
			return fmt.Sprintf("names %q, which is no day such as 2026-12-24", day.Date)
		}
		if problem := cmp.Or(nameProblem(day.Name), hoursProblem(day.Hours)); problem != "" {
			return string(day.Date) + ": " + problem
		}
	}
	return c.dayTwice()
}

// dayTwice compares neighbours: each fold of a ticket checks the calendar of its pin, and a set of the days would be
// most of what that costs. The days are nearly always in order.
func (c Calendar) dayTwice() string {
	days := c.Days
	byDate := func(a, b SpecialDay) int { return cmp.Compare(a.Date, b.Date) }
	if !slices.IsSortedFunc(days, byDate) {
		days = slices.SortedFunc(slices.Values(days), byDate)
	}
	for i := 1; i < len(days); i++ {
		if days[i].Date == days[i-1].Date {
			return fmt.Sprintf("names %s twice", days[i].Date)
		}
	}
	return ""
}

func (c Calendar) yearlyProblem() string {
	if len(c.Yearly) > MaxYearlyDays {
		return fmt.Sprintf("must be at most %d, are %d", MaxYearlyDays, len(c.Yearly))
	}
	seen := map[Date]bool{}
	for _, day := range c.Yearly {
		inLeapYear := Date(fmt.Sprintf("2000-%02d-%02d", day.Month, day.Day)) // 29 February counts; it comes every fourth year.
		label := fmt.Sprintf("day %d of month %d", day.Day, day.Month)
		if !inLeapYear.Valid() {
			return "names " + label + ", which there is not"
		}
		if seen[inLeapYear] {
			return "names " + label + " twice"
		}
		seen[inLeapYear] = true
		if problem := cmp.Or(nameProblem(day.Name), hoursProblem(day.Hours)); problem != "" {
			return label + ": " + problem
		}
	}
	return ""
}

func hoursProblem(all []Interval) string {
	if len(all) > MaxIntervals {
		return fmt.Sprintf("has %d intervals; at most %d", len(all), MaxIntervals)
	}
	before := 0
	for _, interval := range all {
		from, ok := interval.From.Seconds()
		until, also := interval.Until.Seconds()
		switch {
		case !ok || !also:
			return fmt.Sprintf("%q to %q must be times such as 09:30, at most 24:00", interval.From, interval.Until)
		case from >= until:
			return fmt.Sprintf("%s must be before %s", interval.From, interval.Until)
		case from < before:
			return fmt.Sprintf("%s to %s must come after the interval before it", interval.From, interval.Until)
		}
		before = until
	}
	return ""
}

func nameProblem(name string) string {
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > MaxName || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Sprintf("its name must be one line of at most %d characters", MaxName)
	}
	return ""
}
