package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/payment"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Payments projects money that came in.
var Payments = projections.Projection[domain.Recorded, rows.Payment]{
	Table: "payments", Key: of[payment.Event]("payment"), Evolve: evolvePayment,
}

func evolvePayment(row rows.Payment, r domain.Recorded) (rows.Payment, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(payment.Event).(type) {
	case payment.Received:
		row.Client, row.Amount, row.Currency, row.Day = e.Client.UUID, e.Amount.String(), string(e.Currency), string(e.Day)
		row.Means, row.Source, row.Method, row.Reference, row.Key = string(e.Means), string(e.Staff.Source), e.Staff.Method, e.Staff.Reference, e.Staff.Key
		row.CreditNote, row.Allocated, row.Refunded = known(e.Staff.CreditNote.UUID), "0", "0"
		row.ReceivedBy, row.ReceivedAt = known(e.By.UUID), e.At
	case payment.Allocated:
		row.Allocated = plus(row.Allocated, e.Amount)
	case payment.Released:
		row.Allocated = plus(row.Allocated, e.Amount.Neg())
	case payment.Reversed:
		row.Reversed, row.Chargeback, row.ReversedBecause = string(e.Day), e.Staff.Chargeback, e.Staff.Reason
	case payment.Refunded:
		row.Refunded = plus(row.Refunded, e.Amount)
		row.Refunds = appended(row.Refunds, rows.Refund{
			Amount: e.Amount.String(), Day: string(e.Day), Reference: e.Staff.Reference, Reason: e.Staff.Reason, By: known(e.By.UUID), At: e.At,
		})
	}
	return row, true
}

// Allocations projects what of payments is set apart for invoices, one row for each pair. What an invoice did not take
// is no longer in it; a row goes when nothing is left.
var Allocations = projections.Projection[domain.Recorded, rows.AllocationRow]{
	Table: "allocations", Key: allocationOf, Evolve: evolveAllocation,
}

func allocationOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case payment.Allocated:
		return domain.Derive(streamID(r, "payment"), "allocation", e.Invoice.String()), true
	case payment.Released:
		return domain.Derive(streamID(r, "payment"), "allocation", e.Invoice.String()), true
	default:
		return uuid.Nil, false
	}
}

func evolveAllocation(row rows.AllocationRow, r domain.Recorded) (rows.AllocationRow, bool) {
	row.Payment = streamID(r, "payment")
	switch e := r.Event.(type) {
	case payment.Allocated:
		row.Invoice, row.Amount = e.Invoice.UUID, plus(row.Amount, e.Amount)
		row.AllocatedBy, row.AllocatedAt = known(e.By.UUID), e.At
	case payment.Released:
		row.Invoice, row.Amount = e.Invoice.UUID, plus(row.Amount, e.Amount.Neg())
	}
	return row, figure(row.Amount).IsPositive()
}
