package ticket

import (
	"time"

	"effigate/domain"
	"effigate/domain/sla"
)

// Command is one thing somebody may ask of a ticket. By is the actor, At the instant in UTC; both come
// from the edge. Ids of new items derive from the command's own id there too, so that a repeated command
// names the same items.
//
//sumtype:decl
type Command interface {
	sent() (domain.Actor, time.Time) // who sent it, and when
	isCommand()                      // Sealed: only this package adds variants.
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
	Priority    Priority // empty: worked out from Impact and Urgency
	Impact      Grade
	Urgency     Grade
	Visibility  domain.Visibility
	OnBehalfOf  domain.PersonID
	// OutOfScope asks for what no contract covers; Contract and JobType are empty then, and nothing is promised.
	OutOfScope bool
	// Follows is a closed ticket that this one takes up again; SplitFrom the one that it is cut off from.
	Follows   domain.TicketID
	SplitFrom domain.TicketID
	// Promise is what the contract promises about its tickets at At; nil for an import.
	Promise *sla.Promise
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
	Promise  *sla.Promise // of the contract at At; nil for an import
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
	Mentions   []domain.PersonID // the caller has checked that each of them may read it
	Automatic  bool
	By         domain.Actor
	At         time.Time
}

// EditComment changes a text that the actor wrote.
type EditComment struct {
	Comment  domain.CommentID
	Text     string
	Mentions []domain.PersonID
	By       domain.Actor
	At       time.Time
}

// DeleteComment leaves a tombstone in the place of a comment that the actor wrote.
type DeleteComment struct {
	Comment domain.CommentID
	By      domain.Actor
	At      time.Time
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

// Publish makes the ticket visible, and with it the comments and files named. On a visible ticket it publishes these
// alone.
type Publish struct {
	Comments    []domain.CommentID
	Attachments []domain.AttachmentID // whose bytes are in the public store already
	Reason      string
	By          domain.Actor
	At          time.Time
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

// Hold stops the work for a reason of the firm's own, which is internal.
type Hold struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

// Cancel ends a new or triaged ticket that nobody is to work on.
type Cancel struct {
	Reason string
	By     domain.Actor
	At     time.Time
}

// Merge ends the ticket in favour of another one. The caller has checked the other one by its MayTake; it takes this
// one in by TakeIn, which follows.
type Merge struct {
	Into      domain.TicketID
	IntoState State // of the other one, as it is
	Duplicate bool
	Reason    string
	By        domain.Actor
	At        time.Time
}

// TakeIn is the second step of Merge, on the ticket that goes on.
type TakeIn struct {
	From  domain.TicketID
	Bound bool
	Clock sla.Clock
	By    domain.Actor
	At    time.Time
}

// SplitOff says that comments went on in another ticket, which was raised before with SplitFrom.
type SplitOff struct {
	Into     domain.TicketID
	Comments []domain.CommentID
	By       domain.Actor
	At       time.Time
}

// Adopt writes, on the ticket that was split off, a message of the other one as it was: its author, its words, its
// instant. What a client wrote is visible.
type Adopt struct {
	Comment    domain.CommentID
	Visibility domain.Visibility
	Author     domain.PersonID
	ByClient   bool
	Text       string
	Written    time.Time
	By         domain.Actor
	At         time.Time
}

// Link ties the ticket to another one that the actor may see too; Unlink takes that back.
type Link struct {
	Other    domain.TicketID
	Relation Relation
	By       domain.Actor
	At       time.Time
}

// Unlink takes a link back.
type Unlink struct {
	Other    domain.TicketID
	Relation Relation
	By       domain.Actor
	At       time.Time
}

// ChangeClient moves a ticket that was taken for another organisation's. A ticket that a client user raised stays.
type ChangeClient struct {
	Client   domain.ClientID
	Contract domain.ContractID
	JobType  string
	Promise  *sla.Promise
	Reason   string
	By       domain.Actor
	At       time.Time
}

// EstimateScope asks the client whether work that it has not bought is to be done.
type EstimateScope struct {
	Contract domain.ContractID
	JobType  string
	Minutes  int
	Text     string
	By       domain.Actor
	At       time.Time
}

// AnswerScope is the client's answer. The promise is that of the estimate's contract.
type AnswerScope struct {
	Approve bool
	SHA256  string // of the estimate that is approved, see visible.EstimateSHA256
	Reason  string
	Promise *sla.Promise
	By      domain.Actor
	At      time.Time
}

// Attach puts a file on the ticket whose bytes are stored already. What a client attaches is visible.
type Attach struct {
	Attachment domain.AttachmentID
	Visibility domain.Visibility
	Name       string
	Type       string
	Size       int64
	SHA256     string
	By         domain.Actor
	At         time.Time
}

// PublishAttachment makes a file of staff visible; its bytes are in the public store already.
type PublishAttachment struct {
	Attachment domain.AttachmentID
	Reason     string
	By         domain.Actor
	At         time.Time
}

// WithdrawAttachment ends the disclosure of a file of staff.
type WithdrawAttachment struct {
	Attachment domain.AttachmentID
	Reason     string
	By         domain.Actor
	At         time.Time
}

// EraseAttachment records that the bytes of a file are to go for good.
type EraseAttachment struct {
	Attachment domain.AttachmentID
	Reason     string
	By         domain.Actor
	At         time.Time
}

// PinSLA pins what is promised now, after an edit of a policy, a calendar or the contract (F18). Concluded targets
// stay as they are; the same promise changes nothing.
type PinSLA struct {
	Promise sla.Promise
	Reason  string
	By      domain.Actor
	At      time.Time
}

// Tick writes down what the passing of time until At has led to: states reached, levels of the ladder, the closing of
// a ticket that was resolved. Each comes once, in order, with the instant at which it was due, however late that is.
type Tick struct {
	At time.Time
}

// Acknowledge stops the ladder of the running cycles.
type Acknowledge struct {
	Note string
	By   domain.Actor
	At   time.Time
}

// ExcuseBreach says that the breach of a cycle does not count.
type ExcuseBreach struct {
	Goal   sla.Goal
	Cycle  int
	Why    string
	Reason string
	By     domain.Actor
	At     time.Time
}

// Watch makes somebody be told of the ticket, or with End no longer.
type Watch struct {
	Person domain.PersonID
	End    bool
	By     domain.Actor
	At     time.Time
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

func (Raise) isCommand()              {}
func (Triage) isCommand()             {}
func (Assign) isCommand()             {}
func (Start) isCommand()              {}
func (Comment) isCommand()            {}
func (Note) isCommand()               {}
func (WaitForClient) isCommand()      {}
func (WaitForThirdParty) isCommand()  {}
func (Resume) isCommand()             {}
func (Resolve) isCommand()            {}
func (Close) isCommand()              {}
func (Reopen) isCommand()             {}
func (Publish) isCommand()            {}
func (Withdraw) isCommand()           {}
func (WithdrawComment) isCommand()    {}
func (Number) isCommand()             {}
func (Import) isCommand()             {}
func (EditComment) isCommand()        {}
func (DeleteComment) isCommand()      {}
func (Hold) isCommand()               {}
func (Cancel) isCommand()             {}
func (Merge) isCommand()              {}
func (TakeIn) isCommand()             {}
func (SplitOff) isCommand()           {}
func (Adopt) isCommand()              {}
func (Link) isCommand()               {}
func (Unlink) isCommand()             {}
func (ChangeClient) isCommand()       {}
func (EstimateScope) isCommand()      {}
func (AnswerScope) isCommand()        {}
func (Attach) isCommand()             {}
func (PublishAttachment) isCommand()  {}
func (WithdrawAttachment) isCommand() {}
func (EraseAttachment) isCommand()    {}
func (PinSLA) isCommand()             {}
func (Tick) isCommand()               {}
func (Acknowledge) isCommand()        {}
func (ExcuseBreach) isCommand()       {}
func (Watch) isCommand()              {}

func (c Raise) sent() (domain.Actor, time.Time)              { return c.By, c.At }
func (c Triage) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c Assign) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c Start) sent() (domain.Actor, time.Time)              { return c.By, c.At }
func (c Comment) sent() (domain.Actor, time.Time)            { return c.By, c.At }
func (c Note) sent() (domain.Actor, time.Time)               { return c.By, c.At }
func (c WaitForClient) sent() (domain.Actor, time.Time)      { return c.By, c.At }
func (c WaitForThirdParty) sent() (domain.Actor, time.Time)  { return c.By, c.At }
func (c Resume) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c Resolve) sent() (domain.Actor, time.Time)            { return c.By, c.At }
func (c Close) sent() (domain.Actor, time.Time)              { return c.By, c.At }
func (c Reopen) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c Publish) sent() (domain.Actor, time.Time)            { return c.By, c.At }
func (c Withdraw) sent() (domain.Actor, time.Time)           { return c.By, c.At }
func (c WithdrawComment) sent() (domain.Actor, time.Time)    { return c.By, c.At }
func (c Import) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c EditComment) sent() (domain.Actor, time.Time)        { return c.By, c.At }
func (c DeleteComment) sent() (domain.Actor, time.Time)      { return c.By, c.At }
func (c Hold) sent() (domain.Actor, time.Time)               { return c.By, c.At }
func (c Cancel) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c Merge) sent() (domain.Actor, time.Time)              { return c.By, c.At }
func (c TakeIn) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c SplitOff) sent() (domain.Actor, time.Time)           { return c.By, c.At }
func (c Adopt) sent() (domain.Actor, time.Time)              { return c.By, c.At }
func (c Link) sent() (domain.Actor, time.Time)               { return c.By, c.At }
func (c Unlink) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c ChangeClient) sent() (domain.Actor, time.Time)       { return c.By, c.At }
func (c EstimateScope) sent() (domain.Actor, time.Time)      { return c.By, c.At }
func (c AnswerScope) sent() (domain.Actor, time.Time)        { return c.By, c.At }
func (c Attach) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c PublishAttachment) sent() (domain.Actor, time.Time)  { return c.By, c.At }
func (c WithdrawAttachment) sent() (domain.Actor, time.Time) { return c.By, c.At }
func (c EraseAttachment) sent() (domain.Actor, time.Time)    { return c.By, c.At }
func (c PinSLA) sent() (domain.Actor, time.Time)             { return c.By, c.At }
func (c Acknowledge) sent() (domain.Actor, time.Time)        { return c.By, c.At }
func (c ExcuseBreach) sent() (domain.Actor, time.Time)       { return c.By, c.At }
func (c Watch) sent() (domain.Actor, time.Time)              { return c.By, c.At }

// Numbering and the passing of time are nobody's doing.
func (c Number) sent() (domain.Actor, time.Time) { return domain.System(), c.At }
func (c Tick) sent() (domain.Actor, time.Time)   { return domain.System(), c.At }
