package contract

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
)

// AmendmentStatus is where an amendment stands (F35).
type AmendmentStatus string

// The states of an amendment.
const (
	AmendmentInReview AmendmentStatus = "in_review" // approvals are missing
	AmendmentReady    AmendmentStatus = "approved"
	AmendmentOut      AmendmentStatus = "offered"
	AmendmentInForce  AmendmentStatus = "accepted" // in force from its effective date
	AmendmentNo       AmendmentStatus = "rejected"
	AmendmentRefused  AmendmentStatus = "declined"
	AmendmentBack     AmendmentStatus = "withdrawn"
	AmendmentOvertook AmendmentStatus = "superseded"
)

// open reports whether an amendment may still come into force.
func (s AmendmentStatus) open() bool {
	return s == AmendmentInReview || s == AmendmentReady || s == AmendmentOut
}

// Bounds of amendments.
const (
	MaxOpenAmendments = 20
	MaxAmendments     = 1_000 // of one contract
)

// Amendment is what is known of an amendment.
type Amendment struct {
	Status    AmendmentStatus
	Proposed  AmendmentProposed
	Approvers []domain.PersonID
	Version   int // that it made

	movesEnd bool
	digest   string // of what the client was asked to agree to
}

// Amendment gives an amendment; false when there is none with that id.
func (s State) Amendment(id domain.AmendmentID) (Amendment, bool) { return s.amendments.Get(id.UUID) }

// proposeAmendment knows a repetition by the id, which derives from the command. Terms that keep the last day of
// their base mean the contract's, which a renewal may have moved.
func (s State) proposeAmendment(c ProposeAmendment) ([]Event, error) {
	if _, known := s.Amendment(c.Amendment); known {
		return nil, nil
	}
	if !s.running() {
		return nil, s.notActive()
	}
	base := s.newest()
	if c.Base != 0 && c.Base != base.Version {
		return nil, domain.Refuse(domain.ErrConflict, "version_changed", "version %d is no longer the newest one, %d is", c.Base, base.Version)
	}
	if c.Terms.Agreed.Ends == base.Terms.Agreed.Ends {
		c.Terms.Agreed.Ends = s.ends
	}
	if err := s.checkProposal(c, base.Terms); err != nil {
		return nil, err
	}
	if err := s.roomForAmendment(); err != nil {
		return nil, err
	}
	return []Event{AmendmentProposed{
		Amendment: c.Amendment, Base: base.Version, Effective: c.Effective, Statement: c.Statement, Terms: copied(c.Terms),
		Staff: AmendmentProposedStaff{Reason: c.Reason, Value: c.Value, Approvals: s.approvals(c.Value, c.At)},
		By:    c.By.Person, At: c.At,
	}}, nil
}

func (s State) checkProposal(c ProposeAmendment, base terms.Terms) error {
	var check domain.Check
	check.That(!c.Amendment.IsZero(), "amendment", "must be given")
	s.checkWithin(&check, "effective", c.Effective, s.day(c.At))
	check.Text("statement", c.Statement, 1)
	checkReason(&check, c.Reason, 1)
	checkAmount(&check, "value", c.Value, base.Agreed.Currency)
	checkTerms(&check, s.Reference, c.Terms)
	check.That(c.Terms.Agreed.Starts == base.Agreed.Starts, "starts", "must stay as it is")
	check.That(c.Terms.Agreed.Currency == base.Agreed.Currency, "currency", "must stay as it is")
	ends := c.Terms.Agreed.Ends
	check.That(ends == "" || ends == s.ends || ends >= c.Effective, "ends", "must not lie before the amendment begins")
	for _, line := range base.Agreed.Lines {
		if line.Type == terms.Bucket && line.Minutes > 0 {
			kept, _ := lineOf(c.Terms.Agreed, line.Key)
			check.That(kept.Type == terms.Bucket && kept.Minutes >= line.Minutes, "lines",
				"must keep the hours bought for "+line.Name+"; adjust the bucket instead")
		}
	}
	if check.Err() == nil { // Only terms without absurd numbers are written out.
		base.Agreed.Ends = s.ends
		check.That(!same(base, c.Terms), "terms", "must change something")
	}
	return check.Err()
}

// tooLate reports whether an amendment reaches back further than it may.
func (s State) tooLate(effective calendar.Date, at time.Time) bool {
	return effective < s.day(at).Add(-RetroactiveDays)
}

func (s State) roomForAmendment() error {
	unfinished := 0
	for _, a := range s.amendments.All() {
		if a.Status.open() {
			unfinished++
		}
	}
	if unfinished >= MaxOpenAmendments || s.amendments.Len() >= MaxAmendments {
		return domain.Refuse(domain.ErrConflict, "too_many_amendments", "the contract has %d amendments, %d of them open; withdraw some, or draft a new contract",
			s.amendments.Len(), unfinished)
	}
	return nil
}

// approvals is how many people must approve an amendment: two above the value that the terms say, those that hold
// on the day as well as the newest ones. What the amendment itself says never counts.
func (s State) approvals(value decimal.Decimal, at time.Time) int {
	asked := []InForce{s.newest()}
	if held, begun := s.holds(s.day(at)); begun {
		asked = append(asked, held)
	}
	for _, version := range asked {
		if above := version.Terms.Staff.TwoApproversAbove; above.IsPositive() && value.GreaterThan(above) {
			return 2
		}
	}
	return 1
}

func (s State) approveAmendment(c ApproveAmendment) ([]Event, error) {
	a, err := s.amendment(c.Amendment)
	if err != nil {
		return nil, err
	}
	if a.Status == AmendmentReady || slices.Contains(a.Approvers, c.By.Person) {
		return nil, nil
	}
	if a.Status != AmendmentInReview {
		return nil, a.wrongState("only one in review is approved")
	}
	var check domain.Check
	check.That(!c.By.Person.IsZero(), "by", "must be a person")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if c.By.Person == a.Proposed.By {
		return nil, domain.Refuse(domain.ErrForbidden, "own_amendment", "who proposed an amendment does not approve it")
	}
	return []Event{AmendmentApproved{Amendment: c.Amendment, By: c.By.Person, At: c.At}}, nil
}

func (s State) rejectAmendment(c RejectAmendment) ([]Event, error) {
	a, err := s.amendment(c.Amendment)
	if err != nil {
		return nil, err
	}
	var check domain.Check
	checkReason(&check, c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch a.Status {
	case AmendmentInReview, AmendmentReady:
		return []Event{AmendmentRejected{
			Amendment: c.Amendment, Staff: AmendmentRejectedStaff{Reason: c.Reason}, By: c.By.Person, At: c.At,
		}}, nil
	case AmendmentNo:
		return nil, nil
	default:
		return nil, a.wrongState("withdraw what was offered")
	}
}

func (s State) offerAmendment(c OfferAmendment) ([]Event, error) {
	a, err := s.amendment(c.Amendment)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Status == AmendmentOut:
		return nil, nil
	case !s.running():
		return nil, s.notActive()
	case a.Status != AmendmentReady:
		return nil, a.wrongState("only an approved one is offered")
	}
	return []Event{AmendmentOffered{Amendment: c.Amendment, By: c.By.Person, At: c.At}}, nil
}

// acceptAmendment makes the next version, grants the hours it adds, and ends every other open amendment: they
// would change a version that is no longer the newest.
func (s State) acceptAmendment(c AcceptAmendment) ([]Event, error) {
	a, err := s.offered(c.Amendment, c.By)
	if err != nil {
		return nil, err
	}
	byClient := c.By.Side == domain.ClientSide
	if a.Status == AmendmentInForce && (c.Evidence.SHA256 == a.digest || c.Evidence.SHA256 == "" && !byClient) {
		return nil, nil
	}
	switch {
	case a.Status != AmendmentOut:
		return nil, a.wrongState("there is no offer to decide about")
	case !s.running():
		return nil, s.notActive()
	case s.tooLate(a.Proposed.Effective, c.At):
		return nil, domain.Refuse(domain.ErrConflict, "offer_too_old", "it would begin more than %d days back; propose it anew", RetroactiveDays)
	}
	evidence, err := attest(c.By, c.Evidence, a.Proposed.Statement, a.digest)
	if err != nil {
		return nil, err
	}
	ends := s.ends
	if a.movesEnd {
		ends = a.Proposed.Terms.Agreed.Ends
	}
	events := []Event{AmendmentAccepted{
		Amendment: c.Amendment, Version: s.Version() + 1, Ends: ends, Evidence: evidence, By: c.By.Person, At: c.At,
	}}
	events = append(events, s.moreHours(a.Proposed, ends, c.By, c.At)...)
	for id, other := range s.amendments.All() {
		if other.Status.open() && id != c.Amendment.UUID {
			events = append(events, AmendmentSuperseded{
				Amendment: domain.AmendmentID{UUID: id}, ByAmendment: c.Amendment, By: c.By.Person, At: c.At,
			})
		}
	}
	return events, nil
}

func (s State) declineAmendment(c DeclineAmendment) ([]Event, error) {
	a, err := s.offered(c.Amendment, c.By)
	if err != nil {
		return nil, err
	}
	var check domain.Check
	checkReason(&check, c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch a.Status {
	case AmendmentOut:
		return []Event{AmendmentDeclined{
			Amendment: c.Amendment, Reason: c.Reason, ByClient: c.By.Side == domain.ClientSide, By: c.By.Person, At: c.At,
		}}, nil
	case AmendmentRefused:
		return nil, nil
	default:
		return nil, a.wrongState("there is no offer to decide about")
	}
}

func (s State) withdrawAmendment(c WithdrawAmendment) ([]Event, error) {
	a, err := s.amendment(c.Amendment)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Status == AmendmentBack:
		return nil, nil
	case !a.Status.open():
		return nil, a.wrongState("only an open one is withdrawn")
	}
	return []Event{AmendmentWithdrawn{Amendment: c.Amendment, By: c.By.Person, At: c.At}}, nil
}

var errNoAmendment = domain.Refuse(domain.ErrNotFound, "no_such_amendment", "the contract has no such amendment")

func (s State) amendment(id domain.AmendmentID) (Amendment, error) {
	a, known := s.Amendment(id)
	if !known {
		return Amendment{}, errNoAmendment
	}
	return a, nil
}

// offered gives an amendment to whoever decides about it. For a client there is none until it is offered, nor
// after it was taken back.
func (s State) offered(id domain.AmendmentID, by domain.Actor) (Amendment, error) {
	a, err := s.amendment(id)
	if err != nil {
		return Amendment{}, err
	}
	shown := a.Status == AmendmentOut || a.Status == AmendmentInForce || a.Status == AmendmentRefused
	if by.Side == domain.ClientSide && !shown {
		return Amendment{}, errNoAmendment
	}
	return a, nil
}

func (a Amendment) wrongState(may string) error {
	return domain.Refuse(domain.ErrConflict, "amendment_"+string(a.Status), "the amendment is %s; %s", a.Status, may)
}

func (s State) propose(e AmendmentProposed) State {
	return s.amend(e.Amendment, Amendment{
		Status: AmendmentInReview, Proposed: e, movesEnd: e.Terms.Agreed.Ends != s.ends,
		digest: Digest(e.Statement, e.Terms.Agreed, e.Effective, s.Reference),
	})
}

func (s State) approve(e AmendmentApproved) State {
	a, _ := s.Amendment(e.Amendment)
	a.Approvers = append(slices.Clip(a.Approvers), e.By)
	if len(a.Approvers) >= a.Proposed.Staff.Approvals {
		a.Status = AmendmentReady
	}
	return s.amend(e.Amendment, a)
}

func (s State) adopt(e AmendmentAccepted) State {
	a, _ := s.Amendment(e.Amendment)
	s.ends = e.Ends
	a.Status, a.Version = AmendmentInForce, e.Version
	s.versions = append(slices.Clip(s.versions), InForce{From: a.Proposed.Effective, Version: e.Version, Terms: a.Proposed.Terms})
	return s.amend(e.Amendment, a)
}

func (s State) settle(id domain.AmendmentID, status AmendmentStatus) State {
	a, _ := s.Amendment(id)
	a.Status = status
	return s.amend(id, a)
}

func (s State) amend(id domain.AmendmentID, a Amendment) State {
	s.amendments = s.amendments.With(id.UUID, a)
	return s
}
