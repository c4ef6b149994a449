package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/payment"
	"effigate/domain/visible"
	"effigate/infra/blob"
	"effigate/infra/messaging"
	"effigate/infra/paper"
	"effigate/infra/web/console"
	"effigate/infra/web/portal"
	clientrows "effigate/readmodels/client"
)

// documentsFolder is where the printed documents stand among the files that clients see: apart from them, so that who
// removes files that no ticket has leaves documents alone.
const documentsFolder = "documents"

// openDocuments opens the printed documents in a directory of public files.
func openDocuments(public string) (*blob.Reader, error) {
	return blob.NewReader(filepath.Join(public, documentsFolder), paper.MaxSize)
}

// printedForms are what documents are printed as: under paper.Layout, the same bytes each time.
func printedForms() map[visible.Form]messaging.Printing {
	return map[visible.Form]messaging.Printing{
		visible.PDF: paper.PDF,
		visible.XML: func(document bill.Document, _ []bill.Entry) ([]byte, error) { return paper.UBL(document) },
		visible.CSV: func(document bill.Document, entries []bill.Entry) ([]byte, error) {
			return paper.CSV(document, entries, false)
		},
	}
}

// keeping gives what puts printed documents into their store. What that never takes in is refused, not tried again.
func (w *world) keeping() (func(uuid.UUID, io.Reader) error, error) {
	store, err := blob.NewStore(filepath.Join(w.path(publicFiles), documentsFolder), paper.MaxSize)
	if err != nil {
		return nil, err
	}
	return func(id uuid.UUID, content io.Reader) error {
		_, err := store.Put(id, content)
		switch {
		case errors.Is(err, blob.ErrTooLarge):
			return domain.Refuse(domain.ErrInvalid, "too_large", "%v", err)
		case errors.Is(err, blob.ErrTaken):
			return domain.Refuse(domain.ErrConflict, "printed_otherwise", "%v", err)
		}
		return err
	}, nil
}

// printer makes who prints documents.
func (w *world) printer(now func() time.Time) (messaging.Printer, error) {
	keep, err := w.keeping()
	if err != nil {
		return messaging.Printer{}, err
	}
	return messaging.Prints(w.service, w.store, keep, paper.Layout, printedForms(), now, w.logger), nil
}

func documentsCommand(s *settings) *cobra.Command {
	command := &cobra.Command{
		Use: "documents", GroupID: "operate", Short: "Print what could not be printed",
		Long: `Print issued invoices and credit notes that could not be printed.`,
	}
	command.AddCommand(documentsPrintCommand(s))
	return command
}

// reprint is one document as `documents print` reports it.
type reprint struct {
	Number  string `json:"number"`
	Refused string `json:"refused,omitempty"` // why it cannot be printed
}

func documentsPrintCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "print", Short: "Print the issued documents that are not printed", Args: cobra.NoArgs,
		Long: `Print the issued invoices and credit notes that have no PDF, XML and CSV yet. The serving process prints each
when it is issued, and passes over one that cannot be printed or kept: run this once the cause is gone. It exits
with 1 while there is one that still cannot be printed, and says why.`,
		RunE: func(command *cobra.Command, _ []string) error {
			return withWorld(command.Context(), s, func(ctx context.Context, w *world) error {
				return w.printMissing(ctx, command.OutOrStdout())
			})
		},
	}
}

// printMissing prints what is not printed, and reports on it.
func (w *world) printMissing(ctx context.Context, out io.Writer) error {
	printer, err := w.printer(w.now)
	if err != nil {
		return err
	}
	reprints, lines := []reprint{}, []table.Row{}
	left, err := printer.Missing(ctx, w.source.Scan(ctx, domain.Position{}), func(number string, err error) {
		tried, outcome := reprint{Number: number}, "printed"
		if err != nil {
			tried.Refused, outcome = err.Error(), err.Error()
		}
		reprints, lines = append(reprints, tried), append(lines, table.Row{number, outcome})
	})
	if err != nil {
		return err
	}
	m := management{world: w, out: out}
	if err := m.print(reprints, table.Row{"number", "outcome"}, lines); err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%d of %d documents cannot be printed", left, len(reprints))
	}
	return nil
}

// printStatement writes a client's account as a file.
func printStatement(file portal.StatementFile) ([]byte, error) {
	var wrong []error
	amount := func(text string) decimal.Decimal {
		if text == "" {
			return decimal.Zero
		}
		value, err := decimal.NewFromString(text)
		wrong = append(wrong, err)
		return value
	}
	statement := paper.Statement{
		Issuer: file.Issuer, Client: file.Client, Zone: file.Zone, From: calendar.Date(file.From), Until: calendar.Date(file.To),
		Currency: money.Currency(file.Currency), Opening: amount(file.Opening), Closing: amount(file.Closing), Held: amount(file.Held),
	}
	for _, row := range file.Rows {
		statement.Rows = append(statement.Rows, paper.StatementRow{
			Day: calendar.Date(row.Day), What: wordOf(row.What), Number: row.Number,
			Debit: amount(row.Debit), Credit: amount(row.Credit), Balance: amount(row.Balance),
		})
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, fmt.Errorf("read the amounts of a statement: %w", err)
	}
	if file.Form == visible.CSV {
		return statement.CSV()
	}
	return statement.PDF()
}

// meansOf is how money came, as people read it after "By"; empty for means that the receipt does not tell.
func meansOf(means string) string {
	return map[payment.Means]string{
		payment.BankTransfer: "bank transfer", payment.Card: "card", payment.DirectDebit: "direct debit", payment.Cheque: "cheque", payment.Cash: "cash",
	}[payment.Means(means)]
}

// printReceipt writes what a client sees of its payment as PDF.
func printReceipt(r clientrows.PaymentReceipt) ([]byte, error) {
	receipt := paper.Receipt{
		Issuer: bill.Party(r.Issuer), Client: bill.Party(r.Payer), Currency: money.Currency(r.Currency),
		Day: calendar.Date(r.Day), How: meansOf(r.Means), Reversed: calendar.Date(r.Reversed),
	}
	for _, part := range r.Parts {
		receipt.Parts = append(receipt.Parts, paper.ReceiptPart{Invoice: part.Number, Amount: part.Amount})
	}
	return finishReceipt(receipt, r.Amount, r.Refunded, r.Left)
}

// printStaffReceipt writes the same for staff.
func printStaffReceipt(r console.Receipt) ([]byte, error) {
	receipt := paper.Receipt{
		Issuer: r.Issuer, Client: r.Client, Currency: money.Currency(r.Payment.Currency),
		Day: calendar.Date(r.Payment.Day), How: meansOf(r.Payment.Means), Reversed: calendar.Date(r.Payment.Reversed),
	}
	for _, part := range r.Payment.Allocations {
		amount, err := decimal.NewFromString(part.Amount)
		if err != nil {
			return nil, fmt.Errorf("read a part of payment %s: %w", r.Payment.ID, err)
		}
		receipt.Parts = append(receipt.Parts, paper.ReceiptPart{Invoice: part.Number, Amount: amount})
	}
	return finishReceipt(receipt, r.Payment.Amount, r.Payment.Refunded, r.Payment.Unallocated)
}

// finishReceipt prints a receipt with its amounts, which are canonical numbers.
func finishReceipt(receipt paper.Receipt, amount, refunded, left string) (content []byte, err error) {
	for _, read := range []struct {
		into *decimal.Decimal
		text string
	}{{&receipt.Amount, amount}, {&receipt.Refunded, refunded}, {&receipt.Left, left}} {
		if *read.into, err = decimal.NewFromString(read.text); err != nil {
			return nil, fmt.Errorf("read the amounts of a receipt: %w", err)
		}
	}
	return receipt.PDF()
}

// wordOf is a row of a statement as people read it.
func wordOf(what string) string {
	return map[string]string{
		clientrows.StatementInvoice: "Invoice", clientrows.StatementCreditNote: "Credit note", clientrows.StatementPayment: "Payment",
		clientrows.StatementReversed: "Payment taken back", clientrows.StatementClosed: "Closed",
	}[what]
}
