package staff

import (
	"effigate/domain"
	"effigate/domain/timer"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Timers projects the timers of people.
var Timers = projections.Projection[domain.Recorded, rows.Timer]{
	Table: "timers", Key: of[timer.Event]("timer"), Evolve: evolveTimer,
}

func evolveTimer(row rows.Timer, r domain.Recorded) (rows.Timer, bool) {
	switch e := r.Event.(timer.Event).(type) {
	case timer.Started:
		row = rows.Timer{
			ID: row.ID, Running: true, Record: e.Staff.Time.UUID, Contract: e.Staff.Contract.UUID, WorkKind: e.Staff.WorkKind,
			WorkID: known(e.Staff.WorkID), JobType: e.Staff.JobType, SupportLevel: string(e.Staff.SupportLevel), Zone: e.Staff.Zone,
			Description: e.Staff.Description, Note: e.Staff.Note, StartedAt: e.At,
		}
	case timer.Described:
		row.Description, row.Note = e.Staff.Description, e.Staff.Note
	case timer.Stopped, timer.Discarded:
		row.Running = false
	}
	row.Revision = r.Revision
	return row, true
}
