package staff

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"effigate/domain/calendar"
	"effigate/domain/forecast"
)

// Forecast is a row of forecasts: when the hours of a line will be used up, as it was told once.
type Forecast struct {
	ID                     uuid.UUID `db:"id" json:"id"`
	Contract               uuid.UUID `db:"contract" json:"contract"`
	Line                   string    `db:"line" json:"line"`
	AsOf                   string    `db:"as_of" json:"as_of"`
	Verdict                string    `db:"verdict" json:"verdict"` // one of domain/forecast
	Date                   string    `db:"date" json:"date"`
	Earliest               string    `db:"earliest" json:"earliest"` // P10
	Latest                 string    `db:"latest" json:"latest"`     // P90; empty when the band is open
	Why                    string    `db:"why" json:"why"`
	RateMilliminutes       int64     `db:"rate_milliminutes" json:"rate_milliminutes"`             // of a business day
	UnapprovedMilliminutes int64     `db:"unapproved_milliminutes" json:"unapproved_milliminutes"` // of that, not approved yet
	Input                  string    `db:"input" json:"-"`                                         // forecast.Input as JSON
	MadeAt                 time.Time `db:"made_at" json:"made_at"`
	Revision               int64     `db:"revision" json:"revision"`
}

const forecastColumns = `id, contract, line, as_of, verdict, date, earliest, latest, why, rate_milliminutes, unapproved_milliminutes,
	input, made_at, revision`

// LatestForecasts gives the newest forecast of each line of a contract, by line, at most MaxLimit.
func LatestForecasts(ctx context.Context, db Queryer, contract uuid.UUID) ([]Forecast, error) {
	forecasts, err := list[Forecast](ctx, db, `
		SELECT DISTINCT ON (line) `+forecastColumns+`
		FROM forecasts
		WHERE contract = $1
		ORDER BY line, made_at DESC, id DESC
		LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list forecasts of contract %s: %w", contract, err)
	}
	return forecasts, nil
}

// Told is a forecast of the past with how it turned out.
type Told struct {
	Forecast
	Scored          bool   `json:"scored" doc:"It is known how it turned out."`
	Within          bool   `json:"within" doc:"The hours were used up within the band."`
	UsedUp          string `json:"used_up" doc:"The day on which they were; empty while they are not."`
	OffBusinessDays int    `json:"off_business_days" doc:"How much later than the date told they were; negative when earlier."`
}

// Calibration is how often the bands of the forecasts of a contract held. A good method has about 80 percent: its
// bands run from P10 to P90.
type Calibration struct {
	Scored  int `json:"scored"`
	Within  int `json:"within"`
	Percent int `json:"percent" doc:"0 when none is scored yet."`
}

// ToldForecasts gives the forecasts of a contract from the newest on, at most limit, each compared with what happened
// up to today, and how well they were calibrated.
func ToldForecasts(ctx context.Context, db Queryer, contract uuid.UUID, today calendar.Date, limit int) ([]Told, Calibration, error) {
	forecasts, err := list[Forecast](ctx, db, `
		SELECT `+forecastColumns+` FROM forecasts WHERE contract = $1 ORDER BY made_at DESC, line, id LIMIT $2`, contract, bounded(limit))
	if err != nil {
		return nil, Calibration{}, fmt.Errorf("list forecasts of contract %s: %w", contract, err)
	}
	changes, err := hoursByDay(ctx, db, contract)
	if err != nil {
		return nil, Calibration{}, err
	}
	told, held := make([]Told, len(forecasts)), Calibration{}
	for i, row := range forecasts {
		if told[i], err = row.scored(changes, today); err != nil {
			return nil, Calibration{}, err
		}
		if told[i].Scored {
			held.Scored++
		}
		if told[i].Within {
			held.Within++
		}
	}
	if held.Scored > 0 {
		held.Percent = (100*held.Within + held.Scored/2) / held.Scored
	}
	return told, held, nil
}

// scored compares one forecast with what happened.
func (f Forecast) scored(changes []dayChange, today calendar.Date) (Told, error) {
	var input forecast.Input
	if err := json.Unmarshal([]byte(f.Input), &input); err != nil {
		return Told{}, fmt.Errorf("decode input of forecast %s: %w", f.ID, err)
	}
	usedUp := usedUpOn(changes, f.Line, input)
	score := forecast.Rate(input, forecast.Forecast{
		Verdict: forecast.Verdict(f.Verdict), Date: calendar.Date(f.Date), Earliest: calendar.Date(f.Earliest), Latest: calendar.Date(f.Latest),
	}, usedUp, today)
	return Told{
		Forecast: f, Scored: score.Known, Within: score.Known && score.Within, UsedUp: string(usedUp), OffBusinessDays: score.OffBusinessDays,
	}, nil
}

// dayChange is what came to the hours of a line on a day, and what went.
type dayChange struct {
	Line  string `db:"line"`
	Day   string `db:"day"`
	Came  int64  `db:"came"`  // granted
	Went  int64  `db:"went"`  // drawn, or expired when the day was over
	Drawn bool   `db:"drawn"` // by work
}

// maxChanges bounds the days that a score looks at: 50 lines for ten years would be more.
const maxChanges = 100_000

// hoursByDay gives what happened to the hours of all lines of a contract, by day.
func hoursByDay(ctx context.Context, db Queryer, contract uuid.UUID) ([]dayChange, error) {
	changes, err := list[dayChange](ctx, db, `
		SELECT line, from_day AS day, sum(minutes + adjusted_minutes)::bigint AS came, 0::bigint AS went, false AS drawn
		FROM buckets WHERE contract = $1 GROUP BY line, from_day
		UNION ALL
		SELECT h.line, p.month || '-01', coalesce(h.included_minutes, 0), 0, false
		FROM periods AS p, json_to_recordset(p.hours::json) AS h (line text, included_minutes bigint)
		WHERE p.contract = $1
		UNION ALL
		SELECT h.line, ((p.month || '-01')::date + interval '1 month')::date::text, 0, coalesce(h.expired_minutes, 0), false
		FROM periods AS p, json_to_recordset(p.hours::json) AS h (line text, expired_minutes bigint)
		WHERE p.contract = $1
		UNION ALL
		SELECT line, day, 0, sum(drawn_minutes)::bigint, true
		FROM time_records WHERE contract = $1 AND status = 'approved' AND drawn_minutes <> 0 GROUP BY line, day
		ORDER BY day, drawn LIMIT $2`, contract, maxChanges)
	if err != nil {
		return nil, fmt.Errorf("list hours of contract %s by day: %w", contract, err)
	}
	return changes, nil
}

// usedUpOn is the day on which nothing was left of the hours that a forecast spoke of and of those that came since;
// empty while something is. What came on the day of the forecast it had counted already.
func usedUpOn(changes []dayChange, line string, told forecast.Input) calendar.Date {
	left := int64(told.RemainingMinutes)
	begin, _ := slices.BinarySearchFunc(changes, string(told.AsOf), func(c dayChange, day string) int { return cmp.Compare(c.Day, day) })
	for _, change := range changes[begin:] {
		if change.Line != line || !change.Drawn && change.Day == string(told.AsOf) {
			continue
		}
		if left += change.Came - change.Went; left <= 0 {
			return calendar.Date(change.Day)
		}
	}
	return ""
}
