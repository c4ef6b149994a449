package console_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"effigate/domain"
)

// A contract tells what its month has come to, by the rate card and with charges, to whoever sees periods.
func TestWhatTheMonthOfAContractHasComeTo(t *testing.T) {
	t.Parallel()
	o := newConsole(t)
	o.post(domain.Finance, api+"/rate-cards", `{"name":"Standard prices","layer":"firm","currency":"AUD","from":"2026-01-01","rows":[{"key":"any","price":"120","unit":"hour"}]}`)
	client, _ := o.post(domain.Owner, api+"/clients", `{"name":"Nexus Corp","zone":"Australia/Sydney","language":"en-AU","currency":"AUD"}`)
	contract, position := o.post(domain.Owner, api+"/clients/"+client+"/contracts", `{
		"reference":"CON-2026-001","type":"time_and_materials","job_types":[{"key":"api","name":"API"}],"support_level":"priority","starts":"2026-03-01","activate":true}`)
	type spend struct{ Month, Currency, Worth, Charged string }
	var said struct {
		Terms struct {
			Agreed struct{ Lines []struct{ Key string } }
		}
	}
	o.get(domain.Owner, api+"/contracts/"+contract, position, &said)
	shows := func(role domain.Role, want *spend) {
		t.Helper()
		var one struct{ Spend *spend }
		o.get(role, api+"/contracts/"+contract, position, &one)
		if diff := cmp.Diff(want, one.Spend); diff != "" {
			t.Errorf("a %s sees (-want +got):\n%s", role, diff)
		}
	}
	shows(domain.Finance, &spend{"2026-03", "AUD", "0", "0"})
	record, _ := o.logs(contract, `,"submit":true`)
	_, position = o.post(domain.Delivery, api+"/time/approve", times(contract, record)+"}")
	unpaid, _ := o.post(domain.Engineer, api+"/time", `{"contract":"`+contract+`","job_type":"api","from":"2026-03-16T05:00:00Z","until":"2026-03-16T06:00:00Z",`+
		`"zone":"UTC","description":"Mistake of ours","billing":"no_charge","reason":"goodwill","submit":true}`)
	_, position = o.post(domain.Delivery, api+"/time/approve", times(contract, unpaid)+"}")
	shows(domain.Finance, &spend{"2026-03", "AUD", "180", "180"})
	_, position = o.post(domain.Finance, api+"/periods/"+contract+"/2026-03/charges", `{"line":"`+said.Terms.Agreed.Lines[0].Key+`","text":"Licence","amount":"20.00"}`)
	shows(domain.AccountManager, &spend{"2026-03", "AUD", "180", "200"})
	shows(domain.Delivery, nil)
	o.browse("finance", "/contracts/"+contract).shows(t, 200, "This month", "Not invoiced yet", "AUD 200.00", "AUD 180.00", "/contracts/"+contract+"/periods/2026-03")
	o.browse("delivery", "/contracts/"+contract).hides(t, "Not invoiced yet")
}
