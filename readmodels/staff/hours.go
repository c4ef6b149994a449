package staff

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// LineHours is the ledger of a line over the whole contract, in minutes.
type LineHours struct {
	Line      string `db:"line" json:"line"`
	Granted   int64  `db:"granted" json:"granted_minutes"`
	Adjusted  int64  `db:"adjusted" json:"adjusted_minutes"`
	Included  int64  `db:"included" json:"included_minutes" doc:"By a retainer, in all months so far."`
	Used      int64  `db:"used" json:"used_minutes" doc:"Approved and weighted."`
	Expired   int64  `db:"expired" json:"expired_minutes"`
	Remaining int64  `db:"remaining" json:"remaining_minutes" doc:"What is left of bought hours; never negative."`
	Over      int64  `db:"over" json:"over_minutes" doc:"Used beyond what was bought."`
}

// Of is how many hours there are to use in all.
func (l LineHours) Of() int64 { return l.Granted + l.Adjusted + l.Included }

// JobTypeHours is what one category of work has taken over the whole contract, in minutes.
type JobTypeHours struct {
	JobType string `db:"job_type" json:"job_type"`
	Billed  int64  `db:"billed" json:"billed_minutes" doc:"Approved."`
	Drawn   int64  `db:"drawn" json:"drawn_minutes" doc:"Of bought hours, weighted."`
	Waiting int64  `db:"waiting" json:"waiting_minutes" doc:"Raw time that nobody has approved yet."`
}

// HoursByLine gives the ledger of each line of a contract that has any hours or has used some, by line.
func HoursByLine(ctx context.Context, db Queryer, contract uuid.UUID) ([]LineHours, error) {
	lines, err := list[LineHours](ctx, db, `
		WITH entries AS (
			SELECT line, minutes AS granted, adjusted_minutes AS adjusted, 0::bigint AS included, 0::bigint AS used, 0::bigint AS expired
			FROM buckets WHERE contract = $1
			UNION ALL
			SELECT h.line, 0, 0, h.included_minutes, h.shortfall_minutes, h.expired_minutes
			FROM periods AS p, json_to_recordset(p.hours::json)
				AS h (line text, included_minutes bigint, shortfall_minutes bigint, expired_minutes bigint)
			WHERE p.contract = $1
			UNION ALL
			SELECT line, 0, 0, 0, drawn_minutes, 0 FROM time_records WHERE contract = $1 AND status = 'approved' AND drawn_minutes <> 0
		), ledger AS (
			SELECT line, coalesce(sum(granted), 0)::bigint AS granted, coalesce(sum(adjusted), 0)::bigint AS adjusted,
				coalesce(sum(included), 0)::bigint AS included, coalesce(sum(used), 0)::bigint AS used,
				coalesce(sum(expired), 0)::bigint AS expired
			FROM entries GROUP BY line
		)
		SELECT *, greatest(granted + adjusted + included - used - expired, 0) AS remaining,
			greatest(used + expired - granted - adjusted - included, 0) AS over
		FROM ledger ORDER BY line LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("add up the hours of contract %s: %w", contract, err)
	}
	return lines, nil
}

// HoursByJobType gives what each category of work of a contract has taken, by its key.
func HoursByJobType(ctx context.Context, db Queryer, contract uuid.UUID) ([]JobTypeHours, error) {
	jobTypes, err := list[JobTypeHours](ctx, db, `
		SELECT job_type, coalesce(sum(billed_minutes) FILTER (WHERE status = 'approved'), 0)::bigint AS billed,
			coalesce(sum(drawn_minutes) FILTER (WHERE status = 'approved'), 0)::bigint AS drawn,
			coalesce(sum(seconds) FILTER (WHERE status = 'submitted'), 0)::bigint / 60 AS waiting
		FROM time_records WHERE contract = $1
		GROUP BY job_type ORDER BY job_type LIMIT $2`, contract, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("add up the job types of contract %s: %w", contract, err)
	}
	return jobTypes, nil
}
