package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// The states of a request to go beyond the hours of a line.
const (
	OverageOpen    = "open"
	OverageAllowed = "allowed"
	OverageRefused = "refused"
)

// OverageRequest is a row of overage_requests: the client is asked whether work may go on beyond the hours of a
// line.
type OverageRequest struct {
	ID         uuid.UUID  `db:"id" json:"id"`
	Contract   uuid.UUID  `db:"contract" json:"contract"`
	Month      string     `db:"month" json:"month"`
	Line       string     `db:"line" json:"line"`
	Minutes    int        `db:"minutes" json:"minutes" doc:"Beyond the hours of the line."`
	Question   string     `db:"question" json:"text" doc:"What the client is asked, word for word."`
	Status     string     `db:"status" json:"status" enum:"open,allowed,refused"`
	Answer     string     `db:"answer" json:"answer" doc:"What the client said to it."`
	AskedBy    *uuid.UUID `db:"asked_by" json:"asked_by,omitempty"`
	AskedAt    time.Time  `db:"asked_at" json:"asked_at"`
	AnsweredBy *uuid.UUID `db:"answered_by" json:"answered_by,omitempty"`
	AnsweredAt *time.Time `db:"answered_at" json:"answered_at,omitempty"`
}

// OverageRequestsIn gives what the client of a contract was asked in a period, from the newest on, at most MaxLimit.
func OverageRequestsIn(ctx context.Context, db Queryer, contract uuid.UUID, month string) ([]OverageRequest, error) {
	requests, err := list[OverageRequest](ctx, db, `
		SELECT id, contract, month, line, minutes, question, status, answer, asked_by, asked_at, answered_by, answered_at
		FROM overage_requests
		WHERE contract = $1 AND month = $2 ORDER BY asked_at DESC, id DESC LIMIT $3`, contract, month, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list overage requests of contract %s: %w", contract, err)
	}
	return requests, nil
}
