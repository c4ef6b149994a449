package period_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/domain/spec"
	"effigate/domain/terms"
)

func invoiceID(name string) domain.InvoiceID { return domain.InvoiceID{UUID: id("invoice " + name)} }

func reserve(invoice string, s period.Says, entries ...period.DeductionTakenEntry) period.Reserve {
	return period.Reserve{Invoice: invoiceID(invoice), Entries: entries, Says: s, By: fay, At: march}
}

// reserveLater takes entries alone.
func reserveLater(invoice string, entries ...period.DeductionTakenEntry) period.Reserve {
	c := reserve(invoice, says(), entries...)
	c.Later = true
	return c
}

func release(invoice string) period.Release {
	return period.Release{Invoice: invoiceID(invoice), Reason: "too early", By: fay, At: march}
}

func billed(invoice string) period.Bill {
	return period.Bill{Invoice: invoiceID(invoice), Number: "INV-2026-0041", Net: amount("3760"), By: domain.System(), At: march}
}

func unbill(invoice string) period.Unbill {
	return period.Unbill{Invoice: invoiceID(invoice), CreditNote: domain.CreditNoteID{UUID: id("CN-2026-0001")}, By: fay, At: march}
}

func takes(name string) period.DeductionTakenEntry {
	return period.DeductionTakenEntry{Deduction: deductionID(name)}
}

// putsBack is the counter-entry of the deduction a.
func putsBack() period.DeductionTakenEntry {
	return period.DeductionTakenEntry{Deduction: deductionID("a"), Counter: true}
}

// workedOn is a February with one approved record and a confirmed deduction.
func workedOn(t spec.T, s period.Says) []period.Event {
	t.Helper()
	return run(t, nil, logged("a", s, evening()), approve(s, "a"), proposed("a", s), confirmed("a"))
}

func TestAPeriodFromReservationToCredit(t *testing.T) {
	t.Parallel()
	history := workedOn(t, says())
	command := reserve("one", says(), takes("a"))
	command.BeyondOrder, command.Earlier = "the order is being extended", []period.EarlierEntries{{Month: "2026-01", Entries: []period.DeductionTakenEntry{takes("old")}}}
	reserved := period.Reserved{
		Invoice: invoiceID("one"), By: fay.Person, At: march,
		Staff: period.ReservedStaff{Entries: command.Entries, Earlier: command.Earlier, BeyondOrder: command.BeyondOrder},
	}
	given(history...).When(command).Then(t, reserved)
	history = append(history, reserved)
	given(history...).When(command).ThenNothing(t)
	given(history...).When(reserve("one", says())).ThenRefused(t, domain.ErrConflict, "reservation_exists")
	given(history...).When(reserve("two", says())).ThenRefused(t, domain.ErrConflict, "period_reserved")
	given(history...).When(unbill("one")).ThenRefused(t, domain.ErrConflict, "not_billed")
	if held, ok := fold(history).Reservation(); !ok || held.Invoice != invoiceID("one") || !fold(history).Frozen() {
		t.Errorf("reserved by %v, %t", held, ok)
	}

	freed := run(t, history, release("one"))
	given(freed...).When(release("one")).ThenNothing(t)
	given(freed...).When(billed("one")).ThenRefused(t, domain.ErrConflict, "not_reserved")
	if _, ok := fold(freed).Reservation(); ok || len(fold(freed).Unbilled()) != 1 || fold(freed).Frozen() {
		t.Error("something stays reserved after the draft is discarded")
	}

	event := period.Billed{Invoice: invoiceID("one"), Number: "INV-2026-0041", Staff: period.BilledStaff{Net: amount("3760")}, At: march}
	given(history...).When(billed("one")).Then(t, event)
	given(history...).When(billed("two")).ThenRefused(t, domain.ErrConflict, "not_reserved")
	history = append(history, event)
	given(history...).When(billed("one")).ThenNothing(t)
	given(history...).When(release("one")).ThenRefused(t, domain.ErrConflict, "period_billed")
	given(history...).When(reserve("two", says())).ThenRefused(t, domain.ErrConflict, "period_billed")
	if by, ok := fold(history).BilledBy(); !ok || by != invoiceID("one") || !fold(history).BilledNet().Equal(amount("3760")) {
		t.Errorf("billed by %v, %s", by, fold(history).BilledNet())
	}

	history = run(t, history, period.Close{Says: says(), By: anna, At: march})
	given(history...).When(reserve("two", says())).ThenRefused(t, domain.ErrConflict, "period_billed")
	given(history...).When(unbill("one")).Then(t, period.Unbilled{
		Invoice: invoiceID("one"), CreditNote: domain.CreditNoteID{UUID: id("CN-2026-0001")}, By: fay.Person, At: march,
	})
	history = run(t, history, unbill("one"))
	given(history...).When(unbill("one")).ThenNothing(t)
	if _, ok := fold(history).BilledBy(); ok || len(fold(history).Unbilled()) != 1 || !fold(history).BilledNet().IsZero() {
		t.Error("something stays billed after the invoice is credited")
	}
	run(t, history, reserve("two", says(), takes("a")))
}

func TestReservingIsRefused(t *testing.T) {
	t.Parallel()
	waiting := run(t, nil, logged("a", says(), evening()))
	given(waiting...).When(reserve("one", says())).ThenRefused(t, domain.ErrConflict, "time_pending")
	early := reserve("one", says())
	early.At = at
	given(workedOn(t, says())...).When(early).ThenRefused(t, domain.ErrConflict, "not_over")
	afterMarch := reserve("one", inMarch())
	afterMarch.At = utc("2026-04-02T00:00:00Z")
	given().When(afterMarch).ThenRefused(t, domain.ErrConflict, "carry_in_unknown")
	given().When(reserveLater("one", takes("a"))).ThenRefused(t, domain.ErrNotFound, "not_found")
	given(workedOn(t, says())...).When(reserveLater("one")).ThenInvalid(t, "entries")
	notBefore := reserve("one", says())
	notBefore.Earlier = []period.EarlierEntries{{Month: "2026-02", Entries: []period.DeductionTakenEntry{takes("a")}}}
	given(workedOn(t, says())...).When(notBefore).ThenInvalid(t, "earlier")
	given(workedOn(t, says())...).When(reserve("one", says(), takes("b"))).ThenRefused(t, domain.ErrConflict, "entry_taken")
	given(workedOn(t, says())...).When(reserve("one", says(), takes("a"), takes("a"))).ThenRefused(t, domain.ErrConflict, "entry_taken")
	by := reserve("one", says())
	by.By = clara
	given(workedOn(t, says())...).When(by).ThenRefused(t, domain.ErrNotFound, "not_found")
}

// What is set apart for an invoice stays as it is, until that is discarded; the period is closed once it is billed, and
// as it was billed.
func TestAReservedPeriodStaysAsItIs(t *testing.T) {
	t.Parallel()
	history := run(t, workedOn(t, says()), reserve("one", says()))
	more := with(says(), func(s *period.Says) { s.Granted = append(s.Granted, lot("more", 600)) })
	changes := map[string]period.Command{
		"log": logged("b", says(), evening()), "approve": approve(says(), "b"),
		"return":  period.Return{Times: timeIDs("a"), Reason: "again", By: anna, At: march},
		"correct": period.Correct{Time: timeID("a"), Reversal: timeID("back"), Into: "2026-03", Reason: "wrong", By: anna, At: march},
		"pin":     period.Pin{Says: more, By: anna, At: march},
		"charge":  period.AddCharge{Charge: domain.ChargeID{UUID: id("taxi")}, Line: "support", What: period.OtherCharge, Text: "Taxi", Amount: amount("20"), Says: says(), By: anna, At: march},
	}
	for name, command := range changes {
		given(history...).When(command).ThenRefused(t, domain.ErrConflict, "period_reserved")
		if _, err := period.Decide(fold(run(t, history, billed("one"))), command); err == nil {
			t.Errorf("%s is taken by a period that is billed", name)
		}
	}
	given(history...).When(period.Close{Says: says(), By: anna, At: march}).ThenRefused(t, domain.ErrConflict, "period_reserved")
	given(history...).When(period.Pin{Says: says(), By: anna, At: march}).ThenNothing(t)
	given(history...).When(logged("a", says(), evening())).ThenNothing(t)

	closed := run(t, history, billed("one"), period.Close{Says: more, By: anna, At: march})
	never := run(t, workedOn(t, says()), period.Close{Says: says(), By: anna, At: march})
	if diff := cmp.Diff(found[period.Closed](never), found[period.Closed](closed)); diff != "" {
		t.Errorf("closed (-never billed +billed):\n%s", diff)
	}
}

// Deductions of a reserved month are decided all the same, and wait for the next invoice.
func TestDeductionsOfABilledMonth(t *testing.T) {
	t.Parallel()
	history := run(t, workedOn(t, says()), reserve("one", says(), takes("a")))
	history = run(t, history, proposed("b", says()), confirmed("b"), retracted("a"))
	unbilled := func(want ...period.DeductionTakenEntry) {
		t.Helper()
		var got []period.DeductionTakenEntry
		for _, e := range fold(history).Unbilled() {
			got = append(got, period.DeductionTakenEntry{Deduction: e.Deduction, Counter: e.Counter})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unbilled (-want +got):\n%s", diff)
		}
	}
	unbilled(takes("b")) // The counter-entry waits for what it puts back.
	discarded := fold(run(t, history, release("one")))
	if left := discarded.Unbilled(); len(left) != 1 || left[0].Deduction != deductionID("b") {
		t.Errorf("what cancels out is to be billed: %+v", left)
	}
	history = run(t, history, billed("one"), period.Close{Says: says(), By: anna, At: march})
	unbilled(putsBack(), takes("b"))
	history = run(t, history, reserveLater("two", takes("b"), putsBack()))
	unbilled()
	given(history...).When(reserveLater("three", takes("b"))).ThenRefused(t, domain.ErrConflict, "entry_taken")
	given(history...).When(reserveLater("two", putsBack(), takes("b"))).ThenNothing(t)
	two := billed("two")
	given(history...).When(two).Then(t, period.Billed{Invoice: two.Invoice, Number: two.Number, At: march})
	history = run(t, history, two)
	if by, _ := fold(history).BilledBy(); by != invoiceID("one") || !fold(history).ReservedFor(invoiceID("two")) {
		t.Errorf("the month is billed by %v", by)
	}
	history = run(t, history, unbill("two"))
	unbilled(putsBack(), takes("b"))
	history = run(t, history, unbill("one"))
	unbilled(takes("b"))
}

func TestReservingChargesTheMonthsFee(t *testing.T) {
	t.Parallel()
	fee := line(func(l *terms.Line, c *terms.Charge) { retainer(l, c); c.Fee = amount("900") })
	s := with(says(fee), func(s *period.Says) { s.Granted = nil })
	history := run(t, nil, reserve("one", s))
	if charges := fold(history).Charges(); len(charges) != 1 || charges[0].Charge != period.Fee(contract, "support", "2026-02") {
		t.Errorf("charged: %+v", charges)
	}
	history = run(t, history, billed("one"), period.Close{Says: s, By: anna, At: march})
	if charges := fold(history).Charges(); len(charges) != 1 {
		t.Errorf("closing charged it again: %+v", charges)
	}
}

func TestBillingIsNotDisclosed(t *testing.T) {
	t.Parallel()
	history := workedOn(t, says())
	_, before := fold(history), changed(history)
	history = run(t, history, reserve("one", says(), takes("a")), billed("one"), unbill("one"), reserve("two", says()), release("two"))
	if after := changed(history); after != before {
		t.Errorf("%d changes are disclosed, before there were %d", after, before)
	}
}

func changed(history []period.Event) int { return len(disclosedBy(history)) }

// anyBilling meets the ones before it: few invoices, and entries that may be there.
func anyBilling(t *rapid.T, s period.Says, by domain.Actor) period.Command {
	invoice := rapid.SampledFrom(names[:2]).Draw(t, "invoice")
	switch rapid.IntRange(0, 5).Draw(t, "billing") {
	case 0:
		c := release(invoice)
		c.Reason, c.By = marker+" reason", by
		return c
	case 1, 2:
		c := billed(invoice)
		c.By = by
		return c
	case 3:
		c := unbill(invoice)
		c.By = by
		return c
	}
	c := reserve(invoice, s)
	c.Later, c.By, c.BeyondOrder = rapid.IntRange(0, 3).Draw(t, "later") == 0, by, marker
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names[:3]), 0, 2, rapid.ID).Draw(t, "entries") {
		c.Entries = append(c.Entries, period.DeductionTakenEntry{Deduction: deductionID(name), Counter: rapid.IntRange(0, 3).Draw(t, "counter") == 0})
	}
	return c
}

// checkTaken: an entry of a deduction is unbilled or some invoice took it, never both, and the period is frozen as long
// as an invoice has it and nobody closed it.
func checkTaken(t spec.T, state period.State) {
	t.Helper()
	held, reserved := state.Reservation()
	by, billed := state.BilledBy()
	if reserved && billed || reserved && !state.ReservedFor(held.Invoice) || billed && !state.ReservedFor(by) {
		t.Fatalf("reserved by %v and billed by %v", held, by)
	}
	if state.Frozen() != ((reserved || billed) && !state.Closed) {
		t.Fatalf("frozen: %t", state.Frozen())
	}
	for _, e := range state.Unbilled() {
		for _, taken := range held.Staff.Entries {
			if taken.Deduction == e.Deduction && taken.Counter == e.Counter {
				t.Fatalf("%+v is reserved and unbilled", e)
			}
		}
	}
}
