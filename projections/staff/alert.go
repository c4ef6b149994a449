package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// HoursAlerts projects the thresholds that lines reached, and that hours run out early. The latter is for staff alone,
// whatever the terms let the client hear.
var HoursAlerts = projections.Projection[domain.Recorded, rows.HoursAlert]{
	Table: "hours_alerts", Key: alertOf, Evolve: evolveAlert,
}

func alertOf(r domain.Recorded) (uuid.UUID, bool) {
	switch r.Event.(type) {
	case period.ThresholdReached, period.RunsOutEarly:
		return r.ID, true
	}
	return r.ID, false
}

func evolveAlert(row rows.HoursAlert, r domain.Recorded) (rows.HoursAlert, bool) {
	contract, month := periodStream(r)
	alert := rows.HoursAlert{ID: row.ID, Contract: contract, Month: string(month)}
	switch e := r.Event.(type) {
	case period.ThresholdReached:
		alert.Line, alert.Percent, alert.UsedMinutes, alert.OfMinutes = e.Line, e.Percent, e.UsedMinutes, e.OfMinutes
		alert.Spent, alert.Cap, alert.Shown, alert.ReachedAt = amount(e.Staff.Spent), amount(e.Staff.Cap), e.Shown, e.At
	case period.RunsOutEarly:
		alert.Line, alert.RunsOut, alert.Ends, alert.ReachedAt = e.Line, string(e.Date), string(e.Ends), e.At
	}
	return alert, true
}
