package main

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/visible"
	"effigate/infra/audit"
	"effigate/infra/paper"
	"effigate/infra/postgres"
	"effigate/infra/seal"
	clientrows "effigate/readmodels/client"
	staffrows "effigate/readmodels/staff"
)

// auditVerifyCommand compares history with everything that was made of it.
func auditVerifyCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Check that nothing was changed, from the first event to the printed invoices",
		Long: `Read every event once and compare: each with the hash under which it was numbered, and all of them with each
seal; the numbers of invoices and credit notes, without gap or duplicate and with dates that rise; every issued
invoice with the one that its events lead to when it is computed again; every document with the rows of both
read models and with all its printed forms; and no time on two invoices.

What differs is named: the event by its number, stream and revision, or the interval between two seals in which
history is another. Exits 3 on any difference. It changes nothing, and may run while the product serves.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return withAudit(command.Context(), s, func(ctx context.Context, a *auditing) error {
				found, err := a.verify(ctx)
				if err != nil {
					return err
				}
				return report(command.OutOrStdout(), s.JSON, found, found.Print, found.Differences())
			})
		},
	}
}

// verify runs the whole verification.
func (a *auditing) verify(ctx context.Context) (*audit.Report, error) {
	secret, err := a.sealKey(ctx)
	if err != nil {
		return nil, err
	}
	verifier, err := seal.VerifierOf(secret)
	if err != nil {
		return nil, err
	}
	head, err := a.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	client, err := postgres.OpenReads(ctx, a.client.access.Owner, clientrows.Version, a.logger)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	found := &audit.Report{Findings: []audit.Finding{}}
	history := audit.History{
		Source: a.source, Log: a.log, Through: head, Seals: seal.NewStore(a.staff.database.Pool).After, Verifier: verifier,
	}
	current, err := a.settled(ctx, found, map[string]*postgres.Reads{"client": client, "staff": a.reads}, head)
	if err != nil {
		return nil, err
	}
	if current["staff"] == nil {
		history.Through = domain.Position{}
	}
	var books audit.Books
	if err := history.Verify(ctx, found, func(r domain.Recorded) { books.Take(found, r) }); err != nil {
		return nil, err
	}
	books.End(found)
	documents := audit.Documents{
		Log: a.store, Answers: postgres.NewAnswers(a.staff.database), Rows: rowsOf(current), Print: a.print,
		Again: map[visible.Form]func(bill.Document, []bill.Entry) ([]byte, error){}, Layout: paper.Layout,
	}
	for form, printed := range printedForms() {
		documents.Again[form] = printed
	}
	return found, documents.Verify(ctx, found, &books)
}

// settled gives those of the read models that have everything up to a position, and notes the others.
func (a *auditing) settled(ctx context.Context, found *audit.Report, models map[string]*postgres.Reads, head domain.Position) (map[string]*postgres.Reads, error) {
	current := map[string]*postgres.Reads{}
	for _, name := range []string{"client", "staff"} {
		stale, err := models[name].Read(ctx, head, func(pgx.Tx) error { return nil })
		if err != nil {
			return nil, fmt.Errorf("ask the %s read model how far it is: %w", name, err)
		}
		if stale {
			found.Notes = append(found.Notes, "the "+name+" read model is behind: its rows were not compared; run it again once it has caught up")
			continue
		}
		current[name] = models[name]
	}
	return current, nil
}

// log lists numbered events.
func (a *auditing) log(ctx context.Context, after int64, limit int) (entries []staffrows.LogEntry, err error) {
	_, err = a.reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		entries, err = staffrows.LogAfter(ctx, tx, after, limit)
		return err
	})
	return entries, err
}

// rowsOf gives documents as the read models have them.
func rowsOf(models map[string]*postgres.Reads) map[string]func(context.Context, bill.DocumentKind, uuid.UUID) (audit.StoredDocument, error) {
	rows := map[string]func(context.Context, bill.DocumentKind, uuid.UUID) (audit.StoredDocument, error){}
	if client := models["client"]; client != nil {
		rows["client"] = func(ctx context.Context, _ bill.DocumentKind, id uuid.UUID) (stored audit.StoredDocument, err error) {
			_, err = client.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
				row, err := clientrows.StoredDocumentByID(ctx, tx, id)
				stored = audit.StoredDocument{Canonical: row.Document, SHA256: row.SHA256}
				return err
			})
			return stored, err
		}
	}
	if staff := models["staff"]; staff != nil {
		rows["staff"] = func(ctx context.Context, kind bill.DocumentKind, id uuid.UUID) (stored audit.StoredDocument, err error) {
			_, err = staff.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
				of := staffrows.DocumentOfInvoice
				if kind == bill.CreditNote {
					of = staffrows.DocumentOfCreditNote
				}
				row, err := of(ctx, tx, id)
				stored = audit.StoredDocument{Canonical: row.Canonical, SHA256: row.SHA256}
				return err
			})
			return stored, err
		}
	}
	return rows
}

// print opens a printed document.
func (a *auditing) print(id uuid.UUID) (io.ReadCloser, error) {
	printed, err := openDocuments(a.path(publicFiles))
	if err != nil {
		return nil, err
	}
	content, err := printed.Open(id)
	if err != nil {
		return nil, err
	}
	return content, nil
}
