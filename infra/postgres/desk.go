package postgres

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// Desk keeps the views of people of staff and the notices to them, in the staff database. They are read with the staff
// read model.
type Desk struct{ database *Database }

// NewDesk keeps them in the staff database.
func NewDesk(staff *Database) *Desk { return &Desk{database: staff} }

// MaxViews is how many views a person may keep.
const MaxViews = 50

// SaveView keeps a search of a list, which is "queue" or "tickets", in the place of the view that had the id, if there
// was one. It is refused as a conflict when the person keeps MaxViews others.
func (d *Desk) SaveView(ctx context.Context, person, id uuid.UUID, name, list, query string, at time.Time) error {
	err := pgx.BeginFunc(ctx, d.database.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('views ' || $1::uuid::text, 0))`, person); err != nil {
			return err
		}
		var others int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM control.views WHERE person = $1 AND id <> $2`, person, id).Scan(&others)
		if err != nil {
			return err
		}
		if others >= MaxViews {
			return domain.Refuse(domain.ErrConflict, "too_many_views", "%d views are kept; delete one of them first", MaxViews)
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO control.views (id, person, name, list, query, saved_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET list = excluded.list, query = excluded.query, saved_at = excluded.saved_at`,
			id, person, name, list, query, at)
		return err
	})
	if err != nil {
		return fmt.Errorf("save a view of person %s: %w", person, err)
	}
	return nil
}

// DeleteView forgets a view of a person; domain.ErrNotFound when the person has none of the id.
func (d *Desk) DeleteView(ctx context.Context, person, id uuid.UUID) error {
	gone, err := d.database.Pool.Exec(ctx, `DELETE FROM control.views WHERE person = $1 AND id = $2`, person, id)
	if err != nil {
		return fmt.Errorf("delete view %s: %w", id, err)
	}
	if gone.RowsAffected() == 0 {
		return domain.Refuse(domain.ErrNotFound, "no_such_view", "no such view: %s", id)
	}
	return nil
}

// Notice tells a person that a ticket needs it, or an objection to an invoice.
type Notice struct {
	ID      uuid.UUID // derived from the fact and the person, so that it is told once
	Person  uuid.UUID
	Ticket  uuid.UUID // none of an objection
	Invoice uuid.UUID // of an objection
	Kind    string    // "escalated", "mentioned" or "answer_missed"
	Goal    string    // of an escalation
	Level   int       // of an escalation
	Item    uuid.UUID // the comment of a mention; the objection that nobody answered
	By      uuid.UUID
	At      time.Time
	Mail    bool // also by mail, where the person has an address and mail is sent at all
}

// Tell keeps a notice, once. What is told first is also mailed: both are one transaction, so that a mail that was sent
// is not ordered again.
func (d *Desk) Tell(ctx context.Context, n Notice, now time.Time) error {
	_, err := d.database.Pool.Exec(ctx, `
		WITH told AS (
			INSERT INTO control.notices (id, person, ticket, kind, goal, level, item, actor, happened_at, invoice)
			VALUES ($1, $2, nullif($3, '00000000-0000-0000-0000-000000000000'::uuid), $4, $5, $6,
				nullif($7, '00000000-0000-0000-0000-000000000000'::uuid), nullif($8, '00000000-0000-0000-0000-000000000000'::uuid), $9,
				nullif($12, '00000000-0000-0000-0000-000000000000'::uuid))
			ON CONFLICT (id) DO NOTHING
			RETURNING id, person
		)
		INSERT INTO accounts.mail (id, kind, person, email, created_at, next_at)
		SELECT told.id, 'notice', p.id, p.email, $11, $11
		FROM told JOIN accounts.people AS p ON p.id = told.person
		WHERE $10 AND p.email IS NOT NULL AND p.closed_at IS NULL AND accounts.has_mail()`,
		n.ID, n.Person, n.Ticket, n.Kind, n.Goal, n.Level, n.Item, n.By, n.At, n.Mail, now, n.Invoice)
	if err != nil {
		return fmt.Errorf("%w: tell person %s of %s: %w", domain.ErrUnavailable, n.Person, cmp.Or(n.Ticket, n.Invoice), err)
	}
	return nil
}

// ReadNotices marks notices of a person as read; those that are not the person's, or are read, stay as they are.
func (d *Desk) ReadNotices(ctx context.Context, person uuid.UUID, ids []uuid.UUID, at time.Time) error {
	_, err := d.database.Pool.Exec(ctx, `
		UPDATE control.notices SET read_at = $3 WHERE person = $1 AND id = ANY ($2::uuid[]) AND read_at IS NULL`, person, ids, at)
	if err != nil {
		return fmt.Errorf("mark notices of person %s as read: %w", person, err)
	}
	return nil
}
