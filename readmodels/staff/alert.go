package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// HoursAlert is a row of hours_alerts: a line had used that much of its hours, or of its cap. Where RunsOut is given, a
// forecast says instead that the hours will be used up on that day, before the contract ends.
type HoursAlert struct {
	ID          uuid.UUID `db:"id" json:"id"`
	Contract    uuid.UUID `db:"contract" json:"contract"`
	Month       string    `db:"month" json:"month"`
	Line        string    `db:"line" json:"line"`
	Percent     int       `db:"percent" json:"percent"`
	UsedMinutes int       `db:"used_minutes" json:"used_minutes"`
	OfMinutes   int       `db:"of_minutes" json:"of_minutes"`
	Spent       string    `db:"spent" json:"-"` // money; empty unless a cap was reached
	Cap         string    `db:"cap" json:"-"`   // money; empty unless a cap was reached
	RunsOut     string    `db:"runs_out" json:"runs_out,omitempty"`
	Ends        string    `db:"ends" json:"ends,omitempty"` // the contract's last day, with RunsOut
	Shown       bool      `db:"shown" json:"shown"`
	ReachedAt   time.Time `db:"reached_at" json:"reached_at"`
}

// HoursAlerts gives the alerts of a contract from the newest on, at most limit.
func HoursAlerts(ctx context.Context, db Queryer, contract uuid.UUID, limit int) ([]HoursAlert, error) {
	return alerts(ctx, db, contract, "", limit)
}

// HoursAlertsIn gives the alerts of one period from the newest on, at most MaxLimit.
func HoursAlertsIn(ctx context.Context, db Queryer, contract uuid.UUID, month string) ([]HoursAlert, error) {
	return alerts(ctx, db, contract, month, MaxLimit)
}

func alerts(ctx context.Context, db Queryer, contract uuid.UUID, month string, limit int) ([]HoursAlert, error) {
	alerts, err := list[HoursAlert](ctx, db, `
		SELECT id, contract, month, line, percent, used_minutes, of_minutes, spent, cap, runs_out, ends, shown, reached_at
		FROM hours_alerts
		WHERE contract = $1 AND ($2 = '' OR month = $2)
		ORDER BY reached_at DESC, id DESC
		LIMIT $3`, contract, month, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("list alerts of contract %s: %w", contract, err)
	}
	return alerts, nil
}
