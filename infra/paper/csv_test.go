package paper_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"effigate/domain/bill"
	"effigate/infra/paper"
)

// tableOf reads a table back, by the names of its columns.
func tableOf(tb testing.TB, doc bill.Document, explained []bill.Entry, staff bool) []map[string]string {
	tb.Helper()
	text, err := paper.CSV(doc, explained, staff)
	if err != nil {
		tb.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var records []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, value := range row {
			if value != "" {
				record[rows[0][i]] = value
			}
		}
		records = append(records, record)
	}
	return records
}

func TestCSVOfTheWorkedExample(t *testing.T) {
	t.Parallel()
	got := tableOf(t, invoice(t), entries(), false)
	everywhere := map[string]string{"currency": "AUD", "document": "INV-2026-0041", "contract": "CON-2024-018", "zone": "Australia/Sydney"}
	for _, record := range got {
		for name, want := range everywhere {
			if record[name] != want {
				t.Errorf("%s is %q instead of %q", name, record[name], want)
			}
			delete(record, name)
		}
	}
	want := []map[string]string{
		{
			"row": "line", "line": "1", "section": "Support hours", "text": "Hours, regular", "from": "2026-02-02", "until": "2026-02-27",
			"condition": "regular", "quantity": "28.50 h", "minutes": "1710", "unit_price": "120", "tax": "S", "tax_percent": "10",
			"net": "3420.00", "amount": "3420.00",
		},
		{
			"row": "entry", "line": "1", "text": "Bulk export: traced the timeout", "job_type": "Development", "from": "2026-02-02",
			"until": "2026-02-02", "worked_seconds": "95370", "minutes": "1590", "rule": "up to whole minutes",
			"clause": "Support hours", "terms_version": "1", "unit_price": "120", "amount": "3180.00",
		},
		{
			"row": "entry", "line": "1", "text": "'=Release 4.2", "job_type": "Development", "from": "2026-02-10",
			"until": "2026-02-10", "worked_seconds": "7170", "minutes": "120", "rule": "up to whole minutes",
			"clause": "Support hours", "terms_version": "1", "unit_price": "120", "amount": "240.00",
		},
		{
			"row": "line", "line": "2", "section": "Support hours", "text": "Hours, after-hours", "from": "2026-02-10", "until": "2026-02-10",
			"condition": "after_hours", "quantity": "3.00 h", "minutes": "180", "unit_price": "180", "tax": "S", "tax_percent": "10",
			"net": "540.00", "amount": "540.00",
		},
		{
			"row": "entry", "line": "2", "text": "Release 4.2", "job_type": "Development", "from": "2026-02-10",
			"until": "2026-02-10", "worked_seconds": "10770", "minutes": "180", "rule": "up to whole minutes",
			"clause": "Support hours", "terms_version": "1", "unit_price": "120", "amount": "540.00",
		},
		{
			"row": "line", "line": "3", "text": "SLA deduction, ticket TKT-0041", "quantity": "-1", "unit_price": "200", "tax": "S",
			"tax_percent": "10", "net": "-200.00", "amount": "-200.00",
		},
		{"row": "tax", "text": "GST 10 %", "tax": "S", "tax_percent": "10", "net": "3760.00", "amount": "376.00"},
		{"row": "total", "net": "3760.00", "amount": "4136.00"},
		{"row": "rounding", "amount": "0.00"},
		{"row": "payable", "amount": "4136.00"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

// TestCSVHasNoFormulaInAnyCountry reads the table as programs do that end cells at commas, at semicolons and at tabs. A
// formula behind a semicolon got in: the first character of the text was looked at alone.
func TestCSVHasNoFormulaInAnyCountry(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Fixed import;=cmd|'/c calc'!A1":  "Fixed import;'=cmd|'/c calc'!A1",
		"Fixed import; \"=1+1\"":          "Fixed import;' \"=1+1\"",
		"a\t@SUM(A1)":                     "a\t'@SUM(A1)",
		"a\r\n+1":                         "a\r\n'+1",
		"a;;-1;b":                         "a;;'-1;b",
		"\t=1":                            "'\t'=1",
		" =1":                             "' =1",
		"＝1":                              "'＝1",
		"one; two - three = four\n\nfive": "one; two - three = four\n\nfive",
	} {
		explained := entries()
		explained[0].Text = text
		if got := tableOf(t, invoice(t), explained, false)[1]["text"]; got != strings.ReplaceAll(want, "\r\n", "\n") {
			t.Errorf("%q is written as %q, want %q", text, got, want)
		}
	}
	doc := invoice(t)
	rapid.Check(t, func(t *rapid.T) {
		explained := entries()
		explained[0].Text = rapid.StringOfN(rapid.SampledFrom([]rune("ab1 ;,\t\r\n\"'=+-@|%")), 0, 40, -1).Draw(t, "text")
		table, err := paper.CSV(doc, explained[:1], false)
		if err != nil {
			t.Fatal(err)
		}
		for _, separator := range ";\t" {
			for _, cell := range strings.FieldsFunc(string(table), func(r rune) bool { return r == separator || r == '\n' || r == '\r' }) {
				if begun := strings.TrimLeft(cell, " \""); begun != "" && strings.ContainsRune("=+-@|%", rune(begun[0])) {
					t.Fatalf("%q begins with a formula where %q ends cells", cell, separator)
				}
			}
		}
	})
}

func TestCSVHasInternalPartsForStaffAlone(t *testing.T) {
	t.Parallel()
	record := tableOf(t, invoice(t), entries(), true)[1]
	got := []string{record["card"], record["why"], record["part"]}
	if diff := cmp.Diff([]string{"Nexus rates", "'=row 3", "1"}, got); diff != "" {
		t.Errorf("for staff (-want +got):\n%s", diff)
	}
	text, err := paper.CSV(invoice(t), entries(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Nexus rates", "=row 3", "person", "card"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("a client reads %q", secret)
		}
	}
}

func TestCSVEntriesComeToTheirLines(t *testing.T) {
	t.Parallel()
	doc, explained := many(t, 50)
	lines, entries := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, record := range tableOf(t, doc, explained, false) {
		switch record["row"] {
		case "line":
			lines[record["line"]] = number(record["amount"])
		case "entry":
			entries[record["line"]] = entries[record["line"]].Add(number(record["amount"]))
		}
	}
	if diff := cmp.Diff(lines, entries); diff != "" || len(lines) != 50 {
		t.Errorf("%d lines; lines and their entries (-lines +entries):\n%s", len(lines), diff)
	}
}
