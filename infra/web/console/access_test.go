package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/infra/web"
)

// missing is the id of nothing.
const missing = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"

// sent is what a request to a route has to hold, to be understood: JSON of the API, the fields of a page's
// form. Who may is in the table of access. A route without a row fails.
var sent = map[string]string{
	"GET /api/staff/v1/clients":                                   "",
	"GET /api/staff/v1/clients/{id}":                              "",
	"POST /api/staff/v1/clients":                                  `{"name":"Nexus","zone":"UTC","language":"en","currency":"EUR"}`,
	"POST /api/staff/v1/clients/{id}/rename":                      `{"name":"Other"}`,
	"POST /api/staff/v1/clients/{id}/assign-account-manager":      `{"manager":"` + personOf(domain.Owner).String() + `"}`,
	"GET /api/staff/v1/clients/{id}/contracts":                    "",
	"POST /api/staff/v1/clients/{id}/contracts":                   `{"reference":"C","type":"fixed","job_types":[{"key":"a","name":"A"}],"support_level":"standard","starts":"2026-01-01"}`,
	"POST /api/staff/v1/contracts/{id}/activate":                  "",
	"POST /api/staff/v1/contracts/{id}/terminate":                 `{}`,
	"GET /api/staff/v1/clients/{id}/login-rules":                  "",
	"POST /api/staff/v1/clients/{id}/login-rules":                 rules,
	"POST /api/staff/v1/clients/{id}/seat-limit":                  `{"limit":3}`,
	"GET /api/staff/v1/tickets":                                   "",
	"GET /api/staff/v1/ticket-counts":                             "",
	"GET /api/staff/v1/tickets/{id}":                              "",
	"POST /api/staff/v1/tickets":                                  `{"client":"` + missing + `","contract":"` + missing + `","job_type":"a","title":"T","priority":"low"}`,
	"POST /api/staff/v1/tickets/{id}/triage":                      `{"contract":"` + missing + `","job_type":"a","priority":"low"}`,
	"POST /api/staff/v1/tickets/{id}/assign":                      `{"team":"Platform"}`,
	"POST /api/staff/v1/tickets/{id}/start":                       "",
	"POST /api/staff/v1/tickets/{id}/comments":                    `{"text":"Hello.","visibility":"internal_only"}`,
	"POST /api/staff/v1/tickets/{id}/notes":                       `{"text":"Hello."}`,
	"POST /api/staff/v1/tickets/{id}/wait":                        `{"for":"third_party"}`,
	"POST /api/staff/v1/tickets/{id}/resume":                      "",
	"POST /api/staff/v1/tickets/{id}/resolve":                     `{}`,
	"POST /api/staff/v1/tickets/{id}/close":                       "",
	"POST /api/staff/v1/tickets/{id}/reopen":                      `{}`,
	"GET /api/staff/v1/tickets/{id}/publication":                  "",
	"POST /api/staff/v1/tickets/{id}/publish":                     `{}`,
	"POST /api/staff/v1/tickets/{id}/withdraw":                    `{}`,
	"POST /api/staff/v1/tickets/{id}/comments/{comment}/withdraw": `{}`,
	"GET /api/staff/v1/projections":                               "",
	"GET /api/staff/v1/people":                                    "?client=" + missing,
	"GET /api/staff/v1/people/{id}":                               "",
	"POST /api/staff/v1/people":                                   `{"client":"` + missing + `","name":"Carl","email":"carl@nexus.example","role":"client_admin"}`,
	"POST /api/staff/v1/people/import":                            `{"csv":"name,email,role,client\nCarl,carl@nexus.example,client_admin,Nobody","dry_run":true}`,
	"POST /api/staff/v1/people/{id}/invite":                       "",
	"POST /api/staff/v1/people/{id}/reset-link":                   "",
	"POST /api/staff/v1/people/{id}/withdraw-invitation":          "",
	"POST /api/staff/v1/people/{id}/role":                         `{"role":"client_employee"}`,
	"POST /api/staff/v1/people/{id}/grants":                       `{"grant":"billing.read"}`,
	"POST /api/staff/v1/people/{id}/grants/withdraw":              `{"grant":"billing.read"}`,
	"POST /api/staff/v1/people/{id}/deactivate":                   "",
	"POST /api/staff/v1/people/{id}/erase":                        "",
	"GET /api/staff/v1/staff":                                     "",
	"GET /api/staff/v1/staff/{id}":                                "",
	"POST /api/staff/v1/staff":                                    `{"name":"","email":"x","role":"ops"}`,
	"POST /api/staff/v1/staff/{id}/invite":                        "",
	"POST /api/staff/v1/staff/{id}/reset-link":                    "",
	"POST /api/staff/v1/staff/{id}/withdraw-invitation":           "",
	"POST /api/staff/v1/staff/{id}/role":                          `{"role":"ops"}`,
	"POST /api/staff/v1/staff/{id}/deactivate":                    "",
	"POST /api/staff/v1/staff/{id}/erase":                         "",
	"GET /api/staff/v1/staff/login-rules":                         "",
	"POST /api/staff/v1/staff/login-rules":                        rules,
	"GET /api/staff/v1/audit/access":                              "",
	"GET /api/staff/v1/mail":                                      "",
	"POST /api/staff/v1/mail/{id}/send-again":                     "",

	"GET /":                                                  "",
	"GET /clients":                                           "",
	"GET /clients/new":                                       "",
	"POST /clients/new":                                      "name=",
	"GET /clients/{id}":                                      "",
	"POST /clients/{id}/rename":                              "name=Other&key=k",
	"GET /clients/{id}/login-rules":                          "",
	"POST /clients/{id}/login-rules":                         "",
	"POST /clients/{id}/seat-limit":                          "limit=3&key=k",
	"POST /clients/{id}/account-manager":                     "manager=" + personOf(domain.Owner).String() + "&key=k",
	"GET /clients/{id}/people/invite":                        "",
	"POST /clients/{id}/people/invite":                       "role=client_admin&key=k",
	"GET /clients/{id}/people/{person}":                      "",
	"GET /clients/{id}/people/{person}/deactivate":           "",
	"GET /clients/{id}/people/{person}/erase":                "",
	"POST /clients/{id}/people/{person}/invite":              "key=k",
	"POST /clients/{id}/people/{person}/reset-link":          "key=k",
	"POST /clients/{id}/people/{person}/withdraw-invitation": "key=k",
	"POST /clients/{id}/people/{person}/role":                "key=k",
	"POST /clients/{id}/people/{person}/grants":              "key=k",
	"POST /clients/{id}/people/{person}/deactivate":          "key=k",
	"POST /clients/{id}/people/{person}/erase":               "key=k",
	"GET /staff":                               "",
	"GET /staff/invite":                        "",
	"POST /staff/invite":                       "name=&role=ops&key=k",
	"GET /staff/login-rules":                   "",
	"POST /staff/login-rules":                  "passwords_off=on",
	"GET /staff/{person}":                      "",
	"GET /staff/{person}/deactivate":           "",
	"GET /staff/{person}/erase":                "",
	"POST /staff/{person}/invite":              "key=k",
	"POST /staff/{person}/reset-link":          "key=k",
	"POST /staff/{person}/withdraw-invitation": "key=k",
	"POST /staff/{person}/role":                "key=k",
	"POST /staff/{person}/deactivate":          "key=k",
	"POST /staff/{person}/erase":               "key=k",
	"GET /people/import":                       "",
	"POST /people/import":                      "",
	"POST /people/import/run":                  "",
	"GET /access-log":                          "",
	"GET /access-log/export":                   "",
	"GET /mail":                                "",
	"POST /mail/{id}/send-again":               "",
}

const rules = `{"second_factor":false,"domains":[],"passwords_off":true}`

// public are the routes that need no login. Those of logging in are tested where they are made.
var public = map[string]bool{"GET /openapi.json": true, "GET /assets/{name}": true, "POST /theme": true}

// TestEveryRouteHasARow, and every row a route. What everybody may do with the own account is the business of
// the pages of logging in, and of their tests.
func TestEveryRouteHasARow(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	found := map[string]bool{}
	for _, route := range o.console.Routes() {
		name := route.Method + " " + route.Pattern
		found[name] = true
		_, row := sent[name]
		switch {
		case row && !route.Public(), public[name] && route.Public(), name == "GET /events":
		case ofSignin(route):
		default:
			t.Errorf("%s has no row: say what it takes", name)
		}
	}
	for name := range sent {
		if !found[name] {
			t.Errorf("%s has a row and does not exist", name)
		}
	}
}

// signinPaths begin the routes of logging in and of the own account.
var signinPaths = []string{
	"/login", "/logout", "/forgot", "/reset/", "/invitation/", "/confirm-email/", "/step-up", "/account",
	api + "/me",
}

func ofSignin(route web.Route) bool {
	own := route.Public() || route.Permission == access.OwnAccount || route.Permission == access.SecureAccount
	return own && slices.ContainsFunc(signinPaths, func(path string) bool { return strings.HasPrefix(route.Pattern, path) })
}

// ask sends a request to a route: target is the path, with what a GET's row adds.
func (o *office) ask(token, method, pattern, target string, key bool) reply {
	o.t.Helper()
	body := sent[method+" "+pattern]
	if method == http.MethodGet {
		target, body = target+body, ""
	}
	r := httptest.NewRequestWithContext(o.t.Context(), method, target, strings.NewReader(body))
	switch {
	case key:
		r.Header.Set("Authorization", "Bearer "+token)
	case token != "":
		r.AddCookie(&http.Cookie{Name: "__Host-effigate_console", Value: token})
	}
	switch {
	case !strings.HasPrefix(pattern, "/api/"):
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case body != "":
		r.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		o.keys++
		r.Header.Set("Idempotency-Key", fmt.Sprint("key ", o.keys))
	}
	w := httptest.NewRecorder()
	o.console.Handler().ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	if strings.HasPrefix(pattern, "/api/") {
		if err := o.description.check(method, target, got); err != nil {
			o.t.Errorf("the answer breaks the API's description: %v", err)
		}
	}
	return got
}

// at fills the parameters of a pattern.
func at(pattern, id string) string {
	return strings.NewReplacer("{id}", id, "{comment}", missing, "{person}", missing).Replace(pattern)
}

// TestAccess asks every route as everybody, about things that do not exist: the answers must be those of the
// table of access.
func TestAccess(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	gone := domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "gone")}
	o.join(gone, domain.ClientID{}, domain.Owner, "Gone")
	o.world.Log.Record(t, person.Stream(gone), person.Deactivated{At: epoch})
	o.world.Read(t, nothing)
	for _, route := range o.console.Routes() {
		if _, row := sent[route.Method+" "+route.Pattern]; !row {
			continue
		}
		page := !strings.HasPrefix(route.Pattern, "/api/")
		name, target := route.Method+" "+route.Pattern, at(route.Pattern, missing)
		ask := func(token string) int { return o.ask(token, route.Method, route.Pattern, target, false).status }
		want := func(who string, got int, allowed ...int) {
			t.Helper()
			if !slices.Contains(allowed, got) {
				t.Errorf("%s as %s: %d, want one of %v", name, who, got, allowed)
			}
		}
		if page {
			want("nobody", ask(""), http.StatusSeeOther)
		} else {
			want("nobody", ask(""), http.StatusUnauthorized)
		}
		for _, role := range []domain.Role{domain.ClientAdmin, domain.ClientEmployee} {
			want(string(role), ask(string(role)), http.StatusNotFound)
		}
		// Whom the read model or the events know as gone gets nothing, whatever the login still says.
		leaver := o.ask("owner+id="+gone.String(), route.Method, route.Pattern, target, false)
		if to := leaver.header.Get("Location"); leaver.status < http.StatusBadRequest && !strings.HasPrefix(to, "/login?") {
			t.Errorf("%s as a leaver: %d %s", name, leaver.status, to)
		}
		want("a leaver", leaver.status, http.StatusUnauthorized, http.StatusForbidden, http.StatusSeeOther, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType)
		for _, role := range staffRoles {
			got := ask(string(role))
			may := access.ScopeOf(role, route.Permission) != access.Nothing
			switch {
			case may == (got == http.StatusForbidden), got >= http.StatusInternalServerError, got == http.StatusUnauthorized:
				t.Errorf("%s as %s: %d", name, role, got)
			case may && strings.Contains(route.Pattern, "{") && got != http.StatusNotFound:
				t.Errorf("%s of nothing as %s: %d", name, role, got)
			}
		}
		o.askWithLess(t, route, target)
	}
}

// askWithLess asks a route with proofs that are too old, and with keys of every kind, as an owner.
func (o *office) askWithLess(t *testing.T, route web.Route, target string) {
	t.Helper()
	rule, _ := access.Of(route.Permission)
	stale := o.ask("owner+stale", route.Method, route.Pattern, target, false)
	page := !strings.HasPrefix(route.Pattern, "/api/")
	switch stepped := page && strings.HasPrefix(stale.header.Get("Location"), "/step-up"); {
	case page && rule.StepUp != stepped:
		t.Errorf("%s with a stale proof: %d %s", route.Pattern, stale.status, stale.header.Get("Location"))
	case !page && rule.StepUp:
		stale.refused(t, http.StatusForbidden, "step_up_required")
	}
	ask := func(token string) reply { return o.ask(token, route.Method, route.Pattern, target, true) }
	if page {
		if got := ask("owner"); got.status != http.StatusSeeOther {
			t.Errorf("%s %s with a key: %d", route.Method, route.Pattern, got.status)
		}
		return
	}
	ask("owner+scope=account.own").refused(t, http.StatusForbidden, "key_may_not")
	if access.ScopeOf(domain.Owner, route.Permission) == access.Nothing {
		return
	}
	for _, token := range []string{"owner", "owner+scope=" + string(route.Permission)} {
		if got := ask(token); rule.StepUp != (got.status == http.StatusForbidden) {
			t.Errorf("%s %s with the key %s: %d %s", route.Method, route.Pattern, token, got.status, got.body)
		}
	}
}

// TestOwnClients asks every route about one client as its account manager, and about another's.
func TestOwnClients(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	ids := map[string]string{}
	for _, name := range []string{"own", "other"} {
		ids[name], _ = o.post(domain.Owner, api+"/clients", `{"name":"`+name+`","zone":"UTC","language":"en","currency":"EUR"}`)
	}
	o.world.Log.Record(t, client.Stream(domain.ClientID{UUID: uuid.MustParse(ids["own"])}), client.AccountManagerAssigned{
		Staff: client.AccountManagerAssignedStaff{Manager: personOf(domain.AccountManager)},
	})
	o.world.Read(t, nothing)
	asked := 0
	for _, route := range o.console.Routes() {
		if _, row := sent[route.Method+" "+route.Pattern]; !row || !strings.Contains(route.Pattern, "/clients/{id}") {
			continue
		}
		scope := access.ScopeOf(domain.AccountManager, route.Permission)
		for name, id := range ids {
			got := o.ask("account_manager", route.Method, route.Pattern, at(route.Pattern, id), false)
			forbidden := scope == access.Nothing || scope == access.OwnClients && name == "other"
			if forbidden != (got.status == http.StatusForbidden) || got.status >= http.StatusInternalServerError {
				t.Errorf("%s %s of the %s client: %d %s", route.Method, route.Pattern, name, got.status, got.body)
			}
		}
		if scope == access.OwnClients {
			asked++
		}
	}
	if asked < 5 {
		t.Errorf("%d routes were narrowed to own clients, want the rules, the seats and the name at least", asked)
	}
}

func TestProjections(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	var list struct {
		Items []struct{ Name, Position, State string }
	}
	o.get(domain.Ops, api+"/projections", "", &list)
	if len(list.Items) != 1 || list.Items[0].Name != "staff" || list.Items[0].Position != "7/7" || list.Items[0].State != "live" {
		t.Errorf("projections: %+v", list.Items)
	}
}
