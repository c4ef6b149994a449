package period

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/hours"
	"effigate/domain/rate"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

// Command is one thing somebody may ask of a period. By is the actor, At the instant in UTC; both come from the
// edge.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Says is what the contract says for the period, looked up when the command is run. Every command that needs terms
// carries it: a period that is not open is opened, and a pin that is missing is made, in the same append.
type Says struct {
	Contract    domain.ContractID
	Client      domain.ClientID
	Month       calendar.Month
	Zone        string
	First       bool
	InForce     bool      // the contract takes new work
	Versions    []Version // by From; the first one begins on or before the first day of the period that the contract has
	Granted     []bucket.Lot
	Adjustments []AdjustmentPinned
}

// Version is one version of the contract, from a day of the period on.
type Version struct {
	From     calendar.Date
	Version  int
	Terms    terms.Terms
	Calendar calendar.Calendar
	Cards    []rate.Card
}

// Pin opens the period if need be and pins what is new. Nothing new changes nothing.
type Pin struct {
	Says Says
	By   domain.Actor
	At   time.Time
}

// Entry is a time record as somebody enters it: from an instant until another, or a duration on a day.
type Entry struct {
	Person       domain.PersonID
	Work         Work
	JobType      string
	SupportLevel terms.SupportLevel
	From, Until  time.Time     // UTC
	Day          calendar.Date // with a duration
	Seconds      int64         // with a duration
	BreakSeconds int64
	Zone         string
	Condition    hours.Condition // with a duration; or Emergency with instants
	Billing      Billing
	Reason       string
	Description  string
	Note         string
}

// Log begins a record. Logging it again with the same content changes nothing.
type Log struct {
	Time     domain.TimeID
	Entry    Entry
	Source   Source
	Submit   bool // hand it in at once
	Replaces domain.TimeID
	Late     bool
	Says     Says
	By       domain.Actor
	At       time.Time
}

// Revise replaces a draft or returned record. Whose it is stays; a zero Person means that.
type Revise struct {
	Time   domain.TimeID
	Entry  Entry
	Submit bool
	Says   Says
	By     domain.Actor
	At     time.Time
}

// Discard removes a draft or returned record.
type Discard struct {
	Time domain.TimeID
	By   domain.Actor
	At   time.Time
}

// Submit hands records in, all or none.
type Submit struct {
	Times []domain.TimeID // 1 to MaxTimes
	By    domain.Actor
	At    time.Time
}

// Approve approves submitted records, all or none. Nobody but an owner approves own time.
type Approve struct {
	Times []domain.TimeID // 1 to MaxTimes
	Says  Says
	By    domain.Actor
	At    time.Time
}

// Return hands submitted or approved records back, all or none.
type Return struct {
	Times  []domain.TimeID // 1 to MaxTimes
	Reason string
	By     domain.Actor
	At     time.Time
}

// Correct says of an approved record in a closed period that another one takes its place.
type Correct struct {
	Time        domain.TimeID
	Reversal    domain.TimeID
	Replacement domain.TimeID // zero for none
	Entry       Entry         // of the replacement; the event keeps it as a Record
	Into        calendar.Month
	Reason      string
	By          domain.Actor
	At          time.Time
}

// Reverse takes back what a locked record of another period counted for.
type Reverse struct {
	Time    domain.TimeID // of the reversal
	Of      domain.TimeID
	OfMonth calendar.Month
	Record  Record
	Counted TimeApproved // of the original
	Says    Says
	By      domain.Actor
	At      time.Time
}

// Move sends records that nobody approved to another period, all or none.
type Move struct {
	Times []domain.TimeID // 1 to MaxTimes
	Into  calendar.Month
	By    domain.Actor
	At    time.Time
}

// Receive takes over a record that was moved here, as a draft or submitted as it was.
type Receive struct {
	Time      domain.TimeID
	Record    Record
	Source    Source
	Replaces  domain.TimeID   // as it was logged
	Author    domain.PersonID // who wrote it; zero for nobody
	Submitted bool
	Says      Says
	By        domain.Actor
	At        time.Time
}

// AddCharge adds something that is not time. Adding it again with the same content changes nothing.
type AddCharge struct {
	Charge      domain.ChargeID
	Line        string
	What        ChargeKind
	Text        string
	Day         calendar.Date // empty = today, at most the last day of the period
	Amount      decimal.Decimal
	TaxCategory string
	Milestone   string
	Says        Says
	By          domain.Actor
	At          time.Time
}

// AskOverage asks the client whether work may go on beyond the hours of a line.
type AskOverage struct {
	Request uuid.UUID
	Line    string
	Minutes int
	Text    string
	Says    Says
	By      domain.Actor
	At      time.Time
}

// AnswerOverage is the client's answer. By is a client user of the organisation.
type AnswerOverage struct {
	Request uuid.UUID
	Allow   bool
	Reason  string
	By      domain.Actor
	At      time.Time
}

// CarryIn says what the period before left over.
type CarryIn struct {
	Closed Closed // of that period
	From   calendar.Month
	Says   Says
	By     domain.Actor
	At     time.Time
}

// MakeForecast makes and keeps a forecast for every line with bought hours, once a day. Known is what is planned
// and what comes and goes later than this period; Days the burn of the weeks before, from earlier periods.
type MakeForecast struct {
	Lines []ForecastLine
	Today calendar.Date
	By    domain.Actor
	At    time.Time
}

// ForecastLine is what is known of a line from outside the period.
type ForecastLine struct {
	Line    string
	Days    []forecast.Day // burned in earlier periods
	Changes []forecast.Change
}

// Close ends the period after its last day.
type Close struct {
	Says Says
	By   domain.Actor
	At   time.Time
}

// ProposeDeduction proposes what a clause gives back for a missed promise, or proposes it anew when what it follows
// from has changed. Once somebody has decided, it changes nothing.
type ProposeDeduction struct {
	Deduction      domain.DeductionID
	Ticket         domain.TicketID
	Goal           sla.Goal
	Cycle          int
	Clause         terms.Penalty // as it was in force at the breach
	Breached       time.Time     // the due instant that passed
	OverrunSeconds int64         // of opening time; 0 while Running
	Running        bool          // the promise is not kept yet
	Elsewhere      decimal.Decimal
	Says           Says
	By             domain.Actor
	At             time.Time
}

// ConfirmDeduction lets the contract's next draft take what the deduction comes to now.
type ConfirmDeduction struct {
	Deduction domain.DeductionID
	Elsewhere decimal.Decimal     // what deductions of the ticket in other periods leave less of its cap
	Shown     decimal.NullDecimal // what the person saw; another amount is refused
	By        domain.Actor        // a person of staff
	At        time.Time
}

// WaiveDeduction takes a proposed deduction off. Above the limit of the terms two people must ask for it.
type WaiveDeduction struct {
	Deduction domain.DeductionID
	Reason    string
	By        domain.Actor // a person of staff
	At        time.Time
}

// RetractDeduction ends a deduction whose breach does not count after all. An unknown one changes nothing.
type RetractDeduction struct {
	Deduction domain.DeductionID
	Reason    string
	By        domain.Actor
	At        time.Time
}

// Reserve sets apart what a draft charges: all of a period whose month is over, whose time is all approved and whose
// carry-in is known, and the entries of deductions named; or Later the entries alone. The same again changes nothing.
type Reserve struct {
	Invoice domain.InvoiceID
	Later   bool
	Entries []DeductionTakenEntry
	Earlier []EarlierEntries // at most 24
	// BeyondOrder is why the draft goes beyond the limit of the purchase order, where it does.
	BeyondOrder string
	Says        Says
	By          domain.Actor
	At          time.Time
}

// Release gives free what an invoice that was discarded, or never drafted, had reserved.
type Release struct {
	Invoice domain.InvoiceID
	Reason  string
	By      domain.Actor
	At      time.Time
}

// Bill says that the invoice is issued. The system sends it.
type Bill struct {
	Invoice domain.InvoiceID
	Number  string
	Net     decimal.Decimal
	By      domain.Actor
	At      time.Time
}

// Unbill makes what a fully credited invoice charged billable again.
type Unbill struct {
	Invoice    domain.InvoiceID
	CreditNote domain.CreditNoteID
	By         domain.Actor
	At         time.Time
}

func (Pin) isCommand()              {}
func (Log) isCommand()              {}
func (Revise) isCommand()           {}
func (Discard) isCommand()          {}
func (Submit) isCommand()           {}
func (Approve) isCommand()          {}
func (Return) isCommand()           {}
func (Correct) isCommand()          {}
func (Reverse) isCommand()          {}
func (Move) isCommand()             {}
func (Receive) isCommand()          {}
func (AddCharge) isCommand()        {}
func (AskOverage) isCommand()       {}
func (AnswerOverage) isCommand()    {}
func (CarryIn) isCommand()          {}
func (MakeForecast) isCommand()     {}
func (Close) isCommand()            {}
func (ProposeDeduction) isCommand() {}
func (ConfirmDeduction) isCommand() {}
func (WaiveDeduction) isCommand()   {}
func (RetractDeduction) isCommand() {}
func (Reserve) isCommand()          {}
func (Release) isCommand()          {}
func (Bill) isCommand()             {}
func (Unbill) isCommand()           {}
