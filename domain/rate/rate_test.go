package rate_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/rate"
)

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// row names what "/"-separated words say: job type, support level, condition.
func row(key, names, price string) rate.Row {
	parts := strings.Split(names, "/")
	return rate.Row{
		Key: key, JobType: parts[0], SupportLevel: parts[1], Condition: hours.Condition(parts[2]), Price: number(price), Unit: rate.PerHour,
	}
}

func between(r rate.Row, from, until calendar.Date) rate.Row {
	r.ValidFrom, r.ValidUntil = from, until
	return r
}

func card(layer rate.Layer, rows ...rate.Row) rate.Card {
	return rate.Card{Layer: layer, Name: "Prices", Version: 2, Currency: "AUD", Rows: rows}
}

var night = rate.Question{JobType: "api", SupportLevel: "24x7", Condition: hours.AfterHours, Day: "2026-03-10", Currency: "AUD"}

func TestResolve(t *testing.T) {
	t.Parallel()
	euros := card(rate.ClientOverride, row("euros", "//", "1"))
	euros.Currency = "EUR"
	fixed, bounded := row("visit", "//", "90"), row("bounded", "//", "150.125")
	fixed.Unit = rate.Fixed
	bounded.MinimumMinutes, bounded.MaximumMinutes = 30, 480
	nothing := "No card has a price for job type api, support level 24x7, condition after hours on 2026-03-10."
	for _, test := range []struct {
		name  string
		cards []rate.Card
		won   string // empty = none
		why   []string
	}{
		{
			"the client's card before the contract's before the firm's",
			[]rate.Card{
				card(rate.FirmDefault, row("firm", "api/24x7/after_hours", "100")), card(rate.ContractVersion, row("contract", "api//", "110")),
				card(rate.ClientOverride, row("client", "//", "120")),
			},
			"client",
			[]string{
				`The client's card "Prices" (version 2): row "client" applies, 120.00 AUD per hour, for any work.`,
				"No other row of the card fits.",
			},
		},
		{
			"a card without a row for it, or in another currency, is passed over",
			[]rate.Card{euros, card(rate.ContractVersion, row("web", "web//", "110"), row("day", "api//regular", "110")), card(rate.FirmDefault, bounded)},
			"bounded",
			[]string{
				`The client's card "Prices" (version 2) is passed over, since its prices are in EUR, not AUD.`,
				`The contract's card "Prices" (version 2) has no row for job type api, support level 24x7, condition after hours on 2026-03-10.`,
				`The firm's card "Prices" (version 2): row "bounded" applies, 150.125 AUD per hour, at least 30 min, at most 480 min, for any work.`,
				"No other row of the card fits.",
			},
		},
		{
			"the job type weighs more than level and condition together",
			[]rate.Card{card(rate.FirmDefault, row("both", "/24x7/after_hours", "1"), row("job", "api//", "2"))},
			"job",
			[]string{
				`The firm's card "Prices" (version 2): row "job" applies, 2.00 AUD per hour, for job type api.`,
				`Of 2 rows that fit, it goes before "both" because it names the job type.`,
			},
		},
		{
			"the support level weighs more than the condition",
			[]rate.Card{card(rate.FirmDefault, row("night", "api//after_hours", "1"), row("level", "api/24x7/", "2"), row("any", "//", "3"))},
			"level",
			[]string{
				`The firm's card "Prices" (version 2): row "level" applies, 2.00 AUD per hour, for job type api, support level 24x7.`,
				`Of 3 rows that fit, it goes before "night" because it names the support level.`,
			},
		},
		{
			"the condition weighs more than nothing",
			[]rate.Card{card(rate.FirmDefault, row("any", "//", "1"), row("night", "//after_hours", "2"))},
			"night",
			[]string{
				`The firm's card "Prices" (version 2): row "night" applies, 2.00 AUD per hour, for condition after hours.`,
				`Of 2 rows that fit, it goes before "any" because it names the condition.`,
			},
		},
		{
			"of rows that name the same, the later valid one, then the first by key",
			[]rate.Card{card(rate.FirmDefault, between(row("a", "//", "1"), "2026-01-01", ""), between(row("c", "//", "2"), "2026-03-10", ""), between(row("b", "//", "3"), "2026-03-10", "2026-03-10"))},
			"b",
			[]string{
				`The firm's card "Prices" (version 2): row "b" applies, 3.00 AUD per hour, for any work.`,
				`Of 3 rows that fit, it goes before "c" because it comes first by its key.`,
			},
		},
		{
			"a later row before an earlier one",
			[]rate.Card{card(rate.FirmDefault, between(row("a", "//", "1"), "2026-01-01", ""), between(fixed, "2026-03-10", ""))},
			"visit",
			[]string{
				`The firm's card "Prices" (version 2): row "visit" applies, 90.00 AUD whatever the time, for any work.`,
				`Of 2 rows that fit, it goes before "a" because it is valid from a later day.`,
			},
		},
		{
			"a row is not valid a day too early or too late",
			[]rate.Card{
				card(rate.ClientOverride, between(row("early", "//", "1"), "2026-03-11", "")),
				card(rate.ContractVersion, between(row("late", "//", "1"), "", "2026-03-09")),
				card(rate.FirmDefault, between(row("past", "//", "1"), "2026-01-01", "2026-01-31")),
			},
			"",
			[]string{
				`The client's card "Prices" (version 2) has no row for job type api, support level 24x7, condition after hours on 2026-03-10: "early" is valid from 2026-03-11.`,
				`The contract's card "Prices" (version 2) has no row for job type api, support level 24x7, condition after hours on 2026-03-10: "late" is valid until 2026-03-09.`,
				`The firm's card "Prices" (version 2) has no row for job type api, support level 24x7, condition after hours on 2026-03-10: "past" is valid from 2026-01-01 until 2026-01-31.`,
				nothing,
			},
		},
		{"no cards at all", nil, "", []string{nothing}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := rate.Resolve(test.cards, night)
			if got.Row.Key != test.won || got.Found != (test.won != "") {
				t.Errorf("row %q won, found is %v, want %q", got.Row.Key, got.Found, test.won)
			}
			if diff := cmp.Diff(test.why, got.Why); diff != "" {
				t.Errorf("why (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswerNamesItsCard(t *testing.T) {
	t.Parallel()
	long := card(rate.FirmDefault, row("r", "//", "1"))
	long.DayMinutes = 456
	got := rate.Resolve([]rate.Card{long}, night)
	if got.Layer != rate.FirmDefault || got.Card != "Prices" || got.Version != 2 || got.DayMinutes != 456 {
		t.Errorf("the answer is of %+v", got)
	}
	long.DayMinutes = 0
	if got = rate.Resolve([]rate.Card{long}, night); got.DayMinutes != rate.DefaultDayMinutes {
		t.Errorf("a day has %d minutes", got.DayMinutes)
	}
}

// Nothing that fits better is passed by: no valid row of the winning card names all that the winner names and more,
// and no card before it has a valid row. The order of cards and rows does not matter.
func TestTheWinnerWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cards := anyCards(t)
		got := rate.Resolve(cards, night)
		for i := range cards {
			cards[i].Rows = rapid.Permutation(cards[i].Rows).Draw(t, "rows")
		}
		if diff := cmp.Diff(got, rate.Resolve(rapid.Permutation(cards).Draw(t, "cards"), night)); diff != "" {
			t.Fatalf("in another order (-first +second):\n%s", diff)
		}
		if len(got.Why) == 0 {
			t.Fatal("it does not say why")
		}
		for _, c := range cards {
			for _, r := range c.Rows {
				if !answers(c, r) {
					continue
				}
				if !got.Found {
					t.Fatalf("nothing was found, yet %q fits", r.Key)
				}
				earlier := layer(c) < layer(rate.Card{Layer: got.Layer})
				if earlier || c.Layer == got.Layer && named(r) > named(got.Row) {
					t.Fatalf("%q of the %s won over %q of the %s", got.Row.Key, got.Layer, r.Key, c.Layer)
				}
			}
		}
	})
}

func answers(c rate.Card, r rate.Row) bool {
	return c.Currency == "AUD" && r.JobType != "web" && r.SupportLevel != "standard" && r.Condition != hours.Regular &&
		r.ValidFrom <= night.Day && (r.ValidUntil == "" || r.ValidUntil >= night.Day)
}

func layer(c rate.Card) int {
	return map[rate.Layer]int{rate.ClientOverride: 0, rate.ContractVersion: 1, rate.FirmDefault: 2}[c.Layer]
}

// named is greater the better a row fits, as a text.
func named(r rate.Row) string {
	return strconv.Itoa(min(len(r.JobType), 1)) + strconv.Itoa(min(len(r.SupportLevel), 1)) + strconv.Itoa(min(len(r.Condition), 1)) + string(r.ValidFrom)
}

func anyCards(t *rapid.T) []rate.Card {
	rows := rapid.Custom(func(t *rapid.T) rate.Row {
		return rate.Row{
			JobType:      rapid.SampledFrom([]string{"", "api", "web"}).Draw(t, "job type"),
			SupportLevel: rapid.SampledFrom([]string{"", "24x7", "standard"}).Draw(t, "level"),
			Condition:    rapid.SampledFrom([]hours.Condition{"", hours.AfterHours, hours.Regular}).Draw(t, "condition"),
			ValidFrom:    rapid.SampledFrom([]calendar.Date{"", "2026-03-10", "2026-03-11"}).Draw(t, "from"),
			ValidUntil:   rapid.SampledFrom([]calendar.Date{"", "2026-03-10", "2026-03-09"}).Draw(t, "until"),
		}
	})
	cards := []rate.Card{card(rate.FirmDefault), card(rate.ContractVersion), card(rate.ClientOverride)}
	for i := range cards {
		cards[i].Currency = rapid.SampledFrom([]money.Currency{"AUD", "AUD", "EUR"}).Draw(t, "currency")
		cards[i].Rows = rapid.SliceOfN(rows, 0, 8).Draw(t, "rows")
		for j := range cards[i].Rows {
			cards[i].Rows[j].Key = "row-" + strconv.Itoa(j)
		}
	}
	return cards
}

func TestCheck(t *testing.T) {
	t.Parallel()
	right := func() rate.Row {
		r := between(row("api-night", "api/24x7/after_hours", "180.123456"), "2026-01-01", "2026-06-30")
		r.MinimumMinutes, r.MaximumMinutes, r.TaxCategory = 30, 480, "S"
		return r
	}
	for _, test := range []struct {
		name, says string
		change     func(r *rate.Row)
		more       []rate.Row
	}{
		{name: "right"},
		{name: "right with a row behind, one before and one for other work", more: []rate.Row{
			between(row("next", "api/24x7/after_hours", "1"), "2026-07-01", ""), between(row("before", "api/24x7/after_hours", "1"), "", "2025-12-31"),
			row("other", "api//after_hours", "0"),
		}},
		{name: "no key", says: "letters", change: func(r *rate.Row) { r.Key = "" }},
		{name: "a job type of two words", says: "by their keys", change: func(r *rate.Row) { r.JobType = "web site" }},
		{name: "an unknown condition", says: "emergency", change: func(r *rate.Row) { r.Condition = "night" }},
		{name: "a negative price", says: "0 or more", change: func(r *rate.Row) { r.Price = number("-1") }},
		{name: "a price too fine", says: "6 decimals", change: func(r *rate.Row) { r.Price = number("0.0000001") }},
		{name: "a price that would fill the memory", says: "6 decimals", change: func(r *rate.Row) { r.Price = decimal.New(1, 1_000_000_000) }},
		{name: "per week", says: "hour, day", change: func(r *rate.Row) { r.Unit = "week" }},
		{name: "negative bounds", says: "0 to 1440", change: func(r *rate.Row) { r.MinimumMinutes = -1 }},
		{name: "bounds that cross", says: "stop below", change: func(r *rate.Row) { r.MaximumMinutes = 29 }},
		{name: "bounds of a fixed price", says: "no bounds", change: func(r *rate.Row) { r.Unit = rate.Fixed }},
		{name: "an end before the start", says: "not before it", change: func(r *rate.Row) { r.ValidUntil = "2025-12-31" }},
		{name: "a start that is no day", says: "2026-03-31", change: func(r *rate.Row) { r.ValidFrom = "2026-02-30" }},
		{name: "the key twice", says: "of its own", more: []rate.Row{row("api-night", "//", "1")}},
		{name: "the same work on the same day", says: `"api-night" and "again"`, more: []rate.Row{between(row("again", "api/24x7/after_hours", "1"), "2026-06-30", "")}},
		{name: "the same work without end", says: `"always" and "api-night"`, more: []rate.Row{row("always", "api/24x7/after_hours", "1")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changed := right()
			if test.change != nil {
				test.change(&changed)
			}
			wrong := rate.Check(append([]rate.Row{changed}, test.more...))
			if test.says == "" {
				if len(wrong) != 0 {
					t.Errorf("it is refused: %v", wrong)
				}
				return
			}
			if diff := cmp.Diff([]string{"rows"}, slices.Collect(maps.Keys(wrong))); diff != "" || !strings.Contains(wrong["rows"], test.says) {
				t.Errorf("%v does not say %q", wrong, test.says)
			}
		})
	}
}

// What Check lets pass, Resolve never has to choose between by the key.
func TestCheckedRowsAreClear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cards := anyCards(t)
		for i := range cards {
			for j := range cards[i].Rows {
				cards[i].Rows[j].Unit = rate.PerHour
			}
			if rate.Check(cards[i].Rows) != nil {
				cards[i].Rows = nil
			}
		}
		for _, sentence := range rate.Resolve(cards, night).Why {
			if strings.Contains(sentence, "by its key") {
				t.Fatal(sentence)
			}
		}
	})
}
