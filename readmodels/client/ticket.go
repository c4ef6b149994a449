package client

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// TicketRow is a row of tickets.
type TicketRow struct {
	ID          uuid.UUID  `db:"id"`
	Client      uuid.UUID  `db:"client"`
	Number      int        `db:"number"` // in the client's visible series; 0: being assigned
	Title       string     `db:"title"`
	Description string     `db:"description"`
	Category    *uuid.UUID `db:"category"`
	Priority    string     `db:"priority"`
	State       string     `db:"state"`
	RaisedBy    uuid.UUID  `db:"raised_by"`
	RaisedAt    time.Time  `db:"raised_at"`
	UpdatedAt   time.Time  `db:"updated_at"` // of the last change the client could see
	Resolution  string     `db:"resolution"`
	ResolvedAt  *time.Time `db:"resolved_at"`
}

// TicketStepRow is a row of ticket_steps.
type TicketStepRow struct {
	ID     uuid.UUID `db:"id"`
	Client uuid.UUID `db:"client"`
	Ticket uuid.UUID `db:"ticket"`
	State  string    `db:"state"`
	At     time.Time `db:"at"`
}

// Ticket is one entry of the list of tickets.
type Ticket struct {
	ID           uuid.UUID  `db:"id"             json:"id"                     format:"uuid"`
	Display      string     `db:"-"              json:"display"                example:"TKT-0041" doc:"The number as people read it, or \"being assigned\"."`
	Number       int        `db:"number"         json:"number,omitempty"       doc:"Absent while it is being assigned."`
	Title        string     `db:"title"          json:"title"`
	State        string     `db:"state"          json:"state"                  enum:"open,in_progress,waiting_for_you,on_hold,resolved,closed"`
	Priority     string     `db:"priority"       json:"priority"               enum:"critical,high,medium,low"`
	CategoryID   *uuid.UUID `db:"category_id"    json:"category_id,omitempty"  format:"uuid"`
	CategoryName string     `db:"category_name"  json:"category_name,omitempty" doc:"Absent when no contract of yours has the category."`
	RaisedByName string     `db:"raised_by_name" json:"raised_by_name"         doc:"Empty when the account has none."`
	RaisedByRole string     `db:"raised_by_role" json:"raised_by_role"`
	RaisedAt     time.Time  `db:"raised_at"      json:"raised_at"`
	UpdatedAt    time.Time  `db:"updated_at"     json:"updated_at"             doc:"Of the last change that you can see."`
	ResolvedAt   *time.Time `db:"resolved_at"    json:"resolved_at,omitempty"`
}

// TicketDetail is one ticket with its history and the newest part of its conversation.
type TicketDetail struct {
	Ticket
	Description string       `db:"description" json:"description"`
	Resolution  string       `db:"resolution"  json:"resolution,omitempty" doc:"How the ticket was resolved."`
	Steps       []TicketStep `db:"-"           json:"steps"    nullable:"false" doc:"The states it entered, oldest first."`
	Comments    []Comment    `db:"-"           json:"comments" nullable:"false" doc:"The newest comments, oldest first."`
	// Earlier continues the conversation into the past; nil when all of it is here.
	Earlier *Cursor `db:"-" json:"-"`
}

// TicketStep is the entry of a ticket into a state.
type TicketStep struct {
	State string    `db:"state" json:"state" enum:"open,in_progress,waiting_for_you,on_hold,resolved,closed"`
	At    time.Time `db:"at"    json:"at"`
}

// The states that a list of tickets is filtered by. The zero StateFilter is all.
const (
	FilterOpen          StateFilter = "open"            // neither resolved nor closed
	FilterWaitingForYou StateFilter = "waiting_for_you" // those of the open ones that wait for the client
	FilterResolved      StateFilter = "resolved"        // resolved or closed
)

// StateFilter chooses tickets by state.
type StateFilter string

// TicketFilter says which tickets to list. The zero filter lists the newest ones.
type TicketFilter struct {
	State    StateFilter
	Category uuid.UUID // uuid.Nil: any
	// Search finds a number however it is typed (X4), or tickets that hold all the words in title,
	// description or resolution, or in one comment; the last word may be a beginning. Empty: any.
	Search string
	After  *Cursor // where the page before ended; nil: from the newest
	Limit  int     // at most MaxLimit, which 0 stands for
}

// MaxSearch bounds the text of a search, in characters.
const MaxSearch = 200

const selectTickets = `
	SELECT t.id, t.number, t.title, t.state, t.priority, t.category AS category_id, coalesce(c.name, '') AS category_name,
	       coalesce(a.name, s.name, '') AS raised_by_name, coalesce(p.role, s.role, '') AS raised_by_role,
	       t.raised_at, t.updated_at, t.resolved_at`

const fromTickets = `
	FROM tickets t
	LEFT JOIN categories c ON c.id = t.category AND c.client = t.client
	LEFT JOIN people p ON p.id = t.raised_by AND p.client = t.client
	LEFT JOIN accounts.people a ON a.id = t.raised_by AND a.client = t.client
	LEFT JOIN accounts.staff_profiles s ON s.person = t.raised_by
	WHERE t.client = @client`

// A query of no words matches nothing. The last word is taken as a beginning: what is typed is found
// before it is finished.
const matchesSearch = `
	  AND (t.number = @number OR t.words @@ @words::tsquery
	    OR t.id IN (SELECT m.ticket FROM comments m WHERE m.client = @client AND m.words @@ @words::tsquery))`

// ListTickets gives a page of tickets, newest first, and the cursor of the next page; nil on the last one.
// The order does not change while tickets change, so paging neither skips nor repeats.
func ListTickets(ctx context.Context, tx pgx.Tx, v Viewer, filter TicketFilter) ([]Ticket, *Cursor, error) {
	arguments := v.arguments()
	limit := bounded(filter.Limit)
	arguments["limit"] = limit + 1
	sql := selectTickets + fromTickets + v.own(" AND t.raised_by = @person") + filter.State.condition()
	if filter.Category != uuid.Nil {
		arguments["category"] = filter.Category
		sql += ` AND t.category = @category`
	}
	if filter.Search != "" {
		words, err := searchWords(ctx, tx, filter.Search)
		if err != nil {
			return nil, nil, err
		}
		number, ok := ParseTicketNumber(filter.Search)
		if !ok {
			number = -1 // No ticket has it.
		}
		arguments["number"], arguments["words"] = number, words
		sql += matchesSearch
	}
	if filter.After != nil {
		arguments["after_at"], arguments["after_id"] = filter.After.At, filter.After.ID
		sql += ` AND (t.raised_at, t.id) < (@after_at, @after_id)`
	}
	found, err := list[Ticket](ctx, tx, "tickets", sql+` ORDER BY t.raised_at DESC, t.id DESC LIMIT @limit`, arguments)
	if err != nil {
		return nil, nil, err
	}
	found, next := page(found, limit, func(t Ticket) Cursor { return Cursor{At: t.RaisedAt, ID: t.ID} })
	for i := range found {
		found[i].Display = ticketNumber(found[i].Number)
	}
	return found, next, nil
}

// searchWords turns what was typed into a query over words, by PostgreSQL's own rules of what a word is.
func searchWords(ctx context.Context, tx pgx.Tx, text string) (string, error) {
	type row struct {
		Words string `db:"words"`
	}
	found, err := one[row](ctx, tx, "words of a search",
		`SELECT coalesce(nullif(plainto_tsquery('pg_catalog.simple', @text)::text, '') || ':*', '') AS words`,
		pgx.NamedArgs{"text": text})
	return found.Words, err
}

func (f StateFilter) condition() string {
	switch f {
	case FilterOpen:
		return ` AND t.state NOT IN ('resolved', 'closed')`
	case FilterWaitingForYou:
		return ` AND t.state = 'waiting_for_you'`
	case FilterResolved:
		return ` AND t.state IN ('resolved', 'closed')`
	default:
		return ""
	}
}

// maxSteps bounds the history shown with a ticket: its newest steps.
const maxSteps = 500

// ReadTicket gives one ticket; domain.ErrNotFound when the viewer may not see one with that id.
func ReadTicket(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (TicketDetail, error) {
	arguments := v.arguments()
	arguments["id"], arguments["limit"] = id, maxSteps
	ticket, err := one[TicketDetail](ctx, tx, "ticket",
		selectTickets+`, t.description, t.resolution`+fromTickets+v.own(" AND t.raised_by = @person")+` AND t.id = @id`, arguments)
	if err != nil {
		return TicketDetail{}, err
	}
	ticket.Display = ticketNumber(ticket.Number)
	ticket.Steps, err = list[TicketStep](ctx, tx, "steps", `
		SELECT state, at FROM (
		    SELECT id, state, at FROM ticket_steps WHERE client = @client AND ticket = @id ORDER BY at DESC, id DESC LIMIT @limit
		) newest ORDER BY at, id`, arguments)
	if err != nil {
		return TicketDetail{}, err
	}
	ticket.Comments, ticket.Earlier, err = listComments(ctx, tx, v, id, nil, MaxLimit)
	return ticket, err
}

// FindTicket says whether the viewer may see the ticket: nil, or domain.ErrNotFound.
func FindTicket(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) error {
	type row struct {
		ID uuid.UUID `db:"id"`
	}
	arguments := v.arguments()
	arguments["id"] = id
	_, err := one[row](ctx, tx, "ticket",
		`SELECT t.id FROM tickets t WHERE t.client = @client AND t.id = @id`+v.own(" AND t.raised_by = @person"), arguments)
	return err
}
