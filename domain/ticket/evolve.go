package ticket

import (
	"slices"

	"effigate/domain"
)

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	s.Promises = s.Apply(e)
	switch e := e.(type) {
	case Raised:
		return s.raised(e)
	case Triaged:
		s.Contract, s.JobType, s.Priority = e.Contract, e.JobType, e.Priority
		s.OutOfScope = s.OutOfScope && e.Contract.IsZero()
		if s.Status == StatusNew {
			s.Status = StatusTriaged
		}
	case Assigned:
		s.assigned = e.Staff
	case Started:
		s.Status, s.begun = StatusInProgress, true
	case WaitingStarted:
		s.Status, s.said, s.begun = e.For.status(), said{text: e.Staff.Reason}, true
	case WaitingEnded:
		s.Status = StatusInProgress
	case Resolved:
		s.Status, s.said, s.resolvedAt = StatusResolved, said{e.Note, e.Staff.Code}, e.At
	case Closed:
		s.Status = StatusClosed
	case Reopened:
		s.Status, s.said = StatusReopened, said{text: e.Staff.Reason}
	case Cancelled:
		s.Status = StatusCancelled
	case ScopeEstimated:
		s.Status, s.estimate = StatusAwaitingScope, e
	case ScopeApproved:
		return s.approved()
	case ScopeDeclined:
		s.Status = StatusInProgress
	case Numbered:
		if e.Series == domain.ClientVisible {
			s.visibleNo = e.Number
		} else {
			s.staffNo = e.Number
		}
	case Imported:
		s.origin = e.Staff
	case Watched:
		s.watchers = s.watchers.With(e.Staff.Person.UUID, !e.Staff.Ended)
	case BreachExcused:
		s.excused = append(slices.Clone(s.excused), Cycle{e.Goal, e.Staff.Cycle})
	case SLAPinned, SLAStateReached, TargetConcluded, Escalated, EscalationAcknowledged:
		// Promises holds them.
	case Commented, CommentEdited, CommentDeleted, CommentPublished, CommentWithdrawn, Noted, Attached, AttachmentPublished,
		AttachmentWithdrawn, AttachmentErased:
		return s.hear(e)
	case Published, Withdrawn, ClientChanged:
		return s.show(e)
	case Merged, MergedIn, Split, Linked, Unlinked:
		return s.tie(e)
	}
	return s
}

func (s State) raised(e Raised) State {
	s.ID, s.Client, s.Status, s.Visibility = e.Ticket, e.Client, StatusNew, e.Visibility
	s.Contract, s.JobType, s.Priority, s.OutOfScope = e.Contract, e.JobType, e.Priority, e.OutOfScope
	s.raisedBy, s.raisedAt, s.forClient, s.splitFrom = e.RaisedBy, e.At, e.ForClient, e.Staff.SplitFrom
	s.firsthand = e.ForClient && e.By == e.RaisedBy
	s.disclosed = e.Visibility == domain.ClientVisible
	return s
}

// approved puts the ticket under the contract of the estimate. What no contract covered before is now sorted.
func (s State) approved() State {
	s.Status = StatusInProgress
	if s.OutOfScope {
		s.Status = StatusTriaged
	}
	s.Contract, s.JobType, s.OutOfScope = s.estimate.Contract, s.estimate.JobType, false
	return s
}

// hear takes over what is said on the ticket.
func (s State) hear(e Event) State {
	switch e := e.(type) {
	case Commented:
		s.clientActs = s.clientActs || e.ByClient
		return s.say(e.Comment, flags{
			author: e.By, at: e.At, text: e.Text, mentions: e.Mentions, visibility: e.Visibility, byClient: e.ByClient,
			silent: e.Automatic || e.Adopted,
		})
	case Noted:
		return s.say(e.Note, flags{author: e.By, at: e.At, text: e.Text, visibility: e.Visibility, note: true})
	case CommentEdited:
		return s.turn(e.Comment, func(m flags) flags {
			m.text, m.mentions, m.versions = e.Text, e.Mentions, max(m.versions, e.Version)
			return m
		})
	case CommentDeleted:
		return s.turn(e.Comment, func(m flags) flags {
			m.text, m.mentions, m.deleted = "", nil, true
			return m
		})
	case CommentPublished:
		return s.turn(e.Comment, func(m flags) flags { m.visibility = domain.ClientVisible; return m })
	case CommentWithdrawn:
		return s.turn(e.Comment, func(m flags) flags { m.visibility = domain.InternalOnly; return m })
	case Attached:
		s.clientActs = s.clientActs || e.ByClient
		return s.keep(e.Attachment, file{visibility: e.Visibility, byClient: e.ByClient})
	case AttachmentPublished:
		return s.turnFile(e.Attachment, func(f file) file { f.visibility = domain.ClientVisible; return f })
	case AttachmentWithdrawn:
		return s.turnFile(e.Attachment, func(f file) file { f.visibility = domain.InternalOnly; return f })
	case AttachmentErased:
		return s.turnFile(e.Attachment, func(f file) file { return file{byClient: f.byClient, erased: true} })
	default: // Evolve sends nothing else.
		return s
	}
}

func (s State) say(id domain.CommentID, m flags) State {
	s.messages = s.messages.With(id.UUID, m)
	return s
}

// turn changes a message that is there.
func (s State) turn(id domain.CommentID, change func(flags) flags) State {
	m, known := s.messages.Get(id.UUID)
	if !known {
		return s
	}
	return s.say(id, change(m))
}

func (s State) keep(id domain.AttachmentID, f file) State {
	s.files = s.files.With(id.UUID, f)
	return s
}

// turnFile changes a file that is there.
func (s State) turnFile(id domain.AttachmentID, change func(file) file) State {
	f, known := s.files.Get(id.UUID)
	if !known {
		return s
	}
	return s.keep(id, change(f))
}

// show takes over who sees the ticket itself.
func (s State) show(e Event) State {
	switch e := e.(type) {
	case Published:
		s.Visibility, s.disclosed = domain.ClientVisible, true
	case Withdrawn:
		s.Visibility = domain.InternalOnly
	case ClientChanged:
		s.Client, s.Contract, s.JobType, s.OutOfScope = e.Client, e.Contract, e.JobType, e.Contract.IsZero()
		s.Visibility, s.disclosed, s.visibleNo, s.staffNo = domain.InternalOnly, false, 0, 0
		if s.forClient {
			s.raisedBy, s.forClient = domain.PersonID{}, false
		}
		for id := range s.messages.All() {
			s = s.turn(domain.CommentID{UUID: id}, func(m flags) flags { m.visibility = domain.InternalOnly; return m })
		}
		for id := range s.files.All() {
			s = s.turnFile(domain.AttachmentID{UUID: id}, func(f file) file { f.visibility = domain.InternalOnly; return f })
		}
	default: // Evolve sends nothing else.
	}
	return s
}

// tie takes over what links the ticket to another one.
func (s State) tie(e Event) State {
	switch e := e.(type) {
	case Merged:
		s.Status = StatusMerged
		if e.Duplicate {
			s.Status = StatusDuplicate
		}
		return s.bind(e.Into, func(b bonds) bonds { b.goesOn = true; return b })
	case MergedIn:
		s.bound = s.bound || e.Bound
		return s.bind(e.Staff.From, func(b bonds) bonds { b.takenIn = true; return b })
	case Split:
		return s.bind(e.Staff.Into, func(b bonds) bonds { b.splitInto = true; return b })
	case Linked:
		return s.bind(e.Staff.Other, func(b bonds) bonds {
			b.relations = append(slices.Clone(b.relations), e.Staff.Relation)
			return b
		})
	case Unlinked:
		return s.bind(e.Staff.Other, func(b bonds) bonds {
			b.relations = slices.DeleteFunc(slices.Clone(b.relations), func(r Relation) bool { return r == e.Staff.Relation })
			return b
		})
	default: // Evolve sends nothing else.
		return s
	}
}

func (s State) bind(other domain.TicketID, change func(bonds) bonds) State {
	b, _ := s.others.Get(other.UUID)
	s.others = s.others.With(other.UUID, change(b))
	return s
}
