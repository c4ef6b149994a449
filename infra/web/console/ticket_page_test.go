package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"effigate/domain"
)

// promised raises a ticket of a client user, about which the firm's policy promises something.
func (o *office) promised() (client, contract, ticket string) {
	o.t.Helper()
	o.post(domain.Owner, api+"/sla-policies", `{"name":"Standard","from":"2024-01-01","layer":"firm",
		"policy":{"targets":[{"priority":"high","first_response_minutes":60,"resolution_minutes":480},{"priority":"critical","first_response_minutes":30,"resolution_minutes":240}]}}`)
	client, contract = o.engagement()
	carl := domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "carl")}
	o.join(carl, domain.ClientID{UUID: uuid.MustParse(client)}, domain.ClientEmployee, "Carl")
	ticket, _ = o.raise(client, contract, `,"on_behalf_of":"`+carl.String()+`","description":"Every bulk export stops."`)
	o.world.Read(o.t, nothing)
	return client, contract, ticket
}

// do sends a form of a ticket's page as somebody and gives the page after it.
func (o *office) do(token, path, act string, fields ...string) reply {
	o.t.Helper()
	done := o.submit(token, path+act, fields...)
	to, _, _ := strings.Cut(done.header.Get("Location"), "?")
	if !strings.HasPrefix(to, "/tickets/") {
		o.t.Fatalf("%s of %s: %d to %q: %s", act, path, done.status, to, done.body)
	}
	return o.led(done, token, to)
}

func TestATicketFromItsPage(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract, id := o.promised()
	path := "/tickets/" + id
	first := o.browse("support", path)
	first.shows(t, http.StatusOK, "TKT-0001", "Nexus Corp sees it", "First response", "<sla-countdown", "data-due=", "Reply to client", "Internal note",
		"Nexus Corp reads it.", "Staff alone read it.", "Every bulk export stops.", "Explain this clock", `class="strip"`, "Carl")
	first.shows(t, http.StatusOK, " 1 h</span>")
	first.hides(t, "style=", "onclick")

	o.submit("support", path+"/reply", "reply", " ").shows(t, http.StatusUnprocessableEntity, "There is a problem", `href="#field-reply"`)
	o.do("support", path, "/note", "note", "The pool is too small.", "mentions", personOf(domain.Engineer).String()).
		shows(t, http.StatusOK, "The internal note is added.", "The pool is too small.", "message staff-only", "For The engineer")
	o.do("support", path, "/reply", "reply", "We are looking into it.").shows(t, http.StatusOK, "The reply is sent.", "message own", ">Met<")

	o.browse("support", path+"/triage").shows(t, http.StatusOK, "Classify", `selected>Nexus Corp · CON-2024-018 · API`)
	o.do("support", path, "/triage", "category", contract+" ui", "priority", "critical").shows(t, http.StatusOK, "The ticket is classified.", "Critical", ", ui")
	o.do("support", path, "/assign", "assignee", personOf(domain.Engineer).String(), "team", "Platform").
		shows(t, http.StatusOK, "The engineer", "team Platform")
	o.do("support", path, "/start").shows(t, http.StatusOK, "In progress")
	o.submit("support", path+"/ask", "text", "").shows(t, http.StatusUnprocessableEntity, "Text must have 1 to", `href="#field-text"`)
	o.do("support", path, "/ask", "text", "Which export?").shows(t, http.StatusOK, "Waiting for the client", "Which export?")
	o.browse("engineer", "/queue").shows(t, http.StatusOK, "Paused (1)")
	o.do("support", path, "/resume").shows(t, http.StatusOK, "In progress")
	o.submit("support", path+"/resolve", "note", "").shows(t, http.StatusUnprocessableEntity, "must tell the client how the ticket was resolved")
	o.do("support", path, "/resolve", "note", "The export streams now.").shows(t, http.StatusOK, "Resolved", "The export streams now.", "Reopen")
	o.do("support", path, "/reopen", "reason", "regression").shows(t, http.StatusOK, "Reopened")

	// Who may not see policies sees when it is due, and nothing of the goals.
	engineer := o.browse("engineer", path)
	engineer.shows(t, http.StatusOK, "First response")
	engineer.hides(t, "Explain this clock", " 30 min</span>")
	auditor := o.browse("auditor", path)
	auditor.shows(t, http.StatusOK, "TKT-0001")
	auditor.hides(t, "Reply to client", "Classify", "Send to the client")
}

// TestWhatOthersDidMeanwhileIsShown beside what was typed, which can be sent again.
func TestWhatOthersDidMeanwhileIsShown(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, _, id := o.promised()
	path := "/tickets/" + id
	form := with(o.browse("support", path+"/assign").fields(), "team", "Platform")
	o.do("delivery", path, "/assign", "assignee", personOf(domain.Engineer).String(), "team", "Network")
	refused := o.submit("support", path+"/assign", form...)
	refused.shows(t, http.StatusConflict, "It changed while you were writing", "This happened while you were writing", "Assigned: The engineer, Network by The delivery", `value="Platform"`)
	o.do("support", path, "/assign", refused.fields()...).shows(t, http.StatusOK, "team Platform")
}

func TestTheQueueAndItsViews(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract, id := o.promised()
	internal, _ := o.raise(client, contract, `,"title":"Clean up"`)
	o.world.Read(t, nothing)
	queue := o.browse("support", "/queue")
	queue.shows(t, http.StatusOK, "/tickets/"+id, "/tickets/"+internal, "TKT-0001-int", "Internal:", "<sla-countdown", `hx-trigger="ticket from:body`)
	o.browse("support", "/queue?group=paused").shows(t, http.StatusOK, "Nothing waits here", `href="/queue?group=today"`)
	o.browse("support", "/queue?assignee=mine").shows(t, http.StatusOK, "Nothing waits here")
	narrowed := o.browse("support", "/queue?text=tkt-1-int&priority=")
	narrowed.shows(t, http.StatusOK, "/tickets/"+internal, "Keep this filter as")
	narrowed.hides(t, "/tickets/"+id)
	o.submit("support", "/views", "list", "queue", "name", " ", "query", "text=x").shows(t, http.StatusUnprocessableEntity)
	kept := o.led(o.submit("support", "/views", "list", "queue", "name", "Clean-ups", "query", "text=tkt-1-int&cursor=no"), "support", "/queue")
	kept.shows(t, http.StatusOK, "Clean-ups", "/queue?text=tkt-1-int")
	o.browse("engineer", "/queue").hides(t, "Clean-ups")
	_, view, _ := strings.Cut(string(kept.body), `action="/views/`)
	view, _, _ = strings.Cut(view, `"`)
	o.submit("engineer", "/views/"+view).shows(t, http.StatusNotFound)
	o.led(o.submit("support", "/views/"+view), "support", "/queue").hides(t, "Clean-ups")
	o.browse("auditor", "/tickets?status=new&text="+url.QueryEscape("bulk export")).shows(t, http.StatusOK, "/tickets/"+id)
	o.browse("auditor", "/tickets?status=closed").hides(t, "/tickets/"+id)
}

func TestRaisingATicketByTheForm(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	o.world.Read(t, nothing)
	o.browse("support", "/tickets/new").shows(t, http.StatusOK, "For which client?", "Nexus Corp")
	path := "/tickets/new?client=" + client
	form := o.browse("support", path)
	form.shows(t, http.StatusOK, "For Nexus Corp.", "CON-2024-018 · API", "Internal: staff alone", "Nexus Corp sees it too")
	o.submit("support", "/tickets/new", "client", client, "title", "", "priority", "low").
		shows(t, http.StatusUnprocessableEntity, "Title must", "For Nexus Corp.")
	raised := o.do("support", "/tickets/new", "", "client", client, "title", "Slow export", "category", contract+" api", "impact", "high", "urgency", "medium", "visibility", "client_visible")
	raised.shows(t, http.StatusOK, "The ticket is raised.", "Slow export", "TKT-0001", "Nexus Corp sees it", "High")
	o.do("support", "/tickets/new", "", "client", client, "title", "A logo", "priority", "low").shows(t, http.StatusOK, "Out of scope", "TKT-0001-int")
}

func TestTicketsAmongEachOther(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract, id := o.promised()
	second, _ := o.raise(client, contract, `,"title":"Again","visibility":"client_visible"`)
	o.world.Read(t, nothing)
	path := "/tickets/" + id
	o.submit("support", path+"/link", "relation", "blocks", "other", "TKT-9").shows(t, http.StatusUnprocessableEntity, "Other must be a ticket of the same client", `value="TKT-9"`)
	o.do("support", path, "/link", "relation", "blocks", "other", "tkt 2").shows(t, http.StatusOK, "Blocks", "TKT-0002")
	o.browse("support", "/tickets/"+second).shows(t, http.StatusOK, "Blocked by")
	o.do("support", path, "/unlink", "relation", "blocks", "other", "https://console.example/tickets/"+second).shows(t, http.StatusOK, "The link is removed.")
	o.do("support", "/tickets/"+second, "/duplicate", "into", "TKT-0001").shows(t, http.StatusOK, "This one was merged into", "Duplicate")
	o.do("support", "/tickets/"+second, "/note", "note", "Told them by phone.", "ended", "on").shows(t, http.StatusOK, "Told them by phone.")

	o.do("support", path, "/watch").shows(t, http.StatusOK, "Watch no longer", "Watched by")
	o.do("support", path, "/hold", "reason", "freeze").shows(t, http.StatusOK, "On hold", "freeze")
}

func TestAConversationOnItsPage(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, _, id := o.promised()
	path := "/tickets/" + id
	o.do("support", path, "/note", "note", "Looking at it.")
	comment := o.ticket(id, "").Messages[0].ID
	at := path + "/comments/" + comment
	o.browse("support", at+"/edit").shows(t, http.StatusOK, "Looking at it.</textarea>", "Internal.")
	o.do("support", path, "/comments/"+comment+"/edit", "text", "Looking into it.").shows(t, http.StatusOK, "Looking into it.")
	o.browse("delivery", path).shows(t, http.StatusOK, path+"/publish?comments="+comment)
	o.browse("delivery", path+"/publish?comments="+comment).shows(t, http.StatusOK, `checked id="field-comments-0"`, "Looking into it.")
	o.do("delivery", path, "/publish", "comments", comment).shows(t, http.StatusOK, "message own", at+"/withdraw")
	o.do("delivery", path, "/comments/"+comment+"/withdraw", "reason", "premature").shows(t, http.StatusOK, "message staff-only")
	o.browse("support", at+"/delete").shows(t, http.StatusOK, "gone for good")
	o.do("support", path, "/comments/"+comment+"/delete").shows(t, http.StatusOK, "Deleted by The support")
	o.browse("support", path+"/comments/"+missing+"/edit").shows(t, http.StatusNotFound)
}

func TestReportsOfPromises(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, _, id := o.promised()
	o.do("support", "/tickets/"+id, "/reply", "reply", "We are looking into it.")
	span := "?from=" + epoch.AddDate(0, 0, -1).Format("2006-01-02") + "&to=" + epoch.AddDate(0, 0, 1).Format("2006-01-02")
	o.browse("support", "/sla"+span).shows(t, http.StatusOK, "First response", "100 % kept", "/sla/pauses?from=")
	o.browse("support", "/sla/pauses"+span).shows(t, http.StatusOK, "Nothing found")
	o.browse("support", "/sla?from=yesterday").shows(t, http.StatusUnprocessableEntity)
	o.browse("engineer", "/sla").shows(t, http.StatusForbidden)
	o.browse("engineer", "/notices").shows(t, http.StatusOK, "Nothing new")
}
