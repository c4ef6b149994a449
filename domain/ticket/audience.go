package ticket

import (
	"time"

	"effigate/domain"
)

// publish shows the ticket first, and the comments and files after it: a child is never more visible than its
// parent (F2). The reason stands once, on the first event: an append has a limit.
func (s State) publish(c Publish) ([]Event, error) {
	if err := s.publishable(c); err != nil {
		return nil, err
	}
	var events []Event
	reason := func() AudienceStaff {
		if len(events) > 0 {
			return AudienceStaff{}
		}
		return AudienceStaff{Reason: c.Reason}
	}
	if s.Visibility != domain.ClientVisible {
		events = append(events, Published{Staff: reason(), By: c.By.Person, At: c.At})
	}
	comments, files := map[domain.CommentID]bool{}, map[domain.AttachmentID]bool{}
	for _, id := range c.Comments {
		if m, _ := s.messages.Get(id.UUID); m.visibility != domain.ClientVisible && !comments[id] {
			comments[id] = true
			events = append(events, CommentPublished{Comment: id, Silent: m.silent, Staff: reason(), By: c.By.Person, At: c.At})
		}
	}
	for _, id := range c.Attachments {
		if f, _ := s.files.Get(id.UUID); f.visibility != domain.ClientVisible && !files[id] {
			files[id] = true
			events = append(events, AttachmentPublished{Attachment: id, Staff: reason(), By: c.By.Person, At: c.At})
		}
	}
	return events, nil
}

func (s State) publishable(c Publish) error {
	if err := s.alive("publish"); err != nil {
		return err
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	for _, id := range c.Comments {
		m, known := s.messages.Get(id.UUID)
		check.That(known, "comments", "must be comments of this ticket: "+id.String()+" is not")
		check.That(!m.note, "comments", "must not be notes: "+id.String()+" is one; write a visible note with its reviewed text")
		check.That(!m.deleted, "comments", "must not be deleted: "+id.String()+" is")
	}
	for _, id := range c.Attachments {
		f, known := s.files.Get(id.UUID)
		check.That(known && !f.erased, "attachments", "must be files of this ticket: "+id.String()+" is not")
	}
	return check.Err()
}

// withdraw hides children first, in the order of their ids. What a client asked or wrote stays (X8, F2), and so does
// what the reader of a merged ticket was sent to. The reason stands once, on the ticket.
func (s State) withdraw(c Withdraw) ([]Event, error) {
	switch {
	case s.Visibility != domain.ClientVisible:
		return nil, nil
	case s.forClient:
		return nil, domain.Refuse(domain.ErrConflict, "raised_for_client", "the ticket was raised by or for a client user and stays visible")
	case s.clientActs:
		return nil, domain.Refuse(domain.ErrConflict, "client_wrote", "a client has written on the ticket; it stays visible")
	case s.bound:
		return nil, domain.Refuse(domain.ErrConflict, "bound", "a ticket that the client saw was merged into this one; it stays visible")
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return s.hidden(AudienceStaff{Reason: c.Reason}, c.By, c.At), nil
}

// hidden ends the disclosure of the ticket and of all that is on it.
func (s State) hidden(staff AudienceStaff, by domain.Actor, at time.Time) []Event {
	var events []Event
	for id, m := range s.messages.All() {
		if m.visibility == domain.ClientVisible {
			events = append(events, CommentWithdrawn{Comment: domain.CommentID{UUID: id}, By: by.Person, At: at})
		}
	}
	for id, f := range s.files.All() {
		if f.visibility == domain.ClientVisible {
			events = append(events, AttachmentWithdrawn{Attachment: domain.AttachmentID{UUID: id}, By: by.Person, At: at})
		}
	}
	return append(events, Withdrawn{Staff: staff, By: by.Person, At: at})
}

func (s State) withdrawComment(c WithdrawComment) ([]Event, error) {
	m, known := s.messages.Get(c.Comment.UUID)
	if !known {
		return nil, errNoComment
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

// changeClient takes the ticket from one organisation and gives it, unseen, to another one: it may look at it and
// publish it anew, under a number of that one's own (X11). What a client user raised or wrote stays where it is (X8).
func (s State) changeClient(c ChangeClient) ([]Event, error) {
	if c.Client == s.Client {
		return nil, nil
	}
	if err := s.working("move"); err != nil {
		return nil, err
	}
	switch {
	case s.Status == StatusAwaitingScope:
		return nil, domain.Refuse(domain.ErrConflict, "wrong_state", "the client is asked about an estimate; resume the ticket to take that back")
	case s.firsthand:
		return nil, domain.Refuse(domain.ErrConflict, "raised_for_client", "a client user raised the ticket; it stays with that organisation")
	case s.clientActs:
		return nil, domain.Refuse(domain.ErrConflict, "client_wrote", "a client user has written on the ticket; it stays with that organisation")
	case s.bound:
		return nil, domain.Refuse(domain.ErrConflict, "bound", "a ticket that the client saw was merged into this one; it stays with that organisation")
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.That(c.Contract.IsZero() == (c.JobType == ""), "category", "must be given with the contract, or neither")
	if err := check.Err(); err != nil {
		return nil, err
	}
	staff := AudienceStaff{Reason: c.Reason}
	events := s.endWait(c.By, c.At)
	if s.Visibility == domain.ClientVisible {
		events = append(events, s.hidden(AudienceStaff{}, c.By, c.At)...)
	}
	events = append(events, ClientChanged{Client: c.Client, Contract: c.Contract, JobType: c.JobType, Staff: staff, By: c.By.Person, At: c.At})
	s = s.after(events)
	return append(events, s.pin(c.Promise, "moved", c.By, c.At)...), nil
}
