package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Payment is a row of payments. Amounts are canonical numbers in its currency.
type Payment struct {
	ID              uuid.UUID  `db:"id" json:"id"`
	Client          uuid.UUID  `db:"client" json:"client"`
	Amount          string     `db:"amount" json:"amount"`
	Currency        string     `db:"currency" json:"currency"`
	Day             string     `db:"day" json:"day"`
	Source          string     `db:"source" json:"source" enum:"manual,gateway,credit_note"`
	Means           string     `db:"means" json:"means,omitempty" enum:"bank_transfer,card,direct_debit,cheque,cash,other" doc:"How it came, as the client's receipt says; empty when none is to be had."`
	Method          string     `db:"method" json:"method,omitempty" doc:"Only staff read it."`
	Reference       string     `db:"reference" json:"reference,omitempty"`
	Key             string     `db:"key" json:"key,omitempty" doc:"The gateway's id of it."`
	CreditNote      *uuid.UUID `db:"credit_note" json:"credit_note,omitempty"`
	Allocated       string     `db:"allocated" json:"allocated" doc:"What invoices took of it."`
	Refunded        string     `db:"refunded" json:"refunded"`
	Refunds         string     `db:"refunds" json:"-"` // a JSON list of Refund
	Reversed        string     `db:"reversed" json:"reversed,omitempty" doc:"The day when the money was taken back."`
	Chargeback      bool       `db:"chargeback" json:"chargeback,omitempty"`
	ReversedBecause string     `db:"reversed_because" json:"reversed_because,omitempty"`
	ReceivedBy      *uuid.UUID `db:"received_by" json:"received_by,omitempty"`
	ReceivedAt      time.Time  `db:"received_at" json:"received_at"`
	Revision        int64      `db:"revision" json:"revision"`
}

// Refund is what was paid back of a payment.
type Refund struct {
	Amount    string     `json:"amount"`
	Day       string     `json:"day"`
	Reference string     `json:"reference,omitzero"`
	Reason    string     `json:"reason"`
	By        *uuid.UUID `json:"by,omitzero"`
	At        time.Time  `json:"at"`
}

// PaidBack lists the refunds, oldest first.
func (p Payment) PaidBack() ([]Refund, error) {
	refunds := []Refund{}
	if p.Refunds == "" {
		return refunds, nil
	}
	if err := json.Unmarshal([]byte(p.Refunds), &refunds); err != nil {
		return nil, fmt.Errorf("decode refunds of payment %s: %w", p.ID, err)
	}
	return refunds, nil
}

// AllocationRow is a row of allocations: what of a payment is set apart for an invoice.
type AllocationRow struct {
	ID          uuid.UUID  `db:"id"`
	Payment     uuid.UUID  `db:"payment"`
	Invoice     uuid.UUID  `db:"invoice"`
	Amount      string     `db:"amount"`
	AllocatedBy *uuid.UUID `db:"allocated_by"`
	AllocatedAt time.Time  `db:"allocated_at"`
}

// Allocation is what an invoice takes of a payment.
type Allocation struct {
	Payment     uuid.UUID  `db:"payment" json:"payment"`
	Invoice     uuid.UUID  `db:"invoice" json:"invoice"`
	Number      string     `db:"number" json:"number" doc:"Of the invoice."`
	Amount      string     `db:"amount" json:"amount"`
	Day         string     `db:"day" json:"day" doc:"When the money was received."`
	Source      string     `db:"source" json:"source"`
	Reversed    string     `db:"reversed" json:"reversed,omitempty"`
	AllocatedBy *uuid.UUID `db:"allocated_by" json:"allocated_by,omitempty"`
	AllocatedAt time.Time  `db:"allocated_at" json:"allocated_at"`
}

// PaymentLine is a payment with what of it is left and where the rest went.
type PaymentLine struct {
	Payment
	ClientName  string       `db:"client_name" json:"client_name"`
	Unallocated string       `db:"unallocated" json:"unallocated" doc:"The client's credit: what no invoice took and nobody paid back."`
	Allocations []Allocation `db:"-" json:"allocations" nullable:"false"`
}

// unallocated is what of a payment p is the client's credit.
const unallocated = `CASE WHEN p.reversed <> '' THEN 0 ELSE p.amount::numeric - p.allocated::numeric - p.refunded::numeric END`

const paymentLines = `
	SELECT p.id, p.client, p.amount, p.currency, p.day, p.source, p.means, p.method, p.reference, p.key, p.credit_note, p.allocated,
		p.refunded, p.refunds, p.reversed, p.chargeback, p.reversed_because, p.received_by, p.received_at, p.revision,
		coalesce(c.name, '') AS client_name, trim_scale(` + unallocated + `)::text AS unallocated
	FROM payments AS p LEFT JOIN clients AS c ON c.id = p.client`

// PaymentFilter narrows the list of payments; the zero value of a field narrows nothing.
type PaymentFilter struct {
	Client      uuid.UUID
	Unallocated bool      // something is left that an invoice could take
	After       uuid.UUID // the last payment of the page before
	Limit       int       // at most MaxLimit, which zero stands for
}

// Payments gives payments, the newest first, and the last one given when there are more.
func Payments(ctx context.Context, db Queryer, filter PaymentFilter) ([]PaymentLine, uuid.UUID, error) {
	limit := bounded(filter.Limit)
	conditions, arguments := []string{"true"}, []any{}
	and := func(condition string, value any) {
		arguments = append(arguments, value)
		conditions = append(conditions, fmt.Sprintf(condition, len(arguments)))
	}
	if filter.Client != uuid.Nil {
		and("p.client = $%d", filter.Client)
	}
	if filter.Unallocated {
		conditions = append(conditions, "("+unallocated+") > 0")
	}
	if filter.After != uuid.Nil {
		and("(p.received_at, p.id) < (SELECT received_at, id FROM payments WHERE id = $%d)", filter.After)
	}
	arguments = append(arguments, limit+1)
	payments, err := list[PaymentLine](ctx, db, fmt.Sprintf("%s WHERE %s ORDER BY p.received_at DESC, p.id DESC LIMIT $%d",
		paymentLines, strings.Join(conditions, " AND "), len(arguments)), arguments...)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list payments: %w", err)
	}
	var next uuid.UUID
	if len(payments) > limit {
		payments = payments[:limit]
		next = payments[limit-1].ID
	}
	return payments, next, allocated(ctx, db, payments)
}

// PaymentByID gives one payment; domain.ErrNotFound when there is none.
func PaymentByID(ctx context.Context, db Queryer, id uuid.UUID) (PaymentLine, error) {
	payment, err := one[PaymentLine](ctx, db, paymentLines+` WHERE p.id = $1`, id)
	if err != nil {
		return PaymentLine{}, notFound(err, "no_such_payment", "payment", id)
	}
	lines := []PaymentLine{payment}
	err = allocated(ctx, db, lines)
	return lines[0], err
}

const allocations = `
	SELECT a.payment, a.invoice, coalesce(i.number, '') AS number, a.amount, p.day, p.source, p.reversed, a.allocated_by, a.allocated_at
	FROM allocations AS a
	JOIN payments AS p ON p.id = a.payment
	LEFT JOIN invoices AS i ON i.id = a.invoice`

// maxAllocations bounds the allocations that are read at once.
const maxAllocations = 20_000

// allocated fills in where payments went.
func allocated(ctx context.Context, db Queryer, payments []PaymentLine) error {
	ids := make([]uuid.UUID, len(payments))
	for i, payment := range payments {
		ids[i] = payment.ID
	}
	found, err := list[Allocation](ctx, db, allocations+` WHERE a.payment = ANY ($1::uuid[]) ORDER BY a.allocated_at, a.id LIMIT $2`, ids, maxAllocations)
	if err != nil {
		return fmt.Errorf("list allocations: %w", err)
	}
	by := map[uuid.UUID][]Allocation{}
	for _, allocation := range found {
		by[allocation.Payment] = append(by[allocation.Payment], allocation)
	}
	for i := range payments {
		payments[i].Allocations = append([]Allocation{}, by[payments[i].ID]...)
	}
	return nil
}

// AllocationsTo gives what an invoice takes of payments, oldest first, at most maxFollowing.
func AllocationsTo(ctx context.Context, db Queryer, invoice uuid.UUID) ([]Allocation, error) {
	found, err := list[Allocation](ctx, db, allocations+` WHERE a.invoice = $1 ORDER BY a.allocated_at, a.id LIMIT $2`, invoice, maxFollowing)
	if err != nil {
		return nil, fmt.Errorf("list payments of invoice %s: %w", invoice, err)
	}
	return found, nil
}
