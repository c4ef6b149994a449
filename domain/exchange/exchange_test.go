package exchange_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/exchange"
	"effigate/domain/spec"
)

var given = spec.Decider(exchange.Decider).Given

var (
	fay = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000007")}
	by  = domain.Actor{Person: fay, Side: domain.StaffSide, Role: domain.Finance}
	at  = time.Date(2026, time.March, 31, 9, 30, 0, 0, time.UTC)
)

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func record(day calendar.Date, rate string) exchange.Record {
	return exchange.Record{From: "USD", To: "AUD", Day: day, Rate: number(rate), Source: "RBA", By: by, At: at}
}

func recorded(day calendar.Date, rate string) exchange.Recorded {
	return exchange.Recorded{
		From: "USD", To: "AUD", Day: day, Staff: exchange.RecordedStaff{Rate: number(rate), Source: "RBA"}, By: fay, At: at,
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	monday, tuesday := recorded("2026-03-30", "1.52"), recorded("2026-03-31", "1.53")
	elsewhere := record("2026-03-31", "1.53")
	elsewhere.Source = "ECB"
	from := recorded("2026-03-31", "1.53")
	from.Staff.Source = "ECB"
	for name, test := range map[string]struct {
		given []exchange.Event
		when  exchange.Record
		then  []exchange.Event
	}{
		"the first":                  {nil, record("2026-03-30", "1.52"), []exchange.Event{monday}},
		"of another day":             {[]exchange.Event{monday}, record("2026-03-31", "1.53"), []exchange.Event{tuesday}},
		"of an earlier day":          {[]exchange.Event{tuesday}, record("2026-03-30", "1.52"), []exchange.Event{monday}},
		"the same":                   {[]exchange.Event{monday, tuesday}, record("2026-03-30", "1.52"), nil},
		"the same, written longer":   {[]exchange.Event{monday}, record("2026-03-30", "1.5200"), nil},
		"a correction":               {[]exchange.Event{monday}, record("2026-03-30", "1.25"), []exchange.Event{recorded("2026-03-30", "1.25")}},
		"a correction taken back":    {[]exchange.Event{monday, recorded("2026-03-30", "1.25")}, record("2026-03-30", "1.52"), []exchange.Event{monday}},
		"from another source":        {[]exchange.Event{tuesday}, elsewhere, []exchange.Event{from}},
		"where the day begins first": {nil, record("2026-03-31", "1.53"), []exchange.Event{tuesday}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(c *exchange.Record)
		fields []string
	}{
		"of nothing":              {func(c *exchange.Record) { *c = exchange.Record{} }, []string{"by", "at", "from", "to", "day", "rate", "source"}},
		"of no currency":          {func(c *exchange.Record) { c.From = "XXX" }, []string{"from"}},
		"in no currency":          {func(c *exchange.Record) { c.To = "aud" }, []string{"to"}},
		"of a currency in itself": {func(c *exchange.Record) { c.From = "AUD" }, []string{"to"}},
		"of no day":               {func(c *exchange.Record) { c.Day = "2026-02-30" }, []string{"day"}},
		"of a day to come":        {func(c *exchange.Record) { c.Day = "2026-04-01" }, []string{"day"}},
		"of nought":               {func(c *exchange.Record) { c.Rate = decimal.Zero }, []string{"rate"}},
		"below nought":            {func(c *exchange.Record) { c.Rate = number("-1.5") }, []string{"rate"}},
		"too fine":                {func(c *exchange.Record) { c.Rate = number("0.0000000000001") }, []string{"rate"}},
		"too large":               {func(c *exchange.Record) { c.Rate = number("1000000000.1") }, []string{"rate"}},
		"far too large":           {func(c *exchange.Record) { c.Rate = decimal.New(1, 1_000_000) }, []string{"rate"}},
		"from nowhere":            {func(c *exchange.Record) { c.Source = "" }, []string{"source"}},
		"from a long source":      {func(c *exchange.Record) { c.Source = strings.Repeat("a", 201) }, []string{"source"}},
		"by a client": {func(c *exchange.Record) {
			c.By = domain.Actor{Person: fay, Side: domain.ClientSide, Role: domain.ClientAdmin}
		}, []string{"by"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := record("2026-03-30", "1.52")
			test.change(&wrong)
			given().When(wrong).ThenInvalid(t, test.fields...)
		})
	}
	other := record("2026-03-30", "1.52")
	other.From = "EUR"
	given(recorded("2026-03-30", "1.52")).When(other).ThenRefused(t, domain.ErrConflict, "other_pair")
}

// A document takes the newest rate of its day or of the 31 days before, as it was recorded last.
func TestOn(t *testing.T) {
	t.Parallel()
	state := exchange.Decider.Fold(exchange.State{},
		recorded("2026-01-15", "1.50"), recorded("2026-03-31", "1.60"), recorded("2026-01-10", "1.40"), recorded("2026-01-15", "1.55"))
	for day, want := range map[calendar.Date]string{
		"2026-01-09": "", "2026-01-10": "1.4", "2026-01-14": "1.4", "2026-01-15": "1.55", "2026-02-15": "1.55", "2026-02-16": "",
		"2026-03-30": "", "2026-03-31": "1.6", "": "", "2026-02-30": "",
	} {
		rate, ok := state.On(day)
		got := ""
		if ok {
			got = rate.Rate.String()
		}
		if got != want || ok && (!rate.ServesOn(day, "USD") || rate.ServesOn(day, "AUD")) {
			t.Errorf("on %s: got %+v, want %q", day, rate, want)
		}
	}
	if rate, ok := (exchange.State{}).On("2026-01-15"); ok {
		t.Errorf("nobody recorded %+v", rate)
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "exchange", exchange.All())
	spec.NothingOfStaff(t)
	spec.Discloser(exchange.Disclose).Given(recorded("2026-03-30", "1.52")).Then(t)
	if got := exchange.Stream("USD", "AUD"); got != "exchange-USD-AUD" {
		t.Errorf("the stream is %s", got)
	}
}

// What a document takes is what is newest among all that was recorded, and the last word on its day.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.SampledFrom([]calendar.Date{"2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02", "2026-03-31", "2027-01-01"})
		commands := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) exchange.Command {
			return record(days.Draw(t, "day"), rapid.SampledFrom([]string{"1.5", "1.6", "0"}).Draw(t, "rate"))
		}), 0, 20).Draw(t, "commands")
		history := spec.Replays(t, exchange.Decider, commands)
		spec.DisclosureInvariants(t, exchange.Disclose, history)
		on, want := days.Draw(t, "on"), bill.Exchange{}
		for _, e := range history {
			r := e.(exchange.Recorded)
			if r.Day <= on && r.Day.Until(on) <= bill.MaxExchangeDays && r.Day >= want.Day {
				want = bill.Exchange{Currency: r.To, Rate: r.Staff.Rate, Day: r.Day, Source: r.Staff.Source}
			}
		}
		got, _ := exchange.Decider.Fold(exchange.State{}, history...).On(on)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("on %s (-want +got):\n%s", on, diff)
		}
	})
}
