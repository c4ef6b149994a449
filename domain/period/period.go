// Package period is the aggregate of one billing period of one contract: everything that one invoice is computed
// from, in one stream (product rules F23 to F28, F31 to F34). "Closing the books" keeps streams short: what is left
// of bought hours is carried from one month into the next.
//
// It imports the domain, visible and value packages only. What the client sees is decided in disclosure.go alone.
//
// Two rules make its figures independent of the order in which people work. What a record counts for is fixed when
// it is approved and follows from the record and one pin alone. What the hours of a line pay for is settled over
// all approved records at once, in the order of the days worked, and is final when the period is closed.
package period

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/zone"
)

// Bounds of a period. They keep every append below 1 MiB: closing may add a shortfall to each record, and an
// approval carries every part with its price.
const (
	MaxTimes    = 200    // records in one command
	MaxParts    = 600    // parts of all records that one command approves
	MaxRecords  = 10_000 // records in one period
	MaxCharges  = 1_000
	MaxRequests = 100 // for work beyond the hours
	MaxTopUps   = 100 // of all lines
)

// Status is where a record stands. The zero Status is a record nobody logged.
type Status string

// The states of a record.
const (
	StatusDraft     Status = "draft"
	StatusSubmitted Status = "submitted"
	StatusReturned  Status = "returned"
	StatusApproved  Status = "approved"
	StatusDiscarded Status = "discarded"
	StatusMoved     Status = "moved"
)

// pending reports whether a record in this state keeps its period from being closed.
func (s Status) pending() bool {
	return s == StatusDraft || s == StatusSubmitted || s == StatusReturned
}

const streamPrefix = "period-"

// Stream is the name of a period's stream.
func Stream(contract domain.ContractID, month calendar.Month) string {
	return streamPrefix + contract.String() + "-" + string(month)
}

// StreamOf reads the name of a period's stream; false when it is none.
func StreamOf(name string) (contract domain.ContractID, month calendar.Month, ok bool) {
	const idLength = len("00000000-0000-0000-0000-000000000000")
	rest, found := strings.CutPrefix(name, streamPrefix)
	if !found || len(rest) <= idLength {
		return contract, month, false
	}
	id, err := uuid.Parse(rest[:idLength])
	month = calendar.Month(rest[idLength+1:])
	if err != nil || !month.Valid() || Stream(domain.ContractID{UUID: id}, month) != name {
		return domain.ContractID{}, "", false
	}
	return domain.ContractID{UUID: id}, month, true
}

// Decider is the period aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a period. It is never changed: what grows with the stream is an Index,
// and the short lists are copied.
type State struct {
	Contract domain.ContractID
	Client   domain.ClientID
	Month    calendar.Month
	Zone     string // IANA name, in which its days begin and end
	Opened   bool
	Closed   bool

	pins    []*pinned // by number
	holding []*pinned // of these the ones that hold, by the day they begin

	carried     bool
	carriedIn   CarriedIn
	lots        []bucket.Lot // granted in this period
	adjustments []bucket.Adjustment

	times   domain.Index[entry]
	pending int     // records that nobody approved yet
	values  []value // of approved time at its own prices, by line

	charges   domain.Index[ChargeAdded]
	alerts    []Armed
	early     []LineMinutes // the lines that were told of as RunsOutEarly, with the hours that they had
	topUps    []TopUpDue
	requests  []request
	forecasts []lineDay
	closing   Closed

	deductions domain.Index[deduction]
	takings    []taking // of invoices, until they are released or credited
	given      []taking // back, by those that were
}

// Time is what is known of a record.
type Time struct {
	Status   Status
	Record   Record
	Source   Source
	Late     bool
	Replaces domain.TimeID // the locked record that this one takes the place of
	Reverses domain.TimeID // the locked record that this reversal takes back
	Approved TimeApproved  // of an approved record, and of a reversal
	// Author is who wrote the record as it is; nobody where a system did.
	Author    domain.PersonID
	Corrected bool // a reversal of it stands in a later period
}

// entry is a record as the period keeps it.
type entry struct {
	Time

	logged     *Record        // as it was first logged, once it was revised
	correction *TimeCorrected // of a corrected one
	ofMonth    calendar.Month // of a reversal: where the record that it takes back was charged
}

// first is the record as it was logged, so that a repetition is told from a contradiction.
func (e entry) first() Record {
	if e.logged != nil {
		return *e.logged
	}
	return e.Record
}

// Time gives a record; false when the period has none with that id.
func (s State) Time(id domain.TimeID) (Time, bool) {
	found, ok := s.times.Get(id.UUID)
	return found.Time, ok
}

// Pending are the records that nobody approved yet, so that the period cannot be closed, by id.
func (s State) Pending() []domain.TimeID {
	var pending []domain.TimeID
	for id, t := range s.times.All() {
		if t.Status.pending() {
			pending = append(pending, domain.TimeID{UUID: id})
		}
	}
	return pending
}

// Carried reports whether it is known what the period before left over.
func (s State) Carried() bool { return s.carried }

// Closing is the event that closed the period; false while it is open.
func (s State) Closing() (Closed, bool) { return s.closing, s.Closed }

// today is the day of an instant where the contract is.
func (s State) today(at time.Time) calendar.Date {
	where, err := zone.Load(s.Zone)
	if err != nil {
		where = time.UTC // No period is opened in an unknown zone.
	}
	return calendar.DateOf(at, where)
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	if answer, ok := c.(AnswerOverage); ok {
		return s.answerOverage(answer)
	}
	by, at := signature(c)
	if by.Side == domain.ClientSide {
		return nil, errNotFound // Periods are internal: for a client there is none.
	}
	check := domain.Signed(by, at)
	if err := check.Err(); err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case Pin:
		return s.pinNow(c)
	case Log:
		return s.log(c)
	case Revise:
		return s.revise(c)
	case Discard:
		return s.discard(c)
	case Submit:
		return s.submit(c)
	case Approve:
		return s.approve(c)
	case Return:
		return s.giveBack(c)
	case Correct:
		return s.correct(c)
	case Reverse:
		return s.reverse(c)
	case Move:
		return s.move(c)
	case Receive:
		return s.receive(c)
	case AddCharge:
		return s.addCharge(c)
	case AskOverage:
		return s.askOverage(c)
	case CarryIn:
		return s.carryIn(c)
	case MakeForecast:
		return s.makeForecast(c)
	case Close:
		return s.close(c)
	case ProposeDeduction:
		return s.proposeDeduction(c)
	case ConfirmDeduction:
		return s.confirmDeduction(c)
	case WaiveDeduction:
		return s.waiveDeduction(c)
	case RetractDeduction:
		return s.retractDeduction(c)
	case Reserve:
		return s.reserve(c)
	case Release:
		return s.release(c)
	case Bill:
		return s.bill(c)
	case Unbill:
		return s.unbill(c)
	case AnswerOverage: // Handled above: the client alone sends it.
	}
	return nil, nil
}

// signature is who sent a command and when.
func signature(c Command) (domain.Actor, time.Time) {
	switch c := c.(type) {
	case Pin:
		return c.By, c.At
	case Log:
		return c.By, c.At
	case Revise:
		return c.By, c.At
	case Discard:
		return c.By, c.At
	case Submit:
		return c.By, c.At
	case Approve:
		return c.By, c.At
	case Return:
		return c.By, c.At
	case Correct:
		return c.By, c.At
	case Reverse:
		return c.By, c.At
	case Move:
		return c.By, c.At
	case Receive:
		return c.By, c.At
	case AddCharge:
		return c.By, c.At
	case AskOverage:
		return c.By, c.At
	case AnswerOverage:
		return c.By, c.At
	case CarryIn:
		return c.By, c.At
	case MakeForecast:
		return c.By, c.At
	case Close:
		return c.By, c.At
	case ProposeDeduction:
		return c.By, c.At
	case ConfirmDeduction:
		return c.By, c.At
	case WaiveDeduction:
		return c.By, c.At
	case RetractDeduction:
		return c.By, c.At
	case Reserve:
		return c.By, c.At
	case Release:
		return c.By, c.At
	case Bill:
		return c.By, c.At
	case Unbill:
		return c.By, c.At
	}
	return domain.Actor{}, time.Time{}
}

// The refusals that several commands share.
var (
	errNotFound = domain.Refuse(domain.ErrNotFound, "not_found", "no such period")
	errClosed   = domain.Refuse(domain.ErrConflict, "period_closed", "the period is closed; its time is corrected in the open one")
	errNoTime   = domain.Refuse(domain.ErrNotFound, "time_not_found", "the period has no such time record")
	errFull     = domain.Refuse(domain.ErrConflict, "period_full", "the period has %d records, the most it may have", MaxRecords)
)

// open refuses what an absent or closed period cannot take.
func (s State) open() error {
	switch {
	case !s.Opened:
		return errNotFound
	case s.Closed:
		return errClosed
	}
	return nil
}

// decision is a command's events in the making, with the state that they lead to.
type decision struct {
	State

	events []Event
	by     domain.PersonID
	at     time.Time
}

func (s State) decide(by domain.Actor, at time.Time) *decision {
	return &decision{State: s, by: by.Person, at: at}
}

func (d *decision) add(events ...Event) {
	for _, e := range events {
		d.events = append(d.events, e)
		d.State = Evolve(d.State, e)
	}
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Opened:
		s.Contract, s.Client, s.Month, s.Zone = e.Contract, e.Client, e.Month, e.Zone
		s.Opened, s.carried = true, e.First
	case TermsPinned:
		return s.pinned(e)
	case CarriedIn:
		s.carried, s.carriedIn, s.alerts, s.early = true, e, e.Staff.Alerts, e.Staff.Early
	case TimeLogged:
		return s.set(e.Time, entry{Time: Time{
			Status: StatusDraft, Record: e.Record, Source: e.Staff.Source, Late: e.Staff.Late, Replaces: e.Replaces, Author: e.author(),
		}})
	case TimeRevised, TimeDiscarded, TimeSubmitted, TimeReturned, TimeApproved, TimeCorrected, TimeMoved:
		return s.evolveTime(e)
	case TimeReversed:
		return s.set(e.Time, entry{
			Time: Time{Status: StatusApproved, Record: e.Record, Reverses: e.Of, Approved: e.counts()}, ofMonth: e.OfMonth,
		})
	case ChargeAdded:
		s.charges = s.charges.With(e.Charge.UUID, e)
	case ThresholdReached:
		s.alerts = with(s.alerts, Armed{Line: e.Line, Percent: e.Percent, OfMinutes: e.OfMinutes, Cap: e.Staff.Cap},
			func(a Armed) bool { return a.Line == e.Line })
	case TopUpDue:
		s.topUps = append(slices.Clip(s.topUps), e)
	case OverageAsked:
		s.requests = append(slices.Clip(s.requests), request{question: question(e)})
	case OverageAnswered:
		s.requests = answered(s.requests, e)
	case ForecastMade:
		s.forecasts = with(s.forecasts, lineDay{e.Line, e.Staff.Input.AsOf}, func(f lineDay) bool { return f.line == e.Line })
		if e.Staff.Forecast.Verdict == forecast.NotBeforeEnd {
			s.early = slices.DeleteFunc(slices.Clone(s.early), func(told LineMinutes) bool { return told.Line == e.Line })
		}
	case RunsOutEarly:
		s.early = with(s.early, LineMinutes{e.Line, e.BoughtMinutes}, func(told LineMinutes) bool { return told.Line == e.Line })
	case Closed:
		s.Closed, s.closing = true, e
	case DeductionProposed, DeductionConfirmed, DeductionWaiverAsked, DeductionWaived, DeductionCountered:
		return s.evolveDeduction(e)
	case Reserved, Released, Billed, Unbilled:
		return s.evolveBilling(e)
	}
	return s
}

// evolveTime takes over what an event says of one record that was logged before.
func (s State) evolveTime(e Event) State {
	switch e := e.(type) {
	case TimeRevised:
		return s.change(e.Time, func(t *entry) {
			if t.logged == nil {
				first := t.Record
				t.logged = &first
			}
			t.Status, t.Record, t.Author = StatusDraft, e.Record, e.By
		})
	case TimeDiscarded:
		return s.change(e.Time, func(t *entry) { t.Status = StatusDiscarded })
	case TimeSubmitted:
		return s.change(e.Time, func(t *entry) { t.Status = StatusSubmitted })
	case TimeReturned:
		return s.change(e.Time, func(t *entry) { t.Status, t.Approved = StatusReturned, TimeApproved{} })
	case TimeApproved:
		return s.change(e.Time, func(t *entry) { t.Status, t.Approved = StatusApproved, e })
	case TimeCorrected:
		return s.change(e.Time, func(t *entry) { t.Corrected, t.correction = true, &e })
	case TimeMoved:
		return s.change(e.Time, func(t *entry) { t.Status = StatusMoved })
	case Opened, TermsPinned, CarriedIn, TimeLogged, TimeReversed, ChargeAdded, ThresholdReached, TopUpDue, OverageAsked,
		OverageAnswered, ForecastMade, RunsOutEarly, Closed, DeductionProposed, DeductionConfirmed, DeductionWaiverAsked, DeductionWaived,
		DeductionCountered, Reserved, Released, Billed, Unbilled: // They are about no record that was logged before.
	}
	return s
}

func (s State) change(id domain.TimeID, how func(*entry)) State {
	t, known := s.times.Get(id.UUID)
	if !known {
		return s
	}
	how(&t)
	return s.set(id, t)
}

// set keeps a record, and the sums over all records with it.
func (s State) set(id domain.TimeID, t entry) State {
	old, _ := s.times.Get(id.UUID)
	if old.Status.pending() {
		s.pending--
	}
	if t.Status.pending() {
		s.pending++
	}
	s.values = without(s.values, old.Approved)
	s.values = plus(s.values, t.Approved, 0)
	s.times = s.times.With(id.UUID, t)
	return s
}

// with gives the list with the item in place of the one that is the same thing, or after all others.
func with[T any](list []T, item T, same func(T) bool) []T {
	list = slices.Clone(list)
	if i := slices.IndexFunc(list, same); i >= 0 {
		list[i] = item
		return list
	}
	return append(list, item)
}
