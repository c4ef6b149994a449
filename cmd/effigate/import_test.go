package main

// The tests of this file are inside the package: a program cannot be imported.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/ticket"
	"effigate/domain/zone"
)

const importFixture = "../../infra/incidents/testdata/incidents.csv"

// memoryAnswers keeps answers to commands.
type memoryAnswers struct {
	mu     sync.Mutex
	stored map[domain.CommandID][]byte
}

func (a *memoryAnswers) Find(_ context.Context, command domain.CommandID) ([]byte, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	stored, ok := a.stored[command]
	return stored, ok, nil
}

func (a *memoryAnswers) Store(_ context.Context, command domain.CommandID, stored []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.stored[command]; !ok {
		a.stored[command] = stored
	}
	return nil
}

// memoryPeople keeps names.
type memoryPeople struct {
	mu    sync.Mutex
	names map[domain.PersonID]string
}

func (p *memoryPeople) PutClientPerson(ctx context.Context, id domain.PersonID, client domain.ClientID, name string) error {
	if client.IsZero() {
		return errors.New("a client user without a client")
	}
	return p.PutStaffPerson(ctx, id, name)
}

func (p *memoryPeople) PutStaffPerson(_ context.Context, id domain.PersonID, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names[id] = name
	return nil
}

// memoryStores outlive the process that an import runs in.
type memoryStores struct {
	log     *commandstest.Log
	answers *memoryAnswers
	people  *memoryPeople
}

func newMemoryStores() memoryStores {
	return memoryStores{
		log:     commandstest.NewLog(),
		answers: &memoryAnswers{stored: map[domain.CommandID][]byte{}},
		people:  &memoryPeople{names: map[domain.PersonID]string{}},
	}
}

// world is a new process over the stores, which it sees through log.
func (s memoryStores) world(log commands.Log) importWorld {
	return importWorld{
		service: commands.NewService(log, s.answers), log: log, people: s.people, actor: domain.System(),
		now: func() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) },
	}
}

func fixtureOptions(t *testing.T) importOptions {
	t.Helper()
	berlin, err := zone.Load("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return importOptions{path: importFixture, zone: berlin, currency: "EUR", language: "en", quiet: true}
}

func mustImport(t *testing.T, s memoryStores, o importOptions) importReport {
	t.Helper()
	report, err := runImport(t.Context(), s.world(s.log), o, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, report)
	return report
}

func checkReport(t *testing.T, r importReport) {
	t.Helper()
	if r.Rows != r.Imported+r.Unchanged+r.Rejected {
		t.Errorf("%d rows, but %d imported + %d unchanged + %d rejected", r.Rows, r.Imported, r.Unchanged, r.Rejected)
	}
	if len(r.Rejections) != r.Rejected {
		t.Errorf("%d rejections listed of %d", len(r.Rejections), r.Rejected)
	}
	for _, rejection := range r.Rejections {
		if rejection.Line == 0 || rejection.Field == "" || rejection.Reason == "" {
			t.Errorf("a rejection without line, field or reason: %+v", rejection)
		}
	}
}

// counts are the figures of a report.
type counts struct{ rows, imported, unchanged, rejected, tickets, clients, people, contracts, published int }

func countsOf(r importReport) counts {
	return counts{r.Rows, r.Imported, r.Unchanged, r.Rejected, r.Tickets, r.Clients, r.People, r.Contracts, r.Published}
}

// contents is what a log says: the kinds and data of each stream's events, without the order among streams.
func contents(log *commandstest.Log) map[string][]string {
	all := map[string][]string{}
	for _, recorded := range log.All() {
		all[recorded.Stream] = append(all[recorded.Stream], recorded.Raw.Kind+" "+string(recorded.Raw.Data))
	}
	return all
}

func TestImportOfTickets(t *testing.T) {
	t.Parallel()
	stores, options := newMemoryStores(), fixtureOptions(t)
	first := mustImport(t, stores, options)
	want := counts{rows: 48, imported: 37, rejected: 11, tickets: 11, clients: 4, people: 9, contracts: 4}
	if diff := cmp.Diff(want, countsOf(first), cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("first run (-want +got):\n%s", diff)
	}
	checkImported(t, stores)
	events := len(stores.log.All())

	again := mustImport(t, stores, options)
	want = counts{rows: 48, unchanged: 37, rejected: 11}
	if diff := cmp.Diff(want, countsOf(again), cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("second run (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(first.Rejections, again.Rejections); diff != "" {
		t.Errorf("rejections of the second run (-first +second):\n%s", diff)
	}
	if now := len(stores.log.All()); now != events {
		t.Errorf("the second run wrote %d events, want none", now-events)
	}
}

// checkImported checks that every ticket arrived Internal Only, is numbered, and belongs to a client and a
// contract that are there, and that every person has a name.
func checkImported(t *testing.T, s memoryStores) {
	t.Helper()
	numbers := map[domain.ClientID][]int{}
	for stream, events := range eventsByStream(s.log) {
		if strings.HasPrefix(stream, "person-") {
			if name := s.people.names[personOf(t, stream)]; name == "" || len(events) != 2 {
				t.Errorf("%s is named %q after %d events; want a name, an invitation and an activation", stream, name, len(events))
			}
		}
		if !strings.HasPrefix(stream, "ticket-") {
			continue
		}
		state := ticketState(events)
		if state.Visibility != domain.InternalOnly {
			t.Errorf("%s arrived %s", stream, state.Visibility)
		}
		numbered, ok := events[len(events)-1].(ticket.Numbered)
		if !ok {
			t.Errorf("%s ends with %T, want a number", stream, events[len(events)-1])
		}
		numbers[state.Client] = append(numbers[state.Client], numbered.Number)
		of, err := foldOf(t.Context(), s.log, client.Decider, client.Stream(state.Client))
		if err != nil || !of.HasContract(state.Contract) {
			t.Errorf("%s is under contract %s, which its client does not have (%v)", stream, state.Contract, err)
		}
	}
	for of, given := range numbers {
		slices.Sort(given)
		for i, number := range given {
			if number != i+1 {
				t.Errorf("client %s has numbers %v, want 1 to %d", of, given, len(given))
				break
			}
		}
	}
}

func personOf(t *testing.T, stream string) domain.PersonID {
	t.Helper()
	var id domain.PersonID
	if err := id.UnmarshalText([]byte(strings.TrimPrefix(stream, "person-"))); err != nil {
		t.Fatal(err)
	}
	return id
}

func eventsByStream(log *commandstest.Log) map[string][]domain.Event {
	all := map[string][]domain.Event{}
	for _, recorded := range log.All() {
		all[recorded.Stream] = append(all[recorded.Stream], recorded.Event)
	}
	return all
}

func ticketState(events []domain.Event) ticket.State {
	var state ticket.State
	for _, event := range events {
		if e, ok := event.(ticket.Event); ok {
			state = ticket.Evolve(state, e)
		}
	}
	return state
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	stores, options := newMemoryStores(), fixtureOptions(t)
	options.dryRun = true
	dry := mustImport(t, stores, options)
	if events, names := len(stores.log.All()), len(stores.people.names); events+names > 0 {
		t.Errorf("a dry run wrote %d events and %d names", events, names)
	}
	options.dryRun = false
	done := mustImport(t, stores, options)
	if diff := cmp.Diff(countsOf(done), countsOf(dry), cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("counts (-imported +dry run):\n%s", diff)
	}
	if diff := cmp.Diff(done.Rejections, dry.Rejections); diff != "" {
		t.Errorf("rejections (-imported +dry run):\n%s", diff)
	}
}

// unnumberedLog has no place for numbers.
type unnumberedLog struct{ commands.Log }

func (l unnumberedLog) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	if strings.HasPrefix(a.Stream, "numbering-") {
		return domain.Position{}, domain.ErrUnavailable
	}
	return l.Log.Append(ctx, a)
}

// TestDryRunCompletesNothing tries an import that stopped before its tickets had their numbers.
func TestDryRunCompletesNothing(t *testing.T) {
	t.Parallel()
	stores, options := newMemoryStores(), fixtureOptions(t)
	if _, err := runImport(t.Context(), stores.world(unnumberedLog{stores.log}), options, io.Discard); !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	before := len(stores.log.All())
	options.dryRun = true
	mustImport(t, stores, options)
	if after := len(stores.log.All()); after != before {
		t.Errorf("a dry run wrote %d events", after-before)
	}
}

// TestChangedTicketsAreReported imports a log in which one ticket has one more row than before.
func TestChangedTicketsAreReported(t *testing.T) {
	t.Parallel()
	const before = "number,incident_state,sys_updated_at,caller_id\nA,New,13/3/2025 08:00,Ada\nB,New,13/3/2025 08:00,Ben\n"
	stores, options := newMemoryStores(), fixtureOptions(t)
	options.path = filepath.Join(t.TempDir(), "log.csv")
	for _, content := range []string{before, before + "A,Closed,14/3/2025 08:00,Ada\n"} {
		if err := os.WriteFile(options.path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		report := mustImport(t, stores, options)
		if content == before {
			continue
		}
		if report.Unchanged != 1 || report.Rejected != 2 || report.Rejections[0].Value != "A" || !strings.Contains(report.Rejections[0].Reason, "changed") {
			t.Errorf("got %+v; want one row unchanged and the two of A rejected as changed", report)
		}
	}
}

// failingLog fails from append number last on: before writing, or after it, as when an answer is lost.
type failingLog struct {
	commands.Log
	appends atomic.Int64
	last    int64
	written bool
	fail    func() error
}

func (l *failingLog) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	n := l.appends.Add(1)
	if n < l.last || n == l.last && l.written {
		position, err := l.Log.Append(ctx, a)
		if n < l.last || err != nil {
			return position, err
		}
	}
	return domain.Position{}, l.fail()
}

// TestImportIsCompletedByTheNextRun stops an import at every one of its appends, in three ways, and runs
// it again: the stores then hold what an import that nothing stopped leaves.
func TestImportIsCompletedByTheNextRun(t *testing.T) {
	t.Parallel()
	options := fixtureOptions(t)
	options.publish = true
	whole := newMemoryStores()
	counting := &failingLog{Log: whole.log, last: 1 << 62}
	if _, err := runImport(t.Context(), whole.world(counting), options, io.Discard); err != nil {
		t.Fatal(err)
	}
	want := contents(whole.log)
	for way, written := range map[string]bool{"refused": false, "answer lost": true, "interrupted": false} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			for last := int64(1); last <= counting.appends.Load(); last++ {
				stores := newMemoryStores()
				ctx, cancel := context.WithCancel(t.Context())
				log := &failingLog{Log: stores.log, last: last, written: written, fail: func() error {
					if way == "interrupted" {
						cancel()
						return fmt.Errorf("%w: %w", domain.ErrUnavailable, context.Canceled)
					}
					return domain.ErrUnavailable
				}}
				_, err := runImport(ctx, stores.world(log), options, io.Discard)
				cancel()
				if err == nil || way == "interrupted" && !errors.Is(err, context.Canceled) {
					t.Fatalf("stopped at append %d: got %v", last, err)
				}
				mustImport(t, stores, options)
				if diff := cmp.Diff(want, contents(stores.log)); diff != "" {
					t.Fatalf("stopped at append %d and run again (-never stopped +got):\n%s", last, diff)
				}
			}
		})
	}
}

// TestTwoImportsAtOnce runs the same import in two processes.
func TestTwoImportsAtOnce(t *testing.T) {
	t.Parallel()
	alone, together, options := newMemoryStores(), newMemoryStores(), fixtureOptions(t)
	mustImport(t, alone, options)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			report, err := runImport(t.Context(), together.world(together.log), options, io.Discard)
			if err != nil {
				t.Error(err)
			}
			checkReport(t, report)
		})
	}
	both.Wait()
	if diff := cmp.Diff(contents(alone.log), contents(together.log)); diff != "" {
		t.Errorf("events (-one import +two at once):\n%s", diff)
	}
}

func TestPublicationOfImportedTickets(t *testing.T) {
	t.Parallel()
	stores, options := newMemoryStores(), fixtureOptions(t)
	options.publish = true
	var question string
	answer := false
	options.confirm = func(asked string) (bool, error) { question = asked; return answer, nil }
	var out bytes.Buffer
	report, err := runImport(t.Context(), stores.world(stores.log), options, &out)
	if err != nil || report.Published != 0 {
		t.Fatalf("a publication that was declined: %d published, %v", report.Published, err)
	}
	if want := "Make 10 tickets visible to 3 clients, for good?"; question != want {
		t.Errorf("asked %q, want %q", question, want)
	}
	for _, line := range []string{"East    3        Mail", "North   5        Mail · Quota · Full", "South   2        Mail · Slow"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the preview lacks %q:\n%s", line, out.String())
		}
	}
	checkImported(t, stores)

	answer = true
	if report := mustImport(t, stores, options); report.Published != 10 || report.Unchanged != 37 {
		t.Errorf("%d published and %d unchanged, want 10 and 37", report.Published, report.Unchanged)
	}
	for stream, events := range eventsByStream(stores.log) {
		if !strings.HasPrefix(stream, "ticket-") {
			continue
		}
		raised, ok := events[0].(ticket.Raised)
		if !ok {
			t.Fatalf("%s begins with %T", stream, events[0])
		}
		if visible := ticketState(events).Visibility == domain.ClientVisible; visible != raised.ForClient {
			t.Errorf("%s, raised for a client: %v, is visible: %v", stream, raised.ForClient, visible)
		}
	}
	question = ""
	if report := mustImport(t, stores, options); report.Published != 0 || question != "" {
		t.Errorf("a second publication asked %q and published %d, want nothing", question, report.Published)
	}
}

func TestImportCommandLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ arguments, says string }{
		"no file":              {"--format incidents", "accepts 1 arg"},
		"no format":            {importFixture, "--format"},
		"unknown format":       {importFixture + " --format zendesk", "zendesk"},
		"unknown zone":         {importFixture + " --format incidents --zone Nowhere/Here", "Nowhere/Here"},
		"every wrong option":   {importFixture + " --zone Nowhere/Here --currency X --dates ymd", "--dates"},
		"publish without yes":  {importFixture + " --format incidents --publish", "--yes"},
		"publish and dry run":  {importFixture + " --format incidents --publish --dry-run", "none of the others"},
		"file that is missing": {"missing.csv --format incidents", "missing.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := importLine(t, newMemoryStores(), strings.Fields(c.arguments)...)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want an error that says %q", err, c.says)
			}
		})
	}
}

// importLine runs one command line and gives what it prints.
func importLine(t *testing.T, s memoryStores, arguments ...string) (string, error) {
	t.Helper()
	command := importCommand(func(ctx context.Context, use func(context.Context, importWorld) error) error {
		return use(ctx, s.world(s.log))
	}, &settings{})
	command.GroupID = ""
	command.PersistentFlags().Bool("json", false, "")
	command.SilenceErrors, command.SilenceUsage = true, true
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(io.Discard)
	command.SetIn(strings.NewReader(""))
	command.SetArgs(append([]string{"tickets"}, arguments...))
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

func TestImportReports(t *testing.T) {
	t.Parallel()
	text, err := importLine(t, newMemoryStores(), importFixture, "--format", "incidents", "--quiet", "--publish", "--yes")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"48 rows: 37 imported, 0 unchanged, 11 rejected", "created: 11 tickets, 4 clients, 9 people, 4 contracts", "published: 10 tickets",
		`rejected: line 31: incident_state "Cancelled" must be`, "note: no_caller: 1, the first on line 19: nobody at the client raised the ticket",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the report lacks %q:\n%s", line, text)
		}
	}
	text, err = importLine(t, newMemoryStores(), importFixture, "--format", "incidents", "--json", "--dry-run")
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("the answer is not one JSON object: %v\n%s", err, text)
	}
	for _, field := range []string{"rows", "imported", "unchanged", "rejected", "rejections", "events_per_s", "tickets", "clients", "people", "contracts", "notes"} {
		if _, ok := object[field]; !ok {
			t.Errorf("the answer has no field %s", field)
		}
	}
}

func TestUnclearDatesAreAQuestionOfUsage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(path, []byte("number,incident_state,sys_updated_at\nA,New,3/4/2025 08:00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := importLine(t, newMemoryStores(), path, "--format", "incidents", "--quiet")
	if _, usage := errors.AsType[usageError](err); !usage || !strings.Contains(err.Error(), "--dates") {
		t.Errorf("got %v; want a usage error that names --dates", err)
	}
	if _, err := importLine(t, newMemoryStores(), path, "--format", "incidents", "--quiet", "--dates", "mdy"); err != nil {
		t.Error(err)
	}
}

// TestProgressWithoutATerminal checks that a task says every five seconds how far it is, and at its end.
func TestProgressWithoutATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		task := newMeter(&out, false, false).begin("import tickets", 3)
		for range 3 {
			time.Sleep(lineInterval) // The bubble's clock: no time passes.
			synctest.Wait()
			task.add(1)
		}
		task.end()
		want := "import tickets: 0 of 3\nimport tickets: 1 of 3\nimport tickets: 2 of 3\nimport tickets: 3 of 3\n"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

// TestProgressOnATerminal checks that a bar ends with its task, done or not.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	for _, done := range []int{0, 1, 3} {
		var out bytes.Buffer
		task := newMeter(&out, false, true).begin("import tickets", 3)
		task.add(done)
		task.end()
		if !strings.Contains(out.String(), "import tickets") {
			t.Errorf("a bar of %d of 3 shows %q", done, out.String())
		}
	}
}

// TestImportOfRealLog imports the log that EFFIGATE_INCIDENTS names, twice. The other tests use our own.
func TestImportOfRealLog(t *testing.T) {
	t.Parallel()
	path := os.Getenv("EFFIGATE_INCIDENTS")
	if path == "" {
		t.Skip("EFFIGATE_INCIDENTS names no log; the fixture alone is used")
	}
	t.Logf("importing %s", path)
	stores := newMemoryStores()
	options := importOptions{path: path, zone: time.UTC, currency: "EUR", language: "en", quiet: true}
	first := mustImport(t, stores, options)
	checkImported(t, stores)
	options.publish = true
	again := mustImport(t, stores, options)
	if again.Imported != 0 || again.Unchanged != first.Imported || again.Rejected != first.Rejected {
		t.Errorf("the second run imported %d rows, left %d and rejected %d; the first imported %d and rejected %d",
			again.Imported, again.Unchanged, again.Rejected, first.Imported, first.Rejected)
	}
	reasons := map[string]int{}
	for _, rejection := range first.Rejections {
		reasons[rejection.Field]++
	}
	t.Logf("%+v, %d published, %d events, rejections by field %v, notes %v",
		countsOf(first), again.Published, len(stores.log.All()), reasons, first.NoteCounts)
}
