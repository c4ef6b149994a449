package portal_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/infra/web"
	"effigate/infra/web/portal"
)

func TestCommandsCarryWhatWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	own := "/tickets/" + id(102).String()
	decode[written](t, call(w.Portal, http.MethodPost, base+"/tickets", "eve",
		`{ "title" : "H\u0065lp", "category":"`+id(31).String()+`","follows":"`+id(102).String()+`" }`, "Idempotency-Key", "k1", "Traceparent", trace), 201)
	decode[written](t, call(w.Portal, http.MethodPost, base+own+"/comments", "eve", `{"text":"Hi"}`, "Idempotency-Key", "k2"), 201)
	decode[written](t, call(w.Portal, http.MethodPost, base+own+"/reopen", "eve", `{}`, "Idempotency-Key", "k3"), 201)
	at := monday.Add(90 * time.Minute)
	eves := portal.Credential{Kind: portal.SessionCredential, Token: "eve"}
	want := []portal.Request{
		{
			Actor: people["eve"], Credential: eves, Route: "POST /api/client/v1/tickets", Key: "k1", At: at, Traceparent: trace,
			Body: []byte(`{"category":"` + id(31).String() + `","title":"Help","follows":"` + id(102).String() + `"}`),
		},
		{Actor: people["eve"], Credential: eves, Route: "POST /api/client/v1" + own + "/comments", Key: "k2", At: at, Body: []byte(`{"text":"Hi"}`)},
		{Actor: people["eve"], Credential: eves, Route: "POST /api/client/v1" + own + "/reopen", Key: "k3", At: at, Body: []byte(`{}`)},
	}
	if diff := cmp.Diff(want, w.commands.asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	raised := []portal.RaiseTicket{{Category: id(31), Contract: id(21), JobType: "net", Title: "Help", Priority: "medium", Follows: id(102)}}
	if diff := cmp.Diff(raised, w.commands.raised); diff != "" {
		t.Errorf("raised (-want +got):\n%s", diff)
	}
	if zone := w.commands.asked[0].At.Location(); zone != time.UTC {
		t.Errorf("the instant is in %s", zone)
	}
}

// The category of another client is as unknown as nonsense, and the command has the last word.
func TestUnknownCategoriesAreForTheCommandToRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	var answers []web.Problem
	for _, category := range []string{id(32).String(), id(99).String()} {
		answers = append(answers, decode[web.Problem](t,
			call(w.Portal, http.MethodPost, base+"/tickets", "ada", `{"category":"`+category+`","title":"Help"}`), 409))
	}
	if diff := cmp.Diff(answers[0], answers[1]); diff != "" || answers[0].Code != "out_of_scope" {
		t.Errorf("code %s (-other client's +nonsense):\n%s", answers[0].Code, diff)
	}
	if got := w.commands.raised; len(got) != 2 || got[0].JobType != "" {
		t.Errorf("raised %+v", got)
	}
}

// An employee who comments on a ticket that was raised a moment ago says so, and is not told that there is
// none.
func TestEmployeesActOnWhatTheyJustRaised(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for n := byte(4); n < 20; n++ {
		w.commands.tickets[id(100+n)] = acme
		w.commands.position = func() domain.Position { return w.show(ticket(n, acme, id(12))) }
		position := call(w.Portal, http.MethodPost, base+"/tickets", "eve", raise).Header().Get("Effigate-Position")
		w.commands.position = func() domain.Position { return domain.Position{} }
		decode[written](t, call(w.Portal, http.MethodPost, base+"/tickets/"+id(100+n).String()+"/comments", "eve", `{"text":"Hi"}`, "Effigate-After", position), 201)
	}
}
