package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// Ticket is a row of tickets: everything about one ticket but its conversation, files, promises and history.
type Ticket struct {
	ID             uuid.UUID  `db:"id" json:"id"`
	Client         uuid.UUID  `db:"client" json:"client"`
	Contract       *uuid.UUID `db:"contract" json:"contract,omitempty"` // absent while what is asked for is out of scope
	JobType        string     `db:"job_type" json:"job_type"`
	Title          string     `db:"title" json:"title"`
	Description    string     `db:"description" json:"description"`
	Priority       string     `db:"priority" json:"priority"`
	Impact         string     `db:"impact" json:"impact,omitempty"` // with urgency, what the first priority was worked out from
	Urgency        string     `db:"urgency" json:"urgency,omitempty"`
	OutOfScope     bool       `db:"out_of_scope" json:"out_of_scope"`
	Status         string     `db:"status" json:"status"`
	Visibility     string     `db:"visibility" json:"visibility"`
	VisibleNumber  *int64     `db:"visible_number" json:"visible_number,omitempty"`   // in the client's visible series
	InternalNumber *int64     `db:"internal_number" json:"internal_number,omitempty"` // in the client's internal series
	Assignee       *uuid.UUID `db:"assignee" json:"assignee,omitempty"`
	Team           string     `db:"team" json:"team"`
	Watchers       string     `db:"watchers" json:"-"` // a JSON list of people; empty for none
	RaisedBy       *uuid.UUID `db:"raised_by" json:"raised_by,omitempty"`
	ForClient      bool       `db:"for_client" json:"for_client"` // raised by or for a client user
	RaisedAt       time.Time  `db:"raised_at" json:"raised_at"`
	UpdatedAt      time.Time  `db:"updated_at" json:"updated_at"`
	LastClientAt   *time.Time `db:"last_client_at" json:"last_client_at,omitempty"` // the newest message by the client
	LastStaffAt    *time.Time `db:"last_staff_at" json:"last_staff_at,omitempty"`   // the newest one by staff that the client sees
	WaitingSince   *time.Time `db:"waiting_since" json:"waiting_since,omitempty"`
	WaitingReason  string     `db:"waiting_reason" json:"waiting_reason"`
	ResolutionNote string     `db:"resolution_note" json:"resolution_note"` // what the client reads
	ResolutionCode string     `db:"resolution_code" json:"resolution_code"`
	ResolvedAt     *time.Time `db:"resolved_at" json:"resolved_at,omitempty"`
	ClosedAt       *time.Time `db:"closed_at" json:"closed_at,omitempty"`   // or cancelled, or merged
	EndReason      string     `db:"end_reason" json:"end_reason,omitempty"` // of being cancelled or merged
	MergedInto     *uuid.UUID `db:"merged_into" json:"merged_into,omitempty"`
	Follows        *uuid.UUID `db:"follows" json:"follows,omitempty"`
	SplitFrom      *uuid.UUID `db:"split_from" json:"split_from,omitempty"`

	EstimateContract *uuid.UUID `db:"estimate_contract" json:"estimate_contract,omitempty"` // under which it would be done
	EstimateJobType  string     `db:"estimate_job_type" json:"estimate_job_type,omitempty"`
	EstimateMinutes  int64      `db:"estimate_minutes" json:"estimate_minutes,omitempty"`
	EstimateText     string     `db:"estimate_text" json:"estimate_text,omitempty"`
	EstimatedAt      *time.Time `db:"estimated_at" json:"estimated_at,omitempty"`
	EstimateAnswer   string     `db:"estimate_answer" json:"estimate_answer,omitempty" enum:"awaited,approved,declined"`
	EstimateReason   string     `db:"estimate_reason" json:"estimate_reason,omitempty"` // of declining

	AcknowledgedAt *time.Time `db:"acknowledged_at" json:"acknowledged_at,omitempty"` // since the newest escalation
	AcknowledgedBy *uuid.UUID `db:"acknowledged_by" json:"acknowledged_by,omitempty"`

	SourceSystem string `db:"source_system" json:"source_system"` // empty unless imported
	SourceKey    string `db:"source_key" json:"source_key"`
	SourceLine   *int64 `db:"source_line" json:"source_line,omitempty"` // from 1
	Revision     int64  `db:"revision" json:"revision"`
}

// Watching lists who wants to be told of the ticket.
func (t Ticket) Watching() ([]uuid.UUID, error) {
	people, err := decodePeople(t.Watchers)
	if err != nil {
		return nil, fmt.Errorf("decode watchers of ticket %s: %w", t.ID, err)
	}
	return people, nil
}

// decodePeople reads a JSON list of people; an empty text is none. It never gives nil.
func decodePeople(text string) ([]uuid.UUID, error) {
	people := []uuid.UUID{}
	if text == "" {
		return people, nil
	}
	err := json.Unmarshal([]byte(text), &people)
	return people, err
}

// The answers to an estimate.
const (
	Awaited  = "awaited"
	Approved = "approved"
	Declined = "declined"
)

// ticketColumns are the columns of a Ticket.
const ticketColumns = `id, client, contract, job_type, title, description, priority, impact, urgency, out_of_scope,
	status, visibility, visible_number, internal_number, assignee, team, watchers, raised_by, for_client, raised_at,
	updated_at, last_client_at, last_staff_at, waiting_since, waiting_reason, resolution_note, resolution_code,
	resolved_at, closed_at, end_reason, merged_into, follows, split_from, estimate_contract, estimate_job_type,
	estimate_minutes, estimate_text, estimated_at, estimate_answer, estimate_reason,
	acknowledged_at, acknowledged_by, source_system, source_key, source_line, revision`

// TicketByID gives one ticket; domain.ErrNotFound when there is none.
func TicketByID(ctx context.Context, db Queryer, id uuid.UUID) (Ticket, error) {
	ticket, err := one[Ticket](ctx, db, `SELECT `+ticketColumns+` FROM tickets WHERE id = $1`, id)
	return ticket, notFound(err, "no_such_ticket", "ticket", id)
}

// notFound turns the absence of a row into the domain's refusal.
func notFound(err error, code, what string, id uuid.UUID) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return domain.Refuse(domain.ErrNotFound, code, "no such %s: %s", what, id)
	default:
		return fmt.Errorf("read %s %s: %w", what, id, err)
	}
}

// shortTicketColumns are the columns of a Ticket with the first 200 characters of its description, for lists.
var shortTicketColumns = strings.Replace(ticketColumns, "description", "left(description, 200) AS description", 1)

// TicketFilter narrows the list of tickets; the zero value of a field narrows nothing.
type TicketFilter struct {
	Client     uuid.UUID
	Contract   uuid.UUID
	Statuses   []string
	Priorities []string
	Visibility string
	Assignee   uuid.UUID
	Team       string
	Of         uuid.UUID // whoever is to work on the ticket or watches it
	Breached   time.Time // a promise that still goes on was missed before that instant
	Text       string    // a number, or words in title or description, as people type them into a search box
	Number     Number
	After      TicketCursor
	Limit      int // at most MaxLimit, which zero stands for
}

// Tickets gives tickets from the newest to the oldest by the instant they were raised, and the cursor of
// the next page, which is zero after the last one. What is raised meanwhile moves no ticket to another
// page. Descriptions are cut to their beginning.
func Tickets(ctx context.Context, db Queryer, filter TicketFilter) ([]Ticket, TicketCursor, error) {
	limit := bounded(filter.Limit)
	where, arguments := filter.where()
	arguments = append(arguments, limit+1)
	tickets, err := list[Ticket](ctx, db, fmt.Sprintf(
		`SELECT %s FROM tickets %s ORDER BY raised_at DESC, id DESC LIMIT $%d`, shortTicketColumns, where, len(arguments),
	), arguments...)
	if err != nil {
		return nil, TicketCursor{}, fmt.Errorf("list tickets: %w", err)
	}
	if len(tickets) <= limit {
		return tickets, TicketCursor{}, nil
	}
	last := tickets[limit-1]
	return tickets[:limit], TicketCursor{RaisedAt: last.RaisedAt, ID: last.ID}, nil
}

// where gives the condition of the filter, written for its fields in use so that each has a plan of its
// own, and the arguments in their order.
func (f TicketFilter) where() (string, []any) {
	var conditions []string
	var arguments []any
	and := func(condition string, values ...any) {
		numbers := make([]any, len(values))
		for i := range values {
			numbers[i] = len(arguments) + i + 1
		}
		conditions = append(conditions, fmt.Sprintf(condition, numbers...))
		arguments = append(arguments, values...)
	}
	if f.Client != uuid.Nil {
		and("client = $%d", f.Client)
	}
	if f.Contract != uuid.Nil {
		and("contract = $%d", f.Contract)
	}
	if len(f.Statuses) > 0 {
		and("status = ANY ($%d::text[])", f.Statuses)
	}
	if len(f.Priorities) > 0 {
		and("priority = ANY ($%d::text[])", f.Priorities)
	}
	if f.Visibility != "" {
		and("visibility = $%d", f.Visibility)
	}
	if f.Assignee != uuid.Nil {
		and("assignee = $%d", f.Assignee)
	}
	if f.Team != "" {
		and("team = $%d", f.Team)
	}
	if f.Of != uuid.Nil {
		and("(assignee = $%d OR strpos(watchers, $%d) > 0)", f.Of, f.Of.String())
	}
	if !f.Breached.IsZero() {
		and("id IN (SELECT c.id FROM clocks AS c WHERE c.open AND c.due <= $%d)", f.Breached)
	}
	const words = "to_tsvector('simple', title || ' ' || description) @@ websearch_to_tsquery('simple', $%d)"
	number, numbered := ParseNumber(f.Text)
	switch {
	case f.Text == "":
	case numbered && number.Internal:
		and("(internal_number = $%d OR "+words+")", number.Value, f.Text)
	case numbered:
		and("(visible_number = $%d OR "+words+")", number.Value, f.Text)
	default:
		and(words, f.Text)
	}
	switch {
	case f.Number.Value == 0:
	case f.Number.Internal:
		and("internal_number = $%d", f.Number.Value)
	default:
		and("visible_number = $%d", f.Number.Value)
	}
	if !f.After.IsZero() {
		and("(raised_at, id) < ($%d, $%d)", f.After.RaisedAt, f.After.ID)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return "WHERE " + strings.Join(conditions, " AND "), arguments
}

// TicketCount is how many tickets of one client are in one state with one visibility.
type TicketCount struct {
	Client     uuid.UUID `db:"client" json:"client"`
	Status     string    `db:"status" json:"status"`
	Visibility string    `db:"visibility" json:"visibility"`
	Tickets    int64     `db:"tickets" json:"tickets"`
}

// TicketCounts counts the tickets of the clients given, or of all clients when none is.
func TicketCounts(ctx context.Context, db Queryer, clients ...uuid.UUID) ([]TicketCount, error) {
	counts, err := list[TicketCount](ctx, db, `
		SELECT client, status, visibility, count(*) AS tickets
		FROM tickets
		WHERE cardinality($1::uuid[]) = 0 OR client = ANY ($1)
		GROUP BY client, status, visibility
		ORDER BY client, status, visibility`, append([]uuid.UUID{}, clients...))
	if err != nil {
		return nil, fmt.Errorf("count tickets: %w", err)
	}
	return counts, nil
}
