package hours_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/zone"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	found, err := zone.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// span reads "2026-03-10 08:00 > 2026-03-10 18:00" on a zone's wall; in a fold it takes the first of the two.
func span(t *testing.T, zoneName, text string) hours.Span {
	t.Helper()
	var ends [2]time.Time
	for i, end := range strings.SplitN(text, " > ", 2) {
		at, err := time.ParseInLocation("2006-01-02 15:04", end, location(t, zoneName))
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = at.UTC()
	}
	return hours.Span{From: ends[0], Until: ends[1]}
}

// written gives parts as "regular 1h0m0s, after_hours 2h0m0s", and fails where they are not the span's.
func written(t *testing.T, of hours.Span, parts []hours.Part) string {
	t.Helper()
	var texts []string
	at := of.From
	for _, part := range parts {
		if !part.Span.From.Equal(at) || part.Span.From.Location() != time.UTC || part.Span.Seconds() != part.Seconds || part.Seconds <= 0 {
			t.Errorf("part %+v does not go on at %s", part, at)
		}
		at = part.Span.Until
		texts = append(texts, fmt.Sprintf("%s %s", part.Condition, time.Duration(part.Seconds)*time.Second))
	}
	if !at.Equal(of.Until) {
		t.Errorf("the parts end at %s, not %s", at, of.Until)
	}
	return strings.Join(texts, ", ")
}

var (
	evenings = hours.Window{Condition: hours.AfterHours, From: "18:00", Until: "08:00"}
	weekends = hours.Window{Condition: hours.Weekend, Weekdays: []calendar.Weekday{"sat", "sun"}, From: "00:00", Until: "24:00", Priority: 1}
	holidays = hours.Window{Condition: hours.Holiday, Holidays: true, From: "00:00", Until: "24:00", Priority: 2}
)

func TestSplit(t *testing.T) {
	t.Parallel()
	usual := []hours.Window{evenings, weekends, holidays}
	friday := hours.Window{Condition: hours.AfterHours, Weekdays: []calendar.Weekday{"fri"}, From: "20:00", Until: "06:00"}
	thursday := hours.Window{Condition: hours.AfterHours, Weekdays: []calendar.Weekday{"thu"}, From: "20:00", Until: "06:00"}
	bounded, quiet := evenings, hours.Window{Condition: hours.Regular, From: "19:00", Until: "20:00", Priority: 5}
	bounded.ValidFrom, bounded.ValidUntil = "2026-03-10", "2026-03-10"
	small := hours.Window{Condition: hours.AfterHours, From: "02:15", Until: "02:45"}
	first, second := evenings, hours.Window{Condition: hours.Weekend, From: "18:00", Until: "20:00"}
	always := hours.Window{Condition: hours.AfterHours, Weekdays: []calendar.Weekday{"tue"}, From: "12:00", Until: "12:00"}
	for name, c := range map[string]struct {
		zone, work string
		windows    []hours.Window
		want       string
	}{
		"no windows":                   {"Europe/Berlin", "2026-03-10 17:00 > 2026-03-11 09:00", nil, "regular 16h0m0s"},
		"nothing worked":               {"Europe/Berlin", "2026-03-10 17:00 > 2026-03-10 17:00", usual, ""},
		"within one condition":         {"Europe/Berlin", "2026-03-10 09:00 > 2026-03-10 18:00", usual, "regular 9h0m0s"},
		"across 18:00":                 {"Europe/Berlin", "2026-03-10 17:30 > 2026-03-10 18:45", usual, "regular 30m0s, after_hours 45m0s"},
		"across midnight":              {"Europe/Berlin", "2026-03-10 23:00 > 2026-03-11 01:00", usual, "after_hours 2h0m0s"},
		"midnight begins the weekend":  {"Europe/Berlin", "2026-03-13 23:00 > 2026-03-14 01:00", usual, "after_hours 1h0m0s, weekend 1h0m0s"},
		"midnight ends the weekend":    {"Europe/Berlin", "2026-03-15 23:00 > 2026-03-16 09:00", usual, "weekend 1h0m0s, after_hours 8h0m0s, regular 1h0m0s"},
		"a whole night":                {"Europe/Berlin", "2026-03-10 17:00 > 2026-03-11 09:00", usual, "regular 1h0m0s, after_hours 14h0m0s, regular 1h0m0s"},
		"a holiday on a Saturday":      {"Europe/Berlin", "2026-12-25 23:00 > 2026-12-26 02:00", usual, "holiday 3h0m0s"},
		"a half holiday is a holiday":  {"Europe/Berlin", "2026-12-24 17:00 > 2026-12-24 19:00", usual, "holiday 2h0m0s"},
		"a special day is none":        {"Europe/Berlin", "2026-12-23 17:00 > 2026-12-24 01:00", usual, "regular 1h0m0s, after_hours 6h0m0s, holiday 1h0m0s"},
		"begins on Friday only":        {"Europe/Berlin", "2026-03-13 00:00 > 2026-03-14 12:00", []hours.Window{friday}, "regular 20h0m0s, after_hours 10h0m0s, regular 6h0m0s"},
		"valid on one day":             {"Europe/Berlin", "2026-03-10 17:00 > 2026-03-11 20:00", []hours.Window{bounded}, "regular 1h0m0s, after_hours 14h0m0s, regular 12h0m0s"},
		"not valid the day before":     {"Europe/Berlin", "2026-03-10 00:00 > 2026-03-10 19:00", []hours.Window{bounded}, "regular 18h0m0s, after_hours 1h0m0s"},
		"regular takes a piece out":    {"Europe/Berlin", "2026-03-10 17:00 > 2026-03-10 21:00", []hours.Window{evenings, quiet}, "regular 1h0m0s, after_hours 1h0m0s, regular 1h0m0s, after_hours 1h0m0s"},
		"the first of equal ones":      {"Europe/Berlin", "2026-03-10 17:00 > 2026-03-10 21:00", []hours.Window{first, second}, "regular 1h0m0s, after_hours 3h0m0s"},
		"the first, the other way":     {"Europe/Berlin", "2026-03-10 17:00 > 2026-03-10 21:00", []hours.Window{second, first}, "regular 1h0m0s, weekend 2h0m0s, after_hours 1h0m0s"},
		"round the clock":              {"Europe/Berlin", "2026-03-10 11:00 > 2026-03-11 13:00", []hours.Window{always}, "regular 1h0m0s, after_hours 24h0m0s, regular 1h0m0s"},
		"A67: the night of 25 hours":   {"Australia/Sydney", "2026-04-05 01:00 > 2026-04-05 04:00", usual, "weekend 4h0m0s"},
		"A67: the night of 23 hours":   {"Australia/Sydney", "2026-10-04 01:00 > 2026-10-04 04:00", usual, "weekend 2h0m0s"},
		"A67: no windows, 25 hours":    {"Australia/Sydney", "2026-04-05 01:00 > 2026-04-05 04:00", nil, "regular 4h0m0s"},
		"a gap swallows the window":    {"Europe/Berlin", "2026-03-29 01:00 > 2026-03-29 04:00", []hours.Window{small}, "regular 2h0m0s"},
		"a fold brings it twice":       {"Europe/Berlin", "2026-10-25 01:00 > 2026-10-25 04:00", []hours.Window{small}, "regular 1h15m0s, after_hours 30m0s, regular 30m0s, after_hours 30m0s, regular 1h15m0s"},
		"half an hour back":            {"Australia/Lord_Howe", "2026-04-05 01:00 > 2026-04-05 03:00", []hours.Window{small}, "regular 1h45m0s, after_hours 30m0s, regular 15m0s"},
		"two hours forward":            {"Antarctica/Troll", "2026-03-29 00:00 > 2026-03-29 04:00", []hours.Window{small}, "regular 2h0m0s"},
		"past a day that never was":    {"Pacific/Apia", "2011-12-29 19:00 > 2011-12-31 07:00", []hours.Window{thursday}, "regular 1h0m0s, after_hours 10h0m0s, regular 1h0m0s"},
		"from a day that never was":    {"Pacific/Apia", "2011-12-29 19:00 > 2011-12-31 07:00", []hours.Window{friday}, "regular 12h0m0s"},
		"Friday evening shown again":   {"America/St_Johns", "2010-11-06 22:00 > 2010-11-07 01:00", []hours.Window{weekends}, "weekend 4h0m0s"},
		"New Year by rule, leap year":  {"Europe/Berlin", "2040-12-31 17:00 > 2041-01-01 09:00", []hours.Window{evenings}, "regular 1h0m0s, after_hours 14h0m0s, regular 1h0m0s"},
		"a time is read in its zone":   {"Asia/Kathmandu", "2026-03-10 17:30 > 2026-03-10 18:15", usual, "regular 30m0s, after_hours 15m0s"},
		"until midnight, written 00":   {"Europe/Berlin", "2026-03-10 23:00 > 2026-03-11 01:00", []hours.Window{{Condition: hours.AfterHours, From: "18:00", Until: "00:00"}}, "after_hours 1h0m0s, regular 1h0m0s"},
		"until midnight, written 24":   {"Europe/Berlin", "2026-03-10 23:00 > 2026-03-11 01:00", []hours.Window{{Condition: hours.AfterHours, From: "18:00", Until: "24:00"}}, "after_hours 1h0m0s, regular 1h0m0s"},
		"the whole day, written 00–00": {"Europe/Berlin", "2026-03-10 00:00 > 2026-03-11 00:00", []hours.Window{{Condition: hours.AfterHours, From: "00:00", Until: "00:00"}}, "after_hours 24h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := calendar.Calendar{
				Zone: c.zone,
				Days: []calendar.SpecialDay{
					{Date: "2026-12-23", Name: "Short day", Hours: []calendar.Interval{{From: "09:00", Until: "12:00"}}},
					{Date: "2026-12-24", Name: "Christmas Eve", Holiday: true, Hours: []calendar.Interval{{From: "09:00", Until: "12:00"}}},
				},
				Yearly: []calendar.YearlyDay{{Month: 12, Day: 25}, {Month: 12, Day: 26}},
			}
			work := span(t, c.zone, c.work)
			parts, err := hours.Split(work, c.windows, of, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, written(t, work, parts)); diff != "" {
				t.Errorf("parts (-want +got)\n%s", diff)
			}
			parts, err = hours.Split(work, c.windows, of, true)
			want := ""
			if work.Seconds() > 0 {
				want = "emergency " + work.Until.Sub(work.From).String()
			}
			if diff := cmp.Diff(want, written(t, work, parts)); err != nil || diff != "" {
				t.Errorf("parts of an emergency (-want +got)\n%s %v", diff, err)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	work := hours.Span{From: time.Unix(0, 0), Until: time.Unix(60, 0)}
	for name, of := range map[string]string{"no zone": "", "the host's zone": "Local", "no such zone": "Europe/Nowhere"} {
		if parts, err := hours.Split(work, nil, calendar.Calendar{Zone: of}, false); err == nil {
			t.Errorf("%s: got %+v", name, parts)
		}
	}
	wrong := []hours.Window{evenings, {Condition: hours.AfterHours, From: "18:00"}}
	if _, err := hours.Split(work, wrong, calendar.Calendar{Zone: "UTC"}, false); err == nil || !strings.Contains(err.Error(), "condition 2 ends at") {
		t.Errorf("a wrong window: %v", err)
	}
}

// Instants are taken down to whole seconds, and spans that end before they begin have no parts.
func TestSplitOddSpans(t *testing.T) {
	t.Parallel()
	of := calendar.Calendar{Zone: "UTC"}
	from := time.Date(2026, time.March, 10, 9, 0, 0, 900_000_000, time.UTC)
	parts, err := hours.Split(hours.Span{From: from, Until: from.Add(200 * time.Millisecond)}, nil, of, false)
	want := []hours.Part{{Condition: hours.Regular, Span: hours.Span{From: from.Truncate(time.Second), Until: from.Truncate(time.Second).Add(time.Second)}, Seconds: 1}}
	if diff := cmp.Diff(want, parts); err != nil || diff != "" {
		t.Errorf("(-want +got)\n%s %v", diff, err)
	}
	if parts, err := hours.Split(hours.Span{From: from, Until: from.Add(-time.Hour)}, nil, of, false); err != nil || len(parts) > 0 {
		t.Errorf("got %+v, %v", parts, err)
	}
}

func TestWindowProblem(t *testing.T) {
	t.Parallel()
	with := func(change func(*hours.Window)) hours.Window {
		w := evenings
		change(&w)
		return w
	}
	for name, c := range map[string]struct {
		window hours.Window
		says   string
	}{
		"past midnight":     {evenings, ""},
		"weekend":           {weekends, ""},
		"holiday":           {holidays, ""},
		"regular":           {with(func(w *hours.Window) { w.Condition = hours.Regular }), ""},
		"one day":           {with(func(w *hours.Window) { w.ValidFrom, w.ValidUntil = "2026-03-10", "2026-03-10" }), ""},
		"no condition":      {with(func(w *hours.Window) { w.Condition = "" }), `names ""`},
		"emergency":         {with(func(w *hours.Window) { w.Condition = hours.Emergency }), "only a record"},
		"no weekday":        {with(func(w *hours.Window) { w.Weekdays = []calendar.Weekday{"monday"} }), `"monday"`},
		"weekday twice":     {with(func(w *hours.Window) { w.Weekdays = []calendar.Weekday{"mon", "mon"} }), "mon twice"},
		"weekdays, holiday": {with(func(w *hours.Window) { w.Weekdays, w.Holidays = []calendar.Weekday{"mon"}, true }), "two conditions"},
		"no start":          {with(func(w *hours.Window) { w.From = "" }), `begins at ""`},
		"starts at 24:00":   {with(func(w *hours.Window) { w.From = "24:00" }), "begins at"},
		"no end":            {with(func(w *hours.Window) { w.Until = "8:00" }), `ends at "8:00"`},
		"no day":            {with(func(w *hours.Window) { w.ValidUntil = "2026-02-30" }), "2026-02-30"},
		"ends before":       {with(func(w *hours.Window) { w.ValidFrom, w.ValidUntil = "2026-03-11", "2026-03-10" }), "before it begins"},
		"priority":          {with(func(w *hours.Window) { w.Priority = hours.MaxPriority + 1 }), "priority"},
	} {
		if got := c.window.Problem(); !strings.Contains(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%s: got %q, want %q", name, got, c.says)
		}
	}
}
