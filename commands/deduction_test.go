package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
)

// promising are terms that give 200 back for a late answer, and 250 for a late solution, at most 300 for a ticket.
func promising() terms.Terms {
	said := sinceFebruary()
	limit := decimal.NewFromInt(300)
	said.Staff.Penalties = []terms.Penalty{
		{Key: "answer", Name: "First response", Trigger: terms.Response, Kind: terms.FixedPerBreach, Amount: decimal.NewFromInt(200), CapPerTicket: limit, Excludes: []string{terms.Maintenance}},
		{Key: "solve", Name: "Resolution", Trigger: terms.Resolution, Kind: terms.FixedPerBreach, Amount: decimal.NewFromInt(250), CapPerTicket: limit},
	}
	said.Staff.TwoWaiversAbove = decimal.NewFromInt(100)
	return said
}

// late is a ticket of an employee under terms that promise something, raised in February, with what is told of it.
func (w *world) late(t *testing.T, told ...domain.Event) (domain.ContractID, domain.TicketID) {
	t.Helper()
	on, c := w.signed(t, promising()), w.raise()
	c.Contract = on
	id := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.on(w.employee, inFebruary), c)).ID}
	w.tell(t, id, told...)
	return on, id
}

// tell puts events into a ticket's history, as the clock does.
func (w *world) tell(t *testing.T, id domain.TicketID, told ...domain.Event) {
	t.Helper()
	if len(told) == 0 {
		return
	}
	r := w.next(domain.System())
	_, err := w.log.Append(t.Context(), domain.Append{
		Stream: ticket.Stream(id), Expected: int64(len(w.history(t, id)) - 1), Command: r.Command(), Events: told,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func breach(goal sla.Goal, at time.Time) ticket.SLAStateReached {
	return ticket.SLAStateReached{Goal: goal, State: sla.Breached, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: at}
}

func excused(goal sla.Goal, why string) ticket.BreachExcused {
	return ticket.BreachExcused{Goal: goal, Staff: ticket.BreachExcusedStaff{Cycle: 1, Why: why, Reason: "as announced"}, At: at}
}

// propose runs what follows from a breach, and gives the kinds of what it led to.
func (w *world) propose(t *testing.T, id domain.TicketID) []string {
	t.Helper()
	mark := w.mark()
	must(t)(w.service.ProposeDeductions(t.Context(), w.next(domain.System()), id))
	return w.since(mark)
}

// deductions are those of a period: what each is for, its state and its amount.
func (w *world) deductions(t *testing.T, on domain.ContractID, month calendar.Month) []string {
	t.Helper()
	var said []string
	for _, d := range w.period(t, on, month).Deductions() {
		said = append(said, strings.Join([]string{d.Clause.Key, string(d.State), d.Amount.String()}, " "))
	}
	return said
}

func (w *world) wantDeductions(t *testing.T, on domain.ContractID, month calendar.Month, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, w.deductions(t, on, month)); diff != "" {
		t.Errorf("deductions of %s (-want +got):\n%s", month, diff)
	}
}

func deciding(on domain.ContractID, month calendar.Month, id domain.TicketID, goal sla.Goal) commands.DecideDeduction {
	clause := map[sla.Goal]string{sla.FirstResponse: "answer", sla.Resolution: "solve"}[goal]
	return commands.DecideDeduction{Contract: on, Month: month, Deduction: period.DeductionOf(on, id, goal, 1, clause), Reason: "goodwill"}
}

// A breach is proposed once, in the month in which it happened, and anew when it is known how late it was; a mistake
// that is found after somebody confirmed it gets a counter-entry.
func TestABreachIsDeducted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	day := inFebruary.Add(time.Hour)
	on, id := w.late(t, breach(sla.FirstResponse, day), breach(sla.NextResponse, day))
	proposed := strings.Fields(opening + "period.deduction_proposed.v1")
	_, err := w.service.ProposeDeductions(t.Context(), w.next(owner), id)
	wantRefused(t, err, domain.ErrForbidden, "system_only")
	wantKinds(t, w.propose(t, id), proposed...)
	w.wantDeductions(t, on, february, "answer proposed 200")
	wantKinds(t, w.propose(t, id))

	w.tell(t, id, ticket.TargetConcluded{
		Goal: sla.FirstResponse, State: sla.MetLate, Staff: ticket.TargetConcludedStaff{Cycle: 1, GoalSeconds: 60, ElapsedSeconds: 90, Breached: day}, At: at,
	})
	wantKinds(t, w.propose(t, id), "period.deduction_proposed.v1")
	c := deciding(on, february, id, sla.FirstResponse)
	c.Shown = decimal.NewNullDecimal(decimal.NewFromInt(150))
	_, err = w.service.ConfirmDeduction(t.Context(), w.next(owner), c)
	wantRefused(t, err, domain.ErrConflict, "amount_changed")
	c.Shown = decimal.NewNullDecimal(decimal.RequireFromString("200.00"))
	must(t)(w.service.ConfirmDeduction(t.Context(), w.next(owner), c))

	w.tell(t, id, excused(sla.FirstResponse, terms.ForceMajeure))
	wantKinds(t, w.propose(t, id)) // The clause knows of no such excuse.
	w.tell(t, id, excused(sla.FirstResponse, ticket.Mistake))
	wantKinds(t, w.propose(t, id), "period.deduction_countered.v1")
	wantKinds(t, w.propose(t, id))
	w.wantDeductions(t, on, february, "answer countered 200")
	total := decimal.Zero
	for _, entry := range w.period(t, on, february).DeductionEntries() {
		total = total.Add(entry.Amount)
	}
	if !total.IsZero() {
		t.Errorf("the entries come to %s", total)
	}
	w.checkIDs(t)
}

func TestWhatIsNotDeducted(t *testing.T) {
	t.Parallel()
	day := inFebruary.Add(time.Hour)
	for name, test := range map[string]struct {
		told []domain.Event
		want []string
	}{
		"an excuse that the clause knows":        {[]domain.Event{breach(sla.FirstResponse, day), excused(sla.FirstResponse, terms.Maintenance)}, nil},
		"a mistake":                              {[]domain.Event{breach(sla.Resolution, day), excused(sla.Resolution, ticket.Mistake)}, nil},
		"an excuse that another clause knows":    {[]domain.Event{breach(sla.Resolution, day), excused(sla.Resolution, terms.Maintenance)}, []string{"solve proposed 250"}},
		"an excuse of another promise":           {[]domain.Event{breach(sla.Resolution, day), breach(sla.FirstResponse, day), excused(sla.FirstResponse, terms.Maintenance)}, []string{"solve proposed 250"}},
		"what no clause is about":                {[]domain.Event{breach(sla.NextResponse, day)}, nil},
		"what was missed under another contract": {[]domain.Event{ticket.Triaged{JobType: "api", Priority: ticket.High, At: day}, breach(sla.FirstResponse, day)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			on, id := w.late(t, test.told...)
			w.propose(t, id)
			w.wantDeductions(t, on, february, test.want...)
		})
	}
}

// An excuse that comes while nobody has decided ends the proposal, wherever it stands.
func TestAnExcuseEndsAProposal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, id := w.late(t)
	must(t)(w.service.ClosePeriod(t.Context(), w.next(owner), commands.ClosePeriod{Contract: on, Month: february}))
	w.tell(t, id, breach(sla.FirstResponse, inFebruary.Add(time.Hour)))
	wantKinds(t, w.propose(t, id), "period.deduction_proposed.v1")
	w.wantDeductions(t, on, february)
	w.wantDeductions(t, on, march, "answer proposed 200")
	w.tell(t, id, excused(sla.FirstResponse, terms.Maintenance))
	wantKinds(t, w.propose(t, id), "period.deduction_waived.v1")
	w.wantDeductions(t, on, march, "answer waived 200")
	_, err := w.service.ConfirmDeduction(t.Context(), w.next(owner), deciding(on, march, id, sla.FirstResponse))
	wantRefused(t, err, domain.ErrConflict, "deduction_decided")
}

// The cap of a ticket holds over months: what was given for an earlier breach counts first.
func TestACapHoldsOverMonths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, id := w.late(t, breach(sla.FirstResponse, inFebruary.Add(time.Hour)), breach(sla.Resolution, at.Add(-time.Hour)))
	w.propose(t, id)
	w.wantDeductions(t, on, february, "answer proposed 200")
	w.wantDeductions(t, on, march, "solve proposed 100")
	// The first one waived, the second one is worth more, and says so when somebody decides.
	must(t)(w.service.WaiveDeduction(t.Context(), w.next(manager), deciding(on, february, id, sla.FirstResponse)))
	must(t)(w.service.WaiveDeduction(t.Context(), w.next(owner), deciding(on, february, id, sla.FirstResponse)))
	must(t)(w.service.ConfirmDeduction(t.Context(), w.next(owner), deciding(on, march, id, sla.Resolution)))
	w.wantDeductions(t, on, february, "answer waived 200")
	w.wantDeductions(t, on, march, "solve confirmed 250")
}

func TestTwoPeopleWaive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, id := w.late(t, breach(sla.FirstResponse, inFebruary.Add(time.Hour)))
	w.propose(t, id)
	c := deciding(on, february, id, sla.FirstResponse)
	stranger := w.hire(t, staff("max", domain.AccountManager))
	_, err := w.service.WaiveDeduction(t.Context(), w.next(stranger), c)
	wantRefused(t, err, domain.ErrForbidden, "not_your_client")
	mark := w.mark()
	must(t)(w.service.WaiveDeduction(t.Context(), w.next(manager), c))
	must(t)(w.service.WaiveDeduction(t.Context(), w.next(manager), c))
	c.Reason = "really"
	_, err = w.service.WaiveDeduction(t.Context(), w.next(manager), c)
	wantRefused(t, err, domain.ErrConflict, "second_person_needed")
	must(t)(w.service.WaiveDeduction(t.Context(), w.next(owner), c))
	wantKinds(t, w.since(mark), "period.deduction_waiver_asked.v1", "period.deduction_waived.v1")
}

// What the client does not see is not deducted: the invoice would name it.
func TestAnInternalTicketIsNotDeducted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, c := w.signed(t, promising()), w.raise()
	c.Contract = on
	id := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.on(owner, inFebruary), c)).ID}
	w.tell(t, id, breach(sla.FirstResponse, inFebruary.Add(time.Hour)))
	wantKinds(t, w.propose(t, id))
	must(t)(w.service.PublishTicket(t.Context(), w.next(owner), commands.PublishTicket{Ticket: id}))
	w.propose(t, id)
	w.wantDeductions(t, on, february, "answer proposed 200")
	must(t)(w.service.WithdrawTicket(t.Context(), w.next(owner), commands.WithdrawTicket{Ticket: id}))
	_, err := w.service.ConfirmDeduction(t.Context(), w.next(owner), deciding(on, february, id, sla.FirstResponse))
	wantRefused(t, err, domain.ErrConflict, "ticket_internal")
	w.tell(t, id, excused(sla.FirstResponse, ticket.Mistake))
	wantKinds(t, w.propose(t, id), "period.deduction_waived.v1")
}

// What a ticket had missed before it was merged is given back for that ticket alone; what the other one misses of its
// own is given back for it.
func TestAMergedBreachIsDeductedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	day := inFebruary.Add(time.Hour)
	on, merged := w.late(t, breach(sla.FirstResponse, day))
	c := w.raise()
	c.Contract = on
	into := domain.TicketID{UUID: must(t)(w.service.RaiseTicket(t.Context(), w.on(w.employee, inFebruary), c)).ID}
	clock := sla.Clock{At: day, Condition: sla.Over, Runs: []sla.Run{{
		Goal: sla.FirstResponse, Cycle: 1, Began: inFebruary, Breached: day, Ended: day, Outcome: sla.Cancelled,
		Segments: []sla.Segment{{From: inFebruary, Until: day, Paused: sla.Unpromised}},
	}}}
	w.tell(t, into, ticket.MergedIn{Bound: true, Staff: ticket.MergedInStaff{From: merged, Clock: clock}, At: day},
		breach(sla.FirstResponse, day), breach(sla.Resolution, day.Add(time.Hour)))
	w.propose(t, into)
	w.wantDeductions(t, on, february, "solve proposed 250")
	w.propose(t, merged)
	w.wantDeductions(t, on, february, "answer proposed 200", "solve proposed 250")
}

func TestDecisionsThatNameNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	on, id := w.late(t)
	_, err := w.service.ConfirmDeduction(t.Context(), w.next(owner), deciding(on, february, id, sla.FirstResponse))
	wantRefused(t, err, domain.ErrNotFound, "deduction_not_found")
	_, err = w.service.WaiveDeduction(t.Context(), w.next(owner), deciding(on, "February", id, sla.FirstResponse))
	wantRefused(t, err, domain.ErrInvalid, "invalid_fields")
	_, err = w.service.WaiveDeduction(t.Context(), w.next(owner), deciding(domain.ContractID{UUID: id.UUID}, february, id, sla.FirstResponse))
	wantRefused(t, err, domain.ErrNotFound, "no_such_contract")
}
