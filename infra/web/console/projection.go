package console

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/access"
	"effigate/infra/web"
)

// Projection is how one read model is doing.
type Projection struct {
	Name       string  `json:"name" enum:"client,staff"`
	Generation int     `json:"generation" doc:"The live one; 0 while there is none."`
	Position   string  `json:"position" doc:"How far the log is applied."`
	LagEvents  int64   `json:"lag_events" doc:"How many events of the log are not applied yet; -1 when it cannot be told."`
	LagSeconds float64 `json:"lag_s" doc:"How long ago the first of them was recorded; 0 without any."`
	Parked     int     `json:"parked" doc:"How many streams are set aside."`
	State      string  `json:"state" enum:"starting,catching_up,live,stalled,stale,halted"`
}

type projectionsOutput struct {
	Body struct {
		Items []Projection `json:"items" nullable:"false"`
	}
}

func (c *Console) registerProjections() {
	web.Register(c.API, access.ReadProjections, huma.Operation{
		OperationID: "list-projections", Method: http.MethodGet, Path: base + "/projections", Summary: "How the read models are doing",
	}, func(ctx context.Context, _ domain.Actor, _ *struct{}) (*projectionsOutput, error) {
		out := &projectionsOutput{}
		var err error
		if out.Body.Items, err = c.options.Projections(ctx); err != nil {
			return nil, err
		}
		// The state of the read models is none of their rows; whoever asks for it still needs a standing there.
		_, err = c.read(ctx, web.LoginOf(ctx), access.ReadProjections, domain.Position{}, func(pgx.Tx, reader) error { return nil })
		return out, err
	})
}
