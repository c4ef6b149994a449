package calendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/domain/zone"
)

// tester is a test, a benchmark or a property.
type tester interface {
	Helper()
	Fatal(args ...any)
}

func location(tb tester, name string) *time.Location {
	tb.Helper()
	found, err := zone.Load(name)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func schedule(tb tester, c calendar.Calendar) calendar.Schedule {
	tb.Helper()
	s, err := c.Schedule()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// intervals reads "09:00-12:00 13:00-17:00".
func intervals(text string) []calendar.Interval {
	var all []calendar.Interval
	for part := range strings.FieldsSeq(text) {
		from, until, _ := strings.Cut(part, "-")
		all = append(all, calendar.Interval{From: calendar.Clock(from), Until: calendar.Clock(until)})
	}
	return all
}

// weekly is open at the same hours on the weekdays, "mon tue".
func weekly(zoneName, weekdays, hours string) calendar.Calendar {
	c := calendar.Calendar{Zone: zoneName}
	for day := range strings.FieldsSeq(weekdays) {
		c.Week = append(c.Week, calendar.OpenDay{Weekday: calendar.Weekday(day), Hours: intervals(hours)})
	}
	return c
}

const (
	workdays = "mon tue wed thu fri"
	allDays  = workdays + " sat sun"
)

// at reads a wall-clock time; in a fold it is the first of the two.
func at(tb testing.TB, zoneName, text string) time.Time {
	tb.Helper()
	read, err := time.ParseInLocation("2006-01-02 15:04:05", (text + ":00")[:len("2006-01-02 15:04:05")], location(tb, zoneName))
	if err != nil {
		tb.Fatal(err)
	}
	return read
}

// hms writes seconds as "8h0m0s".
func hms(seconds int64) string { return (time.Duration(seconds) * time.Second).String() }

func seconds(tb testing.TB, text string) int64 {
	tb.Helper()
	length, err := time.ParseDuration(text)
	if err != nil {
		tb.Fatal(err)
	}
	return int64(length / time.Second)
}

func TestDue(t *testing.T) {
	t.Parallel()
	office := weekly("Europe/Berlin", workdays, "09:00-17:00")
	tuesday := weekly("Europe/Berlin", "tue", "08:00-17:00")
	tuesday.Days = []calendar.SpecialDay{{Date: "2026-03-17", Name: "Strike", Holiday: true}}
	split := weekly("Europe/Berlin", workdays, "08:00-12:00 13:00-17:00")
	split.Days = []calendar.SpecialDay{{Date: "2026-12-24", Name: "Christmas Eve", Holiday: true, Hours: intervals("08:00-10:00")}}
	split.Yearly = []calendar.YearlyDay{{Month: 12, Day: 25}, {Month: 12, Day: 26}}
	nights := weekly("Europe/Berlin", allDays, "00:00-24:00")
	always := calendar.Calendar{Zone: "Europe/Berlin", Always: true}
	apia := weekly("Pacific/Apia", workdays, "09:00-17:00")
	auckland := weekly("Pacific/Auckland", workdays, "09:00-17:00")
	for name, c := range map[string]struct {
		of         calendar.Calendar
		from, want string
		target     string
	}{
		"within a day":                         {office, "2026-03-10 09:00", "2026-03-10 17:00", "8h"},
		"A20: over the night":                  {office, "2026-03-10 13:00", "2026-03-11 13:00", "8h"},
		"created outside hours":                {office, "2026-03-10 18:30", "2026-03-11 10:00", "1h"},
		"created on Saturday":                  {office, "2026-03-14 12:00", "2026-03-16 09:00:01", "1s"},
		"ends at closing, not at opening":      {office, "2026-03-13 16:00", "2026-03-13 17:00", "1h"},
		"nothing to wait for":                  {office, "2026-03-14 12:00", "2026-03-14 12:00", "0s"},
		"less than nothing":                    {office, "2026-03-14 12:00", "2026-03-14 12:00", "-8h"},
		"A28: Tuesday only, the same day":      {tuesday, "2026-03-10 07:00", "2026-03-10 17:00", "9h"},
		"A28: Tuesday only, a second more":     {tuesday, "2026-03-10 07:00", "2026-03-24 08:00:01", "9h0m1s"},
		"A28: Tuesday only, over a holiday":    {tuesday, "2026-03-10 16:00", "2026-03-24 09:00", "2h"},
		"A28: Tuesday only, forty of them":     {tuesday, "2026-03-18 00:00", "2026-12-22 17:00", "360h"},
		"from the last day of a leap year":     {tuesday, "2040-12-31 18:00", "2041-04-02 17:00", "126h"}, // fourteen Tuesdays
		"A28: split day":                       {split, "2026-03-10 11:30", "2026-03-10 13:30", "1h"},
		"A28: split day, to the break":         {split, "2026-03-10 11:30", "2026-03-10 12:00", "30m"},
		"A28: split days and holidays":         {split, "2026-12-24 09:00", "2026-12-28 09:00", "2h"},
		"A31: far from the server":             {auckland, "2026-03-10 09:00", "2026-03-10 10:00", "1h"},
		"night of 23 hours":                    {nights, "2026-03-28 12:00", "2026-03-29 13:00", "24h"},
		"night of 25 hours":                    {nights, "2026-10-24 12:00", "2026-10-25 11:00", "24h"},
		"24×7 counts real seconds, in March":   {always, "2026-03-29 01:59:59", "2026-03-29 03:00", "1s"},
		"24×7 counts real seconds, in October": {always, "2026-10-25 00:00", "2026-10-26 00:00", "25h"},
		"Apia's day that never was":            {apia, "2011-12-29 16:00", "2012-01-02 10:00", "2h"},
		"to the end of the ten years":          {always, "2026-03-10 00:00", "2036-03-10 00:00", "87672h"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := schedule(t, c.of)
			from, want := at(t, c.of.Zone, c.from), at(t, c.of.Zone, c.want)
			got, ok := s.Due(from, seconds(t, c.target))
			if !ok || !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("due %s (%v), want %s", got.In(s.Zone()), ok, want)
			}
			if elapsed := s.Elapsed(from, got); elapsed != max(0, seconds(t, c.target)) {
				t.Errorf("%s elapse until it is due, want %s", hms(elapsed), c.target)
			}
		})
	}
}

// A20 and F18: a hold moves the due instant by its opening time, and one outside opening hours by nothing.
func TestPause(t *testing.T) {
	t.Parallel()
	s := schedule(t, weekly("Europe/Berlin", workdays, "09:00-17:00"))
	created, target := at(t, "Europe/Berlin", "2026-03-10 13:00"), int64(8*3600)
	for name, c := range map[string]struct{ hold, resume, want string }{
		"A20: over the night": {"2026-03-10 17:00", "2026-03-11 09:00", "2026-03-11 13:00"},
		"in opening hours":    {"2026-03-10 14:00", "2026-03-10 15:00", "2026-03-11 14:00"},
		"over the weekend":    {"2026-03-11 12:00", "2026-03-16 12:00", "2026-03-16 13:00"},
	} {
		hold, resume := at(t, "Europe/Berlin", c.hold), at(t, "Europe/Berlin", c.resume)
		want := at(t, "Europe/Berlin", c.want)
		if got, ok := s.Due(resume, target-s.Elapsed(created, hold)); !ok || !got.Equal(want) {
			t.Errorf("%s: going on with what is left is due %s, want %s", name, got, want)
		}
		if got, ok := s.Due(created, target+s.Elapsed(hold, resume)); !ok || !got.Equal(want) {
			t.Errorf("%s: with the pause added it is due %s, want %s", name, got, want)
		}
	}
}

// A31: at the moment of its creation nothing has elapsed, wherever the calendar is.
func TestCreationIsNeverLate(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, time.March, 9, 23, 59, 59, 999_999_999, time.UTC)
	for _, name := range []string{"Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/Los_Angeles", "UTC"} {
		s := schedule(t, weekly(name, workdays, "09:00-17:00"))
		due, ok := s.Due(created, 60)
		if !ok || !due.After(created) || s.Elapsed(created, created) != 0 {
			t.Errorf("%s: created %s, due %s", name, created, due)
		}
	}
}

func TestDueGivesUp(t *testing.T) {
	t.Parallel()
	once := calendar.Calendar{Zone: "Europe/Berlin", Days: []calendar.SpecialDay{{Date: "2026-03-10", Hours: intervals("09:00-10:00")}}}
	for name, c := range map[string]struct {
		of      calendar.Calendar
		seconds int64
	}{
		"never open again":       {once, 3601},
		"not often enough":       {weekly("Europe/Berlin", "tue", "09:00-10:00"), 10 * 53 * 3600},
		"too far for 24×7":       {calendar.Calendar{Zone: "UTC", Always: true}, 11 * 366 * 86400},
		"farther than the clock": {calendar.Calendar{Zone: "UTC", Always: true}, 1<<63 - 1},
		"far, with hours":        {weekly("UTC", allDays, "00:00-24:00"), 1<<63 - 1},
	} {
		if got, ok := schedule(t, c.of).Due(at(t, "Europe/Berlin", "2026-03-10 09:00"), c.seconds); ok {
			t.Errorf("%s: due %s, want never", name, got)
		}
	}
}

// R13: what a day is open for when its clock changes.
func TestOpenOnOddDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone  string
		day   calendar.Date
		hours string
		want  string
	}{
		{"Europe/Berlin", "2026-03-29", "00:00-24:00", "2026-03-28T23:00:00Z+23h0m0s"},
		{"Europe/Berlin", "2026-10-25", "00:00-24:00", "2026-10-24T22:00:00Z+25h0m0s"},
		{"Australia/Lord_Howe", "2026-04-05", "00:00-24:00", "2026-04-04T13:00:00Z+24h30m0s"},
		{"Australia/Lord_Howe", "2026-10-04", "00:00-24:00", "2026-10-03T13:30:00Z+23h30m0s"},
		{"Antarctica/Troll", "2026-03-29", "00:00-24:00", "2026-03-29T00:00:00Z+22h0m0s"},
		{"Antarctica/Troll", "2026-10-25", "00:00-24:00", "2026-10-24T22:00:00Z+26h0m0s"},
		{"Pacific/Apia", "2011-12-29", "00:00-24:00", "2011-12-29T10:00:00Z+24h0m0s"},
		{"Pacific/Apia", "2011-12-30", "00:00-24:00", ""},
		{"Pacific/Apia", "2011-12-31", "00:00-24:00", "2011-12-30T10:00:00Z+24h0m0s"},
		{"Africa/Casablanca", "2026-02-15", "00:00-24:00", "2026-02-14T23:00:00Z+25h0m0s"},
		{"Africa/Casablanca", "2026-03-22", "00:00-24:00", "2026-03-22T00:00:00Z+23h0m0s"},
		{"Europe/Berlin", "2028-02-29", "00:00-24:00", "2028-02-28T23:00:00Z+24h0m0s"},
		{"Europe/Berlin", "2040-12-31", "00:00-24:00", "2040-12-30T23:00:00Z+24h0m0s"}, // by rule, not by table
		{"Australia/Sydney", "2040-12-31", "00:00-24:00", "2040-12-30T13:00:00Z+24h0m0s"},
		// An edge in the gap: what lies there never comes.
		{"Europe/Berlin", "2026-03-29", "01:00-02:30", "2026-03-29T00:00:00Z+1h0m0s"},
		{"Europe/Berlin", "2026-03-29", "02:30-04:00", "2026-03-29T01:00:00Z+1h0m0s"},
		{"Europe/Berlin", "2026-03-29", "02:10-02:50", ""},
		{"Europe/Berlin", "2026-03-29", "01:00-02:30 02:45-04:00", "2026-03-29T00:00:00Z+2h0m0s"},
		// An edge in the fold: what lies there comes twice.
		{"Europe/Berlin", "2026-10-25", "01:00-02:30", "2026-10-24T23:00:00Z+1h30m0s 2026-10-25T01:00:00Z+30m0s"},
		{"Europe/Berlin", "2026-10-25", "02:30-04:00", "2026-10-25T00:30:00Z+30m0s 2026-10-25T01:30:00Z+1h30m0s"},
		{"Europe/Berlin", "2026-10-25", "01:00-04:00", "2026-10-24T23:00:00Z+4h0m0s"},
		// Midnight itself in the gap, and in a fold that shows the day before once more.
		{"America/Sao_Paulo", "2018-11-04", "00:00-24:00", "2018-11-04T03:00:00Z+23h0m0s"},
		{"America/St_Johns", "2010-11-07", "00:00-02:00", "2010-11-07T02:30:00Z+1m0s 2010-11-07T03:30:00Z+2h0m0s"},
		{"America/St_Johns", "2010-11-06", "23:00-24:00", "2010-11-07T01:30:00Z+1h0m0s 2010-11-07T02:31:00Z+59m0s"},
		{"UTC", "2026-03-10", "08:00-10:00 10:00-12:00 13:00-14:00", "2026-03-10T08:00:00Z+4h0m0s 2026-03-10T13:00:00Z+1h0m0s"},
	} {
		t.Run(fmt.Sprint(c.zone, c.day, c.hours), func(t *testing.T) {
			t.Parallel()
			s := schedule(t, weekly(c.zone, allDays, c.hours))
			var got []string
			var open int64
			for _, opening := range s.Open(c.day) {
				length := opening.Until.Sub(opening.From)
				open += int64(length / time.Second)
				got = append(got, opening.From.Format(time.RFC3339)+"+"+length.String())
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("openings (-want +got)\n%s", diff)
			}
			if s.BusinessDay(c.day) != (c.want != "") {
				t.Errorf("is a business day: %v", s.BusinessDay(c.day))
			}
			if c.hours != "00:00-24:00" {
				return
			}
			around := s.Elapsed(c.day.Start(s.Zone()), c.day.Add(1).Start(s.Zone()))
			whole := schedule(t, calendar.Calendar{Zone: c.zone, Always: true})
			if around != open || whole.Elapsed(c.day.Start(s.Zone()), c.day.Add(1).Start(s.Zone())) != open {
				t.Errorf("open for %s, %s elapse", hms(open), hms(around))
			}
		})
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	c := weekly("Europe/Berlin", workdays, "09:00-17:00")
	c.Days = []calendar.SpecialDay{
		{Date: "2026-12-24", Name: "Christmas Eve", Holiday: true, Hours: intervals("09:00-12:00")},
		{Date: "2026-12-25", Name: "Worked this year", Hours: intervals("10:00-11:00")},
		{Date: "2026-12-27", Name: "Open Sunday", Hours: intervals("10:00-14:00")},
		{Date: "2026-12-28", Name: "Stocktaking"},
	}
	c.Yearly = []calendar.YearlyDay{
		{Month: 12, Day: 25, Name: "Christmas"},
		{Month: 2, Day: 29, Name: "Leap day"},
		{Month: 12, Day: 31, Name: "New Year's Eve", Hours: intervals("09:00-12:00")},
	}
	s, always := schedule(t, c), c
	always.Always = true
	for _, want := range []struct {
		day      calendar.Date
		name     string
		holiday  bool
		open     string
		business bool
	}{
		{"2026-12-23", "", false, "8h0m0s", true},
		{"2026-12-24", "Christmas Eve", true, "3h0m0s", true},
		{"2026-12-25", "Worked this year", false, "1h0m0s", true}, // A single day goes before a yearly one.
		{"2026-12-26", "", false, "0s", false},
		{"2026-12-27", "Open Sunday", false, "4h0m0s", true},
		{"2026-12-28", "Stocktaking", false, "0s", false},
		{"2026-12-31", "New Year's Eve", true, "3h0m0s", true},
		{"2027-12-25", "Christmas", true, "0s", false},
		{"2028-02-29", "Leap day", true, "0s", false},
		{"2027-03-01", "", false, "8h0m0s", true}, // A year without a 29th of February has no holiday for it.
	} {
		name, holiday := s.Holiday(want.day)
		if name != want.name || holiday != want.holiday {
			t.Errorf("%s: got holiday %q %v", want.day, name, holiday)
		}
		day := want.day
		if got := hms(s.Elapsed(day.Start(s.Zone()), day.Add(1).Start(s.Zone()))); got != want.open || s.BusinessDay(day) != want.business {
			t.Errorf("%s: open for %s, business day %v", day, got, s.BusinessDay(day))
		}
		weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
		if got := schedule(t, always).BusinessDay(day); got != (!weekend && !want.holiday) {
			t.Errorf("%s: is a business day of a service that never closes: %v", day, got)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	right := weekly("Europe/Berlin", workdays, "09:00-12:00 12:00-17:00")
	with := func(change func(*calendar.Calendar)) calendar.Calendar {
		c := right
		change(&c)
		return c
	}
	week := func(hours string) func(*calendar.Calendar) {
		return func(c *calendar.Calendar) { c.Week = weekly("", "mon", hours).Week }
	}
	for name, c := range map[string]struct {
		of    calendar.Calendar
		field string
	}{
		"right":                 {right, ""},
		"24×7":                  {calendar.Calendar{Zone: "UTC", Always: true}, ""},
		"whole day":             {with(week("00:00-24:00")), ""},
		"single days only":      {calendar.Calendar{Zone: "UTC", Days: []calendar.SpecialDay{{Date: "2026-03-10", Hours: intervals("09:00-10:00")}}}, ""},
		"leap day":              {with(func(c *calendar.Calendar) { c.Yearly = []calendar.YearlyDay{{Month: 2, Day: 29}} }), ""},
		"no zone":               {with(func(c *calendar.Calendar) { c.Zone = "" }), "zone"},
		"the host's zone":       {with(func(c *calendar.Calendar) { c.Zone = "Local" }), "zone"},
		"never open":            {calendar.Calendar{Zone: "UTC"}, "week"},
		"never open on weekday": {with(week("")), "week"},
		"unknown weekday":       {with(func(c *calendar.Calendar) { c.Week = weekly("", "monday", "09:00-10:00").Week }), "week"},
		"weekday twice":         {with(func(c *calendar.Calendar) { c.Week = weekly("", "mon mon", "09:00-10:00").Week }), "week"},
		"not in order":          {with(week("13:00-14:00 09:00-10:00")), "week"},
		"overlapping":           {with(week("09:00-12:00 11:59-13:00")), "week"},
		"empty interval":        {with(week("09:00-09:00")), "week"},
		"backwards":             {with(week("17:00-09:00")), "week"},
		"no clock":              {with(week("9:00-17:00")), "week"},
		"after midnight":        {with(week("09:00-24:01")), "week"},
		"too many intervals":    {with(week(strings.Repeat("09:00-10:00 ", calendar.MaxIntervals+1))), "week"},
		"no day":                {with(func(c *calendar.Calendar) { c.Days = []calendar.SpecialDay{{Date: "2026-02-29"}} }), "days"},
		"day twice":             {with(func(c *calendar.Calendar) { c.Days = []calendar.SpecialDay{{Date: "2026-03-10"}, {Date: "2026-03-10"}} }), "days"},
		"wrong hours of a day": {with(func(c *calendar.Calendar) {
			c.Days = []calendar.SpecialDay{{Date: "2026-03-10", Hours: intervals("b-a")}}
		}), "days"},
		"name of two lines": {with(func(c *calendar.Calendar) { c.Days = []calendar.SpecialDay{{Date: "2026-03-10", Name: "a\nb"}} }), "days"},
		"too many days":     {with(func(c *calendar.Calendar) { c.Days = make([]calendar.SpecialDay, calendar.MaxSpecialDays+1) }), "days"},
		"no yearly day":     {with(func(c *calendar.Calendar) { c.Yearly = []calendar.YearlyDay{{Month: 2, Day: 30}} }), "yearly"},
		"no month":          {with(func(c *calendar.Calendar) { c.Yearly = []calendar.YearlyDay{{Month: 13, Day: 1}} }), "yearly"},
		"yearly day twice": {with(func(c *calendar.Calendar) {
			c.Yearly = make([]calendar.YearlyDay, 2)
			c.Yearly[0].Month, c.Yearly[0].Day = 5, 1
			c.Yearly[1] = c.Yearly[0]
		}), "yearly"},
		"long name": {with(func(c *calendar.Calendar) {
			c.Yearly = []calendar.YearlyDay{{Month: 5, Day: 1, Name: strings.Repeat("x", calendar.MaxName+1)}}
		}), "yearly"},
		"too many yearly days": {with(func(c *calendar.Calendar) { c.Yearly = make([]calendar.YearlyDay, calendar.MaxYearlyDays+1) }), "yearly"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := c.of.Check()
			_, err := c.of.Schedule()
			if c.field == "" {
				if len(wrong) > 0 || err != nil {
					t.Errorf("got %v, %v", wrong, err)
				}
				return
			}
			if len(wrong) != 1 || wrong[c.field] == "" || err == nil || !strings.Contains(err.Error(), c.field+" "+wrong[c.field]) {
				t.Errorf("got %v, %v, want a word about %s", wrong, err, c.field)
			}
		})
	}
}
