package period_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/terms"
)

func TestClosing(t *testing.T) {
	t.Parallel()
	s := says(rounding(hours.Rounding{TicketDayMinimumMinutes: 60}))
	history := run(t, nil,
		logged("a", s, evening(regular("2026-02-11", 10*time.Minute))), logged("b", s, evening(regular("2026-02-11", 20*time.Minute))),
		logged("c", s, evening(regular("2026-02-12", 61*time.Minute))), approve(s, "a", "b", "c"), period.Close{Says: s, By: anna, At: march})
	left := lot("hundred", 6000)
	left.RemainingMinutes = 6000 - 121
	want := period.Closed{
		Lots:            []bucket.Statement{{Lot: left.ID, Line: "support", GrantedMinutes: 6000, DrawnMinutes: 121, RemainingMinutes: 5879}},
		Shortfall:       []period.TimeMinutes{{Time: timeID("a"), BilledMinutes: 10, DrawnMinutes: 10}, {Time: timeID("b"), BilledMinutes: 20, DrawnMinutes: 20}},
		ShortfallByLine: []period.LineMinutes{{Line: "support", Minutes: 30}},
		CarryOut:        []bucket.Lot{left}, By: anna.Person, At: march,
	}
	if want.Shortfall[0].Time.String() > want.Shortfall[1].Time.String() {
		want.Shortfall[0], want.Shortfall[1] = want.Shortfall[1], want.Shortfall[0]
	}
	if diff := cmp.Diff([]period.Closed{want}, found[period.Closed](history)); diff != "" {
		t.Fatalf("closed (-want +got):\n%s", diff)
	}
	if got := fold(history).Values()[0].Time.String(); got != "242" { // 60 + 61 minutes at 120
		t.Errorf("the month comes to %s", got)
	}
	if counts, _ := fold(history).Counted(timeID("b")); counts.BilledMinutes != 40 || counts.Staff.Parts[0].BilledMinutes != 40 {
		t.Errorf("the record counts for %+v", counts)
	}
	unknown := with(says(), func(s *period.Says) { s.First = false })
	given().When(period.Close{Says: unknown, By: anna, At: march}).ThenRefused(t, domain.ErrConflict, "carry_in_unknown")
}

// What is published inside between two approvals must not let a work item and day reach its minimum twice.
func TestAPinDoesNotSplitTheMinimum(t *testing.T) {
	t.Parallel()
	s := says(rounding(hours.Rounding{TicketDayMinimumMinutes: 60}))
	later := with(s, func(s *period.Says) { s.Versions[0].Calendar.Zone = "Asia/Tokyo" })
	history := run(t, nil,
		logged("a", s, evening(regular("2026-02-11", 10*time.Minute))), logged("b", s, evening(regular("2026-02-11", 20*time.Minute))),
		approve(s, "a"), approve(later, "b"), period.Close{Says: later, By: anna, At: march})
	if pins := found[period.TermsPinned](history); len(pins) != 2 {
		t.Fatalf("%d pins, want a second one between the approvals", len(pins))
	}
	total := 0
	for _, name := range []string{"a", "b"} {
		counts, _ := fold(history).Counted(timeID(name))
		total += counts.BilledMinutes
	}
	if total != 60 {
		t.Errorf("the day is charged %d minutes, want the minimum of 60", total)
	}
}

// A63: the month ends where the contract is.
func TestTheMonthEndsInItsZone(t *testing.T) {
	t.Parallel()
	for zone, first := range map[string]string{
		"America/Los_Angeles": "2026-03-01T08:00:00Z", "Pacific/Tongatapu": "2026-02-28T11:00:00Z", "UTC": "2026-03-01T00:00:00Z",
	} {
		s := with(says(), func(s *period.Says) { s.Zone = zone })
		over := utc(first)
		given().When(period.Close{Says: s, By: anna, At: over.Add(-time.Minute)}).ThenRefused(t, domain.ErrConflict, "not_over")
		if got := outcome(nil, period.Close{Says: s, By: anna, At: over}); got != "opened+terms_pinned+closed" {
			t.Errorf("%s: %s", zone, got)
		}
	}
}

func TestCarryingIn(t *testing.T) {
	t.Parallel()
	closed := period.Closed{
		CarryOut: []bucket.Lot{lot("hundred", 6000)},
		Staff: period.ClosedStaff{
			Overage: []period.LineMinutes{{Line: "support", Minutes: 9}}, Spent: []period.Spent{{Line: "extras", Amount: amount("1.5")}},
			Alerts: []period.Armed{{Line: "support", Percent: 50, OfMinutes: 6000}},
		},
	}
	next := with(inMarch(), func(s *period.Says) { s.Granted = nil })
	carry := period.CarryIn{Closed: closed, From: "2026-02", Says: next, By: anna, At: march}
	opened := run(t, nil, period.Pin{Says: next, By: anna, At: march})
	given(opened...).When(carry).Then(t, period.CarriedIn{
		From: "2026-02", Lots: closed.CarryOut, Staff: period.CarriedInStaff(closed.Staff), By: anna.Person, At: march,
	})
	if fold(opened).Carried() || !fold(run(t, opened, carry)).Carried() {
		t.Error("Carried does not tell")
	}
	given(run(t, opened, carry)...).When(carry).ThenNothing(t)
	given(run(t, opened, carry, period.Close{Says: next, By: anna, At: utc("2026-04-02T00:00:00Z")})...).When(carry).ThenNothing(t)
	gap := carry
	gap.From = "2026-01"
	given(opened...).When(gap).ThenRefused(t, domain.ErrInvalid, "not_the_month_before")
	first := run(t, nil, period.Pin{Says: with(next, func(s *period.Says) { s.First = true }), By: anna, At: march})
	given(first...).When(carry).ThenRefused(t, domain.ErrConflict, "carried_in")
}

// A hard cap counts what earlier periods cost.
func TestACapIsOfTheWholeContract(t *testing.T) {
	t.Parallel()
	s := with(inMarch(line(timeAndMaterials), line(func(_ *terms.Line, c *terms.Charge) { c.Cap, c.CapPolicy = amount("1000"), terms.HardCap })), func(s *period.Says) { s.Granted = nil })
	before := period.Closed{Staff: period.ClosedStaff{Spent: []period.Spent{{Line: "support", Amount: amount("700.0000000001")}}}}
	hour := func(name string, d time.Duration) period.Log {
		log := logged(name, s, evening(regular("2026-03-02", d)))
		log.At = utc("2026-03-10T00:00:00Z")
		return log
	}
	history := run(t, nil, period.CarryIn{Closed: before, From: "2026-02", Says: s, By: anna, At: march}, hour("a", 150*time.Minute), hour("b", 149*time.Minute))
	given(history...).When(approve(s, "a")).ThenRefused(t, domain.ErrConflict, "cap_reached")
	history = run(t, history, approve(s, "b"))
	if got := found[period.ThresholdReached](history); len(got) != 2 || got[0].Percent != 50 || got[1].Percent != 90 || got[1].Shown || got[1].Staff.Spent.String() != "998.0000000001" {
		t.Errorf("the alerts are %+v", got)
	}
	history = run(t, history, period.Return{Times: timeIDs("a"), Reason: "over", By: anna, At: march}, period.Discard{Time: timeID("a"), By: anna, At: march}, period.Close{Says: s, By: anna, At: utc("2026-04-02T00:00:00Z")})
	closing, _ := fold(history).Closing()
	if diff := cmp.Diff([]period.Spent{{Line: "support", Amount: amount("998.0000000001")}}, closing.Staff.Spent); diff != "" {
		t.Errorf("spent (-want +got):\n%s", diff)
	}
}

func TestFees(t *testing.T) {
	t.Parallel()
	fee := line(func(_ *terms.Line, c *terms.Charge) { c.Fee = amount("900") })
	s := with(says(line(retainer), fee), func(s *period.Says) { s.Granted = nil })
	monthly := period.ChargeAdded{
		Charge: period.Fee(contract, "support", "2026-02"), Line: "support", What: period.FeeCharge, Text: "Support, 2026-02", Day: "2026-02-28",
		Staff: period.ChargeAddedStaff{Amount: amount("900")}, By: anna.Person, At: march,
	}
	closed := run(t, nil, period.Close{Says: s, By: anna, At: march})
	if diff := cmp.Diff([]period.ChargeAdded{monthly}, found[period.ChargeAdded](closed)); diff != "" {
		t.Errorf("of a month (-want +got):\n%s", diff)
	}
	by := period.AddCharge{
		Charge: monthly.Charge, Line: "support", What: period.FeeCharge, Text: "Support, half the month", Amount: amount("450"), Says: s, By: anna, At: at,
	}
	if got := outcome(run(t, nil, by), period.Close{Says: s, By: anna, At: march}); got != "closed" {
		t.Errorf("a fee that was charged by hand: %s", got)
	}
	start := bucket.Lot{ID: domain.Derive(contract.UUID, "bucket", "support", "start"), Line: "support", GrantedMinutes: 6030, From: "2026-02-03", BoughtAt: at}
	prepaid := with(says(line(func(_ *terms.Line, c *terms.Charge) { c.Mode = terms.Prepaid }), fee), func(s *period.Says) { s.Granted = []bucket.Lot{start} })
	opened := run(t, nil, period.Pin{Says: prepaid, By: anna, At: at})
	begins := period.ChargeAdded{
		Charge: period.Fee(contract, "support", ""), Line: "support", What: period.FeeCharge, Text: "Support, 100 h 30 min", Day: "2026-02-03",
		Staff: period.ChargeAddedStaff{Amount: amount("900")}, By: anna.Person, At: at,
	}
	if diff := cmp.Diff([]period.ChargeAdded{begins}, fold(opened).Charges()); diff != "" {
		t.Errorf("of hours at the start (-want +got):\n%s", diff)
	}
}

func TestCharges(t *testing.T) {
	t.Parallel()
	charge := period.AddCharge{
		Charge: domain.ChargeID{UUID: id("phase 1")}, Line: "support", What: period.MilestoneCharge, Text: "Phase 1 Discovery", Amount: amount("3536.36"),
		TaxCategory: "standard", Milestone: "discovery", Says: says(), By: anna, At: at,
	}
	opened := run(t, nil, period.Pin{Says: says(), By: anna, At: at})
	added := period.ChargeAdded{
		Charge: charge.Charge, Line: "support", What: period.MilestoneCharge, Text: charge.Text, Day: "2026-02-20",
		Staff: period.ChargeAddedStaff{Amount: charge.Amount, TaxCategory: "standard", Milestone: "discovery"}, By: anna.Person, At: at,
	}
	given(opened...).When(charge).Then(t, added)
	change := func(how func(*period.AddCharge)) period.AddCharge { c := charge; how(&c); return c }
	given(opened[0], opened[1], added).When(change(func(c *period.AddCharge) { c.At = later.Add(48 * time.Hour) })).ThenNothing(t)
	given(opened[0], opened[1], added).When(change(func(c *period.AddCharge) { c.Amount = amount("1") })).ThenRefused(t, domain.ErrConflict, "charge_exists")
	given(opened...).When(change(func(c *period.AddCharge) { c.Line = "gardening" })).ThenRefused(t, domain.ErrInvalid, "line_unknown")
	given(opened...).When(change(func(c *period.AddCharge) { c.At = march })).Then(t, func() period.ChargeAdded { a := added; a.Day, a.At = "2026-02-28", march; return a }())
	for name, test := range map[string]struct {
		change func(*period.AddCharge)
		fields []string
	}{
		"no id":              {func(c *period.AddCharge) { c.Charge = domain.ChargeID{} }, []string{"charge"}},
		"no kind":            {func(c *period.AddCharge) { c.What = "gift" }, []string{"what", "milestone"}},
		"no milestone":       {func(c *period.AddCharge) { c.Milestone = "" }, []string{"milestone"}},
		"no text":            {func(c *period.AddCharge) { c.Text = "" }, []string{"text"}},
		"nothing":            {func(c *period.AddCharge) { c.Amount = amount("0") }, []string{"amount"}},
		"a negative one":     {func(c *period.AddCharge) { c.Amount = amount("-1") }, []string{"amount"}},
		"a tenth of a cent":  {func(c *period.AddCharge) { c.Amount = amount("1.001") }, []string{"amount"}},
		"after the month":    {func(c *period.AddCharge) { c.Day = "2026-03-01" }, []string{"day"}},
		"no day of the year": {func(c *period.AddCharge) { c.Day = "2026-02-00" }, []string{"day"}},
		"far too much":       {func(c *period.AddCharge) { c.Amount = amount("1000000000000") }, []string{"amount"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(opened...).When(change(test.change)).ThenInvalid(t, test.fields...)
		})
	}
	rebate := change(func(c *period.AddCharge) { c.What, c.Milestone, c.Amount = period.OtherCharge, "", amount("-80.5") })
	if got := fold(run(t, opened, charge, func() period.AddCharge { r := rebate; r.Charge = domain.ChargeID{UUID: id("rebate")}; return r }())).Values()[0].Charges; got.String() != "3455.86" {
		t.Errorf("the charges come to %s", got)
	}
}

func TestCorrecting(t *testing.T) {
	t.Parallel()
	s := says()
	locked := run(t, nil, logged("a", s, evening()), approve(s, "a"), period.Close{Says: s, By: anna, At: march})
	correct := period.Correct{
		Time: timeID("a"), Reversal: timeID("-a"), Replacement: timeID("a2"), Entry: evening(func(e *period.Entry) { e.Until = e.From.Add(time.Hour) }),
		Into: "2026-03", Reason: "it took an hour", By: anna, At: march,
	}
	history := run(t, locked, correct)
	made := found[period.TimeCorrected](history)[0]
	if made.Staff.Record.Seconds != 3600 || made.Staff.Record.Day != "2026-02-10" || made.Staff.Into != "2026-03" {
		t.Fatalf("corrected: %+v", made)
	}
	if _, ok := fold(locked).Reversal(timeID("a")); ok {
		t.Fatal("a record that nobody corrected has a reversal")
	}
	for name, test := range map[string]struct {
		change func(*period.Correct)
		fields []string
	}{
		"into the same month": {func(c *period.Correct) { c.Into = "2026-02" }, []string{"into"}},
		"into no month":       {func(c *period.Correct) { c.Into = "2026-3" }, []string{"into"}},
		"without a reversal":  {func(c *period.Correct) { c.Reversal = domain.TimeID{} }, []string{"reversal"}},
		"by itself":           {func(c *period.Correct) { c.Reversal, c.Replacement = c.Time, c.Time }, []string{"reversal", "replacement"}},
		"without saying why":  {func(c *period.Correct) { c.Reason = "" }, []string{"reason"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := correct
			test.change(&c)
			given(locked...).When(c).ThenInvalid(t, test.fields...)
		})
	}

	next := with(inMarch(), func(s *period.Says) { s.Granted = nil })
	closing, _ := fold(history).Closing()
	reverse, _ := fold(history).Reversal(timeID("a"))
	reverse.Says, reverse.By, reverse.At = next, anna, march
	replace := period.Log{Time: timeID("a2"), Entry: correct.Entry, Source: manual, Submit: true, Replaces: timeID("a"), Late: true, Says: next, By: ben, At: march}
	approval := approve(next, "a2")
	approval.At = march
	second := run(t, nil, period.CarryIn{Closed: closing, From: "2026-02", Says: next, By: anna, At: march}, reverse, replace, approval)
	if got := fold(second).Hours("support", "2026-03-02"); got.UsedMinutes != 60 || got.RemainingMinutes != 5940 {
		t.Errorf("after the correction the hours are %+v", got)
	}
	if got := fold(second).Values()[0].Time.String(); got != "-660" { // 120 instead of 2 × 120 + 3 × 180
		t.Errorf("the correction comes to %s", got)
	}
	given(second...).When(reverse).ThenNothing(t)
	given(second...).When(replace).ThenNothing(t)
	other := reverse
	other.Counted.Staff.Parts = []period.Part{{Seconds: 60, BilledMinutes: 1}}
	given(second...).When(other).ThenRefused(t, domain.ErrConflict, "time_exists")
	given(second...).When(period.Return{Times: timeIDs("-a"), Reason: "no", By: anna, At: march}).ThenRefused(t, domain.ErrConflict, "time_not_submitted")
	early := reverse
	early.Time, early.OfMonth = timeID("x"), "2026-03"
	given(second...).When(early).ThenInvalid(t, "of_month")
	ended := run(t, second, period.Close{Says: next, By: anna, At: utc("2026-04-02T00:00:00Z")})
	again := correct
	again.Time, again.Into = timeID("-a"), "2026-04"
	again.Reversal = timeID("--a")
	given(ended...).When(again).ThenRefused(t, domain.ErrConflict, "is_reversal")
	again.Time, again.Reversal, again.Replacement = timeID("a2"), timeID("-a2"), domain.TimeID{}
	if got := outcome(ended, again); got != "time_corrected" {
		t.Errorf("a replacement is corrected: %s", got)
	}
}

// The minimum for a work item and day was a matter of its first bill: a correction is charged as it is.
func TestACorrectionHasNoMinimum(t *testing.T) {
	t.Parallel()
	s := with(says(rounding(hours.Rounding{TicketDayMinimumMinutes: 60})), func(s *period.Says) { s.Month = "2026-03" })
	replace := logged("a2", s, evening(regular("2026-02-12", 10*time.Minute)))
	replace.Replaces, replace.Late, replace.At = timeID("a"), true, march
	own := logged("b", s, evening(regular("2026-03-02", 10*time.Minute)))
	own.At = utc("2026-03-03T00:00:00Z")
	approval := approve(s, "a2", "b")
	approval.At = own.At
	history := run(t, nil, replace, own, approval, period.Close{Says: s, By: anna, At: utc("2026-04-02T00:00:00Z")})
	closing, _ := fold(history).Closing()
	if diff := cmp.Diff([]period.TimeMinutes{{Time: timeID("b"), BilledMinutes: 50, DrawnMinutes: 50}}, closing.Shortfall); diff != "" {
		t.Errorf("shortfall (-want +got):\n%s", diff)
	}
}

// Late time draws as on the first day of the month that takes it, and moved time arrives as it was.
func TestMovedTime(t *testing.T) {
	t.Parallel()
	history := run(t, nil, logged("a", says(), evening()), period.Move{Times: timeIDs("a"), Into: "2026-03", By: anna, At: march})
	moved, _ := fold(history).Time(timeID("a"))
	next := with(inMarch(), func(s *period.Says) { s.First = true })
	receive := period.Receive{Time: timeID("a"), Record: moved.Record, Source: moved.Source, Author: moved.Author, Submitted: true, Says: next, By: anna, At: march}
	approval := approve(next, "a")
	approval.At = march
	taken := run(t, nil, receive, approval)
	if got, _ := fold(taken).Time(timeID("a")); got.Status != period.StatusApproved || !got.Late || got.Record != moved.Record {
		t.Fatalf("moved: %+v", got)
	}
	given(taken...).When(receive).ThenNothing(t)
	other := receive
	other.Record.Description = "Another."
	given(taken...).When(other).ThenRefused(t, domain.ErrConflict, "time_exists")
	other.Time, other.Record.Day = timeID("b"), calendar.Date("2026-04-01")
	given(taken...).When(other).ThenRefused(t, domain.ErrConflict, "other_month")
	given(history...).When(period.Move{Times: timeIDs("a"), Into: "2026-02", By: anna, At: march}).ThenRefused(t, domain.ErrInvalid, "not_later")
	given(history...).When(period.Move{Times: nil, Into: "2026-03", By: anna, At: march}).ThenInvalid(t, "times")
	given(history...).When(period.Submit{Times: make([]domain.TimeID, period.MaxTimes+1), By: anna, At: march}).ThenInvalid(t, "times")
	given(history...).When(period.Return{Times: timeIDs("a"), By: anna, At: march}).ThenInvalid(t, "reason")
}

// One append takes at most 1 MiB: the bounds of a period keep its largest events below that, with terms to spare.
func TestTheLargestEventsFitIntoOneAppend(t *testing.T) {
	t.Parallel()
	const append1MiB, lotsAndTerms = 1 << 20, 128 << 10
	closed := period.Closed{Shortfall: make([]period.TimeMinutes, period.MaxRecords)}
	for i := range closed.Shortfall {
		closed.Shortfall[i] = period.TimeMinutes{Time: timeID("a"), BilledMinutes: 479, DrawnMinutes: 718}
	}
	approved := found[period.TimeApproved](run(t, nil, logged("a", says(), evening()), approve(says(), "a")))[0]
	part := approved.Staff.Parts[0]
	part.Price.Why = []string{strings.Repeat("x", 160), strings.Repeat("x", 160), strings.Repeat("x", 160)}
	approved.Staff.Parts = []period.Part{part, part, part}
	for name, test := range map[string]struct {
		event  period.Event
		number int
	}{"closing": {closed, 1}, "approving": {approved, period.MaxTimes}} {
		stored, err := json.Marshal(test.event)
		if err != nil {
			t.Fatal(err)
		}
		if size := len(stored) * test.number; size > append1MiB-lotsAndTerms {
			t.Errorf("%s takes %d bytes", name, size)
		}
	}
}
