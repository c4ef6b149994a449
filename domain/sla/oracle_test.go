package sla_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"effigate/domain/calendar"
	"effigate/domain/sla"
	"effigate/domain/zone"
)

// oddZones change their clocks by an hour, half an hour or two, at midnight or over it, or leave a day out.
var oddZones = []string{
	"Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "America/St_Johns",
	"America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Pacific/Apia", "Pacific/Kwajalein", "Asia/Kathmandu", "UTC",
}

func location(tb testing.TB, name string) *time.Location {
	tb.Helper()
	found, err := zone.Load(name)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// changes finds when a zone changes its clock, in years with a table and in years that go by rule.
func changes(at *time.Location) []time.Time {
	var found []time.Time
	for _, year := range []int{1993, 2011, 2018, 2026, 2028, 2040} {
		before, known := 0, false
		for hour := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC); hour.Year() == year; hour = hour.Add(time.Hour) {
			_, offset := hour.In(at).Zone()
			if known && offset != before {
				found = append(found, hour)
			}
			before, known = offset, true
		}
		found = append(found, time.Date(year, time.December, 31, 12, 0, 0, 0, time.UTC))
	}
	return found
}

// seeded gives random numbers; a failure names the seed with which it comes again.
func seeded(tb testing.TB) *rand.Rand {
	tb.Helper()
	seed := uint64(time.Now().UnixNano()) //nolint:forbidigo // Another run tries other cases.
	if given, err := strconv.ParseUint(os.Getenv("EFFIGATE_SEED"), 10, 64); err == nil {
		seed = given
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("EFFIGATE_SEED=%d gives the same cases", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // Cases, not secrets.
}

func wall(minute int) calendar.Clock {
	return calendar.Clock([]byte{
		'0' + byte(minute/600), '0' + byte(minute/60%10), ':', '0' + byte(minute%60/10), '0' + byte(minute%10),
	})
}

// anyHours gives up to three intervals of a day, of which edges are at odd minutes now and then.
func anyHours(r *rand.Rand) []calendar.Interval {
	step := []int{1, 15, 30, 60}[r.IntN(4)]
	var edges []int
	for range 2 * r.IntN(4) {
		edges = append(edges, r.IntN(24*60/step+1)*step)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var all []calendar.Interval
	for i := 0; i+1 < len(edges); i += 2 {
		all = append(all, calendar.Interval{From: wall(edges[i]), Until: wall(edges[i+1])})
	}
	return all
}

// anyCalendar gives a calendar that has something special around a day: one weekday to seven, split days, full and
// half holidays, 24×7 now and then.
func anyCalendar(r *rand.Rand, zoneName string, around calendar.Date) calendar.Calendar {
	c := calendar.Calendar{Zone: zoneName, Always: r.IntN(12) == 0}
	for _, day := range r.Perm(7)[:1+r.IntN(7)] {
		c.Week = append(c.Week, calendar.OpenDay{Weekday: calendar.WeekdayOf(time.Weekday(day)), Hours: anyHours(r)})
	}
	c.Week[0].Hours = []calendar.Interval{{From: "00:00", Until: wall(1 + r.IntN(24*60))}}
	for _, day := range r.Perm(5)[:r.IntN(3)] {
		c.Days = append(c.Days, calendar.SpecialDay{Date: around.Add(day - 2), Name: "Special", Holiday: r.IntN(2) == 0, Hours: anyHours(r)})
	}
	for _, day := range r.Perm(5)[:r.IntN(2)] {
		_, month, number := around.Add(day - 2).Start(time.UTC).Date()
		c.Yearly = append(c.Yearly, calendar.YearlyDay{Month: int(month), Day: number, Name: "Yearly", Hours: anyHours(r)})
	}
	return c
}

// isOpen tells by the wall clock alone whether a service is open.
func isOpen(c calendar.Calendar, at time.Time) bool {
	today, now := calendar.Date(at.Format(time.DateOnly)), wall(at.Hour()*60+at.Minute())
	open := func(hours []calendar.Interval) bool {
		return slices.ContainsFunc(hours, func(i calendar.Interval) bool { return i.From <= now && now < i.Until })
	}
	for _, day := range c.Days {
		if day.Date == today {
			return open(day.Hours)
		}
	}
	for _, day := range c.Yearly {
		if day.Month == int(at.Month()) && day.Day == at.Day() {
			return open(day.Hours)
		}
	}
	return slices.ContainsFunc(c.Week, func(day calendar.OpenDay) bool {
		return day.Weekday == calendar.WeekdayOf(at.Weekday()) && open(day.Hours)
	})
}

// world is some days, seen minute by minute: when services with different calendars are open in them.
type world struct {
	start     time.Time
	minutes   int
	calendars []calendar.Calendar
	open      [][]bool // by calendar and minute
}

func anyWorld(r *rand.Rand, at *time.Location, odd []time.Time) world {
	middle := odd[r.IntN(len(odd))]
	w := world{minutes: 36 * 60}
	if r.IntN(8) == 0 {
		w.minutes = 9 * 24 * 60 // So that weeks with one working day go round.
	}
	w.start = middle.Add(-time.Duration(r.IntN(w.minutes)) * time.Minute)
	for range 2 {
		c := anyCalendar(r, at.String(), calendar.DateOf(middle, at))
		open := make([]bool, w.minutes)
		for minute := range open {
			open[minute] = c.Always || isOpen(c, w.start.Add(time.Duration(minute)*time.Minute).In(at))
		}
		w.calendars, w.open = append(w.calendars, c), append(w.open, open)
	}
	return w
}

func (w world) at(seconds int) time.Time { return w.start.Add(time.Duration(seconds) * time.Second) }

// happening is a fact at a minute of a world, with what the oracle must know of it.
type happening struct {
	minute int
	fact   sla.Fact
	hours  int         // of Pinned: the calendar
	other  []happening // of MergedIn
}

func (w world) anyPin(r *rand.Rand) (sla.Pin, int) {
	hours := r.IntN(len(w.calendars))
	minutes := func() int {
		if r.IntN(8) == 0 {
			return 0
		}
		return 1 + r.IntN([]int{30, 600, 2000}[r.IntN(3)])
	}
	pin := sla.Pin{
		Source: sla.FromContract, NearPercent: 1 + r.IntN(99), FloorMinutes: r.IntN(300) * r.IntN(2),
		PausesThirdParty: r.IntN(2) == 0, PausesOnHold: r.IntN(2) == 0, ReopenStartsAnew: r.IntN(3) == 0,
		Hours:  w.calendars[hours],
		Target: sla.Target{FirstResponseMinutes: minutes(), NextResponseMinutes: minutes(), ResolutionMinutes: minutes()},
	}
	if r.IntN(20) == 0 {
		pin.Source, pin.Target = sla.FromNowhere, sla.Target{}
	}
	return pin, hours
}

// anyHistory gives what may happen to a ticket, also in orders that a ticket would refuse.
func (w world) anyHistory(r *rand.Rand, merges bool) []happening {
	last := w.minutes * 2 / 3
	begin := r.IntN(last / 2)
	pin, hours := w.anyPin(r)
	all := []happening{
		{minute: begin, fact: sla.Fact{What: sla.Began, Owed: r.IntN(4) > 0}},
		{minute: begin, fact: sla.Fact{What: sla.Pinned, Pin: pin}, hours: hours},
	}
	switch r.IntN(10) {
	case 0:
		all[0], all[1] = all[1], all[0]
	case 1:
		all[1].minute += r.IntN(300) // Nobody knew the contract at first.
	}
	conditions := []sla.Condition{
		sla.Working, sla.Working, sla.WaitingClient, sla.WaitingThirdParty, sla.OnHold, sla.AwaitingScope, sla.Settled, sla.Settled,
	}
	for range r.IntN(10) {
		h := happening{minute: begin + r.IntN(last-begin)}
		switch r.IntN(9) {
		case 0, 1:
			h.fact = sla.Fact{What: sla.Asked}
		case 2:
			h.fact = sla.Fact{What: sla.Answered}
		case 3, 4, 5:
			h.fact = sla.Fact{What: sla.Entered, Into: conditions[r.IntN(len(conditions))]}
		case 6:
			h.fact = sla.Fact{What: sla.Reopened}
		case 7:
			h.fact.What = sla.Pinned
			h.fact.Pin, h.hours = w.anyPin(r)
		case 8:
			if !merges {
				continue
			}
			h.fact.What = sla.MergedIn
			h.other = slices.DeleteFunc(w.anyHistory(r, false), func(o happening) bool { return o.minute > h.minute })
			if len(h.other) == 0 {
				continue
			}
			h.other = append(h.other, happening{minute: h.minute, fact: sla.Fact{What: sla.Entered, Into: sla.Over}})
		}
		all = append(all, h)
	}
	if r.IntN(12) == 0 {
		all = append(all, happening{minute: last, fact: sla.Fact{What: sla.Entered, Into: sla.Over}})
	}
	slices.SortStableFunc(all, func(a, b happening) int { return a.minute - b.minute })
	return all
}

func (w world) replay(history []happening) sla.Clock {
	facts := make([]sla.Fact, len(history))
	for i, h := range history {
		facts[i] = h.fact
		facts[i].At = w.at(h.minute * 60)
		if h.fact.What == sla.MergedIn {
			facts[i].Other = w.replay(h.other)
		}
	}
	return sla.Replay(facts)
}

// What a watched run did in a minute. The number of its pin is above that.
const (
	absent = iota // it had not begun, or was thought to have ended
	unpromised
	paused
	counted
)

// watched is a run as somebody sees it who writes down each minute what it does.
type watched struct {
	goal    sla.Goal
	cycle   int
	began   int // minute
	open    bool
	outcome sla.State
	elapsed int // seconds
	since   int // minute of the last change of what it does
	breach  int // second, -1 for none
	pin     int
	log     []byte // by minute
	logPin  []int8
	first   byte // what it did at its beginning
	under   int8 // the pin of that
}

// watcher walks through a world minute by minute and keeps the score by hand.
type watcher struct {
	world
	pins      []happening
	runs      []*watched
	condition sla.Condition
	minute    int
}

func (w *watcher) newest(goal sla.Goal) *watched {
	var newest *watched
	for _, run := range w.runs {
		if run.goal == goal && (newest == nil || run.cycle > newest.cycle) {
			newest = run
		}
	}
	return newest
}

func (w *watcher) isOpen(goal sla.Goal) bool {
	run := w.newest(goal)
	return run != nil && run.open
}

func (w *watcher) start(goal sla.Goal) *watched {
	run := &watched{
		goal: goal, cycle: 1, began: w.minute, open: true, since: w.minute, breach: -1, pin: len(w.pins) - 1,
		log: make([]byte, w.minutes), logPin: make([]int8, w.minutes),
	}
	if before := w.newest(goal); before != nil {
		run.cycle = before.cycle + 1
	}
	w.runs = append(w.runs, run)
	run.first, run.under = w.doing(run), int8(run.pin)
	return run
}

func (w *watcher) promised(pin int, goal sla.Goal) int {
	if pin < 0 {
		return 0
	}
	target := &w.pins[pin].fact.Pin.Target
	if goal == sla.FirstResponse {
		return target.FirstResponseMinutes * 60
	}
	if goal == sla.NextResponse {
		return target.NextResponseMinutes * 60
	}
	return target.ResolutionMinutes * 60
}

// doing is what a run does in the condition of now under its pin.
func (w *watcher) doing(run *watched) byte {
	if run.pin < 0 || w.pins[run.pin].fact.Pin.Source == sla.FromNowhere {
		return unpromised
	}
	pin := &w.pins[run.pin].fact.Pin
	if w.condition == sla.Working || w.condition == sla.WaitingThirdParty && !pin.PausesThirdParty || w.condition == sla.OnHold && !pin.PausesOnHold {
		return counted
	}
	return paused
}

func (w *watcher) conclude(goal sla.Goal, cancelled bool) {
	run := w.newest(goal)
	if run == nil || !run.open {
		return
	}
	run.open = false
	switch {
	case cancelled:
		run.outcome = sla.Cancelled
	case run.breach >= 0:
		run.outcome = sla.MetLate
	case w.promised(run.pin, goal) == 0:
		run.outcome = sla.NotApplicable
	default:
		run.outcome = sla.Met
	}
}

func (w *watcher) see(h happening) {
	switch h.fact.What {
	case sla.Began:
		if w.condition == sla.Settled || len(w.runs) > 0 {
			return
		}
		if h.fact.Owed {
			w.start(sla.FirstResponse)
		}
		w.start(sla.Resolution)
	case sla.Pinned:
		w.pins = append(w.pins, h)
		for _, run := range w.runs {
			if run.open {
				run.pin, run.since = len(w.pins)-1, w.minute
			}
		}
	case sla.Asked:
		if len(w.runs) > 0 && w.condition != sla.Settled && !w.isOpen(sla.FirstResponse) && !w.isOpen(sla.NextResponse) {
			w.start(sla.NextResponse)
		}
	case sla.Answered:
		w.conclude(sla.FirstResponse, false)
		w.conclude(sla.NextResponse, false)
	case sla.Entered:
		w.enter(h.fact.Into)
	case sla.Reopened:
		w.enter(sla.Working)
	case sla.MergedIn:
		w.merge(h)
	}
}

func (w *watcher) enter(into sla.Condition) {
	if into == w.condition {
		return
	}
	reopened := w.condition == sla.Settled && into != sla.Over
	w.condition = into
	if into == sla.Settled || into == sla.Over {
		for _, goal := range sla.Goals() {
			w.conclude(goal, into == sla.Over)
		}
		return
	}
	for _, run := range w.runs {
		if run.open {
			run.since = w.minute
		}
	}
	if !reopened {
		return
	}
	run := w.newest(sla.Resolution)
	if run == nil || len(w.pins) > 0 && w.pins[len(w.pins)-1].fact.Pin.ReopenStartsAnew {
		w.start(sla.Resolution)
		return
	}
	run.open, run.outcome, run.since, run.pin = true, "", w.minute, len(w.pins)-1
}

// merge goes through both logs again, minute by minute.
func (w *watcher) merge(h happening) {
	if len(w.runs) == 0 || w.condition == sla.Settled {
		return
	}
	theirs := watch(w.world, h.other, h.minute)
	for _, goal := range sla.Goals() {
		other := theirs.newest(goal)
		if other == nil || other.outcome != sla.Cancelled {
			continue
		}
		own := w.newest(goal)
		if own == nil || !own.open {
			if goal == sla.Resolution || w.isOpen(sla.FirstResponse) || w.isOpen(sla.NextResponse) {
				continue
			}
			if own != nil {
				goal = sla.NextResponse
			}
			own = w.start(goal)
		}
		w.join(own, other)
	}
}

func (w *watcher) join(own, other *watched) {
	breach := own.breach
	ownBegan := own.began
	own.began, own.elapsed, own.breach, own.since = min(own.began, other.began), 0, -1, w.minute
	for minute := own.began; minute < w.minute; minute++ {
		theirs := other.log[minute]
		gone := minute >= other.began && theirs == absent
		switch mine := own.log[minute]; {
		case gone:
			own.log[minute] = absent
		case minute < ownBegan && (own.first == unpromised || minute < other.began):
			own.log[minute], own.logPin[minute] = unpromised, own.under
		case minute < ownBegan:
			own.log[minute], own.logPin[minute] = theirs, own.under
		case mine == counted && theirs == paused:
			own.log[minute] = paused
		}
		w.count(own, minute)
	}
	w.judge(own)
	own.first, own.under = w.doing(own), int8(own.pin)
	for minute := w.minute - 1; minute >= own.began; minute-- {
		if own.log[minute] != absent {
			own.first, own.under = own.log[minute], own.logPin[minute]
		}
	}
	if breach >= 0 && (own.breach < 0 || breach < own.breach) {
		own.breach = breach
	}
}

// count adds a minute to a run, as its log has it.
func (w *watcher) count(run *watched, minute int) {
	if run.log[minute] == absent {
		return
	}
	if goal := w.promised(int(run.logPin[minute]), run.goal); goal > 0 && run.log[minute] != unpromised && run.breach < 0 && run.elapsed >= goal {
		run.breach = minute * 60
	}
	if run.log[minute] == counted && w.open[w.pins[run.logPin[minute]].hours][minute] {
		run.elapsed += 60
	}
}

// judge notes a breach at the beginning of the present minute.
func (w *watcher) judge(runs ...*watched) {
	for _, run := range runs {
		if goal := w.promised(run.pin, run.goal); run.open && run.breach < 0 && goal > 0 && run.elapsed >= goal {
			run.breach = w.minute * 60
		}
	}
}

// watch walks up to the beginning of a minute, over all that happens until then.
func watch(in world, history []happening, until int) *watcher {
	w := &watcher{world: in}
	for {
		happens := 0
		for happens < len(history) && history[happens].minute == w.minute {
			if w.condition == sla.Over {
				break
			}
			h := history[happens]
			if concludes := h.fact.What == sla.Answered || h.fact.Into == sla.Settled || h.fact.Into == sla.Over; !concludes {
				w.judge(w.runs...)
			}
			w.see(h)
			for _, run := range w.runs {
				if run.open && run.began == w.minute {
					run.first, run.under = w.doing(run), int8(run.pin)
				}
			}
			w.judge(w.runs...)
			happens++
		}
		history = history[happens:]
		if w.condition == sla.Over {
			return w
		}
		if w.minute == until {
			return w
		}
		w.step()
	}
}

func (w *watcher) step() {
	for _, run := range w.runs {
		if !run.open {
			continue
		}
		run.log[w.minute], run.logPin[w.minute] = w.doing(run), int8(run.pin)
		w.count(run, w.minute)
	}
	w.minute++
}

// crossing is the second at which a run has used some time if nothing happens any more; false when that is not seen.
func (w *watcher) crossing(run *watched, seconds int) (int, bool) {
	if !run.open {
		return 0, false
	}
	if w.usedBefore(run) >= seconds {
		return run.since * 60, true
	}
	if w.doing(run) != counted {
		return 0, false
	}
	elapsed := w.usedBefore(run)
	for minute := run.since; minute < w.minutes; minute++ {
		if !w.open[w.pins[run.pin].hours][minute] {
			continue
		}
		if elapsed+60 >= seconds {
			return minute*60 + seconds - elapsed, true
		}
		elapsed += 60
	}
	return 0, false
}

// usedBefore is what a run had used when it last changed what it does.
func (w *watcher) usedBefore(run *watched) int {
	elapsed := run.elapsed
	for minute := run.since; minute < w.minute; minute++ {
		if run.log[minute] == counted && w.open[w.pins[run.pin].hours][minute] {
			elapsed -= 60
		}
	}
	return elapsed
}

func (w *watcher) near(run *watched) int {
	pin, goal := w.pins[run.pin].fact.Pin, w.promised(run.pin, run.goal)
	near := goal * pin.NearPercent / 100
	if goal*pin.NearPercent%100 > 0 {
		near++
	}
	if left := pin.FloorMinutes * 60; left < goal && goal-left < near {
		near = goal - left
	}
	return near
}

// reading is what the watcher says of a goal some seconds after the present minute began.
func (w *watcher) reading(goal sla.Goal, seconds int) sla.Reading {
	run := w.newest(goal)
	promised := w.promised(run.pin, goal)
	r := sla.Reading{Goal: goal, Cycle: run.cycle, State: run.outcome, GoalSeconds: int64(promised)}
	elapsed, breach := run.elapsed, run.breach
	switch {
	case run.open:
		if w.doing(run) == counted && w.minute < w.minutes && w.open[w.pins[run.pin].hours][w.minute] {
			elapsed += seconds
		}
		if promised > 0 && breach < 0 && elapsed >= promised {
			breach = w.minute*60 + seconds - (elapsed - promised)
		}
		switch {
		case breach >= 0:
			r.State = sla.Breached
		case promised == 0:
			r.State = sla.NotApplicable
		case w.doing(run) == paused:
			r.State = sla.Paused
		case elapsed >= w.near(run):
			r.State = sla.NearBreach
		default:
			r.State = sla.Running
		}
		if promised > 0 {
			if due, seen := w.crossing(run, promised); seen && breach < 0 {
				r.Due = w.at(due)
			}
			if near, seen := w.crossing(run, w.near(run)); seen {
				r.Near = w.at(near)
			}
			if late, seen := w.crossing(run, (promised*9+9)/10); seen {
				r.Late = w.at(late)
			}
		}
	case promised == 0 && breach < 0:
		r.State = sla.NotApplicable
	case promised == 0:
		promised, elapsed = w.takenBack(run)
		r.GoalSeconds = int64(promised)
	}
	if breach >= 0 {
		r.Breached, r.Due = w.at(breach), w.at(breach)
	}
	r.ElapsedSeconds, r.RemainingSeconds = int64(elapsed), int64(promised-elapsed)
	return r
}

// takenBack is what was promised last about a run that ended without a promise, and what it had used by then.
func (w *watcher) takenBack(run *watched) (promised, elapsed int) {
	elapsed = run.elapsed
	passed := 0
	for minute := run.began; minute < w.minute; minute++ {
		if run.log[minute] == counted && w.open[w.pins[run.logPin[minute]].hours][minute] {
			passed += 60
		}
		if goal := w.promised(int(run.logPin[minute]), run.goal); goal > 0 && (run.log[minute] == counted || run.log[minute] == paused) {
			promised, elapsed = goal, passed
		}
	}
	return promised, elapsed
}

// agree compares a reading with what the watcher saw, who sees no further than the end of his world.
func (w *watcher) agree(got, want sla.Reading) bool {
	end := w.at(w.minutes * 60)
	same := func(got, want time.Time) bool { return got.Equal(want) || want.IsZero() && got.After(end) }
	return got.Cycle == want.Cycle && got.State == want.State && got.GoalSeconds == want.GoalSeconds &&
		got.ElapsedSeconds == want.ElapsedSeconds && got.RemainingSeconds == want.RemainingSeconds &&
		got.Breached.Equal(want.Breached) && same(got.Due, want.Due) && same(got.Near, want.Near) && same(got.Late, want.Late)
}

// Elapsed, due, breach, near and state agree with somebody who looks at ticket and clock every minute, over 100,000
// histories.
func TestAgreesWithTheWatcher(t *testing.T) {
	t.Parallel()
	const histories, workers = 200, 2
	worlds := 500
	if testing.Short() {
		worlds = 50
	}
	zones, odd := make([]*time.Location, len(oddZones)), make([][]time.Time, len(oddZones))
	for i, name := range oddZones {
		zones[i] = location(t, name)
		odd[i] = changes(zones[i])
	}
	seeds := seeded(t)
	var all sync.WaitGroup
	for range workers {
		r := rand.New(rand.NewPCG(seeds.Uint64(), 0)) //nolint:gosec // Cases, not secrets.
		all.Go(func() {
			for range worlds / workers {
				i := r.IntN(len(zones))
				w := anyWorld(r, zones[i], odd[i])
				for range histories {
					if !w.try(t, r) {
						return
					}
				}
			}
		})
	}
	all.Wait()
}

// try makes up a history and compares some of its readings.
func (w world) try(t *testing.T, r *rand.Rand) bool {
	t.Helper()
	history := w.anyHistory(r, true)
	clock := w.replay(history)
	minute := history[len(history)-1].minute + r.IntN(4)*r.IntN(w.minutes/10)
	seen := watch(w, history, minute)
	for _, goal := range sla.Goals() {
		seconds := r.IntN(60) * r.IntN(2)
		got, began := clock.Reading(goal, w.at(minute*60+seconds))
		if began != (seen.newest(goal) != nil) {
			t.Errorf("%s began: %t; %s", goal, began, w.describe(history))
			return false
		}
		if !began {
			continue
		}
		if want := seen.reading(goal, seconds); !seen.agree(got, want) {
			t.Errorf("at %s\n%+v, want\n%+v\nafter %s", w.at(minute*60+seconds), got, want, w.describe(history))
			return false
		}
	}
	return true
}

// describe tells a history to whoever must find out what went wrong.
func (w world) describe(history []happening) string {
	lines := []string{"from " + w.start.String()}
	for _, h := range history {
		line := w.at(h.minute*60).Format(time.DateTime) + " " + string(h.fact.What) + " " + string(h.fact.Into)
		if h.fact.What == sla.Pinned {
			line += strconv.Itoa(h.hours)
		}
		lines = append(lines, line)
		if h.other != nil {
			lines = append(lines, "["+w.describe(h.other)+"]")
		}
	}
	return strings.Join(lines, "\n")
}
