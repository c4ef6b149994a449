package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Attachments projects the files of tickets.
var Attachments = projections.Projection[domain.Recorded, rows.Attachment]{
	Table: "attachments", Key: attachmentOf, Evolve: evolveAttachment,
}

// attachmentOf names the file that an event is about.
func attachmentOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case ticket.Attached:
		return e.Attachment.UUID, true
	case ticket.AttachmentPublished:
		return e.Attachment.UUID, true
	case ticket.AttachmentWithdrawn:
		return e.Attachment.UUID, true
	case ticket.AttachmentErased:
		return e.Attachment.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveAttachment(row rows.Attachment, r domain.Recorded) (rows.Attachment, bool) {
	switch e := r.Event.(type) {
	case ticket.Attached:
		row = rows.Attachment{
			ID: row.ID, Ticket: streamID(r, "ticket"), Visibility: visibility(e.Visibility), ByClient: e.ByClient,
			Name: e.Name, Type: e.Type, Size: e.Size, SHA256: e.SHA256,
			AttachedBy: known(e.By.UUID), AttachedAt: e.At, Revision: r.Revision,
		}
	case ticket.AttachmentPublished:
		row.Visibility = rows.ClientVisible
	case ticket.AttachmentWithdrawn:
		row.Visibility = rows.InternalOnly
	case ticket.AttachmentErased:
		row.Visibility, row.ErasedBy, row.ErasedAt = rows.InternalOnly, known(e.By.UUID), &e.At
	}
	return row, true
}
