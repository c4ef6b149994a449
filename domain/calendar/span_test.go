package calendar_test

import (
	"testing"
	"time"

	"effigate/domain/calendar"
)

// Spans follow one another from the first instant to the last, what they call open is what Elapsed counts, and what
// is special would be open in an ordinary week.
func TestSpansAreTheTime(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for _, name := range oddZones {
		zone := location(t, name)
		for _, change := range changes(zone) {
			c := anyCalendar(r, zone, calendar.DateOf(change, zone))
			ordinary := c
			ordinary.Days, ordinary.Yearly = nil, nil
			s, week := schedule(t, c), schedule(t, ordinary)
			from := change.Add(-time.Duration(r.IntN(100*3600)) * time.Second)
			until := from.Add(time.Duration(r.IntN(200*3600)) * time.Second)
			at := from
			for span := range s.Spans(from, until) {
				if !span.From.Equal(at) || !span.From.Before(span.Until) {
					t.Fatalf("%+v: %+v after %s", c, span, at)
				}
				at = span.Until
				length, elapsed := int64(span.Until.Sub(span.From)/time.Second), s.Elapsed(span.From, span.Until)
				if span.Open && elapsed != length || !span.Open && elapsed != 0 {
					t.Fatalf("%+v: %d of %d s are open in %+v", c, elapsed, length, span)
				}
				if special := !span.Open && week.Elapsed(span.From, span.Until) > 0; span.Special != special {
					t.Fatalf("%+v: special is %t in %+v", c, !special, span)
				}
			}
			if !at.Equal(until) && from.Before(until) {
				t.Fatalf("%+v: the spans end %s, want %s", c, at, until)
			}
		}
	}
}

func TestSpansNameTheDay(t *testing.T) {
	t.Parallel()
	c := weekly("Europe/Berlin", workdays, "09:00-17:00")
	c.Days = []calendar.SpecialDay{{Date: "2026-04-03", Name: "Good Friday", Holiday: true}}
	for span := range schedule(t, c).Spans(at(t, "Europe/Berlin", "2026-04-03 08:00"), at(t, "Europe/Berlin", "2026-04-03 12:00")) {
		if !span.Special || span.Name != "Good Friday" || span.Until.Sub(span.From) != 4*time.Hour {
			t.Errorf("%+v", span)
		}
	}
}
