package period_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// since adds a second version of the terms from the middle of the month on.
func since(s period.Says, change func(*terms.Terms)) period.Says {
	return with(s, func(s *period.Says) {
		v := s.Versions[0]
		v.From, v.Version = "2026-02-15", 2
		line(func(*terms.Line, *terms.Charge) {})(&v.Terms) // A copy of lines and charges.
		change(&v.Terms)
		s.Versions = append(s.Versions, v)
	})
}

func valueOf(t *testing.T, s period.State) (time, overage, charges string) {
	t.Helper()
	for _, v := range s.Values() {
		if v.Line == "support" {
			return v.Time.String(), v.Overage.String(), v.Charges.String()
		}
	}
	return "none", "none", "none"
}

// The time of a line that an amendment took out in the middle of a month was not in the month's value.
func TestWhatWasDoneUnderALineThatEndedIsCharged(t *testing.T) {
	t.Parallel()
	before := with(says(line(timeAndMaterials)), func(s *period.Says) { s.Granted = nil })
	after := since(before, func(t *terms.Terms) {
		t.Agreed.Lines[0].Key, t.Staff.Charges[0].Line = "other", "other"
	})
	history := run(t, nil, logged("first", before, evening(regular("2026-02-10", 2*time.Hour))), approve(before, "first"),
		period.Pin{Says: after, By: anna, At: later})
	if got, _, _ := valueOf(t, fold(history)); got != "240" {
		t.Errorf("two hours under the line that ended come to %s, want 240", got)
	}
	charged := run(t, history, period.AddCharge{
		Charge: domain.ChargeID{UUID: id("milestone")}, Line: "support", What: period.OtherCharge, Text: "Travel", Amount: amount("50"),
		Says: after, By: anna, At: later,
	})
	if _, _, got := valueOf(t, fold(charged)); got != "50" {
		t.Errorf("the charge of the line that ended comes to %s, want 50", got)
	}
}

// What bought hours had paid for was charged once more when an amendment turned their line into another type, and what
// was time and materials before was not charged at all.
func TestALineThatChangesItsTypeChargesWhatWasApprovedAsItWas(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		was, becomes func(*terms.Line, *terms.Charge)
		want         string
	}{
		"time and materials to a retainer": {timeAndMaterials, retainer, "240"},
		"a retainer to time and materials": {retainer, timeAndMaterials, "0"},
	} {
		before := with(says(line(test.was)), func(s *period.Says) { s.Granted = nil })
		after := since(before, func(t *terms.Terms) { test.becomes(&t.Agreed.Lines[0], &t.Staff.Charges[0]) })
		history := run(t, nil, logged("first", before, evening(regular("2026-02-10", 2*time.Hour))), approve(before, "first"),
			period.Pin{Says: after, By: anna, At: later})
		if got, _, _ := valueOf(t, fold(history)); got != test.want {
			t.Errorf("%s: two hours come to %s, want %s", name, got, test.want)
		}
	}
}

// A retainer's fee was that of the month's last version and its hours those of the first one, and both went on after
// the contract had ended.
func TestARetainersFeeGoesWithItsHours(t *testing.T) {
	t.Parallel()
	fee := func(price string) func(*terms.Line, *terms.Charge) {
		return func(l *terms.Line, c *terms.Charge) { retainer(l, c); c.Fee = amount(price) }
	}
	base := with(says(line(fee("900"))), func(s *period.Says) { s.Granted = nil })
	for name, test := range map[string]struct {
		says       period.Says
		fee        string
		hours, all int
	}{
		"as it was": {base, "900", 600, 1},
		"amended": {since(base, func(t *terms.Terms) {
			t.Agreed.Lines[0].Minutes, t.Staff.Charges[0].Fee = 1200, amount("1800")
		}), "900", 600, 1},
		"taken out": {since(base, func(t *terms.Terms) {
			t.Agreed.Lines[0].Key, t.Agreed.Lines[0].Type, t.Agreed.Lines[0].Minutes, t.Staff.Charges = "other", terms.TimeAndMaterials, 0, nil
		}), "900", 600, 1},
		"ended in the month":     {with(base, func(s *period.Says) { s.Versions[0].Terms.Agreed.Ends = "2026-02-03" }), "900", 600, 1},
		"ended before the month": {with(base, func(s *period.Says) { s.Versions[0].Terms.Agreed.Ends = "2026-01-31" }), "0", 0, 0},
	} {
		history := run(t, nil, period.Pin{Says: test.says, By: anna, At: at}, period.Close{Says: test.says, By: anna, At: march})
		granted, lots := 0, 0
		for _, p := range found[period.TermsPinned](history) {
			for _, lot := range p.Granted {
				granted, lots = granted+lot.GrantedMinutes, lots+1
			}
		}
		got := decimal.Zero
		for _, c := range found[period.ChargeAdded](history) {
			got = got.Add(c.Staff.Amount)
		}
		if got.String() != test.fee || granted != test.hours || lots != test.all {
			t.Errorf("%s: %d minutes in %d lots for %s, want %d in %d for %s", name, granted, lots, got, test.hours, test.all, test.fee)
		}
	}
}

// A contract that is ended after the month has begun takes back what the month had included.
func TestHoursIncludedAreTakenBackWhenTheContractHadEnded(t *testing.T) {
	t.Parallel()
	base := with(says(line(retainer)), func(s *period.Says) { s.Granted = nil })
	ended := with(base, func(s *period.Says) { s.Versions[0].Terms.Agreed.Ends = "2026-01-31" })
	history := run(t, nil, period.Pin{Says: base, By: anna, At: at}, period.Pin{Says: ended, By: anna, At: later})
	if left := fold(history).Hours("support", "2026-02-20").RemainingMinutes; left != 0 {
		t.Errorf("%d minutes are left, want none", left)
	}
}

// Who revised a record could make it another person's, and then approve it.
func TestRevisingARecordKeepsWhoseItIs(t *testing.T) {
	t.Parallel()
	draft := logged("first", says(), evening())
	draft.Submit = false
	history := run(t, nil, draft)
	for person, refused := range map[domain.PersonID]bool{{}: false, ben.Person: false, olive.Person: true} {
		revise := period.Revise{Time: timeID("first"), Entry: evening(func(e *period.Entry) { e.Person, e.Note = person, "told anew" }), Submit: true, Says: says(), By: ben, At: later}
		events, err := period.Decide(fold(history), revise)
		if errors.Is(err, domain.ErrInvalid) != refused || !refused && err != nil {
			t.Errorf("revised for %s: %v", person, err)
		}
		for _, e := range events {
			if revised, ok := e.(period.TimeRevised); ok && revised.Record.Staff.Person != ben.Person {
				t.Errorf("the record of %s is %s's now", ben.Person, revised.Record.Staff.Person)
			}
		}
	}
}

// Work that was logged while the contract ran was approved, and charged, after an earlier end had been set.
func TestWorkAfterTheEndIsNotApproved(t *testing.T) {
	t.Parallel()
	ended := with(says(), func(s *period.Says) { s.Versions[0].Terms.Agreed.Ends = "2026-02-09" })
	history := run(t, nil, logged("charged", says(), evening()), logged("free", says(), evening(func(e *period.Entry) {
		e.Billing, e.Reason = period.NonBillable, "after the end"
	})))
	if _, err := period.Decide(fold(history), approve(ended, "charged")); !errors.Is(err, domain.ErrConflict) {
		t.Errorf("work of the day after the end: %v, want a conflict", err)
	}
	run(t, history, approve(ended, "free"))
}

// A replacement that was moved to the next month forgot what it replaces: the minimum of a day was charged for it.
func TestAMovedReplacementStaysOne(t *testing.T) {
	t.Parallel()
	first, _ := fold(run(t, nil, logged("first", says(), evening()))).Time(timeID("first"))
	received := run(t, nil, period.Receive{
		Time: timeID("second"), Record: first.Record, Source: manual,
		Replaces: timeID("first"), Submitted: true, Says: inMarch(), By: anna, At: march,
	})
	if got := found[period.TimeLogged](received)[0].Replaces; got != timeID("first") {
		t.Errorf("it replaces %s", got)
	}
}

// A reversal gave overage back at the price of its own month, not at the one that it had been charged at.
func TestAReversalGivesOverageBackAtItsPrice(t *testing.T) {
	t.Parallel()
	allowed := func(price string) func(*terms.Terms) {
		return line(func(_ *terms.Line, c *terms.Charge) {
			c.Mode, c.Overage, c.OveragePrice = "", terms.AllowOverage, amount(price)
		})
	}
	none := func(s *period.Says) { s.Granted = nil }
	before, after := with(says(allowed("100")), none), with(inMarch(allowed("200")), none)
	history := run(t, nil, logged("first", before, evening(regular("2026-02-10", 2*time.Hour))), approve(before, "first"),
		period.Close{Says: before, By: anna, At: march},
		period.Correct{Time: timeID("first"), Reversal: timeID("back"), Into: "2026-03", Reason: "never done", By: anna, At: march})
	closed := fold(history)
	reverse, _ := closed.Reversal(timeID("first"))
	reverse.Says, reverse.By, reverse.At = after, anna, march
	closing, _ := closed.Closing()
	next := run(t, nil, period.CarryIn{Closed: closing, From: "2026-02", Says: after, By: anna, At: march}, reverse)
	if _, got, _ := valueOf(t, fold(next)); got != "-200" {
		t.Errorf("the reversal comes to %s, want -200", got)
	}
}

// Hours that are bought a minute at a time were bought without end.
func TestTopUpsAreBounded(t *testing.T) {
	t.Parallel()
	s := with(says(line(func(_ *terms.Line, c *terms.Charge) {
		c.Overage, c.TopUpMinutes, c.TopUpAtMinutes = terms.TopUpOverage, 1, bucket.MaxMinutes
	})), func(s *period.Says) { s.Granted = nil })
	history := run(t, nil, period.Pin{Says: s, By: anna, At: at}, logged("first", s, evening()), approve(s, "first"))
	for range period.MaxTopUps + 5 {
		due := found[period.TopUpDue](history)
		if len(due) == 0 {
			t.Fatal("nothing is bought")
		}
		s.Granted = append(s.Granted, bucket.Lot{ID: due[len(due)-1].Bucket.UUID, Line: "support", GrantedMinutes: 1, From: "2026-02-20", BoughtAt: later})
		history = run(t, history, period.Pin{Says: s, By: anna, At: later})
	}
	if diff := cmp.Diff(period.MaxTopUps, len(found[period.TopUpDue](history))); diff != "" {
		t.Errorf("top-ups (-want +got):\n%s", diff)
	}
}
