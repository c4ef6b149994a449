package ticket

import "effigate/domain"

// Evolve takes over what one event says. It cannot fail, and it copies what it changes.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Raised:
		s.Client, s.Status, s.Visibility = e.Client, StatusNew, e.Visibility
		s.Contract, s.JobType, s.Priority = e.Contract, e.JobType, e.Priority
		s.raisedBy, s.forClient = e.RaisedBy, e.ForClient
		s.disclosed = e.Visibility == domain.ClientVisible
	case Triaged:
		s.Contract, s.JobType, s.Priority = e.Contract, e.JobType, e.Priority
		if s.Status == StatusNew {
			s.Status = StatusTriaged
		}
	case Assigned:
		s.assigned = e.Staff
	case Started:
		s.Status = StatusInProgress
	case Commented:
		return s.hear(e.Comment, flags{author: e.By, visibility: e.Visibility, byClient: e.ByClient})
	case Noted:
		return s.hear(e.Note, flags{author: e.By, visibility: e.Visibility, note: true})
	case WaitingStarted:
		s.Status, s.said = e.For.status(), said{text: e.Staff.Reason}
	case WaitingEnded:
		s.Status = StatusInProgress
	case Resolved:
		s.Status, s.said = StatusResolved, said{e.Note, e.Staff.Code}
	case Closed:
		s.Status = StatusClosed
	case Reopened:
		s.Status, s.said = StatusReopened, said{text: e.Staff.Reason}
	case Published:
		s.Visibility, s.disclosed = domain.ClientVisible, true
	case Withdrawn:
		s.Visibility = domain.InternalOnly
	case CommentPublished:
		return s.flag(e.Comment, domain.ClientVisible)
	case CommentWithdrawn:
		return s.flag(e.Comment, domain.InternalOnly)
	case Numbered:
		if e.Series == domain.ClientVisible {
			s.visibleNo = e.Number
		} else {
			s.staffNo = e.Number
		}
	case Imported:
		s.origin = e.Staff
	}
	return s
}

func (s State) hear(id domain.CommentID, f flags) State {
	s.messages = s.messages.With(id.UUID, f)
	return s
}

func (s State) flag(id domain.CommentID, visibility domain.Visibility) State {
	f, known := s.messages.Get(id.UUID)
	if !known {
		return s
	}
	f.visibility = visibility
	return s.hear(id, f)
}
