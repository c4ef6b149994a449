package ticket

import (
	"strings"
	"time"

	"effigate/domain"
)

func (s State) raise(c Raise) ([]Event, error) {
	byClient := c.By.Side == domain.ClientSide
	if byClient && (c.By.Client != c.Client || c.Imported || s.Exists() && !s.VisibleTo(c.By)) {
		return nil, errNotFound
	}
	if s.Exists() {
		return nil, nil // The id derives from the command: it has acted.
	}
	if c.Priority == "" {
		c.Priority = PriorityOf(c.Impact, c.Urgency)
	}
	raised := Raised{
		Ticket: c.Ticket, Client: c.Client, Contract: c.Contract, JobType: c.JobType,
		Title: c.Title, Description: c.Description, Priority: c.Priority, Impact: c.Impact, Urgency: c.Urgency,
		Visibility: c.Visibility, OutOfScope: c.OutOfScope, Follows: c.Follows, RaisedBy: c.By.Person, ForClient: byClient,
		By: c.By.Person, At: c.At,
	}
	if !byClient {
		raised.Staff = RaisedStaff{SplitFrom: c.SplitFrom, Imported: c.Imported}
	}
	if !byClient && !c.OnBehalfOf.IsZero() {
		raised.RaisedBy, raised.ForClient = c.OnBehalfOf, true
	}
	if raised.ForClient {
		raised.Visibility = domain.ClientVisible // X8
	}
	if c.Imported {
		raised.Visibility = domain.InternalOnly
	}
	if err := c.check(raised); err != nil {
		return nil, err
	}
	s = Evolve(s, raised)
	return append([]Event{raised}, s.pin(c.Promise, "raised", c.By, c.At)...), nil
}

func (c Raise) check(raised Raised) error {
	check := domain.Signed(c.By, c.At)
	check.That(!c.Ticket.IsZero(), "ticket", "must be given")
	check.That(!c.Client.IsZero(), "client", "must be given")
	check.That(c.OutOfScope == (c.JobType == ""), "category", "must be given, unless no contract covers what is asked for")
	check.That(!c.OutOfScope || c.Contract.IsZero(), "contract", "must be empty when none covers what is asked for")
	check.That(c.Priority.Valid(), "priority", "must be critical, high, medium or low, or follow from impact and urgency")
	check.That(c.Impact.valid(), "impact", "must be high, medium, low or empty")
	check.That(c.Urgency.valid(), "urgency", "must be high, medium, low or empty")
	check.That(c.Visibility.Valid(), "visibility", "must be client_visible or empty")
	// Whoever reads that a ticket takes up another one reads of that one.
	check.That(c.Follows.IsZero() || raised.Visibility == domain.ClientVisible, "follows", "must be empty for an internal ticket; link them")
	check.Line("title", c.Title)
	check.Text("description", c.Description, 0)
	return check.Err()
}

func (g Grade) valid() bool {
	return g == "" || g == GradeLow || g == GradeMedium || g == GradeHigh
}

// MayFollow refuses that a new ticket of a client takes this one up again (F16): it must be solved, so that there is
// something to follow, and both must be for the client to see.
func (s State) MayFollow(by domain.Actor, client domain.ClientID) error {
	if !s.Exists() || s.Client != client || by.Side == domain.ClientSide && !s.VisibleTo(by) {
		return errNotFound
	}
	if s.Visibility != domain.ClientVisible {
		return domain.Refuse(domain.ErrConflict, "parent_internal", "the ticket is internal only; publish it, or link the new one")
	}
	if !s.Status.Settled() {
		return domain.Refuse(domain.ErrConflict, "not_resolved", "a ticket that is %s is not to be taken up again", s.Status)
	}
	return nil
}

func (s State) triage(c Triage) ([]Event, error) {
	if err := s.working("triage"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(c.JobType != "" || s.OutOfScope && c.Contract.IsZero(), "category", "must be given")
	check.That(c.Priority.Valid(), "priority", "must be critical, high, medium or low")
	if err := check.Err(); err != nil {
		return nil, err
	}
	var events []Event
	if s.Status == StatusNew || s.Contract != c.Contract || s.JobType != c.JobType || s.Priority != c.Priority {
		events = []Event{Triaged{Contract: c.Contract, JobType: c.JobType, Priority: c.Priority, By: c.By.Person, At: c.At}}
	}
	s = s.after(events)
	return append(events, s.pin(c.Promise, "triaged", c.By, c.At)...), nil
}

func (s State) assign(c Assign) ([]Event, error) {
	if err := s.working("assign"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Text("team", c.Team, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	to := AssignedStaff{Assignee: c.Assignee, Team: c.Team}
	if to == s.assigned {
		return nil, nil
	}
	return []Event{Assigned{Staff: to, By: c.By.Person, At: c.At}}, nil
}

func (s State) start(c Start) ([]Event, error) {
	switch s.Status {
	case StatusNew, StatusTriaged:
		return []Event{Started{By: c.By.Person, At: c.At}}, nil
	case StatusInProgress, StatusReopened:
		return nil, nil
	case StatusWaitingClient, StatusWaitingThirdParty, StatusOnHold, StatusAwaitingScope, StatusResolved, StatusClosed,
		StatusCancelled, StatusMerged, StatusDuplicate:
	}
	return nil, domain.Refuse(domain.ErrConflict, "wrong_state", "work cannot start on a ticket that is %s; resume or reopen it", s.Status)
}

// waitForClient needs a question that the client can see (F16); history from elsewhere has none. Asked
// while the ticket waits for the client already, the question joins the one before.
func (s State) waitForClient(c WaitForClient) ([]Event, error) {
	if err := s.unseen(c.Imported); err != nil {
		return nil, err
	}
	if !c.Imported && s.wrote(c.Comment) {
		return nil, nil
	}
	if err := s.working("wait"); err != nil {
		return nil, err
	}
	var events []Event
	if !c.Imported {
		asked, err := s.comment(Comment{Comment: c.Comment, Visibility: domain.ClientVisible, Text: c.Question, By: c.By, At: c.At})
		if err != nil {
			return nil, err
		}
		events = asked
	}
	if s.Status == StatusWaitingClient {
		return events, nil
	}
	events = append(events, s.endWait(c.By, c.At)...)
	return append(events, WaitingStarted{For: ForClient, By: c.By.Person, At: c.At}), nil
}

// wait for a third party, or for a reason of the firm's own. Under another reason than before it says so, without an
// end of the wait between.
func (s State) wait(forWhom WaitingFor, reason string, by domain.Actor, at time.Time) ([]Event, error) {
	if err := s.working("wait"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Text("reason", reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	started := WaitingStarted{For: forWhom, Staff: WaitingStartedStaff{Reason: reason}, By: by.Person, At: at}
	if s.Status == forWhom.status() {
		if s.said == (said{text: reason}) {
			return nil, nil
		}
		return []Event{started}, nil
	}
	return append(s.endWait(by, at), started), nil
}

// resume ends any wait. An estimate that the client has not answered lapses.
func (s State) resume(c Resume) ([]Event, error) {
	if s.Status == StatusInProgress || s.Status == StatusReopened {
		return nil, nil
	}
	if !s.Status.waits() {
		return nil, domain.Refuse(domain.ErrConflict, "wrong_state", "a ticket that is %s does not wait for anybody", s.Status)
	}
	return s.endWait(c.By, c.At), nil
}

func (s State) endWait(by domain.Actor, at time.Time) []Event {
	if !s.Status.waits() {
		return nil
	}
	return []Event{WaitingEnded{By: by.Person, At: at}}
}

// resolve twice with one note is one resolution; with another note, two people contradict each other.
func (s State) resolve(c Resolve) ([]Event, error) {
	if err := s.unseen(c.Imported); err != nil {
		return nil, err
	}
	if s.Status == StatusResolved {
		if s.said == (said{c.Note, c.Code}) {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ErrConflict, "already_resolved", "the ticket is resolved with another note or code; reopen it to resolve it anew")
	}
	if err := s.working("resolve"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Text("note", c.Note, 0)
	check.Text("code", c.Code, 0)
	if s.Visibility == domain.ClientVisible {
		check.That(strings.TrimSpace(c.Note) != "", "note", "must tell the client how the ticket was resolved")
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	return append(s.endWait(c.By, c.At), Resolved{Note: c.Note, Staff: ResolvedStaff{Code: c.Code}, By: c.By.Person, At: c.At}), nil
}

func (s State) close(c Close) ([]Event, error) {
	if err := s.unseen(c.Imported); err != nil {
		return nil, err
	}
	switch {
	case s.Status == StatusClosed:
		return nil, nil
	case s.Status == StatusResolved:
		return []Event{Closed{By: c.By.Person, At: c.At}}, nil
	case c.Imported:
		resolved, err := s.resolve(Resolve{Imported: true, By: c.By, At: c.At})
		if err != nil {
			return nil, err
		}
		return append(resolved, Closed{By: c.By.Person, At: c.At}), nil
	}
	return nil, domain.Refuse(domain.ErrConflict, "wrong_state", "a ticket that is %s must be resolved before it is closed", s.Status)
}

func (s State) cancel(c Cancel) ([]Event, error) {
	if s.Status == StatusCancelled {
		return nil, nil
	}
	if err := s.untouched("cancel"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Cancelled{Staff: CancelledStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}}, nil
}

// untouched refuses what can be done only before work begins.
func (s State) untouched(verb string) error {
	if s.Status == StatusNew || s.Status == StatusTriaged {
		return nil
	}
	return domain.Refuse(domain.ErrConflict, "wrong_state", "cannot %s a ticket that is %s; resolve it", verb, s.Status)
}

// reopen is open to clients, whose reason becomes a visible comment, also when the ticket was reopened by
// somebody else a moment before.
func (s State) reopen(c Reopen) ([]Event, error) {
	if err := s.open(c.By, c.At); err != nil {
		return nil, err
	}
	byClient := c.By.Side == domain.ClientSide
	switch {
	case byClient && s.wrote(c.Comment):
		return nil, nil
	case s.Status.Settled():
	case s.Status == StatusReopened && (byClient || c.Text == "" || s.said == said{text: c.Text}):
	case s.Status.Over():
		return nil, s.alive("reopen")
	default:
		return nil, domain.Refuse(domain.ErrConflict, "not_resolved", "a ticket that is %s is still open", s.Status)
	}
	var check domain.Check
	check.Text("text", c.Text, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if until := s.ReopenUntil(); byClient && s.Status.Settled() && !until.IsZero() && c.At.After(until) {
		return nil, domain.Refuse(domain.ErrConflict, "reopen_window_over", "the ticket could be reopened until %s; raise a new one that follows it", until.Format(time.RFC3339))
	}
	var events []Event
	if s.Status != StatusReopened {
		reopened := Reopened{By: c.By.Person, At: c.At}
		if !byClient {
			reopened.Staff.Reason = c.Text
		}
		events, s.Status = append(events, reopened), StatusReopened
	}
	if !byClient || c.Text == "" {
		return events, nil
	}
	commented, err := s.comment(Comment{Comment: c.Comment, Text: c.Text, By: c.By, At: c.At})
	if err != nil {
		return nil, err
	}
	return append(events, commented...), nil
}

// ReopenUntil is until when a client may reopen the ticket; zero while it is open, and when that is not bounded.
func (s State) ReopenUntil() time.Time {
	if !s.Status.Settled() {
		return time.Time{}
	}
	return reopenUntil(s.Clock, s.resolvedAt)
}

// number is the second step of numbering. A number once given stays, whatever is asked later.
func (s State) number(c Number) ([]Event, error) {
	if err := s.open(domain.System(), c.At); err != nil {
		return nil, err
	}
	if c.Number < 1 {
		return nil, domain.Refuse(domain.ErrInvalid, "invalid_number", "number %d is below 1", c.Number)
	}
	if series, wants := s.Wants(); !wants || series != c.Series {
		return nil, nil
	}
	return []Event{Numbered{Series: c.Series, Number: c.Number, At: c.At}}, nil
}

func (s State) imported(c Import) ([]Event, error) {
	if c.From == s.origin {
		return nil, nil
	}
	if err := s.unseen(true); err != nil {
		return nil, err
	}
	var check domain.Check
	check.Line("system", c.From.System)
	check.Line("key", c.From.Key)
	check.Line("digest", c.From.Digest)
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Imported{Staff: c.From, By: c.By.Person, At: c.At}}, nil
}
