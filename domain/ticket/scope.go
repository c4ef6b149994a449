package ticket

import (
	"strings"

	"effigate/domain"
	"effigate/domain/visible"
)

// estimateScope asks the client what only the client can answer; the clock stands still until then (F10, F33).
// Another estimate takes the place of one that was not answered.
func (s State) estimateScope(c EstimateScope) ([]Event, error) {
	if err := s.working("estimate"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(!c.Contract.IsZero(), "contract", "must be given")
	check.That(c.JobType != "", "category", "must be given")
	check.That(c.Minutes > 0 && c.Minutes <= MaxEstimate, "minutes", "must be at least 1 and less than a year's work")
	check.Text("text", c.Text, 1)
	check.That(strings.TrimSpace(c.Text) != "", "text", "must not be blank")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if err := s.holds(domain.ClientVisible); err != nil {
		return nil, err
	}
	estimated := ScopeEstimated{Contract: c.Contract, JobType: c.JobType, Minutes: c.Minutes, Text: c.Text, By: c.By.Person, At: c.At}
	if s.Status != StatusAwaitingScope {
		return append(s.endWait(c.By, c.At), estimated), nil
	}
	if asked := s.estimate; asked.Contract == c.Contract && asked.JobType == c.JobType && asked.Minutes == c.Minutes && asked.Text == c.Text {
		return nil, nil
	}
	return []Event{estimated}, nil
}

// answerScope is the client's alone. It agrees to what it has read and to nothing that came in its place. After a no to what no contract covers, nothing remains to be done.
func (s State) answerScope(c AnswerScope) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	if c.By.Side != domain.ClientSide {
		return nil, domain.Refuse(domain.ErrForbidden, "not_the_client", "only the client answers an estimate; resume the ticket to take it back")
	}
	if s.Status != StatusAwaitingScope {
		return nil, domain.Refuse(domain.ErrConflict, "nothing_asked", "the ticket waits for no answer to an estimate")
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if c.Approve {
		if c.SHA256 != visible.EstimateSHA256(s.estimate.Minutes, s.estimate.Text) {
			return nil, domain.Refuse(domain.ErrConflict, "estimate_changed", "the client read another estimate than the one that it is asked about now")
		}
		events := []Event{ScopeApproved{By: c.By.Person, At: c.At}}
		s = s.after(events)
		return append(events, s.pin(c.Promise, "scope_approved", domain.System(), c.At)...), nil
	}
	declined := ScopeDeclined{Reason: c.Reason, By: c.By.Person, At: c.At}
	if !s.OutOfScope || s.begun {
		return []Event{declined}, nil
	}
	return []Event{declined, Cancelled{By: c.By.Person, At: c.At}}, nil
}
