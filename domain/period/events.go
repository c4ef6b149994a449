package period

import (
	"slices"
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

// Event is one fact of a billing period, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Opened begins the period.
type Opened struct {
	Contract domain.ContractID `json:"contract"`
	Client   domain.ClientID   `json:"client"`
	Month    calendar.Month    `json:"month"` // in the zone of the contract
	Zone     string            `json:"zone"`  // IANA name
	// First says that the contract has no earlier period, so that nothing is carried in.
	First bool            `json:"first,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// TermsPinned fixes what the contract says from a day of the period on. Pins are numbered from 1; of those that
// begin on one day the later pin holds. What was approved keeps the pin it was approved under.
type TermsPinned struct {
	Pin    int           `json:"pin"`
	From   calendar.Date `json:"from"`
	Agreed terms.Agreed  `json:"agreed"` // of the contract's version
	// Granted are the lots that begin in this period, whatever granted them, as far as no earlier pin named them. A
	// retainer's lot of the month is named again when its minutes have changed: the later one holds.
	Granted []bucket.Lot     `json:"granted,omitzero"`
	Staff   TermsPinnedStaff `json:"staff"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// TermsPinnedStaff is the internal part of TermsPinned.
type TermsPinnedStaff struct {
	Version     int                `json:"version"` // of the contract
	Terms       terms.Staff        `json:"terms"`
	Calendar    calendar.Calendar  `json:"calendar"`
	Cards       []rate.Card        `json:"cards,omitzero"`       // only rows that the contract can meet
	Adjustments []AdjustmentPinned `json:"adjustments,omitzero"` // of this period, as far as no earlier pin named them
}

// AdjustmentPinned is a change of a bucket by hand that falls into the period.
type AdjustmentPinned struct {
	ID      uuid.UUID       `json:"id"`
	Bucket  domain.BucketID `json:"bucket"`
	Day     calendar.Date   `json:"day"`
	Minutes int             `json:"minutes"`
}

// CarriedIn says what the period before left over. It comes once, after that one was closed.
type CarriedIn struct {
	From  calendar.Month  `json:"from"`
	Lots  []bucket.Lot    `json:"lots,omitzero"`
	Staff CarriedInStaff  `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// CarriedInStaff is the internal part of CarriedIn.
type CarriedInStaff struct {
	// Overage is, by line, what earlier periods drew beyond all lots and no reversal took back.
	Overage []LineMinutes `json:"overage,omitzero"`
	Spent   []Spent       `json:"spent,omitzero"`
	Alerts  []Armed       `json:"alerts,omitzero"`
	Early   []LineMinutes `json:"early,omitzero"` // the hours bought of lines that it was told of that they run out early
}

// Spent is what the time of a capped line has cost in all periods before, to ten digits after the point.
type Spent struct {
	Line   string          `json:"line"`
	Amount decimal.Decimal `json:"amount"`
}

// Armed is the highest alert that a line gave since its hours, or its cap, last grew.
type Armed struct {
	Line    string `json:"line"`
	Percent int    `json:"percent"`
	// OfMinutes is how many hours, or Cap how much money, there was then: with more, alerts are armed again.
	OfMinutes int             `json:"of_minutes,omitzero"`
	Cap       decimal.Decimal `json:"cap,omitzero"`
}

// WorkKind is what kind of work item time refers to.
type WorkKind string

// The kinds of work.
const (
	NoWork WorkKind = ""
	Ticket WorkKind = "ticket"
	Task   WorkKind = "task"
)

// Work is the work item that time was spent on.
type Work struct {
	Kind WorkKind  `json:"kind,omitzero"`
	ID   uuid.UUID `json:"id,omitzero"`
}

// Billing says whether a record is charged (F27).
type Billing string

// The kinds of billing: charged; covered by a fee; done for nothing, which the client may see; not the
// client's business.
const (
	Billable    Billing = ""
	Included    Billing = "included"
	NoCharge    Billing = "no_charge"
	NonBillable Billing = "non_billable"
)

// Source is how a record came to be (F23).
type Source struct {
	Kind string `json:"kind"` // "manual", "timer", "import" or "calendar"
	// Of an import: the system, its key of the record, the file's SHA-256 and the row.
	System string `json:"system,omitzero"`
	Key    string `json:"key,omitzero"`
	File   string `json:"file,omitzero"`
	Row    int    `json:"row,omitzero"`
}

// Record is what a person did, as it was entered. Raw time is kept for ever.
type Record struct {
	JobType string `json:"job_type"`
	// From and Until are instants in UTC; both zero when only a duration is known.
	From  time.Time     `json:"from,omitzero"`
	Until time.Time     `json:"until,omitzero"`
	Day   calendar.Date `json:"day"` // of From in the contract's zone, or as given with a duration
	// Seconds is the raw time without the break.
	Seconds      int64   `json:"seconds"`
	BreakSeconds int64   `json:"break_seconds,omitzero"`
	Billing      Billing `json:"billing,omitzero"`
	// Description is what the client reads.
	Description string      `json:"description"`
	Staff       RecordStaff `json:"staff"`
}

// RecordStaff is the internal part of Record.
type RecordStaff struct {
	Person       domain.PersonID    `json:"person"`
	Work         Work               `json:"work,omitzero"`
	SupportLevel terms.SupportLevel `json:"support_level,omitzero"` // of the work item; empty = the contract's
	Zone         string             `json:"zone"`                   // IANA name, in which the person entered it
	// Condition is given with a duration, which cannot be split; Emergency puts the whole record under that
	// condition.
	Condition hours.Condition `json:"condition,omitzero"`
	Note      string          `json:"note,omitzero"`
	Reason    string          `json:"reason,omitzero"` // why it is not billable
}

// TimeLogged begins a time record as a draft.
type TimeLogged struct {
	Time     domain.TimeID   `json:"time"`
	Record   Record          `json:"record"`
	Replaces domain.TimeID   `json:"replaces,omitzero"` // the record that this one corrects
	Staff    TimeLoggedStaff `json:"staff"`
	By       domain.PersonID `json:"by,omitzero"`
	At       time.Time       `json:"at"`
}

// TimeLoggedStaff is the internal part of TimeLogged.
type TimeLoggedStaff struct {
	Source Source `json:"source"`
	// Late says that the work's own period was closed already.
	Late bool `json:"late,omitzero"`
	// Author is who wrote a record that was moved here; else it is By.
	Author domain.PersonID `json:"author,omitzero"`
}

// TimeRevised replaces a draft or returned record; it is a draft again.
type TimeRevised struct {
	Time   domain.TimeID   `json:"time"`
	Record Record          `json:"record"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// TimeDiscarded removes a draft or returned record.
type TimeDiscarded struct {
	Time domain.TimeID   `json:"time"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// TimeSubmitted hands a record in for approval.
type TimeSubmitted struct {
	Time domain.TimeID   `json:"time"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// TimeReturned hands a submitted or approved record back.
type TimeReturned struct {
	Time  domain.TimeID     `json:"time"`
	Staff TimeReturnedStaff `json:"staff"`
	By    domain.PersonID   `json:"by,omitzero"`
	At    time.Time         `json:"at"`
}

// TimeReturnedStaff is the internal part of TimeReturned.
type TimeReturnedStaff struct {
	Reason string `json:"reason"`
}

// TimeApproved fixes what a record counts for: its split, rounding and prices never change again. A reversal of a
// billed record has negative minutes.
type TimeApproved struct {
	Time domain.TimeID `json:"time"`
	// BilledMinutes is after rounding; DrawnMinutes what it takes from bought hours, weighted, 0 when the line has
	// none or the record is not charged.
	BilledMinutes int               `json:"billed_minutes,omitzero"`
	DrawnMinutes  int               `json:"drawn_minutes,omitzero"`
	Staff         TimeApprovedStaff `json:"staff"`
	By            domain.PersonID   `json:"by,omitzero"`
	At            time.Time         `json:"at"`
}

// TimeApprovedStaff is the internal part of TimeApproved.
type TimeApprovedStaff struct {
	Pin   int    `json:"pin"`
	Line  string `json:"line"`
	Parts []Part `json:"parts"`
	// Charged says that the prices of the parts are charged for the hours themselves, as of time and materials; else
	// bought hours or a fee pay for them, and only what is beyond these is charged: at OveragePrice an hour, unless
	// that is zero, then at the prices of the parts.
	Charged      bool            `json:"charged,omitzero"`
	OveragePrice decimal.Decimal `json:"overage_price,omitzero"`
	TZData       string          `json:"tzdata"` // the release that it was split by
	// Version is the contract's version, of a reversal alone: its Pin is one of the period that it takes from.
	Version int `json:"version,omitzero"`
}

// Part is a stretch of a record under one condition, with its share of what is billed.
type Part struct {
	Condition     hours.Condition `json:"condition"`
	From          time.Time       `json:"from,omitzero"`
	Until         time.Time       `json:"until,omitzero"`
	Seconds       int64           `json:"seconds"`
	BilledMinutes int             `json:"billed_minutes,omitzero"`
	DrawnMinutes  int             `json:"drawn_minutes,omitzero"`
	Price         Price           `json:"price,omitzero"` // zero when nothing is priced
}

// Price is the rate row that won for a part, and why.
type Price struct {
	Layer      rate.Layer      `json:"layer"`
	Card       string          `json:"card"`
	Version    int             `json:"version"`
	Row        string          `json:"row"`    // its key
	Amount     decimal.Decimal `json:"amount"` // of one unit
	Unit       rate.Unit       `json:"unit"`
	DayMinutes int             `json:"day_minutes,omitzero"` // of the unit day
	// MinimumMinutes and MaximumMinutes bound the minutes of the part that are priced; 0 = unbounded.
	MinimumMinutes int      `json:"minimum_minutes,omitzero"`
	MaximumMinutes int      `json:"maximum_minutes,omitzero"`
	TaxCategory    string   `json:"tax_category,omitzero"`
	Why            []string `json:"why,omitzero"`
}

// TimeCorrected says that another record took the place of a locked one. It changes nothing in this period: the
// reversal and the replacement stand in the open one.
type TimeCorrected struct {
	Time        domain.TimeID      `json:"time"`
	Reversal    domain.TimeID      `json:"reversal"`
	Replacement domain.TimeID      `json:"replacement,omitzero"` // none when it was wrong altogether
	Staff       TimeCorrectedStaff `json:"staff"`
	By          domain.PersonID    `json:"by,omitzero"`
	At          time.Time          `json:"at"`
}

// TimeCorrectedStaff is the internal part of TimeCorrected.
type TimeCorrectedStaff struct {
	Reason string         `json:"reason"`
	Into   calendar.Month `json:"into"` // the period that took both
	// Record is what the replacement says; whoever completes the correction needs nothing else.
	Record Record `json:"record,omitzero"`
}

// TimeReversed takes back, in the open period, exactly what a locked record had counted for. It is approved as it
// comes.
type TimeReversed struct {
	Time          domain.TimeID     `json:"time"` // of the reversal
	Of            domain.TimeID     `json:"of"`
	OfMonth       calendar.Month    `json:"of_month"`
	Record        Record            `json:"record"`                  // of the original
	BilledMinutes int               `json:"billed_minutes,omitzero"` // negative
	DrawnMinutes  int               `json:"drawn_minutes,omitzero"`  // negative
	Staff         TimeApprovedStaff `json:"staff"`                   // parts with negative minutes and seconds
	By            domain.PersonID   `json:"by,omitzero"`
	At            time.Time         `json:"at"`
}

// TimeMoved sends a record that nobody approved to the next period, so that this one can be closed.
type TimeMoved struct {
	Time domain.TimeID   `json:"time"`
	Into calendar.Month  `json:"into"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// ChargeAdded adds something that is not time: a milestone, a fee, expenses.
type ChargeAdded struct {
	Charge domain.ChargeID  `json:"charge"`
	Line   string           `json:"line"`
	What   ChargeKind       `json:"what"`
	Text   string           `json:"text"` // as the client will read it on the invoice
	Day    calendar.Date    `json:"day"`
	Staff  ChargeAddedStaff `json:"staff"`
	By     domain.PersonID  `json:"by,omitzero"`
	At     time.Time        `json:"at"`
}

// ChargeKind says what a charge is for.
type ChargeKind string

// The kinds of charge.
const (
	MilestoneCharge ChargeKind = "milestone"
	FeeCharge       ChargeKind = "fee"
	OtherCharge     ChargeKind = "other"
)

// ChargeAddedStaff is the internal part of ChargeAdded.
type ChargeAddedStaff struct {
	Amount      decimal.Decimal `json:"amount"` // before tax, in the contract's currency
	TaxCategory string          `json:"tax_category,omitzero"`
	Milestone   string          `json:"milestone,omitzero"` // its key
}

// ThresholdReached says that a line has used that much of its hours, or of its cap. Once per threshold; armed
// again when there are more hours.
type ThresholdReached struct {
	Line        string `json:"line"`
	Percent     int    `json:"percent"`
	UsedMinutes int    `json:"used_minutes,omitzero"`
	OfMinutes   int    `json:"of_minutes,omitzero"`
	// Shown says that the client's people hear of it, by what the terms said then.
	Shown bool                  `json:"shown,omitzero"`
	Staff ThresholdReachedStaff `json:"staff,omitzero"`
	By    domain.PersonID       `json:"by,omitzero"`
	At    time.Time             `json:"at"`
}

// ThresholdReachedStaff is the internal part of ThresholdReached.
type ThresholdReachedStaff struct {
	Spent decimal.Decimal `json:"spent,omitzero"` // of a cap
	Cap   decimal.Decimal `json:"cap,omitzero"`
}

// TopUpDue says that a line's policy buys hours now. The contract is told next; Bucket is what it will be called.
type TopUpDue struct {
	Line   string          `json:"line"`
	Bucket domain.BucketID `json:"bucket"`
	Staff  TopUpDueStaff   `json:"staff"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// TopUpDueStaff is the internal part of TopUpDue.
type TopUpDueStaff struct {
	Minutes          int `json:"minutes"`
	RemainingMinutes int `json:"remaining_minutes,omitzero"`
}

// OverageAsked asks the client whether work may go on beyond the hours of a line.
type OverageAsked struct {
	Request uuid.UUID       `json:"request"`
	Line    string          `json:"line"`
	Minutes int             `json:"minutes"` // beyond
	Text    string          `json:"text"`    // what the client is asked, word for word
	By      domain.PersonID `json:"by,omitzero"`
	At      time.Time       `json:"at"`
}

// OverageAnswered is the client's answer.
type OverageAnswered struct {
	Request uuid.UUID       `json:"request"`
	Allowed bool            `json:"allowed,omitzero"`
	Reason  string          `json:"reason,omitzero"`
	By      domain.PersonID `json:"by,omitzero"`
	At      time.Time       `json:"at"`
}

// ForecastMade keeps a forecast with everything it followed from, so that it can be replayed and scored.
type ForecastMade struct {
	Line  string            `json:"line"`
	Staff ForecastMadeStaff `json:"staff"`
	By    domain.PersonID   `json:"by,omitzero"`
	At    time.Time         `json:"at"`
}

// ForecastMadeStaff is the internal part of ForecastMade.
type ForecastMadeStaff struct {
	Input    forecast.Input    `json:"input"`
	Forecast forecast.Forecast `json:"forecast"`
}

// RunsOutEarly says that a line's hours will be used up before the contract ends, by the forecast of a day. Once; again
// when there are more hours, or when a forecast since then saw them last. It is never disclosed.
type RunsOutEarly struct {
	Line string        `json:"line"`
	Date calendar.Date `json:"date"` // when they will be used up
	Ends calendar.Date `json:"ends"` // the contract's last day
	// BoughtMinutes is how many hours there were, without those that a retainer includes.
	BoughtMinutes int `json:"bought_minutes,omitzero"`
	// Shown says that the terms let the client's people hear of alerts. This one they do not hear of.
	Shown bool            `json:"shown,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// Closed ends the period: draws are decided, and what is left is carried out. Only reversals of it may follow, in
// a later one.
type Closed struct {
	Lots []bucket.Statement `json:"lots,omitzero"`
	// Overage is what was drawn beyond all lots in this period, by line; negative when reversals took more back.
	Overage []LineMinutes `json:"overage,omitzero"`
	// Shortfall is what the minimum for a work item and day added to the records, by record; ShortfallByLine what
	// that drew.
	Shortfall       []TimeMinutes   `json:"shortfall,omitzero"`
	ShortfallByLine []LineMinutes   `json:"shortfall_by_line,omitzero"`
	CarryOut        []bucket.Lot    `json:"carry_out,omitzero"`
	Staff           ClosedStaff     `json:"staff,omitzero"`
	By              domain.PersonID `json:"by,omitzero"`
	At              time.Time       `json:"at"`
}

// ClosedStaff is the internal part of Closed.
type ClosedStaff struct {
	Overage []LineMinutes `json:"overage,omitzero"` // up to and with this period, less what reversals took back
	Spent   []Spent       `json:"spent,omitzero"`   // of capped lines, up to and with this period
	Alerts  []Armed       `json:"alerts,omitzero"`
	Early   []LineMinutes `json:"early,omitzero"` // as CarriedInStaff has it
}

// DeductionProposed proposes to give money back for a missed promise (F22), or proposes it anew with another amount.
type DeductionProposed struct {
	Deduction domain.DeductionID     `json:"deduction"`
	Ticket    domain.TicketID        `json:"ticket"`
	Staff     DeductionProposedStaff `json:"staff"`
	By        domain.PersonID        `json:"by,omitzero"`
	At        time.Time              `json:"at"`
}

// DeductionProposedStaff is the internal part of DeductionProposed.
type DeductionProposedStaff struct {
	Goal     sla.Goal      `json:"goal"`
	Cycle    int           `json:"cycle"`
	Clause   terms.Penalty `json:"clause"`   // as it was in force at the breach
	Breached time.Time     `json:"breached"` // the due instant that passed
	// OverrunSeconds is by how much opening time the promise was missed; 0 while Running: it is not kept yet.
	OverrunSeconds int64 `json:"overrun_seconds,omitzero"`
	Running        bool  `json:"running,omitzero"`
	// Elsewhere is what deductions of the ticket in other periods leave less of its cap.
	Elsewhere decimal.Decimal `json:"elsewhere,omitzero"`
	Amount    decimal.Decimal `json:"amount"` // as things were, in the contract's currency
	Why       string          `json:"why"`    // how Amount was worked out
}

// DeductionConfirmed fixes a deduction: the contract's next draft takes it.
type DeductionConfirmed struct {
	Deduction domain.DeductionID      `json:"deduction"`
	Staff     DeductionConfirmedStaff `json:"staff"`
	By        domain.PersonID         `json:"by,omitzero"`
	At        time.Time               `json:"at"`
}

// DeductionConfirmedStaff is the internal part of DeductionConfirmed.
type DeductionConfirmedStaff struct {
	Amount decimal.Decimal `json:"amount"` // more than zero
	Why    string          `json:"why"`
}

// DeductionWaiverAsked is the first of two people who take a proposed deduction off.
type DeductionWaiverAsked struct {
	Deduction domain.DeductionID `json:"deduction"`
	Staff     DeductionReason    `json:"staff"`
	By        domain.PersonID    `json:"by,omitzero"`
	At        time.Time          `json:"at"`
}

// DeductionReason is the internal part of what ends a deduction, or is to end it.
type DeductionReason struct {
	Reason string `json:"reason"`
}

// DeductionWaived takes a proposed deduction off.
type DeductionWaived struct {
	Deduction domain.DeductionID `json:"deduction"`
	Staff     DeductionReason    `json:"staff"`
	By        domain.PersonID    `json:"by,omitzero"`
	At        time.Time          `json:"at"`
}

// DeductionCountered is the counter-entry to a confirmed deduction: it puts the same amount back.
type DeductionCountered struct {
	Deduction domain.DeductionID `json:"deduction"`
	Staff     DeductionReason    `json:"staff"`
	By        domain.PersonID    `json:"by,omitzero"`
	At        time.Time          `json:"at"`
}

// Reserved sets apart what a draft of an invoice charges, so that nothing is ever on two drafts. Until it is billed or
// released, nothing that would change it is taken.
type Reserved struct {
	Invoice domain.InvoiceID `json:"invoice"`
	Staff   ReservedStaff    `json:"staff,omitzero"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// ReservedStaff is the internal part of Reserved.
type ReservedStaff struct {
	// Later says that the period itself was billed before, or is to be billed with another invoice: only Entries are set
	// apart.
	Later bool `json:"later,omitzero"`
	// Entries are those of deductions that the draft takes off or puts back.
	Entries []DeductionTakenEntry `json:"entries,omitzero"`
	// Earlier is what the draft means to take of months before.
	Earlier []EarlierEntries `json:"earlier,omitzero"`
	// BeyondOrder is why the draft goes beyond the limit of the purchase order, where it does.
	BeyondOrder string `json:"beyond_order,omitzero"`
}

// EarlierEntries are entries of deductions that the draft takes of an earlier month; they are reserved there next.
type EarlierEntries struct {
	Month   calendar.Month        `json:"month"`
	Entries []DeductionTakenEntry `json:"entries"`
}

// DeductionTakenEntry is an entry of a deduction: of its confirmation, or Counter of what put it back.
type DeductionTakenEntry struct {
	Deduction domain.DeductionID `json:"deduction"`
	Counter   bool               `json:"counter,omitzero"`
}

// Released gives free what a draft had reserved.
type Released struct {
	Invoice domain.InvoiceID `json:"invoice"`
	Staff   DeductionReason  `json:"staff"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// Billed says that the invoice is issued.
type Billed struct {
	Invoice domain.InvoiceID `json:"invoice"`
	Number  string           `json:"number"`
	Staff   BilledStaff      `json:"staff"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// BilledStaff is the internal part of Billed.
type BilledStaff struct {
	Net decimal.Decimal `json:"net"` // of the invoice; of a period billed Later nothing
}

// Unbilled makes what a fully credited invoice charged billable again, by somebody's choice (A45).
type Unbilled struct {
	Invoice    domain.InvoiceID    `json:"invoice"`
	CreditNote domain.CreditNoteID `json:"credit_note"`
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// LineMinutes is minutes of a line.
type LineMinutes struct {
	Line    string `json:"line"`
	Minutes int    `json:"minutes"`
}

// TimeMinutes is minutes of a record.
type TimeMinutes struct {
	Time          domain.TimeID `json:"time"`
	BilledMinutes int           `json:"billed_minutes"`
	DrawnMinutes  int           `json:"drawn_minutes,omitzero"`
}

// Kind is the stored name.
func (Opened) Kind() string               { return "period.opened.v1" }
func (TermsPinned) Kind() string          { return "period.terms_pinned.v1" }
func (CarriedIn) Kind() string            { return "period.carried_in.v1" }
func (TimeLogged) Kind() string           { return "period.time_logged.v1" }
func (TimeRevised) Kind() string          { return "period.time_revised.v1" }
func (TimeDiscarded) Kind() string        { return "period.time_discarded.v1" }
func (TimeSubmitted) Kind() string        { return "period.time_submitted.v1" }
func (TimeReturned) Kind() string         { return "period.time_returned.v1" }
func (TimeApproved) Kind() string         { return "period.time_approved.v1" }
func (TimeCorrected) Kind() string        { return "period.time_corrected.v1" }
func (TimeReversed) Kind() string         { return "period.time_reversed.v1" }
func (TimeMoved) Kind() string            { return "period.time_moved.v1" }
func (ChargeAdded) Kind() string          { return "period.charge_added.v1" }
func (ThresholdReached) Kind() string     { return "period.threshold_reached.v1" }
func (TopUpDue) Kind() string             { return "period.top_up_due.v1" }
func (OverageAsked) Kind() string         { return "period.overage_asked.v1" }
func (OverageAnswered) Kind() string      { return "period.overage_answered.v1" }
func (ForecastMade) Kind() string         { return "period.forecast_made.v1" }
func (RunsOutEarly) Kind() string         { return "period.runs_out_early.v1" }
func (Closed) Kind() string               { return "period.closed.v1" }
func (DeductionProposed) Kind() string    { return "period.deduction_proposed.v1" }
func (DeductionConfirmed) Kind() string   { return "period.deduction_confirmed.v1" }
func (DeductionWaiverAsked) Kind() string { return "period.deduction_waiver_asked.v1" }
func (DeductionWaived) Kind() string      { return "period.deduction_waived.v1" }
func (DeductionCountered) Kind() string   { return "period.deduction_countered.v1" }
func (Reserved) Kind() string             { return "period.reserved.v1" }
func (Released) Kind() string             { return "period.released.v1" }
func (Billed) Kind() string               { return "period.billed.v1" }
func (Unbilled) Kind() string             { return "period.unbilled.v1" }

func (Opened) isEvent()               {}
func (TermsPinned) isEvent()          {}
func (CarriedIn) isEvent()            {}
func (TimeLogged) isEvent()           {}
func (TimeRevised) isEvent()          {}
func (TimeDiscarded) isEvent()        {}
func (TimeSubmitted) isEvent()        {}
func (TimeReturned) isEvent()         {}
func (TimeApproved) isEvent()         {}
func (TimeCorrected) isEvent()        {}
func (TimeReversed) isEvent()         {}
func (TimeMoved) isEvent()            {}
func (ChargeAdded) isEvent()          {}
func (ThresholdReached) isEvent()     {}
func (TopUpDue) isEvent()             {}
func (OverageAsked) isEvent()         {}
func (OverageAnswered) isEvent()      {}
func (ForecastMade) isEvent()         {}
func (RunsOutEarly) isEvent()         {}
func (Closed) isEvent()               {}
func (DeductionProposed) isEvent()    {}
func (DeductionConfirmed) isEvent()   {}
func (DeductionWaiverAsked) isEvent() {}
func (DeductionWaived) isEvent()      {}
func (DeductionCountered) isEvent()   {}
func (Reserved) isEvent()             {}
func (Released) isEvent()             {}
func (Billed) isEvent()               {}
func (Unbilled) isEvent()             {}

// All lists one sample of every variant with every field set: the registry learns the stored names from it, and the
// tests that look for internal text in client data plant their markers in it.
func All() []domain.Event {
	return slices.Concat(periodSamples(), timeSamples(), hoursSamples(), deductionSamples(), billingSamples())
}
