package calendar_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain/calendar"
)

func TestStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone string
		day  calendar.Date
		want string
	}{
		{"UTC", "2026-03-31", "2026-03-31T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"},
		{"Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"},
		{"Pacific/Kiritimati", "2026-03-31", "2026-03-30T10:00:00Z"},
		{"Pacific/Pago_Pago", "2026-03-31", "2026-03-31T11:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // 00:00 is skipped
		{"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"},      // likewise
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},    // 00:00 comes twice
		{"America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"},  // after a minute the day before comes back
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},      // a day that never was
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},
		{"Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00Z"}, // likewise
		{"Pacific/Kwajalein", "1993-08-22", "1993-08-21T12:00:00Z"},
		{"Asia/Manila", "1844-12-31", "1844-12-31T15:56:08Z"}, // likewise, and 15:56:08 behind
		{"America/Juneau", "1867-10-18", "1867-10-17T08:57:41Z"},
	} {
		if got := c.day.Start(location(t, c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s starts at %s, want %s", c.day, c.zone, got, c.want)
		}
	}
}

func TestDatesAndMonths(t *testing.T) {
	t.Parallel()
	for text, valid := range map[calendar.Date]bool{
		"2026-03-31": true, "2028-02-29": true, "0001-01-01": true, "9998-12-31": true, "2026-02-29": false, "2026-13-01": false,
		"": false, "2026-3-1": false, "2026-03-311": false, "26-03-31": false, "0000-12-31": false, "9999-01-01": false, "10000-01-01": false,
	} {
		if text.Valid() != valid {
			t.Errorf("%q is valid: %v", text, text.Valid())
		}
	}
	for text, valid := range map[calendar.Month]bool{
		"2026-03": true, "0001-01": true, "9998-12": true, "2026-13": false, "": false, "2026": false, "2026-03-01": false, "9999-12": false,
	} {
		if text.Valid() != valid {
			t.Errorf("%q is valid: %v", text, text.Valid())
		}
	}
	type facts struct {
		First, Last    calendar.Date
		Next, Previous calendar.Month
	}
	for month, want := range map[calendar.Month]facts{
		"2026-02": {"2026-02-01", "2026-02-28", "2026-03", "2026-01"},
		"2028-02": {"2028-02-01", "2028-02-29", "2028-03", "2028-01"},
		"2026-12": {"2026-12-01", "2026-12-31", "2027-01", "2026-11"},
		"9998-12": {"9998-12-01", "9998-12-31", "9999-01", "9998-11"},
	} {
		got := facts{month.First(), month.Last(), month.Next(), month.Previous()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", month, diff)
		}
	}
	if got := calendar.Date("2026-03-29").Until("2026-04-05"); got != 7 {
		t.Errorf("a week has %d days", got)
	}
	if got := calendar.WeekdayOf(calendar.Date("2026-03-31").Weekday()); got != "tue" {
		t.Errorf("31 March 2026 is a %s", got)
	}
}

// Weekends do not count, wherever the counting begins.
func TestBusinessDays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		from calendar.Date
		days int
		want calendar.Date
	}{
		{"2026-04-10", 0, "2026-04-10"},
		{"2026-04-11", 0, "2026-04-11"},
		{"2026-04-10", 1, "2026-04-13"},
		{"2026-04-11", 1, "2026-04-13"},
		{"2026-04-12", 1, "2026-04-13"},
		{"2026-04-13", 4, "2026-04-17"},
		{"2026-04-13", 5, "2026-04-20"},
		{"2026-12-30", 3, "2027-01-04"},
	} {
		if got := test.from.AddBusinessDays(test.days); got != test.want {
			t.Errorf("%d business days from %s: %s, want %s", test.days, test.from, got, test.want)
		}
	}
}

// Counting days there and back is exact, also where days have 23 hours.
func TestDaysCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := calendar.DateOf(time.Unix(rapid.Int64Range(-5_000_000_000, 20_000_000_000).Draw(t, "at"), 0), time.UTC)
		days := rapid.IntRange(-100_000, 100_000).Draw(t, "days")
		if known, err := time.Parse(time.DateOnly, string(day)); err != nil || !known.Equal(day.Start(time.UTC)) {
			t.Errorf("%s starts at %v, %v", day, day.Start(time.UTC), err)
		}
		later := day.Add(days)
		if got := day.Until(later); got != days || later.Add(-days) != day || (later > day) != (days > 0) {
			t.Errorf("%s and %d days are %s, %d apart", day, days, later, got)
		}
		if month := day.Month(); month.Last().Month() != month || month.Next().Previous() != month || month.Last() < day || month.First() > day {
			t.Errorf("%s lies in %s, from %s to %s", day, month, month.First(), month.Last())
		}
	})
}

func FuzzClock(f *testing.F) {
	for _, text := range []string{"", "00:00", "09:30", "24:00", "24:01", "9:30", "23:60", "+1:00", "0１:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seconds, ok := calendar.Clock(text).Seconds()
		if _, err := time.Parse("15:04", text); ok != (err == nil && len(text) == len("15:04")) && text != "24:00" {
			t.Errorf("%q is a time of day: %v, and package time says %v", text, ok, err)
		}
		if !ok {
			return
		}
		if back := time.Unix(int64(seconds), 0).UTC().Format("15:04"); back != text && (text != "24:00" || seconds != 86400) {
			t.Errorf("%q is %d seconds, which is %q", text, seconds, back)
		}
	})
}

func FuzzDate(f *testing.F) {
	for _, text := range []string{"", "2026-03-31", "2026-02-29", "0001-01-01", "9998-12-31", "9999-12-31", "2026-3-31"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day := calendar.Date(text)
		at, err := time.Parse(time.DateOnly, text)
		if known := err == nil && at.Year() >= 1 && at.Year() <= 9998; day.Valid() != known {
			t.Errorf("%q is a day: %v, and package time says %v", text, day.Valid(), known)
		}
		if !day.Valid() {
			return
		}
		if !at.Equal(day.Start(time.UTC)) {
			t.Errorf("%q starts at %v", text, day.Start(time.UTC))
		}
		if back := calendar.DateOf(day.Start(time.UTC), time.UTC); back != day || day.Add(1).Add(-1) != day || !day.Month().Valid() || day.Month().Last() < day {
			t.Errorf("%q starts on %s", day, back)
		}
	})
}
