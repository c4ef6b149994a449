package staff_test

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
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/money"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func invoiceID(n int) domain.InvoiceID { return domain.InvoiceID{UUID: id("invoice", n)} }

func clientID(n int) domain.ClientID { return domain.ClientID{UUID: id("client", n)} }

// story is how an invoice is told to a log.
type story struct {
	n, client int
	date, due calendar.Date
	currency  money.Currency
	net, tax  string
	deducted  string
}

func (s story) content() bill.Content {
	line := bill.Line{
		ID: id("line", s.n), Kind: bill.Manual, Text: "Work", Count: number("1"), Unit: bill.Piece, UnitPrice: number(s.net),
		Net: number(s.net), Amount: number(s.net), TaxCategory: "standard",
	}
	return bill.Content{
		Contract: fmt.Sprintf("CON-%d", s.n), Month: "2026-02", Currency: s.currency, Zone: "Australia/Sydney",
		Issuer: bill.Party{Name: "Firm", Country: "AU"}, Client: bill.Party{Name: "Acme", Country: "AU"},
		Rates:  []bill.TaxRate{{Category: "standard", Kind: bill.StandardRate, Percent: number("10"), Name: "GST 10 %"}},
		TaxDay: "2026-02-28", Lines: []bill.Line{line},
	}
}

func (s story) document() bill.Document {
	payable := number(s.net).Add(number(s.tax))
	document := bill.Document{
		Kind: bill.Invoice, Number: fmt.Sprintf("INV-2026-%04d", s.n), Date: s.date, Due: s.due, Zone: "Australia/Sydney",
		Contract: fmt.Sprintf("CON-%d", s.n), Month: "2026-02", Currency: s.currency, Net: number(s.net), Tax: number(s.tax), Total: payable, Payable: payable,
		Lines: []bill.Line{{
			ID: id("line", s.n), Kind: bill.Time, Text: "Work", Net: number(s.net), Amount: number(s.net), TaxKind: bill.StandardRate, TaxPercent: number("10"),
		}},
		Taxes: []bill.Tax{{Kind: bill.StandardRate, Percent: number("10"), Name: "GST", Base: number(s.net), Amount: number(s.tax)}},
	}
	if s.deducted != "" {
		document.Lines = append(document.Lines, bill.Line{ID: id("deduction line", s.n), Kind: bill.Deduction, Net: number(s.deducted), Amount: number(s.deducted)})
	}
	return document
}

// drafted is the beginning of an invoice; chunks of entries follow.
func (s story) drafted() []domain.Event {
	entries := []bill.Entry{
		{ID: id("entry", 10*s.n), Line: id("line", s.n), Day: "2026-02-03", Text: "Cables", Amount: number(s.net), Staff: bill.EntryStaff{
			Time: domain.TimeID{UUID: id("time", s.n)}, Person: domain.PersonID{UUID: id("person", 3)}, Row: "seniors",
		}},
		{ID: id("entry", 10*s.n+1), Line: id("line", s.n), Day: "2026-02-04", Text: "More", Amount: number("0")},
	}
	by, at := domain.PersonID{UUID: id("person", 1)}, at(s.n)
	return []domain.Event{
		invoice.Drafted{
			Invoice: invoiceID(s.n), Client: clientID(s.client), Contract: domain.ContractID{UUID: id("contract", s.n)}, Month: "2026-02",
			Staff: invoice.DraftedStaff{Issuer: "main", TwoPeople: true, Content: s.content(), Chunks: 2, Prefix: "INV"}, By: by, At: at,
		},
		invoice.EntriesAdded{Chunk: 1, Entries: entries[:1], By: by, At: at},
		invoice.EntriesAdded{Chunk: 2, Entries: entries[1:], By: by, At: at},
	}
}

func (s story) issued() []domain.Event {
	by, other, at, document := domain.PersonID{UUID: id("person", 1)}, domain.PersonID{UUID: id("person", 2)}, at(s.n), s.document()
	return append(
		s.drafted(),
		invoice.Submitted{By: by, At: at}, invoice.Approved{By: other, At: at}, invoice.Issuing{Date: s.date, By: by, At: at},
		invoice.Issued{Number: s.n, Document: document, SHA256: document.SHA256(), Staff: invoice.IssuedStaff{Series: "invoice-main-2026"}, By: by, At: at},
	)
}

func (s story) record(t *testing.T, log *stafftest.Log, events ...domain.Event) {
	t.Helper()
	log.Record(t, invoice.Stream(invoiceID(s.n)), events...)
}

// noon is noon of a day in Sydney, or an hour later.
func noon(day calendar.Date) time.Time {
	at, _ := time.Parse(time.DateOnly, string(day))
	return at.Add(2 * time.Hour)
}

func registered(t *testing.T, log *stafftest.Log, names ...string) {
	t.Helper()
	for n, name := range names {
		log.Record(t, client.Stream(clientID(n+1)), client.Registered{Client: clientID(n + 1), Name: name, Zone: "UTC", Language: "en", Currency: "AUD", At: at(0)})
	}
}

// pipeline tells of a draft, one that waits, one that was discarded, and issued ones in two currencies.
func pipeline(t *testing.T) *stafftest.World {
	t.Helper()
	return world(t, func(log *stafftest.Log) {
		registered(t, log, "Beta", "Acme")
		for n, change := range [][]domain.Event{
			nil, {invoice.Submitted{At: at(9)}}, {invoice.Discarded{Staff: invoice.ReasonStaff{Reason: "twice"}, At: at(9)}},
		} {
			s := story{n: n + 1, client: 1, currency: "AUD", net: "100", tax: "10"}
			s.record(t, log, append(s.drafted(), change...)...)
		}
		for n, s := range []story{
			{client: 1, date: "2026-03-01", due: "2026-03-15", currency: "AUD", net: "100", tax: "10"},
			{client: 1, date: "2026-03-01", due: "2026-02-14", currency: "AUD", net: "200", tax: "20", deducted: "-20"},
			{client: 1, date: "2026-01-01", due: "2026-01-14", currency: "AUD", net: "300", tax: "30"},
			{client: 1, date: "2025-12-10", due: "2025-12-20", currency: "AUD", net: "400", tax: "40"},
			{client: 1, date: "2025-11-01", due: "2025-12-05", currency: "AUD", net: "500", tax: "50"},
			{client: 2, date: "2026-03-02", due: "2026-03-10", currency: "JPY", net: "5000", tax: "500"},
		} {
			s.n = n + 4
			s.record(t, log, s.issued()...)
		}
	})
}

func TestThePipeline(t *testing.T) {
	t.Parallel()
	w := pipeline(t)
	for name, c := range map[string]struct {
		filter staff.InvoiceFilter
		want   []int
	}{
		"all":         {staff.InvoiceFilter{}, []int{9, 8, 7, 6, 5, 4, 3, 2, 1}},
		"by state":    {staff.InvoiceFilter{States: []string{staff.InvoiceDraft, staff.InvoicePending}}, []int{2, 1}},
		"by client":   {staff.InvoiceFilter{Client: id("client", 2)}, []int{9}},
		"by contract": {staff.InvoiceFilter{Contract: id("contract", 7)}, []int{7}},
		"by month":    {staff.InvoiceFilter{Month: "2026-01"}, nil},
		"overdue":     {staff.InvoiceFilter{Overdue: true}, []int{9, 8, 7, 6, 5}},
		"open":        {staff.InvoiceFilter{Open: true}, []int{9, 8, 7, 6, 5, 4}},
		"by number":   {staff.InvoiceFilter{Number: "inv 2026 7"}, []int{7}},
		"by year":     {staff.InvoiceFilter{Number: "2026"}, nil},
	} {
		w.Read(t, func(tx pgx.Tx) error {
			var got []int
			var after staff.InvoiceCursor
			for range 5 { // Pages of two.
				filter := c.filter
				filter.After, filter.Limit = after, 2
				found, next, err := staff.Invoices(t.Context(), tx, filter, noon("2026-03-15"))
				if err != nil {
					return err
				}
				for _, line := range found {
					got = append(got, int(at(0).Sub(line.DraftedAt)/-time.Minute))
				}
				if after = next; after.IsZero() {
					break
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			return nil
		})
	}
	w.Read(t, func(tx pgx.Tx) error {
		sums, err := staff.InvoiceSums(t.Context(), tx, staff.InvoiceFilter{}, noon("2026-03-15"))
		want := []staff.InvoiceSum{
			{State: "discarded", Currency: "AUD", Invoices: 1, Net: "100", Payable: "110", Outstanding: "0", Overdue: "0"},
			{State: "draft", Currency: "AUD", Invoices: 1, Net: "100", Payable: "110", Outstanding: "0", Overdue: "0"},
			{State: "issued", Currency: "AUD", Invoices: 5, Net: "1500", Payable: "1650", Outstanding: "1650", Overdue: "1540"},
			{State: "issued", Currency: "JPY", Invoices: 1, Net: "5000", Payable: "5500", Outstanding: "5500", Overdue: "5500"},
			{State: "pending_approval", Currency: "AUD", Invoices: 1, Net: "100", Payable: "110", Outstanding: "0", Overdue: "0"},
		}
		if diff := cmp.Diff(want, sums); diff != "" {
			t.Errorf("sums (-want +got):\n%s", diff)
		}
		return err
	})
}

// What is due today is current until the issuer's midnight; then it ages by the day (A62, F46).
func TestReceivablesAgeByTheIssuersDays(t *testing.T) {
	t.Parallel()
	w := pipeline(t)
	w.Log.Record(t, payment.Stream(domain.PaymentID{UUID: id("payment", 1)}), payment.Received{
		Payment: domain.PaymentID{UUID: id("payment", 1)}, Client: clientID(2), Amount: number("70"), Currency: "AUD", Day: "2026-03-03", At: at(50),
	})
	read := func(now time.Time) (found []staff.Receivable) {
		w.Read(t, func(tx pgx.Tx) (err error) {
			found, _, err = staff.Receivables(t.Context(), tx, uuid.Nil, now, 0)
			return err
		})
		return found
	}
	want := []staff.Receivable{
		{
			Client: id("client", 2), ClientName: "Acme", Currency: "AUD", Outstanding: "0", Current: "0", Days30: "0", Days60: "0", Days90: "0", Older: "0",
			Disputed: "0", Deducted: "0", Credited: "0", Credit: "70",
		},
		{
			Client: id("client", 2), ClientName: "Acme", Currency: "JPY", Invoices: 1, Outstanding: "5500", Current: "0", Days30: "5500", Days60: "0",
			Days90: "0", Older: "0", Disputed: "0", Deducted: "0", Credited: "0", Credit: "0",
		},
		{
			Client: id("client", 1), ClientName: "Beta", Currency: "AUD", Invoices: 5, Outstanding: "1650", Current: "110", Days30: "220", Days60: "330",
			Days90: "440", Older: "550", Disputed: "0", Deducted: "-20", Credited: "0", Credit: "0",
		},
	}
	// 23:59:59 on 15 March in Sydney: 29 and 60, 85 and 100 days after the others were due.
	if diff := cmp.Diff(want, read(time.Date(2026, 3, 15, 12, 59, 59, 0, time.UTC))); diff != "" {
		t.Errorf("receivables (-want +got):\n%s", diff)
	}
	want[2].Current, want[2].Days30, want[2].Days60, want[2].Days90 = "0", "330", "0", "770"
	if diff := cmp.Diff(want, read(time.Date(2026, 3, 15, 13, 0, 0, 0, time.UTC))); diff != "" {
		t.Errorf("a second later (-want +got):\n%s", diff)
	}
}

// A draft shows what it would come to, and is gone once it is issued; its history and what explains it stay.
func TestFromDraftToIssue(t *testing.T) {
	t.Parallel()
	s := story{n: 1, client: 1, date: "2026-03-01", due: "2026-03-15", currency: "AUD", net: "100", tax: "10"}
	w := world(t, func(log *stafftest.Log) {
		discount := bill.Line{
			ID: id("line", 2), Kind: bill.Manual, Text: "Discount", Count: number("-1"), Unit: bill.Piece, UnitPrice: number("50"), Net: number("-50"), Amount: number("-50"),
			TaxCategory: "standard",
		}
		removed := discount
		removed.ID = id("line", 3)
		s.record(t, log, append(
			s.drafted(),
			invoice.LineAdded{Staff: invoice.LineAddedStaff{Line: discount, Reason: "agreed"}, At: at(2)},
			invoice.LineAdded{Staff: invoice.LineAddedStaff{Line: removed, Reason: "by mistake"}, At: at(2)},
			invoice.LineRemoved{Line: removed.ID, At: at(3)},
			invoice.LineReworded{Line: discount.ID, Staff: invoice.LineRewordedStaff{Text: "Discount as agreed"}, At: at(4)},
		)...)
	})
	w.Read(t, func(tx pgx.Tx) error {
		line, err := staff.InvoiceByID(t.Context(), tx, id("invoice", 1), noon("2026-03-10"))
		if err != nil {
			return err
		}
		if line.Net != "50" || line.Tax != "5" || line.Payable != "55" || line.Label != "Pending" || line.Problem != "" || line.ChunksAdded != 2 {
			t.Errorf("draft %+v", line)
		}
		content, err := staff.DraftOfInvoice(t.Context(), tx, id("invoice", 1))
		if err != nil {
			return err
		}
		if len(content.Lines) != 2 || content.Lines[1].Text != "Discount as agreed" {
			t.Errorf("lines %+v", content.Lines)
		}
		if _, err := staff.DocumentOfInvoice(t.Context(), tx, id("invoice", 1)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("the document of a draft: %v", err)
		}
		return nil
	})
	s.record(t, w.Log, s.issued()[3:]...)
	w.Read(t, func(tx pgx.Tx) error {
		line, err := staff.InvoiceByNumber(t.Context(), tx, "INV-2026-0001", noon("2026-03-10"))
		if err != nil {
			return err
		}
		if line.ID != id("invoice", 1) || line.Payable != "110" || line.Outstanding != "110" || line.Label != "Awaiting payment" || line.Series != "invoice-main-2026" {
			t.Errorf("issued %+v", line)
		}
		if line.ApprovedBy == nil || *line.ApprovedBy != id("person", 2) || *line.IssuedBy != id("person", 1) {
			t.Errorf("approved by %v, issued by %v", line.ApprovedBy, line.IssuedBy)
		}
		if _, err := staff.DraftOfInvoice(t.Context(), tx, line.ID); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("the draft of an issued invoice: %v", err)
		}
		issued, err := staff.DocumentOfInvoice(t.Context(), tx, line.ID)
		if err != nil {
			return err
		}
		if want := s.document(); issued.Canonical != string(want.Canonical()) || issued.SHA256 != want.SHA256() || issued.Document.SHA256() != issued.SHA256 {
			t.Errorf("document %+v", issued)
		}
		entries, err := staff.EntriesOfInvoice(t.Context(), tx, line.ID)
		if err != nil {
			return err
		}
		if len(entries) != 2 || entries[0].Text != "Cables" || entries[0].Staff.Row != "seniors" || entries[1].Text != "More" {
			t.Errorf("entries %+v", entries)
		}
		charges, err := staff.ChargesOfTime(t.Context(), tx, id("time", 1))
		if err != nil {
			return err
		}
		if len(charges) != 1 || charges[0].Number != "INV-2026-0001" || charges[0].Entry.Line != id("line", 1) {
			t.Errorf("charges %+v", charges)
		}
		steps, err := staff.InvoiceSteps(t.Context(), tx, line.ID, 0)
		var told []string
		for _, step := range slices.Backward(steps) {
			told = append(told, strings.TrimSpace(step.What+" "+step.Amount+" "+step.Note))
		}
		want := []string{
			"drafted", "entries_added", "entries_added", "line_added -50 agreed", "line_added -50 by mistake", "line_removed", "line_reworded  Discount as agreed",
			"submitted", "approved", "issuing  2026-03-01", "issued  " + issued.SHA256,
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		return err
	})
}

// An answer is in time until the issuer's midnight (A62), wherever the server is; late ones come first. A dispute for which
// nothing was promised is never late, nor is one that is settled.
func TestAnswersAreLateByTheIssuersDay(t *testing.T) {
	t.Parallel()
	dispute := func(n int) domain.DisputeID { return domain.DisputeID{UUID: id("dispute", n)} }
	s := story{n: 1, client: 1, date: "2026-03-01", due: "2026-03-15", currency: "AUD", net: "100", tax: "10"}
	w := world(t, func(log *stafftest.Log) {
		s.record(t, log, s.issued()...)
		for n, by := range map[int]calendar.Date{1: "", 2: "2026-03-11", 3: "2026-03-10", 4: "2026-03-09"} {
			s.record(t, log, invoice.Disputed{Dispute: dispute(n), Line: id("line", 1), Amount: number("30"), Reason: "why", AnswerBy: by, At: at(n)})
		}
		s.record(t, log, invoice.DisputeTaken{Dispute: dispute(3), At: at(9)}, invoice.DisputeSettled{Dispute: dispute(4), Answer: "no", At: at(9)},
			invoice.DisputeFileAttached{Dispute: dispute(3), Attachment: domain.AttachmentID{UUID: id("file", 1)}, Name: "order.pdf", Type: "application/pdf", Size: 3, SHA256: "00", At: at(9)})
	})
	read := func(now string) (open []string, late int) {
		moment, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		w.Read(t, func(tx pgx.Tx) error {
			found, more, err := staff.OpenDisputes(t.Context(), tx, moment, 3)
			if first, cut, failed := staff.OpenDisputes(t.Context(), tx, moment, 2); len(first) != 2 || !cut || more || failed != nil {
				t.Errorf("the first two of three: %d, more: %t, of three: %t, %v", len(first), cut, more, failed)
			}
			for _, d := range found {
				open = append(open, d.AnswerBy)
				if d.Late {
					late++
				}
			}
			return err
		})
		return open, late
	}
	for now, want := range map[string]int{"2026-03-10T12:59:59Z": 0, "2026-03-10T13:00:00Z": 1, "2026-03-11T13:00:00Z": 2} { // Midnight in Sydney
		open, late := read(now)
		if diff := cmp.Diff([]string{"2026-03-10", "2026-03-11", ""}, open); diff != "" || late != want {
			t.Errorf("at %s %d are late, want %d (-want +got):\n%s", now, late, want, diff)
		}
	}
	for now, want := range map[string]int{"2026-03-10T12:59:59Z": 0, "2026-03-10T13:00:00Z": 1} {
		moment, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		w.Read(t, func(tx pgx.Tx) error {
			found, _, err := staff.Invoices(t.Context(), tx, staff.InvoiceFilter{Unanswered: true}, moment)
			if len(found) != want {
				t.Errorf("at %s %d invoices wait for an answer that is late, want %d", now, len(found), want)
			}
			return err
		})
	}
	w.Read(t, func(tx pgx.Tx) error {
		all, err := staff.DisputesOf(t.Context(), tx, id("invoice", 1), noon("2026-04-01"))
		if len(all) != 4 || all[3].Late || len(all[2].Attachments) != 1 || all[2].Attachments[0].Name != "order.pdf" || all[0].Attachments == nil {
			t.Errorf("all of them %+v", all)
		}
		return err
	})
}

// What becomes of an issued invoice: payments, a reversal, credit notes, disputes, a write-off.
func TestTheClaimOfAnInvoice(t *testing.T) {
	t.Parallel()
	s := story{n: 1, client: 1, date: "2026-03-01", due: "2026-03-15", currency: "AUD", net: "100", tax: "10"}
	first, second := domain.PaymentID{UUID: id("payment", 1)}, domain.PaymentID{UUID: id("payment", 2)}
	w := world(t, func(log *stafftest.Log) { s.record(t, log, s.issued()...) })
	check := func(name string, want staff.InvoiceLine, events ...domain.Event) {
		t.Helper()
		if len(events) > 0 {
			s.record(t, w.Log, events...)
		}
		w.Read(t, func(tx pgx.Tx) error {
			got, err := staff.InvoiceByID(t.Context(), tx, id("invoice", 1), noon("2026-03-10"))
			if err != nil {
				return err
			}
			told := func(l staff.InvoiceLine) []string {
				return []string{l.Paid, l.Credited, l.WrittenOff, l.Outstanding, l.Disputed, l.Voided, l.Label}
			}
			if diff := cmp.Diff(told(want), told(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			return nil
		})
	}
	line := func(paid, credited, writtenOff, left, disputed, voided, label string) staff.InvoiceLine {
		l := staff.InvoiceLine{Disputed: disputed, Label: label}
		l.Paid, l.Credited, l.WrittenOff, l.Outstanding, l.Voided = paid, credited, writtenOff, left, voided
		return l
	}
	credit := func(n int, net, tax string) (invoice.CreditReserved, invoice.Credited) {
		note := domain.CreditNoteID{UUID: id("note", n)}
		lines := []bill.CreditedLine{{Credit: bill.Credit{Line: id("line", 1), Net: number(net)}, Tax: number(tax)}}
		total := number(net).Add(number(tax))
		return invoice.CreditReserved{CreditNote: note, Lines: lines, Total: total, Offset: total, At: at(20)}, invoice.Credited{CreditNote: note, Number: fmt.Sprintf("CN-%d", n), At: at(21)}
	}
	check("issued", line("0", "0", "0", "110", "0", "", "Awaiting payment"))
	check("paid in part", line("10.5", "0", "0", "99.5", "0", "", "Partly paid"), invoice.PaymentApplied{Payment: first, Amount: number("10.50"), Day: "2026-03-05", At: at(9)})
	check("paid back", line("0", "0", "0", "110", "0", "", "Awaiting payment"), invoice.PaymentReversed{Payment: first, Amount: number("10.5"), Day: "2026-03-06", At: at(9)})
	check("disputed", line("0", "0", "0", "110", "30", "", "Awaiting payment"),
		invoice.Disputed{Dispute: domain.DisputeID{UUID: id("dispute", 1)}, Line: id("line", 1), Amount: number("30"), Reason: "why", At: at(9)})
	w.Read(t, func(tx pgx.Tx) error {
		open, _, err := staff.OpenDisputes(t.Context(), tx, at(9), 0)
		if len(open) != 1 || open[0].Number != "INV-2026-0001" || open[0].State != "open" {
			t.Errorf("open disputes %+v", open)
		}
		return err
	})
	reserved, credited := credit(1, "40", "4")
	check("credit asked for", line("0", "44", "0", "66", "0", "", "Awaiting payment"),
		invoice.DisputeSettled{Dispute: domain.DisputeID{UUID: id("dispute", 1)}, Accepted: true, Answer: "so be it", At: at(9)}, reserved)
	check("credited", line("0", "44", "0", "66", "0", "", "Awaiting payment"), credited)
	check("paid", line("6", "44", "0", "60", "0", "", "Partly paid"), invoice.PaymentApplied{Payment: second, Amount: number("6"), Day: "2026-03-07", At: at(9)})
	check("written off", line("6", "44", "60", "0", "0", "", "Written off"), invoice.WrittenOff{Amount: number("60"), At: noon("2026-03-09")})
	reserved, credited = credit(2, "60", "6")
	reserved.Offset = decimal.Zero
	check("all of it asked for", line("6", "44", "60", "0", "0", "", "Written off"), reserved)
	check("all of it credited", line("6", "44", "60", "0", "0", "CN-2", "Voided (credit note CN-2)"), credited)
	w.Read(t, func(tx pgx.Tx) error {
		got, err := staff.InvoiceByID(t.Context(), tx, id("invoice", 1), noon("2026-03-10"))
		if err != nil {
			return err
		}
		given, err := got.Given()
		if err != nil || len(given) != 2 || given[0].Number != "CN-1" || given[1].Offset != "0" || got.Closed != "2026-03-09" {
			t.Errorf("credits %+v, closed %s, %v", given, got.Closed, err)
		}
		left, err := got.Left()
		if err != nil || len(left) != 0 {
			t.Errorf("left %+v, %v", left, err)
		}
		return nil
	})
}

func TestPaymentsAndWhereTheyWent(t *testing.T) {
	t.Parallel()
	s := story{n: 1, client: 1, date: "2026-03-01", due: "2026-03-15", currency: "AUD", net: "100", tax: "10"}
	w := world(t, func(log *stafftest.Log) {
		registered(t, log, "Acme")
		s.record(t, log, s.issued()...)
		for n, events := range [][]domain.Event{
			{payment.Allocated{Invoice: invoiceID(1), Amount: number("60"), At: at(11)}, payment.Refunded{Amount: number("15"), Day: "2026-03-09", At: at(12)}},
			{payment.Allocated{Invoice: invoiceID(1), Amount: number("100"), At: at(13)}, payment.Released{Invoice: invoiceID(1), Amount: number("100"), At: at(14)}},
			{payment.Allocated{Invoice: invoiceID(1), Amount: number("100"), At: at(15)}},
			{payment.Reversed{Day: "2026-03-08", Staff: payment.ReversedStaff{Chargeback: true, Reason: "fraud"}, At: at(16)}},
		} {
			paid := domain.PaymentID{UUID: id("payment", n)}
			log.Record(t, payment.Stream(paid), append([]domain.Event{payment.Received{
				Payment: paid, Client: clientID(1), Amount: number("100"), Currency: "AUD", Day: "2026-03-05",
				Staff: payment.ReceivedStaff{Source: payment.ByHand, Reference: fmt.Sprint("wire ", n)}, At: at(10 + n),
			}}, events...)...)
		}
	})
	w.Read(t, func(tx pgx.Tx) error {
		all, next, err := staff.Payments(t.Context(), tx, staff.PaymentFilter{Client: id("client", 1)})
		if err != nil {
			return err
		}
		var told []string
		for _, p := range all {
			to := []string{p.Reference + ":", p.Unallocated, "left"}
			for _, a := range p.Allocations {
				to = append(to, a.Amount, "to", a.Number)
			}
			told = append(told, strings.Join(to, " "))
		}
		want := []string{"wire 3: 0 left", "wire 2: 0 left 100 to INV-2026-0001", "wire 1: 100 left", "wire 0: 25 left 60 to INV-2026-0001"}
		if diff := cmp.Diff(want, told); diff != "" || next != uuid.Nil {
			t.Errorf("payments, then %s (-want +got):\n%s", next, diff)
		}
		first, next, err := staff.Payments(t.Context(), tx, staff.PaymentFilter{Unallocated: true, Limit: 1})
		if err != nil || len(first) != 1 || first[0].Reference != "wire 1" || next != first[0].ID {
			t.Errorf("first page of what is left: %+v, then %s, %v", first, next, err)
		}
		rest, next, err := staff.Payments(t.Context(), tx, staff.PaymentFilter{Unallocated: true, Limit: 1, After: next})
		if err != nil || len(rest) != 1 || rest[0].Reference != "wire 0" || next != uuid.Nil {
			t.Errorf("second page: %+v, then %s, %v", rest, next, err)
		}
		refunds, err := rest[0].PaidBack()
		if err != nil || len(refunds) != 1 || refunds[0].Amount != "15" {
			t.Errorf("refunds %+v, %v", refunds, err)
		}
		to, err := staff.AllocationsTo(t.Context(), tx, id("invoice", 1))
		if err != nil || len(to) != 2 || to[0].Amount != "60" {
			t.Errorf("to the invoice: %+v, %v", to, err)
		}
		back, err := staff.PaymentByID(t.Context(), tx, id("payment", 3))
		if err != nil || !back.Chargeback || back.Reversed != "2026-03-08" || len(back.Allocations) != 0 {
			t.Errorf("taken back: %+v, %v", back, err)
		}
		_, err = staff.PaymentByID(t.Context(), tx, id("payment", 9))
		if !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("no payment: %v", err)
		}
		return nil
	})
}

func TestSpendIsInvoicesLessCreditNotes(t *testing.T) {
	t.Parallel()
	w := pipeline(t)
	note := domain.CreditNoteID{UUID: id("note", 1)}
	document := bill.Document{
		Kind: bill.CreditNote, Number: "CN-2026-0001", Date: "2026-03-20", Currency: "AUD", Net: number("40"), Tax: number("4"), Payable: number("44"), Invoice: "INV-2026-0004",
	}
	w.Log.Record(t, creditnote.Stream(note),
		creditnote.Drafted{
			CreditNote: note, Invoice: invoiceID(4), Client: clientID(1), Date: "2026-03-20",
			Staff: creditnote.DraftedStaff{Document: document, Issuer: "main", Code: creditnote.Goodwill}, At: at(60),
		},
		creditnote.Issued{Number: 1, Document: document, SHA256: document.SHA256(), At: at(61)},
		creditnote.Rendered{Print: bill.Print{Layout: 1, SHA256: "00ff", Size: 9, XMLSHA256: "11ff", CSVSHA256: "22ff"}, At: at(62)})
	w.Read(t, func(tx pgx.Tx) error {
		spent, err := staff.SpendIn(t.Context(), tx, "2026-03", uuid.Nil, 0)
		want := []staff.Spend{
			{Client: id("client", 2), ClientName: "Acme", Currency: "JPY", Invoices: 1, Net: "5000", Payable: "5500", Credited: "0"},
			{Client: id("client", 1), ClientName: "Beta", Currency: "AUD", Invoices: 2, Net: "260", Payable: "286", Credited: "44"},
		}
		if diff := cmp.Diff(want, spent); diff != "" {
			t.Errorf("spend (-want +got):\n%s", diff)
		}
		if err != nil {
			return err
		}
		notes, err := staff.CreditNotesOf(t.Context(), tx, id("invoice", 4))
		if err != nil || len(notes) != 1 || notes[0].Number != "CN-2026-0001" || notes[0].Code != "goodwill" || notes[0].Layout != 1 {
			t.Errorf("credit notes %+v, %v", notes, err)
		}
		issued, err := staff.DocumentOfCreditNote(t.Context(), tx, note.UUID)
		if err != nil || issued.Document.SHA256() != issued.SHA256 {
			t.Errorf("document %+v, %v", issued, err)
		}
		_, err = staff.CreditNoteByID(t.Context(), tx, id("note", 2))
		if !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("no credit note: %v", err)
		}
		return nil
	})
}

// The bulk run is offered each contract in force in the month until somebody has invoiced it; what a draft of another
// month takes of it does not count.
func TestWhatIsDueForBilling(t *testing.T) {
	t.Parallel()
	active := contract.Activated{At: at(1)}
	opened := func(n int) period.Opened {
		return period.Opened{Contract: domain.ContractID{UUID: id("contract", n)}, Client: clientID(1), Month: "2026-02", Zone: "UTC", At: at(1)}
	}
	w := world(t, func(log *stafftest.Log) {
		registered(t, log, "Acme")
		for n := range 5 {
			agreement(t, log, n, 1, "", nil, active)
		}
		agreement(t, log, 5, 1, "", nil)
		agreement(t, log, 6, 1, "2026-01-31", nil, active)
		later := period.ReservedStaff{Later: true}
		for n, events := range map[int][]domain.Event{
			1: {opened(1), period.Reserved{Invoice: invoiceID(1), At: at(2)}},
			2: {opened(2), period.Reserved{Invoice: invoiceID(2), At: at(2)}, period.Billed{Invoice: invoiceID(2), Number: "INV-2", At: at(3)}},
			3: {
				opened(3),
				period.Reserved{Invoice: invoiceID(3), At: at(2)},
				period.Billed{Invoice: invoiceID(3), Number: "INV-3", At: at(3)},
				period.Reserved{Invoice: invoiceID(9), Staff: later, At: at(4)},
				period.Billed{Invoice: invoiceID(9), Number: "INV-9", At: at(5)},
				period.Unbilled{Invoice: invoiceID(9), At: at(5)},
				period.Unbilled{Invoice: invoiceID(3), At: at(6)},
			},
			4: {
				opened(4),
				period.Reserved{Invoice: invoiceID(4), At: at(2)},
				period.Reserved{Invoice: invoiceID(9), Staff: later, At: at(4)},
				period.Released{Invoice: invoiceID(9), At: at(5)},
				period.Released{Invoice: invoiceID(4), Staff: period.DeductionReason{Reason: "wrong"}, At: at(6)},
			},
		} {
			log.Record(t, period.Stream(domain.ContractID{UUID: id("contract", n)}, "2026-02"), events...)
		}
	})
	w.Read(t, func(tx pgx.Tx) error {
		var told []string
		after := uuid.Nil
		for range 6 {
			due, err := staff.DueForBilling(t.Context(), tx, "2026-02", after, 1)
			if err != nil {
				return err
			}
			for _, d := range due {
				draft := "free"
				if d.Drafted != nil {
					draft = "drafted"
				}
				told, after = append(told, d.Reference+" "+d.Status+" "+draft), d.Contract
			}
		}
		if diff := cmp.Diff([]string{"CON-0  free", "CON-1 open drafted", "CON-3 open free", "CON-4 open free"}, told); diff != "" {
			t.Errorf("due (-want +got):\n%s", diff)
		}
		before, err := staff.DueForBilling(t.Context(), tx, "2024-12", uuid.Nil, 0)
		if len(before) != 0 {
			t.Errorf("due before they began: %+v", before)
		}
		if err != nil {
			return err
		}
		billed, err := staff.PeriodByMonth(t.Context(), tx, id("contract", 2), "2026-02")
		if err != nil || billed.BilledBy == nil || *billed.BilledBy != id("invoice", 2) || billed.BilledAs != "INV-2" || billed.ReservedBy != nil {
			t.Errorf("billed %+v, %v", billed, err)
		}
		return nil
	})
}

func TestIssuersAndBilling(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		for _, key := range []string{"main", "europe", "main"} {
			log.Record(t, issuer.Stream(key), issuer.Described{
				Issuer: key, Staff: issuer.Content{Party: bill.Party{Name: "Firm " + key, Country: "AU"}, Zone: "Australia/Sydney", InvoicePrefix: "INV"}, At: at(1),
			})
		}
		log.Record(t, client.Stream(clientID(1)), client.BillingDescribed{Staff: client.Billing{Issuer: "europe", Party: bill.Party{Name: "Acme", Country: "FR"}}, At: at(2)})
	})
	w.Read(t, func(tx pgx.Tx) error {
		all, err := staff.Issuers(t.Context(), tx)
		if err != nil || len(all) != 2 || all[0].Key != "europe" || all[1].Revision != 1 {
			t.Errorf("issuers %+v, %v", all, err)
		}
		one, err := staff.IssuerByKey(t.Context(), tx, "main")
		if err != nil || one.Name != "Firm main" || !strings.Contains(one.Content, `"invoice_prefix":"INV"`) {
			t.Errorf("issuer %+v, %v", one, err)
		}
		if _, err := staff.IssuerByKey(t.Context(), tx, "asia"); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("no issuer: %v", err)
		}
		billing, err := staff.BillingOf(t.Context(), tx, id("client", 1))
		if err != nil || billing.Issuer != "europe" || !strings.Contains(billing.Content, "Acme") {
			t.Errorf("billing %+v, %v", billing, err)
		}
		if _, err := staff.BillingOf(t.Context(), tx, id("client", 2)); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("no billing: %v", err)
		}
		return nil
	})
}

// Whoever tries, however: what was issued stays (A40). The owner is as far as anybody gets with a login.
func TestNobodyChangesWhatWasIssued(t *testing.T) {
	t.Parallel()
	w := pipeline(t)
	note := domain.CreditNoteID{UUID: id("note", 1)}
	w.Log.Record(t, creditnote.Stream(note), creditnote.Issued{Document: bill.Document{Number: "CN-2026-0001"}, At: at(61)})
	var schema string
	w.Read(t, func(tx pgx.Tx) error { return tx.QueryRow(t.Context(), `SELECT current_schema()`).Scan(&schema) })
	for table, rows := range map[string]int{"invoice_documents": 6, "invoice_entries": 18, "credit_note_documents": 1} {
		name := pgx.Identifier{schema, table}.Sanitize()
		for what, statement := range map[string]string{
			"update": "UPDATE " + name + " SET line = line", "delete": "DELETE FROM " + name, "truncate": "TRUNCATE " + name,
			"upsert": "INSERT INTO " + name + " SELECT * FROM " + name + " ON CONFLICT (id) DO UPDATE SET id = excluded.id",
		} {
			if table != "invoice_entries" {
				statement = strings.Replace(statement, "line = line", "document = ''", 1)
			}
			t.Run("owner "+what+" "+table, func(t *testing.T) {
				t.Parallel()
				_, err := w.Database.Pool.Exec(t.Context(), statement)
				if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "23001" {
					t.Errorf("%s: %v", statement, err)
				}
			})
			t.Run("staff_reader "+what+" "+table, func(t *testing.T) {
				t.Parallel()
				_, err := w.Reads.Read(t.Context(), domain.Position{}, func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), statement)
					return err
				})
				if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "42501" && refused.Code != "25006" {
					t.Errorf("%s: %v", statement, err)
				}
			})
		}
		t.Cleanup(func() { // The tries above run until then.
			var got int
			err := w.Database.Pool.QueryRow(context.WithoutCancel(t.Context()), "SELECT count(*) FROM "+name).Scan(&got)
			if err != nil || got != rows {
				t.Errorf("%d rows of %s are left, of %d: %v", got, table, rows, err)
			}
		})
	}
}
