package ticket

import (
	"slices"
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
	forClient   bool
	outOfScope  bool
	follows     domain.TicketID
	mergedInto  domain.TicketID
	asked       estimate // while the client is asked about it
	estimated   uuid.UUID
	resolution  string
	resolvedAt  time.Time
	// touchedAt is the instant of the last change the client could see.
	touchedAt time.Time

	messages domain.Index[message]    // by comment id
	files    domain.Index[attachment] // by attachment id
	newest   *step
	promises promised
}

// estimate is what the client is asked to allow.
type estimate struct {
	minutes int
	text    string
}

// message is a comment or a note, shown or not.
type message struct {
	visibility domain.Visibility
	byClient   bool
	author     domain.PersonID
	text       string
	at         time.Time
	editedAt   time.Time
	deleted    bool
	edits      []edit // that the client has seen, or could
}

// edit is what a message said before.
type edit struct {
	text  string
	until time.Time
}

// attachment is a file, shown or not.
type attachment struct {
	visibility domain.Visibility
	erased     bool
	is         Attached
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
	touched := scope{message: about(e), file: aboutFile(e), step: d.newest.next()}
	if next.visibility != d.visibility || next.client != d.client {
		touched = scope{all: true}
	}
	before := d.shown(touched)
	changes := visible.Diff(before, next.shown(touched))
	if len(changes) > 0 && news(e) && e.instant().After(next.touchedAt) {
		next.touchedAt = e.instant()
		changes = visible.Diff(before, next.shown(touched))
	}
	return next, changes
}

// scope is the part of what is shown that one event can change, so that a long ticket costs no more per
// event than a short one: the ticket itself and its targets always, one message, one file, and the steps from a
// number on.
type scope struct {
	all     bool // everything: the audience of the ticket itself has changed
	message domain.CommentID
	file    domain.AttachmentID
	step    int
}

// shown alone decides what the client sees: an internal ticket hides everything on it.
func (d Disclosure) shown(in scope) visible.Shown {
	if d.visibility != domain.ClientVisible {
		return nil
	}
	records := append([]visible.Record{d.record()}, d.targets()...)
	for s := d.newest; s != nil && s.number >= in.step; s = s.before {
		records = append(records, d.step(s))
	}
	if in.all {
		for id, m := range d.messages.All() {
			records = d.heard(records, id, m)
		}
		for _, file := range d.files.All() {
			records = d.kept(records, file)
		}
		return visible.Show(records...)
	}
	if m, known := d.messages.Get(in.message.UUID); known {
		records = d.heard(records, in.message.UUID, m)
	}
	if file, known := d.files.Get(in.file.UUID); known {
		records = d.kept(records, file)
	}
	return visible.Show(records...)
}

// heard adds a message to the records if the client sees it, and what it said before.
func (d Disclosure) heard(records []visible.Record, id uuid.UUID, m message) []visible.Record {
	if m.visibility != domain.ClientVisible {
		return records
	}
	records = append(records, d.comment(id, m))
	for i, before := range m.edits {
		records = append(records, d.edit(id, i+1, before))
	}
	return records
}

// kept adds a file to the records if the client sees it.
func (d Disclosure) kept(records []visible.Record, file attachment) []visible.Record {
	if file.visibility != domain.ClientVisible || file.erased {
		return records
	}
	return append(records, visible.Attachment{
		Client:   d.client.UUID,
		ID:       file.is.Attachment.UUID,
		Ticket:   d.ticket.UUID,
		Author:   file.is.By.UUID,
		ByClient: file.is.ByClient,
		Name:     file.is.Name,
		Type:     file.is.Type,
		Size:     file.is.Size,
		SHA256:   file.is.SHA256,
		At:       file.is.At,
	})
}

func (d Disclosure) record() visible.Ticket {
	return visible.Ticket{
		Client:          d.client.UUID,
		ID:              d.ticket.UUID,
		Number:          d.number,
		Title:           d.title,
		Description:     d.description,
		Category:        d.category,
		Priority:        string(d.priority),
		State:           clientState(d.status),
		RaisedBy:        d.raisedBy.UUID,
		RaisedAt:        d.raisedAt,
		UpdatedAt:       d.touchedAt,
		Resolution:      d.resolution,
		ResolvedAt:      d.resolvedAt,
		ReopenUntil:     d.reopenUntil(),
		Follows:         d.follows.UUID,
		MergedInto:      d.mergedInto.UUID,
		OutOfScope:      d.outOfScope,
		EscalatedAt:     d.promises.escalatedAt,
		EstimateMinutes: d.asked.minutes,
		EstimateText:    d.asked.text,
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
		EditedAt: m.editedAt,
		Deleted:  m.deleted,
	}
}

// edit is numbered among what the client could read, not among all that was ever written.
func (d Disclosure) edit(comment uuid.UUID, number int, before edit) visible.Edit {
	return visible.Edit{
		Client:  d.client.UUID,
		ID:      domain.Derive(comment, "edit", strconv.Itoa(number)),
		Comment: comment,
		Ticket:  d.ticket.UUID,
		Number:  number,
		Text:    before.text,
		Until:   before.until,
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
		d = d.raised(e)
	case Triaged:
		d.category, d.priority = domain.CategoryID(e.Contract, e.JobType), e.Priority
		d.outOfScope = d.outOfScope && e.Contract.IsZero()
		if d.status == StatusNew {
			d = d.enter(StatusTriaged, e.At)
		}
	case Started, WaitingStarted, WaitingEnded, Resolved, Closed, Reopened, Cancelled, Merged, ScopeEstimated, ScopeApproved,
		ScopeDeclined:
		d = d.live(e)
	case Commented, CommentEdited, CommentDeleted, CommentPublished, CommentWithdrawn, Noted:
		d = d.hear(e)
	case Attached, AttachmentPublished, AttachmentWithdrawn, AttachmentErased:
		d = d.keep(e)
	case Published:
		d.visibility = domain.ClientVisible
	case Withdrawn:
		d.visibility = domain.InternalOnly
	case ClientChanged:
		d = d.move(e)
	case Numbered:
		if e.Series == domain.ClientVisible {
			d.number = e.Number
		}
	case Assigned, Imported, MergedIn, Split, Linked, Unlinked, Watched, SLAPinned, SLAStateReached, TargetConcluded, Escalated,
		EscalationAcknowledged, BreachExcused:
		// Capacity, provenance, other tickets, and what was promised: never shown. The clock tells what follows.
	}
	d.promises = d.promises.learn(e)
	return d
}

func (d Disclosure) raised(e Raised) Disclosure {
	d.ticket, d.client, d.visibility = e.Ticket, e.Client, e.Visibility
	d.category, d.priority, d.outOfScope = domain.CategoryID(e.Contract, e.JobType), e.Priority, e.OutOfScope
	d.title, d.description, d.follows = e.Title, e.Description, e.Follows
	d.raisedBy, d.raisedAt, d.touchedAt, d.forClient = e.RaisedBy, e.At, e.At, e.ForClient
	return d.enter(StatusNew, e.At)
}

// live takes over the life cycle. What the client is asked about is gone once it is asked no more.
func (d Disclosure) live(e Event) Disclosure {
	d.asked = estimate{}
	switch e := e.(type) {
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
	case Cancelled:
		return d.enter(StatusCancelled, e.At)
	case Merged:
		d.mergedInto = e.Into
		return d.enter(StatusMerged, e.At)
	case ScopeEstimated:
		d.asked, d.estimated = estimate{e.Minutes, e.Text}, domain.CategoryID(e.Contract, e.JobType)
		return d.enter(StatusAwaitingScope, e.At)
	case ScopeApproved:
		status := StatusInProgress
		if d.outOfScope {
			status = StatusTriaged
		}
		d.category, d.outOfScope = d.estimated, false
		return d.enter(status, e.At)
	case ScopeDeclined:
		return d.enter(StatusInProgress, e.At)
	default: // learn sends nothing else.
		return d
	}
}

// move begins the ticket anew for another organisation: nothing of what the first one was shown, said or asked is the
// second one's to see before somebody publishes it.
func (d Disclosure) move(e ClientChanged) Disclosure {
	d.client, d.visibility, d.number = e.Client, domain.InternalOnly, 0
	d.category, d.outOfScope = domain.CategoryID(e.Contract, e.JobType), e.Contract.IsZero()
	d.follows, d.asked, d.estimated, d.touchedAt = domain.TicketID{}, estimate{}, uuid.Nil, e.At
	if d.forClient {
		d.raisedBy, d.forClient = domain.PersonID{}, false
	}
	for id, m := range d.messages.All() {
		m.visibility, m.editedAt, m.edits = domain.InternalOnly, time.Time{}, nil
		d.messages = d.messages.With(id, m)
	}
	for id, file := range d.files.All() {
		file.visibility = domain.InternalOnly
		d.files = d.files.With(id, file)
	}
	d.newest = nil
	return d.enter(d.status, e.At)
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

// hear takes over what is said on the ticket.
func (d Disclosure) hear(e Event) Disclosure {
	switch e := e.(type) {
	case Commented:
		return d.say(e.Comment, message{visibility: e.Visibility, byClient: e.ByClient, author: e.By, text: e.Text, at: e.At})
	case Noted:
		return d.say(e.Note, message{visibility: e.Visibility, author: e.By, text: e.Text, at: e.At})
	case CommentEdited:
		return d.turn(e.Comment, func(m message) message { return m.edited(e, d.visibility) })
	case CommentDeleted:
		return d.turn(e.Comment, func(m message) message {
			m.text, m.deleted, m.editedAt, m.edits = "", true, time.Time{}, nil
			return m
		})
	case CommentPublished:
		return d.turn(e.Comment, func(m message) message { m.visibility = domain.ClientVisible; return m })
	case CommentWithdrawn:
		return d.turn(e.Comment, func(m message) message { m.visibility = domain.InternalOnly; return m })
	default: // learn sends nothing else.
		return d
	}
}

// edited keeps what the message said before only if its reader could see that. What was struck out before the message
// was published, or while it was withdrawn, stays unread.
func (m message) edited(e CommentEdited, ticket domain.Visibility) message {
	if e.Version > 0 && m.visibility == domain.ClientVisible && ticket == domain.ClientVisible {
		m.edits = append(slices.Clone(m.edits), edit{m.text, e.At})
		m.editedAt = e.At
	}
	m.text = e.Text
	return m
}

func (d Disclosure) say(id domain.CommentID, m message) Disclosure {
	d.messages = d.messages.With(id.UUID, m)
	return d
}

// turn changes a message that is there.
func (d Disclosure) turn(id domain.CommentID, change func(message) message) Disclosure {
	m, known := d.messages.Get(id.UUID)
	if !known {
		return d
	}
	return d.say(id, change(m))
}

// keep takes over what happens to the files of the ticket.
func (d Disclosure) keep(e Event) Disclosure {
	switch e := e.(type) {
	case Attached:
		d.files = d.files.With(e.Attachment.UUID, attachment{visibility: e.Visibility, is: e})
	case AttachmentPublished:
		return d.turnFile(e.Attachment, func(f attachment) attachment { f.visibility = domain.ClientVisible; return f })
	case AttachmentWithdrawn:
		return d.turnFile(e.Attachment, func(f attachment) attachment { f.visibility = domain.InternalOnly; return f })
	case AttachmentErased:
		return d.turnFile(e.Attachment, func(f attachment) attachment { f.erased = true; return f })
	default: // learn sends nothing else.
	}
	return d
}

// turnFile changes a file that is there.
func (d Disclosure) turnFile(id domain.AttachmentID, change func(attachment) attachment) Disclosure {
	if file, known := d.files.Get(id.UUID); known {
		d.files = d.files.With(id.UUID, change(file))
	}
	return d
}

// about is the comment or note that an event is about, zero when it is about none.
func about(e Event) domain.CommentID {
	switch e := e.(type) {
	case Commented:
		return e.Comment
	case CommentEdited:
		return e.Comment
	case CommentDeleted:
		return e.Comment
	case Noted:
		return e.Note
	case CommentPublished:
		return e.Comment
	case CommentWithdrawn:
		return e.Comment
	default: // No other event changes a single message.
		return domain.CommentID{}
	}
}

// aboutFile is the file that an event is about, zero when it is about none.
func aboutFile(e Event) domain.AttachmentID {
	switch e := e.(type) {
	case Attached:
		return e.Attachment
	case AttachmentPublished:
		return e.Attachment
	case AttachmentWithdrawn:
		return e.Attachment
	case AttachmentErased:
		return e.Attachment
	default: // No other event changes a single file.
		return domain.AttachmentID{}
	}
}

// news reports whether an event can be news for the client. Being given a number is bookkeeping; and what a clock shows
// changes when staff change a policy, or at the thresholds that they set, which is not for the client to know.
func news(e Event) bool {
	switch e.(type) {
	case Numbered, SLAPinned, SLAStateReached, TargetConcluded, Escalated, MergedIn:
		return false
	default:
		return true
	}
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
	case StatusWaitingThirdParty, StatusOnHold:
		return visible.TicketOnHold
	case StatusAwaitingScope:
		return visible.TicketAwaitingApproval
	case StatusResolved:
		return visible.TicketResolved
	case StatusClosed:
		return visible.TicketClosed
	case StatusCancelled:
		return visible.TicketCancelled
	case StatusMerged, StatusDuplicate:
		return visible.TicketMerged
	}
	return visible.TicketOpen
}
