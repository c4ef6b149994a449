package commands

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/ticket"
)

// ProposeDeductions proposes, on the period in which a promise was missed, what the contract's clauses give back for
// it, or proposes it anew when the overrun is known; an excused breach takes back what was proposed, by a counter-entry
// where that was confirmed. It derives all from the ticket's own history, so it may run any number of times. The
// system does it.
//
// Nothing is proposed for a ticket that the client does not see: the deduction would name it. Nor is it for what a
// merged ticket had missed before: that one's own deductions give back what is due.
func (s *Service) ProposeDeductions(ctx context.Context, r Request, id domain.TicketID) (Answer, error) {
	answer := Answer{ID: id.UUID}
	if err := systemOnly(r.Actor); err != nil {
		return Answer{}, err
	}
	past, err := s.ticketEvents(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	breaches, seen := ticket.Breaches(past), ticket.Decider.Fold(ticket.State{}, past...).Visibility == domain.ClientVisible
	for len(breaches) > 0 {
		under := breaches[0].Contract
		other := func(b ticket.Breach) bool { return b.Contract != under }
		missed := slices.DeleteFunc(slices.Clone(breaches), other)
		breaches = slices.DeleteFunc(breaches, func(b ticket.Breach) bool { return !other(b) })
		if under.IsZero() {
			continue // No contract promised anything.
		}
		books, err := s.deductionBooks(ctx, id, under, missed, r.At)
		if err != nil {
			return Answer{}, err
		}
		for _, breach := range missed {
			position, err := s.deduct(ctx, r, books, breach, seen)
			if err != nil {
				return Answer{}, err
			}
			answer.Position = later(answer.Position, position)
		}
	}
	return answer, nil
}

// deductionBooks are the periods of a contract that may hold deductions of one ticket, as they were when they were
// read last.
type deductionBooks struct {
	of      *agreement
	ticket  domain.TicketID
	periods map[calendar.Month]period.State
}

// deductionBooks reads the periods from the first of some breaches until the present one, the last maxMonths at most.
func (s *Service) deductionBooks(ctx context.Context, id domain.TicketID, under domain.ContractID, breaches []ticket.Breach, at time.Time) (*deductionBooks, error) {
	of, err := s.agreement(ctx, under)
	if err != nil {
		return nil, err
	}
	books := &deductionBooks{of: of, ticket: id, periods: map[calendar.Month]period.State{}}
	month := of.day(at).Month()
	for range maxMonths {
		if err := s.reread(ctx, books, month); err != nil {
			return nil, err
		}
		if len(breaches) == 0 || month <= of.day(breaches[0].Breached).Month() {
			break
		}
		month = month.Previous()
	}
	return books, nil
}

func (s *Service) reread(ctx context.Context, books *deductionBooks, month calendar.Month) error {
	found, err := load(ctx, s.log, period.Decider, period.Stream(books.of.id, month), domain.CommandID{})
	books.periods[month] = found.state
	return err
}

// elsewhere is what deductions of the ticket in other periods leave less of its cap to a breach.
func (b *deductionBooks) elsewhere(month calendar.Month, breached time.Time) decimal.Decimal {
	total := decimal.Zero
	for other, state := range b.periods {
		if other != month {
			total = total.Add(state.GivenBefore(b.ticket, breached))
		}
	}
	return total
}

// deduct brings the deductions for one breach to where they should be.
func (s *Service) deduct(ctx context.Context, r Request, books *deductionBooks, breach ticket.Breach, seen bool) (domain.Position, error) {
	last, err := s.retract(ctx, r, books, breach)
	if err != nil || !seen {
		return last, err
	}
	if before, err := s.missedBefore(ctx, breach); err != nil || before {
		return last, err
	}
	for _, clause := range books.of.penalties(breach) {
		if excludes(clause, breach) {
			continue
		}
		propose := period.ProposeDeduction{
			Deduction: period.DeductionOf(books.of.id, books.ticket, breach.Goal, breach.Cycle, clause.Key), Ticket: books.ticket,
			Goal: breach.Goal, Cycle: breach.Cycle, Clause: clause, Breached: breach.Breached,
			OverrunSeconds: breach.OverrunSeconds, Running: breach.Running, By: r.Actor, At: r.At,
		}
		entering := entering{day: books.of.day(breach.Breached), at: r.At, historical: true, known: func(p period.State) bool {
			_, known := p.Deduction(propose.Deduction)
			return known
		}}
		month, position, err := s.enter(ctx, r.then("propose deduction", r.Key+" "+propose.Deduction.String()), books.of, entering, func(said period.Says, _ bool) period.Command {
			propose.Says, propose.Elsewhere = said, books.elsewhere(said.Month, breach.Breached)
			return propose
		})
		if err != nil {
			return last, err
		}
		last = later(last, position)
		if err := s.reread(ctx, books, month); err != nil {
			return last, err
		}
	}
	return last, nil
}

// missedBefore reports whether a ticket that was merged into the breach's own had missed the same promise of the same
// contract, so that its deductions are proposed.
func (s *Service) missedBefore(ctx context.Context, breach ticket.Breach) (bool, error) {
	if breach.From.IsZero() {
		return false, nil
	}
	past, err := s.ticketEvents(ctx, breach.From)
	if err != nil {
		return false, err
	}
	same := func(b ticket.Breach) bool { return b.Goal == breach.Goal && b.Contract == breach.Contract }
	seen := ticket.Decider.Fold(ticket.State{}, past...).Visibility == domain.ClientVisible
	return seen && slices.ContainsFunc(ticket.Breaches(past), same), nil
}

// retract ends the deductions for a breach that does not count, wherever they stand.
func (s *Service) retract(ctx context.Context, r Request, books *deductionBooks, breach ticket.Breach) (last domain.Position, err error) {
	for month, state := range books.periods {
		before := last
		for _, d := range state.Deductions() {
			if d.Ticket != books.ticket || d.Goal != breach.Goal || d.Cycle != breach.Cycle || !excludes(d.Clause, breach) {
				continue
			}
			on := r.then("retract deduction", r.Key+" "+d.ID.String()).on(period.Stream(books.of.id, month))
			position, err := onStream(ctx, s, period.Decider, on, period.Command(period.RetractDeduction{
				Deduction: d.ID, Reason: breach.Reason, By: r.Actor, At: r.At,
			}))
			if err != nil {
				return last, err
			}
			last = later(last, position)
		}
		if last == before {
			continue
		}
		if err := s.reread(ctx, books, month); err != nil {
			return last, err
		}
	}
	return last, nil
}

// penalties are the clauses that were in force for what was missed, when it was missed.
func (a *agreement) penalties(breach ticket.Breach) []terms.Penalty {
	trigger := map[sla.Goal]string{sla.FirstResponse: terms.Response, sla.Resolution: terms.Resolution}[breach.Goal]
	day := a.day(breach.Breached)
	for _, held := range a.contract.Versions(day, day) {
		return slices.DeleteFunc(slices.Clone(held.Terms.Staff.Penalties), func(p terms.Penalty) bool { return p.Trigger != trigger })
	}
	return nil
}

// excludes reports whether a breach does not count for a clause: it is excused by what the clause leaves out of
// account, or never was one.
func excludes(clause terms.Penalty, breach ticket.Breach) bool {
	return breach.Excused == ticket.Mistake || slices.Contains(clause.Excludes, breach.Excused)
}

// DecideDeduction confirms a deduction, or waives it for a reason.
type DecideDeduction struct {
	Contract  domain.ContractID
	Month     calendar.Month
	Deduction domain.DeductionID
	Shown     decimal.NullDecimal // of confirming: the amount that the person saw; another one is refused
	Reason    string              // of waiving
}

// ConfirmDeduction lets the next draft of an invoice take the deduction. The answer's ID is the deduction's.
func (s *Service) ConfirmDeduction(ctx context.Context, r Request, c DecideDeduction) (Answer, error) {
	return s.onDeduction(ctx, r, c, func() (period.Command, error) {
		elsewhere, err := s.givenElsewhere(ctx, c, r.At)
		return period.ConfirmDeduction{Deduction: c.Deduction, Elsewhere: elsewhere, Shown: c.Shown, By: r.Actor, At: r.At}, err
	})
}

// WaiveDeduction takes a proposed deduction off; above the contract's limit a second person must agree. The answer's ID
// is the deduction's.
func (s *Service) WaiveDeduction(ctx context.Context, r Request, c DecideDeduction) (Answer, error) {
	return s.onDeduction(ctx, r, c, func() (period.Command, error) {
		return period.WaiveDeduction{Deduction: c.Deduction, Reason: c.Reason, By: r.Actor, At: r.At}, nil
	})
}

// onDeduction runs what a person decides on a deduction.
func (s *Service) onDeduction(ctx context.Context, r Request, c DecideDeduction, ask asking) (Answer, error) {
	return s.act(ctx, r, func() (Answer, error) {
		scope, err := s.may(ctx, r.Actor, access.DecideDeductions)
		if err != nil {
			return Answer{}, err
		}
		of, err := s.agreement(ctx, c.Contract)
		if err != nil {
			return Answer{}, err
		}
		whose, err := load(ctx, s.log, client.Decider, client.Stream(of.contract.Client), domain.CommandID{})
		if err != nil {
			return Answer{}, err
		}
		if err := managed(r.Actor, scope)(whose.state); err != nil {
			return Answer{}, err
		}
		if err := valid(c.Month); err != nil {
			return Answer{}, err
		}
		position, err := onStream(ctx, s, informed(), r.on(period.Stream(c.Contract, c.Month)), ask)
		return Answer{ID: c.Deduction.UUID, Position: position}, err
	})
}

// givenElsewhere is what deductions of the same ticket in other periods leave less of its cap. It refuses a ticket that
// the client does not see, as the invoice would name it. What the period does not know, it says itself.
func (s *Service) givenElsewhere(ctx context.Context, c DecideDeduction, at time.Time) (decimal.Decimal, error) {
	here, err := load(ctx, s.log, period.Decider, period.Stream(c.Contract, c.Month), domain.CommandID{})
	if err != nil {
		return decimal.Zero, err
	}
	d, known := here.state.Deduction(c.Deduction)
	if !known || d.State != period.DeductionOpen {
		return decimal.Zero, nil
	}
	past, err := s.ticketEvents(ctx, d.Ticket)
	if err != nil {
		return decimal.Zero, err
	}
	if ticket.Decider.Fold(ticket.State{}, past...).Visibility != domain.ClientVisible {
		return decimal.Zero, domain.Refuse(domain.ErrConflict, "ticket_internal", "the client does not see the ticket, which the invoice would name; publish it, or waive the deduction")
	}
	under := slices.DeleteFunc(ticket.Breaches(past), func(b ticket.Breach) bool { return b.Contract != c.Contract })
	books, err := s.deductionBooks(ctx, d.Ticket, c.Contract, under, at)
	if err != nil {
		return decimal.Zero, err
	}
	return books.elsewhere(c.Month, d.Breached), nil
}
