package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain/visible"
	"effigate/infra/web"
)

// bodies has a right body for every operation that takes one.
var bodies = map[string]string{
	"raise-ticket":      `{"category":"` + id(31).String() + `","title":"Help"}`,
	"comment-on-ticket": `{"text":"Hello"}`,
	"reopen-ticket":     `{}`,
}

// operation is one operation of the API's own description.
type operation struct {
	id, method, path string
	described        described
}

// operations lists the API's operations but the stream. A new one is tested without being named here.
func operations(tb testing.TB, document document) (found []operation) {
	tb.Helper()
	for path, methods := range document.Paths {
		for method, described := range methods {
			o := operation{described.OperationID, strings.ToUpper(method), path, described}
			if o.method == http.MethodPost && bodies[o.id] == "" {
				tb.Errorf("operation %s has no body to test it with", o.id)
			}
			if o.id != "events" {
				found = append(found, o)
			}
		}
	}
	return found
}

// Whose a thing is decides whether it exists: for everybody else the answer is that for nonsense, byte
// for byte (A1, A2).
func TestAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	at := func(o operation, ticket, token string) *httptest.ResponseRecorder {
		answer := call(w.Portal, o.method, strings.ReplaceAll(o.path, "{id}", ticket), token, bodies[o.id])
		answer.Header().Del("X-Request-Id")
		return answer
	}
	nothing := call(w.Portal, http.MethodGet, "/api/staff/v1/tickets", "ada", "")
	nothing.Header().Del("X-Request-Id")
	ofAda, ofEve, ofGil := id(101).String(), id(102).String(), id(103).String()
	for _, o := range operations(t, describe(t, w.Portal)) {
		right := map[string]int{http.MethodGet: 200, http.MethodPost: 201}[o.method]
		for _, c := range []struct {
			name, ticket, token string
			status              int
		}{
			{"admin", ofAda, "ada", right},
			{"admin, employee's", ofEve, "ada", right},
			{"employee, own", ofEve, "eve", right},
			{"employee, admin's", ofAda, "eve", 404},
			{"other client's", ofGil, "ada", 404},
			{"by other client", ofAda, "gil", 404},
			{"missing", uuid.Max.String(), "ada", 404},
			{"no id", "41", "ada", 404},
			{"staff", ofAda, "sue", 404},
			{"nobody", ofAda, "", 401},
			{"unknown token", ofAda, "mallory", 401},
		} {
			about := strings.Contains(o.path, "{id}")
			if !about && c.token != "ada" && c.token != "sue" && c.status != 401 || !about && c.ticket != ofAda {
				continue // Nothing in it belongs to anybody but the one who asks.
			}
			got := at(o, c.ticket, c.token)
			if got.Code != c.status {
				t.Errorf("%s, %s: status %d, want %d: %s", o.id, c.name, got.Code, c.status, got.Body)
			}
			if got.Code == 404 {
				if diff := cmp.Diff(nothing.Body.String(), got.Body.String()) + cmp.Diff(nothing.Header(), got.Header()); diff != "" {
					t.Errorf("%s, %s: differs from nonsense (-want +got):\n%s", o.id, c.name, diff)
				}
			}
			if strings.Contains(got.Body.String(), "secret") {
				t.Errorf("%s, %s: tells what is for staff: %s", o.id, c.name, got.Body)
			}
		}
	}
}

// A client cannot say whose a ticket is, who sees it, or anything else that is for staff to say (A7).
func TestBodiesHaveNoFieldForWhatClientsMayNotSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for _, o := range operations(t, describe(t, w.Portal)) {
		if o.method != http.MethodPost {
			continue
		}
		for _, field := range []string{
			"client", "organisation", "visibility", "audience", "internal", "raised_by", "on_behalf_of", "author", "by", "at", "raised_at",
			"number", "state", "status", "assignee", "team", "contract", "job_type", "imported", "by_client", "id", "ticket",
		} {
			var body map[string]any
			if err := json.Unmarshal([]byte(bodies[o.id]), &body); err != nil {
				t.Fatal(err)
			}
			body[field] = globex.String()
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			p := decode[web.Problem](t, call(w.Portal, o.method, strings.ReplaceAll(o.path, "{id}", id(101).String()), "ada", string(text)), 422)
			if want := []web.WrongField{{Field: field, Detail: "unexpected property"}}; !cmp.Equal(want, p.Errors) {
				t.Errorf("%s with %s: %v", o.id, field, p.Errors)
			}
		}
	}
	if asked := w.commands.count(); asked != 0 {
		t.Errorf("%d commands were asked for", asked)
	}
}

// What is withdrawn is gone for whoever had it, and what moves is gone for the one who had it before.
func TestWithdrawnTicketsDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	path := base + "/tickets/" + id(101).String()
	tag := call(w.Portal, http.MethodGet, path, "ada", "").Header().Get("ETag")
	w.await(t, w.hide(ticket(1, acme, id(11)).Key(), visible.Comment{Client: acme, ID: id(51)}.Key()))
	if got := call(w.Portal, http.MethodGet, path, "ada", "", "If-None-Match", tag); got.Code != 404 {
		t.Errorf("status %d: %s", got.Code, got.Body)
	}
	for _, query := range []string{"", "?search=hello", "?search=1", "?state=open"} {
		list := decode[struct{ Items []struct{ ID uuid.UUID } }](t, call(w.Portal, http.MethodGet, base+"/tickets"+query, "ada", ""), 200)
		for _, item := range list.Items {
			if item.ID == id(101) {
				t.Errorf("%q still lists it", query)
			}
		}
	}
	w.await(t, w.show(ticket(2, globex, id(13))))
	w.await(t, w.hide(visible.Key{Client: acme, Kind: visible.KindTicket, ID: id(102)}))
	moved := base + "/tickets/" + id(102).String()
	if before, after := call(w.Portal, http.MethodGet, moved, "ada", ""), call(w.Portal, http.MethodGet, moved, "gil", ""); before.Code != 404 || after.Code != 200 {
		t.Errorf("after the move: status %d for the old client, %d for the new one", before.Code, after.Code)
	}
}
