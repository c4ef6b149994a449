package holidays_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/infra/holidays"
)

func place(t *testing.T, code string) holidays.Place {
	t.Helper()
	country, region, _ := strings.Cut(code, "-")
	found, ok := holidays.Find(country, region)
	if !ok {
		t.Fatalf("nothing is known of %s", code)
	}
	return found
}

// The years are those in which something falls on a weekend, or on another holiday.
func TestWholeYears(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		place string
		year  int
		want  string
	}{
		{"AU-NSW", 2026, "01-01 01-26 04-03 04-04 04-05 04-06 04-25 04-27 06-08 10-05 12-25 12-26 12-28"},
		{"AU-NSW", 2027, "01-01 01-26 03-26 03-27 03-28 03-29 04-25 04-26 06-14 10-04 12-25 12-26 12-27 12-28"},
		{"AU-NSW", 2033, "01-01 01-03 01-26 04-15 04-16 04-17 04-18 04-25 06-13 10-03 12-25 12-26 12-27"},
		{"AU-VIC", 2026, "01-01 01-26 03-09 04-03 04-04 04-05 04-06 04-25 06-08 09-25 11-03 12-25 12-26 12-28"},
		{"AU-QLD", 2027, "01-01 01-26 03-26 03-27 03-28 03-29 04-25 04-26 05-03 10-04 12-25 12-26 12-27 12-28"},
		{"AU-WA", 2026, "01-01 01-26 03-02 04-03 04-05 04-06 04-25 04-27 06-01 09-28 12-25 12-26 12-28"},
		{"AU-SA", 2026, "01-01 01-26 03-09 04-03 04-04 04-05 04-06 04-25 06-08 10-05 12-25 12-26 12-28"},
		{"AU-TAS", 2026, "01-01 01-26 03-09 04-03 04-06 04-25 06-08 12-25 12-26 12-28"},
		{"AU-ACT", 2026, "01-01 01-26 03-09 04-03 04-04 04-05 04-06 04-25 04-27 06-01 06-08 10-05 12-25 12-26 12-28"},
		{"AU-NT", 2026, "01-01 01-26 04-03 04-04 04-05 04-06 04-25 05-04 06-08 08-03 12-25 12-26 12-28"},
		{"US", 2026, "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"},
		{"US", 2027, "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31"},
		{"GB-EAW", 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-25 12-26 12-27 12-28"},
		{"GB-EAW", 2028, "01-01 01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"},
		{"GB-SCT", 2027, "01-01 01-02 01-04 03-26 05-03 05-31 08-02 11-30 12-25 12-26 12-27 12-28"},
		{"GB-NIR", 2026, "01-01 03-17 04-03 04-06 05-04 05-25 07-12 07-13 08-31 12-25 12-26 12-28"},
		{"DE", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26"},
		{"DE-BY", 2026, "01-01 01-06 04-03 04-06 05-01 05-14 05-25 06-04 08-15 10-03 11-01 12-25 12-26"},
		{"DE-BE", 2025, "01-01 03-08 04-18 04-21 05-01 05-08 05-29 06-09 10-03 12-25 12-26"},
		{"DE-SN", 2027, "01-01 03-26 03-29 05-01 05-06 05-17 10-03 10-31 11-17 12-25 12-26"},
		{"JP", 2026, "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23"},
		{"JP", 2025, "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-23 11-24"},
		{"NZ", 2026, "01-01 01-02 02-06 04-03 04-06 04-25 04-27 06-01 07-10 10-26 12-25 12-26 12-28"},
		{"NZ", 2028, "01-01 01-02 01-03 01-04 02-06 02-07 04-14 04-17 04-25 06-05 07-14 10-23 12-25 12-26"},
		{"IE", 2026, "01-01 02-02 03-17 04-06 05-04 06-01 08-03 10-26 12-25 12-26"},
		{"NL", 2025, "01-01 04-20 04-21 04-26 05-05 05-29 06-08 06-09 12-25 12-26"},
		{"FR", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25"},
		{"AT", 2026, "01-01 01-06 04-06 05-01 05-14 05-25 06-04 08-15 10-26 11-01 12-08 12-25 12-26"},
		{"SE", 2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-20 10-31 12-25 12-26"},
	} {
		var got []string
		for _, day := range place(t, c.place).Between(c.year, c.year) {
			got = append(got, string(day.Date[len("2026-"):]))
		}
		if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" {
			t.Errorf("%s in %d (-want +got):\n%s", c.place, c.year, diff)
		}
	}
}

func TestWhatDaysAreCalled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		place string
		day   calendar.Date
		want  string
	}{
		{"AU-NSW", "2026-12-28", "Boxing Day (substitute day)"},
		{"AU", "2028-01-26", "Australia Day"},
		{"AU", "2033-01-26", "Australia Day"},
		{"US", "2027-12-31", "New Year's Day (substitute day)"}, // 1 January 2028 is a Saturday.
		{"JP", "2026-05-06", "Constitution Memorial Day (substitute day)"},
		{"JP", "2026-09-22", "Citizens' Holiday"},
		{"NO", "2027-05-17", "Grunnlovsdagen, Andre pinsedag"},
		{"NL", "2025-04-26", "Koningsdag"},
		{"GB-SCT", "2028-01-04", "2nd January (substitute day)"},
		{"GB", "2028-01-01", "New Year's Day"},
	} {
		year := int(c.day[3]-'0') + int(c.day[2]-'0')*10 + 2000
		days := place(t, c.place).Between(year, year)
		at := slices.IndexFunc(days, func(d calendar.SpecialDay) bool { return d.Date == c.day })
		if at < 0 || days[at].Name != c.want || !days[at].Holiday || days[at].Hours != nil {
			t.Errorf("%s on %s is not the holiday %q: %+v", c.place, c.day, c.want, days)
		}
	}
	// What the law moves is no holiday where it would have been.
	for name, day := range map[string]calendar.Date{"NL": "2025-04-27", "AU-NSW": "2025-01-26"} {
		for _, found := range place(t, name).Between(2025, 2025) {
			if found.Date == day {
				t.Errorf("%s has %s on %s, from which it moves", name, found.Name, day)
			}
		}
	}
}

// Every place can be written into a calendar for all years that are known, the same again and again.
func TestEveryPlace(t *testing.T) {
	t.Parallel()
	for _, p := range holidays.Places() {
		all := p.Between(0, 9999)
		c := calendar.Calendar{Zone: "UTC", Always: true, Days: all}
		if wrong := c.Check(); len(wrong) > 0 {
			t.Errorf("%s makes no calendar: %v", p.Name, wrong)
		}
		years := map[string]int{}
		for _, day := range all {
			years[string(day.Date[:4])]++
		}
		if len(years) != holidays.LastYear-holidays.FirstYear+1 {
			t.Errorf("%s has holidays in %d years", p.Name, len(years))
		}
		for year, count := range years {
			if count < 5 || count > 25 {
				t.Errorf("%s has %d holidays in %s", p.Name, count, year)
			}
		}
		if diff := cmp.Diff(all, p.Between(holidays.FirstYear, holidays.LastYear)); diff != "" {
			t.Errorf("%s changes (-first +then):\n%s", p.Name, diff)
		}
	}
}

// Dates that are listed one by one are what the law says of their weekday.
func TestDaysThatAreListed(t *testing.T) {
	t.Parallel()
	listed := map[string]int{}
	for _, c := range []struct {
		place, name string
		on          []time.Weekday
	}{{"NZ", "Matariki", []time.Weekday{time.Friday}}, {"IE", "St Brigid's Day", []time.Weekday{time.Monday, time.Friday}}} {
		for _, day := range place(t, c.place).Between(holidays.FirstYear, holidays.LastYear) {
			if day.Name != c.name {
				continue
			}
			listed[c.name]++
			if !slices.Contains(c.on, day.Date.Weekday()) || day.Date.Weekday() == time.Friday && c.place == "IE" && !strings.HasSuffix(string(day.Date), "-02-01") {
				t.Errorf("%s falls on %s, a %s", c.name, day.Date, day.Date.Weekday())
			}
		}
	}
	if want := holidays.LastYear - holidays.FirstYear + 1; listed["Matariki"] != want || listed["St Brigid's Day"] != want {
		t.Errorf("not in every year: %v", listed)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	if got, ok := holidays.Find("au", "nsw"); !ok || got.Name != "Australia, New South Wales" {
		t.Errorf("found %+v, %t", got, ok)
	}
	for _, unknown := range [][2]string{{"", ""}, {"XX", ""}, {"AU", "XX"}, {"US", "NSW"}} {
		if got, ok := holidays.Find(unknown[0], unknown[1]); ok {
			t.Errorf("%v is %+v", unknown, got)
		}
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		choice holidays.Choice
		wrong  []string
	}{
		{holidays.Choice{Country: "AU", Region: "NSW", First: 2026, Last: 2028}, nil},
		{holidays.Choice{Country: "jp", First: 2026, Last: 2026}, nil},
		{holidays.Choice{Country: "US", Region: "NSW", First: 2026, Last: 2025}, []string{"region", "to"}},
		{holidays.Choice{Country: "", First: holidays.FirstYear - 1, Last: holidays.LastYear + 1}, []string{"country", "from", "to"}},
	} {
		if diff := cmp.Diff(c.wrong, slices.Sorted(maps.Keys(c.choice.Check()))); diff != "" {
			t.Errorf("%+v is wrong in (-want +got):\n%s", c.choice, diff)
		}
	}
	sydney := holidays.Choice{Country: "au", Region: "nsw", First: 2026, Last: 2028}
	if diff := cmp.Diff(place(t, "AU-NSW").Between(2026, 2028), sydney.Days()); diff != "" {
		t.Errorf("chosen (-want +got):\n%s", diff)
	}
	if got, want := sydney.String(), "Holidays of Australia, New South Wales, 2026 to 2028"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
