package calendar_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
)

// With copies: a version that was published stays as it was.
func TestWithASpecialDay(t *testing.T) {
	t.Parallel()
	easter, anzac := calendar.SpecialDay{Date: "2026-04-05", Name: "Easter"}, calendar.SpecialDay{Date: "2026-04-25", Name: "Anzac Day"}
	before := calendar.Calendar{Zone: "Australia/Sydney", Days: []calendar.SpecialDay{anzac}}
	half := anzac
	half.Hours = []calendar.Interval{{From: "09:00", Until: "12:00"}}
	for _, c := range []struct {
		day  calendar.SpecialDay
		want []calendar.SpecialDay
	}{
		{easter, []calendar.SpecialDay{easter, anzac}},
		{half, []calendar.SpecialDay{half}},
	} {
		if diff := cmp.Diff(c.want, before.With(c.day).Days); diff != "" {
			t.Errorf("with %s (-want +got):\n%s", c.day.Name, diff)
		}
	}
	if diff := cmp.Diff([]calendar.SpecialDay{anzac}, before.Days); diff != "" {
		t.Errorf("the calendar before (-want +got):\n%s", diff)
	}
}

// What somebody has said of a day stands: a half holiday does not become a whole one, nor does one of each year.
func TestMissingDays(t *testing.T) {
	t.Parallel()
	christmas, boxing := calendar.SpecialDay{Date: "2026-12-25", Name: "Christmas Day"}, calendar.SpecialDay{Date: "2026-12-26", Name: "Boxing Day"}
	anzac := calendar.SpecialDay{Date: "2026-04-25", Name: "Anzac Day"}
	half := anzac
	half.Hours = []calendar.Interval{{From: "09:00", Until: "12:00"}}
	c := calendar.Calendar{Days: []calendar.SpecialDay{half}, Yearly: []calendar.YearlyDay{{Month: 12, Day: 25}}}
	asked := []calendar.SpecialDay{anzac, christmas, boxing}
	if diff := cmp.Diff([]calendar.SpecialDay{boxing}, c.Missing(asked)); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]calendar.SpecialDay{anzac, christmas, boxing}, asked); diff != "" {
		t.Errorf("what was asked for (-before +after):\n%s", diff)
	}
}
