package commands_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/creditnote"
	"effigate/domain/period"
)

// An invoice that is credited in full and billed again leaves its month as it was before (A45); one that is credited
// alone keeps it.
func TestAFullCreditFreesTheMonth(t *testing.T) {
	t.Parallel()
	for _, rebill := range []bool{true, false} {
		w := newWorld(t)
		c := allOf(w.issued(t))
		c.Rebill = rebill
		on := w.invoiced(t, c.Invoice).Drafted().Contract
		note := domain.CreditNoteID{UUID: must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), c)).ID}
		issued, _ := folded(t, w, creditnote.Decider, creditnote.Stream(note)).Issued()
		if issued.Document.Number != "CN-2026-0001" || !issued.Document.Payable.Equal(decimal.NewFromInt(264)) {
			t.Errorf("credited %s by %s", issued.Document.Payable, issued.Document.Number)
		}
		if left := w.invoiced(t, c.Invoice).Outstanding(); !left.IsZero() {
			t.Errorf("%s are left to be paid", left)
		}
		_, err := w.service.DraftInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february})
		if !rebill {
			wantRefused(t, err, domain.ErrConflict, "billed")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		reserved, _ := w.period(t, on, february).Reservation()
		if got := amounts(w.invoiced(t, reserved.Invoice).Draft().Lines); len(got) != 1 || got[0] != "Hours, regular 2.00 h 240" {
			t.Errorf("billed again as %q", got)
		}
	}
}

// An invoice of nothing is voided by a credit note of nothing, and its time can be billed again (A45).
func TestAnInvoiceOfNothingIsVoided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.described(t, harbour())
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("0")))
	c := allOf(w.approved(t, w.worked(t, payable())))
	must(t)(w.service.IssueInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: c.Invoice}))
	c.Rebill = true
	note := domain.CreditNoteID{UUID: must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), c)).ID}
	issued, _ := folded(t, w, creditnote.Decider, creditnote.Stream(note)).Issued()
	if number := issued.Document.Number; number != "CN-2026-0001" || !issued.Document.Payable.IsZero() || w.invoiced(t, c.Invoice).Voided() != number {
		t.Errorf("credited %s by %s", issued.Document.Payable, number)
	}
	on := w.invoiced(t, c.Invoice).Drafted().Contract
	must(t)(w.service.DraftInvoice(t.Context(), w.next(owner), commands.DraftInvoice{Contract: on, Month: february}))
	_, err := w.service.CreditInvoice(t.Context(), w.next(owner), allOf(c.Invoice))
	wantRefused(t, err, domain.ErrConflict, "nothing_left")
}

// A full credit may be asked for before the months know that they are billed: it tells them first.
func TestACreditBeforeTheBooksAreClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := allOf(w.approved(t, w.billable(t)))
	on := w.invoiced(t, c.Invoice).Drafted().Contract
	crashing := commands.NewService(&faultyLog{Log: w.log, before: func(a domain.Append) error {
		if slices.ContainsFunc(a.Events, func(e domain.Event) bool { return e.Kind() == period.Billed{}.Kind() }) {
			return domain.ErrUnavailable
		}
		return nil
	}}, w.answers)
	if _, err := crashing.IssueInvoice(t.Context(), w.next(owner), commands.OnInvoice{Invoice: c.Invoice}); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	c.Rebill = true
	must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), c))
	must(t)(w.service.CompleteInvoice(t.Context(), w.next(domain.System()), c.Invoice)) // The lane comes late.
	state := w.period(t, on, february)
	if _, billed := state.BilledBy(); billed || state.ReservedFor(c.Invoice) || !state.Closed {
		t.Error("the month was not given free")
	}
}

// Credits come to the invoice exactly, and what was paid already is the client's.
func TestCreditsAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	line := w.invoiced(t, id).Document().Lines[0].ID
	w.received(t, w.money("200", commands.Allocation{Invoice: id, Amount: decimal.NewFromInt(200)}))
	total := decimal.Zero
	for _, net := range []string{"80.01", "79.98", "80.01"} {
		c := allOf(id)
		c.Lines = []bill.Credit{{Line: line, Net: decimal.RequireFromString(net)}}
		note := domain.CreditNoteID{UUID: must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), c)).ID}
		issued, _ := folded(t, w, creditnote.Decider, creditnote.Stream(note)).Issued()
		total = total.Add(issued.Document.Payable)
	}
	state := w.invoiced(t, id)
	if !total.Equal(decimal.NewFromInt(264)) || !state.Credited().Equal(total) || state.Voided() == "" {
		t.Errorf("credited %s, the invoice says %s", total, state.Credited())
	}
	given := decimal.Zero
	for _, note := range state.Credits() {
		given = given.Add(w.paid(t, domain.PaymentID{UUID: domain.Derive(note.UUID, "payment")}).Left())
	}
	if !given.Equal(decimal.NewFromInt(200)) {
		t.Errorf("the client got %s back, it paid 200", given)
	}
	_, err := w.service.CreditInvoice(t.Context(), w.next(owner), allOf(id))
	wantRefused(t, err, domain.ErrConflict, "nothing_left")
	w.checkIDs(t)
}

// Invoices of others, and drafts of one's own, do not exist for a client.
func TestObjectionsAreOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.objection(t, w.issued(t))
	_, err := w.service.DisputeInvoice(t.Context(), w.next(w.stranger), c)
	wantRefused(t, err, domain.ErrNotFound, "not_found")
	draft := c
	draft.Invoice = w.approved(t, w.worked(t, payable()))
	_, err = w.service.DisputeInvoice(t.Context(), w.next(w.admin), draft)
	wantRefused(t, err, domain.ErrNotFound, "not_found")
	must(t)(w.service.DisputeInvoice(t.Context(), w.next(w.admin), c))
	_, err = w.service.DisputeInvoice(t.Context(), w.next(w.admin), c)
	wantRefused(t, err, domain.ErrConflict, "line_disputed")
}

// The issuer's promise is that of the day of the objection, in its own zone: what it promises later changes no date (F45).
func TestTheDayOfAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.objection(t, w.issued(t))
	promise := func(days int) {
		content := harbour()
		content.AnswerDays = days
		must(t)(w.service.DescribeIssuer(t.Context(), w.next(owner), commands.DescribeIssuer{Content: content}))
	}
	dispute := func(when string) (by calendar.Date) {
		c.Dispute = domain.DisputeID{UUID: must(t)(w.service.DisputeInvoice(t.Context(), w.on(w.admin, instant(t, when)), c)).ID}
		promise(0)
		must(t)(w.service.WithdrawDispute(t.Context(), w.next(w.admin), c))
		disputes := w.invoiced(t, c.Invoice).Disputes()
		return disputes[len(disputes)-1].AnswerBy
	}
	for _, test := range []struct {
		days int
		at   string
		want calendar.Date
	}{
		{0, "2026-04-07T12:00:00+10:00", ""},
		{5, "2026-04-07T23:59:00+10:00", "2026-04-14"},
		{5, "2026-04-08T00:00:00+10:00", "2026-04-15"},
		{1, "2026-04-10T12:00:00+10:00", "2026-04-13"}, // from a Friday over the weekend
		{1, "2026-04-11T12:00:00+10:00", "2026-04-13"}, // a Saturday
	} {
		promise(test.days)
		if got := dispute(test.at); got != test.want {
			t.Errorf("%d days from %s: %q, want %q", test.days, test.at, got, test.want)
		}
	}
}

// That nobody answered in time is said once, from the issuer's midnight on: the same day, the days after, and by a second
// process. Days on which nobody was there to say it change nothing about that.
func TestMissedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.objection(t, w.issued(t))
	content := harbour()
	content.AnswerDays = 1
	must(t)(w.service.DescribeIssuer(t.Context(), w.next(owner), commands.DescribeIssuer{Content: content}))
	object := func(when string) { // Answered by the Monday.
		c.Dispute = domain.DisputeID{UUID: must(t)(w.service.DisputeInvoice(t.Context(), w.on(w.admin, instant(t, when)), c)).ID}
	}
	note := func(when string) []string {
		mark := w.mark()
		must(t)(w.service.NoteMissedAnswers(t.Context(), w.on(domain.System(), instant(t, when)), c.Invoice))
		return w.since(mark)
	}
	object("2026-04-10T12:00:00+10:00")
	wantKinds(t, note("2026-04-13T23:59:59+10:00"))
	must(t)(w.service.WithdrawDispute(t.Context(), w.next(w.admin), c))
	wantKinds(t, note("2026-04-14T00:00:00+10:00"))
	object("2026-04-10T12:00:00+10:00")
	wantKinds(t, note("2026-04-17T00:00:00+10:00"), "invoice.answer_missed.v1")
	wantKinds(t, note("2026-04-17T01:00:00+10:00"))
	wantKinds(t, note("2026-04-18T00:00:00+10:00"))
}

// An answer that was missed is said once by two processes at the same time.
func TestAMissedAnswerIsSaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.objection(t, w.issued(t))
	content := harbour()
	content.AnswerDays = 1
	must(t)(w.service.DescribeIssuer(t.Context(), w.next(owner), commands.DescribeIssuer{Content: content}))
	must(t)(w.service.DisputeInvoice(t.Context(), w.on(w.admin, instant(t, "2026-04-07T12:00:00+10:00")), c))
	moment := instant(t, "2026-04-10T12:00:00+10:00")
	mark := w.mark()
	w.service = w.forestalled(w.on(domain.System(), moment), func(ctx context.Context, r commands.Request) (commands.Answer, error) {
		return commands.NewService(w.log, w.answers).NoteMissedAnswers(ctx, r, c.Invoice)
	})
	must(t)(w.service.NoteMissedAnswers(t.Context(), w.on(domain.System(), moment), c.Invoice))
	wantKinds(t, w.since(mark), "invoice.answer_missed.v1")
}

// A file is put beside an open objection of one's own organisation, once, and beside no other.
func TestFilesOfObjections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.disputed(t, w.issued(t))
	file := proof(c)
	must(t)(w.service.AttachToDispute(t.Context(), w.next(w.admin), file))
	mark := w.mark()
	must(t)(w.service.AttachToDispute(t.Context(), w.next(w.admin), file))
	wantKinds(t, w.since(mark))
	file.Attachment = domain.AttachmentID{UUID: id("more")}
	_, err := w.service.AttachToDispute(t.Context(), w.next(w.stranger), file)
	wantRefused(t, err, domain.ErrNotFound, "not_found")
	must(t)(w.service.WithdrawDispute(t.Context(), w.next(w.admin), c))
	_, err = w.service.AttachToDispute(t.Context(), w.next(w.admin), file)
	wantRefused(t, err, domain.ErrConflict, "dispute_over")
}

// The ladder is climbed once a step, not before midnight of the issuer, and not for what is objected to or paid (A62).
func TestReminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t) // Due on 15 April.
	remind := func(when string) []string {
		mark := w.mark()
		moment := instant(t, when)
		must(t)(w.service.RemindInvoice(t.Context(), w.on(domain.System(), moment), id))
		return w.since(mark)
	}
	wantKinds(t, remind("2026-04-22T23:59:00+10:00"), "invoice.reminded.v1")
	wantKinds(t, remind("2026-04-22T23:59:00+10:00"))
	wantKinds(t, remind("2026-04-28T23:59:00+10:00"))
	c := w.disputed(t, id)
	wantKinds(t, remind("2026-04-29T00:01:00+10:00"))
	must(t)(w.service.WithdrawDispute(t.Context(), w.next(w.admin), c))
	wantKinds(t, remind("2026-04-29T00:01:00+10:00"), "invoice.reminded.v1")
	wantKinds(t, remind("2026-06-29T00:01:00+10:00"))
}

// An invoice that is overdue late got its reminders on consecutive days: between two there are as many days as in the
// ladder.
func TestRemindersKeepTheirDistance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t) // Due on 15 April, and reminded of after 7 and 14 days.
	w.received(t, w.money("264", commands.Allocation{Invoice: id, Amount: decimal.NewFromInt(264)}))
	money := w.invoiced(t, id).Payments()[0].Payment
	must(t)(w.service.ReversePayment(t.Context(), w.next(owner), commands.OnPayment{Payment: money, Day: "2026-03-16", Reason: "bounced"}))
	for _, test := range []struct {
		when string
		want []string
	}{
		{"2026-06-01T12:00:00+10:00", []string{"invoice.reminded.v1"}},
		{"2026-06-02T00:01:00+10:00", nil},
		{"2026-06-07T23:59:00+10:00", nil},
		{"2026-06-08T00:01:00+10:00", []string{"invoice.reminded.v1"}},
	} {
		mark := w.mark()
		must(t)(w.service.RemindInvoice(t.Context(), w.on(domain.System(), instant(t, test.when)), id))
		wantKinds(t, w.since(mark), test.want...)
	}
}

// A payment that is taken back after a full credit leaves something to be paid, which the client's own credit stands
// against: reminders went out for an invoice that was taken back.
func TestNobodyIsRemindedOfAFullCredit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	w.received(t, w.money("264", commands.Allocation{Invoice: id, Amount: decimal.NewFromInt(264)}))
	money := w.invoiced(t, id).Payments()[0].Payment
	must(t)(w.service.CreditInvoice(t.Context(), w.next(owner), allOf(id)))
	must(t)(w.service.ReversePayment(t.Context(), w.next(owner), commands.OnPayment{Payment: money, Day: "2026-03-16", Reason: "bounced"}))
	if left := w.invoiced(t, id).Outstanding(); !left.Equal(decimal.NewFromInt(264)) {
		t.Fatalf("%s are left to be paid, want 264", left)
	}
	mark := w.mark()
	must(t)(w.service.RemindInvoice(t.Context(), w.on(domain.System(), instant(t, "2026-06-01T12:00:00+10:00")), id))
	wantKinds(t, w.since(mark))
}

// A reminder that was decided twice at once is sent once.
func TestARemindersStepIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.issued(t)
	moment := instant(t, "2026-04-22T12:00:00+10:00")
	mark := w.mark()
	w.service = w.forestalled(w.on(domain.System(), moment), func(ctx context.Context, r commands.Request) (commands.Answer, error) {
		return commands.NewService(w.log, w.answers).RemindInvoice(ctx, r, id)
	})
	must(t)(w.service.RemindInvoice(t.Context(), w.on(domain.System(), moment), id))
	wantKinds(t, w.since(mark), "invoice.reminded.v1")
}
