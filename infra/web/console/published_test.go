package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/domain/ratecard"
	"effigate/infra/accounts"
)

// change is what a version changed.
type change struct{ What, Before, After string }

// version is what the API gives of a thing in versions.
type version struct {
	Name    string
	Version int
	Shown   struct {
		Version int
		Rows    []struct{ Key, Price string }
	}
	Changes  []change
	Versions []struct {
		Version int
		From    string
	}
	People map[string]string
}

const firstPrices = `{"layer":"firm","name":"Standard prices","currency":"AUD","from":"2026-01-01","reason":"Prices of 2026.","rows":[
	{"key":"any","price":"120.00","unit":"hour"},{"key":"late","condition":"after_hours","price":"180","unit":"hour","minimum_minutes":30}]}`

// sensitive lists whatever staff read that is kept from most.
func (o *office) sensitive() []string {
	o.t.Helper()
	entries, err := o.staff.Entries(o.t.Context(), accounts.EntryFilter{Kind: accounts.KindSensitive})
	if err != nil {
		o.t.Fatal(err)
	}
	subjects := make([]string, len(entries))
	for i, entry := range entries {
		subjects[i] = entry.Subject
	}
	return subjects
}

func TestRateCards(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	card, _ := o.post(domain.Finance, api+"/rate-cards", firstPrices)
	if card != ratecard.FirmDefault().String() {
		t.Fatalf("the firm's card is %s", card)
	}
	o.world.Read(t, nothing)
	_, at := o.post(domain.Finance, api+"/rate-cards/"+card+"/versions", `{"base":1,"name":"Standard prices","from":"2026-07-01","rows":[
		{"key":"any","price":"125","unit":"hour"},{"key":"api","job_type":"api","price":"150","unit":"hour"}]}`)
	var got version
	o.get(domain.Auditor, api+"/rate-cards/"+card, at, &got)
	want := []change{
		{"Row any", "any work: 120.00 per hour", "any work: 125.00 per hour"},
		{"Row api", "", "api: 150.00 per hour"},
		{"Row late", "after hours: 180.00 per hour, at least 30 min", ""},
	}
	if diff := cmp.Diff(want, got.Changes); diff != "" || got.Shown.Version != 2 || len(got.Versions) != 2 || got.Versions[1].From != "2026-01-01" {
		t.Errorf("the newest version is %+v (-want +got):\n%s", got, diff)
	}
	o.get(domain.Auditor, api+"/rate-cards/"+card+"?version=1", at, &got)
	if len(got.Changes) != 0 || got.Shown.Version != 1 || got.Shown.Rows[0].Price != "120" || got.Version != 2 {
		t.Errorf("version 1 is %+v", got)
	}
	if diff := cmp.Diff([]string{"rate card " + card}, o.sensitive()); diff != "" { // Within a minute they count as one.
		t.Errorf("reads in the access log (-want +got):\n%s", diff)
	}
	got1 := o.call(domain.Auditor, http.MethodGet, api+"/rate-cards/"+card+"?version=3", "")
	got1.refused(t, http.StatusNotFound, "no_such_version")
	stale := o.call(domain.Finance, http.MethodPost, api+"/rate-cards/"+card+"/versions", `{"base":1,"name":"Other","from":"2026-07-01","rows":[{"key":"any","price":"1","unit":"hour"}]}`)
	stale.refused(t, http.StatusConflict, "version_changed")
}

// An account manager gets to know which cards there are, and no price by any way.
func TestTheSummaryOfRateCardsHasNoPrice(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	card, at := o.post(domain.Finance, api+"/rate-cards", strings.ReplaceAll(strings.ReplaceAll(firstPrices, "120.00", "77712.5"), "180", "77734.25"))
	list := o.call(domain.AccountManager, http.MethodGet, api+"/rate-cards", "", "Effigate-After", at)
	for _, want := range []string{`"Standard prices"`, `"firm"`, `"row_count":2`, `"job_types":"*"`, `"from":"2026-01-01"`} {
		if !strings.Contains(string(list.body), want) {
			t.Errorf("the summary has no %s: %s", want, list.body)
		}
	}
	answers := []reply{list, o.browse("account_manager", "/rate-cards")}
	for _, path := range []string{api + "/rate-cards/" + card, api + "/rate-cards/" + card + "/costs", api + "/rate-cards/resolve?job_type=api&contract=" + missing} {
		refused := o.call(domain.AccountManager, http.MethodGet, path, "")
		if refused.status != http.StatusForbidden {
			t.Errorf("%s as account manager: %d", path, refused.status)
		}
		answers = append(answers, refused)
	}
	for _, path := range []string{"/rate-cards/" + card, "/rate-cards/" + card + "/costs", "/rate-cards/resolve"} {
		refused := o.browse("account_manager", path)
		if refused.status != http.StatusForbidden {
			t.Errorf("%s as account manager: %d", path, refused.status)
		}
		answers = append(answers, refused)
	}
	for _, answer := range answers {
		if strings.Contains(string(answer.body), "777") {
			t.Errorf("a price is in %s", answer.body)
		}
	}
}

func TestCosts(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	card, at := o.post(domain.Finance, api+"/rate-cards", firstPrices)
	var none struct {
		Versions []any
		Shown    struct{ Rows []any }
	}
	o.get(domain.Finance, api+"/rate-cards/"+card+"/costs", at, &none)
	if len(none.Versions) != 0 || len(none.Shown.Rows) != 0 {
		t.Errorf("before there are costs: %+v", none)
	}
	o.post(domain.Finance, api+"/rate-cards/"+card+"/costs", `{"from":"2026-01-01","rows":[{"hour":"60"},{"job_type":"api","hour":"64.5"}]}`)
	_, at = o.post(domain.Finance, api+"/rate-cards/"+card+"/costs", `{"from":"2026-07-01","rows":[{"hour":"60"},{"job_type":"api","hour":"70"}]}`)
	var got version
	o.get(domain.Finance, api+"/rate-cards/"+card+"/costs", at, &got)
	if diff := cmp.Diff([]change{{"Hour of api", "64.50", "70.00"}}, got.Changes); diff != "" || len(got.Versions) != 2 {
		t.Errorf("%d versions of costs (-want +got):\n%s", len(got.Versions), diff)
	}
	if diff := cmp.Diff([]string{"costs of rate card " + card}, o.sensitive()); diff != "" {
		t.Errorf("reads in the access log (-want +got):\n%s", diff)
	}
}

func TestThePriceExplainsItself(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.engagement()
	o.post(domain.Finance, api+"/rate-cards", firstPrices)
	_, at := o.post(domain.Finance, api+"/rate-cards", `{"layer":"client","client":"`+client+`","name":"Nexus","currency":"AUD","from":"2026-03-01","rows":[
		{"key":"api","job_type":"api","price":"99","unit":"hour"}]}`)
	for _, c := range []struct{ query, layer, price string }{
		{"job_type=api&day=2026-03-01", "client", "99"},
		{"job_type=api&day=2026-02-28", "firm", "120"},
		{"job_type=ui&condition=after_hours", "firm", "180"},
	} {
		var got struct {
			Found        bool
			Layer        string
			Row          struct{ Price string }
			Why          []string
			SupportLevel string `json:"support_level"`
		}
		o.get(domain.Finance, api+"/rate-cards/resolve?"+c.query+"&contract="+contract, at, &got)
		if !got.Found || got.Layer != c.layer || got.Row.Price != c.price || len(got.Why) == 0 || got.SupportLevel != "priority" {
			t.Errorf("%s is %+v, want the price %s of the layer %s", c.query, got, c.price, c.layer)
		}
	}
	none := o.call(domain.Finance, http.MethodGet, api+"/rate-cards/resolve?job_type=api&contract="+missing, "")
	none.refused(t, http.StatusNotFound, "no_such_contract")
}

func TestSLAPolicies(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	policy, _ := o.post(domain.Owner, api+"/sla-policies", `{"name":"Support","from":"2026-01-01","policy":{"targets":[
		{"priority":"critical","support_level":"24x7","first_response_minutes":30,"resolution_minutes":240}]}}`)
	_, at := o.post(domain.Owner, api+"/sla-policies/"+policy+"/versions", `{"base":1,"name":"Support","from":"2026-07-01","policy":{
		"targets":[{"priority":"critical","support_level":"24x7","first_response_minutes":15,"resolution_minutes":240}],
		"floors":[{"priority":"critical","minutes":45}],"pauses_on_hold":true}}`)
	var got version
	o.get(domain.Support, api+"/sla-policies/"+policy, at, &got)
	want := []change{
		{"Critical, 24x7", "first response 30 min, resolution 4 h", "first response 15 min, resolution 4 h"},
		{"Near breach, critical", "30 min left", "45 min left"},
		{"On hold", "does not stop the clock", "stops the clock"},
	}
	if diff := cmp.Diff(want, got.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	o.post(domain.Owner, api+"/sla-policies/"+policy+"/supersede", `{"reason":"Old."}`)
	wrong := o.call(domain.Owner, http.MethodPost, api+"/sla-policies", `{"name":"Support","from":"2026-01-01","policy":{"targets":[{"priority":"urgent","resolution_minutes":1}]}}`)
	wrong.refused(t, http.StatusUnprocessableEntity, "invalid_fields")
}

func TestCalendars(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	id, _ := o.post(domain.Owner, api+"/calendars", `{"name":"Sydney office","from":"2026-01-01","calendar":{"zone":"Australia/Sydney","week":[
		{"weekday":"mon","hours":[{"from":"09:00","until":"12:00"},{"from":"13:00","until":"17:30"}]},{"weekday":"sun","hours":[{"from":"00:00","until":"24:00"}]}]}}`)
	_, at := o.post(domain.Owner, api+"/calendars/"+id+"/holidays", `{"date":"2026-03-23","name":"Harvest","holiday":true}`)
	var got struct {
		version
		Ahead []struct {
			Date, Weekday, Holiday string
			Open                   []struct{ From, Until string }
		}
	}
	o.get(domain.Support, api+"/calendars/"+id, at, &got)
	if diff := cmp.Diff([]change{{"2026-03-23", "", "Harvest (holiday): closed"}}, got.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	// It is Monday, 16 March in Sydney.
	if len(got.Ahead) != 14 || got.Ahead[0].Date != "2026-03-16" || got.Ahead[0].Weekday != "Monday" || len(got.Ahead[0].Open) != 2 || got.Ahead[0].Open[1].Until != "17:30" {
		t.Errorf("ahead: %+v", got.Ahead)
	}
	if day := got.Ahead[6]; day.Open[0].From != "00:00" || day.Open[0].Until != "24:00" {
		t.Errorf("the whole Sunday is %+v", day)
	}
	if day := got.Ahead[7]; day.Holiday != "Harvest" || len(day.Open) != 0 {
		t.Errorf("the holiday is %+v", day)
	}
	holidaysOf(o, id)
	twice := o.call(domain.Owner, http.MethodPost, api+"/calendars/"+id+"/holidays", `{"date":"2026-02-30","name":"None"}`)
	twice.refused(t, http.StatusUnprocessableEntity, "invalid_fields")
}

// holidaysOf imports those of a country into a calendar that has one special day.
func holidaysOf(o *office, id string) {
	o.t.Helper()
	var places struct {
		FirstYear int `json:"first_year"`
		Items     []struct{ Country, Region, Name string }
	}
	o.get(domain.Support, api+"/holiday-places", "", &places)
	if len(places.Items) < 20 || places.FirstYear == 0 {
		o.t.Errorf("the places are %+v", places)
	}
	asked := api + "/calendars/" + id + "/holidays?country=NZ&from=2026&to=2026"
	proposed := func(at string) (all, kept int) {
		var got struct {
			Items []struct {
				Date, Weekday, Name string
				Kept                bool
			}
		}
		o.get(domain.Support, asked, at, &got)
		for _, item := range got.Items {
			if item.Kept {
				kept++
			}
		}
		return len(got.Items), kept
	}
	all, kept := proposed("")
	_, at := o.post(domain.Owner, api+"/calendars/"+id+"/holidays", `{"date":"2026-12-25","name":"Half a day","hours":[{"from":"09:00","until":"12:00"}]}`)
	if _, kept := proposed(at); all != 13 || kept != 1 {
		o.t.Errorf("%d are proposed, of which %d stay as they are", all, kept)
	}
	if kept != 0 {
		o.t.Errorf("%d stay as they are in a calendar without any", kept)
	}
	for range 2 { // The second time nothing is left to add.
		_, at = o.post(domain.Owner, api+"/calendars/"+id+"/import-holidays", `{"country":"NZ","from":2026,"to":2026}`)
		if all, kept := proposed(at); all != kept {
			o.t.Errorf("%d of %d are there", kept, all)
		}
	}
	var got version
	o.get(domain.Support, api+"/calendars/"+id, at, &got)
	if len(got.Changes) != 12 || len(got.Versions) != 4 {
		o.t.Errorf("the import made of the calendar %+v", got)
	}
	for _, wrong := range []string{`{"country":"NZ","region":"NSW","from":2026,"to":2026}`, `{"country":"NZ","from":2026,"to":2025}`} {
		o.call(domain.Owner, http.MethodPost, api+"/calendars/"+id+"/import-holidays", wrong).refused(o.t, http.StatusUnprocessableEntity, "invalid_fields")
	}
}
