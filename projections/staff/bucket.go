package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/contract"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Buckets projects the hours that contracts granted.
var Buckets = projections.Projection[domain.Recorded, rows.Bucket]{
	Table: "buckets", Key: bucketOf, Evolve: evolveBucket,
}

// bucketOf names the bucket that an event is about.
func bucketOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case contract.BucketGranted:
		return e.Bucket.UUID, true
	case contract.BucketAdjusted:
		return e.Bucket.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveBucket(row rows.Bucket, r domain.Recorded) (rows.Bucket, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(type) {
	case contract.BucketGranted:
		row.Contract, row.Line, row.Minutes = streamID(r, "contract"), e.Line, e.Minutes
		row.From, row.Until, row.Source = string(e.From), string(e.Until), string(e.Source)
		row.Price, row.Reason = amount(e.Staff.Price), e.Staff.Reason
		row.GrantedBy, row.GrantedAt = known(e.By.UUID), e.At
	case contract.BucketAdjusted:
		row.AdjustedMinutes += e.Minutes
		row.Adjustments = appended(row.Adjustments, rows.BucketAdjustment{
			Minutes: e.Minutes, Day: string(e.Day), Reason: e.Staff.Reason, By: e.By.UUID, At: e.At,
		})
	}
	return row, true
}

// MilestonesReleased projects the entries of schedules that are billable.
var MilestonesReleased = projections.Projection[domain.Recorded, rows.MilestoneReleased]{
	Table: "milestones_released", Key: milestoneOf, Evolve: evolveMilestone,
}

// milestoneOf names the entry of a schedule that an event releases.
func milestoneOf(r domain.Recorded) (uuid.UUID, bool) {
	e, ok := r.Event.(contract.MilestoneReleased)
	if !ok {
		return uuid.Nil, false
	}
	return domain.Derive(streamID(r, "contract"), "milestone", e.Line, e.Milestone), true
}

func evolveMilestone(row rows.MilestoneReleased, r domain.Recorded) (rows.MilestoneReleased, bool) {
	e := r.Event.(contract.MilestoneReleased)
	row.Contract, row.Line, row.Milestone, row.Name = streamID(r, "contract"), e.Line, e.Milestone, e.Name
	row.Day, row.Charge, row.Amount = string(e.Day), e.Staff.Charge.UUID, e.Staff.Amount.String()
	row.ReleasedBy, row.ReleasedAt = known(e.By.UUID), e.At
	return row, true
}
