package period_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"effigate/domain"
	"effigate/domain/bucket"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// lifeCycle says what each command leads to in each state of record a. A refusal is its code after "!", "-" is in
// effect already.
const lifeCycle = `
command            absent                                                 draft                          submitted            returned                       approved            discarded         moved             locked             corrected
pin                opened+terms_pinned                                    -                              -                    -                              -                   -                 -                 !period_closed     !period_closed
log                opened+terms_pinned+time_logged+time_submitted         -                              -                    -                              -                   -                 -                 -                  -
log-otherwise      opened+terms_pinned+time_logged+time_submitted         !time_exists                   !time_exists         !time_exists                   !time_exists        !time_exists      !time_exists      !time_exists       !time_exists
log-another        opened+terms_pinned+time_logged+time_submitted         time_logged+time_submitted     time_logged+time_submitted time_logged+time_submitted time_logged+time_submitted time_logged+time_submitted time_logged+time_submitted !period_closed !period_closed
revise             !time_not_found                                        time_revised                   !time_not_draft      time_revised                   !time_not_draft     !time_not_draft   !time_not_draft   !period_closed     !period_closed
revise-and-submit  !time_not_found                                        time_revised+time_submitted    !time_not_draft      time_revised+time_submitted    !time_not_draft     !time_not_draft   !time_not_draft   !period_closed     !period_closed
revise-nothing     !time_not_found                                        -                              -                    time_revised                   !time_not_draft     !time_not_draft   !time_not_draft   !period_closed     !period_closed
submit-unchanged   !time_not_found                                        time_submitted                 -                    time_submitted                 !time_not_draft     !time_not_draft   !time_not_draft   !period_closed     !period_closed
discard            !time_not_found                                        time_discarded                 !time_not_draft      time_discarded                 !time_not_draft     -                 !time_not_draft   !period_closed     !period_closed
submit             !time_not_found                                        time_submitted                 -                    time_submitted                 -                   !time_not_draft   !time_not_draft   -                  -
approve            !time_not_found                                        !time_not_submitted            time_approved        !time_not_submitted            -                   !time_not_submitted !time_not_submitted -                -
approve-own        !time_not_found                                        !time_not_submitted            !own_time            !time_not_submitted            -                   !time_not_submitted !time_not_submitted -                -
approve-as-owner   !time_not_found                                        !time_not_submitted            time_approved        !time_not_submitted            -                   !time_not_submitted !time_not_submitted -                -
return             !time_not_found                                        !time_not_submitted            time_returned        -                              time_returned       !time_not_submitted !time_not_submitted !period_closed   !period_closed
correct            !time_not_found                                        !period_open                   !period_open         !period_open                   !period_open        !period_open      !period_open      time_corrected     -
correct-again      !time_not_found                                        !period_open                   !period_open         !period_open                   !period_open        !period_open      !period_open      time_corrected     !time_corrected
move               !time_not_found                                        time_moved                     time_moved           time_moved                     !time_not_pending   !time_not_pending -                 !time_not_pending  !time_not_pending
receive            opened+terms_pinned+time_logged+time_submitted         time_logged+time_submitted     time_logged+time_submitted time_logged+time_submitted time_logged+time_submitted time_logged+time_submitted time_logged+time_submitted !period_closed !period_closed
charge             opened+terms_pinned+charge_added                       charge_added                   charge_added         charge_added                   charge_added        charge_added      charge_added      !period_closed     !period_closed
propose            opened+terms_pinned+deduction_proposed                 deduction_proposed             deduction_proposed   deduction_proposed             deduction_proposed  deduction_proposed deduction_proposed !period_closed    !period_closed
confirm            !deduction_not_found                                   !deduction_not_found           !deduction_not_found !deduction_not_found           !deduction_not_found !deduction_not_found !deduction_not_found !deduction_not_found !deduction_not_found
waive              !deduction_not_found                                   !deduction_not_found           !deduction_not_found !deduction_not_found           !deduction_not_found !deduction_not_found !deduction_not_found !deduction_not_found !deduction_not_found
retract            -                                                      -                              -                    -                              -                   -                 -                 -                  -
close              opened+terms_pinned+closed                             !time_pending                  !time_pending        !time_pending                  closed              closed            closed            -                  -
close-early        !not_over                                              !not_over                      !not_over            !not_over                      !not_over           !not_over         !not_over         -                  -
`

var verbs = map[string]period.Command{
	"pin":               period.Pin{Says: says(), By: anna, At: later},
	"log":               logged("a", says(), evening()),
	"log-otherwise":     logged("a", says(), evening(func(e *period.Entry) { e.Description = "Something else." })),
	"log-another":       logged("b", says(), evening()),
	"revise":            period.Revise{Time: timeID("a"), Entry: evening(regular("2026-02-12", time.Hour)), Says: says(), By: ben, At: later},
	"revise-and-submit": period.Revise{Time: timeID("a"), Entry: evening(regular("2026-02-12", time.Hour)), Submit: true, Says: says(), By: ben, At: later},
	"revise-nothing":    period.Revise{Time: timeID("a"), Entry: evening(), Says: says(), By: ben, At: later},
	"submit-unchanged":  period.Revise{Time: timeID("a"), Entry: evening(), Submit: true, Says: says(), By: ben, At: later},
	"discard":           period.Discard{Time: timeID("a"), By: ben, At: later},
	"submit":            period.Submit{Times: timeIDs("a"), By: ben, At: later},
	"approve":           approve(says(), "a"),
	"approve-own":       period.Approve{Times: timeIDs("a"), Says: says(), By: ben, At: later},
	"approve-as-owner":  approveAs(says(), "a"),
	"return":            period.Return{Times: timeIDs("a"), Reason: "name the ticket", By: anna, At: later},
	"correct":           period.Correct{Time: timeID("a"), Reversal: timeID("-a"), Into: "2026-03", Reason: "wrong ticket", By: anna, At: march},
	"correct-again":     period.Correct{Time: timeID("a"), Reversal: timeID("other"), Into: "2026-03", Reason: "wrong ticket", By: anna, At: march},
	"move":              period.Move{Times: timeIDs("a"), Into: "2026-03", By: anna, At: later},
	"receive":           period.Receive{Time: timeID("january"), Record: january, Source: manual, Submitted: true, Says: says(), By: anna, At: later},
	"charge":            period.AddCharge{Charge: domain.ChargeID{UUID: id("travel")}, Line: "support", What: period.OtherCharge, Text: "Travel", Amount: amount("80"), Says: says(), By: anna, At: later},
	"propose":           proposed("a", says()),
	"confirm":           confirmed("a"),
	"waive":             waived(mia, "goodwill"),
	"retract":           retracted("a"),
	"close":             period.Close{Says: says(), By: anna, At: march},
	"close-early":       period.Close{Says: says(), By: anna, At: utc("2026-02-28T12:59:59Z")},
}

var january = period.Record{
	JobType: "api", Day: "2026-01-20", Seconds: 3600, Description: "Late work.",
	Staff: period.RecordStaff{Person: ben.Person, Zone: "UTC", Condition: hours.Regular},
}

func lives(t *testing.T) map[string][]period.Event {
	t.Helper()
	drafted := logged("a", says(), evening())
	drafted.Submit = false
	draft := run(t, nil, drafted)
	submitted := run(t, draft, verbs["submit"])
	approved := run(t, submitted, verbs["approve"])
	locked := run(t, approved, verbs["close"])
	return map[string][]period.Event{
		"absent": nil, "draft": draft, "submitted": submitted, "returned": run(t, submitted, verbs["return"]), "approved": approved,
		"discarded": run(t, draft, verbs["discard"]), "moved": run(t, submitted, verbs["move"]), "locked": locked, "corrected": run(t, locked, verbs["correct"]),
	}
}

func TestLifeCycle(t *testing.T) {
	t.Parallel()
	histories := lives(t)
	lines := strings.Split(strings.TrimSpace(lifeCycle), "\n")
	states := strings.Fields(lines[0])[1:]
	seen := map[string]bool{}
	for _, row := range lines[1:] {
		cells := strings.Fields(row)
		seen[cells[0]] = true
		for i, want := range cells[1:] {
			if got := outcome(histories[states[i]], verbs[cells[0]]); got != want {
				t.Errorf("%s when %s: got %s, want %s", cells[0], states[i], got, want)
			}
		}
	}
	for verb := range verbs {
		if !seen[verb] {
			t.Errorf("the table has no row for %s", verb)
		}
	}
}

// outcome names what a command leads to.
func outcome(history []period.Event, command period.Command) string {
	events, err := period.Decide(fold(history), command)
	if refusal, ok := errors.AsType[*domain.Refusal](err); ok {
		return "!" + refusal.Code
	}
	if err != nil {
		return err.Error()
	}
	var kinds []string
	for _, event := range events {
		kinds = append(kinds, strings.TrimSuffix(strings.TrimPrefix(event.Kind(), "period."), ".v1"))
	}
	if len(kinds) == 0 {
		return "-"
	}
	return strings.Join(kinds, "+")
}

// Nobody of a client gets anywhere near a period but to answer what it was asked.
func TestClientsFindNoPeriod(t *testing.T) {
	t.Parallel()
	for name, command := range verbs {
		if outcome(nil, asked(command, clara)) != "!not_found" {
			t.Errorf("%s by a client: %s", name, outcome(nil, asked(command, clara)))
		}
	}
}

// asked gives a command another actor.
func asked(c period.Command, by domain.Actor) period.Command {
	switch c := c.(type) {
	case period.Pin:
		c.By = by
		return c
	case period.Log:
		c.By = by
		return c
	case period.Revise:
		c.By = by
		return c
	case period.Discard:
		c.By = by
		return c
	case period.Submit:
		c.By = by
		return c
	case period.Approve:
		c.By = by
		return c
	case period.Return:
		c.By = by
		return c
	case period.Correct:
		c.By = by
		return c
	case period.Move:
		c.By = by
		return c
	case period.Receive:
		c.By = by
		return c
	case period.AddCharge:
		c.By = by
		return c
	case period.Close:
		c.By = by
		return c
	case period.ProposeDeduction:
		c.By = by
		return c
	case period.ConfirmDeduction:
		c.By = by
		return c
	case period.WaiveDeduction:
		c.By = by
		return c
	case period.RetractDeduction:
		c.By = by
		return c
	case period.Reserve:
		c.By = by
		return c
	case period.Release:
		c.By = by
		return c
	case period.Bill:
		c.By = by
		return c
	case period.Unbill:
		c.By = by
		return c
	case period.Reverse, period.AskOverage, period.AnswerOverage, period.CarryIn, period.MakeForecast:
	}
	return c
}

func TestWrongEntries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*period.Entry)
		fields []string
	}{
		"no person":              {func(e *period.Entry) { e.Person = domain.PersonID{} }, []string{"person"}},
		"work without kind":      {func(e *period.Entry) { e.Work.Kind = "" }, []string{"work"}},
		"work without id":        {func(e *period.Entry) { e.Work = period.Work{Kind: period.Task} }, []string{"work"}},
		"a level of its own":     {func(e *period.Entry) { e.SupportLevel = "gold" }, []string{"support_level"}},
		"no zone":                {func(e *period.Entry) { e.Zone = "Local" }, []string{"zone"}},
		"ends as it starts":      {func(e *period.Entry) { e.Until = e.From }, []string{"until", "break_seconds"}},
		"ends before it starts":  {func(e *period.Entry) { e.Until = e.From.Add(-time.Hour) }, []string{"until", "break_seconds"}},
		"in the future":          {func(e *period.Entry) { e.From, e.Until = at.Add(-time.Hour), at.Add(time.Second) }, []string{"until"}},
		"a day in the future":    {lasting("2026-02-21", time.Hour), []string{"day"}},
		"no day":                 {lasting("2026-02-30", time.Hour), []string{"day"}},
		"no time":                {lasting("2026-02-10", 0), []string{"seconds", "break_seconds"}},
		"both":                   {func(e *period.Entry) { e.Seconds = 60 }, []string{"seconds"}},
		"instants and condition": {func(e *period.Entry) { e.Condition = hours.Weekend }, []string{"condition"}},
		"an unknown condition":   {func(e *period.Entry) { lasting("2026-02-10", time.Hour)(e); e.Condition = "sometimes" }, []string{"condition"}},
		"all of it a break":      {func(e *period.Entry) { e.BreakSeconds = 5 * 3600 }, []string{"break_seconds"}},
		"a negative break":       {func(e *period.Entry) { e.BreakSeconds = -1 }, []string{"break_seconds"}},
		"unknown billing":        {func(e *period.Entry) { e.Billing = "perhaps" }, []string{"billing"}},
		"no reason":              {func(e *period.Entry) { e.Billing = period.NoCharge }, []string{"reason"}},
		"no reason why not":      {func(e *period.Entry) { e.Billing = period.NonBillable }, []string{"reason"}},
		"no description":         {func(e *period.Entry) { e.Description = "" }, []string{"description"}},
		"nothing told of free":   {func(e *period.Entry) { e.Description, e.Billing = "", period.Included }, []string{"description"}},
		"a long description":     {func(e *period.Entry) { e.Description = strings.Repeat("x", 2001) }, []string{"description"}},
		"a long note":            {func(e *period.Entry) { e.Note = strings.Repeat("x", 4001) }, []string{"note"}},
		"a strange note":         {func(e *period.Entry) { e.Note = "\x00" }, []string{"note"}},
		"an unknown job type":    {func(e *period.Entry) { e.JobType = "gardening" }, []string{"job_type"}},
		"longer than 16 hours":   {func(e *period.Entry) { e.Until = e.From.Add(16*time.Hour + time.Second) }, []string{"until"}},
		"no time of day":         {func(e *period.Entry) { lasting("2026-02-10", time.Hour)(e); e.Condition = "" }, []string{"condition"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given().When(logged("a", says(), evening(test.change))).ThenInvalid(t, test.fields...)
		})
	}
}

func TestWrongDays(t *testing.T) {
	t.Parallel()
	limited := says(func(t *terms.Terms) { t.Staff.Limits.BackdatingDays = 9 })
	ended := says(func(t *terms.Terms) { t.Agreed.Ends = "2026-02-09" })
	suspended := with(says(), func(s *period.Says) { s.InForce = false })
	late := func(change func(*period.Log)) period.Log {
		c := logged("a", inMarch(), evening())
		c.At, c.Late = march, true
		change(&c)
		return c
	}
	for name, test := range map[string]struct {
		command period.Log
		want    string
	}{
		"another month":             {logged("a", inMarch(), evening()), "!other_month"},
		"a later month":             {late(func(c *period.Log) { c.Says.Month = "2026-01" }), "!other_month"},
		"late is of an earlier one": {late(func(*period.Log) {}), "opened+terms_pinned+time_logged+time_submitted"},
		"before the contract":       {logged("a", says(func(t *terms.Terms) { t.Agreed.Starts = "2026-02-11" }), evening()), "!not_in_force"},
		"after the contract":        {logged("a", ended, evening()), "!not_in_force"},
		"suspended":                 {logged("a", suspended, evening()), "!not_in_force"},
		"too old":                   {logged("a", limited, evening()), "!too_old"},
		"just in time":              {logged("a", limited, evening(regular("2026-02-11", time.Hour))), "opened+terms_pinned+time_logged+time_submitted"},
		"imported, however old": {func() period.Log {
			c := logged("a", limited, evening())
			c.Source = period.Source{Kind: period.FromImport, System: "toggl", Key: "1"}
			return c
		}(), "opened+terms_pinned+time_logged+time_submitted"},
		"a correction, however late": {func() period.Log { c := logged("a", suspended, evening()); c.Replaces = timeID("b"); return c }(), "opened+terms_pinned+time_logged+time_submitted"},
		"no terms":                   {logged("a", with(says(), func(s *period.Says) { s.Versions = nil }), evening()), "!no_terms"},
		"another contract":           {logged("a", with(says(), func(s *period.Says) { s.Contract = domain.ContractID{} }), evening()), "!invalid_fields"},
	} {
		if got := outcome(nil, test.command); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// What a timer measured is kept, though nobody said what it was for: as a draft, which is completed later.
func TestATimerLosesNothing(t *testing.T) {
	t.Parallel()
	measured := logged("a", says(), evening(func(e *period.Entry) { e.Description, e.Until = "", e.From.Add(60*time.Hour) }))
	measured.Source.Kind = period.FromTimer
	history := run(t, nil, measured)
	if got := outcome(nil, measured); got != "opened+terms_pinned+time_logged" {
		t.Fatalf("a timer's unfinished record leads to %s", got)
	}
	given(history...).When(period.Submit{Times: timeIDs("a"), By: ben, At: later}).ThenRefused(t, domain.ErrConflict, "time_unfinished")
	finished := period.Revise{Time: timeID("a"), Entry: evening(), Submit: true, Says: says(), By: ben, At: later}
	if got := outcome(history, finished); got != "time_revised+time_submitted" {
		t.Fatalf("finished it leads to %s", got)
	}
	given(run(t, history, finished)...).When(measured).ThenNothing(t)
}

func TestApprovalRefusals(t *testing.T) {
	t.Parallel()
	hundred := []bucket.Lot{lot("hundred", 200)}
	policy := func(p terms.OveragePolicy) period.Says {
		return with(says(line(func(_ *terms.Line, c *terms.Charge) { c.Overage = p })), func(s *period.Says) { s.Granted = hundred })
	}
	later := func(s period.Says) period.Says { return with(s, func(s *period.Says) { s.First = false }) }
	capped := func(p terms.CapPolicy) period.Says {
		return says(line(timeAndMaterials), line(func(_ *terms.Line, c *terms.Charge) { c.Cap, c.CapPolicy = amount("779.99"), p }))
	}
	noCards := func(change func(*terms.Line, *terms.Charge)) period.Says {
		return with(says(line(change)), func(s *period.Says) { s.Versions[0].Cards = nil })
	}
	const yes = "time_approved"
	for name, test := range map[string]struct {
		says period.Says
		want string
	}{
		"beyond, blocked":               {policy(terms.BlockOverage), "!hours_used_up"},
		"beyond, nobody asked":          {policy(terms.AskOverage), "!hours_used_up"},
		"beyond, allowed":               {policy(terms.AllowOverage), yes + "+threshold_reached"},
		"beyond, bought":                {policy(terms.TopUpOverage), yes + "+threshold_reached"}, // without a number of minutes to buy
		"blocked, nothing carried in":   {later(policy(terms.BlockOverage)), "!carry_in_unknown"},
		"asked, nothing carried in":     {later(policy(terms.AskOverage)), "!carry_in_unknown"},
		"allowed, nothing carried in":   {later(policy(terms.AllowOverage)), yes},
		"over a hard cap":               {capped(terms.HardCap), "!cap_reached"},
		"over a cap that is told":       {capped(terms.NotifyCap), yes + "+threshold_reached"},
		"a hard cap, nothing before":    {later(capped(terms.HardCap)), "!carry_in_unknown"},
		"no rate for time":              {noCards(timeAndMaterials), "!rate_missing"},
		"no rate for hours in arrears":  {noCards(func(*terms.Line, *terms.Charge) {}), "!rate_missing"},
		"no rate for hours paid before": {noCards(func(_ *terms.Line, c *terms.Charge) { c.Mode = terms.Prepaid }), yes},
		"no rate for a retainer":        {noCards(func(l *terms.Line, c *terms.Charge) { retainer(l, c); c.Overage = terms.AllowOverage }), yes},
		"no rate for a fixed line":      {noCards(func(l *terms.Line, c *terms.Charge) { l.Type, c.Mode = terms.Fixed, "" }), yes},
	} {
		history := run(t, nil, logged("a", test.says, evening()))
		got := outcome(history, approve(test.says, "a"))
		if got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// Whoever wrote a record for somebody, or rewrote it, is as little its approver as the person who did the work.
func TestNobodyApprovesWhatTheyWrote(t *testing.T) {
	t.Parallel()
	s := says()
	revised := period.Revise{Time: timeID("a"), Entry: evening(), Submit: true, Says: s, By: anna, At: approve(s, "a").At}
	revised.Entry.Note = "rewritten"
	draft := logged("a", s, evening())
	draft.Submit = false
	history := run(t, nil, draft, revised)
	given(history...).When(approve(s, "a")).ThenRefused(t, domain.ErrForbidden, "own_time")
	approval := approve(s, "a")
	approval.By = staff("carla", domain.Delivery)
	if got := outcome(history, approval); got != "time_approved" {
		t.Errorf("somebody else: %s", got)
	}
}
