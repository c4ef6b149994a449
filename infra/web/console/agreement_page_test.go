package console_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"effigate/domain"
)

var (
	inputs  = regexp.MustCompile(`<input ([^>]*)>`)
	areas   = regexp.MustCompile(`(?s)<textarea ([^>]*)>(.*?)</textarea>`)
	selects = regexp.MustCompile(`(?s)<select ([^>]*)>(.*?)</select>`)
	picked  = regexp.MustCompile(`<option value="([^"]*)" selected`)
)

// attribute gives an attribute of an element.
func attribute(element, name string) string {
	found := regexp.MustCompile(`\b` + name + `="([^"]*)"`).FindStringSubmatch(element)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// fields gives the fields of the form on a page as a browser would send them, in pairs, but for its key.
func (r reply) fields() []string {
	_, form, _ := strings.Cut(string(r.body), `<form class="form"`)
	form, _, _ = strings.Cut(form, "</form>")
	var pairs []string
	add := func(name, value string) {
		if name != "" && name != "key" {
			pairs = append(pairs, name, value)
		}
	}
	for _, input := range inputs.FindAllStringSubmatch(form, -1) {
		if attribute(input[1], "type") != "checkbox" {
			add(attribute(input[1], "name"), attribute(input[1], "value"))
		} else if strings.Contains(" "+input[1], " checked") {
			add(attribute(input[1], "name"), "on")
		}
	}
	for _, area := range areas.FindAllStringSubmatch(form, -1) {
		add(attribute(area[1], "name"), html.UnescapeString(area[2]))
	}
	for _, list := range selects.FindAllStringSubmatch(form, -1) {
		chosen := ""
		if option := picked.FindStringSubmatch(list[2]); option != nil {
			chosen = html.UnescapeString(option[1])
		}
		add(attribute(list[1], "name"), chosen)
	}
	return pairs
}

// with changes some fields of a form, in pairs.
func with(fields []string, changes ...string) []string {
	changed := append([]string{}, fields...)
next:
	for i := 0; i < len(changes); i += 2 {
		for at := 0; at < len(changed); at += 2 {
			if changed[at] == changes[i] {
				changed[at+1] = changes[i+1]
				continue next
			}
		}
		changed = append(changed, changes[i], changes[i+1])
	}
	return changed
}

func TestDraftingAContractByTheForm(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client := strings.TrimPrefix(o.registered("Nexus Corp"), "/clients/")
	path := "/contracts/new?client=" + client
	o.browse("account_manager", "/clients/"+client).shows(t, http.StatusOK, "Draft a contract", path)
	form := o.browse("account_manager", path)
	form.shows(t, http.StatusOK, "With Nexus Corp.", `value="AUD"`, "Line 1")
	blank := form.fields()
	o.submit("account_manager", path, with(blank, "line.1.job_types", "api | API work | 50\nui", "notice_days", "a month")...).
		shows(t, http.StatusUnprocessableEntity, "<title>Error: Draft a contract", `href="#field-line.1.job_types"`, "cannot be read in line 2", "Notice days must be a whole number", "api | API work | 50\nui</textarea>")
	o.submit("account_manager", path, with(blank, "line.1.job_types", "api | API work", "reference", "")...).
		shows(t, http.StatusUnprocessableEntity, "Reference must have 1 to")
	wider := o.submit("account_manager", path, with(blank, "more", "line", "reference", "CON-2026-001")...)
	wider.shows(t, http.StatusOK, "Line 2", `value="CON-2026-001"`)
	filled := with(wider.fields(), "line.1.hours", "100", "line.1.job_types", "api | API work | 50\nui | Screens", "line.2.key", "build", "line.2.name", "Build",
		"line.2.type", "fixed", "line.2.schedule", "m1 | Discovery | 2026-03-31 | 3536.36", "line.2.job_types", "design | Design", "ends", "2026-04-30")
	got := o.submit("account_manager", path, filled...)
	at, _, _ := strings.Cut(got.header.Get("Location"), "?")
	page := o.led(got, "account_manager", at)
	page.shows(t, http.StatusOK, "The contract is drafted.", "CON-2026-001", "Bucket of hours for Nexus Corp", "Submit for review", "API work", "Discovery", "AUD 3,536.36")
	page.hides(t, "Put in force", "Propose an amendment")

	// A form that nobody touches changes nothing.
	edit := o.browse("account_manager", at+"/edit")
	o.led(o.submit("account_manager", at+"/edit", edit.fields()...), "account_manager", at).shows(t, http.StatusOK, "The draft is saved.")
	o.browse("auditor", at).hides(t, "Revised")
	o.led(o.submit("account_manager", at+"/edit", with(edit.fields(), "purchase_order", "PO-7")...), "auditor", at).shows(t, http.StatusOK, "PO-7", "Revised")
	o.browse("account_manager", "/contracts?state=draft").shows(t, http.StatusOK, "CON-2026-001", "Nexus Corp")
	o.browse("account_manager", "/contracts?state=active").hides(t, "CON-2026-001")
	o.browse("account_manager", "/contracts?state=lost").shows(t, http.StatusUnprocessableEntity)
}

func TestTheLifeOfAContractOnItsPage(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, id := o.drafted()
	o.world.Read(t, nothing)
	at := "/contracts/" + id
	o.led(o.submit("account_manager", at+"/submit"), "account_manager", at).shows(t, http.StatusOK, "In review", "Offer to the client")
	o.browse("account_manager", at+"/offer").shows(t, http.StatusOK, "We agree to contract CON-2026-001 from 1 Jan 2026 to 31 Dec 2026")
	o.submit("account_manager", at+"/offer", "statement", "").shows(t, http.StatusUnprocessableEntity, "Statement must have 1 to")
	o.led(o.submit("account_manager", at+"/offer", "statement", "We agree."), "account_manager", at).shows(t, http.StatusOK, "Offered", "We agree.")
	o.submit("account_manager", at+"/accept", "paper", "").shows(t, http.StatusUnprocessableEntity, "There is a problem")
	o.led(o.submit("account_manager", at+"/accept", "paper", "File 7"), "account_manager", at).shows(t, http.StatusOK, "Accepted", "File 7")
	o.submit("account_manager", at+"/activate").shows(t, http.StatusForbidden)
	page := o.led(o.submit("owner", at+"/activate"), "owner", at)
	page.shows(t, http.StatusOK, "The contract is in force.", "0 h of 100 h used", "100 h left", "Not made yet", "With the contract", "150.5", "Suspend …")

	o.browse("owner", at+"/buckets?line=support").shows(t, http.StatusOK, `value="support"`)
	o.submit("owner", at+"/buckets", "line", "support", "hours", "many").shows(t, http.StatusUnprocessableEntity, "Hours must be hours")
	page = o.led(o.submit("owner", at+"/buckets", "line", "support", "hours", "7:30", "price", "1,200", "reason", "Order 7"), "owner", at)
	page.shows(t, http.StatusOK, "The hours are added.", "0 h of 107 h 30 min used", "Order 7", "1200")
	bucket := regexp.MustCompile(at + `/buckets/[^/]+/adjust`).FindString(string(page.body))
	o.led(o.submit("owner", bucket, "hours", "-1:30", "reason", "Goodwill"), "owner", at).
		shows(t, http.StatusOK, "0 h of 106 h used", "−1 h 30 min on 16 Mar 2026 by The owner: Goodwill")
	o.led(o.submit("account_manager", at+"/milestones/build/m1/release"), "account_manager", at).shows(t, http.StatusOK, "Billable since 16 Mar 2026")
	o.submit("account_manager", at+"/milestones/build/m9/release").shows(t, http.StatusNotFound)

	scope := o.browse("support", at)
	scope.shows(t, http.StatusOK, "0 h of 106 h used", "Discovery", "API work")
	scope.hides(t, "3536.36", "Order 7", "Goodwill", "1200", "How it is charged", "History", "150.5", "File 7", "Release")

	o.led(o.submit("owner", at+"/renew", "ends", "2027-12-31"), "owner", at).shows(t, http.StatusOK, "1 Jan 2026 to 31 Dec 2027")
	o.led(o.submit("owner", at+"/suspend", "reason", "They asked."), "owner", at).shows(t, http.StatusOK, "Suspended", "They asked.")
	o.led(o.submit("owner", at+"/resume"), "owner", at).shows(t, http.StatusOK, "Active")
	o.led(o.submit("owner", at+"/terminate", "reason", "Insolvency."), "owner", at).shows(t, http.StatusOK, "Terminated", "Insolvency.")
	o.submit("owner", at+"/resume").shows(t, http.StatusConflict)
}

func TestAmendingAContractOnItsPages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, id := o.drafted()
	o.post(domain.Owner, api+"/contracts/"+id+"/activate", "")
	o.world.Read(t, nothing)
	at := "/contracts/" + id
	o.browse("account_manager", at).shows(t, http.StatusOK, "Propose an amendment", at+"/amend")
	form := o.browse("account_manager", at+"/amend")
	form.shows(t, http.StatusOK, "Amend CON-2026-001", "api | API work | 50", "after_hours | 150", "first | First response | response | fixed_per_breach 200")
	untouched := with(form.fields(), "statement", "As it was.", "reason", "None.")
	o.submit("account_manager", at+"/amend", untouched...).shows(t, http.StatusUnprocessableEntity, "must change something")
	changed := with(form.fields(), "statement", "50 hours <more>.", "reason", "They grow.", "value", "1,500", "line.1.hours", "150", "line.1.overage_price", "175")
	o.submit("account_manager", at+"/amend", with(changed, "value", "a lot")...).shows(t, http.StatusUnprocessableEntity, "Value must be an amount")
	got := o.submit("account_manager", at+"/amend", changed...)
	amendment, _, _ := strings.Cut(got.header.Get("Location"), "?")
	page := o.led(got, "account_manager", amendment)
	page.shows(t, http.StatusOK, "The amendment is proposed.", "50 hours &lt;more&gt;.", "<del>100 h", "<ins>150 h", "Internal:", "175", "0 of 2", "They grow.")
	page.hides(t, "Approve</button>", "Offer to the client")
	scope := o.browse("delivery", amendment)
	scope.shows(t, http.StatusOK, "<ins>150 h")
	scope.hides(t, "175", "They grow.", "1500")

	o.browse("owner", amendment).shows(t, http.StatusOK, "Approve")
	approved := o.led(o.submit("owner", amendment+"/approve"), "owner", amendment)
	approved.shows(t, http.StatusOK, "1 of 2", "The owner", "In review")
	approved.hides(t, `action="`+amendment+`/approve"`)
	o.led(o.submit("owner", amendment+"/approve"), "owner", amendment).shows(t, http.StatusOK, "1 of 2")
	o.led(o.submit("owner+id="+secondOwner(o), amendment+"/approve"), "owner", amendment).shows(t, http.StatusOK, "2 of 2", "Approved")
	o.led(o.submit("account_manager", amendment+"/offer"), "account_manager", amendment).shows(t, http.StatusOK, "Offered", "Signed on paper")
	o.led(o.submit("account_manager", amendment+"/accept", "paper", "File 8"), "account_manager", amendment).shows(t, http.StatusOK, "as version 2")

	o.browse("auditor", at).shows(t, http.StatusOK, at+"/versions/2", "Compare", "0 h of 150 h used")
	o.browse("auditor", at+"/versions/1").shows(t, http.StatusOK, "CON-2026-001, version 1", "Internal:", "150.5")
	o.browse("support", at+"/versions/1").hides(t, "Internal:", "150.5")
	o.browse("auditor", at+"/compare?from=1&to=2").shows(t, http.StatusOK, "Versions 1 and 2", "<del>100 h", "<ins>150 h")
	o.browse("auditor", at+"/compare?from=1&to=x").shows(t, http.StatusNotFound)
	o.browse("auditor", at+"/versions/3").shows(t, http.StatusNotFound)
}

// secondOwner joins another owner, and gives the id.
func secondOwner(o *office) string {
	o.t.Helper()
	other := domain.PersonID{UUID: domain.Derive(personOf(domain.Owner).UUID, "second")}
	o.join(other, domain.ClientID{}, domain.Owner, "Second Owner")
	o.world.Read(o.t, nothing)
	return other.String()
}
