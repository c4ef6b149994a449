package period_test

import (
	"testing"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// burning is a line that burned an hour on each day of the last weeks.
func burning(today calendar.Date, at string) period.MakeForecast {
	var days []forecast.Day
	for day := today.Add(-40); day < today; day = day.Add(1) {
		days = append(days, forecast.Day{Date: day, ApprovedMinutes: 60, Records: 1})
	}
	return period.MakeForecast{Lines: []period.ForecastLine{{Line: "support", Days: days}}, Today: today, By: domain.System(), At: utc(at)}
}

// That hours run out before the contract ends is told once, and again when there are more hours or when it did not look
// like it in between. A new month is no reason.
func TestRunsOutEarly(t *testing.T) {
	t.Parallel()
	ending := func(t *terms.Terms) { t.Agreed.Ends, t.Agreed.Shows.Alerts = "2026-12-31", true }
	s := with(says(ending), func(s *period.Says) {
		s.Granted, s.Versions[0].Calendar.Always = []bucket.Lot{lot("first", 600)}, true
	})
	buy := func(name string, minutes int) period.Pin {
		s = with(s, func(s *period.Says) { s.Granted = append(s.Granted, lot(name, minutes)) })
		return period.Pin{Says: s, By: anna, At: at}
	}
	var history []period.Event
	told := func(what string, want int, commands ...period.Command) {
		t.Helper()
		before := len(history)
		history = run(t, history, commands...)
		if got := found[period.RunsOutEarly](history[before:]); len(got) != want {
			t.Errorf("%s: told %d times, want %d", what, len(got), want)
		}
	}
	told("ten hours", 1, period.Pin{Says: s, By: anna, At: at}, burning("2026-02-16", "2026-02-16T01:00:00Z"))
	first := found[period.RunsOutEarly](history)[0]
	if first.Date <= "2026-02-16" || first.Date >= first.Ends || first.Ends != "2026-12-31" || first.BoughtMinutes != 600 || !first.Shown {
		t.Errorf("told %+v", first)
	}
	told("the same the day after", 0, burning("2026-02-17", "2026-02-17T01:00:00Z"))
	told("with an hour more", 1, buy("second", 60), burning("2026-02-18", "2026-02-18T01:00:00Z"))
	told("with more than enough", 0, buy("third", 600_000), burning("2026-02-19", "2026-02-19T01:00:00Z"))
	less := with(s, func(s *period.Says) {
		s.Adjustments = append(s.Adjustments, period.AdjustmentPinned{ID: id("less"), Bucket: domain.BucketID{UUID: id("third")}, Day: "2026-02-20", Minutes: -600_000})
	})
	told("with what there was before", 1, period.Pin{Says: less, By: anna, At: at}, burning("2026-02-20", "2026-02-20T01:00:00Z"))

	history = run(t, history, period.Close{Says: less, By: anna, At: march})
	closing, _ := fold(history).Closing()
	next := with(inMarch(ending), func(s *period.Says) { s.Granted, s.Versions[0].Calendar.Always = nil, true })
	history = nil
	told("in the month after", 0, period.CarryIn{Closed: closing, From: "2026-02", Says: next, By: anna, At: march}, burning("2026-03-02", "2026-03-02T01:00:00Z"))
	told("with hours bought there", 1, period.Pin{Says: with(next, func(s *period.Says) {
		fresh := lot("fresh", 60)
		fresh.From = "2026-03-01"
		s.Granted = []bucket.Lot{fresh}
	}), By: anna, At: march}, burning("2026-03-03", "2026-03-03T01:00:00Z"))
}

// A retainer includes hours every month; that they come is no news.
func TestARetainerRunsOutEarlyOnce(t *testing.T) {
	t.Parallel()
	s := with(says(line(retainer), func(t *terms.Terms) { t.Agreed.Ends = "2026-12-31" }), func(s *period.Says) {
		s.Granted, s.Versions[0].Calendar.Always = nil, true
	})
	history := run(t, nil, period.Pin{Says: s, By: anna, At: at}, burning("2026-02-16", "2026-02-16T01:00:00Z"), period.Close{Says: s, By: anna, At: march})
	closing, _ := fold(history).Closing()
	next := with(s, func(s *period.Says) { s.Month, s.First = "2026-03", false })
	after := run(t, nil, period.CarryIn{Closed: closing, From: "2026-02", Says: next, By: anna, At: march}, burning("2026-03-02", "2026-03-02T01:00:00Z"))
	if was, again := len(found[period.RunsOutEarly](history)), len(found[period.RunsOutEarly](after)); was != 1 || again != 0 {
		t.Errorf("told %d times, then %d times", was, again)
	}
}

// Hours that expired with the month do not hide those bought after it.
func TestHoursBoughtAfterOthersExpiredAreNews(t *testing.T) {
	t.Parallel()
	s := with(says(func(t *terms.Terms) { t.Agreed.Ends = "2026-12-31" }), func(s *period.Says) {
		expiring := lot("expiring", 6000)
		expiring.Until = "2026-02-28"
		s.Granted, s.Versions[0].Calendar.Always = []bucket.Lot{expiring, lot("lasting", 600)}, true
	})
	history := run(t, nil, period.Pin{Says: s, By: anna, At: at}, burning("2026-02-16", "2026-02-16T01:00:00Z"), period.Close{Says: s, By: anna, At: march})
	closing, _ := fold(history).Closing()
	next := with(s, func(s *period.Says) {
		fresh := lot("fresh", 60)
		fresh.From = "2026-03-01"
		s.Month, s.First, s.Granted = "2026-03", false, []bucket.Lot{fresh}
	})
	after := run(t, nil, period.CarryIn{Closed: closing, From: "2026-02", Says: next, By: anna, At: march}, burning("2026-03-02", "2026-03-02T01:00:00Z"))
	if was, again := len(found[period.RunsOutEarly](history)), len(found[period.RunsOutEarly](after)); was != 1 || again != 1 {
		t.Errorf("told %d times, then %d times, want once each", was, again)
	}
}
