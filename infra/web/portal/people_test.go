package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/accounts"
	"effigate/infra/web"
	"effigate/infra/web/portal"
)

type listed struct {
	ID                uuid.UUID
	Name, Email, Role string
	State             string
	Grants            []string
	LastLogin         *time.Time `json:"last_login"`
	InvitedUntil      *time.Time `json:"invited_until"`
}

type invitedAnswer struct {
	ID      uuid.UUID
	Mailed  bool
	Link    string
	Expires time.Time
}

func invite(tb testing.TB, w *world, caller, name, email, key string) *httptest.ResponseRecorder {
	tb.Helper()
	return call(w.Portal, http.MethodPost, base+"/people", caller, `{"name":"`+name+`","email":"`+email+`"}`, "Idempotency-Key", key)
}

func person(tb testing.TB, w *world, id uuid.UUID) listed {
	tb.Helper()
	return decode[listed](tb, call(w.Portal, http.MethodGet, base+"/people/"+id.String(), "ada", ""), 200)
}

// Without mail the admin gets the link to hand over; a repeat invites the same person, and the link before
// counts no more.
func TestInvitingWithoutMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	first := decode[invitedAnswer](t, invite(t, w, "ada", "Ida Iten", "Ida@acme.example", "k"), 201)
	token, ok := strings.CutPrefix(first.Link, "http://portal.example/invitation/")
	if !ok || first.Mailed || !first.Expires.After(now) {
		t.Fatalf("%+v", first)
	}
	again := decode[invitedAnswer](t, invite(t, w, "ada", "Ida Iten", "Ida@acme.example", "k"), 201)
	if again.ID != first.ID || again.Link == first.Link {
		t.Errorf("a repeat is answered %+v after %+v", again, first)
	}
	if _, err := w.accounts.Invitation(t.Context(), token); err == nil {
		t.Error("the first link still counts")
	}
	offer, err := w.accounts.Invitation(t.Context(), strings.TrimPrefix(again.Link, "http://portal.example/invitation/"))
	if err != nil || offer.Client.UUID != acme || offer.Person.UUID != first.ID || offer.Name != "Ida Iten" {
		t.Errorf("the link offers %+v, %v", offer, err)
	}
	if byKey := decode[invitedAnswer](t, invite(t, w, "adas-key", "Kim Kern", "kim@acme.example", "by key"), 201); byKey.Link != "" {
		t.Errorf("an API key is given the link %s", byKey.Link)
	}
	other := decode[invitedAnswer](t, invite(t, w, "ada", "Jan Jost", "jan@acme.example", "l"), 201)
	if other.ID == first.ID {
		t.Error("two requests invited one person")
	}
	for _, asked := range w.commands.asked {
		if text := strings.ToLower(string(asked.Body)); strings.Contains(text, "acme.example") || strings.Contains(text, "iten") {
			t.Errorf("the command carries personal data: %s", text)
		}
	}
	if one, two, three := w.commands.asked[0].Body, w.commands.asked[1].Body, w.commands.asked[2].Body; string(one) != string(two) || string(one) == string(three) {
		t.Errorf("bodies %s, %s and %s do not tell the repeat from another request", one, two, three)
	}
	w.await(t, w.show(visible.Person{Client: acme, ID: first.ID, Role: "client_employee", State: visible.PersonInvited}))
	if got := person(t, w, first.ID); got.Name != "Ida Iten" || got.Email != "ida@acme.example" || got.InvitedUntil == nil || got.LastLogin != nil {
		t.Errorf("shown as %+v", got)
	}
}

func TestInvitingByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	if err := openAccounts(t, w.access.Owner, &trace{}, func() time.Time { return now }).SetMail(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if got := decode[invitedAnswer](t, invite(t, w, "ada", "Ida Iten", "ida@acme.example", "k"), 201); !got.Mailed || got.Link != "" {
		t.Errorf("%+v", got)
	}
	if got := browse(w.Portal, http.MethodPost, "/people/invite", "ada", "key=l&name=Jan&email=jan%40acme.example"); got.Code != 303 ||
		!strings.Contains(got.Header().Get("Location"), "done=invited") || strings.Contains(got.Header().Get("Location"), "acme") {
		t.Errorf("status %d to %s", got.Code, got.Header().Get("Location"))
	}
}

// Whether an address that cannot be invited is that of a colleague or of somebody of another organisation
// cannot be told: not by the answer, not by what is asked of the database.
func TestTakenAddressesTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	answers, asked := map[string]answer{}, map[string][]string{}
	for _, email := range []string{"eve@acme.example", "gil@globex.example", "hal@acme.example", "GIL@globex.example"} {
		w.trace.take()
		answers[email] = plain(invite(t, w, "ada", "Ida", email, email), "")
		asked[email] = w.trace.take()
		form := url.Values{"key": {"form " + email}, "name": {"Ida"}, "email": {email}}
		answers["form "+email] = plain(browse(w.Portal, http.MethodPost, "/people/invite", "ada", form.Encode()), email)
	}
	if got := answers["eve@acme.example"]; got.Status != 409 || !strings.Contains(got.Body, "address_unavailable") {
		t.Errorf("%+v", got)
	}
	for _, email := range []string{"gil@globex.example", "hal@acme.example", "GIL@globex.example"} {
		if diff := cmp.Diff(answers["eve@acme.example"], answers[email]) + cmp.Diff(asked["eve@acme.example"], asked[email]); diff != "" {
			t.Errorf("%s differs from a colleague's address:\n%s", email, diff)
		}
	}
	keyless := func(a answer) string { return key.ReplaceAllString(a.Body, "key") }
	if diff := cmp.Diff(keyless(answers["form eve@acme.example"]), keyless(answers["form gil@globex.example"])); diff != "" {
		t.Errorf("the form tells them apart:\n%s", diff)
	}
	if w.commands.count() != 0 {
		t.Errorf("%d commands were asked for", w.commands.count())
	}
}

// An organisation without a free seat cannot go on asking which addresses are free, which would cost it
// nothing.
func TestWithoutASeatNoAddressIsLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	accepted := decode[invitedAnswer](t, invite(t, w, "ada", "Ida", "ida@acme.example", "last seat"), 201)
	w.await(t, w.show(
		visible.Organisation{Client: acme, Name: "Acme", Zone: "UTC", Language: "en", Currency: "EUR", Seats: 5, SeatsTaken: 5},
		visible.Person{Client: acme, ID: accepted.ID, Role: "client_employee", State: visible.PersonInvited}))
	w.trace.take()
	for _, email := range []string{"new@acme.example", "gil@globex.example"} {
		if p := decode[web.Problem](t, invite(t, w, "ada", "Ida", email, email), 409); p.Code != "no_seat_left" {
			t.Errorf("%s: %+v", email, p)
		}
	}
	if looked := slices.ContainsFunc(w.trace.take(), func(sql string) bool { return strings.Contains(sql, "accounts.reserve") }); looked {
		t.Error("the addresses were looked at")
	}
	if again := decode[invitedAnswer](t, invite(t, w, "ada", "Ida", "ida@acme.example", "last seat"), 201); again.ID != accepted.ID {
		t.Errorf("the repeat of what took the last seat invites %s", again.ID)
	}
}

// The repeat of an invitation whose person has left since made the account new, and a link for it.
func TestNobodyIsInvitedBackByARepeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	accepted := decode[invitedAnswer](t, invite(t, w, "ada", "Ida", "ida@acme.example", "k"), 201)
	w.await(t, w.show(visible.Person{Client: acme, ID: accepted.ID, Role: "client_employee", State: visible.PersonEnded}))
	if p := decode[web.Problem](t, invite(t, w, "ada", "Ida", "ida@acme.example", "k"), 409); p.Code != "person_deactivated" {
		t.Errorf("%+v", p)
	}
}

// A refusal of the command leaves nothing behind: the address can be invited by whoever may.
func TestRefusedInvitationsKeepNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.commands.refusal = domain.Refuse(domain.ErrConflict, "no_seat_left", "secret: 25 of 25 seats")
	got := invite(t, w, "ada", "Ida", "ida@acme.example", "k")
	if p := decode[web.Problem](t, got, 409); p.Code != "no_seat_left" || strings.Contains(got.Body.String(), "secret") {
		t.Errorf("%s", got.Body)
	}
	w.commands.refusal = nil
	decode[invitedAnswer](t, invite(t, w, "gil", "Ida", "ida@acme.example", "k"), 201)
}

func TestInvitationsAreWithdrawnAndMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	hal := base + "/people/" + id(16).String()
	if person(t, w, id(16)).InvitedUntil == nil {
		t.Fatal("there is no invitation")
	}
	decode[written](t, call(w.Portal, http.MethodPost, hal+"/withdraw-invitation", "ada", `{}`), 201)
	if got := person(t, w, id(16)); got.InvitedUntil != nil || got.State != "invited" {
		t.Errorf("withdrawn: %+v", got)
	}
	if got := decode[invitedAnswer](t, call(w.Portal, http.MethodPost, hal+"/invite", "ada", `{}`), 201); got.Link == "" || got.ID != id(16) {
		t.Errorf("invited again: %+v", got)
	}
	for _, path := range []string{"/invite", "/withdraw-invitation"} {
		if p := decode[web.Problem](t, call(w.Portal, http.MethodPost, base+"/people/"+id(12).String()+path, "ada", `{}`), 409); p.Code != "not_invited" {
			t.Errorf("%s of somebody who has accepted: %+v", path, p)
		}
	}
	if asked := w.commands.count(); asked != 0 {
		t.Errorf("%d commands were asked for", asked)
	}
}

// Who is an admin, and for how long, the service firm decides; no admin can lock another out.
func TestAdminsAreNotForAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(visible.Person{Client: acme, ID: id(17), Role: "client_admin", State: visible.PersonInvited}))
	for _, admin := range []byte{11, 17} {
		for path, body := range map[string]string{
			"/invite": `{}`, "/withdraw-invitation": `{}`, "/deactivate": `{}`, "/grants": `{"grant":"billing.read"}`, "/grants/withdraw": `{"grant":"billing.read"}`,
		} {
			if p := decode[web.Problem](t, call(w.Portal, http.MethodPost, base+"/people/"+id(admin).String()+path, "ada", body), 403); p.Code != "employees_only" {
				t.Errorf("%s: %+v", path, p)
			}
		}
	}
	if asked := w.commands.count(); asked != 0 {
		t.Errorf("%d commands were asked for", asked)
	}
}

func TestPeopleComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	var names []string
	for cursor := ""; ; {
		page := decode[struct {
			Items []listed
			Next  string
			Seats struct{ Limit, Taken int }
		}](t, call(w.Portal, http.MethodGet, base+"/people?limit=1&cursor="+cursor, "ada", ""), 200)
		for _, item := range page.Items {
			names = append(names, item.Name+" "+item.State)
		}
		if page.Seats.Limit != 25 || page.Seats.Taken != 4 {
			t.Errorf("seats %+v", page.Seats)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"Ada Admin active", "Eve Ebner active", "Fay Fischer active", "Hal Holm invited"}, names); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
}

// The form of a person's rights touches what was changed in it and nothing else, so two admins at once do
// not undo each other.
func TestGrantsFormChangesWhatWasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	form := url.Values{"key": {"k"}, "shown": {"billing.read", "ticket.critical"}, "grant": {"ticket.critical", "contract.read", "owner"}}
	if got := browse(w.Portal, http.MethodPost, "/people/"+id(15).String()+"/grants", "ada", form.Encode()); got.Code != 303 {
		t.Fatalf("status %d: %s", got.Code, got.Body)
	}
	slices.Sort(w.commands.given)
	if diff := cmp.Diff([]string{"give contract.read", "withdraw billing.read"}, w.commands.given); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

// What a form of rights leads to says whether anything was changed. It said "Rights changed" of a form that had lost its
// tick on the way, too.
func TestGrantsFormSaysWhetherAnythingChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	path := "/people/" + id(15).String() + "/grants"
	for name, test := range map[string]struct {
		grants   []string
		position domain.Position // of what was written; zero for nothing
		want     string
	}{
		"nothing ticked":      {[]string{"billing.read"}, domain.Position{Commit: 7, Prepare: 7}, "unchanged"},
		"one more":            {[]string{"billing.read", "contract.read"}, domain.Position{Commit: 7, Prepare: 7}, "granted"},
		"one less":            {nil, domain.Position{Commit: 7, Prepare: 7}, "granted"},
		"somebody was faster": {nil, domain.Position{}, "unchanged"},
	} {
		w.commands.position = func() domain.Position { return test.position }
		got := browse(w.Portal, http.MethodPost, path, "ada", url.Values{"key": {name}, "shown": {"billing.read"}, "grant": test.grants}.Encode())
		to, err := url.Parse(got.Header().Get("Location"))
		if err != nil || got.Code != http.StatusSeeOther || to.Query().Get("done") != test.want {
			t.Errorf("%s: status %d, to %s (%v); want it to say %s", name, got.Code, to, err, test.want)
		}
	}
}

// The log of access is the organisation's own, and tells of people who are not its own neither who they are
// nor from where.
func TestAccessLogIsTheOrganisationsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for i, entry := range []accounts.Entry{
		{Person: people["eve"].Person, Client: people["eve"].Client, Kind: accounts.KindLogin, Outcome: "ok", Where: accounts.Where{Address: "192.0.2.1", UserAgent: "Eve's"}},
		{Person: people["gil"].Person, Client: people["gil"].Client, Kind: accounts.KindLogin, Outcome: "ok", Where: accounts.Where{Address: "192.0.2.66"}},
		{Person: people["sue"].Person, Client: people["ada"].Client, Kind: accounts.KindRules, Outcome: "ok", Where: accounts.Where{Address: "192.0.2.77", UserAgent: "Sue's"}},
		{Client: people["ada"].Client, Kind: accounts.KindLogin, Outcome: "refused", Where: accounts.Where{Address: "192.0.2.3"}},
	} {
		entry.At = now.Add(time.Duration(i-10) * time.Minute)
		w.accounts.Record(t.Context(), entry)
	}
	got := call(w.Portal, http.MethodGet, base+"/audit/access", "ada", "")
	items := decode[struct{ Items []portal.Access }](t, got, 200).Items
	for i := range items {
		items[i].At = time.Time{}
	}
	want := []portal.Access{
		{Kind: "login", Outcome: "refused", Times: 1, Address: "192.0.2.3"},
		{Kind: "login_rules_changed", Outcome: "ok", Times: 1},
		{Kind: "login", Outcome: "ok", Times: 1, Person: id(12).String(), Name: "Eve Ebner", Address: "192.0.2.1", Device: "Eve's"},
	}
	if diff := cmp.Diff(want, items); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	page := browse(w.Portal, http.MethodGet, "/access-log", "ada", "").Body.String()
	for _, text := range []string{"192.0.2.66", "192.0.2.77", "Sue", "Gil", id(14).String(), id(13).String()} {
		if strings.Contains(got.Body.String()+page, text) {
			t.Errorf("the log says %q", text)
		}
	}
	if !strings.Contains(page, "Your service firm") || !strings.Contains(page, "Eve Ebner") || !strings.Contains(page, "Nobody who was recognised") {
		t.Errorf("the page: %s", page)
	}
	logins := decode[struct{ Items []portal.Access }](t, call(w.Portal, http.MethodGet, base+"/audit/access?kind=login", "ada", ""), 200).Items
	if len(logins) != 2 {
		t.Errorf("%d logins", len(logins))
	}
}

// Every page of the log is another one, and its cursor tells neither how much is logged elsewhere nor opens
// for others.
func TestAccessLogComesInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for i := range 5 {
		for _, name := range []string{"eve", "gil"} {
			w.accounts.Record(t.Context(), accounts.Entry{
				At: now.Add(time.Duration(i-9) * time.Hour), Person: people[name].Person, Client: people[name].Client, Kind: accounts.KindLogin, Outcome: "ok",
			})
		}
	}
	cursor, seen := "", 0
	for range 10 {
		query := "?kind=login&limit=2&cursor=" + cursor
		got := decode[struct {
			Items []portal.Access
			Next  string
		}](t, call(w.Portal, http.MethodGet, base+"/audit/access"+query, "ada", ""), 200)
		seen += len(got.Items)
		if cursor = got.Next; cursor == "" {
			break
		}
		if refused := call(w.Portal, http.MethodGet, base+"/audit/access?cursor="+cursor, "gil", ""); refused.Code != 422 {
			t.Errorf("another client's cursor: status %d", refused.Code)
		}
	}
	if seen != 5 {
		t.Errorf("%d entries were listed", seen)
	}
}

// What is asked for and refused shows to the organisation's admin.
func TestDenialsAreInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	if got := browse(w.Portal, http.MethodGet, "/people", "eve", ""); got.Code != 404 {
		t.Fatalf("status %d", got.Code)
	}
	decode[web.Problem](t, invite(t, w, "ada", "Ida", "gil@globex.example", "k"), 409)
	for range 100 { // A denial is noted apart from the request.
		entries, err := w.accounts.Entries(t.Context(), accounts.EntryFilter{Client: people["eve"].Client, Kind: accounts.KindDenied, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 1 && entries[0].Person == people["eve"].Person && entries[0].Subject == "people.read" {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	entries, err := w.accounts.Entries(t.Context(), accounts.EntryFilter{Client: people["ada"].Client, Limit: 10})
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	if !slices.ContainsFunc(entries, func(e accounts.Entry) bool { return e.Kind == accounts.KindInvited && e.Outcome == "refused" }) {
		t.Errorf("%+v", entries)
	}
}
