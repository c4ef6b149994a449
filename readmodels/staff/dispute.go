package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Dispute is a row of disputes: a client's objection to a line of an invoice.
type Dispute struct {
	ID        uuid.UUID  `db:"id" json:"id"`
	Invoice   uuid.UUID  `db:"invoice" json:"invoice"`
	Line      uuid.UUID  `db:"line" json:"line"`
	Amount    string     `db:"amount" json:"amount" doc:"Of the line before tax."`
	Reason    string     `db:"reason" json:"reason"`
	State     string     `db:"state" json:"state" enum:"open,under_review,accepted,rejected,withdrawn"`
	Answer    string     `db:"answer" json:"answer,omitempty"`
	RaisedBy  *uuid.UUID `db:"raised_by" json:"raised_by,omitempty"`
	RaisedAt  time.Time  `db:"raised_at" json:"raised_at"`
	TakenBy   *uuid.UUID `db:"taken_by" json:"taken_by,omitempty"`
	TakenAt   *time.Time `db:"taken_at" json:"taken_at,omitempty"`
	SettledBy *uuid.UUID `db:"settled_by" json:"settled_by,omitempty" doc:"Who answered or withdrew it."`
	SettledAt *time.Time `db:"settled_at" json:"settled_at,omitempty"`
}

// DisputeLine is a dispute with the invoice that it is about.
type DisputeLine struct {
	Dispute
	Number     string    `db:"number" json:"number" doc:"Of the invoice."`
	Client     uuid.UUID `db:"client" json:"client"`
	ClientName string    `db:"client_name" json:"client_name"`
	Currency   string    `db:"currency" json:"currency"`
}

const disputes = `
	SELECT d.id, d.invoice, d.line, d.amount, d.reason, d.state, d.answer, d.raised_by, d.raised_at, d.taken_by, d.taken_at,
		d.settled_by, d.settled_at, i.number, i.client, coalesce(c.name, '') AS client_name, i.currency
	FROM disputes AS d
	JOIN invoices AS i ON i.id = d.invoice
	LEFT JOIN clients AS c ON c.id = i.client`

// OpenDisputes gives the disputes that nobody has settled, the oldest first, at most limit.
func OpenDisputes(ctx context.Context, db Queryer, limit int) ([]DisputeLine, error) {
	found, err := list[DisputeLine](ctx, db, disputes+`
		WHERE d.state IN ('open', 'under_review') ORDER BY d.raised_at, d.id LIMIT $1`, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("list open disputes: %w", err)
	}
	return found, nil
}

// DisputesOf gives the disputes of an invoice, the oldest first, at most MaxLimit.
func DisputesOf(ctx context.Context, db Queryer, invoice uuid.UUID) ([]DisputeLine, error) {
	found, err := list[DisputeLine](ctx, db, disputes+` WHERE d.invoice = $1 ORDER BY d.raised_at, d.id LIMIT $2`, invoice, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list disputes of invoice %s: %w", invoice, err)
	}
	return found, nil
}

// DisputeByID gives one dispute; domain.ErrNotFound when there is none.
func DisputeByID(ctx context.Context, db Queryer, id uuid.UUID) (DisputeLine, error) {
	dispute, err := one[DisputeLine](ctx, db, disputes+` WHERE d.id = $1`, id)
	return dispute, notFound(err, "no_such_dispute", "dispute", id)
}
