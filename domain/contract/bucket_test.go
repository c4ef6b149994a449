package contract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/terms"
)

func granting(alter func(*contract.GrantBucket)) contract.GrantBucket {
	c := contract.GrantBucket{
		Bucket: bucketID("more"), Line: "support", Minutes: 1200, Source: contract.FromPurchase,
		Price: decimal.NewFromInt(3600), Reason: "ordered by phone", By: olga, At: at,
	}
	alter(&c)
	return c
}

func granted(alter func(*contract.BucketGranted)) contract.BucketGranted {
	e := contract.BucketGranted{
		Bucket: bucketID("more"), Line: "support", Minutes: 1200, From: today, Until: "2026-06-30", Source: contract.FromPurchase,
		Staff: contract.BucketGrantedStaff{Price: decimal.NewFromInt(3600), Reason: "ordered by phone"}, By: olga.Person, At: at,
	}
	alter(&e)
	return e
}

func TestGrant(t *testing.T) {
	t.Parallel()
	as := func(*contract.BucketGranted) {}
	plain := func(*contract.GrantBucket) {}
	living := func(months int) []contract.Event {
		return []contract.Event{draftedWith(with(func(said *terms.Terms) {
			said.Staff.Charges = append(said.Staff.Charges, terms.Charge{Line: "support", LivesMonths: months})
		})), activated}
	}
	open := []contract.Event{draftedWith(with(func(said *terms.Terms) { said.Agreed.Ends = "" })), activated}
	retainer := []contract.Event{draftedWith(with(func(said *terms.Terms) { said.Agreed.Lines[0].Type = terms.Retainer })), activated}
	for name, test := range map[string]struct {
		given []contract.Event
		when  contract.GrantBucket
		then  []contract.Event
	}{
		"until the contract ends": {running, granting(plain), []contract.Event{granted(as)}},
		"twice":                   {after(running, granted(as)), granting(plain), nil},
		"while suspended":         {stopped, granting(plain), []contract.Event{granted(as)}},
		"of an open-ended one":    {open, granting(plain), []contract.Event{granted(func(e *contract.BucketGranted) { e.Until = "" })}},
		"for a retainer":          {retainer, granting(plain), []contract.Event{granted(as)}},
		"that lives two months":   {living(2), granting(plain), []contract.Event{granted(func(e *contract.BucketGranted) { e.Until = "2026-05-15" })}},
		// They began on the day they were bought: the work that used up the others was charged as overage besides.
		"of a policy, from the month on": {
			living(2), granting(func(c *contract.GrantBucket) { c.Source = contract.FromTopUp }),
			[]contract.Event{granted(func(e *contract.BucketGranted) {
				e.Source, e.From, e.Until = contract.FromTopUp, "2026-03-01", "2026-05-15"
			})},
		},
		"over a short month": {
			living(1), granting(func(c *contract.GrantBucket) { c.From = "2026-01-31" }),
			[]contract.Event{granted(func(e *contract.BucketGranted) { e.From, e.Until = "2026-01-31", "2026-02-28" })},
		},
		"a year": {living(12), granting(plain), []contract.Event{granted(func(e *contract.BucketGranted) { e.Until = "2027-03-15" })}},
		"with days of its own": {
			running, granting(func(c *contract.GrantBucket) { c.From, c.Until = "2025-12-14", "2025-12-14" }),
			[]contract.Event{granted(func(e *contract.BucketGranted) { e.From, e.Until = "2025-12-14", "2025-12-14" })},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
	for name, history := range map[string][]contract.Event{"draft": {drafted}, "accepted": agreedOn, "expired": over, "terminated": ended} {
		t.Run("not to what is "+name, func(t *testing.T) {
			t.Parallel()
			given(history...).When(granting(plain)).ThenRefused(t, domain.ErrConflict, "contract_not_active")
		})
	}
}

func TestEveryWrongFieldOfAGrant(t *testing.T) {
	t.Parallel()
	given(running...).When(contract.GrantBucket{By: olga, At: at}).ThenInvalid(t, "bucket", "line", "minutes", "source")
	for name, test := range map[string]struct {
		alter  func(*contract.GrantBucket)
		fields []string
	}{
		"for a fixed line":     {func(c *contract.GrantBucket) { c.Line = "migration" }, []string{"line"}},
		"for no line of it":    {func(c *contract.GrantBucket) { c.Line = "incident" }, []string{"line"}},
		"of less than nothing": {func(c *contract.GrantBucket) { c.Minutes = -1 }, []string{"minutes"}},
		"of a lifetime":        {func(c *contract.GrantBucket) { c.Minutes = bucket.MaxMinutes + 1 }, []string{"minutes"}},
		"from no day":          {func(c *contract.GrantBucket) { c.From = "2026-02-30" }, []string{"from"}},
		"93 days back":         {func(c *contract.GrantBucket) { c.From = "2025-12-13" }, []string{"from"}},
		"after the end":        {func(c *contract.GrantBucket) { c.From = "2026-07-01" }, []string{"from"}},
		"until before":         {func(c *contract.GrantBucket) { c.Until = "2026-03-15" }, []string{"until"}},
		"until never":          {func(c *contract.GrantBucket) { c.Until = "never" }, []string{"until"}},
		"from heaven":          {func(c *contract.GrantBucket) { c.Source = "heaven" }, []string{"source"}},
		"for less than free":   {func(c *contract.GrantBucket) { c.Price = decimal.NewFromInt(-1) }, []string{"price"}},
		"for half a cent":      {func(c *contract.GrantBucket) { c.Price = decimal.New(5, -3) }, []string{"price"}},
		"for everything":       {func(c *contract.GrantBucket) { c.Price = decimal.New(1, 18) }, []string{"price"}},
		"at length":            {func(c *contract.GrantBucket) { c.Reason = strings.Repeat("x", contract.MaxReason+1) }, []string{"reason"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(running...).When(granting(test.alter)).ThenInvalid(t, test.fields...)
		})
	}
}

func TestAdjust(t *testing.T) {
	t.Parallel()
	adjust := func(minutes int, when time.Time) contract.AdjustBucket {
		return contract.AdjustBucket{Bucket: bucketID("start"), Minutes: minutes, Reason: "granted twice", By: olga, At: when}
	}
	adjusted := func(minutes int, day calendar.Date, when time.Time) contract.BucketAdjusted {
		return contract.BucketAdjusted{
			Bucket: bucketID("start"), Minutes: minutes, Day: day, Staff: contract.BucketAdjustedStaff{Reason: "granted twice"}, By: olga.Person, At: when,
		}
	}
	later := at.Add(time.Minute)
	taken := after(running, adjusted(-5000, today, at))
	future := after(running, granted(func(e *contract.BucketGranted) { e.Bucket, e.From = bucketID("future"), "2026-05-01" }))
	given(running...).When(adjust(-5000, at)).Then(t, adjusted(-5000, today, at))
	given(running...).When(adjust(90, at)).Then(t, adjusted(90, today, at))
	given(taken...).When(adjust(-5000, at)).ThenNothing(t)
	given(taken...).When(adjust(-1000, later)).Then(t, adjusted(-1000, today, later))
	given(taken...).When(adjust(-1001, later)).ThenInvalid(t, "minutes")
	given(taken...).When(adjust(bucket.MaxMinutes-999, later)).ThenInvalid(t, "minutes")
	given(running...).When(adjust(0, at)).ThenInvalid(t, "minutes")
	given(running...).When(contract.AdjustBucket{Bucket: bucketID("start"), By: olga, At: at}).ThenInvalid(t, "minutes", "reason")
	given(running...).When(contract.AdjustBucket{Bucket: bucketID("no"), By: olga, At: at}).ThenRefused(t, domain.ErrNotFound, "no_such_bucket")
	given(after(running, contract.Renewed{Ends: "2027-06-30", At: at})...).When(adjust(60, at.AddDate(0, 4, 0))).
		ThenRefused(t, domain.ErrConflict, "bucket_expired")
	t.Run("before the hours begin it counts on their first day", func(t *testing.T) {
		t.Parallel()
		c := adjust(60, at)
		c.Bucket = bucketID("future")
		e := adjusted(60, "2026-05-01", at)
		e.Bucket = bucketID("future")
		given(future...).When(c).Then(t, e)
	})
}

func TestLotsAndAdjustments(t *testing.T) {
	t.Parallel()
	history := after(running,
		granted(func(e *contract.BucketGranted) { e.Bucket, e.From, e.Minutes = bucketID("b"), "2026-03-20", 60 }),
		granted(func(e *contract.BucketGranted) { e.Bucket, e.From, e.Minutes = bucketID("a"), "2026-03-01", 30 }),
		granted(func(e *contract.BucketGranted) { e.Bucket, e.From = bucketID("c"), "2026-04-01" }),
		contract.BucketAdjusted{Bucket: bucketID("b"), Minutes: -10, Day: "2026-03-20", At: at},
		contract.BucketAdjusted{Bucket: bucketID("c"), Minutes: 20, Day: "2026-04-01", At: at},
		contract.BucketAdjusted{Bucket: bucketID("a"), Minutes: 5, Day: "2026-03-31", At: at},
	)
	lot := func(name string, minutes int, from calendar.Date) bucket.Lot {
		return bucket.Lot{
			ID: bucketID(name).UUID, Line: "support", GrantedMinutes: minutes, RemainingMinutes: minutes, From: from, Until: "2026-06-30", BoughtAt: at,
		}
	}
	s := state(history...)
	for month, want := range map[calendar.Month][]bucket.Lot{
		"2025-07": {lot("start", 6000, "2025-07-01")},
		"2026-03": {lot("b", 60, "2026-03-20"), lot("a", 30, "2026-03-01")},
		"2026-04": {lot("c", 1200, "2026-04-01")},
		"2026-05": nil,
	} {
		if diff := cmp.Diff(want, s.Lots(month), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("lots of %s (-want +got):\n%s", month, diff)
		}
	}
	for month, want := range map[calendar.Month][]contract.Adjustment{
		"2026-03": {{Number: 1, Bucket: bucketID("b"), Day: "2026-03-20", Minutes: -10}, {Number: 3, Bucket: bucketID("a"), Day: "2026-03-31", Minutes: 5}},
		"2026-04": {{Number: 2, Bucket: bucketID("c"), Day: "2026-04-01", Minutes: 20}},
		"2026-05": nil,
	} {
		if diff := cmp.Diff(want, s.Adjustments(month), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("adjustments of %s (-want +got):\n%s", month, diff)
		}
	}
}

func TestReleaseMilestone(t *testing.T) {
	t.Parallel()
	release := contract.ReleaseMilestone{Line: "migration", Milestone: "go-live", By: olga, At: at}
	released := func(day calendar.Date, amount int64, when time.Time) contract.MilestoneReleased {
		return contract.MilestoneReleased{
			Line: "migration", Milestone: "go-live", Name: "Go live", Day: day, By: olga.Person, At: when,
			Staff: contract.MilestoneReleasedStaff{
				Charge: domain.ChargeID{UUID: domain.Derive(con18.UUID, "milestone", "migration", "go-live")}, Amount: decimal.NewFromInt(amount),
			},
		}
	}
	dearer := amending("a", "2026-04-01", func(said *terms.Terms) { said.Staff.Charges[0].Amounts[0].Amount = decimal.NewFromInt(15_000) })
	april := time.Date(2026, time.April, 2, 0, 0, 0, 0, time.UTC)
	august := release
	august.At = time.Date(2026, time.August, 2, 0, 0, 0, 0, time.UTC)
	inApril := release
	inApril.At = april
	given(running...).When(release).Then(t, released(today, 12_000, at))
	given(stopped...).When(release).Then(t, released(today, 12_000, at))
	given(after(running, released(today, 12_000, at))...).When(release).ThenNothing(t)
	given(after(running, released(today, 12_000, at))...).When(inApril).ThenNothing(t)
	given(after(running, dearer...)...).When(release).Then(t, released(today, 12_000, at))
	given(after(running, dearer...)...).When(inApril).Then(t, released("2026-04-02", 15_000, april))
	given(over...).When(august).Then(t, released("2026-06-30", 12_000, august.At))
	given(drafted).When(release).ThenRefused(t, domain.ErrConflict, "contract_not_active")
	for _, c := range []contract.ReleaseMilestone{
		{Line: "migration", Milestone: "cutover", By: olga, At: at},
		{Line: "support", Milestone: "go-live", By: olga, At: at},
		{By: olga, At: at},
	} {
		given(running...).When(c).ThenRefused(t, domain.ErrNotFound, "no_such_milestone")
	}
	given(draftedWith(with(func(said *terms.Terms) { said.Staff.Charges = nil })), activated).When(release).
		ThenRefused(t, domain.ErrConflict, "milestone_without_amount")
	early := draftedWith(with(func(said *terms.Terms) { said.Agreed.Starts = "2026-04-01" }))
	given(early, activated).When(release).ThenRefused(t, domain.ErrConflict, "contract_not_begun")
	if e, done := state(after(running, released(today, 12_000, at))...).Released("migration", "go-live"); !done || !e.Staff.Amount.Equal(decimal.NewFromInt(12_000)) {
		t.Errorf("released %t: %+v", done, e)
	}
	if _, done := state(running...).Released("migration", "go-live"); done {
		t.Error("released by nobody")
	}
}
