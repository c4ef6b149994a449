package ticket

import "effigate/domain"

// RaisedFor is the client user who asked for the ticket, or in whose name it was raised; false when it is the firm's
// own.
func (s State) RaisedFor() (domain.PersonID, bool) { return s.raisedBy, s.forClient }

// Met reports whether the client knows a person of the firm from the ticket: by something written that it sees.
func (s State) Met(id domain.PersonID) bool {
	if s.Visibility != domain.ClientVisible {
		return false
	}
	for _, message := range s.messages.All() {
		if message.author == id && !message.byClient && message.visibility == domain.ClientVisible {
			return true
		}
	}
	return false
}
