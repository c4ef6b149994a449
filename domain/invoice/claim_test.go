package invoice_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/visible"
)

func TestNothingOfAClaimBeforeItIsIssued(t *testing.T) {
	t.Parallel()
	for _, command := range []invoice.Command{
		invoice.Render{Signed: system(), Print: printed},
		crediting("1"), paidBy("a", "1"),
		invoice.ReversePayment{Signed: by(ben), Payment: payment("a"), Day: day},
		reminding(1, day),
		invoice.WriteOff{Signed: by(ben), Reason: "x"},
	} {
		given(frozen...).When(command).ThenRefused(t, domain.ErrConflict, "not_issued")
	}
}

// printed names forms of which each has a digest.
var printed = bill.Print{Layout: 1, SHA256: digest, Size: 2048, XMLSHA256: strings.Repeat("ab", 32), CSVSHA256: strings.Repeat("cd", 32)}

func TestRender(t *testing.T) {
	t.Parallel()
	render := invoice.Render{Signed: system(), Print: printed}
	rendered := invoice.Rendered{Print: printed, At: at}
	given(standing...).When(render).Then(t, rendered)
	given(after(standing, rendered)...).When(render).ThenNothing(t)
	later, altered, wrong := render, render, render
	later.Layout, altered.CSVSHA256, wrong.SHA256, wrong.XMLSHA256 = 2, strings.Repeat("ef", 32), "abcd", ""
	given(after(standing, rendered)...).When(later).ThenRefused(t, domain.ErrConflict, "rendered")
	given(after(standing, rendered)...).When(altered).ThenRefused(t, domain.ErrConflict, "rendered")
	given(standing...).When(wrong).ThenInvalid(t, "sha256", "xml_sha256")
	// An event of before the digests of all forms were recorded.
	earlier := invoice.Rendered{Print: bill.Print{Layout: 1, SHA256: digest, Size: 2048}, At: at}
	given(after(standing, earlier)...).When(render).ThenNothing(t)
}

// A47: an issued invoice takes payments: in parts, of several payments, and never more than is outstanding.
func TestA47IssuedInvoiceTakesPayments(t *testing.T) {
	t.Parallel()
	given(standing...).When(paidBy("a", "1000")).Then(t,
		invoice.PaymentApplied{Payment: payment("a"), Amount: amount("1000"), Day: "2026-04-05", By: ben.Person, At: at})
	partly := happened(t, standing, paidBy("a", "1000"))
	wantAmounts(t, partly, "3136", "1000", "0", "0")
	given(partly...).When(paidBy("a", "1000")).ThenNothing(t)
	more := happened(t, partly, paidBy("a", "1500"), paidBy("b", "2636"))
	wantAmounts(t, more, "0", "4136", "0", "0")
	if got := fold(more...).Applied(payment("a")); !got.Equal(amount("1500")) {
		t.Errorf("of one payment in two parts %s are applied", got)
	}
	if got := fold(more...).Payments(); len(got) != 2 || got[0].Payment != payment("a") || got[1].Payment != payment("b") {
		t.Errorf("payments %+v", got)
	}
	given(partly...).When(paidBy("a", "900")).ThenRefused(t, domain.ErrConflict, "payment_applied")
	given(partly...).When(paidBy("b", "3136.01")).ThenRefused(t, domain.ErrConflict, "more_than_outstanding")
	given(more...).When(paidBy("c", "0.01")).ThenRefused(t, domain.ErrConflict, "more_than_outstanding")
	for _, wrong := range []decimal.Decimal{amount("0"), amount("-1"), amount("0.001"), decimal.New(1, 999_999_999), decimal.New(1, -999_999_999)} {
		apply := paidBy("c", "1")
		apply.Amount = wrong
		given(standing...).When(apply).ThenInvalid(t, "amount")
	}
	given(standing...).When(invoice.ApplyPayment{Signed: by(ben), Amount: amount("1")}).ThenInvalid(t, "payment", "day")
}

func TestReversalReopens(t *testing.T) {
	t.Parallel()
	paid := happened(t, standing, paidBy("a", "1000"), paidBy("b", "3136"))
	reverse := invoice.ReversePayment{Signed: by(ben), Payment: payment("a"), Day: "2026-04-20"}
	given(paid...).When(reverse).Then(t,
		invoice.PaymentReversed{Payment: payment("a"), Amount: amount("1000"), Day: "2026-04-20", By: ben.Person, At: at})
	open := happened(t, paid, reverse)
	wantAmounts(t, open, "1000", "3136", "0", "0")
	given(open...).When(reverse).ThenNothing(t)
	given(open...).When(paidBy("a", "1000")).ThenRefused(t, domain.ErrConflict, "payment_reversed")
	given(standing...).When(reverse).ThenNothing(t) // It was never applied.
	given(paid...).When(invoice.ReversePayment{Signed: by(ben), Payment: payment("a")}).ThenInvalid(t, "day")
	wantAmounts(t, happened(t, open, paidBy("c", "1000")), "0", "4136", "0", "0")
}

func TestWriteOff(t *testing.T) {
	t.Parallel()
	writeOff := invoice.WriteOff{Signed: by(olga), Reason: "insolvent"}
	partly := happened(t, standing, paidBy("a", "1000"))
	given(partly...).When(writeOff).Then(t,
		invoice.WrittenOff{Amount: amount("3136"), Staff: invoice.ReasonStaff{Reason: "insolvent"}, By: olga.Person, At: at})
	gone := happened(t, partly, writeOff)
	wantAmounts(t, gone, "0", "1000", "0", "0")
	given(gone...).When(writeOff).ThenNothing(t)
	given(gone...).When(paidBy("b", "1")).ThenRefused(t, domain.ErrConflict, "written_off")
	given(gone...).When(crediting("1")).ThenRefused(t, domain.ErrConflict, "written_off")
	given(gone...).When(reminding(1, "2026-05-01")).ThenRefused(t, domain.ErrConflict, "not_overdue")
	given(partly...).When(invoice.WriteOff{Signed: by(olga)}).ThenInvalid(t, "reason")
	paid := happened(t, partly, paidBy("b", "3136"))
	given(paid...).When(writeOff).ThenRefused(t, domain.ErrConflict, "nothing_outstanding")
	// What bounces afterwards is outstanding again, can be paid, and can be given up in its turn.
	again := happened(t, gone, invoice.ReversePayment{Signed: by(ben), Payment: payment("a"), Day: day})
	wantAmounts(t, again, "1000", "0", "0", "0")
	given(again...).When(paidBy("b", "1001")).ThenRefused(t, domain.ErrConflict, "written_off")
	wantAmounts(t, happened(t, again, paidBy("b", "400"), writeOff), "0", "400", "0", "0")
}

// A62: what is due today is not overdue; reminders come in order, once each, and never for what is disputed.
func TestRemind(t *testing.T) {
	t.Parallel()
	given(standing...).When(reminding(1, "2026-04-14")).ThenRefused(t, domain.ErrConflict, "not_overdue")
	given(standing...).When(reminding(1, "2026-04-15")).Then(t, invoice.Reminded{Step: 1, Text: "Please pay.", At: at})
	once := happened(t, standing, reminding(1, "2026-04-15"))
	given(once...).When(reminding(1, "2026-04-20")).ThenNothing(t)
	given(once...).When(reminding(3, "2026-04-20")).ThenInvalid(t, "step")
	given(standing...).When(reminding(0, "2026-04-20")).ThenInvalid(t, "step")
	twice := happened(t, once, reminding(2, "2026-04-20"))
	if got := fold(twice...).Reminded(); got != 2 {
		t.Errorf("%d steps taken, want 2", got)
	}
	paid := happened(t, once, paidBy("a", "4136"))
	given(paid...).When(reminding(2, "2026-04-20")).ThenRefused(t, domain.ErrConflict, "not_overdue")
	disputed := happened(t, standing, paidBy("a", "3542"), disputing("a", late, "540"))
	wantAmounts(t, disputed, "594", "3542", "0", "594")
	given(disputed...).When(reminding(1, "2026-04-20")).ThenRefused(t, domain.ErrConflict, "not_overdue")
	settled := happened(t, disputed, invoice.SettleDispute{Signed: by(anna), Dispute: objection("a"), Answer: "You ordered it."})
	given(settled...).When(reminding(1, "2026-04-20")).Then(t, invoice.Reminded{Step: 1, Text: "Please pay.", At: at})
}

func TestDispute(t *testing.T) {
	t.Parallel()
	all := disputing("a", late, "0")
	given(standing...).When(all).Then(t,
		invoice.Disputed{Dispute: objection("a"), Line: late, Amount: amount("540"), Reason: all.Reason, By: emma.Person, At: at})
	open := happened(t, standing, all)
	wantAmounts(t, open, "4136", "0", "0", "594") // with its tax
	given(open...).When(all).ThenNothing(t)
	given(open...).When(disputing("a", late, "10")).ThenRefused(t, domain.ErrConflict, "dispute_exists")
	given(open...).When(disputing("b", late, "10")).ThenRefused(t, domain.ErrConflict, "line_disputed")
	given(standing...).When(disputing("a", late, "540.01")).ThenRefused(t, domain.ErrConflict, "more_than_line")
	given(standing...).When(disputing("a", missed, "1")).ThenRefused(t, domain.ErrConflict, "more_than_line")
	given(standing...).When(disputing("a", byHand, "1")).ThenRefused(t, domain.ErrNotFound, "no_such_line")
	given(standing...).When(disputing("a", late, "-1")).ThenInvalid(t, "amount")
	given(standing...).When(invoice.Dispute{Signed: by(emma), Line: late}).ThenInvalid(t, "dispute", "reason")
	wantAmounts(t, happened(t, open, paidBy("a", "4000")), "136", "4000", "0", "136") // at most what is left
	// A deduction that seems too small can be objected to, too: no money is held back for it.
	wantAmounts(t, happened(t, standing, disputing("a", missed, "0")), "4136", "0", "0", "0")
	given(happened(t, standing, crediting("1"), confirming("1"))...).When(all).ThenRefused(t, domain.ErrConflict, "invoice_voided")
	paid := happened(t, standing, paidBy("a", "4136"))
	wantAmounts(t, happened(t, paid, all), "0", "4136", "0", "0") // It may be disputed after it was paid.
}

func TestDisputeIsAnswered(t *testing.T) {
	t.Parallel()
	open := happened(t, standing, disputing("a", late, "100"))
	take := invoice.TakeDispute{Signed: by(anna), Dispute: objection("a")}
	settle := invoice.SettleDispute{Signed: by(ben), Dispute: objection("a"), Accepted: true, Answer: "You are right."}
	withdraw := invoice.WithdrawDispute{Signed: by(emma), Dispute: objection("a")}
	given(open...).When(take).Then(t, invoice.DisputeTaken{Dispute: objection("a"), By: anna.Person, At: at})
	taken := happened(t, open, take)
	given(taken...).When(take).ThenNothing(t)
	given(taken...).When(invoice.TakeDispute{Signed: by(ben), Dispute: objection("a")}).Then(t, invoice.DisputeTaken{Dispute: objection("a"), By: ben.Person, At: at})
	given(taken...).When(settle).Then(t,
		invoice.DisputeSettled{Dispute: objection("a"), Accepted: true, Answer: "You are right.", By: ben.Person, At: at})
	given(taken...).When(invoice.SettleDispute{Signed: by(ben), Dispute: objection("a")}).ThenInvalid(t, "answer")
	settled := happened(t, open, settle)
	wantAmounts(t, settled, "4136", "0", "0", "0")
	given(settled...).When(settle).ThenNothing(t)
	settle.Accepted = false
	given(settled...).When(settle).ThenRefused(t, domain.ErrConflict, "dispute_over")
	given(settled...).When(take).ThenRefused(t, domain.ErrConflict, "dispute_over")
	given(settled...).When(withdraw).ThenRefused(t, domain.ErrConflict, "dispute_over")
	given(taken...).When(withdraw).Then(t, invoice.DisputeWithdrawn{Dispute: objection("a"), By: emma.Person, At: at})
	back := happened(t, taken, withdraw)
	given(back...).When(withdraw).ThenNothing(t)
	given(back...).When(settle).ThenRefused(t, domain.ErrConflict, "dispute_over")
	given(standing...).When(withdraw).ThenRefused(t, domain.ErrNotFound, "no_such_dispute")
	given(standing...).When(settle).ThenRefused(t, domain.ErrNotFound, "no_such_dispute")
	again := happened(t, back, disputing("b", late, "50"))
	if got := fold(again...).Disputes(); len(got) != 2 || got[0].Status != visible.DisputeWithdrawn || got[1].Status != visible.DisputeOpen {
		t.Errorf("disputes %+v", got)
	}
}

func TestReserveCredit(t *testing.T) {
	t.Parallel()
	reserved := invoice.CreditReserved{
		CreditNote: note("1"), Lines: []bill.CreditedLine{{Credit: credit(late, "540"), Tax: amount("54")}}, Offset: amount("594"), Total: amount("594"),
		Staff: invoice.CreditReservedStaff{Note: "INTERNAL note", Reason: "Charged twice", Code: "mistake", Effect: invoice.AccountCredit, Date: day},
		By:    ben.Person, At: at,
	}
	command := crediting("1", credit(late, "540"))
	given(standing...).When(command).Then(t, reserved)
	given(after(standing, reserved)...).When(command).ThenNothing(t)
	wantAmounts(t, after(standing, reserved), "3542", "0", "594", "0")
	rated := command // F42: the rate that was recorded first stays, whatever rate the day has got since.
	rated.Staff.Exchange = bill.Exchange{Currency: "EUR", Rate: amount("0.6012"), Day: day, Source: "ECB"}
	given(after(standing, reserved)...).When(rated).ThenNothing(t)
	recorded := reserved
	recorded.Staff.Exchange = rated.Staff.Exchange
	given(standing...).When(rated).Then(t, recorded)
	rated.Staff.Exchange.Day = day.Add(1)
	given(standing...).When(rated).ThenInvalid(t, "exchange")
	given(after(standing, reserved)...).When(crediting("1", credit(late, "1"))).ThenRefused(t, domain.ErrConflict, "credit_exists")
	given(after(standing, reserved)...).When(crediting("2", credit(late, "1"))).ThenRefused(t, domain.ErrConflict, "credit_exceeds_line")
	given(standing...).When(crediting("1", credit(late, "540.01"))).ThenRefused(t, domain.ErrConflict, "credit_exceeds_line")
	given(standing...).When(crediting("1", credit(missed, "-200"))).ThenRefused(t, domain.ErrConflict, "credit_negative")
	given(standing...).When(crediting("1", credit(regular, "3420"), credit(late, "540"))).ThenRefused(t, domain.ErrConflict, "credit_exceeds_invoice")
	given(standing...).When(crediting("1", credit(byHand, "1"))).ThenInvalid(t, "lines")
	given(standing...).When(crediting("1", bill.Credit{Line: late, Net: decimal.New(1, 999_999_999)})).ThenInvalid(t, "lines")
	given(standing...).When(crediting("1", credit(late, "0"))).ThenRefused(t, domain.ErrConflict, "credit_exceeds_line")
	given(standing...).When(invoice.ReserveCredit{Signed: by(ben)}).ThenInvalid(t, "code", "credit_note", "date", "reason")
	given(after(standing, reserved)...).When(confirming("1")).Then(t, invoice.Credited{CreditNote: note("1"), Number: "CN-2026-1", At: at})
	done := happened(t, after(standing, reserved), confirming("1"))
	given(done...).When(confirming("1")).ThenNothing(t)
	given(standing...).When(confirming("1")).ThenRefused(t, domain.ErrNotFound, "no_such_credit")
	other := confirming("1")
	other.Number = "CN-2026-2"
	given(done...).When(other).ThenRefused(t, domain.ErrConflict, "credit_issued")
	given(after(standing, reserved)...).When(invoice.ConfirmCredit{Signed: system(), CreditNote: note("1")}).ThenInvalid(t, "number")
}

// Of a credit, what is outstanding is lowered first; what was paid is the client's.
func TestOffsetOfACredit(t *testing.T) {
	t.Parallel()
	for paid, want := range map[string]string{"0": "594", "3542": "594", "4000": "136", "4136": "0"} {
		past := standing
		if paid != "0" {
			past = happened(t, standing, paidBy("a", paid))
		}
		past = happened(t, past, crediting("1", credit(late, "540")))
		if reserved, _, _ := fold(past...).Credit(note("1")); !reserved.Offset.Equal(amount(want)) || !reserved.Total.Equal(amount("594")) {
			t.Errorf("paid %s: the offset is %s of %s, want %s", paid, reserved.Offset, reserved.Total, want)
		}
	}
}

// A45: an invoice of time records is credited in full, which voids it, and says whether the time can be billed again.
func TestA45FullCreditVoidsAndFreesTheTime(t *testing.T) {
	t.Parallel()
	command := crediting("1")
	command.Staff.Rebill = true
	reserved := happened(t, standing, command)
	s := fold(reserved...)
	if got, number, ok := s.Credit(note("1")); !ok || !got.Staff.Rebill || number != "" || !got.Total.Equal(amount("4136")) {
		t.Errorf("reserved %+v as %q, %t", got, number, ok)
	}
	if s.Voided() != "" {
		t.Error("voided by a note that has no number")
	}
	full := fold(happened(t, reserved, confirming("1"))...)
	if got := full.Voided(); got != "CN-2026-1" || !full.Outstanding().IsZero() || len(full.Remaining()) != 0 {
		t.Errorf("voided by %q, %s outstanding", got, full.Outstanding())
	}
	given(reserved...).When(command).ThenNothing(t)
	given(reserved...).When(crediting("2")).ThenRefused(t, domain.ErrConflict, "nothing_left")
	part := crediting("1", credit(late, "540"))
	part.Staff.Rebill = true
	given(standing...).When(part).ThenRefused(t, domain.ErrConflict, "not_a_full_credit")
	// The last of several credits frees it as well: all lines are credited then.
	several := happened(t, standing, crediting("1", credit(late, "540")), confirming("1"))
	if got := fold(several...).Voided(); got != "" {
		t.Errorf("a part credited, and voided by %s", got)
	}
	command.CreditNote = note("2")
	several = happened(t, several, command, confirming("2"))
	if got := fold(several...).Voided(); got != "CN-2026-2" {
		t.Errorf("voided by %q", got)
	}
}

// An invoice of 0.00, whose hours were bought before or whose deductions are all of it, could not be voided.
func TestAnInvoiceOfNothingIsVoided(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func([]bill.Line){
		"hours bought": func(lines []bill.Line) {
			for i := range lines {
				lines[i].UnitPrice, lines[i].Net, lines[i].Amount = decimal.Zero, decimal.Zero, decimal.Zero
			}
		},
		"deductions": func(lines []bill.Line) {
			lines[2].UnitPrice, lines[2].Net, lines[2].Amount = amount("3960"), amount("-3960"), amount("-3960")
		},
	} {
		said := drafted
		said.Staff.Content = content()
		change(said.Staff.Content.Lines)
		past := happened(t, []invoice.Event{said, chunk1, chunk2, submitted, approved, issuing}, complete)
		if s := fold(past...); !s.Document().Payable.IsZero() || s.Voided() != "" {
			t.Fatalf("%s: it comes to %s, voided by %q", name, s.Document().Payable, s.Voided())
		}
		command := crediting("1")
		command.Staff.Rebill = true
		reserved := happened(t, past, command)
		given(reserved...).When(command).ThenNothing(t)
		given(reserved...).When(crediting("2")).ThenRefused(t, domain.ErrConflict, "nothing_left")
		s := fold(happened(t, reserved, confirming("1"))...)
		document, _ := s.CreditNote(note("1"))
		if s.Voided() != "CN-2026-1" || len(document.Lines) != 3 || !document.Payable.IsZero() || !s.Credited().IsZero() || !s.Outstanding().IsZero() {
			t.Errorf("%s: voided by %q, %d lines come to %s", name, s.Voided(), len(document.Lines), document.Payable)
		}
	}
}

// The credit note's document adds up to what was reserved, also where the payable amount is rounded.
func TestCreditNotes(t *testing.T) {
	t.Parallel()
	rounded := drafted
	rounded.Staff.Content = content()
	rounded.Staff.Content.RoundTo = amount("0.05")
	rounded.Staff.Content.Lines[1].UnitPrice, rounded.Staff.Content.Lines[1].Net, rounded.Staff.Content.Lines[1].Amount = amount("180.01"), amount("540.03"), amount("540.03")
	past := []invoice.Event{rounded, chunk1, chunk2, submitted, approved, issuing}
	past = happened(t, past, complete)
	payable := fold(past...).Document().Payable
	if payable.String() != "4136.05" {
		t.Fatalf("payable is %s", payable)
	}
	past = happened(t, past, crediting("1", credit(late, "540.03")), crediting("2", credit(regular, "1000.01")), crediting("3"))
	s, sum := fold(past...), decimal.Zero
	for _, name := range s.Credits() {
		document, ok := s.CreditNote(name)
		reserved, _, _ := s.Credit(name)
		if !ok || document.Kind != bill.CreditNote || !document.Payable.Equal(reserved.Total) {
			t.Errorf("the note comes to %s, reserved are %s", document.Payable, reserved.Total)
		}
		sum = sum.Add(document.Payable)
	}
	if !sum.Equal(payable) || !s.Outstanding().IsZero() {
		t.Errorf("all credits come to %s of %s, %s are outstanding", sum, payable, s.Outstanding())
	}
	if _, ok := s.CreditNote(note("4")); ok {
		t.Error("a note that nobody reserved has a document")
	}
}

// A56 through the aggregate: 68.33, 68.33, 57.50 and 85.00 at 20 % are 334.99, and so are four notes, one per line.
func TestA56CreditsOfEachLineAddUp(t *testing.T) {
	t.Parallel()
	said := drafted
	said.Staff.Chunks = 0
	said.Staff.Content = content()
	said.Staff.Content.EntriesSHA256, said.Staff.Content.Rates[0].Percent = bill.Digest(nil), amount("20")
	said.Staff.Content.Lines = nil
	nets := []string{"68.33", "68.33", "57.50", "85.00"}
	for i, net := range nets {
		said.Staff.Content.Lines = append(said.Staff.Content.Lines, bill.Line{
			ID: id(fmt.Sprint("fee ", i)), Kind: bill.Fee, Text: "Fee", Count: amount("1"), Unit: bill.Piece, Quantity: "1", UnitPrice: amount(net),
			Net: amount(net), Amount: amount(net),
		})
	}
	past := happened(t, []invoice.Event{said, submitted, approved, issuing}, complete)
	sum := decimal.Zero
	for i, net := range nets {
		name := strconv.Itoa(i)
		past = happened(t, past, crediting(name, credit(id(fmt.Sprint("fee ", i)), net)), confirming(name))
		reserved, _, _ := fold(past...).Credit(note(name))
		sum = sum.Add(reserved.Total)
	}
	s := fold(past...)
	if want := amount("334.99"); !sum.Equal(want) || !s.Document().Payable.Equal(want) || !s.Outstanding().IsZero() || s.Voided() == "" {
		t.Errorf("credits of %s, the invoice is %s, %s outstanding", sum, s.Document().Payable, s.Outstanding())
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	var past []invoice.Event
	bulk := func(count int, event func(i int) invoice.Event) []invoice.Event {
		past = slices.Clone(standing)
		for i := range count {
			past = append(past, event(i))
		}
		return past
	}
	unit := func(i int) uuid.UUID { return id(fmt.Sprint("unit ", i)) }
	given(bulk(invoice.MaxPayments, func(i int) invoice.Event {
		return invoice.PaymentApplied{Payment: domain.PaymentID{UUID: unit(i)}, Amount: amount("0.01"), Day: day}
	})...).When(paidBy("a", "1")).ThenRefused(t, domain.ErrConflict, "too_many_payments")
	given(bulk(invoice.MaxDisputes, func(i int) invoice.Event {
		return invoice.Disputed{Dispute: domain.DisputeID{UUID: unit(i)}, Line: unit(i)}
	})...).When(disputing("a", late, "0")).ThenRefused(t, domain.ErrConflict, "too_many_disputes")
	given(bulk(invoice.MaxCredits, func(i int) invoice.Event {
		return invoice.CreditReserved{CreditNote: domain.CreditNoteID{UUID: unit(i)}}
	})...).When(crediting("a")).ThenRefused(t, domain.ErrConflict, "too_many_credits")
	draft := slices.Clone(inDraft)
	for i := range bill.MaxManual {
		line := discount.Line
		line.ID = unit(i)
		draft = append(draft, invoice.LineAdded{Staff: invoice.LineAddedStaff{Line: line}})
	}
	given(draft...).When(discount).ThenRefused(t, domain.ErrConflict, "too_many_lines")
}

func TestDueDates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*bill.Content)
		want   calendar.Date
	}{
		"net 14":               {func(*bill.Content) {}, "2026-04-14"},
		"on receipt":           {func(c *bill.Content) { c.Payment.Rule = "" }, "2026-03-31"},
		"off a Saturday":       {func(c *bill.Content) { c.Payment.Days, c.BusinessDays = 4, true }, "2026-04-06"},
		"on it, if said so":    {func(c *bill.Content) { c.Payment.Days = 4 }, "2026-04-04"},
		"end of month plus 10": {func(c *bill.Content) { c.Payment.Rule, c.Payment.Days = "end_of_month", 10 }, "2026-04-10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := drafted
			said.Staff.Content = content()
			test.change(&said.Staff.Content)
			past := happened(t, []invoice.Event{said, chunk1, chunk2, submitted, approved, issuing}, complete)
			if diff := cmp.Diff(test.want, fold(past...).Document().Due); diff != "" {
				t.Errorf("due (-want +got):\n%s", diff)
			}
		})
	}
}
