package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"effigate/infra/sheet"
)

// timeAccount is what `import time --json` ends with.
type timeAccount struct {
	Rows, Imported, Unchanged, Rejected int
	Rejections                          []sheet.Rejection
	Money                               moneyReport
}

// Every format's exports come into the demo: mapped, tried, imported, and again without effect.
func TestImportTime(t *testing.T) {
	t.Parallel()
	demo := spawnDemo(t)
	s := shell{t, demo.Data}
	samples := filepath.Join("..", "..", "infra", "timesheets", "testdata")
	for _, test := range []struct {
		name, format   string
		options        []string
		contract, job  string
		rows, rejected int
		money          [3]int // rows that agree, differ, and cannot be compared
	}{
		{"toggl", "toggl", nil, "CON-2024-018", "api", 8, 5, [3]int{0, 2, 0}}, // Two are older than the contract.
		{"toggl-short", "toggl", nil, "CON-2025-004", "project", 4, 2, [3]int{0, 0, 0}},
		{"clockify", "clockify", nil, "CON-2024-018", "api", 4, 1, [3]int{0, 0, 3}},
		{"clockify-24h", "clockify", []string{"--dates", "dmy"}, "CON-2025-004", "project", 3, 1, [3]int{0, 0, 2}},
		{"kimai", "kimai", nil, "CON-2024-018", "api", 5, 2, [3]int{2, 1, 0}},
		{"kimai-decimal", "kimai", nil, "CON-2025-004", "project", 3, 1, [3]int{1, 1, 0}},
		{"harvest", "harvest", []string{"--condition", "regular"}, "CON-2024-018", "api", 9, 5, [3]int{4, 0, 0}},
		{"harvest-old", "harvest", nil, "CON-2025-004", "project", 4, 2, [3]int{0, 0, 0}},
	} {
		path := filepath.Join(samples, test.name+".csv")
		call := append([]string{"import", "time", path, "--format", test.format, "--zone", "Australia/Sydney", "--quiet"}, test.options...)
		s.refused(call...) // It says nothing of what the projects are here.
		written := filepath.Join(t.TempDir(), test.name+".json")
		s.must(nil, append(call, "--write-map", written)...)
		call = append(call, "--map", completed(t, written, test.contract, test.job))
		var tried, done, again timeAccount
		s.must(&tried, append(call, "--dry-run")...)
		s.must(&done, call...)
		s.must(&again, call...)
		want := test.rows - test.rejected
		if done.Rows != test.rows || done.Imported != want || done.Rejected != test.rejected {
			t.Errorf("%s: %d rows, %d imported, %d rejected: %+v; want %d, %d, %d", test.name, done.Rows, done.Imported, done.Rejected, done.Rejections, test.rows, want, test.rejected)
		}
		if tried.Imported != done.Imported || tried.Rejected != done.Rejected {
			t.Errorf("%s: tried %+v, then did %+v", test.name, tried, done)
		}
		if got := [3]int{done.Money.Agree, done.Money.Differ, done.Money.NotComparable}; got != test.money {
			t.Errorf("%s: money %+v, want %v", test.name, done.Money, test.money)
		}
		if diff := cmp.Diff(done.Money, again.Money, cmpopts.IgnoreUnexported(moneyTotal{})); diff != "" {
			t.Errorf("%s: money the second time (-first +second):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(tried.Money, done.Money, cmpopts.IgnoreUnexported(moneyTotal{})); diff != "" {
			t.Errorf("%s: money (-tried +done):\n%s", test.name, diff)
		}
		if again.Imported != 0 || again.Unchanged != done.Imported || again.Rejected != done.Rejected {
			t.Errorf("%s: the second time %+v", test.name, again)
		}
	}
	demo.nothingImportedIsVisible(t)
}

// A row that changed in the other system is reported, and the record stays as it was.
func TestImportChangedTime(t *testing.T) {
	t.Parallel()
	demo := spawnDemo(t)
	s := shell{t, demo.Data}
	path, of := filepath.Join(t.TempDir(), "kimai.csv"), filepath.Join(t.TempDir(), "map.json")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(of, `{"people":{"tom":"Tom Hargreaves"},"projects":[{"project":"Rewrite","contract":"CON-2024-018","job_type":"api"}]}`)
	const head = "id,date,begin,end,user,project,description\n"
	call := []string{"import", "time", path, "--format", "kimai", "--zone", "Australia/Sydney", "--map", of, "--quiet"}
	write(path, head+"1,2026-03-09,09:00,10:00,tom,Rewrite,First\n")
	var account timeAccount
	s.must(&account, call...)
	write(path, head+"1,2026-03-09,09:00,11:00,tom,Rewrite,First\n2,2026-03-09,13:00,14:00,tom,Rewrite,Second\n")
	s.must(&account, call...)
	if account.Imported != 1 || account.Rejected != 1 || !strings.Contains(account.Rejections[0].Reason, "other times before") {
		t.Errorf("the changed file: %+v", account)
	}
	write(of, `{"people":{"tom":"skip"},"projects":[{"project":"Rewrite","contract":"CON-2024-018","job_type":"api"}]}`)
	s.must(&account, call...)
	if account.Rejected != 2 || !strings.Contains(account.Rejections[0].Reason, "left out") {
		t.Errorf("with nobody in the map: %+v", account)
	}
	for _, wrong := range []string{
		`{"people":{"tom":"nobody@firm.example"},"projects":[{"project":"Rewrite","contract":"CON-2024-018","job_type":"api"}]}`,
		`{"people":{"tom":"Tom Hargreaves"},"projects":[{"project":"Rewrite","contract":"CON-1","job_type":"api"}]}`,
		`{"people":{"tom":"Tom Hargreaves"},"projects":[{"project":"Rewrite","contract":"CON-2024-018","job_type":"none"}]}`,
		`{"people":{"tom":"Tom Hargreaves"},"projects":[]}`,
		`{"persons":{}}`, `[`,
	} {
		write(of, wrong)
		s.refused(call...)
	}
	s.refused("import", "time", path, "--format", "kimai", "--map", of)
	s.refused("import", "time", path, "--format", "excel", "--zone", "UTC")
	s.refused("import", "time", path, "--format", "kimai", "--zone", "Local")
}

// The money of a file changes nothing here: it is compared with what the rate card makes of each row, in a rehearsal as in
// the import, and what differs is listed with the rates that make the difference.
func TestImportComparesMoney(t *testing.T) {
	t.Parallel()
	demo := spawnDemo(t)
	s := shell{t, demo.Data}
	path, of := filepath.Join(t.TempDir(), "kimai.csv"), filepath.Join(t.TempDir(), "map.json")
	for path, text := range map[string]string{
		of: `{"people":{"tom":"Tom Hargreaves"},"projects":[{"project":"Rewrite","contract":"CON-2024-018","job_type":"api"}]}`,
		path: `id,date,begin,end,user,project,description,billable,exported,rate,currency
1,2026-03-09,09:00,10:00,tom,Rewrite,As the card says,1,0,120.00,AUD
2,2026-03-09,13:00,14:00,tom,Rewrite,An old price,1,0,"110,50",AUD
3,2026-03-09,17:00,19:00,tom,Rewrite,Into the evening,1,0,240.00,AUD
4,2026-03-10,09:00,10:00,tom,Rewrite,Another currency,1,0,70.00,EUR
5,2026-03-10,10:00,11:00,tom,Rewrite,Nobody pays for it,0,0,0,AUD
6,2026-03-10,11:00,12:00,tom,Rewrite,Somebody paid for it,0,0,"1,120.00",AUD
7,2026-03-10,13:00,14:00,tom,Rewrite,Billed there,1,1,120.00,AUD
8,2026-03-10,14:00,15:00,tom,Rewrite,No amount,1,0,,AUD
9,2026-03-10,15:00,16:00,tom,Rewrite,No currency,1,0,120.00,
10,2026-03-10,16:00,17:00,tom,Rewrite,No number,1,0,much,AUD
`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	call := []string{"import", "time", path, "--format", "kimai", "--zone", "Australia/Sydney", "--map", of, "--quiet"}
	want := moneyReport{
		Compared: 6, Agree: 3, Differ: 3, NotComparable: 3,
		Totals: []moneyTotal{{Currency: "AUD", File: "1710.50", Ours: "660.00", Difference: "-1050.50"}},
		Differences: []moneyDifference{
			{Row: 3, File: "110.50 AUD", Ours: "120.00 AUD", Currency: "AUD", Reason: "60 min regular: 120 per hour (Standard rates, version 1, row regular)"},
			{Row: 4, File: "240.00 AUD", Ours: "300.00 AUD", Currency: "AUD", Reason: "60 min regular: 120 per hour (Standard rates, version 1, row regular); " +
				"60 min after_hours: 180 per hour (Standard rates, version 1, row after-hours)"},
			{Row: 5, File: "70.00 EUR", Ours: "120.00 AUD", Currency: "AUD", Reason: "the contract has another currency; 60 min regular: 120 per hour (Standard rates, version 1, row regular)"},
			{Row: 7, File: "1120.00 AUD", Ours: "0.00 AUD", Currency: "AUD", Reason: "not billable"},
			{Row: 10, File: "120.00", Reason: "the file names no currency"},
			{Row: 11, File: "much AUD", Reason: "the file's amount is not a number"},
		},
	}
	var tried, done timeAccount
	s.must(&tried, append(call, "--dry-run")...)
	printed, err := tool(t.Context(), append(call, "--dry-run", "--data", demo.Data)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"money: 6 rows compared: 3 agree, 3 differ; 3 cannot be compared\n",
		"money: AUD in the file 1710.50, by the rate cards 660.00: a difference of -1050.50\n",
		"money: line 3: file 110.50 AUD, here 120.00 AUD: 60 min regular: 120 per hour (Standard rates, version 1, row regular)\n",
		"money: line 10: file 120.00, here unknown: the file names no currency\n",
	} {
		if !strings.Contains(printed, line) {
			t.Errorf("%q is not in\n%s", line, printed)
		}
	}
	s.must(&done, call...)
	for _, got := range []timeAccount{tried, done} {
		if diff := cmp.Diff(want, got.Money, cmpopts.IgnoreUnexported(moneyTotal{})); diff != "" || got.Imported != 10 {
			t.Errorf("%d imported; money (-want +got):\n%s", got.Imported, diff)
		}
	}
}

// completed fills in what a written map leaves open.
func completed(t *testing.T, path, contract, jobType string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m timeMap
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for name, said := range m.People {
		if said == mapOpen {
			m.People[name] = "Tom Hargreaves"
		}
	}
	for i := range m.Projects {
		if m.Projects[i].Contract != contract {
			t.Errorf("%+v: proposed another contract than %s, the only one of the client", m.Projects[i], contract)
		}
		m.Projects[i].JobType = jobType
	}
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// nothingImportedIsVisible looks for the texts of the files in the client database.
func (d demoWorldPrinted) nothingImportedIsVisible(t *testing.T) {
	t.Helper()
	owner, err := pgx.Connect(t.Context(), d.ClientURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context()) //nolint:errcheck // it was only read
	var schema string
	if err := owner.QueryRow(t.Context(), `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'gen_%' ORDER BY nspname DESC LIMIT 1`).Scan(&schema); err != nil {
		t.Fatal(err)
	}
	var seen int
	if err := owner.QueryRow(t.Context(), `SELECT count(*) FROM `+schema+`.work WHERE description IN ('Retro', 'Over midnight', 'Development', 'Platform Rewrite')`).Scan(&seen); err != nil {
		t.Fatal(err)
	}
	if seen != 0 {
		t.Errorf("clients see %d imported records that nobody approved", seen)
	}
}
