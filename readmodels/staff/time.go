package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain/terms"
)

// The states of a time record. A reversal is approved as it comes.
const (
	TimeDraft     = "draft"
	TimeSubmitted = "submitted"
	TimeReturned  = "returned"
	TimeApproved  = "approved"
	TimeDiscarded = "discarded"
	TimeMoved     = "moved" // on its way into the next period
)

// TimeRecord is a row of time_records.
type TimeRecord struct {
	ID            uuid.UUID  `db:"id" json:"id"`
	Contract      uuid.UUID  `db:"contract" json:"contract"`
	Month         string     `db:"month" json:"month" doc:"The period that it counts in."`
	Line          string     `db:"line" json:"line" doc:"Of the contract; empty until it is approved."`
	JobType       string     `db:"job_type" json:"job_type"`
	Person        *uuid.UUID `db:"person" json:"person,omitempty"`
	WorkKind      string     `db:"work_kind" json:"work_kind" enum:",ticket,task"`
	WorkID        *uuid.UUID `db:"work_id" json:"work_id,omitempty"`
	SupportLevel  string     `db:"support_level" json:"support_level" doc:"Of the work item; empty for the contract's."`
	Day           string     `db:"day" json:"day" doc:"Where the contract's days begin and end."`
	From          *time.Time `db:"from_at" json:"from,omitempty"`
	Until         *time.Time `db:"until_at" json:"until,omitempty"`
	Seconds       int64      `db:"seconds" json:"seconds" doc:"Raw, without the break."`
	BreakSeconds  int64      `db:"break_seconds" json:"break_seconds"`
	Zone          string     `db:"zone" json:"zone" doc:"IANA name, in which the person entered it."`
	Condition     string     `db:"condition" json:"condition" doc:"Given with a duration, or emergency."`
	Billing       string     `db:"billing" json:"billing" doc:"Empty when it is charged." enum:",included,no_charge,non_billable"`
	BillingReason string     `db:"billing_reason" json:"billing_reason" doc:"Internal."`
	Description   string     `db:"description" json:"description" doc:"What the client reads."`
	Note          string     `db:"note" json:"note" doc:"Internal."`
	Source        string     `db:"source" json:"-"` // a TimeSource as JSON
	Late          bool       `db:"late" json:"late" doc:"Its own period took nothing any more."`
	Status        string     `db:"status" json:"status" enum:"draft,submitted,returned,approved,discarded,moved"`
	ReturnReason  string     `db:"return_reason" json:"return_reason"`
	BilledMinutes int64      `db:"billed_minutes" json:"billed_minutes"`
	DrawnMinutes  int64      `db:"drawn_minutes" json:"drawn_minutes" doc:"From bought hours, weighted."`
	Pin           int        `db:"pin" json:"pin" doc:"The number of the terms in its period that it was approved under."`
	Parts         string     `db:"parts" json:"-"` // JSON; empty until it is approved
	TZData        string     `db:"tzdata" json:"tzdata" doc:"The release of the time zones that it was split by."`
	Replaces      *uuid.UUID `db:"replaces" json:"replaces,omitempty" doc:"The locked record that it takes the place of."`
	Reverses      *uuid.UUID `db:"reverses" json:"reverses,omitempty" doc:"The locked record that it takes back."`
	ReversesMonth string     `db:"reverses_month" json:"reverses_month"`
	Reversal      *uuid.UUID `db:"reversal" json:"reversal,omitempty" doc:"Of a corrected record."`
	Replacement   *uuid.UUID `db:"replacement" json:"replacement,omitempty" doc:"Of a corrected record."`
	Correction    string     `db:"correction" json:"correction" doc:"Why it was corrected."`
	CorrectedInto string     `db:"corrected_into" json:"corrected_into" doc:"The period that has reversal and replacement."`
	MovedFrom     string     `db:"moved_from" json:"moved_from" doc:"The period that it stood in before."`
	MovesInto     string     `db:"moves_into" json:"moves_into" doc:"The period that it is on its way to."`
	LoggedBy      *uuid.UUID `db:"logged_by" json:"logged_by,omitempty"`
	LoggedAt      time.Time  `db:"logged_at" json:"logged_at"`
	StatusBy      *uuid.UUID `db:"status_by" json:"status_by,omitempty"`
	StatusAt      time.Time  `db:"status_at" json:"status_at"`
	Revision      int64      `db:"revision" json:"revision" doc:"Of the period's stream."`
}

// TimeSource is how a record came to be.
type TimeSource struct {
	Kind   string `json:"kind"`
	System string `json:"system,omitempty"`
	Key    string `json:"key,omitempty"`
	File   string `json:"file,omitempty"`
	Row    int    `json:"row,omitempty"`
}

// TimeLine is a record with the names of what it belongs to.
type TimeLine struct {
	TimeRecord
	Reference   string     `db:"reference" json:"reference" doc:"Of the contract."`
	Client      *uuid.UUID `db:"client" json:"client,omitempty"`
	ClientName  string     `db:"client_name" json:"client_name"`
	JobTypeName string     `db:"job_type_name" json:"job_type_name"`
	Overlaps    bool       `db:"overlaps" json:"overlaps" doc:"The person logged other work at the same time."`
}

const timeColumns = `t.id, t.contract, t.month, t.line, t.job_type, t.person, t.work_kind, t.work_id, t.support_level, t.day,
	t.from_at, t.until_at, t.seconds, t.break_seconds, t.zone, t.condition, t.billing, t.billing_reason, t.description, t.note,
	t.source, t.late, t.status, t.return_reason, t.billed_minutes, t.drawn_minutes, t.pin, t.parts, t.tzdata, t.replaces,
	t.reverses, t.reverses_month, t.reversal, t.replacement, t.correction, t.corrected_into, t.moved_from, t.moves_into,
	t.logged_by, t.logged_at, t.status_by, t.status_at, t.revision`

// overlapping is what makes the records t and o of one person overlap. What was thrown away, taken back or replaced
// is no work any more, and half-open spans that touch do not overlap.
const overlapping = `o.person = t.person AND o.id <> t.id AND o.from_at < t.until_at AND o.until_at > t.from_at
	AND o.status NOT IN ('discarded', 'moved') AND o.reverses IS NULL AND o.reversal IS NULL
	AND t.status NOT IN ('discarded', 'moved') AND t.reverses IS NULL AND t.reversal IS NULL`

const timeLines = `
	SELECT ` + timeColumns + `, coalesce(c.reference, '') AS reference, c.client, coalesce(client.name, '') AS client_name,
		coalesce((
			SELECT j->>'name'
			FROM contract_versions AS v, json_array_elements(v.job_types::json) AS j
			WHERE v.contract = t.contract AND v.number = c.version AND j->>'key' = t.job_type LIMIT 1
		), t.job_type) AS job_type_name,
		EXISTS (SELECT FROM time_records AS o WHERE ` + overlapping + `) AS overlaps
	FROM time_records AS t
	LEFT JOIN contracts AS c ON c.id = t.contract
	LEFT JOIN clients AS client ON client.id = c.client`

// TimeFilter narrows the list of time records; the zero value of a field narrows nothing but Statuses, which then
// leaves out what was discarded and what is on its way to another period.
type TimeFilter struct {
	Contract    uuid.UUID
	Person      uuid.UUID
	Month       string // that it counts in
	Statuses    []string
	From, Until string // days, both included
	After       TimeCursor
	Limit       int // at most MaxLimit, which zero stands for
}

// TimeCursor is the last record of a page; the zero cursor is before all.
type TimeCursor struct {
	Day string
	ID  uuid.UUID
}

// IsZero reports whether the cursor names no record.
func (c TimeCursor) IsZero() bool { return c.Day == "" }

// String gives the cursor as text, empty for the zero cursor.
func (c TimeCursor) String() string {
	if c.IsZero() {
		return ""
	}
	return c.Day + " " + c.ID.String()
}

// ParseTimeCursor reads what String gave.
func ParseTimeCursor(text string) (TimeCursor, error) {
	if text == "" {
		return TimeCursor{}, nil
	}
	day, id, _ := strings.Cut(text, " ")
	parsed, err := uuid.Parse(id)
	if _, wrong := time.Parse(time.DateOnly, day); err != nil || wrong != nil {
		return TimeCursor{}, fmt.Errorf("%q is no cursor of time records", text)
	}
	return TimeCursor{Day: day, ID: parsed}, nil
}

// Times gives time records from the latest day back, and the cursor of the next page, which is zero after the last.
func Times(ctx context.Context, db Queryer, filter TimeFilter) ([]TimeLine, TimeCursor, error) {
	limit := bounded(filter.Limit)
	where, arguments := filter.where()
	arguments = append(arguments, limit+1)
	times, err := list[TimeLine](ctx, db, fmt.Sprintf(
		`%s WHERE %s ORDER BY t.day DESC, t.id DESC LIMIT $%d`, timeLines, where, len(arguments),
	), arguments...)
	if err != nil {
		return nil, TimeCursor{}, fmt.Errorf("list time records: %w", err)
	}
	if len(times) <= limit {
		return times, TimeCursor{}, nil
	}
	last := times[limit-1]
	return times[:limit], TimeCursor{Day: last.Day, ID: last.ID}, nil
}

// where gives the condition of the filter, written for its fields in use, and the arguments in their order.
func (f TimeFilter) where() (string, []any) {
	statuses := f.Statuses
	if len(statuses) == 0 {
		statuses = []string{TimeDraft, TimeSubmitted, TimeReturned, TimeApproved}
	}
	conditions, arguments := []string{"t.status = ANY ($1::text[])"}, []any{statuses}
	and := func(condition string, value any) {
		arguments = append(arguments, value)
		conditions = append(conditions, fmt.Sprintf(condition, len(arguments)))
	}
	if f.Contract != uuid.Nil {
		and("t.contract = $%d", f.Contract)
	}
	if f.Person != uuid.Nil {
		and("t.person = $%d", f.Person)
	}
	if f.Month != "" {
		and("t.month = $%d", f.Month)
	}
	if f.From != "" {
		and("t.day >= $%d", f.From)
	}
	if f.Until != "" {
		and("t.day <= $%d", f.Until)
	}
	if !f.After.IsZero() {
		and("(t.day, t.id) < ($%d", f.After.Day)
		and("$%d)", f.After.ID)
		last := len(conditions) - 1
		conditions = append(conditions[:last-1], conditions[last-1]+", "+conditions[last])
	}
	return strings.Join(conditions, " AND "), arguments
}

// TimeByID gives one record; domain.ErrNotFound when there is none.
func TimeByID(ctx context.Context, db Queryer, id uuid.UUID) (TimeLine, error) {
	found, err := one[TimeLine](ctx, db, timeLines+` WHERE t.id = $1`, id)
	return found, notFound(err, "no_such_time", "time record", id)
}

// Overlapping gives the other work that the person of a record logged for the same time, by when it began, at most
// MaxLimit.
func Overlapping(ctx context.Context, db Queryer, id uuid.UUID) ([]TimeLine, error) {
	found, err := list[TimeLine](ctx, db, timeLines+`
		WHERE t.id IN (SELECT o.id FROM time_records AS o, time_records AS t WHERE t.id = $1 AND `+overlapping+`)
		ORDER BY t.from_at, t.id LIMIT $2`, id, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list records that overlap %s: %w", id, err)
	}
	return found, nil
}

// TimesWaiting gives the submitted records by client, contract, month, person and day, at most limit, and whether there
// are more. One command approves MaxLimit.
func TimesWaiting(ctx context.Context, db Queryer, limit int) ([]TimeLine, bool, error) {
	limit = bounded(limit)
	found, err := list[TimeLine](ctx, db, timeLines+`
		WHERE t.status = 'submitted'
		ORDER BY client_name, reference, t.contract, t.month, t.person, t.day, t.from_at, t.id LIMIT $1`, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list time records that wait for approval: %w", err)
	}
	return found[:min(len(found), limit)], len(found) > limit, nil
}

// TimeTotal is how many records of a period are in one state, with their time.
type TimeTotal struct {
	Status  string `db:"status" json:"status"`
	Records int64  `db:"records" json:"records"`
	Seconds int64  `db:"seconds" json:"seconds" doc:"Raw."`
	Billed  int64  `db:"billed" json:"billed_minutes"`
	Drawn   int64  `db:"drawn" json:"drawn_minutes"`
}

// TimeTotals counts the records of a period by state.
func TimeTotals(ctx context.Context, db Queryer, contract uuid.UUID, month string) ([]TimeTotal, error) {
	totals, err := list[TimeTotal](ctx, db, `
		SELECT status, count(*) AS records, sum(seconds)::bigint AS seconds, sum(billed_minutes)::bigint AS billed,
			sum(drawn_minutes)::bigint AS drawn
		FROM time_records
		WHERE contract = $1 AND month = $2 AND status NOT IN ('discarded', 'moved')
		GROUP BY status ORDER BY status LIMIT $3`, contract, month, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("count time records of contract %s: %w", contract, err)
	}
	return totals, nil
}

// LastZone gives the zone in which a person entered time most recently; empty when it never did.
func LastZone(ctx context.Context, db Queryer, person uuid.UUID) (string, error) {
	type row struct {
		Zone string `db:"zone"`
	}
	found, err := list[row](ctx, db, `SELECT zone FROM time_records WHERE person = $1 AND zone <> '' ORDER BY day DESC, id DESC LIMIT 1`, person)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].Zone, nil
}

// Workable is a contract that takes time, with what can be done under it and nothing else.
type Workable struct {
	ID         uuid.UUID       `db:"id" json:"id"`
	Reference  string          `db:"reference" json:"reference"`
	Client     uuid.UUID       `db:"client" json:"client"`
	ClientName string          `db:"client_name" json:"client_name"`
	Zone       string          `db:"zone" json:"zone"`
	JobTypes   []terms.JobType `db:"-" json:"job_types" nullable:"false"`
}

// Workables gives the contracts in force by client and reference, at most MaxLimit.
func Workables(ctx context.Context, db Queryer) ([]Workable, error) {
	type row struct {
		Workable
		Encoded string `db:"job_types"`
	}
	found, err := list[row](ctx, db, `
		SELECT c.id, c.reference, c.client, coalesce(client.name, '') AS client_name, c.zone, v.job_types
		FROM contracts AS c
		JOIN contract_versions AS v ON v.contract = c.id AND v.number = c.version
		LEFT JOIN clients AS client ON client.id = c.client
		WHERE c.status = 'active'
		ORDER BY client_name, c.reference, c.id LIMIT $1`, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("list contracts that take time: %w", err)
	}
	workables := make([]Workable, len(found))
	for i, contract := range found {
		workables[i] = contract.Workable
		if err := json.Unmarshal([]byte(contract.Encoded), &workables[i].JobTypes); err != nil {
			return nil, fmt.Errorf("decode job types of contract %s: %w", contract.ID, err)
		}
	}
	return workables, nil
}
