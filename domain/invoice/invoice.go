// Package invoice is the aggregate of one invoice: draft, approval, issue, and what becomes of the claim (product
// rules F13, F37 to F46).
//
// A document that was issued never changes. It is not a setting: after Issued the decider has no case that touches a
// line, and no event could carry such a change. Corrections are credit notes; payments, disputes and write-offs stand
// beside the document.
//
// It imports the domain, visible and value packages only. What the client sees is decided in disclosure.go alone.
package invoice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/zone"
)

const streamPrefix = "invoice-"

// Stream is the name of an invoice's stream.
func Stream(id domain.InvoiceID) string { return streamPrefix + id.String() }

// IDOf reads the name of an invoice's stream.
func IDOf(stream string) (domain.InvoiceID, error) {
	rest, found := strings.CutPrefix(stream, streamPrefix)
	id, err := uuid.Parse(rest)
	if !found || err != nil {
		return domain.InvoiceID{}, domain.Refuse(domain.ErrInvalid, "not_an_invoice", "%s is no stream of an invoice", stream)
	}
	return domain.InvoiceID{UUID: id}, nil
}

// Status is where an invoice stands on its way to be issued (F37); what becomes of an issued one is told by its
// amounts. The zero Status is an invoice nobody drafted.
type Status string

// The states. Of StatusIssuing only StatusIssued may follow.
const (
	StatusDraft     Status = "draft"
	StatusPending   Status = "pending_approval"
	StatusApproved  Status = "approved"
	StatusDiscarded Status = "discarded"
	StatusIssuing   Status = "issuing"
	StatusIssued    Status = "issued"
)

// Bounds of what stands beside a document.
const (
	MaxReason   = 2_000 // characters
	MaxPayments = 500
	MaxCredits  = 500
	MaxDisputes = 200
	MaxFiles    = 5 // of an objection
)

// Decider is the invoice aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of an invoice. What it gives out is history: nobody may write to it.
type State struct {
	Invoice domain.InvoiceID
	Client  domain.ClientID

	status    Status
	drafted   Drafted
	chunks    [][]bill.Entry
	manual    []manualLine
	reworded  domain.Index[string] // texts by line
	prepared  []domain.PersonID    // who drafted or changed it
	submitted domain.PersonID
	discarded Discarded
	issuing   Issuing
	issued    Issued
	rendered  Rendered
	reserved  []CreditReserved
	claim     claim
}

// manualLine is a line that was added by hand. One that was taken off keeps its id.
type manualLine struct {
	line    bill.Line
	reason  string
	removed bool
}

// Exists reports whether anybody drafted the invoice.
func (s State) Exists() bool { return s.status != "" }

// Status is where the invoice stands.
func (s State) Status() Status { return s.status }

// Drafted is what the invoice began with; zero before that.
func (s State) Drafted() Drafted { return s.drafted }

// Draft is the content as it would be issued now: with the lines added by hand, and every line in its newest words.
func (s State) Draft() bill.Content { return s.Redraft(s.drafted.Staff.Content) }

// Redraft gives a content with what was changed by hand in this one: an audit computes the content anew.
func (s State) Redraft(content bill.Content) bill.Content {
	content.Lines = slices.Clone(content.Lines)
	for _, manual := range s.manual {
		if !manual.removed {
			content.Lines = append(content.Lines, manual.line)
		}
	}
	for i, line := range content.Lines {
		if text, known := s.reworded.Get(line.ID); known {
			content.Lines[i].Text = text
		}
	}
	return content
}

// Digest is the SHA-256 of the draft, in hex: what an approval is bound to. The entries are part of it through theirs.
func (s State) Digest() string {
	sum := sha256.Sum256(canonical(s.Draft()))
	return hex.EncodeToString(sum[:])
}

// Complete reports whether all entries are there.
func (s State) Complete() bool { return s.Exists() && len(s.chunks) == s.drafted.Staff.Chunks }

// Entries explain the lines, in order, with their internal parts.
func (s State) Entries() []bill.Entry { return slices.Concat(s.chunks...) }

// Discarded is why a draft was given up; false unless it was.
func (s State) Discarded() (Discarded, bool) { return s.discarded, s.status == StatusDiscarded }

// Issuing is the day that was asked for, and who asked; false before that.
func (s State) Issuing() (Issuing, bool) {
	return s.issuing, s.status == StatusIssuing || s.status == StatusIssued
}

// Issued is the document with its number and digest; false before there is one.
func (s State) Issued() (Issued, bool) { return s.issued, s.status == StatusIssued }

// Document is what was issued; zero before that.
func (s State) Document() bill.Document { return s.issued.Document }

// Outstanding is what is left to be paid, in the document's currency. What a credit note will take of it is no longer
// part of it, from its reservation on.
func (s State) Outstanding() decimal.Decimal { return s.claim.outstanding(reservedToo) }

// CreditedNet is what issued credit notes took back of the lines, before tax.
func (s State) CreditedNet() decimal.Decimal { return s.claim.creditedNet() }

// Paid is what payments brought, without those that were taken back.
func (s State) Paid() decimal.Decimal { return s.claim.paid() }

// Credited is the total of all credit notes, reserved ones too: what was outstanding, and what was paid already.
func (s State) Credited() decimal.Decimal { return s.claim.credited(reservedToo) }

// WrittenOff is what was given up.
func (s State) WrittenOff() decimal.Decimal { return s.claim.writtenOff }

// Disputed is what of the outstanding amount the client objects to, as far as that holds back its payment.
func (s State) Disputed() decimal.Decimal { return s.claim.disputed(reservedToo) }

// Voided is the number of the credit note that took back the last of the invoice; empty while anything of it stands.
func (s State) Voided() string { return s.claim.voided() }

// Remaining is what of the lines can still be credited; none before it is issued.
func (s State) Remaining() []bill.CreditedLine {
	if s.status != StatusIssued {
		return nil
	}
	return s.claim.remaining(reservedToo)
}

// Credit is what was reserved for a credit note, and its printed number once it has one; false when nothing was.
func (s State) Credit(id domain.CreditNoteID) (reserved CreditReserved, number string, ok bool) {
	for i, reserved := range s.reserved {
		if reserved.CreditNote == id {
			return reserved, s.claim.credits[i].number, true
		}
	}
	return CreditReserved{}, "", false
}

// Credits names the credit notes in the order of their reservations.
func (s State) Credits() []domain.CreditNoteID {
	notes := make([]domain.CreditNoteID, len(s.reserved))
	for i, reserved := range s.reserved {
		notes[i] = reserved.CreditNote
	}
	return notes
}

// CreditNote is the document of a credit note, without number and date; false when nothing was reserved for it.
func (s State) CreditNote(id domain.CreditNoteID) (bill.Document, bool) {
	var before []bill.CreditedLine
	for _, reserved := range s.reserved {
		if reserved.CreditNote == id {
			return s.Document().CreditNoteOf(before, reserved.Lines, "", "", reserved.Staff.Reason), true
		}
		before = append(before, reserved.Lines...)
	}
	return bill.Document{}, false
}

// Payments lists what the invoice took of payments, in the order in which they were applied first.
func (s State) Payments() []Payment { return s.claim.payments }

// Applied is what the invoice took of a payment that was not reversed.
func (s State) Applied(id domain.PaymentID) decimal.Decimal {
	applied, _ := s.claim.payment(id)
	if applied.Reversed != "" {
		return decimal.Zero
	}
	return applied.Amount
}

// Disputes lists the objections in order.
func (s State) Disputes() []Objection { return s.claim.disputes }

// Reminded is the last step of the reminder ladder that was taken; 0 = none.
func (s State) Reminded() int { return s.claim.reminded }

// RemindedOn is the day of that in the issuer's zone; empty while there is none.
func (s State) RemindedOn() calendar.Date { return s.claim.remindedOn }

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	if draft, ok := c.(Draft); ok {
		return s.draft(draft)
	}
	if discard, ok := c.(Discard); ok && !s.Exists() && !discard.Contract.IsZero() {
		return s.forestall(discard)
	}
	by, at := c.sent()
	if err := s.open(by, at); err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case Dispute:
		return s.dispute(c)
	case AttachToDispute:
		return s.attachToDispute(c)
	case WithdrawDispute:
		return s.withdrawDispute(c)
	default:
		if by.Side == domain.ClientSide {
			return nil, errNotFound
		}
		return s.decideForStaff(c)
	}
}

// decideForStaff handles what clients may never ask for, whatever the transport let through.
func (s State) decideForStaff(c Command) ([]Event, error) {
	switch c := c.(type) {
	case AddEntries:
		return s.addEntries(c)
	case AddLine:
		return s.addLine(c)
	case RemoveLine:
		return s.removeLine(c)
	case Reword:
		return s.reword(c)
	case Discard:
		return s.discard(c)
	case Submit:
		return s.submit(c)
	case Approve:
		return s.approve(c)
	case Return:
		return s.sendBack(c)
	case Issue:
		return s.issue(c)
	case Complete:
		return s.complete(c)
	case Render:
		return s.render(c)
	case ReserveCredit:
		return s.reserveCredit(c)
	case ConfirmCredit:
		return s.confirmCredit(c)
	case ApplyPayment:
		return s.applyPayment(c)
	case ReversePayment:
		return s.reversePayment(c)
	case TakeDispute:
		return s.takeDispute(c)
	case EraseDisputeFile:
		return s.eraseDisputeFile(c)
	case SettleDispute:
		return s.settleDispute(c)
	case NoteMissedAnswers:
		return s.noteMissedAnswers(c)
	case Remind:
		return s.remind(c)
	case WriteOff:
		return s.writeOff(c)
	case Draft, Dispute, AttachToDispute, WithdrawDispute, Signed:
		// Decide has handled them, and a signature alone asks for nothing.
	}
	return nil, nil
}

// errNotFound is the one answer for "no such invoice", "not issued" and "not yours": a client cannot tell them apart.
var errNotFound = domain.Refuse(domain.ErrNotFound, "no_such_invoice", "no such invoice")

// open refuses whoever may not see the invoice, and commands without a valid instant.
func (s State) open(by domain.Actor, at time.Time) error {
	hidden := s.status != StatusIssued || by.Client != s.Client || by.Person.IsZero()
	if !s.Exists() || by.Side == domain.ClientSide && hidden {
		return errNotFound
	}
	check := domain.Signed(by, at)
	return check.Err()
}

// checkReason checks why something was done: least to MaxReason characters.
func checkReason(check *domain.Check, field, reason string, least int) {
	check.Text(field, reason, least)
	check.That(len([]rune(reason)) <= MaxReason, field, "must be shorter")
}

// bounded reports whether calculating with a number is cheap: 1e999999999 takes a gigabyte to write.
func bounded(number decimal.Decimal) bool {
	return number.Exponent() >= -18 && number.Exponent() <= 18
}

// today is the day of an instant in the issuer's zone.
func (s State) today(at time.Time) calendar.Date { return dayIn(s.drafted.Staff.Content.Zone, at) }

// dayIn is the day of an instant in a zone. A draft names a zone that is known.
func dayIn(name string, at time.Time) calendar.Date {
	location, err := zone.Load(name)
	if err != nil {
		location = time.UTC
	}
	return calendar.DateOf(at, location)
}

// same reports whether two values are stored alike.
func same[V any](a, b V) bool { return string(canonical(a)) == string(canonical(b)) }

// copied gives a value that shares no memory with the caller's: what it does with its slices later is not history.
func copied[V any](value V) V {
	var own V
	if err := json.Unmarshal(canonical(value), &own); err != nil {
		panic("invoice: a value does not come back from its stored form: " + err.Error())
	}
	return own
}

// canonical is the stored form of a value; equal values give equal bytes.
func canonical(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic("invoice: a value has no stored form: " + err.Error())
	}
	return data
}
