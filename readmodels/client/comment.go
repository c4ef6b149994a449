package client

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// CommentRow is a row of comments.
type CommentRow struct {
	ID       uuid.UUID  `db:"id"`
	Client   uuid.UUID  `db:"client"`
	Ticket   uuid.UUID  `db:"ticket"`
	Author   uuid.UUID  `db:"author"`
	ByClient bool       `db:"by_client"`
	Text     string     `db:"text"`
	At       time.Time  `db:"at"`
	EditedAt *time.Time `db:"edited_at"`
	Deleted  bool       `db:"deleted"` // a tombstone: it has no text
}

// CommentEditRow is a row of comment_edits.
type CommentEditRow struct {
	ID      uuid.UUID `db:"id"`
	Client  uuid.UUID `db:"client"`
	Comment uuid.UUID `db:"comment"`
	Ticket  uuid.UUID `db:"ticket"`
	Number  int       `db:"number"`
	Text    string    `db:"text"`
	Until   time.Time `db:"until"`
}

// Comment is a message on a ticket. Staff appear as name and role, never with an address (F11).
type Comment struct {
	ID         uuid.UUID  `db:"id"          json:"id" format:"uuid"`
	AuthorName string     `db:"author_name" json:"author_name" doc:"Empty when the account has none."`
	AuthorRole string     `db:"author_role" json:"author_role"`
	ByClient   bool       `db:"by_client"   json:"by_client" doc:"Written by somebody of your organisation."`
	Mine       bool       `db:"mine"        json:"mine" doc:"Written by you: you may change and delete it."`
	Text       string     `db:"text"        json:"text"`
	At         time.Time  `db:"at"          json:"at"`
	EditedAt   *time.Time `db:"edited_at"   json:"edited_at,omitempty" doc:"When it was last changed, later than ten minutes after it was written; what it said before is kept."`
	Deleted    bool       `db:"deleted"     json:"deleted,omitempty" doc:"It was deleted: it has no text any more."`
}

// CommentEdit is what a comment said until it was changed.
type CommentEdit struct {
	Text  string    `db:"text"  json:"text"`
	Until time.Time `db:"until" json:"until"`
}

// ListCommentEdits gives what a comment said before, newest first: its last changes. It is domain.ErrNotFound when the
// viewer may not see the comment on that ticket.
func ListCommentEdits(ctx context.Context, tx pgx.Tx, v Viewer, ticket, comment uuid.UUID) ([]CommentEdit, error) {
	arguments := v.arguments()
	arguments["ticket"], arguments["comment"], arguments["limit"] = ticket, comment, MaxLimit
	type row struct {
		ID uuid.UUID `db:"id"`
	}
	_, err := one[row](ctx, tx, "comment", `
		SELECT m.id FROM comments m JOIN tickets t ON t.id = m.ticket AND t.client = m.client
		WHERE m.client = @client AND m.ticket = @ticket AND m.id = @comment`+v.own(" AND t.raised_by = @person"), arguments)
	if err != nil {
		return nil, err
	}
	return list[CommentEdit](ctx, tx, "edits", `
		SELECT e.text, e.until FROM comment_edits e
		WHERE e.client = @client AND e.ticket = @ticket AND e.comment = @comment ORDER BY e.number DESC LIMIT @limit`, arguments)
}

// ListComments gives a page of a ticket's conversation, oldest first: the newest comments, or those before
// a cursor. The cursor it gives leads further into the past; nil when there is no more. It is
// domain.ErrNotFound when the viewer may not see the ticket.
func ListComments(ctx context.Context, tx pgx.Tx, v Viewer, ticket uuid.UUID, before *Cursor, limit int) ([]Comment, *Cursor, error) {
	if err := FindTicket(ctx, tx, v, ticket); err != nil {
		return nil, nil, err
	}
	return listComments(ctx, tx, v, ticket, before, bounded(limit))
}

const selectComments = `
	SELECT m.id, m.by_client, m.by_client AND m.author = @person AS mine, m.text, m.at, m.edited_at, m.deleted,
	       coalesce(CASE WHEN m.by_client THEN a.name ELSE s.name END, '') AS author_name,
	       coalesce(CASE WHEN m.by_client THEN p.role ELSE s.role END, '') AS author_role
	FROM comments m
	LEFT JOIN people p ON p.id = m.author AND p.client = m.client
	LEFT JOIN accounts.people a ON a.id = m.author AND a.client = m.client
	LEFT JOIN accounts.staff_profiles s ON s.person = m.author
	WHERE m.client = @client AND m.ticket = @ticket`

// ReadComment gives one comment; domain.ErrNotFound when the viewer may not see the ticket, and when the comment is not
// on it.
func ReadComment(ctx context.Context, tx pgx.Tx, v Viewer, ticket, comment uuid.UUID) (Comment, error) {
	if err := FindTicket(ctx, tx, v, ticket); err != nil {
		return Comment{}, err
	}
	arguments := v.arguments()
	arguments["ticket"], arguments["comment"] = ticket, comment
	return one[Comment](ctx, tx, "comment", selectComments+` AND m.id = @comment`, arguments)
}

func listComments(ctx context.Context, tx pgx.Tx, v Viewer, ticket uuid.UUID, before *Cursor, limit int) ([]Comment, *Cursor, error) {
	arguments := v.arguments()
	arguments["ticket"], arguments["limit"] = ticket, limit+1
	sql := selectComments
	if before != nil {
		arguments["before_at"], arguments["before_id"] = before.At, before.ID
		sql += ` AND (m.at, m.id) < (@before_at, @before_id)`
	}
	found, err := list[Comment](ctx, tx, "comments", sql+` ORDER BY m.at DESC, m.id DESC LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	found, earlier := page(found, limit, func(c Comment) Cursor { return Cursor{At: c.At, ID: c.ID} })
	slices.Reverse(found)
	return found, earlier, nil
}
