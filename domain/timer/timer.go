// Package timer is the aggregate of a person's one running timer (product rule F23). It survives restarts, because
// it is nothing but the instant at which it was started.
//
// It imports the domain, visible and value packages only.
package timer

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"effigate/domain"
	"effigate/domain/terms"
	"effigate/domain/zone"
)

// Shortest is how long a timer must have run to be a record; records count whole seconds.
const Shortest = time.Second

// Stream is the name of a person's timer.
func Stream(id domain.PersonID) string { return "timer-" + id.String() }

// Decider is the timer aggregate.
var Decider = domain.Decider[State, Command, Event]{Decide: Decide, Evolve: Evolve}

// State is what decisions need to know of a timer.
type State struct {
	Running   bool
	Person    domain.PersonID
	StartedAt time.Time
	Record    StartedStaff // what the record will say
	stoppedAt time.Time    // zero while it runs, and after it was discarded
}

// Run is a timer that was stopped, as the record that follows needs it.
type Run struct {
	Person    domain.PersonID
	StartedAt time.Time
	StoppedAt time.Time
	Record    StartedStaff
}

// Last gives the run that was stopped last; false while the timer runs, and when the last run was discarded or there
// is none. The record of a run is logged before another one starts.
func (s State) Last() (Run, bool) {
	if s.stoppedAt.IsZero() {
		return Run{}, false
	}
	return Run{Person: s.Person, StartedAt: s.StartedAt, StoppedAt: s.stoppedAt, Record: s.Record}, true
}

// Decide gives the events a command leads to, none when it is in effect already, or a refusal.
func Decide(s State, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Start:
		return s.start(c)
	case Describe:
		return s.describe(c)
	case Stop:
		return s.stop(c)
	case Discard:
		return s.discard(c)
	}
	panic(fmt.Sprintf("timer: unknown command %T", c))
}

// Evolve takes over what one event says. It cannot fail.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Started:
		s = State{Running: true, Person: e.Person, StartedAt: e.At, Record: e.Staff}
	case Described:
		s.Record.Description, s.Record.Note = e.Staff.Description, e.Staff.Note
	case Stopped:
		s.Running, s.stoppedAt = false, e.At
	case Discarded:
		s.Running = false
	}
	return s
}

// start refuses while the timer runs, so that nobody's time is counted twice. Starting the record that it runs for
// is in effect already.
func (s State) start(c Start) ([]Event, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	switch {
	case s.Record.Time == c.Time:
		return nil, nil
	case s.Running:
		return nil, domain.Refuse(domain.ErrConflict, "timer_runs", "your timer runs since %s; stop or discard it first", s.StartedAt.Format(time.RFC3339))
	}
	return []Event{Started{
		Person: c.By.Person,
		Staff: StartedStaff{
			Time: c.Time, Contract: c.Contract, WorkKind: c.WorkKind, WorkID: c.WorkID, JobType: c.JobType,
			SupportLevel: c.SupportLevel, Zone: c.Zone, Description: c.Description, Note: c.Note,
		},
		At: c.At,
	}}, nil
}

func check(c Start) error {
	check := domain.Signed(c.By, c.At)
	check.That(c.By.Side == domain.StaffSide && !c.By.Person.IsZero(), "by", "must be a staff person")
	check.That(!c.Time.IsZero(), "time", "must be given")
	check.That(!c.Contract.IsZero(), "contract", "must be given")
	check.That(c.WorkKind == "" || c.WorkKind == "ticket" || c.WorkKind == "task", "work_kind", "must be ticket, task or none")
	check.That((c.WorkID == uuid.Nil) == (c.WorkKind == ""), "work_id", "must be given with a kind of work, and only then")
	check.Line("job_type", c.JobType)
	switch c.SupportLevel {
	case "", terms.Standard, terms.Priority, terms.Always:
	default:
		check.That(false, "support_level", "must be standard, priority, 24x7 or none")
	}
	check.That(zone.Valid(c.Zone), "zone", "must be the IANA name of a time zone, such as Europe/Berlin")
	check.Text("description", c.Description, 0)
	check.Text("note", c.Note, 0)
	return check.Err()
}

func (s State) describe(c Describe) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	check.Text("description", c.Description, 0)
	check.Text("note", c.Note, 0)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !s.Running {
		return nil, idle()
	}
	if s.Record.Description == c.Description && s.Record.Note == c.Note {
		return nil, nil
	}
	return []Event{Described{Staff: DescribedStaff{Description: c.Description, Note: c.Note}, At: c.At}}, nil
}

// stop is in effect already for a timer that was stopped, so that whoever stopped it can complete what follows.
func (s State) stop(c Stop) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	if err := check.Err(); err != nil {
		return nil, err
	}
	_, stopped := s.Last()
	switch {
	case stopped:
		return nil, nil
	case !s.Running:
		return nil, idle()
	case c.At.Sub(s.StartedAt) < Shortest:
		return nil, domain.Refuse(domain.ErrConflict, "nothing_worked", "the timer was started at %s; there is nothing to log yet", s.StartedAt.Format(time.RFC3339))
	}
	return []Event{Stopped{Time: s.Record.Time, At: c.At}}, nil
}

func (s State) discard(c Discard) ([]Event, error) {
	check := domain.Signed(c.By, c.At)
	if err := check.Err(); err != nil {
		return nil, err
	}
	if !s.Running {
		return nil, idle()
	}
	return []Event{Discarded{Time: s.Record.Time, At: c.At}}, nil
}

func idle() error {
	return domain.Refuse(domain.ErrConflict, "no_timer", "no timer runs")
}
