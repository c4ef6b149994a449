package portal_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/web"
	"effigate/infra/web/portal"
	"effigate/readmodels/client"
)

type ticketAnswer struct {
	client.TicketDetail
	ServerNow time.Time `json:"server_now"`
}

// A ticket comes with what is promised about it, in a client's words and nothing beyond: no goal, policy, threshold or
// share of time used (X1).
func TestATicketTellsWhatIsPromised(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	escalated := ticket(1, acme, id(11))
	escalated.EscalatedAt, escalated.ReopenUntil = now, now.Add(time.Hour)
	w.await(t, w.show(escalated))
	answer := call(w.Portal, http.MethodGet, base+"/tickets/"+id(101).String(), "ada", "")
	got := decode[ticketAnswer](t, answer, 200)
	want := []client.Target{
		{Goal: "first_response", State: "paused", RemainingSeconds: new(int64(60))},
		{Goal: "resolution", State: "at_risk", Due: new(now.Add(time.Hour)), Strip: []client.Stretch{
			{From: monday.Add(time.Minute), Until: monday.Add(150 * time.Minute), Doing: "counting", Seconds: 8940},
		}},
	}
	if diff := cmp.Diff(want, got.Targets); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if !got.ServerNow.Equal(now) || !got.EscalatedAt.Equal(now) || !got.ReopenUntil.Equal(now.Add(time.Hour)) || len(got.Attachments) != 1 || len(got.Comments) != 1 {
		t.Errorf("answered %s", answer.Body)
	}
	var raw struct{ Targets []map[string]any }
	if err := json.Unmarshal(answer.Body.Bytes(), &raw); err != nil {
		t.Fatal(err)
	}
	for _, target := range raw.Targets {
		for field := range target {
			if !slices.Contains([]string{"goal", "state", "due", "remaining_seconds", "strip"}, field) {
				t.Errorf("a target tells %q", field)
			}
		}
	}
	listed := decode[struct {
		ServerNow time.Time `json:"server_now"`
		Items     []client.Ticket
	}](t, call(w.Portal, http.MethodGet, base+"/tickets?at_risk=true", "ada", ""), 200)
	if len(listed.Items) != 1 || listed.Items[0].ID != id(101) || len(listed.Items[0].Targets) != 2 || listed.Items[0].Targets[1].Strip != nil || !listed.ServerNow.Equal(now) {
		t.Errorf("listed %+v", listed)
	}
}

func TestTicketsAreFilteredOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	over, waiting := ticket(4, acme, id(11)), ticket(5, acme, id(12))
	over.State, waiting.State = visible.TicketMerged, visible.TicketAwaitingApproval
	w.await(t, w.show(over, waiting))
	for query, want := range map[string][]int{
		"": {5, 4, 2, 1}, "?state=open": {5, 2, 1}, "?state=waiting_for_you": {5}, "?state=resolved": {4}, "?at_risk=true": {1}, "?at_risk=false": {5, 4, 2, 1},
		"?category=" + id(31).String(): {5, 4, 2, 1}, "?category=" + id(32).String(): {}, "?state=open&at_risk=true&search=ticket": {1},
		"?search=" + url.QueryEscape("tkt 2"): {2}, "?search=TKT-0002": {2}, "?search=2": {2}, "?search=tkt-3": {}, "?search=hums": {2},
	} {
		got := []int{}
		for _, item := range decode[struct{ Items []client.Ticket }](t, call(w.Portal, http.MethodGet, base+"/tickets"+query, "ada", ""), 200).Items {
			got = append(got, item.Number)
		}
		if !slices.Equal(want, got) {
			t.Errorf("%q lists %v, want %v", query, got, want)
		}
	}
	for _, query := range []string{"?state=merged", "?at_risk=perhaps", "?assignee=x", "?visibility=internal"} {
		if got := call(w.Portal, http.MethodGet, base+"/tickets"+query, "ada", ""); got.Code != 422 {
			t.Errorf("%s: status %d", query, got.Code)
		}
	}
}

func TestRaising(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	network := `"category":"` + id(31).String() + `"`
	in := portal.RaiseTicket{Category: id(31), Contract: id(21), JobType: "net", Title: "Help"}
	for body, want := range map[string]func(*portal.RaiseTicket){
		network: func(r *portal.RaiseTicket) { r.Priority = "medium" },
		network + `,"impact":"high","urgency":"low"`: func(r *portal.RaiseTicket) { r.Impact, r.Urgency = "high", "low" },
		network + `,"priority":"critical"`:           func(r *portal.RaiseTicket) { r.Priority = "critical" },
		`"out_of_scope":true,"impact":"low","urgency":"low","description":"New"`: func(r *portal.RaiseTicket) {
			*r = portal.RaiseTicket{OutOfScope: true, Title: "Help", Description: "New", Impact: "low", Urgency: "low"}
		},
		network + `,"out_of_scope":false,"follows":"` + id(102).String() + `"`: func(r *portal.RaiseTicket) { r.Priority, r.Follows = "medium", id(102) },
	} {
		expected := in
		want(&expected)
		w.commands.raised = nil
		call(w.Portal, http.MethodPost, base+"/tickets", "eve", `{"title":"Help",`+body+`}`)
		if diff := cmp.Diff([]portal.RaiseTicket{expected}, w.commands.raised); diff != "" {
			t.Errorf("%s raises (-want +got):\n%s", body, diff)
		}
	}
	before := w.commands.count()
	for body, field := range map[string]string{
		`"description":"Neither"`:                                    "category",
		network + `,"out_of_scope":true`:                             "category",
		network + `,"impact":"high"`:                                 "urgency",
		network + `,"urgency":"high"`:                                "urgency",
		network + `,"impact":"critical","urgency":""`:                "impact",
		network + `,"priority":"urgent"`:                             "priority",
		network + `,"follows":"TKT-0002"`:                            "follows",
		network + `,"impact":"low","urgency":"low","priority":"low"`: "priority",
	} {
		p := decode[web.Problem](t, call(w.Portal, http.MethodPost, base+"/tickets", "eve", `{"title":"Help",`+body+`}`), 422)
		if !slices.ContainsFunc(p.Errors, func(e web.WrongField) bool { return e.Field == field }) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	if asked := w.commands.count(); asked != before {
		t.Errorf("%d commands were asked for", asked-before)
	}
}

// A ticket is taken up again by whoever may see it: another employee's is answered like another client's and like
// nonsense (A2, A12).
func TestNobodyFollowsWhatItMayNotSee(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	var answers []answer
	for _, follows := range []uuid.UUID{id(101), id(103), id(99)} {
		answers = append(answers, plain(call(w.Portal, http.MethodPost, base+"/tickets", "eve",
			`{"category":"`+id(31).String()+`","title":"Help","follows":"`+follows.String()+`"}`), ""))
	}
	if diff := cmp.Diff([]answer{answers[2], answers[2]}, answers[:2]); diff != "" || answers[0].Status != 404 || w.commands.count() != 0 {
		t.Errorf("status %d, %d commands (-nonsense +other's):\n%s", answers[0].Status, w.commands.count(), diff)
	}
}

func TestConversing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	own := base + "/tickets/" + id(102).String() + "/comments"
	said := portal.Comment{Text: "Hi", Mentions: []uuid.UUID{id(11)}}
	body := `{"text":"Hi","mentions":["` + id(11).String() + `"]}`
	for _, step := range []struct {
		path, body string
		want       []any
	}{
		{own, body, []any{said}},
		{own + "/" + id(55).String() + "/edit", body, []any{id(55), said}},
		{own + "/" + id(55).String() + "/edit", `{"text":"Hi"}`, []any{id(55), portal.Comment{Text: "Hi"}}},
		{own + "/" + id(55).String() + "/delete", `{}`, []any{id(55)}},
	} {
		w.commands.said = nil
		if got := decode[written](t, call(w.Portal, http.MethodPost, step.path, "eve", step.body), 201); got.ID != id(102) {
			t.Errorf("%s: about %s", step.path, got.ID)
		}
		asked := w.commands.asked[len(w.commands.asked)-1]
		if diff := cmp.Diff(step.want, w.commands.said); diff != "" || asked.Route != "POST "+step.path {
			t.Errorf("%s as %s (-want +got):\n%s", step.path, asked.Route, diff)
		}
	}
	for path, body := range map[string]string{
		own: `{"text":""}`, own + "/" + id(55).String() + "/edit": `{"mentions":[]}`, own + "/" + id(55).String() + "/delete": `{"reason":"x"}`,
	} {
		if got := call(w.Portal, http.MethodPost, path, "eve", body); got.Code != 422 {
			t.Errorf("%s %s: status %d", path, body, got.Code)
		}
	}
	crowd := make([]string, 21)
	for i := range crowd {
		crowd[i] = `"` + id(byte(i)).String() + `"`
	}
	if got := call(w.Portal, http.MethodPost, own, "eve", `{"text":"Hi","mentions":[`+strings.Join(crowd, ",")+`]}`); got.Code != 422 {
		t.Errorf("a crowd is mentioned: status %d", got.Code)
	}
	edits := decode[struct{ Items []client.CommentEdit }](t, call(w.Portal, http.MethodGet, base+"/tickets/"+id(101).String()+"/comments/"+id(51).String()+"/edits", "ada", ""), 200)
	if len(edits.Items) != 1 || edits.Items[0].Text != "Helo" {
		t.Errorf("edits %+v", edits)
	}
}

// An admin agrees to the estimate that it read, freshly proved, and names it: whether it was replaced or answered in the
// meantime is for the command to know, which has the answer of a repeat.
func TestAnsweringAnEstimate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	asked := ticket(2, acme, id(12))
	asked.State, asked.OutOfScope, asked.EstimateMinutes, asked.EstimateText = visible.TicketAwaitingApproval, true, 90, "A new printer"
	w.await(t, w.show(asked))
	path := base + "/tickets/" + id(102).String()
	estimate := decode[ticketAnswer](t, call(w.Portal, http.MethodGet, path, "ada", ""), 200).Estimate
	if want := (&client.Estimate{Minutes: 90, Text: "A new printer", SHA256: visible.EstimateSHA256(90, "A new printer")}); !cmp.Equal(want, estimate) {
		t.Errorf("the estimate is %+v", estimate)
	}
	decode[web.Problem](t, call(w.Portal, http.MethodPost, path+"/estimate/accept", "ada", `{}`), 422) // Of what it has read, it says nothing.
	yes := `{"sha256":"` + estimate.SHA256 + `"}`
	if p := decode[web.Problem](t, call(w.Portal, http.MethodPost, path+"/estimate/accept", "ada, proved long ago", yes), 403); p.Code != auth.ErrStepUp.Error() && w.commands.count() != 0 {
		t.Errorf("without a fresh proof: %+v", p)
	}
	decode[written](t, call(w.Portal, http.MethodPost, path+"/estimate/accept", "ada", yes), 201)
	asked.State = visible.TicketInProgress
	w.await(t, w.show(asked))
	decode[written](t, call(w.Portal, http.MethodPost, path+"/estimate/accept", "ada", yes), 201)
	decode[written](t, call(w.Portal, http.MethodPost, path+"/estimate/decline", "ada", `{"reason":"Too much"}`), 201)
	want := []any{
		portal.EstimateAnswer{Accept: true, SHA256: estimate.SHA256}, portal.EstimateAnswer{Accept: true, SHA256: estimate.SHA256}, portal.EstimateAnswer{Reason: "Too much"},
	}
	if diff := cmp.Diff(want, w.commands.said); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// Access never depends on having written on a ticket, on having been mentioned there, or on what points to it (A6).
func TestHavingBeenThereOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	pointing := ticket(2, acme, id(12))
	pointing.Follows, pointing.MergedInto = id(101), id(101)
	w.await(t, w.show(pointing, visible.Comment{Client: acme, ID: id(57), Ticket: id(101), Author: id(12), ByClient: true, Text: "I was here", At: monday}))
	for _, route := range w.Routes() {
		if row := rows[route.Method+" "+route.Pattern]; row.thing == id(102) && strings.HasPrefix(route.Pattern, base) {
			if got := ask(w.Portal, route, id(101).String(), "eve", row); got.Code != 404 {
				t.Errorf("%s %s: status %d", route.Method, route.Pattern, got.Code)
			}
		}
	}
	if w.commands.count() != 0 {
		t.Errorf("asked for %+v", w.commands.asked)
	}
	if got := call(w.Portal, http.MethodGet, base+"/tickets/"+id(102).String(), "eve", "").Body.String(); strings.Contains(got, id(101).String()) {
		t.Errorf("what it points to is told: %s", got)
	}
}

// A ticket that the firm has for the client, and that it was not shown, is answered like one that is not there, on
// every route and whatever is asked of it (A8).
func TestTicketsOfTheFirmAloneCannotBeGuessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	guessed, missing := id(109).String(), uuid.Max.String()
	for _, caller := range []string{"ada", "eve"} {
		for _, route := range w.Routes() {
			row := rows[route.Method+" "+route.Pattern]
			if row.thing != id(102) {
				continue
			}
			want, got := plain(ask(w.Portal, route, missing, caller, row), missing), plain(ask(w.Portal, route, guessed, caller, row), guessed)
			if diff := cmp.Diff(want, got); diff != "" || got.Status != 404 {
				t.Errorf("%s %s as %s: status %d (-missing +guessed):\n%s", route.Method, route.Pattern, caller, got.Status, diff)
			}
		}
	}
}

// Counts, suggestions and people to mention are of what their reader may see (A11, X12).
func TestWhatIsOfferedIsOfOwnTickets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for token, want := range map[string]client.Counts{"ada": {Open: 2, AtRisk: 1}, "eve": {Open: 1}, "gil": {Open: 1, AtRisk: 1}, "fay": {}} {
		if got := decode[client.Overview](t, call(w.Portal, http.MethodGet, base+"/overview", token, ""), 200).Tickets; got != want {
			t.Errorf("%s counts %+v, want %+v", token, got, want)
		}
	}
	for token, want := range map[string][]uuid.UUID{"ada": {id(102), id(101)}, "eve": {id(102)}, "gil": {id(103)}, "fay": nil} {
		var got []uuid.UUID
		for _, item := range decode[struct{ Items []client.Suggestion }](t, call(w.Portal, http.MethodGet, base+"/ticket-suggestions?title=Ticket", token, ""), 200).Items {
			got = append(got, item.ID)
		}
		if !slices.Equal(want, got) {
			t.Errorf("%s is suggested %v, want %v", token, got, want)
		}
	}
	for _, query := range []string{"", "?title=", "?title=" + strings.Repeat("x", 201)} {
		if got := call(w.Portal, http.MethodGet, base+"/ticket-suggestions"+query, "ada", ""); got.Code != 422 {
			t.Errorf("%.20q: status %d", query, got.Code)
		}
	}
	met := map[string]string{}
	for _, token := range []string{"ada", "eve"} {
		for _, item := range decode[struct{ Items []client.Mentionable }](t, call(w.Portal, http.MethodGet, base+"/tickets/"+id(102).String()+"/people", token, ""), 200).Items {
			met[token] += item.Name + ";"
		}
	}
	if want := map[string]string{"ada": "Eve Ebner;", "eve": "Ada Admin;"}; !maps.Equal(want, met) {
		t.Errorf("they can mention %v, want %v", met, want)
	}
}

// A promise that changes is a change that its readers hear of; others hear nothing.
func TestPromisesAreHeardOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(visible.Category{Client: acme, ID: id(31), Contract: id(21), JobType: "net", Name: "Net"})) // What streams begin after.
	address := serve(t, w)
	hears, begins := listen(t, address, "ada", ""), listen(t, address, "eve", "")()
	if got := hears(); got.name != "ready" {
		t.Fatalf("the stream begins with %+v", got)
	}
	records := promised(1, acme)
	target, file, edit := records[0].(visible.Target), records[2].(visible.Attachment), records[3].(visible.Edit)
	target.State, file.Name, edit.Text = visible.TargetMissed, "plan 2.pdf", "Hola"
	w.await(t, w.show(target, file, edit))
	kinds := []string{hears().name, hears().name, hears().name}
	slices.Sort(kinds)
	if want := []string{"attachment", "comment_edit", "target"}; !slices.Equal(want, kinds) {
		t.Errorf("heard of %v, want %v", kinds, want)
	}
	if again := listen(t, address, "eve", "")(); again != begins {
		t.Errorf("somebody else's stream begins with %+v after %+v", again, begins)
	}
}
