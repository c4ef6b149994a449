package console_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/visible"
	"effigate/infra/postgres"
	"effigate/infra/web/console"
	rows "effigate/readmodels/staff"
)

// paymentSecret signs what the payment gateway tells.
var paymentSecret = bytes.Repeat([]byte("p"), 32)

// lacking stands for a PDF that lacks one letter of the client's name.
func lacking(d bill.Document, _ []bill.Entry) ([]string, error) {
	if strings.ContainsRune(d.Client.Name, '山') {
		return []string{"山 in the client's name"}, nil
	}
	return nil, nil
}

// printDraft stands for the printer of drafts.
func printDraft(d bill.Document, _ []bill.Entry) ([]byte, error) {
	return []byte("%PDF of " + d.Client.Name), nil
}

func printReceipt(r console.Receipt) ([]byte, error) {
	return []byte("%PDF of " + r.Payment.Amount + " of " + r.Client.Name + " to " + r.Issuer.Name), nil
}

// billable is a client with a contract whose February is over and charges 279.16 before tax.
func (o *office) billable() (client, contract string) {
	o.t.Helper()
	client, contract = o.drafted()
	o.post(domain.Owner, api+"/contracts/"+contract+"/activate", "")
	o.put(api+"/issuers", `{"content":`+strings.Replace(someIssuer, `"zone"`, `"two_people":true,"zone"`, 1)+`}`)
	o.put(api+"/clients/"+client+"/billing", `{"party":{"name":"Nexus Corp Pty Ltd","country":"AU"}}`)
	january := api + "/periods/" + contract + "/2026-01"
	o.post(domain.Owner, january+"/open", "")
	o.post(domain.Owner, january+"/close", "")
	month := api + "/periods/" + contract + "/2026-02"
	o.post(domain.Owner, month+"/open", "")
	for i, amount := range []string{"68.33", "68.33", "57.50", "85.00"} {
		o.post(domain.Owner, month+"/charges", fmt.Sprintf(`{"line":"support","text":"Hosting %d","amount":%q,"day":"2026-02-%02d"}`, i+1, amount, i+1))
	}
	o.world.Read(o.t, nothing)
	return client, contract
}

// put says something as an owner.
func (o *office) put(path, body string) {
	o.t.Helper()
	if got := o.call(domain.Owner, http.MethodPut, path, body); got.status != http.StatusOK {
		o.t.Fatalf("PUT %s: %d %s", path, got.status, got.body)
	}
}

// draft drafts February, and gives the invoice.
func (o *office) draft(contract string) (id string) {
	o.t.Helper()
	id, position := o.post(domain.Finance, api+"/invoices", fmt.Sprintf(`{"contract":%q,"month":"2026-02"}`, contract))
	o.invoice(id, position)
	return id
}

// invoiceSeen is what the tests look at of an invoice.
type invoiceSeen struct {
	State, Label, Number, Digest, SHA256 string
	Net, Tax, Payable, Outstanding       string
	Document                             *struct {
		Lines []struct {
			ID, Text, Net string
		}
	}
	Disputes    []struct{ ID, State string }
	Payments    []struct{ Amount string }
	CreditNotes []struct{ Number, Payable string } `json:"credit_notes"`
}

func (o *office) invoice(id, position string) (seen invoiceSeen) {
	o.t.Helper()
	o.get(domain.Auditor, api+"/invoices/"+id, position, &seen)
	return seen
}

// issued issues the invoice of February.
func (o *office) issued(contract string) (id string) {
	o.t.Helper()
	id = o.draft(contract)
	path := api + "/invoices/" + id
	_, position := o.post(domain.Finance, path+"/submit", "")
	o.post(domain.Owner, path+"/approve", fmt.Sprintf(`{"shown":%q}`, o.invoice(id, position).Digest))
	_, position = o.post(domain.Finance, path+"/issue", "")
	o.invoice(id, position)
	return id
}

func TestAnInvoiceByTheAPI(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	var preview struct {
		Document   struct{ Net, Payable string }
		Exceptions []struct{ Code string }
	}
	asked := fmt.Sprintf(`{"contract":%q,"month":"2026-02"}`, contract)
	o.call(domain.Finance, http.MethodPost, api+"/invoices/preview", asked).decode(t, &preview)
	if preview.Document.Net != "279.16" || preview.Document.Payable != "334.99" || len(preview.Exceptions) != 0 {
		t.Errorf("preview: %+v", preview)
	}
	o.call(domain.AccountManager, http.MethodPost, api+"/invoices", asked).refused(t, http.StatusForbidden, "not_your_client")
	id := o.draft(contract)
	o.call(domain.Finance, http.MethodPost, api+"/invoices", asked).refused(t, http.StatusConflict, "reserved")
	path := api + "/invoices/" + id

	line, _ := o.post(domain.Finance, path+"/lines", `{"text":"Discount","unit_price":"-9.16","reason":"They asked."}`)
	_, position := o.post(domain.Finance, path+"/lines/"+line+"/reword", `{"text":"Our discount"}`)
	if got := o.invoice(id, position); got.Net != "270" || got.Document.Lines[4].Text != "Our discount" {
		t.Errorf("with a discount: %+v", got)
	}
	if got := o.call(domain.Finance, http.MethodDelete, path+"/lines/"+line, ""); got.status != http.StatusOK {
		t.Errorf("removed: %d %s", got.status, got.body)
	}
	o.call(domain.Finance, http.MethodPost, path+"/approve", fmt.Sprintf(`{"shown":%q}`, strings.Repeat("0", 64))).refused(t, http.StatusConflict, "not_submitted")
	_, position = o.post(domain.Finance, path+"/submit", "")
	digest := o.invoice(id, position).Digest
	o.call(domain.Finance, http.MethodPost, path+"/approve", fmt.Sprintf(`{"shown":%q}`, digest)).refused(t, http.StatusForbidden, "own_invoice")
	o.call(domain.Owner, http.MethodPost, path+"/approve", fmt.Sprintf(`{"shown":%q}`, strings.Repeat("0", 64))).refused(t, http.StatusConflict, "draft_changed")
	o.post(domain.Owner, path+"/approve", fmt.Sprintf(`{"shown":%q}`, digest))
	_, position = o.post(domain.Finance, path+"/issue", "")

	got := o.invoice(id, position)
	if got.State != "issued" || got.Number != "INV-2026-0001" || got.Payable != "334.99" || got.Label != "Awaiting payment" || len(got.SHA256) != 64 {
		t.Errorf("issued: %+v", got)
	}
	o.call(domain.Finance, http.MethodPost, path+"/lines", `{"text":"More","unit_price":"1","reason":"R"}`).refused(t, http.StatusConflict, "invoice_issued")
}

func TestAnInvoiceIsDownloadedOnceItIsPrinted(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	id := o.draft(contract)
	draft := o.browse("auditor", "/invoices/"+id+"/preview")
	if draft.status != http.StatusOK || string(draft.body) != "%PDF of Nexus Corp Pty Ltd" {
		t.Errorf("preview: %d %q", draft.status, draft.body)
	}
	o.browse("auditor", "/invoices/"+id+"/pdf").shows(t, http.StatusNotFound)
	for _, form := range []visible.Form{visible.PDF, visible.XML, visible.CSV} {
		if _, err := o.documents.Put(visible.PrintID(uuid.MustParse(id), form, 1), strings.NewReader("as "+string(form))); err != nil {
			t.Fatal(err)
		}
	}
	o.printed(o.issueDraft(id), bill.Print{Layout: 1, SHA256: digestOf("as pdf"), Size: 6, XMLSHA256: digestOf("as xml"), CSVSHA256: digestOf("as csv")})
	for _, form := range []string{"pdf", "xml", "csv"} {
		got := o.browse("auditor", "/invoices/"+id+"/"+form)
		if got.status != http.StatusOK || string(got.body) != "as "+form || !strings.Contains(got.header.Get("Content-Disposition"), "INV-2026-0001."+form) {
			t.Errorf("%s: %d %v %s", form, got.status, got.header, got.body)
		}
	}
	o.call(domain.Auditor, http.MethodGet, api+"/invoices/"+missing+"/xml", "").refused(t, http.StatusNotFound, "no_such_invoice")
}

// TestAnAlteredPrintIsNotDownloaded has files that are whole by their own digests, and not what was printed. The console
// compared nothing.
func TestAnAlteredPrintIsNotDownloaded(t *testing.T) {
	t.Parallel()
	for recorded, want := range map[bill.Print]map[string]int{
		{Layout: 1, SHA256: digestOf("as pdf"), Size: 6, XMLSHA256: digestOf("another"), CSVSHA256: digestOf("another")}: {"pdf": 200, "xml": 500, "csv": 500},
		{Layout: 1, SHA256: digestOf("another"), Size: 6}:                                                                {"pdf": 500, "xml": 200, "csv": 200},
	} {
		o := newConsole(t)
		_, contract := o.billable()
		id := o.issued(contract)
		for form := range want {
			if _, err := o.documents.Put(visible.PrintID(uuid.MustParse(id), visible.Form(form), 1), strings.NewReader("as "+form)); err != nil {
				t.Fatal(err)
			}
		}
		o.printed(id, recorded)
		for form, status := range want {
			sent, _ := o.send(domain.Auditor, http.MethodGet, api+"/invoices/"+id+"/"+form, "") // It is no JSON.
			for where, got := range map[string]reply{"page": o.browse("auditor", "/invoices/"+id+"/"+form), "API": sent} {
				if got.status != status || (status != http.StatusOK && strings.Contains(string(got.body), "as "+form)) {
					t.Errorf("%s by the %s: %d %s, want %d", form, where, got.status, got.body, status)
				}
			}
		}
	}
}

// digestOf is the digest of a text, in hex.
func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestWhatIsCreditedAddsUp(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	id := o.issued(contract)
	path := api + "/invoices/" + id
	o.call(domain.Finance, http.MethodPost, path+"/credit", `{"code":"goodwill","reason":"R","lines":[{"line":"`+missing+`","net":"1"}]}`).refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	var position string
	for _, line := range o.invoice(id, "").Document.Lines {
		_, position = o.post(domain.Finance, path+"/credit", fmt.Sprintf(`{"code":"mistake","reason":"Not ours.","lines":[{"line":%q,"net":%q}]}`, line.ID, line.Net))
	}
	seen := o.invoice(id, position)
	var notes []string
	for _, note := range seen.CreditNotes {
		notes = append(notes, note.Number+" "+note.Payable)
	}
	// Each takes the rounded tax on all that is credited by then, less what went before.
	if diff := cmp.Diff([]string{"CN-2026-0001 82", "CN-2026-0002 81.99", "CN-2026-0003 69", "CN-2026-0004 102"}, notes); diff != "" {
		t.Errorf("credit notes (-want +got):\n%s", diff)
	}
	if seen.Outstanding != "0" || !strings.HasPrefix(seen.Label, "Voided") {
		t.Errorf("credited in full: %+v", seen)
	}
	o.call(domain.Finance, http.MethodPost, path+"/credit", `{"code":"mistake","reason":"R"}`).refused(t, http.StatusConflict, "nothing_left")
}

func TestPaymentsByTheAPI(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	id := o.issued(contract)
	o.call(domain.Finance, http.MethodPost, api+"/payments", fmt.Sprintf(
		`{"client":%q,"amount":"400","currency":"AUD","day":"2026-03-10","allocate":[{"invoice":%q,"amount":"335"}]}`, client, id)).refused(t, http.StatusConflict, "more_than_outstanding")
	payment, position := o.post(domain.Finance, api+"/payments", fmt.Sprintf(
		`{"client":%q,"amount":"400","currency":"AUD","day":"2026-03-10","method":"bank transfer","allocate":[{"invoice":%q,"amount":"300"}]}`, client, id))
	if got := o.invoice(id, position); got.Outstanding != "34.99" || got.Label != "Partly paid" {
		t.Errorf("partly paid: %+v", got)
	}
	o.post(domain.Finance, api+"/payments/"+payment+"/allocate", fmt.Sprintf(`{"invoice":%q,"amount":"34.99"}`, id))
	_, position = o.post(domain.Finance, api+"/payments/"+payment+"/refund", `{"amount":"65.01","day":"2026-03-11","reason":"Too much."}`)
	var seen struct{ Allocated, Refunded, Unallocated string }
	o.get(domain.Auditor, api+"/payments/"+payment, position, &seen)
	if seen.Allocated != "334.99" || seen.Refunded != "65.01" || seen.Unallocated != "0" {
		t.Errorf("payment: %+v", seen)
	}
	if got := o.invoice(id, position); got.Label != "Paid" {
		t.Errorf("paid: %+v", got)
	}
	if got := o.browse("auditor", "/payments/"+payment+"/receipt"); got.status != http.StatusOK || !strings.HasPrefix(string(got.body), "%PDF of 400 of Nexus Corp Pty Ltd to Firm GmbH") {
		t.Errorf("the receipt: %d %s", got.status, got.body)
	}
	o.call(domain.Finance, http.MethodPost, api+"/payments/"+payment+"/reverse", `{"day":"2026-03-12","reason":"R"}`).refused(t, http.StatusConflict, "payment_refunded")
	var owed struct {
		Items []struct{ Outstanding string }
	}
	o.get(domain.Auditor, api+"/receivables?client="+client, position, &owed)
	if len(owed.Items) != 0 {
		t.Errorf("owed: %+v", owed)
	}
}

// told tells of a payment as the gateway does, at a time by a secret.
func (o *office) told(body string, at int64, secret []byte) reply {
	o.t.Helper()
	r := httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, "/hooks/payments", strings.NewReader(body))
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "msg_1.%d.%s", at, body)
	r.Header.Set("Webhook-Id", "msg_1")
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at, 10))
	r.Header.Set("Webhook-Signature", "v1,bm90IHRoaXM= v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	o.console.Handler().ServeHTTP(w, r)
	return reply{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
}

func TestTheGatewayTellsOfPayments(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	id := o.issued(contract)
	const body = `{"id":"pay_1","invoice":"INV-2026-0001","amount":"340.00","currency":"AUD","day":"2026-03-12","method":"card","more":1}`
	now := epoch.Unix()
	o.told(body, now, []byte("another secret")).refused(t, http.StatusForbidden, "signature_wrong")
	o.told(body, now-301, paymentSecret).refused(t, http.StatusForbidden, "signature_wrong")
	o.told(strings.Replace(body, "0001", "0009", 1), now, paymentSecret).refused(t, http.StatusNotFound, "no_such_invoice")
	o.told(`{"id":"pay_1"}`, now, paymentSecret).refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	for _, early := range []string{strings.Replace(body, "03-12", "12-12", 1), strings.Replace(body, "340.00", "340.001", 1)} {
		o.told(early, now, paymentSecret).refused(t, http.StatusUnprocessableEntity, "invalid_fields") // It is taken below, once it is right.
	}
	other := strings.NewReplacer("AUD", "EUR", "pay_1", "pay_0").Replace(body)
	for _, told := range []string{other, body, body} { // The second time it is the same payment.
		if got := o.told(told, now, paymentSecret); got.status != http.StatusNoContent {
			t.Fatalf("told: %d %s", got.status, got.body)
		}
	}
	o.world.Read(t, nothing)
	var paid struct {
		Items []struct{ Amount, Allocated, Unallocated, Key, Source string }
	}
	o.get(domain.Auditor, api+"/payments", "", &paid)
	want := []struct{ Amount, Allocated, Unallocated, Key, Source string }{{"340", "334.99", "5.01", "pay_1", "gateway"}, {"340", "0", "340", "pay_0", "gateway"}}
	if diff := cmp.Diff(want, paid.Items); diff != "" {
		t.Errorf("payments (-want +got):\n%s", diff)
	}
	if got := o.invoice(id, ""); got.Label != "Paid" {
		t.Errorf("paid: %+v", got)
	}
}

func TestARunDraftsWhatNothingSpeaksAgainst(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	o.drafted() // Not in force.
	type run struct {
		Items []struct {
			Contract, Draft, Drafted string
			Preview                  *struct{ Exceptions []struct{ Code string } }
		}
		Position string
	}
	step := func(body string) (got run) {
		t.Helper()
		answered := o.call(domain.Finance, http.MethodPost, api+"/invoices/run", body)
		if answered.status != http.StatusOK {
			t.Fatalf("run: %d %s", answered.status, answered.body)
		}
		answered.decode(t, &got)
		return got
	}
	if got := step(`{"month":"2026-02","preview":true}`); len(got.Items) != 1 || got.Items[0].Contract != contract || got.Items[0].Preview == nil || got.Items[0].Draft != "" {
		t.Fatalf("preview: %+v", got)
	}
	first := step(`{"month":"2026-02"}`)
	if len(first.Items) != 1 || first.Items[0].Draft == "" {
		t.Fatalf("run: %+v", first)
	}
	o.invoice(first.Items[0].Draft, first.Position)
	if again := step(`{"month":"2026-02"}`); again.Items[0].Draft != "" || again.Items[0].Drafted != first.Items[0].Draft {
		t.Errorf("run again: %+v", again)
	}
}

var digestField = regexp.MustCompile(`name="shown" value="([0-9a-f]{64})"`)

// issueDraft leads a draft to its issue by the pages.
func (o *office) issueDraft(id string) string {
	o.t.Helper()
	path := "/invoices/" + id
	o.led(o.submit("finance", path+"/submit"), "finance", path).shows(o.t, http.StatusOK, "The invoice waits for approval.")
	shown := digestField.FindSubmatch(o.browse("owner", path).body)
	if shown == nil {
		o.t.Fatal("the page of the invoice shows no digest to approve")
	}
	o.led(o.submit("owner", path+"/approve", "shown", string(shown[1])), "owner", path).shows(o.t, http.StatusOK, "The invoice is approved.", path+"/issue")
	o.browse("finance", path+"/issue").shows(o.t, http.StatusOK, "This cannot be undone.", "INV-2026", "AUD 334.99", "Nexus Corp Pty Ltd")
	o.led(o.submit("finance", path+"/issue"), "finance", path).shows(o.t, http.StatusOK, "The invoice is issued.", "INV-2026-0001")
	return id
}

func TestAnInvoiceOnThePages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	o.browse("finance", "/invoices/run?month=2026-02").shows(t, http.StatusOK, "Ready", "Draft all without exceptions (1)", "AUD 334.99")
	o.led(o.submit("finance", "/invoices/run", "month", "2026-02"), "finance", "/invoices/run").shows(t, http.StatusOK, "Drafted", "See the draft")
	id := o.only(client)
	path := "/invoices/" + id
	o.browse("auditor", path).shows(t, http.StatusOK, "Draft for February 2026", "Hosting 1", "AUD 68.33", "VAT 20 %", "Digest of the draft")
	o.browse("auditor", path).hides(t, "Discard the draft", "Add a line")
	o.submit("finance", path+"/lines", "text", "Discount", "unit_price", "much", "why", "R").shows(t, http.StatusUnprocessableEntity, "must be an amount")
	added := o.led(o.submit("finance", path+"/lines", "text", "Discount", "unit_price", "-1", "why", "They asked."), "finance", path)
	added.shows(t, http.StatusOK, "The line is added.", "Remove “Discount”")
	remove := regexp.MustCompile(path + `/lines/[0-9a-f-]+/remove`).Find(added.body)
	o.led(o.submit("finance", string(remove)), "finance", path).shows(t, http.StatusOK, "The line is removed.")
	o.submit("auditor", path+"/submit").shows(t, http.StatusForbidden)
	o.issueDraft(id)
	o.browse("auditor", "/invoices?state=issued&number=inv-1").shows(t, http.StatusOK, "INV-2026-0001", "1 invoice, AUD 334.99, of which AUD 334.99 to be paid", "1–30 days")
	o.browse("auditor", "/clients/"+client).shows(t, http.StatusOK, "Invoiced in March 2026", "INV-2026-0001")
	o.browse("auditor", "/contracts/"+contract).shows(t, http.StatusOK, "INV-2026-0001")
	o.browse("auditor", path).shows(t, http.StatusOK, "Issued, by The finance")
	o.browse("auditor", path).hides(t, "Write off", "Credit …")

	credit := path + "/credit"
	o.submit("finance", credit, "what", "all", "code", "goodwill", "reason", "R").shows(t, http.StatusUnprocessableEntity, "Rebill must be answered")
	o.submit("finance", credit, "what", "lines", "code", "goodwill", "reason", "R").shows(t, http.StatusUnprocessableEntity, "What is credited must be all that is left, or amounts beside lines.")
	o.submit("finance", credit, "code", "goodwill", "reason", "R").shows(t, http.StatusUnprocessableEntity, "What is credited must be chosen: all that is left, or amounts beside lines.")
	line := o.invoice(id, "").Document.Lines[3].ID
	o.led(o.submit("finance", credit, "what", "lines", "net."+line, "50", "code", "goodwill", "reason", "A part.", "effect", "account_credit"), "finance", path).shows(t, http.StatusOK,
		"The credit note is issued.", "CN-2026-0001", "AUD 60.00", "A part.", "AUD 274.99")
}

func TestAPaymentOnThePages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	id := o.issued(contract)
	o.browse("finance", "/payments?client="+client).shows(t, http.StatusOK, "Record a payment of Nexus Corp", "INV-2026-0001", "AUD 334.99")
	o.browse("auditor", "/payments?client="+client).hides(t, "Record a payment")
	fields := []string{"client", client, "currency", "aud", "day", "2026-03-10", "method", "bank transfer", "invoice", id, "part." + id, "334.99"}
	o.submit("finance", "/payments", append(fields, "amount", "")...).shows(t, http.StatusUnprocessableEntity, "Amount must be an amount", "bank transfer")
	recorded := o.submit("finance", "/payments", append(fields, "amount", "350")...)
	path, _, _ := strings.Cut(recorded.header.Get("Location"), "?")
	o.led(recorded, "finance", path).shows(t, http.StatusOK, "The payment is recorded.", "AUD 15.01", "INV-2026-0001", "Pay back")
	o.submit("finance", path+"/refund", "refund", "15.01", "refund_day", "2026-03-11", "refund_reason", "").shows(t, http.StatusUnprocessableEntity, "Reason must")
	o.led(o.submit("finance", path+"/reverse", "reverse_day", "2026-03-12", "reverse_reason", "No cover.", "chargeback", "on"), "finance", path).shows(t, http.StatusOK,
		"The payment is reversed.", "Chargeback", "No cover.")
	o.browse("finance", "/invoices/"+id).shows(t, http.StatusOK, "Taken back on 12 Mar 2026", "Write off what is outstanding")
	o.led(o.submit("finance", "/invoices/"+id+"/write-off", "act", "write-off", "reason.write-off", "Insolvent."), "finance", "/invoices/"+id).shows(t, http.StatusOK, "Written off")
}

func TestAnObjectionIsAnswered(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	id := o.issued(contract)
	dispute := domain.DisputeID{UUID: domain.Derive(uuid.NameSpaceURL, "objection")}
	line := uuid.MustParse(o.invoice(id, "").Document.Lines[0].ID)
	proof := domain.Derive(uuid.NameSpaceURL, "file of the objection")
	stored, err := o.internal.Put(proof, strings.NewReader("one hour"))
	if err != nil {
		t.Fatal(err)
	}
	o.world.Log.Record(t, "invoice-"+id, invoice.Disputed{
		Dispute: dispute, Line: line, Amount: decimal.RequireFromString("68.33"), Reason: "Nobody asked for it.", At: epoch,
		AnswerBy: calendar.DateOf(epoch, time.UTC).Add(-3),
	}, invoice.DisputeFileAttached{
		Dispute: dispute, Attachment: domain.AttachmentID{UUID: proof}, Name: "order.txt", Type: "text/plain", Size: stored.Size, SHA256: stored.SHA256, At: epoch,
	})
	o.world.Read(t, nothing)
	var open struct {
		Items []struct {
			ID, Number, Reason string
			Late               bool
		}
	}
	o.get(domain.Auditor, api+"/disputes", "", &open)
	told := postgres.Notice{
		ID: proof, Person: personOf(domain.AccountManager).UUID, Invoice: uuid.MustParse(id), Item: dispute.UUID, Kind: rows.NoticeAnswerMissed, At: epoch,
	}
	if err := postgres.NewDesk(o.world.Database).Tell(t.Context(), told, epoch); err != nil {
		t.Fatal(err)
	}
	o.browse("account_manager", "/notices").shows(t, http.StatusOK, "An objection was not answered in time", "INV-2026-0001 Nexus Corp", "/invoices/"+id+"#disputes")
	var notices struct {
		Items []struct{ Kind, Number, Invoice, Dispute, Ticket, Comment string }
	}
	o.get(domain.AccountManager, api+"/notices", "", &notices)
	if n := notices.Items; len(n) != 1 || n[0].Number != "INV-2026-0001" || n[0].Invoice != id || n[0].Dispute != dispute.String() || n[0].Ticket+n[0].Comment != "" {
		t.Errorf("notices: %+v", notices)
	}
	if len(open.Items) != 1 || !open.Items[0].Late || open.Items[0].ID != dispute.String() || open.Items[0].Number != "INV-2026-0001" {
		t.Fatalf("open: %+v", open)
	}
	o.browse("auditor", "/invoices").shows(t, http.StatusOK, "Open objections (1)", "Nobody asked for it.", "The answer to an objection is late.", "Late: answer was due by")
	o.browse("auditor", "/invoices/"+id).shows(t, http.StatusOK, "Late: answer was due by", "order.txt")
	of := "/disputes/" + dispute.String() + "/attachments/"
	if got, _ := o.send(domain.Auditor, http.MethodGet, api+of+proof.String(), ""); got.status != http.StatusOK || string(got.body) != "one hour" { // It is no JSON.
		t.Errorf("the file is %d %s", got.status, got.body)
	}
	o.call(domain.Auditor, http.MethodGet, api+of+dispute.String(), "").refused(t, http.StatusNotFound, "no_such_attachment")
	if got := o.call(domain.Ops, http.MethodGet, api+of+proof.String(), ""); got.status == http.StatusOK || strings.Contains(string(got.body), "one hour") {
		t.Errorf("who reads no invoices reads a file: %d", got.status)
	}
	o.post(domain.Finance, api+"/disputes/"+dispute.String()+"/take", "")
	path := "/invoices/" + id
	settle := path + "/disputes/" + dispute.String() + "/settle"
	o.submit("finance", settle, "verdict", "accept", "answer."+dispute.String(), "").shows(t, http.StatusUnprocessableEntity, "Answer must")
	o.led(o.submit("finance", settle, "verdict", "accept", "answer."+dispute.String(), "You are right."), "finance", path).shows(t, http.StatusOK,
		"The client has your answer.", "Accepted", "You are right.", "Credit the line")
	o.call(domain.Finance, http.MethodPost, api+"/disputes/"+dispute.String()+"/settle", `{"accepted":false,"answer":"No."}`).refused(t, http.StatusConflict, "dispute_over")
}

// A file beside an objection is erased on the page or over the API, by owners and with a reason, and leaves a tombstone.
func TestAFileOfAnObjectionIsErased(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	id := o.issued(contract)
	invoiced := domain.InvoiceID{UUID: uuid.MustParse(id)}
	dispute := domain.DisputeID{UUID: domain.Derive(uuid.NameSpaceURL, "objection")}
	facts := []domain.Event{invoice.Disputed{
		Dispute: dispute, Line: uuid.MustParse(o.invoice(id, "").Document.Lines[0].ID), Amount: decimal.RequireFromString("1"), Reason: "Why?", At: epoch,
	}}
	var files []uuid.UUID
	for _, name := range []string{"passport.txt", "order.txt"} {
		file := domain.Derive(uuid.NameSpaceURL, name)
		stored, err := o.internal.Put(file, strings.NewReader(name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		facts = append(facts, invoice.DisputeFileAttached{
			Dispute: dispute, Attachment: domain.AttachmentID{UUID: file}, Name: name, Type: "text/plain", Size: stored.Size, SHA256: stored.SHA256, At: epoch,
		})
	}
	o.world.Log.Record(t, invoice.Stream(invoiced), facts...)
	o.world.Read(t, nothing)
	path := "/invoices/" + id
	erase := path + "/disputes/" + dispute.String() + "/attachments/" + files[0].String() + "/erase"
	if shown := string(o.browse("finance", path).body); strings.Contains(shown, "/erase") {
		t.Error("who may not erase is offered to")
	}
	o.browse("owner", path).shows(t, http.StatusOK, "passport.txt", erase)
	o.browse("owner", erase).shows(t, http.StatusOK, "Erase passport.txt", "The client still sees that it was there.")
	o.browse("finance", erase).shows(t, http.StatusForbidden)
	o.submit("owner", erase, "reason", "").shows(t, http.StatusUnprocessableEntity, "Reason must", "Erase passport.txt")
	o.led(o.submit("owner", erase, "reason", "Not ours."), "owner", path).shows(t, http.StatusOK, "The file is erased.", "passport.txt", "order.txt")
	of := api + "/disputes/" + dispute.String() + "/attachments/"
	_, position := o.post(domain.Owner, of+files[1].String()+"/erase", `{"reason":"Nor that."}`)
	if err := o.files.SettleObjections(t.Context(), invoiced); err != nil { // As the lane does.
		t.Error(err)
	}
	for _, file := range files {
		o.call(domain.Auditor, http.MethodGet, of+file.String(), "", "Effigate-After", position).refused(t, http.StatusNotFound, "file_erased")
		if there, err := o.internal.Has(file); there || err != nil {
			t.Errorf("its bytes are there: %v", err)
		}
	}
	o.browse("owner", erase).shows(t, http.StatusNotFound)
	shown := string(o.browse("owner", path).body)
	if strings.Contains(shown, "/erase") || strings.Count(shown, `erased</span>`) != 2 {
		t.Error("an erased file can be opened or erased")
	}
	var seen struct {
		Disputes []struct {
			Attachments []struct {
				Name     string
				ErasedAt time.Time `json:"erased_at"`
			}
		}
	}
	o.get(domain.Auditor, api+"/invoices/"+id, "", &seen)
	if files := seen.Disputes[0].Attachments; len(files) != 2 || files[0].ErasedAt.IsZero() || files[1].ErasedAt.IsZero() || files[1].Name != "order.txt" {
		t.Errorf("files: %+v", files)
	}
	o.call(domain.Owner, http.MethodPost, of+dispute.String()+"/erase", `{"reason":"Nor that."}`).refused(t, http.StatusNotFound, "no_such_attachment")
}

func TestIssuersAndBillingOnThePages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, _ := o.drafted()
	fields := []string{
		"issuer", "main", "party.name", "Firm GmbH", "party.address", "Weg 1\nHaus 2", "party.country", "de", "zone", "Europe/Berlin",
		"invoice_prefix", "INV", "credit_prefix", "CN", "default_category", "standard", "first", "invoice 2026 41", "round_to", "CHF 0.05",
		"reminders", "7 The invoice is due.", "two_people", "on",
	}
	o.submit("owner", "/issuers/describe", append(fields, "rates", "standard S 20")...).shows(t, http.StatusUnprocessableEntity, "Rates must be such as", "Firm GmbH")
	o.led(o.submit("owner", "/issuers/describe", append(fields, "rates", "standard; S; 20; VAT 20 %")...), "auditor", "/issuers").shows(t, http.StatusOK,
		"The issuer is saved.", "Firm GmbH", "INV-2026-0001", "standard: VAT 20 % (S, 20 %), the usual one")
	o.browse("owner", "/issuers/describe?issuer=main").shows(t, http.StatusOK, "invoice 2026 41", "CHF 0.05", "7 The invoice is due.", "standard; S; 20; VAT 20 %")
	billing := "/clients/" + client + "/billing"
	o.browse("owner", billing).shows(t, http.StatusOK, "Nobody has checked it yet.", "Nexus Corp")
	said := []string{"party.name", "Nexus Corp Pty Ltd", "party.country", "AU", "party.tax_id", "AU1", "treatment", "reverse_charge"}
	o.submit("owner", billing, said...).shows(t, http.StatusUnprocessableEntity, "There is a problem", "Nexus Corp Pty Ltd")
	o.led(o.submit("owner", billing, append(said, "tax_id_checked", "on")...), "owner", "/clients/"+client).shows(t, http.StatusOK, "What invoices go by is saved.")
	o.browse("owner", billing).shows(t, http.StatusOK, "It was checked on 16 Mar 2026.")
	o.led(o.submit("owner", billing, said...), "owner", "/clients/"+client) // It was checked before.
}

// only is the only invoice of a client.
func (o *office) only(client string) string {
	o.t.Helper()
	var list struct{ Items []struct{ ID string } }
	o.get(domain.Auditor, api+"/invoices?client="+client, "", &list)
	if len(list.Items) != 1 {
		o.t.Fatalf("invoices: %+v", list)
	}
	return list.Items[0].ID
}

// printed says that an invoice is printed.
func (o *office) printed(id string, as bill.Print) {
	o.t.Helper()
	o.world.Log.Record(o.t, "invoice-"+id, invoice.Rendered{Print: as, At: epoch})
	o.world.Read(o.t, nothing)
}

// A name in Chinese letters was printed as boxes, and nobody was told. It holds nothing up.
func TestLettersThatThePDFLacksAreToldOf(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	o.put(api+"/clients/"+client+"/billing", `{"party":{"name":"Nexus Corp Pty Ltd 山田","country":"AU"}}`)
	o.world.Read(t, nothing)
	const told = "the PDF shows empty boxes for letters that its fonts lack: 山 in the client's name; XML and CSV have them"
	got := o.call(domain.Finance, http.MethodPost, api+"/invoices/preview", fmt.Sprintf(`{"contract":%q,"month":"2026-02"}`, contract))
	var preview struct {
		Exceptions []struct {
			Code, Text string
			Blocks     bool
		}
	}
	got.decode(t, &preview)
	if len(preview.Exceptions) != 1 || preview.Exceptions[0].Code != "letters_missing" || preview.Exceptions[0].Text != told || preview.Exceptions[0].Blocks {
		t.Errorf("the preview tells %d %s", got.status, got.body)
	}
	const shown = "The PDF shows empty boxes for letters that its fonts lack: 山 in the client"
	o.browse("finance", "/invoices/run?month=2026-02").shows(t, http.StatusOK, "Ready", shown)
	id := o.draft(contract)
	o.browse("finance", "/invoices/"+id).shows(t, http.StatusOK, shown)
	o.issueDraft(id)
	o.browse("finance", "/invoices/"+id).hides(t, shown)
}
