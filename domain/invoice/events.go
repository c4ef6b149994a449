package invoice

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// Event is one fact of an invoice, in its stored form. Nothing of it is shown before Issued.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Drafted begins the invoice. Its content follows from the contract's period as it stood at the reservation, whose
// revision it names, from the issuer and from the client.
type Drafted struct {
	Invoice  domain.InvoiceID  `json:"invoice"`
	Client   domain.ClientID   `json:"client"`
	Contract domain.ContractID `json:"contract"`
	Month    calendar.Month    `json:"month"`
	Staff    DraftedStaff      `json:"staff"`
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// DraftedStaff is the internal part of Drafted.
type DraftedStaff struct {
	Issuer    string       `json:"issuer"` // its key
	TwoPeople bool         `json:"two_people,omitzero"`
	Content   bill.Content `json:"content"`
	// Later are the months before of which only entries of deductions are reserved.
	Later  []calendar.Month `json:"later,omitzero"`
	Chunks int              `json:"chunks"` // how many EntriesAdded follow
	// Prefixes are those of the numbers; First the first number of a series that is not open yet, by year.
	Prefix string         `json:"prefix"`
	First  map[string]int `json:"first,omitzero"` // by year, "2026"
	// BeyondOrder is why it goes beyond the purchase order's limit, where it does.
	BeyondOrder string `json:"beyond_order,omitzero"`
	// ReadAt is where in the log stood what it follows from; zero = where the draft itself stands.
	ReadAt domain.Position `json:"read_at,omitzero"`
}

// EntriesAdded are some of the entries that explain the lines, in order. They are shown once the invoice is issued.
type EntriesAdded struct {
	Chunk   int             `json:"chunk"` // from 1
	Entries []bill.Entry    `json:"entries"`
	By      domain.PersonID `json:"by,omitzero"`
	At      time.Time       `json:"at"`
}

// LineAdded adds a line to a draft by hand: a discount, a surcharge, a correction.
type LineAdded struct {
	Staff LineAddedStaff  `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// LineAddedStaff is the internal part of LineAdded.
type LineAddedStaff struct {
	Line   bill.Line `json:"line"` // of kind bill.Manual
	Reason string    `json:"reason"`
}

// LineRemoved takes such a line off again.
type LineRemoved struct {
	Line uuid.UUID       `json:"line"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// LineReworded changes what the client will read of a draft's line. Amounts are never changed.
type LineReworded struct {
	Line  uuid.UUID         `json:"line"`
	Staff LineRewordedStaff `json:"staff"`
	By    domain.PersonID   `json:"by,omitzero"`
	At    time.Time         `json:"at"`
}

// LineRewordedStaff is the internal part of LineReworded.
type LineRewordedStaff struct {
	Text string `json:"text"`
}

// Discarded ends a draft. The period is then free to be drafted anew.
type Discarded struct {
	// Contract and Month are what was reserved for an invoice that was never drafted; empty of a draft.
	Contract domain.ContractID `json:"contract,omitzero"`
	Month    calendar.Month    `json:"month,omitzero"`
	Staff    ReasonStaff       `json:"staff"`
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// ReasonStaff is why, for colleagues.
type ReasonStaff struct {
	Reason string `json:"reason"`
}

// Submitted asks for approval.
type Submitted struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Approved allows the invoice to be issued.
type Approved struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Returned hands a submitted or approved invoice back to be a draft.
type Returned struct {
	Staff ReasonStaff     `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// Issuing freezes the invoice: only Issued may follow. Date is asked for; the number's date is never before that of
// an earlier number.
type Issuing struct {
	Date  calendar.Date   `json:"date"` // of the issuer's zone
	Staff IssuingStaff    `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// IssuingStaff is the internal part of Issuing.
type IssuingStaff struct {
	// Exchange is what reports convert the invoice by; zero where it is in the issuer's own currency of reports, where the
	// issuer has none, and where nobody had recorded a rate.
	Exchange bill.Exchange `json:"exchange,omitzero"`
}

// Issued is the document, complete and final (F38). It follows from the draft and the allocation alone.
type Issued struct {
	Number   int             `json:"number"`
	Document bill.Document   `json:"document"`
	SHA256   string          `json:"sha256"` // of the document's canonical form
	Staff    IssuedStaff     `json:"staff"`
	By       domain.PersonID `json:"by,omitzero"` // who issued it
	At       time.Time       `json:"at"`
}

// IssuedStaff is the internal part of Issued.
type IssuedStaff struct {
	Series string `json:"series"`
}

// Rendered names the printed forms.
type Rendered struct {
	bill.Print

	At time.Time `json:"at"`
}

// CreditReserved takes what a credit note will credit out of what can still be credited, before the note is written.
type CreditReserved struct {
	CreditNote domain.CreditNoteID `json:"credit_note"`
	Lines      []bill.CreditedLine `json:"lines"`
	// Offset is what of its total lowers what is outstanding; the rest was paid already and is the client's.
	Offset decimal.Decimal     `json:"offset"`
	Total  decimal.Decimal     `json:"total"`
	Staff  CreditReservedStaff `json:"staff"`
	By     domain.PersonID     `json:"by,omitzero"`
	At     time.Time           `json:"at"`
}

// CreditReservedStaff is the internal part of CreditReserved.
type CreditReservedStaff struct {
	Note   string        `json:"note,omitzero"` // for colleagues
	Reason string        `json:"reason"`        // as it will be printed
	Code   string        `json:"code"`          // see creditnote
	Effect string        `json:"effect"`        // of what was paid already: "account_credit" or "refund"
	Date   calendar.Date `json:"date"`
	// Rebill frees the period of a fully credited invoice, so that its time can be billed again (A45).
	Rebill bool `json:"rebill,omitzero"`
	// Exchange is what reports convert the credit note by, as IssuingStaff has it of invoices.
	Exchange bill.Exchange `json:"exchange,omitzero"`
}

// Credited says that the credit note is issued.
type Credited struct {
	CreditNote domain.CreditNoteID `json:"credit_note"`
	Number     string              `json:"number"`
	At         time.Time           `json:"at"`
}

// PaymentApplied lowers what is outstanding.
type PaymentApplied struct {
	Payment domain.PaymentID `json:"payment"`
	Amount  decimal.Decimal  `json:"amount"`
	Day     calendar.Date    `json:"day"` // when it was received, in the issuer's zone
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// PaymentReversed takes it back: the money did not come after all.
type PaymentReversed struct {
	Payment domain.PaymentID `json:"payment"`
	Amount  decimal.Decimal  `json:"amount"`
	Day     calendar.Date    `json:"day"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// Disputed is a client's objection to a line, or to part of its amount (F45).
type Disputed struct {
	Dispute domain.DisputeID `json:"dispute"`
	Line    uuid.UUID        `json:"line"`
	Amount  decimal.Decimal  `json:"amount"` // of the line's net that is disputed
	Reason  string           `json:"reason"`
	// AnswerBy is the last day of the issuer's zone on which an answer is in time; empty = none was promised.
	AnswerBy calendar.Date   `json:"answer_by,omitzero"`
	By       domain.PersonID `json:"by,omitzero"`
	At       time.Time       `json:"at"`
}

// DisputeFileAttached puts a file of the client's beside its objection. The bytes are stored before.
type DisputeFileAttached struct {
	Dispute    domain.DisputeID    `json:"dispute"`
	Attachment domain.AttachmentID `json:"attachment"`
	Name       string              `json:"name"`
	Type       string              `json:"type"`
	Size       int64               `json:"size"`   // bytes
	SHA256     string              `json:"sha256"` // of the content, in hex
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// DisputeFileErased ends a file beside an objection for good: its bytes are gone, that it was there stays.
type DisputeFileErased struct {
	Dispute    domain.DisputeID    `json:"dispute"`
	Attachment domain.AttachmentID `json:"attachment"`
	Staff      ReasonStaff         `json:"staff"`
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// DisputeTaken says that somebody looks into it.
type DisputeTaken struct {
	Dispute domain.DisputeID `json:"dispute"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// DisputeSettled answers it. An accepted one is followed by a credit note.
type DisputeSettled struct {
	Dispute  domain.DisputeID `json:"dispute"`
	Accepted bool             `json:"accepted,omitzero"`
	Answer   string           `json:"answer"` // that the client reads
	By       domain.PersonID  `json:"by,omitzero"`
	At       time.Time        `json:"at"`
}

// AnswerMissed says that the day to answer an objection by is over and nobody has. It is for colleagues: the client reads
// the day itself.
type AnswerMissed struct {
	Dispute  domain.DisputeID `json:"dispute"`
	AnswerBy calendar.Date    `json:"answer_by"` // the day that was promised, of the issuer's zone
	By       domain.PersonID  `json:"by,omitzero"`
	At       time.Time        `json:"at"`
}

// DisputeWithdrawn ends it: the client no longer objects.
type DisputeWithdrawn struct {
	Dispute domain.DisputeID `json:"dispute"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// Reminded is a step of the reminder ladder, once each.
type Reminded struct {
	Step int             `json:"step"` // from 1
	Text string          `json:"text"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// WrittenOff gives up what is outstanding.
type WrittenOff struct {
	Amount decimal.Decimal `json:"amount"`
	Staff  ReasonStaff     `json:"staff"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// Kind is the stored name.
func (Drafted) Kind() string             { return "invoice.drafted.v1" }
func (EntriesAdded) Kind() string        { return "invoice.entries_added.v1" }
func (LineAdded) Kind() string           { return "invoice.line_added.v1" }
func (LineRemoved) Kind() string         { return "invoice.line_removed.v1" }
func (LineReworded) Kind() string        { return "invoice.line_reworded.v1" }
func (Discarded) Kind() string           { return "invoice.discarded.v1" }
func (Submitted) Kind() string           { return "invoice.submitted.v1" }
func (Approved) Kind() string            { return "invoice.approved.v1" }
func (Returned) Kind() string            { return "invoice.returned.v1" }
func (Issuing) Kind() string             { return "invoice.issuing.v1" }
func (Issued) Kind() string              { return "invoice.issued.v1" }
func (Rendered) Kind() string            { return "invoice.rendered.v1" }
func (CreditReserved) Kind() string      { return "invoice.credit_reserved.v1" }
func (Credited) Kind() string            { return "invoice.credited.v1" }
func (PaymentApplied) Kind() string      { return "invoice.payment_applied.v1" }
func (PaymentReversed) Kind() string     { return "invoice.payment_reversed.v1" }
func (Disputed) Kind() string            { return "invoice.disputed.v1" }
func (DisputeFileAttached) Kind() string { return "invoice.dispute_file_attached.v1" }
func (DisputeFileErased) Kind() string   { return "invoice.dispute_file_erased.v1" }
func (DisputeTaken) Kind() string        { return "invoice.dispute_taken.v1" }
func (DisputeSettled) Kind() string      { return "invoice.dispute_settled.v1" }
func (AnswerMissed) Kind() string        { return "invoice.answer_missed.v1" }
func (DisputeWithdrawn) Kind() string    { return "invoice.dispute_withdrawn.v1" }
func (Reminded) Kind() string            { return "invoice.reminded.v1" }
func (WrittenOff) Kind() string          { return "invoice.written_off.v1" }

func (Drafted) isEvent()             {}
func (EntriesAdded) isEvent()        {}
func (LineAdded) isEvent()           {}
func (LineRemoved) isEvent()         {}
func (LineReworded) isEvent()        {}
func (Discarded) isEvent()           {}
func (Submitted) isEvent()           {}
func (Approved) isEvent()            {}
func (Returned) isEvent()            {}
func (Issuing) isEvent()             {}
func (Issued) isEvent()              {}
func (Rendered) isEvent()            {}
func (CreditReserved) isEvent()      {}
func (Credited) isEvent()            {}
func (PaymentApplied) isEvent()      {}
func (PaymentReversed) isEvent()     {}
func (Disputed) isEvent()            {}
func (DisputeFileAttached) isEvent() {}
func (DisputeFileErased) isEvent()   {}
func (DisputeTaken) isEvent()        {}
func (DisputeSettled) isEvent()      {}
func (AnswerMissed) isEvent()        {}
func (DisputeWithdrawn) isEvent()    {}
func (Reminded) isEvent()            {}
func (WrittenOff) isEvent()          {}
