package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/postgres"
)

// BenchmarkImport imports tickets with their history, the way the command line does without a serving
// process: from the file that EFFIGATE_INCIDENTS names, else from one of the same form that is made up. Its
// reference is its own beginning: the time of an event must not depend on how much is there already.
func BenchmarkImport(b *testing.B) {
	folder := benchFolder(b)
	path, of := os.Getenv("EFFIGATE_INCIDENTS"), "tickets of a real incident log"
	if path == "" {
		path, of = filepath.Join(folder, "incidents.csv"), "made-up tickets"
		if err := writeIncidents(path, sized(240_000, 12_000)); err != nil {
			b.Fatal(err)
		}
	}
	w := benchWorld(b, folder)
	at, err := w.settings.bases(listeners{})
	if err != nil {
		b.Fatal(err)
	}
	people, err := w.people(at)
	if err != nil {
		b.Fatal(err)
	}
	log := &pacedLog{Log: w.store}
	report, err := runImport(b.Context(), importWorld{
		service: commands.NewService(log, postgres.NewAnswers(w.staff.database)), log: log,
		people: people, actor: domain.System(), now: clock,
	}, importOptions{path: path, zone: time.UTC, currency: "EUR", language: "en", quiet: true}, io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	workload := fmt.Sprintf("%d %s, %d rows", report.Tickets, of, report.Rows)
	first, last, events := log.pace()
	conclude(b, "import", benchVersions(b, w.staff.database),
		finding{
			workload: workload + ", the last tenth", unit: "appends/s", against: "its first tenth",
			ours: []float64{last}, reference: []float64{first}, goal: ratioAtLeast(0.9),
		},
		finding{workload: workload + ", numbering included", unit: "events/s", ours: []float64{events}},
	)
}

// pacedLog notes when tickets and their numbers were written. Its pace is counted in appends: an import
// writes a chunk of tickets and then numbers them, and both take a ticket one append, but by no means the
// same number of events.
type pacedLog struct {
	commands.Log
	mu     sync.Mutex
	began  time.Time
	after  []time.Duration // of each append
	events int
}

// Append is the log's, with a note.
func (l *pacedLog) Append(ctx context.Context, a domain.Append) (domain.Position, error) {
	if !strings.HasPrefix(a.Stream, "ticket-") {
		return l.Log.Append(ctx, a)
	}
	l.mu.Lock()
	if l.began.IsZero() {
		l.began = time.Now()
	}
	l.mu.Unlock()
	position, err := l.Log.Append(ctx, a)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after = append(l.after, time.Since(l.began))
	l.events += len(a.Events)
	return position, err
}

// pace gives the appends per second of the first and of the last tenth, and the events per second of all.
func (l *pacedLog) pace() (first, last, events float64) {
	tenth, end := len(l.after)/10, len(l.after)-1
	return float64(tenth) / l.after[tenth-1].Seconds(), float64(tenth) / (l.after[end] - l.after[end-tenth]).Seconds(),
		float64(l.events) / l.after[end].Seconds()
}

// writeIncidents makes up an incident log with the columns, states, times and repetitions of a real one.
func writeIncidents(path string, tickets int) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	if _, err := out.WriteString("number,incident_state,reassignment_count,reopen_count,sys_mod_count,caller_id,opened_at,sys_updated_at," +
		"location,category,subcategory,u_symptom,priority,assignment_group,assigned_to,closed_code\n"); err != nil {
		return err
	}
	chance := benchChance(2)
	middle := []string{"Active", "Active", "Active", "Awaiting User Info", "Awaiting Vendor", "Awaiting Problem"}
	for n := range tickets {
		states := []string{"New"}
		for range 1 + chance.IntN(5) {
			states = append(states, middle[chance.IntN(len(middle))])
		}
		opened := benchAt.Add(time.Duration(n) * time.Minute)
		now := opened
		// A tenth of the places has half of the tickets.
		location := chance.IntN(200)
		if chance.IntN(2) == 0 {
			location /= 10
		}
		fixed := fmt.Sprintf("Category %d,Subcategory %d,Symptom %d,%s", chance.IntN(60), chance.IntN(250), chance.IntN(500),
			[]string{"1 - Critical", "2 - High", "3 - Moderate", "3 - Moderate", "4 - Low"}[chance.IntN(5)])
		caller, team := chance.IntN(5000), chance.IntN(80)
		for changes, state := range append(states, "Resolved", "Closed") {
			now = now.Add(time.Duration(1+chance.IntN(600)) * time.Minute)
			assignee := "?"
			if changes > 0 {
				assignee = fmt.Sprintf("Resolver %d", team*3+changes%2)
			}
			_, err := fmt.Fprintf(out, "INC%07d,%s,0,0,%d,Caller %d,%s,%s,Location %d,%s,Group %d,%s,code %d\n",
				n+1, state, changes, caller, opened.Format("2/1/2006 15:04"), now.Format("2/1/2006 15:04"), location, fixed, team, assignee, 1+team%9)
			if err != nil {
				return err
			}
		}
	}
	return out.Flush()
}
