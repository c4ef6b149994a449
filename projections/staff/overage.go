package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// OverageRequests projects what clients are asked, and what they answer.
var OverageRequests = projections.Projection[domain.Recorded, rows.OverageRequest]{
	Table: "overage_requests", Key: requestOf, Evolve: evolveRequest,
}

func requestOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case period.OverageAsked:
		return e.Request, true
	case period.OverageAnswered:
		return e.Request, true
	default:
		return uuid.Nil, false
	}
}

func evolveRequest(row rows.OverageRequest, r domain.Recorded) (rows.OverageRequest, bool) {
	contract, month := periodStream(r)
	row.Contract, row.Month = contract, string(month)
	switch e := r.Event.(type) {
	case period.OverageAsked:
		row.Line, row.Minutes, row.Question, row.Status = e.Line, e.Minutes, e.Text, rows.OverageOpen
		row.AskedBy, row.AskedAt = known(e.By.UUID), e.At
	case period.OverageAnswered:
		row.Answer, row.Status = e.Reason, rows.OverageRefused
		if e.Allowed {
			row.Status = rows.OverageAllowed
		}
		row.AnsweredBy, row.AnsweredAt = known(e.By.UUID), &e.At
	}
	return row, true
}
