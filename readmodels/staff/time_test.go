package staff_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/forecast"
	"effigate/domain/ticket"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// clocked adds a record of an hour that begins at an hour of a day.
func clocked(t *testing.T, w *stafftest.World, n int, day string, hour int, change map[string]any) {
	t.Helper()
	from, err := time.Parse("2006-01-02 15", fmt.Sprintf("%s %02d", day, hour))
	if err != nil {
		t.Fatal(err)
	}
	row := map[string]any{
		"id": id("time", n), "contract": id("contract", 1), "month": day[:7], "person": id("person", 1), "job_type": "api", "day": day,
		"from_at": from, "until_at": from.Add(time.Hour), "seconds": 3600, "status": staff.TimeDraft,
		"reverses": nil, "reversal": nil,
	}
	maps.Copy(row, change)
	insert(t, w, "time_records", row)
}

func TestListOfTime(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) { agreement(t, log, 1, 1, "", nil, contract.Activated{At: at(1)}) })
	clocked(t, w, 1, "2026-03-16", 9, nil)
	clocked(t, w, 2, "2026-03-16", 10, nil) // Touches the first one, and does not overlap.
	clocked(t, w, 3, "2026-03-16", 10, map[string]any{"person": id("person", 2)})
	clocked(t, w, 4, "2026-03-16", 9, map[string]any{"status": staff.TimeDiscarded})
	clocked(t, w, 5, "2026-03-17", 9, map[string]any{"status": staff.TimeSubmitted})
	clocked(t, w, 6, "2026-03-17", 9, map[string]any{"status": staff.TimeApproved})
	clocked(t, w, 7, "2026-03-17", 9, map[string]any{"status": staff.TimeApproved, "reverses": id("time", 6), "seconds": -3600})
	clocked(t, w, 8, "2026-04-01", 9, map[string]any{"status": staff.TimeMoved})
	numbers := func(times []staff.TimeLine) map[int]bool {
		found := map[int]bool{}
		for n := range 9 {
			for _, item := range times {
				if item.ID == id("time", n) {
					found[n] = item.Overlaps
				}
			}
		}
		return found
	}
	w.Read(t, func(tx pgx.Tx) error {
		for name, c := range map[string]struct {
			filter staff.TimeFilter
			want   map[int]bool
		}{
			"all":          {staff.TimeFilter{}, map[int]bool{1: false, 2: false, 3: false, 5: true, 6: true, 7: false}},
			"of a person":  {staff.TimeFilter{Person: id("person", 2)}, map[int]bool{3: false}},
			"of a day":     {staff.TimeFilter{From: "2026-03-17", Until: "2026-03-17"}, map[int]bool{5: true, 6: true, 7: false}},
			"in one state": {staff.TimeFilter{Contract: id("contract", 1), Statuses: []string{staff.TimeDiscarded}}, map[int]bool{4: false}},
			"of a period":  {staff.TimeFilter{Month: "2026-04", Statuses: []string{staff.TimeMoved}}, map[int]bool{8: false}},
		} {
			times, _, err := staff.Times(t.Context(), tx, c.filter)
			if diff := cmp.Diff(c.want, numbers(times)); diff != "" || err != nil {
				t.Errorf("%s (-want +got), %v:\n%s", name, err, diff)
			}
		}
		seen := 0
		for filter := (staff.TimeFilter{Limit: 4}); ; {
			times, next, err := staff.Times(t.Context(), tx, filter)
			if err != nil {
				return err
			}
			if seen += len(times); next.IsZero() {
				break
			}
			if filter.After, err = staff.ParseTimeCursor(next.String()); err != nil {
				return err
			}
		}
		if seen != 6 {
			t.Errorf("the pages have %d records", seen)
		}
		one, err := staff.TimeByID(t.Context(), tx, id("time", 5))
		if err != nil || !one.Overlaps || one.Reference == "" {
			t.Errorf("one: %+v, %v", one, err)
		}
		overlapping, err := staff.Overlapping(t.Context(), tx, id("time", 5))
		if err != nil || len(overlapping) != 1 || overlapping[0].ID != id("time", 6) {
			t.Errorf("overlapping: %+v, %v", overlapping, err)
		}
		waiting, more, err := staff.TimesWaiting(t.Context(), tx, 1)
		if err != nil || len(waiting) != 1 || more || waiting[0].ID != id("time", 5) {
			t.Errorf("waiting: %+v, %v", waiting, err)
		}
		totals, err := staff.TimeTotals(t.Context(), tx, id("contract", 1), "2026-03")
		if err != nil || len(totals) != 3 || totals[0] != (staff.TimeTotal{Status: staff.TimeApproved, Records: 2}) {
			t.Errorf("totals: %+v, %v", totals, err)
		}
		workables, err := staff.Workables(t.Context(), tx)
		if err != nil || len(workables) != 1 || len(workables[0].JobTypes) == 0 {
			t.Errorf("workables: %+v, %v", workables, err)
		}
		return nil
	})
}

func TestATimeCursorIsReadOrRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "2026-03-16", "2026-03-16 x", "x " + uuid.Nil.String()} {
		if cursor, err := staff.ParseTimeCursor(text); err == nil {
			t.Errorf("%q is read as %v", text, cursor)
		}
	}
}

// TestForecastsAreScored against the day on which the hours were used up: grants that came later count, and work
// from before the forecast was made does not.
func TestForecastsAreScored(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) { agreement(t, log, 1, 1, "", nil, contract.Activated{At: at(1)}) })
	tell := func(n int, line, asOf, verdict, date, earliest, latest string, left int) {
		t.Helper()
		input, err := json.Marshal(forecast.Input{AsOf: calendar.Date(asOf), Since: "2026-01-01", RemainingMinutes: left})
		if err != nil {
			t.Fatal(err)
		}
		insert(t, w, "forecasts", map[string]any{
			"id": id("forecast", n), "contract": id("contract", 1), "line": line, "as_of": asOf, "verdict": verdict, "date": date,
			"earliest": earliest, "latest": latest, "input": string(input), "made_at": at(n),
		})
	}
	tell(1, "work", "2026-02-02", "empties", "2026-02-10", "2026-02-06", "2026-02-20", 100)
	tell(2, "work", "2026-02-03", "empties", "2026-02-05", "2026-02-04", "2026-02-06", 100)
	tell(3, "work", "2026-02-04", "not_enough_data", "", "", "", 60)
	tell(4, "other", "2026-02-04", "empties", "2026-12-01", "2026-11-01", "2026-12-24", 60)
	for n, worked := range map[int]struct {
		day     string
		minutes int
	}{1: {"2026-02-01", 500}, 2: {"2026-02-03", 60}, 3: {"2026-02-11", 100}} {
		insert(t, w, "time_records", map[string]any{
			"id": id("time", n), "contract": id("contract", 1), "line": "work", "day": worked.day, "status": staff.TimeApproved, "drawn_minutes": worked.minutes,
		})
	}
	insert(t, w, "buckets", map[string]any{"id": id("bucket", 1), "contract": id("contract", 1), "line": "work", "minutes": 60, "from_day": "2026-02-09"})
	w.Read(t, func(tx pgx.Tx) error {
		told, held, err := staff.ToldForecasts(t.Context(), tx, id("contract", 1), "2026-03-16", 10)
		if err != nil {
			return err
		}
		got := map[string]string{}
		for _, f := range told {
			got[f.Line+" "+f.AsOf] = fmt.Sprint(f.Scored, f.Within, " ", f.UsedUp, " ", f.OffBusinessDays)
		}
		want := map[string]string{
			"work 2026-02-02": "true true 2026-02-11 1", "work 2026-02-03": "true false 2026-02-11 4",
			"work 2026-02-04": "false false  0", "other 2026-02-04": "false false  0",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scores (-want +got):\n%s", diff)
		}
		if held != (staff.Calibration{Scored: 2, Within: 1, Percent: 50}) {
			t.Errorf("calibration: %+v", held)
		}
		return nil
	})
}

func TestBooksOfAPeriod(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		agreement(t, log, 1, 1, "", nil)
		log.Record(t, stream(41), raised(41, 1), ticket.Numbered{Series: domain.ClientVisible, Number: 41, At: at(41)})
	})
	for n, month := range []string{"2026-02", "2026-03"} {
		insert(t, w, "periods", map[string]any{"id": id("period", n), "contract": id("contract", 1), "month": month, "status": staff.PeriodOpen, "hours": "[]"})
		insert(t, w, "charges", map[string]any{"id": id("charge", n), "contract": id("contract", 1), "month": month})
		insert(t, w, "hours_alerts", map[string]any{"id": id("alert", n), "contract": id("contract", 1), "month": month})
		insert(t, w, "overage_requests", map[string]any{"id": id("request", n), "contract": id("contract", 1), "month": month})
		insert(t, w, "deductions", map[string]any{"id": id("deduction", n), "contract": id("contract", 1), "month": month, "ticket": id("ticket", 41)})
	}
	insert(t, w, "timers", map[string]any{"id": id("person", 1), "running": true})
	w.Read(t, func(tx pgx.Tx) error {
		of := id("contract", 1)
		period, err := staff.PeriodByMonth(t.Context(), tx, of, "2026-03")
		if err != nil || period.ID != id("period", 1) {
			t.Errorf("period: %+v, %v", period, err)
		}
		if _, err := staff.PeriodByMonth(t.Context(), tx, of, "2026-04"); err == nil {
			t.Error("a period is found that nobody opened")
		}
		charges, err := staff.Charges(t.Context(), tx, of, "2026-03")
		if err != nil || len(charges) != 1 || charges[0].ID != id("charge", 1) {
			t.Errorf("charges: %+v, %v", charges, err)
		}
		alerts, err := staff.HoursAlertsIn(t.Context(), tx, of, "2026-02")
		if err != nil || len(alerts) != 1 || alerts[0].ID != id("alert", 0) {
			t.Errorf("alerts: %+v, %v", alerts, err)
		}
		requests, err := staff.OverageRequestsIn(t.Context(), tx, of, "2026-02")
		if err != nil || len(requests) != 1 || requests[0].ID != id("request", 0) {
			t.Errorf("requests: %+v, %v", requests, err)
		}
		deductions, err := staff.DeductionsIn(t.Context(), tx, of, "2026-02")
		if err != nil || len(deductions) != 1 || deductions[0].ID != id("deduction", 0) || deductions[0].Title != "Ticket 41" || deductions[0].Number().String() != "TKT-0041" {
			t.Errorf("deductions: %+v, %v", deductions, err)
		}
		if currency, err := staff.CurrencyOf(t.Context(), tx, of); err != nil || currency == "" {
			t.Errorf("currency: %q, %v", currency, err)
		}
		timer, err := staff.TimerOf(t.Context(), tx, id("person", 1))
		if err != nil || !timer.Running {
			t.Errorf("timer: %+v, %v", timer, err)
		}
		if timer, err = staff.TimerOf(t.Context(), tx, id("person", 2)); err != nil || timer.Running {
			t.Errorf("no timer: %+v, %v", timer, err)
		}
		zone, err := staff.LastZone(t.Context(), tx, id("person", 1))
		if err != nil || zone != "" {
			t.Errorf("zone: %q, %v", zone, err)
		}
		return nil
	})
}
