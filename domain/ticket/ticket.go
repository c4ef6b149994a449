// Package ticket is the ticket aggregate: life cycle, conversation, audience and number of one request
// or incident (product rules F2, F9–F11, F16, X8, X11, X13).
//
// It imports the domain and visible packages only. What clients see is decided in disclosure.go alone.
package ticket

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
)

// Priority of a ticket.
type Priority string

// The priorities.
const (
	Critical Priority = "critical"
	High     Priority = "high"
	Medium   Priority = "medium"
	Low      Priority = "low"
)

// Valid reports whether p is one of the four priorities.
func (p Priority) Valid() bool { return p == Critical || p == High || p == Medium || p == Low }

// Status is the state of a ticket's life cycle (F16). The zero Status is a ticket that does not exist.
type Status string

// The states.
const (
	StatusNew               Status = "new"
	StatusTriaged           Status = "triaged"
	StatusInProgress        Status = "in_progress"
	StatusWaitingClient     Status = "waiting_client"
	StatusWaitingThirdParty Status = "waiting_third_party"
	StatusResolved          Status = "resolved"
	StatusClosed            Status = "closed"
	StatusReopened          Status = "reopened"
)

// WaitingFor says whom a pause waits for.
type WaitingFor string

// The two of them.
const (
	ForClient     WaitingFor = "client"
	ForThirdParty WaitingFor = "third_party"
)

func (w WaitingFor) status() Status {
	if w == ForClient {
		return StatusWaitingClient
	}
	return StatusWaitingThirdParty
}

// Stream is the name of a ticket's stream.
func Stream(id domain.TicketID) string { return "ticket-" + id.String() }

// IDOf is the ticket that a stream belongs to.
func IDOf(stream string) (domain.TicketID, error) {
	id, err := uuid.Parse(strings.TrimPrefix(stream, "ticket-"))
	if err != nil || Stream(domain.TicketID{UUID: id}) != stream {
		return domain.TicketID{}, domain.Refuse(domain.ErrInvalid, "no_ticket_stream", "%q is not the stream of a ticket", stream)
	}
	return domain.TicketID{UUID: id}, nil
}

// Decider is the ticket aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a ticket.
type State struct {
	Client     domain.ClientID
	Status     Status
	Visibility domain.Visibility
	Contract   domain.ContractID
	JobType    string
	Priority   Priority

	raisedBy  domain.PersonID
	forClient bool // raised by or for a client user
	disclosed bool // was Client Visible at some time, and may be so no longer
	assigned  AssignedStaff
	said      said
	messages  domain.Index[flags] // by comment id
	visibleNo int
	staffNo   int
	origin    ImportedStaff
}

// said is what was said on entering the present state, so that a repetition is told from a contradiction.
type said struct{ text, code string }

// flags is what decisions need to know of a comment or note.
type flags struct {
	author     domain.PersonID
	visibility domain.Visibility
	byClient   bool
	note       bool
}

// Exists reports whether the ticket was raised.
func (s State) Exists() bool { return s.Status != "" }

// Origin is where the ticket was last imported from; zero when it was not.
func (s State) Origin() ImportedStaff { return s.origin }

// Author is who wrote a comment or note on the ticket; zero when there is none with that id.
func (s State) Author(id domain.CommentID) domain.PersonID {
	message, _ := s.messages.Get(id.UUID)
	return message.author
}

// Wants tells which series owes the ticket a number: the visible one from the first publication on, for
// ever; the internal one as long as the ticket was never visible (X11).
func (s State) Wants() (series domain.Visibility, wants bool) {
	switch {
	case !s.Exists() || s.visibleNo > 0:
		return "", false
	case s.disclosed:
		return domain.ClientVisible, true
	default:
		return domain.InternalOnly, s.staffNo == 0
	}
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Raise:
		return s.raise(c)
	case Number:
		return s.number(c)
	case Comment:
		return s.comment(c)
	case Reopen:
		return s.reopen(c)
	default:
		return s.decideForStaff(c)
	}
}

// decideForStaff handles what clients may never ask for, whatever the transport let through.
func (s State) decideForStaff(c Command) ([]Event, error) {
	by, at := signature(c)
	if by.Side == domain.ClientSide {
		return nil, errNotFound
	}
	if err := s.open(by, at); err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case Triage:
		return s.triage(c)
	case Assign:
		return s.assign(c)
	case Start:
		return s.start(c)
	case Note:
		return s.note(c)
	case WaitForClient:
		return s.waitForClient(c)
	case WaitForThirdParty:
		return s.waitForThirdParty(c)
	case Resume:
		return s.resume(c)
	case Resolve:
		return s.resolve(c)
	case Close:
		return s.close(c)
	case Publish:
		return s.publish(c)
	case Withdraw:
		return s.withdraw(c)
	case WithdrawComment:
		return s.withdrawComment(c)
	case Import:
		return s.imported(c)
	case Raise, Number, Comment, Reopen:
		// Decide has handled them: clients and the system send these too.
	}
	return nil, nil
}

// signature is who sent a command and when.
func signature(c Command) (domain.Actor, time.Time) {
	switch c := c.(type) {
	case Raise:
		return c.By, c.At
	case Triage:
		return c.By, c.At
	case Assign:
		return c.By, c.At
	case Start:
		return c.By, c.At
	case Comment:
		return c.By, c.At
	case Note:
		return c.By, c.At
	case WaitForClient:
		return c.By, c.At
	case WaitForThirdParty:
		return c.By, c.At
	case Resume:
		return c.By, c.At
	case Resolve:
		return c.By, c.At
	case Close:
		return c.By, c.At
	case Reopen:
		return c.By, c.At
	case Publish:
		return c.By, c.At
	case Withdraw:
		return c.By, c.At
	case WithdrawComment:
		return c.By, c.At
	case Import:
		return c.By, c.At
	case Number:
		return domain.System(), c.At
	}
	return domain.Actor{}, time.Time{}
}

// errNotFound is the one answer for "no such ticket" and "not yours": a client cannot tell them apart.
var errNotFound = domain.Refuse(domain.ErrNotFound, "no_such_ticket", "no such ticket")

// open refuses whoever may not see the ticket, and commands without a valid instant.
func (s State) open(by domain.Actor, at time.Time) error {
	if !s.Exists() {
		return errNotFound
	}
	if by.Side == domain.ClientSide && !s.visibleTo(by) {
		return errNotFound
	}
	check := domain.Signed(by, at)
	return check.Err()
}

// visibleTo tells whether a client user sees the ticket: its organisation's visible ones, an employee
// only those raised by or for that employee (F54).
func (s State) visibleTo(user domain.Actor) bool {
	if s.Visibility != domain.ClientVisible || s.Client != user.Client || user.Person.IsZero() {
		return false
	}
	return user.Role == domain.ClientAdmin || user.Role == domain.ClientEmployee && s.raisedBy == user.Person
}

// unseen refuses what an import brings once a client has seen the ticket. What is imported arrives Internal
// Only, so only history that nobody was shown may lack what clients are owed: a question, a note.
func (s State) unseen(imported bool) error {
	if imported && s.disclosed {
		return domain.Refuse(domain.ErrConflict, "already_disclosed", "the client has seen the ticket; an import cannot go on with it")
	}
	return nil
}

func (s State) raise(c Raise) ([]Event, error) {
	byClient := c.By.Side == domain.ClientSide
	if byClient && (c.By.Client != c.Client || c.Imported || s.Exists() && !s.visibleTo(c.By)) {
		return nil, errNotFound
	}
	if s.Exists() {
		return nil, nil // The id derives from the command: it has acted.
	}
	check := domain.Signed(c.By, c.At)
	check.That(!c.Ticket.IsZero(), "ticket", "must be given")
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.That(c.JobType != "", "category", "must be given")
	check.That(c.Priority.Valid(), "priority", "must be critical, high, medium or low")
	check.That(c.Visibility.Valid(), "visibility", "must be client_visible or empty")
	check.Line("title", c.Title)
	check.Text("description", c.Description, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	raised := Raised{
		Ticket: c.Ticket, Client: c.Client, Contract: c.Contract, JobType: c.JobType,
		Title: c.Title, Description: c.Description, Priority: c.Priority, Visibility: c.Visibility,
		RaisedBy: c.By.Person, ForClient: byClient, By: c.By.Person, At: c.At,
	}
	if !byClient && !c.OnBehalfOf.IsZero() {
		raised.RaisedBy, raised.ForClient = c.OnBehalfOf, true
	}
	if raised.ForClient {
		raised.Visibility = domain.ClientVisible // X8
	}
	if c.Imported {
		raised.Visibility = domain.InternalOnly
	}
	return []Event{raised}, nil
}

func (s State) triage(c Triage) ([]Event, error) {
	if err := s.working("triage"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(c.JobType != "", "category", "must be given")
	check.That(c.Priority.Valid(), "priority", "must be critical, high, medium or low")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.Status != StatusNew && s.Contract == c.Contract && s.JobType == c.JobType && s.Priority == c.Priority {
		return nil, nil
	}
	return []Event{Triaged{Contract: c.Contract, JobType: c.JobType, Priority: c.Priority, By: c.By.Person, At: c.At}}, nil
}

func (s State) assign(c Assign) ([]Event, error) {
	if err := s.working("assign"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Text("team", c.Team, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	to := AssignedStaff{Assignee: c.Assignee, Team: c.Team}
	if to == s.assigned {
		return nil, nil
	}
	return []Event{Assigned{Staff: to, By: c.By.Person, At: c.At}}, nil
}

func (s State) start(c Start) ([]Event, error) {
	switch s.Status {
	case StatusNew, StatusTriaged:
		return []Event{Started{By: c.By.Person, At: c.At}}, nil
	case StatusInProgress, StatusReopened:
		return nil, nil
	case StatusWaitingClient, StatusWaitingThirdParty, StatusResolved, StatusClosed:
	}
	return nil, domain.Refuse(domain.ErrConflict, "wrong_state", "work cannot start on a ticket that is %s; resume or reopen it", s.Status)
}

// comment is open to clients. A reply while the ticket waits for the client ends the wait at the reply's
// instant, whatever staff do or when they look (F16).
func (s State) comment(c Comment) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	byClient := c.By.Side == domain.ClientSide
	if byClient {
		c.Visibility = domain.ClientVisible
	}
	if s.wrote(c.Comment) {
		return nil, nil
	}
	var check domain.Check
	checkMessage(&check, c.Comment, c.Text, c.Visibility)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.Status == StatusClosed {
		return nil, domain.Refuse(domain.ErrConflict, "ticket_closed", "the ticket is closed; reopen it to write on it")
	}
	if err := s.holds(c.Visibility); err != nil {
		return nil, err
	}
	events := []Event{Commented{
		Comment: c.Comment, Visibility: c.Visibility, ByClient: byClient, Text: c.Text, By: c.By.Person, At: c.At,
	}}
	if byClient && s.Status == StatusWaitingClient {
		events = append(events, WaitingEnded{By: c.By.Person, At: c.At})
	}
	return events, nil
}

func (s State) note(c Note) ([]Event, error) {
	if s.wrote(c.Note) {
		return nil, nil
	}
	var check domain.Check
	checkMessage(&check, c.Note, c.Text, c.Visibility)
	if !c.CopyOf.IsZero() {
		original, known := s.messages.Get(c.CopyOf.UUID)
		check.That(known && original.note, "copy_of", "must be a note of this ticket")
		check.That(c.Visibility == domain.ClientVisible, "visibility", "must be client_visible for a copy")
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	if err := s.holds(c.Visibility); err != nil {
		return nil, err
	}
	return []Event{Noted{
		Note: c.Note, Visibility: c.Visibility, Text: c.Text, Staff: NotedStaff{CopyOf: c.CopyOf}, By: c.By.Person, At: c.At,
	}}, nil
}

// waitForClient needs a question that the client can see (F16); history from elsewhere has none. Asked
// while the ticket waits for the client already, the question joins the one before.
func (s State) waitForClient(c WaitForClient) ([]Event, error) {
	if err := s.unseen(c.Imported); err != nil {
		return nil, err
	}
	if !c.Imported && s.wrote(c.Comment) {
		return nil, nil
	}
	if err := s.working("wait"); err != nil {
		return nil, err
	}
	var events []Event
	if !c.Imported {
		asked, err := s.comment(Comment{Comment: c.Comment, Visibility: domain.ClientVisible, Text: c.Question, By: c.By, At: c.At})
		if err != nil {
			return nil, err
		}
		events = asked
	}
	if s.Status == StatusWaitingClient {
		return events, nil
	}
	events = append(events, s.endWait(c.By, c.At)...)
	return append(events, WaitingStarted{For: ForClient, By: c.By.Person, At: c.At}), nil
}

// waitForThirdParty under another reason than before says so, without an end of the wait between.
func (s State) waitForThirdParty(c WaitForThirdParty) ([]Event, error) {
	if err := s.working("wait"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	started := WaitingStarted{For: ForThirdParty, Staff: WaitingStartedStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}
	if s.Status == StatusWaitingThirdParty {
		if s.said == (said{text: c.Reason}) {
			return nil, nil
		}
		return []Event{started}, nil
	}
	return append(s.endWait(c.By, c.At), started), nil
}

func (s State) resume(c Resume) ([]Event, error) {
	switch s.Status {
	case StatusWaitingClient, StatusWaitingThirdParty:
		return s.endWait(c.By, c.At), nil
	case StatusInProgress, StatusReopened:
		return nil, nil
	case StatusNew, StatusTriaged, StatusResolved, StatusClosed:
	}
	return nil, domain.Refuse(domain.ErrConflict, "wrong_state", "a ticket that is %s does not wait for anybody", s.Status)
}

func (s State) endWait(by domain.Actor, at time.Time) []Event {
	if s.Status != StatusWaitingClient && s.Status != StatusWaitingThirdParty {
		return nil
	}
	return []Event{WaitingEnded{By: by.Person, At: at}}
}

// resolve twice with one note is one resolution; with another note, two people contradict each other.
func (s State) resolve(c Resolve) ([]Event, error) {
	if err := s.unseen(c.Imported); err != nil {
		return nil, err
	}
	if s.Status == StatusResolved {
		if s.said == (said{c.Note, c.Code}) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "already_resolved", "the ticket is resolved with another note or code; reopen it to resolve it anew")
	}
	if err := s.working("resolve"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Text("note", c.Note, 0)
	check.Text("code", c.Code, 0)
	if s.Visibility == domain.ClientVisible {
		check.That(strings.TrimSpace(c.Note) != "", "note", "must tell the client how the ticket was resolved")
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	return append(s.endWait(c.By, c.At), Resolved{Note: c.Note, Staff: ResolvedStaff{Code: c.Code}, By: c.By.Person, At: c.At}), nil
}

func (s State) close(c Close) ([]Event, error) {
	if err := s.unseen(c.Imported); err != nil {
		return nil, err
	}
	switch {
	case s.Status == StatusClosed:
		return nil, nil
	case s.Status == StatusResolved:
		return []Event{Closed{By: c.By.Person, At: c.At}}, nil
	case c.Imported:
		resolved, err := s.resolve(Resolve{Imported: true, By: c.By, At: c.At})
		if err != nil {
			return nil, err
		}
		return append(resolved, Closed{By: c.By.Person, At: c.At}), nil
	}
	return nil, domain.Refuse(domain.ErrConflict, "wrong_state", "a ticket that is %s must be resolved before it is closed", s.Status)
}

// reopen is open to clients, whose reason becomes a visible comment, also when the ticket was reopened by
// somebody else a moment before.
func (s State) reopen(c Reopen) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	byClient := c.By.Side == domain.ClientSide
	switch {
	case byClient && s.wrote(c.Comment):
		return nil, nil
	case s.Status == StatusResolved, s.Status == StatusClosed:
	case s.Status == StatusReopened && (byClient || c.Text == "" || s.said == said{text: c.Text}):
	default:
		return nil, domain.Refuse(domain.ErrConflict, "not_resolved", "a ticket that is %s is still open", s.Status)
	}
	var check domain.Check
	check.Text("text", c.Text, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	var events []Event
	if s.Status != StatusReopened {
		reopened := Reopened{By: c.By.Person, At: c.At}
		if !byClient {
			reopened.Staff.Reason = c.Text
		}
		events, s.Status = append(events, reopened), StatusReopened
	}
	if !byClient || c.Text == "" {
		return events, nil
	}
	commented, err := s.comment(Comment{Comment: c.Comment, Text: c.Text, By: c.By, At: c.At})
	if err != nil {
		return nil, err
	}
	return append(events, commented...), nil
}

// publish shows the ticket first and the comments after it: a child is never more visible than its
// parent (F2). The reason stands once, on the first event: an append has a limit.
func (s State) publish(c Publish) ([]Event, error) {
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	for _, id := range c.Comments {
		m, known := s.messages.Get(id.UUID)
		check.That(known, "comments", "must be comments of this ticket: "+id.String()+" is not")
		check.That(!m.note, "comments", "must not be notes: "+id.String()+" is one; write a visible note with its reviewed text")
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	var events []Event
	staff := AudienceStaff{Reason: c.Reason}
	if s.Visibility != domain.ClientVisible {
		events = append(events, Published{Staff: staff, By: c.By.Person, At: c.At})
		staff = AudienceStaff{}
	}
	seen := map[domain.CommentID]bool{}
	for _, id := range c.Comments {
		if m, _ := s.messages.Get(id.UUID); m.visibility == domain.ClientVisible || seen[id] {
			continue
		}
		seen[id] = true
		events = append(events, CommentPublished{Comment: id, Staff: staff, By: c.By.Person, At: c.At})
		staff = AudienceStaff{}
	}
	return events, nil
}

// withdraw hides children first, in the order of their ids. What a client asked or wrote stays (X8, F2).
// The reason stands once, on the ticket.
func (s State) withdraw(c Withdraw) ([]Event, error) {
	if s.Visibility != domain.ClientVisible {
		return nil, nil
	}
	if s.forClient {
		return nil, domain.Refuse(domain.ErrConflict, "raised_for_client", "the ticket was raised by or for a client user and stays visible")
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	var events []Event
	for id, m := range s.messages.All() {
		if m.byClient {
			return nil, domain.Refuse(domain.ErrConflict, "client_wrote", "a client has written on the ticket; it stays visible")
		}
		if m.visibility == domain.ClientVisible {
			events = append(events, CommentWithdrawn{Comment: domain.CommentID{UUID: id}, By: c.By.Person, At: c.At})
		}
	}
	return append(events, Withdrawn{Staff: AudienceStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}), nil
}

func (s State) withdrawComment(c WithdrawComment) ([]Event, error) {
	m, known := s.messages.Get(c.Comment.UUID)
	if !known {
		return nil, domain.Refuse(domain.ErrNotFound, "no_such_comment", "no comment %s on this ticket", c.Comment)
	}
	if m.byClient {
		return nil, domain.Refuse(domain.ErrConflict, "client_wrote", "what a client wrote stays visible")
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	if err := check.Err(); err != nil || m.visibility != domain.ClientVisible {
		return nil, err
	}
	return []Event{CommentWithdrawn{Comment: c.Comment, Staff: AudienceStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

// number is the second step of numbering. A number once given stays, whatever is asked later.
func (s State) number(c Number) ([]Event, error) {
	if err := s.open(domain.System(), c.At); err != nil {
		return nil, err
	}
	if c.Number < 1 {
		return nil, domain.Refuse(domain.ErrInvalid, "invalid_number", "number %d is below 1", c.Number)
	}
	if series, wants := s.Wants(); !wants || series != c.Series {
		return nil, nil
	}
	return []Event{Numbered{Series: c.Series, Number: c.Number, At: c.At}}, nil
}

func (s State) imported(c Import) ([]Event, error) {
	if c.From == s.origin {
		return nil, nil
	}
	if err := s.unseen(true); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Line("system", c.From.System)
	check.Line("key", c.From.Key)
	check.Line("digest", c.From.Digest)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Imported{Staff: c.From, By: c.By.Person, At: c.At}}, nil
}

// wrote reports whether a comment or note with this id is on the ticket. The id derives from the command
// that wrote it: that command has acted.
func (s State) wrote(id domain.CommentID) bool {
	_, written := s.messages.Get(id.UUID)
	return written
}

// working refuses what only an open ticket allows.
func (s State) working(verb string) error {
	if s.Status == StatusResolved || s.Status == StatusClosed {
		return domain.Refuse(domain.ErrConflict, "wrong_state", "cannot %s a ticket that is %s; reopen it", verb, s.Status)
	}
	return nil
}

// holds refuses a visible child on an internal ticket.
func (s State) holds(child domain.Visibility) error {
	if child == domain.ClientVisible && s.Visibility != domain.ClientVisible {
		return domain.Refuse(domain.ErrConflict, "parent_internal", "the ticket is internal only; publish it first, or together with what you wrote")
	}
	return nil
}

func checkMessage(check *domain.Check, id domain.CommentID, text string, visibility domain.Visibility) {
	check.That(!id.IsZero(), "id", "must be given")
	check.That(visibility.Valid(), "visibility", "must be client_visible or empty")
	check.Text("text", text, 1)
	check.That(strings.TrimSpace(text) != "", "text", "must not be blank")
}
