package commands_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

// retained are terms with ten hours a month for 1,000.
func retained(starts calendar.Date) terms.Terms {
	said := terms.Plain(terms.Retainer, terms.Standard, starts, terms.JobType{Key: "api", Name: "API"})
	said.Agreed.Payment = terms.Payment{Rule: terms.Net, Days: 30}
	said.Agreed.Lines[0].Minutes = 600
	said.Staff.Charges = []terms.Charge{{Line: terms.PlainLine, Fee: decimal.NewFromInt(1000)}}
	return said
}

func blocks(preview commands.InvoicePreview, code string) bool {
	return slices.ContainsFunc(preview.Exceptions, func(e commands.Exception) bool { return e.Blocks && e.Code == code })
}

// A month that nobody opened is billed all the same: its fee was agreed, whether anybody worked or not.
func TestAMonthThatNobodyOpenedIsBilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described(t, harbour())
	on := w.signed(t, retained("2026-02-01"))
	preview, err := w.service.PreviewInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})
	if err != nil || preview.Blocked() || !preview.Document.Net.Equal(decimal.NewFromInt(1000)) {
		t.Errorf("blocked by %+v, net %s, %v", preview.Exceptions, preview.Document.Net, err)
	}
	if net := w.invoiced(t, w.issue(t, w.approved(t, on))).Document().Net; !net.Equal(decimal.NewFromInt(1000)) {
		t.Errorf("the month came to %s", net)
	}
}

// What the contract says by now decides what can be drafted. Decided by what the month had pinned before, it would be
// reserved for a draft that nothing is left for, and stay so for good.
func TestAMonthIsReservedByWhatTheContractSaysNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described(t, harbour())
	on := w.signed(t, retained("2026-01-01"))
	must(t)(w.service.OpenPeriod(t.Context(), w.next(owner), commands.OpenPeriod{Contract: on, Month: "2026-01"}))
	must(t)(w.service.ClosePeriod(t.Context(), w.next(owner), commands.ClosePeriod{Contract: on, Month: "2026-01"}))
	must(t)(w.service.TerminateContract(t.Context(), w.next(owner), commands.TerminateContract{Contract: on, Ends: "2026-01-31", Reason: "gone"}))
	c := commands.DraftInvoice{Contract: on, Month: february}
	mark := w.mark()
	preview, err := w.service.PreviewInvoice(t.Context(), w.next(owner), c)
	if err != nil || !blocks(preview, "nothing_to_bill") {
		t.Errorf("the preview tells %+v, %v", preview.Exceptions, err)
	}
	_, err = w.service.DraftInvoice(t.Context(), w.next(owner), c)
	wantRefused(t, err, domain.ErrConflict, "nothing_to_bill")
	wantKinds(t, w.since(mark))
}

// misdescribed stores an issuer that no command would take any more.
func (w *world) misdescribed(t *testing.T, who issuer.Content) {
	t.Helper()
	last := domain.NoStream
	for recorded, err := range w.log.Read(t.Context(), issuer.Stream(issuer.Main), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		last = recorded.Revision
	}
	_, err := w.log.Append(t.Context(), domain.Append{
		Stream: issuer.Stream(issuer.Main), Expected: last, Command: w.next(owner).Command(),
		Events: []domain.Event{issuer.Described{Issuer: issuer.Main, Staff: who, By: owner.Person, At: at}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever the draft would be refused for refuses its reservation.
func TestNothingIsReservedForADraftThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, who := w.billable(t), harbour()
	who.Zone = "Australia/Sidney"
	w.misdescribed(t, who)
	c := commands.DraftInvoice{Contract: on, Month: february}
	mark := w.mark()
	preview, err := w.service.PreviewInvoice(t.Context(), w.next(owner), c)
	if err != nil || !preview.Blocked() {
		t.Errorf("the preview tells %+v, %v", preview.Exceptions, err)
	}
	if _, err := w.service.DraftInvoice(t.Context(), w.next(owner), c); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	wantKinds(t, w.since(mark))
}

// stuck is a reservation whose draft was refused, because the issuer changed in between.
func (w *world) stuck(t *testing.T) (domain.ContractID, domain.InvoiceID) {
	t.Helper()
	on, bad := w.billable(t), harbour()
	bad.Rates[0].From = "2027-01-01"
	racing := commands.NewService(&faultyLog{Log: w.log, after: func(a domain.Append) error {
		if slices.ContainsFunc(a.Events, func(e domain.Event) bool { return e.Kind() == period.Reserved{}.Kind() }) {
			w.described(t, bad)
		}
		return nil
	}}, w.answers)
	if _, err := racing.DraftInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february}); !errors.Is(err, domain.ErrInvalid) {
		t.Fatalf("got %v, want ErrInvalid", err)
	}
	reserved, _ := w.period(t, on, february).Reservation()
	return on, reserved.Invoice
}

// A reservation whose draft is refused for good can be given up, and no draft follows it.
func TestAReservationWithoutADraftIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, id := w.stuck(t)
	c := commands.OnInvoice{Invoice: id, Contract: on, Month: february, Reason: "no rate of tax"}
	if _, err := w.service.DiscardInvoice(t.Context(), w.next(agent), c); !errors.Is(err, domain.ErrForbidden) {
		t.Errorf("got %v, want ErrForbidden", err)
	}
	other := c
	other.Invoice = domain.InvoiceID{UUID: w.nexus.UUID}
	_, err := w.service.DiscardInvoice(t.Context(), w.next(owner), other)
	wantRefused(t, err, domain.ErrNotFound, "no_such_invoice")
	mark := w.mark()
	must(t)(w.service.DiscardInvoice(t.Context(), w.next(owner), c))
	wantKinds(t, w.since(mark), "invoice.discarded.v1", "period.released.v1")
	w.described(t, harbour())
	mark = w.mark()
	must(t)(w.service.CompleteReservation(t.Context(), w.next(domain.System()), on, february))
	must(t)(w.service.DiscardInvoice(t.Context(), w.next(owner), c))
	wantKinds(t, w.since(mark))
	if again := w.invoice(t, on); again == id || !w.invoiced(t, again).Complete() {
		t.Error("the month is not drafted anew")
	}
}

// Days of an issuer end in its zone: one that does not exist would stop every invoice.
func TestAnIssuersZoneExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := harbour()
	who.Zone = "Australia/Sidney"
	_, err := w.service.DescribeIssuer(t.Context(), w.next(owner), commands.DescribeIssuer{Content: who})
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
}

// Of issuers that are described with one prefix at the same moment, one gets it; what cannot be described takes none.
func TestAPrefixIsOfOneIssuer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	describe := func(key string, change func(*issuer.Content)) error {
		who := harbour()
		change(&who)
		_, err := w.service.DescribeIssuer(t.Context(), request(owner, key), commands.DescribeIssuer{Issuer: key, Content: who})
		return err
	}
	wantRefused(t, describe("wrong", func(c *issuer.Content) { c.Rates = nil }), domain.ErrInvalid, "invalid_fields")
	keys := []string{"east", "north", "south", "west"}
	refused := make([]error, len(keys))
	var all sync.WaitGroup
	for i, key := range keys {
		all.Go(func() { refused[i] = describe(key, func(*issuer.Content) {}) })
	}
	all.Wait()
	first := slices.Index(refused, nil)
	if first < 0 {
		t.Fatalf("nobody got the prefix: %v", refused)
	}
	for i, err := range refused {
		if i != first {
			wantRefused(t, err, domain.ErrConflict, "prefix_taken")
			if !strings.Contains(err.Error(), "issuer "+keys[first]) {
				t.Errorf("%v does not name %s", err, keys[first])
			}
		}
	}
	wantRefused(t, describe("later", func(c *issuer.Content) { c.CreditPrefix = "OTHER" }), domain.ErrConflict, "prefix_taken")
	other := func(c *issuer.Content) { c.InvoicePrefix, c.CreditPrefix = "RE", "GS" }
	if err := describe("fifth", other); err != nil {
		t.Error(err)
	}
	who := harbour()
	other(&who)
	_, err := w.service.DescribeIssuer(t.Context(), request(owner, "anew"), commands.DescribeIssuer{Issuer: keys[first], Content: who})
	wantRefused(t, err, domain.ErrConflict, "prefix_taken")
}

// A credit note is dated between its invoice and today: its date is that of every later number of the series.
func TestACreditNotesDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := allOf(w.issued(t))
	for _, day := range []calendar.Date{"2026-12-31", "2026-03-17", "2026-03-15", "1995-01-01"} {
		c.Date = day
		_, err := w.service.CreditInvoice(t.Context(), w.next(owner), c)
		wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	}
	c.Date = "2026-03-16"
	must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), c))
}

// Money that a gateway tells of has come: what its invoice does not take is the client's credit.
func TestAGatewaysMoneyIsNeverRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	w.received(t, w.money("200", dollars(id, 200)))
	foreign := domain.InvoiceID{UUID: w.orion.UUID}
	c := w.money("264", dollars(foreign, 10), dollars(id, 264), dollars(id, 1))
	c.Gateway = "pay_1"
	if left := w.paid(t, w.received(t, c)).Left(); !left.Equal(decimal.NewFromInt(200)) {
		t.Errorf("the client's credit is %s", left)
	}
	euros := w.money("264", dollars(id, 264))
	euros.Currency, euros.Gateway = "EUR", "pay_2"
	if left := w.paid(t, w.received(t, euros)).Left(); !left.Equal(decimal.NewFromInt(264)) {
		t.Errorf("the client's credit is %s", left)
	}
	if paid := w.invoiced(t, id); !paid.Outstanding().IsZero() || !paid.Paid().Equal(decimal.NewFromInt(264)) {
		t.Errorf("%s are outstanding", paid.Outstanding())
	}
}

// What the credit note would be refused for takes nothing of the invoice.
func TestACreditThatCannotBeWrittenReservesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := allOf(w.issued(t))
	c.Code = "whatever"
	mark := w.mark()
	_, err := w.service.CreditInvoice(t.Context(), w.next(owner), c)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	wantKinds(t, w.since(mark))
	c.Code = creditnote.Mistake
	must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), c))
}

// Rates of tax, rate cards and charges name categories in one form.
func TestCategoriesHaveOneForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, who := w.billable(t), harbour()
	standard := who.Rates[0]
	standard.Category = "S"
	who.Rates = append(who.Rates, standard)
	w.described(t, who)
	charge := commands.AddCharge{Contract: on, Month: february, Line: terms.PlainLine, Text: "Licence", Amount: decimal.NewFromInt(10), TaxCategory: "no word"}
	_, err := w.service.AddCharge(t.Context(), w.next(owner), charge)
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	charge.TaxCategory = "S"
	must(t)(w.service.AddCharge(t.Context(), w.next(owner), charge))
	if net := w.invoiced(t, w.issue(t, w.approved(t, on))).Document().Net; !net.Equal(decimal.NewFromInt(250)) {
		t.Errorf("the month came to %s", net)
	}
}

// Hours that were granted while their month was on a draft are there as soon as it is billed.
func TestHoursGrantedForAFrozenMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described(t, harbour())
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	said := terms.Plain(terms.Bucket, terms.Standard, "2026-02-01", terms.JobType{Key: "api", Name: "API"})
	said.Agreed.Lines[0].Minutes, said.Agreed.Payment = 600, terms.Payment{Rule: terms.Net, Days: 30}
	said.Staff.Charges = []terms.Charge{{Line: terms.PlainLine, Mode: terms.Prepaid, Fee: decimal.NewFromInt(1000)}}
	on := w.worked(t, said)
	id := w.approved(t, on)
	must(t)(w.service.GrantBucket(t.Context(), w.next(owner), commands.GrantBucket{
		Contract: on, Line: terms.PlainLine, Minutes: 300, From: "2026-02-20", Until: "2026-12-31", Price: decimal.NewFromInt(500),
	}))
	w.issue(t, id)
	granted := 0
	for recorded, err := range w.log.Read(t.Context(), period.Stream(on, march), domain.NoStream) {
		if err != nil {
			t.Fatal(err)
		}
		if pinned, ok := recorded.Event.(period.TermsPinned); ok {
			for _, lot := range pinned.Granted {
				granted += lot.GrantedMinutes
			}
		}
	}
	if granted != 300 {
		t.Errorf("march was granted %d minutes", granted)
	}
}

// The limit of an order is over all its months, in whatever order they are billed.
func TestTheLimitOfAnOrderCountsLaterMonths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.billable(t)
	on := w.worked(t, w.ordered("300"))
	w.approvedHours(t, on, at.Add(-24*time.Hour))
	must(t)(w.service.ClosePeriod(t.Context(), w.next(owner), commands.ClosePeriod{Contract: on, Month: february}))
	later := at.AddDate(0, 1, 0)
	id := domain.InvoiceID{UUID: must(t)(w.service.DraftInvoice(t.Context(), w.on(owner, later), commands.DraftInvoice{Contract: on, Month: march})).ID}
	w.issueAt(t, id, later)
	_, err := w.service.DraftInvoice(t.Context(), w.on(owner, later), commands.DraftInvoice{Contract: on, Month: february})
	wantRefused(t, err, domain.ErrConflict, "purchase_order_limit")
}

// What was credited does not count under an order.
func TestWhatWasCreditedLeavesRoomUnderAnOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.billable(t)
	on := w.worked(t, w.ordered("300"))
	w.approvedHours(t, on, at.Add(-24*time.Hour))
	must(t)(w.service.ClosePeriod(t.Context(), w.next(owner), commands.ClosePeriod{Contract: on, Month: february}))
	id := w.issue(t, w.approved(t, on))
	later, next := at.AddDate(0, 1, 0), commands.DraftInvoice{Contract: on, Month: march}
	_, err := w.service.DraftInvoice(t.Context(), w.on(owner, later), next)
	wantRefused(t, err, domain.ErrConflict, "purchase_order_limit")
	must(t)(w.service.CreditInvoice(t.Context(), w.on(owner, later), commands.CreditInvoice{Invoice: id, Code: creditnote.Mistake, Reason: "Nothing went."}))
	must(t)(w.service.DraftInvoice(t.Context(), w.on(owner, later), next))
}

// However long the reason is, the month is free again: it used to stay reserved for good.
func TestALongReasonToDiscardFreesTheMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.billable(t)
	id := w.invoice(t, on)
	must(t)(w.service.DiscardInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id, Reason: strings.Repeat("ä", 1900)}))
	w.invoice(t, on)
}

func (w *world) issueAt(t *testing.T, id domain.InvoiceID, moment time.Time) {
	t.Helper()
	must(t)(w.service.ApproveInvoice(t.Context(), w.on(owner, moment), commands.OnInvoice{Invoice: id, Shown: w.invoiced(t, id).Digest()}))
	must(t)(w.service.IssueInvoice(t.Context(), w.on(owner, moment), commands.OnInvoice{Invoice: id}))
}

// A line that was added by hand brings a draft beyond the limit as well.
func TestTheLimitOfAnOrderHoldsAtTheIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.billable(t)
	on := w.worked(t, w.ordered("240"))
	id := w.invoice(t, on)
	more := &commands.ManualLine{Text: "Parking", Count: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(1), Reason: "as agreed"}
	must(t)(w.service.AdjustInvoice(t.Context(), w.next(owner), commands.AdjustInvoice{Invoice: id, Add: more}))
	must(t)(w.service.ApproveInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id, Shown: w.invoiced(t, id).Digest()}))
	_, err := w.service.IssueInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id})
	wantRefused(t, err, domain.ErrConflict, "purchase_order_limit")
}

// An invoice is dated between the end of its month and today.
func TestAnInvoicesDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := commands.OnInvoice{Invoice: w.approved(t, w.billable(t))}
	for _, day := range []calendar.Date{"2019-05-05", "2026-02-27", "2026-03-17"} {
		c.Date = day
		_, err := w.service.IssueInvoice(t.Context(), w.next(owner), c)
		wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	}
	c.Date = "2026-02-28"
	must(t)(w.service.IssueInvoice(t.Context(), w.next(owner), c))
}

// Money that a credit pays back is never received alone: nobody would pay it back later.
func TestARefundOfACreditIsOneStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := allOf(w.issued(t))
	c.Effect = commands.RefundCredit
	w.received(t, w.money("264", dollars(c.Invoice, 264)))
	must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), c))
	steps := map[domain.CommandID]int{}
	for _, recorded := range w.log.All() {
		switch recorded.Event.(type) {
		case payment.Refunded:
			steps[recorded.Command] += 10
		case payment.Received:
			steps[recorded.Command]++
		}
	}
	if !slices.Contains(slices.Collect(maps.Values(steps)), 11) {
		t.Errorf("received and refunded by %v", steps)
	}
}

// delayed is a contract with a deduction of February that was confirmed when that was billed, and with hours in March
// and April.
func (w *world) delayed(t *testing.T) (on domain.ContractID, later time.Time) {
	t.Helper()
	w.described(t, harbour())
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	on, ticket := w.late(t, breach(sla.FirstResponse, inFebruary.Add(time.Hour)))
	w.propose(t, ticket)
	w.approvedHours(t, on, inFebruary)
	w.issue(t, w.approved(t, on))
	w.approvedHours(t, on, at.Add(-24*time.Hour))
	w.approvedHours(t, on, at.AddDate(0, 1, 0))
	must(t)(w.service.ConfirmDeduction(t.Context(), w.next(owner), deciding(on, february, ticket, sla.FirstResponse)))
	later = at.AddDate(0, 2, 0)
	must(t)(w.service.ClosePeriod(t.Context(), w.on(owner, later), commands.ClosePeriod{Contract: on, Month: march}))
	return on, later
}

// A draft holds of earlier months what it began with. What came free before it was complete waits for the next one:
// reserved for a draft without it, it would be on none.
func TestWhatCameFreeLaterIsOnTheNextInvoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, later := w.delayed(t)
	var second domain.InvoiceID
	racing := commands.NewService(&faultyLog{Log: w.log, after: func(a domain.Append) error {
		switch {
		case a.Stream == period.Stream(on, march): // Another draft is faster with the deduction …
			second.UUID = must(t)(w.service.DraftInvoice(t.Context(), w.on(owner, later), commands.DraftInvoice{Contract: on, Month: april})).ID
		case a.Events[0].Kind() == invoice.Drafted{}.Kind():
			return domain.ErrUnavailable // … and is given up while this one is half written.
		}
		return nil
	}}, w.answers)
	r := w.on(owner, later)
	if _, err := racing.DraftInvoice(t.Context(), r, commands.DraftInvoice{Contract: on, Month: march}); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	must(t)(w.service.DiscardInvoice(t.Context(), w.on(owner, later), commands.OnInvoice{Invoice: second}))
	first := domain.InvoiceID{UUID: must(t)(w.service.DraftInvoice(t.Context(), r, commands.DraftInvoice{Contract: on, Month: march})).ID}
	if left := w.period(t, on, february).Unbilled(); len(left) != 1 || !w.invoiced(t, first).Complete() {
		t.Errorf("%d entries are unbilled", len(left))
	}
}

// Deductions that find no room on an invoice are told of, and do not keep it from being drafted.
func TestDeductionsThatWaitAreToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described(t, harbour())
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	on, ticket := w.late(t, breach(sla.FirstResponse, inFebruary.Add(time.Hour)))
	w.propose(t, ticket)
	must(t)(w.service.ConfirmDeduction(t.Context(), w.next(owner), deciding(on, february, ticket, sla.FirstResponse)))
	preview, err := w.service.PreviewInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(preview.Exceptions, func(e commands.Exception) bool { return !e.Blocks && e.Code == "deductions_left" }) {
		t.Errorf("the preview tells %+v", preview.Exceptions)
	}
}

// The first number is what the issuer says when the series is opened, not when the invoice was drafted.
func TestTheFirstNumberIsTheNewest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, who := w.approved(t, w.billable(t)), harbour()
	who.First = []issuer.First{{Kind: bill.Invoice, Year: 2026, Number: 100}}
	w.described(t, who)
	if got := w.invoiced(t, w.issue(t, id)).Document().Number; got != "INV-2026-0100" {
		t.Errorf("issued as %s", got)
	}
}

// A draft follows from what was read for it, also where the issuer was described anew before it was written.
func TestAnInvoiceIsComputedFromWhatItsDraftRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, changed := w.billable(t), harbour()
	changed.Party.Name = "Harbour Holding"
	r := w.next(owner)
	racing := commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) error {
		if a.Events[0].Kind() == (invoice.Drafted{}).Kind() {
			w.described(t, changed)
		}
		return nil
	}}, w.answers)
	id := domain.InvoiceID{UUID: must(t)(racing.DraftInvoice(t.Context(), r, commands.DraftInvoice{Contract: on, Month: february})).ID}
	must(t)(w.service.ApproveInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id, Shown: w.invoiced(t, id).Digest()}))
	again, err := w.service.RecomputeInvoice(t.Context(), w.issue(t, id))
	if diff := cmp.Diff([]string(nil), again.Differences); err != nil || diff != "" {
		t.Errorf("computed again it differs (-want +got), %v:\n%s", err, diff)
	}
}

// tornLog refuses to say what contracts say as soon as a period is billed.
type tornLog struct {
	*faultyLog

	billed bool
}

func (l *tornLog) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	l.billed = l.billed || a.Events[0].Kind() == period.Billed{}.Kind()
	return l.faultyLog.Append(ctx, a)
}

func (l *tornLog) Read(ctx context.Context, stream string, after int64) iter.Seq2[domain.Recorded, error] {
	if l.billed && strings.HasPrefix(stream, "contract-") {
		return func(yield func(domain.Recorded, error) bool) {
			yield(domain.Recorded{}, domain.Refuse(domain.ErrConflict, "reference_missing", "%s says nothing", stream))
		}
	}
	return l.faultyLog.Read(ctx, stream, after)
}

// Once an invoice is issued, nothing that is wrong with its contract keeps the books open.
func TestTheBooksAreClosedWhateverTheContractSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.approved(t, w.billable(t))
	on := w.invoiced(t, id).Drafted().Contract
	s := commands.NewService(&tornLog{faultyLog: &faultyLog{Log: w.log}}, w.answers)
	must(t)(s.IssueInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id}))
	if state := w.period(t, on, february); !state.Closed {
		t.Error("the month is open")
	}
}
