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
	KindLine         Kind = "contract_line"
	KindBucket       Kind = "bucket"
	KindCarriedLot   Kind = "carried_lot"
	KindWork         Kind = "work"
	KindSettlement   Kind = "settlement"
	KindProposal     Kind = "proposal"
	KindOverage      Kind = "overage_request"
	KindHoursAlert   Kind = "hours_alert"
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

// Contract is a contract of the client, from its offer on (F8, F12).
type Contract struct {
	Client    uuid.UUID
	ID        uuid.UUID
	Reference string
	Type      string // "bucket", "fixed", "time_and_materials" or "retainer"
	State     string // see ContractActive
	Starts    string // first day, "2026-01-31"
	Ends      string // last day; empty = open-ended
	// ShowsUnapproved says that Work holds hours that nobody has approved yet.
	ShowsUnapproved bool
}

// The states of a contract in a client's words.
const (
	ContractOffered   = "offered"
	ContractActive    = "active"
	ContractSuspended = "suspended"
	ContractEnded     = "ended"
)

// Line is a part of a contract that is charged in one way.
type Line struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract and line
	Contract uuid.UUID
	Position int // in the contract, from 1
	Name     string
	Type     string // as of a contract
	// Minutes are included in each month of a retainer, or were agreed for the start of a bucket; 0 = none.
	Minutes int
}

// Category is a job type of a contract in force: what a ticket can be raised under (F10), and what work counts
// under (F12).
type Category struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract and job type
	Contract uuid.UUID
	Line     uuid.UUID // Line.ID
	JobType  string    // the job type's key in the contract
	Name     string
	Minutes  int  // of the line's hours that are meant for it; 0 = it shares them
	Open     bool // tickets can be raised under it now
}

// Bucket is hours that were bought, or that a retainer includes in a month.
type Bucket struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Contract uuid.UUID
	Line     uuid.UUID
	Minutes  int    // adjustments included
	From     string // first day
	Until    string // last day; empty = never expires
}

// CarriedLot is what was left of a bucket when a month was closed.
type CarriedLot struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract, month and bucket
	Contract uuid.UUID
	Month    string // that was closed, "2026-01"
	Bucket   uuid.UUID
	Minutes  int
	Until    string // last day from here on; empty = never expires
}

// Work is a piece of work as a client sees it: in its own words, never a person or an internal note (F12).
type Work struct {
	Client      uuid.UUID
	ID          uuid.UUID
	Contract    uuid.UUID
	Category    uuid.UUID // Category.ID
	Month       string    // in which it counts, "2026-01"
	Day         string    // on which it was done
	Description string
	Minutes     int    // after rounding; negative takes earlier work back
	Drawn       int    // minutes that it took from bought hours
	State       string // WorkApproved or WorkPending
	Charge      string // see WorkCharged
}

// The states and kinds of work.
const (
	WorkApproved = "approved"
	WorkPending  = "pending" // nobody has approved it yet

	WorkCharged  = "charged"
	WorkIncluded = "included"
	WorkNoCharge = "no_charge"
)

// Settlement is a closed month of a line.
type Settlement struct {
	Client   uuid.UUID
	ID       uuid.UUID // derived from contract, month and line
	Contract uuid.UUID
	Line     uuid.UUID
	Month    string
	Drawn    int // minutes taken from bought hours
	Expired  int
	Overage  int // minutes beyond
}

// Proposal is a contract or an amendment that the client was asked to agree to, word for word (F35).
type Proposal struct {
	Client    uuid.UUID
	ID        uuid.UUID // of the contract or of the amendment
	Contract  uuid.UUID
	Kind      string // "contract" or "amendment"
	Reference string // of the contract, as it was offered
	Statement string
	Document  string // JSON of the statement with the terms it stands for, to the byte what SHA256 is of
	SHA256    string // hex
	Effective string // first day
	State     string // "offered", "accepted" or "declined"
	OfferedAt time.Time
	DecidedBy uuid.UUID // uuid.Nil until decided, and when staff hold a signed paper
	DecidedAt time.Time
}

// OverageRequest asks the client whether work may go on beyond the bought hours (F33).
type OverageRequest struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Contract uuid.UUID
	Line     uuid.UUID
	Month    string
	Minutes  int
	Text     string
	State    string // "asked", "allowed" or "refused"
	AskedAt  time.Time
}

// HoursAlert says that a line has used that much of its hours.
type HoursAlert struct {
	Client   uuid.UUID
	ID       uuid.UUID
	Contract uuid.UUID
	Line     uuid.UUID
	Percent  int
	At       time.Time
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

// Key of the line.
func (r Line) Key() Key { return Key{r.Client, KindLine, r.ID} }

// Key of the bucket.
func (r Bucket) Key() Key { return Key{r.Client, KindBucket, r.ID} }

// Key of the carried lot.
func (r CarriedLot) Key() Key { return Key{r.Client, KindCarriedLot, r.ID} }

// Key of the work.
func (r Work) Key() Key { return Key{r.Client, KindWork, r.ID} }

// Key of the settlement.
func (r Settlement) Key() Key { return Key{r.Client, KindSettlement, r.ID} }

// Key of the proposal.
func (r Proposal) Key() Key { return Key{r.Client, KindProposal, r.ID} }

// Key of the overage request.
func (r OverageRequest) Key() Key { return Key{r.Client, KindOverage, r.ID} }

// Key of the hours alert.
func (r HoursAlert) Key() Key { return Key{r.Client, KindHoursAlert, r.ID} }

func (Organisation) isRecord()   {}
func (Person) isRecord()         {}
func (Contract) isRecord()       {}
func (Category) isRecord()       {}
func (Ticket) isRecord()         {}
func (Comment) isRecord()        {}
func (TicketStep) isRecord()     {}
func (Line) isRecord()           {}
func (Bucket) isRecord()         {}
func (CarriedLot) isRecord()     {}
func (Work) isRecord()           {}
func (Settlement) isRecord()     {}
func (Proposal) isRecord()       {}
func (OverageRequest) isRecord() {}
func (HoursAlert) isRecord()     {}
