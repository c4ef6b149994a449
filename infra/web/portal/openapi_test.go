package portal_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"effigate/infra/web/portal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// document is the part of an OpenAPI description that the tests use.
type document struct {
	Paths      map[string]map[string]described
	Components struct{ Schemas map[string]schema }
}

type described struct {
	OperationID string
	Parameters  []struct {
		Name, In string
		Required bool
		Schema   schema
	}
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Format               string
	Enum                 []any
	Items                *schema
	Properties           map[string]schema
	Required             []string
	AdditionalProperties any
	MaxLength, MinLength *int
	Minimum, Maximum     *float64
}

// describe gives the API's own description.
func describe(tb testing.TB, p *portal.Portal) (d document) {
	tb.Helper()
	if err := json.Unmarshal(call(p, http.MethodGet, "/openapi.json", "", "").Body.Bytes(), &d); err != nil {
		tb.Fatal(err)
	}
	return d
}

// resolve follows a reference.
func (d document) resolve(s schema) schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.Components.Schemas[name]
	}
	return s
}

func TestDescriptionIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	got := call(newPortal(t, nil, nil, &fakeCommands{}), http.MethodGet, "/openapi.json", "", "").Body.Bytes()
	const golden = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the API has changed; if that is meant, run: go test ./infra/web/portal -run Golden -update (-want +got):\n%s", diff)
	}
}

// The description is read by clients: it names nothing that they must not know to exist.
func TestDescriptionNamesNothingOfStaff(t *testing.T) {
	t.Parallel()
	text := strings.ToLower(call(newPortal(t, nil, nil, &fakeCommands{}), http.MethodGet, "/openapi.json", "", "").Body.String())
	text = creditNotes.ReplaceAllString(text, "")
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, word := range words {
		for _, forbidden := range []string{
			"internal", "staff", "assign" + "ee", "team", "rates", "visib", "audience", "escalat", "console", "triage", "imported", "withdraw",
			"margin", "cost", "note", "policy", "revision", "projection", "stream",
		} {
			if strings.HasPrefix(word, forbidden) && !allowed[word] || word == "rate" || word == "sla" {
				t.Errorf("the description says %q", word)
			}
		}
	}
	if len(words) < 200 {
		t.Errorf("only %d words were looked at", len(words))
	}
}

// creditNotes are no notes.
var creditNotes = regexp.MustCompile(`credit[ _-]?notes?`)

// allowed are words of the description that only look alike: of an invitation, a grant, an objection; that a ticket is
// escalated, is told (X1).
var allowed = map[string]bool{"stream": true, "withdraw": true, "withdrawn": true, "withdrawdisputeinputbody": true, "escalated": true}
