package staff

import (
	"encoding/json"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Contracts projects contracts.
var Contracts = projections.Projection[domain.Recorded, rows.Contract]{
	Table: "contracts", Key: of[contract.Event]("contract"), Evolve: evolveContract,
}

func evolveContract(row rows.Contract, r domain.Recorded) (rows.Contract, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(contract.Event).(type) {
	case contract.Drafted:
		row.Client, row.Reference, row.Type = e.Client.UUID, e.Reference, string(e.Type)
		row.SupportLevel, row.JobTypes = string(e.Staff.SupportLevel), jobTypes(e.JobTypes)
		row.Starts, row.Ends = string(e.Starts), string(e.Ends)
		row.Status, row.DraftedAt = string(contract.StatusDraft), e.At
	case contract.Activated:
		row.Status = string(contract.StatusActive)
	case contract.Terminated:
		row.Status, row.EndedBecause = string(contract.StatusTerminated), e.Staff.Reason
	}
	return row, true
}

// jobTypes gives the scope as the column holds it.
func jobTypes(scope []contract.JobType) string {
	list := make([]rows.JobType, len(scope))
	for i, jobType := range scope {
		list[i] = rows.JobType{Key: jobType.Key, Name: jobType.Name}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // Two plain texts always encode.
	}
	return string(text)
}
