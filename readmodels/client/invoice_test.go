package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/readmodels/client"
)

// billed gives an invoice with one of each thing that belongs to it; ids begin at n. Its document is the worked example:
// 28.5 hours at 120, 3 at 180, a deduction of 200, and 10 percent of tax.
func billed(of, contract uuid.UUID, n int) []any {
	invoice, note, line := id(n), id(n+1), id(n+10)
	document := fmt.Sprintf(`{"kind":"invoice","number":"INV-2026-0041","date":"2026-03-01","due":"2026-03-15","zone":"Australia/Sydney","contract":"CON-2024-018",`+
		`"month":"2026-02","currency":"AUD","issuer":{"name":"Firm","country":"AU"},"client":{"name":"Acme","address":["1 Road"],"country":"AU"},"lines":[`+
		`{"id":%[1]q,"kind":"time","text":"Hours, regular","condition":"regular","minutes":1710,"unit":"hour","quantity":"28.50 h","unit_price":"120","net":"3420","amount":"3420","tax_percent":"10","entries":2},`+
		`{"id":%[2]q,"kind":"time","text":"Hours, emergency","condition":"emergency","minutes":180,"unit":"hour","quantity":"3.00 h","unit_price":"180","net":"540","amount":"540","tax_percent":"10","entries":1},`+
		`{"id":%[3]q,"kind":"deduction","text":"SLA deduction, ticket TKT-0041","count":"-1","unit":"piece","quantity":"-1","unit_price":"200","net":"-200","amount":"-200","tax_percent":"10"}],`+
		`"taxes":[{"kind":"S","percent":"10","name":"GST 10 %%","base":"3760","amount":"376"}],"net":"3760","tax":"376","total":"4136","payable":"4136"}`,
		line, id(n+11), id(n+12))
	entry := func(n int, line uuid.UUID, amount string) string {
		return fmt.Sprintf(`{"id":%q,"line":%q,"day":"2026-02-0%d","text":"Cables","seconds":5400,"minutes":90,"rule":"exact","amount":%q,"version":1}`, id(n), line, n%9+1, amount)
	}
	return []any{
		client.InvoiceRow{
			ID: invoice, Client: of, Number: "INV-2026-0041", Contract: contract, Month: "2026-02", Date: "2026-03-01", Due: "2026-03-15",
			Zone: "Australia/Sydney", Currency: "AUD", Net: "3760", Tax: "376", Payable: "4136", Document: document, SHA256: "00ff", Entries: 3,
		},
		client.DisclosedRow{ID: invoice, Client: of, Kind: "invoice"},
		client.ClaimRow{
			ID: invoice, Client: of, Paid: "1000", Credited: "136", WrittenOff: "0", Outstanding: "3000", Disputed: "220", LastPaid: "2026-03-05",
		},
		client.InvoiceEntryRow{ID: id(n + 20), Client: of, Invoice: invoice, Line: line, Position: 1, Entry: entry(n+20, line, "3000")},
		client.InvoiceEntryRow{ID: id(n + 21), Client: of, Invoice: invoice, Line: id(n + 11), Position: 2, Entry: entry(n+21, id(n+11), "540")},
		client.InvoiceEntryRow{ID: id(n + 22), Client: of, Invoice: invoice, Line: line, Position: 3, Entry: entry(n+22, line, "420")},
		client.CreditNoteRow{
			ID: note, Client: of, Number: "CN-2026-0007", Invoice: invoice, Date: "2026-03-06", Currency: "AUD", Net: "123.64", Tax: "12.36", Payable: "136",
			Document: fmt.Sprintf(`{"kind":"credit_note","number":"CN-2026-0007","lines":[{"id":%q,"net":"123.64"}],"taxes":[],"invoice":"INV-2026-0041","payable":"136"}`, line), SHA256: "11ff",
		},
		client.DisclosedRow{ID: note, Client: of, Kind: "credit_note"},
		client.PrintRow{ID: invoice, Client: of, Layout: 1, SHA256: "22ff", Size: 4096, XMLSHA256: "23ff", CSVSHA256: "24ff"},
		client.PrintRow{ID: note, Client: of, Layout: 1, SHA256: "33ff", Size: 2048},
		client.PaymentRow{ID: id(n + 33), Client: of, Amount: "1000", Currency: "EUR", Day: "2026-03-05", Means: "card", Refunded: "0"},
		client.ReceiptRow{ID: id(n + 30), Client: of, Invoice: invoice, Payment: id(n + 33), Amount: "1000", Day: "2026-03-05"},
		client.ReceiptRow{ID: id(n + 31), Client: of, Invoice: invoice, Amount: "50", Day: "2026-03-02", Reversed: "2026-03-04"},
		client.DisputeRow{
			ID: id(n + 40), Client: of, Invoice: invoice, Line: id(n + 11), Amount: "200", Reason: "No emergency", State: "open", AnswerBy: "2026-03-09",
			Files:    `[{"id":"` + id(n+41).String() + `","name":"order.pdf","type":"application/pdf","size":3,"sha256":"44ff","at":"2026-03-02T09:00:00Z"}]`,
			RaisedBy: ada, RaisedAt: monday,
		},
		client.ReminderRow{ID: id(n + 50), Client: of, Invoice: invoice, Step: 1, Text: "Please pay", At: monday.Add(500 * time.Hour)},
	}
}

// plain is an invoice with a claim on it and nothing else; with 0 outstanding it was paid on its due day.
func plain(n int, date, due, currency, payable, outstanding string) []any {
	claim := client.ClaimRow{ID: id(n), Client: acme, Paid: "0", Credited: "0", WrittenOff: "0", Outstanding: outstanding, Disputed: "0"}
	if outstanding == "0" {
		claim.Paid, claim.LastPaid = payable, due
	}
	return []any{
		client.InvoiceRow{
			ID: id(n), Client: acme, Number: fmt.Sprintf("INV-2026-%04d", n), Month: "2026-02", Date: date, Due: due, Zone: "Australia/Sydney",
			Currency: currency, Net: payable, Tax: "0", Payable: payable, Document: "{}",
		},
		client.DisclosedRow{ID: id(n), Client: acme, Kind: "invoice"},
		claim,
	}
}

// day is noon in Sydney.
func day(date string) time.Time {
	at, _ := time.Parse(time.DateOnly, date)
	return at.Add(time.Hour)
}

func TestAnInvoiceInFull(t *testing.T) {
	t.Parallel()
	s := populated(t)
	got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.InvoiceDetail, error) {
		return client.ReadInvoice(ctx, tx, asAda, "INV-2026-0041", day("2026-03-10"))
	})
	want := client.Invoice{
		ID: id(9000), Number: "INV-2026-0041", Contract: "CON-2024-018", Month: "2026-02", Date: "2026-03-01", Due: "2026-03-15", Currency: "AUD",
		Net: "3760", Tax: "376", Payable: "4136", Paid: "1000", Credited: "136", Outstanding: "3000", Disputed: "220", LastPaid: "2026-03-05",
		Label: "Partly paid", WrittenOff: "0", Today: "2026-03-10",
	}
	if diff := cmp.Diff(want, got.Invoice); diff != "" {
		t.Errorf("invoice (-want +got):\n%s", diff)
	}
	var trace []string
	for _, line := range got.Document.Lines {
		for _, entry := range line.Trace {
			trace = append(trace, line.Text+" "+entry.Amount)
		}
	}
	if diff := cmp.Diff([]string{"Hours, regular 3000", "Hours, regular 420", "Hours, emergency 540"}, trace); diff != "" {
		t.Errorf("traces (-want +got):\n%s", diff)
	}
	if len(got.Receipts) != 2 || got.Receipts[0].Reversed != "2026-03-04" || got.Receipts[1].Amount != "1000" {
		t.Errorf("receipts %+v", got.Receipts)
	}
	if len(got.CreditNotes) != 1 || got.CreditNotes[0].Number != "CN-2026-0007" || len(got.Reminders) != 1 {
		t.Errorf("credit notes %+v, reminders %+v", got.CreditNotes, got.Reminders)
	}
	if credited := got.CreditedOf; len(credited) != 1 || credited[id(9010)].String() != "123.64" {
		t.Errorf("credited of the lines %v", credited)
	}
	if len(got.Disputes) != 1 || got.Disputes[0].RaisedByName != "Ada Abel" || got.Disputes[0].Amount != "200" || got.Disputes[0].AnswerBy != "2026-03-09" {
		t.Errorf("disputes %+v", got.Disputes)
	}
	if files := got.Disputes[0].Attachments; len(files) != 1 || files[0].Name != "order.pdf" || files[0].Size != 3 || files[0].SHA256 != "44ff" {
		t.Errorf("files %+v", files)
	}
	if got.Print == nil || got.Print.SHA256 != "22ff" || got.Print.Digest(visible.XML) != "23ff" || got.Print.Digest(visible.CSV) != "24ff" || got.SHA256 != "00ff" || len(got.Canonical) < 100 {
		t.Errorf("print %+v, digest %s of %d bytes", got.Print, got.SHA256, len(got.Canonical))
	}
	note := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.CreditNoteDetail, error) {
		return client.ReadCreditNote(ctx, tx, asAda, "CN-2026-0007")
	})
	if note.Document.Invoice != "INV-2026-0041" || note.Payable != "136" || note.Print == nil || note.Print.SHA256 != "33ff" {
		t.Errorf("credit note %+v", note)
	}
}

// An invoice is due until the midnight of its issuer, whatever day it is for its reader (A62).
func TestAnInvoiceIsOverdueAfterTheIssuersMidnight(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.put(t, plain(1, "2026-03-01", "2026-03-15", "AUD", "100", "100")...)
	for now, want := range map[string]string{
		"2026-03-15T12:59:59Z": "Awaiting payment", // 23:59:59 in Sydney
		"2026-03-15T13:00:00Z": "Overdue",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		found := invoices(t, s, client.InvoiceFilter{}, at)
		if len(found) != 1 || found[0].Label != want || found[0].Overdue != (want == "Overdue") {
			t.Errorf("at %s it is %+v, want %s", now, found, want)
		}
		balance := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) ([]client.Balance, error) {
			return client.ReadBalances(ctx, tx, asAda, at)
		})
		if len(balance) != 1 || balance[0].Outstanding != "100" || (balance[0].Overdue == "100") != (want == "Overdue") {
			t.Errorf("at %s the balance is %+v", now, balance)
		}
	}
}

func invoices(t *testing.T, s *store, filter client.InvoiceFilter, now time.Time) []client.Invoice {
	t.Helper()
	return get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (found []client.Invoice, err error) {
		found, _, err = client.ListInvoices(ctx, tx, asAda, filter, now)
		return found, err
	})
}

// accounts gives a store with invoices in two currencies: 1 paid long ago, 2 paid lately, 3 open, 4 overdue, 5 in
// another currency, 6 written off, 7 taken back.
func accounts(t *testing.T) *store {
	t.Helper()
	s := newStore(t)
	s.put(t, slices.Concat(
		plain(1, "2026-01-01", "2026-01-15", "AUD", "10", "0"), plain(2, "2026-02-01", "2026-03-20", "AUD", "20.5", "0"),
		plain(3, "2026-03-25", "2026-04-20", "AUD", "30", "29.5"), plain(4, "2026-02-02", "2026-02-16", "AUD", "40", "40"),
		plain(5, "2026-02-03", "2026-02-17", "JPY", "5000", "5000"), plain(6, "2026-01-02", "2026-01-16", "AUD", "60", "0"),
		plain(7, "2026-01-03", "2026-01-17", "AUD", "70", "0"),
	)...)
	s.run(t, `UPDATE claims SET paid = '0', last_paid = '', written_off = '60', closed = '2026-02-10' WHERE id = $1`, id(6).String())
	s.run(t, `UPDATE claims SET paid = '0', last_paid = '', credited = '70', voided = 'CN-2026-0001' WHERE id = $1`, id(7).String())
	s.run(t, `UPDATE claims SET paid = '0.5', last_paid = '2026-03-26' WHERE id = $1`, id(3).String())
	note := func(n int, date, payable string) client.CreditNoteRow {
		return client.CreditNoteRow{
			ID: id(n), Client: acme, Number: fmt.Sprintf("CN-2026-%04d", n-700), Invoice: id(7), Date: date, Currency: "AUD", Net: payable, Tax: "0", Payable: payable, Document: "{}",
		}
	}
	s.put(t,
		note(701, "2026-01-20", "45"), client.DisclosedRow{ID: id(701), Client: acme, Kind: "credit_note"},
		note(702, "2026-02-20", "25"), client.DisclosedRow{ID: id(702), Client: acme, Kind: "credit_note"},
		client.ReceiptRow{ID: id(71), Client: acme, Invoice: id(1), Amount: "10", Day: "2026-01-15"},
		client.ReceiptRow{ID: id(72), Client: acme, Invoice: id(2), Amount: "20.5", Day: "2026-03-20"},
		client.ReceiptRow{ID: id(73), Client: acme, Invoice: id(3), Amount: "0.5", Day: "2026-03-26"},
		client.ReceiptRow{ID: id(74), Client: acme, Invoice: id(4), Amount: "5", Day: "2026-02-20", Reversed: "2026-02-25"},
	)
	return s
}

func TestInvoicesAreListedByFilter(t *testing.T) {
	t.Parallel()
	s := accounts(t)
	for name, c := range map[string]struct {
		filter client.InvoiceFilter
		want   []int
	}{
		"all":                       {client.InvoiceFilter{}, []int{3, 5, 4, 2, 7, 6, 1}},
		"issued or paid in 30 days": {client.InvoiceFilter{Set: client.InvoicesLast30}, []int{3, 2}},
		"open":                      {client.InvoiceFilter{Set: client.InvoicesOpen}, []int{3, 5, 4}},
		"from a day to another":     {client.InvoiceFilter{From: "2026-01-02", To: "2026-02-02"}, []int{4, 2, 7, 6}},
		"a number as printed":       {client.InvoiceFilter{Search: "INV-2026-0004"}, []int{4}},
		"a number as typed":         {client.InvoiceFilter{Search: " inv 2026–4"}, []int{4}},
		"a number without a dash":   {client.InvoiceFilter{Search: "inv20260004"}, []int{4}},
		"without the prefix":        {client.InvoiceFilter{Search: "2026-4"}, []int{4}},
		"without the year":          {client.InvoiceFilter{Search: "inv-04"}, []int{4}},
		"the number alone":          {client.InvoiceFilter{Search: "0004"}, []int{4}},
		"another number":            {client.InvoiceFilter{Search: "INV-2026-0044"}, nil},
		"the year alone":            {client.InvoiceFilter{Search: "2026"}, nil},
		"strange text":              {client.InvoiceFilter{Search: `' OR 1=1 -- %_\`}, nil},
	} {
		var got []int
		for _, found := range invoices(t, s, c.filter, day("2026-03-31")) {
			var n int
			if _, err := fmt.Sscanf(found.Number, "INV-2026-%d", &n); err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	labels := map[string]string{}
	for _, found := range invoices(t, s, client.InvoiceFilter{}, day("2026-03-31")) {
		labels[found.Number] = found.Label
	}
	want := map[string]string{
		"INV-2026-0001": "Paid", "INV-2026-0002": "Paid", "INV-2026-0003": "Partly paid", "INV-2026-0004": "Overdue", "INV-2026-0005": "Overdue",
		"INV-2026-0006": "Closed", "INV-2026-0007": "Voided (credit note CN-2026-0001)",
	}
	if diff := cmp.Diff(want, labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestPagesOfInvoicesMeet(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for n := 1; n <= 7; n++ {
		s.put(t, plain(n, fmt.Sprintf("2026-03-0%d", n/3+1), "2026-04-01", "AUD", "1", "1")...)
	}
	seen := map[string]bool{}
	filter := client.InvoiceFilter{Limit: 2}
	for range 4 {
		found := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (found []client.Invoice, err error) {
			found, filter.After, err = client.ListInvoices(ctx, tx, asAda, filter, day("2026-03-10"))
			return found, err
		})
		for _, invoice := range found {
			if seen[invoice.Number] {
				t.Errorf("%s comes again", invoice.Number)
			}
			seen[invoice.Number] = true
		}
	}
	if len(seen) != 7 || filter.After != nil {
		t.Errorf("%d of 7 invoices, then %v", len(seen), filter.After)
	}
}

func TestBalancesAreByCurrency(t *testing.T) {
	t.Parallel()
	s := accounts(t)
	got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) ([]client.Balance, error) {
		return client.ReadBalances(ctx, tx, asAda, day("2026-03-31"))
	})
	want := []client.Balance{
		{Currency: "AUD", Outstanding: "69.5", Overdue: "40", Disputed: "0", Invoices: 2},
		{Currency: "JPY", Outstanding: "5000", Overdue: "5000", Disputed: "0", Invoices: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("balances (-want +got):\n%s", diff)
	}
}

// A payment that is taken back after the rest was written off, or after all was credited, leaves something to be paid: the
// lists and the balance left it out, while the statement and the label had it.
func TestWhatIsTakenBackIsOpenAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.put(t, slices.Concat(
		plain(1, "2026-01-01", "2026-01-15", "AUD", "264", "200"), plain(2, "2026-01-02", "2026-01-16", "AUD", "264", "264"),
		plain(3, "2026-01-03", "2026-01-17", "AUD", "264", "0"),
	)...)
	s.run(t, `UPDATE claims SET written_off = '64', closed = '2026-02-10' WHERE id = $1`, id(1).String())
	s.run(t, `UPDATE claims SET voided = 'CN-2026-0001' WHERE id = $1`, id(2).String())
	s.run(t, `UPDATE claims SET voided = 'CN-2026-0002' WHERE id = $1`, id(3).String())
	s.put(t,
		client.ReceiptRow{ID: id(71), Client: acme, Invoice: id(1), Amount: "200", Day: "2026-02-01", Reversed: "2026-02-20"},
		client.ReceiptRow{ID: id(72), Client: acme, Invoice: id(2), Amount: "264", Day: "2026-02-01", Reversed: "2026-02-20"},
		client.ReceiptRow{ID: id(73), Client: acme, Invoice: id(3), Amount: "264", Day: "2026-02-01"},
	)
	now := day("2026-03-31")
	var open []string
	for _, found := range invoices(t, s, client.InvoiceFilter{Set: client.InvoicesOpen}, now) {
		open = append(open, fmt.Sprint(found.Number, " ", found.Label, " ", found.Overdue))
	}
	if diff := cmp.Diff([]string{"INV-2026-0002 Overdue true", "INV-2026-0001 Overdue true"}, open); diff != "" {
		t.Errorf("open (-want +got):\n%s", diff)
	}
	balances := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) ([]client.Balance, error) {
		return client.ReadBalances(ctx, tx, asAda, now)
	})
	if diff := cmp.Diff([]client.Balance{{Currency: "AUD", Outstanding: "464", Overdue: "464", Disputed: "0", Invoices: 2}}, balances); diff != "" {
		t.Errorf("balances (-want +got):\n%s", diff)
	}
	statement := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.Statement, error) {
		return client.ReadStatement(ctx, tx, asAda, "2026-01-01", "2026-03-31")
	})
	if closing := statement.Currencies[0].Closing; closing != "464" {
		t.Errorf("the statement closes at %s, want 464", closing)
	}
}

// A statement goes from balance to balance, and its last one is what the list of invoices says is owed.
func TestStatementsOfAccount(t *testing.T) {
	t.Parallel()
	s := accounts(t)
	statement := func(from, to string) client.Statement {
		return get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.Statement, error) {
			return client.ReadStatement(ctx, tx, asAda, from, to)
		})
	}
	got := statement("2026-02-02", "2026-03-31")
	want := client.Statement{From: "2026-02-02", To: "2026-03-31", Currencies: []client.StatementCurrency{
		{
			Currency: "AUD", Opening: "105.5", Closing: "69.5", Rows: []client.StatementRow{
				{Day: "2026-02-02", What: client.StatementInvoice, Number: "INV-2026-0004", Debit: "40", Balance: "145.5"},
				{Day: "2026-02-10", What: client.StatementClosed, Number: "INV-2026-0006", Credit: "60", Balance: "85.5"},
				{Day: "2026-02-20", What: client.StatementCreditNote, Number: "CN-2026-0002", Total: "25", Credit: "25", Balance: "60.5"},
				{Day: "2026-02-20", What: client.StatementPayment, Number: "INV-2026-0004", Credit: "5", Balance: "55.5"},
				{Day: "2026-02-25", What: client.StatementReversed, Number: "INV-2026-0004", Debit: "5", Balance: "60.5"},
				{Day: "2026-03-20", What: client.StatementPayment, Number: "INV-2026-0002", Credit: "20.5", Balance: "40"},
				{Day: "2026-03-25", What: client.StatementInvoice, Number: "INV-2026-0003", Debit: "30", Balance: "70"},
				{Day: "2026-03-26", What: client.StatementPayment, Number: "INV-2026-0003", Credit: "0.5", Balance: "69.5"},
			},
		},
		{
			Currency: "JPY", Opening: "0", Closing: "5000", Rows: []client.StatementRow{
				{Day: "2026-02-03", What: client.StatementInvoice, Number: "INV-2026-0005", Debit: "5000", Balance: "5000"},
			},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
	// Two statements in a row meet: what one closes with the next opens with.
	first, second := statement("2026-01-01", "2026-02-19"), statement("2026-02-20", "2026-03-31")
	if first.Currencies[0].Closing != second.Currencies[0].Opening || second.Currencies[0].Closing != "69.5" {
		t.Errorf("%+v\nthen %+v", first, second)
	}
	if none := statement("2025-01-01", "2025-12-31"); len(none.Currencies) != 0 {
		t.Errorf("a statement of nothing: %+v", none)
	}
}

// Money that came and that no invoice took stands beside the balance, which stays as it is; what was reversed, paid back
// or only came later does not, nor what an invoice took that no money came for.
func TestAStatementTellsWhatIsHeld(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.put(t, plain(1, "2026-01-01", "2026-01-15", "AUD", "1050", "0")...)
	money := func(n int, of uuid.UUID, day, currency, amount, refunded, reversed string) client.PaymentRow {
		return client.PaymentRow{ID: id(n), Client: of, Amount: amount, Currency: currency, Day: day, Means: "card", Refunded: refunded, Reversed: reversed}
	}
	s.put(t,
		money(71, acme, "2026-01-15", "AUD", "3000", "0", ""),
		client.ReceiptRow{ID: id(81), Client: acme, Invoice: id(1), Payment: id(71), Amount: "1000", Day: "2026-01-15"},
		client.ReceiptRow{ID: id(82), Client: acme, Invoice: id(1), Payment: id(79), Amount: "50", Day: "2026-01-16"},
		money(72, acme, "2026-01-20", "EUR", "70.5", "20.25", ""),
		money(73, acme, "2026-01-20", "AUD", "9", "0", "2026-01-25"),
		money(74, acme, "2026-02-01", "AUD", "7", "0", ""),
		money(75, acme, "2026-01-02", "JPY", "8", "8", ""),
		money(76, globex, "2026-01-02", "AUD", "11", "0", ""),
	)
	for to, want := range map[string]string{
		"2026-01-10": "AUD 1050",
		"2026-01-15": "AUD 50, held 2000",
		"2026-01-24": "AUD 0, held 2009; EUR 0, held 50.25",
		"2026-01-31": "AUD 0, held 2000; EUR 0, held 50.25",
		"2026-02-01": "AUD 0, held 2007; EUR 0, held 50.25",
	} {
		statement := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.Statement, error) {
			return client.ReadStatement(ctx, tx, asAda, "2026-01-01", to)
		})
		var got []string
		for _, account := range statement.Currencies {
			text := account.Currency + " " + account.Closing
			if account.Held != "" {
				text += ", held " + account.Held
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("through %s (-want +got):\n%s", to, diff)
		}
	}
}

// What was paid before a credit note is the client's own money: the note takes off only what was outstanding.
func TestACreditNoteTakesOffWhatWasOutstanding(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.put(t, plain(1, "2026-01-01", "2026-01-15", "AUD", "100", "0")...)
	s.run(t, `UPDATE claims SET paid = '80', credited = '20' WHERE id = $1`, id(1).String())
	s.put(t,
		client.ReceiptRow{ID: id(71), Client: acme, Invoice: id(1), Amount: "80", Day: "2026-01-15"},
		client.CreditNoteRow{ID: id(2), Client: acme, Number: "CN-2026-0001", Invoice: id(1), Date: "2026-01-20", Currency: "AUD", Net: "50", Tax: "0", Payable: "50", Document: "{}"},
		client.DisclosedRow{ID: id(2), Client: acme, Kind: "credit_note"},
	)
	got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.Statement, error) {
		return client.ReadStatement(ctx, tx, asAda, "2026-01-16", "2026-01-31")
	})
	want := []client.StatementCurrency{{Currency: "AUD", Opening: "20", Closing: "0", Rows: []client.StatementRow{
		{Day: "2026-01-20", What: client.StatementCreditNote, Number: "CN-2026-0001", Total: "50", Credit: "20", Balance: "0"},
	}}}
	if diff := cmp.Diff(want, got.Currencies); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
}

func TestInvoicesAreForWhoeverMaySeeThem(t *testing.T) {
	t.Parallel()
	s := populated(t)
	granted := client.Viewer{Client: acme, Person: eve, Billing: true}
	reads := map[string]func(context.Context, pgx.Tx, client.Viewer) error{
		"invoice": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			found, err := client.ReadInvoice(ctx, tx, v, "INV-2026-0041", monday)
			if err == nil && (found.ID == id(9000)) != (v.Client == acme) {
				t.Errorf("%+v reads %s", v, found.ID)
			}
			return err
		},
		"credit note": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			found, err := client.ReadCreditNote(ctx, tx, v, "CN-2026-0007")
			if err == nil && (found.ID == id(9001)) != (v.Client == acme) {
				t.Errorf("%+v reads %s", v, found.ID)
			}
			return err
		},
		"dispute": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			_, err := client.ReadDispute(ctx, tx, v, map[uuid.UUID]uuid.UUID{acme: id(9040), globex: id(9140)}[v.Client])
			return err
		},
		"invoices": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			found, _, err := client.ListInvoices(ctx, tx, v, client.InvoiceFilter{}, monday)
			if err == nil && len(found) != 1 {
				t.Errorf("%+v sees %d invoices", v, len(found))
			}
			return err
		},
		"balances": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			found, err := client.ReadBalances(ctx, tx, v, monday)
			if err == nil && (len(found) != 1 || found[0].Outstanding != "3000") {
				t.Errorf("%+v owes %+v", v, found)
			}
			return err
		},
		"statement": func(ctx context.Context, tx pgx.Tx, v client.Viewer) error {
			found, err := client.ReadStatement(ctx, tx, v, "2026-01-01", "2026-12-31")
			if err == nil && (len(found.Currencies) != 1 || len(found.Currencies[0].Rows) != 5 || found.Currencies[0].Closing != "3000") {
				t.Errorf("%+v has the statement %+v", v, found)
			}
			return err
		},
	}
	// The queries hold also where row security does not: for the owner of the tables.
	for _, from := range []*store{s, {owner: s.owner, reader: s.owner}} {
		for name, read := range reads {
			for _, v := range []client.Viewer{asAda, granted, asGil, asEve} {
				err := from.in(t, v, func(ctx context.Context, tx pgx.Tx) error { return read(ctx, tx, v) })
				if v.Billing && err != nil || !v.Billing && !errors.Is(err, domain.ErrNotFound) {
					t.Errorf("%s of %+v: %v", name, v, err)
				}
			}
		}
	}
	// What is another client's is not there: not its number, nor its disputes.
	err := s.in(t, asAda, func(ctx context.Context, tx pgx.Tx) error {
		_, err := client.ReadDispute(ctx, tx, asAda, id(9140))
		return err
	})
	if !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("another client's dispute: %v", err)
	}
}

// What is withdrawn keeps its row and is hidden all the same, by the queries and by row security alone.
func TestWithdrawnDocumentsAreHidden(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.run(t, `DELETE FROM disclosed WHERE client = $1`, acme.String())
	for _, from := range []*store{s, {owner: s.owner, reader: s.owner}} {
		if found := invoices(t, from, client.InvoiceFilter{}, monday); len(found) != 0 {
			t.Errorf("invoices %+v", found)
		}
		for name, read := range map[string]func(context.Context, pgx.Tx) error{
			"invoice": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ReadInvoice(ctx, tx, asAda, "INV-2026-0041", monday)
				return err
			},
			"credit note": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ReadCreditNote(ctx, tx, asAda, "CN-2026-0007")
				return err
			},
			"dispute": func(ctx context.Context, tx pgx.Tx) error {
				_, err := client.ReadDispute(ctx, tx, asAda, id(9040))
				return err
			},
		} {
			if err := from.in(t, asAda, read); !errors.Is(err, domain.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	_ = s.in(t, asAda, func(ctx context.Context, tx pgx.Tx) error {
		for _, table := range []string{"invoices", "invoice_entries", "credit_notes"} {
			if seen := count(ctx, t, tx, `SELECT count(*) FROM `+table); seen != 0 {
				t.Errorf("%d rows of %s are seen", seen, table)
			}
		}
		return nil
	})
}

// Whoever tries, however: what was issued stays (A40). The owner is as far as anybody gets with a login.
func TestNobodyChangesWhatWasIssued(t *testing.T) {
	t.Parallel()
	s := populated(t)
	for role, pool := range map[string]interface {
		QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
	}{"owner": s.owner, "portal_reader": s.reader} {
		for _, table := range []string{"invoices", "invoice_entries", "credit_notes"} {
			for what, statement := range map[string]string{
				"update":   `UPDATE ` + table + ` SET client = client RETURNING 1`,
				"delete":   `DELETE FROM ` + table + ` RETURNING 1`,
				"truncate": `TRUNCATE ` + table,
				"replica":  `WITH r AS (SELECT set_config('session_replication_role', 'replica', true)) UPDATE ` + table + ` SET client = client FROM r RETURNING 1`,
				"upsert": `INSERT INTO ` + table + ` SELECT * FROM ` + table + ` LIMIT 1
				    ON CONFLICT (id) DO UPDATE SET client = excluded.client RETURNING 1`,
			} {
				t.Run(role+" "+what+" "+table, func(t *testing.T) {
					t.Parallel()
					var got int
					if err := pool.QueryRow(t.Context(), statement).Scan(&got); err == nil || errors.Is(err, pgx.ErrNoRows) {
						t.Errorf("%s: %v", statement, err)
					}
				})
			}
		}
	}
	t.Cleanup(func() {
		for table, want := range map[string]int{"invoices": 2, "invoice_entries": 6, "credit_notes": 2} {
			if got := count(context.WithoutCancel(t.Context()), t, s.owner, `SELECT count(*) FROM `+table); got != want {
				t.Errorf("%d rows of %s are left, of %d", got, table, want)
			}
		}
	})
}
