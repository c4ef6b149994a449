package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// OrderNotice orders the mail that tells a person of a side, whose database it is, to look. Who has no address, was
// closed, or is written to already under the id gets none.
func OrderNotice(ctx context.Context, side *Database, id, person uuid.UUID, now time.Time) error {
	_, err := side.Pool.Exec(ctx, `
		INSERT INTO accounts.mail (id, kind, person, email, created_at, next_at)
		SELECT $1, 'notice', p.id, p.email, $3, $3
		FROM accounts.people AS p
		WHERE p.id = $2 AND p.email IS NOT NULL AND p.closed_at IS NULL AND accounts.has_mail()
		ON CONFLICT (id) DO NOTHING`, id, person, now)
	if err != nil {
		return fmt.Errorf("%w: order mail to person %s: %w", domain.ErrUnavailable, person, err)
	}
	return nil
}
