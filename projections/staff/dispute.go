package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/invoice"
	"effigate/domain/visible"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Disputes projects the objections of clients to lines of invoices.
var Disputes = projections.Projection[domain.Recorded, rows.Dispute]{
	Table: "disputes", Key: disputeOf, Evolve: evolveDispute,
}

func disputeOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case invoice.Disputed:
		return e.Dispute.UUID, true
	case invoice.DisputeFileAttached:
		return e.Dispute.UUID, true
	case invoice.DisputeFileErased:
		return e.Dispute.UUID, true
	case invoice.DisputeTaken:
		return e.Dispute.UUID, true
	case invoice.DisputeSettled:
		return e.Dispute.UUID, true
	case invoice.DisputeWithdrawn:
		return e.Dispute.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveDispute(row rows.Dispute, r domain.Recorded) (rows.Dispute, bool) {
	row.Invoice = streamID(r, "invoice")
	switch e := r.Event.(type) {
	case invoice.Disputed:
		row.Line, row.Amount, row.Reason, row.State = e.Line, e.Amount.String(), e.Reason, visible.DisputeOpen
		row.AnswerBy, row.RaisedBy, row.RaisedAt = string(e.AnswerBy), known(e.By.UUID), e.At
	case invoice.DisputeFileAttached:
		var files []rows.DisputeFile
		decode(row.Files, &files)
		row.Files = text(append(files, rows.DisputeFile{
			ID: e.Attachment.UUID, Name: e.Name, Type: e.Type, Size: e.Size, SHA256: e.SHA256, By: known(e.By.UUID), At: e.At,
		}))
	case invoice.DisputeFileErased:
		var files []rows.DisputeFile
		decode(row.Files, &files)
		for i := range files {
			if files[i].ID == e.Attachment.UUID {
				files[i].ErasedBy, files[i].ErasedAt = known(e.By.UUID), &e.At
			}
		}
		row.Files = text(files)
	case invoice.DisputeTaken:
		row.State, row.TakenBy, row.TakenAt = visible.DisputeReviewed, known(e.By.UUID), &e.At
	case invoice.DisputeSettled:
		if row.State = visible.DisputeRejected; e.Accepted {
			row.State = visible.DisputeAccepted
		}
		row.Answer, row.SettledBy, row.SettledAt = e.Answer, known(e.By.UUID), &e.At
	case invoice.DisputeWithdrawn:
		row.State, row.SettledBy, row.SettledAt = visible.DisputeWithdrawn, known(e.By.UUID), &e.At
	}
	return row, true
}
