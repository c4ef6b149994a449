package terms_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/terms"
)

// whole gives terms with a line of each type that say all there is to say. Nothing in them is shared, so that a
// test may change what it likes.
func whole() terms.Terms {
	return terms.Terms{
		Agreed: terms.Agreed{
			Starts: "2026-01-01", Ends: "2026-12-31", NoticeDays: 60, RenewMonths: 12, Currency: "AUD",
			Payment: terms.Payment{Rule: terms.Net, Days: 30}, PurchaseOrder: "PO 4711",
			Lines: []terms.Line{
				{Key: "support", Name: "Support", Type: terms.Bucket, Minutes: 6_000, JobTypes: []terms.JobType{
					{Key: "api", Name: "API and integrations", Minutes: 3_600}, {Key: "email", Name: "Mail", Minutes: 1_200},
				}},
				{Key: "care", Name: "Care", Type: terms.Retainer, Minutes: 600, JobTypes: []terms.JobType{{Key: "hosting", Name: "Hosting"}}},
				{Key: "extra", Name: "Extra", Type: terms.TimeAndMaterials, JobTypes: []terms.JobType{{Key: "other", Name: "Other"}}},
				{Key: "rewrite", Name: "Rewrite", Type: terms.Fixed, Milestones: []terms.Milestone{
					{Key: "discovery", Name: "Discovery", Due: "2026-02-01"}, {Key: "build", Name: "Build"},
				}},
			},
			Shows: terms.Shows{Unapproved: true, Alerts: true},
		},
		Staff: terms.Staff{
			SupportLevel: terms.Always, TaxProfile: "au.gst",
			Calendar: terms.Ref{ID: uuid.UUID{1}}, RateCard: terms.Ref{ID: uuid.UUID{2}, Version: 3}, SLAPolicy: terms.Ref{ID: uuid.UUID{3}},
			Conditions: []hours.Window{
				{Condition: hours.AfterHours, From: "18:00", Until: "08:00", Weekdays: []calendar.Weekday{"mon", "tue"}, ValidFrom: "2026-01-01", ValidUntil: "2026-06-30"},
				{Condition: hours.Holiday, Holidays: true, From: "00:00", Until: "24:00", Priority: 10},
			},
			Rounding: hours.Rounding{Mode: hours.Up, StepMinutes: 15, MinimumMinutes: 15, TicketDayMinimumMinutes: 30},
			Limits:   terms.Limits{LongestMinutes: 720, BackdatingDays: 31, GraceDays: 5},
			Charges: []terms.Charge{
				{
					Line: "support", Overage: terms.TopUpOverage, OveragePrice: number("180.5"), TopUpMinutes: 1_200, TopUpAtMinutes: 300,
					LivesMonths: 12, Fee: number("12000.00"),
					Weights: []terms.Weight{{Condition: hours.AfterHours, Percent: 150}, {Condition: hours.Weekend, Percent: 200}},
				},
				{Line: "care", Overage: terms.AskOverage, Fee: number("900"), Rollover: bucket.Rollover{Kind: bucket.RollPercent, CapPercent: 50, Periods: 2}},
				{Line: "extra", Cap: number("5000"), CapPolicy: terms.HardCap},
				{Line: "rewrite", Amounts: []terms.Amount{{Milestone: "discovery", Amount: number("3536.36")}, {Milestone: "build", Amount: decimal.Zero}}},
			},
			Penalties: []terms.Penalty{
				{
					Key: "first", Name: "First response", Trigger: terms.Response, Kind: terms.FixedPerBreach, Amount: number("200.00"),
					CapPerTicket: number("500"), CapPeriodPercent: number("10"), Excludes: []string{terms.Maintenance, terms.ClientWait},
				},
				{Key: "solve", Name: "Resolution", Trigger: terms.Resolution, Kind: terms.PercentOfTicket, Percent: number("2.5")},
				{Key: "late", Name: "Late resolution", Trigger: terms.Resolution, Kind: terms.TieredByOverrun, Tiers: []terms.Tier{
					{AboveMinutes: 0, Amount: number("100")}, {AboveMinutes: 240, Amount: number("300")},
				}},
			},
			PurchaseOrderLimit: number("50000"), TwoApproversAbove: number("10000"), TwoWaiversAbove: number("500"),
		},
	}
}

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func TestRightTerms(t *testing.T) {
	t.Parallel()
	plain := terms.Plain(terms.Retainer, terms.Standard, "2026-01-01", terms.JobType{Key: "a.b-c_1", Name: "Any"})
	plain.Agreed.Currency = "JPY"
	for name, right := range map[string]terms.Terms{"whole": whole(), "plain": plain} {
		if diff := cmp.Diff(map[string]string{}, right.Check()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Each change makes exactly one field wrong, and the objection says why.
func TestWrongTerms(t *testing.T) {
	t.Parallel()
	support := func(t *terms.Terms) *terms.Charge { return &t.Staff.Charges[0] }
	care := func(t *terms.Terms) *terms.Charge { return &t.Staff.Charges[1] }
	extra := func(t *terms.Terms) *terms.Charge { return &t.Staff.Charges[2] }
	rewrite := func(t *terms.Terms) *terms.Charge { return &t.Staff.Charges[3] }
	for _, test := range []struct {
		name, field, says string
		change            func(t *terms.Terms)
	}{
		{"no start", "starts", "a day", func(t *terms.Terms) { t.Agreed.Starts = "" }},
		{"a start that is no day", "starts", "a day", func(t *terms.Terms) { t.Agreed.Starts = "2026-02-29" }},
		{"a start before all days", "starts", "a day", func(t *terms.Terms) { t.Agreed.Starts = "0001-01-01" }},
		{"an end before the start", "ends", "not before the start", func(t *terms.Terms) { t.Agreed.Ends = "2025-12-31" }},
		{"an end beyond all days", "ends", "a day", func(t *terms.Terms) { t.Agreed.Ends = "9999-12-31" }},
		{"a negative notice", "notice_days", "0 to 366", func(t *terms.Terms) { t.Agreed.NoticeDays = -1 }},
		{"a renewal without an end", "renew_months", "no end", func(t *terms.Terms) { t.Agreed.Ends = "" }},
		{"a renewal by centuries", "renew_months", "0 to 120", func(t *terms.Terms) { t.Agreed.RenewMonths = 121 }},
		{"no currency", "currency", "AUD", func(t *terms.Terms) { t.Agreed.Currency = "" }},
		{"net without days", "payment", "1 to 365", func(t *terms.Terms) { t.Agreed.Payment.Days = 0 }},
		{"on receipt with days", "payment", "without days", func(t *terms.Terms) { t.Agreed.Payment.Rule = terms.OnReceipt }},
		{"an unknown rule of payment", "payment", "on receipt", func(t *terms.Terms) { t.Agreed.Payment.Rule = "soon" }},
		{"a purchase order of two lines", "purchase_order", "one line", func(t *terms.Terms) { t.Agreed.PurchaseOrder = "a\nb" }},
		{"a line twice", "lines", "different keys", func(t *terms.Terms) {
			t.Agreed.Lines = append(t.Agreed.Lines, terms.Line{Key: "extra", Name: "More", Type: terms.Fixed})
		}},
		{"a key in capitals", "lines", "lower-case", func(t *terms.Terms) { t.Agreed.Lines[1].JobTypes[0].Key = "Hosting" }},
		{"a line without a name", "lines", `that of "care"`, func(t *terms.Terms) { t.Agreed.Lines[1].Name = "" }},
		{"a line of no type", "lines", "of type", func(t *terms.Terms) { t.Agreed.Lines[2].Type, t.Staff.Charges[2] = "x", terms.Charge{Line: "extra"} }},
		{"a job type in two lines", "lines", "job type twice", func(t *terms.Terms) { t.Agreed.Lines[1].JobTypes[0].Key = "api" }},
		{"a line without job types", "lines", "have a job type", func(t *terms.Terms) { t.Agreed.Lines[2].JobTypes = nil }},
		{"minutes of time and materials", "lines", "bucket or a retainer", func(t *terms.Terms) { t.Agreed.Lines[2].Minutes = 1 }},
		{"more minutes than anybody buys", "lines", "0 to 6000000", func(t *terms.Terms) { t.Agreed.Lines[0].Minutes = 6_000_001 }},
		{"job types beyond their line", "lines", "4801 of 4800", func(t *terms.Terms) {
			t.Agreed.Lines[0].Minutes, t.Agreed.Lines[0].JobTypes[0].Minutes = 4_800, 3_601
		}},
		{"a milestone without a name", "lines", `"build"`, func(t *terms.Terms) { t.Agreed.Lines[3].Milestones[1].Name = " " }},
		{"a milestone on no day", "lines", "due", func(t *terms.Terms) { t.Agreed.Lines[3].Milestones[1].Due = "soon" }},
		{"an unknown support level", "support_level", "24x7", func(t *terms.Terms) { t.Staff.SupportLevel = "gold" }},
		{"a version of no rate card", "rate_card", "version", func(t *terms.Terms) { t.Staff.RateCard.ID = uuid.Nil }},
		{"a tax profile of two words", "tax_profile", "64 letters", func(t *terms.Terms) { t.Staff.TaxProfile = "gst free" }},
		{"a window for emergencies", "conditions", "number 2", func(t *terms.Terms) { t.Staff.Conditions[1].Condition = hours.Emergency }},
		{"a window from 24:00", "conditions", "number 1", func(t *terms.Terms) { t.Staff.Conditions[0].From = "24:00" }},
		{"a window on a day twice", "conditions", "mon twice", func(t *terms.Terms) { t.Staff.Conditions[0].Weekdays[1] = "mon" }},
		{"a window on Tuesdays and holidays", "conditions", "take two", func(t *terms.Terms) { t.Staff.Conditions[0].Holidays = true }},
		{"an overlap that nobody knows", "overlap", "or highest", func(t *terms.Terms) { t.Staff.Overlap = "compound" }},
		{"a top-up for nothing", "charges", "for which hours are bought", func(t *terms.Terms) { support(t).OveragePrice = decimal.Zero }},
		{"a window that ends before it begins", "conditions", "before it begins", func(t *terms.Terms) { t.Staff.Conditions[0].ValidUntil = "2025-12-31" }},
		{"rounding down to half a day and more", "rounding", "480", func(t *terms.Terms) { t.Staff.Rounding.StepMinutes = 481 }},
		{"exact quarters of an hour", "rounding", "does not say how", func(t *terms.Terms) { t.Staff.Rounding.Mode = hours.Exact }},
		{"records of three days", "limits", "2880", func(t *terms.Terms) { t.Staff.Limits.LongestMinutes = 3 * 24 * 60 }},
		{"a negative grace", "limits", "92", func(t *terms.Terms) { t.Staff.Limits.GraceDays = -1 }},
		{"a negative limit", "purchase_order_limit", "0 or more", func(t *terms.Terms) { t.Staff.PurchaseOrderLimit = number("-1") }},
		{"tenths of a cent", "two_approvers_above", "2 decimals", func(t *terms.Terms) { t.Staff.TwoApproversAbove = number("0.001") }},
		{"tenths of a cent of a waiver", "two_waivers_above", "2 decimals", func(t *terms.Terms) { t.Staff.TwoWaiversAbove = number("0.001") }},
		{"a number that would fill the memory", "two_approvers_above", "2 decimals", func(t *terms.Terms) { t.Staff.TwoApproversAbove = decimal.New(1, 1_000_000_000) }},
		{"a charge of no line", "charges", `the key "gone"`, func(t *terms.Terms) { extra(t).Line = "gone" }},
		{"two charges of a line", "charges", "at most one", func(t *terms.Terms) { t.Staff.Charges = append(t.Staff.Charges, *support(t)) }},
		{"a cap of a bucket", "charges", "no use", func(t *terms.Terms) { support(t).Cap = number("1") }},
		{"a fee of time and materials", "charges", "no use", func(t *terms.Terms) { extra(t).Fee = number("1") }},
		{"a weight of a fixed line", "charges", "no use", func(t *terms.Terms) { rewrite(t).Weights = []terms.Weight{{Condition: hours.Weekend, Percent: 150}} }},
		{"a retainer paid afterwards", "charges", "postpaid_capped", func(t *terms.Terms) { care(t).Mode, care(t).Fee = terms.PostpaidCapped, decimal.Zero }},
		{"a bucket paid before and after", "charges", "no fee", func(t *terms.Terms) { support(t).Mode = terms.PostpaidCapped }},
		{"an unknown policy", "charges", "block overage", func(t *terms.Terms) { care(t).Overage = "maybe" }},
		{"a top-up of nothing", "charges", "top up by 1", func(t *terms.Terms) { support(t).TopUpMinutes = 0 }},
		{"a top-up that nobody asked for", "charges", "only where", func(t *terms.Terms) { care(t).TopUpMinutes = 60 }},
		{"a negative price", "charges", "price of overage", func(t *terms.Terms) { support(t).OveragePrice = number("-0.01") }},
		{"a bucket that rolls over", "charges", "retainers only", func(t *terms.Terms) { support(t).Rollover = bucket.Rollover{Kind: bucket.RollPeriods, Periods: 1} }},
		{"more than everything rolls over", "charges", "one rule", func(t *terms.Terms) { care(t).Rollover.CapPercent = 101 }},
		{"a weight of nothing", "charges", "1 to 1000 %", func(t *terms.Terms) { support(t).Weights[0].Percent = 0 }},
		{"a weight of elevenfold", "charges", "1 to 1000 %", func(t *terms.Terms) { support(t).Weights[0].Percent = 1_001 }},
		{"two weights of a condition", "charges", "once", func(t *terms.Terms) { support(t).Weights[0].Condition = hours.Weekend }},
		{"a weight of no condition", "charges", "weigh regular", func(t *terms.Terms) { support(t).Weights[0].Condition = "night" }},
		{"a hard cap of nothing", "charges", "with an amount", func(t *terms.Terms) { extra(t).Cap = decimal.Zero }},
		{"a milestone without an amount", "charges", "an amount for each", func(t *terms.Terms) { rewrite(t).Amounts = rewrite(t).Amounts[:1] }},
		{"an amount of no milestone", "charges", `the key "launch"`, func(t *terms.Terms) { rewrite(t).Amounts[1].Milestone = "launch" }},
		{"two amounts of a milestone", "charges", "one amount", func(t *terms.Terms) { rewrite(t).Amounts[1].Milestone = "discovery" }},
		{"a fixed line without a charge", "charges", "an amount for each", func(t *terms.Terms) { t.Staff.Charges = t.Staff.Charges[:3] }},
		{"a penalty twice", "penalties", "different keys", func(t *terms.Terms) { t.Staff.Penalties[1].Key = "first" }},
		{"an unknown trigger", "penalties", "the trigger", func(t *terms.Terms) { t.Staff.Penalties[0].Trigger = "mood" }},
		{"a penalty of nothing", "penalties", "with an amount", func(t *terms.Terms) { t.Staff.Penalties[0].Amount = decimal.Zero }},
		{"a penalty in two ways", "penalties", "with an amount", func(t *terms.Terms) { t.Staff.Penalties[0].Percent = number("1") }},
		{"more than the whole ticket", "penalties", "up to 100", func(t *terms.Terms) { t.Staff.Penalties[1].Percent = number("100.1") }},
		{"tiers that fall", "penalties", "rising", func(t *terms.Terms) { t.Staff.Penalties[2].Tiers[1].Amount = number("99") }},
		{"tiers that begin together", "penalties", "rising", func(t *terms.Terms) { t.Staff.Penalties[2].Tiers[1].AboveMinutes = 0 }},
		{"no tiers", "penalties", "1 to 20", func(t *terms.Terms) { t.Staff.Penalties[2].Tiers = nil }},
		{"an unknown exclusion", "penalties", "force_majeure", func(t *terms.Terms) { t.Staff.Penalties[0].Excludes[0] = "rain" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changed := whole()
			test.change(&changed)
			wrong := changed.Check()
			if diff := cmp.Diff([]string{test.field}, slices.Collect(maps.Keys(wrong))); diff != "" {
				t.Fatalf("wrong fields (-want +got):\n%s%v", diff, wrong)
			}
			if !strings.Contains(wrong[test.field], test.says) {
				t.Errorf("%s %s: it does not say %q", test.field, wrong[test.field], test.says)
			}
		})
	}
}

func TestCheckIsBounded(t *testing.T) {
	t.Parallel()
	large := whole()
	for i := range 300 {
		at := "key-" + strconv.Itoa(i)
		large.Agreed.Lines = append(large.Agreed.Lines, terms.Line{Key: at, Name: "Line", Type: terms.Fixed})
		large.Agreed.Lines[0].JobTypes = append(large.Agreed.Lines[0].JobTypes, terms.JobType{Key: at, Name: "Job"})
		large.Staff.Penalties = append(large.Staff.Penalties, terms.Penalty{Key: at})
		large.Staff.Conditions = append(large.Staff.Conditions, large.Staff.Conditions[0])
	}
	wrong := large.Check()
	for field, want := range map[string]string{"lines": "must be 1 to 20", "penalties": "must be at most 50", "conditions": "must be at most 50"} {
		if wrong[field] != want {
			t.Errorf("%s: %q, want %q", field, wrong[field], want)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	said, unsaid := terms.Limits{LongestMinutes: 60, BackdatingDays: 7, GraceDays: 2}, terms.Limits{}
	got := [][3]int{{said.Longest(), said.Backdating(), said.Grace()}, {unsaid.Longest(), unsaid.Backdating(), unsaid.Grace()}}
	if diff := cmp.Diff([][3]int{{60, 7, 2}, {960, 92, 10}}, got); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

func TestLookUps(t *testing.T) {
	t.Parallel()
	agreed, staff := whole().Agreed, whole().Staff
	if line, ok := agreed.LineOf("hosting"); !ok || line.Key != "care" {
		t.Errorf("hosting is of line %q, %v", line.Key, ok)
	}
	if _, ok := agreed.LineOf("cooking"); ok {
		t.Error("cooking is of a line")
	}
	if agreed.Type() != terms.Bucket || (terms.Agreed{}).Type() != "" || len(agreed.JobTypes()) != 4 {
		t.Errorf("type %q, job types %v", agreed.Type(), agreed.JobTypes())
	}
	support := staff.ChargeOf("support")
	if support.WeightOf(hours.AfterHours) != 150 || support.WeightOf(hours.Regular) != 100 {
		t.Errorf("weights of %v", support.Weights)
	}
	if amount, ok := staff.ChargeOf("rewrite").AmountOf("discovery"); !ok || amount.String() != "3536.36" {
		t.Errorf("discovery is worth %s, %v", amount, ok)
	}
	if none := staff.ChargeOf("gone"); none.Line != "gone" || none.WeightOf(hours.Weekend) != 100 {
		t.Errorf("a line without a charge has %v", none)
	}
	if _, ok := support.AmountOf("discovery"); ok {
		t.Error("a bucket has a milestone")
	}
}
