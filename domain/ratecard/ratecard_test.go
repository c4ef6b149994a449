package ratecard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/spec"
)

var given = spec.Decider(ratecard.Decider).Given

var (
	nexus = domain.ClientID{UUID: uuid.MustParse("c11e0000-0000-4000-8000-000000000001")}
	other = domain.RateCardID{UUID: uuid.MustParse("4a7e0000-0000-4000-8000-000000000001")}
	anna  = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	by    = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Finance}
	at    = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
)

func rows(price string) []rate.Row {
	return []rate.Row{
		{Key: "regular", Condition: hours.Regular, Price: decimal.RequireFromString("120.00"), Unit: rate.PerHour},
		{Key: "after-hours", Condition: hours.AfterHours, Price: decimal.RequireFromString(price), Unit: rate.PerHour},
	}
}

func publish(base int, price string, from calendar.Date) ratecard.Publish {
	return ratecard.Publish{
		Card: ratecard.FirmDefault(), Base: base, Name: "Prices", Layer: rate.FirmDefault, Currency: "AUD", From: from,
		Rows: rows(price), Reason: "Agreed.", By: by, At: at,
	}
}

func published(version int, price string, from calendar.Date) ratecard.Published {
	return ratecard.Published{
		Card: ratecard.FirmDefault(), Version: version, By: anna, At: at,
		Staff: ratecard.PublishedStaff{
			Name: "Prices", Layer: rate.FirmDefault, Currency: "AUD", From: from, Rows: rows(price), Reason: "Agreed.",
		},
	}
}

func costing(hour string, from calendar.Date) ratecard.PublishCosts {
	return ratecard.PublishCosts{From: from, Rows: []ratecard.Cost{{JobType: "api", Hour: decimal.RequireFromString(hour)}}, By: by, At: at}
}

func costed(version int, hour string, from calendar.Date) ratecard.CostsPublished {
	return ratecard.CostsPublished{
		Version: version, By: anna, At: at,
		Staff: ratecard.CostsPublishedStaff{From: from, Rows: []ratecard.Cost{{JobType: "api", Hour: decimal.RequireFromString(hour)}}},
	}
}

var (
	supersede  = ratecard.Supersede{Reason: "Old.", By: by, At: at}
	superseded = ratecard.Superseded{Staff: ratecard.SupersededStaff{Reason: "Old."}, By: anna, At: at}
)

func TestDecide(t *testing.T) {
	t.Parallel()
	otherwise := publish(1, "180", "2026-01-01")
	otherwise.Reason, otherwise.At = "Another reason.", at.Add(time.Hour)
	first := []ratecard.Event{published(1, "180.00", "2026-01-01")}
	for name, test := range map[string]struct {
		given []ratecard.Event
		when  ratecard.Command
		then  []ratecard.Event
	}{
		"publish the first version":       {nil, publish(0, "180.00", "2026-01-01"), first},
		"publish it twice":                {first, publish(0, "180.00", "2026-01-01"), nil},
		"publish the same, other digits":  {first, otherwise, nil},
		"publish another price":           {first, publish(1, "190.00", "2026-01-01"), []ratecard.Event{published(2, "190.00", "2026-01-01")}},
		"publish for later":               {first, publish(1, "180.00", "2026-07-01"), []ratecard.Event{published(2, "180.00", "2026-07-01")}},
		"publish costs":                   {first, costing("64.50", "2026-01-01"), []ratecard.Event{costed(1, "64.50", "2026-01-01")}},
		"publish costs twice":             {append(first, costed(1, "64.50", "2026-01-01")), costing("64.5", "2026-01-01"), nil},
		"publish other costs":             {append(first, costed(1, "64.50", "2026-01-01")), costing("70", "2026-07-01"), []ratecard.Event{costed(2, "70", "2026-07-01")}},
		"publish costs of what was ended": {append(first, superseded), costing("70", "2026-07-01"), []ratecard.Event{costed(1, "70", "2026-07-01")}},
		"supersede":                       {first, supersede, []ratecard.Event{superseded}},
		"supersede twice":                 {append(first, superseded), supersede, nil},
		"publish the same again":          {append(first, superseded), publish(1, "180.00", "2026-01-01"), []ratecard.Event{published(2, "180.00", "2026-01-01")}},
		"supersede what was brought back": {append(first, superseded, published(2, "180.00", "2026-01-01")), supersede, []ratecard.Event{superseded}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

// The firm has one card, every client one, and cards of contracts are none of these.
func TestLayers(t *testing.T) {
	t.Parallel()
	if ratecard.FirmDefault().IsZero() || ratecard.ForClient(nexus) == ratecard.FirmDefault() {
		t.Fatalf("the firm has card %s, Nexus %s", ratecard.FirmDefault(), ratecard.ForClient(nexus))
	}
	for name, test := range map[string]struct {
		card   domain.RateCardID
		layer  rate.Layer
		client domain.ClientID
		wrong  []string
	}{
		"the firm's":               {ratecard.FirmDefault(), rate.FirmDefault, domain.ClientID{}, nil},
		"a client's":               {ratecard.ForClient(nexus), rate.ClientOverride, nexus, nil},
		"a contract's":             {other, rate.ContractVersion, domain.ClientID{}, nil},
		"of no layer":              {other, "", domain.ClientID{}, []string{"layer"}},
		"a second one of the firm": {other, rate.FirmDefault, domain.ClientID{}, []string{"card"}},
		"the firm's, of a client":  {ratecard.FirmDefault(), rate.FirmDefault, nexus, []string{"client"}},
		"the firm's for contracts": {ratecard.FirmDefault(), rate.ContractVersion, domain.ClientID{}, []string{"card"}},
		"a second one of a client": {other, rate.ClientOverride, nexus, []string{"card"}},
		"a client's, of nobody":    {other, rate.ClientOverride, domain.ClientID{}, []string{"card", "client"}},
		"a contract's of a client": {other, rate.ContractVersion, nexus, []string{"client"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := publish(0, "180.00", "2026-01-01")
			command.Card, command.Layer, command.Client = test.card, test.layer, test.client
			decision := given().When(command)
			if test.wrong != nil {
				decision.ThenInvalid(t, test.wrong...)
				return
			}
			want := published(1, "180.00", "2026-01-01")
			want.Card, want.Staff.Layer, want.Staff.Client = test.card, test.layer, test.client
			decision.Then(t, want)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, command := range []ratecard.Command{supersede, costing("1", "2026-01-01"), publish(1, "1", "2026-01-01")} {
		given().When(command).ThenRefused(t, domain.ErrNotFound, "no_such_card")
	}
	given(published(1, "180.00", "2026-01-01")).When(publish(0, "190.00", "2026-01-01")).ThenRefused(t, domain.ErrConflict, "version_changed")
	var full []ratecard.Event
	for version := range ratecard.MaxVersions {
		full = append(full, published(version+1, "180.00", "2026-01-01"))
	}
	given(full...).When(publish(ratecard.MaxVersions, "190.00", "2026-01-01")).ThenRefused(t, domain.ErrConflict, "too_many_versions")
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	given().When(ratecard.Publish{DayMinutes: 1441, Reason: "\x00"}).
		ThenInvalid(t, "card", "layer", "name", "currency", "day_minutes", "from", "rows", "reason", "by", "at")
	known := given(published(1, "180.00", "2026-02-01"), costed(1, "64.50", "2026-02-01"))
	known.When(publish(1, "190.00", "2026-01-31")).ThenInvalid(t, "from")
	moved := publish(1, "190.00", "2026-02-01")
	moved.Currency, moved.Layer, moved.Client, moved.Card = "EUR", rate.ClientOverride, nexus, ratecard.ForClient(nexus)
	known.When(moved).ThenInvalid(t, "currency", "layer", "client")
	many := publish(1, "190.00", "2026-02-01")
	for range ratecard.MaxRows {
		many.Rows = append(many.Rows, many.Rows[0])
	}
	known.When(many).ThenInvalid(t, "rows")
	known.When(ratecard.PublishCosts{From: "2026-02-30"}).ThenInvalid(t, "from", "rows", "by", "at")
	known.When(costing("70", "2026-01-31")).ThenInvalid(t, "from")
	known.When(ratecard.Supersede{Reason: "\x00"}).ThenInvalid(t, "reason", "by", "at")
}

func TestCostsAreChecked(t *testing.T) {
	t.Parallel()
	known := given(published(1, "180.00", "2026-02-01"))
	for name, row := range map[string]ratecard.Cost{
		"a negative cost":        {Hour: decimal.RequireFromString("-0.01")},
		"too many digits":        {Hour: decimal.RequireFromString("1234567890")},
		"too many decimals":      {Hour: decimal.RequireFromString("0.0000001")},
		"a number without end":   {Hour: decimal.New(1, 1_000_000)},
		"a strange job type":     {JobType: "A P I"},
		"a job type too long":    {JobType: strings.Repeat("x", 65)},
		"the job type of before": {JobType: "api"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := costing("64.50", "2026-02-01")
			command.Rows = append(command.Rows, row)
			known.When(command).ThenInvalid(t, "rows")
		})
	}
}

func TestVersionsAreReadableForEver(t *testing.T) {
	t.Parallel()
	state := ratecard.Decider.Fold(
		ratecard.State{},
		published(1, "1", "2026-02-01"), published(2, "2", "2026-03-01"), published(3, "3", "2026-03-01"), superseded,
	)
	for day, want := range map[calendar.Date]int{"2026-01-01": 1, "2026-02-28": 1, "2026-03-01": 3, "2030-01-01": 3} {
		if got, found := state.On(day); got.Number != want || !found {
			t.Errorf("on %s version %d is in force, %t; want %d", day, got.Number, found, want)
		}
	}
	if two, found := state.Numbered(2); two.Terms.Rows[1].Price.String() != "2" || !found || state.Newest() != 3 {
		t.Errorf("version 2 of %d is %+v, %t", state.Newest(), two, found)
	}
	for _, number := range []int{-1, 0, 4} {
		if version, found := state.Numbered(number); found {
			t.Errorf("version %d is %+v", number, version)
		}
	}
	if version, found := (ratecard.State{}).On("2026-01-01"); found {
		t.Errorf("of nothing, %+v is in force", version)
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "ratecard", ratecard.All())
	spec.NothingOfStaff(t)
}

// Whatever happens, nothing of it reaches a client (F3).
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, ratecard.Decider, rapid.SliceOfN(anyCommand(), 0, 20).Draw(t, "commands"))
		spec.DisclosureInvariants(t, ratecard.Disclose, history)
		spec.Discloser(ratecard.Disclose).Given(history...).Then(t)
	})
}

func anyCommand() *rapid.Generator[ratecard.Command] {
	return rapid.Custom(func(t *rapid.T) ratecard.Command {
		from := rapid.SampledFrom([]calendar.Date{"2026-01-01", "2026-02-01", "2026-02-30"}).Draw(t, "from")
		price := rapid.SampledFrom([]string{"180", "180.00", "190"}).Draw(t, "price")
		switch rapid.IntRange(0, 4).Draw(t, "command") {
		case 0:
			return supersede
		case 1:
			return costing(price, from)
		default:
			return publish(rapid.IntRange(0, 5).Draw(t, "base"), price, from)
		}
	})
}
