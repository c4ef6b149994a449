package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"effigate/domain"
)

// What a chargeback leaves to be paid after the rest was written off can be written off in its turn: the page did not
// offer it.
func TestAChargebackAfterAWriteOffOnThePages(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	id := o.issued(contract)
	payment, _ := o.post(domain.Finance, api+"/payments", fmt.Sprintf(
		`{"client":%q,"amount":"300","currency":"AUD","day":"2026-03-10","allocate":[{"invoice":%q,"amount":"300"}]}`, client, id))
	path := "/invoices/" + id
	writeOff := func(label string) {
		t.Helper()
		o.led(o.submit("finance", path+"/write-off", "act", "write-off", "reason.write-off", "Insolvent."), "finance", path).shows(t, http.StatusOK, label)
		o.browse("finance", path).hides(t, "Write off what is outstanding")
	}
	writeOff("AUD 34.99")
	_, position := o.post(domain.Finance, api+"/payments/"+payment+"/reverse", `{"day":"2026-03-12","reason":"R","chargeback":true}`)
	if got := o.invoice(id, position); got.Outstanding != "300" || got.Label != "Awaiting payment" {
		t.Errorf("after the chargeback: %+v", got)
	}
	o.browse("finance", path).shows(t, http.StatusOK, "Write off what is outstanding")
	writeOff("AUD 334.99")
}

// Where a client's prices are with tax, the price of a line that is added by hand is, too: the page said it is not.
func TestThePriceOfALineIsWithTaxWhereTheClientsPricesAre(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	client, contract := o.billable()
	o.put(api+"/clients/"+client+"/billing", `{"party":{"name":"Nexus Corp Pty Ltd","country":"AU"},"inclusive":true}`)
	o.world.Read(t, nothing)
	path := "/invoices/" + o.draft(contract)
	o.browse("finance", path).shows(t, http.StatusOK, "Price of one, with tax")
	added := o.led(o.submit("finance", path+"/lines", "text", "Setup", "unit_price", "12", "why", "They asked."), "finance", path)
	added.shows(t, http.StatusOK, "The line is added.", "AUD 12.00", "AUD 291.16") // 279.16 with its tax, and the line
	_, contract = o.billable()
	if page := o.browse("finance", "/invoices/"+o.draft(contract)); !strings.Contains(string(page.body), "Price of one, before tax") {
		t.Error("a price without tax is not called one")
	}
}
