package staff

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Contracts projects the life of contracts.
var Contracts = projections.Projection[domain.Recorded, rows.Contract]{
	Table: "contracts", Key: of[contract.Event]("contract"), Evolve: evolveContract,
}

func evolveContract(row rows.Contract, r domain.Recorded) (rows.Contract, bool) {
	row.Revision = r.Revision
	enter := func(status contract.Status, at time.Time) { row.Status, row.StatusAt = string(status), at }
	switch e := r.Event.(contract.Event).(type) {
	case contract.Drafted:
		row.Client, row.Zone, row.Reference = e.Client.UUID, e.Zone, e.Reference
		row.Version, row.Ends = 1, string(e.Terms.Agreed.Ends)
		row.DraftedBy, row.DraftedAt = known(e.By.UUID), e.At
		enter(contract.StatusDraft, e.At)
	case contract.Revised:
		row.Reference, row.Ends = e.Reference, string(e.Terms.Agreed.Ends)
	case contract.Submitted:
		enter(contract.StatusInReview, e.At)
	case contract.Returned:
		enter(contract.StatusDraft, e.At)
		row.Statement, row.Evidence = "", ""
	case contract.Offered:
		enter(contract.StatusOffered, e.At)
		row.Statement = e.Statement
	case contract.Accepted:
		enter(contract.StatusAccepted, e.At)
		row.Evidence = text(e.Evidence)
	case contract.Declined:
		enter(contract.StatusDraft, e.At)
	case contract.Activated:
		enter(contract.StatusActive, e.At)
	case contract.Suspended:
		enter(contract.StatusSuspended, e.At)
	case contract.Resumed:
		enter(contract.StatusActive, e.At)
	case contract.Renewed:
		row.Ends = string(e.Ends)
		if row.Status == string(contract.StatusExpired) {
			enter(contract.StatusActive, e.At)
		}
	case contract.Expired:
		enter(contract.StatusExpired, e.At)
	case contract.Terminated:
		enter(contract.StatusTerminated, e.At)
		row.EndedBecause, row.Ends = e.Staff.Reason, string(e.Ends)
	case contract.AmendmentAccepted:
		row.Version, row.Ends = e.Version, string(e.Ends)
	case contract.AmendmentProposed, contract.AmendmentApproved, contract.AmendmentRejected, contract.AmendmentOffered,
		contract.AmendmentDeclined, contract.AmendmentWithdrawn, contract.AmendmentSuperseded:
		// Rows of amendments.
	case contract.BucketGranted, contract.BucketAdjusted, contract.MilestoneReleased:
		// Rows of buckets and of milestones_released.
	}
	return row, true
}

// ContractVersions projects the terms of contracts, each as it was written.
var ContractVersions = projections.Projection[domain.Recorded, rows.ContractVersion]{
	Table: "contract_versions", Key: versionOf, Evolve: evolveVersion,
}

// versionOf names the version that an event writes or puts in force.
func versionOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case contract.Drafted, contract.Revised:
		return streamID(r, "contract"), true
	case contract.AmendmentProposed:
		return e.Amendment.UUID, true
	case contract.AmendmentAccepted:
		return e.Amendment.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveVersion(row rows.ContractVersion, r domain.Recorded) (rows.ContractVersion, bool) {
	row.Contract, row.Revision = streamID(r, "contract"), r.Revision
	switch e := r.Event.(type) {
	case contract.Drafted:
		row = written(row, e.Terms)
		row.Number, row.Effective = 1, row.Starts
	case contract.Revised:
		row = written(row, e.Terms)
		row.Number, row.Effective = 1, row.Starts
	case contract.AmendmentProposed:
		row = written(row, e.Terms)
		row.Effective = string(e.Effective)
	case contract.AmendmentAccepted:
		row.Number, row.AgreedAt = e.Version, &e.At
	}
	return row, true
}

// written fills in what terms say.
func written(row rows.ContractVersion, said terms.Terms) rows.ContractVersion {
	agreed := said.Agreed
	row.Type, row.SupportLevel, row.Currency = string(agreed.Type()), string(said.Staff.SupportLevel), string(agreed.Currency)
	row.Starts, row.NoticeDays, row.RenewMonths = string(agreed.Starts), agreed.NoticeDays, agreed.RenewMonths
	row.JobTypes, row.Terms = text(append([]terms.JobType{}, agreed.JobTypes()...)), text(said)
	return row
}

// text gives a value as a JSON column holds it.
func text(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // Plain values always encode.
	}
	return string(encoded)
}

// ContractSteps projects one row for each event of a contract.
var ContractSteps = projections.Projection[domain.Recorded, rows.ContractStep]{
	Table: "contract_steps", Key: contractStepOf, Evolve: evolveContractStep,
}

func contractStepOf(r domain.Recorded) (uuid.UUID, bool) {
	_, ok := r.Event.(contract.Event)
	return r.ID, ok
}

func evolveContractStep(row rows.ContractStep, r domain.Recorded) (rows.ContractStep, bool) {
	by, at, note := contractSignature(r.Event.(contract.Event))
	row.Contract, row.Revision, row.Note = streamID(r, "contract"), r.Revision, note
	row.Item, row.Actor, row.HappenedAt = row.Contract, known(by.UUID), at
	name := strings.TrimPrefix(r.Event.Kind(), "contract.")
	row.What = name[:strings.LastIndexByte(name, '.')]
	if amendment, ok := amendmentOf(r); ok {
		row.Item = amendment
	}
	if bucket, ok := bucketOf(r); ok {
		row.Item = bucket
	}
	return row, true
}

// contractSignature tells who made an event happen, when, and what they said about it.
func contractSignature(event contract.Event) (by domain.PersonID, at time.Time, note string) {
	switch e := event.(type) {
	case contract.Drafted:
		return e.By, e.At, e.Reference
	case contract.Revised:
		return e.By, e.At, e.Reference
	case contract.Submitted:
		return e.By, e.At, ""
	case contract.Returned:
		return e.By, e.At, e.Staff.Reason
	case contract.Offered:
		return e.By, e.At, e.Statement
	case contract.Accepted:
		return e.By, e.At, e.Evidence.Paper
	case contract.Declined:
		return e.By, e.At, e.Reason
	case contract.Activated:
		return e.By, e.At, ""
	case contract.Suspended:
		return e.By, e.At, e.Staff.Reason
	case contract.Resumed:
		return e.By, e.At, ""
	case contract.Renewed:
		return e.By, e.At, string(e.Ends)
	case contract.Expired:
		return e.By, e.At, ""
	case contract.Terminated:
		return e.By, e.At, e.Staff.Reason
	case contract.BucketGranted:
		return e.By, e.At, e.Staff.Reason
	case contract.BucketAdjusted:
		return e.By, e.At, e.Staff.Reason
	case contract.MilestoneReleased:
		return e.By, e.At, e.Name
	case contract.AmendmentProposed, contract.AmendmentApproved, contract.AmendmentRejected, contract.AmendmentOffered,
		contract.AmendmentAccepted, contract.AmendmentDeclined, contract.AmendmentWithdrawn, contract.AmendmentSuperseded:
		return amendmentSignature(e)
	}
	return domain.PersonID{}, time.Time{}, ""
}

func amendmentSignature(event contract.Event) (by domain.PersonID, at time.Time, note string) {
	switch e := event.(type) {
	case contract.AmendmentProposed:
		return e.By, e.At, e.Staff.Reason
	case contract.AmendmentApproved:
		return e.By, e.At, ""
	case contract.AmendmentRejected:
		return e.By, e.At, e.Staff.Reason
	case contract.AmendmentOffered:
		return e.By, e.At, ""
	case contract.AmendmentAccepted:
		return e.By, e.At, e.Evidence.Paper
	case contract.AmendmentDeclined:
		return e.By, e.At, e.Reason
	case contract.AmendmentWithdrawn:
		return e.By, e.At, ""
	case contract.AmendmentSuperseded:
		return e.By, e.At, ""
	default:
		return domain.PersonID{}, time.Time{}, ""
	}
}
