package console_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/terms"
	"effigate/infra/web/console"
)

// asJSON gives terms as they are stored: equal terms are equal texts.
func asJSON(t interface{ Fatal(...any) }, said terms.Terms) string {
	text, err := json.MarshalIndent(said, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	word   = rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,8}`)
	phrase = rapid.StringMatching(`[A-Z][A-Za-zäöü"&<>' ]{0,12}[a-z]`)
	count  = rapid.IntRange(0, 500)
	date   = rapid.SampledFrom([]calendar.Date{"", "2026-01-01", "2027-12-31"})
	sum    = rapid.Custom(func(t *rapid.T) decimal.Decimal {
		if rapid.Bool().Draw(t, "none") {
			return decimal.Decimal{}
		}
		return decimal.New(int64(rapid.IntRange(1, 10_000_000).Draw(t, "cents")), -2)
	})
	condition = rapid.SampledFrom([]hours.Condition{hours.Regular, hours.AfterHours, hours.Weekend, hours.Holiday})
	reference = rapid.Custom(func(t *rapid.T) terms.Ref {
		if rapid.Bool().Draw(t, "none") {
			return terms.Ref{}
		}
		return terms.Ref{ID: domain.Derive(uuid.NameSpaceURL, "ref"), Version: rapid.IntRange(0, 4).Draw(t, "version")}
	})
	rollover = rapid.Custom(func(t *rapid.T) bucket.Rollover {
		rule := bucket.Rollover{Kind: rapid.SampledFrom([]bucket.RolloverKind{"", bucket.RollMinutes, bucket.RollPercent, bucket.RollPeriods}).Draw(t, "kind")}
		switch rule.Kind {
		case bucket.RollNothing:
			return rule
		case bucket.RollMinutes:
			rule.CapMinutes = count.Draw(t, "minutes")
		case bucket.RollPercent:
			rule.CapPercent = rapid.IntRange(1, 100).Draw(t, "percent")
		case bucket.RollPeriods:
		}
		rule.Periods = rapid.IntRange(0, 12).Draw(t, "periods")
		return rule
	})
	window = rapid.Custom(func(t *rapid.T) hours.Window {
		w := hours.Window{Condition: condition.Draw(t, "condition"), From: "18:00", Until: "24:00", Priority: rapid.IntRange(0, 3).Draw(t, "priority"), ValidFrom: date.Draw(t, "from"), ValidUntil: date.Draw(t, "until")}
		switch rapid.IntRange(0, 2).Draw(t, "days") {
		case 1:
			w.Holidays = true
		case 2:
			w.Weekdays = []calendar.Weekday{"mon", "fri"}
		}
		return w
	})
	penalty = rapid.Custom(func(t *rapid.T) terms.Penalty {
		p := terms.Penalty{
			Key: word.Draw(t, "key"), Name: phrase.Draw(t, "name"), Trigger: terms.Response, CapPerTicket: sum.Draw(t, "most"), CapPeriodPercent: sum.Draw(t, "percent"),
			Kind: rapid.SampledFrom([]terms.PenaltyKind{terms.FixedPerBreach, terms.PercentOfTicket, terms.PercentOfFee, terms.TieredByOverrun}).Draw(t, "kind"),
		}
		switch amount := decimal.New(int64(rapid.IntRange(1, 9999).Draw(t, "amount")), -2); p.Kind {
		case terms.FixedPerBreach:
			p.Amount = amount
		case terms.PercentOfTicket, terms.PercentOfFee:
			p.Percent = amount
		case terms.TieredByOverrun:
			p.Tiers = []terms.Tier{{AboveMinutes: 60, Amount: amount}, {AboveMinutes: 120, Amount: amount}}
		}
		if rapid.Bool().Draw(t, "excludes") {
			p.Excludes = []string{"client_wait", "maintenance"}
		}
		return p
	})
)

// anyLine draws a line with its charge, whatever the type has a use for.
func anyLine(t *rapid.T, key string) (terms.Line, terms.Charge) {
	line := terms.Line{
		Key: key, Name: phrase.Draw(t, "name"), Type: rapid.SampledFrom([]terms.Type{terms.Bucket, terms.Fixed, terms.TimeAndMaterials, terms.Retainer}).Draw(t, "type"),
		Minutes: count.Draw(t, "minutes"),
	}
	charge := terms.Charge{
		Line: key, Mode: rapid.SampledFrom([]terms.Mode{terms.Prepaid, terms.PostpaidCapped}).Draw(t, "mode"),
		Overage:      rapid.SampledFrom([]terms.OveragePolicy{terms.BlockOverage, terms.AllowOverage, terms.TopUpOverage}).Draw(t, "overage"),
		OveragePrice: sum.Draw(t, "price"), TopUpMinutes: count.Draw(t, "top up"), TopUpAtMinutes: count.Draw(t, "at"), LivesMonths: count.Draw(t, "lives"),
		Rollover: rollover.Draw(t, "rollover"), Fee: sum.Draw(t, "fee"), Cap: sum.Draw(t, "cap"),
		CapPolicy: rapid.SampledFrom([]terms.CapPolicy{terms.NotifyCap, terms.HardCap}).Draw(t, "policy"),
	}
	for range rapid.IntRange(1, 3).Draw(t, "job types") {
		line.JobTypes = append(line.JobTypes, terms.JobType{Key: word.Draw(t, "key"), Name: phrase.Draw(t, "name"), Minutes: count.Draw(t, "minutes")})
	}
	for _, key := range rapid.SliceOfNDistinct(word, 0, 3, rapid.ID[string]).Draw(t, "milestones") {
		line.Milestones = append(line.Milestones, terms.Milestone{Key: key, Name: phrase.Draw(t, "name"), Due: date.Draw(t, "due")})
		charge.Amounts = append(charge.Amounts, terms.Amount{Milestone: key, Amount: sum.Draw(t, "amount")})
	}
	if rapid.Bool().Draw(t, "weighted") {
		charge.Weights = []terms.Weight{{Condition: hours.AfterHours, Percent: rapid.IntRange(1, 300).Draw(t, "percent")}}
	}
	return line, charge
}

// anyTerms draws terms that say anything at all.
func anyTerms(t *rapid.T) terms.Terms {
	said := terms.Terms{
		Agreed: terms.Agreed{
			Starts: "2026-01-01", Ends: date.Draw(t, "ends"), NoticeDays: count.Draw(t, "notice"), RenewMonths: count.Draw(t, "renewal"), Currency: money.Currency("AUD"),
			Payment: terms.Payment{Rule: terms.Net, Days: count.Draw(t, "days")}, PurchaseOrder: phrase.Draw(t, "order"),
			Shows: terms.Shows{Unapproved: rapid.Bool().Draw(t, "unapproved"), NoCharge: rapid.Bool().Draw(t, "no charge"), Alerts: rapid.Bool().Draw(t, "alerts")},
		},
		Staff: terms.Staff{
			SupportLevel: terms.Always, Calendar: reference.Draw(t, "calendar"), RateCard: reference.Draw(t, "card"), SLAPolicy: reference.Draw(t, "policy"), TaxProfile: "gst",
			Overlap:            rapid.SampledFrom([]terms.Overlap{terms.ByPriority, terms.Highest}).Draw(t, "overlap"),
			Rounding:           hours.Rounding{Mode: hours.Up, StepMinutes: count.Draw(t, "step"), MinimumMinutes: count.Draw(t, "least"), TicketDayMinimumMinutes: count.Draw(t, "day")},
			Limits:             terms.Limits{LongestMinutes: count.Draw(t, "longest"), BackdatingDays: count.Draw(t, "oldest"), GraceDays: count.Draw(t, "grace")},
			PurchaseOrderLimit: sum.Draw(t, "limit"), TwoApproversAbove: sum.Draw(t, "above"), TwoWaiversAbove: sum.Draw(t, "waived above"),
		},
	}
	for range rapid.IntRange(0, 2).Draw(t, "windows") {
		said.Staff.Conditions = append(said.Staff.Conditions, window.Draw(t, "window"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "penalties") {
		said.Staff.Penalties = append(said.Staff.Penalties, penalty.Draw(t, "penalty"))
	}
	for _, key := range rapid.SliceOfNDistinct(word, 1, 3, rapid.ID[string]).Draw(t, "lines") {
		line, charge := anyLine(t, key)
		said.Agreed.Lines, said.Staff.Charges = append(said.Agreed.Lines, line), append(said.Staff.Charges, charge)
	}
	return said
}

// TestTheFormKeepsTerms: what a form is filled in with is what it says when nobody touches it, but for charges
// that say nothing.
func TestTheFormKeepsTerms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		said := anyTerms(t)
		got, err := console.TermsOf(console.Fill(said))
		if err != nil {
			t.Fatal(err)
		}
		said.Staff.Charges = slices.DeleteFunc(said.Staff.Charges, func(charge terms.Charge) bool {
			text, err := json.Marshal(charge)
			return err == nil && string(text) == `{"line":"`+charge.Line+`"}`
		})
		if diff := cmp.Diff(asJSON(t, said), asJSON(t, got)); diff != "" {
			t.Fatalf("terms after the form (-before +after):\n%s", diff)
		}
	})
}

// TestAFormThatCannotBeReadNamesFieldAndLine for whoever typed it.
func TestAFormThatCannotBeReadNamesFieldAndLine(t *testing.T) {
	t.Parallel()
	for field, text := range map[string]string{
		"line.1.job_types": "api | API\n\nui", "line.1.schedule": "m1 | Discovery", "line.1.hours": "many", "line.1.rollover": "some", "line.1.weights": "after_hours",
		"line.1.fee": "1e9", "notice_days": "30 days", "rate_card": "the usual one", "conditions": "after_hours | mon", "penalties": "first | First | response | fixed_per_breach much",
		"limits": "7:60", "two_approvers_above": "a lot", "two_waivers_above": "more",
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			form := console.Fill(terms.Plain(terms.Bucket, terms.Standard, "2026-01-01", terms.JobType{Key: "api", Name: "API"}))
			form.Set(field, text)
			_, err := console.TermsOf(form)
			refusal, ok := errors.AsType[*domain.Refusal](err)
			if !ok || !slices.Equal(slices.Collect(maps.Keys(refusal.Fields)), []string{field}) {
				t.Fatalf("%q in %s: %v", text, field, err)
			}
			if field == "line.1.job_types" && refusal.Fields[field] != "cannot be read in line 3: write it as key | name, or key | name | hours" {
				t.Errorf("said: %s", refusal.Fields[field])
			}
		})
	}
}

func TestHoursAreTypedAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "100": 6000, "7.5": 450, "7:30": 450, "-1:30": -90, "-2": -120, "0:05": 5, "1,000": 60000, "-0:30": -30, "10 h": 600} {
		if got, err := console.MinutesOf(text); got != want || err != nil {
			t.Errorf("%q is %d minutes, want %d, %v", text, got, want, err)
		}
	}
	for _, text := range []string{"x", "7:5", "7:60", "7.51", "1e5", ":30", "99999999:00", "1:2:3"} {
		if got, err := console.MinutesOf(text); err == nil {
			t.Errorf("%q is taken for %d minutes", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.IntRange(-100_000, 100_000).Draw(t, "minutes")
		if got, err := console.MinutesOf(console.TypedHours(minutes)); got != minutes || err != nil {
			t.Fatalf("%d minutes are typed %q, and read as %d, %v", minutes, console.TypedHours(minutes), got, err)
		}
	})
}

func FuzzTermsForm(f *testing.F) {
	f.Add("line.1.key=a&line.1.job_types=a|b&conditions=|&penalties=|||tiered_by_overrun 1:2")
	f.Fuzz(func(_ *testing.T, text string) {
		form, _ := url.ParseQuery(text) // What can be read of it.
		_, _ = console.TermsOf(form)    // It must not panic.
	})
}
