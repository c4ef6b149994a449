package staff

import (
	"context"
	"fmt"
	"time"
)

// Parked says that a stream is set aside in this generation: what its rows show ends before the revision.
type Parked struct {
	Stream   string    `db:"stream" json:"stream"`
	Revision int64     `db:"revision" json:"revision"` // the first that could not be applied
	Cause    string    `db:"cause" json:"cause"`
	Since    time.Time `db:"since" json:"since"`
}

// ParkedAmong gives those of the streams that are parked. The generation is the connection's own.
func ParkedAmong(ctx context.Context, db Queryer, streams ...string) ([]Parked, error) {
	parked, err := list[Parked](ctx, db, `
		SELECT stream, revision, cause, since
		FROM control.parked
		WHERE stream = ANY ($1::text[]) AND 'gen_' || generation = current_schema()
		ORDER BY stream
		LIMIT $2`, streams, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("read parked streams: %w", err)
	}
	return parked, nil
}

// Whole reports whether no stream is parked in this generation: then what no row speaks of does not exist.
func Whole(ctx context.Context, db Queryer) (bool, error) {
	type row struct {
		Whole bool `db:"whole"`
	}
	found, err := one[row](ctx, db, `
		SELECT NOT EXISTS (SELECT FROM control.parked WHERE 'gen_' || generation = current_schema()) AS whole`)
	if err != nil {
		return false, fmt.Errorf("read whether streams are parked: %w", err)
	}
	return found.Whole, nil
}
