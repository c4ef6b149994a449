package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/person"
	"effigate/infra/accounts"
)

// asKey sends a write with an API key.
func (o *office) asKey(token, path, body string) reply {
	o.t.Helper()
	return o.call("", http.MethodPost, path, body, "Authorization", "Bearer "+token)
}

// TestResetLinks are for who has just proved who it is, and for an account manager at its own clients alone:
// whoever holds one can become the person.
func TestResetLinks(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	other := o.registered("Other")
	got := o.submit("account_manager", "/clients/new", "name", "Own", "zone", "UTC", "language", "en", "currency", "EUR")
	own, _, _ := strings.Cut(got.header.Get("Location"), "?")
	o.world.Read(t, nothing)
	people := map[string]string{}
	for _, path := range []string{own, other} {
		link := o.submit("owner", path+"/people/invite", "name", "Adam", "email", "adam@"+path[len(path)-12:]+".example", "role", "client_admin").link(t)
		people[path] = o.newest(path)
		id := domain.PersonID{UUID: uuid.MustParse(people[path])}
		if _, err := o.users.Accept(t.Context(), link[strings.LastIndex(link, "/")+1:], "Adam", "correct horse battery", accounts.Where{}); err != nil {
			t.Fatal(err)
		}
		o.world.Log.Record(t, person.Stream(id), person.Activated{At: epoch})
	}
	o.world.Read(t, nothing)
	ofOwn, ofOther := api+"/people/"+people[own]+"/reset-link", api+"/people/"+people[other]+"/reset-link"
	for _, key := range []string{"account_manager", "account_manager+scope=people.manage", "owner", "owner+scope=people.reset"} {
		o.asKey(key, ofOwn, "").refused(t, http.StatusForbidden, "key_may_not")
	}
	o.call("account_manager+stale", http.MethodPost, ofOwn, "").refused(t, http.StatusForbidden, "step_up_required")
	o.call("account_manager", http.MethodPost, ofOther, "").refused(t, http.StatusForbidden, "not_your_client")
	o.call("auditor", http.MethodPost, ofOwn, "").refused(t, http.StatusForbidden, "role_may_not")
	o.call("account_manager", http.MethodPost, ofOwn, "").shows(t, http.StatusOK, "https://portal.example/reset/")
	o.call("owner", http.MethodPost, ofOther, "").shows(t, http.StatusOK, "https://portal.example/reset/")

	page := func(path string) string { return path + "/people/" + people[path] }
	if to := o.submit("account_manager+stale", page(own)+"/reset-link").header.Get("Location"); !strings.HasPrefix(to, "/step-up?") {
		t.Errorf("with a stale proof the form leads to %q", to)
	}
	o.submit("account_manager", page(other)+"/reset-link").shows(t, http.StatusForbidden)
	o.submit("account_manager", page(own)+"/reset-link").link(t)
	o.browse("account_manager", page(own)).shows(t, http.StatusOK, "Give a link to set another password")
	o.browse("account_manager", page(other)).hides(t, "Give a link to set another password")
}

// TestAKeyGetsNoLink: whoever holds a link is the person, so a key, which may lie about in a script, is told no
// more than that there is one.
func TestAKeyGetsNoLink(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	path := o.registered("Nexus Corp")
	client := strings.TrimPrefix(path, "/clients/")
	o.world.Read(t, nothing)
	const key = "account_manager+scope=people.manage"
	invite := func(email string) string {
		return fmt.Sprintf(`{"client":%q,"name":"Carl","email":%q,"role":"client_admin"}`, client, email)
	}
	got := o.asKey(key, api+"/people", invite("carl@nexus.example"))
	got.shows(t, http.StatusCreated, `"mailed":false`, "invite the person again on its page")
	got.hides(t, "/invitation/")
	again := o.asKey(key, api+"/people/"+o.newest(path)+"/invite", "")
	again.shows(t, http.StatusOK, `"mailed":false`, "invite the person again on its page")
	again.hides(t, "/invitation/")
	many := o.asKey(key, api+"/people/import", `{"csv":"name,email,role,client\nDora,dora@nexus.example,client_employee,Nexus Corp"}`)
	many.shows(t, http.StatusOK, `"invited"`, "invite the person again on its page")
	many.hides(t, "/invitation/")
	o.call("account_manager", http.MethodPost, api+"/people", invite("eve@nexus.example")).shows(t, http.StatusCreated, "/invitation/")
}

// TestWhoIsOfNoClientIsNotLookedFor among the staff.
func TestWhoIsOfNoClientIsNotLookedFor(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.call(domain.Owner, http.MethodPost, api+"/staff", `{"name":"Ada","email":"ada@firm.example","role":"engineer"}`).shows(t, http.StatusCreated)
	for _, email := range []string{"ada@firm.example", "nobody@firm.example"} {
		got := o.call(domain.AccountManager, http.MethodPost, api+"/people",
			fmt.Sprintf(`{"client":%q,"name":"X","email":%q,"role":"client_admin"}`, uuid.Nil, email))
		if p := got.refused(t, http.StatusUnprocessableEntity, "invalid_fields"); len(p.Errors) != 1 || p.Errors[0].Field != "client" {
			t.Errorf("%s: %+v", email, p)
		}
	}
}

// TestWhatWasAskedCannotBeGuessed from the hash that stays in history, though the key may be guessed.
func TestWhatWasAskedCannotBeGuessed(t *testing.T) {
	t.Parallel()
	hashes := map[string]bool{}
	for _, secret := range []string{"one installation", "another installation"} {
		o := newInstallation(t, secret)
		o.call(domain.Owner, http.MethodPost, api+"/staff", `{"name":"Ada","email":"ada@firm.example","role":"engineer"}`, "Idempotency-Key", "1").
			shows(t, http.StatusCreated)
		var hash string
		if err := o.world.Database.Pool.QueryRow(t.Context(), `SELECT answer->>'hash' FROM control.answers`).Scan(&hash); err != nil || hash == "" {
			t.Fatalf("the hash is %q, %v", hash, err)
		}
		hashes[hash] = true
	}
	if len(hashes) != 2 {
		t.Errorf("the same request has the same hash everywhere: %v", hashes)
	}
}

// TestWhomClientsGetToKnow: staff who may write to them, from when they take part.
func TestWhomClientsGetToKnow(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	known := func(name string) bool {
		t.Helper()
		var found bool
		err := o.database.Pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM accounts.staff_profiles WHERE name = $1)`, name).Scan(&found)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	change := func(id, role string) {
		t.Helper()
		o.world.Read(t, nothing)
		o.call(domain.Owner, http.MethodPost, api+"/staff/"+id+"/role", `{"role":"`+role+`"}`).shows(t, http.StatusOK)
	}
	invited, _ := o.post(domain.Owner, api+"/staff", `{"name":"Ada","email":"ada@firm.example","role":"engineer"}`)
	change(invited, "support")
	if known("Ada") {
		t.Error("clients know somebody who has not come yet")
	}
	change(personOf(domain.Support).String(), "auditor")
	if known("The support") {
		t.Error("clients know an auditor")
	}
	change(personOf(domain.Engineer).String(), "delivery")
	if !known("The engineer") {
		t.Error("clients do not know whoever writes to them")
	}
}
