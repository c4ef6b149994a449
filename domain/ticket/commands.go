package ticket

import (
	"time"

	"effigate/domain"
)

// Command is one thing somebody may ask of a ticket. By is the actor, At the instant in UTC; both come
// from the edge. Ids of new items derive from the command's own id there too, so that a repeated command
// names the same items.
//
//sumtype:decl
type Command interface {
	isCommand() // Sealed: only this package adds variants.
}

// Raise opens a ticket. Raised by a client user, or for one (OnBehalfOf), it is visible; raised by staff
// it has the visibility given. The caller has checked that the contract covers the job type.
type Raise struct {
	Ticket      domain.TicketID
	Client      domain.ClientID
	Contract    domain.ContractID
	JobType     string
	Title       string
	Description string
	Priority    Priority
	Visibility  domain.Visibility
	OnBehalfOf  domain.PersonID
	// Imported tickets arrive Internal Only, whoever raised them; publishing is a step of its own. A client
	// cannot import.
	Imported bool
	By       domain.Actor
	At       time.Time
}

// Triage sets contract, job type and priority of an open ticket.
type Triage struct {
	Contract domain.ContractID
	JobType  string
	Priority Priority
	By       domain.Actor
	At       time.Time
}

// Assign gives an open ticket to a person, a team, both or (zero values) nobody.
type Assign struct {
	Assignee domain.PersonID
	Team     string
	By       domain.Actor
	At       time.Time
}

// Start begins work on a new or triaged ticket.
type Start struct {
	By domain.Actor
	At time.Time
}

// Comment writes to the conversation. A client user's comment is always visible and ends a wait for the
// client at once.
type Comment struct {
	Comment    domain.CommentID
	Visibility domain.Visibility
	Text       string
	By         domain.Actor
	At         time.Time
}

// Note writes a remark by staff. CopyOf names the internal note whose reviewed text a visible note
// discloses.
type Note struct {
	Note       domain.CommentID
	Visibility domain.Visibility
	Text       string
	CopyOf     domain.CommentID
	By         domain.Actor
	At         time.Time
}

// WaitForClient asks the client a question it can see and pauses. An import has no question, and may do
// without on a ticket that no client has seen.
type WaitForClient struct {
	Comment  domain.CommentID
	Question string
	Imported bool
	By       domain.Actor
	At       time.Time
}

// WaitForThirdParty pauses for somebody else; the reason is internal.
type WaitForThirdParty struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

// Resume ends a wait.
type Resume struct {
	By domain.Actor
	At time.Time
}

// Resolve says how the ticket was solved. A visible ticket needs the client-facing note.
type Resolve struct {
	Note     string
	Code     string
	Imported bool
	By       domain.Actor
	At       time.Time
}

// Close ends a resolved ticket. An import may close an open one that no client has seen, which resolves it
// first.
type Close struct {
	Imported bool
	By       domain.Actor
	At       time.Time
}

// Reopen takes up a resolved or closed ticket. A client's text becomes a visible comment, a staff text
// stays internal.
type Reopen struct {
	Comment domain.CommentID
	Text    string
	By      domain.Actor
	At      time.Time
}

// Publish makes the ticket visible, and with it the comments named. On a visible ticket it publishes the
// comments alone.
type Publish struct {
	Comments []domain.CommentID
	Reason   string
	By       domain.Actor
	At       time.Time
}

// Withdraw ends the disclosure of the ticket and of everything on it.
type Withdraw struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

// WithdrawComment ends the disclosure of one staff comment or note.
type WithdrawComment struct {
	Comment domain.CommentID
	Reason  string
	By      domain.Actor
	At      time.Time
}

// Number records the number that a series allocated to the ticket.
type Number struct {
	Series domain.Visibility
	Number int
	At     time.Time
}

// Import marks what came before it in the same append as imported.
type Import struct {
	From ImportedStaff
	By   domain.Actor
	At   time.Time
}

func (Raise) isCommand()             {}
func (Triage) isCommand()            {}
func (Assign) isCommand()            {}
func (Start) isCommand()             {}
func (Comment) isCommand()           {}
func (Note) isCommand()              {}
func (WaitForClient) isCommand()     {}
func (WaitForThirdParty) isCommand() {}
func (Resume) isCommand()            {}
func (Resolve) isCommand()           {}
func (Close) isCommand()             {}
func (Reopen) isCommand()            {}
func (Publish) isCommand()           {}
func (Withdraw) isCommand()          {}
func (WithdrawComment) isCommand()   {}
func (Number) isCommand()            {}
func (Import) isCommand()            {}
