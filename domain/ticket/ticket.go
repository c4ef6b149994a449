// Package ticket is the ticket aggregate: life cycle, conversation, files, audience, promises and number of one
// request or incident (product rules F2, F9–F11, F16–F21, X1, X7, X8, X11, X13).
//
// It imports the domain, visible and value packages only. What clients see is decided in disclosure.go and, for the
// clock, in disclosure_clock.go.
package ticket

import (
	"slices"
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
	StatusOnHold            Status = "on_hold"
	StatusAwaitingScope     Status = "awaiting_scope_approval"
	StatusCancelled         Status = "cancelled"
	StatusMerged            Status = "merged"
	StatusDuplicate         Status = "duplicate"
)

// WaitingFor says whom a pause waits for.
type WaitingFor string

// Those that a ticket waits for. OnHold waits for nobody.
const (
	ForClient     WaitingFor = "client"
	ForThirdParty WaitingFor = "third_party"
	OnHold        WaitingFor = "hold"
)

// Grade is how much or how soon, in the words of whoever asks.
type Grade string

// The grades.
const (
	GradeLow    Grade = "low"
	GradeMedium Grade = "medium"
	GradeHigh   Grade = "high"
)

// Relation is how one ticket is linked to another.
type Relation string

// The relations, from the ticket that holds the link.
const (
	RelatesTo Relation = "relates_to"
	Blocks    Relation = "blocks"
	BlockedBy Relation = "blocked_by"
	CausedBy  Relation = "caused_by"
)

// Bounds of a ticket.
const (
	EditWindow     = 10 * time.Minute // in which an edited comment was never anything else (F11)
	MaxAttachments = 100              // of each side
	MaxMentions    = 20
	MaxLinks       = 100
	MaxWatchers    = 50
	MaxEdits       = 50            // of one comment, after its window
	MaxSplit       = 200           // comments that go over to another ticket at once
	MaxEstimate    = 250 * 24 * 60 // minutes
)

// PriorityOf works out how urgent a request is from what it stops and how soon that matters (F10). It is empty when
// either grade is none.
func PriorityOf(impact, urgency Grade) Priority {
	weight := map[Grade]int{GradeLow: 1, GradeMedium: 2, GradeHigh: 3}
	both := weight[impact] + weight[urgency]
	switch {
	case weight[impact] == 0 || weight[urgency] == 0:
		return ""
	case both == 6:
		return Critical
	case both == 5:
		return High
	case both == 4:
		return Medium
	}
	return Low
}

func (w WaitingFor) status() Status {
	switch w {
	case ForClient:
		return StatusWaitingClient
	case ForThirdParty:
		return StatusWaitingThirdParty
	case OnHold:
		return StatusOnHold
	}
	return StatusWaitingThirdParty
}

// Over reports whether nothing comes after the state: the ticket was cancelled, or another one goes on in its place.
func (s Status) Over() bool {
	return s == StatusCancelled || s == StatusMerged || s == StatusDuplicate
}

// Settled reports whether the ticket is solved: it may be reopened.
func (s Status) Settled() bool { return s == StatusResolved || s == StatusClosed }

// Open reports whether somebody has to do something about the ticket, now or when a wait is over.
func (s Status) Open() bool { return s != "" && !s.Settled() && !s.Over() }

// waits reports whether the work is paused.
func (s Status) waits() bool {
	return s == StatusWaitingClient || s == StatusWaitingThirdParty || s == StatusOnHold || s == StatusAwaitingScope
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
	ID         domain.TicketID
	Client     domain.ClientID
	Status     Status
	Visibility domain.Visibility
	Contract   domain.ContractID
	JobType    string
	Priority   Priority
	OutOfScope bool
	Promises

	raisedBy   domain.PersonID
	raisedAt   time.Time
	resolvedAt time.Time
	forClient  bool // raised by or for a client user
	firsthand  bool // raised by a client user
	clientActs bool // a client user wrote on it
	begun      bool // somebody worked on it
	bound      bool // whoever saw a merged ticket was sent here
	disclosed  bool // was Client Visible at some time, and may be so no longer
	assigned   AssignedStaff
	said       said
	estimate   ScopeEstimated      // that the client was asked about last
	messages   domain.Index[flags] // by comment id
	files      domain.Index[file]  // by attachment id
	others     domain.Index[bonds] // by ticket id
	watchers   domain.Index[bool]  // by person id
	excused    []Cycle
	splitFrom  domain.TicketID
	visibleNo  int
	staffNo    int
	origin     ImportedStaff
}

// said is what was said on entering the present state, so that a repetition is told from a contradiction.
type said struct{ text, code string }

// flags is what decisions need to know of a comment or note.
type flags struct {
	author     domain.PersonID
	at         time.Time
	text       string
	mentions   []domain.PersonID
	visibility domain.Visibility
	byClient   bool
	note       bool
	silent     bool // no answer to anybody: automatic, or adopted
	deleted    bool
	versions   int // that stay readable
}

// file is what decisions need to know of an attachment.
type file struct {
	visibility domain.Visibility
	byClient   bool
	erased     bool
}

// bonds is what ties the ticket to another one.
type bonds struct {
	relations []Relation
	goesOn    bool // this one was merged into it
	takenIn   bool // it was merged into this one
	splitInto bool
}

// Exists reports whether the ticket was raised.
func (s State) Exists() bool { return s.Status != "" }

// Origin is where the ticket was last imported from; zero when it was not.
func (s State) Origin() ImportedStaff { return s.origin }

// RaisedAt is when the ticket was raised.
func (s State) RaisedAt() time.Time { return s.raisedAt }

// Assigned is who works on the ticket.
func (s State) Assigned() AssignedStaff { return s.assigned }

// Estimate is what the client was asked about last (F33); zero when it never was.
func (s State) Estimate() ScopeEstimated { return s.estimate }

// Author is who wrote a comment or note on the ticket; zero when there is none with that id.
func (s State) Author(id domain.CommentID) domain.PersonID {
	message, _ := s.messages.Get(id.UUID)
	return message.author
}

// Message is a comment or note as decisions of use cases need it.
type Message struct {
	Author     domain.PersonID
	ByClient   bool
	Visibility domain.Visibility
	Note       bool
	Text       string
	At         time.Time
	Deleted    bool
}

// Message gives a comment or note of the ticket, as it reads now.
func (s State) Message(id domain.CommentID) (Message, bool) {
	m, known := s.messages.Get(id.UUID)
	return Message{m.author, m.byClient, m.visibility, m.note, m.text, m.at, m.deleted}, known
}

// Attachment tells whether a file is on the ticket and may still be read, and by whom.
func (s State) Attachment(id domain.AttachmentID) (visibility domain.Visibility, readable bool) {
	f, known := s.files.Get(id.UUID)
	return f.visibility, known && !f.erased
}

// Watchers lists who wants to be told of the ticket, in the order of their ids.
func (s State) Watchers() []domain.PersonID {
	var persons []domain.PersonID
	for id, watches := range s.watchers.All() {
		if watches {
			persons = append(persons, domain.PersonID{UUID: id})
		}
	}
	return persons
}

// Excused tells whether the breach of a cycle was excused.
func (s State) Excused(c Cycle) bool { return slices.Contains(s.excused, c) }

// VisibleTo tells whether a client user sees the ticket: its organisation's visible ones, an employee
// only those raised by or for that employee (F54).
func (s State) VisibleTo(user domain.Actor) bool {
	if s.Visibility != domain.ClientVisible || s.Client != user.Client || user.Person.IsZero() {
		return false
	}
	return user.Role == domain.ClientAdmin || user.Role == domain.ClientEmployee && s.raisedBy == user.Person
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

// Decide gives the events a command leads to, none when it is in effect already, or a refusal. What time alone has led
// to until then comes before them, and how targets ended after them, so that each is told once and in order whatever
// comes first.
func Decide(s State, c Command) ([]Event, error) {
	if tick, ok := c.(Tick); ok {
		return s.tick(tick)
	}
	_, at := c.sent()
	passed := s.passed(at, false)
	s = s.after(passed)
	decided, err := s.decide(c)
	if err != nil || len(decided) == 0 {
		return nil, err
	}
	return slices.Concat(passed, decided, s.concluded(decided)), nil
}

// after is the state after some events.
func (s State) after(events []Event) State {
	for _, event := range events {
		s = Evolve(s, event)
	}
	return s
}

// decide tells apart what clients may ask too.
func (s State) decide(c Command) ([]Event, error) {
	switch c := c.(type) {
	case Raise:
		return s.raise(c)
	case Number:
		return s.number(c)
	case Comment:
		return s.comment(c)
	case EditComment:
		return s.editComment(c)
	case DeleteComment:
		return s.deleteComment(c)
	case Attach:
		return s.attach(c)
	case AnswerScope:
		return s.answerScope(c)
	case Reopen:
		return s.reopen(c)
	default:
		return s.decideForStaff(c)
	}
}

// decideForStaff handles what clients may never ask for, whatever the transport let through.
func (s State) decideForStaff(c Command) ([]Event, error) {
	by, at := c.sent()
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
	case WaitForClient:
		return s.waitForClient(c)
	case WaitForThirdParty:
		return s.wait(ForThirdParty, c.Reason, c.By, c.At)
	case Hold:
		return s.wait(OnHold, c.Reason, c.By, c.At)
	case Resume:
		return s.resume(c)
	case Resolve:
		return s.resolve(c)
	case Close:
		return s.close(c)
	case Cancel:
		return s.cancel(c)
	case EstimateScope:
		return s.estimateScope(c)
	case Import:
		return s.imported(c)
	default:
		return s.decideAboutItems(c)
	}
}

// decideAboutItems handles what is said on the ticket, who sees it, other tickets, and what is promised.
func (s State) decideAboutItems(c Command) ([]Event, error) {
	switch c := c.(type) {
	case Note:
		return s.note(c)
	case Publish:
		return s.publish(c)
	case Withdraw:
		return s.withdraw(c)
	case WithdrawComment:
		return s.withdrawComment(c)
	case PublishAttachment:
		return s.publishAttachment(c)
	case WithdrawAttachment:
		return s.withdrawAttachment(c)
	case EraseAttachment:
		return s.eraseAttachment(c)
	case Merge:
		return s.merge(c)
	case TakeIn:
		return s.takeIn(c)
	case SplitOff:
		return s.splitOff(c)
	case Adopt:
		return s.adopt(c)
	case Link:
		return s.link(c)
	case Unlink:
		return s.unlink(c)
	case ChangeClient:
		return s.changeClient(c)
	case PinSLA:
		return s.pinSLA(c)
	case Acknowledge:
		return s.acknowledge(c)
	case ExcuseBreach:
		return s.excuse(c)
	case Watch:
		return s.watch(c)
	default: // The switches before this one have handled the others.
		return nil, nil
	}
}
