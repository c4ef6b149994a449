package period

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/calendar"
	"effigate/domain/forecast"
	"effigate/domain/hours"
	"effigate/domain/money"
	"effigate/domain/rate"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

func sampleID(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "period sample", name) }

func samplePerson() domain.PersonID { return domain.PersonID{UUID: sampleID("person")} }

func sampleTime() domain.TimeID { return domain.TimeID{UUID: sampleID("time")} }

func sampleAt() time.Time { return time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC) }

func sampleLot() bucket.Lot {
	return bucket.Lot{
		ID: sampleID("bucket"), Line: "support", GrantedMinutes: 6000, RemainingMinutes: 4110, From: "2024-07-01", Until: "2026-06-30",
		BoughtAt: sampleAt(), Rolls: 1,
	}
}

func periodSamples() []domain.Event {
	spent := []Spent{{Line: "extras", Amount: decimal.RequireFromString("412.5")}}
	armed := []Armed{{Line: "support", Percent: 50, OfMinutes: 6000, Cap: decimal.RequireFromString("25000")}}
	lines := []LineMinutes{{Line: "support", Minutes: 90}}
	return []domain.Event{
		Opened{
			Contract: domain.ContractID{UUID: sampleID("contract")}, Client: domain.ClientID{UUID: sampleID("client")}, Month: "2026-02",
			Zone: "Australia/Sydney", First: true, By: samplePerson(), At: sampleAt(),
		},
		TermsPinned{
			Pin: 1, From: "2026-02-01", Agreed: sampleAgreed(), Granted: []bucket.Lot{sampleLot()},
			Staff: TermsPinnedStaff{
				Version: 2, Terms: sampleTerms(), Calendar: sampleCalendar(), Cards: []rate.Card{sampleCard()},
				Adjustments: []AdjustmentPinned{{ID: sampleID("adjustment"), Bucket: domain.BucketID{UUID: sampleID("bucket")}, Day: "2026-02-11", Minutes: -30}},
			},
			By: samplePerson(), At: sampleAt(),
		},
		CarriedIn{
			From: "2026-01", Lots: []bucket.Lot{sampleLot()}, Staff: CarriedInStaff{Overage: lines, Spent: spent, Alerts: armed, Early: lines},
			By: samplePerson(), At: sampleAt(),
		},
		ChargeAdded{
			Charge: domain.ChargeID{UUID: sampleID("charge")}, Line: "build", What: MilestoneCharge, Text: "Phase 1 Discovery", Day: "2026-02-03",
			Staff: ChargeAddedStaff{Amount: decimal.RequireFromString("3536.36"), TaxCategory: "standard", Milestone: "discovery"},
			By:    samplePerson(), At: sampleAt(),
		},
		Closed{
			Lots: []bucket.Statement{{
				Lot: sampleID("bucket"), Line: "support", CarriedInMinutes: 4110, GrantedMinutes: 600, AdjustedMinutes: -30, DrawnMinutes: 1890,
				ExpiredMinutes: 60, RemainingMinutes: 2730, Until: "2026-06-30",
			}},
			Overage: lines, Shortfall: []TimeMinutes{{Time: sampleTime(), BilledMinutes: 15, DrawnMinutes: 23}},
			ShortfallByLine: lines, CarryOut: []bucket.Lot{sampleLot()},
			Staff: ClosedStaff{Overage: lines, Spent: spent, Alerts: armed, Early: lines}, By: samplePerson(), At: sampleAt(),
		},
	}
}

func timeSamples() []domain.Event {
	counts := TimeApprovedStaff{
		Pin: 1, Line: "support", Parts: []Part{samplePart()}, Charged: true, OveragePrice: decimal.RequireFromString("210"), TZData: "2025c",
		Version: 2,
	}
	return []domain.Event{
		TimeLogged{
			Time: sampleTime(), Record: sampleRecord(), Replaces: domain.TimeID{UUID: sampleID("replaced")},
			Staff: TimeLoggedStaff{Source: Source{Kind: FromImport, System: "harvest", Key: "998877", File: "9f86d081", Row: 2}, Late: true, Author: samplePerson()},
			By:    samplePerson(), At: sampleAt(),
		},
		TimeRevised{Time: sampleTime(), Record: sampleRecord(), By: samplePerson(), At: sampleAt()},
		TimeDiscarded{Time: sampleTime(), By: samplePerson(), At: sampleAt()},
		TimeSubmitted{Time: sampleTime(), By: samplePerson(), At: sampleAt()},
		TimeReturned{Time: sampleTime(), Staff: TimeReturnedStaff{Reason: "name the ticket"}, By: samplePerson(), At: sampleAt()},
		TimeApproved{Time: sampleTime(), BilledMinutes: 300, DrawnMinutes: 390, Staff: counts, By: samplePerson(), At: sampleAt()},
		TimeCorrected{
			Time: sampleTime(), Reversal: domain.TimeID{UUID: sampleID("reversal")}, Replacement: domain.TimeID{UUID: sampleID("replacement")},
			Staff: TimeCorrectedStaff{Reason: "wrong ticket", Into: "2026-03", Record: sampleRecord()}, By: samplePerson(), At: sampleAt(),
		},
		TimeReversed{
			Time: domain.TimeID{UUID: sampleID("reversal")}, Of: sampleTime(), OfMonth: "2026-01", Record: sampleRecord(), BilledMinutes: -300,
			DrawnMinutes: -390, Staff: counts.negated(), By: samplePerson(), At: sampleAt(),
		},
		TimeMoved{Time: sampleTime(), Into: "2026-03", By: samplePerson(), At: sampleAt()},
	}
}

func hoursSamples() []domain.Event {
	return []domain.Event{
		ThresholdReached{
			Line: "support", Percent: 50, UsedMinutes: 3780, OfMinutes: 6000, Shown: true,
			Staff: ThresholdReachedStaff{Spent: decimal.RequireFromString("12500"), Cap: decimal.RequireFromString("25000")},
			By:    samplePerson(), At: sampleAt(),
		},
		TopUpDue{
			Line: "support", Bucket: domain.BucketID{UUID: sampleID("top up")}, Staff: TopUpDueStaff{Minutes: 1200, RemainingMinutes: 45},
			By: samplePerson(), At: sampleAt(),
		},
		OverageAsked{
			Request: sampleID("request"), Line: "support", Minutes: 240, Text: "May we go on with the export for four more hours?",
			By: samplePerson(), At: sampleAt(),
		},
		OverageAnswered{Request: sampleID("request"), Allowed: true, Reason: "Please finish it.", By: samplePerson(), At: sampleAt()},
		RunsOutEarly{
			Line: "support", Date: "2026-05-20", Ends: "2026-06-30", BoughtMinutes: 6000, Shown: true, By: samplePerson(), At: sampleAt(),
		},
		ForecastMade{
			Line: "support",
			Staff: ForecastMadeStaff{
				Input: forecast.Input{
					AsOf: "2026-03-16", Since: "2024-07-01", Ends: "2026-06-30", RemainingMinutes: 2220,
					Days:    []forecast.Day{{Date: "2026-02-10", ApprovedMinutes: 300, UnapprovedMinutes: 30, Records: 2}},
					Changes: []forecast.Change{{Date: "2026-07-01", Minutes: -600, What: "expiry"}},
					Closed:  []calendar.Date{"2026-04-03"}, Weekends: true, Seed: 7,
				},
				Forecast: forecast.Forecast{
					Verdict: forecast.Empties, RateMilliminutes: 31_500, UnapprovedMilliminutes: 1_500, Date: "2026-05-20", Earliest: "2026-05-06",
					Latest: "2026-06-09", Why: "At 31.5 minutes a business day, 37 hours last until 20 May.",
				},
			},
			By: samplePerson(), At: sampleAt(),
		},
	}
}

func deductionSamples() []domain.Event {
	id := domain.DeductionID{UUID: sampleID("deduction")}
	reason := DeductionReason{Reason: "the client's own outage"}
	return []domain.Event{
		DeductionProposed{
			Deduction: id, Ticket: domain.TicketID{UUID: sampleID("ticket")},
			Staff: DeductionProposedStaff{
				Goal: sla.FirstResponse, Cycle: 1, Clause: sampleTerms().Penalties[0], Breached: sampleAt(), OverrunSeconds: 1_260, Running: true,
				Elsewhere: decimal.RequireFromString("300"), Amount: decimal.RequireFromString("200"), Why: "200.00 per breach",
			},
			By: samplePerson(), At: sampleAt(),
		},
		DeductionConfirmed{
			Deduction: id, Staff: DeductionConfirmedStaff{Amount: decimal.RequireFromString("200"), Why: "200.00 per breach"},
			By: samplePerson(), At: sampleAt(),
		},
		DeductionWaiverAsked{Deduction: id, Staff: reason, By: samplePerson(), At: sampleAt()},
		DeductionWaived{Deduction: id, Staff: reason, By: samplePerson(), At: sampleAt()},
		DeductionCountered{Deduction: id, Staff: reason, By: samplePerson(), At: sampleAt()},
	}
}

func billingSamples() []domain.Event {
	invoice := domain.InvoiceID{UUID: sampleID("invoice")}
	taken := []DeductionTakenEntry{{Deduction: domain.DeductionID{UUID: sampleID("deduction")}, Counter: true}}
	return []domain.Event{
		Reserved{
			Invoice: invoice, Staff: ReservedStaff{Later: true, Entries: taken, Earlier: []EarlierEntries{{Month: "2026-01", Entries: taken}}, BeyondOrder: "the order is being extended"}, By: samplePerson(), At: sampleAt(),
		},
		Released{Invoice: invoice, Staff: DeductionReason{Reason: "drafted too early"}, By: samplePerson(), At: sampleAt()},
		Billed{
			Invoice: invoice, Number: "INV-2026-0041", Staff: BilledStaff{Net: decimal.RequireFromString("3760")}, By: samplePerson(), At: sampleAt(),
		},
		Unbilled{Invoice: invoice, CreditNote: domain.CreditNoteID{UUID: sampleID("credit note")}, By: samplePerson(), At: sampleAt()},
	}
}

func sampleRecord() Record {
	return Record{
		JobType: "api", From: time.Date(2026, 2, 10, 5, 0, 0, 0, time.UTC), Until: time.Date(2026, 2, 10, 10, 30, 0, 0, time.UTC), Day: "2026-02-10",
		Seconds: 18_000, BreakSeconds: 1_800, Billing: NoCharge, Description: "Made the export stream.",
		Staff: RecordStaff{
			Person: samplePerson(), Work: Work{Kind: Ticket, ID: sampleID("ticket")}, SupportLevel: terms.Always, Zone: "Australia/Sydney",
			Condition: hours.Emergency, Note: "pool size was ours", Reason: "goodwill",
		},
	}
}

func samplePart() Part {
	return Part{
		Condition: hours.AfterHours, From: time.Date(2026, 2, 10, 7, 0, 0, 0, time.UTC), Until: time.Date(2026, 2, 10, 10, 0, 0, 0, time.UTC),
		Seconds: 10_800, BilledMinutes: 180, DrawnMinutes: 270,
		Price: Price{
			Layer: rate.ContractVersion, Card: "CON-2024-018", Version: 3, Row: "api-after-hours", Amount: decimal.RequireFromString("180"),
			Unit: rate.PerDay, DayMinutes: 480, MinimumMinutes: 30, MaximumMinutes: 480, TaxCategory: "standard",
			Why: []string{"row api-after-hours names job type and condition"},
		},
	}
}

func sampleCard() rate.Card {
	return rate.Card{
		Layer: rate.ContractVersion, Name: "CON-2024-018", Version: 3, Currency: "AUD", DayMinutes: 480,
		Rows: []rate.Row{{
			Key: "api-after-hours", JobType: "api", SupportLevel: "24x7", Condition: hours.AfterHours, Price: decimal.RequireFromString("180"),
			Unit: rate.PerHour, MinimumMinutes: 30, MaximumMinutes: 480, TaxCategory: "standard", ValidFrom: "2026-01-01", ValidUntil: "2026-12-31",
		}},
	}
}

func sampleCalendar() calendar.Calendar {
	open := []calendar.Interval{{From: "09:00", Until: "17:00"}}
	return calendar.Calendar{
		Zone: "Australia/Sydney", Always: true, Week: []calendar.OpenDay{{Weekday: "mon", Hours: open}},
		Days:   []calendar.SpecialDay{{Date: "2026-04-03", Name: "Good Friday", Holiday: true, Hours: open}},
		Yearly: []calendar.YearlyDay{{Month: 12, Day: 24, Name: "Christmas Eve", Hours: open}},
	}
}

func sampleAgreed() terms.Agreed {
	return terms.Agreed{
		Starts: "2024-07-01", Ends: "2026-06-30", NoticeDays: 60, RenewMonths: 12, Currency: money.Currency("AUD"),
		Payment: terms.Payment{Rule: terms.Net, Days: 30}, PurchaseOrder: "PO-77",
		Lines: []terms.Line{{
			Key: "support", Name: "Support", Type: terms.Bucket, JobTypes: []terms.JobType{{Key: "api", Name: "API", Minutes: 3000}},
			Minutes: 6000, Milestones: []terms.Milestone{{Key: "discovery", Name: "Phase 1 Discovery", Due: "2026-02-01"}},
		}},
		Shows: terms.Shows{Unapproved: true, NoCharge: true, Alerts: true},
	}
}

func sampleTerms() terms.Staff {
	amount := decimal.RequireFromString
	ref := terms.Ref{ID: sampleID("ref"), Version: 1}
	return terms.Staff{
		SupportLevel: terms.Always, Calendar: ref, RateCard: ref, SLAPolicy: ref, TaxProfile: "gst",
		Conditions: []hours.Window{{
			Condition: hours.AfterHours, Weekdays: []calendar.Weekday{"mon"}, Holidays: true, From: "18:00", Until: "24:00", ValidFrom: "2026-01-01",
			ValidUntil: "2026-12-31", Priority: 1,
		}},
		Overlap:  terms.Highest,
		Rounding: hours.Rounding{Mode: hours.Up, StepMinutes: 15, MinimumMinutes: 15, TicketDayMinimumMinutes: 30},
		Limits:   terms.Limits{LongestMinutes: 960, BackdatingDays: 92, GraceDays: 10},
		Charges: []terms.Charge{{
			Line: "support", Mode: terms.PostpaidCapped, Overage: terms.TopUpOverage, OveragePrice: amount("210"), TopUpMinutes: 1200,
			TopUpAtMinutes: 60, LivesMonths: 12, Rollover: bucket.Rollover{Kind: bucket.RollMinutes, CapMinutes: 300, CapPercent: 50, Periods: 2},
			Weights: []terms.Weight{{Condition: hours.AfterHours, Percent: 150}}, Fee: amount("900"), Cap: amount("25000"), CapPolicy: terms.HardCap,
			Amounts: []terms.Amount{{Milestone: "discovery", Amount: amount("3536.36")}},
		}},
		Penalties: []terms.Penalty{{
			Key: "response", Name: "First response", Trigger: "response", Kind: terms.FixedPerBreach, Amount: amount("200"), Percent: amount("5"),
			Tiers: []terms.Tier{{AboveMinutes: 60, Amount: amount("300")}}, CapPerTicket: amount("500"), CapPeriodPercent: amount("10"),
			Excludes: []string{"client_wait"},
		}},
		PurchaseOrderLimit: amount("100000"), TwoApproversAbove: amount("10000"), TwoWaiversAbove: amount("500"),
	}
}
