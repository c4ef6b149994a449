package portal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/infra/postgres"
	"effigate/infra/web/browsertest"
	"effigate/infra/web/portal"
	"effigate/readmodels/client"
)

// A60: an invoice says its days alike to whoever reads it, from UTC−11 to UTC+14, and on whatever clock it is served:
// they are the issuer's days, no instants. The invoice is of 1 March and due on the 31st.
func TestAnInvoiceSaysItsDaysAlikeEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	invoice, note := "/invoices/"+acmes.number(), "/credit-notes/"+acmes.noteNumber()
	const statement = "/statement?from=2026-01-01&to=2026-03-31"
	browser, address := browsertest.New(t), as(t, w, "ada")
	pages := map[string][]string{
		"/invoices?filter=all": {"1 Mar 2026", "31 Mar 2026"}, invoice: {"1 Mar 2026", "31 Mar 2026"},
		note: {"2 Mar 2026"}, statement: {"1 Mar 2026", "2 Mar 2026"},
	}
	read := map[string]string{}
	for _, zone := range []string{"Australia/Sydney", "Pacific/Niue", "Pacific/Kiritimati"} {
		page := browser.Open(t, address, browsertest.Zone(zone))
		for path, days := range pages {
			page.Goto(path)
			text := page.Text()
			for _, day := range days {
				if !strings.Contains(text, day) {
					t.Errorf("in %s %s does not say %s:\n%s", zone, path, day, text)
				}
			}
			for _, wrong := range []string{"28 Feb 2026", "30 Mar 2026", "1 Apr 2026"} {
				if strings.Contains(text, wrong) {
					t.Errorf("in %s %s says %s:\n%s", zone, path, wrong, text)
				}
			}
			if first, known := read[path]; known && text != first {
				t.Errorf("in %s %s reads differently (-Sydney +there):\n%s", zone, path, cmp.Diff(first, text))
			}
			read[path] = text
		}
	}

	served := map[string]string{}
	for _, hours := range []int{0, -11, 14} {
		there := time.FixedZone("there", hours*3600)
		p := newPortal(t, postgres.ClientReads{Reads: w.reads}, w.accounts, w.commands, func(o *portal.Options) { o.Now = func() time.Time { return now.In(there) } })
		for _, path := range []string{
			base + "/invoices?filter=all", base + invoice, base + note, base + statement, base + statement + "&format=csv&currency=AUD",
			base + statement + "&format=pdf&currency=AUD", base + invoice + "/pdf", base + invoice + "/xml", base + invoice + "/csv",
		} {
			got := call(p, http.MethodGet, path, "ada", "")
			if got.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", path, got.Code, got.Body)
			}
			body := got.Body.String()
			if first, known := served[path]; known && body != first {
				t.Errorf("on a clock at UTC%+d %s answers otherwise:\n%s", hours, path, cmp.Diff(first, body))
			}
			served[path] = body
		}
	}
	for _, path := range []string{base + "/invoices?filter=all", base + invoice} {
		if !strings.Contains(served[path], `"date":"2026-03-01"`) || !strings.Contains(served[path], `"due":"2026-03-31"`) {
			t.Errorf("%s says other days: %s", path, served[path])
		}
	}
}

// A66: the days that a statement is asked for, and those of its rows, are of the one zone that its file states, on
// whatever clock it is served: what lies on the first and on the last day is in it, and nothing else.
func TestAStatementIsOfTheDaysThatItWasAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for _, hours := range []int{0, -11, 14} {
		there := time.FixedZone("there", hours*3600)
		p := newPortal(t, postgres.ClientReads{Reads: w.reads}, w.accounts, w.commands, func(o *portal.Options) { o.Now = func() time.Time { return now.In(there) } })
		for _, test := range []struct {
			from, to, opening string
			days              []string
		}{
			{"2026-03-01", "2026-03-01", "0", []string{"2026-03-01"}},
			{"2026-03-02", "2026-03-02", "4136", []string{"2026-03-02", "2026-03-02"}},
			{"2026-02-28", "2026-03-02", "0", []string{"2026-03-01", "2026-03-02", "2026-03-02"}},
		} {
			path := base + "/statement?from=" + test.from + "&to=" + test.to
			said := decode[client.Statement](t, call(p, http.MethodGet, path, "ada", ""), http.StatusOK)
			file := decode[portal.StatementFile](t, call(p, http.MethodGet, path+"&format=csv&currency=AUD", "ada", ""), http.StatusOK)
			if len(said.Currencies) != 1 || said.Currencies[0].Opening != test.opening || file.Zone != "Australia/Sydney" || file.From != test.from || file.To != test.to {
				t.Fatalf("at UTC%+d %s: %+v, as a file %+v", hours, path, said, file)
			}
			for _, rows := range [][]client.StatementRow{said.Currencies[0].Rows, file.Rows} {
				var days []string
				for _, row := range rows {
					days = append(days, row.Day)
				}
				if diff := cmp.Diff(test.days, days); diff != "" {
					t.Errorf("at UTC%+d %s (-want +got):\n%s", hours, path, diff)
				}
			}
		}
	}
}
