package period_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/terms"
	"effigate/domain/visible"
)

// worked is what the client sees of record a, the evening of the worked example, once it is approved.
func worked(changes ...func(*visible.Work)) visible.Work {
	w := visible.Work{
		Client: nexus.UUID, ID: timeID("a").UUID, Contract: contract.UUID, Category: domain.CategoryID(contract, "api"), Month: "2026-02",
		Day: "2026-02-10", Description: "Made the export stream.", Minutes: 300, Drawn: 300, State: visible.WorkApproved, Charge: visible.WorkCharged,
	}
	for _, change := range changes {
		change(&w)
	}
	return w
}

func pending(w *visible.Work) { w.State, w.Drawn = visible.WorkPending, 0 }

func TestDisclosedWork(t *testing.T) {
	t.Parallel()
	all := says(shows(terms.Shows{Unapproved: true, NoCharge: true}))
	free := func(b period.Billing) period.Entry {
		return evening(func(e *period.Entry) { e.Billing, e.Reason = b, "goodwill" })
	}
	draft := logged("a", all, evening())
	draft.Submit = false
	for name, test := range map[string]struct {
		commands []period.Command
		want     []visible.Record
	}{
		"a draft is nobody's business":      {[]period.Command{draft}, nil},
		"what waits, where that is shown":   {[]period.Command{logged("a", all, evening())}, []visible.Record{worked(pending)}},
		"what waits, elsewhere":             {[]period.Command{logged("a", says(), evening())}, nil},
		"what was approved":                 {[]period.Command{logged("a", says(), evening()), approve(says(), "a")}, []visible.Record{worked()}},
		"what was returned goes":            {[]period.Command{logged("a", all, evening()), approve(all, "a"), verbs["return"]}, nil},
		"what was moved goes":               {[]period.Command{logged("a", all, evening()), verbs["move"]}, nil},
		"what was discarded goes":           {[]period.Command{logged("a", all, evening()), verbs["return"], verbs["discard"]}, nil},
		"what was revised waits for a hand": {[]period.Command{logged("a", all, evening()), verbs["return"], verbs["revise"]}, nil},
		"what a fee covers": {
			[]period.Command{logged("a", all, free(period.Included)), approve(all, "a")},
			[]visible.Record{worked(func(w *visible.Work) { w.Charge, w.Drawn = visible.WorkIncluded, 0 })},
		},
		"what was done for nothing, where that is shown": {
			[]period.Command{logged("a", all, free(period.NoCharge)), approve(all, "a")},
			[]visible.Record{worked(func(w *visible.Work) { w.Charge, w.Drawn = visible.WorkNoCharge, 0 })},
		},
		"what was done for nothing, elsewhere": {[]period.Command{logged("a", says(), free(period.NoCharge)), approve(says(), "a")}, nil},
		"what is not billable, never":          {[]period.Command{logged("a", all, free(period.NonBillable)), approve(all, "a")}, nil},
		"terms that begin to show":             {[]period.Command{logged("a", says(), evening()), period.Pin{Says: all, By: anna, At: later}}, []visible.Record{worked(pending)}},
		"terms that no longer show":            {[]period.Command{logged("a", all, evening()), period.Pin{Says: says(), By: anna, At: later}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disclosed(run(t, nil, test.commands...)...).Shows(t, test.want...)
		})
	}
}

func TestDisclosedEnd(t *testing.T) {
	t.Parallel()
	lineID := domain.LineID(contract, "support")
	s := with(says(line(retainer), line(func(_ *terms.Line, c *terms.Charge) {
		c.Overage, c.Rollover = terms.AskOverage, bucket.Rollover{Kind: bucket.RollMinutes, CapMinutes: 100}
	}), rounding(hours.Rounding{TicketDayMinimumMinutes: 400}), shows(terms.Shows{Alerts: true})), func(s *period.Says) { s.Granted = nil })
	ask := func(name string) period.AskOverage {
		return period.AskOverage{Request: id(name), Line: "support", Minutes: 60, Text: "May we?", Says: s, By: anna, At: at}
	}
	asked := func(name, state string) visible.OverageRequest {
		return visible.OverageRequest{Client: nexus.UUID, ID: id(name), Contract: contract.UUID, Line: lineID, Month: "2026-02", Minutes: 60, Text: "May we?", State: state, AskedAt: at}
	}
	lotID := period.IncludedLot(contract, "support", "2026-02")
	included := visible.Bucket{Client: nexus.UUID, ID: lotID, Contract: contract.UUID, Line: lineID, Minutes: 600, From: "2026-02-01", Until: "2026-02-28"}
	alert := visible.HoursAlert{
		Client: nexus.UUID, ID: domain.Derive(contract.UUID, "hours alert", "2026-02", "0"), Contract: contract.UUID, Line: lineID, Percent: 50, At: later,
	}
	open := run(t, nil, logged("a", s, evening()), ask("one"), ask("two"), ask("three"),
		period.AnswerOverage{Request: id("one"), Allow: true, By: clara, At: later}, period.AnswerOverage{Request: id("two"), By: clara, At: later}, approve(s, "a"))
	disclosed(open...).Shows(t, worked(), included, alert, asked("one", "allowed"), asked("two", "refused"), asked("three", "asked"))

	rolled := visible.CarriedLot{
		Client: nexus.UUID, ID: domain.Derive(contract.UUID, "carried", "2026-02", lotID.String()), Contract: contract.UUID, Month: "2026-02", Bucket: lotID,
		Minutes: 100, Until: "2026-03-31",
	}
	settled := visible.Settlement{
		Client: nexus.UUID, ID: domain.Derive(contract.UUID, "settlement", "2026-02", "support"), Contract: contract.UUID, Line: lineID, Month: "2026-02",
		Drawn: 400, Expired: 100,
	}
	disclosed(run(t, open, period.Close{Says: s, By: anna, At: march})...).Shows(t, worked(func(w *visible.Work) { w.Minutes, w.Drawn = 400, 400 }),
		included, alert, asked("one", "allowed"), asked("two", "refused"), rolled, settled)
}

// A reversal shows as work with negative minutes; that and why something was corrected does not.
func TestDisclosedCorrection(t *testing.T) {
	t.Parallel()
	locked := run(t, nil, logged("a", says(), evening()), approve(says(), "a"), period.Close{Says: says(), By: anna, At: march})
	history := run(t, locked, period.Correct{Time: timeID("a"), Reversal: timeID("-a"), Into: "2026-03", Reason: "wrong", By: anna, At: march})
	if _, changes := period.Disclose(period.Disclosure{}, found[period.TimeCorrected](history)[0]); len(changes) > 0 {
		t.Errorf("a correction shows in the closed month: %v", changes)
	}
	reverse, _ := fold(history).Reversal(timeID("a"))
	reverse.Says, reverse.By, reverse.At = with(inMarch(), func(s *period.Says) { s.Granted = nil }), anna, march
	disclosed(run(t, nil, reverse)...).Shows(t, worked(func(w *visible.Work) {
		w.ID, w.Month, w.Minutes, w.Drawn = timeID("-a").UUID, "2026-03", -300, -300
	}))
}

// Two histories that differ only in what is internal show the client the same, change by change.
func TestInternalFactsDoNotInterfere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySays(t)
		commands := rapid.SliceOfN(anyCommand(s), 0, 40).Draw(t, "commands")
		plain, reworded := changesOf(commands), changesOf(rewordedAll(commands))
		if diff := cmp.Diff(plain, reworded); diff != "" {
			t.Fatalf("internal facts show (-one +other):\n%s", diff)
		}
	})
}

func changesOf(commands []period.Command) []visible.Change {
	var state period.State
	var d period.Disclosure
	var all []visible.Change
	for _, command := range commands {
		events, err := period.Decide(state, command)
		if err != nil {
			continue
		}
		for _, event := range events {
			var changes []visible.Change
			state = period.Evolve(state, event)
			d, changes = period.Disclose(d, event)
			all = append(all, changes...)
		}
	}
	return all
}

// rewordedAll says other things where only staff reads: notes, reasons, who approved, prices, charges, forecasts.
func rewordedAll(commands []period.Command) []period.Command {
	var all []period.Command
	for _, command := range commands {
		switch c := command.(type) {
		case period.Log:
			c.Entry.Note, c.Entry.Reason = "another note", "another reason"
			all = append(all, c)
		case period.Revise:
			c.Entry.Note, c.Entry.Reason = "another note", "another reason"
			all = append(all, c)
		case period.Return:
			c.Reason = "another reason"
			all = append(all, c)
		case period.MakeForecast: // Not made at all.
		case period.AddCharge:
			c.Amount = amount("99")
			all = append(all, c)
		default:
			all = append(all, command)
		}
	}
	return all
}

// What is shown in the end is what a slow reading of the whole history says.
func TestShownWork(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySays(t)
		var history []period.Event
		for _, command := range rapid.SliceOfN(anyCommand(s), 0, 60).Draw(t, "commands") {
			events, _ := period.Decide(fold(history), command)
			history = append(history, events...)
		}
		shown := map[uuid.UUID]visible.Work{}
		for _, change := range disclosedBy(history) {
			switch change := change.(type) {
			case visible.Put:
				if w, ok := change.Record.(visible.Work); ok {
					shown[w.ID] = w
				}
			case visible.Remove:
				delete(shown, change.Gone.ID)
			}
		}
		want := map[uuid.UUID]visible.Work{}
		state := fold(history)
		for _, name := range names {
			if w, ok := readWork(state, timeID(name)); ok {
				want[w.ID] = w
			}
		}
		if diff := cmp.Diff(want, shown); diff != "" {
			t.Fatalf("shown work (-want +got):\n%s", diff)
		}
	})
}

func disclosedBy(history []period.Event) []visible.Change {
	var d period.Disclosure
	var all []visible.Change
	for _, event := range history {
		var changes []visible.Change
		d, changes = period.Disclose(d, event)
		all = append(all, changes...)
	}
	return all
}

// readWork tells from the state of a period alone what its client sees of a record.
func readWork(state period.State, id domain.TimeID) (visible.Work, bool) {
	record, _ := state.Time(id)
	pin, _ := state.PinOf("2026-02-28")
	shows := pin.Agreed.Shows
	w := visible.Work{
		Client: nexus.UUID, ID: id.UUID, Contract: contract.UUID, Category: domain.CategoryID(contract, record.Record.JobType), Month: "2026-02",
		Day: string(record.Record.Day), Description: record.Record.Description,
	}
	switch record.Record.Billing {
	case period.Billable:
		w.Charge = visible.WorkCharged
	case period.Included:
		w.Charge = visible.WorkIncluded
	case period.NoCharge:
		if !shows.NoCharge {
			return w, false
		}
		w.Charge = visible.WorkNoCharge
	case period.NonBillable:
		return w, false
	}
	if counts, ok := state.Counted(id); ok {
		w.State, w.Minutes, w.Drawn = visible.WorkApproved, counts.BilledMinutes, counts.DrawnMinutes
		return w, true
	}
	raw := time.Duration(record.Record.Seconds)*time.Second + time.Minute - time.Second
	w.State, w.Minutes = visible.WorkPending, int(raw/time.Minute)
	return w, record.Status == period.StatusSubmitted && shows.Unapproved
}
