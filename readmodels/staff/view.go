package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// MaxViews is how many views a person may keep.
const MaxViews = 50

// View is a search that a person keeps: filters of the queue or of the list of tickets, as the query of their address.
type View struct {
	ID      uuid.UUID `db:"id" json:"id"`
	Name    string    `db:"name" json:"name"`
	List    string    `db:"list" json:"list" enum:"queue,tickets"`
	Query   string    `db:"query" json:"query" example:"priority=critical&mine=true"`
	SavedAt time.Time `db:"saved_at" json:"saved_at"`
}

// Views gives the views of a person by name.
func Views(ctx context.Context, db Queryer, person uuid.UUID) ([]View, error) {
	views, err := list[View](ctx, db, `
		SELECT id, name, list, query, saved_at
		FROM control.views
		WHERE person = $1
		ORDER BY lower(name), id
		LIMIT $2`, person, MaxViews)
	if err != nil {
		return nil, fmt.Errorf("list views of person %s: %w", person, err)
	}
	return views, nil
}
