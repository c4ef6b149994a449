package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/infra/audit"
	"effigate/infra/seal"
	staffrows "effigate/readmodels/staff"
)

// auditBundleCommand packs the evidence for an invoice.
func auditBundleCommand(s *settings) *cobra.Command {
	var to string
	command := &cobra.Command{
		Use: "bundle NUMBER", Short: "Pack the evidence for an issued invoice into a file",
		Long: `Pack what proves an issued invoice into one zip file: the document and the entries behind it, the printed form,
every event of the invoice, its period, its credit notes, payments and number as they are stored, each with a
proof that it is part of the sealed log, and the signed checkpoints. Seals the log first.

"effigate audit check" checks such a file anywhere, without this installation. The events hold internal notes:
the file is for auditors, not for clients.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, given []string) error {
			return withAudit(command.Context(), s, func(ctx context.Context, a *auditing) error {
				id, err := a.invoice(ctx, given[0])
				if err != nil {
					return err
				}
				bundle, err := a.bundle(ctx, id)
				if errors.Is(err, seal.ErrTampered) {
					_, _ = fmt.Fprintln(command.ErrOrStderr(), "effigate:", err)
					return errDifference
				}
				if err != nil {
					return err
				}
				return writeBundle(bundle, to, command.ErrOrStderr())
			})
		},
	}
	command.Flags().StringVarP(&to, "output", "o", "", "file to write, which must not exist")
	if err := command.MarkFlagRequired("output"); err != nil {
		panic(err) // The flag is named above.
	}
	return command
}

// bundle seals the log, and gathers the evidence for an invoice.
func (a *auditing) bundle(ctx context.Context, id domain.InvoiceID) (audit.Bundle, error) {
	newest, err := a.seal(ctx, a.reads, clock())
	if err != nil {
		return audit.Bundle{}, err
	}
	first, _, err := seal.NewStore(a.staff.database.Pool).First(ctx)
	if err != nil {
		return audit.Bundle{}, err
	}
	secret, err := a.sealKey(ctx)
	if err != nil {
		return audit.Bundle{}, err
	}
	verifier, err := seal.VerifierOf(secret)
	if err != nil {
		return audit.Bundle{}, err
	}
	evidence := audit.Evidence{
		Log: a.store, Tree: seal.NewTree(newest.Size, leavesOf(a.reads)), First: first, Newest: newest, Verifier: verifier, Print: a.print,
		Ordinals: func(ctx context.Context, events []uuid.UUID) (ordinals map[uuid.UUID]int64, err error) {
			_, err = a.reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
				ordinals, err = staffrows.Ordinals(ctx, tx, events)
				return err
			})
			return ordinals, err
		},
	}
	return evidence.Gather(ctx, id)
}

func writeBundle(bundle audit.Bundle, to string, progress io.Writer) error {
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	err = bundle.Write(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the bundle to %s: %w", to, errors.Join(err, os.Remove(to)))
	}
	_, err = fmt.Fprintf(progress, "%s with %d events written to %s\n", bundle.Document.Number, len(bundle.Events), to)
	return err
}

// auditCheckCommand checks a bundle by itself.
func auditCheckCommand(s *settings) *cobra.Command {
	var key string
	command := &cobra.Command{
		Use: "check BUNDLE", Short: "Check a bundle of evidence, anywhere",
		Long: `Check a file that "effigate audit bundle" wrote, and nothing else: no store, no database, no network. It tells
what the bundle proves, and what it does not.

--key is the key that "effigate audit key" prints, as you know it from elsewhere, or a file that holds it. Without
it the signatures are checked with the key in the bundle, which proves less. Exits 3 when anything is not as it
claims to be.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, given []string) error {
			if text, err := os.ReadFile(key); key != "" && err == nil {
				key = string(text)
			}
			file, err := os.Open(given[0])
			if err != nil {
				return fmt.Errorf("open the bundle: %w", err)
			}
			defer func() { _ = file.Close() }() // It was only read.
			about, err := file.Stat()
			if err != nil {
				return fmt.Errorf("open the bundle: %w", err)
			}
			verdict := audit.Check(file, about.Size(), key)
			return report(command.OutOrStdout(), s.JSON, verdict, verdict.Print, len(verdict.Wrong))
		},
	}
	command.Flags().StringVar(&key, "key", "", "key that verifies the seals, or a file that holds it")
	return command
}
