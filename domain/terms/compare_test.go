package terms_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/bucket"
	"effigate/domain/hours"
	"effigate/domain/terms"
)

// An amendment as people make them: hours, scope, dates, rates and a clause at once.
func TestCompare(t *testing.T) {
	t.Parallel()
	after := whole()
	after.Agreed.Ends = ""
	after.Agreed.RenewMonths = 0
	after.Agreed.Lines[0].Minutes = 9_030
	after.Agreed.Lines[0].JobTypes = after.Agreed.Lines[0].JobTypes[1:]
	after.Agreed.Lines = slices.Delete(after.Agreed.Lines, 1, 2)
	after.Agreed.Lines[1].Name = "Extras"
	after.Staff.Charges = slices.Delete(after.Staff.Charges, 1, 2)
	after.Staff.Charges[0].OveragePrice = number("190")
	after.Staff.RateCard.Version = 0
	after.Staff.Overlap = terms.Highest
	after.Staff.Limits = terms.Limits{}
	after.Staff.Penalties[0].CapPerTicket = decimal.Zero
	want := []terms.Difference{
		{Field: "ends", Label: "Last day", Before: "2026-12-31"},
		{Field: "renew_months", Label: "Renews itself by", Before: "12 months"},
		{Field: "lines.support.minutes", Label: "Hours of Support", Before: "100 h", After: "150 h 30 min"},
		{Field: "lines.support.job_types.api", Label: "Job type api of Support", Before: "API and integrations, 60 h"},
		{Field: "lines.care.name", Label: "Line care", Before: "Care"},
		{Field: "lines.care.type", Label: "Type of Care", Before: "retainer"},
		{Field: "lines.care.minutes", Label: "Hours of Care", Before: "10 h"},
		{Field: "lines.care.job_types.hosting", Label: "Job type hosting of Care", Before: "Hosting"},
		{Field: "lines.extra.name", Label: "Line extra", Before: "Extra", After: "Extras"},
		{
			Field: "rate_card", Label: "Rate card", Staff: true,
			Before: "02000000-0000-0000-0000-000000000000, version 3", After: "02000000-0000-0000-0000-000000000000, newest version",
		},
		{Field: "overlap", Label: "Where rate conditions overlap", Before: "the higher priority holds", After: "the higher price holds", Staff: true},
		{Field: "limits.longest_minutes", Label: "Longest record", Before: "12 h", After: "16 h", Staff: true},
		{Field: "limits.backdating_days", Label: "Work is logged within", Before: "31 days", After: "92 days", Staff: true},
		{Field: "limits.grace_days", Label: "A period takes its own time for", Before: "5 days", After: "10 days", Staff: true},
		{Field: "charges.support.overage_price", Label: "Price of an hour beyond those of Support", Before: "180.50 AUD", After: "190.00 AUD", Staff: true},
		{Field: "charges.care.mode", Label: "Hours of Care are", Before: "prepaid", Staff: true},
		{Field: "charges.care.overage", Label: "Beyond the hours of Care", Before: "the client is asked", Staff: true},
		{Field: "charges.care.rollover", Label: "Rollover of Care", Before: "at most 50 % of what the period granted, for 2 periods", Staff: true},
		{Field: "charges.care.fee", Label: "Fee of Care", Before: "900.00 AUD", Staff: true},
		{
			Field: "penalties.first", Label: "Penalty First response", Staff: true,
			Before: "response missed, 200.00 AUD per breach, at most 500.00 AUD per ticket, at most 10 % of a period, not for client wait or maintenance",
			After:  "response missed, 200.00 AUD per breach, at most 10 % of a period, not for client wait or maintenance",
		},
	}
	if diff := cmp.Diff(want, terms.Compare(whole(), after)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestCompareOfEquals(t *testing.T) {
	t.Parallel()
	written := whole()
	written.Staff.Charges[0].OveragePrice = number("180.500")
	written.Staff.Penalties[0].Excludes = []string{terms.ClientWait, terms.Maintenance}
	slices.Reverse(written.Staff.Charges)
	if diff := terms.Compare(whole(), written); len(diff) != 0 {
		t.Errorf("the same terms differ: %v", diff)
	}
	if diff := terms.Compare(terms.Terms{}, terms.Terms{Staff: terms.Staff{Limits: terms.Limits{LongestMinutes: 960}}}); len(diff) != 0 {
		t.Errorf("a default differs from its value: %v", diff)
	}
}

// changes are single edits, each of one field; the names of those that clients never see begin with a star.
var changes = map[string]func(t *terms.Terms){
	"starts":      func(t *terms.Terms) { t.Agreed.Starts = "2026-02-01" },
	"notice":      func(t *terms.Terms) { t.Agreed.NoticeDays = 1 },
	"payment":     func(t *terms.Terms) { t.Agreed.Payment = terms.Payment{Rule: terms.EndOfMonth} },
	"order":       func(t *terms.Terms) { t.Agreed.PurchaseOrder = "" },
	"shows":       func(t *terms.Terms) { t.Agreed.Shows.NoCharge = true },
	"scope":       func(t *terms.Terms) { t.Agreed.Lines[2].JobTypes[0].Name = "Any other" },
	"meant":       func(t *terms.Terms) { t.Agreed.Lines[0].JobTypes[1].Minutes = 0 },
	"due":         func(t *terms.Terms) { t.Agreed.Lines[3].Milestones[1].Due = "2026-05-01" },
	"* level":     func(t *terms.Terms) { t.Staff.SupportLevel = terms.Priority },
	"* tax":       func(t *terms.Terms) { t.Staff.TaxProfile = "" },
	"* policy":    func(t *terms.Terms) { t.Staff.SLAPolicy.Version = 2 },
	"* condition": func(t *terms.Terms) { t.Staff.Conditions[0].Priority = 3 },
	"* rounding":  func(t *terms.Terms) { t.Staff.Rounding.Mode = hours.Nearest },
	"* minimum":   func(t *terms.Terms) { t.Staff.Rounding.MinimumMinutes = 0 },
	"* top-up":    func(t *terms.Terms) { t.Staff.Charges[0].TopUpAtMinutes = 0 },
	"* life":      func(t *terms.Terms) { t.Staff.Charges[0].LivesMonths = 1 },
	"* weight":    func(t *terms.Terms) { t.Staff.Charges[0].Weights = t.Staff.Charges[0].Weights[:1] },
	"* rollover": func(t *terms.Terms) {
		t.Staff.Charges[1].Rollover = bucket.Rollover{Kind: bucket.RollMinutes, CapMinutes: 90}
	},
	"* cap":        func(t *terms.Terms) { t.Staff.Charges[2].CapPolicy = terms.NotifyCap },
	"* amount":     func(t *terms.Terms) { t.Staff.Charges[3].Amounts[1].Amount = number("0.01") },
	"* percentage": func(t *terms.Terms) { t.Staff.Penalties[1].Percent = number("3") },
	"* tier":       func(t *terms.Terms) { t.Staff.Penalties[2].Tiers[0].AboveMinutes = 59 },
	"* approvers":  func(t *terms.Terms) { t.Staff.TwoApproversAbove = decimal.Zero },
	"* waivers":    func(t *terms.Terms) { t.Staff.TwoWaiversAbove = decimal.Zero },
}

// However versions differ, each edit is one difference, seen from both sides alike, and what clients never see is
// marked.
func TestEveryChangeIsOneDifference(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(changes))
	for name := range changes {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		made := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(t, "changes")
		before, after, staff := whole(), whole(), 0
		for _, name := range made {
			changes[name](&after)
			if strings.HasPrefix(name, "*") {
				staff++
			}
		}
		there, back := terms.Compare(before, after), terms.Compare(after, before)
		if len(there) != len(made) || len(back) != len(made) {
			t.Fatalf("%d differences and %d back for %v: %v", len(there), len(back), made, there)
		}
		for _, d := range there {
			if d.Staff {
				staff--
			}
			d.Before, d.After = d.After, d.Before
			if !slices.Contains(back, d) {
				t.Fatalf("%v is not among %v", d, back)
			}
		}
		if staff != 0 {
			t.Fatalf("%d staff differences are missing in %v", staff, there)
		}
	})
}
