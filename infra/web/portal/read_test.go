package portal_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/visible"
	"effigate/infra/postgres"
	"effigate/infra/web"
	"effigate/infra/web/portal"
	"effigate/readmodels/client"
)

// late is a read model that never gets where a reader waits for it to be.
type late struct{ portal.Reads }

func (l late) Read(ctx context.Context, client domain.ClientID, after domain.Position, read func(pgx.Tx) error) (bool, error) {
	_, err := l.Reads.Read(ctx, client, domain.Position{}, read)
	return !after.IsZero(), err
}

type written struct{ ID uuid.UUID }

const raise = `{"category":"00000000-0000-4000-8000-00000000001f","title":"Help"}`

func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for n := byte(4); n < 30; n++ {
		// The write has happened when its answer comes; the read model may not have heard of it yet.
		w.commands.position = func() domain.Position { return w.show(ticket(n, acme, id(12))) }
		answer := call(w.Portal, http.MethodPost, base+"/tickets", "eve", raise)
		decode[written](t, answer, 201)
		position := answer.Header().Get("Effigate-Position")
		path := base + "/tickets/" + id(100+n).String()
		got := call(w.Portal, http.MethodGet, path+"?after="+position, "eve", "")
		if n%2 == 0 {
			got = call(w.Portal, http.MethodGet, path, "eve", "", "Effigate-After", position)
		}
		body := decode[struct {
			ID    uuid.UUID
			Stale bool
		}](t, got, 200)
		if body.ID != id(100+n) || body.Stale || got.Header().Get("Effigate-Read-Model") != "" {
			t.Errorf("read after write %d: %s", n, got.Body)
		}
	}
}

func TestAnswerThatCameTooEarlySaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.commands.position = func() domain.Position { return domain.Position{Commit: 1 << 40, Prepare: 1 << 40} }
	behind := newPortal(t, late{postgres.ClientReads{Reads: w.reads}}, w.accounts, w.commands)
	position := call(behind, http.MethodPost, base+"/tickets", "ada", raise).Header().Get("Effigate-Position")
	for _, path := range []string{
		"/me", "/overview", "/tickets", "/tickets/" + id(101).String(), "/tickets/" + id(101).String() + "/comments", "/ticket-categories", "/tickets/" + id(101).String() + "/people", "/ticket-suggestions?title=ticket", "/tickets/" + id(101).String() + "/comments/" + id(51).String() + "/edits",
		"/invoices", "/invoices/" + acmes.number(), "/credit-notes/" + acmes.noteNumber(), "/statement?from=2026-01-01&to=2026-12-31",
	} {
		fresh := call(behind, http.MethodGet, base+path, "ada", "")
		stale := call(behind, http.MethodGet, base+path, "ada", "", "Effigate-After", position)
		if body := decode[struct{ Stale bool }](t, stale, 200); !body.Stale || stale.Header().Get("Effigate-Read-Model") != "stale" {
			t.Errorf("%s: %s", path, stale.Body)
		}
		if body := decode[struct{ Stale bool }](t, fresh, 200); body.Stale {
			t.Errorf("%s: stale without waiting for anything", path)
		}
		if stale.Header().Get("ETag") != fresh.Header().Get("ETag") {
			t.Errorf("%s: being late changes the ETag", path)
		}
	}
}

// A key shows what its scopes say, whatever its person may see besides.
func TestOverviewNamesContractsToWhoeverMaySeeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for token, want := range map[string]int{"ada": 1, "adas-key": 1, "adas-key for " + string(access.ReadTickets): 0, "fay": 1, "eve": 0} {
		got := decode[client.Overview](t, call(w.Portal, http.MethodGet, base+"/overview", token, ""), 200)
		if len(got.Contracts) != want || got.Contracts == nil {
			t.Errorf("%s: %+v, want %d contracts", token, got, want)
		}
	}
}

func TestETags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	path := base + "/tickets/" + id(101).String()
	first := call(w.Portal, http.MethodGet, path, "ada", "")
	tag := first.Header().Get("ETag")
	for _, known := range []string{tag, `"x", W/` + tag, "*"} {
		again := call(w.Portal, http.MethodGet, path, "ada", "", "If-None-Match", known)
		if again.Code != 304 || again.Body.Len() > 0 || again.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: status %d, %q", known, again.Code, again.Body)
		}
	}
	w.await(t, w.show(visible.Comment{Client: acme, ID: id(52), Ticket: id(101), Author: id(14), Text: "Done", At: monday}))
	if again := call(w.Portal, http.MethodGet, path, "ada", "", "If-None-Match", tag); again.Code != 200 {
		t.Errorf("a new comment is answered with %d", again.Code)
	}
}

// What happens to others changes not a byte of what a client gets: no order, count, cursor or ETag.
func TestOthersLeaveNoTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	paths := []string{
		"/me", "/overview", "/tickets", "/tickets?limit=1", "/tickets/" + id(101).String(), "/ticket-categories", "/contracts", "/contracts/" + id(21).String(),
		"/contracts/" + id(21).String() + "/work?limit=1", "/proposals", "/proposals/" + id(61).String(), "/overage-requests",
		"/invoices", "/invoices?limit=1", "/invoices/" + acmes.number(), "/credit-notes/" + acmes.noteNumber(), "/statement?from=2026-01-01&to=2026-12-31",
		"/tickets?at_risk=true", "/tickets/" + id(102).String(), "/tickets/" + id(102).String() + "/people", "/ticket-suggestions?title=ticket",
	}
	type answer struct {
		Body, ETag string
	}
	all := func(token string) map[string]answer {
		answers := map[string]answer{}
		for _, path := range paths {
			got := call(w.Portal, http.MethodGet, base+path, token, "")
			answers[path] = answer{got.Body.String(), got.Header().Get("ETag")}
		}
		return answers
	}
	before, beforeEve := all("ada"), all("eve")
	w.await(t, w.show(ticket(60, globex, id(13)), ticket(61, globex, id(13)),
		visible.Contract{Client: globex, ID: id(25), Reference: "CON-0", Type: "bucket", State: visible.ContractActive, Starts: "2026-01-02"},
		visible.Work{Client: globex, ID: id(47), Contract: id(22), Category: id(32), Month: "2026-03", Day: "2026-03-01", Minutes: 5, State: visible.WorkApproved},
		visible.Proposal{Client: globex, ID: id(25), Contract: id(25), Kind: "contract", Document: "{}", State: "offered", OfferedAt: monday.Add(1)}))
	w.await(t, w.show(billing{of: globex, invoice: id(25), note: id(26), line: id(27), dispute: id(28), last: 5}.records()...))
	if diff := cmp.Diff(before, all("ada")); diff != "" {
		t.Errorf("another client changed what this one sees (-before +after):\n%s", diff)
	}
	w.await(t, w.show(ticket(62, acme, id(11))))
	after := all("eve")
	if diff := cmp.Diff(beforeEve, after); diff != "" {
		t.Errorf("the admin's ticket changed what the employee sees (-before +after):\n%s", diff)
	}
}

func TestTokensOpenForTheirClientAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.commands.position = func() domain.Position { return domain.Position{Commit: 100, Prepare: 100} }
	position := call(w.Portal, http.MethodPost, base+"/tickets", "ada", raise).Header().Get("Effigate-Position")
	cursor := decode[struct{ Next string }](t, call(w.Portal, http.MethodGet, base+"/tickets?limit=1", "ada", ""), 200).Next
	if position == "" || cursor == "" {
		t.Fatalf("position %q, cursor %q", position, cursor)
	}
	for _, query := range []string{"?after=" + position, "?cursor=" + cursor} {
		if got := call(w.Portal, http.MethodGet, base+"/tickets"+query, "ada", ""); got.Code != 200 {
			t.Errorf("own %s: %d %s", query, got.Code, got.Body)
		}
		if p := decode[web.Problem](t, call(w.Portal, http.MethodGet, base+"/tickets"+query, "gil", ""), 422); len(p.Errors) != 1 {
			t.Errorf("%s of another client: %+v", query, p)
		}
	}
	for _, query := range []string{"?cursor=" + position, "?after=" + cursor} {
		if got := call(w.Portal, http.MethodGet, base+"/tickets"+query, "ada", ""); got.Code != 422 {
			t.Errorf("%s, of another kind: %d", query, got.Code)
		}
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	if err := w.Ready(t.Context()); err != nil {
		t.Errorf("Ready = %v with a read model", err)
	}
	w.reads.Close()
	if err := w.Ready(t.Context()); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("Ready = %v without one", err)
	}
	got := call(w.Portal, http.MethodGet, base+"/me", "ada", "")
	if p := decode[web.Problem](t, got, 503); p.Code != "unavailable" || got.Header().Get("Retry-After") == "" {
		t.Errorf("%+v, Retry-After %q", p, got.Header().Get("Retry-After"))
	}
}
