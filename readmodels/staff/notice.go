package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The kinds of Notice.
const (
	NoticeEscalated    = "escalated"     // a level of the ladder that names the person was reached
	NoticeMentioned    = "mentioned"     // somebody meant the person to read a comment
	NoticeAnswerMissed = "answer_missed" // nobody answered an objection to an invoice by the day that was promised
)

// Notice tells a person of staff that a ticket needs it, or an objection to an invoice.
type Notice struct {
	ID      uuid.UUID  `db:"id" json:"id"`
	Ticket  *uuid.UUID `db:"ticket" json:"ticket,omitempty"`
	Invoice *uuid.UUID `db:"invoice" json:"invoice,omitempty" doc:"Whose client waits for an answer."`
	Dispute *uuid.UUID `db:"dispute" json:"dispute,omitempty" doc:"The objection that nobody answered in time."`
	Kind    string     `db:"kind" json:"kind" enum:"escalated,mentioned,answer_missed"`
	Goal    string     `db:"goal" json:"goal,omitempty"`    // of an escalation
	Level   int        `db:"level" json:"level,omitempty"`  // of an escalation, 1 to 4
	Item    *uuid.UUID `db:"item" json:"comment,omitempty"` // that mentions the person
	By      *uuid.UUID `db:"actor" json:"by,omitempty"`     // who mentions the person
	At      time.Time  `db:"happened_at" json:"at"`
	ReadAt  *time.Time `db:"read_at" json:"read_at,omitempty"`
	Title   string     `db:"title" json:"title" doc:"Of the ticket; the client's name where it is about an invoice."`
	// InvoiceNumber is printed on the invoice.
	InvoiceNumber string `db:"invoice_number" json:"-"`
	// The numbers of the ticket; Number gives the one that it goes by.
	VisibleNumber  *int64 `db:"visible_number" json:"-"`
	InternalNumber *int64 `db:"internal_number" json:"-"`
}

// Number is the number that the ticket or the invoice goes by.
func (n Notice) Number() string {
	if n.Invoice != nil {
		return n.InvoiceNumber
	}
	return Ticket{VisibleNumber: n.VisibleNumber, InternalNumber: n.InternalNumber}.Number().String()
}

// Notices gives the notices of a person, the newest first, and the cursor of the next page, which is zero after the last
// one. Unread alone when asked so. A notice of what is not projected yet comes when it is.
func Notices(
	ctx context.Context, db Queryer, person uuid.UUID, unread bool, after TicketCursor, limit int,
) ([]Notice, TicketCursor, error) {
	limit = bounded(limit)
	notices, err := list[Notice](ctx, db, `
		SELECT n.id, n.ticket, n.invoice, n.kind, n.goal, n.level, n.actor, n.happened_at, n.read_at,
			CASE WHEN n.invoice IS NULL THEN n.item END AS item, CASE WHEN n.invoice IS NOT NULL THEN n.item END AS dispute,
			coalesce(t.title, c.name, '') AS title, t.visible_number, t.internal_number, coalesce(i.number, '') AS invoice_number
		FROM control.notices AS n
		LEFT JOIN tickets AS t ON t.id = n.ticket
		LEFT JOIN invoices AS i ON i.id = n.invoice
		LEFT JOIN clients AS c ON c.id = i.client
		WHERE (t.id IS NOT NULL OR i.id IS NOT NULL) AND n.person = $1 AND (NOT $2 OR n.read_at IS NULL) AND ($3 OR (n.happened_at, n.id) < ($4, $5))
		ORDER BY n.happened_at DESC, n.id DESC
		LIMIT $6`, person, unread, after.IsZero(), after.RaisedAt, after.ID, limit+1)
	if err != nil {
		return nil, TicketCursor{}, fmt.Errorf("list notices of person %s: %w", person, err)
	}
	if len(notices) <= limit {
		return notices, TicketCursor{}, nil
	}
	last := notices[limit-1]
	return notices[:limit], TicketCursor{RaisedAt: last.At, ID: last.ID}, nil
}

// UnreadNotices counts the notices of a person that it has not read.
func UnreadNotices(ctx context.Context, db Queryer, person uuid.UUID) (int64, error) {
	type row struct {
		Unread int64 `db:"unread"`
	}
	count, err := one[row](ctx, db, `SELECT count(*) AS unread FROM control.notices WHERE person = $1 AND read_at IS NULL`, person)
	if err != nil {
		return 0, fmt.Errorf("count notices of person %s: %w", person, err)
	}
	return count.Unread, nil
}

// Recipients gives the active people of staff that are meant on a ticket: by the names of recipients of a level (a role,
// or the assignee, account manager or watchers of the ticket) or by their ids. Each is there once, in a stable order, at
// most MaxLimit.
func Recipients(ctx context.Context, db Queryer, ticket uuid.UUID, names []string, persons []uuid.UUID) ([]uuid.UUID, error) {
	type row struct {
		ID uuid.UUID `db:"id"`
	}
	found, err := list[row](ctx, db, `
		WITH of AS (
			SELECT t.assignee, t.watchers, c.account_manager
			FROM tickets AS t LEFT JOIN clients AS c ON c.id = t.client
			WHERE t.id = $1
		), meant AS (
			SELECT assignee AS id FROM of WHERE 'assignee' = ANY ($2::text[])
			UNION SELECT account_manager FROM of WHERE 'account_manager' = ANY ($2)
			UNION SELECT w::uuid FROM of, jsonb_array_elements_text(coalesce(nullif(watchers, ''), '[]')::jsonb) AS w WHERE 'watchers' = ANY ($2)
			UNION SELECT id FROM people WHERE client IS NULL AND role = ANY ($2) AND role <> 'account_manager'
			UNION SELECT unnest($3::uuid[])
		)
		SELECT p.id
		FROM meant JOIN people AS p ON p.id = meant.id
		WHERE p.client IS NULL AND p.status = 'active'
		ORDER BY p.id
		LIMIT $4`, ticket, append([]string{}, names...), append([]uuid.UUID{}, persons...), MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list whom ticket %s concerns: %w", ticket, err)
	}
	ids := make([]uuid.UUID, len(found))
	for i, person := range found {
		ids[i] = person.ID
	}
	return ids, nil
}

// Answerable gives the active people of staff that a name of recipients stands for on an invoice, by id, at most MaxLimit:
// the account manager of its client, or everybody of another role.
func Answerable(ctx context.Context, db Queryer, invoice uuid.UUID, name string) ([]uuid.UUID, error) {
	type row struct {
		ID uuid.UUID `db:"id"`
	}
	found, err := list[row](ctx, db, `
		SELECT p.id
		FROM people AS p
		WHERE p.client IS NULL AND p.status = 'active' AND CASE $2 WHEN 'account_manager'
			THEN p.id = (SELECT c.account_manager FROM invoices AS i JOIN clients AS c ON c.id = i.client WHERE i.id = $1)
			ELSE p.role = $2 END
		ORDER BY p.id
		LIMIT $3`, invoice, name, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list whom invoice %s concerns: %w", invoice, err)
	}
	ids := make([]uuid.UUID, len(found))
	for i, person := range found {
		ids[i] = person.ID
	}
	return ids, nil
}
