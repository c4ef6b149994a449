package ticket

import (
	"time"

	"effigate/domain"
	"effigate/domain/sla"
)

// Event is one fact of a ticket, in its stored form.
//
//sumtype:decl
type Event interface {
	domain.Event
	instant() time.Time // when it happened
	isEvent()           // Sealed: only this package adds variants.
}

// Raised opens the ticket.
type Raised struct {
	Ticket      domain.TicketID   `json:"ticket"`
	Client      domain.ClientID   `json:"client"`
	Contract    domain.ContractID `json:"contract,omitzero"`
	JobType     string            `json:"job_type"` // key in the contract's scope
	Title       string            `json:"title"`
	Description string            `json:"description,omitzero"`
	Priority    Priority          `json:"priority"`
	// Impact and Urgency are what the priority was worked out from; both empty when it was given.
	Impact     Grade             `json:"impact,omitzero"`
	Urgency    Grade             `json:"urgency,omitzero"`
	Visibility domain.Visibility `json:"visibility,omitzero"`
	// OutOfScope says that no contract covers what is asked for (F10): Contract and JobType are empty then.
	OutOfScope bool `json:"out_of_scope,omitzero"`
	// Follows is the ticket that this one takes up again, too late to reopen it; its reader sees both. Staff.SplitFrom
	// is the one that it was cut off from.
	Follows domain.TicketID `json:"follows,omitzero"`
	Staff   RaisedStaff     `json:"staff,omitzero"`
	// RaisedBy is who asked; ForClient says that this is a client user, who keeps sight of the ticket for
	// ever once it is visible (X8).
	RaisedBy  domain.PersonID `json:"raised_by"`
	ForClient bool            `json:"for_client,omitzero"`
	By        domain.PersonID `json:"by,omitzero"`
	At        time.Time       `json:"at"`
}

// RaisedStaff is the internal part of Raised.
type RaisedStaff struct {
	SplitFrom domain.TicketID `json:"split_from,omitzero"`
	// Imported says that the ticket's history so far comes from a file: nothing of it fires.
	Imported bool `json:"imported,omitzero"`
}

// Triaged classifies the ticket, for the first time or anew.
type Triaged struct {
	Contract domain.ContractID `json:"contract,omitzero"`
	JobType  string            `json:"job_type"`
	Priority Priority          `json:"priority"`
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// Assigned names who works on the ticket: capacity, hence internal.
type Assigned struct {
	Staff AssignedStaff   `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// AssignedStaff is the internal part of Assigned. Both fields may be empty: nobody, no team.
type AssignedStaff struct {
	Assignee domain.PersonID `json:"assignee,omitzero"`
	Team     string          `json:"team,omitzero"`
}

// Started says that work began.
type Started struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Commented adds a message to the conversation. What a client writes is visible, always (F2).
type Commented struct {
	Comment    domain.CommentID  `json:"comment"`
	Visibility domain.Visibility `json:"visibility,omitzero"`
	ByClient   bool              `json:"by_client,omitzero"`
	Text       string            `json:"text"`
	Mentions   []domain.PersonID `json:"mentions,omitzero"` // who can read it and is meant to
	// Automatic says that no person wrote it; it answers nobody (F18). Nor does an Adopted one, which was written on the
	// ticket that this one was split off from.
	Automatic bool            `json:"automatic,omitzero"`
	Adopted   bool            `json:"adopted,omitzero"`
	By        domain.PersonID `json:"by,omitzero"`
	At        time.Time       `json:"at"`
}

// CommentEdited changes the text of a comment by its author. Within EditWindow it counts as the first text;
// after that what was said before stays readable as Version (F11), from 1.
type CommentEdited struct {
	Comment  domain.CommentID  `json:"comment"`
	Text     string            `json:"text"`
	Mentions []domain.PersonID `json:"mentions,omitzero"`
	Version  int               `json:"version"` // of the text before that stays readable; 0 = none does
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// CommentDeleted leaves a tombstone in the place of a comment (F11).
type CommentDeleted struct {
	Comment domain.CommentID `json:"comment"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// Noted adds a remark by staff. Its audience is chosen at writing; an internal note is never published
// in place (X13), only copied into a new visible one.
type Noted struct {
	Note       domain.CommentID  `json:"note"`
	Visibility domain.Visibility `json:"visibility,omitzero"`
	Text       string            `json:"text"`
	Staff      NotedStaff        `json:"staff,omitzero"`
	By         domain.PersonID   `json:"by,omitzero"`
	At         time.Time         `json:"at"`
}

// NotedStaff is the internal part of Noted.
type NotedStaff struct {
	CopyOf domain.CommentID `json:"copy_of,omitzero"` // the internal note that was reviewed for publication
}

// WaitingStarted pauses the work.
type WaitingStarted struct {
	For   WaitingFor          `json:"for"`
	Staff WaitingStartedStaff `json:"staff,omitzero"`
	By    domain.PersonID     `json:"by,omitzero"`
	At    time.Time           `json:"at"`
}

// WaitingStartedStaff is the internal part of WaitingStarted.
type WaitingStartedStaff struct {
	Reason string `json:"reason,omitzero"`
}

// WaitingEnded ends the pause, at the instant of the client's reply when one ended it (F16).
type WaitingEnded struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// Resolved says that the ticket is solved. Note is written for the client.
type Resolved struct {
	Note  string          `json:"note,omitzero"`
	Staff ResolvedStaff   `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// ResolvedStaff is the internal part of Resolved.
type ResolvedStaff struct {
	Code string `json:"code,omitzero"`
}

// Closed ends the ticket.
type Closed struct {
	Staff ClosedStaff     `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// ClosedStaff is the internal part of Closed.
type ClosedStaff struct {
	Automatic bool `json:"automatic,omitzero"` // nobody wrote for as long as the policy waits
}

// Cancelled ends a ticket that nobody worked on.
type Cancelled struct {
	Staff CancelledStaff  `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// CancelledStaff is the internal part of Cancelled.
type CancelledStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Merged ends the ticket in favour of another one of the same client: they are the same request, or with
// Duplicate one that was there already. Whoever sees this ticket sees the other one.
type Merged struct {
	Into      domain.TicketID `json:"into"`
	Duplicate bool            `json:"duplicate,omitzero"`
	Staff     AudienceStaff   `json:"staff,omitzero"`
	By        domain.PersonID `json:"by,omitzero"`
	At        time.Time       `json:"at"`
}

// MergedIn says that another ticket ended in favour of this one: its promises count from the earlier beginning, and
// the pauses of both (F16). A Bound ticket stays visible, because the other one's reader was sent here.
type MergedIn struct {
	Bound bool            `json:"bound,omitzero"`
	Staff MergedInStaff   `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// MergedInStaff is the internal part of MergedIn.
type MergedInStaff struct {
	From  domain.TicketID `json:"from"`
	Clock sla.Clock       `json:"clock"` // of the other one when it ended
}

// Split says that a part of the conversation went on in a ticket of its own.
type Split struct {
	Staff SplitStaff      `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// SplitStaff is the internal part of Split: all of it.
type SplitStaff struct {
	Into     domain.TicketID    `json:"into"`
	Comments []domain.CommentID `json:"comments,omitzero"`
}

// Linked ties the ticket to another one, for staff alone.
type Linked struct {
	Staff LinkedStaff     `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// LinkedStaff is the internal part of Linked and Unlinked: all of it.
type LinkedStaff struct {
	Other    domain.TicketID `json:"other"`
	Relation Relation        `json:"relation"`
}

// Unlinked takes a link back.
type Unlinked struct {
	Staff LinkedStaff     `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// ClientChanged moves the ticket to the organisation that it should have had. The old one loses sight of it at once;
// the new one sees it when it is published.
type ClientChanged struct {
	Client   domain.ClientID   `json:"client"`
	Contract domain.ContractID `json:"contract,omitzero"`
	JobType  string            `json:"job_type,omitzero"`
	Staff    AudienceStaff     `json:"staff,omitzero"`
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// ScopeEstimated asks the client whether work that its contracts do not cover is to be done, at what effort (F10,
// F33). The clock stands still until the answer.
type ScopeEstimated struct {
	Contract domain.ContractID `json:"contract"` // under which it would be done
	JobType  string            `json:"job_type"`
	Minutes  int               `json:"minutes"`
	Text     string            `json:"text"` // for the client
	By       domain.PersonID   `json:"by,omitzero"`
	At       time.Time         `json:"at"`
}

// ScopeApproved is the client's yes: the ticket goes on under the contract of the estimate.
type ScopeApproved struct {
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
}

// ScopeDeclined is the client's no.
type ScopeDeclined struct {
	Reason string          `json:"reason,omitzero"`
	By     domain.PersonID `json:"by,omitzero"`
	At     time.Time       `json:"at"`
}

// Attached puts a file on the ticket. Its bytes are kept elsewhere, under its id.
type Attached struct {
	Attachment domain.AttachmentID `json:"attachment"`
	Visibility domain.Visibility   `json:"visibility,omitzero"`
	ByClient   bool                `json:"by_client,omitzero"`
	Name       string              `json:"name"`
	Type       string              `json:"type"` // media type
	Size       int64               `json:"size"` // bytes
	SHA256     string              `json:"sha256"`
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// AttachmentPublished makes a file of staff visible.
type AttachmentPublished struct {
	Attachment domain.AttachmentID `json:"attachment"`
	Staff      AudienceStaff       `json:"staff,omitzero"`
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// AttachmentWithdrawn ends the disclosure of a file of staff.
type AttachmentWithdrawn struct {
	Attachment domain.AttachmentID `json:"attachment"`
	Staff      AudienceStaff       `json:"staff,omitzero"`
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// AttachmentErased says that the bytes of a file are gone for good.
type AttachmentErased struct {
	Attachment domain.AttachmentID `json:"attachment"`
	Staff      AudienceStaff       `json:"staff,omitzero"`
	By         domain.PersonID     `json:"by,omitzero"`
	At         time.Time           `json:"at"`
}

// SLAPinned says what holds for the ticket from now on: policy, target and opening hours, as they are now (F17).
type SLAPinned struct {
	Staff SLAPinnedStaff  `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// SLAPinnedStaff is the internal part of SLAPinned: all of it. What the client sees of it are the instants that
// follow.
type SLAPinnedStaff struct {
	Pin    sla.Pin `json:"pin"`
	Reason string  `json:"reason,omitzero"` // "raised", "triaged", "policy", "calendar" …
}

// SLAStateReached says that a target came near its breach, or was breached, at At (F19), whenever that was noticed.
type SLAStateReached struct {
	Goal  sla.Goal             `json:"goal"`
	State sla.State            `json:"state"` // sla.NearBreach or sla.Breached
	Staff SLAStateReachedStaff `json:"staff"`
	At    time.Time            `json:"at"`
}

// SLAStateReachedStaff is the internal part of SLAStateReached.
type SLAStateReachedStaff struct {
	Cycle int `json:"cycle"`
}

// TargetConcluded says how a target ended, and by what margin (F19): history that later edits cannot reach.
type TargetConcluded struct {
	Goal  sla.Goal             `json:"goal"`
	State sla.State            `json:"state"` // sla.Met, sla.MetLate or sla.Cancelled
	Staff TargetConcludedStaff `json:"staff"`
	At    time.Time            `json:"at"`
}

// TargetConcludedStaff is the internal part of TargetConcluded.
type TargetConcludedStaff struct {
	Cycle          int       `json:"cycle"`
	GoalSeconds    int64     `json:"goal_seconds"`
	ElapsedSeconds int64     `json:"elapsed_seconds"`
	Breached       time.Time `json:"breached,omitzero"` // the due instant that had passed
}

// Escalated says that a level of the ladder was reached, at At: once per goal, cycle and level (F21). That it was, and
// when, is all that the client may know (X1).
type Escalated struct {
	Goal  sla.Goal       `json:"goal"`
	Staff EscalatedStaff `json:"staff"`
	At    time.Time      `json:"at"`
}

// EscalatedStaff is the internal part of Escalated.
type EscalatedStaff struct {
	Cycle int       `json:"cycle"`
	Level sla.Level `json:"level"` // whom to tell, and what to do
}

// EscalationAcknowledged stops the ladder of the running cycles (F21).
type EscalationAcknowledged struct {
	Staff AudienceStaff   `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// BreachExcused says that a breach does not count, because the clause of the contract leaves it out of account, or
// because history was wrong (F22).
type BreachExcused struct {
	Goal  sla.Goal           `json:"goal"`
	Staff BreachExcusedStaff `json:"staff"`
	By    domain.PersonID    `json:"by,omitzero"`
	At    time.Time          `json:"at"`
}

// BreachExcusedStaff is the internal part of BreachExcused.
type BreachExcusedStaff struct {
	Cycle  int    `json:"cycle"`
	Why    string `json:"why"` // terms.Maintenance, terms.ForceMajeure, terms.ClientWait or Mistake
	Reason string `json:"reason"`
}

// Watched says who wants to be told of the ticket, or with Ended no longer.
type Watched struct {
	Staff WatchedStaff    `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// WatchedStaff is the internal part of Watched: all of it.
type WatchedStaff struct {
	Person domain.PersonID `json:"person"`
	Ended  bool            `json:"ended,omitzero"`
}

// Reopened takes a resolved or closed ticket up again.
type Reopened struct {
	Staff ReopenedStaff   `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// ReopenedStaff is the internal part of Reopened.
type ReopenedStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Published makes the ticket itself visible to its client.
type Published struct {
	Staff AudienceStaff   `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// Withdrawn ends the disclosure of the ticket itself; its comments were withdrawn before it.
type Withdrawn struct {
	Staff AudienceStaff   `json:"staff,omitzero"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// CommentPublished makes one staff comment visible. It answers the client, as one written visible would.
type CommentPublished struct {
	Comment domain.CommentID `json:"comment"`
	Silent  bool             `json:"silent,omitzero"` // an automatic or an adopted one: it answers nobody
	Staff   AudienceStaff    `json:"staff,omitzero"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// CommentWithdrawn ends the disclosure of one staff comment or note.
type CommentWithdrawn struct {
	Comment domain.CommentID `json:"comment"`
	Staff   AudienceStaff    `json:"staff,omitzero"`
	By      domain.PersonID  `json:"by,omitzero"`
	At      time.Time        `json:"at"`
}

// AudienceStaff is the internal part of a change of audience.
type AudienceStaff struct {
	Reason string `json:"reason,omitzero"`
}

// Numbered gives the ticket its number in one of its client's two series (X11).
type Numbered struct {
	Series domain.Visibility `json:"series,omitzero"` // which series: the visible one or the internal one
	Number int               `json:"number"`
	At     time.Time         `json:"at"`
}

// Imported says that the events before it, back to the previous Imported, came from a file.
type Imported struct {
	Staff ImportedStaff   `json:"staff"`
	By    domain.PersonID `json:"by,omitzero"`
	At    time.Time       `json:"at"`
}

// ImportedStaff is the internal part of Imported: where the facts came from.
type ImportedStaff struct {
	System string `json:"system"`
	Key    string `json:"key"`    // the ticket's key in that system
	File   string `json:"file"`   // hex SHA-256 of the file
	Line   int    `json:"line"`   // first line of the ticket in the file, from 1
	Rows   int    `json:"rows"`   // how many rows of the file made this history
	Digest string `json:"digest"` // hex SHA-256 of those rows: a later import with another digest is a change
}

// Kind is the stored name.
func (Raised) Kind() string                 { return "ticket.raised.v1" }
func (Triaged) Kind() string                { return "ticket.triaged.v1" }
func (Assigned) Kind() string               { return "ticket.assigned.v1" }
func (Started) Kind() string                { return "ticket.started.v1" }
func (Commented) Kind() string              { return "ticket.commented.v1" }
func (Noted) Kind() string                  { return "ticket.noted.v1" }
func (WaitingStarted) Kind() string         { return "ticket.waiting_started.v1" }
func (WaitingEnded) Kind() string           { return "ticket.waiting_ended.v1" }
func (Resolved) Kind() string               { return "ticket.resolved.v1" }
func (Closed) Kind() string                 { return "ticket.closed.v1" }
func (Reopened) Kind() string               { return "ticket.reopened.v1" }
func (Published) Kind() string              { return "ticket.published.v1" }
func (Withdrawn) Kind() string              { return "ticket.withdrawn.v1" }
func (CommentPublished) Kind() string       { return "ticket.comment_published.v1" }
func (CommentWithdrawn) Kind() string       { return "ticket.comment_withdrawn.v1" }
func (Numbered) Kind() string               { return "ticket.numbered.v1" }
func (Imported) Kind() string               { return "ticket.imported.v1" }
func (CommentEdited) Kind() string          { return "ticket.comment_edited.v1" }
func (CommentDeleted) Kind() string         { return "ticket.comment_deleted.v1" }
func (Cancelled) Kind() string              { return "ticket.cancelled.v1" }
func (Merged) Kind() string                 { return "ticket.merged.v1" }
func (MergedIn) Kind() string               { return "ticket.merged_in.v1" }
func (Split) Kind() string                  { return "ticket.split.v1" }
func (Linked) Kind() string                 { return "ticket.linked.v1" }
func (Unlinked) Kind() string               { return "ticket.unlinked.v1" }
func (ClientChanged) Kind() string          { return "ticket.client_changed.v1" }
func (ScopeEstimated) Kind() string         { return "ticket.scope_estimated.v1" }
func (ScopeApproved) Kind() string          { return "ticket.scope_approved.v1" }
func (ScopeDeclined) Kind() string          { return "ticket.scope_declined.v1" }
func (Attached) Kind() string               { return "ticket.attached.v1" }
func (AttachmentPublished) Kind() string    { return "ticket.attachment_published.v1" }
func (AttachmentWithdrawn) Kind() string    { return "ticket.attachment_withdrawn.v1" }
func (AttachmentErased) Kind() string       { return "ticket.attachment_erased.v1" }
func (SLAPinned) Kind() string              { return "ticket.sla_pinned.v1" }
func (SLAStateReached) Kind() string        { return "ticket.sla_state_reached.v1" }
func (TargetConcluded) Kind() string        { return "ticket.target_concluded.v1" }
func (Escalated) Kind() string              { return "ticket.escalated.v1" }
func (EscalationAcknowledged) Kind() string { return "ticket.escalation_acknowledged.v1" }
func (BreachExcused) Kind() string          { return "ticket.breach_excused.v1" }
func (Watched) Kind() string                { return "ticket.watched.v1" }

func (e Raised) instant() time.Time                 { return e.At }
func (e Triaged) instant() time.Time                { return e.At }
func (e Assigned) instant() time.Time               { return e.At }
func (e Started) instant() time.Time                { return e.At }
func (e Commented) instant() time.Time              { return e.At }
func (e Noted) instant() time.Time                  { return e.At }
func (e WaitingStarted) instant() time.Time         { return e.At }
func (e WaitingEnded) instant() time.Time           { return e.At }
func (e Resolved) instant() time.Time               { return e.At }
func (e Closed) instant() time.Time                 { return e.At }
func (e Reopened) instant() time.Time               { return e.At }
func (e Published) instant() time.Time              { return e.At }
func (e Withdrawn) instant() time.Time              { return e.At }
func (e CommentPublished) instant() time.Time       { return e.At }
func (e CommentWithdrawn) instant() time.Time       { return e.At }
func (e Numbered) instant() time.Time               { return e.At }
func (e Imported) instant() time.Time               { return e.At }
func (e CommentEdited) instant() time.Time          { return e.At }
func (e CommentDeleted) instant() time.Time         { return e.At }
func (e Cancelled) instant() time.Time              { return e.At }
func (e Merged) instant() time.Time                 { return e.At }
func (e MergedIn) instant() time.Time               { return e.At }
func (e Split) instant() time.Time                  { return e.At }
func (e Linked) instant() time.Time                 { return e.At }
func (e Unlinked) instant() time.Time               { return e.At }
func (e ClientChanged) instant() time.Time          { return e.At }
func (e ScopeEstimated) instant() time.Time         { return e.At }
func (e ScopeApproved) instant() time.Time          { return e.At }
func (e ScopeDeclined) instant() time.Time          { return e.At }
func (e Attached) instant() time.Time               { return e.At }
func (e AttachmentPublished) instant() time.Time    { return e.At }
func (e AttachmentWithdrawn) instant() time.Time    { return e.At }
func (e AttachmentErased) instant() time.Time       { return e.At }
func (e SLAPinned) instant() time.Time              { return e.At }
func (e SLAStateReached) instant() time.Time        { return e.At }
func (e TargetConcluded) instant() time.Time        { return e.At }
func (e Escalated) instant() time.Time              { return e.At }
func (e EscalationAcknowledged) instant() time.Time { return e.At }
func (e BreachExcused) instant() time.Time          { return e.At }
func (e Watched) instant() time.Time                { return e.At }

func (Raised) isEvent()                 {}
func (Triaged) isEvent()                {}
func (Assigned) isEvent()               {}
func (Started) isEvent()                {}
func (Commented) isEvent()              {}
func (Noted) isEvent()                  {}
func (WaitingStarted) isEvent()         {}
func (WaitingEnded) isEvent()           {}
func (Resolved) isEvent()               {}
func (Closed) isEvent()                 {}
func (Reopened) isEvent()               {}
func (Published) isEvent()              {}
func (Withdrawn) isEvent()              {}
func (CommentPublished) isEvent()       {}
func (CommentWithdrawn) isEvent()       {}
func (Numbered) isEvent()               {}
func (Imported) isEvent()               {}
func (CommentEdited) isEvent()          {}
func (CommentDeleted) isEvent()         {}
func (Cancelled) isEvent()              {}
func (Merged) isEvent()                 {}
func (MergedIn) isEvent()               {}
func (Split) isEvent()                  {}
func (Linked) isEvent()                 {}
func (Unlinked) isEvent()               {}
func (ClientChanged) isEvent()          {}
func (ScopeEstimated) isEvent()         {}
func (ScopeApproved) isEvent()          {}
func (ScopeDeclined) isEvent()          {}
func (Attached) isEvent()               {}
func (AttachmentPublished) isEvent()    {}
func (AttachmentWithdrawn) isEvent()    {}
func (AttachmentErased) isEvent()       {}
func (SLAPinned) isEvent()              {}
func (SLAStateReached) isEvent()        {}
func (TargetConcluded) isEvent()        {}
func (Escalated) isEvent()              {}
func (EscalationAcknowledged) isEvent() {}
func (BreachExcused) isEvent()          {}
func (Watched) isEvent()                {}
