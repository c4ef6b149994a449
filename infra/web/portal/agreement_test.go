package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/auth"
	"effigate/infra/postgres"
	"effigate/infra/web"
	"effigate/infra/web/portal"
	"effigate/readmodels/client"
)

// in63Hours is what the contract of the tests stands at.
var in63Hours = client.Hours{Bought: 6000, Used: 3780, Remaining: 2220}

type contractAnswer struct {
	AsOf time.Time `json:"as_of"`
	client.ContractDetail
}

// A contract says what was bought and consumed, and when that was so. Unapproved hours stand apart (F12).
func TestContractsOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	path := base + "/contracts/" + id(21).String()
	got := decode[contractAnswer](t, call(w.Portal, http.MethodGet, path, "fay", ""), 200)
	pending := 90
	line := client.Line{
		ID: id(33), Name: "Support of acme", Type: "bucket", Minutes: 6000, Hours: &in63Hours, Done: 3780, Pending: &pending,
		JobTypes: []client.JobType{{ID: id(31), Name: "Network", Used: 3780, Done: 3780, Pending: &pending}},
		Lots:     []client.Lot{{ID: id(35), Minutes: 6000, From: "2026-01-01", Until: "2026-12-31", Left: new(4110), After: "2026-01"}},
	}
	if diff := cmp.Diff([]client.Line{line}, got.Lines); diff != "" || !got.AsOf.Equal(now) || *got.Hours != in63Hours {
		t.Errorf("as of %s: %+v; lines (-want +got):\n%s", got.AsOf, got.Hours, diff)
	}
	list := decode[struct {
		AsOf  time.Time `json:"as_of"`
		Items []client.ContractSummary
	}](t, call(w.Portal, http.MethodGet, base+"/contracts", "ada", ""), 200)
	if len(list.Items) != 1 || *list.Items[0].Hours != in63Hours || !list.AsOf.Equal(now) {
		t.Errorf("listed as %+v", list)
	}
	w.await(t, w.show(visible.Contract{Client: acme, ID: id(21), Reference: "CON-1", Type: "bucket", State: visible.ContractActive, Starts: "2026-01-01"}))
	withheld := call(w.Portal, http.MethodGet, path, "ada", "")
	if strings.Contains(withheld.Body.String(), "unapproved") {
		t.Errorf("unapproved hours are told where they are withheld: %s", withheld.Body)
	}
}

// The figures of two reads are the same ones when nothing changed, whenever they were read.
func TestTheInstantOfAReadIsNoPartOfItsETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	later := newPortal(t, postgres.ClientReads{Reads: w.reads}, w.accounts, w.commands, func(o *portal.Options) {
		o.Now = func() time.Time { return now.Add(time.Hour) }
	})
	for _, path := range []string{base + "/contracts", base + "/contracts/" + id(21).String(), base + "/tickets", base + "/tickets/" + id(101).String()} {
		first := call(w.Portal, http.MethodGet, path, "ada", "")
		second := call(later, http.MethodGet, path, "ada", "")
		if a, b := first.Header().Get("ETag"), second.Header().Get("ETag"); a != b || first.Body.String() == second.Body.String() {
			t.Errorf("%s: ETags %s and %s of %s", path, a, b, second.Body)
		}
		if again := call(later, http.MethodGet, path, "ada", "", "If-None-Match", first.Header().Get("ETag")); again.Code != 304 {
			t.Errorf("%s: status %d", path, again.Code)
		}
	}
}

func TestWorkOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	path := base + "/contracts/" + id(21).String() + "/work"
	type answer struct {
		Items []client.Work
		Next  string
	}
	var days []string
	for next := ""; ; {
		page := decode[answer](t, call(w.Portal, http.MethodGet, path+"?limit=2&cursor="+url.QueryEscape(next), "ada", ""), 200)
		for _, work := range page.Items {
			days = append(days, work.Day+" "+work.State)
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if want := []string{"2026-03-01 pending", "2026-02-10 approved", "2026-01-30 approved"}; !cmp.Equal(want, days) {
		t.Errorf("work %v, want %v", days, want)
	}
	for query, want := range map[string]int{
		"?month=2026-02": 1, "?month=2026-07": 0, "?category=" + id(31).String(): 3, "?category=" + id(32).String(): 0,
		"?month=2026-01&category=" + id(31).String(): 1,
	} {
		if got := decode[answer](t, call(w.Portal, http.MethodGet, path+query, "ada", ""), 200); len(got.Items) != want {
			t.Errorf("%s: %+v", query, got.Items)
		}
	}
	for _, query := range []string{"?month=march", "?month=2026-3", "?category=31"} {
		if got := call(w.Portal, http.MethodGet, path+query, "ada", ""); got.Code != 422 {
			t.Errorf("%s: status %d", query, got.Code)
		}
	}
}

// What is agreed to reaches the command with the digest that was read and the origin sealed, which the actor's own key
// opens, and nothing that was typed can name another contract.
func TestAgreeing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(visible.Proposal{Client: acme, ID: id(21), Contract: id(21), Kind: "contract", Document: "{}", SHA256: digest, State: "offered", OfferedAt: monday}))
	agent := "Browser " + strings.Repeat("x", 1000)
	api := call(w.Portal, http.MethodPost, base+"/proposals/"+id(61).String()+"/accept", "ada", `{"sha256":"`+digest+`"}`, "User-Agent", agent)
	if got := decode[written](t, api, 201); got.ID != id(61) {
		t.Errorf("answered with %s", got.ID)
	}
	form := browse(w.Portal, http.MethodPost, "/proposals/"+id(21).String()+"/accept", "ada", "key=k&sha256="+digest)
	if to := form.Header().Get("Location"); form.Code != 303 || !strings.HasPrefix(to, "/proposals/"+id(21).String()+"?") || !strings.Contains(to, "done=accepted") {
		t.Errorf("status %d to %s", form.Code, to)
	}
	if want := []any{portal.Proposal{Contract: id(21), Amendment: id(61)}, portal.Proposal{Contract: id(21)}}; !cmp.Equal(want, []any{w.commands.agreed[0], w.commands.agreed[2]}) {
		t.Errorf("agreed to %+v", w.commands.agreed)
	}
	owner := openAccounts(t, w.access.Owner, &trace{}, func() time.Time { return now })
	for i, said := range []any{w.commands.agreed[1], w.commands.agreed[3]} {
		agreement := said.(portal.Agreement)
		plain, err := owner.UnsealEvidence(t.Context(), people["ada"].Person, agreement.Sealed)
		if err != nil || agreement.SHA256 != digest || !strings.Contains(string(plain), `"address":"192.0.2.1"`) || len(plain) > 600 {
			t.Errorf("sealed %s, %v with %+v", plain, err, agreement)
		}
		if i == 0 && !strings.Contains(string(plain), `"user_agent":"Browser x`) {
			t.Errorf("sealed %s", plain)
		}
	}
	for _, asked := range w.commands.asked {
		if strings.Contains(string(asked.Body), "192.0.2.1") || strings.Contains(string(asked.Body), "Browser") {
			t.Errorf("the command's body names the origin: %s", asked.Body)
		}
	}
}

func TestDecliningAndAnswering(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	proposal, request := id(61).String(), id(63).String()
	decode[written](t, call(w.Portal, http.MethodPost, base+"/proposals/"+proposal+"/decline", "ada", `{"reason":"Too dear"}`), 201)
	decode[written](t, call(w.Portal, http.MethodPost, base+"/overage-requests/"+request+"/answer", "ada", `{"allow":true}`), 201)
	for path, want := range map[string]string{
		"/proposals/" + proposal + "/decline?reason=Later": "/proposals/" + proposal, "/overage-requests/" + request + "/answer?answer=refuse&reason=Stop": "/overage-requests/" + request,
	} {
		path, form, _ := strings.Cut(path, "?")
		got := browse(w.Portal, http.MethodPost, path, "ada", "key=k&"+form)
		if to := got.Header().Get("Location"); got.Code != 303 || !strings.HasPrefix(to, want+"?") {
			t.Errorf("%s: status %d to %s", path, got.Code, to)
		}
	}
	about := portal.Proposal{Contract: id(21), Amendment: id(61)}
	answer := portal.OverageAnswer{Contract: id(21), Month: "2026-03", Request: id(63)}
	said := map[any]int{}
	for _, one := range w.commands.agreed {
		said[one]++
	}
	allowed, refused := answer, answer
	allowed.Allow, refused.Reason = true, "Stop"
	if want := (map[any]int{about: 2, "Too dear": 1, "Later": 1, allowed: 1, refused: 1}); !cmp.Equal(want, said) {
		t.Errorf("said %+v", said)
	}
	if got := browse(w.Portal, http.MethodPost, "/overage-requests/"+request+"/answer", "ada", "key=l&reason=Hm"); got.Code != 422 || !strings.Contains(got.Body.String(), "Choose whether") || !strings.Contains(got.Body.String(), ">Hm<") {
		t.Errorf("an answer that is none: status %d: %s", got.Code, got.Body)
	}
}

// A decision that comes too late is no failure: the page says so, and shows how things stand.
func TestDecisionsThatComeTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for code, want := range map[string]string{"terms_changed": "read them again below", "amendment_superseded": "in the meantime"} {
		w.commands.refusal = domain.Refuse(domain.ErrConflict, code, "secret: %s", code)
		for _, path := range []string{"/proposals/" + id(61).String() + "/accept", "/proposals/" + id(61).String() + "/decline", "/overage-requests/" + id(63).String() + "/answer"} {
			got := browse(w.Portal, http.MethodPost, path, "ada", "key="+code+"&sha256=0f&answer=allow")
			if body := got.Body.String(); got.Code != 409 || !strings.Contains(body, want) || strings.Contains(body, "secret") {
				t.Errorf("%s after %s: status %d: %s", path, code, got.Code, body)
			}
		}
	}
	w.commands.refusal = nil
	w.await(t, w.show(visible.Proposal{
		Client: acme, ID: id(61), Contract: id(21), Kind: "amendment", Reference: "CON-1", Statement: "More hours", Document: "{}", SHA256: digest, State: "accepted",
		OfferedAt: monday, DecidedBy: id(11), DecidedAt: now,
	}))
	for _, path := range []string{"", "/accept", "/decline"} {
		got := browse(w.Portal, http.MethodGet, "/proposals/"+id(61).String()+path, "ada", "")
		if body := got.Body.String(); got.Code != 200 || !strings.Contains(body, "Ada Admin") || !strings.Contains(body, "More hours") || strings.Contains(body, "<textarea") || strings.Contains(body, "Accept…") {
			t.Errorf("%q once it is accepted: status %d: %s", path, got.Code, body)
		}
	}
}

// Whoever proved its identity too long ago is sent to do so, and comes back to what it was about to agree to.
func TestAgreeingNeedsAFreshProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	path := "/proposals/" + id(61).String() + "/accept"
	got := browse(w.Portal, http.MethodGet, path, "ada, proved long ago", "")
	if to := got.Header().Get("Location"); got.Code != 303 || to != "/step-up?next="+url.QueryEscape(path) {
		t.Errorf("status %d to %s", got.Code, to)
	}
	if p := decode[web.Problem](t, call(w.Portal, http.MethodPost, base+path, "ada, proved long ago", `{"sha256":"`+digest+`"}`), 403); p.Code != "step_up_required" {
		t.Errorf("%+v", p)
	}
	if asked := w.commands.count(); asked != 0 {
		t.Errorf("%d commands were asked for", asked)
	}
	if auth.StepUpFor > time.Hour {
		t.Error("nothing is tested")
	}
}

// The pages say in words what the API says in figures, to whoever may see it.
func TestPagesOfContracts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	contract, proposal, request := "/contracts/"+id(21).String(), "/proposals/"+id(61).String(), "/overage-requests/"+id(63).String()
	for name, c := range map[string]struct {
		path, caller string
		want, not    []string
	}{
		"home of an admin": {"/", "ada", []string{
			"Waiting for you", `href="` + proposal + `"`, "Amendment of CON-1", `href="` + request + `"`, "2 h more under CON-1", `href="/contracts"`, "Hours bucket",
		}, []string{"Nothing needs you"}},
		"home of an employee with grants":  {"/", "fay", []string{"Nothing needs you", `href="/contracts"`}, []string{proposal, request}},
		"home of an employee without them": {"/", "eve", []string{"Nothing needs you"}, []string{`href="/contracts"`, "CON-1"}},
		"contracts":                        {"/contracts", "ada", []string{"CON-1", "63 h of 100 h used, 37 h left", "1 Jan 2026 – 31 Dec 2026", "Waiting for you", "As of"}, nil},
		"contracts as an employee sees them": {"/contracts", "fay", []string{"CON-1", "63 h of 100 h used, 37 h left", "Waiting for a decision"}, []string{
			"Waiting for you",
		}},
		"contract": {contract, "fay", []string{
			"63 h of 100 h used, 37 h left", "Not approved yet, and in none of the other figures: 1 h 30 min", "Cables of acme", "Plugs of acme", "31 Dec 2026", "68 h 30 min (January 2026)",
			"50 % of the hours of Support of acme were used by", "January 2026", "31 h 30 min", "Amendment of CON-1", "2 Mar 2026, 21:30 AEDT",
		}, []string{"Phones"}},
		"work of a month":                 {contract + "?month=2026-01", "ada", []string{"Cables of acme"}, []string{"Plugs of acme", "More cables"}},
		"proposal":                        {proposal, "ada", []string{"More hours for acme.", "<br>", "From April on.", digest, "1 Apr 2026", "150 h in all", "30 days after the invoice", "Accept…", "Network: 10 h"}, nil},
		"proposal as an employee sees it": {proposal, "fay", []string{"More hours for acme.", digest}, []string{"Accept…", "/accept"}},
		"accepting":                       {proposal + "/accept", "ada", []string{"More hours for acme.", `name="sha256" value="` + digest + `"`, "your network address"}, nil},
		"request":                         {request, "ada", []string{"May we go on, acme?", "March 2026", "Support of acme", "Answer…"}, nil},
	} {
		got := browse(w.Portal, http.MethodGet, c.path, c.caller, "")
		body := strings.ReplaceAll(got.Body.String(), "\u00a0", " ")
		for _, text := range c.want {
			if got.Code != 200 || !strings.Contains(body, text) {
				t.Errorf("%s: status %d without %q:\n%s", name, got.Code, text, body)
			}
		}
		for _, text := range c.not {
			if strings.Contains(body, text) {
				t.Errorf("%s: it has %q", name, text)
			}
		}
	}
}

// A contract that is taken back is gone with all that belonged to it.
func TestWithdrawnContractsDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	var keys []visible.Key
	for _, record := range agreement(acme, 0) {
		keys = append(keys, record.Key())
	}
	w.await(t, w.hide(keys...))
	for _, path := range []string{"/contracts/" + id(21).String(), "/contracts/" + id(21).String() + "/work", "/proposals/" + id(61).String(), "/overage-requests/" + id(63).String()} {
		if got := call(w.Portal, http.MethodGet, base+path, "ada", ""); got.Code != 404 {
			t.Errorf("%s: status %d: %s", path, got.Code, got.Body)
		}
	}
	for _, path := range []string{"/contracts", "/proposals", "/overage-requests"} {
		if got := decode[struct{ Items []struct{ ID uuid.UUID } }](t, call(w.Portal, http.MethodGet, base+path, "ada", ""), 200); len(got.Items) > 0 {
			t.Errorf("%s: %+v", path, got.Items)
		}
	}
}

// Whatever a browser sends to a form of a decision, the answer is none of a failure.
func FuzzDecisionForms(f *testing.F) {
	p := newPortal(f, untouched{}, nil, &fakeCommands{position: func() domain.Position { return domain.Position{Commit: 1} }})
	for _, form := range []string{"", "key=k&reason=no", "key=k&answer=allow", "key=k&answer=allow&answer=refuse", "key=%00&reason=%ff", "answer=refuse", "key=k&sha256=x;y"} {
		f.Add(form)
	}
	f.Fuzz(func(t *testing.T, form string) {
		for _, path := range []string{"/decline", "/answer"} {
			thing := map[string]string{"/decline": "/proposals/", "/answer": "/overage-requests/"}[path] + id(61).String()
			var got *httptest.ResponseRecorder
			if got = browse(p, http.MethodPost, thing+path, "ada", form); got.Code >= 500 {
				t.Errorf("%s with %q: %d %s", path, form, got.Code, got.Body)
			}
		}
	})
}
