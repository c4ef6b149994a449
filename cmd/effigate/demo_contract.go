package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/sla"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

// demoZone is where the demo's people work.
const demoZone = "Australia/Sydney"

// demoOffice is who signs, works, approves and closes in the demo.
type demoOffice struct {
	*demoWorld
	owner, manager, delivery, engineer, support, finance *castMember

	calendar, policy terms.Ref
}

// sign registers a client, whose account manager is who does it, and puts its contract in force, which the owner
// approves.
func (d *demoOffice) sign(ctx context.Context, c *demoClient, agreed func(calendar.Date) terms.Terms) error {
	_, err := d.service.RegisterClient(ctx, d.request(d.manager, c.since), commands.RegisterClient{
		ID: c.id, Name: c.name, Zone: demoZone, Language: "en-AU", Currency: "AUD",
	})
	if err != nil {
		return err
	}
	drafted, err := d.service.DraftContract(ctx, d.request(d.manager, c.since), commands.DraftContract{
		Client: c.id, Reference: c.reference, Terms: agreed(c.starts()),
	})
	if err != nil {
		return err
	}
	c.contract = domain.ContractID{UUID: drafted.ID}
	_, err = d.service.ActivateContract(ctx, d.request(d.owner, c.since.Add(time.Hour)), commands.ActivateContract{Contract: c.contract})
	return err
}

// starts is the first day of the client's contract.
func (c demoClient) starts() calendar.Date { return calendar.Date(c.since.Format(time.DateOnly)) }

// keepBooks logs and bills the work of both clients.
func (d *demoOffice) keepBooks(ctx context.Context, nexus, harbour demoClient) error {
	if err := d.amend(ctx, nexus); err != nil {
		return fmt.Errorf("amendment of %s: %w", nexus.reference, err)
	}
	if err := d.release(ctx, nexus); err != nil {
		return fmt.Errorf("schedule of %s: %w", nexus.reference, err)
	}
	sydney, err := zone.Load(demoZone)
	if err != nil {
		return err
	}
	running := calendar.DateOf(demoNow, sydney).Month()
	for month := nexus.starts().Month(); month <= running; month = month.Next() {
		for _, books := range []demoBooks{nexusBooks(nexus, d.engineer), harbourBooks(harbour, d.support)} {
			if month < books.client.starts().Month() {
				continue
			}
			if err := d.month(ctx, books, month, running); err != nil {
				return fmt.Errorf("%s of %s: %w", month, books.client.reference, err)
			}
		}
	}
	return nil
}

// open publishes what contracts refer to: opening hours, promises and prices.
func (d *demoOffice) open(ctx context.Context, at time.Time) error {
	day := calendar.Date(at.Format(time.DateOnly))
	published, err := d.service.PublishCalendar(ctx, d.request(d.owner, at), commands.PublishCalendar{
		Name: "Sydney office", From: day, Content: demoCalendar(),
	})
	if err != nil {
		return fmt.Errorf("calendar: %w", err)
	}
	promised, err := d.service.PublishSLAPolicy(ctx, d.request(d.owner, at), commands.PublishSLAPolicy{
		Name: "Around the clock", From: day, Content: sla.Policy{PausesThirdParty: true, Targets: []sla.Target{
			{Priority: "critical", FirstResponseMinutes: 30, ResolutionMinutes: 4 * 60},
			{Priority: "high", FirstResponseMinutes: 60, ResolutionMinutes: 10 * 60},
			{Priority: "medium", FirstResponseMinutes: 4 * 60, ResolutionMinutes: 32 * 60},
			{Priority: "low", FirstResponseMinutes: 8 * 60, ResolutionMinutes: 120 * 60},
		}},
	})
	if err != nil {
		return fmt.Errorf("SLA policy: %w", err)
	}
	priced, err := d.service.PublishRates(ctx, d.request(d.finance, at), commands.PublishRates{
		Name: "Standard rates", Layer: rate.FirmDefault, Currency: "AUD", From: day, Rows: []rate.Row{
			{Key: "regular", Condition: hours.Regular, Price: decimal.NewFromInt(120), Unit: rate.PerHour},
			{Key: "after-hours", Condition: hours.AfterHours, Price: decimal.NewFromInt(180), Unit: rate.PerHour},
			{Key: "weekend", Condition: hours.Weekend, Price: decimal.NewFromInt(210), Unit: rate.PerHour},
			{Key: "holiday", Condition: hours.Holiday, Price: decimal.NewFromInt(240), Unit: rate.PerHour},
			{Key: "emergency", Condition: hours.Emergency, Price: decimal.NewFromInt(260), Unit: rate.PerHour},
		},
	})
	if err != nil {
		return fmt.Errorf("rate card: %w", err)
	}
	_, err = d.service.PublishCosts(ctx, d.request(d.finance, at), commands.PublishCosts{
		Card: domain.RateCardID{UUID: priced.ID}, From: day, Rows: []ratecard.Cost{{Hour: decimal.NewFromInt(68)}},
	})
	d.calendar, d.policy = terms.Ref{ID: published.ID}, terms.Ref{ID: promised.ID, Version: 1}
	return err
}

// demoCalendar is the office's week and the public holidays of New South Wales in the demo's years.
func demoCalendar() calendar.Calendar {
	open := []calendar.Interval{{From: "09:00", Until: "17:00"}}
	c := calendar.Calendar{Zone: demoZone, Yearly: []calendar.YearlyDay{
		{Month: 1, Day: 1, Name: "New Year's Day"},
		{Month: 4, Day: 25, Name: "Anzac Day"},
		{Month: 12, Day: 25, Name: "Christmas Day"},
		{Month: 12, Day: 26, Name: "Boxing Day"},
	}}
	for _, day := range []calendar.Weekday{"mon", "tue", "wed", "thu", "fri"} {
		c.Week = append(c.Week, calendar.OpenDay{Weekday: day, Hours: open})
	}
	for _, holiday := range []struct {
		date calendar.Date
		name string
	}{
		{"2025-06-09", "King's Birthday"},
		{"2025-10-06", "Labour Day"},
		{"2026-01-26", "Australia Day"},
		{"2026-04-03", "Good Friday"},
		{"2026-04-06", "Easter Monday"},
		{"2026-06-08", "King's Birthday"},
		{"2026-10-05", "Labour Day"},
	} {
		c.Days = append(c.Days, calendar.SpecialDay{Date: holiday.date, Name: holiday.name, Holiday: true})
	}
	return c
}

// demoConditions are when work costs more: evenings and nights, weekends, holidays.
func demoConditions() []hours.Window {
	return []hours.Window{
		{Condition: hours.Holiday, Holidays: true, From: "00:00", Until: "24:00", Priority: 3},
		{Condition: hours.Weekend, Weekdays: []calendar.Weekday{"sat", "sun"}, From: "00:00", Until: "24:00", Priority: 2},
		{Condition: hours.AfterHours, From: "18:00", Until: "08:00", Priority: 1},
	}
}

// nexusTerms are hours bought in a bucket and paid as they are used, and a project at fixed prices.
func (d *demoOffice) nexusTerms(starts calendar.Date) terms.Terms {
	return terms.Terms{
		Agreed: terms.Agreed{
			Starts: starts, Ends: "2026-06-30", NoticeDays: 60, Currency: "AUD",
			Payment: terms.Payment{Rule: terms.Net, Days: 30}, PurchaseOrder: "NX-77120",
			Shows: terms.Shows{Unapproved: true, Alerts: true},
			Lines: []terms.Line{
				{Key: "support", Name: "Support and improvements", Type: terms.Bucket, JobTypes: demoJobTypes, Minutes: 60 * 60},
				{
					Key: "rewrite", Name: "Platform Rewrite Q1", Type: terms.Fixed, JobTypes: []terms.JobType{{Key: "rewrite", Name: "Platform rewrite"}},
					Milestones: []terms.Milestone{
						{Key: "discovery", Name: "Phase 1 Discovery", Due: "2026-01-30"},
						{Key: "build", Name: "Phase 2 Build", Due: "2026-03-27"},
						{Key: "launch", Name: "Phase 3 Launch", Due: "2026-05-29"},
					},
				},
			},
		},
		Staff: terms.Staff{
			SupportLevel: terms.Always, Calendar: d.calendar, SLAPolicy: d.policy,
			Conditions: demoConditions(), Rounding: hours.Rounding{Mode: hours.Up, StepMinutes: 15},
			TwoApproversAbove: decimal.NewFromInt(10_000),
			Charges: []terms.Charge{
				{Line: "support", Mode: terms.PostpaidCapped, Overage: terms.AskOverage},
				{Line: "rewrite", Amounts: []terms.Amount{
					{Milestone: "discovery", Amount: decimal.RequireFromString("3536.36")},
					{Milestone: "build", Amount: decimal.RequireFromString("7072.72")},
					{Milestone: "launch", Amount: decimal.RequireFromString("1178.79")},
				}},
			},
			Penalties: []terms.Penalty{{
				Key: "first-response", Name: "First response", Trigger: "response", Kind: terms.FixedPerBreach,
				Amount: decimal.NewFromInt(200), Excludes: []string{"client_wait"},
			}},
		},
	}
}

// harbourTerms are a retainer whose unused hours live one more month, and projects by the hour up to a cap.
func (d *demoOffice) harbourTerms(starts calendar.Date) terms.Terms {
	return terms.Terms{
		Agreed: terms.Agreed{
			Starts: starts, Ends: "2026-05-31", NoticeDays: 90, RenewMonths: 12, Currency: "AUD", Payment: terms.Payment{Rule: terms.EndOfMonth, Days: 14},
			Lines: []terms.Line{
				{Key: "care", Name: "Application care", Type: terms.Retainer, JobTypes: demoJobTypes, Minutes: 12 * 60},
				{Key: "projects", Name: "Projects", Type: terms.TimeAndMaterials, JobTypes: []terms.JobType{{Key: "project", Name: "Project work"}}},
			},
		},
		Staff: terms.Staff{
			SupportLevel: terms.Always, Calendar: d.calendar, SLAPolicy: d.policy,
			Conditions: demoConditions(), Rounding: hours.Rounding{Mode: hours.Nearest, StepMinutes: 6},
			Charges: []terms.Charge{
				{
					Line: "care", Overage: terms.AllowOverage, Fee: decimal.NewFromInt(1_300), Rollover: bucket.Rollover{Kind: bucket.RollPeriods, Periods: 1},
					Weights: []terms.Weight{{Condition: hours.AfterHours, Percent: 150}},
				},
				{Line: "projects", Cap: decimal.NewFromInt(20_000)},
			},
		},
	}
}

// demoTime is one time record of the demo.
type demoTime struct {
	day      calendar.Date
	from     string // on the wall in demoZone
	minutes  int
	jobType  string
	text     string
	internal string
}

// nexusTime is 31.5 hours before December, which are on invoices of that year, and 31.5 in February, three of them after
// hours.
var nexusTime = []demoTime{
	{"2025-06-12", "09:30", 120, "api", "Webhook retries in order again", "Queue was keyed by shard, not by order id."},
	{"2025-06-26", "13:00", 90, "frontend", "Date picker respects the week setting", ""},
	{"2025-07-17", "10:00", 180, "data", "Monthly report leaves out cancelled orders", "Report SQL written in 2019; needs a rewrite one day."},
	{"2025-08-14", "14:00", 150, "operations", "Nightly backup in under an hour", ""},
	{"2025-09-11", "09:00", 180, "data", "Product import reads the last row", ""},
	{"2025-10-16", "11:00", 150, "api", "Pagination without repeated items", ""},
	{"2025-10-23", "09:00", 180, "data", "Stock report agrees with the warehouse", "Client's own feed was wrong twice."},
	{"2025-10-30", "10:00", 150, "api", "Token refresh across midnight", ""},
	{"2025-11-06", "09:30", 120, "email", "Unsubscribe works without a login", ""},
	{"2025-11-13", "13:30", 180, "operations", "Disk alerts for the build server", ""},
	{"2025-11-20", "13:00", 210, "data", "Duplicate customers merged", ""},
	{"2025-11-27", "09:00", 180, "operations", "Restore test for the reporting database", ""},
	{"2026-02-03", "09:00", 240, "performance", "Profile of the slowest API routes", "Biggest cost is our own serialiser."},
	{"2026-02-05", "13:00", 210, "performance", "Connection pool of the report worker", ""},
	{"2026-02-10", "16:00", 300, "api", "Timeout on bulk export: analysis and first fix", "Stayed until nine because the client's auditors were waiting."},
	{"2026-02-12", "09:30", 240, "performance", "Streaming of large exports", ""},
	{"2026-02-17", "10:00", 240, "api", "Bulk export in the background", ""},
	{"2026-02-19", "13:00", 210, "frontend", "Progress of running exports", ""},
	{"2026-02-24", "09:00", 240, "performance", "Caching of price lists", ""},
	{"2026-02-26", "13:00", 210, "email", "Mail when an export is ready", ""},
}

// harbourTime belongs to the second client and must never meet the first.
var harbourTime = []demoTime{
	{"2025-11-18", "09:00", 245, "operations", "Certificates of the booking terminals", ""},
	{"2025-12-09", "10:00", 310, "frontend", "Berth planner on small screens", ""},
	{"2026-01-13", "09:00", 366, "data", "Tonnage statistics by vessel class", ""},
	{"2026-01-20", "17:00", 132, "api", "Customs interface during its switch-over", "They asked for the evening themselves."},
	{"2026-02-11", "09:00", 288, "project", "Concept of the crane scheduler", ""},
	{"2026-02-25", "09:00", 402, "project", "Prototype of the crane scheduler", ""},
	{"2026-03-03", "09:00", 186, "project", "Crane scheduler with live positions", ""},
	{"2026-03-12", "13:00", 150, "operations", "Move of the quay sensors", "Ask for a second engineer next time."},
}

// work logs a client's time of a month as it was done, and hands it in. That of the month that runs waits for approval.
func (d *demoOffice) work(ctx context.Context, b demoBooks, month calendar.Month, in *time.Location) (times []domain.TimeID, err error) {
	for _, t := range b.done {
		if t.day.Month() != month {
			continue
		}
		logged, err := d.service.LogTime(ctx, d.request(b.by, t.until(in).Add(10*time.Minute)), commands.LogTime{
			Contract: b.client.contract, Entry: t.entry(b.by, in), Source: period.Source{Kind: "manual"}, Submit: true,
		})
		if err != nil {
			return nil, fmt.Errorf("log %q: %w", t.text, err)
		}
		times = append(times, domain.TimeID{UUID: logged.ID})
	}
	if !b.client.late.IsZero() && month == lateMonth {
		if err := d.giveBack(ctx, b.client, month, month.Last().Start(in).Add(10*time.Hour)); err != nil {
			return nil, fmt.Errorf("deduction: %w", err)
		}
	}
	return times, nil
}

// lateMonth is the month in which a first response was late.
const lateMonth calendar.Month = "2026-02"

// giveBack confirms what the contract gives back for the ticket that was answered too late.
func (d *demoOffice) giveBack(ctx context.Context, c demoClient, month calendar.Month, at time.Time) error {
	if _, err := d.service.ProposeDeductions(ctx, d.request(nil, at), c.late); err != nil {
		return err
	}
	_, err := d.service.ConfirmDeduction(ctx, d.request(d.finance, at.Add(time.Hour)), commands.DecideDeduction{
		Contract: c.contract, Month: month, Deduction: period.DeductionOf(c.contract, c.late, sla.FirstResponse, 1, "first-response"),
	})
	return err
}

// approve approves what was logged in a month, which begins where nothing was.
func (d *demoOffice) approve(ctx context.Context, c demoClient, month calendar.Month, times []domain.TimeID, at time.Time) error {
	if len(times) == 0 {
		_, err := d.service.OpenPeriod(ctx, d.request(d.finance, at), commands.OpenPeriod{Contract: c.contract, Month: month})
		return err
	}
	_, err := d.service.ApproveTime(ctx, d.request(d.delivery, at), commands.ApproveTime{Contract: c.contract, Month: month, Times: times})
	return err
}

func (t demoTime) started(in *time.Location) time.Time {
	at, err := time.ParseInLocation(time.DateOnly+" 15:04", string(t.day)+" "+t.from, in)
	if err != nil {
		panic(err) // The demo's own table.
	}
	return at.UTC()
}

func (t demoTime) until(in *time.Location) time.Time {
	return t.started(in).Add(time.Duration(t.minutes) * time.Minute)
}

func (t demoTime) entry(by *castMember, in *time.Location) period.Entry {
	return period.Entry{
		Person: by.id, JobType: t.jobType, From: t.started(in), Until: t.until(in), Zone: demoZone,
		Description: t.text, Note: t.internal,
	}
}

// amend buys forty more hours in November and adds a job type: proposed, approved inside, accepted by the client.
func (d *demoOffice) amend(ctx context.Context, c demoClient) error {
	at := time.Date(2025, time.November, 3, 1, 0, 0, 0, time.UTC)
	next := d.nexusTerms(c.starts())
	support := &next.Agreed.Lines[0]
	support.Minutes = 100 * 60
	support.JobTypes = append(append([]terms.JobType{}, support.JobTypes...), terms.JobType{Key: "performance", Name: "API performance", Minutes: 20 * 60})
	const effective, statement = "2025-12-01", "40 more hours of support and improvements, 100 in all, and performance work on the API as a further kind of work."
	proposed, err := d.service.ProposeAmendment(ctx, d.request(d.manager, at), commands.ProposeAmendment{
		Contract: c.contract, Effective: effective, Statement: statement,
		Reason: "They used half of the hours in five months and plan the rewrite.", Value: decimal.NewFromInt(4_800), Terms: next,
	})
	if err != nil {
		return err
	}
	id := domain.AmendmentID{UUID: proposed.ID}
	if _, err = d.service.ApproveAmendment(ctx, d.request(d.owner, at.Add(3*time.Hour)), commands.ApproveAmendment{Contract: c.contract, Amendment: id}); err != nil {
		return err
	}
	if _, err = d.service.OfferAmendment(ctx, d.request(d.manager, at.Add(5*time.Hour)), commands.OfferAmendment{Contract: c.contract, Amendment: id}); err != nil {
		return err
	}
	_, err = d.service.AcceptAmendment(ctx, d.request(c.admin, at.Add(26*time.Hour)), commands.AcceptAmendment{
		Contract: c.contract, Amendment: id, Evidence: contract.Evidence{Role: domain.ClientAdmin, Proved: true, Statement: statement, SHA256: contract.Digest(statement, next.Agreed, effective, c.reference)},
	})
	return err
}

func (d *demoOffice) release(ctx context.Context, c demoClient) error {
	_, err := d.service.ReleaseMilestone(ctx, d.request(d.manager, time.Date(2026, time.January, 30, 3, 0, 0, 0, time.UTC)), commands.ReleaseMilestone{
		Contract: c.contract, Line: "rewrite", Milestone: "discovery",
	})
	return err
}
