package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/web/portal"
)

// ticketPage is the address of a ticket of the tests.
func ticketPage(n byte) string { return "/tickets/" + id(100+n).String() }

// explained is a clock that was stopped overnight, in which half an hour was waited, and that goes on until noon.
const explained = `[{"from":"2026-03-01T22:00:00Z","until":"2026-03-01T23:30:00Z","doing":"counting","seconds":5400},
	{"from":"2026-03-01T23:30:00Z","until":"2026-03-02T00:00:00Z","doing":"waiting_for_you","seconds":0},
	{"from":"2026-03-02T00:00:00Z","until":"2026-03-02T08:00:00Z","doing":"closed","seconds":0},
	{"from":"2026-03-02T08:00:00Z","until":"2026-03-02T12:00:00Z","doing":"counting","seconds":14400}]`

// conversation is more on ticket 1 of acme, and two more tickets of it: 4, which is resolved, and 5, about which acme is
// asked.
func conversation() []visible.Record {
	first, resolved, asked := ticket(1, acme, id(11)), ticket(4, acme, id(11)), ticket(5, acme, id(11))
	first.Title, first.Description, first.Priority, first.EscalatedAt = "API timeout on bulk export", "It stops after a minute.\nSince Monday.", "critical", monday.Add(time.Hour)
	resolved.Title, resolved.State, resolved.Resolution, resolved.ResolvedAt, resolved.ReopenUntil = "Dashboard charts not loading", visible.TicketResolved, "The cache was full.", monday, now.Add(72*time.Hour)
	asked.Title, asked.State, asked.OutOfScope, asked.Category = "A new printer", visible.TicketAwaitingApproval, true, uuid.Nil
	asked.EstimateMinutes, asked.EstimateText = 90, "We would set it up."
	return []visible.Record{
		first, resolved, asked,
		visible.Comment{Client: acme, ID: id(51), Ticket: id(101), Author: id(11), ByClient: true, Text: "Hello, is anybody there?", At: monday, EditedAt: monday.Add(time.Hour)},
		visible.Edit{Client: acme, ID: id(59), Comment: id(51), Ticket: id(101), Number: 1, Text: "Helo", Until: monday.Add(time.Hour)},
		visible.Comment{Client: acme, ID: id(52), Ticket: id(101), Author: id(14), Text: "We are looking into it.", At: monday.Add(time.Minute)},
		visible.Comment{Client: acme, ID: id(53), Ticket: id(101), Author: id(14), At: monday.Add(2 * time.Minute), Deleted: true},
		visible.Target{Client: acme, ID: id(120), Ticket: id(101), Goal: "resolution", State: visible.TargetAtRisk, Due: now.Add(90 * time.Minute), Strip: explained},
		visible.Target{Client: acme, ID: id(121), Ticket: id(101), Goal: "first_response", State: visible.TargetMet, Strip: "[]"},
		visible.Target{Client: acme, ID: id(122), Ticket: id(105), Goal: "first_response", State: visible.TargetPaused, RemainingSeconds: 11400, Strip: "[]"},
		visible.TicketStep{Client: acme, ID: id(123), Ticket: id(101), State: visible.TicketInProgress, At: monday.Add(time.Minute)},
	}
}

// shows checks what a page has and has not.
func shows(tb testing.TB, got *httptest.ResponseRecorder, status int, has, hasNot []string) {
	tb.Helper()
	if got.Code != status {
		tb.Fatalf("status %d, want %d: %s", got.Code, status, got.Body)
	}
	text := got.Body.String()
	for _, want := range has {
		if !strings.Contains(text, want) {
			tb.Errorf("it does not have %q: %s", want, text)
		}
	}
	for _, unwanted := range hasNot {
		if strings.Contains(text, unwanted) {
			tb.Errorf("it has %q", unwanted)
		}
	}
}

// The lists hold what their names say, each of the viewer's own tickets alone, and a search finds in all of them.
func TestListsOfTickets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(conversation()...))
	const first, second, resolved, asked = "TKT-0001", "TKT-0002", "TKT-0004", "TKT-0005"
	for address, want := range map[string][]string{
		"/tickets": {first, second, asked}, "/tickets?state=nonsense": {first, second, asked}, "/tickets?state=waiting_for_you": {asked},
		"/tickets?state=at_risk": {first}, "/tickets?state=resolved": {resolved}, "/tickets?search=cache": {resolved}, "/tickets?search=tkt+4": {resolved},
		"/tickets?search=looking&state=resolved": {first}, "/tickets?search=globex": nil,
	} {
		text := browse(w.Portal, http.MethodGet, address, "ada", "").Body.String()
		var got []string
		for _, number := range []string{first, second, resolved, asked} {
			if strings.Contains(text, number) {
				got = append(got, number)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
	shows(t, browse(w.Portal, http.MethodGet, "/tickets", "eve", ""), 200, []string{second}, []string{first, asked})
	shows(t, browse(w.Portal, http.MethodGet, "/tickets", "ada", ""), 200, []string{
		`data-due="2026-03-02T12:00:00.000Z" data-server-now="2026-03-02T10:30:00.000Z">1h 30m left<`, ">3h 10m left<", "Escalated", "Beyond your contracts",
	}, nil)
	for _, address := range []string{"/tickets?search=%00", "/tickets?search=%ff", "/tickets?search=" + strings.Repeat("x", 201), "/tickets/new/similar?title=%00"} {
		shows(t, browse(w.Portal, http.MethodGet, address, "ada", ""), 422, nil, nil)
	}
}

// A ticket tells its client what X1 lets it: a state, an instant, what is left and why it is paused.
func TestTicketPageTellsWhatIsPromised(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(conversation()...))
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(1), "ada", ""), 200, []string{
		"At risk", "Resolution due by 23:00 today (AEDT).", "1h 30m left", "First reply: in time.", "4h 00m of working time counted so far.", "1h 30m to come",
		"Outside of opening hours", "Waiting for you", "Escalated", "It stops after a minute.<br", "This message was deleted.", "Changed 2 Mar 2026, 21:00 AEDT",
		"/comments/" + id(51).String() + "/delete", "plan.pdf",
	}, []string{"/comments/" + id(52).String() + "/edit", "/reopen", "/estimate"})
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(5), "ada", ""), 200,
		[]string{"Paused, waiting for you", "the clock is paused until the estimate is answered.", "3h 10m left", "1 h 30 min", "/estimate"}, nil)
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(4), "ada", ""), 200, []string{"The cache was full.", "You can reopen it until", "/reopen"}, []string{"follows="})
	gone := ticket(4, acme, id(11))
	gone.State, gone.ReopenUntil, gone.MergedInto = visible.TicketClosed, now.Add(-time.Hour), id(101)
	w.await(t, w.show(gone))
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(4), "ada", ""), 200, []string{"follows=" + id(104).String(), "TKT-0001"}, []string{"/reopen", "Write to us"})
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(1)+"/comments/"+id(51).String()+"/edits", "ada", ""), 200, []string{"Helo"}, nil)
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(1)+"/comments/"+id(52).String()+"/edit", "ada", ""), 200, []string{"Write to us"}, []string{"Later than ten minutes"})
}

// What was just raised may not be here yet: its page leads to the list, which says so. An address that nobody was led
// to says nothing about what another has.
func TestTicketsThatAreOnTheirWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.commands.position = func() domain.Position { return domain.Position{} }
	raised := browse(w.Portal, http.MethodPost, "/tickets/new", "ada", aRaised)
	if raised.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", raised.Code, raised.Body)
	}
	led := browse(w.Portal, http.MethodGet, raised.Header().Get("Location"), "ada", "")
	if to := led.Header().Get("Location"); led.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/tickets?after=") || !strings.HasSuffix(to, "done=raised") {
		t.Errorf("status %d to %s", led.Code, to)
	}
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(99)+"?after=nonsense", "ada", ""), 404, nil, nil)
}

// What is asked of the use cases is what was typed; what is refused comes back with it.
func TestRaisingByForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	form := url.Values{"key": {"k"}, "title": {" Help "}, "description": {"It \u201chums\u201d."}}
	shows(t, browse(w.Portal, http.MethodPost, "/tickets/new", "ada", form.Encode()), 422, []string{
		"The category must be chosen.", "The impact must be chosen.", "The urgency must be chosen.", `value="Help"`, "It \u201chums\u201d.", "Error: ",
	}, nil)
	form["category"], form["impact"], form["urgency"], form["follows"] = []string{id(31).String()}, []string{"high"}, []string{"low"}, []string{id(101).String()}
	if got := browse(w.Portal, http.MethodPost, "/tickets/new", "ada", form.Encode()); got.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", got.Code, got.Body)
	}
	form.Set("category", "out_of_scope")
	shows(t, browse(w.Portal, http.MethodPost, "/tickets/new", "ada", form.Encode()), 422, []string{"No contract of yours covers this category any more."}, []string{"secret"})
	want := []portal.RaiseTicket{
		{Category: id(31), Contract: id(21), JobType: "net", Title: "Help", Description: "It \u201chums\u201d.", Impact: "high", Urgency: "low", Follows: id(101)},
		{OutOfScope: true, Title: "Help", Description: "It \u201chums\u201d.", Impact: "high", Urgency: "low", Follows: id(101)},
	}
	if diff := cmp.Diff(want, w.commands.raised); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	shows(t, browse(w.Portal, http.MethodGet, "/tickets/new?follows="+id(103).String(), "ada", ""), 200, nil, []string{"takes up again"})
	shows(t, browse(w.Portal, http.MethodGet, "/tickets/new?follows="+id(101).String(), "ada", ""), 200, []string{"takes up again", "TKT-0001"}, nil)
}

// A fragment of what is similar is for the script that asked for it, and names own tickets alone.
func TestSimilarTicketsWhileTyping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	got := call(w.Portal, http.MethodGet, "/tickets/new/similar?title=Ticket", "eve", "", "Accept", "text/html", "HX-Request", "true", "HX-Request-Type", "partial")
	shows(t, got, 200, []string{"TKT-0002"}, []string{"<html", "TKT-0001", "TKT-0003"})
	shows(t, browse(w.Portal, http.MethodGet, "/tickets/new/similar?title=Ticket", "eve", ""), 200, []string{"<html", "TKT-0002", `value="Ticket"`}, []string{"TKT-0001"})
}

// Writing on a ticket: a message names whom it is for, a blank one comes back, and an answer is about what was read.
func TestWritingByForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	w.await(t, w.show(conversation()...))
	w.commands.tickets[id(105)] = acme
	write := func(path string, fields url.Values) *httptest.ResponseRecorder {
		fields.Set("key", path)
		return browse(w.Portal, http.MethodPost, path, "ada", fields.Encode())
	}
	shows(t, write(ticketPage(1)+"/comments", url.Values{"text": {" "}, "mentions": {id(12).String()}}), 422, []string{"The message must not be blank.", "Write to us"}, nil)
	shows(t, write(ticketPage(1)+"/comments", url.Values{"text": {"Hi"}, "mentions": {"everybody"}}), 422, []string{"The people who are told must be people of the list."}, nil)
	shows(t, write(ticketPage(1)+"/comments", url.Values{"text": {"Hi"}, "mentions": {id(12).String()}}), 303, nil, nil)
	shows(t, write(ticketPage(1)+"/comments/"+id(51).String()+"/edit", url.Values{"text": {""}}), 422, []string{"Change your message", "Error: "}, nil)
	read := visible.EstimateSHA256(90, "We would set it up.")
	shows(t, browse(w.Portal, http.MethodGet, ticketPage(5)+"/estimate", "ada", ""), 200, []string{`name="sha256" value="` + read + `"`, "We would set it up."}, nil)
	shows(t, write(ticketPage(5)+"/estimate", url.Values{"sha256": {read}}), 422, []string{"The answer must be chosen."}, nil)
	shows(t, write(ticketPage(5)+"/estimate", url.Values{"sha256": {read}, "answer": {"allow"}}), 303, nil, nil)
	shows(t, write(ticketPage(5)+"/estimate", url.Values{"sha256": {read}, "answer": {"refuse"}, "text": {"Too dear"}}), 303, nil, nil)
	want := []any{
		portal.Comment{Text: "Hi", Mentions: []uuid.UUID{id(12)}}, portal.EstimateAnswer{Accept: true, SHA256: read}, portal.EstimateAnswer{Reason: "Too dear"},
	}
	if diff := cmp.Diff(want, w.commands.said); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}
