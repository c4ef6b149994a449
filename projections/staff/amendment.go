package staff

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Amendments projects the amendments of contracts; their terms are rows of contract_versions.
var Amendments = projections.Projection[domain.Recorded, rows.Proposal]{
	Table: "amendments", Key: amendmentOf, Evolve: evolveAmendment,
}

// amendmentOf names the amendment that an event is about.
func amendmentOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case contract.AmendmentProposed:
		return e.Amendment.UUID, true
	case contract.AmendmentApproved:
		return e.Amendment.UUID, true
	case contract.AmendmentRejected:
		return e.Amendment.UUID, true
	case contract.AmendmentOffered:
		return e.Amendment.UUID, true
	case contract.AmendmentAccepted:
		return e.Amendment.UUID, true
	case contract.AmendmentDeclined:
		return e.Amendment.UUID, true
	case contract.AmendmentWithdrawn:
		return e.Amendment.UUID, true
	case contract.AmendmentSuperseded:
		return e.Amendment.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveAmendment(row rows.Proposal, r domain.Recorded) (rows.Proposal, bool) {
	row.Revision = r.Revision
	enter := func(status contract.AmendmentStatus, by domain.PersonID, at time.Time) {
		row.Status, row.StatusBy, row.StatusAt = string(status), known(by.UUID), at
	}
	switch e := r.Event.(type) {
	case contract.AmendmentProposed:
		row.Contract, row.Base, row.Effective = streamID(r, "contract"), e.Base, string(e.Effective)
		row.Statement, row.Reason, row.Value, row.Needed = e.Statement, e.Staff.Reason, amount(e.Staff.Value), e.Staff.Approvals
		row.ProposedBy, row.ProposedAt = known(e.By.UUID), e.At
		enter(contract.AmendmentInReview, e.By, e.At)
	case contract.AmendmentApproved:
		row.ApprovedBy = appended(row.ApprovedBy, rows.Approval{By: e.By.UUID, At: e.At})
		if given, err := row.Approvals(); err == nil && len(given) >= row.Needed {
			enter(contract.AmendmentReady, e.By, e.At)
		}
	case contract.AmendmentRejected:
		row.Answer = e.Staff.Reason
		enter(contract.AmendmentNo, e.By, e.At)
	case contract.AmendmentOffered:
		enter(contract.AmendmentOut, e.By, e.At)
	case contract.AmendmentAccepted:
		row.Version, row.Evidence = e.Version, text(e.Evidence)
		enter(contract.AmendmentInForce, e.By, e.At)
	case contract.AmendmentDeclined:
		row.Answer = e.Reason
		enter(contract.AmendmentRefused, e.By, e.At)
	case contract.AmendmentWithdrawn:
		enter(contract.AmendmentBack, e.By, e.At)
	case contract.AmendmentSuperseded:
		row.SupersededBy = known(e.ByAmendment.UUID)
		enter(contract.AmendmentOvertook, e.By, e.At)
	}
	return row, true
}

// appended adds an item to a JSON list that a column holds.
func appended[I any](list string, item I) string {
	var items []I
	if list != "" {
		if err := json.Unmarshal([]byte(list), &items); err != nil {
			panic(err) // Nothing but this function wrote it.
		}
	}
	return text(append(items, item))
}

// amount is a decimal as a column holds it; empty for zero, which says that none was given.
func amount(value decimal.Decimal) string {
	if value.IsZero() {
		return ""
	}
	return value.String()
}
