package timesheets

import (
	"fmt"
	"strings"
	"time"

	"effigate/domain/calendar"
	"effigate/infra/sheet"
)

// date is a day as it was written, before it is known which number is the day. An ISO date says so itself.
type date struct {
	iso                 bool
	year, first, second int
}

// parseDate takes 2026-02-10, 10/02/2026, 10.02.2026 and 02-10-2026.
func parseDate(text string) (date, bool) {
	if len(text) == len(time.DateOnly) && text[4] == '-' {
		d := date{iso: true, year: sheet.Digits(text[:4], 4, 4), first: sheet.Digits(text[5:7], 2, 2), second: sheet.Digits(text[8:], 2, 2)}
		return d, d.year > 0 && d.first > 0 && d.second > 0 && text[7] == '-'
	}
	for _, divider := range []string{"/", ".", "-"} {
		first, rest, found := strings.Cut(text, divider)
		if !found {
			continue
		}
		second, year, _ := strings.Cut(rest, divider)
		d := date{year: sheet.Digits(year, 4, 4), first: sheet.Digits(first, 1, 2), second: sheet.Digits(second, 1, 2)}
		return d, d.year > 0 && d.first > 0 && d.second > 0
	}
	return date{}, false
}

// in gives the day, and whether there is one.
func (d date) in(order sheet.DateOrder) (calendar.Date, bool) {
	month, day := d.first, d.second
	if !d.iso && order == sheet.DayFirst {
		month, day = day, month
	}
	made := calendar.Date(fmt.Sprintf("%04d-%02d-%02d", d.year, month, day))
	return made, made.Valid()
}

// parseClock takes 16:00, 16:00:05, 4:00 PM and 04:00:05 pm: the time since midnight on the wall.
func parseClock(text string) (time.Duration, bool) {
	text, half := strings.ToUpper(text), ""
	for _, suffix := range []string{"AM", "PM"} {
		if rest, found := strings.CutSuffix(text, suffix); found {
			text, half = strings.TrimSpace(rest), suffix
		}
	}
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	hour, minute, second := sheet.Digits(parts[0], 1, 2), sheet.Digits(parts[1], 2, 2), 0
	if len(parts) == 3 {
		second = sheet.Digits(parts[2], 2, 2)
	}
	if half != "" {
		if hour < 1 || hour > 12 {
			return 0, false
		}
		if hour %= 12; half == "PM" {
			hour += 12
		}
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second, true
}

// parseLength takes 1:30 and 01:30:05 as hours, minutes and seconds.
func parseLength(text string) (int64, bool) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	hours, minutes, seconds := sheet.Digits(parts[0], 1, 4), sheet.Digits(parts[1], 2, 2), 0
	if len(parts) == 3 {
		seconds = sheet.Digits(parts[2], 2, 2)
	}
	if hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 {
		return 0, false
	}
	return int64(hours*3600 + minutes*60 + seconds), true
}

// parseHours takes 1.5 and 1,5 as hours, to the nearest second; an exact half is rounded up.
func parseHours(text string) (int64, bool) {
	whole, decimals, _ := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	if decimals == "" {
		decimals = "0"
	}
	hours, part := sheet.Digits(whole, 1, 4), sheet.Digits(decimals, 1, 9)
	if hours < 0 || part < 0 {
		return 0, false
	}
	scale := int64(1)
	for range len(decimals) {
		scale *= 10
	}
	return int64(hours)*3600 + (int64(part)*3600*2+scale)/(2*scale), true
}

// parseBool takes the words that exports use; an empty text is the default.
func parseBool(text string, unset bool) (is bool, wrong string) {
	switch strings.ToLower(text) {
	case "":
		return unset, ""
	case "yes", "true", "1":
		return true, ""
	case "no", "false", "0":
		return false, ""
	}
	return false, "must be yes or no"
}

// length writes seconds as h:mm:ss.
func length(seconds int64) string {
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}
