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
	case ticket.CommentEdited:
		return e.Comment.UUID, true
	case ticket.CommentDeleted:
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
		row.Kind, row.ByClient, row.Automatic = rows.Comment, e.ByClient, e.Automatic
		row.Text, row.Mentions = e.Text, mentioned(e.Mentions)
		row.Visibility, row.Author, row.WrittenAt = visibility(e.Visibility), known(e.By.UUID), e.At
		row.Ticket, row.Revision = streamID(r, "ticket"), r.Revision
	case ticket.Noted:
		row.Kind, row.Text, row.CopyOf = rows.Note, e.Text, known(e.Staff.CopyOf.UUID)
		row.Visibility, row.Author, row.WrittenAt = visibility(e.Visibility), known(e.By.UUID), e.At
		row.Ticket, row.Revision = streamID(r, "ticket"), r.Revision
	case ticket.CommentEdited:
		if row.Original == "" {
			row.Original = row.Text
		}
		row.Text, row.Mentions = e.Text, mentioned(e.Mentions)
		if e.Version > 0 {
			row.EditedAt = &e.At
		}
	case ticket.CommentDeleted:
		row.Text, row.Original, row.Mentions = "", "", ""
		row.DeletedAt, row.DeletedBy = &e.At, known(e.By.UUID)
	case ticket.CommentPublished:
		row.Visibility = rows.ClientVisible
	case ticket.CommentWithdrawn:
		row.Visibility = rows.InternalOnly
	}
	return row, true
}

// mentioned gives people as a column holds them.
func mentioned(people []domain.PersonID) string {
	if len(people) == 0 {
		return ""
	}
	return text(people)
}

// CommentEdits projects what comments were changed to.
var CommentEdits = projections.Projection[domain.Recorded, rows.CommentEdit]{
	Table: "comment_edits", Key: editOf, Evolve: evolveEdit,
}

func editOf(r domain.Recorded) (uuid.UUID, bool) {
	_, ok := r.Event.(ticket.CommentEdited)
	return r.ID, ok
}

func evolveEdit(row rows.CommentEdit, r domain.Recorded) (rows.CommentEdit, bool) {
	e := r.Event.(ticket.CommentEdited)
	return rows.CommentEdit{
		ID: row.ID, Ticket: streamID(r, "ticket"), Message: e.Comment.UUID, Version: e.Version, Text: e.Text,
		EditedBy: known(e.By.UUID), EditedAt: e.At, Revision: r.Revision,
	}, true
}
