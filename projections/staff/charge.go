package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Charges projects what periods charge beside time.
var Charges = projections.Projection[domain.Recorded, rows.PeriodCharge]{
	Table: "charges", Key: chargeOf, Evolve: evolveCharge,
}

func chargeOf(r domain.Recorded) (uuid.UUID, bool) {
	e, ok := r.Event.(period.ChargeAdded)
	return e.Charge.UUID, ok
}

func evolveCharge(row rows.PeriodCharge, r domain.Recorded) (rows.PeriodCharge, bool) {
	contract, month := periodStream(r)
	e := r.Event.(period.ChargeAdded)
	return rows.PeriodCharge{
		ID: row.ID, Contract: contract, Month: string(month), Line: e.Line, What: string(e.What), Wording: e.Text, Day: string(e.Day),
		Amount: e.Staff.Amount.String(), TaxCategory: e.Staff.TaxCategory, Milestone: e.Staff.Milestone,
		AddedBy: known(e.By.UUID), AddedAt: e.At,
	}, true
}
