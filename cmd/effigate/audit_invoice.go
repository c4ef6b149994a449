package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/infra/audit"
	"effigate/infra/postgres"
	staffrows "effigate/readmodels/staff"
)

// auditInvoiceCommand explains one invoice.
func auditInvoiceCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "invoice NUMBER", Short: "Explain every number of an issued invoice, and compute it again",
		Long: `Print how an issued invoice came to each of its numbers: the entries of each line with who worked and when, the
raw time and what it was rounded to, the price with the row of the rate card that gave it, and the version of
the contract that held; then the sums, the tax of each rate, and what was paid.

All of it is computed again from the events as they stood when the invoice was drafted, and compared with what
was issued. It exits 0 when both are equal, and 3 when they differ. The number may be typed in any case, and
without dashes, the year or the prefix.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, given []string) error {
			return withAudit(command.Context(), s, func(ctx context.Context, a *auditing) error {
				id, err := a.invoice(ctx, given[0])
				if err != nil {
					return err
				}
				derivation, err := audit.Invoice(ctx, a.store, postgres.NewAnswers(a.staff.database), id, a.names)
				if err != nil {
					return err
				}
				return report(command.OutOrStdout(), s.JSON, derivation, derivation.Print, len(derivation.Differences))
			})
		},
	}
}

// auditing is what audits work with.
type auditing struct {
	*world

	reads *postgres.Reads // of the staff side
}

// withAudit opens the installation for one audit.
func withAudit(ctx context.Context, s *settings, do func(context.Context, *auditing) error) error {
	return withWorld(ctx, s, func(ctx context.Context, w *world) error {
		reads, err := postgres.OpenReads(ctx, w.staff.access.Owner, staffrows.Version, w.logger)
		if err != nil {
			return err
		}
		defer reads.Close()
		return do(ctx, &auditing{w, reads})
	})
}

// invoice finds an issued invoice by its number: the staff read model knows how people type it, and where that does not
// know the invoice, the events do.
func (a *auditing) invoice(ctx context.Context, number string) (id domain.InvoiceID, err error) {
	var found []staffrows.InvoiceLine
	_, err = a.reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		found, _, err = staffrows.Invoices(ctx, tx, staffrows.InvoiceFilter{States: []string{staffrows.InvoiceIssued}, Number: number, Limit: 2}, a.now())
		return err
	})
	switch {
	case err != nil && !errors.Is(err, domain.ErrUnavailable):
		return id, err
	case len(found) == 1:
		return domain.InvoiceID{UUID: found[0].ID}, nil
	case len(found) > 1:
		return id, domain.Refuse(domain.ErrInvalid, "several_invoices", "%s may be %s or %s: type all of it", number, found[0].Number, found[1].Number)
	}
	for delivery, err := range a.source.Scan(ctx, domain.Position{}) {
		if err != nil {
			return id, err
		}
		if issued, ok := delivery.Recorded.Event.(invoice.Issued); ok && strings.EqualFold(issued.Document.Number, strings.TrimSpace(number)) {
			return invoice.IDOf(delivery.Recorded.Stream)
		}
	}
	return id, domain.Refuse(domain.ErrNotFound, "no_such_invoice", "no invoice was issued with the number %s", number)
}

// names gives the names of staff; none while the database is away.
func (a *auditing) names(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
	return namesOf(a.reads)(ctx, people)
}

// namesOf gives the names of staff as their read model has them.
func namesOf(reads *postgres.Reads) audit.Namer {
	return func(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]string, error) {
		return readNames(ctx, reads, people)
	}
}

func readNames(ctx context.Context, reads *postgres.Reads, people []uuid.UUID) (names map[uuid.UUID]string, err error) {
	_, err = reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		names, err = staffrows.Names(ctx, tx, people)
		return err
	})
	if errors.Is(err, domain.ErrUnavailable) {
		return nil, nil
	}
	return names, err
}

// report prints what an audit found, and fails where it found differences.
func report(out io.Writer, asJSON bool, value any, printed func(io.Writer) error, differences int) error {
	if asJSON {
		printed = func(out io.Writer) error { return json.NewEncoder(out).Encode(value) }
	}
	if err := printed(out); err != nil {
		return err
	}
	if differences > 0 {
		return errDifference
	}
	return nil
}

// recompute tells in words how an issued invoice is computed again.
func (w *world) recompute(reads *postgres.Reads) func(context.Context, domain.InvoiceID) (string, error) {
	return func(ctx context.Context, id domain.InvoiceID) (string, error) {
		derivation, err := audit.Invoice(ctx, w.store, postgres.NewAnswers(w.staff.database), id, namesOf(reads))
		if err != nil {
			return "", err
		}
		var told strings.Builder
		err = derivation.Print(&told)
		return told.String(), err
	}
}
