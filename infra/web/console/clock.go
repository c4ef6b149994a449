package console

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"effigate/domain/access"
	"effigate/domain/sla"
	"effigate/infra/web"
	rows "effigate/readmodels/staff"
)

// Promise is one promise about a ticket at an instant. Its goal is left out for whoever may not see policies. It is
// exported because it is embedded in bodies.
type Promise struct {
	Goal             string     `json:"goal" enum:"first_response,next_response,resolution"`
	Cycle            int        `json:"cycle" doc:"From 1."`
	State            string     `json:"state" enum:"not_applicable,running,paused,near_breach,breached,met,met_late,cancelled"`
	Due              *time.Time `json:"due,omitempty" doc:"When the time is used up, or was; absent while it is paused and some is left."`
	Near             *time.Time `json:"near,omitempty" doc:"When it is near its breach."`
	Late             *time.Time `json:"late,omitempty" doc:"When 90 % is used up."`
	Breached         *time.Time `json:"breached,omitempty" doc:"The due instant that passed."`
	PausedFor        string     `json:"paused_for,omitempty" enum:"waiting_client,waiting_third_party,on_hold,awaiting_scope"`
	RemainingSeconds int64      `json:"remaining_seconds" doc:"Of opening time; below 0 by how much it is late. It stands still while paused and while the service is closed."`
	GoalSeconds      int64      `json:"goal_seconds,omitempty"`
	ElapsedSeconds   int64      `json:"elapsed_seconds,omitempty"`
	Began            time.Time  `json:"began"`
	Ended            *time.Time `json:"ended,omitempty"`
}

// promise shows a reading, with its goal if the reader may see policies.
func promise(r sla.Reading, policies bool) Promise {
	p := Promise{
		Goal: string(r.Goal), Cycle: r.Cycle, State: string(r.State), Due: instant(r.Due), Near: instant(r.Near), Late: instant(r.Late),
		Breached: instant(r.Breached), PausedFor: string(r.PausedFor), RemainingSeconds: r.RemainingSeconds,
		Began: r.Began, Ended: instant(r.Ended),
	}
	if r.PausedFor == sla.Unpromised {
		p.PausedFor = "" // Nothing is promised, which its state says; nobody paused it.
	}
	if policies {
		p.GoalSeconds, p.ElapsedSeconds = r.GoalSeconds, r.ElapsedSeconds
	}
	return p
}

// promises shows the newest cycle of each goal.
func promises(clock sla.Clock, now time.Time, policies bool) []Promise {
	shown := []Promise{}
	for _, reading := range clock.Readings(now) {
		shown = append(shown, promise(reading, policies))
	}
	return shown
}

// stretch is a part of the strip that explains a clock.
type stretch struct {
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Doing   string    `json:"doing" enum:"counting,closed,holiday,waiting_client,waiting_third_party,on_hold,awaiting_scope,settled,unpromised"`
	Name    string    `json:"name,omitempty" doc:"Of a holiday."`
	Seconds int64     `json:"seconds" doc:"That counted."`
	Elapsed int64     `json:"elapsed" doc:"At its end, of the whole cycle."`
}

// cycleBody is one cycle of a goal, explained.
type cycleBody struct {
	Goal     string     `json:"goal" enum:"first_response,next_response,resolution"`
	Cycle    int        `json:"cycle" doc:"From 1."`
	Began    time.Time  `json:"began"`
	Ended    *time.Time `json:"ended,omitempty"`
	Breached *time.Time `json:"breached,omitempty"`
	Outcome  string     `json:"outcome,omitempty" enum:"not_applicable,met,met_late,cancelled"`
	Present  *Promise   `json:"present,omitempty" doc:"Of the newest cycle of its goal: how it stands."`
	Strip    []stretch  `json:"strip" nullable:"false" doc:"What the clock did until now, or until it is due where that lies ahead."`
}

// pinBody is what held for the ticket from an instant on.
type pinBody struct {
	From            time.Time   `json:"from"`
	Why             string      `json:"why" doc:"What made it so: raised, triaged, policy, calendar and the like."`
	Source          string      `json:"source" enum:"client,contract,firm," doc:"Where the policy was chosen; empty when there is none."`
	Policy          *uuid.UUID  `json:"policy,omitempty"`
	PolicyName      string      `json:"policy_name,omitempty"`
	PolicyVersion   int         `json:"policy_version,omitempty"`
	Calendar        *uuid.UUID  `json:"calendar,omitempty" doc:"Absent for the office hours of the contract's zone."`
	CalendarName    string      `json:"calendar_name,omitempty"`
	CalendarVersion int         `json:"calendar_version,omitempty"`
	Zone            string      `json:"zone"`
	Target          sla.Target  `json:"target" doc:"The row that the priority, support level and job type selected."`
	SupportLevel    string      `json:"support_level"`
	NearPercent     int         `json:"near_percent"`
	FloorMinutes    int         `json:"floor_minutes"`
	PausesThird     bool        `json:"pauses_third_party"`
	PausesOnHold    bool        `json:"pauses_on_hold"`
	ReopenAnew      bool        `json:"reopen_starts_anew"`
	Ladder          []sla.Level `json:"ladder" nullable:"false"`
}

type clockBody struct {
	Fresh
	Now    time.Time   `json:"server_now"`
	Cycles []cycleBody `json:"cycles" nullable:"false" doc:"All of them, by their beginning."`
	Pins   []pinBody   `json:"pins" nullable:"false" doc:"What held from when on, and why; the newest last."`
}

func (c *Console) registerClock() {
	get(c, "explain-clock", "/tickets/{id}/clock", "What the clock of a ticket did, and why", access.ReadPolicies, c.readClock)
}

func (c *Console) readClock(ctx context.Context, tx pgx.Tx, _ reader, in *ticketInput) (b clockBody, err error) {
	id, err := web.ID(in.ID)
	if err != nil {
		return b, err
	}
	row, err := rows.ClockByID(ctx, tx, id)
	if err != nil {
		return b, err
	}
	clock, err := row.Decode()
	if err != nil {
		return b, err
	}
	b.Now = c.moment()
	b.Cycles = cycles(clock, b.Now)
	b.Pins, err = pins(ctx, tx, id, clock)
	return b, err
}

// moment is the present instant, as commands have it.
func (c *Console) moment() time.Time { return c.now().UTC().Truncate(time.Microsecond) }

func cycles(clock sla.Clock, now time.Time) []cycleBody {
	explained := make([]cycleBody, len(clock.Runs))
	for i, run := range clock.Runs {
		cycle := cycleBody{
			Goal: string(run.Goal), Cycle: run.Cycle, Began: run.Began, Ended: instant(run.Ended), Breached: instant(run.Breached),
			Outcome: string(run.Outcome), Strip: []stretch{},
		}
		if reading, ok := clock.Reading(run.Goal, now); ok && reading.Cycle == run.Cycle {
			present := promise(reading, true)
			cycle.Present = &present
		}
		for _, s := range clock.Strip(run.Goal, run.Cycle, now) {
			cycle.Strip = append(cycle.Strip, stretch{
				From: s.From, Until: s.Until, Doing: string(s.Doing), Name: s.Name, Seconds: s.Seconds, Elapsed: s.Elapsed,
			})
		}
		explained[i] = cycle
	}
	return explained
}

// pins tells what held for a ticket and why. The events that pinned it say both when and for what reason, in the order
// of the clock's pins.
func pins(ctx context.Context, tx pgx.Tx, ticket uuid.UUID, clock sla.Clock) ([]pinBody, error) {
	steps, err := rows.Pinnings(ctx, tx, ticket)
	if err != nil {
		return nil, err
	}
	told := make([]pinBody, len(clock.Pins))
	for i, pin := range clock.Pins {
		told[i] = pinBody{
			Source: string(pin.Source), Zone: pin.Hours.Zone, Target: pin.Target, SupportLevel: pin.SupportLevel,
			NearPercent: pin.NearPercent, FloorMinutes: pin.FloorMinutes, PausesThird: pin.PausesThirdParty, PausesOnHold: pin.PausesOnHold,
			ReopenAnew: pin.ReopenStartsAnew, Ladder: append([]sla.Level{}, pin.Ladder...),
			PolicyVersion: pin.Policy.Version, CalendarVersion: pin.Calendar.Version,
		}
		if i < len(steps) {
			told[i].From, told[i].Why = steps[i].At, steps[i].Why
			told[i].PolicyName, told[i].CalendarName = steps[i].PolicyName, steps[i].CalendarName
		}
		if pin.Policy.ID != uuid.Nil {
			told[i].Policy = &clock.Pins[i].Policy.ID
		}
		if pin.Calendar.ID != uuid.Nil {
			told[i].Calendar = &clock.Pins[i].Calendar.ID
		}
	}
	return told, nil
}
