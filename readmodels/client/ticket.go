package client

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain"
	"effigate/domain/visible"
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
	ReopenUntil *time.Time `db:"reopen_until"`
	Follows     *uuid.UUID `db:"follows"`
	MergedInto  *uuid.UUID `db:"merged_into"`
	OutOfScope  bool       `db:"out_of_scope"`
	EscalatedAt *time.Time `db:"escalated_at"`
	// EstimateMinutes and EstimateText are what the client is asked to allow.
	EstimateMinutes int    `db:"estimate_minutes"`
	EstimateText    string `db:"estimate_text"`
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
	State        string     `db:"state"          json:"state"                  enum:"open,in_progress,waiting_for_you,awaiting_approval,on_hold,resolved,closed,cancelled,merged"`
	Priority     string     `db:"priority"       json:"priority"               enum:"critical,high,medium,low"`
	CategoryID   *uuid.UUID `db:"category_id"    json:"category_id,omitempty"  format:"uuid"`
	CategoryName string     `db:"category_name"  json:"category_name,omitempty" doc:"Absent when no contract of yours has the category."`
	RaisedByName string     `db:"raised_by_name" json:"raised_by_name"         doc:"Empty when the account has none."`
	RaisedByRole string     `db:"raised_by_role" json:"raised_by_role"`
	RaisedAt     time.Time  `db:"raised_at"      json:"raised_at"`
	UpdatedAt    time.Time  `db:"updated_at"     json:"updated_at"             doc:"Of the last change that you can see."`
	ResolvedAt   *time.Time `db:"resolved_at"    json:"resolved_at,omitempty"`
	OutOfScope   bool       `db:"out_of_scope"   json:"out_of_scope,omitempty" doc:"No contract of yours covers it so far."`
	EscalatedAt  *time.Time `db:"escalated_at"   json:"escalated_at,omitempty" doc:"Since when it is escalated; absent when it is not."`
	Targets      []Target   `db:"-"              json:"targets"                nullable:"false" doc:"What is promised about it."`
}

// TicketDetail is one ticket with its history and the newest part of its conversation.
type TicketDetail struct {
	Ticket
	Description string       `db:"description" json:"description"`
	Resolution  string       `db:"resolution"  json:"resolution,omitempty" doc:"How the ticket was resolved."`
	ReopenUntil *time.Time   `db:"reopen_until" json:"reopen_until,omitempty" doc:"Until when you can reopen it; absent when there is no such limit."`
	Follows     *TicketName  `db:"-"           json:"follows,omitempty" doc:"The ticket that this one takes up again."`
	MergedInto  *TicketName  `db:"-"           json:"merged_into,omitempty" doc:"The ticket on which the conversation goes on."`
	Estimate    *Estimate    `db:"-"           json:"estimate,omitempty" doc:"What you are asked to allow while the state is awaiting_approval."`
	Steps       []TicketStep `db:"-"           json:"steps"    nullable:"false" doc:"The states it entered, oldest first."`
	Comments    []Comment    `db:"-"           json:"comments" nullable:"false" doc:"The newest comments, oldest first."`
	Attachments []Attachment `db:"-"           json:"attachments" nullable:"false" doc:"The newest files, oldest first."`
	// Earlier continues the conversation into the past; nil when all of it is here.
	Earlier *Cursor `db:"-" json:"-"`
}

// TicketName is how another ticket is named.
type TicketName struct {
	ID      uuid.UUID `json:"id" format:"uuid"`
	Display string    `json:"display" example:"TKT-0041"`
}

// Estimate is work beyond what was bought, which the client may allow.
type Estimate struct {
	Minutes int    `json:"minutes"`
	Text    string `json:"text"`
	SHA256  string `json:"sha256" doc:"Of all that it says: what is named when it is accepted."`
}

// estimateOf is the estimate of a ticket in a state; nil when the client is not asked about one.
func estimateOf(state string, minutes int, text string) *Estimate {
	if state != visible.TicketAwaitingApproval {
		return nil
	}
	return &Estimate{Minutes: minutes, Text: text, SHA256: visible.EstimateSHA256(minutes, text)}
}

// TicketStep is the entry of a ticket into a state.
type TicketStep struct {
	State string    `db:"state" json:"state" enum:"open,in_progress,waiting_for_you,awaiting_approval,on_hold,resolved,closed,cancelled,merged"`
	At    time.Time `db:"at"    json:"at"`
}

// The states that a list of tickets is filtered by. The zero StateFilter is all.
const (
	FilterOpen          StateFilter = "open"            // somebody is still to do something
	FilterWaitingForYou StateFilter = "waiting_for_you" // those of the open ones that wait for an answer or approval of the client
	FilterResolved      StateFilter = "resolved"        // all others: resolved, closed, cancelled, merged
)

// StateFilter chooses tickets by state.
type StateFilter string

// TicketFilter says which tickets to list. The zero filter lists the newest ones.
type TicketFilter struct {
	State    StateFilter
	Category uuid.UUID // uuid.Nil: any
	AtRisk   bool      // only open ones of which a promise is at risk or missed
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
	       t.raised_at, t.updated_at, t.resolved_at, t.out_of_scope, t.escalated_at`

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
	if filter.AtRisk {
		sql += ` AND ` + isAtRisk
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
	ids := make([]uuid.UUID, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	targets, err := targetsOf(ctx, tx, v, ids, false)
	for i := range found {
		found[i].Display, found[i].Targets = ticketNumber(found[i].Number), targets[ids[i]]
	}
	return found, next, err
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

// What a ticket t is to its client.
const (
	isOpen          = `t.state NOT IN ('resolved', 'closed', 'cancelled', 'merged')`
	isWaitingForYou = `t.state IN ('waiting_for_you', 'awaiting_approval')`
	isAtRisk        = isOpen + ` AND EXISTS (SELECT FROM targets g
	    WHERE g.client = t.client AND g.ticket = t.id AND g.state IN ('at_risk', 'missed'))`
)

func (f StateFilter) condition() string {
	switch f {
	case FilterOpen:
		return ` AND ` + isOpen
	case FilterWaitingForYou:
		return ` AND ` + isWaitingForYou
	case FilterResolved:
		return ` AND NOT (` + isOpen + `)`
	default:
		return ""
	}
}

// maxSteps bounds the history shown with a ticket: its newest steps.
const maxSteps = 500

// ReadTicket gives one ticket; domain.ErrNotFound when the viewer may not see one with that id.
func ReadTicket(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (TicketDetail, error) {
	type row struct {
		TicketDetail
		FollowsID    *uuid.UUID `db:"follows"`
		MergedIntoID *uuid.UUID `db:"merged_into"`
		Minutes      int        `db:"estimate_minutes"`
		Text         string     `db:"estimate_text"`
	}
	arguments := v.arguments()
	arguments["id"] = id
	found, err := one[row](ctx, tx, "ticket",
		selectTickets+`, t.description, t.resolution, t.reopen_until, t.follows, t.merged_into, t.estimate_minutes, t.estimate_text`+
			fromTickets+v.own(" AND t.raised_by = @person")+` AND t.id = @id`, arguments)
	if err != nil {
		return TicketDetail{}, err
	}
	ticket := found.TicketDetail
	ticket.Display = ticketNumber(ticket.Number)
	ticket.Estimate = estimateOf(ticket.State, found.Minutes, found.Text)
	if ticket.Follows, err = nameTicket(ctx, tx, v, found.FollowsID); err != nil {
		return TicketDetail{}, err
	}
	if ticket.MergedInto, err = nameTicket(ctx, tx, v, found.MergedIntoID); err != nil {
		return TicketDetail{}, err
	}
	return ticket, ticket.fill(ctx, tx, v)
}

// fill reads what is on the ticket.
func (t *TicketDetail) fill(ctx context.Context, tx pgx.Tx, v Viewer) error {
	targets, err := targetsOf(ctx, tx, v, []uuid.UUID{t.ID}, true)
	if err != nil {
		return err
	}
	t.Targets = targets[t.ID]
	arguments := v.arguments()
	arguments["id"], arguments["limit"] = t.ID, maxSteps
	t.Steps, err = list[TicketStep](ctx, tx, "steps", `
		SELECT state, at FROM (
		    SELECT id, state, at FROM ticket_steps WHERE client = @client AND ticket = @id ORDER BY at DESC, id DESC LIMIT @limit
		) newest ORDER BY at, id`, arguments)
	if err != nil {
		return err
	}
	if t.Attachments, err = attachmentsOf(ctx, tx, v, t.ID); err != nil {
		return err
	}
	t.Comments, t.Earlier, err = listComments(ctx, tx, v, t.ID, nil, MaxLimit)
	return err
}

// nameTicket names a ticket that another one points to; nil for none, and for one that the viewer may not see.
func nameTicket(ctx context.Context, tx pgx.Tx, v Viewer, id *uuid.UUID) (*TicketName, error) {
	if id == nil {
		return nil, nil
	}
	number, err := findTicket(ctx, tx, v, *id)
	if errors.Is(err, domain.ErrNotFound) {
		return nil, nil
	}
	return &TicketName{ID: *id, Display: ticketNumber(number)}, err
}

// FindTicket says whether the viewer may see the ticket: nil, or domain.ErrNotFound.
func FindTicket(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) error {
	_, err := findTicket(ctx, tx, v, id)
	return err
}

// findTicket gives the number of a ticket that the viewer may see.
func findTicket(ctx context.Context, tx pgx.Tx, v Viewer, id uuid.UUID) (int, error) {
	type row struct {
		Number int `db:"number"`
	}
	arguments := v.arguments()
	arguments["id"] = id
	found, err := one[row](ctx, tx, "ticket",
		`SELECT t.number FROM tickets t WHERE t.client = @client AND t.id = @id`+v.own(" AND t.raised_by = @person"), arguments)
	return found.Number, err
}
