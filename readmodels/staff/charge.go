package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// PeriodCharge is a row of charges: something of a period that is not time.
type PeriodCharge struct {
	ID          uuid.UUID  `db:"id" json:"id"`
	Contract    uuid.UUID  `db:"contract" json:"contract"`
	Month       string     `db:"month" json:"month"`
	Line        string     `db:"line" json:"line"`
	What        string     `db:"what" json:"what" enum:"milestone,fee,other"`
	Wording     string     `db:"wording" json:"text" doc:"As the client will read it on the invoice."`
	Day         string     `db:"day" json:"day"`
	Amount      string     `db:"amount" json:"amount" doc:"Before tax, in the contract's currency."`
	TaxCategory string     `db:"tax_category" json:"tax_category"`
	Milestone   string     `db:"milestone" json:"milestone"`
	AddedBy     *uuid.UUID `db:"added_by" json:"added_by,omitempty"`
	AddedAt     time.Time  `db:"added_at" json:"added_at"`
}

// Charges gives what a period of a contract charges beside time, by day, at most MaxLimit.
func Charges(ctx context.Context, db Queryer, contract uuid.UUID, month string) ([]PeriodCharge, error) {
	charges, err := list[PeriodCharge](ctx, db, `
		SELECT id, contract, month, line, what, wording, day, amount, tax_category, milestone, added_by, added_at
		FROM charges
		WHERE contract = $1 AND month = $2 ORDER BY day, id LIMIT $3`, contract, month, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list charges of contract %s: %w", contract, err)
	}
	return charges, nil
}
