package commands_test

import (
	"errors"
	"fmt"
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
	"effigate/domain/invoice"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

// February goes on an invoice, with its number, its date and what explains it; and the same events lead to it again.
func TestAMonthIsInvoiced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.billable(t)
	preview, err := w.service.PreviewInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})
	if err != nil || preview.Blocked() {
		t.Fatalf("blocked by %+v, %v", preview.Exceptions, err)
	}
	id := w.invoice(t, on)
	must(t)(w.service.AdjustInvoice(t.Context(), w.next(manager), commands.AdjustInvoice{Invoice: id, Add: discount()}))
	lines := w.invoiced(t, id).Draft().Lines
	must(t)(w.service.AdjustInvoice(t.Context(), w.next(manager), commands.AdjustInvoice{
		Invoice: id, Reword: &commands.Reworded{Line: lines[0].ID, Text: "Export of large files"},
	}))
	_, err = w.service.AdjustInvoice(t.Context(), w.next(manager), commands.AdjustInvoice{Invoice: id})
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	_, err = w.service.IssueInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id})
	wantRefused(t, err, domain.ErrConflict, "not_approved")
	must(t)(w.service.SubmitInvoice(t.Context(), w.next(manager), commands.OnInvoice{Invoice: id}))
	must(t)(w.service.ApproveInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id, Shown: w.invoiced(t, id).Digest()}))
	document := w.invoiced(t, w.issue(t, id)).Document()
	want := []string{"INV-2026-0038", "2026-03-16", "2026-04-15", "220", "22", "242"}
	got := []string{document.Number, string(document.Date), string(document.Due), document.Net.String(), document.Tax.String(), document.Payable.String()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the document (-want +got):\n%s", diff)
	}
	if by, billed := w.period(t, on, february).BilledBy(); !billed || by != id || !w.period(t, on, february).Closed {
		t.Errorf("the month is billed by %s", by)
	}
	again, err := w.service.RecomputeInvoice(t.Context(), id)
	if err != nil || len(again.Differences) > 0 {
		t.Errorf("computed again it differs: %v, %v", again.Differences, err)
	}
	_, err = w.service.DraftInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})
	wantRefused(t, err, domain.ErrConflict, "billed")
	_, err = w.service.AdjustInvoice(t.Context(), w.next(owner), commands.AdjustInvoice{Invoice: id, Remove: lines[0].ID})
	wantRefused(t, err, domain.ErrConflict, "line_computed")
	w.checkIDs(t)
}

// What an issued invoice says stays true when everything that it was made of is described anew.
func TestAnInvoiceIsComputedFromItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	other := harbour()
	other.Rates[0].Percent, other.InvoicePrefix, other.Party.Name = decimal.NewFromInt(15), "RE", "Harbour Holding"
	w.described(t, other)
	must(t)(w.service.DescribeBilling(t.Context(), w.next(owner), commands.DescribeBilling{Client: w.nexus, Billing: billing("Nexus Group")}))
	again, err := w.service.RecomputeInvoice(t.Context(), id)
	if err != nil || len(again.Differences) > 0 {
		t.Errorf("computed again it differs: %v, %v", again.Differences, err)
	}
	_, err = w.service.RecomputeInvoice(t.Context(), domain.InvoiceID{UUID: w.nexus.UUID})
	wantRefused(t, err, domain.ErrNotFound, "not_issued")
}

func TestTwoPeopleIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, who := w.billable(t), harbour()
	who.TwoPeople = true
	w.described(t, who)
	id := w.invoice(t, on)
	approve := func(by domain.Actor, shown string) error {
		_, err := w.service.ApproveInvoice(t.Context(), w.next(by), commands.OnInvoice{Invoice: id, Shown: shown})
		return err
	}
	seen := w.invoiced(t, id).Digest()
	second := w.hire(t, staff("fiona", domain.Finance))
	wantRefused(t, approve(second, seen), domain.ErrConflict, "not_submitted")
	must(t)(w.service.SubmitInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id}))
	wantRefused(t, approve(owner, seen), domain.ErrForbidden, "own_invoice")
	must(t)(w.service.ReturnInvoice(t.Context(), w.next(second), commands.OnInvoice{Invoice: id, Reason: "a discount is missing"}))
	must(t)(w.service.AdjustInvoice(t.Context(), w.next(manager), commands.AdjustInvoice{Invoice: id, Add: discount()}))
	must(t)(w.service.SubmitInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id}))
	wantRefused(t, approve(second, seen), domain.ErrConflict, "draft_changed")
	if err := approve(second, w.invoiced(t, id).Digest()); err != nil {
		t.Error(err)
	}
}

// Whatever keeps a month off an invoice is told by the preview, and refuses the draft before anything is written.
func TestWhatCannotBeInvoiced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code    string
		prepare func(*testing.T, *world) domain.ContractID
	}{
		"an issuer that nobody described": {"issuer_missing", func(t *testing.T, w *world) domain.ContractID {
			t.Helper()
			must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
			return w.worked(t, payable())
		}},
		"a client that nobody described": {"billing_missing", func(t *testing.T, w *world) domain.ContractID {
			t.Helper()
			must(t)(w.service.DescribeIssuer(t.Context(), w.next(owner), commands.DescribeIssuer{Content: harbour()}))
			must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
			return w.worked(t, payable())
		}},
		"time that nobody approved": {"time_pending", func(t *testing.T, w *world) domain.ContractID {
			t.Helper()
			on, c := w.billable(t), w.work()
			c.Contract, c.Submit, c.Entry.From, c.Entry.Until = on, true, inFebruary.Add(5*time.Hour), inFebruary.Add(6*time.Hour)
			must(t)(w.service.LogTime(t.Context(), w.on(other, inFebruary.Add(7*time.Hour)), c))
			return on
		}},
		"a month without anything": {"nothing_to_bill", func(t *testing.T, w *world) domain.ContractID {
			t.Helper()
			w.described(t, harbour())
			return w.signed(t, payable())
		}},
		"another draft": {"reserved", func(t *testing.T, w *world) domain.ContractID {
			t.Helper()
			on := w.billable(t)
			w.invoice(t, on)
			return on
		}},
		"another invoice": {"billed", func(t *testing.T, w *world) domain.ContractID {
			t.Helper()
			return w.invoiced(t, w.issued(t)).Drafted().Contract
		}},
		"the limit of the order": {"purchase_order_limit", func(t *testing.T, w *world) domain.ContractID {
			t.Helper()
			w.billable(t)
			return w.worked(t, w.ordered("239.99"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := commands.DraftInvoice{Contract: test.prepare(t, w), Month: february}
			mark := w.mark()
			preview, err := w.service.PreviewInvoice(t.Context(), w.next(owner), c)
			if err != nil || !slices.ContainsFunc(preview.Exceptions, func(e commands.Exception) bool { return e.Blocks && e.Code == test.code }) {
				t.Errorf("the preview tells %+v, %v", preview.Exceptions, err)
			}
			_, err = w.service.DraftInvoice(t.Context(), w.next(owner), c)
			wantRefused(t, err, domain.ErrConflict, test.code)
			wantKinds(t, w.since(mark))
		})
	}
}

// ordered are terms with a limit of the client's order.
func (w *world) ordered(limit string) (said terms.Terms) {
	said = payable()
	said.Agreed.PurchaseOrder, said.Staff.PurchaseOrderLimit = "PO-7", decimal.RequireFromString(limit)
	return said
}

// The limit of an order holds over months, and a reason overrules it.
func TestTheLimitOfAnOrderHoldsOverMonths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.billable(t)
	on := w.worked(t, w.ordered("479.99"))
	w.issue(t, w.approved(t, on))
	w.approvedHours(t, on, at.Add(-24*time.Hour))
	r := w.on(owner, at.AddDate(0, 1, 0))
	c := commands.DraftInvoice{Contract: on, Month: march}
	_, err := w.service.DraftInvoice(t.Context(), r, c)
	wantRefused(t, err, domain.ErrConflict, "purchase_order_limit")
	c.BeyondOrder = "the order is on its way"
	r = w.on(owner, r.At)
	id := domain.InvoiceID{UUID: must(t)(w.service.DraftInvoice(t.Context(), r, c)).ID}
	if got := w.invoiced(t, id).Drafted().Staff.BeyondOrder; got != c.BeyondOrder {
		t.Errorf("the draft says %q", got)
	}
}

// A discarded draft leaves everything as it was (A44), and what was logged meanwhile has entered the next month.
func TestADiscardedDraftFreesItsMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.billable(t)
	charged := func() period.Charged {
		return w.period(t, on, february).Charge(domain.InvoiceID{}, func(domain.TicketID) string { return "" })
	}
	before := charged()
	id := w.invoice(t, on)
	c := w.work()
	c.Contract, c.Entry.From, c.Entry.Until = on, inFebruary.Add(5*time.Hour), inFebruary.Add(6*time.Hour)
	late := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.next(other), c)).ID}
	if _, entered := w.period(t, on, march).Time(late); !entered {
		t.Error("late time did not enter march")
	}
	must(t)(w.service.DiscardInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: id}))
	if diff := cmp.Diff(before, charged()); diff != "" {
		t.Errorf("the month charges (-before +after):\n%s", diff)
	}
	if _, reserved := w.period(t, on, february).Reservation(); reserved {
		t.Error("the month is still reserved")
	}
	again := w.invoice(t, on)
	if again == id {
		t.Error("the discarded draft came back")
	}
	first, second := w.invoiced(t, id), w.invoiced(t, again)
	if diff := cmp.Diff(amounts(first.Draft().Lines), amounts(second.Draft().Lines)); diff != "" {
		t.Errorf("lines (-discarded +new):\n%s", diff)
	}
}

func amounts(lines []bill.Line) (told []string) {
	for _, line := range lines {
		told = append(told, line.Text+" "+line.Quantity+" "+line.Net.String())
	}
	return told
}

// A deduction that was confirmed after its month was billed is taken by the next invoice, once, whoever is faster.
func TestALateDeductionIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described(t, harbour())
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	on, ticket := w.late(t, breach(sla.FirstResponse, inFebruary.Add(time.Hour)))
	w.propose(t, ticket)
	w.approvedHours(t, on, inFebruary)
	w.issue(t, w.approved(t, on))
	w.approvedHours(t, on, at.Add(-24*time.Hour))
	w.approvedHours(t, on, at.AddDate(0, 1, 0))
	must(t)(w.service.ConfirmDeduction(t.Context(), w.next(owner), deciding(on, february, ticket, sla.FirstResponse)))

	later := at.AddDate(0, 2, 0)
	months := []calendar.Month{march, april}
	must(t)(w.service.OpenPeriod(t.Context(), w.on(owner, later), commands.OpenPeriod{Contract: on, Month: march}))
	must(t)(w.service.ClosePeriod(t.Context(), w.on(owner, later), commands.ClosePeriod{Contract: on, Month: march}))
	ids, errs := make([]commands.Answer, 2), make([]error, 2)
	var all sync.WaitGroup
	for i, month := range months {
		r := w.on(owner, later)
		all.Go(func() {
			ids[i], errs[i] = w.service.DraftInvoice(t.Context(), r, commands.DraftInvoice{Contract: on, Month: month})
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for i, answer := range ids {
		state := w.invoiced(t, domain.InvoiceID{UUID: answer.ID})
		if !state.Complete() {
			t.Errorf("the draft of %s is not complete", months[i])
		}
		for _, line := range state.Draft().Lines {
			if line.Kind == bill.Deduction {
				taken++
			}
		}
	}
	if taken != 1 {
		t.Errorf("the deduction was taken %d times", taken)
	}
	for _, answer := range ids {
		id := domain.InvoiceID{UUID: answer.ID}
		must(t)(w.service.ApproveInvoice(t.Context(), w.on(owner, later), commands.OnInvoice{Invoice: id, Shown: w.invoiced(t, id).Digest()}))
		must(t)(w.service.IssueInvoice(t.Context(), w.on(owner, later), commands.OnInvoice{Invoice: id}))
		if again, err := w.service.RecomputeInvoice(t.Context(), id); err != nil || len(again.Differences) > 0 {
			t.Errorf("computed again it differs: %v, %v", again.Differences, err)
		}
	}
	if left := w.period(t, on, february).Unbilled(); len(left) > 0 {
		t.Errorf("%d entries are unbilled", len(left))
	}
}

// A run of a month that comes twice, shortly before and after midnight, drafts it once, wherever the runner is (A63).
func TestARunAroundMidnightDraftsOnce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"America/Los_Angeles", "Pacific/Auckland"} {
		w := newWorld(t)
		on, who := w.billable(t), harbour()
		who.Zone = name
		w.described(t, who)
		where, err := zone.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		drafts := 0
		for _, moment := range []time.Time{
			time.Date(2026, time.February, 28, 23, 59, 0, 0, where), time.Date(2026, time.March, 1, 0, 1, 0, 0, where),
			time.Date(2026, time.March, 1, 23, 59, 0, 0, where), time.Date(2026, time.March, 2, 0, 1, 0, 0, where),
		} {
			if _, err := w.service.DraftInvoice(t.Context(), w.on(owner, moment.UTC()), commands.DraftInvoice{Contract: on, Month: february}); err == nil {
				drafts++
			} else if !errors.Is(err, domain.ErrConflict) {
				t.Error(err)
			}
		}
		if drafts != 1 {
			t.Errorf("in %s the month was drafted %d times", name, drafts)
		}
	}
}

// A draft that was refused after its month was reserved, because rates of tax went meanwhile, is made as soon as
// somebody asks again.
func TestARefusedDraftIsMadeLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, bad := w.billable(t), harbour()
	bad.Rates[0].From = "2027-01-01"
	r := w.next(owner)
	racing := commands.NewService(&faultyLog{Log: w.log, after: func(a domain.Append) error {
		if slices.ContainsFunc(a.Events, func(e domain.Event) bool { return e.Kind() == period.Reserved{}.Kind() }) {
			w.described(t, bad)
		}
		return nil
	}}, w.answers)
	if _, err := racing.DraftInvoice(t.Context(), r, commands.DraftInvoice{Contract: on, Month: february}); !errors.Is(err, domain.ErrInvalid) {
		t.Fatalf("got %v, want ErrInvalid", err)
	}
	again := func() error {
		_, err := w.service.DraftInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})
		return err
	}
	if err := again(); !errors.Is(err, domain.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	w.described(t, harbour())
	wantRefused(t, again(), domain.ErrConflict, "reserved")
	reserved, _ := w.period(t, on, february).Reservation()
	if !w.invoiced(t, reserved.Invoice).Complete() {
		t.Error("the draft was not made")
	}
}

// The entries of a draft are those that it began with, whatever was said before it was complete.
func TestADraftIsCompletedAsItBegan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, r := w.billable(t), w.next(owner)
	_, err := commands.NewService(dying(w.log, 2), w.answers).DraftInvoice(t.Context(), r, commands.DraftInvoice{Contract: on, Month: february})
	if !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	changed := harbour()
	changed.InvoicePrefix = "RE"
	w.described(t, changed)
	id := domain.InvoiceID{UUID: must(t)(w.service.DraftInvoice(t.Context(), r, commands.DraftInvoice{Contract: on, Month: february})).ID}
	if state := w.invoiced(t, id); !state.Complete() || state.Drafted().Staff.Prefix != "INV" {
		t.Errorf("the draft has prefix %s, complete %t", state.Drafted().Staff.Prefix, state.Complete())
	}
}

// A hundred people issue at once, in two processes: the numbers are 38 to 137 and their order is that of the dates
// (A41, A43), though half of them ask for the day before.
func TestConcurrentIssuers(t *testing.T) {
	t.Parallel()
	const invoices = 100
	w := newWorld(t)
	w.described(t, harbour())
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	ids := make([]domain.InvoiceID, invoices)
	for i := range ids {
		ids[i] = w.approved(t, w.worked(t, payable()))
	}
	services := []*commands.Service{w.service, commands.NewService(w.log, w.answers)}
	errs := make([]error, invoices)
	var all sync.WaitGroup
	for i, id := range ids {
		c := commands.OnInvoice{Invoice: id, Date: calendar.Date(fmt.Sprintf("2026-03-%d", 15+i%2))}
		r := w.next(owner)
		all.Go(func() { _, errs[i] = services[i%2].IssueInvoice(t.Context(), r, c) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	dates := map[int]calendar.Date{}
	for _, id := range ids {
		issued, _ := w.invoiced(t, id).Issued()
		if _, twice := dates[issued.Number]; twice {
			t.Errorf("%s is there twice", issued.Document.Number)
		}
		dates[issued.Number] = issued.Document.Date
	}
	for number := 38; number < 38+invoices; number++ {
		if dates[number] == "" || dates[number] < dates[number-1] {
			t.Errorf("number %d has date %q, the one before %q", number, dates[number], dates[number-1])
		}
	}
	w.checkIDs(t)
}

// The year of the day that is asked for decides the series, and each begins where the issuer says.
func TestSeriesOfYears(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on := w.billable(t)
	id := w.approved(t, on)
	must(t)(w.service.IssueInvoice(t.Context(), w.on(owner, time.Date(2027, time.January, 1, 1, 0, 0, 0, time.UTC)), commands.OnInvoice{Invoice: id}))
	if got := w.invoiced(t, id).Document().Number; got != "INV-2027-0001" {
		t.Errorf("issued as %s", got)
	}
}

// flow is a use case of several streams on invoices, credit notes or payments, prepared in a world.
type flow struct {
	leads string
	run   func(*commands.Service) command
}

var flows = map[string]func(*testing.T, *world) flow{
	"a draft": func(t *testing.T, w *world) flow {
		t.Helper()
		c := commands.DraftInvoice{Contract: w.billable(t), Month: february}
		return flow{drafting, func(s *commands.Service) command { return with(s.DraftInvoice, c) }}
	},
	"a discarded draft": func(t *testing.T, w *world) flow {
		t.Helper()
		c := commands.OnInvoice{Invoice: w.invoice(t, w.billable(t))}
		return flow{"invoice.discarded.v1 period.released.v1", func(s *commands.Service) command { return with(s.DiscardInvoice, c) }}
	},
	"an invoice": func(t *testing.T, w *world) flow {
		t.Helper()
		c := commands.OnInvoice{Invoice: w.approved(t, w.billable(t))}
		return flow{issuing, func(s *commands.Service) command { return with(s.IssueInvoice, c) }}
	},
	"a payment": func(t *testing.T, w *world) flow {
		t.Helper()
		c := w.money("300", commands.Allocation{Invoice: w.issued(t), Amount: decimal.NewFromInt(264)})
		return flow{paying, func(s *commands.Service) command { return with(s.ReceivePayment, c) }}
	},
	"a payment of a gateway": func(t *testing.T, w *world) flow {
		t.Helper()
		c := w.money("264", commands.Allocation{Invoice: w.issued(t), Amount: decimal.NewFromInt(264)})
		c.Gateway = "pay_1"
		return flow{paying, func(s *commands.Service) command { return with(s.ReceivePayment, c) }}
	},
	"an allocation": func(t *testing.T, w *world) flow {
		t.Helper()
		c := commands.OnPayment{Invoice: w.issued(t), Amount: decimal.NewFromInt(264)}
		c.Payment = w.received(t, w.money("300"))
		return flow{"payment.allocated.v1 invoice.payment_applied.v1", func(s *commands.Service) command { return with(s.AllocatePayment, c) }}
	},
	"a reversal": func(t *testing.T, w *world) flow {
		t.Helper()
		id := w.received(t, w.money("264", commands.Allocation{Invoice: w.issued(t), Amount: decimal.NewFromInt(264)}))
		c := commands.OnPayment{Payment: id, Day: "2026-03-16", Reason: "bounced"}
		return flow{"payment.reversed.v1 invoice.payment_reversed.v1", func(s *commands.Service) command { return with(s.ReversePayment, c) }}
	},
	"a credit that is refunded and billed again": func(t *testing.T, w *world) flow {
		t.Helper()
		c := allOf(w.issued(t))
		c.Effect, c.Rebill = commands.RefundCredit, true
		w.received(t, w.money("100", commands.Allocation{Invoice: c.Invoice, Amount: decimal.NewFromInt(100)}))
		return flow{crediting + "period.unbilled.v1 payment.received.v1 payment.refunded.v1", func(s *commands.Service) command {
			return with(s.CreditInvoice, c)
		}}
	},
}

// Wherever a flow is cut short, the lane or the repeated command completes it to the same end, and nothing happens twice
// (A43).
func TestInvoicesAreCompleted(t *testing.T) {
	t.Parallel()
	for name, prepare := range flows {
		for _, managed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, managed %t", name, managed), func(t *testing.T) {
				t.Parallel()
				for appends, done := 1, false; !done; appends++ {
					done = cutShort(t, prepare, appends, managed)
				}
			})
		}
	}
}

// cutShort lets the process die after some appends, and reports whether the flow had no more of them.
func cutShort(t *testing.T, prepare func(*testing.T, *world) flow, appends int, managed bool) (done bool) {
	t.Helper()
	w := newWorld(t)
	f := prepare(t, w)
	mark, r := w.mark(), request(owner, "cut")
	_, err := f.run(commands.NewService(dying(w.log, appends), w.answers))(t.Context(), r)
	switch {
	case err == nil:
		return true
	case !errors.Is(err, domain.ErrUnavailable):
		t.Fatalf("after append %d: got %v, want ErrUnavailable", appends, err)
	}
	restarted := commands.NewService(w.log, w.answers)
	if managed {
		w.lane(t, restarted, mark)
		wantKinds(t, w.since(mark), strings.Fields(f.leads)...)
	}
	w.answers.Forget()
	must(t)(f.run(restarted)(t.Context(), r))
	wantKinds(t, w.since(mark), strings.Fields(f.leads)...)
	w.lane(t, restarted, mark)
	wantKinds(t, w.since(mark), strings.Fields(f.leads)...)
	w.checkIDs(t)
	return false
}

// lane completes what the facts since a mark began, as the lane of invoices does.
func (w *world) lane(t *testing.T, s *commands.Service, mark int) {
	t.Helper()
	for ; mark < w.mark(); mark++ {
		fact := w.log.All()[mark]
		r := request(domain.System(), fact.ID.String())
		var err error
		switch event := fact.Event.(type) {
		case period.Reserved:
			on, month, _ := period.StreamOf(fact.Stream)
			_, err = s.CompleteReservation(t.Context(), r, on, month)
		case invoice.CreditReserved:
			id, _ := invoice.IDOf(fact.Stream)
			_, err = s.CompleteCredit(t.Context(), r, id, event.CreditNote)
		case invoice.Event:
			id, _ := invoice.IDOf(fact.Stream)
			_, err = s.CompleteInvoice(t.Context(), r, id)
		case payment.Event:
			id, _ := payment.IDOf(fact.Stream)
			_, err = s.CompletePayment(t.Context(), r, id)
		}
		if err != nil && !commands.Final(err) {
			t.Fatal(err)
		}
	}
}
