package bucket_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain/bucket"
	"effigate/domain/calendar"
)

// id makes a short name an id; names sort as their ids do.
func id(name string) uuid.UUID {
	var made uuid.UUID
	copy(made[:], name)
	return made
}

// lot is one of the line "s" that was granted on its first day; left is what remains of its minutes.
func lot(name string, granted, left int, from, until calendar.Date) bucket.Lot {
	return bucket.Lot{
		ID: id(name), Line: "s", GrantedMinutes: granted, RemainingMinutes: left, From: from, Until: until,
		BoughtAt: from.Start(time.UTC),
	}
}

func rolls(l bucket.Lot, times int) bucket.Lot {
	l.Rolls = times
	return l
}

func work(name string, day calendar.Date, minutes int) bucket.Demand {
	return bucket.Demand{ID: id(name), Line: "s", Day: day, At: day.Start(time.UTC), Minutes: minutes}
}

// march is the period of most tests.
func march(in bucket.Input) bucket.Input {
	in.First, in.Last = "2026-03-01", "2026-03-31"
	return in
}

// told is a ledger in short: "demand lot minutes" for draws, "demand minutes" for the others.
type told struct {
	Draws, Excess, Lapsed []string
	Left                  []string // "lot minutes" of all lots, then "until day" where it has one
	Carried               []bucket.Lot
}

func tell(l bucket.Ledger) told {
	short := told{Carried: l.CarriedOut}
	for _, d := range l.Draws {
		short.Draws = append(short.Draws, name(d.Demand)+" "+name(d.Lot)+" "+number(d.Minutes))
	}
	for _, e := range l.Excess {
		short.Excess = append(short.Excess, name(e.Demand)+" "+number(e.Minutes))
	}
	for _, e := range l.Lapsed {
		short.Lapsed = append(short.Lapsed, name(e.Demand)+" "+number(e.Minutes))
	}
	for _, s := range l.Statements {
		short.Left = append(short.Left, strings.TrimSuffix(name(s.Lot)+" "+number(s.RemainingMinutes)+" until "+string(s.Until), " until "))
	}
	return short
}

func name(id uuid.UUID) string { return strings.TrimRight(string(id[:]), "\x00") }

func TestSettle(t *testing.T) {
	t.Parallel()
	everything := map[string]bucket.Rollover{"s": {Kind: bucket.RollPeriods, Periods: 1}}
	for _, test := range []struct {
		name string
		in   bucket.Input
		want told
	}{
		{
			"first expiring first, then first bought, then by id",
			bucket.Input{
				CarriedIn: []bucket.Lot{
					lot("never", 60, 60, "2025-01-01", ""), lot("b", 60, 10, "2026-01-01", "2026-06-30"),
					lot("a", 60, 10, "2026-01-01", "2026-06-30"), lot("older", 60, 10, "2025-12-01", "2026-06-30"),
				},
				Granted: []bucket.Lot{lot("soon", 10, 10, "2026-03-05", "2026-04-30")},
				Demands: []bucket.Demand{work("w", "2026-03-10", 45)},
			},
			told{
				Draws: []string{"w soon 10", "w older 10", "w a 10", "w b 10", "w never 5"},
				Left:  []string{"soon 0 until 2026-04-30", "older 0 until 2026-06-30", "a 0 until 2026-06-30", "b 0 until 2026-06-30", "never 55"},
				Carried: []bucket.Lot{
					lot("soon", 10, 0, "2026-03-05", "2026-04-30"), lot("older", 60, 0, "2025-12-01", "2026-06-30"),
					lot("a", 60, 0, "2026-01-01", "2026-06-30"), lot("b", 60, 0, "2026-01-01", "2026-06-30"), lot("never", 60, 55, "2025-01-01", ""),
				},
			},
		},
		{
			"in the order of day, instant and id, and what exceeds all lots stands apart",
			bucket.Input{
				CarriedIn: []bucket.Lot{lot("l", 100, 50, "2026-01-01", "2026-03-31")},
				Demands:   []bucket.Demand{work("c", "2026-03-10", 30), work("b", "2026-03-09", 30), work("a", "2026-03-10", 30)},
			},
			told{Draws: []string{"b l 30", "a l 20"}, Excess: []string{"a 10", "c 30"}, Left: []string{"l 0 until 2026-03-31"}},
		},
		{
			"a lot serves its own days, the last one included",
			bucket.Input{
				CarriedIn: []bucket.Lot{lot("l", 100, 100, "2026-01-01", "2026-03-10")},
				Granted:   []bucket.Lot{lot("m", 100, 100, "2026-03-12", "2026-03-20")},
				Demands:   []bucket.Demand{work("a", "2026-03-10", 10), work("b", "2026-03-11", 10), work("c", "2026-03-12", 10), work("d", "2026-03-21", 10)},
			},
			told{
				Draws: []string{"a l 10", "c m 10"}, Excess: []string{"b 10", "d 10"},
				Left: []string{"l 0 until 2026-03-10", "m 0 until 2026-03-20"},
			},
		},
		{
			"work done before the period draws as on its first day",
			bucket.Input{
				Granted: []bucket.Lot{lot("l", 60, 60, "2026-03-01", "2026-03-31"), lot("later", 60, 60, "2026-03-02", "2026-04-30")},
				Demands: []bucket.Demand{work("old", "2026-01-15", 70)},
			},
			told{
				Draws: []string{"old l 60"}, Excess: []string{"old 10"}, Left: []string{"l 0 until 2026-03-31", "later 60 until 2026-04-30"},
				Carried: []bucket.Lot{lot("later", 60, 60, "2026-03-02", "2026-04-30")},
			},
		},
		{
			"an adjustment takes no more than there is",
			bucket.Input{
				CarriedIn:   []bucket.Lot{lot("l", 100, 40, "2026-01-01", ""), lot("m", 100, 40, "2026-01-02", "")},
				Adjustments: []bucket.Adjustment{{Lot: id("l"), Minutes: -50}, {Lot: id("m"), Minutes: -50}, {Lot: id("m"), Day: "2026-03-31", Minutes: 30}, {Lot: id("gone"), Minutes: 5}},
				Demands:     []bucket.Demand{work("w", "2026-03-01", 15)},
			},
			told{
				Draws: []string{"w m 15"}, Left: []string{"l 0", "m 5"},
				Carried: []bucket.Lot{lot("l", 60, 0, "2026-01-01", ""), lot("m", 80, 5, "2026-01-02", "")},
			},
		},
		{
			"a reversal gives back to what was drawn from last, and no more than was drawn",
			bucket.Input{
				CarriedIn: []bucket.Lot{
					lot("a", 60, 0, "2026-01-01", "2026-04-30"), lot("b", 60, 40, "2026-01-01", "2026-05-31"), lot("c", 60, 60, "2026-01-01", "2026-06-30"),
				},
				Demands: []bucket.Demand{work("back", "2026-02-10", -50), work("w", "2026-03-01", 10)},
			},
			told{
				Draws: []string{"back b -20", "back a -30", "w a 10"},
				Left:  []string{"a 20 until 2026-04-30", "b 60 until 2026-05-31", "c 60 until 2026-06-30"},
				Carried: []bucket.Lot{
					lot("a", 60, 20, "2026-01-01", "2026-04-30"), lot("b", 60, 60, "2026-01-01", "2026-05-31"), lot("c", 60, 60, "2026-01-01", "2026-06-30"),
				},
			},
		},
		{
			"a correction of overage changes the overage by the difference",
			bucket.Input{
				Granted: []bucket.Lot{lot("l", 60, 60, "2026-03-01", "2026-03-31")},
				Demands: []bucket.Demand{
					work("again", "2026-02-10", 20), work("back", "2026-02-10", -30), work("more", "2026-02-11", 25), work("w", "2026-03-01", 10),
				},
				Overage: map[string]int{"s": 40},
			},
			told{
				Draws: []string{"more l 15", "w l 10"}, Excess: []string{"back -30", "again 20", "more 10"},
				Left: []string{"l 0 until 2026-03-31"},
			},
		},
		{
			"a correction of hours that have lapsed costs nothing new",
			bucket.Input{
				Granted: []bucket.Lot{lot("l", 60, 60, "2026-03-01", "2026-03-31")},
				Demands: []bucket.Demand{work("again", "2026-02-10", 40), work("back", "2026-02-10", -30), work("w", "2026-03-01", 10)},
			},
			told{
				Draws: []string{"again l 10", "w l 10"}, Lapsed: []string{"back -30", "again 30"}, Left: []string{"l 0 until 2026-03-31"},
			},
		},
		{
			"the oldest hours roll first, up to a number",
			bucket.Input{
				CarriedIn: []bucket.Lot{rolls(lot("a", 40, 25, "2026-02-01", "2026-03-31"), 1)},
				Granted:   []bucket.Lot{lot("b", 60, 60, "2026-03-01", "2026-03-31")},
				Demands:   []bucket.Demand{work("w", "2026-03-05", 5)},
				Rollovers: map[string]bucket.Rollover{"s": {Kind: bucket.RollMinutes, CapMinutes: 50, Periods: 2}},
			},
			told{
				Draws: []string{"w a 5"}, Left: []string{"a 20 until 2026-04-30", "b 30 until 2026-04-30"},
				Carried: []bucket.Lot{
					rolls(lot("a", 40, 20, "2026-02-01", "2026-04-30"), 2), rolls(lot("b", 30, 30, "2026-03-01", "2026-04-30"), 1),
				},
			},
		},
		{
			"up to a share of what the period granted, and no lot more often than the rule says",
			bucket.Input{
				CarriedIn: []bucket.Lot{rolls(lot("a", 40, 40, "2026-02-01", "2026-03-31"), 1), lot("other", 500, 500, "2026-02-01", "2026-09-30")},
				Granted:   []bucket.Lot{lot("b", 59, 59, "2026-03-01", "2026-03-31"), lot("bought", 500, 500, "2026-03-01", "2026-12-31")},
				Rollovers: map[string]bucket.Rollover{"s": {Kind: bucket.RollPercent, CapPercent: 50}},
			},
			told{
				Left: []string{"a 0 until 2026-03-31", "b 29 until 2026-04-30", "other 500 until 2026-09-30", "bought 500 until 2026-12-31"},
				Carried: []bucket.Lot{
					rolls(lot("b", 29, 29, "2026-03-01", "2026-04-30"), 1), lot("other", 500, 500, "2026-02-01", "2026-09-30"),
					lot("bought", 500, 500, "2026-03-01", "2026-12-31"),
				},
			},
		},
		{
			"everything for a number of periods, but what ended before",
			bucket.Input{
				CarriedIn: []bucket.Lot{rolls(lot("a", 40, 40, "2026-02-01", "2026-03-31"), 1), lot("ended", 10, 10, "2026-02-01", "2026-03-30")},
				Granted:   []bucket.Lot{lot("b", 60, 60, "2026-03-01", "2026-03-31")},
				Rollovers: everything,
			},
			told{
				Left:    []string{"ended 0 until 2026-03-30", "a 0 until 2026-03-31", "b 60 until 2026-04-30"},
				Carried: []bucket.Lot{rolls(lot("b", 60, 60, "2026-03-01", "2026-04-30"), 1)},
			},
		},
		{
			"without a rule they end with the period",
			bucket.Input{Granted: []bucket.Lot{lot("b", 60, 60, "2026-03-01", "2026-03-31")}, Rollovers: map[string]bucket.Rollover{"s": {}}},
			told{Left: []string{"b 0 until 2026-03-31"}},
		},
		{
			"lines know nothing of each other",
			bucket.Input{
				CarriedIn: []bucket.Lot{{ID: id("other"), Line: "o", GrantedMinutes: 60, RemainingMinutes: 60, From: "2026-01-01"}},
				Demands:   []bucket.Demand{work("w", "2026-03-05", 5)},
				Rollovers: everything,
			},
			told{
				Excess: []string{"w 5"}, Left: []string{"other 60"},
				Carried: []bucket.Lot{{ID: id("other"), Line: "o", GrantedMinutes: 60, RemainingMinutes: 60, From: "2026-01-01"}},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, tell(bucket.Settle(march(test.in)))); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
	}
}

// The demo's contract: 31.5 h before February and 31.5 h in it, of 100 h.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	in := bucket.Input{
		First: "2026-01-01", Last: "2026-01-31", Granted: []bucket.Lot{lot("hours", 6_000, 6_000, "2026-01-01", "2026-12-31")},
		Demands: []bucket.Demand{work("before", "2026-01-20", 1_890)},
	}
	january := bucket.Settle(in)
	february := bucket.Settle(bucket.Input{
		First: "2026-02-01", Last: "2026-02-28", CarriedIn: january.CarriedOut,
		Demands: []bucket.Demand{work("regular", "2026-02-03", 1_710), work("evening", "2026-02-10", 180)},
	})
	want := []bucket.Statement{{Lot: id("hours"), Line: "s", CarriedInMinutes: 4_110, DrawnMinutes: 1_890, RemainingMinutes: 37 * 60, Until: "2026-12-31"}}
	if diff := cmp.Diff(want, february.Statements); diff != "" {
		t.Errorf("February (-want +got):\n%s", diff)
	}
}

func TestRollovers(t *testing.T) {
	t.Parallel()
	right := []bucket.Rollover{
		{}, {Kind: bucket.RollMinutes, CapMinutes: 1}, {Kind: bucket.RollPercent, CapPercent: 100, Periods: 12}, {Kind: bucket.RollPeriods, Periods: 1},
	}
	wrong := []bucket.Rollover{
		{Periods: 1},
		{Kind: bucket.RollMinutes},
		{Kind: bucket.RollMinutes, CapMinutes: 1, CapPercent: 1},
		{Kind: bucket.RollPercent, CapPercent: 101},
		{Kind: bucket.RollPeriods},
		{Kind: bucket.RollPeriods, Periods: 13},
		{Kind: bucket.RollMinutes, CapMinutes: 1, Periods: -1},
		{Kind: "all"},
	}
	for _, rule := range slices.Concat(right, wrong) {
		if rule.Valid() != slices.Contains(right, rule) {
			t.Errorf("%+v: valid is %v", rule, rule.Valid())
		}
	}
}
