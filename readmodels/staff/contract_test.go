package staff_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/terms"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

const today calendar.Date = "2026-03-16"

// agreement drafts contract n of a client and lets more happen to it.
func agreement(t *testing.T, log *stafftest.Log, n, of int, ends calendar.Date, change func(*terms.Terms), then ...domain.Event) {
	t.Helper()
	said := terms.Plain(terms.Bucket, terms.Priority, "2025-01-01", terms.JobType{Key: "api", Name: "API"})
	said.Agreed.Ends, said.Agreed.Currency = ends, "AUD"
	if change != nil {
		change(&said)
	}
	drafted := contract.Drafted{
		Contract: domain.ContractID{UUID: id("contract", n)}, Client: domain.ClientID{UUID: id("client", of)}, Zone: "Australia/Sydney",
		Reference: fmt.Sprintf("CON-%d", n), Terms: said, At: at(n),
	}
	log.Record(t, contract.Stream(drafted.Contract), append([]domain.Event{drafted}, then...)...)
}

func references(contracts []staff.Scope) (found []string) {
	for _, c := range contracts {
		found = append(found, c.Reference)
	}
	return found
}

func TestContractsByFilter(t *testing.T) {
	t.Parallel()
	active := contract.Activated{At: at(1)}
	w := world(t, func(log *stafftest.Log) {
		registered := client.Registered{Client: domain.ClientID{UUID: id("client", 1)}, Name: "Nexus Corp", Zone: "UTC", Language: "en", Currency: "AUD", At: at(0)}
		log.Record(t, client.Stream(registered.Client), registered)
		agreement(t, log, 1, 1, "2026-05-15", nil, active)
		agreement(t, log, 2, 1, "2026-05-16", nil, active)
		agreement(t, log, 3, 2, "2026-04-01", nil, active, contract.Suspended{At: at(2)})
		agreement(t, log, 4, 2, "2026-08-01", func(said *terms.Terms) { said.Agreed.NoticeDays = 180 }, active)
		agreement(t, log, 5, 2, "2026-04-01", nil)
		agreement(t, log, 6, 2, "", nil, active)
		agreement(t, log, 7, 2, "2026-04-01", nil, active, contract.Renewed{Ends: "2027-04-01", At: at(2)})
	})
	for name, c := range map[string]struct {
		filter staff.ContractFilter
		want   []string
	}{
		"nothing":   {staff.ContractFilter{}, []string{"CON-1", "CON-2", "CON-3", "CON-4", "CON-5", "CON-6", "CON-7"}},
		"client":    {staff.ContractFilter{Client: id("client", 1)}, []string{"CON-1", "CON-2"}},
		"state":     {staff.ContractFilter{Status: "draft"}, []string{"CON-5"}},
		"expiring":  {staff.ContractFilter{Expiring: true}, []string{"CON-3", "CON-1", "CON-4"}},
		"next page": {staff.ContractFilter{Expiring: true, After: id("contract", 3)}, []string{"CON-1", "CON-4"}},
		"two":       {staff.ContractFilter{Client: id("client", 2), Status: "suspended"}, []string{"CON-3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.Read(t, func(tx pgx.Tx) error {
				contracts, next, err := staff.Contracts(t.Context(), tx, c.filter, today)
				if diff := cmp.Diff(c.want, references(contracts)); diff != "" || next != uuid.Nil {
					t.Errorf("contracts, then %s (-want +got):\n%s", next, diff)
				}
				return err
			})
		})
	}
	w.Read(t, func(tx pgx.Tx) error {
		page, next, err := staff.Contracts(t.Context(), tx, staff.ContractFilter{Limit: 3}, today)
		if len(page) != 3 || next != id("contract", 3) || page[0].ClientName != "Nexus Corp" || page[2].ClientName != "" {
			t.Errorf("a page of 3 has %d and goes on after %s: %+v", len(page), next, page)
		}
		return err
	})
}

// TestContractsAreReadAsOfADay reads one whose second version begins later.
func TestContractsAreReadAsOfADay(t *testing.T) {
	t.Parallel()
	change := domain.AmendmentID{UUID: id("amendment", 1)}
	more := terms.Plain(terms.Retainer, terms.Always, "2025-01-01", terms.JobType{Key: "ui", Name: "UI", Minutes: 600})
	more.Agreed.Ends, more.Agreed.NoticeDays = "2026-12-31", 30
	w := world(t, func(log *stafftest.Log) {
		agreement(t, log, 1, 1, "2026-12-31", nil, contract.Activated{At: at(1)},
			contract.AmendmentProposed{Amendment: change, Base: 1, Effective: "2026-04-01", Statement: "Other work.", Terms: more, At: at(2)},
			contract.AmendmentAccepted{Amendment: change, Version: 2, Ends: "2026-12-31", At: at(3)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		for day, want := range map[calendar.Date]string{
			"2020-01-01": "1 of 2 bucket priority api notice ", "2026-03-31": "1 of 2 bucket priority api notice ",
			"2026-04-01": "2 of 2 retainer 24x7 ui notice 2026-12-01",
		} {
			c, err := staff.ContractByID(t.Context(), tx, id("contract", 1), day)
			if err != nil {
				return err
			}
			if got := fmt.Sprintf("%d of %d %s %s %s notice %s", c.Version, c.Newest, c.Type, c.SupportLevel, c.JobTypes[0].Key, c.Notice); got != want {
				t.Errorf("on %s it is %q, want %q", day, got, want)
			}
		}
		versions, err := staff.Versions(t.Context(), tx, id("contract", 1))
		if err != nil {
			return err
		}
		if len(versions) != 2 || versions[0].Number != 2 || versions[0].Terms.Agreed.Lines[0].JobTypes[0].Minutes != 600 || versions[0].AgreedAt == nil {
			t.Errorf("versions: %+v", versions)
		}
		if _, err = staff.VersionByNumber(t.Context(), tx, id("contract", 1), 3); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("a missing version: %v", err)
		}
		if _, err = staff.ContractByID(t.Context(), tx, id("contract", 9), today); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("a missing contract: %v", err)
		}
		return nil
	})
}

func TestApprovalsThatAreNeeded(t *testing.T) {
	t.Parallel()
	propose := func(n int, value int64, needed int) contract.AmendmentProposed {
		return contract.AmendmentProposed{
			Amendment: domain.AmendmentID{UUID: id("amendment", n)}, Base: 1, Effective: "2026-04-01", Statement: "More.",
			Staff: contract.AmendmentProposedStaff{Value: decimal.NewFromInt(value), Approvals: needed}, At: at(n),
		}
	}
	approve := func(n, by int) contract.AmendmentApproved {
		return contract.AmendmentApproved{Amendment: domain.AmendmentID{UUID: id("amendment", n)}, By: domain.PersonID{UUID: id("person", by)}, At: at(9)}
	}
	w := world(t, func(log *stafftest.Log) {
		agreement(t, log, 1, 1, "", nil, contract.Activated{At: at(1)},
			propose(1, 5000, 1), approve(1, 1), propose(2, 5001, 2), approve(2, 1), propose(3, 5001, 2), approve(3, 1), approve(3, 2), propose(4, 0, 1))
		agreement(t, log, 2, 1, "", nil, contract.Activated{At: at(1)}, propose(5, 1_000_000, 1), approve(5, 1))
	})
	want := map[string]string{"1": "approved 1 of 1", "2": "in_review 1 of 2", "3": "approved 2 of 2", "4": "in_review 0 of 1", "5": "approved 1 of 1"}
	w.Read(t, func(tx pgx.Tx) error {
		got := map[string]string{}
		for _, of := range []int{1, 2} {
			amendments, err := staff.Amendments(t.Context(), tx, id("contract", of))
			if err != nil {
				return err
			}
			for _, a := range amendments {
				approvals, err := a.Approvals()
				if err != nil {
					return err
				}
				for n := range 6 {
					if a.ID == id("amendment", n) {
						got[strconv.Itoa(n)] = fmt.Sprintf("%s %d of %d", a.Status, len(approvals), a.Needed)
					}
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("amendments (-want +got):\n%s", diff)
		}
		a, proposed, err := staff.AmendmentByID(t.Context(), tx, id("contract", 1), id("amendment", 2))
		if err != nil || a.Value != "5001" || proposed.Number != 0 {
			t.Errorf("one amendment: %+v, %+v, %v", a, proposed, err)
		}
		if _, _, err = staff.AmendmentByID(t.Context(), tx, id("contract", 2), id("amendment", 2)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("the amendment of another contract: %v", err)
		}
		return nil
	})
}

// insert puts a row into a table of the live generation, with the zero value in every column that is not given.
func insert(t *testing.T, w *stafftest.World, table string, values map[string]any) {
	t.Helper()
	var schema string
	w.Read(t, func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), "SELECT current_schema()").Scan(&schema) })
	name := pgx.Identifier{schema, table}.Sanitize()
	_, err := w.Database.Pool.Exec(t.Context(), `
		INSERT INTO `+name+`
		SELECT (jsonb_populate_record(NULL::`+name+`, zero.row || $1::jsonb)).*
		FROM (
			SELECT jsonb_object_agg(column_name, CASE data_type
				WHEN 'bigint' THEN '0' WHEN 'boolean' THEN 'false' WHEN 'text' THEN '""'
				WHEN 'uuid' THEN '"00000000-0000-0000-0000-000000000000"' ELSE '"0001-01-01T00:00:00Z"'
			END::jsonb) AS row
			FROM information_schema.columns WHERE table_schema = $2 AND table_name = $3
		) AS zero`, values, schema, table)
	if err != nil {
		t.Fatal(err)
	}
}

// TestHoursAddUp over buckets, adjustments, what retainers include, what expired and what was worked.
func TestHoursAddUp(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		agreement(t, log, 1, 1, "", nil, contract.Activated{At: at(1)},
			contract.BucketGranted{Bucket: domain.BucketID{UUID: id("bucket", 1)}, Line: "work", Minutes: 6000, From: "2025-01-01", Source: contract.FromStart, At: at(1)},
			contract.BucketAdjusted{Bucket: domain.BucketID{UUID: id("bucket", 1)}, Minutes: -600, Day: "2026-01-05", At: at(2)},
			contract.BucketGranted{Bucket: domain.BucketID{UUID: id("bucket", 2)}, Line: "small", Minutes: 60, From: "2025-01-01", Source: contract.FromPurchase, At: at(3)})
		agreement(t, log, 2, 1, "", nil)
	})
	record := func(n int, line, status string, minutes int) {
		t.Helper()
		insert(t, w, "time_records", map[string]any{
			"id": id("time", n), "contract": id("contract", 1), "line": line, "status": status,
			"billed_minutes": minutes, "drawn_minutes": minutes, "seconds": 60 * minutes,
		})
	}
	record(1, "work", "approved", 3780)
	record(2, "work", "approved", -30)
	record(3, "", "submitted", 90)
	record(4, "", "draft", 500)
	record(5, "small", "approved", 75)
	insert(t, w, "periods", map[string]any{
		"id": id("period", 1), "contract": id("contract", 1),
		"hours": `[{"line":"work","included_minutes":120,"shortfall_minutes":10},{"line":"work","expired_minutes":20}]`,
	})
	w.Read(t, func(tx pgx.Tx) error {
		lines, err := staff.HoursByLine(t.Context(), tx, id("contract", 1))
		want := []staff.LineHours{
			{Line: "small", Granted: 60, Used: 75, Over: 15},
			{Line: "work", Granted: 6000, Adjusted: -600, Included: 120, Used: 3760, Expired: 20, Remaining: 1740},
		}
		if diff := cmp.Diff(want, lines); diff != "" || err != nil {
			t.Errorf("lines (-want +got), %v:\n%s", err, diff)
		}
		work, err := staff.HoursByJobType(t.Context(), tx, id("contract", 1))
		if diff := cmp.Diff([]staff.JobTypeHours{{Billed: 3825, Drawn: 3825, Waiting: 90}}, work); diff != "" || err != nil {
			t.Errorf("job types (-want +got), %v:\n%s", err, diff)
		}
		for n, want := range map[int]string{1: "3835 of 5580, 90 wait", 2: "0 of 0, 0 wait"} {
			c, err := staff.ContractByID(t.Context(), tx, id("contract", n), today)
			if got := fmt.Sprintf("%d of %d, %d wait", c.UsedMinutes, c.OfMinutes, c.Waiting); got != want || err != nil {
				t.Errorf("contract %d: %q, want %q, %v", n, got, want, err)
			}
		}
		return nil
	})
}

func TestWhatBelongsToAContract(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		agreement(t, log, 1, 1, "", nil, contract.Activated{At: at(1)}, contract.BucketGranted{
			Bucket: domain.BucketID{UUID: id("bucket", 1)}, Line: "work", Minutes: 60, Source: contract.FromPurchase, At: at(2),
		}, contract.MilestoneReleased{Line: "build", Milestone: "m1", Name: "Discovery", Day: today, Staff: contract.MilestoneReleasedStaff{Amount: decimal.NewFromInt(9)}, At: at(3)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		buckets, err := staff.Buckets(t.Context(), tx, id("contract", 1))
		if err != nil || len(buckets) != 1 || buckets[0].Minutes != 60 {
			t.Errorf("buckets: %+v, %v", buckets, err)
		}
		released, err := staff.MilestonesReleased(t.Context(), tx, id("contract", 1))
		if err != nil || len(released) != 1 || released[0].Amount != "9" {
			t.Errorf("milestones: %+v, %v", released, err)
		}
		steps, err := staff.ContractSteps(t.Context(), tx, id("contract", 1), 3)
		if err != nil || len(steps) != 3 || steps[0].What != "milestone_released" || steps[0].Note != "Discovery" {
			t.Errorf("steps: %+v, %v", steps, err)
		}
		forecasts, err := staff.LatestForecasts(t.Context(), tx, id("contract", 1))
		if err != nil || len(forecasts) != 0 {
			t.Errorf("forecasts: %+v, %v", forecasts, err)
		}
		alerts, err := staff.HoursAlerts(t.Context(), tx, id("contract", 1), 5)
		if err != nil || len(alerts) != 0 {
			t.Errorf("alerts: %+v, %v", alerts, err)
		}
		periods, err := staff.PeriodsOf(t.Context(), tx, id("contract", 1))
		if err != nil || len(periods) != 0 {
			t.Errorf("periods: %+v, %v", periods, err)
		}
		return nil
	})
}
