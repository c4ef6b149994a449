package commands_test

import (
	"context"
	"testing"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/contract"
	"effigate/domain/hours"
	"effigate/domain/rate"
	"effigate/domain/ratecard"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

// agreers are who may write down that a client agreed, and the client itself.
const agreers = "owner account_manager client_admin"

// contractCases are those about a contract's life.
var contractCases = map[string]useCase{
	"DraftContract": {managers, "contract.drafted.v1 client.contract_linked.v1", ready(func(w *world) command {
		return with(w.service.DraftContract, draft(w.nexus))
	})},
	"ActivateContract": {owners, "contract.activated.v1", func(t *testing.T, w *world) command {
		t.Helper()
		drafted := must(t)(w.service.DraftContract(t.Context(), w.next(owner), draft(w.nexus)))
		return with(w.service.ActivateContract, commands.ActivateContract{Contract: domain.ContractID{UUID: drafted.ID}})
	}},
	"TerminateContract": {owners, "contract.terminated.v1", ready(func(w *world) command {
		return with(w.service.TerminateContract, commands.TerminateContract{Contract: w.contract, Reason: "moved away"})
	})},
	"ReviseContract": {managers, "contract.revised.v1", drafted(func(w *world, on domain.ContractID) command {
		return with(w.service.ReviseContract, commands.ReviseContract{Contract: on, Reference: "CON-2026-002", Terms: bucketTerms()})
	})},
	"SubmitContract": {managers, "contract.submitted.v1", drafted(func(w *world, on domain.ContractID) command {
		return with(w.service.SubmitContract, commands.SubmitContract{Contract: on})
	})},
	"ReturnContract": {managers, "contract.returned.v1", offered(func(w *world, on domain.ContractID) command {
		return with(w.service.ReturnContract, commands.ReturnContract{Contract: on, Reason: "no notice period"})
	})},
	"OfferContract": {managers, "contract.offered.v1", func(t *testing.T, w *world) command {
		t.Helper()
		on := w.draftOf(t, bucketTerms())
		must(t)(w.service.SubmitContract(t.Context(), w.next(owner), commands.SubmitContract{Contract: on}))
		return with(w.service.OfferContract, commands.OfferContract{Contract: on, Statement: "We agree."})
	}},
	"AcceptContract": {agreers, "contract.accepted.v1", offered(func(w *world, on domain.ContractID) command {
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			return w.service.AcceptContract(ctx, r, commands.AcceptContract{
				Contract: on, Evidence: evidence(r.Actor, contract.Digest("We agree.", agreed(bucketTerms()), "2026-01-01", "CON-2026-002")),
			})
		}
	})},
	"DeclineContract": {agreers, "contract.declined.v1", offered(func(w *world, on domain.ContractID) command {
		return with(w.service.DeclineContract, commands.DeclineContract{Contract: on, Reason: "too dear"})
	})},
	"SuspendContract": {owners, "contract.suspended.v1", ready(func(w *world) command {
		return with(w.service.SuspendContract, commands.SuspendContract{Contract: w.contract, Reason: "unpaid"})
	})},
	"ResumeContract": {owners, "contract.resumed.v1", func(t *testing.T, w *world) command {
		t.Helper()
		must(t)(w.service.SuspendContract(t.Context(), w.next(owner), commands.SuspendContract{Contract: w.contract}))
		return with(w.service.ResumeContract, commands.ResumeContract{Contract: w.contract})
	}},
	"RenewContract": {owners, "contract.renewed.v1", bought(func(w *world, on domain.ContractID) command {
		return with(w.service.RenewContract, commands.RenewContract{Contract: on, Ends: "2027-12-31"})
	})},
	"ReviewContract": {nobody, "period.opened.v1 period.terms_pinned.v1", ready(func(w *world) command {
		return with(w.service.ReviewContract, commands.ReviewContract{Contract: w.contract})
	})},
	"GrantBucket": {owners, "contract.bucket_granted.v1", bought(func(w *world, on domain.ContractID) command {
		return with(w.service.GrantBucket, commands.GrantBucket{Contract: on, Line: "support", Minutes: 600})
	})},
	"AdjustBucket": {owners, "contract.bucket_adjusted.v1", bought(func(w *world, on domain.ContractID) command {
		return with(w.service.AdjustBucket, commands.AdjustBucket{Contract: on, Bucket: startBucket(on), Minutes: -60, Reason: "goodwill"})
	})},
	"ReleaseMilestone": {managers, "contract.milestone_released.v1 " + opening + "period.charge_added.v1", bought(func(w *world, on domain.ContractID) command {
		return with(w.service.ReleaseMilestone, commands.ReleaseMilestone{Contract: on, Line: "build", Milestone: "launch"})
	})},
}

// amendmentCases are those about amendments.
var amendmentCases = map[string]useCase{
	"ProposeAmendment": {managers, "contract.amendment_proposed.v1", bought(func(w *world, on domain.ContractID) command {
		return with(w.service.ProposeAmendment, amendment(on))
	})},
	"ApproveAmendment": {owners, "contract.amendment_approved.v1", proposed(false, func(w *world, on domain.ContractID, id domain.AmendmentID) command {
		return with(w.service.ApproveAmendment, commands.ApproveAmendment{Contract: on, Amendment: id})
	})},
	"RejectAmendment": {owners, "contract.amendment_rejected.v1", proposed(false, func(w *world, on domain.ContractID, id domain.AmendmentID) command {
		return with(w.service.RejectAmendment, commands.RejectAmendment{Contract: on, Amendment: id, Reason: "below cost"})
	})},
	"OfferAmendment": {managers, "contract.amendment_offered.v1", func(t *testing.T, w *world) command {
		t.Helper()
		on := w.signed(t, bucketTerms())
		id := domain.AmendmentID{UUID: must(t)(w.service.ProposeAmendment(t.Context(), w.next(manager), amendment(on))).ID}
		must(t)(w.service.ApproveAmendment(t.Context(), w.next(owner), commands.ApproveAmendment{Contract: on, Amendment: id}))
		return with(w.service.OfferAmendment, commands.OfferAmendment{Contract: on, Amendment: id})
	}},
	"AcceptAmendment": {agreers, "contract.amendment_accepted.v1 contract.bucket_granted.v1", proposed(true, func(w *world, on domain.ContractID, id domain.AmendmentID) command {
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			asked := amendment(on)
			return w.service.AcceptAmendment(ctx, r, commands.AcceptAmendment{
				Contract: on, Amendment: id,
				Evidence: evidence(r.Actor, contract.Digest(asked.Statement, agreed(asked.Terms), asked.Effective, "CON-2026-002")),
			})
		}
	})},
	"DeclineAmendment": {agreers, "contract.amendment_declined.v1", proposed(true, func(w *world, on domain.ContractID, id domain.AmendmentID) command {
		return with(w.service.DeclineAmendment, commands.DeclineAmendment{Contract: on, Amendment: id})
	})},
	"WithdrawAmendment": {managers, "contract.amendment_withdrawn.v1", proposed(true, func(w *world, on domain.ContractID, id domain.AmendmentID) command {
		return with(w.service.WithdrawAmendment, commands.WithdrawAmendment{Contract: on, Amendment: id})
	})},
}

// pricingCases are those about rate cards, SLA policies and calendars.
var pricingCases = map[string]useCase{
	"PublishRates": {"owner finance", "ratecard.published.v1", ready(func(w *world) command { return with(w.service.PublishRates, rates("120")) })},
	"PublishCosts": {"owner finance", "ratecard.costs_published.v1", priced(func(w *world) command {
		return with(w.service.PublishCosts, commands.PublishCosts{
			Card: ratecard.FirmDefault(), From: "2026-01-01", Rows: []ratecard.Cost{{Hour: decimal.NewFromInt(70)}},
		})
	})},
	"SupersedeRates": {"owner finance", "ratecard.superseded.v1", priced(func(w *world) command {
		return with(w.service.SupersedeRates, commands.SupersedeRates{Card: ratecard.FirmDefault()})
	})},
	"PublishSLAPolicy": {owners, "slapolicy.published.v1", ready(func(w *world) command { return with(w.service.PublishSLAPolicy, policy()) })},
	"SupersedeSLAPolicy": {owners, "slapolicy.superseded.v1", func(t *testing.T, w *world) command {
		t.Helper()
		published := must(t)(w.service.PublishSLAPolicy(t.Context(), w.next(owner), policy()))
		return with(w.service.SupersedeSLAPolicy, commands.SupersedeSLAPolicy{Policy: domain.SLAPolicyID{UUID: published.ID}})
	}},
	"PublishCalendar": {owners, "calendar.published.v1", ready(func(w *world) command { return with(w.service.PublishCalendar, office()) })},
	"AddHoliday": {owners, "calendar.holiday_added.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.AddHoliday, commands.AddHoliday{
			Calendar: w.calendar(t), Day: calendar.SpecialDay{Date: "2026-04-03", Name: "Good Friday", Holiday: true},
		})
	}},
	"AddHolidays": {owners, "calendar.published.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.AddHolidays, commands.AddHolidays{
			Calendar: w.calendar(t), Days: []calendar.SpecialDay{{Date: "2026-04-03", Name: "Good Friday", Holiday: true}}, Reason: "Australia, 2026.",
		})
	}},
	"SupersedeCalendar": {owners, "calendar.superseded.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.SupersedeCalendar, commands.SupersedeCalendar{Calendar: w.calendar(t)})
	}},
}

// bucketTerms are a bucket of 20 hours and two milestones.
func bucketTerms() terms.Terms {
	return terms.Terms{
		Agreed: terms.Agreed{Starts: "2026-01-01", Ends: "2026-12-31", Lines: []terms.Line{
			{Key: "support", Name: "Support", Type: terms.Bucket, Minutes: 1200, JobTypes: []terms.JobType{{Key: "api", Name: "API"}}},
			{Key: "build", Name: "Build", Type: terms.Fixed, Milestones: []terms.Milestone{{Key: "design", Name: "Design"}, {Key: "launch", Name: "Launch"}}},
		}},
		Staff: terms.Staff{
			SupportLevel: terms.Standard, Rounding: hours.Rounding{Mode: hours.Up, StepMinutes: 15},
			Charges: []terms.Charge{
				{Line: "support", Overage: terms.AskOverage, OveragePrice: decimal.NewFromInt(150)},
				{Line: "build", Amounts: []terms.Amount{
					{Milestone: "design", Amount: decimal.NewFromInt(4000)}, {Milestone: "launch", Amount: decimal.NewFromInt(9000)},
				}},
			},
		},
	}
}

// agreed are terms as they were agreed on in the client's currency.
func agreed(said terms.Terms) terms.Agreed {
	said.Agreed.Currency = "AUD"
	return said.Agreed
}

func startBucket(on domain.ContractID) domain.BucketID {
	return domain.BucketID{UUID: domain.Derive(on.UUID, "bucket", "support", "start")}
}

// amendment adds ten hours.
func amendment(on domain.ContractID) commands.ProposeAmendment {
	said := bucketTerms()
	said.Agreed.Lines[0].Minutes += 600
	return commands.ProposeAmendment{
		Contract: on, Base: 1, Effective: "2026-03-10", Statement: "Ten hours more.", Reason: "they grow",
		Value: decimal.NewFromInt(1500), Terms: said,
	}
}

// evidence is that of an agreement, by who agrees.
func evidence(by domain.Actor, digest string) contract.Evidence {
	if by.Side == domain.ClientSide {
		return contract.Evidence{SHA256: digest, Proved: true}
	}
	return contract.Evidence{Paper: "binder 4"}
}

func rates(price string) commands.PublishRates {
	return commands.PublishRates{
		Name: "Firm 2026", Layer: rate.FirmDefault, Currency: "AUD", From: "2026-01-01",
		Rows: []rate.Row{{Key: "any", Price: decimal.RequireFromString(price), Unit: rate.PerHour}},
	}
}

func policy() commands.PublishSLAPolicy {
	return commands.PublishSLAPolicy{
		Name: "Standard", From: "2026-01-01", Content: sla.Policy{Targets: []sla.Target{{Priority: "high", ResolutionMinutes: 600}}},
	}
}

func office() commands.PublishCalendar {
	return commands.PublishCalendar{
		Name: "Sydney office", From: "2026-01-01", Content: calendar.Calendar{
			Zone: "Australia/Sydney", Week: []calendar.OpenDay{{Weekday: "mon", Hours: []calendar.Interval{{From: "09:00", Until: "17:00"}}}},
		},
	}
}

func (w *world) calendar(t *testing.T) domain.CalendarID {
	t.Helper()
	return domain.CalendarID{UUID: must(t)(w.service.PublishCalendar(t.Context(), w.next(owner), office())).ID}
}

// priced is for a command that needs the firm's rate card.
func priced(prepare func(*world) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
		return prepare(w)
	}
}

// draftOf drafts bucketTerms for nexus.
func (w *world) draftOf(t *testing.T, said terms.Terms) domain.ContractID {
	t.Helper()
	return domain.ContractID{UUID: must(t)(w.service.DraftContract(t.Context(), w.next(owner), commands.DraftContract{
		Client: w.nexus, Reference: "CON-2026-002", Terms: said,
	})).ID}
}

// signed drafts terms for nexus and puts them in force.
func (w *world) signed(t *testing.T, said terms.Terms) domain.ContractID {
	t.Helper()
	on := w.draftOf(t, said)
	must(t)(w.service.ActivateContract(t.Context(), w.next(owner), commands.ActivateContract{Contract: on}))
	return on
}

func drafted(prepare func(*world, domain.ContractID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		return prepare(w, w.draftOf(t, terms.Plain(terms.TimeAndMaterials, terms.Standard, "2026-01-01", terms.JobType{Key: "api", Name: "API"})))
	}
}

func offered(prepare func(*world, domain.ContractID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		on := w.draftOf(t, bucketTerms())
		must(t)(w.service.SubmitContract(t.Context(), w.next(owner), commands.SubmitContract{Contract: on}))
		must(t)(w.service.OfferContract(t.Context(), w.next(owner), commands.OfferContract{Contract: on, Statement: "We agree."}))
		return prepare(w, on)
	}
}

func bought(prepare func(*world, domain.ContractID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		return prepare(w, w.signed(t, bucketTerms()))
	}
}

// proposed is for a command on an amendment that the account manager proposed, offered if need be.
func proposed(offer bool, prepare func(*world, domain.ContractID, domain.AmendmentID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		on := w.signed(t, bucketTerms())
		id := domain.AmendmentID{UUID: must(t)(w.service.ProposeAmendment(t.Context(), w.next(manager), amendment(on))).ID}
		if offer {
			must(t)(w.service.ApproveAmendment(t.Context(), w.next(owner), commands.ApproveAmendment{Contract: on, Amendment: id}))
			must(t)(w.service.OfferAmendment(t.Context(), w.next(manager), commands.OfferAmendment{Contract: on, Amendment: id}))
		}
		return prepare(w, on, id)
	}
}
