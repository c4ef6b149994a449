package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/period"
	"effigate/domain/sla"
	"effigate/domain/ticket"
)

// late is a contract that gives 200 back for a late first response, one of which is proposed in February: its path in
// the API, the contract, and the deduction.
func (o *office) late() (path, contract, deduction string) {
	o.t.Helper()
	client, _ := o.post(domain.Owner, api+"/clients", `{"name":"Nexus Corp","zone":"Australia/Sydney","language":"en-AU","currency":"AUD"}`)
	said := strings.Replace(fullTerms, `"two_approvers_above"`, `"two_waivers_above":"100","two_approvers_above"`, 1)
	contract, _ = o.post(domain.AccountManager, api+"/clients/"+client+"/contracts", `{"reference":"CON-2026-001","terms":`+said+`}`)
	o.post(domain.Owner, api+"/contracts/"+contract+"/activate", "")
	id := domain.TicketID{UUID: domain.Derive(uuid.NameSpaceURL, "TKT-0041")}
	on := domain.ContractID{UUID: uuid.MustParse(contract)}
	missed := time.Date(2026, time.February, 10, 5, 0, 0, 0, time.UTC)
	o.world.Log.Record(o.t, ticket.Stream(id),
		ticket.Raised{
			Ticket: id, Client: domain.ClientID{UUID: uuid.MustParse(client)}, Contract: on, JobType: "api", Title: "API timeout on bulk export",
			Priority: ticket.Critical, Visibility: domain.ClientVisible, RaisedBy: personOf(domain.Support), At: missed.Add(-time.Hour),
		},
		ticket.Numbered{Series: domain.ClientVisible, Number: 41, At: missed.Add(-time.Hour)},
		ticket.SLAStateReached{Goal: sla.FirstResponse, State: sla.Breached, Staff: ticket.SLAStateReachedStaff{Cycle: 1}, At: missed},
	)
	service := commands.NewService(o.world.Log, commandstest.NewAnswers())
	r := commands.Request{Actor: domain.System(), Route: "test", Key: "a breach", At: epoch}
	if _, err := service.ProposeDeductions(o.t.Context(), r, id); err != nil {
		o.t.Fatal(err)
	}
	o.world.Read(o.t, nothing)
	deduction = period.DeductionOf(on, id, sla.FirstResponse, 1, "first").String()
	return api + "/periods/" + contract + "/2026-02/deductions", contract, deduction
}

func TestADeductionByTheAPI(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	path, _, id := o.late()
	type item struct {
		ID, Number, Title, Promise, Goal, Status, Amount, Why string
		AskedBy                                               string `json:"asked_by"`
		DecidedBy                                             string `json:"decided_by"`
	}
	list := func(position string) item {
		t.Helper()
		var body struct {
			Items    []item
			Currency string
		}
		o.get(domain.Auditor, path, position, &body)
		if len(body.Items) != 1 || body.Currency != "AUD" {
			t.Fatalf("deductions: %+v", body)
		}
		return body.Items[0]
	}
	want := item{
		ID: id, Number: "TKT-0041", Title: "API timeout on bulk export", Promise: "First response", Goal: "first_response", Status: "proposed",
		Amount: "200", Why: "200.00 per breach",
	}
	if got := list(""); got != want {
		t.Errorf("proposed: %+v", got)
	}
	one := path + "/" + id
	o.call(domain.Auditor, http.MethodPost, one+"/confirm", "").refused(t, http.StatusForbidden, "role_may_not")
	o.call(domain.AccountManager, http.MethodPost, one+"/confirm", "").refused(t, http.StatusForbidden, "not_your_client")
	o.call(domain.Owner, http.MethodPost, path+"/"+missing+"/confirm", "").refused(t, http.StatusNotFound, "deduction_not_found")
	o.call(domain.Owner, http.MethodPost, one+"/confirm", `{"amount":"much"}`).refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	o.call(domain.Owner, http.MethodPost, one+"/confirm", `{"amount":"150.00"}`).refused(t, http.StatusConflict, "amount_changed")
	_, position := o.post(domain.Finance, one+"/waive", `{"reason":"goodwill"}`)
	if got := list(position); got.AskedBy != personOf(domain.Finance).String() || got.Status != "proposed" {
		t.Errorf("waived by one of two: %+v", got)
	}
	o.call(domain.Finance, http.MethodPost, one+"/waive", `{"reason":"really"}`).refused(t, http.StatusConflict, "second_person_needed")
	_, position = o.post(domain.Owner, one+"/confirm", `{"amount":"200.00"}`)
	if got := list(position); got.DecidedBy != personOf(domain.Owner).String() || got.Status != "confirmed" || got.Amount != "200" {
		t.Errorf("confirmed: %+v", got)
	}
	o.call(domain.Finance, http.MethodPost, one+"/waive", `{"reason":"really"}`).refused(t, http.StatusConflict, "deduction_decided")
}

func TestDeductionsOnThePageOfAPeriod(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract, id := o.late()
	month := "/contracts/" + contract + "/periods/2026-02"
	o.browse("finance", month).shows(t, http.StatusOK,
		"Deductions for missed promises", "TKT-0041", "API timeout on bulk export", "200.00 per breach", "Decide on TKT-0041, First response: AUD 200.00")
	o.browse("auditor", month).hides(t, "Decide on TKT-0041")
	one, reason := month+"/deductions/"+id, "waiver."+id
	o.submit("finance", one+"/waive", reason, " ").shows(t, http.StatusUnprocessableEntity, "Reason must tell why", "\" open>")
	o.submit("finance", one+"/confirm", "deducted", "150").shows(t, http.StatusConflict, "comes to 200 by now")
	o.led(o.submit("finance", one+"/waive", reason, "goodwill"), "finance", month).shows(t, http.StatusOK,
		"Your waiver is noted.", "The finance asks to waive it: goodwill", "Agree to waive it")
	waived := o.led(o.submit("owner", one+"/waive", reason, "they agreed"), "owner", month)
	waived.shows(t, http.StatusOK, "Waived", "by The owner: they agreed")
	waived.hides(t, "Decide on TKT-0041")
	o.submit("owner", one+"/confirm", "deducted", "200").shows(t, http.StatusConflict)
}
