package ticket

import (
	"time"

	"github.com/google/uuid"

	"effigate/domain"
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
	Visibility  domain.Visibility `json:"visibility,omitzero"`
	// RaisedBy is who asked; ForClient says that this is a client user, who keeps sight of the ticket for
	// ever once it is visible (X8).
	RaisedBy  domain.PersonID `json:"raised_by"`
	ForClient bool            `json:"for_client,omitzero"`
	By        domain.PersonID `json:"by,omitzero"`
	At        time.Time       `json:"at"`
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
	By         domain.PersonID   `json:"by,omitzero"`
	At         time.Time         `json:"at"`
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
	By domain.PersonID `json:"by,omitzero"`
	At time.Time       `json:"at"`
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

// CommentPublished makes one staff comment visible.
type CommentPublished struct {
	Comment domain.CommentID `json:"comment"`
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
func (Raised) Kind() string           { return "ticket.raised.v1" }
func (Triaged) Kind() string          { return "ticket.triaged.v1" }
func (Assigned) Kind() string         { return "ticket.assigned.v1" }
func (Started) Kind() string          { return "ticket.started.v1" }
func (Commented) Kind() string        { return "ticket.commented.v1" }
func (Noted) Kind() string            { return "ticket.noted.v1" }
func (WaitingStarted) Kind() string   { return "ticket.waiting_started.v1" }
func (WaitingEnded) Kind() string     { return "ticket.waiting_ended.v1" }
func (Resolved) Kind() string         { return "ticket.resolved.v1" }
func (Closed) Kind() string           { return "ticket.closed.v1" }
func (Reopened) Kind() string         { return "ticket.reopened.v1" }
func (Published) Kind() string        { return "ticket.published.v1" }
func (Withdrawn) Kind() string        { return "ticket.withdrawn.v1" }
func (CommentPublished) Kind() string { return "ticket.comment_published.v1" }
func (CommentWithdrawn) Kind() string { return "ticket.comment_withdrawn.v1" }
func (Numbered) Kind() string         { return "ticket.numbered.v1" }
func (Imported) Kind() string         { return "ticket.imported.v1" }

func (e Raised) instant() time.Time           { return e.At }
func (e Triaged) instant() time.Time          { return e.At }
func (e Assigned) instant() time.Time         { return e.At }
func (e Started) instant() time.Time          { return e.At }
func (e Commented) instant() time.Time        { return e.At }
func (e Noted) instant() time.Time            { return e.At }
func (e WaitingStarted) instant() time.Time   { return e.At }
func (e WaitingEnded) instant() time.Time     { return e.At }
func (e Resolved) instant() time.Time         { return e.At }
func (e Closed) instant() time.Time           { return e.At }
func (e Reopened) instant() time.Time         { return e.At }
func (e Published) instant() time.Time        { return e.At }
func (e Withdrawn) instant() time.Time        { return e.At }
func (e CommentPublished) instant() time.Time { return e.At }
func (e CommentWithdrawn) instant() time.Time { return e.At }
func (e Numbered) instant() time.Time         { return e.At }
func (e Imported) instant() time.Time         { return e.At }

func (Raised) isEvent()           {}
func (Triaged) isEvent()          {}
func (Assigned) isEvent()         {}
func (Started) isEvent()          {}
func (Commented) isEvent()        {}
func (Noted) isEvent()            {}
func (WaitingStarted) isEvent()   {}
func (WaitingEnded) isEvent()     {}
func (Resolved) isEvent()         {}
func (Closed) isEvent()           {}
func (Reopened) isEvent()         {}
func (Published) isEvent()        {}
func (Withdrawn) isEvent()        {}
func (CommentPublished) isEvent() {}
func (CommentWithdrawn) isEvent() {}
func (Numbered) isEvent()         {}
func (Imported) isEvent()         {}

// All lists one sample of every variant with every field set: the registry learns the stored names from
// it, and the tests that look for internal text in client data plant their markers in it.
func All() []domain.Event {
	id := func(name string) uuid.UUID { return domain.Derive(uuid.NameSpaceURL, "ticket sample", name) }
	person, at := domain.PersonID{UUID: id("person")}, time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)
	comment, contract := domain.CommentID{UUID: id("comment")}, domain.ContractID{UUID: id("contract")}
	audience := AudienceStaff{Reason: "reviewed with the account manager"}
	return []domain.Event{
		Raised{
			Ticket: domain.TicketID{UUID: id("ticket")}, Client: domain.ClientID{UUID: id("client")}, Contract: contract,
			JobType: "api", Title: "API timeout on bulk export", Description: "Every export above 10,000 rows stops.",
			Priority: Critical, Visibility: domain.ClientVisible, RaisedBy: domain.PersonID{UUID: id("caller")},
			ForClient: true, By: person, At: at,
		},
		Triaged{Contract: contract, JobType: "api", Priority: High, By: person, At: at},
		Assigned{Staff: AssignedStaff{Assignee: person, Team: "Platform"}, By: person, At: at},
		Started{By: person, At: at},
		Commented{Comment: comment, Visibility: domain.ClientVisible, ByClient: true, Text: "Still happening.", By: person, At: at},
		Noted{
			Note: domain.CommentID{UUID: id("note")}, Visibility: domain.ClientVisible, Text: "Pool size was the cause.",
			Staff: NotedStaff{CopyOf: comment}, By: person, At: at,
		},
		WaitingStarted{For: ForThirdParty, Staff: WaitingStartedStaff{Reason: "vendor ticket 7"}, By: person, At: at},
		WaitingEnded{By: person, At: at},
		Resolved{Note: "The export now streams.", Staff: ResolvedStaff{Code: "code 5"}, By: person, At: at},
		Closed{By: person, At: at},
		Reopened{Staff: ReopenedStaff{Reason: "regression in the nightly run"}, By: person, At: at},
		Published{Staff: audience, By: person, At: at},
		Withdrawn{Staff: audience, By: person, At: at},
		CommentPublished{Comment: comment, Staff: audience, By: person, At: at},
		CommentWithdrawn{Comment: comment, Staff: audience, By: person, At: at},
		Numbered{Series: domain.ClientVisible, Number: 41, At: at},
		Imported{
			Staff: ImportedStaff{System: "incidents", Key: "INC0000045", File: "9f86d081", Line: 2, Rows: 4, Digest: "60303ae2"},
			By:    person, At: at,
		},
	}
}
