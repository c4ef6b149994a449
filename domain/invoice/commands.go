package invoice

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// Command is one thing somebody may ask of an invoice. By is the actor, At the instant in UTC; both come from the
// edge.
//
//sumtype:decl
type Command interface {
	sent() (domain.Actor, time.Time) // who sent it, and when
	isCommand()                      // Sealed: only this package adds variants.
}

// Signed is who sends a command, and when.
type Signed struct {
	By domain.Actor
	At time.Time
}

func (s Signed) sent() (domain.Actor, time.Time) { return s.By, s.At }

func (Signed) isCommand() {}

// The commands of a draft. Draft carries everything; the entries are added chunk by chunk, and the draft cannot be
// submitted before all are there. By in the event of a completing step is who drafted it.
type (
	// Draft begins the invoice.
	Draft struct {
		Signed

		Invoice  domain.InvoiceID
		Client   domain.ClientID
		Contract domain.ContractID
		Month    calendar.Month
		Staff    DraftedStaff
	}
	// AddEntries adds a chunk; the same again changes nothing.
	AddEntries struct {
		Signed

		Chunk   int
		Entries []bill.Entry
	}
	// AddLine adds a line by hand, of kind bill.Manual.
	AddLine struct {
		Signed

		Line   bill.Line
		Reason string
	}
	// RemoveLine takes a line off that was added by hand.
	RemoveLine struct {
		Signed

		Line uuid.UUID
	}
	// Reword changes the text of a line.
	Reword struct {
		Signed

		Line uuid.UUID
		Text string
	}
	// Discard ends a draft, or an invoice that waits for approval. One that was never drafted names the month that is
	// reserved for it.
	Discard struct {
		Signed

		Reason   string
		Contract domain.ContractID
		Month    calendar.Month
	}
	// Submit asks for approval.
	Submit struct{ Signed }
	// Approve allows it to be issued: by another person than who drafted, changed or submitted it where two people are
	// wanted. A draft may be approved at once where they are not.
	Approve struct {
		Signed

		Shown string // digest of the draft the person saw, see State.Digest
	}
	// Return hands it back to be a draft.
	Return struct {
		Signed

		Reason string
	}
	// Issue freezes an approved invoice. Date is asked for: today in the issuer's zone. Exchange is the rate that reports
	// convert it by; zero = none was recorded.
	Issue struct {
		Signed

		Date     calendar.Date
		Exchange bill.Exchange
	}
	// Complete makes the document when number and date are given. The system sends it.
	Complete struct {
		Signed

		Number int
		Date   calendar.Date
		Series string
	}
)

// The commands of an issued invoice. None touches the document.
type (
	// Render names the printed forms; the same again changes nothing. The system sends it.
	Render struct {
		Signed
		bill.Print
	}
	// ReserveCredit takes lines out of what can still be credited. Without lines it is all that is left.
	ReserveCredit struct {
		Signed

		CreditNote domain.CreditNoteID
		Lines      []bill.Credit
		Staff      CreditReservedStaff
	}
	// ConfirmCredit says that the credit note has its number. The system sends it.
	ConfirmCredit struct {
		Signed

		CreditNote domain.CreditNoteID
		Number     string
	}
	// ApplyPayment lowers what is outstanding, by at most that.
	ApplyPayment struct {
		Signed

		Payment domain.PaymentID
		Amount  decimal.Decimal
		Day     calendar.Date
	}
	// ReversePayment takes an applied payment back.
	ReversePayment struct {
		Signed

		Payment domain.PaymentID
		Day     calendar.Date
	}
	// Dispute objects to a line. A client user sends it.
	Dispute struct {
		Signed

		Dispute domain.DisputeID
		Line    uuid.UUID
		Amount  decimal.Decimal // zero = all of the line
		Reason  string
		// AnswerDays is within how many business days the issuer answers; 0 = it promises nothing.
		AnswerDays int
	}
	// AttachToDispute puts a file beside an open objection. A client user sends it.
	AttachToDispute struct {
		Signed

		Dispute    domain.DisputeID
		Attachment domain.AttachmentID
		Name       string
		Type       string // media type
		Size       int64  // bytes
		SHA256     string // hex
	}
	// EraseDisputeFile ends a file beside an objection for good, whatever became of the objection.
	EraseDisputeFile struct {
		Signed

		Dispute    domain.DisputeID
		Attachment domain.AttachmentID
		Reason     string // for colleagues
	}
	// TakeDispute says that the sender looks into it.
	TakeDispute struct {
		Signed

		Dispute domain.DisputeID
	}
	// SettleDispute answers it.
	SettleDispute struct {
		Signed

		Dispute  domain.DisputeID
		Accepted bool
		Answer   string
	}
	// NoteMissedAnswers says of each open objection, once, that the day to answer it by is over in the issuer's zone. The
	// system sends it.
	NoteMissedAnswers struct{ Signed }
	// WithdrawDispute ends it. A client user sends it.
	WithdrawDispute struct {
		Signed

		Dispute domain.DisputeID
	}
	// Remind takes a step of the reminder ladder while something undisputed is overdue on Day. The system sends it.
	Remind struct {
		Signed

		Step int
		Text string
		Day  calendar.Date // today in the issuer's zone
	}
	// WriteOff gives up all that is outstanding.
	WriteOff struct {
		Signed

		Reason string
	}
)
