package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AttachmentRow is a row of attachments.
type AttachmentRow struct {
	ID       uuid.UUID `db:"id"`
	Client   uuid.UUID `db:"client"`
	Ticket   uuid.UUID `db:"ticket"`
	Author   uuid.UUID `db:"author"`
	ByClient bool      `db:"by_client"`
	Name     string    `db:"name"`
	Type     string    `db:"type"`
	Size     int64     `db:"size"` // bytes
	SHA256   string    `db:"sha256"`
	At       time.Time `db:"at"`
}

// Attachment is a file on a ticket. Its bytes are under /attachments/{id}.
type Attachment struct {
	ID         uuid.UUID `db:"id"          json:"id" format:"uuid" doc:"Its content is at /attachments/{id}."`
	Name       string    `db:"name"        json:"name"`
	Type       string    `db:"type"        json:"type" doc:"Media type."`
	Size       int64     `db:"size"        json:"size" doc:"In bytes."`
	SHA256     string    `db:"sha256"      json:"sha256" doc:"Of the content, in hex."`
	AuthorName string    `db:"author_name" json:"author_name" doc:"Empty when the account has none."`
	ByClient   bool      `db:"by_client"   json:"by_client" doc:"Attached by somebody of your organisation."`
	At         time.Time `db:"at"          json:"at"`
	Ticket     uuid.UUID `db:"ticket"      json:"-"`
}

// maxAttachments bounds the files shown with a ticket: the newest.
const maxAttachments = 500

// A file is no more to be seen than its ticket, whatever order they go in.
const selectAttachments = `
	SELECT f.id, f.name, f.type, f.size, f.sha256, f.by_client, f.at, f.ticket,
	       coalesce(CASE WHEN f.by_client THEN a.name ELSE s.name END, '') AS author_name
	FROM attachments f
	JOIN tickets t ON t.id = f.ticket AND t.client = f.client
	LEFT JOIN accounts.people a ON a.id = f.author AND a.client = f.client
	LEFT JOIN accounts.staff_profiles s ON s.person = f.author
	WHERE f.client = @client`

// ReadAttachment gives one file; domain.ErrNotFound when the viewer may not see one with that id.
func ReadAttachment(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (Attachment, error) {
	arguments := v.arguments()
	arguments["id"] = id
	return one[Attachment](ctx, tx, "attachment", selectAttachments+` AND f.id = @id`+v.own(" AND t.raised_by = @person"), arguments)
}

// attachmentsOf gives the files on a ticket that the viewer may see, oldest first.
func attachmentsOf(ctx context.Context, tx pgx.Tx, v Viewer, ticket uuid.UUID) ([]Attachment, error) {
	arguments := v.arguments()
	arguments["ticket"], arguments["limit"] = ticket, maxAttachments
	return list[Attachment](ctx, tx, "attachments",
		`SELECT * FROM (`+selectAttachments+` AND f.ticket = @ticket ORDER BY f.at DESC, f.id DESC LIMIT @limit) newest ORDER BY at, id`, arguments)
}
