package visible

import (
	"time"

	"github.com/google/uuid"
)

// The kinds of record.
const (
	KindOrganisation Kind = "organisation"
	KindPerson       Kind = "person"
	KindContract     Kind = "contract"
	KindCategory     Kind = "category"
	KindTicket       Kind = "ticket"
	KindComment      Kind = "comment"
	KindTicketStep   Kind = "ticket_step"
)

// Organisation is the client organisation itself.
type Organisation struct {
	Client   uuid.UUID
	Name     string
	Zone     string // IANA name
	Language string // BCP 47
	Currency string // ISO 4217
	// Seats is how many users the organisation's own admins may bring the number up to; SeatsTaken how many
	// there are with a login. Staff may go beyond the limit.
	Seats      int
	SeatsTaken int
}

// Person is a user of the client organisation. Its name and e-mail live in the accounts, not here.
type Person struct {
	Client uuid.UUID
	ID     uuid.UUID
	Role   string // "client_admin" or "client_employee"
	Grants string // sorted, separated by single spaces
	State  string // see PersonActive
}

// The states of a person. Nobody comes back from PersonEnded.
const (
	PersonInvited = "invited"
	PersonActive  = "active"
	PersonEnded   = "ended"
)

// Contract is an active contract of the client: what the portal's header names (F8).
type Contract struct {
	Client    uuid.UUID
	ID        uuid.UUID
	Reference string
	Type      string // "bucket", "fixed", "time_and_materials" or "retainer"
}

// Category is a job type of an active contract: what a ticket can be raised under (F10).
type Category struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract and job type
	Contract uuid.UUID
	JobType  string // the job type's key in the contract
	Name     string
}

// Ticket is what a client sees of one of its tickets.
type Ticket struct {
	Client      uuid.UUID
	ID          uuid.UUID
	Number      int // in the client's visible series; 0 = being assigned
	Title       string
	Description string
	Category    uuid.UUID // Category.ID; uuid.Nil = none
	Priority    string    // "critical", "high", "medium" or "low"
	State       string    // see TicketState
	RaisedBy    uuid.UUID
	RaisedAt    time.Time
	UpdatedAt   time.Time // of the last change the client could see
	Resolution  string    // the client-facing note; empty until resolved
	ResolvedAt  time.Time // zero until resolved
}

// The states of a ticket in a client's words.
const (
	TicketOpen          = "open"
	TicketInProgress    = "in_progress"
	TicketWaitingForYou = "waiting_for_you"
	TicketOnHold        = "on_hold"
	TicketResolved      = "resolved"
	TicketClosed        = "closed"
)

// Comment is a message or a client-visible note on a ticket the client sees.
type Comment struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Ticket   uuid.UUID
	Author   uuid.UUID
	ByClient bool // written by a client user; else by staff
	Text     string
	At       time.Time
}

// TicketStep is one entry of a ticket's history: the state it entered, in a client's words.
type TicketStep struct {
	Client uuid.UUID
	ID     uuid.UUID // derived from the ticket and the number of the step among visible ones
	Ticket uuid.UUID
	State  string
	At     time.Time
}

// Key of the organisation: its id is the client's.
func (r Organisation) Key() Key { return Key{r.Client, KindOrganisation, r.Client} }

// Key of the person.
func (r Person) Key() Key { return Key{r.Client, KindPerson, r.ID} }

// Key of the contract.
func (r Contract) Key() Key { return Key{r.Client, KindContract, r.ID} }

// Key of the category.
func (r Category) Key() Key { return Key{r.Client, KindCategory, r.ID} }

// Key of the ticket.
func (r Ticket) Key() Key { return Key{r.Client, KindTicket, r.ID} }

// Key of the comment.
func (r Comment) Key() Key { return Key{r.Client, KindComment, r.ID} }

// Key of the step.
func (r TicketStep) Key() Key { return Key{r.Client, KindTicketStep, r.ID} }

func (Organisation) isRecord() {}
func (Person) isRecord()       {}
func (Contract) isRecord()     {}
func (Category) isRecord()     {}
func (Ticket) isRecord()       {}
func (Comment) isRecord()      {}
func (TicketStep) isRecord()   {}
