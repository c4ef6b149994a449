package creditnote

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/bill"
)

// All lists one sample of every variant with every field set: the registry learns the stored names from it, and the
// tests that look for internal text in client data plant their markers in it.
func All() []domain.Event {
	at := time.Date(2026, 4, 2, 9, 0, 0, 0, time.UTC)
	id := func(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "credit note sample", name) }
	document, digest := bill.SampleDocument(bill.CreditNote), strings.Repeat("9f86d081", 8)
	return []domain.Event{
		Drafted{
			CreditNote: domain.CreditNoteID{UUID: id("credit note")}, Invoice: domain.InvoiceID{UUID: id("invoice")},
			Client: domain.ClientID{UUID: id("client")}, Date: "2026-04-02",
			Staff: DraftedStaff{
				Document: document, Issuer: "main", Prefix: "CN", First: map[string]int{"2026": 12}, Code: Disputed,
				Exchange: bill.SampleExchange(),
			},
			By: domain.PersonID{UUID: id("person")}, At: at,
		},
		Issued{Number: 12, Document: document, SHA256: digest, Staff: IssuedStaff{Series: "creditnote-main-2026"}, By: domain.PersonID{UUID: id("person")}, At: at},
		Rendered{Print: bill.Print{Layout: 1, SHA256: digest, Size: 20_480, XMLSHA256: digest, CSVSHA256: digest}, At: at},
	}
}
