package timer_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"effigate/domain"
	"effigate/domain/spec"
	"effigate/domain/terms"
	"effigate/domain/timer"
)

var given = spec.Decider(timer.Decider).Given

var (
	anna   = domain.PersonID{UUID: uuid.MustParse("5e1f0000-0000-4000-8000-000000000001")}
	by     = domain.Actor{Person: anna, Side: domain.StaffSide, Role: domain.Engineer}
	at     = time.Date(2026, time.March, 16, 9, 0, 0, 0, time.UTC)
	first  = domain.TimeID{UUID: uuid.MustParse("71ae0000-0000-4000-8000-000000000001")}
	second = domain.TimeID{UUID: uuid.MustParse("71ae0000-0000-4000-8000-000000000002")}
	record = timer.StartedStaff{
		Time: first, Contract: domain.ContractID{UUID: uuid.MustParse("c0170000-0000-4000-8000-000000000001")},
		WorkKind: "ticket", WorkID: uuid.MustParse("71c30000-0000-4000-8000-000000000001"), JobType: "api",
		SupportLevel: terms.Always, Zone: "Australia/Sydney", Description: "Export", Note: "Proxy",
	}
	started   = timer.Started{Person: anna, Staff: record, At: at}
	described = timer.Described{Staff: timer.DescribedStaff{Description: "Export of files", Note: "Disk"}, At: at}
	stopped   = timer.Stopped{Time: first, At: at.Add(time.Hour)}
	discarded = timer.Discarded{Time: first, At: at.Add(time.Hour)}

	describe = timer.Describe{Description: "Export of files", Note: "Disk", By: by, At: at}
	stop     = timer.Stop{By: by, At: at.Add(time.Hour)}
	discard  = timer.Discard{By: by, At: at.Add(time.Hour)}
)

func start(id domain.TimeID, at time.Time) timer.Start {
	return timer.Start{
		Time: id, Contract: record.Contract, WorkKind: record.WorkKind, WorkID: record.WorkID, JobType: record.JobType,
		SupportLevel: record.SupportLevel, Zone: record.Zone, Description: record.Description, Note: record.Note, By: by, At: at,
	}
}

func again(at time.Time) timer.Started {
	next := record
	next.Time = second
	return timer.Started{Person: anna, Staff: next, At: at}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	later := at.Add(2 * time.Hour)
	for name, test := range map[string]struct {
		given []timer.Event
		when  timer.Command
		then  []timer.Event
	}{
		"start":                             {nil, start(first, at), []timer.Event{started}},
		"start twice":                       {[]timer.Event{started}, start(first, at), nil},
		"start what was stopped":            {[]timer.Event{started, stopped}, start(first, at), nil},
		"start another after a stop":        {[]timer.Event{started, stopped}, start(second, later), []timer.Event{again(later)}},
		"start another after a discard":     {[]timer.Event{started, discarded}, start(second, later), []timer.Event{again(later)}},
		"describe":                          {[]timer.Event{started}, describe, []timer.Event{described}},
		"describe twice":                    {[]timer.Event{started, described}, describe, nil},
		"stop":                              {[]timer.Event{started}, stop, []timer.Event{stopped}},
		"stop twice":                        {[]timer.Event{started, stopped}, stop, nil},
		"stop what was started anew":        {[]timer.Event{started, stopped, again(at)}, stop, []timer.Event{timer.Stopped{Time: second, At: stop.At}}},
		"discard":                           {[]timer.Event{started}, discard, []timer.Event{discarded}},
		"stop after the shortest run there": {[]timer.Event{started}, timer.Stop{By: by, At: at.Add(timer.Shortest)}, []timer.Event{timer.Stopped{Time: first, At: at.Add(timer.Shortest)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given(test.given...).When(test.when).Then(t, test.then...)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	given(started).When(start(second, at)).ThenRefused(t, domain.ErrConflict, "timer_runs")
	given(started).When(timer.Stop{By: by, At: at}).ThenRefused(t, domain.ErrConflict, "nothing_worked")
	given(started).When(timer.Stop{By: by, At: at.Add(-time.Hour)}).ThenRefused(t, domain.ErrConflict, "nothing_worked")
	for _, command := range []timer.Command{describe, stop, discard} {
		given().When(command).ThenRefused(t, domain.ErrConflict, "no_timer")
		given(started, discarded).When(command).ThenRefused(t, domain.ErrConflict, "no_timer")
	}
	for _, command := range []timer.Command{describe, discard} {
		given(started, stopped).When(command).ThenRefused(t, domain.ErrConflict, "no_timer")
	}
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	given().When(timer.Start{WorkID: uuid.NameSpaceURL, SupportLevel: "gold", Zone: "Local", Description: "\x00", Note: "\x00"}).
		ThenInvalid(t, "time", "contract", "work_id", "job_type", "support_level", "zone", "description", "note", "by", "at")
	without := start(first, at)
	without.WorkKind, without.By.Side = "meeting", domain.ClientSide
	given().When(without).ThenInvalid(t, "work_kind", "by")
	unnamed := start(first, at)
	unnamed.WorkID = uuid.Nil
	given().When(unnamed).ThenInvalid(t, "work_id")
	given(started).When(timer.Describe{Description: "\x00", Note: "\x00"}).ThenInvalid(t, "description", "note", "by", "at")
	given(started).When(timer.Stop{}).ThenInvalid(t, "by", "at")
	given(started).When(timer.Discard{}).ThenInvalid(t, "by", "at")
}

func TestLast(t *testing.T) {
	t.Parallel()
	told := record
	told.Description, told.Note = "Export of files", "Disk"
	for name, test := range map[string]struct {
		given []timer.Event
		want  timer.Run
	}{
		"never started":   {nil, timer.Run{}},
		"running":         {[]timer.Event{started}, timer.Run{}},
		"discarded":       {[]timer.Event{started, discarded}, timer.Run{}},
		"stopped":         {[]timer.Event{started, described, stopped}, timer.Run{Person: anna, StartedAt: at, StoppedAt: stopped.At, Record: told}},
		"started anew":    {[]timer.Event{started, stopped, again(at)}, timer.Run{}},
		"discarded later": {[]timer.Event{started, stopped, again(at), timer.Discarded{Time: second, At: at}}, timer.Run{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, stopped := timer.Decider.Fold(timer.State{}, test.given...).Last()
			if diff := cmp.Diff(test.want, got); diff != "" || stopped != (test.want != timer.Run{}) {
				t.Errorf("the last run, %t (-want +got):\n%s", stopped, diff)
			}
		})
	}
}

func TestStoredForm(t *testing.T) {
	t.Parallel()
	spec.Stored(t, "timer", timer.All())
	spec.NothingOfStaff(t)
}

// Whatever happens, one timer runs at most, and nothing of it reaches a client.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := spec.Replays(t, timer.Decider, rapid.SliceOfN(anyCommand(), 0, 30).Draw(t, "commands"))
		spec.DisclosureInvariants(t, timer.Disclose, history)
		spec.Discloser(timer.Disclose).Given(history...).Then(t)
		running := 0
		for _, event := range history {
			switch event.(type) {
			case timer.Started:
				running++
			case timer.Stopped, timer.Discarded:
				running--
			case timer.Described:
			}
			if running < 0 || running > 1 {
				t.Fatalf("%d timers run after %T", running, event)
			}
		}
	})
}

func anyCommand() *rapid.Generator[timer.Command] {
	return rapid.Custom(func(t *rapid.T) timer.Command {
		now := at.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second)
		switch rapid.IntRange(0, 3).Draw(t, "command") {
		case 0:
			return start(rapid.SampledFrom([]domain.TimeID{first, second, {}}).Draw(t, "time"), now)
		case 1:
			return timer.Describe{Description: rapid.SampledFrom([]string{"", "Export"}).Draw(t, "description"), By: by, At: now}
		case 2:
			return timer.Stop{By: by, At: now}
		default:
			return timer.Discard{By: by, At: now}
		}
	})
}
