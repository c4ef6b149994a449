package console

import (
	"context"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"effigate/domain"
	"effigate/domain/calendar"
	"effigate/domain/zone"
	rows "effigate/readmodels/staff"
)

// spendBody is what the present month of a contract has come to. Nothing of it is invoiced yet, and all of it is before
// tax, in the contract's currency, to ten digits after the point.
type spendBody struct {
	Month    string `json:"month" example:"2026-03" doc:"The month in the contract's zone."`
	Currency string `json:"currency"`
	Worth    string `json:"worth" doc:"Approved time by the rate card, also where bought hours or a fee pay for it."`
	Charged  string `json:"charged" doc:"What is going to be charged of it, with hours beyond those bought and with charges that are not time."`
}

// spendOf works out the month by the rules that close it. A month that nobody opened has come to nothing.
func (c *Console) spendOf(ctx context.Context, r reader, of rows.Scope) (*spendBody, error) {
	where, err := zone.Load(of.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone of contract %s: %w", of.ID, err)
	}
	spend := &spendBody{Month: string(calendar.DateOf(c.now(), where).Month()), Currency: of.Currency, Worth: "0", Charged: "0"}
	state, err := c.previewPeriod(ctx, r, of.ID, spend.Month)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return spend, nil
	case err != nil:
		return nil, err
	}
	var worth decimal.Decimal
	for _, v := range state.Conditions() {
		worth = worth.Add(v.Amount)
	}
	spend.Worth, spend.Charged = worth.String(), totalOf(valuesOf(state))
	return spend, nil
}
