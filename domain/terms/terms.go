// Package terms is what a contract says: scope, dates, money and rules, as the contract agrees it and as each
// billing period pins it (product rules F22, F24–F35).
//
// It is pure and imports value packages only. Agreed is what both parties signed and may be disclosed; Staff is
// how the firm charges it, and never is.
package terms

import (
	"cmp"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/money"
)

// Type says how work is charged (F29).
type Type string

// The types.
const (
	Bucket           Type = "bucket"
	Fixed            Type = "fixed"
	TimeAndMaterials Type = "time_and_materials"
	Retainer         Type = "retainer"
)

// SupportLevel selects SLA policy and rate row (X10). It is never shown to clients.
type SupportLevel string

// The support levels.
const (
	Standard SupportLevel = "standard"
	Priority SupportLevel = "priority"
	Always   SupportLevel = "24x7"
)

// Terms is all that a version of a contract says.
type Terms struct {
	Agreed Agreed `json:"agreed"`
	Staff  Staff  `json:"staff"`
}

// Agreed is what both parties signed.
type Agreed struct {
	Starts calendar.Date `json:"starts"`
	Ends   calendar.Date `json:"ends,omitzero"` // the last day; empty = open-ended
	// NoticeDays is how long before the end somebody must say that it ends; RenewMonths by how much it renews
	// itself then, 0 = not.
	NoticeDays  int            `json:"notice_days,omitzero"`
	RenewMonths int            `json:"renew_months,omitzero"`
	Currency    money.Currency `json:"currency"`
	Payment     Payment        `json:"payment,omitzero"`
	// PurchaseOrder is the client's own reference.
	PurchaseOrder string `json:"purchase_order,omitzero"`
	Lines         []Line `json:"lines"` // the first one's type is the contract's
	// Shows is what of it the client's people get to see while the contract runs.
	Shows Shows `json:"shows,omitzero"`
}

// Shows is what clients see beyond the scope itself.
type Shows struct {
	Unapproved bool `json:"unapproved,omitzero"` // hours that nobody has approved yet, apart from the others
	NoCharge   bool `json:"no_charge,omitzero"`  // work done without charge
	Alerts     bool `json:"alerts,omitzero"`     // that 50, 75, 90 or 100 % of the hours are used
}

// PaymentRule says from when the days of payment count.
type PaymentRule string

// The rules of payment.
const (
	OnReceipt  PaymentRule = "" // due when it is received
	Net        PaymentRule = "net"
	EndOfMonth PaymentRule = "end_of_month" // Days after the end of the month
)

// Payment is when an invoice is due.
type Payment struct {
	Rule PaymentRule `json:"rule,omitzero"`
	Days int         `json:"days,omitzero"`
}

// Line is a part of the contract that is charged in one way.
type Line struct {
	Key      string    `json:"key"`
	Name     string    `json:"name"` // as the client reads it
	Type     Type      `json:"type"`
	JobTypes []JobType `json:"job_types"` // keys are unique in the contract
	// Minutes are bought at the start of a bucket, or included in each period of a retainer.
	Minutes    int         `json:"minutes,omitzero"`
	Milestones []Milestone `json:"milestones,omitzero"` // the schedule of a fixed line
}

// JobType is one category of work that a line covers.
type JobType struct {
	Key  string `json:"key"` // lower-case letters, digits, dots, dashes and underscores
	Name string `json:"name"`
	// Minutes is how much of the line's hours is meant for it, for the summary; 0 = it shares them.
	Minutes int `json:"minutes,omitzero"`
}

// Milestone is an entry of a fixed line's schedule.
type Milestone struct {
	Key  string        `json:"key"`
	Name string        `json:"name"`
	Due  calendar.Date `json:"due,omitzero"`
}

// Ref names a version of a rate card, SLA policy or calendar. Version 0 means the newest one in force when it
// is needed.
type Ref struct {
	ID      uuid.UUID `json:"id,omitzero"`
	Version int       `json:"version,omitzero"`
}

// Staff is how the firm charges what was agreed. None of it is ever disclosed.
type Staff struct {
	SupportLevel SupportLevel   `json:"support_level"`
	Calendar     Ref            `json:"calendar,omitzero"` // none: Monday to Friday 09:00–17:00 in the client's zone
	RateCard     Ref            `json:"rate_card,omitzero"`
	SLAPolicy    Ref            `json:"sla_policy,omitzero"`
	TaxProfile   string         `json:"tax_profile,omitzero"`
	Conditions   []hours.Window `json:"conditions,omitzero"`
	Overlap      Overlap        `json:"overlap,omitzero"`
	Rounding     hours.Rounding `json:"rounding,omitzero"`
	Limits       Limits         `json:"limits,omitzero"`
	Charges      []Charge       `json:"charges,omitzero"` // at most one for each line
	Penalties    []Penalty      `json:"penalties,omitzero"`
	// PurchaseOrderLimit bounds what is invoiced under the purchase order; zero = no bound.
	PurchaseOrderLimit decimal.Decimal `json:"purchase_order_limit,omitzero"`
	// TwoApproversAbove is the value of an amendment beyond which two people must approve it; zero = one is
	// always enough.
	TwoApproversAbove decimal.Decimal `json:"two_approvers_above,omitzero"`
	// TwoWaiversAbove is the amount of a deduction beyond which two people must agree to waive it; zero = one is
	// always enough.
	TwoWaiversAbove decimal.Decimal `json:"two_waivers_above,omitzero"`
}

// Overlap says which of several rate conditions holds where their windows overlap (F25). Premiums never compound.
type Overlap string

// The rules of overlap.
const (
	ByPriority Overlap = ""        // that of the window with the highest priority
	Highest    Overlap = "highest" // the one whose hour costs the record the most; of equal ones, that of the higher priority
)

// Limits bound single time records (F23). Zero means the default.
type Limits struct {
	LongestMinutes int `json:"longest_minutes,omitzero"` // of one record; default 16 hours
	BackdatingDays int `json:"backdating_days,omitzero"` // how old work may be when it is logged; default 92
	GraceDays      int `json:"grace_days,omitzero"`      // how long after its end a period takes time of its own; then time enters the next one; default 10
}

// Mode is how the hours of a bucket are charged (X5).
type Mode string

// The modes.
const (
	Prepaid        Mode = "" // the grant is invoiced first
	PostpaidCapped Mode = "postpaid_capped"
)

// OveragePolicy says what happens when the hours are used up (F33).
type OveragePolicy string

// The policies.
const (
	BlockOverage OveragePolicy = "" // time beyond the hours cannot be approved
	AllowOverage OveragePolicy = "allow"
	AskOverage   OveragePolicy = "ask" // time beyond the hours can be approved as far as the client allowed it
	TopUpOverage OveragePolicy = "top_up"
)

// CapPolicy says what a not-to-exceed amount does.
type CapPolicy string

// The policies of a cap.
const (
	NotifyCap CapPolicy = "" // it is reported
	HardCap   CapPolicy = "hard"
)

// Charge is how one line is charged.
type Charge struct {
	Line string `json:"line"`
	// Of buckets and retainers:
	Mode    Mode          `json:"mode,omitzero"`
	Overage OveragePolicy `json:"overage,omitzero"`
	// OveragePrice is the price of an hour beyond; zero = the rate card's.
	OveragePrice   decimal.Decimal `json:"overage_price,omitzero"`
	TopUpMinutes   int             `json:"top_up_minutes,omitzero"`    // how much is bought at once
	TopUpAtMinutes int             `json:"top_up_at_minutes,omitzero"` // as soon as no more than this is left
	LivesMonths    int             `json:"lives_months,omitzero"`      // how long bought hours live; 0 = until the contract ends
	Rollover       bucket.Rollover `json:"rollover,omitzero"`
	Weights        []Weight        `json:"weights,omitzero"`
	// Fee is the price of a period of a retainer, or of a bucket's hours at the start.
	Fee decimal.Decimal `json:"fee,omitzero"`
	// Cap is the not-to-exceed amount of a line of time and materials, over the whole contract; zero = none.
	Cap       decimal.Decimal `json:"cap,omitzero"`
	CapPolicy CapPolicy       `json:"cap_policy,omitzero"`
	Amounts   []Amount        `json:"amounts,omitzero"` // of the milestones of a fixed line
}

// Weight says that an hour under a condition takes more or less than an hour from a bucket.
type Weight struct {
	Condition hours.Condition `json:"condition"`
	Percent   int             `json:"percent"` // 150: an hour takes one and a half
}

// Amount is what a milestone of a fixed line is worth.
type Amount struct {
	Milestone string          `json:"milestone"`
	Amount    decimal.Decimal `json:"amount"`
}

// What a penalty is for.
const (
	Response   = "response"
	Resolution = "resolution"
)

// What a penalty may leave out of account.
const (
	ClientWait   = "client_wait"
	Maintenance  = "maintenance"
	ForceMajeure = "force_majeure"
)

// PenaltyKind says how a penalty is worked out (F22).
type PenaltyKind string

// The kinds of penalty.
const (
	FixedPerBreach  PenaltyKind = "fixed_per_breach"
	PercentOfTicket PenaltyKind = "percent_of_ticket"
	PercentOfFee    PenaltyKind = "percent_of_fee"
	TieredByOverrun PenaltyKind = "tiered_by_overrun"
)

// Penalty is a clause that gives money back when a promise is missed.
type Penalty struct {
	Key     string          `json:"key"`
	Name    string          `json:"name"`    // of the promise
	Trigger string          `json:"trigger"` // Response or Resolution
	Kind    PenaltyKind     `json:"kind"`
	Amount  decimal.Decimal `json:"amount,omitzero"`  // fixed_per_breach
	Percent decimal.Decimal `json:"percent,omitzero"` // percent_of_ticket, percent_of_fee
	Tiers   []Tier          `json:"tiers,omitzero"`   // tiered_by_overrun, by AboveMinutes
	// The most that is given back per ticket, and per period in percent of its subtotal; zero = no bound.
	CapPerTicket     decimal.Decimal `json:"cap_per_ticket,omitzero"`
	CapPeriodPercent decimal.Decimal `json:"cap_period_percent,omitzero"`
	// Excludes lists what does not count: ClientWait, Maintenance, ForceMajeure.
	Excludes []string `json:"excludes,omitzero"`
}

// Tier is an amount from an overrun on.
type Tier struct {
	AboveMinutes int             `json:"above_minutes"`
	Amount       decimal.Decimal `json:"amount"`
}

// PlainLine is the key of the only line of Plain terms.
const PlainLine = "work"

// Plain gives the terms of a contract with one line and nothing special. Their currency is still to be given.
func Plain(kind Type, level SupportLevel, starts calendar.Date, jobTypes ...JobType) Terms {
	return Terms{
		Agreed: Agreed{Starts: starts, Lines: []Line{{Key: PlainLine, Name: "Work", Type: kind, JobTypes: jobTypes}}},
		Staff:  Staff{SupportLevel: level},
	}
}

// Type is the contract's type: that of its first line.
func (a Agreed) Type() Type {
	if len(a.Lines) == 0 {
		return ""
	}
	return a.Lines[0].Type
}

// LineOf gives the line that covers a job type.
func (a Agreed) LineOf(jobType string) (Line, bool) {
	for _, line := range a.Lines {
		for _, covered := range line.JobTypes {
			if covered.Key == jobType {
				return line, true
			}
		}
	}
	return Line{}, false
}

// JobTypes lists the job types of all lines, in order.
func (a Agreed) JobTypes() []JobType {
	var all []JobType
	for _, line := range a.Lines {
		all = append(all, line.JobTypes...)
	}
	return all
}

// ChargeOf gives how a line is charged; the zero Charge with its key when the terms say nothing.
func (s Staff) ChargeOf(line string) Charge {
	for _, charge := range s.Charges {
		if charge.Line == line {
			return charge
		}
	}
	return Charge{Line: line}
}

// WeightOf is the percentage that an hour under a condition takes from bought hours; 100 unless the terms say.
func (c Charge) WeightOf(condition hours.Condition) int {
	for _, weight := range c.Weights {
		if weight.Condition == condition {
			return weight.Percent
		}
	}
	return 100
}

// AmountOf is what a milestone of the line is worth; false when the terms name none.
func (c Charge) AmountOf(milestone string) (decimal.Decimal, bool) {
	for _, amount := range c.Amounts {
		if amount.Milestone == milestone {
			return amount.Amount, true
		}
	}
	return decimal.Zero, false
}

// Longest is how many minutes one record may have.
func (l Limits) Longest() int { return cmp.Or(l.LongestMinutes, 16*60) }

// Backdating is how many days old work may be when it is logged.
func (l Limits) Backdating() int { return cmp.Or(l.BackdatingDays, 92) }

// Grace is for how many days after its end a period takes time of its own.
func (l Limits) Grace() int { return cmp.Or(l.GraceDays, 10) }
