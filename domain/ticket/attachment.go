package ticket

import "effigate/domain"

// attach is open to clients, whose files are visible. The bytes are stored before.
func (s State) attach(c Attach) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	if _, there := s.files.Get(c.Attachment.UUID); there {
		return nil, nil // The id derives from the command: it has acted.
	}
	byClient := c.By.Side == domain.ClientSide
	if byClient {
		c.Visibility = domain.ClientVisible
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := s.writable("attach to it"); err != nil {
		return nil, err
	}
	if err := s.holds(c.Visibility); err != nil {
		return nil, err
	}
	if s.filesOf(byClient) >= MaxAttachments {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_attachments", "the ticket has %d files already", MaxAttachments)
	}
	return []Event{Attached{
		Attachment: c.Attachment, Visibility: c.Visibility, ByClient: byClient, Name: c.Name, Type: c.Type, Size: c.Size,
		SHA256: c.SHA256, By: c.By.Person, At: c.At,
	}}, nil
}

// filesOf counts the files of one side: no client may learn from a refusal how many the other side keeps.
func (s State) filesOf(byClient bool) int {
	count := 0
	for _, f := range s.files.All() {
		if f.byClient == byClient {
			count++
		}
	}
	return count
}

func (c Attach) check() error {
	var check domain.Check
	check.File(c.Name, c.Type, c.Size, c.SHA256)
	check.That(!c.Attachment.IsZero(), "id", "must be given")
	check.That(c.Visibility.Valid(), "visibility", "must be client_visible or empty")
	return check.Err()
}

// publishAttachment shows a file, and nothing beside it.
func (s State) publishAttachment(c PublishAttachment) ([]Event, error) {
	if f, known := s.files.Get(c.Attachment.UUID); !known || f.erased {
		return nil, errNoAttachment
	}
	if err := s.holds(domain.ClientVisible); err != nil {
		return nil, err
	}
	return s.publish(Publish{Attachments: []domain.AttachmentID{c.Attachment}, Reason: c.Reason, By: c.By, At: c.At})
}

// withdrawAttachment ends the disclosure of a file of staff. A client's stays (F2).
func (s State) withdrawAttachment(c WithdrawAttachment) ([]Event, error) {
	f, known := s.files.Get(c.Attachment.UUID)
	if !known {
		return nil, errNoAttachment
	}
	if f.byClient {
		return nil, domain.Refuse(domain.ErrConflict, "client_wrote", "what a client attached stays visible")
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	if err := check.Err(); err != nil || f.visibility != domain.ClientVisible {
		return nil, err
	}
	return []Event{AttachmentWithdrawn{Attachment: c.Attachment, Staff: AudienceStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

// eraseAttachment ends a file for everybody, a client's too: where there are no bytes, there is nothing to see.
func (s State) eraseAttachment(c EraseAttachment) ([]Event, error) {
	f, known := s.files.Get(c.Attachment.UUID)
	if !known {
		return nil, errNoAttachment
	}
	var check domain.Check
	check.Text("reason", c.Reason, 1)
	if err := check.Err(); err != nil || f.erased {
		return nil, err
	}
	return []Event{AttachmentErased{Attachment: c.Attachment, Staff: AudienceStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

var errNoAttachment = domain.Refuse(domain.ErrNotFound, "no_such_attachment", "no such file on this ticket")
