package console

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// forecastsShown is how many forecasts of the past are shown and scored: a year of one line, and some.
const forecastsShown = rows.MaxLimit

type forecastsBody struct {
	Fresh
	Latest      []rows.Forecast  `json:"latest" nullable:"false" doc:"The newest of each line."`
	History     []rows.Told      `json:"history" nullable:"false" doc:"From the newest on, each with how it turned out."`
	Calibration rows.Calibration `json:"calibration" doc:"How often the bands of the history held; about 80 percent is right."`
}

func (c *Console) registerForecasts() {
	get(c, "list-forecasts", "/contracts/{id}/forecasts", "When hours will be used up, as it was told and as it came", access.ReadContracts,
		func(ctx context.Context, tx pgx.Tx, _ reader, in *contractInput) (b forecastsBody, err error) {
			id, err := web.ID(in.ID)
			if err != nil {
				return b, err
			}
			if _, err := rows.ContractByID(ctx, tx, id, c.today()); err != nil {
				return b, err
			}
			return c.foretold(ctx, tx, id)
		})
}

// foretold is what was told about the hours of a contract.
func (c *Console) foretold(ctx context.Context, tx pgx.Tx, id uuid.UUID) (b forecastsBody, err error) {
	if b.Latest, err = rows.LatestForecasts(ctx, tx, id); err != nil {
		return b, err
	}
	b.History, b.Calibration, err = rows.ToldForecasts(ctx, tx, id, c.today(), forecastsShown)
	return b, err
}
