package period_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/spec"
	"effigate/domain/terms"
)

var (
	fay = staff("fay", domain.Finance)
	mia = staff("mia", domain.AccountManager)

	breached = utc("2026-02-17T23:30:00Z")
	missed   = terms.Penalty{Key: "response", Name: "First response", Trigger: terms.Response, Kind: terms.FixedPerBreach, Amount: amount("200")}
)

func deductionID(name string) domain.DeductionID {
	return domain.DeductionID{UUID: id("deduction " + name)}
}

// proposed proposes what the contract of the worked example gives back for the missed first response of TKT-0041.
func proposed(name string, s period.Says, changes ...func(*period.ProposeDeduction)) period.ProposeDeduction {
	c := period.ProposeDeduction{
		Deduction: deductionID(name), Ticket: domain.TicketID{UUID: id("TKT-0041")}, Goal: sla.FirstResponse, Cycle: 1, Clause: missed,
		Breached: breached, Running: true, Says: s, By: domain.System(), At: at,
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func under(clause terms.Penalty) func(*period.ProposeDeduction) {
	return func(c *period.ProposeDeduction) { c.Clause = clause }
}

func of(ticket string, breached time.Time) func(*period.ProposeDeduction) {
	return func(c *period.ProposeDeduction) {
		c.Ticket, c.Breached = domain.TicketID{UUID: id(ticket)}, breached
	}
}

func confirmed(name string) period.ConfirmDeduction {
	return period.ConfirmDeduction{Deduction: deductionID(name), By: fay, At: later}
}

func waived(by domain.Actor, reason string) period.WaiveDeduction {
	return period.WaiveDeduction{Deduction: deductionID("a"), Reason: reason, By: by, At: later}
}

func retracted(name string) period.RetractDeduction {
	return period.RetractDeduction{Deduction: deductionID(name), Reason: "an outage of the client", By: domain.System(), At: later}
}

func twoAbove(limit string) func(*terms.Terms) {
	return func(t *terms.Terms) { t.Staff.TwoWaiversAbove = amount(limit) }
}

// amendedOn is the contract with other terms from a day on; the breach fell on 18 February in Sydney.
func amendedOn(day calendar.Date, s period.Says, change func(*terms.Terms)) period.Says {
	return with(s, func(s *period.Says) {
		v := s.Versions[0]
		v.From, v.Version, v.Terms = day, 2, agreement(change)
		s.Versions = append(s.Versions, v)
	})
}

// TestADeductionFromProposalToCounterEntry is the first response of TKT-0041 in the worked example.
func TestADeductionFromProposalToCounterEntry(t *testing.T) {
	t.Parallel()
	history := run(t, nil, proposed("a", says()))
	staffPart := period.DeductionProposedStaff{
		Goal: sla.FirstResponse, Cycle: 1, Clause: missed, Breached: breached, Running: true, Amount: amount("200"), Why: "200.00 per breach",
	}
	proposal := period.DeductionProposed{Deduction: deductionID("a"), Ticket: domain.TicketID{UUID: id("TKT-0041")}, Staff: staffPart, At: at}
	if diff := cmp.Diff([]period.DeductionProposed{proposal}, found[period.DeductionProposed](history)); diff != "" {
		t.Errorf("proposed (-want +got):\n%s", diff)
	}
	given(history...).When(proposed("a", says())).ThenNothing(t)
	given(history...).When(confirmed("a")).Then(t, period.DeductionConfirmed{
		Deduction: deductionID("a"), Staff: period.DeductionConfirmedStaff{Amount: amount("200"), Why: "200.00 per breach"}, By: fay.Person, At: later,
	})
	history = run(t, history, confirmed("a"))
	entry := period.DeductionEntry{
		Deduction: deductionID("a"), Ticket: proposal.Ticket, Promise: "First response", Amount: amount("-200"), At: later,
	}
	if diff := cmp.Diff([]period.DeductionEntry{entry}, fold(history).DeductionEntries()); diff != "" {
		t.Errorf("to be invoiced (-want +got):\n%s", diff)
	}
	given(history...).When(confirmed("a")).ThenNothing(t)
	given(history...).When(proposed("a", says(), func(c *period.ProposeDeduction) { c.Clause.Amount = amount("300") })).ThenNothing(t)
	given(history...).When(waived(mia, "goodwill")).ThenRefused(t, domain.ErrConflict, "deduction_decided")
	given(history...).When(retracted("a")).Then(t, period.DeductionCountered{
		Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "an outage of the client"}, At: later,
	})
	history = run(t, history, retracted("a"))
	back := entry
	back.Amount, back.Counter = amount("200"), true
	if diff := cmp.Diff([]period.DeductionEntry{entry, back}, fold(history).DeductionEntries()); diff != "" {
		t.Errorf("to be invoiced after the counter-entry (-want +got):\n%s", diff)
	}
	for _, command := range []period.Command{retracted("a"), proposed("a", says())} {
		given(history...).When(command).ThenNothing(t)
	}
	given(history...).When(confirmed("a")).ThenRefused(t, domain.ErrConflict, "deduction_decided")
}

func TestWhoDecidesOnADeduction(t *testing.T) {
	t.Parallel()
	two := says(twoAbove("199.99"))
	history := run(t, nil, proposed("a", two))
	asked := run(t, history, waived(mia, "goodwill"))
	for name, test := range map[string]struct {
		given []period.Event
		when  period.Command
		then  []period.Event
		kind  error
		code  string
	}{
		"a small one is waived by one person": {
			given: run(t, nil, proposed("a", says(twoAbove("200")))), when: waived(mia, "goodwill"),
			then: []period.Event{period.DeductionWaived{Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "goodwill"}, By: mia.Person, At: later}},
		},
		"the limit of the day of the breach holds": {
			given: run(t, history, period.Pin{Says: amendedOn("2026-02-19", two, twoAbove("10000")), By: anna, At: later}), when: waived(mia, "goodwill"),
			then: []period.Event{period.DeductionWaiverAsked{Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "goodwill"}, By: mia.Person, At: later}},
		},
		"also one that was amended before": {
			given: run(t, history, period.Pin{Says: amendedOn("2026-02-18", two, twoAbove("10000")), By: anna, At: later}), when: waived(mia, "goodwill"),
			then: []period.Event{period.DeductionWaived{Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "goodwill"}, By: mia.Person, At: later}},
		},
		"a big one needs a second": {
			given: history, when: waived(mia, "goodwill"),
			then: []period.Event{period.DeductionWaiverAsked{Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "goodwill"}, By: mia.Person, At: later}},
		},
		"asked twice":                {given: asked, when: waived(mia, "goodwill")},
		"the first is not the other": {given: asked, when: waived(mia, "really"), kind: domain.ErrConflict, code: "second_person_needed"},
		"the second agrees": {
			given: asked, when: waived(fay, "they agreed"),
			then: []period.Event{period.DeductionWaived{Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "they agreed"}, By: fay.Person, At: later}},
		},
		"the second confirms": {
			given: asked, when: confirmed("a"),
			then: []period.Event{period.DeductionConfirmed{
				Deduction: deductionID("a"), Staff: period.DeductionConfirmedStaff{Amount: amount("200"), Why: "200.00 per breach"}, By: fay.Person, At: later,
			}},
		},
		"with another amount the first must ask again": {
			given: run(t, asked, proposed("a", two, func(c *period.ProposeDeduction) { c.Clause.Amount = amount("400") })), when: waived(fay, "agreed"),
			then: []period.Event{period.DeductionWaiverAsked{Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "agreed"}, By: fay.Person, At: later}},
		},
		"a share of an open period may grow": {
			given: run(t, nil, proposed("a", two, under(terms.Penalty{Key: "p", Kind: terms.PercentOfTicket, Percent: amount("1")}))), when: waived(mia, "goodwill"),
			then: []period.Event{period.DeductionWaiverAsked{Deduction: deductionID("a"), Staff: period.DeductionReason{Reason: "goodwill"}, By: mia.Person, At: later}},
		},
		"waived already":        {given: run(t, asked, waived(fay, "agreed")), when: waived(mia, "goodwill")},
		"confirmed when waived": {given: run(t, asked, waived(fay, "agreed")), when: confirmed("a"), kind: domain.ErrConflict, code: "deduction_decided"},
		"nobody is told of a client's guess": {given: history, when: func() period.Command {
			c := confirmed("a")
			c.By = clara
			return c
		}(), kind: domain.ErrNotFound, code: "not_found"},
		"the system decides nothing": {given: history, when: waived(domain.System(), "late"), kind: domain.ErrForbidden, code: "for_a_person"},
		"no such deduction":          {given: history, when: confirmed("b"), kind: domain.ErrNotFound, code: "deduction_not_found"},
		"another amount was shown": {given: history, when: func() period.Command {
			c := confirmed("a")
			c.Shown = decimal.NewNullDecimal(amount("150"))
			return c
		}(), kind: domain.ErrConflict, code: "amount_changed"},
		"nothing known is nothing to retract": {given: history, when: retracted("b")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decided := given(test.given...).When(test.when)
			switch {
			case test.kind != nil:
				decided.ThenRefused(t, test.kind, test.code)
			case test.then == nil:
				decided.ThenNothing(t)
			default:
				decided.Then(t, test.then...)
			}
		})
	}
	given(history...).When(waived(mia, " ")).ThenInvalid(t, "reason")
}

// What a clause asks for is looked up in the period, as it is when somebody decides.
func TestWhatADeductionComesTo(t *testing.T) {
	t.Parallel()
	worked := func(s period.Says) []period.Command { // 2 h at 120 and 3 h at 180 on the ticket, 1 h at 120 elsewhere
		other := evening(regular("2026-02-12", time.Hour))
		other.Work.ID = id("TKT-0039")
		return []period.Command{logged("a", s, evening()), logged("b", s, other), approve(s, "a", "b")}
	}
	fees := says(line(retainer), line(func(_ *terms.Line, c *terms.Charge) { c.Fee = amount("900") }))
	fees.Granted = nil
	late := func(seconds int64) func(*period.ProposeDeduction) {
		return func(c *period.ProposeDeduction) { c.Running, c.OverrunSeconds = false, seconds }
	}
	tiers := terms.Penalty{Key: "late", Name: "Late", Kind: terms.TieredByOverrun, Tiers: []terms.Tier{{AboveMinutes: 0, Amount: amount("100")}, {AboveMinutes: 60, Amount: amount("250")}}}
	ticket := terms.Penalty{Key: "share", Name: "Share", Kind: terms.PercentOfTicket, Percent: amount("15")}
	fee := terms.Penalty{Key: "fee", Name: "Fee", Kind: terms.PercentOfFee, Percent: amount("10")}
	for name, test := range map[string]struct {
		when []period.Command
		want []string // amounts, in the order of the breaches
	}{
		"of the ticket, after it was proposed": {append([]period.Command{proposed("a", says(), under(ticket))}, worked(says())...), []string{"117"}},
		"of the ticket that nobody worked on":  {append(worked(says()), proposed("a", says(), under(ticket), of("TKT-0037", breached))), []string{"0"}},
		"of a fee that is not charged yet":     {[]period.Command{proposed("a", fees, under(fee))}, []string{"90"}},
		"of a fee that is":                     {[]period.Command{proposed("a", fees, under(fee)), period.Close{Says: fees, By: anna, At: march}}, []string{"90"}},
		"by the overrun, while it grows":       {[]period.Command{proposed("a", says(), under(tiers))}, []string{"0"}},
		"by the overrun, when it is known":     {[]period.Command{proposed("a", says(), under(tiers)), proposed("a", says(), under(tiers), late(3601))}, []string{"250"}},
		"within the ticket's cap": {
			[]period.Command{
				proposed("b", says(), under(withCaps(missed, "300", "0")), of("TKT-0041", breached.Add(time.Hour))),
				proposed("a", says(), under(withCaps(missed, "300", "0"))),
			}, []string{"200", "100"},
		},
		"within the ticket's cap, beside other months": {
			[]period.Command{proposed("a", says(), under(withCaps(missed, "300", "0")), func(c *period.ProposeDeduction) { c.Elsewhere = amount("150") })}, []string{"150"},
		},
		"within the period's cap": {
			append([]period.Command{
				proposed("a", says(), under(withCaps(missed, "0", "25"))), proposed("b", says(), under(withCaps(missed, "0", "25")), of("TKT-0039", breached.Add(time.Hour))),
			}, worked(says())...), []string{"200", "25"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range fold(run(t, nil, test.when...)).Deductions() {
				got = append(got, d.Amount.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("amounts (-want +got):\n%s", diff)
			}
		})
	}
	running := run(t, nil, proposed("a", says(), under(tiers)))
	given(running...).When(confirmed("a")).ThenRefused(t, domain.ErrConflict, "overrun_unknown")
	nothing := run(t, nil, proposed("a", says(), under(ticket)))
	given(nothing...).When(confirmed("a")).ThenRefused(t, domain.ErrConflict, "nothing_to_deduct")
	closed := run(t, nil, proposed("a", says()), period.Close{Says: says(), By: anna, At: march})
	given(closed...).When(confirmed("a")).Then(t, period.DeductionConfirmed{
		Deduction: deductionID("a"), Staff: period.DeductionConfirmedStaff{Amount: amount("200"), Why: "200.00 per breach"}, By: fay.Person, At: later,
	})
	given(closed...).When(proposed("b", says())).ThenRefused(t, domain.ErrConflict, "period_closed")
}

func withCaps(clause terms.Penalty, perTicket, perPeriod string) terms.Penalty {
	clause.CapPerTicket, clause.CapPeriodPercent = amount(perTicket), amount(perPeriod)
	return clause
}

// Neither the order in which breaches are proposed, nor that in which they are confirmed, changes what any of them
// comes to, and together they stay within the caps.
func TestTheOrderOfDeductionsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := says()
		clause := withCaps(missed, "0", "0")
		clause.CapPerTicket = decimal.NewFromInt(rapid.Int64Range(0, 500).Draw(t, "per ticket"))
		clause.CapPeriodPercent = decimal.NewFromInt(rapid.Int64Range(0, 100).Draw(t, "per period"))
		history := run(t, nil, logged("a", s, evening()), approve(s, "a")) // 780 in all
		var proposals, confirmations []period.Command
		used := names[:rapid.IntRange(1, 6).Draw(t, "breaches")]
		for _, name := range used {
			ticket := rapid.SampledFrom([]string{"TKT-0041", "TKT-0039"}).Draw(t, "ticket")
			when := breached.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "hour")) * time.Hour)
			proposals = append(proposals, proposed(name, s, under(clause), of(ticket, when)))
			confirmations = append(confirmations, confirmed(name))
		}
		straight := fold(run(t, history, proposals...)).Deductions()
		state := fold(run(t, history, rapid.Permutation(proposals).Draw(t, "proposed")...))
		if diff := cmp.Diff(straight, state.Deductions(), cmp.Comparer(sameButTold)); diff != "" {
			t.Fatalf("proposed in another order (-straight +crooked):\n%s", diff)
		}
		for _, command := range rapid.Permutation(confirmations).Draw(t, "confirmed") {
			events, err := period.Decide(state, command)
			if err == nil {
				state = period.Decider.Fold(state, events...)
			}
		}
		total, perTicket := decimal.Zero, map[domain.TicketID]decimal.Decimal{}
		for i, d := range state.Deductions() {
			if !d.Amount.Equal(straight[i].Amount) || d.Amount.IsPositive() != (d.State == period.DeductionTaken) {
				t.Fatalf("%s, shown as %s, was %s with %s", d.ID, straight[i].Amount, d.State, d.Amount)
			}
			total, perTicket[d.Ticket] = total.Add(d.Amount), perTicket[d.Ticket].Add(d.Amount)
			if clause.CapPerTicket.IsPositive() && perTicket[d.Ticket].GreaterThan(clause.CapPerTicket) {
				t.Fatalf("%s for one ticket, the cap is %s", perTicket[d.Ticket], clause.CapPerTicket)
			}
		}
		if clause.CapPeriodPercent.IsPositive() && total.GreaterThan(clause.CapPeriodPercent.Mul(amount("7.8"))) {
			t.Fatalf("%s in all, the cap is %s %% of 780", total, clause.CapPeriodPercent)
		}
	})
}

// sameButTold compares what deductions come to, but for the amounts that were told when each was proposed.
func sameButTold(a, b period.Deduction) bool {
	return a.ID == b.ID && a.State == b.State && a.Amount.Equal(b.Amount) && a.Why == b.Why
}

// Deductions are money that nobody has invoiced: no client hears of them.
func TestDeductionsAreNotDisclosed(t *testing.T) {
	t.Parallel()
	history := run(t, nil, proposed("a", says(twoAbove("1"))))
	before := len(history)
	history = run(t, history, waived(mia, "goodwill"), waived(fay, "agreed"), proposed("b", says(twoAbove("1"))), confirmed("b"), retracted("b"))
	disclosed(history[:before]...).Then(t)
	disclosed(history...).Then(t)
}

// anyDeduction meets the ones before it: few deductions, tickets, clauses and people.
func anyDeduction(t *rapid.T, says period.Says, by domain.Actor, at time.Time) period.Command {
	name := rapid.SampledFrom(names[:3]).Draw(t, "deduction")
	switch rapid.IntRange(0, 4).Draw(t, "of a deduction") {
	case 0:
		return period.ConfirmDeduction{Deduction: deductionID(name), Elsewhere: decimal.NewFromInt(rapid.Int64Range(0, 50).Draw(t, "elsewhere")), By: by, At: at}
	case 1:
		return period.WaiveDeduction{Deduction: deductionID(name), Reason: marker + " reason", By: by, At: at}
	case 2:
		return period.RetractDeduction{Deduction: deductionID(name), Reason: marker + " reason", By: by, At: at}
	}
	clause := terms.Penalty{
		Key: "clause", Name: marker, Kind: rapid.SampledFrom([]terms.PenaltyKind{terms.FixedPerBreach, terms.PercentOfTicket, terms.PercentOfFee, terms.TieredByOverrun}).Draw(t, "kind"),
		Amount: amount("120.50"), Percent: amount("12.5"), Tiers: []terms.Tier{{AboveMinutes: 10, Amount: amount("80")}},
		CapPerTicket:     decimal.NewFromInt(rapid.Int64Range(0, 150).Draw(t, "per ticket")),
		CapPeriodPercent: decimal.NewFromInt(rapid.Int64Range(0, 100).Draw(t, "per period")),
	}
	return period.ProposeDeduction{
		Deduction: deductionID(name), Ticket: domain.TicketID{UUID: id(rapid.SampledFrom([]string{"TKT-1", "TKT-2"}).Draw(t, "ticket"))},
		Goal: sla.Resolution, Cycle: 1, Clause: clause, Breached: breached.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "hour")) * time.Hour),
		OverrunSeconds: rapid.Int64Range(0, 2000).Draw(t, "overrun"), Running: rapid.Bool().Draw(t, "running"), Says: says, By: by, At: at,
	}
}

// checkDeductions: none is ever below zero, the entries of a countered one sum to zero, and those of all to what is
// confirmed.
func checkDeductions(t spec.T, history []period.Event) {
	t.Helper()
	state := fold(history)
	sums := map[domain.DeductionID]decimal.Decimal{}
	for _, entry := range state.DeductionEntries() {
		sums[entry.Deduction] = sums[entry.Deduction].Add(entry.Amount)
	}
	for _, d := range state.Deductions() {
		want := decimal.Zero
		if d.State == period.DeductionTaken {
			want = d.Amount.Neg()
		}
		if d.Amount.IsNegative() || !sums[d.ID].Equal(want) || d.Why == "" {
			t.Fatalf("deduction %+v has entries of %s", d, sums[d.ID])
		}
	}
	if !slices.IsSortedFunc(state.DeductionEntries(), func(a, b period.DeductionEntry) int { return a.At.Compare(b.At) }) {
		t.Fatalf("entries out of order: %+v", state.DeductionEntries())
	}
}
