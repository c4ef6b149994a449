package staff_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

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
	"effigate/domain/ratecard"
	"effigate/domain/slapolicy"
	"effigate/domain/ticket"
	"effigate/domain/timer"
	"effigate/domain/workcalendar"
	"effigate/infra/eventstore"
	"effigate/projections"
	"effigate/projections/staff"
)

// folds gives, per table, the row that one event makes out of an empty one, as text; false when the event
// changes no row.
var folds = map[string]func(domain.Recorded) (string, bool){
	"clients":   fold(staff.Clients),
	"people":    fold(staff.People),
	"contracts": fold(staff.Contracts),
	"versions":  fold(staff.ContractVersions), "steps": fold(staff.ContractSteps), "amendments": fold(staff.Amendments),
	"buckets": fold(staff.Buckets), "milestones": fold(staff.MilestonesReleased),
	"rate_cards": fold(staff.RateCards), "rate_card_versions": fold(staff.RateCardVersions), "cost_versions": fold(staff.CostVersions),
	"sla_policies": fold(staff.SLAPolicies), "sla_policy_versions": fold(staff.SLAPolicyVersions),
	"calendars": fold(staff.Calendars), "calendar_versions": fold(staff.CalendarVersions),
	"periods": fold(staff.Periods), "time_records": fold(staff.TimeRecords), "timers": fold(staff.Timers), "charges": fold(staff.Charges),
	"forecasts": fold(staff.Forecasts), "hours_alerts": fold(staff.HoursAlerts), "overage_requests": fold(staff.OverageRequests),
	"deductions": fold(staff.Deductions),
	"tickets":    fold(staff.Tickets),
	"messages":   fold(staff.Messages),
	"timeline":   fold(staff.Timeline),
	"edits":      fold(staff.CommentEdits), "attachments": fold(staff.Attachments), "links": fold(staff.TicketLinks),
	"clocks": fold(staff.Clocks), "targets": fold(staff.Targets), "escalations": fold(staff.Escalations),
	"invoices": fold(staff.Invoices), "invoice_drafts": fold(staff.InvoiceDrafts), "invoice_steps": fold(staff.InvoiceSteps),
	"invoice_documents": made(staff.InvoiceDocuments), "invoice_entries": made(staff.InvoiceEntries),
	"credit_notes": fold(staff.CreditNotes), "credit_note_documents": made(staff.CreditNoteDocuments),
	"payments": fold(staff.Payments), "allocations": fold(staff.Allocations), "disputes": fold(staff.Disputes),
	"issuers": fold(staff.Issuers), "billing": fold(staff.Billing), "exchange_rates": fold(staff.ExchangeRates),
}

func fold[R any](p projections.Projection[domain.Recorded, R]) func(domain.Recorded) (string, bool) {
	return func(r domain.Recorded) (string, bool) {
		key, ok := p.Key(r)
		if !ok {
			return "", false
		}
		var row R
		row, _ = p.Evolve(row, r)
		return fmt.Sprintf("%s %+v", key, row), true
	}
}

// made is fold for a table whose rows never change.
func made[R comparable](p projections.Final[domain.Recorded, R]) func(domain.Recorded) (string, bool) {
	return func(r domain.Recorded) (string, bool) {
		rows := p.Rows(r)
		return fmt.Sprintf("%+v", rows), len(rows) > 0
	}
}

// samples lists one event of every kind that the product stores.
func samples() []domain.Event {
	return slices.Concat(
		[]domain.Event{eventstore.Opened{}},
		client.All(), person.All(), contract.All(), ticket.All(), numbering.All(),
		ratecard.All(), slapolicy.All(), workcalendar.All(), period.All(), timer.All(),
		issuer.All(), exchange.All(), invoice.All(), creditnote.All(), payment.All(),
	)
}

// record puts an event at the start of a stream of its aggregate.
func record(event domain.Event) domain.Recorded {
	aggregate, _, _ := strings.Cut(event.Kind(), ".")
	id := domain.Derive(uuid.NameSpaceURL, aggregate)
	stream := aggregate + "-" + id.String()
	if _, ok := event.(period.Event); ok {
		stream = period.Stream(domain.ContractID{UUID: id}, "2026-02")
	}
	return domain.Recorded{
		ID: domain.Derive(id, event.Kind()), Stream: stream, Event: event,
		Raw: domain.Raw{Kind: event.Kind()},
	}
}

// ignoredFor lists the kinds of event that change no row, each with the reason. They are numbered in the log
// like every other one.
var ignoredFor = map[string]string{
	"store.opened.v1":        "it names the event store, which the checkpoints keep",
	"numbering.opened.v1":    "a series is bookkeeping; a ticket's number arrives with ticket.numbered",
	"numbering.allocated.v1": "a series is bookkeeping; a ticket's number arrives with ticket.numbered",

	"issuer.prefix_claimed.v1": "whose a prefix is, is bookkeeping; issuer.described says what an issuer numbers by",
}

func TestEveryKindIsProjectedOrIgnoredForAReason(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, sample := range samples() {
		kind := sample.Kind()
		known[kind] = true
		var changed []string
		for table, fold := range folds {
			if _, ok := fold(record(sample)); ok {
				changed = append(changed, table)
			}
		}
		reason, ignored := ignoredFor[kind]
		if ignored != (len(changed) == 0) || ignored && reason == "" {
			t.Errorf("%s changes %v and is ignored because of %q: project it, or give the reason", kind, changed, reason)
		}
	}
	for kind := range ignoredFor {
		if !known[kind] {
			t.Errorf("%s is ignored, and nobody stores it", kind)
		}
	}
}

// TestEveryTextOfAnEventReachesARow finds the field that somebody adds to an event and forgets here.
func TestEveryTextOfAnEventReachesARow(t *testing.T) {
	t.Parallel()
	const marker = "marker-7f3a"
	elsewhere := map[string]string{
		"person.grant_withdrawn.v1 Grant": "the row lists the grants that are left",
		"invoice.discarded.v1 Month":      "it is of an invoice that nobody drafted; the period tells of its reservation",
		"period.reserved.v1 BeyondOrder":  "the sample takes deductions of a month before, and invoice.drafted gives the reason",
		"client.seat_taken.v1 Role":       "the person is invited in it, and person.invited says so",
	}
	for _, sample := range samples() {
		if _, ignored := ignoredFor[sample.Kind()]; ignored {
			continue
		}
		for _, field := range texts(reflect.TypeOf(sample), nil) {
			marked := reflect.New(reflect.TypeOf(sample)).Elem()
			marked.Set(reflect.ValueOf(sample))
			marked.FieldByIndex(field).SetString(marker)
			var shown []string
			for _, fold := range folds {
				row, _ := fold(record(marked.Interface().(domain.Event)))
				shown = append(shown, row)
			}
			name := sample.Kind() + " " + marked.Type().FieldByIndex(field).Name
			if strings.Contains(strings.Join(shown, "\n"), marker) == (elsewhere[name] != "") {
				t.Errorf("the text of %s is in no row, or in one in spite of %q", name, elsewhere[name])
			}
		}
	}
}

// texts gives the index path of each text in a struct. A visibility is a flag, not a text.
func texts(of reflect.Type, path []int) [][]int {
	var found [][]int
	for i := range of.NumField() {
		field, index := of.Field(i), append(slices.Clone(path), i)
		switch {
		case field.Type == reflect.TypeFor[domain.Visibility]():
		case field.Type.Kind() == reflect.String:
			found = append(found, index)
		case field.Name == "Staff":
			found = append(found, texts(field.Type, index)...)
		}
	}
	return found
}

// TestAnEventInAStreamOfAnotherAggregateIsDamage must not go by as a row with a wrong key.
func TestAnEventInAStreamOfAnotherAggregateIsDamage(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"client-" + uuid.NameSpaceURL.String(), "ticket-41", "ticket"} {
		t.Run(stream, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Errorf("an event of a ticket in stream %s was taken", stream)
				}
			}()
			damaged := record(ticket.Started{})
			damaged.Stream = stream
			staff.Tickets.Key(damaged)
		})
	}
}
