package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Client is a row of clients: one client organisation.
type Client struct {
	ID             uuid.UUID  `db:"id" json:"id"`
	Name           string     `db:"name" json:"name"`
	Zone           string     `db:"zone" json:"zone"`         // IANA name
	Language       string     `db:"language" json:"language"` // BCP 47
	Currency       string     `db:"currency" json:"currency"` // ISO 4217
	AccountManager *uuid.UUID `db:"account_manager" json:"account_manager,omitempty"`
	Seats          int        `db:"seats" json:"seats"`             // the limit for invitations by the client's own admins
	SeatsTaken     int        `db:"seats_taken" json:"seats_taken"` // users who log in or are invited
	Source         string     `db:"source" json:"source"`           // where it was imported from; empty unless it was
	RegisteredAt   time.Time  `db:"registered_at" json:"registered_at"`
	Revision       int64      `db:"revision" json:"revision"`
}

const clientColumns = `id, name, zone, language, currency, account_manager, seats, seats_taken, source, registered_at, revision`

// ClientByID gives one client; domain.ErrNotFound when there is none.
func ClientByID(ctx context.Context, db Queryer, id uuid.UUID) (Client, error) {
	client, err := one[Client](ctx, db, `SELECT `+clientColumns+` FROM clients WHERE id = $1`, id)
	return client, notFound(err, "no_such_client", "client", id)
}

// Clients gives the clients in the order of their names, after the client given (uuid.Nil: from the
// start), at most limit of them, and the last one given when there are more.
func Clients(ctx context.Context, db Queryer, after uuid.UUID, limit int) ([]Client, uuid.UUID, error) {
	limit = bounded(limit)
	clients, err := list[Client](ctx, db, `
		SELECT `+clientColumns+`
		FROM clients
		WHERE $1 = '00000000-0000-0000-0000-000000000000'::uuid
			OR (lower(name), id) > (SELECT lower(name), id FROM clients WHERE id = $1)
		ORDER BY lower(name), id
		LIMIT $2`, after, limit+1)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("list clients: %w", err)
	}
	if len(clients) <= limit {
		return clients, uuid.Nil, nil
	}
	return clients[:limit], clients[limit-1].ID, nil
}
