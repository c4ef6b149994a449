package invoice

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
)

// All lists one sample of every variant with every field set: the registry learns the stored names from it, and the
// tests that look for internal text in client data plant their markers in it.
func All() []domain.Event {
	return append(sampleDraft(), sampleClaim()...)
}

const sampleDay = calendar.Date("2026-03-31")

var (
	sampleAt     = time.Date(2026, 3, 31, 9, 0, 0, 0, time.UTC)
	samplePerson = domain.PersonID{UUID: sampleID("person")}
)

func sampleID(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "invoice sample", name) }

func sampleDraft() []domain.Event {
	at, person, line, digest := sampleAt, samplePerson, sampleID("line"), strings.Repeat("9f86d081", 8)
	reason := ReasonStaff{Reason: "one ticket is missing"}
	return []domain.Event{
		Drafted{
			Invoice: domain.InvoiceID{UUID: sampleID("invoice")}, Client: domain.ClientID{UUID: sampleID("client")},
			Contract: domain.ContractID{UUID: sampleID("contract")}, Month: "2026-03",
			Staff: DraftedStaff{
				Issuer: "main", TwoPeople: true, Content: bill.SampleContent(), Later: []calendar.Month{"2026-02"}, Chunks: 1,
				Prefix: "INV", First: map[string]int{"2026": 38}, BeyondOrder: "agreed by phone",
				ReadAt: domain.Position{Commit: 4711, Prepare: 4711},
			},
			By: person, At: at,
		},
		EntriesAdded{Chunk: 1, Entries: []bill.Entry{bill.SampleEntry()}, By: person, At: at},
		LineAdded{Staff: LineAddedStaff{Line: bill.SampleContent().Lines[0], Reason: "agreed discount"}, By: person, At: at},
		LineRemoved{Line: line, By: person, At: at},
		LineReworded{Line: line, Staff: LineRewordedStaff{Text: "Hours, regular"}, By: person, At: at},
		Discarded{Contract: domain.ContractID{UUID: sampleID("contract")}, Month: "2026-03", Staff: reason, By: person, At: at},
		Submitted{By: person, At: at},
		Approved{By: person, At: at},
		Returned{Staff: reason, By: person, At: at},
		Issuing{Date: sampleDay, Staff: IssuingStaff{Exchange: bill.SampleExchange()}, By: person, At: at},
		Issued{
			Number: 41, Document: bill.SampleDocument(bill.Invoice), SHA256: digest, Staff: IssuedStaff{Series: "invoice-main-2026"}, By: person, At: at,
		},
		Rendered{Print: bill.Print{Layout: 1, SHA256: digest, Size: 20_480, XMLSHA256: digest, CSVSHA256: digest}, At: at},
	}
}

func sampleClaim() []domain.Event {
	at, person, amount := sampleAt, samplePerson, decimal.RequireFromString("540.5")
	note, payment := domain.CreditNoteID{UUID: sampleID("credit note")}, domain.PaymentID{UUID: sampleID("payment")}
	dispute := domain.DisputeID{UUID: sampleID("dispute")}
	credited := bill.CreditedLine{Credit: bill.Credit{Line: sampleID("line"), Net: amount}, Tax: decimal.RequireFromString("54.05")}
	return []domain.Event{
		CreditReserved{
			CreditNote: note, Lines: []bill.CreditedLine{credited}, Offset: amount, Total: decimal.RequireFromString("594.55"),
			Staff: CreditReservedStaff{
				Note: "see the call of Monday", Reason: "Charged twice", Code: "mistake", Effect: AccountCredit, Date: sampleDay, Rebill: true,
				Exchange: bill.SampleExchange(),
			},
			By: person, At: at,
		},
		Credited{CreditNote: note, Number: "CN-2026-0012", At: at},
		PaymentApplied{Payment: payment, Amount: amount, Day: sampleDay, By: person, At: at},
		PaymentReversed{Payment: payment, Amount: amount, Day: sampleDay, By: person, At: at},
		Disputed{
			Dispute: dispute, Line: sampleID("line"), Amount: amount, Reason: "We did not order this.", AnswerBy: "2026-04-07", By: person, At: at,
		},
		DisputeFileAttached{
			Dispute: dispute, Attachment: domain.AttachmentID{UUID: sampleID("attachment")}, Name: "order.pdf", Type: "application/pdf",
			Size: 48_213, SHA256: strings.Repeat("9f86d081", 8), By: person, At: at,
		},
		DisputeFileErased{
			Dispute: dispute, Attachment: domain.AttachmentID{UUID: sampleID("attachment")}, Staff: ReasonStaff{Reason: "a passport by mistake"},
			By: person, At: at,
		},
		DisputeTaken{Dispute: dispute, By: person, At: at},
		DisputeSettled{Dispute: dispute, Accepted: true, Answer: "You are right.", By: person, At: at},
		AnswerMissed{Dispute: dispute, AnswerBy: "2026-04-07", By: person, At: at},
		DisputeWithdrawn{Dispute: dispute, By: person, At: at},
		Reminded{Step: 1, Text: "Please pay.", By: person, At: at},
		WrittenOff{Amount: amount, Staff: ReasonStaff{Reason: "insolvent"}, By: person, At: at},
	}
}
