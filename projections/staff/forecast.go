package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/period"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Forecasts projects every forecast as it was told.
var Forecasts = projections.Projection[domain.Recorded, rows.Forecast]{
	Table: "forecasts", Key: forecastOf, Evolve: evolveForecast,
}

func forecastOf(r domain.Recorded) (uuid.UUID, bool) {
	_, ok := r.Event.(period.ForecastMade)
	return r.ID, ok
}

func evolveForecast(row rows.Forecast, r domain.Recorded) (rows.Forecast, bool) {
	contract, _ := periodStream(r)
	e := r.Event.(period.ForecastMade)
	told := e.Staff.Forecast
	return rows.Forecast{
		ID: row.ID, Contract: contract, Line: e.Line, AsOf: string(e.Staff.Input.AsOf), Verdict: string(told.Verdict),
		Date: string(told.Date), Earliest: string(told.Earliest), Latest: string(told.Latest), Why: told.Why,
		RateMilliminutes: told.RateMilliminutes, UnapprovedMilliminutes: told.UnapprovedMilliminutes,
		Input: text(e.Staff.Input), MadeAt: e.At, Revision: r.Revision,
	}, true
}
