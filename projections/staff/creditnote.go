package staff

import (
	"effigate/domain"
	"effigate/domain/creditnote"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// CreditNotes projects credit notes, without what they say.
var CreditNotes = projections.Projection[domain.Recorded, rows.CreditNote]{
	Table: "credit_notes", Key: of[creditnote.Event]("creditnote"), Evolve: evolveCreditNote,
}

func evolveCreditNote(row rows.CreditNote, r domain.Recorded) (rows.CreditNote, bool) {
	row.Revision = r.Revision
	switch e := r.Event.(creditnote.Event).(type) {
	case creditnote.Drafted:
		row.Client, row.Invoice, row.AskedDate = e.Client.UUID, e.Invoice.UUID, string(e.Date)
		row.Issuer, row.Code, row.Prefix, row.Currency = e.Staff.Issuer, string(e.Staff.Code), e.Staff.Prefix, string(e.Staff.Document.Currency)
		row.ReportedIn, row.Rate, row.RateDay, row.RateSource = exchanged(e.Staff.Exchange)
		row.DraftedBy, row.DraftedAt = known(e.By.UUID), e.At
	case creditnote.Issued:
		document := e.Document
		row.Series, row.Number, row.Date, row.IssuedAt = e.Staff.Series, document.Number, string(document.Date), &e.At
		row.Net, row.Tax, row.Payable = document.Net.String(), document.Tax.String(), document.Payable.String()
	case creditnote.Rendered:
		row.Layout, row.PrintSHA256, row.PrintSize = e.Layout, e.SHA256, e.Size
		row.XMLSHA256, row.CSVSHA256 = e.XMLSHA256, e.CSVSHA256
	}
	return row, true
}

// CreditNoteDocuments projects what was issued.
var CreditNoteDocuments = projections.Final[domain.Recorded, rows.DocumentRow]{
	Table: "credit_note_documents",
	Rows: func(r domain.Recorded) []rows.DocumentRow {
		e, ok := r.Event.(creditnote.Issued)
		if !ok {
			return nil
		}
		return []rows.DocumentRow{{
			ID: streamID(r, "creditnote"), Number: e.Document.Number, Document: string(e.Document.Canonical()), SHA256: e.SHA256,
		}}
	},
}
