package client

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// OrganisationRow is a row of organisation.
type OrganisationRow struct {
	ID       uuid.UUID `db:"id"` // the client's own
	Client   uuid.UUID `db:"client"`
	Name     string    `db:"name"`
	Zone     string    `db:"zone"`     // IANA name
	Language string    `db:"language"` // BCP 47
	Currency string    `db:"currency"` // ISO 4217
	// Seats is the limit for invitations by the client's own admins, SeatsTaken how many users log in.
	Seats      int `db:"seats"`
	SeatsTaken int `db:"seats_taken"`
}

// PersonRow is a row of people. The name is in the accounts.
type PersonRow struct {
	ID     uuid.UUID `db:"id"`
	Client uuid.UUID `db:"client"`
	Role   string    `db:"role"`
	Grants string    `db:"grants"` // sorted, separated by single spaces
	State  string    `db:"state"`  // "invited", "active" or "ended"
}

// Me is the viewer and the organisation the viewer belongs to.
type Me struct {
	ID           uuid.UUID    `json:"id" format:"uuid"`
	Name         string       `json:"name" doc:"Empty when the account has none."`
	Role         string       `json:"role" enum:"client_admin,client_employee"`
	Grants       []string     `json:"grants" nullable:"false" doc:"What an employee may do beyond the role, sorted."`
	Organisation Organisation `json:"organisation"`
}

// Organisation is the client organisation.
type Organisation struct {
	Name     string `json:"name"`
	Zone     string `json:"zone" example:"Australia/Sydney" doc:"IANA time zone."`
	Language string `json:"language" example:"en-AU" doc:"BCP 47 tag."`
	Currency string `json:"currency" example:"AUD" doc:"ISO 4217 code."`
}

// ReadMe gives the viewer. It is domain.ErrNotFound for a person who is not active in the organisation.
func ReadMe(ctx context.Context, tx pgx.Tx, v Viewer) (Me, error) {
	type row struct {
		Name, Role, Grants                     string
		Organisation, Zone, Language, Currency string
	}
	r, err := one[row](ctx, tx, "person", `
		SELECT coalesce(a.name, '') AS name, p.role, p.grants,
		       o.name AS organisation, o.zone, o.language, o.currency
		FROM people p
		JOIN organisation o ON o.id = p.client AND o.client = p.client
		LEFT JOIN accounts.people a ON a.id = p.id AND a.client = p.client
		WHERE p.client = @client AND p.id = @person AND p.state = 'active'`, v.arguments())
	if err != nil {
		return Me{}, err
	}
	return Me{
		ID: v.Person, Name: r.Name, Role: r.Role, Grants: append([]string{}, strings.Fields(r.Grants)...),
		Organisation: Organisation{Name: r.Organisation, Zone: r.Zone, Language: r.Language, Currency: r.Currency},
	}, nil
}
