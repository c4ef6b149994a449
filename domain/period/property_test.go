package period_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"effigate/domain/calendar"
	"effigate/domain/hours"
	"effigate/domain/period"
	"effigate/domain/terms"
)

// open gives a random contract whose policies refuse nothing, so that any time of any order can be approved.
func open(t *rapid.T) period.Says {
	return with(anySays(t), func(s *period.Says) {
		s.First = true
		for i := range s.Versions[0].Terms.Staff.Charges {
			charge := &s.Versions[0].Terms.Staff.Charges[i]
			if charge.Overage != terms.AllowOverage {
				charge.Overage = terms.AllowOverage
			}
			charge.CapPolicy = terms.NotifyCap
		}
	})
}

// anyEntries are finished entries of a month.
func anyEntries(t *rapid.T, zone string) []period.Entry {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) period.Entry {
		e := anyEntry(t, zone)
		if e.From.IsZero() && e.Condition == "" {
			e.Condition = hours.Weekend
		}
		return e
	}), 1, 8).Draw(t, "entries")
}

func logs(s period.Says, entries []period.Entry, submit bool) []period.Command {
	var all []period.Command
	for i, e := range entries {
		all = append(all, period.Log{Time: timeID(names[i]), Entry: e, Source: manual, Submit: submit, Says: s, By: ben, At: at})
	}
	return all
}

// approveAs lets somebody approve who may approve anything.
func approveAs(s period.Says, names ...string) period.Approve {
	return period.Approve{Times: timeIDs(names...), Says: s, By: olive, At: later}
}

// The order of logging, submitting and approving, and what is returned on the way, changes neither what a record
// counts for nor how the period is closed.
func TestOrderChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := open(t)
		entries := anyEntries(t, s.Zone)
		used := names[:len(entries)]
		end := period.Close{Says: s, By: anna, At: march}
		straight := run(t, nil, append(logs(s, entries, true), approveAs(s, used...), end)...)

		commands := rapid.Permutation(logs(s, entries, false)).Draw(t, "logged")
		for _, name := range rapid.Permutation(used).Draw(t, "submitted") {
			commands = append(commands, period.Submit{Times: timeIDs(name), By: ben, At: later})
		}
		for _, name := range rapid.Permutation(used).Draw(t, "approved") {
			commands = append(commands, approveAs(s, name))
			if rapid.IntRange(0, 3).Draw(t, "returned") == 0 {
				commands = append(commands, period.Return{Times: timeIDs(name), Reason: "again", By: anna, At: later},
					period.Submit{Times: timeIDs(name), By: ben, At: later}, approveAs(s, name))
			}
		}
		crooked := run(t, nil, append(commands, end)...)
		one, other := fold(straight), fold(crooked)
		if diff := cmp.Diff(found[period.Closed](straight), found[period.Closed](crooked)); diff != "" {
			t.Fatalf("closed (-straight +crooked):\n%s", diff)
		}
		if diff := cmp.Diff(one.Values(), other.Values()); diff != "" {
			t.Fatalf("values (-straight +crooked):\n%s", diff)
		}
		for _, name := range used {
			first, _ := one.Counted(timeID(name))
			second, _ := other.Counted(timeID(name))
			if diff := cmp.Diff(first, second); diff != "" {
				t.Fatalf("record %s counts (-straight +crooked):\n%s", name, diff)
			}
		}
		if diff := cmp.Diff(charged(one), charged(other)); diff != "" {
			t.Fatalf("charged (-straight +crooked):\n%s", diff)
		}
		checkMinimum(t, one, used)
	})
}

// checkMinimum: what is charged for a work item and day is never under its minimum, and not over it because of it.
func checkMinimum(t *rapid.T, state period.State, used []string) {
	least := func() int {
		pin, _ := state.PinOf("2026-02-01")
		return pin.Staff.Terms.Rounding.TicketDayMinimumMinutes
	}()
	type day struct {
		work period.Work
		day  calendar.Date
	}
	plain, counted := map[day]int{}, map[day]int{}
	for _, name := range used {
		record, _ := state.Time(timeID(name))
		if record.Record.Billing != period.Billable || record.Record.Staff.Work.Kind == period.NoWork || record.Record.JobType == "build" {
			continue
		}
		counts, _ := state.Counted(timeID(name))
		key := day{record.Record.Staff.Work, record.Record.Day}
		plain[key] += record.Approved.BilledMinutes
		counted[key] += counts.BilledMinutes
	}
	for key, minutes := range counted {
		if minutes != max(plain[key], least) {
			t.Fatalf("%+v is charged %d minutes, was rounded to %d, the least is %d", key, minutes, plain[key], least)
		}
	}
}

// What is carried out of a month is what the next begins with, and over months every minute that was bought,
// included or adjusted is drawn, expired or left, and every minute drawn is a lot's or overage.
func TestMonthsChain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := open(t)
		s.Versions[0].Terms.Staff.Rounding.TicketDayMinimumMinutes = 0
		var before period.Closed
		var last calendar.Month
		bought, drawn, expired, counted := 0, 0, 0, 0
		for i, month := range []calendar.Month{"2026-02", "2026-03", "2026-04"} {
			s.Month, s.First = month, i == 0
			end := month.Next().First().Start(time.UTC).Add(24 * time.Hour)
			var commands []period.Command
			if i > 0 {
				s.Granted = nil
				commands = append(commands, period.CarryIn{Closed: before, From: last, Says: s, By: anna, At: end})
			}
			var used []string
			for j, e := range anyEntries(t, s.Zone) {
				day := month.First().Add(rapid.IntRange(0, 26).Draw(t, "day of month"))
				e.From, e.Until, e.Day, e.Seconds, e.BreakSeconds, e.Condition = time.Time{}, time.Time{}, day, 1800*int64(j+1), 0, hours.AfterHours
				commands = append(commands, period.Log{Time: timeID(string(month) + names[j]), Entry: e, Source: manual, Submit: true, Says: s, By: ben, At: end})
				used = append(used, string(month)+names[j])
			}
			approve := approveAs(s, used...)
			approve.At = end
			history := run(t, nil, append(commands, approve, period.Close{Says: s, By: anna, At: end})...)
			state := fold(history)
			closing, _ := state.Closing()
			for _, in := range found[period.CarriedIn](history) {
				if diff := cmp.Diff(before.CarryOut, in.Lots, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("carried (-out +in):\n%s", diff)
				}
			}
			for _, st := range closing.Lots {
				bought += st.GrantedMinutes + st.AdjustedMinutes
				drawn += st.DrawnMinutes
				expired += st.ExpiredMinutes
			}
			for _, beyond := range closing.Overage {
				counted -= beyond.Minutes
			}
			for _, name := range used {
				counts, _ := state.Counted(timeID(name))
				counted += counts.DrawnMinutes
			}
			before, last = closing, month
		}
		left := 0
		for _, lot := range before.CarryOut {
			left += lot.RemainingMinutes
		}
		if bought-drawn-expired != left || counted != drawn {
			t.Fatalf("%d bought, %d drawn of %d counted, %d expired, %d left", bought, drawn, counted, expired, left)
		}
	})
}

// A reversal and the record it takes back sum to nothing, part by part; with every record taken back, all hours and
// all overage are given back, but for lots that have ended.
func TestCorrectionsConserve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := open(t)
		entries := anyEntries(t, s.Zone)
		used := names[:len(entries)]
		history := run(t, nil, append(logs(s, entries, true), approveAs(s, used...), period.Close{Says: s, By: anna, At: march})...)
		closing, _ := fold(history).Closing()
		next := with(s, func(s *period.Says) { s.Month, s.First, s.Granted = "2026-03", false, nil })
		commands := []period.Command{period.CarryIn{Closed: closing, From: "2026-02", Says: next, By: anna, At: march}}
		for _, name := range used {
			history = run(t, history, period.Correct{Time: timeID(name), Reversal: timeID("reversal of " + name), Into: "2026-03", Reason: "wrong", By: anna, At: march})
			reverse, ok := fold(history).Reversal(timeID(name))
			if !ok {
				t.Fatalf("record %s was corrected and has no reversal", name)
			}
			reverse.Says, reverse.By, reverse.At = next, anna, march
			commands = append(commands, reverse)
		}
		april := run(t, nil, append(commands, period.Close{Says: next, By: anna, At: utc("2026-04-03T00:00:00Z")})...)
		before, after := fold(history), fold(april)
		lost := 0
		for _, name := range used {
			counted, _ := before.Counted(timeID(name))
			taken, _ := after.Time(timeID("reversal of " + name))
			checkNothingLeft(t, counted, taken.Approved)
		}
		for _, lapsed := range after.Ledger().Lapsed {
			lost -= lapsed.Minutes
		}
		end, _ := after.Closing()
		if len(end.Staff.Overage) > 0 {
			t.Fatalf("overage is left: %+v", end.Staff.Overage)
		}
		drawn := 0
		for _, st := range slices.Concat(closing.Lots, end.Lots) {
			drawn += st.DrawnMinutes
		}
		if drawn != lost {
			t.Fatalf("%d minutes stay drawn, %d of ended lots", drawn, lost)
		}
		for i, v := range after.Values() {
			if own := before.Values()[i]; v.Line == "extras" && !v.Time.Add(own.Time).IsZero() {
				t.Fatalf("the line comes to %s and %s", own.Time, v.Time)
			}
		}
	})
}

func checkNothingLeft(t *rapid.T, counted, taken period.TimeApproved) {
	if counted.BilledMinutes+taken.BilledMinutes != 0 || counted.DrawnMinutes+taken.DrawnMinutes != 0 || len(counted.Staff.Parts) != len(taken.Staff.Parts) {
		t.Fatalf("%+v is taken back as %+v", counted, taken)
	}
	for i, part := range counted.Staff.Parts {
		back := taken.Staff.Parts[i]
		if part.BilledMinutes+back.BilledMinutes != 0 || part.DrawnMinutes+back.DrawnMinutes != 0 || part.Seconds+back.Seconds != 0 {
			t.Fatalf("part %d is %+v, taken back as %+v", i, part, back)
		}
		part.Seconds, part.BilledMinutes, part.DrawnMinutes = back.Seconds, back.BilledMinutes, back.DrawnMinutes
		if diff := cmp.Diff(part, back); diff != "" {
			t.Fatalf("part %d changed its price or its span:\n%s", i, diff)
		}
	}
}

// Other rates, rounding, weights and conditions never touch what was approved before they were pinned (A58).
func TestNewTermsLeaveApprovedTimeAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := open(t)
		entries := anyEntries(t, s.Zone)
		used := names[:len(entries)]
		half := rapid.IntRange(0, len(used)).Draw(t, "approved before")
		history := run(t, nil, logs(s, entries, true)...)
		if half > 0 {
			history = run(t, history, approveAs(s, used[:half]...))
		}
		before := fold(history)
		other := with(s, func(s *period.Says) {
			v := s.Versions[0]
			v.Version, v.Cards, v.Terms = 2, anyCards(t), anyTerms(t)
			v.From = rapid.SampledFrom([]calendar.Date{"2026-01-01", "2026-02-01", "2026-02-10"}).Draw(t, "effective")
			for i := range v.Terms.Staff.Charges {
				v.Terms.Staff.Charges[i].Overage, v.Terms.Staff.Charges[i].CapPolicy = terms.AllowOverage, terms.NotifyCap
			}
			s.Versions = append(s.Versions, v)
		})
		history = run(t, history, period.Pin{Says: other, By: anna, At: later}, approveAs(other, used...))
		after := fold(history)
		for i, name := range used {
			now, _ := after.Time(timeID(name))
			if i < half {
				if then, _ := before.Time(timeID(name)); cmp.Diff(then, now) != "" {
					t.Fatalf("record %s was changed by new terms:\n%s", name, cmp.Diff(then, now))
				}
				continue
			}
			pin, _ := after.Pin(now.Approved.Staff.Pin)
			if want := 1; now.Record.Day >= other.Versions[1].From && pin.Staff.Version == want {
				t.Fatalf("%s of %s counts under version %d", name, now.Record.Day, pin.Staff.Version)
			}
		}
	})
}

// Pins lead to what the contract says by now, whatever it said before and in between.
func TestPinsConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var history []period.Event
		for range rapid.IntRange(1, 6).Draw(t, "times") {
			s := with(says(), func(s *period.Says) {
				v := s.Versions[0]
				for i, day := range rapid.SliceOfNDistinct(rapid.IntRange(1, 27), 0, 4, rapid.ID).Draw(t, "days") {
					v.From, v.Version = calendar.Date("2026-02-01").Add(day), i+2
					s.Versions = append(s.Versions, v)
				}
				slices.SortFunc(s.Versions, func(a, b period.Version) int { return strings.Compare(string(a.From), string(b.From)) })
			})
			history = run(t, history, period.Pin{Says: s, By: anna, At: at})
			state := fold(history)
			for day := calendar.Date("2026-02-01"); day <= "2026-02-28"; day = day.Add(1) {
				want := 0
				for _, v := range s.Versions {
					if v.From <= day {
						want = v.Version
					}
				}
				if got, _ := state.PinOf(day); got.Staff.Version != want {
					t.Fatalf("on %s version %d holds, want %d of %v", day, got.Staff.Version, want, versions(s))
				}
			}
			if again, err := period.Decide(state, period.Pin{Says: s, By: anna, At: later}); err != nil || len(again) > 0 {
				t.Fatalf("pinned again: %v %v", again, err)
			}
		}
	})
}

func versions(s period.Says) []string {
	var said []string
	for _, v := range s.Versions {
		said = append(said, fmt.Sprintf("%s: %d", v.From, v.Version))
	}
	return said
}

// BenchmarkApprove approves one record in a month that has ten thousand.
func BenchmarkApprove(b *testing.B) {
	s := says(line(func(_ *terms.Line, c *terms.Charge) { c.Overage = terms.AllowOverage }), rounding(hours.Rounding{TicketDayMinimumMinutes: 30}))
	state := period.State{}
	for i := range period.MaxRecords {
		name := strconv.Itoa(i)
		e := evening(regular(calendar.Date("2026-02-01").Add(i%18), time.Duration(1+i%7)*time.Minute))
		e.Work.ID = id("ticket " + strconv.Itoa(i/3))
		events, err := period.Decide(state, logged(name, s, e))
		if err != nil {
			b.Fatal(err)
		}
		state = period.Decider.Fold(state, events...)
		if i > 0 {
			state = period.Evolve(state, period.TimeApproved{Time: timeID(name), BilledMinutes: 7, DrawnMinutes: 7, Staff: period.TimeApprovedStaff{
				Pin: 1, Line: "support", Parts: []period.Part{{Condition: hours.Regular, Seconds: 420, BilledMinutes: 7, DrawnMinutes: 7}},
			}})
		}
	}
	for b.Loop() {
		if _, err := period.Decide(state, approve(s, "0")); err != nil {
			b.Fatal(err)
		}
	}
}
