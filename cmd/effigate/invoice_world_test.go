package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/client"
	"effigate/domain/invoice"
	"effigate/domain/issuer"
	"effigate/domain/period"
	"effigate/domain/rate"
	"effigate/domain/terms"
)

// biller agrees with a client on prices that are no secret, and invoices what is worked for it. The ids and keys of all
// that it does derive from its name; it acts as the system.
type biller struct {
	service *commands.Service
	log     commands.Log
	name    string
	client  domain.ClientID
}

func (b *biller) id(names ...string) uuid.UUID {
	return domain.Derive(uuid.NameSpaceOID, append([]string{b.name}, names...)...)
}

func (b *biller) request(at time.Time, names ...any) commands.Request {
	return commands.Request{Actor: domain.System(), Route: "billing", Key: fmt.Sprint(b.name, " ", fmt.Sprintln(names...)), At: at}
}

// issuingFrom is a legal entity of the tests: whoever drafts may approve, and 10 % of tax are due.
func issuingFrom(zone string) issuer.Content {
	return issuer.Content{
		Party: bill.Party{Name: "Harbour Works Pty Ltd", City: "Sydney", Country: "AU", TaxID: "51 824 753 556"},
		Zone:  zone, InvoicePrefix: "INV", CreditPrefix: "CN",
		Rates:     []bill.TaxRate{{Kind: bill.StandardRate, Percent: decimal.NewFromInt(10), Name: "GST 10 %"}},
		Reminders: []issuer.Reminder{{Days: 7, Text: "A week overdue."}}, AnswerDays: 1,
	}
}

// register registers the client.
func (b *biller) register(ctx context.Context) error {
	_, err := b.service.RegisterClient(ctx, b.request(monday.AddDate(0, -3, 0), "client"), commands.RegisterClient{
		ID: b.client, Name: "Billed " + b.name, Zone: "UTC", Language: "en", Currency: "EUR",
	})
	return err
}

// describe says who issues to whom, and at which price an hour is charged.
func (b *biller) describe(ctx context.Context, who issuer.Content) error {
	at := monday.AddDate(0, -3, 0)
	_, err := b.service.DescribeIssuer(ctx, b.request(at, "issuer"), commands.DescribeIssuer{Content: who})
	if err == nil {
		_, err = b.service.DescribeBilling(ctx, b.request(at, "party"), commands.DescribeBilling{
			Client: b.client, Billing: client.Billing{Party: bill.Party{Name: "Billed " + b.name, City: "Berlin", Country: "DE"}},
		})
	}
	if err == nil {
		_, err = b.service.PublishRates(ctx, b.request(at, "rates"), commands.PublishRates{
			Card: domain.RateCardID{UUID: b.id("card")}, Name: "Hours of " + b.name, Layer: rate.ContractVersion, Currency: "EUR", From: "2025-01-01",
			Rows: []rate.Row{{Key: "any", Price: decimal.RequireFromString("123.45"), Unit: rate.PerHour}},
		})
	}
	return err
}

// agree makes a contract about hours that are charged as they come.
func (b *biller) agree(ctx context.Context, name string) (domain.ContractID, error) {
	id, at := domain.ContractID{UUID: b.id("contract", name)}, monday.AddDate(0, -2, 0)
	said := terms.Plain(terms.TimeAndMaterials, terms.Standard, february.First(), jobTypes...)
	said.Agreed.Currency, said.Agreed.Payment = "EUR", terms.Payment{Rule: terms.Net, Days: 30}
	said.Staff.RateCard = terms.Ref{ID: b.id("card")}
	_, err := b.service.DraftContract(ctx, b.request(at, "contract", name), commands.DraftContract{ID: id, Client: b.client, Reference: "CON-" + name, Terms: said})
	if err == nil {
		_, err = b.service.ActivateContract(ctx, b.request(at, "activate", name), commands.ActivateContract{Contract: id})
	}
	return id, err
}

// work logs some hours of a month under a contract, and approves them.
func (b *biller) work(ctx context.Context, on domain.ContractID, month calendar.Month, records int) error {
	var times []domain.TimeID
	for i := range records {
		id := domain.TimeID{UUID: b.id("time", on.String(), string(month), strconv.Itoa(i))}
		from := month.First().Start(time.UTC).Add(time.Duration(9+24*(i%20)) * time.Hour)
		_, err := b.service.LogTime(ctx, b.request(from.Add(8*time.Hour), "log", id), commands.LogTime{
			Contract: on, Time: id, Submit: true, Entry: period.Entry{
				Person: domain.PersonID{UUID: b.id("worker")}, JobType: "api", Zone: "UTC", Description: fmt.Sprint("Step ", i),
				From: from, Until: from.Add(time.Duration(20+i%40) * time.Minute),
			},
			Source: period.Source{Kind: period.FromImport, System: "billing", Key: id.String()},
		})
		if err != nil {
			return err
		}
		times = append(times, id)
	}
	_, err := b.service.ApproveTime(ctx, b.request(month.Next().First().Start(time.UTC).Add(time.Hour), "approve", on, month), commands.ApproveTime{Contract: on, Month: month, Times: times})
	return err
}

// approved drafts February, and approves the draft as it stands.
func (b *biller) approved(ctx context.Context, on domain.ContractID, at time.Time) (domain.InvoiceID, error) {
	id, err := b.drafted(ctx, on, at)
	if err != nil {
		return id, err
	}
	shown, err := b.shown(ctx, id)
	if err != nil {
		return id, err
	}
	return id, b.approve(ctx, id, shown, at)
}

func (b *biller) drafted(ctx context.Context, on domain.ContractID, at time.Time) (domain.InvoiceID, error) {
	answer, err := b.service.DraftInvoice(ctx, b.request(at, "draft", on), commands.DraftInvoice{Contract: on, Month: february})
	return domain.InvoiceID{UUID: answer.ID}, err
}

// shown is the digest of a draft, as its page shows it.
func (b *biller) shown(ctx context.Context, id domain.InvoiceID) (string, error) {
	state, err := foldOf(ctx, b.log, invoice.Decider, invoice.Stream(id))
	return state.Digest(), err
}

func (b *biller) approve(ctx context.Context, id domain.InvoiceID, shown string, at time.Time) error {
	_, err := b.service.ApproveInvoice(ctx, b.request(at, "approve invoice", id), commands.OnInvoice{Invoice: id, Shown: shown})
	return err
}

// issued is the issued invoice of some hours in February.
func (b *biller) issued(ctx context.Context, who issuer.Content, at time.Time) (on domain.ContractID, id domain.InvoiceID, err error) {
	if err = b.describe(ctx, who); err == nil {
		on, err = b.agree(ctx, b.name)
	}
	if err == nil {
		err = b.work(ctx, on, february, 3)
	}
	if err == nil {
		id, err = b.approved(ctx, on, at)
	}
	if err == nil {
		_, err = b.service.IssueInvoice(ctx, b.request(at, "issue", id), commands.OnInvoice{Invoice: id})
	}
	return on, id, err
}
