package signin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"effigate/domain/access"
)

// ada gives a browser in which Ada is logged in.
func ada(w *world) *browser {
	w.Helper()
	w.person("ada@acme.example")
	b := w.browser()
	b.logIn("ada@acme.example").to("/")
	return b
}

// What changes the account needs a proof of the last ten minutes; the page asks for it before its form.
func TestStepUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := ada(w)
	b.get("/account/password").is(http.StatusOK)
	w.pass(11 * time.Minute)
	b.get("/account").is(http.StatusOK)
	b.get("/account/sessions").is(http.StatusOK).lacks("/end")
	for _, route := range w.api.Routes() {
		if route.Permission != access.SecureAccount || strings.HasPrefix(route.Pattern, "/api/") {
			continue
		}
		path, want := concrete(route.Pattern), "/step-up?next="+url.QueryEscape(concrete(route.Pattern))
		if route.Method == http.MethodPost {
			want = "/step-up?next=%2F"
		}
		b.do(route.Method, path, "application/x-www-form-urlencoded", "").to(want)
		if got := b.json(route.Method, path, "{}").is(http.StatusForbidden); !strings.Contains(got.body, "step_up_required") {
			t.Errorf("%s is %s", got.asked, got.body)
		}
	}
	b.get("/step-up?next=%2Faccount%2Fpassword").is(http.StatusOK).has("Password").lacks("a code from your app")
	b.post("/step-up", url.Values{"proof": {"wrong wrong wrong"}, "next": {"/account/password"}}).is(http.StatusUnprocessableEntity).
		has("does not prove that it is you").has(`value="/account/password"`).lacks("wrong wrong wrong")
	b.get("/account/password").to("/step-up?next=%2Faccount%2Fpassword")
	b.post("/step-up", url.Values{"proof": {password}, "next": {"//evil.example"}}).to("/")
	b.get("/account/password").is(http.StatusOK)

	secret := w.secret(b)
	w.pass(11 * time.Minute)
	b.get("/step-up").is(http.StatusOK).has("Password, or a code from your app")
	b.post("/step-up", url.Values{"proof": {w.code(secret)}, "next": {"/account/keys"}}).to("/account/keys")
	b.get("/account/keys/new").is(http.StatusOK)
	w.browser().get("/step-up").to("/login?next=%2F")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := ada(w)
	other := w.browser()
	other.logIn("ada@acme.example").to("/")
	b.get("/account/password").is(http.StatusOK).has(`autocomplete="new-password"`)
	b.post("/account/password", url.Values{"password": {"short"}}).is(http.StatusUnprocessableEntity).
		has("The password must have at least 12 characters").lacks(`value="short"`)
	const renewed = "another horse and battery"
	b.post("/account/password", url.Values{"password": {renewed}}).to("/account?done=password")
	b.get("/account?done=password").is(http.StatusOK).has("Your password is changed")
	b.get("/account?done=%3Cscript%3E").is(http.StatusOK).lacks("<script>alert")
	w.pass(2 * time.Second)
	other.get("/account").to("/login?next=%2Faccount")
	other.logIn("ada@acme.example").is(http.StatusUnprocessableEntity)
	other.post("/login", url.Values{"email": {"ada@acme.example"}, "password": {renewed}}).to("/")
}

func TestChangeEmail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := ada(w)
	form := url.Values{"email": {"ada@new.example"}}
	b.get("/account/email").is(http.StatusOK).has("ada@acme.example")
	b.post("/account/email", form).is(http.StatusUnprocessableEntity).has("this service sends no e-mail").has(`value="ada@new.example"`)
	if err := w.owner.SetMail(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	b.post("/account/email", url.Values{"email": {"nobody"}}).is(http.StatusUnprocessableEntity).has("Enter an e-mail address")
	b.post("/account/email", form).is(http.StatusOK).has("Look into both mailboxes")
	first, second := w.mail(), w.mail()
	reader := w.browser()
	reader.get("/confirm-email/" + first).is(http.StatusOK).has("Confirm the change")
	reader.get("/confirm-email/" + second).is(http.StatusOK)
	b.get("/account").is(http.StatusOK).has("ada@acme.example") // Opening changes nothing.
	reader.post("/confirm-email/"+first, nil).is(http.StatusOK).has("Follow the link that was sent to the other address")
	b.get("/account").is(http.StatusOK).has("ada@acme.example")
	reader.post("/confirm-email/"+second, nil).is(http.StatusOK).has("Your address is changed")
	b.get("/account").is(http.StatusOK).has("ada@new.example")
	reader.post("/confirm-email/"+second, nil).is(http.StatusNotFound)
	reader.post("/login", url.Values{"email": {"ada@new.example"}, "password": {password}}).to("/")
}

// A reset reaches whoever has the address by mail.
func TestForgot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ada@acme.example")
	if err := w.owner.SetMail(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	b.get("/forgot").is(http.StatusOK)
	b.post("/forgot", url.Values{"email": {"x"}}).is(http.StatusUnprocessableEntity).has("Enter an e-mail address")
	b.post("/forgot", url.Values{"email": {"ada@acme.example"}}).is(http.StatusOK).has("Look into your mail")
	b.get("/reset/" + w.mail()).is(http.StatusOK).has("Choose a new password")
	b.post("/forgot", url.Values{"email": {"zoe@acme.example"}}).is(http.StatusOK).has("Look into your mail")
	if _, waiting, err := w.owner.Take(t.Context()); waiting || err != nil {
		t.Errorf("there is mail for nobody (%v)", err)
	}
}

// mail gives the token of the link in the next mail, as whoever sends it makes it.
func (w *world) mail() string {
	w.Helper()
	mail, waiting, err := w.owner.Take(w.Context())
	if err != nil || !waiting {
		w.Fatalf("no mail is waiting (%v)", err)
	}
	link, err := w.owner.Mint(w.Context(), mail)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.owner.Sent(w.Context(), mail.ID); err != nil {
		w.Fatal(err)
	}
	return link.Token
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := ada(w)
	w.person("eve@acme.example")
	eve := w.browser()
	eve.logIn("eve@acme.example").to("/")
	phone := w.browser()
	phone.header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1")
	phone.logIn("ada@acme.example").to("/")
	list := b.get("/account/sessions").is(http.StatusOK).has("Firefox on Linux").has("Safari on iPhone").has("This one").has("127.0.0.1")
	end := list.between(`action="/account/sessions/`, `"`)
	eve.post("/account/sessions/"+end, nil).to("/account/sessions?done=session")
	phone.get("/account").is(http.StatusOK) // It is not Eve's to end.
	b.post("/account/sessions/"+end, nil).to("/account/sessions?done=session")
	phone.get("/account").to("/login?next=%2Faccount")
	b.get("/account/sessions?done=session").is(http.StatusOK).has("That device is logged out").lacks("iPhone")
	phone.logIn("ada@acme.example").to("/")
	b.post("/account/sessions/end-others", nil).to("/account/sessions?done=others")
	w.pass(2 * time.Second)
	phone.get("/account").to("/login?next=%2Faccount")
	b.get("/account").is(http.StatusOK)
	eve.get("/account").is(http.StatusOK)
	b.post("/account/sessions/nonsense/end", nil).is(http.StatusNotFound)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := ada(w)
	b.get("/account/keys").is(http.StatusOK).has("No program can act as you")
	form := b.get("/account/keys/new").is(http.StatusOK).has(`value="tickets.read"`).has(`value="90"`)
	for _, missing := range []access.Permission{access.SecureAccount, access.ManagePeople, access.ManageClients, access.ReadContracts} {
		form.lacks(`value="` + string(missing) + `"`)
	}
	refused := map[string]url.Values{
		"Give the key a name":          {"name": {" "}, "scopes": {"tickets.read"}, "days": {"30"}},
		"Choose what the key may do":   {"name": {"Export"}, "days": {"30"}},
		"Choose either everything":     {"name": {"Export"}, "days": {"30"}, "everything": {"on"}, "scopes": {"tickets.read"}},
		"Choose among the permissions": {"name": {"Export"}, "days": {"30"}, "scopes": {"tickets.read", "people.manage"}},
		"Choose how long the key":      {"name": {"Export"}, "days": {"366"}, "scopes": {"tickets.read"}},
		"between 1 and 365 days":       {"name": {"Export"}, "days": {"-1"}, "scopes": {"tickets.read"}},
	}
	for want, form := range refused {
		b.post("/account/keys", form).is(http.StatusUnprocessableEntity).has(want).has("<title>Error: ")
	}
	made := b.post("/account/keys", url.Values{"name": {"Export"}, "days": {"30"}, "scopes": {"tickets.read", "account.own"}}).
		is(http.StatusOK).has("It is shown only now")
	token := made.between(`value="effigate_`, `"`)
	b.get("/account/keys").is(http.StatusOK).has("Export").has("2 permissions").has("Never").lacks(token)
	program := w.browser()
	program.header.Set("Authorization", "Bearer effigate_"+token)
	program.json(http.MethodGet, apiBase+"/me/keys", "").is(http.StatusOK).has("Export")
	program.get("/account").to("/login?next=%2Faccount") // Pages take no keys.
	revoke := b.get("/account/keys").between(`action="/account/keys/`, `"`)
	w.person("eve@acme.example")
	eve := w.browser()
	eve.logIn("eve@acme.example").to("/")
	eve.post("/account/keys/"+revoke, nil).to("/account/keys?done=key")
	program.json(http.MethodGet, apiBase+"/me/keys", "").is(http.StatusOK)
	b.post("/account/keys/"+revoke, nil).to("/account/keys?done=key")
	program.json(http.MethodGet, apiBase+"/me/keys", "").is(http.StatusUnauthorized)
	b.get("/account/keys?done=key").is(http.StatusOK).has("The key is revoked").has("No program can act as you")
	b.post("/account/keys/nonsense/revoke", nil).is(http.StatusNotFound)
	b.post("/account/keys", url.Values{"name": {"All"}, "days": {"30"}, "everything": {"on"}}).is(http.StatusOK)
	b.get("/account/keys").is(http.StatusOK).has("Everything that you may")
}

// Programs do with a session what people do, and with a key only what needs no fresh proof.
func TestAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := ada(w)
	other := w.browser()
	other.logIn("ada@acme.example").to("/")
	var sessions struct {
		Items []struct {
			ID     string
			This   bool
			Device string
		}
	}
	read(t, b.json(http.MethodGet, apiBase+"/me/sessions", "").is(http.StatusOK), &sessions)
	if len(sessions.Items) != 2 || sessions.Items[0].This == sessions.Items[1].This || sessions.Items[0].Device != "Firefox on Linux" {
		t.Errorf("sessions are %+v", sessions)
	}
	for _, session := range sessions.Items {
		if !session.This {
			b.json(http.MethodPost, apiBase+"/me/sessions/"+session.ID+"/end", "").is(http.StatusNoContent)
		}
	}
	other.json(http.MethodGet, apiBase+"/me/sessions", "").is(http.StatusUnauthorized)

	b.json(http.MethodPost, apiBase+"/me/keys", `{"name":"Export","scopes":["people.manage"],"days":30}`).is(http.StatusUnprocessableEntity)
	b.json(http.MethodPost, apiBase+"/me/keys", `{"name":"Export","scopes":[],"days":30}`).is(http.StatusUnprocessableEntity)
	var key struct{ ID, Token string }
	read(t, b.json(http.MethodPost, apiBase+"/me/keys", `{"name":"Export","days":30}`).is(http.StatusCreated), &key)
	program := w.browser()
	program.header.Set("Authorization", "Bearer "+key.Token)
	program.json(http.MethodGet, apiBase+"/me/sessions", "").is(http.StatusOK)
	program.json(http.MethodPost, apiBase+"/me/keys", `{"name":"Another","days":30}`).is(http.StatusForbidden).has("key_may_not")
	program.json(http.MethodPost, apiBase+"/me/keys/"+key.ID+"/revoke", "").is(http.StatusForbidden).has("key_may_not")
	w.pass(11 * time.Minute)
	b.json(http.MethodPost, apiBase+"/me/keys/"+key.ID+"/revoke", "").is(http.StatusForbidden).has("step_up_required")
	b.post("/step-up", url.Values{"proof": {password}}).to("/")
	b.json(http.MethodPost, apiBase+"/me/keys/nonsense/revoke", "").is(http.StatusNotFound)
	b.json(http.MethodPost, apiBase+"/me/keys/"+key.ID+"/revoke", "").is(http.StatusNoContent)
	program.json(http.MethodGet, apiBase+"/me/sessions", "").is(http.StatusUnauthorized)
}

func read(t *testing.T, from answer, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(from.body), into); err != nil {
		t.Fatalf("%s: %v: %s", from.asked, err, from.body)
	}
}
