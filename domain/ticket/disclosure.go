package ticket

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/visible"
)

// Disclosure is what the fold knows about a ticket in order to tell what its client sees. It may hold
// hidden text and never leaves this package.
type Disclosure struct {
	ticket     domain.TicketID
	client     domain.ClientID
	visibility domain.Visibility

	category    uuid.UUID
	title       string
	description string
	priority    Priority
	status      Status
	number      int // in the visible series
	raisedBy    domain.PersonID
	raisedAt    time.Time
	resolution  string
	resolvedAt  time.Time
	// touchedAt is the instant of the last change the client could see.
	touchedAt time.Time

	messages domain.Index[message] // by comment id
	newest   *step
}

// message is a comment or a note, shown or not.
type message struct {
	visibility domain.Visibility
	byClient   bool
	author     domain.PersonID
	text       string
	at         time.Time
}

// step is the entry into a state, in the client's words. Moves between states that the client calls the
// same are no step, so triage leaves no trace.
type step struct {
	number int // among the client's own steps, from 0
	state  string
	at     time.Time
	before *step // nil for the first one
}

// Disclose folds one event and yields what changes for the client: nothing for an internal fact, not
// even a time stamp; the whole ticket when it is published, its removal when it is withdrawn.
func Disclose(d Disclosure, e Event) (Disclosure, []visible.Change) {
	next := d.learn(e)
	touched := scope{message: about(e), step: d.newest.next()}
	if next.visibility != d.visibility {
		touched = scope{all: true}
	}
	before := d.shown(touched)
	changes := visible.Diff(before, next.shown(touched))
	if len(changes) > 0 && news(e) {
		next.touchedAt = e.instant()
		changes = visible.Diff(before, next.shown(touched))
	}
	return next, changes
}

// scope is the part of what is shown that one event can change, so that a long ticket costs no more per
// event than a short one: the ticket itself always, one message, and the steps from a number on.
type scope struct {
	all     bool // everything: the audience of the ticket itself has changed
	message domain.CommentID
	step    int
}

// shown alone decides what the client sees: an internal ticket hides everything on it.
func (d Disclosure) shown(in scope) visible.Shown {
	if d.visibility != domain.ClientVisible {
		return nil
	}
	records := []visible.Record{d.record()}
	for s := d.newest; s != nil && s.number >= in.step; s = s.before {
		records = append(records, d.step(s))
	}
	if in.all {
		for id, m := range d.messages.All() {
			records = d.heard(records, id, m)
		}
	} else if m, known := d.messages.Get(in.message.UUID); known {
		records = d.heard(records, in.message.UUID, m)
	}
	return visible.Show(records...)
}

// heard adds a message to the records if the client sees it.
func (d Disclosure) heard(records []visible.Record, id uuid.UUID, m message) []visible.Record {
	if m.visibility != domain.ClientVisible {
		return records
	}
	return append(records, d.comment(id, m))
}

func (d Disclosure) record() visible.Ticket {
	return visible.Ticket{
		Client:      d.client.UUID,
		ID:          d.ticket.UUID,
		Number:      d.number,
		Title:       d.title,
		Description: d.description,
		Category:    d.category,
		Priority:    string(d.priority),
		State:       clientState(d.status),
		RaisedBy:    d.raisedBy.UUID,
		RaisedAt:    d.raisedAt,
		UpdatedAt:   d.touchedAt,
		Resolution:  d.resolution,
		ResolvedAt:  d.resolvedAt,
	}
}

func (d Disclosure) comment(id uuid.UUID, m message) visible.Comment {
	return visible.Comment{
		Client:   d.client.UUID,
		ID:       id,
		Ticket:   d.ticket.UUID,
		Author:   m.author.UUID,
		ByClient: m.byClient,
		Text:     m.text,
		At:       m.at,
	}
}

// step has an id that counts the client's own steps. An id made from the stream's revision would let a
// client find out how many internal events lie between, by trying numbers.
func (d Disclosure) step(s *step) visible.TicketStep {
	return visible.TicketStep{
		Client: d.client.UUID,
		ID:     domain.Derive(d.ticket.UUID, "step", strconv.Itoa(s.number)),
		Ticket: d.ticket.UUID,
		State:  s.state,
		At:     s.at,
	}
}

// learn takes over what one event says. It copies what it changes: an older Disclosure stays as it was.
func (d Disclosure) learn(e Event) Disclosure {
	switch e := e.(type) {
	case Raised:
		d.ticket, d.client, d.visibility = e.Ticket, e.Client, e.Visibility
		d.category, d.priority = domain.CategoryID(e.Contract, e.JobType), e.Priority
		d.title, d.description = e.Title, e.Description
		d.raisedBy, d.raisedAt, d.touchedAt = e.RaisedBy, e.At, e.At
		return d.enter(StatusNew, e.At)
	case Triaged:
		d.category, d.priority = domain.CategoryID(e.Contract, e.JobType), e.Priority
		if d.status == StatusNew {
			return d.enter(StatusTriaged, e.At)
		}
	case Started:
		return d.enter(StatusInProgress, e.At)
	case WaitingStarted:
		return d.enter(e.For.status(), e.At)
	case WaitingEnded:
		return d.enter(StatusInProgress, e.At)
	case Resolved:
		d.resolution, d.resolvedAt = e.Note, e.At
		return d.enter(StatusResolved, e.At)
	case Closed:
		return d.enter(StatusClosed, e.At)
	case Reopened:
		d.resolution, d.resolvedAt = "", time.Time{}
		return d.enter(StatusReopened, e.At)
	case Commented:
		return d.hear(e.Comment, message{e.Visibility, e.ByClient, e.By, e.Text, e.At})
	case Noted:
		return d.hear(e.Note, message{e.Visibility, false, e.By, e.Text, e.At})
	case CommentPublished:
		return d.flag(e.Comment, domain.ClientVisible)
	case CommentWithdrawn:
		return d.flag(e.Comment, domain.InternalOnly)
	case Published:
		d.visibility = domain.ClientVisible
	case Withdrawn:
		d.visibility = domain.InternalOnly
	case Numbered:
		if e.Series == domain.ClientVisible {
			d.number = e.Number
		}
	case Assigned, Imported:
		// Capacity and provenance: never shown.
	}
	return d
}

func (d Disclosure) enter(status Status, at time.Time) Disclosure {
	if d.newest == nil || clientState(status) != d.newest.state {
		d.newest = &step{number: d.newest.next(), state: clientState(status), at: at, before: d.newest}
	}
	d.status = status
	return d
}

// next is the number of the step after s.
func (s *step) next() int {
	if s == nil {
		return 0
	}
	return s.number + 1
}

func (d Disclosure) hear(id domain.CommentID, m message) Disclosure {
	d.messages = d.messages.With(id.UUID, m)
	return d
}

func (d Disclosure) flag(id domain.CommentID, visibility domain.Visibility) Disclosure {
	m, known := d.messages.Get(id.UUID)
	if !known {
		return d
	}
	m.visibility = visibility
	return d.hear(id, m)
}

// about is the comment or note that an event is about, zero when it is about none.
func about(e Event) domain.CommentID {
	switch e := e.(type) {
	case Commented:
		return e.Comment
	case Noted:
		return e.Note
	case CommentPublished:
		return e.Comment
	case CommentWithdrawn:
		return e.Comment
	case Raised, Triaged, Assigned, Started, WaitingStarted, WaitingEnded, Resolved, Closed, Reopened, Published,
		Withdrawn, Numbered, Imported:
	}
	return domain.CommentID{}
}

// news reports whether an event can be news for the client. Being given a number is bookkeeping.
func news(e Event) bool {
	_, numbered := e.(Numbered)
	return !numbered
}

// clientState puts a state into the client's words.
func clientState(status Status) string {
	switch status {
	case StatusNew, StatusTriaged:
		return visible.TicketOpen
	case StatusInProgress, StatusReopened:
		return visible.TicketInProgress
	case StatusWaitingClient:
		return visible.TicketWaitingForYou
	case StatusWaitingThirdParty:
		return visible.TicketOnHold
	case StatusResolved:
		return visible.TicketResolved
	case StatusClosed:
		return visible.TicketClosed
	}
	return visible.TicketOpen
}
