package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/sla"
)

// Clock is a row of clocks: what has become of the promises about one ticket.
type Clock struct {
	ID       uuid.UUID `db:"id"`       // of the ticket
	Open     bool      `db:"open"`     // a cycle of some goal goes on
	Promises string    `db:"promises"` // as JSON; Decode gives its clock
	// Goal and Due are of the promise that is to be kept first, among those that count or were missed; Near is the
	// earliest near-breach instant. Due is absent while everything is paused or nothing is promised.
	Goal string     `db:"goal"`
	Due  *time.Time `db:"due"`
	Near *time.Time `db:"near"`
	// NextAt is when time alone changes something: a threshold that was not written down yet, or the closing of a
	// resolved ticket. It may have passed.
	NextAt          *time.Time `db:"next_at"`
	Paused          bool       `db:"paused"`           // some promise stands still, and none counts
	Breached        bool       `db:"breached"`         // a cycle that goes on was written down as breached
	Pauses          int        `db:"pauses"`           // how many there were, in all cycles
	EscalatedAt     *time.Time `db:"escalated_at"`     // the newest escalation
	EscalationLevel int        `db:"escalation_level"` // the highest of the cycles that count now; 0 = it is not escalated
	Policy          *uuid.UUID `db:"policy"`
	PolicyVersion   int        `db:"policy_version"`
	Calendar        *uuid.UUID `db:"calendar"` // absent for the office hours of the contract's zone
	CalendarVersion int        `db:"calendar_version"`
	Source          string     `db:"source"` // a sla.Source
	SupportLevel    string     `db:"support_level"`
	Zones           string     `db:"zones"` // the version of the tz database that the pin was made with
	Imported        bool       `db:"imported"`
	BeganAt         time.Time  `db:"began_at"`
	MovedAt         time.Time  `db:"moved_at"`
	Revision        int64      `db:"revision"` // of the ticket, at the newest event that moved the clock
}

const clockColumns = `id, open, promises, goal, due, near, next_at, paused, breached, pauses, escalated_at,
	escalation_level, policy, policy_version, calendar, calendar_version, source, support_level, zones, imported, began_at, moved_at, revision`

// Decode gives the clock itself.
func (c Clock) Decode() (sla.Clock, error) { return decodeClock(c.ID, c.Promises) }

func decodeClock(ticket uuid.UUID, promises string) (sla.Clock, error) {
	var held struct {
		Clock sla.Clock `json:"clock"`
	}
	if err := json.Unmarshal([]byte(promises), &held); err != nil {
		return sla.Clock{}, fmt.Errorf("decode clock of ticket %s: %w", ticket, err)
	}
	return held.Clock, nil
}

// ClockByID gives the clock of a ticket; domain.ErrNotFound when there is no such ticket.
func ClockByID(ctx context.Context, db Queryer, ticket uuid.UUID) (Clock, error) {
	clock, err := one[Clock](ctx, db, `SELECT `+clockColumns+` FROM clocks WHERE id = $1`, ticket)
	return clock, notFound(err, "no_such_ticket", "ticket", ticket)
}

// Deadline is an instant at which time alone changes something about a ticket.
type Deadline struct {
	Ticket uuid.UUID `db:"id"`
	At     time.Time `db:"next_at"`
}

// DueClocks gives the deadlines that have passed at an instant, the earliest first, those after one (zero: from the
// start), at most limit and MaxLimit.
func DueClocks(ctx context.Context, db Queryer, now time.Time, after Deadline, limit int) ([]Deadline, error) {
	due, err := list[Deadline](ctx, db, `
		SELECT id, next_at
		FROM clocks
		WHERE next_at <= $1 AND (next_at, id) > ($2, $3)
		ORDER BY next_at, id
		LIMIT $4`, now, after.At, after.Ticket, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("list deadlines that passed: %w", err)
	}
	return due, nil
}

// NextDue gives the earliest deadline after an instant; domain.ErrNotFound when there is none.
func NextDue(ctx context.Context, db Queryer, after time.Time) (Deadline, error) {
	next, err := one[Deadline](ctx, db, `
		SELECT id, next_at
		FROM clocks
		WHERE next_at > $1
		ORDER BY next_at, id
		LIMIT 1`, after)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return next, domain.Refuse(domain.ErrNotFound, "no_deadline", "no ticket has a deadline")
	case err != nil:
		return next, fmt.Errorf("read the next deadline: %w", err)
	}
	return next, nil
}

// OpenClock is a ticket that goes on, and what was last pinned for it.
type OpenClock struct {
	Ticket          uuid.UUID  `db:"id"`
	Client          uuid.UUID  `db:"client"`
	Contract        *uuid.UUID `db:"contract"` // absent while what is asked for is out of scope
	Policy          *uuid.UUID `db:"policy"`
	PolicyVersion   int        `db:"policy_version"`
	Calendar        *uuid.UUID `db:"calendar"`
	CalendarVersion int        `db:"calendar_version"`
	Source          string     `db:"source"` // a sla.Source
	SupportLevel    string     `db:"support_level"`
	Zones           string     `db:"zones"`    // the version of the tz database that the pin was made with
	Imported        bool       `db:"imported"` // nothing is promised about it
}

// OpenClocks gives the tickets that go on by id, those after one, at most limit and MaxLimit.
func OpenClocks(ctx context.Context, db Queryer, after uuid.UUID, limit int) ([]OpenClock, error) {
	clocks, err := list[OpenClock](ctx, db, `
		SELECT c.id, t.client, t.contract, c.policy, c.policy_version, c.calendar, c.calendar_version, c.source,
			c.support_level, c.zones, c.imported
		FROM clocks c JOIN tickets t ON t.id = c.id
		WHERE c.open AND c.id > $1
		ORDER BY c.id
		LIMIT $2`, after, bounded(limit))
	if err != nil {
		return nil, fmt.Errorf("list open clocks: %w", err)
	}
	return clocks, nil
}

// Outcome is a row of targets: a cycle of a goal, as far as something was written down about it.
type Outcome struct {
	ID             uuid.UUID  `db:"id" json:"-"`
	Ticket         uuid.UUID  `db:"ticket" json:"ticket"`
	Goal           string     `db:"goal" json:"goal"`
	Cycle          int        `db:"cycle" json:"cycle"`                               // from 1
	State          string     `db:"state" json:"state"`                               // a sla.State: near_breach, breached, met, met_late or cancelled
	GoalSeconds    int64      `db:"goal_seconds" json:"goal_seconds,omitempty"`       // when it was concluded
	ElapsedSeconds int64      `db:"elapsed_seconds" json:"elapsed_seconds,omitempty"` // when it was concluded
	NearAt         *time.Time `db:"near_at" json:"near_at,omitempty"`
	BreachedAt     *time.Time `db:"breached_at" json:"breached_at,omitempty"` // the due instant
	ConcludedAt    *time.Time `db:"concluded_at" json:"concluded_at,omitempty"`
	ExcusedAt      *time.Time `db:"excused_at" json:"excused_at,omitempty"` // the breach does not count
	ExcusedBy      *uuid.UUID `db:"excused_by" json:"excused_by,omitempty"`
	ExcusedWhy     string     `db:"excused_why" json:"excused_why,omitempty"`
	ExcusedReason  string     `db:"excused_reason" json:"excused_reason,omitempty"`
	ReachedAt      time.Time  `db:"reached_at" json:"reached_at"` // the state
}

// Targets gives what was written down about the promises of a ticket, by goal and cycle, at most MaxLimit.
func Targets(ctx context.Context, db Queryer, ticket uuid.UUID) ([]Outcome, error) {
	targets, err := list[Outcome](ctx, db, `
		SELECT id, ticket, goal, cycle, state, goal_seconds, elapsed_seconds, near_at, breached_at, concluded_at,
			excused_at, excused_by, excused_why, excused_reason, reached_at
		FROM targets
		WHERE ticket = $1
		ORDER BY goal, cycle
		LIMIT $2`, ticket, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list targets of ticket %s: %w", ticket, err)
	}
	return targets, nil
}

// Escalation is a row of escalations: a level of the ladder that was reached.
type Escalation struct {
	ID        uuid.UUID `db:"id"` // of the event
	Ticket    uuid.UUID `db:"ticket"`
	Goal      string    `db:"goal"`
	Cycle     int       `db:"cycle"`
	Number    int       `db:"number"` // of the level, 1 to 4
	Level     string    `db:"level"`  // a sla.Level as JSON
	ReachedAt time.Time `db:"reached_at"`
	Revision  int64     `db:"revision"`
}

// Reached is an escalation with what its level says.
type Reached struct {
	ID    uuid.UUID `db:"id" json:"id"`
	Goal  string    `db:"goal" json:"goal"`
	Cycle int       `db:"cycle" json:"cycle"`
	Level sla.Level `db:"level" json:"level"` // whom it told, and what it did
	At    time.Time `db:"reached_at" json:"at"`
}

// Escalations gives the escalations of a ticket, the first one first, at most MaxLimit.
func Escalations(ctx context.Context, db Queryer, ticket uuid.UUID) ([]Reached, error) {
	reached, err := list[Reached](ctx, db, `
		SELECT id, goal, cycle, level::json, reached_at
		FROM escalations
		WHERE ticket = $1
		ORDER BY revision
		LIMIT $2`, ticket, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list escalations of ticket %s: %w", ticket, err)
	}
	return reached, nil
}

// Pinning is when and why something was pinned for a ticket, with the present names of what was.
type Pinning struct {
	At           time.Time `db:"happened_at"`
	Why          string    `db:"why"`
	PolicyName   string    `db:"policy_name"`
	CalendarName string    `db:"calendar_name"`
}

// Pinnings gives what was pinned for a ticket, the first one first, at most MaxHistory.
func Pinnings(ctx context.Context, db Queryer, ticket uuid.UUID) ([]Pinning, error) {
	pinnings, err := list[Pinning](ctx, db, `
		SELECT e.happened_at, coalesce(e.told ->> 'reason', '') AS why,
			coalesce(p.name, '') AS policy_name, coalesce(c.name, '') AS calendar_name
		FROM (SELECT revision, happened_at, arguments::jsonb AS told FROM timeline WHERE ticket = $1 AND what = 'sla_pinned') AS e
			LEFT JOIN sla_policies AS p ON p.id = (e.told #>> '{policy,id}')::uuid
			LEFT JOIN calendars AS c ON c.id = (e.told #>> '{calendar,id}')::uuid
		ORDER BY e.revision
		LIMIT $2`, ticket, MaxHistory)
	if err != nil {
		return nil, fmt.Errorf("list what was pinned for ticket %s: %w", ticket, err)
	}
	return pinnings, nil
}
