package portal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/visible"
	"effigate/infra/web"
	"effigate/infra/web/browsertest"
	"effigate/infra/web/portal"
	"effigate/readmodels/client"
)

// billing is an invoice with all that belongs to one. Its line is 28.5 hours, its dispute about an emergency.
type billing struct {
	of, invoice, note, line, dispute uuid.UUID
	last                             byte // digit of the numbers, which are in sequence for acme and globex
}

var (
	acmes   = billing{of: acme, invoice: id(201), note: id(203), line: id(205), dispute: id(91), last: 1}
	globexs = billing{of: globex, invoice: id(202), note: id(204), line: id(206), dispute: id(92), last: 2}
)

// objecting is where acme objects to a line.
var objecting = "/invoices/" + acmes.number() + "/lines/" + acmes.line.String() + "/object"

// printed are the printed forms of both.
var printed = func() shelf {
	all := shelf{}
	for name, b := range map[string]billing{"acme": acmes, "globex": globexs} {
		for _, form := range []visible.Form{visible.PDF, visible.XML, visible.CSV} {
			all[visible.PrintID(b.invoice, form, 1)] = "invoice of " + name + " as " + string(form)
			all[visible.PrintID(b.note, form, 1)] = "note of " + name + " as " + string(form)
		}
	}
	return all
}()

// printStatement tells what it was given.
func printStatement(f portal.StatementFile) ([]byte, error) { return json.Marshal(f) }

func printReceipt(r client.PaymentReceipt) ([]byte, error) { return json.Marshal(r) }

func (b billing) number() string { return fmt.Sprintf("INV-2026-004%d", b.last) }

func (b billing) noteNumber() string { return fmt.Sprintf("CN-2026-000%d", b.last) }

// proof is the file beside the dispute.
func (b billing) proof() uuid.UUID { return id(b.dispute[15] + 3) }

// payment is what paid some of the invoice.
func (b billing) payment() uuid.UUID { return id(b.dispute[15] + 5) }

// objected is the dispute.
func (b billing) objected() visible.Dispute {
	return visible.Dispute{
		Client: b.of, ID: b.dispute, Invoice: b.invoice, Line: b.other("emergency"), Amount: "200", Reason: "It was no emergency",
		State: visible.DisputeOpen, AnswerBy: "2026-03-09", Files: b.files(), By: id(11), At: monday,
	}
}

// files is what clients see of it.
func (b billing) files() string {
	file := client.DisputeFile{
		ID: b.proof(), Name: "order.txt", Type: "text/plain", Size: int64(len(shelved[b.proof()])), SHA256: shelved.digest(b.proof()), At: monday,
	}
	text, err := json.Marshal([]client.DisputeFile{file})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// digest is that of one form of a document.
func (billing) digest(document uuid.UUID, form visible.Form) string {
	return printed.digest(visible.PrintID(document, form, 1))
}

// other is the id of another part of the invoice.
func (b billing) other(name string) uuid.UUID { return uuid.NewSHA1(b.invoice, []byte(name)) }

// document is the invoice of the worked example: 3 420 + 540 − 200 = 3 760, and a tenth of that.
func (b billing) document() client.Document {
	return client.Document{
		Kind: "invoice", Number: b.number(), Date: "2026-03-01", Due: "2026-03-31", Zone: "Australia/Sydney", Contract: "CON-2024-018", Month: "2026-02",
		PurchaseOrder: "PO-77", Currency: "AUD", Issuer: client.Party{Name: "Harbourworks Pty Ltd", Address: []string{"1 Quay Street"}, City: "Sydney", PostalCode: "2000", Country: "AU", TaxID: "51 824 753 556"},
		Client: client.Party{Name: "Acme", Country: "AU"}, Account: client.Account{Holder: "Harbourworks", Number: "062-000 1234 5678"},
		Lines: []client.Charge{
			{ID: b.line, Kind: "time", Section: "Support", Text: "Hours, regular", Condition: "regular", Minutes: 1710, Unit: "hour", Quantity: "28.50 h", UnitPrice: "120", Net: "3420", Amount: "3420", TaxKind: "S", TaxPercent: "10", From: "2026-02-02", Until: "2026-02-27", Entries: 2},
			{ID: b.other("emergency"), Kind: "time", Section: "Support", Text: "Hours, emergency", Condition: "emergency", Minutes: 180, Unit: "hour", Quantity: "3.00 h", UnitPrice: "180", Net: "540", Amount: "540", TaxKind: "S", TaxPercent: "10", Entries: 1},
			{ID: b.other("deduction"), Kind: "deduction", Text: "SLA deduction, ticket TKT-0002", Count: "-1", Unit: "piece", Quantity: "−1", UnitPrice: "200", Net: "-200", Amount: "-200", TaxKind: "S", TaxPercent: "10", Ticket: new(id(102))},
		},
		Taxes: []client.Tax{{Kind: "S", Percent: "10", Name: "GST", Base: "3760", Amount: "376"}},
		Net:   "3760", Tax: "376", Total: "4136", Payable: "4136", Terms: "Net 30 days",
	}
}

// records discloses the invoice, of which a tenth is credited and 1 000 paid.
func (b billing) records() []visible.Record {
	document := b.document()
	note := client.Document{
		Kind: "credit_note", Number: b.noteNumber(), Date: "2026-03-02", Zone: document.Zone, Currency: "AUD", Issuer: document.Issuer, Client: document.Client,
		Lines: []client.Charge{{ID: b.other("credited"), Kind: "time", Text: "Hours, regular", Unit: "hour", Quantity: "1.00 h", UnitPrice: "120", Net: "120", Amount: "120"}},
		Taxes: document.Taxes, Net: "120", Tax: "12", Total: "132", Payable: "132", Invoice: b.number(), InvoiceDate: "2026-03-01", Reason: "One hour too many",
	}
	text, digest := canonical(document)
	noteText, noteDigest := canonical(note)
	records := []visible.Record{
		visible.Invoice{Client: b.of, ID: b.invoice, Number: b.number(), Contract: id(21), Month: "2026-02", Date: "2026-03-01", Due: "2026-03-31", Zone: "Australia/Sydney", Currency: "AUD", Net: "3760", Tax: "376", Payable: "4136", Document: text, SHA256: digest, Entries: 3},
		visible.Claim{Client: b.of, ID: b.invoice, Paid: "1000", Credited: "132", WrittenOff: "0", Left: "3004", Disputed: "200", LastPaid: "2026-03-02"},
		visible.CreditNote{Client: b.of, ID: b.note, Number: b.noteNumber(), Invoice: b.invoice, Date: "2026-03-02", Currency: "AUD", Net: "120", Tax: "12", Payable: "132", Document: noteText, SHA256: noteDigest},
		visible.Payment{Client: b.of, ID: b.payment(), Amount: "1200", Currency: "AUD", Day: "2026-03-02", Means: "card", Refunded: "50"},
		visible.Receipt{Client: b.of, ID: b.other("receipt"), Invoice: b.invoice, Payment: b.payment(), Amount: "1000", Day: "2026-03-02"},
		b.objected(),
		visible.Reminder{Client: b.of, ID: b.other("reminder"), Invoice: b.invoice, Step: 1, Text: "Please pay", At: monday},
		visible.Print{Client: b.of, ID: b.invoice, Layout: 1, SHA256: b.digest(b.invoice, visible.PDF), Size: 20, XMLSHA256: b.digest(b.invoice, visible.XML), CSVSHA256: b.digest(b.invoice, visible.CSV)},
		visible.Print{Client: b.of, ID: b.note, Layout: 1, SHA256: b.digest(b.note, visible.PDF), Size: 20, XMLSHA256: b.digest(b.note, visible.XML), CSVSHA256: b.digest(b.note, visible.CSV)},
	}
	for i, entry := range []client.Entry{
		{Line: b.line, Day: "2026-02-02", Text: "Cables", JobType: "Network", Condition: "regular", Seconds: 89_995, Minutes: 1500, Rule: "up to the minute", UnitPrice: "120", Amount: "3000", Version: 2, Clause: "Support"},
		{Line: b.line, Day: "2026-02-27", Text: "Plugs", JobType: "Network", Condition: "regular", Seconds: 12_600, Minutes: 210, Rule: "exact", UnitPrice: "120", Amount: "420", Version: 2, Clause: "Support"},
		{Line: b.other("emergency"), Day: "2026-02-10", Text: "It hums", Condition: "emergency", Seconds: 10_800, Minutes: 180, UnitPrice: "180", Amount: "540", Version: 2},
	} {
		entry.ID = b.other(entry.Text)
		text, _ := canonical(entry)
		records = append(records, visible.InvoiceEntry{Client: b.of, ID: entry.ID, Invoice: b.invoice, Line: entry.Line, Position: i + 1, Entry: text})
	}
	return records
}

// canonical is a document as it is stored.
func canonical(document any) (text, digest string) {
	stored, err := json.Marshal(document)
	if err != nil {
		panic(err) // It is made of texts.
	}
	sum := sha256.Sum256(stored)
	return string(stored), hex.EncodeToString(sum[:])
}

// The list says what there is and what is left of it; the invoice explains each line to the last cent (F13, F14).
func TestInvoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	type list struct {
		Items    []client.Invoice
		Balances []client.Balance
	}
	for _, query := range []string{"", "?filter=last30", "?filter=open", "?filter=all&from=2026-03-01&to=2026-03-01", "?search=inv%2041", "?search=2026-41"} {
		got := decode[list](t, call(w.Portal, http.MethodGet, base+"/invoices"+query, "fay", ""), 200)
		if len(got.Items) != 1 || got.Items[0].Number != acmes.number() || got.Items[0].Label != "Partly paid" || got.Items[0].Outstanding != "3004" {
			t.Errorf("%q lists %+v", query, got.Items)
		}
		if want := []client.Balance{{Currency: "AUD", Outstanding: "3004", Overdue: "0", Disputed: "200", Invoices: 1}}; !cmp.Equal(want, got.Balances) {
			t.Errorf("%q: balances %+v", query, got.Balances)
		}
	}
	if got := decode[list](t, call(w.Portal, http.MethodGet, base+"/invoices?to=2026-02-28", "ada", ""), 200); len(got.Items) != 0 {
		t.Errorf("before its day there is %+v", got.Items)
	}
	got := decode[client.InvoiceDetail](t, call(w.Portal, http.MethodGet, base+"/invoices/"+acmes.number(), "fay", ""), 200)
	_, digest := canonical(acmes.document())
	if got.SHA256 != digest || got.Document.Payable != "4136" || got.Print == nil || len(got.Receipts) != 1 || len(got.CreditNotes) != 1 || len(got.Disputes) != 1 {
		t.Errorf("the invoice is %+v", got)
	}
	var parts []string
	for _, line := range got.Document.Lines {
		for _, entry := range line.Trace {
			parts = append(parts, line.Text+" "+entry.Amount+" "+entry.Clause)
		}
	}
	if diff := cmp.Diff([]string{"Hours, regular 3000 Support", "Hours, regular 420 Support", "Hours, emergency 540 "}, parts); diff != "" {
		t.Errorf("what explains it (-want +got):\n%s", diff)
	}
	note := decode[client.CreditNoteDetail](t, call(w.Portal, http.MethodGet, base+"/credit-notes/"+acmes.noteNumber(), "ada", ""), 200)
	if note.Document.Invoice != acmes.number() || note.Payable != "132" {
		t.Errorf("the credit note is %+v", note)
	}
}

// The printed forms are those that the store has, whole, to be saved; one that is none yet is as if it were not there.
func TestPrintedForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	for _, path := range []string{base + "/invoices/", "/invoices/"} {
		for form, media := range map[string]string{"pdf": "application/pdf", "xml": "application/xml", "csv": "text/csv; charset=utf-8"} {
			got := call(w.Portal, http.MethodGet, path+acmes.number()+"/"+form, "fay", "")
			h := got.Header()
			if got.Code != 200 || got.Body.String() != "invoice of acme as "+form || h.Get("Content-Type") != media {
				t.Errorf("%s as %s: %d %s, %s", path, form, got.Code, h.Get("Content-Type"), got.Body)
			}
			tag := h.Get("ETag")
			if tag != `"`+printed.digest(visible.PrintID(acmes.invoice, visible.Form(form), 1))+`"` || !strings.Contains(h.Get("Content-Disposition"), `attachment; filename="INV-2026-0041.`+form+`"`) {
				t.Errorf("%s as %s: %v", path, form, h)
			}
			if again := call(w.Portal, http.MethodGet, path+acmes.number()+"/"+form, "fay", "", "If-None-Match", tag); again.Code != 304 {
				t.Errorf("%s as %s, again: %d", path, form, again.Code)
			}
		}
	}
	w.await(t, w.show(visible.Print{Client: acme, ID: acmes.note, Layout: 2, SHA256: digest}, visible.Print{Client: acme, ID: acmes.invoice, Layout: 1, SHA256: digest}))
	for path, status := range map[string]int{"/credit-notes/" + acmes.noteNumber() + "/pdf": 404, "/invoices/" + acmes.number() + "/pdf": 500} {
		if got := call(w.Portal, http.MethodGet, base+path, "ada", ""); got.Code != status || strings.Contains(got.Body.String(), "of acme") {
			t.Errorf("%s: %d %s, want %d", path, got.Code, got.Body, status)
		}
	}
	// A file that somebody rewrote with its digest was served: that of the PDF alone was compared.
	whole := visible.Print{Client: acme, ID: acmes.invoice, Layout: 1, SHA256: acmes.digest(acmes.invoice, visible.PDF), XMLSHA256: digest, CSVSHA256: digest}
	w.await(t, w.show(whole))
	for form, status := range map[string]int{"pdf": 200, "xml": 500, "csv": 500} {
		for _, path := range []string{base + "/invoices/", "/invoices/"} {
			if got := call(w.Portal, http.MethodGet, path+acmes.number()+"/"+form, "ada", ""); got.Code != status || (status != 200 && strings.Contains(got.Body.String(), "of acme")) {
				t.Errorf("%s as %s, which was altered: %d %s, want %d", path, form, got.Code, got.Body, status)
			}
		}
	}
	whole.XMLSHA256, whole.CSVSHA256 = "", "" // As it was recorded before there were digests of all forms.
	w.await(t, w.show(whole))
	if got := call(w.Portal, http.MethodGet, base+"/invoices/"+acmes.number()+"/xml", "ada", ""); got.Code != 200 {
		t.Errorf("XML without a recorded digest: %d", got.Code)
	}
	w.await(t, w.hide(visible.Key{Client: acme, Kind: visible.KindPrint, ID: acmes.invoice}))
	if got := call(w.Portal, http.MethodGet, base+"/invoices/"+acmes.number()+"/pdf", "ada", ""); got.Code != 404 {
		t.Errorf("before it is printed: %d", got.Code)
	}
	if got := browse(w.Portal, http.MethodGet, "/invoices/"+acmes.number(), "ada", ""); !strings.Contains(got.Body.String(), "are being made") || strings.Contains(got.Body.String(), acmes.number()+"/pdf") {
		t.Errorf("before it is printed the page is %s", got.Body)
	}
}

// The receipt of a payment says what came and where it went; what a credit note gave has none (F43).
func TestReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	document := acmes.document()
	want := client.PaymentReceipt{
		PaymentRow: client.PaymentRow{ID: acmes.payment(), Client: acme, Amount: "1200", Currency: "AUD", Day: "2026-03-02", Means: "card", Refunded: "50"},
		Left:       "150", Parts: []client.PaymentPart{{Number: acmes.number(), Amount: decimal.NewFromInt(1000)}}, Issuer: document.Issuer, Payer: document.Client,
	}
	path := "/receipts/" + acmes.payment().String() + "/pdf"
	for _, at := range []string{base + path, path} {
		got := call(w.Portal, http.MethodGet, at, "fay", "")
		if diff := cmp.Diff(want, decode[client.PaymentReceipt](t, got, 200)); diff != "" || got.Header().Get("Content-Type") != "application/pdf" {
			t.Errorf("%s is %s (-want +got):\n%s", at, got.Header().Get("Content-Type"), diff)
		}
	}
	if page := browse(w.Portal, http.MethodGet, "/invoices/"+acmes.number(), "ada", "").Body.String(); !strings.Contains(page, path) {
		t.Error("the page of the invoice does not lead to the receipt")
	}
	w.await(t, w.show(
		visible.Payment{Client: acme, ID: acmes.payment(), Amount: "1200", Currency: "AUD", Day: "2026-03-02", Means: "card", Refunded: "50", Reversed: "2026-03-09"},
		visible.Payment{Client: acme, ID: id(208), Amount: "70", Currency: "AUD", Day: "2026-03-09", Means: "cash", Refunded: "0"},
		visible.Payment{Client: acme, ID: id(209), Amount: "7", Currency: "JPY", Day: "2026-03-09", Means: "cash", Refunded: "0"},
		visible.Receipt{Client: acme, ID: id(210), Invoice: acmes.invoice, Payment: id(211), Amount: "1", Day: "2026-03-09"},
	))
	for payment, want := range map[uuid.UUID]client.PaymentReceipt{
		acmes.payment(): {PaymentRow: client.PaymentRow{Reversed: "2026-03-09"}, Left: "0", Issuer: document.Issuer, Payer: document.Client},
		id(208):         {Left: "70", Issuer: document.Issuer, Payer: document.Client},
		id(209):         {Left: "7", Payer: client.Party{Name: "Acme"}},
	} {
		got := decode[client.PaymentReceipt](t, call(w.Portal, http.MethodGet, base+"/receipts/"+payment.String()+"/pdf", "fay", ""), 200)
		if got.Left != want.Left || got.Reversed != want.Reversed || !cmp.Equal(got.Issuer, want.Issuer) || !cmp.Equal(got.Payer, want.Payer) {
			t.Errorf("the receipt of %s is %+v", payment, got)
		}
	}
	if got := call(w.Portal, http.MethodGet, base+"/receipts/"+id(211).String()+"/pdf", "fay", ""); got.Code != 404 {
		t.Errorf("the receipt of a credit: %d", got.Code)
	}
	if page := browse(w.Portal, http.MethodGet, "/invoices/"+acmes.number(), "ada", "").Body.String(); strings.Contains(page, id(211).String()) {
		t.Error("the page of the invoice leads to the receipt of a credit")
	}
}

// A statement is the same in all its forms, and a file is in one currency.
func TestStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	const days = "/statement?from=2026-01-01&to=2026-03-31"
	answer := call(w.Portal, http.MethodGet, base+days, "fay", "")
	got := decode[client.Statement](t, answer, 200)
	want := client.Statement{From: "2026-01-01", To: "2026-03-31", Currencies: []client.StatementCurrency{{Currency: "AUD", Opening: "0", Closing: "3004", Held: "150", Rows: []client.StatementRow{
		{Day: "2026-03-01", What: "invoice", Number: acmes.number(), Debit: "4136", Balance: "4136"},
		{Day: "2026-03-02", What: "credit_note", Number: acmes.noteNumber(), Total: "132", Credit: "132", Balance: "4004"},
		{Day: "2026-03-02", What: "payment", Number: acmes.number(), Credit: "1000", Balance: "3004"},
	}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
	if again := call(w.Portal, http.MethodGet, base+days, "fay", "", "If-None-Match", answer.Header().Get("ETag")); again.Code != 304 || again.Body.Len() > 0 {
		t.Errorf("again: %d %s", again.Code, again.Body)
	}
	file := portal.StatementFile{
		Form: visible.PDF, Client: "Acme", Issuer: "Harbourworks Pty Ltd", Zone: "Australia/Sydney", From: "2026-01-01", To: "2026-03-31", StatementCurrency: want.Currencies[0],
	}
	for _, path := range []string{base + days, days} {
		got := call(w.Portal, http.MethodGet, path+"&format=pdf", "fay", "")
		if diff := cmp.Diff(file, decode[portal.StatementFile](t, got, 200)); diff != "" || got.Header().Get("Content-Type") != "application/pdf" {
			t.Errorf("%s is %s (-want +got):\n%s", path, got.Header().Get("Content-Type"), diff)
		}
		if name := got.Header().Get("Content-Disposition"); !strings.Contains(name, "statement-2026-01-01-2026-03-31-AUD.pdf") {
			t.Errorf("%s is called %s", path, name)
		}
	}
	if text := browse(w.Portal, http.MethodGet, days, "fay", "").Body.String(); !strings.Contains(text, "Held for you, not yet set against an invoice") || !strings.Contains(text, "150.00") {
		t.Errorf("the page does not tell what is held: %s", text)
	}
	if text := browse(w.Portal, http.MethodGet, "/statement?from=2026-01-01&to=2026-02-28", "fay", "").Body.String(); strings.Contains(text, "Held for you") {
		t.Errorf("money is held before it came: %s", text)
	}
	w.await(t, w.show(
		visible.Invoice{Client: acme, ID: id(207), Number: "INV-2026-0051", Date: "2026-03-01", Due: "2026-03-31", Zone: "UTC", Currency: "JPY", Payable: "1234567", Net: "1234567", Tax: "0", Document: "{}"},
		visible.Claim{Client: acme, ID: id(207), Paid: "0", Credited: "0", WrittenOff: "0", Left: "1234567", Disputed: "0"},
	))
	if p := decode[web.Problem](t, call(w.Portal, http.MethodGet, base+days+"&format=csv", "ada", ""), 422); len(p.Errors) != 1 || p.Errors[0].Field != "currency" {
		t.Errorf("without a currency: %+v", p)
	}
	if got := decode[portal.StatementFile](t, call(w.Portal, http.MethodGet, base+days+"&format=csv&currency=JPY", "ada", ""), 200); got.Closing != "1234567" || got.Form != visible.CSV {
		t.Errorf("in yen: %+v", got)
	}
	for _, query := range []string{"?from=2026-03-31&to=2026-01-01", "?from=2026-02-30&to=2026-03-01", "?from=2026-02-01"} {
		if got := call(w.Portal, http.MethodGet, base+"/statement"+query, "ada", ""); got.Code != 422 {
			t.Errorf("%s: %d", query, got.Code)
		}
		if got := browse(w.Portal, http.MethodGet, "/statement"+query, "ada", ""); got.Code != 422 || !strings.Contains(got.Body.String(), "There is a problem") {
			t.Errorf("the page %s: %d", query, got.Code)
		}
	}
	if text := browse(w.Portal, http.MethodGet, "/invoices?filter=all", "ada", "").Body.String(); !strings.Contains(text, "1,234,567 JPY") || !strings.Contains(text, "4,136.00 AUD") {
		t.Errorf("a list in two currencies is %s", text)
	}
}

// An objection carries what was typed, and a refusal is shown where it was.
func TestObjections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	api := base + "/invoices/" + acmes.number() + "/disputes"
	answer := call(w.Portal, http.MethodPost, api, "fay", `{"line":"`+acmes.line.String()+`","amount":"120.50","reason":"No emergency"}`)
	decode[written](t, answer, 201)
	for _, amount := range []string{"0", "0.00", "-1", "1e3", "1,000"} {
		if got := call(w.Portal, http.MethodPost, api, "fay", `{"line":"`+acmes.line.String()+`","amount":"`+amount+`","reason":"No"}`); got.Code != 422 {
			t.Errorf("%s is answered with %d", amount, got.Code)
		}
	}
	for form, want := range map[string]string{
		"&reason=+": "The reason must be given.", "&amount=many&reason=No": "The amount must be a number such as 120.50",
		"&amount=0&reason=No": "The amount must be above zero.",
	} {
		got := browse(w.Portal, http.MethodPost, objecting, "ada", aForm+form)
		if got.Code != 422 || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: %d, without %q", form, got.Code, want)
		}
	}
	got := browse(w.Portal, http.MethodPost, objecting, "ada", aForm+"&amount=1,000.5&reason=No")
	if got.Code != 303 || !strings.HasPrefix(got.Header().Get("Location"), "/invoices/"+acmes.number()+"?") {
		t.Errorf("%d to %q", got.Code, got.Header().Get("Location"))
	}
	for name, path := range map[string]string{ // Nobody owes what is below zero, and a line is objected to once at a time.
		"a deduction": "/lines/" + acmes.other("deduction").String() + "/object", "a disputed line": "/lines/" + acmes.other("emergency").String() + "/object",
	} {
		if got := browse(w.Portal, http.MethodGet, "/invoices/"+acmes.number()+path, "ada", ""); got.Code != 200 || strings.Contains(got.Body.String(), "What is wrong") {
			t.Errorf("%s can be objected to: %d", name, got.Code)
		}
	}
	decode[written](t, call(w.Portal, http.MethodPost, base+"/disputes/"+acmes.dispute.String()+"/withdraw", "fay", `{}`), 201)
	want := []any{
		portal.Objection{Invoice: acmes.invoice, Line: acmes.line, Amount: "120.50", Reason: "No emergency"},
		portal.Objection{Invoice: acmes.invoice, Line: acmes.line, Amount: "1000.5", Reason: "No"},
		acmes.dispute,
	}
	if diff := cmp.Diff(want, w.commands.said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	w.commands.refusal = domain.Refuse(domain.ErrConflict, "more_than_line", "secret: it comes to 3420")
	if got := browse(w.Portal, http.MethodPost, objecting, "ada", aForm+"&amount=9999&reason=No"); got.Code != 422 || !strings.Contains(got.Body.String(), "more than the line comes to") || strings.Contains(got.Body.String(), "secret") {
		t.Errorf("too much: %d %s", got.Code, got.Body)
	}
	w.await(t, w.show(visible.Dispute{
		Client: acme, ID: acmes.other("rejected"), Invoice: acmes.invoice, Line: acmes.line, Amount: "1", Reason: "No", State: visible.DisputeRejected, Files: "[]", By: id(11), At: monday,
	}))
	if got := browse(w.Portal, http.MethodGet, objecting, "ada", ""); !strings.Contains(got.Body.String(), "meanwhile the line stays to be paid") {
		t.Errorf("after a rejection: %d %s", got.Code, got.Body)
	}
	for i, net := range []string{"3419.99", "0.01"} { // What is credited is not owed.
		text, digest := canonical(client.Document{Kind: "credit_note", Lines: []client.Charge{{ID: acmes.line, Net: net}}})
		w.await(t, w.show(visible.CreditNote{
			Client: acme, ID: acmes.other("note " + net), Number: "CN-" + net, Invoice: acmes.invoice, Date: "2026-03-02", Currency: "AUD", Net: net, Tax: "0",
			Payable: net, Document: text, SHA256: digest,
		}))
		if got := browse(w.Portal, http.MethodGet, objecting, "ada", ""); got.Code != 200 || strings.Contains(got.Body.String(), "What is wrong") != (i == 0) {
			t.Errorf("of 3420, another %s are credited: %d %s", net, got.Code, got.Body)
		}
	}
}

// A file goes beside an objection with it, or later, by the page and the API, and comes back to whoever may see the
// invoice; the day of the answer is told.
func TestFilesOfObjections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	dispute := "/disputes/" + acmes.dispute.String()
	beside := "/invoices/" + acmes.number() + dispute
	got := decode[client.InvoiceDetail](t, call(w.Portal, http.MethodGet, base+"/invoices/"+acmes.number(), "fay", ""), 200)
	if d := got.Disputes[0]; d.AnswerBy != "2026-03-09" || len(d.Attachments) != 1 || d.Attachments[0].ID != acmes.proof() || d.Attachments[0].Name != "order.txt" {
		t.Errorf("the objection is %+v", d)
	}
	if got := browse(w.Portal, http.MethodGet, "/invoices/"+acmes.number(), "fay", "").Body.String(); !strings.Contains(got, "We answer by") || !strings.Contains(got, "9 Mar 2026") || !strings.Contains(got, "order.txt") {
		t.Error("the page tells neither the day of the answer nor the file")
	}
	for _, path := range []string{base + dispute, dispute} {
		for caller, want := range map[string]int{"ada": 200, "fay": 200, "eve": 404, "gil": 404} {
			got := call(w.Portal, http.MethodGet, path+"/attachments/"+acmes.proof().String(), caller, "")
			if got.Code != want || (got.Body.String() == shelved[acmes.proof()]) != (want == 200) {
				t.Errorf("%s as %s: %d %s", path, caller, got.Code, got.Body)
			}
		}
		if got := call(w.Portal, http.MethodGet, path+"/attachments/"+globexs.proof().String(), "ada", ""); got.Code != 404 {
			t.Errorf("%s gives a file of another's: %d", path, got.Code)
		}
	}
	decode[written](t, call(w.Portal, http.MethodPost, base+dispute+"/attachments?name=a.txt", "fay", "a", "Content-Type", "application/octet-stream"), 201)
	post := func(path, name, content string, fields ...string) *httptest.ResponseRecorder {
		media, form := upload(t, name, content, append([]string{"key", "of the form"}, fields...)...)
		return call(w.Portal, http.MethodPost, path, "ada", form, "Content-Type", media, "Accept", "text/html")
	}
	if got := post(beside+"/attach", "b.txt", "b"); got.Code != 303 || !strings.Contains(got.Header().Get("Location"), "done=attached") {
		t.Errorf("%d to %q", got.Code, got.Header().Get("Location"))
	}
	if got := post(objecting, "c.txt", "c", "reason", "No emergency"); got.Code != 303 || !strings.Contains(got.Header().Get("Location"), "done=objected") {
		t.Errorf("%d to %q", got.Code, got.Header().Get("Location"))
	}
	if key := w.commands.asked[3].Key; key != "of the form file" {
		t.Errorf("the file of a form is sent as %q", key)
	}
	file := func(of uuid.UUID, name string) portal.AttachToDispute {
		return portal.AttachToDispute{Invoice: acmes.invoice, Dispute: of, Name: name}
	}
	want := []any{
		file(acmes.dispute, "a.txt"), "a", file(acmes.dispute, "b.txt"), "b",
		portal.Objection{Invoice: acmes.invoice, Line: acmes.line, Reason: "No emergency"},
		file(acmes.invoice, "c.txt"), "c", // The answer's id.
	}
	if diff := cmp.Diff(want, w.commands.said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	erased := acmes.objected()
	erased.Files = `[{"id":"` + acmes.proof().String() + `","name":"","type":"","size":0,"sha256":"","at":"2026-03-14T10:00:00Z","erased_at":"2026-03-16T10:00:00Z"}]`
	w.await(t, w.show(erased))
	if got := browse(w.Portal, http.MethodGet, "/invoices/"+acmes.number(), "fay", "").Body.String(); !strings.Contains(got, "A file that was erased") || strings.Contains(got, acmes.proof().String()) {
		t.Error("the page leads to a file that is erased, or does not tell that it was there")
	}
	for _, path := range []string{base + dispute, dispute} { // Whatever the store still holds.
		if got := call(w.Portal, http.MethodGet, path+"/attachments/"+acmes.proof().String(), "ada", ""); got.Code != 404 {
			t.Errorf("%s gives a file that is erased: %d", path, got.Code)
		}
	}
	if got := post(objecting, "", "", "reason", "No emergency"); got.Code != 303 || w.commands.count() != 5 {
		t.Errorf("without a file: %d, %d commands", got.Code, w.commands.count())
	}
	w.commands.badFile = domain.Refuse(domain.ErrInvalid, "file_empty", "secret: the file must not be empty")
	if got := post(objecting, "d.txt", "", "reason", "No emergency"); got.Code != 303 || !strings.Contains(got.Header().Get("Location"), "done=objected_alone") {
		t.Errorf("an objection whose file is refused: %d to %q", got.Code, got.Header().Get("Location"))
	}
	if got := browse(w.Portal, http.MethodPost, beside+"/attach", "ada", aForm); got.Code != 422 || !strings.Contains(got.Body.String(), "The file must be chosen.") {
		t.Errorf("no file: %d", got.Code)
	}
}

// Without any script somebody finds an invoice, reads how a charge came about, objects to it, and takes that back.
func TestInvoicesWithoutScripts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	page := browsertest.New(t).Open(t, as(t, w, "fay"), browsertest.NoJS)
	page.Goto("/invoices")
	page.See("31 Mar 2026")
	page.See("3,004.00")
	page.Click("INV-2026-0041")
	page.See("Cannot be changed; corrections come as credit notes")
	page.See("You object to 200.00 of it.")
	page.Click("Hours, regular: 3,420.00 AUD")
	page.See("28.50 h × 120.00 per hour = 3,420.00 AUD, taxed at 10 %")
	page.See("25 h (up to the minute)")
	page.See("version 2, Support")
	page.See("Together, to the last decimal")
	page.Shot("explained invoice")
	page.Axe()
	page.Click("Object to this line…")
	page.Click("Send the objection")
	page.See("The reason must be given.")
	page.Fill("What is wrong", "Three hours too many")
	object := visible.Dispute{Client: acme, ID: id(93), Invoice: acmes.invoice, Line: acmes.line, Amount: "3420", Reason: "Three hours too many", State: visible.DisputeOpen, By: id(15), At: monday}
	w.commands.position = func() domain.Position { return w.show(object) }
	page.Click("Send the objection")
	page.See("Your objection is with us")
	page.See("Three hours too many")
	page.Goto("/invoices/" + acmes.number() + "/disputes/" + id(93).String() + "/withdraw")
	object.State = visible.DisputeWithdrawn
	page.Click("Withdraw")
	page.See("Your objection is withdrawn")
}

// What is paid shows on the page that is open, of an employee with the right too; one without hears of nothing.
func TestOpenInvoicesFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	page := browsertest.New(t).Open(t, as(t, w, "fay"))
	page.Goto("/invoices/" + acmes.number())
	page.See("Partly paid")
	w.show(visible.Claim{Client: acme, ID: acmes.invoice, Paid: "4004", Credited: "132", WrittenOff: "0", Left: "0", Disputed: "0", LastPaid: "2026-03-02"})
	page.See("Paid")
	page.NotSee("Partly paid")
	page.Quiet()
}
