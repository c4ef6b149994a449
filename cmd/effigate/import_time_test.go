package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"effigate/infra/sheet"
)

// timeAccount is what `import time --json` ends with.
type timeAccount struct {
	Rows, Imported, Unchanged, Rejected int
	Rejections                          []sheet.Rejection
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
	}{
		{"toggl", "toggl", nil, "CON-2024-018", "api", 8, 5}, // Two are older than the contract.
		{"toggl-short", "toggl", nil, "CON-2025-004", "project", 4, 2},
		{"clockify", "clockify", nil, "CON-2024-018", "api", 4, 1},
		{"clockify-24h", "clockify", []string{"--dates", "dmy"}, "CON-2025-004", "project", 3, 1},
		{"kimai", "kimai", nil, "CON-2024-018", "api", 5, 2},
		{"kimai-decimal", "kimai", nil, "CON-2025-004", "project", 3, 1},
		{"harvest", "harvest", []string{"--condition", "regular"}, "CON-2024-018", "api", 9, 5},
		{"harvest-old", "harvest", nil, "CON-2025-004", "project", 4, 2},
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
