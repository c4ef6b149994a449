package commands_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/terms"
)

// bookkeepers close periods and correct what was billed.
const bookkeepers = "owner finance"

// deciders decide on deductions.
const deciders = "owner account_manager finance"

// opening is what the first command on a period leads to.
const opening = "period.opened.v1 period.terms_pinned.v1 "

// march and february are the present month and the one before.
const (
	february = "2026-02"
	march    = "2026-03"
	april    = "2026-04"
)

// timeCases are those about time records and timers.
var timeCases = map[string]useCase{
	"LogTime": {workers, opening + "period.time_logged.v1 period.time_submitted.v1", ready(func(w *world) command {
		c := w.work()
		c.Submit = true
		return with(w.service.LogTime, c)
	})},
	"ReviseTime": {workers, opening + "period.time_logged.v1 period.time_revised.v1", logged(func(w *world, id domain.TimeID) command {
		entry := w.work().Entry
		entry.Note = "It was the proxy."
		return with(w.service.ReviseTime, commands.ReviseTime{Contract: w.contract, Month: march, Time: id, Entry: entry})
	})},
	"DiscardTime": {workers, opening + "period.time_logged.v1 period.time_discarded.v1", logged(func(w *world, id domain.TimeID) command {
		return with(w.service.DiscardTime, commands.DiscardTime{Contract: w.contract, Month: march, Time: id})
	})},
	"SubmitTime": {workers, opening + "period.time_logged.v1 period.time_submitted.v1", logged(func(w *world, id domain.TimeID) command {
		return with(w.service.SubmitTime, commands.SubmitTime{Contract: w.contract, Month: march, Times: []domain.TimeID{id}})
	})},
	"ApproveTime": {"owner delivery", "period.time_approved.v1", handedIn(func(w *world, id domain.TimeID) command {
		return with(w.service.ApproveTime, commands.ApproveTime{Contract: w.contract, Month: march, Times: []domain.TimeID{id}})
	})},
	"ReturnTime": {"owner delivery", "period.time_returned.v1", handedIn(func(w *world, id domain.TimeID) command {
		return with(w.service.ReturnTime, commands.ReturnTime{Contract: w.contract, Month: march, Times: []domain.TimeID{id}, Reason: "which ticket?"})
	})},
	"MoveTime": {bookkeepers, "period.time_moved.v1 " + opening + "period.time_logged.v1 period.time_submitted.v1", handedIn(func(w *world, id domain.TimeID) command {
		return with(w.service.MoveTime, commands.MoveTime{Contract: w.contract, Month: march, Times: []domain.TimeID{id}})
	})},
	"CorrectTime": {
		bookkeepers, "period.time_corrected.v1 period.time_reversed.v1 period.time_logged.v1 period.time_submitted.v1",
		func(t *testing.T, w *world) command {
			t.Helper()
			on, id := w.billed(t)
			entry := w.work().Entry
			entry.From, entry.Until = inFebruary, inFebruary.Add(time.Hour)
			return with(w.service.CorrectTime, commands.CorrectTime{Contract: on, Month: february, Time: id, Entry: &entry, Reason: "one hour only"})
		},
	},
	"StartTimer": {workers, "timer.started.v1", ready(func(w *world) command { return with(w.service.StartTimer, w.start()) })},
	"DescribeTimer": {workers, "timer.started.v1 timer.described.v1", started(func(w *world) command {
		return with(w.service.DescribeTimer, commands.DescribeTimer{Description: "Export of files above 2 GB"})
	})},
	"StopTimer": {workers, "timer.started.v1 timer.stopped.v1 " + opening + "period.time_logged.v1 period.time_submitted.v1", started(func(w *world) command {
		return with(w.service.StopTimer, commands.StopTimer{Submit: true})
	})},
	"DiscardTimer": {workers, "timer.started.v1 timer.discarded.v1", started(func(w *world) command {
		return with(w.service.DiscardTimer, commands.DiscardTimer{})
	})},
}

// periodCases are those about billing periods.
var periodCases = map[string]useCase{
	"OpenPeriod": {bookkeepers, opening, ready(func(w *world) command {
		return with(w.service.OpenPeriod, commands.OpenPeriod{Contract: w.contract, Month: february})
	})},
	"ClosePeriod": {bookkeepers, opening + "period.closed.v1 " + opening + "period.carried_in.v1", func(t *testing.T, w *world) command {
		t.Helper()
		return with(w.service.ClosePeriod, commands.ClosePeriod{Contract: w.signed(t, sinceFebruary()), Month: february})
	}},
	"PreviewPeriod": {"owner account_manager finance auditor", "", func(t *testing.T, w *world) command {
		t.Helper()
		w.opened(t, w.contract)
		return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
			_, err := w.service.PreviewPeriod(ctx, r, w.contract, march)
			return commands.Answer{}, err
		}
	}},
	"AddCharge": {bookkeepers, opening + "period.charge_added.v1", ready(func(w *world) command {
		return with(w.service.AddCharge, commands.AddCharge{
			Contract: w.contract, Line: terms.PlainLine, Text: "Licences", Amount: decimal.NewFromInt(80), Day: "2026-03-01",
		})
	})},
	"ConfirmDeduction": {deciders, "period.deduction_confirmed.v1", deducted(func(w *world, c commands.DecideDeduction) command {
		return with(w.service.ConfirmDeduction, c)
	})},
	"WaiveDeduction": {deciders, "period.deduction_waiver_asked.v1", deducted(func(w *world, c commands.DecideDeduction) command {
		return with(w.service.WaiveDeduction, c)
	})},
	"AskOverage": {managers, opening + "period.overage_asked.v1", bought(func(w *world, on domain.ContractID) command {
		return with(w.service.AskOverage, commands.AskOverage{Contract: on, Line: "support", Minutes: 120, Text: "May we go on?"})
	})},
	"AnswerOverage": {"client_admin", "period.overage_answered.v1", func(t *testing.T, w *world) command {
		t.Helper()
		on := w.signed(t, bucketTerms())
		asked := must(t)(w.service.AskOverage(t.Context(), w.next(owner), commands.AskOverage{Contract: on, Line: "support", Minutes: 120, Text: "May we go on?"}))
		return with(w.service.AnswerOverage, commands.AnswerOverage{Contract: on, Month: march, Request: asked.ID, Allow: true})
	}},
}

// deducted is for a decision on a late first response.
func deducted(prepare func(*world, commands.DecideDeduction) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		on, id := w.late(t, breach(sla.FirstResponse, inFebruary.Add(time.Hour)))
		w.propose(t, id)
		return prepare(w, deciding(on, february, id, sla.FirstResponse))
	}
}

// inFebruary is a Friday morning in Sydney.
var inFebruary = time.Date(2026, time.February, 19, 23, 0, 0, 0, time.UTC)

// work is two hours of today under the contract of nexus.
func (w *world) work() commands.LogTime {
	return commands.LogTime{Contract: w.contract, Entry: period.Entry{
		JobType: "api", From: at.Add(-4 * time.Hour), Until: at.Add(-2 * time.Hour), Zone: "Australia/Sydney", Description: "Export of large files",
	}}
}

func (w *world) start() commands.StartTimer {
	return commands.StartTimer{Contract: w.contract, JobType: "api", Zone: "Australia/Sydney", Description: "Export of large files"}
}

func sinceFebruary() terms.Terms {
	return terms.Plain(terms.TimeAndMaterials, terms.Standard, "2026-02-01", terms.JobType{Key: "api", Name: "API"})
}

// on is a request under a key of its own at an instant.
func (w *world) on(by domain.Actor, when time.Time) commands.Request {
	r := w.next(by)
	r.At = when
	return r
}

// billed is a contract with a record of February, which is closed.
func (w *world) billed(t *testing.T) (domain.ContractID, domain.TimeID) {
	t.Helper()
	must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
	on, c := w.signed(t, sinceFebruary()), w.work()
	c.Contract, c.Submit, c.Entry.From, c.Entry.Until = on, true, inFebruary, inFebruary.Add(2*time.Hour)
	id := domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.on(other, inFebruary.Add(3*time.Hour)), c)).ID}
	must(t)(w.service.ApproveTime(t.Context(), w.next(owner), commands.ApproveTime{Contract: on, Month: february, Times: []domain.TimeID{id}}))
	must(t)(w.service.ClosePeriod(t.Context(), w.next(owner), commands.ClosePeriod{Contract: on, Month: february}))
	return on, id
}

// before lets the actor of a command do something else first, under a key that derives from the command's.
func before(first func(context.Context, commands.Request) (commands.Answer, error), then func(commands.Answer) command) command {
	return func(ctx context.Context, r commands.Request) (commands.Answer, error) {
		earlier := r
		earlier.Key += " before"
		earlier.At = r.At.Add(-time.Hour)
		answer, err := first(ctx, earlier)
		if err != nil {
			return answer, err
		}
		return then(answer)(ctx, r)
	}
}

// logged is for a command on a record that the actor itself has logged.
func logged(then func(*world, domain.TimeID) command) func(*testing.T, *world) command {
	return ready(func(w *world) command {
		return before(with(w.service.LogTime, w.work()), func(a commands.Answer) command { return then(w, domain.TimeID{UUID: a.ID}) })
	})
}

// started is for a command on a timer that the actor itself has started.
func started(then func(*world) command) func(*testing.T, *world) command {
	return ready(func(w *world) command {
		return before(with(w.service.StartTimer, w.start()), func(commands.Answer) command { return then(w) })
	})
}

// handedIn is for a command on a record that an engineer has handed in.
func handedIn(prepare func(*world, domain.TimeID) command) func(*testing.T, *world) command {
	return func(t *testing.T, w *world) command {
		t.Helper()
		must(t)(w.service.PublishRates(t.Context(), w.next(owner), rates("120")))
		return prepare(w, w.handedIn(t))
	}
}

func (w *world) handedIn(t *testing.T) domain.TimeID {
	t.Helper()
	c := w.work()
	c.Submit = true
	return domain.TimeID{UUID: must(t)(w.service.LogTime(t.Context(), w.next(other), c)).ID}
}
