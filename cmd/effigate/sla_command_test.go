package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/ticket"
	"effigate/projections"
)

var slaTestPolicy = sla.Policy{PausesThirdParty: true, Targets: []sla.Target{
	{Priority: "critical", ResolutionMinutes: 4 * 60},
	{Priority: "high", ResolutionMinutes: 10 * 60},
	{Priority: "medium", ResolutionMinutes: 32 * 60},
	{Priority: "low", ResolutionMinutes: 120 * 60},
}}

var slaTestNow = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// scanOf is a log as it is scanned.
func scanOf(log *commandstest.Log) iter.Seq2[projections.Delivery, error] {
	return func(yield func(projections.Delivery, error) bool) {
		for _, recorded := range log.All() {
			if !yield(projections.Delivery{Recorded: recorded}, nil) {
				return
			}
		}
	}
}

// importedLog is the incident log that EFFIGATE_INCIDENTS names, else the fixture, as it was imported.
func importedLog(t *testing.T) *commandstest.Log {
	t.Helper()
	stores, options := newMemoryStores(), fixtureOptions(t)
	options.path = cmp.Or(os.Getenv("EFFIGATE_INCIDENTS"), options.path)
	t.Logf("tickets of %s", options.path)
	mustImport(t, stores, options)
	return stores.log
}

func rulesFile(t *testing.T, content any) string {
	t.Helper()
	text, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func slaLook(t *testing.T, log *commandstest.Log, o slaOptions) slaView {
	t.Helper()
	o.level = cmp.Or(o.level, "standard")
	view, err := o.look(t.Context(), scanOf(log), log, slaTestNow)
	if err != nil {
		t.Fatal(err)
	}
	view.json = true
	return view
}

// The report of imported tickets under a chosen policy agrees with what their events come to when they are
// walked one by one, around the clock.
func TestSLAReportAgreesWithTheEvents(t *testing.T) {
	t.Parallel()
	log := importedLog(t)
	view := slaLook(t, log, slaOptions{rules: rules{policy: rulesFile(t, slaTestPolicy)}})
	got := map[string][4]int{}
	for _, row := range view.tally(view.clock) {
		if row.Goal == sla.Resolution {
			got[row.Priority] = [4]int{row.Met, row.MetLate, row.Breached, row.Open}
		}
	}
	if diff := gocmp.Diff(walked(log), got); diff != "" {
		t.Errorf("met, met late, breached and open by priority (-walked +reported):\n%s", diff)
	}
	if len(got) == 0 {
		t.Error("nothing is reported")
	}
}

// walk is one ticket as its events are walked: round the clock, both waits pause, what is resolved stands still. What
// was late under one priority stays late under the next.
type walk struct {
	priority             string
	counting, over, late bool
	since                time.Time
	elapsed              time.Duration
}

// allowed is how long the ticket may take at its present priority.
func (w *walk) allowed() time.Duration {
	target, _ := slaTestPolicy.Target(w.priority, "standard", "")
	return time.Duration(target.ResolutionMinutes) * time.Minute
}

func (w *walk) step(event ticket.Event) {
	stop := func(at time.Time) {
		if w.counting {
			w.elapsed += at.Sub(w.since)
		}
		w.counting = false
	}
	goOn := func(at time.Time) { stop(at); w.counting, w.since = true, at }
	switch e := event.(type) {
	case ticket.Raised:
		w.priority = string(e.Priority)
		goOn(e.At)
	case ticket.Triaged:
		if w.counting {
			goOn(e.At)
		}
		w.late = w.late || w.elapsed >= w.allowed()
		w.priority = string(e.Priority)
	case ticket.WaitingStarted:
		stop(e.At)
	case ticket.WaitingEnded:
		goOn(e.At)
	case ticket.Resolved:
		stop(e.At)
		w.over = true
	case ticket.Reopened:
		w.over = false
		goOn(e.At)
	default:
	}
}

func walked(log *commandstest.Log) map[string][4]int {
	walks := map[string]*walk{}
	for _, recorded := range log.All() {
		event, ok := recorded.Event.(ticket.Event)
		if !ok {
			continue
		}
		if walks[recorded.Stream] == nil {
			walks[recorded.Stream] = &walk{}
		}
		walks[recorded.Stream].step(event)
	}
	counted := map[string][4]int{}
	for _, w := range walks {
		if w.counting {
			w.elapsed += slaTestNow.Sub(w.since)
		}
		w.late = w.late || w.elapsed > w.allowed()
		row := counted[w.priority]
		switch {
		case w.over && !w.late:
			row[0]++
		case w.over:
			row[1]++
		case w.late:
			row[2]++
		default:
			row[3]++
		}
		counted[w.priority] = row
	}
	return counted
}

// Current rules reproduce history exactly: what was written down follows from the other events, and a lie is found.
func TestSLAWhatIfReproducesHistory(t *testing.T) {
	t.Parallel()
	log, at := commandstest.NewLog(), time.Date(2025, time.June, 2, 9, 0, 0, 0, time.UTC)
	id := domain.TicketID{UUID: domain.Derive(demoSpace, "ticket")}
	promise := sla.Promise{Source: sla.FromFirm, Content: slaTestPolicy, SupportLevel: "standard", Hours: calendar.Calendar{Zone: "UTC", Always: true}}
	staff := domain.Actor{Side: domain.StaffSide, Role: domain.Owner, Person: domain.PersonID{UUID: domain.Derive(demoSpace, "owner")}}
	state, revision := ticket.State{}, domain.NoStream
	decide := func(command ticket.Command) {
		t.Helper()
		events, err := ticket.Decide(state, command)
		if err != nil {
			t.Fatal(err)
		}
		state = ticket.Decider.Fold(state, events...)
		var wide []domain.Event
		for _, event := range events {
			wide = append(wide, event)
		}
		if _, err := log.Append(t.Context(), domain.Append{
			Stream: ticket.Stream(id), Expected: revision, Command: domain.CommandID{UUID: domain.Derive(id.UUID, at.String())}, Events: wide,
		}); err != nil {
			t.Fatal(err)
		}
		revision += int64(len(wide))
	}
	decide(ticket.Raise{
		Ticket: id, Client: domain.ClientID{UUID: domain.Derive(demoSpace, "client")}, Contract: domain.ContractID{UUID: domain.Derive(demoSpace, "contract")},
		JobType: "api", Title: "Export stops", Priority: ticket.Critical, Promise: &promise, By: staff, At: at,
	})
	at = at.Add(5 * time.Hour)
	decide(ticket.Resolve{Note: "It streams now.", By: staff, At: at})
	view := slaLook(t, log, slaOptions{})
	var out bytes.Buffer
	view.out = &out
	if err := slaWhatIf(t.Context(), view); err != nil || !strings.Contains(out.String(), `"targets":2`) {
		t.Errorf("history: %v, %s", err, out.String())
	}
	view.tickets[0].written[0].at = at // The breach, at an instant that it was not.
	if err := slaWhatIf(t.Context(), view); !errors.Is(err, errDifference) {
		t.Errorf("a breach at another instant: %v, want a difference", err)
	}
	other := slaLook(t, log, slaOptions{rules: rules{policy: rulesFile(t, sla.Policy{Targets: []sla.Target{{Priority: "critical", ResolutionMinutes: 360}}})}})
	out.Reset()
	other.out = &out
	if err := slaWhatIf(t.Context(), other); err != nil || !strings.Contains(out.String(), `"before":"met_late","after":"met"`) {
		t.Errorf("with two hours more: %v, %s", err, out.String())
	}
}

func TestSLAOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte(`{"target`), 0o600); err != nil {
		t.Fatal(err)
	}
	unknown := domain.Derive(demoSpace, "nothing").String()
	for name, test := range map[string]struct {
		options slaOptions
		says    string
	}{
		"a client that is none":          {slaOptions{client: "Nexus"}, `"Nexus" is no id of a client`},
		"a day that is none":             {slaOptions{from: "March"}, `--from "March" is no day`},
		"a level that is none":           {slaOptions{level: "gold"}, `"gold" is none of standard`},
		"a calendar alone":               {slaOptions{rules: rules{calendar: "x"}}, "--calendar needs --policy"},
		"a base alone":                   {slaOptions{base: rules{policy: "x"}}, "--base-policy is compared with --policy"},
		"a file that is not there":       {slaOptions{rules: rules{policy: "nowhere.json"}}, "neither an id nor a file"},
		"a file that is broken":          {slaOptions{rules: rules{policy: broken}}, "does not hold its content as JSON"},
		"a policy that promises nothing": {slaOptions{rules: rules{policy: rulesFile(t, sla.Policy{})}}, "targets must be 1 to"},
		"a policy that is unknown":       {slaOptions{rules: rules{policy: unknown}}, "never published"},
		"a version that is none":         {slaOptions{rules: rules{policy: unknown + "@0"}}, `"0" is no version`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := test.options
			options.level = cmp.Or(options.level, "standard")
			log := commandstest.NewLog()
			_, err := options.look(t.Context(), scanOf(log), log, slaTestNow)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("refused by %v, want %q", err, test.says)
			}
		})
	}
}
