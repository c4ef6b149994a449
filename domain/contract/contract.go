// Package contract is the aggregate of an agreement with one client: its terms in versions, from draft to its end,
// amendments with their approvals, hours granted, and the schedule of fixed work (product rules F29 to F35).
//
// It imports the domain, visible and value packages only. What the client sees is decided in disclosure.go
// alone.
package contract

import (
	"time"
	"unicode/utf8"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

// Status is where a contract stands in its life (F30). The zero Status is a contract nobody drafted.
type Status string

// The states. What is expiring is derived from dates.
const (
	StatusDraft      Status = "draft"
	StatusInReview   Status = "in_review"
	StatusOffered    Status = "offered"
	StatusAccepted   Status = "accepted" // by the client, and not in force yet
	StatusActive     Status = "active"
	StatusSuspended  Status = "suspended"
	StatusExpired    Status = "expired"
	StatusTerminated Status = "terminated"
)

// MaxReason is the length of the longest reason, in characters.
const MaxReason = 2_000

// RetroactiveDays is how far back the terms or the hours of a contract can be changed.
const RetroactiveDays = 92

// Stream is the name of a contract's stream.
func Stream(id domain.ContractID) string { return "contract-" + id.String() }

// Decider is the contract aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a contract. The terms that it gives out are history: nobody may
// write to them.
type State struct {
	Status    Status
	Contract  domain.ContractID
	Client    domain.ClientID
	Zone      string // IANA name
	Reference string

	drafted    Drafted // tells a repetition from another contract
	versions   []InForce
	ends       calendar.Date
	statement  string // of the offer
	agreed     string // the digest of what the client agreed to; empty while it did not
	declined   bool   // the last offer, and nobody has changed the draft since
	amendments domain.Index[Amendment]
	buckets    domain.Index[granted]
	adjusted   *adjusted                       // the newest one
	released   domain.Index[MilestoneReleased] // by charge
}

// Exists reports whether anybody drafted the contract.
func (s State) Exists() bool { return s.Status != "" }

// Covers reports whether a client may have work of this job type done under the contract at an instant (F10): it is
// in force, the day lies within its dates, and the terms of that day name the job type.
func (s State) Covers(client domain.ClientID, jobType string, at time.Time) bool {
	if s.Status != StatusActive || s.Client != client {
		return false
	}
	day := s.day(at)
	held, begun := s.holds(day)
	if !begun || s.ends != "" && day > s.ends {
		return false
	}
	_, named := held.Terms.Agreed.LineOf(jobType)
	return named
}

// Version is the number of the newest version; 0 before there is one.
func (s State) Version() int { return len(s.versions) }

// InForce is a version of the terms from a day on.
type InForce struct {
	From    calendar.Date
	Version int
	Terms   terms.Terms
}

// Versions gives the versions that hold between two days, in order; the first one holds on the first day, or begins
// with the contract when that starts later. A later version wins from its own first day on, also over one that
// was to begin after it. A contract's end does not bound them.
func (s State) Versions(first, last calendar.Date) []InForce {
	var held []InForce
	for _, version := range s.versions {
		for len(held) > 0 && held[len(held)-1].From >= version.From {
			held = held[:len(held)-1]
		}
		held = append(held, version)
	}
	for len(held) > 1 && held[1].From <= first {
		held = held[1:]
	}
	for len(held) > 0 && held[len(held)-1].From > last {
		held = held[:len(held)-1]
	}
	return held
}

// holds gives the version that holds on a day; false before the contract starts.
func (s State) holds(day calendar.Date) (InForce, bool) {
	held := s.Versions(day, day)
	if len(held) == 0 {
		return InForce{}, false
	}
	return held[0], true
}

// newest is the newest version; zero before there is one.
func (s State) newest() InForce {
	if len(s.versions) == 0 {
		return InForce{}
	}
	return s.versions[len(s.versions)-1]
}

// Starts is the contract's first day.
func (s State) Starts() calendar.Date { return s.drafting().Agreed.Starts }

// Ends is the last day; empty when it is open-ended. Renewals, amendments and an early end count.
func (s State) Ends() calendar.Date { return s.ends }

// drafting are the terms of version 1.
func (s State) drafting() terms.Terms {
	if len(s.versions) == 0 {
		return terms.Terms{}
	}
	return s.versions[0].Terms
}

// day is the day of an instant where the contract is.
func (s State) day(at time.Time) calendar.Date { return calendar.DateOf(at, s.location()) }

// location is the zone of the contract. A draft names a zone that is known.
func (s State) location() *time.Location {
	location, err := zone.Load(s.Zone)
	if err != nil {
		return time.UTC
	}
	return location
}

// running reports whether the contract is in force, suspended or not.
func (s State) running() bool { return s.Status == StatusActive || s.Status == StatusSuspended }

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	if draft, ok := c.(Draft); ok {
		return s.draft(draft)
	}
	by, at := signature(c)
	if err := s.open(by, at); err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case Accept:
		return s.accept(c)
	case Decline:
		return s.decline(c)
	case AcceptAmendment:
		return s.acceptAmendment(c)
	case DeclineAmendment:
		return s.declineAmendment(c)
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
	case Revise:
		return s.revise(c)
	case Submit:
		return s.submit(c)
	case Return:
		return s.sendBack(c)
	case Offer:
		return s.offer(c)
	case Activate:
		return s.activate(c)
	case Suspend:
		return s.suspend(c)
	case Resume:
		return s.resume(c)
	case Renew:
		return s.renew(c)
	case Advance:
		return s.advance(c)
	case Terminate:
		return s.terminate(c)
	case ProposeAmendment:
		return s.proposeAmendment(c)
	case ApproveAmendment:
		return s.approveAmendment(c)
	case RejectAmendment:
		return s.rejectAmendment(c)
	case OfferAmendment:
		return s.offerAmendment(c)
	case WithdrawAmendment:
		return s.withdrawAmendment(c)
	case GrantBucket:
		return s.grantBucket(c)
	case AdjustBucket:
		return s.adjustBucket(c)
	case ReleaseMilestone:
		return s.releaseMilestone(c)
	case Draft, Accept, Decline, AcceptAmendment, DeclineAmendment:
		// Decide has handled them.
	}
	return nil, nil
}

// errNotFound is the one answer for "no such contract" and "not yours": a client cannot tell them apart.
var errNotFound = domain.Refuse(domain.ErrNotFound, "no_such_contract", "no such contract")

// open refuses whoever may not see the contract, and commands without a valid instant.
func (s State) open(by domain.Actor, at time.Time) error {
	if !s.Exists() || by.Side == domain.ClientSide && (by.Client != s.Client || by.Person.IsZero()) {
		return errNotFound
	}
	check := domain.Signed(by, at)
	return check.Err()
}

// wrongState refuses what the contract's state forbids.
func (s State) wrongState(code, may string) error {
	return domain.Refuse(domain.ErrConflict, code, "the contract is %s; %s", s.Status, may)
}

func (s State) draft(c Draft) ([]Event, error) {
	if c.By.Side == domain.ClientSide {
		return nil, errNotFound
	}
	check := domain.Signed(c.By, c.At)
	check.That(!c.Contract.IsZero(), "contract", "must be given")
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.That(zone.Valid(c.Zone), "zone", "must be the IANA name of a time zone, such as Europe/Berlin")
	checkTerms(&check, c.Reference, c.Terms)
	if err := check.Err(); err != nil {
		return nil, err
	}
	drafted := Drafted{
		Contract: c.Contract, Client: c.Client, Zone: c.Zone, Reference: c.Reference, Terms: copied(c.Terms),
		By: c.By.Person, At: c.At,
	}
	if !s.Exists() {
		return []Event{drafted}, nil
	}
	if was := s.drafted; was.Client == c.Client && was.Reference == c.Reference && same(was.Terms, c.Terms) {
		return nil, nil
	}
	return nil, domain.Refuse(domain.ErrConflict, "contract_exists", "contract %s exists with other terms", c.Contract)
}

// checkTerms checks what a draft says.
func checkTerms(check *domain.Check, reference string, t terms.Terms) {
	check.Line("reference", reference)
	for field, wrong := range t.Check() {
		check.That(false, field, wrong)
	}
}

// checkReason checks why something was done: least to MaxReason characters.
func checkReason(check *domain.Check, reason string, least int) {
	check.Text("reason", reason, least)
	check.That(utf8.RuneCountInString(reason) <= MaxReason, "reason", "must be shorter")
}

func (s State) revise(c Revise) ([]Event, error) {
	if s.Status != StatusDraft {
		return nil, s.wrongState("not_a_draft", "return it to draft, or propose an amendment once it is in force")
	}
	var check domain.Check
	checkTerms(&check, c.Reference, c.Terms)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.Reference == c.Reference && same(s.drafting(), c.Terms) {
		return nil, nil
	}
	return []Event{Revised{Reference: c.Reference, Terms: copied(c.Terms), By: c.By.Person, At: c.At}}, nil
}

func (s State) submit(c Submit) ([]Event, error) {
	switch s.Status {
	case StatusDraft:
		return []Event{Submitted{By: c.By.Person, At: c.At}}, nil
	case StatusInReview:
		return nil, nil
	default:
		return nil, s.wrongState("not_a_draft", "only a draft is submitted for review")
	}
}

func (s State) sendBack(c Return) ([]Event, error) {
	var check domain.Check
	checkReason(&check, c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch s.Status {
	case StatusInReview, StatusOffered, StatusAccepted:
		return []Event{Returned{Staff: ReturnedStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
	case StatusDraft:
		return nil, nil
	default:
		return nil, s.wrongState("contract_in_force", "it cannot become a draft again; propose an amendment")
	}
}

func (s State) offer(c Offer) ([]Event, error) {
	var check domain.Check
	check.Text("statement", c.Statement, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch {
	case s.Status == StatusInReview:
		return []Event{Offered{Statement: c.Statement, By: c.By.Person, At: c.At}}, nil
	case s.Status == StatusOffered && s.statement == c.Statement:
		return nil, nil
	default:
		return nil, s.wrongState("not_in_review", "only what is in review is offered")
	}
}

// accept reads as not found for a client that was offered nothing.
func (s State) accept(c Accept) ([]Event, error) {
	byClient := c.By.Side == domain.ClientSide
	says := Digest(s.statement, s.drafting().Agreed, s.Starts(), s.Reference)
	if s.agreed != "" && (c.Evidence.SHA256 == s.agreed || c.Evidence.SHA256 == "" && !byClient) {
		return nil, nil
	}
	if s.Status != StatusOffered {
		return nil, s.undecidable(byClient)
	}
	evidence, err := attest(c.By, c.Evidence, s.statement, says)
	if err != nil {
		return nil, err
	}
	return []Event{Accepted{Evidence: evidence, By: c.By.Person, At: c.At}}, nil
}

func (s State) decline(c Decline) ([]Event, error) {
	byClient := c.By.Side == domain.ClientSide
	if s.declined && s.Status == StatusDraft {
		return nil, nil
	}
	if s.Status != StatusOffered {
		return nil, s.undecidable(byClient)
	}
	var check domain.Check
	checkReason(&check, c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Declined{Reason: c.Reason, ByClient: byClient, By: c.By.Person, At: c.At}}, nil
}

// undecidable refuses a decision about an offer that does not stand; that it was never made is hidden from
// clients.
func (s State) undecidable(byClient bool) error {
	if byClient && s.statement == "" {
		return errNotFound
	}
	return s.wrongState("not_offered", "there is no offer to decide about")
}

// activate grants the first hours of every line with bought hours.
func (s State) activate(c Activate) ([]Event, error) {
	switch s.Status {
	case StatusDraft, StatusInReview, StatusOffered, StatusAccepted:
	case StatusActive, StatusSuspended:
		return nil, nil
	default:
		return nil, s.wrongState("contract_ended", "renew it, or draft another one")
	}
	events := []Event{Activated{By: c.By.Person, At: c.At}}
	return append(events, s.firstHours(c.By, c.At)...), nil
}

func (s State) suspend(c Suspend) ([]Event, error) {
	var check domain.Check
	checkReason(&check, c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch s.Status {
	case StatusActive:
		return []Event{Suspended{Staff: SuspendedStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
	case StatusSuspended:
		return nil, nil
	default:
		return nil, s.notActive()
	}
}

func (s State) resume(c Resume) ([]Event, error) {
	switch s.Status {
	case StatusSuspended:
		return []Event{Resumed{By: c.By.Person, At: c.At}}, nil
	case StatusActive:
		return nil, nil
	default:
		return nil, s.notActive()
	}
}

func (s State) notActive() error {
	return s.wrongState("contract_not_active", "only a contract in force allows it")
}

func (s State) renew(c Renew) ([]Event, error) {
	if !s.running() && s.Status != StatusExpired {
		return nil, s.notActive()
	}
	if s.ends == "" {
		return nil, domain.Refuse(domain.ErrConflict, "open_ended", "the contract has no end that a renewal could move")
	}
	if c.Ends == s.ends && s.running() {
		return nil, nil
	}
	var check domain.Check
	check.That(c.Ends.Valid() && c.Ends <= terms.LastDay, "ends", "must be a day, such as 2026-12-31")
	check.That(c.Ends > s.ends, "ends", "must lie after the last day so far, "+string(s.ends))
	check.That(c.Ends >= s.day(c.At), "ends", "must not lie in the past")
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Renewed{Ends: c.Ends, By: c.By.Person, At: c.At}}, nil
}

// advance renews or ends the contract at the first instant after its last day, however late it is asked.
func (s State) advance(c Advance) ([]Event, error) {
	if !s.running() {
		return nil, nil
	}
	var events []Event
	for today := s.day(c.At); s.ends != "" && s.ends < today; {
		over := s.ends.Add(1).Start(s.location())
		last, _ := s.holds(s.ends)
		months := last.Terms.Agreed.RenewMonths
		if months <= 0 {
			return append(events, Expired{By: c.By.Person, At: over}), nil
		}
		renewed := Renewed{Ends: lastDay(s.ends.Add(1), months), By: c.By.Person, At: over}
		events, s = append(events, renewed), Evolve(s, renewed)
	}
	return events, nil
}

func (s State) terminate(c Terminate) ([]Event, error) {
	today := s.day(c.At)
	if c.Ends == "" {
		c.Ends = today
		if s.ends != "" {
			c.Ends = min(today, s.ends)
		}
	}
	switch {
	case s.Status == StatusTerminated && c.Ends == s.ends:
		return nil, nil
	case !s.running():
		return nil, s.notActive()
	}
	var check domain.Check
	check.That(c.Ends.Valid(), "ends", "must be a day, such as 2026-12-31")
	check.That(c.Ends <= today, "ends", "must not lie in the future")
	check.That(c.Ends >= min(s.Starts(), today), "ends", "must not lie before the first day")
	check.That(s.ends == "" || c.Ends <= s.ends, "ends", "must not lie after the last day so far, "+string(s.ends))
	checkReason(&check, c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Terminated{Ends: c.Ends, Staff: TerminatedStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

// lastDay is the last of so many months that begin on a day: the day before the same day of a later month, or
// the last of a month that is too short to have it.
func lastDay(from calendar.Date, months int) calendar.Date {
	month := from.Month()
	for range months {
		month = month.Next()
	}
	again := calendar.Date(string(month) + string(from[len(month):]))
	if !again.Valid() {
		return month.Last()
	}
	return again.Add(-1)
}
