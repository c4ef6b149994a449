package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	stdmail "net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/emersion/go-smtp"
	"github.com/pquerna/otp/totp"

	"effigate/domain/timer"
	"effigate/infra/accounts/accountstest"
	"effigate/infra/web/browsertest"
)

// offices are a running demo, its mail and a browser: what the journeys of people need.
type offices struct {
	demoWorldPrinted
	mail    *mailroom
	browser *browsertest.Browser
}

// openOffices starts them.
func openOffices(t *testing.T) *offices {
	t.Helper()
	browser := browsertest.New(t)
	room := openMailroom(t)
	p := spawn(t, []string{"EFFIGATE_SMTP_URL=" + room.url}, "demo", "--json", "--data", t.TempDir(),
		"--portal", "localhost:0", "--console", "localhost:0", "--admin", "127.0.0.1:0", "--log-format", "json")
	select {
	case <-p.spoke:
	case <-p.ended:
		t.Fatalf("the demo ended: %s", &p.log)
	case <-time.After(patience):
		t.Fatalf("the demo is not ready: %s", &p.log)
	}
	o := &offices{mail: room, browser: browser}
	if err := json.Unmarshal([]byte(p.out.String()), &o.demoWorldPrinted); err != nil {
		t.Fatalf("%v in %s", err, &p.out)
	}
	return o
}

// who finds a person of the demo.
func (o *offices) who(t *testing.T, name string) login {
	t.Helper()
	for _, person := range o.People {
		if person.Name == name {
			return person
		}
	}
	t.Fatalf("the demo has no %s", name)
	return login{}
}

// logIn opens a tab and logs a person of the demo in by hand.
func (o *offices) logIn(t *testing.T, name string, options ...browsertest.Option) *browsertest.Page {
	t.Helper()
	person := o.who(t, name)
	base := o.Console
	if strings.HasPrefix(person.Role, "client") {
		base = o.Portal
	}
	page := o.browser.Open(t, base, options...)
	page.Goto("/")
	page.At("/login")
	fillLogin(page, person.Email, person.Password)
	page.At("/")
	return page
}

// fillLogin gives address and password on the login page.
func fillLogin(page *browsertest.Page, email, password string) {
	page.Fill("E-mail address", email)
	page.Click("Continue")
	page.Fill("Password", password)
	page.Click("Log in")
}

// logOut is under the name of the person.
func logOut(page *browsertest.Page) {
	page.Pick("details.account > summary")
	page.Click("Log out")
	page.At("/login")
	page.Goto("/login")
}

// mailroom is a mail server of this process that keeps what it gets.
type mailroom struct {
	url     string
	mu      sync.Mutex
	letters []stored
	arrived chan struct{}
}

type stored struct{ to, text string }

func openMailroom(t *testing.T) *mailroom {
	t.Helper()
	room := &mailroom{arrived: make(chan struct{}, 100)}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	room.url = "smtp://" + listener.Addr().String() + "?from=Northwind <no-reply@northwind.example>"
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{room: room}, nil }))
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Errorf("serve mail: %v", err)
		}
	})
	return room
}

type delivery struct {
	room *mailroom
	to   string
}

func (*delivery) Reset()                               {}
func (*delivery) Logout() error                        { return nil }
func (*delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	message, err := stdmail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	d.room.mu.Lock()
	defer d.room.mu.Unlock()
	text := strings.ReplaceAll(string(body), "=\r\n", "") // Long lines are folded in quoted-printable.
	d.room.letters = append(d.room.letters, stored{d.to, strings.ReplaceAll(text, "=3D", "=")})
	d.room.arrived <- struct{}{}
	return nil
}

var linkForm = regexp.MustCompile(`https?://[^\s"<>]+/(?:invitation|reset|confirm-email)/[A-Za-z0-9_-]+`)

// link waits for the newest mail to an address that holds a link with the word in it, and gives that.
func (m *mailroom) link(t *testing.T, address, word string) string {
	t.Helper()
	for {
		m.mu.Lock()
		for i, letter := range slices.Backward(m.letters) {
			if found := linkForm.FindString(letter.text); letter.to == address && strings.Contains(found, word) {
				m.letters = slices.Delete(m.letters, i, i+1)
				m.mu.Unlock()
				return found
			}
		}
		m.mu.Unlock()
		select {
		case <-m.arrived:
		case <-time.After(patience):
			t.Fatalf("no mail with a link for %s to %s", word, address)
		}
	}
}

const phrase = "seven quiet otters swim upstream"

// TestBrowser are the journeys of people, in a real browser, over a running demo.
// They run one after the other: each has two tabs, and the logins of one address are limited.
func TestBrowser(t *testing.T) {
	t.Parallel()
	o := openOffices(t)
	for name, journey := range map[string]func(*testing.T){
		"an invitation, a second step, a login": o.testInvitation,
		"a forgotten password":                  o.testForgotten,
		"an admin invites an employee":          o.testEmployee,
		"who is deactivated is thrown out":      o.testThrownOut,
		"a passkey":                             o.testPasskey,
		"single sign-on":                        o.testSingleSignOn,
		"single sign-on of staff":               o.testStaffSingleSignOn,
		"ending another session":                o.testSessions,
		"without scripts":                       o.testWithoutScripts,
		"by keyboard alone":                     o.testKeyboard,
		"time is logged, returned and approved": o.testTime,
		"an amendment is agreed to":             o.testAmendment,
		"prices without scripts":                o.testPrices,
		"a ticket is raised and answered":       o.testTicket,
		"a line of an invoice is objected to":   o.testObjection,
		"every page":                            o.testEveryPage,
	} {
		t.Run(name, journey)
	}
}

// inviteUser has the account manager invite somebody to Nexus Corp, and gives the link of the mail.
func (o *offices) inviteUser(t *testing.T, console *browsertest.Page, name, email string) string {
	t.Helper()
	console.Goto("/clients")
	console.Click("Nexus Corp")
	console.Click("Invite somebody")
	console.Fill("Name", name)
	console.Fill("E-mail", email)
	console.Click("Client Employee")
	console.Click("Invite")
	console.See(email)
	return o.mail.link(t, email, "invitation")
}

// accept takes an invitation up.
func accept(page *browsertest.Page, link string) {
	page.Goto(link)
	page.See("Welcome to")
	page.Axe()
	page.Fill("Password", phrase)
	page.Click("Accept the invitation")
}

// setUpApp puts the secret of the page into an app and confirms it; it gives the secret.
func setUpApp(t *testing.T, page *browsertest.Page) string {
	t.Helper()
	page.Click("Show the QR code")
	page.See("Scan this")
	page.Axe()
	secret := strings.ReplaceAll(browsertest.Eval[string](page, `document.querySelector("code.secret").textContent`), " ", "")
	page.Fill("Code from the app", codeOf(t, secret, 0))
	page.Click("Confirm")
	page.See("Keep your recovery codes")
	page.Axe()
	page.Click("I have kept them")
	return secret
}

// codeOf is what an app shows, now or after some steps of 30 s. No code counts twice.
func codeOf(t *testing.T, secret string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (o *offices) testInvitation(t *testing.T) {
	t.Helper()
	console := o.logIn(t, "Daniel Reyes")
	link := o.inviteUser(t, console, "Nora Quist", "nora.quist@nexus.example")
	page := o.browser.Open(t, o.Portal)
	accept(page, link)
	page.At("/")
	page.See("Nora")
	page.Goto("/account/factors")
	page.Click("Set up an authenticator app")
	secret := setUpApp(t, page)
	logOut(page)
	fillLogin(page, "nora.quist@nexus.example", phrase)
	page.At("/login/factor")
	page.Axe()
	page.Fill("Code", "000000")
	page.Click("Log in")
	page.See("There is a problem")
	page.Fill("Code", codeOf(t, secret, 1))
	page.Click("Log in")
	page.At("/")
	page.Goto(link)
	page.NotSee("Welcome to")
	page.Quiet()
	console.Quiet()
}

func (o *offices) testForgotten(t *testing.T) {
	t.Helper()
	ravi := o.who(t, "Ravi Kapoor")
	open := o.logIn(t, ravi.Name)
	page := o.browser.Open(t, o.Portal)
	page.Goto("/forgot")
	page.Fill("E-mail address", ravi.Email)
	page.Click("Send the link")
	page.See("Look into your mail")
	link := o.mail.link(t, ravi.Email, "reset")
	page.Goto(link)
	page.Axe()
	page.Fill("New password", "short")
	page.Click("Change the password")
	page.See("There is a problem")
	page.Fill("New password", phrase)
	page.Click("Change the password")
	page.See("Your password is changed")
	page.Click("Log in")
	fillLogin(page, ravi.Email, ravi.Password)
	page.See("There is a problem")
	page.Goto("/login")
	fillLogin(page, ravi.Email, phrase)
	page.At("/")
	open.Goto("/account")
	open.At("/login")
	page.Goto(link)
	page.NotSee("Choose a new password")
	page.Quiet()
}

func (o *offices) testEmployee(t *testing.T) {
	t.Helper()
	admin := o.logIn(t, "Olivia Chen")
	admin.Goto("/people")
	admin.Click("Invite somebody")
	admin.Fill("Name", "Sam Byrne")
	admin.Fill("E-mail address", "sam.byrne@nexus.example")
	admin.Click("Invite")
	admin.See("sam.byrne@nexus.example")
	employee := o.browser.Open(t, o.Portal)
	accept(employee, o.mail.link(t, "sam.byrne@nexus.example", "invitation"))
	employee.At("/")
	employee.See("Sam")
	employee.NotSee("Invite somebody")
	employee.NotSee("CON-2024-018")
	employee.Goto("/people")
	employee.NotSee("Olivia")
	admin.Goto("/people")
	admin.Click("Sam Byrne")
	admin.Click("See contracts")
	admin.Click("Save rights")
	admin.See("Rights changed")
	const holds = `document.body.innerText.includes("CON-2024-018")`
	// A login is remembered for a second with the rights of then.
	for until := time.Now().Add(patience); time.Now().Before(until) && !browsertest.Eval[bool](employee, holds); {
		employee.Goto("/")
	}
	employee.See("CON-2024-018")
	admin.Quiet()
	employee.Quiet()
}

func (o *offices) testThrownOut(t *testing.T) {
	t.Helper()
	console := o.logIn(t, "Daniel Reyes")
	page := o.browser.Open(t, o.Portal)
	accept(page, o.inviteUser(t, console, "Ola Grant", "ola.grant@nexus.example"))
	page.At("/")
	console.Goto("/clients")
	console.Click("Nexus Corp")
	console.See("Ola Grant")
	// Not by a click: the list is fetched again as she comes in, and a click on what is being replaced is lost.
	console.Goto(browsertest.Eval[string](console, `[...document.querySelectorAll("main a")].find(a => a.textContent.includes("Ola Grant")).getAttribute("href")`))
	console.Click("Deactivate …")
	console.See("End this person's access for ever?")
	console.Axe()
	console.Click("Deactivate")
	console.See("Deactivated")
	page.At("/login") // By itself.
	fillLogin(page, "ola.grant@nexus.example", phrase)
	page.See("There is a problem")
	console.Quiet()
}

func (o *offices) testPasskey(t *testing.T) {
	t.Helper()
	jack := o.who(t, "Jack Whitmore")
	page := o.browser.Open(t, o.Portal)
	page.Goto("/login")
	if _, err := chromedp.Call(page.Context(), webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	_, err := chromedp.Call(page.Context(), webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	fillLogin(page, jack.Email, jack.Password)
	page.At("/")
	page.Goto("/account/factors")
	page.Fill("Name of a new passkey", "Blue key")
	page.Click("Add a passkey")
	page.See("Blue key")
	logOut(page)
	page.Click("Log in with a passkey")
	page.At("/")
	page.Goto("/account/factors")
	page.Click("Remove…")
	page.Click("Remove Blue key")
	page.NotSee("Blue key")
	page.Quiet()
}

func (o *offices) testSingleSignOn(t *testing.T) {
	t.Helper()
	provider := accountstest.NewProvider(t, o.Portal+"/login/sso/callback", o.Console+"/login/sso/callback")
	provider.AddUser("kim@harbour.example", phrase, "subject-kim", true)
	console := o.logIn(t, "Maya Okafor")
	console.Goto("/clients")
	console.Click("Harbour Freight Lines")
	console.Click("Change the login rules")
	console.Fill("Issuer", provider.Issuer)
	console.Fill("Client id", provider.ClientID)
	console.Fill("Client secret", provider.Secret)
	console.Fill("Domains that the provider speaks for", "harbour.example")
	console.Click("Whoever comes from the provider may join")
	console.Axe()
	console.Click("Set the rules")
	console.See("harbour.example")
	page := o.browser.Open(t, o.Portal)
	page.Goto("/login")
	page.Fill("E-mail address", "kim@harbour.example")
	page.Click("Continue")
	page.See("Log in with your organisation")
	page.Axe()
	page.Click("Continue")
	page.Fill("Username", "kim@harbour.example")
	page.Fill("Password", phrase)
	page.Pick("button[type=submit], button")
	page.At("/")
	page.See("Harbour Freight Lines")
	page.NotSee("Nexus")
	console.Quiet()
}

func (o *offices) testStaffSingleSignOn(t *testing.T) {
	t.Helper()
	provider := accountstest.NewProvider(t, o.Console+"/login/sso/callback")
	provider.AddUser("lee@partner.example", phrase, "subject-lee", true)
	console := o.logIn(t, "Maya Okafor")
	console.Goto("/staff/login-rules")
	console.Fill("Issuer", provider.Issuer)
	console.Fill("Client id", provider.ClientID)
	console.Fill("Client secret", provider.Secret)
	console.Fill("Domains that the provider speaks for", "partner.example")
	console.Click("Set the rules")
	console.See("The login rules are set")
	console.Goto("/staff/invite")
	console.Fill("Name", "Lee Partner")
	console.Fill("E-mail", "lee@partner.example")
	console.Click("Support")
	console.Click("Invite")
	console.See("lee@partner.example")
	page := o.browser.Open(t, o.Console)
	page.Goto(o.mail.link(t, "lee@partner.example", "invitation"))
	page.Click("Log in with your organisation")
	page.Fill("Username", "lee@partner.example")
	page.Fill("Password", phrase)
	page.Pick("button[type=submit], button")
	page.At("/")
	page.See("Lee Partner")
	page.Quiet()
	console.Quiet()
}

func (o *offices) testSessions(t *testing.T) {
	t.Helper()
	jack := o.who(t, "Jack Whitmore")
	other, page := o.logIn(t, jack.Name), o.logIn(t, jack.Name, browsertest.Mobile)
	page.Goto("/account/sessions")
	page.See("This one")
	page.Axe()
	page.Click("Log out everywhere else")
	page.NotSee("Log out there")
	other.At("/login") // By itself.
	page.Reload()
	page.At("/account/sessions")
	page.Quiet()
}

func (o *offices) testWithoutScripts(t *testing.T) {
	t.Helper()
	for _, name := range []string{"Olivia Chen", "Daniel Reyes"} {
		page := o.logIn(t, name, browsertest.NoJS, browsertest.Mobile)
		page.Goto("/account/keys")
		page.Click("Create a key")
		page.Fill("Name", "Nightly export")
		page.Click("See tickets")
		page.Click("Create the key")
		page.See("It is shown only now")
		page.Axe()
		page.Goto("/account/keys")
		page.See("Nightly export")
		logOut(page)
	}
}

func (o *offices) testKeyboard(t *testing.T) {
	t.Helper()
	olivia := o.who(t, "Olivia Chen")
	page := o.browser.Open(t, o.Portal)
	page.Goto("/login")
	page.TabTo("E-mail address")
	page.Type(olivia.Email)
	page.Press(kb.Enter)
	page.See("Password")
	if focused := browsertest.Eval[string](page, "document.activeElement.name || ''"); focused != "password" {
		page.TabTo("Password")
	}
	page.Type(olivia.Password)
	page.Press(kb.Enter)
	page.At("/")
	page.TabTo("Skip to content")
	page.TabTo("People")
	page.Press(kb.Enter)
	page.At("/people")
	page.TabTo("Invite somebody")
	page.Press(kb.Enter)
	page.At("/people/invite")
	page.TabTo("Invite")
	page.Press(kb.Enter)
	page.Quiet()
}

// A record of the timer and one by hand are handed in, and one comes back and is put right. The client reads
// what was done, and nothing that is internal.
func (o *offices) testTime(t *testing.T) {
	t.Helper()
	const work, byHand = "Nexus Corp · CON-2024-018 · API and integrations", `.card:has(input[aria-label*="by duration"]) `
	engineer := o.logIn(t, "Tom Hargreaves")
	engineer.Goto("/time")
	engineer.Fill("Work", work)
	engineer.Click("Start the timer")
	engineer.See("The timer runs")
	started := time.Now()
	engineer.Fill("Text for the client", "Retry of failed exports")
	engineer.Fill("Internal note", "The queue was never drained.")
	for engineer.Axe(); time.Since(started) < timer.Shortest; {
		engineer.Axe()
	}
	engineer.Click("Stop and log it")
	engineer.See("The timer is stopped")
	engineer.Fill("Work", work)
	engineer.Fill("Or hours", "1:30")
	engineer.Fill("Text for the client", "Reports")
	engineer.Click("Break, condition, billing, time zone")
	engineer.Fill("Condition", "Regular hours")
	engineer.Click("Log it as a draft")
	engineer.See("by duration")
	engineer.Axe()
	engineer.Click("Hand in 2 drafts of this week")
	engineer.NotSee("drafts of this week")

	delivery := o.logIn(t, "Sofia Lindgren", browsertest.NoJS)
	delivery.Goto("/approvals")
	delivery.See("The queue was never drained.")
	delivery.Axe()
	delivery.Pick(byHand + `input[aria-label*="by duration"]`) // All are chosen at first.
	delivery.Pick(byHand + `button[value="approve"]`)
	delivery.See("The time is approved.")
	delivery.Pick(byHand + `input[name="reason"]`)
	delivery.Type("Say which reports.")
	delivery.Pick(byHand + `button[value="return"]`)
	delivery.See("The time is returned.")

	engineer.Goto("/time")
	engineer.See("Say which reports.")
	engineer.Click("by duration")
	engineer.Click("Change it")
	engineer.Fill("Text for the client", "Stock reports by warehouse")
	engineer.Axe()
	engineer.Click("Save it and hand it in")
	engineer.See("Submitted")

	delivery.Goto("/approvals")
	delivery.Pick(byHand + `button[value="approve"]`)
	delivery.See("The time is approved.")

	admin := o.logIn(t, "Olivia Chen")
	admin.Goto("/contracts")
	admin.Click("CON-2024-018")
	admin.See("Closed months")
	admin.See("64 h 45 min of") // 63 h, 1 h 30 min, and some seconds that count as 15 min.
	admin.See("Stock reports by warehouse")
	admin.See("Retry of failed exports")
	admin.NotSee("never drained")
	admin.NotSee("Say which")
	admin.Axe()
	for _, page := range []*browsertest.Page{engineer, delivery, admin} {
		page.Quiet()
	}
}

// More hours are proposed, approved, offered and agreed to, and both sides show them.
func (o *offices) testAmendment(t *testing.T) {
	t.Helper()
	const statement = "20 more hours of support and improvements, 120 in all."
	manager := o.logIn(t, "Daniel Reyes")
	manager.Goto("/contracts")
	manager.Click("CON-2024-018")
	manager.Click("Propose an amendment")
	manager.Fill("Hours optional", "120")
	manager.Fill("What the client agrees to", statement)
	manager.Fill("Reason", "The rewrite needs them.")
	manager.Click("Propose the amendment")
	manager.See("0 of 1 given")
	manager.Axe()
	path := strings.TrimPrefix(manager.URL(), o.Console)

	owner := o.logIn(t, "Maya Okafor")
	owner.Goto(path)
	owner.See("The rewrite needs them.")
	owner.Click("Approve")
	owner.See("Your approval is recorded.")
	owner.Quiet()
	manager.Goto(path)
	manager.Click("Offer to the client")
	manager.See("Signed on paper")

	admin := o.logIn(t, "Olivia Chen")
	admin.Click("Amendment of CON-2024-018")
	admin.See(statement)
	admin.Axe()
	admin.Click("Accept…")
	admin.See("Agree to this for Nexus Corp?")
	admin.NotSee("The rewrite needs them.")
	admin.Axe()
	admin.Click("Accept")
	admin.See("Accepted")
	admin.Goto("/contracts")
	admin.Click("CON-2024-018")
	admin.See("of 120 h used")
	admin.Quiet()

	manager.Goto("/contracts")
	manager.Click("CON-2024-018")
	manager.See("of 120 h used")
	manager.See("3 (in force)")
	manager.Quiet()
}

// The owner publishes prices, which takes no script.
func (o *offices) testPrices(t *testing.T) {
	t.Helper()
	page := o.logIn(t, "Maya Okafor", browsertest.NoJS)
	page.Goto("/rate-cards")
	page.Click("Standard rates")
	page.Click("Publish the next version")
	page.Fill("Rows", strings.Replace(page.Value("Rows"), "120.00", "125.50", 1))
	page.Fill("Reason", "Prices of the new year")
	page.Click("Check")
	page.See("125.50 per hour")
	page.Axe()
	page.Click("Publish")
	page.See("Publish the next version")
	page.See("Prices of the new year")
	page.See("125.50 per hour")
	page.Axe()
}

// A client raises a ticket; support finds it in the queue, answers, and remarks what the client never sees.
func (o *offices) testTicket(t *testing.T) {
	t.Helper()
	const title, answer, remark = "Barcodes print upside down", "We see it, and fix it today.", "The vendor's driver again."
	client := o.logIn(t, "Olivia Chen")
	client.Goto("/tickets")
	client.Click("Raise a ticket")
	client.Click("Web front end")
	client.Fill("What is the matter, in a few words?", title)
	client.Fill("What happened?", "Since this morning, on every printer.")
	client.Click("Everything, or everybody")
	client.Click("Soon")
	client.Click("Raise the ticket")
	client.See(title)
	client.See("High")

	support := o.logIn(t, "Priya Nair")
	support.Goto("/queue")
	support.Click(title)
	support.See("Since this morning")
	support.Fill("Your note", remark)
	support.Click("Add the internal note")
	support.See(remark)
	support.Fill("Your reply", answer)
	support.Click("Send to the client")
	support.See(answer)
	support.Axe()
	client.See(answer) // By itself.
	client.NotSee(remark)
	client.Click("Explain this clock")
	client.See("Counting")
	client.Axe()
	client.Quiet()
	support.Quiet()
}

// A client reads how a charge came about, and objects to it; finance answers.
func (o *offices) testObjection(t *testing.T) {
	t.Helper()
	const reason, answer = "The tenth was a short day.", "The records of that day say five hours."
	client := o.logIn(t, "Olivia Chen")
	client.Goto("/invoices")
	client.See("Awaiting payment")
	client.Click("INV-2026-0041")
	client.See("4,136.00")
	client.Pick("main details summary")
	client.See("Profile of the slowest API routes")
	client.Axe()
	client.Click("Object to this line…")
	client.Fill("What is wrong", reason)
	client.Axe()
	client.Click("Send the objection")
	client.See(reason)

	finance := o.logIn(t, "Elena Petrova")
	finance.Goto("/invoices?number=INV-2026-0041")
	finance.Click("INV-2026-0041")
	finance.See(reason)
	finance.Axe()
	finance.Fill("Answer", answer)
	finance.Click("Reject the objection")
	finance.See(answer)
	client.See(answer) // By itself.
	client.Quiet()
	finance.Quiet()
}

// pagesOf are the pages of a side that a person reaches without naming anything.
var pagesOf = map[string][]string{
	"Olivia Chen": {
		"/", "/tickets", "/tickets?state=at_risk", "/tickets/new", "/webhooks", "/contracts", "/invoices", "/invoices?filter=all", "/invoices/INV-2026-0041", "/statement", "/people", "/people/invite", "/access-log", "/account", "/account/password", "/account/email", "/account/sessions",
		"/account/factors", "/account/keys", "/account/keys/new", "/nothing-here",
	},
	"Maya Okafor": {
		"/", "/clients", "/clients/new", "/staff", "/staff/invite", "/staff/login-rules", "/people/import", "/access-log", "/mail",
		"/account", "/account/sessions", "/account/factors", "/account/keys", "/nothing-here",
		"/contracts", "/contracts?expiring=on", "/time", "/approvals", "/rate-cards", "/rate-cards/new", "/rate-cards/resolve",
		"/sla-policies", "/sla-policies/new", "/calendars", "/calendars/new",
		"/queue", "/tickets", "/tickets/new", "/notices", "/sla", "/sla/pauses", "/sla/what-if", "/webhooks",
		"/invoices", "/invoices/run", "/payments", "/issuers", "/issuers/describe",
	},
}

// maxPageWeight is what a page may take over the wire with all that the browser does not have yet, in bytes.
const maxPageWeight = 60_000

// Every page is right for everybody: light and dark, wide and narrow, and light enough.
func (o *offices) testEveryPage(t *testing.T) {
	t.Helper()
	for _, form := range []struct {
		name    string
		options []browsertest.Option
	}{
		{"light", nil},
		{"dark", []browsertest.Option{browsertest.Dark}},
		{"light-narrow", []browsertest.Option{browsertest.Mobile}},
		{"dark-narrow", []browsertest.Option{browsertest.Dark, browsertest.Mobile}},
	} {
		for name, base := range map[string]string{"portal": o.Portal, "console": o.Console} {
			page := o.browser.Open(t, base, form.options...)
			for _, path := range []string{"/login", "/forgot", "/invitation/none", "/reset/none", "/confirm-email/none"} {
				page.Goto(path)
				o.inspect(t, page, form.name, name, path)
			}
		}
		for person, paths := range pagesOf {
			page := o.logIn(t, person, form.options...)
			side := "console"
			if strings.HasPrefix(page.URL(), o.Portal) {
				side = "portal"
			}
			for _, path := range paths {
				page.Goto(path)
				o.inspect(t, page, form.name, side, path)
			}
			for _, detail := range details(page, side) {
				page.Goto(detail)
				o.inspect(t, page, form.name, side, shapeOf(detail))
			}
		}
	}
}

// details are the pages of the first thing that each list of a side leads to, and one of each shape below it.
func details(page *browsertest.Page, side string) []string {
	const links = `[...document.querySelectorAll("main a")].map(a => a.getAttribute("href"))`
	lists := map[string][]string{
		"portal":  {"/tickets", "/people", "/contracts"},
		"console": {"/queue", "/clients", "/staff", "/contracts", "/invoices", "/approvals", "/rate-cards", "/sla-policies", "/calendars"},
	}[side]
	var found []string
	seen := map[string]bool{}
	add := func(path string) bool {
		isNew := !seen[shapeOf(path)]
		if seen[shapeOf(path)] = true; isNew {
			found = append(found, path)
		}
		return isNew
	}
	for _, list := range lists {
		page.Goto(list)
		for _, path := range browsertest.Eval[[]string](page, links+`.filter(h => /[0-9a-f-]{36}$/.test(h))`) {
			if !add(path) || list == "/queue" || list == "/invoices" { // What is done about these has tests of its own.
				continue
			}
			page.Goto(path)
			for _, below := range browsertest.Eval[[]string](page, links+`.filter(h => h.startsWith(location.pathname + "/"))`) {
				add(below)
			}
			if side == "console" && list == "/contracts" {
				add(path + "/compare?from=1&to=1")
			}
			page.Goto(list)
		}
	}
	return found
}

var namesInPaths = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b\d+(-\d+)?\b`)

// shapeOf is a path without what names one thing.
func shapeOf(path string) string { return namesInPaths.ReplaceAllString(path, "id") }

// inspect takes a page that is shown.
func (o *offices) inspect(t *testing.T, page *browsertest.Page, form, side, path string) {
	t.Helper()
	page.Axe()
	page.Quiet()
	if weight := page.Weight(); weight > maxPageWeight {
		t.Errorf("%s: %s of %s weighs %d bytes", form, path, side, weight)
	}
	page.Shot(side + strings.ReplaceAll(url.PathEscape(path), "%2F", "-") + "-" + form)
}
