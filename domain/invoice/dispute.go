package invoice

import (
	"slices"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/visible"
)

// dispute is the client's alone: staff who find a mistake credit it.
func (s State) dispute(c Dispute) ([]Event, error) {
	if c.By.Side != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrForbidden, "clients_dispute", "only a client disputes its invoice; credit it instead")
	}
	line, known := s.claim.line(c.Line)
	if !known {
		return nil, errNoSuchLine
	}
	whole := decimal.Max(line.Net, decimal.Zero) // Nobody owes a line that is below zero.
	amount := c.Amount
	if amount.IsZero() {
		amount = whole
	}
	var check domain.Check
	if !amount.IsZero() {
		s.checkAmount(&check, amount)
	}
	check.That(!c.Dispute.IsZero(), "dispute", "must be given")
	checkReason(&check, "reason", c.Reason, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if was, repeated := s.claim.objection(c.Dispute); repeated {
		if was.Line == c.Line && was.Amount.Equal(amount) && was.Reason == c.Reason {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "dispute_exists", "dispute %s exists with another content", c.Dispute)
	}
	switch {
	case amount.GreaterThan(whole):
		return nil, domain.Refuse(domain.ErrConflict, "more_than_line", "the line comes to %s; dispute at most that", whole)
	case s.Voided() != "":
		return nil, domain.Refuse(domain.ErrConflict, "invoice_voided", "the invoice was taken back by %s", s.Voided())
	case slices.ContainsFunc(s.claim.disputes, func(o Objection) bool { return o.Line == c.Line && o.open() }):
		return nil, domain.Refuse(domain.ErrConflict, "line_disputed", "the line is disputed already; withdraw that dispute first")
	case len(s.claim.disputes) >= MaxDisputes:
		return nil, domain.Refuse(domain.ErrConflict, "too_many_disputes", "an invoice takes at most %d disputes", MaxDisputes)
	}
	return []Event{Disputed{Dispute: c.Dispute, Line: c.Line, Amount: amount, Reason: c.Reason, By: c.By.Person, At: c.At}}, nil
}

func (s State) withdrawDispute(c WithdrawDispute) ([]Event, error) {
	if c.By.Side != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrForbidden, "clients_dispute", "only the client withdraws its dispute; settle it instead")
	}
	was, known := s.claim.objection(c.Dispute)
	switch {
	case !known:
		return nil, errNoSuchDispute
	case was.Status == visible.DisputeWithdrawn:
		return nil, nil
	case !was.open():
		return nil, was.over()
	}
	return []Event{DisputeWithdrawn{Dispute: c.Dispute, By: c.By.Person, At: c.At}}, nil
}

var errNoSuchDispute = domain.Refuse(domain.ErrNotFound, "no_such_dispute", "the invoice has no such dispute")

// over refuses what only an open dispute allows.
func (o Objection) over() error {
	return domain.Refuse(domain.ErrConflict, "dispute_over", "the dispute is %s", o.Status)
}

func (s State) takeDispute(c TakeDispute) ([]Event, error) {
	was, known := s.claim.objection(c.Dispute)
	switch {
	case !known:
		return nil, errNoSuchDispute
	case !was.open():
		return nil, was.over()
	case was.Status == visible.DisputeReviewed && was.TakenBy == c.By.Person:
		return nil, nil
	}
	return []Event{DisputeTaken{Dispute: c.Dispute, By: c.By.Person, At: c.At}}, nil
}

func (s State) settleDispute(c SettleDispute) ([]Event, error) {
	was, known := s.claim.objection(c.Dispute)
	switch {
	case !known:
		return nil, errNoSuchDispute
	case was.Status == settled(c.Accepted) && was.Answer == c.Answer:
		return nil, nil
	case !was.open():
		return nil, was.over()
	}
	var check domain.Check
	checkReason(&check, "answer", c.Answer, 1)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{DisputeSettled{Dispute: c.Dispute, Accepted: c.Accepted, Answer: c.Answer, By: c.By.Person, At: c.At}}, nil
}

// settled is the state of an answered dispute.
func settled(accepted bool) string {
	if accepted {
		return visible.DisputeAccepted
	}
	return visible.DisputeRejected
}
