package staff

import (
	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/ticket"
	"effigate/projections"
	rows "effigate/readmodels/staff"
)

// Messages projects the comments and notes of tickets.
var Messages = projections.Projection[domain.Recorded, rows.Message]{
	Table: "messages", Key: messageOf, Evolve: evolveMessage,
}

// messageOf names the comment or note that an event is about.
func messageOf(r domain.Recorded) (uuid.UUID, bool) {
	switch e := r.Event.(type) {
	case ticket.Commented:
		return e.Comment.UUID, true
	case ticket.Noted:
		return e.Note.UUID, true
	case ticket.CommentPublished:
		return e.Comment.UUID, true
	case ticket.CommentWithdrawn:
		return e.Comment.UUID, true
	default:
		return uuid.Nil, false
	}
}

func evolveMessage(row rows.Message, r domain.Recorded) (rows.Message, bool) {
	switch e := r.Event.(type) {
	case ticket.Commented:
		row.Kind, row.ByClient, row.Text = rows.Comment, e.ByClient, e.Text
		row.Visibility, row.Author, row.WrittenAt = visibility(e.Visibility), known(e.By.UUID), e.At
		row.Ticket, row.Revision = streamID(r, "ticket"), r.Revision
	case ticket.Noted:
		row.Kind, row.Text, row.CopyOf = rows.Note, e.Text, known(e.Staff.CopyOf.UUID)
		row.Visibility, row.Author, row.WrittenAt = visibility(e.Visibility), known(e.By.UUID), e.At
		row.Ticket, row.Revision = streamID(r, "ticket"), r.Revision
	case ticket.CommentPublished:
		row.Visibility = rows.ClientVisible
	case ticket.CommentWithdrawn:
		row.Visibility = rows.InternalOnly
	}
	return row, true
}
