package ticket

import (
	"time"

	"effigate/domain"
)

// errNotFound is the one answer for "no such ticket" and "not yours": a client cannot tell them apart.
var errNotFound = domain.Refuse(domain.ErrNotFound, "no_such_ticket", "no such ticket")

// open refuses whoever may not see the ticket, and commands without a valid instant.
func (s State) open(by domain.Actor, at time.Time) error {
	if !s.Exists() {
		return errNotFound
	}
	if by.Side == domain.ClientSide && !s.VisibleTo(by) {
		return errNotFound
	}
	check := domain.Signed(by, at)
	return check.Err()
}

// unseen refuses what an import brings once a client has seen the ticket. What is imported arrives Internal
// Only, so only history that nobody was shown may lack what clients are owed: a question, a note.
func (s State) unseen(imported bool) error {
	if imported && s.disclosed {
		return domain.Refuse(domain.ErrConflict, "already_disclosed", "the client has seen the ticket; an import cannot go on with it")
	}
	return nil
}

// working refuses what only an open ticket allows.
func (s State) working(verb string) error {
	if s.Status.Settled() {
		return domain.Refuse(domain.ErrConflict, "wrong_state", "cannot %s a ticket that is %s; reopen it", verb, s.Status)
	}
	return s.alive(verb)
}

// alive refuses what a ticket does not allow that was cancelled, or that another one goes on in place of.
func (s State) alive(verb string) error {
	if s.Status.Over() {
		return domain.Refuse(domain.ErrConflict, "ticket_over", "cannot %s a ticket that is %s; only notes of staff go on it", verb, s.Status)
	}
	return nil
}

// writable refuses what people add to a conversation that is over.
func (s State) writable(verb string) error {
	if s.Status == StatusClosed {
		return domain.Refuse(domain.ErrConflict, "ticket_closed", "the ticket is closed; reopen it to %s", verb)
	}
	return s.alive(verb)
}

// holds refuses a visible child on an internal ticket.
func (s State) holds(child domain.Visibility) error {
	if child == domain.ClientVisible && s.Visibility != domain.ClientVisible {
		return domain.Refuse(domain.ErrConflict, "parent_internal", "the ticket is internal only; publish it first, or together with what you wrote")
	}
	return nil
}
