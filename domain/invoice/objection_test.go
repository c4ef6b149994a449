package invoice_test

import (
	"testing"

	"effigate/domain"
	"effigate/domain/invoice"
)

// Once a line that is objected to was credited, the objection went on holding back the rest of the debt.
func TestAnObjectionHoldsBackNoMoreThanCreditsLeaveOfIt(t *testing.T) {
	t.Parallel()
	part := happened(t, standing, disputing("a", late, "400"))
	wantAmounts(t, part, "4136", "0", "0", "440")
	wantAmounts(t, happened(t, part, crediting("1", credit(late, "300"))), "3806", "0", "330", "110")
	// What was objected to is credited, and nothing more is said against the rest of the line.
	served := happened(t, part, crediting("1", credit(late, "400")), paidBy("a", "3542"))
	wantAmounts(t, served, "154", "3542", "440", "0")
	given(served...).When(reminding(1, "2026-04-20")).Then(t, invoice.Reminded{Step: 1, Text: "Please pay.", At: at})
	// What was credited before is no part of what is objected to.
	after := happened(t, standing, crediting("1", credit(late, "300")), disputing("a", late, "0"))
	wantAmounts(t, after, "3806", "0", "330", "264")
	wantAmounts(t, happened(t, after, crediting("2", credit(late, "240"))), "3542", "0", "594", "0")
	given(after...).When(disputing("a", late, "0")).ThenNothing(t)
	given(happened(t, after, crediting("2", credit(late, "40")))...).When(disputing("a", late, "0")).ThenNothing(t)
}

// A client could object to what was credited already, and reminders stopped.
func TestWhatIsCreditedCannotBeObjectedTo(t *testing.T) {
	t.Parallel()
	part := happened(t, standing, crediting("1", credit(late, "300")))
	given(part...).When(disputing("a", late, "240.01")).ThenRefused(t, domain.ErrConflict, "more_than_line")
	wantAmounts(t, happened(t, part, disputing("a", late, "240")), "3806", "0", "330", "264")
	whole := happened(t, part, crediting("2", credit(late, "240")))
	given(whole...).When(disputing("a", late, "0")).ThenRefused(t, domain.ErrConflict, "line_credited")
	given(whole...).When(disputing("a", late, "1")).ThenRefused(t, domain.ErrConflict, "line_credited")
}

// Objecting again right after each answer stopped the reminders for good.
func TestWhatWasRejectedHoldsNothingBackAgain(t *testing.T) {
	t.Parallel()
	reject := invoice.SettleDispute{Signed: by(anna), Dispute: objection("a"), Answer: "You ordered it."}
	rejected := happened(t, standing, paidBy("a", "3542"), disputing("a", late, "540"), reject)
	again := happened(t, rejected, disputing("b", late, "540"))
	wantAmounts(t, again, "594", "3542", "0", "0")
	given(again...).When(reminding(1, "2026-04-20")).Then(t, invoice.Reminded{Step: 1, Text: "Please pay.", At: at})
	// Another line is another matter, and so is what was withdrawn, or granted and not yet credited.
	wantAmounts(t, happened(t, rejected, disputing("b", regular, "100")), "594", "3542", "0", "110")
	back := happened(t, standing, disputing("a", late, "540"), invoice.WithdrawDispute{Signed: by(emma), Dispute: objection("a")})
	wantAmounts(t, happened(t, back, disputing("b", late, "540")), "4136", "0", "0", "594")
	reject.Accepted = true
	granted := happened(t, standing, disputing("a", late, "100"), reject)
	wantAmounts(t, happened(t, granted, disputing("b", late, "540")), "4136", "0", "0", "594")
}

// A payment that is taken back after all was credited leaves something to be paid, against which the client's credit
// stands: nobody is reminded of what was taken back.
func TestNobodyIsRemindedOfWhatWasCreditedInFull(t *testing.T) {
	t.Parallel()
	reverse := invoice.ReversePayment{Signed: by(ben), Payment: payment("a"), Day: "2026-04-20"}
	full := happened(t, standing, paidBy("a", "4136"), crediting("1"), confirming("1"), reverse)
	wantAmounts(t, full, "4136", "0", "4136", "0")
	given(full...).When(reminding(1, "2026-04-20")).ThenRefused(t, domain.ErrConflict, "not_overdue")
}

func TestTheDayOfTheNewestReminder(t *testing.T) {
	t.Parallel()
	if got := fold(standing...).RemindedOn(); got != "" {
		t.Errorf("nobody was reminded, but on %s", got)
	}
	// at is the 31st of March in Sydney.
	if got := fold(after(standing, invoice.Reminded{Step: 1, Text: "Please pay.", At: at.AddDate(0, 0, 20)})...).RemindedOn(); got != "2026-04-20" {
		t.Errorf("reminded on %q", got)
	}
}
