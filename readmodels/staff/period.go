package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The states of a period.
const (
	PeriodOpen   = "open"
	PeriodClosed = "closed"
)

// Period is a row of periods.
type Period struct {
	ID          uuid.UUID  `db:"id" json:"id"`
	Contract    uuid.UUID  `db:"contract" json:"contract"`
	Client      uuid.UUID  `db:"client" json:"client"`
	Month       string     `db:"month" json:"month"`
	Zone        string     `db:"zone" json:"zone" doc:"IANA name; its days begin and end there."`
	Status      string     `db:"status" json:"status" enum:"open,closed"`
	Hours       string     `db:"hours" json:"-"`   // a JSON list of PeriodHours
	Pins        string     `db:"pins" json:"-"`    // a JSON list of Pin
	TopUps      string     `db:"top_ups" json:"-"` // a JSON list of TopUp
	Carried     bool       `db:"carried" json:"carried" doc:"It is known what the period before left over."`
	CarriedFrom string     `db:"carried_from" json:"carried_from"`
	Closing     string     `db:"closing" json:"-"` // the closing event as JSON; empty while it is open
	OpenedBy    *uuid.UUID `db:"opened_by" json:"opened_by,omitempty"`
	OpenedAt    time.Time  `db:"opened_at" json:"opened_at"`
	ClosedBy    *uuid.UUID `db:"closed_by" json:"closed_by,omitempty"`
	ClosedAt    *time.Time `db:"closed_at" json:"closed_at,omitempty"`
	// ReservedBy is the draft that charges it, BilledBy the invoice that did; BilledAs is that one's number.
	ReservedBy  *uuid.UUID `db:"reserved_by" json:"reserved_by,omitempty"`
	BeyondOrder string     `db:"beyond_order" json:"beyond_order,omitempty" doc:"Why the newest draft goes beyond the purchase order."`
	Released    string     `db:"released" json:"released,omitempty" doc:"Why the newest draft was given up."`
	BilledBy    *uuid.UUID `db:"billed_by" json:"billed_by,omitempty"`
	BilledAs    string     `db:"billed_as" json:"billed_as,omitempty"`
	BilledNet   string     `db:"billed_net" json:"billed_net,omitempty"`
	Also        string     `db:"also" json:"-"` // ids of drafts that took deductions of it alone, separated by spaces
	Revision    int64      `db:"revision" json:"revision"`
}

// PeriodHours is what a period itself did to the hours of a line, beside its time records.
type PeriodHours struct {
	Line             string `json:"line"`
	IncludedMinutes  int    `json:"included_minutes,omitzero"`  // by a retainer
	ExpiredMinutes   int    `json:"expired_minutes,omitzero"`   // at its end
	ShortfallMinutes int    `json:"shortfall_minutes,omitzero"` // drawn by minimums at its end
}

// Pin is what a period goes by from a day on.
type Pin struct {
	Number  int       `json:"pin"`
	From    string    `json:"from"`
	Version int       `json:"version"` // of the contract
	At      time.Time `json:"at"`
}

// TopUp is hours that a line's policy bought by itself.
type TopUp struct {
	Line    string    `json:"line"`
	Bucket  uuid.UUID `json:"bucket"`
	Minutes int       `json:"minutes"`
	At      time.Time `json:"at"`
}

const periodColumns = `id, contract, client, month, zone, status, hours, pins, top_ups, carried, carried_from, closing,
	opened_by, opened_at, closed_by, closed_at, reserved_by, beyond_order, released, billed_by, billed_as, billed_net, also, revision`

// PeriodsOf gives the billing periods of a contract, the newest first, at most MaxLimit.
func PeriodsOf(ctx context.Context, db Queryer, contract uuid.UUID) ([]Period, error) {
	periods, err := list[Period](ctx, db, `
		SELECT `+periodColumns+`
		FROM periods
		WHERE contract = $1 ORDER BY month DESC LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list periods of contract %s: %w", contract, err)
	}
	return periods, nil
}

// CurrencyOf gives the currency of a contract; domain.ErrNotFound when there is no such contract.
func CurrencyOf(ctx context.Context, db Queryer, contract uuid.UUID) (string, error) {
	type row struct {
		Currency string `db:"currency"`
	}
	found, err := one[row](ctx, db, `SELECT currency FROM contract_versions WHERE id = $1`, contract) // The first version has the contract's id.
	return found.Currency, notFound(err, "no_such_contract", "contract", contract)
}

// PeriodByMonth gives one period; domain.ErrNotFound while nobody opened it.
func PeriodByMonth(ctx context.Context, db Queryer, contract uuid.UUID, month string) (Period, error) {
	period, err := one[Period](ctx, db, `SELECT `+periodColumns+` FROM periods WHERE contract = $1 AND month = $2`, contract, month)
	return period, notFound(err, "no_such_period", "period "+month+" of contract", contract)
}
