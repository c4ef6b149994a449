package calendar

import (
	"iter"
	"slices"
	"time"
)

// Span is a while in which the service is open, or closed for one reason.
type Span struct {
	From, Until time.Time // in UTC
	Open        bool
	// Special says that it would have been open in an ordinary week, at least for a part; Name is what the day that
	// closed it is called.
	Special bool
	Name    string
}

// Spans cuts the time between two instants into its spans: in order, without gap, and none over more than a day.
// There are none unless from is before until.
func (s Schedule) Spans(from, until time.Time) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		for stretch := range Stretches(s.zone, from, until) {
			for _, span := range s.spansOf(stretch) {
				if !yield(span) {
					return
				}
			}
		}
	}
}

func (s Schedule) spansOf(stretch Stretch) []Span {
	var all []Span
	at := stretch.from
	for _, interval := range s.hoursOf(stretch.day) {
		opens, closes := interval.within(stretch)
		if opens >= closes {
			continue
		}
		if at < opens {
			all = append(all, s.closed(stretch, at, opens))
		}
		all = append(all, Span{From: time.Unix(opens, 0).UTC(), Until: time.Unix(closes, 0).UTC(), Open: true})
		at = closes
	}
	if at < stretch.until {
		all = append(all, s.closed(stretch, at, stretch.until))
	}
	return all
}

// closed is a span in which the service is closed, with the special day that makes it so.
func (s Schedule) closed(stretch Stretch, from, until int64) Span {
	span := Span{From: time.Unix(from, 0).UTC(), Until: time.Unix(until, 0).UTC()}
	span.Special = slices.ContainsFunc(s.week[weekday(stretch.day)], func(ordinary hours) bool {
		opens, closes := ordinary.within(stretch)
		return max(opens, from) < min(closes, until)
	})
	if span.Special {
		span.Name, _ = s.Holiday(dateOf(stretch.day))
	}
	return span
}
