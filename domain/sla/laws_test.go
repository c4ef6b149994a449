package sla_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/zone"
)

// drawn is a property's random ticket: a world without clockwork, and the facts of a history in it.
type drawn struct {
	*rapid.T
	*rand.Rand
	world
	facts []sla.Fact
}

func draw(t *rapid.T, merges bool) drawn {
	d := drawn{T: t, Rand: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))} //nolint:gosec // Cases, not secrets.
	at, err := zone.Load(oddZones[d.IntN(len(oddZones))])
	if err != nil {
		t.Fatal(err)
	}
	middle := time.Unix(700_000_000+d.Int64N(1_600_000_000), 0).UTC().Truncate(time.Minute)
	d.world = world{start: middle.Add(-5 * 24 * time.Hour), minutes: 9 * 24 * 60}
	for range 2 {
		d.calendars = append(d.calendars, anyCalendar(d.Rand, at.String(), calendar.DateOf(middle, at)))
	}
	d.facts = d.told(d.anyHistory(d.Rand, merges))
	return d
}

// told gives a history its instants, at odd seconds and parts of them.
func (d drawn) told(history []happening) []sla.Fact {
	facts := make([]sla.Fact, len(history))
	before := time.Time{}
	for i, h := range history {
		facts[i] = h.fact
		facts[i].At = d.at(h.minute * 60).Add(time.Duration(d.Int64N(int64(time.Minute))))
		if facts[i].At.Before(before) || d.IntN(8) == 0 && i > 0 {
			facts[i].At = before
		}
		before = facts[i].At
		if h.fact.What == sla.MergedIn {
			facts[i].Other = sla.Replay(d.told(h.other))
		}
	}
	return facts
}

func stored(t *rapid.T, clock sla.Clock) sla.Clock {
	data, err := json.Marshal(clock)
	if err != nil {
		t.Fatal(err)
	}
	var read sla.Clock
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// A clock that is stored between any two facts is the clock of all of them, and no fact touches the clock it was
// applied to.
func TestPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, true)
		var clock sla.Clock
		for i, fact := range d.facts {
			before := stored(t, clock)
			next := clock.Apply(fact)
			clock.Apply(sla.Fact{At: fact.At, What: sla.Entered, Into: sla.Over})
			if diff := cmp.Diff(before, clock); diff != "" {
				t.Fatalf("fact %d changed what it was applied to, or storing did (-stored +kept):\n%s", i, diff)
			}
			clock = before.Apply(fact)
			if diff := cmp.Diff(next, clock); diff != "" {
				t.Fatalf("fact %d on a stored clock (-kept +stored):\n%s", i, diff)
			}
		}
		if diff := cmp.Diff(sla.Replay(d.facts), clock); diff != "" {
			t.Fatalf("parts (-whole +parts):\n%s", diff)
		}
	})
}

// A breach stays where it is: no later fact of the same cycle moves or undoes it, and nothing is met once it is.
func TestBreachStays(t *testing.T) {
	t.Parallel()
	type cycle struct {
		goal  sla.Goal
		cycle int
	}
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, false)
		breached := map[cycle]time.Time{}
		var clock sla.Clock
		for i, fact := range d.facts {
			clock = clock.Apply(fact)
			for _, run := range clock.Runs {
				name := cycle{run.Goal, run.Cycle}
				if was, is := breached[name], run.Breached; !was.IsZero() && !was.Equal(is) {
					t.Fatalf("fact %d moved the breach of %v from %s to %s", i, name, was, is)
				}
				if !run.Breached.IsZero() {
					breached[name] = run.Breached
				}
				if late := !run.Breached.IsZero(); late && run.Outcome == sla.Met || !late && run.Outcome == sla.MetLate {
					t.Fatalf("fact %d: %v ended %s, breached %s", i, name, run.Outcome, run.Breached)
				}
				if run.Breached.After(clock.At) || run.Breached.Before(run.Began) && late(run) {
					t.Fatalf("fact %d: %v was breached at %s, between %s and %s", i, name, run.Breached, run.Began, clock.At)
				}
			}
		}
	})
}

func late(run sla.Run) bool { return !run.Breached.IsZero() }

// A fact from before the newest one counts at the instant of that.
func TestTimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, true)
		i := d.IntN(len(d.facts))
		clock := sla.Replay(d.facts[:i])
		early, now := d.facts[i], d.facts[i]
		early.At, now.At = clock.At.Add(-time.Duration(d.Int64N(int64(100*time.Hour)))), clock.At
		if diff := cmp.Diff(clock.Apply(now), clock.Apply(early)); diff != "" {
			t.Fatalf("a fact from before (-now +early):\n%s", diff)
		}
		clock = clock.Apply(sla.Fact{At: clock.At.Add(5 * time.Hour), What: "remark"})
		before := clock.At.Add(-5 * time.Hour)
		if diff := cmp.Diff(clock.Readings(clock.At), clock.Readings(before)); diff != "" {
			t.Fatalf("read before its newest fact (-now +before):\n%s", diff)
		}
	})
}

// A strip is without gap or overlap, its parts sum up to what has elapsed, and its end is the instant asked for or the
// due instant.
func TestStripSumsToElapsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, true)
		clock := sla.Replay(d.facts)
		until := clock.At.Add(time.Duration(d.Int64N(int64(50 * time.Hour)))).Truncate(time.Second)
		for _, reading := range clock.Readings(until) {
			strip := clock.Strip(reading.Goal, reading.Cycle, until)
			var sum int64
			for i, stretch := range strip {
				sum += stretch.Seconds
				if stretch.Elapsed != sum || !stretch.From.Before(stretch.Until) || i > 0 && !strip[i-1].Until.Equal(stretch.From) {
					t.Fatalf("stretch %d of %+v", i, strip)
				}
				if i > 0 && strip[i-1].Doing == stretch.Doing && strip[i-1].Name == stretch.Name {
					t.Fatalf("stretches %d and %d are one: %+v", i-1, i, strip)
				}
				if counts := stretch.Doing == sla.Counting; counts != (stretch.Seconds > 0) || counts && int64(stretch.Until.Sub(stretch.From)/time.Second) != stretch.Seconds {
					t.Fatalf("stretch %d counts other than its length: %+v", i, stretch)
				}
			}
			end, elapsed := until, reading.ElapsedSeconds
			switch {
			case !reading.Ended.IsZero():
				end = reading.Ended
			case reading.Due.After(until) && reading.Breached.IsZero():
				end, elapsed = reading.Due, reading.GoalSeconds
			}
			if ahead := len(strip) > 0 && !strip[len(strip)-1].Until.Equal(end) && reading.Breached.IsZero(); ahead {
				t.Fatalf("the strip ends %s, want %s", strip[len(strip)-1].Until, end)
			}
			if sum != elapsed && reading.Breached.IsZero() {
				t.Fatalf("the strip sums up to %d s, want %d s", sum, elapsed)
			}
		}
	})
}

// Thresholds come in order; the near one not after the breach; each is reached while the service is open, or was
// crossed before the present segment.
func TestThresholdsAreInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, true)
		for i := range d.facts {
			if d.facts[i].What == sla.Pinned && d.IntN(2) == 0 {
				d.facts[i].Pin.Ladder = sla.DefaultLadder()
			}
		}
		clock := sla.Replay(d.facts)
		all := clock.Thresholds()
		if !slices.IsSortedFunc(all, func(a, b sla.Threshold) int { return a.At.Compare(b.At) }) {
			t.Fatalf("out of order: %+v", all)
		}
		breach := map[sla.Goal]bool{}
		for _, threshold := range all {
			breach[threshold.Goal] = breach[threshold.Goal] || threshold.Mark == sla.BreachMark
			if threshold.Mark == sla.NearMark && breach[threshold.Goal] {
				t.Fatalf("near after the breach: %+v", all)
			}
			i := slices.IndexFunc(clock.Runs, func(run sla.Run) bool { return run.Goal == threshold.Goal && run.Cycle == threshold.Cycle })
			run := clock.Runs[i]
			last := run.Segments[len(run.Segments)-1]
			if threshold.At.Equal(last.From) || threshold.Mark == sla.BreachMark && threshold.At.Equal(run.Breached) {
				continue
			}
			schedule, err := clock.Pins[last.Pin].Hours.Schedule()
			if err != nil {
				t.Fatal(err)
			}
			if last.Paused != sla.Working || schedule.Elapsed(threshold.At.Add(-time.Second), threshold.At) != 1 {
				t.Fatalf("reached while nothing counts: %+v", threshold)
			}
		}
	})
}

// A pause moves the due instant by its opening time, no more and no less, and two targets in a row are due when their
// sum is.
func TestPauseMovesDueByItsOpeningTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, false)
		promised, _ := d.anyPin(d.Rand)
		schedule, err := promised.Hours.Schedule()
		if err != nil {
			t.Fatal(err)
		}
		a, b := 1+d.IntN(3000), 1+d.IntN(3000)
		promised.Source, promised.Target = sla.FromFirm, sla.Target{ResolutionMinutes: a + b}
		facts := []sla.Fact{{What: sla.Began, At: d.start}, {What: sla.Pinned, Pin: promised, At: d.start}}
		whole, seen := schedule.Due(d.start, int64(a+b)*60)
		if !seen {
			t.Skip("hardly ever open")
		}
		if got, _ := sla.Replay(facts).Reading(sla.Resolution, d.start); !got.Due.Equal(whole) {
			t.Fatalf("due %s, want %s", got.Due, whole)
		}

		first, second := promised, promised
		first.Target.ResolutionMinutes, second.Target.ResolutionMinutes = a, b
		half, _ := sla.Replay([]sla.Fact{facts[0], {What: sla.Pinned, Pin: first, At: d.start}}).Reading(sla.Resolution, d.start)
		rest, _ := sla.Replay([]sla.Fact{{What: sla.Began, At: half.Due}, {What: sla.Pinned, Pin: second, At: half.Due}}).Reading(sla.Resolution, half.Due)
		if !rest.Due.Equal(whole) {
			t.Fatalf("%d min after %d min are due %s, together %s", b, a, rest.Due, whole)
		}

		hold := d.start.Add(time.Duration(d.Int64N(int64(whole.Sub(d.start))))).Truncate(time.Second)
		resume := hold.Add(time.Duration(d.Int64N(int64(100 * time.Hour)))).Truncate(time.Second)
		facts = append(facts, sla.Fact{What: sla.Entered, Into: sla.WaitingClient, At: hold}, sla.Fact{What: sla.Entered, At: resume})
		moved, _ := schedule.Due(d.start, int64(a+b)*60+schedule.Elapsed(hold, resume))
		if got, _ := sla.Replay(facts).Reading(sla.Resolution, resume); !got.Due.Equal(moved) && schedule.Elapsed(d.start, hold) < int64(a+b)*60 {
			t.Fatalf("a pause from %s to %s moves it to %s, want %s", hold, resume, got.Due, moved)
		}
	})
}

// What happens at one instant may come in any order, where it is about different things.
func TestOrderAtOneInstantDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, false)
		clock := sla.Replay(d.facts)
		if clock.Condition == sla.Settled {
			t.Skip("whether it begins anew is up to the pin of that moment")
		}
		// Away from a due instant: at it, the first fact to look finds the breach.
		at := clock.At.Add(time.Duration(1+d.Int64N(1000)) * time.Hour).Add(500 * time.Millisecond)
		promised, _ := d.anyPin(d.Rand)
		facts := []sla.Fact{
			{What: sla.Answered, At: at},
			{What: sla.Entered, Into: []sla.Condition{sla.WaitingClient, sla.OnHold, sla.Working}[d.IntN(3)], At: at},
		}
		if d.IntN(2) == 0 {
			facts[0] = sla.Fact{What: sla.Pinned, Pin: promised, At: at}
		}
		forth, back := clock.Apply(facts[0]).Apply(facts[1]), clock.Apply(facts[1]).Apply(facts[0])
		later := at.Add(30 * time.Hour)
		if diff := cmp.Diff(forth.Readings(later), back.Readings(later)); diff != "" {
			t.Fatalf("%s and %s (-forth +back):\n%s", facts[0].What, facts[1].What, diff)
		}
	})
}
