package console_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/sla"
	"effigate/infra/web/browsertest"
	"effigate/infra/web/console"
)

const policyBody = `{"name":"Strict","from":"2026-01-01","policy":{"targets":[{"priority":"critical","resolution_minutes":60}]}}`

// asked is an office with two tickets of 16 March and a policy; what the replay is asked goes to the channel.
func asked(t *testing.T) (o *office, policy string, tickets []string, questions chan console.WhatIf) {
	t.Helper()
	o = newConsole(t)
	questions = make(chan console.WhatIf, 8)
	o.rehearsal = func(_ context.Context, q console.WhatIf) (r console.Rehearsed, err error) {
		questions <- q
		r.Before = []console.WhatIfTally{{Goal: "resolution", Priority: "high", Met: 2}}
		r.After = []console.WhatIfTally{{Goal: "first_response", Priority: "high", Open: 2, AtRisk: 1}, {Goal: "resolution", Priority: "high", MetLate: 2, OverrunSeconds: 5400}}
		for cycle := range 250 * min(1, len(q.Tickets)) {
			r.Differences = append(r.Differences, console.WhatIfDifference{Ticket: q.Tickets[0].UUID, Number: "#1", Goal: "resolution", Cycle: cycle, Before: "met", After: "met_late"})
		}
		return r, nil
	}
	client, contract := o.engagement()
	for range 2 {
		id, _ := o.raise(client, contract, "")
		tickets = append(tickets, id)
	}
	policy, _ = o.post(domain.Owner, api+"/sla-policies", policyBody)
	o.world.Read(t, nothing)
	return o, policy, tickets, questions
}

func ids(q console.WhatIf) (all []string) {
	for _, id := range q.Tickets {
		all = append(all, id.String())
	}
	return all
}

func TestWhatIf(t *testing.T) {
	t.Parallel()
	o, policy, tickets, questions := asked(t)
	const span = "?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z"
	var got struct {
		Tickets, Differing int
		Before, After      []struct{ Goal, Priority string }
		Differences        []struct{ Ticket, Number, Before, After string }
	}
	o.get(domain.Support, api+"/sla/what-if"+span+"&support_level=priority&policy="+policy+"&policy_version=1", "", &got)
	if got.Tickets != 2 || got.Differing != 250 || len(got.Differences) != 200 || len(got.Before) != 1 || len(got.After) != 2 || got.Differences[0].Ticket != tickets[0] {
		t.Errorf("the answer is about %d tickets, %d differ, %d are listed: %+v, %+v", got.Tickets, got.Differing, len(got.Differences), got.Before, got.After)
	}
	question := <-questions
	if diff := cmp.Diff(tickets, ids(question)); diff != "" {
		t.Errorf("replayed (-raised +replayed):\n%s", diff)
	}
	question.Tickets = nil
	want := console.WhatIf{Policy: sla.Ref{ID: uuid.MustParse(policy), Version: 1}, SupportLevel: "priority"}
	if diff := cmp.Diff(want, question); diff != "" {
		t.Errorf("the question (-want +got):\n%s", diff)
	}
	// Of another time there are none.
	o.get(domain.Support, api+"/sla/what-if?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&policy="+missing, "", &got)
}

// A replay takes a processor: another one waits outside until it has ended, whoever asks.
func TestOneWhatIfAtATime(t *testing.T) {
	t.Parallel()
	o, policy, _, _ := asked(t)
	begun, finish := make(chan struct{}, 2), make(chan struct{})
	o.rehearsal = func(ctx context.Context, _ console.WhatIf) (console.Rehearsed, error) {
		begun <- struct{}{}
		if deadline, bounded := ctx.Deadline(); !bounded || time.Until(deadline) > time.Minute {
			t.Error("a replay has no end")
		}
		<-finish
		return console.Rehearsed{}, nil
	}
	ask := func() reply { return o.call(domain.Owner, http.MethodGet, api+"/sla/what-if?policy="+policy, "") }
	first := make(chan int)
	go func() { first <- ask().status }()
	<-begun
	ask().refused(t, http.StatusConflict, "what_if_running")
	o.browse("owner", "/sla/what-if?policy="+policy).shows(t, http.StatusConflict, "ask again when it has ended")
	close(finish)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first is answered by %d", status)
	}
	if got := ask(); got.status != http.StatusOK {
		t.Errorf("after it, another is answered by %d", got.status)
	}
}

func TestWhatIfPage(t *testing.T) {
	t.Parallel()
	o, policy, tickets, questions := asked(t)
	o.browse("support", "/sla/what-if").shows(t, http.StatusOK, "Replay", "Strict (newest: 1)", "Round the clock", "What was promised")
	shown := o.browse("support", "/sla/what-if?from=2026-03-01&to=2026-03-31&support_level=24x7&policy="+policy)
	shown.shows(t, http.StatusOK, "2 tickets replayed in", "as history went", "2 → 0", "0 → 2", "1 h 30 min", "And 50 more", "/tickets/"+tickets[0], "Met late")
	if q := <-questions; q.SupportLevel != "24x7" || len(q.Tickets) != 2 {
		t.Errorf("the question is %+v", q)
	}
	o.browse("support", "/sla/what-if?policy="+policy+"&base_policy="+policy).shows(t, http.StatusOK, "under the policy to compare with")
	for query, want := range map[string]string{
		"?policy=": "must be chosen: a calendar alone promises nothing",
		"?policy=" + policy + "&policy_version=x":         "must be the number of a version",
		"?policy=" + policy + "&support_level=best":       "must be standard, priority or 24x7",
		"?policy=" + policy + "&base_calendar=" + policy:  "must be chosen: a calendar alone promises nothing",
		"?policy=" + policy + "&from=2020-01-01":          "not more than two years before it",
		"?from=2026-04-01&to=2026-03-01&policy=" + policy: "must be before to",
	} {
		o.browse("support", "/sla/what-if"+query).shows(t, http.StatusUnprocessableEntity, want, "Replay")
	}
}

// The pages that propose: rules for tickets, holidays for a calendar.
func TestProposalsAreForEverybody(t *testing.T) {
	t.Parallel()
	o, policy, _, _ := asked(t)
	calendar, _ := o.post(domain.Owner, api+"/calendars", `{"name":"Sydney office","from":"2026-01-01","calendar":{"zone":"Australia/Sydney","always":true,"yearly":[{"month":12,"day":25,"name":"Christmas Day"}]}}`)
	o.world.Read(t, nothing)
	browser, base := browsertest.New(t), o.served("owner")
	for name, options := range map[string][]browsertest.Option{"desk": nil, "phone": {browsertest.Mobile}, "phone dark": {browsertest.Mobile, browsertest.Dark}} {
		page := browser.Open(t, base, options...)
		for shot, path := range map[string]string{
			"what if":          "/sla/what-if?from=2026-03-01&to=2026-03-31&policy=" + policy + "&base_policy=" + policy,
			"what if refused":  "/sla/what-if?policy=&base_calendar=" + calendar,
			"import holidays":  "/calendars/" + calendar + "/import-holidays?place=AU-NSW&from=2026&to=2026",
			"import something": "/calendars/" + calendar + "/import-holidays",
			"calendar":         "/calendars/" + calendar,
		} {
			page.Goto(path)
			page.Shot(name + " " + shot)
			page.Axe()
		}
	}
}
