package staff

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/bill"
	"effigate/domain/calendar"
	"effigate/domain/invoice"
	"effigate/domain/zone"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Invoices projects invoices from their drafts on, without what they say.
var Invoices = projections.Projection[domain.Recorded, rows.Invoice]{
	Table: "invoices", Key: of[invoice.Event]("invoice"), Evolve: evolveInvoice,
}

func evolveInvoice(row rows.Invoice, r domain.Recorded) (rows.Invoice, bool) {
	row.Revision = r.Revision
	enter := func(state invoice.Status, at time.Time) { row.State, row.StateAt = string(state), at }
	switch e := r.Event.(invoice.Event).(type) {
	case invoice.Drafted:
		row = drafted(row, e)
		enter(invoice.StatusDraft, e.At)
	case invoice.EntriesAdded:
		row.ChunksAdded++
	case invoice.Discarded:
		if row.DraftedAt.IsZero() { // Nobody drafted it: there is nothing to list.
			return row, false
		}
		enter(invoice.StatusDiscarded, e.At)
	case invoice.Submitted:
		row.SubmittedBy, row.SubmittedAt = known(e.By.UUID), &e.At
		enter(invoice.StatusPending, e.At)
	case invoice.Approved:
		row.ApprovedBy, row.ApprovedAt = known(e.By.UUID), &e.At
		enter(invoice.StatusApproved, e.At)
	case invoice.Returned:
		row.SubmittedBy, row.SubmittedAt, row.ApprovedBy, row.ApprovedAt = nil, nil, nil, nil
		enter(invoice.StatusDraft, e.At)
	case invoice.Issuing:
		row.AskedDate = string(e.Date)
		row.ReportedIn, row.Rate, row.RateDay, row.RateSource = exchanged(e.Staff.Exchange)
		enter(invoice.StatusIssuing, e.At)
	case invoice.Issued:
		row = issued(row, e)
		enter(invoice.StatusIssued, e.At)
	case invoice.LineAdded, invoice.LineRemoved, invoice.LineReworded:
		// Rows of invoice_drafts.
	case invoice.Disputed, invoice.DisputeFileAttached, invoice.DisputeFileErased, invoice.DisputeTaken, invoice.DisputeSettled,
		invoice.AnswerMissed, invoice.DisputeWithdrawn:
		// Rows of disputes, where that tells of them.
	case invoice.Rendered, invoice.CreditReserved, invoice.Credited, invoice.PaymentApplied, invoice.PaymentReversed,
		invoice.Reminded, invoice.WrittenOff:
		row = claimed(row, e)
	}
	return row, true
}

func drafted(row rows.Invoice, e invoice.Drafted) rows.Invoice {
	content := e.Staff.Content
	row.Client, row.Contract, row.Month = e.Client.UUID, e.Contract.UUID, string(e.Month)
	row.Issuer, row.TwoPeople, row.BeyondOrder, row.Prefix = e.Staff.Issuer, e.Staff.TwoPeople, e.Staff.BeyondOrder, e.Staff.Prefix
	row.Reference, row.Currency, row.Zone = content.Contract, string(content.Currency), content.Zone
	row.Chunks, row.DraftedBy, row.DraftedAt = e.Staff.Chunks, known(e.By.UUID), e.At
	return row
}

func issued(row rows.Invoice, e invoice.Issued) rows.Invoice {
	document := e.Document
	row.Series, row.Number, row.Date, row.Due = e.Staff.Series, document.Number, string(document.Date), string(document.Due)
	row.Currency, row.Zone = string(document.Currency), document.Zone
	row.Net, row.Tax, row.Payable = document.Net.String(), document.Tax.String(), document.Payable.String()
	var deducted decimal.Decimal
	for _, line := range document.Lines {
		if line.Kind == bill.Deduction {
			deducted = deducted.Add(line.Net)
		}
	}
	row.Deducted, row.Remaining = deducted.String(), text(document.Remaining(nil))
	row.IssuedBy, row.IssuedAt = known(e.By.UUID), &e.At
	return outstanding(row)
}

// claimed takes over what changes the claim of an issued invoice.
func claimed(row rows.Invoice, e invoice.Event) rows.Invoice {
	switch e := e.(type) {
	case invoice.Rendered:
		row.Layout, row.PrintSHA256, row.PrintSize = e.Layout, e.SHA256, e.Size
		row.XMLSHA256, row.CSVSHA256 = e.XMLSHA256, e.CSVSHA256
	case invoice.CreditReserved:
		row.Credits, row.Remaining = appended(row.Credits, credit(e)), less(row.Remaining, e.Lines)
		row.Credited = plus(row.Credited, e.Offset)
	case invoice.Credited:
		row = credited(row, e)
	case invoice.PaymentApplied:
		row.Paid, row.LastPaid = plus(row.Paid, e.Amount), max(row.LastPaid, string(e.Day))
	case invoice.PaymentReversed:
		row.Paid = plus(row.Paid, e.Amount.Neg())
	case invoice.Reminded:
		row.Reminded = e.Step
	case invoice.WrittenOff:
		row.WrittenOff, row.Closed = plus(row.WrittenOff, e.Amount), string(dayIn(row.Zone, e.At))
	case invoice.Drafted, invoice.EntriesAdded, invoice.LineAdded, invoice.LineRemoved, invoice.LineReworded, invoice.Discarded,
		invoice.Submitted, invoice.Approved, invoice.Returned, invoice.Issuing, invoice.Issued, invoice.Disputed,
		invoice.DisputeFileAttached, invoice.DisputeFileErased, invoice.DisputeTaken, invoice.DisputeSettled, invoice.AnswerMissed,
		invoice.DisputeWithdrawn:
		// They change no claim.
	}
	return outstanding(row)
}

// outstanding works out what is left to be paid. What a credit note will take of it is not, from its reservation on.
func outstanding(row rows.Invoice) rows.Invoice {
	row.Paid, row.Credited, row.WrittenOff = plus(row.Paid, decimal.Zero), plus(row.Credited, decimal.Zero), plus(row.WrittenOff, decimal.Zero)
	row.Outstanding = figure(row.Payable).Sub(figure(row.Paid)).Sub(figure(row.Credited)).Sub(figure(row.WrittenOff)).String()
	return row
}

func credit(e invoice.CreditReserved) rows.InvoiceCredit {
	said := e.Staff
	return rows.InvoiceCredit{
		CreditNote: e.CreditNote.UUID, Lines: e.Lines, Total: e.Total.String(), Offset: e.Offset.String(), Code: said.Code,
		Reason: said.Reason, Note: said.Note, Effect: said.Effect, Rebill: said.Rebill, Date: string(said.Date),
		By: known(e.By.UUID), At: e.At,
	}
}

// credited gives a credit its number. The invoice is voided once all of it is credited by notes that are issued.
func credited(row rows.Invoice, e invoice.Credited) rows.Invoice {
	var credits []rows.InvoiceCredit
	var remaining []bill.CreditedLine
	decode(row.Credits, &credits)
	decode(row.Remaining, &remaining)
	all := !slices.ContainsFunc(remaining, func(l bill.CreditedLine) bool { return !l.Net.IsZero() || !l.Tax.IsZero() })
	for i := range credits {
		if credits[i].CreditNote == e.CreditNote.UUID {
			credits[i].Number = e.Number
		}
		all = all && credits[i].Number != ""
	}
	if row.Credits = text(credits); all {
		row.Voided = e.Number
	}
	return row
}

// less takes lines of a credit off what remains; a line of which nothing does is gone.
func less(held string, lines []bill.CreditedLine) string {
	var remaining []bill.CreditedLine
	decode(held, &remaining)
	for _, line := range lines {
		at := slices.IndexFunc(remaining, func(left bill.CreditedLine) bool { return left.Line == line.Line })
		if at < 0 {
			continue
		}
		left := &remaining[at]
		left.Net, left.Tax = left.Net.Sub(line.Net), left.Tax.Sub(line.Tax)
		if left.Net.IsZero() && left.Tax.IsZero() {
			remaining = slices.Delete(remaining, at, at+1)
		}
	}
	return text(remaining)
}

// decode reads a JSON column that a projection wrote; an empty one changes nothing.
func decode(held string, into any) {
	if held == "" {
		return
	}
	if err := json.Unmarshal([]byte(held), into); err != nil {
		panic(err) // Nothing but text wrote it.
	}
}

// figure reads a canonical number of a column; an empty one is zero.
func figure(held string) decimal.Decimal {
	if held == "" {
		return decimal.Zero
	}
	return decimal.RequireFromString(held) // Nothing but a projection wrote it.
}

// plus adds to a canonical number of a column.
func plus(held string, more decimal.Decimal) string { return figure(held).Add(more).String() }

// dayIn is the day of an instant in a zone; in UTC where nobody knows the zone.
func dayIn(name string, at time.Time) calendar.Date {
	location, err := zone.Load(name)
	if err != nil {
		location = time.UTC
	}
	return calendar.DateOf(at, location)
}

// InvoiceDrafts projects what drafts will say. The row goes when the invoice is issued.
var InvoiceDrafts = projections.Projection[domain.Recorded, rows.DraftRow]{
	Table: "invoice_drafts", Key: draftOf, Evolve: evolveDraft,
}

func draftOf(r domain.Recorded) (uuid.UUID, bool) {
	switch r.Event.(type) {
	case invoice.Drafted, invoice.LineAdded, invoice.LineRemoved, invoice.LineReworded, invoice.Issued:
		return streamID(r, "invoice"), true
	default:
		return uuid.Nil, false
	}
}

func evolveDraft(row rows.DraftRow, r domain.Recorded) (rows.DraftRow, bool) {
	var content bill.Content
	decode(row.Content, &content)
	switch e := r.Event.(type) {
	case invoice.Drafted:
		content = e.Staff.Content
	case invoice.LineAdded:
		content.Lines = append(content.Lines, e.Staff.Line)
	case invoice.LineRemoved:
		content.Lines = slices.DeleteFunc(content.Lines, func(line bill.Line) bool { return line.ID == e.Line })
	case invoice.LineReworded:
		for i := range content.Lines {
			if content.Lines[i].ID == e.Line {
				content.Lines[i].Text = e.Staff.Text
			}
		}
	case invoice.Issued:
		return row, false
	}
	row.Content, row.Revision = text(content), r.Revision
	row.Net, row.Tax, row.Payable, row.Problem = "", "", "", ""
	document, err := content.Finish("", content.TaxDay) // Its number and date will be others; its amounts will not.
	if err != nil {
		row.Problem = err.Error()
		return row, true
	}
	row.Net, row.Tax, row.Payable = document.Net.String(), document.Tax.String(), document.Payable.String()
	return row, true
}

// InvoiceDocuments projects what was issued.
var InvoiceDocuments = projections.Final[domain.Recorded, rows.DocumentRow]{
	Table: "invoice_documents",
	Rows: func(r domain.Recorded) []rows.DocumentRow {
		e, ok := r.Event.(invoice.Issued)
		if !ok {
			return nil
		}
		return []rows.DocumentRow{{
			ID: streamID(r, "invoice"), Number: e.Document.Number, Document: string(e.Document.Canonical()), SHA256: e.SHA256,
		}}
	},
}

// InvoiceEntries projects what explains the lines of invoices.
var InvoiceEntries = projections.Final[domain.Recorded, rows.EntryRow]{
	Table: "invoice_entries",
	Rows: func(r domain.Recorded) []rows.EntryRow {
		e, ok := r.Event.(invoice.EntriesAdded)
		if !ok {
			return nil
		}
		of, made := streamID(r, "invoice"), make([]rows.EntryRow, len(e.Entries))
		for i, entry := range e.Entries {
			made[i] = rows.EntryRow{
				ID: domain.Derive(of, "entry", entry.ID.String()), Invoice: of, Line: entry.Line, Chunk: e.Chunk, Position: i + 1,
				Entry: text(entry), TimeRecord: entry.Staff.Time.UUID, Person: entry.Staff.Person.UUID,
			}
		}
		return made
	},
}

// InvoiceSteps projects one row for each event of an invoice.
var InvoiceSteps = projections.Projection[domain.Recorded, rows.InvoiceStep]{
	Table: "invoice_steps", Key: invoiceStepOf, Evolve: evolveInvoiceStep,
}

func invoiceStepOf(r domain.Recorded) (uuid.UUID, bool) {
	_, ok := r.Event.(invoice.Event)
	return r.ID, ok
}

func evolveInvoiceStep(row rows.InvoiceStep, r domain.Recorded) (rows.InvoiceStep, bool) {
	row.Invoice, row.Revision = streamID(r, "invoice"), r.Revision
	name := strings.TrimPrefix(r.Event.Kind(), "invoice.")
	row.What, row.Item = name[:strings.LastIndexByte(name, '.')], row.Invoice
	signed := func(by domain.PersonID, at time.Time) { row.Actor, row.HappenedAt = known(by.UUID), at }
	about := func(item uuid.UUID, amount decimal.Decimal, note string) {
		row.Item, row.Amount, row.Note = item, amount.String(), note
	}
	switch e := r.Event.(invoice.Event).(type) {
	case invoice.Drafted:
		signed(e.By, e.At)
		row.Note = e.Staff.BeyondOrder
	case invoice.EntriesAdded:
		signed(e.By, e.At)
	case invoice.LineAdded:
		signed(e.By, e.At)
		about(e.Staff.Line.ID, e.Staff.Line.Net, e.Staff.Reason)
	case invoice.LineRemoved:
		signed(e.By, e.At)
		row.Item = e.Line
	case invoice.LineReworded:
		signed(e.By, e.At)
		row.Item, row.Note = e.Line, e.Staff.Text
	case invoice.Discarded:
		signed(e.By, e.At)
		row.Note = e.Staff.Reason
	case invoice.Submitted:
		signed(e.By, e.At)
	case invoice.Approved:
		signed(e.By, e.At)
	case invoice.Returned:
		signed(e.By, e.At)
		row.Note = e.Staff.Reason
	case invoice.Issuing:
		signed(e.By, e.At)
		row.Note = string(e.Date)
	case invoice.Issued:
		signed(e.By, e.At)
		row.Note = e.SHA256
	case invoice.Rendered, invoice.CreditReserved, invoice.Credited, invoice.PaymentApplied, invoice.PaymentReversed, invoice.Disputed,
		invoice.DisputeFileAttached, invoice.DisputeFileErased, invoice.DisputeTaken, invoice.DisputeSettled, invoice.AnswerMissed,
		invoice.DisputeWithdrawn, invoice.Reminded, invoice.WrittenOff:
		return claimStep(row, e), true
	}
	return row, true
}

// claimStep tells of what happens to an issued invoice.
func claimStep(row rows.InvoiceStep, e invoice.Event) rows.InvoiceStep {
	signed := func(by domain.PersonID, at time.Time) { row.Actor, row.HappenedAt = known(by.UUID), at }
	about := func(item uuid.UUID, amount, note string) { row.Item, row.Amount, row.Note = item, amount, note }
	switch e := e.(type) {
	case invoice.Rendered:
		row.HappenedAt, row.Note = e.At, e.SHA256
	case invoice.CreditReserved:
		signed(e.By, e.At)
		about(e.CreditNote.UUID, e.Total.String(), e.Staff.Reason)
	case invoice.Credited:
		row.HappenedAt = e.At
		about(e.CreditNote.UUID, "", e.Number)
	case invoice.PaymentApplied:
		signed(e.By, e.At)
		about(e.Payment.UUID, e.Amount.String(), string(e.Day))
	case invoice.PaymentReversed:
		signed(e.By, e.At)
		about(e.Payment.UUID, e.Amount.String(), string(e.Day))
	case invoice.Disputed:
		signed(e.By, e.At)
		about(e.Dispute.UUID, e.Amount.String(), e.Reason)
	case invoice.DisputeFileAttached:
		signed(e.By, e.At)
		about(e.Dispute.UUID, "", e.Name)
	case invoice.DisputeFileErased:
		signed(e.By, e.At)
		about(e.Dispute.UUID, "", e.Staff.Reason)
	case invoice.DisputeTaken:
		signed(e.By, e.At)
		row.Item = e.Dispute.UUID
	case invoice.DisputeSettled:
		signed(e.By, e.At)
		about(e.Dispute.UUID, "", e.Answer)
	case invoice.AnswerMissed:
		signed(e.By, e.At)
		about(e.Dispute.UUID, "", string(e.AnswerBy))
	case invoice.DisputeWithdrawn:
		signed(e.By, e.At)
		row.Item = e.Dispute.UUID
	case invoice.Reminded:
		signed(e.By, e.At)
		row.Note = e.Text
	case invoice.WrittenOff:
		signed(e.By, e.At)
		row.Amount, row.Note = e.Amount.String(), e.Staff.Reason
	case invoice.Drafted, invoice.EntriesAdded, invoice.LineAdded, invoice.LineRemoved, invoice.LineReworded, invoice.Discarded,
		invoice.Submitted, invoice.Approved, invoice.Returned, invoice.Issuing, invoice.Issued:
		// They came before the claim.
	}
	return row
}
