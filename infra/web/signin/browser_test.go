package signin_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"effigate/infra/accounts"
	"effigate/infra/web/browsertest"
)

// Every page is looked at in both themes, on a desk and on foot, by axe and in its picture.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.New(t)
	for name, options := range map[string][]browsertest.Option{
		"light-desk": nil,
		"dark-desk":  {browsertest.Dark},
		"light-foot": {browsertest.Mobile},
		"dark-foot":  {browsertest.Dark, browsertest.Mobile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			v := &visit{t, w, browser.Open(t, w.url, options...), name}
			v.links()
			v.account()
			v.secondStep()
			v.keys()
			v.loginPages()
		})
	}
}

// visit is a walk of one person through all pages.
type visit struct {
	testing.TB
	world *world
	page  *browsertest.Page
	name  string
}

// look checks the page that is open, which says something.
func (v *visit) look(name, says string) {
	v.Helper()
	v.page.See(says)
	v.page.Axe()
	v.page.Quiet()
	v.page.Shot(v.name + "-" + name)
}

func (v *visit) links() {
	v.Helper()
	p := v.page
	person, token := v.world.invite("ada@acme.example")
	p.Goto("/invitation/" + token)
	v.look("invitation", "Welcome to Acme")
	p.Fill("Password", "short")
	p.Click("Accept the invitation")
	v.look("invitation-refused", "There is a problem")
	p.Fill("Password", password)
	p.Click("Accept the invitation")
	p.See("home")
	link, err := v.world.owner.OfferReset(v.Context(), person)
	if err != nil {
		v.Fatal(err)
	}
	p.Goto("/reset/" + link.Token)
	v.look("reset", "Choose a new password")
	p.Fill("New password", password)
	p.Click("Change the password")
	v.look("reset-done", "Your password is changed")
	p.Goto("/reset/" + link.Token)
	v.look("link-spent", "This link does not work")
	p.Goto("/forgot")
	v.look("forgot", "Forgot your password?")
	p.Fill("E-mail address", "ada@acme.example")
	p.Click("Send the link")
	v.look("forgot-sent", "Look into your mail")
	p.Goto("/confirm-email/x")
	v.look("confirm-email", "Confirm the change")
}

// logIn logs in by the form.
func (v *visit) logIn(next string) {
	v.Helper()
	v.page.Goto("/login?next=" + url.QueryEscape(next))
	v.page.Fill("E-mail address", "ada@acme.example")
	v.page.Click("Continue")
	v.page.Fill("Password", password)
	v.page.Click("Log in")
}

func (v *visit) account() {
	v.Helper()
	p := v.page
	p.Goto("/login")
	v.look("login", "Log in")
	p.Fill("E-mail address", "ada")
	p.Click("Continue")
	p.See("Enter an e-mail address")
	p.Fill("E-mail address", "ada@acme.example")
	p.Click("Continue")
	p.Fill("Password", "not the right one")
	v.look("login-password", "Forgot your password?")
	p.Click("Log in")
	v.look("login-wrong", "do not log anybody in")
	p.Fill("Password", password)
	p.Click("Log in")
	p.See("home")
	p.Goto("/account")
	v.look("account", "Account and security")
	p.Goto("/account/password")
	p.Fill("New password", "short")
	p.Click("Change the password")
	v.look("password", "must have at least 12 characters")
	p.Goto("/account/email")
	v.look("email", "Present address")
	other := v.world.browser()
	other.logIn("ada@acme.example").is(303)
	p.Goto("/account/sessions")
	v.look("sessions", "This one")
	p.Click("Log out everywhere else")
	p.See("All other devices are logged out")
}

func (v *visit) secondStep() {
	v.Helper()
	p := v.page
	p.Goto("/account/factors")
	v.look("factors-none", "Not set up")
	p.Click("Set up an authenticator app")
	v.look("totp", "Show the QR code")
	p.Click("Show the QR code")
	v.look("totp-offer", "Type the code that the app now shows")
	secret := browsertest.Eval[string](p, `document.querySelector('.secret').textContent.replaceAll(' ', '')`)
	p.Fill("Code from the app", "000000")
	p.Click("Confirm")
	v.look("totp-refused", "This code does not count")
	p.Fill("Code from the app", v.world.code(secret))
	p.Click("Confirm")
	v.look("codes", "Keep your recovery codes")
	p.Click("I have kept them")
	v.look("factors", "10 recovery codes")
	p.Click("Remove the app")
	v.look("factors-remove", "Your recovery codes go with it")
	v.world.pass(11 * time.Minute)
	p.Goto("/account/factors")
	v.look("factors-stale", "Prove that it is you")
	p.Click("Prove that it is you to make changes")
	v.look("step-up", "Password, or a code from your app")
	p.Fill("Password, or a code from your app", "wrong")
	p.Click("Continue")
	p.See("does not prove that it is you")
	p.Fill("Password, or a code from your app", password)
	p.Click("Continue")
	p.At("/account/factors")
}

func (v *visit) keys() {
	v.Helper()
	p := v.page
	p.Goto("/account/keys")
	v.look("keys-none", "No keys")
	p.Click("Create a key")
	p.At("/account/keys/new")
	p.Click("Create the key")
	v.look("key-refused", "Give the key a name")
	p.Fill("Name", "Nightly export")
	p.Click("See tickets")
	p.Click("Create the key")
	v.look("key", "Your new API key")
	p.Click("I have kept it")
	p.Click("1 permission")
	p.Click("Revoke…")
	v.look("keys", "Revoke Nightly export")
	p.Click("Revoke Nightly export")
	p.See("The key is revoked")
}

func (v *visit) loginPages() {
	v.Helper()
	p, w := v.page, v.world
	w.pass(time.Hour)
	v.logIn("/account")
	v.look("factor", "Second step")
	p.Click("Log in as somebody else")
	p.See("Log in")
	if err := w.owner.SetRules(v.Context(), accounts.Rules{Client: w.client, SecondFactor: true}); err != nil {
		v.Fatal(err)
	}
	w.person("eve@acme.example")
	p.Fill("E-mail address", "eve@acme.example")
	p.Click("Continue")
	p.Fill("Password", password)
	p.Click("Log in")
	v.look("enrol", "Set up a second step")
	p.Click("Show the QR code")
	v.look("enrol-offer", "Type the code that the app now shows")
	p.Click("Log in as somebody else")
	p.See("E-mail address")
	rules := accounts.Rules{Client: w.client, SSO: &accounts.SSO{
		Issuer: "http://127.0.0.1:9", ClientID: "x", Secret: "x", Domains: []string{"acme.example"},
	}}
	if err := w.owner.SetRules(v.Context(), rules); err != nil {
		v.Fatal(err)
	}
	p.Goto("/login")
	p.Fill("E-mail address", "ada@acme.example")
	p.Click("Continue")
	v.look("provider", "Log in with your organisation")
	p.Goto("/login/sso/callback?state=x&code=x")
	v.look("sso-refused", "You are not logged in")
}

// A passkey is added, logs in, proves anew, and is removed.
func TestPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("ada@acme.example")
	p := browsertest.New(t).Open(t, w.url)
	v := &visit{t, w, p, "passkey"}
	_, err := chromedp.Call(p.Context(), webauthn.Enable, webauthn.EnableParams{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = chromedp.Call(p.Context(), webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, AutomaticPresenceSimulation: true, IsUserVerified: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	v.logIn("/account/factors")
	p.Fill("Name of a new passkey", "Work laptop")
	p.Click("Add a passkey")
	v.look("added", "The passkey is added")
	p.See("Work laptop")
	p.Goto("/account")
	p.See("1 passkey")
	w.browser().logIn("ada@acme.example").to("/login/factor")

	w.pass(time.Hour)
	p.Goto("/login?next=%2Faccount%2Fkeys")
	p.Click("Log in with a passkey")
	p.At("/account/keys")

	// Nobody goes on as somebody else: in another tab Eve logged in meanwhile.
	w.person("eve@acme.example")
	w.pass(time.Hour)
	p.Goto("/login")
	p.See("Log in with a passkey")
	if !browsertest.Eval[bool](p, `fetch('/login', { method: 'POST', redirect: 'manual',
		body: new URLSearchParams({ email: 'eve@acme.example', password: '`+password+`' }) }).then(() => true)`) {
		t.Fatal("Eve is not logged in")
	}
	p.Click("Log in with a passkey")
	p.See("This passkey is not yours")
	p.Goto("/account")
	p.See("eve@acme.example")

	w.pass(time.Hour)
	p.Goto("/login?next=%2Faccount%2Fkeys")
	p.Click("Log in with a passkey")
	p.At("/account/keys")
	w.pass(11 * time.Minute)
	p.Goto("/account/keys/new")
	v.look("step-up", "Is it you?")
	p.Click("Use a passkey")
	p.At("/account/keys/new")
	p.Goto("/account/factors")
	p.Click("Remove…")
	p.Click("Remove Work laptop")
	p.See("The passkey is removed")
	p.Click("Account and security")
	p.See("None · Manage second steps")
	p.Quiet()

	w.pass(time.Hour)
	p.Goto("/login")
	p.Click("Log in with a passkey")
	p.See("This passkey does not log anybody in here")
}
