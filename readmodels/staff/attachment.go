package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Attachment is a row of attachments: a file on a ticket, without its bytes.
type Attachment struct {
	ID         uuid.UUID  `db:"id" json:"id"`
	Ticket     uuid.UUID  `db:"ticket" json:"ticket"`
	Visibility string     `db:"visibility" json:"visibility"`
	ByClient   bool       `db:"by_client" json:"by_client"`
	Name       string     `db:"name" json:"name"`
	Type       string     `db:"type" json:"type"` // media type
	Size       int64      `db:"size" json:"size"` // bytes
	SHA256     string     `db:"sha256" json:"sha256"`
	AttachedBy *uuid.UUID `db:"attached_by" json:"attached_by,omitempty"`
	AttachedAt time.Time  `db:"attached_at" json:"attached_at"`
	ErasedBy   *uuid.UUID `db:"erased_by" json:"erased_by,omitempty"`
	ErasedAt   *time.Time `db:"erased_at" json:"erased_at,omitempty"` // its bytes are gone
	Revision   int64      `db:"revision" json:"revision"`             // of the ticket, when it was attached
}

const attachmentColumns = `id, ticket, visibility, by_client, name, type, size, sha256, attached_by, attached_at,
	erased_by, erased_at, revision`

// AttachmentByID gives one file; domain.ErrNotFound when there is none.
func AttachmentByID(ctx context.Context, db Queryer, id uuid.UUID) (Attachment, error) {
	attachment, err := one[Attachment](ctx, db, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1`, id)
	return attachment, notFound(err, "no_such_attachment", "attachment", id)
}

// Attachments gives the files of a ticket in the order they were attached, at most MaxLimit.
func Attachments(ctx context.Context, db Queryer, ticket uuid.UUID) ([]Attachment, error) {
	attachments, err := list[Attachment](ctx, db, `
		SELECT `+attachmentColumns+`
		FROM attachments
		WHERE ticket = $1
		ORDER BY attached_at, id
		LIMIT $2`, ticket, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list files of ticket %s: %w", ticket, err)
	}
	return attachments, nil
}

// AttachmentAudience is who may see a file.
type AttachmentAudience struct {
	ID         uuid.UUID `db:"id"`
	Visibility string    `db:"visibility"`
	Erased     bool      `db:"erased"`
}

// AttachmentAudiences tells who may see each of the files, of tickets and of objections to invoices; one that is not there
// is left out. At most MaxLimit ids.
func AttachmentAudiences(ctx context.Context, db Queryer, ids []uuid.UUID) ([]AttachmentAudience, error) {
	audiences, err := list[AttachmentAudience](ctx, db, `
		SELECT id, visibility, erased_at IS NOT NULL AS erased
		FROM attachments
		WHERE id = ANY ($1::uuid[])
		UNION ALL
		SELECT f.id, '`+ClientVisible+`', f.erased_at IS NOT NULL
		FROM disputes AS d CROSS JOIN json_to_recordset(d.files::json) AS f (id uuid, erased_at timestamptz)
		WHERE d.files <> '' AND f.id = ANY ($1::uuid[])
		ORDER BY id
		LIMIT $2`, ids, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("read who may see files: %w", err)
	}
	return audiences, nil
}
