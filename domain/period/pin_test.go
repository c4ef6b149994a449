package period_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/terms"
)

func TestPinning(t *testing.T) {
	t.Parallel()
	second := func(from calendar.Date) func(*period.Says) {
		return func(s *period.Says) {
			v := s.Versions[0]
			v.From, v.Version = from, 2
			s.Versions = append(s.Versions, v)
		}
	}
	pin := func(s period.Says) period.Pin { return period.Pin{Says: s, By: anna, At: at} }
	type made struct {
		pin     int
		from    calendar.Date
		version int
	}
	for name, test := range map[string]struct {
		before []period.Says
		says   period.Says
		want   []made
	}{
		"first":                        {nil, says(), []made{{1, "2026-02-01", 1}}},
		"again":                        {[]period.Says{says()}, says(), nil},
		"two versions":                 {nil, with(says(), second("2026-02-10")), []made{{1, "2026-02-01", 1}, {2, "2026-02-10", 2}}},
		"a version from a day on":      {[]period.Says{says()}, with(says(), second("2026-02-10")), []made{{2, "2026-02-10", 2}}},
		"a version from before":        {[]period.Says{says()}, with(says(), func(s *period.Says) { s.Versions[0].Version = 2 }), []made{{2, "2026-02-01", 2}}},
		"one of the next month":        {nil, with(says(), second("2026-03-01")), []made{{1, "2026-02-01", 1}}},
		"a version that overtakes one": {[]period.Says{with(says(), second("2026-02-15"))}, with(says(), second("2026-02-10")), []made{{3, "2026-02-10", 2}}},
		"a version taken back":         {[]period.Says{with(says(), second("2026-02-15"))}, says(), []made{{3, "2026-02-01", 1}}},
		"another calendar":             {[]period.Says{says()}, with(says(), func(s *period.Says) { s.Versions[0].Calendar.Always = true }), []made{{2, "2026-02-01", 1}}},
		"another price":                {[]period.Says{says()}, with(says(), func(s *period.Says) { s.Versions[0].Cards = nil }), []made{{2, "2026-02-01", 1}}},
		"another price of what it does not cover": {[]period.Says{says()}, with(says(), func(s *period.Says) {
			s.Versions[0].Cards = prices()
			s.Versions[0].Cards[0].Rows[3].Price = amount("7")
		}), nil},
		"more hours": {[]period.Says{with(says(), second("2026-02-10"))}, with(with(says(), second("2026-02-10")), func(s *period.Says) {
			s.Granted = append(s.Granted, lot("more", 60))
		}), []made{{3, "2026-02-10", 2}}},
		"an adjustment": {[]period.Says{says()}, with(says(), func(s *period.Says) {
			s.Adjustments = []period.AdjustmentPinned{{ID: id("adjusted"), Bucket: domain.BucketID{UUID: id("hundred")}, Day: "2026-02-11", Minutes: -60}}
		}), []made{{2, "2026-02-01", 1}}},
		"an adjustment of another month": {[]period.Says{says()}, with(says(), func(s *period.Says) {
			s.Adjustments = []period.AdjustmentPinned{{ID: id("adjusted"), Bucket: domain.BucketID{UUID: id("hundred")}, Day: "2026-03-11", Minutes: -60}}
		}), nil},
		"hours of another month": {[]period.Says{says()}, with(says(), func(s *period.Says) {
			s.Granted = append(s.Granted, bucket.Lot{ID: id("later"), Line: "support", GrantedMinutes: 60, From: "2026-03-01"})
		}), nil},
	} {
		var history []period.Event
		for _, s := range test.before {
			history = run(t, history, pin(s))
		}
		var got []made
		for _, p := range found[period.TermsPinned](run(t, history, pin(test.says))[len(history):]) {
			got = append(got, made{p.Pin, p.From, p.Staff.Version})
			for _, card := range p.Staff.Cards {
				for _, row := range card.Rows {
					if row.Key == "other card" {
						t.Errorf("%s: a row that the contract cannot meet is pinned", name)
					}
				}
			}
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(made{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Time is priced by what holds on its day when it is approved: retroactively, while nobody approved it.
func TestThePinOfTheDayPrices(t *testing.T) {
	t.Parallel()
	dearer := with(says(), func(s *period.Says) {
		v := s.Versions[0]
		v.From, v.Version, v.Cards = "2026-02-11", 2, []rate.Card{{Layer: rate.ContractVersion, Name: "new", Version: 2, Currency: "AUD", Rows: []rate.Row{{Key: "all", Price: amount("200"), Unit: rate.PerHour}}}}
		s.Versions = append(s.Versions, v)
	})
	history := run(t, nil, logged("a", says(), evening(regular("2026-02-12", time.Hour))), logged("b", says(), evening(regular("2026-02-12", time.Hour))),
		logged("c", says(), evening(regular("2026-02-10", time.Hour))), approve(says(), "a"), approve(dearer, "b", "c"))
	want := map[string]string{"a": "120", "b": "200", "c": "120"}
	for name, price := range want {
		counts, _ := fold(history).Counted(timeID(name))
		if got := counts.Staff.Parts[0].Price.Amount.String(); got != price {
			t.Errorf("record %s is priced at %s, want %s", name, got, price)
		}
	}
}

func TestIncludedHours(t *testing.T) {
	t.Parallel()
	s := with(says(line(retainer)), func(s *period.Says) { s.Granted = nil })
	history := run(t, nil, period.Pin{Says: s, By: anna, At: at})
	want := bucket.Lot{
		ID: period.IncludedLot(contract, "support", "2026-02"), Line: "support", GrantedMinutes: 600, RemainingMinutes: 600,
		From: "2026-02-01", Until: "2026-02-28", BoughtAt: utc("2026-01-31T13:00:00Z"),
	}
	if diff := cmp.Diff([]bucket.Lot{want}, found[period.TermsPinned](history)[0].Granted); diff != "" {
		t.Fatalf("granted (-want +got):\n%s", diff)
	}
	more := func(from calendar.Date) period.Says {
		return with(s, func(s *period.Says) {
			v := s.Versions[0]
			v.From, v.Version, v.Terms = from, 2, agreement(line(retainer), line(func(l *terms.Line, _ *terms.Charge) { l.Minutes = 900 }))
			s.Versions = append(s.Versions, v)
		})
	}
	within := run(t, history, period.Pin{Says: more("2026-02-10"), By: anna, At: at})
	if got := fold(within).Hours("support", "2026-02-20").OfMinutes; got != 600 {
		t.Errorf("a month's hours were changed within it: %d", got)
	}
	before := run(t, history, period.Pin{Says: more("2026-02-01"), By: anna, At: at})
	if got := fold(before).Hours("support", "2026-02-20").OfMinutes; got != 900 {
		t.Errorf("a month's hours were not changed from its first day on: %d", got)
	}
	begun := with(says(line(retainer), func(t *terms.Terms) { t.Agreed.Starts = "2026-02-10" }), func(s *period.Says) { s.Versions[0].From = "2026-02-10" })
	if got := found[period.TermsPinned](run(t, nil, period.Pin{Says: begun, By: anna, At: at}))[0]; got.From != "2026-02-01" || got.Granted[len(got.Granted)-1].From != "2026-02-10" {
		t.Errorf("of a contract that begins within the month %+v is pinned", got)
	}
}
