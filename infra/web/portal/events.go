package portal

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/infra/web"
	"effigate/readmodels/client"
)

// feed is what a client user hears of: changes of the client read model, with sealed ids. Nothing else
// reaches it, so an internal fact sends nothing to anybody.
type feed struct{ portal *Portal }

// Last gives the newest change that the actor may hear of.
func (f feed) Last(ctx context.Context, actor domain.Actor) (string, error) {
	var last int64
	_, err := f.portal.view(ctx, actor, domain.Position{}, func(tx pgx.Tx, v client.Viewer) (err error) {
		last, err = client.LastChange(ctx, tx, v)
		return err
	})
	return f.seal(actor, last), err
}

// Since lists what changed after an id.
func (f feed) Since(ctx context.Context, actor domain.Actor, id string, limit int) ([]web.Change, error) {
	plain, err := f.portal.sealer.Open(sealedChange, actor.Client.UUID, id)
	if err != nil || len(plain) != 8 {
		return nil, fmt.Errorf("%w: %q is no id of this stream", web.ErrLost, id)
	}
	var changes []client.Change
	var known bool
	_, err = f.portal.view(ctx, actor, domain.Position{}, func(tx pgx.Tx, v client.Viewer) (err error) {
		changes, known, err = client.ListChanges(ctx, tx, v, int64(binary.BigEndian.Uint64(plain)), limit)
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
		heard[i] = web.Change{ID: f.seal(actor, change.ID), Kind: change.Kind, Key: change.Key, Removed: change.Removed}
	}
	return heard, nil
}

// Changed is closed when any client's rows may have changed.
func (f feed) Changed(domain.Actor) <-chan struct{} { return f.portal.reads.Changed() }

func (f feed) seal(actor domain.Actor, id int64) string {
	return f.portal.sealer.Seal(sealedChange, actor.Client.UUID, binary.BigEndian.AppendUint64(nil, uint64(id)))
}
