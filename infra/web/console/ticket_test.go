package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/domain/visible"
)

// shown is the part of a ticket's answer that tests look at.
type shown struct {
	ID, Number, Title, Status, Visibility, Priority, Team string
	JobType                                               string `json:"job_type"`
	Assignee                                              *string
	VisibleNumber                                         *int   `json:"visible_number"`
	InternalNumber                                        *int   `json:"internal_number"`
	WaitingReason                                         string `json:"waiting_reason"`
	ResolutionNote                                        string `json:"resolution_note"`
	ResolutionCode                                        string `json:"resolution_code"`
	Revision                                              int
	Messages                                              []struct {
		ID, Kind, Visibility, Text string
		CopyOf                     *string `json:"copy_of"`
	}
	Timeline []struct {
		What      string
		Arguments map[string]any
	}
	Disclosures []struct {
		Item string
		To   *string
	}
	People map[string]string
	Parked *struct{ Revision int }
	Stale  bool
}

// what lists the events of the timeline.
func (s shown) what() []string {
	var all []string
	for _, step := range s.Timeline {
		all = append(all, step.What)
	}
	return all
}

func (o *office) ticket(id, after string) shown {
	o.t.Helper()
	var s shown
	o.get(domain.Support, api+"/tickets/"+id, after, &s)
	return s
}

func TestLifeOfATicket(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	id, _ := o.raise(client, contract, `,"description":"Every bulk export stops."`)
	path := api + "/tickets/" + id
	engineer := personOf(domain.Engineer).String()
	for _, step := range []struct {
		path, body string
		status     int
		want       string
	}{
		{"/triage", fmt.Sprintf(`{"contract":%q,"job_type":"ui","priority":"critical"}`, contract), 200, "triaged"},
		{"/assign", fmt.Sprintf(`{"assignee":%q,"team":"Platform"}`, engineer), 200, "triaged"},
		{"/start", "", 200, "in_progress"},
		{"/comments", `{"text":"Looking at it.","visibility":"internal_only"}`, 201, "in_progress"},
		{"/notes", `{"text":"The pool is too small."}`, 201, "in_progress"},
		{"/wait", `{"for":"third_party","reason":"vendor ticket 7"}`, 200, "waiting_third_party"},
		{"/resume", "{}", 200, "in_progress"},
		{"/resolve", `{"note":"The export streams now.","code":"code 5"}`, 200, "resolved"},
		{"/close", "", 200, "closed"},
		{"/reopen", `{"reason":"regression"}`, 200, "reopened"},
		{"/resolve", `{}`, 200, "resolved"},
	} {
		got := o.call(domain.Support, http.MethodPost, path+step.path, step.body)
		if got.status != step.status {
			t.Fatalf("POST %s: %d %s", step.path, got.status, got.body)
		}
		if now := o.ticket(id, got.header.Get("Effigate-Position")); now.Status != step.want {
			t.Errorf("after %s the ticket is %s, want %s", step.path, now.Status, step.want)
		}
	}
	got := o.ticket(id, "")
	want := []string{
		"raised", "numbered", "triaged", "assigned", "started", "commented", "noted", "waiting_started", "waiting_ended",
		"resolved", "closed", "reopened", "resolved",
	}
	if diff := cmp.Diff(want, got.what()); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	if got.Number != "TKT-0001-int" || got.InternalNumber == nil || got.VisibleNumber != nil || got.Priority != "critical" || got.Team != "Platform" {
		t.Errorf("ticket: %+v", got)
	}
	if got.People[engineer] != "The engineer" || got.People[personOf(domain.Support).String()] != "The support" {
		t.Errorf("people: %v", got.People)
	}
	if len(got.Messages) != 2 || got.Messages[1].Kind != "note" || len(got.Disclosures) != 0 {
		t.Errorf("messages %+v, disclosures %+v", got.Messages, got.Disclosures)
	}
}

// TestATicketForAClientUserIsVisible and names the user.
func TestATicketForAClientUserIsVisible(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	user := domain.PersonID{UUID: domain.Derive(uuid.NameSpaceURL, "carl")}
	o.join(user, domain.ClientID{UUID: uuid.MustParse(client)}, domain.ClientEmployee, "Carl")
	id, at := o.raise(client, contract, `,"on_behalf_of":"`+user.String()+`"`)
	got := o.ticket(id, at)
	if got.Visibility != "client_visible" || got.Number != "TKT-0001" || got.Timeline[0].Arguments["on_behalf_of"] != user.String() {
		t.Errorf("ticket: %+v", got)
	}
	if got.People[user.String()] != "Carl" {
		t.Errorf("people: %v", got.People)
	}
	o.call(domain.Delivery, http.MethodPost, api+"/tickets/"+id+"/withdraw", `{"reason":"by mistake"}`).
		refused(t, http.StatusConflict, "raised_for_client")
}

// TestPastAssigneesAreNamed: the timeline speaks of people who are not on the ticket any more.
func TestPastAssigneesAreNamed(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	id, _ := o.raise(client, contract, "")
	past := personOf(domain.Engineer).String()
	o.post(domain.Support, api+"/tickets/"+id+"/assign", `{"assignee":"`+past+`"}`)
	_, at := o.post(domain.Support, api+"/tickets/"+id+"/assign", `{}`)
	if got := o.ticket(id, at); got.Assignee != nil || got.People[past] != "The engineer" {
		t.Errorf("assignee %v, people %v", got.Assignee, got.People)
	}
}

func TestDisclosuresOfATicket(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	id, _ := o.raise(client, contract, "")
	path := api + "/tickets/" + id
	_, at := o.post(domain.Support, path+"/comments", `{"text":"Looking at it.","visibility":"internal_only"}`)
	comment := o.ticket(id, at).Messages[0].ID
	o.post(domain.Delivery, path+"/publish", fmt.Sprintf(`{"comments":[%q],"reason":"agreed"}`, comment))
	o.post(domain.Support, path+"/wait", `{"for":"client","question":"Which export?"}`)
	_, at = o.post(domain.Delivery, path+"/comments/"+comment+"/withdraw", `{"reason":"premature"}`)
	now := o.ticket(id, at)
	if now.Status != "waiting_client" || now.Number != "TKT-0001" || now.Visibility != "client_visible" || now.Messages[0].Visibility != "internal_only" {
		t.Errorf("ticket: %+v", now)
	}
	if len(now.Disclosures) != 3 || now.Disclosures[0].To != nil || now.Disclosures[1].Item != comment || now.Disclosures[1].To == nil {
		t.Errorf("disclosures: %+v", now.Disclosures)
	}
	_, at = o.post(domain.Delivery, path+"/withdraw", `{"reason":"wrong client"}`)
	now = o.ticket(id, at)
	if now.Visibility != "internal_only" || now.Number != "TKT-0001" || now.VisibleNumber == nil || now.InternalNumber == nil {
		t.Errorf("after the withdrawal: %+v", now)
	}
	for _, disclosure := range now.Disclosures {
		if disclosure.To == nil {
			t.Errorf("the disclosure of %s goes on", disclosure.Item)
		}
	}
}

// TestPreviewIsWhatPublishingDiscloses compares the preview with the client's own fold of the history.
func TestPreviewIsWhatPublishingDiscloses(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	id, _ := o.raise(client, contract, `,"description":"Every bulk export stops."`)
	path := api + "/tickets/" + id
	o.post(domain.Support, path+"/notes", `{"text":"Never to be shown."}`)
	_, at := o.post(domain.Support, path+"/comments", `{"text":"Looking at it.","visibility":"internal_only"}`)
	comment := o.ticket(id, at).Messages[1].ID
	o.post(domain.Support, path+"/comments", `{"text":"Stays inside.","visibility":"internal_only"}`)

	var preview struct {
		Items []struct {
			Change, Kind, ID string
			Record           map[string]any
		}
	}
	o.get(domain.Delivery, path+"/publication?comments="+comment, "", &preview)
	previewed := map[string]string{}
	for _, item := range preview.Items {
		previewed[item.Kind+" "+item.ID] = fmt.Sprint(item.Record["title"], item.Record["text"], item.Record["state"])
	}
	var before visibleFold
	before.fold(o, id)
	o.post(domain.Delivery, path+"/publish", fmt.Sprintf(`{"comments":[%q]}`, comment))
	var after visibleFold
	after.fold(o, id)
	if len(before.shown) != 0 || len(after.shown) != 3 {
		t.Fatalf("the client sees %v and then %v", before.shown, after.shown)
	}
	if diff := cmp.Diff(after.shown, previewed); diff != "" {
		t.Errorf("preview (-disclosed +previewed):\n%s", diff)
	}
	o.get(domain.Delivery, path+"/publication?comments="+comment, "", &preview)
	if len(preview.Items) != 0 {
		t.Errorf("publishing again would disclose %+v", preview.Items)
	}
}

func TestEditOfWhatHasChangedIsAConflictThatSaysHow(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	id, at := o.raise(client, contract, "")
	path := api + "/tickets/" + id
	var s shown
	seen := o.get(domain.Support, path, at, &s).Get("ETag")
	_, at = o.post(domain.Engineer, path+"/start", "", "If-Match", seen)
	o.ticket(id, at)

	stale := o.call(domain.Support, http.MethodPost, path+"/resolve", `{"note":"Done."}`, "If-Match", seen)
	p := stale.refused(t, http.StatusConflict, "changed_since")
	if !strings.Contains(p.Detail, "started by The engineer at 2026-03-16T") {
		t.Errorf("the conflict says %q", p.Detail)
	}
	now := o.get(domain.Support, path, "", &s).Get("ETag")
	if now == seen {
		t.Errorf("the ETag stays %s", now)
	}
	o.post(domain.Support, path+"/resolve", `{"note":"Done."}`, "If-Match", now, "Idempotency-Key", "seen")
	o.call(domain.Support, http.MethodPost, path+"/resolve", `{"note":"Done."}`, "If-Match", `"99"`, "Idempotency-Key", "seen").
		refused(t, http.StatusUnprocessableEntity, "key_reused")
	for _, wrong := range []string{"*", `W/"1"`, `"x"`, `"-1"`, "1", `"01"`} {
		o.call(domain.Support, http.MethodPost, path+"/start", "", "If-Match", wrong).refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	}
}

func TestARepeatedWriteActsOnce(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	id, _ := o.raise(client, contract, "")
	path := api + "/tickets/" + id + "/comments"
	first := o.call(domain.Support, http.MethodPost, path, `{"text":"Once.","visibility":"internal_only"}`, "Idempotency-Key", "one")
	again := o.call(domain.Support, http.MethodPost, path, `{ "visibility": "internal_only", "text": "Once." }`, "Idempotency-Key", "one", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if first.status != 201 || again.status != 201 || string(first.body) != string(again.body) || first.header.Get("Effigate-Position") != again.header.Get("Effigate-Position") {
		t.Errorf("first %d %s, again %d %s", first.status, first.body, again.status, again.body)
	}
	o.call(domain.Support, http.MethodPost, path, `{"text":"Twice.","visibility":"internal_only"}`, "Idempotency-Key", "one").
		refused(t, http.StatusUnprocessableEntity, "key_reused")
	if messages := o.ticket(id, first.header.Get("Effigate-Position")).Messages; len(messages) != 1 {
		t.Errorf("messages: %+v", messages)
	}
	r := o.call(domain.Support, http.MethodPost, path, `{"text":"No key.","visibility":"internal_only"}`, "Idempotency-Key", "")
	r.refused(t, http.StatusUnprocessableEntity, "idempotency_key_required")
}

func TestListOfTickets(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	var position string
	for range 3 {
		_, position = o.raise(client, contract, "")
	}
	o.raise(client, contract, `,"visibility":"client_visible"`)
	other, under := o.engagement()
	_, position = o.raise(other, under, "")
	list := func(query string) (numbers []string, next string) {
		t.Helper()
		var page struct {
			Items []shown
			Next  string
		}
		o.get(domain.Auditor, api+"/tickets?"+query, position, &page)
		for _, item := range page.Items {
			numbers = append(numbers, item.Number)
		}
		return numbers, page.Next
	}
	for query, want := range map[string]string{
		"":                          "[TKT-0001-int TKT-0001 TKT-0003-int TKT-0002-int TKT-0001-int]",
		"client=" + other:           "[TKT-0001-int]",
		"visibility=client_visible": "[TKT-0001]",
		"number=tkt+1":              "[TKT-0001]",
		"number=1-int":              "[TKT-0001-int TKT-0001-int]",
		"status=new,triaged":        "[TKT-0001-int TKT-0001 TKT-0003-int TKT-0002-int TKT-0001-int]",
		"status=closed":             "[]",
		"text=BULK+timeout":         "[TKT-0001-int TKT-0001 TKT-0003-int TKT-0002-int TKT-0001-int]",
		"assignee=" + client:        "[]",
	} {
		if got, _ := list(query); fmt.Sprint(got) != want {
			t.Errorf("tickets with %s: %v, want %s", query, got, want)
		}
	}
	var walked []string
	for cursor := ""; len(walked) < 10; {
		page, next := list("limit=2&cursor=" + cursor)
		walked = append(walked, page...)
		if cursor = next; next == "" {
			break
		}
	}
	if all, _ := list(""); !cmp.Equal(all, walked) {
		t.Errorf("pages give %v, one list %v", walked, all)
	}
	for _, query := range []string{"number=abc", "cursor=AAAA", "limit=0", "limit=201", "status=lost", "client=x", "unknown=1"} {
		if got := o.call(domain.Auditor, http.MethodGet, api+"/tickets?"+query, ""); got.status != http.StatusUnprocessableEntity {
			t.Errorf("tickets with %s: %d %s", query, got.status, got.body)
		}
	}
	var counts struct {
		Items []struct {
			Status, Visibility string
			Tickets            int
		}
	}
	o.get(domain.Auditor, api+"/ticket-counts?client="+client, "", &counts)
	if len(counts.Items) != 2 || counts.Items[0].Tickets+counts.Items[1].Tickets != 4 {
		t.Errorf("counts of one client: %+v", counts.Items)
	}
	o.get(domain.Auditor, api+"/ticket-counts", "", &counts)
	if len(counts.Items) != 3 {
		t.Errorf("counts of all clients: %+v", counts.Items)
	}
}

func TestWrongFieldsAreAllNamed(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	got := o.call(domain.Owner, http.MethodPost, api+"/tickets", `{"client":"x","title":"","priority":"soon","audience":"all"}`)
	p := got.refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	var fields []string
	for _, wrong := range p.Errors {
		fields = append(fields, wrong.Field)
	}
	for _, field := range []string{"client", "title", "priority", "audience"} {
		if !strings.Contains(strings.Join(fields, " "), field) {
			t.Errorf("%s is not among the wrong fields %v", field, fields)
		}
	}
}

func TestAParkedTicketSaysSo(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	id, at := o.raise(client, contract, "")
	o.ticket(id, at) // It is live: what comes now is parked and does not stop a replay.
	parsed := domain.TicketID{UUID: uuid.MustParse(id)}
	o.world.Log.Record(t, ticket.Stream(parsed), ticket.Commented{Comment: domain.CommentID{UUID: parsed.UUID}, Text: "a zero byte \x00"})
	head, err := o.world.Log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := o.ticket(id, fmt.Sprintf("%d/%d", head.Commit, head.Prepare))
	if got.Parked == nil || got.Parked.Revision != 2 || len(got.Messages) != 0 {
		t.Errorf("ticket: %+v", got)
	}
}

func TestAReadThatIsBehindSaysSo(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, _ := o.engagement()
	got := o.call(domain.Owner, http.MethodGet, api+"/clients/"+client+"?after=999999999/999999999", "")
	var s shown
	got.decode(t, &s)
	if got.status != http.StatusOK || !s.Stale || got.header.Get("Effigate-Read-Model") != "stale" {
		t.Errorf("a read of what never comes: %d %s", got.status, got.body)
	}
	o.call(domain.Owner, http.MethodGet, api+"/clients/"+client+"?after=soon", "").refused(t, http.StatusUnprocessableEntity, "invalid_fields")
}

// visibleFold is what a client sees of a ticket, by the fold that fills the client's store.
type visibleFold struct{ shown map[string]string }

func (f *visibleFold) fold(o *office, id string) {
	o.t.Helper()
	f.shown = map[string]string{}
	var state ticket.Disclosure
	for recorded, err := range o.world.Log.Read(o.t.Context(), "ticket-"+id, domain.NoStream) {
		if err != nil {
			o.t.Fatal(err)
		}
		var changes []visible.Change
		state, changes = ticket.Disclose(state, recorded.Event.(ticket.Event))
		for _, change := range changes {
			name := string(change.Key().Kind) + " " + change.Key().ID.String()
			switch change := change.(type) {
			case visible.Remove:
				delete(f.shown, name)
			case visible.Put:
				f.shown[name] = text(change.Record)
			}
		}
	}
}

// text tells records apart by what a person reads of them.
func text(record visible.Record) string {
	switch r := record.(type) {
	case visible.Ticket:
		return fmt.Sprint(r.Title, nil, r.State)
	case visible.Comment:
		return fmt.Sprint(nil, r.Text, nil)
	case visible.TicketStep:
		return fmt.Sprint(nil, nil, r.State)
	default:
		return fmt.Sprint(r)
	}
}
