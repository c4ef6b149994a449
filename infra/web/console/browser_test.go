package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"effigate/domain"
	"effigate/infra/web/browsertest"
)

// served serves the console to a browser of somebody who is logged in.
func (o *office) served(token string) (address string) {
	o.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "__Host-effigate_console", Value: token})
		o.console.Handler().ServeHTTP(w, r)
	}))
	o.t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL
}

// TestTicketPagesAreForEverybody: on every kind of screen.
func TestTicketPagesAreForEverybody(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract, id := o.promised()
	internal, _ := o.raise(client, contract, `,"title":"Clean up"`)
	path := "/tickets/" + id
	o.do("owner", path, "/note", "note", "The pool is too small.\n\nFor now.", "mentions", personOf(domain.Engineer).String())
	o.do("owner", path, "/reply", "reply", "We are looking into it.")
	o.do("owner", path, "/triage", "category", contract+" ui", "priority", "critical")
	o.do("owner", path, "/ask", "text", "Which export?")
	o.submit("owner", "/views", "list", "queue", "name", "Mine", "query", "assignee=mine")
	browser, base := browsertest.New(t), o.served("owner")
	for name, options := range map[string][]browsertest.Option{"desk": nil, "phone dark": {browsertest.Mobile, browsertest.Dark}} {
		page := browser.Open(t, base, options...)
		for _, path := range []string{
			"/queue", "/queue?text=tkt-1", "/tickets", "/tickets/new", "/tickets/new?client=" + client, path, "/tickets/" + internal,
			path + "/triage", path + "/split", path + "/publish", "/notices", "/sla", "/sla/pauses", "/sla/what-if",
		} {
			page.Goto(path)
			page.Shot(name + strings.ReplaceAll(path, "/", " "))
			page.Axe()
		}
		page.Goto(path)
		page.Click("Explain this clock")
		page.Click("History")
		page.Shot(name + " opened")
		page.Axe()
	}
	page := browser.Open(t, base, browsertest.NoJS)
	page.Goto(path)
	page.Fill("Your note", "Without a script.")
	page.Click("Add the internal note")
	page.See("The internal note is added.")
	page.See("Without a script.")
}

// TestInvoicePagesAreForEverybody: on every kind of screen.
func TestInvoicePagesAreForEverybody(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	draft := "/invoices/" + o.draft(contract)
	browser, base := browsertest.New(t), o.served("owner")
	visit := func(paths ...string) {
		for name, options := range map[string][]browsertest.Option{"desk": nil, "phone dark": {browsertest.Mobile, browsertest.Dark}} {
			page := browser.Open(t, base, options...)
			for _, path := range paths {
				page.Goto(path)
				page.Shot(name + strings.ReplaceAll(path, "/", " "))
				page.Axe()
			}
		}
	}
	visit("/invoices", "/invoices/run?month=2026-02", draft, "/issuers", "/issuers/describe?issuer=main", "/clients/"+client+"/billing")
	id := o.only(client)
	digest := o.invoice(id, "").Digest
	o.post(domain.Finance, api+draft+"/submit", "")
	visit(draft)
	o.post(domain.Owner, api+draft+"/approve", `{"shown":"`+digest+`"}`)
	o.world.Read(t, nothing)
	visit(draft + "/issue")
	o.post(domain.Finance, api+draft+"/issue", "")
	payment, _ := o.post(domain.Finance, api+"/payments", `{"client":"`+client+`","amount":"100","currency":"AUD","day":"2026-03-10"}`)
	o.world.Read(t, nothing)
	visit("/invoices", draft, draft+"/credit", "/payments?client="+client, "/payments/"+payment, "/clients/"+client)
}
