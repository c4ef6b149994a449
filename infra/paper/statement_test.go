package paper_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/infra/paper"
)

func statement() paper.Statement {
	return paper.Statement{
		Issuer: "Harbour Digital Pty Ltd", Client: "Nexus Corp", Zone: "Australia/Sydney", From: "2026-03-01", Until: "2026-03-31",
		Currency: "AUD", Opening: number("3890"), Closing: number("3431.94"),
		Rows: []paper.StatementRow{
			{Day: "2026-03-01", What: "Invoice", Number: "INV-2026-0041", Debit: number("4136"), Balance: number("8026")},
			{Day: "2026-03-05", What: "Payment", Number: "=cmd()", Credit: number("3890"), Balance: number("4136")},
			{Day: "2026-03-20", What: "Credit note", Number: "CN-2026-0003", Credit: number("704.06"), Balance: number("3431.94")},
		},
	}
}

func TestStatementIsATableWithBothBalances(t *testing.T) {
	t.Parallel()
	text, err := statement().CSV()
	if err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"day", "what", "number", "debit", "credit", "balance", "currency", "zone"},
		{"2026-03-01", "opening balance", "", "", "", "3890.00", "AUD", "Australia/Sydney"},
		{"2026-03-01", "Invoice", "INV-2026-0041", "4136.00", "0.00", "8026.00", "AUD", "Australia/Sydney"},
		{"2026-03-05", "Payment", "'=cmd()", "0.00", "3890.00", "4136.00", "AUD", "Australia/Sydney"},
		{"2026-03-20", "Credit note", "CN-2026-0003", "0.00", "704.06", "3431.94", "AUD", "Australia/Sydney"},
		{"2026-03-31", "closing balance", "", "", "", "3431.94", "AUD", "Australia/Sydney"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
}

func TestStatementTellsWhatIsHeld(t *testing.T) {
	t.Parallel()
	s := statement()
	s.Held = number("2000")
	text, err := s.CSV()
	if last := "3431.94,AUD,Australia/Sydney\n2026-03-31,\"held for you, not yet set against an invoice\",,,,2000.00,AUD,Australia/Sydney\n"; err != nil || !bytes.HasSuffix(text, []byte(last)) {
		t.Errorf("%v: the table ends otherwise:\n%s", err, text)
	}
	pdf, err := s.PDF()
	says(t, strings.Join(strings.Fields(pages(t, pdf, err)[0]), " "), "Closing balance 3,431.94", "Held for you, not yet set 2,000.00 against an invoice")
	pdf, err = statement().PDF()
	if page := pages(t, pdf, err)[0]; strings.Contains(page, "Held") {
		t.Errorf("nothing is held:\n%s", page)
	}
}

func TestStatementIsBounded(t *testing.T) {
	t.Parallel()
	s := statement()
	s.Rows = make([]paper.StatementRow, paper.MaxRows+1)
	if _, err := s.CSV(); err == nil {
		t.Error("a statement beyond its bound was written as CSV")
	}
	if _, err := s.PDF(); err == nil {
		t.Error("a statement beyond its bound was printed")
	}
}
