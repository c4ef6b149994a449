package sla_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/domain/sla"
)

// ended is a clock as it is when its ticket is merged into another.
func (t *ticket) ended(at string) sla.Clock { return t.enter(at, sla.Over).clock() }

// A merged clock has the earlier beginning and the pauses of both (F16).
func TestMergeTakesEarlierBeginningAndBothPauses(t *testing.T) {
	t.Parallel()
	promised := pin(always(berlin), 600, 0, 600)
	other := newTicket(t, berlin).raise("2026-03-02 08:00", promised).
		enter("2026-03-02 08:30", sla.WaitingClient).enter("2026-03-02 09:30", sla.Working).
		enter("2026-03-02 11:00", sla.WaitingClient).ended("2026-03-02 12:00")
	own := newTicket(t, berlin).raise("2026-03-02 09:00", promised).
		enter("2026-03-02 10:30", sla.WaitingClient).enter("2026-03-02 11:30", sla.Working).
		tell("2026-03-02 12:00", sla.Fact{What: sla.MergedIn, Other: other})
	// 08:00 to 08:30 and 09:30 to 10:30 count, 10:30 to 12:00 is a pause of one or the other.
	own.want("2026-03-02 12:00", sla.Resolution, sla.Running, "1h30m", "2026-03-02 20:30")
	own.want("2026-03-02 12:00", sla.FirstResponse, sla.Running, "1h30m", "2026-03-02 20:30")
	if got, _ := own.clock().Reading(sla.Resolution, own.at("2026-03-02 12:00")); !got.Began.Equal(own.at("2026-03-02 08:00")) {
		t.Errorf("began %s", got.Began)
	}
}

// What the earlier beginning has used up is breached at its due instant, which lies before the merge.
func TestMergeMayFindAnEarlierBreach(t *testing.T) {
	t.Parallel()
	other := newTicket(t, berlin).raise("2026-03-02 08:00", pin(always(berlin), 0, 0, 600)).ended("2026-03-02 12:00")
	own := newTicket(t, berlin).raise("2026-03-02 11:00", pin(always(berlin), 0, 0, 120)).
		tell("2026-03-02 12:00", sla.Fact{What: sla.MergedIn, Other: other})
	own.want("2026-03-02 12:00", sla.Resolution, sla.Breached, "4h", "2026-03-02 10:00")
	own.wantThresholds("breached 2026-03-02 10:00")
}

// A pause that is merged in doesn't undo a breach.
func TestMergeDoesNotUndoABreach(t *testing.T) {
	t.Parallel()
	promised := pin(always(berlin), 0, 0, 60)
	other := newTicket(t, berlin).raise("2026-03-02 09:00", promised).enter("2026-03-02 09:00", sla.WaitingClient).ended("2026-03-02 12:00")
	own := newTicket(t, berlin).raise("2026-03-02 09:00", promised).tell("2026-03-02 12:00", sla.Fact{What: sla.MergedIn, Other: other})
	own.want("2026-03-02 12:00", sla.Resolution, sla.Breached, "0", "2026-03-02 10:00")
}

// Who waited for an answer on a ticket that ended waits for it on the one that goes on: to merge is no way out.
func TestMergeKeepsWhoWaits(t *testing.T) {
	t.Parallel()
	promised := pin(always(berlin), 120, 90, 0)
	waits := func() sla.Clock {
		return newTicket(t, berlin).raise("2026-03-02 09:00", promised).ended("2026-03-02 10:00")
	}
	answered := newTicket(t, berlin).raise("2026-03-02 08:00", promised).
		tell("2026-03-02 08:10", sla.Fact{What: sla.Answered}).
		tell("2026-03-02 10:00", sla.Fact{What: sla.MergedIn, Other: waits()})
	answered.want("2026-03-02 10:00", sla.NextResponse, sla.Running, "1h", "2026-03-02 10:30")
	own := newTicket(t, berlin).tell("2026-03-02 08:00", sla.Fact{What: sla.Began}).pin("2026-03-02 08:00", promised).
		tell("2026-03-02 10:00", sla.Fact{What: sla.MergedIn, Other: waits()})
	own.want("2026-03-02 10:00", sla.FirstResponse, sla.Running, "1h", "2026-03-02 11:00")

	done := newTicket(t, berlin).raise("2026-03-02 09:00", promised).tell("2026-03-02 09:05", sla.Fact{What: sla.Answered}).ended("2026-03-02 10:00")
	quiet := newTicket(t, berlin).raise("2026-03-02 08:00", promised).
		tell("2026-03-02 08:10", sla.Fact{What: sla.Answered}).
		tell("2026-03-02 10:00", sla.Fact{What: sla.MergedIn, Other: done})
	quiet.want("2026-03-02 10:00", sla.NextResponse, "", "", "")
}

// A breach is given as a threshold while the clock is paused too: it has happened.
func TestBreachAtTheInstantOfAPause(t *testing.T) {
	t.Parallel()
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 0, 0, 60)).enter("2026-03-02 10:00", sla.WaitingClient)
	raised.want("2026-03-02 12:00", sla.Resolution, sla.Breached, "1h", "2026-03-02 10:00")
	raised.wantThresholds("breached 2026-03-02 10:00")
	near := newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 0, 0, 240)).enter("2026-03-02 12:00", sla.WaitingClient)
	if got, _ := near.clock().Reading(sla.Resolution, near.at("2026-03-02 13:00")); !got.Near.Equal(near.at("2026-03-02 12:00")) || !got.Due.IsZero() {
		t.Errorf("paused when it came near: %+v", got)
	}
	late := newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 0, 0, 60)).enter("2026-03-02 10:00", sla.Settled)
	late.want("2026-03-02 12:00", sla.Resolution, sla.Met, "1h", "")
	// A moment later is late, also within the second.
	raised = newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 0, 0, 60))
	moment := sla.Fact{What: sla.Entered, Into: sla.Settled, At: raised.at("2026-03-02 10:00").Add(1)}
	raised.facts = append(raised.facts, moment)
	raised.want("2026-03-02 12:00", sla.Resolution, sla.MetLate, "1h", "2026-03-02 10:00")
}

// Nothing grows without bound: of many cycles the newest are kept, of a long strip the newest stretches.
func TestBounds(t *testing.T) {
	t.Parallel()
	clock := sla.Replay(long(2000))
	newest, _ := clock.Reading(sla.NextResponse, clock.At)
	first, answered := clock.Reading(sla.FirstResponse, clock.At)
	if len(clock.Runs) > 200 || newest.Cycle < 300 || !answered || first.State != sla.Met {
		t.Errorf("%d runs, the newest of cycle %d, the first %+v", len(clock.Runs), newest.Cycle, first)
	}
	strip := clock.Strip(sla.Resolution, 1, clock.At)
	resolution, _ := clock.Reading(sla.Resolution, clock.At)
	if last := strip[len(strip)-1]; len(strip) != 500 || last.Elapsed != resolution.ElapsedSeconds || !strip[0].From.Equal(resolution.Began) {
		t.Errorf("%d stretches from %s to %+v, want %d s", len(strip), strip[0].From, last, resolution.ElapsedSeconds)
	}
	if oldest := strip[0]; oldest.Doing != sla.Counting || oldest.Seconds == 0 || oldest.Seconds != oldest.Elapsed {
		t.Errorf("the oldest stretches are joined to %+v", oldest)
	}
	if diff := cmp.Diff([]sla.Stretch(nil), clock.Strip(sla.Resolution, 2, clock.At)); diff != "" {
		t.Errorf("a cycle that never was (-want +got):\n%s", diff)
	}
}

// What ended while nothing was promised was neither met nor missed, whatever is promised later.
func TestEndedWithoutAPromise(t *testing.T) {
	t.Parallel()
	raised := newTicket(t, berlin).tell("2026-03-02 09:00", sla.Fact{What: sla.Began, Owed: true}).
		enter("2026-03-02 10:00", sla.Settled).
		pin("2026-03-02 11:00", pin(always(berlin), 60, 0, 240))
	for _, run := range raised.clock().Runs {
		if run.Outcome != sla.NotApplicable {
			t.Errorf("the %s ended %s", run.Goal, run.Outcome)
		}
	}
	raised.want("2026-03-02 12:00", sla.Resolution, sla.NotApplicable, "0", "")
	raised.tell("2026-03-02 13:00", sla.Fact{What: sla.Reopened})
	raised.want("2026-03-02 14:00", sla.Resolution, sla.Running, "1h", "2026-03-02 17:00")
}

// F19: at the due instant, and not a second before, a target is breached.
func TestBreachIsAtTheDueInstant(t *testing.T) {
	t.Parallel()
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 0, 0, 60))
	due := raised.at("2026-03-02 10:00")
	for at, want := range map[time.Time]sla.State{due.Add(-time.Second): sla.NearBreach, due: sla.Breached, due.Add(time.Hour): sla.Breached} {
		if got, _ := raised.clock().Reading(sla.Resolution, at); got.State != want || !got.Due.Equal(due) || got.Breached.IsZero() == (want == sla.Breached) {
			t.Errorf("at %s: %+v, want %s", at, got, want)
		}
	}
}

// What was merged in may itself have begun long before it counted: a second merge must not fill that gap.
func TestMergeTwice(t *testing.T) {
	t.Parallel()
	promised := pin(always(berlin), 0, 0, 600)
	gap := newTicket(t, berlin).raise("2026-03-02 06:00", promised).enter("2026-03-02 06:00", sla.Settled).
		tell("2026-03-02 09:00", sla.Fact{What: sla.Reopened}).ended("2026-03-02 10:00")
	early := newTicket(t, berlin).raise("2026-03-02 05:00", promised).ended("2026-03-02 11:00")
	own := newTicket(t, berlin).raise("2026-03-02 08:00", promised).
		tell("2026-03-02 10:00", sla.Fact{What: sla.MergedIn, Other: gap}).
		tell("2026-03-02 11:00", sla.Fact{What: sla.MergedIn, Other: early})
	own.want("2026-03-02 11:00", sla.Resolution, sla.Running, "3h", "2026-03-02 18:00")
}

// A holiday before a ticket was raised is none of its time, and yet of the older one's that is merged into it.
func TestMergeKeepsEarlierHolidays(t *testing.T) {
	t.Parallel()
	promised := sla.Promise{
		Source: sla.FromFirm, Content: sla.Policy{Targets: []sla.Target{{Priority: "low", ResolutionMinutes: 6000}}},
		Hours: weekly("Europe/Berlin", workdays, "09:00-17:00"),
	}
	promised.Hours.Days = []calendar.SpecialDay{{Date: "2026-03-03", Name: "Holiday", Holiday: true}}
	older, newer := newTicket(t, berlin), newTicket(t, berlin)
	other := older.raise("2026-03-02 16:00", promised.Select("low", "", older.at("2026-03-02 16:00"))).ended("2026-03-04 10:00")
	newer.raise("2026-03-04 09:00", promised.Select("low", "", newer.at("2026-03-04 09:00"))).
		tell("2026-03-04 10:00", sla.Fact{What: sla.MergedIn, Other: other})
	if got, _ := newer.clock().Reading(sla.Resolution, newer.at("2026-03-04 10:00")); got.ElapsedSeconds != 2*3600 {
		t.Errorf("%d s of opening time, want those of 16:00 to 17:00 and of 09:00 to 10:00", got.ElapsedSeconds)
	}
}
