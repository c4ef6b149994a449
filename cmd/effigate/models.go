package main

import (
	"context"

	"golang.org/x/sync/errgroup"

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
	"effigate/domain/visible"
	"effigate/domain/workcalendar"
	"effigate/infra/postgres"
	"effigate/projections"
	clientside "effigate/projections/client"
	staffside "effigate/projections/staff"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

// disclosures lists what may reach clients: the disclosers of the aggregates, and nothing else.
func disclosures() []projections.Disclosure {
	return []projections.Disclosure{
		projections.Disclose("client", client.Disclose),
		projections.Disclose("contract", contract.Disclose),
		projections.Disclose("issuer", issuer.Disclose),
		projections.Disclose("exchange", exchange.Disclose),
		projections.Disclose("invoice", invoice.Disclose),
		projections.Disclose("creditnote", creditnote.Disclose),
		projections.Disclose("payment", payment.Disclose),
		projections.Disclose("numbering", numbering.Disclose),
		projections.Disclose("period", period.Disclose),
		projections.Disclose("person", person.Disclose),
		projections.Disclose("ticket", ticket.Disclose),
		projections.Disclose("ratecard", ratecard.Disclose),
		projections.Disclose("slapolicy", slapolicy.Disclose),
		projections.Disclose("calendar", workcalendar.Disclose),
		projections.Disclose("timer", timer.Disclose),
	}
}

// clientModel is the client side's read model. What reaches its tables are client-safe changes.
func clientModel(source projections.Source) postgres.Model[visible.Change] {
	return postgres.Model[visible.Change]{
		Version: clientrows.Version, Schema: clientrows.Schema, Indexes: clientrows.Indexes,
		Tables: []postgres.Table[visible.Change]{
			postgres.Rows(clientside.Organisations), postgres.Rows(clientside.People),
			postgres.Rows(clientside.Contracts), postgres.Rows(clientside.Lines), postgres.Rows(clientside.Categories),
			postgres.Rows(clientside.Buckets), postgres.Rows(clientside.CarriedLots), postgres.Rows(clientside.Work),
			postgres.Rows(clientside.Settlements), postgres.Rows(clientside.Proposals),
			postgres.Rows(clientside.OverageRequests), postgres.Rows(clientside.HoursAlerts),
			postgres.Rows(clientside.Tickets), postgres.Rows(clientside.Comments), postgres.Rows(clientside.TicketSteps),
			postgres.Rows(clientside.Targets), postgres.Rows(clientside.Attachments), postgres.Rows(clientside.CommentEdits),
			postgres.Final(clientside.Invoices), postgres.Final(clientside.InvoiceEntries), postgres.Final(clientside.CreditNotes),
			postgres.Rows(clientside.Disclosed), postgres.Rows(clientside.Claims), postgres.Rows(clientside.Prints),
			postgres.Rows(clientside.Payments), postgres.Rows(clientside.Receipts), postgres.Rows(clientside.Disputes), postgres.Rows(clientside.Reminders),
		},
		Translator: func() projections.Translator[visible.Change] {
			return projections.NewDisclosures(source, 0, disclosures()...)
		},
		Notice: projections.NoticeOfChange,
	}
}

// staffModel is the staff side's read model, which holds everything.
func staffModel(source projections.Source) postgres.Model[domain.Recorded] {
	return postgres.Model[domain.Recorded]{
		Version: staffrows.Version, Schema: staffrows.Schema, Indexes: staffrows.Indexes,
		Tables: []postgres.Table[domain.Recorded]{
			postgres.Rows(staffside.Clients), postgres.Rows(staffside.People), postgres.Rows(staffside.Contracts),
			postgres.Rows(staffside.ContractVersions), postgres.Rows(staffside.ContractSteps), postgres.Rows(staffside.Amendments),
			postgres.Rows(staffside.Buckets), postgres.Rows(staffside.MilestonesReleased),
			postgres.Rows(staffside.RateCards), postgres.Rows(staffside.RateCardVersions), postgres.Rows(staffside.CostVersions),
			postgres.Rows(staffside.SLAPolicies), postgres.Rows(staffside.SLAPolicyVersions),
			postgres.Rows(staffside.Calendars), postgres.Rows(staffside.CalendarVersions),
			postgres.Rows(staffside.Periods), postgres.Rows(staffside.TimeRecords), postgres.Rows(staffside.Timers), postgres.Rows(staffside.Charges),
			postgres.Rows(staffside.Forecasts), postgres.Rows(staffside.HoursAlerts), postgres.Rows(staffside.OverageRequests),
			postgres.Rows(staffside.Deductions),
			postgres.Rows(staffside.Tickets), postgres.Rows(staffside.Messages), postgres.Rows(staffside.CommentEdits),
			postgres.Rows(staffside.Attachments), postgres.Rows(staffside.TicketLinks), postgres.Rows(staffside.Timeline),
			postgres.Rows(staffside.Clocks), postgres.Rows(staffside.Targets), postgres.Rows(staffside.Escalations),
			postgres.Rows(staffside.Invoices), postgres.Rows(staffside.InvoiceDrafts), postgres.Rows(staffside.InvoiceSteps),
			postgres.Final(staffside.InvoiceDocuments), postgres.Final(staffside.InvoiceEntries),
			postgres.Rows(staffside.CreditNotes), postgres.Final(staffside.CreditNoteDocuments),
			postgres.Rows(staffside.Payments), postgres.Rows(staffside.Allocations), postgres.Rows(staffside.Disputes),
			postgres.Rows(staffside.Issuers), postgres.Rows(staffside.Billing), postgres.Rows(staffside.ExchangeRates),
			postgres.Log[domain.Recorded](staffside.Log, staffside.LogEntry),
		},
		Translator: func() projections.Translator[domain.Recorded] { return projections.NewFacts(source) },
		Notice:     projections.NoticeOfEvent,
	}
}

// projectors are the two of them.
type projectors struct {
	client *postgres.Projector[visible.Change]
	staff  *postgres.Projector[domain.Recorded]
}

func (w *world) projectors() projectors {
	return projectors{
		client: postgres.NewProjector(postgres.ProjectorOptions[visible.Change]{
			Database: w.client.database, Source: w.source, Model: clientModel(w.source), Logger: w.logger, Holder: version(),
		}),
		staff: postgres.NewProjector(postgres.ProjectorOptions[domain.Recorded]{
			Database: w.staff.database, Source: w.source, Model: staffModel(w.source), Logger: w.logger, Holder: version(),
		}),
	}
}

// run projects both sides until ctx ends. They share nothing: a stopped staff database never delays a
// withdrawal on the client side.
func (p projectors) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.client.Run(ctx) })
	group.Go(func() error { return p.staff.Run(ctx) })
	return group.Wait()
}

// project runs projectors of its own until ctx ends.
func (w *world) project(ctx context.Context) error { return w.projectors().run(ctx) }
