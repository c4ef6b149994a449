package incidents_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/domain/zone"
	"effigate/infra/incidents"
	"effigate/infra/sheet"
)

var importedAt = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// berlin is the zone of the fixture, which has a time in the gap and one in the fold of its clocks.
func berlin(t *testing.T) incidents.Options {
	t.Helper()
	location, err := zone.Load("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return incidents.Options{Zone: location, Now: importedAt}
}

func fixture(tb testing.TB) []byte {
	tb.Helper()
	content, err := os.ReadFile("testdata/incidents.csv")
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

func read(t *testing.T, content string, o incidents.Options) *incidents.File {
	t.Helper()
	file, err := incidents.Read(strings.NewReader(content), o)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestFixture compares everything that is told of the fixture with testdata/incidents.txt, which was
// written by reading the fixture. Its rows hold every oddity that the package documents.
func TestFixture(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/incidents.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := told(read(t, string(fixture(t)), berlin(t)))
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("told of the fixture (-want +got):\n%s", diff)
	}
}

// told writes a file in lines: what it is rejected for, who and what it speaks of, and each history with
// the events it makes.
func told(file *incidents.File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows, %d tickets\n", file.Rows, file.Tickets())
	for _, r := range file.Rejected {
		fmt.Fprintf(&b, "rejected %d %s %q %s\n", r.Line, r.Field, r.Value, r.Reason)
	}
	for _, n := range file.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.Kind, n.Text)
	}
	for _, person := range file.Staff {
		fmt.Fprintf(&b, "staff %s\n", person.Name)
	}
	for _, o := range file.Organisations {
		fmt.Fprintf(&b, "organisation %s: %d tickets\n", o.Name, o.Tickets)
		for _, user := range o.Users {
			fmt.Fprintf(&b, "  user %s\n", user.Name)
		}
		for _, c := range o.Contracts {
			var jobTypes []string
			for _, jobType := range c.JobTypes {
				jobTypes = append(jobTypes, fmt.Sprintf("{%s %s}", jobType.Key, jobType.Name))
			}
			fmt.Fprintf(&b, "  contract from %s for %v\n", c.Starts, jobTypes)
		}
	}
	for i := range file.Tickets() {
		tell(&b, file, i)
	}
	return b.String()
}

func tell(b *strings.Builder, file *incidents.File, i int) {
	history := file.Ticket(i, domain.System())
	fmt.Fprintf(b, "%s of %s, opened %s: %s, %s\n", history.Key, file.Organisations[file.Organisation(i)].Name,
		history.Opened.Format(time.RFC3339), history.Title, history.Status)
	var state ticket.State
	for _, step := range history.Import.Steps {
		fmt.Fprintf(b, "  %d:", step.Line)
		for _, command := range step.Commands {
			events, err := ticket.Decide(state, command)
			if err != nil {
				fmt.Fprintf(b, " %v", err)
			}
			for _, event := range events {
				fmt.Fprintf(b, " %s", strings.TrimSuffix(strings.TrimPrefix(event.Kind(), "ticket."), ".v1"))
			}
			state = ticket.Decider.Fold(state, events...)
		}
		b.WriteString("\n")
	}
	for _, r := range history.Rejected {
		fmt.Fprintf(b, "  rejected %d %s %q %s\n", r.Line, r.Field, r.Value, r.Reason)
	}
	for _, n := range history.Notes {
		fmt.Fprintf(b, "  note %d %s: %s\n", n.Line, n.Kind, n.Text)
	}
}

// TestIDs holds the derivation of ids still: with other ids the same file would be imported twice.
func TestIDs(t *testing.T) {
	t.Parallel()
	file := read(t, string(fixture(t)), berlin(t))
	north := file.Organisations[2]
	history := histories(file)["INC1001"]
	got := []string{
		north.ID.String(), north.Users[0].ID.String(), north.Contracts[0].ID.String(), file.Staff[0].ID.String(), history.ID.String(),
	}
	want := []string{
		"f3581a4e-a858-5119-aee8-367772b9dde5",
		"fa605f92-4930-50ac-90bc-52349bff4ac7",
		"4b2c9f0b-6957-5747-8b51-0324eee63292",
		"b7c626b9-29cb-5c44-87e1-2ae08e6e2ae0",
		"c247a0cd-2474-537d-9f89-0b536764d6be",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if south := file.Organisations[3]; south.Users[0].Name != north.Users[0].Name || south.Users[0].ID == north.Users[0].ID {
		t.Errorf("Ada of North and Ada of South are %v and %v; want one name and two people", north.Users[0], south.Users[0])
	}
}

// histories gives the tickets of a file by their keys.
func histories(file *incidents.File) map[string]incidents.Ticket {
	all := map[string]incidents.Ticket{}
	for i := range file.Tickets() {
		history := file.Ticket(i, domain.System())
		all[history.Key] = history
	}
	return all
}

// sound is the part of the fixture that is well-formed CSV.
func sound(t *testing.T) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(fixture(t)))
	var all [][]string
	for {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return all
		case err == nil:
			all = append(all, record)
		}
	}
}

func written(t *testing.T, records [][]string, comma rune, crlf bool) string {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = comma, crlf
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFormsOfAFile(t *testing.T) {
	t.Parallel()
	records := sound(t)
	plain := written(t, records, ',', false)
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	backwards := make([][]string, len(records))
	for i, record := range records {
		backwards[i] = slices.Clone(record)
		slices.Reverse(backwards[i])
	}
	spaced := make([][]string, len(records))
	for i, record := range records {
		for _, field := range record {
			spaced[i] = append(spaced[i], strings.ReplaceAll(" "+field+" ", " ? ", ""))
		}
	}
	want := told(read(t, plain, berlin(t)))
	for name, content := range map[string]string{
		"CRLF":                          written(t, records, ',', true),
		"semicolons":                    written(t, records, ';', false),
		"byte order mark":               "\ufeff" + plain,
		"gzip":                          compressed.String(),
		"columns in another order":      written(t, backwards, ',', false),
		"spaces and empty for absent":   written(t, spaced, ',', false),
		"no line feed at the end":       strings.TrimSuffix(plain, "\n"),
		"all of it, semicolons quoted ": "\ufeff" + written(t, backwards, ';', true),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, told(read(t, content, berlin(t)))); diff != "" {
				t.Errorf("told (-plain +%s):\n%s", name, diff)
			}
		})
	}
}

func TestMissingColumns(t *testing.T) {
	t.Parallel()
	file := read(t, "Number,sys_updated_at,INCIDENT_STATE\nINC1,13/3/2025 8:00,Active\nINC1,13/3/2025 09:00,Resolved\n", incidents.Options{})
	history := histories(file)["INC1"]
	if history.Status != ticket.StatusResolved || len(file.Rejected)+len(history.Rejected) > 0 {
		t.Errorf("the ticket is %s with rejections %v, %v; want resolved and none", history.Status, file.Rejected, history.Rejected)
	}
	missing := 0
	for _, note := range file.Notes {
		if note.Kind == incidents.MissingColumn {
			missing++
		}
	}
	if missing != 12 {
		t.Errorf("%d notes of a missing column, want 12: %v", missing, file.Notes)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	const header = "number,incident_state,sys_updated_at\n"
	var cut bytes.Buffer
	w := gzip.NewWriter(&cut)
	if _, err := w.Write(bytes.Repeat([]byte(header), 1000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content, says string
		options       incidents.Options
	}{
		"empty":                        {content: "", says: "is empty"},
		"no log":                       {content: "id,name\n1,x\n", says: "no column number"},
		"a column twice":               {content: "number,Number,incident_state,sys_updated_at\n", says: "twice"},
		"a header that is no CSV":      {content: "number,\"incident\"_state\n", says: "header"},
		"a quote that never ends":      {content: header + "INC1,\"New,13/3/2025 08:00\n" + strings.Repeat("INC2,New,13/3/2025 08:00\n", 20_000), says: "quote"},
		"a line that never ends":       {content: header + strings.Repeat("x", 1<<20), says: "longer than"},
		"a header that never ends":     {content: strings.Repeat("x", 1<<20), says: "longer than"},
		"compressed and cut short":     {content: cut.String()[:cut.Len()-6], says: "unexpected EOF"},
		"compressed line of zeros":     {content: zeros(t), says: "longer than"},
		"more rows than allowed":       {content: header + "A,New,13/3/2025 08:00\nB,New,13/3/2025 08:00\n", says: "more than 1 rows", options: incidents.Options{MaxRows: 1}},
		"days and months look alike":   {content: header + "A,New,3/4/2025 08:00\n", says: "day and month"},
		"days and months contradict":   {content: header + "A,New,13/4/2025 08:00\nA,New,4/13/2025 08:00\n", says: "line 2 has the day first and line 3 the month"},
		"an order that is none":        {content: header, says: "neither", options: incidents.Options{Dates: "ymd"}},
		"a source that cannot be read": {content: "\x1f\x8bnot really", says: "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := incidents.Read(strings.NewReader(c.content), c.options)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want an error that says %q", err, c.says)
			}
		})
	}
}

// TestLongFile reads more than the bound of one record.
func TestLongFile(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	file := read(t, "number,incident_state,sys_updated_at\n"+strings.Repeat("INC1,New,13/3/2025 08:00\n", rows), incidents.Options{})
	if file.Rows != rows || file.Tickets() != 1 {
		t.Errorf("%d rows of %d tickets, want %d of one", file.Rows, file.Tickets(), rows)
	}
}

// zeros is a small compressed file that holds a line of 16 MiB.
func zeros(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(make([]byte, 16<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOrderOfDayAndMonth(t *testing.T) {
	t.Parallel()
	const header = "number,incident_state,sys_updated_at\n"
	march, april := time.Date(2025, time.March, 4, 8, 0, 0, 0, time.UTC), time.Date(2025, time.April, 3, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		content  string
		order    sheet.DateOrder
		want     time.Time
		rejected int
	}{
		"a later row shows the day first":    {content: "A,New,3/4/2025 08:00\nB,New,13/4/2025 08:00\n", want: april},
		"a later row shows the month first":  {content: "A,New,3/4/2025 08:00\nB,New,4/13/2025 08:00\n", want: march},
		"day first is given":                 {content: "A,New,3/4/2025 08:00\n", order: sheet.DayFirst, want: april},
		"month first is given":               {content: "A,New,3/4/2025 08:00\n", order: sheet.MonthFirst, want: march},
		"given, and other rows are rejected": {content: "A,New,3/4/2025 08:00\nB,New,13/4/2025 08:00\n", order: sheet.MonthFirst, want: march, rejected: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := read(t, header+c.content, incidents.Options{Dates: c.order})
			if got := histories(file)["A"].Opened; !got.Equal(c.want) || len(file.Rejected) != c.rejected {
				t.Errorf("opened at %v with %v rejected; want %v with %d", got, file.Rejected, c.want, c.rejected)
			}
		})
	}
}

func TestLocalTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, local, want string
		kind              sheet.NoteKind
	}{
		{"Europe/Berlin", "13/7/2025 12:00", "2025-07-13T10:00:00Z", ""},
		{"Europe/Berlin", "30/3/2025 01:59", "2025-03-30T00:59:00Z", ""},
		{"Europe/Berlin", "30/3/2025 02:00", "2025-03-30T01:00:00Z", incidents.ClockGap},
		{"Europe/Berlin", "30/3/2025 03:00", "2025-03-30T01:00:00Z", ""},
		{"Europe/Berlin", "26/10/2025 01:59", "2025-10-25T23:59:00Z", ""},
		{"Europe/Berlin", "26/10/2025 02:00", "2025-10-26T00:00:00Z", incidents.ClockFold},
		{"Europe/Berlin", "26/10/2025 03:00", "2025-10-26T02:00:00Z", ""},
		{"Australia/Lord_Howe", "5/10/2025 02:15", "2025-10-04T15:45:00Z", incidents.ClockGap}, // half an hour
		{"Australia/Lord_Howe", "6/4/2025 01:45", "2025-04-05T14:45:00Z", incidents.ClockFold},
		{"Pacific/Apia", "30/12/2011 12:00", "2011-12-30T22:00:00Z", incidents.ClockGap}, // a day that never was
		{"Asia/Kathmandu", "13/1/2025 05:45", "2025-01-13T00:00:00Z", ""},
	} {
		t.Run(c.zone+" "+c.local, func(t *testing.T) {
			t.Parallel()
			location, err := zone.Load(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			file := read(t, "number,incident_state,sys_updated_at\nA,New,"+c.local+"\n", incidents.Options{Zone: location, Dates: sheet.DayFirst})
			history := histories(file)["A"]
			if got := history.Opened.Format(time.RFC3339); got != c.want {
				t.Errorf("read as %s, want %s", got, c.want)
			}
			var kinds []sheet.NoteKind
			for _, note := range history.Notes {
				if note.Kind == incidents.ClockGap || note.Kind == incidents.ClockFold {
					kinds = append(kinds, note.Kind)
				}
			}
			if noted := len(kinds) == 1 && kinds[0] == c.kind; noted != (c.kind != "") || len(kinds) > 1 {
				t.Errorf("noted %v, want %q", kinds, c.kind)
			}
		})
	}
}

// TestManyCategories checks that an organisation with more categories than one contract covers gets
// several, and that every ticket is raised under the one that covers it.
func TestManyCategories(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("number,incident_state,sys_updated_at,location,category\n")
	for i := range 450 {
		fmt.Fprintf(&b, "INC%d,New,13/3/2025 08:00,North,Category %d\n", i, i)
	}
	file := read(t, b.String(), incidents.Options{})
	contracts := file.Organisations[0].Contracts
	if len(contracts) != 3 {
		t.Fatalf("%d contracts, want 3", len(contracts))
	}
	for _, history := range histories(file) {
		raise, ok := history.Import.Steps[0].Commands[0].(ticket.Raise)
		if !ok {
			t.Fatalf("%s begins with %T", history.Key, history.Import.Steps[0].Commands[0])
		}
		covered := false
		for _, c := range contracts {
			for _, jobType := range c.JobTypes {
				covered = covered || c.ID == raise.Contract && jobType.Key == raise.JobType
			}
		}
		if !covered {
			t.Errorf("%s is raised for %s under %s, which does not cover it", history.Key, raise.JobType, raise.Contract)
		}
	}
}

// TestOrderOfRowsDoesNotMatter shuffles the rows of the fixture: as long as time and sys_mod_count tell
// them apart, every ticket has the same history and digest.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	t.Parallel()
	options := berlin(t)
	records := slices.DeleteFunc(sound(t), func(record []string) bool { return record[0] == "INC1010" })
	want := histories(read(t, written(t, records, ',', false), options))
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		shuffled := slices.Clone(records)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled)-1, func(i, j int) {
			shuffled[i+1], shuffled[j+1] = shuffled[j+1], shuffled[i+1]
		})
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.WriteAll(shuffled); err != nil {
			t.Fatal(err)
		}
		file, err := incidents.Read(strings.NewReader(b.String()), options)
		if err != nil {
			t.Fatal(err)
		}
		got := histories(file)
		if len(got) != len(want) {
			t.Fatalf("%d tickets, want %d", len(got), len(want))
		}
		for key, history := range got {
			if diff := cmp.Diff(asked(want[key]), asked(history)); diff != "" {
				t.Errorf("%s (-as written +shuffled):\n%s", key, diff)
			}
			if history.Import.From.Digest != want[key].Import.From.Digest {
				t.Errorf("%s has another digest when shuffled", key)
			}
		}
	})
}

func asked(history incidents.Ticket) []ticket.Command {
	var all []ticket.Command
	for _, step := range history.Import.Steps {
		all = append(all, step.Commands...)
	}
	return all
}

// TestDigest checks what makes the rows of a ticket other rows.
func TestDigest(t *testing.T) {
	t.Parallel()
	const header = "number,incident_state,sys_updated_at,assigned_to\n"
	digest := func(content string, zone *time.Location) string {
		return histories(read(t, header+content, incidents.Options{Zone: zone}))["A"].Import.From.Digest
	}
	before := digest("A,New,13/3/2025 08:00,Rita\n", time.UTC)
	if again := digest("B,New,13/3/2025 08:00,Sol\nA,New,13/3/2025 08:00,Rita\n", time.UTC); again != before {
		t.Error("the same row elsewhere in another file has another digest")
	}
	for name, other := range map[string]string{
		"another value": digest("A,New,13/3/2025 08:00,Sol\n", time.UTC),
		"another time":  digest("A,New,13/3/2025 08:01,Rita\n", time.UTC),
		"another zone":  digest("A,New,13/3/2025 08:00,Rita\n", time.FixedZone("there", 3600)),
		"one more row":  digest("A,New,13/3/2025 08:00,Rita\nA,Closed,13/3/2025 08:00,Rita\n", time.UTC),
	} {
		if other == before {
			t.Errorf("%s has the same digest", name)
		}
	}
}

// TestAnyLogIsAccountedFor reads random logs: every row is a step or a rejection, once; time never runs
// back in a history; and the steps are accepted by the aggregate one after the other.
func TestAnyLogIsAccountedFor(t *testing.T) {
	t.Parallel()
	pick := func(values ...string) *rapid.Generator[string] { return rapid.SampledFrom(values) }
	state := pick("New", "Active", "Awaiting User Info", "Awaiting Vendor", "Resolved", "Closed", "Gone", "?")
	when := pick("3/3/2025 08:00", "3/3/2025 08:01", "14/3/2025 08:01", "15/3/2025 23:59", "30/2/2025 01:00", "?", "now")
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("number,incident_state,sys_updated_at,opened_at,reopen_count,sys_mod_count,location,category,priority,assigned_to,caller_id\n")
		rows := rapid.IntRange(0, 30).Draw(t, "rows")
		for range rows {
			row := []string{
				pick("A", "B", "C", "?").Draw(t, "number"), state.Draw(t, "state"), when.Draw(t, "updated"), when.Draw(t, "opened"),
				pick("0", "1", "2", "?").Draw(t, "reopens"), pick("0", "1", "2", "3", "?", "-1").Draw(t, "changes"),
				pick("North", "South", "?").Draw(t, "location"), pick("Mail", "mail", "Net & Co", "?").Draw(t, "category"),
				pick("1 - Critical", "4 - Low", "?", "9").Draw(t, "priority"), pick("Rita", "?").Draw(t, "assignee"), pick("Ada", "?").Draw(t, "caller"),
			}
			b.WriteString(strings.Join(row, ",") + "\n")
		}
		file, err := incidents.Read(strings.NewReader(b.String()), incidents.Options{Dates: sheet.DayFirst, Now: importedAt})
		if err != nil {
			t.Fatal(err)
		}
		if file.Rows != rows {
			t.Errorf("%d rows, want %d", file.Rows, rows)
		}
		checkAccount(t, file)
	})
}

// failing is what checkAccount needs of a test.
type failing interface {
	Helper()
	Errorf(format string, arguments ...any)
}

func checkAccount(t failing, file *incidents.File) {
	t.Helper()
	lines := map[int]int{}
	for _, r := range file.Rejected {
		lines[r.Line]++
		if r.Field == "" || r.Reason == "" {
			t.Errorf("a rejection without field or reason: %+v", r)
		}
	}
	for i := range file.Tickets() {
		history := file.Ticket(i, domain.System())
		users := file.Organisations[file.Organisation(i)].Users
		if !history.Caller.IsZero() && !slices.ContainsFunc(users, func(p incidents.Person) bool { return p.ID == history.Caller }) {
			t.Errorf("%s was raised by %s, who is no user of its organisation", history.Key, history.Caller)
		}
		for _, r := range history.Rejected {
			lines[r.Line]++
		}
		for _, step := range history.Import.Steps {
			lines[step.Line]++
		}
		checkHistory(t, history)
	}
	for line, n := range lines {
		if n != 1 {
			t.Errorf("line %d is accounted for %d times", line, n)
		}
	}
	if len(lines) != file.Rows {
		t.Errorf("%d rows are accounted for, want %d", len(lines), file.Rows)
	}
}

// checkHistory imports a history as the use case does: no step may be refused, or it would be counted as
// imported here and as rejected there.
func checkHistory(t failing, history incidents.Ticket) {
	t.Helper()
	var state ticket.State
	var last time.Time
	events := 1 // that it was imported
	for _, step := range history.Import.Steps {
		for _, command := range step.Commands {
			decided, err := ticket.Decide(state, command)
			if err != nil {
				t.Errorf("%s line %d: %v", history.Key, step.Line, err)
			}
			state = ticket.Decider.Fold(state, decided...)
			events += len(decided)
			if at := instant(command); at.Before(last) {
				t.Errorf("%s line %d: %T at %v comes after %v", history.Key, step.Line, command, at, last)
			} else {
				last = at
			}
		}
	}
	if state.Status != history.Status || events != history.Events {
		t.Errorf("%s is %s after %d events, told as %s after %d", history.Key, state.Status, events, history.Status, history.Events)
	}
	if state.Exists() && state.Visibility != domain.InternalOnly {
		t.Errorf("%s arrives as %q; want Internal Only", history.Key, state.Visibility)
	}
}

func instant(command ticket.Command) time.Time {
	switch c := command.(type) {
	case ticket.Raise:
		return c.At
	case ticket.Triage:
		return c.At
	case ticket.Assign:
		return c.At
	case ticket.Start:
		return c.At
	case ticket.WaitForClient:
		return c.At
	case ticket.WaitForThirdParty:
		return c.At
	case ticket.Resume:
		return c.At
	case ticket.Resolve:
		return c.At
	case ticket.Close:
		return c.At
	case ticket.Reopen:
		return c.At
	default:
		return time.Time{} // An import sends no other, and time would run back.
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f))
	f.Add([]byte("\ufeffnumber;incident_state;sys_updated_at\r\nA;New;13/3/2025 8:00\r\n"))
	f.Add([]byte("number,incident_state,sys_updated_at\n\"A\nB\",New,13/3/2025 08:00\nA,New,13/3/2025 08:00,\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := incidents.Read(bytes.NewReader(content), incidents.Options{Now: importedAt, MaxRows: 1000})
		if err != nil {
			return
		}
		checkAccount(t, file)
	})
}

// TestRealLog accounts for the log that EFFIGATE_INCIDENTS names. TestFixture does so for our own.
func TestRealLog(t *testing.T) {
	t.Parallel()
	path := os.Getenv("EFFIGATE_INCIDENTS")
	if path == "" {
		t.Skip("EFFIGATE_INCIDENTS names no log; the fixture alone is used")
	}
	t.Logf("reading %s", path)
	source, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close() //nolint:errcheck // it was only read
	file, err := incidents.Read(source, incidents.Options{Now: importedAt})
	if err != nil {
		t.Fatal(err)
	}
	checkAccount(t, file)
	steps, rejected, kinds, states := 0, len(file.Rejected), map[sheet.NoteKind]int{}, map[ticket.Status]int{}
	for i := range file.Tickets() {
		history := file.Ticket(i, domain.System())
		steps += len(history.Import.Steps)
		rejected += len(history.Rejected)
		states[history.Status]++
		for _, note := range history.Notes {
			kinds[note.Kind]++
		}
	}
	t.Logf("%d rows, %d imported, %d rejected; %d organisations, %d tickets by state %v; notes %v",
		file.Rows, steps, rejected, len(file.Organisations), file.Tickets(), states, kinds)
	if file.Tickets() == 0 {
		t.Error("the log holds no ticket")
	}
}
