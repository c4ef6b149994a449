package contract

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/terms"
)

// Event is one fact of a contract, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	isEvent() // Sealed: only this package adds variants.
}

// Drafted begins the contract with version 1 of its terms.
type Drafted struct {
	Contract  domain.ContractID `json:"contract"`
	Client    domain.ClientID   `json:"client"`
	Zone      string            `json:"zone"`      // IANA name; the client's when it was drafted. Its days begin and end there
	Reference string            `json:"reference"` // set by the firm and kept as written (X4)
	Terms     terms.Terms       `json:"terms"`
	By        domain.PersonID   `json:"by,omitzero"`
	At        time.Time         `json:"at"`
}

// Revised replaces the terms of a draft. Version 1 is what was last revised before the offer.
type Revised struct {
	Reference string          `json:"reference"`
	Terms     terms.Terms     `json:"terms"`
	By        domain.PersonID `json:"by,omitzero"`
	At        time.Time       `json:"at"`
}

// Submitted hands the draft in for internal review.
type Submitted struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Returned sends it back to draft: out of review, or as an offer that was declined or taken back.
type Returned struct {
	Staff ReturnedStaff   `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// ReturnedStaff is the internal part of Returned.
type ReturnedStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Offered shows the client what was agreed on, to accept or decline. Statement is what it is asked to agree to,
// word for word.
type Offered struct {
	Statement string          `json:"statement"`
	By        domain.PersonID `json:"by,omitzero"`
	At        time.Time       `json:"at"`
}

// Evidence shows how somebody of the client agreed (F47): exactly what was on the screen, and who was there. The
// address and the program used are sealed under a key of that person, so that they can be erased.
type Evidence struct {
	Role      domain.Role `json:"role,omitzero"`   // of the person, at that moment
	Proved    bool        `json:"proved,omitzero"` // the person had proved itself by a second factor or anew
	Statement string      `json:"statement"`
	SHA256    string      `json:"sha256"`          // of the statement and the terms it stands for, hex
	Sealed    string      `json:"sealed,omitzero"` // base64 of the sealed address and user agent
	// Paper says where the signed paper is, when staff record what was signed outside.
	Paper string `json:"paper,omitzero"`
}

// Accepted says that the client agreed to the offer.
type Accepted struct {
	Evidence Evidence        `json:"evidence"`
	By       domain.PersonID `json:"by,omitzero"`
	At       time.Time       `json:"at"`
}

// Declined says that the client did not. The contract is a draft again.
type Declined struct {
	Reason   string          `json:"reason,omitzero"`
	ByClient bool            `json:"by_client,omitzero"` // By is of the client; else staff were told, and wrote the reason
	By       domain.PersonID `json:"by,omitzero"`
	At       time.Time       `json:"at"`
}

// Activated puts the contract in force: from here on its client sees it and raises tickets under it.
type Activated struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Suspended stops new work for a while.
type Suspended struct {
	Staff SuspendedStaff  `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// SuspendedStaff is the internal part of Suspended.
type SuspendedStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Resumed ends a suspension.
type Resumed struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Renewed moves the end of the contract; nothing else changes, and no version is made.
type Renewed struct {
	Ends calendar.Date   `json:"ends"`
	By   domain.PersonID `json:"by,omitzero"`
	At   time.Time       `json:"at"`
}

// Expired says that the last day has passed. At is the first instant after it, however late it was noticed.
type Expired struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Terminated ends the contract before its time. Ends is its last day.
type Terminated struct {
	Ends  calendar.Date   `json:"ends"`
	Staff TerminatedStaff `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// TerminatedStaff is the internal part of Terminated.
type TerminatedStaff struct {
	Reason string `json:"reason,omitzero"`
}

// AmendmentProposed proposes the next version.
type AmendmentProposed struct {
	Amendment domain.AmendmentID     `json:"amendment"`
	Base      int                    `json:"base"` // the version it changes
	Effective calendar.Date          `json:"effective"`
	Statement string                 `json:"statement"` // what the client is asked to agree to, word for word
	Terms     terms.Terms            `json:"terms"`     // as they will be
	Staff     AmendmentProposedStaff `json:"staff"`
	By        domain.PersonID        `json:"by,omitzero"`
	At        time.Time              `json:"at"`
}

// AmendmentProposedStaff is the internal part of AmendmentProposed.
type AmendmentProposedStaff struct {
	Reason    string          `json:"reason"`
	Value     decimal.Decimal `json:"value,omitzero"` // by how much the contract's value changes, without sign
	Approvals int             `json:"approvals"`      // how many people must approve it
}

// AmendmentApproved is one internal approval.
type AmendmentApproved struct {
	Amendment domain.AmendmentID `json:"amendment"`
	By        domain.PersonID    `json:"by,omitzero"`
	At        time.Time          `json:"at"`
}

// AmendmentRejected ends it inside.
type AmendmentRejected struct {
	Amendment domain.AmendmentID     `json:"amendment"`
	Staff     AmendmentRejectedStaff `json:"staff"`
	By        domain.PersonID        `json:"by,omitzero"`
	At        time.Time              `json:"at"`
}

// AmendmentRejectedStaff is the internal part of AmendmentRejected.
type AmendmentRejectedStaff struct {
	Reason string `json:"reason"`
}

// AmendmentOffered shows it to the client, to accept or decline.
type AmendmentOffered struct {
	Amendment domain.AmendmentID `json:"amendment"`
	By        domain.PersonID    `json:"by,omitzero"`
	At        time.Time          `json:"at"`
}

// AmendmentAccepted makes its terms the version Version, in force from its effective date on.
type AmendmentAccepted struct {
	Amendment domain.AmendmentID `json:"amendment"`
	Version   int                `json:"version"`
	// Ends is the contract's last day from here on, whether or not the amendment moves it; empty = open-ended.
	Ends     calendar.Date   `json:"ends,omitzero"`
	Evidence Evidence        `json:"evidence"`
	By       domain.PersonID `json:"by,omitzero"`
	At       time.Time       `json:"at"`
}

// AmendmentDeclined says that the client did not agree.
type AmendmentDeclined struct {
	Amendment domain.AmendmentID `json:"amendment"`
	Reason    string             `json:"reason,omitzero"`
	ByClient  bool               `json:"by_client,omitzero"` // as in Declined
	By        domain.PersonID    `json:"by,omitzero"`
	At        time.Time          `json:"at"`
}

// AmendmentWithdrawn takes it back before the client agreed.
type AmendmentWithdrawn struct {
	Amendment domain.AmendmentID `json:"amendment"`
	By        domain.PersonID    `json:"by,omitzero"`
	At        time.Time          `json:"at"`
}

// AmendmentSuperseded ends one that another overtook: it would change a version that is no longer the newest.
type AmendmentSuperseded struct {
	Amendment   domain.AmendmentID `json:"amendment"`
	ByAmendment domain.AmendmentID `json:"by_amendment"`
	By          domain.PersonID    `json:"by,omitzero"`
	At          time.Time          `json:"at"`
}

// BucketGranted adds hours to a line.
type BucketGranted struct {
	Bucket  domain.BucketID    `json:"bucket"`
	Line    string             `json:"line"`
	Minutes int                `json:"minutes"`
	From    calendar.Date      `json:"from"`
	Until   calendar.Date      `json:"until,omitzero"` // the last day; empty = never expires
	Source  GrantSource        `json:"source"`
	Staff   BucketGrantedStaff `json:"staff,omitzero"`
	By      domain.PersonID    `json:"by,omitzero"`
	At      time.Time          `json:"at"`
}

// GrantSource says why hours were granted.
type GrantSource string

// The sources of hours.
const (
	FromStart    GrantSource = "start"    // the line's own, when the contract was activated or an amendment accepted
	FromPurchase GrantSource = "purchase" // bought by hand
	FromTopUp    GrantSource = "top_up"   // by the line's policy
	FromRenewal  GrantSource = "renewal"
)

// BucketGrantedStaff is the internal part of BucketGranted.
type BucketGrantedStaff struct {
	Price  decimal.Decimal `json:"price,omitzero"` // of all of it
	Reason string          `json:"reason,omitzero"`
}

// BucketAdjusted changes what is left of a bucket by hand, approved by By.
type BucketAdjusted struct {
	Bucket  domain.BucketID     `json:"bucket"`
	Minutes int                 `json:"minutes"` // positive adds
	Day     calendar.Date       `json:"day"`
	Staff   BucketAdjustedStaff `json:"staff"`
	By      domain.PersonID     `json:"by,omitzero"`
	At      time.Time           `json:"at"`
}

// BucketAdjustedStaff is the internal part of BucketAdjusted.
type BucketAdjustedStaff struct {
	Reason string `json:"reason"`
}

// MilestoneReleased makes an entry of the schedule billable. Its amount is frozen here.
type MilestoneReleased struct {
	Line      string                 `json:"line"`
	Milestone string                 `json:"milestone"`
	Name      string                 `json:"name"`
	Day       calendar.Date          `json:"day"`
	Staff     MilestoneReleasedStaff `json:"staff"`
	By        domain.PersonID        `json:"by,omitzero"`
	At        time.Time              `json:"at"`
}

// MilestoneReleasedStaff is the internal part of MilestoneReleased.
type MilestoneReleasedStaff struct {
	Charge domain.ChargeID `json:"charge"` // that the period gets
	Amount decimal.Decimal `json:"amount"`
}

// Kind is the stored name.
func (Drafted) Kind() string             { return "contract.drafted.v1" }
func (Revised) Kind() string             { return "contract.revised.v1" }
func (Submitted) Kind() string           { return "contract.submitted.v1" }
func (Returned) Kind() string            { return "contract.returned.v1" }
func (Offered) Kind() string             { return "contract.offered.v1" }
func (Accepted) Kind() string            { return "contract.accepted.v1" }
func (Declined) Kind() string            { return "contract.declined.v1" }
func (Activated) Kind() string           { return "contract.activated.v1" }
func (Suspended) Kind() string           { return "contract.suspended.v1" }
func (Resumed) Kind() string             { return "contract.resumed.v1" }
func (Renewed) Kind() string             { return "contract.renewed.v1" }
func (Expired) Kind() string             { return "contract.expired.v1" }
func (Terminated) Kind() string          { return "contract.terminated.v1" }
func (AmendmentProposed) Kind() string   { return "contract.amendment_proposed.v1" }
func (AmendmentApproved) Kind() string   { return "contract.amendment_approved.v1" }
func (AmendmentRejected) Kind() string   { return "contract.amendment_rejected.v1" }
func (AmendmentOffered) Kind() string    { return "contract.amendment_offered.v1" }
func (AmendmentAccepted) Kind() string   { return "contract.amendment_accepted.v1" }
func (AmendmentDeclined) Kind() string   { return "contract.amendment_declined.v1" }
func (AmendmentWithdrawn) Kind() string  { return "contract.amendment_withdrawn.v1" }
func (AmendmentSuperseded) Kind() string { return "contract.amendment_superseded.v1" }
func (BucketGranted) Kind() string       { return "contract.bucket_granted.v1" }
func (BucketAdjusted) Kind() string      { return "contract.bucket_adjusted.v1" }
func (MilestoneReleased) Kind() string   { return "contract.milestone_released.v1" }

func (Drafted) isEvent()             {}
func (Revised) isEvent()             {}
func (Submitted) isEvent()           {}
func (Returned) isEvent()            {}
func (Offered) isEvent()             {}
func (Accepted) isEvent()            {}
func (Declined) isEvent()            {}
func (Activated) isEvent()           {}
func (Suspended) isEvent()           {}
func (Resumed) isEvent()             {}
func (Renewed) isEvent()             {}
func (Expired) isEvent()             {}
func (Terminated) isEvent()          {}
func (AmendmentProposed) isEvent()   {}
func (AmendmentApproved) isEvent()   {}
func (AmendmentRejected) isEvent()   {}
func (AmendmentOffered) isEvent()    {}
func (AmendmentAccepted) isEvent()   {}
func (AmendmentDeclined) isEvent()   {}
func (AmendmentWithdrawn) isEvent()  {}
func (AmendmentSuperseded) isEvent() {}
func (BucketGranted) isEvent()       {}
func (BucketAdjusted) isEvent()      {}
func (MilestoneReleased) isEvent()   {}

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	id := func(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "contract sample", name) }
	person, at := domain.PersonID{UUID: id("person")}, time.Date(2026, time.March, 16, 10, 0, 0, 0, time.UTC)
	contract, said := domain.ContractID{UUID: id("contract")}, sampleTerms(id)
	amendment, bought := domain.AmendmentID{UUID: id("amendment")}, domain.BucketID{UUID: id("bucket")}
	evidence := Evidence{
		Role: domain.ClientAdmin, Proved: true, Statement: "We agree to the terms above.",
		SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Sealed: "c2VhbGVk", Paper: "binder 4, page 12",
	}
	return []domain.Event{
		Drafted{
			Contract: contract, Client: domain.ClientID{UUID: id("client")}, Zone: "Australia/Sydney", Reference: "CON-2024-018",
			Terms: said, By: person, At: at,
		},
		Revised{Reference: "CON-2024-018", Terms: said, By: person, At: at},
		Submitted{By: person, At: at},
		Returned{Staff: ReturnedStaff{Reason: "the notice period is missing"}, By: person, At: at},
		Offered{Statement: "We agree to the terms above.", By: person, At: at},
		Accepted{Evidence: evidence, By: person, At: at},
		Declined{Reason: "too few hours", ByClient: true, By: person, At: at},
		Activated{By: person, At: at},
		Suspended{Staff: SuspendedStaff{Reason: "two invoices are overdue"}, By: person, At: at},
		Resumed{By: person, At: at},
		Renewed{Ends: "2027-06-30", By: person, At: at},
		Expired{By: person, At: at},
		Terminated{Ends: "2026-04-30", Staff: TerminatedStaff{Reason: "moved in-house"}, By: person, At: at},
		AmendmentProposed{
			Amendment: amendment, Base: 1, Effective: "2026-04-01", Statement: "We agree to 20 hours more.", Terms: said,
			Staff: AmendmentProposedStaff{Reason: "the client grows", Value: decimal.RequireFromString("3600"), Approvals: 2}, By: person, At: at,
		},
		AmendmentApproved{Amendment: amendment, By: person, At: at},
		AmendmentRejected{Amendment: amendment, Staff: AmendmentRejectedStaff{Reason: "below cost"}, By: person, At: at},
		AmendmentOffered{Amendment: amendment, By: person, At: at},
		AmendmentAccepted{Amendment: amendment, Version: 2, Ends: "2026-06-30", Evidence: evidence, By: person, At: at},
		AmendmentDeclined{Amendment: amendment, Reason: "not this year", ByClient: true, By: person, At: at},
		AmendmentWithdrawn{Amendment: amendment, By: person, At: at},
		AmendmentSuperseded{Amendment: amendment, ByAmendment: domain.AmendmentID{UUID: id("other amendment")}, By: person, At: at},
		BucketGranted{
			Bucket: bought, Line: "support", Minutes: 1200, From: "2026-04-01", Until: "2026-06-30", Source: FromPurchase,
			Staff: BucketGrantedStaff{Price: decimal.RequireFromString("3600"), Reason: "ordered by phone"}, By: person, At: at,
		},
		BucketAdjusted{
			Bucket: bought, Minutes: -60, Day: "2026-04-02", Staff: BucketAdjustedStaff{Reason: "granted twice"}, By: person, At: at,
		},
		MilestoneReleased{
			Line: "migration", Milestone: "go-live", Name: "Go live", Day: "2026-03-31",
			Staff: MilestoneReleasedStaff{Charge: domain.ChargeID{UUID: id("charge")}, Amount: decimal.RequireFromString("12000")},
			By:    person, At: at,
		},
	}
}

// sampleTerms are terms in which every field says something.
func sampleTerms(id func(string) uuid.UUID) terms.Terms {
	amount := decimal.RequireFromString
	return terms.Terms{
		Agreed: terms.Agreed{
			Starts: "2024-07-01", Ends: "2026-06-30", NoticeDays: 60, RenewMonths: 12, Currency: "AUD",
			Payment: terms.Payment{Rule: terms.Net, Days: 30}, PurchaseOrder: "PO-77120",
			Lines: []terms.Line{{
				Key: "support", Name: "Support", Type: terms.Bucket, Minutes: 6000,
				JobTypes:   []terms.JobType{{Key: "incident", Name: "Incidents", Minutes: 4800}},
				Milestones: []terms.Milestone{{Key: "go-live", Name: "Go live", Due: "2026-03-31"}},
			}},
			Shows: terms.Shows{Unapproved: true, NoCharge: true, Alerts: true},
		},
		Staff: terms.Staff{
			SupportLevel: terms.Always,
			Calendar:     terms.Ref{ID: id("calendar"), Version: 3}, RateCard: terms.Ref{ID: id("rate card"), Version: 2},
			SLAPolicy: terms.Ref{ID: id("sla policy"), Version: 1}, TaxProfile: "au-gst",
			Conditions: []hours.Window{{
				Condition: hours.AfterHours, Weekdays: []calendar.Weekday{"mon"}, Holidays: true, From: "18:00", Until: "24:00",
				ValidFrom: "2024-07-01", ValidUntil: "2026-06-30", Priority: 1,
			}},
			Overlap:  terms.Highest,
			Rounding: hours.Rounding{Mode: hours.Up, StepMinutes: 15, MinimumMinutes: 15, TicketDayMinimumMinutes: 30},
			Limits:   terms.Limits{LongestMinutes: 720, BackdatingDays: 31, GraceDays: 5},
			Charges: []terms.Charge{{
				Line: "support", Mode: terms.PostpaidCapped, Overage: terms.TopUpOverage, OveragePrice: amount("195"),
				TopUpMinutes: 1200, TopUpAtMinutes: 300, LivesMonths: 12,
				Rollover: bucket.Rollover{Kind: bucket.RollMinutes, CapMinutes: 600, CapPercent: 10, Periods: 2},
				Weights:  []terms.Weight{{Condition: hours.AfterHours, Percent: 150}},
				Fee:      amount("18000"), Cap: amount("25000"), CapPolicy: terms.HardCap,
				Amounts: []terms.Amount{{Milestone: "go-live", Amount: amount("12000")}},
			}},
			Penalties: []terms.Penalty{{
				Key: "response", Name: "First response", Trigger: "response", Kind: terms.TieredByOverrun,
				Amount: amount("100"), Percent: amount("5"), Tiers: []terms.Tier{{AboveMinutes: 60, Amount: amount("250")}},
				CapPerTicket: amount("500"), CapPeriodPercent: amount("10"), Excludes: []string{"client_wait"},
			}},
			PurchaseOrderLimit: amount("40000"), TwoApproversAbove: amount("10000"), TwoWaiversAbove: amount("500"),
		},
	}
}
