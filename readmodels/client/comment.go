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
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Ticket   uuid.UUID `db:"ticket"`
	Author   uuid.UUID `db:"author"`
	ByClient bool      `db:"by_client"`
	Text     string    `db:"text"`
	At       time.Time `db:"at"`
}

// Comment is a message on a ticket. Staff appear as name and role, never with an address (F11).
type Comment struct {
	ID         uuid.UUID `db:"id"          json:"id" format:"uuid"`
	AuthorName string    `db:"author_name" json:"author_name" doc:"Empty when the account has none."`
	AuthorRole string    `db:"author_role" json:"author_role"`
	ByClient   bool      `db:"by_client"   json:"by_client" doc:"Written by somebody of your organisation."`
	Text       string    `db:"text"        json:"text"`
	At         time.Time `db:"at"          json:"at"`
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

func listComments(ctx context.Context, tx pgx.Tx, v Viewer, ticket uuid.UUID, before *Cursor, limit int) ([]Comment, *Cursor, error) {
	arguments := v.arguments()
	arguments["ticket"], arguments["limit"] = ticket, limit+1
	sql := `
		SELECT m.id, m.by_client, m.text, m.at,
		       coalesce(CASE WHEN m.by_client THEN a.name ELSE s.name END, '') AS author_name,
		       coalesce(CASE WHEN m.by_client THEN p.role ELSE s.role END, '') AS author_role
		FROM comments m
		LEFT JOIN people p ON p.id = m.author AND p.client = m.client
		LEFT JOIN accounts.people a ON a.id = m.author AND a.client = m.client
		LEFT JOIN accounts.staff_profiles s ON s.person = m.author
		WHERE m.client = @client AND m.ticket = @ticket`
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
