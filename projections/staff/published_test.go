package staff_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/sla"
	"effigate/domain/slapolicy"
	"effigate/domain/workcalendar"
	"effigate/projections/staff"
	rows "effigate/readmodels/staff"
)

var prices = uuid.MustParse("4a7e0d6a-3f0b-4b57-9d7c-2a6f4f1c0001") // a rate card

func priced(version int, of ...rate.Row) ratecard.Published {
	return ratecard.Published{
		Card: domain.RateCardID{UUID: prices}, Version: version,
		Staff: ratecard.PublishedStaff{
			Name: "Nexus", Layer: rate.ClientOverride, Client: domain.ClientID{UUID: nexus}, Currency: "AUD", DayMinutes: 456,
			From: "2026-01-01", Rows: of, Reason: "Agreed.",
		},
		By: domain.PersonID{UUID: ada}, At: at(version),
	}
}

func TestRateCardRow(t *testing.T) {
	t.Parallel()
	regular := rate.Row{Key: "regular", Price: decimal.RequireFromString("120.00"), Unit: rate.PerHour, ValidFrom: "2026-01-01"}
	api := rate.Row{Key: "api", JobType: "api", Price: decimal.RequireFromString("150.00"), Unit: rate.PerHour, ValidFrom: "2026-02-01", ValidUntil: "2026-12-31"}
	ui := api
	ui.Key, ui.JobType, ui.ValidUntil = "ui", "ui", "2027-06-30"
	superseded := ratecard.Superseded{Staff: ratecard.SupersededStaff{Reason: "Old."}, At: at(9)}
	card := func(version int, change func(*rows.RateCard)) rows.RateCard {
		row := rows.RateCard{
			Layer: "client", Client: &nexus, Currency: "AUD", Name: "Nexus", Version: version, From: "2026-01-01",
			RowCount: 2, JobTypes: "api ui", ValidFrom: "2026-02-01", ValidUntil: "2027-06-30", PublishedAt: at(version),
		}
		change(&row)
		return row
	}
	for name, c := range map[string]struct {
		given []domain.Event
		want  rows.RateCard
	}{
		"rows that end": {
			[]domain.Event{priced(1, ui, api)},
			card(1, func(*rows.RateCard) {}),
		},
		"a row for any job type, without end": {
			[]domain.Event{priced(1, ui, api, regular)},
			card(1, func(r *rows.RateCard) {
				r.RowCount, r.JobTypes, r.ValidFrom, r.ValidUntil = 3, "* api ui", "2026-01-01", ""
			}),
		},
		"costs": {
			[]domain.Event{priced(1, ui, api), ratecard.CostsPublished{Version: 1, At: at(2)}},
			card(1, func(r *rows.RateCard) { r.CostsVersion, r.Revision = 1, 1 }),
		},
		"superseded": {
			[]domain.Event{priced(1, ui, api), superseded},
			card(1, func(r *rows.RateCard) { r.Superseded, r.SupersededBecause, r.Revision = true, "Old.", 1 }),
		},
		"published again": {
			[]domain.Event{priced(1, ui), superseded, priced(2, ui, api)},
			card(2, func(r *rows.RateCard) { r.Revision = 2 }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := final(staff.RateCards, ratecard.Stream(domain.RateCardID{UUID: prices}), c.given...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

// Each version is a row of its own, so that it stays as it is whatever is published later.
func TestVersionRows(t *testing.T) {
	t.Parallel()
	row := rate.Row{Key: "any", Price: decimal.RequireFromString("120.00"), Unit: rate.PerHour}
	if diff := cmp.Diff(rows.Published{
		Subject: prices, Number: 2, Name: "Nexus", From: "2026-01-01", Reason: "Agreed.", PublishedBy: &ada, PublishedAt: at(2),
		Content: `{"day_minutes":456,"rows":[{"key":"any","price":"120","unit":"hour"}]}`,
	}, final(staff.RateCardVersions, "ratecard-"+prices.String(), priced(2, row))); diff != "" {
		t.Errorf("rate card (-want +got):\n%s", diff)
	}
	costs := ratecard.CostsPublished{Version: 3, By: domain.PersonID{UUID: ada}, At: at(1), Staff: ratecard.CostsPublishedStaff{
		From: "2026-01-01", Rows: []ratecard.Cost{{JobType: "api", Hour: decimal.RequireFromString("64.50")}},
	}}
	if diff := cmp.Diff(rows.Published{
		Subject: prices, Number: 3, From: "2026-01-01", PublishedBy: &ada, PublishedAt: at(1), Content: `[{"job_type":"api","hour":"64.5"}]`,
	}, final(staff.CostVersions, "ratecard-"+prices.String(), costs)); diff != "" {
		t.Errorf("costs (-want +got):\n%s", diff)
	}
	policy := slapolicy.Published{Version: 1, By: domain.PersonID{UUID: ada}, At: at(1), Staff: slapolicy.PublishedStaff{
		Name: "Support", From: "2026-01-01", Policy: sla.Policy{Targets: []sla.Target{{Priority: "low", ResolutionMinutes: 60}}},
	}}
	if diff := cmp.Diff(rows.Published{
		Subject: prices, Number: 1, Name: "Support", From: "2026-01-01", PublishedBy: &ada, PublishedAt: at(1),
		Content: `{"targets":[{"priority":"low","resolution_minutes":60}]}`,
	}, final(staff.SLAPolicyVersions, "slapolicy-"+prices.String(), policy)); diff != "" {
		t.Errorf("SLA policy (-want +got):\n%s", diff)
	}
	added := workcalendar.HolidayAdded{Version: 2, By: domain.PersonID{UUID: ada}, At: at(1), Staff: workcalendar.HolidayAddedStaff{
		Day: calendar.SpecialDay{Date: "2026-04-03", Name: "Good Friday", Holiday: true},
	}}
	if diff := cmp.Diff(rows.Published{
		Subject: prices, Number: 2, PublishedBy: &ada, PublishedAt: at(1),
		Content: `{"added":{"date":"2026-04-03","name":"Good Friday","holiday":true}}`,
	}, final(staff.CalendarVersions, "calendar-"+prices.String(), added)); diff != "" {
		t.Errorf("calendar (-want +got):\n%s", diff)
	}
}

func TestPolicyAndCalendarRows(t *testing.T) {
	t.Parallel()
	policy := final(
		staff.SLAPolicies, "slapolicy-"+prices.String(),
		slapolicy.Published{Version: 1, At: at(1), Staff: slapolicy.PublishedStaff{Name: "Support", From: "2026-01-01"}},
		slapolicy.Superseded{Staff: slapolicy.SupersededStaff{Reason: "Old."}, At: at(2)},
	)
	if diff := cmp.Diff(rows.SLAPolicy{
		Layer: "contract", Name: "Support", Version: 1, From: "2026-01-01", PublishedAt: at(1), Superseded: true, SupersededBecause: "Old.", Revision: 1,
	}, policy); diff != "" {
		t.Errorf("SLA policy (-want +got):\n%s", diff)
	}
	published := workcalendar.Published{Version: 1, At: at(1), Staff: workcalendar.PublishedStaff{
		Name: "Sydney", From: "2026-01-01", Calendar: calendar.Calendar{Zone: "Australia/Sydney", Always: true},
	}}
	got := final(
		staff.Calendars, "calendar-"+prices.String(), published,
		workcalendar.Superseded{Staff: workcalendar.SupersededStaff{Reason: "Old."}, At: at(2)}, published,
		workcalendar.HolidayAdded{Version: 2, At: at(3)},
	)
	if diff := cmp.Diff(rows.WorkCalendar{
		Name: "Sydney", Zone: "Australia/Sydney", Version: 2, From: "2026-01-01", PublishedAt: at(3), Revision: 3,
	}, got); diff != "" {
		t.Errorf("calendar (-want +got):\n%s", diff)
	}
}
