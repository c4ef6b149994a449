package staff_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/contract"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/payment"
	"effigate/domain/period"
	"effigate/projections/staff/stafftest"
	"effigate/readmodels/staff"
)

// The totals were those of the rows that the page shows, and it shows no more than a list holds.
func TestTotalsAreOfAllThatIsOwed(t *testing.T) {
	t.Parallel()
	w := pipeline(t)
	w.Log.Record(t, payment.Stream(domain.PaymentID{UUID: id("payment", 1)}), payment.Received{
		Payment: domain.PaymentID{UUID: id("payment", 1)}, Client: clientID(2), Amount: number("70"), Currency: "AUD", Day: "2026-03-03", At: at(50),
	})
	w.Read(t, func(tx pgx.Tx) error {
		first, more, err := staff.Receivables(t.Context(), tx, uuid.Nil, noon("2026-03-15"), 1)
		if err != nil || len(first) != 1 || !more {
			t.Errorf("the first row: %+v, more: %t, %v", first, more, err)
		}
		all, more, err := staff.Receivables(t.Context(), tx, uuid.Nil, noon("2026-03-15"), 3)
		if err != nil || len(all) != 3 || more {
			t.Errorf("all rows: %+v, more: %t, %v", all, more, err)
		}
		totals, err := staff.ReceivableTotals(t.Context(), tx, uuid.Nil, noon("2026-03-15"))
		want := []staff.Receivable{
			{
				Currency: "AUD", Invoices: 5, Outstanding: "1650", Current: "110", Days30: "220", Days60: "330", Days90: "440", Older: "550", Disputed: "0",
				Deducted: "-20", Credited: "0", Credit: "70",
			},
			{
				Currency: "JPY", Invoices: 1, Outstanding: "5500", Current: "0", Days30: "5500", Days60: "0", Days90: "0", Older: "0", Disputed: "0",
				Deducted: "0", Credited: "0", Credit: "0",
			},
		}
		if diff := cmp.Diff(want, totals); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
		if err != nil {
			return err
		}
		totals, err = staff.ReceivableTotals(t.Context(), tx, id("client", 1), noon("2026-03-15"))
		if diff := cmp.Diff([]string{"AUD 1650 0"}, told(totals)); diff != "" {
			t.Errorf("totals of one client (-want +got):\n%s", diff)
		}
		return err
	})
}

func told(totals []staff.Receivable) (told []string) {
	for _, total := range totals {
		told = append(told, fmt.Sprintf("%s %s %s", total.Currency, total.Outstanding, total.Credit))
	}
	return told
}

// The oldest debts could not be chosen, because the newest invoices were offered.
func TestOpenInvoicesBeginWithTheOldestDebt(t *testing.T) {
	t.Parallel()
	w := pipeline(t)
	w.Read(t, func(tx pgx.Tx) error {
		for _, c := range []struct {
			client   int
			currency string
			limit    int
			want     []string
			more     bool
		}{
			{1, "", 2, []string{"INV-2026-0008", "INV-2026-0007"}, true},
			{1, "AUD", 5, []string{"INV-2026-0008", "INV-2026-0007", "INV-2026-0006", "INV-2026-0005", "INV-2026-0004"}, false},
			{1, "JPY", 5, nil, false},
			{2, "", 5, []string{"INV-2026-0009"}, false},
		} {
			open, more, err := staff.OpenInvoices(t.Context(), tx, id("client", c.client), c.currency, noon("2026-03-15"), c.limit)
			if err != nil {
				return err
			}
			var got []string
			for _, one := range open {
				got = append(got, one.Number)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || more != c.more {
				t.Errorf("open in %q of client %d, more: %t (-want +got):\n%s", c.currency, c.client, more, diff)
			}
		}
		return nil
	})
}

// All that an invoice can have is listed with it: 500 payments and as many credit notes; the lists ended at 200.
func TestAnInvoiceListsAllThatItTook(t *testing.T) {
	t.Parallel()
	const many = 201
	w := world(t, func(log *stafftest.Log) {
		for n := range many {
			paid, note := domain.PaymentID{UUID: id("payment", n)}, domain.CreditNoteID{UUID: id("note", n)}
			log.Record(t, payment.Stream(paid),
				payment.Received{Payment: paid, Client: clientID(1), Amount: number("1"), Currency: "AUD", Day: "2026-03-03", At: at(n)},
				payment.Allocated{Invoice: invoiceID(1), Amount: number("1"), At: at(n)})
			log.Record(t, creditnote.Stream(note), creditnote.Drafted{CreditNote: note, Invoice: invoiceID(1), Client: clientID(1), Date: "2026-03-20", At: at(n)})
		}
	})
	w.Read(t, func(tx pgx.Tx) error {
		payments, err := staff.AllocationsTo(t.Context(), tx, id("invoice", 1))
		if err != nil {
			return err
		}
		notes, err := staff.CreditNotesOf(t.Context(), tx, id("invoice", 1))
		if len(payments) != many || len(notes) != many {
			t.Errorf("%d payments and %d credit notes, want %d of each", len(payments), len(notes), many)
		}
		return err
	})
}

// A run goes on after a contract that somebody billed between two steps: it found nothing there, and said it was done.
func TestDueForBillingGoesOnAfterWhatIsBilled(t *testing.T) {
	t.Parallel()
	w := world(t, func(log *stafftest.Log) {
		registered(t, log, "Acme")
		for n := range 3 {
			agreement(t, log, n, 1, "", nil, contract.Activated{At: at(1)})
		}
	})
	due := func(after uuid.UUID) (told []string) {
		w.Read(t, func(tx pgx.Tx) error {
			found, err := staff.DueForBilling(t.Context(), tx, "2026-02", after, 10)
			for _, d := range found {
				told = append(told, d.Reference)
			}
			return err
		})
		return told
	}
	if diff := cmp.Diff([]string{"CON-1", "CON-2"}, due(id("contract", 0))); diff != "" {
		t.Errorf("due after the first (-want +got):\n%s", diff)
	}
	w.Log.Record(t, period.Stream(domain.ContractID{UUID: id("contract", 0)}, "2026-02"),
		period.Opened{Contract: domain.ContractID{UUID: id("contract", 0)}, Client: clientID(1), Month: "2026-02", Zone: "UTC", At: at(1)},
		period.Reserved{Invoice: invoiceID(1), At: at(2)}, period.Billed{Invoice: invoiceID(1), Number: "INV-1", At: at(3)})
	if diff := cmp.Diff([]string{"CON-1", "CON-2"}, due(id("contract", 0))); diff != "" {
		t.Errorf("due after the first, which was billed (-want +got):\n%s", diff)
	}
}

// Staff see as disputed what holds back a payment: not what was credited since, and not what was rejected before.
func TestDisputedIsWhatIsHeldBack(t *testing.T) {
	t.Parallel()
	s := story{n: 1, client: 1, date: "2026-03-01", due: "2026-03-15", currency: "AUD", net: "100", tax: "10"}
	w := world(t, func(log *stafftest.Log) { s.record(t, log, s.issued()...) })
	check := func(name, want string, events ...domain.Event) {
		t.Helper()
		s.record(t, w.Log, events...)
		w.Read(t, func(tx pgx.Tx) error {
			got, err := staff.InvoiceByID(t.Context(), tx, id("invoice", 1), noon("2026-03-10"))
			if got.Disputed != want {
				t.Errorf("%s: %s are disputed, want %s", name, got.Disputed, want)
			}
			return err
		})
	}
	dispute := func(n int, amount string, minute int) invoice.Disputed {
		return invoice.Disputed{Dispute: domain.DisputeID{UUID: id("dispute", n)}, Line: id("line", 1), Amount: number(amount), Reason: "why", At: at(minute)}
	}
	credit := func(n int, net string, minute int) invoice.CreditReserved {
		lines := []bill.CreditedLine{{Credit: bill.Credit{Line: id("line", 1), Net: number(net)}}}
		return invoice.CreditReserved{CreditNote: domain.CreditNoteID{UUID: id("note", n)}, Lines: lines, Total: number(net), Offset: number(net), At: at(minute)}
	}
	check("before it was objected to", "0", credit(1, "10", 20))
	check("objected to", "60", dispute(1, "60", 21))
	check("credited in part since", "40", credit(2, "20", 22))
	check("credited since", "0", credit(3, "40", 23))
	check("answered", "0", invoice.DisputeSettled{Dispute: domain.DisputeID{UUID: id("dispute", 1)}, Accepted: true, Answer: "so be it", At: at(24)})
	check("another part", "25", dispute(2, "25", 25))
	check("rejected", "0", invoice.DisputeSettled{Dispute: domain.DisputeID{UUID: id("dispute", 2)}, Answer: "no", At: at(26)})
	check("objected to again", "0", dispute(3, "25", 27))
}
