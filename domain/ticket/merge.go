package ticket

import (
	"slices"
	"strconv"

	"effigate/domain"
	"effigate/domain/sla"
)

// merge ends the ticket in favour of another one. What the client sees is never lost: it leads to something that it
// sees too.
func (s State) merge(c Merge) ([]Event, error) {
	ended := Merged{Into: c.Into, Duplicate: c.Duplicate, Staff: AudienceStaff{Reason: c.Reason}, By: c.By.Person, At: c.At}
	if other, _ := s.others.Get(c.Into.UUID); other.goesOn {
		return nil, nil
	}
	if err := s.working("merge"); err != nil {
		return nil, err
	}
	if c.Duplicate {
		if err := s.untouched("take for a duplicate"); err != nil {
			return nil, err
		}
	}
	var check domain.Check
	check.Text("reason", c.Reason, 0)
	check.That(!c.Into.IsZero() && c.Into != s.ID && c.Into == c.IntoState.ID, "into", "must be another ticket")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if err := c.IntoState.MayTake(s); err != nil {
		return nil, err
	}
	return []Event{ended}, nil
}

// MayTake refuses to take another ticket in: both are of one client, this one is open, and whoever sees the other one
// will see this one (F16, X8).
func (s State) MayTake(other State) error {
	if !s.Exists() || !other.Exists() || s.Client != other.Client {
		return errNotFound
	}
	if !s.Status.Open() {
		return domain.Refuse(domain.ErrConflict, "wrong_state", "nothing can be merged into a ticket that is %s", s.Status)
	}
	if other.Visibility == domain.ClientVisible && s.Visibility != domain.ClientVisible {
		return domain.Refuse(domain.ErrConflict, "parent_internal", "the client sees the ticket and would lose sight of it; publish the other one first")
	}
	return nil
}

// takeIn completes a merge, whatever became of this ticket since. The clock of a ticket that its client never saw says
// nothing to one that it sees, or the due instant would tell of it (A4).
func (s State) takeIn(c TakeIn) ([]Event, error) {
	other, _ := s.others.Get(c.From.UUID)
	if other.takenIn {
		return nil, nil
	}
	var check domain.Check
	check.That(!c.From.IsZero() && c.From != s.ID, "from", "must be another ticket")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !c.Bound && s.disclosed {
		c.Clock = sla.Clock{}
	}
	return []Event{MergedIn{Bound: c.Bound, Staff: MergedInStaff{From: c.From, Clock: c.Clock}, By: c.By.Person, At: c.At}}, nil
}

func (s State) splitOff(c SplitOff) ([]Event, error) {
	other, _ := s.others.Get(c.Into.UUID)
	if other.splitInto {
		return nil, nil
	}
	if err := s.alive("split"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(!c.Into.IsZero() && c.Into != s.ID, "into", "must be another ticket")
	check.That(len(c.Comments) > 0 && len(c.Comments) <= MaxSplit, "comments", "must be 1 to "+strconv.Itoa(MaxSplit))
	for _, id := range c.Comments {
		check.That(s.wrote(id), "comments", "must be comments of this ticket: "+id.String()+" is not")
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	return []Event{Split{Staff: SplitStaff{Into: c.Into, Comments: c.Comments}, By: c.By.Person, At: c.At}}, nil
}

// adopt writes down here what was said elsewhere. It answers nobody, and nobody asks by it.
func (s State) adopt(c Adopt) ([]Event, error) {
	if s.wrote(c.Comment) {
		return nil, nil
	}
	if err := s.alive("write on"); err != nil {
		return nil, err
	}
	if c.ByClient {
		c.Visibility = domain.ClientVisible
	}
	var check domain.Check
	checkMessage(&check, c.Comment, c.Text, c.Visibility)
	check.That(!c.Written.IsZero() && c.Written.Location() == c.At.Location() && !c.Written.After(c.At), "written", "must be an instant in UTC, not after now")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.splitFrom.IsZero() {
		return nil, domain.Refuse(domain.ErrConflict, "not_split_off", "the ticket was not split off from another one")
	}
	if err := s.holds(c.Visibility); err != nil {
		return nil, err
	}
	return []Event{Commented{
		Comment: c.Comment, Visibility: c.Visibility, ByClient: c.ByClient, Text: c.Text, Adopted: true, By: c.Author, At: c.Written,
	}}, nil
}

// link is for staff, who see both tickets (A12).
func (s State) link(c Link) ([]Event, error) {
	other, _ := s.others.Get(c.Other.UUID)
	if slices.Contains(other.relations, c.Relation) {
		return nil, nil
	}
	if err := s.alive("link"); err != nil {
		return nil, err
	}
	var check domain.Check
	check.That(!c.Other.IsZero() && c.Other != s.ID, "other", "must be another ticket")
	check.That(c.Relation.valid(), "relation", "must be relates_to, blocks, blocked_by or caused_by")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if s.links() >= MaxLinks {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_links", "the ticket has %d links already", MaxLinks)
	}
	return []Event{Linked{Staff: LinkedStaff{Other: c.Other, Relation: c.Relation}, By: c.By.Person, At: c.At}}, nil
}

func (s State) unlink(c Unlink) ([]Event, error) {
	other, _ := s.others.Get(c.Other.UUID)
	if !slices.Contains(other.relations, c.Relation) {
		return nil, nil
	}
	return []Event{Unlinked{Staff: LinkedStaff{Other: c.Other, Relation: c.Relation}, By: c.By.Person, At: c.At}}, nil
}

func (s State) links() int {
	count := 0
	for _, other := range s.others.All() {
		count += len(other.relations)
	}
	return count
}

func (r Relation) valid() bool {
	return r == RelatesTo || r == Blocks || r == BlockedBy || r == CausedBy
}

// watch is for staff. Whether the person may read the ticket, the caller has checked; to be told of it gives no right
// to it (A6).
func (s State) watch(c Watch) ([]Event, error) {
	if watches, _ := s.watchers.Get(c.Person.UUID); watches != c.End {
		return nil, nil
	}
	if err := s.alive("watch"); err != nil && !c.End {
		return nil, err
	}
	var check domain.Check
	check.That(!c.Person.IsZero(), "person", "must be given")
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !c.End && len(s.Watchers()) >= MaxWatchers {
		return nil, domain.Refuse(domain.ErrConflict, "too_many_watchers", "%d people watch the ticket already", MaxWatchers)
	}
	return []Event{Watched{Staff: WatchedStaff{Person: c.Person, Ended: c.End}, By: c.By.Person, At: c.At}}, nil
}
