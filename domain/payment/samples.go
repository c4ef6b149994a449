package payment

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
)

// All lists one sample of every variant with every field set: the registry learns the stored names from it, and the
// tests that look for internal text in client data plant their markers in it.
func All() []domain.Event {
	at := time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC)
	id := func(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "payment sample", name) }
	person, invoice := domain.PersonID{UUID: id("person")}, domain.InvoiceID{UUID: id("invoice")}
	amount := decimal.RequireFromString("3890")
	return []domain.Event{
		Received{
			Payment: domain.PaymentID{UUID: id("payment")}, Client: domain.ClientID{UUID: id("client")}, Amount: amount, Currency: "AUD", Day: "2026-03-05", Means: BankTransfer,
			Staff: ReceivedStaff{
				Source: ByGateway, Method: "bank transfer", Reference: "INV-2026-0038", Key: "evt_38", CreditNote: domain.CreditNoteID{UUID: id("credit note")},
			},
			By: person, At: at,
		},
		Allocated{Invoice: invoice, Amount: amount, By: person, At: at},
		Released{Invoice: invoice, Amount: amount, At: at},
		Reversed{Day: "2026-03-20", Staff: ReversedStaff{Chargeback: true, Reason: "the card was stolen"}, By: person, At: at},
		Refunded{Amount: amount, Day: "2026-03-21", Staff: RefundedStaff{Reference: "TRX-7", Reason: "paid twice"}, By: person, At: at},
	}
}
