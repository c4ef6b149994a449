package portal_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/accounts"
	"effigate/infra/auth"
	"effigate/infra/postgres"
	"effigate/infra/web/browsertest"
	"effigate/infra/web/portal"
)

// as serves the portal to the browser of one of the people, who is logged in.
func as(t *testing.T, w *world, token string) (address string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: portal.Cookie, Value: token})
		w.Handler().ServeHTTP(rw, r)
	}))
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// Every page, on every kind of screen, is one that everybody can use.
func TestPagesAreForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(visible.Person{Client: acme, ID: id(17), Role: "client_employee", State: visible.PersonEnded}))
	w.await(t, w.show(conversation()...))
	w.accounts.Record(t.Context(), accounts.Entry{
		At: now.Add(-time.Hour), Person: people["eve"].Person, Client: people["eve"].Client, Kind: accounts.KindLogin, Outcome: "ok",
		Where: accounts.Where{Address: "2001:db8:85a3:8d3:1319:8a2e:370:7348", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"},
	})
	browser, ada, eve := browsertest.New(t), as(t, w, "ada"), as(t, w, "eve")
	for name, options := range map[string][]browsertest.Option{
		"desk": nil, "desk dark": {browsertest.Dark}, "phone": {browsertest.Mobile}, "phone dark": {browsertest.Mobile, browsertest.Dark},
	} {
		page := browser.Open(t, ada, options...)
		for _, path := range []string{
			"/", "/people", "/people/invite", "/access-log", "/people/" + id(11).String(), "/people/" + id(12).String(),
			"/people/" + id(16).String(), "/people/" + id(17).String(), "/people/" + id(12).String() + "/deactivate", "/nowhere",
			"/tickets", "/tickets?state=at_risk", "/tickets?search=nothing", "/tickets/new", "/tickets/new/similar?title=Ticket", ticketPage(1), ticketPage(2), ticketPage(5),
			ticketPage(1) + "/comments/" + id(51).String() + "/edits", ticketPage(1) + "/comments/" + id(51).String() + "/edit",
			ticketPage(1) + "/comments/" + id(51).String() + "/delete", ticketPage(4) + "/reopen", ticketPage(5) + "/estimate",
			"/contracts", "/contracts/" + id(21).String(), "/proposals/" + id(61).String(), "/proposals/" + id(61).String() + "/accept",
			"/proposals/" + id(61).String() + "/decline", "/overage-requests/" + id(63).String(), "/overage-requests/" + id(63).String() + "/answer",
			"/invoices", "/invoices?filter=all", "/invoices?search=nothing", "/invoices/" + acmes.number(), "/credit-notes/" + acmes.noteNumber(), "/statement",
			objecting, "/invoices/" + acmes.number() + "/disputes/" + acmes.dispute.String() + "/withdraw",
		} {
			page.Goto(path)
			page.Shot(name + strings.ReplaceAll(path, "/", " "))
			page.Axe()
		}
		page.Goto("/people/invite")
		page.Fill("Name", "Gil")
		page.Fill("E-mail address", "gil@globex.example")
		page.Click("Invite")
		page.See("This address cannot be invited")
		if got := page.Value("Name"); got != "Gil" {
			t.Errorf("%s: the form comes back with the name %q", name, got)
		}
		page.Shot(name + " refused")
		page.Axe()
		page.Quiet()
		other := browser.Open(t, eve, options...)
		other.Goto("/")
		other.See("Nothing needs you today.")
		other.NotSee("People")
		other.NotSee("CON-1")
		other.Axe()
	}
}

// A live list may replace a link on its way, and a second click then goes by the new one. The page came twice, and the
// second time without what had been ticked on it.
func TestASecondClickOnALinkKeepsWhatWasTicked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	page := browsertest.New(t).Open(t, as(t, w, "ada"))
	page.Goto("/people")
	page.See("Eve Ebner")
	browsertest.Eval[bool](page, `(() => {
		let answers = 0;
		window.answered = new Promise(done => document.addEventListener("htmx:before:swap", event => {
			if (event.detail.ctx.target === document.body && ++answers === 2) requestAnimationFrame(() => requestAnimationFrame(done));
		}));
		const box = () => document.querySelector('input[name=grant][value="billing.read"]');
		new MutationObserver((_, watch) => { if (box()) { watch.disconnect(); box().click(); } }).observe(document, { childList: true, subtree: true });
		const link = [...document.querySelectorAll("main a")].find(a => a.textContent.includes("Eve Ebner"));
		const again = link.cloneNode(true);
		link.after(again);
		htmx.process(again);
		link.click();
		again.click();
		return true;
	})()`)
	page.See("End access")
	if !browsertest.Eval[bool](page, `window.answered.then(() => document.querySelector('input[name=grant][value="billing.read"]').checked)`) {
		t.Error("what was ticked is gone")
	}
	page.Quiet()
}

// Nothing needs a script: without any, an admin invites, hands over the link, gives a right, and ends access.
func TestPagesWorkWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	page := browsertest.New(t).Open(t, as(t, w, "ada"), browsertest.NoJS)
	page.Goto("/people")
	page.Click("Invite somebody")
	page.Fill("Name", "Ida Iten")
	page.Fill("E-mail address", "ida@acme.example")
	page.Click("Invite")
	page.See("Give this link to Ida Iten yourself")
	page.Axe()
	page.Goto("/people/" + id(12).String())
	page.Click("See invoices")
	w.commands.position = func() domain.Position {
		return w.show(visible.Person{Client: acme, ID: id(12), Role: "client_employee", Grants: "billing.read", State: visible.PersonActive})
	}
	page.Click("Save rights")
	page.See("Rights changed")
	page.Click("End access…")
	page.See("End the access of Eve Ebner?")
	w.commands.position = func() domain.Position {
		return w.show(visible.Person{Client: acme, ID: id(12), Role: "client_employee", State: visible.PersonEnded})
	}
	page.Click("End access")
	page.See("Access ended")
	page.NotSee("Save rights")
}

// Without any script, too, an admin reads what is proposed, agrees to it, and answers a request.
func TestDecidingWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	page := browsertest.New(t).Open(t, as(t, w, "ada"), browsertest.NoJS)
	page.Goto("/")
	page.Click("Amendment of CON-1")
	page.See("More hours for acme.")
	page.Click("Accept…")
	page.See("Agree to this for Acme?")
	w.commands.position = func() domain.Position {
		return w.show(visible.Proposal{
			Client: acme, ID: id(61), Contract: id(21), Kind: "amendment", Reference: "CON-1", Statement: "More hours for acme.", Document: "{}", SHA256: digest,
			Effective: "2026-04-01", State: "accepted", OfferedAt: monday, DecidedBy: id(11), DecidedAt: now,
		})
	}
	page.Click("Accept")
	page.See("What you agreed to stays here, word for word.")
	page.See("by Ada Admin")
	page.Goto("/")
	page.Click("2 h more under CON-1")
	page.Click("Answer…")
	page.Click("Send the answer")
	page.See("Choose whether work may go on.")
	page.Click("Work may go on")
	w.commands.position = func() domain.Position {
		return w.show(visible.OverageRequest{Client: acme, ID: id(63), Contract: id(21), Line: id(33), Month: "2026-03", Minutes: 120, Text: "May we go on?", State: "allowed", AskedAt: monday})
	}
	page.Click("Send the answer")
	page.See("Allowed")
	page.Goto("/contracts/" + id(21).String())
	page.See("Cables of acme")
	page.Click("Show")
	page.See("Plugs of acme")
}

// Without any script, too, somebody raises a ticket, reads what is promised, writes, and takes it back.
func TestTicketsWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(conversation()...))
	page := browsertest.New(t).Open(t, as(t, w, "ada"), browsertest.NoJS)
	page.Goto("/")
	page.Click("Raise a ticket")
	page.Fill("What is the matter, in a few words?", "API timeout again")
	page.Click("Look for similar tickets")
	page.See("TKT-0001 API timeout on bulk export")
	page.Click("Raise the ticket")
	page.See("The category must be chosen.")
	page.Axe()
	page.Click("Network")
	page.Click("A part of it, or some people")
	page.Click("Soon")
	raised := ticket(6, acme, id(11))
	w.commands.position = func() domain.Position {
		raised.Title, raised.ID = "API timeout again", w.commands.last()
		return w.show(raised)
	}
	page.Click("Raise the ticket")
	page.See("Your ticket is raised")
	page.See("TKT-0006 API timeout again")
	page.Goto(ticketPage(1))
	page.See("Resolution due by 23:00 today (AEDT).")
	page.See("1h 30m left")
	page.Click("Explain this clock: Resolution")
	page.See("4h 00m of working time counted so far.")
	page.See("Outside of opening hours")
	page.Axe()
	page.Shot("explained")
	page.Click("Send")
	page.See("The message must not be blank.")
	page.Fill("Message", "It happened again.")
	w.commands.position = func() domain.Position {
		return w.show(visible.Comment{Client: acme, ID: id(54), Ticket: id(101), Author: id(11), ByClient: true, Text: "It happened again.", At: now})
	}
	page.Click("Send")
	page.See("It happened again.")
	page.Goto(ticketPage(1) + "/comments/" + id(54).String() + "/delete")
	w.commands.position = func() domain.Position {
		return w.show(visible.Comment{Client: acme, ID: id(54), Ticket: id(101), Author: id(11), ByClient: true, At: now, Deleted: true})
	}
	page.Click("Delete")
	page.See("Your message is deleted")
	page.NotSee("It happened again.")
}

// A countdown goes by the server's clock and waits for the server at its end; a message that is being written is there
// again when its page is, and nowhere once it is sent; what is similar shows while a title is typed.
func TestTicketsWithScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(conversation()...))
	page := browsertest.New(t).Open(t, as(t, w, "ada"))
	page.Goto(ticketPage(1))
	page.See("At risk")
	page.Click("Explain this clock: Resolution")
	page.See("Outside of opening hours")
	page.Fill("Message", "We have")
	late := visible.Target{Client: acme, ID: id(120), Ticket: id(101), Goal: "resolution", State: visible.TargetMissed, Due: now.Add(-time.Hour), Strip: explained}
	soon := late
	soon.State, soon.Due = visible.TargetAtRisk, now.Add(3*time.Second)
	w.show(soon)
	page.See("due now")
	w.show(late)
	page.See("Resolution was due by 20:30 today (AEDT).")
	page.See("−1h 00m")
	page.See("Outside of opening hours") // What was opened stays open.
	if got := page.Value("Message"); got != "We have" {
		t.Errorf("after the page has changed, %q is being written", got)
	}
	page.Goto("/tickets")
	page.Goto(ticketPage(1))
	if got := page.Value("Message"); got != "We have" {
		t.Errorf("%q is left of what was being written", got)
	}
	page.Click("Send")
	page.See("Sent")
	page.Goto(ticketPage(1))
	if got := page.Value("Message"); got != "" {
		t.Errorf("%q is being written after it was sent", got)
	}
	w.show(visible.Comment{Client: acme, ID: id(54), Ticket: id(101), Author: id(14), Text: "It works again.", At: now})
	page.See("It works again.")
	w.hide(visible.Comment{Client: acme, ID: id(54)}.Key())
	page.NotSee("It works again.")
	page.Goto("/tickets/new")
	page.Fill("What is the matter, in a few words?", "Dashboard charts")
	page.See("TKT-0004 Dashboard charts not loading")
	page.Axe()
	page.Quiet()
	page.Goto(ticketPage(1))
	page.See("It stops after a minute.")
	w.hide(ticket(1, acme, id(11)).Key())
	page.NotSee("It stops after a minute.")
}

// What changes shows on the page that is open, without a reload.
func TestOpenPagesFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	browser := browsertest.New(t)
	home, list := browser.Open(t, as(t, w, "eve")), browser.Open(t, as(t, w, "ada"))
	home.Goto("/")
	home.See("Nothing needs you today.")
	list.Goto("/people")
	list.See("Hal Holm")
	waiting := ticket(2, acme, id(12))
	waiting.State = visible.TicketWaitingForYou
	w.show(waiting, visible.Person{Client: acme, ID: id(16), Role: "client_employee", State: visible.PersonEnded})
	home.See("1 ticket waits for your answer.")
	list.See("Access ended")
	list.Goto("/contracts/" + id(21).String())
	list.See("63 h of 100 h used, 37 h left")
	w.show(visible.Work{
		Client: acme, ID: id(47), Contract: id(21), Category: id(31), Month: "2026-03", Day: "2026-03-02", Description: "Sockets", Minutes: 60, Drawn: 60,
		State: visible.WorkApproved, Charge: visible.WorkCharged,
	})
	list.See("64 h of 100 h used, 36 h left")
	list.See("Sockets")
	home.Quiet()
	list.Quiet()
}

// attendance is a verifier that notes at each request whether the page asked by itself.
type attendance struct {
	auth.Verifier
	mu    sync.Mutex
	alone []bool
}

func (a *attendance) Session(ctx context.Context, token string) (auth.Login, error) {
	a.mu.Lock()
	a.alone = append(a.alone, auth.IsUnattended(ctx))
	a.mu.Unlock()
	return a.Verifier.Session(ctx, token)
}

// attended counts the requests of somebody, and those of pages alone.
func (a *attendance) attended() (somebody, alone int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, by := range a.alone {
		if by {
			alone++
		}
	}
	return len(a.alone) - alone, alone
}

// A page that is left open follows what changes, and does not pass for somebody who is there.
func TestOpenPagesAreNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	seen := &attendance{Verifier: verifier()}
	w.Portal = newPortal(t, postgres.ClientReads{Reads: w.reads}, w.accounts, w.commands, func(o *portal.Options) { o.Verifier = seen })
	page := browsertest.New(t).Open(t, as(t, w, "eve"))
	page.Goto("/")
	page.See("Nothing needs you today.")
	waiting := ticket(2, acme, id(12))
	waiting.State = visible.TicketWaitingForYou
	w.show(waiting)
	page.See("1 ticket waits for your answer.")
	if somebody, alone := seen.attended(); somebody != 1 || alone < 2 {
		t.Errorf("%d requests of somebody and %d of the page alone, want 1 and more", somebody, alone)
	}
	page.Click("Account")
	page.See("Account and security")
	if somebody, _ := seen.attended(); somebody != 2 {
		t.Errorf("%d requests of somebody, want 2", somebody)
	}
}

// Whoever's access ends sees it at once on every page that is open.
func TestOpenPagesAreThrownOut(t *testing.T) {
	t.Parallel()
	w := newLoginWorld(t)
	page := browsertest.New(t).Open(t, as(t, w, w.enter(t, "eve")))
	page.Goto("/")
	page.See("Hello, Eve Ebner")
	w.show(visible.Person{Client: acme, ID: id(12), Role: "client_employee", State: visible.PersonEnded})
	page.NotSee("Hello, Eve Ebner")
}
