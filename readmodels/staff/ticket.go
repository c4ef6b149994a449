package staff

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
)

// Ticket is a row of tickets: everything about one ticket but its conversation and history.
type Ticket struct {
	ID             uuid.UUID  `db:"id" json:"id"`
	Client         uuid.UUID  `db:"client" json:"client"`
	Contract       *uuid.UUID `db:"contract" json:"contract,omitempty"`
	JobType        string     `db:"job_type" json:"job_type"`
	Title          string     `db:"title" json:"title"`
	Description    string     `db:"description" json:"description"`
	Priority       string     `db:"priority" json:"priority"`
	Status         string     `db:"status" json:"status"`
	Visibility     string     `db:"visibility" json:"visibility"`
	VisibleNumber  *int64     `db:"visible_number" json:"visible_number,omitempty"`   // in the client's visible series
	InternalNumber *int64     `db:"internal_number" json:"internal_number,omitempty"` // in the client's internal series
	Assignee       *uuid.UUID `db:"assignee" json:"assignee,omitempty"`
	Team           string     `db:"team" json:"team"`
	RaisedBy       *uuid.UUID `db:"raised_by" json:"raised_by,omitempty"`
	ForClient      bool       `db:"for_client" json:"for_client"` // raised by or for a client user
	RaisedAt       time.Time  `db:"raised_at" json:"raised_at"`
	UpdatedAt      time.Time  `db:"updated_at" json:"updated_at"`
	WaitingSince   *time.Time `db:"waiting_since" json:"waiting_since,omitempty"`
	WaitingReason  string     `db:"waiting_reason" json:"waiting_reason"`
	ResolutionNote string     `db:"resolution_note" json:"resolution_note"` // what the client reads
	ResolutionCode string     `db:"resolution_code" json:"resolution_code"`
	ResolvedAt     *time.Time `db:"resolved_at" json:"resolved_at,omitempty"`
	ClosedAt       *time.Time `db:"closed_at" json:"closed_at,omitempty"`
	SourceSystem   string     `db:"source_system" json:"source_system"` // empty unless imported
	SourceKey      string     `db:"source_key" json:"source_key"`
	SourceLine     *int64     `db:"source_line" json:"source_line,omitempty"` // from 1
	Revision       int64      `db:"revision" json:"revision"`
}

// ticketColumns are the columns of a Ticket.
const ticketColumns = `id, client, contract, job_type, title, description, priority, status, visibility,
	visible_number, internal_number, assignee, team, raised_by, for_client, raised_at, updated_at,
	waiting_since, waiting_reason, resolution_note, resolution_code, resolved_at, closed_at,
	source_system, source_key, source_line, revision`

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

// excerpt is how much of a description the list of tickets gives, in characters.
const excerpt = 200

// TicketFilter narrows the list of tickets; the zero value of a field narrows nothing.
type TicketFilter struct {
	Client     uuid.UUID
	Statuses   []string
	Visibility string
	Assignee   uuid.UUID
	Text       string // words in title or description, as people type them into a search box
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
	columns := strings.Replace(ticketColumns, "description", fmt.Sprintf("left(description, %d) AS description", excerpt), 1)
	tickets, err := list[Ticket](ctx, db, fmt.Sprintf(
		`SELECT %s FROM tickets %s ORDER BY raised_at DESC, id DESC LIMIT $%d`, columns, where, len(arguments),
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
	if len(f.Statuses) > 0 {
		and("status = ANY ($%d::text[])", f.Statuses)
	}
	if f.Visibility != "" {
		and("visibility = $%d", f.Visibility)
	}
	if f.Assignee != uuid.Nil {
		and("assignee = $%d", f.Assignee)
	}
	if f.Text != "" {
		and("to_tsvector('simple', title || ' ' || description) @@ websearch_to_tsquery('simple', $%d)", f.Text)
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
