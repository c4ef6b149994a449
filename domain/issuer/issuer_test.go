package issuer_test

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
	"effigate/domain/issuer"
	"effigate/domain/spec"
)

var given = spec.Decider(issuer.Decider).Given

var (
	anna = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	by   = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Finance}
	at   = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
)

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func gst(percent string, from calendar.Date) bill.TaxRate {
	return bill.TaxRate{Kind: bill.StandardRate, Percent: number(percent), Name: "GST " + percent + " %", From: from}
}

func content() issuer.Content {
	return issuer.Content{
		Party: bill.Party{Name: "Harbour Works Pty Ltd", Country: "AU"}, Zone: "Australia/Sydney",
		InvoicePrefix: "INV", CreditPrefix: "CN", Rates: []bill.TaxRate{gst("10", "")},
		First:   []issuer.First{{Kind: bill.Invoice, Year: 2026, Number: 38}},
		RoundTo: []issuer.RoundTo{{Currency: "CHF", Unit: number("0.05")}},
		Reminders: []issuer.Reminder{
			{Days: 7, Text: "This invoice is a week late."}, {Days: 21, Text: "This invoice is three weeks late."},
		},
	}
}

func describe(c issuer.Content) issuer.Describe {
	return issuer.Describe{Issuer: issuer.Main, Content: c, By: by, At: at}
}

func described(c issuer.Content) issuer.Described {
	return issuer.Described{Issuer: issuer.Main, Staff: c, By: anna, At: at}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	written, renamed := content(), content()
	written.Rates[0].Percent, written.RoundTo[0].Unit, written.Wording = number("10.00"), number("0.050"), []string{}
	renamed.Party.Name = "Harbour Works Ltd"
	for name, test := range map[string]struct {
		given []issuer.Event
		when  issuer.Content
		then  []issuer.Event
	}{
		"the first time":              {nil, content(), []issuer.Event{described(content())}},
		"the same":                    {[]issuer.Event{described(content())}, content(), nil},
		"the same, written otherwise": {[]issuer.Event{described(content())}, written, nil},
		"another name":                {[]issuer.Event{described(content())}, renamed, []issuer.Event{described(renamed)}},
		"the first name again":        {[]issuer.Event{described(content()), described(renamed)}, content(), []issuer.Event{described(content())}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(describe(test.when)).Then(t, test.then...)
		})
	}
	state := issuer.Decider.Fold(issuer.State{}, described(content()), described(renamed))
	if diff := cmp.Diff(renamed, state.Content()); diff != "" || !state.Exists() || (issuer.State{}).Exists() {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

// Each part of a content that changes makes an event of its own.
func TestEveryPartCounts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *issuer.Content){
		"party":            func(c *issuer.Content) { c.Party.Address = []string{"12 Wharf Road"} },
		"account":          func(c *issuer.Content) { c.Account.Number = "062-000 1234" },
		"zone":             func(c *issuer.Content) { c.Zone = "Australia/Perth" },
		"invoice prefix":   func(c *issuer.Content) { c.InvoicePrefix = "HW-INV" },
		"credit prefix":    func(c *issuer.Content) { c.CreditPrefix = "HW-CN" },
		"first":            func(c *issuer.Content) { c.First[0].Number++ },
		"two people":       func(c *issuer.Content) { c.TwoPeople = true },
		"rates":            func(c *issuer.Content) { c.Rates = append(c.Rates, gst("12", "2026-07-01")) },
		"default category": func(c *issuer.Content) { c.Rates[0].Category, c.DefaultCategory = "gst", "gst" },
		"unit":             func(c *issuer.Content) { c.RoundTo[0].Unit = number("0.1") },
		"wording":          func(c *issuer.Content) { c.Wording = []string{"Thank you."} },
		"reminders":        func(c *issuer.Content) { c.Reminders[1].Days = 14 },
		"business days":    func(c *issuer.Content) { c.BusinessDays = true },
		"answer days":      func(c *issuer.Content) { c.AnswerDays = 60 },
		"reporting":        func(c *issuer.Content) { c.ReportingCurrency = "AUD" },
	} {
		changed := content()
		change(&changed)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(described(content())).When(describe(changed)).Then(t, described(changed))
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(c *issuer.Content)
		fields []string
	}{
		"nobody":                    {func(c *issuer.Content) { c.Party = bill.Party{} }, []string{"party.name", "party.country"}},
		"an account of two lines":   {func(c *issuer.Content) { c.Account.BIC = "A\nB" }, []string{"account.bic"}},
		"no zone":                   {func(c *issuer.Content) { c.Zone = "Local" }, []string{"zone"}},
		"days below none":           {func(c *issuer.Content) { c.AnswerDays = -1 }, []string{"answer_days"}},
		"an answer in a season":     {func(c *issuer.Content) { c.AnswerDays = issuer.MaxAnswerDays + 1 }, []string{"answer_days"}},
		"no prefix":                 {func(c *issuer.Content) { c.InvoicePrefix = "" }, []string{"invoice_prefix"}},
		"a prefix with a dash":      {func(c *issuer.Content) { c.CreditPrefix = "CN-" }, []string{"credit_prefix"}},
		"one prefix for both":       {func(c *issuer.Content) { c.CreditPrefix = "INV" }, []string{"credit_prefix"}},
		"no rates":                  {func(c *issuer.Content) { c.Rates = nil }, []string{"rates", "default_category"}},
		"two rates of a day":        {func(c *issuer.Content) { c.Rates = append(c.Rates, gst("12", "")) }, []string{"rates"}},
		"no such category":          {func(c *issuer.Content) { c.DefaultCategory = "books" }, []string{"default_category"}},
		"two firsts of a year":      {func(c *issuer.Content) { c.First = append(c.First, c.First[0]) }, []string{"first"}},
		"a first of no kind":        {func(c *issuer.Content) { c.First[0].Kind = "receipt" }, []string{"first"}},
		"a first of no year":        {func(c *issuer.Content) { c.First[0].Year = 26 }, []string{"first"}},
		"a first below one":         {func(c *issuer.Content) { c.First[0].Number = 0 }, []string{"first"}},
		"too many firsts":           {func(c *issuer.Content) { c.First = make([]issuer.First, issuer.MaxFirst+1) }, []string{"first"}},
		"a unit of no currency":     {func(c *issuer.Content) { c.RoundTo[0].Currency = "XXX" }, []string{"round_to"}},
		"a unit of nothing":         {func(c *issuer.Content) { c.RoundTo[0].Unit = decimal.Zero }, []string{"round_to"}},
		"half a cent":               {func(c *issuer.Content) { c.RoundTo[0].Unit = number("0.005") }, []string{"round_to"}},
		"two units of a currency":   {func(c *issuer.Content) { c.RoundTo = append(c.RoundTo, c.RoundTo[0]) }, []string{"round_to"}},
		"wording of two lines":      {func(c *issuer.Content) { c.Wording = []string{"a\nb"} }, []string{"wording"}},
		"reminders that go back":    {func(c *issuer.Content) { c.Reminders[1].Days = 7 }, []string{"reminders"}},
		"a reminder when it is due": {func(c *issuer.Content) { c.Reminders[0].Days = 0 }, []string{"reminders"}},
		"a reminder without words":  {func(c *issuer.Content) { c.Reminders[0].Text = "" }, []string{"reminders"}},
		"reports in no currency":    {func(c *issuer.Content) { c.ReportingCurrency = "XXX" }, []string{"reporting_currency"}},
		"too many reminders":        {func(c *issuer.Content) { c.Reminders = make([]issuer.Reminder, bill.MaxReminders+1) }, []string{"reminders"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := content()
			test.change(&wrong)
			given().When(describe(wrong)).ThenInvalid(t, test.fields...)
		})
	}
	other := describe(content())
	other.Issuer = "abroad"
	given(described(content())).When(other).ThenRefused(t, domain.ErrConflict, "other_issuer")
	other.Issuer = strings.Repeat("a", 33)
	given().When(other).ThenInvalid(t, "issuer")
	byClient := describe(content())
	byClient.By = domain.Actor{Person: anna, Side: domain.ClientSide, Role: domain.ClientAdmin}
	given().When(byClient).ThenInvalid(t, "by")
}

// The rate of a category is the newest that holds on the day.
func TestRatesOn(t *testing.T) {
	t.Parallel()
	free := bill.TaxRate{Category: "free", Kind: bill.ZeroRate, Name: "Zero", From: "2026-07-01"}
	c := issuer.Content{Rates: []bill.TaxRate{gst("12", "2026-07-01"), gst("10", ""), free, gst("11", "2025-07-01")}}
	for day, want := range map[calendar.Date][]bill.TaxRate{
		"2025-06-30": {gst("10", "")},
		"2025-07-01": {gst("11", "2025-07-01")},
		"2026-06-30": {gst("11", "2025-07-01")},
		"2026-07-01": {gst("12", "2026-07-01"), free},
	} {
		if diff := cmp.Diff(want, c.RatesOn(day)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", day, diff)
		}
	}
}

func TestIDsDeriveFromKeys(t *testing.T) {
	t.Parallel()
	if issuer.ID(issuer.Main) != issuer.ID("main") || issuer.ID("main") == issuer.ID("abroad") || issuer.Stream("main") != "issuer-main" {
		t.Errorf("main has id %s and stream %s", issuer.ID("main"), issuer.Stream("main"))
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "issuer", issuer.All())
	spec.NothingOfStaff(t)
	spec.Discloser(issuer.Disclose).Given(described(content())).Then(t)
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		commands := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) issuer.Command {
			c := content()
			c.Party.Name = rapid.SampledFrom([]string{"Harbour Works", "Quay Works", ""}).Draw(t, "name")
			c.TwoPeople = rapid.Bool().Draw(t, "two people")
			return describe(c)
		}), 0, 20).Draw(t, "commands")
		spec.DisclosureInvariants(t, issuer.Disclose, spec.Replays(t, issuer.Decider, commands))
	})
}
