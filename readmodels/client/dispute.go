package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// DisputeRow is a row of disputes: an objection to a line of an invoice (F45).
type DisputeRow struct {
	ID         uuid.UUID  `db:"id"`
	Client     uuid.UUID  `db:"client"`
	Invoice    uuid.UUID  `db:"invoice"`
	Line       uuid.UUID  `db:"line"`
	Amount     string     `db:"amount"`
	Reason     string     `db:"reason"`
	State      string     `db:"state"`
	Answer     string     `db:"answer"`
	AnswerBy   string     `db:"answer_by"`
	Files      string     `db:"files"` // DisputeFiles as JSON; empty = none
	RaisedBy   uuid.UUID  `db:"raised_by"`
	RaisedAt   time.Time  `db:"raised_at"`
	AnsweredAt *time.Time `db:"answered_at"`
}

// Dispute is an objection to a line of an invoice, or to a part of its amount.
type Dispute struct {
	ID           uuid.UUID     `db:"id"             json:"id" format:"uuid"`
	Invoice      uuid.UUID     `db:"invoice"        json:"invoice" format:"uuid"`
	Line         uuid.UUID     `db:"line"           json:"line" format:"uuid"`
	Amount       string        `db:"amount"         json:"amount" doc:"Of the line before tax."`
	Reason       string        `db:"reason"         json:"reason"`
	State        string        `db:"state"          json:"state" enum:"open,under_review,accepted,rejected,withdrawn"`
	Answer       string        `db:"answer"         json:"answer,omitempty"`
	AnswerBy     string        `db:"answer_by"      json:"answer_by,omitempty" format:"date" doc:"The day by which you are answered; absent when none was promised."`
	Attachments  []DisputeFile `db:"attachments" json:"attachments" nullable:"false" doc:"In the order in which they were attached."`
	RaisedByName string        `db:"raised_by_name" json:"raised_by_name" doc:"Empty when the account has none."`
	RaisedAt     time.Time     `db:"raised_at"      json:"raised_at"`
	AnsweredAt   *time.Time    `db:"answered_at"    json:"answered_at,omitempty"`
}

// DisputeFile is a file beside an objection.
type DisputeFile struct {
	ID       uuid.UUID  `json:"id" format:"uuid" doc:"Its content is at /disputes/{id}/attachments/{attachment}."`
	Name     string     `json:"name"`
	Type     string     `json:"type" doc:"Media type."`
	Size     int64      `json:"size" doc:"In bytes."`
	SHA256   string     `json:"sha256" doc:"Of the content, in hex."`
	At       time.Time  `json:"at"`
	ErasedAt *time.Time `json:"erased_at,omitempty" doc:"Its content and all that described it are gone since then."`
}

// A dispute is no more to be seen than its invoice.
const selectDisputes = `
	SELECT p.id, p.invoice, p.line, p.amount, p.reason, p.state, p.answer, p.answer_by,
	       coalesce(nullif(p.files, ''), '[]')::json AS attachments, coalesce(a.name, '') AS raised_by_name, p.raised_at, p.answered_at
	FROM disputes p
	JOIN disclosed s ON s.id = p.invoice AND s.client = p.client
	LEFT JOIN accounts.people a ON a.id = p.raised_by AND a.client = p.client
	WHERE p.client = @client`

// ReadDispute gives one dispute; domain.ErrNotFound when the viewer may not see one with that id.
func ReadDispute(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (Dispute, error) {
	arguments := v.arguments()
	arguments["id"], arguments["billing"] = id, v.Billing
	return one[Dispute](ctx, tx, "dispute", selectDisputes+` AND @billing AND p.id = @id`, arguments)
}
