package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/payment"
	"effigate/domain/zone"
)

// demoBooks are a client's books: who worked when, and what becomes of its invoices.
type demoBooks struct {
	client demoClient
	by     *castMember // who did the work
	done   []demoTime
	// paid is when the invoice of a month was paid, where it was not three weeks after it was issued.
	paid map[calendar.Month]calendar.Date
	// with are months whose invoice comes with that of another month. Of a pending one it waits for approval, of an unpaid
	// one for the money; nothing is charged in an idle one.
	with                  map[calendar.Month]calendar.Month
	pending, unpaid, idle []calendar.Month
}

// nexusBooks have an invoice of whatever was done. In May and December there was nothing.
func nexusBooks(c demoClient, by *castMember) demoBooks {
	return demoBooks{
		client: c, by: by, done: nexusTime, idle: []calendar.Month{"2025-05", "2025-12"},
		paid: map[calendar.Month]calendar.Date{"2026-01": "2026-03-05"}, unpaid: []calendar.Month{"2026-02"},
	}
}

// harbourBooks have the invoice of December with that of January, and the one of February waits for approval.
func harbourBooks(c demoClient, by *castMember) demoBooks {
	return demoBooks{
		client: c, by: by, done: harbourTime, with: map[calendar.Month]calendar.Month{"2025-12": "2026-01"},
		paid: map[calendar.Month]calendar.Date{"2025-12": "2026-03-09"}, unpaid: []calendar.Month{"2026-01"}, pending: []calendar.Month{"2026-02"},
	}
}

// bill says who issues and to whom.
func (d *demoOffice) bill(ctx context.Context, at time.Time, clients ...demoClient) error {
	_, err := d.service.DescribeIssuer(ctx, d.request(d.owner, at), commands.DescribeIssuer{Content: issuer.Content{
		Party: bill.Party{
			Name: "Northwind Delivery Pty Ltd", Address: []string{"Level 9", "44 Bridge Street"}, City: "Sydney", PostalCode: "2000", Region: "NSW",
			Country: "AU", TaxID: "51 824 753 556", Email: "accounts@northwind-delivery.example",
		},
		Account: bill.Account{Holder: "Northwind Delivery Pty Ltd", Bank: "Harbour Bank", Number: "062-000 1234 5678"},
		Zone:    demoZone, InvoicePrefix: "INV", CreditPrefix: "CN", TwoPeople: true, AnswerDays: 5,
		First: []issuer.First{{Kind: bill.Invoice, Year: 2025, Number: 204}, {Kind: bill.Invoice, Year: 2026, Number: 38}},
		Rates: []bill.TaxRate{
			{Kind: bill.StandardRate, Percent: decimal.NewFromInt(10), Name: "GST 10 %"},
			{Category: "export", Kind: bill.Exempt, Name: "GST free", Reason: "Export of services"},
		},
		Wording: []string{"Please name the number of the invoice when you pay."},
		Reminders: []issuer.Reminder{
			{Days: 7, Text: "This invoice was due a week ago. If you have paid it meanwhile, thank you."},
			{Days: 21, Text: "This invoice was due three weeks ago. Please pay it, or tell us what keeps you from it."},
		},
	}})
	if err != nil {
		return err
	}
	for _, c := range clients {
		_, err := d.service.DescribeBilling(ctx, d.request(d.finance, at), commands.DescribeBilling{Client: c.id, Billing: client.Billing{
			Party: bill.Party{
				Name: c.name + " Pty Ltd", Address: []string{c.street}, City: "Melbourne", PostalCode: "3000", Region: "VIC", Country: "AU",
				Email: emailOf("accounts", c.name),
			},
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// month keeps the books of a month: work as it was done, and where the month is over, its approval, its end and what is
// invoiced.
func (d *demoOffice) month(ctx context.Context, b demoBooks, month, running calendar.Month) error {
	sydney, err := zone.Load(demoZone)
	if err != nil {
		return err
	}
	times, err := d.work(ctx, b, month, sydney)
	if err != nil || month >= running {
		return err
	}
	at := month.Next().First().Start(sydney).Add(9 * time.Hour)
	if err := d.approve(ctx, b.client, month, times, at); err != nil {
		return fmt.Errorf("approve: %w", err)
	}
	at = at.Add(time.Hour)
	if _, err := d.service.ClosePeriod(ctx, d.request(d.finance, at), commands.ClosePeriod{Contract: b.client.contract, Month: month}); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	for _, billed := range b.invoices(month) {
		at = at.Add(time.Hour)
		if err := d.invoice(ctx, b, billed, at); err != nil {
			return fmt.Errorf("invoice of %s: %w", billed, err)
		}
	}
	return nil
}

// invoices are the months that are invoiced when a month is over.
func (b demoBooks) invoices(over calendar.Month) (months []calendar.Month) {
	for month, with := range b.with {
		if with == over {
			months = append(months, month)
		}
	}
	if _, later := b.with[over]; later || slices.Contains(b.idle, over) {
		return months
	}
	return append(months, over)
}

// invoice drafts a month, has the owner approve what finance has drafted, issues it, and takes the money.
func (d *demoOffice) invoice(ctx context.Context, b demoBooks, month calendar.Month, at time.Time) error {
	drafted, err := d.service.DraftInvoice(ctx, d.request(d.finance, at), commands.DraftInvoice{Contract: b.client.contract, Month: month})
	if err != nil {
		return err
	}
	c := commands.OnInvoice{Invoice: domain.InvoiceID{UUID: drafted.ID}}
	if _, err := d.service.SubmitInvoice(ctx, d.request(d.finance, at.Add(10*time.Minute)), c); err != nil || slices.Contains(b.pending, month) {
		return err
	}
	state, err := d.readInvoice(ctx, c.Invoice)
	if err != nil {
		return err
	}
	c.Shown = state.Digest()
	if _, err := d.service.ApproveInvoice(ctx, d.request(d.owner, at.Add(20*time.Minute)), c); err != nil {
		return err
	}
	if _, err := d.service.IssueInvoice(ctx, d.request(d.finance, at.Add(30*time.Minute)), c); err != nil || slices.Contains(b.unpaid, month) {
		return err
	}
	return d.pay(ctx, b, month, c.Invoice)
}

// pay takes what an invoice comes to.
func (d *demoOffice) pay(ctx context.Context, b demoBooks, month calendar.Month, id domain.InvoiceID) error {
	state, err := d.readInvoice(ctx, id)
	if err != nil {
		return err
	}
	document := state.Document()
	day, known := b.paid[month]
	if !known {
		day = document.Date.Add(21)
	}
	sydney, err := zone.Load(demoZone)
	if err != nil {
		return err
	}
	_, err = d.service.ReceivePayment(ctx, d.request(d.finance, day.Start(sydney).Add(11*time.Hour)), commands.ReceivePayment{
		Client: b.client.id, Amount: document.Payable, Currency: document.Currency, Day: day, Means: payment.BankTransfer, Reference: document.Number,
		Allocate: []commands.Allocation{{Invoice: id, Amount: document.Payable}},
	})
	return err
}

// readInvoice folds an invoice, as the person does who looks at it.
func (d *demoWorld) readInvoice(ctx context.Context, id domain.InvoiceID) (state invoice.State, err error) {
	for recorded, err := range d.log.Read(ctx, invoice.Stream(id), domain.NoStream) {
		if err != nil {
			return state, err
		}
		if event, ok := recorded.Event.(invoice.Event); ok {
			state = invoice.Evolve(state, event)
		}
	}
	return state, nil
}
