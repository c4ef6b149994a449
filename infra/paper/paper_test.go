package paper_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/terms"
)

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func lineID(n int) uuid.UUID { return uuid.MustParse(fmt.Sprintf("00000000-0000-5000-8000-%012d", n)) }

// content is the draft of the worked example, INV-2026-0041.
func content() bill.Content {
	return bill.Content{
		Contract: "CON-2024-018", Month: "2026-02", PurchaseOrder: "PO-7781", Currency: "AUD", Zone: "Australia/Sydney",
		Issuer: bill.Party{
			Name: "Harbour Digital Pty Ltd", Address: []string{"Level 4", "12 Bridge Street"}, City: "Sydney",
			PostalCode: "2000", Region: "NSW", Country: "AU", TaxID: "51 824 753 556", Email: "accounts@harbour.example",
		},
		Client: bill.Party{
			Name: "Nexus Corp", Address: []string{"88 Collins Street"}, City: "Melbourne", PostalCode: "3000", Region: "VIC",
			Country: "AU", Email: "payables@nexus.example",
		},
		Account: bill.Account{Holder: "Harbour Digital Pty Ltd", Bank: "Southern Bank", Number: "062-000 1234 5678", BIC: "CTBAAU2S"},
		Payment: terms.Payment{Rule: terms.Net, Days: 30},
		Rates: []bill.TaxRate{
			{Kind: bill.StandardRate, Percent: number("10"), Name: "GST 10 %"},
			{Category: "free", Kind: bill.ZeroRate, Name: "GST-free"},
			{Category: "financial", Kind: bill.Exempt, Name: "Input taxed", Reason: "Financial supplies are not taxed"},
		},
		TaxDay: "2026-02-28", Wording: []string{"Thank you for your business."},
		Lines: []bill.Line{
			{
				ID: lineID(1), Kind: bill.Time, Section: "Support hours", Text: "Hours, regular", Condition: hours.Regular, Minutes: 1710,
				Unit: bill.Hour, UnitPrice: number("120"), Net: number("3420"), Amount: number("3420"), From: "2026-02-02", Until: "2026-02-27", Entries: 2,
			},
			{
				ID: lineID(2), Kind: bill.Time, Section: "Support hours", Text: "Hours, after-hours", Condition: hours.AfterHours, Minutes: 180,
				Unit: bill.Hour, UnitPrice: number("180"), Net: number("540"), Amount: number("540"), From: "2026-02-10", Until: "2026-02-10", Entries: 1,
			},
			{
				ID: lineID(3), Kind: bill.Deduction, Text: "SLA deduction, ticket TKT-0041", Count: number("-1"), Unit: bill.Piece,
				UnitPrice: number("200"), Net: number("-200"), Amount: number("-200"),
			},
		},
	}
}

// entries explain the lines of the worked example.
func entries() []bill.Entry {
	entry := func(n, line int, day calendar.Date, text string, minutes int, amount string) bill.Entry {
		return bill.Entry{
			ID: lineID(1000 + n), Line: lineID(line), Day: day, Text: text, JobType: "Development", Seconds: int64(minutes)*60 - 30,
			Minutes: minutes, Rule: "up to whole minutes", UnitPrice: number("120"), Amount: number(amount), Version: 1,
			Clause: "Support hours", Staff: bill.EntryStaff{Part: 1, Card: "Nexus rates", Why: []string{"=row 3"}},
		}
	}
	return []bill.Entry{
		entry(1, 1, "2026-02-02", "Bulk export: traced the timeout", 1590, "3180"),
		entry(2, 1, "2026-02-10", "=Release 4.2", 120, "240"),
		entry(3, 2, "2026-02-10", "Release 4.2", 180, "540"),
	}
}

func finish(tb testing.TB, c bill.Content, date calendar.Date) bill.Document {
	tb.Helper()
	doc, err := c.Finish("INV-2026-0041", date)
	if err != nil {
		tb.Fatalf("finish: %v, %v", err, c.Check())
	}
	return doc
}

func invoice(tb testing.TB) bill.Document {
	tb.Helper()
	return finish(tb, content(), "2026-03-01")
}

// credited is a credit note for a part of the invoice's first line and all of its second.
func credited(tb testing.TB, doc bill.Document) bill.Document {
	tb.Helper()
	lines, err := doc.Credit(nil, []bill.Credit{{Line: lineID(1), Net: number("100.05")}, {Line: lineID(2), Net: number("540")}})
	if err != nil {
		tb.Fatal(err)
	}
	return doc.CreditNoteOf(nil, lines, "CN-2026-0003", "2026-03-20", "Release 4.2 was rolled back")
}

// many is an invoice of hundreds of lines at three rates, with long names.
func many(tb testing.TB, count int) (bill.Document, []bill.Entry) {
	tb.Helper()
	c, explained := content(), []bill.Entry(nil)
	c.Client.Name = "Gesellschaft für " + strings.Repeat("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau", 2) + " und Łódź Жуков mbH"
	c.Lines = nil
	for n := range count {
		minutes := 7 + n%200
		line := bill.Line{
			ID: lineID(n + 1), Kind: bill.Time, Section: fmt.Sprintf("Part %d", n/40+1), Text: fmt.Sprintf("Hours, regular, of work package %d", n+1),
			Condition: hours.Regular, Minutes: minutes, Unit: bill.Hour, UnitPrice: number("123.45"),
			TaxCategory: []string{"", "free", "financial"}[n%3], From: "2026-02-02", Until: "2026-02-27", Entries: 1,
		}
		line.Amount = bill.AmountOf(line, c.Currency)
		line.Net = line.Amount
		c.Lines = append(c.Lines, line)
		explained = append(explained, bill.Entry{
			ID: lineID(5000 + n), Line: line.ID, Day: "2026-02-03", Text: "Слово שלום 你好 " + strings.Repeat("and more of it ", n%9),
			Seconds: int64(minutes * 60), Minutes: minutes, Rule: "as recorded", Amount: line.Amount,
		})
	}
	return finish(tb, c, "2026-03-01"), explained
}
