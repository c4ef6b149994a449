package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/google/uuid"

	"effigate/commands"
	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/creditnote"
	"effigate/domain/invoice"
	"effigate/domain/visible"
)

// StoredDocument is a document as a read model has it: its canonical form, and the digest beside it.
type StoredDocument struct{ Canonical, SHA256 string }

// Documents compares everything that was issued with what comes out again, and with what people are shown.
type Documents struct {
	Log     commands.Log
	Answers commands.Answers
	// Rows give a document as each read model has it, by the model's name. domain.ErrNotFound: it does not have it.
	Rows map[string]func(ctx context.Context, kind bill.DocumentKind, id uuid.UUID) (StoredDocument, error)
	// Print opens what visible.PrintID names. domain.ErrNotFound: there is none.
	Print func(id uuid.UUID) (io.ReadCloser, error)
}

// Verify compares each document of the books: invoices are computed again from the events of their time, digests and
// rows and printed forms compared, and no time is on two invoices of which neither was credited whole. It keeps the
// times of one contract in memory.
func (v Documents) Verify(ctx context.Context, report *Report, books *Books) error {
	var contract domain.ContractID
	billed, unprinted := map[part]string{}, 0 // by what document
	for _, id := range books.Issued() {
		d := books.documents[id]
		if d.contract != contract {
			contract, billed = d.contract, map[part]string{}
		}
		report.Documents++
		var document bill.Document
		var err error
		if d.kind == bill.Invoice {
			document, err = v.invoice(ctx, report, domain.InvoiceID{UUID: id}, billed)
		} else {
			document, err = v.creditNote(ctx, report, domain.CreditNoteID{UUID: id})
		}
		if ctx.Err() != nil || errors.Is(err, domain.ErrUnavailable) {
			return err
		}
		if err != nil {
			report.find(Finding{What: Invoiced, Text: fmt.Sprintf("%s cannot be read: %v", d.printed, err)})
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(v.Rows)) {
			if err := compareRow(ctx, report, name, v.Rows[name], id, document); err != nil {
				return err
			}
		}
		if d.rendered.layout == 0 {
			unprinted++
		} else if err := v.print(report, id, d); err != nil {
			return err
		}
	}
	if unprinted > 0 {
		report.Notes = append(report.Notes, counted(unprinted, "document has", "documents have")+" not been printed yet")
	}
	return nil
}

// part is a stretch of a time record.
type part struct {
	record domain.TimeID
	number int
}

// invoice computes an invoice again.
func (v Documents) invoice(ctx context.Context, report *Report, id domain.InvoiceID, billed map[part]string) (bill.Document, error) {
	state, err := Fold(v.Log.Read(ctx, invoice.Stream(id), domain.NoStream), invoice.Evolve)
	if err != nil {
		return bill.Document{}, err
	}
	document, stream := state.Document(), invoice.Stream(id)
	again, err := commands.NewService(v.Log, v.Answers).RecomputeInvoice(ctx, id)
	switch {
	case ctx.Err() != nil || errors.Is(err, domain.ErrUnavailable):
		return document, err
	case err != nil:
		report.find(Finding{What: Invoiced, Stream: stream, Text: fmt.Sprintf("%s cannot be computed again: %v", document.Number, err)})
	}
	for _, difference := range append(again.Differences, Wrong(document, state.Entries())...) {
		report.find(Finding{What: Invoiced, Stream: stream, Text: document.Number + ": " + difference})
	}
	if state.Voided() != "" {
		return document, nil // What it charged may be charged anew.
	}
	for _, entry := range state.Entries() {
		if entry.Staff.Time.IsZero() {
			continue
		}
		of := part{entry.Staff.Time, entry.Staff.Part}
		if other, twice := billed[of]; twice && other != document.Number {
			report.find(Finding{What: Invoiced, Stream: stream, Text: fmt.Sprintf("%s charges part %d of time %s, which %s charges, too", document.Number, of.number, of.record, other)})
		}
		billed[of] = document.Number
	}
	return document, nil
}

// creditNote compares a credit note with what its invoice says was credited.
func (v Documents) creditNote(ctx context.Context, report *Report, id domain.CreditNoteID) (bill.Document, error) {
	note, err := Fold(v.Log.Read(ctx, creditnote.Stream(id), domain.NoStream), creditnote.Evolve)
	if err != nil {
		return bill.Document{}, err
	}
	drafted, _ := note.Drafted()
	of, err := Fold(v.Log.Read(ctx, invoice.Stream(drafted.Invoice), domain.NoStream), invoice.Evolve)
	if err != nil {
		return bill.Document{}, err
	}
	is, _ := note.Issued()
	want, ok := of.CreditNote(id)
	want.Number, want.Date = is.Document.Number, is.Document.Date
	wrong := Wrong(is.Document, nil)
	if !ok || want.SHA256() != is.Document.SHA256() {
		wrong = append(wrong, "it is not what its invoice has reserved for it")
	}
	for _, text := range wrong {
		report.find(Finding{What: Invoiced, Stream: creditnote.Stream(id), Text: is.Document.Number + ": " + text})
	}
	return is.Document, nil
}

func compareRow(ctx context.Context, report *Report, name string, row func(context.Context, bill.DocumentKind, uuid.UUID) (StoredDocument, error), id uuid.UUID, d bill.Document) error {
	stored, err := row(ctx, d.Kind, id)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		report.find(Finding{What: Stored, Text: fmt.Sprintf("the %s read model does not have %s", name, d.Number)})
	case err != nil:
		return err
	case stored.Canonical != string(d.Canonical()) || stored.SHA256 != d.SHA256():
		report.find(Finding{What: Stored, Text: fmt.Sprintf("the %s read model has another %s than was issued", name, d.Number)})
	}
	return nil
}

// print compares the printed form with its digest.
func (v Documents) print(report *Report, id uuid.UUID, d document) error {
	content, err := v.Print(visible.PrintID(id, visible.PDF, d.rendered.layout))
	if err != nil {
		report.find(Finding{What: Stored, Text: fmt.Sprintf("the printed %s cannot be opened: %v", d.printed, err)})
		return nil
	}
	sum := sha256.New()
	_, err = io.Copy(sum, content)
	if closed := content.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("read the printed %s: %w", d.printed, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != d.rendered.sha256 {
		report.find(Finding{What: Stored, Text: fmt.Sprintf("the printed %s has the digest %s, and %s was printed", d.printed, got, d.rendered.sha256)})
	}
	return nil
}
