package console

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// feed is what staff hear of: the names of all that changes, and nothing of what it holds. Whether a role
// may read it is decided when it does. Whoever has no standing any more hears nothing.
type feed struct{ reads Reads }

// read reads for somebody who still is staff.
func (f feed) read(ctx context.Context, actor domain.Actor, fetch func(pgx.Tx) error) error {
	_, err := f.reads.Read(ctx, domain.Position{}, func(tx pgx.Tx) error {
		if _, err := standing(ctx, tx, actor); err != nil {
			return err
		}
		return fetch(tx)
	})
	return err
}

// Last gives the newest change.
func (f feed) Last(ctx context.Context, actor domain.Actor) (string, error) {
	var last int64
	err := f.read(ctx, actor, func(tx pgx.Tx) (err error) {
		last, err = rows.LastChange(ctx, tx)
		return err
	})
	return strconv.FormatInt(last, 10), err
}

// Since lists what changed after an id.
func (f feed) Since(ctx context.Context, actor domain.Actor, id string, limit int) ([]web.Change, error) {
	after, err := strconv.ParseInt(id, 10, 64)
	if err != nil || after < 0 {
		return nil, fmt.Errorf("%w: %q is no id of this stream", web.ErrLost, id)
	}
	var changes []rows.Change
	var known bool
	err = f.read(ctx, actor, func(tx pgx.Tx) (err error) {
		changes, known, err = rows.Changes(ctx, tx, after, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, web.ErrLost
	}
	heard := make([]web.Change, len(changes))
	for i, change := range changes {
		heard[i] = web.Change{ID: strconv.FormatInt(change.ID, 10), Kind: change.Kind, Key: change.Key, Removed: change.Removed}
	}
	return heard, nil
}

// Changed is closed when any row may have changed.
func (f feed) Changed(domain.Actor) <-chan struct{} { return f.reads.Changed() }
