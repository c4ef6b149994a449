package console_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	"effigate/infra/web/console"
)

// imported is what the API answers about the rows of a file.
type imported struct {
	Items []struct {
		Line            int
		Outcome, Detail string
		Link            string
		Person          string
	}
}

func (i imported) outcomes() []string {
	var all []string
	for _, item := range i.Items {
		text := fmt.Sprint(item.Line, " ", item.Outcome)
		if item.Detail != "" {
			text += ": " + item.Detail
		}
		all = append(all, text)
	}
	return all
}

func (o *office) importPeople(token, csv, key string, dryRun bool) (answered imported) {
	o.t.Helper()
	body, err := json.Marshal(map[string]any{"csv": csv, "dry_run": dryRun})
	if err != nil {
		o.t.Fatal(err)
	}
	got := o.call(domain.Role(token), http.MethodPost, api+"/people/import", string(body), "Idempotency-Key", key)
	got.shows(o.t, http.StatusOK)
	got.decode(o.t, &answered)
	return answered
}

const roster = "\ufeffEmail,Name,Role,Client\r\n" +
	"carl@nexus.example,Carl,Client Admin,nexus corp\r\n" +
	"carl@nexus.example,Carl again,client_admin,Nexus Corp\r\n" +
	"dora@nexus.example,\"Dora\nD\",client_employee,Nexus Corp\r\n" +
	"nobody,Eve,client_employee,Nexus Corp\r\n" +
	"fay@nexus.example,Fay,king,Nexus Corp\r\n" +
	"gus@nexus.example,Gus,client_employee,Nowhere\r\n" +
	"hal@firm.example,Hal,owner,\r\n" +
	"ida@firm.example,Ida,support,Nexus Corp\r\n"

func TestImportingPeople(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.registered("Nexus Corp")
	o.world.Read(t, nothing)
	faults := func(carl, hal string) []string {
		return []string{
			"2 " + carl, "3 refused: the address is in line 2 already", "4 refused: the name must be one line of UTF-8 text",
			"6 refused: the e-mail is no address", "7 refused: there is no such role", "8 refused: there is no such client",
			"9 " + hal, "10 refused: a role of staff belongs to no client",
		}
	}
	for token, want := range map[string][]string{
		"owner":           faults("acceptable", "acceptable"),
		"account_manager": faults("acceptable", "refused: your role may not invite staff"),
	} {
		if diff := cmp.Diff(want, o.importPeople(token, roster, "dry", true).outcomes()); diff != "" {
			t.Errorf("preview of %s (-want +got):\n%s", token, diff)
		}
	}
	first := o.importPeople("account_manager", roster, "one", false)
	if diff := cmp.Diff(faults("invited", "refused: your role may not invite staff"), first.outcomes()); diff != "" {
		t.Errorf("import (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(first.Items[0].Link, "https://portal.example/invitation/") {
		t.Errorf("the link is %s", first.Items[0].Link)
	}
	again := o.importPeople("account_manager", roster, "one", false)
	if again.Items[0].Outcome != "unchanged" || again.Items[0].Person != first.Items[0].Person || again.Items[0].Link != "" {
		t.Errorf("again: %+v", again.Items[0])
	}
	if other := o.importPeople("account_manager", roster, "two", false).Items[0]; other.Outcome != "refused" || other.Detail != "the address belongs to somebody else" {
		t.Errorf("under another key: %+v", other)
	}
	if other := o.importPeople("account_manager", strings.ReplaceAll(roster, "carl@", "karl@"), "one", false).Items[0]; other.Outcome != "refused" {
		t.Errorf("another file under the key of this one: %+v", other)
	}
	// Staff are invited by who has just proved who they are.
	o.call("owner+stale", http.MethodPost, api+"/people/import", `{"csv":"name,email,role,client\nHal,hal@firm.example,owner,"}`).
		refused(t, http.StatusForbidden, "step_up_required")
	if hal := o.importPeople("owner", roster, "three", false).Items[6]; hal.Outcome != "invited" || !strings.HasPrefix(hal.Link, "https://console.example/") {
		t.Errorf("staff: %+v", hal)
	}
}

func TestImportingPeopleByThePage(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	path := o.registered("Nexus Corp")
	o.world.Read(t, nothing)
	o.browse("account_manager", "/people/import").shows(t, http.StatusOK, `enctype="multipart/form-data"`)
	o.upload("/people/import", "name;email\n").shows(t, http.StatusUnprocessableEntity, "must have exactly the columns")
	preview := o.upload("/people/import", roster)
	preview.shows(t, http.StatusOK, "Check the import", "Invite 1 person", "7 people cannot be invited", "The address is in line 2 already")
	hidden := func(name string) string {
		found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(string(preview.body))
		if found == nil {
			t.Fatalf("the preview keeps no %s", name)
		}
		return strings.NewReplacer("&#34;", `"`, "&amp;", "&").Replace(found[1])
	}
	report := o.upload("/people/import/run", "", "key", hidden("key"), "csv", hidden("csv"))
	report.shows(t, http.StatusOK, "What was imported", "hand over the link", "https://portal.example/invitation/")
	o.upload("/people/import/run", "", "key", hidden("key"), "csv", hidden("csv")).shows(t, http.StatusOK, "Invited before")
	o.world.Read(t, nothing) // What was imported.
	o.browse("owner", path).shows(t, http.StatusOK, "carl@nexus.example", "1 of 25")
}

// TestRostersThatAreNone are refused as a whole.
func TestRostersThatAreNone(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	head := "name,email,role,client\n"
	for name, csv := range map[string]string{
		"nothing":           "",
		"no people":         head,
		"a column missing":  "name,email,role\nA,a@b.example,ops\n",
		"a column too many": "name,email,role,client,password\nA,a@b.example,ops,,x\n",
		"a column twice":    "name,email,role,role\nA,a@b.example,ops,ops\n",
		"ragged lines":      head + "A,a@b.example\n",
		"a quote open":      head + `"A,a@b.example,ops,` + "\n",
		"no text":           head + "A\x00,a@b.example,ops,\n",
		"too many people":   head + strings.Repeat("A,a@b.example,ops,\n", 5001),
	} {
		body, err := json.Marshal(map[string]string{"csv": csv})
		if err != nil {
			t.Fatal(err)
		}
		got := o.call(domain.Owner, http.MethodPost, api+"/people/import", string(body))
		if p := got.refused(t, http.StatusUnprocessableEntity, "invalid_fields"); len(p.Errors) != 1 || p.Errors[0].Field != "csv" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// FuzzParseRoster: whatever a file holds, it is refused as a whole, or every row of it is refused or complete,
// in the order of the file and within the bounds.
func FuzzParseRoster(f *testing.F) {
	f.Add(roster)
	f.Add("client,role,email,name\n,ops,a@b.example,A\n")
	f.Add("name,email,role,client\n\"A\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := console.ParseRoster(text)
		if err != nil {
			if !errors.Is(err, domain.ErrInvalid) || rows != nil {
				t.Fatalf("%d rows and %v", len(rows), err)
			}
			return
		}
		if len(rows) == 0 || len(rows) > 5000 {
			t.Fatalf("%d rows", len(rows))
		}
		if !slices.IsSortedFunc(rows, func(a, b console.RosterRow) int { return a.Line - b.Line }) {
			t.Fatalf("the lines are out of order: %+v", rows)
		}
		for _, row := range rows {
			if row.Wrong == "" && (row.Name == "" || !strings.Contains(row.Email, "@") || row.Role == "") {
				t.Fatalf("taken: %+v", row)
			}
		}
	})
}

// FuzzWriteCSV: no cell of an export is one that a spreadsheet computes, and none loses what it says.
func FuzzWriteCSV(f *testing.F) {
	for _, text := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var file strings.Builder
		if err := console.WriteCSV(&file, []string{"first", text}); err != nil {
			t.Fatal(err)
		}
		read, err := csv.NewReader(strings.NewReader(file.String())).Read()
		if err != nil {
			t.Fatal(err)
		}
		if cell := read[1]; cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			t.Errorf("%q is computed", cell)
		} else if want := strings.ReplaceAll(text, "\r\n", "\n"); strings.TrimPrefix(cell, "'") != strings.TrimPrefix(want, "'") {
			t.Errorf("%q became %q", text, cell)
		}
	})
}
