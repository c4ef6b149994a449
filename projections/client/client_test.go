package client_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain/visible"
	"effigate/projections"
	"effigate/projections/client"
	rows "effigate/readmodels/client"
)

var (
	acme, globex = uuid.UUID{15: 1}, uuid.UUID{15: 2}
	item, person = uuid.UUID{15: 3}, uuid.UUID{15: 4}
	noon         = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// samples has one record of each kind with every field set, and the row it becomes.
var samples = []struct {
	record visible.Record
	row    any
}{
	{
		visible.Organisation{Client: acme, Name: "Acme", Zone: "UTC", Language: "en", Currency: "EUR", Seats: 25, SeatsTaken: 3},
		rows.OrganisationRow{ID: acme, Client: acme, Name: "Acme", Zone: "UTC", Language: "en", Currency: "EUR", Seats: 25, SeatsTaken: 3},
	},
	{
		visible.Person{Client: acme, ID: item, Role: "client_admin", Grants: "a b", State: "active"},
		rows.PersonRow{ID: item, Client: acme, Role: "client_admin", Grants: "a b", State: "active"},
	},
	{
		visible.Contract{
			Client: acme, ID: item, Reference: "CON-1", Type: "bucket", State: "active", Starts: "2026-01-01", Ends: "2026-12-31", ShowsUnapproved: true,
		},
		rows.ContractRow{
			ID: item, Client: acme, Reference: "CON-1", Type: "bucket", State: "active", Starts: "2026-01-01", Ends: "2026-12-31", ShowsUnapproved: true,
		},
	},
	{
		visible.Line{Client: acme, ID: item, Contract: person, Position: 2, Name: "Support", Type: "bucket", Minutes: 600},
		rows.LineRow{ID: item, Client: acme, Contract: person, Position: 2, Name: "Support", Type: "bucket", Minutes: 600},
	},
	{
		visible.Category{Client: acme, ID: item, Contract: person, Line: globex, JobType: "net", Name: "Network", Minutes: 60, Open: true},
		rows.CategoryRow{ID: item, Client: acme, Contract: person, Line: globex, JobType: "net", Name: "Network", Minutes: 60, Open: true},
	},
	{
		visible.Bucket{Client: acme, ID: item, Contract: person, Line: globex, Minutes: 600, From: "2026-01-01", Until: "2026-12-31"},
		rows.BucketRow{ID: item, Client: acme, Contract: person, Line: globex, Minutes: 600, From: "2026-01-01", Until: "2026-12-31"},
	},
	{
		visible.CarriedLot{Client: acme, ID: item, Contract: person, Month: "2026-01", Bucket: globex, Minutes: 30, Until: "2026-02-28"},
		rows.CarriedLotRow{ID: item, Client: acme, Contract: person, Month: "2026-01", Bucket: globex, Minutes: 30, Until: "2026-02-28"},
	},
	{
		visible.Work{
			Client: acme, ID: item, Contract: person, Category: globex, Month: "2026-02", Day: "2026-01-31", Description: "d",
			Minutes: 60, Drawn: 90, State: "approved", Charge: "charged",
		},
		rows.WorkRow{
			ID: item, Client: acme, Contract: person, Category: globex, Month: "2026-02", Day: "2026-01-31", Description: "d",
			Minutes: 60, Drawn: 90, State: "approved", Charge: "charged",
		},
	},
	{
		visible.Settlement{Client: acme, ID: item, Contract: person, Line: globex, Month: "2026-01", Drawn: 60, Expired: 30, Overage: 15},
		rows.SettlementRow{ID: item, Client: acme, Contract: person, Line: globex, Month: "2026-01", Drawn: 60, Expired: 30, Overage: 15},
	},
	{
		visible.Proposal{
			Client: acme, ID: item, Contract: globex, Kind: "amendment", Reference: "CON-1", Statement: "s", Document: "{}", SHA256: "00",
			Effective: "2026-02-01", State: "accepted", OfferedAt: noon, DecidedBy: person, DecidedAt: noon.Add(1),
		},
		rows.ProposalRow{
			ID: item, Client: acme, Contract: globex, Kind: "amendment", Reference: "CON-1", Statement: "s", Document: "{}", SHA256: "00",
			Effective: "2026-02-01", State: "accepted", OfferedAt: noon, DecidedBy: &person, DecidedAt: new(noon.Add(1)),
		},
	},
	{
		visible.OverageRequest{Client: acme, ID: item, Contract: person, Line: globex, Month: "2026-02", Minutes: 60, Text: "t", State: "asked", AskedAt: noon},
		rows.OverageRequestRow{ID: item, Client: acme, Contract: person, Line: globex, Month: "2026-02", Minutes: 60, Text: "t", State: "asked", AskedAt: noon},
	},
	{
		visible.HoursAlert{Client: acme, ID: item, Contract: person, Line: globex, Percent: 75, At: noon},
		rows.HoursAlertRow{ID: item, Client: acme, Contract: person, Line: globex, Percent: 75, At: noon},
	},
	{
		visible.Ticket{
			Client: acme, ID: item, Number: 41, Title: "t", Description: "d", Category: globex, Priority: "low", State: "resolved",
			RaisedBy: person, RaisedAt: noon, UpdatedAt: noon.Add(1), Resolution: "r", ResolvedAt: noon.Add(2),
			ReopenUntil: noon.Add(3), Follows: acme, MergedInto: globex, OutOfScope: true, EscalatedAt: noon.Add(4), EstimateMinutes: 90, EstimateText: "e",
		},
		rows.TicketRow{
			ID: item, Client: acme, Number: 41, Title: "t", Description: "d", Category: &globex, Priority: "low", State: "resolved",
			RaisedBy: person, RaisedAt: noon, UpdatedAt: noon.Add(1), Resolution: "r", ResolvedAt: new(noon.Add(2)),
			ReopenUntil: new(noon.Add(3)), Follows: &acme, MergedInto: &globex, OutOfScope: true, EscalatedAt: new(noon.Add(4)), EstimateMinutes: 90, EstimateText: "e",
		},
	},
	{
		visible.Comment{Client: acme, ID: item, Ticket: globex, Author: person, ByClient: true, Text: "t", At: noon, EditedAt: noon.Add(1), Deleted: true},
		rows.CommentRow{ID: item, Client: acme, Ticket: globex, Author: person, ByClient: true, Text: "t", At: noon, EditedAt: new(noon.Add(1)), Deleted: true},
	},
	{
		visible.TicketStep{Client: acme, ID: item, Ticket: globex, State: "open", At: noon},
		rows.TicketStepRow{ID: item, Client: acme, Ticket: globex, State: "open", At: noon},
	},
	{
		visible.Target{Client: acme, ID: item, Ticket: globex, Goal: "resolution", State: "paused", Due: noon, RemainingSeconds: 60, Strip: "[]"},
		rows.TargetRow{ID: item, Client: acme, Ticket: globex, Goal: "resolution", State: "paused", Due: &noon, RemainingSeconds: 60, Strip: "[]"},
	},
	{
		visible.Attachment{Client: acme, ID: item, Ticket: globex, Author: person, ByClient: true, Name: "a.png", Type: "image/png", Size: 9, SHA256: "00", At: noon},
		rows.AttachmentRow{ID: item, Client: acme, Ticket: globex, Author: person, ByClient: true, Name: "a.png", Type: "image/png", Size: 9, SHA256: "00", At: noon},
	},
	{
		visible.Edit{Client: acme, ID: item, Comment: person, Ticket: globex, Number: 2, Text: "t", Until: noon},
		rows.CommentEditRow{ID: item, Client: acme, Comment: person, Ticket: globex, Number: 2, Text: "t", Until: noon},
	},
	{
		visible.Claim{
			Client: acme, ID: item, Paid: "1", Credited: "2", WrittenOff: "3", Closed: "2026-03-03", Left: "4", Disputed: "5", Voided: "CN-1", LastPaid: "2026-03-02",
		},
		rows.ClaimRow{
			ID: item, Client: acme, Paid: "1", Credited: "2", WrittenOff: "3", Closed: "2026-03-03", Outstanding: "4", Disputed: "5", Voided: "CN-1", LastPaid: "2026-03-02",
		},
	},
	{
		visible.Print{Client: acme, ID: item, Layout: 1, SHA256: "00", Size: 9, XMLSHA256: "11", CSVSHA256: "22"},
		rows.PrintRow{ID: item, Client: acme, Layout: 1, SHA256: "00", Size: 9, XMLSHA256: "11", CSVSHA256: "22"},
	},
	{
		visible.Payment{Client: acme, ID: item, Amount: "1", Currency: "AUD", Day: "2026-03-02", Means: "card", Refunded: "2", Reversed: "2026-03-03"},
		rows.PaymentRow{ID: item, Client: acme, Amount: "1", Currency: "AUD", Day: "2026-03-02", Means: "card", Refunded: "2", Reversed: "2026-03-03"},
	},
	{
		visible.Receipt{Client: acme, ID: item, Invoice: globex, Payment: person, Amount: "1", Day: "2026-03-02", Reversed: "2026-03-03"},
		rows.ReceiptRow{ID: item, Client: acme, Invoice: globex, Payment: person, Amount: "1", Day: "2026-03-02", Reversed: "2026-03-03"},
	},
	{
		visible.Dispute{
			Client: acme, ID: item, Invoice: globex, Line: person, Amount: "1", Reason: "r", State: "accepted", Answer: "a", AnswerBy: "2026-03-09",
			Files: "[]", By: person, At: noon, Answered: noon.Add(1),
		},
		rows.DisputeRow{
			ID: item, Client: acme, Invoice: globex, Line: person, Amount: "1", Reason: "r", State: "accepted", Answer: "a", AnswerBy: "2026-03-09",
			Files: "[]", RaisedBy: person, RaisedAt: noon, AnsweredAt: new(noon.Add(1)),
		},
	},
	{
		visible.Reminder{Client: acme, ID: item, Invoice: globex, Step: 1, Text: "t", At: noon},
		rows.ReminderRow{ID: item, Client: acme, Invoice: globex, Step: 1, Text: "t", At: noon},
	},
}

// documents has one record of each kind whose rows never change, with every field set, and the row it becomes.
var documents = []struct {
	record visible.Record
	row    any
}{
	{
		visible.Invoice{
			Client: acme, ID: item, Number: "INV-1", Contract: globex, Month: "2026-02", Date: "2026-03-01", Due: "2026-03-15", Zone: "UTC", Currency: "EUR",
			Net: "1", Tax: "2", Payable: "3", Document: "{}", SHA256: "00", Entries: 4,
		},
		rows.InvoiceRow{
			ID: item, Client: acme, Number: "INV-1", Contract: globex, Month: "2026-02", Date: "2026-03-01", Due: "2026-03-15", Zone: "UTC", Currency: "EUR",
			Net: "1", Tax: "2", Payable: "3", Document: "{}", SHA256: "00", Entries: 4,
		},
	},
	{
		visible.InvoiceEntry{Client: acme, ID: item, Invoice: globex, Line: person, Position: 1, Entry: "{}"},
		rows.InvoiceEntryRow{ID: item, Client: acme, Invoice: globex, Line: person, Position: 1, Entry: "{}"},
	},
	{
		visible.CreditNote{
			Client: acme, ID: item, Number: "CN-1", Invoice: globex, Date: "2026-03-01", Currency: "EUR", Net: "1", Tax: "2", Payable: "3", Document: "{}", SHA256: "00",
		},
		rows.CreditNoteRow{
			ID: item, Client: acme, Number: "CN-1", Invoice: globex, Date: "2026-03-01", Currency: "EUR", Net: "1", Tax: "2", Payable: "3", Document: "{}", SHA256: "00",
		},
	},
}

// finals gives the rows that a change makes in all tables whose rows never change.
func finals(change visible.Change) (made []any) {
	for _, row := range client.Invoices.Rows(change) {
		made = append(made, row)
	}
	for _, row := range client.InvoiceEntries.Rows(change) {
		made = append(made, row)
	}
	for _, row := range client.CreditNotes.Rows(change) {
		made = append(made, row)
	}
	return made
}

// A document makes its row when it is shown and nothing when it is withdrawn: its row stays, and Disclosed has it no
// longer.
func TestDocumentsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	for _, d := range documents {
		value := reflect.ValueOf(d.record)
		for i := range value.NumField() {
			if value.Field(i).IsZero() {
				t.Errorf("the sample of %T leaves %s out", d.record, value.Type().Field(i).Name)
			}
		}
		put, gone := visible.Put{Record: d.record}, visible.Remove{Gone: d.record.Key()}
		if diff := cmp.Diff([]any{d.row}, finals(put)); diff != "" {
			t.Errorf("%T (-want +got):\n%s", d.record, diff)
		}
		if rows := finals(gone); len(rows) > 0 {
			t.Errorf("%T that is withdrawn makes %+v", d.record, rows)
		}
		_, entry := d.record.(visible.InvoiceEntry) // It comes and goes with its invoice.
		for last, there := range map[visible.Change]bool{put: true, gone: false} {
			if _, taken := client.Disclosed.Key(last); taken == entry {
				t.Errorf("%T is disclosed: %t", d.record, taken)
			}
			if shown := client.Disclosed.Fold([]visible.Change{put, last}); !entry && (len(shown) == 1) != there {
				t.Errorf("%T after %T: %+v", d.record, last, shown)
			}
		}
		if rows := finals(visible.Put{Record: visible.Claim{Client: acme, ID: item}}); len(rows) > 0 {
			t.Errorf("a claim makes %+v", rows)
		}
	}
}

// projection is one of the projections with its row type left out.
type projection struct {
	table string
	key   func(visible.Change) (uuid.UUID, bool)
	fold  func(...visible.Change) (row any, there bool)
}

func of[R any](p projections.Projection[visible.Change, R]) projection {
	return projection{p.Table, p.Key, func(changes ...visible.Change) (any, bool) {
		var row R
		there := false
		for _, change := range changes {
			if !there {
				var empty R
				row = empty // As the engine does: a row that is not there is the zero row.
			}
			row, there = p.Evolve(row, change)
		}
		return row, there
	}}
}

var all = []projection{
	of(client.Organisations), of(client.People), of(client.Contracts), of(client.Categories),
	of(client.Lines), of(client.Buckets), of(client.CarriedLots), of(client.Work), of(client.Settlements), of(client.Proposals),
	of(client.OverageRequests), of(client.HoursAlerts), of(client.Tickets), of(client.Comments), of(client.TicketSteps),
	of(client.Targets), of(client.Attachments), of(client.CommentEdits),
	of(client.Claims), of(client.Prints), of(client.Payments), of(client.Receipts), of(client.Disputes), of(client.Reminders),
}

// taking gives the one projection that takes a change.
func taking(tb testing.TB, change visible.Change) projection {
	tb.Helper()
	var found []projection
	for _, p := range all {
		if id, ok := p.key(change); ok {
			if id != change.Key().ID {
				tb.Errorf("%s keeps %T under another id", p.table, change)
			}
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		tb.Fatalf("%d projections take %+v", len(found), change.Key())
	}
	return found[0]
}

func TestEveryRecordBecomesItsRow(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		value := reflect.ValueOf(s.record)
		for i := range value.NumField() {
			if value.Field(i).IsZero() {
				t.Errorf("the sample of %T leaves %s out", s.record, value.Type().Field(i).Name)
			}
		}
		put := visible.Put{Record: s.record}
		got, there := taking(t, put).fold(put)
		if diff := cmp.Diff(s.row, got); !there || diff != "" {
			t.Errorf("%T: there %t (-want +got):\n%s", s.record, there, diff)
		}
	}
}

// A kind of record that nobody projects would never be seen, and nobody would notice.
func TestEveryKindOfRecordIsProjected(t *testing.T) {
	t.Parallel()
	sampled := map[string]bool{}
	for _, s := range samples {
		sampled[reflect.TypeOf(s.record).Name()] = true
	}
	for _, d := range documents {
		sampled[reflect.TypeOf(d.record).Name()] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../../domain/visible/records.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, declared := range file.Decls {
		method, ok := declared.(*ast.FuncDecl)
		if !ok || method.Name.Name != "isRecord" {
			continue
		}
		kinds++
		if name := method.Recv.List[0].Type.(*ast.Ident).Name; !sampled[name] {
			t.Errorf("%s is a record without a sample, and maybe without a projection", name)
		}
	}
	if changing := kinds - len(documents); changing != len(samples) || changing != len(all) {
		t.Errorf("%d kinds of record that change, %d samples, %d projections", changing, len(samples), len(all))
	}
}

func TestUnsetFieldsAreNull(t *testing.T) {
	t.Parallel()
	put := visible.Put{Record: visible.Ticket{Client: acme, ID: item}}
	got, _ := taking(t, put).fold(put)
	if row := got.(rows.TicketRow); row.Category != nil || row.ResolvedAt != nil || row.ReopenUntil != nil || row.Follows != nil || row.MergedInto != nil || row.EscalatedAt != nil {
		t.Errorf("not all of these are unset: %+v", row)
	}
	put = visible.Put{Record: visible.Target{Client: acme, ID: item}}
	got, _ = taking(t, put).fold(put)
	if row := got.(rows.TargetRow); row.Due != nil {
		t.Errorf("due at %v", row.Due)
	}
	put = visible.Put{Record: visible.Comment{Client: acme, ID: item}}
	got, _ = taking(t, put).fold(put)
	if row := got.(rows.CommentRow); row.EditedAt != nil {
		t.Errorf("edited at %v", row.EditedAt)
	}
	put = visible.Put{Record: visible.Proposal{Client: acme, ID: item}}
	got, _ = taking(t, put).fold(put)
	if row := got.(rows.ProposalRow); row.DecidedBy != nil || row.DecidedAt != nil {
		t.Errorf("decided by %v at %v", row.DecidedBy, row.DecidedAt)
	}
}

// moved gives a record in another client's hands.
func moved(r visible.Record, to uuid.UUID) visible.Record {
	value := reflect.New(reflect.TypeOf(r)).Elem()
	value.Set(reflect.ValueOf(r))
	value.FieldByName("Client").Set(reflect.ValueOf(to))
	return value.Interface().(visible.Record)
}

// Whatever the order in which an item leaves one client and reaches another, it ends with the other.
func TestItemsThatMoveStayWithTheirNewClient(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		if _, own := s.record.(visible.Organisation); own {
			continue // Its id is the client's.
		}
		before, after := visible.Put{Record: s.record}, visible.Put{Record: moved(s.record, globex)}
		gone := visible.Remove{Gone: s.record.Key()}
		p := taking(t, before)
		want, _ := p.fold(after)
		for name, changes := range map[string][]visible.Change{"gone first": {before, gone, after}, "gone last": {before, after, gone}} {
			got, there := p.fold(changes...)
			if diff := cmp.Diff(want, got); !there || diff != "" {
				t.Errorf("%T, %s: there %t (-want +got):\n%s", s.record, name, there, diff)
			}
		}
	}
}

// After any history of puts and removes a row is there exactly when the last change of its client put it,
// and holds what that put.
func TestTheLastChangeDecides(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.SampledFrom(samples).Draw(r, "record")
		put, gone := visible.Put{Record: s.record}, visible.Remove{Gone: s.record.Key()}
		history := rapid.SliceOfN(rapid.SampledFrom([]visible.Change{put, gone}), 1, 12).Draw(r, "history")
		got, there := taking(t, put).fold(history...)
		_, want := history[len(history)-1].(visible.Put)
		if there != want || there && !cmp.Equal(s.row, got) {
			r.Errorf("there %t, want %t: %s", there, want, cmp.Diff(s.row, got))
		}
	})
}
