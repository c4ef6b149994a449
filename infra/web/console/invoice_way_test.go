package console_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/commands/commandstest"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/period"
	"effigate/domain/ticket"
)

// A48: each line of an invoice leads to what it charges, and that leads back to the invoice, by the API and on the pages.
func TestTheWayFromAnInvoiceToItsRecordsAndBack(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, contract := o.billable()
	o.post(domain.Owner, api+"/rate-cards", `{"layer":"firm","name":"Standard","currency":"AUD","from":"2026-01-01","rows":[{"key":"any","price":"120","unit":"hour"}]}`)
	records := o.worked(contract, 3)
	o.browse("finance", "/time/"+records[0]).hides(t, "Where it is charged")
	draft := o.draft(contract)
	o.browse("finance", "/time/"+records[0]).shows(t, http.StatusOK, "Where it is charged", "A draft", "/invoices/"+draft)
	path := api + "/invoices/" + draft
	_, position := o.post(domain.Finance, path+"/submit", "")
	o.post(domain.Owner, path+"/approve", fmt.Sprintf(`{"shown":%q}`, o.invoice(draft, position).Digest))
	_, position = o.post(domain.Finance, path+"/issue", "")

	var issued struct {
		Document struct{ Lines []bill.Line }
		Entries  []bill.Entry
	}
	o.get(domain.Auditor, path, position, &issued)
	pageOf, times := o.browse("auditor", "/invoices/"+draft), 0
	var month struct {
		Charges  []struct{ ID domain.ChargeID }
		BilledBy string `json:"billed_by"`
	}
	o.get(domain.Auditor, api+"/periods/"+contract+"/2026-02", position, &month)
	o.browse("auditor", "/contracts/"+contract+"/periods/2026-02").shows(t, http.StatusOK, "Charged by", `href="/invoices/`+draft+`"`)
	for _, line := range issued.Document.Lines {
		explained := decimal.Zero
		for _, entry := range issued.Entries {
			if entry.Line != line.ID {
				continue
			}
			explained = explained.Add(entry.Amount)
			switch {
			case !entry.Staff.Time.IsZero():
				times++
				pageOf.shows(t, http.StatusOK, `href="/time/`+entry.Staff.Time.String()+`"`)
				o.leadsBack(entry, draft)
			case !entry.Staff.Charge.IsZero():
				charge := struct{ ID domain.ChargeID }{entry.Staff.Charge}
				if !slices.Contains(month.Charges, charge) || month.BilledBy != draft {
					t.Errorf("charge %s of %q is not among %+v", entry.Staff.Charge, line.Text, month)
				}
			default:
				t.Errorf("%q is explained by nothing: %+v", line.Text, entry)
			}
		}
		if !explained.Equal(line.Amount) {
			t.Errorf("%q comes to %s, what explains it to %s", line.Text, line.Amount, explained)
		}
	}
	if times != len(records) || len(issued.Document.Lines) < 5 {
		t.Errorf("%d records and %d lines: the test would find nothing", times, len(issued.Document.Lines))
	}
}

// worked has so many approved records of February, an hour and a half each, of work that another system tells of.
func (o *office) worked(contract string, days int) (records []string) {
	o.t.Helper()
	service, of := commands.NewService(o.world.Log, commandstest.NewAnswers()), domain.ContractID{UUID: uuid.MustParse(contract)}
	request := func(key string) commands.Request {
		return commands.Request{Actor: domain.System(), Route: "test", Key: key, At: epoch}
	}
	var times []domain.TimeID
	for day := range days {
		from := time.Date(2026, time.February, 10+day, 1, 0, 0, 0, time.UTC)
		logged, err := service.LogTime(o.t.Context(), request(fmt.Sprint("work ", day)), commands.LogTime{
			Contract: of, Submit: true, Source: period.Source{Kind: period.FromImport, System: "test", Key: strconv.Itoa(day)}, Entry: period.Entry{
				Person: personOf(domain.Engineer), JobType: "api", Zone: "UTC", Description: "Export", From: from, Until: from.Add(90 * time.Minute),
			},
		})
		if err != nil {
			o.t.Fatal(err)
		}
		times, records = append(times, domain.TimeID{UUID: logged.ID}), append(records, logged.ID.String())
	}
	if _, err := service.ApproveTime(o.t.Context(), request("approved"), commands.ApproveTime{Contract: of, Month: "2026-02", Times: times}); err != nil {
		o.t.Fatal(err)
	}
	o.world.Read(o.t, nothing)
	return records
}

// leadsBack wants the way from the record of an entry to the invoice, for those who may see invoices.
func (o *office) leadsBack(entry bill.Entry, invoice string) {
	o.t.Helper()
	var record struct {
		Charged []struct {
			Invoice, Number, State string
			Entry                  bill.Entry
		}
	}
	at := "/time/" + entry.Staff.Time.String()
	o.get(domain.Auditor, api+at, "", &record)
	if len(record.Charged) != 1 || record.Charged[0].Invoice != invoice || record.Charged[0].Number != "INV-2026-0001" || record.Charged[0].Entry.ID != entry.ID {
		o.t.Errorf("record %s is charged by %+v", entry.Staff.Time, record.Charged)
	}
	o.browse("auditor", at).shows(o.t, http.StatusOK, "Where it is charged", "INV-2026-0001", `href="/invoices/`+invoice)
	o.get(domain.Engineer, api+at, "", &record)
	if len(record.Charged) != 0 {
		o.t.Errorf("an engineer sees %+v", record.Charged)
	}
	o.browse("engineer", at).hides(o.t, "Where it is charged", "INV-2026")
}

// A75: the books of one client cannot be read. A run tells so with that client's contract and drafts what is another's.
func TestBrokenBooksOfOneClientStopNoOther(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	_, broken := o.billable()
	_, whole := o.billable()
	o.world.Log.Record(t, period.Stream(domain.ContractID{UUID: uuid.MustParse(broken)}, "2026-02"), ticket.Numbered{Series: domain.ClientVisible, Number: 1, At: epoch})
	run := func(preview bool) map[string]runLine {
		t.Helper()
		var body struct{ Items []runLine }
		got := o.call(domain.Finance, http.MethodPost, api+"/invoices/run", fmt.Sprintf(`{"month":"2026-02","preview":%t}`, preview))
		if got.status != http.StatusOK {
			t.Fatalf("run: %d %s", got.status, got.body)
		}
		got.decode(t, &body)
		lines := map[string]runLine{}
		for _, line := range body.Items {
			lines[line.Contract] = line
		}
		return lines
	}
	for _, preview := range []bool{true, false} {
		lines := run(preview)
		if line := lines[broken]; !strings.Contains(line.Refused, "Something went wrong with this contract") || line.Draft != "" {
			t.Errorf("preview %t: the broken contract is told of as %+v", preview, line)
		}
		if line := lines[whole]; line.Refused != "" || (line.Draft == "") != preview {
			t.Errorf("preview %t: the other contract is told of as %+v", preview, line)
		}
	}
}

// runLine is what a run tells of a contract.
type runLine struct{ Contract, Draft, Refused string }
