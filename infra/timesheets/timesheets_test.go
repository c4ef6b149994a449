package timesheets_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/zone"
	"effigate/infra/sheet"
	"effigate/infra/timesheets"
)

var update = flag.Bool("update", false, "write the expected readings anew")

// samples are made to the documented headers, two for each format, with rows that cannot be imported.
var samples = map[string]struct {
	format timesheets.Format
	dates  sheet.DateOrder
}{
	"harvest": {timesheets.Harvest, ""}, "harvest-old": {timesheets.Harvest, ""},
	"toggl": {timesheets.Toggl, ""}, "toggl-short": {timesheets.Toggl, ""},
	"clockify": {timesheets.Clockify, ""}, "clockify-24h": {timesheets.Clockify, sheet.DayFirst},
	"kimai": {timesheets.Kimai, ""}, "kimai-decimal": {timesheets.Kimai, ""},
}

func sydney(t *testing.T) *time.Location {
	t.Helper()
	location, err := zone.Load("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	return location
}

var now = time.Date(2026, time.March, 16, 0, 0, 0, 0, time.UTC)

// Every sample is read as the text beside it says: entries, rejected rows with line, field, value and reason, and
// what was decided.
func TestSamples(t *testing.T) {
	t.Parallel()
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := read(t, name, timesheets.Options{Zone: sydney(t), Dates: sample.dates, Now: now})
			if file.Rows != len(file.Entries)+len(file.Rejected) {
				t.Errorf("%d rows, of which %d entries and %d rejected", file.Rows, len(file.Entries), len(file.Rejected))
			}
			path := filepath.Join("testdata", name+".txt")
			got := reading(file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("reading (-want +got):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, name string, o timesheets.Options) *timesheets.File {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := timesheets.Read(bytes.NewReader(content), samples[name].format, o)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func reading(f *timesheets.File) string {
	var b strings.Builder
	for _, e := range f.Entries {
		fmt.Fprintf(&b, "%d: %s %q %q %q %s", e.Line, e.Person, e.Client, e.Project, e.Task, e.Day)
		if !e.From.IsZero() {
			fmt.Fprintf(&b, " %s–%s", e.From.Format(time.RFC3339), e.Until.Format(time.RFC3339))
		}
		fmt.Fprintf(&b, " %d s, break %d s, billable %t, billed %t, amount %q, key %s: %q\n",
			e.Seconds, e.BreakSeconds, e.Billable, e.Billed, e.Amount, e.Key, e.Text)
	}
	for _, r := range f.Rejected {
		fmt.Fprintf(&b, "rejected line %d: %s %q %s\n", r.Line, r.Field, r.Value, r.Reason)
	}
	for _, n := range f.Notes {
		fmt.Fprintf(&b, "note line %d: %s: %s\n", n.Line, n.Kind, n.Text)
	}
	return b.String()
}

// The night on which clocks go back is an hour longer, the one on which they go forward an hour shorter (A67).
func TestNightsOfClockChanges(t *testing.T) {
	t.Parallel()
	const head = "User,Project,Start date,Start time,End date,End time\n"
	for day, hours := range map[string]int64{"2026-04-05": 4, "2026-10-04": 2, "2026-04-12": 3} {
		file, err := timesheets.Read(strings.NewReader(head+"Tom,Rewrite,"+day+",01:00,"+day+",04:00\n"), timesheets.Toggl, timesheets.Options{Zone: sydney(t)})
		if err != nil || len(file.Entries) != 1 {
			t.Fatalf("%s: %v, %+v", day, err, file)
		}
		if got := file.Entries[0].Seconds; got != hours*3600 {
			t.Errorf("%s 01:00–04:00 is %d s, want %d h", day, got, hours)
		}
	}
}

func TestWhatMustBeGiven(t *testing.T) {
	t.Parallel()
	const toggl = "User,Project,Start date,Start time,End date,End time\nTom,Rewrite,03/04/2026,09:00,03/04/2026,10:00\n"
	if _, err := timesheets.Read(strings.NewReader(toggl), timesheets.Toggl, timesheets.Options{}); !errors.Is(err, timesheets.ErrZone) {
		t.Errorf("without a zone: %v, want %v", err, timesheets.ErrZone)
	}
	if _, err := timesheets.Read(strings.NewReader(toggl), timesheets.Toggl, timesheets.Options{Zone: time.UTC}); !errors.Is(err, sheet.ErrDateOrder) {
		t.Errorf("with days up to 12: %v, want %v", err, sheet.ErrDateOrder)
	}
	for name, content := range map[string]string{"nothing": "", "another table": "a,b,c\n1,2,3\n"} {
		if _, err := timesheets.Read(strings.NewReader(content), timesheets.Toggl, timesheets.Options{Zone: time.UTC}); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := timesheets.Read(strings.NewReader(toggl), "excel", timesheets.Options{Zone: time.UTC}); err == nil {
		t.Error("an unknown format was read")
	}
}

// The same row has the same key wherever it stands, and rows that are alike have different ones.
func TestKeys(t *testing.T) {
	t.Parallel()
	const head = "User,Project,Start date,Start time,End date,End time\n"
	a, b := "Tom,Rewrite,2026-02-03,09:00,2026-02-03,10:00\n", "Ann,Rewrite,2026-02-03,09:00,2026-02-03,10:00\n"
	keys := func(rows string) map[string]bool {
		file, err := timesheets.Read(strings.NewReader(head+rows), timesheets.Toggl, timesheets.Options{Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, e := range file.Entries {
			found[e.Key] = true
		}
		return found
	}
	if diff := cmp.Diff(keys(a+a+b), keys(b+a+a)); diff != "" {
		t.Errorf("keys depend on the order (-first +second):\n%s", diff)
	}
	if got := len(keys(a + a + b)); got != 3 {
		t.Errorf("%d keys for three rows", got)
	}
}

// No text makes reading panic, and every row is accounted for.
func FuzzRead(f *testing.F) {
	for name := range samples {
		content, err := os.ReadFile(filepath.Join("testdata", name+".csv"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content), string(samples[name].format))
	}
	location, err := zone.Load("Australia/Lord_Howe")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content, format string) {
		file, err := timesheets.Read(strings.NewReader(content), timesheets.Format(format), timesheets.Options{Zone: location, Dates: sheet.DayFirst, Now: now})
		if err != nil {
			return
		}
		if file.Rows != len(file.Entries)+len(file.Rejected) {
			t.Fatalf("%d rows, of which %d entries and %d rejected", file.Rows, len(file.Entries), len(file.Rejected))
		}
		for _, e := range file.Entries {
			if e.Seconds <= 0 || !e.Day.Valid() || e.Key == "" || e.Person == "" {
				t.Fatalf("entry %+v", e)
			}
		}
	})
}
