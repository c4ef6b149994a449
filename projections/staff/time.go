package staff

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// TimeRecords projects time records. A record that moves stands in two streams: in the log it leaves the one before
// it arrives in the other, and the row goes along.
var TimeRecords = projections.Projection[domain.Recorded, rows.TimeRecord]{
	Table: "time_records", Key: timeOf, Evolve: evolveTime,
}

// timeOf names the record that an event is about.
func timeOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case period.TimeLogged:
		return e.Time.UUID, true
	case period.TimeRevised:
		return e.Time.UUID, true
	case period.TimeDiscarded:
		return e.Time.UUID, true
	case period.TimeSubmitted:
		return e.Time.UUID, true
	case period.TimeReturned:
		return e.Time.UUID, true
	case period.TimeApproved:
		return e.Time.UUID, true
	case period.TimeCorrected:
		return e.Time.UUID, true
	case period.TimeReversed:
		return e.Time.UUID, true
	case period.TimeMoved:
		return e.Time.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveTime(row rows.TimeRecord, r domain.Recorded) (rows.TimeRecord, bool) {
	contract, month := periodStream(r)
	enter := func(status string, by domain.PersonID, at time.Time) {
		row.Status, row.StatusBy, row.StatusAt = status, known(by.UUID), at
	}
	switch e := r.Event.(type) {
	case period.TimeLogged:
		row = rows.TimeRecord{ID: row.ID, Contract: contract, Month: string(month), MovedFrom: leftBehind(row)}
		row = entered(row, e.Record)
		row.Source, row.Late, row.Replaces = text(e.Staff.Source), e.Staff.Late, known(e.Replaces.UUID)
		row.LoggedBy, row.LoggedAt = known(e.By.UUID), e.At
		enter(rows.TimeDraft, e.By, e.At)
	case period.TimeRevised:
		row = entered(row, e.Record)
		row.ReturnReason = ""
		enter(rows.TimeDraft, e.By, e.At)
	case period.TimeDiscarded:
		enter(rows.TimeDiscarded, e.By, e.At)
	case period.TimeSubmitted:
		row.ReturnReason = ""
		enter(rows.TimeSubmitted, e.By, e.At)
	case period.TimeReturned:
		row = counted(row, period.TimeApprovedStaff{}, 0, 0)
		row.ReturnReason = e.Staff.Reason
		enter(rows.TimeReturned, e.By, e.At)
	case period.TimeApproved:
		row = counted(row, e.Staff, e.BilledMinutes, e.DrawnMinutes)
		enter(rows.TimeApproved, e.By, e.At)
	case period.TimeReversed:
		row = rows.TimeRecord{ID: row.ID, Contract: contract, Month: string(month), Reverses: known(e.Of.UUID), ReversesMonth: string(e.OfMonth)}
		row = counted(entered(row, e.Record), e.Staff, e.BilledMinutes, e.DrawnMinutes)
		row.Source, row.LoggedBy, row.LoggedAt = text(period.Source{}), known(e.By.UUID), e.At
		enter(rows.TimeApproved, e.By, e.At)
	case period.TimeCorrected:
		row.Reversal, row.Replacement = known(e.Reversal.UUID), known(e.Replacement.UUID)
		row.Correction, row.CorrectedInto = e.Staff.Reason, string(e.Staff.Into)
	case period.TimeMoved:
		row.MovesInto = string(e.Into)
		enter(rows.TimeMoved, e.By, e.At)
	}
	row.Revision = r.Revision
	return row, true
}

// leftBehind is the month that a record which now arrives had stood in; empty for a new one.
func leftBehind(row rows.TimeRecord) string {
	if row.Status == rows.TimeMoved {
		return row.Month
	}
	return ""
}

// entered fills in what somebody entered.
func entered(row rows.TimeRecord, e period.Record) rows.TimeRecord {
	row.JobType, row.Person, row.Day = e.JobType, known(e.Staff.Person.UUID), string(e.Day)
	row.WorkKind, row.WorkID, row.SupportLevel = string(e.Staff.Work.Kind), known(e.Staff.Work.ID), string(e.Staff.SupportLevel)
	row.From, row.Until = instant(e.From), instant(e.Until)
	row.Seconds, row.BreakSeconds, row.Zone, row.Condition = e.Seconds, e.BreakSeconds, e.Staff.Zone, string(e.Staff.Condition)
	row.Billing, row.BillingReason = string(e.Billing), e.Staff.Reason
	row.Description, row.Note = e.Description, e.Staff.Note
	return row
}

// counted fills in what a record counts for.
func counted(row rows.TimeRecord, by period.TimeApprovedStaff, billed, drawn int) rows.TimeRecord {
	row.BilledMinutes, row.DrawnMinutes = int64(billed), int64(drawn)
	row.Pin, row.Line, row.TZData, row.Parts = by.Pin, by.Line, by.TZData, ""
	if by.Parts != nil {
		row.Parts = text(by.Parts)
	}
	return row
}

// instant is nil for the zero instant.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
