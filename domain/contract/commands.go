package contract

import (
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
)

// Command is one thing somebody may ask of a contract. By is the actor, At the instant in UTC; both come
// from the edge.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Draft begins a contract. Drafting it again with the same terms changes nothing.
type Draft struct {
	Contract  domain.ContractID
	Client    domain.ClientID
	Zone      string
	Reference string
	Terms     terms.Terms
	By        domain.Actor
	At        time.Time
}

// Revise replaces reference and terms of a draft.
type Revise struct {
	Reference string
	Terms     terms.Terms
	By        domain.Actor
	At        time.Time
}

// Submit hands a draft in for internal review.
type Submit struct {
	By domain.Actor
	At time.Time
}

// Return sends a contract that is in review or offered back to draft.
type Return struct {
	Reason string // internal
	By     domain.Actor
	At     time.Time
}

// Offer shows a reviewed contract to the client.
type Offer struct {
	Statement string
	By        domain.Actor
	At        time.Time
}

// Accept agrees to the offer: a client user, or staff who hold the signed paper. The actor, the evidence and the
// organisation come from the edge.
type Accept struct {
	Evidence Evidence
	By       domain.Actor
	At       time.Time
}

// Decline refuses the offer.
type Decline struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

// Activate puts a contract in force: one that the client accepted, or, by whoever may approve contracts, any that
// is not in force yet. The buckets' first hours are granted with it.
type Activate struct {
	By domain.Actor
	At time.Time
}

// Suspend stops new work under a contract in force.
type Suspend struct {
	Reason string // internal
	By     domain.Actor
	At     time.Time
}

// Resume ends a suspension.
type Resume struct {
	By domain.Actor
	At time.Time
}

// Renew moves the end of a contract in force or expired.
type Renew struct {
	Ends calendar.Date
	By   domain.Actor
	At   time.Time
}

// Advance does what the passing of time makes due: the contract renews itself, or expires. Nothing due changes
// nothing.
type Advance struct {
	By domain.Actor
	At time.Time
}

// Terminate ends a contract in force. The reason is internal and may be empty.
type Terminate struct {
	Ends   calendar.Date // the last day, not after today; empty = today
	Reason string
	By     domain.Actor
	At     time.Time
}

// ProposeAmendment proposes the next version of the terms.
type ProposeAmendment struct {
	Amendment domain.AmendmentID
	Base      int // the version that the proposer saw; 0 = the newest
	Effective calendar.Date
	Statement string
	Reason    string          // internal
	Value     decimal.Decimal // by how much the contract's value changes
	Terms     terms.Terms
	By        domain.Actor
	At        time.Time
}

// ApproveAmendment approves it inside, by somebody who neither proposed it nor approved it before.
type ApproveAmendment struct {
	Amendment domain.AmendmentID
	By        domain.Actor
	At        time.Time
}

// RejectAmendment ends it inside.
type RejectAmendment struct {
	Amendment domain.AmendmentID
	Reason    string
	By        domain.Actor
	At        time.Time
}

// OfferAmendment shows an approved one to the client.
type OfferAmendment struct {
	Amendment domain.AmendmentID
	By        domain.Actor
	At        time.Time
}

// AcceptAmendment agrees to it, as Accept does to a contract.
type AcceptAmendment struct {
	Amendment domain.AmendmentID
	Evidence  Evidence
	By        domain.Actor
	At        time.Time
}

// DeclineAmendment refuses it.
type DeclineAmendment struct {
	Amendment domain.AmendmentID
	Reason    string
	By        domain.Actor
	At        time.Time
}

// WithdrawAmendment takes it back.
type WithdrawAmendment struct {
	Amendment domain.AmendmentID
	By        domain.Actor
	At        time.Time
}

// GrantBucket adds hours to a line of a contract in force.
type GrantBucket struct {
	Bucket  domain.BucketID
	Line    string
	Minutes int
	From    calendar.Date // empty = today, of a top-up the first day of the month
	Until   calendar.Date // empty = by the line's rule
	Source  GrantSource
	Price   decimal.Decimal
	Reason  string
	By      domain.Actor
	At      time.Time
}

// AdjustBucket changes what is left of a bucket.
type AdjustBucket struct {
	Bucket  domain.BucketID
	Minutes int
	Reason  string
	By      domain.Actor
	At      time.Time
}

// ReleaseMilestone makes an entry of the schedule billable.
type ReleaseMilestone struct {
	Line      string
	Milestone string
	By        domain.Actor
	At        time.Time
}

func (Draft) isCommand()             {}
func (Revise) isCommand()            {}
func (Submit) isCommand()            {}
func (Return) isCommand()            {}
func (Offer) isCommand()             {}
func (Accept) isCommand()            {}
func (Decline) isCommand()           {}
func (Activate) isCommand()          {}
func (Suspend) isCommand()           {}
func (Resume) isCommand()            {}
func (Renew) isCommand()             {}
func (Advance) isCommand()           {}
func (Terminate) isCommand()         {}
func (ProposeAmendment) isCommand()  {}
func (ApproveAmendment) isCommand()  {}
func (RejectAmendment) isCommand()   {}
func (OfferAmendment) isCommand()    {}
func (AcceptAmendment) isCommand()   {}
func (DeclineAmendment) isCommand()  {}
func (WithdrawAmendment) isCommand() {}
func (GrantBucket) isCommand()       {}
func (AdjustBucket) isCommand()      {}
func (ReleaseMilestone) isCommand()  {}

// signature is who sent a command and when.
func signature(c Command) (domain.Actor, time.Time) {
	switch c := c.(type) {
	case Draft:
		return c.By, c.At
	case Revise:
		return c.By, c.At
	case Submit:
		return c.By, c.At
	case Return:
		return c.By, c.At
	case Offer:
		return c.By, c.At
	case Accept:
		return c.By, c.At
	case Decline:
		return c.By, c.At
	case Activate:
		return c.By, c.At
	case Suspend:
		return c.By, c.At
	case Resume:
		return c.By, c.At
	case Renew:
		return c.By, c.At
	case Advance:
		return c.By, c.At
	case Terminate:
		return c.By, c.At
	case ProposeAmendment:
		return c.By, c.At
	case ApproveAmendment:
		return c.By, c.At
	case RejectAmendment:
		return c.By, c.At
	case OfferAmendment:
		return c.By, c.At
	case AcceptAmendment:
		return c.By, c.At
	case DeclineAmendment:
		return c.By, c.At
	case WithdrawAmendment:
		return c.By, c.At
	case GrantBucket:
		return c.By, c.At
	case AdjustBucket:
		return c.By, c.At
	case ReleaseMilestone:
		return c.By, c.At
	}
	return domain.Actor{}, time.Time{}
}
