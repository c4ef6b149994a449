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
	// Again prints a document in one form of Layout, as it was printed. So are forms compared whose digest no event tells.
	Again  map[visible.Form]func(bill.Document, []bill.Entry) ([]byte, error)
	Layout int
}

// Verify compares each document of the books: invoices are computed again from the events of their time, digests and
// rows and printed forms compared, and no time is on two invoices of which neither was credited whole. It keeps the
// times of one contract in memory.
func (v Documents) Verify(ctx context.Context, report *Report, books *Books) error {
	var contract domain.ContractID
	billed, unprinted, unknown := map[part]string{}, 0, 0 // by what document
	for _, id := range books.Issued() {
		d := books.documents[id]
		if d.contract != contract {
			contract, billed = d.contract, map[part]string{}
		}
		report.Documents++
		var document bill.Document
		var entries []bill.Entry
		var err error
		if d.kind == bill.Invoice {
			document, entries, err = v.invoice(ctx, report, domain.InvoiceID{UUID: id}, billed)
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
		if d.rendered.Layout == 0 {
			unprinted++
			continue
		}
		unknown += v.print(report, id, d.rendered, document, entries)
	}
	if unprinted > 0 {
		report.Notes = append(report.Notes, counted(unprinted, "document has", "documents have")+" not been printed yet")
	}
	if unknown > 0 {
		report.Notes = append(report.Notes, counted(unknown, "printed form was", "printed forms were")+
			" not compared: no event tells the digest, and this version of the program does not print that layout")
	}
	return nil
}

// part is a stretch of a time record.
type part struct {
	record domain.TimeID
	number int
}

// invoice computes an invoice again, and gives it with what explains it.
func (v Documents) invoice(ctx context.Context, report *Report, id domain.InvoiceID, billed map[part]string) (bill.Document, []bill.Entry, error) {
	state, err := Fold(v.Log.Read(ctx, invoice.Stream(id), domain.NoStream), invoice.Evolve)
	if err != nil {
		return bill.Document{}, nil, err
	}
	document, stream := state.Document(), invoice.Stream(id)
	again, err := commands.NewService(v.Log, v.Answers).RecomputeInvoice(ctx, id)
	switch {
	case ctx.Err() != nil || errors.Is(err, domain.ErrUnavailable):
		return document, nil, err
	case err != nil:
		report.find(Finding{What: Invoiced, Stream: stream, Text: fmt.Sprintf("%s cannot be computed again: %v", document.Number, err)})
	}
	for _, difference := range append(again.Differences, Wrong(document, state.Entries())...) {
		report.find(Finding{What: Invoiced, Stream: stream, Text: document.Number + ": " + difference})
	}
	if state.Voided() != "" {
		return document, state.Entries(), nil // What it charged may be charged anew.
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
	return document, state.Entries(), nil
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

// print compares each printed form with its digest, or where no event tells that with what is printed again. It gives
// how many forms it could not compare.
func (v Documents) print(report *Report, id uuid.UUID, p bill.Print, d bill.Document, entries []bill.Entry) (uncompared int) {
	for _, form := range []struct {
		visible.Form
		digest string
	}{{visible.PDF, p.SHA256}, {visible.XML, p.XMLSHA256}, {visible.CSV, p.CSVSHA256}} {
		got, err := v.printedDigest(visible.PrintID(id, form.Form, p.Layout))
		if err != nil {
			report.find(Finding{What: Stored, Text: fmt.Sprintf("the printed %s as %s cannot be opened: %v", d.Number, form.Form, err)})
			continue
		}
		again := v.Again[form.Form]
		switch want := form.digest; {
		case want == "" && (again == nil || p.Layout != v.Layout):
			uncompared++
		case want == "":
			content, err := again(d, entries)
			if err != nil { // It is beyond what is printed now.
				uncompared++
			} else if want = digestOf(content); got != want {
				report.find(Finding{What: Stored, Text: fmt.Sprintf("the printed %s as %s has the digest %s, and %s comes out again", d.Number, form.Form, got, want)})
			}
		case got != want:
			report.find(Finding{What: Stored, Text: fmt.Sprintf("the printed %s as %s has the digest %s, and %s was printed", d.Number, form.Form, got, want)})
		}
	}
	return uncompared
}

// printedDigest is the digest of a printed form as it is kept.
func (v Documents) printedDigest(id uuid.UUID) (string, error) {
	content, err := v.Print(id)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, content)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, content.Close())
}
