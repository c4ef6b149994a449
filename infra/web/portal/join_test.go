package portal_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/accounts"
	"effigate/infra/accounts/accountstest"
)

// visitor is a browser of somebody whom the provider of acme knows.
type visitor struct {
	*testing.T
	*world
	provider *accountstest.Provider
	outside  *http.Client
	cookies  map[string]*http.Cookie
}

// ask asks the portal.
func (v *visitor) ask(method, path, form string) *httptest.ResponseRecorder {
	v.Helper()
	r := httptest.NewRequestWithContext(v.Context(), method, path, strings.NewReader(form))
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range v.cookies {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	v.Handler().ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		v.cookies[cookie.Name] = cookie
	}
	return w
}

// visit asks the provider, and gives what it answers.
func (v *visitor) visit(method, at string, form url.Values) string {
	v.Helper()
	request, err := http.NewRequestWithContext(v.Context(), method, at, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.outside.Do(request)
	if err != nil {
		v.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.Fatal(err)
	}
	return string(text)
}

// logIn goes to the provider and back.
func (v *visitor) logIn(email string) *httptest.ResponseRecorder {
	v.Helper()
	var back string
	v.outside.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == public.Host {
			back = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}
	v.ask(http.MethodPost, "/login", url.Values{"email": {email}}.Encode())
	form := v.visit(http.MethodGet, v.ask(http.MethodGet, "/login/sso/start", "").Header().Get("Location"), nil)
	_, id, _ := strings.Cut(form, `name="id" value="`)
	id, _, _ = strings.Cut(id, `"`)
	v.visit(http.MethodPost, v.provider.Issuer+"/login/username", url.Values{"id": {id}, "username": {email}, "password": {password}})
	return v.ask(http.MethodGet, back, "")
}

// Whom a full organisation had no seat for comes in as soon as there is one: a refusal is the answer to one
// login, not to the person.
func TestWhoFoundNoSeatMayTryAgain(t *testing.T) {
	t.Parallel()
	w := newLoginWorld(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	provider := accountstest.NewProvider(t, public.JoinPath("login", "sso", "callback").String())
	provider.AddUser("jan@acme.example", password, "subject", true)
	rules := accounts.Rules{Client: people["ada"].Client, SSO: &accounts.SSO{
		Issuer: provider.Issuer, ClientID: provider.ClientID, Secret: provider.Secret, Domains: []string{"acme.example"}, Join: true,
	}}
	if err := openAccounts(t, w.access.Owner, w.trace, func() time.Time { return now }).SetRules(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	v := &visitor{t, w, provider, &http.Client{Jar: jar}, map[string]*http.Cookie{}}

	w.commands.refusal = domain.Refuse(domain.ErrConflict, "no_seat_left", "secret: every seat is taken")
	if got := v.logIn("jan@acme.example"); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "no free seat") {
		t.Fatalf("without a seat: status %d: %s", got.Code, got.Body)
	}
	w.commands.refusal = nil
	jan := w.commands.asked[0].Actor.Person.UUID
	w.commands.position = func() domain.Position {
		return w.show(visible.Person{Client: acme, ID: jan, Role: "client_employee", State: visible.PersonActive})
	}
	if got := v.logIn("jan@acme.example"); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/" {
		t.Fatalf("with a seat: status %d: %s", got.Code, got.Body)
	}
	if home := v.ask(http.MethodGet, "/", ""); home.Code != http.StatusOK || !strings.Contains(home.Body.String(), "Hello, jan") {
		t.Errorf("status %d: %s", home.Code, home.Body)
	}
}
