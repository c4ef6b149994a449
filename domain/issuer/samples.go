package issuer

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
)

// All gives one sample per variant with every field filled: the codec registers their types, and tests
// plant markers in them.
func All() []domain.Event {
	return []domain.Event{
		Described{
			Issuer: Main,
			Staff: Content{
				Party: bill.Party{
					Name: "Harbour Works Pty Ltd", Address: []string{"Level 3", "12 Wharf Road"}, City: "Sydney", PostalCode: "2000",
					Region: "NSW", Country: "AU", TaxID: "51 824 753 556", CompanyID: "824 753 556", Email: "billing@harbour.example",
				},
				Account: bill.Account{Holder: "Harbour Works Pty Ltd", Bank: "Bank of the Quay", Number: "062-000 1234 5678", BIC: "QUAYAU2S"},
				Zone:    "Australia/Sydney", InvoicePrefix: "INV", CreditPrefix: "CN",
				First:     []First{{Kind: bill.Invoice, Year: 2026, Number: 38}},
				TwoPeople: true,
				Rates: []bill.TaxRate{{
					Category: "abroad", Kind: bill.Exempt, Percent: decimal.RequireFromString("0.1"), Name: "GST free",
					Reason: "Export of services", From: "2026-01-01",
				}},
				DefaultCategory: "abroad",
				RoundTo:         []RoundTo{{Currency: "CHF", Unit: decimal.RequireFromString("0.05")}},
				Wording:         []string{"Thank you for your business."},
				Reminders:       []Reminder{{Days: 7, Text: "This invoice is overdue by a week."}},
				AnswerDays:      5, BusinessDays: true, ReportingCurrency: "AUD",
			},
			By: domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			At: time.Date(2026, time.February, 2, 9, 30, 0, 0, time.UTC),
		},
		PrefixClaimed{
			Prefix: "INV", Issuer: Main, Documents: bill.Invoice,
			By: domain.PersonID{UUID: uuid.MustParse("5e1f0d6a-3f0b-4b57-9d7c-2a6f4f1c0001")},
			At: time.Date(2026, time.February, 2, 9, 30, 0, 0, time.UTC),
		},
	}
}
