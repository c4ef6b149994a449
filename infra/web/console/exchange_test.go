package console_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
	rows "effigate/readmodels/staff"
)

// reporting lets the firm report in euros, while its client is billed in Australian dollars.
func (o *office) reporting() {
	o.t.Helper()
	o.put(api+"/issuers", `{"content":`+strings.Replace(someIssuer, `"zone"`, `"reporting_currency":"EUR","two_people":true,"zone"`, 1)+`}`)
	o.world.Read(o.t, nothing)
}

// worth records what a dollar was worth in euros.
func (o *office) worth(day, rate string) {
	o.t.Helper()
	body := fmt.Sprintf(`{"from":"AUD","to":"EUR","day":%q,"rate":%q,"source":"ECB"}`, day, rate)
	if got := o.call(domain.Finance, http.MethodPut, api+"/exchange-rates", body); got.status != http.StatusOK {
		o.t.Fatalf("record a rate: %d %s", got.status, got.body)
	}
	o.world.Read(o.t, nothing)
}

// F42: rates are recorded, recorded with what is issued, and serve reports beside the sums that are owed.
func TestExchangeRatesByTheAPI(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	o.reporting()
	told := func() bool {
		var preview struct {
			Document   struct{ Payable string }
			Exceptions []struct {
				Code   string
				Blocks bool
			}
		}
		o.call(domain.Finance, http.MethodPost, api+"/invoices/preview", fmt.Sprintf(`{"contract":%q,"month":"2026-02"}`, contract)).decode(t, &preview)
		for _, e := range preview.Exceptions {
			if e.Code != "exchange_rate_missing" || e.Blocks {
				t.Errorf("preview: %+v", preview)
			}
		}
		return len(preview.Exceptions) > 0 && preview.Document.Payable == "334.99"
	}
	if !told() {
		t.Error("the preview does not tell that a rate is missing")
	}
	for _, wrong := range []string{`"1,5"`, `"0"`, `"-1"`, `"much"`} {
		got := o.call(domain.Finance, http.MethodPut, api+"/exchange-rates", `{"from":"AUD","to":"EUR","day":"2026-03-13","source":"ECB","rate":`+wrong+`}`)
		got.refused(t, http.StatusUnprocessableEntity, "invalid_fields")
	}
	o.worth("2026-02-27", "0.58")
	o.worth("2026-03-13", "0.61")
	o.worth("2026-03-13", "0.60")
	if told() {
		t.Error("the preview tells that a rate is missing, and there is one")
	}
	var seen struct {
		Items []rows.ExchangeRate
		Next  string
	}
	o.get(domain.Auditor, api+"/exchange-rates?from=AUD&to=EUR&limit=1", "", &seen)
	if len(seen.Items) != 1 || seen.Items[0].Rate != "0.6" || seen.Next != seen.Items[0].ID.String() {
		t.Errorf("rates: %+v", seen)
	}
	o.get(domain.Auditor, api+"/exchange-rates?limit=1&cursor="+seen.Next, "", &seen)
	if len(seen.Items) != 1 || seen.Items[0].Day != "2026-02-27" {
		t.Errorf("the rates after: %+v", seen)
	}
	id := o.issued(contract)
	var got rows.Invoice
	o.get(domain.Auditor, api+"/invoices/"+id, "", &got)
	if diff := cmp.Diff([]string{"EUR", "0.6", "2026-03-13", "ECB"}, []string{got.ReportedIn, got.Rate, got.RateDay, got.RateSource}); diff != "" {
		t.Errorf("recorded with the invoice (-want +got):\n%s", diff)
	}
	var owed struct {
		Items   []rows.Receivable
		Reports []rows.Reported
	}
	o.get(domain.Auditor, api+"/receivables?client="+client, "", &owed)
	want := []rows.Reported{{Currency: "EUR", Invoices: 1, Converted: 1, Outstanding: "200.99", Overdue: "0"}}
	if diff := cmp.Diff(want, owed.Reports); diff != "" || len(owed.Items) != 1 || owed.Items[0].Outstanding != "334.99" {
		t.Errorf("owed %+v, reported (-want +got):\n%s", owed.Items, diff)
	}
}

func TestExchangeRatesOnThePages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	o.reporting()
	o.browse("auditor", "/issuers").shows(t, http.StatusOK, "Currency of reports", "EUR", "/exchange-rates")
	o.browse("owner", "/issuers/describe?issuer=main").shows(t, http.StatusOK, `value="EUR"`)
	const path = "/exchange-rates"
	o.browse("auditor", path).shows(t, http.StatusOK, "No rates yet")
	o.browse("auditor", path).hides(t, "Record a rate")
	// A run keeps back nothing that only reports would leave out.
	o.browse("finance", "/invoices/run?month=2026-02").shows(t, http.StatusOK, "Ready", "No rate of AUD in EUR is recorded for the 31 days up to")

	id := o.draft(contract)
	o.browse("finance", "/invoices/"+id+"/issue").hides(t, "No exchange rate.")
	_, position := o.post(domain.Finance, api+"/invoices/"+id+"/submit", "")
	_, position = o.post(domain.Owner, api+"/invoices/"+id+"/approve", fmt.Sprintf(`{"shown":%q}`, o.invoice(id, position).Digest))
	o.invoice(id, position)
	o.browse("finance", "/invoices/"+id+"/issue").shows(t, http.StatusOK, "No exchange rate.", "It can be issued all the same.", path)

	fields := []string{"from", "aud", "to", "EUR", "day", "2026-03-13", "source", "ECB"}
	o.submit("finance", path, append(fields, "rate", "0,6")...).shows(t, http.StatusUnprocessableEntity, "must be a number with a point", `value="aud"`)
	o.led(o.submit("finance", path, append(slices.Clone(fields), "rate", "0.6")...), "finance", path).shows(t, http.StatusOK,
		"The rate is recorded.", "1 AUD = 0.6 EUR", "13 Mar 2026", "ECB")
	o.browse("finance", "/invoices/"+id+"/issue").hides(t, "No exchange rate.")
	o.led(o.submit("finance", "/invoices/"+id+"/issue"), "finance", "/invoices/"+id).shows(t, http.StatusOK, "1 AUD = 0.6 EUR, 13 Mar 2026, ECB")
	o.browse("auditor", "/invoices?client="+client).shows(t, http.StatusOK,
		"In EUR, at the rates recorded at issue, for reports only: EUR 200.99 to be paid, EUR 0.00 of it overdue.", "AUD 334.99")

	o.put(api+"/issuers", `{"content":`+strings.Replace(someIssuer, `"zone"`, `"reporting_currency":"USD","zone"`, 1)+`}`)
	o.world.Read(t, nothing)
	o.browse("auditor", "/invoices").shows(t, http.StatusOK, "Left out for want of a rate: 1 invoice.")
}
