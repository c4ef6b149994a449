package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/infra/postgres"
)

// finality is an issued invoice that somebody tries to change.
type finality struct {
	in       *installation
	stage    *stage
	invoice  domain.InvoiceID
	contract domain.ContractID
	issued   invoice.Issued
	state    invoice.State
}

// issueOne issues an invoice to the first client of a stage, and a credit note for a part of it.
func issueOne(t *testing.T) *finality {
	t.Helper()
	in := install(t)
	f := &finality{in: in, stage: setStage(t, in, "final", "")}
	b := &biller{service: in.service, log: in.store, name: "final", client: f.stage.orgs[0].id}
	var err error
	if f.contract, f.invoice, err = b.issued(t.Context(), issuingFrom("Australia/Sydney"), monday); err != nil {
		t.Fatal(err)
	}
	f.state = f.fold(t)
	f.issued, _ = f.state.Issued()
	if _, err := in.service.CreditInvoice(t.Context(), b.request(monday, "credit"), commands.CreditInvoice{
		Invoice: f.invoice, Lines: []bill.Credit{{Line: f.issued.Document.Lines[0].ID, Net: decimal.NewFromInt(1)}}, Code: creditnote.Goodwill, Reason: "As agreed",
	}); err != nil {
		t.Fatal(err)
	}
	f.printed(t)
	in.settle(t)
	return f
}

// printed waits until the forms of the invoice are there.
func (f *finality) printed(t *testing.T) {
	t.Helper()
	for until := time.Now().Add(patience); ; {
		f.in.settle(t)
		got := f.in.askAgain(t, f.onPortal("/pdf"), f.stage.orgs[0].users[0].token)
		if got.Status == http.StatusOK {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("the invoice is never printed: %d %s", got.Status, got.Body)
		}
	}
}

func (f *finality) fold(tb testing.TB) invoice.State {
	tb.Helper()
	state, err := foldOf(context.WithoutCancel(tb.Context()), f.in.store, invoice.Decider, invoice.Stream(f.invoice))
	if err != nil {
		tb.Fatal(err)
	}
	return state
}

func (f *finality) onPortal(what string) string {
	return "/api/client/v1/invoices/" + f.issued.Document.Number + what
}

// stored is the invoice to the byte wherever it is kept: in its stream, in both databases, and as the client gets it.
func (f *finality) stored(t *testing.T) map[string]string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	issued, _ := f.fold(t).Issued()
	text, err := json.Marshal(issued)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"the event": string(text), "the digest of its document": issued.Document.SHA256()}
	for _, table := range []struct {
		side  *side
		reads *postgres.Reads
		name  string
		where string
	}{
		{&f.in.client, f.in.reads.client, "invoices", "id"},
		{&f.in.client, f.in.reads.client, "invoice_entries", "invoice"},
		{&f.in.staff, f.in.reads.staff, "invoice_documents", "id"},
		{&f.in.staff, f.in.reads.staff, "invoice_entries", "invoice"},
	} {
		generation, release, err := table.reads.Pin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var rows string
		err = table.side.database.Pool.QueryRow(ctx, fmt.Sprintf(`SELECT string_agg(t::text, E'\n' ORDER BY id) FROM gen_%d.%s t WHERE %s = $1`,
			generation.Number, table.name, table.where), f.invoice.UUID).Scan(&rows)
		release()
		if err != nil {
			t.Fatal(err)
		}
		all[fmt.Sprintf("%s of %p", table.name, table.side)] = rows
	}
	return all
}

// forms are the invoice's printed forms, as the client gets them.
func (f *finality) forms(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, form := range []string{"pdf", "xml", "csv"} {
		got := f.in.askAgain(t, f.onPortal("/"+form), f.stage.orgs[0].users[0].token)
		if got.Status != http.StatusOK {
			t.Fatalf("the %s: %d %s", form, got.Status, got.Body)
		}
		all[form] = got.Body
	}
	return all
}

func checkSame(t *testing.T, before, after map[string]string) {
	t.Helper()
	for what, text := range before {
		if after[what] != text {
			t.Errorf("%s was\n%s\nand is\n%s", what, text, after[what])
		}
	}
}

// description is what an interface says of itself.
type description struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	}
}

// schema is one of JSON, as the product's own tools write it.
type schema map[string]any

// sample is a value that a schema allows, as long as it is not about what is said: of names that are known it is what is
// known. Of an object it has all properties, or only those that have to be there.
func (d description) sample(s schema, name string, known map[string]any, whole bool) any {
	if ref, ok := s["$ref"].(string); ok {
		return d.sample(d.Components.Schemas[path.Base(ref)], name, known, whole)
	}
	if value, ok := known[name]; ok {
		return value
	}
	if values, ok := s["enum"].([]any); ok {
		return values[0]
	}
	kind := s["type"]
	if several, ok := kind.([]any); ok {
		kind = several[0]
	}
	switch kind {
	case "object":
		return d.object(s, known, whole)
	case "array":
		items, _ := s["items"].(map[string]any)
		return []any{d.sample(items, name, known, whole)}
	case "integer", "number":
		if least, ok := s["minimum"].(float64); ok {
			return least
		}
		return 1
	case "boolean":
		return true
	}
	switch s["format"] {
	case "uuid":
		return known["invoice"]
	case "date":
		return "2026-03-02"
	case "date-time":
		return monday.Format(time.RFC3339)
	}
	least, _ := s["minLength"].(float64)
	return strings.Repeat("1", max(int(least), 1))
}

func (d description) object(s schema, known map[string]any, whole bool) map[string]any {
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	made := map[string]any{}
	for name, of := range properties {
		if property, ok := of.(map[string]any); ok && name != "$schema" && (whole || slices.Contains(required, any(name))) {
			made[name] = d.sample(property, name, known, whole)
		}
	}
	return made
}

// attempt is a request that could change an invoice.
type attempt struct {
	method, path string
	body         any
}

// attempts are the writes of an interface, each about the things that an invoice is of and about the invoice itself,
// with all that can be said and with no more than must be. Whoever acts stays.
func (f *finality) attempts(t *testing.T, base string) (all []attempt) {
	t.Helper()
	d := decode[description](t, f.in.ask(t, base, http.MethodGet, "/openapi.json", "", "", nil), http.StatusOK)
	for _, route := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[route])) {
			if method == "get" || strings.Contains(route, "/me/") {
				continue
			}
			for _, id := range f.subjects(route) {
				for _, whole := range []bool{true, false} {
					a := attempt{method: strings.ToUpper(method), path: f.fill(route, id)}
					if body := d.Paths[route][method].RequestBody; body != nil {
						a.body = d.sample(body.Content["application/json"].Schema, "", f.known(), whole)
					}
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// subjects are what the id in a route can be of: the invoice, and what it was made of.
func (f *finality) subjects(route string) []string {
	if !strings.Contains(route, "{") {
		return []string{""}
	}
	ids := []string{f.invoice.String()}
	parts := strings.Split(strings.TrimPrefix(route, "/api/"), "/")
	switch parts[2] {
	case "clients":
		ids = append(ids, f.stage.orgs[0].id.String())
	case "contracts":
		ids = append(ids, f.contract.String())
	case "time":
		ids = append(ids, f.state.Entries()[0].Staff.Time.String())
	case "rate-cards":
		ids = append(ids, (&biller{name: "final"}).id("card").String())
	case "people", "staff":
		ids = append(ids, f.stage.orgs[1].users[1].Person.String(), (&biller{name: "final"}).id("worker").String())
	}
	return ids
}

func (f *finality) fill(route, id string) string {
	line := f.issued.Document.Lines[0].ID.String()
	return strings.NewReplacer("{id}", id, "{number}", f.issued.Document.Number, "{contract}", f.contract.String(), "{month}", string(february), "{line}", line,
		"{aid}", id, "{bid}", id, "{deduction}", id, "{key}", "work", "{attachment}", id, "{comment}", id, "{delivery}", id).Replace(route)
}

// known are the values of the fields with which an invoice could be reached.
func (f *finality) known() map[string]any {
	line := f.issued.Document.Lines[0]
	return map[string]any{
		"invoice": f.invoice.UUID, "contract": f.contract.UUID, "client": f.stage.orgs[0].id.UUID, "month": string(february), "line": line.ID, "net": "1.00",
		"amount": "1.00", "currency": "EUR", "times": []any{f.state.Entries()[0].Staff.Time.UUID}, "unit_price": "0.01", "zone": "UTC", "name": "Another name",
		"country": "NZ", "code": "mistake", "reason": "to see what happens", "issuer": "main", "invoice_prefix": "RE", "credit_prefix": "GS", "percent": "19", "day": "2026-03-02",
		"kind": "standard", "rates": []any{map[string]any{"kind": "standard", "percent": "19", "name": "USt"}}, "first": []any{}, "round_to": []any{}, "reminders": []any{},
		"rows":  []any{map[string]any{"key": "any", "price": "999.00", "unit": "hour"}},
		"lines": []any{map[string]any{"line": line.ID, "net": "1.00"}},
	}
}

// No endpoint of either side changes an issued invoice, its lines, address, rates, dates or texts, whatever it is asked
// and whatever else it does (A40).
func TestNoEndpointChangesAnIssuedInvoice(t *testing.T) { //nolint:tparallel // one attempt comes after the other
	t.Parallel()
	f := issueOne(t)
	before, forms := f.stored(t), f.forms(t)
	f.actWithProof(t)
	accepted := map[string]bool{}
	for _, side := range []struct{ name, base, token string }{
		{"staff", f.in.at.Console, f.stage.manager.token}, {"client", f.in.at.Portal, f.stage.orgs[0].users[0].token},
	} {
		for i, a := range f.attempts(t, side.base) {
			//nolint:paralleltest // one attempt comes after the other
			t.Run(fmt.Sprint(side.name, " ", a.method, " ", a.path, " ", i%2), func(t *testing.T) {
				got := f.in.ask(t, side.base, a.method, a.path, side.token, fmt.Sprint("attempt ", i), a.body)
				if got.Status == http.StatusUnauthorized || got.Status == http.StatusTooManyRequests || got.Status >= http.StatusInternalServerError {
					t.Errorf("%d %s", got.Status, got.Body)
				}
				accepted[path.Base(a.path)] = accepted[path.Base(a.path)] || got.Status/100 == 2
				checkSame(t, before, f.stored(t))
			})
		}
	}
	f.in.settle(t)
	checkSame(t, before, f.stored(t))
	checkSame(t, forms, f.forms(t))
	for _, act := range []string{"payments", "rename", "billing", "versions", "disputes", "write-off"} {
		if !accepted[act] {
			t.Errorf("no attempt to do something with %s was accepted: the others prove little", act)
		}
	}
}

// actWithProof does what no API key may do, since a person has to be asked for the password first: it credits more of
// the invoice, and says that the issuer has another name, address, zone, prefix and tax.
func (f *finality) actWithProof(t *testing.T) {
	t.Helper()
	who := issuingFrom("America/Los_Angeles")
	who.Party.Name, who.Party.City, who.InvoicePrefix, who.Rates[0].Percent = "Another Name Ltd", "Perth", "RE", decimal.NewFromInt(19)
	_, err := f.in.service.DescribeIssuer(t.Context(), f.stage.request(f.stage.manager.Actor, "another issuer"), commands.DescribeIssuer{Content: who})
	if err == nil {
		_, err = f.in.service.CreditInvoice(t.Context(), f.stage.request(f.stage.manager.Actor, "more credit"), commands.CreditInvoice{
			Invoice: f.invoice, Lines: []bill.Credit{{Line: f.issued.Document.Lines[0].ID, Net: decimal.NewFromInt(2)}}, Code: creditnote.Mistake, Reason: "Again",
		})
	}
	if err != nil {
		t.Error(err)
	}
}

// No role of the databases that the program or a part of it logs in as changes a row of what was issued (A40).
func TestNoRoleChangesAnIssuedInvoice(t *testing.T) {
	t.Parallel()
	f := issueOne(t)
	before := f.stored(t)
	for _, side := range []struct {
		*side
		name   string
		reads  *postgres.Reads
		tables []string
	}{
		{&f.in.client, "client", f.in.reads.client, []string{"invoices", "invoice_entries", "credit_notes"}},
		{&f.in.staff, "staff", f.in.reads.staff, []string{"invoice_documents", "invoice_entries", "credit_note_documents"}},
	} {
		generation, release, err := side.reads.Pin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release()
		for role, connection := range map[string]string{"owner": side.access.Owner, "reader": side.access.Reader, "accounts": side.access.Accounts} {
			if connection == "" {
				continue // Nobody has accounts of its own there.
			}
			for _, name := range side.tables {
				table := fmt.Sprintf("gen_%d.%s", generation.Number, name)
				for what, statement := range map[string]string{
					"update": `UPDATE ` + table + ` SET id = id`, "delete": `DELETE FROM ` + table, "truncate": `TRUNCATE ` + table,
					"merge": `MERGE INTO ` + table + ` t USING ` + table + ` s ON t.id = s.id WHEN MATCHED THEN DELETE`,
				} {
					t.Run(side.name+" "+role+" "+what+" "+name, func(t *testing.T) {
						t.Parallel()
						as, err := pgx.Connect(t.Context(), connection)
						if err != nil {
							t.Fatal(err)
						}
						defer as.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // nothing is left on it
						if got, err := as.Exec(t.Context(), statement); err == nil {
							t.Errorf("%s: %s", statement, got)
						}
					})
				}
			}
		}
	}
	t.Cleanup(func() { checkSame(t, before, f.stored(t)) })
}
