package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Kept is how promises of one goal about tickets of one priority were kept. Excused breaches are counted in Excused
// alone.
type Kept struct {
	Goal      string `db:"goal" json:"goal"`
	Priority  string `db:"priority" json:"priority"`
	Met       int64  `db:"met" json:"met"`
	MetLate   int64  `db:"met_late" json:"met_late"`
	Breached  int64  `db:"breached" json:"breached"` // and never concluded: it goes on, or was cancelled
	Excused   int64  `db:"excused" json:"excused"`
	Cancelled int64  `db:"cancelled" json:"cancelled"` // in time
	// OverrunSeconds is by how much the late ones were late together, in opening time.
	OverrunSeconds int64 `db:"overrun_seconds" json:"overrun_seconds"`
}

// SLAReport counts the cycles that reached their state within [from, until), by goal and priority. A zero client means
// all of them.
func SLAReport(ctx context.Context, db Queryer, client uuid.UUID, from, until time.Time) ([]Kept, error) {
	kept, err := list[Kept](ctx, db, `
		SELECT g.goal, t.priority,
			count(*) FILTER (WHERE g.state = 'met') AS met,
			count(*) FILTER (WHERE g.state = 'met_late' AND g.excused_at IS NULL) AS met_late,
			count(*) FILTER (WHERE (g.state = 'breached' OR g.state = 'cancelled' AND g.breached_at IS NOT NULL) AND g.excused_at IS NULL) AS breached,
			count(*) FILTER (WHERE g.excused_at IS NOT NULL) AS excused,
			count(*) FILTER (WHERE g.state = 'cancelled' AND g.breached_at IS NULL AND g.excused_at IS NULL) AS cancelled,
			(coalesce(sum(g.elapsed_seconds - g.goal_seconds) FILTER (WHERE g.state = 'met_late' AND g.excused_at IS NULL), 0))::bigint AS overrun_seconds
		FROM targets g JOIN tickets t ON t.id = g.ticket
		WHERE g.reached_at >= $1 AND g.reached_at < $2 AND g.state <> 'near_breach'
			AND ($3 = '00000000-0000-0000-0000-000000000000'::uuid OR t.client = $3)
		GROUP BY g.goal, t.priority
		ORDER BY g.goal, array_position(ARRAY['critical', 'high', 'medium', 'low'], t.priority)`, from, until, client)
	if err != nil {
		return nil, fmt.Errorf("count kept promises: %w", err)
	}
	return kept, nil
}

// RaisedWithin gives the tickets that were raised within [from, until), oldest first, at most limit of them. A zero
// client means all of them.
func RaisedWithin(ctx context.Context, db Queryer, client uuid.UUID, from, until time.Time, limit int) ([]uuid.UUID, error) {
	found, err := db.Query(ctx, `
		SELECT id FROM tickets
		WHERE raised_at >= $1 AND raised_at < $2 AND ($3 = '00000000-0000-0000-0000-000000000000'::uuid OR client = $3)
		ORDER BY raised_at, id LIMIT $4`, from, until, client, limit)
	if err != nil {
		return nil, fmt.Errorf("find the tickets of a time: %w", err)
	}
	ids, err := pgx.CollectRows(found, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("find the tickets of a time: %w", err)
	}
	return ids, nil
}
