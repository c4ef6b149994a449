package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/infra/postgres/postgrestest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestHelp shows every change of a command in a review.
func TestHelp(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	var walk func(*cobra.Command)
	walk = func(command *cobra.Command) {
		if command.Name() == "completion" || command.Name() == "help" {
			return // Cobra's own.
		}
		fmt.Fprintf(&all, "$ %s --help\n", command.CommandPath())
		command.SetOut(&all)
		command.InitDefaultHelpFlag()
		if err := command.Help(); err != nil {
			t.Error(err)
		}
		all.WriteString("\n")
		for _, below := range command.Commands() {
			walk(below)
		}
	}
	walk(rootCommand())
	const golden = "testdata/help.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("help has changed; if that is meant, run: go test ./cmd/effigate -run TestHelp -update (-want +got):\n%s", diff)
	}
}

// Whatever command help or the documents tell people to run, there is.
func TestNoTextNamesACommandThatDoesNotExist(t *testing.T) {
	t.Parallel()
	texts := []string{"testdata/help.txt", "../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			texts = append(texts, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("(?:`|\\$ |    )(?:bin/)?effigate ([a-z]+(?: [a-z][a-z-]*)?)")
	found := 0
	for _, path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range named.FindAllStringSubmatch(string(text), -1) {
			found++
			words := strings.Fields(match[1])
			command, rest, err := rootCommand().Find(words)
			if err != nil || command.Name() == "effigate" && words[0] != "help" && words[0] != "completion" || command.HasSubCommands() && len(rest) > 0 {
				t.Errorf("%s names %q, which is no command", path, match[0])
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d commands were found in %v", found, texts)
	}
}

// Each mistake in a call ends with exit code 2, before anything is started, and says what is wrong.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	data := postgrestest.Folder(t)
	for name, test := range map[string]struct {
		environment []string
		arguments   string
		says        []string
	}{
		"unknown command":          {nil, "nonsense", []string{"nonsense"}},
		"unknown subcommand":       {nil, "projections nonsense", []string{"nonsense"}},
		"unknown flag":             {nil, "serve --nope", []string{"--nope"}},
		"argument missing":         {nil, "projections rebuild", []string{"arg"}},
		"argument too many":        {nil, "events export all", []string{"all"}},
		"unknown projection":       {nil, "projections rebuild both", []string{"both", "client or staff"}},
		"unknown format":           {nil, "import tickets x.csv --format jira", []string{"jira", "incidents"}},
		"no instant":               {nil, "audit replay ticket-1 --at yesterday", []string{"yesterday", "2026-03-16T10:00:00Z"}},
		"no position":              {nil, "audit replay ticket-1 --position here", []string{"here"}},
		"two moments":              {nil, "audit replay ticket-1 --at 2026-03-16T10:00:00Z --position 1", []string{"position"}},
		"roles that there are not": {nil, "serve --roles portal,desk", []string{"desk", "projector"}},
		"what is wrong of the web": {
			[]string{"EFFIGATE_BASE_URL=x", "EFFIGATE_CONSOLE_URL=ftp://x", "EFFIGATE_TRUSTED_PROXIES=10.0.0.0/99", "EFFIGATE_SMTP_URL=smtp://x", "EFFIGATE_ACCESS_LOG_DAYS=0", "EFFIGATE_KEY=short", "EFFIGATE_COMMAND_TOKEN=short"},
			"user list",
			[]string{"EFFIGATE_BASE_URL", "EFFIGATE_CONSOLE_URL", "EFFIGATE_TRUSTED_PROXIES", "EFFIGATE_SMTP_URL", "EFFIGATE_ACCESS_LOG_DAYS", "EFFIGATE_KEY", "EFFIGATE_COMMAND_TOKEN"},
		},
		"publish without a yes": {nil, "import tickets x.csv --format incidents --publish", []string{"--yes"}},
		"all that is wrong": {
			[]string{"EFFIGATE_LOG_LEVEL=loud", "EFFIGATE_LOG_FORMAT=xml", "EFFIGATE_CLIENT_DATABASE_URL=postgres://x", "EFFIGATE_EVENTSTORE=http://x"},
			"projections status",
			[]string{"EFFIGATE_LOG_LEVEL", "EFFIGATE_LOG_FORMAT", "EFFIGATE_STAFF_DATABASE_URL", "EFFIGATE_EVENTSTORE"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := spawn(t, append([]string{"EFFIGATE_DATA=" + filepath.Join(data, strings.ReplaceAll(name, " ", "_"))}, test.environment...), strings.Fields(test.arguments)...)
			if code := p.code(); code != exitUsage || p.out.String() != "" {
				t.Errorf("exit code %d, output %q, %s", code, &p.out, &p.log)
			}
			for _, text := range test.says {
				if !strings.Contains(p.log.String(), text) {
					t.Errorf("%q is not in: %s", text, &p.log)
				}
			}
		})
	}
}

// An installation lets nobody in without an invitation: no token opens it, whatever the environment says. The
// demo's keys and passwords open the demo, and nothing else.
func TestServeLetsNobodyIn(t *testing.T) {
	t.Parallel()
	data := postgrestest.Folder(t)
	serving := spawnServe(t, data, "EFFIGATE_DEMO=1", "EFFIGATE_DEVELOPMENT=1", "EFFIGATE_TOKENS=development", "EFFIGATE_VERIFIER=development", "EFFIGATE_ENV=development")
	at, err := readRunning(data)
	if err != nil || at.PID != serving.command.Process.Pid {
		t.Fatalf("%+v, %v", at, err)
	}
	demo := spawnDemo(t)
	tokens := []string{"", "x", "effigate_demo_e30.e30"}
	for _, person := range demo.People {
		tokens = append(tokens, person.APIKey)
		for _, base := range []string{at.Portal, at.Console} {
			if session := logIn(t, base, person.Email, person.Password); session != "" {
				t.Errorf("%s of the demo logs in at %s", person.Name, base)
			}
		}
	}
	for _, key := range keysBelow(t, data) {
		if !bytes.ContainsFunc(key, unicode.IsControl) {
			tokens = append(tokens, string(key[:min(len(key), 500)]))
		}
	}
	asked := 0
	for _, base := range []string{at.Portal, at.Console} {
		for _, route := range routesOf(t, base) {
			for _, token := range tokens {
				asked++
				ctx, cancel := context.WithTimeout(t.Context(), patience/4) // A stream that opens would go on for ever.
				got, err := send(ctx, base, route.method, route.path, token, "key", map[string]any{})
				cancel()
				if err != nil || got.Status != http.StatusUnauthorized {
					t.Errorf("%s %s with token %q: %d %s, %v", route.method, route.path, token, got.Status, got.Body, err)
				}
			}
		}
	}
	if asked < 300 {
		t.Errorf("only %d requests", asked)
	}
	serving.end(os.Interrupt)
	if !strings.Contains(serving.log.String(), "effigate user invite --role owner") {
		t.Errorf("nobody is told how the first owner gets in: %s", &serving.log)
	}
}

// route is an operation of an API's own description.
type route struct{ method, path string }

func routesOf(tb testing.TB, base string) (all []route) {
	tb.Helper()
	got, err := send(tb.Context(), base, http.MethodGet, "/openapi.json", "", "", nil)
	if err != nil {
		tb.Fatal(err)
	}
	for path, methods := range decode[struct{ Paths map[string]map[string]any }](tb, got, http.StatusOK).Paths {
		for method := range methods {
			all = append(all, route{strings.ToUpper(method), regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, uuid.Max.String())})
		}
	}
	return all
}

// keysBelow are the contents of all files that could serve as a key: secrets, certificates and whatever else.
func keysBelow(tb testing.TB, folder string) (keys [][]byte) {
	tb.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // a file that came and went
		case entry.IsDir() && strings.HasPrefix(entry.Name(), "postgres-"):
			return fs.SkipDir
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && info.Size() >= 32 && info.Size() < 1<<16 {
			if key, err := os.ReadFile(path); err == nil {
				keys = append(keys, key, bytes.TrimSpace(key))
			}
		}
		return nil
	})
	if err != nil || len(keys) < 4 {
		tb.Fatalf("%d keys, %v", len(keys), err)
	}
	return slices.DeleteFunc(keys, func(key []byte) bool { return len(key) < 32 })
}

// demoWorldPrinted is what `demo --json` prints.
type demoWorldPrinted struct {
	Portal, Console, Admin, Data, EventStore string
	ClientURL                                string `json:"client_database_url"`
	StaffURL                                 string `json:"staff_database_url"`
	People                                   []login
}

// spawnDemo starts the demo and checks that everybody it names can log in on the side they belong to.
func spawnDemo(tb testing.TB, environment ...string) demoWorldPrinted {
	tb.Helper()
	p := spawn(tb, environment, "demo", "--json", "--data", tb.TempDir(), "--portal", "127.0.0.1:0", "--console", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json")
	select {
	case <-p.spoke:
	case <-p.ended:
		tb.Fatalf("the demo ended: %s", &p.log)
	case <-time.After(patience):
		tb.Fatalf("the demo is not ready: %s", &p.log)
	}
	var printed demoWorldPrinted
	if err := json.Unmarshal([]byte(p.out.String()), &printed); err != nil || len(printed.People) < 10 || printed.ClientURL == "" || printed.StaffURL == "" {
		tb.Fatalf("%v in %s", err, &p.out)
	}
	for _, person := range printed.People {
		base, path := printed.Console, "/api/staff/v1/me/keys"
		if domain.Role(person.Role).Side() == domain.ClientSide {
			base, path = printed.Portal, "/api/client/v1/me/keys"
		}
		got, err := send(tb.Context(), base, http.MethodGet, path, person.APIKey, "", nil)
		if err != nil || got.Status != http.StatusOK || !strings.Contains(got.Body, `"demo"`) {
			tb.Errorf("%s of the demo: %d %s, %v", person.Name, got.Status, got.Body, err)
		}
	}
	owner, admin := printed.People[0], printed.People[len(printed.People)-1]
	if logIn(tb, printed.Console, owner.Email, owner.Password) == "" || logIn(tb, printed.Portal, admin.Email, admin.Password) == "" {
		tb.Errorf("%s and %s cannot log in with the passwords that are printed", owner.Name, admin.Name)
	}
	return printed
}

// The tools work beside the process that serves the directory, which is there once; what they print has the
// names that programs rely on.
func TestToolsBesideServe(t *testing.T) {
	t.Parallel()
	data := postgrestest.Folder(t)
	serving := spawnServe(t, data)
	second := spawn(t, nil, "serve", "--data", data, "--portal", "127.0.0.1:0", "--console", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	if code, said := second.code(), second.log.String(); code != exitError || !strings.Contains(said, fmt.Sprintf("process %d serves", serving.command.Process.Pid)) {
		t.Errorf("a second serve ends with %d: %s", code, said)
	}
	w := attachTo(t, data)
	defer func() { _ = w.close() }()
	raised, err := raiseAcknowledged(t.Context(), w, "tools")
	if err != nil {
		t.Fatal(err)
	}
	run := func(arguments ...string) string {
		t.Helper()
		printed, err := tool(t.Context(), append(arguments, "--json", "--data", data)...)
		if err != nil {
			t.Errorf("%v: %v", arguments, err)
		}
		return printed
	}
	statuses := fieldsOf(t, run("projections", "status"))
	if len(statuses) != 2 {
		t.Errorf("statuses: %v", statuses)
	}
	for _, status := range statuses {
		checkFields(t, status, "name", "generation", "state", "position", "events", "lag_events", "lag_s", "parked")
	}
	events := fieldsOf(t, "["+strings.Join(strings.Split(strings.TrimSpace(run("events", "export")), "\n"), ",")+"]")
	for _, event := range events {
		checkFields(t, event, "id", "stream", "revision", "position", "type", "data", "metadata", "created")
	}
	stream := "ticket-" + raised.ID.String()
	revisions := 0
	var first struct{ Position domain.Position }
	for _, event := range events {
		if string(event["stream"]) == `"`+stream+`"` {
			if revisions++; revisions == 1 {
				if err := json.Unmarshal(event["position"], &first.Position); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	now := fieldsOf(t, "["+run("audit", "replay", stream)+"]")[0]
	checkFields(t, now, "stream", "revision", "position", "recorded_at", "events", "staff", "client")
	then := fieldsOf(t, "["+run("audit", "replay", stream, "--position", fmt.Sprintf("%d/%d", first.Position.Commit, first.Position.Prepare))+"]")[0]
	if string(then["revision"]) != "0" || string(now["revision"]) != strconv.Itoa(revisions-1) || revisions < 2 {
		t.Errorf("revision %s then and %s now, of %d events", then["revision"], now["revision"], revisions)
	}
	if _, err := tool(t.Context(), "audit", "replay", stream, "--at", "2001-01-01T00:00:00Z", "--data", data); err == nil {
		t.Error("the ticket was there in 2001")
	}
	serving.end(os.Interrupt)
	if code := serving.code(); code != exitOK && code != exitInterrupt {
		t.Errorf("serve ends with %d: %s", code, &serving.log)
	}
	if _, err := os.Stat(filepath.Join(data, runningFile)); err == nil {
		t.Error("serve has ended and is still announced")
	}
}

// fieldsOf reads a JSON list of objects.
func fieldsOf(tb testing.TB, text string) (all []map[string]json.RawMessage) {
	tb.Helper()
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	return all
}

func checkFields(tb testing.TB, object map[string]json.RawMessage, want ...string) {
	tb.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(object))); diff != "" {
		tb.Errorf("fields (-want +got):\n%s", diff)
	}
}
