package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// Answers keeps the answers to commands in the staff database, for answersKept after the command.
type Answers struct{ database *Database }

// Bounds of the table of answers: who repeats a command later is answered from the events. More old ones
// go than new ones come, so the table shrinks to its bound.
const (
	answersKept   = 90 * 24 * time.Hour
	answersPruned = 4 // old answers that each new one removes
)

// NewAnswers keeps answers in the staff database.
func NewAnswers(staff *Database) *Answers { return &Answers{database: staff} }

// Find gives the stored answer to a command byte for byte, and whether there is one. It wraps
// domain.ErrUnavailable while the database doesn't answer.
func (a *Answers) Find(ctx context.Context, command domain.CommandID) (answer []byte, known bool, err error) {
	var text string
	err = a.database.Pool.QueryRow(ctx, `SELECT answer::text FROM control.answers WHERE command = $1`, command.UUID).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w: read the answer to command %s: %w", domain.ErrUnavailable, command, err)
	}
	return []byte(text), true, nil
}

// Store keeps the first answer to a command, which is JSON; a second one changes nothing. It wraps
// domain.ErrUnavailable while the database doesn't answer.
func (a *Answers) Store(ctx context.Context, command domain.CommandID, answer []byte) error {
	_, err := a.database.Pool.Exec(ctx, `
		WITH pruned AS (
			DELETE FROM control.answers WHERE command IN (
				SELECT command FROM control.answers WHERE at < now() - $3::interval ORDER BY at LIMIT $4 FOR UPDATE SKIP LOCKED))
		INSERT INTO control.answers (command, answer) VALUES ($1, $2::text::json) ON CONFLICT DO NOTHING`,
		command.UUID, string(answer), answersKept, answersPruned)
	if err != nil {
		return fmt.Errorf("%w: store the answer to command %s: %w", domain.ErrUnavailable, command, err)
	}
	return nil
}
