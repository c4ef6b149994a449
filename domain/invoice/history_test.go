package invoice_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/spec"
	"effigate/domain/visible"
)

// The properties run over histories that everybody makes together. Every internal text begins with INTERNAL, and every
// internal number holds 7700077.
var internal = []string{"INTERNAL", "7700077", "1977-07", anna.Person.String(), ben.Person.String(), olga.Person.String()}

// told is everything a client is ever told of a history.
func told(history []invoice.Event) string {
	var d invoice.Disclosure
	var said strings.Builder
	for _, event := range history {
		var changes []visible.Change
		d, changes = invoice.Disclose(d, event)
		for _, change := range changes {
			fmt.Fprintf(&said, "%+v\n", change)
		}
	}
	return said.String()
}

func anyName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
}

func anyLine(t *rapid.T) uuid.UUID {
	return rapid.SampledFrom([]uuid.UUID{regular, regular, late, late, missed, byHand}).Draw(t, "line")
}

// anyAmount is rarely more than the invoice.
func anyAmount(t *rapid.T) decimal.Decimal {
	return decimal.New(rapid.Int64Range(1, rapid.SampledFrom([]int64{100, 60_000, 60_000, 450_000}).Draw(t, "up to")).Draw(t, "cents"), -2)
}

func anyDay(t *rapid.T) calendar.Date {
	return rapid.SampledFrom([]calendar.Date{"2026-03-31", "2026-04-14", "2026-04-15", "2026-05-01"}).Draw(t, "day")
}

func anyStaff(t *rapid.T) domain.Actor {
	return rapid.SampledFrom([]domain.Actor{anna, ben, olga}).Draw(t, "staff")
}

// draftCommand mostly takes the next step to an issued invoice.
func draftCommand(t *rapid.T, s invoice.State) invoice.Command {
	signed := by(anyStaff(t))
	step := rapid.IntRange(0, 14).Draw(t, "draft command")
	switch {
	case step < 2:
		line := discount.Line
		line.ID, line.UnitPrice = rapid.SampledFrom([]uuid.UUID{byHand, id("surcharge")}).Draw(t, "by hand"), anyAmount(t)
		return invoice.AddLine{Signed: signed, Line: line, Reason: "INTERNAL reason"}
	case step == 2:
		return invoice.RemoveLine{Signed: signed, Line: anyLine(t)}
	case step == 3:
		return invoice.Reword{Signed: signed, Line: anyLine(t), Text: rapid.SampledFrom([]string{"Work", "Hours", "Support"}).Draw(t, "words")}
	case step == 4 && rapid.IntRange(0, 3).Draw(t, "really") == 0:
		return invoice.Discard{Signed: signed, Reason: "INTERNAL reason"}
	case step == 5:
		return invoice.Return{Signed: signed, Reason: "INTERNAL reason"}
	case !s.Complete():
		return invoice.AddEntries{Signed: system(), Chunk: len(s.Entries()) + 1, Entries: entries()[len(s.Entries()):][:1]}
	case s.Status() == invoice.StatusDraft:
		return invoice.Submit{Signed: signed}
	case s.Status() == invoice.StatusPending:
		return invoice.Approve{Signed: signed, Shown: s.Digest()}
	case s.Status() == invoice.StatusApproved:
		return invoice.Issue{Signed: signed, Date: "2026-03-31", Exchange: bill.Exchange{
			Currency: "EUR", Rate: amount("0.6012"), Day: rapid.SampledFrom([]calendar.Date{"2026-03-02", "2026-03-31"}).Draw(t, "rate of"), Source: "INTERNAL source",
		}}
	default:
		return invoice.Complete{Signed: system(), Number: 41, Date: rapid.SampledFrom([]calendar.Date{"2026-03-31", "2026-04-02"}).Draw(t, "date"), Series: series}
	}
}

func claimCommand(t *rapid.T, s invoice.State) invoice.Command {
	signed, name := by(anyStaff(t)), anyName(t)
	switch rapid.IntRange(0, 15).Draw(t, "claim command") {
	case 0, 1, 2:
		return invoice.ApplyPayment{Signed: signed, Payment: payment(name), Amount: anyAmount(t), Day: anyDay(t)}
	case 3:
		return invoice.ReversePayment{Signed: signed, Payment: payment(name), Day: anyDay(t)}
	case 4, 5, 6:
		return reserveCommand(t, name, s)
	case 7, 8:
		return confirming(name)
	case 9, 10:
		return invoice.Dispute{
			Signed: by(emma), Dispute: objection(name), Line: anyLine(t), Amount: anyAmount(t), Reason: "No",
			AnswerDays: rapid.IntRange(0, 2).Draw(t, "answer days"),
		}
	case 11:
		return invoice.TakeDispute{Signed: signed, Dispute: objection(name)}
	case 12:
		return invoice.SettleDispute{Signed: signed, Dispute: objection(name), Accepted: rapid.Bool().Draw(t, "accepted"), Answer: "So"}
	case 13:
		file := attaching(rapid.SampledFrom([]string{"order.pdf", "mail.txt"}).Draw(t, "file"))
		file.Dispute = objection(name)
		return rapid.SampledFrom([]invoice.Command{
			file,
			invoice.WithdrawDispute{Signed: by(emma), Dispute: objection(name)},
			invoice.EraseDisputeFile{Signed: signed, Dispute: file.Dispute, Attachment: file.Attachment, Reason: "INTERNAL reason"},
		}).Draw(t, "about files, or the end of it")
	case 14:
		return rapid.SampledFrom([]invoice.Command{
			reminding(s.Reminded()+1, anyDay(t)),
			invoice.Render{Signed: system(), Print: printed},
			invoice.NoteMissedAnswers{Signed: invoice.Signed{By: domain.System(), At: at.AddDate(0, 0, 3)}},
		}).Draw(t, "system")
	default:
		if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
			return paidBy("a", "10")
		}
		return invoice.WriteOff{Signed: signed, Reason: "INTERNAL reason"}
	}
}

// reserveCommand credits all that is left, or some of a line.
func reserveCommand(t *rapid.T, name string, s invoice.State) invoice.Command {
	command := crediting(name)
	command.Staff.Effect = rapid.SampledFrom([]string{invoice.AccountCredit, invoice.Refund}).Draw(t, "effect")
	if rapid.IntRange(0, 3).Draw(t, "all") == 0 {
		command.Staff.Rebill = rapid.Bool().Draw(t, "rebill")
		return command
	}
	for _, left := range s.Remaining() {
		if rapid.Bool().Draw(t, "this line") {
			if rapid.Bool().Draw(t, "some of it") {
				left.Net = left.Net.Div(decimal.NewFromInt(3)).Round(2)
			}
			command.Lines = append(command.Lines, left.Credit)
		}
	}
	return command
}

// anyCommands are the commands of an invoice's life.
func anyCommands(t *rapid.T) []invoice.Command {
	return append([]invoice.Command{first}, following(t, fold(drafted), rapid.IntRange(10, 50).Draw(t, "length"))...)
}

// following are commands that mostly act, because each was drawn in view of the state before it.
func following(t *rapid.T, s invoice.State, length int) (commands []invoice.Command) {
	for range length {
		var command invoice.Command
		if (s.Status() == invoice.StatusIssued) != (rapid.IntRange(0, 9).Draw(t, "astray") == 0) {
			command = claimCommand(t, s)
		} else {
			command = draftCommand(t, s)
		}
		events, _ := invoice.Decide(s, command)
		s, commands = invoice.Decider.Fold(s, events...), append(commands, command)
	}
	return commands
}

// answers is all that is asked of an invoice.
func answers(s invoice.State) []any {
	issuing, frozen := s.Issuing()
	issued, numbered := s.Issued()
	discarded, gone := s.Discarded()
	said := []any{
		s.Status(), s.Drafted(), s.Draft(), s.Digest(), s.Complete(), s.Entries(), discarded, gone, issuing, frozen, issued, numbered,
		s.Outstanding().String(), s.Paid().String(), s.Credited().String(), s.WrittenOff().String(), s.Disputed().String(), s.Voided(),
		s.Remaining(), slices.Clone(s.Payments()), slices.Clone(s.Disputes()), s.Reminded(),
	}
	for _, id := range s.Credits() {
		reserved, number, _ := s.Credit(id)
		document, _ := s.CreditNote(id)
		said = append(said, reserved, number, document)
	}
	return said
}

// An invoice is shared by all who act on it at the same time: what any of them does changes nothing that another reads.
func TestAnInvoiceIsNeverChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, invoice.Decider, anyCommands(t))
		past := history[:rapid.IntRange(1, len(history)).Draw(t, "past")]
		s := fold(past...)
		spec.Forks(t, invoice.Decider, answers, past, following(t, s, 8), following(t, s, 8))
	})
}

func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, invoice.Decider, anyCommands(t))
		spec.DisclosureInvariants(t, invoice.Disclose, history)
		checkDocument(t, history)
		checkClaim(t, history)
		checkShown(t, history)
	})
}

// checkDocument compares the document after every event with what was issued.
func checkDocument(t *rapid.T, history []invoice.Event) {
	s, before := invoice.State{}, ""
	for _, event := range history {
		s = invoice.Evolve(s, event)
		if now, ok := s.Issued(); ok {
			text := string(now.Document.Canonical())
			if before != "" && text != before {
				t.Fatalf("the document changed with %T", event)
			}
			if parsed, err := bill.Parse([]byte(text)); err != nil || parsed.SHA256() != now.SHA256 {
				t.Fatalf("the document has another digest: %v", err)
			}
			before = text
		}
	}
}

// checkClaim adds up what happened to the claim, told from the events alone: what is outstanding is never below zero,
// and credits are never more than the invoice, and exactly it when nothing of it remains.
func checkClaim(t *rapid.T, history []invoice.Event) {
	var payable, paid, offset, credited, writtenOff decimal.Decimal
	s := invoice.State{}
	for _, event := range history {
		s = invoice.Evolve(s, event)
		switch e := event.(type) {
		case invoice.Issued:
			payable = e.Document.Payable
		case invoice.PaymentApplied:
			paid = paid.Add(e.Amount)
		case invoice.PaymentReversed:
			paid = paid.Sub(e.Amount)
		case invoice.CreditReserved:
			offset, credited = offset.Add(e.Offset), credited.Add(e.Total)
		case invoice.WrittenOff:
			writtenOff = writtenOff.Add(e.Amount)
		default:
		}
		if _, ok := s.Issued(); !ok {
			continue
		}
		left := payable.Sub(paid).Sub(offset).Sub(writtenOff)
		if !s.Outstanding().Equal(left) || left.IsNegative() || s.Disputed().GreaterThan(left) || s.Disputed().IsNegative() {
			t.Fatalf("after %T %s are outstanding, %s of it disputed; the events say %s", event, s.Outstanding(), s.Disputed(), left)
		}
		if credited.GreaterThan(payable) || len(s.Remaining()) == 0 && !credited.Equal(payable) {
			t.Fatalf("after %T credits come to %s of %s, %d lines remain", event, credited, payable, len(s.Remaining()))
		}
	}
}

// checkShown looks for internal things in all that the client is told, and compares the claim it sees with the state.
func checkShown(t *rapid.T, history []invoice.Event) {
	said := told(history)
	for _, secret := range internal {
		if strings.Contains(said, secret) {
			t.Fatalf("the client is told %q:\n%s", secret, said)
		}
	}
	s := fold(history...)
	if _, ok := s.Issued(); !ok {
		if said != "" {
			t.Fatalf("something of an invoice that is not issued is shown:\n%s", said)
		}
		return
	}
	unconfirmed := slices.ContainsFunc(s.Credits(), func(id domain.CreditNoteID) bool {
		_, number, _ := s.Credit(id)
		return number == ""
	})
	if lines := strings.Split(said, "\n"); !unconfirmed && !slices.ContainsFunc(lines, func(line string) bool {
		return strings.Contains(line, "Left:"+s.Outstanding().String()+" ")
	}) {
		t.Fatalf("%s are outstanding, and the client was never told:\n%s", s.Outstanding(), said)
	}
}

// Two histories of one invoice that differ only in what is internal show the client exactly the same.
func TestInternalFactsDoNotInterfere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, invoice.Decider, anyCommands(t))
		other := slices.Clone(history)
		for i, event := range other {
			switch e := event.(type) {
			case invoice.EntriesAdded:
				e.Entries = slices.Clone(e.Entries)
				for j := range e.Entries {
					e.Entries[j].Staff = bill.EntryStaff{Row: "another row"}
				}
				other[i] = e
			case invoice.DisputeTaken:
				e.By = olga.Person
				other[i] = e
			case invoice.WrittenOff:
				e.Staff.Reason = "another reason"
				other[i] = e
			case invoice.DisputeFileErased:
				e.Staff.Reason = "another reason"
				other[i] = e
			case invoice.AnswerMissed:
				e.At = e.At.AddDate(0, 0, 1)
				other[i] = e
			default:
			}
		}
		if diff := cmp.Diff(told(history), told(other)); diff != "" {
			t.Fatalf("internal facts show (-one +other):\n%s", diff)
		}
	})
}
