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

// reminders takes the steps of issuers' ladders that the passing of days makes due for overdue invoices (F43): at most
// one step of an invoice a day, in the first hour of the day where the issuer is.
type reminders struct {
	// overdue gives a page of the invoices that are overdue at an instant, and the cursor of the next one.
	overdue func(ctx context.Context, now time.Time, after staffrows.InvoiceCursor) ([]staffrows.InvoiceLine, staffrows.InvoiceCursor, error)
	remind  func(context.Context, commands.Request, domain.InvoiceID) (commands.Answer, error)
	now     func() time.Time // the domain's clock
	logger  *slog.Logger
}

// newReminders makes the reminders of a process that reads the staff side.
func newReminders(service *commands.Service, reads *postgres.Reads, now func() time.Time, logger *slog.Logger) reminders {
	return reminders{
		remind: service.RemindInvoice, now: now, logger: logger,
		overdue: func(ctx context.Context, now time.Time, after staffrows.InvoiceCursor) (page []staffrows.InvoiceLine, next staffrows.InvoiceCursor, err error) {
			_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
				page, next, err = staffrows.Invoices(ctx, tx, staffrows.InvoiceFilter{Overdue: true, After: after}, now)
				return err
			})
			return page, next, err
		},
	}
}

// run reminds until ctx ends. Several processes may: a step is taken once.
func (m reminders) run(ctx context.Context) error {
	return hourly(ctx, m.all, func(err error) {
		m.logger.WarnContext(ctx, "reminders are looked at later", slog.Any("error", err))
	})
}

// all looks at every overdue invoice. One that cannot be reminded of does not keep the others from it; the first error
// that may pass is given when all others are done.
func (m reminders) all(ctx context.Context) (first error) {
	failed, now := 0, m.now()
	for after := (staffrows.InvoiceCursor{}); ; {
		page, next, err := m.overdue(ctx, now, after)
		if err != nil {
			return cmp.Or(first, err)
		}
		for _, line := range page {
			request := commands.Request{Actor: domain.System(), Route: "remind of invoice", Key: fmt.Sprint(line.ID, " ", line.Today), At: now}
			_, err := m.remind(ctx, request, domain.InvoiceID{UUID: line.ID})
			if err == nil || commands.Final(err) {
				failed = 0
			}
			if err == nil {
				continue
			}
			m.logger.ErrorContext(ctx, "nobody can be reminded of an invoice", slog.String("invoice", line.ID.String()), slog.String("code", refusalCode(err)))
			if commands.Final(err) {
				continue
			}
			first = cmp.Or(first, fmt.Errorf("remind of invoice %s: %w", line.ID, err))
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
