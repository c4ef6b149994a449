package console_test

import (
	"net/http"
	"testing"

	"effigate/domain"
)

// timed is a time record as the API shows it, as far as tests look at it.
type timed struct {
	ID            string `json:"id"`
	Month         string `json:"month"`
	Day           string `json:"day"`
	Status        string `json:"status"`
	Seconds       int64  `json:"seconds"`
	BilledMinutes int64  `json:"billed_minutes"`
	JobTypeName   string `json:"job_type_name"`
	Reference     string `json:"reference"`
	Overlaps      bool   `json:"overlaps"`
	ReturnReason  string `json:"return_reason"`
	Source        struct {
		Kind string `json:"kind"`
	} `json:"source"`
	Parts []struct {
		Condition string `json:"condition"`
		Seconds   int64  `json:"seconds"`
	} `json:"parts"`
	Overlap []struct {
		ID string `json:"id"`
	} `json:"overlap"`
}

// fixedPrice puts a contract in force whose first month is the present one, so that its books are open.
func (o *office) fixedPrice() (contract string) {
	o.t.Helper()
	client, _ := o.post(domain.Owner, api+"/clients", `{"name":"Nexus Corp","zone":"Australia/Sydney","language":"en-AU","currency":"AUD"}`)
	contract, _ = o.post(domain.Owner, api+"/clients/"+client+"/contracts", `{
		"reference":"CON-2026-001","type":"fixed","job_types":[{"key":"api","name":"API"}],"support_level":"priority","starts":"2026-03-01","activate":true}`)
	return contract
}

const morning = `"job_type":"api","from":"2026-03-16T07:00:00Z","until":"2026-03-16T08:30:00Z","zone":"UTC","description":"Export"`

// logs logs an hour and a half of the morning as an engineer.
func (o *office) logs(contract, more string) (record, position string) {
	o.t.Helper()
	return o.post(domain.Engineer, api+"/time", `{"contract":"`+contract+`",`+morning+more+`}`)
}

// times is what a command on records of March takes.
func times(contract, record string) string {
	return `{"contract":"` + contract + `","month":"2026-03","times":["` + record + `"]`
}

func TestLifeOfATimeRecord(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	contract := o.fixedPrice()
	id, position := o.logs(contract, "")
	read := func(role domain.Role, after string) (r timed) {
		t.Helper()
		o.get(role, api+"/time/"+id, after, &r)
		return r
	}
	got := read(domain.Engineer, position)
	if got.Status != "draft" || got.Day != "2026-03-16" || got.Month != "2026-03" || got.Seconds != 5400 || got.Source.Kind != "manual" || got.JobTypeName == "" {
		t.Errorf("logged: %+v", got)
	}
	o.call(domain.Support, http.MethodGet, api+"/time/"+id, "").refused(t, http.StatusForbidden, "not_yours")
	o.post(domain.Engineer, api+"/time/"+id+"/revise", `{"job_type":"api","from":"2026-03-16T07:00:00Z","until":"2026-03-16T08:00:00Z","zone":"UTC","description":"Export"}`)
	o.post(domain.Engineer, api+"/time/submit", times(contract, id)+`}`)
	_, position = o.post(domain.Delivery, api+"/time/return", times(contract, id)+`,"reason":"Which file?"}`)
	if got = read(domain.Delivery, position); got.Status != "returned" || got.ReturnReason != "Which file?" || got.Seconds != 3600 {
		t.Errorf("returned: %+v", got)
	}
	o.post(domain.Engineer, api+"/time/submit", times(contract, id)+`}`)
	_, position = o.post(domain.Delivery, api+"/time/approve", times(contract, id)+`}`)
	if got = read(domain.Owner, position); got.Status != "approved" || got.BilledMinutes != 60 || len(got.Parts) != 1 || got.Parts[0].Seconds != 3600 {
		t.Errorf("approved: %+v", got)
	}
	var books struct {
		Status string `json:"status"`
		Totals []struct {
			Status string `json:"status"`
			Billed int64  `json:"billed_minutes"`
		} `json:"totals"`
	}
	o.get(domain.Finance, api+"/periods/"+contract+"/2026-03", position, &books)
	if books.Status != "open" || len(books.Totals) != 1 || books.Totals[0].Billed != 60 {
		t.Errorf("period: %+v", books)
	}
	o.call(domain.Engineer, http.MethodGet, api+"/periods/"+contract+"/2026-03", "").refused(t, http.StatusForbidden, "role_may_not")
}

// An account manager sees what time is worth, and never the rate card: neither its rows nor why one won (F26).
func TestPricesOfTimeAreForWhoReadsRates(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.post(domain.Finance, api+"/rate-cards", `{"name":"Standard prices","layer":"firm","currency":"AUD","from":"2026-01-01","rows":[{"key":"any","price":"120","unit":"hour"}]}`)
	client, _ := o.post(domain.Owner, api+"/clients", `{"name":"Nexus Corp","zone":"Australia/Sydney","language":"en-AU","currency":"AUD"}`)
	contract, _ := o.post(domain.Owner, api+"/clients/"+client+"/contracts", `{
		"reference":"CON-2026-001","type":"time_and_materials","job_types":[{"key":"api","name":"API"}],"support_level":"priority","starts":"2026-03-01","activate":true}`)
	record, _ := o.logs(contract, `,"submit":true`)
	_, position := o.post(domain.Delivery, api+"/time/approve", times(contract, record)+"}")
	for role, sees := range map[domain.Role]struct{ price, worth string }{
		domain.Finance: {"120", "180"}, domain.AccountManager: {"", "180"}, domain.Delivery: {"", ""}, domain.Engineer: {"", ""},
	} {
		var one struct {
			Parts []struct {
				Worth string
				Price struct {
					Amount string
					Row    string
					Why    []string
				}
			}
		}
		o.get(role, api+"/time/"+record, position, &one)
		if len(one.Parts) != 1 {
			t.Fatalf("a %s sees %d parts", role, len(one.Parts))
		}
		if got := one.Parts[0]; got.Price.Amount != sees.price || got.Worth != sees.worth || (len(got.Price.Why) > 0) != (sees.price != "") {
			t.Errorf("a %s sees %+v", role, got)
		}
	}
}

func TestOverlapsAndOwnTime(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	contract := o.fixedPrice()
	first, _ := o.logs(contract, "")
	second, _ := o.post(domain.Engineer, api+"/time", `{"contract":"`+contract+`","job_type":"api","from":"2026-03-16T08:00:00Z","until":"2026-03-16T09:00:00Z","zone":"UTC","description":"Import"}`)
	third, position := o.post(domain.Engineer, api+"/time", `{"contract":"`+contract+`","job_type":"api","from":"2026-03-16T09:00:00Z","until":"2026-03-16T09:30:00Z","zone":"UTC","description":"Import"}`)
	overlaps := func(role domain.Role, after string) map[string]bool {
		t.Helper()
		var list struct{ Items []timed }
		o.get(role, api+"/time?from=2026-03-16&to=2026-03-16", after, &list)
		found := map[string]bool{}
		for _, item := range list.Items {
			found[item.ID] = item.Overlaps
		}
		return found
	}
	if got := overlaps(domain.Engineer, position); len(got) != 3 || !got[first] || !got[second] || got[third] {
		t.Errorf("overlaps: %v", got)
	}
	if got := overlaps(domain.Delivery, position); len(got) != 3 {
		t.Errorf("whoever sees all time sees %v", got)
	}
	if got := overlaps(domain.Support, position); len(got) != 0 {
		t.Errorf("whoever sees the own time alone sees %v", got)
	}
	var one timed
	o.get(domain.Engineer, api+"/time/"+first, position, &one)
	if len(one.Overlap) != 1 || one.Overlap[0].ID != second {
		t.Errorf("overlap: %+v", one.Overlap)
	}
	_, position = o.post(domain.Engineer, api+"/time/"+second+"/discard", "")
	if got := overlaps(domain.Engineer, position); len(got) != 2 || got[first] {
		t.Errorf("after one was discarded: %v", got)
	}
}

func TestTheWeekOfAnEngineer(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	contract := o.fixedPrice()
	o.world.Read(t, nothing)
	work := []string{"work", contract + " api", "zone", "UTC", "day", "2026-03-16", "week", "2026-03-16"}
	form := func(more ...string) []string { return append(append([]string{}, work...), more...) }

	wrong := o.submit("engineer", "/time", form("from", "nine", "until", "10:00")...)
	wrong.shows(t, http.StatusUnprocessableEntity, "From must be a time", `value="nine"`)
	week := o.led(o.submit("engineer", "/time", form("from", "08:00", "until", "09:30", "description", "Export")...), "engineer", "/time")
	week.shows(t, http.StatusOK, "The time is logged.", "08:00–09:30", "1 h 30 min", "Export", "Hand in 1 draft")
	o.browse("support", "/time").hides(t, "08:00–09:30")
	handed := o.led(o.submit("engineer", "/time/submit", "week", "2026-03-16"), "engineer", "/time")
	handed.shows(t, http.StatusOK, "handed in", "Submitted")
	handed.hides(t, "Hand in")

	waiting := o.browse("delivery", "/approvals")
	waiting.shows(t, http.StatusOK, "08:00–09:30", "1 record")
	var list struct{ Items []timed }
	o.get(domain.Engineer, api+"/time", "", &list)
	id := list.Items[0].ID
	approved := o.led(o.submit("delivery", "/approvals", "contract", contract, "month", "2026-03", "time", id, "act", "approve"), "delivery", "/approvals")
	approved.shows(t, http.StatusOK, "Nothing waits")
	o.browse("owner", "/time/"+id).shows(t, http.StatusOK, "Approved", "How it was counted", "Regular")
	o.browse("finance", "/contracts/"+contract+"/periods/2026-03").shows(t, http.StatusOK, "Open", "Approved", "Not yet: it is not over")
	o.browse("finance", "/contracts/"+contract+"/periods/2026-04").shows(t, http.StatusOK, "The period is not open")
	o.browse("account_manager", "/contracts/"+contract+"/forecasts").shows(t, http.StatusOK, "No forecast yet")
}

func TestTheTimer(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	contract := o.fixedPrice()
	o.world.Read(t, nothing)
	running := o.led(o.submit("engineer", "/time", "work", contract+" api", "zone", "UTC", "timer", "on", "description", "Export"), "engineer", "/time")
	running.shows(t, http.StatusOK, "The timer runs.", "Stop and log it", `value="Export"`)
	o.led(o.submit("engineer", "/timer", "act", "describe", "description", "Import"), "engineer", "/time").shows(t, http.StatusOK, `value="Import"`)
	var timer struct {
		Running     bool   `json:"running"`
		Description string `json:"description"`
	}
	o.get(domain.Engineer, api+"/timer", "", &timer)
	if !timer.Running || timer.Description != "Import" {
		t.Errorf("timer: %+v", timer)
	}
	stopped := o.led(o.submit("engineer", "/timer", "act", "discard"), "engineer", "/time")
	stopped.shows(t, http.StatusOK, "Nothing was logged")
	stopped.hides(t, "Stop and log it")
}

func TestTheBooksOfAMonth(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, _ := o.post(domain.Owner, api+"/clients", `{"name":"Nexus Corp","zone":"Australia/Sydney","language":"en-AU","currency":"AUD"}`)
	contract, _ := o.post(domain.Owner, api+"/clients/"+client+"/contracts", `{
		"reference":"CON-2026-001","type":"fixed","job_types":[{"key":"api","name":"API"}],"support_level":"priority","starts":"2026-02-01","activate":true}`)
	o.world.Read(t, nothing)
	month := "/contracts/" + contract + "/periods/2026-02"
	o.led(o.submit("finance", month+"/open"), "finance", month).shows(t, http.StatusOK, "Nothing: it is the first period", "Close it")
	o.submit("finance", month+"/charges", "line", "work", "text", "Hosting", "amount", "a lot").shows(t, http.StatusUnprocessableEntity, "Amount must be an amount", `value="a lot"`)
	var said struct {
		Terms struct {
			Agreed struct {
				Lines []struct {
					Key string `json:"key"`
				} `json:"lines"`
			} `json:"agreed"`
		} `json:"terms"`
	}
	o.get(domain.Owner, api+"/contracts/"+contract, "", &said)
	charged := o.submit("finance", month+"/charges", "line", said.Terms.Agreed.Lines[0].Key, "text", "Hosting", "amount", "120.50")
	o.led(charged, "finance", month).shows(t, http.StatusOK, "Hosting", "AUD 120.50")
	o.led(o.submit("finance", month+"/close"), "finance", month).shows(t, http.StatusOK, "The period is closed.", "Closed", "AUD 120.50</strong>")
	o.browse("finance", "/contracts/"+contract+"/periods/2026-03").shows(t, http.StatusOK, "From February 2026")
	o.submit("finance", month+"/charges", "line", said.Terms.Agreed.Lines[0].Key, "text", "Late", "amount", "1").shows(t, http.StatusConflict)
	var books struct {
		Values []struct {
			Total string `json:"total"`
		} `json:"values"`
	}
	o.get(domain.Finance, api+"/periods/"+contract+"/2026-02", "", &books)
	if len(books.Values) != 1 || books.Values[0].Total != "120.5" {
		t.Errorf("values: %+v", books.Values)
	}
}
