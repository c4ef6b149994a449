package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/postgres"
	"effigate/infra/postgres/postgrestest"
	"effigate/readmodels/client"
)

// store is a client database with one generation, written by its owner and read by the portal's role.
type store struct {
	owner, reader *pgxpool.Pool
}

func newStore(tb testing.TB) *store {
	tb.Helper()
	access := postgrestest.Database(tb, postgres.ClientSide)
	database, err := postgres.Open(tb.Context(), access.Owner, postgres.ClientSide)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(database.Close)
	s := &store{owner: pool(tb, access.Owner), reader: pool(tb, access.Reader)}
	s.run(tb, `CREATE SCHEMA gen_1; GRANT USAGE ON SCHEMA gen_1 TO portal_reader`)
	s.run(tb, client.Schema)
	s.run(tb, client.Indexes)
	return s
}

// pool connects with the generation as search_path, as the product does.
func pool(tb testing.TB, url string) *pgxpool.Pool {
	tb.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		tb.Fatal(err)
	}
	config.MaxConns = 2
	config.ConnConfig.RuntimeParams["search_path"] = "gen_1"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	p, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

func (s *store) run(tb testing.TB, sql string, arguments ...any) {
	tb.Helper()
	mode := []any{pgx.QueryExecModeSimpleProtocol}
	if _, err := s.owner.Exec(tb.Context(), sql, append(mode, arguments...)...); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

// put inserts rows, each into the table of its type.
func (s *store) put(tb testing.TB, rows ...any) {
	tb.Helper()
	tables := map[reflect.Type]string{
		reflect.TypeFor[client.OrganisationRow](): "organisation", reflect.TypeFor[client.PersonRow](): "people",
		reflect.TypeFor[client.ContractRow](): "contracts", reflect.TypeFor[client.CategoryRow](): "categories",
		reflect.TypeFor[client.TicketRow](): "tickets", reflect.TypeFor[client.CommentRow](): "comments",
		reflect.TypeFor[client.TicketStepRow](): "ticket_steps", reflect.TypeFor[client.LineRow](): "contract_lines",
		reflect.TypeFor[client.BucketRow](): "buckets", reflect.TypeFor[client.CarriedLotRow](): "carried_lots",
		reflect.TypeFor[client.WorkRow](): "work", reflect.TypeFor[client.SettlementRow](): "settlements",
		reflect.TypeFor[client.ProposalRow](): "proposals", reflect.TypeFor[client.OverageRequestRow](): "overage_requests",
		reflect.TypeFor[client.HoursAlertRow](): "hours_alerts", reflect.TypeFor[client.TargetRow](): "targets",
		reflect.TypeFor[client.AttachmentRow](): "attachments", reflect.TypeFor[client.CommentEditRow](): "comment_edits",
		reflect.TypeFor[client.InvoiceRow](): "invoices", reflect.TypeFor[client.InvoiceEntryRow](): "invoice_entries",
		reflect.TypeFor[client.CreditNoteRow](): "credit_notes", reflect.TypeFor[client.DisclosedRow](): "disclosed",
		reflect.TypeFor[client.ClaimRow](): "claims", reflect.TypeFor[client.PrintRow](): "prints",
		reflect.TypeFor[client.PaymentRow](): "payments", reflect.TypeFor[client.ReceiptRow](): "receipts", reflect.TypeFor[client.DisputeRow](): "disputes",
		reflect.TypeFor[client.ReminderRow](): "reminders",
	}
	batch := &pgx.Batch{}
	for _, row := range rows {
		value := reflect.ValueOf(row)
		var columns, places []string
		var values []any
		for i := range value.NumField() {
			columns = append(columns, value.Type().Field(i).Tag.Get("db"))
			places = append(places, fmt.Sprintf("$%d", i+1))
			values = append(values, value.Field(i).Interface())
		}
		batch.Queue(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", tables[value.Type()], strings.Join(columns, ", "), strings.Join(places, ", ")), values...)
	}
	if err := s.owner.SendBatch(tb.Context(), batch).Close(); err != nil {
		tb.Fatal(err)
	}
}

// in reads as a viewer.
func (s *store) in(tb testing.TB, v client.Viewer, read func(context.Context, pgx.Tx) error) error {
	tb.Helper()
	return pgx.BeginTxFunc(tb.Context(), s.reader, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(tb.Context(), `SELECT set_config('effigate.client', $1, true)`, v.Client.String()); err != nil {
			return err
		}
		return read(tb.Context(), tx)
	})
}

// get is in with a result, for queries that must succeed.
func get[R any](tb testing.TB, s *store, v client.Viewer, read func(context.Context, pgx.Tx) (R, error)) (result R) {
	tb.Helper()
	err := s.in(tb, v, func(ctx context.Context, tx pgx.Tx) (err error) {
		result, err = read(ctx, tx)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

func id(n int) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "test", strconv.Itoa(n)) }

var (
	acme, globex   = id(1), id(2)
	ada, eve, gil  = id(11), id(12), id(13) // acme's admin and employee, globex' admin
	sue            = id(14)                 // staff
	asAda          = client.Viewer{Client: acme, Person: ada, All: true, Scope: true, Billing: true}
	asEve          = client.Viewer{Client: acme, Person: eve}
	asGil          = client.Viewer{Client: globex, Person: gil, All: true, Scope: true, Billing: true}
	monday         = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	network, phone = id(31), id(32)
)

func ticket(n int, of, by uuid.UUID, change ...func(*client.TicketRow)) client.TicketRow {
	at := monday.Add(time.Duration(n) * time.Hour)
	row := client.TicketRow{
		ID: id(1000 + n), Client: of, Number: n, Title: fmt.Sprintf("Ticket %d", n), Priority: "medium", State: "open",
		RaisedBy: by, RaisedAt: at, UpdatedAt: at,
	}
	for _, c := range change {
		c(&row)
	}
	return row
}

// populated gives a store with two clients of which acme has three tickets and globex one.
func populated(tb testing.TB) *store {
	tb.Helper()
	s := newStore(tb)
	resolved := monday.Add(50 * time.Hour)
	s.put(tb,
		client.OrganisationRow{ID: acme, Client: acme, Name: "Acme", Zone: "Europe/Zurich", Language: "de-CH", Currency: "CHF", Seats: 25, SeatsTaken: 2},
		client.OrganisationRow{ID: globex, Client: globex, Name: "Globex", Zone: "UTC", Language: "en", Currency: "EUR"},
		client.PersonRow{ID: ada, Client: acme, Role: "client_admin", State: "active"},
		client.PersonRow{ID: eve, Client: acme, Role: "client_employee", Grants: "billing.read ticket.critical", State: "active"},
		client.PersonRow{ID: gil, Client: globex, Role: "client_admin", State: "active"},
		client.ContractRow{ID: id(21), Client: acme, Reference: "CON-2024-018", Type: "bucket", State: "active", Starts: "2026-01-01", Ends: "2026-12-31"},
		client.ContractRow{ID: id(22), Client: globex, Reference: "CON-2024-019", Type: "fixed", State: "active", Starts: "2026-01-01"},
		client.CategoryRow{ID: network, Client: acme, Contract: id(21), Line: id(71), JobType: "net", Name: "Network", Open: true},
		client.CategoryRow{ID: phone, Client: globex, Contract: id(22), Line: id(72), JobType: "tel", Name: "Telephone", Open: true},
		ticket(1, acme, ada, func(r *client.TicketRow) {
			r.Title, r.Description, r.Category = "Printer on fire", "It smells of burnt toner", &network
		}),
		ticket(2, acme, eve, func(r *client.TicketRow) { r.Title, r.State = "Mailbox full", "waiting_for_you" }),
		ticket(3, acme, eve, func(r *client.TicketRow) {
			r.Title, r.State, r.Resolution, r.ResolvedAt = "Router down", "resolved", "Replaced the power supply", &resolved
		}),
		ticket(41, globex, gil, func(r *client.TicketRow) { r.Title = "Printer of Globex" }),
		client.CommentRow{ID: id(51), Client: acme, Ticket: id(1001), Author: sue, Text: "Please unplug it", At: monday.Add(2 * time.Hour)},
		client.CommentRow{ID: id(52), Client: acme, Ticket: id(1001), Author: ada, ByClient: true, Text: "Extinguished", At: monday.Add(3 * time.Hour)},
		client.CommentRow{ID: id(53), Client: globex, Ticket: id(1041), Author: gil, ByClient: true, Text: "Hello", At: monday},
		client.TicketStepRow{ID: id(61), Client: acme, Ticket: id(1001), State: "open", At: monday.Add(time.Hour)},
		client.TicketStepRow{ID: id(62), Client: globex, Ticket: id(1041), State: "open", At: monday},
	)
	for of, on := range map[uuid.UUID]int{acme: 1001, globex: 1041} { // What is on a ticket, one of each.
		s.put(tb,
			client.TargetRow{
				ID: id(2000 + on), Client: of, Ticket: id(on), Goal: "resolution", State: "at_risk", Due: new(monday.Add(4 * time.Hour)),
				Strip: `[{"from":"2026-03-02T10:00:00Z","until":"2026-03-02T13:00:00Z","doing":"counting","seconds":10800}]`,
			},
			client.AttachmentRow{
				ID: id(4000 + on), Client: of, Ticket: id(on), Author: sue, Name: "manual.pdf", Type: "application/pdf", Size: 42, SHA256: "00ff", At: monday.Add(3 * time.Hour),
			},
			client.CommentEditRow{
				ID: id(6000 + on), Client: of, Comment: map[uuid.UUID]uuid.UUID{acme: id(52), globex: id(53)}[of], Ticket: id(on), Number: 1,
				Text: "Extinguishd", Until: monday.Add(4 * time.Hour),
			},
		)
	}
	for _, of := range []uuid.UUID{acme, globex} { // What belongs to a contract, one of each.
		n := map[uuid.UUID]int{acme: 0, globex: 1}[of]
		contract, line, bucket := id(21+n), id(71+n), id(73+n)
		s.put(tb,
			client.LineRow{ID: line, Client: of, Contract: contract, Position: 1, Name: "Support", Type: "bucket", Minutes: 600},
			client.BucketRow{ID: bucket, Client: of, Contract: contract, Line: line, Minutes: 600, From: "2026-01-01", Until: "2026-12-31"},
			client.CarriedLotRow{ID: id(75 + n), Client: of, Contract: contract, Month: "2026-01", Bucket: bucket, Minutes: 540, Until: "2026-12-31"},
			client.WorkRow{
				ID: id(77 + n), Client: of, Contract: contract, Category: []uuid.UUID{network, phone}[n], Month: "2026-01", Day: "2026-01-30",
				Description: "Cables", Minutes: 60, Drawn: 60, State: "approved", Charge: "charged",
			},
			client.SettlementRow{ID: id(79 + n), Client: of, Contract: contract, Line: line, Month: "2026-01", Drawn: 60},
			client.ProposalRow{
				ID: id(81 + n), Client: of, Contract: contract, Kind: "amendment", Reference: "CON-2024-018", Statement: "More hours",
				Document: `{"statement":"More hours","terms":{"starts":"2026-01-01","currency":"EUR","lines":[{"key":"a","name":"Support","type":"bucket","minutes":900}]}}`,
				SHA256:   "00ff", Effective: "2026-04-01", State: "offered", OfferedAt: monday,
			},
			client.OverageRequestRow{ID: id(83 + n), Client: of, Contract: contract, Line: line, Month: "2026-03", Minutes: 120, Text: "May we?", State: "asked", AskedAt: monday},
			client.HoursAlertRow{ID: id(85 + n), Client: of, Contract: contract, Line: line, Percent: 75, At: monday},
		)
		s.put(tb, billed(of, contract, 9000+100*n)...)
	}
	s.run(tb, `INSERT INTO accounts.people (id, client, name, email) VALUES ($1, $2, 'Ada Abel', 'ada@acme.example'), ($3, $2, 'Eve Ebner', 'eve@acme.example'), ($4, $5, 'Gil Gross', 'gil@globex.example')`,
		ada.String(), acme.String(), eve.String(), gil.String(), globex.String())
	s.run(tb, `INSERT INTO accounts.staff_profiles (person, name, role) VALUES ($1, 'Sue', 'Support')`, sue.String())
	s.run(tb, `INSERT INTO control.changes (version, client, kind, key, removed) VALUES ($5, $1, 'ticket', $2, false), ($5, $3, 'ticket', $4, false)`,
		acme.String(), id(1001).String(), globex.String(), id(1041).String(), client.Version)
	return s
}

// tables lists what the portal's role might read, with the number of rows there are.
func (s *store) tables(tb testing.TB) map[string]int {
	tb.Helper()
	rows, err := s.owner.Query(tb.Context(), `
		SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname IN ('gen_1', 'accounts', 'control')
		  AND has_any_column_privilege('portal_reader', c.oid, 'SELECT')
		  AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'client')`)
	if err != nil {
		tb.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Fatal(err)
	}
	counts := map[string]int{}
	for _, name := range names {
		counts[name] = count(tb.Context(), tb, s.owner, `SELECT count(*) FROM `+name)
	}
	return counts
}

func count(ctx context.Context, tb testing.TB, from interface {
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}, sql string, arguments ...any,
) (n int) {
	tb.Helper()
	if err := from.QueryRow(ctx, sql, arguments...).Scan(&n); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return n
}

// Row security alone, without any condition in a query, hides everything from a session without a client
// and other clients' rows from a session with one.
func TestRowSecurityHoldsByItself(t *testing.T) {
	t.Parallel()
	s := populated(t)
	tables := s.tables(t)
	if len(tables) < 20 {
		t.Errorf("only %v have a client", tables)
	}
	for table, rows := range tables {
		if rows < 2 {
			t.Errorf("%s has %d rows: nothing is tested", table, rows)
		}
		if seen := count(t.Context(), t, s.reader, `SELECT count(*) FROM `+table); seen != 0 {
			t.Errorf("a session without a client sees %d rows of %s", seen, table)
		}
		for _, of := range []uuid.UUID{acme, globex} {
			_ = s.in(t, client.Viewer{Client: of}, func(ctx context.Context, tx pgx.Tx) error {
				own := count(ctx, t, s.owner, `SELECT count(*) FROM `+table+` WHERE client = $1`, of)
				if seen := count(ctx, t, tx, `SELECT count(*) FROM `+table); seen != own || own == 0 {
					t.Errorf("a session of one client sees %d rows of %s, of which %d are its own", seen, table, own)
				}
				return nil
			})
		}
	}
	// The setting of one transaction does not outlive it.
	if seen := count(t.Context(), t, s.reader, `SELECT count(*) FROM tickets`); seen != 0 {
		t.Errorf("%d tickets are seen after the transaction", seen)
	}
}

// Every table of a generation is built the same way, so that a new one cannot forget the wall.
func TestEveryTableIsWalled(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	rows, err := s.owner.Query(t.Context(), `
		SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = 'gen_1'::regnamespace AND c.relkind = 'r' AND NOT (
		    c.relrowsecurity
		    AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
		    AND has_table_privilege('portal_reader', c.oid, 'SELECT')
		    AND NOT has_table_privilege('portal_reader', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
		    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'client' AND a.attnotnull)
		    AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
		                AND pg_get_indexdef(i.indexrelid) LIKE '%(id)'))`)
	if err != nil {
		t.Fatal(err)
	}
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(open) > 0 {
		t.Errorf("not walled: %v, %v", open, err)
	}
	if callable := count(t.Context(), t, s.owner, `
		SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'gen_1'::regnamespace
		  AND (has_function_privilege('portal_reader', p.oid, 'EXECUTE') OR NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=""'])`); callable != 0 {
		t.Errorf("%d functions can be called by the portal's role, or find tables by its search path", callable)
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	s := populated(t)
	me := get(t, s, asEve, func(ctx context.Context, tx pgx.Tx) (client.Me, error) { return client.ReadMe(ctx, tx, asEve) })
	want := client.Me{
		ID: eve, Name: "Eve Ebner", Role: "client_employee", Grants: []string{"billing.read", "ticket.critical"},
		Organisation: client.Organisation{Name: "Acme", Zone: "Europe/Zurich", Language: "de-CH", Currency: "CHF"},
	}
	if diff := cmp.Diff(want, me); diff != "" {
		t.Errorf("me (-want +got):\n%s", diff)
	}
	s.run(t, `DELETE FROM accounts.people WHERE id = $1`, eve.String())
	if me := get(t, s, asEve, func(ctx context.Context, tx pgx.Tx) (client.Me, error) { return client.ReadMe(ctx, tx, asEve) }); me.Name != "" {
		t.Errorf("an erased name is %q", me.Name)
	}
	s.run(t, `UPDATE people SET state = 'ended' WHERE id = $1`, eve.String())
	for name, v := range map[string]client.Viewer{"inactive": asEve, "of another client": {Client: globex, Person: ada, All: true}} {
		err := s.in(t, v, func(ctx context.Context, tx pgx.Tx) error { _, err := client.ReadMe(ctx, tx, v); return err })
		if !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.put(t,
		client.PersonRow{ID: id(15), Client: acme, Role: "client_employee", State: "invited"},
		client.PersonRow{ID: id(16), Client: acme, Role: "client_employee", Grants: "milestone.sign", State: "ended"},
	)
	var got []client.Person
	var after *client.Cursor
	for range 4 {
		people := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (people []client.Person, err error) {
			people, after, err = client.ListPeople(ctx, tx, asAda, after, 1)
			return people, err
		})
		got = append(got, people...)
	}
	want := []client.Person{
		{ID: ada, Role: "client_admin", Grants: []string{}, State: "active"},
		{ID: eve, Role: "client_employee", Grants: []string{"billing.read", "ticket.critical"}, State: "active"},
		{ID: id(15), Role: "client_employee", Grants: []string{}, State: "invited"},
		{ID: id(16), Role: "client_employee", Grants: []string{"milestone.sign"}, State: "ended"},
	}
	slices.SortFunc(want, func(a, b client.Person) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if diff := cmp.Diff(want, got); diff != "" || after != nil {
		t.Errorf("people page by page, then %v (-want +got):\n%s", after, diff)
	}
	seats := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.Seats, error) { return client.ReadSeats(ctx, tx, asAda) })
	if want := (client.Seats{Limit: 25, Taken: 2}); seats != want {
		t.Errorf("seats %+v, want %+v", seats, want)
	}
	one := func(v client.Viewer, of uuid.UUID) error {
		return s.in(t, v, func(ctx context.Context, tx pgx.Tx) error {
			found, err := client.ReadPerson(ctx, tx, v, of)
			if err == nil && found.ID != of {
				t.Errorf("found %v instead of %v", found.ID, of)
			}
			return err
		})
	}
	for name, err := range map[string]error{
		"an employee lists colleagues": s.in(t, asEve, func(ctx context.Context, tx pgx.Tx) error {
			_, _, err := client.ListPeople(ctx, tx, asEve, nil, 10)
			return err
		}),
		"an employee reads the seats": s.in(t, asEve, func(ctx context.Context, tx pgx.Tx) error {
			_, err := client.ReadSeats(ctx, tx, asEve)
			return err
		}),
		"an employee reads a colleague": one(asEve, ada),
		"an admin reads another's":      one(asAda, gil),
		"an admin reads nobody":         one(asAda, id(99)),
	} {
		if !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := errors.Join(one(asAda, eve), one(asEve, eve)); err != nil {
		t.Errorf("an employee as seen by its admin and itself: %v", err)
	}
}

// A standing is that of an active user in the organisation asked for; what a person is besides, State tells.
func TestStanding(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.put(t,
		client.PersonRow{ID: id(15), Client: acme, Role: "client_employee", State: "invited"},
		client.PersonRow{ID: id(16), Client: acme, Role: "client_admin", Grants: "contract.read", State: "ended"},
	)
	type answer struct {
		Role   domain.Role
		Grants []access.Grant
		State  string
	}
	for name, c := range map[string]struct {
		client, person uuid.UUID
		want           answer // empty State: never invited
	}{
		"an admin":            {acme, ada, answer{domain.ClientAdmin, nil, "active"}},
		"an employee":         {acme, eve, answer{domain.ClientEmployee, []access.Grant{access.ReadBilling, access.RaiseCritical}, "active"}},
		"invited":             {acme, id(15), answer{State: "invited"}},
		"left":                {acme, id(16), answer{State: "ended"}},
		"of another client":   {acme, gil, answer{}},
		"in another client":   {globex, ada, answer{}},
		"nobody":              {acme, id(99), answer{}},
		"nobody in no client": {uuid.Nil, uuid.Nil, answer{}},
	} {
		of, person := domain.ClientID{UUID: c.client}, domain.PersonID{UUID: c.person}
		var got answer
		err := s.in(t, client.Viewer{Client: c.client}, func(ctx context.Context, tx pgx.Tx) (err error) {
			if _, got.State, err = client.State(ctx, tx, of, person); err != nil {
				return err
			}
			got.Role, got.Grants, err = client.Standing(ctx, tx, of, person)
			return err
		})
		if errors.Is(err, domain.ErrNotFound) != (c.want.Role == "") || err != nil && !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A login outlives the rights it was made with: what it claims is compared with the rows at every read.
func TestAdmit(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.run(t, `UPDATE people SET grants = 'contract.read' WHERE id = $1`, eve.String())
	s.put(t, client.PersonRow{ID: id(15), Client: acme, Role: "client_employee", Grants: "billing.read", State: "active"})
	actor := func(of, person uuid.UUID, role domain.Role) domain.Actor {
		return domain.Actor{Person: domain.PersonID{UUID: person}, Side: domain.ClientSide, Role: role, Client: domain.ClientID{UUID: of}}
	}
	for name, c := range map[string]struct {
		actor domain.Actor
		want  *client.Viewer // nil: not admitted
	}{
		"an admin":                      {actor(acme, ada, domain.ClientAdmin), &asAda},
		"an employee with a grant":      {actor(acme, eve, domain.ClientEmployee), &client.Viewer{Client: acme, Person: eve, Scope: true}},
		"an employee who sees bills":    {actor(acme, id(15), domain.ClientEmployee), &client.Viewer{Client: acme, Person: id(15), Billing: true}},
		"an employee that was an admin": {actor(acme, eve, domain.ClientAdmin), nil},
		"another organisation's admin":  {actor(acme, gil, domain.ClientAdmin), nil},
		"nobody":                        {actor(acme, id(99), domain.ClientAdmin), nil},
	} {
		var got client.Viewer
		err := s.in(t, client.Viewer{Client: c.actor.Client.UUID}, func(ctx context.Context, tx pgx.Tx) (err error) {
			got, err = client.Admit(ctx, tx, c.actor)
			return err
		})
		switch {
		case c.want == nil && !errors.Is(err, domain.ErrNotFound):
			t.Errorf("%s was admitted as %+v, %v", name, got, err)
		case c.want != nil && (err != nil || got != *c.want):
			t.Errorf("%s was admitted as %+v, %v; want %+v", name, got, err, *c.want)
		}
	}
}

func TestOverviewCountsWhatTheViewerSees(t *testing.T) {
	t.Parallel()
	s := populated(t)
	contracts := []client.Contract{{Reference: "CON-2024-018", Type: "bucket"}}
	for name, c := range map[string]struct {
		viewer client.Viewer
		want   client.Overview
	}{
		"admin":    {asAda, client.Overview{Tickets: client.Counts{Open: 2, WaitingForYou: 1, AtRisk: 1, Resolved: 1}, Contracts: contracts}},
		"employee": {asEve, client.Overview{Tickets: client.Counts{Open: 1, WaitingForYou: 1, Resolved: 1}, Contracts: []client.Contract{}}},
		"employee with the grant": {
			client.Viewer{Client: acme, Person: eve, Scope: true},
			client.Overview{Tickets: client.Counts{Open: 1, WaitingForYou: 1, Resolved: 1}, Contracts: contracts},
		},
		"nobody": {client.Viewer{Client: id(9), Person: id(9)}, client.Overview{Contracts: []client.Contract{}}},
	} {
		got := get(t, s, c.viewer, func(ctx context.Context, tx pgx.Tx) (client.Overview, error) {
			return client.ReadOverview(ctx, tx, c.viewer)
		})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Only an active contract is in the header.
func TestOverviewNamesActiveContracts(t *testing.T) {
	t.Parallel()
	s := populated(t)
	for n, state := range []string{"offered", "suspended", "ended"} {
		s.put(t, client.ContractRow{ID: id(25 + n), Client: acme, Reference: "CON-" + state, Type: "fixed", State: state, Starts: "2026-01-01"})
	}
	got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) (client.Overview, error) {
		return client.ReadOverview(ctx, tx, asAda)
	})
	if want := []client.Contract{{Reference: "CON-2024-018", Type: "bucket"}}; !cmp.Equal(want, got.Contracts) {
		t.Errorf("contracts %+v, want %+v", got.Contracts, want)
	}
}

// Two contracts cover the same work: both are offered, by contract, and the one that began last is the default (F10).
func TestTheDefaultAmongCategoriesWithOneName(t *testing.T) {
	t.Parallel()
	s := populated(t)
	s.put(t,
		client.ContractRow{ID: id(28), Client: acme, Reference: "CON-2023-001", Type: "bucket", State: "active", Starts: "2026-02-01"},
		client.CategoryRow{ID: id(38), Client: acme, Contract: id(28), Line: id(72), JobType: "n", Name: "Network", Open: true},
		client.CategoryRow{ID: id(39), Client: acme, Contract: id(28), Line: id(72), JobType: "a", Name: "Audit", Open: true},
	)
	got := get(t, s, asAda, func(ctx context.Context, tx pgx.Tx) ([]client.Category, error) {
		return client.ListCategories(ctx, tx, asAda)
	})
	want := []client.Category{
		{ID: id(39), Name: "Audit", Contract: "CON-2023-001", Default: true, ContractID: id(28), JobType: "a"},
		{ID: id(38), Name: "Network", Contract: "CON-2023-001", Default: true, ContractID: id(28), JobType: "n"},
		{ID: network, Name: "Network", Contract: "CON-2024-018", ContractID: id(21), JobType: "net"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}
}

// Tickets are raised under what is open, and nothing else is offered.
func TestCategories(t *testing.T) {
	t.Parallel()
	s := populated(t)
	closed := id(33)
	s.put(t, client.CategoryRow{ID: closed, Client: acme, Contract: id(21), Line: id(71), JobType: "old", Name: "Fax"})
	got := get(t, s, asEve, func(ctx context.Context, tx pgx.Tx) ([]client.Category, error) {
		return client.ListCategories(ctx, tx, asEve)
	})
	want := []client.Category{{ID: network, Name: "Network", Contract: "CON-2024-018", Default: true, ContractID: id(21), JobType: "net"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}
	for name, category := range map[string]uuid.UUID{"another client's": phone, "closed": closed} {
		err := s.in(t, asEve, func(ctx context.Context, tx pgx.Tx) error {
			_, err := client.ReadCategory(ctx, tx, asEve, category)
			return err
		})
		if !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s category: %v", name, err)
		}
	}
}
