package period_test

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/spec"
	"effigate/domain/terms"
)

// called is what the client calls the ticket of the worked example.
func called(ticket domain.TicketID) string {
	if ticket.UUID == id("TKT-0041") {
		return "TKT-0041"
	}
	return ""
}

func charged(s period.State, earlier ...period.State) period.Charged {
	return s.Charge(invoiceID("one"), called, earlier...)
}

// printed lists lines as they are printed.
func printed(c period.Charged) []string {
	lines := []string{}
	for _, l := range c.Lines {
		lines = append(lines, fmt.Sprintf("%s | %s | %s | %s", l.Text, l.Quantity, l.UnitPrice.StringFixed(2), l.Amount.StringFixed(2)))
	}
	return lines
}

// explained lists the entries' rules.
func explained(c period.Charged) []string {
	rules := []string{}
	for _, e := range c.Entries {
		rules = append(rules, e.Rule)
	}
	return rules
}

// month is an open February with entries approved, in the order of names.
func month(t spec.T, s period.Says, entries ...period.Entry) []period.Event {
	t.Helper()
	return run(t, nil, append(logs(s, entries, true), approveAs(s, names[:len(entries)]...))...)
}

func on(changes ...func(*period.Entry)) period.Entry { return evening(changes...) }

func billing(b period.Billing) func(*period.Entry) {
	return func(e *period.Entry) { e.Billing, e.Reason = b, "goodwill" }
}

// TestTheWorkedExampleIsCharged is INV-2026-0041, to the cent.
func TestTheWorkedExampleIsCharged(t *testing.T) {
	t.Parallel()
	history := month(t, says(), on(), on(regular("2026-02-03", 8*time.Hour)), on(regular("2026-02-04", 8*time.Hour)),
		on(regular("2026-02-05", 8*time.Hour)), on(regular("2026-02-06", 150*time.Minute)))
	history = run(t, history, proposed("a", says()), confirmed("a"))
	want := []string{
		"Hours, regular | 28.50 h | 120.00 | 3420.00", "Hours, after-hours | 3.00 h | 180.00 | 540.00", "SLA deduction, ticket TKT-0041 | -1 | 200.00 | -200.00",
	}
	draft := charged(fold(history))
	if diff := cmp.Diff(want, printed(draft)); diff != "" {
		t.Errorf("charged (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[calendar.Month][]period.DeductionTakenEntry{"2026-02": {takes("a")}}, draft.Taken); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	line := draft.Lines[1]
	if line.From != "2026-02-10" || line.Until != "2026-02-10" || line.Entries != 1 || line.Section != "Support" {
		t.Errorf("a line is %+v", line)
	}
	entry := bill.Entry{
		ID: draft.Entries[5].ID, Line: line.ID, Day: "2026-02-10", Text: "Made the export stream.", JobType: "API", Condition: hours.AfterHours,
		Seconds: 10_800, Minutes: 180, Rule: "5 h; 3.00 h of it after-hours", UnitPrice: amount("180"), Amount: amount("540"), Version: 1, Clause: "Support",
		Staff: bill.EntryStaff{
			Time: timeID("a"), Person: ben.Person, Part: 2, Pin: 1, Card: "CON-2024-018", CardLayer: string(rate.ContractVersion), CardVer: 1, Row: "evening",
			Why: draft.Entries[5].Staff.Why, DrawnMinutes: 180,
		},
	}
	if diff := cmp.Diff(entry, draft.Entries[5]); diff != "" || len(entry.Staff.Why) == 0 {
		t.Errorf("an entry (-want +got):\n%s", diff)
	}
	history = run(t, history, reserve("one", says(), takes("a")))
	reserved := charged(fold(history))
	history = run(t, history, proposed("b", says()), confirmed("b"), billed("one"), period.Close{Says: says(), By: anna, At: march})
	for name, got := range map[string]period.Charged{"reserved": reserved, "closed": charged(fold(history))} {
		if diff := cmp.Diff(draft, got); diff != "" {
			t.Errorf("%s (-open +%s):\n%s", name, name, diff)
		}
	}
}

// allowed is a line of bought hours with ten hours, whose overage is charged.
func allowed(mode terms.Mode, price string) func(*terms.Terms) {
	return line(func(_ *terms.Line, c *terms.Charge) {
		c.Mode, c.Overage = mode, terms.AllowOverage
		if price != "" {
			c.OveragePrice = amount(price)
		}
	})
}

func tenHours(s *period.Says) { s.Granted = []bucket.Lot{lot("ten", 600)} }

func row(r rate.Row) func(*period.Says) {
	return func(s *period.Says) {
		s.Versions[0].Cards = []rate.Card{{Layer: rate.ContractVersion, Name: "own", Version: 1, Currency: "AUD", DayMinutes: 480, Rows: []rate.Row{r}}}
	}
}

func TestHowTimeIsCharged(t *testing.T) {
	t.Parallel()
	twelve := []period.Entry{on(regular("2026-02-03", 8*time.Hour)), on(regular("2026-02-04", 4*time.Hour))}
	weighted := line(func(_ *terms.Line, c *terms.Charge) {
		c.Weights = []terms.Weight{{Condition: hours.AfterHours, Percent: 150}}
	})
	for _, test := range []struct {
		name    string
		says    period.Says
		entries []period.Entry
		want    []string
		rules   []string
	}{
		{
			"bought hours at a price beyond", with(says(allowed(terms.Prepaid, "210")), tenHours), twelve,
			[]string{"Bought hours, regular | 10.00 h | 0.00 | 0.00", "Hours beyond those bought, regular | 2.00 h | 210.00 | 420.00"},
			[]string{"8 h", "4 h; 2.00 h beyond the hours", "4 h; 2.00 h beyond the hours"},
		},
		{
			"bought hours at the card's price beyond", with(says(allowed(terms.Prepaid, "")), tenHours), twelve,
			[]string{"Bought hours, regular | 10.00 h | 0.00 | 0.00", "Hours beyond those bought, regular | 2.00 h | 120.00 | 240.00"},
			nil,
		},
		{
			"in arrears with a price beyond", with(says(allowed(terms.PostpaidCapped, "210")), tenHours), twelve,
			[]string{"Hours, regular | 10.00 h | 120.00 | 1200.00", "Hours beyond those bought, regular | 2.00 h | 210.00 | 420.00"},
			nil,
		},
		{
			"in arrears without", with(says(allowed(terms.PostpaidCapped, "")), tenHours), twelve,
			[]string{"Hours, regular | 10.00 h | 120.00 | 1200.00", "Hours beyond those bought, regular | 2.00 h | 120.00 | 240.00"},
			nil,
		},
		{
			"weighted", with(says(allowed(terms.Prepaid, "210"), weighted), tenHours),
			[]period.Entry{on(), on(regular("2026-02-11", 4*time.Hour))},
			[]string{
				"Bought hours, regular | 5.50 h | 0.00 | 0.00", "Bought hours, after-hours | 4.50 h | 0.00 | 0.00", "Hours beyond those bought, regular | 0.50 h | 210.00 | 105.00",
			},
			[]string{"5 h; 2.00 h of it regular", "4 h; 0.50 h beyond the hours", "5 h; 3.00 h of it after-hours; counts for 4.50 h of the hours", "4 h; 0.50 h beyond the hours"},
		},
		{
			"a retainer", with(says(line(retainer), line(func(_ *terms.Line, c *terms.Charge) {
				c.Fee, c.Overage, c.OveragePrice = amount("900"), terms.AllowOverage, amount("150")
			})), func(s *period.Says) { s.Granted = nil }), twelve,
			[]string{
				"Included hours, regular | 10.00 h | 0.00 | 0.00", "Hours beyond those included, regular | 2.00 h | 150.00 | 300.00", "Support, 2026-02 | 1 | 900.00 | 900.00",
			},
			nil,
		},
		{
			"minutes that have no hundredths", says(line(timeAndMaterials)),
			[]period.Entry{on(regular("2026-02-03", 208*time.Minute))},
			[]string{"Hours, regular | 3 h 28 min | 120.00 | 416.00"},
			nil,
		},
		{
			"rounded", says(line(timeAndMaterials), rounding(hours.Rounding{Mode: hours.Up, StepMinutes: 15})),
			[]period.Entry{on(regular("2026-02-03", 130*time.Minute))},
			[]string{"Hours, regular | 2.25 h | 120.00 | 270.00"},
			[]string{"2 h 10 min, rounded up to 15 min: 2.25 h"},
		},
		{
			"at least", says(line(timeAndMaterials), rounding(hours.Rounding{MinimumMinutes: 30})),
			[]period.Entry{on(regular("2026-02-03", 610*time.Second))},
			[]string{"Hours, regular | 0.50 h | 120.00 | 60.00"},
			[]string{"10 min 10 s, rounded up to the minute, at least 0.50 h for a record: 0.50 h"},
		},
		{
			"rounded to nothing", says(line(timeAndMaterials), rounding(hours.Rounding{Mode: hours.Down, StepMinutes: 60})),
			[]period.Entry{on(regular("2026-02-03", 50*time.Minute)), on(regular("2026-02-04", time.Hour))},
			[]string{"Hours, regular | 1.00 h | 120.00 | 120.00"},
			[]string{"50 min, rounded down to 60 min: 0.00 h", "1 h"},
		},
		{
			"a minimum of a day", says(line(timeAndMaterials), rounding(hours.Rounding{TicketDayMinimumMinutes: 30})),
			[]period.Entry{on(regular("2026-02-03", 12*time.Minute))},
			[]string{"Hours, regular | 0.50 h | 120.00 | 60.00"},
			[]string{"12 min; 0.30 h more for the minimum of a day's work on one item"},
		},
		{
			"a minimum of the price", with(says(line(timeAndMaterials)), row(rate.Row{Key: "r", Price: amount("120"), Unit: rate.PerHour, MinimumMinutes: 60})),
			[]period.Entry{on(regular("2026-02-03", 12*time.Minute))},
			[]string{"Hours, regular | 1.00 h | 120.00 | 120.00"},
			[]string{"12 min; priced as at least 1.00 h"},
		},
		{
			"by the day", with(says(line(timeAndMaterials)), row(rate.Row{Key: "r", Price: amount("1000"), Unit: rate.PerDay})), twelve,
			[]string{"Days, regular | 1.50 d | 1000.00 | 1500.00"},
			nil,
		},
		{
			"at a fixed price", with(says(line(timeAndMaterials)), row(rate.Row{Key: "r", Price: amount("75"), Unit: rate.Fixed})), twelve,
			[]string{"Work at a fixed price, regular | 2 | 75.00 | 150.00"},
			[]string{"8 h; at one price for the whole record", "4 h; at one price for the whole record"},
		},
		{
			"shown without charge", says(line(timeAndMaterials), shows(terms.Shows{NoCharge: true})),
			[]period.Entry{on(regular("2026-02-03", time.Hour), billing(period.NoCharge)), on(regular("2026-02-04", time.Hour), billing(period.NonBillable)), on(regular("2026-02-04", time.Hour), billing(period.Included))},
			[]string{"Hours without charge, regular | 1.00 h | 0.00 | 0.00"},
			[]string{"1 h"},
		},
		{"not shown without charge", says(line(timeAndMaterials)), []period.Entry{on(regular("2026-02-03", time.Hour), billing(period.NoCharge))}, []string{}, nil},
		{"of a fixed line", says(line(func(l *terms.Line, c *terms.Charge) { l.Type, l.Minutes, c.Mode = terms.Fixed, 0, "" })), twelve, []string{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := charged(fold(month(t, test.says, test.entries...)))
			if diff := cmp.Diff(test.want, printed(got)); diff != "" {
				t.Errorf("charged (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.rules, explained(got)); diff != "" && test.rules != nil {
				t.Errorf("because (-want +got):\n%s", diff)
			}
		})
	}
}

// Two quarters of an hour at 27.50 are one line of 13.75, whose parts sum to it (A52).
func TestPartsSumToTheirLine(t *testing.T) {
	t.Parallel()
	s := with(says(line(timeAndMaterials)), row(rate.Row{Key: "r", Price: amount("27.50"), Unit: rate.PerHour}))
	got := charged(fold(month(t, s, on(regular("2026-02-03", 15*time.Minute)), on(regular("2026-02-04", 15*time.Minute)))))
	if got.Lines[0].Amount.String() != "13.75" || got.Entries[0].Amount.String() != "6.88" || got.Entries[1].Amount.String() != "6.87" {
		t.Errorf("%s of %s and %s", got.Lines[0].Amount, got.Entries[0].Amount, got.Entries[1].Amount)
	}
}

// Work over midnight is of two days: Friday evening, and Saturday.
func TestWorkOverMidnightIsOfTwoDays(t *testing.T) {
	t.Parallel()
	got := charged(fold(month(t, says(), on(func(e *period.Entry) {
		e.From, e.Until = utc("2026-02-06T12:00:00Z"), utc("2026-02-06T15:00:00Z")
	}))))
	want := []string{"Hours, after-hours | 1.00 h | 180.00 | 180.00", "Hours, weekend | 2.00 h | 180.00 | 360.00"}
	if diff := cmp.Diff(want, printed(got)); diff != "" {
		t.Errorf("charged (-want +got):\n%s", diff)
	}
	if got.Entries[0].Day != "2026-02-06" || got.Entries[1].Day != "2026-02-07" {
		t.Errorf("on %s and %s", got.Entries[0].Day, got.Entries[1].Day)
	}
}

func TestChargesAreLines(t *testing.T) {
	t.Parallel()
	s := says(line(func(l *terms.Line, c *terms.Charge) {
		l.Type, l.Minutes, c.Mode = terms.Fixed, 0, ""
		l.Milestones = []terms.Milestone{{Key: "discovery", Name: "Phase 1 Discovery"}}
	}))
	add := func(name string, what period.ChargeKind, milestone, price string) period.AddCharge {
		return period.AddCharge{
			Charge: domain.ChargeID{UUID: id(name)}, Line: "support", What: what, Text: name, Day: "2026-02-03", Amount: amount(price), TaxCategory: "reduced",
			Milestone: milestone, Says: s, By: anna, At: at,
		}
	}
	got := charged(fold(run(t, nil, add("Goodwill", period.OtherCharge, "", "-20.50"), add("Discovery", period.MilestoneCharge, "discovery", "3536.36"), add("Setup", period.FeeCharge, "", "10"))))
	want := []string{"Setup | 1 | 10.00 | 10.00", "Discovery | 1 | 3536.36 | 3536.36", "Goodwill | -1 | 20.50 | -20.50"}
	if diff := cmp.Diff(want, printed(got)); diff != "" {
		t.Errorf("charged (-want +got):\n%s", diff)
	}
	if got.Entries[1].Clause != "Phase 1 Discovery" || got.Entries[2].Clause != "Support" || got.Lines[1].TaxCategory != "reduced" {
		t.Errorf("because of %q and %q", got.Entries[1].Clause, got.Entries[2].Clause)
	}
}

// A corrected record comes back on the next month's invoice, at the price it had, and what took its place beside it.
func TestACorrectionIsALineOfItsOwn(t *testing.T) {
	t.Parallel()
	history := run(t, month(t, says(), on()), reserve("one", says()), billed("one"), period.Close{Says: says(), By: anna, At: march})
	history = run(t, history, period.Correct{
		Time: timeID("a"), Reversal: timeID("back"), Replacement: timeID("again"), Entry: on(lasting("2026-02-10", time.Hour)), Into: "2026-03", Reason: "wrong", By: anna, At: march,
	})
	closing, _ := fold(history).Closing()
	back, ok := fold(history).Reversal(timeID("a"))
	if !ok {
		t.Fatal("no reversal")
	}
	back.Says, back.By, back.At = inMarch(), anna, march
	again := logged("again", inMarch(), on(lasting("2026-02-10", time.Hour)))
	again.Replaces, again.Late, again.At = timeID("a"), true, march
	next := run(t, nil, period.CarryIn{Closed: closing, From: "2026-02", Says: inMarch(), By: anna, At: march}, back, again, approveAs(inMarch(), "again"))
	got := charged(fold(next))
	want := []string{
		"Hours, regular | 1.00 h | 120.00 | 120.00", "Correction, hours, regular | -2.00 h | 120.00 | -240.00", "Correction, hours, after-hours | -3.00 h | 180.00 | -540.00",
	}
	if diff := cmp.Diff(want, printed(got)); diff != "" {
		t.Errorf("charged (-want +got):\n%s", diff)
	}
	if e := got.Entries[2]; e.Rule != "taken back as it was charged in 2026-02" || e.Version != 1 || e.Staff.OfMonth != "2026-02" || e.Staff.Time != timeID("back") {
		t.Errorf("the entry is %+v", e)
	}
	if codes := blockers(fold(next), "2026-03-15"); !slices.Equal(codes, []string{"not_over", "negative"}) {
		t.Errorf("blocked by %v", codes)
	}
}

func blockers(s period.State, today calendar.Date) []string {
	var codes []string
	for _, b := range s.Blockers(today, charged(s)) {
		codes = append(codes, b.Code)
	}
	return codes
}

// TestTextsThatNoInvoiceCanPrintBlock has time whose descriptions are as long together as an invoice can print, and one
// letter longer. Such an invoice was issued, could not be kept, and kept all later ones from being printed.
func TestTextsThatNoInvoiceCanPrintBlock(t *testing.T) {
	t.Parallel()
	history := month(t, says(), on())
	at := slices.IndexFunc(history, func(e period.Event) bool { _, is := e.(period.TimeLogged); return is })
	described := func(length int) []string {
		e := history[at].(period.TimeLogged)
		e.Record.Description = strings.Repeat("x", length)
		history[at] = e
		return blockers(fold(history), "2026-03-02")
	}
	entries := charged(fold(history)).Entries
	rest := bill.Texts(entries) - len(entries)*len(entries[0].Text)
	length := (bill.MaxTexts - rest) / len(entries)
	if codes := described(length); slices.Contains(codes, "too_large") {
		t.Errorf("texts that can be printed: %v", codes)
	}
	if codes := described(length + 1); !slices.Contains(codes, "too_large") {
		t.Errorf("texts that cannot be printed: %v", codes)
	}
}

func TestWhatKeepsAPeriodFromBeingBilled(t *testing.T) {
	t.Parallel()
	history := month(t, with(says(allowed(terms.Prepaid, "")), func(s *period.Says) {
		tenHours(s)
		s.Versions[0].Cards = nil
	}), on(regular("2026-02-03", 11*time.Hour)))
	for _, test := range []struct {
		name    string
		history []period.Event
		today   calendar.Date
		want    []string
	}{
		{"nothing", nil, "2026-03-02", []string{"nothing_to_bill"}},
		{"no work", run(t, nil, period.Pin{Says: says(), By: anna, At: at}), "2026-02-28", []string{"not_over", "nothing_to_bill"}},
		{"time that waits", run(t, workedOn(t, says()), logged("b", says(), on(regular("2026-02-03", time.Hour)))), "2026-03-01", []string{"time_pending"}},
		{"no carry-in", run(t, nil, period.Pin{Says: inMarch(), By: anna, At: march}), "2026-04-01", []string{"carry_in_unknown", "nothing_to_bill"}},
		{"no price", history, "2026-03-01", []string{"rate_missing"}},
		{"a draft", run(t, workedOn(t, says()), reserve("one", says())), "2026-03-01", []string{"reserved"}},
		{"an invoice", run(t, workedOn(t, says()), reserve("one", says()), billed("one")), "2026-03-01", []string{"billed"}},
		{"not at all", workedOn(t, says()), "2026-03-01", nil},
	} {
		if diff := cmp.Diff(test.want, blockers(fold(test.history), test.today)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// Deductions are taken from the oldest on, as far as the invoice does not fall below zero.
func TestDeductionsWaitForMoney(t *testing.T) {
	t.Parallel()
	february := fold(run(t, workedOn(t, says()), reserve("zero", says()), billed("zero"), proposed("b", says()), confirmed("b"),
		period.Close{Says: says(), By: anna, At: march}))
	closing, _ := february.Closing()
	s := inMarch()
	inMarchOn := of("TKT-0041", utc("2026-03-03T00:00:00Z"))
	work := logged("a", s, on(lasting("2026-03-02", 4*time.Hour)))
	work.At = march
	next := run(t, nil, period.CarryIn{Closed: closing, From: "2026-02", Says: s, By: anna, At: march}, work, approve(s, "a"), proposed("c", s, inMarchOn), confirmed("c"))
	got := charged(fold(next), february)
	want := []string{"Hours, regular | 4.00 h | 120.00 | 480.00", "SLA deduction, ticket TKT-0041 | -1 | 200.00 | -200.00", "SLA deduction, ticket TKT-0041 | -1 | 200.00 | -200.00"}
	if diff := cmp.Diff(want, printed(got)); diff != "" {
		t.Errorf("charged (-want +got):\n%s", diff)
	}
	if len(got.Taken["2026-02"]) != 2 || len(got.Taken["2026-03"]) != 0 || got.Entries[1].Staff.OfMonth != "2026-02" {
		t.Errorf("taken: %v", got.Taken)
	}
	end := reserve("one", s)
	end.At = utc("2026-04-02T00:00:00Z")
	if got := charged(fold(run(t, next, end)), february); len(got.Lines) != 1 || len(got.Taken) != 0 {
		t.Errorf("what is reserved takes more than that: %v", printed(got))
	}
}

// checkCharged: entries sum to their lines, every line is what it says to half a unit of money, all of them come to what
// the period is worth, and a draft does not change by being drafted again, nor when the books are closed.
func checkCharged(t spec.T, state period.State) {
	t.Helper()
	got := charged(state)
	if diff := cmp.Diff(got, charged(state)); diff != "" {
		t.Fatalf("charged again (-once +twice):\n%s", diff)
	}
	sums, minutes, ids := map[string]decimal.Decimal{}, map[string]int{}, map[string]bool{}
	fees := decimal.Zero
	for _, e := range got.Entries {
		sums[e.Line.String()] = sums[e.Line.String()].Add(e.Amount)
		minutes[e.Line.String()] += e.Minutes
		if ids[e.ID.String()] {
			t.Fatalf("two entries have the id %s", e.ID)
		}
		ids[e.ID.String()] = true
		charge := func(c period.ChargeAdded) bool { return c.Charge == e.Staff.Charge }
		if !e.Staff.Charge.IsZero() && !slices.ContainsFunc(state.Charges(), charge) {
			fees = fees.Add(e.Amount)
		}
	}
	total, net := new(big.Rat), decimal.Zero
	for _, l := range got.Lines {
		exact := new(big.Rat).Mul(l.UnitPrice.Rat(), l.Count.Rat())
		switch l.Unit {
		case bill.Hour:
			exact.Mul(l.UnitPrice.Rat(), big.NewRat(int64(l.Minutes), 60))
		case bill.Day:
			exact.Mul(l.UnitPrice.Rat(), big.NewRat(int64(l.Minutes), int64(l.DayMinutes)))
		case bill.Piece:
		}
		off := new(big.Rat).Sub(exact, l.Amount.Rat())
		if off.Abs(off).Cmp(big.NewRat(1, 200)) > 0 || !sums[l.ID.String()].Equal(l.Amount) || l.Unit != bill.Piece && minutes[l.ID.String()] != l.Minutes || ids[l.ID.String()] {
			t.Fatalf("%+v\nhas entries of %s and %d minutes", l, sums[l.ID.String()], minutes[l.ID.String()])
		}
		ids[l.ID.String()] = true
		if net = net.Add(l.Amount); l.Kind != bill.Deduction {
			total.Add(total, exact)
		}
	}
	want := fees
	for _, v := range state.Values() {
		want = decimal.Sum(want, v.Time, v.Overage, v.Charges)
	}
	off := new(big.Rat).Sub(total, want.Rat())
	if off.Abs(off).Cmp(big.NewRat(1, 100_000_000)) > 0 {
		t.Fatalf("%+v\ncome to %s, the period to %s", got.Lines, total.FloatString(10), want)
	}
}

// An invoice charges of an open period what it charges once the books are closed.
func TestClosingChangesNoCharge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := open(t)
		entries := anyEntries(t, s.Zone)
		history := run(t, nil, append(logs(s, entries, true), approveAs(s, names[:len(entries)]...))...)
		draft := charged(fold(history))
		history = run(t, history, reserve("one", s))
		reserved := charged(fold(history))
		history = run(t, history, billed("one"), period.Close{Says: s, By: anna, At: march})
		for _, got := range []period.Charged{reserved, charged(fold(history))} {
			if diff := cmp.Diff(draft, got); diff != "" {
				t.Fatalf("charged (-open +later):\n%s", diff)
			}
		}
		checkCharged(t, fold(history))
	})
}

// BenchmarkCharge charges a month of ten thousand records; fold is what reading it takes.
func BenchmarkCharge(b *testing.B) {
	s := says(line(func(_ *terms.Line, c *terms.Charge) { c.Overage = terms.AllowOverage }), rounding(hours.Rounding{TicketDayMinimumMinutes: 30}))
	history := run(b, nil, period.Pin{Says: s, By: anna, At: at})
	prices := prices()[0].Rows[0]
	for i := range period.MaxRecords {
		time := timeID(strconv.Itoa(i))
		day := calendar.Date("2026-02-01").Add(i % 28)
		history = append(history, period.TimeLogged{Time: time, Record: period.Record{
			JobType: "api", Day: day, Seconds: 420, Description: "Made the export stream.",
			Staff: period.RecordStaff{Person: ben.Person, Work: period.Work{Kind: period.Ticket, ID: id("ticket " + strconv.Itoa(i/3))}},
		}}, period.TimeApproved{Time: time, BilledMinutes: 7, DrawnMinutes: 7, Staff: period.TimeApprovedStaff{
			Pin: 1, Line: "support", Charged: true,
			Parts: []period.Part{{Condition: hours.Regular, Seconds: 420, BilledMinutes: 7, DrawnMinutes: 7, Price: period.Price{Amount: prices.Price, Unit: prices.Unit}}},
		}})
	}
	state := fold(history)
	b.Run("fold", func(b *testing.B) {
		for b.Loop() {
			fold(history)
		}
	})
	b.Run("charge", func(b *testing.B) {
		for b.Loop() {
			charged(state)
		}
	})
}
