package console_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/person"
	"effigate/infra/accounts"
)

// browse opens a page as somebody.
func (o *office) browse(token, path string) reply {
	o.t.Helper()
	return o.visit(token, httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, path, http.NoBody))
}

// submit sends a form as somebody; fields come in pairs.
func (o *office) submit(token, path string, fields ...string) reply {
	o.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	if o.keys++; !form.Has("key") {
		form.Set("key", fmt.Sprint("form ", o.keys))
	}
	r := httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return o.visit(token, r)
}

// upload sends a form with a file, or with fields of that size, as an account manager.
func (o *office) upload(path, file string, fields ...string) reply {
	o.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			o.t.Fatal(err)
		}
	}
	if file != "" {
		part, err := form.CreateFormFile("csv", "people.csv")
		if err == nil {
			_, err = part.Write([]byte(file))
		}
		if err != nil {
			o.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		o.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return o.visit("account_manager", r)
}

func (o *office) visit(token string, r *http.Request) reply {
	o.t.Helper()
	r.Header.Set("Accept", "text/html")
	r.AddCookie(&http.Cookie{Name: "__Host-effigate_console", Value: token})
	w := httptest.NewRecorder()
	o.console.Handler().ServeHTTP(w, r)
	return reply{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
}

// led wants a redirect to the path, follows it as somebody, and gives the page.
func (o *office) led(r reply, token, path string) reply {
	o.t.Helper()
	to := r.header.Get("Location")
	if r.status != http.StatusSeeOther || to != path && !strings.HasPrefix(to, path+"?") {
		o.t.Fatalf("answered %d to %q, want a way to %s: %s", r.status, to, path, r.body)
	}
	return o.browse(token, to)
}

// shows wants a page with texts.
func (r reply) shows(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("answered %d, want %d: %s", r.status, status, r.body)
	}
	for _, text := range texts {
		if !strings.Contains(string(r.body), text) {
			t.Errorf("the page does not say %q: %s", text, r.body)
		}
	}
}

// hides wants a page without texts.
func (r reply) hides(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(string(r.body), text) {
			t.Errorf("the page says %q: %s", text, r.body)
		}
	}
}

// link gives the link that a page shows once.
func (r reply) link(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`value="(https://[^"]+)"`).FindStringSubmatch(string(r.body))
	if r.status != http.StatusOK || found == nil {
		t.Fatalf("answered %d without a link: %s", r.status, r.body)
	}
	return found[1]
}

// registered registers a client by the form, and gives its page's path.
func (o *office) registered(name string) string {
	o.t.Helper()
	got := o.submit("owner", "/clients/new", "name", name, "zone", "Australia/Sydney", "language", "en-AU", "currency", "AUD")
	path, _, _ := strings.Cut(got.header.Get("Location"), "?")
	o.led(got, "owner", path).shows(o.t, http.StatusOK, name, "The client is registered.")
	return path
}

// newest gives the person that was invited last to a client, by its list in the API.
func (o *office) newest(client string) (id string) {
	o.t.Helper()
	o.world.Read(o.t, nothing)
	var list struct {
		Items []struct{ ID, Email string }
	}
	o.get(domain.Owner, api+"/people?client="+strings.TrimPrefix(client, "/clients/"), "", &list)
	for _, item := range list.Items {
		if item.Email != "" {
			id = item.ID
		}
	}
	return id
}

func TestRegisteringAClient(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	refused := o.submit("account_manager", "/clients/new", "name", "Nexus <Corp>", "zone", "Mars/Base", "language", "en", "currency", "EUR")
	refused.shows(t, http.StatusUnprocessableEntity, "There is a problem", "<title>Error: Register a client", `value="Nexus &lt;Corp&gt;"`, `href="#field-zone"`)
	path := o.registered("Nexus Corp")
	o.browse("owner", "/").shows(t, http.StatusOK, "Nexus Corp", "0 of 25", "Nobody yet", `hx-sse:connect="/events?since=`)
	o.led(o.submit("owner", path+"/rename", "name", "Nexus Limited"), "owner", path).shows(t, http.StatusOK, "<h1>Nexus Limited</h1>")
	o.submit("owner", path+"/rename", "name", " ").shows(t, http.StatusUnprocessableEntity, "There is a problem")
	o.led(o.submit("owner", path+"/account-manager", "manager", personOf(domain.AccountManager).String()), "owner", path).
		shows(t, http.StatusOK, "The account_manager")
	o.led(o.submit("owner", path+"/seat-limit", "limit", "3"), "owner", path).shows(t, http.StatusOK, "0 of 3")
	o.submit("owner", path+"/seat-limit", "limit", "many").shows(t, http.StatusUnprocessableEntity, "Limit must be a whole number")

	// An account manager answers for what it registers.
	got := o.submit("account_manager", "/clients/new", "name", "Vega", "zone", "UTC", "language", "en", "currency", "EUR")
	path, _, _ = strings.Cut(got.header.Get("Location"), "?")
	o.led(got, "account_manager", path).shows(t, http.StatusOK, "The client is registered.", "The account_manager")
	o.led(o.submit("account_manager", path+"/rename", "name", "Vega Limited"), "account_manager", path).shows(t, http.StatusOK, "<h1>Vega Limited</h1>")
}

func TestAPersonFromInvitationToErasure(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	path := o.registered("Nexus Corp")
	o.submit("account_manager", path+"/people/invite", "name", "Carl", "email", "carl", "role", "client_employee").
		shows(t, http.StatusUnprocessableEntity, `value="Carl"`, "E-mail must be an e-mail address")
	invite := []string{"name", "Carl", "email", "carl@nexus.example", "role", "client_employee", "key", "once"}
	link := o.submit("account_manager", path+"/people/invite", invite...).link(t)
	if !strings.HasPrefix(link, "https://portal.example/invitation/") {
		t.Errorf("the link is %s", link)
	}
	if again := o.submit("account_manager", path+"/people/invite", invite...).link(t); again == link {
		t.Errorf("sending the form twice gave the same link twice: %s", link)
	}
	o.submit("account_manager", path+"/people/invite", "name", "Other", "email", "carl@nexus.example", "role", "client_admin").
		shows(t, http.StatusConflict, "The address belongs to somebody else")
	carl := path + "/people/" + o.newest(path)
	o.browse("account_manager", path).shows(t, http.StatusOK, "Carl", "carl@nexus.example", "Invited", "1 of 25")
	o.browse("account_manager", carl).shows(t, http.StatusOK, "Invite again", "Withdraw the invitation")
	o.submit("account_manager", carl+"/invite").link(t)
	o.led(o.submit("account_manager", carl+"/withdraw-invitation"), "auditor", carl).shows(t, http.StatusOK, "No invitation")

	o.led(o.submit("account_manager", carl+"/grants", "grants", "billing.read", "grants", "ticket.critical"), "owner", carl).
		shows(t, http.StatusOK, "See invoices and billed time, Propose critical tickets")
	o.led(o.submit("account_manager", carl+"/grants", "grants", "milestone.sign"), "auditor", carl).hides(t, "See invoices and billed time")
	o.led(o.submit("account_manager", carl+"/role", "role", "client_admin"), "owner", carl).shows(t, http.StatusOK, "All, by the role")
	o.submit("account_manager", carl+"/role", "role", "owner").shows(t, http.StatusConflict, "There is a problem")

	o.browse("account_manager", carl+"/deactivate").shows(t, http.StatusOK, "for ever?", "The seat at Nexus Corp is free again.")
	o.led(o.submit("account_manager", carl+"/deactivate"), "owner", carl).shows(t, http.StatusOK, "Deactivated")
	o.browse("owner", path).shows(t, http.StatusOK, "0 of 25")
	o.browse("owner", carl+"/erase").shows(t, http.StatusOK, "Remove everything personal?")
	o.led(o.submit("owner", carl+"/erase"), "owner", carl).hides(t, "carl@nexus.example", "Carl")
}

func TestWithMailTheLinkIsNotShown(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	if err := o.staff.SetMail(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	got := o.submit("owner", "/staff/invite", "name", "Ada", "email", "ada@firm.example", "role", "engineer")
	o.led(got, "owner", "/staff").shows(t, http.StatusOK, "on its way by e-mail", "Ada")
	got.hides(t, "invitation/")

	letter, _, err := o.staff.Take(t.Context())
	if err == nil {
		err = o.staff.Failed(t.Context(), letter, true, "550 no such user")
	}
	if err != nil {
		t.Fatal(err)
	}
	o.browse("ops", "/mail").shows(t, http.StatusOK, "ada@firm.example", "550 no such user", "Invitation")
	o.led(o.submit("ops", "/mail/"+letter.ID.String()+"/send-again"), "ops", "/mail").shows(t, http.StatusOK, "Nothing undelivered")
	if again, ok, err := o.staff.Take(t.Context()); err != nil || !ok || again.ID != letter.ID {
		t.Errorf("the queue has %+v, %v, %v", again, ok, err)
	}
}

// TestNobodyReachesBeyondTheirRole tries what would give somebody more than the role has.
func TestNobodyReachesBeyondTheirRole(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	path, other := o.registered("Nexus Corp"), o.registered("Other")
	o.submit("account_manager", path+"/people/invite", "name", "Carl", "email", "carl@nexus.example", "role", "owner").
		shows(t, http.StatusUnprocessableEntity, "Role must be chosen")
	o.submit("account_manager", path+"/people/invite", "name", "Carl", "email", "carl@nexus.example", "role", "client_admin").link(t)
	carl, owner := o.newest(path), personOf(domain.Owner).String()
	client := strings.TrimPrefix(path, "/clients/")
	o.call("account_manager", http.MethodPost, api+"/people", `{"client":"`+client+`","name":"X","email":"x@x.example","role":"owner"}`).
		refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	for _, act := range []string{"/reset-link", "/invite", "/role", "/deactivate", "/erase"} {
		ofUser, ofStaff := "", ""
		if act == "/role" {
			ofUser, ofStaff = `{"role":"client_admin"}`, `{"role":"ops"}`
		}
		// Nobody's id of one side is found on the other, by no route; a person of one client is not found at another.
		o.call(domain.Owner, http.MethodPost, api+"/people/"+owner+act, ofUser).refused(t, http.StatusNotFound, "no_such_person")
		o.call(domain.Owner, http.MethodPost, api+"/staff/"+carl+act, ofStaff).refused(t, http.StatusNotFound, "no_such_person")
		if act != "/erase" { // That is for owners alone.
			o.call(domain.AccountManager, http.MethodPost, api+"/people/"+owner+act, ofUser).refused(t, http.StatusNotFound, "no_such_person")
		}
		o.submit("owner", other+"/people/"+carl+act, "role", "client_admin").shows(t, http.StatusNotFound)
		o.submit("owner", path+"/people/"+owner+act, "role", "client_admin").shows(t, http.StatusNotFound)
		o.submit("owner", "/staff/"+carl+act, "role", "ops").shows(t, http.StatusNotFound)
	}
	for _, act := range []string{"deactivate", "erase"} {
		o.call(domain.Owner, http.MethodPost, api+"/staff/"+owner+"/"+act, "").refused(t, http.StatusForbidden, "not_oneself")
	}
	o.call(domain.Owner, http.MethodPost, api+"/staff/"+owner+"/role", `{"role":"ops"}`).refused(t, http.StatusForbidden, "not_oneself")
	o.browse("owner", "/staff/"+owner).hides(t, "Deactivate …", "Change the role")
	o.submit("account_manager", "/staff/invite", "name", "X", "email", "x@x.example", "role", "owner").shows(t, http.StatusForbidden, "This takes the role Owner")
}

// TestWhoWasDeactivatedReadsNothing from the next request on, though the login is still remembered.
func TestWhoWasDeactivatedReadsNothing(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.call(domain.Auditor, http.MethodGet, api+"/clients", "").shows(t, http.StatusOK)
	o.call(domain.Owner, http.MethodPost, api+"/staff/"+personOf(domain.Auditor).String()+"/deactivate", "").shows(t, http.StatusOK)
	o.call(domain.Owner, http.MethodPost, api+"/staff/"+personOf(domain.Delivery).String()+"/role", `{"role":"ops"}`).shows(t, http.StatusOK)
	o.world.Read(t, nothing)
	o.call(domain.Auditor, http.MethodGet, api+"/clients", "").refused(t, http.StatusUnauthorized, "unauthenticated")
	if got := o.browse("auditor", "/clients"); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/login") {
		t.Errorf("answered %d to %s", got.status, got.header.Get("Location"))
	}
	// Who has another role now reads as that.
	o.call(domain.Delivery, http.MethodGet, api+"/clients", "").refused(t, http.StatusForbidden, "role_may_not")
}

// TestTheStreamOfWhoWasDeactivatedEnds for good.
func TestTheStreamOfWhoWasDeactivatedEnds(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	next := o.listen(domain.Auditor, "")
	for next() != "data: {}" { // It is open from here on.
	}
	o.call(domain.Owner, http.MethodPost, api+"/staff/"+personOf(domain.Auditor).String()+"/deactivate", "").shows(t, http.StatusOK)
	for line := next(); line != "event: bye"; line = next() {
		if strings.HasPrefix(line, "event: ") {
			t.Fatalf("heard %q", line)
		}
	}
}

func TestLoginRules(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	path := o.registered("Nexus Corp")
	form := []string{
		"second_factor", "on", "domains", "nexus.example\nNexus.test", "sso.issuer", "https://login.nexus.example", "sso.client_id", "effigate",
		"sso.domains", "nexus.example", "sso.join", "on",
	}
	refused := o.submit("owner", path+"/login-rules", form...)
	refused.shows(t, http.StatusUnprocessableEntity, "must be given, because none is stored", `value="https://login.nexus.example"`, "nexus.example\nNexus.test</textarea>")
	o.led(o.submit("owner", path+"/login-rules", append(form, "sso.secret", "hush-hush")...), "auditor", path).
		shows(t, http.StatusOK, "The login rules are set", "Required of everybody", "nexus.example, nexus.test", "https://login.nexus.example for nexus.example")
	o.browse("owner", path+"/login-rules").hides(t, "hush-hush")
	var set struct {
		SecondFactor bool `json:"second_factor"`
		SSO          struct{ Issuer, Secret string }
	}
	o.get(domain.Auditor, api+path+"/login-rules", "", &set)
	if !set.SecondFactor || set.SSO.Issuer != "https://login.nexus.example" || set.SSO.Secret != "" {
		t.Errorf("rules: %+v", set)
	}
	o.submit("owner", path+"/people/invite", "name", "Eve", "email", "eve@evil.example", "role", "client_admin").
		shows(t, http.StatusUnprocessableEntity, "E-mail must be of one of the domains nexus.example, nexus.test")
	o.led(o.submit("owner", "/staff/login-rules", "second_factor", "on"), "owner", "/staff").shows(t, http.StatusOK)
}

func TestTheNavigationIsThatOfTheRole(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	ways := func(token string) []string {
		got := o.browse(token, "/")
		got.shows(t, http.StatusOK, "Internal")
		_, nav, _ := strings.Cut(string(got.body), `<nav class="nav"`)
		nav, _, _ = strings.Cut(nav, "</nav>")
		var found []string
		for _, href := range regexp.MustCompile(`<a href="([^"]+)"`).FindAllStringSubmatch(nav, -1) {
			found = append(found, href[1])
		}
		return found
	}
	for token, want := range map[string][]string{
		"owner":           {"/", "/queue", "/tickets", "/notices", "/clients", "/contracts", "/time", "/approvals", "/invoices", "/payments", "/issuers", "/rate-cards", "/sla", "/sla-policies", "/calendars", "/staff", "/people/import", "/access-log", "/mail", "/webhooks"},
		"account_manager": {"/", "/queue", "/tickets", "/notices", "/clients", "/contracts", "/time", "/invoices", "/payments", "/issuers", "/rate-cards", "/sla", "/sla-policies", "/calendars", "/staff", "/people/import", "/access-log"},
		"engineer":        {"/", "/queue", "/tickets", "/notices", "/clients", "/time", "/staff"},
		"auditor":         {"/", "/queue", "/tickets", "/notices", "/clients", "/contracts", "/time", "/invoices", "/payments", "/issuers", "/rate-cards", "/sla", "/sla-policies", "/calendars", "/staff", "/access-log"},
		"ops":             {"/", "/staff", "/mail"},
	} {
		if diff := cmp.Diff(want, ways(token)); diff != "" {
			t.Errorf("ways of %s (-want +got):\n%s", token, diff)
		}
	}
}

func TestTheAccessLog(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	own, other := o.registered("Own"), o.registered("Other")
	ids := map[string]domain.ClientID{}
	for name, path := range map[string]string{"own": own, "other": other} {
		ids[name] = domain.ClientID{UUID: uuid.MustParse(strings.TrimPrefix(path, "/clients/"))}
		o.users.Record(t.Context(), accounts.Entry{
			Client: ids[name], Kind: accounts.KindLogin, Outcome: "refused", Subject: "=SUM(" + name + ")", Where: accounts.Where{Address: "192.0.2.7"},
		})
	}
	o.world.Log.Record(t, client.Stream(ids["own"]), client.AccountManagerAssigned{
		Staff: client.AccountManagerAssignedStaff{Manager: personOf(domain.AccountManager)},
	})
	o.world.Read(t, nothing)
	o.browse("auditor", "/access-log").shows(t, http.StatusOK, "=SUM(own)", "=SUM(other)")
	narrowed := o.browse("account_manager", "/access-log")
	narrowed.shows(t, http.StatusOK, "=SUM(own)")
	narrowed.hides(t, "=SUM(other)", "Other")
	o.browse("account_manager", "/access-log?client="+ids["other"].String()).shows(t, http.StatusForbidden)
	o.call(domain.AccountManager, http.MethodGet, api+"/audit/access?client="+ids["other"].String(), "").refused(t, http.StatusForbidden, "not_your_client")
	o.browse("auditor", "/access-log?kind=nothing").shows(t, http.StatusUnprocessableEntity)

	file := o.browse("auditor", "/access-log/export")
	file.shows(t, http.StatusOK, ",'=SUM(own),", ",'=SUM(other),")
	if got := file.header.Get("Content-Disposition"); got != `attachment; filename="access-log.csv"` {
		t.Errorf("the file is sent as %s", got)
	}
	// Looking, exporting and being refused are accesses themselves.
	seen := o.browse("owner", "/access-log?side=staff&person="+personOf(domain.Auditor).String())
	seen.shows(t, http.StatusOK, "Sensitive read", "Export", "access log of client", "The auditor")
}

// TestARefusalIsNoted in the log of access, beside the answer.
func TestARefusalIsNoted(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.browse("engineer", "/mail").shows(t, http.StatusForbidden)
	for {
		entries, err := o.staff.Entries(t.Context(), accounts.EntryFilter{Kind: accounts.KindDenied})
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			continue // It is written after the answer.
		}
		if e := entries[0]; e.Person != personOf(domain.Engineer) || e.Subject != "GET /mail" || e.Outcome != "refused" {
			t.Errorf("noted %+v", e)
		}
		return
	}
}

// TestPagesOfTheAccessLog follow each other without a gap, for a manager of several clients, too.
func TestPagesOfTheAccessLog(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	for i := range 2 {
		path := o.registered(fmt.Sprint("Client ", i))
		id := domain.ClientID{UUID: uuid.MustParse(strings.TrimPrefix(path, "/clients/"))}
		o.world.Log.Record(t, client.Stream(id), client.AccountManagerAssigned{
			Staff: client.AccountManagerAssignedStaff{Manager: personOf(domain.AccountManager)},
		})
		for n := range 4 {
			o.users.Record(t.Context(), accounts.Entry{Client: id, Kind: accounts.KindLogin, Outcome: "ok", Subject: fmt.Sprint(i, n)})
		}
	}
	o.world.Read(t, nothing)
	var subjects []string
	for cursor := ""; len(subjects) < 20; {
		var page struct {
			Items []struct{ Subject string }
			Next  string
		}
		o.get(domain.AccountManager, api+"/audit/access?limit=3&cursor="+cursor, "", &page)
		for _, item := range page.Items {
			subjects = append(subjects, item.Subject)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"1 3", "1 2", "1 1", "1 0", "0 3", "0 2", "0 1", "0 0"}, subjects); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestAnErasedColleagueIsUnnamed(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	leaver := domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "leaver")}
	o.join(leaver, domain.ClientID{}, domain.Support, "Lea Leaver")
	if err := o.users.Publish(t.Context(), leaver, "Lea Leaver", "support"); err != nil {
		t.Fatal(err)
	}
	o.world.Read(t, nothing)
	page := "/staff/" + leaver.String()
	o.browse("owner", page).shows(t, http.StatusOK, "Lea Leaver")
	o.led(o.submit("owner", page+"/erase"), "owner", page).hides(t, "Lea Leaver")
	var erased bool
	for recorded, err := range o.world.Log.Read(t.Context(), person.Stream(leaver), domain.NoStream) {
		if _, ok := recorded.Event.(person.Erased); err == nil && ok {
			erased = true
		}
	}
	if !erased {
		t.Error("the fact was not recorded")
	}
}
