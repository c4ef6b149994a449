package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/money"
	"effigate/domain/visible"
	"effigate/infra/blob"
	"effigate/infra/messaging"
	"effigate/infra/paper"
	"effigate/infra/web/portal"
	clientrows "effigate/readmodels/client"
)

// documentsFolder is where the printed documents stand among the files that clients see: apart from them, so that who
// removes files that no ticket has leaves documents alone.
const documentsFolder = "documents"

// openDocuments opens the printed documents in a directory of public files.
func openDocuments(public string) (*blob.Reader, error) {
	return blob.NewReader(filepath.Join(public, documentsFolder))
}

// printing gives the store of printed documents, and what they are printed as.
func (w *world) printing() (keep func(uuid.UUID, io.Reader) error, forms map[visible.Form]messaging.Printing, err error) {
	store, err := blob.NewStore(filepath.Join(w.path(publicFiles), documentsFolder))
	if err != nil {
		return nil, nil, err
	}
	keep = func(id uuid.UUID, content io.Reader) error {
		_, err := store.Put(id, content)
		return err
	}
	return keep, map[visible.Form]messaging.Printing{
		visible.PDF: paper.PDF,
		visible.XML: func(document bill.Document, _ []bill.Entry) ([]byte, error) { return paper.UBL(document) },
		visible.CSV: func(document bill.Document, entries []bill.Entry) ([]byte, error) {
			return paper.CSV(document, entries, false)
		},
	}, nil
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
		Currency: money.Currency(file.Currency), Opening: amount(file.Opening), Closing: amount(file.Closing),
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

// wordOf is a row of a statement as people read it.
func wordOf(what string) string {
	return map[string]string{
		clientrows.StatementInvoice: "Invoice", clientrows.StatementCreditNote: "Credit note", clientrows.StatementPayment: "Payment",
		clientrows.StatementReversed: "Payment taken back", clientrows.StatementClosed: "Closed",
	}[what]
}
