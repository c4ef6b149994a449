package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/readmodels/client"
)

func contractOf(tb testing.TB, s *store, v client.Viewer, id uuid.UUID) client.ContractDetail {
	tb.Helper()
	return get(tb, s, v, func(ctx context.Context, tx pgx.Tx) (client.ContractDetail, error) {
		return client.ReadContract(ctx, tx, v, id)
	})
}

// work is a piece of work in a month, of so many minutes that all come out of bought hours.
func work(n int, category uuid.UUID, day string, minutes int, change ...func(*client.WorkRow)) client.WorkRow {
	row := client.WorkRow{
		ID: id(2000 + n), Client: acme, Contract: id(21), Category: category, Month: day[:7], Day: day, Description: fmt.Sprintf("Work %d", n),
		Minutes: minutes, Drawn: minutes, State: "approved", Charge: "charged",
	}
	for _, c := range change {
		c(&row)
	}
	return row
}

// A contract of two lines says what was bought and consumed, by line and by job type.
func TestReadContract(t *testing.T) {
	t.Parallel()
	s := populated(t)
	other := id(34)
	s.run(t, `UPDATE contracts SET shows_unapproved = true WHERE id = $1`, id(21).String())
	s.put(t,
		client.LineRow{ID: id(90), Client: acme, Contract: id(21), Position: 2, Name: "Projects", Type: "time_and_materials"},
		client.CategoryRow{ID: other, Client: acme, Contract: id(21), Line: id(71), JobType: "ops", Name: "Operations", Minutes: 120},
		client.CategoryRow{ID: id(35), Client: acme, Contract: id(21), Line: id(90), JobType: "dev", Name: "Development", Open: true},
		client.BucketRow{ID: id(91), Client: acme, Contract: id(21), Line: id(71), Minutes: 120, From: "2026-02-10"}, // For ever.
		client.BucketRow{ID: id(92), Client: acme, Contract: id(21), Line: id(71), Minutes: 60, From: "2026-01-01", Until: "2026-01-31"},
		client.SettlementRow{ID: id(93), Client: acme, Contract: id(21), Line: id(90), Month: "2026-01"},
		work(1, network, "2026-02-02", 30, func(r *client.WorkRow) { r.Drawn = 45 }),
		work(2, other, "2026-02-03", 60),
		work(3, other, "2026-02-04", 15, func(r *client.WorkRow) { r.State, r.Drawn = "pending", 0 }),
		work(4, other, "2026-02-04", 20, func(r *client.WorkRow) { r.Charge, r.Drawn = "no_charge", 0 }),
		work(5, id(35), "2026-02-05", 90, func(r *client.WorkRow) { r.Drawn = 0 }),
		work(6, other, "2026-02-06", -60),
		work(7, other, "2026-02-06", 40),
	)
	s.run(t, `UPDATE settlements SET expired = 60 WHERE id = $1`, id(79).String())
	minutes := func(n int) *int { return &n }
	want := client.ContractDetail{
		ContractSummary: client.ContractSummary{
			ID: id(21), Reference: "CON-2024-018", Type: "bucket", State: "active", Starts: "2026-01-01", Ends: "2026-12-31",
			Hours: &client.Hours{Bought: 780, Used: 145, Expired: 60, Remaining: 575},
		},
		Lines: []client.Line{
			{
				ID: id(71), Name: "Support", Type: "bucket", Minutes: 600, Hours: &client.Hours{Bought: 780, Used: 145, Expired: 60, Remaining: 575},
				Done: 130, Pending: minutes(15),
				JobTypes: []client.JobType{
					{ID: network, Name: "Network", Used: 105, Done: 90, Pending: minutes(0)},
					{ID: other, Name: "Operations", Minutes: 120, Used: 40, Done: 40, Pending: minutes(15)},
				},
				Lots: []client.Lot{
					{ID: id(73), Line: id(71), Minutes: 600, From: "2026-01-01", Until: "2026-12-31", Left: minutes(540), After: "2026-01"},
					{ID: id(91), Line: id(71), Minutes: 120, From: "2026-02-10"},
				},
			},
			{
				ID: id(90), Name: "Projects", Type: "time_and_materials", Done: 90, Pending: minutes(0),
				JobTypes: []client.JobType{{ID: id(35), Name: "Development", Done: 90, Pending: minutes(0)}}, Lots: []client.Lot{},
			},
		},
		Months: []client.SettledMonth{
			{Month: "2026-01", LineID: id(71), Line: "Support", Drawn: 60, Expired: 60},
			{Month: "2026-01", LineID: id(90), Line: "Projects"},
		},
		Alerts: []client.HoursAlert{{LineID: id(71), Line: "Support", Percent: 75, At: monday}},
	}
	if diff := cmp.Diff(want, contractOf(t, s, asAda, id(21))); diff != "" {
		t.Errorf("contract (-want +got):\n%s", diff)
	}
	s.run(t, `UPDATE contracts SET shows_unapproved = false WHERE id = $1`, id(21).String())
	for _, line := range contractOf(t, s, asAda, id(21)).Lines {
		if line.Pending != nil || line.JobTypes[0].Pending != nil {
			t.Errorf("%s shows what nobody approved", line.Name)
		}
	}
}

// What a month took beyond the bought hours is overage for ever: hours that are bought later are there in full.
func TestOverageStandsApart(t *testing.T) {
	t.Parallel()
	s := populated(t)
	hours := func() client.Hours { return *contractOf(t, s, asAda, id(21)).Hours }
	s.put(t, work(1, network, "2026-02-02", 600))
	if got, want := hours(), (client.Hours{Bought: 600, Used: 660, Overage: 60}); got != want {
		t.Errorf("in the open month: %+v, want %+v", got, want)
	}
	s.put(t, client.SettlementRow{ID: id(93), Client: acme, Contract: id(21), Line: id(71), Month: "2026-02", Drawn: 540, Overage: 60})
	if got, want := hours(), (client.Hours{Bought: 600, Used: 660, Overage: 60}); got != want {
		t.Errorf("in the closed month: %+v, want %+v", got, want)
	}
	s.put(t, client.BucketRow{ID: id(91), Client: acme, Contract: id(21), Line: id(71), Minutes: 300, From: "2026-03-01"})
	if got, want := hours(), (client.Hours{Bought: 900, Used: 660, Remaining: 300, Overage: 60}); got != want {
		t.Errorf("with more hours: %+v, want %+v", got, want)
	}
}

// Whatever was bought, done, expired and settled: the figures add up and the remainder is never negative.
func TestHoursAddUp(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.run(t, `DELETE FROM buckets; DELETE FROM work; DELETE FROM settlements`)
	n := 3000
	rapid.Check(t, func(r *rapid.T) {
		n += 100
		contract, line, category := id(n), id(n+1), id(n+2)
		s.put(t,
			client.ContractRow{ID: contract, Client: acme, Reference: "CON", Type: "bucket", State: "active", Starts: "2026-01-01"},
			client.LineRow{ID: line, Client: acme, Contract: contract, Name: "Line", Type: rapid.SampledFrom([]string{"bucket", "retainer"}).Draw(r, "type")},
			client.CategoryRow{ID: category, Client: acme, Contract: contract, Line: line, Name: "Category"})
		bought, used := 0, 0
		for i, minutes := range rapid.SliceOfN(rapid.IntRange(0, 500), 0, 4).Draw(r, "bought") {
			bought += minutes
			s.put(t, client.BucketRow{ID: id(n + 10 + i), Client: acme, Contract: contract, Line: line, Minutes: minutes, From: "2026-01-01"})
		}
		for i, minutes := range rapid.SliceOfN(rapid.IntRange(-100, 500), 0, 5).Draw(r, "used") {
			used += minutes
			row := work(n+20+i, category, "2026-01-02", minutes)
			row.Contract = contract
			s.put(t, row)
		}
		settled := rapid.IntRange(0, max(0, min(used, bought))).Draw(r, "settled")
		overage := 0
		if settled == bought {
			overage = rapid.IntRange(0, max(0, used-settled)).Draw(r, "overage")
		}
		expired := rapid.IntRange(0, max(0, bought-settled)).Draw(r, "expired")
		s.put(t, client.SettlementRow{ID: id(n + 30), Client: acme, Contract: contract, Line: line, Month: "2026-01", Drawn: settled, Expired: expired, Overage: overage})
		got := *contractOf(t, s, asAda, contract).Hours
		if got.Bought != bought || got.Used != used || got.Expired != expired || got.Remaining < 0 || got.Overage < overage ||
			got.Bought-got.Used-got.Expired+got.Overage != got.Remaining || got.Remaining > 0 && got.Overage > overage {
			r.Errorf("%+v of %d bought, %d used, %d expired, %d overage settled", got, bought, used, expired, overage)
		}
	})
}

func TestListContracts(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.put(t,
		client.ContractRow{ID: id(25), Client: acme, Reference: "CON-2025-001", Type: "fixed", State: "ended", Starts: "2025-01-01", Ends: "2025-12-31"},
		client.ContractRow{ID: id(26), Client: acme, Reference: "CON-2026-007", Type: "retainer", State: "offered", Starts: "2026-07-01"})
	var got []client.ContractSummary
	var after *client.Cursor
	for range 3 {
		got = append(got, get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (found []client.ContractSummary, err error) {
			found, after, err = client.ListContracts(ctx, tx, asAda, after, 1)
			return found, err
		})...)
	}
	want := []client.ContractSummary{
		{ID: id(26), Reference: "CON-2026-007", Type: "retainer", State: "offered", Starts: "2026-07-01"},
		{
			ID: id(21), Reference: "CON-2024-018", Type: "bucket", State: "active", Starts: "2026-01-01", Ends: "2026-12-31",
			Hours: &client.Hours{Bought: 600, Used: 60, Remaining: 540},
		},
		{ID: id(25), Reference: "CON-2025-001", Type: "fixed", State: "ended", Starts: "2025-01-01", Ends: "2025-12-31"},
	}
	if diff := cmp.Diff(want, got); diff != "" || after != nil {
		t.Errorf("contracts page by page, then %v (-want +got):\n%s", after, diff)
	}
}

func TestListWork(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.put(t,
		work(1, network, "2026-02-02", 30), work(2, network, "2026-02-02", 45),
		work(3, id(99), "2026-02-03", 60, func(r *client.WorkRow) { r.Month = "2026-03" })) // Late, of a job type that is gone.
	listWork := func(filter client.WorkFilter) (descriptions []string) {
		filter.Limit = 1
		for range 10 {
			page := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (found []client.Work, err error) {
				found, filter.After, err = client.ListWork(ctx, tx, asAda, id(21), filter)
				return found, err
			})
			for _, w := range page {
				descriptions = append(descriptions, w.Day+" "+w.Description+" "+w.Category)
			}
			if filter.After == nil {
				return descriptions
			}
		}
		t.Fatal("paging does not end")
		return nil
	}
	first, second := "2026-02-02 Work 1 Network", "2026-02-02 Work 2 Network"
	if id(2001).String() < id(2002).String() {
		first, second = second, first
	}
	for name, c := range map[string]struct {
		filter client.WorkFilter
		want   []string
	}{
		"all":         {client.WorkFilter{}, []string{"2026-02-03 Work 3 ", first, second, "2026-01-30 Cables Network"}},
		"a month":     {client.WorkFilter{Month: "2026-02"}, []string{first, second}},
		"late":        {client.WorkFilter{Month: "2026-03"}, []string{"2026-02-03 Work 3 "}},
		"a category":  {client.WorkFilter{Category: network, Month: "2026-01"}, []string{"2026-01-30 Cables Network"}},
		"another's":   {client.WorkFilter{Category: phone}, nil},
		"no month so": {client.WorkFilter{Month: "2030-01"}, nil},
	} {
		if diff := cmp.Diff(c.want, listWork(c.filter)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	months := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) ([]string, error) {
		return client.ListWorkMonths(ctx, tx, asAda, id(21))
	})
	if want := []string{"2026-03", "2026-02", "2026-01"}; !cmp.Equal(want, months) {
		t.Errorf("months %v, want %v", months, want)
	}
}

func TestProposals(t *testing.T) {
	t.Parallel()
	s := populated(t)
	later := monday.Add(time.Hour)
	s.put(t,
		client.ProposalRow{
			ID: id(21), Client: acme, Contract: id(21), Kind: "contract", Reference: "CON-2024-018", Document: "{}", State: "accepted", Effective: "2026-01-01",
			OfferedAt: monday.Add(-time.Hour), DecidedBy: &ada, DecidedAt: &later,
		},
		client.ProposalRow{
			ID: id(87), Client: acme, Contract: id(21), Kind: "amendment", Reference: "CON-2024-018", Document: "{}", State: "accepted", Effective: "2026-02-01",
			OfferedAt: monday.Add(time.Minute), DecidedAt: &later,
		})
	offered := client.Proposal{
		ID: id(81), ContractID: id(21), Reference: "CON-2024-018", Kind: "amendment", Effective: "2026-04-01", State: "offered", OfferedAt: monday,
	}
	paper := client.Proposal{
		ID: id(87), ContractID: id(21), Reference: "CON-2024-018", Kind: "amendment", Effective: "2026-02-01", State: "accepted",
		OfferedAt: monday.Add(time.Minute), DecidedAt: &later, Outside: true,
	}
	signed := client.Proposal{
		ID: id(21), ContractID: id(21), Reference: "CON-2024-018", Kind: "contract", Effective: "2026-01-01", State: "accepted",
		OfferedAt: monday.Add(-time.Hour), DecidedAt: &later, DecidedBy: "Ada Abel",
	}
	for name, c := range map[string]struct {
		filter client.ProposalFilter
		want   []client.Proposal
	}{
		"all":             {client.ProposalFilter{}, []client.Proposal{paper, offered, signed}},
		"waiting":         {client.ProposalFilter{State: "offered"}, []client.Proposal{offered}},
		"of a contract":   {client.ProposalFilter{Contract: id(21), State: "accepted"}, []client.Proposal{paper, signed}},
		"of another's":    {client.ProposalFilter{Contract: id(22)}, []client.Proposal{}},
		"after the first": {client.ProposalFilter{After: &client.Cursor{At: paper.OfferedAt, ID: paper.ID}}, []client.Proposal{offered, signed}},
	} {
		got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) ([]client.Proposal, error) {
			found, next, err := client.ListProposals(ctx, tx, asAda, c.filter)
			if next != nil {
				t.Errorf("%s: there is more after %v", name, next)
			}
			return found, err
		})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.ProposalDetail, error) {
		return client.ReadProposal(ctx, tx, asAda, id(81))
	})
	terms := client.Terms{Starts: "2026-01-01", Currency: "EUR", Lines: []client.TermsLine{{Name: "Support", Type: "bucket", Minutes: 900, JobTypes: []client.TermsJobType{}}}}
	if diff := cmp.Diff(terms, got.Terms); diff != "" || got.Statement != "More hours" || got.SHA256 != "00ff" || !cmp.Equal(got.Proposal, offered) {
		t.Errorf("read %+v; terms (-want +got):\n%s", got, diff)
	}
}

func TestOverageRequests(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.put(t, client.OverageRequestRow{ID: id(88), Client: acme, Contract: id(21), Line: id(98), Month: "2026-02", Minutes: 60, State: "allowed", AskedAt: monday.Add(-time.Hour)})
	asked := client.OverageRequest{
		ID: id(83), ContractID: id(21), Reference: "CON-2024-018", Line: "Support", Month: "2026-03", Minutes: 120, Text: "May we?", State: "asked", AskedAt: monday,
	}
	allowed := client.OverageRequest{ID: id(88), ContractID: id(21), Reference: "CON-2024-018", Month: "2026-02", Minutes: 60, State: "allowed", AskedAt: monday.Add(-time.Hour)}
	for name, c := range map[string]struct {
		filter client.OverageFilter
		want   []client.OverageRequest
	}{
		"all":             {client.OverageFilter{}, []client.OverageRequest{asked, allowed}},
		"waiting":         {client.OverageFilter{State: "asked"}, []client.OverageRequest{asked}},
		"after the first": {client.OverageFilter{After: &client.Cursor{At: monday, ID: id(83)}}, []client.OverageRequest{allowed}},
	} {
		got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) ([]client.OverageRequest, error) {
			found, _, err := client.ListOverageRequests(ctx, tx, asAda, c.filter)
			return found, err
		})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.OverageRequest, error) {
		return client.ReadOverageRequest(ctx, tx, asAda, id(83))
	}); !cmp.Equal(got, asked) {
		t.Errorf("read %+v", got)
	}
}

// What belongs to contracts is there for whoever may see them, and to others and other clients it is as nothing.
func TestContractsAreForWhoeverMaySeeThem(t *testing.T) {
	t.Parallel()
	s := populated(t)
	granted := client.Viewer{Client: acme, Person: eve, Scope: true}
	reads := map[string]func(context.Context, pgx.Tx, client.Viewer) error{
		"contract": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, err := client.ReadContract(ctx, tx, v, id(21))
			return err
		},
		"work": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, _, err := client.ListWork(ctx, tx, v, id(21), client.WorkFilter{})
			return err
		},
		"months": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, err := client.ListWorkMonths(ctx, tx, v, id(21))
			return err
		},
		"proposal": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, err := client.ReadProposal(ctx, tx, v, id(81))
			return err
		},
		"request": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, err := client.ReadOverageRequest(ctx, tx, v, id(83))
			return err
		},
	}
	lists := map[string]func(context.Context, pgx.Tx, client.Viewer) error{
		"contracts": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, _, err := client.ListContracts(ctx, tx, v, nil, 0)
			return err
		},
		"proposals": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, _, err := client.ListProposals(ctx, tx, v, client.ProposalFilter{})
			return err
		},
		"requests": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, _, err := client.ListOverageRequests(ctx, tx, v, client.OverageFilter{})
			return err
		},
	}
	try := func(name string, v client.Viewer, read func(context.Context, pgx.Tx, client.Viewer) error, there bool) {
		err := s.in(t, v, func(ctx context.Context, tx pgx.Tx) error { return read(ctx, tx, v) })
		if there && err != nil || !there && !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s of %+v: %v", name, v, err)
		}
	}
	for name, read := range reads {
		try(name, asAda, read, true)
		try(name, granted, read, true)
		try(name, asEve, read, false)
		try(name, asGil, read, false)
	}
	for name, read := range lists {
		try(name, granted, read, true)
		try(name, asGil, read, true) // Its own.
		try(name, asEve, read, false)
	}
}
