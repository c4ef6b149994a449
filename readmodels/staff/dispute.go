package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Dispute is a row of disputes: a client's objection to a line of an invoice.
type Dispute struct {
	ID        uuid.UUID  `db:"id" json:"id"`
	Invoice   uuid.UUID  `db:"invoice" json:"invoice"`
	Line      uuid.UUID  `db:"line" json:"line"`
	Amount    string     `db:"amount" json:"amount" doc:"Of the line before tax."`
	Reason    string     `db:"reason" json:"reason"`
	State     string     `db:"state" json:"state" enum:"open,under_review,accepted,rejected,withdrawn"`
	Answer    string     `db:"answer" json:"answer,omitempty"`
	AnswerBy  string     `db:"answer_by" json:"answer_by,omitempty" format:"date" doc:"The last day of the issuer's zone on which an answer is in time; absent when none was promised."`
	Files     string     `db:"files" json:"-"` // DisputeFiles as JSON; empty = none
	RaisedBy  *uuid.UUID `db:"raised_by" json:"raised_by,omitempty"`
	RaisedAt  time.Time  `db:"raised_at" json:"raised_at"`
	TakenBy   *uuid.UUID `db:"taken_by" json:"taken_by,omitempty"`
	TakenAt   *time.Time `db:"taken_at" json:"taken_at,omitempty"`
	SettledBy *uuid.UUID `db:"settled_by" json:"settled_by,omitempty" doc:"Who answered or withdrew it."`
	SettledAt *time.Time `db:"settled_at" json:"settled_at,omitempty"`
}

// DisputeFile is a file that the client put beside its objection. Its bytes are at /disputes/{id}/attachments/{attachment}.
type DisputeFile struct {
	ID       uuid.UUID  `json:"id" format:"uuid"`
	Name     string     `json:"name"`
	Type     string     `json:"type" doc:"Media type."`
	Size     int64      `json:"size" doc:"In bytes."`
	SHA256   string     `json:"sha256" doc:"Of the content, in hex."`
	By       *uuid.UUID `json:"by,omitempty"`
	At       time.Time  `json:"at"`
	ErasedBy *uuid.UUID `json:"erased_by,omitempty"`
	ErasedAt *time.Time `json:"erased_at,omitempty" doc:"Its bytes are gone since then."`
}

// DisputeLine is a dispute with the invoice that it is about.
type DisputeLine struct {
	Dispute
	Late        bool          `db:"late" json:"late" doc:"It is not answered, and the day to answer it by is over in the issuer's zone."`
	Attachments []DisputeFile `db:"attachments" json:"attachments" nullable:"false" doc:"In the order in which they were attached."`
	Number      string        `db:"number" json:"number" doc:"Of the invoice."`
	Client      uuid.UUID     `db:"client" json:"client"`
	ClientName  string        `db:"client_name" json:"client_name"`
	Currency    string        `db:"currency" json:"currency"`
}

// disputes is the query of objections at the instant $1.
const disputes = `
	SELECT d.id, d.invoice, d.line, d.amount, d.reason, d.state, d.answer, d.answer_by, d.files, 
		coalesce(nullif(d.files, ''), '[]')::json AS attachments, ` + late + ` AS late, d.raised_by, d.raised_at, d.taken_by, d.taken_at,
		d.settled_by, d.settled_at, i.number, i.client, coalesce(c.name, '') AS client_name, i.currency
	FROM disputes AS d
	JOIN invoices AS i ON i.id = d.invoice
	LEFT JOIN clients AS c ON c.id = i.client`

// late follows from the issuer's today and is never stored: what is to be answered today is in time until its midnight.
const late = `(d.state IN ('open', 'under_review') AND d.answer_by <> ''
		AND ($1::timestamptz AT TIME ZONE i.zone)::date::text COLLATE "C" > d.answer_by)`

// OpenDisputes gives the disputes that nobody has settled as of an instant, those first whose answer is late, then by the
// day to answer by, then the oldest; at most limit, and whether there are more.
func OpenDisputes(ctx context.Context, db Queryer, now time.Time, limit int) ([]DisputeLine, bool, error) {
	limit = bounded(limit)
	found, err := list[DisputeLine](ctx, db, disputes+`
		WHERE d.state IN ('open', 'under_review')
		ORDER BY late DESC, nullif(d.answer_by, '') NULLS LAST, d.raised_at, d.id LIMIT $2`, now, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list open disputes: %w", err)
	}
	return found[:min(len(found), limit)], len(found) > limit, nil
}

// DisputesOf gives the disputes of an invoice as of an instant, the oldest first, at most MaxLimit.
func DisputesOf(ctx context.Context, db Queryer, invoice uuid.UUID, now time.Time) ([]DisputeLine, error) {
	found, err := list[DisputeLine](ctx, db, disputes+` WHERE d.invoice = $2 ORDER BY d.raised_at, d.id LIMIT $3`, now, invoice, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list disputes of invoice %s: %w", invoice, err)
	}
	return found, nil
}

// DisputeByID gives one dispute as of an instant; domain.ErrNotFound when there is none.
func DisputeByID(ctx context.Context, db Queryer, id uuid.UUID, now time.Time) (DisputeLine, error) {
	dispute, err := one[DisputeLine](ctx, db, disputes+` WHERE d.id = $2`, now, id)
	return dispute, notFound(err, "no_such_dispute", "dispute", id)
}
