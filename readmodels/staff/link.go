package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// TicketLink is a row of ticket_links: a tie that the ticket holds to another one.
type TicketLink struct {
	ID       uuid.UUID  `db:"id"`
	Ticket   uuid.UUID  `db:"ticket"`
	Other    uuid.UUID  `db:"other"`
	Relation string     `db:"relation"` // a ticket.Relation
	LinkedBy *uuid.UUID `db:"linked_by"`
	LinkedAt time.Time  `db:"linked_at"`
}

// Related is another ticket as it stands to one.
type Related struct {
	Ticket Ticket
	// Relation is that of a link, of this ticket or with Inverse of the other one; or "merged" and "split", where
	// the other one was merged into this one or cut off from it, and "follows", where it takes this one up again.
	// With Inverse these are the other way round.
	Relation string
	Inverse  bool
}

// RelatedTickets gives the tickets that are tied to one, in whatever way, at most MaxLimit.
func RelatedTickets(ctx context.Context, db Queryer, ticket uuid.UUID) ([]Related, error) {
	type row struct {
		Ticket
		Relation string `db:"relation"`
		Inverse  bool   `db:"inverse"`
	}
	found, err := list[row](ctx, db, `
		WITH ties AS (
			SELECT other AS tied, relation, false AS inverse FROM ticket_links WHERE ticket = $1
			UNION SELECT ticket, relation, true FROM ticket_links WHERE other = $1
			UNION SELECT id, 'merged', false FROM tickets WHERE merged_into = $1
			UNION SELECT id, 'split', false FROM tickets WHERE split_from = $1
			UNION SELECT id, 'follows', false FROM tickets WHERE follows = $1
			UNION SELECT merged_into, 'merged', true FROM tickets WHERE id = $1
			UNION SELECT split_from, 'split', true FROM tickets WHERE id = $1
			UNION SELECT follows, 'follows', true FROM tickets WHERE id = $1
		)
		SELECT `+ticketColumns+`, relation, inverse
		FROM ties JOIN tickets ON id = tied
		ORDER BY raised_at, id, relation, inverse
		LIMIT $2`, ticket, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list tickets tied to %s: %w", ticket, err)
	}
	related := make([]Related, len(found))
	for i, r := range found {
		related[i] = Related{Ticket: r.Ticket, Relation: r.Relation, Inverse: r.Inverse}
	}
	return related, nil
}
