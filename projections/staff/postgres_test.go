package staff_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/client"
	"effigate/domain/contract"
	"effigate/domain/creditnote"
	"effigate/domain/exchange"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/numbering"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/domain/person"
	"effigate/domain/ticket"
	"effigate/domain/timer"
	"effigate/projections/staff"
	"effigate/projections/staff/stafftest"
)

// tables are all of the read model, each with the columns of its order.
var tables = map[string]string{
	"clients": "id", "people": "id", "contracts": "id", "contract_versions": "id", "contract_steps": "id",
	"amendments": "id", "buckets": "id", "milestones_released": "id",
	"periods": "id", "time_records": "id", "charges": "id", "forecasts": "id", "hours_alerts": "id", "overage_requests": "id", "deductions": "id", "timers": "id",
	"tickets": "id", "messages": "id", "comment_edits": "id", "attachments": "id", "ticket_links": "id", "timeline": "id",
	"clocks": "id", "targets": "id", "escalations": "id", "log": "ordinal",
	"invoices": "id", "invoice_drafts": "id", "invoice_steps": "id", "invoice_documents": "id", "invoice_entries": "id",
	"credit_notes": "id", "credit_note_documents": "id", "payments": "id", "allocations": "id", "disputes": "id",
	"issuers": "id", "billing": "id", "exchange_rates": "id",
}

// history records a story that every kind of event occurs in, many of them again and in any order.
func history(t *testing.T, log *stafftest.Log) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	id := func(kind string, n int) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, kind, strconv.Itoa(n)) }
	for round := range 4 {
		log.Record(t, client.Stream(domain.ClientID{UUID: id("client", round)}), client.All()...)
		log.Record(t, person.Stream(domain.PersonID{UUID: id("person", round)}), person.All()...)
		log.Record(t, contract.Stream(domain.ContractID{UUID: id("contract", round)}), contract.All()...)
		log.Record(t, period.Stream(domain.ContractID{UUID: id("contract", round)}, "2026-02"), period.All()...)
		log.Record(t, timer.Stream(domain.PersonID{UUID: id("person", round)}), timer.All()...)
		log.Record(t, numbering.Stream("ticket-"+id("client", round).String()+"-visible"), numbering.All()...)
		log.Record(t, issuer.Stream("main"), issuer.All()...)
		log.Record(t, exchange.Stream("USD", "AUD"), exchange.All()...)
		log.Record(t, creditnote.Stream(domain.CreditNoteID{UUID: id("note", round)}), creditnote.All()...)
		log.Record(t, payment.Stream(domain.PaymentID{UUID: id("payment", round)}), payment.All()...)
		log.Record(t, payment.Stream(domain.PaymentID{UUID: id("allocated", round)}), payment.All()[:2]...)
		issued := invoice.All()
		log.Record(t, invoice.Stream(domain.InvoiceID{UUID: id("invoice", round)}), issued[:len(issued)-round]...)
		log.Record(t, invoice.Stream(domain.InvoiceID{UUID: id("draft", round)}), issued[:5]...)
	}
	all := ticket.All()
	for range 60 {
		n := random.IntN(5)
		var events []domain.Event
		for range 1 + random.IntN(3) {
			event := all[random.IntN(len(all))]
			if commented, ok := event.(ticket.Commented); ok {
				commented.Comment.UUID = id("comment", random.IntN(10))
				event = commented
			}
			events = append(events, event)
		}
		log.Record(t, ticket.Stream(domain.TicketID{UUID: id("ticket", n)}), events...)
	}
}

// dump gives every row of every table as text.
func dump(t *testing.T, world *stafftest.World) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	world.Read(t, func(tx pgx.Tx) error {
		for table, order := range tables {
			found, err := tx.Query(t.Context(), "SELECT t::text FROM "+table+" AS t ORDER BY "+order)
			if err != nil {
				return err
			}
			if all[table], err = pgx.CollectRows(found, pgx.RowTo[string]); err != nil {
				return err
			}
		}
		return nil
	})
	return all
}

func TestRowsDoNotDependOnBatches(t *testing.T) {
	t.Parallel()
	replayed := stafftest.NewLog(1)
	history(t, replayed)
	want := dump(t, stafftest.New(t, replayed))
	for table, rows := range want {
		if len(rows) == 0 {
			t.Errorf("nothing is in %s", table)
		}
	}
	if got, events := len(want["log"]), len(replayed.All()); got != events {
		t.Errorf("log has %d rows for %d events", got, events)
	}
	for _, batch := range []int{1, 2, 7} {
		t.Run(strconv.Itoa(batch), func(t *testing.T) {
			t.Parallel()
			log := stafftest.NewLog(batch)
			world := stafftest.New(t, log)
			world.Read(t, func(pgx.Tx) error { return nil }) // It is live from here on.
			history(t, log)
			if diff := cmp.Diff(want, dump(t, world)); diff != "" {
				t.Errorf("tables after live batches (-replayed +live):\n%s", diff)
			}
		})
	}
}

func TestLogIsNumberedInTheOrderOfTheLog(t *testing.T) {
	t.Parallel()
	log := stafftest.NewLog(3)
	world := stafftest.New(t, log)
	world.Read(t, func(pgx.Tx) error { return nil })
	history(t, log)
	// A stream that cannot be projected is parked; its events are numbered all the same.
	log.Record(t, "ticket-41", ticket.Started{At: at(0)})
	log.Record(t, ticket.Stream(domain.TicketID{UUID: export}), raised(domain.ClientVisible))
	world.Read(t, func(tx pgx.Tx) error { return compareLog(t.Context(), tx, log.All()) })
}

// compareLog compares the log table with the events themselves.
func compareLog(ctx context.Context, tx pgx.Tx, events []domain.Recorded) error {
	type line struct {
		ID         uuid.UUID
		Ordinal    int64
		Commit     int64
		Prepare    int64
		Stream     string
		Revision   int64
		Kind       string
		RecordedAt time.Time
		Leaf       []byte
	}
	found, err := tx.Query(ctx, "SELECT * FROM log ORDER BY ordinal")
	if err != nil {
		return err
	}
	lines, err := pgx.CollectRows(found, pgx.RowToStructByPos[line])
	if err != nil {
		return err
	}
	want := make([]line, len(events))
	for i, event := range events {
		want[i] = line(staff.LogEntry(int64(i+1), event))
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		return fmt.Errorf("log (-want +got):\n%s", diff)
	}
	return nil
}
