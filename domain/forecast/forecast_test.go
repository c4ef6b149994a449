package forecast_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain/calendar"
	"effigate/domain/forecast"
)

// monday is the day of most forecasts; its eight weeks begin on Monday, 19 January.
const monday calendar.Date = "2026-03-16"

// burned gives a day for each number of minutes, one for each weekday before monday; the last one is Friday's.
func burned(minutes ...int) []forecast.Day {
	days := make([]forecast.Day, len(minutes))
	date := monday
	for i := len(minutes) - 1; i >= 0; i-- {
		date = date.Add(-1)
		for weekend(date) {
			date = date.Add(-1)
		}
		days[i] = forecast.Day{Date: date, ApprovedMinutes: minutes[i], Records: 1}
	}
	return days
}

func weekend(date calendar.Date) bool {
	return date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
}

// steady burns an hour on each of the last twenty business days; ten hours are left.
func steady() forecast.Input {
	return forecast.Input{
		AsOf: monday, Since: "2026-02-16", Ends: "2026-12-31", RemainingMinutes: 600, Seed: 1,
		Days: burned(slices.Repeat([]int{60}, 20)...),
	}
}

func TestMake(t *testing.T) {
	t.Parallel()
	steadily := func(date calendar.Date) forecast.Forecast {
		return forecast.Forecast{Verdict: forecast.Empties, RateMilliminutes: 60_000, Date: date, Earliest: date, Latest: date}
	}
	for _, test := range []struct {
		name   string
		change func(in *forecast.Input)
		want   forecast.Forecast
	}{
		{"ten hours at one a day last ten business days", func(*forecast.Input) {}, steadily("2026-03-27")},
		{"half an hour more needs one more day", func(in *forecast.Input) { in.RemainingMinutes = 630 }, steadily("2026-03-30")},
		{"nobody works on holidays", func(in *forecast.Input) { in.Closed = []calendar.Date{"2026-03-17", "2026-03-27"} }, steadily("2026-03-31")},
		{
			"a closed day's burn counts for the day before",
			func(in *forecast.Input) {
				in.Since, in.Closed, in.Days[7].ApprovedMinutes = "2026-02-15", []calendar.Date{in.Days[8].Date}, 0
				in.Days[8].ApprovedMinutes = 120
				in.Days = slices.Delete(in.Days, 7, 8)
				in.Days[0].ApprovedMinutes = 30
				in.Days = append(in.Days, forecast.Day{Date: "2026-02-15", ApprovedMinutes: 30}) // A Sunday, before all business days.
				in.Days[7].ApprovedMinutes = 60
			},
			steadily("2026-03-27"),
		},
		{"with weekends the same days last less long", func(in *forecast.Input) {
			in.Weekends = true
			for date := in.Since; date < in.AsOf; date = date.Add(1) {
				if weekend(date) {
					in.Days = append(in.Days, forecast.Day{Date: date, ApprovedMinutes: 60})
				}
			}
		}, steadily("2026-03-25")},
		{"burn before the eight weeks, or of today, does not count", func(in *forecast.Input) {
			in.Since = "2025-01-01"
			in.Days = burned(slices.Repeat([]int{60}, 40)...)
			in.Days = append(in.Days, forecast.Day{Date: "2026-01-16", ApprovedMinutes: 6_000}, forecast.Day{Date: monday, ApprovedMinutes: 6_000})
		}, steadily("2026-03-27")},
		{"a grant lengthens it, unless it comes too late", func(in *forecast.Input) {
			in.Changes = []forecast.Change{{Date: "2026-03-27", Minutes: 60, What: forecast.Grant}, {Date: "2026-03-31", Minutes: 600, What: forecast.Grant}}
		}, steadily("2026-03-30")},
		{"planned work comes on top", func(in *forecast.Input) {
			in.Changes = []forecast.Change{{Date: "2026-03-21", Minutes: -120, What: forecast.Planned}}
		}, steadily("2026-03-25")},
		{"of hours that expire, those used before are not lost", func(in *forecast.Input) {
			in.Changes = []forecast.Change{{Date: "2026-03-19", Minutes: -300, What: forecast.Expiry}} // Three of the five are used by then.
		}, steadily("2026-03-25")},
		{"hours that expire may be all there are", func(in *forecast.Input) {
			in.Changes = []forecast.Change{{Date: "2026-03-21", Minutes: -600, What: forecast.Expiry}}
		}, steadily("2026-03-21")},
		{"not before the end", func(in *forecast.Input) { in.Ends = "2026-03-26" }, forecast.Forecast{Verdict: forecast.NotBeforeEnd, RateMilliminutes: 60_000}},
		{"on the last day is before the end", func(in *forecast.Input) { in.Ends = "2026-03-27" }, steadily("2026-03-27")},
		{
			"nobody looks further than two years", func(in *forecast.Input) { in.Ends, in.RemainingMinutes = "", 40_000 },
			forecast.Forecast{Verdict: forecast.NotBeforeEnd, RateMilliminutes: 60_000},
		},
		{"nothing is left", func(in *forecast.Input) { in.RemainingMinutes, in.Days = 0, nil }, forecast.Forecast{Verdict: forecast.Empty}},
		{"nine business days are not enough", func(in *forecast.Input) { in.Since = "2026-03-03" }, forecast.Forecast{Verdict: forecast.NotEnoughData}},
		{
			"ten are enough, if there are three records", func(in *forecast.Input) { in.Since = "2026-03-02" },
			steadily("2026-03-27"),
		},
		{"two records are not", func(in *forecast.Input) {
			for i := range in.Days[2:] {
				in.Days[2+i].Records = 0
			}
		}, forecast.Forecast{Verdict: forecast.NotEnoughData}},
		{"what was given back may be more than what was used", func(in *forecast.Input) { in.Days[19].ApprovedMinutes = -60_000 }, forecast.Forecast{
			Verdict: forecast.NotBeforeEnd, RateMilliminutes: -5_302_718, Earliest: monday,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := steady()
			test.change(&in)
			got := forecast.Make(in)
			if got.Why == "" {
				t.Error("it does not say why")
			}
			got.Why = ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("forecast (-want +got):\n%s", diff)
			}
		})
	}
}

// A day weighs half as much as one ten business days later, and unapproved hours are told apart.
func TestHalfLife(t *testing.T) {
	t.Parallel()
	in := steady()
	in.Days = burned(slices.Concat(slices.Repeat([]int{0}, 10), slices.Repeat([]int{60}, 10))...)
	for i := range in.Days {
		in.Days[i].UnapprovedMinutes = in.Days[i].ApprovedMinutes / 4
		in.Days[i].ApprovedMinutes -= in.Days[i].UnapprovedMinutes
	}
	got := forecast.Make(in)
	if got.RateMilliminutes != 40_000 || got.UnapprovedMilliminutes != 10_000 {
		t.Errorf("%d thousandths of a minute a day, %d of them unapproved", got.RateMilliminutes, got.UnapprovedMilliminutes)
	}
}

// uneven is an ordinary history: bursts, quiet days, a little on a weekend.
func uneven() forecast.Input {
	in := steady()
	in.Since, in.RemainingMinutes = "2025-11-03", 37*60
	in.Days = burned(0, 240, 30, 0, 0, 120, 0, 0, 60, 15, 300, 0, 0, 45, 90, 0, 0, 0, 180, 60, 0, 30, 0, 0, 420, 15, 0, 75, 0, 0, 60, 0, 120, 0, 45, 0, 90, 0, 0, 150)
	in.Days = append(in.Days, forecast.Day{Date: "2026-03-14", ApprovedMinutes: 20, UnapprovedMinutes: 40, Records: 1})
	return in
}

// The same input gives the same answer for ever and everywhere; stored forecasts are replayed and must agree.
func TestAnswersStay(t *testing.T) {
	t.Parallel()
	ending, plenty := uneven(), uneven()
	ending.Ends, plenty.Ends = "2026-05-20", "2026-04-30"
	for name, test := range map[string]struct {
		in   forecast.Input
		want forecast.Forecast
	}{
		"within the contract": {uneven(), forecast.Forecast{
			Verdict: forecast.Empties, RateMilliminutes: 55_479, UnapprovedMilliminutes: 2_857,
			Date: "2026-05-11", Earliest: "2026-04-23", Latest: "2026-06-08",
			Why: "At 55 min per business day, of which 2 min are not approved yet, the 37 h left will be used up on 2026-05-11, eight times in ten between 2026-04-23 and 2026-06-08.",
		}},
		"with an open band": {ending, forecast.Forecast{
			Verdict: forecast.Empties, RateMilliminutes: 55_479, UnapprovedMilliminutes: 2_857, Date: "2026-05-11", Earliest: "2026-04-23",
			Why: "At 55 min per business day, of which 2 min are not approved yet, the 37 h left will be used up on 2026-05-11, nine times in ten not before 2026-04-23.",
		}},
		"beyond its end": {plenty, forecast.Forecast{
			Verdict: forecast.NotBeforeEnd, RateMilliminutes: 55_479, UnapprovedMilliminutes: 2_857, Earliest: "2026-04-23",
			Why: "At 55 min per business day, of which 2 min are not approved yet, the 37 h left will not be used up before the contract ends on 2026-04-30, though one time in ten by 2026-04-23.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, forecast.Make(test.in)); diff != "" {
				t.Errorf("forecast (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOrderAndBoundsOfTheBand(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		told := forecast.Make(in)
		last := in.AsOf.Add(forecast.HorizonDays)
		if in.Ends != "" {
			last = min(last, in.Ends)
		}
		for _, day := range []calendar.Date{told.Date, told.Earliest, told.Latest} {
			if day != "" && (day < in.AsOf || day > last) {
				t.Fatalf("%s is not between %s and %s", day, in.AsOf, last)
			}
		}
		switch told.Verdict {
		case forecast.Empties:
			if told.Date == "" || told.Earliest == "" || told.Earliest > told.Date || told.Latest != "" && told.Latest < told.Date {
				t.Fatalf("%s is not between %q and %q", told.Date, told.Earliest, told.Latest)
			}
		case forecast.NotBeforeEnd:
			if told.Date != "" || told.Latest != "" {
				t.Fatalf("not before the end, yet %q and %q", told.Date, told.Latest)
			}
		case forecast.NotEnoughData, forecast.Empty:
			if told.Date+told.Earliest+told.Latest != "" {
				t.Fatalf("%s with a date: %v", told.Verdict, told)
			}
		}
	})
}

// More hours never end earlier, and neither date nor band depends on the order of days and changes.
func TestMoreLastsLonger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		told := forecast.Make(in)
		shuffled := in
		shuffled.Days = rapid.Permutation(in.Days).Draw(t, "days")
		shuffled.Changes = rapid.Permutation(in.Changes).Draw(t, "changes")
		if diff := cmp.Diff(told, forecast.Make(shuffled)); diff != "" {
			t.Fatalf("in another order (-first +second):\n%s", diff)
		}
		more := in
		more.RemainingMinutes += rapid.IntRange(1, 3_000).Draw(t, "more")
		later := forecast.Make(more)
		if told.Verdict == forecast.Empty || told.Verdict == forecast.NotEnoughData {
			return
		}
		for _, pair := range [][2]calendar.Date{{told.Date, later.Date}, {told.Earliest, later.Earliest}, {told.Latest, later.Latest}} {
			if pair[1] != "" && (pair[0] == "" || pair[1] < pair[0]) {
				t.Fatalf("%v with more hours, %v with less", later, told)
			}
		}
	})
}

func anyInput(t *rapid.T) forecast.Input {
	in := forecast.Input{
		AsOf: monday, Since: rapid.SampledFrom([]calendar.Date{"2025-06-01", "2026-02-02", "2026-03-01", "2026-03-09"}).Draw(t, "since"),
		Ends:             rapid.SampledFrom([]calendar.Date{"", "2026-06-30", "2026-03-31", "2031-01-01", "2026-01-01"}).Draw(t, "ends"),
		RemainingMinutes: rapid.IntRange(-10, 20_000).Draw(t, "remaining"), Seed: rapid.Int64().Draw(t, "seed"),
		Weekends: rapid.Bool().Draw(t, "weekends"),
	}
	for date := in.AsOf.Add(-70); date < in.AsOf; date = date.Add(1) {
		if minutes := rapid.IntRange(-300, 500).Draw(t, "minutes"); minutes > 0 || minutes < -280 {
			in.Days = append(in.Days, forecast.Day{Date: date, ApprovedMinutes: minutes, UnapprovedMinutes: max(minutes/3, 0), Records: 1})
		}
		if rapid.IntRange(0, 20).Draw(t, "closed") == 0 {
			in.Closed = append(in.Closed, date, date.Add(70))
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		what := rapid.SampledFrom([]string{forecast.Grant, forecast.Expiry, forecast.Planned}).Draw(t, "what")
		minutes := rapid.IntRange(0, 3_000).Draw(t, "by")
		if what != forecast.Grant {
			minutes = -minutes
		}
		in.Changes = append(in.Changes, forecast.Change{Date: monday.Add(rapid.IntRange(-1, 200).Draw(t, "on")), Minutes: minutes, What: what})
	}
	return in
}

// On burns that go on as they were, about four in five bands hold.
func TestBandsHold(t *testing.T) {
	t.Parallel()
	random, held, early := rand.New(rand.NewPCG(4, 4)), 0, 0
	const burns = 400
	for i := range burns {
		in, usedUp := stationary(random)
		in.Seed = int64(i)
		told := forecast.Make(in)
		score := forecast.Rate(in, told, usedUp, usedUp)
		if !score.Known {
			t.Fatalf("no score for %v", told)
		}
		if score.Within {
			held++
		}
		if score.OffBusinessDays < 0 {
			early++
		}
	}
	t.Logf("%d of %d bands hold, %d came before the date", held, burns, early)
	if held < burns*70/100 || held > burns*88/100 {
		t.Errorf("%d of %d bands hold", held, burns)
	}
	if early < burns*35/100 || early > burns*65/100 {
		t.Errorf("%d of %d came before the date", early, burns)
	}
}

// stationary is a burn of busy and quiet days that goes on until the hours are used up.
func stationary(random *rand.Rand) (forecast.Input, calendar.Date) {
	minutes := func() int {
		if random.IntN(3) > 0 {
			return 0
		}
		return 15 * (1 + random.IntN(16))
	}
	in := forecast.Input{AsOf: monday, Since: "2025-01-01", RemainingMinutes: 1_200 + random.IntN(2_400)}
	past := make([]int, 40)
	for i := range past {
		past[i] = minutes()
	}
	in.Days = burned(past...)
	left := in.RemainingMinutes
	for date := in.AsOf; ; date = date.Add(1) {
		if !weekend(date) {
			left -= minutes()
		}
		if left <= 0 {
			return in, date
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	band := forecast.Forecast{Verdict: forecast.Empties, Date: "2026-03-27", Earliest: "2026-03-20", Latest: "2026-04-08"}
	open := band
	open.Latest = ""
	never, perhaps := forecast.Forecast{Verdict: forecast.NotBeforeEnd}, forecast.Forecast{Verdict: forecast.NotBeforeEnd, Earliest: "2026-12-01"}
	for _, test := range []struct {
		name          string
		told          forecast.Forecast
		usedUp, today calendar.Date
		want          forecast.Score
	}{
		{"on the day", band, "2026-03-27", "2026-03-28", forecast.Score{Known: true, Within: true}},
		{"on the first day of the band, over a weekend", band, "2026-03-20", "2026-03-28", forecast.Score{Known: true, Within: true, OffBusinessDays: -5}},
		{"on the last day of the band, over Easter", band, "2026-04-08", "2026-04-08", forecast.Score{Known: true, Within: true, OffBusinessDays: 6}},
		{"before the band", band, "2026-03-19", "2026-03-28", forecast.Score{Known: true, OffBusinessDays: -6}},
		{"after the band", band, "2026-04-09", "2026-04-10", forecast.Score{Known: true, OffBusinessDays: 7}},
		{"not yet", band, "", "2026-04-08", forecast.Score{}},
		{"not within the band", band, "", "2026-04-09", forecast.Score{Known: true}},
		{"an open band", open, "2026-12-20", "2026-12-21", forecast.Score{Known: true, Within: true, OffBusinessDays: 188}},
		{"an open band, not yet", open, "", "2026-12-31", forecast.Score{}},
		{"an open band, never", open, "", "2027-01-01", forecast.Score{Known: true, Within: true}},
		{"not before the end, and so it was", never, "", "2027-01-01", forecast.Score{Known: true, Within: true}},
		{"not before the end, and it was after it", never, "2027-01-04", "2027-01-05", forecast.Score{Known: true, Within: true}},
		{"not before the end, yet it was", never, "2026-12-31", "2026-12-31", forecast.Score{Known: true}},
		{"not before the end, or perhaps", perhaps, "2026-12-01", "2026-12-31", forecast.Score{Known: true, Within: true}},
		{"no answer", forecast.Forecast{Verdict: forecast.NotEnoughData}, "2026-12-01", "2026-12-31", forecast.Score{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := steady()
			in.Closed = []calendar.Date{"2026-04-03", "2026-04-06"}
			if diff := cmp.Diff(test.want, forecast.Rate(in, test.told, test.usedUp, test.today)); diff != "" {
				t.Errorf("score (-want +got):\n%s", diff)
			}
		})
	}
}

func BenchmarkMake(b *testing.B) {
	in := uneven()
	in.RemainingMinutes, in.Ends = 37_000, ""
	for b.Loop() {
		forecast.Make(in)
	}
}
