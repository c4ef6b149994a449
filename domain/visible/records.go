package visible

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// The kinds of record.
const (
	KindOrganisation Kind = "organisation"
	KindPerson       Kind = "person"
	KindContract     Kind = "contract"
	KindCategory     Kind = "category"
	KindTicket       Kind = "ticket"
	KindComment      Kind = "comment"
	KindTicketStep   Kind = "ticket_step"
	KindLine         Kind = "contract_line"
	KindBucket       Kind = "bucket"
	KindCarriedLot   Kind = "carried_lot"
	KindWork         Kind = "work"
	KindSettlement   Kind = "settlement"
	KindProposal     Kind = "proposal"
	KindOverage      Kind = "overage_request"
	KindHoursAlert   Kind = "hours_alert"
	KindTarget       Kind = "target"
	KindAttachment   Kind = "attachment"
	KindEdit         Kind = "comment_edit"
	KindInvoice      Kind = "invoice"
	KindClaim        Kind = "claim"
	KindInvoiceEntry Kind = "invoice_entry"
	KindCreditNote   Kind = "credit_note"
	KindReceipt      Kind = "receipt"
	KindPayment      Kind = "payment"
	KindDispute      Kind = "dispute"
	KindReminder     Kind = "reminder"
	KindPrint        Kind = "print"
)

// Organisation is the client organisation itself.
type Organisation struct {
	Client   uuid.UUID
	Name     string
	Zone     string // IANA name
	Language string // BCP 47
	Currency string // ISO 4217
	// Seats is how many users the organisation's own admins may bring the number up to; SeatsTaken how many
	// there are with a login. Staff may go beyond the limit.
	Seats      int
	SeatsTaken int
}

// Person is a user of the client organisation. Its name and e-mail live in the accounts, not here.
type Person struct {
	Client uuid.UUID
	ID     uuid.UUID
	Role   string // "client_admin" or "client_employee"
	Grants string // sorted, separated by single spaces
	State  string // see PersonActive
}

// The states of a person. Nobody comes back from PersonEnded.
const (
	PersonInvited = "invited"
	PersonActive  = "active"
	PersonEnded   = "ended"
)

// Contract is a contract of the client, from its offer on (F8, F12).
type Contract struct {
	Client    uuid.UUID
	ID        uuid.UUID
	Reference string
	Type      string // "bucket", "fixed", "time_and_materials" or "retainer"
	State     string // see ContractActive
	Starts    string // first day, "2026-01-31"
	Ends      string // last day; empty = open-ended
	// ShowsUnapproved says that Work holds hours that nobody has approved yet.
	ShowsUnapproved bool
}

// The states of a contract in a client's words.
const (
	ContractOffered   = "offered"
	ContractActive    = "active"
	ContractSuspended = "suspended"
	ContractEnded     = "ended"
)

// Line is a part of a contract that is charged in one way.
type Line struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract and line
	Contract uuid.UUID
	Position int // in the contract, from 1
	Name     string
	Type     string // as of a contract
	// Minutes are included in each month of a retainer, or were agreed for the start of a bucket; 0 = none.
	Minutes int
}

// Category is a job type of a contract in force: what a ticket can be raised under (F10), and what work counts
// under (F12).
type Category struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract and job type
	Contract uuid.UUID
	Line     uuid.UUID // Line.ID
	JobType  string    // the job type's key in the contract
	Name     string
	Minutes  int  // of the line's hours that are meant for it; 0 = it shares them
	Open     bool // tickets can be raised under it now
}

// Bucket is hours that were bought, or that a retainer includes in a month.
type Bucket struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Contract uuid.UUID
	Line     uuid.UUID
	Minutes  int    // adjustments included
	From     string // first day
	Until    string // last day; empty = never expires
}

// CarriedLot is what was left of a bucket when a month was closed.
type CarriedLot struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract, month and bucket
	Contract uuid.UUID
	Month    string // that was closed, "2026-01"
	Bucket   uuid.UUID
	Minutes  int
	Until    string // last day from here on; empty = never expires
}

// Work is a piece of work as a client sees it: in its own words, never a person or an internal note (F12).
type Work struct {
	Client      uuid.UUID
	ID          uuid.UUID
	Contract    uuid.UUID
	Category    uuid.UUID // Category.ID
	Month       string    // in which it counts, "2026-01"
	Day         string    // on which it was done
	Description string
	Minutes     int    // after rounding; negative takes earlier work back
	Drawn       int    // minutes that it took from bought hours
	State       string // WorkApproved or WorkPending
	Charge      string // see WorkCharged
}

// The states and kinds of work.
const (
	WorkApproved = "approved"
	WorkPending  = "pending" // nobody has approved it yet

	WorkCharged  = "charged"
	WorkIncluded = "included"
	WorkNoCharge = "no_charge"
)

// Settlement is a closed month of a line.
type Settlement struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract, month and line
	Contract uuid.UUID
	Line     uuid.UUID
	Month    string
	Drawn    int // minutes taken from bought hours
	Expired  int
	Overage  int // minutes beyond
}

// Proposal is a contract or an amendment that the client was asked to agree to, word for word (F35).
type Proposal struct {
	Client    uuid.UUID
	ID        uuid.UUID // of the contract or of the amendment
	Contract  uuid.UUID
	Kind      string // "contract" or "amendment"
	Reference string // of the contract, as it was offered
	Statement string
	Document  string // JSON of the statement with the terms it stands for, to the byte what SHA256 is of
	SHA256    string // hex
	Effective string // first day
	State     string // "offered", "accepted" or "declined"
	OfferedAt time.Time
	DecidedBy uuid.UUID // uuid.Nil until decided, and when staff hold a signed paper
	DecidedAt time.Time
}

// OverageRequest asks the client whether work may go on beyond the bought hours (F33).
type OverageRequest struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Contract uuid.UUID
	Line     uuid.UUID
	Month    string
	Minutes  int
	Text     string
	State    string // "asked", "allowed" or "refused"
	AskedAt  time.Time
}

// HoursAlert says that a line has used that much of its hours.
type HoursAlert struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Contract uuid.UUID
	Line     uuid.UUID
	Percent  int
	At       time.Time
}

// Ticket is what a client sees of one of its tickets.
type Ticket struct {
	Client      uuid.UUID
	ID          uuid.UUID
	Number      int // in the client's visible series; 0 = being assigned
	Title       string
	Description string
	Category    uuid.UUID // Category.ID; uuid.Nil = none
	Priority    string    // "critical", "high", "medium" or "low"
	State       string    // see TicketState
	RaisedBy    uuid.UUID
	RaisedAt    time.Time
	UpdatedAt   time.Time // of the last change the client could see
	Resolution  string    // the client-facing note; empty until resolved
	ResolvedAt  time.Time // zero until resolved
	ReopenUntil time.Time // until when it can be reopened; zero while it is open, and when that is not bounded
	Follows     uuid.UUID // the ticket that this one takes up again; uuid.Nil = none
	MergedInto  uuid.UUID // where the conversation goes on; uuid.Nil = here
	OutOfScope  bool      // no contract covers it so far
	EscalatedAt time.Time // since when it is escalated; zero unless it is now (X1)
	// What the client is asked to allow while State is TicketAwaitingApproval.
	EstimateMinutes int
	EstimateText    string
}

// EstimateSHA256 is the digest of an estimate, in hex: whoever agrees to it names what it has read.
func EstimateSHA256(minutes int, text string) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(minutes) + "\n" + text))
	return hex.EncodeToString(sum[:])
}

// Target is one promise about a ticket as its client sees it (X1): never the goal, the policy, a threshold, the
// calendar, or a cycle that is over.
type Target struct {
	Client uuid.UUID
	ID     uuid.UUID // derived from the ticket and the goal
	Ticket uuid.UUID
	Goal   string // "first_response", "next_response" or "resolution"
	State  string // see TargetState
	// Due is when it will be used up, or was when it is missed; zero while it is paused, and once it concluded.
	// RemainingSeconds is the counting time that is left while it is paused, and 0 otherwise.
	Due              time.Time
	RemainingSeconds int64
	// Strip explains the clock from its beginning to Due, or to where it paused or ended: a JSON array of Stretch. It is
	// text so that records compare.
	Strip string
}

// Stretch is a part of a Target's strip.
type Stretch struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Doing is "counting", "closed", "holiday", "waiting_for_you", "on_hold", "awaiting_approval" or "resolved".
	Doing   string `json:"doing"`
	Seconds int64  `json:"seconds"` // that count
}

// The states of a target in a client's words (X1).
const (
	TargetOnTrack = "on_track"
	TargetAtRisk  = "at_risk"
	TargetMissed  = "missed"
	TargetPaused  = "paused" // the ticket's own state says for whom or what
	TargetMet     = "met"
	TargetMetLate = "met_late"
)

// Attachment is a file on a ticket. Its bytes are in the public store, under ID.
type Attachment struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Ticket   uuid.UUID
	Author   uuid.UUID
	ByClient bool
	Name     string
	Type     string // media type
	Size     int64  // bytes
	SHA256   string // hex
	At       time.Time
}

// Edit is what a comment said before it was changed, once EditWindow was over (F11).
type Edit struct {
	Client  uuid.UUID
	ID      uuid.UUID // derived from the comment and the number
	Comment uuid.UUID
	Ticket  uuid.UUID
	Number  int // from 1
	Text    string
	Until   time.Time // when it was replaced
}

// The states of a ticket in a client's words.
const (
	TicketOpen          = "open"
	TicketInProgress    = "in_progress"
	TicketWaitingForYou = "waiting_for_you"
	TicketOnHold        = "on_hold"
	TicketResolved      = "resolved"
	TicketClosed        = "closed"

	TicketAwaitingApproval = "awaiting_approval" // of an estimate, by the client
	TicketCancelled        = "cancelled"
	TicketMerged           = "merged"
)

// Comment is a message or a client-visible note on a ticket the client sees.
type Comment struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Ticket   uuid.UUID
	Author   uuid.UUID
	ByClient bool // written by a client user; else by staff
	Text     string
	At       time.Time
	EditedAt time.Time // zero unless it was changed after its EditWindow
	Deleted  bool      // a tombstone: Text is empty
}

// TicketStep is one entry of a ticket's history: the state it entered, in a client's words.
type TicketStep struct {
	Client uuid.UUID
	ID     uuid.UUID // derived from the ticket and the number of the step among visible ones
	Ticket uuid.UUID
	State  string
	At     time.Time
}

// Invoice is an issued invoice, complete and final (F38): it is put once, and never again with other content.
type Invoice struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Number   string // "INV-2026-0041"
	Contract uuid.UUID
	Month    string // of the period, "2026-02"
	Date     string // of issue
	Due      string
	Zone     string // of the issuer: when Due is over
	Currency string
	Net      string // amounts as canonical numbers, "3760"
	Tax      string
	Payable  string
	Document string // JSON, to the byte what SHA256 is of
	SHA256   string // hex
	Entries  int    // how many InvoiceEntry explain its lines
}

// Claim is what is left to be paid of an invoice. See Label.
type Claim struct {
	Client     uuid.UUID
	ID         uuid.UUID // the invoice's
	Paid       string    // canonical numbers
	Credited   string    // of what was outstanding
	WrittenOff string
	Closed     string // the day when it was written off; empty = it was not
	Left       string // outstanding
	Disputed   string // of that, what the client objects to
	Voided     string // number of the credit note that took the whole invoice back; empty = none
	LastPaid   string // day of the last payment; empty = none
}

// InvoiceEntry explains a part of an invoice's line (F14).
type InvoiceEntry struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Invoice  uuid.UUID
	Line     uuid.UUID
	Position int    // among the invoice's, from 1
	Entry    string // JSON
}

// CreditNote is an issued credit note, complete and final.
type CreditNote struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Number   string
	Invoice  uuid.UUID
	Date     string
	Currency string
	Net      string // above zero
	Tax      string
	Payable  string
	Document string // JSON, to the byte what SHA256 is of
	SHA256   string // hex
}

// Print is the printed form of a document. Its bytes are in the public store, under the digests.
type Print struct {
	Client    uuid.UUID
	ID        uuid.UUID // of the invoice or credit note
	Layout    int
	SHA256    string // of the PDF, hex
	Size      int64  // of the PDF
	XMLSHA256 string // hex; empty where it was not recorded
	CSVSHA256 string // hex; empty where it was not recorded
}

// Receipt is a payment as far as an invoice took it.
type Receipt struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from invoice and payment
	Invoice  uuid.UUID
	Payment  uuid.UUID // there is a Payment of this id if money came; a credit note may have given it
	Amount   string    // canonical number
	Day      string
	Reversed string // the day when it was taken back; empty = it stands
}

// Payment is money that came from the client (F43). What of it no Receipt took and was not refunded is its credit.
type Payment struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Amount   string // canonical number
	Currency string
	Day      string
	Means    string // bank_transfer, card, direct_debit, cheque, cash or other
	Refunded string // canonical number
	Reversed string // the day when it was taken back; empty = it stands
}

// Dispute is an objection to a line of an invoice (F45).
type Dispute struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Invoice  uuid.UUID
	Line     uuid.UUID
	Amount   string
	Reason   string
	State    string // see DisputeOpen
	Answer   string
	By       uuid.UUID
	At       time.Time
	Answered time.Time // zero until it is settled
	AnswerBy string    // the last day on which an answer is in time; empty = none was promised
	Files    string    // JSON, in the order in which they were attached; empty = none
}

// The states of a dispute.
const (
	DisputeOpen      = "open"
	DisputeReviewed  = "under_review"
	DisputeAccepted  = "accepted"
	DisputeRejected  = "rejected"
	DisputeWithdrawn = "withdrawn"
)

// Reminder is a reminder of an overdue invoice.
type Reminder struct {
	Client  uuid.UUID
	ID      uuid.UUID // derived from invoice and step
	Invoice uuid.UUID
	Step    int
	Text    string
	At      time.Time
}

// Key of the target.
func (r Target) Key() Key { return Key{r.Client, KindTarget, r.ID} }

// Key of the attachment.
func (r Attachment) Key() Key { return Key{r.Client, KindAttachment, r.ID} }

// Key of the edit.
func (r Edit) Key() Key { return Key{r.Client, KindEdit, r.ID} }

// Key of the invoice.
func (r Invoice) Key() Key { return Key{r.Client, KindInvoice, r.ID} }

// Key of the claim.
func (r Claim) Key() Key { return Key{r.Client, KindClaim, r.ID} }

// Key of the invoiceentry.
func (r InvoiceEntry) Key() Key { return Key{r.Client, KindInvoiceEntry, r.ID} }

// Key of the creditnote.
func (r CreditNote) Key() Key { return Key{r.Client, KindCreditNote, r.ID} }

// Key of the print.
func (r Print) Key() Key { return Key{r.Client, KindPrint, r.ID} }

// Key of the receipt.
func (r Receipt) Key() Key { return Key{r.Client, KindReceipt, r.ID} }

// Key of the payment.
func (r Payment) Key() Key { return Key{r.Client, KindPayment, r.ID} }

// Key of the dispute.
func (r Dispute) Key() Key { return Key{r.Client, KindDispute, r.ID} }

// Key of the reminder.
func (r Reminder) Key() Key { return Key{r.Client, KindReminder, r.ID} }

// Key of the organisation: its id is the client's.
func (r Organisation) Key() Key { return Key{r.Client, KindOrganisation, r.Client} }

// Key of the person.
func (r Person) Key() Key { return Key{r.Client, KindPerson, r.ID} }

// Key of the contract.
func (r Contract) Key() Key { return Key{r.Client, KindContract, r.ID} }

// Key of the category.
func (r Category) Key() Key { return Key{r.Client, KindCategory, r.ID} }

// Key of the ticket.
func (r Ticket) Key() Key { return Key{r.Client, KindTicket, r.ID} }

// Key of the comment.
func (r Comment) Key() Key { return Key{r.Client, KindComment, r.ID} }

// Key of the step.
func (r TicketStep) Key() Key { return Key{r.Client, KindTicketStep, r.ID} }

// Key of the line.
func (r Line) Key() Key { return Key{r.Client, KindLine, r.ID} }

// Key of the bucket.
func (r Bucket) Key() Key { return Key{r.Client, KindBucket, r.ID} }

// Key of the carried lot.
func (r CarriedLot) Key() Key { return Key{r.Client, KindCarriedLot, r.ID} }

// Key of the work.
func (r Work) Key() Key { return Key{r.Client, KindWork, r.ID} }

// Key of the settlement.
func (r Settlement) Key() Key { return Key{r.Client, KindSettlement, r.ID} }

// Key of the proposal.
func (r Proposal) Key() Key { return Key{r.Client, KindProposal, r.ID} }

// Key of the overage request.
func (r OverageRequest) Key() Key { return Key{r.Client, KindOverage, r.ID} }

// Key of the hours alert.
func (r HoursAlert) Key() Key { return Key{r.Client, KindHoursAlert, r.ID} }

func (Organisation) isRecord()   {}
func (Person) isRecord()         {}
func (Contract) isRecord()       {}
func (Category) isRecord()       {}
func (Ticket) isRecord()         {}
func (Comment) isRecord()        {}
func (TicketStep) isRecord()     {}
func (Line) isRecord()           {}
func (Bucket) isRecord()         {}
func (CarriedLot) isRecord()     {}
func (Work) isRecord()           {}
func (Settlement) isRecord()     {}
func (Proposal) isRecord()       {}
func (OverageRequest) isRecord() {}
func (HoursAlert) isRecord()     {}
func (Target) isRecord()         {}
func (Attachment) isRecord()     {}
func (Edit) isRecord()           {}
func (Invoice) isRecord()        {}
func (Claim) isRecord()          {}
func (InvoiceEntry) isRecord()   {}
func (CreditNote) isRecord()     {}
func (Print) isRecord()          {}
func (Receipt) isRecord()        {}
func (Payment) isRecord()        {}
func (Dispute) isRecord()        {}
func (Reminder) isRecord()       {}
