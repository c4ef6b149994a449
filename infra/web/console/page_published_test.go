package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/domain/ratecard"
	"effigate/infra/web/console"
)

func TestRateCardPages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.browse("finance", "/rate-cards").shows(t, http.StatusOK, "No rate cards yet", "Publish a rate card")
	o.browse("finance", "/rate-cards/new").shows(t, http.StatusOK, "Publish a rate card", "job_type,support_level,condition,price,unit")
	// Pasted from a spreadsheet: tabs, a decimal comma, and headings as people write them.
	form := []string{
		"layer", "firm", "currency", "aud", "name", "Standard prices", "from", "2026-01-01", "reason", "Prices of 2026.",
		"rows", "Job type\tCondition\tPrice\tUnit\tMinimum\n\t\t120,00\tper hour\t\n\tAfter hours\t180\thour\t30m\n",
	}
	checked := o.submit("finance", "/rate-cards/new", append(form, "act", "check")...)
	checked.shows(t, http.StatusOK, "What would be published", "any work: 120.00 per hour", "after hours: 180.00 per hour, at least 30 min")
	o.browse("finance", "/rate-cards").shows(t, http.StatusOK, "No rate cards yet")

	path := "/rate-cards/" + ratecard.FirmDefault().String()
	card := o.led(o.submit("finance", "/rate-cards/new", append(form, "act", "publish")...), "finance", path)
	card.shows(t, http.StatusOK, "The version is published.", "Standard prices", "120.00 per hour", "after_hours", "at least 30 min", "Prices of 2026.", "Finance")
	next := o.browse("finance", path+"/publish")
	next.shows(t, http.StatusOK, "Publish version 2", "key,job_type,support_level,condition,price,unit,minimum", "after_hours,,,after_hours,180.00,hour,30m")
	change := []string{"base", "1", "name", "Standard prices", "from", "2026-07-01", "rows", "key,price\nany,125\n"}
	o.submit("finance", path+"/publish", append(change, "act", "check")...).
		shows(t, http.StatusOK, "What would change", "any work: 120.00 per hour", "any work: 125.00 per hour", "Row after_hours")
	second := o.led(o.submit("finance", path+"/publish", append(change, "act", "publish")...), "finance", path)
	second.shows(t, http.StatusOK, "What version 2 changed", "125.00 per hour")
	first := o.browse("auditor", path+"?version=1")
	first.shows(t, http.StatusOK, "Version 1", "180.00 per hour")
	first.hides(t, "What version", "125.00", "Publish the next version")
	o.submit("finance", path+"/publish", "base", "1", "name", "Standard prices", "from", "2026-07-01", "rows", "price\n130").
		shows(t, http.StatusConflict, "Version 2 was published meanwhile", "130")

	superseded := o.led(o.submit("finance", path+"/supersede", "reason", "Too dear."), "finance", path)
	superseded.shows(t, http.StatusOK, "No contract may choose this card any more.", "Too dear.")
	o.browse("account_manager", "/rate-cards").shows(t, http.StatusOK, "Standard prices", "Superseded")
}

func TestASheetOfPricesNamesTheWrongLine(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	for sheet, want := range map[string]string{
		"":                                  "must begin with a line that names the columns",
		"job_type,prize\napi,1":             `&#34;prize&#34; is none`,
		"job_type,price\napi,1\nui,dear":    "Rows are wrong in line 3: the price must be a number",
		"job_type,price\n\napi,1,2":         "Rows are wrong in line 3: it has 3 cells",
		"price,minimum\n1,soon":             "line 2: the minimum must be a time such as 30m",
		"price\n\"1":                        "cannot be read in line 2",
		"job_type,price\napi,1\napi,2":      "must have a key of its own",
		"key;price\na;1e9":                  "line 2: the price must be a number",
		"key,price,unit\nall,1,fortnight\n": "must be per hour, day or fixed",
	} {
		form := []string{"layer", "firm", "currency", "AUD", "name", "Standard", "from", "2026-01-01", "act", "publish", "rows", sheet}
		got := o.submit("finance", "/rate-cards/new", form...)
		got.shows(t, http.StatusUnprocessableEntity, want, `value="AUD"`)
	}
}

func TestCostsPage(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	card, at := o.post("finance", api+"/rate-cards", firstPrices)
	path := "/rate-cards/" + card + "/costs"
	o.browse("finance", path+"?after="+at).shows(t, http.StatusOK, "No costs yet")
	costs := o.led(o.submit("finance", path, "from", "2026-01-01", "rows", "job_type,hour\n,60\napi,64.5\n"), "finance", path)
	costs.shows(t, http.StatusOK, "The costs are published.", "Hour of api", "64.50", "Hour of any other work")
	o.submit("finance", path, "from", "2026-01-01", "rows", "job_type,hour\napi,cheap\n").
		shows(t, http.StatusUnprocessableEntity, "line 2: the hour must be a number", "api,cheap")
	read := o.browse("auditor", path)
	read.shows(t, http.StatusOK, "64.50")
	read.hides(t, "Publish the next version")
}

func TestThePageThatExplainsAPrice(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.engagement()
	_, at := o.post("finance", api+"/rate-cards", firstPrices)
	o.browse("finance", "/rate-cards/resolve?after="+at).shows(t, http.StatusOK, "CON-2024-018 of Nexus Corp")
	o.browse("finance", "/rate-cards/resolve?job_type=api&condition=after_hours&contract="+contract).
		shows(t, http.StatusOK, "AUD 180.00 per hour", "Row late of Standard prices, version 1")
	o.browse("finance", "/rate-cards/resolve?day=soon&contract="+contract).shows(t, http.StatusOK, "Day must be a day, such as 2026-03-31.")
}

func TestSLAPolicyPages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.browse("owner", "/sla-policies/new").shows(t, http.StatusOK, "Publish an SLA policy", "critical,,,30m,,4h", "Empty for 30 min.")
	form := []string{
		"name", "Support", "from", "2026-01-01", "near_breach_percent", "80", "floor_critical", "45m", "pauses_on_hold", "on",
		"targets", "priority,support_level,first_response,resolution\nCritical,24x7,30m,4h\nlow,,,120h\n",
	}
	o.submit("owner", "/sla-policies/new", append(form, "act", "check")...).
		shows(t, http.StatusOK, "Critical, 24x7", "first response 30 min, resolution 4 h", "45 min left", "stops the clock")
	answer := o.submit("owner", "/sla-policies/new", append(form, "act", "publish")...)
	path := pathOf(t, answer, "/sla-policies/")
	o.led(answer, "owner", path).shows(t, http.StatusOK, "80 % of a target", "120 h", "Stops the clock", "Goes on where the clock stopped")
	next := o.browse("owner", path+"/publish")
	next.shows(t, http.StatusOK, "critical,24x7,,30m,4h", `value="45m"`, "checked")
	wrong := o.submit("owner", path+"/publish", "base", "1", "name", "Support", "from", "2026-01-01", "targets", "priority,resolution\nurgent,1h", "floor_low", "soon")
	wrong.shows(t, http.StatusUnprocessableEntity, "must be a time such as 30m or 4h", "urgent,1h")
	o.submit("owner", path+"/publish", "base", "1", "name", "Support", "from", "2026-01-01", "targets", "priority,resolution\nurgent,1h").
		shows(t, http.StatusUnprocessableEntity, "row 1: it must have the priority critical, high, medium or low")
	read := o.browse("support", path)
	read.shows(t, http.StatusOK, "Support")
	read.hides(t, "Publish the next version", "Supersede")
}

func TestCalendarPages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.browse("owner", "/calendars/new").shows(t, http.StatusOK, "Publish a calendar", "09:00-17:00")
	form := []string{
		"name", "Sydney office", "from", "2026-01-01", "zone", "Australia/Sydney", "mon", "9:00-12:00, 13:00 - 17:30",
		"days", "day;name;holiday;hours\n12-25;Christmas Day;;\n2026-04-03;Good Friday;yes;\n2026-03-23;Move;no;09:00-12:00\n",
	}
	answer := o.submit("owner", "/calendars/new", append(form, "act", "publish")...)
	path := pathOf(t, answer, "/calendars/")
	shown := o.led(answer, "owner", path)
	shown.shows(t, http.StatusOK, "Australia/Sydney, version 1", "09:00–12:00, 13:00–17:30", "25 Dec 2026", "Christmas Day (holiday): closed, every year",
		"Good Friday (holiday): closed", "Move: 09:00–12:00", "The next 14 days")
	next := o.browse("owner", path+"/publish")
	next.shows(t, http.StatusOK, `value="09:00-12:00 13:00-17:30"`, "12-25,Christmas Day,yes,", "2026-03-23,Move,no,09:00-12:00")
	added := o.led(o.submit("owner", path+"/holidays", "date", "2026-03-24", "name", "Harvest", "holiday", "on"), "owner", path)
	added.shows(t, http.StatusOK, "The special day is added.", "Harvest (holiday): closed", "What version 2 changed")
	o.submit("owner", path+"/holidays", "date", "2026-03-25", "name", "", "hours", "all day").
		shows(t, http.StatusUnprocessableEntity, "Hours must be such as 09:00-12:00")
	o.submit("owner", path+"/holidays", "date", "2026-03-25", "name", "").shows(t, http.StatusUnprocessableEntity, "Name must have 1 to 200 characters")
	o.browse("owner", path+"/import-holidays").shows(t, http.StatusOK, "Show the days", "Australia, New South Wales", `value="2026" selected`)
	const chosen = "?place=AU-NSW&from=2026&to=2026"
	o.browse("owner", path+"/import-holidays"+chosen).shows(t, http.StatusOK, "Boxing Day (substitute day)", "Stays as it is", "Add 11 days")
	o.browse("owner", path+"/import-holidays?place=AU-X&from=2026&to=x").shows(t, http.StatusOK, "Region must be the code of a region", "To must be a year from the first one to 2035")
	o.submit("owner", path+"/import-holidays", "place", "XX", "from", "2026", "to", "2026").shows(t, http.StatusUnprocessableEntity, "Country must be the code of a country")
	o.led(o.submit("owner", path+"/import-holidays", "place", "AU-NSW", "from", "2026", "to", "2026"), "owner", path).
		shows(t, http.StatusOK, "The holidays are added.", "Easter Sunday (holiday): closed", "Holidays of Australia, New South Wales, 2026")
	o.browse("owner", path+"/import-holidays"+chosen).shows(t, http.StatusOK, "The calendar has all of them.")
	o.submit("owner", path+"/publish", "base", "2", "name", "Sydney office", "from", "2026-01-01", "zone", "Australia/Sydney", "mon", "late").
		shows(t, http.StatusUnprocessableEntity, "Mon must be such as 09:00-12:00")
	o.submit("owner", path+"/publish", "base", "2", "name", "Sydney office", "from", "2026-01-01", "zone", "Australia/Sydney", "always", "on", "days", "day,name\nsoon,Holiday").
		shows(t, http.StatusUnprocessableEntity, "line 2: the day must be such as 2026-12-24, or 12-25 for each year")
	o.led(o.submit("owner", path+"/supersede", "reason", "Moved."), "owner", path).shows(t, http.StatusOK, "Moved.")
	for _, missing := range []string{path + "?version=4", path + "?version=x", "/calendars/" + missing} {
		if got := o.browse("owner", missing); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", missing, got.status)
		}
	}
}

// pathOf gives where a form led.
func pathOf(t *testing.T, r reply, below string) string {
	t.Helper()
	path, _, _ := strings.Cut(r.header.Get("Location"), "?")
	if !regexp.MustCompile(`^` + below + `[0-9a-f-]{36}$`).MatchString(path) {
		t.Fatalf("answered %d to %q: %s", r.status, path, r.body)
	}
	return path
}

func TestParseMinutes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "30": 30, "30m": 30, "4h": 240, "1h30m": 90, "0m": 0, "-1": -1, "1.5": -1, "30s": -1, "2d": -1, "soon": -1} {
		minutes, ok := console.ParseMinutes(text)
		if ok != (want >= 0) || ok && minutes != want {
			t.Errorf("%q is %d, %t; want %d", text, minutes, ok, want)
		}
	}
}

func TestParseIntervals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]calendar.Interval{
		"": nil, "closed": nil, " Closed ": nil,
		"9:00-17:00":                {{From: "09:00", Until: "17:00"}},
		"09:00 – 12:00,13:00-24:00": {{From: "09:00", Until: "12:00"}, {From: "13:00", Until: "24:00"}},
	} {
		got, ok := console.ParseIntervals(text)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q, %t (-want +got):\n%s", text, ok, diff)
		}
	}
	for _, text := range []string{"9-17", "09:00", "09:00-", "all day", "09:00-17:00 late"} {
		if got, ok := console.ParseIntervals(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// Whatever is pasted, reading it ends in rows or in a word about them.
func FuzzParseSheet(f *testing.F) {
	for _, seed := range []string{"", "price\n1", "key;price\na;1,5\n", "price\tunit\n\"1\n", "\ufeffprice\n\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := console.ReadRateSheet(text)
		if err == nil && len(rows) > ratecard.MaxRows {
			t.Errorf("%d rows of %q", len(rows), text)
		}
	})
}
