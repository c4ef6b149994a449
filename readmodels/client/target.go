package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// TargetRow is a row of targets.
type TargetRow struct {
	ID               uuid.UUID  `db:"id"`
	Client           uuid.UUID  `db:"client"`
	Ticket           uuid.UUID  `db:"ticket"`
	Goal             string     `db:"goal"`
	State            string     `db:"state"`
	Due              *time.Time `db:"due"`
	RemainingSeconds int64      `db:"remaining_seconds"`
	Strip            string     `db:"strip"` // a JSON array of Stretch
}

// Target is a promise about a ticket (X1). While it runs, what is left is Due less the server's time.
type Target struct {
	Ticket           uuid.UUID  `db:"ticket"            json:"-"`
	Goal             string     `db:"goal"              json:"goal" enum:"first_response,next_response,resolution"`
	State            string     `db:"state"             json:"state" enum:"on_track,at_risk,missed,paused,met,met_late"`
	Due              *time.Time `db:"due"               json:"due,omitempty" doc:"When its time will be used up; absent while it is paused, and once it ended."`
	RemainingSeconds *int64     `db:"remaining_seconds" json:"remaining_seconds,omitempty" doc:"What is left of its time while it is paused; absent otherwise."`
	Strip            []Stretch  `db:"strip"             json:"strip,omitempty" nullable:"false" doc:"What its time was and will be spent on, oldest first; of a single ticket only."`
}

// Stretch is a part of what explains a target.
type Stretch struct {
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Doing   string    `json:"doing" enum:"counting,closed,holiday,waiting_for_you,on_hold,awaiting_approval,resolved"`
	Seconds int64     `json:"seconds" doc:"How much of it counts."`
}

// maxTargets bounds the promises about one ticket: one for each goal.
const maxTargets = 3

// targetsOf gives the promises about tickets that the viewer may see, in the order of the goals; with their strips if
// asked for.
func targetsOf(ctx context.Context, tx pgx.Tx, v Viewer, tickets []uuid.UUID, strips bool) (map[uuid.UUID][]Target, error) {
	arguments := v.arguments()
	arguments["tickets"], arguments["limit"] = tickets, maxTargets*len(tickets)
	strip := `NULL::json`
	if strips {
		strip = `nullif(g.strip, '')::json`
	}
	rows, err := list[Target](ctx, tx, "targets", `
		SELECT g.ticket, g.goal, g.state, g.due, CASE WHEN g.state = 'paused' THEN g.remaining_seconds END AS remaining_seconds, `+strip+` AS strip
		FROM targets g WHERE g.client = @client AND g.ticket = ANY(@tickets) ORDER BY g.ticket, g.goal LIMIT @limit`, arguments)
	found := make(map[uuid.UUID][]Target, len(tickets))
	for _, ticket := range tickets {
		found[ticket] = []Target{}
	}
	for _, target := range rows {
		found[target.Ticket] = append(found[target.Ticket], target)
	}
	return found, err
}
