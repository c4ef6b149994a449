package period

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

// MaxDeductions bounds the deductions of one period.
const MaxDeductions = 1_000

// DeductionState is where a deduction stands.
type DeductionState string

// The states of a deduction. A countered one was confirmed, and given back by an entry of the same amount.
const (
	DeductionOpen      DeductionState = "proposed"
	DeductionTaken     DeductionState = "confirmed"
	DeductionDropped   DeductionState = "waived"
	DeductionGivenBack DeductionState = "countered"
)

// Deduction is money that a clause gives back for one missed promise (F22), as it stands.
type Deduction struct {
	ID     domain.DeductionID
	Ticket domain.TicketID
	DeductionProposedStaff

	// State; and of a proposed one Amount and Why as they would be if it were confirmed now, else as it was decided.
	State DeductionState
	// AskedBy is who asked that a proposed one be waived, while a second person has to agree.
	AskedBy domain.PersonID
}

// DeductionEntry is a line for the contract's next draft of an invoice: what a confirmed deduction takes off before
// tax (X6), or what its counter-entry puts back.
type DeductionEntry struct {
	Deduction domain.DeductionID
	Ticket    domain.TicketID
	Promise   string          // the clause's name of it
	Amount    decimal.Decimal // below zero takes off
	Counter   bool            // it puts back what the deduction took off
	At        time.Time
}

// deduction is a deduction as the period keeps it.
type deduction struct {
	proposed  proposedDeduction
	state     DeductionState
	asked     *DeductionWaiverAsked
	confirmed DeductionConfirmed
	countered time.Time
}

// proposedDeduction has the fields of the event and is none.
type proposedDeduction DeductionProposed

// DeductionOf is the id of what a clause gives back for one missed promise.
func DeductionOf(contract domain.ContractID, ticket domain.TicketID, goal sla.Goal, cycle int, clause string) domain.DeductionID {
	return domain.DeductionID{UUID: domain.Derive(contract.UUID, "deduction", ticket.String(), string(goal), strconv.Itoa(cycle), clause)}
}

// Deductions are those of the period, in the order of the breaches. What is decided takes its share of the caps first,
// then what is proposed, the earlier breach first: so neither the order of proposals nor that of confirmations changes
// what they come to together.
func (s State) Deductions() []Deduction {
	list := make([]Deduction, 0, s.deductions.Len())
	given := given{tickets: map[domain.TicketID]decimal.Decimal{}}
	for id, kept := range s.deductions.All() {
		d := Deduction{ID: domain.DeductionID{UUID: id}, Ticket: kept.proposed.Ticket, DeductionProposedStaff: kept.proposed.Staff, State: kept.state}
		switch kept.state {
		case DeductionTaken, DeductionGivenBack:
			d.Amount, d.Why = kept.confirmed.Staff.Amount, kept.confirmed.Staff.Why
		case DeductionOpen, DeductionDropped:
		}
		if kept.state == DeductionTaken {
			given.add(d)
		}
		if kept.asked != nil {
			d.AskedBy = kept.asked.By
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b Deduction) int {
		return cmp.Or(a.Breached.Compare(b.Breached), bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]))
	})
	s.weigh(list, given)
	return list
}

// given is what deductions take already.
type given struct {
	period  decimal.Decimal
	tickets map[domain.TicketID]decimal.Decimal
}

func (g *given) add(d Deduction) {
	g.period = g.period.Add(d.Amount)
	g.tickets[d.Ticket] = g.tickets[d.Ticket].Add(d.Amount)
}

// weigh works out what the proposed ones come to now, each with what those before it leave of the caps.
func (s State) weigh(list []Deduction, given given) {
	if !slices.ContainsFunc(list, func(d Deduction) bool { return d.State == DeductionOpen }) {
		return
	}
	currency, worth := s.newest().Agreed.Currency, s.worth()
	for i := range list {
		if d := &list[i]; d.State == DeductionOpen {
			basis := worth.basis(*d)
			basis.TicketGiven, basis.PeriodGiven = given.tickets[d.Ticket].Add(d.Elsewhere), given.period
			d.Amount, d.Why = d.Clause.Gives(basis, currency)
			given.add(*d)
		}
	}
}

// Deduction gives one deduction; false when the period has none with that id.
func (s State) Deduction(id domain.DeductionID) (Deduction, bool) {
	if _, known := s.deductions.Get(id.UUID); !known {
		return Deduction{}, false
	}
	all := s.Deductions()
	return all[slices.IndexFunc(all, func(d Deduction) bool { return d.ID == id })], true
}

// GivenBefore is what deductions of a ticket in this period leave less of its cap to a breach of it that another period
// has taken: all that are confirmed, and those proposed for earlier breaches.
func (s State) GivenBefore(ticket domain.TicketID, breached time.Time) decimal.Decimal {
	total := decimal.Zero
	for _, d := range s.Deductions() {
		if d.Ticket == ticket && (d.State == DeductionTaken || d.State == DeductionOpen && d.Breached.Before(breached)) {
			total = total.Add(d.Amount)
		}
	}
	return total
}

// DeductionEntries are the entries of the period, in the order in which they were made. Those of a deduction that was
// confirmed and countered sum to zero. Unbilled are those of them that no invoice has taken.
func (s State) DeductionEntries() []DeductionEntry {
	var entries []DeductionEntry
	for id, kept := range s.deductions.All() {
		if kept.state != DeductionTaken && kept.state != DeductionGivenBack {
			continue
		}
		entry := DeductionEntry{
			Deduction: domain.DeductionID{UUID: id}, Ticket: kept.proposed.Ticket, Promise: kept.proposed.Staff.Clause.Name,
			Amount: kept.confirmed.Staff.Amount.Neg(), At: kept.confirmed.At,
		}
		entries = append(entries, entry)
		if kept.state == DeductionGivenBack {
			entry.Amount, entry.Counter, entry.At = kept.confirmed.Staff.Amount, true, kept.countered
			entries = append(entries, entry)
		}
	}
	slices.SortStableFunc(entries, func(a, b DeductionEntry) int { return a.At.Compare(b.At) })
	return entries
}

// worth is what the period is worth, as far as clauses ask for it.
type worth struct {
	State

	subtotal, fee decimal.Decimal
	shortfall     map[domain.TimeID]TimeMinutes
	beyond        map[uuid.UUID]int // minutes beyond bought hours, by record
}

func (s State) worth() worth {
	w := worth{State: s, shortfall: s.shortfall(), beyond: beyond(s.Ledger())}
	for _, v := range s.Values() {
		w.subtotal = decimal.Sum(w.subtotal, v.Time, v.Overage, v.Charges)
	}
	for _, line := range s.retainers(s.holding) {
		charged, known := s.charges.Get(Fee(s.Contract, line.Key, s.Month).UUID)
		switch {
		case known:
			w.fee = w.fee.Add(charged.Staff.Amount)
		case !s.Closed: // Closing will charge it.
			w.fee, w.subtotal = w.fee.Add(line.charge.Fee), w.subtotal.Add(line.charge.Fee)
		}
	}
	w.subtotal = decimal.Max(w.subtotal, decimal.Zero)
	return w
}

// basis is what a deduction is worked out from, but for what others take.
func (w worth) basis(d Deduction) terms.Basis {
	basis := terms.Basis{Fee: w.fee, Subtotal: w.subtotal, OverrunSeconds: d.OverrunSeconds}
	if d.Clause.Kind == terms.PercentOfTicket {
		basis.Ticket = w.billed(d.Ticket)
	}
	return basis
}

// billed is what the approved time on a ticket comes to: at its own prices, whatever pays for the hours, and at the
// price of an hour beyond where it goes beyond them. It is below zero in no period, also where reversals are.
func (w worth) billed(ticket domain.TicketID) decimal.Decimal {
	total, work := new(big.Rat), Work{Kind: Ticket, ID: ticket.UUID}
	for id, t := range w.times.All() {
		if t.Status != StatusApproved || t.Record.Billing != Billable || t.Record.Staff.Work != work {
			continue
		}
		more := w.shortfall[domain.TimeID{UUID: id}]
		total.Add(total, exact(valuesOf(t.Approved, more.BilledMinutes), t.Approved.Staff.Line))
		if minutes := w.beyond[id]; minutes != 0 {
			total.Add(total, overageValue(t.Approved, more, minutes))
			total.Sub(total, shareOf(t.Approved, more, minutes))
		}
	}
	return decimal.Max(toDecimal(total), decimal.Zero)
}

// proposeDeduction proposes what a clause gives back, or proposes it anew while nobody has decided. Only a first
// proposal needs an open period.
func (s State) proposeDeduction(c ProposeDeduction) ([]Event, error) {
	known, exists := s.deductions.Get(c.Deduction.UUID)
	if exists && known.state != DeductionOpen {
		return nil, nil
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	d := s.decide(c.By, c.At)
	if !exists {
		var err error
		if d, err = s.proposable(c); err != nil {
			return nil, err
		}
		if d.deductions.Len() >= MaxDeductions {
			return nil, domain.Refuse(domain.ErrConflict, "period_full", "the period has %d deductions, the most it may have", MaxDeductions)
		}
	}
	e := DeductionProposed{Deduction: c.Deduction, Ticket: c.Ticket, Staff: DeductionProposedStaff{
		Goal: c.Goal, Cycle: c.Cycle, Clause: c.Clause, Breached: c.Breached, OverrunSeconds: c.OverrunSeconds, Running: c.Running, Elsewhere: c.Elsewhere,
	}, By: d.by, At: d.at}
	weighed, _ := Evolve(d.State, e).Deduction(e.Deduction)
	e.Staff.Amount, e.Staff.Why = weighed.Amount, weighed.Why
	if exists && sameProposal(known.proposed.Staff, e.Staff) {
		return nil, nil
	}
	d.add(e)
	return d.events, nil
}

// proposable begins the decision of a first proposal. One that an invoice took pins nothing; what is proposed changes
// nothing that it charges.
func (s State) proposable(c ProposeDeduction) (*decision, error) {
	if s.Frozen() {
		return s.decide(c.By, c.At), nil
	}
	return s.prepare(c.Says, c.By, c.At)
}

func (c ProposeDeduction) check() error {
	var check domain.Check
	check.That(!c.Deduction.IsZero() && !c.Ticket.IsZero(), "deduction", "must have an id and a ticket")
	check.That(c.Clause.Key != "", "clause", "must be one of the contract")
	check.That(!c.Breached.IsZero() && c.Breached.Location() == time.UTC, "breached", "must be an instant in UTC")
	check.That(c.Cycle >= 1 && c.OverrunSeconds >= 0, "overrun_seconds", "must not be below zero, of a cycle from 1 on")
	check.That(!c.Elsewhere.IsNegative(), "elsewhere", "must not be below zero")
	return check.Err()
}

// sameProposal compares by what is stored, since equal amounts may have different forms in memory.
func sameProposal(a, b DeductionProposedStaff) bool {
	one, err := json.Marshal(a)
	if err != nil {
		panic("period: a proposal has no stored form: " + err.Error())
	}
	other, err := json.Marshal(b)
	if err != nil {
		panic("period: a proposal has no stored form: " + err.Error())
	}
	return bytes.Equal(one, other)
}

// undecided gives a deduction that a person is about to decide; settled tells that it stands as wanted already.
func (s State) undecided(id domain.DeductionID, by domain.Actor, wanted DeductionState) (d Deduction, settled bool, err error) {
	d, known := s.Deduction(id)
	switch {
	case !known:
		return d, false, domain.Refuse(domain.ErrNotFound, "deduction_not_found", "the period has no such deduction")
	case by.Side != domain.StaffSide:
		return d, false, domain.Refuse(domain.ErrForbidden, "for_a_person", "a person decides on a deduction")
	case d.State == wanted:
		return d, true, nil
	case d.State != DeductionOpen:
		return d, false, domain.Refuse(domain.ErrConflict, "deduction_decided", "the deduction is %s already; a mistake is excused on its ticket", d.State)
	case d.Running && d.Clause.Kind == terms.TieredByOverrun:
		return d, false, domain.Refuse(domain.ErrConflict, "overrun_unknown", "the amount depends on how late the promise is kept, and it is not kept yet")
	}
	return d, false, nil
}

// confirmDeduction fixes what the deduction comes to now.
func (s State) confirmDeduction(c ConfirmDeduction) ([]Event, error) {
	if kept, known := s.deductions.Get(c.Deduction.UUID); known {
		kept.proposed.Staff.Elsewhere = c.Elsewhere
		s.deductions = s.deductions.With(c.Deduction.UUID, kept)
	}
	d, settled, err := s.undecided(c.Deduction, c.By, DeductionTaken)
	switch {
	case err != nil || settled:
		return nil, err
	case !d.Amount.IsPositive():
		return nil, domain.Refuse(domain.ErrConflict, "nothing_to_deduct", "the deduction comes to nothing as things are: %s; confirm it later, or waive it", d.Why)
	case c.Shown.Valid && !c.Shown.Decimal.Equal(d.Amount):
		return nil, domain.Refuse(domain.ErrConflict, "amount_changed", "the deduction comes to %s by now, not to %s: %s", d.Amount, c.Shown.Decimal, d.Why)
	}
	return []Event{DeductionConfirmed{
		Deduction: c.Deduction, Staff: DeductionConfirmedStaff{Amount: d.Amount, Why: d.Why}, By: c.By.Person, At: c.At,
	}}, nil
}

// waiveDeduction takes a proposed deduction off, or asks for the second person whom the terms want. They are those of
// the day of the breach: no amendment since makes it easier.
func (s State) waiveDeduction(c WaiveDeduction) ([]Event, error) {
	d, settled, err := s.undecided(c.Deduction, c.By, DeductionDropped)
	if err != nil || settled {
		return nil, err
	}
	var check domain.Check
	check.That(strings.TrimSpace(c.Reason) != "", "reason", "must tell why the client gets nothing back")
	check.Text("reason", c.Reason, 0)
	check.That(len([]rune(c.Reason)) <= MaxReason, "reason", "must have at most 500 characters")
	if err := check.Err(); err != nil {
		return nil, err
	}
	kept, _ := s.deductions.Get(c.Deduction.UUID)
	if kept.asked == nil && s.needsTwo(d) {
		return []Event{DeductionWaiverAsked{Deduction: c.Deduction, Staff: DeductionReason{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
	}
	if kept.asked != nil && kept.asked.By == c.By.Person && s.needsTwo(d) {
		if kept.asked.Staff.Reason == c.Reason {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "second_person_needed", "you have asked for the waiver; somebody else must agree")
	}
	return []Event{DeductionWaived{Deduction: c.Deduction, Staff: DeductionReason{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

// needsTwo reports whether one person alone may not waive a deduction: before its caps it is above the limit, or may
// still grow above it, as a share of what an open period comes to does.
func (s State) needsTwo(d Deduction) bool {
	held := s.pinOn(s.today(d.Breached))
	limit := held.Staff.Terms.TwoWaiversAbove
	grows := !s.Closed && (d.Clause.Kind == terms.PercentOfTicket || d.Clause.Kind == terms.PercentOfFee)
	full, _ := d.Clause.Uncapped(s.worth().basis(d), held.Agreed.Currency)
	return limit.IsPositive() && (grows || full.GreaterThan(limit))
}

// retractDeduction ends a deduction whose breach does not count: a proposed one is waived, a confirmed one gets its
// counter-entry.
func (s State) retractDeduction(c RetractDeduction) ([]Event, error) {
	kept, known := s.deductions.Get(c.Deduction.UUID)
	if !known {
		return nil, nil
	}
	reason := DeductionReason{Reason: c.Reason}
	switch kept.state {
	case DeductionOpen:
		return []Event{DeductionWaived{Deduction: c.Deduction, Staff: reason, By: c.By.Person, At: c.At}}, nil
	case DeductionTaken:
		return []Event{DeductionCountered{Deduction: c.Deduction, Staff: reason, By: c.By.Person, At: c.At}}, nil
	case DeductionDropped, DeductionGivenBack:
	}
	return nil, nil
}

// evolveDeduction takes over what an event says of a deduction.
func (s State) evolveDeduction(e Event) State {
	switch e := e.(type) {
	case DeductionProposed:
		kept := deduction{proposed: proposedDeduction(e), state: DeductionOpen}
		// Who asked for a waiver agreed to that amount.
		if old, known := s.deductions.Get(e.Deduction.UUID); known && old.proposed.Staff.Amount.Equal(e.Staff.Amount) {
			kept.asked = old.asked
		}
		s.deductions = s.deductions.With(e.Deduction.UUID, kept)
	case DeductionConfirmed:
		return s.changeDeduction(e.Deduction, func(d *deduction) { d.state, d.confirmed = DeductionTaken, e })
	case DeductionWaiverAsked:
		return s.changeDeduction(e.Deduction, func(d *deduction) { d.asked = &e })
	case DeductionWaived:
		return s.changeDeduction(e.Deduction, func(d *deduction) { d.state = DeductionDropped })
	case DeductionCountered:
		return s.changeDeduction(e.Deduction, func(d *deduction) { d.state, d.countered = DeductionGivenBack, e.At })
	case Opened, TermsPinned, CarriedIn, TimeLogged, TimeRevised, TimeDiscarded, TimeSubmitted, TimeReturned, TimeApproved, TimeCorrected,
		TimeReversed, TimeMoved, ChargeAdded, ThresholdReached, TopUpDue, OverageAsked, OverageAnswered, ForecastMade, RunsOutEarly, Closed,
		Reserved, Released, Billed, Unbilled:
	}
	return s
}

func (s State) changeDeduction(id domain.DeductionID, how func(*deduction)) State {
	kept, known := s.deductions.Get(id.UUID)
	if !known {
		return s
	}
	how(&kept)
	s.deductions = s.deductions.With(id.UUID, kept)
	return s
}
