package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Deductions projects what missed promises give back.
var Deductions = projections.Projection[domain.Recorded, rows.Deduction]{
	Table: "deductions", Key: deductionOf, Evolve: evolveDeduction,
}

func deductionOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case period.DeductionProposed:
		return e.Deduction.UUID, true
	case period.DeductionConfirmed:
		return e.Deduction.UUID, true
	case period.DeductionWaiverAsked:
		return e.Deduction.UUID, true
	case period.DeductionWaived:
		return e.Deduction.UUID, true
	case period.DeductionCountered:
		return e.Deduction.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveDeduction(row rows.Deduction, r domain.Recorded) (rows.Deduction, bool) {
	contract, month := periodStream(r)
	row.Contract, row.Month = contract, string(month)
	switch e := r.Event.(type) {
	case period.DeductionProposed:
		said := e.Staff
		if amount := said.Amount.String(); row.Amount != amount { // Who asked for a waiver agreed to another one.
			row.Amount, row.AskedBy, row.AskedAt, row.AskedReason = amount, nil, nil, ""
		}
		row.Ticket, row.Goal, row.Cycle = e.Ticket.UUID, string(said.Goal), said.Cycle
		row.Clause, row.Promise, row.BreachedAt = said.Clause.Key, said.Clause.Name, said.Breached
		row.OverrunSeconds, row.Running, row.Why = said.OverrunSeconds, said.Running, said.Why
		row.Status, row.ProposedAt = rows.DeductionProposed, e.At
	case period.DeductionConfirmed:
		row.Status, row.Amount, row.Why = rows.DeductionConfirmed, e.Staff.Amount.String(), e.Staff.Why
		row.DecidedBy, row.DecidedAt = known(e.By.UUID), &e.At
	case period.DeductionWaiverAsked:
		row.AskedBy, row.AskedAt, row.AskedReason = known(e.By.UUID), &e.At, e.Staff.Reason
	case period.DeductionWaived:
		row.Status, row.Reason = rows.DeductionWaived, e.Staff.Reason
		row.DecidedBy, row.DecidedAt = known(e.By.UUID), &e.At
	case period.DeductionCountered:
		row.Status, row.Reason, row.CounteredAt = rows.DeductionCountered, e.Staff.Reason, &e.At
	}
	return row, true
}
