package accounts_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/infra/accounts"
	"effigate/infra/accounts/accountstest"
)

const ssoPassword = "the provider's password"

// provide gives the desk's organisation a provider that knows Ada; change may change the rules before.
func (d *desk) provide(change func(*accounts.Rules)) *accountstest.Provider {
	d.tb.Helper()
	p := accountstest.NewProvider(d.tb, d.base.JoinPath("login/sso/callback").String())
	p.AddUser("ada@acme.example", ssoPassword, "subject-ada", true)
	d.setRules(ssoRules(p, change))
	return p
}

func ssoRules(p *accountstest.Provider, change func(*accounts.Rules)) accounts.Rules {
	rules := accounts.Rules{SSO: &accounts.SSO{Issuer: p.Issuer, ClientID: p.ClientID, Secret: p.Secret, Domains: []string{"acme.example"}}}
	if change != nil {
		change(&rules)
	}
	return rules
}

func joining(r *accounts.Rules) { r.SSO.Join = true }

// begin starts a login; it fails the test when that is refused.
func (d *desk) begin() (redirect, state string) {
	d.tb.Helper()
	redirect, state, err := d.BeginSSO(d.tb.Context(), d.client, "")
	if err != nil {
		d.tb.Fatal(err)
	}
	return redirect, state
}

// ssoLogin logs in through the provider's page.
func (d *desk) ssoLogin(email string) (accounts.Begun, bool, error) {
	d.tb.Helper()
	redirect, state := d.begin()
	return d.FinishSSO(d.tb.Context(), state, d.atProvider(redirect, email), browser)
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]*)"`)

// atProvider does what a person does in a browser, and gives the parameters it comes back with.
func (d *desk) atProvider(redirect, email string) url.Values {
	d.tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.tb.Fatal(err)
	}
	var back url.Values
	agent := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != d.base.Host {
			return nil
		}
		if r.URL.Path != "/login/sso/callback" {
			d.tb.Errorf("sent back to %s", r.URL)
		}
		back = r.URL.Query()
		return http.ErrUseLastResponse
	}}
	page := d.fetch(func() (*http.Response, error) { return agent.Get(redirect) }) //nolint:noctx // a test's browser
	found := hiddenID.FindStringSubmatch(page)
	if found == nil {
		return back
	}
	action, err := url.Parse(redirect)
	if err != nil {
		d.tb.Fatal(err)
	}
	action = &url.URL{Scheme: action.Scheme, Host: action.Host, Path: "/login/username"}
	d.fetch(func() (*http.Response, error) {
		return agent.PostForm(action.String(), url.Values{ //nolint:noctx // a test's browser
			"id": {html.UnescapeString(found[1])}, "username": {email}, "password": {ssoPassword},
		})
	})
	if back == nil {
		d.tb.Fatalf("the provider did not send %s back", email)
	}
	return back
}

func (d *desk) fetch(do func() (*http.Response, error)) string {
	d.tb.Helper()
	response, err := do()
	if err != nil {
		d.tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		d.tb.Fatal(err)
	}
	return string(page)
}

func TestSSOLinksTheAccountOfTheAddress(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		ada := d.invited("ada@acme.example").Person
		p := d.provide(nil)
		begun, newcomer, err := d.ssoLogin("ada@acme.example")
		if err != nil {
			t.Fatal(err)
		}
		if begun.Person != ada || begun.Client != d.client || newcomer || begun.Method != "sso" || begun.Stage != accounts.StageFull || begun.SecondFactor {
			t.Errorf("got %+v, newcomer: %t", begun, newcomer)
		}
		if _, err := d.Session(t.Context(), begun.Token); err != nil {
			t.Error(err)
		}
		p.AddUser("ada.byron@acme.example", ssoPassword, "subject-ada", true)
		if again, _, err := d.ssoLogin("ada.byron@acme.example"); err != nil || again.Person != ada {
			t.Errorf("the same subject under another address: %+v, %v", again, err)
		}
		p.AddUser("ada@acme.example", ssoPassword, "subject-of-her-successor", true)
		_, _, err = d.ssoLogin("ada@acme.example")
		wantError(t, "another subject under her address", err, accounts.ErrWrong)
	})
}

func TestSSOWithClaimsInTheUserInfo(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada := d.invited("ada@acme.example").Person
	p := d.provide(nil)
	p.Behave(accountstest.Behaviour{Thin: true})
	if begun, _, err := d.ssoLogin("ada@acme.example"); err != nil || begun.Person != ada {
		t.Errorf("got %+v, %v", begun, err)
	}
}

func TestSSOJoins(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	p := d.provide(joining)
	want := d.Newcomer(d.client, p.Issuer, "subject-ada")
	for range 2 { // As when recording the fact failed the first time.
		begun, newcomer, err := d.ssoLogin("ada@acme.example")
		if err != nil {
			t.Fatal(err)
		}
		if begun.Person != want || begun.Client != d.client || !newcomer {
			t.Errorf("got %+v, newcomer: %t", begun, newcomer)
		}
	}
	if err := d.Joined(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if begun, newcomer, err := d.ssoLogin("ada@acme.example"); err != nil || begun.Person != want || newcomer {
		t.Errorf("after it was recorded: %+v, newcomer: %t, %v", begun, newcomer, err)
	}
	account, err := d.Account(t.Context(), d.client, want)
	if err != nil {
		t.Fatal(err)
	}
	wanted := accounts.Account{Person: want, Client: d.client, Name: "ada", Email: "ada@acme.example", LastLogin: d.time(), CreatedAt: d.time()}
	if diff := cmp.Diff(wanted, account, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
}

// Whom the organisation has no seat for leaves nothing behind: its address can be invited.
func TestSSOTurnsNewcomersAway(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.provide(joining)
	begun, _, err := d.ssoLogin("ada@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.TurnAway(t.Context(), begun.Person); err != nil {
		t.Fatal(err)
	}
	_, err = d.Session(t.Context(), begun.Token)
	wantError(t, "the session", err, accounts.ErrWrong)
	ada := d.invited("ada@acme.example").Person
	if again, newcomer, err := d.ssoLogin("ada@acme.example"); err != nil || again.Person != ada || newcomer {
		t.Errorf("after an invitation: %+v, newcomer: %t, %v", again, newcomer, err)
	}
	if err := d.TurnAway(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Account(t.Context(), d.client, ada); err != nil {
		t.Errorf("who is no newcomer: %v", err)
	}
}

// Who logs in twice at once for the first time becomes one person.
func TestSSOJoinsOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.provide(joining)
	outcomes := make(chan error, 3)
	people := make(chan domain.PersonID, 3)
	for range 3 {
		redirect, state := d.begin()
		callback := d.atProvider(redirect, "ada@acme.example")
		go func() {
			begun, _, err := d.FinishSSO(t.Context(), state, callback, browser)
			outcomes <- err
			people <- begun.Person
		}()
	}
	first := <-people
	for range 2 {
		if other := <-people; other != first {
			t.Errorf("got %s and %s", first, other)
		}
	}
	for range 3 {
		if err := <-outcomes; err != nil {
			t.Error(err)
		}
	}
}

// Whom its organisation has deactivated needs an invitation, and has what the new person has.
func TestSSOLinksWhoIsInvitedAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.provide(joining)
	before := d.invited("ada@acme.example").Person
	if _, _, err := d.ssoLogin("ada@acme.example"); err != nil {
		t.Fatal(err)
	}
	if err := d.staff.Close(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	_, _, err := d.ssoLogin("ada@acme.example")
	wantError(t, "deactivated", err, accounts.ErrWrong)
	after := d.newcomer("ada@acme.example")
	d.invite(after)
	if begun, newcomer, err := d.ssoLogin("ada@acme.example"); err != nil || begun.Person != after.Person || newcomer {
		t.Errorf("invited anew: %+v, newcomer: %t, %v", begun, newcomer, err)
	}
}

func TestSSORefusesWhomItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		side    domain.Side
		rules   func(*accounts.Rules)
		before  func(d *desk, p *accountstest.Provider)
		subject string // who logs in
	}{
		"unknown, where nobody joins":       {domain.ClientSide, nil, nil, "subject-ada"},
		"unknown staff, whom no rule joins": {domain.StaffSide, nil, nil, "subject-ada"},
		"another domain":                    {domain.ClientSide, func(r *accounts.Rules) { joining(r); r.SSO.Domains = []string{"other.example"} }, nil, "subject-ada"},
		"a domain within the domain": {domain.ClientSide, joining, func(_ *desk, p *accountstest.Provider) {
			p.AddUser("ada@sub.acme.example", ssoPassword, "subject-ada", true)
		}, "subject-ada"},
		"an address that nobody vouches for": {domain.ClientSide, joining, func(d *desk, p *accountstest.Provider) {
			d.invited("ada@acme.example")
			p.AddUser("ada@acme.example", ssoPassword, "subject-ada", false)
		}, "subject-ada"},
		"the same in the user info": {domain.ClientSide, joining, func(d *desk, p *accountstest.Provider) {
			d.invited("ada@acme.example")
			p.AddUser("ada@acme.example", ssoPassword, "subject-ada", false)
			p.Behave(accountstest.Behaviour{Thin: true})
		}, "subject-ada"},
		"the user info of somebody else": {domain.ClientSide, joining, func(_ *desk, p *accountstest.Provider) {
			p.AddUser("bob@acme.example", ssoPassword, "subject-bob", true)
			p.Behave(accountstest.Behaviour{Thin: true, Mistaken: "subject-bob"})
		}, "subject-ada"},
		"a subject that is no text": {domain.ClientSide, joining, func(_ *desk, p *accountstest.Provider) {
			p.AddUser("bob@acme.example", ssoPassword, "subject-\x00", true)
		}, "subject-\x00"},
		"an identity of another organisation": {domain.ClientSide, joining, func(d *desk, p *accountstest.Provider) {
			if _, _, err := d.ssoLogin("ada@acme.example"); err != nil {
				d.tb.Fatal(err)
			}
			d.client = domain.ClientID{UUID: newID()}
			d.setRules(ssoRules(p, func(r *accounts.Rules) { joining(r); r.SSO.Domains = []string{"sub.acme.example"} }))
			p.AddUser("ada@sub.acme.example", ssoPassword, "subject-ada", true)
		}, "subject-ada"},
		"a person of another organisation": {domain.ClientSide, joining, func(d *desk, p *accountstest.Provider) {
			own := d.client
			d.setRules(accounts.Rules{}) // It was invited before the domain was claimed.
			d.client = domain.ClientID{UUID: newID()}
			d.invited("ada@acme.example")
			d.client = own
			d.setRules(ssoRules(p, joining))
		}, "subject-ada"},
		"a closed account": {domain.ClientSide, joining, func(d *desk, _ *accountstest.Provider) {
			if err := d.staff.Close(d.tb.Context(), d.invited("ada@acme.example").Person); err != nil {
				d.tb.Fatal(err)
			}
		}, "subject-ada"},
		"an erased newcomer": {domain.ClientSide, joining, func(d *desk, p *accountstest.Provider) {
			begun, _, err := d.ssoLogin("ada@acme.example")
			if err == nil {
				err = d.staff.Erase(d.tb.Context(), begun.Person)
			}
			if err != nil {
				d.tb.Fatal(err)
			}
		}, "subject-ada"},
		"an address that is being given to somebody else": {domain.ClientSide, joining, func(d *desk, _ *accountstest.Provider) {
			d.reserve("ada@acme.example")
		}, "subject-ada"},
		"a secret that is not ours": {domain.ClientSide, func(r *accounts.Rules) { joining(r); r.SSO.Secret = "another" }, nil, "subject-ada"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, test.side)
			p := d.provide(test.rules)
			if test.before != nil {
				test.before(d, p)
			}
			begun, newcomer, err := d.ssoLogin(p.Address(test.subject))
			wantError(t, "login", err, accounts.ErrWrong)
			if begun != (accounts.Begun{}) || newcomer {
				t.Errorf("got %+v, newcomer: %t", begun, newcomer)
			}
		})
	}
}

// reserve leaves an address as an invitation does whose fact is just being recorded.
func (d *desk) reserve(email string) {
	d.tb.Helper()
	reserved, done := make(chan struct{}), make(chan struct{})
	finished := make(chan error, 1)
	go func() {
		account := accounts.Account{Person: domain.PersonID{UUID: newID()}, Client: d.client, Name: "Somebody", Email: email}
		_, err := d.staff.Invite(context.WithoutCancel(d.tb.Context()), account, func(context.Context) error {
			close(reserved)
			<-done
			return nil
		})
		finished <- err
	}()
	<-reserved
	d.tb.Cleanup(func() {
		close(done)
		if err := <-finished; err != nil {
			d.tb.Errorf("the invitation: %v", err)
		}
	})
}

func TestSSORefusesCallbacksThatDoNotFit(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	ada := d.invited("ada@acme.example").Person
	d.provide(nil)
	mine, state := d.begin()
	callback := d.atProvider(mine, "ada@acme.example")
	others, other := d.begin()
	injected := d.atProvider(others, "ada@acme.example")
	with := func(name string, values ...string) url.Values {
		changed := maps.Clone(callback)
		changed[name] = values
		return changed
	}
	for name, test := range map[string]struct {
		state    string
		callback url.Values
	}{
		"the cookie of another browser": {other, callback},
		"no cookie":                     {"", callback},
		"a changed cookie":              {state[:len(state)-2] + "AA", callback},
		"a cookie of another purpose":   {d.passkeyState(), callback},
		"no state":                      {state, with("state")},
		"the state of another browser":  {state, with("state", injected.Get("state"))},
		"two states":                    {state, with("state", callback.Get("state"), callback.Get("state"))},
		"no code":                       {state, with("code")},
		"an empty code":                 {state, with("code", "")},
		"a long code":                   {state, with("code", strings.Repeat("a", 5000))},
		"a made-up code":                {state, with("code", "made-up")},
		"another's code":                {state, with("code", injected.Get("code"))},
		"an error":                      {state, with("error", "access_denied")},
		"another provider's name":       {state, with("iss", "https://evil.example")},
		"nothing":                       {state, nil},
	} {
		begun, _, err := d.FinishSSO(t.Context(), test.state, test.callback, browser)
		wantError(t, name, err, accounts.ErrWrong)
		if begun != (accounts.Begun{}) {
			t.Errorf("%s: got %+v", name, begun)
		}
	}
	if begun, _, err := d.FinishSSO(t.Context(), state, callback, browser); err != nil || begun.Person != ada {
		t.Errorf("the right callback: %+v, %v", begun, err)
	}
	_, _, err := d.FinishSSO(t.Context(), state, callback, browser)
	wantError(t, "the right callback again", err, accounts.ErrWrong)
}

func (d *desk) passkeyState() string {
	d.tb.Helper()
	_, state, err := d.BeginPasskeyLogin(d.tb.Context())
	if err != nil {
		d.tb.Fatal(err)
	}
	return state
}

func TestSSORefusesAnIDTokenForAnotherLogin(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@acme.example")
	d.provide(nil)
	redirect, state := d.begin()
	asked, err := url.Parse(redirect)
	if err != nil {
		t.Fatal(err)
	}
	parameters := asked.Query()
	if parameters.Get("code_challenge_method") != "S256" || parameters.Get("nonce") == "" || parameters.Get("state") == "" || parameters.Get("response_type") != "code" {
		t.Errorf("asked for %s", redirect)
	}
	parameters.Set("nonce", "of another login")
	asked.RawQuery = parameters.Encode()
	_, _, err = d.FinishSSO(t.Context(), state, d.atProvider(asked.String(), "ada@acme.example"), browser)
	wantError(t, "another nonce", err, accounts.ErrWrong)
}

func TestSSOStatesEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@acme.example")
	first := d.provide(nil)
	redirect, state := d.begin()
	callback := d.atProvider(redirect, "ada@acme.example")
	d.pass(10 * time.Minute)
	_, _, err := d.FinishSSO(t.Context(), state, callback, browser)
	wantError(t, "after 10 min", err, accounts.ErrWrong)

	redirect, state = d.begin()
	callback = d.atProvider(redirect, "ada@acme.example")
	d.provide(nil).Stop() // The organisation changes over to another, which must not get to see the code.
	_, _, err = d.FinishSSO(t.Context(), state, callback, browser)
	wantError(t, "at a provider that is not the organisation's any more", err, accounts.ErrWrong)
	d.setRules(ssoRules(first, nil))
	if _, _, err = d.FinishSSO(t.Context(), state, callback, browser); err != nil {
		t.Errorf("when it is again: %v", err)
	}
}

func TestSSOCountsTheProvidersSecondFactor(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		session := d.invited("ada@acme.example")
		p := d.provide(func(r *accounts.Rules) { r.SecondFactor = true })
		stage := func(doing string, want accounts.Stage, factor bool) accounts.Begun {
			t.Helper()
			begun, _, err := d.ssoLogin("ada@acme.example")
			if err != nil {
				t.Fatalf("%s: %v", doing, err)
			}
			if begun.Stage != want || begun.SecondFactor != factor {
				t.Errorf("%s: stage %q, second factor: %t", doing, begun.Stage, begun.SecondFactor)
			}
			return begun
		}
		enrolling := stage("a password alone", accounts.StageEnrol, false)
		p.Behave(accountstest.Behaviour{Methods: []string{"pwd", "mfa"}})
		stage("two factors at the provider", accounts.StageFull, true)
		app, full, _ := d.enrol(enrolling)
		if full.Stage != accounts.StageFull || full.Person != session.Person {
			t.Errorf("after enrolment: %+v", full)
		}
		p.Behave(accountstest.Behaviour{Methods: []string{"pwd"}})
		factor := stage("a password alone, with an authenticator here", accounts.StageFactor, false)
		d.pass(time.Minute)
		if _, err := d.PassFactor(t.Context(), factor.Token, app.code(0), browser); err != nil {
			t.Error(err)
		}
	})
}

func TestSSOTellsWhenThePersonWasAsked(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, d *desk) {
		d.invited("ada@acme.example")
		p := d.provide(nil)
		stripped := false // Whether the browser leaves out what we asked of the provider.
		anew := func() (accounts.Begun, error) {
			t.Helper()
			redirect, state, err := d.ProveSSO(t.Context(), d.client, "ada@acme.example")
			if err != nil {
				t.Fatal(err)
			}
			asked, err := url.Parse(redirect)
			if err != nil || asked.Query().Get("prompt") != "login" || asked.Query().Get("max_age") != "0" {
				t.Errorf("sent to %s, %v", redirect, err)
			}
			if stripped {
				parameters := asked.Query()
				parameters.Del("prompt")
				parameters.Del("max_age")
				asked.RawQuery = parameters.Encode()
				redirect = asked.String()
			}
			begun, _, err := d.FinishSSO(t.Context(), state, d.atProvider(redirect, "ada@acme.example"), browser)
			return begun, err
		}
		if begun, err := anew(); err != nil || begun.ProvedAt.Before(d.time().Add(-time.Minute)) || begun.ProvedAt.After(d.time()) {
			t.Errorf("asked anew: %+v, %v", begun, err)
		}
		p.Behave(accountstest.Behaviour{Asked: 3 * time.Hour})
		_, err := anew()
		wantError(t, "a provider that did not ask anew", err, accounts.ErrWrong)
		p.Behave(accountstest.Behaviour{Silent: true})
		_, err = anew()
		wantError(t, "a provider that does not say when it asked", err, accounts.ErrWrong)
		stripped = true
		_, err = anew()
		wantError(t, "the same, and it was not told to ask anew", err, accounts.ErrWrong)
		if begun, _, err := d.ssoLogin("ada@acme.example"); err != nil || begun.ProvedAt.After(d.time().Add(-time.Hour)) {
			t.Errorf("a login without a word of when it was proved: %+v, %v", begun, err)
		}
		p.Behave(accountstest.Behaviour{Asked: 3 * time.Hour})
		_, err = anew()
		wantError(t, "a provider that was not told to ask anew", err, accounts.ErrWrong)
		begun, _, err := d.ssoLogin("ada@acme.example")
		if err != nil {
			t.Fatal(err)
		}
		session, err := d.Session(t.Context(), begun.Token)
		if err != nil {
			t.Fatal(err)
		}
		if age := d.time().Sub(session.ProvedAt); age < 2*time.Hour || !session.ProvedAt.Equal(begun.ProvedAt) {
			t.Errorf("proved %s ago, in the database, and at %s, as told", age, begun.ProvedAt)
		}
	})
}

func TestSSOOnlyOrganisationsHaveNoOtherWayIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	session := d.invited("ada@acme.example")
	key := newKey(d)
	d.register(session.Person, key)
	d.provide(func(r *accounts.Rules) { r.PasswordsOff = true })
	_, err := d.LogIn(t.Context(), "ada@acme.example", goodPassword, browser)
	wantError(t, "by password", err, accounts.ErrWrong)
	_, err = d.loginBy(key)
	wantError(t, "by passkey", err, accounts.ErrWrong)
}

func TestProviderThatIsDownIsUnavailable(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	d.invited("ada@acme.example")
	p := d.provide(nil)
	redirect, state := d.begin()
	callback := d.atProvider(redirect, "ada@acme.example")
	p.Stop()
	_, _, err := d.FinishSSO(t.Context(), state, callback, browser)
	wantError(t, "finish", err, domain.ErrUnavailable)
	d.begin() // What it told of itself is remembered,
	d.pass(11 * time.Minute)
	_, _, err = d.BeginSSO(t.Context(), d.client, "") // for a while.
	wantError(t, "begin", err, domain.ErrUnavailable)
}

func TestProvidersAreNotBelievedEverything(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, issuer string){
		"an endpoint on another machine without TLS": func(w http.ResponseWriter, issuer string) {
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%[1]q,"token_endpoint":"http://192.0.2.1/token","jwks_uri":%[1]q}`, issuer)
		},
		"keys in a file": func(w http.ResponseWriter, issuer string) {
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%[1]q,"token_endpoint":%[1]q,"jwks_uri":"file:///etc/passwd"}`, issuer)
		},
		"another issuer": func(w http.ResponseWriter, _ string) { tell(w, "https://other.example") },
		"a redirect": func(w http.ResponseWriter, issuer string) {
			w.Header().Set("Location", "/moved")
			w.WriteHeader(http.StatusFound)
			tell(w, issuer)
		},
		"more than anybody needs": func(w http.ResponseWriter, issuer string) {
			_, _ = io.WriteString(w, strings.Repeat(" ", 4<<20))
			tell(w, issuer)
		},
		"an error":  func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusInternalServerError) },
		"no JSON":   func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, "<html>") },
		"no answer": func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, domain.ClientSide)
			var issuer string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/moved" {
					tell(w, issuer)
					return
				}
				answer(w, issuer)
			}))
			defer server.Close()
			issuer = server.URL
			d.setRules(accounts.Rules{SSO: &accounts.SSO{Issuer: issuer, ClientID: "effigate", Secret: "secret", Domains: []string{"acme.example"}}})
			_, _, err := d.BeginSSO(t.Context(), d.client, "")
			wantError(t, "begin", err, domain.ErrUnavailable)
		})
	}
}

// tell writes what a provider tells of itself.
func tell(w io.Writer, issuer string) {
	_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%[1]q,"token_endpoint":%[1]q,"jwks_uri":%[1]q}`, issuer)
}

func TestProvidersInsideAreNotReached(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	asked := make(chan struct{}, 8)
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	t.Cleanup(server.Close)
	p := d.provide(nil) // Set while it was allowed, or by another process.
	d.options.LoopbackProviders = false
	d.restart()
	_, _, err := d.BeginSSO(t.Context(), d.client, "")
	wantError(t, "by http", err, domain.ErrUnavailable)
	wantError(t, "by http, set", d.staff.SetRules(t.Context(), accounts.Rules{Client: d.client, SSO: ssoRules(p, nil).SSO}), domain.ErrInvalid)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		d.setRules(ssoRules(p, func(r *accounts.Rules) {
			r.SSO.Issuer = "https://" + net.JoinHostPort(host, server.URL[strings.LastIndex(server.URL, ":")+1:])
		}))
		_, _, err = d.BeginSSO(t.Context(), d.client, "")
		wantError(t, host, err, domain.ErrUnavailable)
		if err != nil && !strings.Contains(err.Error(), "not on the public internet") {
			t.Errorf("%s: refused because of %v", host, err)
		}
	}
	if len(asked) > 0 {
		t.Error("it was asked")
	}
}

// The id stays in the events of an erased person: guesses at its subject must not be confirmed by it.
func TestNewcomersCannotBeRecognisedWithoutTheKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	before := d.Newcomer(d.client, "https://provider.example", "subject-ada")
	d.restart()
	if again := d.Newcomer(d.client, "https://provider.example", "subject-ada"); again != before {
		t.Errorf("got %s and %s for the same", before, again)
	}
	if other := d.Newcomer(domain.ClientID{UUID: newID()}, "https://provider.example", "subject-ada"); other == before {
		t.Error("two organisations share a person")
	}
	_, _ = rand.Read(d.options.Key)
	d.restart()
	if other := d.Newcomer(d.client, "https://provider.example", "subject-ada"); other == before {
		t.Error("the id is the same under another key")
	}
}

func TestAddressesLeadToTheirProvider(t *testing.T) {
	t.Parallel()
	d := newDesk(t, domain.ClientSide)
	_, _, err := d.BeginSSO(t.Context(), d.client, "")
	wantError(t, "without rules", err, domain.ErrNotFound)
	d.provide(nil)
	for email, want := range map[string]bool{
		"ada@acme.example": true, "Ada@ACME.example": true, "ada@sub.acme.example": false, "ada@example": false, "acme.example": false, "": false,
		"ada@acme.example\x00": false, "\xff@acme.example": false, "ada@other.example@acme.example": false,
	} {
		client, ok, err := d.ProviderOf(t.Context(), email)
		if err != nil || ok != want || ok && client != d.client {
			t.Errorf("%q: got %s, %t, %v", email, client, ok, err)
		}
	}
	redirect, _, err := d.BeginSSO(t.Context(), d.client, "ada@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	if u, err := url.Parse(redirect); err != nil || u.Query().Get("login_hint") != "ada@acme.example" {
		t.Errorf("got %s, %v", redirect, err)
	}
}

func FuzzFinishSSO(f *testing.F) {
	d := newDesk(f, domain.ClientSide)
	d.provide(joining)
	redirect, state := d.begin()
	callback := d.atProvider(redirect, "ada@acme.example")
	f.Add(state, "code=made-up&state="+callback.Get("state"))
	f.Add(state[1:], callback.Encode())
	f.Add("", "")
	f.Add(state, "state="+callback.Get("state")+"&error=access_denied")
	f.Add(d.passkeyState(), callback.Encode())
	f.Fuzz(func(t *testing.T, state, query string) {
		parameters, err := url.ParseQuery(query)
		if err != nil || parameters.Get("code") == callback.Get("code") {
			t.Skip("no parameters, or a login that is right")
		}
		begun, newcomer, err := d.FinishSSO(t.Context(), state, parameters, browser)
		if !errors.Is(err, accounts.ErrWrong) || begun != (accounts.Begun{}) || newcomer {
			t.Errorf("got %+v, %t, %v", begun, newcomer, err)
		}
	})
}
