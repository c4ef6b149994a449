package client

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Mentionable is somebody whom the viewer may mention in a comment on a ticket (F11).
type Mentionable struct {
	ID       uuid.UUID `db:"id"        json:"id" format:"uuid"`
	Name     string    `db:"name"      json:"name"`
	Role     string    `db:"role"      json:"role"`
	ByClient bool      `db:"by_client" json:"by_client" doc:"Of your organisation."`
}

// maxMentionable bounds the people who are offered.
const maxMentionable = 500

// ListMentionable gives whom the viewer may mention on a ticket: who of the organisation may read it, and whom of the
// firm it has read there. It is domain.ErrNotFound when the viewer may not see the ticket.
func ListMentionable(ctx context.Context, tx pgx.Tx, v Viewer, ticket uuid.UUID) ([]Mentionable, error) {
	if err := FindTicket(ctx, tx, v, ticket); err != nil {
		return nil, err
	}
	arguments := v.arguments()
	arguments["ticket"], arguments["limit"] = ticket, maxMentionable
	return list[Mentionable](ctx, tx, "people to mention", `
		SELECT p.id, a.name, p.role, true AS by_client
		FROM people p
		JOIN accounts.people a ON a.id = p.id AND a.client = p.client
		JOIN tickets t ON t.client = p.client AND t.id = @ticket
		WHERE p.client = @client AND p.state = 'active' AND p.id <> @person AND (p.role = 'client_admin' OR p.id = t.raised_by)
		UNION ALL
		SELECT s.person, s.name, s.role, false
		FROM accounts.staff_profiles s
		WHERE s.person IN (SELECT m.author FROM comments m WHERE m.client = @client AND m.ticket = @ticket AND NOT m.by_client)
		   OR s.person IN (SELECT t.raised_by FROM tickets t WHERE t.client = @client AND t.id = @ticket)
		ORDER BY by_client DESC, name, id LIMIT @limit`, arguments)
}
