package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/commands"
	"effigate/domain"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// dueInvoices does what the passing of days makes due about issued invoices, in the first hour of the day where the
// issuer is. Doing it again the same day does nothing.
type dueInvoices struct {
	what string // as the route of the command that does it, "remind of invoice"
	// due gives a page of the invoices that it is due for at an instant, and the cursor of the next one.
	due    func(ctx context.Context, now time.Time, after staffrows.InvoiceCursor) ([]staffrows.InvoiceLine, staffrows.InvoiceCursor, error)
	act    func(context.Context, commands.Request, domain.InvoiceID) (commands.Answer, error)
	now    func() time.Time // the domain's clock
	logger *slog.Logger
}

// newReminders takes the steps of issuers' ladders for overdue invoices (F43): at most one step of an invoice a day.
func newReminders(service *commands.Service, reads *postgres.Reads, now func() time.Time, logger *slog.Logger) dueInvoices {
	return dueInvoices{
		what: "remind of invoice", due: listing(reads, staffrows.InvoiceFilter{Overdue: true}), act: service.RemindInvoice, now: now, logger: logger,
	}
}

// newMissedAnswers says of objections that nobody answered them by the day that was promised (F45), once of each.
func newMissedAnswers(service *commands.Service, reads *postgres.Reads, now func() time.Time, logger *slog.Logger) dueInvoices {
	return dueInvoices{
		what: "note missed answers of invoice", due: listing(reads, staffrows.InvoiceFilter{Unanswered: true}), act: service.NoteMissedAnswers,
		now: now, logger: logger,
	}
}

// listing pages through the invoices of a filter.
func listing(
	reads *postgres.Reads, filter staffrows.InvoiceFilter,
) func(context.Context, time.Time, staffrows.InvoiceCursor) ([]staffrows.InvoiceLine, staffrows.InvoiceCursor, error) {
	return func(ctx context.Context, now time.Time, after staffrows.InvoiceCursor) (page []staffrows.InvoiceLine, next staffrows.InvoiceCursor, err error) {
		of := filter
		of.After = after
		_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
			page, next, err = staffrows.Invoices(ctx, tx, of, now)
			return err
		})
		return page, next, err
	}
}

// run acts until ctx ends. Several processes may.
func (m dueInvoices) run(ctx context.Context) error {
	return hourly(ctx, m.all, func(err error) {
		m.logger.WarnContext(ctx, "due invoices are looked at later", slog.String("what", m.what), slog.Any("error", err))
	})
}

// all looks at every invoice that is due. One that cannot be acted on does not keep the others from it; the first error
// that may pass is given when all others are done.
func (m dueInvoices) all(ctx context.Context) (first error) {
	failed, now := 0, m.now()
	for after := (staffrows.InvoiceCursor{}); ; {
		page, next, err := m.due(ctx, now, after)
		if err != nil {
			return cmp.Or(first, err)
		}
		for _, line := range page {
			request := commands.Request{Actor: domain.System(), Route: m.what, Key: fmt.Sprint(line.ID, " ", line.Today), At: now}
			_, err := m.act(ctx, request, domain.InvoiceID{UUID: line.ID})
			if err == nil || commands.Final(err) {
				failed = 0
			}
			if err == nil {
				continue
			}
			m.logger.ErrorContext(ctx, "nothing can be done about a due invoice",
				slog.String("what", m.what), slog.String("invoice", line.ID.String()), slog.String("code", refusalCode(err)))
			if commands.Final(err) {
				continue
			}
			first = cmp.Or(first, fmt.Errorf("%s %s: %w", m.what, line.ID, err))
			if failed++; failed >= inARow {
				return first
			}
		}
		if next.IsZero() {
			return first
		}
		after = next
	}
}
