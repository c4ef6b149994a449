package bill

import (
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/hours"
	"effigate/domain/terms"
)

// The samples below have every field set, which no real document has: the aggregates build the samples of their events
// from them.

func sampleID(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "bill sample", name) }

func sampleAmount(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// SampleContent is a draft.
func SampleContent() Content {
	document := SampleDocument(Invoice)
	return Content{
		Contract: document.Contract, Month: document.Month, PurchaseOrder: document.PurchaseOrder, Currency: document.Currency,
		Zone: document.Zone, Issuer: document.Issuer, Client: document.Client, Account: document.Account,
		Payment: terms.Payment{Rule: terms.Net, Days: 14}, BusinessDays: true, Treatment: TaxExempt, ExemptReason: "Export of services",
		Inclusive: true, RoundTo: sampleAmount("0.05"),
		Rates:  []TaxRate{{Category: "standard", Kind: StandardRate, Percent: sampleAmount("10"), Name: "GST 10 %", Reason: "by law", From: "2000-07-01"}},
		TaxDay: "2026-03-31", DefaultCategory: "standard", Wording: document.Wording, Lines: document.Lines, EntriesSHA256: document.EntriesSHA256,
	}
}

// SampleDocument is a document of a kind.
func SampleDocument(kind DocumentKind) Document {
	return Document{
		Kind: kind, Number: "INV-2026-0041", Date: "2026-03-31", Due: "2026-04-14", Zone: "Australia/Sydney", Contract: "CON-2024-018",
		Month: "2026-03", PurchaseOrder: "PO-7", Currency: "AUD",
		Issuer:  sampleParty("Effigate Pty Ltd"),
		Client:  sampleParty("Nexus Corp"),
		Account: Account{Holder: "Effigate Pty Ltd", Bank: "First Bank", Number: "062-000 12345678", BIC: "CTBAAU2S"},
		Lines: []Line{{
			ID: sampleID("line"), Kind: Time, Section: "Support", Text: "Hours, regular", Condition: hours.Regular, Minutes: 208,
			Count: sampleAmount("1.5"), Unit: Hour, DayMinutes: 480, Quantity: "3 h 28 min", UnitPrice: sampleAmount("15"),
			Net: sampleAmount("52"), Amount: sampleAmount("57.2"), TaxCategory: "standard", TaxKind: StandardRate, TaxPercent: sampleAmount("10"),
			From: "2026-03-02", Until: "2026-03-30", Entries: 1, Ticket: domain.TicketID{UUID: sampleID("ticket")},
		}},
		Taxes: []Tax{{
			Kind: StandardRate, Percent: sampleAmount("10"), Name: "GST 10 %", Reason: "by law", Base: sampleAmount("52"), Amount: sampleAmount("5.2"),
		}},
		Inclusive: true, Net: sampleAmount("52"), Tax: sampleAmount("5.2"), Total: sampleAmount("57.2"), Rounding: sampleAmount("-0.05"),
		Payable: sampleAmount("57.15"), Terms: "14 days", Wording: []string{"Thank you."}, Invoice: "INV-2026-0038",
		InvoiceDate: "2026-02-28", Reason: "Charged twice", EntriesSHA256: strings.Repeat("60303ae2", 8),
	}
}

func sampleParty(name string) Party {
	return Party{
		Name: name, Address: []string{"1 George Street"}, City: "Sydney", PostalCode: "2000", Region: "NSW", Country: "AU",
		TaxID: "51824753556", CompanyID: "824753556", Email: "billing@example.com",
	}
}

// SampleExchange is a rate.
func SampleExchange() Exchange {
	return Exchange{Currency: "AUD", Rate: sampleAmount("1.5267"), Day: "2026-03-30", Source: "central bank"}
}

// SampleEntry is an entry.
func SampleEntry() Entry {
	return Entry{
		ID: sampleID("entry"), Line: sampleID("line"), Day: "2026-03-02", Text: "Found the leak", JobType: "Incidents", Condition: hours.Regular,
		Seconds: 12_345, Minutes: 208, Rule: "up to the minute", UnitPrice: sampleAmount("15"), Amount: sampleAmount("52"), Version: 2, Clause: "Support",
		Staff: EntryStaff{
			Time: domain.TimeID{UUID: sampleID("time")}, Person: domain.PersonID{UUID: sampleID("person")}, Part: 1,
			Charge: domain.ChargeID{UUID: sampleID("charge")}, Deduction: domain.DeductionID{UUID: sampleID("deduction")}, Pin: 1,
			Card: "standard card", CardLayer: "contract layer", CardVer: 3, Row: "row of seniors", Why: []string{"because of the role"},
			OfMonth: "2026-02", DrawnMinutes: 120, OverageMinutes: 60,
		},
	}
}
