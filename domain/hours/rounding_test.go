package hours_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/hours"
)

func TestBilled(t *testing.T) {
	t.Parallel()
	minute := int64(60)
	for name, c := range map[string]struct {
		rounding hours.Rounding
		seconds  int64
		want     int
	}{
		"A50: 3 h 28 min stay":           {hours.Rounding{}, (3*60 + 28) * minute, 208},
		"A51: 25 min stay":               {hours.Rounding{}, 25 * minute, 25},
		"exact takes a begun minute":     {hours.Rounding{}, 25*minute + 1, 26},
		"exact has no step":              {hours.Rounding{StepMinutes: 15}, 16 * minute, 16},
		"nothing worked":                 {hours.Rounding{Mode: hours.Up, StepMinutes: 15, MinimumMinutes: 30}, 0, 0},
		"less than nothing":              {hours.Rounding{MinimumMinutes: 30}, -1, 0},
		"a second up":                    {hours.Rounding{Mode: hours.Up, StepMinutes: 15}, 1, 15},
		"up, on the step":                {hours.Rounding{Mode: hours.Up, StepMinutes: 15}, 30 * minute, 30},
		"up, a second over":              {hours.Rounding{Mode: hours.Up, StepMinutes: 15}, 30*minute + 1, 45},
		"down, a second short":           {hours.Rounding{Mode: hours.Down, StepMinutes: 15}, 30*minute - 1, 15},
		"down to nothing":                {hours.Rounding{Mode: hours.Down, StepMinutes: 15}, 14 * minute, 0},
		"down to the minimum":            {hours.Rounding{Mode: hours.Down, StepMinutes: 15, MinimumMinutes: 10}, minute, 10},
		"nearest, an exact half":         {hours.Rounding{Mode: hours.Nearest, StepMinutes: 15}, 7*minute + 30, 15},
		"nearest, a second less":         {hours.Rounding{Mode: hours.Nearest, StepMinutes: 15}, 7*minute + 29, 0},
		"nearest minute, an exact half":  {hours.Rounding{Mode: hours.Nearest}, 90, 2},
		"nearest minute, a second less":  {hours.Rounding{Mode: hours.Nearest}, 89, 1},
		"minimum is no step":             {hours.Rounding{Mode: hours.Up, StepMinutes: 15, MinimumMinutes: 20}, 30 * minute, 30},
		"the ticket-day minimum is none": {hours.Rounding{TicketDayMinimumMinutes: 60}, minute, 1},
	} {
		if got := c.rounding.Billed(c.seconds); got != c.want {
			t.Errorf("%s: %d s are %d minutes, want %d", name, c.seconds, got, c.want)
		}
	}
}

func TestRoundingProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rounding hours.Rounding
		says     string
	}{
		"exact":              {hours.Rounding{}, ""},
		"quarters":           {hours.Rounding{Mode: hours.Up, StepMinutes: 15, MinimumMinutes: 30, TicketDayMinimumMinutes: 60}, ""},
		"largest":            {hours.Rounding{Mode: hours.Down, StepMinutes: 480, MinimumMinutes: 1440, TicketDayMinimumMinutes: 1440}, ""},
		"unknown mode":       {hours.Rounding{Mode: "half"}, `"half"`},
		"step without mode":  {hours.Rounding{StepMinutes: 15}, "does not say how"},
		"step below nothing": {hours.Rounding{Mode: hours.Up, StepMinutes: -1}, "step of -1"},
		"step too long":      {hours.Rounding{Mode: hours.Up, StepMinutes: 481}, "step of 481"},
		"minimum":            {hours.Rounding{MinimumMinutes: -1}, "minimum of -1 minutes for a record"},
		"ticket-day minimum": {hours.Rounding{TicketDayMinimumMinutes: 1441}, "minimum of 1441 minutes for a work item"},
	} {
		if got := c.rounding.Problem(); !strings.Contains(got, c.says) || (got == "") != (c.says == "") {
			t.Errorf("%s: got %q, want %q", name, got, c.says)
		}
	}
}

func TestAllocate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		units   int
		weights []int64
		want    []int
	}{
		"nobody":               {5, nil, []int{}},
		"one":                  {5, []int64{7}, []int{5}},
		"even":                 {30, []int64{900, 900}, []int{15, 15}},
		"a tie, the first":     {31, []int64{900, 900}, []int{16, 15}},
		"the larger remainder": {10, []int64{1, 2, 4}, []int{1, 3, 6}},
		"nothing to share":     {0, []int64{1, 2}, []int{0, 0}},
		"no weights":           {5, []int64{0, 0}, []int{5, 0}},
		"weights below zero":   {5, []int64{-3, 0, 1}, []int{0, 0, 5}},
		"units below zero":     {-31, []int64{900, 900}, []int{-16, -15}},
		"the least units":      {math.MinInt, []int64{1}, []int{math.MinInt}},
		"the most of all":      {math.MaxInt, []int64{0, math.MaxInt64}, []int{0, math.MaxInt}},
	} {
		if diff := cmp.Diff(c.want, hours.Allocate(c.units, c.weights)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// Shares sum to the whole, are less than a unit away from their exact size, and grow with their weight.
func TestAllocateConserves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.IntRange(-1_000_000, 1_000_000).Draw(t, "units")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 20).Draw(t, "weights")
		shares := hours.Allocate(units, weights)
		var sum int
		var total int64
		for i, share := range shares {
			sum, total = sum+share, total+weights[i]
		}
		if sum != units {
			t.Fatalf("%d shared over %d are %d", units, weights, shares)
		}
		for i, share := range shares {
			away := int64(share)*total - int64(units)*weights[i]
			if total > 0 && (away >= total || away <= -total) {
				t.Errorf("%d shared over %d are %d: share %d is a unit away", units, weights, shares, i)
			}
		}
	})
}

func TestWithoutBreak(t *testing.T) {
	t.Parallel()
	parts := func(seconds ...int64) []hours.Part {
		all := make([]hours.Part, len(seconds))
		for i, s := range seconds {
			all[i] = hours.Part{Condition: hours.Regular, Seconds: s}
		}
		return all
	}
	for name, c := range map[string]struct {
		parts  []hours.Part
		length int64
		want   []hours.Part
	}{
		"none":           {parts(3600, 1800), 0, parts(3600, 1800)},
		"below none":     {parts(3600, 1800), -60, parts(3600, 1800)},
		"in proportion":  {parts(3600, 1800), 900, parts(3000, 1500)},
		"an odd second":  {parts(3600, 3600), 901, parts(3149, 3150)},
		"all":            {parts(3600, 1800), 5400, parts(0, 0)},
		"more than all":  {parts(3600, 1800), 9000, parts(0, 0)},
		"nothing worked": {parts(), 900, parts()},
	} {
		given := slices.Clone(c.parts)
		if diff := cmp.Diff(c.want, hours.WithoutBreak(c.parts, c.length)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff(given, c.parts); diff != "" {
			t.Errorf("%s changed what it was given\n%s", name, diff)
		}
	}
}

// A50 to A52: minutes are whole, so what is printed as a quantity is what was multiplied.
func TestMinutesTimesPrice(t *testing.T) {
	t.Parallel()
	number := decimal.RequireFromString
	price := func(minutes int, hour string) decimal.Decimal {
		return decimal.NewFromInt(int64(minutes)).Mul(number(hour)).Div(decimal.NewFromInt(60)).Round(2)
	}
	for name, c := range map[string]struct {
		seconds    []int64
		hour, want string
	}{
		"A50: 3 h 28 min × 15.00":           {[]int64{208 * 60}, "15.00", "52.00"},
		"A51: 25 min × 34.34":               {[]int64{25 * 60}, "34.34", "14.31"},
		"A52: 2 × 15 min × 27.50, one line": {[]int64{15 * 60, 15 * 60}, "27.50", "13.75"},
	} {
		minutes := 0
		for _, seconds := range c.seconds {
			minutes += hours.Rounding{}.Billed(seconds)
		}
		if got := price(minutes, c.hour); !got.Equal(number(c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// A57: of hundreds of short records no minute is lost, whichever way they are summed.
func TestShortRecords(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	rounding := hours.Rounding{Mode: hours.Up, StepMinutes: 6}
	var records, parts int
	for range 500 {
		weights := []int64{1 + r.Int64N(400), 1 + r.Int64N(400), 1 + r.Int64N(400)}
		billed := rounding.Billed(weights[0] + weights[1] + weights[2])
		records += billed
		for _, share := range hours.Allocate(billed, weights) {
			parts += share
		}
	}
	if records != parts {
		t.Errorf("records sum to %d minutes, their parts to %d", records, parts)
	}
}
