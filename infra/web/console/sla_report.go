package console

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	rows "effigate/readmodels/staff"
)

type slaReportBody struct {
	Fresh
	From  time.Time   `json:"from"`
	Until time.Time   `json:"to"`
	Items []rows.Kept `json:"items" nullable:"false" doc:"Of the cycles that were concluded, or breached and are not concluded yet, in that time."`
}

func (c *Console) readSLAReport(ctx context.Context, tx pgx.Tx, _ reader, in *Span) (b slaReportBody, err error) {
	if b.From, b.Until, err = in.span(c.moment()); err != nil {
		return b, err
	}
	b.Items, err = rows.SLAReport(ctx, tx, in.Client, b.From, b.Until)
	return b, err
}
