package main

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// The demo's invoices are those of the worked example, to the cent, and each client sees its own alone.
func TestDemoInvoices(t *testing.T) {
	t.Parallel()
	demo := spawnDemo(t)
	keys := map[string]string{}
	for _, person := range demo.People {
		keys[person.Name] = person.APIKey
	}
	type entry struct{ Number, Date, Due, Net, Tax, Payable, Outstanding, Label string }
	type list struct{ Items []entry }
	of := func(person, query string) (found []entry) {
		t.Helper()
		got, err := send(t.Context(), demo.Portal, http.MethodGet, "/api/client/v1/invoices"+query, keys[person], "", nil)
		if err != nil {
			t.Fatal(err)
		}
		found = decode[list](t, got, http.StatusOK).Items
		slices.SortFunc(found, func(a, b entry) int { return cmp.Compare(a.Number, b.Number) })
		return found
	}
	want := []entry{
		{"INV-2026-0038", "2026-02-01", "2026-03-03", "3536.36", "353.64", "3890", "0", "Paid"},
		{"INV-2026-0041", "2026-03-01", "2026-03-31", "3760", "376", "4136", "4136", "Awaiting payment"},
	}
	if diff := gocmp.Diff(want, of("Olivia Chen", "?filter=all&from=2026-01-01")); diff != "" {
		t.Errorf("invoices of Nexus (-want +got):\n%s", diff)
	}
	want = []entry{
		{"INV-2026-0039", "2026-02-01", "2026-03-14", "1300", "130", "1430", "0", "Paid"},
		{"INV-2026-0040", "2026-02-01", "2026-03-14", "1300", "130", "1430", "1430", "Overdue"},
	}
	if diff := gocmp.Diff(want, of("Jack Whitmore", "?filter=all&from=2026-01-01")); diff != "" {
		t.Errorf("invoices of Harbour Freight Lines (-want +got):\n%s", diff)
	}

	type line struct {
		Text, Quantity, Net string
		UnitPrice           string `json:"unit_price"`
		Entries             int
	}
	type detail struct {
		Document struct{ Lines []line }
		Print    json.RawMessage
	}
	read := func() detail {
		got, err := send(t.Context(), demo.Portal, http.MethodGet, "/api/client/v1/invoices/INV-2026-0041", keys["Olivia Chen"], "", nil)
		if err != nil {
			t.Fatal(err)
		}
		return decode[detail](t, got, http.StatusOK)
	}
	lines := []line{
		{"Hours, regular", "28.50 h", "3420", "120", 8},
		{"Hours, after-hours", "3.00 h", "540", "180", 1},
		{"SLA deduction, ticket TKT-0041", "-1", "-200", "200", 1},
	}
	if diff := gocmp.Diff(lines, read().Document.Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	for began := time.Now(); read().Print == nil; { // The lane prints a moment after the demo is ready.
		if time.Since(began) > patience {
			t.Fatal("nothing is printed")
		}
	}
	for form, begins := range map[string]string{"pdf": "%PDF-", "xml": "<?xml"} {
		got, err := send(t.Context(), demo.Portal, http.MethodGet, "/api/client/v1/invoices/INV-2026-0041/"+form, keys["Olivia Chen"], "", nil)
		if err != nil || got.Status != http.StatusOK || !strings.HasPrefix(got.Body, begins) {
			t.Errorf("as %s: %d %.40s, %v", form, got.Status, got.Body, err)
		}
	}
}
