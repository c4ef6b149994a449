package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/invoice"
	rows "effigate/readmodels/staff"
)

// copies puts copies of a row beside it, those from one number to another, each with an id of its own. Change is SQL for
// the other fields that differ by n.
func (o *office) copies(table, row string, from, to int, change string) {
	o.t.Helper()
	var schema string
	o.world.Read(o.t, func(tx pgx.Tx) error { return tx.QueryRow(o.t.Context(), "SELECT current_schema()").Scan(&schema) })
	name := pgx.Identifier{schema, table}.Sanitize()
	made, err := o.world.Database.Pool.Exec(o.t.Context(), `
		INSERT INTO `+name+`
		SELECT (jsonb_populate_record(r, jsonb_build_object('id', md5(n::text)::uuid) || `+change+`)).*
		FROM `+name+` AS r, generate_series($2::integer, $3::integer) AS n WHERE r.id = $1`, row, from, to)
	if err != nil || made.RowsAffected() != int64(to-from+1) {
		o.t.Fatalf("copies of a row of %s: %d, %v", table, made.RowsAffected(), err)
	}
}

const alike = `'{}'`

// cut holds that a page does not say that it lists less than there is while it lists all, which are as many as it can, and
// that it says so from the next one on.
func (o *office) cut(token, path, sentence string, oneMore func()) {
	o.t.Helper()
	whole := o.browse(token, path)
	whole.shows(o.t, http.StatusOK)
	whole.hides(o.t, sentence)
	oneMore()
	o.browse(token, path).shows(o.t, http.StatusOK, sentence)
}

// A list that does not hold all there is says so, on every page that has one.
func TestListsSayThatTheyAreCut(t *testing.T) {
	t.Parallel()
	t.Run("invoices", func(t *testing.T) {
		t.Parallel()
		o := newConsole(t)
		client, contract := o.billable()
		id := o.issued(contract)
		money, _ := o.post(domain.Finance, api+"/payments", fmt.Sprintf(`{"client":%q,"amount":"1","currency":"AUD","day":"2026-03-10"}`, client))
		o.world.Read(t, nothing)
		last := commands.MaxAllocations
		o.copies("invoices", id, 2, last, alike)
		o.cut("finance", "/payments?client="+client, fmt.Sprintf("These are the %d that are due the longest. There are more", last), func() {
			o.copies("invoices", id, last+1, last+1, alike)
		})
		last = rows.MaxLimit
		o.copies("invoices", id, commands.MaxAllocations+2, last, alike)
		o.cut("finance", "/payments/"+money, fmt.Sprintf("These are the %d that are due the longest. There are more", last), func() {
			o.copies("invoices", id, last+1, last+1, alike)
		})
	})
	t.Run("clients that owe", func(t *testing.T) {
		t.Parallel()
		o := newConsole(t)
		_, contract := o.billable()
		id := o.issued(contract)
		const another = `jsonb_build_object('client', md5('client' || n)::uuid)`
		o.copies("invoices", id, 2, rows.MaxLimit, another)
		o.cut("finance", "/invoices", fmt.Sprintf("These are the first %d. The sums above are of all.", rows.MaxLimit), func() {
			o.copies("invoices", id, rows.MaxLimit+1, rows.MaxLimit+1, another)
		})
	})
	t.Run("objections", func(t *testing.T) {
		t.Parallel()
		o := newConsole(t)
		_, contract := o.billable()
		id, dispute := o.issued(contract), domain.DisputeID{UUID: uuid.NameSpaceOID}
		o.world.Log.Record(t, "invoice-"+id, invoice.Disputed{Dispute: dispute, Line: uuid.NameSpaceOID, Amount: decimal.NewFromInt(1), Reason: "Why?", At: epoch})
		o.world.Read(t, nothing)
		o.copies("disputes", dispute.String(), 2, rows.MaxLimit, alike)
		var open struct{ More bool }
		if o.get(domain.Auditor, api+"/disputes", "", &open); open.More {
			t.Error("the API says that there is more than all")
		}
		o.cut("finance", "/invoices", "There are more. They follow when these are answered.", func() {
			o.copies("disputes", dispute.String(), rows.MaxLimit+1, rows.MaxLimit+1, alike)
		})
		if o.get(domain.Auditor, api+"/disputes", "", &open); !open.More {
			t.Error("the API does not say that there is more")
		}
	})
	t.Run("time", func(t *testing.T) {
		t.Parallel()
		o := newConsole(t)
		record, _ := o.logs(o.fixedPrice(), "")
		o.world.Read(t, nothing)
		o.copies("time_records", record, 2, rows.MaxLimit, alike)
		o.cut("engineer", "/time", "The week has more records than this page lists.", func() {
			o.copies("time_records", record, rows.MaxLimit+1, rows.MaxLimit+1, alike)
		})
	})
	t.Run("approvals", func(t *testing.T) {
		t.Parallel()
		o := newConsole(t)
		record, _ := o.logs(o.fixedPrice(), "")
		o.world.Read(t, nothing)
		const submitted = `'{"status":"submitted"}'`
		o.copies("time_records", record, 2, rows.MaxLimit+1, submitted)
		o.cut("delivery", "/approvals", "Decide on what is shown, and reload.", func() {
			o.copies("time_records", record, rows.MaxLimit+2, rows.MaxLimit+2, submitted)
		})
	})
	t.Run("the queue", func(t *testing.T) {
		t.Parallel()
		o := newConsole(t)
		_, _, ticket := o.promised()
		const numbered = `jsonb_build_object('visible_number', 1000 + n)`
		both := func(from, to int) {
			o.copies("tickets", ticket, from, to, numbered)
			o.copies("clocks", ticket, from, to, alike)
		}
		both(2, rows.MaxQueue)
		o.cut("support", "/queue", "There is more than this list can hold.", func() { both(rows.MaxQueue+1, rows.MaxQueue+1) })
	})
	t.Run("a roster", func(t *testing.T) {
		t.Parallel()
		o := newConsole(t)
		o.engagement()
		people := func(count int) reply {
			lines := []string{"email,name,role,client"}
			for n := range count {
				lines = append(lines, fmt.Sprintf("user%d@nexus.example,User %d,client_employee,Nexus Corp", n, n))
			}
			return o.upload("/people/import", strings.Join(lines, "\n"))
		}
		const previewed = 200
		whole := people(previewed)
		whole.shows(t, http.StatusOK, fmt.Sprintf("User %d", previewed-1))
		whole.hides(t, "And 1 ")
		people(previewed+1).shows(t, http.StatusOK, "And 1 ")
	})
}
