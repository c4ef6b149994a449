package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The states of a deduction. A countered one was confirmed, and given back by an entry of the same amount.
const (
	DeductionProposed  = "proposed"
	DeductionConfirmed = "confirmed"
	DeductionWaived    = "waived"
	DeductionCountered = "countered"
)

// Deduction is a row of deductions: money that a clause gives back for a missed promise.
type Deduction struct {
	ID             uuid.UUID  `db:"id" json:"id"`
	Contract       uuid.UUID  `db:"contract" json:"contract"`
	Month          string     `db:"month" json:"month"`
	Ticket         uuid.UUID  `db:"ticket" json:"ticket"`
	Goal           string     `db:"goal" json:"goal" enum:"first_response,resolution"`
	Cycle          int        `db:"cycle" json:"cycle"`
	Clause         string     `db:"clause" json:"clause" doc:"The key of the contract's clause."`
	Promise        string     `db:"promise" json:"promise" doc:"The clause's name of what was promised."`
	BreachedAt     time.Time  `db:"breached_at" json:"breached_at" doc:"The due instant that passed."`
	OverrunSeconds int64      `db:"overrun_seconds" json:"overrun_seconds" doc:"Of opening time; 0 while the promise is not kept."`
	Running        bool       `db:"running" json:"running" doc:"The promise is not kept yet."`
	Status         string     `db:"status" json:"status" enum:"proposed,confirmed,waived,countered"`
	Amount         string     `db:"amount" json:"amount" doc:"In the contract's currency: of a proposed one as of now, else as it was decided."`
	Why            string     `db:"why" json:"why" doc:"How the amount was worked out."`
	ProposedAt     time.Time  `db:"proposed_at" json:"proposed_at"`
	AskedBy        *uuid.UUID `db:"asked_by" json:"asked_by,omitempty" doc:"Who asked for a waiver that a second person must agree to."`
	AskedAt        *time.Time `db:"asked_at" json:"asked_at,omitempty"`
	AskedReason    string     `db:"asked_reason" json:"asked_reason,omitempty"`
	DecidedBy      *uuid.UUID `db:"decided_by" json:"decided_by,omitempty" doc:"Who confirmed or waived it; absent when its breach was excused."`
	DecidedAt      *time.Time `db:"decided_at" json:"decided_at,omitempty"`
	CounteredAt    *time.Time `db:"countered_at" json:"countered_at,omitempty"`
	Reason         string     `db:"reason" json:"reason,omitempty" doc:"Why it was waived or countered."`
}

// DeductionLine is a deduction with what its ticket is called.
type DeductionLine struct {
	Deduction
	VisibleNumber *int64 `db:"visible_number" json:"-"`
	Title         string `db:"title" json:"title" doc:"Of the ticket."`
}

// Number is the number of the ticket, which its client sees.
func (d DeductionLine) Number() Number {
	if d.VisibleNumber == nil {
		return Number{}
	}
	return Number{Value: *d.VisibleNumber}
}

// DeductionsIn gives the deductions of a period of a contract in the order of the breaches, at most MaxLimit.
func DeductionsIn(ctx context.Context, db Queryer, contract uuid.UUID, month string) ([]DeductionLine, error) {
	deductions, err := list[DeductionLine](ctx, db, `
		SELECT d.id, d.contract, d.month, d.ticket, d.goal, d.cycle, d.clause, d.promise, d.breached_at, d.overrun_seconds,
			d.running, d.status, d.amount, d.why, d.proposed_at, d.asked_by, d.asked_at, d.asked_reason, d.decided_by, d.decided_at,
			d.countered_at, d.reason, t.visible_number, coalesce(t.title, '') AS title
		FROM deductions AS d
		LEFT JOIN tickets AS t ON t.id = d.ticket
		WHERE d.contract = $1 AND d.month = $2 ORDER BY d.breached_at, d.id LIMIT $3`, contract, month, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list deductions of contract %s: %w", contract, err)
	}
	return deductions, nil
}
