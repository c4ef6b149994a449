package ticket

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"effigate/domain"
)

// comment is open to clients. A reply while the ticket waits for the client ends the wait at the reply's
// instant, whatever staff do or when they look (F16).
func (s State) comment(c Comment) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	byClient := c.By.Side == domain.ClientSide
	if byClient {
		c.Visibility, c.Automatic = domain.ClientVisible, false
	}
	if s.wrote(c.Comment) {
		return nil, nil
	}
	var check domain.Check
	checkMessage(&check, c.Comment, c.Text, c.Visibility)
	checkMentions(&check, c.Mentions)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if err := s.writable("write on it"); err != nil {
		return nil, err
	}
	if err := s.holds(c.Visibility); err != nil {
		return nil, err
	}
	events := []Event{Commented{
		Comment: c.Comment, Visibility: c.Visibility, ByClient: byClient, Text: c.Text, Mentions: c.Mentions,
		Automatic: c.Automatic || c.By.Side == domain.SystemSide, By: c.By.Person, At: c.At,
	}}
	if byClient && s.Status == StatusWaitingClient {
		events = append(events, WaitingEnded{By: c.By.Person, At: c.At})
	}
	return events, nil
}

// editComment keeps what was said before readable once the window is over (F11).
func (s State) editComment(c EditComment) ([]Event, error) {
	m, err := s.own(c.Comment, c.By, c.At)
	if err != nil {
		return nil, err
	}
	if m.deleted {
		return nil, domain.Refuse(domain.ErrConflict, "comment_deleted", "a deleted comment cannot be changed")
	}
	if m.text == c.Text && slices.Equal(m.mentions, c.Mentions) {
		return nil, nil
	}
	var check domain.Check
	checkMessage(&check, c.Comment, c.Text, m.visibility)
	checkMentions(&check, c.Mentions)
	if err := check.Err(); err != nil {
		return nil, err
	}
	edited := CommentEdited{Comment: c.Comment, Text: c.Text, Mentions: c.Mentions, By: c.By.Person, At: c.At}
	if c.At.Sub(m.at) > EditWindow {
		edited.Version = m.versions + 1
	}
	if edited.Version > MaxEdits {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_edits", "the comment was changed %d times; write another one", MaxEdits)
	}
	return []Event{edited}, nil
}

func (s State) deleteComment(c DeleteComment) ([]Event, error) {
	m, err := s.own(c.Comment, c.By, c.At)
	if err != nil || m.deleted {
		return nil, err
	}
	return []Event{CommentDeleted{Comment: c.Comment, By: c.By.Person, At: c.At}}, nil
}

// own is a comment that the actor may change: it is the author's alone. A note stays as it is (X13).
func (s State) own(id domain.CommentID, by domain.Actor, at time.Time) (flags, error) {
	if err := s.open(by, at); err != nil {
		return flags{}, err
	}
	m, known := s.messages.Get(id.UUID)
	if !known || by.Side == domain.ClientSide && m.visibility != domain.ClientVisible {
		return flags{}, errNoComment
	}
	switch {
	case by.Person.IsZero() || m.author != by.Person:
		return flags{}, domain.Refuse(domain.ErrForbidden, "not_yours", "only who wrote a comment may change or delete it")
	case m.note:
		return flags{}, domain.Refuse(domain.ErrConflict, "note_stays", "a note stays as it was written; write another one")
	}
	return m, s.writable("change what was written")
}

var errNoComment = domain.Refuse(domain.ErrNotFound, "no_such_comment", "no such comment on this ticket")

// note is for staff. On a ticket that is over it stays inside, since the client was told that nothing follows.
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
	if c.Visibility == domain.ClientVisible {
		if err := s.alive("write a visible note on"); err != nil {
			return nil, err
		}
	}
	return []Event{Noted{
		Note: c.Note, Visibility: c.Visibility, Text: c.Text, Staff: NotedStaff{CopyOf: c.CopyOf}, By: c.By.Person, At: c.At,
	}}, nil
}

// wrote reports whether a comment or note with this id is on the ticket. The id derives from the command
// that wrote it: that command has acted.
func (s State) wrote(id domain.CommentID) bool {
	_, written := s.messages.Get(id.UUID)
	return written
}

func checkMessage(check *domain.Check, id domain.CommentID, text string, visibility domain.Visibility) {
	check.That(!id.IsZero(), "id", "must be given")
	check.That(visibility.Valid(), "visibility", "must be client_visible or empty")
	check.Text("text", text, 1)
	check.That(strings.TrimSpace(text) != "", "text", "must not be blank")
}

func checkMentions(check *domain.Check, mentions []domain.PersonID) {
	check.That(len(mentions) <= MaxMentions, "mentions", "must be at most "+strconv.Itoa(MaxMentions)+" people")
	check.That(!slices.ContainsFunc(mentions, domain.PersonID.IsZero), "mentions", "must be people")
}
