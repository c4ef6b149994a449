package staff_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/terms"
	"effigate/domain/timer"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

var (
	ofFebruary = period.Stream(domain.ContractID{UUID: agreement}, "2026-02")
	ofMarch    = period.Stream(domain.ContractID{UUID: agreement}, "2026-03")
	worked     = domain.TimeID{UUID: uuid.MustParse("71ae0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")}
)

// work is an evening's record of an engineer.
func work() period.Record {
	return period.Record{
		JobType: "api", From: at(0), Until: at(150), Day: "2026-02-10", Seconds: 7200, BreakSeconds: 1800,
		Billing: period.NoCharge, Description: "Export of large files",
		Staff: period.RecordStaff{
			Person: domain.PersonID{UUID: carl}, Work: period.Work{Kind: period.Ticket, ID: export}, SupportLevel: "24x7",
			Zone: "Australia/Sydney", Condition: hours.Emergency, Note: "It was the proxy.", Reason: "goodwill",
		},
	}
}

// timeRow is the row of work as a draft, with changes.
func timeRow(revision int64, since time.Time, change func(*rows.TimeRecord)) rows.TimeRecord {
	from, until := at(0), at(150)
	r := rows.TimeRecord{
		Contract: agreement, Month: "2026-02", JobType: "api", Person: &carl, WorkKind: "ticket", WorkID: &export, SupportLevel: "24x7",
		Day: "2026-02-10", From: &from, Until: &until, Seconds: 7200, BreakSeconds: 1800, Zone: "Australia/Sydney", Condition: "emergency",
		Billing: "no_charge", BillingReason: "goodwill", Description: "Export of large files", Note: "It was the proxy.",
		Source: `{"kind":"manual"}`, Status: rows.TimeDraft, LoggedBy: &carl, LoggedAt: at(0), StatusBy: &carl, StatusAt: since, Revision: revision,
	}
	change(&r)
	return r
}

func TestTimeRow(t *testing.T) {
	t.Parallel()
	by, approver := domain.PersonID{UUID: carl}, domain.PersonID{UUID: ada}
	parts := []period.Part{{Condition: hours.Emergency, From: at(0), Until: at(150), Seconds: 7200, BilledMinutes: 120, DrawnMinutes: 180}}
	counts := period.TimeApprovedStaff{Pin: 2, Line: "work", Parts: parts, TZData: "2026a"}
	encoded, err := json.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	logged := period.TimeLogged{Time: worked, Record: work(), Staff: period.TimeLoggedStaff{Source: period.Source{Kind: "manual"}}, By: by, At: at(0)}
	submitted := period.TimeSubmitted{Time: worked, By: by, At: at(1)}
	approved := period.TimeApproved{Time: worked, BilledMinutes: 120, DrawnMinutes: 180, Staff: counts, By: approver, At: at(2)}
	fixed := func(r *rows.TimeRecord) {
		r.Status, r.StatusBy, r.BilledMinutes, r.DrawnMinutes = rows.TimeApproved, &ada, 120, 180
		r.Pin, r.Line, r.TZData, r.Parts = 2, "work", "2026a", string(encoded)
	}
	for name, c := range map[string]struct {
		given []domain.Event
		want  rows.TimeRecord
	}{
		"logged":    {[]domain.Event{logged}, timeRow(0, at(0), func(*rows.TimeRecord) {})},
		"submitted": {[]domain.Event{logged, submitted}, timeRow(1, at(1), func(r *rows.TimeRecord) { r.Status = rows.TimeSubmitted })},
		"approved":  {[]domain.Event{logged, submitted, approved}, timeRow(2, at(2), fixed)},
		"returned after it was approved counts for nothing": {
			[]domain.Event{logged, submitted, approved, period.TimeReturned{Time: worked, Staff: period.TimeReturnedStaff{Reason: "name the ticket"}, By: approver, At: at(3)}},
			timeRow(3, at(3), func(r *rows.TimeRecord) {
				r.Status, r.StatusBy, r.ReturnReason = rows.TimeReturned, &ada, "name the ticket"
			}),
		},
		"revised after it was returned": {
			[]domain.Event{
				logged,
				period.TimeReturned{Time: worked, Staff: period.TimeReturnedStaff{Reason: "name the ticket"}, By: approver, At: at(3)},
				period.TimeRevised{Time: worked, Record: work(), By: by, At: at(4)},
			},
			timeRow(2, at(4), func(*rows.TimeRecord) {}),
		},
		"corrected": {
			[]domain.Event{logged, submitted, approved, period.TimeCorrected{
				Time: worked, Reversal: domain.TimeID{UUID: nexus}, Replacement: domain.TimeID{UUID: export},
				Staff: period.TimeCorrectedStaff{Reason: "wrong ticket", Into: "2026-03"}, By: approver, At: at(9),
			}},
			timeRow(3, at(2), func(r *rows.TimeRecord) {
				fixed(r)
				r.Reversal, r.Replacement, r.Correction, r.CorrectedInto = &nexus, &export, "wrong ticket", "2026-03"
			}),
		},
		"discarded": {
			[]domain.Event{logged, period.TimeDiscarded{Time: worked, By: by, At: at(1)}},
			timeRow(1, at(1), func(r *rows.TimeRecord) { r.Status = rows.TimeDiscarded }),
		},
		"a reversal": {
			[]domain.Event{period.TimeReversed{
				Time: worked, Of: domain.TimeID{UUID: nexus}, OfMonth: "2026-01", Record: work(), BilledMinutes: -120, DrawnMinutes: -180, Staff: counts, By: approver, At: at(5),
			}},
			timeRow(0, at(5), func(r *rows.TimeRecord) {
				fixed(r)
				r.BilledMinutes, r.DrawnMinutes, r.Source = -120, -180, `{"kind":""}`
				r.Reverses, r.ReversesMonth, r.LoggedBy, r.LoggedAt = &nexus, "2026-01", &ada, at(5)
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, final(staff.TimeRecords, ofFebruary, c.given...)); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAMovedRecordKeepsItsRow: it leaves one stream and arrives in another, under one id.
func TestAMovedRecordKeepsItsRow(t *testing.T) {
	t.Parallel()
	by := domain.PersonID{UUID: carl}
	row := rows.TimeRecord{ID: worked.UUID}
	for _, step := range []struct {
		stream string
		event  domain.Event
		want   string
	}{
		{ofFebruary, period.TimeLogged{Time: worked, Record: work(), By: by, At: at(0)}, "2026-02 draft"},
		{ofFebruary, period.TimeMoved{Time: worked, Into: "2026-03", By: by, At: at(1)}, "2026-02 moved"},
		{ofMarch, period.TimeLogged{Time: worked, Record: work(), Staff: period.TimeLoggedStaff{Late: true}, By: by, At: at(1)}, "2026-03 draft"},
		{ofMarch, period.TimeSubmitted{Time: worked, By: by, At: at(1)}, "2026-03 submitted"},
	} {
		r := domain.Recorded{Stream: step.stream, Event: step.event, Raw: domain.Raw{Kind: step.event.Kind()}}
		if key, ok := staff.TimeRecords.Key(r); !ok || key != worked.UUID {
			t.Fatalf("%s is about %s", r.Raw.Kind, key)
		}
		row, _ = staff.TimeRecords.Evolve(row, r)
		if got := row.Month + " " + row.Status; got != step.want || row.ID != worked.UUID {
			t.Errorf("after %s: %q of %s, want %q", r.Raw.Kind, got, row.ID, step.want)
		}
	}
	if row.MovedFrom != "2026-02" || row.MovesInto != "" || !row.Late {
		t.Errorf("the row does not say where it came from: %+v", row)
	}
}

func TestPeriodRow(t *testing.T) {
	t.Parallel()
	by := domain.PersonID{UUID: ada}
	included := period.IncludedLot(domain.ContractID{UUID: agreement}, "care", "2026-02")
	closed := period.Closed{
		Lots: []bucket.Statement{
			{Lot: included, Line: "care", GrantedMinutes: 900, DrawnMinutes: 600, ExpiredMinutes: 300},
			{Lot: export, Line: "work", CarriedInMinutes: 500, DrawnMinutes: 100, ExpiredMinutes: 40, RemainingMinutes: 360},
		},
		ShortfallByLine: []period.LineMinutes{{Line: "work", Minutes: 15}},
		By:              by, At: at(9),
	}
	got := final(staff.Periods, ofFebruary,
		period.Opened{Contract: domain.ContractID{UUID: agreement}, Client: domain.ClientID{UUID: nexus}, Month: "2026-02", Zone: "Australia/Sydney", By: by, At: at(0)},
		period.TermsPinned{Pin: 1, From: "2026-02-01", Granted: []bucket.Lot{{ID: included, Line: "care", GrantedMinutes: 600}, {ID: export, Line: "work", GrantedMinutes: 60}}, Staff: period.TermsPinnedStaff{Version: 1}, At: at(0)},
		period.CarriedIn{From: "2026-01", At: at(1)},
		period.TermsPinned{Pin: 2, From: "2026-02-10", Granted: []bucket.Lot{{ID: included, Line: "care", GrantedMinutes: 900}}, Staff: period.TermsPinnedStaff{Version: 2}, At: at(2)},
		period.TopUpDue{Line: "work", Bucket: domain.BucketID{UUID: carl}, Staff: period.TopUpDueStaff{Minutes: 600}, At: at(3)},
		closed,
	)
	closing, err := json.Marshal(closed)
	if err != nil {
		t.Fatal(err)
	}
	ended := at(9)
	want := rows.Period{
		Contract: agreement, Client: nexus, Month: "2026-02", Zone: "Australia/Sydney", Status: rows.PeriodClosed, Carried: true, CarriedFrom: "2026-01",
		Hours:   `[{"line":"care","included_minutes":900,"expired_minutes":300},{"line":"work","expired_minutes":40,"shortfall_minutes":15}]`,
		Pins:    `[{"pin":1,"from":"2026-02-01","version":1,"at":"` + at(0).Format(time.RFC3339) + `"},{"pin":2,"from":"2026-02-10","version":2,"at":"` + at(2).Format(time.RFC3339) + `"}]`,
		TopUps:  `[{"line":"work","bucket":"` + carl.String() + `","minutes":600,"at":"` + at(3).Format(time.RFC3339) + `"}]`,
		Closing: string(closing), OpenedBy: &ada, OpenedAt: at(0), ClosedBy: &ada, ClosedAt: &ended, Revision: 5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestRowsOfEventsOfAPeriod(t *testing.T) {
	t.Parallel()
	by := domain.PersonID{UUID: ada}
	charge := final(staff.Charges, ofFebruary, period.ChargeAdded{
		Charge: domain.ChargeID{UUID: export}, Line: "work", What: period.OtherCharge, Text: "Hosting", Day: "2026-02-03",
		Staff: period.ChargeAddedStaff{Amount: decimal.RequireFromString("12.50"), TaxCategory: "gst"}, By: by, At: at(0),
	})
	if diff := cmp.Diff(rows.PeriodCharge{
		Contract: agreement, Month: "2026-02", Line: "work", What: "other", Wording: "Hosting", Day: "2026-02-03", Amount: "12.5", TaxCategory: "gst", AddedBy: &ada, AddedAt: at(0),
	}, charge); diff != "" {
		t.Errorf("charge (-want +got):\n%s", diff)
	}
	answered := at(1)
	request := final(staff.OverageRequests, ofFebruary,
		period.OverageAsked{Request: export, Line: "work", Minutes: 600, Text: "May we go on?", By: by, At: at(0)},
		period.OverageAnswered{Request: export, Allowed: true, Reason: "until Friday", By: domain.PersonID{UUID: carl}, At: at(1)})
	if diff := cmp.Diff(rows.OverageRequest{
		Contract: agreement, Month: "2026-02", Line: "work", Minutes: 600, Question: "May we go on?", Status: rows.OverageAllowed, Answer: "until Friday",
		AskedBy: &ada, AskedAt: at(0), AnsweredBy: &carl, AnsweredAt: &answered,
	}, request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	alert := final(staff.HoursAlerts, ofFebruary, period.ThresholdReached{
		Line: "work", Percent: 75, UsedMinutes: 4500, OfMinutes: 6000, Shown: true, Staff: period.ThresholdReachedStaff{Cap: decimal.NewFromInt(9)}, At: at(0),
	})
	if diff := cmp.Diff(rows.HoursAlert{
		Contract: agreement, Month: "2026-02", Line: "work", Percent: 75, UsedMinutes: 4500, OfMinutes: 6000, Cap: "9", Shown: true, ReachedAt: at(0),
	}, alert); diff != "" {
		t.Errorf("alert (-want +got):\n%s", diff)
	}
	early := final(staff.HoursAlerts, ofFebruary, period.RunsOutEarly{Line: "work", Date: "2026-05-20", Ends: "2026-06-30", BoughtMinutes: 6000, Shown: true, At: at(0)})
	if diff := cmp.Diff(rows.HoursAlert{
		Contract: agreement, Month: "2026-02", Line: "work", RunsOut: "2026-05-20", Ends: "2026-06-30", ReachedAt: at(0),
	}, early); diff != "" {
		t.Errorf("early end (-want +got):\n%s", diff)
	}
	told := final(staff.Forecasts, ofFebruary, period.ForecastMade{Line: "work", Staff: period.ForecastMadeStaff{
		Input:    forecast.Input{AsOf: "2026-02-10", Since: calendar.Date("2026-01-01"), RemainingMinutes: 600},
		Forecast: forecast.Forecast{Verdict: forecast.Empties, RateMilliminutes: 60_000, UnapprovedMilliminutes: 5_000, Date: "2026-02-24", Earliest: "2026-02-20", Latest: "2026-03-02", Why: "At an hour a day."},
	}, At: at(0)})
	if diff := cmp.Diff(rows.Forecast{
		Contract: agreement, Line: "work", AsOf: "2026-02-10", Verdict: "empties", Date: "2026-02-24", Earliest: "2026-02-20", Latest: "2026-03-02",
		Why: "At an hour a day.", RateMilliminutes: 60_000, UnapprovedMilliminutes: 5_000,
		Input: `{"as_of":"2026-02-10","since":"2026-01-01","remaining_minutes":600}`, MadeAt: at(0),
	}, told); diff != "" {
		t.Errorf("forecast (-want +got):\n%s", diff)
	}
}

func TestDeductionRow(t *testing.T) {
	t.Parallel()
	id := domain.DeductionID{UUID: domain.Derive(agreement, "deduction")}
	proposal := period.DeductionProposed{Deduction: id, Ticket: domain.TicketID{UUID: export}, Staff: period.DeductionProposedStaff{
		Goal: "first_response", Cycle: 1, Clause: terms.Penalty{Key: "response", Name: "First response"}, Breached: at(0), OverrunSeconds: 1260, Running: true,
		Amount: decimal.RequireFromString("200.00"), Why: "200.00 per breach",
	}, At: at(1)}
	asked := period.DeductionWaiverAsked{Deduction: id, Staff: period.DeductionReason{Reason: "goodwill"}, By: domain.PersonID{UUID: ada}, At: at(2)}
	anew := proposal
	anew.Staff.Amount, anew.Staff.Running, anew.At = decimal.NewFromInt(300), false, at(3)
	want := rows.Deduction{
		Contract: agreement, Month: "2026-02", Ticket: export, Goal: "first_response", Cycle: 1, Clause: "response", Promise: "First response", BreachedAt: at(0),
		OverrunSeconds: 1260, Running: true, Status: rows.DeductionProposed, Amount: "200", Why: "200.00 per breach", ProposedAt: at(1),
	}
	with := func(change func(*rows.Deduction)) rows.Deduction {
		changed := want
		change(&changed)
		return changed
	}
	asks := func(d *rows.Deduction) { d.AskedBy, d.AskedAt, d.AskedReason = &ada, new(at(2)), "goodwill" }
	for name, c := range map[string]struct {
		given []domain.Event
		want  rows.Deduction
	}{
		"proposed":              {[]domain.Event{proposal}, want},
		"a waiver is asked for": {[]domain.Event{proposal, asked}, with(asks)},
		"proposed again":        {[]domain.Event{proposal, asked, proposal}, with(asks)},
		"with another amount":   {[]domain.Event{proposal, asked, anew}, with(func(d *rows.Deduction) { d.Amount, d.Running, d.ProposedAt = "300", false, at(3) })},
		"waived without a person": {[]domain.Event{proposal, period.DeductionWaived{Deduction: id, Staff: period.DeductionReason{Reason: "excused"}, At: at(3)}}, with(func(d *rows.Deduction) {
			d.Status, d.Reason, d.DecidedAt = rows.DeductionWaived, "excused", new(at(3))
		})},
		"confirmed and countered": {
			[]domain.Event{
				proposal,
				period.DeductionConfirmed{Deduction: id, Staff: period.DeductionConfirmedStaff{Amount: decimal.NewFromInt(150), Why: "capped"}, By: domain.PersonID{UUID: ada}, At: at(3)},
				period.DeductionCountered{Deduction: id, Staff: period.DeductionReason{Reason: "excused"}, At: at(4)},
			}, with(func(d *rows.Deduction) {
				d.Status, d.Amount, d.Why, d.DecidedBy, d.DecidedAt = rows.DeductionCountered, "150", "capped", &ada, new(at(3))
				d.Reason, d.CounteredAt = "excused", new(at(4))
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, final(staff.Deductions, ofFebruary, c.given...)); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimerRow(t *testing.T) {
	t.Parallel()
	got := final(staff.Timers, "timer-"+carl.String(),
		timer.Started{Person: domain.PersonID{UUID: carl}, Staff: timer.StartedStaff{Time: domain.TimeID{UUID: nexus}, JobType: "ui", Note: "old"}, At: at(0)},
		timer.Discarded{Time: domain.TimeID{UUID: nexus}, At: at(1)},
		timer.Started{Person: domain.PersonID{UUID: carl}, Staff: timer.StartedStaff{
			Time: worked, Contract: domain.ContractID{UUID: agreement}, WorkKind: "ticket", WorkID: export, JobType: "api", Zone: "Australia/Sydney",
		}, At: at(2)},
		timer.Described{Staff: timer.DescribedStaff{Description: "Export", Note: "proxy"}, At: at(3)},
	)
	want := rows.Timer{
		Running: true, Record: worked.UUID, Contract: agreement, WorkKind: "ticket", WorkID: &export, JobType: "api", Zone: "Australia/Sydney",
		Description: "Export", Note: "proxy", StartedAt: at(2), Revision: 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}
