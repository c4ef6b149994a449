package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/bill"
	"effigate/domain/visible"
	"effigate/infra/web/portal"
	clientrows "effigate/readmodels/client"
)

// names lists the JSON names of a struct, those of the structs in it behind their own. Names in without are left out.
func names(of reflect.Type, path string, without ...string) (found []string) {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "" || name == "-" || slices.Contains(without, path+name) {
			continue
		}
		found = append(found, path+name)
		found = append(found, names(field.Type, path+name+".", without...)...)
	}
	return found
}

// The client's read model decodes documents with types of its own, since it may not know how they are made. A field that
// is added to a document must not get lost there.
func TestTheClientReadsAllOfADocument(t *testing.T) {
	t.Parallel()
	want := names(reflect.TypeFor[bill.Document](), "")
	got := names(reflect.TypeFor[clientrows.Document](), "", "lines.trace")
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 60 {
		t.Errorf("fields of a document (-issued +read):\n%s", diff)
	}
	want = names(reflect.TypeFor[bill.Entry](), "", "staff")
	if diff := cmp.Diff(want, names(reflect.TypeFor[clientrows.Entry](), "")); diff != "" || len(want) < 10 {
		t.Errorf("fields of an entry (-issued +read):\n%s", diff)
	}
}

// What it decodes says the same when it is written again.
func TestTheClientReadsADocumentAsItIs(t *testing.T) {
	t.Parallel()
	for _, kind := range []bill.DocumentKind{bill.Invoice, bill.CreditNote} {
		canonical := bill.SampleDocument(kind).Canonical()
		var read clientrows.Document
		if err := json.Unmarshal(canonical, &read); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(canonical, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-issued +read):\n%s", kind, diff)
		}
	}
}

// What a statement says beside its rows is in its file too.
func TestTheFileOfAStatementTellsWhatIsHeld(t *testing.T) {
	t.Parallel()
	text, err := printStatement(portal.StatementFile{
		Form: visible.CSV, Client: "Nexus Corp", Zone: "UTC", From: "2026-03-01", To: "2026-03-31",
		StatementCurrency: clientrows.StatementCurrency{Currency: "AUD", Opening: "0", Closing: "0", Held: "2000"},
	})
	if err != nil || !strings.Contains(string(text), ",2000.00,AUD,") {
		t.Errorf("%v: the file is\n%s", err, text)
	}
}
