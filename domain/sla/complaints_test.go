package sla_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"effigate/domain/calendar"
	"effigate/domain/sla"
)

const berlin = "Europe/Berlin"

// A20: a hold that lies outside the opening hours moves nothing.
func TestA20PauseOutsideHoursMovesNothing(t *testing.T) {
	t.Parallel()
	raised := newTicket(t, berlin).raise("2026-03-02 13:00", pin(weekly(berlin, workdays, "09:00-17:00"), 0, 0, 480))
	raised.want("2026-03-02 13:00", sla.Resolution, sla.Running, "0", "2026-03-03 13:00")
	raised.enter("2026-03-02 17:00", sla.WaitingClient)
	raised.want("2026-03-03 08:00", sla.Resolution, sla.Paused, "4h", "")
	raised.enter("2026-03-03 09:00", sla.Working)
	raised.want("2026-03-03 09:00", sla.Resolution, sla.Running, "4h", "2026-03-03 13:00")
}

// A21: a change of priority keeps what was consumed, and every pause.
func TestA21ChangeOfPriorityKeepsConsumedTimeAndPauses(t *testing.T) {
	t.Parallel()
	hours := weekly(berlin, workdays, "09:00-17:00")
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", pin(hours, 0, 0, 480)).
		enter("2026-03-02 10:00", sla.WaitingClient).
		enter("2026-03-02 12:00", sla.Working).
		pin("2026-03-02 13:00", pin(hours, 0, 0, 240))
	raised.want("2026-03-02 13:00", sla.Resolution, sla.Running, "2h", "2026-03-02 15:00")
	// Consumed already under the new target: due is the instant of the change, not one before it.
	raised.pin("2026-03-02 14:00", pin(hours, 0, 0, 60))
	raised.want("2026-03-02 16:00", sla.Resolution, sla.Breached, "5h", "2026-03-02 14:00")
	// A breach stays, whatever is promised later.
	raised.pin("2026-03-02 16:30", pin(hours, 0, 0, 4800))
	raised.want("2026-03-02 17:00", sla.Resolution, sla.Breached, "6h", "2026-03-02 14:00")
}

// A22: a clock that is shown as paused doesn't run behind the screen.
func TestA22PausedClockDoesNotRun(t *testing.T) {
	t.Parallel()
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 60, 0, 240)).
		enter("2026-03-02 09:30", sla.WaitingClient)
	for _, at := range []string{"2026-03-02 09:30", "2026-03-02 23:00", "2026-04-02 09:30"} {
		raised.want(at, sla.FirstResponse, sla.Paused, "30m", "")
		raised.want(at, sla.Resolution, sla.Paused, "30m", "")
	}
	if ahead := raised.clock().Thresholds(); len(ahead) > 0 {
		t.Errorf("a paused clock reaches %+v", ahead)
	}
}

// A23: the time in resolved isn't counted, and the target isn't called pending meanwhile.
func TestA23ReopenedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	promised := pin(always(berlin), 0, 0, 240)
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", promised).enter("2026-03-02 11:00", sla.Settled)
	raised.want("2026-03-05 11:00", sla.Resolution, sla.Met, "2h", "")
	raised.tell("2026-03-06 11:00", sla.Fact{What: sla.Reopened})
	raised.want("2026-03-06 12:00", sla.Resolution, sla.NearBreach, "3h", "2026-03-06 13:00")

	promised.ReopenStartsAnew = true
	raised.pin("2026-03-06 12:00", promised).
		enter("2026-03-06 12:30", sla.Settled).
		tell("2026-03-09 09:00", sla.Fact{What: sla.Reopened})
	raised.want("2026-03-09 10:00", sla.Resolution, sla.Running, "1h", "2026-03-09 13:00")
	if got, _ := raised.clock().Reading(sla.Resolution, raised.at("2026-03-09 10:00")); got.Cycle != 2 {
		t.Errorf("cycle %d, want 2", got.Cycle)
	}
}

// A24: until the first reply the first response counts alone, though the next one is promised sooner.
func TestA24NextResponseNeverOverridesTheFirst(t *testing.T) {
	t.Parallel()
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 240, 60, 0)).
		tell("2026-03-02 09:10", sla.Fact{What: sla.Asked})
	raised.want("2026-03-02 11:00", sla.FirstResponse, sla.Running, "2h", "2026-03-02 13:00")
	raised.want("2026-03-02 11:00", sla.NextResponse, "", "", "")
	raised.tell("2026-03-02 11:00", sla.Fact{What: sla.Answered}).tell("2026-03-02 11:05", sla.Fact{What: sla.Asked})
	raised.want("2026-03-02 11:05", sla.FirstResponse, sla.Met, "2h", "")
	raised.want("2026-03-02 11:05", sla.NextResponse, sla.Running, "0", "2026-03-02 12:05")
}

// A25: while the client is silent after an answer no response is owed, and nothing lies ahead that could escalate.
func TestA25SilentClientIsOwedNothing(t *testing.T) {
	t.Parallel()
	promised := pin(always(berlin), 240, 60, 0)
	promised.Ladder = sla.DefaultLadder()
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", promised).
		tell("2026-03-02 10:00", sla.Fact{What: sla.Answered}).
		tell("2026-03-02 10:30", sla.Fact{What: sla.Asked}).
		tell("2026-03-02 10:50", sla.Fact{What: sla.Answered})
	raised.want("2026-03-20 09:00", sla.NextResponse, sla.Met, "20m", "")
	if ahead := raised.clock().Thresholds(); len(ahead) > 0 {
		t.Errorf("nobody waits, yet it reaches %+v", ahead)
	}
}

// A26: a priority that is set after the ticket was raised selects its target, and what was promised before counts.
func TestA26LaterPrioritySelectsItsTarget(t *testing.T) {
	t.Parallel()
	promise := sla.Promise{
		Source: sla.FromContract, SupportLevel: "standard", Hours: always(berlin),
		Content: sla.Policy{Targets: []sla.Target{{Priority: "critical", ResolutionMinutes: 240}, {Priority: "low", ResolutionMinutes: 2400}}},
	}
	raised := newTicket(t, berlin).tell("2026-03-02 09:00", sla.Fact{What: sla.Began, Owed: true})
	raised.want("2026-03-02 10:00", sla.Resolution, sla.NotApplicable, "0", "")
	raised.pin("2026-03-02 10:00", promise.Select("low", "", raised.at("2026-03-02 09:00")))
	raised.want("2026-03-02 10:00", sla.Resolution, sla.Running, "0", "2026-03-04 02:00")
	raised.pin("2026-03-02 11:00", promise.Select("critical", "", raised.at("2026-03-02 09:00")))
	raised.want("2026-03-02 11:00", sla.Resolution, sla.Running, "1h", "2026-03-02 14:00")
}

// A27: a ticket that is raised in a paused or settled state has no running clock.
func TestA27RaisedPausedDoesNotRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		into sla.Condition
		want sla.State
	}{
		"waiting for the client": {sla.WaitingClient, sla.Paused},
		"on hold":                {sla.OnHold, sla.Paused},
		"resolved":               {sla.Settled, sla.Met},
		"merged":                 {sla.Over, sla.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			promised := pin(always(berlin), 60, 0, 240)
			promised.PausesOnHold = true
			raised := newTicket(t, berlin).raise("2026-03-02 09:00", promised).enter("2026-03-02 09:00", test.into)
			for _, at := range []string{"2026-03-02 09:00", "2027-03-02 09:00"} {
				raised.want(at, sla.FirstResponse, test.want, "0", "")
				raised.want(at, sla.Resolution, test.want, "0", "")
			}
		})
	}
	first := newTicket(t, berlin).enter("2026-03-02 09:00", sla.Settled).raise("2026-03-02 09:00", pin(always(berlin), 60, 0, 240))
	first.want("2027-03-02 09:00", sla.Resolution, "", "", "")
}

// A28: with one working day a week, with split days, and over a holiday, due is right for any target.
func TestA28OneDayWeeks(t *testing.T) {
	t.Parallel()
	tuesdays, split := weekly(berlin, "tue", "08:00-17:00"), weekly(berlin, "tue", "08:00-12:00 13:00-18:00")
	closed := tuesdays
	closed.Days = []calendar.SpecialDay{{Date: "2026-03-10", Name: "Works outing"}}
	for name, test := range map[string]struct {
		hours   calendar.Calendar
		minutes int
		due     string
	}{
		"some minutes":           {tuesdays, 10, "2026-03-03 08:10"},
		"one whole day":          {tuesdays, 540, "2026-03-03 17:00"},
		"a minute more":          {tuesdays, 541, "2026-03-10 08:01"},
		"three weeks":            {tuesdays, 3 * 540, "2026-03-17 17:00"},
		"a year of them":         {tuesdays, 52 * 540, "2027-02-23 17:00"},
		"at noon of a split day": {split, 240, "2026-03-03 12:00"},
		"after noon":             {split, 241, "2026-03-03 13:01"},
		"over a day that is off": {closed, 541, "2026-03-17 08:01"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raised := newTicket(t, berlin).raise("2026-03-02 10:00", pin(test.hours, 0, 0, test.minutes))
			raised.want("2026-03-02 10:00", sla.Resolution, sla.Running, "0", test.due)
		})
	}
}

// A29: an escalation an hour before the due instant comes an hour of opening time before it, never at midnight.
func TestA29EscalationCountsOpeningTime(t *testing.T) {
	t.Parallel()
	promised := pin(weekly(berlin, workdays, "08:00-18:00"), 0, 0, 240)
	promised.Ladder = []sla.Level{{Level: 1, Percent: 100, Minutes: -60, Recipients: []string{sla.Assignee}}}
	raised := newTicket(t, berlin).raise("2026-03-02 17:00", promised)
	raised.want("2026-03-02 17:00", sla.Resolution, sla.Running, "0", "2026-03-03 11:00")
	raised.wantThresholds("near_breach 2026-03-03 10:00", "level 1 2026-03-03 10:00", "breached 2026-03-03 11:00")
}

// A level that is due longer before the target than that lasts is left aside: it used to be reached at once.
func TestLevelBeforeTheBeginningIsNone(t *testing.T) {
	t.Parallel()
	short := pin(always(berlin), 0, 0, 20)
	short.Ladder = []sla.Level{{Level: 1, Percent: 100, Minutes: -30}, {Level: 2, Percent: 100, Minutes: -20}, {Level: 3, Percent: 100, Minutes: -5}}
	newTicket(t, berlin).raise("2026-03-02 09:00", short).wantThresholds(
		"near_breach 2026-03-02 09:15", "level 3 2026-03-02 09:15", "breached 2026-03-02 09:20")
}

// A30: no level is reached while the service is closed, unless it never is.
func TestA30NoReminderOutsideHours(t *testing.T) {
	t.Parallel()
	promised := pin(weekly(berlin, workdays, "09:00-17:00"), 0, 0, 480)
	promised.Ladder = sla.DefaultLadder()
	newTicket(t, berlin).raise("2026-03-06 09:30", promised).wantThresholds(
		"near_breach 2026-03-06 15:30", "level 1 2026-03-06 15:30", "level 2 2026-03-06 16:42",
		"breached 2026-03-09 09:30", "level 3 2026-03-09 09:30", "level 4 2026-03-09 10:30",
	)
	promised.Hours = always(berlin)
	newTicket(t, berlin).raise("2026-03-06 17:30", promised).wantThresholds(
		"near_breach 2026-03-06 23:30", "level 1 2026-03-06 23:30", "level 2 2026-03-07 00:42",
		"breached 2026-03-07 01:30", "level 3 2026-03-07 01:30", "level 4 2026-03-07 02:30",
	)
}

// wantThresholds compares the thresholds of the resolution, as "level 1 2026-03-03 10:00".
func (t *ticket) wantThresholds(want ...string) {
	t.tb.Helper()
	var got []string
	for _, threshold := range t.clock().Thresholds() {
		if threshold.Goal != sla.Resolution {
			continue
		}
		text := string(threshold.Mark)
		if threshold.Mark == sla.LevelMark {
			text += " " + string('0'+byte(threshold.Level.Level))
		}
		got = append(got, text+" "+threshold.At.In(t.zone).Format("2006-01-02 15:04"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.tb.Errorf("thresholds (-want +got):\n%s", diff)
	}
}

// A31: a ticket that is seen the moment it was raised isn't breached, however far away the service is.
func TestA31FreshTicketFarAwayIsNotBreached(t *testing.T) {
	t.Parallel()
	for _, far := range []string{"Pacific/Kiritimati", "Pacific/Apia", "Australia/Lord_Howe", "America/Los_Angeles", "Pacific/Pago_Pago"} {
		hours := weekly(far, workdays, "09:00-17:00")
		raised := newTicket(t, far).raise("2026-03-03 09:00", pin(hours, 30, 0, 480))
		raised.want("2026-03-03 09:00", sla.FirstResponse, sla.Running, "0", "2026-03-03 09:30")
		raised.want("2026-03-03 09:00", sla.Resolution, sla.Running, "0", "2026-03-03 17:00")
	}
}

// A32: a holiday that was skipped stands in the strip, under its name.
func TestA32StripNamesTheHoliday(t *testing.T) {
	t.Parallel()
	hours := weekly(berlin, workdays, "09:00-17:00")
	hours.Days = []calendar.SpecialDay{
		{Date: "2026-04-02", Name: "Early close", Hours: []calendar.Interval{{From: "09:00", Until: "12:00"}}},
		{Date: "2026-04-03", Name: "Good Friday", Holiday: true},
		{Date: "2026-04-05", Name: "Easter Sunday", Holiday: true}, // Closed in any week: it explains nothing.
	}
	hours.Yearly = []calendar.YearlyDay{{Month: 4, Day: 6, Name: "Easter Monday"}}
	raised := newTicket(t, berlin).raise("2026-04-02 10:00", pin(hours, 0, 0, 480)).
		enter("2026-04-02 11:00", sla.WaitingClient).
		enter("2026-04-02 11:30", sla.Working)
	raised.wantStrip(
		"2026-04-02 10:00 counting 1h = 1h",
		"2026-04-02 11:00 waiting_client 0 = 1h",
		"2026-04-02 11:30 counting 30m = 1h30m",
		"2026-04-02 12:00 holiday Early close 0 = 1h30m",
		"2026-04-03 00:00 holiday Good Friday 0 = 1h30m",
		"2026-04-04 00:00 closed 0 = 1h30m",
		"2026-04-06 00:00 holiday Easter Monday 0 = 1h30m",
		"2026-04-07 00:00 closed 0 = 1h30m",
		"2026-04-07 09:00 counting 6h30m = 8h",
		"2026-04-07 15:30",
	)
}

// wantStrip compares the strip of the resolution up to its due instant; the last line is its end.
func (t *ticket) wantStrip(want ...string) {
	t.tb.Helper()
	var got []string
	strip := t.clock().Strip(sla.Resolution, 1, t.facts[0].At)
	show := func(at time.Time) string { return at.In(t.zone).Format("2006-01-02 15:04") }
	for _, stretch := range strip {
		text := show(stretch.From) + " " + string(stretch.Doing)
		if stretch.Name != "" {
			text += " " + stretch.Name
		}
		got = append(got, text+" "+length(stretch.Seconds)+" = "+length(stretch.Elapsed))
	}
	got = append(got, show(strip[len(strip)-1].Until))
	if diff := cmp.Diff(want, got); diff != "" {
		t.tb.Errorf("strip (-want +got):\n%s", diff)
	}
}

// A33: a target that is concluded keeps consumed time and margin, whatever comes later.
func TestA33ConcludedTargetKeepsItsMargin(t *testing.T) {
	t.Parallel()
	raised := newTicket(t, berlin).raise("2026-03-02 09:00", pin(always(berlin), 60, 0, 240)).
		tell("2026-03-02 09:45", sla.Fact{What: sla.Answered}).
		enter("2026-03-02 13:20", sla.Settled)
	for _, at := range []string{"2026-03-02 13:20", "2028-03-02 13:20"} {
		first, _ := raised.clock().Reading(sla.FirstResponse, raised.at(at))
		if first.State != sla.Met || first.ElapsedSeconds != 45*60 || first.RemainingSeconds != 15*60 {
			t.Errorf("first response at %s: %+v", at, first)
		}
		resolution, _ := raised.clock().Reading(sla.Resolution, raised.at(at))
		if resolution.State != sla.MetLate || resolution.RemainingSeconds != -20*60 || !resolution.Breached.Equal(raised.at("2026-03-02 13:00")) {
			t.Errorf("resolution at %s: %+v", at, resolution)
		}
	}
}

// A promise that was missed and then taken back is missed by what had passed until then: the ticket's work goes on, but
// nothing is owed for it. It used to end with nothing promised, so that nobody could tell by how much it was late.
func TestWhatWasMissedAndTakenBackKeepsItsOverrun(t *testing.T) {
	t.Parallel()
	missed := pin(always(berlin), 0, 0, 240)
	for name, back := range map[string]sla.Pin{"without the goal": pin(always(berlin), 60, 0, 0), "without a policy": {Hours: always(berlin)}} {
		for state, into := range map[sla.State]sla.Condition{sla.MetLate: sla.Settled, sla.Cancelled: sla.Over} {
			raised := newTicket(t, berlin).raise("2026-03-02 09:00", missed).pin("2026-03-02 13:20", back).enter("2026-03-03 09:00", into)
			got, _ := raised.clock().Reading(sla.Resolution, raised.at("2026-03-04 09:00"))
			if got.State != state || got.GoalSeconds != 240*60 || got.RemainingSeconds != -20*60 {
				t.Errorf("%s: %+v, want %s by 20 minutes", name, got, state)
			}
		}
	}
}

// A34: another calendar or policy reaches open clocks by one fact, and concluded ones never.
func TestA34EditsReachOpenClocksByOneFact(t *testing.T) {
	t.Parallel()
	hours := weekly(berlin, workdays, "09:00-17:00")
	raised := newTicket(t, berlin).raise("2026-03-02 13:00", pin(hours, 60, 0, 480)).tell("2026-03-02 13:30", sla.Fact{What: sla.Answered})
	before, _ := raised.clock().Reading(sla.FirstResponse, raised.at("2026-03-02 16:00"))
	longer := weekly(berlin, workdays, "08:00-18:00")
	raised.pin("2026-03-02 16:00", pin(longer, 10, 0, 480))
	raised.want("2026-03-02 16:00", sla.Resolution, sla.Running, "3h", "2026-03-03 11:00")
	after, _ := raised.clock().Reading(sla.FirstResponse, raised.at("2026-03-02 16:00"))
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the concluded target (-before +after):\n%s", diff)
	}
}

// A35: waiting for a third party, or being on hold, pauses by policy; waiting for the client always does.
func TestA35WaitingPausesByPolicy(t *testing.T) {
	t.Parallel()
	for into, test := range map[sla.Condition]struct{ plain, strict sla.State }{
		sla.WaitingClient:     {sla.Paused, sla.Paused},
		sla.AwaitingScope:     {sla.Paused, sla.Paused},
		sla.WaitingThirdParty: {sla.Running, sla.Paused},
		sla.OnHold:            {sla.Running, sla.Paused},
	} {
		plain := pin(always(berlin), 0, 0, 240)
		strict := plain
		strict.PausesThirdParty, strict.PausesOnHold = true, true
		elapsed := map[sla.State]string{sla.Running: "2h", sla.Paused: "1h"}
		due := map[sla.State]string{sla.Running: "2026-03-02 13:00"}
		for _, given := range []struct {
			pin  sla.Pin
			want sla.State
		}{{plain, test.plain}, {strict, test.strict}} {
			raised := newTicket(t, berlin).raise("2026-03-02 09:00", given.pin).enter("2026-03-02 10:00", into)
			raised.want("2026-03-02 11:00", sla.Resolution, given.want, elapsed[given.want], due[given.want])
		}
		// A policy that pauses begins to when it is pinned.
		raised := newTicket(t, berlin).raise("2026-03-02 09:00", plain).enter("2026-03-02 09:00", into).pin("2026-03-02 10:00", strict)
		if got, _ := raised.clock().Reading(sla.Resolution, raised.at("2026-03-02 12:00")); got.State != sla.Paused || got.PausedFor != into {
			t.Errorf("%s under a policy that pauses: %+v", into, got)
		}
	}
}

// A36: a clock that is rebuilt from its facts, in one go or stored and read again between any two, is the one that
// is shown.
func TestA36RebuiltFromFactsIsTheSame(t *testing.T) {
	t.Parallel()
	history := long(300)
	var stored []byte
	for i, fact := range history {
		var clock sla.Clock
		if len(stored) > 0 {
			if err := json.Unmarshal(stored, &clock); err != nil {
				t.Fatal(err)
			}
		}
		clock = clock.Apply(fact)
		if rebuilt := sla.Replay(history[:i+1]); i%50 == 0 || i == len(history)-1 {
			at := fact.At.Add(time.Hour)
			if diff := cmp.Diff(rebuilt.Readings(at), clock.Readings(at)); diff != "" {
				t.Fatalf("after %d facts (-rebuilt +shown):\n%s", i+1, diff)
			}
		}
		var err error
		if stored, err = json.Marshal(clock); err != nil {
			t.Fatal(err)
		}
	}
}

// A37, as far as it is the clock's: nothing but an answer ends the first response. Which messages are answers is the
// ticket's to say.
func TestA37OnlyAnAnswerEndsTheFirstResponse(t *testing.T) {
	t.Parallel()
	promised := pin(always(berlin), 60, 0, 240)
	for _, what := range []sla.What{sla.Asked, sla.Pinned, sla.Entered, sla.Began, sla.MergedIn, sla.Reopened, "remark"} {
		fact := sla.Fact{What: what, Pin: promised, Into: sla.WaitingThirdParty}
		raised := newTicket(t, berlin).raise("2026-03-02 09:00", promised).tell("2026-03-02 09:10", fact)
		raised.want("2026-03-02 09:30", sla.FirstResponse, sla.Running, "30m", "2026-03-02 10:00")
	}
	answered := newTicket(t, berlin).raise("2026-03-02 09:00", promised).tell("2026-03-02 10:00", sla.Fact{What: sla.Answered})
	answered.want("2026-03-02 12:00", sla.FirstResponse, sla.Met, "1h", "")
	resolved := newTicket(t, berlin).raise("2026-03-02 09:00", promised).enter("2026-03-02 09:20", sla.Settled)
	resolved.want("2026-03-02 12:00", sla.FirstResponse, sla.Met, "20m", "")
	if cycles := len(slices.DeleteFunc(resolved.clock().Runs, func(run sla.Run) bool { return run.Goal != sla.FirstResponse })); cycles != 1 {
		t.Errorf("%d first responses, want 1", cycles)
	}
}
