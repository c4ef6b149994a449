package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
)

// fullTerms say something in every section.
const fullTerms = `{
	"agreed":{"starts":"2026-01-01","ends":"2026-12-31","notice_days":30,"renew_months":12,"currency":"AUD","payment":{"rule":"net","days":30},
		"purchase_order":"PO-7","shows":{"alerts":true},
		"lines":[
			{"key":"support","name":"Support","type":"bucket","minutes":6000,"job_types":[{"key":"api","name":"API work","minutes":3000},{"key":"ui","name":"Screens"}]},
			{"key":"build","name":"Build","type":"fixed","job_types":[],"milestones":[{"key":"m1","name":"Discovery","due":"2026-03-31"},{"key":"m2","name":"Launch"}]}]},
	"staff":{"support_level":"24x7","conditions":[{"condition":"after_hours","weekdays":["mon","tue"],"from":"18:00","until":"09:00","priority":1}],
		"rounding":{"mode":"up","step_minutes":15},"two_approvers_above":"1000",
		"charges":[{"line":"support","mode":"postpaid_capped","overage":"allow","overage_price":"150.5","weights":[{"condition":"after_hours","percent":150}]},
			{"line":"build","amounts":[{"milestone":"m1","amount":"3536.36"},{"milestone":"m2","amount":"900"}]}],
		"penalties":[{"key":"first","name":"First response","trigger":"response","kind":"fixed_per_breach","amount":"200"}]}}`

// drafted registers a client and drafts a contract with it by the API.
func (o *office) drafted() (client, contract string) {
	o.t.Helper()
	client, _ = o.post(domain.Owner, api+"/clients", `{"name":"Nexus Corp","zone":"Australia/Sydney","language":"en-AU","currency":"AUD"}`)
	contract, _ = o.post(domain.AccountManager, api+"/clients/"+client+"/contracts", `{"reference":"CON-2026-001","terms":`+fullTerms+`}`)
	return client, contract
}

func TestAContractByTheAPI(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, id := o.drafted()
	at := api + "/contracts/" + id
	o.post(domain.AccountManager, at+"/submit", "")
	o.post(domain.AccountManager, at+"/return", `{"reason":"Wrong hours."}`)
	o.post(domain.AccountManager, at+"/revise", `{"reference":"CON-2026-002","terms":`+fullTerms+`}`)
	o.post(domain.AccountManager, at+"/submit", "")
	o.post(domain.AccountManager, at+"/offer", `{"statement":"We agree."}`)
	o.post(domain.AccountManager, at+"/accept", `{"paper":"File 7"}`)
	o.call(domain.AccountManager, http.MethodPost, at+"/activate", "").refused(t, http.StatusForbidden, "role_may_not")
	_, position := o.post(domain.Owner, at+"/activate", "")

	var one struct {
		Reference, Status, Statement string
		Used                         int `json:"used_minutes"`
		Of                           int `json:"of_minutes"`
		Terms                        struct {
			Agreed struct{ Lines []struct{ Key string } }
			Staff  *struct {
				SupportLevel string `json:"support_level"`
			}
		}
		Lines []struct{ Line string }
	}
	if tag := o.get(domain.Auditor, at, position, &one).Get("ETag"); tag == "" || one.Reference != "CON-2026-002" || one.Status != "active" || one.Of != 6000 ||
		one.Terms.Staff == nil || one.Terms.Staff.SupportLevel != "24x7" || one.Statement != "We agree." || len(one.Lines) != 1 {
		t.Errorf("the contract has the tag %s: %+v", tag, one)
	}
	one.Terms.Staff = nil
	if o.get(domain.Delivery, at, "", &one); one.Terms.Staff != nil || len(one.Terms.Agreed.Lines) != 2 {
		t.Errorf("delivery sees how it is charged: %+v", one.Terms)
	}
	var list struct{ Items []struct{ ID string } }
	for path, want := range map[string]int{
		"/contracts?client=" + client: 1, "/contracts?state=draft": 0, "/contracts?state=active": 1, "/contracts?expiring=true": 0,
		"/contracts?client=" + missing: 0, "/contracts?cursor=" + id: 0,
	} {
		if o.get(domain.Support, api+path, "", &list); len(list.Items) != want {
			t.Errorf("%s has %d contracts, want %d", path, len(list.Items), want)
		}
	}
	o.call(domain.Support, http.MethodGet, api+"/contracts?client=x", "").refused(t, http.StatusUnprocessableEntity, "invalid_fields")

	o.post(domain.Owner, at+"/suspend", `{"reason":"They asked."}`)
	o.post(domain.Owner, at+"/resume", "")
	o.post(domain.Owner, at+"/renew", `{"ends":"2027-12-31"}`)
	o.call(domain.Owner, http.MethodPost, at+"/terminate", `{"ends":"2026-03-20"}`).refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	_, position = o.post(domain.Owner, at+"/terminate", `{"reason":"Insolvency."}`)
	var ended struct {
		Status, Ends string
		Because      string `json:"ended_because"`
	}
	if o.get(domain.Finance, at, position, &ended); ended.Status != "terminated" || ended.Because != "Insolvency." || ended.Ends != "2026-03-16" {
		t.Errorf("it ended as %+v", ended)
	}
	for _, role := range []domain.Role{domain.Delivery, domain.Support} {
		ended.Because = ""
		if o.get(role, at, position, &ended); ended.Because != "" {
			t.Errorf("a %s is told why it ended: %q", role, ended.Because)
		}
	}
}

func TestAnAmendmentByTheAPI(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, id := o.drafted()
	at := api + "/contracts/" + id
	o.post(domain.Owner, at+"/activate", "")
	propose := func(base int, hours string) (amendment string) {
		more := strings.NewReplacer(`"minutes":6000`, `"minutes":`+hours, `"overage_price":"150.5"`, `"overage_price":"175"`).Replace(fullTerms)
		amendment, _ = o.post(domain.AccountManager, at+"/amendments", fmt.Sprintf(
			`{"base":%d,"effective":"2026-03-20","statement":"More hours.","reason":"They grow.","value":"900","terms":%s}`, base, more))
		return amendment
	}
	amendment := propose(1, "9000")
	each := at + "/amendments/" + amendment
	o.call(domain.AccountManager, http.MethodPost, each+"/approve", "").refused(t, http.StatusForbidden, "role_may_not")
	_, position := o.post(domain.Owner, each+"/approve", "")

	var one struct {
		Status, Reason, Value string
		Needed                int `json:"approvals_needed"`
		Approvals             []struct{ By string }
		Differences           []struct {
			Field, Before, After string
			Staff                bool
		}
		People map[string]string
	}
	o.get(domain.Auditor, each, position, &one)
	fields := map[string]bool{}
	for _, d := range one.Differences {
		fields[d.Field] = d.Staff
	}
	if one.Status != "approved" || one.Needed != 1 || one.Value != "900" || len(one.Approvals) != 1 || one.People[one.Approvals[0].By] != "The owner" {
		t.Errorf("the amendment is %+v", one)
	}
	if len(fields) != 2 || fields["lines.support.minutes"] {
		t.Errorf("it changes %+v", one.Differences)
	}
	if o.get(domain.Delivery, each, "", &one); one.Reason != "" || one.Value != "" || len(one.Differences) != 1 || one.Differences[0].Staff {
		t.Errorf("delivery sees %+v", one)
	}
	o.post(domain.AccountManager, each+"/offer", "")
	_, position = o.post(domain.AccountManager, each+"/accept", `{"paper":"File 8"}`)

	var compared struct{ Items []struct{ Field string } }
	if o.get(domain.Auditor, at+"/compare?from=1&to=2", position, &compared); len(compared.Items) != 2 {
		t.Errorf("versions differ in %+v", compared.Items)
	}
	var versions struct{ Items []struct{ Number int } }
	if o.get(domain.Support, at+"/versions", "", &versions); len(versions.Items) != 2 || versions.Items[0].Number != 2 {
		t.Errorf("versions: %+v", versions.Items)
	}
	var version struct {
		Number int
		Terms  struct{ Staff *struct{} }
	}
	if o.get(domain.Support, at+"/versions/2", "", &version); version.Number != 2 || version.Terms.Staff != nil {
		t.Errorf("version 2: %+v", version)
	}
	o.call(domain.Support, http.MethodGet, at+"/versions/3", "").refused(t, http.StatusNotFound, "no_such_version")

	o.post(domain.AccountManager, at+"/amendments/"+propose(2, "9060")+"/withdraw", "")
	third := propose(2, "9120")
	_, position = o.post(domain.Owner, at+"/amendments/"+third+"/reject", `{"reason":"Too early."}`)
	var list struct {
		Items []struct{ Status, Answer string }
	}
	o.get(domain.Finance, at+"/amendments", position, &list)
	states := map[string]string{}
	for _, item := range list.Items {
		states[item.Status] = item.Answer
	}
	if diff := cmp.Diff(map[string]string{"accepted": "", "withdrawn": "", "rejected": "Too early."}, states); diff != "" {
		t.Errorf("amendments (-want +got):\n%s", diff)
	}
}

func TestBoughtHoursByTheAPI(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, id := o.drafted()
	at := api + "/contracts/" + id
	o.post(domain.Owner, at+"/activate", "")
	bucket, _ := o.post(domain.Owner, at+"/buckets", `{"line":"support","minutes":600,"price":"1200","reason":"Order 7"}`)
	_, position := o.post(domain.Owner, at+"/buckets/"+bucket+"/adjust", `{"minutes":-60,"reason":"Goodwill"}`)
	var list struct {
		Items []struct {
			ID, Price, Source string
			Minutes           int
			Adjusted          int `json:"adjusted_minutes"`
			Adjustments       []struct{ Reason string }
		}
	}
	o.get(domain.Auditor, at+"/buckets", position, &list)
	if len(list.Items) != 2 || list.Items[0].ID != bucket || list.Items[0].Price != "1200" || list.Items[0].Adjusted != -60 || list.Items[0].Adjustments[0].Reason != "Goodwill" {
		t.Errorf("buckets: %+v", list.Items)
	}
	if o.get(domain.Delivery, at+"/buckets", "", &list); list.Items[0].Price != "" || list.Items[0].Adjustments[0].Reason != "" {
		t.Errorf("delivery sees prices or reasons: %+v", list.Items)
	}
	_, position = o.post(domain.Owner, at+"/milestones/build/m1/release", "")
	var one struct {
		Of       int `json:"of_minutes"`
		Released []struct{ Milestone, Amount string }
	}
	if o.get(domain.Auditor, at, position, &one); one.Of != 6540 || len(one.Released) != 1 || one.Released[0].Amount != "3536.36" {
		t.Errorf("the contract: %+v", one)
	}
	if o.get(domain.Support, at, "", &one); one.Released[0].Amount != "" {
		t.Errorf("support sees what a milestone is worth: %+v", one.Released)
	}
}
